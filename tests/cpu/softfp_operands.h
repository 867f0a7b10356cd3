/* SPDX-License-Identifier: Apache-2.0 */
/* Operands for the softfp tests: random, but crowded where rounding goes wrong.  Uniform bits
 * would almost never cancel, tie, overflow or go subnormal.  Deterministic for a given seed. */
#ifndef TESTS_CPU_SOFTFP_OPERANDS_H
#define TESTS_CPU_SOFTFP_OPERANDS_H

#include <stdbool.h>
#include <stdint.h>

struct width {
    int frac_bits, exp_bits;
};
#define WIDTH_F32 ((struct width){ 23, 8 })
#define WIDTH_F64 ((struct width){ 52, 11 })

struct random {
    uint64_t state;
};

/* splitmix64 */
static inline uint64_t random_next(struct random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0 to n - 1 */
static inline unsigned random_below(struct random *r, unsigned n)
{
    return (unsigned)((random_next(r) >> 32) * n >> 32);
}

/* A few bits in a row of zeros, or of ones, or anything. */
static inline uint64_t random_frac(struct random *r, struct width w)
{
    uint64_t mask = (UINT64_C(1) << w.frac_bits) - 1, bits = random_next(r);
    unsigned kept = random_below(r, 4), shift = random_below(r, (unsigned)w.frac_bits);

    switch (random_below(r, 6)) {
    case 0:  return 0;
    case 1:  return mask;
    case 2:  return (bits & 7) >> kept << shift & mask;
    case 3:  return mask ^ ((bits & 7) >> kept << shift & mask);
    case 4:  return bits >> shift << shift & mask;
    default: return bits & mask;
    }
}

static inline uint64_t encode(struct width w, bool sign, int exp, uint64_t frac)
{
    int exp_max = (1 << w.exp_bits) - 1;

    exp = exp < 0 ? 0 : exp > exp_max ? exp_max : exp;
    return (uint64_t)sign << (w.frac_bits + w.exp_bits) | (uint64_t)exp << w.frac_bits | frac;
}

static inline int exp_field(struct width w, uint64_t a)
{
    return (int)(a >> w.frac_bits) & ((1 << w.exp_bits) - 1);
}

/* An operand by itself.  Exponents gather at both ends, at 1, and at the integers' limits. */
static inline uint64_t random_operand(struct random *r, struct width w)
{
    int exp_max = (1 << w.exp_bits) - 1, bias = exp_max / 2, exp;
    bool sign = random_next(r) & 1;
    int near = (int)random_below(r, 5) - 2;

    switch (random_below(r, 16)) {
    case 0:  exp = exp_max; break;                       /* infinities and NaNs */
    case 1:  return encode(w, sign, 0, 0);
    case 2:
    case 3:  exp = 0; break;                             /* subnormals */
    case 4:  exp = 2 + near; break;
    case 5:  exp = exp_max - 3 + near; break;
    case 6:
    case 7:  exp = bias + near; break;
    case 8:  exp = bias + (int)random_below(r, 70); break;
    case 9:  exp = bias + 31 + near; break;
    case 10: exp = bias + 63 + near; break;
    default: exp = (int)random_below(r, (unsigned)exp_max); break;
    }
    return encode(w, sign, exp, random_frac(r, w));
}

/* A partner for a: often one that cancels with it, or brings the product or the quotient to an
 * end of the range. */
static inline uint64_t random_partner(struct random *r, struct width w, uint64_t a)
{
    int exp_max = (1 << w.exp_bits) - 1, bias = exp_max / 2, exp = exp_field(w, a);
    int near = (int)random_below(r, 7) - 3, far = w.frac_bits + 3 + near;
    bool sign = random_next(r) & 1;

    switch (random_below(r, 10)) {
    case 0:  exp = exp + near; break;                                /* a sum that cancels */
    case 1:  exp = exp - far; break;                                 /* or only just meets */
    case 2:  exp = bias - exp + near; break;                         /* product at the bottom */
    case 3:  exp = 2 * bias + bias - exp + near; break;              /* at the top */
    case 4:  exp = exp + bias + near; break;                         /* quotient at the bottom */
    case 5:  exp = exp - bias + near; break;                         /* at the top */
    case 6:  return a ^ random_below(r, 4) ^ (uint64_t)sign << (w.frac_bits + w.exp_bits);
    default: return random_operand(r, w);
    }
    return encode(w, sign, exp, random_frac(r, w));
}

/* An addend for a * b, often as large as the product or at its last place. */
static inline uint64_t random_addend(struct random *r, struct width w, uint64_t a, uint64_t b)
{
    int bias = (1 << (w.exp_bits - 1)) - 1;
    int exp = exp_field(w, a) + exp_field(w, b) - bias, near = (int)random_below(r, 5) - 2;
    bool sign = random_next(r) & 1;

    switch (random_below(r, 5)) {
    case 0:  exp = exp + near; break;
    case 1:  exp = exp + w.frac_bits + near; break;
    case 2:  exp = exp - w.frac_bits + near; break;
    case 3:  exp = exp + (int)random_below(r, 240) - 120; break;
    default: return random_operand(r, w);
    }
    return encode(w, sign, exp, random_frac(r, w));
}

#endif
