/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/lockstep/lockstep.h"

#include "base/hash.h"
#include "cpu/lockstep/emit.h"

const char *const lockstep_slices_names[] = {"blocks", "mixed", "long", NULL};

/* ---- slices ---- */

enum lockstep_slices lockstep_slices_of(uint64_t seed)
{
    static const uint8_t some[] = {LOCKSTEP_BLOCKS, LOCKSTEP_MIXED, LOCKSTEP_MIXED, LOCKSTEP_LONG};

    return (enum lockstep_slices)some[hash_u64(HASH_START, seed ^ 0x51) >> 8 & 3];
}

uint64_t lockstep_budget(uint64_t seed, enum lockstep_slices slices, uint64_t n)
{
    struct emit e = {.state = hash_u64(hash_u64(HASH_START, seed), n)};

    switch (slices) {
    case LOCKSTEP_BLOCKS: return 1;
    case LOCKSTEP_LONG: return emit_below(&e, 4) ? 10000 + emit_below(&e, 90000) : 2000000;
    default: break;
    }
    switch (emit_below(&e, 8)) {
    case 0: case 1: return 1;
    case 2: case 3: return 1 + emit_below(&e, 100);
    case 4: case 5: case 6: return 200 + emit_below(&e, 4000);
    default: return 5000 + emit_below(&e, 30000);
    }
}

/* ---- one run ---- */

/* Where to stop, and from when on to look at all of memory every time. */
struct stop_at {
    uint64_t slice, budget; /* UINT64_MAX: nowhere */
    uint64_t memory_from;
};
static const struct stop_at nowhere = {UINT64_MAX, 0, UINT64_MAX};

#define MEMORY_EVERY 64 /* slices of one block */
#define SLICES_MAX 4000000 /* of a program that goes nowhere */

static struct cell *make(const struct lockstep *l, struct program *p, unsigned side)
{
    struct cell *c = cell_new(&(struct cell_config){.engine = l->engine[side],
                                                    .jit = l->jit[side], .level = p->level,
                                                    .harts = p->harts});

    program_load(p, c);
    return c;
}

static void compare(struct cell *const c[2], bool memory, struct lockstep_result *r)
{
    r->diffs = 0;
    for (unsigned h = 0; h < c[0]->config.harts; h++)
        lockstep_compare(hart_fields, c[0]->hart[h], c[1]->hart[h], h ? "hart1." : "", r->diff,
                         &r->diffs);
    lockstep_compare(cell_fields, c[0], c[1], "cell.", r->diff, &r->diffs);
    lockstep_compare(link_fields, &c[0]->soc, &c[1]->soc, "link.", r->diff, &r->diffs);
    lockstep_compare(link_fields, &c[0]->memory, &c[1]->memory, "memory.", r->diff, &r->diffs);
    if (memory || r->diffs)
        lockstep_compare_memory(c[0]->ram.ram, c[1]->ram.ram, CELL_RAM_BYTES, CELL_RAM, r->diff,
                                &r->diffs);
    r->differs = r->diffs > 0;
}

static uint64_t ticks_of(const struct cell *c)
{
    uint64_t ticks = 0;

    for (unsigned h = 0; h < c->config.harts; h++)
        ticks = u64_max(ticks, c->hart[h]->ticks);
    return ticks;
}

/* Whose turn it is: the hart that the next step would run is known only afterwards. */
static void note_start(const struct cell *c, uint64_t *pc)
{
    for (unsigned h = 0; h < c->config.harts; h++)
        pc[h] = c->hart[h]->pc;
}

/* Runs both cells; they are left as they are at the end. */
static void run_cells(struct cell *const c[2], const struct program *p, enum lockstep_slices slices,
                      const struct stop_at *stop, struct lockstep_result *r)
{
    uint64_t pc[CELL_HARTS_MAX];
    bool more[2];

    *r = (struct lockstep_result){0};
    for (uint64_t n = 0; ; n++) {
        uint64_t budget = n == stop->slice ? stop->budget : lockstep_budget(p->seed, slices, n);
        bool last, memory;

        note_start(c[0], pc);
        for (unsigned side = 0; side < 2; side++)
            more[side] = cell_step(c[side], program_outside(p, c[side], budget));
        last = !more[0] || !more[1] || n == stop->slice || n >= SLICES_MAX ||
               ticks_of(c[0]) >= p->ticks_max;
        memory = last || slices != LOCKSTEP_BLOCKS || n >= stop->memory_from ||
                 n % MEMORY_EVERY == MEMORY_EVERY - 1;
        compare(c, memory, r);
        r->slices = n + 1;
        r->instret = cell_instret(c[0]);
        if (r->differs || last) {
            r->slice = n;
            r->budget = budget;
            r->hart = c[0]->ran ? c[0]->ran->id : 0;
            r->pc = pc[r->hart];
            r->ended = !more[0];
            return;
        }
    }
}

static void run_to(const struct lockstep *l, struct program *p, enum lockstep_slices slices,
                   const struct stop_at *stop, struct lockstep_result *r)
{
    struct cell *c[2];

    for (unsigned side = 0; side < 2; side++)
        c[side] = make(l, p, side);
    run_cells(c, p, slices, stop, r);
    for (unsigned side = 0; side < 2; side++)
        cell_free(c[side]);
}

/* The fewest ticks of the last slice with which it still differs. */
static void shorten(const struct lockstep *l, struct program *p, enum lockstep_slices slices,
                    struct lockstep_result *r)
{
    uint64_t low = 0, high = r->budget; /* equal after low, differs after high */

    while (high - low > 1) {
        struct lockstep_result tried;
        struct stop_at stop = {r->slice, low + (high - low) / 2, UINT64_MAX};

        run_to(l, p, slices, &stop, &tried);
        if (tried.differs) {
            high = stop.budget;
            *r = tried;
        } else {
            low = stop.budget;
        }
    }
}

static void narrow(const struct lockstep *l, struct program *p, enum lockstep_slices slices,
                   struct lockstep_result *r)
{
    struct lockstep_result again;
    struct stop_at stop = nowhere;

    if (slices == LOCKSTEP_BLOCKS) { /* memory may have differed for a while */
        stop.memory_from = r->slice > MEMORY_EVERY ? r->slice - MEMORY_EVERY : 0;
        run_to(l, p, slices, &stop, &again);
        if (again.differs)
            *r = again;
    } else {
        shorten(l, p, slices, r);
    }
}

bool lockstep_translates(void)
{
    struct cell *c = cell_new(&(struct cell_config){.jit = true, .harts = 1});
    bool translates = c->shared.jit != NULL;

    cell_free(c);
    return translates;
}

void lockstep_run(const struct lockstep *l, struct program *p, enum lockstep_slices slices,
                  struct lockstep_result *result)
{
    run_to(l, p, slices, &nowhere, result);
}

/* ---- making small ---- */

struct minimiser {
    const struct lockstep *l;
    struct program *p;
    enum lockstep_slices slices;
    unsigned runs;
    struct lockstep_result *result;
};

/* Whether the program still differs; if not, the change is taken back by the caller. */
static bool still(struct minimiser *m)
{
    struct lockstep_result r;

    if (m->runs == 0)
        return false;
    m->runs--;
    lockstep_run(m->l, m->p, m->slices, &r);
    if (r.differs)
        *m->result = r;
    return r.differs;
}

/* Tries to leave out `chunk` of the kept steps at a time; whether some could be. */
static bool leave_out(struct minimiser *m, unsigned chunk)
{
    unsigned kept[PROGRAM_STEPS_MAX], count = 0;
    bool some = false;

    for (unsigned n = 0; n < m->p->steps; n++)
        if (!m->p->left_out[n])
            kept[count++] = n;
    for (unsigned at = 0; at < count && m->runs; at += chunk) {
        unsigned end = at + chunk < count ? at + chunk : count;

        for (unsigned k = at; k < end; k++)
            m->p->left_out[kept[k]] = true;
        if (still(m)) {
            some = true;
            continue;
        }
        for (unsigned k = at; k < end; k++)
            m->p->left_out[kept[k]] = false;
    }
    return some;
}

static unsigned kept_steps(const struct program *p)
{
    unsigned count = 0;

    for (unsigned n = 0; n < p->steps; n++)
        count += !p->left_out[n];
    return count;
}

static void fewer_turns(struct minimiser *m, unsigned *most)
{
    static const unsigned tries[] = {1, 2, 3, 5, 9, 17, 33};
    unsigned before = *most;

    for (unsigned n = 0; n < ARRAY_LEN(tries); n++) {
        if (before && tries[n] >= before)
            break;
        *most = tries[n];
        if (still(m))
            return;
        *most = before;
    }
}

void lockstep_minimise(const struct lockstep *l, struct program *p, enum lockstep_slices slices,
                       unsigned runs, struct lockstep_result *result)
{
    struct minimiser m = {l, p, slices, runs, result};
    bool some = true;

    for (unsigned pass = 0; some && pass < 4 && m.runs; pass++) {
        some = false;
        for (unsigned chunk = (kept_steps(p) + 1) / 2; chunk > 0; chunk /= 2) {
            if (l->log)
                fprintf(l->log, "\rmaking it small: %u steps ", kept_steps(p));
            some |= leave_out(&m, chunk);
        }
        if (p->kind != PROGRAM_STORM) {
            fewer_turns(&m, &p->rounds_max);
            fewer_turns(&m, &p->loops_max);
        }
    }
    if (l->log)
        fprintf(l->log, "\r%*s\r", 40, "");
    narrow(l, p, slices, result);
}
