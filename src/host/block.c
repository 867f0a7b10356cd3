/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* fallocate, SEEK_DATA */
#include "host/block.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "host/block_file.h"
#include "host/file_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct block {
    int fd;           /* -1: memory */
    struct file_map *map; /* of an image that is not written; NULL: pread it */
    uint8_t *memory;
    uint64_t size;    /* as opened */
    uint64_t limit;   /* size rounded up: transfers end here at the latest */
    uint64_t end;     /* of the file now: a write to the tail moves it */
    bool read_only;
    struct overlay *overlay;
    struct {
        unsigned nth;
        int error;
    } inject[BLOCK_OPS];
};

int file_pread(int fd, uint64_t offset, void *buf, uint64_t len)
{
    uint8_t *p = buf;

    while (len) {
        ssize_t n = pread(fd, p, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EIO; /* someone cut the file under us */
        p += n;
        offset += (uint64_t)n;
        len -= (uint64_t)n;
    }
    return 0;
}

int file_pwrite(int fd, uint64_t offset, const void *buf, uint64_t len)
{
    const uint8_t *p = buf;

    while (len) {
        ssize_t n = pwrite(fd, p, len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return -EIO;
        p += n;
        offset += (uint64_t)n;
        len -= (uint64_t)n;
    }
    return 0;
}

int file_zero(int fd, uint64_t offset, uint64_t len)
{
    static const uint8_t zeros[65536];
    int rc = 0;

    if (!len)
        return 0;
    do
        rc = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)len);
    while (rc < 0 && errno == EINTR);
    if (rc == 0)
        return 0;
    /* File systems without holes: the bytes still have to be zero. */
    for (rc = 0; len && !rc;) {
        uint64_t n = u64_min(len, sizeof zeros);
        rc = file_pwrite(fd, offset, zeros, n);
        offset += n;
        len -= n;
    }
    return rc;
}

int file_lock(int fd, const char *path, bool exclusive, struct err *err)
{
    if (flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0)
        return 0;
    if (errno == EWOULDBLOCK)
        return err_set(err, "%s: in use by another machine (%s)", path,
                       exclusive ? "give this one an overlay= of its own" : "it is being written");
    return err_set(err, "%s: cannot lock: %s", path, strerror(errno));
}

/* An injected error, if this is the operation it is for. */
static int injected(struct block *b, enum block_op op)
{
    if (!b->inject[op].nth || --b->inject[op].nth)
        return 0;
    return -b->inject[op].error;
}

static bool in_range(const struct block *b, uint64_t offset, uint64_t len)
{
    return offset <= b->limit && len <= b->limit - offset;
}

static int image_read(void *owner, uint64_t offset, void *buf, uint64_t len)
{
    struct block *b = owner;
    uint64_t have = offset < b->end ? u64_min(len, b->end - offset) : 0;

    if (have < len)
        memset((uint8_t *)buf + have, 0, len - have);
    if (b->map && file_map_read(b->map, offset, buf, have))
        return 0;
    return file_pread(b->fd, offset, buf, have);
}

static int image_write(struct block *b, uint64_t offset, const void *buf, uint64_t len)
{
    int rc = file_pwrite(b->fd, offset, buf, len);

    if (!rc && offset + len > b->end)
        b->end = offset + len;
    return rc;
}

int block_read(struct block *b, uint64_t offset, void *buf, uint64_t len)
{
    int rc = injected(b, BLOCK_READ);

    if (rc || !in_range(b, offset, len))
        return rc ? rc : -EINVAL;
    if (b->memory) {
        memcpy(buf, b->memory + offset, len);
        return 0;
    }
    return b->overlay ? overlay_read(b->overlay, offset, buf, len)
                      : image_read(b, offset, buf, len);
}

int block_write(struct block *b, uint64_t offset, const void *buf, uint64_t len)
{
    int rc = injected(b, BLOCK_WRITE);

    if (rc || !in_range(b, offset, len))
        return rc ? rc : -EINVAL;
    if (b->read_only)
        return -EROFS;
    if (b->memory) {
        memcpy(b->memory + offset, buf, len);
        return 0;
    }
    return b->overlay ? overlay_write(b->overlay, offset, buf, len)
                      : image_write(b, offset, buf, len);
}

int block_zero(struct block *b, uint64_t offset, uint64_t len)
{
    int rc = injected(b, BLOCK_ZERO);

    if (rc || !in_range(b, offset, len))
        return rc ? rc : -EINVAL;
    if (b->read_only)
        return -EROFS;
    if (b->memory) {
        memset(b->memory + offset, 0, len);
        return 0;
    }
    if (b->overlay)
        return overlay_zero(b->overlay, offset, len);
    /* Past the end it is zeros already. */
    return offset < b->end ? file_zero(b->fd, offset, u64_min(len, b->end - offset)) : 0;
}

int block_flush(struct block *b)
{
    int rc = injected(b, BLOCK_FLUSH);

    if (rc || b->memory || b->read_only)
        return rc;
    if (b->overlay)
        return overlay_flush(b->overlay);
    return fdatasync(b->fd) ? -errno : 0;
}

void block_inject(struct block *b, enum block_op op, unsigned nth, int error)
{
    b->inject[op].nth = nth;
    b->inject[op].error = error;
}

uint64_t block_size(const struct block *b)
{
    return b->size;
}

bool block_read_only(const struct block *b)
{
    return b->read_only;
}

struct block *block_memory(uint64_t size)
{
    struct block *b = xcalloc(1, sizeof *b);

    b->fd = -1;
    b->size = b->end = size;
    b->limit = align_up(size, BLOCK_TAIL);
    b->memory = xcalloc(1, b->limit);
    return b;
}

/* Opens the image file itself; everything that can be wrong with it is said here. */
static int open_image(struct block *b, const struct block_config *c, struct err *err)
{
    bool write = !c->read_only && !c->overlay;
    struct stat st;
    off_t end;

    b->fd = open(c->image, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (b->fd < 0)
        return err_set(err, "%s: %s", c->image, strerror(errno));
    if (fstat(b->fd, &st))
        return err_set(err, "%s: %s", c->image, strerror(errno));
    if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
        return err_set(err, "%s: neither a file nor a block device", c->image);
    end = lseek(b->fd, 0, SEEK_END);
    if (end < 0)
        return err_set(err, "%s: %s", c->image, strerror(errno));
    if (end == 0)
        return err_set(err, "%s: the image is empty", c->image);
    b->size = b->end = (uint64_t)end;
    b->limit = align_up(b->size, BLOCK_TAIL);
    if (file_lock(b->fd, c->image, write, err))
        return -1;
    /* Not while it is written: that a mapping shows at once what pwrite has written is not promised
     * everywhere. */
    if (!write)
        b->map = file_map_new(b->fd, b->size);
    return 0;
}

struct block *block_open(const struct block_config *c, struct err *err)
{
    struct block *b = xcalloc(1, sizeof *b);
    struct overlay_base base = {image_read, b, 0};

    b->fd = -1;
    b->read_only = c->read_only;
    if (open_image(b, c, err))
        goto fail;
    base.size = b->size;
    if (c->overlay) {
        b->overlay = overlay_open(c->overlay, c->read_only, &base, err);
        if (!b->overlay)
            goto fail;
    }
    return b;
fail:
    block_close(b);
    return NULL;
}

void block_close(struct block *b)
{
    if (!b)
        return;
    if (b->overlay)
        overlay_close(b->overlay);
    file_map_free(b->map);
    if (b->fd >= 0)
        close(b->fd); /* and with it the lock */
    free(b->memory);
    free(b);
}
