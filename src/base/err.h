/* SPDX-License-Identifier: Apache-2.0 */
/* Errors for people: what, where, and how to mend it, in one line. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

struct err {
    char text[512];
};

/* Formats the message and returns -1, so that a failing function ends in
 * `return err_set(err, ...)`.  `err` may be NULL: then only the -1 remains. */
int err_set(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "prefix: " before the message that is already there; returns -1. */
int err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A line on stderr, "doorbell: ...".  For notices while the machine runs. */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
