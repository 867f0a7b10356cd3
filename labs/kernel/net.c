/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/kernel/net.h"

#include "labs/kernel/kernel.h"
#include "labs/kernel/process.h"
#include "labs/kernel/softirq.h"
#include "labs/kernel/thread.h"
#include "labs/lib/i82599.h"
#include "labs/lib/irq.h"
#include "labs/lib/string.h"

#define RING 256
#define BUDGET 64
#define VECTOR 0

#define SOCKETS 4
#define SOCKET_SLOTS 64
#define PAYLOAD_MAX 1472 /* Ethernet's 1500 less the headers of IP and UDP */

/* Offsets in a frame: Ethernet (802.3), IPv4 (RFC 791), UDP (RFC 768). */
enum {
    ETHERNET_TYPE = 12, ETHERNET_BYTES = 14, TYPE_IPV4 = 0x0800,
    IP_LENGTH = 2, IP_FRAGMENT = 6, IP_PROTOCOL = 9, IP_BYTES = 20, PROTOCOL_UDP = 17,
    IP_FRAGMENT_MASK = 0x3fff, /* more fragments, and this one's offset */
    UDP_TO = 2, UDP_LENGTH = 4, UDP_BYTES = 8,
};

struct datagram {
    uint32_t bytes;
    uint8_t payload[PAYLOAD_MAX];
};

/* `put` and `taken` only grow; their difference is the fill. */
struct socket {
    uint16_t port; /* 0: not bound */
    struct datagram *slot;
    uint32_t put, taken;
    struct wait_queue readers;
};

static struct i82599 nic;
static struct i82599_rx rx;
static _Alignas(64) uint8_t *buffers;
static struct socket sockets[SOCKETS];
static unsigned sockets_used;
struct wait_queue poll_waits;

static unsigned be16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* ---- a frame's way up ---- */

static struct socket *socket_of(unsigned port)
{
    for (struct socket *s = sockets; s < sockets + sockets_used; s++)
        if (s->port == port)
            return s;
    return NULL;
}

STEP void socket_deliver(struct socket *s, const uint8_t *payload, uint32_t bytes)
{
    struct datagram *d = &s->slot[s->put % SOCKET_SLOTS];

    if (s->put - s->taken == SOCKET_SLOTS) {
        counters.net_overflows++; /* the reader is too slow: this one is lost */
        return;
    }
    memcpy(d->payload, payload, bytes);
    d->bytes = bytes;
    s->put++;
    counters.net_delivered++;
    thread_wake(&s->readers);
    thread_wake(&poll_waits);
}

/* Lengths in a frame are whoever's sent it: each is checked against what is there. */
STEP void net_receive(const uint8_t *frame, uint32_t length)
{
    const uint8_t *ip = frame + ETHERNET_BYTES, *udp;
    uint32_t header, bytes;
    struct socket *s = NULL;

    counters.net_packets++;
    if (length < ETHERNET_BYTES + IP_BYTES || be16(frame + ETHERNET_TYPE) != TYPE_IPV4 ||
        ip[0] >> 4 != 4 || ip[IP_PROTOCOL] != PROTOCOL_UDP ||
        be16(ip + IP_FRAGMENT) & IP_FRAGMENT_MASK)
        goto unclaimed;
    header = (ip[0] & 15u) * 4;
    bytes = be16(ip + IP_LENGTH);
    if (header < IP_BYTES || bytes > length - ETHERNET_BYTES || bytes < header + UDP_BYTES)
        goto unclaimed;
    udp = ip + header;
    if (be16(udp + UDP_LENGTH) < UDP_BYTES || be16(udp + UDP_LENGTH) > bytes - header)
        goto unclaimed;
    bytes = be16(udp + UDP_LENGTH) - UDP_BYTES;
    s = socket_of(be16(udp + UDP_TO));
    if (s && bytes <= PAYLOAD_MAX) {
        socket_deliver(s, udp + UDP_BYTES, bytes);
        return;
    }
unclaimed:
    counters.net_unclaimed++;
}

/* ---- NAPI ---- */

STEP void net_interrupt(void *unused)
{
    (void)unused;
    counters.net_interrupts++;
    i82599_mask(&nic, 1u << VECTOR);
    softirq_raise(SOFTIRQ_NET);
}

STEP void net_softirq(void)
{
    struct i82599_frame frames[BUDGET];
    unsigned n = i82599_receive(&rx, frames, BUDGET);

    counters.net_polls++;
    for (unsigned i = 0; i < n; i++)
        if (frames[i].good)
            net_receive(frames[i].bytes, frames[i].length);
    i82599_refill(&rx, n);
    i82599_rx_tail(&rx);
    if (n == BUDGET)
        softirq_raise(SOFTIRQ_NET);
    else /* what came since we looked interrupts at once: none is forgotten */
        i82599_unmask(&nic, 1u << VECTOR);
}

void net_init(void)
{
    softirq_handle(SOFTIRQ_NET, net_softirq);
    if (i82599_init(&nic))
        return;
    buffers = pages_new(RING * I82599_BUFFER_BYTES / PAGE_BYTES);
    if (!buffers || i82599_rx_init(&nic, &rx, 0, RING, buffers) ||
        i82599_vector(&nic, VECTOR, net_interrupt, NULL))
        panic("the network controller", "could not be set up");
    i82599_rx_vector(&rx, VECTOR);
    i82599_unmask(&nic, 1u << VECTOR);
}

/* ---- sockets ---- */

int64_t socket_new(void)
{
    struct socket *s = &sockets[sockets_used];
    struct file *f;
    int64_t fd;

    if (sockets_used == SOCKETS)
        return ERR_FULL;
    s->slot = pages_new((SOCKET_SLOTS * sizeof *s->slot + PAGE_BYTES - 1) / PAGE_BYTES);
    if (!s->slot)
        return ERR_FULL;
    fd = file_new(FILE_SOCKET, &f);
    if (fd < 0)
        return fd;
    f->socket = s;
    sockets_used++;
    return fd;
}

int64_t socket_bind(uint64_t fd, uint64_t port)
{
    struct file *f = file_get(fd, FILE_SOCKET);

    if (!f)
        return ERR_FD;
    if (!port || port > UINT16_MAX)
        return ERR_VALUE;
    if (socket_of((unsigned)port))
        return ERR_USED;
    f->socket->port = (uint16_t)port;
    return 0;
}

bool socket_ready(const struct socket *s)
{
    return *(const volatile uint32_t *)&s->put != s->taken;
}

int64_t socket_receive(uint64_t fd, uint64_t to, uint64_t bytes)
{
    struct file *f = file_get(fd, FILE_SOCKET);
    struct socket *s = f ? f->socket : NULL;
    const struct datagram *d;
    uint64_t n;

    if (!s)
        return ERR_FD;
    WAIT_UNTIL(&s->readers, socket_ready(s));
    d = &s->slot[s->taken % SOCKET_SLOTS];
    n = d->bytes < bytes ? d->bytes : bytes; /* what does not fit is lost, as of UDP */
    copy_to_user(to, d->payload, n);
    s->taken++;
    return (int64_t)n;
}
