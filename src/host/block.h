/* SPDX-License-Identifier: Apache-2.0 */
/* Block images: a raw file, optionally under a copy-on-write overlay, or anonymous memory.
 *
 * A raw image may have any size of at least one byte.  Bytes past its end up to the next multiple
 * of BLOCK_TAIL read as zeros, so that a device can round its size up to whole blocks; a write
 * there makes the file longer (by less than BLOCK_TAIL), because a guest must read back what it
 * wrote.  With an overlay the image itself is only ever read.
 *
 * Host I/O is synchronous.  Functions that run while the machine runs return 0 or a negative errno;
 * they never print and never end the program. */
#ifndef HOST_BLOCK_H
#define HOST_BLOCK_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define BLOCK_TAIL UINT64_C(4096)

struct block;

struct block_config {
    const char *image;   /* path of a raw image or a host block device */
    const char *overlay; /* NULL: none; else created if absent */
    bool read_only;      /* refuse writes */
};

/* Opens and locks: shared when nothing will be written to the file, else exclusive, so that no two
 * machines write one image.  NULL with err: missing, empty, locked, corrupt or truncated. */
struct block *block_open(const struct block_config *config, struct err *err);

/* `size` bytes of zeros that are gone at close; for tests and RAM disks. */
struct block *block_memory(uint64_t size);

/* Closes without flushing: what was not flushed was not promised. */
void block_close(struct block *b);

uint64_t block_size(const struct block *b); /* in bytes, as opened */
bool block_read_only(const struct block *b);

/* All of [offset, offset + len) must lie within the size rounded up to BLOCK_TAIL, else -EINVAL. */
int block_read(struct block *b, uint64_t offset, void *buf, uint64_t len);
int block_write(struct block *b, uint64_t offset, const void *buf, uint64_t len);
/* Makes the range read as zeros and gives its storage back where the host can. */
int block_zero(struct block *b, uint64_t offset, uint64_t len);
/* Returns once all writes before it are on stable storage (fdatasync). */
int block_flush(struct block *b);

/* Tests: the `nth` next operation of a kind (1: the very next) returns -error; 0 disarms. */
enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_ZERO, BLOCK_FLUSH, BLOCK_OPS };
void block_inject(struct block *b, enum block_op op, unsigned nth, int error);

#endif
