/* SPDX-License-Identifier: Apache-2.0 */
#include "machine/pair.h"

#include "base/hash.h"
#include "machine/board.h"

#include <stdio.h>
#include <stdlib.h>

enum { SIDES = 2 };
/* The trace is compared by its bytes so far; it is written in chunks. */
struct side {
    struct board_config config;
    struct machine *m;
    uint64_t trace_hash;
    bool marked;
    uint64_t until_mark;
};

#define PROGRESS_TURNS 4096

/* A hash of what is written: fewer steps than one for every byte. */
static int hash_chunk(void *side, const void *bytes, size_t size)
{
    struct side *s = side;
    const uint8_t *p = bytes;

    for (; size >= 8; size -= 8, p += 8)
        s->trace_hash = ((s->trace_hash ^ le64_get(p)) * HASH_PRIME) ^ s->trace_hash >> 29;
    s->trace_hash = hash_bytes(s->trace_hash, p, size);
    return 0;
}

static void on_mark(void *ctx, struct machine *m, unsigned hart, uint64_t number)
{
    struct side *s = ctx;

    (void)hart;
    if (number == s->until_mark) {
        s->marked = true;
        machine_stop(m);
    }
}

static int side_open(struct side *s, const struct board_config *config,
                     const struct pair_options *o, bool jit, struct err *err)
{
    char *meta;

    *s = (struct side){.config = *config, .trace_hash = HASH_START, .until_mark = o->until_mark};
    s->config.engine = jit && !o->other ? ENGINE_JIT : ENGINE_INTERP;
    s->config.console = "null";
    s->config.trace = NULL;
    s->config.offline = true;
    s->m = machine_new(&s->config, err);
    if (!s->m)
        return -1;
    if (jit && o->other)
        s->m->engine = o->other;
    else if (jit && !s->m->shared.jit)
        return err_set(err, "this host has no translator: there is nothing to compare");
    meta = machine_meta_json(s->m);
    trace_open(&s->m->trace, hash_chunk, s, meta);
    free(meta);
    s->m->trace.on = true;
    if (o->until_mark)
        machine_on_mark(s->m, on_mark, s);
    return 0;
}

/* ---- comparison ---- */

static void compare_harts(struct machine *const m[SIDES], struct pair_result *r)
{
    char prefix[16] = "";

    for (unsigned h = 0; h < m[0]->config->harts; h++) {
        if (h)
            snprintf(prefix, sizeof prefix, "hart%u.", h);
        lockstep_compare(hart_fields, m[0]->hart[h], m[1]->hart[h], prefix, r->diff, &r->diffs);
    }
}

static void compare_clock(struct machine *const m[SIDES], struct pair_result *r)
{
    static const struct field fields[] = {
        FIELD(struct machine, clock.now), FIELD(struct machine, trace.next_id),
        FIELD(struct machine, stopped), FIELD_END,
    };
    uint64_t next[SIDES] = {clock_next(&m[0]->clock), clock_next(&m[1]->clock)};
    static const struct field one[] = {
        {"next_event", FIELD_BYTES, 0, sizeof(uint64_t), 1, 0, false}, FIELD_END};

    lockstep_compare(fields, m[0], m[1], "", r->diff, &r->diffs);
    lockstep_compare(one, &next[0], &next[1], "clock.", r->diff, &r->diffs);
}

static void compare_banks(const struct board_device *a, const struct board_device *b,
                          const char *prefix, struct pair_result *r)
{
    const struct bank *x, *y;

    for (unsigned n = 0; a->class->bank && (x = a->class->bank(a->device, n)) &&
                         (y = b->class->bank(b->device, n)); n++) {
        const struct field fields[] = {
            {"registers", FIELD_BYTES, 0, x->values * sizeof x->value[0], 1, 0, false}, FIELD_END};

        if (x->values)
            lockstep_compare(fields, x->value, y->value, prefix, r->diff, &r->diffs);
    }
}

static void compare_devices(struct machine *const m[SIDES], struct pair_result *r)
{
    char prefix[24];

    for (unsigned n = 0; n < m[0]->devices; n++) {
        const struct board_device *a = &m[0]->device[n], *b = &m[1]->device[n];

        snprintf(prefix, sizeof prefix, "%s.", a->class->name);
        if (a->class->state)
            lockstep_compare(a->class->state, a->device, b->device, prefix, r->diff, &r->diffs);
        compare_banks(a, b, prefix, r);
    }
    lockstep_compare(link_fields, &m[0]->soc, &m[1]->soc, "soc.", r->diff, &r->diffs);
    lockstep_compare(link_fields, &m[0]->dma_link, &m[1]->dma_link, "dma0.link.", r->diff,
                     &r->diffs);
    lockstep_compare(link_fields, &m[0]->memory, &m[1]->memory, "memory.", r->diff, &r->diffs);
    for (unsigned n = 0; n < m[0]->config->nvmes; n++)
        lockstep_compare(link_fields, &m[0]->drive[n].link, &m[1]->drive[n].link, "link.", r->diff,
                         &r->diffs);
    for (unsigned n = 0; n < m[0]->config->nics; n++) {
        const struct nic *a = &m[0]->nic[n], *b = &m[1]->nic[n];

        snprintf(prefix, sizeof prefix, "%s.", a->wire_name);
        lockstep_compare(wire_fields, &a->wire, &b->wire, prefix, r->diff, &r->diffs);
        snprintf(prefix, sizeof prefix, "%s.", a->gen_name);
        if (a->gen)
            lockstep_compare(netgen_fields, a->gen, b->gen, prefix, r->diff, &r->diffs);
        lockstep_compare(link_fields, &a->link, &b->link, "link.", r->diff, &r->diffs);
    }
}

static void compare_all(struct side s[SIDES], struct pair_result *r)
{
    struct machine *const m[SIDES] = {s[0].m, s[1].m};
    static const struct field fields[] = {
        {"bytes", FIELD_BYTES, offsetof(struct side, trace_hash), sizeof(uint64_t), 1, 0, false},
        FIELD_END};

    compare_devices(m, r);
    lockstep_compare(fields, &s[0], &s[1], "trace.", r->diff, &r->diffs);
    lockstep_compare_memory(m[0]->ram.ram, m[1]->ram.ram, m[0]->ram.size, m[0]->ram.base, r->diff,
                            &r->diffs);
}

/* ---- the run ---- */

/* The hart whose turn it was: the one whose time has moved, the first if none. */
static unsigned who_ran(const struct machine *m, const uint64_t *ticks)
{
    for (unsigned h = 0; h < m->config->harts; h++)
        if (m->hart[h]->ticks != ticks[h])
            return h;
    return 0;
}

struct place {
    uint64_t pc[VIRT_HARTS_MAX], ticks[VIRT_HARTS_MAX], instret[VIRT_HARTS_MAX];
};

static void note_place(const struct machine *m, struct place *p)
{
    for (unsigned h = 0; h < m->config->harts; h++) {
        p->pc[h] = m->hart[h]->pc;
        p->ticks[h] = m->hart[h]->ticks;
        p->instret[h] = m->hart[h]->instret;
    }
}

static void note_difference(struct machine *m, const struct place *p, struct pair_result *r)
{
    FILE *out = fmemopen(r->code, sizeof r->code, "w");

    r->differs = true;
    r->hart = who_ran(m, p->ticks);
    r->pc = p->pc[r->hart];
    r->instret = p->instret[r->hart];
    r->time = hart_ps(m->hart[r->hart], p->ticks[r->hart]);
    if (!out)
        return;
    lockstep_print_block(&m->space, m->hart[r->hart], r->pc, out);
    fclose(out);
}

static uint64_t all_instret(const struct machine *m)
{
    uint64_t all = 0;

    for (unsigned h = 0; h < m->config->harts; h++)
        all += m->hart[h]->instret;
    return all;
}

static void run(struct side s[SIDES], const struct pair_options *o, struct pair_result *r)
{
    struct machine *const m[SIDES] = {s[0].m, s[1].m};
    ps_t memory_at = o->memory_every_ps;
    bool more[SIDES] = {true, true};
    struct place place;

    while (more[0] && more[1] && !r->differs) {
        note_place(m[0], &place);
        for (unsigned n = 0; n < SIDES; n++) {
            m[n]->single_blocks = o->blocks || r->turns >= o->blocks_from;
            more[n] = machine_step(m[n]);
        }
        r->turns++;
        compare_harts(m, r);
        compare_clock(m, r);
        if (r->diffs || !more[0] || !more[1] || m[0]->clock.now >= memory_at) {
            compare_all(s, r);
            memory_at = ps_add(m[0]->clock.now, o->memory_every_ps);
        }
        if (r->diffs)
            note_difference(m[0], &place, r);
        if (o->progress && r->turns % PROGRESS_TURNS == 0)
            o->progress(o->ctx, m[0]->clock.now, all_instret(m[0]));
    }
    machine_result(m[0], &r->machine);
}

int pair_run(const struct board_config *config, const struct pair_options *options,
             struct pair_result *result, struct err *err)
{
    struct side s[SIDES] = {0};
    int rc = 0;

    *result = (struct pair_result){0};
    for (unsigned n = 0; n < SIDES && !rc; n++)
        rc = side_open(&s[n], config, options, n == 1, err);
    if (!rc)
        run(s, options, result);
    for (unsigned n = 0; n < SIDES; n++)
        machine_free(s[n].m);
    return rc;
}
