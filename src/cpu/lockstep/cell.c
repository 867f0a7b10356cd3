/* SPDX-License-Identifier: Apache-2.0 */
#include "cpu/lockstep/cell.h"

#include "base/alloc.h"
#include "cpu/jit/jit.h"

#include <stdlib.h>

#define QUANTUM_PS PS_PER_US /* how far a hart may run ahead of the other */

const struct field cell_fields[] = {
    FIELD(struct cell, accesses), FIELD(struct cell, raise), FIELD(struct cell, value),
    FIELD(struct cell, dma), FIELD_AN_EVENT(struct cell, raise_event),
    FIELD_AN_EVENT(struct cell, dma_event), FIELD(struct cell, done), FIELD(struct cell, stop),
    FIELD(struct cell, clock.now), FIELD(struct cell, trace.next_id), FIELD_END,
};

/* ---- the device ---- */

static void drive(struct cell *c, unsigned hart, uint64_t lines, bool level)
{
    if (hart >= c->config.harts)
        return;
    if (lines & 1)
        hart_drive(c->hart[hart], IRQ_MEI, level);
    if (lines & 2)
        hart_drive(c->hart[hart], IRQ_SEI, level);
}

static void raise_lines(void *cell)
{
    struct cell *c = cell;

    drive(c, (unsigned)(c->raise >> 14 & 1), c->raise >> 12 & 3, true);
}

static void dma_done(void *cell)
{
    struct cell *c = cell;
    uint8_t bytes[8];

    le64_put(bytes, c->value);
    (void)space_write(&c->space, REQUESTER_PCI,
                      CELL_RAM + (c->dma & (CELL_RAM_BYTES - 1) & ~UINT64_C(7)), bytes, 8);
}

static enum fault device_access(void *owner, struct txn *txn)
{
    struct cell *c = owner;
    ps_t now = c->clock.now;

    c->accesses++;
    if (!txn->write) {
        txn->data = (now * 31 + c->accesses + txn->addr) & mask_bits(txn->size * 8);
        return FAULT_NONE;
    }
    switch (txn->addr) {
    case CELL_RAISE:
        c->raise = txn->data;
        clock_arm(&c->clock, &c->raise_event, now + (c->raise & 0xfff) * PS_PER_NS);
        break;
    case CELL_LOWER:
        drive(c, txn->requester, 3, false);
        break;
    case CELL_VALUE:
        c->value = txn->data;
        break;
    case CELL_DMA:
        c->dma = txn->data;
        clock_arm(&c->clock, &c->dma_event, now + (c->dma >> 40 & 0xfff) * PS_PER_NS);
        break;
    default:
        return FAULT_DECODE;
    }
    return FAULT_NONE;
}

/* ---- life ---- */

static int sink_nothing(void *sink, const void *bytes, size_t size)
{
    (void)sink, (void)bytes, (void)size;
    return 0;
}

struct cell *cell_new(const struct cell_config *config)
{
    struct cell *c = xcalloc(1, sizeof *c);

    c->config = *config;
    if (!c->config.engine)
        c->config.engine = &interp_engine;
    clock_init(&c->clock);
    trace_init(&c->trace, &c->clock);
    c->params.level = config->level;
    params_add(&c->params, "cpu", hart_param_rows, &c->hart_params);
    link_init(&c->soc, "soc", &c->clock, &c->space, &c->trace);
    params_add(&c->params, "soc", link_soc_params, &c->soc.p);
    link_update(&c->soc);
    link_init(&c->memory, "memory", &c->clock, &c->space, &c->trace);
    params_add(&c->params, "memory", link_memory_params, &c->memory.p);
    link_update(&c->memory);
    c->ram = (struct region){.name = "ram", .base = CELL_RAM, .size = CELL_RAM_BYTES,
                             .link = &c->memory,
                             .ram = xcalloc(1, CELL_RAM_BYTES),
                             .code_page = xcalloc(1, CELL_RAM_BYTES >> PAGE_SHIFT)};
    c->device = (struct region){.name = "device", .base = CELL_DEVICE, .size = PAGE_BYTES,
                                .access = device_access, .owner = c, .link = &c->soc};
    (void)space_map(&c->space, &c->ram, NULL);
    (void)space_map(&c->space, &c->device, NULL);
    event_init(&c->clock, &c->raise_event, "cell.raise", raise_lines, c);
    event_init(&c->clock, &c->dma_event, "cell.dma", dma_done, c);
    c->shared = (struct machine_shared){.clock = &c->clock, .trace = &c->trace, .space = &c->space,
                                        .soc = &c->soc, .memory = &c->memory,
                                        .harts = config->harts};
    for (unsigned i = 0; i < config->harts; i++) {
        c->hart[i] = xcalloc(1, sizeof *c->hart[i]);
        hart_init(c->hart[i], i, &c->shared, &c->hart_params, trace_source(&c->trace, "hart"));
    }
    c->shared.code = code_new(&c->shared, c->hart, config->harts);
    c->space.code_written = code_written;
    c->space.code_ctx = c->shared.code;
    for (unsigned i = 0; i < config->harts; i++)
        hart_reset(c->hart[i], CELL_RAM);
    if (config->jit)
        c->shared.jit = jit_new(&c->hart_params, c->shared.code);
    c->shared.hot = BLOCK_HOT;
    trace_open(&c->trace, sink_nothing, NULL, "{}");
    c->trace.on = true;
    return c;
}

void cell_free(struct cell *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < c->config.harts; i++)
        free(c->hart[i]);
    jit_free(c->shared.jit);
    code_free(c->shared.code);
    free(c->ram.ram);
    free(c->ram.code_page);
    trace_fini(&c->trace);
    clock_fini(&c->clock);
    free(c);
}

void cell_poked(struct cell *c)
{
    code_written(c->shared.code, CELL_RAM, CELL_RAM_BYTES);
}

uint64_t cell_instret(const struct cell *c)
{
    uint64_t all = 0;

    for (unsigned i = 0; i < c->config.harts; i++)
        all += c->hart[i]->instret;
    return all;
}

/* ---- the scheduler: as machine/run.c, without the outside world ---- */

static ps_t position(const struct hart *h)
{
    return u64_max(hart_now(h), h->wait_until);
}

static struct hart *pick(struct cell *c, ps_t *second)
{
    struct hart *best = NULL;
    ps_t best_at = PS_NEVER;

    *second = PS_NEVER;
    for (unsigned i = 0; i < c->config.harts; i++) {
        struct hart *h = c->hart[i];
        ps_t at = position(h);

        if (h->idle || c->done[i])
            continue;
        if (!best || at < best_at) {
            *second = best_at;
            best = h;
            best_at = at;
        } else {
            *second = u64_min(*second, at);
        }
    }
    return best;
}

static void fire(struct cell *c, ps_t when)
{
    c->clock.cause = 0;
    clock_run(&c->clock, when);
    for (unsigned i = 0; i < c->config.harts; i++)
        c->hart[i]->reservation = NO_RESERVATION;
}

static void run(struct cell *c, struct hart *h, ps_t second, ps_t next, uint64_t budget)
{
    uint64_t limit;

    h->sync_limit = second;
    if (c->running != h) {
        c->running = h;
        h->reservation = NO_RESERVATION;
    }
    if (h->wait_stalls)
        h->ticks = u64_max(h->ticks, hart_ticks(h, h->wait_until));
    limit = h->ticks + budget;
    if (next != PS_NEVER)
        limit = u64_min(limit, hart_ticks(h, next));
    if (second != PS_NEVER)
        limit = u64_min(limit, hart_ticks(h, u64_max(second, position(h)) + QUANTUM_PS));
    h->wait_until = 0;
    h->wait_stalls = false;
    c->clock.cause = 0;
    c->ran = h;
    c->stop = c->config.engine->run(h, u64_max(limit, h->ticks + 1));
    if (c->stop == STOP_MARK && h->mark == CELL_DONE)
        c->done[h->id] = true;
}

bool cell_step(struct cell *c, uint64_t budget)
{
    ps_t second, next = clock_next(&c->clock);
    struct hart *h = pick(c, &second);
    bool all = true;

    for (unsigned i = 0; i < c->config.harts; i++)
        all = all && c->done[i];
    if (all || (!h && next == PS_NEVER))
        return false;
    c->ran = NULL;
    if (!h || (next != PS_NEVER && hart_ticks(h, next) <= hart_ticks(h, position(h))))
        fire(c, next);
    else
        run(c, h, second, next, budget);
    for (unsigned i = 0; i < c->config.harts; i++)
        if (c->hart[i]->idle && hart_wakes(c->hart[i]))
            hart_wake(c->hart[i], c->clock.now);
    return true;
}
