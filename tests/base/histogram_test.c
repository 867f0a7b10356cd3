/* SPDX-License-Identifier: Apache-2.0 */
#include "base/histogram.h"

#include "check.h"
#include "sim/random.h"

#include <stdlib.h>

static struct histogram h;

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void test_buckets_are_one_after_the_other_and_64_to_a_power_of_two(void)
{
    unsigned last = 0;

    for (uint64_t v = 0; v < 1000000; v++) {
        unsigned b = histogram_bucket(v);
        CHECK(b == last || b == last + 1);
        last = b;
    }
    for (unsigned power = 7; power < 64; power++) {
        uint64_t v = UINT64_C(1) << power;
        CHECK_EQ_U64(histogram_bucket(v), histogram_bucket(v - 1) + 1);
        CHECK_EQ_U64(histogram_bucket(v + (v - 1)) - histogram_bucket(v), 63);
    }
    CHECK_EQ_U64(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

static void test_percentiles_are_within_a_64th_of_the_exact_ones(void)
{
    enum { N = 50000 };
    static const uint32_t asked[] = {0, 1, 10000, 500000, 900000, 990000, 999000, 999900, 1000000};
    uint64_t *v = calloc(N, sizeof *v);
    u128 sum = 0;
    struct random r;

    random_init(&r, 1, "histogram");
    memset(&h, 0, sizeof h);
    for (unsigned i = 0; i < N; i++) {
        v[i] = random_u64(&r) >> (8 + random_below(&r, 56));
        sum += v[i];
        histogram_add(&h, v[i]);
    }
    qsort(v, N, sizeof *v, by_value);
    for (unsigned i = 0; i < ARRAY_LEN(asked); i++) {
        uint64_t rank = ((uint64_t)N * asked[i] + 999999) / 1000000;
        uint64_t exact = v[rank ? rank - 1 : 0], got = histogram_percentile(&h, asked[i]);
        CHECK(got >= exact && got - exact <= exact / 64);
    }
    CHECK_EQ_U64(h.least, v[0]);
    CHECK_EQ_U64(h.greatest, v[N - 1]);
    CHECK_EQ_U64(histogram_percentile(&h, 1000000), v[N - 1]);
    CHECK_EQ_U64(histogram_mean(&h), (uint64_t)(sum / N));
    free(v);
}

static void test_small_counts_are_exact(void)
{
    memset(&h, 0, sizeof h);
    CHECK_EQ_U64(histogram_percentile(&h, 500000), 0);
    CHECK_EQ_U64(histogram_mean(&h), 0);
    histogram_add(&h, 100);
    CHECK_EQ_U64(histogram_percentile(&h, 1), 100);
    CHECK_EQ_U64(histogram_percentile(&h, 500000), 100);
    histogram_add(&h, 20);
    histogram_add(&h, 30);
    CHECK_EQ_U64(histogram_percentile(&h, 500000), 30);
    CHECK_EQ_U64(histogram_percentile(&h, 333333), 20);
    CHECK_EQ_U64(histogram_percentile(&h, 333334), 30);
    CHECK_EQ_U64(histogram_mean(&h), 50);
}

static void test_the_sum_does_not_overflow(void)
{
    memset(&h, 0, sizeof h);
    for (unsigned i = 0; i < 5; i++)
        histogram_add(&h, UINT64_MAX);
    CHECK_EQ_U64(histogram_mean(&h), UINT64_MAX);
    CHECK_EQ_U64(histogram_percentile(&h, 500000), UINT64_MAX);
}

TEST_MAIN(test_buckets_are_one_after_the_other_and_64_to_a_power_of_two,
          test_percentiles_are_within_a_64th_of_the_exact_ones, test_small_counts_are_exact,
          test_the_sum_does_not_overflow)
