/* SPDX-License-Identifier: Apache-2.0 */
/* From reset to link, and what is of the whole controller.  Rings are in i82599_ring.c,
 * interrupts in i82599_irq.c. */
#include "labs/lib/i82599.h"

#include "labs/lib/i82599_registers.h"
#include "labs/lib/pci.h"
#include "labs/lib/port.h"
#include "labs/lib/timer.h"

#include <stddef.h>

#define VENDOR 0x8086
#define DEVICE 0x10fb /* 10 GbE with an SFP+ cage */
#define IO_BAR 2

#define ALL_CAUSES 0x7fffffffu
#define MASTER_US 100000
#define RESET_US 10000
#define LINK_US 1000000

/* MRQC: RSS alone (8.2.3.7.12), of TCP and UDP over IPv4 and IPv6, and of other IP. */
#define MRQE_RSS 1
#define RSS_FIELDS (0xf3u << I82599_MRQC_RSS_FIELDS_LSB)
/* Sixteen bits again and again: both directions of a flow get the same hash. */
#define RSS_KEY 0x6d5a6d5a
#define RSS_ENTRIES 128

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
    /* 4.6.8: check sequence and padding are added. */
    set(n, I82599_HLREG0, I82599_HLREG0_TXCRCEN | I82599_HLREG0_TXPADEN);
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
    port_write32(n->port + I82599_IO_IOADDR, offset);
    return port_read32(n->port + I82599_IO_IODATA);
}

void i82599_port_write(const struct i82599 *n, uint32_t offset, uint32_t value)
{
    port_write32(n->port + I82599_IO_IOADDR, offset);
    port_write32(n->port + I82599_IO_IODATA, value);
}
