/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell run --mark-times: how long the host took from mark to mark, for bench/run.  One line a
 * mark: its number, the hart, virtual picoseconds, instructions of that hart, host nanoseconds. */
#ifndef CLI_MARK_TIMES_H
#define CLI_MARK_TIMES_H

#include "machine/machine.h"

#include <stdio.h>

struct mark_times {
    const char *path;
    FILE *file;
};

/* Opens `path` (which must outlive it) and listens to the machine's marks. */
int mark_times_open(struct mark_times *t, const char *path, struct machine *m, struct err *err);
/* -1 with one line when anything was lost. */
int mark_times_close(struct mark_times *t, struct err *err);

#endif
