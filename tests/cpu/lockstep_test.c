/* SPDX-License-Identifier: Apache-2.0 */
/* The comparison of two engines (doorbell selftest engine): a fault that is put into one of them is
 * found, told and made small; two that are equal have no differences; and the random programs do
 * what they are for. */
#include "check.h"
#include "cpu/lockstep/lockstep.h"
#include "cpu/lockstep/emit.h"

#include <stdlib.h>

/* ---- an engine with a fault ---- */

static enum fault_kind { FAULT_REGISTER, FAULT_MEMORY, FAULT_LONG, FAULT_TIME } fault_kind;

/* The instruction with which the fault strikes. */
#define FAULTY OP_bext

/* Looks for it in the block at pc of a program in which code lies where it runs. */
static bool in_block(const struct hart *h, uint64_t pc, struct insn *i)
{
    for (unsigned n = 0; n < 64; n++) {
        const uint8_t *p = space_host(h->m->space, CELL_RAM + (pc & (CELL_RAM_BYTES - 1)), 4);

        if (!p)
            return false;
        isa_decode(le32_get(p), i);
        if (i->op == FAULTY)
            return true;
        if (isa_table[i->op].class == CLASS_JUMP ||
            (isa_table[i->op].class == CLASS_CSR && (i->op < OP_csrrw || i->op > OP_csrrci)))
            return false;
        pc += i->length;
    }
    return false;
}

static enum stop faulty_run(struct hart *h, uint64_t limit)
{
    enum stop stop;

    if (fault_kind == FAULT_LONG) {
        bool is_long = limit > h->ticks + 3000;
        stop = interp_engine.run(h, limit);
        if (is_long && stop == STOP_LIMIT)
            h->x[7] ^= 0x10;
        return stop;
    }
    do {
        uint64_t pc = h->pc, instret = h->instret;
        struct insn i;
        bool here = in_block(h, pc, &i);

        stop = interp_engine.run(h, h->ticks + 1);
        if (!here || h->instret == instret)
            continue;
        if (fault_kind == FAULT_REGISTER)
            h->x[i.rd] ^= 1; /* whether or not it came to it */
        else if (fault_kind == FAULT_TIME)
            h->ticks++;
        else
            *space_host(h->m->space, CELL_RAM + 0x3fff0, 1) ^= 1; /* nobody reads it soon */
    } while (stop == STOP_LIMIT && h->ticks < limit);
    return stop;
}

static const struct engine faulty_engine = {"faulty", faulty_run};

static const struct lockstep against_faulty = {.engine = {NULL, &faulty_engine},
                                               .name = {"interp", "faulty"}};

/* The first program of its kind that differs; false when 60 do not. */
static bool find(struct program *p, enum program_kind kind, enum lockstep_slices slices,
                 struct lockstep_result *r)
{
    unsigned tried = 0;

    for (uint64_t seed = 1; tried < 60; seed++) {
        *p = (struct program){.seed = seed};
        program_plan(p);
        if (p->kind != kind)
            continue;
        tried++;
        lockstep_run(&against_faulty, p, slices, r);
        if (r->differs)
            return true;
    }
    return false;
}

static unsigned kept(const struct program *p)
{
    unsigned n = 0;

    for (unsigned k = 0; k < p->steps; k++)
        n += !p->left_out[k];
    return n;
}

static char *report_of(struct program *p, enum lockstep_slices slices, struct lockstep_result *r)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    lockstep_report(&against_faulty, p, slices, r, out);
    fclose(out);
    return text;
}

/* ---- faults ---- */

static void test_fault_in_an_instruction_is_made_small_and_told(void)
{
    static const enum program_kind kinds[] = {PROGRAM_M, PROGRAM_S, PROGRAM_U};

    fault_kind = FAULT_REGISTER;
    for (unsigned n = 0; n < ARRAY_LEN(kinds); n++) {
        enum lockstep_slices slices = n ? LOCKSTEP_MIXED : LOCKSTEP_BLOCKS;
        struct lockstep_result r;
        struct program p;
        char *text;

        CHECK(find(&p, kinds[n], slices, &r));
        lockstep_minimise(&against_faulty, &p, slices, 400, &r);
        CHECK(r.differs);
        CHECK_EQ_U64(kept(&p), 1);
        text = report_of(&p, slices, &r);
        CHECK(strstr(text, "bext") != NULL);
        CHECK(strstr(text, "again: doorbell selftest engine --programs 1 --seed 0x") != NULL);
        free(text);
    }
}

static void test_the_small_program_differs_again_from_what_is_printed(void)
{
    struct lockstep_result r, again;
    struct program p, other;
    char steps[512];
    struct err err;

    fault_kind = FAULT_REGISTER;
    CHECK(find(&p, PROGRAM_S, LOCKSTEP_LONG, &r));
    lockstep_minimise(&against_faulty, &p, LOCKSTEP_LONG, 400, &r);
    lockstep_steps_text(&p, steps, sizeof steps);
    other = (struct program){.seed = p.seed, .rounds_max = p.rounds_max, .loops_max = p.loops_max};
    CHECK(lockstep_keep(&other, steps, &err) == 0);
    program_plan(&other);
    lockstep_run(&against_faulty, &other, LOCKSTEP_LONG, &again);
    CHECK(again.differs);
    CHECK_EQ_U64(again.slice, r.slice);
}

static void test_fault_in_memory_is_found_in_its_slice(void)
{
    struct lockstep_result r;
    struct program p;

    fault_kind = FAULT_MEMORY;
    CHECK(find(&p, PROGRAM_S, LOCKSTEP_BLOCKS, &r));
    lockstep_minimise(&against_faulty, &p, LOCKSTEP_BLOCKS, 0, &r);
    CHECK_EQ_U64(r.diffs, 1);
    CHECK_EQ_STR(r.diff[0].name, "memory 0x8003fff0");
    /* The block at which it stands is the one that did it. */
    char *text = report_of(&p, LOCKSTEP_BLOCKS, &r);
    CHECK(strstr(text, "bext") != NULL);
    free(text);
}

static void test_fault_of_a_tick_is_found(void)
{
    struct lockstep_result r;
    struct program p;

    fault_kind = FAULT_TIME;
    CHECK(find(&p, PROGRAM_M, LOCKSTEP_BLOCKS, &r));
    CHECK_EQ_STR(r.diff[0].name, "ticks");
    CHECK_EQ_U64(r.diff[0].value[1], r.diff[0].value[0] + 1);
}

static void test_fault_of_long_slices_is_narrowed_down(void)
{
    struct lockstep_result r;
    struct program p;

    fault_kind = FAULT_LONG;
    CHECK(find(&p, PROGRAM_U, LOCKSTEP_MIXED, &r));
    lockstep_minimise(&against_faulty, &p, LOCKSTEP_MIXED, 0, &r);
    CHECK(r.differs);
    CHECK_EQ_U64(r.budget, 3001);
    CHECK_EQ_STR(r.diff[0].name, "x7");
}

/* ---- no faults ---- */

static void test_equal_engines_do_not_differ(void)
{
    static const struct lockstep equal = {.name = {"interp", "interp"}};

    for (uint64_t seed = 1; seed <= 24; seed++) {
        struct program p = {.seed = seed};
        struct lockstep_result r;

        program_plan(&p);
        lockstep_run(&equal, &p, lockstep_slices_of(seed), &r);
        CHECK(!r.differs);
        CHECK(r.instret > 100);
    }
}

/* Slices change nothing: each engine alone ends where it would with others. */
static void test_slices_do_not_change_the_end(void)
{
    for (uint64_t seed = 40; seed < 60; seed++) {
        uint64_t ticks[2], instret[2];
        unsigned ended = 0;

        for (unsigned n = 0; n < 2; n++) {
            struct program p = {.seed = seed, .rounds_max = 2};
            struct cell *c;
            bool more = true;

            program_plan(&p);
            if (p.harts > 1 || p.kind == PROGRAM_STORM)
                break;
            c = cell_new(&(struct cell_config){.level = p.level, .harts = 1});
            program_load(&p, c);
            while (more && c->hart[0]->ticks < p.ticks_max)
                more = cell_step(c, n ? 1 : 5000);
            ended += !more;
            ticks[n] = c->hart[0]->ticks;
            instret[n] = c->hart[0]->instret;
            cell_free(c);
        }
        if (ended == 2) {
            CHECK_EQ_U64(ticks[0], ticks[1]);
            CHECK_EQ_U64(instret[0], instret[1]);
        }
    }
}

/* ---- the programs ---- */

/* Marks the rows of the table that are among a program's steps. */
static void note_rows(const struct program *p, const struct cell *c, bool *rows)
{
    for (unsigned n = 0; n < p->steps; n++)
        for (uint32_t at = p->from[n]; at + 4 <= p->to[n] + 2 && at + 4 <= CELL_RAM_BYTES; ) {
            struct insn i;

            isa_decode(le32_get(c->ram.ram + at), &i);
            rows[i.op] = true;
            at += i.length;
        }
}

static void test_programs_have_every_row_and_take_every_trap(void)
{
    bool rows[OP_COUNT] = {false}, causes[16] = {false}, interrupts[16] = {false};

    for (uint64_t seed = 1; seed <= 150; seed++) {
        struct program p = {.seed = seed, .rounds_max = 2, .loops_max = 4};
        struct cell *c;
        bool more = true;

        program_plan(&p);
        if (p.kind == PROGRAM_STORM)
            continue;
        c = cell_new(&(struct cell_config){.level = p.level, .harts = p.harts});
        program_load(&p, c);
        note_rows(&p, c, rows);
        while (more && c->hart[0]->ticks < 200000) {
            more = cell_step(c, 1);
            for (unsigned n = 0; n < 2; n++) {
                uint64_t cause = n ? c->hart[0]->mcause : c->hart[0]->scause;
                (cause >> 63 ? interrupts : causes)[cause & 15] = true;
            }
        }
        cell_free(c);
    }
    for (unsigned op = 0; op < OP_COUNT; op++) {
        if (!rows[op] && op != OP_sret && op != OP_mret)
            printf("no step has %s\n", isa_table[op].mnemonic);
        CHECK(rows[op]);
    }
    static const uint8_t wanted[] = {
        CAUSE_FETCH_ACCESS, CAUSE_ILLEGAL, CAUSE_BREAKPOINT, CAUSE_LOAD_MISALIGNED,
        CAUSE_LOAD_ACCESS, CAUSE_STORE_MISALIGNED, CAUSE_STORE_ACCESS, CAUSE_ECALL_U,
        CAUSE_ECALL_S, CAUSE_ECALL_M, CAUSE_FETCH_PAGE, CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE};
    for (unsigned n = 0; n < ARRAY_LEN(wanted); n++) {
        if (!causes[wanted[n]])
            printf("no trap of cause %u\n", wanted[n]);
        CHECK(causes[wanted[n]]);
    }
    CHECK(interrupts[IRQ_STI] && interrupts[IRQ_SEI] && interrupts[IRQ_MEI]);
}

static void test_a_step_left_out_leaves_the_others_alone(void)
{
    struct program whole = {.seed = 3}, part = {.seed = 3};
    struct cell *a, *b;
    unsigned same = 0, compared = 0;

    program_plan(&whole);
    program_plan(&part);
    CHECK(whole.kind != PROGRAM_STORM);
    for (unsigned n = 0; n < part.steps; n += 3)
        part.left_out[n] = true;
    a = cell_new(&(struct cell_config){.level = whole.level, .harts = whole.harts});
    b = cell_new(&(struct cell_config){.level = part.level, .harts = part.harts});
    program_load(&whole, a);
    program_load(&part, b);
    for (unsigned n = 0; n < part.steps; n++) {
        if (part.left_out[n]) {
            CHECK_EQ_U64(part.from[n], part.to[n]);
            continue;
        }
        compared++;
        CHECK_EQ_U64(part.to[n] - part.from[n], whole.to[n] - whole.from[n]);
        /* Those that hold no addresses are the same to the byte. */
        same += memcmp(a->ram.ram + whole.from[n], b->ram.ram + part.from[n],
                       part.to[n] - part.from[n]) == 0;
    }
    CHECK(compared > 10 && same > compared / 4);
    cell_free(a);
    cell_free(b);
}

static void test_steps_as_text(void)
{
    struct program p = {.steps = 20};
    char text[64];
    struct err err;

    CHECK(lockstep_keep(&p, "3,7,9-12", &err) == 0);
    lockstep_steps_text(&p, text, sizeof text);
    CHECK_EQ_STR(text, "3,7,9-12");
    CHECK(lockstep_keep(&p, "-", &err) == 0);
    lockstep_steps_text(&p, text, sizeof text);
    CHECK_EQ_STR(text, "-");
    static const char *const bad[] = {"", "x", "3,", "5-2", "1000", "3-", "-3", "3 4", "3,,4"};
    for (unsigned n = 0; n < ARRAY_LEN(bad); n++) {
        CHECK(lockstep_keep(&p, bad[n], &err) != 0);
        CHECK(strstr(err.text, "is no list of steps") != NULL);
    }
}

/* ---- the two engines that there are ---- */

static void test_translator_and_interpreter_do_not_differ(void)
{
    static const struct lockstep both = {.jit = {false, true}, .name = {"interp", "jit"}};

    if (!lockstep_translates()) {
        check_skip("this host has no translator");
        return;
    }
    for (uint64_t seed = 1000; seed < 1020; seed++) {
        struct program p = {.seed = seed, .rounds_max = 6};
        enum lockstep_slices slices = lockstep_slices_of(seed);
        struct lockstep_result r;

        program_plan(&p);
        lockstep_run(&both, &p, slices, &r);
        CHECK(!r.differs);
        if (!r.differs)
            continue;
        lockstep_minimise(&both, &p, slices, 200, &r);
        lockstep_report(&both, &p, slices, &r, stdout);
    }
}

TEST_MAIN(test_fault_in_an_instruction_is_made_small_and_told,
          test_the_small_program_differs_again_from_what_is_printed,
          test_fault_in_memory_is_found_in_its_slice,
          test_fault_of_a_tick_is_found,
          test_fault_of_long_slices_is_narrowed_down,
          test_equal_engines_do_not_differ,
          test_slices_do_not_change_the_end,
          test_programs_have_every_row_and_take_every_trap,
          test_a_step_left_out_leaves_the_others_alone,
          test_steps_as_text,
          test_translator_and_interpreter_do_not_differ)
