/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the packet analysis share.
 *
 *   packets.c         reads the trace once and hands each record to the parts:
 *   packets_device.c  wire, NIC, DMA, interrupts: followed by the causes that records name
 *   packets_cpu.c     the kernel's functions: by the skb, the buffer, the task in a0, a1 and tp
 *   packets_send.c    those of a sent packet
 *   packets_context.c what each hart spends its time on
 *   packets_path.c    from instants to steps: the packet that is shown, percentiles, counts
 *
 * The trace may be anybody's: indices are checked where they are made, times where they are
 * subtracted, and what does not fit is left out. */
#ifndef INSIGHT_PACKETS_IMPL_H
#define INSIGHT_PACKETS_IMPL_H

#include "insight/packets.h"

#include "base/bits.h"
#include "insight/timeline.h"
#include "insight/trace_file.h"

/* The instants of a packet, of both directions. */
#define POINTS(P) \
    P(WIRE_BEGIN) P(WIRE_END) P(DATA) P(DATA_DONE) P(WRITEBACK) P(WRITTEN) P(CAUSE) P(MODERATE) \
    P(INTERRUPT) P(PEND) P(WFI_EXIT) P(TRAP) P(HANDLER) P(RAISE) P(THREAD_WAKE) P(SOFTIRQ) \
    P(THREAD) P(BUSY) P(POLL) P(XDP) P(REDIRECT) P(BUILD) P(GRO) P(LIST) P(IP) P(DELIVER) P(UDP) \
    P(QUEUE) P(READABLE) P(WAKE) P(SOFTIRQ_END) P(SWITCH) P(RUN) P(COPY) P(CONSUME) \
    P(ECALL) P(SENDMSG) P(ALLOC) P(GET_USER) P(UDP_OUT) P(IP_OUT) P(QDISC) P(XMIT) P(DRIVER) \
    P(DOORBELL) P(ARRIVE) P(FETCH) P(FETCHED) P(RETURN) P(CLEAN) P(END)
#define POINT(name) AT_##name,
enum point { POINTS(POINT) AT_POINTS };
#undef POINT

#define FUNCTION(role, names) DO_##role,
enum role {
#include "insight/steps/net_functions.def"
    DO_ROLES
};
#undef FUNCTION

/* A record's arguments by name, whatever their places in the file. */
#define EV_FIELD(name, unit) uint64_t name;
#define EV_MEMBER(name, doc) struct { TRACE_ARGS_##name(EV_FIELD) } name;
union ev {
    uint64_t arg[TRACE_ARGS_MAX];
    TRACE_EVENTS(EV_MEMBER)
};
#undef EV_FIELD
#undef EV_MEMBER

#define PACKETS_MAX (UINT32_C(1) << 18)
#define NO_PACKET UINT32_MAX

enum packet_end { STILL_OPEN, TO_USER, TO_RING, TO_XDP, TO_WIRE, DROPPED, ENDS };

/* Lists that a packet can be in, each at most once. */
enum chain { CHAIN_BATCH, CHAIN_REDIRECT, CHAIN_GROUP, CHAIN_WAKE, CHAIN_DONE, CHAINS };

struct packet {
    ps_t at[AT_POINTS]; /* PS_NEVER: not met */
    uint64_t number, skb, buffer, order;
    uint32_t size, next[CHAINS];
    uint16_t queue, first, count, left; /* ring index, descriptors, those not written back yet */
    uint8_t hart[2];                    /* of the poll (send: the sender), of the reader */
    uint8_t in[CHAINS];
    uint8_t end, reason, decided, built, ring;
};

struct list {
    uint32_t head, tail;
};

/* Packets in the order in which the hardware takes them. */
struct fifo {
    uint32_t *item;
    size_t head, count, capacity;
};

struct fetch {
    uint64_t first, count;
    ps_t when, done;
};

#define QUEUES 128
#define FETCHES 16

struct queue {
    struct fifo writeback; /* given to the link or read, not written back yet */
    struct fifo driver;    /* receive: written back, not seen by the driver */
    struct fifo decode;    /* send: behind the doorbell, not decoded */
    struct fifo mac;       /* send: decoded, first bit not sent */
    struct fetch fetch[FETCHES];
    unsigned fetches;
};

/* An interrupt of the NIC, on its way. */
struct interrupt {
    uint64_t vector;
    ps_t moderate, sent, pend, wfi_exit, trap, handler;
    unsigned hart; /* that took the trap */
    bool used;
};
#define INTERRUPTS 256

struct napi {
    uint64_t address;
    struct interrupt by;
    ps_t raise, thread_wake, thread;
    int queue; /* -1: not known */
};
#define NAPIS 128

/* What a later record's cause leads back to. */
enum origin { FROM_NONE, FROM_RX_DATA, FROM_RX_WRITEBACK, FROM_INTERRUPT, FROM_STORE, FROM_FETCH,
              FROM_RX_FETCH, FROM_TX_READ, FROM_TX_WRITEBACK };
struct link_to {
    uint64_t id;
    uint32_t index;
    enum origin origin;
};
#define LINKS 65536

struct writeback {
    ps_t handed;
    uint64_t first, count;
    unsigned queue;
};
#define WRITEBACKS 1024

/* A store to the NIC: packets whose order is below `upto` had been given to it by then. */
struct store {
    ps_t when;
    uint64_t upto;
    unsigned hart;
};
#define STORES 4096

/* A read of data to send.  The NIC reads a packet's data as it comes upon the descriptors, and the
 * event that names the packet follows behind the last read. */
struct data_read {
    uint32_t packet; /* NO_PACKET: not known yet */
    ps_t when, done; /* PS_NEVER: still under way */
};
#define DATA_READS 4096

struct suspended {
    uint64_t pc;
    enum packet_context context;
};
#define SUSPENDED 16

struct hart {
    bool seen;
    enum packet_context context, before_softirq;
    ps_t since, last;     /* of the context; of its records */
    struct suspended suspended[SUSPENDED];
    unsigned suspensions;
    uint64_t tp;          /* of the task that runs, as last seen */
    /* receive */
    struct napi *napi, *raising;
    struct interrupt handled; /* the last one */
    ps_t poll, softirq, busy, switched, copy, flushed;
    uint64_t busy_tp;
    bool in_softirq, in_mark;
    uint32_t verdict, built, enqueued;
    struct list batch, redirected, group;
    bool group_ready;
    /* send */
    ps_t ecall;
    struct fifo given;    /* packets that the driver got, no doorbell yet */
    uint64_t orders;
};

struct task {
    uint64_t tp, used;
    struct list done;     /* their system call has not returned */
    ps_t ecall, sendmsg, alloc, get_user;
};
#define TASKS 64

struct wake {
    uint64_t task;
    struct list packets;
    ps_t softirq_end, when;
    unsigned hart;
    bool open;
};
#define WAKES 32

struct probed {
    uint64_t address;
    enum role role;
};

struct skb_slot {
    uint64_t skb;
    uint32_t packet;
};
#define SKB_SLOTS 65536

struct change {
    ps_t when;
    uint8_t hart, context;
};
struct access {
    ps_t when;
    uint8_t hart, store;
};
#define LOG_MAX (UINT32_C(1) << 22)

struct reading {
    const struct packets_options *o;
    uint64_t skip;
    struct packets *out;
    struct trace_file *file;
    /* the file's schema, in ours */
    int *kind_of;
    int8_t place[TRACE_KIND_COUNT][TRACE_ARGS_MAX];
    int *hart_of; /* by source, -1: no hart */
    struct probed *probed;
    size_t probes, probe_capacity;
    uint64_t roles; /* that the kernel has */

    struct packet *packet;
    size_t packets, capacity, undecided;
    bool full;
    int nic, wire; /* sources, -1: not met yet */
    struct queue queue[QUEUES];
    struct fifo on_wire;
    struct link_to link[LINKS];
    struct interrupt interrupt[INTERRUPTS];
    uint32_t interrupts;
    ps_t moderate[64];
    uint64_t handler_data[64]; /* of a vector; 0: not known */
    uint64_t queue_vectors; /* that had causes of queues */
    struct writeback wb[WRITEBACKS];
    uint32_t wbs;
    struct store store[STORES];
    uint32_t stores;
    struct data_read data_read[DATA_READS];
    uint32_t data_reads, data_reads_named; /* of packets that are known */
    struct napi napi[NAPIS];
    unsigned napis;
    struct hart hart[PACKET_HARTS_MAX];
    struct task task[TASKS];
    uint64_t uses;
    struct wake wake[WAKES];
    unsigned wakes;
    uint64_t xsk_reader;
    struct skb_slot skb[SKB_SLOTS];
    uint32_t marked;
    bool ended;        /* mark 4 was met: what comes after does not count */
    bool out_of_order; /* a buffer was not that of the next packet of its queue */

    ps_t window, last; /* PS_NEVER: not begun */
    struct change *change;
    size_t changes, change_capacity;
    struct access *access;
    size_t accesses, access_capacity;
};

/* ---- packets.c ---- */
struct packet *packet_new(struct reading *r, ps_t now); /* NULL: there are too many */
uint32_t packet_index(const struct reading *r, const struct packet *p);
static inline struct packet *packet_by(struct reading *r, uint32_t i)
{
    return i < r->packets ? &r->packet[i] : NULL;
}
static inline void packet_met(struct packet *p, enum point point, ps_t now)
{
    if (p && p->at[point] == PS_NEVER)
        p->at[point] = now;
}
void packet_drop(struct reading *r, struct packet *p, unsigned reason);
bool in_window(const struct reading *r);
void packets_note(struct packets *out, const char *text, const char *what);

void fifo_push(struct fifo *f, uint32_t item);
static inline uint32_t fifo_at(const struct fifo *f, size_t i)
{
    return i < f->count ? f->item[f->head + i] : NO_PACKET;
}
void fifo_take(struct fifo *f, size_t n); /* removes the first n */
void list_clear(struct list *l);
void list_add(struct reading *r, struct list *l, enum chain chain, uint32_t p);
uint32_t list_take(struct reading *r, struct list *l, enum chain chain); /* NO_PACKET: empty */

/* ---- packets_device.c ---- */
void device_record(struct reading *r, const struct trace_record *rec, enum trace_kind kind,
                   const union ev *e);
/* The interrupt that led to this record, or NULL. */
struct interrupt *device_interrupt(struct reading *r, uint64_t cause);

/* ---- packets_cpu.c ---- */
void cpu_init(struct reading *r);
void cpu_probe(struct reading *r, unsigned hart, ps_t now, const union ev *e);
void cpu_ecall(struct reading *r, unsigned hart, ps_t now);
void cpu_trap(struct reading *r, unsigned hart, ps_t now);
void cpu_user(struct reading *r, unsigned hart, ps_t now);
void cpu_finish(struct reading *r);
void cpu_bind_skb(struct reading *r, uint64_t skb, uint32_t packet); /* NO_PACKET: no more */
struct packet *cpu_packet_of(struct reading *r, uint64_t skb);
struct task *cpu_task(struct reading *r, uint64_t tp);
/* The poll that the hart is in, and the interrupt behind it, are the packet's. */
void cpu_attach_poll(const struct hart *h, struct packet *p);

/* ---- packets_send.c ---- */
void cpu_send_role(struct reading *r, unsigned hart, ps_t now, enum role role, uint64_t a0,
                   uint64_t a1);

/* ---- packets_context.c ---- */
void context_record(struct reading *r, unsigned hart, const struct trace_record *rec,
                    enum trace_kind kind, const union ev *e);
void context_role(struct reading *r, unsigned hart, ps_t now, enum role role);
void context_finish(struct reading *r);
/* What the hart spent most of [from, to) on. */
enum packet_context context_mostly(const struct reading *r, unsigned hart, ps_t from, ps_t to);

/* ---- packets_path.c ---- */
struct packet_row {
    uint8_t chain;
    char step;
    enum packet_lane lane;
    enum point point;
    const char *label;
};
struct packet_total {
    enum point from, to;
    const char *label;
};
int path_finish(struct reading *r, struct err *err);

#endif
