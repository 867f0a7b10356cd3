/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "tests/check.h"

#include <stdlib.h>

static uint64_t size_of_text(const char *s)
{
    uint64_t v = 0;

    return text_size(s, &v) ? UINT64_MAX : v;
}

static uint64_t time_of_text(const char *s)
{
    uint64_t v = 0;

    return text_time_ps(s, &v) ? UINT64_MAX : v;
}

static void test_sizes_have_binary_units(void)
{
    CHECK_EQ_U64(size_of_text("1G"), UINT64_C(1) << 30);
    CHECK_EQ_U64(size_of_text("512M"), 512 << 20);
    CHECK_EQ_U64(size_of_text("4KiB"), 4096);
    CHECK_EQ_U64(size_of_text("0x10"), 16);
    CHECK_EQ_U64(size_of_text("7"), 7);
}

static void test_sizes_that_are_none_are_refused(void)
{
    static const char *const bad[] = {"", "G", "1Q", "1 G", "-1", "1.5G", "16777216T",
                                      "18446744073709551616", "0x", "1GG"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_EQ_U64(size_of_text(bad[i]), UINT64_MAX);
}

static void test_size_format_is_read_back(void)
{
    static const uint64_t sizes[] = {0, 1, 1023, 1024, 1536, 1 << 20, UINT64_C(3) << 40};
    char buf[32];

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        text_size_format(sizes[i], buf, sizeof buf);
        CHECK_EQ_U64(size_of_text(buf), sizes[i]);
    }
}

static void test_times_are_exact_picoseconds(void)
{
    CHECK_EQ_U64(time_of_text("10s"), UINT64_C(10000000000000));
    CHECK_EQ_U64(time_of_text("5ms"), UINT64_C(5000000000));
    CHECK_EQ_U64(time_of_text("1.5us"), 1500000);
    CHECK_EQ_U64(time_of_text("0.25ns"), 250);
    CHECK_EQ_U64(time_of_text("2min"), UINT64_C(120000000000000));
    CHECK_EQ_U64(time_of_text("1.5h"), UINT64_C(5400000000000000));
}

static void test_times_that_are_none_are_refused(void)
{
    static const char *const bad[] = {"", "10", "s", "1.s", ".5s", "1..5s", "99999999999s",
                                      "1.0000000000001s"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK_EQ_U64(time_of_text(bad[i]), UINT64_MAX);
}

static void test_near_finds_a_slip_and_no_more(void)
{
    struct text_near near = {"kernle", NULL, 0}, far = {"banana", NULL, 0};

    text_near_try(&near, "initrd");
    text_near_try(&near, "kernel");
    CHECK_EQ_STR(text_near_get(&near), "kernel");
    text_near_try(&far, "kernel");
    CHECK(!text_near_get(&far));
}

static void test_items_keep_doubled_commas(void)
{
    const char *list = "a,,b.img,key=v,,w,,last";
    char *item = text_item(&list);

    CHECK_EQ_STR(item, "a,b.img");
    free(item);
    item = text_item(&list);
    CHECK_EQ_STR(item, "key=v,w,last");
    CHECK_EQ_STR(text_split(item, '='), "v,w,last");
    CHECK_EQ_STR(item, "key");
    free(item);
    CHECK(!text_item(&list));
}

static bool seen(const char *text, const char *stream)
{
    struct text_watch w;
    bool found = false;

    text_watch_init(&w, text);
    while (*stream)
        found = text_watch_put(&w, *stream++);
    text_watch_fini(&w);
    return found;
}

static void test_watch_finds_text_that_overlaps_itself(void)
{
    CHECK(seen("aab", "aaab"));
    CHECK(seen("abacab", "abacabacab"));
    CHECK(seen("login:", "debian login: "));
    CHECK(!seen("login:", "debian logi n:"));
    CHECK(!seen("", "x"));
    CHECK(!seen(NULL, "x"));
}

TEST_MAIN(test_sizes_have_binary_units, test_sizes_that_are_none_are_refused,
          test_size_format_is_read_back, test_times_are_exact_picoseconds,
          test_times_that_are_none_are_refused, test_near_finds_a_slip_and_no_more,
          test_items_keep_doubled_commas, test_watch_finds_text_that_overlaps_itself)
