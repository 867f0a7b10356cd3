/* SPDX-License-Identifier: Apache-2.0 */
/* A port: the right of one device to reach memory, over its link.  A device has no other way.
 *
 * An operation belongs to the device (embedded, never allocated) and is under way from port_read,
 * port_write or port_msi until its `done` is called, in virtual time.  A write's bytes are taken
 * from `buf` when it arrives and are visible from then on, not earlier; a read's are sampled when
 * the request reaches memory and delivered to `buf` when the completion reaches the device.  To and from
 * another PCIe device it crosses that one's link as well; its place in the queue of that link is taken
 * when the operation starts. */
#ifndef BUS_PORT_H
#define BUS_PORT_H

#include "bus/link.h"

enum dma_kind { DMA_READ, DMA_WRITE, DMA_MSI };

struct dma_op {
    struct event event; /* its next step; armed while under way */
    struct port *port;
    void (*done)(void *owner, struct dma_op *op); /* op->fault says how it went */
    void *owner;
    /* state */
    uint64_t addr;
    void *buf;
    uint32_t len;
    uint8_t kind;
    bool sampled;
    uint8_t msi_data[4];
    enum fault fault;
    ps_t began, sampled_at;
};

struct port {
    struct link *link;
    struct space *space;
    struct clock *clock;
    struct trace *trace;
    unsigned source;    /* trace source of the device */
    uint32_t requester; /* REQUESTER_PCI + bus/device/function */
    bool enabled;       /* PCI bus-master enable; off: every operation ends in FAULT_MASTER */
};

void port_init(struct port *port, struct link *link, unsigned source, uint32_t requester);

/* Declares an operation, once, before the machine runs. */
void dma_op_init(struct dma_op *op, struct port *port, const char *name,
                 void (*done)(void *owner, struct dma_op *op), void *owner);

/* Start an operation; it must not be under way.  `buf` must stay until done; at most 4 MiB. */
void port_read(struct dma_op *op, uint64_t addr, void *buf, uint32_t len);
void port_write(struct dma_op *op, uint64_t addr, const void *buf, uint32_t len);
/* A message-signalled interrupt: a posted 4-byte write, in order behind the device's data. */
void port_msi(struct dma_op *op, uint64_t addr, uint32_t data);

static inline bool dma_op_busy(const struct dma_op *op)
{
    return event_armed(&op->event);
}

/* Drops an operation that is under way (reset); what has arrived has arrived. */
void dma_op_cancel(struct dma_op *op);

#endif
