/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of every device class, whatever it does.  The classes are in subjects.h. */
#include "base/alloc.h"
#include "base/bits.h"
#include "bus/device.h"
#include "check.h"
#include "machine/classes.h"
#include "sim/random.h"
#include "subjects.h"

#include <stdlib.h>

#define VIEW_BITS 8

/* A device alone on a bus, with a little memory to do DMA with. */
struct rig {
    struct clock clock;
    struct trace trace;
    struct space space;
    struct link link;
    struct region ram;
    struct params params;
    struct device_env env;
    const struct subject *subject;
    void *dev;
};

static void rig_up(struct rig *r, const struct subject *subject, ps_t now)
{
    const struct device_class *c = subject->class;
    struct err err = {""};
    struct region *region;

    memset(r, 0, sizeof *r);
    r->subject = subject;
    clock_init(&r->clock);
    r->clock.now = now;
    trace_init(&r->trace, &r->clock);
    link_init(&r->link, "soc", &r->clock, &r->space, &r->trace);
    r->params.level = TIMING_IO;
    params_add(&r->params, "soc", link_soc_params, &r->link.p);
    link_update(&r->link);
    r->ram = (struct region){.name = "ram", .base = RAM_BASE, .size = RAM_BYTES,
                             .ram = xcalloc(RAM_BYTES, 1)};
    CHECK(space_map(&r->space, &r->ram, NULL) == 0);
    r->env = (struct device_env){.name = c->name, .clock = &r->clock, .trace = &r->trace,
                                 .space = &r->space, .link = &r->link, .params = &r->params,
                                 .seed = 1};
    /* Not zeroed: init must not rely on it. */
    r->dev = malloc(c->size);
    memset(r->dev, 0xa5, c->size);
    if (c->init(r->dev, &r->env, &err)) {
        check_fail(__FILE__, __LINE__, err.text);
        exit(1);
    }
    c->reset(r->dev);
    /* A region with a base is where the board puts it: the device's own DMA can reach it. */
    for (unsigned i = 0; (region = c->region(r->dev, i)) != NULL; i++)
        if (region->base)
            CHECK(space_map(&r->space, region, NULL) == 0);
}

static void rig_down(struct rig *r)
{
    r->subject->class->fini(r->dev);
    free(r->dev);
    free(r->ram.ram);
    clock_fini(&r->clock);
    trace_fini(&r->trace);
}

static void rig_save(struct rig *r, struct archive *a)
{
    const struct device_class *c = r->subject->class;
    struct bank *bank;

    state_save(a, c->state, r->dev);
    for (unsigned i = 0; (bank = c->bank(r->dev, i)) != NULL; i++) {
        archive_put(a, bank->value, bank->values * sizeof bank->value[0]);
        archive_put(a, &bank->view, sizeof bank->view);
    }
    state_save(a, link_fields, &r->link);
    archive_put(a, r->ram.ram, RAM_BYTES);
    archive_put(a, &r->clock.seq, sizeof r->clock.seq);
}

static void rig_load(struct rig *r, struct archive *a)
{
    const struct device_class *c = r->subject->class;
    struct bank *bank;

    CHECK(state_load(a, c->state, r->dev, &r->clock, NULL) == 0);
    for (unsigned i = 0; (bank = c->bank(r->dev, i)) != NULL; i++) {
        CHECK(archive_get(a, bank->value, bank->values * sizeof bank->value[0]) == 0);
        CHECK(archive_get(a, &bank->view, sizeof bank->view) == 0);
    }
    CHECK(state_load(a, link_fields, &r->link, &r->clock, NULL) == 0);
    CHECK(archive_get(a, r->ram.ram, RAM_BYTES) == 0);
    if (c->restore)
        c->restore(r->dev);
    CHECK(archive_get(a, &r->clock.seq, sizeof r->clock.seq) == 0);
}

/* ---- random scripts ---- */

/* Values that mean something more often than random ones do. */
static uint64_t some_value(struct random *rnd)
{
    switch (random_below(rnd, 8)) {
    case 0: return 0;
    case 1: return ~UINT64_C(0);
    case 2: return UINT64_C(1) << random_below(rnd, 64);
    case 3:
    case 4: return random_below(rnd, 128);
    case 5: return RAM_BASE + random_below(rnd, RAM_BYTES / 64) * 64;
    case 6: return random_below(rnd, 65536) << random_below(rnd, 32);
    default: return random_u64(rnd);
    }
}

static struct txn some_access(struct rig *r, struct random *rnd, struct region **region)
{
    const struct device_class *c = r->subject->class;
    struct txn t = {.size = (uint8_t)(1u << random_below(rnd, 4)),
                    .write = random_below(rnd, 2) != 0, .data = some_value(rnd)};
    unsigned regions = 0;

    while (c->region(r->dev, regions))
        regions++;
    *region = c->region(r->dev, (unsigned)random_below(rnd, regions));
    if (c->reg_count && random_below(rnd, 8)) {
        const struct reg *reg = &c->regs[random_below(rnd, c->reg_count)];
        t.addr = reg->offset + random_below(rnd, reg->repeat) * (reg->repeat > 1 ? reg->step : 0);
        if (random_below(rnd, 8))
            t.size = reg->size;
        else
            t.addr += random_below(rnd, reg->size);
        /* The first instances are the ones that exist in a small machine. */
        if (reg->repeat > 1 && random_below(rnd, 2))
            t.addr = reg->offset + random_below(rnd, u64_min(reg->repeat, 3)) * reg->step;
    } else {
        t.addr = random_below(rnd, (*region)->size);
    }
    t.addr &= ~(uint64_t)(t.size - 1);
    return t;
}

/* One step; what the device answered, as a number. */
/* Lets time pass, but not so much that a device which copies memory without end is all that is tested. */
static void pass(struct rig *r, ps_t time)
{
    ps_t until = r->clock.now + time;

    for (unsigned events = 0; events < 2000 && clock_next(&r->clock) <= until; events++)
        clock_run(&r->clock, clock_next(&r->clock));
    if (clock_next(&r->clock) > until)
        clock_run(&r->clock, until);
}

static uint64_t step(struct rig *r, struct random *rnd)
{
    struct region *region;
    struct txn t;
    enum fault fault;

    switch (random_below(rnd, 8)) {
    case 0:
        pass(r, random_u64(rnd) >> random_below(rnd, 40) >> 24);
        return 1;
    case 1:
        if (clock_next(&r->clock) < r->clock.now + PS_PER_S)
            clock_run(&r->clock, clock_next(&r->clock));
        return clock_next(&r->clock);
    case 2:
    case 3:
    case 4:
        if (r->subject->poke)
            return r->subject->poke(r->dev, random_u64(rnd));
        /* fall through */
    default:
        t = some_access(r, rnd, &region);
        fault = region_access(&r->space, region, &t);
        return t.write ? fault : t.data ^ (uint64_t)fault << 60;
    }
}

static void run_script(struct rig *r, struct random *rnd, unsigned steps)
{
    while (steps--)
        step(r, rnd);
}

static void name_failure(const struct subject *s, unsigned script, unsigned at)
{
    char text[128];

    snprintf(text, sizeof text, "%s: script %u, step %u", s->class->name, script, at);
    check_fail(__FILE__, __LINE__, text);
}

static void test_every_class_is_held_to_these_rules(void)
{
    for (unsigned i = 0; device_classes[i]; i++) {
        bool found = false;
        for (unsigned s = 0; s < ARRAY_LEN(subjects); s++)
            found |= subjects[s].class == device_classes[i];
        if (!found)
            check_fail(__FILE__, __LINE__, device_classes[i]->name);
    }
}

/* ---- the table itself ---- */

typedef void bank_property(struct rig *r, struct bank *bank);

static void for_every_bank(bank_property *property)
{
    for (unsigned s = 0; s < ARRAY_LEN(subjects); s++) {
        struct rig r;
        struct bank *bank;

        rig_up(&r, &subjects[s], 0);
        for (unsigned i = 0; (bank = subjects[s].class->bank(r.dev, i)) != NULL; i++)
            property(&r, bank);
        rig_down(&r);
    }
}

static void masks_are_sane(struct rig *r, struct bank *bank)
{
    for (unsigned i = 0; i < bank->count; i++) {
        const struct reg *reg = &bank->regs[i];
        uint64_t mask = mask_bits(reg->size * 8u);
        bool ok = (reg->rw & reg->w1c) == 0 && ((reg->rw | reg->w1c | reg->reset) & ~mask) == 0 &&
                  reg->repeat >= 1 && (reg->repeat == 1 || reg->step >= reg->size) && reg->view &&
                  (reg->size == 1 || reg->size == 2 || reg->size == 4 || reg->size == 8) &&
                  (!(reg->flags & REG_FX_R) || (bank->ops && bank->ops->read)) &&
                  (!(reg->flags & REG_FX_W) || (bank->ops && bank->ops->write)) && reg->doc;
        if (!ok)
            check_fail(r->subject->class->name, (int)i, reg->name);
    }
}

static void test_masks_of_each_register_are_disjoint_and_within_its_size(void)
{
    for_every_bank(masks_are_sane);
}

static bool overlap(const struct reg *a, const struct reg *b)
{
    for (unsigned n = 0; n < a->repeat; n++)
        for (unsigned m = 0; m < b->repeat; m++) {
            uint64_t x = a->offset + (uint64_t)n * a->step, y = b->offset + (uint64_t)m * b->step;
            if (x < y + b->size && y < x + a->size)
                return true;
        }
    return false;
}

static void rows_are_apart(struct rig *r, struct bank *bank)
{
    for (unsigned i = 0; i < bank->count; i++)
        for (unsigned k = i + 1; k < bank->count; k++) {
            const struct reg *a = &bank->regs[i], *b = &bank->regs[k];
            unsigned flags = a->flags | b->flags;
            if (a->view & b->view && (flags & (REG_NO_R | REG_NO_W)) != (REG_NO_R | REG_NO_W) &&
                overlap(a, b))
                check_fail(r->subject->class->name, (int)k, b->name);
        }
}

static void test_no_two_registers_of_a_view_overlap_in_a_direction(void)
{
    for_every_bank(rows_are_apart);
}

static void reads_reset_values(struct rig *r, struct bank *bank)
{
    uint8_t view = bank->view;

    for (unsigned i = 0; i < bank->count; i++) {
        const struct reg *reg = &bank->regs[i];
        if (reg->flags & (REG_FX_R | REG_NO_R | REG_NO_STORE))
            continue;
        for (unsigned n = 0; n < reg->repeat; n++) {
            struct txn t = {.addr = reg->offset + (uint64_t)n * reg->step, .size = reg->size};
            bank->view = (uint8_t)(reg->view & -reg->view); /* its lowest view */
            if (bank_access(bank, &t) || t.data != reg->reset)
                check_fail(r->subject->class->name, (int)n, reg->name);
        }
    }
    bank->view = view;
}

static void test_after_reset_each_register_reads_its_reset_value(void)
{
    for_every_bank(reads_reset_values);
}

static void test_field_rows_lie_within_a_register_of_the_table(void)
{
    for (unsigned s = 0; s < ARRAY_LEN(subjects); s++) {
        const struct device_class *c = subjects[s].class;
        for (unsigned f = 0; f < c->reg_field_count; f++) {
            const struct reg_field *field = &c->reg_fields[f];
            bool ok = false;
            for (unsigned i = 0; i < c->reg_count; i++)
                if (strcmp(c->regs[i].name, field->reg) == 0)
                    ok |= field->bits && field->lsb + field->bits <= c->regs[i].size * 8;
            if (!ok)
                check_fail(c->name, (int)f, field->name);
        }
    }
}

/* ---- hostile software ---- */

static void hit(struct rig *r, struct region *region, uint64_t offset)
{
    static const uint64_t values[] = {0, ~UINT64_C(0), 1, UINT64_C(0x8000000080000000),
                                      UINT64_C(0x0000002000000020), RAM_BASE};

    for (unsigned size = 1; size <= 8; size *= 2) {
        struct txn t = {.addr = offset, .size = (uint8_t)size};
        region_access(&r->space, region, &t);
        CHECK((t.data & ~mask_bits(size * 8)) == 0);
        for (unsigned v = 0; v < ARRAY_LEN(values); v++) {
            t = (struct txn){.addr = offset, .size = (uint8_t)size, .write = true,
                             .data = values[v]};
            region_access(&r->space, region, &t);
        }
    }
    clock_run(&r->clock, r->clock.now + PS_PER_NS);
}

/* Small regions whole; of large ones the first 16 KiB, the last bytes, and around each register. */
static void test_every_offset_size_direction_and_value_is_survived(void)
{
    const uint64_t sweep = 16384;

    for (unsigned s = 0; s < ARRAY_LEN(subjects); s++) {
        const struct device_class *c = subjects[s].class;
        struct region *region;
        struct rig r;

        rig_up(&r, &subjects[s], 0);
        for (unsigned i = 0; (region = c->region(r.dev, i)) != NULL; i++) {
            for (uint64_t o = 0; o < u64_min(region->size, sweep); o++)
                hit(&r, region, o);
            for (uint64_t o = 0; o < 16; o++)
                hit(&r, region, region->size - 8 + o);
            for (unsigned k = 0; k < c->reg_count; k++)
                for (uint64_t o = 0; o <= c->regs[k].repeat; o++) {
                    uint64_t at = c->regs[k].offset + o * c->regs[k].step;
                    hit(&r, region, at);
                    hit(&r, region, at + c->regs[k].size - 1);
                }
            hit(&r, region, UINT64_MAX);
        }
        clock_run(&r.clock, r.clock.now + PS_PER_S / 1000);
        rig_down(&r);
    }
}

/* ---- state ---- */

#define SCRIPTS 400
#define SCRIPT_STEPS 50

/* Many short scripts from many dirty states find what one long script does not: a field that is
 * missing from the state table shows only until the device next overwrites it. */
static void test_a_saved_and_loaded_device_answers_like_the_original(void)
{
    for (unsigned n = 0; n < SCRIPTS * ARRAY_LEN(subjects); n++) {
        const struct subject *s = &subjects[n % ARRAY_LEN(subjects)];
        struct archive saved = {0}, end_a = {0}, end_b = {0};
        struct random rnd, script;
        struct rig a, b;
        unsigned i;

        random_init(&rnd, n, "dirty");
        rig_up(&a, s, 0);
        run_script(&a, &rnd, (unsigned)random_below(&rnd, 120));
        rig_save(&a, &saved);

        rig_up(&b, s, a.clock.now);
        run_script(&b, &rnd, n & 1 ? 20 : 0); /* a load replaces whatever was there */
        b.clock.now = a.clock.now;
        rig_load(&b, &saved);

        random_init(&script, n, "script");
        for (i = 0; i < SCRIPT_STEPS; i++) {
            struct random before = script;
            if (step(&a, &script) != step(&b, &before) || clock_next(&a.clock) != clock_next(&b.clock))
                break;
        }
        rig_save(&a, &end_a);
        rig_save(&b, &end_b);
        if (i < SCRIPT_STEPS || end_a.size != end_b.size ||
            memcmp(end_a.bytes, end_b.bytes, end_a.size) != 0)
            name_failure(s, n, i);
        archive_free(&saved);
        archive_free(&end_a);
        archive_free(&end_b);
        rig_down(&a);
        rig_down(&b);
    }
}

static void test_reset_from_any_state_equals_reset_of_a_new_device(void)
{
    for (unsigned n = 0; n < 100 * ARRAY_LEN(subjects); n++) {
        const struct subject *s = &subjects[n % ARRAY_LEN(subjects)];
        struct archive was = {0}, fresh = {0};
        struct random rnd;
        struct rig a, b;

        random_init(&rnd, n, "reset");
        rig_up(&a, s, 0);
        run_script(&a, &rnd, (unsigned)random_below(&rnd, 120));
        rig_up(&b, s, a.clock.now);
        if (s->quiet)
            s->quiet(a.dev);
        link_reset(&a.link);
        link_reset(&b.link);
        memset(a.ram.ram, 0, RAM_BYTES);
        a.clock.seq = b.clock.seq = 1000000;
        s->class->reset(a.dev);
        s->class->reset(b.dev);
        a.clock.seq = b.clock.seq; /* how often it armed on the way is its own affair */
        rig_save(&a, &was);
        rig_save(&b, &fresh);
        if (was.size != fresh.size || memcmp(was.bytes, fresh.bytes, was.size) != 0)
            name_failure(s, n, 0);
        archive_free(&was);
        archive_free(&fresh);
        rig_down(&a);
        rig_down(&b);
    }
}

static int swallow(void *sink, const void *bytes, size_t size)
{
    (void)bytes;
    *(uint64_t *)sink += size;
    return 0;
}

static void test_recording_changes_no_answer(void)
{
    for (unsigned n = 0; n < 100 * ARRAY_LEN(subjects); n++) {
        const struct subject *s = &subjects[n % ARRAY_LEN(subjects)];
        struct random quiet, recorded;
        struct rig a, b;
        uint64_t size = 0;

        random_init(&quiet, n, "record");
        random_init(&recorded, n, "record");
        rig_up(&a, s, 0);
        rig_up(&b, s, 0);
        trace_open(&b.trace, swallow, &size, "{}");
        b.trace.on = true;
        for (unsigned i = 0; i < 100; i++)
            if (step(&a, &quiet) != step(&b, &recorded) ||
                clock_next(&a.clock) != clock_next(&b.clock)) {
                name_failure(s, n, i);
                break;
            }
        CHECK(trace_close(&b.trace) == 0 && size > 0);
        rig_down(&a);
        rig_down(&b);
    }
}

TEST_MAIN(test_every_class_is_held_to_these_rules,
          test_masks_of_each_register_are_disjoint_and_within_its_size,
          test_no_two_registers_of_a_view_overlap_in_a_direction,
          test_after_reset_each_register_reads_its_reset_value,
          test_field_rows_lie_within_a_register_of_the_table,
          test_every_offset_size_direction_and_value_is_survived,
          test_a_saved_and_loaded_device_answers_like_the_original,
          test_reset_from_any_state_equals_reset_of_a_new_device,
          test_recording_changes_no_answer)
