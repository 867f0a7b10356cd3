/* SPDX-License-Identifier: Apache-2.0 */
/* Between i82599_rx.c and i82599_rsc.c. */
#ifndef DEV_I82599_RX_H
#define DEV_I82599_RX_H

#include "dev/i82599_impl.h"

/* The frame that leaves the packet buffer next. */
struct rx_frame {
    struct packet p;
    struct rx_route route;
    uint32_t buffer;        /* bytes of a buffer of its queue */
    uint32_t type;          /* of the descriptor */
    enum packet_check ip, l4;
    bool stripped, legacy;  /* of its tag; the descriptor's form */
};

static inline uint8_t *rx_slot_bytes(struct rx_slot *slot)
{
    return (uint8_t *)(slot + 1);
}

/* Starts the write of `len` bytes of a slot to memory; there must be a free mover. */
void i82599_rx_move(struct i82599 *n, struct rx_slot *slot, uint64_t addr, uint8_t *bytes,
                    uint32_t len);
/* The first cached descriptor of a queue is used: what is to be written back goes to (and its
 * address is found in) writeback[held - 1]. */
void i82599_rx_take(struct i82599 *n, unsigned q);
/* Hands what is finished of the held descriptors to the link. */
void i82599_rx_write_back(struct i82599 *n, unsigned q);

/* ---- i82599_rsc.c ---- */
void i82599_rsc_init(struct i82599 *n);
void i82599_rsc_reset(struct i82599 *n);
void i82599_rsc_restore(struct i82599 *n);
/* Takes a frame into a coalescing, or opens one with it: true.  Else it goes alone, and no
 * coalescing of its flow is left open. */
bool i82599_rsc_take(struct i82599 *n, struct rx_slot *slot, struct rx_frame *f);
/* Ends all of a queue's. */
void i82599_rsc_close_queue(struct i82599 *n, unsigned q);
/* The queue is gone, with its descriptors. */
void i82599_rsc_forget(struct i82599 *n, unsigned q);

#endif
