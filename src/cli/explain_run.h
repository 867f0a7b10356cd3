/* SPDX-License-Identifier: Apache-2.0 */
/* The run behind an explanation.
 *
 * Boot; at mark 1 (modules loaded, before the first warm-up pass) the kernel's and its modules'
 * symbols are read from image and memory, probes are planted and recording starts; at mark 4 the
 * machine stops.  The trace file is then all that the explanation is made from. */
#ifndef CLI_EXPLAIN_RUN_H
#define CLI_EXPLAIN_RUN_H

#include "base/err.h"
#include "machine/config.h"

#include "insight/symbols.h"

#include <jansson.h>
#include <stdio.h>

struct explain_job {
    const struct board_config *config; /* complete; `trace`: where to keep it, or NULL */
    /* What to probe, NULL-terminated: names separated by '|', "f:return" is where f returns. */
    const char *const *functions;
    json_t *request; /* what the trace shall say was asked for; the caller's */
    bool may_end;    /* recording may end with the machine, without mark 4 */
    /* labs/kernel: recorded from power-on to the end of the machine; probes are planted at the
     * first mark. */
    bool lab;
};

/* Writes the trace and its file's name.  It is there, even after an error, unless the name is
 * empty. */
int explain_record(const struct explain_job *job, char *trace, size_t trace_size, struct err *err);

/* The symbols of a kernel image; the caller frees them. */
int explain_symbols(struct symbols **symbols, const char *kernel, struct err *err);

/* Removes the trace if it was not to be kept. */
void explain_forget(const struct board_config *config, const char *trace);

/* Writes what `draw` draws. */
int explain_draw(void (*draw)(const void *what, FILE *out), const void *what, const char *path,
                 struct err *err);

/* Loads two outputs of --json; the caller drops both references. */
int explain_load_two(char **paths, json_t *two[2], struct err *err);

#endif
