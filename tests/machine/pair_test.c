/* SPDX-License-Identifier: Apache-2.0 */
/* Two machines in lockstep (doorbell selftest engine --boot): equal engines do not differ, and a
 * fault in one is found where it is, be it in a hart, in memory or on the way to a device. */
#define _GNU_SOURCE
#include "cpu/asm.h"
#include "machine/pair.h"

#include <unistd.h>

#define ROUNDS 3000

enum { A0 = 10, A1, A2, A3, S0 = 8, S1 = 9, T0 = 5, T1 = 6 };
enum { UART = 0x10000, FINISHER = 0x100, WORK = 0x80200 };

static uint32_t program[64];
static unsigned length;

static unsigned put(uint32_t word)
{
    program[length] = word;
    return length++;
}

static uint32_t lui(unsigned rd, uint32_t high)
{
    return isa_table[OP_lui].match | rd << 7 | high << 12;
}

/* Counts in memory, prints now and then, looks at the time, and ends with mark 1 and the finisher;
 * all harts but the first wait for ever. */
static void make(void)
{
    unsigned again;

    length = 0;
    put(asm_csrr(S0, 0xf14));
    put(asm_b(OP_beq, S0, 0, 12));
    put(isa_table[OP_wfi].match);
    put(asm_j(0, (uint32_t)-4));
    put(lui(A0, WORK));
    put(asm_i(OP_slli, A0, A0, 32));
    put(asm_i(OP_srli, A0, A0, 32));
    put(lui(A1, UART));
    put(lui(A3, 1));
    put(asm_i(OP_addi, S1, A3, ROUNDS - 4096));
    again = length;
    put(asm_i(OP_ld, T0, A0, 0));
    put(asm_r(OP_bext, T1, S1, A3));
    put(asm_r(OP_add, T0, T0, S1));
    put(asm_s(OP_sd, T0, A0, 0));
    put(asm_i(OP_andi, T1, S1, 511));
    put(asm_b(OP_bne, T1, 0, 16));
    put(asm_i(OP_addi, T1, 0, 'x'));
    put(asm_s(OP_sb, T1, A1, 0));
    put(asm_csrr(A2, 0xc01));
    put(asm_i(OP_addi, S1, S1, -1));
    put(asm_b(OP_bne, S1, 0, (uint32_t)(4 * again - 4 * length)));
    put(asm_mark(1));
    put(lui(A1, FINISHER));
    put(lui(T0, 5));
    put(asm_i(OP_addi, T0, T0, 0x555));
    put(asm_s(OP_sw, T0, A1, 0));
    put(asm_j(0, 0));
}

static struct pair_result pair(unsigned harts, const struct pair_options *o)
{
    char path[] = "/tmp/doorbell-pair-XXXXXX";
    struct board_config c;
    struct pair_result r = {0};
    struct err err = {""};
    FILE *f = fdopen(mkstemp(path), "wb");

    make();
    CHECK(f && fwrite(program, 4, length, f) == length && fclose(f) == 0);
    config_init(&c);
    c.kernel = path;
    c.firmware = "none";
    c.harts = harts;
    c.memory_bytes = UINT64_C(16) << 20;
    c.max_ps = PS_PER_S / 10;
    if (pair_run(&c, o, &r, &err)) {
        printf("  %s\n", err.text);
        CHECK(!"the machines are made");
    }
    unlink(path);
    return r;
}

/* ---- an engine with a fault after some time ---- */

static enum { FAULT_NOWHERE, FAULT_REGISTER, FAULT_MEMORY, FAULT_LINK } fault_where;
static bool fault_done;

static enum stop other_run(struct hart *h, uint64_t limit)
{
    enum stop stop = interp_engine.run(h, limit);

    if (h->id != 0 || h->instret < 5000 || fault_done)
        return stop;
    fault_done = true;
    if (fault_where == FAULT_REGISTER)
        h->x[S1] ^= 64;
    else if (fault_where == FAULT_MEMORY)
        *space_host(h->m->space, 0x80300008, 1) = 1;
    else if (fault_where == FAULT_LINK)
        h->m->soc->down_free += PS_PER_S; /* the next store takes a second */
    return stop;
}

static const struct engine other_engine = {"other", other_run};

static struct pair_result pair_with_fault(unsigned where, bool blocks)
{
    const struct pair_options o = {.blocks = blocks, .blocks_from = UINT64_MAX,
                                   .memory_every_ps = 100 * PS_PER_NS, .other = &other_engine};

    fault_where = where;
    fault_done = false;
    return pair(2, &o);
}

static void test_equal_machines_do_not_differ(void)
{
    struct pair_result r = pair_with_fault(FAULT_NOWHERE, false), blocks;

    CHECK(!r.differs);
    CHECK_EQ_U64(r.machine.end, END_FINISHER);
    CHECK(r.machine.instret > ROUNDS * 8);
    CHECK(r.turns > 10);
    blocks = pair_with_fault(FAULT_NOWHERE, true);
    CHECK(!blocks.differs);
    CHECK_EQ_U64(blocks.machine.instret, r.machine.instret);
    CHECK_EQ_U64(blocks.machine.time_ps, r.machine.time_ps);
    CHECK(blocks.turns > ROUNDS);
}

static void test_fault_in_a_register_is_found(void)
{
    struct pair_result r = pair_with_fault(FAULT_REGISTER, true);

    CHECK(r.differs);
    CHECK_EQ_STR(r.diff[0].name, "x9");
    CHECK_EQ_U64(r.diff[0].value[0] ^ r.diff[0].value[1], 64);
    CHECK(r.instret < 5000 && r.instret > 4900);
    CHECK(r.hart == 0);
    CHECK(strstr(r.code, "s1") != NULL); /* the code at the place */
}

static void test_fault_in_memory_is_found(void)
{
    struct pair_result r = pair_with_fault(FAULT_MEMORY, false);

    CHECK(r.differs);
    CHECK_EQ_U64(r.diffs, 1);
    CHECK_EQ_STR(r.diff[0].name, "memory 0x80300008");
}

static void test_fault_of_a_link_is_found(void)
{
    struct pair_result r = pair_with_fault(FAULT_LINK, true);

    bool named = false;

    CHECK(r.differs);
    for (unsigned n = 0; n < r.diffs && n < LOCKSTEP_DIFFS_MAX; n++)
        named |= strcmp(r.diff[n].name, "soc.down_free") == 0;
    CHECK(named);
}

static void test_run_ends_at_the_mark(void)
{
    const struct pair_options o = {.blocks_from = UINT64_MAX, .until_mark = 1,
                                   .memory_every_ps = PS_PER_S, .other = &other_engine};
    struct pair_result r;

    fault_where = FAULT_NOWHERE;
    r = pair(1, &o);
    CHECK(!r.differs);
    CHECK_EQ_U64(r.machine.end, END_CALLER);
}

static void test_turns_of_one_block_from_a_turn_on(void)
{
    struct pair_options o = {.blocks_from = UINT64_MAX, .memory_every_ps = PS_PER_S,
                             .other = &other_engine};
    struct pair_result whole, part;

    fault_where = FAULT_NOWHERE;
    whole = pair(1, &o);
    o.blocks_from = whole.turns / 2;
    part = pair(1, &o);
    CHECK(!part.differs);
    CHECK(part.turns > whole.turns);
    CHECK_EQ_U64(part.machine.instret, whole.machine.instret);
    CHECK_EQ_U64(part.machine.time_ps, whole.machine.time_ps);
}

static void test_translator_and_interpreter_do_not_differ(void)
{
    const struct pair_options o = {.blocks_from = UINT64_MAX, .memory_every_ps = PS_PER_US};
    struct pair_result r;

    if (!lockstep_translates()) {
        check_skip("this host has no translator");
        return;
    }
    for (unsigned harts = 1; harts <= 2; harts++) {
        r = pair(harts, &o);
        CHECK(!r.differs);
        CHECK_EQ_U64(r.machine.end, END_FINISHER);
    }
}

TEST_MAIN(test_equal_machines_do_not_differ,
          test_fault_in_a_register_is_found,
          test_fault_in_memory_is_found,
          test_fault_of_a_link_is_found,
          test_run_ends_at_the_mark,
          test_turns_of_one_block_from_a_turn_on,
          test_translator_and_interpreter_do_not_differ)
