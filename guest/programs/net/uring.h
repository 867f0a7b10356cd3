/* SPDX-License-Identifier: Apache-2.0 */
/* io_uring(7) without its library: the rings, and buffers that the kernel picks from. */
#ifndef GUEST_URING_H
#define GUEST_URING_H

#include <linux/io_uring.h>
#include <stdbool.h>
#include <stdint.h>

struct uring {
    int fd;
    struct io_uring_sqe *sqes;
    uint32_t *sq_tail, *sq_head, *cq_head, *cq_tail;
    uint32_t sq_mask, cq_mask, sq_entries;
    uint32_t pending; /* entries that were filled in since the last enter */
    struct io_uring_cqe *cqes;
};

/* Ends the program if the kernel cannot. Entries are a power of two; the completion ring has `completions`. */
void uring_open(struct uring *u, unsigned entries, unsigned completions);

/* The next entry, zeroed; there must be room (uring_room). */
struct io_uring_sqe *uring_entry(struct uring *u);
unsigned uring_room(const struct uring *u);

/* Hands over what was filled in and waits for `wait` completions: a count, or -errno. */
long uring_enter(struct uring *u, unsigned wait);

/* The oldest completion, or NULL; uring_seen() gives its place back. */
struct io_uring_cqe *uring_completion(struct uring *u);
void uring_seen(struct uring *u);

/* Busy polling of the sockets' queues while it waits (Linux 6.9). False: the kernel cannot. */
bool uring_busy_poll(struct uring *u, uint32_t us);

/* A ring of `count` (a power of two) buffers of `size` bytes, group 0. */
struct uring_buffers {
    struct io_uring_buf_ring *ring;
    unsigned char *bytes;
    uint32_t count, size;
    uint16_t tail;
};

void uring_buffers_open(struct uring *u, struct uring_buffers *b, uint32_t count, uint32_t size);
/* Puts buffer `id` back at the end of the ring. */
void uring_buffers_give(struct uring_buffers *b, uint16_t id);

#endif
