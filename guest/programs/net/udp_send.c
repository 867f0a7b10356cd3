/* SPDX-License-Identifier: Apache-2.0 */
/* `udp-send`: sends datagrams, at a rate or as fast as it can. */
#include "net.h"
#include "uring.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum send_mode { SEND_SEND, SEND_MESSAGES, SEND_ZEROCOPY, SEND_SEGMENTS, SEND_URING, SEND_URING_ZC };
static const char *const send_modes[] = {"send", "sendmmsg", "zerocopy", "gso",
                                         "uring", "uring-zc", NULL};

#define BATCH_MAX 64u /* also the most segments of one datagram */
#define SLOTS 256u    /* buffers; one is used again when the kernel is done with it */
#define SIZE_MAX_BYTES 65507u
#define SEGMENTED_BYTES_MAX 65000u
/* Shorter waits are spun: a sleep takes longer. */
#define SLEEP_MIN_NS 60000u

struct sender {
    uint64_t mode, port, count, size, rate, batch, measured, marks, warm, socket_bytes;
    const char *host, *device;
    int fd;
    unsigned char *memory; /* SLOTS buffers of `size` bytes, one after the other */
    uint64_t sent, calls, refused;
    uint64_t copied, returned; /* zero copy: completions, and those that were copied after all */
    uint32_t in_flight;
    struct uring uring;
    struct measure measure;
};

static unsigned char *slot(const struct sender *s, uint64_t number)
{
    return s->memory + number % SLOTS * s->size;
}

static void fill(const struct sender *s, uint64_t number)
{
    struct payload p = {.sequence = (uint32_t)number, .sent_ps = timer_ns(timer_ticks()) * 1000};

    if (s->size >= PAYLOAD_BYTES)
        payload_put(slot(s, number), &p);
}

/* True: to be tried again. */
static bool again(struct sender *s, long error)
{
    if (error == -EINTR)
        return true;
    if (error == -ENOBUFS || error == -EAGAIN || error == -ECONNREFUSED) {
        s->refused++; /* nobody there, or no room: the network's business */
        return error != -ECONNREFUSED;
    }
    errno = (int)-error;
    fail("send");
}

/* ---- system calls ---- */

/* Completions of MSG_ZEROCOPY are on the socket's error queue: a range of calls each. */
static void take_completions(struct sender *s, bool wait)
{
    char control[128];

    for (;;) {
        struct msghdr m = {.msg_control = control, .msg_controllen = sizeof control};
        struct pollfd p = {.fd = s->fd};

        if (recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
            if (!wait || poll(&p, 1, 1000) == 0)
                return;
            continue;
        }
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
            struct sock_extended_err e;

            memcpy(&e, CMSG_DATA(c), sizeof e);
            if (e.ee_errno || e.ee_origin != SO_EE_ORIGIN_ZEROCOPY)
                continue;
            s->in_flight -= e.ee_data - e.ee_info + 1;
            s->returned += e.ee_data - e.ee_info + 1;
            if (e.ee_code & SO_EE_CODE_ZEROCOPY_COPIED)
                s->copied += e.ee_data - e.ee_info + 1;
        }
        wait = s->in_flight >= SLOTS / 2;
    }
}

static unsigned send_one(struct sender *s, uint64_t n)
{
    int flags = s->mode == SEND_ZEROCOPY ? MSG_ZEROCOPY : 0;
    unsigned packets = s->mode == SEND_SEGMENTS ? (unsigned)n : 1;
    long rc;

    if (s->mode == SEND_ZEROCOPY)
        take_completions(s, s->in_flight >= SLOTS / 2);
    rc = system_call(SYS_sendto, s->fd, (long)slot(s, s->sent), (long)(s->size * packets), flags, 0,
                     0);
    if (rc < 0)
        return again(s, rc) ? 0 : packets;
    if (flags)
        s->in_flight++;
    return packets;
}

static unsigned send_messages(struct sender *s, uint64_t n)
{
    static struct mmsghdr messages[BATCH_MAX];
    static struct iovec vectors[BATCH_MAX];
    long rc;

    for (uint64_t i = 0; i < n; i++) {
        vectors[i] = (struct iovec){slot(s, s->sent + i), s->size};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
    }
    rc = system_call(SYS_sendmmsg, s->fd, (long)messages, (long)n, 0, 0, 0);
    if (rc < 0)
        return again(s, rc) ? 0 : 1;
    return (unsigned)rc;
}

/* ---- io_uring ---- */

/* Hands over what was filled in, waits for `wait` completions, and takes all that are there. */
static void turn_uring(struct sender *s, unsigned wait)
{
    struct io_uring_cqe *c;
    long rc = uring_enter(&s->uring, wait);

    if (rc < 0 && rc != -EINTR) {
        errno = (int)-rc;
        fail("io_uring_enter");
    }
    while ((c = uring_completion(&s->uring))) {
        /* Zero copy completes twice: it was sent, and the buffer is free. */
        if (c->flags & IORING_CQE_F_NOTIF)
            s->returned++;
        else if (c->res < 0)
            s->refused++;
        if (!(c->flags & IORING_CQE_F_MORE))
            s->in_flight--;
        uring_seen(&s->uring);
    }
}

static unsigned send_uring(struct sender *s, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        struct io_uring_sqe *e = uring_entry(&s->uring);

        e->opcode = s->mode == SEND_URING_ZC ? IORING_OP_SEND_ZC : IORING_OP_SEND;
        e->fd = s->fd;
        e->addr = (uintptr_t)slot(s, s->sent + i);
        e->len = (uint32_t)s->size;
    }
    s->in_flight += (uint32_t)n;
    turn_uring(s, s->mode == SEND_URING ? (unsigned)n : 0);
    /* A buffer must not be filled again while the card may read it. */
    while (s->in_flight > SLOTS / 2)
        turn_uring(s, 1);
    return (unsigned)n;
}

/* ---- */

static void open_sender(struct sender *s)
{
    struct sockaddr_in to = address_of(s->host, s->port);
    int one = 1, size = (int)s->size, bytes = (int)s->socket_bytes;

    if (s->batch < 1 || s->batch > BATCH_MAX || !s->size || s->size > SIZE_MAX_BYTES)
        refuse("batch is 1 to %u, size 1 to %u", BATCH_MAX, SIZE_MAX_BYTES);
    if (s->mode == SEND_SEGMENTS && s->batch * s->size > SEGMENTED_BYTES_MAX)
        s->batch = SEGMENTED_BYTES_MAX / s->size ? SEGMENTED_BYTES_MAX / s->size : 1;
    if (s->mode == SEND_SEND || s->mode == SEND_ZEROCOPY)
        s->batch = 1;
    /* Segments must lie one after the other, so a batch must not wrap: see run_sender(). */
    s->memory = calloc(SLOTS + BATCH_MAX, s->size);
    s->fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (!s->memory || s->fd < 0)
        fail("socket");
    if (bytes && setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0)
        fail("SO_SNDBUFFORCE");
    if (s->mode == SEND_ZEROCOPY && setsockopt(s->fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof one) != 0)
        fail("SO_ZEROCOPY");
    if (s->mode == SEND_SEGMENTS && setsockopt(s->fd, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size) != 0)
        fail("UDP_SEGMENT");
    if (connect(s->fd, (struct sockaddr *)&to, sizeof to) != 0)
        fail("connect");
    if (s->mode == SEND_URING || s->mode == SEND_URING_ZC)
        uring_open(&s->uring, SLOTS, 4 * SLOTS);
}

static void wait_until(uint64_t ns)
{
    uint64_t now = clock_ns();

    if (ns > now + SLEEP_MIN_NS)
        sleep_ns(ns - now - SLEEP_MIN_NS);
    while (clock_ns() < ns) {}
}

static void run_sender(struct sender *s, uint64_t began)
{
    while (s->sent < s->count) {
        uint64_t n = s->count - s->sent;
        unsigned done = 0;

        if (n > s->batch)
            n = s->batch;
        if (n > SLOTS - s->sent % SLOTS)
            n = SLOTS - s->sent % SLOTS;
        if (s->rate)
            wait_until(began + (uint64_t)((unsigned __int128)s->sent * 1000000000u / s->rate));
        for (uint64_t i = 0; i < n; i++)
            fill(s, s->sent + i);
        measure_begin(&s->measure, s->sent + 1);
        if (s->mode == SEND_URING || s->mode == SEND_URING_ZC)
            done = send_uring(s, n);
        else if (s->mode == SEND_MESSAGES)
            done = send_messages(s, n);
        else
            done = send_one(s, n);
        if (!done)
            continue;
        measure_end(&s->measure);
        s->calls++;
        s->sent += done;
        measure_step(&s->measure, s->sent);
    }
    if (s->mode == SEND_ZEROCOPY && s->in_flight)
        take_completions(s, true);
    while (s->uring.fd && s->in_flight)
        turn_uring(s, 1);
}

int udp_send_main(int argc, char **argv)
{
    static struct sender s = {.port = 9, .count = 1000, .size = 64, .batch = 16, .marks = 1,
                              .host = "10.0.0.1", .device = "eth0"};
    struct usage before, after;
    uint64_t began, ns;
    const struct arg args[] = {
        {"mode", &s.mode, .choice = send_modes, .help = "how"},
        {"host", NULL, &s.host, .help = "IPv4 address"},
        {"port", &s.port, .help = "UDP port"},
        {"count", &s.count, .help = "packets"},
        {"size", &s.size, .help = "bytes of UDP payload in a packet"},
        {"rate", &s.rate, .help = "packets a second; 0: as fast as it goes"},
        {"batch", &s.batch, .help = "packets a call, of the modes that can"},
        {"sndbuf", &s.socket_bytes, .help = "SO_SNDBUF; 0: the kernel's default"},
        {"measure", &s.measured, .help = "marks for the machine at this packet; 0: none"},
        {"marks", &s.marks, .help = "how many packets from there on have marks"},
        {"warm", &s.warm, .help = "packets before the marked run begins"},
        {"device", NULL, &s.device, .help = "whose interrupts are counted"},
        {0},
    };

    args_read(argc, argv, args);
    open_sender(&s);
    usage_read(&before, s.device);
    measure_start(&s.measure, s.measured, s.marks, s.warm);
    began = clock_ns();
    run_sender(&s, began);
    ns = clock_ns() - began;
    usage_read(&after, s.device);
    printf("%s: result mode=%s packets=%llu bytes=%llu ns=%llu pps=%.0f calls=%llu refused=%llu",
           program, send_modes[s.mode], (unsigned long long)s.sent,
           (unsigned long long)(s.sent * s.size), (unsigned long long)ns,
           (double)s.sent * 1e9 / (double)(ns ? ns : 1), (unsigned long long)s.calls,
           (unsigned long long)s.refused);
    if (s.returned)
        printf(" returned=%llu copied=%llu", (unsigned long long)s.returned,
               (unsigned long long)s.copied);
    usage_print(&before, &after);
    return 0;
}
