/* SPDX-License-Identifier: Apache-2.0 */
#include "random_program.h"

#include "cpu/hart/hart.h"
#include "cpu/lockstep/emit.h"

#include <string.h>

struct maker {
    struct random_image *image;
    struct random_program *p;
    struct emit e;
    /* Branches that wait for their target: `left` steps from now. */
    struct fixup {
        uint32_t at;
        unsigned left;
    } fixup[8];
    unsigned fixups;
};

enum { X_AREA = 31 };

/* ---- frame: handler, start and end ---- */

enum { MSCRATCH = 0x340, MEPC = 0x341, MCAUSE = 0x342, MTVAL = 0x343, MTVEC = 0x305,
       MSTATUS = 0x300, FCSR = 3 };

/* Sets or clears mstatus.MPP; x2 is lost. */
static void put_mpp(struct maker *m, unsigned op)
{
    emit32(&m->e, emit_row(OP_lui, 2, 0, 0x2000));
    emit_i(&m->e, OP_addi, 2, 2, -2048);
    emit_csr(&m->e, op, 0, MSTATUS, 2);
}

static void put_handler(struct maker *m)
{
    static const uint16_t logged[] = {MCAUSE, MEPC, MTVAL};

    emit_csr(&m->e, OP_csrrw, X_AREA, MSCRATCH, X_AREA);
    for (unsigned n = 1; n <= 3; n++)
        emit_s(&m->e, OP_sd, n, X_AREA, AREA_SPILL + 8 * (n - 1));
    /* The program's end: go on behind it in M mode. */
    emit_csr(&m->e, OP_csrrs, 1, MEPC, 0);
    emit_i(&m->e, OP_ld, 2, X_AREA, AREA_END);
    emit32(&m->e, emit_row(OP_bne, 0, 1, 2 << 20 | emit_b_imm(4 * 4)));
    put_mpp(m, OP_csrrs);
    emit_i(&m->e, OP_ld, 1, X_AREA, AREA_TRAPS);
    emit_i(&m->e, OP_addi, 2, 0, RANDOM_LOG_MAX);
    emit32(&m->e, emit_row(OP_bgeu, 0, 1, 2 << 20 | emit_b_imm(4 * 9))); /* log full */
    emit_i(&m->e, OP_slli, 2, 1, 5);
    emit32(&m->e, emit_row(OP_add, 2, 2, X_AREA << 20));
    for (unsigned n = 0; n < ARRAY_LEN(logged); n++) {
        emit_csr(&m->e, OP_csrrs, 3, logged[n], 0);
        emit_s(&m->e, OP_sd, 3, 2, AREA_LOG + 8 * n);
    }
    emit_i(&m->e, OP_addi, 1, 1, 1);
    emit_s(&m->e, OP_sd, 1, X_AREA, AREA_TRAPS);
    /* mepc += low two bits of the instruction are 11 ? 4 : 2 */
    emit_csr(&m->e, OP_csrrs, 1, MEPC, 0);
    emit_i(&m->e, OP_lhu, 2, 1, 0);
    emit_i(&m->e, OP_andi, 2, 2, 3);
    emit_i(&m->e, OP_addi, 2, 2, -3);
    emit_i(&m->e, OP_sltiu, 2, 2, 1);
    emit_i(&m->e, OP_slli, 2, 2, 1);
    emit_i(&m->e, OP_addi, 2, 2, 2);
    emit32(&m->e, emit_row(OP_add, 1, 1, 2 << 20));
    emit_csr(&m->e, OP_csrrw, 0, MEPC, 1);
    for (unsigned n = 1; n <= 3; n++)
        emit_i(&m->e, OP_ld, n, X_AREA, (int)(AREA_SPILL + 8 * (n - 1)));
    emit_csr(&m->e, OP_csrrw, X_AREA, MSCRATCH, X_AREA);
    emit32(&m->e, isa_table[OP_mret].match);
}

static void put_prologue(struct maker *m)
{
    emit_address(&m->e, X_AREA, m->p->area);
    emit_csr(&m->e, OP_csrrw, 0, MSCRATCH, X_AREA);
    if (m->image->paged) {
        /* behind the mret below */
        emit_address(&m->e, 1, m->e.at + 4 * (2 + 1 + 3 + 2 + 32 + 31 + 1));
        emit_csr(&m->e, OP_csrrw, 0, MEPC, 1);
        put_mpp(m, OP_csrrc);
    }
    emit_i(&m->e, OP_ld, 1, X_AREA, AREA_FCSR);
    emit_csr(&m->e, OP_csrrw, 0, FCSR, 1);
    for (unsigned n = 0; n < 32; n++)
        emit_i(&m->e, OP_fld, n, X_AREA, (int)(AREA_F + 8 * n));
    for (unsigned n = 1; n < 32; n++)
        emit_i(&m->e, OP_ld, n, X_AREA, (int)(AREA_X + 8 * n)); /* x31, the base, last */
    if (m->image->paged)
        emit32(&m->e, isa_table[OP_mret].match);
}

static void put_epilogue(struct maker *m)
{
    if (m->image->paged) {
        le64_put(m->image->bytes + m->p->area + AREA_END, RANDOM_BASE + m->e.at);
        emit32(&m->e, isa_table[OP_ecall].match);
    }
    emit_csr(&m->e, OP_csrrw, X_AREA, MSCRATCH, X_AREA);
    for (unsigned n = 0; n < X_AREA; n++)
        emit_s(&m->e, OP_sd, n, X_AREA, AREA_X_OUT + 8 * n);
    emit_csr(&m->e, OP_csrrs, 1, MSCRATCH, 0);
    emit_s(&m->e, OP_sd, 1, X_AREA, AREA_X_OUT + 8 * 31);
    emit_csr(&m->e, OP_csrrs, 1, FCSR, 0);
    emit_s(&m->e, OP_sd, 1, X_AREA, AREA_FCSR_OUT);
    for (unsigned n = 0; n < 32; n++)
        emit_s(&m->e, OP_fsd, n, X_AREA, AREA_F_OUT + 8 * n);
}

/* ---- the random line ---- */

/* One that may be a base: x0 cannot. */
static unsigned pointer(struct maker *m)
{
    return 1 + emit_below(&m->e, 31);
}

/* An offset into the image where an access of `size` is interesting. */
static uint32_t target(struct maker *m, unsigned size)
{
    uint32_t at = emit_below(&m->e, WINDOW_BYTES / 8 - 2) * 8;

    switch (emit_below(&m->e, 6)) {
    case 0: /* any alignment */
        return m->p->window + at + emit_below(&m->e, 8);
    case 1: /* over the page's end */
        return m->p->window + WINDOW_BYTES / 2 - 1 - emit_below(&m->e, size);
    case 2: /* next to it */
        return m->p->window + WINDOW_BYTES / 2 - 8 + emit_below(&m->e, 2) * 8;
    default:
        return m->p->window + at + emit_below(&m->e, 8 / size) * size;
    }
}

/* A base register for an access with immediate imm. */
static void put_base(struct maker *m, unsigned base, unsigned size, int32_t imm)
{
    if (emit_below(&m->e, 64) == 0) {
        /* Nothing is there in either machine: 0xa0000000, aligned. */
        emit_i(&m->e, OP_addi, base, 0, 0x50);
        emit_i(&m->e, OP_slli, base, base, 25);
        emit_i(&m->e, OP_addi, base, base, -imm & 0xff8);
        if (imm & 7)
            emit_address(&m->e, base, target(m, size) - (uint32_t)imm);
        return;
    }
    emit_address(&m->e, base, target(m, size) - (uint32_t)imm);
}

static unsigned access_size(unsigned op)
{
    switch (op) {
    case OP_lb: case OP_lbu: case OP_sb: return 1;
    case OP_lh: case OP_lhu: case OP_sh: return 2;
    case OP_lw: case OP_lwu: case OP_sw: case OP_flw: case OP_fsw: return 4;
    default: return 8;
    }
}

/* CSRs that hold the same on every machine. */
static unsigned any_csr(struct maker *m)
{
    static const uint16_t number[] = {1, 1, 2, 2, 3, 3, 3, 0x140 /* sscratch */,
                                      0x142 /* scause */, 0x143 /* stval */,
                                      0xf14 /* mhartid */, 0x7ff /* none */, 0x8ff /* none */};

    return number[emit_below(&m->e, ARRAY_LEN(number))];
}

static void add_fixup(struct maker *m, uint32_t at)
{
    m->fixup[m->fixups++] = (struct fixup){at, 1 + emit_below(&m->e, 5)};
}

/* Ends the steps that branches jump over; all of them when `now`. */
static void settle(struct maker *m, bool now)
{
    for (unsigned n = 0; n < m->fixups; ) {
        struct fixup *f = &m->fixup[n];
        uint8_t *at = m->image->bytes + f->at;
        uint32_t w = le32_get(at), distance = m->e.at - f->at;

        if (!now && --f->left) {
            n++;
            continue;
        }
        le32_put(at, w | ((w & 0x7f) == 0x6f ? emit_j_imm(distance) : emit_b_imm(distance)));
        *f = m->fixup[--m->fixups];
    }
}

static void put_atomic(struct maker *m, unsigned op)
{
    unsigned size = isa_table[op].match >> 12 & 1 ? 8 : 4, base = pointer(m);
    uint32_t at = m->p->window + emit_below(&m->e, WINDOW_BYTES / 8) * 8;
    uint32_t aqrl = emit_below(&m->e, 4) << 25;

    if (emit_below(&m->e, 16) == 0)
        at += 1 + emit_below(&m->e, 3); /* misaligned: traps */
    else if (size == 4)
        at += emit_below(&m->e, 2) * 4;
    emit_address(&m->e, base, at);
    emit32(&m->e, emit_row(op, emit_below(&m->e, 32), base, aqrl | emit_below(&m->e, 32) << 20));
}

/* LR and SC come in pairs: alone, machines may differ. */
static void put_pair(struct maker *m, bool dword)
{
    unsigned base = pointer(m), rd = (base + 1 + emit_below(&m->e, 30)) & 31;
    /* there are all rights */
    uint32_t at = m->p->window + emit_below(&m->e, WINDOW_BYTES / 16 - 1) * 8;

    if (rd == base)
        rd = 0;
    emit_address(&m->e, base, at);
    emit32(&m->e, emit_row(dword ? OP_lr_d : OP_lr_w, rd, base, emit_below(&m->e, 4) << 25));
    if (emit_below(&m->e, 8) == 0)
        emit_i(&m->e, OP_addi, base, base, 8); /* elsewhere: must fail */
    emit32(&m->e, emit_row(dword ? OP_sc_d : OP_sc_w, emit_below(&m->e, 32), base,
               emit_below(&m->e, 4) << 25 | emit_below(&m->e, 32) << 20));
}

/* Compressed: any halfword, with a base before it where it needs one. */
static void put_compressed(struct maker *m)
{
    struct insn i;
    uint32_t h;

    do { /* c.mv and the jumps are put_compressed_move's */
        h = (uint32_t)emit_chance(&m->e) & 0xffff;
        if ((h & 3) == 3)
            h ^= 1 + emit_below(&m->e, 2);
        isa_decode(h, &i);
    } while ((i.op == OP_illegal && !m->image->illegal) || (h & 0xe003) == 0x8002);
    switch ((enum isa_format)isa_table[i.op].format) {
    case FMT_L: case FMT_S: case FMT_FL: case FMT_FS:
        put_base(m, i.rs1, access_size(i.op), i.imm);
        emit16(&m->e, h);
        break;
    case FMT_B: /* over the next one */
        emit16(&m->e, (h & 0xe383) | 2 << 3);
        emit16(&m->e, 0x0505); /* c.addi a0, 1 */
        break;
    case FMT_J:
        emit16(&m->e, 0xa001 | 2 << 3);
        emit16(&m->e, 0x0505);
        break;
    case FMT_JR:
        break;
    default:
        emit16(&m->e, h);
    }
}

/* c.mv, c.add, c.jr, c.jalr and c.ebreak: what the one above leaves out. */
static void put_compressed_move(struct maker *m)
{
    unsigned rd = pointer(m), rs2 = emit_below(&m->e, 4) ? pointer(m) : 0;
    unsigned link = emit_below(&m->e, 2);

    if (rs2 == 0 && emit_below(&m->e, 8) == 0)
        rd = 0;
    if (rs2 == 0 && rd)
        emit_address(&m->e, rd, m->e.at + 12);
    if (rs2 || rd || link || m->image->illegal)
        emit16(&m->e, 0x8002 | link << 12 | rd << 7 | rs2 << 2);
    if (rs2 == 0)
        emit16(&m->e, 0x0505);
}

static void put_illegal(struct maker *m)
{
    emit_near_miss(&m->e);
}

static bool excluded(const struct maker *m, unsigned op)
{
    const char *qemu;

    switch (op) {
    case OP_sfence_w_inval: case OP_sfence_inval_ir:
        return m->image->paged; /* QEMU 7.2 lets U execute them */
    case OP_wfi: case OP_mret: case OP_sret: /* need a world around them */
    case OP_sc_w: case OP_sc_d:              /* come with their lr */
        return true;
    default:
        return !random_extension(isa_table[op].extension, &qemu) || !qemu;
    }
}

static void put_row(struct maker *m, unsigned op)
{
    unsigned rd = emit_below(&m->e, 32), rs1 = emit_below(&m->e, 32), rs2 = emit_below(&m->e, 32);
    unsigned base = pointer(m);
    int32_t imm = (int32_t)(emit_chance(&m->e) & 0xfff);
    uint32_t free_bits = (uint32_t)emit_chance(&m->e) & ~isa_table[op].mask;

    if (emit_below(&m->e, 4) == 0)
        rs2 = rs1;
    switch ((enum isa_format)isa_table[op].format) {
    case FMT_L: case FMT_FL:
        put_base(m, base, access_size(op), (int32_t)((uint32_t)imm << 20) >> 20);
        emit_i(&m->e, op, rd, base, imm);
        break;
    case FMT_S: case FMT_FS:
        put_base(m, base, access_size(op), (int32_t)((uint32_t)imm << 20) >> 20);
        emit_s(&m->e, op, rs2, base, (unsigned)imm);
        break;
    case FMT_B:
        if (m->fixups < ARRAY_LEN(m->fixup)) {
            add_fixup(m, m->e.at);
            emit32(&m->e, emit_row(op, 0, rs1, rs2 << 20));
        }
        break;
    case FMT_J:
        if (m->fixups < ARRAY_LEN(m->fixup)) {
            add_fixup(m, m->e.at);
            emit32(&m->e, emit_row(op, rd, 0, 0));
        }
        break;
    case FMT_JR:
        emit32(&m->e, emit_row(OP_auipc, base, 0, 0));
        emit_i(&m->e, OP_jalr, rd, base, (int)(8 + emit_below(&m->e, 2))); /* bit 0 is dropped */
        break;
    case FMT_LR: put_pair(m, op == OP_lr_d); break;
    case FMT_AMO: put_atomic(m, op); break;
    case FMT_CSR:
    case FMT_CSRI: {
        unsigned csr = any_csr(m);

        /* To set or clear no bits of a read-only CSR is illegal all the same; QEMU lets it pass. */
        if (csr == 0xf14 && op != OP_csrrw && op != OP_csrrwi)
            rs1 = 0;
        emit_csr(&m->e, op, rd, csr, emit_below(&m->e, 3) ? rs1 : 0);
        break;
    }
    case FMT_FR4: case FMT_FR: case FMT_FR1: case FMT_XF: case FMT_FX:
        emit32(&m->e, isa_table[op].match | (free_bits & ~UINT32_C(0x7000)) |
                          emit_rounding(&m->e) << 12);
        break;
    default:
        if (op == OP_ctzw) {
            /* QEMU 7.2 is wrong when the low word is 0 (it counts in all of the register). */
            emit_i(&m->e, OP_bseti, base, base, 31);
            free_bits = (free_bits & ~(31u << 15)) | base << 15;
        }
        if (op == OP_mark)
            free_bits &= UINT32_C(0x3ff) << 20; /* RANDOM_DONE is not among them */
        emit32(&m->e, isa_table[op].match | free_bits);
        break;
    }
}

static void put_step(struct maker *m)
{
    unsigned op;

    switch (emit_below(&m->e, 16)) {
    case 0: /* so that results do not all end as NaN */
        put_row(m, emit_below(&m->e, 2) ? OP_fld : OP_flw);
        break;
    case 1:
        emit_csr(&m->e, OP_csrrwi, 0, 2 /* frm */, emit_below(&m->e, 5));
        break;
    case 2: put_compressed_move(m); break;
    case 3: case 4: case 5: put_compressed(m); break;
    case 6:
        if (m->image->illegal && emit_below(&m->e, 4) == 0) {
            put_illegal(m);
            break;
        }
        /* fall through */
    default:
        do
            op = emit_below(&m->e, OP_illegal);
        while (excluded(m, op));
        put_row(m, op);
    }
}

/* ---- whole ---- */

bool random_extension(const char *extension, const char **qemu)
{
    static const struct {
        const char *name, *qemu;
    } known[] = {
        {"I", ""}, {"M", ""}, {"A", ""}, {"F", ""}, {"D", ""}, {"S", ""}, {"M_mode", ""},
        {"Zicsr", ""}, {"Zifencei", ""}, {"Zihintpause", ""}, {"Zba", "zba"},
        {"Zbb", "zbb"}, {"Zbs", "zbs"}, {"Svinval", "svinval"}, {"Zicbom", NULL},
        {"Zicboz", NULL}, {"none", NULL},
    };

    for (unsigned n = 0; n < ARRAY_LEN(known); n++)
        if (strcmp(known[n].name, extension) == 0) {
            *qemu = known[n].qemu;
            return true;
        }
    return false;
}

static void fill_data(struct maker *m)
{
    uint8_t *area = m->image->bytes + m->p->area, *window = m->image->bytes + m->p->window;

    for (unsigned n = 0; n < 32; n++) {
        le64_put(area + AREA_X + 8 * n, emit_value(&m->e));
        le64_put(area + AREA_F + 8 * n, emit_value(&m->e));
    }
    le64_put(area + AREA_FCSR, emit_below(&m->e, 5) << 5 | emit_below(&m->e, 32));
    for (unsigned n = 0; n < WINDOW_BYTES; n += 8)
        le64_put(window + n, emit_value(&m->e));
}

static void put_program(struct maker *m)
{
    m->p->code = m->e.at;
    m->e.state = m->p->seed;
    fill_data(m);
    put_prologue(m);
    m->p->body = m->e.at;
    for (unsigned n = 0; n < m->p->length; n++) {
        put_step(m);
        settle(m, false);
    }
    settle(m, true);
    m->p->end = m->e.at;
    put_epilogue(m);
}

enum { PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_A = 64, PTE_D = 128 };
#define TABLES_BYTES 0x4000u /* root, one of 2 MiB each, two of pages */
#define TABLES ((uint32_t)RANDOM_IMAGE_BYTES - TABLES_BYTES)

uint32_t random_pte(uint32_t offset)
{
    return TABLES + 0x2000 + (offset >> 12) * 8;
}

static void put_pte(struct maker *m, uint32_t at, uint32_t page, uint32_t flags)
{
    le64_put(m->image->bytes + at, (RANDOM_BASE + page) >> 12 << 10 | flags);
}

static void put_tables(struct maker *m)
{
    static const uint8_t rights[] = {
        PTE_V | PTE_R | PTE_W | PTE_U, PTE_V | PTE_R | PTE_W | PTE_X | PTE_U | PTE_A | PTE_D,
        PTE_V | PTE_R | PTE_W | PTE_U | PTE_A, PTE_V | PTE_X | PTE_U | PTE_A,
        PTE_V | PTE_R | PTE_U | PTE_A, /* without A, QEMU's AMO sets it although it must fault */
        PTE_V | PTE_R | PTE_W | PTE_A | PTE_D, PTE_R | PTE_W | PTE_U | PTE_A | PTE_D,
        PTE_V | PTE_W | PTE_U | PTE_A | PTE_D, PTE_V | PTE_U};
    const uint32_t all = PTE_V | PTE_R | PTE_W | PTE_X | PTE_U | PTE_A | PTE_D;

    put_pte(m, TABLES + 2 * 8, TABLES + 0x1000, PTE_V); /* 0x80000000 */
    put_pte(m, TABLES + 0x1000, TABLES + 0x2000, PTE_V);
    put_pte(m, TABLES + 0x1008, TABLES + 0x3000, PTE_V);
    for (uint32_t page = 0; page < RANDOM_IMAGE_BYTES; page += 0x1000)
        put_pte(m, random_pte(page), page, all);
    for (unsigned n = 0; n < m->image->count; n++) {
        uint32_t second = m->image->program[n].window + 0x1000;
        m->e.state = m->image->program[n].seed ^ 0x5555;
        put_pte(m, random_pte(second), second, rights[emit_below(&m->e, ARRAY_LEN(rights))]);
    }
    le64_put(m->image->bytes + 8, UINT64_C(8) << 60 | (RANDOM_BASE + TABLES) >> 12);
}

/* Page tables on for U, all memory open to it, Svadu. */
static void put_paging(struct maker *m)
{
    emit_address(&m->e, 1, 8);
    emit_i(&m->e, OP_ld, 1, 1, 0);
    emit_csr(&m->e, OP_csrrw, 0, 0x180 /* satp */, 1);
    emit32(&m->e, isa_table[OP_sfence_vma].match);
    emit_i(&m->e, OP_addi, 1, 0, -1);
    emit_csr(&m->e, OP_csrrw, 0, 0x3b0 /* pmpaddr0 */, 1);
    emit_csr(&m->e, OP_csrrwi, 0, 0x3a0 /* pmpcfg0 */, 0x1f);
    emit_i(&m->e, OP_addi, 1, 0, 1);
    emit_i(&m->e, OP_slli, 1, 1, 61);
    emit_csr(&m->e, OP_csrrw, 0, 0x30a /* menvcfg */, 1);
}

void random_build(struct random_image *image)
{
    struct maker m = {.image = image,
                      .e = {.bytes = image->bytes, .size = RANDOM_IMAGE_BYTES}};
    uint32_t top = TABLES;

    memset(image->bytes, 0, RANDOM_IMAGE_BYTES);
    emit32(&m.e, emit_row(OP_jal, 0, 0, emit_j_imm(512)));
    m.e.at = 64;
    put_handler(&m);
    m.e.at = 512;
    emit_address(&m.e, 1, 64);
    emit_csr(&m.e, OP_csrrw, 0, MTVEC, 1);
    emit32(&m.e, emit_row(OP_lui, 1, 0, 0x6000)); /* FS */
    emit_csr(&m.e, OP_csrrs, 0, MSTATUS, 1);
    if (image->paged)
        put_paging(&m);
    for (unsigned n = 0; n < image->count; n++)
        image->program[n].window = top -= WINDOW_BYTES;
    if (image->paged)
        put_tables(&m);
    /* Areas lie below all windows. */
    for (unsigned n = 0; n < image->count; n++)
        image->program[n].area = top - AREA_BYTES * (n + 1);
    for (unsigned n = 0; n < image->count; n++) {
        m.p = &image->program[n];
        put_program(&m);
    }
    emit32(&m.e, emit_row(OP_lui, 1, 0, (uint32_t)RANDOM_FINISHER));
    emit32(&m.e, emit_row(OP_lui, 2, 0, 0x5000));
    emit_i(&m.e, OP_addi, 2, 2, 0x555);
    emit32(&m.e, emit_row(OP_mark, 0, 0, RANDOM_DONE << 20));
    emit_s(&m.e, OP_sw, 2, 1, 0);
    emit32(&m.e, emit_row(OP_jal, 0, 0, 0));
}
