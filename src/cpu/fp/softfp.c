/* SPDX-License-Identifier: Apache-2.0 */
/* F and D arithmetic: add, subtract, multiply, fused multiply-add, divide, square root.
 *
 * Each operation computes its result exactly, or to 64 bits and a jammed one, and leaves rounding
 * to round_pack.  Zeros, infinities and NaNs are settled first. */
#include "cpu/fp/unpacked.h"

FP_INLINE struct unpacked invalid(uint8_t *flags)
{
    *flags |= FP_NV;
    return (struct unpacked){ .kind = KIND_QNAN };
}

/* ---- sums ---- */

/* A number with the 128-bit significand of an exact product: bit 127 is set and the value is
 * sig * 2^(exp - 127).  The product of two 53-bit significands leaves the low 22 bits 0. */
struct wide {
    u128      sig;
    int32_t   exp;
    enum kind kind;
    bool      sign;
};

FP_INLINE struct wide widen(struct unpacked u)
{
    return (struct wide){ (u128)u.sig << 64, u.exp, u.kind, u.sign };
}

FP_INLINE struct unpacked narrow(struct wide w)
{
    uint64_t high = (uint64_t)(w.sig >> 64), low = (uint64_t)w.sig;

    return (struct unpacked){ high | (low != 0), w.exp, w.kind, w.sign };
}

FP_INLINE struct wide normalise(struct wide w)
{
    uint64_t high = (uint64_t)(w.sig >> 64);
    int shift = high ? leading_zeros(high) : 64 + leading_zeros((uint64_t)w.sig);

    w.sig <<= shift;
    w.exp -= shift;
    return w;
}

FP_INLINE u128 shift_right_jam_wide(u128 v, int n)
{
    if (n == 0)
        return v;
    if (n > 127)
        return v != 0;
    return v >> n | ((v << (128 - n)) != 0);
}

/* a + b of finite numbers.  Jamming the smaller loses nothing that counts: a difference whose
 * operands lie two or more binades apart shifts left by one place at most, and closer ones are
 * aligned inside the zero bits under their significands, that is, exactly. */
FP_INLINE struct wide sum_finite(struct wide a, struct wide b, enum fp_rm rm)
{
    if (a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig)) {
        struct wide swap = a;

        a = b;
        b = swap;
    }
    a.sig >>= 1;                      /* room for the carry; the bit lost is 0 */
    b.sig = shift_right_jam_wide(b.sig >> 1, a.exp - b.exp);
    a.exp++;
    a.sig = a.sign == b.sign ? a.sig + b.sig : a.sig - b.sig;
    if (a.sig == 0)                   /* IEEE 754 6.3: x - x is +0, but -0 when rounding down */
        return (struct wide){ .kind = KIND_ZERO, .sign = rm == FP_RDN };
    return normalise(a);
}

/* a + b when neither is a NaN. */
FP_INLINE struct wide sum(struct wide a, struct wide b, enum fp_rm rm, uint8_t *flags)
{
    if (a.kind == KIND_FINITE && b.kind == KIND_FINITE)
        return sum_finite(a, b, rm);
    if (a.kind == KIND_INF && b.kind == KIND_INF && a.sign != b.sign)
        return widen(invalid(flags));
    if (a.kind == KIND_ZERO && b.kind == KIND_ZERO) {
        a.sign = a.sign == b.sign ? a.sign : rm == FP_RDN;
        return a;
    }
    return a.kind == KIND_INF || b.kind == KIND_ZERO ? a : b;
}

FP_INLINE uint64_t add(struct format f, uint64_t a, uint64_t b, enum fp_rm rm, uint8_t *flags)
{
    struct unpacked x = unpack(f, a), y = unpack(f, b);

    if (is_nan(x) || is_nan(y)) {
        raise_if_snan(x, flags);
        raise_if_snan(y, flags);
        return nan_bits(f);
    }
    return pack(f, narrow(sum(widen(x), widen(y), rm, flags)), rm, flags);
}

/* ---- products ---- */

/* a * b, exactly, when neither is a NaN. */
FP_INLINE struct wide product(struct unpacked a, struct unpacked b, uint8_t *flags)
{
    struct wide w = { .sign = a.sign != b.sign };

    if (a.kind == KIND_FINITE && b.kind == KIND_FINITE) {
        w.sig = (u128)a.sig * b.sig;
        w.exp = a.exp + b.exp + 1;
        if (!(w.sig >> 127)) {
            w.sig <<= 1;
            w.exp--;
        }
    } else if (a.kind == KIND_INF || b.kind == KIND_INF) {
        if (a.kind == KIND_ZERO || b.kind == KIND_ZERO)
            return widen(invalid(flags));
        w.kind = KIND_INF;
    } else {
        w.kind = KIND_ZERO;
    }
    return w;
}

FP_INLINE uint64_t mul(struct format f, uint64_t a, uint64_t b, enum fp_rm rm, uint8_t *flags)
{
    struct unpacked x = unpack(f, a), y = unpack(f, b);

    if (is_nan(x) || is_nan(y)) {
        raise_if_snan(x, flags);
        raise_if_snan(y, flags);
        return nan_bits(f);
    }
    return pack(f, narrow(product(x, y, flags)), rm, flags);
}

FP_INLINE uint64_t mul_add(struct format f, uint64_t a, uint64_t b, uint64_t c, enum fp_rm rm,
                           uint8_t *flags)
{
    struct unpacked x = unpack(f, a), y = unpack(f, b), z = unpack(f, c);
    struct wide xy;

    if (is_nan(x) || is_nan(y)) {
        raise_if_snan(x, flags);
        raise_if_snan(y, flags);
        raise_if_snan(z, flags);
        return nan_bits(f);
    }
    xy = product(x, y, flags);        /* infinity * 0 raises NV here, whatever c is (11.6) */
    if (xy.kind == KIND_QNAN || is_nan(z)) {
        raise_if_snan(z, flags);
        return nan_bits(f);
    }
    return pack(f, narrow(sum(xy, widen(z), rm, flags)), rm, flags);
}

/* ---- quotients ---- */

/* a / b of finite numbers.  The quotient of significands lies in (1/2, 2): choosing the dividend's
 * scale first makes its bit 63 set, and keeps the high word of the dividend under the divisor. */
FP_INLINE struct unpacked quotient(struct unpacked a, struct unpacked b)
{
    bool less = a.sig < b.sig;
    u128 dividend = (u128)a.sig << (less ? 64 : 63);
    uint64_t q = (uint64_t)(dividend / b.sig);
    bool rest = (uint64_t)dividend != q * b.sig;

    return (struct unpacked){ q | rest, a.exp - b.exp - less, KIND_FINITE, a.sign != b.sign };
}

/* The same in one 64-bit division, for 24-bit significands: a quotient of 32 bits is enough. */
FP_INLINE struct unpacked quotient_short(struct unpacked a, struct unpacked b)
{
    bool less = a.sig < b.sig;
    uint64_t dividend = a.sig >> !less, divisor = b.sig >> 32;
    uint64_t q = dividend / divisor;
    bool rest = dividend != q * divisor;

    return (struct unpacked){ q << 32 | rest, a.exp - b.exp - less, KIND_FINITE,
                              a.sign != b.sign };
}

FP_INLINE uint64_t divide(struct format f, uint64_t a, uint64_t b, enum fp_rm rm, uint8_t *flags)
{
    struct unpacked x = unpack(f, a), y = unpack(f, b);
    struct unpacked q = { .sign = x.sign != y.sign };

    if (x.kind == KIND_FINITE && y.kind == KIND_FINITE) {
        q = f.frac_bits == 23 ? quotient_short(x, y) : quotient(x, y);
        return round_pack(f, q, rm, flags);
    }
    if (is_nan(x) || is_nan(y)) {
        raise_if_snan(x, flags);
        raise_if_snan(y, flags);
        return nan_bits(f);
    }
    if (x.kind == y.kind) {           /* 0 / 0, infinity / infinity */
        q = invalid(flags);
    } else if (x.kind == KIND_INF || y.kind == KIND_ZERO) {
        q.kind = KIND_INF;
        if (x.kind == KIND_FINITE)
            *flags |= FP_DZ;
    } else {
        q.kind = KIND_ZERO;
    }
    return pack(f, q, rm, flags);
}

/* ---- roots ---- */

/* floor(sqrt(n)) and what is left, for n >= 2^62, in Zimmermann's recursion ("Karatsuba Square
 * Root", INRIA RR-3805): the root of the high half, then one division for the low half. */
FP_INLINE uint32_t root64(uint64_t n, uint64_t *rest)
{
    uint32_t high = (uint32_t)(n >> 32), root = 0;
    uint64_t s, q, u;

    for (uint32_t bit = UINT32_C(1) << 15; bit; bit >>= 1) {
        /* (root + bit)^2 <= n, by the bits not yet subtracted: high holds n - root^2 */
        uint32_t step = (2 * root + bit) * bit;

        if (high >= step) {
            high -= step;
            root += bit;
        }
    }
    u = (uint64_t)high << 16 | (n >> 16 & 0xffff);
    q = u / (2 * root);
    u = u % (2 * root);
    s = ((uint64_t)root << 16) + q;
    u = u << 16 | (n & 0xffff);
    if (u < q * q) {
        u += 2 * s - 1;
        s--;
    }
    *rest = u - q * q;
    return (uint32_t)s;
}

/* The same for n >= 2^126.  Here q may be 2^32 and s 2^64 before they are corrected. */
FP_INLINE uint64_t root128(u128 n, bool *inexact)
{
    uint64_t high, root = root64((uint64_t)(n >> 64), &high);
    uint64_t half = high << 31 | (uint32_t)(n >> 32) >> 1;    /* of the dividend of 65 bits */
    uint64_t q = half / root;
    u128 u = (u128)(half % root) << 33 | (uint64_t)(n & UINT64_C(0x1ffffffff));
    u128 s = ((u128)root << 32) + q, square = (u128)q * q;

    if (u < square) {
        u += 2 * s - 1;
        s--;
    }
    *inexact = u != square;
    return (uint64_t)s;
}

FP_INLINE uint64_t square_root(struct format f, uint64_t a, enum fp_rm rm, uint8_t *flags)
{
    struct unpacked x = unpack(f, a);
    int odd = x.exp & 1;

    if (is_nan(x)) {
        raise_if_snan(x, flags);
        return nan_bits(f);
    }
    if (x.kind == KIND_ZERO)          /* the root of -0 is -0 */
        return a;
    if (x.sign)
        return pack(f, invalid(flags), rm, flags);
    if (x.kind == KIND_INF)
        return a;
    /* Make the exponent even, with the radicand in [1/4, 1) of the word. */
    x.exp = (x.exp - odd) / 2;
    if (f.frac_bits == 23) {
        uint64_t rest, root = root64(x.sig >> !odd, &rest);

        x.sig = root << 32 | (rest != 0);
    } else {
        bool inexact;
        uint64_t root = root128((u128)x.sig << 64 >> !odd, &inexact);

        x.sig = root | inexact;
    }
    return round_pack(f, x, rm, flags);
}

/* ---- both widths ---- */

#define ARITHMETIC(T, name, F, sign)                                                      \
    T name##_add(T a, T b, enum fp_rm rm, uint8_t *flags)                                 \
    {                                                                                     \
        return (T)add(F, a, b, rm, flags);                                                \
    }                                                                                     \
    T name##_sub(T a, T b, enum fp_rm rm, uint8_t *flags)                                 \
    {                                                                                     \
        return (T)add(F, a, b ^ sign, rm, flags);                                         \
    }                                                                                     \
    T name##_mul(T a, T b, enum fp_rm rm, uint8_t *flags)                                 \
    {                                                                                     \
        return (T)mul(F, a, b, rm, flags);                                                \
    }                                                                                     \
    T name##_div(T a, T b, enum fp_rm rm, uint8_t *flags)                                 \
    {                                                                                     \
        return (T)divide(F, a, b, rm, flags);                                             \
    }                                                                                     \
    T name##_sqrt(T a, enum fp_rm rm, uint8_t *flags)                                     \
    {                                                                                     \
        return (T)square_root(F, a, rm, flags);                                           \
    }                                                                                     \
    T name##_fma(T a, T b, T c, enum fp_rm rm, uint8_t *flags)                            \
    {                                                                                     \
        return (T)mul_add(F, a, b, c, rm, flags);                                             \
    }

ARITHMETIC(uint32_t, f32, F32, F32_SIGN)
ARITHMETIC(uint64_t, f64, F64, F64_SIGN)
