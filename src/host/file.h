/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files of the host: read within a bound, written all or not at all, identified by content.
 * Error messages name the file and how to mend it. */
#ifndef HOST_FILE_H
#define HOST_FILE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Reads all of `path` (at most max_bytes) into memory that the caller frees with free(); one zero
 * byte follows the content.  `what` begins the messages: "kernel", "trace". */
int file_read(const char *what, const char *path, uint64_t max_bytes, uint8_t **data, size_t *size,
              struct err *err);

/* Writes `path` through a temporary file beside it: afterwards it holds all of `data`, or on -1
 * what it held before.  Something that is not a regular file (a pipe, /dev/stdout) is written
 * directly. */
int file_write(const char *what, const char *path, const void *data, size_t size,
               struct err *err);

/* A number for size and content, independent of name, host and holes: zero blocks count as
 * absent.  Of a file with more than 4 GiB that is not zero, only the first 4 GiB of it count. */
int file_identity(const char *what, const char *path, uint64_t *identity, struct err *err);

#endif
