/* SPDX-License-Identifier: Apache-2.0 */
/* Which frames the MAC takes (7.1.1) and the queue that each goes to (7.1.2).
 *
 *   ethertype -> SYN -> five-tuple -> flow director -> RSS, traffic class -> queue 0
 *                (or five-tuple -> SYN)
 *
 * The first that names a queue decides.  What registers say is gathered in a cache that a write of
 * any of them makes stale, for there may be 15 million frames a second.
 *
 * Not modelled: pools of queues (MRQC's VMDq modes: pool 0 with all queues, so as if without), the
 * unicast table (it is for pools), a VLAN ethertype (VLNCTRL.VET) other than 0x8100, an outer tag
 * (CTRL_EXT.EXTENDED_VLAN), FCoE redirection, manageability filters, packet buffers of traffic
 * classes, size thresholds and credits of low-latency interrupts.  RSS of IPv6 with extension
 * headers hashes the addresses of the IPv6 header. */
#include "dev/i82599_filter.h"

#include "base/alloc.h"
#include "dev/packet_bytes.h"

#include <stdlib.h>

enum { /* MRQC.MRQE */
    MRQE_RSS = 1, MRQE_8TC = 2, MRQE_4TC = 3, MRQE_RSS_8TC = 4, MRQE_RSS_4TC = 5,
};

enum { /* FTQF.MASK: what is not compared */
    TUPLE_ANY_SOURCE = 1, TUPLE_ANY_DESTINATION = 2, TUPLE_ANY_SOURCE_PORT = 4,
    TUPLE_ANY_DESTINATION_PORT = 8, TUPLE_ANY_PROTOCOL = 16,
};

#define TCP_SYN 0x02

/* ---- the cache ---- */

static void derive_addresses(struct i82599 *n, struct filter_cache *c)
{
    c->addresses = 0;
    for (unsigned i = 0; i < ARRAY_LEN(c->address); i++) {
        uint64_t high = bank32_at(n, I82599_RAH, i);

        if (high & FMASK(I82599_RAH_AV))
            c->address[c->addresses++] =
                bank32_at(n, I82599_RAL, i) | FGET(high, I82599_RAH_ADDR) << 32;
    }
}

static void derive_ethers(struct i82599 *n, struct filter_cache *c)
{
    c->ethers = 0;
    for (unsigned i = 0; i < ARRAY_LEN(c->ether); i++) {
        uint32_t f = bank32_at(n, I82599_ETQF, i), s = bank32_at(n, I82599_ETQS, i);

        if (!(f & FMASK(I82599_ETQF_FILTER_EN)))
            continue;
        c->ether[c->ethers++] = (struct ether_filter){
            .type = (uint16_t)FGET(f, I82599_ETQF_ETYPE), .index = (uint8_t)i,
            .priority_matters = f & FMASK(I82599_ETQF_UP_EN),
            .priority = (uint8_t)FGET(f, I82599_ETQF_UP),
            .to_queue = s & FMASK(I82599_ETQS_QUEUE_EN), .lli = s & FMASK(I82599_ETQS_LLI),
            .queue = (uint8_t)FGET(s, I82599_ETQS_RX_QUEUE),
        };
    }
}

/* Registers have ports in network order, as they have addresses. */
static uint16_t port_of(uint32_t half)
{
    return (uint16_t)((half & 0xff) << 8 | (half >> 8 & 0xff));
}

/* Highest priority first; of equals, the one with the lowest number. */
static void derive_tuples(struct i82599 *n, struct filter_cache *c)
{
    c->tuples = 0;
    for (unsigned i = 0; i < ARRAY_LEN(c->tuple); i++) {
        uint32_t f = bank32_at(n, I82599_FTQF, i), ports = bank32_at(n, I82599_SDPQF, i);
        uint32_t action = bank32_at(n, I82599_L34TIMIR, i);
        uint8_t priority = (uint8_t)FGET(f, I82599_FTQF_PRIORITY);
        unsigned at = c->tuples;

        if (!(f & FMASK(I82599_FTQF_QUEUE_EN)))
            continue;
        for (; at > 0 && c->tuple[at - 1].priority < priority; at--)
            c->tuple[at] = c->tuple[at - 1];
        c->tuples++;
        c->tuple[at] = (struct tuple_filter){
            .source = bank32_at(n, I82599_SAQF, i), .destination = bank32_at(n, I82599_DAQF, i),
            .source_port = port_of(ports), .destination_port = port_of(ports >> 16),
            .protocol = (uint8_t)FGET(f, I82599_FTQF_PROTOCOL), .priority = priority,
            .mask = (uint8_t)FGET(f, I82599_FTQF_MASK),
            .queue = (uint8_t)FGET(action, I82599_L34TIMIR_RX_QUEUE),
            .lli = action & FMASK(I82599_L34TIMIR_LLI),
        };
    }
}

static void derive_rss(struct i82599 *n, struct filter_cache *c)
{
    unsigned mode = (unsigned)FGET(bank32(n, I82599_MRQC), I82599_MRQC_MRQE);
    uint8_t key[40], one[36] = {0};

    c->rss = mode == MRQE_RSS || mode == MRQE_RSS_8TC || mode == MRQE_RSS_4TC;
    for (unsigned i = 0; i < ARRAY_LEN(c->reta); i++)
        c->reta[i] = bank32_at(n, I82599_RETA, i / 4) >> (i % 4 * 8) & 15;
    for (unsigned i = 0; i < 10; i++)
        le32_put(key + 4 * i, bank32_at(n, I82599_RSSRK, i));
    /* The hash is linear: each nibble of the input adds its part. */
    for (unsigned i = 0; i < ARRAY_LEN(c->rss_key); i++) {
        for (unsigned bit = 0; bit < 4; bit++) {
            one[i / 2] = (uint8_t)(1 << bit << (i % 2 ? 0 : 4));
            c->rss_key[i][1 << bit] = packet_toeplitz(key, one, sizeof one);
        }
        one[i / 2] = 0;
        c->rss_key[i][0] = 0;
        for (unsigned v = 1; v < 16; v++)
            c->rss_key[i][v] = c->rss_key[i][v & (v - 1)] ^ c->rss_key[i][v & (0 - v)];
    }
}

static const struct filter_cache *cache(struct i82599 *n)
{
    struct filter_cache *c = &n->filters->cache;

    if (unlikely(!c->fresh)) {
        derive_addresses(n, c);
        derive_ethers(n, c);
        derive_tuples(n, c);
        derive_rss(n, c);
        fdir_derive(n);
        c->fresh = true;
    }
    return c;
}

/* ---- the MAC ---- */

/* Twelve bits of the destination choose a bit of the multicast table (8.2.3.7.7). */
static bool in_multicast_table(struct i82599 *n, const uint8_t *to)
{
    static const uint8_t lowest[4] = {4, 3, 2, 0}; /* of bytes 4 and 5 */
    uint32_t control = bank32(n, I82599_MCSTCTRL);
    unsigned bit = le16_get(to + 4) >> lowest[FGET(control, I82599_MCSTCTRL_MO)] & 0xfff;

    return control & FMASK(I82599_MCSTCTRL_MFE) &&
           bank32_at(n, I82599_MTA, bit / 32) >> (bit % 32) & 1;
}

static bool accepts_address(struct i82599 *n, const uint8_t *to)
{
    const struct filter_cache *c = cache(n);
    uint64_t address = le32_get(to) | (uint64_t)le16_get(to + 4) << 32;
    uint32_t control = bank32(n, I82599_FCTRL);

    for (unsigned i = 0; i < c->addresses; i++)
        if (c->address[i] == address)
            return true;
    if (!(to[0] & 1))
        return control & FMASK(I82599_FCTRL_UPE);
    if (control & FMASK(I82599_FCTRL_BAM) && address == UINT64_C(0xffffffffffff))
        return true;
    return control & FMASK(I82599_FCTRL_MPE) || in_multicast_table(n, to);
}

static bool accepts_vlan(struct i82599 *n, const uint8_t *frame, uint32_t len)
{
    uint32_t control = bank32(n, I82599_VLNCTRL);
    uint16_t tag;

    if (!(control & FMASK(I82599_VLNCTRL_VFE)) || len < ETHER_HEADER_BYTES + ETHER_TAG_BYTES ||
        be16_get(frame + 12) != ETHER_VLAN)
        return true;
    tag = be16_get(frame + 14);
    if (control & FMASK(I82599_VLNCTRL_CFIEN) &&
        (tag >> 12 & 1) != FGET(control, I82599_VLNCTRL_CFI))
        return false;
    return bank32_at(n, I82599_VFTA, (tag & 0xfff) / 32) >> (tag % 32) & 1;
}

bool i82599_accepts(struct i82599 *n, const uint8_t *frame, uint32_t len)
{
    return len >= ETHER_HEADER_BYTES && accepts_address(n, frame) && accepts_vlan(n, frame, len);
}

/* ---- the queue ---- */

static bool route_by_ether(const struct filter_cache *c, const struct packet *p,
                           struct rx_route *route)
{
    for (unsigned i = 0; i < c->ethers; i++) {
        const struct ether_filter *f = &c->ether[i];

        if (f->type != p->ethertype ||
            (f->priority_matters && (!p->tagged || p->vlan >> 13 != f->priority)))
            continue;
        route->ether = (uint8_t)(1 + f->index);
        route->lli |= f->lli;
        if (f->to_queue)
            route->queue = f->queue;
        return f->to_queue;
    }
    return false;
}

static bool route_by_syn(const struct i82599 *n, const struct packet *p, struct rx_route *route)
{
    uint32_t control = bank32(n, I82599_SYNQF);

    if (!(control & FMASK(I82599_SYNQF_QUEUE_EN)) || p->l4 != PACKET_TCP ||
        !(p->tcp_flags & TCP_SYN))
        return false;
    route->queue = (uint8_t)FGET(control, I82599_SYNQF_RX_QUEUE);
    return true;
}

static bool tuple_fits(const struct tuple_filter *f, const struct packet *p)
{
    static const uint8_t protocols[4] = {PACKET_TCP, PACKET_UDP, PACKET_SCTP, PACKET_OTHER_L4};
    bool ports = p->l4 == PACKET_TCP || p->l4 == PACKET_UDP || p->l4 == PACKET_SCTP;

    return (f->mask & TUPLE_ANY_SOURCE || f->source == le32_get(p->src)) &&
           (f->mask & TUPLE_ANY_DESTINATION || f->destination == le32_get(p->dst)) &&
           (f->mask & TUPLE_ANY_SOURCE_PORT || (ports && f->source_port == p->src_port)) &&
           (f->mask & TUPLE_ANY_DESTINATION_PORT ||
            (ports && f->destination_port == p->dst_port)) &&
           (f->mask & TUPLE_ANY_PROTOCOL || protocols[f->protocol] == p->l4);
}

/* IPv4 only (7.1.2.5). */
static bool route_by_tuple(const struct filter_cache *c, const struct packet *p,
                           struct rx_route *route)
{
    if (p->ip != 4 || p->fragment)
        return false;
    for (unsigned i = 0; i < c->tuples; i++)
        if (tuple_fits(&c->tuple[i], p)) {
            route->queue = c->tuple[i].queue;
            route->lli |= c->tuple[i].lli;
            return true;
        }
    return false;
}

/* Type and hash for the descriptor, whatever chooses the queue. */
static void hash(struct i82599 *n, const struct filter_cache *c, const struct packet *p,
                 struct rx_route *route)
{
    unsigned fields = (unsigned)FGET(bank32(n, I82599_MRQC), I82599_MRQC_RSS_FIELDS), type;
    uint8_t input[36];
    uint32_t len = packet_rss_input(p, fields, &type, input);

    if (!len)
        return;
    route->rss_type = (uint8_t)type;
    for (uint32_t i = 0; i < len; i++)
        route->hash ^= c->rss_key[2 * i][input[i] >> 4] ^ c->rss_key[2 * i + 1][input[i] & 15];
}

static unsigned traffic_class(const struct i82599 *n, const struct packet *p)
{
    unsigned priority = p->tagged ? p->vlan >> 13 : 0;

    return bank32(n, I82599_RTRUP2TC) >> (3 * priority) & 7;
}

/* The queue by RSS and traffic class (7.1.2.1). */
static uint8_t queue_of_mode(const struct i82599 *n, const struct filter_cache *c,
                             const struct packet *p, const struct rx_route *route)
{
    unsigned index = route->rss_type ? c->reta[route->hash & 127] : 0;

    switch (FGET(bank32(n, I82599_MRQC), I82599_MRQC_MRQE)) {
    case MRQE_RSS: return (uint8_t)index;
    case MRQE_8TC: case MRQE_RSS_8TC: return (uint8_t)(traffic_class(n, p) * 16 + index);
    case MRQE_4TC: case MRQE_RSS_4TC: return (uint8_t)((traffic_class(n, p) & 3) * 32 + index);
    default: return 0;
    }
}

static bool route_by_filters(struct i82599 *n, const struct filter_cache *c,
                             const struct packet *p, const uint8_t *frame, struct rx_route *route)
{
    bool syn_first = bank32(n, I82599_SYNQF) & FMASK(I82599_SYNQF_PRIORITY);

    if (route_by_ether(c, p, route))
        return true;
    if (syn_first && route_by_syn(n, p, route))
        return true;
    if (c->tuples && route_by_tuple(c, p, route))
        return true;
    if (!syn_first && route_by_syn(n, p, route))
        return true;
    return n->filters->fdir.capacity && p->ip && !p->fragment && fdir_route(n, p, frame, route);
}

static bool urgent_priority(const struct i82599 *n, const struct packet *p)
{
    uint32_t control = bank32(n, I82599_IMIRVP);

    return control & 8 && p->tagged && p->vlan >> 13 == (control & 7);
}

struct rx_route i82599_route(struct i82599 *n, const struct packet *p, const uint8_t *frame)
{
    const struct filter_cache *c = cache(n);
    struct rx_route route = {0};

    if (c->rss)
        hash(n, c, p, &route);
    route.queue = queue_of_mode(n, c, p, &route);
    route.lli = urgent_priority(n, p);
    route_by_filters(n, c, p, frame, &route);
    return route;
}

void i82599_route_count(struct i82599 *n, const struct rx_route *route)
{
    unsigned reg = route->fdir ? I82599_FDIRMATCH : I82599_FDIRMISS;

    if (route->fdir_looked)
        bank_value(&n->bank, reg) = (uint32_t)(bank_value(&n->bank, reg) + 1);
}

/* ---- registers ---- */

void i82599_filter_write(struct i82599 *n, unsigned reg, unsigned index, uint64_t old,
                         uint32_t written)
{
    (void)index;
    (void)old;
    n->filters->cache.fresh = false;
    if (reg == I82599_FDIRCTRL)
        fdir_control_written(n);
    else if (reg == I82599_FDIRCMD)
        fdir_command_written(n, written);
}

static uint64_t read_and_clear(struct i82599 *n, unsigned reg, uint64_t stored)
{
    bank_value(&n->bank, reg) = 0;
    return stored;
}

uint64_t i82599_filter_read(struct i82599 *n, unsigned reg, unsigned index, uint64_t stored)
{
    (void)index;
    switch (reg) {
    case I82599_FDIRCTRL:
        return FPUT(stored, I82599_FDIRCTRL_INIT_DONE, n->filters->fdir.capacity != 0);
    case I82599_FDIRFREE:
        return fdir_free(n);
    case I82599_FDIRLEN: case I82599_FDIRUSTAT: case I82599_FDIRFSTAT: case I82599_FDIRMATCH:
    case I82599_FDIRMISS:
        return read_and_clear(n, reg, stored);
    default:
        return stored;
    }
}

/* ---- life ---- */

int i82599_filter_init(struct i82599 *n)
{
    n->filters = xcalloc(1, sizeof *n->filters);
    return 0;
}

void i82599_filter_fini(struct i82599 *n)
{
    free(n->filters);
    n->filters = NULL;
}

void i82599_filter_reset(struct i82599 *n)
{
    fdir_reset(n);
    memset(&n->filters->cache, 0, sizeof n->filters->cache);
}

void i82599_filter_restore(struct i82599 *n)
{
    n->filters->cache.fresh = false;
}
