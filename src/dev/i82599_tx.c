/* SPDX-License-Identifier: Apache-2.0 */
/* Transmit: descriptors, data reads, the packet buffer, segmentation, the MAC (7.2).
 *
 *   TDT --> descriptors read --> data read into the packet buffer --> frames made --> wire
 *                                   | descriptor done: written back (RS, WTHRESH), cause
 *
 * Queues are served in turn, a packet each.  A packet is sent when it is whole; of a TSO, segments go
 * as soon as their bytes are there. */
#include "dev/i82599_ring.h"

#include "base/alloc.h"

#include <stdlib.h>

static bool enabled(const struct i82599 *n)
{
    return bank32(n, I82599_DMATXCTL) & FMASK(I82599_DMATXCTL_TE);
}

static void serve(struct i82599 *n);
static void send_frames(struct i82599 *n);

void i82599_tx_fetched(struct i82599 *n, unsigned q)
{
    struct desc_queue *queue = &n->txd.queue[q];

    queue->cause = n->clock->cause;
    if (queue->cached)
        queue_bit_set(n->tx.ready, q);
    serve(n);
}

/* ---- write-back ---- */

/* Head write-back (7.2.3.5.3): the head's number in place of descriptors. */
static bool write_head(struct i82599 *n, unsigned q)
{
    uint64_t addr = (uint64_t)bank32_at(n, I82599_TDWBAH, q) << 32 |
                    (bank32_at(n, I82599_TDWBAL, q) & ~UINT32_C(3));

    return i82599_ring_write_head(&n->txd, q, addr);
}

static bool write_descriptors(struct i82599 *n, unsigned q, bool cause)
{
    struct desc_queue *queue = &n->txd.queue[q];
    bool all = i82599_ring_write_back(&n->txd, q, cause && queue->status);

    if (all)
        queue->status = 0;
    return all;
}

void i82599_tx_flush(struct i82599 *n, unsigned q, bool cause)
{
    if (!write_descriptors(n, q, cause))
        queue_bit_set(n->tx.stuck, q);
}

static bool head_mode(const struct i82599 *n, unsigned q)
{
    return bank32_at(n, I82599_TDWBAL, q) & FMASK(I82599_TDWBAL_HEAD_WB_EN);
}

void i82599_tx_written_back(struct i82599 *n, const struct desc_op *w)
{
    int stuck = queue_bit_first(n->tx.stuck);
    unsigned q = (unsigned)stuck;

    if (w->cause && w->epoch == n->txd.queue[w->queue].epoch)
        i82599_tx_cause(n, w->queue);
    if (stuck >= 0) {
        queue_bit_clear(n->tx.stuck, q);
        if (head_mode(n, q) ? !write_head(n, q) : !write_descriptors(n, q, true))
            queue_bit_set(n->tx.stuck, q);
    }
    serve(n);
}

/* WTHRESH, as far as the chip has room. */
static uint32_t write_back_threshold(const struct i82599 *n, unsigned q)
{
    return u32_min((uint32_t)FGET(bank32_at(n, I82599_TXDCTL, q), I82599_TXDCTL_WTHRESH),
                   I82599_BURST_MAX);
}

static bool wants_status(const struct tx_read *r)
{
    return le32_get(r->bytes + 8) & I82599_TXD_RS;
}

/* Whether it cannot be done with yet: statuses before it wait for a free operation, and its own has
 * no place behind them, or it is to have none and would cut them off (they end right before `done`). */
static bool done_waits(struct i82599 *n, const struct tx_read *r)
{
    const struct desc_queue *queue = &n->txd.queue[r->queue];
    bool none = !wants_status(r) && !write_back_threshold(n, r->queue);
    uint32_t room = none ? 0 : I82599_BURST_MAX - 1; /* most that may be held */

    if (!r->last || r->epoch != queue->epoch || head_mode(n, r->queue) || queue->held <= room)
        return false;
    i82599_tx_flush(n, r->queue, true);
    return queue->held > room;
}

/* A descriptor is done with: its data are on the chip. */
static void descriptor_done(struct i82599 *n, const struct tx_read *r)
{
    struct desc_queue *queue = &n->txd.queue[r->queue];
    uint32_t threshold = write_back_threshold(n, r->queue);
    bool status = wants_status(r);
    uint8_t *d;

    queue->done = (uint16_t)((r->desc + 1) % queue->count);
    if (head_mode(n, r->queue)) {
        if (status && !write_head(n, r->queue))
            queue_bit_set(n->tx.stuck, r->queue);
        return;
    }
    if (!threshold && !status)
        return;
    d = queue->writeback[queue->held++];
    memcpy(d, r->bytes, I82599_DESC_BYTES);
    if (le32_get(d + 8) & I82599_TXD_DEXT)
        le32_put(d + 12, I82599_TXD_DD);
    else
        d[12] = (uint8_t)(d[12] | I82599_TXD_DD);
    queue->status |= status;
    queue_bit_set(n->txd.held, r->queue);
    if (queue->held >= threshold)
        i82599_tx_flush(n, r->queue, true);
    else
        i82599_tx_held(n, r->queue);
}

/* ---- packets ---- */

static struct tx_packet *packet_at(struct i82599 *n, uint32_t i)
{
    return &n->tx.packet[(n->tx.packet_first + i) % TX_PACKETS];
}

/* What a context descriptor says (7.2.3.2.3). */
static void apply_context(struct tx_packet *p, const uint8_t *context, uint32_t popts)
{
    static const uint8_t l4[4] = {PACKET_UDP, PACKET_TCP, PACKET_SCTP, PACKET_NO_L4};
    uint32_t lens = le32_get(context), type = le32_get(context + 8), mss = le32_get(context + 12);

    p->vlan = (uint16_t)(lens >> 16);
    p->offload = (struct packet_offload){
        .mac_bytes = lens >> 9 & 0x7f,
        .ip_bytes = lens & 0x1ff,
        .l4_bytes = mss >> 8 & 0xff,
        .mss = (uint16_t)(mss >> 16),
        .ip4 = type & I82599_TXD_TUCMD_IPV4,
        .l4 = l4[type >> 11 & 3],
        .insert_ip = popts & I82599_TXD_POPTS_IXSM,
        .insert_l4 = popts & I82599_TXD_POPTS_TXSM,
    };
}

static uint32_t header_bytes(const struct tx_packet *p)
{
    return (uint32_t)p->offload.mac_bytes + p->offload.ip_bytes + p->offload.l4_bytes;
}

/* The first data descriptor of a packet. */
static struct tx_packet *begin_packet(struct i82599 *n, unsigned q, const uint8_t *d)
{
    struct tx_packet *p = packet_at(n, n->tx.packets++);
    uint32_t type = le32_get(d + 8), info = le32_get(d + 12);

    *p = (struct tx_packet){.queue = (uint8_t)q, .first = n->txd.queue[q].next,
                            .insert_vlan = !!(type & I82599_TXD_VLE)};
    n->tx.in_packet = 1;
    if (!(type & I82599_TXD_DEXT)) {
        p->vlan = (uint16_t)(info >> 16);
        p->legacy_sum = !!(type & I82599_TXD_IC);
        p->sum_start = (uint8_t)(info >> 8);
        p->sum_at = (uint8_t)(type >> 16);
        return p;
    }
    apply_context(p, n->txd.queue[q].context[info >> 4 & 1], info >> 8);
    p->tso = !!(type & I82599_TXD_TSE);
    p->paylen = info >> 14;
    if (p->tso && (!p->offload.mss || !header_bytes(p) || p->offload.l4 == PACKET_NO_L4 ||
                   header_bytes(p) > sizeof n->tx.header ||
                   header_bytes(p) + p->offload.mss > FRAME_BYTES_MAX - 4))
        p->bad = 1;
    return p;
}

static void end_packet(struct i82599 *n, struct tx_packet *p)
{
    uint64_t saved = n->clock->cause;
    uint32_t mss = p->offload.mss, header = header_bytes(p), segments = 1;

    if (p->tso && !p->bad && p->bytes > header)
        segments = (p->bytes - header + mss - 1) / mss;
    p->whole = 1;
    n->tx.in_packet = 0;
    n->clock->cause = n->txd.queue[p->queue].cause;
    p->cause = trace_nic_tx(n->trace, n->pci.source, TRACE_NOW(n->trace), p->queue, p->first,
                            p->descriptors, p->bytes, segments);
    if (!p->cause)
        p->cause = n->clock->cause;
    n->clock->cause = saved;
}

static void take_descriptor(struct i82599 *n, unsigned q)
{
    struct desc_queue *queue = &n->txd.queue[q];

    i82599_ring_take(&n->txd, q);
    queue->part = 0;
    if (!queue->cached)
        queue_bit_clear(n->tx.ready, q);
    i82599_ring_fetch(&n->txd, q);
}

static struct tx_read *start_read(struct i82599 *n, unsigned q, const uint8_t *d, bool data)
{
    struct tx_read *r = &n->tx_read[(n->tx.read_first + n->tx.reads++) % TX_READERS];

    r->queue = (uint16_t)q;
    r->desc = n->txd.queue[q].next;
    r->epoch = n->txd.queue[q].epoch;
    r->packet = (uint16_t)((n->tx.packet_first + n->tx.packets - 1 + TX_PACKETS) % TX_PACKETS);
    r->busy = 1;
    r->here = 1;
    r->data = data;
    r->last = 1;
    r->at = r->len = 0;
    memcpy(r->bytes, d, I82599_DESC_BYTES);
    return r;
}

/* Asks for the next piece of a data descriptor; false: there is no room for it now. */
static bool read_piece(struct i82599 *n, unsigned q, const uint8_t *d, struct tx_packet *p)
{
    struct desc_queue *queue = &n->txd.queue[q];
    uint32_t left = (le32_get(d + 8) & 0xffff) - queue->part;
    uint32_t at = (n->tx.ring_head + n->tx.ring_used) % TX_RING_BYTES, len;
    uint64_t saved = n->clock->cause;
    struct tx_read *r;

    if (!p->tso && p->bytes + left > FRAME_BYTES_MAX)
        p->bad = 1; /* longer than any frame: none of it is sent (8.2.3.22.8) */
    if (p->bad)
        left = 0;
    len = u32_min(u32_min(left, TX_READ_BYTES), TX_RING_BYTES - at);
    if (len > TX_RING_BYTES - n->tx.ring_used)
        return false;
    r = start_read(n, q, d, true);
    r->at = at;
    r->len = len;
    r->last = len == left;
    p->bytes += len;
    queue->part += len;
    n->tx.ring_used += len;
    if (len) {
        r->here = 0;
        n->clock->cause = queue->cause;
        port_read(&r->op, le64_get(d) + queue->part - len, n->tx.ring + at, len);
        n->clock->cause = saved;
    }
    return true;
}

/* The first cached descriptor of the queue that is served; false: it has to wait. */
static bool serve_descriptor(struct i82599 *n, unsigned q)
{
    struct desc_queue *queue = &n->txd.queue[q];
    const uint8_t *d = i82599_ring_first(queue);
    uint32_t type = le32_get(d + 8);
    struct tx_packet *p;

    if (type & I82599_TXD_DEXT && (type >> 20 & 0xf) == I82599_TXD_DTYP_CONTEXT) {
        memcpy(queue->context[le32_get(d + 12) >> 4 & 1], d, I82599_DESC_BYTES);
        start_read(n, q, d, false);
        take_descriptor(n, q);
        return true;
    }
    if (!n->tx.in_packet) {
        if (n->tx.packets == TX_PACKETS)
            return false;
        begin_packet(n, q, d);
    }
    p = packet_at(n, n->tx.packets - 1);
    if (!read_piece(n, q, d, p))
        return false;
    if (p->bad || queue->part >= (type & 0xffff)) {
        p->descriptors++;
        if (type & I82599_TXD_EOP)
            end_packet(n, p);
        take_descriptor(n, q);
    }
    return true;
}

/* The next queue with descriptors, after the one served last. */
static bool choose_queue(struct i82599 *n)
{
    u128 ready = (u128)n->tx.ready[1] << 64 | n->tx.ready[0];
    unsigned from = (n->tx.current + 1u) % I82599_QUEUES, q = from;

    _Static_assert(I82599_QUEUES == 128, "a bit for each queue in a u128");
    if (!ready)
        return false;
    if (from)
        ready = ready >> from | ready << (I82599_QUEUES - from);
    if ((uint64_t)ready)
        q += (unsigned)__builtin_ctzll((uint64_t)ready);
    else
        q += 64 + (unsigned)__builtin_ctzll((uint64_t)(ready >> 64));
    n->tx.current = (uint8_t)(q % I82599_QUEUES);
    return true;
}

static bool retire(struct i82599 *n);
static bool frame_ready(const struct tx_packet *p);

/* Descriptors without data are over at once: who retires some may have made room for others. */
static void serve(struct i82599 *n)
{
    do {
        bool more = enabled(n);

        while (more && n->tx.reads < TX_READERS) {
            if (!n->tx.in_packet && !choose_queue(n))
                break;
            more = n->txd.queue[n->tx.current].cached && serve_descriptor(n, n->tx.current);
        }
    } while (retire(n));
}

/* The pipeline starts with a packet's last byte, or with what makes the first segment of a TSO. */
static void arrived(struct i82599 *n, struct tx_packet *p, uint32_t len)
{
    p->arrived += len;
    if (!p->ready && frame_ready(p))
        p->ready = n->clock->now + n->p.tx_pipeline_ps;
}

/* Reads that have arrived, in order; false: none. */
static bool retire(struct i82599 *n)
{
    bool some = false;

    while (n->tx.reads && n->tx_read[n->tx.read_first].here) {
        struct tx_read *r = &n->tx_read[n->tx.read_first];

        if (done_waits(n, r))
            break;
        some = true;
        r->busy = 0;
        n->tx.read_first = (n->tx.read_first + 1) % TX_READERS;
        n->tx.reads--;
        if (r->data)
            arrived(n, &n->tx.packet[r->packet], r->len);
        if (r->last && r->epoch == n->txd.queue[r->queue].epoch)
            descriptor_done(n, r);
    }
    if (some)
        send_frames(n);
    return some;
}

static void data_here(void *owner, struct dma_op *op)
{
    struct tx_read *r = owner;
    struct i82599 *n = r->n;

    if (!r->busy)
        return;
    r->here = 1;
    if (op->fault)
        n->tx.packet[r->packet].bad = 1;
    retire(n);
    serve(n);
}

/* ---- frames ---- */

static void take(struct i82599 *n, struct tx_packet *p, uint8_t *to, uint32_t len)
{
    uint32_t first = u32_min(len, TX_RING_BYTES - n->tx.ring_head);

    if (to) {
        memcpy(to, n->tx.ring + n->tx.ring_head, first);
        memcpy(to + first, n->tx.ring, len - first);
    }
    n->tx.ring_head = (n->tx.ring_head + len) % TX_RING_BYTES;
    n->tx.ring_used -= len;
    p->taken += len;
}

/* Where a TSO is: payload sent, and whether its next segment's bytes are here (`*len` of them). */
static bool segment_ready(const struct tx_packet *p, uint32_t *at, uint32_t *len, bool *last)
{
    uint32_t header = header_bytes(p), mss = p->offload.mss, total, here;

    *at = p->segments * mss;
    total = p->whole && p->bytes < header + p->paylen
                ? (p->bytes > header ? p->bytes - header : 0) : p->paylen;
    *len = *at < total ? u32_min(mss, total - *at) : 0;
    *last = *at + *len >= total;
    here = p->arrived > header ? p->arrived - header : 0;
    return p->arrived >= header && here >= *at + *len;
}

static bool frame_ready(const struct tx_packet *p)
{
    uint32_t at, len;
    bool last;

    if (p->bad)
        return p->whole && p->arrived == p->bytes;
    return p->tso ? segment_ready(p, &at, &len, &last) || (p->whole && p->arrived == p->bytes)
                  : p->whole && p->arrived == p->bytes;
}

static uint32_t insert_vlan(struct i82599 *n, uint32_t len, uint16_t vlan)
{
    uint8_t *f = n->tx.frame;
    uint32_t type = bank32(n, I82599_DMATXCTL) >> 16;

    if (len < 12)
        return len;
    memmove(f + 16, f + 12, len - 12);
    f[12] = (uint8_t)(type >> 8);
    f[13] = (uint8_t)type;
    f[14] = (uint8_t)(vlan >> 8);
    f[15] = (uint8_t)vlan;
    return len + 4;
}

static void legacy_checksum(uint8_t *f, uint32_t len, const struct tx_packet *p)
{
    uint16_t sum;

    if (p->sum_start >= len || p->sum_at + 2u > len)
        return;
    sum = (uint16_t)~packet_sum(f + p->sum_start, len - p->sum_start);
    f[p->sum_at] = (uint8_t)(sum >> 8);
    f[p->sum_at + 1] = (uint8_t)sum;
}

/* Makes the next segment in tx.frame; its length, 0 when there is none (a header without end). */
static uint32_t make_segment(struct i82599 *n, struct tx_packet *p, bool *over)
{
    uint16_t masks[3] = {(uint16_t)(bank32(n, I82599_DTXTCPFLGL) & 0xfff),
                         (uint16_t)(bank32(n, I82599_DTXTCPFLGL) >> 16 & 0xfff),
                         (uint16_t)(bank32(n, I82599_DTXTCPFLGH) & 0xfff)};
    uint32_t header = header_bytes(p), at, len;
    bool last;

    *over = true;
    if (!segment_ready(p, &at, &len, &last))
        return 0;
    if (!p->segments)
        take(n, p, n->tx.header, header);
    memcpy(n->tx.frame, n->tx.header, header);
    take(n, p, n->tx.frame + header, len);
    packet_segment(n->tx.frame, len, p->segments, at, last, &p->offload, masks);
    p->segments++;
    *over = last;
    return header + len;
}

static uint32_t make_frame(struct i82599 *n, struct tx_packet *p, bool *over)
{
    uint32_t len = p->bytes;

    *over = true;
    if (p->bad)
        return 0;
    if (p->tso)
        return make_segment(n, p, over);
    take(n, p, n->tx.frame, len);
    if (p->legacy_sum)
        legacy_checksum(n->tx.frame, len, p);
    else
        packet_insert_checksums(n->tx.frame, len, &p->offload);
    return len;
}

static void to_wire(struct i82599 *n, const uint8_t *bytes, uint32_t len, uint64_t *number)
{
    struct frame f = {.bytes = bytes, .len = len, .cause = n->clock->cause,
                      .began = n->clock->now};
    ps_t byte_ps;

    *number = 0;
    if (!i82599_loopback(n)) {
        n->tx.free = wire_send(n->wire, WIRE_NIC, bytes, len, n->clock->now, number);
        return;
    }
    byte_ps = 8 * PS_PER_US / n->link.mbps; /* a loopback has a rate */
    f.arrives = f.began + (FRAME_PREAMBLE_BYTES + len + FRAME_FCS_BYTES) * byte_ps;
    n->tx.free = f.arrives + FRAME_GAP_BYTES * byte_ps;
    i82599_rx_frame(n, &f);
}

static void send_one(struct i82599 *n, struct tx_packet *p, uint32_t len)
{
    uint64_t saved = n->clock->cause, number, id;

    if (len < 14 || len > FRAME_BYTES_MAX) /* no Ethernet header: nothing that a MAC could send */
        return;
    if (p->insert_vlan)
        len = insert_vlan(n, len, p->vlan);
    if (len < FRAME_BYTES_MIN) {
        memset(n->tx.frame + len, 0, FRAME_BYTES_MIN - len);
        len = FRAME_BYTES_MIN;
    }
    n->clock->cause = p->cause;
    id = trace_nic_send(n->trace, n->pci.source, TRACE_NOW(n->trace), p->queue, p->first,
                        n->wire->way[WIRE_NIC].next_number, len);
    if (id)
        n->clock->cause = id;
    i82599_stat_tx(n, n->tx.frame, len, false);
    i82599_stat_tx_queue(n, p->queue, len);
    to_wire(n, n->tx.frame, len, &number);
    n->clock->cause = saved;
}

static void send_control(struct i82599 *n)
{
    uint64_t number;

    n->tx.control_waiting = 0;
    i82599_stat(n, n->tx.control[16] | n->tx.control[17] ? I82599_LXOFFTXC : I82599_LXONTXC, 0, 1);
    i82599_stat_tx(n, n->tx.control, sizeof n->tx.control, true);
    to_wire(n, n->tx.control, sizeof n->tx.control, &number);
}

static void drop_packet(struct i82599 *n, struct tx_packet *p)
{
    take(n, p, NULL, p->bytes - p->taken);
    n->tx.packet_first = (n->tx.packet_first + 1) % TX_PACKETS;
    n->tx.packets--;
}

/* Sends what may be sent now, and arranges for the rest. */
static void send_frames(struct i82599 *n)
{
    while (i82599_link_is_up(n) && (n->tx.packets || n->tx.control_waiting)) {
        struct tx_packet *p = packet_at(n, 0);
        ps_t at = n->tx.free;
        uint32_t len;
        bool over;

        if (!n->tx.control_waiting) {
            if (!frame_ready(p))
                return;
            at = u64_max(at, u64_max(p->ready, n->tx.paused_until));
        }
        if (!i82599_loopback(n))
            at = u64_max(at, wire_ready(n->wire, WIRE_NIC));
        if (at > n->clock->now) {
            clock_arm(n->clock, &n->tx.mac, at);
            return;
        }
        if (n->tx.control_waiting) {
            send_control(n);
            continue;
        }
        len = make_frame(n, p, &over);
        if (len)
            send_one(n, p, len);
        /* The end of a TSO may come before all of its bytes: they are not needed any more. */
        if (over && p->whole && p->arrived == p->bytes)
            drop_packet(n, p);
        else if (over)
            p->bad = 1;
    }
}

static void mac(void *owner)
{
    struct i82599 *n = owner;

    send_frames(n);
    serve(n);
}

/* ---- flow control ---- */

void i82599_tx_pause(struct i82599 *n, uint16_t quanta)
{
    uint8_t *f = n->tx.control;

    memset(f, 0, sizeof n->tx.control);
    memcpy(f, wire_pause_address, 6);
    le32_put(f + 6, bank32_at(n, I82599_RAL, 0));
    le16_put(f + 10, (uint16_t)bank32_at(n, I82599_RAH, 0));
    f[12] = 0x88;
    f[13] = 0x08;
    f[15] = 0x01;
    f[16] = (uint8_t)(quanta >> 8);
    f[17] = (uint8_t)quanta;
    n->tx.control_waiting = 1;
    send_frames(n);
}

void i82599_tx_paused(struct i82599 *n, uint16_t quanta)
{
    n->tx.paused_until = n->clock->now + wire_pause_ps(n->wire, quanta);
    mac(n);
}

/* ---- registers ---- */

uint32_t i82599_tdh(const struct i82599 *n, unsigned q)
{
    return n->txd.queue[q].done;
}

static void queue_clear(struct i82599 *n, unsigned q)
{
    i82599_ring_disable(&n->txd, q);
    queue_bit_clear(n->tx.ready, q);
    queue_bit_clear(n->tx.stuck, q);
    if (n->tx.in_packet && n->tx.current == q) {
        struct tx_packet *p = packet_at(n, n->tx.packets - 1);

        p->bad = p->whole = 1;
        n->tx.in_packet = 0;
    }
}

void i82599_txdctl_written(struct i82599 *n, unsigned q, uint32_t old)
{
    uint32_t txdctl = bank32_at(n, I82599_TXDCTL, q);
    bool was = old & FMASK(I82599_TXDCTL_ENABLE), is = txdctl & FMASK(I82599_TXDCTL_ENABLE);

    /* A ring made after DMATXCTL.TE has enabled queue 0 is seen when software enables it. */
    if (was && is && n->txd.queue[q].count != bank32_at(n, I82599_TDLEN, q) / I82599_DESC_BYTES)
        was = false;
    if (was != is)
        queue_clear(n, q);
    if (!was && is)
        i82599_ring_enable(&n->txd, q, bank32_at(n, I82599_TDLEN, q), bank32_at(n, I82599_TDH, q));
    if (txdctl & FMASK(I82599_TXDCTL_SWFLSH))
        i82599_tx_flush(n, q, true);
    serve(n);
}

void i82599_tdt_written(struct i82599 *n, unsigned q)
{
    uint64_t saved = n->clock->cause, id;

    id = trace_nic_doorbell(n->trace, n->pci.source, TRACE_NOW(n->trace), 1, q,
                            bank32_at(n, I82599_TDT, q));
    if (id)
        n->clock->cause = id;
    i82599_ring_fetch(&n->txd, q);
    n->clock->cause = saved;
}

void i82599_tx_kick(struct i82599 *n)
{
    for (unsigned q = 0; q < I82599_QUEUES; q++)
        if (n->txd.queue[q].enabled)
            i82599_ring_fetch(&n->txd, q);
    mac(n);
}

/* ---- life ---- */

void i82599_tx_init(struct i82599 *n)
{
    n->tx.ring = xcalloc(1, TX_RING_BYTES);
    i82599_ring_init(n, &n->txd, true);
    event_init(n->clock, &n->tx.mac, "i82599.mac", mac, n);
    for (unsigned i = 0; i < TX_READERS; i++) {
        n->tx_read[i].n = n;
        dma_op_init(&n->tx_read[i].op, &n->pci.port, "i82599.tx.data", data_here, &n->tx_read[i]);
    }
}

void i82599_tx_fini(struct i82599 *n)
{
    free(n->tx.ring);
}

void i82599_tx_reset(struct i82599 *n)
{
    struct tx_engine *tx = &n->tx;
    struct event mac_event;
    uint8_t *ring = tx->ring;

    clock_disarm(n->clock, &tx->mac);
    mac_event = tx->mac;
    for (unsigned i = 0; i < TX_READERS; i++) {
        struct tx_read *r = &n->tx_read[i];

        i82599_op_clear(&r->op);
        r->at = r->len = 0;
        r->packet = r->queue = r->desc = 0;
        r->epoch = 0;
        r->busy = r->here = r->data = r->last = 0;
        memset(r->bytes, 0, sizeof r->bytes);
    }
    i82599_ring_reset(&n->txd);
    memset(tx, 0, sizeof *tx);
    memset(ring, 0, TX_RING_BYTES);
    tx->ring = ring;
    tx->mac = mac_event;
}

void i82599_tx_restore(struct i82599 *n)
{
    i82599_ring_restore(&n->txd);
    for (unsigned i = 0; i < TX_READERS; i++)
        n->tx_read[i].op.buf = n->tx.ring + n->tx_read[i].at % TX_RING_BYTES;
}
