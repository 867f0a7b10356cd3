/* SPDX-License-Identifier: Apache-2.0 */
/* A driver of the 82599 that does things by chance, and a network that does, too: rings, descriptors,
 * filters and frames that are right more often than not, so that the deep states are reached; and
 * everything that a hostile guest may do in between.  For the tests that feed it. */
#ifndef TESTS_DEV_I82599_FUZZ_H
#define TESTS_DEV_I82599_FUZZ_H

#include "dev/i82599_impl.h"
#include "dev/packet_bytes.h"

#include "tests/dev/i82599_rig.h"
#include "sim/random.h"

#define QUEUES 6
#define RINGS RIG_RAM                              /* of 64 KiB each */
#define BUFFERS (RIG_RAM + (UINT64_C(4) << 20))
#define BUFFERS_BYTES (UINT64_C(8) << 20)

static const unsigned queues[QUEUES] = {0, 1, 2, 15, 64, 127};

struct fuzz {
    struct rig *r;
    const uint8_t *bytes; /* where chance comes from: these, or without any the generator */
    size_t left;
    struct random rnd;
    uint32_t rx_size[QUEUES], tx_size[QUEUES], rx_tail[QUEUES], tx_tail[QUEUES];
    uint32_t seq[4];
};

/* The next n bytes as a number; zeroes once they are used up. */
static uint64_t take_bytes(struct fuzz *f, unsigned n)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < n && f->left; i++, f->left--)
        v |= (uint64_t)*f->bytes++ << 8 * i;
    return v;
}

static uint64_t draw(struct fuzz *f)
{
    return f->bytes ? take_bytes(f, 8) : random_u64(&f->rnd);
}

static uint64_t pick(struct fuzz *f, uint64_t bound)
{
    if (f->bytes)
        return bound ? take_bytes(f, bound <= 256 ? 1 : bound <= 65536 ? 2 : 8) % bound : 0;
    return random_below(&f->rnd, bound);
}

static uint32_t pick32(struct fuzz *f)
{
    return (uint32_t)draw(f);
}

/* A register may be out of reach (the BAR is off): then nothing happens. */
static void put(struct fuzz *f, uint64_t offset, uint64_t value)
{
    struct txn t = {.addr = RIG_BAR0 + offset, .size = 4, .write = true, .data = value & 0xffffffff};

    (void)space_access(&f->r->space, &t);
}

static uint32_t get(struct fuzz *f, uint64_t offset)
{
    struct txn t = {.addr = RIG_BAR0 + offset, .size = 4};

    return space_access(&f->r->space, &t) == FAULT_NONE ? (uint32_t)t.data : UINT32_MAX;
}

static uint64_t some_address(struct fuzz *f)
{
    switch (pick(f, 24)) {
    case 0: return RIG_NOWHERE + pick(f, 4096);
    case 1: return RIG_ROM + pick(f, 16) * 512;
    case 2: return RIG_BAR0 + pick(f, I82599_BAR_BYTES);
    case 3: return RIG_BAR4 + pick(f, 0x900);
    case 4: return UINT64_MAX - pick(f, 8192);
    case 5: return draw(f);
    case 6: return RIG_RAM + RIG_RAM_BYTES - pick(f, 8192);
    case 7: return RINGS + pick(f, 1 << 20) * 4; /* rings, the queue's own perhaps */
    case 8: return RIG_MSI + pick(f, 64) * 4;
    case 9: return BUFFERS + pick(f, BUFFERS_BYTES);
    default: return BUFFERS + pick(f, BUFFERS_BYTES / 2048) * 2048;
    }
}

static uint64_t rx_ring_at(unsigned i)
{
    return RINGS + i * UINT64_C(0x10000);
}

static uint64_t tx_ring_at(unsigned i)
{
    return RINGS + (UINT64_C(1) << 20) + i * UINT64_C(0x10000);
}

static uint32_t rx_regs(unsigned i)
{
    return queues[i] < 64 ? 0x1000 + queues[i] * 0x40 : 0xd000 + (queues[i] - 64) * 0x40;
}

static uint32_t tx_regs(unsigned i)
{
    return 0x6000 + queues[i] * 0x40;
}

static uint32_t some_size(struct fuzz *f)
{
    static const uint32_t sizes[] = {8, 16, 64, 128, 512, 1024};

    return sizes[pick(f, ARRAY_LEN(sizes))];
}

/* ---- frames ---- */

/* TCP of a few streams, UDP, ARP, anything; sound more often than not.  Returns its length. */
static uint32_t some_frame(struct fuzz *f, uint8_t *b)
{
    static const uint32_t lengths[] = {60, 60, 64, 128, 590, 1514, 1514, 1514, 1518, 2000, 9000,
                                       FRAME_BYTES_MAX};
    uint32_t len = pick(f, 8) ? lengths[pick(f, ARRAY_LEN(lengths))]
                              : 60 + (uint32_t)pick(f, FRAME_BYTES_MAX - 60);
    unsigned kind = (unsigned)pick(f, 12), stream = (unsigned)pick(f, 4), at = 12;

    memset(b, (int)pick(f, 256), u64_max(len, 80)); /* of the headers below, some are cut off */
    memset(b, 0xff, 6);
    if (pick(f, 4))
        memcpy(b, (uint8_t[]){2, 0, 0, 0, 0, 5}, 6);
    memcpy(b + 6, (uint8_t[]){2, 0, 0, 0, 0, 1}, 6);
    if (pick(f, 6) == 0) {
        be16_put(b + at, 0x8100);
        be16_put(b + at + 2, (uint16_t)pick(f, 65536));
        at += 4;
    }
    be16_put(b + at, pick(f, 20) ? kind == 11 ? 0x86dd : 0x800 : (uint16_t)pick(f, 65536));
    at += 2;
    if (kind == 11) {
        for (unsigned i = 0; i < 60; i++)
            b[at + i] = (uint8_t)pick(f, 256);
        b[at] = 0x60;
        b[at + 6] = pick(f, 2) ? 6 : (uint8_t)pick(f, 64);
    } else if (kind < 10) {
        uint8_t *ip = b + at, *l4 = ip + 20;
        uint32_t bytes = len - at;

        memset(ip, 0, 20);
        ip[0] = pick(f, 30) ? 0x45 : (uint8_t)pick(f, 256);
        be16_put(ip + 2, pick(f, 30) ? (uint16_t)bytes : (uint16_t)pick(f, 65536));
        ip[6] = pick(f, 30) ? 0x40 : (uint8_t)pick(f, 256);
        ip[8] = 64;
        ip[9] = kind < 7 ? 6 : 17;
        be32_put(ip + 12, 0x0a000001 + stream);
        be32_put(ip + 16, 0x0a000002);
        be16_put(l4, (uint16_t)(1000 + stream));
        be16_put(l4 + 2, 9);
        if (kind < 7) {
            be32_put(l4 + 4, f->seq[stream]);
            l4[12] = pick(f, 30) ? 0x50 : (uint8_t)pick(f, 256);
            l4[13] = pick(f, 8) ? 0x10 : (uint8_t)pick(f, 256);
            l4[16] = l4[17] = 0;
            f->seq[stream] += pick(f, 20) ? bytes - 40 : (uint32_t)pick(f, 65536);
            be16_put(l4 + 16, (uint16_t)~packet_sum_add(packet_pseudo_sum(ip, 4, 6, bytes - 20),
                                                       packet_sum(l4, bytes - 20)));
        } else {
            be16_put(l4 + 4, pick(f, 20) ? (uint16_t)(bytes - 20) : (uint16_t)pick(f, 65536));
            l4[6] = l4[7] = 0;
        }
        be16_put(ip + 10, (uint16_t)~packet_sum(ip, 20));
    } else {
        for (uint32_t i = at; i < at + 60; i++)
            b[i] = (uint8_t)pick(f, 256);
    }
    return len;
}

static void pause_frame(struct fuzz *f, uint8_t *b)
{
    memset(b, 0, 60);
    memcpy(b, (uint8_t[]){1, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x88, 8, 0, 1}, 16);
    if (pick(f, 4) == 0)
        b[15] = (uint8_t)pick(f, 256);
    be16_put(b + 16, pick(f, 2) ? (uint16_t)pick(f, 200) : 0);
}

static void network(struct fuzz *f)
{
    static uint8_t b[FRAME_BYTES_MAX + 8];
    unsigned n = 1 + (unsigned)pick(f, pick(f, 8) ? 12 : 400);

    while (n--) {
        uint32_t len = 60;

        if (pick(f, 60) == 0)
            pause_frame(f, b);
        else
            len = some_frame(f, b);
        if (len > FRAME_BYTES_MAX)
            len = FRAME_BYTES_MAX;
        wire_send(&f->r->wire, WIRE_STATION, b, len, f->r->clock.now, NULL);
    }
}

/* ---- the driver ---- */

/* All that must be on for anything to move. */
static void bring_up(struct fuzz *f)
{
    put(f, 0x5080, 1 << 10 | 1 << 9 | 1 << 8);         /* FCTRL */
    put(f, 0x4240, 0x10a02 | 1u << 1 | (pick(f, 2) ? 4 : 0)); /* HLREG0, jumbo */
    put(f, 0x4268, (pick(f, 2) ? 9018u : 16000u) << 16); /* MAXFRS */
    put(f, 0x4a80, 1);                                  /* DMATXCTL.TE */
    put(f, 0x3000, 1);                                  /* RXCTRL.RXEN */
    put(f, 0x2f00, 0x6000002);                          /* RDRXCTL: as with RSC */
    put(f, 0xea00, 0x10);                               /* PSRTYPE.TCPHDR */
    put(f, 0x3d00, 8);                                  /* FCCFG: pauses are sent */
    put(f, 0x4294, 0x8);                                /* MFLCN: and heeded */
    put(f, 0x3220, 0x80001000);                         /* FCRTL */
    put(f, 0x3260, 0x80000000 | (uint32_t)(0x4000 + pick(f, 64) * 0x1000)); /* FCRTH */
    put(f, 0x3200, 0x100);
    put(f, 0x32a0, 0x80);
    for (unsigned i = 0; i < 64; i++)
        put(f, 0x900 + 4 * i, 0x80808080 | (pick32(f) & 0x3f3f3f3f));
    put(f, 0x898, 0x80000000 | (pick(f, 2) ? 0x40000030 : 0x10)); /* GPIE */
    put(f, 0xaa0, 0xffffffff);
    put(f, 0xaa4, 0xffffffff);
    put(f, 0x880, 0x7fffffff);
}

static void rx_up(struct fuzz *f, unsigned i)
{
    uint32_t at = rx_regs(i);
    uint64_t base = pick(f, 16) ? rx_ring_at(i) : some_address(f);

    f->rx_size[i] = some_size(f);
    put(f, at + 0x28, 0);
    if (pick(f, 4))
        put(f, at + 0x10, 0);
    put(f, at + 0x00, base);
    put(f, at + 0x04, base >> 32);
    put(f, at + 0x08, pick(f, 16) ? f->rx_size[i] * 16 : pick32(f));
    put(f, at + 0x14, pick(f, 12) ? (1 + pick(f, 4)) | 1u << 25 | (pick(f, 4) ? 0 : 1u << 28)
                                  : pick32(f));
    put(f, at + 0x2c, pick(f, 3) ? 0 : 1 | pick(f, 4) << 2);
    if (pick(f, 4))
        put(f, at + 0x18, 0);
    put(f, at + 0x28, 1u << 25 | (pick(f, 3) ? 0 : 1u << 30));
    f->rx_tail[i] = 0;
}

static void rx_give(struct fuzz *f, unsigned i)
{
    uint32_t n = (uint32_t)pick(f, f->rx_size[i]);

    while (n--) {
        uint8_t *d = rig_at(f->r, rx_ring_at(i) + f->rx_tail[i] * 16);

        le64_put(d, some_address(f));
        le64_put(d + 8, pick(f, 16) ? 0 : some_address(f));
        f->rx_tail[i] = (f->rx_tail[i] + 1) % f->rx_size[i];
    }
    put(f, rx_regs(i) + 0x18, pick(f, 40) ? f->rx_tail[i] : pick32(f));
}

static void tx_up(struct fuzz *f, unsigned i)
{
    uint32_t at = tx_regs(i);
    uint64_t base = pick(f, 16) ? tx_ring_at(i) : some_address(f);

    f->tx_size[i] = some_size(f);
    put(f, at + 0x28, 0);
    if (pick(f, 4))
        put(f, at + 0x10, 0);
    put(f, at + 0x00, base);
    put(f, at + 0x04, base >> 32);
    put(f, at + 0x08, pick(f, 16) ? f->tx_size[i] * 16 : pick32(f));
    base = some_address(f);
    put(f, at + 0x38, pick(f, 4) ? 0 : (uint32_t)base | 1);
    put(f, at + 0x3c, base >> 32);
    if (pick(f, 4))
        put(f, at + 0x18, 0);
    put(f, at + 0x28, 1u << 25 | (pick(f, 4) ? pick(f, 64) | 1 << 8 | pick(f, 8) << 16
                                             : pick(f, 1 << 23)));
    f->tx_tail[i] = 0;
}

static void tx_descriptor(struct fuzz *f, unsigned i, uint64_t address, uint64_t rest)
{
    uint8_t *d = rig_at(f->r, tx_ring_at(i) + f->tx_tail[i] * 16);

    le64_put(d, address);
    le64_put(d + 8, rest);
    f->tx_tail[i] = (f->tx_tail[i] + 1) % f->tx_size[i];
}

/* A packet in pieces, with or without offloads; contexts that fit it or do not. */
static void tx_packet(struct fuzz *f, unsigned i)
{
    static uint8_t b[FRAME_BYTES_MAX + 8];
    uint32_t len = some_frame(f, b), at = 0, command = 3u << 20 | 1u << 29, info;
    uint64_t buffer = BUFFERS + pick(f, BUFFERS_BYTES / 32768 - 1) * 32768;
    bool tso = pick(f, 3) == 0, legacy = pick(f, 8) == 0;
    uint32_t payload = tso ? len - 54 + (uint32_t)pick(f, 4) * 9000 : len;
    unsigned pieces = 1 + (unsigned)pick(f, 4);

    memcpy(rig_at(f->r, buffer), b, len);
    if (pick(f, 2) || tso)
        tx_descriptor(f, i, pick(f, 10) ? 14u << 9 | 20 | pick(f, 2) << 20 : draw(f),
                      (uint64_t)(2u << 20 | 1u << 29 | (uint32_t)pick(f, 4) << 10 | 1u << 11) |
                          (uint64_t)((pick(f, 10) ? 20u << 8 : pick32(f) & 0xff00) |
                                     (pick(f, 10) ? 1448u << 16 : pick32(f) & 0xffff0000) |
                                     (uint32_t)pick(f, 2) << 4) << 32);
    info = (pick(f, 20) ? payload << 14 : pick32(f)) | (uint32_t)pick(f, 4) << 8 |
           (uint32_t)pick(f, 2) << 4 | (pick(f, 2) ? 1u << 7 : 0);
    command |= (tso ? 1u << 31 : 0) | (pick(f, 8) ? 0 : 1u << 30) | (pick(f, 8) ? 1u << 25 : 0);
    for (unsigned p = 0; p < pieces; p++) {
        uint32_t piece = p + 1 == pieces ? len - at : (uint32_t)pick(f, len - at + 1);
        uint64_t from = pick(f, 40) ? buffer + at : some_address(f);

        if (pick(f, 40) == 0)
            piece = (uint32_t)pick(f, 65536); /* 0 as well */
        piece &= 0xffff;
        if (legacy)
            tx_descriptor(f, i, from, piece | (uint64_t)(p + 1 == pieces ? 0xb : 0x2) << 24 |
                                          (pick(f, 2) ? 0 : 4u << 24) | pick(f, 64) << 16 |
                                          pick(f, 64) << 40);
        else
            tx_descriptor(f, i, from, (uint64_t)info << 32 | command | piece |
                                          (p + 1 == pieces && pick(f, 40) ? 1u << 24 : 0) |
                                          (pick(f, 2) ? 1u << 27 : 0));
        at = u64_min(at + piece, len) & 0xffff;
    }
}

static void tx_give(struct fuzz *f, unsigned i)
{
    unsigned n = 1 + (unsigned)pick(f, 8);

    while (n--) {
        if (pick(f, 40) == 0)
            tx_descriptor(f, i, draw(f), draw(f));
        else
            tx_packet(f, i);
    }
    put(f, tx_regs(i) + 0x18, pick(f, 40) ? f->tx_tail[i] : pick32(f));
}

static void filters(struct fuzz *f)
{
    unsigned i = (unsigned)pick(f, 128);

    switch (pick(f, 8)) {
    case 0: put(f, 0x5818, pick(f, 4) ? 1 | pick32(f) << 16 : pick32(f)); break; /* MRQC */
    case 1: put(f, 0x5c00 + 4 * (i & 31), pick32(f)); break;                   /* RETA */
    case 2: put(f, 0x5c80 + 4 * (i % 10), pick32(f)); break;                   /* RSSRK */
    case 3:                                                                    /* five tuples */
        put(f, 0xe000 + 4 * i, 0x0100000a);
        put(f, 0xe400 + 4 * i, pick(f, 2) ? 0x0900e803 : pick32(f));
        put(f, 0xe600 + 4 * i, pick(f, 2) ? 0xfe00001c : pick32(f));
        put(f, 0xe800 + 4 * i, pick32(f));
        break;
    case 4:
        put(f, 0x5128 + 4 * (i & 7), pick(f, 2) ? 0x80000800 : pick32(f)); /* ETQF, ETQS */
        put(f, 0xec00 + 4 * (i & 7), 0x80000000 | pick32(f));
        break;
    case 5:
        put(f, 0xee00, pick(f, 2) ? 0x100000a0 | (1 + pick(f, 3)) : pick32(f)); /* FDIRCTRL */
        break;
    case 6: /* a flow director filter */
        put(f, 0xee18, 0x0a000001 + pick(f, 4));
        put(f, 0xee1c, 0x0a000002);
        put(f, 0xee20, pick(f, 2) ? 0x000903e8 : pick32(f));
        put(f, 0xee28, pick32(f));
        put(f, 0xee2c, pick(f, 4) ? 1 | 2 << 5 | 1 << 11 | 1 << 15 | pick(f, 128) << 16
                                  : pick32(f));
        break;
    default: put(f, 0x5088, pick(f, 2) ? 0x8100 : pick32(f) | 0x8100); break; /* VLNCTRL */
    }
}

static void interrupts(struct fuzz *f)
{
    unsigned i = (unsigned)pick(f, 64);

    switch (pick(f, 6)) {
    case 0: put(f, i < 24 ? 0x820 + 4 * i : 0x12300 + 4 * (i - 24), pick(f, 64) << 3); break;
    case 1: put(f, 0x808, pick32(f)); break;                    /* EICS */
    case 2: (void)get(f, 0x800); break;                         /* EICR */
    case 3: put(f, 0x810, pick32(f)), put(f, 0x890, pick32(f)); break; /* EIAC, EIAM */
    case 4: put(f, 0x888, pick32(f)), put(f, 0xab0, pick32(f)); break;
    default: put(f, 0xaa0, 0xffffffff), put(f, 0xaa4, 0xffffffff); break;
    }
}

static void some_register(struct fuzz *f)
{
    unsigned which = (unsigned)pick(f, i82599_class.reg_count);
    const struct reg *reg = &i82599_class.regs[which];
    uint64_t offset = reg->offset + pick(f, reg->repeat) * reg->step;

    if (pick(f, 10) == 0)
        offset = pick(f, I82599_BAR_BYTES / 4) * 4;
    if (pick(f, 2))
        put(f, offset, draw(f));
    else
        (void)get(f, offset);
}

static void upset(struct fuzz *f)
{
    struct pci_function *pci = f->r->pci;

    switch (pick(f, 10)) {
    case 0: pci_config_write(pci, PCI_EXP_DEVCTL_OFFSET, 2, 0x8000); break; /* FLR */
    case 1: pci_config_write(pci, PCI_COMMAND_OFFSET, 2, (uint32_t)pick(f, 8)); break;
    case 2: pci_config_write(pci, PCI_MSIX_CONTROL_OFFSET, 2, (uint32_t)pick(f, 4) << 14); break;
    case 3: i82599_class.reset(f->r->dev); break;
    case 4: put(f, 0, 1u << 26); break; /* CTRL.RST */
    case 5: put(f, 0, 1u << 3); break;  /* CTRL.LNK_RST */
    case 6: put(f, 0x42a0, get(f, 0x42a0) | 1u << 12); break; /* AUTOC restart */
    case 7: put(f, 0x4240, get(f, 0x4240) ^ 1u << 15); break; /* loopback */
    case 8: put(f, 0x3000, 0); break;   /* RXCTRL */
    default: pci_config_write(pci, (unsigned)pick(f, 256) & ~3u, 4, pick32(f));
    }
    if (pick(f, 4))
        rig_program_bars(f->r);
    if (pick(f, 2))
        rig_run(f->r, PS_PER_S / 10); /* the link comes up */
    if (pick(f, 4))
        bring_up(f);
}

/* ---- what must hold ---- */

static void check_rx(const struct i82599 *n)
{
    const struct rx_engine *rx = &n->rx;
    uint32_t at = rx->head, waiting = 0, busy = 0;
    uint64_t charged = 0;

    for (uint32_t i = 0; i < rx->slots && i < RX_RING_BYTES / 64; i++) {
        const struct rx_slot *slot;

        if (at >= RX_RING_BYTES || ((const struct rx_slot *)(rx->ring + at))->len == UINT32_MAX)
            at = 0;
        slot = (const struct rx_slot *)(rx->ring + at);
        charged += slot->charge;
        waiting += slot->state == RX_WAITING;
        if (slot->bytes < sizeof *slot || slot->bytes % 64 || at + slot->bytes > RX_RING_BYTES) {
            CHECK(!"a slot is sound");
            return;
        }
        at += slot->bytes;
    }
    CHECK_EQ_U64(charged, rx->charged);
    CHECK_EQ_U64(waiting, rx->waiting);
    CHECK(rx->movers <= RX_MOVERS);
    for (unsigned i = 0; i < RX_MOVERS; i++)
        busy += n->rx_mover[i].busy;
    CHECK(busy <= rx->movers);
}

static void check_tx(const struct i82599 *n)
{
    const struct tx_engine *tx = &n->tx;

    CHECK(tx->packets <= TX_PACKETS && tx->reads <= TX_READERS);
    CHECK(tx->ring_used <= TX_RING_BYTES && tx->ring_head < TX_RING_BYTES);
}

static void step(struct fuzz *f)
{
    unsigned i = (unsigned)pick(f, QUEUES);

    switch (pick(f, 20)) {
    case 0: if (pick(f, 12) == 0) rx_up(f, i); break;
    case 1: if (pick(f, 12) == 0) tx_up(f, i); break;
    case 2: if (pick(f, 4) == 0) some_register(f); break;
    case 3: if (pick(f, 40) == 0) upset(f); break;
    case 4: filters(f); break;
    case 5: interrupts(f); break;
    case 6: if (pick(f, 10) == 0) bring_up(f); break;
    case 7:
    case 8:
    case 9:
    case 10: rx_give(f, i); break;
    case 11:
    case 12: tx_give(f, i); break;
    case 13:
    case 14:
    case 15: network(f); break;
    default: rig_run(f->r, pick(f, 40) * PS_PER_US); break;
    }
    check_rx(f->r->dev);
    check_tx(f->r->dev);
}

/* The wire, the controller and every ring, up. */
static void begin(struct fuzz *f)
{
    rig_link_up(f->r);
    bring_up(f);
    for (unsigned i = 0; i < QUEUES; i++) {
        rx_up(f, i);
        tx_up(f, i);
        rx_give(f, i);
    }
}

#endif
