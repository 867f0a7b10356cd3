/* SPDX-License-Identifier: Apache-2.0 */
/* Set and get features (NVMe 1.4: 5.13, 5.21). None is saveable: the saved value is the default. */
#include "dev/nvme_impl.h"

#define ARBITRATION_DEFAULT 3 /* bursts of 8 */

struct feature {
    uint8_t id, supported;
};

static const struct feature features[] = {
    {NVME_FEATURE_ARBITRATION, NVME_SUPPORTED_CHANGEABLE},
    {NVME_FEATURE_POWER, NVME_SUPPORTED_CHANGEABLE},
    {NVME_FEATURE_TEMPERATURE, NVME_SUPPORTED_CHANGEABLE},
    {NVME_FEATURE_ERROR_RECOVERY, NVME_SUPPORTED_CHANGEABLE | NVME_SUPPORTED_NAMESPACE},
    {NVME_FEATURE_WRITE_CACHE, NVME_SUPPORTED_CHANGEABLE},
    {NVME_FEATURE_QUEUES, NVME_SUPPORTED_CHANGEABLE},
    {NVME_FEATURE_COALESCING, NVME_SUPPORTED_CHANGEABLE},
    {NVME_FEATURE_VECTOR, NVME_SUPPORTED_CHANGEABLE},
    {NVME_FEATURE_ATOMICITY, NVME_SUPPORTED_CHANGEABLE},
    {NVME_FEATURE_ASYNC_EVENTS, NVME_SUPPORTED_CHANGEABLE},
};

static void set_defaults(const struct nvme *n, struct nvme_features *f)
{
    memset(f, 0, sizeof *f);
    f->arbitration = ARBITRATION_DEFAULT;
    f->write_cache = n->write_cache;
    f->over = NVME_WARNING_K;
}

void nvme_features_reset(struct nvme *n)
{
    set_defaults(n, &n->c.f);
}

static const struct feature *find(const struct nvme *n, unsigned id)
{
    for (unsigned i = 0; i < ARRAY_LEN(features); i++)
        if (features[i].id == id)
            return id == NVME_FEATURE_WRITE_CACHE && !n->write_cache ? NULL : &features[i];
    return NULL;
}

/* SMART critical warning and event when a threshold is crossed (5.21.1.4). */
void nvme_temperature_check(struct nvme *n)
{
    bool over = NVME_TEMPERATURE_K >= n->c.f.over || NVME_TEMPERATURE_K <= n->c.f.under;

    if (over && !n->c.over_threshold)
        nvme_event(n, NVME_EV_TEMPERATURE);
    n->c.over_threshold = over;
}

static unsigned set_temperature(struct nvme *n, uint32_t cdw11)
{
    unsigned sensor = cdw11 >> 16 & 0xf, which = cdw11 >> 20 & 3;

    if ((sensor > 1 && sensor != 0xf) || which > 1)
        return NVME_INVALID_FIELD;
    if (sensor == 1)
        return 0; /* the one sensor reads as the composite and has no event of its own */
    if (which == 0)
        n->c.f.over = (uint16_t)cdw11;
    else
        n->c.f.under = (uint16_t)cdw11;
    nvme_temperature_check(n);
    return 0;
}

static unsigned set_queues(struct nvme_slot *slot, uint32_t cdw11)
{
    struct nvme *n = slot->n;
    uint32_t sqs = cdw11 & 0xffff, cqs = cdw11 >> 16;

    if (sqs == 0xffff || cqs == 0xffff)
        return NVME_INVALID_FIELD;
    for (unsigned i = 1; i <= n->io_queues; i++)
        if (n->c.sq[i].created || n->c.cq[i].created)
            return NVME_SEQUENCE_ERROR;
    sqs = (uint32_t)u64_min(sqs, n->io_queues - 1);
    cqs = (uint32_t)u64_min(cqs, n->io_queues - 1);
    n->c.f.queues = cqs << 16 | sqs;
    n->c.f.queues_set = 1;
    slot->s.dw0 = n->c.f.queues;
    return 0;
}

static unsigned set_error_recovery(struct nvme *n, uint32_t nsid, uint32_t cdw11)
{
    if (nsid != NVME_NSID_ALL && nsid - 1 >= n->namespaces)
        return NVME_INVALID_NAMESPACE;
    if (cdw11 >> 16 & 1)
        return NVME_INVALID_FIELD; /* DULBE: NSFEAT does not offer it */
    for (unsigned i = 0; i < n->namespaces; i++)
        if (nsid == NVME_NSID_ALL || nsid - 1 == i)
            n->c.f.error_recovery[i] = (uint16_t)cdw11;
    return 0;
}

unsigned nvme_features_set(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    struct nvme_features *f = &n->c.f;
    uint32_t cdw10 = nvme_cdw(slot, NVME_SQE_CDW10), cdw11 = nvme_cdw(slot, NVME_SQE_CDW11);
    uint32_t nsid = nvme_cdw(slot, NVME_SQE_NSID);
    const struct feature *feature = find(n, cdw10 & 0xff);

    if (!feature)
        return NVME_INVALID_FIELD;
    if (cdw10 & NVME_FEATURE_SAVE)
        return NVME_FEATURE_NOT_SAVEABLE;
    if (!(feature->supported & NVME_SUPPORTED_NAMESPACE) && nsid != 0 && nsid != NVME_NSID_ALL)
        return NVME_FEATURE_NOT_NAMESPACE;
    switch (feature->id) {
    case NVME_FEATURE_ARBITRATION:
        f->arbitration = cdw11;
        return 0;
    case NVME_FEATURE_POWER:
        if (cdw11 & 0x1f)
            return NVME_INVALID_FIELD; /* power state 0 is the only one */
        f->power = cdw11 & 0xff;
        return 0;
    case NVME_FEATURE_TEMPERATURE: return set_temperature(n, cdw11);
    case NVME_FEATURE_ERROR_RECOVERY: return set_error_recovery(n, nsid, cdw11);
    case NVME_FEATURE_WRITE_CACHE:
        /* Off: what is in the cache has to be safe before the command completes. */
        if (f->write_cache && !(cdw11 & 1) && !nvme_flush_all(n))
            return NVME_INTERNAL_ERROR;
        f->write_cache = cdw11 & 1;
        return 0;
    case NVME_FEATURE_QUEUES: return set_queues(slot, cdw11);
    case NVME_FEATURE_COALESCING:
        f->coalescing = cdw11 & 0xffff;
        return 0;
    case NVME_FEATURE_VECTOR:
        if ((cdw11 & 0xffff) >= n->vectors)
            return NVME_INVALID_FIELD;
        f->coalescing_off[cdw11 & 0xffff] = (cdw11 & NVME_VECTOR_COALESCING_DISABLE) != 0;
        return 0;
    case NVME_FEATURE_ATOMICITY:
        f->atomicity = cdw11 & 1;
        return 0;
    case NVME_FEATURE_ASYNC_EVENTS:
        f->async_events = cdw11;
        return 0;
    }
    return NVME_INVALID_FIELD;
}

static unsigned get_value(const struct nvme_slot *slot, const struct nvme_features *f,
                          unsigned id, uint32_t *value)
{
    const struct nvme *n = slot->n;
    uint32_t cdw11 = nvme_cdw(slot, NVME_SQE_CDW11), nsid = nvme_cdw(slot, NVME_SQE_NSID);
    uint32_t most = n->io_queues - 1;

    switch (id) {
    case NVME_FEATURE_ARBITRATION: *value = f->arbitration; return 0;
    case NVME_FEATURE_POWER: *value = f->power; return 0;
    case NVME_FEATURE_TEMPERATURE:
        if ((cdw11 >> 16 & 0xf) > 1 || (cdw11 >> 20 & 3) > 1)
            return NVME_INVALID_FIELD;
        *value = cdw11 >> 20 & 3 ? f->under : f->over;
        return 0;
    case NVME_FEATURE_ERROR_RECOVERY:
        if (nsid - 1 >= n->namespaces)
            return NVME_INVALID_NAMESPACE;
        *value = f->error_recovery[nsid - 1];
        return 0;
    case NVME_FEATURE_WRITE_CACHE: *value = f->write_cache; return 0;
    case NVME_FEATURE_QUEUES: *value = f->queues_set ? f->queues : most << 16 | most; return 0;
    case NVME_FEATURE_COALESCING: *value = f->coalescing; return 0;
    case NVME_FEATURE_VECTOR:
        if ((cdw11 & 0xffff) >= n->vectors)
            return NVME_INVALID_FIELD;
        *value = (cdw11 & 0xffff) | (f->coalescing_off[cdw11 & 0xffff]
                                         ? NVME_VECTOR_COALESCING_DISABLE : 0);
        return 0;
    case NVME_FEATURE_ATOMICITY: *value = f->atomicity; return 0;
    case NVME_FEATURE_ASYNC_EVENTS: *value = f->async_events; return 0;
    }
    return NVME_INVALID_FIELD;
}

unsigned nvme_features_get(struct nvme_slot *slot)
{
    const struct nvme *n = slot->n;
    uint32_t cdw10 = nvme_cdw(slot, NVME_SQE_CDW10);
    const struct feature *feature = find(n, cdw10 & 0xff);
    struct nvme_features defaults;

    if (!feature)
        return NVME_INVALID_FIELD;
    switch (cdw10 >> 8 & 7) {
    case NVME_SELECT_CURRENT:
        return get_value(slot, &n->c.f, feature->id, &slot->s.dw0);
    case NVME_SELECT_DEFAULT:
    case NVME_SELECT_SAVED:
        set_defaults(n, &defaults);
        return get_value(slot, &defaults, feature->id, &slot->s.dw0);
    case NVME_SELECT_SUPPORTED:
        slot->s.dw0 = feature->supported;
        return 0;
    }
    return NVME_INVALID_FIELD;
}
