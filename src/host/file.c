/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "host/file.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_to_read(const char *what, const char *path, struct stat *st, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_set(err, "cannot open the %s %s: %s", what, path, strerror(errno));
    if (fstat(fd, st) || S_ISDIR(st->st_mode)) {
        close(fd);
        return err_set(err, "the %s %s is a folder, not a file", what, path);
    }
    return fd;
}

/* Reads up to `size` bytes; returns how many, less only at the end of the file; -1: errno. */
static ssize_t read_all(int fd, uint8_t *to, size_t size)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = read(fd, to + done, size - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

int file_read(const char *what, const char *path, uint64_t max_bytes, uint8_t **data, size_t *size,
              struct err *err)
{
    struct stat st;
    size_t room = 0;
    int fd = open_to_read(what, path, &st, err);

    if (fd < 0)
        return -1;
    *data = NULL;
    *size = 0;
    if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > max_bytes) {
        close(fd);
        return err_set(err, "the %s %s has %lld bytes; at most %llu are possible", what, path,
                       (long long)st.st_size, (unsigned long long)max_bytes);
    }
    /* The size is a hint only: a pipe has none, and a file may grow while it is read. */
    for (;;) {
        size_t want = *size + (S_ISREG(st.st_mode) && !*size ? (size_t)st.st_size : 0) + 65536;
        ssize_t n;

        if (*size > max_bytes)
            break;
        if (want > room) {
            /* Doubled, so that a long pipe is not copied again and again. */
            room = u64_max(want, u64_min(2 * room, max_bytes + 65536));
            *data = xrealloc(*data, room + 1);
        }
        n = read_all(fd, *data + *size, room - *size);
        if (n < 0) {
            err_set(err, "cannot read the %s %s: %s", what, path, strerror(errno));
            goto fail;
        }
        *size += (size_t)n;
        if (*size < room)
            break;
    }
    if (*size > max_bytes) {
        err_set(err, "the %s %s has more than the %llu bytes that are possible", what, path,
                (unsigned long long)max_bytes);
        goto fail;
    }
    (*data)[*size] = 0;
    close(fd);
    return 0;
fail:
    close(fd);
    free(*data);
    *data = NULL;
    return -1;
}

static int write_all(int fd, const uint8_t *from, size_t size)
{
    while (size) {
        ssize_t n = write(fd, from, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        from += n;
        size -= (size_t)n;
    }
    return 0;
}

static int write_fail(const char *what, const char *path, struct err *err)
{
    return err_set(err, "cannot write the %s %s: %s", what, path, strerror(errno));
}

int file_write(const char *what, const char *path, const void *data, size_t size,
               struct err *err)
{
    struct stat st;
    bool direct = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
    static const char suffix[] = ".new-XXXXXX";
    size_t length = strlen(path);
    char *temporary = xcalloc(1, length + sizeof suffix);
    mode_t mask = umask(0);
    int fd, saved;

    umask(mask);
    memcpy(temporary, path, length);
    memcpy(temporary + length, suffix, sizeof suffix);
    fd = direct ? open(path, O_WRONLY | O_CLOEXEC) : mkstemp(temporary);
    if (fd < 0) {
        free(temporary);
        return write_fail(what, path, err);
    }
    if (write_all(fd, data, size))
        goto fail;
    if (!direct && fchmod(fd, 0666 & ~mask))
        goto fail;
    if (close(fd)) {
        fd = -1;
        goto fail;
    }
    fd = -1;
    if (!direct && rename(temporary, path))
        goto fail;
    free(temporary);
    return 0;
fail:
    saved = errno;
    if (fd >= 0)
        close(fd);
    if (!direct)
        unlink(temporary);
    free(temporary);
    errno = saved;
    return write_fail(what, path, err);
}

#define IDENTITY_BLOCK 4096
#define IDENTITY_BUFFER (256 * IDENTITY_BLOCK)
#define IDENTITY_MAX (UINT64_C(4) << 30)

/* A word at a time: an image is many bytes, and only equality matters. */
static uint64_t hash_block(uint64_t h, const uint8_t *p, size_t size)
{
    size_t i = 0;

    for (; i + 8 <= size; i += 8) {
        h = (h ^ le64_get(p + i)) * HASH_PRIME;
        h ^= h >> 29;
    }
    return hash_bytes(h, p + i, size - i);
}

static bool all_zero(const uint8_t *p, size_t size)
{
    return size == 0 || (p[0] == 0 && memcmp(p, p + 1, size - 1) == 0);
}

static int hash_data(int fd, uint64_t *h)
{
    uint8_t *buf = xcalloc(1, IDENTITY_BUFFER);
    uint64_t at = 0, counted = 0;
    ssize_t n = 0;

    while (counted < IDENTITY_MAX) {
        off_t data = lseek(fd, (off_t)at, SEEK_DATA);

        if (data < 0 && errno == ENXIO)
            break; /* only a hole remains */
        /* A file system or device that knows no holes has data everywhere. */
        if (data >= 0)
            at = (uint64_t)data / IDENTITY_BLOCK * IDENTITY_BLOCK;
        n = lseek(fd, (off_t)at, SEEK_SET) < 0 ? -1 : read_all(fd, buf, IDENTITY_BUFFER);
        if (n <= 0)
            break;
        for (size_t i = 0; i < (size_t)n; i += IDENTITY_BLOCK) {
            size_t size = (size_t)u64_min(IDENTITY_BLOCK, (uint64_t)n - i);

            if (all_zero(buf + i, size))
                continue;
            *h = hash_block(hash_u64(*h, at + i), buf + i, size);
            counted += size;
        }
        at += (uint64_t)n;
    }
    free(buf);
    return n < 0 ? -1 : 0;
}

int file_identity(const char *what, const char *path, uint64_t *identity, struct err *err)
{
    struct stat st;
    int fd = open_to_read(what, path, &st, err);
    int result = 0;

    if (fd < 0)
        return -1;
    *identity = hash_u64(HASH_START, S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0);
    if (hash_data(fd, identity))
        result = err_set(err, "cannot read the %s %s: %s", what, path, strerror(errno));
    close(fd);
    return result;
}
