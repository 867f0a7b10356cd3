/* SPDX-License-Identifier: Apache-2.0 */
#include "hart_rig.h"

#define ADDI(rd, rs1, imm) (0x13u | (rd) << 7 | (rs1) << 15 | (uint32_t)(imm) << 20)
#define ADD(rd, rs1, rs2) (0x33u | (rd) << 7 | (rs1) << 15 | (rs2) << 20)
#define SD(rs2, rs1) (0x3023u | (rs1) << 15 | (uint32_t)(rs2) << 20)
#define SW(rs2, rs1) (0x2023u | (rs1) << 15 | (uint32_t)(rs2) << 20)
#define LD(rd, rs1) (0x3003u | (rd) << 7 | (rs1) << 15)
#define BNEZ_BACK(rs1, words) \
    (0x1063u | (rs1) << 15 | 0x80000000u | ((-4 * (words)) >> 5 & 0x3f) << 25 | \
     ((-4 * (words)) & 0x1e) << 7 | ((-4 * (words)) >> 11 & 1) << 7)
#define MARK(n) (0x2013u | (n) << 20)
#define CSRR(rd, csr) (0x2073u | (rd) << 7 | (uint32_t)(csr) << 20)

static void test_a_loop_sums_and_every_instruction_is_counted(void)
{
    struct hart_rig *r = rig_new(TIMING_IO);
    const uint32_t program[] = {ADDI(1, 0, 100), ADD(2, 2, 1), ADDI(1, 1, -1), BNEZ_BACK(1, 2),
                                MARK(7)};

    rig_program(r, RIG_RAM, program, ARRAY_LEN(program));
    CHECK_EQ_U64(rig_run(r, 1000000), STOP_MARK);
    CHECK_EQ_U64(r->hart->x[2], 5050);
    CHECK_EQ_U64(r->hart->mark, 7);
    CHECK_EQ_U64(r->hart->instret, 1 + 3 * 100 + 1);
    /* Half a cycle each, half a cycle more for each of the 99 taken branches. */
    CHECK_EQ_U64(r->hart->ticks, (1 + 3 * 100 + 1) * 4 + 99 * 4);
    rig_free(r);
}

static void test_cycle_and_instret_are_exact_in_the_middle_of_a_block(void)
{
    struct hart_rig *r = rig_new(TIMING_OFF);
    const uint32_t program[] = {ADDI(1, 0, 1), ADDI(1, 0, 1), ADDI(1, 0, 1), CSRR(5, 0xc02),
                                ADDI(1, 0, 1), CSRR(6, 0xc02), MARK(1)};

    rig_program(r, RIG_RAM, program, ARRAY_LEN(program));
    CHECK_EQ_U64(rig_run(r, 1000000), STOP_MARK);
    CHECK_EQ_U64(r->hart->x[5], 3);
    CHECK_EQ_U64(r->hart->x[6], 5);
    rig_free(r);
}

static void test_a_store_into_its_own_block_takes_effect_at_once(void)
{
    struct hart_rig *r = rig_new(TIMING_IO);
    /* x1 = word for addi x3,x0,2; it overwrites the instruction two ahead, in the same block. */
    const uint32_t program[] = {SW(1, 2), ADDI(4, 0, 1), ADDI(3, 0, 1), MARK(1)};

    rig_program(r, RIG_RAM, program, ARRAY_LEN(program));
    r->hart->x[1] = ADDI(3, 0, 2);
    r->hart->x[2] = RIG_RAM + 8;
    CHECK_EQ_U64(rig_run(r, 1000000), STOP_MARK);
    CHECK_EQ_U64(r->hart->x[3], 2);
    CHECK_EQ_U64(r->hart->x[4], 1);
    rig_free(r);
}

static void test_a_dma_write_drops_decoded_code(void)
{
    struct hart_rig *r = rig_new(TIMING_IO);
    const uint32_t before[] = {ADDI(3, 3, 1), MARK(1)}, after[] = {ADDI(3, 3, 64)};

    rig_program(r, RIG_RAM, before, ARRAY_LEN(before));
    CHECK_EQ_U64(rig_run(r, 1000), STOP_MARK);
    rig_program(r, RIG_RAM, after, 1);
    r->hart->pc = RIG_RAM;
    CHECK_EQ_U64(rig_run(r, 1000), STOP_MARK);
    CHECK_EQ_U64(r->hart->x[3], 65);
    rig_free(r);
}

static void test_misaligned_and_page_crossing_accesses_work_in_memory(void)
{
    struct hart_rig *r = rig_new(TIMING_IO);
    const uint32_t program[] = {SD(1, 2), LD(3, 2), SD(1, 4), LD(5, 4), MARK(1)};

    rig_program(r, RIG_RAM, program, ARRAY_LEN(program));
    r->hart->x[1] = UINT64_C(0x1122334455667788);
    r->hart->x[2] = RIG_RAM + 0x1003;
    r->hart->x[4] = RIG_RAM + 0x2ffd;
    CHECK_EQ_U64(rig_run(r, 1000000), STOP_MARK);
    CHECK_EQ_U64(r->hart->x[3], r->hart->x[1]);
    CHECK_EQ_U64(r->hart->x[5], r->hart->x[1]);
    CHECK_EQ_U64(le64_get(r->ram.ram + 0x2ffd), r->hart->x[1]);
    rig_free(r);
}

static void test_an_access_to_nothing_traps_precisely(void)
{
    struct hart_rig *r = rig_new(TIMING_IO);
    const uint32_t program[] = {ADDI(1, 0, 5), LD(3, 2), ADDI(1, 0, 6), MARK(1)};

    rig_program(r, RIG_RAM, program, ARRAY_LEN(program));
    rig_program(r, RIG_RAM + 0x100, (const uint32_t[]){MARK(2)}, 1);
    r->hart->x[2] = 0x7000;
    r->hart->mtvec = RIG_RAM + 0x100;
    CHECK_EQ_U64(rig_run(r, 1000000), STOP_MARK);
    CHECK_EQ_U64(r->hart->mark, 2);
    CHECK_EQ_U64(r->hart->mcause, CAUSE_LOAD_ACCESS);
    CHECK_EQ_U64(r->hart->mtval, 0x7000);
    CHECK_EQ_U64(r->hart->mepc, RIG_RAM + 4);
    CHECK_EQ_U64(r->hart->x[1], 5);
    CHECK_EQ_U64(r->hart->instret, 2); /* addi and the mark, not the load */
    rig_free(r);
}

struct seen {
    unsigned count;
    uint64_t pc, instret;
};

static void on_probe(void *ctx, struct hart *h)
{
    struct seen *s = ctx;

    s->count++;
    s->pc = h->pc;
    s->instret = h->instret;
}

static void test_a_probe_sees_its_address_and_changes_nothing(void)
{
    const uint32_t program[] = {ADDI(1, 0, 100), ADD(2, 2, 1), ADDI(1, 1, -1), BNEZ_BACK(1, 2),
                                MARK(7)};
    uint64_t state[2];

    for (int with = 0; with < 2; with++) {
        struct hart_rig *r = rig_new(TIMING_IO);
        struct seen seen = {0};

        rig_program(r, RIG_RAM, program, ARRAY_LEN(program));
        code_probe_fn(r->shared.code, on_probe, &seen);
        if (with)
            code_probe_add(r->shared.code, RIG_RAM + 8);
        CHECK_EQ_U64(rig_run(r, 1000000), STOP_MARK);
        state[with] = state_hash(hart_fields, r->hart);
        CHECK_EQ_U64(r->hart->x[2], 5050);
        CHECK_EQ_U64(seen.count, with ? 100 : 0);
        if (with) {
            CHECK_EQ_U64(seen.pc, RIG_RAM + 8);
            CHECK_EQ_U64(seen.instret, 1 + 3 * 99 + 1);
        }
        rig_free(r);
    }
    CHECK_EQ_U64(state[0], state[1]);
}

/* A program that stores, loads, branches and reads a counter, 40 times; its end state. */
static const uint32_t busy[] = {ADDI(1, 0, 40), SD(1, 3), LD(4, 3), ADD(2, 2, 4), CSRR(5, 0xc02),
                                ADD(2, 2, 5), ADDI(1, 1, -1), BNEZ_BACK(1, 6), MARK(7)};

static struct hart_rig *busy_rig(void)
{
    struct hart_rig *r = rig_new(TIMING_IO);

    rig_program(r, RIG_RAM, busy, ARRAY_LEN(busy));
    r->hart->x[3] = RIG_RAM + 0x2000;
    return r;
}

static uint64_t busy_end(void)
{
    struct hart_rig *r = busy_rig();
    uint64_t state;

    CHECK_EQ_U64(rig_run(r, 1000000), STOP_MARK);
    state = state_hash(hart_fields, r->hart);
    rig_free(r);
    return state;
}

static void test_slices_do_not_change_the_result(void)
{
    for (uint64_t ticks = 1; ticks < 100; ticks += 7) {
        struct hart_rig *r = busy_rig();
        unsigned slices = 1;

        while (rig_run(r, ticks) == STOP_LIMIT && slices < 10000)
            slices++;
        CHECK(slices > 10);
        CHECK_EQ_U64(state_hash(hart_fields, r->hart), busy_end());
        rig_free(r);
    }
}

static void test_a_hart_that_was_saved_goes_on_in_another_machine(void)
{
    struct hart_rig *r = busy_rig(), *other = rig_new(TIMING_IO);
    struct archive a = {0};

    CHECK_EQ_U64(rig_run(r, 500), STOP_LIMIT);
    state_save(&a, hart_fields, r->hart);
    CHECK(space_write(&other->space, 0, RIG_RAM, r->ram.ram, RIG_RAM_BYTES) == FAULT_NONE);
    rig_free(r);
    CHECK(state_load(&a, hart_fields, other->hart, &other->clock, NULL) == 0);
    pmp_changed(other->hart);
    CHECK_EQ_U64(rig_run(other, 1000000), STOP_MARK);
    CHECK_EQ_U64(state_hash(hart_fields, other->hart), busy_end());
    archive_free(&a);
    rig_free(other);
}

TEST_MAIN(test_a_loop_sums_and_every_instruction_is_counted,
          test_cycle_and_instret_are_exact_in_the_middle_of_a_block,
          test_a_store_into_its_own_block_takes_effect_at_once,
          test_a_dma_write_drops_decoded_code,
          test_misaligned_and_page_crossing_accesses_work_in_memory,
          test_an_access_to_nothing_traps_precisely,
          test_a_probe_sees_its_address_and_changes_nothing, test_slices_do_not_change_the_result,
          test_a_hart_that_was_saved_goes_on_in_another_machine)
