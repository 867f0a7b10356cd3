/* SPDX-License-Identifier: Apache-2.0 */
/* Reads on labs/kernel, of a disk of 8 MiB on which every 8 bytes are their own offset: what the
 * page cache finds, waits for and reads ahead; rings, with interrupts and polled; many at a
 * time. */
#include "check.h"

#define PAGE 4096
#define DISK (8 << 20)
#define PAGES_OF_CACHE 512

static _Alignas(PAGE) uint8_t buffer[16 * PAGE + 64];
static struct ring ring, polled_ring;
static int64_t disk;

static bool good(const uint8_t *bytes, uint64_t count, uint64_t offset)
{
    for (uint64_t i = 0; i < count; i++)
        if (bytes[i] != (uint8_t)((offset + i) / 8 * 8 >> (offset + i) % 8 * 8))
            return false;
    return true;
}

/* Reads and says what that cost. */
static struct counters reading(int64_t fd, uint64_t bytes, uint64_t offset)
{
    struct counters a = count(), b;

    memset(buffer, 0xee, bytes + 1);
    CHECK_EQ(pread(fd, buffer, bytes, offset), bytes);
    CHECK(good(buffer, bytes, offset));
    CHECK_EQ(buffer[bytes], 0xee);
    b = count();
    return (struct counters){
        .cache_hits = b.cache_hits - a.cache_hits, .cache_misses = b.cache_misses - a.cache_misses,
        .cache_ahead = b.cache_ahead - a.cache_ahead, .switches = b.switches - a.switches,
        .disk_commands = b.disk_commands - a.disk_commands,
        .disk_pages = b.disk_pages - a.disk_pages,
    };
}

static void test_a_miss_takes_one_command_and_sleeps(void)
{
    struct counters c = reading(disk, PAGE, 5 * PAGE);

    CHECK(c.cache_misses == 1 && c.cache_hits == 0 && c.cache_ahead == 0);
    CHECK(c.disk_commands == 1 && c.disk_pages == 1);
    CHECK_EQ(c.switches, 2); /* to idle, and back */
}

static void test_a_hit_takes_none(void)
{
    struct counters c = reading(disk, PAGE, 5 * PAGE);

    CHECK(c.cache_hits == 1 && c.cache_misses == 0 && c.disk_commands == 0 && c.switches == 0);
}

static void test_odd_offsets_and_lengths(void)
{
    static const unsigned at[] = {0, 1, 7, 4095, 4096, 4097, 100000}, bytes[] = {1, 2, 4095, 9000};

    for (unsigned i = 0; i < sizeof at / sizeof *at; i++)
        for (unsigned k = 0; k < sizeof bytes / sizeof *bytes; k++)
            (void)reading(disk, bytes[k], at[i]);
}

static void test_the_end_of_a_file(void)
{
    CHECK_EQ(pread(disk, buffer, 2 * PAGE, DISK - 100), 100);
    CHECK(good(buffer, 100, DISK - 100));
    CHECK_EQ(pread(disk, buffer, PAGE, DISK), 0);
    CHECK_EQ(pread(disk, buffer, PAGE, UINT64_MAX - 5), 0);
    CHECK_EQ(pread(disk, buffer, 0, 0), 0);
}

static void test_sequential_reads_are_read_ahead_of(void)
{
    int64_t fd = open("a");
    struct counters a, b;

    CHECK(fd >= 0);
    CHECK_EQ(cache_drop(fd), 0);
    a = count();
    for (unsigned i = 0; i < 64; i++) {
        CHECK_EQ(read(fd, buffer, PAGE), PAGE);
        CHECK(good(buffer, PAGE, (uint64_t)i * PAGE));
    }
    b = count();
    /* The first read knows nothing yet, the second begins a window: two are waited for as
     * misses. */
    CHECK_EQ(b.cache_misses - a.cache_misses, 2);
    CHECK_EQ(b.cache_hits - a.cache_hits, 62);
    /* Windows of 1, 2, 4, 8, then 16 pages: each a command. */
    CHECK(b.disk_commands - a.disk_commands < 12);
    CHECK(b.disk_pages - a.disk_pages >= 64 && b.disk_pages - a.disk_pages <= 96);
    CHECK_EQ(b.disk_pages - a.disk_pages, b.cache_ahead - a.cache_ahead + 2);
}

static void test_random_reads_are_not(void)
{
    struct counters a, b;

    CHECK_EQ(sleep_us(1000), 0); /* what is being read ahead cannot be dropped */
    CHECK_EQ(cache_drop(disk), 0);
    a = count();
    for (unsigned i = 0; i < 40; i++) {
        CHECK_EQ(pread(disk, buffer, PAGE, (i * 37 % 64) * 3 * PAGE), PAGE);
        CHECK(good(buffer, PAGE, (i * 37 % 64) * 3 * PAGE));
    }
    b = count();
    CHECK_EQ(b.cache_ahead, a.cache_ahead);
    CHECK_EQ(b.disk_pages - a.disk_pages, 40);
}

static void test_more_than_the_cache_holds_is_evicted(void)
{
    struct counters c;

    CHECK_EQ(cache_drop(disk), 0);
    (void)reading(disk, PAGE, 0);
    for (unsigned i = 1; i <= PAGES_OF_CACHE + 8; i++)
        (void)reading(disk, 8, (uint64_t)i * PAGE + 16);
    c = reading(disk, PAGE, 0);
    CHECK_EQ(c.cache_misses, 1);
}

/* ---- rings ---- */

static int64_t open_ring(struct ring *r, uint64_t flags)
{
    struct ring_buffer mine[] = {{buffer, 16 * PAGE}, {buffer + 12, 8 * PAGE}};
    int64_t fd = ring_setup(r, flags);

    CHECK(fd >= 0);
    CHECK_EQ(ring_register(fd, mine, 2), 0);
    return fd;
}

static int64_t one(struct ring *r, int64_t ring_fd, struct ring_submission s)
{
    struct ring_completion c;

    s.tag = s.offset ^ 0x5a5a;
    CHECK(ring_put(r, &s));
    CHECK_EQ(ring_enter(ring_fd, 1, 1), 1);
    CHECK(ring_take(r, &c));
    CHECK(!ring_take(r, &c) || !"a second completion");
    CHECK_EQ(c.tag, s.tag);
    return c.result;
}

static void test_ring(struct ring *r, int64_t fd, bool polled)
{
    struct counters a = count(), b;
    int32_t file = (int32_t)disk;

    memset(buffer, 0, sizeof buffer);
    CHECK_EQ(one(r, fd, (struct ring_submission){.fd = file, .offset = 3 * PAGE, .bytes = PAGE}),
             PAGE);
    CHECK(good(buffer, PAGE, 3 * PAGE));
    /* Sixteen pages, in one command; and at an odd place of memory and disk. */
    CHECK_EQ(one(r, fd, (struct ring_submission){.fd = file, .offset = 512, .bytes = 16 * PAGE}),
             16 * PAGE);
    CHECK(good(buffer, 16 * PAGE, 512));
    CHECK_EQ(one(r, fd, (struct ring_submission){.fd = file, .buffer = 1, .offset = 1024,
                                                 .bytes = 8 * PAGE}), 8 * PAGE);
    CHECK(good(buffer + 12, 8 * PAGE, 1024));
    b = count();
    CHECK_EQ(b.disk_commands - a.disk_commands, 3);
    CHECK_EQ(b.cache_hits + b.cache_misses, a.cache_hits + a.cache_misses);
    CHECK(polled ? b.disk_polls > a.disk_polls + 3 : b.disk_polls == a.disk_polls);
    CHECK(polled ? b.interrupts == a.interrupts : b.interrupts >= a.interrupts + 3);
    CHECK(polled ? b.switches == a.switches : b.switches == a.switches + 6);
}

static void test_a_ring_s_mistakes_are_results(struct ring *r, int64_t fd)
{
    int32_t f = (int32_t)disk;
    struct ring_completion c;

    CHECK_EQ(one(r, fd, (struct ring_submission){.fd = 1, .bytes = 512}), ERR_FD);
    CHECK_EQ(one(r, fd, (struct ring_submission){.fd = f, .bytes = 0}), ERR_VALUE);
    CHECK_EQ(one(r, fd, (struct ring_submission){.fd = f, .bytes = 100}), ERR_VALUE);
    CHECK_EQ(one(r, fd, (struct ring_submission){.fd = f, .bytes = 512, .offset = 8}), ERR_VALUE);
    CHECK_EQ(one(r, fd, (struct ring_submission){.fd = f, .bytes = 17 * PAGE}), ERR_VALUE);
    CHECK_EQ(one(r, fd, (struct ring_submission){.fd = f, .bytes = PAGE, .buffer = 5}), ERR_VALUE);
    CHECK_EQ(one(r, fd, (struct ring_submission){.fd = f, .bytes = PAGE, .buffer = 1u << 31}),
             ERR_VALUE);
    CHECK_EQ(one(r, fd, (struct ring_submission){.fd = f, .bytes = PAGE, .offset = DISK}),
             ERR_VALUE);
    CHECK_EQ(one(r, fd, (struct ring_submission){.fd = f, .bytes = PAGE, .offset = -512ull}),
             ERR_VALUE);
    /* An index that cannot be. */
    r->sq_tail += 1000;
    CHECK_EQ(ring_enter(fd, 1, 0), ERR_VALUE);
    r->sq_tail -= 1000;
    CHECK_EQ(ring_enter(fd, 0, 0), 0);
    CHECK_EQ(ring_enter(fd, 0, 5), 0); /* nothing is under way: nothing to wait for */
    CHECK(!ring_take(r, &c));
}

static void test_many_at_a_time(struct ring *r, int64_t fd)
{
    struct ring_buffer mine[16];
    struct ring_completion c;
    unsigned seen = 0;

    for (unsigned i = 0; i < 16; i++)
        mine[i] = (struct ring_buffer){buffer + i * PAGE, PAGE};
    CHECK_EQ(ring_register(fd, mine, 16), 0);
    memset(buffer, 0, sizeof buffer);
    for (unsigned i = 0; i < 16; i++) {
        struct ring_submission s = {.fd = (int32_t)disk, .buffer = i, .bytes = PAGE, .tag = i,
                                    .offset = (uint64_t)(i * 11 % 16) * 3 * PAGE};

        CHECK(ring_put(r, &s));
    }
    CHECK_EQ(ring_enter(fd, 16, 16), 16);
    while (ring_take(r, &c)) {
        CHECK_EQ(c.result, PAGE);
        CHECK(c.tag < 16 && !(seen >> c.tag & 1));
        seen |= 1u << c.tag;
    }
    CHECK_EQ(seen, 0xffff);
    for (uint64_t i = 0; i < 16; i++)
        CHECK(good(buffer + i * PAGE, PAGE, i * 11 % 16 * 3 * PAGE));
}

static void test_a_full_ring_is_told(struct ring *r, int64_t fd)
{
    struct ring_submission s = {.fd = 1};
    struct ring_completion c;
    unsigned n = 0;

    while (ring_put(r, &s))
        n++;
    CHECK_EQ(n, RING_ENTRIES);
    CHECK_EQ(ring_enter(fd, 1000, 1000), RING_ENTRIES);
    CHECK(ring_put(r, &s));
    CHECK_EQ(ring_enter(fd, 1, 0), 0); /* no room for its completion */
    for (n = 0; ring_take(r, &c); n++)
        CHECK_EQ(c.result, ERR_FD);
    CHECK_EQ(n, RING_ENTRIES);
    CHECK_EQ(ring_enter(fd, 1, 1), 1);
    CHECK(ring_take(r, &c));
}

static void test_what_cannot_be_pinned_is_refused(struct ring *r, int64_t fd)
{
    struct ring_buffer bad[] = {{(void *)0x80000000, PAGE}, {buffer + 2, PAGE}, {buffer, 0},
                                {buffer, 1 << 20}, {(void *)-8, PAGE}, {NULL, PAGE},
                                {(void *)open, PAGE}};

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_EQ(ring_register(fd, &bad[i], 1), ERR_VALUE);
    CHECK_EQ(ring_register(fd, bad, 17), ERR_VALUE);
    /* Behind the end of the stack there is nothing. */
    bad[0] = (struct ring_buffer){(void *)(((uintptr_t)bad | 0xffff) + 1 - PAGE), 2 * PAGE};
    CHECK_EQ(ring_register(fd, bad, 1), ERR_VALUE);
    /* The buffer of before is still there. */
    memset(buffer, 0, PAGE);
    CHECK_EQ(one(r, fd, (struct ring_submission){.fd = (int32_t)disk, .offset = 3 * PAGE,
                                                 .bytes = PAGE}), PAGE);
    CHECK(good(buffer, PAGE, 3 * PAGE));
}

/* ---- several threads ---- */

static volatile unsigned done;

static void reader(void *number)
{
    static uint8_t own[4][PAGE];
    uintptr_t n = (uintptr_t)number;

    for (unsigned i = 0; i < 64; i++) {
        uint64_t at = (uint64_t)(i * (2 * n + 1) % 256) * 5 % 512 * PAGE;

        CHECK_EQ(pread(disk, own[n], PAGE, at), PAGE);
        CHECK(good(own[n], PAGE, at));
    }
    done++;
}

static void test_threads_read_at_once(void)
{
    int64_t t[4];

    CHECK_EQ(cache_drop(disk), 0);
    for (uintptr_t i = 0; i < 4; i++)
        CHECK((t[i] = thread_start(reader, (void *)i)) > 0);
    for (unsigned i = 0; i < 4; i++)
        CHECK_EQ(thread_join(t[i]), 0);
    CHECK_EQ(done, 4);
}

int main(void)
{
    int64_t by_interrupt, by_polling;

    disk = open("disk");
    CHECK(disk >= 0);
    test_a_miss_takes_one_command_and_sleeps();
    test_a_hit_takes_none();
    test_odd_offsets_and_lengths();
    test_the_end_of_a_file();
    test_sequential_reads_are_read_ahead_of();
    test_random_reads_are_not();
    test_more_than_the_cache_holds_is_evicted();
    by_interrupt = open_ring(&ring, 0);
    by_polling = open_ring(&polled_ring, RING_POLLED);
    test_ring(&ring, by_interrupt, false);
    test_ring(&polled_ring, by_polling, true);
    test_a_ring_s_mistakes_are_results(&ring, by_interrupt);
    test_a_ring_s_mistakes_are_results(&polled_ring, by_polling);
    test_many_at_a_time(&ring, by_interrupt);
    test_many_at_a_time(&polled_ring, by_polling);
    test_a_full_ring_is_told(&ring, by_interrupt);
    test_what_cannot_be_pinned_is_refused(&ring, by_interrupt);
    test_threads_read_at_once();
    print("reads: all as they should be\n");
    return 0;
}
