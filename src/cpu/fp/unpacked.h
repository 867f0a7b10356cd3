/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of softfp: one representation both formats unpack to, and the one place that
 * rounds.  Everything is inline with the format a constant, so that each public function
 * becomes code for its own width.
 *
 *   encoding --unpack()--> struct unpacked --exact arithmetic--> struct unpacked --round_pack()-->
 *
 * A finite number is (-1)^sign * sig * 2^(exp - 63) with bit 63 of sig set: subnormals are
 * normalised on the way in and appear again only in round_pack.  Arithmetic that needs more than
 * 64 bits ORs what it drops into bit 0 ("jams" it).  That bit lies at least 9 places under the
 * rounding bit of either format, so a jammed value rounds in every mode, and is inexact, exactly
 * as the whole one. */
#ifndef CPU_FP_UNPACKED_H
#define CPU_FP_UNPACKED_H

#include "cpu/fp/softfp.h"

__extension__ typedef unsigned __int128 u128;

/* Without it gcc keeps one copy for both widths, with variable shifts: half the speed. */
#define FP_INLINE static inline __attribute__((always_inline))

struct format {
    int frac_bits;                    /* stored fraction, without the hidden bit */
    int exp_bits;
};
#define F32 ((struct format){ 23, 8 })
#define F64 ((struct format){ 52, 11 })

enum kind { KIND_FINITE, KIND_ZERO, KIND_INF, KIND_QNAN, KIND_SNAN };

struct unpacked {
    uint64_t  sig;                    /* these two count for KIND_FINITE only */
    int32_t   exp;
    enum kind kind;
    bool      sign;
};

FP_INLINE uint64_t sign_mask(struct format f)
{
    return UINT64_C(1) << (f.frac_bits + f.exp_bits);
}

FP_INLINE uint64_t inf_bits(struct format f)
{
    return ((UINT64_C(1) << f.exp_bits) - 1) << f.frac_bits;
}

FP_INLINE uint64_t nan_bits(struct format f)
{
    return inf_bits(f) | UINT64_C(1) << (f.frac_bits - 1);
}

FP_INLINE int exp_bias(struct format f)
{
    return (1 << (f.exp_bits - 1)) - 1;
}

/* The number of zero bits above the highest one; v is not 0. */
FP_INLINE int leading_zeros(uint64_t v)
{
    return __builtin_clzll(v);
}

/* v / 2^n for n >= 0, with what falls off jammed into bit 0. */
FP_INLINE uint64_t shift_right_jam(uint64_t v, int n)
{
    if (n == 0)
        return v;
    if (n > 63)
        return v != 0;
    return v >> n | ((v << (64 - n)) != 0);
}

FP_INLINE struct unpacked unpack(struct format f, uint64_t bits)
{
    uint64_t frac = bits & ((UINT64_C(1) << f.frac_bits) - 1);
    int exp_max = (1 << f.exp_bits) - 1;
    int exp = (int)(bits >> f.frac_bits) & exp_max;
    struct unpacked u = { .sign = bits & sign_mask(f), .kind = KIND_FINITE };

    if (exp > 0 && exp < exp_max) {
        u.exp = exp - exp_bias(f);
        u.sig = frac << (63 - f.frac_bits) | UINT64_C(1) << 63;
    } else if (exp != 0) {
        u.kind = frac == 0 ? KIND_INF : frac >> (f.frac_bits - 1) ? KIND_QNAN : KIND_SNAN;
    } else if (frac != 0) {
        int shift = leading_zeros(frac);

        u.exp = 1 - exp_bias(f) - (shift - (63 - f.frac_bits));
        u.sig = frac << shift;
    } else {
        u.kind = KIND_ZERO;
    }
    return u;
}

/* The rounding rule, for a magnitude whose dropped part is rest, in units where a half is half;
 * odd: the last bit kept is 1.  Says whether the magnitude goes up by one. */
FP_INLINE bool rounds_up(enum fp_rm rm, bool sign, bool odd, uint64_t rest, uint64_t half)
{
    switch (rm) {
    case FP_RNE: return rest > half || (rest == half && odd);
    case FP_RMM: return rest >= half;
    case FP_RDN: return sign && rest != 0;
    case FP_RUP: return !sign && rest != 0;
    default:     return false;
    }
}

/* The low drop bits of sig rounded away, 1 <= drop <= 63. */
FP_INLINE uint64_t round_off(uint64_t sig, int drop, enum fp_rm rm, bool sign)
{
    uint64_t half = UINT64_C(1) << (drop - 1);
    uint64_t kept = sig >> drop;

    return kept + rounds_up(rm, sign, kept & 1, sig & (2 * half - 1), half);
}

/* Beyond the largest finite number: infinity, or that number if the mode rounds towards zero
 * on this side. */
FP_INLINE uint64_t overflow(struct format f, bool sign, enum fp_rm rm, uint8_t *flags)
{
    bool to_inf = rounds_up(rm, sign, true, 3, 2);

    *flags |= FP_OF | FP_NX;
    return (sign ? sign_mask(f) : 0) | (inf_bits(f) - !to_inf);
}

/* A finite number to the format's precision and range. */
FP_INLINE uint64_t round_pack(struct format f, struct unpacked u, enum fp_rm rm, uint8_t *flags)
{
    int drop = 63 - f.frac_bits;
    int biased = u.exp + exp_bias(f);
    uint64_t dropped = (UINT64_C(1) << drop) - 1, packed;

    if (biased >= 1 << f.exp_bits)
        return overflow(f, u.sign, rm, flags);
    if (biased > 0) {
        /* The hidden bit adds 1 to the exponent field, and a carry out of rounding one more. */
        packed = ((uint64_t)(biased - 1) << f.frac_bits) + round_off(u.sig, drop, rm, u.sign);
        if (packed >= inf_bits(f))
            return overflow(f, u.sign, rm, flags);
        if (u.sig & dropped)
            *flags |= FP_NX;
    } else {
        /* Tininess after rounding: with an unbounded exponent, would the rounded number still
         * be under 2^(1 - bias)?  Only one just below can be rounded out of it. */
        bool tiny = biased < 0 || round_off(u.sig, drop, rm, u.sign) >> (f.frac_bits + 1) == 0;
        uint64_t sig = shift_right_jam(u.sig, 1 - biased);

        packed = round_off(sig, drop, rm, u.sign);
        if (sig & dropped)
            *flags |= tiny ? FP_UF | FP_NX : FP_NX;
    }
    return packed | (u.sign ? sign_mask(f) : 0);
}

/* Any kind of number; NaNs become the canonical one. */
FP_INLINE uint64_t pack(struct format f, struct unpacked u, enum fp_rm rm, uint8_t *flags)
{
    uint64_t sign = u.sign ? sign_mask(f) : 0;

    switch (u.kind) {
    case KIND_FINITE: return round_pack(f, u, rm, flags);
    case KIND_ZERO:   return sign;
    case KIND_INF:    return sign | inf_bits(f);
    default:          return nan_bits(f);
    }
}

FP_INLINE bool is_nan(struct unpacked u)
{
    return u.kind >= KIND_QNAN;
}

/* NV if u is a signalling NaN. */
FP_INLINE void raise_if_snan(struct unpacked u, uint8_t *flags)
{
    if (u.kind == KIND_SNAN)
        *flags |= FP_NV;
}

#endif
