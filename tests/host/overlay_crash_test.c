/* SPDX-License-Identifier: Apache-2.0 */
/* Power loss under an overlay: what was written since the last fdatasync reaches the disk in any
 * order, in part, and torn at sectors.  The overlay is compiled in here on a recording disk. */
#define _GNU_SOURCE
#include <unistd.h>

static int recorded_sync(int fd);
#define fdatasync recorded_sync
#include "../../src/host/overlay.c"
#undef fdatasync

#include "check.h"
#include "sim/random.h"

#include <sys/file.h>

#define IMAGE_BYTES (UINT64_C(600) << 10)
#define BLOCK 4096
#define BLOCKS (IMAGE_BYTES / BLOCK)
#define SECTOR 512
#define DISK_MAX (4 << 20)

/* The file as it is for sure, and what is on its way to it. */
static uint8_t stable[DISK_MAX];
static struct write {
    uint64_t offset, len;
    uint8_t *bytes; /* NULL: a hole */
} on_its_way[4096];
static unsigned count;
static uint64_t file_end;
static bool recording;

static void settle(void)
{
    for (unsigned i = 0; i < count; i++) {
        if (on_its_way[i].bytes)
            memcpy(stable + on_its_way[i].offset, on_its_way[i].bytes, on_its_way[i].len);
        else
            memset(stable + on_its_way[i].offset, 0, on_its_way[i].len);
        free(on_its_way[i].bytes);
    }
    count = 0;
}

static void lose_power_now(void);

/* The worst moment is just before it has done its work. */
static int recorded_sync(int fd)
{
    (void)fd;
    if (recording) {
        lose_power_now();
        settle();
    }
    return 0;
}

static void note(uint64_t offset, const void *bytes, uint64_t len)
{
    struct write *w = &on_its_way[count++];

    CHECK(count < ARRAY_LEN(on_its_way) && offset + len <= DISK_MAX);
    w->offset = offset;
    w->len = len;
    w->bytes = bytes ? xcalloc(1, len) : NULL;
    if (bytes)
        memcpy(w->bytes, bytes, len);
    if (bytes && offset + len > file_end)
        file_end = offset + len;
}

int file_pread(int fd, uint64_t offset, void *buf, uint64_t len)
{
    return pread(fd, buf, len, (off_t)offset) == (ssize_t)len ? 0 : -EIO;
}

int file_pwrite(int fd, uint64_t offset, const void *buf, uint64_t len)
{
    if (recording)
        note(offset, buf, len);
    return pwrite(fd, buf, len, (off_t)offset) == (ssize_t)len ? 0 : -EIO;
}

int file_zero(int fd, uint64_t offset, uint64_t len)
{
    uint8_t *zeros = xcalloc(1, len);
    int rc;

    if (recording)
        note(offset, NULL, len);
    rc = pwrite(fd, zeros, len, (off_t)offset) == (ssize_t)len ? 0 : -EIO;
    free(zeros);
    return rc;
}

int file_lock(int fd, const char *path, bool exclusive, struct err *err)
{
    (void)fd, (void)path, (void)exclusive, (void)err;
    return 0;
}

static int base_read(void *owner, uint64_t offset, void *buf, uint64_t len)
{
    (void)owner;
    for (uint64_t i = 0, at = offset; i < len; i++, at++)
        ((uint8_t *)buf)[i] = (uint8_t)(at < IMAGE_BYTES ? 200 + at / BLOCK % 50 : 0);
    return 0;
}

static const struct overlay_base base = {base_read, NULL, IMAGE_BYTES};

/* What each block may hold after the loss: what the last finished flush left, or anything since. */
static uint8_t flushed[BLOCKS], now[BLOCKS];
static bool since[BLOCKS][256];

static void wrote(uint64_t block, uint8_t value)
{
    now[block] = value;
    since[block][value] = true;
}

static void flush_done(void)
{
    memcpy(flushed, now, sizeof flushed);
    memset(since, 0, sizeof since);
}

/* The disk after the loss, in a file of its own. */
static void lose_power(struct random *rnd, const char *path)
{
    static uint8_t disk[DISK_MAX];
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

    memcpy(disk, stable, file_end);
    for (unsigned i = 0; i < count; i++) {
        bool whole = random_below(rnd, 3) != 0, none = random_below(rnd, 4) == 0;
        for (uint64_t at = 0; at < on_its_way[i].len && !none; at += SECTOR)
            if (whole || random_below(rnd, 2)) {
                uint64_t n = u64_min(SECTOR, on_its_way[i].len - at);
                if (on_its_way[i].bytes)
                    memcpy(disk + on_its_way[i].offset + at, on_its_way[i].bytes + at, n);
                else
                    memset(disk + on_its_way[i].offset + at, 0, n);
            }
    }
    CHECK(pwrite(fd, disk, file_end, 0) == (ssize_t)file_end);
    close(fd);
}

static void check_after_loss(const char *path, unsigned in_script, unsigned at_step)
{
    struct err err = {""};
    struct overlay *o = overlay_open(path, true, &base, &err);
    uint8_t got[BLOCK];
    unsigned wrong = 0;

    if (!o) {
        check_fail(__FILE__, __LINE__, err.text);
        return;
    }
    for (uint64_t b = 0; b < BLOCKS; b++) {
        CHECK(!overlay_read(o, b * BLOCK, got, BLOCK));
        for (unsigned i = 0; i < BLOCK; i += SECTOR)
            wrong += got[i] != flushed[b] && !since[b][got[i]];
    }
    if (wrong)
        printf("script %u, step %u: %u sectors\n", in_script, at_step, wrong);
    CHECK_EQ_U64(wrong, 0);
    overlay_close(o);
}

static struct random loss;
static char after[80];
static unsigned script, step;

static void lose_power_now(void)
{
    lose_power(&loss, after);
    check_after_loss(after, script, step);
}

static void one_step(struct overlay *o, struct random *rnd)
{
    static uint8_t data[BLOCKS * BLOCK];
    uint64_t block = random_below(rnd, BLOCKS), n = 1 + random_below(rnd, step % 4 ? 3 : 20);
    uint8_t value = (uint8_t)(1 + random_below(rnd, 190));

    if (random_below(rnd, 2)) { /* a whole cluster */
        block &= ~UINT64_C(15);
        n = 16;
    }
    n = u64_min(n, BLOCKS - block);
    switch (random_below(rnd, 5)) {
    case 0:
    case 4:
        CHECK(!overlay_zero(o, block * BLOCK, n * BLOCK));
        value = 0;
        break;
    case 1:
        CHECK(!overlay_flush(o));
        flush_done();
        return;
    default:
        memset(data, value, n * BLOCK);
        CHECK(!overlay_write(o, block * BLOCK, data, n * BLOCK));
        break;
    }
    while (n--)
        wrote(block + n, value);
}

static void test_no_loss_of_power_takes_what_a_flush_promised(void)
{
    char path[64];
    int made;

    snprintf(path, sizeof path, "%s/doorbell-crash-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    made = mkstemp(path);
    close(made);
    snprintf(after, sizeof after, "%s.after", path);
    for (script = 0; script < 25; script++) {
        struct random rnd;
        struct overlay *o;
        struct stat st;

        random_init(&rnd, script, "crash");
        random_init(&loss, script, "loss");
        CHECK(truncate(path, 0) == 0);
        memset(stable, 0, sizeof stable);
        recording = false;
        o = overlay_open(path, false, &base, NULL);
        CHECK(o && stat(path, &st) == 0);
        file_end = (uint64_t)st.st_size;
        CHECK(pread(o->fd, stable, file_end, 0) == (ssize_t)file_end);
        recording = true;
        for (uint64_t b = 0; b < BLOCKS; b++)
            now[b] = (uint8_t)(200 + b % 50);
        flush_done();
        for (step = 0; step < 60; step++) {
            one_step(o, &rnd);
            lose_power_now();
        }
        overlay_close(o);
        recording = false;
        settle();
    }
    unlink(path);
    unlink(after);
}

TEST_MAIN(test_no_loss_of_power_takes_what_a_flush_promised)
