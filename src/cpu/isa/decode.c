/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bits.h"
#include "cpu/isa/isa.h"

#define I(id, mnemonic, match, mask, format, class, extension, ...) \
    [OP_##id] = {mnemonic, match, mask, FMT_##format, CLASS_##class, #extension},
const struct isa_row isa_table[OP_COUNT] = {
#include "cpu/isa/isa.def"
};
#undef I

/* Rows are tried in table order among those of one major opcode (bits 6..2); first[] and next[]
 * thread the table by it.  Built at the first decode; the result never changes. */
static uint16_t first[32], next[OP_COUNT];

static void build_index(void)
{
    for (unsigned m = 0; m < 32; m++) {
        uint16_t *link = &first[m];
        for (unsigned op = 0; op < OP_COUNT; op++)
            if (isa_table[op].mask == 0 || (isa_table[op].match >> 2 & 31) == m) {
                *link = (uint16_t)op;
                link = &next[op];
            }
    }
}

static unsigned find(uint32_t word)
{
    unsigned op;

    /* OP_illegal (mask 0) is the last row of every list, so the search ends. */
    for (op = first[word >> 2 & 31]; (word & isa_table[op].mask) != isa_table[op].match; )
        if (isa_table[op].mask == 0)
            return OP_illegal;
        else
            op = next[op];
    return op;
}

static int32_t imm_i(uint32_t w)
{
    return (int32_t)w >> 20;
}

static int32_t imm_s(uint32_t w)
{
    return (int32_t)(w & 0xfe000000) >> 20 | (int32_t)(w >> 7 & 0x1f);
}

static int32_t imm_b(uint32_t w)
{
    return (int32_t)(w & 0x80000000) >> 19 | (int32_t)(w << 4 & 0x800) |
           (int32_t)(w >> 20 & 0x7e0) | (int32_t)(w >> 7 & 0x1e);
}

static int32_t imm_j(uint32_t w)
{
    return (int32_t)(w & 0x80000000) >> 11 | (int32_t)(w & 0xff000) | (int32_t)(w >> 9 & 0x800) |
           (int32_t)(w >> 20 & 0x7fe);
}

static int32_t immediate(enum isa_format format, uint32_t w)
{
    switch (format) {
    case FMT_U: return (int32_t)(w & 0xfffff000);
    case FMT_J: return imm_j(w);
    case FMT_B: return imm_b(w);
    case FMT_S:
    case FMT_FS: return imm_s(w);
    case FMT_SH6: return (int32_t)(w >> 20 & 63);
    case FMT_SH5: return (int32_t)(w >> 20 & 31);
    case FMT_CSR:
    case FMT_CSRI:
    case FMT_FENCE: return (int32_t)(w >> 20);
    default: return imm_i(w);
    }
}

static int writes_x(enum isa_format format)
{
    switch (format) {
    case FMT_U: case FMT_J: case FMT_JR: case FMT_L: case FMT_I: case FMT_SH6: case FMT_SH5:
    case FMT_R: case FMT_R1: case FMT_CSR: case FMT_CSRI: case FMT_LR: case FMT_AMO:
    case FMT_XF: case FMT_XFN: case FMT_XFF:
        return 1;
    default:
        return 0;
    }
}

void isa_decode(uint32_t word, struct insn *insn)
{
    uint32_t w = word;
    unsigned length = 4, op;
    const struct isa_row *row;

    if (!next[0])
        build_index();
    if ((word & 3) != 3) {
        length = 2;
        word &= 0xffff;
        w = isa_expand((uint16_t)word);
    }
    op = w ? find(w) : OP_illegal;
    row = &isa_table[op];
    *insn = (struct insn){
        .op = (uint16_t)op,
        .rd = w >> 7 & 31,
        .rs1 = w >> 15 & 31,
        .rs2 = w >> 20 & 31,
        .rs3 = w >> 27 & 31,
        .rm = w >> 12 & 7,
        .length = (uint8_t)length,
        .imm = immediate(row->format, w),
    };
    if (op == OP_illegal)
        insn->imm = (int32_t)word;
    else if (writes_x(row->format) && insn->rd == 0)
        insn->rd = ISA_SINK;
}

/* ---- text ---- */

#include <inttypes.h>
#include <stdio.h>

const char *const isa_x_name[32] = {
    "zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
    "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
    "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};

static const char *const f_name[32] = {
    "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6",  "ft7",  "fs0", "fs1", "fa0",
    "fa1", "fa2", "fa3", "fa4", "fa5", "fa6", "fa7",  "fs2",  "fs3", "fs4", "fs5",
    "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11"};

void isa_disassemble(uint32_t word, uint64_t pc, char *buf, size_t size)
{
    static const char *const rm_name[8] = {",rne", ",rtz", ",rdn", ",rup", ",rmm", ",?", ",?", ""};
    struct insn i;
    const struct isa_row *row;
    const char *x0, *x1, *x2, *f0, *f1, *f2, *f3, *rm;

    isa_decode(word, &i);
    row = &isa_table[i.op];
    x0 = isa_x_name[i.rd == ISA_SINK ? 0 : i.rd & 31];
    x1 = isa_x_name[i.rs1];
    x2 = isa_x_name[i.rs2];
    f0 = f_name[i.rd & 31];
    f1 = f_name[i.rs1];
    f2 = f_name[i.rs2];
    f3 = f_name[i.rs3];
    rm = rm_name[i.rm];
    if (i.op == OP_illegal) {
        snprintf(buf, size, ".%ubyte 0x%" PRIx32, i.length, (uint32_t)i.imm);
        return;
    }
#define TEXT(fmt, ...) snprintf(buf, size, "%s\t" fmt, row->mnemonic, __VA_ARGS__)
    switch ((enum isa_format)row->format) {
    case FMT_NONE: snprintf(buf, size, "%s", row->mnemonic); break;
    case FMT_U: TEXT("%s,0x%" PRIx32, x0, (uint32_t)i.imm >> 12); break;
    case FMT_J: TEXT("%s,0x%" PRIx64, x0, pc + (uint64_t)(int64_t)i.imm); break;
    case FMT_B: TEXT("%s,%s,0x%" PRIx64, x1, x2, pc + (uint64_t)(int64_t)i.imm); break;
    case FMT_JR:
    case FMT_L: TEXT("%s,%d(%s)", x0, i.imm, x1); break;
    case FMT_S: TEXT("%s,%d(%s)", x2, i.imm, x1); break;
    case FMT_I: TEXT("%s,%s,%d", x0, x1, i.imm); break;
    case FMT_SH6:
    case FMT_SH5: TEXT("%s,%s,0x%x", x0, x1, (unsigned)i.imm); break;
    case FMT_R: TEXT("%s,%s,%s", x0, x1, x2); break;
    case FMT_R1: TEXT("%s,%s", x0, x1); break;
    case FMT_MARK: TEXT("%d", i.imm); break;
    case FMT_FENCE: TEXT("0x%x", (unsigned)i.imm); break;
    case FMT_CSR: TEXT("%s,0x%x,%s", x0, (unsigned)i.imm, x1); break;
    case FMT_CSRI: TEXT("%s,0x%x,%u", x0, (unsigned)i.imm, i.rs1); break;
    case FMT_SFENCE: TEXT("%s,%s", x1, x2); break;
    case FMT_CBO: TEXT("(%s)", x1); break;
    case FMT_LR: TEXT("%s,(%s)", x0, x1); break;
    case FMT_AMO: TEXT("%s,%s,(%s)", x0, x2, x1); break;
    case FMT_FL: TEXT("%s,%d(%s)", f0, i.imm, x1); break;
    case FMT_FS: TEXT("%s,%d(%s)", f2, i.imm, x1); break;
    case FMT_FR4: TEXT("%s,%s,%s,%s%s", f0, f1, f2, f3, rm); break;
    case FMT_FR: TEXT("%s,%s,%s%s", f0, f1, f2, rm); break;
    case FMT_FR1: TEXT("%s,%s%s", f0, f1, rm); break;
    case FMT_FRN: TEXT("%s,%s,%s", f0, f1, f2); break;
    case FMT_XF: TEXT("%s,%s%s", x0, f1, rm); break;
    case FMT_XFN: TEXT("%s,%s", x0, f1); break;
    case FMT_XFF: TEXT("%s,%s,%s", x0, f1, f2); break;
    case FMT_FX: TEXT("%s,%s%s", f0, x1, rm); break;
    case FMT_FXN: TEXT("%s,%s", f0, x1); break;
    }
#undef TEXT
}
