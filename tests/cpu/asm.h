/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions from the table, and single steps of a hart_rig's hart in any mode.
 *
 * Memory of the rig: handlers that execute mark 2 (M) and mark 3 (S) at HANDLER_M and HANDLER_S,
 * the instruction under test at CODE with mark 1 behind it, page tables from TABLES up. */
#ifndef TESTS_CPU_ASM_H
#define TESTS_CPU_ASM_H

#include "hart_rig.h"

enum { WENT_ON = 1, TRAPPED_M = 2, TRAPPED_S = 3, INTERRUPTED = 4 };

#define HANDLER_M (RIG_RAM + 0x100)
#define HANDLER_S (RIG_RAM + 0x200)
#define CODE (RIG_RAM + 0x1000)
#define TABLES (RIG_RAM + 0x100000)

static inline uint32_t asm_r(unsigned op, unsigned rd, unsigned rs1, unsigned rs2)
{
    return isa_table[op].match | rd << 7 | rs1 << 15 | rs2 << 20;
}

static inline uint32_t asm_i(unsigned op, unsigned rd, unsigned rs1, int imm)
{
    return isa_table[op].match | rd << 7 | rs1 << 15 | (uint32_t)imm << 20;
}

static inline uint32_t asm_s(unsigned op, unsigned rs2, unsigned rs1, unsigned imm)
{
    return isa_table[op].match | rs1 << 15 | rs2 << 20 | (imm & 31) << 7 | (imm >> 5 & 127) << 25;
}

static inline uint32_t asm_j(unsigned rd, uint32_t imm)
{
    return isa_table[OP_jal].match | rd << 7 | (imm & 0xff000) | (imm >> 11 & 1) << 20 |
           (imm & 0x7fe) << 20 | (imm >> 20 & 1) << 31;
}

static inline uint32_t asm_b(unsigned op, unsigned rs1, unsigned rs2, uint32_t imm)
{
    return isa_table[op].match | rs1 << 15 | rs2 << 20 | (imm >> 11 & 1) << 7 | (imm & 0x1e) << 7 |
           (imm >> 5 & 63) << 25 | (imm >> 12 & 1) << 31;
}

static inline uint32_t asm_mark(unsigned n)
{
    return isa_table[OP_mark].match | n << 20;
}

/* csrrw x0, csr, rs1 and csrrs rd, csr, x0 */
static inline uint32_t asm_csrw(unsigned csr, unsigned rs1)
{
    return isa_table[OP_csrrw].match | rs1 << 15 | csr << 20;
}

static inline uint32_t asm_csrr(unsigned rd, unsigned csr)
{
    return isa_table[OP_csrrs].match | rd << 7 | csr << 20;
}

static inline void poke32(struct hart_rig *r, uint64_t at, uint32_t word)
{
    rig_program(r, at, &word, 1);
}

static inline void poke64(struct hart_rig *r, uint64_t at, uint64_t value)
{
    uint8_t bytes[8];

    le64_put(bytes, value);
    CHECK_EQ_U64(space_write(&r->space, 0, at, bytes, 8), FAULT_NONE);
}

static inline uint64_t peek64(struct hart_rig *r, uint64_t at)
{
    uint8_t bytes[8] = {0};

    CHECK_EQ_U64(space_read(&r->space, 0, at, bytes, 8), FAULT_NONE);
    return le64_get(bytes);
}

/* A rig with the handlers, all memory open to S and U by one PMP entry, TIMING_OFF. */
static inline struct hart_rig *step_rig(void)
{
    struct hart_rig *r = rig_new(TIMING_OFF);

    poke32(r, HANDLER_M, asm_mark(TRAPPED_M));
    poke32(r, HANDLER_S, asm_mark(TRAPPED_S));
    r->hart->mtvec = HANDLER_M;
    r->hart->stvec = HANDLER_S;
    r->hart->pmpaddr[0] = mask_bits(54);
    r->hart->pmpcfg[0] = 0x1f; /* NAPOT, RWX */
    pmp_changed(r->hart);
    return r;
}

static inline void set_priv(struct hart_rig *r, enum priv priv)
{
    r->hart->priv = (uint8_t)priv;
    mmu_context_changed(r->hart);
}

/* Runs from pc to the next mark and returns it; 0 if none comes. */
static inline unsigned go(struct hart_rig *r, uint64_t pc)
{
    r->hart->pc = pc;
    for (unsigned n = 0; n < 100; n++)
        if (rig_run(r, 10000) == STOP_MARK)
            return (unsigned)r->hart->mark;
    return 0;
}

/* Executes one instruction in mode `priv` at physical CODE. */
static inline unsigned step_at(struct hart_rig *r, enum priv priv, uint64_t pc, uint32_t word)
{
    poke32(r, CODE, word);
    poke32(r, CODE + 4, asm_mark(WENT_ON));
    set_priv(r, priv);
    return go(r, pc);
}

static inline unsigned step(struct hart_rig *r, enum priv priv, uint32_t word)
{
    return step_at(r, priv, CODE, word);
}

/* CSR access through instructions in M mode; x5 is lost. */
static inline void csr_write(struct hart_rig *r, unsigned csr, uint64_t value)
{
    r->hart->x[5] = value;
    CHECK_EQ_U64(step(r, PRIV_M, asm_csrw(csr, 5)), WENT_ON);
}

static inline uint64_t csr_read(struct hart_rig *r, unsigned csr)
{
    CHECK_EQ_U64(step(r, PRIV_M, asm_csrr(5, csr)), WENT_ON);
    return r->hart->x[5];
}

/* ---- page tables ---- */

enum { V = 1, R = 2, W = 4, X = 8, U = 16, G = 32, A = 64, D = 128, RWXAD = V | R | W | X | A | D };

/* satp for an empty table of `levels` (3 to 5) at TABLES; *next is the first free page behind. */
static inline uint64_t paging(struct hart_rig *r, unsigned levels, uint64_t *next)
{
    memset(r->ram.ram + (TABLES - RIG_RAM), 0, 0x100000);
    *next = TABLES + 0x1000;
    return (uint64_t)(levels + 5) << 60 | TABLES >> 12;
}

/* Maps va to pa at a level (0: 4 KiB) with PTE bits `flags`; returns where the leaf is. */
static inline uint64_t map(struct hart_rig *r, uint64_t satp, uint64_t *next, uint64_t va,
                           uint64_t pa, unsigned level, uint64_t flags)
{
    uint64_t table = (satp & mask_bits(44)) << 12;

    for (unsigned n = (unsigned)(satp >> 60) - 5; ; ) {
        uint64_t at = table + (va >> (12 + 9 * --n) & 511) * 8, pte;

        if (n == level) {
            poke64(r, at, pa >> 12 << 10 | flags);
            return at;
        }
        pte = peek64(r, at);
        if (!pte) {
            pte = *next >> 12 << 10 | V;
            poke64(r, at, pte);
            *next += 0x1000;
        }
        table = (pte >> 10 & mask_bits(44)) << 12;
    }
}

static inline void set_satp(struct hart_rig *r, uint64_t satp)
{
    r->hart->satp = satp;
    mmu_context_changed(r->hart);
}

#define DATA (RIG_RAM + 0x200000) /* physical, 2-MiB aligned */
#define CODE_U (UINT64_C(0xc0000000) + (CODE - RIG_RAM))
#define VA UINT64_C(0x40000000) /* not mapped, for tests to map */

/* A rig with paging on: code at its own address for S, at CODE_U for U. */
struct paged {
    struct hart_rig *r;
    struct hart *h;
    uint64_t satp, next;
};

static inline struct paged paged_new(unsigned levels)
{
    struct paged p = {.r = step_rig()};

    p.h = p.r->hart;
    p.satp = paging(p.r, levels, &p.next);
    /* Small pages: one large one makes every fence a full one. */
    for (uint64_t at = 0; at < 0x4000; at += 0x1000) {
        map(p.r, p.satp, &p.next, RIG_RAM + at, RIG_RAM + at, 0, RWXAD);
        map(p.r, p.satp, &p.next, UINT64_C(0xc0000000) + at, RIG_RAM + at, 0, RWXAD | U);
    }
    set_satp(p.r, p.satp);
    return p;
}

#endif
