/* SPDX-License-Identifier: Apache-2.0 */
/* The generator's payload, and the count of what arrived; see net.h. */
#include "net.h"

#include <stdlib.h>
#include <string.h>

#define FLOWS_MAX 65536u

static const unsigned char generator[3] = {'D', 'B', 'g'}, sender[3] = {'D', 'B', 's'};

static uint64_t be_get(const unsigned char *bytes, unsigned count)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static void be_put(unsigned char *bytes, unsigned count, uint64_t value)
{
    for (unsigned i = count; i-- > 0; value >>= 8)
        bytes[i] = (unsigned char)value;
}

bool payload_get(const unsigned char *bytes, size_t len, struct payload *p)
{
    if (len < PAYLOAD_BYTES || (memcmp(bytes, generator, 3) && memcmp(bytes, sender, 3)))
        return false;
    p->run = bytes[3];
    p->flow = (uint16_t)be_get(bytes + 4, 2);
    p->sequence = (uint32_t)be_get(bytes + 6, 4);
    p->sent_ps = be_get(bytes + 10, 8);
    return true;
}

void payload_put(unsigned char *bytes, const struct payload *p)
{
    memcpy(bytes, sender, 3);
    bytes[3] = p->run;
    be_put(bytes + 4, 2, p->flow);
    be_put(bytes + 6, 4, p->sequence);
    be_put(bytes + 10, 8, p->sent_ps);
}

struct flow_tally {
    uint64_t first, next; /* sequence numbers: the lowest, one more than the highest */
    uint64_t packets;
    uint64_t seen;        /* bit i: next - 1 - i arrived */
};

static void flow_add(struct tally *t, struct flow_tally *flow, uint64_t sequence)
{
    if (!flow->packets++) {
        flow->first = sequence;
        flow->next = sequence + 1;
        flow->seen = 1;
    } else if (sequence >= flow->next) {
        uint64_t step = sequence + 1 - flow->next;

        flow->seen = step < 64 ? flow->seen << step | 1 : 1;
        flow->next = sequence + 1;
    } else {
        uint64_t back = flow->next - 1 - sequence;

        if (sequence < flow->first)
            flow->first = sequence;
        if (back < 64 && flow->seen >> back & 1) {
            t->duplicate++;
            flow->packets--;
        } else {
            t->reordered++;
            if (back < 64)
                flow->seen |= UINT64_C(1) << back;
        }
    }
}

/* Adds the flows of the run that has ended to the sums, and empties them. */
static void fold(struct tally *t)
{
    for (uint32_t i = 0; t->flows && i < FLOWS_MAX; i++) {
        struct flow_tally *flow = &t->flows[i];

        if (!flow->packets)
            continue;
        t->flows_seen++;
        t->lost += flow->next - flow->first - flow->packets;
        *flow = (struct flow_tally){0};
    }
}

static void run_begins(struct tally *t, uint8_t run)
{
    if (!t->flows && !(t->flows = calloc(FLOWS_MAX, sizeof *t->flows)))
        fail("the table of flows");
    fold(t);
    t->runs++;
    t->run = run;
}

void tally_add(struct tally *t, const unsigned char *bytes, size_t len, uint64_t ticks)
{
    struct payload p;

    if (!t->packets++)
        t->first_ticks = ticks;
    t->last_ticks = ticks;
    t->bytes += len;
    if (!payload_get(bytes, len, &p)) {
        t->foreign++;
        return;
    }
    if (!t->runs || p.run != t->run)
        run_begins(t, p.run);
    flow_add(t, &t->flows[p.flow], p.sequence);

    uint64_t now = timer_ns(ticks), sent = p.sent_ps / 1000;

    if (p.sent_ps && now >= sent) {
        uint64_t latency = now - sent;

        if (!t->latency_packets++ || latency < t->latency_min_ns)
            t->latency_min_ns = latency;
        if (latency > t->latency_max_ns)
            t->latency_max_ns = latency;
        t->latency_sum_ns += latency;
    }
}

void tally_print(struct tally *t)
{
    uint64_t ns = timer_ns(t->last_ticks) - timer_ns(t->first_ticks);

    fold(t);
    printf(" packets=%llu bytes=%llu ns=%llu", (unsigned long long)t->packets,
           (unsigned long long)t->bytes, (unsigned long long)ns);
    /* Intervals are one fewer than packets. */
    if (ns && t->packets > 1)
        printf(" pps=%.0f bps=%.0f", (double)(t->packets - 1) * 1e9 / (double)ns,
               (double)t->bytes * 8e9 / (double)ns);
    printf(" runs=%llu flows=%llu lost=%llu duplicate=%llu reordered=%llu foreign=%llu",
           (unsigned long long)t->runs, (unsigned long long)t->flows_seen,
           (unsigned long long)t->lost, (unsigned long long)t->duplicate,
           (unsigned long long)t->reordered, (unsigned long long)t->foreign);
    if (t->latency_packets)
        printf(" latency_min_ns=%llu latency_mean_ns=%llu latency_max_ns=%llu",
               (unsigned long long)t->latency_min_ns,
               (unsigned long long)(t->latency_sum_ns / t->latency_packets),
               (unsigned long long)t->latency_max_ns);
}
