/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the traffic generator.  Included by src/dev/netgen*.c only.
 *
 *   netgen.c          life and runs: waiting --> running --> settling --> done
 *   netgen_send.c     when a frame is due, what is in it, how it gets onto the wire
 *   netgen_receive.c  what comes from the guest: counted, answered, matched with what was sent
 *   netgen_control.c  the guest's orders
 *   netgen_report.c   results
 *
 *  1. `send` is armed exactly in phase RUNNING with the link up and the window not full, and in
 *     phase WAITING when the condition to start is met.
 *  2. Everything that a frame from the guest names (flow, sequence number, time) is checked against
 *     what was sent. */
#ifndef DEV_NETGEN_IMPL_H
#define DEV_NETGEN_IMPL_H

#include "base/bits.h"
#include "base/histogram.h"
#include "dev/netgen.h"
#include "dev/packet.h"
#include "dev/packet_bytes.h"

#define NETGEN_SEEN_BITS 1024 /* how far back a flow knows duplicates from late frames */
#define NETGEN_LAG_MAX_PS (100 * PS_PER_US) /* what a run may be behind and still make up for */
#define NETGEN_ASK_PS (100 * 1000 * PS_PER_US) /* between two ARP requests */
#define NETGEN_LN_STEPS 1024
#define FRAME_WIRE_BYTES (FRAME_PREAMBLE_BYTES + FRAME_FCS_BYTES + FRAME_GAP_BYTES)

enum { /* numbers of protocols that dev/packet_bytes.h has no need of */
    ETHER_ARP = 0x0806,
    IP_ICMP = 1,
    ICMP_REPLY = 0,
    ICMP_REQUEST = 8,
    ICMP_HEADER_BYTES = 8,
    ARP_BYTES = 28,
    ARP_REQUEST = 1,
    ARP_REPLY = 2,
    UDP_PORT_ECHO = 7,
    L4_AT = ETHER_HEADER_BYTES + IP4_HEADER_BYTES,
};

enum netgen_phase { NETGEN_WAITING, NETGEN_RUNNING, NETGEN_SETTLING, NETGEN_DONE };

struct netgen_flow {
    uint64_t sent, received; /* received: each once */
    uint64_t duplicates, reordered, stale;
    uint64_t next;           /* 1 + the greatest sequence number that came back */
    ps_t first, last;        /* of what came back */
    uint64_t seen[NETGEN_SEEN_BITS / 64]; /* of the numbers below `next`, modulo its size */
};

struct netgen_run {
    uint32_t phase;          /* enum netgen_phase */
    uint32_t number;         /* from 1; 0: none yet */
    ps_t began;              /* when it was started */
    ps_t due;                /* the next frame's time */
    uint64_t carry;          /* what divisions have left over, in parts of a picosecond */
    ps_t burst_due;          /* when the next burst is, by the rate */
    uint64_t burst_left;
    uint32_t flow;           /* of the next frame */
    uint32_t imix;
    uint32_t len;            /* of the next frame; 0: not drawn yet */
    uint32_t outstanding;    /* requests without reply */
    ps_t progress;           /* when the last reply came, or a window began */
    uint64_t sent, sent_bytes; /* bytes without check sequence */
    ps_t first_bit, last_bit; /* the first bits of the first and the last frame */
    uint32_t last_len, pad;
    ps_t slipped_ps;         /* time by which the wire, or a pause, has put it off for good */
    uint64_t given_up;       /* requests of windows that timed out */
    uint64_t unfit;          /* recorded frames that no wire takes */
    uint64_t received, received_bytes; /* of its own frames, each once */
    uint64_t duplicates, reordered, stale;
    uint64_t unknown;        /* with the magic, but never sent like that, or by an earlier run */
    ps_t first_back, last_back;
};

/* Everything that the guest has sent. */
struct netgen_sink {
    uint64_t frames, bytes;  /* without check sequence */
    ps_t first, last;        /* their last bits */
    uint64_t last_bytes;
    uint64_t arp, ip4, ip6, other, tagged;
    uint64_t udp, tcp, icmp, fragments;
    uint64_t bad_fcs, bad_ip_checksum, bad_l4_checksum;
    uint64_t elsewhere;      /* neither to its address nor to a group */
    uint64_t answered, unanswered; /* ARP, echo and orders; unanswered: the wire was full */
    uint64_t orders, bad_orders;
};

struct netgen_guest {
    uint8_t mac[6];
    uint8_t known;           /* mac is */
    uint8_t ready;           /* its IP address is in use: it was seen in ARP or IP */
    uint32_t ip;
    uint32_t pad;
};

struct netgen {
    const char *name;
    struct wire *wire;
    struct clock *clock;
    struct trace *trace;
    unsigned source;
    uint64_t seed;
    struct netgen_config config;
    void (*finished)(void *ctx);
    void *finished_ctx;

    /* state */
    struct netgen_stream stream; /* of this run */
    struct netgen_run run;
    struct netgen_guest guest;
    struct netgen_sink sink;
    struct netgen_flow *flow;    /* NETGEN_FLOWS_MAX */
    struct histogram round_trip, gap; /* gap: between the guest's frames */
    struct random random;
    struct event send, ask, deadline;

    /* Derived, by netgen_template and gap_of: not state. */
    uint8_t frame[FRAME_BYTES_MAX];
    uint32_t ip_sum, l4_sum;     /* of the template, without what varies */
    uint32_t headers;            /* bytes before its payload */
    bool stale_template;
    uint32_t gap_len;            /* the length for which the next three hold; 0: none */
    uint64_t gap_ps, gap_rest, gap_den; /* its time is gap_ps + gap_rest / gap_den */
    uint32_t ln[NETGEN_LN_STEPS + 1]; /* ln(1 + i / 1024), in 2^-32 */
    const uint8_t *recorded;     /* the recording's frame that is due, of run.len bytes */
    bool recording_over;
    uint8_t scratch[FRAME_BYTES_MAX]; /* for answers and recorded frames */
};

static inline void be64_put(void *p, uint64_t v)
{
    be32_put(p, (uint32_t)(v >> 32));
    be32_put((uint8_t *)p + 4, (uint32_t)v);
}

static inline uint64_t be64_get(const void *p)
{
    return (uint64_t)be32_get(p) << 32 | be32_get((const uint8_t *)p + 4);
}

/* The address of a source: the generator's own, then x.x.x.100 and so on. */
static inline uint32_t netgen_host_ip(const struct netgen *g, uint32_t host)
{
    return host ? (g->config.ip & ~UINT32_C(0xff)) + 99 + host : g->config.ip;
}

/* ---- netgen.c ---- */
/* Whether an address is one of the generator's. */
bool netgen_is_own_ip(const struct netgen *g, uint32_t ip);
/* The guest was seen with these; ip 0: its MAC address alone. */
void netgen_learn(struct netgen *g, const uint8_t mac[6], uint32_t ip);
/* Starts a run of `stream` now; one that is going on ends without more ado. */
void netgen_start(struct netgen *g, const struct netgen_stream *stream);
/* Sends no more. */
void netgen_stop(struct netgen *g);
/* A frame came back: perhaps the run is over. */
void netgen_settle(struct netgen *g);
void netgen_clear_sink(struct netgen *g);
/* Puts g->scratch on the wire, if there is room. */
void netgen_answer(struct netgen *g, uint32_t len);

/* ---- netgen_send.c ---- */
void netgen_send_init(struct netgen *g);
/* Sends what is due and arms `send` for what is next. */
void netgen_send_due(struct netgen *g);
uint32_t netgen_flow_port(const struct netgen *g, uint32_t flow);

/* ---- netgen_receive.c ---- */
void netgen_receive(void *owner, const struct frame *frame);

/* ---- netgen_control.c ---- */
/* An order of `len` bytes from the guest: does it and writes the answer (less than `size` bytes). */
void netgen_order(struct netgen *g, const uint8_t *order, uint32_t len, char *answer, size_t size);

/* ---- netgen_report.c ---- */
/* Without the flows and the wire: what fits into a datagram. */
json_t *netgen_report_short(const struct netgen *g);

#endif
