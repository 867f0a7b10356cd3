/* SPDX-License-Identifier: Apache-2.0 */
/* The storm: RAM full of random instructions, CSR accesses, pointers and page tables, and a hart
 * that is now and then put somewhere else.  Little of it makes sense, and all of it must go the
 * same way. */
#include "base/hash.h"
#include "cpu/lockstep/program_impl.h"

enum { SHAKE_TICKS = 3000 };

/* A word of memory: an instruction, a pair of compressed ones, a pointer, a PTE or noise. */
static uint64_t word(struct emit *e)
{
    static const uint16_t csrs[] = {0x300, 0x301, 0x302, 0x303, 0x304, 0x305, 0x306, 0x30a, 0x320,
                                    0x340, 0x341, 0x342, 0x343, 0x344, 0x3a0, 0x3a2, 0x3b0, 0x3b1,
                                    0x100, 0x104, 0x105, 0x106, 0x10a, 0x140, 0x141, 0x144, 0x14d,
                                    0x180, 0xb00, 0xb02, 0xc00, 0xc01, 0xc02, 0x001, 0x002, 0x003};
    uint64_t v = emit_chance(e), offset = emit_below(e, CELL_RAM_BYTES);

    switch (emit_below(e, 16)) {
    case 0: return CELL_RAM + (offset & ~UINT64_C(7));
    case 1: return (CELL_RAM + offset) >> 12 << 10 | (v & 0xff) | (v & 0x700 ? 0 : v << 32);
    case 2: return v;
    case 3: return v % 3 ? UINT64_C(8) + v % 3 : 0;
    default:
        for (unsigned n = 0; n < 64; n += 32) {
            unsigned op = emit_below(e, OP_COUNT);
            uint32_t w = isa_table[op].match | ((uint32_t)emit_chance(e) & ~isa_table[op].mask);

            if (isa_table[op].format == FMT_CSR || isa_table[op].format == FMT_CSRI)
                w = (w & 0xfffff) | (uint32_t)csrs[emit_below(e, ARRAY_LEN(csrs))] << 20;
            if (isa_table[op].format == FMT_J || isa_table[op].format == FMT_B)
                w &= 0x0fffffff; /* most of them not too far */
            v = bits_set(v, n + 31, n, w);
        }
        return v;
    }
}

static uint64_t stream(uint64_t seed, uint64_t n)
{
    return hash_u64(hash_u64(HASH_START, seed), n);
}

static void shake(const struct program *p, struct cell *c, unsigned n)
{
    struct emit e = {.state = stream(p->seed, 200000 + n)};
    struct hart *h = c->hart[0];

    if (p->left_out[STORM_PAGES + n])
        return;
    for (unsigned r = 1; r < 32; r++)
        if (emit_below(&e, 2))
            h->x[r] = CELL_RAM + (emit_below(&e, 2 * CELL_RAM_BYTES) & ~emit_below(&e, 8));
    switch (emit_below(&e, 6)) {
    case 0:
        h->satp = (uint64_t)(8 + emit_below(&e, 3)) << 60 | (uint64_t)emit_below(&e, 3) << 44 |
                  ((CELL_RAM >> PAGE_SHIFT) + emit_below(&e, 16));
        break;
    case 1: h->satp = 0; break;
    case 2: h->mtvec = CELL_RAM + (emit_below(&e, CELL_RAM_BYTES) & ~2u); break;
    case 3: h->stvec = CELL_RAM + (emit_below(&e, CELL_RAM_BYTES) & ~2u); break;
    case 4: h->pc = CELL_RAM + (emit_below(&e, CELL_RAM_BYTES) & ~1u); break;
    default: h->mstatus |= MSTATUS_FS; break;
    }
    h->retry_instret = UINT64_MAX;
    h->mmio_arrival = 0;
    h->idle = false;
    mmu_context_changed(h);
    hart_drive(h, (unsigned[]){IRQ_MSI, IRQ_MTI, IRQ_MEI, IRQ_SEI}[emit_below(&e, 4)],
               emit_below(&e, 2));
}

void storm_load(struct program *p, struct cell *c)
{
    struct hart *h = c->hart[0];
    struct emit e;

    for (unsigned page = 0; page < STORM_PAGES; page++) {
        e.state = stream(p->seed, 100000 + page);
        p->from[page] = AT(page);
        p->to[page] = p->left_out[page] ? AT(page) : AT(page + 1);
        for (uint32_t at = AT(page); at < p->to[page]; at += 8)
            le64_put(c->ram.ram + at, word(&e));
        /* Some code pages that begin as tables of themselves. */
        for (uint32_t at = AT(page); page < 16 && at < p->to[page]; at += 8)
            if (emit_below(&e, 4) == 0)
                le64_put(c->ram.ram + at,
                         (CELL_RAM + (emit_below(&e, 16) << 12)) >> 12 << 10 | 1 |
                             (emit_chance(&e) & 0xde));
    }
    e.state = stream(p->seed, 3);
    h->mtvec = CELL_RAM + 0x2000;
    h->stvec = CELL_RAM + 0x3001;
    h->medeleg = 0xb3ff & emit_chance(&e);
    h->mideleg = 0x222 & emit_chance(&e);
    h->menvcfg = emit_chance(&e) & (UINT64_C(7) << 61 | 0xd0);
    p->ticks_max = (STORM_SHAKES + 1) * SHAKE_TICKS;
    cell_poked(c);
    mmu_context_changed(h);
}

/* Shakes come at fixed times of the hart, whatever the slices. */
uint64_t storm_outside(const struct program *p, struct cell *c, uint64_t budget)
{
    struct hart *h = c->hart[0];
    uint64_t due = (uint64_t)(c->shakes + 1) * SHAKE_TICKS;

    while (c->shakes < STORM_SHAKES && h->ticks >= due) {
        shake(p, c, c->shakes++);
        due += SHAKE_TICKS;
    }
    return c->shakes < STORM_SHAKES ? u64_min(budget, due - h->ticks) : budget;
}
