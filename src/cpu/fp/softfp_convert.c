/* SPDX-License-Identifier: Apache-2.0 */
/* F and D operations that do no arithmetic: comparisons, minimum and maximum, classification,
 * and conversions between the formats and the integers. */
#include "cpu/fp/unpacked.h"

/* ---- comparisons ---- */

FP_INLINE bool nan_encoding(struct format f, uint64_t a)
{
    return (a & ~sign_mask(f)) > inf_bits(f);
}

FP_INLINE bool snan_encoding(struct format f, uint64_t a)
{
    return nan_encoding(f, a) && !(a >> (f.frac_bits - 1) & 1);
}

/* Encodings but for NaNs order as sign and magnitude.  With minus_zero as the key of -0, 0 makes
 * it equal to +0 as comparisons want it, and -1 less than +0 as fmin and fmax do. */
FP_INLINE int64_t order(struct format f, uint64_t a, int minus_zero)
{
    int64_t magnitude = (int64_t)(a & ~sign_mask(f));

    return a & sign_mask(f) ? minus_zero - magnitude : magnitude;
}

/* Whether a and b can be compared; if not, NV as the comparison demands. */
FP_INLINE bool ordered(struct format f, uint64_t a, uint64_t b, bool quiet, uint8_t *flags)
{
    if (!nan_encoding(f, a) && !nan_encoding(f, b))
        return true;
    if (!quiet || snan_encoding(f, a) || snan_encoding(f, b))
        *flags |= FP_NV;
    return false;
}

FP_INLINE uint64_t min_max(struct format f, uint64_t a, uint64_t b, bool max, uint8_t *flags)
{
    if (!ordered(f, a, b, true, flags))
        return !nan_encoding(f, a) ? a : !nan_encoding(f, b) ? b : nan_bits(f);
    return (order(f, a, -1) < order(f, b, -1)) != max ? a : b;
}

FP_INLINE unsigned classify(struct format f, uint64_t a)
{
    struct unpacked u = unpack(f, a);

    switch (u.kind) {
    case KIND_SNAN: return FP_CLASS_SNAN;
    case KIND_QNAN: return FP_CLASS_QNAN;
    case KIND_INF:  return u.sign ? FP_CLASS_NEG_INF : FP_CLASS_POS_INF;
    case KIND_ZERO: return u.sign ? FP_CLASS_NEG_ZERO : FP_CLASS_POS_ZERO;
    default:
        if (u.exp < 1 - exp_bias(f))
            return u.sign ? FP_CLASS_NEG_SUBNORMAL : FP_CLASS_POS_SUBNORMAL;
        return u.sign ? FP_CLASS_NEG_NORMAL : FP_CLASS_POS_NORMAL;
    }
}

/* ---- integers ---- */

/* The magnitude of a finite number under 2^64, rounded to an integer. */
FP_INLINE uint64_t integer_part(struct unpacked u, enum fp_rm rm, bool *inexact)
{
    int shift = 63 - u.exp;           /* >= 0: bits of sig behind the point */
    uint64_t whole = shift > 63 ? 0 : u.sig >> shift;
    uint64_t rest;                    /* the fraction, in units of 2^-64 */

    if (shift == 0)
        rest = 0;
    else if (shift <= 64)
        rest = u.sig << (64 - shift);
    else
        rest = 1;                     /* under a half: how far does not matter */
    *inexact = rest != 0;
    return whole + rounds_up(rm, u.sign, whole & 1, rest, UINT64_C(1) << 63);
}

/* The integer that a rounds to, modulo 2^64; max is the type's largest, is_signed says whether
 * its least is -max - 1 or 0. */
FP_INLINE uint64_t to_integer(struct format f, uint64_t a, uint64_t max, bool is_signed,
                              enum fp_rm rm, uint8_t *flags)
{
    struct unpacked u = unpack(f, a);
    uint64_t limit, whole;
    bool inexact;

    if (u.kind == KIND_ZERO)
        return 0;
    if (is_nan(u))
        u.sign = false;
    limit = !u.sign ? max : is_signed ? max + 1 : 0;
    if (u.kind == KIND_FINITE && u.exp < 64) {
        whole = integer_part(u, rm, &inexact);
        if (whole <= limit) {
            if (inexact)
                *flags |= FP_NX;
            return u.sign ? -whole : whole;
        }
    }
    *flags |= FP_NV;
    return u.sign ? -limit : limit;
}

FP_INLINE uint64_t from_integer(struct format f, bool sign, uint64_t magnitude, enum fp_rm rm,
                                uint8_t *flags)
{
    struct unpacked u = { .sign = sign };
    int shift;

    if (magnitude == 0)
        return 0;
    shift = leading_zeros(magnitude);
    u.sig = magnitude << shift;
    u.exp = 63 - shift;
    return round_pack(f, u, rm, flags);
}

FP_INLINE uint64_t from_signed(struct format f, int64_t v, enum fp_rm rm, uint8_t *flags)
{
    return from_integer(f, v < 0, v < 0 ? -(uint64_t)v : (uint64_t)v, rm, flags);
}

/* ---- from one format to the other ---- */

FP_INLINE uint64_t convert(struct format to, struct unpacked u, enum fp_rm rm, uint8_t *flags)
{
    raise_if_snan(u, flags);
    return pack(to, u, rm, flags);
}

uint64_t f32_to_f64(uint32_t a, uint8_t *flags)
{
    return convert(F64, unpack(F32, a), FP_RNE, flags);
}

uint32_t f64_to_f32(uint64_t a, enum fp_rm rm, uint8_t *flags)
{
    return (uint32_t)convert(F32, unpack(F64, a), rm, flags);
}

/* ---- both widths ---- */

#define COMPARISONS(T, name, F)                                                           \
    T name##_min(T a, T b, uint8_t *flags)                                                \
    {                                                                                     \
        return (T)min_max(F, a, b, false, flags);                                         \
    }                                                                                     \
    T name##_max(T a, T b, uint8_t *flags)                                                \
    {                                                                                     \
        return (T)min_max(F, a, b, true, flags);                                          \
    }                                                                                     \
    bool name##_eq(T a, T b, uint8_t *flags)                                              \
    {                                                                                     \
        return ordered(F, a, b, true, flags) && order(F, a, 0) == order(F, b, 0);         \
    }                                                                                     \
    bool name##_lt(T a, T b, uint8_t *flags)                                              \
    {                                                                                     \
        return ordered(F, a, b, false, flags) && order(F, a, 0) < order(F, b, 0);         \
    }                                                                                     \
    bool name##_le(T a, T b, uint8_t *flags)                                              \
    {                                                                                     \
        return ordered(F, a, b, false, flags) && order(F, a, 0) <= order(F, b, 0);        \
    }                                                                                     \
    unsigned name##_classify(T a)                                                         \
    {                                                                                     \
        return classify(F, a);                                                            \
    }

#define INTEGERS(T, name, F)                                                              \
    int32_t name##_to_i32(T a, enum fp_rm rm, uint8_t *flags)                             \
    {                                                                                     \
        return (int32_t)to_integer(F, a, INT32_MAX, true, rm, flags);                     \
    }                                                                                     \
    uint32_t name##_to_u32(T a, enum fp_rm rm, uint8_t *flags)                            \
    {                                                                                     \
        return (uint32_t)to_integer(F, a, UINT32_MAX, false, rm, flags);                  \
    }                                                                                     \
    int64_t name##_to_i64(T a, enum fp_rm rm, uint8_t *flags)                             \
    {                                                                                     \
        return (int64_t)to_integer(F, a, INT64_MAX, true, rm, flags);                     \
    }                                                                                     \
    uint64_t name##_to_u64(T a, enum fp_rm rm, uint8_t *flags)                            \
    {                                                                                     \
        return to_integer(F, a, UINT64_MAX, false, rm, flags);                            \
    }                                                                                     \
    T name##_from_i32(int32_t v, enum fp_rm rm, uint8_t *flags)                           \
    {                                                                                     \
        return (T)from_signed(F, v, rm, flags);                                           \
    }                                                                                     \
    T name##_from_u32(uint32_t v, enum fp_rm rm, uint8_t *flags)                          \
    {                                                                                     \
        return (T)from_integer(F, false, v, rm, flags);                                   \
    }                                                                                     \
    T name##_from_i64(int64_t v, enum fp_rm rm, uint8_t *flags)                           \
    {                                                                                     \
        return (T)from_signed(F, v, rm, flags);                                           \
    }                                                                                     \
    T name##_from_u64(uint64_t v, enum fp_rm rm, uint8_t *flags)                          \
    {                                                                                     \
        return (T)from_integer(F, false, v, rm, flags);                                   \
    }

COMPARISONS(uint32_t, f32, F32)
COMPARISONS(uint64_t, f64, F64)
INTEGERS(uint32_t, f32, F32)
INTEGERS(uint64_t, f64, F64)
