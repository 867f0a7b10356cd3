/* SPDX-License-Identifier: Apache-2.0 */
/* Results.  All numbers are whole: frames, bytes, picoseconds, per second, parts per million. */
#include "dev/netgen_impl.h"

#include <inttypes.h>

static const char *const phase_name[] = {"waiting", "running", "settling", "done"};

static const struct {
    const char *name;
    uint32_t per_million;
} percentile[] = {
    {"p50", 500000}, {"p90", 900000}, {"p99", 990000}, {"p99_9", 999000}, {"p99_99", 999900},
};

/* ---- derived ---- */

/* `count` frames, from one time to another: the last begins what is not counted any more. */
static uint64_t per_second(uint64_t count, ps_t first, ps_t last)
{
    return count > 1 && last > first ? muldiv(count - 1, PS_PER_S, last - first) : 0;
}

/* With preamble, check sequence and gap. */
static uint64_t wire_bits_per_s(uint64_t count, uint64_t bytes, uint64_t last_bytes, ps_t first,
                                ps_t last)
{
    uint64_t all = bytes + count * FRAME_WIRE_BYTES, end = last_bytes + FRAME_WIRE_BYTES;

    return count > 1 && last > first && all > end ? muldiv((all - end) * 8, PS_PER_S, last - first)
                                                  : 0;
}

static uint64_t lost(const struct netgen_run *r)
{
    return r->sent - r->received;
}

/* ---- JSON ---- */

static void put(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

static json_t *json_histogram(const struct histogram *h)
{
    json_t *o = json_object();

    put(o, "count", h->count);
    put(o, "min", h->least);
    put(o, "mean", histogram_mean(h));
    for (size_t i = 0; i < ARRAY_LEN(percentile); i++)
        put(o, percentile[i].name, histogram_percentile(h, percentile[i].per_million));
    put(o, "max", h->greatest);
    return o;
}

static json_t *json_sent(const struct netgen_run *r)
{
    json_t *o = json_object();

    put(o, "frames", r->sent);
    put(o, "bytes", r->sent_bytes);
    put(o, "first_ps", r->first_bit);
    put(o, "last_ps", r->last_bit);
    put(o, "frames_per_s", per_second(r->sent, r->first_bit, r->last_bit));
    put(o, "wire_bits_per_s",
        wire_bits_per_s(r->sent, r->sent_bytes, r->last_len, r->first_bit, r->last_bit));
    put(o, "slipped_ps", r->slipped_ps);
    put(o, "given_up", r->given_up);
    put(o, "unfit", r->unfit);
    return o;
}

static json_t *json_returned(const struct netgen *g)
{
    const struct netgen_run *r = &g->run;
    json_t *o = json_object();

    put(o, "frames", r->received);
    put(o, "bytes", r->received_bytes);
    put(o, "frames_per_s", per_second(r->received, r->first_back, r->last_back));
    put(o, "lost", lost(r));
    put(o, "duplicates", r->duplicates);
    put(o, "reordered", r->reordered);
    put(o, "stale", r->stale);
    put(o, "unknown", r->unknown);
    json_object_set_new(o, "round_trip_ps", json_histogram(&g->round_trip));
    return o;
}

#define SINK_MORE(F) \
    F(arp) F(ip4) F(ip6) F(other) F(tagged) F(udp) F(tcp) F(icmp) F(fragments) F(bad_fcs) \
    F(bad_ip_checksum) F(bad_l4_checksum) F(elsewhere) F(answered) F(unanswered) F(orders) \
    F(bad_orders)
#define PUT_SINK(name) put(o, #name, s->name);

static json_t *json_guest(const struct netgen *g, bool all)
{
    const struct netgen_sink *s = &g->sink;
    json_t *o = json_object();

    put(o, "frames", s->frames);
    put(o, "bytes", s->bytes);
    put(o, "first_ps", s->first);
    put(o, "last_ps", s->last);
    put(o, "frames_per_s", per_second(s->frames, s->first, s->last));
    put(o, "wire_bits_per_s",
        wire_bits_per_s(s->frames, s->bytes, s->last_bytes, s->first, s->last));
    if (all) {
        SINK_MORE(PUT_SINK)
        json_object_set_new(o, "gap_ps", json_histogram(&g->gap));
    }
    return o;
}

static json_t *json_flows(const struct netgen *g)
{
    json_t *flows = json_array();

    for (uint32_t i = 0; i < g->stream.flows; i++) {
        const struct netgen_flow *f = &g->flow[i];
        json_t *o = json_object();

        put(o, "port", netgen_flow_port(g, i));
        put(o, "sent", f->sent);
        put(o, "returned", f->received);
        put(o, "lost", f->sent - f->received);
        put(o, "duplicates", f->duplicates);
        put(o, "reordered", f->reordered);
        put(o, "stale", f->stale);
        put(o, "returned_per_s", per_second(f->received, f->first, f->last));
        json_array_append_new(flows, o);
    }
    return flows;
}

static json_t *json_way(const struct wire_count *c)
{
    json_t *o = json_object();

    put(o, "frames", c->frames);
    put(o, "bytes", c->bytes);
    put(o, "lost", c->lost);
    put(o, "duplicated", c->duplicated);
    put(o, "reordered", c->reordered);
    put(o, "corrupted", c->corrupted);
    return o;
}

static json_t *report(const struct netgen *g, bool all)
{
    json_t *o = json_object();

    put(o, "run", g->run.number);
    json_object_set_new(o, "phase", json_string(phase_name[g->run.phase & 3]));
    json_object_set_new(o, "sent", json_sent(&g->run));
    json_object_set_new(o, "returned", json_returned(g));
    json_object_set_new(o, "guest", json_guest(g, all));
    return o;
}

json_t *netgen_report_short(const struct netgen *g)
{
    return report(g, false);
}

json_t *netgen_report_json(const struct netgen *g)
{
    json_t *o = report(g, true), *wire = json_object();

    json_object_set_new(o, "flows", json_flows(g));
    json_object_set_new(wire, "to_guest", json_way(&g->wire->way[WIRE_STATION].count));
    json_object_set_new(wire, "from_guest", json_way(&g->wire->way[WIRE_NIC].count));
    put(wire, "pauses", g->wire->pauses);
    json_object_set_new(o, "wire", wire);
    return o;
}

/* ---- text ---- */

static void print_rate(FILE *out, uint64_t frames_per_s, uint64_t bits_per_s)
{
    if (frames_per_s)
        fprintf(out, ", %" PRIu64 " a second, %" PRIu64 ".%03u Gbit/s of the wire", frames_per_s,
                bits_per_s / 1000000000, (unsigned)(bits_per_s / 1000000 % 1000));
}

static void print_us(FILE *out, const char *name, ps_t ps)
{
    fprintf(out, " %s %" PRIu64 ".%03u", name, ps / PS_PER_US, (unsigned)(ps / PS_PER_NS % 1000));
}

static void print_histogram(FILE *out, const char *title, const struct histogram *h)
{
    if (!h->count)
        return;
    fprintf(out, "  %s [us]:", title);
    print_us(out, "min", h->least);
    print_us(out, "mean", histogram_mean(h));
    for (size_t i = 0; i < ARRAY_LEN(percentile); i++)
        print_us(out, percentile[i].name, histogram_percentile(h, percentile[i].per_million));
    print_us(out, "max", h->greatest);
    fprintf(out, "\n");
}

static void print_nonzero(FILE *out, const char *name, uint64_t value)
{
    if (value)
        fprintf(out, ", %s %" PRIu64, name, value);
}

static void print_run(const struct netgen *g, FILE *out)
{
    const struct netgen_run *r = &g->run;

    fprintf(out, "%s: run %" PRIu32 " %s, sent %" PRIu64 " frames, %" PRIu64 " bytes", g->name,
            r->number, phase_name[r->phase & 3], r->sent, r->sent_bytes);
    print_rate(out, per_second(r->sent, r->first_bit, r->last_bit),
               wire_bits_per_s(r->sent, r->sent_bytes, r->last_len, r->first_bit, r->last_bit));
    print_nonzero(out, "put off by ns", r->slipped_ps / PS_PER_NS);
    print_nonzero(out, "unfit", r->unfit);
    fprintf(out, "\n");
    if (!r->received && !r->unknown)
        return;
    fprintf(out, "  came back: %" PRIu64 ", lost %" PRIu64, r->received, lost(r));
    print_nonzero(out, "given up", r->given_up);
    print_nonzero(out, "duplicates", r->duplicates);
    print_nonzero(out, "reordered", r->reordered);
    print_nonzero(out, "stale", r->stale);
    print_nonzero(out, "unknown", r->unknown);
    print_nonzero(out, "a second", per_second(r->received, r->first_back, r->last_back));
    fprintf(out, "\n");
    print_histogram(out, "round trip", &g->round_trip);
}

#define PRINT_SINK(name) print_nonzero(out, #name, s->name);

void netgen_report(const struct netgen *g, FILE *out)
{
    const struct netgen_sink *s = &g->sink;

    if (g->run.number)
        print_run(g, out);
    else
        fprintf(out, "%s: no run was started\n", g->name);
    fprintf(out, "  the guest sent %" PRIu64 " frames, %" PRIu64 " bytes", s->frames, s->bytes);
    print_rate(out, per_second(s->frames, s->first, s->last),
               wire_bits_per_s(s->frames, s->bytes, s->last_bytes, s->first, s->last));
    SINK_MORE(PRINT_SINK)
    fprintf(out, "\n");
    print_histogram(out, "between its frames", &g->gap);
}
