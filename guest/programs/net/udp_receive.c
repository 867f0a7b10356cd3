/* SPDX-License-Identifier: Apache-2.0 */
/* See udp_receive.h. */
#include "udp_receive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

const char *const receive_modes[] = {"recv",  "busy",  "spin",      "recvmmsg",
                                     "epoll", "uring", "multishot", NULL};

/* Newer than some C libraries' headers. */
#define OPTION_PREFER_BUSY_POLL 69
#define OPTION_BUSY_POLL_BUDGET 70
#define BUSY_POLL_BUDGET 64
struct epoll_setting {
    uint32_t busy_poll_us;
    uint16_t budget;
    uint8_t prefer, pad;
};
#define EPOLL_SET_PARAMS _IOW(0x8a, 1, struct epoll_setting)

#define BUSY_POLL_DEFAULT_US 1000
#define BIND_TRIES 20
#define BIND_WAIT_NS 100000000u
#define MULTISHOT_BUFFERS 1024u
#define TAG_RECEIVE UINT64_MAX /* user_data of receives; of replies: the buffer */

static void *table(size_t count, size_t size)
{
    void *t = calloc(count, size);

    if (!t)
        fail("memory");
    return t;
}

static void set_option(int fd, int option, int value, const char *what)
{
    if (setsockopt(fd, SOL_SOCKET, option, &value, sizeof value) != 0)
        fail(what);
}

static void open_socket(struct receiver *r)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)r->port)};

    r->fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (r->fd < 0)
        fail("socket");
    if (r->socket_bytes)
        set_option(r->fd, SO_RCVBUFFORCE, (int)r->socket_bytes, "SO_RCVBUFFORCE");
    if (r->poll_us) {
        set_option(r->fd, SO_BUSY_POLL, (int)r->poll_us, "SO_BUSY_POLL");
        set_option(r->fd, OPTION_PREFER_BUSY_POLL, 1, "SO_PREFER_BUSY_POLL");
        set_option(r->fd, OPTION_BUSY_POLL_BUDGET, BUSY_POLL_BUDGET, "SO_BUSY_POLL_BUDGET");
    }
    /* The kernel closes the sockets of an io_uring some time after its program has ended. */
    for (int i = 0; bind(r->fd, (struct sockaddr *)&any, sizeof any) != 0; i++) {
        if (errno != EADDRINUSE || i == BIND_TRIES)
            fail("bind");
        sleep_ns(BIND_WAIT_NS);
    }
}

static void open_epoll(struct receiver *r)
{
    struct epoll_event event = {.events = EPOLLIN};
    struct epoll_setting setting = {.busy_poll_us = (uint32_t)r->poll_us,
                                    .budget = BUSY_POLL_BUDGET, .prefer = 1};

    r->epoll = epoll_create1(0);
    if (r->epoll < 0 || epoll_ctl(r->epoll, EPOLL_CTL_ADD, r->fd, &event) != 0)
        fail("epoll");
    if (r->poll_us && ioctl(r->epoll, EPOLL_SET_PARAMS, &setting) != 0)
        fail("epoll's busy polling");
}

static void open_messages(struct receiver *r)
{
    r->messages = table(r->batch, sizeof *r->messages);
    r->vectors = table(r->batch, sizeof *r->vectors);
    for (unsigned i = 0; i < r->batch; i++) {
        r->vectors[i] = (struct iovec){r->got[i].bytes, r->buffer_bytes};
        r->messages[i].msg_hdr.msg_iov = &r->vectors[i];
        r->messages[i].msg_hdr.msg_iovlen = 1;
    }
}

static void open_uring(struct receiver *r)
{
    unsigned replies = r->mode == RECEIVE_MULTISHOT ? MULTISHOT_BUFFERS : 2;

    uring_open(&r->uring, 256, 4096);
    if (r->poll_us && !uring_busy_poll(&r->uring, (uint32_t)r->poll_us))
        fail("io_uring's busy polling");
    r->replies = table(replies, sizeof *r->replies);
    r->reply_vectors = table(replies, sizeof *r->reply_vectors);
    r->reply_to = table(replies, sizeof *r->reply_to);
    for (unsigned i = 0; i < 2; i++)
        r->pair[i] = (struct datagram){.bytes = r->got[i].bytes, .buffer = (uint16_t)i};
    if (r->mode == RECEIVE_MULTISHOT)
        uring_buffers_open(&r->uring, &r->buffers, MULTISHOT_BUFFERS, (uint32_t)r->buffer_bytes);
}

void receiver_open(struct receiver *r)
{
    if (r->mode == RECEIVE_BUSY) {
        r->mode = RECEIVE_RECV;
        if (!r->poll_us)
            r->poll_us = BUSY_POLL_DEFAULT_US;
    }
    if (!r->batch)
        r->batch = r->mode == RECEIVE_RECVMMSG || r->mode == RECEIVE_MULTISHOT ? 32 : 1;
    if (r->batch > RECEIVE_BATCH_MAX || r->buffer_bytes < 64 ||
        r->buffer_bytes > 65536)
        refuse("batch is 1 to %u, buffer 64 to 65536", RECEIVE_BATCH_MAX);
    open_socket(r);
    r->memory = table(RECEIVE_BATCH_MAX, r->buffer_bytes);
    for (unsigned i = 0; i < RECEIVE_BATCH_MAX; i++)
        r->got[i].bytes = r->memory + i * r->buffer_bytes;
    if (r->mode == RECEIVE_EPOLL)
        open_epoll(r);
    else if (r->mode == RECEIVE_RECVMMSG)
        open_messages(r);
    else if (r->mode == RECEIVE_URING || r->mode == RECEIVE_MULTISHOT)
        open_uring(r);
}

/* ---- system calls ---- */

static unsigned get_one(struct receiver *r, unsigned i, int flags)
{
    struct datagram *d = &r->got[i];
    socklen_t from_len = sizeof d->from;
    long n = system_call(SYS_recvfrom, r->fd, (long)d->bytes, (long)r->buffer_bytes, flags,
                         r->want_from ? (long)&d->from : 0, r->want_from ? (long)&from_len : 0);

    if (n < 0) {
        if (n == -EINTR || n == -EAGAIN)
            return 0;
        errno = (int)-n;
        fail("recvfrom");
    }
    d->len = (size_t)n;
    return 1;
}

static unsigned get_messages(struct receiver *r)
{
    long n;

    if (r->want_from)
        for (unsigned i = 0; i < r->batch; i++) {
            r->messages[i].msg_hdr.msg_name = &r->got[i].from;
            r->messages[i].msg_hdr.msg_namelen = sizeof r->got[i].from;
        }
    n = system_call(SYS_recvmmsg, r->fd, (long)r->messages, (long)r->batch, MSG_WAITFORONE, 0, 0);
    if (n < 0) {
        if (n == -EINTR)
            return 0;
        errno = (int)-n;
        fail("recvmmsg");
    }
    for (long i = 0; i < n; i++)
        r->got[i].len = r->messages[i].msg_len;
    return (unsigned)n;
}

static unsigned get_epoll(struct receiver *r)
{
    struct epoll_event event;
    long ready = system_call(SYS_epoll_pwait, r->epoll, (long)&event, 1, -1, 0, 0);
    unsigned n = 0;

    if (ready < 0) {
        if (ready == -EINTR)
            return 0;
        errno = (int)-ready;
        fail("epoll_wait");
    }
    while (n < r->batch && get_one(r, n, MSG_DONTWAIT))
        n++;
    return n;
}

/* ---- io_uring ---- */

static void arm(struct receiver *r)
{
    struct io_uring_sqe *e = uring_entry(&r->uring);
    bool multishot = r->mode == RECEIVE_MULTISHOT;

    e->fd = r->fd;
    e->user_data = TAG_RECEIVE;
    if (multishot) {
        e->ioprio = IORING_RECV_MULTISHOT;
        e->flags = IOSQE_BUFFER_SELECT;
    }
    if (r->want_from) {
        /* For a multishot receive only the lengths count: the address is put into the buffer. */
        struct datagram *d = &r->pair[r->which];

        e->opcode = IORING_OP_RECVMSG;
        e->addr = (uintptr_t)&r->header;
        e->len = 1;
        r->header = (struct msghdr){.msg_namelen = sizeof d->from};
        if (!multishot) {
            r->header.msg_name = &d->from;
            r->reply_vectors[r->which] = (struct iovec){d->bytes, r->buffer_bytes};
            r->header.msg_iov = &r->reply_vectors[r->which];
            r->header.msg_iovlen = 1;
        }
    } else {
        e->opcode = IORING_OP_RECV;
        if (!multishot) {
            e->addr = (uintptr_t)r->pair[r->which].bytes;
            e->len = (uint32_t)r->buffer_bytes;
        }
    }
    r->armed = true;
}

/* A datagram in a buffer that the kernel picked: the payload, or a header, the address and the
 * payload. */
static void take_buffer(struct receiver *r, struct datagram *d, const struct io_uring_cqe *c)
{
    unsigned char *at;

    d->buffer = (uint16_t)(c->flags >> IORING_CQE_BUFFER_SHIFT);
    at = r->buffers.bytes + (size_t)d->buffer * r->buffers.size;
    d->bytes = at;
    d->len = (size_t)c->res;
    if (r->want_from) {
        const struct io_uring_recvmsg_out *out = (const void *)at;

        memcpy(&d->from, at + sizeof *out, sizeof d->from);
        d->bytes = at + sizeof *out + sizeof d->from;
        d->len = (size_t)c->res - sizeof *out - sizeof d->from;
    }
}

/* Takes a completion; true: there is a datagram in `got[n]`. */
static bool take_completion(struct receiver *r, unsigned n, const struct io_uring_cqe *c)
{
    bool multishot = r->mode == RECEIVE_MULTISHOT;

    if (c->user_data != TAG_RECEIVE) { /* an answer has left its buffer */
        if (multishot)
            uring_buffers_give(&r->buffers, (uint16_t)c->user_data);
        else
            r->replying[c->user_data & 1] = false;
        return false;
    }
    if (!multishot || !(c->flags & IORING_CQE_F_MORE))
        r->armed = false;
    if (c->res < 0) {
        /* No buffer was free, or a signal came: the receive is armed again. */
        if (c->res == -ENOBUFS || c->res == -EINTR || c->res == -ECANCELED)
            return false;
        errno = -c->res;
        fail("io_uring receive");
    }
    if (multishot) {
        take_buffer(r, &r->got[n], c);
    } else {
        r->pair[r->which].len = (size_t)c->res;
        r->got[n] = r->pair[r->which];
        r->which ^= 1;
    }
    return true;
}

static unsigned get_uring(struct receiver *r)
{
    struct io_uring_cqe *c;
    unsigned n = 0;

    if (!r->armed && !r->replying[r->which])
        arm(r);
    if (r->uring.pending || !uring_completion(&r->uring)) {
        long rc = uring_enter(&r->uring, 1);

        if (rc < 0 && rc != -EINTR) {
            errno = (int)-rc;
            fail("io_uring_enter");
        }
    }
    while (n < r->batch && (c = uring_completion(&r->uring))) {
        if (take_completion(r, n, c))
            n++;
        uring_seen(&r->uring);
        if (r->mode == RECEIVE_URING && n)
            break;
    }
    return n;
}

unsigned receiver_get(struct receiver *r)
{
    switch (r->mode) {
    case RECEIVE_SPIN: return get_one(r, 0, MSG_DONTWAIT);
    case RECEIVE_RECVMMSG: return get_messages(r);
    case RECEIVE_EPOLL: return get_epoll(r);
    case RECEIVE_URING:
    case RECEIVE_MULTISHOT: return get_uring(r);
    default: return get_one(r, 0, 0);
    }
}

void receiver_done(struct receiver *r, unsigned n)
{
    if (r->mode == RECEIVE_MULTISHOT)
        for (unsigned i = 0; i < n; i++)
            uring_buffers_give(&r->buffers, r->got[i].buffer);
}

/* ---- answers ---- */

static unsigned reply_uring(struct receiver *r, unsigned n)
{
    unsigned sent = 0;

    for (unsigned i = 0; i < n; i++) {
        struct datagram *d = &r->got[i];
        unsigned slot = d->buffer;
        struct io_uring_sqe *e;

        if (!uring_room(&r->uring))
            uring_enter(&r->uring, 0);
        e = uring_entry(&r->uring);
        r->reply_to[slot] = d->from;
        r->reply_vectors[slot] = (struct iovec){d->bytes, d->len};
        r->replies[slot] = (struct msghdr){.msg_name = &r->reply_to[slot],
                                           .msg_namelen = sizeof d->from,
                                           .msg_iov = &r->reply_vectors[slot], .msg_iovlen = 1};
        e->opcode = IORING_OP_SENDMSG;
        e->fd = r->fd;
        e->addr = (uintptr_t)&r->replies[slot];
        e->len = 1;
        e->user_data = slot;
        if (r->mode == RECEIVE_URING)
            r->replying[slot] = true;
        sent++;
    }
    return sent;
}

static unsigned reply_messages(struct receiver *r, unsigned n)
{
    unsigned sent = 0;

    for (unsigned i = 0; i < n; i++)
        r->vectors[i].iov_len = r->got[i].len;
    while (sent < n) {
        long rc = system_call(SYS_sendmmsg, r->fd, (long)(r->messages + sent), (long)(n - sent), 0,
                              0, 0);

        if (rc == -EINTR)
            continue;
        if (rc <= 0)
            break;
        sent += (unsigned)rc;
    }
    for (unsigned i = 0; i < n; i++)
        r->vectors[i].iov_len = r->buffer_bytes;
    return sent;
}

unsigned receiver_reply(struct receiver *r, unsigned n)
{
    unsigned sent = 0;

    if (r->mode == RECEIVE_URING || r->mode == RECEIVE_MULTISHOT)
        return reply_uring(r, n);
    if (r->mode == RECEIVE_RECVMMSG)
        return reply_messages(r, n);
    for (unsigned i = 0; i < n; i++) {
        const struct datagram *d = &r->got[i];

        if (system_call(SYS_sendto, r->fd, (long)d->bytes, (long)d->len, 0, (long)&d->from,
                        sizeof d->from) >= 0)
            sent++;
    }
    return sent;
}

void receiver_flush(struct receiver *r)
{
    if (r->uring.pending)
        uring_enter(&r->uring, 0);
}
