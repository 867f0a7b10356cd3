/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/space.h"
#include "check.h"

static enum fault answer(void *owner, struct txn *txn)
{
    txn->data = *(const uint64_t *)owner;
    return FAULT_NONE;
}

static uint64_t one = 1, two = 2;

static uint64_t at(struct space *s, uint64_t addr)
{
    struct txn t = {.addr = addr, .size = 4};

    return space_access(s, &t) ? UINT64_MAX : t.data;
}

static void test_a_background_answers_only_where_no_region_is(void)
{
    struct space s = {0};
    struct region window = {.name = "window", .base = 0x1000, .size = 0x1000, .access = answer,
                            .owner = &one};
    struct region bar = {.name = "bar", .base = 0x1800, .size = 0x100, .access = answer,
                         .owner = &two};

    CHECK(space_map_background(&s, &window, NULL) == 0);
    CHECK_EQ_U64(at(&s, 0x1800), 1);
    CHECK(space_map(&s, &bar, NULL) == 0);
    CHECK_EQ_U64(at(&s, 0x17fc), 1);
    CHECK_EQ_U64(at(&s, 0x1800), 2);
    CHECK_EQ_U64(at(&s, 0x1900), 1);
    CHECK_EQ_U64(at(&s, 0x18fc), 2);
    CHECK_EQ_U64(at(&s, 0xffc), UINT64_MAX);
    CHECK_EQ_U64(at(&s, 0x2000), UINT64_MAX);
    space_unmap(&s, &bar);
    CHECK_EQ_U64(at(&s, 0x1800), 1);
}

static void test_regions_that_overlap_wrap_or_are_empty_are_refused(void)
{
    struct space s = {0};
    struct region a = {.name = "a", .base = 0x1000, .size = 0x1000, .access = answer};
    struct region bad[] = {
        {.name = "over its end", .base = 0x1fff, .size = 1},
        {.name = "around", .base = 0x800, .size = 0x8000},
        {.name = "within", .base = 0x1800, .size = 8},
        {.name = "empty", .base = 0x5000, .size = 0},
        {.name = "wraps", .base = UINT64_MAX - 4, .size = 8},
    };
    struct region beside = {.name = "beside", .base = 0x2000, .size = 8};
    struct err err = {""};

    CHECK(space_map(&s, &a, NULL) == 0);
    CHECK(space_map_background(&s, &a, NULL) == 0);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(space_map(&s, &bad[i], &err) == -1);
        CHECK(strstr(err.text, bad[i].name) != NULL);
        CHECK(space_map_background(&s, &bad[i], &err) == -1);
    }
    CHECK(space_map(&s, &beside, NULL) == 0);
    CHECK_EQ_U64(s.count, 2);
}

static void test_the_generation_tells_that_regions_came_or_went(void)
{
    struct space s = {0};
    struct region a = {.name = "a", .base = 0x1000, .size = 0x1000}, b = a;
    uint64_t was = s.generation;

    CHECK(space_map(&s, &a, NULL) == 0);
    CHECK(s.generation != was);
    was = s.generation;
    space_unmap(&s, &b); /* was never mapped */
    CHECK_EQ_U64(s.generation, was);
    space_unmap(&s, &a);
    CHECK(s.generation != was);
}

TEST_MAIN(test_a_background_answers_only_where_no_region_is,
          test_regions_that_overlap_wrap_or_are_empty_are_refused,
          test_the_generation_tells_that_regions_came_or_went)
