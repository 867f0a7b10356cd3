/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor rings, the same for both directions: fetched in bursts, kept on the chip, written back
 * in bursts (7.1.4, 7.2.3). */
#ifndef DEV_I82599_RING_H
#define DEV_I82599_RING_H

#include "dev/i82599_impl.h"

static inline void queue_bit_set(uint64_t *bits, unsigned q)
{
    bits[q / 64] |= UINT64_C(1) << (q % 64);
}

static inline void queue_bit_clear(uint64_t *bits, unsigned q)
{
    bits[q / 64] &= ~(UINT64_C(1) << (q % 64));
}

/* The lowest queue whose bit is set, or -1. */
static inline int queue_bit_first(const uint64_t *bits)
{
    for (unsigned w = 0; w < I82599_QUEUES / 64; w++)
        if (bits[w])
            return (int)(w * 64) + __builtin_ctzll(bits[w]);
    return -1;
}

void i82599_ring_init(struct i82599 *n, struct desc_unit *u, bool transmit);
void i82599_ring_reset(struct desc_unit *u);
void i82599_ring_restore(struct desc_unit *u);

/* A queue is enabled with a ring of `bytes`, its head at `head`; the length is taken now, a later
 * change is not seen. */
void i82599_ring_enable(struct desc_unit *u, unsigned q, uint32_t bytes, uint32_t head);
/* Forgets the queue's descriptors, and what is under way for them. */
void i82599_ring_disable(struct desc_unit *u, unsigned q);

/* Descriptors in memory that software has given and hardware has not asked for. */
uint32_t i82599_ring_available(struct desc_unit *u, unsigned q);
/* Asks for more, if it is time to and there are any. */
void i82599_ring_fetch(struct desc_unit *u, unsigned q);

/* The first cached one: used. */
static inline uint8_t *i82599_ring_first(struct desc_queue *queue)
{
    return queue->cache[queue->cached_slot];
}
void i82599_ring_take(struct desc_unit *u, unsigned q);

/* Of the held ones, how many are finished from the first on. */
uint32_t i82599_ring_finished(const struct desc_queue *queue);
/* Writes back the finished ones; false: some are left for want of a free operation.  Those of a
 * receive queue end before `next`, those of a transmit queue before `done`. */
bool i82599_ring_write_back(struct desc_unit *u, unsigned q, bool cause);
/* A 4-byte write of the head's number in place of descriptors; false as above. */
bool i82599_ring_write_head(struct desc_unit *u, unsigned q, uint64_t addr);

/* Called when operations are done: i82599_rx.c and i82599_tx.c. */
void i82599_rx_fetched(struct i82599 *n, unsigned q);
void i82599_tx_fetched(struct i82599 *n, unsigned q);
void i82599_rx_written_back(struct i82599 *n, const struct desc_op *w);
void i82599_tx_written_back(struct i82599 *n, const struct desc_op *w);

#endif
