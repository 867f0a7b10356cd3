/* SPDX-License-Identifier: Apache-2.0 */
/* Get log page (NVMe 1.4: 5.14). */
#include "dev/nvme_impl.h"

static uint32_t log_bytes(unsigned page)
{
    switch (page) {
    case NVME_LOG_ERROR: return NVME_ERRORS * NVME_ERROR_ENTRY_BYTES;
    case NVME_LOG_SMART: return NVME_SMART_BYTES;
    case NVME_LOG_FIRMWARE: return NVME_FIRMWARE_BYTES;
    case NVME_LOG_CHANGED: return NVME_CHANGED_BYTES;
    case NVME_LOG_EFFECTS: return NVME_EFFECTS_BYTES;
    }
    return 0;
}

static uint64_t log_offset(const struct nvme_slot *slot)
{
    return le64_get(slot->s.sqe + NVME_SQE_CDW12);
}

unsigned nvme_log_check(const struct nvme_slot *slot, uint32_t *length)
{
    uint32_t cdw10 = nvme_cdw(slot, NVME_SQE_CDW10), cdw11 = nvme_cdw(slot, NVME_SQE_CDW11);
    uint32_t nsid = nvme_cdw(slot, NVME_SQE_NSID);
    unsigned page = cdw10 & 0xff;
    uint64_t bytes = (((uint64_t)(cdw11 & 0xffff) << 16 | cdw10 >> 16) + 1) * 4;

    if (!log_bytes(page))
        return NVME_LOG_PAGE_INVALID;
    if (page == NVME_LOG_SMART && nsid != 0 && nsid != NVME_NSID_ALL)
        return NVME_INVALID_FIELD; /* LPA: no log per namespace */
    if (log_offset(slot) % 4 || log_offset(slot) > log_bytes(page) || bytes > NVME_TRANSFER_MAX)
        return NVME_INVALID_FIELD;
    *length = (uint32_t)bytes;
    return 0;
}

static void put_errors(const struct nvme *n, uint8_t *p)
{
    uint64_t have = u64_min(n->c.errors, NVME_ERRORS);

    for (uint64_t i = 0; i < have; i++, p += NVME_ERROR_ENTRY_BYTES) {
        const struct nvme_error *e = &n->c.error[(n->c.errors - 1 - i) % NVME_ERRORS];
        le64_put(p + NVME_ERROR_COUNT, e->count);
        le16_put(p + NVME_ERROR_SQID, e->sqid);
        le16_put(p + NVME_ERROR_CID, e->cid);
        le16_put(p + NVME_ERROR_STATUS, e->status);
        le16_put(p + NVME_ERROR_LOCATION, e->location);
        le64_put(p + NVME_ERROR_LBA, e->lba);
        le32_put(p + NVME_ERROR_NSID, e->nsid);
    }
}

static void put_smart(const struct nvme *n, uint8_t *p)
{
    bool read_only = true;

    for (unsigned i = 0; i < n->namespaces; i++)
        read_only &= block_read_only(n->ns[i].block);
    p[NVME_SMART_WARNING] = (uint8_t)((n->c.over_threshold ? NVME_SMART_WARNING_TEMPERATURE : 0) |
                                      (read_only ? NVME_SMART_WARNING_READ_ONLY : 0));
    le16_put(p + NVME_SMART_TEMPERATURE, NVME_TEMPERATURE_K);
    p[NVME_SMART_SPARE] = 100;
    p[NVME_SMART_SPARE_THRESHOLD] = 10;
    /* In thousands of 512-byte units, rounded up. */
    le64_put(p + NVME_SMART_UNITS_READ, (n->c.units_read + 999) / 1000);
    le64_put(p + NVME_SMART_UNITS_WRITTEN, (n->c.units_written + 999) / 1000);
    le64_put(p + NVME_SMART_READS, n->c.reads);
    le64_put(p + NVME_SMART_WRITES, n->c.writes);
    le64_put(p + NVME_SMART_POWER_CYCLES, 1);
    le64_put(p + NVME_SMART_POWER_HOURS, n->clock->now / PS_PER_S / 3600);
    le64_put(p + NVME_SMART_MEDIA_ERRORS, n->c.media_errors);
    le64_put(p + NVME_SMART_ERRORS_LOGGED, n->c.errors);
    le16_put(p + NVME_SMART_SENSOR1, NVME_TEMPERATURE_K);
}

static void put_effects(uint8_t *p)
{
#define EFFECT(name, code, effects, doc) le32_put(p + (code) * 4, effects);
    NVME_ADMIN_OPCODES(EFFECT)
    p += NVME_EFFECTS_NVM;
    NVME_NVM_OPCODES(EFFECT)
#undef EFFECT
}

/* The whole page, then what lies at the offset asked for. */
void nvme_log_fill(struct nvme_slot *slot)
{
    struct nvme *n = slot->n;
    uint32_t cdw10 = nvme_cdw(slot, NVME_SQE_CDW10);
    uint64_t offset = log_offset(slot);
    uint8_t *p = slot->s.data;

    switch (cdw10 & 0xff) {
    case NVME_LOG_ERROR:
        put_errors(n, p);
        break;
    case NVME_LOG_SMART:
        put_smart(n, p);
        break;
    case NVME_LOG_FIRMWARE:
        p[0] = 1; /* slot 1 is active */
        memcpy(p + 8, "1.0     ", 8);
        break;
    case NVME_LOG_CHANGED:
        for (unsigned i = 0, at = 0; i < n->namespaces; i++)
            if (n->c.changed >> i & 1)
                le32_put(p + 4 * at++, i + 1);
        break;
    case NVME_LOG_EFFECTS:
        put_effects(p);
        break;
    }
    memmove(p, p + offset, NVME_DATA_BYTES - offset);
    memset(p + NVME_DATA_BYTES - offset, 0, offset);
    if (cdw10 & NVME_LOG_RAE)
        return;
    /* Reading the page ends the silence of its events. */
    if ((cdw10 & 0xff) == NVME_LOG_ERROR)
        n->c.masked_types &= ~(1u << NVME_EVENT_ERROR);
    if ((cdw10 & 0xff) == NVME_LOG_SMART)
        n->c.masked_types &= ~(1u << NVME_EVENT_SMART);
    if ((cdw10 & 0xff) == NVME_LOG_CHANGED) {
        n->c.masked_types &= ~(1u << NVME_EVENT_NOTICE);
        n->c.changed = 0;
    }
    nvme_events_report(n);
}
