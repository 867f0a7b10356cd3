/* SPDX-License-Identifier: Apache-2.0 */
/* Images and overlays: contents against a plain model, errors, damage, and death at any moment. */
#include "base/alloc.h"
#include "base/bits.h"
#include "check.h"
#include "host/block.h"
#include "sim/random.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLUSTER 65536

static char image[64];
static char overlay[80];

static void make_image(uint64_t size)
{
    int fd;

    /* Thousands of syncs: in memory where there is a file system for it. */
    snprintf(image, sizeof image, "%s/doorbell-block-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    fd = mkstemp(image);
    CHECK(fd >= 0);
    for (uint64_t at = 0; at < size; at++) {
        uint8_t b = (uint8_t)(at * 13 + at / 4096);
        if (size > 300000 ? at % 4096 == 0 : true)
            CHECK(pwrite(fd, &b, 1, (off_t)at) == 1);
    }
    CHECK(ftruncate(fd, (off_t)size) == 0);
    close(fd);
    snprintf(overlay, sizeof overlay, "%s.ov", image);
}

static void remove_image(void)
{
    unlink(image);
    unlink(overlay);
}

static struct block *try_open(bool with_overlay, bool read_only, struct err *err)
{
    struct block_config c = {.image = image, .overlay = with_overlay ? overlay : NULL,
                             .read_only = read_only};

    err->text[0] = 0;
    return block_open(&c, err);
}

static struct block *must_open(bool with_overlay)
{
    struct err err;
    struct block *b = try_open(with_overlay, false, &err);

    if (!b)
        check_fail(__FILE__, __LINE__, err.text);
    return b;
}

static void test_a_raw_image_of_any_size_reads_zeros_past_its_end(void)
{
    static const uint64_t sizes[] = {1, 511, 512, 513, 4095, 4096, 4097, 70001};

    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
        uint64_t limit = align_up(sizes[i], BLOCK_TAIL);
        uint8_t *buf = xcalloc(1, limit), b = 0x5a;
        struct block *d;
        make_image(sizes[i]);
        d = must_open(false);
        CHECK_EQ_U64(block_size(d), sizes[i]);
        CHECK_EQ_U64((uint64_t)-block_read(d, limit, buf, 1), EINVAL);
        CHECK_EQ_U64((uint64_t)-block_write(d, limit - 1, buf, 2), EINVAL);
        CHECK_EQ_U64((uint64_t)-block_read(d, UINT64_MAX, buf, 2), EINVAL);
        CHECK(!block_read(d, 0, buf, limit));
        for (uint64_t at = 0; at < limit; at++)
            CHECK(buf[at] == (at < sizes[i] ? (uint8_t)(at * 13 + at / 4096) : 0));
        /* A write to the tail stays; the file grows by it. */
        CHECK(!block_write(d, limit - 1, &b, 1));
        CHECK(!block_read(d, limit - 1, buf, 1));
        CHECK_EQ_U64(buf[0], 0x5a);
        CHECK(!block_flush(d));
        block_close(d);
        d = must_open(false);
        CHECK_EQ_U64(block_size(d), limit);
        block_close(d);
        free(buf);
        remove_image();
    }
}

/* Random reads, writes, zeroes and flushes, now and then a close and open, against an array. */
static void run_model(bool with_overlay, uint64_t size, uint64_t seed)
{
    uint64_t limit = align_up(size, BLOCK_TAIL);
    uint8_t *model = xcalloc(1, limit), *buf = xcalloc(1, limit);
    struct random rnd;
    struct block *d;
    unsigned reopened = 0;

    random_init(&rnd, seed, "block");
    make_image(size);
    d = must_open(with_overlay);
    CHECK(!block_read(d, 0, model, limit));
    for (unsigned n = 0; n < 300; n++) {
        uint64_t len = 1 + random_below(&rnd, n % 5 ? 9000 : 200000), offset;
        len = u64_min(len, limit);
        offset = random_below(&rnd, limit - len + 1);
        if (n % 3 == 0) { /* whole clusters too */
            offset &= ~(uint64_t)(CLUSTER - 1);
            len = u64_min(limit - offset, CLUSTER * (1 + random_below(&rnd, 2)));
        }
        switch (random_below(&rnd, 5)) {
        case 0:
        case 1:
            for (uint64_t i = 0; i < len; i++)
                buf[i] = (uint8_t)(random_u64(&rnd) >> 5);
            CHECK(!block_write(d, offset, buf, len));
            memcpy(model + offset, buf, len);
            break;
        case 2:
            CHECK(!block_zero(d, offset, len));
            memset(model + offset, 0, len);
            break;
        case 3:
            CHECK(!block_read(d, offset, buf, len));
            CHECK(!memcmp(buf, model + offset, len));
            break;
        default:
            CHECK(!block_flush(d));
            if (n % 4 == 0) {
                block_close(d);
                d = must_open(with_overlay);
                reopened++;
            }
            break;
        }
        if (!d)
            break;
    }
    CHECK(!block_read(d, 0, buf, limit));
    CHECK(!memcmp(buf, model, limit));
    CHECK(reopened > 2);
    block_close(d);
    remove_image();
    free(model);
    free(buf);
}

static void test_raw_images_match_a_plain_model(void)
{
    run_model(false, 1000003, 1);
}

static void test_overlays_match_a_plain_model_and_leave_the_image_alone(void)
{
    static const uint64_t sizes[] = {1, 65536, 65537, 1000003};
    uint8_t before[4096], after[4096];

    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++)
        run_model(true, sizes[i], 10 + i);
    make_image(200000);
    {
        struct block *d = must_open(true);
        int fd = open(image, O_RDONLY);
        CHECK(pread(fd, before, 4096, 4096) == 4096);
        memset(after, 0xcc, 4096);
        CHECK(!block_write(d, 4096, after, 4096));
        CHECK(!block_zero(d, 65536, 65536));
        CHECK(!block_flush(d));
        CHECK(pread(fd, after, 4096, 4096) == 4096);
        CHECK(!memcmp(before, after, 4096));
        close(fd);
        block_close(d);
    }
    remove_image();
}

/* Space of zeroed clusters is used again: the file does not grow for ever. */
static void test_an_overlay_does_not_grow_without_end(void)
{
    static uint8_t data[CLUSTER];
    struct block *d;
    struct stat st;

    make_image(4 * CLUSTER);
    d = must_open(true);
    for (unsigned i = 0; i < 40; i++) {
        memset(data, (int)i, sizeof data);
        CHECK(!block_write(d, i % 4 * CLUSTER, data, CLUSTER));
        CHECK(!block_flush(d));
        CHECK(!block_zero(d, i % 4 * CLUSTER, CLUSTER));
        CHECK(!block_flush(d));
    }
    for (unsigned i = 0; i < 400; i++) { /* and never a flush */
        CHECK(!block_write(d, i % 4 * CLUSTER, data, CLUSTER));
        CHECK(!block_zero(d, i % 4 * CLUSTER, CLUSTER));
    }
    CHECK(stat(overlay, &st) == 0);
    CHECK(st.st_size <= 8 * CLUSTER);
    block_close(d);
    remove_image();
}

static void test_locks_keep_two_writers_apart(void)
{
    struct err err;
    struct block *a, *b;

    make_image(100000);
    a = must_open(false);
    CHECK(!try_open(false, false, &err));
    CHECK(strstr(err.text, "in use") != NULL);
    CHECK(!try_open(false, true, &err));
    CHECK(!try_open(true, false, &err));
    block_close(a);
    a = must_open(true);
    CHECK(!try_open(true, false, &err)); /* the overlay is taken */
    CHECK(!try_open(false, false, &err)); /* and nobody may write below it */
    b = try_open(false, true, &err);
    CHECK(b != NULL); /* reading is fine */
    block_close(b);
    block_close(a);
    b = must_open(false);
    block_close(b);
    remove_image();
}

static void test_what_cannot_be_opened_says_why(void)
{
    struct err err;

    make_image(0);
    CHECK(!try_open(false, false, &err));
    CHECK(strstr(err.text, "empty") != NULL);
    remove_image();
    CHECK(!try_open(false, false, &err));
    CHECK(strstr(err.text, "No such file") != NULL);
    CHECK(mkdir(image, 0700) == 0);
    CHECK(!try_open(false, true, &err));
    CHECK(err.text[0] != 0);
    rmdir(image);
    make_image(100000);
    CHECK(!try_open(true, true, &err)); /* read-only: the overlay is not made */
    {
        struct block_config c = {.image = image, .overlay = "/nonexistent/dir/x"};
        CHECK(!block_open(&c, &err));
        CHECK(strstr(err.text, "/nonexistent/dir/x") != NULL);
    }
    remove_image();
}

static void test_injected_errors_come_once_and_read_only_refuses(void)
{
    struct block *d = block_memory(8192);
    uint8_t b = 1;

    block_inject(d, BLOCK_WRITE, 2, ENOSPC);
    CHECK(!block_write(d, 0, &b, 1));
    CHECK_EQ_U64((uint64_t)-block_write(d, 0, &b, 1), ENOSPC);
    CHECK(!block_write(d, 0, &b, 1));
    block_close(d);
    make_image(5000);
    {
        struct err err;
        d = try_open(false, true, &err);
        CHECK(d && block_read_only(d));
        CHECK_EQ_U64((uint64_t)-block_write(d, 0, &b, 1), EROFS);
        CHECK_EQ_U64((uint64_t)-block_zero(d, 0, 1), EROFS);
        CHECK(!block_flush(d));
        block_close(d);
    }
    remove_image();
}

/* Someone cuts the image while it is open: an error, not rubbish. */
static void test_an_image_that_shrinks_gives_an_error(void)
{
    struct block *d;
    uint8_t buf[512];

    make_image(100000);
    d = must_open(false);
    CHECK(truncate(image, 50000) == 0);
    CHECK(!block_read(d, 0, buf, 512));
    CHECK_EQ_U64((uint64_t)-block_read(d, 60000, buf, 512), EIO);
    block_close(d);
    remove_image();
}

/* The same of an image that is only read, which may be mapped: neither a signal nor, where the cut
 * is within a page, zeros.  What is there can be read, and when the rest is back, that too. */
static void check_cut(uint64_t size, bool with_overlay)
{
    static uint8_t whole[100000], buf[100000];
    struct err err;
    struct block *d;

    make_image(sizeof whole);
    d = try_open(with_overlay, !with_overlay, &err);
    CHECK(d != NULL);
    if (!d)
        return;
    CHECK(!block_read(d, 0, whole, sizeof whole));
    CHECK(truncate(image, (off_t)size) == 0);
    CHECK_EQ_U64((uint64_t)-block_read(d, size & ~UINT64_C(511), buf, 512), EIO);
    CHECK_EQ_U64((uint64_t)-block_read(d, 4096, buf, sizeof buf - 4096), EIO);
    CHECK_EQ_U64((uint64_t)-block_read(d, 98304, buf, 512), EIO);
    memset(buf, 0xee, sizeof buf);
    CHECK(!block_read(d, 0, buf, size));
    CHECK(memcmp(buf, whole, size) == 0);
    CHECK(truncate(image, sizeof whole) == 0);
    CHECK(!block_read(d, 98304, buf, 512));
    block_close(d);
    remove_image();
}

static void test_an_image_that_is_only_read_may_shrink_anywhere(void)
{
    for (unsigned overlays = 0; overlays < 2; overlays++) {
        check_cut(50000, overlays); /* within a page */
        check_cut(49152, overlays);
        check_cut(98400, overlays); /* in the last page */
        check_cut(98304, overlays);
        check_cut(1000, overlays);
        check_cut(0, overlays);
    }
}

/* Two images mapped at once: a cut of one says nothing of the other. */
static void test_a_cut_image_leaves_others_alone(void)
{
    struct block_config c = {.image = image, .read_only = true};
    char first[sizeof image];
    struct block *a, *b;
    struct err err;
    uint8_t buf[512];

    make_image(100000);
    strcpy(first, image);
    a = block_open(&c, &err);
    make_image(100000);
    b = block_open(&c, &err);
    CHECK(a && b);
    CHECK(truncate(first, 0) == 0);
    CHECK_EQ_U64((uint64_t)-block_read(a, 8192, buf, 512), EIO);
    CHECK(!block_read(b, 8192, buf, 512));
    CHECK_EQ_U64(buf[0], (uint8_t)(8192 * 13 + 2));
    block_close(a);
    CHECK(!block_read(b, 12288, buf, 512));
    CHECK(truncate(image, 4096) == 0);
    CHECK_EQ_U64((uint64_t)-block_read(b, 12288, buf, 512), EIO);
    block_close(b);
    unlink(first);
    remove_image();
}

/* A bus error elsewhere is not taken for one of ours. */
static void test_another_bus_error_still_kills(void)
{
    struct block *d;
    struct err err;
    pid_t child;
    int status;

    signal(SIGBUS, SIG_DFL); /* a sanitizer has its own, which would exit */
    make_image(100000);
    d = try_open(false, true, &err);
    child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        raise(SIGBUS);
        raise(SIGBUS);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
    block_close(d);
    remove_image();
}

/* The host's disk is full: the error is returned, what was there stays, and later it works. */
static void test_a_full_disk_is_an_error_that_passes(void)
{
    static uint8_t data[CLUSTER];
    struct rlimit old, tight;
    struct block *d;
    struct stat st;
    uint8_t got;

    make_image(10 * CLUSTER);
    d = must_open(true);
    memset(data, 0x21, sizeof data);
    CHECK(!block_write(d, 0, data, CLUSTER));
    CHECK(!block_flush(d));
    CHECK(stat(overlay, &st) == 0);
    signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0);
    tight = (struct rlimit){(rlim_t)st.st_size, old.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &tight) == 0);
    memset(data, 0x22, sizeof data);
    CHECK_EQ_U64((uint64_t)-block_write(d, 2 * CLUSTER, data, CLUSTER), EFBIG);
    CHECK(!block_flush(d));
    CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
    CHECK(!block_read(d, 0, &got, 1));
    CHECK_EQ_U64(got, 0x21);
    CHECK(!block_read(d, 2 * CLUSTER, &got, 1));
    CHECK(got != 0x22);
    CHECK(!block_write(d, 2 * CLUSTER, data, CLUSTER));
    CHECK(!block_flush(d));
    block_close(d);
    d = must_open(true);
    CHECK(!block_read(d, 2 * CLUSTER, &got, 1));
    CHECK_EQ_U64(got, 0x22);
    block_close(d);
    remove_image();
}

/* ---- damage ---- */

static void spoil(off_t at, const void *bytes, size_t size)
{
    int fd = open(overlay, O_WRONLY);

    CHECK(pwrite(fd, bytes, size, at) == (ssize_t)size);
    close(fd);
}

static void make_overlay(void)
{
    static uint8_t data[CLUSTER];
    struct block *d;

    make_image(10 * CLUSTER);
    d = must_open(true);
    for (unsigned i = 0; i < 4; i++) {
        memset(data, 0x10 + (int)i, sizeof data);
        CHECK(!block_write(d, i * 2 * CLUSTER, data, CLUSTER));
        CHECK(!block_flush(d));
    }
    block_close(d);
}

static void expect_refusal(const char *word)
{
    struct err err;
    struct block *d = try_open(true, false, &err);

    CHECK(!d);
    CHECK(strstr(err.text, word) != NULL);
    block_close(d);
    remove_image();
}

static void test_damaged_overlays_are_refused_with_one_clear_line(void)
{
    uint64_t bad;

    make_overlay();
    spoil(0, "X", 1);
    expect_refusal("not an overlay");
    make_overlay();
    spoil(17, "X", 1);
    expect_refusal("corrupt");
    make_overlay();
    spoil(4096 + 100, "XYZ", 3);
    spoil(8192 + 100, "XYZ", 3);
    expect_refusal("corrupt");
    make_overlay();
    CHECK(truncate(overlay, 3 * CLUSTER) == 0);
    expect_refusal("truncated");
    make_overlay();
    CHECK(truncate(overlay, 6000) == 0);
    expect_refusal("truncated");
    make_overlay();
    CHECK(truncate(overlay, 100) == 0);
    expect_refusal("not an overlay");
    make_overlay();
    CHECK(truncate(image, 9 * CLUSTER) == 0);
    expect_refusal("made for an image");
    /* Random bytes over the whole table never crash it. */
    for (unsigned i = 0; i < 50; i++) {
        struct err err;
        struct block *d;
        struct random rnd;
        random_init(&rnd, i, "spoil");
        make_overlay();
        bad = random_u64(&rnd);
        spoil((off_t)random_below(&rnd, 3 * 4096), &bad, 8);
        d = try_open(true, false, &err);
        CHECK(d || err.text[0]);
        block_close(d);
        remove_image();
    }
}

/* A page write that the host's death cut in half: the table of the flush before is taken. */
static void test_a_torn_table_page_falls_back_to_the_flush_before(void)
{
    uint8_t got[2];
    struct block *d;

    make_overlay(); /* four flushes: generations 4 (copy 0) and 3 (copy 1) */
    spoil(4096 + 2048, "torn", 4);
    d = must_open(true);
    CHECK(!block_read(d, 4 * CLUSTER, got, 1));
    CHECK_EQ_U64(got[0], 0x12); /* the third flush */
    CHECK(!block_read(d, 6 * CLUSTER, got, 1));
    CHECK(got[0] != 0x13); /* the fourth never happened */
    block_close(d);
    remove_image();
}

/* ---- death ---- */

/* The child writes block k full of k, flushes, and says k; it is killed at some moment.  Every
 * block that was said must be there. */
static void die_and_check(bool with_overlay, unsigned round)
{
    uint8_t buf[4096];
    int pipes[2], said = 0, status;
    struct block *d;
    pid_t child;
    uint8_t k;

    CHECK(pipe(pipes) == 0);
    child = fork();
    if (child == 0) {
        struct err err;
        close(pipes[0]);
        d = try_open(with_overlay, false, &err);
        if (!d)
            _exit(1);
        for (k = 1; k < 250; k++) {
            memset(buf, k, sizeof buf);
            if (block_write(d, (uint64_t)k * 37 % 250 * 4096, buf, sizeof buf) ||
                (k % 5 == 0 && block_zero(d, 0, 4096)) || block_flush(d))
                _exit(2);
            if (write(pipes[1], &k, 1) != 1)
                _exit(3);
        }
        _exit(0);
    }
    close(pipes[1]);
    while (said < (int)(round * 17 % 240) && read(pipes[0], &k, 1) == 1)
        said = k;
    kill(child, SIGKILL);
    while (read(pipes[0], &k, 1) == 1)
        said = k;
    close(pipes[0]);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    d = must_open(with_overlay);
    for (int i = 1; d && i <= said; i++) {
        CHECK(!block_read(d, (uint64_t)i * 37 % 250 * 4096, buf, sizeof buf));
        CHECK(buf[0] == i && buf[4095] == i);
    }
    block_close(d);
}

static void test_killed_at_any_moment_nothing_flushed_is_lost(void)
{
    for (unsigned i = 0; i < 24; i++) {
        make_image(256 * 4096);
        die_and_check(i & 1, i);
        die_and_check(i & 1, i + 7); /* and again on what the first left behind */
        remove_image();
    }
}

TEST_MAIN(test_a_raw_image_of_any_size_reads_zeros_past_its_end,
          test_raw_images_match_a_plain_model,
          test_overlays_match_a_plain_model_and_leave_the_image_alone,
          test_an_overlay_does_not_grow_without_end, test_locks_keep_two_writers_apart,
          test_what_cannot_be_opened_says_why,
          test_injected_errors_come_once_and_read_only_refuses,
          test_an_image_that_shrinks_gives_an_error,
          test_an_image_that_is_only_read_may_shrink_anywhere,
          test_a_cut_image_leaves_others_alone, test_another_bus_error_still_kills,
          test_a_full_disk_is_an_error_that_passes,
          test_damaged_overlays_are_refused_with_one_clear_line,
          test_a_torn_table_page_falls_back_to_the_flush_before,
          test_killed_at_any_moment_nothing_flushed_is_lost)
