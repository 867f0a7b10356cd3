/* SPDX-License-Identifier: Apache-2.0 */
/* What a hart spends its time on: user mode, the kernel, a hard interrupt, a softirq, nothing.
 *
 *   trap by an interrupt: IRQ; by anything else: KERNEL      SOFTIRQ ... SOFTIRQ_END: SOFTIRQ
 *   return to U: USER; to S: what was interrupted there      wfi: IDLE
 *
 * What a trap interrupted is found again by its pc: with preemption, returns do not nest. */
#include "insight/packets_impl.h"

#include "base/alloc.h"

#include <string.h>

enum { USER_MODE = 0 };

static void spend(struct reading *r, unsigned hart, ps_t until)
{
    struct hart *h = &r->hart[hart];
    ps_t from;

    if (!in_window(r))
        return;
    from = u64_max(h->since, r->window);
    if (until > from)
        r->out->window.spent[hart][h->context] += until - from;
}

static void enter(struct reading *r, unsigned hart, ps_t now, enum packet_context context)
{
    struct hart *h = &r->hart[hart];

    if (context == h->context)
        return;
    spend(r, hart, now);
    h->context = context;
    h->since = now;
    if (r->changes < LOG_MAX) {
        array_reserve(&r->change, &r->change_capacity, r->changes + 1, sizeof r->change[0]);
        r->change[r->changes++] = (struct change){now, (uint8_t)hart, (uint8_t)context};
    }
}

static void suspend(struct hart *h, uint64_t pc)
{
    if (h->suspensions == SUSPENDED) {
        memmove(h->suspended, h->suspended + 1, sizeof h->suspended - sizeof h->suspended[0]);
        h->suspensions--;
    }
    h->suspended[h->suspensions++] = (struct suspended){pc, h->context};
}

static enum packet_context resume(struct hart *h, uint64_t pc)
{
    for (unsigned i = h->suspensions; i-- > 0; ) {
        enum packet_context context = h->suspended[i].context;

        if (h->suspended[i].pc != pc)
            continue;
        memmove(h->suspended + i, h->suspended + i + 1,
                (h->suspensions - i - 1) * sizeof h->suspended[0]);
        h->suspensions--;
        return context;
    }
    return SPENT_KERNEL;
}

void context_record(struct reading *r, unsigned hart, const struct trace_record *rec,
                    enum trace_kind kind, const union ev *e)
{
    struct hart *h = &r->hart[hart];
    ps_t now = rec->when;

    switch (kind) {
    case TRACE_KIND_trap:
        if (e->trap.from != USER_MODE)
            suspend(h, e->trap.pc);
        enter(r, hart, now, e->trap.code >> 63 ? SPENT_IRQ : SPENT_KERNEL);
        break;
    case TRACE_KIND_trap_return:
        if (e->trap_return.to == USER_MODE) {
            h->suspensions = 0;
            enter(r, hart, now, SPENT_USER);
        } else {
            enter(r, hart, now, resume(h, e->trap_return.pc));
        }
        break;
    case TRACE_KIND_idle_begin: enter(r, hart, now, SPENT_IDLE); break;
    case TRACE_KIND_idle_end: enter(r, hart, now, SPENT_KERNEL); break;
    default: break;
    }
}

void context_role(struct reading *r, unsigned hart, ps_t now, enum role role)
{
    struct hart *h = &r->hart[hart];

    if (role == DO_SOFTIRQ) {
        h->before_softirq = h->context;
        enter(r, hart, now, SPENT_SOFTIRQ);
    } else if (role == DO_SOFTIRQ_END && h->context == SPENT_SOFTIRQ) {
        enter(r, hart, now, h->before_softirq);
    } else if (role == DO_SWITCH && (h->context == SPENT_IRQ || h->context == SPENT_SOFTIRQ)) {
        enter(r, hart, now, SPENT_KERNEL); /* on the way out of an interrupt */
    }
}

void context_finish(struct reading *r)
{
    for (unsigned i = 0; i < PACKET_HARTS_MAX; i++) {
        r->out->window.seen[i] = r->hart[i].seen;
        if (r->hart[i].seen && r->last != PS_NEVER)
            spend(r, i, r->last);
    }
}

/* The hart's changes are in the order of its time; those of other harts lie between. */
enum packet_context context_mostly(const struct reading *r, unsigned hart, ps_t from, ps_t to)
{
    ps_t spent[SPENT_HART] = {0}, since = from;
    enum packet_context now = SPENT_KERNEL, most = SPENT_KERNEL;
    size_t low = 0, high = r->changes;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->change[middle].when < from)
            low = middle + 1;
        else
            high = middle;
    }
    /* Back to the hart's own change before it: times of different harts are not in one order. */
    while (low && !(r->change[low - 1].hart == hart && r->change[low - 1].when <= from))
        low--;
    low -= low > 0;
    for (size_t i = low; i < r->changes; i++) {
        const struct change *c = &r->change[i];

        if (c->hart != hart)
            continue;
        if (c->when >= to)
            break;
        if (c->when > since) {
            spent[now] += c->when - since;
            since = c->when;
        }
        now = (enum packet_context)c->context;
    }
    if (to > since)
        spent[now] += to - since;
    for (unsigned c = 0; c < SPENT_HART; c++)
        if (spent[c] > spent[most])
            most = (enum packet_context)c;
    return most;
}
