/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Marks: a guest program tells the machine where something of interest begins and ends.
 *
 * A mark is the instruction `slti x0, x0, N`. It writes nothing, and the ISA keeps this encoding
 * (SLTI with rd = x0) as a HINT for custom use: real hardware and every emulator run it as a no-op,
 * so a marked program runs anywhere. N is the immediate, 12 bits signed; we use 1 to 2047.
 *
 * The table of numbers:
 *    1  MARK_RUN_START      before the first warm-up pass; the kernel's symbols are read here
 *    2  MARK_REQUEST_BEGIN  just before the ecall of the measured request
 *    3  MARK_REQUEST_END    just after it
 *    4  MARK_RUN_END        the measured pass is over
 *   16 to 2047              free for a user's own programs
 * Only the measured request executes 2 and 3; warm-up passes do not.
 */
#ifndef GUEST_MARK_H
#define GUEST_MARK_H

#define MARK_RUN_START 1
#define MARK_REQUEST_BEGIN 2
#define MARK_REQUEST_END 3
#define MARK_RUN_END 4
#define MARK_USER_FIRST 16
#define MARK_LAST 2047

/* The instruction as text, for use inside a larger piece of assembly. */
#define MARK_TEXT_(n) "slti zero, zero, " #n "\n"
#define MARK_TEXT(n) MARK_TEXT_(n)

/*
 * n must be one of the constants above, or any integer literal. The memory clobber keeps the
 * compiler from moving loads and stores of the marked region across the mark.
 */
#define mark(n) __asm__ volatile(MARK_TEXT(n) ::: "memory")

#endif
