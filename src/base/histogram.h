/* SPDX-License-Identifier: Apache-2.0 */
/* A log-linear histogram of 64-bit values: below 128 one bucket a value, above that 64 buckets to
 * each power of two, so that a value is known to 1/64 (1.6 %) of itself.  Count, sum, least and
 * greatest are exact.  All zeroes is an empty one. */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include "base/bits.h"

#define HISTOGRAM_BUCKETS (128 + 57 * 64)

struct histogram {
    uint64_t count, least, greatest;
    uint64_t sum_low, sum_high;
    uint64_t bucket[HISTOGRAM_BUCKETS];
};

static inline unsigned histogram_bucket(uint64_t value)
{
    unsigned power;

    if (value < 128)
        return (unsigned)value;
    power = 63 - (unsigned)__builtin_clzll(value);
    return (power - 6) * 64 + (unsigned)(value >> (power - 6));
}

static inline void histogram_add(struct histogram *h, uint64_t value)
{
    h->bucket[histogram_bucket(value)]++;
    if (h->count++ == 0 || value < h->least)
        h->least = value;
    if (value > h->greatest)
        h->greatest = value;
    h->sum_low += value;
    h->sum_high += h->sum_low < value;
}

/* The value that `per_million` of a million of the values do not exceed: the greatest of its bucket,
 * not above `greatest`.  0 when there are none. */
uint64_t histogram_percentile(const struct histogram *h, uint32_t per_million);
uint64_t histogram_mean(const struct histogram *h);

#endif
