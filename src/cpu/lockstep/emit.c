/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/lockstep/emit.h"

/* ---- chance ---- */

uint64_t emit_chance(struct emit *e)
{
    uint64_t z = e->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

unsigned emit_below(struct emit *e, unsigned n)
{
    return (unsigned)(emit_chance(e) >> 32) % n;
}

/* Values where arithmetic has corners: of both floating-point formats and of integers. */
uint64_t emit_value(struct emit *e)
{
    static const uint64_t f64[] = {
        0, 1, UINT64_C(0x000fffffffffffff), UINT64_C(0x0010000000000000),
        UINT64_C(0x0010000000000001), UINT64_C(0x001fffffffffffff), UINT64_C(0x3fefffffffffffff),
        UINT64_C(0x3ff0000000000000), UINT64_C(0x3ff0000000000001), UINT64_C(0x3ff8000000000000),
        UINT64_C(0x4000000000000000), UINT64_C(0x43e0000000000000), UINT64_C(0x43f0000000000000),
        UINT64_C(0x41dfffffffc00000), UINT64_C(0x41e0000000000000), UINT64_C(0x41efffffffe00000),
        UINT64_C(0x7fefffffffffffff), UINT64_C(0x7ff0000000000000), UINT64_C(0x7ff0000000000001),
        UINT64_C(0x7ff8000000000000), UINT64_C(0x7fffffffffffffff), UINT64_C(0x380fffffffffffff),
        UINT64_C(0x3810000000000000), UINT64_C(0x36a0000000000000), UINT64_C(0x47efffffe0000000),
        UINT64_C(0x47effffff0000000), UINT64_C(0x3fe0000000000000), UINT64_C(0x4330000000000001)};
    static const uint32_t f32[] = {
        0, 1, 0x007fffff, 0x00800000, 0x00800001, 0x00ffffff, 0x3f7fffff, 0x3f800000, 0x3f800001,
        0x3fc00000, 0x40000000, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000, 0x5effffff,
        0x5f000000, 0x5f7fffff, 0x5f800000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000,
        0x7fffffff, 0x3f000000, 0x4b000001, 0x34000000};
    uint64_t v = emit_chance(e);

    switch (emit_below(e, 8)) {
    case 0: case 1:
        return f64[emit_below(e, ARRAY_LEN(f64))] ^ (v & UINT64_C(1) << 63);
    case 2: case 3:
        return UINT64_C(0xffffffff00000000) |
               (f32[emit_below(e, ARRAY_LEN(f32))] ^ (uint32_t)(v & UINT32_C(1) << 31));
    case 4: /* any single, or a double near the middle exponents so that sums meet */
        return v & 1 ? UINT64_C(0xffffffff00000000) | (uint32_t)(v >> 32)
                     : (v & UINT64_C(0x800fffffffffffff)) |
                           (uint64_t)(1000 + emit_below(e, 60)) << 52;
    case 5:
        return (uint64_t)(int64_t)(int8_t)v;
    case 6: /* a power of two and its neighbours */
        return (UINT64_C(1) << (v & 63)) + (v >> 8) % 3 - 1;
    default:
        return v >> (v & 1 ? 0 : emit_below(e, 64));
    }
}

unsigned emit_rounding(struct emit *e)
{
    static const uint8_t rm[] = {0, 1, 2, 3, 4, 7, 7, 7, 0, 1, 2, 3, 4, 7, 5, 6};

    return rm[emit_below(e, ARRAY_LEN(rm))];
}

/* ---- encoding ---- */

void emit16(struct emit *e, uint32_t half)
{
    if (e->at + 2 <= e->size)
        le16_put(e->bytes + e->at, (uint16_t)half);
    e->at += 2;
}

void emit32(struct emit *e, uint32_t word)
{
    if (e->at + 4 <= e->size)
        le32_put(e->bytes + e->at, word);
    e->at += 4;
}

uint32_t emit_s_imm(uint32_t imm)
{
    return (imm & 31) << 7 | (imm >> 5 & 127) << 25;
}

uint32_t emit_b_imm(uint32_t imm)
{
    return (imm >> 11 & 1) << 7 | (imm & 0x1e) << 7 | (imm >> 5 & 63) << 25 | (imm >> 12 & 1) << 31;
}

uint32_t emit_j_imm(uint32_t imm)
{
    return (imm & 0xff000) | (imm >> 11 & 1) << 20 | (imm & 0x7fe) << 20 | (imm >> 20 & 1) << 31;
}

void emit_i(struct emit *e, unsigned op, unsigned rd, unsigned rs1, int imm)
{
    emit32(e, emit_row(op, rd, rs1, (uint32_t)imm << 20));
}

void emit_r(struct emit *e, unsigned op, unsigned rd, unsigned rs1, unsigned rs2)
{
    emit32(e, emit_row(op, rd, rs1, rs2 << 20));
}

void emit_s(struct emit *e, unsigned op, unsigned rs2, unsigned rs1, unsigned imm)
{
    emit32(e, emit_row(op, 0, rs1, rs2 << 20 | emit_s_imm(imm)));
}

void emit_csr(struct emit *e, unsigned op, unsigned rd, unsigned csr, unsigned rs1)
{
    emit32(e, emit_row(op, rd, rs1, csr << 20));
}

void emit_branch(struct emit *e, unsigned op, unsigned rs1, unsigned rs2, uint32_t to)
{
    emit32(e, emit_row(op, 0, rs1, rs2 << 20 | emit_b_imm(to - e->at)));
}

void emit_jal(struct emit *e, unsigned rd, uint32_t to)
{
    emit32(e, emit_row(OP_jal, rd, 0, emit_j_imm(to - e->at)));
}

void emit_land(struct emit *e, uint32_t from)
{
    uint32_t distance = e->at - from, word;

    if (from + 4 > e->size)
        return;
    word = le32_get(e->bytes + from);
    le32_put(e->bytes + from,
             word | ((word & 0x7f) == 0x6f ? emit_j_imm(distance) : emit_b_imm(distance)));
}

void emit_address(struct emit *e, unsigned rd, uint32_t offset)
{
    uint32_t distance = offset - e->at, low = (uint32_t)((int32_t)(distance << 20) >> 20);

    emit32(e, emit_row(OP_auipc, rd, 0, distance - low));
    emit_i(e, OP_addi, rd, rd, (int)(low & 0xfff));
}

void emit_constant(struct emit *e, unsigned rd, uint64_t v)
{
    int64_t low = (int64_t)(v << 52) >> 52;

    if ((int64_t)v == (int32_t)v) {
        uint32_t high = (uint32_t)(v - (uint64_t)low) & 0xfffff000;

        if (high)
            emit32(e, emit_row(OP_lui, rd, 0, high));
        if (low || !high)
            emit_i(e, high ? OP_addiw : OP_addi, rd, high ? rd : 0, (int)low);
        return;
    }
    emit_constant(e, rd, (uint64_t)((int64_t)(v - (uint64_t)low) >> 12));
    emit_i(e, OP_slli, rd, rd, 12);
    if (low)
        emit_i(e, OP_addi, rd, rd, (int)low);
}

void emit_near_miss(struct emit *e)
{
    struct insn i;
    uint32_t w;

    do {
        unsigned op = emit_below(e, OP_illegal);
        uint32_t mask = isa_table[op].mask & ~3u;

        w = (isa_table[op].match | ((uint32_t)emit_chance(e) & ~isa_table[op].mask)) ^
            (1u << emit_below(e, 32) & mask) ^ (1u << emit_below(e, 32) & mask);
        isa_decode(w, &i);
    } while (i.op != OP_illegal || (w & 3) != 3);
    emit32(e, w);
}
