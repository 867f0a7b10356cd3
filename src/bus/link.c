/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/link.h"

#define ASSUMED LINK_ASSUMED

const struct param link_pcie_params[] = {
    LINK_PCIE_PARAMS("3", "4", "PCIe base specification"),
    {0},
};

const struct param link_soc_params[] = {
    PARAM(struct link_params, latency_ps, PARAM_PS, "0ps", "20ns", 0, PS_PER_S, ASSUMED,
          "one way between a hart and an on-chip peripheral"),
    PARAM(struct link_params, posted_depth, PARAM_COUNT, "16", "16", 1, LINK_POSTED_MAX, ASSUMED,
          "posted stores under way before a hart stalls"),
    {0},
};

const struct param link_memory_params[] = {
    PARAM(struct link_params, latency_ps, PARAM_PS, "0ps", "25ns", 0, PS_PER_S, ASSUMED,
          "one way between the interconnect and memory that is not cached (DRAM's own time is in it)"),
    PARAM(struct link_params, posted_depth, PARAM_COUNT, "16", "16", 1, LINK_POSTED_MAX, ASSUMED,
          "uncached stores under way before a hart stalls"),
    {0},
};

const struct field link_fields[] = {
    FIELD(struct link, down_free),   FIELD(struct link, up_free),
    FIELD(struct link, written_until),
    FIELD(struct link, posted),      FIELD(struct link, posted_head),
    FIELD(struct link, posted_count), FIELD(struct link, burst), FIELD_AN_EVENT(struct link, arrival),
    FIELD_END,
};

uint64_t link_packet_bits_per_s(const struct link_params *p)
{
    static const uint64_t megatransfers[] = {0, 2500, 5000, 8000, 16000, 32000};
    static const uint64_t internal_delay[] = {0, 19, 70, 115, 115, 115};
    unsigned gen = (unsigned)p->generation;
    bool big = p->max_payload_bytes >= 512;
    /* AckFactor in tenths: spec tables 3-7 to 3-9. */
    uint64_t factor = big ? 10 : p->lanes >= 16 ? 30 : p->lanes >= 8 ? 25 : 14;
    /* Symbols between two ACKs, and between two flow-control updates; 28 is the tables' TLP
     * overhead, 8 bytes each of these packets. */
    uint64_t limit = (p->max_payload_bytes + 28) * factor / (10 * p->lanes) + internal_delay[gen];
    u128 raw = (u128)megatransfers[gen] * 1000000 * p->lanes * (gen <= 2 ? 8 : 128) /
               (gen <= 2 ? 10 : 130);

    /* 4 SKIP symbols in 1538. */
    return (uint64_t)(raw * (limit * 1538 - 16 * 1538 - 4 * limit) / (limit * 1538));
}

void link_update(struct link *link)
{
    link->ps_per_4gib =
        link->p.wire_time
            ? (uint64_t)(((u128)8 * PS_PER_S << 32) / link_packet_bits_per_s(&link->p))
            : 0;
}

ps_t link_wire_ps(const struct link *link, uint64_t bytes)
{
    return (ps_t)(((u128)bytes * link->ps_per_4gib + mask_bits(32)) >> 32);
}

static uint64_t packets(uint64_t payload, uint64_t most)
{
    return most ? (payload + most - 1) / most : 1;
}

uint64_t link_write_bytes(const struct link *link, uint64_t payload)
{
    return payload + packets(payload, link->p.max_payload_bytes) * TLP_WRITE_BYTES;
}

uint64_t link_completion_bytes(const struct link *link, uint64_t payload)
{
    return payload + packets(payload, link->p.max_payload_bytes) * TLP_COMPLETION_BYTES;
}

uint64_t link_request_bytes(const struct link *link, uint64_t payload)
{
    return packets(payload, link->p.max_read_request_bytes) * TLP_READ_BYTES;
}

static ps_t send(struct link *link, ps_t *free, uint64_t wire_bytes, ps_t now, ps_t *began)
{
    ps_t start = now > *free ? now : *free;

    if (began)
        *began = start;
    *free = start + link_wire_ps(link, wire_bytes);
    return *free + link->p.latency_ps;
}

ps_t link_send_down(struct link *link, uint64_t wire_bytes, ps_t now, ps_t *began)
{
    return send(link, &link->down_free, wire_bytes, now, began);
}

ps_t link_send_up(struct link *link, uint64_t wire_bytes, ps_t now, ps_t *began)
{
    return send(link, &link->up_free, wire_bytes, now, began);
}

ps_t link_complete(struct link *link, uint64_t bytes, ps_t now)
{
    return u64_max(link_send_up(link, link_completion_bytes(link, bytes), now, NULL),
                   link->written_until);
}

/* The bytes of a burst, in the largest pieces that are aligned. */
static void deliver(struct link *link, struct region *r, uint64_t offset,
                    const struct posted_write *w, const uint8_t *bytes)
{
    uint64_t left = u64_min(w->burst_bytes, r->size - offset);

    while (left) {
        unsigned size = 8;
        struct txn txn = {.addr = offset, .requester = w->txn.requester, .write = true};

        while (size > left || offset & (size - 1))
            size /= 2;
        txn.size = (uint8_t)size;
        txn.data = le_get(bytes, size);
        (void)region_access(link->space, r, &txn);
        bytes += size;
        offset += size;
        left -= size;
    }
}

/* Performs a store at its target, as the cause of whatever it does there. */
static enum fault perform(struct link *link, const struct posted_write *w, const uint8_t *bytes)
{
    struct txn txn = w->txn;
    struct region *r = space_find(link->space, txn.addr);
    uint64_t saved = link->clock->cause;
    enum fault fault = FAULT_NONE;
    bool burst = w->burst_bytes;

    if (!r)
        return FAULT_DECODE;
    txn.addr -= r->base;
    link->clock->cause = w->cause;
    link->clock->cause = trace_mmio_arrive(
        link->trace, r->source, TRACE_NOW(link->trace), txn.addr,
        burst ? w->burst_bytes : txn.size, txn.data);
    if (burst)
        deliver(link, r, txn.addr, w, bytes);
    else
        fault = region_access(link->space, r, &txn);
    link->clock->cause = saved;
    return fault;
}

static void arrive(void *owner)
{
    struct link *link = owner;
    unsigned at = link->posted_head;
    struct posted_write w = link->posted[at];

    link->posted_head = (link->posted_head + 1) % LINK_POSTED_MAX;
    if (--link->posted_count) {
        /* The event keeps no cause of its own: each store brings its. */
        clock_arm(link->clock, &link->arrival, link->posted[link->posted_head].arrives);
    }
    /* Nothing that it does can post another burst: the bytes stay. */
    (void)perform(link, &w, link->burst[at]);
}

void link_push(struct link *link)
{
    while (link->posted_count) {
        clock_disarm(link->clock, &link->arrival);
        arrive(link);
    }
}

bool link_full(const struct link *link, ps_t *retry)
{
    if (link->posted_count < link->p.posted_depth)
        return false;
    *retry = link->posted[link->posted_head].arrives;
    return true;
}

/* Sends it, to arrive after all before it; performs it at once if it is there by now. */
static enum fault post(struct link *link, struct posted_write *w, const uint8_t *bytes,
                       uint64_t payload, ps_t now)
{
    unsigned at;

    w->arrives = link_send_down(link, link_write_bytes(link, payload), now, NULL);
    if (w->arrives <= link->clock->now && !link->posted_count)
        return perform(link, w, bytes);
    at = (link->posted_head + link->posted_count) % LINK_POSTED_MAX;
    link->posted[at] = *w;
    if (bytes)
        memcpy(link->burst[at], bytes, payload);
    if (link->posted_count++ == 0)
        clock_arm(link->clock, &link->arrival, w->arrives);
    return FAULT_NONE;
}

void link_store(struct link *link, const struct txn *txn, ps_t now, uint64_t cause,
                enum fault *fault)
{
    struct posted_write w = {.cause = cause, .txn = *txn};

    *fault = post(link, &w, NULL, txn->size, now);
}

void link_burst(struct link *link, uint32_t requester, uint64_t addr, const uint8_t *bytes,
                unsigned len, ps_t now, uint64_t cause)
{
    struct posted_write w = {.cause = cause, .burst_bytes = len,
                             .txn = {.addr = addr, .requester = requester, .write = true}};

    for (unsigned i = 0; i < len && i < 8; i++)
        w.txn.data |= (uint64_t)bytes[i] << 8 * i;
    (void)post(link, &w, bytes, len, now);
}

ps_t link_posted_until(const struct link *link)
{
    uint32_t last = (link->posted_head + link->posted_count - 1) % LINK_POSTED_MAX;

    return link->posted_count ? link->posted[last].arrives : 0;
}

void link_reset(struct link *link)
{
    clock_disarm(link->clock, &link->arrival);
    link->down_free = link->up_free = link->written_until = 0;
    memset(link->posted, 0, sizeof link->posted);
    memset(link->burst, 0, sizeof link->burst);
    link->posted_head = link->posted_count = 0;
}

void link_init(struct link *link, const char *name, struct clock *clock, struct space *space,
               struct trace *trace)
{
    *link = (struct link){.name = name, .clock = clock, .space = space, .trace = trace,
                          .p = {.posted_depth = 1}};
    event_init(clock, &link->arrival, "link.arrival", arrive, link);
    link_reset(link);
}
