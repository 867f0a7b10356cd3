/* SPDX-License-Identifier: Apache-2.0 */
/* softfp: what the unprivileged ISA says in so many words, each row worked out by hand.
 * Rounding in general is proven in softfp_exact_test.c and softfp_host_test.c. */
#include "check.h"
#include "cpu/fp/softfp.h"

#define S_ONE  UINT32_C(0x3f800000)
#define S_INF  UINT32_C(0x7f800000)
#define S_MAX  UINT32_C(0x7f7fffff)
#define S_SNAN UINT32_C(0x7f800001)
#define S_QNAN UINT32_C(0xffc12345)   /* quiet, negative, with a payload: never a result */
#define D_ONE  UINT64_C(0x3ff0000000000000)
#define D_INF  UINT64_C(0x7ff0000000000000)
#define D_MAX  UINT64_C(0x7fefffffffffffff)
#define D_SNAN UINT64_C(0x7ff0000000000001)
#define D_QNAN UINT64_C(0xfff8000000012345)
#define D_MIN_NORMAL UINT64_C(0x0010000000000000)

/* One call must give both a value and flags; flags start from 0. */
#define CHECK_F(call, want, want_flags)                                                   \
    do {                                                                                  \
        uint8_t flags = 0;                                                                \
        uint64_t got = (uint64_t)(call);                                                  \
        check_eq_u64(__FILE__, __LINE__, #call, got, (uint64_t)(want));                   \
        check_eq_u64(__FILE__, __LINE__, "flags of " #call, flags, (want_flags));         \
    } while (0)

static void test_nan_results_are_canonical_and_only_snan_raises_nv(void)
{
    CHECK_F(f32_add(S_QNAN, S_ONE, FP_RNE, &flags), F32_NAN, 0);
    CHECK_F(f32_add(S_ONE, S_SNAN, FP_RNE, &flags), F32_NAN, FP_NV);
    CHECK_F(f32_sub(S_ONE, S_QNAN, FP_RNE, &flags), F32_NAN, 0);
    CHECK_F(f32_mul(S_SNAN, S_QNAN, FP_RNE, &flags), F32_NAN, FP_NV);
    CHECK_F(f32_div(S_QNAN, 0, FP_RNE, &flags), F32_NAN, 0);
    CHECK_F(f32_sqrt(S_QNAN, FP_RNE, &flags), F32_NAN, 0);
    CHECK_F(f32_sqrt(S_SNAN, FP_RNE, &flags), F32_NAN, FP_NV);
    CHECK_F(f64_add(D_QNAN, D_ONE, FP_RNE, &flags), F64_NAN, 0);
    CHECK_F(f64_div(D_ONE, D_SNAN, FP_RNE, &flags), F64_NAN, FP_NV);
    CHECK_F(f64_fma(D_ONE, D_ONE, D_QNAN, FP_RNE, &flags), F64_NAN, 0);
    CHECK_F(f64_fma(D_ONE, D_ONE, D_SNAN, FP_RNE, &flags), F64_NAN, FP_NV);
    CHECK_F(f32_to_f64(S_QNAN, &flags), F64_NAN, 0);
    CHECK_F(f32_to_f64(S_SNAN, &flags), F64_NAN, FP_NV);
    CHECK_F(f64_to_f32(D_QNAN, FP_RNE, &flags), F32_NAN, 0);
    CHECK_F(f64_to_f32(D_SNAN, FP_RNE, &flags), F32_NAN, FP_NV);
}

static void test_invalid_operations_raise_nv(void)
{
    CHECK_F(f32_sub(S_INF, S_INF, FP_RNE, &flags), F32_NAN, FP_NV);
    CHECK_F(f64_add(D_INF, D_INF | F64_SIGN, FP_RNE, &flags), F64_NAN, FP_NV);
    CHECK_F(f32_mul(S_INF, F32_SIGN, FP_RNE, &flags), F32_NAN, FP_NV);
    CHECK_F(f32_div(0, F32_SIGN, FP_RNE, &flags), F32_NAN, FP_NV);
    CHECK_F(f64_div(D_INF, D_INF, FP_RNE, &flags), F64_NAN, FP_NV);
    CHECK_F(f32_sqrt(S_ONE | F32_SIGN, FP_RNE, &flags), F32_NAN, FP_NV);
    CHECK_F(f64_sqrt(D_INF | F64_SIGN, FP_RNE, &flags), F64_NAN, FP_NV);
    CHECK_F(f64_sqrt(1 | F64_SIGN, FP_RNE, &flags), F64_NAN, FP_NV);
    CHECK_F(f32_fma(S_INF, S_ONE, S_INF | F32_SIGN, FP_RNE, &flags), F32_NAN, FP_NV);
}

static void test_inf_times_zero_plus_quiet_nan_raises_nv(void)
{
    CHECK_F(f32_fma(S_INF, 0, S_QNAN, FP_RNE, &flags), F32_NAN, FP_NV);
    CHECK_F(f32_fma(0, S_INF, S_ONE, FP_RNE, &flags), F32_NAN, FP_NV);
    CHECK_F(f64_fma(F64_SIGN, D_INF, D_QNAN, FP_RNE, &flags), F64_NAN, FP_NV);
    CHECK_F(f64_fma(D_QNAN, D_INF, 0, FP_RNE, &flags), F64_NAN, 0);
}

static void test_infinities_are_exact(void)
{
    CHECK_F(f32_add(S_INF, S_MAX | F32_SIGN, FP_RNE, &flags), S_INF, 0);
    CHECK_F(f64_mul(D_INF, D_ONE | F64_SIGN, FP_RNE, &flags), D_INF | F64_SIGN, 0);
    CHECK_F(f64_div(D_ONE, D_INF | F64_SIGN, FP_RNE, &flags), F64_SIGN, 0);
    CHECK_F(f32_div(S_INF, 0, FP_RNE, &flags), S_INF, 0);
    CHECK_F(f64_sqrt(D_INF, FP_RNE, &flags), D_INF, 0);
    CHECK_F(f64_fma(D_MAX, D_MAX, D_INF | F64_SIGN, FP_RNE, &flags), D_INF | F64_SIGN, 0);
    CHECK_F(f64_to_f32(D_INF, FP_RTZ, &flags), S_INF, 0);
    CHECK_F(f32_to_f64(S_INF | F32_SIGN, &flags), D_INF | F64_SIGN, 0);
}

static void test_division_of_a_finite_number_by_zero_raises_dz(void)
{
    CHECK_F(f32_div(S_ONE, 0, FP_RTZ, &flags), S_INF, FP_DZ);
    CHECK_F(f32_div(1, F32_SIGN, FP_RNE, &flags), S_INF | F32_SIGN, FP_DZ);
    CHECK_F(f64_div(D_ONE | F64_SIGN, F64_SIGN, FP_RNE, &flags), D_INF, FP_DZ);
}

static void test_sign_of_a_zero_result(void)
{
    CHECK_F(f32_sub(S_ONE, S_ONE, FP_RNE, &flags), 0, 0);
    CHECK_F(f32_sub(S_ONE, S_ONE, FP_RDN, &flags), F32_SIGN, 0);
    CHECK_F(f64_add(0, F64_SIGN, FP_RMM, &flags), 0, 0);
    CHECK_F(f64_add(0, F64_SIGN, FP_RDN, &flags), F64_SIGN, 0);
    CHECK_F(f64_add(F64_SIGN, F64_SIGN, FP_RUP, &flags), F64_SIGN, 0);
    CHECK_F(f64_mul(D_ONE, F64_SIGN, FP_RUP, &flags), F64_SIGN, 0);
    CHECK_F(f64_div(F64_SIGN, D_ONE | F64_SIGN, FP_RDN, &flags), 0, 0);
    CHECK_F(f64_sqrt(F64_SIGN, FP_RUP, &flags), F64_SIGN, 0);
    CHECK_F(f64_fma(D_ONE, D_ONE, D_ONE | F64_SIGN, FP_RDN, &flags), F64_SIGN, 0);
    CHECK_F(f64_fma(0, D_ONE, F64_SIGN, FP_RNE, &flags), 0, 0);
    CHECK_F(f64_fma(F64_SIGN, D_ONE, F64_SIGN, FP_RNE, &flags), F64_SIGN, 0);
    /* fnmadd, by sign bits: -(0 * 1) - 0 */
    CHECK_F(f64_fma(0 ^ F64_SIGN, D_ONE, 0 ^ F64_SIGN, FP_RNE, &flags), F64_SIGN, 0);
    CHECK_F(f64_to_f32(F64_SIGN, FP_RNE, &flags), F32_SIGN, 0);
    CHECK_F(f32_from_i64(0, FP_RDN, &flags), 0, 0);
}

static void test_zero_operands_pass_numbers_through_exactly(void)
{
    CHECK_F(f32_add(1, F32_SIGN, FP_RUP, &flags), 1, 0);
    CHECK_F(f64_add(0, D_MAX, FP_RUP, &flags), D_MAX, 0);
    CHECK_F(f64_fma(0, D_MAX, 1 | F64_SIGN, FP_RDN, &flags), 1 | F64_SIGN, 0);
    CHECK_F(f64_mul(0, D_MAX, FP_RUP, &flags), 0, 0);
}

static void test_fma_rounds_once(void)
{
    /* (1 + e)(1 - e) - 1 = -e^2: a rounded product would give 0. */
    CHECK_F(f64_fma(0x3ff0000000000001, 0x3feffffffffffffe, D_ONE | F64_SIGN, FP_RNE, &flags),
            0xb970000000000000, 0);
    CHECK_F(f32_fma(0x3f800001, 0x3f7ffffe, S_ONE | F32_SIGN, FP_RNE, &flags), 0xa8800000, 0);
    /* An addend far below still pushes a directed rounding, and breaks a tie. */
    CHECK_F(f64_fma(D_ONE, D_ONE, 1, FP_RUP, &flags), 0x3ff0000000000001, FP_NX);
    CHECK_F(f64_fma(D_ONE, D_ONE, 1 | F64_SIGN, FP_RTZ, &flags), 0x3fefffffffffffff, FP_NX);
}

static void test_ties_go_to_even_or_away(void)
{
    /* 1 + 2^-53 and 1 + 3 * 2^-53 lie halfway. */
    CHECK_F(f64_add(D_ONE, 0x3ca0000000000000, FP_RNE, &flags), D_ONE, FP_NX);
    CHECK_F(f64_add(D_ONE, 0x3ca0000000000000, FP_RMM, &flags), D_ONE + 1, FP_NX);
    CHECK_F(f64_add(D_ONE + 1, 0x3ca0000000000000, FP_RNE, &flags), D_ONE + 2, FP_NX);
    CHECK_F(f64_add(D_ONE, 0x3ca0000000000000, FP_RTZ, &flags), D_ONE, FP_NX);
    CHECK_F(f64_add(D_ONE, 0x3ca0000000000000, FP_RUP, &flags), D_ONE + 1, FP_NX);
    CHECK_F(f64_sub(D_ONE | F64_SIGN, 0x3ca0000000000000, FP_RMM, &flags),
            (D_ONE + 1) | F64_SIGN, FP_NX);
    CHECK_F(f64_sub(D_ONE | F64_SIGN, 0x3ca0000000000000, FP_RUP, &flags), D_ONE | F64_SIGN,
            FP_NX);
    CHECK_F(f64_sub(D_ONE | F64_SIGN, 0x3ca0000000000000, FP_RDN, &flags),
            (D_ONE + 1) | F64_SIGN, FP_NX);
    CHECK_F(f32_from_u32(0x01000001, FP_RNE, &flags), 0x4b800000, FP_NX);
    CHECK_F(f32_from_u32(0x01000001, FP_RMM, &flags), 0x4b800001, FP_NX);
    CHECK_F(f64_to_i32(0x4004000000000000, FP_RNE, &flags), 2, FP_NX);     /* 2.5 */
    CHECK_F(f64_to_i32(0x4004000000000000, FP_RMM, &flags), 3, FP_NX);
    CHECK_F(f64_to_i32(0xc004000000000000, FP_RMM, &flags), (int64_t)-3, FP_NX);
}

static void test_tininess_is_detected_after_rounding(void)
{
    /* 2^-1022 * (1 + 2^-52)(1 - 2^-52) = 2^-1022 (1 - 2^-104): the nearest 53-bit number is
     * 2^-1022 itself, so nothing is tiny; towards zero it is 2^-1022 (1 - 2^-53), and is. */
    CHECK_F(f64_mul(D_MIN_NORMAL + 1, 0x3feffffffffffffe, FP_RNE, &flags), D_MIN_NORMAL, FP_NX);
    CHECK_F(f64_mul(D_MIN_NORMAL + 1, 0x3feffffffffffffe, FP_RUP, &flags), D_MIN_NORMAL, FP_NX);
    CHECK_F(f64_mul(D_MIN_NORMAL + 1, 0x3feffffffffffffe, FP_RTZ, &flags), D_MIN_NORMAL - 1,
            FP_UF | FP_NX);
    /* 2^-1022 (1 - 2^-53) is a 53-bit number below 2^-1022: tiny, though it becomes 2^-1022. */
    CHECK_F(f64_mul(D_MIN_NORMAL, 0x3fefffffffffffff, FP_RNE, &flags), D_MIN_NORMAL,
            FP_UF | FP_NX);
    /* A subnormal that is exact does not underflow. */
    CHECK_F(f64_mul(D_MIN_NORMAL, 0x3fe0000000000000, FP_RNE, &flags), D_MIN_NORMAL >> 1, 0);
    CHECK_F(f64_to_f32(0x36a0000000000000, FP_RNE, &flags), 1, 0);         /* 2^-149 */
    CHECK_F(f64_to_f32(0x3690000000000000, FP_RNE, &flags), 0, FP_UF | FP_NX);
    CHECK_F(f64_to_f32(0x3690000000000000, FP_RMM, &flags), 1, FP_UF | FP_NX);
    CHECK_F(f64_mul(1, 1 | F64_SIGN, FP_RDN, &flags), 1 | F64_SIGN, FP_UF | FP_NX);
    CHECK_F(f64_mul(1, 1 | F64_SIGN, FP_RUP, &flags), F64_SIGN, FP_UF | FP_NX);
}

static void test_overflow_follows_the_rounding_mode(void)
{
    static const uint32_t positive[] = { S_INF, S_MAX, S_MAX, S_INF, S_INF };
    static const uint32_t negative[] = { S_INF, S_MAX, S_INF, S_MAX, S_INF };

    for (int rm = FP_RNE; rm <= FP_RMM; rm++) {
        enum fp_rm m = (enum fp_rm)rm;

        CHECK_F(f32_mul(S_MAX, S_MAX, m, &flags), positive[rm], FP_OF | FP_NX);
        CHECK_F(f32_add(S_MAX | F32_SIGN, S_MAX | F32_SIGN, m, &flags),
                negative[rm] | F32_SIGN, FP_OF | FP_NX);
        CHECK_F(f64_to_f32(D_MAX, m, &flags), positive[rm], FP_OF | FP_NX);
    }
    /* Half a unit above the largest rounds to infinity, anything less does not. */
    CHECK_F(f32_add(S_MAX, 0x73000000, FP_RNE, &flags), S_INF, FP_OF | FP_NX);
    CHECK_F(f32_add(S_MAX, 0x72ffffff, FP_RNE, &flags), S_MAX, FP_NX);
    CHECK_F(f32_add(S_MAX, 0x73000000, FP_RTZ, &flags), S_MAX, FP_NX);
}

static void test_min_max_prefer_numbers_and_order_zeros(void)
{
    CHECK_F(f32_min(0, F32_SIGN, &flags), F32_SIGN, 0);
    CHECK_F(f32_min(F32_SIGN, 0, &flags), F32_SIGN, 0);
    CHECK_F(f32_max(0, F32_SIGN, &flags), 0, 0);
    CHECK_F(f64_max(F64_SIGN, 0, &flags), 0, 0);
    CHECK_F(f32_min(S_ONE, S_ONE | F32_SIGN, &flags), S_ONE | F32_SIGN, 0);
    CHECK_F(f32_max(S_INF | F32_SIGN, S_MAX | F32_SIGN, &flags), S_MAX | F32_SIGN, 0);
    CHECK_F(f64_min(D_INF, D_MAX, &flags), D_MAX, 0);
    CHECK_F(f64_max(1, D_ONE, &flags), D_ONE, 0);
    CHECK_F(f32_min(S_QNAN, S_ONE, &flags), S_ONE, 0);
    CHECK_F(f32_max(S_ONE, S_QNAN, &flags), S_ONE, 0);
    CHECK_F(f32_min(S_SNAN, S_ONE, &flags), S_ONE, FP_NV);
    CHECK_F(f64_max(D_ONE, D_SNAN, &flags), D_ONE, FP_NV);
    CHECK_F(f64_min(D_QNAN, D_QNAN, &flags), F64_NAN, 0);
    CHECK_F(f64_max(D_SNAN, D_QNAN, &flags), F64_NAN, FP_NV);
}

static void test_feq_is_quiet_flt_and_fle_signal(void)
{
    CHECK_F(f32_eq(S_QNAN, S_QNAN, &flags), 0, 0);
    CHECK_F(f32_eq(S_SNAN, S_ONE, &flags), 0, FP_NV);
    CHECK_F(f32_lt(S_ONE, S_QNAN, &flags), 0, FP_NV);
    CHECK_F(f32_le(S_QNAN, S_ONE, &flags), 0, FP_NV);
    CHECK_F(f64_eq(D_ONE, D_SNAN, &flags), 0, FP_NV);
    CHECK_F(f64_le(D_SNAN, D_SNAN, &flags), 0, FP_NV);
    CHECK_F(f64_eq(0, F64_SIGN, &flags), 1, 0);
    CHECK_F(f64_lt(F64_SIGN, 0, &flags), 0, 0);
    CHECK_F(f64_le(0, F64_SIGN, &flags), 1, 0);
    CHECK_F(f64_lt(D_MAX | F64_SIGN, 1, &flags), 1, 0);
    CHECK_F(f64_lt(D_INF | F64_SIGN, D_MAX | F64_SIGN, &flags), 1, 0);
    CHECK_F(f64_le(D_ONE, D_ONE, &flags), 1, 0);
    CHECK_F(f64_le(D_ONE, 1, &flags), 0, 0);
}

static void test_classify_names_one_class(void)
{
    static const struct { uint32_t s; uint64_t d; unsigned class; } rows[] = {
        { 0xff800000, 0xfff0000000000000, FP_CLASS_NEG_INF },
        { 0xff7fffff, 0xffefffffffffffff, FP_CLASS_NEG_NORMAL },
        { 0x80800000, 0x8010000000000000, FP_CLASS_NEG_NORMAL },
        { 0x807fffff, 0x800fffffffffffff, FP_CLASS_NEG_SUBNORMAL },
        { 0x80000001, 0x8000000000000001, FP_CLASS_NEG_SUBNORMAL },
        { 0x80000000, 0x8000000000000000, FP_CLASS_NEG_ZERO },
        { 0x00000000, 0x0000000000000000, FP_CLASS_POS_ZERO },
        { 0x00000001, 0x0000000000000001, FP_CLASS_POS_SUBNORMAL },
        { 0x007fffff, 0x000fffffffffffff, FP_CLASS_POS_SUBNORMAL },
        { 0x00800000, 0x0010000000000000, FP_CLASS_POS_NORMAL },
        { 0x7f7fffff, 0x7fefffffffffffff, FP_CLASS_POS_NORMAL },
        { 0x7f800000, 0x7ff0000000000000, FP_CLASS_POS_INF },
        { 0x7f800001, 0x7ff0000000000001, FP_CLASS_SNAN },
        { 0xffbfffff, 0xfff7ffffffffffff, FP_CLASS_SNAN },
        { 0x7fc00000, 0x7ff8000000000000, FP_CLASS_QNAN },
        { 0xffffffff, 0xffffffffffffffff, FP_CLASS_QNAN },
    };

    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        CHECK_EQ_U64(f32_classify(rows[i].s), rows[i].class);
        CHECK_EQ_U64(f64_classify(rows[i].d), rows[i].class);
    }
    CHECK_EQ_U64(FP_CLASS_QNAN, 1 << 9);      /* the spec's numbering, not only ours */
    CHECK_EQ_U64(FP_CLASS_POS_ZERO, 1 << 4);
}

static void test_integers_saturate_with_nv_alone(void)
{
    CHECK_F(f32_to_i32(S_QNAN, FP_RNE, &flags), INT32_MAX, FP_NV);
    CHECK_F(f32_to_u32(S_QNAN, FP_RNE, &flags), UINT32_MAX, FP_NV);
    CHECK_F(f64_to_i64(D_QNAN, FP_RNE, &flags), INT64_MAX, FP_NV);
    CHECK_F(f64_to_u64(D_SNAN, FP_RNE, &flags), UINT64_MAX, FP_NV);
    CHECK_F(f32_to_i32(S_INF, FP_RNE, &flags), INT32_MAX, FP_NV);
    CHECK_F(f32_to_i32(S_INF | F32_SIGN, FP_RNE, &flags), INT32_MIN, FP_NV);
    CHECK_F(f64_to_u32(D_INF | F64_SIGN, FP_RNE, &flags), 0, FP_NV);
    CHECK_F(f64_to_u64(D_INF | F64_SIGN, FP_RNE, &flags), 0, FP_NV);
    CHECK_F(f64_to_i64(0x43e0000000000000, FP_RNE, &flags), INT64_MAX, FP_NV);   /* 2^63 */
    CHECK_F(f64_to_i64(0xc3e0000000000000, FP_RNE, &flags), INT64_MIN, 0);
    CHECK_F(f64_to_i64(0xc3e0000000000001, FP_RNE, &flags), INT64_MIN, FP_NV);
    CHECK_F(f64_to_u64(0x43e0000000000000, FP_RNE, &flags), UINT64_C(1) << 63, 0);
    CHECK_F(f64_to_u64(0x43f0000000000000, FP_RNE, &flags), UINT64_MAX, FP_NV);  /* 2^64 */
    CHECK_F(f64_to_i32(0x41dfffffffc00000, FP_RNE, &flags), INT32_MAX, 0);       /* 2^31 - 1 */
    CHECK_F(f64_to_i32(0x41dfffffffe00000, FP_RTZ, &flags), INT32_MAX, FP_NX);   /* + 0.5 */
    CHECK_F(f64_to_i32(0x41dfffffffe00000, FP_RNE, &flags), INT32_MAX, FP_NV);
    CHECK_F(f64_to_i32(0xc1e0000000100000, FP_RNE, &flags), INT32_MIN, FP_NX);   /* - 0.5 */
    CHECK_F(f64_to_i32(0xc1e0000000100000, FP_RMM, &flags), INT32_MIN, FP_NV);
    CHECK_F(f64_to_u32(0x41efffffffe00000, FP_RNE, &flags), UINT32_MAX, 0);
    CHECK_F(f64_to_u32(0x41effffffff00000, FP_RUP, &flags), UINT32_MAX, FP_NV);
}

static void test_unsigned_of_a_negative_that_rounds_to_zero_is_only_inexact(void)
{
    CHECK_F(f32_to_u32(0xbf000000, FP_RNE, &flags), 0, FP_NX);             /* -0.5 */
    CHECK_F(f32_to_u32(0xbf000000, FP_RMM, &flags), 0, FP_NV);
    CHECK_F(f32_to_u32(0xbf000000, FP_RDN, &flags), 0, FP_NV);
    CHECK_F(f64_to_u64(0xbfefffffffffffff, FP_RTZ, &flags), 0, FP_NX);
    CHECK_F(f64_to_u64(1 | F64_SIGN, FP_RUP, &flags), 0, FP_NX);
    CHECK_F(f64_to_u64(D_ONE | F64_SIGN, FP_RTZ, &flags), 0, FP_NV);
    CHECK_F(f64_to_u64(F64_SIGN, FP_RDN, &flags), 0, 0);
}

static void test_integer_limits_convert_to_floats(void)
{
    CHECK_F(f32_from_i32(INT32_MIN, FP_RNE, &flags), 0xcf000000, 0);
    CHECK_F(f32_from_i32(INT32_MAX, FP_RNE, &flags), 0x4f000000, FP_NX);
    CHECK_F(f32_from_u32(UINT32_MAX, FP_RTZ, &flags), 0x4f7fffff, FP_NX);
    CHECK_F(f32_from_u64(UINT64_MAX, FP_RNE, &flags), 0x5f800000, FP_NX);
    CHECK_F(f64_from_i32(-1, FP_RNE, &flags), 0xbff0000000000000, 0);
    CHECK_F(f64_from_u32(UINT32_MAX, FP_RNE, &flags), 0x41efffffffe00000, 0);
    CHECK_F(f64_from_i64(INT64_MIN, FP_RNE, &flags), 0xc3e0000000000000, 0);
    CHECK_F(f64_from_u64(UINT64_MAX, FP_RTZ, &flags), 0x43efffffffffffff, FP_NX);
}

static void test_flags_accumulate(void)
{
    uint8_t flags = FP_DZ;

    f32_add(S_ONE, 1, FP_RNE, &flags);
    CHECK_EQ_U64(flags, FP_DZ | FP_NX);
    f32_add(S_ONE, S_ONE, FP_RNE, &flags);
    CHECK_EQ_U64(flags, FP_DZ | FP_NX);
    f32_mul(S_MAX, S_MAX, FP_RNE, &flags);
    CHECK_EQ_U64(flags, FP_DZ | FP_NX | FP_OF);
}

/* The caller refuses them; should one slip through, it must not be undefined. */
static void test_reserved_rounding_modes_truncate(void)
{
    for (int rm = 5; rm < 8; rm++) {
        CHECK_F(f64_add(D_ONE, 0x3cafffffffffffff, (enum fp_rm)rm, &flags), D_ONE, FP_NX);
        CHECK_F(f32_mul(S_MAX, S_MAX, (enum fp_rm)rm, &flags), S_MAX, FP_OF | FP_NX);
        CHECK_F(f32_to_i32(0xbfffffff, (enum fp_rm)rm, &flags), -(int64_t)1, FP_NX);
    }
}

TEST_MAIN(test_nan_results_are_canonical_and_only_snan_raises_nv,
          test_invalid_operations_raise_nv,
          test_inf_times_zero_plus_quiet_nan_raises_nv,
          test_infinities_are_exact,
          test_division_of_a_finite_number_by_zero_raises_dz,
          test_sign_of_a_zero_result,
          test_zero_operands_pass_numbers_through_exactly,
          test_fma_rounds_once,
          test_ties_go_to_even_or_away,
          test_tininess_is_detected_after_rounding,
          test_overflow_follows_the_rounding_mode,
          test_min_max_prefer_numbers_and_order_zeros,
          test_feq_is_quiet_flt_and_fle_signal,
          test_classify_names_one_class,
          test_integers_saturate_with_nv_alone,
          test_unsigned_of_a_negative_that_rounds_to_zero_is_only_inexact,
          test_integer_limits_convert_to_floats,
          test_flags_accumulate,
          test_reserved_rounding_modes_truncate)
