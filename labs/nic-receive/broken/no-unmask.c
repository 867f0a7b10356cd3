/* SPDX-License-Identifier: Apache-2.0 */
/* BROKEN: napi masks its interrupt, and does not unmask it before it waits for the next one.  It will
 * not come. */
#include "labs/lib/fence.h"
#include "labs/lib/finisher.h"
#include "labs/lib/i82599.h"
#include "labs/lib/irq.h"
#include "labs/lib/mark.h"
#include "labs/lib/print.h"
#include "labs/lib/string.h"
#include "labs/lib/timer.h"

#include "generator.h"

enum {
    RING = 256,          /* receive descriptors */
    SOCKET = 256,        /* packets that wait for the application; must divide 2^32 */
    BUDGET = 32,         /* packets that are taken in one turn of napi and poll */
    FRAME_BYTES = 256,   /* with check sequence; 10 Gb/s carry 4.5 million a second */
    COALESCE_US = 50,
    WINDOW_US = 1000,    /* how long it goes on at each rate */
    VECTOR = 0,
};

/* Packets a second, and whether to measure how long they wait, too. */
static const struct offer {
    uint32_t rate;
    bool wait;
} offer[] = {
    {20000, true}, {100000, false}, {250000, true}, {500000, false}, {750000, true},
    {1000000, false}, {1250000, false}, {1500000, false}, {1750000, false}, {2000000, true},
    {2500000, false}, {3000000, false},
};

static struct i82599 nic;
static struct i82599_rx rx;
static struct i82599_tx tx;
static uint8_t buffers[RING * I82599_BUFFER_BYTES];

static void check(const char *why)
{
    if (why)
        die(why);
}

/* ---- the socket: a ring between protocol and application ---- */

struct message {
    uint32_t bytes;
    uint8_t payload[FRAME_BYTES];
};

/* take() alone changes `in`, consume() alone `out`: no lock, though one may interrupt the other. */
static struct message socket[SOCKET];
static volatile uint32_t in, out;

static bool empty(void)
{
    return in == out;
}

/* ---- the application ---- */

static uint32_t received;   /* packets in this window */
static uint64_t waiting_ns; /* sum of their times from the generator to here */
static volatile uint32_t crc; /* volatile: nobody looks, and the compiler would leave the work out */

/* Deals with one packet: its work is a CRC-32 over it, four bits at a step. */
static void consume(void)
{
    static const uint32_t step[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158,
        0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4,
        0xa00ae278, 0xbdbdf21c,
    };
    const struct message *m = &socket[out % SOCKET];
    uint32_t c = ~0u;

    for (uint32_t i = 0; i < m->bytes; i++) {
        c ^= m->payload[i];
        c = c >> 4 ^ step[c & 15];
        c = c >> 4 ^ step[c & 15];
    }
    crc = ~c;
    /* Bytes 10 to 17: when its first bit left the generator, in ps (docs/network.md). */
    waiting_ns += time_now() * (1000 / TICKS_A_MICROSECOND) - be64(m->payload + 10) / 1000;
    received++;
    fence_compiler(); /* its place is given back after it was read: the compiler might see no reason */
    out++;
}

/* ---- driver and protocol ---- */

/* What a network stack does with a datagram before anybody may have it: checks it, finds whom it is
 * for, copies it there.  If the socket is full, all that was for nothing. */
static void protocol(const struct i82599_frame *f)
{
    const uint8_t *ip = f->bytes + ETHER, *udp = ip + IP;
    uint32_t bytes;

    if (!f->good || f->length < HEADERS || be16(f->bytes + 12) != 0x0800 || ip[0] != 0x45 ||
        ip[9] != 17 || sum16(0, ip, IP) != 0xffff || be16(udp + 2) != DATA_PORT)
        return;
    bytes = be16(udp + 4);
    /* With the pseudo header of RFC 768: addresses, protocol, length. */
    if (bytes < UDP || bytes > f->length - ETHER - IP ||
        sum16(sum16(17 + bytes, ip + 12, 8), udp, bytes) != 0xffff)
        return;
    if (in - out == SOCKET)
        return;
    socket[in % SOCKET].bytes = bytes - UDP;
    memcpy(socket[in % SOCKET].payload, udp + UDP, bytes - UDP);
    fence_compiler(); /* filled before it counts; both sides are on one hart, which needs no fence */
    in++;
}

/* Takes at most that many frames from the ring, and gives their buffers back.  Returns how many. */
static unsigned take(unsigned most)
{
    struct i82599_frame frame[BUDGET];
    unsigned n = i82599_receive(&rx, frame, most);

    for (unsigned i = 0; i < n; i++)
        protocol(&frame[i]);
    if (n) {
        i82599_refill(&rx, n);
        i82599_rx_tail(&rx);
    }
    return n;
}

/* ---- four ways ---- */

static uint64_t left_us(uint64_t end)
{
    uint64_t now = time_now();

    return now < end ? (end - now) / TICKS_A_MICROSECOND : 0;
}

/* each, coalesced: all that is there, one by one.  It must not leave a frame behind, for which no
 * interrupt would come. */
static void on_interrupt(void *context)
{
    (void)context;
    while (take(1))
        continue;
}

/* ... and the application has what time is left. */
static void by_interrupts(uint64_t end)
{
    irq_on();
    while (time_now() < end) {
        if (WAIT_ASLEEP(!empty(), left_us(end)))
            consume();
    }
}

static volatile bool wanted;

/* napi: only says that there is work, and keeps quiet. */
static void on_interrupt_napi(void *context)
{
    (void)context;
    i82599_mask(&nic, 1 << VECTOR);
    wanted = true;
}

static void by_napi(uint64_t end)
{
    irq_on();
    while (time_now() < end) {
        unsigned n = take(BUDGET);

        while (!empty())
            consume();
        if (n == BUDGET)
            continue; /* there may be more */
        wanted = false;
        (void)WAIT_ASLEEP(wanted, IRQ_FOREVER);
    }
}

static void by_polling(uint64_t end)
{
    while (time_now() < end) {
        (void)take(BUDGET);
        while (!empty())
            consume();
    }
}

static void (*handler)(void *context); /* of the way that is measured now */

static void on_vector(void *context)
{
    handler(context);
}

/* ---- the measurement ---- */

/* What is on its way and in the ring is thrown away. */
static void drain(void)
{
    struct i82599_frame f;
    uint64_t quiet = time_after(2 * COALESCE_US);

    while (time_now() < quiet) {
        if (!i82599_receive(&rx, &f, 1))
            continue;
        i82599_refill(&rx, 1);
        i82599_rx_tail(&rx);
        quiet = time_after(2 * COALESCE_US);
    }
    out = in;
}

/* For each rate a section that begins at mark RATE and ends at RATE + 10, with what has reached the
 * application; for some another, from WAIT to WAIT + 10, with how long that has taken in the mean, in
 * ns.  (A mark's number is a constant, hence a macro.) */
#define MEASURE(run, RATE, WAIT) \
    for (const struct offer *o = offer; o < offer + sizeof offer / sizeof *offer; o++) { \
        prepare(o->rate); \
        if (o->wait) \
            mark_value(WAIT, o->rate); \
        mark_value(RATE, o->rate); \
        run(time_after(WINDOW_US)); \
        mark_value(RATE + 10, received); \
        if (o->wait) \
            mark_value(WAIT + 10, received ? waiting_ns / received : 0); \
        (void)irq_off(); \
        i82599_mask(&nic, 1 << VECTOR); \
    }

static void prepare(uint32_t rate)
{
    drain();
    received = 0;
    waiting_ns = 0;
    generator_start(&tx, &rx, rate, FRAME_BYTES, WINDOW_US);
    if (handler)
        i82599_unmask(&nic, 1 << VECTOR);
}

int main(const void *device_tree)
{
    irq_init(device_tree);
    check(i82599_init(&nic));
    check(i82599_rx_init(&nic, &rx, 0, RING, buffers));
    check(i82599_tx_init(&nic, &tx, 0, 8));
    check(i82599_vector(&nic, VECTOR, on_vector, NULL));
    i82599_rx_vector(&rx, VECTOR);

    handler = on_interrupt;
    i82599_throttle(&nic, VECTOR, 0);
    MEASURE(by_interrupts, 10, 30)

    i82599_throttle(&nic, VECTOR, COALESCE_US);
    MEASURE(by_interrupts, 11, 31)

    handler = on_interrupt_napi;
    i82599_throttle(&nic, VECTOR, 0);
    MEASURE(by_napi, 12, 32)

    handler = NULL;
    MEASURE(by_polling, 13, 33)

    print("done\n");
    return 0;
}
