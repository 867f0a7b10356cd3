/* SPDX-License-Identifier: Apache-2.0 */
/* Broken: waits for the completion in user mode.  With interrupts that works, as the bottom half
 * puts it into the ring; a polled queue has none, and only ring_enter() with `wait` looks at it. */
#include "labs/kernel/user.h"

#define BYTES 4096
#define WARM_UPS 4

static _Alignas(4096) uint8_t buffer[BYTES];
static struct ring ring, polled_ring;

static void check(bool good, const char *what)
{
    if (good)
        return;
    print("wrong: %s\n", what);
    exit(1);
}

/* On this disk every 8 bytes are their own offset. */
static void check_data(uint64_t offset, const char *what)
{
    for (uint64_t i = 0; i < BYTES; i += 8)
        check(*(const uint64_t *)(buffer + i) == offset + i, what);
    memset(buffer, 0, BYTES);
}

/* ---- through the page cache ---- */

static void cold(int64_t fd, bool measured)
{
    check(cache_drop(fd) == 0, "cache_drop");
    if (measured)
        mark(10);
    check(pread(fd, buffer, BYTES, 0) == BYTES, "cold read");
    if (measured)
        mark(11);
    check_data(0, "data of the cold read");
}

static void hot(int64_t fd, bool measured)
{
    if (measured)
        mark(20);
    check(pread(fd, buffer, BYTES, 0) == BYTES, "hot read");
    if (measured)
        mark(21);
    check_data(0, "data of the hot read");
}

/* ---- by the ring, straight into the buffer ---- */

static int64_t ring_open(struct ring *r, uint64_t flags)
{
    const struct ring_buffer mine = {buffer, sizeof buffer};
    int64_t ring_fd = ring_setup(r, flags);

    check(ring_fd >= 0 && ring_register(ring_fd, &mine, 1) == 0, "ring");
    return ring_fd;
}

static int64_t ring_read(struct ring *r, int64_t ring_fd, int64_t fd, uint64_t offset)
{
    const struct ring_submission read_it = {.fd = (int32_t)fd, .buffer = 0, .offset = offset,
                                            .bytes = BYTES};
    struct ring_completion done = {0};

    if (!ring_put(r, &read_it) || ring_enter(ring_fd, 1, 0) != 1)
        return -1;
    while (!ring_take(r, &done))
        ; /* the kernel moves cq_tail when it has looked at the queue: who makes it look? */
    return done.result;
}

static void ringed(int64_t ring_fd, int64_t fd, bool measured)
{
    if (measured)
        mark(30);
    check(ring_read(&ring, ring_fd, fd, 2 * BYTES) == BYTES, "read by the ring");
    if (measured)
        mark(31);
    check_data(2 * BYTES, "data by the ring");
}

static void polled(int64_t ring_fd, int64_t fd, bool measured)
{
    if (measured)
        mark(40);
    check(ring_read(&polled_ring, ring_fd, fd, 3 * BYTES) == BYTES, "polled read");
    if (measured)
        mark(41);
    check_data(3 * BYTES, "data of the polled read");
}

int main(void)
{
    int64_t fd = open("disk"), by_interrupt, by_polling;

    mark(1);
    check(fd >= 0, "there is no disk");
    by_interrupt = ring_open(&ring, 0);
    by_polling = ring_open(&polled_ring, RING_POLLED);
    for (unsigned i = 0; i <= WARM_UPS; i++)
        cold(fd, i == WARM_UPS);
    for (unsigned i = 0; i <= WARM_UPS; i++)
        hot(fd, i == WARM_UPS);
    for (unsigned i = 0; i <= WARM_UPS; i++)
        ringed(by_interrupt, fd, i == WARM_UPS);
    for (unsigned i = 0; i <= WARM_UPS; i++)
        polled(by_polling, fd, i == WARM_UPS);
    print("4096 bytes, read four ways, all as they should be\n");
    return 0;
}
