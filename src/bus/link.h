/* SPDX-License-Identifier: Apache-2.0 */
/* A link: the timed way between the harts and memory on one side ("host") and one device, or the
 * on-chip peripherals, on the other.
 *
 * Each direction is a server with its own queue: a packet starts when the previous one has left,
 * takes its bytes over the rate, and arrives one latency later.  As every direction is first in,
 * first out, PCIe's ordering rules follow: posted writes stay in order, a read pushes the posted
 * writes before it, a completion or an MSI pushes the data before it.
 * Not modelled: flow-control credits, replays, relaxed ordering, reads passed by posted writes. */
#ifndef BUS_LINK_H
#define BUS_LINK_H

#include "bus/space.h"
#include "sim/clock.h"
#include "sim/param.h"
#include "sim/state.h"
#include "sim/trace.h"

#define LINK_POSTED_MAX 64

/* Values of a link, by the tables below. */
struct link_params {
    uint64_t wire_time;   /* 1: bytes take time; 0: infinitely fast */
    uint64_t generation;  /* PCIe generation, 1 to 5 */
    uint64_t lanes;
    uint64_t max_payload_bytes;
    uint64_t max_read_request_bytes;
    uint64_t latency_ps;      /* one way, without the bytes' own time */
    uint64_t memory_read_ps;  /* a DMA read's request at the root complex to its data */
    uint64_t memory_write_ps; /* a DMA write at the root complex to its visibility */
    uint64_t posted_depth;    /* stores on their way before the next one stalls its hart */
};

#define LINK_ASSUMED "assumed"
#define LINK_PCIE_BENCH "pcie-bench (SIGCOMM 2018): a 64-byte DMA read takes 547 ns"
#define LINK_PCIE_SPEC "PCIe base specification"

/* The rows of a PCIe link of that generation and width (strings), which are the device's own:
 * `from` says where they come from. */
#define LINK_PCIE_PARAMS(generation_, lanes_, from) \
    PARAM(struct link_params, wire_time, PARAM_BOOL, "0", "1", 0, 1, LINK_PCIE_SPEC, \
          "bytes take time on the wire"), \
    PARAM(struct link_params, generation, PARAM_COUNT, generation_, generation_, 1, 5, from, \
          "PCIe generation"), \
    PARAM(struct link_params, lanes, PARAM_COUNT, lanes_, lanes_, 1, 16, from, \
          "lanes: 1, 2, 4, 8 or 16"), \
    PARAM(struct link_params, max_payload_bytes, PARAM_BYTES, "256", "256", 128, 4096, \
          "usual setting of PC root ports", "largest payload of a packet"), \
    PARAM(struct link_params, max_read_request_bytes, PARAM_BYTES, "512", "512", 128, 4096, \
          "PCIe base specification: the default of Device Control", "largest read request"), \
    PARAM(struct link_params, latency_ps, PARAM_PS, "0ps", "200ns", 0, PS_PER_S, \
          LINK_PCIE_BENCH, "one way between root complex and device"), \
    PARAM(struct link_params, memory_read_ps, PARAM_PS, "0ps", "117ns", 0, PS_PER_S, \
          LINK_PCIE_BENCH, "root complex: read request to data"), \
    PARAM(struct link_params, memory_write_ps, PARAM_PS, "0ps", "30ns", 0, PS_PER_S, \
          LINK_ASSUMED, "root complex: write to visible in memory"), \
    PARAM(struct link_params, posted_depth, PARAM_COUNT, "32", "32", 1, LINK_POSTED_MAX, \
          LINK_ASSUMED, "posted stores under way before a hart stalls")

/* "pcie" links, the on-chip "soc" bus, and the way of uncached accesses to RAM: the same struct, three
 * tables of defaults. */
extern const struct param link_pcie_params[];
extern const struct param link_soc_params[];
extern const struct param link_memory_params[];

/* PCIe packet sizes on the wire, framing and headers included (PCIe base spec 2.2, 4.2; 64-bit
 * addresses, no ECRC): 8 bytes of framing, sequence number and LCRC, then the header. */
enum { TLP_WRITE_BYTES = 24, TLP_READ_BYTES = 24, TLP_COMPLETION_BYTES = 20 };

#define LINK_BURST_MAX 64

struct posted_write {
    ps_t arrives;
    uint64_t cause;
    struct txn txn; /* addr is absolute; of a burst, its first bytes */
    uint64_t burst_bytes; /* 0: a store, as txn says; else they are in link.burst */
};

struct link {
    const char *name;
    struct clock *clock;
    struct space *space;
    struct trace *trace;
    struct link_params p;
    uint64_t ps_per_4gib; /* derived from p by link_update */
    /* state */
    ps_t down_free, up_free; /* when each direction has sent what it was given */
    ps_t written_until; /* when all that the device has written will be in memory */
    struct posted_write posted[LINK_POSTED_MAX];
    uint32_t posted_head, posted_count;
    uint8_t burst[LINK_POSTED_MAX][LINK_BURST_MAX]; /* apart, so that plain stores are cheap */
    struct event arrival; /* of posted[head] */
};

extern const struct field link_fields[];

void link_init(struct link *link, const char *name, struct clock *clock, struct space *space,
               struct trace *trace);
void link_reset(struct link *link);
/* Derives the rate; call after the parameters are set. */
void link_update(struct link *link);

/* Usable bits per second for packets: the raw rate less encoding, ACK and flow-control packets and
 * SKIP sets (pcie-bench, SIGCOMM 2018; PCIe base spec 5.0 tables 2-46 to 2-48 and 3-7 to 3-9). */
uint64_t link_packet_bits_per_s(const struct link_params *p);

/* Time that `bytes` occupy the wire. */
ps_t link_wire_ps(const struct link *link, uint64_t bytes);

/* Packets of a transfer: total bytes on the wire, headers included. */
uint64_t link_write_bytes(const struct link *link, uint64_t payload);
uint64_t link_completion_bytes(const struct link *link, uint64_t payload);
uint64_t link_request_bytes(const struct link *link, uint64_t payload);

/* Hands packets to a direction at time `now`; returns when the last has arrived at the other end.
 * *began is when the first left (NULL: not asked). */
ps_t link_send_down(struct link *link, uint64_t wire_bytes, ps_t now, ps_t *began);
ps_t link_send_up(struct link *link, uint64_t wire_bytes, ps_t now, ps_t *began);

/* Answers a hart's load at time `now`, with `bytes` of data: when they are at the root complex.  By then
 * what the device has written before is in memory (PCIe base specification 2.4.1: a completion does not
 * pass posted writes), which is why drivers read a register back. */
ps_t link_complete(struct link *link, uint64_t bytes, ps_t now);

/* Whether the queue of posted stores is full; *retry is then when the oldest arrives. */
bool link_full(const struct link *link, ps_t *retry);

/* A hart's store, which reaches the link at `now` (the queue must not be full).  Posted: performed
 * when it arrives, and faults then are dropped, as a posted write's are.  With no latency it is
 * performed at once and *fault says how it went. */
void link_store(struct link *link, const struct txn *txn, ps_t now, uint64_t cause,
                enum fault *fault);

/* As link_store, for up to LINK_BURST_MAX bytes in one packet.  Memory takes them together, a device as
 * the largest aligned accesses that they are made of. */
void link_burst(struct link *link, uint32_t requester, uint64_t addr, const uint8_t *bytes,
                unsigned len, ps_t now, uint64_t cause);

/* All posted stores arrive now, before their time: something that takes no time on this link, and must
 * not pass them, has come. */
void link_push(struct link *link);

/* When all posted stores will have arrived; 0 when none is on its way. */
ps_t link_posted_until(const struct link *link);

#endif
