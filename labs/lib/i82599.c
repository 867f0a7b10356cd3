/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/i82599.h"

#include "labs/lib/fence.h"
#include "labs/lib/pci.h"
#include "labs/lib/port.h"
#include "labs/lib/reg.h"
#include "labs/lib/timer.h"

#include <stddef.h>

enum { I82599_REGS(REG_AT) };
enum { I82599_REG_FIELDS(FIELD_MASK) };

#define VENDOR 0x8086
#define DEVICE 0x10fb /* 10 GbE with an SFP+ cage */
#define IO_BAR 2
#define IOADDR 0      /* of the I/O BAR (8.1.2): which register, */
#define IODATA 4      /* and its value */

#define ALL_CAUSES 0x7fffffffu
#define MASTER_US 100000
#define RESET_US 10000
#define QUEUE_US 10000
#define LINK_US 1000000
#define RSC_HEADER (4 << I82599_SRRCTL_BSIZEHEADER_LSB) /* the reset value: 256 bytes */
#define DCA_RXCTRL_MAGIC (1u << 12)

/* MRQC: RSS alone (8.2.3.7.12), of TCP and UDP over IPv4 and IPv6, and of other IP. */
#define MRQE_RSS 1
#define RSS_FIELDS (0xf3u << I82599_MRQC_RSS_FIELDS_LSB)
/* Sixteen bits again and again: both directions of a flow get the same hash. */
#define RSS_KEY 0x6d5a6d5a
#define RSS_ENTRIES 128

static uint32_t get(const struct i82599 *n, unsigned reg)
{
    return mmio_read32(n->registers + reg);
}

static void put(const struct i82599 *n, unsigned reg, uint32_t value)
{
    mmio_write32(n->registers + reg, value);
}

static void set(const struct i82599 *n, unsigned reg, uint32_t bits)
{
    put(n, reg, get(n, reg) | bits);
}

static void clear(const struct i82599 *n, unsigned reg, uint32_t bits)
{
    put(n, reg, get(n, reg) & ~bits);
}

/* ---- setting up ---- */

/* 4.6.3, up to the link. */
static const char *reset(struct i82599 *n)
{
    /* 4.6.3.1: no interrupts, also not after the reset. */
    put(n, I82599_EIMC, ALL_CAUSES);
    /* 5.2.5.3.2: DMA that is under way ends before, or the bus would wait for its completions. */
    set(n, I82599_CTRL, I82599_CTRL_GIO_DIS);
    if (!WAIT_FOR(!(get(n, I82599_STATUS) & I82599_STATUS_GIO), MASTER_US))
        return "82599: its DMA does not end";
    /* 4.6.3.2: link and device; 8.2.3.1.1: no access at all for a millisecond. */
    put(n, I82599_CTRL, I82599_CTRL_RST | I82599_CTRL_LNK_RST);
    delay(1000);
    if (!WAIT_FOR(!(get(n, I82599_CTRL) & (I82599_CTRL_RST | I82599_CTRL_LNK_RST)), RESET_US))
        return "82599: the reset does not end";
    put(n, I82599_EIMC, ALL_CAUSES);
    /* 4.6.3: it has read its EEPROM, and its DMA is ready. */
    if (!WAIT_FOR(get(n, I82599_EEC) & I82599_EEC_AUTO_RD, RESET_US))
        return "82599: it does not read its EEPROM";
    if (!WAIT_FOR(get(n, I82599_RDRXCTL) & I82599_RDRXCTL_DMAIDONE, RESET_US))
        return "82599: its DMA does not become ready";
    return NULL;
}

/* 4.6.4.2: 10 Gb/s over the SFP+ module, and a restart of the link. */
static const char *link_up(struct i82599 *n)
{
    uint32_t autoc = get(n, I82599_AUTOC) & ~(uint32_t)I82599_AUTOC_LMS;

    put(n, I82599_AUTOC, autoc | I82599_LMS_10G_SERIAL << I82599_AUTOC_LMS_LSB |
                         I82599_AUTOC_AN_RESTART);
    return WAIT_FOR(i82599_link(n), LINK_US) ? NULL : "82599: no link";
}

const char *i82599_init(struct i82599 *n)
{
    struct i82599_statistics old;
    const char *why;
    uint32_t low, high;

    pci_init();
    *n = (struct i82599){.device = pci_find(VENDOR, DEVICE, 0)};
    if (!n->device)
        return "82599: there is none on PCI";
    n->registers = pci_bar(n->device, 0);
    if (n->device->bar[IO_BAR].io)
        n->port = (uint32_t)(n->device->bar[IO_BAR].base - VIRT_PCI_IO_BASE);
    pci_enable(n->device);
    if ((why = reset(n)))
        return why;

    /* 8.2.3.7.8: the station's address, which came from the EEPROM. */
    low = get(n, I82599_RAL);
    high = get(n, I82599_RAH);
    for (unsigned i = 0; i < 4; i++)
        n->mac[i] = (uint8_t)(low >> 8 * i);
    n->mac[4] = (uint8_t)high;
    n->mac[5] = (uint8_t)(high >> 8);
    /* 4.6.5: reading clears the counters. */
    i82599_statistics(n, &old);

    /* 4.6.7, what is not of a queue.  Filters (7.1.1.1): all frames. */
    set(n, I82599_FCTRL, I82599_FCTRL_BAM | I82599_FCTRL_UPE | I82599_FCTRL_MPE);
    /* The check sequence is taken off: both registers say so. */
    set(n, I82599_HLREG0, I82599_HLREG0_RXCRCSTRP);
    set(n, I82599_RDRXCTL, I82599_RDRXCTL_CRCSTRIP);
    /* 4.6.7, its last sentence. */
    set(n, I82599_CTRL_EXT, I82599_CTRL_EXT_NS_DIS);
    /* 4.6.8: check sequence and padding are added.  The queue arbiter is off while queues change, and
     * so is the transmitter: TE comes before the first queue's enable. */
    set(n, I82599_HLREG0, I82599_HLREG0_TXCRCEN | I82599_HLREG0_TXPADEN);
    clear(n, I82599_RTTDCS, I82599_RTTDCS_ARBDIS);
    return link_up(n);
}

bool i82599_link(const struct i82599 *n)
{
    return get(n, I82599_LINKS) & I82599_LINKS_UP;
}

void i82599_loopback(struct i82599 *n, bool on)
{
    /* 3.7.6: at the MAC; the link is forced up, whatever is at its other end. */
    (on ? set : clear)(n, I82599_AUTOC, I82599_AUTOC_FLU);
    (on ? set : clear)(n, I82599_HLREG0, I82599_HLREG0_LPBK);
}

static const char *bad_ring(unsigned number, unsigned entries)
{
    if (number >= I82599_RINGS_MAX)
        return "82599: no such ring";
    /* 8.2.3.8.3: RDLEN counts 128 bytes, which are 8 descriptors. */
    if (entries < 8 || entries > I82599_RING_MAX || entries % 8)
        return "82599: a ring has 8 to 512 descriptors, a multiple of 8";
    return NULL;
}

/* ---- receive ---- */

static void give(struct i82599_rx *rx, uint32_t i)
{
    /* 7.1.6.1: where the frame goes.  The second half is for split headers; being 0, it also clears
     * the DD bit that the controller sets there. */
    rx->ring[i][0] = (uintptr_t)rx->buffers + (uint64_t)i * I82599_BUFFER_BYTES;
    rx->ring[i][1] = 0;
}

/* 4.6.7, its last step, with the first queue: the data path is held while the receiver starts. */
static const char *receiver_on(struct i82599 *n)
{
    if (get(n, I82599_RXCTRL) & I82599_RXCTRL_RXEN)
        return NULL;
    set(n, I82599_SECRXCTRL, I82599_SECRXCTRL_RX_DIS);
    if (!WAIT_FOR(get(n, I82599_SECRXSTAT) & I82599_SECRXSTAT_SECRX_RDY, QUEUE_US))
        return "82599: the receive path does not empty";
    set(n, I82599_RXCTRL, I82599_RXCTRL_RXEN);
    clear(n, I82599_SECRXCTRL, I82599_SECRXCTRL_RX_DIS);
    return NULL;
}

const char *i82599_rx_init(struct i82599 *n, struct i82599_rx *rx, unsigned number,
                           unsigned entries, uint8_t *buffers)
{
    unsigned q = number * I82599_RDBAL_STEP; /* registers of the first 64 queues lie alike */
    const char *why = bad_ring(number, entries);

    if (why)
        return why;
    rx->nic = n;
    rx->number = number;
    rx->entries = entries;
    rx->next = rx->refill = 0;
    rx->buffers = buffers;
    for (uint32_t i = 0; i < entries; i++)
        give(rx, i);

    /* 4.6.7, of a queue, in its order: ring, buffers, enable, tail. */
    put(n, I82599_RDBAL + q, (uint32_t)(uintptr_t)rx->ring);
    put(n, I82599_RDBAH + q, (uint32_t)((uint64_t)(uintptr_t)rx->ring >> 32));
    put(n, I82599_RDLEN + q, entries * sizeof rx->ring[0]);
    i82599_rx_drop(rx, false);
    clear(n, I82599_DCA_RXCTRL + q, DCA_RXCTRL_MAGIC); /* 4.6.7, its last sentence */
    set(n, I82599_RXDCTL + q, I82599_RXDCTL_ENABLE);
    if (!WAIT_FOR(get(n, I82599_RXDCTL + q) & I82599_RXDCTL_ENABLE, QUEUE_US))
        return "82599: a receive queue does not start";
    i82599_rx_tail(rx);
    return receiver_on(n);
}

void i82599_rx_drop(struct i82599_rx *rx, bool on)
{
    /* 8.2.3.8.7: buffers of 2 KiB; advanced descriptors with one buffer each. */
    put(rx->nic, I82599_SRRCTL + rx->number * I82599_SRRCTL_STEP,
        I82599_BUFFER_BYTES / 1024 | RSC_HEADER |
        I82599_DESCTYPE_ADVANCED << I82599_SRRCTL_DESCTYPE_LSB |
        (on ? I82599_SRRCTL_DROP_EN : 0));
}

void i82599_spread(struct i82599 *n, unsigned rings)
{
    /* 7.1.2.8: the hash's low 7 bits choose an entry of the table, and that the queue. */
    for (unsigned i = 0; i < RSS_ENTRIES; i += 4) {
        uint32_t four = 0;

        for (unsigned k = 0; k < 4; k++)
            four |= (i + k) % rings << 8 * k;
        put(n, I82599_RETA + i, four);
    }
    for (unsigned i = 0; i < 10; i++)
        put(n, I82599_RSSRK + i * I82599_RSSRK_STEP, RSS_KEY);
    put(n, I82599_MRQC, MRQE_RSS | RSS_FIELDS);
}

unsigned i82599_receive(struct i82599_rx *rx, struct i82599_frame *frames, unsigned most)
{
    unsigned count = 0;

    while (count < most) {
        /* 7.1.6.2: status 31:0, length 47:32; one load has both. */
        uint64_t done = rx->ring[rx->next][1];
        struct i82599_frame *f = &frames[count];

        if (!(done & I82599_RXD_DD))
            break;
        f->bytes = rx->buffers + (uint64_t)rx->next * I82599_BUFFER_BYTES;
        f->length = done >> (I82599_RXD_LENGTH - I82599_RXD_STATUS) * 8 & 0xffff;
        f->good = done & I82599_RXD_EOP && !(done & I82599_RXD_RXE);
        rx->next = (rx->next + 1) % rx->entries;
        count++;
    }
    if (count)
        fence_completion();
    return count;
}

void i82599_refill(struct i82599_rx *rx, unsigned count)
{
    for (; count && rx->refill != rx->next; count--) {
        give(rx, rx->refill);
        rx->refill = (rx->refill + 1) % rx->entries;
    }
}

void i82599_rx_tail(struct i82599_rx *rx)
{
    fence_doorbell();
    /* 7.1.9: the controller has the descriptors from its head up to the tail, without that one; so
     * all but one at most, for head and tail alike are an empty ring. */
    put(rx->nic, I82599_RDT + rx->number * I82599_RDT_STEP,
        (rx->refill + rx->entries - 1) % rx->entries);
}

/* ---- transmit ---- */

const char *i82599_tx_init(struct i82599 *n, struct i82599_tx *tx, unsigned number,
                           unsigned entries)
{
    unsigned q = number * I82599_TDBAL_STEP;
    const char *why = bad_ring(number, entries);

    if (why)
        return why;
    tx->nic = n;
    tx->number = number;
    tx->entries = entries;
    tx->next = tx->clean = 0;
    /* 4.6.8, of a queue: ring, the transmitter as a whole, enable, tail. */
    put(n, I82599_TDBAL + q, (uint32_t)(uintptr_t)tx->ring);
    put(n, I82599_TDBAH + q, (uint32_t)((uint64_t)(uintptr_t)tx->ring >> 32));
    put(n, I82599_TDLEN + q, entries * sizeof tx->ring[0]);
    put(n, I82599_TDH + q, 0);
    put(n, I82599_TDT + q, 0);
    set(n, I82599_DMATXCTL, I82599_DMATXCTL_TE);
    set(n, I82599_TXDCTL + q, I82599_TXDCTL_ENABLE);
    if (!WAIT_FOR(get(n, I82599_TXDCTL + q) & I82599_TXDCTL_ENABLE, QUEUE_US))
        return "82599: a transmit queue does not start";
    return NULL;
}

bool i82599_send(struct i82599_tx *tx, const void *frame, unsigned bytes)
{
    uint32_t next = (tx->next + 1) % tx->entries;
    uint64_t command = bytes | I82599_TXD_DTYP_DATA << I82599_TXD_DTYP_SHIFT | I82599_TXD_DEXT |
                       I82599_TXD_EOP | I82599_TXD_IFCS | I82599_TXD_RS;

    if (next == tx->clean || bytes < I82599_FRAME_MIN || bytes > I82599_FRAME_MAX)
        return false;
    /* 7.2.3.2.4: a whole frame, its check sequence to be added, its end to be reported. */
    tx->ring[tx->next][0] = (uintptr_t)frame;
    tx->ring[tx->next][1] = command | (uint64_t)bytes << (32 + I82599_TXD_PAYLEN_SHIFT);
    tx->next = next;
    return true;
}

void i82599_tx_tail(struct i82599_tx *tx)
{
    fence_doorbell();
    /* 7.2.3.3: one past the last that is to be sent. */
    put(tx->nic, I82599_TDT + tx->number * I82599_TDT_STEP, tx->next);
}

unsigned i82599_sent(struct i82599_tx *tx)
{
    unsigned count = 0;

    /* 7.2.3.2.4: written back with DD, in bits 63:32. */
    for (; tx->clean != tx->next && tx->ring[tx->clean][1] >> 32 & I82599_TXD_DD; count++)
        tx->clean = (tx->clean + 1) % tx->entries;
    return count;
}

/* ---- interrupts ---- */

/* The wire stands for all vectors.  Reading EICR tells which, clears them and lets go of the wire
 * (7.3.1.3); a cause that is masked must not get lost by that. */
static void on_wire(void *context)
{
    struct i82599 *n = context;
    uint32_t causes = get(n, I82599_EICR);

    n->kept |= causes & ~n->unmasked;
    for (unsigned v = 0; v < I82599_VECTORS_MAX; v++)
        if (causes & n->unmasked & 1u << v && n->vector[v].handler)
            n->vector[v].handler(n->vector[v].context);
}

const char *i82599_vector(struct i82599 *n, unsigned number, void (*handler)(void *context),
                          void *context)
{
    bool first = true;

    if (number >= I82599_VECTORS_MAX)
        return "82599: the driver has no such vector";
    for (unsigned v = 0; v < I82599_VECTORS_MAX; v++)
        first = first && !n->vector[v].handler;
    n->vector[number].handler = handler;
    n->vector[number].context = context;
    if (pci_msix(n->device, number, handler, context)) {
        n->messages = true;
        /* 7.3.1.1, 8.2.3.5.18: a vector a cause, pending bits as PCI has them. */
        put(n, I82599_GPIE, I82599_GPIE_MULTIPLE_MSIX | I82599_GPIE_PBA_SUPPORT | I82599_GPIE_OCD);
        /* 7.3.1.4: its message clears a cause, so that the handler need not read EICR. */
        put(n, I82599_EIAC, I82599_EICR_RTX_QUEUE);
    } else if (first) {
        pci_intx(n->device, on_wire, n);
    }
    return NULL;
}

/* 8.2.3.5.16: a byte a queue: those of receive and transmit queue 2n, then of 2n + 1. */
static void ivar(struct i82599 *n, unsigned queue, bool transmit, unsigned vector)
{
    unsigned reg = I82599_IVAR + queue / 2 * I82599_IVAR_STEP;
    unsigned lsb = queue % 2 * 16 + transmit * 8;

    put(n, reg, (get(n, reg) & ~(0xffu << lsb)) | (I82599_IVAR_VALID | vector) << lsb);
}

void i82599_rx_vector(struct i82599_rx *rx, unsigned number)
{
    ivar(rx->nic, rx->number, false, number);
}

void i82599_tx_vector(struct i82599_tx *tx, unsigned number)
{
    ivar(tx->nic, tx->number, true, number);
}

void i82599_throttle(struct i82599 *n, unsigned number, unsigned interval_us)
{
    unsigned steps = (interval_us + 1) / 2;

    /* 8.2.3.5.12 */
    if (steps > I82599_EITR_INTERVAL >> I82599_EITR_INTERVAL_LSB)
        steps = I82599_EITR_INTERVAL >> I82599_EITR_INTERVAL_LSB;
    put(n, I82599_EITR + number * I82599_EITR_STEP, steps << I82599_EITR_INTERVAL_LSB);
}

void i82599_mask(struct i82599 *n, uint32_t vectors)
{
    put(n, I82599_EIMC, vectors);
    n->unmasked &= ~vectors;
}

void i82599_unmask(struct i82599 *n, uint32_t vectors)
{
    uint32_t again = n->kept & vectors;

    n->unmasked |= vectors;
    n->kept &= ~vectors;
    /* 8.2.3.5.3: a cause that came up while it was masked comes up now. */
    if (again)
        put(n, I82599_EICS, again);
    put(n, I82599_EIMS, vectors);
}

/* ---- the rest ---- */

/* 8.2.3.23: counters of 36 bits are two registers, the low one first. */
static uint64_t count(const struct i82599 *n, unsigned low, unsigned high)
{
    uint64_t value = get(n, low);

    return value | (uint64_t)get(n, high) << 32;
}

void i82599_statistics(struct i82599 *n, struct i82599_statistics *s)
{
    s->received = get(n, I82599_GPRC);
    s->received_bytes = count(n, I82599_GORCL, I82599_GORCH);
    s->sent = get(n, I82599_GPTC);
    s->sent_bytes = count(n, I82599_GOTCL, I82599_GOTCH);
    /* One packet buffer, and one counter for all queues: what RXPBSIZE and RQSMR are at reset. */
    s->missed = get(n, I82599_RXMPC);
    s->no_descriptor = get(n, I82599_QPRDC);
    s->errors = (uint64_t)get(n, I82599_CRCERRS) + get(n, I82599_RUC) + get(n, I82599_RFC) +
                get(n, I82599_ROC) + get(n, I82599_RJC);
}

uint32_t i82599_port_read(const struct i82599 *n, uint32_t offset)
{
    port_write32(n->port + IOADDR, offset);
    return port_read32(n->port + IODATA);
}

void i82599_port_write(const struct i82599 *n, uint32_t offset, uint32_t value)
{
    port_write32(n->port + IOADDR, offset);
    port_write32(n->port + IODATA, value);
}
