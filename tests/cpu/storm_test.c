/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile guest: memory full of random instructions, CSR writes, returns and page tables, with
 * interrupts from outside.  Nothing breaks (the sanitizers watch), time always goes on, and the same
 * storm ends in the same state. */
#include "asm.h"

#include "base/hash.h"

#define STEPS 400

static uint64_t retired; /* instructions of all storms */

struct storm {
    struct hart_rig *r;
    uint64_t state;
};

static uint64_t chance(struct storm *s)
{
    uint64_t z = s->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* A word of memory: an instruction, a pair of compressed ones, a pointer, a PTE or noise. */
static uint64_t word(struct storm *s)
{
    static const uint16_t csrs[] = {0x300, 0x301, 0x302, 0x303, 0x304, 0x305, 0x306, 0x30a, 0x320,
                                    0x340, 0x341, 0x342, 0x343, 0x344, 0x3a0, 0x3a2, 0x3b0, 0x3b1,
                                    0x100, 0x104, 0x105, 0x106, 0x10a, 0x140, 0x141, 0x144, 0x14d,
                                    0x180, 0xb00, 0xb02, 0xc00, 0xc01, 0xc02, 0x001, 0x002, 0x003};
    uint64_t v = chance(s), offset = chance(s) % RIG_RAM_BYTES;

    switch (chance(s) % 16) {
    case 0: return RIG_RAM + (offset & ~UINT64_C(7));
    case 1: return (RIG_RAM + offset) >> 12 << 10 | (v & 0xff) | (v & 0x700 ? 0 : v << 32);
    case 2: return v;
    case 3: return v % 3 ? UINT64_C(8) + v % 3 : 0;
    default:
        for (unsigned n = 0; n < 64; n += 32) {
            unsigned op = (unsigned)(chance(s) % OP_COUNT);
            uint32_t w = isa_table[op].match | ((uint32_t)chance(s) & ~isa_table[op].mask);

            if (isa_table[op].format == FMT_CSR || isa_table[op].format == FMT_CSRI)
                w = (w & 0xfffff) | (uint32_t)csrs[chance(s) % ARRAY_LEN(csrs)] << 20;
            if (isa_table[op].format == FMT_J || isa_table[op].format == FMT_B)
                w &= 0x0fffffff; /* most of them not too far */
            v = bits_set(v, n + 31, n, w);
        }
        return v;
    }
}

static void fill_memory(struct storm *s)
{
    for (uint64_t at = 0; at < RIG_RAM_BYTES; at += 8)
        le64_put(s->r->ram.ram + at, word(s));
    /* Some code pages that begin as tables of themselves. */
    for (uint64_t at = 0; at < 0x10000; at += 8)
        if (chance(s) % 4 == 0)
            le64_put(s->r->ram.ram + at, (RIG_RAM + (chance(s) & 0xf000)) >> 12 << 10 | 1 |
                                             (chance(s) & 0xde));
}

static void shake(struct storm *s)
{
    struct hart *h = s->r->hart;

    for (unsigned n = 1; n < 32; n++)
        if (chance(s) % 2)
            h->x[n] = RIG_RAM + (chance(s) % (2 * RIG_RAM_BYTES) & ~(chance(s) % 8));
    switch (chance(s) % 6) {
    case 0:
        h->satp = (UINT64_C(8) + chance(s) % 3) << 60 | (chance(s) % 3) << 44 |
                  ((RIG_RAM >> 12) + chance(s) % 16);
        break;
    case 1: h->satp = 0; break;
    case 2: h->mtvec = RIG_RAM + (chance(s) % RIG_RAM_BYTES & ~UINT64_C(2)); break;
    case 3: h->stvec = RIG_RAM + (chance(s) % RIG_RAM_BYTES & ~UINT64_C(2)); break;
    case 4: h->pc = RIG_RAM + (chance(s) % RIG_RAM_BYTES & ~UINT64_C(1)); break;
    default: h->mstatus |= MSTATUS_FS; break;
    }
    mmu_context_changed(h);
    hart_drive(h, (unsigned[]){IRQ_MSI, IRQ_MTI, IRQ_MEI, IRQ_SEI}[chance(s) % 4], chance(s) & 1);
}

static uint32_t storm(uint64_t seed)
{
    struct storm s = {.r = rig_new(seed & 1 ? TIMING_IO : TIMING_OFF), .state = seed};
    struct hart *h = s.r->hart;
    uint32_t hash;

    fill_memory(&s);
    h->mtvec = RIG_RAM + 0x2000;
    h->stvec = RIG_RAM + 0x3001;
    h->medeleg = 0xb3ff & chance(&s);
    h->mideleg = 0x222 & chance(&s);
    h->menvcfg = chance(&s) & (UINT64_C(7) << 61 | 0xd0);
    for (unsigned n = 0; n < STEPS; n++) {
        uint64_t before = h->ticks;
        enum stop stop;

        shake(&s);
        stop = rig_run(s.r, 20000);
        CHECK(h->ticks > before);
        clock_run(&s.r->clock, hart_now(h));
        if (stop == STOP_WFI) {
            hart_drive(h, IRQ_MTI, true);
            h->mie |= MIP_BIT(IRQ_MTI);
            hart_wake(h, hart_now(h) + 1000);
        }
    }
    hash = hash32_bytes(HASH32_START, s.r->ram.ram, RIG_RAM_BYTES);
    hash = hash32_bytes(hash, h->x, sizeof h->x);
    hash = hash32_bytes(hash, h->f, sizeof h->f);
    hash = hash32_bytes(hash, &h->ticks, sizeof h->ticks);
    hash = hash32_bytes(hash, &h->instret, sizeof h->instret);
    retired += h->instret;
    CHECK_EQ_U64(h->x[0], 0);
    rig_free(s.r);
    return hash;
}

static void test_a_storm_breaks_nothing_and_ends_the_same_twice(void)
{
    for (uint64_t seed = 0; seed < 12; seed++)
        CHECK_EQ_U64(storm(seed), storm(seed));
    CHECK(retired > 12 * 2 * STEPS * 10); /* they did not all stand still */
}

TEST_MAIN(test_a_storm_breaks_nothing_and_ends_the_same_twice)
