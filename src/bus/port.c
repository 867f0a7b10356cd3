/* SPDX-License-Identifier: Apache-2.0 */
/*
 *            port_read                 step: request at memory        step: data at device
 *   idle ----------------> requested ---------------------> sampled ---------------------> idle, done
 *            port_write / port_msi                            step: bytes at memory
 *   idle --------------------------> on the way ------------------------------------------> idle, done
 */
#include "bus/port.h"

void port_init(struct port *port, struct link *link, unsigned source, uint32_t requester)
{
    *port = (struct port){.link = link, .space = link->space, .clock = link->clock,
                          .trace = link->trace, .source = source, .requester = requester};
}

static void finish(struct dma_op *op)
{
    struct port *port = op->port;
    struct trace *t = port->trace;
    uint64_t id;

    if (op->kind == DMA_READ)
        id = trace_dma_read_done(t, port->source, TRACE_NOW(t), op->addr, op->len, op->began,
                                 op->sampled_at, op->fault);
    else if (op->kind == DMA_WRITE)
        id = trace_dma_write_done(t, port->source, TRACE_NOW(t), op->addr, op->len, op->began,
                                  op->fault);
    else
        id = 0; /* the record of an MSI comes before its effect, in step() */
    if (id)
        port->clock->cause = id;
    if (op->done)
        op->done(op->owner, op);
}

/* The PCIe link behind which the target is, if it is one of another device's; NULL: memory, or a device
 * on the chip, which is as near as memory. */
static struct link *far_link(const struct port *port, uint64_t addr)
{
    const struct region *r = space_find(port->space, addr);

    return r && r->link && r->link != port->link && r->link->p.generation ? r->link : NULL;
}

static void step(void *owner)
{
    struct dma_op *op = owner;
    struct port *port = op->port;
    struct clock *clock = port->clock;
    struct link *link = port->link, *far;
    uint64_t id, bytes;
    ps_t back = clock->now;

    if (op->fault == FAULT_MASTER || op->sampled) {
        finish(op);
        return;
    }
    switch (op->kind) {
    case DMA_READ:
        op->fault = space_read(port->space, port->requester, op->addr, op->buf, op->len);
        op->sampled = true;
        op->sampled_at = clock->now;
        /* A failed read is answered by a completion without data (UR). */
        bytes = op->fault ? 0 : op->len;
        far = far_link(port, op->addr);
        if (far)
            back = link_complete(far, bytes, back);
        clock_arm(clock, &op->event,
                  link_send_down(link, link_completion_bytes(link, bytes), back, NULL));
        return;
    case DMA_WRITE:
        op->fault = space_write(port->space, port->requester, op->addr, op->buf, op->len);
        break;
    case DMA_MSI:
        id = trace_msi(port->trace, port->source, TRACE_NOW(port->trace), op->addr,
                       le32_get(op->msi_data), op->began, FAULT_NONE);
        if (id)
            clock->cause = id;
        op->fault = space_write(port->space, port->requester, op->addr, op->msi_data, 4);
        break;
    }
    finish(op);
}

/* When a write that is at the root complex at `at` is where it is to take effect; a read, where its
 * bytes are. */
static ps_t reach(const struct port *port, uint64_t addr, uint64_t far_bytes, ps_t at)
{
    struct link *far = far_link(port, addr);

    return far ? link_send_down(far, far_bytes, at, NULL) : at;
}

static void start(struct dma_op *op, enum dma_kind kind, uint64_t addr, void *buf, uint32_t len)
{
    struct port *port = op->port;
    struct link *link = port->link;
    struct clock *clock = port->clock;
    struct trace *t = port->trace;
    uint64_t cause = clock->cause, id = 0;
    ps_t at;

    op->kind = (uint8_t)kind;
    op->addr = addr;
    op->buf = buf;
    op->len = len;
    op->sampled = false;
    op->fault = port->enabled ? FAULT_NONE : FAULT_MASTER;
    op->began = op->sampled_at = clock->now;
    if (kind == DMA_READ)
        id = trace_dma_read(t, port->source, TRACE_NOW(t), addr, len);
    else if (kind == DMA_WRITE)
        id = trace_dma_write(t, port->source, TRACE_NOW(t), addr, len);
    if (op->fault)
        at = clock->now;
    else if (kind == DMA_READ)
        at = reach(port, addr, link_request_bytes(link, len),
                   link_send_up(link, link_request_bytes(link, len), clock->now, &op->began) +
                       link->p.memory_read_ps);
    else
        at = reach(port, addr, link_write_bytes(link, len),
                   link_send_up(link, link_write_bytes(link, len), clock->now, &op->began) +
                       link->p.memory_write_ps);
    if (!op->fault && kind != DMA_READ)
        link->written_until = u64_max(link->written_until, at);
    if (id)
        clock->cause = id;
    clock_arm(clock, &op->event, at);
    clock->cause = cause;
}

void dma_op_init(struct dma_op *op, struct port *port, const char *name,
                 void (*done)(void *owner, struct dma_op *op), void *owner)
{
    *op = (struct dma_op){.port = port, .done = done, .owner = owner};
    event_init(port->clock, &op->event, name, step, op);
}

void port_read(struct dma_op *op, uint64_t addr, void *buf, uint32_t len)
{
    start(op, DMA_READ, addr, buf, len);
}

void port_write(struct dma_op *op, uint64_t addr, const void *buf, uint32_t len)
{
    start(op, DMA_WRITE, addr, (void *)(uintptr_t)buf, len);
}

void port_msi(struct dma_op *op, uint64_t addr, uint32_t data)
{
    le32_put(op->msi_data, data);
    start(op, DMA_MSI, addr, NULL, 4);
}

void dma_op_cancel(struct dma_op *op)
{
    clock_disarm(op->port->clock, &op->event);
}
