/* SPDX-License-Identifier: Apache-2.0 */
/* The traffic generator: the station at the far end of a wire, inside the machine, all in virtual
 * time.  It sends frames as its stream says, answers ARP, ICMP echo and UDP echo (port 7) for its
 * addresses, takes orders from the guest on a UDP port, and measures what the guest sends: anything
 * at all, and its own frames when they come back.
 *
 * A frame of its own carries, after the UDP or ICMP header (or the Ethernet header when raw), in
 * network byte order:
 *     0  4 bytes  NETGEN_MAGIC with the number of the run in the low byte
 *     4  2 bytes  flow, from 0
 *     6  4 bytes  sequence number in the flow, from 0
 *    10  8 bytes  when its first bit left, in picoseconds of virtual time
 * then zeroes.  A round trip is from that first bit to the last bit of what came back.
 *
 * It hands frames to the wire up to WIRE_AHEAD_PS before their turn, as the standard lets a MAC that
 * is told to pause; PAUSE holds it then.  docs/network.md tells how to use it. */
#ifndef DEV_NETGEN_H
#define DEV_NETGEN_H

#include "base/err.h"
#include "bus/wire.h"

#include <jansson.h>
#include <stdio.h>

#define NETGEN_MAGIC UINT32_C(0x44426700) /* "DBg", run */
#define NETGEN_PAYLOAD_BYTES 18
#define NETGEN_FLOWS_MAX 4096
#define NETGEN_HOSTS_MAX 150
#define NETGEN_WINDOW_MAX 65536
#define NETGEN_SIZE_MIN 64 /* sizes: of the Ethernet frame with its check sequence */
#define NETGEN_SIZE_MAX (FRAME_BYTES_MAX + FRAME_FCS_BYTES)

enum netgen_rate { NETGEN_LINE, NETGEN_PER_SECOND, NETGEN_BITS, NETGEN_PART };
enum netgen_arrivals { NETGEN_CONSTANT, NETGEN_POISSON, NETGEN_BURST, NETGEN_RECORDED };
enum netgen_sizes { NETGEN_UNIFORM, NETGEN_IMIX };
enum netgen_proto { NETGEN_UDP, NETGEN_ICMP, NETGEN_RAW };
enum netgen_start { NETGEN_AT_GUEST, NETGEN_AT_LINK, NETGEN_AT_TIME, NETGEN_AT_CONTROL };

/* What a run sends; plain data.  The guest can set all of it. */
struct netgen_stream {
    uint32_t rate_kind;       /* enum netgen_rate */
    uint32_t arrivals;        /* enum netgen_arrivals */
    uint64_t rate;            /* frames or bits a second, or parts per million of the line's rate;
                                 bits count preamble and gap: 10 Gbit/s fill a 10-Gb/s link */
    uint64_t burst;           /* frames of a burst */
    uint64_t gap_ps;          /* from the end of a burst to the next; 0: as the rate says */
    uint32_t sizes;           /* enum netgen_sizes */
    uint32_t size_min, size_max;
    uint32_t flows;           /* taken in turn */
    uint32_t hosts;           /* source addresses that the flows are spread over */
    uint32_t window;          /* requests without reply at a time; 0: any number (open loop) */
    uint64_t timeout_ps;      /* a window without any reply that long is given up */
    uint64_t count;           /* frames; 0: no limit */
    uint64_t duration_ps;     /* 0: no limit */
    uint16_t proto;           /* enum netgen_proto */
    uint16_t port, source_port; /* UDP: the destination, and the first of the flows' */
    uint16_t ethertype;       /* raw */
    uint32_t checksum;        /* 0: UDP checksums are left out */
    uint32_t pad;
};

/* The next recorded frame, without check sequence; *at_ps from the recording's first one.  The
 * bytes need last until the next call only.  false: there are no more. */
typedef bool netgen_next(void *ctx, ps_t *at_ps, const uint8_t **bytes, uint32_t *len);

struct netgen_config {
    struct netgen_stream stream;
    uint32_t start;           /* enum netgen_start */
    ps_t start_ps;            /* NETGEN_AT_TIME: since power-on; else: how long after the condition */
    uint8_t mac[6];           /* its own */
    uint8_t guest_mac[6];     /* all 0: learnt; broadcast until then */
    uint32_t ip, guest_ip;    /* as numbers, 10.0.0.1 is 0x0a000001; the guest's is learnt, too */
    uint16_t control_port;
    bool stop;                /* who runs the machine ends it with the run: see `finished` */
    ps_t settle_ps;           /* how long after the last frame a run waits for replies */
    bool pause;               /* it honours PAUSE */
    bool remac;               /* recorded frames to one station are addressed to the guest */
    char *file;               /* the recording's name, for who opens it; NULL: none */
    /* Set by who opened it; needed for NETGEN_RECORDED. */
    netgen_next *next;
    void *next_ctx;
};

/* Every key, its values and what it does, once: for the parser, the help text and docs/network.md.
 * The keys of STREAM may also come from the guest, on the control port. */
#define NETGEN_KEYS(KEY) \
    KEY(rate, STREAM, "line|N%|N[kMG]|N[kMG]bit", "line rate, a part of it, frames/s or bit/s") \
    KEY(arrivals, STREAM, "constant|poisson|burst", "how frames follow each other") \
    KEY(burst, STREAM, "N", "frames of a burst, back to back") \
    KEY(gap, STREAM, "TIME", "between bursts; without: as rate says") \
    KEY(size, STREAM, "N|MIN-MAX|imix", "bytes of a frame with check sequence") \
    KEY(flows, STREAM, "N", "UDP source ports, taken in turn") \
    KEY(hosts, STREAM, "N", "source addresses of the flows") \
    KEY(window, STREAM, "N", "wait for replies: N on their way") \
    KEY(timeout, STREAM, "TIME", "then a window is given up") \
    KEY(count, STREAM, "N", "frames to send") \
    KEY(duration, STREAM, "TIME", "time to send for") \
    KEY(proto, STREAM, "udp|icmp|raw", "UDP, ICMP echo or bare frames") \
    KEY(port, STREAM, "N", "UDP destination port") \
    KEY(sourceport, STREAM, "N", "UDP source port of flow 0") \
    KEY(ethertype, STREAM, "N", "of raw frames") \
    KEY(checksum, STREAM, "on|off", "off: UDP without checksum") \
    KEY(start, STATION, "guest|link|control|TIME", "when the guest has its address, the\n" \
        "                  link is up, the guest says so, or then") \
    KEY(delay, STATION, "TIME", "to wait after guest or link") \
    KEY(settle, STATION, "TIME", "to wait for replies at the end") \
    KEY(stop, STATION, "on|off", "end the machine after the run") \
    KEY(mac, STATION, "XX:XX:XX:XX:XX:XX", "its own address (for --nic: genmac)") \
    KEY(ip, STATION, "A.B.C.D", "its own address") \
    KEY(guestmac, STATION, "XX:XX:XX:XX:XX:XX", "do not ask with ARP") \
    KEY(guest, STATION, "A.B.C.D", "the guest's address") \
    KEY(control, STATION, "PORT", "UDP port that takes orders; 0: none") \
    KEY(pause, STATION, "on|off", "off: PAUSE does not hold it") \
    KEY(file, STATION, "FILE", "send the frames of this capture") \
    KEY(remac, STATION, "on|off", "address those to the guest")

enum netgen_scope { NETGEN_STREAM, NETGEN_STATION };

struct netgen_key {
    const char *name;
    enum netgen_scope scope;
    const char *values, *doc;
};
extern const struct netgen_key netgen_keys[]; /* a NULL name ends it */

#define NETGEN_KEY_HELP(name, scope, values, doc) "  " #name "=" values "\n                  " doc "\n"
#define NETGEN_HELP NETGEN_KEYS(NETGEN_KEY_HELP)

/* The defaults: 64-byte UDP frames to port 9 at line rate without end, from 10.0.0.1 to 10.0.0.2,
 * once the guest has its address. */
void netgen_config_init(struct netgen_config *config);
void netgen_config_fini(struct netgen_config *config);
/* Sets a key; -1 with err that names the key, or the nearest one. */
int netgen_config_set(struct netgen_config *config, const char *key, const char *value,
                      struct err *err);
/* What can only be checked when all keys are known (a recording has to be open by then). */
int netgen_config_check(const struct netgen_config *config, struct err *err);
int netgen_stream_check(const struct netgen_stream *stream, struct err *err);

struct netgen;

/* Attaches to the wire's station side and to its hooks `state_changed` and `resumed`.  `name` ("gen0")
 * is its trace source and the name of its random stream; `config` is copied but for `next` and
 * `next_ctx`, which must outlive it (`file` is not used).  Never fails with a checked config. */
struct netgen *netgen_new(const char *name, struct wire *wire, struct clock *clock,
                          struct trace *trace, uint64_t seed, const struct netgen_config *config);
void netgen_free(struct netgen *g);
/* As after power-on: nothing is known of the guest, nothing was counted.  After wire_reset. */
void netgen_reset(struct netgen *g);

/* Called once at the end of each run: the last frame was sent, and all replies are there or the time
 * to settle is over. */
void netgen_on_finished(struct netgen *g, void (*finished)(void *ctx), void *ctx);

/* What a saved state holds of it (sim/state.h); a recording's position is not part of it. */
extern const struct field netgen_fields[];

/* The results so far: for people, and as an object whose members docs/network.md lists (a new
 * reference).  All numbers are integers. */
void netgen_report(const struct netgen *g, FILE *out);
json_t *netgen_report_json(const struct netgen *g);

#endif
