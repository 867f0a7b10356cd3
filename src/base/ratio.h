/* SPDX-License-Identifier: Apache-2.0 */
/* Exact a * num / den by multiplications: for a ratio that is used far more often than it changes,
 * as that of a hart's ticks to picoseconds is.  Results are modulo 2^64, as those of the plain
 * 128-bit division cut to 64 bits are (tests/base/ratio_test.c compares the two). */
#ifndef BASE_RATIO_H
#define BASE_RATIO_H

#include "base/bits.h"

#include <stdbool.h>

struct ratio {
    uint64_t num, den;
    uint64_t reciprocal; /* (2^64 - 1) / den */
    bool wide;           /* a remainder times num may not fit in 64 bits: divide */
};

/* num / den; den is not 0.  Reduce them first: small ones are fast. */
static inline struct ratio ratio_make(uint64_t num, uint64_t den)
{
    return (struct ratio){num, den, UINT64_MAX / den, (u128)(den - 1) * num > UINT64_MAX};
}

/* a / den; *rest is the remainder.  With R the reciprocal, 2^64 - den * R is 1 to den, so that
 * a * R / 2^64 falls short of a / den by at most a / 2^64 < 1: the estimate is right or one less. */
static inline uint64_t ratio_divide(const struct ratio *r, uint64_t a, uint64_t *rest)
{
    uint64_t q = (uint64_t)(((u128)a * r->reciprocal) >> 64);

    *rest = a - q * r->den;
    if (*rest >= r->den) {
        *rest -= r->den;
        q++;
    }
    return q;
}

/* a * num / den, rounded down. */
static inline uint64_t ratio_floor(const struct ratio *r, uint64_t a)
{
    uint64_t rest, q;

    if (unlikely(r->wide))
        return muldiv(a, r->num, r->den);
    q = ratio_divide(r, a, &rest);
    return q * r->num + ratio_divide(r, rest * r->num, &rest);
}

/* a * num / den, rounded up. */
static inline uint64_t ratio_ceil(const struct ratio *r, uint64_t a)
{
    uint64_t rest, q;

    if (unlikely(r->wide))
        return (uint64_t)(((u128)a * r->num + r->den - 1) / r->den);
    q = ratio_divide(r, a, &rest) * r->num;
    q += ratio_divide(r, rest * r->num, &rest);
    return q + (rest != 0);
}

#endif
