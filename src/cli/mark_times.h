/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell run --mark-times: what passed from mark to mark, for bench/run and studies/run.  One line
 * a mark: its number, the hart, virtual picoseconds, instructions of that hart, host nanoseconds,
 * picoseconds that all harts together have waited in wfi. */
#ifndef CLI_MARK_TIMES_H
#define CLI_MARK_TIMES_H

#include "machine/machine.h"

#include <stdio.h>

struct mark_times {
    unsigned harts; /* of the machine: the caller sets it */
    const char *path;
    FILE *file;
};

/* Opens `path` (which must outlive it) and listens to the machine's marks. */
int mark_times_open(struct mark_times *t, const char *path, struct machine *m, struct err *err);
/* -1 with one line when anything was lost. */
int mark_times_close(struct mark_times *t, struct err *err);

#endif
