/* SPDX-License-Identifier: Apache-2.0 */
/* Against the plain 128-bit division, for ratios of clocks and for odd ones. */
#include "base/ratio.h"
#include "check.h"
#include "sim/random.h"

static uint64_t plain_floor(uint64_t a, uint64_t num, uint64_t den)
{
    return (uint64_t)((u128)a * num / den);
}

static uint64_t plain_ceil(uint64_t a, uint64_t num, uint64_t den)
{
    return (uint64_t)(((u128)a * num + den - 1) / den);
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    return b ? gcd(b, a % b) : a;
}

static uint64_t wrong;

static void compare(const struct ratio *r, uint64_t a)
{
    uint64_t rest;

    wrong += ratio_floor(r, a) != plain_floor(a, r->num, r->den);
    wrong += ratio_ceil(r, a) != plain_ceil(a, r->num, r->den);
    wrong += ratio_divide(r, a, &rest) != a / r->den || rest != a % r->den;
}

/* Values of all sizes, those around multiples of num and den, and the ends. */
static void compare_many(struct random *random, uint64_t num, uint64_t den)
{
    struct ratio r = ratio_make(num, den);

    for (uint64_t a = 0; a < 300; a++) {
        compare(&r, a);
        compare(&r, UINT64_MAX - a);
        compare(&r, UINT64_MAX / den * den + a - 150);
        compare(&r, UINT64_MAX / num * num + a - 150);
    }
    for (unsigned i = 0; i < 3000; i++) {
        uint64_t a = random_u64(random) >> (i & 63);
        compare(&r, a);
        compare(&r, a * den);
        compare(&r, a * den - 1);
        compare(&r, a * num + 1);
    }
}

static void test_ticks_and_picoseconds_of_any_frequency(void)
{
    static const uint64_t hz[] = {1000000, 32768000, 1800000000, 2400000000, 2999999999, 3000000000,
                                  3000000001, 3333333333, 4200000000, 99999999977, 100000000000};
    struct random random;

    random_init(&random, 1, "ratio");
    wrong = 0;
    for (unsigned i = 0; i < 400; i++) {
        uint64_t f = 8 * (i < ARRAY_LEN(hz) ? hz[i] : 1000000 + random_below(&random, 100000000000));
        uint64_t g = gcd(UINT64_C(1000000000000), f);
        compare_many(&random, UINT64_C(1000000000000) / g, f / g);
        compare_many(&random, f / g, UINT64_C(1000000000000) / g);
    }
    CHECK_EQ_U64(wrong, 0);
}

static void test_odd_ratios(void)
{
    static const uint64_t odd[] = {1, 2, 3, 7, 255, 256, 65537, UINT32_MAX, UINT64_C(1) << 32,
                                   UINT64_C(1) << 63, UINT64_MAX - 1, UINT64_MAX};
    struct random random;

    random_init(&random, 2, "ratio");
    wrong = 0;
    for (unsigned i = 0; i < ARRAY_LEN(odd); i++)
        for (unsigned k = 0; k < ARRAY_LEN(odd); k++)
            compare_many(&random, odd[i], odd[k]);
    CHECK_EQ_U64(wrong, 0);
}

/* The border between the two ways: the largest products of a remainder that fit, and the next. */
static void test_the_border_to_the_plain_division(void)
{
    struct ratio fits = ratio_make(UINT64_C(1) << 32, UINT64_C(1) << 32);
    struct ratio wide = ratio_make((UINT64_C(1) << 32) + 2, UINT64_C(1) << 32);

    CHECK(!fits.wide);
    CHECK(wide.wide);
}

TEST_MAIN(test_ticks_and_picoseconds_of_any_frequency, test_odd_ratios,
          test_the_border_to_the_plain_division)
