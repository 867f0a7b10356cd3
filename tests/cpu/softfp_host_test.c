/* SPDX-License-Identifier: Apache-2.0 */
/* softfp against the host's SSE2 and FMA units, flags included, in the four modes they have.
 *
 * Each instruction runs in one asm statement with the control register around it: a compiler
 * that does not model MXCSR can then neither move nor fold it, and no build flag matters.
 * Known differences, and the only ones allowed:
 *   - x86 propagates NaN payloads, RISC-V gives the canonical NaN;
 *   - x86 has a denormal-operand flag, RISC-V has not;
 *   - infinity * 0 + quiet NaN raises NV on RISC-V only;
 *   - an integer that does not fit is 0x80..0 on x86 and saturates on RISC-V. */
#include "check.h"
#include "cpu/fp/softfp.h"
#include "softfp_operands.h"

#if defined __x86_64__

#define MODES 4                       /* RNE RTZ RDN RUP: no x86 has RMM */
#define CASES 100000                  /* of each operation in each mode */

static const enum fp_rm modes[MODES] = { FP_RNE, FP_RTZ, FP_RDN, FP_RUP };

/* All exceptions masked, none raised; the rounding field is in another order than frm. */
static uint32_t mxcsr_for(enum fp_rm rm)
{
    static const uint32_t field[] = { 0, 3, 1, 2 };

    return 0x1f80 | field[rm] << 13;
}

static uint8_t fflags_of(uint32_t mxcsr)
{
    return (uint8_t)((mxcsr & 0x01 ? FP_NV : 0) | (mxcsr & 0x04 ? FP_DZ : 0) |
                     (mxcsr & 0x08 ? FP_OF : 0) | (mxcsr & 0x10 ? FP_UF : 0) |
                     (mxcsr & 0x20 ? FP_NX : 0));
}

static const uint32_t mxcsr_rest = 0x1f80;

/* z = instruction(z, b, c) under *csr; the instruction reads b as %3 and c as %4. */
#define HOST(insn, z, b, c, csr)                                                              \
    __asm__ volatile("ldmxcsr %1\n\t" insn "\n\tstmxcsr %1\n\tldmxcsr %2"                     \
                     : "+x"(z), "+m"(csr)                                                     \
                     : "m"(mxcsr_rest), "x"(b), "x"(c))

/* The same between register files: %0 is the integer, %3 the float, or the other way. */
#define HOST_CONVERT(insn, z, z_in, a, a_in, csr)                                             \
    __asm__ volatile("ldmxcsr %1\n\t" insn "\n\tstmxcsr %1\n\tldmxcsr %2"                     \
                     : z_in(z), "+m"(csr)                                                     \
                     : "m"(mxcsr_rest), a_in(a))

enum op { ADD, SUB, MUL, DIV, SQRT, FMA, EQ, LT, LE, OPS };
static const char *const op_names[] = { "add", "sub", "mul", "div", "sqrt",
                                        "fma", "eq",  "lt",  "le" };

/* Comparisons give a mask of ones: taken to 1. */
static uint32_t host_f32(enum op op, uint32_t a, uint32_t b, uint32_t c, uint32_t *csr)
{
    float z, y, x;

    memcpy(&z, &a, sizeof z);
    memcpy(&y, &b, sizeof y);
    memcpy(&x, &c, sizeof x);
    switch (op) {
    case ADD:  HOST("addss %3, %0", z, y, x, *csr); break;
    case SUB:  HOST("subss %3, %0", z, y, x, *csr); break;
    case MUL:  HOST("mulss %3, %0", z, y, x, *csr); break;
    case DIV:  HOST("divss %3, %0", z, y, x, *csr); break;
    case SQRT: HOST("sqrtss %0, %0", z, y, x, *csr); break;
    case FMA:  HOST("vfmadd213ss %4, %3, %0", z, y, x, *csr); break;
    case EQ:   HOST("cmpeqss %3, %0", z, y, x, *csr); break;
    case LT:   HOST("cmpltss %3, %0", z, y, x, *csr); break;
    default:   HOST("cmpless %3, %0", z, y, x, *csr); break;
    }
    memcpy(&a, &z, sizeof a);
    return op >= EQ ? a & 1 : a;
}

static uint64_t host_f64(enum op op, uint64_t a, uint64_t b, uint64_t c, uint32_t *csr)
{
    double z, y, x;

    memcpy(&z, &a, sizeof z);
    memcpy(&y, &b, sizeof y);
    memcpy(&x, &c, sizeof x);
    switch (op) {
    case ADD:  HOST("addsd %3, %0", z, y, x, *csr); break;
    case SUB:  HOST("subsd %3, %0", z, y, x, *csr); break;
    case MUL:  HOST("mulsd %3, %0", z, y, x, *csr); break;
    case DIV:  HOST("divsd %3, %0", z, y, x, *csr); break;
    case SQRT: HOST("sqrtsd %0, %0", z, y, x, *csr); break;
    case FMA:  HOST("vfmadd213sd %4, %3, %0", z, y, x, *csr); break;
    case EQ:   HOST("cmpeqsd %3, %0", z, y, x, *csr); break;
    case LT:   HOST("cmpltsd %3, %0", z, y, x, *csr); break;
    default:   HOST("cmplesd %3, %0", z, y, x, *csr); break;
    }
    memcpy(&a, &z, sizeof a);
    return op >= EQ ? a & 1 : a;
}

static uint64_t soft_f32(enum op op, uint32_t a, uint32_t b, uint32_t c, enum fp_rm rm,
                         uint8_t *flags)
{
    switch (op) {
    case ADD:  return f32_add(a, b, rm, flags);
    case SUB:  return f32_sub(a, b, rm, flags);
    case MUL:  return f32_mul(a, b, rm, flags);
    case DIV:  return f32_div(a, b, rm, flags);
    case SQRT: return f32_sqrt(a, rm, flags);
    case FMA:  return f32_fma(a, b, c, rm, flags);
    case EQ:   return f32_eq(a, b, flags);
    case LT:   return f32_lt(a, b, flags);
    default:   return f32_le(a, b, flags);
    }
}

static uint64_t soft_f64(enum op op, uint64_t a, uint64_t b, uint64_t c, enum fp_rm rm,
                         uint8_t *flags)
{
    switch (op) {
    case ADD:  return f64_add(a, b, rm, flags);
    case SUB:  return f64_sub(a, b, rm, flags);
    case MUL:  return f64_mul(a, b, rm, flags);
    case DIV:  return f64_div(a, b, rm, flags);
    case SQRT: return f64_sqrt(a, rm, flags);
    case FMA:  return f64_fma(a, b, c, rm, flags);
    case EQ:   return f64_eq(a, b, flags);
    case LT:   return f64_lt(a, b, flags);
    default:   return f64_le(a, b, flags);
    }
}

static void expect(const char *what, struct width w, enum fp_rm rm, const uint64_t *operands,
                   uint64_t got, uint8_t got_flags, uint64_t want, uint8_t want_flags)
{
    char line[256];

    if (got == want && got_flags == want_flags)
        return;
    snprintf(line, sizeof line,
             "f%d %s rm %d: %" PRIx64 " %" PRIx64 " %" PRIx64 " gave %" PRIx64
             " flags %x, host %" PRIx64 " flags %x",
             w.frac_bits + w.exp_bits + 1, what, rm, operands[0], operands[1], operands[2], got,
             got_flags, want, want_flags);
    check_fail(__FILE__, __LINE__, line);
}

static uint64_t inf_of(struct width w)
{
    return ((UINT64_C(1) << w.exp_bits) - 1) << w.frac_bits;
}

static uint64_t magnitude(struct width w, uint64_t a)
{
    return a & ((UINT64_C(1) << (w.frac_bits + w.exp_bits)) - 1);
}

static uint64_t canonical(struct width w, uint64_t a)
{
    return magnitude(w, a) > inf_of(w) ? inf_of(w) | UINT64_C(1) << (w.frac_bits - 1) : a;
}

static bool inf_times_zero(struct width w, uint64_t a, uint64_t b)
{
    return (magnitude(w, a) == inf_of(w) && magnitude(w, b) == 0) ||
           (magnitude(w, b) == inf_of(w) && magnitude(w, a) == 0);
}

static void compare(struct width w, enum op op, unsigned count)
{
    struct random r = { (uint64_t)op };
    bool f32 = w.frac_bits == 23;

    for (unsigned i = 0; i < count * MODES; i++) {
        enum fp_rm rm = modes[i % MODES];
        uint64_t a = random_operand(&r, w), b = random_partner(&r, w, a);
        uint64_t c = op == FMA ? random_addend(&r, w, a, b) : 0, got, want;
        uint32_t csr = mxcsr_for(rm);
        uint8_t flags = 0, host_flags;

        if (op == SQRT && i % 8)
            a = magnitude(w, a);
        if (f32) {
            got = soft_f32(op, (uint32_t)a, (uint32_t)b, (uint32_t)c, rm, &flags);
            want = host_f32(op, (uint32_t)a, (uint32_t)b, (uint32_t)c, &csr);
        } else {
            got = soft_f64(op, a, b, c, rm, &flags);
            want = host_f64(op, a, b, c, &csr);
        }
        host_flags = fflags_of(csr);
        if (op == FMA && inf_times_zero(w, a, b))
            host_flags |= FP_NV;
        if (op < EQ)
            want = canonical(w, want);
        expect(op_names[op], w, rm, (uint64_t[]){ a, b, c }, got, flags, want, host_flags);
    }
}

static void compare_both(enum op op)
{
    compare(WIDTH_F32, op, CASES);
    compare(WIDTH_F64, op, CASES);
}

static void test_add_and_sub_match_the_host(void)
{
    compare_both(ADD);
    compare_both(SUB);
}

static void test_mul_matches_the_host(void)
{
    compare_both(MUL);
}

static void test_div_matches_the_host(void)
{
    compare_both(DIV);
}

static void test_sqrt_matches_the_host(void)
{
    compare_both(SQRT);
}

static void test_fma_matches_the_host(void)
{
    if (!__builtin_cpu_supports("fma")) {
        check_skip("this host has no FMA unit");
        return;
    }
    compare_both(FMA);
}

static void test_comparisons_match_the_host(void)
{
    for (enum op op = EQ; op < OPS; op++)
        compare_both(op);
}

/* What RISC-V makes of the host's conversion to i64, for a type from least to max. */
static uint64_t narrowed(int64_t host, uint8_t *flags, bool negative, int64_t least, int64_t max)
{
    if (!(*flags & FP_NV) && host >= least && host <= max)
        return (uint64_t)host;
    *flags = FP_NV;
    return (uint64_t)(negative ? least : max);
}

static void to_integers(struct width w)
{
    static const struct { const char *name; int64_t least, max; } types[] = {
        { "to i64", INT64_MIN, INT64_MAX },
        { "to i32", INT32_MIN, INT32_MAX },
        { "to u32", 0, UINT32_MAX },
    };
    struct random r = { 100 };
    bool f32 = w.frac_bits == 23;

    for (unsigned i = 0; i < CASES * MODES; i++) {
        enum fp_rm rm = modes[i % MODES];
        uint64_t a = random_operand(&r, w), operands[3] = { a };
        bool negative = a >> (w.frac_bits + w.exp_bits) && magnitude(w, a) <= inf_of(w);
        uint32_t csr = mxcsr_for(rm), a32 = (uint32_t)a;
        uint64_t got[3];
        uint8_t flags[3] = { 0 };
        int64_t z;
        float s;
        double d;

        memcpy(&s, &a32, sizeof s);
        memcpy(&d, &a, sizeof d);
        if (f32)
            HOST_CONVERT("cvtss2si %3, %0", z, "=r", s, "x", csr);
        else
            HOST_CONVERT("cvtsd2si %3, %0", z, "=r", d, "x", csr);
        got[0] = (uint64_t)(f32 ? f32_to_i64(a32, rm, &flags[0]) : f64_to_i64(a, rm, &flags[0]));
        got[1] = (uint64_t)(f32 ? f32_to_i32(a32, rm, &flags[1]) : f64_to_i32(a, rm, &flags[1]));
        got[2] = f32 ? f32_to_u32(a32, rm, &flags[2]) : f64_to_u32(a, rm, &flags[2]);
        for (int k = 0; k < 3; k++) {
            uint8_t host = fflags_of(csr);
            uint64_t want = narrowed(z, &host, negative, types[k].least, types[k].max);

            expect(types[k].name, w, rm, operands, got[k], flags[k], want, host);
        }
    }
}

static void test_conversions_to_integers_match_the_host(void)
{
    to_integers(WIDTH_F32);
    to_integers(WIDTH_F64);
}

static void test_conversions_from_integers_match_the_host(void)
{
    struct random r = { 101 };

    for (unsigned i = 0; i < CASES * MODES; i++) {
        enum fp_rm rm = modes[i % MODES];
        uint64_t operands[3] = { random_next(&r) >> random_below(&r, 64) }, z64 = 0, got;
        int64_t v = (int64_t)(i & 4 ? operands[0] : -operands[0]);
        uint32_t csr = mxcsr_for(rm), z32 = 0;
        uint8_t flags = 0;
        float s = 0;
        double d = 0;

        HOST_CONVERT("cvtsi2ssq %3, %0", s, "+x", v, "r", csr);
        memcpy(&z32, &s, sizeof z32);
        got = f32_from_i64(v, rm, &flags);
        expect("from i64", WIDTH_F32, rm, operands, got, flags, z32, fflags_of(csr));
        flags = 0;
        csr = mxcsr_for(rm);
        HOST_CONVERT("cvtsi2sdq %3, %0", d, "+x", v, "r", csr);
        memcpy(&z64, &d, sizeof z64);
        got = f64_from_i64(v, rm, &flags);
        expect("from i64", WIDTH_F64, rm, operands, got, flags, z64, fflags_of(csr));
    }
}

static void test_conversions_between_formats_match_the_host(void)
{
    struct random r = { 102 };

    for (unsigned i = 0; i < CASES * MODES; i++) {
        enum fp_rm rm = modes[i % MODES];
        uint64_t wide = random_operand(&r, WIDTH_F64), z64, got;
        uint32_t narrow = (uint32_t)random_operand(&r, WIDTH_F32), csr = mxcsr_for(rm), z32;
        uint8_t flags = 0;
        float s = 0;
        double d;

        if (i & 4)                    /* inside and around f32's range, often on its grid */
            wide = encode(WIDTH_F64, wide >> 63, 1023 - 152 + (int)random_below(&r, 284),
                          (wide << 12 >> 12) >> (i & 31) << (i & 31));
        memcpy(&d, &wide, sizeof d);
        HOST_CONVERT("cvtsd2ss %3, %0", s, "+x", d, "x", csr);
        memcpy(&z32, &s, sizeof z32);
        got = f64_to_f32(wide, rm, &flags);
        expect("from f64", WIDTH_F32, rm, (uint64_t[]){ wide, 0, 0 }, got, flags,
               canonical(WIDTH_F32, z32), fflags_of(csr));

        flags = 0;
        csr = mxcsr_for(rm);
        memcpy(&s, &narrow, sizeof s);
        HOST_CONVERT("cvtss2sd %3, %0", d, "+x", s, "x", csr);
        memcpy(&z64, &d, sizeof z64);
        got = f32_to_f64(narrow, &flags);
        expect("from f32", WIDTH_F64, rm, (uint64_t[]){ narrow, 0, 0 }, got, flags,
               canonical(WIDTH_F64, z64), fflags_of(csr));
    }
}

TEST_MAIN(test_add_and_sub_match_the_host,
          test_mul_matches_the_host,
          test_div_matches_the_host,
          test_sqrt_matches_the_host,
          test_fma_matches_the_host,
          test_comparisons_match_the_host,
          test_conversions_to_integers_match_the_host,
          test_conversions_from_integers_match_the_host,
          test_conversions_between_formats_match_the_host)

#else

static void test_softfp_matches_the_host(void)
{
    check_skip("needs an x86-64 host: others differ in tininess and NaNs");
}

TEST_MAIN(test_softfp_matches_the_host)

#endif
