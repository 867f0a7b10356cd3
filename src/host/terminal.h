/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's console on the host: the user's terminal, a file, a pseudo-terminal or nothing.
 *
 * On a terminal the mode is raw, so that every key reaches the guest, and is restored whatever
 * happens: exit, a fatal signal, a stop from outside.  Escape key: Ctrl-a, then x to quit, h for
 * help, Ctrl-a for one Ctrl-a.
 *
 * The machine polls between slices (that is a host call, so not after each one) and
 * takes input with terminal_read; that is where the outside world enters virtual time. */
#ifndef HOST_TERMINAL_H
#define HOST_TERMINAL_H

#include "base/err.h"
#include "host/pollset.h"

#include <stdbool.h>
#include <stdint.h>

struct terminal;

/* `spec` is "stdio", "null", "pty" or the name of a file, which is created and only written. */
struct terminal *terminal_open(const char *spec, struct err *err);

/* Flushes and restores the terminal; -1 with err when output was lost to a failing file. */
int terminal_close(struct terminal *t, struct err *err);

/* Appends a byte to the output; flushed at the end of a line, when the buffer is full and by
 * terminal_prepare.  Never fails; a pty without a reader loses what does not fit. */
void terminal_write(struct terminal *t, uint8_t byte);
void terminal_flush(struct terminal *t);

/* Before and after a poll: flushes, adds the input if more of it can be taken; takes it. */
void terminal_prepare(struct terminal *t, struct pollset *set);
void terminal_done(struct terminal *t, const struct pollset *set);

/* The next byte of input, or -1 when there is none now. */
int terminal_read(struct terminal *t);

/* As if this were typed, the escape key too; what does not fit (1024 bytes wait at most) is lost. */
void terminal_type(struct terminal *t, const char *text);

/* Will terminal_read give anything without another poll? */
bool terminal_has_input(const struct terminal *t);
/* The input has ended and all of it has been read. */
bool terminal_at_end(const struct terminal *t);
/* Somebody may be typing: a terminal or a pty. */
bool terminal_interactive(const struct terminal *t);
/* The user asked to quit with the escape key, or nobody reads the output any more. */
bool terminal_quit(const struct terminal *t);

/* Catches SIGINT, SIGTERM and SIGHUP: the first is only noted, so that the machine can end in
 * order; a second one kills.  terminal_signal() is the number of the noted one, 0 if none. */
void terminal_catch_signals(void);
int terminal_signal(void);

#endif
