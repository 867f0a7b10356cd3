/* SPDX-License-Identifier: Apache-2.0 */
/* Writing instructions into memory, and the seeded chance by which random programs are made. */
#ifndef CPU_LOCKSTEP_EMIT_H
#define CPU_LOCKSTEP_EMIT_H

#include "base/bits.h"
#include "cpu/isa/isa.h"

/* A place in memory and a stream of chance.  Nothing is written at or beyond `size`. */
struct emit {
    uint8_t *bytes;
    uint32_t at, size; /* offsets in bytes */
    uint64_t state;    /* of the random stream (splitmix64) */
};

/* Chance: 64 bits; a number below n; a value where integer and floating-point arithmetic has
 * corners. */
uint64_t emit_chance(struct emit *e);
unsigned emit_below(struct emit *e, unsigned n);
/* What is no instruction, but nearly: one with a bit or two of its fixed fields turned. */
void emit_near_miss(struct emit *e);
uint64_t emit_value(struct emit *e);
/* A rounding-mode field: mostly valid ones and "dynamic". */
unsigned emit_rounding(struct emit *e);

void emit16(struct emit *e, uint32_t half);
void emit32(struct emit *e, uint32_t word);

/* Immediates of the S, B and J formats in place. */
uint32_t emit_s_imm(uint32_t imm);
uint32_t emit_b_imm(uint32_t imm);
uint32_t emit_j_imm(uint32_t imm);

/* A word of the table's row `op`; `rest` is added. */
static inline uint32_t emit_row(unsigned op, unsigned rd, unsigned rs1, uint32_t rest)
{
    return isa_table[op].match | rd << 7 | rs1 << 15 | rest;
}

void emit_i(struct emit *e, unsigned op, unsigned rd, unsigned rs1, int imm);
void emit_r(struct emit *e, unsigned op, unsigned rd, unsigned rs1, unsigned rs2);
void emit_s(struct emit *e, unsigned op, unsigned rs2, unsigned rs1, unsigned imm);
void emit_csr(struct emit *e, unsigned op, unsigned rd, unsigned csr, unsigned rs1);
/* A branch to an offset of the memory; and the same once the target is known: at e->at. */
void emit_branch(struct emit *e, unsigned op, unsigned rs1, unsigned rs2, uint32_t to);
void emit_jal(struct emit *e, unsigned rd, uint32_t to);
void emit_land(struct emit *e, uint32_t from);

/* rd = address of an offset of the memory, relative to pc: 8 bytes. */
void emit_address(struct emit *e, unsigned rd, uint32_t offset);
/* rd = a value of up to 64 bits. */
void emit_constant(struct emit *e, unsigned rd, uint64_t v);

#endif
