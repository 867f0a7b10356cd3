/* SPDX-License-Identifier: Apache-2.0 */
/* Inside block.c and overlay.c: whole transfers on a host file, and the overlay's operations. */
#ifndef HOST_BLOCK_FILE_H
#define HOST_BLOCK_FILE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Whole transfers: interrupted and partial host calls are continued. 0 or -errno. */
int file_pread(int fd, uint64_t offset, void *buf, uint64_t len); /* end of file: -EIO */
int file_pwrite(int fd, uint64_t offset, const void *buf, uint64_t len);
int file_zero(int fd, uint64_t offset, uint64_t len); /* punch a hole, or write zeros */
/* flock, not waiting; -1 with err when someone else has it. */
int file_lock(int fd, const char *path, bool exclusive, struct err *err);

struct overlay;

/* What lies under an overlay; reads past the image's end give zeros. */
struct overlay_base {
    int (*read)(void *owner, uint64_t offset, void *buf, uint64_t len);
    void *owner;
    uint64_t size;
};

struct overlay *overlay_open(const char *path, bool read_only, const struct overlay_base *base,
                             struct err *err);
void overlay_close(struct overlay *o);
/* The range lies within the base's size rounded up to BLOCK_TAIL. */
int overlay_read(struct overlay *o, uint64_t offset, void *buf, uint64_t len);
int overlay_write(struct overlay *o, uint64_t offset, const void *buf, uint64_t len);
int overlay_zero(struct overlay *o, uint64_t offset, uint64_t len);
int overlay_flush(struct overlay *o);

#endif
