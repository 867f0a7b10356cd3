/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions: the operations of isa.def, their decoded form, decoder and disassembler. */
#ifndef CPU_ISA_ISA_H
#define CPU_ISA_ISA_H

#include <stddef.h>
#include <stdint.h>

/* Operand formats.  x: integer register, f: floating-point register, rm: rounding mode. */
enum isa_format {
    FMT_NONE,
    FMT_U,      /* x, imm20 */
    FMT_J,      /* x, target */
    FMT_JR,     /* x, imm(x): jalr */
    FMT_B,      /* x, x, target */
    FMT_L,      /* x, imm(x) */
    FMT_S,      /* x, imm(x) */
    FMT_I,      /* x, x, imm */
    FMT_SH6,    /* x, x, shamt */
    FMT_SH5,
    FMT_R,      /* x, x, x */
    FMT_R1,     /* x, x */
    FMT_MARK,   /* imm */
    FMT_FENCE,
    FMT_CSR,    /* x, csr, x */
    FMT_CSRI,   /* x, csr, imm5 */
    FMT_SFENCE, /* x, x (sources) */
    FMT_CBO,    /* (x) */
    FMT_LR,     /* x, (x) */
    FMT_AMO,    /* x, x, (x) */
    FMT_FL,     /* f, imm(x) */
    FMT_FS,     /* f, imm(x) */
    FMT_FR4,    /* f, f, f, f, rm */
    FMT_FR,     /* f, f, f, rm */
    FMT_FR1,    /* f, f, rm */
    FMT_FRN,    /* f, f, f */
    FMT_XF,     /* x, f, rm */
    FMT_XFN,    /* x, f */
    FMT_XFF,    /* x, f, f */
    FMT_FX,     /* f, x, rm */
    FMT_FXN,    /* f, x */
};

/* What the cost model charges for (docs/timing.md). */
#define ISA_CLASSES(C) \
    C(INT, "integer and address arithmetic, constants") \
    C(BRANCH, "conditional branches") \
    C(JUMP, "jal and jalr") \
    C(LOAD, "loads from memory") \
    C(STORE, "stores to memory, cache-block operations") \
    C(MUL, "multiplications") \
    C(DIV, "divisions and remainders") \
    C(FP, "floating-point arithmetic, moves and conversions") \
    C(FMA, "fused multiply-add") \
    C(FDIV, "floating-point division and square root") \
    C(AMO, "atomics") \
    C(FENCE, "fences, TLB fences") \
    C(CSR, "CSR accesses, ecall, ebreak, returns, wfi") \
    C(PAUSE, "the pause hint")

#define ISA_CLASS_ENUM(name, doc) CLASS_##name,
enum isa_class { ISA_CLASSES(ISA_CLASS_ENUM) CLASS_COUNT };
#undef ISA_CLASS_ENUM

#define I(id, ...) OP_##id,
enum isa_op {
#include "cpu/isa/isa.def"
    OP_COUNT,
    /* Not decoded from memory: what the block builder adds. */
    OP_end = OP_COUNT, /* falls off the end of a block */
    OP_enter,          /* the block may have a translation (cpu/jit) */
    OP_probe,          /* a software probe is planted at the next instruction */
    OP_stale,          /* the block is no longer valid: look it up again */
    OP_LIMIT
};
#undef I

struct isa_row {
    const char *mnemonic;
    uint32_t match, mask;
    uint8_t format, class;
    const char *extension;
};

extern const struct isa_row isa_table[OP_COUNT];

/* The register number that stands for a discarded result: writes to x0 go there. */
#define ISA_SINK 32

/* A decoded instruction, 16 bytes.  Register fields hold x or f numbers as the format says; for
 * formats with an x destination, rd 0 has become ISA_SINK. */
struct insn {
    uint16_t op;
    uint8_t rd, rs1, rs2;
    union {
        uint8_t rs3; /* of the four-register format */
        uint8_t way; /* of jumps and branches in a block (cpu/interp/block.h) */
        uint8_t goes_on; /* of SYS rows in a block: it does not end here */
    };
    uint8_t rm;                /* rounding mode field */
    uint8_t length;            /* 2 or 4 bytes */
    int32_t imm;               /* immediate; CSR number; of an atomic, bits 31 to 20 (ISA_RL); of an
                                * illegal encoding, its bits */
    uint16_t offset;           /* bytes from the start of its block */
    uint16_t ticks;            /* cost of the block up to and including it */
};

#define ISA_RL 0x20 /* in imm of an atomic: release */

/* Decodes the instruction in the low bits of `word` (16 or 32 bits as its low two bits say).
 * What is no instruction becomes OP_illegal with imm = the encoding (for tval). */
void isa_decode(uint32_t word, struct insn *insn);

/* The 32-bit instruction that a compressed one stands for, 0 when there is none.  (RV64C) */
uint32_t isa_expand(uint16_t half);

/* Assembler text as binutils prints it without aliases; pc is for branch targets. */
void isa_disassemble(uint32_t word, uint64_t pc, char *buf, size_t size);

/* Name of an integer register in the ABI, 0 to 31. */
extern const char *const isa_x_name[32];

#endif
