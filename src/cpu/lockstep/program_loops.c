/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of random programs that are what hot code is made of: floating point, and loops as
 * compilers write them. */
#include "cpu/lockstep/program_steps.h"

/* ---- floating point ---- */

static bool takes_double(unsigned op)
{
    const char *name = isa_table[op].mnemonic;

    return name[strlen(name) - 1] == 'd' || strstr(name, ".d.");
}

/* An instruction on the registers f[]: as compilers write it, all of one format and mostly in the
 * dynamic rounding mode. */
static uint32_t float_word(struct maker *m, bool is_double, const unsigned f[4])
{
    static const int classes[] = {CLASS_FP, CLASS_FP, CLASS_FP, CLASS_FMA, CLASS_FDIV};
    int class = classes[emit_below(&m->e, ARRAY_LEN(classes))];
    uint32_t w;
    struct insn i;

    do {
        w = step_word_of(m, class);
        isa_decode(w, &i);
    } while (takes_double(i.op) != is_double && emit_below(&m->e, 16));
    switch ((enum isa_format)isa_table[i.op].format) {
    case FMT_FR4:
        w = (w & ~(31u << 27)) | f[emit_below(&m->e, 4)] << 27;
        /* fall through */
    case FMT_FR: case FMT_FRN:
        w = (w & ~(31u << 20)) | f[emit_below(&m->e, 4)] << 20;
        /* fall through */
    case FMT_FR1:
        w = (w & ~(31u << 15 | 31u << 7)) | f[emit_below(&m->e, 4)] << 15 |
            (emit_below(&m->e, 2) ? f[emit_below(&m->e, 4)] : emit_below(&m->e, 32)) << 7;
        break;
    case FMT_XFF:
        w = (w & ~(31u << 20)) | f[emit_below(&m->e, 4)] << 20;
        /* fall through */
    case FMT_XF: case FMT_XFN:
        w = (w & ~(31u << 15)) | f[emit_below(&m->e, 4)] << 15;
        break;
    default:
        break;
    }
    switch ((enum isa_format)isa_table[i.op].format) {
    case FMT_FR4: case FMT_FR: case FMT_FR1: case FMT_XF: case FMT_FX:
        if (emit_below(&m->e, 4))
            w |= 7 << 12;
        break;
    default:
        break;
    }
    return w;
}

/* Floating point on operands with corners, in all rounding modes. */
void step_float(struct maker *m)
{
    unsigned base = step_register(m), other = step_other(m, base), f[4];
    bool is_double = emit_below(&m->e, 2);

    emit_address(&m->e, base, AT(PAGE_POOL) + emit_below(&m->e, 512) * 8);
    if (emit_below(&m->e, 3)) { /* others at every turn */
        emit_i(&m->e, OP_andi, other, step_changing(m), 63);
        emit_i(&m->e, OP_slli, other, other, 3);
        emit_r(&m->e, OP_add, base, base, other);
    }
    for (unsigned n = 0; n < 4; n++) {
        f[n] = step_any_register(m);
        if (n < 2 || emit_below(&m->e, 2))
            emit_i(&m->e, is_double || emit_below(&m->e, 16) == 0 ? OP_fld : OP_flw, f[n], base,
                   (int)emit_below(&m->e, 256) * 8);
    }
    if (emit_below(&m->e, 4) == 0)
        emit_csr(&m->e, OP_csrrwi, 0, 2 /* frm */, emit_below(&m->e, emit_below(&m->e, 8) ? 5 : 8));
    for (unsigned n = 2 + emit_below(&m->e, 7); n > 0; n--)
        if (emit_below(&m->e, 6))
            emit32(&m->e, float_word(m, is_double, f));
        else
            emit_s(&m->e, is_double ? OP_fsd : OP_fsw, f[emit_below(&m->e, 4)], 2,
                   emit_below(&m->e, 60) * 8);
    if (emit_below(&m->e, 3) == 0)
        emit_csr(&m->e, OP_csrrs, step_register(m), 1 + emit_below(&m->e, 3), 0);
}

/* ---- loops ---- */

/* A copy or a fill with a loop of its own. */
void step_run(struct maker *m)
{
    unsigned base = step_register(m), other = step_other(m, base), count, v;
    unsigned size = 1u << emit_below(&m->e, 4), turns = 2 + emit_below(&m->e, 20);
    static const uint16_t loads[] = {OP_lb, OP_lhu, OP_lw, OP_ld};
    static const uint16_t stores[] = {OP_sb, OP_sh, OP_sw, OP_sd};
    uint32_t top;

    do
        count = step_other(m, base);
    while (count == other);
    do
        v = step_other(m, base);
    while (v == other || v == count);
    emit_address(&m->e, base, AT(PAGE_DATA + emit_below(&m->e, 4)) + PAGE_BYTES -
                                  size * emit_below(&m->e, turns));
    emit_address(&m->e, other, AT(PAGE_DATA + emit_below(&m->e, 8)) + emit_below(&m->e, 4000));
    emit_i(&m->e, OP_addi, count, 0, (int)turns);
    top = m->e.at;
    unsigned which = 0;
    while (1u << which != size)
        which++;
    emit_i(&m->e, loads[which], v, other, 0);
    emit_s(&m->e, stores[which], v, base, 0);
    emit_i(&m->e, OP_addi, base, base, (int)size);
    emit_i(&m->e, OP_addi, other, other, (int)(emit_below(&m->e, 2) ? size : 8));
    emit_i(&m->e, OP_addi, count, count, -1);
    emit_i(&m->e, OP_andi, count, count, 31);
    emit_branch(&m->e, OP_bne, count, 0, top);
}

/* A loop such as compilers make: a block or a few, two pointers, sums, conditions. */
struct hot {
    unsigned base[2], count, f[4];
    bool is_double;
    bool copies; /* mostly accesses */
};

static void put_hot_access_at(struct maker *m, const struct hot *h, unsigned base)
{
    static const uint16_t ops[] = {OP_ld, OP_lw, OP_lwu, OP_lbu, OP_lh, OP_ld, OP_lw, OP_sd, OP_sw,
                                   OP_sb, OP_sh, OP_sd, OP_sw, OP_fld, OP_flw, OP_fsd, OP_fsw};
    unsigned op = ops[emit_below(&m->e, ARRAY_LEN(ops))];
    unsigned format = isa_table[op].format, size = step_access_size(op);
    int imm = (int)(emit_below(&m->e, 12) * size) - (emit_below(&m->e, 4) ? 0 : 32);

    if (emit_below(&m->e, 24) == 0)
        imm += 1; /* misaligned */
    if (format == FMT_S || format == FMT_FS)
        emit_s(&m->e, op, format == FMT_FS ? h->f[emit_below(&m->e, 4)] : step_any_register(m),
               base, (uint32_t)imm);
    else
        emit_i(&m->e, op, format == FMT_FL ? h->f[emit_below(&m->e, 4)] : step_register(m), base,
               imm);
}

/* Through a pointer that is found anew at every turn. */
static void put_hot_fresh(struct maker *m, const struct hot *h)
{
    unsigned base = h->base[emit_below(&m->e, 2)], r = step_register(m), busy = m->busy;

    switch (emit_below(&m->e, 3)) {
    case 0: emit_i(&m->e, OP_andi, r, h->count, 31); break;
    case 1: emit_i(&m->e, OP_slli, r, h->count, (int)emit_below(&m->e, 6)); break;
    default: /* by chance, but not too far */
        emit_i(&m->e, OP_lbu, r, base, (int)emit_below(&m->e, 64));
        break;
    }
    if (emit_below(&m->e, 2))
        emit_r(&m->e, (unsigned[]){OP_sh1add, OP_sh2add, OP_sh3add}[emit_below(&m->e, 3)], r, r,
               base);
    else
        emit_r(&m->e, OP_add, r, r, base);
    m->busy |= 1u << r;
    for (unsigned n = 1 + emit_below(&m->e, 3); n > 0; n--)
        put_hot_access_at(m, h, r);
    m->busy = busy;
}

static void put_hot_access(struct maker *m, const struct hot *h)
{
    if (emit_below(&m->e, 3))
        put_hot_access_at(m, h, h->base[emit_below(&m->e, 2)]); /* moves on evenly */
    else
        put_hot_fresh(m, h);
}

/* What may be done without leaving the block. */
static void put_hot_csr(struct maker *m)
{
    static const uint16_t readable[] = {1, 3, 0xc00, 0xc01, 0xc02, 0x100, 0x141, 0x142};
    unsigned r = step_register(m);

    switch (emit_below(&m->e, 4)) {
    case 0:
        emit_csr(&m->e, OP_csrrwi, emit_below(&m->e, 2) ? r : 0, 1 + emit_below(&m->e, 2),
                 emit_below(&m->e, 5));
        break;
    case 1:
        if (m->p->kind == PROGRAM_S && emit_below(&m->e, 4)) {
            emit32(&m->e, emit_row(OP_lui, r, 0, emit_below(&m->e, 2) ? 0x40000 : 0xc0000));
            emit_csr(&m->e, emit_below(&m->e, 2) ? OP_csrrs : OP_csrrc, 0, 0x100, r);
            break;
        }
        emit32(&m->e, isa_table[emit_below(&m->e, 2) ? OP_fence_i : OP_fence].match |
                          (emit_below(&m->e, 2) ? 0 : 0x0330000));
        break;
    default:
        emit_csr(&m->e, OP_csrrs, r, readable[emit_below(&m->e, ARRAY_LEN(readable))], 0);
        break;
    }
}

static void put_hot_part(struct maker *m, const struct hot *h)
{
    switch (emit_below(&m->e, h->copies ? 4 : 10)) {
    case 0: case 1: case 2: put_hot_access(m, h); break;
    case 3: case 4: emit32(&m->e, float_word(m, h->is_double, h->f)); break;
    case 5: step_idiom(m); break;
    case 6: emit16(&m->e, step_half(m)); break;
    case 7:
        if (emit_below(&m->e, 2)) {
            put_hot_csr(m);
            break;
        }
        /* fall through */
    default: emit32(&m->e, step_word(m)); break;
    }
}

void step_hot_loop(struct maker *m)
{
    unsigned turns = emit_below(&m->e, 3) ? 10 + emit_below(&m->e, 40) : 1 + emit_below(&m->e, 9);
    unsigned length = 1 + emit_below(&m->e, emit_below(&m->e, 2) ? 5 : 14);
    struct hot h = {.is_double = emit_below(&m->e, 2), .copies = emit_below(&m->e, 3) == 0};
    bool steep = emit_below(&m->e, 2);
    uint32_t top, over = 0, out = 0;

    for (unsigned n = 0; n < 4; n++)
        h.f[n] = step_any_register(m);
    for (unsigned n = 0; n < 2; n++) {
        h.base[n] = step_register(m);
        m->busy |= 1u << h.base[n];
        if (emit_below(&m->e, 4)) /* near the end of a page, as often as not */
            emit_address(&m->e, h.base[n], step_good_page(m) + PAGE_BYTES -
                                               8 * emit_below(&m->e, steep ? 40 : 500));
        else
            emit_address(&m->e, h.base[n], step_target(m, 8));
    }
    h.count = step_register(m);
    m->busy |= 1u << h.count;
    emit_i(&m->e, OP_addi, h.count, 0, (int)turns);
    top = m->e.at;
    for (unsigned n = emit_below(&m->e, 4) ? 0 : emit_below(&m->e, 6); n > 0; n--)
        put_hot_fresh(m, &h);
    for (unsigned n = 0; n < length; n++) {
        if (over && emit_below(&m->e, 2)) {
            emit_land(&m->e, over);
            over = 0;
        }
        if (!over && emit_below(&m->e, 5) == 0) {
            over = m->e.at;
            emit32(&m->e, emit_row(emit_below(&m->e, 2) ? OP_blt : OP_bne, 0, step_any_register(m),
                                   step_any_register(m) << 20));
        }
        put_hot_part(m, &h);
        if (emit_below(&m->e, 16) == 0) { /* round early */
            emit_i(&m->e, OP_addi, h.count, h.count, -1);
            emit_branch(&m->e, OP_blt, 0, h.count, top);
        }
        if (!out && emit_below(&m->e, 12) == 0) { /* out early */
            out = m->e.at;
            emit32(&m->e, emit_row(OP_beq, 0, step_any_register(m), step_any_register(m) << 20));
        }
    }
    if (over)
        emit_land(&m->e, over);
    if (emit_below(&m->e, 4) == 0) { /* to and fro, and away */
        unsigned r = step_register(m), stride = 8u << emit_below(&m->e, 6);

        emit_i(&m->e, OP_andi, r, h.count, 1 << (emit_below(&m->e, 2) ? 0 : emit_below(&m->e, 5)));
        emit_branch(&m->e, OP_beq, r, 0, m->e.at + 8);
        emit_i(&m->e, OP_addi, h.base[0], h.base[0], (int)((2 + emit_below(&m->e, 2)) * stride));
        emit_i(&m->e, OP_addi, h.base[0], h.base[0], -(int)stride);
    } else if (emit_below(&m->e, 2)) { /* strides, over page ends as well */
        emit_i(&m->e, OP_addi, h.base[0], h.base[0], 8 << emit_below(&m->e, 7));
    }
    if (emit_below(&m->e, 3) == 0)
        emit_i(&m->e, OP_addi, h.base[1], h.base[1], -8);
    emit_i(&m->e, OP_addi, h.count, h.count, -1);
    emit_branch(&m->e, OP_blt, 0, h.count, top);
    if (out)
        emit_land(&m->e, out);
    m->busy = 0;
}
