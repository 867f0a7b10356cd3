/* SPDX-License-Identifier: Apache-2.0 */
/* What steps of random programs do: straight code and accesses.  program_loops.c and program_odd.c
 * have the rest. */
#include "cpu/lockstep/program_steps.h"

/* ---- registers ---- */

static bool reserved(const struct maker *m, unsigned r)
{
    return r == 2 || r == m->loop || r == m->inner || r == m->rounds || m->busy >> r & 1;
}

unsigned step_register(struct maker *m)
{
    unsigned r;

    do
        r = 1 + emit_below(&m->e, 31);
    while (reserved(m, r));
    return r;
}

unsigned step_other(struct maker *m, unsigned than)
{
    unsigned r;

    do
        r = step_register(m);
    while (r == than);
    return r;
}

unsigned step_any_register(struct maker *m)
{
    return emit_below(&m->e, 32);
}

/* A register that holds something that changes from turn to turn. */
unsigned step_changing(struct maker *m)
{
    switch (emit_below(&m->e, 3)) {
    case 0: return m->loop;
    case 1: return m->inner;
    default: return m->rounds;
    }
}

static bool is_memory(unsigned format)
{
    switch ((enum isa_format)format) {
    case FMT_L: case FMT_S: case FMT_FL: case FMT_FS: case FMT_LR: case FMT_AMO: case FMT_CBO:
        return true;
    default:
        return false;
    }
}

/* Whether a word does nothing but compute: it neither jumps, nor touches memory or the system, nor
 * writes a reserved register. */
static bool harmless(const struct maker *m, uint32_t word)
{
    struct insn i;

    isa_decode(word, &i);
    switch ((enum isa_format)isa_table[i.op].format) {
    case FMT_NONE: case FMT_J: case FMT_JR: case FMT_B: case FMT_CSR: case FMT_CSRI:
    case FMT_SFENCE:
        return false;
    case FMT_MARK: case FMT_FENCE: case FMT_FR4: case FMT_FR: case FMT_FR1: case FMT_FRN:
    case FMT_FX: case FMT_FXN:
        return i.op != OP_mark || i.imm != CELL_DONE;
    default:
        return !is_memory(isa_table[i.op].format) && (i.rd == ISA_SINK || !reserved(m, i.rd));
    }
}

/* Registers of a word from the pool. */
static uint32_t from_pool(struct maker *m, uint32_t w, unsigned format)
{
    switch ((enum isa_format)format) {
    case FMT_R: case FMT_FRN: case FMT_FR: case FMT_FR4:
        w = (w & ~(31u << 20)) | m->pool[emit_below(&m->e, POOL)] << 20;
        /* fall through */
    case FMT_I: case FMT_SH6: case FMT_SH5: case FMT_R1: case FMT_FR1:
        w = (w & ~(31u << 15)) | m->pool[emit_below(&m->e, POOL)] << 15;
        /* fall through */
    case FMT_U:
        return (w & ~(31u << 7)) | m->pool[emit_below(&m->e, POOL)] << 7;
    default:
        return w;
    }
}

/* A harmless word of a row of `class`, or of any. */
uint32_t step_word_of(struct maker *m, int class)
{
    uint32_t w;
    unsigned op;

    do {
        op = emit_below(&m->e, OP_illegal);
        w = isa_table[op].match | ((uint32_t)emit_chance(&m->e) & ~isa_table[op].mask);
        if (emit_below(&m->e, 2))
            w = from_pool(m, w, isa_table[op].format);
        switch ((enum isa_format)isa_table[op].format) {
        case FMT_FR4: case FMT_FR: case FMT_FR1: case FMT_XF: case FMT_FX:
            w = (w & ~UINT32_C(0x7000)) |
                (emit_below(&m->e, 2) ? 7 : emit_rounding(&m->e)) << 12;
            break;
        default:
            break;
        }
    } while (!harmless(m, w) || (class >= 0 && isa_table[op].class != class));
    return w;
}

uint32_t step_word(struct maker *m)
{
    return step_word_of(m, -1);
}

uint32_t step_half(struct maker *m)
{
    uint32_t h;

    do
        h = (uint32_t)emit_chance(&m->e) & 0xffff;
    while ((h & 3) == 3 || !isa_expand((uint16_t)h) || !harmless(m, h));
    return h;
}

/* Between two parts of a step. */
void step_filler(struct maker *m, unsigned most)
{
    for (unsigned n = emit_below(&m->e, most + 1); n > 0; n--)
        if (emit_below(&m->e, 3))
            emit32(&m->e, step_word(m));
        else
            emit16(&m->e, step_half(m));
}

/* ---- computing ---- */

static void put_row(struct maker *m)
{
    emit32(&m->e, step_word(m));
}

static void put_compressed(struct maker *m)
{
    for (unsigned n = 1 + emit_below(&m->e, 3); n > 0; n--)
        emit16(&m->e, step_half(m));
}

static void put_compare(struct maker *m, unsigned rd)
{
    unsigned a = step_any_register(m), b = step_any_register(m);

    switch (emit_below(&m->e, 4)) {
    case 0: emit_r(&m->e, OP_slt, rd, a, b); break;
    case 1: emit_r(&m->e, OP_sltu, rd, a, b); break;
    case 2: emit_i(&m->e, OP_slti, rd, a, (int)emit_below(&m->e, 4096)); break;
    default: emit_i(&m->e, OP_sltiu, rd, a, (int)(emit_below(&m->e, 4) ? 1 : 0xfff)); break;
    }
}

/* Pairs that a translator may take as one. */
void step_idiom(struct maker *m)
{
    unsigned rd = step_register(m), r = step_other(m, rd), k;
    unsigned s = emit_below(&m->e, 3) ? step_any_register(m) : emit_below(&m->e, 2) ? rd : r;
    unsigned d = emit_below(&m->e, 3) ? rd : emit_below(&m->e, 2) ? r : step_register(m);
    unsigned same = emit_below(&m->e, 4) ? rd : r; /* mostly it may be fused */
    uint32_t at;

    switch (emit_below(&m->e, 12)) {
    case 0:
        emit32(&m->e, emit_row(OP_lui, rd, 0, (uint32_t)emit_chance(&m->e) & 0xfffff000));
        emit_i(&m->e, emit_below(&m->e, 2) ? OP_addi : OP_addiw, rd, same,
               (int)emit_below(&m->e, 4096));
        break;
    case 1:
        at = m->e.at;
        emit32(&m->e, emit_row(OP_auipc, rd, 0, (AT(PAGE_POOL) - at + 0x800) & 0xfffff000));
        k = (AT(PAGE_POOL) - at) & 0xfff;
        emit_i(&m->e, (unsigned[]){OP_ld, OP_lw, OP_lbu, OP_lhu}[emit_below(&m->e, 4)], rd, rd,
               (int)k);
        break;
    case 2:
        k = (unsigned[]){32, 32, 32, 48, 56, 16, 1, 63}[emit_below(&m->e, 8)];
        emit_i(&m->e, OP_slli, rd, s, (int)k);
        emit_i(&m->e, emit_below(&m->e, 3) ? OP_srli : OP_srai, d, same,
               (int)(emit_below(&m->e, 3) == 0 ? k
                     : emit_below(&m->e, 3) ? 29 + emit_below(&m->e, 4) : emit_below(&m->e, 64)));
        if (emit_below(&m->e, 2)) /* an index */
            emit_r(&m->e, OP_add, emit_below(&m->e, 4) ? d : rd,
                   emit_below(&m->e, 2) ? d : (unsigned[]){s, rd, r}[emit_below(&m->e, 3)],
                   emit_below(&m->e, 2) ? d : (unsigned[]){s, rd, r}[emit_below(&m->e, 3)]);
        break;
    case 3: /* a sum of two words with carry */
        emit_r(&m->e, OP_add, rd, rd, s);
        emit_r(&m->e, OP_sltu, r, rd, s);
        emit_r(&m->e, OP_add, r, r, rd);
        break;
    case 4: { /* compare and branch */
        uint32_t branch;
        put_compare(m, rd);
        branch = m->e.at;
        emit32(&m->e, emit_row(emit_below(&m->e, 2) ? OP_beq : OP_bne, 0, same, 0));
        step_filler(m, 2);
        emit_land(&m->e, branch);
        break;
    }
    case 5:
        emit_r(&m->e, emit_below(&m->e, 2) ? OP_mulhu : OP_mulh, d, r, s);
        emit_r(&m->e, OP_mul, emit_below(&m->e, 2) ? r : rd, r, s);
        break;
    case 6:
        k = emit_below(&m->e, 4);
        emit_r(&m->e, (unsigned[]){OP_div, OP_divu, OP_divw, OP_divuw}[k], d, r, s);
        if (emit_below(&m->e, 6) == 0)
            k = emit_below(&m->e, 4);
        emit_r(&m->e, (unsigned[]){OP_rem, OP_remu, OP_remw, OP_remuw}[k],
               emit_below(&m->e, 2) ? r : rd, r, s);
        break;
    case 7:
        emit_i(&m->e, OP_slli, rd, s, 1 + (int)emit_below(&m->e, 3));
        emit_r(&m->e, OP_add, rd, same, step_any_register(m));
        break;
    case 8:
        emit_i(&m->e, OP_addi, rd, rd, (int)emit_below(&m->e, 4096));
        emit_i(&m->e, OP_addi, rd, rd, (int)emit_below(&m->e, 4096));
        break;
    case 9: /* x0 and itself as operands */
        emit_r(&m->e, OP_sub, rd, s, s);
        emit_r(&m->e, OP_or, rd, 0, r);
        emit_r(&m->e, OP_sub, r, 0, s);
        break;
    case 10: {
        uint32_t branch;
        emit_i(&m->e, OP_andi, rd, step_changing(m), 1 << emit_below(&m->e, 4));
        branch = m->e.at;
        emit32(&m->e, emit_row(emit_below(&m->e, 2) ? OP_beq : OP_bne, 0, rd, 0));
        step_filler(m, 3);
        emit_land(&m->e, branch);
        break;
    }
    default: /* a conditional move, as compilers make it */
        put_compare(m, rd);
        emit_r(&m->e, OP_sub, rd, 0, rd);
        emit_r(&m->e, OP_and, rd, rd, s);
        break;
    }
}

/* ---- accesses ---- */

unsigned step_access_size(unsigned op)
{
    switch (op) {
    case OP_lb: case OP_lbu: case OP_sb: return 1;
    case OP_lh: case OP_lhu: case OP_sh: return 2;
    case OP_lw: case OP_lwu: case OP_sw: case OP_flw: case OP_fsw: return 4;
    default: return 8;
    }
}

/* A page of data on which all is allowed, if chance finds one. */
uint32_t step_good_page(struct maker *m)
{
    uint64_t user = m->p->kind == PROGRAM_U ? 16 : 0;
    unsigned page = 0;

    for (unsigned tries = 0; tries < 8; tries++) {
        uint64_t pte;

        page = PAGE_DATA + emit_below(&m->e, PAGES_DATA);
        pte = le64_get(m->e.bytes + table_a_entry(page));
        if (m->p->kind == PROGRAM_M || ((pte & 23) | pte >> 54) == (7 | user))
            break;
    }
    return AT(page);
}

/* An offset in RAM, or of an alias of it, where an access is interesting. */
uint32_t step_target(struct maker *m, unsigned size)
{
    uint32_t page = AT(PAGE_DATA + (emit_below(&m->e, 2) ? emit_below(&m->e, 4)
                                                         : emit_below(&m->e, PAGES_DATA)));
    uint32_t at = page + emit_below(&m->e, 500) * 8;

    switch (emit_below(&m->e, 10)) {
    case 0: at += emit_below(&m->e, 8); break;                            /* any alignment */
    case 1: at = page + PAGE_BYTES - 1 - emit_below(&m->e, size); break;  /* over the page's end */
    case 2: at = page + PAGE_BYTES - 8 + emit_below(&m->e, 2) * 8; break; /* next to it */
    case 3: at = AT(PAGE_STACK) + emit_below(&m->e, 64) * 8; break;
    default: at += emit_below(&m->e, 8 / size) * size; break;
    }
    if (m->p->kind == PROGRAM_M)
        return at;
    switch (emit_below(&m->e, 12)) {
    case 0: case 1: return at + ALIAS_BYTES;
    case 2: return m->large ? at + LARGE_BYTES : at;
    default: return at;
    }
}

/* Makes base + imm an interesting address; sometimes another at every turn. */
static void put_base(struct maker *m, unsigned base, unsigned size, int32_t imm)
{
    uint32_t target = step_target(m, size) - (uint32_t)imm;
    unsigned other = step_other(m, base);

    if (emit_below(&m->e, 48) == 0) { /* nothing is there */
        emit_constant(&m->e, base, UINT64_C(0xa0000000) << (emit_below(&m->e, 4) ? 0 : 24));
        return;
    }
    emit_address(&m->e, base, target);
    if (emit_below(&m->e, 4) == 0) {
        emit_i(&m->e, OP_slli, other, step_changing(m),
               (int)(emit_below(&m->e, 4) ? 3 + emit_below(&m->e, 5) : emit_below(&m->e, 13)));
        emit_r(&m->e, OP_add, base, base, other);
    }
}

static void put_access_of(struct maker *m, unsigned op)
{
    unsigned base = step_register(m), reg = step_any_register(m);
    int32_t imm = emit_below(&m->e, 3) ? (int32_t)emit_below(&m->e, 64) * 8
                                       : (int32_t)emit_below(&m->e, 4096) - 2048;

    put_base(m, base, step_access_size(op), imm);
    switch ((enum isa_format)isa_table[op].format) {
    case FMT_L:
        emit_i(&m->e, op, emit_below(&m->e, 4) ? step_register(m) : 0, base, imm);
        break;
    case FMT_FL:
        emit_i(&m->e, op, reg, base, imm);
        break;
    default:
        emit_s(&m->e, op, reg, base, (uint32_t)imm);
        break;
    }
}

static void put_access(struct maker *m)
{
    unsigned op;

    do
        op = emit_below(&m->e, OP_illegal);
    while (!is_memory(isa_table[op].format) || isa_table[op].class == CLASS_AMO ||
           isa_table[op].format == FMT_CBO);
    put_access_of(m, op);
}

/* Several through a few bases: structures, a copy. */
static void put_accesses(struct maker *m)
{
    static const uint16_t loads[] = {OP_ld, OP_lw, OP_lbu, OP_lhu, OP_lwu, OP_lh, OP_lb};
    static const uint16_t stores[] = {OP_sd, OP_sw, OP_sb, OP_sh};
    unsigned bases = emit_below(&m->e, 2) ? 1 : 1 + emit_below(&m->e, 8), base[8], r;

    for (unsigned n = 0; n < bases; n++) {
        base[n] = step_register(m);
        m->busy |= 1u << base[n];
        put_base(m, base[n], 8, 0);
    }
    r = step_register(m);
    for (unsigned n = 2 * bases + emit_below(&m->e, 2 + 2 * bases); n > 0; n--) {
        unsigned b = base[n % bases];

        if (emit_below(&m->e, 2))
            emit_i(&m->e, loads[emit_below(&m->e, ARRAY_LEN(loads))], r, b,
                   (int)emit_below(&m->e, 64));
        else
            emit_s(&m->e, stores[emit_below(&m->e, ARRAY_LEN(stores))], r, b,
                   emit_below(&m->e, 64));
    }
    if (emit_below(&m->e, 3) == 0) /* its own result as the next base: a chase */
        emit_i(&m->e, OP_ld, base[0], base[0], 0);
    m->busy = 0;
}

/* Compressed ones, through sp or a register of the popular eight. */
static void put_compressed_access(struct maker *m)
{
    struct insn i;
    uint32_t h;

    do {
        h = (uint32_t)emit_chance(&m->e) & 0xffff;
        if ((h & 3) == 3 || !isa_expand((uint16_t)h))
            continue;
        isa_decode(h, &i);
        if (!is_memory(isa_table[i.op].format) || (i.rs1 != 2 && reserved(m, i.rs1)))
            continue;
        if (isa_table[i.op].format != FMT_L || !reserved(m, i.rd))
            break;
    } while (true);
    if (i.rs1 != 2)
        put_base(m, i.rs1, step_access_size(i.op), i.imm);
    emit16(&m->e, h);
}

static void put_atomic(struct maker *m)
{
    unsigned op, base = step_register(m), size;

    do
        op = emit_below(&m->e, OP_illegal);
    while (isa_table[op].class != CLASS_AMO);
    size = isa_table[op].match >> 12 & 1 ? 8 : 4;
    emit_address(&m->e, base, emit_below(&m->e, 12) ? step_target(m, size) & ~(size - 1)
                                                     : step_target(m, size));
    emit32(&m->e, emit_row(op, emit_below(&m->e, 8) ? step_register(m) : 0, base,
                           emit_below(&m->e, 4) << 25 |
                           (isa_table[op].format == FMT_LR ? 0 : step_any_register(m) << 20)));
}

/* LR, something, SC to the same or another place. */
static void put_reservation(struct maker *m)
{
    bool dword = emit_below(&m->e, 2);
    unsigned base = step_register(m), rd = step_other(m, base);
    uint32_t at = step_target(m, 8);

    emit_address(&m->e, base, emit_below(&m->e, 8) ? at & ~7u : at | emit_below(&m->e, 8));
    emit32(&m->e, emit_row(dword ? OP_lr_d : OP_lr_w, rd, base, emit_below(&m->e, 4) << 25));
    switch (emit_below(&m->e, 6)) {
    case 0: emit_i(&m->e, OP_addi, base, base, 8); break; /* elsewhere: must fail */
    case 1: emit_s(&m->e, OP_sd, rd, base, 0); break;
    case 2: emit32(&m->e, isa_table[OP_ecall].match); break; /* a trap breaks it */
    case 3: dword = !dword; break;
    default: emit_i(&m->e, OP_addi, rd, rd, 1); break;
    }
    emit32(&m->e, emit_row(dword ? OP_sc_d : OP_sc_w, step_register(m), base,
                           emit_below(&m->e, 4) << 25 | rd << 20));
}

static void put_block_op(struct maker *m)
{
    static const uint16_t ops[] = {OP_cbo_zero, OP_cbo_zero, OP_cbo_inval, OP_cbo_clean,
                                   OP_cbo_flush};
    unsigned base = step_register(m);

    emit_address(&m->e, base, step_target(m, 8));
    emit32(&m->e, emit_row(ops[emit_below(&m->e, ARRAY_LEN(ops))], 0, base, 0));
}

/* ---- the table ---- */

static const struct {
    const char *name;
    unsigned weight;
    void (*put)(struct maker *m);
} kinds[] = {
    {"row", 14, put_row},
    {"compressed", 8, put_compressed},
    {"float", 14, step_float},
    {"idiom", 14, step_idiom},
    {"access", 14, put_access},
    {"accesses", 8, put_accesses},
    {"compressed access", 6, put_compressed_access},
    {"atomic", 5, put_atomic},
    {"reservation", 3, put_reservation},
    {"block operation", 1, put_block_op},
    {"run", 3, step_run},
    {"hot loop", 10, step_hot_loop},
    {"branch", 8, step_branch},
    {"call", 8, step_call},
    {"jump table", 4, step_jump_table},
    {"odd jump", 4, step_odd_jump},
    {"middle", 3, step_middle},
    {"recursion", 2, step_recursion},
    {"patch near", 4, step_patch_near},
    {"patch far", 5, step_patch_far},
    {"csr", 6, step_csr},
    {"status", 3, step_status},
    {"system", 2, step_system},
    {"illegal", 2, step_illegal},
    {"device", 3, step_device},
    {"device writes code", 1, step_device_code},
    {"remap", 4, step_remap},
    {"turn under a call", 3, step_turn_under},
    {"patch under a call", 3, step_patch_under},
    {"space", 2, step_space},
    {"rights", 3, step_rights},
    {"timer", 1, step_timer},
    {"wait", 1, step_wait},
    {"long loop", 1, step_long_loop},
};

unsigned step_choose(uint64_t chance)
{
    unsigned all = 0, k;

    for (k = 0; k < ARRAY_LEN(kinds); k++)
        all += kinds[k].weight;
    chance = (chance >> 20) % all;
    for (k = 0; chance >= kinds[k].weight; k++)
        chance -= kinds[k].weight;
    return k;
}

const char *step_kind_name(unsigned kind)
{
    return kinds[kind].name;
}

void step_put(struct maker *m, unsigned kind)
{
    kinds[kind].put(m);
}
