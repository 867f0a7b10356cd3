/* SPDX-License-Identifier: Apache-2.0 */
/* Works on a drive of which every byte is known, past the page cache.  No library is between them
 * and the kernel. */
#define _GNU_SOURCE
#include "bench.h"

#include "../../guest/programs/pattern.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READS 32u       /* of a repetition: as short as the other works' */
#define DEEP_READS 128u /* of one that has many on their way */
#define BLOCK 4096u
#define DEPTH 32u
#define LARGE (1u << 20)
#define LARGE_READS 4u

const char *disk_path = "/dev/nvme0n1";

static int fd = -1;
static uint8_t *buffers;
static uint32_t places[DEEP_READS], places_count; /* what is read: block numbers */
static bool checked;           /* every byte, once */

void make_disk(const char *path)
{
    static uint64_t words[LARGE / 8];
    FILE *f = fopen(path, "wb");

    if (!f)
        fail(path);
    for (uint64_t at = 0; at < DISK_BYTES; at += LARGE) {
        for (uint64_t i = 0; i < LARGE / 8; i++)
            words[i] = pattern_word(at / 8 + i); /* both machines are little-endian */
        if (fwrite(words, LARGE, 1, f) != 1)
            fail(path);
    }
    if (fclose(f))
        fail(path);
}

static void open_disk(void)
{
    if (fd >= 0)
        return;
    fd = open(disk_path, O_RDONLY | O_DIRECT | O_CLOEXEC);
    if (fd < 0 && errno == EINVAL) /* a file system without it, which is enough to check results */
        fd = open(disk_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENXIO))
        skip("no disk");
    if (fd < 0)
        fail(disk_path);
    buffers = map_pages(LARGE_READS * LARGE);
}

/* The whole of the first time's data, then the ends of each block. */
static bool is_right(const uint8_t *data, uint64_t offset, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i += 8) {
        uint64_t word;

        memcpy(&word, data + i, sizeof word);
        if (word != pattern_word((offset + i) / 8))
            return false;
        if (checked && i % BLOCK == 0)
            i += BLOCK - 16;
    }
    return true;
}

static void forget(uint32_t bytes)
{
    for (uint32_t at = 0; at < bytes; at += BLOCK) {
        memset(buffers + at, 0, 8);
        memset(buffers + at + BLOCK - 8, 0, 8);
    }
}

static void choose_places(uint32_t count, uint32_t one)
{
    uint32_t state = one * 2463534242;

    open_disk();
    for (uint32_t i = 0; i < count; i++)
        places[i] = next_random(&state) % (DISK_BYTES / BLOCK);
    places_count = count;
    forget(count * BLOCK);
}

void prepare_read(uint32_t one)
{
    choose_places(READS, one);
}

uint64_t check_read(uint64_t got)
{
    for (uint32_t i = 0; i < places_count; i++)
        if (!is_right(buffers + i * BLOCK, (uint64_t)places[i] * BLOCK, BLOCK))
            return 0;
    checked = true;
    return got;
}

uint64_t work_read1(uint32_t one)
{
    uint64_t done = 0;

    for (uint32_t i = 0; i < READS * one; i++)
        done += pread(fd, buffers + i * BLOCK, BLOCK, (off_t)places[i] * BLOCK) == BLOCK;
    return done;
}

/* ---- many at a time: io_uring ---- */

static struct {
    int fd;
    uint32_t *sq_tail, *sq_array, sq_mask, *cq_head, *cq_tail, cq_mask;
    struct io_uring_sqe *sqes;
    const struct io_uring_cqe *cqes;
} uring = {.fd = -1};

static void *map_uring(size_t bytes, uint64_t what)
{
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, uring.fd,
                     (off_t)what);

    if (map == MAP_FAILED)
        fail("io_uring mmap");
    return map;
}

static void open_uring(void)
{
    struct io_uring_params p = {0};
    uint8_t *sq, *cq;

    uring.fd = (int)syscall(SYS_io_uring_setup, DEPTH, &p);
    if (uring.fd < 0 && (errno == ENOSYS || errno == EPERM))
        skip("no io_uring");
    if (uring.fd < 0)
        fail("io_uring_setup");
    sq = map_uring(p.sq_off.array + p.sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
    cq = map_uring(p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
    uring.sqes = map_uring(p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
    uring.sq_tail = (uint32_t *)(sq + p.sq_off.tail);
    uring.sq_array = (uint32_t *)(sq + p.sq_off.array);
    uring.sq_mask = p.sq_entries - 1;
    uring.cq_head = (uint32_t *)(cq + p.cq_off.head);
    uring.cq_tail = (uint32_t *)(cq + p.cq_off.tail);
    uring.cq_mask = p.cq_entries - 1;
    uring.cqes = (const struct io_uring_cqe *)(cq + p.cq_off.cqes);
}

void prepare_read32(uint32_t one)
{
    choose_places(DEEP_READS, one);
    if (uring.fd < 0)
        open_uring();
}

static void submit_later(uint32_t i)
{
    uint32_t tail = *uring.sq_tail, at = tail & uring.sq_mask;

    uring.sqes[at] = (struct io_uring_sqe){
        .opcode = IORING_OP_READ,
        .fd = fd,
        .addr = (uintptr_t)(buffers + i * BLOCK),
        .len = BLOCK,
        .off = (uint64_t)places[i] * BLOCK,
        .user_data = i,
    };
    uring.sq_array[at] = at;
    __atomic_store_n(uring.sq_tail, tail + 1, __ATOMIC_RELEASE);
}

/* What has completed, and was right; the rest of the machine waits meanwhile. */
static uint32_t reap(uint64_t *good)
{
    uint32_t head = *uring.cq_head, tail = __atomic_load_n(uring.cq_tail, __ATOMIC_ACQUIRE);
    uint32_t count = tail - head;

    for (; head != tail; head++)
        *good += uring.cqes[head & uring.cq_mask].res == (int)BLOCK;
    __atomic_store_n(uring.cq_head, head, __ATOMIC_RELEASE);
    return count;
}

/* As many as fit are always on their way. */
uint64_t work_read32(uint32_t one)
{
    uint32_t sent = 0, ended = 0, reads = DEEP_READS * one;
    uint64_t good = 0;

    while (ended < reads) {
        uint32_t more = 0;

        for (; sent < reads && sent - ended < DEPTH; sent++, more++)
            submit_later(sent);
        if (syscall(SYS_io_uring_enter, uring.fd, more, 1, IORING_ENTER_GETEVENTS, NULL, 0) !=
            (long)more)
            fail("io_uring_enter");
        ended += reap(&good);
    }
    return good;
}

/* ---- large ones ---- */

void prepare_readseq(uint32_t one)
{
    (void)one;
    open_disk();
    forget(LARGE_READS * LARGE);
}

uint64_t work_readseq(uint32_t one)
{
    uint64_t done = 0;

    for (uint32_t i = 0; i < LARGE_READS * one; i++)
        done += pread(fd, buffers + (size_t)i * LARGE, LARGE, (off_t)i * LARGE) == LARGE;
    return done;
}

uint64_t check_readseq(uint64_t got)
{
    bool right = is_right(buffers, 0, LARGE_READS * LARGE);

    checked = true;
    return right ? got : 0;
}
