/* SPDX-License-Identifier: Apache-2.0 */
/* Random system calls with random arguments, with pointers into a piece of memory that is scribbled
 * on all the time, the rings' pages too.  Whatever is answered, the kernel goes on, and at the end
 * a read still is one.  Left out are calls that end the program or sleep until somebody else does
 * something. */
#include "check.h"

#define PAGE 4096

static _Alignas(PAGE) uint8_t memory[64 * PAGE];
static struct ring good_ring, bad_ring[2]; /* by interrupt, polled */
static uint64_t state = 1;
static int64_t disk, bad_fd[2];
static struct ring_buffer buffers[8];

static uint64_t next(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return state >> 16 ^ state >> 40;
}

static uint64_t value(void)
{
    static const uint64_t odd[] = {0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 511, 512, 4095,
                                   4096, 65536, 1 << 20, UINT32_MAX, INT64_MAX, UINT64_MAX - 511,
                                   UINT64_MAX};

    return next() % 4 ? odd[next() % (sizeof odd / sizeof *odd)] : next();
}

static uint64_t small(void)
{
    return next() % 20;
}

/* With room for what any of these calls puts there, but at any alignment. */
static uint64_t place(void)
{
    uint64_t at = next() % (32 * PAGE);

    return (uintptr_t)memory + (next() % 2 ? at : at & ~(uint64_t)(PAGE - 1));
}

static void scribble(void)
{
    for (unsigned i = 0; i < 8; i++) {
        uint64_t at = next() % (sizeof memory / 8) * 8;
        uint64_t v = next() % 2 ? value() : next() % 2 ? place() : (uint64_t)disk;

        memcpy(memory + at, &v, 8);
    }
}

/* Submissions that mostly make sense, indices that mostly do. */
static void use_ring(unsigned which)
{
    struct ring *r = &bad_ring[which];
    unsigned n = (unsigned)(next() % 6);

    for (unsigned i = 0; i < n; i++)
        r->submission[r->sq_tail++ % RING_ENTRIES] = (struct ring_submission){
            .fd = next() % 16 ? (int32_t)disk : (int32_t)value(),
            .buffer = (uint32_t)(next() % 16 ? next() % 8 : value()),
            .offset = next() % 16 ? next() % 2048 * 512 : value(),
            .bytes = (uint32_t)(next() % 16 ? (next() % 20 + 1) * 512 : value()),
        };
    if (next() % 4)
        r->cq_head = r->cq_tail;
    if (next() % 64 == 0)
        *(uint32_t *)((uint8_t *)r + next() % 40 * 4) = (uint32_t)value();
    (void)ring_enter(bad_fd[which], next() % 8 ? n : value(), next() % 8 ? next() % 3 : value());
    if (next() % 64 == 0)
        r->sq_tail = r->sq_head, r->cq_head = r->cq_tail;
    if (next() % 256 == 0)
        (void)ring_register(bad_fd[which], buffers, 8);
}

static void one_call(void)
{
    uint64_t length = value() % (16 * PAGE);

    switch (next() % 16) {
    case 0: (void)pread((int64_t)small(), (void *)place(), length, value()); break;
    case 1: (void)pread(disk, (void *)place(), length, value() % (9 << 20)); break;
    case 2: (void)read(disk, (void *)place(), length); break;
    case 3: (void)ring_setup((struct ring *)place(), next() % 4 ? value() % 4 : value()); break;
    case 4: (void)ring_register((int64_t)small(), (void *)place(), next() % 20); break;
    case 5:
    case 6: (void)ring_enter((int64_t)small(), value(), value()); break;
    case 7: (void)bind((int64_t)small(), (uint16_t)value()); break;
    case 8: (void)poll((void *)place(), next() % 20, next() % 2); break;
    case 9: (void)cache_drop((int64_t)small()); break;
    case 10: (void)thread_join((int64_t)value()); break;
    case 11: (void)system_call((enum system_call)(SYS_COUNT + value() % 100), value(), value(),
                               value(), value()); break;
    default: use_ring(next() % 2); break;
    }
}

static void nothing(void *unused)
{
    (void)unused;
}

static void check_read_by_ring(int64_t fd)
{
    struct ring_submission s = {.fd = (int32_t)disk, .offset = 5 * PAGE, .bytes = PAGE};
    struct ring_buffer mine = {memory, PAGE};
    struct ring_completion c = {0};

    CHECK_EQ(ring_register(fd, &mine, 1), 0);
    CHECK(ring_put(&good_ring, &s));
    CHECK_EQ(ring_enter(fd, 1, 1), 1);
    CHECK(ring_take(&good_ring, &c));
    CHECK_EQ(c.result, PAGE);
    CHECK(*(uint64_t *)memory == 5 * PAGE && *(uint64_t *)(memory + PAGE - 8) == 6 * PAGE - 8);
}

int main(void)
{
    int64_t ring_fd;

    disk = open("disk");
    CHECK(disk >= 0);
    ring_fd = ring_setup(&good_ring, 0); /* the first: nobody knows its page */
    CHECK(ring_fd >= 0);
    (void)socket();
    for (unsigned i = 0; i < 8; i++)
        buffers[i] = (struct ring_buffer){memory + i * 5 * PAGE + i % 3 * 4, PAGE * (i % 4 + 1)};
    for (unsigned i = 0; i < 2; i++) {
        bad_fd[i] = ring_setup(&bad_ring[i], i);
        CHECK(bad_fd[i] >= 0);
        CHECK_EQ(ring_register(bad_fd[i], buffers, 8), 0);
    }
    for (unsigned i = 0; i < 20000; i++) {
        if (i % 1000 == 0)
            CHECK(thread_start(nothing, NULL) > 0);
        scribble();
        one_call();
    }
    CHECK_EQ(sleep_us(1000), 0); /* what is under way may still write to `memory` */
    check_read_by_ring(ring_fd);
    CHECK_EQ(pread(disk, memory, PAGE, 7 * PAGE), PAGE);
    CHECK(*(uint64_t *)memory == 7 * PAGE && *(uint64_t *)(memory + PAGE - 8) == 8 * PAGE - 8);
    CHECK(count().disk_commands > 1000 && count().disk_polls > 100);
    print("fuzz: commands %lu polls %lu, all as they should be\n", count().disk_commands,
          count().disk_polls);
    return 0;
}
