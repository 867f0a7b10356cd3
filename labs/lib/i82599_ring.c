/* SPDX-License-Identifier: Apache-2.0 */
/* Rings of descriptors: frames that come, frames that go. */
#include "labs/lib/i82599.h"

#include "labs/lib/fence.h"
#include "labs/lib/i82599_registers.h"
#include "labs/lib/timer.h"

#include <stddef.h>

#define QUEUE_US 10000
#define HEADER_BUFFER (4 << I82599_SRRCTL_BSIZEHEADER_LSB) /* the reset value; not used */
#define DCA_RXCTRL_MAGIC (1u << 12)

static const char *bad_ring(unsigned number, unsigned entries)
{
    if (number >= I82599_RINGS_MAX)
        return "82599: no such ring";
    /* 8.2.3.8.3: RDLEN counts 128 bytes, which are 8 descriptors. */
    if (entries < 8 || entries > I82599_RING_MAX || entries % 8)
        return "82599: a ring has 8 to 512 descriptors, a multiple of 8";
    return NULL;
}

/* ---- receive ---- */

static void give(struct i82599_rx *rx, uint32_t i)
{
    /* 7.1.6.1: where the frame goes.  The second half is for split headers; being 0, it also clears
     * the DD bit that the controller sets there. */
    rx->ring[i][0] = (uintptr_t)rx->buffers + (uint64_t)i * I82599_BUFFER_BYTES;
    rx->ring[i][1] = 0;
}

/* 4.6.7, its last step, with the first queue: the data path is held while the receiver starts. */
static const char *receiver_on(struct i82599 *n)
{
    if (get(n, I82599_RXCTRL) & I82599_RXCTRL_RXEN)
        return NULL;
    set(n, I82599_SECRXCTRL, I82599_SECRXCTRL_RX_DIS);
    if (!WAIT_FOR(get(n, I82599_SECRXSTAT) & I82599_SECRXSTAT_SECRX_RDY, QUEUE_US))
        return "82599: the receive path does not empty";
    set(n, I82599_RXCTRL, I82599_RXCTRL_RXEN);
    clear(n, I82599_SECRXCTRL, I82599_SECRXCTRL_RX_DIS);
    return NULL;
}

const char *i82599_rx_init(struct i82599 *n, struct i82599_rx *rx, unsigned number,
                           unsigned entries, uint8_t *buffers)
{
    unsigned q = number * I82599_RDBAL_STEP; /* registers of the first 64 queues lie alike */
    const char *why = bad_ring(number, entries);

    if (why)
        return why;
    rx->nic = n;
    rx->number = number;
    rx->entries = entries;
    rx->next = rx->refill = 0;
    rx->buffers = buffers;
    for (uint32_t i = 0; i < entries; i++)
        give(rx, i);

    /* 4.6.7, of a queue, in its order: ring, buffers, enable, tail. */
    put(n, I82599_RDBAL + q, (uint32_t)(uintptr_t)rx->ring);
    put(n, I82599_RDBAH + q, (uint32_t)((uint64_t)(uintptr_t)rx->ring >> 32));
    put(n, I82599_RDLEN + q, entries * sizeof rx->ring[0]);
    i82599_rx_drop(rx, false);
    clear(n, I82599_DCA_RXCTRL + q, DCA_RXCTRL_MAGIC); /* 4.6.7, its last sentence */
    set(n, I82599_RXDCTL + q, I82599_RXDCTL_ENABLE);
    if (!WAIT_FOR(get(n, I82599_RXDCTL + q) & I82599_RXDCTL_ENABLE, QUEUE_US))
        return "82599: a receive queue does not start";
    i82599_rx_tail(rx);
    return receiver_on(n);
}

void i82599_rx_drop(struct i82599_rx *rx, bool on)
{
    /* 8.2.3.8.7: buffers of 2 KiB; advanced descriptors with one buffer each. */
    put(rx->nic, I82599_SRRCTL + rx->number * I82599_SRRCTL_STEP,
        I82599_BUFFER_BYTES / 1024 | HEADER_BUFFER |
        I82599_DESCTYPE_ADVANCED << I82599_SRRCTL_DESCTYPE_LSB |
        (on ? I82599_SRRCTL_DROP_EN : 0));
}

unsigned i82599_receive(struct i82599_rx *rx, struct i82599_frame *frames, unsigned most)
{
    unsigned count = 0;

    while (count < most) {
        /* 7.1.6.2: status 31:0, length 47:32; one load has both. */
        uint64_t done = rx->ring[rx->next][1];
        struct i82599_frame *f = &frames[count];

        if (!(done & I82599_RXD_DD))
            break;
        f->bytes = rx->buffers + (uint64_t)rx->next * I82599_BUFFER_BYTES;
        f->length = done >> (I82599_RXD_LENGTH - I82599_RXD_STATUS) * 8 & 0xffff;
        f->good = done & I82599_RXD_EOP && !(done & I82599_RXD_RXE);
        rx->next = (rx->next + 1) % rx->entries;
        count++;
    }
    if (count)
        fence_completion();
    return count;
}

void i82599_refill(struct i82599_rx *rx, unsigned count)
{
    for (; count && rx->refill != rx->next; count--) {
        give(rx, rx->refill);
        rx->refill = (rx->refill + 1) % rx->entries;
    }
}

void i82599_rx_tail(struct i82599_rx *rx)
{
    fence_release(); /* of the frames that were in the buffers */
    fence_doorbell();
    /* 7.1.9: the controller has the descriptors from its head up to the tail, without that one; so
     * all but one at most, for head and tail alike are an empty ring. */
    put(rx->nic, I82599_RDT + rx->number * I82599_RDT_STEP,
        (rx->refill + rx->entries - 1) % rx->entries);
}

/* ---- transmit ---- */

const char *i82599_tx_init(struct i82599 *n, struct i82599_tx *tx, unsigned number,
                           unsigned entries)
{
    unsigned q = number * I82599_TDBAL_STEP;
    const char *why = bad_ring(number, entries);

    if (why)
        return why;
    tx->nic = n;
    tx->number = number;
    tx->entries = entries;
    tx->next = tx->clean = 0;
    /* 4.6.8, of a queue: ring, the transmitter as a whole, enable, tail. */
    put(n, I82599_TDBAL + q, (uint32_t)(uintptr_t)tx->ring);
    put(n, I82599_TDBAH + q, (uint32_t)((uint64_t)(uintptr_t)tx->ring >> 32));
    put(n, I82599_TDLEN + q, entries * sizeof tx->ring[0]);
    put(n, I82599_TDH + q, 0);
    put(n, I82599_TDT + q, 0);
    set(n, I82599_DMATXCTL, I82599_DMATXCTL_TE);
    set(n, I82599_TXDCTL + q, I82599_TXDCTL_ENABLE);
    if (!WAIT_FOR(get(n, I82599_TXDCTL + q) & I82599_TXDCTL_ENABLE, QUEUE_US))
        return "82599: a transmit queue does not start";
    return NULL;
}

bool i82599_send(struct i82599_tx *tx, const void *frame, unsigned bytes)
{
    uint32_t next = (tx->next + 1) % tx->entries;
    uint64_t command = bytes | I82599_TXD_DTYP_DATA << I82599_TXD_DTYP_SHIFT | I82599_TXD_DEXT |
                       I82599_TXD_EOP | I82599_TXD_IFCS | I82599_TXD_RS;

    if (next == tx->clean || bytes < I82599_FRAME_MIN || bytes > I82599_FRAME_MAX)
        return false;
    /* 7.2.3.2.4: a whole frame, its check sequence to be added, its end to be reported. */
    tx->ring[tx->next][0] = (uintptr_t)frame;
    tx->ring[tx->next][1] = command | (uint64_t)bytes << (32 + I82599_TXD_PAYLEN_SHIFT);
    tx->next = next;
    return true;
}

void i82599_tx_tail(struct i82599_tx *tx)
{
    fence_doorbell();
    /* 7.2.3.3: one past the last that is to be sent. */
    put(tx->nic, I82599_TDT + tx->number * I82599_TDT_STEP, tx->next);
}

unsigned i82599_sent(struct i82599_tx *tx)
{
    unsigned count = 0;

    /* 7.2.3.2.4: written back with DD, in bits 63:32. */
    for (; tx->clean != tx->next && tx->ring[tx->clean][1] >> 32 & I82599_TXD_DD; count++)
        tx->clean = (tx->clean + 1) % tx->entries;
    return count;
}
