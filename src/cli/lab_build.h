/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the program of a lab: labs/build compiles it, into a folder of its own for this run. */
#ifndef CLI_LAB_BUILD_H
#define CLI_LAB_BUILD_H

#include "base/err.h"
#include "cli/lab_manifest.h"

struct lab_build {
    char *work; /* the folder; removed by lab_build_free */
    char *elf;
};

struct lab_sources {
    const char *folder; /* of the lab */
    const char *mine;   /* the student's, whose files prevail; NULL */
    const char *broken; /* a file of the folder broken, in place of main.c; NULL */
};

/* Is that a folder with something to compile in it?  -1 with err: no, and the lab's own program
 * would be taken for the student's. */
int lab_build_mine(const char *mine, struct err *err);

/* Compiles (what the compiler says goes to stderr) and makes the disks; -1 with err.  In both cases
 * lab_build_free is needed. */
int lab_build_make(struct lab_build *b, const struct lab_manifest *m, const struct lab_sources *from,
                   struct err *err);
void lab_build_free(struct lab_build *b);

/* Runs a program in `folder` (NULL: here) and waits for it, with no input and its standard output on
 * our stderr; argv ends with NULL.  Its temporary files go to `temporary` (NULL: to TMPDIR).  Its exit status (127: it could not be started), or -1 with err: it was ended, by a
 * signal or because it took more than a minute, with all that it had started. */
int lab_spawn(char *const argv[], const char *folder, const char *temporary, struct err *err);

#endif
