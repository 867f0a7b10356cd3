/* SPDX-License-Identifier: Apache-2.0 */
/* Write-combining: stores of a hart to memory of type NC gather in buffers of 64 bytes.
 *
 *   store --> buffer of its line --+-- all 64 bytes written ---------> sent at once
 *                                  +-- fence with W or O, .rl, ------> all sent, oldest first
 *                                  |   fence.i, sfence.vma
 *                                  +-- load or store of type IO, ----> all sent, then the access
 *                                  |   atomic or cbo.zero of NC or IO
 *                                  +-- load of type NC, same line ---> that one, then the load
 *                                  +-- store to a line more than there are buffers: the oldest
 *                                  +-- wc_age after its first store -> that one, by an event
 *
 * Sent means: each run of written bytes is one posted transaction, as a PCIe write has byte enables
 * only at its two ends (PCIe base specification 2.2.5).  Where the link's queue of posted writes is
 * full the hart stalls, the event comes again later.
 *
 * Invariants:
 *  1. wc[0 .. wc_count) are in the order of their first stores; each has some byte written and
 *     not all; no two have the same line.
 *  2. wc_age is armed exactly while there are any, for the oldest.
 *  3. Bytes in a buffer are seen by nobody but this hart's loads of type NC, which send it first. */
#include "cpu/hart/hart.h"

static unsigned find(const struct hart *h, uint64_t line)
{
    unsigned i = 0;

    while (i < h->wc_count && h->wc[i].line != line)
        i++;
    return i;
}

static void arm(struct hart *h)
{
    struct clock *clock = h->m->clock;

    if (h->wc_count)
        clock_arm(clock, &h->wc_age, u64_max(clock->now, ps_add(h->wc[0].since, h->p->wc_age_ps)));
    else
        clock_disarm(clock, &h->wc_age);
}

static void forget(struct hart *h, unsigned i)
{
    memmove(&h->wc[i], &h->wc[i + 1], (h->wc_count - i - 1) * sizeof h->wc[0]);
    memset(&h->wc[--h->wc_count], 0, sizeof h->wc[0]);
    arm(h);
}

/* Hands buffer i to its link at `now`, which is the clock's time; false when the link's queue is
 * full until *retry: what has gone is no longer in the buffer. */
static bool send(struct hart *h, unsigned i, ps_t now, enum wc_reason reason, ps_t *retry)
{
    struct wc_buffer *b = &h->wc[i];

    while (b->bytes) {
        unsigned first = (unsigned)__builtin_ctzll(b->bytes);
        uint64_t rest = ~(b->bytes >> first);
        unsigned len = rest ? (unsigned)__builtin_ctzll(rest) : WC_LINE_BYTES;
        uint64_t pa = b->line + first, id;
        struct region *r = space_find(h->m->space, pa); /* gone, if a BAR has moved: lost, then */

        if (r && r->link) {
            if (link_full(r->link, retry))
                return false;
            len = (unsigned)u64_min(len, r->size - (pa - r->base));
            id = trace_wc_flush(h->m->trace, h->source, now, 0, r->source, pa - r->base, len,
                                b->stores, reason);
            link_burst(r->link, h->id, pa, b->data + (pa - b->line), len,
                       now + h->p->mmio_issue_ps, id);
            r->traffic.transactions++;
            b->stores = 0;
        }
        b->bytes &= ~(mask_bits(len) << first);
    }
    forget(h, i);
    return true;
}

/* Sends buffer i as a part of the instruction that now executes; false: try it again later. */
static bool send_now(struct hart *h, unsigned i, enum wc_reason reason)
{
    ps_t retry;

    if (!hart_on_time(h))
        return false;
    h->stop = STOP_EVENT;
    h->leave = true;
    return send(h, i, h->m->clock->now, reason, &retry) || hart_stall(h, retry);
}

bool wc_flush(struct hart *h, enum wc_reason reason)
{
    while (h->wc_count)
        if (!send_now(h, 0, reason))
            return false;
    return true;
}

bool wc_flush_line(struct hart *h, uint64_t pa)
{
    unsigned i = find(h, pa & ~(uint64_t)(WC_LINE_BYTES - 1));

    return i == h->wc_count || send_now(h, i, WC_LOAD);
}

bool wc_store(struct hart *h, struct region *r, uint64_t pa, unsigned size, uint64_t value)
{
    uint64_t line = pa & ~(uint64_t)(WC_LINE_BYTES - 1);
    unsigned at = (unsigned)(pa - line), i = find(h, line);
    uint64_t mask = mask_bits(size) << at;
    struct wc_buffer *b;
    ps_t retry;

    if (i == h->wc_count && i >= h->p->wc_buffers) {
        if (!send_now(h, 0, WC_NEED))
            return false;
        i--;
    }
    b = &h->wc[i];
    if (!~(b->bytes | mask)) { /* it will be full: make sure that it can go */
        if (!hart_on_time(h))
            return false;
        if (link_full(r->link, &retry))
            return hart_stall(h, retry);
    }
    if (i == h->wc_count) {
        *b = (struct wc_buffer){.line = line, .since = hart_now(h)};
        if (h->wc_count++ == 0) { /* its event may be due within the slice */
            arm(h);
            h->stop = STOP_EVENT;
            h->leave = true;
        }
    }
    le_put(b->data + at, size, value);
    b->bytes |= mask;
    b->stores++;
    h->unfenced = 1;
    r->traffic.stores++;
    r->traffic.bytes_written += size;
    if (!~b->bytes) {
        h->stop = STOP_EVENT;
        h->leave = true;
        /* What another region has of the line may have to wait: it goes later. */
        (void)send(h, i, h->m->clock->now, WC_FULL, &retry);
    }
    return true;
}

void wc_aged(void *hart)
{
    struct hart *h = hart;
    struct clock *clock = h->m->clock;
    ps_t retry;

    if (!send(h, 0, clock->now, WC_AGE, &retry))
        clock_arm(clock, &h->wc_age, retry);
}

void wc_reset(struct hart *h)
{
    clock_disarm(h->m->clock, &h->wc_age);
}
