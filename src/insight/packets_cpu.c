/* SPDX-License-Identifier: Apache-2.0 */
/* The harts' half of a packet's path, from the probes.
 *
 * Who a function is called for: the driver takes a queue's packets in the order of their
 * descriptors and makes an skb of the buffer (BUILD: a0), whose address was that of the NIC's DMA;
 * the skb (BIND) then identifies the packet up to the socket and out of it (CONSUME); the reader is
 * the task that the socket wakes. */
#include "insight/packets_impl.h"

#include <string.h>

/* Buffers of 2 KiB; kernel and DMA addresses of memory agree in the low 21 bits. */
#define BUFFER_BITS UINT64_C(0x1ff800)
#define DRIVER_LOOK 4096

/* ---- skb to packet ---- */

#define SKB_PROBES 16

static struct skb_slot *skb_slot(struct reading *r, uint64_t skb)
{
    uint64_t home = (skb >> 6) * UINT64_C(0x9e3779b97f4a7c15) >> 48;
    struct skb_slot *free = NULL;

    for (unsigned i = 0; i < SKB_PROBES; i++) {
        struct skb_slot *s = &r->skb[(home + i) % SKB_SLOTS];
        if (s->skb == skb)
            return s;
        if (!free && (!s->skb || s->packet >= r->packets ||
                      r->packet[s->packet].end != STILL_OPEN))
            free = s;
    }
    return free ? free : &r->skb[home % SKB_SLOTS];
}

void cpu_bind_skb(struct reading *r, uint64_t skb, uint32_t i)
{
    *skb_slot(r, skb) = (struct skb_slot){skb, i};
    if (i < r->packets)
        r->packet[i].skb = skb;
}

struct packet *cpu_packet_of(struct reading *r, uint64_t skb)
{
    struct skb_slot *s = skb_slot(r, skb);

    return skb && s->skb == skb ? packet_by(r, s->packet) : NULL;
}

/* ---- tasks and pollers ---- */

struct task *cpu_task(struct reading *r, uint64_t tp)
{
    struct task *oldest = &r->task[0];

    for (unsigned i = 0; i < TASKS; i++) {
        struct task *t = &r->task[i];
        if (t->used && t->tp == tp) {
            t->used = ++r->uses;
            return t;
        }
        if (t->used < oldest->used)
            oldest = t;
    }
    while (list_take(r, &oldest->done, CHAIN_DONE) != NO_PACKET)
        ;
    *oldest = (struct task){tp, ++r->uses, {NO_PACKET, NO_PACKET}, PS_NEVER, PS_NEVER, PS_NEVER,
                            PS_NEVER};
    return oldest;
}

static struct napi *napi_of(struct reading *r, uint64_t address)
{
    for (unsigned i = 0; i < r->napis; i++)
        if (r->napi[i].address == address)
            return &r->napi[i];
    if (r->napis == NAPIS)
        return NULL;
    r->napi[r->napis] = (struct napi){.address = address, .raise = PS_NEVER,
                                      .thread_wake = PS_NEVER, .thread = PS_NEVER, .queue = -1};
    return &r->napi[r->napis++];
}

/* ---- interrupts ---- */

/* The handler of a vector is told by its data.  One trap may serve several vectors: an interrupt
 * without a trap of its own is the one that the data belongs to, or the oldest. */
static bool may_handle(const struct reading *r, const struct interrupt *i, unsigned hart,
                       uint64_t data, bool by_trap)
{
    unsigned v = i->vector % 64;

    if (i->handler != PS_NEVER || i->pend == PS_NEVER || !(r->queue_vectors >> v & 1) ||
        (r->handler_data[v] && r->handler_data[v] != data))
        return false;
    return by_trap ? i->trap != PS_NEVER && i->hart == hart : i->trap == PS_NEVER;
}

static void on_handler(struct reading *r, unsigned hart, uint64_t data, ps_t now)
{
    uint32_t n = r->interrupts < INTERRUPTS ? r->interrupts : INTERRUPTS;

    r->hart[hart].handled.used = false;
    for (unsigned pass = 0; pass < 2; pass++)
        for (uint32_t i = r->interrupts - n; i != r->interrupts; i++) {
            struct interrupt *by = &r->interrupt[i % INTERRUPTS];

            if (!may_handle(r, by, hart, data, pass == 0))
                continue;
            if (pass == 0)
                r->handler_data[by->vector % 64] = data;
            by->handler = now;
            r->hart[hart].handled = *by;
            return;
        }
}

static void on_raise(struct reading *r, struct hart *h, uint64_t address, ps_t now)
{
    struct napi *napi = napi_of(r, address);

    if (!napi)
        return;
    napi->by = h->handled;
    h->handled.used = false;
    napi->raise = now;
    napi->thread_wake = napi->thread = PS_NEVER;
    h->raising = napi;
}

/* The interrupt that led to the hart's poll, when it was sent for this packet's write-back or a
 * later one, and the poll. */
void cpu_attach_poll(const struct hart *h, struct packet *p)
{
    const struct napi *napi = h->napi;
    ps_t at = p->at[AT_WRITTEN];

    if (at == PS_NEVER)
        return;
    if (napi && napi->by.used && napi->by.sent >= at && napi->raise <= h->poll) {
        p->at[AT_CAUSE] = at;
        if (napi->by.moderate != PS_NEVER)
            p->at[AT_MODERATE] = u64_max(at, napi->by.moderate);
        p->at[AT_INTERRUPT] = napi->by.sent;
        p->at[AT_PEND] = napi->by.pend;
        p->at[AT_WFI_EXIT] = napi->by.wfi_exit;
        p->at[AT_TRAP] = napi->by.trap;
        p->at[AT_HANDLER] = napi->by.handler;
        p->at[AT_RAISE] = napi->raise;
    }
    if (napi && napi->thread != PS_NEVER) {
        p->at[AT_THREAD_WAKE] = napi->thread_wake;
        p->at[AT_THREAD] = napi->thread;
    } else if (h->in_softirq) {
        p->at[AT_SOFTIRQ] = h->softirq;
    } else if (h->busy != PS_NEVER && h->busy_tp == h->tp) {
        p->at[AT_BUSY] = h->busy;
    }
    p->at[AT_POLL] = h->poll;
}

static void on_poll(struct reading *r, struct hart *h, uint64_t address, ps_t now)
{
    h->napi = napi_of(r, address);
    h->poll = now;
    h->raising = NULL;
    if (in_window(r))
        r->out->window.polls++;
}

/* ---- receive ---- */

static void end_at(struct packet *p, enum packet_end end, ps_t now)
{
    if (p->end != STILL_OPEN)
        return;
    p->end = (uint8_t)end;
    p->at[AT_END] = now;
}

/* An XDP program's packet that nothing more happened to: dropped by it, or sent back. */
static void settle_verdict(struct reading *r, struct hart *h, ps_t now)
{
    struct packet *p = packet_by(r, h->verdict);

    h->verdict = NO_PACKET;
    if (p)
        end_at(p, TO_XDP, now);
}

/* Packets redirected to elsewhere than a socket's ring. */
static void settle_redirected(struct reading *r, struct hart *h)
{
    uint32_t i;

    while ((i = list_take(r, &h->redirected, CHAIN_REDIRECT)) != NO_PACKET)
        if (h->flushed != PS_NEVER)
            end_at(&r->packet[i], TO_XDP, h->flushed);
    h->flushed = PS_NEVER;
}

static void leave_group(struct reading *r, struct hart *h)
{
    while (list_take(r, &h->group, CHAIN_GROUP) != NO_PACKET)
        ;
    h->group_ready = false;
}

static bool same_buffer(const struct packet *p, uint64_t address)
{
    return ((p->buffer ^ address) & BUFFER_BITS) == 0;
}

/* Takes the next packet of the hart's queue, the one with that buffer (0: any). */
static uint32_t driver_takes(struct reading *r, struct hart *h, uint64_t buffer)
{
    int from = h->napi ? h->napi->queue : -1, to;
    int other = -1;

    to = from >= 0 ? from + 1 : QUEUES;
    for (int q = from >= 0 ? from : 0; q < to; q++) {
        struct fifo *f = &r->queue[q].driver;

        for (size_t i = 0; i < f->count && i < DRIVER_LOOK; i++) {
            uint32_t found = fifo_at(f, i);
            if (buffer && !same_buffer(&r->packet[found], buffer))
                continue;
            fifo_take(f, i + 1);
            if (h->napi)
                h->napi->queue = q;
            return found;
        }
        if (f->count && other < 0)
            other = q;
    }
    if (other < 0)
        return NO_PACKET;
    r->out_of_order = true;
    buffer = fifo_at(&r->queue[other].driver, 0);
    fifo_take(&r->queue[other].driver, 1);
    return (uint32_t)buffer;
}

static uint32_t driver_has(struct reading *r, struct hart *h, uint64_t buffer, unsigned hart)
{
    uint32_t i = driver_takes(r, h, buffer);
    struct packet *p = packet_by(r, i);

    if (!p)
        return NO_PACKET;
    cpu_attach_poll(h, p);
    p->hart[0] = p->hart[1] = (uint8_t)hart;
    p->built = 1;
    if (in_window(r))
        r->out->window.polled++;
    return i;
}

static void on_build(struct reading *r, struct hart *h, unsigned hart, uint64_t buffer, ps_t now)
{
    struct packet *p = packet_by(r, h->verdict);

    if (p && (!p->buffer || same_buffer(p, buffer)))
        h->built = h->verdict; /* passed by the XDP program */
    else
        h->built = driver_has(r, h, buffer, hart);
    h->verdict = NO_PACKET;
    packet_met(packet_by(r, h->built), AT_BUILD, now);
}

static void on_readable(struct reading *r, struct hart *h, ps_t now)
{
    struct packet *p = packet_by(r, h->enqueued);
    uint32_t i;

    leave_group(r, h);
    h->group_ready = true;
    if (p) {
        packet_met(p, AT_READABLE, now);
        list_add(r, &h->group, CHAIN_GROUP, h->enqueued);
        h->enqueued = NO_PACKET;
        return;
    }
    if (h->flushed == PS_NEVER)
        return;
    while ((i = list_take(r, &h->redirected, CHAIN_REDIRECT)) != NO_PACKET) {
        packet_met(&r->packet[i], AT_READABLE, now);
        r->packet[i].ring = 1;
        list_add(r, &h->group, CHAIN_GROUP, i);
        if (r->xsk_reader)
            list_add(r, &cpu_task(r, r->xsk_reader)->done, CHAIN_DONE, i);
    }
    h->flushed = PS_NEVER;
}

static void on_wake(struct reading *r, struct hart *h, unsigned hart, uint64_t task, ps_t now)
{
    struct wake *w = &r->wake[r->wakes % WAKES];
    uint32_t i;

    if (h->raising) {
        if (h->raising->thread_wake == PS_NEVER)
            h->raising->thread_wake = now;
        h->raising = NULL;
        return;
    }
    if (!h->group_ready || h->group.head == NO_PACKET)
        return;
    r->wakes++;
    while (list_take(r, &w->packets, CHAIN_WAKE) != NO_PACKET)
        ;
    *w = (struct wake){task, {NO_PACKET, NO_PACKET}, PS_NEVER, now, hart, true};
    while ((i = list_take(r, &h->group, CHAIN_GROUP)) != NO_PACKET) {
        packet_met(&r->packet[i], AT_WAKE, now);
        list_add(r, &w->packets, CHAIN_WAKE, i);
        if (r->packet[i].ring)
            r->xsk_reader = task;
    }
    h->group_ready = false;
}

static void on_softirq_end(struct reading *r, unsigned hart, ps_t now)
{
    for (unsigned i = 0; i < WAKES; i++) {
        struct wake *w = &r->wake[i];
        if (w->open && w->hart == hart && w->softirq_end == PS_NEVER)
            w->softirq_end = now;
    }
}

/* The task runs again: what it was woken for goes on. */
static void on_run(struct reading *r, struct hart *h, unsigned hart, ps_t now)
{
    uint32_t n;

    for (unsigned i = 0; i < WAKES; i++) {
        struct wake *w = &r->wake[i];

        if (!w->open || w->task != h->tp)
            continue;
        w->open = false;
        while ((n = list_take(r, &w->packets, CHAIN_WAKE)) != NO_PACKET) {
            struct packet *p = &r->packet[n];

            if (w->hart == hart)
                packet_met(p, AT_SOFTIRQ_END, w->softirq_end);
            if (h->switched >= w->when)
                packet_met(p, AT_SWITCH, h->switched);
            packet_met(p, AT_RUN, now);
            p->hart[1] = (uint8_t)hart;
            if (p->ring)
                list_add(r, &cpu_task(r, h->tp)->done, CHAIN_DONE, n);
        }
    }
}

static void on_consume(struct reading *r, struct hart *h, unsigned hart, uint64_t skb, ps_t now)
{
    struct packet *p = cpu_packet_of(r, skb);
    uint32_t i;

    if (!p || p->at[AT_CONSUME] != PS_NEVER)
        return;
    i = packet_index(r, p);
    if (h->copy != PS_NEVER)
        packet_met(p, AT_COPY, h->copy);
    h->copy = PS_NEVER;
    p->at[AT_CONSUME] = now;
    p->hart[1] = (uint8_t)hart;
    list_add(r, &cpu_task(r, h->tp)->done, CHAIN_DONE, i);
    cpu_bind_skb(r, skb, NO_PACKET);
    if (h->in_mark)
        r->marked = i;
}

static void on_drop(struct reading *r, uint64_t skb)
{
    struct packet *p = cpu_packet_of(r, skb);

    if (!p || p->at[AT_READABLE] != PS_NEVER)
        return;
    packet_drop(r, p, p->at[AT_QUEUE] != PS_NEVER ? DROP_IN_SOCKET : DROP_IN_STACK);
    cpu_bind_skb(r, skb, NO_PACKET);
}

static void on_list(struct reading *r, struct hart *h, ps_t now)
{
    uint32_t i;

    while ((i = list_take(r, &h->batch, CHAIN_BATCH)) != NO_PACKET)
        packet_met(&r->packet[i], AT_LIST, now);
}

static void receive_role(struct reading *r, unsigned hart, ps_t now, enum role role, uint64_t a0,
                         uint64_t a1)
{
    struct hart *h = &r->hart[hart];
    struct packet *p;

    /* What is woken is woken for the socket that has just become readable. */
    if (role != DO_WAKE && role != DO_READABLE && role != DO_SWITCH && h->group_ready)
        leave_group(r, h);
    if (role != DO_BUILD && role != DO_REDIRECT)
        settle_verdict(r, h, now);
    if (role == DO_POLL || role == DO_SOFTIRQ_END)
        settle_redirected(r, h);
    switch (role) {
    case DO_XDP:
        h->verdict = driver_has(r, h, 0, hart);
        packet_met(packet_by(r, h->verdict), AT_XDP, now);
        break;
    case DO_REDIRECT:
        packet_met(packet_by(r, h->verdict), AT_REDIRECT, now);
        list_add(r, &h->redirected, CHAIN_REDIRECT, h->verdict);
        h->verdict = NO_PACKET;
        break;
    case DO_FLUSH: h->flushed = now; break;
    case DO_BUILD: on_build(r, h, hart, a0, now); break;
    case DO_BIND:
        cpu_bind_skb(r, a0, h->built);
        h->built = NO_PACKET;
        break;
    case DO_GRO:
        if ((p = cpu_packet_of(r, a1))) {
            packet_met(p, AT_GRO, now);
            list_add(r, &h->batch, CHAIN_BATCH, packet_index(r, p));
        }
        break;
    case DO_LIST: on_list(r, h, now); break;
    case DO_IP: packet_met(cpu_packet_of(r, a0), AT_IP, now); break;
    case DO_DELIVER: packet_met(cpu_packet_of(r, a0), AT_DELIVER, now); break;
    case DO_UDP: packet_met(cpu_packet_of(r, a0), AT_UDP, now); break;
    case DO_QUEUE:
        if ((p = cpu_packet_of(r, a1))) {
            packet_met(p, AT_QUEUE, now);
            h->enqueued = packet_index(r, p);
        }
        break;
    case DO_READABLE: on_readable(r, h, now); break;
    case DO_DROP: on_drop(r, a1); break;
    case DO_WAKE: on_wake(r, h, hart, a0, now); break;
    case DO_SOFTIRQ_END: on_softirq_end(r, hart, now); break;
    case DO_RUN: on_run(r, h, hart, now); break;
    case DO_COPY:
        if (h->copy == PS_NEVER)
            h->copy = now;
        break;
    case DO_CONSUME: on_consume(r, h, hart, a1, now); break;
    case DO_XSK_READ: r->xsk_reader = h->tp; break;
    default: break;
    }
}

/* ---- both ---- */

void cpu_probe(struct reading *r, unsigned hart, ps_t now, const union ev *e)
{
    struct hart *h = &r->hart[hart];
    enum role role = (enum role)e->probe.address;
    uint64_t a0 = e->probe.a0, a1 = e->probe.a1;
    struct napi *napi;

    switch (role) {
    case DO_HANDLER: on_handler(r, hart, a1, now); break;
    case DO_RAISE: on_raise(r, h, a0, now); break;
    case DO_SOFTIRQ:
        h->softirq = now;
        h->in_softirq = true;
        break;
    case DO_SOFTIRQ_END: h->in_softirq = false; break;
    case DO_THREAD:
        if ((napi = napi_of(r, a0)))
            napi->thread = now;
        break;
    case DO_BUSY:
        h->busy = now;
        h->busy_tp = h->tp;
        break;
    case DO_POLL: on_poll(r, h, a0, now); break;
    case DO_SWITCH:
        h->switched = now;
        h->copy = PS_NEVER;
        break;
    default: break;
    }
    if (r->o->direction == PACKETS_RECEIVE)
        receive_role(r, hart, now, role, a0, a1);
    else
        cpu_send_role(r, hart, now, role, a0, a1);
}

void cpu_ecall(struct reading *r, unsigned hart, ps_t now)
{
    r->hart[hart].ecall = now;
    cpu_trap(r, hart, now);
}

void cpu_trap(struct reading *r, unsigned hart, ps_t now)
{
    struct hart *h = &r->hart[hart];

    h->raising = NULL;
    if (r->o->direction == PACKETS_RECEIVE)
        settle_verdict(r, h, now);
}

/* Back in user mode: the system call of the hart's task has ended, or was interrupted in it. */
void cpu_user(struct reading *r, unsigned hart, ps_t now)
{
    struct hart *h = &r->hart[hart];
    struct task *t;
    uint32_t i;

    cpu_trap(r, hart, now);
    leave_group(r, h);
    h->copy = h->busy = PS_NEVER;
    t = cpu_task(r, h->tp);
    while ((i = list_take(r, &t->done, CHAIN_DONE)) != NO_PACKET) {
        struct packet *p = &r->packet[i];

        p->at[AT_RETURN] = now;
        if (r->o->direction == PACKETS_RECEIVE)
            end_at(p, TO_USER, now);
    }
    t->ecall = PS_NEVER;
}

void cpu_init(struct reading *r)
{
    r->nic = r->wire = -1;
    r->marked = NO_PACKET;
    r->window = r->last = PS_NEVER;
    for (unsigned v = 0; v < ARRAY_LEN(r->moderate); v++)
        r->moderate[v] = PS_NEVER;
    for (unsigned i = 0; i < TASKS; i++)
        list_clear(&r->task[i].done);
    for (unsigned i = 0; i < WAKES; i++)
        list_clear(&r->wake[i].packets);
    for (unsigned i = 0; i < PACKET_HARTS_MAX; i++) {
        struct hart *h = &r->hart[i];

        h->context = SPENT_KERNEL;
        h->verdict = h->built = h->enqueued = NO_PACKET;
        h->poll = h->softirq = h->busy = h->copy = h->flushed = h->ecall = PS_NEVER;
        list_clear(&h->batch);
        list_clear(&h->redirected);
        list_clear(&h->group);
    }
}

/* Packets that lie in a socket's ring, with a reader that needs no system call to see them. */
void cpu_finish(struct reading *r)
{
    for (size_t i = 0; i < r->packets; i++) {
        struct packet *p = &r->packet[i];

        if (p->ring && p->at[AT_WAKE] == PS_NEVER && p->at[AT_READABLE] != PS_NEVER)
            end_at(p, TO_RING, p->at[AT_READABLE]);
    }
}
