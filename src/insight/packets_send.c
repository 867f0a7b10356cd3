/* SPDX-License-Identifier: Apache-2.0 */
/* The hart's half of a sent packet's path: from the system call to the driver by the task, then by
 * the skb, up to the poll that frees it. */
#include "insight/packets_impl.h"

/* A packet that the driver, or a layer above it, is given: new unless the skb is on its way. */
static struct packet *sent_packet(struct reading *r, unsigned hart, uint64_t skb, ps_t now,
                                  enum point point)
{
    struct hart *h = &r->hart[hart];
    struct packet *p = cpu_packet_of(r, skb);
    struct task *t;

    if (p && p->end == STILL_OPEN && p->at[point] == PS_NEVER && p->at[AT_DRIVER] == PS_NEVER)
        return p;
    if (!(p = packet_new(r, now)))
        return NULL;
    if (in_window(r))
        r->out->window.arrived++;
    cpu_bind_skb(r, skb, packet_index(r, p));
    p->hart[0] = p->hart[1] = (uint8_t)hart;
    t = cpu_task(r, h->tp);
    if (t->ecall != PS_NEVER && !h->in_softirq) {
        p->at[AT_ECALL] = t->ecall;
        p->at[AT_SENDMSG] = t->sendmsg;
        p->at[AT_ALLOC] = t->alloc;
        p->at[AT_GET_USER] = t->get_user;
        t->sendmsg = t->alloc = t->get_user = PS_NEVER;
        list_add(r, &t->done, CHAIN_DONE, packet_index(r, p));
        if (h->in_mark)
            r->marked = packet_index(r, p);
    }
    return p;
}

static void on_sendmsg(struct reading *r, struct hart *h, ps_t now)
{
    struct task *t = cpu_task(r, h->tp);

    t->ecall = h->ecall;
    t->sendmsg = now;
    t->alloc = t->get_user = PS_NEVER;
}

static void on_driver(struct reading *r, unsigned hart, uint64_t skb, ps_t now)
{
    struct hart *h = &r->hart[hart];
    struct packet *p = sent_packet(r, hart, skb, now, AT_DRIVER);

    if (!p)
        return;
    p->at[AT_DRIVER] = now;
    p->order = h->orders++;
    fifo_push(&h->given, packet_index(r, p));
}

static void on_clean(struct reading *r, unsigned hart, uint64_t skb, ps_t now)
{
    struct hart *h = &r->hart[hart];
    struct packet *p = cpu_packet_of(r, skb);

    if (!p || p->at[AT_DRIVER] == PS_NEVER || p->at[AT_CLEAN] != PS_NEVER)
        return;
    cpu_attach_poll(h, p);
    p->at[AT_CLEAN] = now;
    p->hart[1] = (uint8_t)hart;
    if (in_window(r))
        r->out->window.polled++;
    cpu_bind_skb(r, skb, NO_PACKET);
}

void cpu_send_role(struct reading *r, unsigned hart, ps_t now, enum role role, uint64_t a0,
                   uint64_t a1)
{
    struct hart *h = &r->hart[hart];
    struct task *t;

    switch (role) {
    case DO_SENDMSG: on_sendmsg(r, h, now); break;
    case DO_ALLOC:
        t = cpu_task(r, h->tp);
        t->alloc = t->alloc == PS_NEVER ? now : t->alloc;
        break;
    case DO_GET_USER:
        t = cpu_task(r, h->tp);
        t->get_user = t->get_user == PS_NEVER ? now : t->get_user;
        break;
    case DO_UDP_OUT: packet_met(sent_packet(r, hart, a0, now, AT_UDP_OUT), AT_UDP_OUT, now); break;
    case DO_IP_OUT: packet_met(sent_packet(r, hart, a1, now, AT_IP_OUT), AT_IP_OUT, now); break;
    case DO_QDISC: packet_met(sent_packet(r, hart, a0, now, AT_QDISC), AT_QDISC, now); break;
    case DO_XMIT: packet_met(cpu_packet_of(r, a0), AT_XMIT, now); break;
    case DO_DRIVER: on_driver(r, hart, a0, now); break;
    case DO_CLEAN: on_clean(r, hart, a0, now); break;
    case DO_WAKE:
        if (h->raising && h->raising->thread_wake == PS_NEVER)
            h->raising->thread_wake = now;
        h->raising = NULL;
        break;
    default: break;
    }
}
