/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the 82599: its parts and their state.  Included by src/dev/i82599*.c only.
 *
 *   wire --> MAC, filters --> packet buffer --> queue chosen --> data written, descriptor written
 *            (i82599_filter)  (i82599_rx)       (i82599_filter)      back --> cause (i82599_irq)
 *   wire <-- MAC <-- segmentation, checksums <-- packet buffer <-- data read <-- descriptors read
 *            (i82599_tx)
 *   registers, reset, EEPROM, module and link, statistics: i82599.c, _eeprom.c, _link.c, _stats.c
 *
 *  1. Guest-visible state is in the bank, or in the plain structs here; the state table has all.
 *  2. Operations of one direction of the PCIe link finish in the order in which they were started;
 *     rings of them are freed in order.
 *  3. A queue's `epoch` grows when it is disabled: what was under way for it is ignored when done.
 *  4. Any register write may come from the device's own DMA and may reset it: a `done` callback
 *     looks at `busy` of its operation first. */
#ifndef DEV_I82599_IMPL_H
#define DEV_I82599_IMPL_H

#include "base/bits.h"
#include "dev/i82599.h"
#include "dev/packet.h"
#include "spec/i82599.h"

#define I82599_QUEUES 128
#define I82599_VECTORS 64        /* of MSI-X (7.3.1.1) */
#define I82599_DESC_BYTES 16
#define I82599_DESC_CACHE 64     /* descriptors of a queue on the chip (7.2.3.3, 7.1.4) */
#define I82599_BURST_MAX 40      /* descriptors of one fetch or write-back */

#define RX_RING_BYTES (UINT32_C(1) << 20) /* host memory behind the 512-KiB receive packet buffer */
#define RX_MOVERS 64             /* data writes under way */
#define WRITEBACKS 32            /* the same of their writes */
#define RSC_CONTEXTS 32          /* coalescings at a time (7.11) */
#define FETCHERS 8               /* descriptor reads under way, receive and transmit each */
#define TX_RING_BYTES (UINT32_C(160) << 10) /* the transmit packet buffer (7.2.1.2) */
#define TX_READERS 32            /* data reads under way */
#define TX_READ_BYTES 2048       /* most of one data read */
#define TX_PACKETS 512           /* packets between their first data read and their last bit */

enum { I82599_REGS(REG_INDEX) I82599_REG_COUNT };
enum { I82599_REG_FIELDS(REG_FIELD_ENUM) };

/* Times and sizes of the controller; times are zero at timing level off. */
struct i82599_params {
    uint64_t rx_pipeline_ps;    /* last bit of a frame to its first DMA */
    uint64_t tx_pipeline_ps;    /* last byte of a packet on the chip to its first bit on the wire */
    uint64_t rx_prefetch;       /* descriptors kept on the chip for a receive queue */
    uint64_t rx_writeback;      /* most descriptors of one receive write-back */
    uint64_t tx_prefetch;       /* most descriptors of one transmit fetch */
    uint64_t link_up_ps;        /* AUTOC restart, or module in, to link */
    uint64_t reset_ps;          /* CTRL.RST or LNK_RST to cleared */
    uint64_t eeprom_word_ps;    /* EERD start to done */
    uint64_t itr_unit_ps;       /* EITR's unit (8.2.3.5.12) */
    uint64_t rsc_unit_ps;       /* GPIE.RSC_DELAY's unit */
};
extern const struct param i82599_params[];

/* ---- descriptors (i82599_ring.c) ---- */

/* A queue's descriptors on the chip: fetched and not used yet, used and not written back yet. */
struct desc_queue {
    uint8_t cache[I82599_DESC_CACHE][I82599_DESC_BYTES]; /* ring of slots: [cached_slot], ... */
    uint16_t cached_slot, cached; /* first in cache[], how many */
    uint16_t next;      /* ring index of the first cached one: the next to be used */
    uint16_t fetch;     /* ring index of the next to be fetched */
    uint16_t fetching;  /* asked for, not here yet */
    uint16_t done;      /* the head as software reads it.  Receive: all before it are written back;
                         * transmit: done with */
    uint16_t held;      /* used, in writeback[], not sent yet */
    uint16_t count;     /* length of the ring while enabled */
    uint8_t writeback[I82599_BURST_MAX][I82599_DESC_BYTES];
    uint8_t enabled;
    uint8_t faulted;    /* its ring cannot be read: nothing more until it is enabled anew */
    uint8_t lli;        /* receive: one of the held ones asks for an interrupt at once */
    uint8_t status;     /* transmit: one of the held ones asks for its status (RS) */
    uint32_t epoch;     /* 32 bits: software cannot wind it around under an operation */
    uint32_t part;      /* transmit: bytes of the first cached one that were asked for */
    uint32_t need;      /* receive: descriptors that the frame in front waits for; 0: none */
    uint64_t open;      /* receive: of the held ones, not finished: their packet still grows */
    uint64_t cause;     /* trace record of the latest frame (receive) or fetch (transmit) */
    uint8_t context[2][I82599_DESC_BYTES]; /* transmit */
};

/* Reads or writes descriptors of a queue. */
struct desc_op {
    struct dma_op op;
    struct desc_unit *unit;
    uint16_t queue, first, count; /* ring indices */
    uint32_t epoch;
    uint8_t busy;
    uint8_t cause;      /* write-back: raise the queue's cause */
    uint8_t lli;
    uint8_t buf[I82599_BURST_MAX * I82599_DESC_BYTES];
};

/* The queues of one direction, and what moves their descriptors. */
struct desc_unit {
    struct i82599 *n;
    bool transmit;
    struct desc_queue queue[I82599_QUEUES];
    struct desc_op fetch[FETCHERS], writeback[WRITEBACKS];
    uint32_t writeback_first;
    uint64_t want[I82599_QUEUES / 64]; /* queues that could fetch but for a free operation */
    uint64_t held[I82599_QUEUES / 64]; /* queues with write-backs held */
};

/* ---- receive ---- */

enum rx_state { RX_WAITING /* for its turn */, RX_MOVING, RX_OVER /* its space is free in turn */ };

/* A frame in the packet buffer; its bytes follow.  In the ring all sizes are multiples of 64. */
struct rx_slot {
    uint32_t bytes;    /* of the slot with its frame; 0xffffffff in `len`: skip to the ring's start */
    uint32_t len;      /* of the frame */
    uint64_t number;   /* of the wire */
    uint64_t cause;    /* trace record of the arrival */
    ps_t ready;        /* when the pipeline has it */
    uint32_t charge;   /* what it takes of the packet buffer */
    uint8_t state, ops;
    uint8_t fcs;       /* bytes of the check sequence that were kept, of len */
    uint8_t start;     /* bytes cut off at the front (a VLAN tag) */
    uint8_t reserved[24];
};

/* What the filters say of a frame (i82599_filter.c). */
struct rx_route {
    bool drop;          /* a filter drops it (flow director's drop queue) */
    uint8_t queue;
    uint8_t rss_type;   /* descriptor bits 3:0 */
    bool lli;           /* low-latency interrupt */
    bool fdir;          /* a flow director filter matched: FLM */
    bool fdir_looked;   /* flow director was asked */
    uint8_t ether;      /* 1 + the ethertype filter that matched: it is the packet type */
    uint32_t hash;      /* RSS hash, or flow director's id as the descriptor has it */
    uint32_t errors;    /* descriptor bits 22:20 of status and errors (flow director's) */
};

struct rx_engine {
    /* packet buffer: a ring of slots */
    uint8_t *ring;
    uint32_t head;      /* the oldest slot */
    uint32_t next;      /* the first slot that waits for its turn */
    uint32_t tail;      /* where the next slot goes */
    uint32_t slots, waiting;
    uint64_t charged;   /* bytes of the packet buffer taken */
    bool xoff_sent;
    uint8_t blocked;    /* 1 + the queue whose descriptors slot[next] waits for; 0: none */
    struct event ready; /* the pipeline has slot[next] */
    struct event xoff;  /* refresh (FCRTV) */
    uint32_t mover_first, movers; /* ring of operations under way */
};

struct rx_mover {
    struct dma_op op;
    struct i82599 *n;
    uint32_t slot, at;  /* offsets in the ring: of the frame's slot, of the bytes */
    uint8_t busy;
};

enum rsc_state { RSC_FREE, RSC_OPEN, RSC_CLOSING };

/* A coalescing: one large packet that grows (i82599_rsc.c). */
struct rsc_context {
    ps_t deadline;
    uint64_t cause;           /* trace record of its latest segment */
    uint64_t address, first_address; /* of the current buffer, of the first */
    uint32_t buffer, filled;  /* bytes of a buffer, and taken of the current one */
    uint32_t total;           /* bytes of the packet */
    uint32_t info, hash, status; /* for its descriptors */
    uint32_t next_seq;
    uint16_t current;         /* ring index of the current descriptor */
    uint16_t source_port, destination_port, vlan;
    uint16_t l3_at, l4_at, header_bytes;
    uint16_t packets, started; /* segments in all; those that start in the current buffer */
    uint16_t descriptors;
    uint8_t state, queue, tos;
    uint8_t tagged, stripped, stamp;
    uint8_t source[4], destination[4];
    uint8_t header[96];
};

struct rsc_header {
    struct dma_op op;
    struct i82599 *n;
};

struct rsc_engine {
    uint64_t open;      /* contexts that are */
    struct rsc_context context[2 * RSC_CONTEXTS]; /* as many again are closing */
    struct rsc_header header[2 * RSC_CONTEXTS]; /* their last writes */
    struct event aging; /* the earliest deadline of one, or sooner */
};

/* ---- transmit ---- */

/* A packet whose data are in tx.ring, or on their way. */
struct tx_packet {
    uint32_t bytes;     /* asked for so far */
    uint32_t arrived;   /* on the chip */
    uint32_t taken;     /* gone from the ring */
    uint32_t paylen;    /* TSO: payload, from the descriptor */
    uint32_t segments;  /* sent */
    struct packet_offload offload;
    uint8_t queue;
    uint8_t whole;      /* its last descriptor was seen */
    uint8_t tso, insert_vlan;
    uint8_t bad;        /* thrown away as it comes */
    uint8_t legacy_sum, sum_start, sum_at; /* a legacy descriptor's IC, CSS, CSO */
    uint16_t vlan;
    uint16_t first, descriptors; /* ring index of its first one; how many */
    uint16_t pad;       /* no hole: it is saved as bytes */
    uint64_t cause;     /* trace record of its decoding */
    ps_t ready;         /* when its first frame may leave; 0: not known yet */
};

/* One data read; also, without one, a descriptor that has no data.  Retired in order. */
struct tx_read {
    struct dma_op op;
    struct i82599 *n;
    uint32_t at, len;    /* in tx.ring */
    uint16_t packet;     /* in tx.packet[] */
    uint16_t queue, desc;
    uint32_t epoch;
    uint8_t busy;
    uint8_t here;        /* its bytes have arrived */
    uint8_t data;        /* it belongs to a packet (no context descriptor) */
    uint8_t last;        /* its descriptor is done with it */
    uint8_t bytes[I82599_DESC_BYTES]; /* the descriptor */
};

struct tx_engine {
    struct tx_packet packet[TX_PACKETS]; /* ring */
    uint32_t packet_first, packets;
    uint8_t *ring;
    uint32_t ring_head, ring_used;
    uint32_t read_first, reads;
    uint8_t current;     /* the queue that is served, or was last */
    uint8_t in_packet;   /* its packet has begun and not ended: the last of packet[] */
    uint8_t control_waiting;
    uint8_t control[FRAME_BYTES_MIN]; /* a PAUSE frame that waits for the wire */
    ps_t free;           /* when the MAC has sent what it sends */
    ps_t paused_until;   /* by the partner's PAUSE */
    uint64_t ready[I82599_QUEUES / 64]; /* queues with descriptors on the chip */
    uint64_t stuck[I82599_QUEUES / 64]; /* queues whose write-back waits for a free operation */
    uint8_t header[1024]; /* of the TSO that is being sent */
    struct event mac;    /* the wire is free, or the pipeline has the packet */
    /* derived */
    uint8_t frame[FRAME_BYTES_MAX + 4]; /* the frame that is being made */
};

/* ---- interrupts ---- */

struct irq_vector {
    struct event event;  /* EITR's interval is over */
    struct i82599 *n;
    ps_t next;           /* earliest next interrupt */
    ps_t since;          /* a cause waits since */
    uint64_t cause;      /* trace record of the cause that waits */
    uint8_t waiting;
};

struct irq_engine {
    uint64_t vectors;    /* queue causes by MSI-X vector (EICR 15:0 shows the low ones) */
    uint32_t other;      /* EICR 30:16 */
    uint64_t mask;       /* EIMS and EIMS_EX: vectors enabled */
    uint32_t other_mask; /* EIMS 30:16 */
    uint64_t auto_mask;  /* EIAM, EIAM_EX */
    uint32_t other_auto_mask;
    uint64_t auto_clear; /* EIAC */
    uint32_t other_auto_clear;
};

/* ---- registers, EEPROM, link ---- */

/* The SPI EEPROM behind EEC's wires (6.3): a command, two address bytes, then data. */
struct eeprom_spi {
    uint32_t in;        /* bits from software, the latest lowest */
    uint8_t bits;       /* of the command and address, at most 24; then of the byte */
    uint8_t command;    /* 0: not known yet */
    uint8_t out;        /* byte that goes to software, bit 7 next */
    uint8_t writable;   /* WREN was given */
    uint16_t address;   /* bytes */
    uint8_t pad[2];
};

struct i82599_control {
    struct event reset;   /* ends CTRL.RST and LNK_RST */
    struct event eeprom;  /* ends EERD or EEWR */
    struct eeprom_spi spi;
    uint16_t eerd_data;
    uint8_t eerd_done, eewr_busy;
    uint8_t smbi;         /* SWSM.SMBI */
    uint8_t pad[3];
    uint64_t time;        /* SYSTIM at time_at */
    ps_t time_at;
};

/* The module's I2C slave (SFF-8472, I2C 3.1). */
struct i2c_slave {
    uint8_t scl, sda;   /* the wires as software drives them */
    uint8_t phase;      /* i82599_link.c */
    uint8_t bits;       /* 0 to 8 of a byte; 9: its acknowledge */
    uint8_t shift;
    uint8_t pull;       /* the slave pulls data low */
    uint8_t device;     /* address on the bus, read bit 0 */
    uint8_t pointer;    /* byte that is read or written next */
};

struct i82599_link {
    struct event up;    /* ends a restart */
    uint32_t mbps;      /* of the link; 0: down */
    uint32_t pad;
    struct i2c_slave i2c;
};

struct i82599 {
    struct pci_function pci; /* first */
    const char *name;
    struct clock *clock;
    struct trace *trace;
    struct wire *wire;       /* its own (never up) when it was given none */
    struct wire *own_wire;
    struct bank bank;
    uint32_t io_address; /* IOADDR */
    struct i82599_params p;
    unsigned speed;          /* of the module, in Gb/s: 10 or 1 */
    bool cable;              /* there is somebody at the other end */
    uint8_t mac[6];
    uint16_t eeprom[I82599_EEPROM_WORDS]; /* made at power-on */

    struct desc_unit rxd;
    struct rx_engine rx;
    struct rx_mover rx_mover[RX_MOVERS];
    struct rsc_engine rsc;

    struct desc_unit txd;
    struct tx_engine tx;
    struct tx_read tx_read[TX_READERS];

    struct irq_engine irq;
    struct irq_vector vector[I82599_VECTORS];

    struct i82599_control control;
    struct i82599_link link;
    struct i82599_filters *filters; /* i82599_filter.c: flow director's table */
};

#define bank32(n, reg) ((uint32_t)bank_value(&(n)->bank, reg))
#define bank32_at(n, reg, i) ((uint32_t)*bank_at(&(n)->bank, reg, i))

/* A receive queue's register: rows for queues 64 to 127 come right after those for 0 to 63. */
static inline uint64_t *rxq_reg(struct i82599 *n, unsigned reg, unsigned q)
{
    return bank_at(&n->bank, q < 64 ? reg : reg + 1, q & 63);
}

/* Drops an operation and leaves the state of one that never was (i82599_ring.c). */
void i82599_op_clear(struct dma_op *op);

/* ---- i82599_rx.c ---- */
void i82599_rx_init(struct i82599 *n);
void i82599_rx_fini(struct i82599 *n);
void i82599_rx_reset(struct i82599 *n); /* also drops operations under way */
void i82599_rx_restore(struct i82599 *n);
/* Of the wire; also of the loopback. */
void i82599_rx_frame(void *owner, const struct frame *frame);
void i82599_rxdctl_written(struct i82599 *n, unsigned q, uint32_t old);
void i82599_rdt_written(struct i82599 *n, unsigned q);
uint32_t i82599_rdh(const struct i82599 *n, unsigned q);
/* RXCTRL.RXEN changed, or whether a queue drops what it has no descriptors for. */
void i82599_rx_kick(struct i82599 *n);

/* ---- i82599_tx.c ---- */
void i82599_tx_init(struct i82599 *n);
void i82599_tx_fini(struct i82599 *n);
void i82599_tx_reset(struct i82599 *n);
void i82599_tx_restore(struct i82599 *n);
void i82599_txdctl_written(struct i82599 *n, unsigned q, uint32_t old);
void i82599_tdt_written(struct i82599 *n, unsigned q);
uint32_t i82599_tdh(const struct i82599 *n, unsigned q);
void i82599_tx_kick(struct i82599 *n); /* DMATXCTL.TE, link, or a pause ended */
/* PAUSE with this time in quanta (0: XON); sent before any packet. */
void i82599_tx_pause(struct i82599 *n, uint16_t quanta);
/* The partner asks for a pause. */
void i82599_tx_paused(struct i82599 *n, uint16_t quanta);
/* EITR's interval of a queue's vector is over: held write-backs go; `cause`: and interrupt. */
void i82599_tx_flush(struct i82599 *n, unsigned q, bool cause);

/* ---- i82599_irq.c ---- */
void i82599_irq_init(struct i82599 *n);
void i82599_irq_reset(struct i82599 *n);
void i82599_rx_cause(struct i82599 *n, unsigned q, bool lli);
void i82599_tx_cause(struct i82599 *n, unsigned q);
/* The queue holds write-backs: they are to go at the end of its vector's interval. */
void i82599_tx_held(struct i82599 *n, unsigned q);
/* When EITR's interval of a receive queue's vector ends, or has ended. */
ps_t i82599_rx_interval_end(const struct i82599 *n, unsigned q);
void i82599_other_cause(struct i82599 *n, uint32_t eicr_bits); /* 30:16, such as I82599_EICR_LSC */
/* Reads and writes of EICR, EICS, EIMS, EIMC, EIAC, EIAM, their _EX forms, EITR, GPIE: `reg` is
 * the row, `index` the instance.  Reading EICR clears as GPIE says. */
uint64_t i82599_irq_read(struct i82599 *n, unsigned reg, unsigned index, uint64_t stored);
void i82599_irq_write(struct i82599 *n, unsigned reg, unsigned index, uint64_t old,
                      uint32_t written);

/* ---- i82599_filter.c ---- */
int i82599_filter_init(struct i82599 *n);
void i82599_filter_fini(struct i82599 *n);
void i82599_filter_reset(struct i82599 *n);
void i82599_filter_restore(struct i82599 *n);
/* Whether the MAC takes a frame of this destination (RAL/RAH, MTA, broadcast, promiscuous modes of
 * FCTRL; 7.1.1.1) and VLAN (VLNCTRL, VFTA; 7.1.1.2). */
bool i82599_accepts(struct i82599 *n, const uint8_t *frame, uint32_t len);
/* The queue, in the order of 7.1.2.1 (ethertype, SYN, five-tuple, flow director, RSS, queue 0). */
struct rx_route i82599_route(struct i82599 *n, const struct packet *p, const uint8_t *frame);
/* Counts a route that is being followed (FDIRMATCH, FDIRMISS). */
void i82599_route_count(struct i82599 *n, const struct rx_route *route);
/* A register of MAC filters, queue filters, RSS or flow director was written (RAL, RAH, ETQF, ETQS,
 * SAQF and its like, MRQC, RETA, RSSRK, FDIR...): all of them, for something is derived from each. */
void i82599_filter_write(struct i82599 *n, unsigned reg, unsigned index, uint64_t old,
                         uint32_t written);
/* The stored value, with INIT_DONE, FDIRCMD's command bits and so on as they are now. */
uint64_t i82599_filter_read(struct i82599 *n, unsigned reg, unsigned index, uint64_t stored);

/* ---- i82599_stats.c ---- */
/* Adds to a statistics register (row, instance). */
void i82599_stat(struct i82599 *n, unsigned reg, unsigned index, uint64_t amount);
/* A frame at the MAC (sizes, casts, errors: 8.2.3.23); `accepted` by the filters.  Bytes count with
 * the check sequence, from the destination address. */
void i82599_stat_rx(struct i82599 *n, const struct frame *frame, bool accepted);
/* `control`: a PAUSE frame, which did not come by DMA. */
void i82599_stat_tx(struct i82599 *n, const uint8_t *frame, uint32_t len, bool control);
/* The queue's counters: QPRC, QBRC, QPRDC (through RQSMR), QPTC, QBTC (through TQSM). */
void i82599_stat_rx_queue(struct i82599 *n, unsigned q, uint32_t len, bool dropped);
void i82599_stat_tx_queue(struct i82599 *n, unsigned q, uint32_t len);
uint64_t i82599_stat_read(struct i82599 *n, unsigned reg, unsigned index, uint64_t stored);

/* ---- i82599.c ---- */
/* The rate of SYSTIM changes with the link: keeps what it has counted. */
void i82599_time_rebase(struct i82599 *n);

/* ---- i82599_eeprom.c ---- */
void i82599_eeprom_init(struct i82599 *n);
/* Any reset: accesses under way are dropped. */
void i82599_eeprom_stop(struct i82599 *n);
/* Power-on: the image is made anew; what software wrote is lost. */
void i82599_eeprom_reset(struct i82599 *n);
/* The MAC address that a reset loads into RAL0 and RAH0. */
void i82599_eeprom_mac(const struct i82599 *n, uint8_t mac[6]);
/* EEC, EERD, EEWR, FLA. */
uint64_t i82599_eeprom_read(struct i82599 *n, unsigned reg, uint64_t stored);
void i82599_eeprom_write(struct i82599 *n, unsigned reg, uint64_t old, uint32_t written);

/* ---- i82599_link.c ---- */
void i82599_link_init(struct i82599 *n);
/* Power-on and link reset: the link is down, nobody is told, and it starts by itself. */
void i82599_link_reset(struct i82599 *n);
/* Registers that matter to the link have changed (a software reset does so, too). */
void i82599_link_update(struct i82599 *n);
bool i82599_link_is_up(const struct i82599 *n); /* on the wire, or forced by a loopback */
bool i82599_loopback(const struct i82599 *n);   /* HLREG0.LPBK with the MAC able to send to itself */
/* I2CCTL, ESDP, AUTOC, AUTOC2, HLREG0, LINKS, ANLP1, PCS1GLSTA, PCS1GANLP, MSCA, MSRWD. */
uint64_t i82599_link_read(struct i82599 *n, unsigned reg, uint64_t stored);
void i82599_link_write(struct i82599 *n, unsigned reg, uint64_t old, uint32_t written);
/* A byte of the module, at I82599_SFP_A0 or _A2. */
uint8_t i82599_module_byte(const struct i82599 *n, unsigned page, unsigned at);

#endif
