/* SPDX-License-Identifier: Apache-2.0 */
/* An assembler for the x86-64 instructions that the translator uses (Intel SDM volume 2, AMD APM
 * volume 3).  Everything is appended to a struct code; nothing is checked but its room. */
#ifndef CPU_JIT_X86_H
#define CPU_JIT_X86_H

#include "base/bits.h"

#include <stdbool.h>
#include <stdint.h>

enum x86_reg {
    RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15
};

enum x86_cond { /* as in the opcodes of jcc, setcc and cmovcc */
    CC_O, CC_NO, CC_B, CC_AE, CC_E, CC_NE, CC_BE, CC_A, CC_S, CC_NS, CC_P, CC_NP, CC_L, CC_GE,
    CC_LE, CC_G
};

/* Code being written: the host may write at `p` and execute the same bytes at `p + to_exec`. */
struct code {
    uint8_t *p, *end;
    intptr_t to_exec;
};

/* Longest instruction; whoever emits makes sure of the room first. */
#define X86_LENGTH_MAX 16

/* The register or memory operand of an instruction. */
struct x86_rm {
    int8_t reg;         /* a register, or -1: memory at base + index << scale + disp */
    int8_t base, index; /* index -1: none */
    uint8_t scale;      /* 0 to 3 */
    int32_t disp;
};

static inline struct x86_rm x86_r(int reg)
{
    return (struct x86_rm){.reg = (int8_t)reg, .index = -1};
}

static inline struct x86_rm x86_m(int base, int32_t disp)
{
    return (struct x86_rm){.reg = -1, .base = (int8_t)base, .index = -1, .disp = disp};
}

static inline struct x86_rm x86_mi(int base, int index, unsigned scale, int32_t disp)
{
    return (struct x86_rm){-1, (int8_t)base, (int8_t)index, (uint8_t)scale, disp};
}

/* An operation: opcode byte, map, prefixes.  Bits 7..0 opcode, 9..8 map (0, 0F, 0F38, 0F3A),
 * 10 REX.W, 12..11 prefix (none, 66, F3, F2), 13 register operands are bytes (reg), 14 (rm). */
#define X_0F (1u << 8)
#define X_0F38 (2u << 8)
#define X_0F3A (3u << 8)
#define X_W (1u << 10)
#define X_66 (1u << 11)
#define X_F3 (2u << 11)
#define X_F2 (3u << 11)
#define X_BREG (1u << 13)
#define X_BRM (1u << 14)

enum {
    OPX_ADD = 0x03, OPX_OR = 0x0b, OPX_AND = 0x23, OPX_SUB = 0x2b, OPX_XOR = 0x33, OPX_CMP = 0x3b,
    OPX_TEST = 0x85,
    OPX_LOAD = 0x8b,  /* mov r, r/m */
    OPX_STORE = 0x89, /* mov r/m, r */
    OPX_STORE8 = 0x88 | X_BREG,
    OPX_STORE16 = 0x89 | X_66,
    OPX_LEA = 0x8d,
    OPX_MOVSXD = 0x63 | X_W,
    OPX_MOVZX8 = 0xb6 | X_0F | X_BRM, OPX_MOVZX16 = 0xb7 | X_0F,
    OPX_MOVSX8 = 0xbe | X_0F | X_W | X_BRM, OPX_MOVSX16 = 0xbf | X_0F | X_W,
    OPX_IMUL = 0xaf | X_0F,
    /* with VEX: moves between memory and an XMM register */
    OPV_LOAD64 = 0x10 | X_0F | X_F2, OPV_STORE64 = 0x11 | X_0F | X_F2,
    OPV_STORE32 = 0x11 | X_0F | X_F3,
    OPX_LZCNT = 0xbd | X_0F | X_F3, OPX_TZCNT = 0xbc | X_0F | X_F3, OPX_POPCNT = 0xb8 | X_0F | X_F3,
};
/* Groups of one-operand instructions: the opcode and what stands in the reg field. */
enum {
    GROUP1_ADD, GROUP1_OR, GROUP1_ADC, GROUP1_SBB, GROUP1_AND, GROUP1_SUB, GROUP1_XOR, GROUP1_CMP
};
enum { GROUP2_ROL, GROUP2_ROR, GROUP2_SHL = 4, GROUP2_SHR, GROUP2_SAR = 7 };
enum { GROUP3_NOT = 2, GROUP3_NEG, GROUP3_MUL, GROUP3_IMUL, GROUP3_DIV, GROUP3_IDIV };

static inline void x86_byte(struct code *c, unsigned b)
{
    *c->p++ = (uint8_t)b;
}

static inline void x86_dword(struct code *c, uint32_t v)
{
    le32_put(c->p, v);
    c->p += 4;
}

static inline void x86_qword(struct code *c, uint64_t v)
{
    le64_put(c->p, v);
    c->p += 8;
}

/* ModRM, SIB, displacement. */
static inline void x86_modrm(struct code *c, int reg, struct x86_rm rm)
{
    unsigned field = ((unsigned)reg & 7) << 3, base = (unsigned)rm.base & 7, mod;

    if (rm.reg >= 0) {
        x86_byte(c, 0xc0 | field | ((unsigned)rm.reg & 7));
        return;
    }
    mod = rm.disp == 0 && base != 5 ? 0 : rm.disp == (int8_t)rm.disp ? 1 : 2;
    if (rm.index >= 0 || base == 4) {
        unsigned index = rm.index >= 0 ? (unsigned)rm.index & 7 : 4;
        x86_byte(c, mod << 6 | field | 4);
        x86_byte(c, (unsigned)rm.scale << 6 | index << 3 | base);
    } else {
        x86_byte(c, mod << 6 | field | base);
    }
    if (mod == 1)
        x86_byte(c, (uint8_t)rm.disp);
    else if (mod == 2)
        x86_dword(c, (uint32_t)rm.disp);
}

static inline unsigned x86_rex_bits(int reg, struct x86_rm rm)
{
    unsigned bits = reg & 8 ? 4 : 0;

    if (rm.reg >= 0)
        return bits | (rm.reg & 8 ? 1 : 0);
    if (rm.index >= 0 && rm.index & 8)
        bits |= 2;
    return bits | (rm.base & 8 ? 1 : 0);
}

/* op reg, rm (or op rm, reg: as the opcode says). */
static inline void x86(struct code *c, unsigned op, int reg, struct x86_rm rm)
{
    static const uint8_t prefix[] = {0, 0x66, 0xf3, 0xf2};
    unsigned rex = x86_rex_bits(reg, rm) | (op & X_W ? 8 : 0);
    bool bytes = (op & X_BREG && reg >= 4) || (op & X_BRM && rm.reg >= 4);

    if (op >> 11 & 3)
        x86_byte(c, prefix[op >> 11 & 3]);
    if (rex || bytes)
        x86_byte(c, 0x40 | rex);
    if (op >> 8 & 3)
        x86_byte(c, 0x0f);
    if ((op >> 8 & 3) == 2)
        x86_byte(c, 0x38);
    if ((op >> 8 & 3) == 3)
        x86_byte(c, 0x3a);
    x86_byte(c, op & 0xff);
    x86_modrm(c, reg, rm);
}

/* VEX-encoded: op reg, v, rm; `l` is 0 for scalars and 128 bits. */
static inline void x86_vex(struct code *c, unsigned op, int reg, int v, struct x86_rm rm)
{
    unsigned rex = x86_rex_bits(reg, rm);

    if ((op >> 8 & 3) == 1 && !(op & X_W) && !(rex & 3)) {
        x86_byte(c, 0xc5);
        x86_byte(c, (rex & 4 ? 0 : 0x80) | (~(unsigned)v & 15) << 3 | (op >> 11 & 3));
    } else {
        x86_byte(c, 0xc4);
        x86_byte(c, (~rex & 7) << 5 | (op >> 8 & 3));
        x86_byte(c, (op & X_W ? 0x80 : 0) | (~(unsigned)v & 15) << 3 | (op >> 11 & 3));
    }
    x86_byte(c, op & 0xff);
    x86_modrm(c, reg, rm);
}

/* ---- what is used most ---- */

static inline void x86_mov(struct code *c, int to, int from)
{
    if (to != from)
        x86(c, OPX_LOAD | X_W, to, x86_r(from));
}

/* Any 64-bit constant, in the shortest form. */
static inline void x86_mov_imm(struct code *c, int to, uint64_t v)
{
    if (v == 0) {
        x86(c, OPX_XOR, to, x86_r(to)); /* changes the flags */
    } else if (v >> 32 == 0) {
        if (to & 8)
            x86_byte(c, 0x41);
        x86_byte(c, 0xb8 | (to & 7));
        x86_dword(c, (uint32_t)v);
    } else if ((int64_t)v == (int32_t)v) {
        x86(c, 0xc7 | X_W, 0, x86_r(to));
        x86_dword(c, (uint32_t)v);
    } else {
        x86_byte(c, 0x48 | (to & 8 ? 1 : 0));
        x86_byte(c, 0xb8 | (to & 7));
        x86_qword(c, v);
    }
}

/* add, or, and, sub, xor, cmp with a constant; `w` is X_W or 0. */
static inline void x86_alu_imm(struct code *c, unsigned w, int group, struct x86_rm rm, int32_t v)
{
    bool small = v == (int8_t)v;

    x86(c, (small ? 0x83u : 0x81u) | w, group, rm);
    if (small)
        x86_byte(c, (uint8_t)v);
    else
        x86_dword(c, (uint32_t)v);
}

static inline void x86_shift_imm(struct code *c, unsigned w, int group, struct x86_rm rm,
                                 unsigned n)
{
    x86(c, 0xc1 | w, group, rm);
    x86_byte(c, n);
}

static inline void x86_group3(struct code *c, unsigned w, int group, struct x86_rm rm)
{
    x86(c, 0xf7 | w, group, rm);
}

/* rorx (BMI2): to = from rotated right by n, flags unchanged. */
static inline void x86_rorx(struct code *c, unsigned w, int to, struct x86_rm from, unsigned n)
{
    x86_vex(c, 0xf0 | X_0F3A | X_F2 | w, to, 0, from);
    x86_byte(c, n);
}

/* Jumps and calls to an address of executable code. */
static inline void x86_rel32(struct code *c, const void *target)
{
    x86_dword(c, (uint32_t)((intptr_t)target - ((intptr_t)c->p + 4 + c->to_exec)));
}

static inline void x86_jmp(struct code *c, const void *target)
{
    x86_byte(c, 0xe9);
    x86_rel32(c, target);
}

static inline void x86_call(struct code *c, const void *target)
{
    x86_byte(c, 0xe8);
    x86_rel32(c, target);
}

static inline void x86_jcc(struct code *c, enum x86_cond cc, const void *target)
{
    x86_byte(c, 0x0f);
    x86_byte(c, 0x80u | cc);
    x86_rel32(c, target);
}

/* Where the bytes at p are executed. */
static inline const void *x86_here(const struct code *c)
{
    return c->p + c->to_exec;
}

/* A forward jump whose target follows: x86_label sets it to where the code is now. */
static inline uint8_t *x86_jcc_forward(struct code *c, enum x86_cond cc)
{
    x86_byte(c, 0x70u | cc);
    x86_byte(c, 0);
    return c->p;
}

/* The same over more than 127 bytes; x86_label_far sets it. */
static inline uint8_t *x86_jcc_far(struct code *c, enum x86_cond cc)
{
    x86_jcc(c, cc, c->p);
    return c->p;
}

static inline uint8_t *x86_jmp_forward(struct code *c)
{
    x86_byte(c, 0xeb);
    x86_byte(c, 0);
    return c->p;
}

static inline void x86_label(struct code *c, uint8_t *jump)
{
    jump[-1] = (uint8_t)(c->p - jump);
}

/* Sets the rel32 that ends at `field_end` (in writable code) to an executable address. */
static inline void x86_patch(const struct code *c, uint8_t *field_end, const void *target)
{
    le32_put(field_end - 4, (uint32_t)((intptr_t)target - ((intptr_t)field_end + c->to_exec)));
}

static inline void x86_label_far(struct code *c, uint8_t *jump)
{
    x86_patch(c, jump, x86_here(c));
}

#endif
