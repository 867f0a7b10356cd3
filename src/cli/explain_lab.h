/* SPDX-License-Identifier: Apache-2.0 */
/* One read of a program on labs/kernel, laid out: as doorbell explain read does it for Debian. */
#ifndef CLI_EXPLAIN_LAB_H
#define CLI_EXPLAIN_LAB_H

#include "base/err.h"
#include "insight/timeline.h"
#include "machine/config.h"

/* What is read how; the sections of the lab nvme-read.  NULL at the end. */
extern const char *const explain_lab_states[];

struct explain_lab {
    /* Complete: `kernel` is the program's ELF, a drive is there; `trace`: where to keep it, or
     * NULL. */
    const struct board_config *config;
    const char *state;   /* one of the above */
    unsigned begin, end; /* the marks around the read; 0: those of the lab nvme-read */
};

/* Is the ELF a program linked with labs/kernel?  False also when it cannot be read. */
bool explain_lab_is(const char *kernel);

/* Runs the program from power-on to its end and lays out that read; *t is timeline_free's, in any
 * case.  -1 with err. */
int explain_lab(struct timeline *t, const struct explain_lab *what, struct err *err);

/* The same from a trace that was kept. */
int explain_lab_from(struct timeline *t, const struct explain_lab *what, const char *trace,
                     struct err *err);

/* Is a trace, by what it says of its guest, of such a program? */
bool explain_lab_is_trace(const char *trace);

/* explain.c: to stdout as `how` says; a picture, too, if `svg` is a file's name. */
enum explain_output { EXPLAIN_TEXT, EXPLAIN_JSON, EXPLAIN_NOTHING };
int explain_show(const struct timeline *t, enum explain_output how, const char *svg,
                 struct err *err);

/* A drive for a program that was given none: a file in $TMPDIR in which every 8 bytes are their own
 * offset, little-endian.  Its path, which the caller unlinks and frees; NULL with err. */
char *explain_lab_disk(struct err *err);

#endif
