/* SPDX-License-Identifier: Apache-2.0 */
/* What is due is handed to the wire in one go for WIRE_AHEAD_PS at a time, each frame with the time
 * at which it is to start: at 14.88 million frames a second one event serves 46 of them.
 *
 * A frame is the template with its variable words filled in.  Checksums are sums, so those words are
 * added to the template's sum (RFC 1071); the bytes behind them are zero and add nothing, whatever
 * the length. */
#include "dev/netgen_impl.h"

#define LN2_32 UINT64_C(2977044472)          /* ln 2, in 2^-32 */
#define LN2_64 UINT64_C(0xb17217f7d1cf79ab)  /* in 2^-64 */

/* ---- arrivals ---- */

/* log2 by squaring, all in integers: the same on every host. */
static uint32_t ln_of(unsigned step)
{
    uint64_t x = (uint64_t)(NETGEN_LN_STEPS + step) << 52, bits = 0; /* 1..2, in 2^-62 */

    for (unsigned i = 0; i < 40; i++) {
        x = (uint64_t)((u128)x * x >> 62);
        bits = bits << 1 | x >> 63;
        x >>= x >> 63;
    }
    return (uint32_t)(((u128)bits * LN2_64 >> 64) >> 8);
}

/* Exponentially distributed with mean 1, in 2^-32: minus the logarithm of a uniform u in (0, 1].  With
 * u = 2^-k m / 2 and m in [1, 2) that is (k + 1) ln 2 - ln m; the table is interpolated. */
static uint64_t exponential(struct netgen *g)
{
    uint64_t u = random_u64(&g->random) | 1, part, ln_m;
    unsigned k = (unsigned)__builtin_clzll(u), i;

    u <<= k;
    i = (unsigned)(u >> 53) & (NETGEN_LN_STEPS - 1);
    part = (u >> 21) & mask_bits(32);
    /* ln[NETGEN_LN_STEPS] is ln 2, which has 32 bits, too. */
    ln_m = g->ln[i] + ((uint64_t)(g->ln[i + 1] - g->ln[i]) * part >> 32);
    return (k + 1) * LN2_32 - ln_m;
}

/* Frames of `len` bytes at the stream's rate: their mean distance. */
static void gap_of(struct netgen *g, uint32_t len)
{
    uint64_t bits = ((uint64_t)len + FRAME_WIRE_BYTES) * 8, link = g->wire->bits_per_s;
    uint64_t times = bits * PS_PER_S, den; /* 16 KiB: 1.3e17 */

    switch (g->stream.rate_kind) {
    case NETGEN_PER_SECOND:
        times = PS_PER_S;
        den = g->stream.rate;
        break;
    case NETGEN_BITS:
        den = g->stream.rate;
        break;
    case NETGEN_PART:
        den = muldiv(link, g->stream.rate, 1000000);
        break;
    default:
        den = link;
        break;
    }
    g->gap_len = len;
    g->gap_den = u64_max(den, 1);
    g->gap_ps = times / g->gap_den;
    g->gap_rest = times % g->gap_den;
}

static ps_t even_gap(struct netgen *g)
{
    struct netgen_run *r = &g->run;

    r->carry += g->gap_rest;
    if (r->carry < g->gap_den)
        return g->gap_ps;
    /* The rest of another length may have been of another denominator. */
    r->carry = r->carry - g->gap_den < g->gap_den ? r->carry - g->gap_den : 0;
    return g->gap_ps + 1;
}

static ps_t poisson_gap(struct netgen *g)
{
    u128 mean = ((u128)g->gap_ps << 16) + (g->gap_rest << 16) / g->gap_den; /* in 2^-16 */

    return (ps_t)(mean * exponential(g) >> 48);
}

/* Within a burst frames follow at line rate. */
static void after_burst_frame(struct netgen *g, uint32_t len)
{
    struct netgen_run *r = &g->run;
    ps_t line = muldiv(((uint64_t)len + FRAME_WIRE_BYTES) * 8, PS_PER_S, g->wire->bits_per_s);

    r->burst_due += even_gap(g);
    r->due += line;
    if (--r->burst_left)
        return;
    r->burst_left = g->stream.burst;
    if (g->stream.gap_ps)
        r->due += g->stream.gap_ps;
    else
        r->due = u64_max(r->due, r->burst_due);
}

/* When the frame after one of `len` bytes is due. */
static void next_due(struct netgen *g, uint32_t len)
{
    if (g->stream.arrivals == NETGEN_RECORDED)
        return; /* each has its own time */
    if (unlikely(g->gap_len != len))
        gap_of(g, len);
    if (likely(g->stream.arrivals == NETGEN_CONSTANT))
        g->run.due = ps_add(g->run.due, even_gap(g));
    else if (g->stream.arrivals == NETGEN_POISSON)
        g->run.due = ps_add(g->run.due, poisson_gap(g));
    else
        after_burst_frame(g, len);
}

/* ---- sizes ---- */

/* The "simple IMIX" of 7 small, 4 middle and 1 full-sized frame, spread evenly. */
static uint32_t imix(struct netgen_run *r)
{
    static const uint16_t size[] = {64, 594, 64, 64, 594, 64, 64, 594, 64, 594, 64, 1518};

    r->imix = r->imix + 1 < ARRAY_LEN(size) ? r->imix + 1 : 0;
    return size[r->imix];
}

/* Takes the recording's next frame that fits a wire; false: there is none. */
static bool take_recorded(struct netgen *g)
{
    ps_t at;
    uint32_t len;

    /* Bounded, so that a file of nonsense does not hold the machine up: the rest is taken later. */
    for (unsigned i = 0; i < 1000; i++) {
        if (g->recording_over || !g->config.next(g->config.next_ctx, &at, &g->recorded, &len)) {
            g->recording_over = true;
            return false;
        }
        if (len >= ETHER_HEADER_BYTES && len <= FRAME_BYTES_MAX) {
            g->run.due = u64_max(g->run.due, ps_add(g->run.began + g->run.slipped_ps, at));
            g->run.len = len;
            return true;
        }
        g->run.unfit++;
    }
    return false;
}

/* Sets run.len; false: the stream has no more frames. */
static bool next_len(struct netgen *g)
{
    struct netgen_run *r = &g->run;
    const struct netgen_stream *s = &g->stream;
    uint32_t size = s->size_min;

    if (s->arrivals == NETGEN_RECORDED)
        return take_recorded(g);
    if (s->sizes == NETGEN_IMIX)
        size = imix(r);
    else if (s->size_max > s->size_min)
        size += (uint32_t)random_below(&g->random, s->size_max - s->size_min + 1);
    r->len = size - FRAME_FCS_BYTES;
    return true;
}

/* ---- frames ---- */

static uint32_t fold(uint64_t sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint32_t)((sum & 0xffff) + (sum >> 16));
}

static uint32_t words32(uint32_t v)
{
    return (v >> 16) + (v & 0xffff);
}

/* Addresses are all that varies in an IP header, besides its length. */
static void template_ip(struct netgen *g, uint8_t proto)
{
    uint8_t *ip = g->frame + ETHER_HEADER_BYTES;

    be16_put(g->frame + 12, ETHER_IP4);
    ip[0] = 0x45;
    be16_put(ip + 6, 0x4000); /* do not fragment; so the identification may be 0 (RFC 6864) */
    ip[8] = 64;
    ip[9] = proto;
    be32_put(ip + 16, g->guest.ip);
    g->ip_sum = packet_sum(ip, IP4_HEADER_BYTES);
}

static void make_template(struct netgen *g)
{
    uint8_t *b = g->frame;
    uint32_t magic = NETGEN_MAGIC | (g->run.number & 0xff);

    memset(b, 0, sizeof g->frame);
    if (g->guest.known)
        memcpy(b, g->guest.mac, 6);
    else
        memset(b, 0xff, 6);
    memcpy(b + 6, g->config.mac, 6);
    g->l4_sum = words32(magic);
    switch (g->stream.proto) {
    case NETGEN_UDP:
        g->headers = L4_AT + UDP_HEADER_BYTES;
        template_ip(g, IP_UDP);
        be16_put(b + L4_AT + 2, g->stream.port);
        g->l4_sum += IP_UDP + words32(g->guest.ip) + g->stream.port;
        break;
    case NETGEN_ICMP:
        g->headers = L4_AT + ICMP_HEADER_BYTES;
        template_ip(g, IP_ICMP);
        b[L4_AT] = ICMP_REQUEST;
        g->l4_sum += ICMP_REQUEST << 8;
        break;
    default:
        g->headers = ETHER_HEADER_BYTES;
        be16_put(b + 12, g->stream.ethertype);
        break;
    }
    be32_put(b + g->headers, magic);
    g->stale_template = false;
}

uint32_t netgen_flow_port(const struct netgen *g, uint32_t flow)
{
    return (g->stream.source_port + flow) & 0xffff;
}

/* Lengths, addresses, ports and checksums; `sum` is that of the payload's variable words. */
static void fill_headers(struct netgen *g, uint32_t len, uint32_t flow, uint32_t seq, uint64_t sum)
{
    uint8_t *ip = g->frame + ETHER_HEADER_BYTES, *l4 = g->frame + L4_AT;
    uint32_t total = len - ETHER_HEADER_BYTES, l4_bytes = total - IP4_HEADER_BYTES;
    uint32_t src = netgen_host_ip(g, g->stream.hosts > 1 ? flow % g->stream.hosts : 0);
    uint32_t check;

    be16_put(ip + 2, (uint16_t)total);
    be32_put(ip + 12, src);
    be16_put(ip + 10, (uint16_t)~fold((uint64_t)g->ip_sum + total + words32(src)));
    sum += g->l4_sum;
    if (g->stream.proto == NETGEN_UDP) {
        uint32_t port = netgen_flow_port(g, flow);

        be16_put(l4, (uint16_t)port);
        be16_put(l4 + 4, (uint16_t)l4_bytes);
        check = (uint16_t)~fold(sum + words32(src) + port + 2 * (uint64_t)l4_bytes);
        if (!g->stream.checksum)
            check = 0;
        else if (!check)
            check = 0xffff; /* RFC 768: zero means none */
        be16_put(l4 + 6, (uint16_t)check);
    } else {
        be16_put(l4 + 4, (uint16_t)flow);
        be16_put(l4 + 6, (uint16_t)seq);
        be16_put(l4 + 2, (uint16_t)~fold(sum + flow + (seq & 0xffff)));
    }
}

static void fill_frame(struct netgen *g, uint32_t len, uint32_t flow, uint32_t seq, ps_t start)
{
    uint8_t *payload = g->frame + g->headers;

    be16_put(payload + 4, (uint16_t)flow);
    be32_put(payload + 6, seq);
    be64_put(payload + 10, start);
    if (g->stream.proto != NETGEN_RAW)
        fill_headers(g, len, flow, seq,
                     (uint64_t)flow + words32(seq) + words32((uint32_t)(start >> 32)) +
                         words32((uint32_t)start));
}

/* A recorded frame to one station goes to the guest, unless it is to go where it went. */
static const uint8_t *recorded_frame(struct netgen *g, uint32_t len)
{
    memcpy(g->scratch, g->recorded, len);
    if (g->config.remac && g->guest.known && !(g->scratch[0] & 1))
        memcpy(g->scratch, g->guest.mac, 6);
    return g->scratch;
}

static void send_one(struct netgen *g, ps_t start)
{
    struct netgen_run *r = &g->run;
    uint64_t cause = g->clock->cause;
    uint32_t len = r->len, flow = r->flow;
    const uint8_t *bytes = g->frame;

    r->len = 0;
    if (unlikely(g->stream.arrivals == NETGEN_RECORDED)) {
        bytes = recorded_frame(g, len);
    } else {
        uint32_t seq = (uint32_t)g->flow[flow].sent++;

        fill_frame(g, len, flow, seq, start);
        r->flow = flow + 1 < g->stream.flows ? flow + 1 : 0;
        g->clock->cause = trace_gen_sent(g->trace, g->source, start, cause, flow, seq,
                                         wire_next_number(g->wire, WIRE_STATION));
    }
    wire_send(g->wire, WIRE_STATION, bytes, len, start, NULL);
    g->clock->cause = cause;
    if (r->sent++ == 0)
        r->first_bit = start;
    r->last_bit = start;
    r->last_len = len;
    r->sent_bytes += u64_max(len, FRAME_BYTES_MIN);
    r->outstanding++;
    next_due(g, len);
}

/* ---- pace ---- */

static bool over(const struct netgen *g)
{
    const struct netgen_run *r = &g->run;

    return (g->stream.count && r->sent >= g->stream.count) ||
           (g->stream.duration_ps && r->due - r->began >= g->stream.duration_ps);
}

/* Notes how far behind its schedule a run is; what is too much is not made up for. */
static void slip(struct netgen *g, ps_t start)
{
    struct netgen_run *r = &g->run;
    ps_t late = start - r->due;

    if (likely(late <= NETGEN_LAG_MAX_PS))
        return;
    late -= NETGEN_LAG_MAX_PS;
    r->slipped_ps += late;
    r->due += late;
    r->burst_due += late;
}

void netgen_send_due(struct netgen *g)
{
    struct netgen_run *r = &g->run;
    ps_t now = g->clock->now, start;
    uint32_t window = g->stream.window;

    clock_disarm(g->clock, &g->send);
    if (r->phase != NETGEN_RUNNING || !wire_up(g->wire))
        return; /* link_changed goes on */
    if (g->stale_template)
        make_template(g);
    for (;;) {
        if (!r->len && !over(g) && !next_len(g) && !g->recording_over) {
            clock_arm_after(g->clock, &g->send, PS_PER_US);
            return;
        }
        if (!r->len || over(g)) {
            netgen_stop(g);
            netgen_settle(g);
            return;
        }
        if (window) {
            if (r->outstanding >= window)
                return; /* the next reply goes on */
            r->due = u64_max(r->due, now);
        }
        start = u64_max(r->due, wire_ready(g->wire, WIRE_STATION));
        if (start > now + WIRE_AHEAD_PS) {
            clock_arm(g->clock, &g->send, start);
            return;
        }
        if (unlikely(!wire_room(g->wire, WIRE_STATION, r->len))) {
            clock_arm(g->clock, &g->send, wire_turn(g->wire, WIRE_STATION, r->len));
            return;
        }
        slip(g, start);
        send_one(g, start);
    }
}

void netgen_send_init(struct netgen *g)
{
    for (unsigned i = 0; i < NETGEN_LN_STEPS; i++)
        g->ln[i] = ln_of(i);
    g->ln[NETGEN_LN_STEPS] = (uint32_t)LN2_32;
}
