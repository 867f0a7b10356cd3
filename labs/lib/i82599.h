/* SPDX-License-Identifier: Apache-2.0 */
/* A driver for the Intel 82599 10 Gb/s network controller (spec/i82599.h; sections are those of the
 * datasheet, revision 3.4).
 *
 *     static struct i82599 nic;
 *     static struct i82599_rx rx;
 *     static uint8_t buffers[256 * I82599_BUFFER_BYTES];
 *     if ((why = i82599_init(&nic)) || (why = i82599_rx_init(&nic, &rx, 0, 256, buffers)))
 *         die(why);
 *     for (;;) {
 *         n = i82599_receive(&rx, frames, 32);    frames that have come: memory only
 *         ...
 *         i82599_refill(&rx, n);                  their buffers back into the ring: memory only
 *         i82599_rx_tail(&rx);                    and to the controller: one register write
 *     }
 *
 * Who owns what: rings are inside the structs, which the caller declares (static: they are aligned
 * and large); buffers are the caller's.  A receive buffer belongs to the controller until its frame
 * is handed out by i82599_receive(), then to the caller until i82599_refill(), which takes them
 * back in the order in which they came.  A frame to send belongs to the controller from
 * i82599_send() until i82599_sent() has counted it.  Addresses are physical: a paged program maps
 * them to themselves.
 *
 * Polling needs no more.  With interrupts, a ring's cause goes to a vector:
 *
 *     i82599_vector(&nic, 0, handler, context);   0: MSI-X, or the wire where none is
 *     i82599_rx_vector(&rx, 0);
 *     i82599_throttle(&nic, 0, 50);               at most one interrupt in 50 us
 *     i82599_unmask(&nic, 1 << 0);
 *
 * and the handler may mask it, have the main program poll, and unmask it when nothing is left
 * (what came in between interrupts at once): Linux's NAPI.  As writes are posted, a handler may
 * run once more after it has masked its vector, and find nothing to do. */
#ifndef LABS_LIB_I82599_H
#define LABS_LIB_I82599_H

#include "spec/i82599.h"

#include <stdbool.h>
#include <stdint.h>

struct pci_device;

enum {
    I82599_RING_MAX = 512,      /* descriptors of a ring */
    I82599_BUFFER_BYTES = 2048, /* of a receive buffer: any frame without jumbo fits */
    I82599_FRAME_MIN = 14,      /* bytes of a frame to send, without the check sequence */
    I82599_FRAME_MAX = 1514,
    I82599_VECTORS_MAX = 8,
    I82599_RINGS_MAX = 8,       /* of each kind */
};

struct i82599 {
    struct pci_device *device;
    uintptr_t registers; /* BAR 0 */
    uint32_t port;       /* I/O BAR's first port, 0: none */
    uint8_t mac[6];
    uint32_t unmasked;   /* vectors */
    uint32_t kept;       /* by the wire: causes of masked ones, which reading EICR has cleared */
    struct {
        void (*handler)(void *context);
        void *context;
    } vector[I82599_VECTORS_MAX];
};

/* A receive ring. */
struct i82599_rx {
    _Alignas(128) volatile uint64_t ring[I82599_RING_MAX][2];
    struct i82599 *nic;
    unsigned number, entries;
    uint32_t next;    /* descriptor to look at */
    uint32_t refill;  /* oldest that is the caller's: next - refill frames are lent */
    uint8_t *buffers; /* descriptor n's is buffers + n * I82599_BUFFER_BYTES */
};

/* A transmit ring. */
struct i82599_tx {
    _Alignas(128) volatile uint64_t ring[I82599_RING_MAX][2];
    struct i82599 *nic;
    unsigned number, entries;
    uint32_t next;  /* descriptor to fill */
    uint32_t clean; /* oldest that may not have been sent */
};

/* A frame that has come: without check sequence. */
struct i82599_frame {
    uint8_t *bytes;
    uint32_t length;
    bool good; /* false: the controller found an error in it */
};

/* Since the last call (the registers clear when read). */
struct i82599_statistics {
    uint64_t received, received_bytes; /* good and through the filters */
    uint64_t sent, sent_bytes;
    uint64_t missed;        /* lost: the receive packet buffer was full (RXMPC) */
    uint64_t no_descriptor; /* lost: the ring was empty (QPRDC, with `drop` rings) */
    uint64_t errors;        /* bad check sequence, too short, too long */
};

/* Finds the first 82599, resets it (4.6.3), and brings up the link (4.6.4).  Receives broadcasts,
 * its own address (nic->mac) and, as it is promiscuous, all else.  Returns NULL, or why not; the
 * link comes last, so without one the rest is ready.  May be called again: rings have to be set up
 * anew. */
const char *i82599_init(struct i82599 *);

/* Is the link up now? */
bool i82599_link(const struct i82599 *);

/* What is sent comes back, and nothing reaches the wire (3.7.6).  After i82599_init(). */
void i82599_loopback(struct i82599 *, bool on);

/* Sets up receive ring `number` (0 to I82599_RINGS_MAX - 1) of `entries` descriptors (8 to
 * I82599_RING_MAX, a multiple of 8), with as many buffers; it starts to receive (4.6.7).
 * Returns NULL, or why not. */
const char *i82599_rx_init(struct i82599 *, struct i82599_rx *, unsigned number, unsigned entries,
                           uint8_t *buffers);

/* With a full ring, new frames are dropped one by one (and counted as no_descriptor), in place
 * of waiting in the packet buffer until that is full (and counted as missed).  7.1.3,
 * SRRCTL.Drop_En. */
void i82599_rx_drop(struct i82599_rx *, bool on);

/* Spreads flows over rings 0 to `rings` - 1 (a power of two) by their hash (7.1.2.8). */
void i82599_spread(struct i82599 *, unsigned rings);

/* Hands out at most `most` frames, in the order of their coming; returns how many. */
unsigned i82599_receive(struct i82599_rx *, struct i82599_frame *, unsigned most);

/* Puts the `count` oldest buffers that were handed out back into the ring.  They are the
 * controller's after i82599_rx_tail(), which may be called once for many. */
void i82599_refill(struct i82599_rx *, unsigned count);
void i82599_rx_tail(struct i82599_rx *);

/* Likewise a transmit ring (4.6.8). */
const char *i82599_tx_init(struct i82599 *, struct i82599_tx *, unsigned number, unsigned entries);

/* Puts a frame into the ring: false when that is full, or the frame too long or too short.
 * The controller sends it after i82599_tx_tail(), which may be called once for many. */
bool i82599_send(struct i82599_tx *, const void *frame, unsigned bytes);
void i82599_tx_tail(struct i82599_tx *);

/* How many more frames, the oldest first, have been sent and are the caller's again. */
unsigned i82599_sent(struct i82599_tx *);

/* From now on `handler` runs for vector `number` (0 to I82599_VECTORS_MAX - 1); it still is
 * masked.  Vectors are bits of EICR, and with MSI-X also the messages' numbers.  Returns NULL,
 * or why not. */
const char *i82599_vector(struct i82599 *, unsigned number, void (*handler)(void *context),
                          void *context);

/* A ring's frames interrupt by that vector: those that came, those that were sent. */
void i82599_rx_vector(struct i82599_rx *, unsigned number);
void i82599_tx_vector(struct i82599_tx *, unsigned number);

/* At least that many microseconds between interrupts of the vector (7.3.2.1; steps of 2 up to
 * 1022); 0: each at once.  On the wire, vector 0's is that of all. */
void i82599_throttle(struct i82599 *, unsigned number, unsigned interval_us);

/* Masks and unmasks vectors, a bit each (EIMC, EIMS).  Masked causes are kept. */
void i82599_mask(struct i82599 *, uint32_t vectors);
void i82599_unmask(struct i82599 *, uint32_t vectors);

void i82599_statistics(struct i82599 *, struct i82599_statistics *);

/* A register through the I/O window, as BIOSes did: its offset to IOADDR, its value at IODATA.
 * `nic->port` says whether there is one. */
uint32_t i82599_port_read(const struct i82599 *, uint32_t offset);
void i82599_port_write(const struct i82599 *, uint32_t offset, uint32_t value);

#endif
