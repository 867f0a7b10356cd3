/* SPDX-License-Identifier: Apache-2.0 */
/* An AF_XDP socket without its library: the shared memory of frames and the four rings. */
#ifndef GUEST_XSK_H
#define GUEST_XSK_H

#include <linux/if_xdp.h>
#include <stdbool.h>
#include <stdint.h>

struct xsk_ring {
    uint32_t *producer, *consumer, *flags;
    void *entries; /* struct xdp_desc (receive, send) or uint64_t (fill, completion) */
    uint32_t mask;
};

#define XSK_RING_ENTRIES 2048u
#define XSK_FRAMES (2 * XSK_RING_ENTRIES) /* half lie with the receiver, half are being sent */
#define XSK_FRAME_BYTES 2048u

struct xsk {
    int fd;
    unsigned char *frames;
    struct xsk_ring fill, completion, rx, tx;
    uint64_t free[XSK_FRAMES];
    uint32_t frees;
};

/* Makes memory, socket and rings, and binds to a queue. `flags`: XDP_ZEROCOPY, XDP_COPY or 0, which
 * lets the kernel choose. Ends the program if that cannot be. */
void xsk_open(struct xsk *x, unsigned device_index, unsigned queue, uint16_t flags);

/* Whether the kernel made it zero-copy. */
bool xsk_is_zero_copy(const struct xsk *x);

/* Gives free frames to the receiver. */
void xsk_fill(struct xsk *x);
/* Received frames that are waiting, at most `max`, as descriptors; xsk_release() takes them off. */
uint32_t xsk_peek(struct xsk *x, struct xdp_desc *out, uint32_t max);
void xsk_release(struct xsk *x, uint32_t count);
/* Sends a frame; false: the ring is full. */
bool xsk_send(struct xsk *x, const struct xdp_desc *d);
/* Whether the kernel has taken all that xsk_send() got. */
bool xsk_all_sent(const struct xsk *x);
/* Takes back frames that were sent. */
void xsk_complete(struct xsk *x);
void xsk_free(struct xsk *x, uint64_t address);

/* Whether the kernel waits for a system call to look at this ring. */
static inline bool xsk_needs_wakeup(const struct xsk_ring *ring)
{
    return __atomic_load_n(ring->flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP;
}

#endif
