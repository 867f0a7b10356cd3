/* SPDX-License-Identifier: Apache-2.0 */
/* Flow director (7.1.2.7): filters that software adds one by one to a hash table on the chip.
 *
 *   FDIRHASH 14:0 ---> bucket: filter -> filter -> ...   signature mode: hash, signature, type fit
 *                                                         perfect mode: the fields fit
 *
 * Each filter is either in the list of its bucket or in the free list, or was never used.  Software
 * names the bucket; the chip computes the same hash of a packet.  Commands and the initialization
 * that a write of FDIRCTRL starts are done at once.
 *
 * Not modelled: perfect filters for IPv6 (they match nothing), the collision flag (drivers ask for
 * an update), pools.  A bucket's list is bounded: adding to a full one fails, and is counted. */
#include "dev/i82599_filter.h"
#include "dev/packet_bytes.h"

enum { FDIR_ADD = 1, FDIR_REMOVE, FDIR_QUERY };

/* What of FDIRCMD belongs to a filter. */
#define COMMAND_KEPT                                                                            \
    ((uint32_t)(FMASK(I82599_FDIRCMD_IPV6DM) | FMASK(I82599_FDIRCMD_L4TYPE) |                   \
                FMASK(I82599_FDIRCMD_IPV6) | FMASK(I82599_FDIRCMD_DROP) |                       \
                FMASK(I82599_FDIRCMD_INT) | FMASK(I82599_FDIRCMD_LAST) |                        \
                FMASK(I82599_FDIRCMD_QUEUE_EN) | FMASK(I82599_FDIRCMD_RX_QUEUE) |               \
                FMASK(I82599_FDIRCMD_POOL)))
#define FLOW_TYPE ((uint32_t)(FMASK(I82599_FDIRCMD_L4TYPE) | FMASK(I82599_FDIRCMD_IPV6)))

static struct i82599_fdir *table(const struct i82599 *n)
{
    return &n->filters->fdir;
}

static bool perfect(const struct i82599 *n)
{
    return bank32(n, I82599_FDIRCTRL) & FMASK(I82599_FDIRCTRL_PERFECT_MATCH);
}

static void store(struct i82599 *n, unsigned reg, uint64_t value)
{
    bank_value(&n->bank, reg) = value;
}

/* Adds one to a counter in a field of a register; it wraps. */
static void count(struct i82599 *n, unsigned reg, unsigned lsb, unsigned bits)
{
    uint64_t v = bank32(n, reg);

    store(n, reg, bits_set(v, lsb + bits - 1, lsb, bits_get(v, lsb + bits - 1, lsb) + 1));
}
#define COUNT(n, reg, field) count(n, reg, field##_LSB, field##_BITS)

void fdir_reset(struct i82599 *n)
{
    memset(table(n), 0, sizeof *table(n));
}

/* Buckets for a size of the table: 2^11 and more with perfect filters, 2^13 with signatures (64 KiB
 * and more). */
static uint32_t buckets(uint32_t control)
{
    unsigned size = (unsigned)FGET(control, I82599_FDIRCTRL_PBALLOC);

    if (!size)
        return 0;
    return (control & FMASK(I82599_FDIRCTRL_PERFECT_MATCH) ? 2048u : 8192u) << (size - 1);
}

/* Two filters are the ends of the free list in hardware. */
void fdir_control_written(struct i82599 *n)
{
    uint32_t most = buckets(bank32(n, I82599_FDIRCTRL));

    fdir_reset(n);
    table(n)->capacity = most ? most - 2 : 0;
}

uint32_t fdir_free(const struct i82599 *n)
{
    return table(n)->capacity - table(n)->filters;
}

/* ---- commands ---- */

static struct fdir_key key_of_registers(const struct i82599 *n)
{
    uint32_t vlan = bank32(n, I82599_FDIRVLAN);

    return (struct fdir_key){.source = bank32(n, I82599_FDIRIPSA),
                             .destination = bank32(n, I82599_FDIRIPDA),
                             .ports = bank32(n, I82599_FDIRPORT),
                             .vlan = (uint16_t)vlan, .flex = (uint16_t)(vlan >> 16)};
}

static uint32_t bucket_of_registers(const struct i82599 *n)
{
    uint32_t hash = (uint32_t)FGET(bank32(n, I82599_FDIRHASH), I82599_FDIRHASH_BUCKET);

    return hash & (buckets(bank32(n, I82599_FDIRCTRL)) - 1);
}

static uint16_t id_of_registers(const struct i82599 *n)
{
    return (uint16_t)FGET(bank32(n, I82599_FDIRHASH), I82599_FDIRHASH_SIGNATURE);
}

/* Takes an unused filter: 1 + its index; 0: there is none. */
static uint32_t take(struct i82599_fdir *t)
{
    uint32_t at = t->free;

    if (at)
        t->free = t->filter[at - 1].next;
    else if (t->taken < t->capacity)
        at = ++t->taken;
    return at;
}

static void warn_if_full(struct i82599 *n)
{
    uint32_t threshold = (uint32_t)FGET(bank32(n, I82599_FDIRCTRL), I82599_FDIRCTRL_FULL_THRESH);

    if (fdir_free(n) <= threshold * 16)
        i82599_other_cause(n, I82599_EICR_FLOW_DIR);
}

/* Whether filter `i` is for the same flow as one about to be added. */
static bool same(const struct i82599 *n, uint32_t i, uint16_t id, const struct fdir_key *key,
                 uint32_t command)
{
    const struct fdir_filter *f = &table(n)->filter[i];

    if ((f->command ^ command) & FLOW_TYPE)
        return false;
    return perfect(n) ? memcmp(&table(n)->key[i], key, sizeof *key) == 0 : f->id == id;
}

static void add(struct i82599 *n, uint32_t command)
{
    struct i82599_fdir *t = table(n);
    struct fdir_key key = key_of_registers(n);
    uint32_t bucket = bucket_of_registers(n), length = 0, at;
    uint16_t id = id_of_registers(n), *link = &t->head[bucket];

    for (; *link; link = &t->filter[*link - 1].next, length++)
        if (same(n, *link - 1u, id, &key, command)) {
            if (command & FMASK(I82599_FDIRCMD_FILTER_UPDATE)) {
                t->filter[*link - 1].command = command & COMMAND_KEPT;
                t->filter[*link - 1].id = id;
            }
            return;
        }
    at = length < FDIR_LIST_MAX ? take(t) : 0;
    if (!at) {
        COUNT(n, I82599_FDIRFSTAT, I82599_FDIRFSTAT_FADD);
        warn_if_full(n);
        return;
    }
    *link = (uint16_t)at;
    t->filter[at - 1] = (struct fdir_filter){.bucket = (uint16_t)bucket, .id = id,
                                             .command = command & COMMAND_KEPT};
    if (perfect(n))
        t->key[at - 1] = key;
    t->filters++;
    COUNT(n, I82599_FDIRUSTAT, I82599_FDIRUSTAT_ADD);
    if (++length > FGET(bank32(n, I82599_FDIRLEN), I82599_FDIRLEN_MAXLEN))
        store(n, I82599_FDIRLEN, length << I82599_FDIRLEN_MAXLEN_LSB |
                                     bucket << I82599_FDIRLEN_MAXHASH_LSB);
    warn_if_full(n);
}

/* Removal and query know a filter by its bucket and its signature or index alone. */
static uint16_t *find(struct i82599 *n)
{
    struct i82599_fdir *t = table(n);
    uint16_t id = id_of_registers(n), *link = &t->head[bucket_of_registers(n)];

    while (*link && t->filter[*link - 1].id != id)
        link = &t->filter[*link - 1].next;
    return link;
}

static void remove_filter(struct i82599 *n)
{
    struct i82599_fdir *t = table(n);
    uint16_t *link = find(n), at = *link;

    if (!at) {
        COUNT(n, I82599_FDIRFSTAT, I82599_FDIRFSTAT_FREMOVE);
        return;
    }
    *link = t->filter[at - 1].next;
    t->filter[at - 1] = (struct fdir_filter){.next = (uint16_t)t->free};
    if (perfect(n))
        t->key[at - 1] = (struct fdir_key){0};
    t->free = at;
    t->filters--;
    COUNT(n, I82599_FDIRUSTAT, I82599_FDIRUSTAT_REMOVE);
}

/* The filter's parameters appear in the registers that it was added with. */
static uint32_t query(struct i82599 *n, uint32_t command)
{
    struct i82599_fdir *t = table(n);
    uint32_t hash = bank32(n, I82599_FDIRHASH);
    uint16_t at = *find(n);

    store(n, I82599_FDIRHASH,
          FPUT(hash, I82599_FDIRHASH_BUCKET_VALID, t->head[bucket_of_registers(n)] != 0));
    if (!at)
        return command;
    if (perfect(n)) {
        const struct fdir_key *key = &t->key[at - 1];

        store(n, I82599_FDIRIPSA, key->source);
        store(n, I82599_FDIRIPDA, key->destination);
        store(n, I82599_FDIRPORT, key->ports);
        store(n, I82599_FDIRVLAN, key->vlan | (uint32_t)key->flex << 16);
    }
    return t->filter[at - 1].command | (uint32_t)FMASK(I82599_FDIRCMD_FILTER_VALID);
}

void fdir_command_written(struct i82599 *n, uint32_t written)
{
    uint32_t result = bank32(n, I82599_FDIRCMD);

    result &= ~(uint32_t)(FMASK(I82599_FDIRCMD_CMD) | FMASK(I82599_FDIRCMD_FILTER_VALID));
    if (written & FMASK(I82599_FDIRCMD_CLEARHT))
        fdir_control_written(n);
    if (table(n)->capacity) {
        switch (FGET(written, I82599_FDIRCMD_CMD)) {
        case FDIR_ADD: add(n, written); break;
        case FDIR_REMOVE: remove_filter(n); break;
        case FDIR_QUERY: result = query(n, result); break;
        default: break;
        }
    }
    store(n, I82599_FDIRCMD, result);
}

/* ---- packets ---- */

/* FDIRTCPM and its like have each half mirrored: bit 15 of the register is bit 0 of the port. */
static uint32_t port_mask(uint32_t reg)
{
    uint32_t mask = 0;

    for (unsigned i = 0; i < 16; i++) {
        mask |= (reg >> i & 1) << (15 - i);
        mask |= (reg >> (16 + i) & 1) << (31 - i);
    }
    return ~mask;
}

void fdir_derive(struct i82599 *n)
{
    struct filter_cache *c = &n->filters->cache;
    uint32_t control = bank32(n, I82599_FDIRCTRL), m = bank32(n, I82599_FDIRM);
    uint32_t ip6 = bank32(n, I82599_FDIRIP6M), most = buckets(control);

    c->perfect = control & FMASK(I82599_FDIRCTRL_PERFECT_MATCH);
    c->report = control & FMASK(I82599_FDIRCTRL_REPORT_STATUS);
    c->report_always = control & FMASK(I82599_FDIRCTRL_REPORT_STATUS_ALWAYS);
    c->bucket_mask = most ? most - 1 : 0;
    c->flex = !(m & FMASK(I82599_FDIRM_FLEX));
    c->flex_at = 2 * (unsigned)FGET(control, I82599_FDIRCTRL_FLEX_OFFSET);
    c->first_mask = (m & FMASK(I82599_FDIRM_L4P) ? 0x040000 : 0x070000) |
                    (m & FMASK(I82599_FDIRM_VLANP) ? 0 : 0xe000) |
                    (m & FMASK(I82599_FDIRM_VLANID) ? 0 : 0x0fff);
    c->source_mask = ~bank32(n, I82599_FDIRSIP4M);
    c->destination_mask = ~bank32(n, I82599_FDIRDIP4M);
    c->tcp_mask = port_mask(bank32(n, I82599_FDIRTCPM));
    c->udp_mask = port_mask(bank32(n, I82599_FDIRUDPM));
    /* ixgbe writes FDIRSCTPM on later controllers only, and expects it to follow FDIRTCPM. */
    c->sctp_mask = c->tcp_mask & port_mask(bank32(n, I82599_FDIRSCTPM));
    if (m & FMASK(I82599_FDIRM_L4P))
        c->tcp_mask = c->udp_mask = c->sctp_mask = 0;
    for (unsigned i = 0; i < 16; i++)
        for (unsigned v = 0; v < 16; v++) {
            uint32_t word = v << (i % 8 * 4), first = i < 8 ? 0 : word, others = i < 8 ? word : 0;

            c->hash[i][v] = packet_fdir_hash(first, others, bank32(n, I82599_FDIRHKEY)) |
                            packet_fdir_hash(first, others, bank32(n, I82599_FDIRSKEY)) << 16;
        }
    for (unsigned i = 0; i < 16; i++) {
        c->source6_mask[i] = ip6 >> i & 1 ? 0 : 0xff;
        c->destination6_mask[i] =
            ip6 >> (16 + i) & 1 || m & FMASK(I82599_FDIRM_DIPV6) ? 0 : 0xff;
    }
}

/* A packet as flow director sees it, masks applied. */
struct fdir_input {
    struct fdir_key key;
    uint32_t first;   /* of packet_fdir_hash */
    uint32_t others;
};

static uint32_t swap32(uint32_t v)
{
    return v << 24 | (v & 0xff00) << 8 | (v >> 8 & 0xff00) | v >> 24;
}

static uint32_t ip6_sum(const uint8_t *address, const uint8_t *mask)
{
    uint32_t sum = 0;

    for (unsigned i = 0; i < 16; i++)
        sum ^= (uint32_t)(address[i] & mask[i]) << (24 - i % 4 * 8);
    return sum;
}

static struct fdir_input input_of(const struct filter_cache *c, const struct packet *p,
                                  const uint8_t *frame)
{
    struct fdir_input in = {0};
    uint32_t type = p->ip == 6 ? 4 : 0, ports = 0;

    switch (p->l4) {
    case PACKET_UDP: type |= 1; ports = c->udp_mask; break;
    case PACKET_TCP: type |= 2; ports = c->tcp_mask; break;
    case PACKET_SCTP: type |= 3; ports = c->sctp_mask; break;
    default: break;
    }
    in.first = (type << 16 | p->vlan) & c->first_mask;
    in.key.vlan = (uint16_t)in.first;
    in.key.ports = ((uint32_t)p->dst_port << 16 | p->src_port) & ports;
    in.others = in.key.ports >> 16 | in.key.ports << 16;
    if (c->flex && c->flex_at + 2 <= p->ip_end) {
        in.key.flex = le16_get(frame + c->flex_at);
        in.others ^= (uint32_t)be16_get(frame + c->flex_at) << 16;
    }
    if (p->ip == 4) {
        in.key.source = le32_get(p->src) & c->source_mask;
        in.key.destination = le32_get(p->dst) & c->destination_mask;
        in.others ^= swap32(in.key.source ^ in.key.destination);
    } else {
        in.others ^= ip6_sum(p->src, c->source6_mask) ^ ip6_sum(p->dst, c->destination6_mask);
    }
    return in;
}

/* Whether perfect filter `i` is for this packet. */
static bool fits(const struct i82599 *n, uint32_t i, const struct fdir_input *in)
{
    const struct filter_cache *c = &n->filters->cache;
    const struct fdir_key *key = &table(n)->key[i];
    uint32_t command = table(n)->filter[i].command, type = (command & FLOW_TYPE) >> 5;
    uint32_t ports = (type & 3) == 2 ? c->tcp_mask : (type & 3) == 1 ? c->udp_mask
                     : (type & 3) == 3 ? c->sctp_mask : 0;

    return (type << 16 & c->first_mask) == (in->first & 0xff0000) && !(type & 4) &&
           (key->source & c->source_mask) == in->key.source &&
           (key->destination & c->destination_mask) == in->key.destination &&
           (key->ports & ports) == in->key.ports &&
           (key->vlan & c->first_mask & 0xffff) == in->key.vlan &&
           (c->flex ? key->flex : 0) == in->key.flex;
}

/* What a filter does with a packet. */
static bool apply(struct i82599 *n, uint32_t i, struct rx_route *route)
{
    uint32_t command = table(n)->filter[i].command;
    uint8_t queue = (uint8_t)FGET(command, I82599_FDIRCMD_RX_QUEUE);
    bool to_queue = command & FMASK(I82599_FDIRCMD_QUEUE_EN);
    uint32_t control = bank32(n, I82599_FDIRCTRL);

    route->fdir = true;
    route->lli |= (command & FMASK(I82599_FDIRCMD_INT)) != 0;
    if (n->filters->cache.perfect &&
        (command & FMASK(I82599_FDIRCMD_DROP) ||
         (to_queue && queue == FGET(control, I82599_FDIRCTRL_DROP_QUEUE)))) {
        route->drop = true;
        route->errors |= I82599_RXD_FDIR_DROP;
        return true;
    }
    if (to_queue)
        route->queue = queue;
    return to_queue;
}

/* Signature in 30:16, bucket in 14:0. */
static uint32_t hash_of(const struct filter_cache *c, uint32_t first, uint32_t others)
{
    uint32_t hash = 0;

    for (unsigned i = 0; i < 8; i++)
        hash ^= c->hash[i][others >> (4 * i) & 15];
    for (unsigned i = 0; i < 5; i++) /* of `first`, what can be other than 0 */
        hash ^= c->hash[8 + i][first >> (4 * i) & 15];
    return hash;
}

bool fdir_route(struct i82599 *n, const struct packet *p, const uint8_t *frame,
                struct rx_route *route)
{
    const struct filter_cache *c = &n->filters->cache;
    const struct i82599_fdir *t = table(n);
    struct fdir_input in = input_of(c, p, frame);
    uint32_t hash = hash_of(c, in.first, in.others), bucket = hash & c->bucket_mask;
    uint32_t most = 2 * (uint32_t)FGET(bank32(n, I82599_FDIRCTRL), I82599_FDIRCTRL_MAX_LENGTH);
    uint32_t id = c->perfect ? 0 : hash >> 16, steps = 0, at;

    for (at = t->head[bucket]; at; at = t->filter[at - 1].next, steps++) {
        const struct fdir_filter *f = &t->filter[at - 1];

        if (c->perfect ? fits(n, at - 1, &in)
                       : f->id == id && ((f->command & FLOW_TYPE) << 11 & c->first_mask) ==
                                            (in.first & 0xff0000))
            break;
    }
    route->fdir_looked = true;
    if (at)
        id = t->filter[at - 1].id;
    if (c->report_always || (c->report && at)) {
        route->rss_type = I82599_RSS_FDIR;
        route->hash = bucket << 16 | id;
    }
    if (!at)
        return false;
    if (most && steps >= most)
        route->errors |= I82599_RXD_FDIR_LEN;
    return apply(n, at - 1, route);
}
