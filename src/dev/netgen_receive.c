/* SPDX-License-Identifier: Apache-2.0 */
/* What comes from the guest.  All of it is counted; ARP, echo and orders to the generator's addresses
 * are answered; frames of its own that come back are matched with what was sent, whoever sends them
 * back: a program behind a socket, the kernel (ICMP), or XDP that swaps nothing but MAC addresses. */
#include "dev/netgen_impl.h"

#define ANSWER_BYTES_MAX 1400

static bool to_me(const struct netgen *g, const uint8_t *frame)
{
    return memcmp(frame, g->config.mac, 6) == 0;
}

/* ---- its own frames ---- */

/* Clears the bits of the numbers from `from` to before `to` (at most all). */
static void unsee(struct netgen_flow *f, uint64_t from, uint64_t to)
{
    if (to - from >= NETGEN_SEEN_BITS) {
        memset(f->seen, 0, sizeof f->seen);
        return;
    }
    for (; from < to; from++)
        f->seen[from / 64 % ARRAY_LEN(f->seen)] &= ~(UINT64_C(1) << from % 64);
}

enum seen { SEEN_NEW, SEEN_LATE, SEEN_AGAIN, SEEN_STALE };

/* Notes that number `n` (below f->sent) came back. */
static enum seen see(struct netgen_flow *f, uint64_t n)
{
    uint64_t *word = &f->seen[n / 64 % ARRAY_LEN(f->seen)], bit = UINT64_C(1) << n % 64;

    if (n >= f->next) {
        if (n > f->next)
            unsee(f, f->next, n);
        f->next = n + 1;
        *word |= bit;
        return SEEN_NEW;
    }
    if (f->next - n > NETGEN_SEEN_BITS)
        return SEEN_STALE;
    if (*word & bit)
        return SEEN_AGAIN;
    *word |= bit;
    return SEEN_LATE;
}

static void count_back(struct netgen *g, struct netgen_flow *f, const struct frame *frame,
                       ps_t waited)
{
    struct netgen_run *r = &g->run;

    if (r->received++ == 0)
        r->first_back = frame->arrives;
    r->last_back = frame->arrives;
    r->received_bytes += frame->len;
    if (f->received++ == 0)
        f->first = frame->arrives;
    f->last = frame->arrives;
    histogram_add(&g->round_trip, waited);
}

/* A reply has come: a window goes on, a run may be over. */
static void reply_came(struct netgen *g)
{
    struct netgen_run *r = &g->run;

    if (r->outstanding)
        r->outstanding--;
    if (g->stream.window) {
        r->progress = g->clock->now;
        if (!event_armed(&g->send) || g->send.when > g->clock->now)
            netgen_send_due(g);
    }
    netgen_settle(g);
}

/* A payload with the magic. */
static void own_frame(struct netgen *g, const struct frame *frame, const uint8_t *payload)
{
    struct netgen_run *r = &g->run;
    uint32_t flow = be16_get(payload + 4);
    ps_t sent = be64_get(payload + 10), waited = frame->arrives - sent;
    uint64_t saved = g->clock->cause, n;
    struct netgen_flow *f;
    enum seen seen;

    if (payload[3] != (r->number & 0xff) || flow >= g->stream.flows || sent > frame->arrives ||
        sent < r->first_bit) {
        r->unknown++;
        return;
    }
    f = &g->flow[flow];
    /* The full number is the one nearest to the greatest so far. */
    n = f->next + (uint64_t)(int64_t)(int32_t)(be32_get(payload + 6) - (uint32_t)f->next);
    if (n >= f->sent) {
        r->unknown++;
        return;
    }
    seen = see(f, n);
    g->clock->cause = trace_gen_received(g->trace, g->source, g->clock->now, saved, flow, n,
                                         frame->number, waited);
    if (seen == SEEN_AGAIN) {
        r->duplicates++;
        f->duplicates++;
    } else if (seen == SEEN_STALE) {
        r->stale++;
        f->stale++;
    } else {
        if (seen == SEEN_LATE) {
            r->reordered++;
            f->reordered++;
        }
        count_back(g, f, frame, waited);
        reply_came(g);
    }
    g->clock->cause = saved;
}

static bool has_magic(const uint8_t *payload, uint32_t bytes)
{
    return bytes >= NETGEN_PAYLOAD_BYTES && (be32_get(payload) & ~UINT32_C(0xff)) == NETGEN_MAGIC;
}

/* ---- answers ---- */

static void take_arp(struct netgen *g, const struct frame *frame)
{
    const uint8_t *arp = frame->bytes + ETHER_HEADER_BYTES;
    uint8_t *b = g->scratch;
    uint32_t sender, target;

    g->sink.arp++;
    if (frame->len < ETHER_HEADER_BYTES + ARP_BYTES || be16_get(arp) != 1 ||
        be16_get(arp + 2) != ETHER_IP4 || arp[4] != 6 || arp[5] != 4)
        return;
    sender = be32_get(arp + 14);
    target = be32_get(arp + 24);
    /* A probe's sender is 0 (RFC 5227): the address is not in use yet. */
    if (sender && !netgen_is_own_ip(g, sender))
        netgen_learn(g, arp + 8, sender);
    if (be16_get(arp + 6) != ARP_REQUEST || !netgen_is_own_ip(g, target))
        return;
    memset(b, 0, FRAME_BYTES_MIN);
    memcpy(b, arp + 8, 6);
    memcpy(b + 6, g->config.mac, 6);
    memcpy(b + 12, frame->bytes + 12, 8); /* types and lengths are the request's */
    be16_put(b + 20, ARP_REPLY);
    memcpy(b + 22, g->config.mac, 6);
    be32_put(b + 28, target);
    memcpy(b + 32, arp + 8, 10); /* who asked: hardware and protocol address */
    netgen_answer(g, FRAME_BYTES_MIN);
}

/* A copy of the frame in g->scratch, on its way back: a swap changes no checksum. */
static uint8_t *turned(struct netgen *g, const struct frame *frame, const struct packet *p)
{
    uint8_t *b = g->scratch;

    memcpy(b, frame->bytes, frame->len);
    memcpy(b, frame->bytes + 6, 6);
    memcpy(b + 6, g->config.mac, 6);
    memcpy(b + p->l3_at + 12, p->dst, 4);
    memcpy(b + p->l3_at + 16, p->src, 4);
    return b;
}

static void take_ping(struct netgen *g, const struct frame *frame, const struct packet *p)
{
    uint8_t *icmp = turned(g, frame, p) + p->l4_at;

    icmp[0] = ICMP_REPLY;
    /* The sum has become ICMP_REQUEST << 8 less, its complement that much more (RFC 1624). */
    be16_put(icmp + 2, packet_sum_add(be16_get(icmp + 2), ICMP_REQUEST << 8));
    netgen_answer(g, frame->len);
}

static void take_udp_echo(struct netgen *g, const struct frame *frame, const struct packet *p)
{
    uint8_t *udp = turned(g, frame, p) + p->l4_at;

    be16_put(udp, p->dst_port);
    be16_put(udp + 2, p->src_port);
    netgen_answer(g, frame->len);
}

static void take_order(struct netgen *g, const struct frame *frame, const struct packet *p)
{
    char text[ANSWER_BYTES_MAX];
    uint32_t bytes = be16_get(frame->bytes + p->l4_at + 4), len;
    uint8_t *b = g->scratch, *ip = b + ETHER_HEADER_BYTES, *udp = b + L4_AT;
    uint16_t check;

    if (bytes < UDP_HEADER_BYTES || bytes > (uint32_t)p->ip_end - p->l4_at)
        return;
    if (!netgen_is_own_ip(g, be32_get(p->src)))
        netgen_learn(g, frame->bytes + 6, be32_get(p->src));
    netgen_order(g, frame->bytes + p->payload_at, bytes - UDP_HEADER_BYTES, text, sizeof text);
    len = (uint32_t)strlen(text);
    memset(b, 0, L4_AT + UDP_HEADER_BYTES);
    memcpy(b, frame->bytes + 6, 6);
    memcpy(b + 6, g->config.mac, 6);
    be16_put(b + 12, ETHER_IP4);
    ip[0] = 0x45;
    be16_put(ip + 2, (uint16_t)(IP4_HEADER_BYTES + UDP_HEADER_BYTES + len));
    be16_put(ip + 6, 0x4000);
    ip[8] = 64;
    ip[9] = IP_UDP;
    memcpy(ip + 12, p->dst, 4);
    memcpy(ip + 16, p->src, 4);
    be16_put(ip + 10, (uint16_t)~packet_sum(ip, IP4_HEADER_BYTES));
    be16_put(udp, p->dst_port);
    be16_put(udp + 2, p->src_port);
    be16_put(udp + 4, (uint16_t)(UDP_HEADER_BYTES + len));
    memcpy(udp + UDP_HEADER_BYTES, text, len);
    check = (uint16_t)~packet_sum_add(packet_pseudo_sum(ip, 4, IP_UDP, UDP_HEADER_BYTES + len),
                                      packet_sum(udp, UDP_HEADER_BYTES + len));
    be16_put(udp + 6, check ? check : 0xffff);
    netgen_answer(g, L4_AT + UDP_HEADER_BYTES + len);
}

/* ---- sorting ---- */

static void take_icmp(struct netgen *g, const struct frame *frame, const struct packet *p,
                      bool mine)
{
    const uint8_t *icmp = frame->bytes + p->l4_at;
    uint32_t bytes = (uint32_t)p->ip_end - p->l4_at;

    g->sink.icmp++;
    if (bytes < ICMP_HEADER_BYTES)
        return;
    if (packet_sum(icmp, bytes) != 0xffff) {
        g->sink.bad_l4_checksum++;
        return;
    }
    if (has_magic(icmp + ICMP_HEADER_BYTES, bytes - ICMP_HEADER_BYTES))
        own_frame(g, frame, icmp + ICMP_HEADER_BYTES);
    else if (mine && icmp[0] == ICMP_REQUEST)
        take_ping(g, frame, p);
}

static void take_udp(struct netgen *g, const struct frame *frame, const struct packet *p, bool mine)
{
    const uint8_t *payload = frame->bytes + p->payload_at;

    g->sink.udp++;
    if (has_magic(payload, (uint32_t)p->ip_end - p->payload_at))
        own_frame(g, frame, payload);
    else if (mine && p->dst_port == UDP_PORT_ECHO)
        take_udp_echo(g, frame, p);
    else if (mine && g->config.control_port && p->dst_port == g->config.control_port)
        take_order(g, frame, p);
}

static void take_ip4(struct netgen *g, const struct frame *frame, const struct packet *p)
{
    uint32_t src = be32_get(p->src);
    bool mine;

    g->sink.ip4++;
    if (packet_check_ip(p, frame->bytes) == PACKET_BAD) {
        g->sink.bad_ip_checksum++;
        return;
    }
    if (p->fragment) {
        g->sink.fragments++;
        return;
    }
    if (packet_check_l4(p, frame->bytes) == PACKET_BAD) {
        g->sink.bad_l4_checksum++;
        return;
    }
    if (!g->guest.ready && src == g->guest.ip)
        netgen_learn(g, frame->bytes + 6, src);
    mine = to_me(g, frame->bytes) && !p->tagged && netgen_is_own_ip(g, be32_get(p->dst)) &&
           !netgen_is_own_ip(g, src);
    if (p->l4 == PACKET_UDP)
        take_udp(g, frame, p, mine);
    else if (p->l4 == PACKET_TCP)
        g->sink.tcp++;
    else if (p->l4 == PACKET_OTHER_L4 && p->ip_proto == IP_ICMP)
        take_icmp(g, frame, p, mine);
}

static void count_frame(struct netgen *g, const struct frame *frame)
{
    struct netgen_sink *s = &g->sink;

    if (s->frames++ == 0)
        s->first = frame->arrives;
    else
        histogram_add(&g->gap, frame->arrives - s->last);
    s->last = frame->arrives;
    s->bytes += frame->len;
    s->last_bytes = frame->len;
}

void netgen_receive(void *owner, const struct frame *frame)
{
    struct netgen *g = owner;
    struct packet p;

    count_frame(g, frame);
    if (frame->flags & FRAME_BAD_FCS) {
        g->sink.bad_fcs++;
        return;
    }
    if (!g->guest.known)
        netgen_learn(g, frame->bytes + 6, 0);
    packet_parse(&p, frame->bytes, frame->len);
    g->sink.tagged += p.tagged;
    g->sink.elsewhere += !to_me(g, frame->bytes) && !(frame->bytes[0] & 1);
    if (g->stream.proto == NETGEN_RAW && p.ethertype == g->stream.ethertype &&
        has_magic(frame->bytes + p.payload_at, frame->len - p.payload_at)) {
        g->sink.other++;
        own_frame(g, frame, frame->bytes + p.payload_at);
    } else if (p.ip == 4) {
        take_ip4(g, frame, &p);
    } else if (p.ip == 6) {
        g->sink.ip6++;
    } else if (p.ethertype == ETHER_ARP && !p.tagged) {
        take_arp(g, frame);
    } else {
        g->sink.other++;
    }
}
