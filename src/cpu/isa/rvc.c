/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed instructions (RV64C, unprivileged ISA chapter 16): each stands for one of 32 bits. */
#include "base/bits.h"
#include "cpu/isa/isa.h"

enum { LOAD = 0x03, LOAD_FP = 0x07, OP_IMM = 0x13, OP_IMM_32 = 0x1b, STORE = 0x23, STORE_FP = 0x27,
       OP_REG = 0x33, LUI = 0x37, OP_REG_32 = 0x3b, BRANCH = 0x63, JALR = 0x67, JAL = 0x6f };

static uint32_t bits(uint32_t v, unsigned hi, unsigned lo)
{
    return (v >> lo) & ((1u << (hi - lo + 1)) - 1);
}

static uint32_t bit(uint32_t v, unsigned from, unsigned to)
{
    return ((v >> from) & 1) << to;
}

static uint32_t i_type(uint32_t opcode, uint32_t funct3, uint32_t rd, uint32_t rs1, uint32_t imm)
{
    return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | (imm & 0xfff) << 20;
}

static uint32_t s_type(uint32_t opcode, uint32_t funct3, uint32_t rs1, uint32_t rs2, uint32_t imm)
{
    return opcode | (imm & 0x1f) << 7 | funct3 << 12 | rs1 << 15 | rs2 << 20 | (imm >> 5 & 0x7f) << 25;
}

static uint32_t r_type(uint32_t opcode, uint32_t funct3, uint32_t funct7, uint32_t rd, uint32_t rs1,
                       uint32_t rs2)
{
    return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | rs2 << 20 | funct7 << 25;
}

static uint32_t sext6(uint32_t h)
{
    return (uint32_t)sign_extend(bits(h, 6, 2) | bit(h, 12, 5), 6);
}

/* Quadrant 0: loads and stores through the eight popular registers, addi4spn. */
static uint32_t quadrant0(uint32_t h)
{
    uint32_t rd = 8 + bits(h, 4, 2), rs1 = 8 + bits(h, 9, 7);
    uint32_t word = bits(h, 12, 10) << 3 | bit(h, 6, 2) | bit(h, 5, 6);
    uint32_t dword = bits(h, 12, 10) << 3 | bits(h, 6, 5) << 6;
    uint32_t spn = bits(h, 10, 7) << 6 | bits(h, 12, 11) << 4 | bit(h, 5, 3) | bit(h, 6, 2);

    switch (bits(h, 15, 13)) {
    case 0: return spn ? i_type(OP_IMM, 0, rd, 2, spn) : 0; /* c.addi4spn */
    case 1: return i_type(LOAD_FP, 3, rd, rs1, dword);      /* c.fld */
    case 2: return i_type(LOAD, 2, rd, rs1, word);          /* c.lw */
    case 3: return i_type(LOAD, 3, rd, rs1, dword);         /* c.ld */
    case 5: return s_type(STORE_FP, 3, rs1, rd, dword);     /* c.fsd */
    case 6: return s_type(STORE, 2, rs1, rd, word);         /* c.sw */
    case 7: return s_type(STORE, 3, rs1, rd, dword);        /* c.sd */
    default: return 0;
    }
}

static uint32_t arithmetic(uint32_t h)
{
    uint32_t rd = 8 + bits(h, 9, 7), rs2 = 8 + bits(h, 4, 2);
    uint32_t shamt = bits(h, 6, 2) | bit(h, 12, 5);

    switch (bits(h, 11, 10)) {
    case 0: return i_type(OP_IMM, 5, rd, rd, shamt);         /* c.srli */
    case 1: return i_type(OP_IMM, 5, rd, rd, shamt | 0x400); /* c.srai */
    case 2: return i_type(OP_IMM, 7, rd, rd, sext6(h));      /* c.andi */
    }
    switch (bits(h, 12, 12) << 2 | bits(h, 6, 5)) {
    case 0: return r_type(OP_REG, 0, 0x20, rd, rd, rs2);    /* c.sub */
    case 1: return r_type(OP_REG, 4, 0, rd, rd, rs2);       /* c.xor */
    case 2: return r_type(OP_REG, 6, 0, rd, rd, rs2);       /* c.or */
    case 3: return r_type(OP_REG, 7, 0, rd, rd, rs2);       /* c.and */
    case 4: return r_type(OP_REG_32, 0, 0x20, rd, rd, rs2); /* c.subw */
    case 5: return r_type(OP_REG_32, 0, 0, rd, rd, rs2);    /* c.addw */
    default: return 0;
    }
}

static uint32_t quadrant1(uint32_t h)
{
    uint32_t rd = bits(h, 11, 7), rs1 = 8 + bits(h, 9, 7), imm = sext6(h);
    uint32_t sp16 = (uint32_t)sign_extend(bit(h, 12, 9) | bit(h, 6, 4) | bit(h, 5, 6) |
                                          bits(h, 4, 3) << 7 | bit(h, 2, 5), 10);
    uint32_t j = (uint32_t)sign_extend(bit(h, 12, 11) | bit(h, 11, 4) | bits(h, 10, 9) << 8 |
                                       bit(h, 8, 10) | bit(h, 7, 6) | bit(h, 6, 7) |
                                       bits(h, 5, 3) << 1 | bit(h, 2, 5), 12);
    uint32_t b = (uint32_t)sign_extend(bit(h, 12, 8) | bits(h, 11, 10) << 3 | bits(h, 6, 5) << 6 |
                                       bits(h, 4, 3) << 1 | bit(h, 2, 5), 9);
    uint32_t branch = (b & 0x1e) | bit(b, 11, 0);

    switch (bits(h, 15, 13)) {
    case 0: return i_type(OP_IMM, 0, rd, rd, imm);              /* c.nop, c.addi */
    case 1: return rd ? i_type(OP_IMM_32, 0, rd, rd, imm) : 0;  /* c.addiw */
    case 2: return i_type(OP_IMM, 0, rd, 0, imm);               /* c.li */
    case 3:
        if (rd == 2)
            return sp16 ? i_type(OP_IMM, 0, 2, 2, sp16) : 0;    /* c.addi16sp */
        return imm ? LUI | rd << 7 | imm << 12 : 0;             /* c.lui */
    case 4: return arithmetic(h);
    case 5:                                                     /* c.j */
        return JAL | (j & 0xff000) | bit(j, 11, 20) | (j & 0x7fe) << 20 | bit(j, 20, 31);
    default:                                                    /* c.beqz, c.bnez */
        return BRANCH | branch << 7 | bits(h, 13, 13) << 12 | rs1 << 15 |
               (b >> 5 & 0x3f) << 25 | bit(b, 12, 31);
    }
}

static uint32_t quadrant2(uint32_t h)
{
    uint32_t rd = bits(h, 11, 7), rs2 = bits(h, 6, 2);
    uint32_t shamt = bits(h, 6, 2) | bit(h, 12, 5);
    uint32_t lw = bit(h, 12, 5) | bits(h, 6, 4) << 2 | bits(h, 3, 2) << 6;
    uint32_t ld = bit(h, 12, 5) | bits(h, 6, 5) << 3 | bits(h, 4, 2) << 6;
    uint32_t sw = bits(h, 12, 9) << 2 | bits(h, 8, 7) << 6;
    uint32_t sd = bits(h, 12, 10) << 3 | bits(h, 9, 7) << 6;

    switch (bits(h, 15, 13)) {
    case 0: return i_type(OP_IMM, 1, rd, rd, shamt);         /* c.slli */
    case 1: return i_type(LOAD_FP, 3, rd, 2, ld);            /* c.fldsp */
    case 2: return rd ? i_type(LOAD, 2, rd, 2, lw) : 0;      /* c.lwsp */
    case 3: return rd ? i_type(LOAD, 3, rd, 2, ld) : 0;      /* c.ldsp */
    case 4:
        if (!bits(h, 12, 12)) {
            if (rs2)
                return r_type(OP_REG, 0, 0, rd, 0, rs2);     /* c.mv */
            return rd ? i_type(JALR, 0, 0, rd, 0) : 0;       /* c.jr */
        }
        if (rs2)
            return r_type(OP_REG, 0, 0, rd, rd, rs2);        /* c.add */
        return rd ? i_type(JALR, 0, 1, rd, 0) : 0x00100073;  /* c.jalr, c.ebreak */
    case 5: return s_type(STORE_FP, 3, 2, rs2, sd);          /* c.fsdsp */
    case 6: return s_type(STORE, 2, 2, rs2, sw);             /* c.swsp */
    default: return s_type(STORE, 3, 2, rs2, sd);            /* c.sdsp */
    }
}

uint32_t isa_expand(uint16_t half)
{
    switch (half & 3) {
    case 0: return quadrant0(half);
    case 1: return quadrant1(half);
    case 2: return quadrant2(half);
    default: return 0;
    }
}
