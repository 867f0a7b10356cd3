/* SPDX-License-Identifier: Apache-2.0 */
/* Receive: packet buffer, descriptors, DMA (7.1).
 *
 *   frame ---> slot in the packet buffer ---> data writes ---> descriptors written back ---> cause
 *     |            (RX_WAITING)               (RX_MOVING)      alone, or with those of frames
 *     +-> dropped: filters, no room                            right behind it
 *
 * Frames leave the buffer in order.  One that finds no descriptor holds up all behind it, unless its
 * queue has SRRCTL.DROP_EN (7.1.3). */
#include "dev/i82599_ring.h"
#include "dev/i82599_rx.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <zlib.h>

enum drop_reason {
    DROP_FILTER = 1, DROP_BUFFER_FULL, DROP_NO_DESCRIPTOR, DROP_RECEIVER_OFF, DROP_DAMAGED,
    DROP_FDIR, DROP_QUEUE_OFF,
};

#define SLOT_SKIP UINT32_MAX
#define SLOT_ALIGN 64
/* What a frame takes of the buffer besides its bytes, and the steps it is given space in. */
#define CHARGE_EXTRA 16
#define CHARGE_ALIGN 16
#define PIECES_MAX 17 /* of a frame in buffers of 1 KiB */

_Static_assert(sizeof(struct rx_slot) == SLOT_ALIGN, "slots keep their alignment");

static struct rx_slot *slot_at(struct i82599 *n, uint32_t at)
{
    return (struct rx_slot *)(void *)(n->rx.ring + at);
}

static void drop(struct i82599 *n, uint64_t number, enum drop_reason reason)
{
    trace_nic_drop(n->trace, n->pci.source, TRACE_NOW(n->trace), number, reason);
}

static void pump(struct i82599 *n);

static void unblock(struct i82599 *n, unsigned q)
{
    if (n->rx.blocked == q + 1) {
        n->rx.blocked = 0;
        pump(n);
    }
}

void i82599_rx_fetched(struct i82599 *n, unsigned q)
{
    unblock(n, q);
}

/* ---- write-back ---- */

void i82599_rx_write_back(struct i82599 *n, unsigned q)
{
    struct desc_queue *queue = &n->rxd.queue[q];

    i82599_ring_write_back(&n->rxd, q, true);
    if (!queue->held)
        queue->lli = 0;
}

static void write_back_all(struct i82599 *n)
{
    for (unsigned w = 0; w < ARRAY_LEN(n->rxd.held); w++)
        for (uint64_t bits = n->rxd.held[w]; bits; bits &= bits - 1)
            i82599_rx_write_back(n, w * 64 + (unsigned)__builtin_ctzll(bits));
}

void i82599_rx_written_back(struct i82599 *n, const struct desc_op *w)
{
    struct desc_queue *queue = &n->rxd.queue[w->queue];

    if (w->epoch == queue->epoch) {
        queue->done = (uint16_t)((w->first + w->count) % queue->count);
        i82599_rx_cause(n, w->queue, w->lli);
    }
    pump(n);
}

/* ---- a frame into its buffers ---- */

/* Bits of the descriptor's packet type and status that the parser knows (7.1.6.2). */
static uint32_t packet_type(const struct packet *p, const struct rx_route *route)
{
    uint32_t type = 0;

    if (route->ether)
        return I82599_RXD_TYPE_L2 | (route->ether - 1u) << 4;
    if (p->ip == 4)
        type |= p->ip_options ? I82599_RXD_TYPE_IPV4_EX | I82599_RXD_TYPE_IPV4
                              : I82599_RXD_TYPE_IPV4;
    else if (p->ip == 6)
        type |= p->ip_options ? I82599_RXD_TYPE_IPV6_EX | I82599_RXD_TYPE_IPV6
                              : I82599_RXD_TYPE_IPV6;
    if (p->l4 == PACKET_TCP)
        type |= I82599_RXD_TYPE_TCP;
    else if (p->l4 == PACKET_UDP)
        type |= I82599_RXD_TYPE_UDP;
    else if (p->l4 == PACKET_SCTP)
        type |= I82599_RXD_TYPE_SCTP;
    return type;
}

/* Status and errors of the last descriptor. */
static uint32_t packet_status(struct i82599 *n, const struct rx_frame *f)
{
    uint32_t status = I82599_RXD_DD | I82599_RXD_EOP | f->route.errors;

    if (f->ip)
        status |= I82599_RXD_IPCS;
    if (f->ip == PACKET_BAD)
        status |= I82599_RXD_IPE;
    if (f->l4)
        status |= I82599_RXD_L4CS;
    if (f->l4 == PACKET_BAD) {
        status |= I82599_RXD_TCPE;
        i82599_stat(n, I82599_XEC, 0, 1);
    } else if (f->ip == PACKET_BAD) {
        i82599_stat(n, I82599_XEC, 0, 1);
    }
    if (f->route.fdir)
        status |= I82599_RXD_FLM;
    if (f->route.lli)
        status |= I82599_RXD_LLINT;
    if (f->stripped)
        status |= I82599_RXD_VP;
    return status;
}

void i82599_rx_take(struct i82599 *n, unsigned q)
{
    struct desc_queue *queue = &n->rxd.queue[q];

    memcpy(queue->writeback[queue->held], i82599_ring_first(queue), I82599_DESC_BYTES);
    i82599_ring_take(&n->rxd, q);
    queue->held++;
    queue_bit_set(n->rxd.held, q);
}

void i82599_rx_move(struct i82599 *n, struct rx_slot *slot, uint64_t addr, uint8_t *bytes,
                    uint32_t len)
{
    unsigned i = (n->rx.mover_first + n->rx.movers) % RX_MOVERS;
    struct rx_mover *m = &n->rx_mover[i];

    n->rx.movers++;
    m->slot = (uint32_t)((uint8_t *)slot - n->rx.ring);
    m->at = (uint32_t)(bytes - n->rx.ring);
    m->busy = 1;
    slot->ops++;
    port_write(&m->op, addr, bytes, len);
}

/* One descriptor's write-back (7.1.5, 7.1.6). */
static void describe(struct i82599 *n, const struct rx_frame *f, uint8_t *d, uint32_t len,
                     uint32_t status)
{
    uint32_t vlan = f->stripped ? f->p.vlan : 0;

    if (f->legacy) {
        /* Status and errors keep their order, in one byte each. */
        uint8_t errors = (uint8_t)((status & I82599_RXD_TCPE ? 0x40 : 0) |
                                   (status & I82599_RXD_IPE ? 0x80 : 0));

        le32_put(d + 8, len);
        d[12] = (uint8_t)status;
        d[13] = errors;
        le16_put(d + 14, (uint16_t)vlan);
        return;
    }
    le32_put(d, f->route.rss_type | f->type);
    le32_put(d + 4, bank32(n, I82599_RXCSUM) & FMASK(I82599_RXCSUM_PCSD) || f->route.fdir
                        ? f->route.hash : 0);
    le32_put(d + 8, status);
    le32_put(d + 12, len | vlan << 16);
}

static void deliver(struct i82599 *n, struct rx_slot *slot, struct rx_frame *f)
{
    unsigned q = f->route.queue;
    struct desc_queue *queue = &n->rxd.queue[q];
    uint8_t *bytes = rx_slot_bytes(slot) + slot->start;
    uint32_t left = slot->len - slot->start, pieces = (left + f->buffer - 1) / f->buffer;
    uint32_t status = packet_status(n, f);
    uint64_t saved = n->clock->cause, id;

    if (f->stripped)
        memmove(bytes, bytes - slot->start, 12);
    n->clock->cause = slot->cause;
    id = trace_nic_rx(n->trace, n->pci.source, TRACE_NOW(n->trace), slot->number, q, queue->next,
                      pieces, left);
    if (id)
        n->clock->cause = id;
    queue->cause = n->clock->cause;
    queue->lli |= f->route.lli;
    i82599_stat_rx_queue(n, q, left, false);
    slot->state = RX_MOVING;
    while (left) {
        uint32_t len = u32_min(left, f->buffer);
        uint8_t *d = queue->writeback[queue->held];

        left -= len;
        i82599_rx_take(n, q);
        i82599_rx_move(n, slot, le64_get(d), bytes, len);
        describe(n, f, d, len, left ? I82599_RXD_DD : status);
        bytes += len;
        if (queue->held >= n->p.rx_writeback)
            i82599_rx_write_back(n, q);
    }
    n->clock->cause = saved;
    i82599_ring_fetch(&n->rxd, q);
}

/* ---- the buffer ---- */

static void arm_ready(struct i82599 *n)
{
    if (n->rx.waiting)
        clock_arm(n->clock, &n->rx.ready, slot_at(n, n->rx.next)->ready);
}

static uint32_t after(struct i82599 *n, uint32_t at)
{
    at += slot_at(n, at)->bytes;
    if (at >= RX_RING_BYTES || slot_at(n, at)->len == SLOT_SKIP)
        at = 0;
    return at;
}

static uint64_t threshold(const struct i82599 *n, unsigned reg)
{
    return bank32(n, reg) & UINT32_C(0x7ffe0);
}

static bool may_pause(const struct i82599 *n)
{
    return FGET(bank32(n, I82599_FCCFG), I82599_FCCFG_TFCE) == 1 &&
           bank32(n, I82599_FCRTH) & FMASK(I82599_FCRTH_FCEN);
}

/* A refresh comes when the pause that was sent has FCRTV quanta left (8.2.3.7.5); none without. */
static void send_xoff(struct i82599 *n)
{
    uint16_t quanta = (uint16_t)bank32(n, I82599_FCTTV), refresh = (uint16_t)bank32(n, I82599_FCRTV);

    n->rx.xoff_sent = true;
    i82599_tx_pause(n, quanta);
    if (refresh && refresh < quanta && wire_up(n->wire))
        clock_arm_after(n->clock, &n->rx.xoff,
                        wire_pause_ps(n->wire, (uint16_t)(quanta - refresh)));
}

/* PAUSE by the two thresholds (3.7.7.3). */
static void flow_control(struct i82599 *n)
{
    if (!n->rx.xoff_sent && may_pause(n) && n->rx.charged >= threshold(n, I82599_FCRTH)) {
        send_xoff(n);
    } else if (n->rx.xoff_sent && n->rx.charged < threshold(n, I82599_FCRTL)) {
        n->rx.xoff_sent = false;
        clock_disarm(n->clock, &n->rx.xoff);
        if (bank32(n, I82599_FCRTL) & FMASK(I82599_FCRTL_XONE))
            i82599_tx_pause(n, 0);
    }
}

/* The pause runs out, and the buffer is not below the low threshold: it is held on. */
static void pause_again(void *owner)
{
    struct i82599 *n = owner;

    if (may_pause(n) && n->rx.charged >= threshold(n, I82599_FCRTL))
        send_xoff(n);
    else
        n->rx.xoff_sent = false;
}

static void release(struct i82599 *n)
{
    while (n->rx.slots > n->rx.waiting && slot_at(n, n->rx.head)->state == RX_OVER) {
        n->rx.charged -= slot_at(n, n->rx.head)->charge;
        n->rx.head = after(n, n->rx.head);
        n->rx.slots--;
    }
    if (!n->rx.slots)
        n->rx.head = n->rx.next = n->rx.tail = 0;
    if (n->rx.xoff_sent)
        flow_control(n);
}

static void moved(void *owner, struct dma_op *op)
{
    struct rx_mover *m = owner;
    struct i82599 *n = m->n;
    struct rx_slot *slot;

    (void)op; /* a buffer that is not memory: the frame is lost, its descriptor is not */
    if (!m->busy)
        return;
    m->busy = 0;
    while (n->rx.movers && !n->rx_mover[n->rx.mover_first].busy) {
        n->rx.mover_first = (n->rx.mover_first + 1) % RX_MOVERS;
        n->rx.movers--;
    }
    slot = slot_at(n, m->slot);
    if (--slot->ops == 0) {
        slot->state = RX_OVER;
        release(n);
    }
    if (n->rx.waiting && !n->rx.blocked && !event_armed(&n->rx.ready))
        pump(n);
}

static bool has_tag(struct i82599 *n, const struct packet *p, const uint8_t *bytes)
{
    uint32_t type = bank32(n, I82599_VLNCTRL) & 0xffff;

    return p->tagged && (uint32_t)(bytes[12] << 8 | bytes[13]) == type;
}

/* Whether the frame's queue has the descriptors for it; else it waits, or is dropped. */
static bool has_descriptors(struct i82599 *n, struct rx_slot *slot, unsigned q, uint32_t need)
{
    struct desc_queue *queue = &n->rxd.queue[q];
    uint64_t srrctl = *rxq_reg(n, I82599_SRRCTL, q);

    queue->need = queue->cached < need ? need : 0;
    if (!queue->need)
        return true;
    i82599_rsc_close_queue(n, q); /* or software might never give back what they hold */
    i82599_ring_fetch(&n->rxd, q);
    /* Descriptors that are on their way, or could be asked for, are waited for. */
    if (queue->cached + queue->fetching + i82599_ring_available(&n->rxd, q) >= need ||
        !(srrctl & FMASK(I82599_SRRCTL_DROP_EN) || queue->faulted)) {
        n->rx.blocked = (uint8_t)(q + 1);
        return false;
    }
    queue->need = 0;
    i82599_stat_rx_queue(n, q, slot->len, true);
    drop(n, slot->number, DROP_NO_DESCRIPTOR);
    slot->state = RX_OVER;
    return false;
}

/* Room for the write-back of `need` more descriptors. */
static bool has_room(struct i82599 *n, unsigned q, uint32_t need)
{
    if (n->rxd.queue[q].held + need > I82599_BURST_MAX) {
        i82599_rsc_close_queue(n, q);
        i82599_rx_write_back(n, q);
    }
    return RX_MOVERS - n->rx.movers >= need && n->rxd.queue[q].held + need <= I82599_BURST_MAX;
}

/* Queue, form and checksums of a frame; false: it is dropped. */
static bool examine(struct i82599 *n, struct rx_slot *slot, struct rx_frame *f)
{
    const uint8_t *bytes = rx_slot_bytes(slot);
    uint32_t srrctl;
    unsigned q;

    packet_parse(&f->p, bytes, slot->len - slot->fcs);
    f->route = i82599_route(n, &f->p, bytes);
    f->route.queue %= I82599_QUEUES;
    q = f->route.queue;
    if (f->route.drop || !n->rxd.queue[q].enabled) {
        i82599_route_count(n, &f->route);
        drop(n, slot->number, f->route.drop ? DROP_FDIR : DROP_QUEUE_OFF);
        slot->state = RX_OVER;
        return false;
    }
    srrctl = (uint32_t)*rxq_reg(n, I82599_SRRCTL, q);
    f->buffer = (uint32_t)FGET(srrctl, I82599_SRRCTL_BSIZEPACKET) * 1024;
    if (!f->buffer)
        f->buffer = 1024;
    f->legacy = FGET(srrctl, I82599_SRRCTL_DESCTYPE) == 0;
    f->stripped = *rxq_reg(n, I82599_RXDCTL, q) & FMASK(I82599_RXDCTL_VME) &&
                  has_tag(n, &f->p, bytes);
    f->type = packet_type(&f->p, &f->route);
    f->ip = packet_check_ip(&f->p, bytes);
    f->l4 = packet_check_l4(&f->p, bytes);
    slot->start = f->stripped ? 4 : 0;
    return true;
}

/* What is to become of the next frame: true, it is out of the way; false, it waits. */
static bool dispatch(struct i82599 *n, struct rx_slot *slot)
{
    struct rx_frame f = {0};
    uint32_t need;
    unsigned q;

    if (!examine(n, slot, &f))
        return true;
    q = f.route.queue;
    need = (slot->len - slot->start + f.buffer - 1) / f.buffer;
    if (i82599_rsc_take(n, slot, &f)) {
        i82599_ring_fetch(&n->rxd, q);
    } else if (!has_descriptors(n, slot, q, need)) {
        if (slot->state != RX_OVER)
            return false;
    } else if (has_room(n, q, need)) {
        deliver(n, slot, &f);
    } else {
        return false;
    }
    i82599_route_count(n, &f.route);
    return true;
}

static void pump(struct i82599 *n)
{
    while (n->rx.waiting && !n->rx.blocked) {
        struct rx_slot *slot = slot_at(n, n->rx.next);

        if (slot->ready > n->clock->now) {
            arm_ready(n);
            break;
        }
        if (n->rx.movers + PIECES_MAX > RX_MOVERS)
            break; /* until one is done */
        if (!dispatch(n, slot))
            break;
        n->rx.next = after(n, n->rx.next);
        n->rx.waiting--;
        if (slot->state == RX_OVER)
            release(n);
    }
    write_back_all(n);
}

static void ready(void *owner)
{
    pump(owner);
}

/* ---- from the wire ---- */

static bool is_pause(const uint8_t *b, uint32_t len)
{
    return len >= 18 && memcmp(b, wire_pause_address, 6) == 0 && b[12] == 0x88 && b[13] == 0x08 &&
           b[14] == 0 && b[15] == 1;
}

/* A PAUSE of the link partner; true: it goes no further. */
static bool took_pause(struct i82599 *n, const struct frame *frame)
{
    uint16_t quanta;

    if (!is_pause(frame->bytes, frame->len))
        return false;
    quanta = (uint16_t)(frame->bytes[16] << 8 | frame->bytes[17]);
    i82599_stat(n, quanta ? I82599_LXOFFRXCNT : I82599_LXONRXCNT, 0, 1);
    if (bank32(n, I82599_MFLCN) & FMASK(I82599_MFLCN_RFCE))
        i82599_tx_paused(n, quanta);
    return !(bank32(n, I82599_MFLCN) & FMASK(I82599_MFLCN_PMCF));
}

static bool right_size(struct i82599 *n, const struct frame *frame)
{
    bool jumbo = bank32(n, I82599_HLREG0) & FMASK(I82599_HLREG0_JUMBOEN);
    uint32_t most = jumbo ? bank32(n, I82599_MAXFRS) >> 16 : 1518;
    bool tagged = frame->len > 14 && frame->bytes[12] == 0x81 && frame->bytes[13] == 0;

    return frame->len >= FRAME_BYTES_MIN && frame->len + FRAME_FCS_BYTES <= most + (tagged ? 4 : 0);
}

/* Room for a slot of `bytes`, or -1; the packet buffer's own limit comes first, so that is rare. */
static int64_t slot_place(struct i82599 *n, uint32_t bytes)
{
    if (!n->rx.slots)
        return 0;
    if (n->rx.tail > n->rx.head) {
        if (RX_RING_BYTES - n->rx.tail >= bytes)
            return n->rx.tail;
        if (n->rx.head < bytes)
            return -1;
        if (n->rx.tail < RX_RING_BYTES)
            slot_at(n, n->rx.tail)->len = SLOT_SKIP;
        return 0;
    }
    return n->rx.head - n->rx.tail >= bytes ? (int64_t)n->rx.tail : -1;
}

static bool store(struct i82599 *n, const struct frame *frame)
{
    bool keep_fcs = !(bank32(n, I82599_HLREG0) & FMASK(I82599_HLREG0_RXCRCSTRP));
    uint32_t len = frame->len + (keep_fcs ? FRAME_FCS_BYTES : 0);
    uint32_t charge = (uint32_t)align_up(frame->len + FRAME_FCS_BYTES, CHARGE_ALIGN) + CHARGE_EXTRA;
    uint32_t bytes = (uint32_t)align_up(sizeof(struct rx_slot) + len, SLOT_ALIGN);
    struct rx_slot *slot;
    int64_t at;

    if (n->rx.charged + charge > (bank32(n, I82599_RXPBSIZE) & UINT32_C(0xffc00)))
        return false;
    at = slot_place(n, bytes);
    if (at < 0)
        return false;
    slot = slot_at(n, (uint32_t)at);
    *slot = (struct rx_slot){.bytes = bytes, .len = len, .number = frame->number,
                             .cause = n->clock->cause, .charge = charge, .state = RX_WAITING,
                             .fcs = keep_fcs ? FRAME_FCS_BYTES : 0,
                             .ready = frame->arrives + n->p.rx_pipeline_ps};
    memcpy(rx_slot_bytes(slot), frame->bytes, frame->len);
    if (keep_fcs)
        le32_put(rx_slot_bytes(slot) + frame->len,
                 (uint32_t)crc32(crc32(0, NULL, 0), frame->bytes, frame->len));
    if (!n->rx.waiting)
        n->rx.next = (uint32_t)at;
    if (!n->rx.slots)
        n->rx.head = (uint32_t)at;
    n->rx.tail = (uint32_t)at + bytes;
    n->rx.slots++;
    n->rx.waiting++;
    n->rx.charged += charge;
    return true;
}

void i82599_rx_frame(void *owner, const struct frame *frame)
{
    struct i82599 *n = owner;
    bool bad = frame->flags & FRAME_BAD_FCS || !right_size(n, frame);
    bool accepted;

    if (!(bank32(n, I82599_RXCTRL) & FMASK(I82599_RXCTRL_RXEN))) {
        drop(n, frame->number, DROP_RECEIVER_OFF);
        return;
    }
    accepted = !bad && i82599_accepts(n, frame->bytes, frame->len);
    i82599_stat_rx(n, frame, accepted);
    if (bad) {
        drop(n, frame->number, DROP_DAMAGED);
        return;
    }
    if (took_pause(n, frame))
        return;
    if (!accepted) {
        drop(n, frame->number, DROP_FILTER);
        return;
    }
    if (!store(n, frame)) {
        i82599_stat(n, I82599_RXMPC, 0, 1);
        if (!(n->irq.other & I82599_EICR_RX_MISS))
            i82599_other_cause(n, I82599_EICR_RX_MISS);
        drop(n, frame->number, DROP_BUFFER_FULL);
        return;
    }
    if (n->rx.waiting == 1 && !n->rx.blocked)
        arm_ready(n);
    flow_control(n);
}

/* ---- registers ---- */

uint32_t i82599_rdh(const struct i82599 *n, unsigned q)
{
    return n->rxd.queue[q].done;
}

void i82599_rxdctl_written(struct i82599 *n, unsigned q, uint32_t old)
{
    bool was = old & FMASK(I82599_RXDCTL_ENABLE);
    bool is = *rxq_reg(n, I82599_RXDCTL, q) & FMASK(I82599_RXDCTL_ENABLE);

    if (was == is)
        return;
    i82599_rsc_forget(n, q);
    i82599_ring_disable(&n->rxd, q);
    if (is)
        i82599_ring_enable(&n->rxd, q, (uint32_t)*rxq_reg(n, I82599_RDLEN, q),
                           (uint32_t)*rxq_reg(n, I82599_RDH, q));
    unblock(n, q);
}

void i82599_rdt_written(struct i82599 *n, unsigned q)
{
    uint64_t saved = n->clock->cause, id;

    id = trace_nic_doorbell(n->trace, n->pci.source, TRACE_NOW(n->trace), 0, q,
                            *rxq_reg(n, I82599_RDT, q));
    if (id)
        n->clock->cause = id;
    i82599_ring_fetch(&n->rxd, q);
    n->clock->cause = saved;
}

void i82599_rx_kick(struct i82599 *n)
{
    n->rx.blocked = 0;
    pump(n);
}

/* ---- life ---- */

void i82599_rx_init(struct i82599 *n)
{
    n->rx.ring = xcalloc(1, RX_RING_BYTES);
    i82599_rsc_init(n);
    i82599_ring_init(n, &n->rxd, false);
    event_init(n->clock, &n->rx.ready, "i82599.rx", ready, n);
    event_init(n->clock, &n->rx.xoff, "i82599.xoff", pause_again, n);
    for (unsigned i = 0; i < RX_MOVERS; i++) {
        n->rx_mover[i].n = n;
        dma_op_init(&n->rx_mover[i].op, &n->pci.port, "i82599.rx.data", moved, &n->rx_mover[i]);
    }
}

void i82599_rx_fini(struct i82599 *n)
{
    free(n->rx.ring);
}

void i82599_rx_reset(struct i82599 *n)
{
    struct rx_engine *rx = &n->rx;

    i82599_rsc_reset(n);
    clock_disarm(n->clock, &rx->ready);
    clock_disarm(n->clock, &rx->xoff);
    for (unsigned i = 0; i < RX_MOVERS; i++) {
        i82599_op_clear(&n->rx_mover[i].op);
        n->rx_mover[i].busy = 0;
        n->rx_mover[i].slot = n->rx_mover[i].at = 0;
    }
    i82599_ring_reset(&n->rxd);
    memset(rx->ring, 0, RX_RING_BYTES);
    rx->head = rx->next = rx->tail = rx->slots = rx->waiting = 0;
    rx->charged = 0;
    rx->xoff_sent = false;
    rx->blocked = 0;
    rx->mover_first = rx->movers = 0;
}

/* Buffers are wiring: which bytes an operation moves follows from what it is doing. */
void i82599_rx_restore(struct i82599 *n)
{
    i82599_rsc_restore(n);
    i82599_ring_restore(&n->rxd);
    for (unsigned i = 0; i < RX_MOVERS; i++)
        n->rx_mover[i].op.buf = n->rx.ring + n->rx_mover[i].at;
}
