/* SPDX-License-Identifier: Apache-2.0 */
/* Where a hart is in a lab's program, in words: functions, files and lines out of the debug
 * information. */
#ifndef CLI_LAB_WHERE_H
#define CLI_LAB_WHERE_H

#include "insight/program.h"

#include <stdio.h>

struct lab_result;

/* A text that grows; lab_text_close gives it to the caller. */
struct lab_text {
    char *bytes;
    size_t size;
    FILE *out;
};
FILE *lab_text_open(struct lab_text *t);
char *lab_text_close(struct lab_text *t);

/* The program that was run; NULL: it cannot be read. */
struct program *lab_program(const struct lab_result *r);

struct program_frame lab_frame_of(const uint64_t x[32], uint64_t pc);
struct program_frame lab_frame_now(const struct lab_result *r, unsigned hart);

/* "print (labs/lib/print.c:34), from main (labs/uart/main.c:12)".  A caller's pc is behind its
 * call, as that of a hart which waits is behind its wfi (`behind`). */
char *lab_where(const struct lab_result *r, struct program *p, struct program_frame frame,
                bool behind);

/* Is that frame in this function, or in what it has called? */
bool lab_is_in(const struct lab_result *r, struct program *p, struct program_frame frame,
               const char *function);

/* The way into traps of labs/lib and of labs/kernel: what it needs (sp, sscratch) may be what is
 * broken. */
bool lab_is_trap_entry(struct program *p, uint64_t pc);

/* With labs/kernel, and hart 0 in the kernel: where the user program is, whose system call or trap
 * that is.  False: not so, or not known. */
bool lab_user_frame(const struct lab_result *r, struct program *p, struct program_frame *frame);

/* Can the hart read there? */
bool lab_readable(const struct lab_result *r, uint64_t address);

#endif
