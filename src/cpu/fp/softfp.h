/* SPDX-License-Identifier: Apache-2.0 */
/* Exact RISC-V F and D arithmetic in integers (unprivileged ISA 20191213, chapters 11 and 12).
 *
 * The host's FPU is never used: its NaNs, its tininess rule and its missing RMM differ from one
 * host to the next, and a run has to give the same bits everywhere.
 *
 * Values are raw IEEE 754 encodings: binary32 in a uint32_t, binary64 in a uint64_t.  The caller
 * does what belongs to registers and CSRs:
 *   - NaN-boxing of f32 operands and results;
 *   - rm = DYN (7) replaced by frm, and 5, 6 or an illegal frm refused.  A value outside
 *     enum fp_rm is harmless here: it rounds as FP_RTZ;
 *   - fsgnj*, fmv and loads and stores, which are bit moves.
 *
 * Each function ORs the exceptions it raises (FP_NX ... FP_NV) into *flags and clears none.
 * Every NaN result is the canonical one.  Tininess is detected after rounding (11.4).
 * All functions are pure but for *flags, and loop at most 16 times. */
#ifndef CPU_FP_SOFTFP_H
#define CPU_FP_SOFTFP_H

#include <stdbool.h>
#include <stdint.h>

/* The encoding of frm and of the rm field (table 11.1). */
enum fp_rm { FP_RNE, FP_RTZ, FP_RDN, FP_RUP, FP_RMM };

/* The bits of fflags (figure 11.2). */
enum { FP_NX = 1, FP_UF = 2, FP_OF = 4, FP_DZ = 8, FP_NV = 16 };

#define F32_SIGN UINT32_C(0x80000000)
#define F32_NAN  UINT32_C(0x7fc00000)
#define F64_SIGN UINT64_C(0x8000000000000000)
#define F64_NAN  UINT64_C(0x7ff8000000000000)

/* fadd, fsub, fmul, fdiv, fsqrt. */
uint32_t f32_add(uint32_t a, uint32_t b, enum fp_rm rm, uint8_t *flags);
uint32_t f32_sub(uint32_t a, uint32_t b, enum fp_rm rm, uint8_t *flags);
uint32_t f32_mul(uint32_t a, uint32_t b, enum fp_rm rm, uint8_t *flags);
uint32_t f32_div(uint32_t a, uint32_t b, enum fp_rm rm, uint8_t *flags);
uint32_t f32_sqrt(uint32_t a, enum fp_rm rm, uint8_t *flags);
uint64_t f64_add(uint64_t a, uint64_t b, enum fp_rm rm, uint8_t *flags);
uint64_t f64_sub(uint64_t a, uint64_t b, enum fp_rm rm, uint8_t *flags);
uint64_t f64_mul(uint64_t a, uint64_t b, enum fp_rm rm, uint8_t *flags);
uint64_t f64_div(uint64_t a, uint64_t b, enum fp_rm rm, uint8_t *flags);
uint64_t f64_sqrt(uint64_t a, enum fp_rm rm, uint8_t *flags);

/* a * b + c, rounded once.  The other three instructions are this one with sign bits flipped
 * (^ F32_SIGN, ^ F64_SIGN), which is exact and harmless on a NaN:
 *     fmadd  = fma( a, b,  c)      fmsub  = fma( a, b, -c)
 *     fnmsub = fma(-a, b,  c)      fnmadd = fma(-a, b, -c)
 * infinity * 0 raises NV even when c is a quiet NaN (11.6). */
uint32_t f32_fma(uint32_t a, uint32_t b, uint32_t c, enum fp_rm rm, uint8_t *flags);
uint64_t f64_fma(uint64_t a, uint64_t b, uint64_t c, enum fp_rm rm, uint8_t *flags);

/* fmin and fmax: minimumNumber and maximumNumber of IEEE 754-2019.  One NaN gives the other
 * operand, two give the canonical NaN, a signalling one raises NV; -0 is less than +0. */
uint32_t f32_min(uint32_t a, uint32_t b, uint8_t *flags);
uint32_t f32_max(uint32_t a, uint32_t b, uint8_t *flags);
uint64_t f64_min(uint64_t a, uint64_t b, uint8_t *flags);
uint64_t f64_max(uint64_t a, uint64_t b, uint8_t *flags);

/* feq raises NV for a signalling NaN only, flt and fle for any NaN; all are then false. */
bool f32_eq(uint32_t a, uint32_t b, uint8_t *flags);
bool f32_lt(uint32_t a, uint32_t b, uint8_t *flags);
bool f32_le(uint32_t a, uint32_t b, uint8_t *flags);
bool f64_eq(uint64_t a, uint64_t b, uint8_t *flags);
bool f64_lt(uint64_t a, uint64_t b, uint8_t *flags);
bool f64_le(uint64_t a, uint64_t b, uint8_t *flags);

/* fclass: exactly one of these bits (table 11.5). */
enum {
    FP_CLASS_NEG_INF       = 1 << 0,
    FP_CLASS_NEG_NORMAL    = 1 << 1,
    FP_CLASS_NEG_SUBNORMAL = 1 << 2,
    FP_CLASS_NEG_ZERO      = 1 << 3,
    FP_CLASS_POS_ZERO      = 1 << 4,
    FP_CLASS_POS_SUBNORMAL = 1 << 5,
    FP_CLASS_POS_NORMAL    = 1 << 6,
    FP_CLASS_POS_INF       = 1 << 7,
    FP_CLASS_SNAN          = 1 << 8,
    FP_CLASS_QNAN          = 1 << 9,
};
unsigned f32_classify(uint32_t a);
unsigned f64_classify(uint64_t a);

/* fcvt to an integer.  What does not fit after rounding saturates and raises NV alone; a NaN
 * counts as +infinity (table 11.4).  The 32-bit results are 32 bits wide: on RV64 both fcvt.w
 * and fcvt.wu sign-extend them into the register, and that is the caller's. */
int32_t  f32_to_i32(uint32_t a, enum fp_rm rm, uint8_t *flags);
uint32_t f32_to_u32(uint32_t a, enum fp_rm rm, uint8_t *flags);
int64_t  f32_to_i64(uint32_t a, enum fp_rm rm, uint8_t *flags);
uint64_t f32_to_u64(uint32_t a, enum fp_rm rm, uint8_t *flags);
int32_t  f64_to_i32(uint64_t a, enum fp_rm rm, uint8_t *flags);
uint32_t f64_to_u32(uint64_t a, enum fp_rm rm, uint8_t *flags);
int64_t  f64_to_i64(uint64_t a, enum fp_rm rm, uint8_t *flags);
uint64_t f64_to_u64(uint64_t a, enum fp_rm rm, uint8_t *flags);

/* fcvt from an integer.  Zero gives +0.  (32 bits to f64 is exact: rm and flags stay unused.) */
uint32_t f32_from_i32(int32_t v, enum fp_rm rm, uint8_t *flags);
uint32_t f32_from_u32(uint32_t v, enum fp_rm rm, uint8_t *flags);
uint32_t f32_from_i64(int64_t v, enum fp_rm rm, uint8_t *flags);
uint32_t f32_from_u64(uint64_t v, enum fp_rm rm, uint8_t *flags);
uint64_t f64_from_i32(int32_t v, enum fp_rm rm, uint8_t *flags);
uint64_t f64_from_u32(uint32_t v, enum fp_rm rm, uint8_t *flags);
uint64_t f64_from_i64(int64_t v, enum fp_rm rm, uint8_t *flags);
uint64_t f64_from_u64(uint64_t v, enum fp_rm rm, uint8_t *flags);

/* fcvt.d.s is exact and needs no rounding mode; it raises NV for a signalling NaN. */
uint64_t f32_to_f64(uint32_t a, uint8_t *flags);
uint32_t f64_to_f32(uint64_t a, enum fp_rm rm, uint8_t *flags);

#endif
