/* SPDX-License-Identifier: Apache-2.0 */
/* Registers, the controller's states, life.  (NVMe 1.4: 3.1, 7.3 reset, 7.6.2 shutdown, 9.5.)
 *
 *               CC.EN 0->1, valid              ready_ps
 *   disabled ----------------------> enabling ----------> ready ----+
 *      ^  |  invalid: CSTS.CFS                              |       | queue memory faults: CSTS.CFS
 *      |  +---------------------> fatal <-------------------|-------+
 *      +---- CC.EN 1->0, function or power-on reset --------+   CC.SHN: no new fetches, flush,
 *                                                               then CSTS.SHST = 2
 */
#include "dev/nvme_impl.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>

#define BAR_BYTES 16384
#define SHUTDOWN_DONE 2
#define SHUTDOWN_BUSY 1

static const struct reg nvme_regs[] = {NVME_REGS(REG_ROW)};
static const struct reg_field nvme_reg_fields[] = {NVME_REG_FIELDS(REG_FIELD_ROW)};

static const struct pci_ids nvme_ids = {
    .vendor = NVME_VENDOR_ID, .device = 0x4e56, .subsystem_vendor = NVME_VENDOR_ID, .subsystem = 1,
    .class_code = 0x010802, .revision = 1,
};

void nvme_op_clear(struct dma_op *op)
{
    dma_op_cancel(op);
    op->addr = 0;
    op->len = 0;
    op->kind = 0;
    op->sampled = false;
    memset(op->msi_data, 0, sizeof op->msi_data);
    op->fault = FAULT_NONE;
    op->began = op->sampled_at = 0;
}

void nvme_quiesce(struct nvme *n)
{
    for (unsigned i = 0; i < NVME_SLOTS; i++) {
        clock_disarm(n->clock, &n->slot[i].event);
        nvme_op_clear(&n->slot[i].op);
        memset(&n->slot[i].s, 0, sizeof n->slot[i].s);
    }
    for (unsigned i = 0; i < NVME_MOVERS; i++) {
        nvme_op_clear(&n->mover[i].op);
        n->mover[i].busy = 0;
        n->mover[i].off = 0;
        n->mover[i].slot = 0;
    }
    for (unsigned i = 0; i < NVME_FETCHERS; i++) {
        nvme_op_clear(&n->fetcher[i].op);
        n->fetcher[i].busy = 0;
        n->fetcher[i].sqid = n->fetcher[i].count = 0;
    }
    for (unsigned i = 0; i < NVME_QUEUES_MAX; i++) {
        clock_disarm(n->clock, &n->vector[i].event);
        n->c.sq[i].in_flight = 0;
        n->c.sq[i].fetching = 0;
        n->c.sq[i].deleter = NVME_NO_SLOT;
        n->c.cq[i].held_first = n->c.cq[i].held_last = NVME_NO_SLOT;
    }
    nvme_lists_reset(n);
}

void nvme_fatal(struct nvme *n)
{
    nvme_quiesce(n);
    clock_disarm(n->clock, &n->stop);
    n->c.fatal = 1;
}

/* Everything that a controller reset resets (7.3.2): all but AQA, ASQ, ACQ, which stay. */
static void controller_reset(struct nvme *n)
{
    struct nvme_core *c = &n->c;

    nvme_quiesce(n);
    clock_disarm(n->clock, &n->enable);
    clock_disarm(n->clock, &n->stop);
    memset(c->sq, 0, sizeof c->sq);
    memset(c->cq, 0, sizeof c->cq);
    nvme_queues_changed(n);
    memset(c->vector_count, 0, sizeof c->vector_count);
    memset(c->vector_fired, 0, sizeof c->vector_fired);
    c->processor_free = 0;
    c->next_sq = 0;
    c->pending = c->masked_types = c->masked_vectors = 0;
    c->ready = c->fatal = c->shutdown = c->over_threshold = 0;
    nvme_features_reset(n);
    nvme_update_intx(n);
}

/* ---- enable ---- */

static bool valid_configuration(const struct nvme *n)
{
    uint32_t cc = (uint32_t)bank_value(&n->bank, NVME_CC);
    uint32_t aqa = (uint32_t)bank_value(&n->bank, NVME_AQA);

    return FGET(cc, NVME_CC_MPS) <= FGET(NVME_CAP_RESET, NVME_CAP_MPSMAX) &&
           FGET(cc, NVME_CC_CSS) == 0 && FGET(cc, NVME_CC_AMS) == 0 &&
           FGET(aqa, NVME_AQA_ASQS) >= 1 && FGET(aqa, NVME_AQA_ACQS) >= 1;
}

static void enable(struct nvme *n)
{
    clock_disarm(n->clock, &n->stop);
    n->c.shutdown = 0;
    if (valid_configuration(n))
        clock_arm_after(n->clock, &n->enable, n->p.ready_ps);
    else
        n->c.fatal = 1; /* no admin queue to say it through */
}

static void on_enabled(void *owner)
{
    struct nvme *n = owner;
    uint32_t aqa = (uint32_t)bank_value(&n->bank, NVME_AQA);
    struct nvme_sq *sq = &n->c.sq[0];
    struct nvme_cq *cq = &n->c.cq[0];

    sq->base = bank_value(&n->bank, NVME_ASQ);
    sq->size = (uint32_t)FGET(aqa, NVME_AQA_ASQS) + 1;
    sq->deleter = NVME_NO_SLOT;
    sq->created = 1;
    cq->base = bank_value(&n->bank, NVME_ACQ);
    cq->size = (uint32_t)FGET(aqa, NVME_AQA_ACQS) + 1;
    cq->held_first = cq->held_last = NVME_NO_SLOT;
    cq->phase = cq->interrupts = cq->created = 1;
    cq->sqs = 1;
    n->c.ready = 1;
    nvme_queues_changed(n);
}

/* ---- shutdown ---- */

static void shutdown(struct nvme *n)
{
    if (n->c.shutdown)
        return;
    n->c.shutdown = SHUTDOWN_BUSY;
    /* A failing host disk has nowhere to be told but the next command; the shutdown goes on. */
    (void)nvme_flush_all(n);
    clock_arm(n->clock, &n->stop, nvme_media_flush(&n->c.media, &n->mp, n->clock->now));
}

static void on_stopped(void *owner)
{
    struct nvme *n = owner;

    (void)nvme_flush_all(n); /* what was in flight meanwhile */
    n->c.shutdown = SHUTDOWN_DONE;
}

/* ---- registers ---- */

static uint64_t nvme_reg_read(void *owner, unsigned reg, unsigned index, uint64_t stored)
{
    const struct nvme *n = owner;
    uint64_t v = 0;

    (void)index;
    switch (reg) {
    case NVME_CSTS:
        v = FPUT(v, NVME_CSTS_RDY, n->c.ready);
        v = FPUT(v, NVME_CSTS_CFS, n->c.fatal);
        return FPUT(v, NVME_CSTS_SHST, n->c.shutdown);
    case NVME_INTMS:
    case NVME_INTMC:
        return n->c.masked_vectors;
    }
    return stored;
}

static void write_cc(struct nvme *n, uint64_t old, uint64_t cc)
{
    if (FGET(old, NVME_CC_EN) && !FGET(cc, NVME_CC_EN)) {
        controller_reset(n);
        return;
    }
    if (!FGET(old, NVME_CC_EN) && FGET(cc, NVME_CC_EN))
        enable(n);
    if (FGET(cc, NVME_CC_SHN) == 1 || FGET(cc, NVME_CC_SHN) == 2)
        shutdown(n);
}

static void nvme_reg_write(void *owner, unsigned reg, unsigned index, uint64_t old,
                           uint64_t written)
{
    struct nvme *n = owner;

    switch (reg) {
    case NVME_CC:
        write_cc(n, old, bank_value(&n->bank, NVME_CC));
        break;
    case NVME_INTMS:
        n->c.masked_vectors |= (uint32_t)written;
        nvme_update_intx(n);
        break;
    case NVME_INTMC:
        n->c.masked_vectors &= ~(uint32_t)written;
        nvme_vectors_unmasked(n);
        break;
    case NVME_SQTDBL:
        nvme_sq_doorbell(n, index, (uint32_t)written);
        break;
    case NVME_CQHDBL:
        nvme_cq_doorbell(n, index, (uint32_t)written);
        break;
    }
}

/* ---- life ---- */

static void nvme_reset(void *dev)
{
    struct nvme *n = dev;

    pci_function_reset(&n->pci);
    bank_reset(&n->bank);
    controller_reset(n);
    memset(&n->c.error, 0, sizeof n->c.error);
    n->c.errors = n->c.units_read = n->c.units_written = 0;
    n->c.reads = n->c.writes = n->c.media_errors = 0;
    n->c.changed = 0;
    for (unsigned i = 0; i < NVME_NAMESPACES_MAX; i++)
        n->c.lba_shift[i] = (uint8_t)n->ns[i].shift;
    nvme_media_reset(&n->c.media, n->seed, n->name);
    for (unsigned i = 0; i < NVME_MOVERS; i++)
        memset(n->mover[i].buf, 0, sizeof n->mover[i].buf);
    for (unsigned i = 0; i < NVME_FETCHERS; i++)
        memset(n->fetcher[i].buf, 0, sizeof n->fetcher[i].buf);
}

/* The PCI core has reset the function; the data and the medium's clock go on. */
static void nvme_flr(void *owner)
{
    struct nvme *n = owner;

    bank_reset(&n->bank);
    controller_reset(n);
}

static int take_config(struct nvme *n, const struct nvme_config *c, struct err *err)
{
    uint64_t at = 0;

    if (c->namespaces < 1 || c->namespaces > NVME_NAMESPACES_MAX)
        return err_set(err, "%s: 1 to %d namespaces, not %u", n->name, NVME_NAMESPACES_MAX,
                       c->namespaces);
    if (c->io_queues > NVME_IO_QUEUES_MAX || c->vectors > NVME_QUEUES_MAX)
        return err_set(err, "%s: at most %d queues and %d vectors", n->name, NVME_IO_QUEUES_MAX,
                       NVME_QUEUES_MAX);
    n->namespaces = c->namespaces;
    n->io_queues = c->io_queues ? c->io_queues : NVME_IO_QUEUES_MAX;
    n->vectors = c->vectors ? c->vectors : n->io_queues + 1;
    n->write_cache = !c->write_through;
    for (unsigned i = 0; i < c->namespaces; i++) {
        unsigned bytes = c->ns[i].block_bytes ? c->ns[i].block_bytes : 512;
        if (bytes != 512 && bytes != 4096)
            return err_set(err, "%s: blocks of 512 or 4096 bytes, not %u", n->name, bytes);
        n->ns[i].block = c->ns[i].block;
        n->ns[i].bytes = block_size(c->ns[i].block);
        n->ns[i].shift = bytes == 512 ? 9 : 12;
        n->ns[i].at = at;
        at += align_up(n->ns[i].bytes, UINT64_C(1) << 20);
    }
    snprintf(n->serial, sizeof n->serial, "%s", c->serial ? c->serial : n->name);
    return 0;
}

static void add_params(struct nvme *n, const struct device_env *env,
                       const struct nvme_profile *profile)
{
    struct params own = {.level = TIMING_IO};
    struct params *params = env->params ? env->params : &own;

    snprintf(n->media_prefix, sizeof n->media_prefix, "%s.media", n->name);
    params_add(params, n->name, profile->controller, &n->p);
    params_add(params, n->media_prefix, profile->media, &n->mp);
}

static void init_operations(struct nvme *n)
{
    for (unsigned i = 0; i < NVME_SLOTS; i++) {
        n->slot[i].n = n;
        event_init(n->clock, &n->slot[i].event, "nvme.slot", nvme_step, &n->slot[i]);
        dma_op_init(&n->slot[i].op, &n->pci.port, "nvme.slot.dma", nvme_list_op_done, &n->slot[i]);
    }
    for (unsigned i = 0; i < NVME_MOVERS; i++) {
        n->mover[i].n = n;
        dma_op_init(&n->mover[i].op, &n->pci.port, "nvme.data", nvme_moved, &n->mover[i]);
    }
    for (unsigned i = 0; i < NVME_FETCHERS; i++) {
        n->fetcher[i].n = n;
        dma_op_init(&n->fetcher[i].op, &n->pci.port, "nvme.fetch", nvme_fetched, &n->fetcher[i]);
    }
    for (unsigned i = 0; i < NVME_QUEUES_MAX; i++) {
        n->vector[i].n = n;
        event_init(n->clock, &n->vector[i].event, "nvme.aggregation", nvme_vector_timeout,
                   &n->vector[i]);
    }
    event_init(n->clock, &n->enable, "nvme.enable", on_enabled, n);
    event_init(n->clock, &n->stop, "nvme.stop", on_stopped, n);
}

static int nvme_init(void *dev, const struct device_env *env, struct err *err)
{
    static const struct reg_ops reg_ops = {nvme_reg_read, nvme_reg_write};
    static const struct pci_ops pci_ops = {nvme_flr};
    const struct nvme_config *config = env->config;
    struct nvme_config fallback = {.namespaces = 1};
    const struct nvme_profile *profile;
    struct nvme *n = dev;

    memset(n, 0, sizeof *n);
    n->clock = env->clock;
    n->trace = env->trace;
    n->name = env->name;
    n->seed = env->seed;
    profile = config && config->profile ? nvme_profile_find(config->profile, err)
                                        : &nvme_profiles[0];
    if (!profile)
        return -1;
    if (!config) {
        n->own = fallback.ns[0].block = block_memory(1 << 20);
        config = &fallback;
    }
    if (take_config(n, config, err))
        return -1;
    pci_function_init(&n->pci, env, &nvme_ids, &pci_ops, n);
    bank_init(&n->bank, nvme_regs, ARRAY_LEN(nvme_regs), &reg_ops, n);
    n->bank.hole = BANK_HOLE_ZERO; /* reserved offsets read 0 (3.1) */
    n->bank.hole_size = true;
    pci_add_bar(&n->pci, 0, BAR_BYTES, PCI_BAR_MEM64, bank_access, &n->bank);
    if (!config->no_msix)
        pci_add_msix(&n->pci, 4, n->vectors);
    if (!config->no_msi)
        pci_add_msi(&n->pci, 1);
    pci_add_intx(&n->pci, 1);
    add_params(n, env, profile);
    init_operations(n);
    return 0;
}

static void nvme_fini(void *dev)
{
    struct nvme *n = dev;

    nvme_quiesce(n);
    clock_disarm(n->clock, &n->enable);
    clock_disarm(n->clock, &n->stop);
    pci_function_fini(&n->pci);
    bank_fini(&n->bank);
    block_close(n->own);
}

/* Buffers are wiring: which one an operation uses follows from what it is doing. */
static void nvme_restore(void *dev)
{
    struct nvme *n = dev;

    pci_function_restore(&n->pci);
    for (unsigned i = 0; i < NVME_SLOTS; i++)
        n->slot[i].op.buf = n->slot[i].s.state == NVME_MAPPING ? n->slot[i].s.data
                                                               : n->slot[i].s.cqe;
    for (unsigned i = 0; i < NVME_MOVERS; i++)
        n->mover[i].op.buf = n->mover[i].buf;
    for (unsigned i = 0; i < NVME_FETCHERS; i++)
        n->fetcher[i].op.buf = n->fetcher[i].buf;
    nvme_queues_changed(n);
    nvme_slots_changed(n);
    nvme_update_intx(n);
}

struct pci_function *nvme_pci(void *dev)
{
    return &((struct nvme *)dev)->pci;
}

static struct region *nvme_region(void *dev, unsigned i)
{
    struct nvme *n = dev;

    if (i == 0)
        return &n->pci.bar[0].region;
    return i == 1 && n->pci.vectors ? &n->pci.bar[4].region : NULL;
}

static struct bank *nvme_bank(void *dev, unsigned i)
{
    return i ? NULL : &((struct nvme *)dev)->bank;
}

#define OP_STATE(array) \
    FIELD_EACH(struct nvme, array, op.event, FIELD_EVENT), \
    FIELD_EACH(struct nvme, array, op.addr, FIELD_BYTES), \
    FIELD_EACH(struct nvme, array, op.len, FIELD_BYTES), \
    FIELD_EACH(struct nvme, array, op.kind, FIELD_BYTES), \
    FIELD_EACH(struct nvme, array, op.sampled, FIELD_BYTES), \
    FIELD_EACH(struct nvme, array, op.fault, FIELD_BYTES), \
    FIELD_EACH(struct nvme, array, op.began, FIELD_BYTES), \
    FIELD_EACH(struct nvme, array, op.sampled_at, FIELD_BYTES)

static const struct field nvme_state[] = {
    PCI_STATE(struct nvme, pci),
    FIELD(struct nvme, c),
    FIELD_EACH(struct nvme, slot, s, FIELD_BYTES),
    FIELD_EACH(struct nvme, slot, event, FIELD_EVENT),
    OP_STATE(slot),
    OP_STATE(mover),
    FIELD_EACH(struct nvme, mover, buf, FIELD_BYTES),
    FIELD_EACH(struct nvme, mover, off, FIELD_BYTES),
    FIELD_EACH(struct nvme, mover, slot, FIELD_BYTES),
    FIELD_EACH(struct nvme, mover, busy, FIELD_BYTES),
    OP_STATE(fetcher),
    FIELD_EACH(struct nvme, fetcher, buf, FIELD_BYTES),
    FIELD_EACH(struct nvme, fetcher, sqid, FIELD_BYTES),
    FIELD_EACH(struct nvme, fetcher, count, FIELD_BYTES),
    FIELD_EACH(struct nvme, fetcher, busy, FIELD_BYTES),
    FIELD_EACH(struct nvme, vector, event, FIELD_EVENT),
    FIELD_AN_EVENT(struct nvme, enable),
    FIELD_AN_EVENT(struct nvme, stop),
    FIELD_END,
};

const struct device_class nvme_class = {
    .name = "nvme",
    .title = "NVM Express 1.4 controller",
    .size = sizeof(struct nvme),
    .regs = nvme_regs,
    .reg_count = ARRAY_LEN(nvme_regs),
    .reg_fields = nvme_reg_fields,
    .reg_field_count = ARRAY_LEN(nvme_reg_fields),
    .state = nvme_state,
    .notes = "Not modelled: weighted round robin, fused operations, metadata and protection "
             "information, reservations, namespace management, controller memory buffer, "
             "persistent memory region, firmware download, sanitize, directives, host memory "
             "buffer, self-test, power states beyond 0, multi-path, queues that are not "
             "contiguous, memory pages other than 4 KiB.  A change of the block size by Format "
             "NVM lasts until power-off.  The image is external and not part of a snapshot.",
    .init = nvme_init,
    .reset = nvme_reset,
    .fini = nvme_fini,
    .region = nvme_region,
    .bank = nvme_bank,
    .restore = nvme_restore,
};
