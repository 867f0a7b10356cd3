/* SPDX-License-Identifier: Apache-2.0 */
/* Life and runs.
 *
 *              condition met: netgen_start         count, duration, end of recording,
 *    +---------+  (or an order)       +---------+  "stop": netgen_stop  +----------+
 *    | WAITING |--------------------->| RUNNING |---------------------->| SETTLING |
 *    +---------+                      +---------+                       +----------+
 *                                          ^        all replies are here,    |
 *                                   order  |        or settle_ps is over     v
 *                                          |        (deadline)           +------+
 *                                          +-----------------------------| DONE |
 *                                                                        +------+ */
#include "base/alloc.h"
#include "dev/netgen_impl.h"

#include <stdlib.h>

const struct field netgen_fields[] = {
    FIELD(struct netgen, stream), FIELD(struct netgen, run), FIELD(struct netgen, guest),
    FIELD(struct netgen, sink),
    FIELD_BLOCK(struct netgen, flow, sizeof(struct netgen_flow), NETGEN_FLOWS_MAX),
    FIELD(struct netgen, round_trip), FIELD(struct netgen, gap), FIELD(struct netgen, random),
    FIELD_AN_EVENT(struct netgen, send), FIELD_AN_EVENT(struct netgen, ask),
    FIELD_AN_EVENT(struct netgen, deadline),
    FIELD_END,
};

bool netgen_is_own_ip(const struct netgen *g, uint32_t ip)
{
    uint32_t host = ip - netgen_host_ip(g, 1);

    return ip == g->config.ip || (g->stream.hosts > 1 && host < g->stream.hosts - 1);
}

void netgen_answer(struct netgen *g, uint32_t len)
{
    if (!wire_up(g->wire) || !wire_room(g->wire, WIRE_STATION, len)) {
        g->sink.unanswered++;
        return;
    }
    g->sink.answered++;
    wire_send(g->wire, WIRE_STATION, g->scratch, len, 0, NULL);
}

/* ---- starting ---- */

static bool may_start(const struct netgen *g)
{
    switch (g->config.start) {
    case NETGEN_AT_GUEST:
        return wire_up(g->wire) && g->guest.ready;
    case NETGEN_AT_LINK:
        return wire_up(g->wire);
    default:
        return false; /* at a time: armed by reset; at the guest's order: never by itself */
    }
}

static void check_start(struct netgen *g)
{
    if (g->run.phase == NETGEN_WAITING && may_start(g) && !event_armed(&g->send))
        clock_arm_after(g->clock, &g->send, g->config.start_ps);
}

/* ARP (RFC 826): who has the guest's address? */
static void ask(void *owner)
{
    struct netgen *g = owner;
    uint8_t *b = g->scratch;

    if (!wire_up(g->wire) || g->guest.ready)
        return;
    memset(b, 0, FRAME_BYTES_MIN);
    memset(b, 0xff, 6);
    memcpy(b + 6, g->config.mac, 6);
    be16_put(b + 12, ETHER_ARP);
    be16_put(b + 14, 1);
    be16_put(b + 16, ETHER_IP4);
    b[18] = 6;
    b[19] = 4;
    be16_put(b + 20, ARP_REQUEST);
    memcpy(b + 22, g->config.mac, 6);
    be32_put(b + 28, g->config.ip);
    be32_put(b + 38, g->guest.ip);
    if (wire_room(g->wire, WIRE_STATION, FRAME_BYTES_MIN))
        wire_send(g->wire, WIRE_STATION, b, FRAME_BYTES_MIN, 0, NULL);
    clock_arm_after(g->clock, &g->ask, NETGEN_ASK_PS);
}

void netgen_learn(struct netgen *g, const uint8_t mac[6], uint32_t ip)
{
    static const uint8_t none[6];

    if (mac[0] & 1 || memcmp(mac, none, 6) == 0)
        return;
    if (memcmp(g->guest.mac, mac, 6) != 0 || (ip && ip != g->guest.ip))
        g->stale_template = true;
    memcpy(g->guest.mac, mac, 6);
    g->guest.known = 1;
    if (!ip)
        return;
    g->guest.ip = ip;
    g->guest.ready = 1;
    check_start(g);
}

static void link_changed(void *ctx, bool up)
{
    struct netgen *g = ctx;

    g->gap_len = 0;
    if (!up) {
        clock_disarm(g->clock, &g->ask);
        if (g->run.phase == NETGEN_RUNNING || g->config.start != NETGEN_AT_TIME)
            clock_disarm(g->clock, &g->send);
        return;
    }
    if (g->config.start == NETGEN_AT_GUEST && !g->guest.ready)
        clock_arm(g->clock, &g->ask, g->clock->now);
    check_start(g);
    if (g->run.phase == NETGEN_RUNNING) {
        g->run.due = u64_max(g->run.due, g->clock->now);
        clock_arm(g->clock, &g->send, g->run.due);
    }
}

static void resumed(void *ctx)
{
    struct netgen *g = ctx;

    if (g->run.phase == NETGEN_RUNNING && event_armed(&g->send))
        clock_arm(g->clock, &g->send, g->clock->now);
}

void netgen_start(struct netgen *g, const struct netgen_stream *stream)
{
    uint32_t number = g->run.number + 1;
    uint64_t flows = u64_max(g->stream.flows, stream->flows);

    memset(g->flow, 0, flows * sizeof g->flow[0]);
    memset(&g->round_trip, 0, sizeof g->round_trip);
    g->stream = *stream;
    g->run = (struct netgen_run){
        .phase = NETGEN_RUNNING, .number = number, .began = g->clock->now, .due = g->clock->now,
        .burst_due = g->clock->now, .burst_left = stream->burst, .progress = g->clock->now,
    };
    g->stale_template = true;
    g->gap_len = 0;
    clock_disarm(g->clock, &g->deadline);
    if (stream->window)
        clock_arm_after(g->clock, &g->deadline, stream->timeout_ps);
    clock_arm(g->clock, &g->send, g->clock->now);
}

/* ---- ending ---- */

static void finish(struct netgen *g)
{
    g->run.phase = NETGEN_DONE;
    clock_disarm(g->clock, &g->deadline);
    if (g->finished)
        g->finished(g->finished_ctx);
}

void netgen_stop(struct netgen *g)
{
    if (g->run.phase == NETGEN_WAITING) { /* it is not to start by itself any more */
        clock_disarm(g->clock, &g->send);
        g->run.phase = NETGEN_DONE;
    }
    if (g->run.phase != NETGEN_RUNNING)
        return;
    g->run.phase = NETGEN_SETTLING;
    clock_disarm(g->clock, &g->send);
    clock_arm(g->clock, &g->deadline,
              ps_add(u64_max(g->clock->now, g->run.last_bit), g->config.settle_ps));
}

void netgen_settle(struct netgen *g)
{
    if (g->run.phase == NETGEN_SETTLING && g->run.received == g->run.sent)
        finish(g);
}

/* Of a window, or of the time to settle. */
static void deadline(void *owner)
{
    struct netgen *g = owner;
    ps_t until;

    if (g->run.phase == NETGEN_SETTLING) {
        finish(g);
        return;
    }
    until = ps_add(g->run.progress, g->stream.timeout_ps);
    if (until <= g->clock->now) {
        g->run.given_up += g->run.outstanding;
        g->run.outstanding = 0;
        g->run.progress = g->clock->now;
        until = ps_add(g->clock->now, g->stream.timeout_ps);
        clock_arm(g->clock, &g->send, g->clock->now);
    }
    clock_arm(g->clock, &g->deadline, until);
}

static void on_send(void *owner)
{
    struct netgen *g = owner;

    g->clock->cause = 0; /* a schedule is its own cause */
    if (g->run.phase == NETGEN_WAITING)
        netgen_start(g, &g->config.stream);
    else
        netgen_send_due(g);
}

/* ---- life ---- */

void netgen_clear_sink(struct netgen *g)
{
    memset(&g->sink, 0, sizeof g->sink);
    memset(&g->gap, 0, sizeof g->gap);
}

void netgen_reset(struct netgen *g)
{
    static const uint8_t none[6];

    clock_disarm(g->clock, &g->send);
    clock_disarm(g->clock, &g->ask);
    clock_disarm(g->clock, &g->deadline);
    random_init(&g->random, g->seed, g->name);
    memset(g->flow, 0, NETGEN_FLOWS_MAX * sizeof g->flow[0]);
    memset(&g->round_trip, 0, sizeof g->round_trip);
    netgen_clear_sink(g);
    g->stream = g->config.stream;
    g->run = (struct netgen_run){.phase = NETGEN_WAITING};
    g->guest = (struct netgen_guest){.ip = g->config.guest_ip};
    if (memcmp(g->config.guest_mac, none, 6) != 0) {
        memcpy(g->guest.mac, g->config.guest_mac, 6);
        g->guest.known = g->guest.ready = 1;
    }
    g->stale_template = true;
    g->gap_len = 0;
    if (g->config.start == NETGEN_AT_TIME)
        clock_arm(g->clock, &g->send, g->config.start_ps);
}

struct netgen *netgen_new(const char *name, struct wire *wire, struct clock *clock,
                          struct trace *trace, uint64_t seed, const struct netgen_config *config)
{
    struct netgen *g = xcalloc(1, sizeof *g);

    g->name = name;
    g->wire = wire;
    g->clock = clock;
    g->trace = trace;
    g->source = trace_source(trace, name);
    g->seed = seed;
    g->config = *config;
    g->config.file = NULL;
    g->flow = xcalloc(NETGEN_FLOWS_MAX, sizeof g->flow[0]);
    event_init(clock, &g->send, "netgen.send", on_send, g);
    event_init(clock, &g->ask, "netgen.ask", ask, g);
    event_init(clock, &g->deadline, "netgen.deadline", deadline, g);
    wire_attach(wire, WIRE_STATION, netgen_receive, g);
    wire->pause_ignored = !config->pause;
    wire->state_changed = link_changed;
    wire->state_ctx = g;
    wire->resumed = resumed;
    wire->resumed_ctx = g;
    netgen_send_init(g);
    netgen_reset(g);
    return g;
}

void netgen_free(struct netgen *g)
{
    if (!g)
        return;
    clock_disarm(g->clock, &g->send);
    clock_disarm(g->clock, &g->ask);
    clock_disarm(g->clock, &g->deadline);
    wire_attach(g->wire, WIRE_STATION, NULL, NULL);
    g->wire->state_changed = NULL;
    g->wire->resumed = NULL;
    g->wire->pause_ignored = false;
    free(g->flow);
    free(g);
}

void netgen_on_finished(struct netgen *g, void (*finished)(void *ctx), void *ctx)
{
    g->finished = finished;
    g->finished_ctx = ctx;
}
