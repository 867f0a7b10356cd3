/* SPDX-License-Identifier: Apache-2.0 */
/* Receive side coalescing (7.11): segments of a TCP stream become one large packet.
 *
 *             first segment            next one in sequence                its header is in memory
 *   RSC_FREE ---------------> RSC_OPEN ---------+   +------> RSC_CLOSING ------------> RSC_FREE
 *                              ^   |            |   |
 *                              |   +------------+   | end: of the flow's order (flags, options, a
 *                              +-------- more ------+ gap), of space, of time
 *
 * Data goes to memory as it comes, each segment's behind the last one's.  At the end the header is
 * written once more (in the first buffer, whose descriptor software may have by then), as that of
 * the whole: length, IP checksum, acknowledgment, window, PSH and time stamp of the last segment;
 * the TCP checksum is that of the first.  Descriptors are written back when they are finished, and
 * in the order of the ring: so software, which looks at them in that order, cannot tell it from
 * hardware that writes them in any.
 *
 * Which packets: TCP over IPv4 without IP options, good checksums, ACK and PSH the only flags, no
 * congestion experienced, no TCP option but an aligned time stamp, some payload.  A segment with
 * PSH opens none and ends the one that it joins.  Time: a coalescing ends with the EITR interval of
 * its queue's vector, but is given GPIE.RSC_DELAY at least (assumed; the datasheet has that as the
 * time from the interval's end to the interrupt).
 *
 * Not modelled: coalescing of acknowledgments (RSCDBU.RSCACKDIS clear), RDRXCTL.RSCFRSTSIZE. */
#include "dev/i82599_rx.h"

#include "dev/packet_bytes.h"

#define PACKETS_MAX 14    /* that start in one descriptor (7.1.6.2, RSCCNT) */
#define IP_BYTES_MAX 65535

#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define IP_ECN_CE 3
#define STAMP_BYTES 12    /* NOP, NOP, time stamp */

static bool enabled(struct i82599 *n, unsigned q)
{
    return *rxq_reg(n, I82599_RSCCTL, q) & FMASK(I82599_RSCCTL_RSCEN) &&
           !(bank32(n, I82599_RFCTL) & FMASK(I82599_RFCTL_RSC_DIS)) &&
           bank32(n, I82599_PSRTYPE) & FMASK(I82599_PSRTYPE_TCPHDR);
}

/* ---- packets ---- */

static uint32_t payload_bytes(const struct packet *p)
{
    return (uint32_t)p->ip_end - p->payload_at;
}

static bool has_stamp(const uint8_t *tcp)
{
    static const uint8_t aligned[4] = {1, 1, 8, 10};

    return tcp[12] >> 4 == (TCP_HEADER_BYTES + STAMP_BYTES) / 4 &&
           memcmp(tcp + TCP_HEADER_BYTES, aligned, sizeof aligned) == 0;
}

/* 7.11.1 */
static bool is_candidate(struct i82599 *n, struct rx_slot *slot, struct rx_frame *f)
{
    const struct packet *p = &f->p;
    const uint8_t *bytes = rx_slot_bytes(slot), *tcp = bytes + p->l4_at;

    if (p->ip != 4 || p->l4 != PACKET_TCP || p->ip_options || f->legacy || slot->fcs ||
        f->route.lli || f->route.ether)
        return false;
    if ((p->tcp_flags & ~TCP_PSH) != TCP_ACK || tcp[12] & 15 || (p->tos & 3) == IP_ECN_CE)
        return false;
    if (tcp[12] >> 4 != TCP_HEADER_BYTES / 4 && !has_stamp(tcp))
        return false;
    return payload_bytes(p) > FGET(bank32(n, I82599_RSCDBU), I82599_RSCDBU_RSCSMALDIS) &&
           f->ip == PACKET_GOOD && f->l4 == PACKET_GOOD;
}

static struct rsc_context *find(struct i82599 *n, const struct rx_frame *f)
{
    const struct packet *p = &f->p;

    if (p->ip != 4 || p->l4 != PACKET_TCP)
        return NULL;
    for (uint64_t bits = n->rsc.open; bits; bits &= bits - 1) {
        struct rsc_context *c = &n->rsc.context[__builtin_ctzll(bits)];

        if (c->queue == f->route.queue && c->source_port == p->src_port &&
            c->destination_port == p->dst_port && memcmp(c->source, p->src, 4) == 0 &&
            memcmp(c->destination, p->dst, 4) == 0 && c->tagged == p->tagged &&
            c->vlan == p->vlan)
            return c;
    }
    return NULL;
}

/* Whether a candidate goes on where its flow's coalescing stopped. */
static bool continues(const struct rsc_context *c, const struct packet *p, const uint8_t *bytes)
{
    return p->tcp_seq == c->next_seq && p->tos == c->tos &&
           has_stamp(bytes + p->l4_at) == c->stamp;
}

/* ---- descriptors ---- */

/* What the current descriptor says when no more goes into its buffer. */
static void finish_descriptor(struct i82599 *n, struct rsc_context *c, uint32_t status)
{
    struct desc_queue *queue = &n->rxd.queue[c->queue];
    uint32_t behind = (queue->next + queue->count - c->current) % queue->count;
    uint32_t at = queue->held - (behind ? behind : queue->count);
    uint8_t *d = queue->writeback[at];
    bool alone = c->packets == 1 && c->descriptors == 1; /* as if there were no coalescing */
    uint32_t count = alone ? 0 : c->started + 1u;

    le32_put(d, c->info | count << I82599_RXD_RSCCNT_SHIFT);
    le32_put(d + 4, c->hash);
    le32_put(d + 8, status);
    le32_put(d + 12, c->filled | (uint32_t)(c->stripped ? c->vlan : 0) << 16);
    queue->open &= ~(UINT64_C(1) << at);
}

static void next_descriptor(struct i82599 *n, struct rsc_context *c)
{
    struct desc_queue *queue = &n->rxd.queue[c->queue];

    c->current = queue->next;
    i82599_rx_take(n, c->queue);
    queue->open |= UINT64_C(1) << (queue->held - 1);
    c->address = le64_get(queue->writeback[queue->held - 1]);
    c->filled = 0;
    c->started = 0;
    c->descriptors++;
}

/* Descriptors that `bytes` more need besides the current one. */
static uint32_t more_descriptors(const struct rsc_context *c, uint32_t bytes)
{
    uint32_t room = c->buffer - c->filled;

    return bytes > room ? (bytes - room + c->buffer - 1) / c->buffer : 0;
}

static void advance(struct i82599 *n, struct rsc_context *c)
{
    uint32_t next = n->rxd.queue[c->queue].next;

    finish_descriptor(n, c, I82599_RXD_DD | next << I82599_RXD_NEXTP_SHIFT);
    next_descriptor(n, c);
}

/* A segment's bytes behind the others'. */
static void put(struct i82599 *n, struct rsc_context *c, struct rx_slot *slot, uint8_t *bytes,
                uint32_t len)
{
    if (c->filled == c->buffer)
        advance(n, c);
    c->packets++;
    c->started++;
    c->total += len;
    slot->state = RX_MOVING;
    for (;;) {
        uint32_t part = (uint32_t)u64_min(len, c->buffer - c->filled);

        i82599_rx_move(n, slot, c->address + c->filled, bytes, part);
        c->filled += part;
        bytes += part;
        len -= part;
        if (!len)
            return;
        advance(n, c);
    }
}

/* ---- the end ---- */

static void rewrite_header(struct i82599 *n, struct rsc_context *c)
{
    uint8_t *ip = c->header + c->l3_at;
    uint64_t saved = n->clock->cause;

    be16_put(ip + 2, (uint16_t)(c->total - c->l3_at));
    be16_put(ip + 10, 0);
    be16_put(ip + 10, (uint16_t)~packet_sum(ip, IP4_HEADER_BYTES));
    n->clock->cause = c->cause;
    port_write(&n->rsc.header[c - n->rsc.context].op, c->first_address, c->header,
               c->header_bytes);
    n->clock->cause = saved;
}

static void close(struct i82599 *n, struct rsc_context *c)
{
    n->rsc.open &= ~(UINT64_C(1) << (c - n->rsc.context));
    finish_descriptor(n, c, c->status);
    n->rxd.queue[c->queue].cause = c->cause;
    if (c->packets > 1) {
        c->state = RSC_CLOSING;
        rewrite_header(n, c);
    } else {
        c->state = RSC_FREE;
    }
}

static void header_written(void *owner, struct dma_op *op)
{
    struct rsc_header *h = owner;
    struct rsc_context *c = &h->n->rsc.context[h - h->n->rsc.header];

    (void)op; /* a buffer that is not memory: the packet is lost, its descriptors are not */
    if (c->state == RSC_CLOSING)
        c->state = RSC_FREE;
}

void i82599_rsc_close_queue(struct i82599 *n, unsigned q)
{
    for (uint64_t bits = n->rsc.open; bits; bits &= bits - 1) {
        struct rsc_context *c = &n->rsc.context[__builtin_ctzll(bits)];

        if (c->queue == q)
            close(n, c);
    }
}

static void arm(struct i82599 *n, ps_t when)
{
    if (!event_armed(&n->rsc.aging) || n->rsc.aging.when > when)
        clock_arm(n->clock, &n->rsc.aging, when);
}

/* The time of some is over. */
static void age(void *owner)
{
    struct i82599 *n = owner;

    for (uint64_t bits = n->rsc.open; bits; bits &= bits - 1) {
        struct rsc_context *c = &n->rsc.context[__builtin_ctzll(bits)];

        if (c->deadline <= n->clock->now) {
            close(n, c);
            i82599_rx_write_back(n, c->queue);
        } else {
            arm(n, c->deadline);
        }
    }
}

/* ---- segments ---- */

static uint32_t descriptors_max(struct i82599 *n, unsigned q)
{
    static const uint8_t most[4] = {1, 4, 8, 16};

    return most[FGET(*rxq_reg(n, I82599_RSCCTL, q), I82599_RSCCTL_MAXDESC)];
}

/* Whether the queue has descriptors at hand, and room to hold them. */
static bool has_descriptors(const struct i82599 *n, unsigned q, uint32_t count)
{
    return n->rxd.queue[q].cached >= count && n->rxd.queue[q].held + count <= I82599_BURST_MAX;
}

static void trace(struct i82599 *n, struct rsc_context *c, const struct rx_slot *slot,
                  uint32_t descriptors)
{
    uint64_t saved = n->clock->cause, id;
    uint32_t len = slot->len - slot->start;

    n->clock->cause = slot->cause;
    id = trace_nic_rx(n->trace, n->pci.source, TRACE_NOW(n->trace), slot->number, c->queue,
                      c->current, descriptors, len);
    if (id)
        n->clock->cause = id;
    c->cause = n->rxd.queue[c->queue].cause = n->clock->cause;
    i82599_stat_rx_queue(n, c->queue, len, false);
    n->clock->cause = saved;
}

/* What the header of the whole takes from its latest segment. */
static void update_header(struct rsc_context *c, const struct packet *p, const uint8_t *bytes)
{
    const uint8_t *from = bytes + p->l4_at;
    uint8_t *tcp = c->header + c->l4_at;

    memcpy(tcp + 8, from + 8, 4);   /* acknowledgment */
    memcpy(tcp + 14, from + 14, 2); /* window */
    tcp[13] |= p->tcp_flags & TCP_PSH;
    if (c->stamp)
        memcpy(tcp + TCP_HEADER_BYTES, from + TCP_HEADER_BYTES, STAMP_BYTES);
    c->next_seq = p->tcp_seq + payload_bytes(p);
}

static bool join(struct i82599 *n, struct rsc_context *c, struct rx_slot *slot,
                 const struct rx_frame *f)
{
    uint32_t bytes = payload_bytes(&f->p), more = more_descriptors(c, bytes);
    uint64_t cause;

    if (c->descriptors + more > descriptors_max(n, c->queue) ||
        c->total - c->l3_at + bytes > IP_BYTES_MAX || c->started == PACKETS_MAX ||
        !has_descriptors(n, c->queue, more))
        return false;
    trace(n, c, slot, 1 + more);
    cause = n->clock->cause;
    n->clock->cause = c->cause;
    put(n, c, slot, rx_slot_bytes(slot) + f->p.payload_at, bytes);
    n->clock->cause = cause;
    update_header(c, &f->p, rx_slot_bytes(slot));
    if (f->p.tcp_flags & TCP_PSH)
        close(n, c);
    return true;
}

static struct rsc_context *free_context(struct i82599 *n)
{
    if (__builtin_popcountll(n->rsc.open) >= RSC_CONTEXTS)
        return NULL;
    for (unsigned i = 0; i < ARRAY_LEN(n->rsc.context); i++)
        if (n->rsc.context[i].state == RSC_FREE)
            return &n->rsc.context[i];
    return NULL;
}

/* Everything of the flow and of its first segment. */
static void begin(struct rsc_context *c, struct rx_slot *slot, const struct rx_frame *f,
                  const uint8_t *bytes)
{
    const struct packet *p = &f->p;

    c->state = RSC_OPEN;
    c->queue = f->route.queue;
    c->tagged = p->tagged;
    c->stripped = f->stripped;
    c->vlan = p->vlan;
    c->tos = p->tos;
    c->stamp = has_stamp(rx_slot_bytes(slot) + p->l4_at);
    memcpy(c->source, p->src, 4);
    memcpy(c->destination, p->dst, 4);
    c->source_port = p->src_port;
    c->destination_port = p->dst_port;
    c->l3_at = (uint16_t)(p->l3_at - slot->start);
    c->l4_at = (uint16_t)(p->l4_at - slot->start);
    c->header_bytes = (uint16_t)(p->payload_at - slot->start);
    memcpy(c->header, bytes, c->header_bytes);
    c->buffer = f->buffer;
    c->info = f->route.rss_type | f->type;
    c->hash = f->route.hash;
    c->status = I82599_RXD_DD | I82599_RXD_EOP | I82599_RXD_IPCS | I82599_RXD_L4CS |
                f->route.errors | (f->route.fdir ? I82599_RXD_FLM : 0) |
                (f->stripped ? I82599_RXD_VP : 0);
    c->next_seq = p->tcp_seq + payload_bytes(p);
    c->packets = c->started = c->descriptors = 0;
    c->total = 0;
}

static bool open(struct i82599 *n, struct rx_slot *slot, const struct rx_frame *f)
{
    uint8_t *bytes = rx_slot_bytes(slot) + slot->start;
    uint32_t len = (uint32_t)f->p.ip_end - slot->start;
    uint32_t need = (len + f->buffer - 1) / f->buffer;
    unsigned q = f->route.queue;
    struct rsc_context *c = free_context(n);
    uint64_t cause = n->clock->cause;

    if (!c || f->p.tcp_flags & TCP_PSH || need > descriptors_max(n, q) ||
        !has_descriptors(n, q, need) || f->p.payload_at - slot->start > (int)sizeof c->header)
        return false;
    if (slot->start)
        memmove(bytes, bytes - slot->start, 12);
    begin(c, slot, f, bytes);
    n->rsc.open |= UINT64_C(1) << (c - n->rsc.context);
    next_descriptor(n, c);
    c->first_address = c->address;
    trace(n, c, slot, need);
    n->clock->cause = c->cause;
    put(n, c, slot, bytes, len);
    n->clock->cause = cause;
    c->deadline = u64_max(i82599_rx_interval_end(n, q),
                          n->clock->now + n->p.rsc_unit_ps *
                              (FGET(bank32(n, I82599_GPIE), I82599_GPIE_RSC_DELAY) + 1));
    arm(n, c->deadline);
    return true;
}

bool i82599_rsc_take(struct i82599 *n, struct rx_slot *slot, struct rx_frame *f)
{
    struct rsc_context *c;
    bool candidate;

    if (!enabled(n, f->route.queue))
        return false;
    c = n->rsc.open ? find(n, f) : NULL;
    candidate = is_candidate(n, slot, f);
    if (c) {
        if (candidate && continues(c, &f->p, rx_slot_bytes(slot)) && join(n, c, slot, f))
            return true;
        close(n, c);
    }
    return candidate && open(n, slot, f);
}

/* ---- life ---- */

void i82599_rsc_forget(struct i82599 *n, unsigned q)
{
    for (uint64_t bits = n->rsc.open; bits; bits &= bits - 1) {
        unsigned i = (unsigned)__builtin_ctzll(bits);

        if (n->rsc.context[i].queue == q) {
            n->rsc.context[i].state = RSC_FREE;
            n->rsc.open &= ~(UINT64_C(1) << i);
        }
    }
}

void i82599_rsc_init(struct i82599 *n)
{
    event_init(n->clock, &n->rsc.aging, "i82599.rsc", age, n);
    for (unsigned i = 0; i < ARRAY_LEN(n->rsc.header); i++) {
        n->rsc.header[i].n = n;
        dma_op_init(&n->rsc.header[i].op, &n->pci.port, "i82599.rsc.header", header_written,
                    &n->rsc.header[i]);
    }
}

void i82599_rsc_reset(struct i82599 *n)
{
    clock_disarm(n->clock, &n->rsc.aging);
    n->rsc.open = 0;
    memset(n->rsc.context, 0, sizeof n->rsc.context);
    for (unsigned i = 0; i < ARRAY_LEN(n->rsc.header); i++)
        i82599_op_clear(&n->rsc.header[i].op);
}

void i82599_rsc_restore(struct i82599 *n)
{
    for (unsigned i = 0; i < ARRAY_LEN(n->rsc.context); i++)
        n->rsc.header[i].op.buf = n->rsc.context[i].header;
}
