/* SPDX-License-Identifier: Apache-2.0 */
#include "base/histogram.h"

/* The greatest value of a bucket. */
static uint64_t bucket_top(unsigned i)
{
    unsigned shift;

    if (i < 128)
        return i;
    shift = i / 64 - 1;
    return ((uint64_t)(i - shift * 64) << shift) + mask_bits(shift);
}

uint64_t histogram_percentile(const struct histogram *h, uint32_t per_million)
{
    uint64_t rank = muldiv(h->count, per_million, 1000000), seen = 0;

    /* The rank is rounded up: the median of one value is that value. */
    rank += (u128)rank * 1000000 < (u128)h->count * per_million;
    if (!h->count)
        return 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen && seen >= rank)
            return u64_min(bucket_top(i), h->greatest);
    }
    return h->greatest;
}

uint64_t histogram_mean(const struct histogram *h)
{
    u128 sum = (u128)h->sum_high << 64 | h->sum_low;

    return h->count ? (uint64_t)(sum / h->count) : 0;
}
