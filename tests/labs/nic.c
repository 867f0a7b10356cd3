/* SPDX-License-Identifier: Apache-2.0 */
/* labs/lib's 82599 driver on the machine.  In loopback: frames of many lengths there and back
 * through small rings that wrap around, full rings, statistics, flows spread over rings,
 * interrupts masked and throttled.  Then a generator's frames from the wire, by number: 4000 of
 * proto=raw, not before the program is up, so start=100ms. */
#include "labs/lib/i82599.h"

#include "lab_check.h"
#include "labs/lib/irq.h"
#include "labs/lib/pci.h"

#include <stddef.h>

#define RX 16
#define TX 8
#define WIRE_RX 64
#define FROM_WIRE 4000
#define FLOWS 24
#define FRAME(i) (frames + (i) % TX * I82599_BUFFER_BYTES)

static struct i82599 nic;
static struct i82599_rx rx[4];
static struct i82599_tx tx;
static uint8_t buffers[4][WIRE_RX * I82599_BUFFER_BYTES], frames[TX * I82599_BUFFER_BYTES];
static volatile unsigned interrupts;
static volatile bool work;

static void make(uint8_t *f, unsigned number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        f[i] = i < 12 ? (uint8_t)(i % 6 * 2) : (uint8_t)(number + i * 3);
    f[12] = 0x88, f[13] = 0xb5; /* a local experiment (IEEE 802) */
}

static bool same(const uint8_t *a, const uint8_t *b, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static void up(unsigned rings)
{
    static const uint8_t mac[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

    CHECK_NULL(i82599_init(&nic));
    CHECK(same(nic.mac, mac, 6));
    i82599_loopback(&nic, true);
    CHECK(i82599_link(&nic));
    for (unsigned i = 0; i < rings; i++)
        CHECK_NULL(i82599_rx_init(&nic, &rx[i], i, RX, buffers[i]));
    CHECK_NULL(i82599_tx_init(&nic, &tx, 0, TX));
}

static void send_one(unsigned number, unsigned bytes)
{
    make(FRAME(number), number, bytes);
    CHECK(i82599_send(&tx, FRAME(number), bytes));
    i82599_tx_tail(&tx);
    CHECK(WAIT_FOR(i82599_sent(&tx) == 1, 10000));
}

static void there_and_back(void)
{
    struct i82599_frame got[4];
    struct i82599_statistics s;
    unsigned count = 0;

    for (unsigned number = 0; number < 3 * RX + 5; number++) {
        unsigned bytes = 60 + number * 29, n = 0;

        if (bytes > I82599_FRAME_MAX)
            bytes = I82599_FRAME_MAX;
        send_one(number, bytes);
        CHECK(WAIT_FOR((n = i82599_receive(&rx[0], got, 4)) > 0, 10000));
        CHECK_EQ(n, 1);
        CHECK(got[0].good);
        CHECK_EQ(got[0].length, bytes);
        CHECK(same(got[0].bytes, FRAME(number), bytes));
        i82599_refill(&rx[0], 1);
        i82599_rx_tail(&rx[0]);
        count++;
    }
    i82599_statistics(&nic, &s);
    CHECK_EQ(s.sent, count);
    CHECK_EQ(s.received, count);
    CHECK_EQ(s.missed + s.no_descriptor + s.errors, 0);
    /* Padded to the least that a frame has. */
    send_one(0, I82599_FRAME_MIN);
    CHECK(WAIT_FOR(i82599_receive(&rx[0], got, 4) == 1, 10000));
    CHECK_EQ(got[0].length, 60);
    i82599_refill(&rx[0], 9); /* no more than was handed out */
    i82599_rx_tail(&rx[0]);
    CHECK(!i82599_send(&tx, frames, I82599_FRAME_MIN - 1));
    CHECK(!i82599_send(&tx, frames, I82599_FRAME_MAX + 1));
}

static void full_rings(void)
{
    struct i82599_frame got[2 * RX];
    struct i82599_statistics s;
    unsigned sent = 0, n, lent;

    for (unsigned i = 0; i + 1 < TX; i++)
        CHECK(i82599_send(&tx, FRAME(i), 64));
    CHECK(!i82599_send(&tx, frames, 64));
    CHECK_EQ(i82599_sent(&tx), 0); /* not before the tail */
    i82599_tx_tail(&tx);
    CHECK(WAIT_FOR((sent += i82599_sent(&tx)) == TX - 1, 10000));
    CHECK(WAIT_FOR(rx[0].ring[(rx[0].next + TX - 2) % RX][1] & I82599_RXD_DD, 10000));
    n = lent = i82599_receive(&rx[0], got, 2 * RX);
    CHECK_EQ(n, TX - 1);
    /* Nothing is given back: the ring takes all but one, then drops. */
    i82599_rx_drop(&rx[0], true);
    i82599_statistics(&nic, &s);
    for (unsigned i = 0; i < RX; i++)
        send_one(i, 100);
    delay(100);
    lent += n = i82599_receive(&rx[0], got, 2 * RX);
    CHECK_EQ(lent, RX - 1);
    CHECK_EQ(i82599_receive(&rx[0], got, 2 * RX), 0);
    i82599_statistics(&nic, &s);
    CHECK_EQ(s.no_descriptor, RX - n);
    CHECK_EQ(s.missed, 0);
    i82599_refill(&rx[0], lent);
    i82599_rx_tail(&rx[0]);
    send_one(1, 200);
    CHECK(WAIT_FOR(i82599_receive(&rx[0], got, 2 * RX) == 1, 10000));
    CHECK(same(got[0].bytes, FRAME(1), 200));
    i82599_refill(&rx[0], 1);
    i82599_rx_tail(&rx[0]);
}

/* UDP over IPv4, one source port a flow. */
static void make_udp(uint8_t *f, unsigned flow)
{
    static const uint8_t head[] = {
        2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0,
        0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0x66, 0xbd, 10, 0, 0, 1, 10, 0, 0, 2,
        0x27, 0x10, 0, 9, 0, 26, 0, 0,
    };

    for (unsigned i = 0; i < 60; i++)
        f[i] = i < sizeof head ? head[i] : 0;
    f[35] = (uint8_t)(0x10 + flow);
}

static void spread(void)
{
    unsigned ring_of[FLOWS], of_ring[4] = {0};

    up(4);
    i82599_spread(&nic, 4);
    for (unsigned round = 0; round < 2; round++)
        for (unsigned flow = 0; flow < FLOWS; flow++) {
            struct i82599_frame got;
            unsigned r = 0;

            make_udp(FRAME(flow), flow);
            CHECK(i82599_send(&tx, FRAME(flow), 60));
            i82599_tx_tail(&tx);
            CHECK(WAIT_FOR(i82599_sent(&tx) == 1, 10000));
            CHECK(WAIT_FOR(i82599_receive(&rx[r = (r + 1) % 4], &got, 1) == 1, 10000));
            i82599_refill(&rx[r], 1);
            i82599_rx_tail(&rx[r]);
            CHECK(same(got.bytes, FRAME(flow), 60));
            CHECK(round == 0 || ring_of[flow] == r);
            ring_of[flow] = r;
            of_ring[r]++;
        }
    for (unsigned r = 0; r < 4; r++)
        CHECK(of_ring[r] > 0);
}

static void on_receive(void *context)
{
    (void)context;
    interrupts++;
}

/* NAPI's way: the handler masks, the loop polls and unmasks. */
static void on_receive_mask(void *context)
{
    (void)context;
    interrupts++;
    work = true;
    i82599_mask(&nic, 1 << 1);
}

static unsigned take_all(void)
{
    struct i82599_frame got[RX];
    unsigned n = i82599_receive(&rx[0], got, RX);

    i82599_refill(&rx[0], n);
    i82599_rx_tail(&rx[0]);
    return n;
}

static void interrupting(void)
{
    unsigned before, n, fast;
    uint64_t from;

    up(1);
    CHECK_TEXT(i82599_vector(&nic, I82599_VECTORS_MAX, on_receive, NULL));
    CHECK_NULL(i82599_vector(&nic, 0, on_receive, NULL));
    CHECK_NULL(i82599_vector(&nic, 1, on_receive_mask, NULL));
    i82599_rx_vector(&rx[0], 0);
    i82599_throttle(&nic, 0, 0);

    /* Masked: nothing, and then what came meanwhile. */
    interrupts = 0;
    send_one(0, 64);
    CHECK(!WAIT_ASLEEP(interrupts > 0, 100));
    i82599_unmask(&nic, 1 << 0);
    CHECK(WAIT_ASLEEP(interrupts > 0, 1000));
    CHECK_EQ(take_all(), 1);
    WAIT_ASLEEP(false, 100); /* by the wire there may be one more, before the device let go of it */

    /* One each. */
    before = interrupts;
    for (unsigned i = 0; i < 10; i++) {
        unsigned had = interrupts;

        send_one(i, 64);
        CHECK(WAIT_ASLEEP(interrupts > had, 1000));
        CHECK(WAIT_FOR(take_all() == 1, 1000));
    }
    fast = interrupts - before;
    CHECK(fast >= 10 && fast <= 20);

    /* At most one in 200 us. */
    i82599_throttle(&nic, 0, 200);
    before = interrupts;
    from = time_now();
    irq_on();
    for (unsigned i = 0; i < 200; i++) {
        make(FRAME(i), i, 64);
        CHECK(i82599_send(&tx, FRAME(i), 64));
        i82599_tx_tail(&tx);
        CHECK(WAIT_FOR(i82599_sent(&tx) == 1, 10000));
        delay(4);
        take_all();
    }
    irq_off();
    n = interrupts - before;
    CHECK(n >= 2 && n <= (time_now() - from) / TICKS_A_MICROSECOND / 200 + 2);

    /* Vector 1 masks itself, until all is taken.  What comes in any gap of that is not lost. */
    i82599_mask(&nic, 1 << 0);
    i82599_rx_vector(&rx[0], 1);
    i82599_unmask(&nic, 1 << 1);
    before = interrupts;
    work = false;
    for (unsigned round = 0; round < 50; round++) {
        unsigned want = 2 + (round & 1), taken = 0;

        send_one(0, 64);
        CHECK(WAIT_ASLEEP(work, 1000));
        send_one(1, 64);
        while (taken < want) {
            work = false;
            taken += take_all();
            if (taken == 2 && want == 3) {
                delay(round / 10);
                send_one(2, 64); /* between the last look and the unmasking */
                delay(round % 10);
            }
            i82599_unmask(&nic, 1 << 1);
            CHECK(taken == want || WAIT_ASLEEP(work, 1000));
        }
        CHECK_EQ(taken, want);
    }
    CHECK(interrupts - before >= 75);
    i82599_mask(&nic, ~0u);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void from_wire(void)
{
    static struct i82599_rx ring;
    struct i82599_frame got[32];
    struct i82599_statistics s;
    unsigned count = 0;
    uint64_t end;

    CHECK_NULL(i82599_init(&nic));
    CHECK_NULL(i82599_rx_init(&nic, &ring, 0, WIRE_RX, buffers[0]));
    CHECK(time_now() < TICKS_A_SECOND / 10);
    end = time_after(2000000);
    while (count < FROM_WIRE && time_now() < end) {
        unsigned n = i82599_receive(&ring, got, 32);

        for (unsigned i = 0; i < n; i++) {
            CHECK(got[i].good);
            CHECK_EQ(be32(got[i].bytes + 14) >> 8, 0x444267);
            CHECK_EQ(be32(got[i].bytes + 20), count);
            count++;
        }
        if (n) {
            i82599_refill(&ring, n);
            i82599_rx_tail(&ring);
        }
    }
    CHECK_EQ(count, FROM_WIRE);
    i82599_statistics(&nic, &s);
    CHECK_EQ(s.received, FROM_WIRE);
    CHECK_EQ(s.missed + s.no_descriptor, 0);
}

/* Registers through the I/O window are the same ones. */
static void ports(void)
{
    uint32_t low = nic.mac[0] | (uint32_t)nic.mac[1] << 8 | (uint32_t)nic.mac[2] << 16 |
                   (uint32_t)nic.mac[3] << 24;

    CHECK(nic.port != 0);
    CHECK_EQ(i82599_port_read(&nic, 0xa200), low); /* RAL */
    i82599_port_write(&nic, 0x3200, 0x12345678);   /* FCTTV */
    CHECK_EQ(i82599_port_read(&nic, 0x3200), 0x12345678);
}

int main(const void *device_tree)
{
    print("interrupts by %s\n", irq_init(device_tree));
    up(1);
    CHECK_TEXT(i82599_rx_init(&nic, &rx[1], 1, 9, buffers[1]));
    CHECK_TEXT(i82599_rx_init(&nic, &rx[1], 1, I82599_RING_MAX + 8, buffers[1]));
    CHECK_TEXT(i82599_rx_init(&nic, &rx[1], I82599_RINGS_MAX, 8, buffers[1]));
    there_and_back();
    full_rings();
    ports();
    spread();
    interrupting();
    from_wire();
    print("82599: ok\n");
    return 0;
}
