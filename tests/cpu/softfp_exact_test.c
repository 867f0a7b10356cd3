/* SPDX-License-Identifier: Apache-2.0 */
/* softfp against the definition of rounding, in every mode and on every host.
 *
 * Nothing here rounds.  The exact result x is kept as a comparison: |x| against any number, in
 * integers of 4288 bits.  A result is right if |x| lies where the mode sends it there: between
 * two encodings, or between the midpoints around one.  An encoding shifted left by one, plus
 * one, is the midpoint to its successor when read with one more fraction bit; the encoding of
 * infinity, read as a number, is the next power of two, which is what overflow compares with. */
#include "check.h"
#include "cpu/fp/softfp.h"
#include "softfp_operands.h"

__extension__ typedef unsigned __int128 u128;

/* ---- exact numbers ---- */

/* sig * 2^exp */
struct dyadic {
    u128 sig;
    int  exp;
};

/* Fixed point in units of 2^-2152: products of the least numbers and midpoints still fit. */
#define BIG_WORDS 67
#define BIG_UNIT  (-2152)

struct big {
    uint64_t word[BIG_WORDS];
};

static struct big big_of(struct dyadic d)
{
    struct big b = { { 0 } };
    int shift = d.exp - BIG_UNIT, at = shift / 64, left = shift % 64;
    uint64_t low = (uint64_t)d.sig, high = (uint64_t)(d.sig >> 64);

    if (d.sig == 0)
        return b;
    b.word[at] = low << left;
    b.word[at + 1] = high << left | (left ? low >> (64 - left) : 0);
    b.word[at + 2] = left ? high >> (64 - left) : 0;
    return b;
}

static int big_cmp(const struct big *a, const struct big *b)
{
    for (int i = BIG_WORDS - 1; i >= 0; i--)
        if (a->word[i] != b->word[i])
            return a->word[i] < b->word[i] ? -1 : 1;
    return 0;
}

/* a + b, or a - b for b <= a */
static struct big big_add(const struct big *a, const struct big *b, bool subtract)
{
    struct big sum;
    u128 carry = subtract;

    for (int i = 0; i < BIG_WORDS; i++) {
        carry += (u128)a->word[i] + (subtract ? ~b->word[i] : b->word[i]);
        sum.word[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return sum;
}

/* |x| for x = magnitude / divisor, or its root */
struct exact {
    struct big    magnitude;
    struct dyadic divisor;
    bool          root, negative;
};

static const struct dyadic one = { 1, 0 };

/* The sign of |x| - v. */
static int cmp(const struct exact *x, struct dyadic v)
{
    struct dyadic by = x->root ? v : x->divisor;
    struct big b = big_of((struct dyadic){ v.sig * by.sig, v.exp + by.exp });

    return big_cmp(&x->magnitude, &b);
}

/* The magnitude a finite encoding stands for; that of infinity reads as 2^(largest + 1). */
static struct dyadic decode(struct width w, uint64_t bits)
{
    uint64_t frac = bits & ((UINT64_C(1) << w.frac_bits) - 1);
    int exp = exp_field(w, bits), unit = 1 - ((1 << (w.exp_bits - 1)) - 1) - w.frac_bits;

    if (exp == 0)
        return (struct dyadic){ frac, unit };
    return (struct dyadic){ frac | UINT64_C(1) << w.frac_bits, unit + exp - 1 };
}

/* a * b + c */
static struct exact exact_sum(struct dyadic a, struct dyadic b, bool sign_ab, struct dyadic c,
                              bool sign_c)
{
    struct big ab = big_of((struct dyadic){ a.sig * b.sig, a.exp + b.exp }), cc = big_of(c);
    struct exact x = { .divisor = one, .negative = sign_ab };

    if (sign_ab == sign_c) {
        x.magnitude = big_add(&ab, &cc, false);
    } else if (big_cmp(&ab, &cc) >= 0) {
        x.magnitude = big_add(&ab, &cc, true);
    } else {
        x.magnitude = big_add(&cc, &ab, true);
        x.negative = sign_c;
    }
    return x;
}

/* ---- the definition of rounding ---- */

enum direction { TO_ZERO, FROM_ZERO, NEAREST };

static enum direction direction(enum fp_rm rm, bool negative)
{
    if (rm == FP_RNE || rm == FP_RMM)
        return NEAREST;
    if (rm == FP_RTZ)
        return TO_ZERO;
    return (rm == FP_RDN) == negative ? FROM_ZERO : TO_ZERO;
}

/* A candidate: its neighbours, and the midpoints to them. */
struct place {
    struct dyadic below, mid_below, here, mid_above, above;
    bool          least, odd;         /* least: there is no below, it is 0 */
};

static bool rounds_to(const struct exact *x, const struct place *p, enum fp_rm rm)
{
    int low, high;

    switch (direction(rm, x->negative)) {
    case TO_ZERO:
        return cmp(x, p->here) >= 0 && cmp(x, p->above) < 0;
    case FROM_ZERO:
        return cmp(x, p->here) <= 0 && (p->least ? cmp(x, p->here) == 0 : cmp(x, p->below) > 0);
    default:
        low = p->least ? 1 : cmp(x, p->mid_below);
        high = cmp(x, p->mid_above);
        if (rm == FP_RMM)
            return low >= 0 && high < 0;
        return (low > 0 || (low == 0 && !p->odd)) && (high < 0 || (high == 0 && !p->odd));
    }
}

static struct place place_of_encoding(struct width w, uint64_t bits)
{
    struct width fine = { w.frac_bits + 1, w.exp_bits };
    struct place p = { .here = decode(w, bits), .least = bits == 0, .odd = bits & 1 };

    p.above = decode(w, bits + 1);
    p.mid_above = decode(fine, 2 * bits + 1);
    if (bits) {
        p.below = decode(w, bits - 1);
        p.mid_below = decode(fine, 2 * bits - 1);
    }
    return p;
}

/* Whether |x|, rounded as if the exponent had no lower bound, stays under the least normal. */
static bool tiny(struct width w, const struct exact *x, enum fp_rm rm)
{
    struct dyadic normal = decode(w, UINT64_C(1) << w.frac_bits);
    struct dyadic last = { 2 * normal.sig - 1, normal.exp - 1 };       /* next one down */
    struct dyadic mid = { 4 * normal.sig - 1, normal.exp - 2 };        /* and between them */

    switch (direction(rm, x->negative)) {
    case TO_ZERO:   return cmp(x, normal) < 0;
    case FROM_ZERO: return cmp(x, last) <= 0;
    default:        return cmp(x, mid) < 0;
    }
}

/* Whether got and flags are what x rounds to in rm. */
static bool right(struct width w, const struct exact *x, enum fp_rm rm, uint64_t got,
                  unsigned flags)
{
    uint64_t sign = UINT64_C(1) << (w.frac_bits + w.exp_bits), bits = got & ~sign;
    uint64_t inf = encode(w, false, (1 << w.exp_bits) - 1, 0);
    bool beyond = cmp(x, decode(w, inf)) >= 0;         /* |x| >= 2^(largest exponent + 1) */
    enum direction d = direction(rm, x->negative);
    struct place p;
    unsigned want = 0;
    bool value_ok;

    if (bits > inf)
        return false;
    if (cmp(x, (struct dyadic){ 0, 0 }) != 0 && x->negative != ((got & sign) != 0))
        return false;
    p = place_of_encoding(w, bits);
    if (beyond)
        value_ok = bits == (d == TO_ZERO ? inf - 1 : inf);
    else
        value_ok = rounds_to(x, &p, rm);
    if (bits == inf || (beyond && d == TO_ZERO))
        want |= FP_OF | FP_NX;
    else if (cmp(x, p.here) != 0)
        want |= tiny(w, x, rm) ? FP_UF | FP_NX : FP_NX;
    return value_ok && flags == want;
}

/* ---- the operations ---- */

enum op { ADD, SUB, MUL, DIV, FMA, SQRT, OPS };
static const char *const op_names[] = { "add", "sub", "mul", "div", "fma", "sqrt" };

static uint64_t compute(struct width w, enum op op, uint64_t a, uint64_t b, uint64_t c,
                        enum fp_rm rm, uint8_t *flags)
{
    uint32_t a32 = (uint32_t)a, b32 = (uint32_t)b, c32 = (uint32_t)c;
    bool f32 = w.frac_bits == 23;

    switch (op) {
    case ADD:  return f32 ? f32_add(a32, b32, rm, flags) : f64_add(a, b, rm, flags);
    case SUB:  return f32 ? f32_sub(a32, b32, rm, flags) : f64_sub(a, b, rm, flags);
    case MUL:  return f32 ? f32_mul(a32, b32, rm, flags) : f64_mul(a, b, rm, flags);
    case DIV:  return f32 ? f32_div(a32, b32, rm, flags) : f64_div(a, b, rm, flags);
    case SQRT: return f32 ? f32_sqrt(a32, rm, flags) : f64_sqrt(a, rm, flags);
    default:   return f32 ? f32_fma(a32, b32, c32, rm, flags) : f64_fma(a, b, c, rm, flags);
    }
}

static struct exact exact_of(struct width w, enum op op, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t sign = UINT64_C(1) << (w.frac_bits + w.exp_bits);
    struct dyadic da = decode(w, a & ~sign), db = decode(w, b & ~sign), dc = decode(w, c & ~sign);
    bool sa = a & sign, sb = b & sign, sc = c & sign;

    switch (op) {
    case ADD: return exact_sum(da, one, sa, db, sb);
    case SUB: return exact_sum(da, one, sa, db, !sb);
    case MUL: return exact_sum(da, db, sa != sb, (struct dyadic){ 0, 0 }, sa != sb);
    case FMA: return exact_sum(da, db, sa != sb, dc, sc);
    case DIV: return (struct exact){ big_of(da), db, false, sa != sb };
    default:  return (struct exact){ big_of(da), one, true, false };
    }
}

static bool is_finite(struct width w, uint64_t a)
{
    return exp_field(w, a) != (1 << w.exp_bits) - 1;
}

static void report(const char *what, struct width w, enum fp_rm rm, uint64_t a, uint64_t b,
                   uint64_t c, uint64_t got, unsigned flags)
{
    char line[256];

    snprintf(line, sizeof line,
             "f%d %s rm %d: %" PRIx64 " %" PRIx64 " %" PRIx64 " gave %" PRIx64 " flags %x",
             w.frac_bits + w.exp_bits + 1, what, rm, a, b, c, got, flags);
    check_fail(__FILE__, __LINE__, line);
}

static void try_all_modes(struct width w, enum op op, uint64_t a, uint64_t b, uint64_t c)
{
    struct exact x = exact_of(w, op, a, b, c);

    for (int rm = FP_RNE; rm <= FP_RMM; rm++) {
        uint8_t flags = 0;
        uint64_t got = compute(w, op, a, b, c, (enum fp_rm)rm, &flags);

        if (!right(w, &x, (enum fp_rm)rm, got, flags))
            report(op_names[op], w, (enum fp_rm)rm, a, b, c, got, flags);
    }
}

static void arithmetic(struct width w, unsigned count)
{
    uint64_t sign = UINT64_C(1) << (w.frac_bits + w.exp_bits);
    struct random r = { 1 };

    for (unsigned i = 0; i < count; i++) {
        uint64_t a = random_operand(&r, w), b = random_partner(&r, w, a);
        uint64_t c = random_addend(&r, w, a, b);

        if (!is_finite(w, a) || !is_finite(w, b) || !is_finite(w, c))
            continue;
        try_all_modes(w, ADD, a, b, 0);
        try_all_modes(w, SUB, a, b, 0);
        try_all_modes(w, MUL, a, b, 0);
        try_all_modes(w, FMA, a, b, c);
        if ((b & ~sign) != 0)
            try_all_modes(w, DIV, a, b, 0);
    }
}

/* The 64-bit root is off by one far more often than that shows in 53: many cases. */
static void roots(struct width w, unsigned count)
{
    uint64_t sign = UINT64_C(1) << (w.frac_bits + w.exp_bits);
    struct random r = { 5 };

    for (unsigned i = 0; i < count; i++) {
        uint64_t a = random_operand(&r, w) & ~sign;

        if (i % 4 == 0)               /* rounded squares: roots on the grid or just beside it */
            a = compute(w, MUL, a, a, 0, FP_RNE, &(uint8_t){ 0 });
        if (is_finite(w, a))
            try_all_modes(w, SQRT, a, 0, 0);
    }
}

static void test_f32_arithmetic_rounds_as_defined_in_all_modes(void)
{
    arithmetic(WIDTH_F32, 6000);
    roots(WIDTH_F32, 6000);
}

static void test_f64_arithmetic_rounds_as_defined_in_all_modes(void)
{
    arithmetic(WIDTH_F64, 6000);
    roots(WIDTH_F64, 100000);
}

static void test_f64_to_f32_rounds_as_defined_in_all_modes(void)
{
    struct random r = { 2 };

    for (unsigned i = 0; i < 20000; i++) {
        uint64_t a = random_operand(&r, WIDTH_F64), wide;
        struct exact x;
        uint8_t flags = 0;

        if (i % 2)                    /* near f32's own range and grid */
            a = encode(WIDTH_F64, a >> 63, 1023 - 152 + (int)random_below(&r, 284),
                       a << 12 >> (12 + i % 32) << i % 32);
        if (!is_finite(WIDTH_F64, a))
            continue;
        x = exact_sum(decode(WIDTH_F64, a), one, a >> 63, (struct dyadic){ 0, 0 }, a >> 63);
        for (int rm = FP_RNE; rm <= FP_RMM; rm++) {
            uint32_t got;

            flags = 0;
            got = f64_to_f32(a, (enum fp_rm)rm, &flags);
            if (!right(WIDTH_F32, &x, (enum fp_rm)rm, got, flags))
                report("from f64", WIDTH_F32, (enum fp_rm)rm, a, 0, 0, got, flags);
            if (is_finite(WIDTH_F32, got) && !flags) {
                wide = f32_to_f64(got, &flags);
                if (wide != a || flags)
                    report("to f64", WIDTH_F32, (enum fp_rm)rm, got, 0, 0, wide, flags);
            }
        }
    }
}

static void test_integers_to_floats_round_as_defined_in_all_modes(void)
{
    struct random r = { 3 };

    for (unsigned i = 0; i < 20000; i++) {
        uint64_t any = random_next(&r) >> random_below(&r, 64);
        uint64_t v = i % 4 ? any : ~any << random_below(&r, 40);   /* runs: ties and carries */
        uint32_t low = (uint32_t)v;
        bool negative = v >> 63, low_negative = low >> 31;
        struct dyadic magnitudes[] = {
            { v, 0 }, { negative ? -v : v, 0 }, { low, 0 }, { low_negative ? -low : low, 0 },
        };

        for (int rm = FP_RNE; rm <= FP_RMM; rm++) {
            enum fp_rm m = (enum fp_rm)rm;
            uint8_t f[8] = { 0 };
            uint64_t got[8] = {
                f32_from_u64(v, m, &f[0]), f32_from_i64((int64_t)v, m, &f[1]),
                f32_from_u32(low, m, &f[2]), f32_from_i32((int32_t)low, m, &f[3]),
                f64_from_u64(v, m, &f[4]), f64_from_i64((int64_t)v, m, &f[5]),
                f64_from_u32(low, m, &f[6]), f64_from_i32((int32_t)low, m, &f[7]),
            };

            for (int k = 0; k < 8; k++) {
                bool sign = k % 4 == 1 ? negative : k % 4 == 3 && low_negative;
                struct exact x = exact_sum(magnitudes[k % 4], one, sign,
                                           (struct dyadic){ 0, 0 }, sign);
                struct width w = k < 4 ? WIDTH_F32 : WIDTH_F64;

                if (!right(w, &x, m, got[k], f[k]))
                    report("from integer", w, m, v, (uint64_t)k, 0, got[k], f[k]);
            }
        }
    }
}

/* max and least: the magnitudes of the integer type's limits. */
static bool integer_right(const struct exact *x, uint64_t max, uint64_t least, enum fp_rm rm,
                          uint64_t got, unsigned flags)
{
    uint64_t limit = x->negative ? least : max, bits = x->negative ? -got : got;
    struct place p = { .here = { bits, 0 }, .least = bits == 0, .odd = bits & 1 };

    if (bits > limit)
        return false;
    p.above = (struct dyadic){ (u128)bits + 1, 0 };
    p.mid_above = (struct dyadic){ 2 * (u128)bits + 1, -1 };
    if (bits) {
        p.below = (struct dyadic){ bits - 1, 0 };
        p.mid_below = (struct dyadic){ 2 * (u128)bits - 1, -1 };
    }
    if (flags == FP_NV)               /* saturated: x is beyond, and does not round back */
        return bits == limit && cmp(x, p.here) > 0 && !rounds_to(x, &p, rm);
    return rounds_to(x, &p, rm) && flags == (cmp(x, p.here) ? FP_NX : 0);
}

static void floats_to_integers(struct width w)
{
    uint64_t sign = UINT64_C(1) << (w.frac_bits + w.exp_bits);
    static const struct { uint64_t max, least; } limits[] = {
        { INT32_MAX, UINT64_C(1) << 31 }, { UINT32_MAX, 0 },
        { INT64_MAX, UINT64_C(1) << 63 }, { UINT64_MAX, 0 },
    };
    struct random r = { 4 };

    for (unsigned i = 0; i < 20000; i++) {
        uint64_t a = random_operand(&r, w);
        struct exact x;

        if (i % 2)                    /* halves and quarters of small integers */
            a = encode(w, i & 2, (1 << (w.exp_bits - 1)) - 4 + (int)random_below(&r, 70),
                       random_frac(&r, w));
        if (!is_finite(w, a))
            continue;
        x = exact_sum(decode(w, a & ~sign), one, a & sign, (struct dyadic){ 0, 0 }, a & sign);
        for (int rm = FP_RNE; rm <= FP_RMM; rm++) {
            enum fp_rm m = (enum fp_rm)rm;
            bool f32 = w.frac_bits == 23;
            uint32_t s = (uint32_t)a;
            uint8_t f[4] = { 0 };
            uint64_t got[4] = {
                (uint64_t)(int64_t)(f32 ? f32_to_i32(s, m, &f[0]) : f64_to_i32(a, m, &f[0])),
                f32 ? f32_to_u32(s, m, &f[1]) : f64_to_u32(a, m, &f[1]),
                (uint64_t)(f32 ? f32_to_i64(s, m, &f[2]) : f64_to_i64(a, m, &f[2])),
                f32 ? f32_to_u64(s, m, &f[3]) : f64_to_u64(a, m, &f[3]),
            };

            for (int k = 0; k < 4; k++)
                if (!integer_right(&x, limits[k].max, limits[k].least, m, got[k], f[k]))
                    report("to integer", w, m, a, (uint64_t)k, 0, got[k], f[k]);
        }
    }
}

static void test_floats_to_integers_round_and_saturate_as_defined_in_all_modes(void)
{
    floats_to_integers(WIDTH_F32);
    floats_to_integers(WIDTH_F64);
}

TEST_MAIN(test_f32_arithmetic_rounds_as_defined_in_all_modes,
          test_f64_arithmetic_rounds_as_defined_in_all_modes,
          test_f64_to_f32_rounds_as_defined_in_all_modes,
          test_integers_to_floats_round_as_defined_in_all_modes,
          test_floats_to_integers_round_and_saturate_as_defined_in_all_modes)
