/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to receive datagrams, and to answer them, behind one interface. */
#ifndef GUEST_UDP_RECEIVE_H
#define GUEST_UDP_RECEIVE_H

#include "net.h"
#include "uring.h"

#include <sys/socket.h>

enum receive_mode {
    RECEIVE_RECV,      /* recvfrom(2) that sleeps, or busy-polls for poll_us */
    RECEIVE_BUSY,      /* the same, with poll_us of its own if there is none */
    RECEIVE_SPIN,      /* recvfrom(2) that never sleeps, in a loop */
    RECEIVE_RECVMMSG,  /* up to `batch` datagrams a call */
    RECEIVE_EPOLL,     /* epoll_wait(2), then recvfrom(2) up to `batch` times */
    RECEIVE_URING,     /* io_uring: one receive at a time */
    RECEIVE_MULTISHOT, /* io_uring: one request for all, buffers picked by the kernel */
};
extern const char *const receive_modes[]; /* names, NULL-terminated */

#define RECEIVE_BATCH_MAX 256u

struct datagram {
    unsigned char *bytes;
    size_t len;
    struct sockaddr_in from; /* only with want_from */
    uint16_t buffer;         /* io_uring: which it lies in */
};

struct receiver {
    /* settings */
    uint64_t mode, port, buffer_bytes, poll_us, socket_bytes;
    uint64_t batch; /* 0: 32 for the modes that can, else 1 */
    bool want_from;
    /* what there is */
    int fd, epoll;
    struct datagram got[RECEIVE_BATCH_MAX];
    unsigned char *memory;
    struct mmsghdr *messages;
    struct iovec *vectors;
    struct uring uring;
    struct uring_buffers buffers;
    struct msghdr header, *replies; /* io_uring's; replies by buffer */
    struct iovec *reply_vectors;
    struct sockaddr_in *reply_to;
    struct datagram pair[2]; /* RECEIVE_URING: one is answered from, the next is received into */
    unsigned which;          /* of them is the next */
    bool replying[2], armed;
};

/* Makes the socket; ends the program if that cannot be. */
void receiver_open(struct receiver *r);

/* Receives: the number of datagrams in `got`, whose bytes stay until the next call; 0 when a signal,
 * or in RECEIVE_SPIN the lack of any, ended it. */
unsigned receiver_get(struct receiver *r);

/* The first `n` of `got` are done with; for those that are not answered. */
void receiver_done(struct receiver *r, unsigned n);

/* Sends the first `n` of `got` back where they came from. With io_uring they leave with the next
 * receiver_get(). Answers that the socket has no room for are dropped; returns those sent. */
unsigned receiver_reply(struct receiver *r, unsigned n);
/* Sends what io_uring has kept for the next receiver_get(). */
void receiver_flush(struct receiver *r);

#endif
