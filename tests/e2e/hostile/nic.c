/* SPDX-License-Identifier: Apache-2.0 */
/* A guest with an 82599 (the only function but the host bridge) that gives it what it likes.  A word
 * of the command line says what:
 *
 *   stopped    a ring of 512 descriptors, then the hart sleeps while frames come; when no more do, it
 *              takes what is there, gives the descriptors anew until nothing is left, and prints
 *              what the controller has counted
 *   deaf       the same with filters that let nothing through
 *   wild       rings, descriptors and tails anywhere and of any kind, in hundreds of episodes, under
 *              whatever comes from the wire; after that a frame must still come and go
 *
 * Status 0: all is as it must be. */
#include "labs/lib/csr.h"
#include "labs/lib/finisher.h"
#include "labs/lib/reg.h"
#include "labs/lib/uart.h"
#include "spec/virt.h"

#include <stdbool.h>
#include <stddef.h>

#define BAR0 UINT64_C(0x40000000)
#define BAR4 UINT64_C(0x40100000)
#define CONFIG (VIRT_PCI_ECAM_BASE + (1 << 15))
#define US (VIRT_TIMEBASE_HZ / 1000000)

#define RING 512
#define BUFFER 2048
#define EPISODES 400

/* Memory of the controller's; the program is at the start of RAM and far below. */
#define RX_RING UINT64_C(0x90000000)
#define TX_RING UINT64_C(0x90010000)
#define BUFFERS UINT64_C(0x90100000)

static uint64_t chance = 0x9e3779b97f4a7c15;

static uint32_t get(uint32_t offset)
{
    return mmio_read32(BAR0 + offset);
}

static void put(uint32_t offset, uint64_t value)
{
    mmio_write32(BAR0 + offset, (uint32_t)value);
}

static uint64_t now(void)
{
    return csr_read(time);
}

/* Asleep: the timer's interrupt is pending then, and not taken. */
static void sleep_us(uint64_t us)
{
    uint64_t until = now() + us * US;

    csr_write(CSR_STIMECMP, until);
    csr_set(sie, SIE_STIE);
    while (now() < until)
        __asm__ volatile("wfi");
    csr_clear(sie, SIE_STIE);
}

static void print(const char *name, uint64_t value)
{
    char text[24];
    unsigned at = sizeof text - 1;

    text[at] = 0;
    do
        text[--at] = (char)('0' + value % 10);
    while (value /= 10);
    uart_puts(name);
    uart_puts("=");
    uart_puts(text + at);
    uart_puts("\n");
}

static bool said(const uint8_t *tree, const char *word)
{
    uint32_t bytes = (uint32_t)tree[4] << 24 | tree[5] << 16 | tree[6] << 8 | tree[7];

    for (uint32_t i = 0; i + 16 < bytes; i++)
        for (unsigned k = 0;; k++) {
            if (!word[k])
                return true;
            if (tree[i + k] != (uint8_t)word[k])
                break;
        }
    return false;
}

/* ---- a controller that works ---- */

static void config_up(void)
{
    mmio_write32(CONFIG + 0x10, (uint32_t)BAR0);
    mmio_write32(CONFIG + 0x14, 0);
    mmio_write32(CONFIG + 0x20, (uint32_t)BAR4);
    mmio_write32(CONFIG + 0x24, 0);
    mmio_write32(CONFIG + 4, 6); /* memory, master */
}

static void reset(void)
{
    put(0, 1u << 26); /* CTRL.RST */
    sleep_us(20000);
    config_up();
    put(0x42a0, get(0x42a0) | 1u << 12); /* AUTOC: restart */
    for (unsigned i = 0; i < 1000 && !(get(0x42a4) >> 30 & 1); i++)
        sleep_us(1000);
    if (!(get(0x42a4) >> 30 & 1))
        die("no link");
}

static volatile uint64_t *descriptor(uint64_t ring, uint32_t i)
{
    return (volatile uint64_t *)(uintptr_t)(ring + 16 * i);
}

static void give(uint32_t i)
{
    descriptor(RX_RING, i)[0] = BUFFERS + (uint64_t)i * BUFFER;
    descriptor(RX_RING, i)[1] = 0;
}

static void receiver_up(bool all)
{
    for (uint32_t i = 0; i < RING; i++)
        give(i);
    put(0x4240, 0x10a06);                    /* HLREG0, jumbo frames */
    put(0x4268, 9018u << 16);                /* MAXFRS */
    put(0x5080, all ? 1 << 10 | 1 << 9 | 1 << 8 : 0); /* FCTRL */
    put(0x1000, RX_RING);
    put(0x1004, RX_RING >> 32);
    put(0x1008, RING * 16);
    put(0x1014, BUFFER / 1024 | 1 << 25);
    put(0x1028, 1 << 25);
    put(0x3000, 1);
    put(0x1018, RING - 1);
}

/* ---- stopped ---- */

/* Takes what has been written back, and gives it again. */
static uint64_t take(uint32_t *next)
{
    uint64_t taken = 0;

    while (descriptor(RX_RING, *next)[1] & 1) {
        give(*next);
        put(0x1018, *next);
        *next = (*next + 1) % RING;
        taken++;
    }
    return taken;
}

static int stopped(bool all)
{
    uint64_t total = 0, now_seen, received = 0, some;
    uint32_t next = 0;

    receiver_up(all);
    do {
        sleep_us(20000);
        now_seen = get(0x40d0); /* TPR */
        total += now_seen;
    } while (now_seen || !total);
    do {
        received += some = take(&next);
        sleep_us(2000);
    } while (some);
    print("total", total);
    print("good", get(0x4074));
    print("received", received);
    print("missed", get(0x3fa0));
    print("no_descriptor", get(0x1430));
    print("bad_sequence", get(0x4000));
    return 0;
}

/* ---- wild ---- */

static uint64_t random_u64(void)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return chance * 0x2545f4914f6cdd1d;
}

static uint64_t below(uint64_t n)
{
    return (random_u64() >> 11) % n;
}

/* Anywhere but the finisher and the program. */
static uint64_t place(void)
{
    switch (below(16)) {
    case 0: return BAR0 + (below(0x20000) & ~UINT64_C(3)); /* itself */
    case 1: return BAR4 + (below(0x1000) & ~UINT64_C(3));
    case 2: return VIRT_PCI_ECAM_BASE + below(1 << 16);
    case 3: return VIRT_ROM_BASE + below(VIRT_ROM_BYTES);
    case 4: return 0xdead0000000 + below(1 << 20);         /* nothing */
    case 5: return UINT64_MAX - below(4096);
    case 6: return 0xc0000000 - below(4096);               /* the end of memory */
    case 7: return VIRT_UART_BASE + 7;
    case 8: return VIRT_IMSIC_S_BASE + below(8) * 4;
    case 9: return VIRT_PLIC_BASE + below(VIRT_PLIC_BYTES);
    case 10: return RX_RING + below(0x20000);              /* the rings */
    default: return BUFFERS + below(0x800000);
    }
}

static void wild_rings(void)
{
    uint64_t base = below(3) ? RX_RING : place() & ~UINT64_C(127);

    put(0x1028, 0);
    put(0x1000, base);
    put(0x1004, base >> 32);
    put(0x1008, below(4) ? RING * 16 : random_u64());
    put(0x1014, below(4) ? BUFFER / 1024 | 1 << 25 : random_u64());
    put(0x102c, below(4) ? 0 : random_u64());
    put(0x1028, 1 << 25);
    put(0x1018, below(4) ? RING - 1 : random_u64());
    base = below(3) ? TX_RING : place() & ~UINT64_C(127);
    put(0x6028, 0);
    put(0x6000, base);
    put(0x6004, base >> 32);
    put(0x6008, below(4) ? RING * 16 : random_u64());
    base = place();
    put(0x6038, below(4) ? 0 : base | 1);
    put(0x603c, base >> 32);
    put(0x4a80, 1);
    put(0x6028, 1 << 25 | 1 << 8);
}

static void wild_descriptors(void)
{
    for (uint32_t i = 0; i < RING; i++) {
        descriptor(RX_RING, i)[0] = place();
        descriptor(RX_RING, i)[1] = below(8) ? 0 : place();
    }
    for (uint32_t i = 0; i < RING; i++) {
        uint32_t bytes = below(4) ? (uint32_t)below(2000) : (uint32_t)random_u64() & 0xffff;
        uint64_t payload = below(4) ? bytes : below(1 << 18);
        uint64_t command = below(2) << 24 | below(2) << 25 | below(2) << 27 | 1u << 29 |
                           below(4) / 3 << 30 | below(2) << 31;

        descriptor(TX_RING, i)[0] = below(4) ? place() : 14 << 9 | 20;
        if (below(8) == 0)
            descriptor(TX_RING, i)[1] = random_u64();
        else if (below(4) == 0) /* a context */
            descriptor(TX_RING, i)[1] = (below(4) ? UINT64_C(1448) << 48 | UINT64_C(20) << 40
                                                  : random_u64() << 32) | 2u << 20 | 1u << 29 |
                                        below(4) << 10 | 1u << 11;
        else
            descriptor(TX_RING, i)[1] = payload << 46 | below(64) << 36 | command | 3u << 20 | bytes;
    }
    put(0x6018, below(4) ? below(RING) : random_u64());
}

static int wild(void)
{
    uint64_t sent = 0, received = 0;
    uint32_t next = 0;

    for (unsigned i = 0; i < EPISODES; i++) {
        if (i % 16 == 0) {
            reset();
            receiver_up(true);
        }
        wild_rings();
        wild_descriptors();
        sleep_us(below(200));
        config_up(); /* it may have written there itself */
        sent += get(0x40d4);
        received += get(0x40d0);
    }
    print("wild_sent", sent);
    print("wild_received", received);
    reset();
    receiver_up(true);
    for (unsigned i = 0; i < 1000 && !take(&next); i++)
        sleep_us(1000);
    if (!next)
        die("nothing is received any more");
    sent = get(0x40d4);
    descriptor(TX_RING, 0)[0] = BUFFERS;
    descriptor(TX_RING, 0)[1] = UINT64_C(64) << 46 | 1u << 24 | 1u << 25 | 1u << 27 | 1u << 29 |
                                3u << 20 | 64;
    put(0x6000, TX_RING);
    put(0x6004, 0);
    put(0x6008, RING * 16);
    put(0x4a80, 1);
    put(0x6028, 1 << 25 | 1 << 8);
    put(0x6018, 1);
    sleep_us(1000);
    if (get(0x40d4) != 1 || !(descriptor(TX_RING, 0)[1] >> 32 & 1))
        die("nothing is sent any more");
    return 0;
}

int main(const void *tree)
{
    uart_init();
    config_up();
    reset();
    if (said(tree, "wild"))
        return wild();
    return stopped(!said(tree, "deaf"));
}
