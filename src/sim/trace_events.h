/* SPDX-License-Identifier: Apache-2.0 */
/* The schema of the trace: every event, once.  From these rows come the emit functions, the schema
 * in each trace file, `doorbell trace print`, and docs/trace.md.
 *
 * A(name, unit) rows are the arguments.  Units: HEX number or address, DEC number, PS time,
 * BYTES, SOURCE (index of a source of this trace). */
#ifndef SIM_TRACE_EVENTS_H
#define SIM_TRACE_EVENTS_H

/* ---- harts ---- */
#define TRACE_ARGS_mark(A) A(number, DEC) A(instret, DEC)
#define TRACE_ARGS_trap(A) A(code, HEX) A(pc, HEX) A(tval, HEX) A(from, DEC) A(to, DEC) A(tp, HEX)
#define TRACE_ARGS_trap_return(A) A(pc, HEX) A(from, DEC) A(to, DEC) A(tp, HEX)
#define TRACE_ARGS_idle_begin(A) A(pc, HEX)
#define TRACE_ARGS_idle_end(A) A(waited, PS)
#define TRACE_ARGS_probe(A) A(address, HEX) A(tp, HEX) A(sp, HEX)
#define TRACE_ARGS_mmio_load(A) \
    A(target, SOURCE) A(offset, HEX) A(size, BYTES) A(value, HEX) A(began, PS)
#define TRACE_ARGS_mmio_store(A) A(target, SOURCE) A(offset, HEX) A(size, BYTES) A(value, HEX)
/* ---- bus ---- */
#define TRACE_ARGS_mmio_arrive(A) A(offset, HEX) A(size, BYTES) A(value, HEX)
#define TRACE_ARGS_dma_read(A) A(address, HEX) A(size, BYTES)
#define TRACE_ARGS_dma_read_done(A) \
    A(address, HEX) A(size, BYTES) A(began, PS) A(sampled, PS) A(fault, DEC)
#define TRACE_ARGS_dma_write(A) A(address, HEX) A(size, BYTES)
#define TRACE_ARGS_dma_write_done(A) A(address, HEX) A(size, BYTES) A(began, PS) A(fault, DEC)
#define TRACE_ARGS_msi(A) A(address, HEX) A(data, HEX) A(began, PS) A(fault, DEC)
/* ---- interrupts ---- */
#define TRACE_ARGS_irq_line(A) A(pin, DEC) A(level, DEC)
#define TRACE_ARGS_irq_pend(A) A(file, DEC) A(identity, DEC)
#define TRACE_ARGS_irq_hart(A) A(hart, DEC) A(number, DEC) A(level, DEC)
/* ---- devices ---- */
#define TRACE_ARGS_uart_tx(A) A(byte, HEX)
#define TRACE_ARGS_uart_rx(A) A(byte, HEX)
#define TRACE_ARGS_nvme_doorbell(A) A(queue, DEC) A(completion, DEC) A(value, DEC)
#define TRACE_ARGS_nvme_fetch(A) A(queue, DEC) A(head, DEC) A(count, DEC)
#define TRACE_ARGS_nvme_command(A) \
    A(queue, DEC) A(cid, DEC) A(opcode, HEX) A(nsid, DEC) A(lba, DEC) A(size, BYTES)
#define TRACE_ARGS_nvme_media(A) A(queue, DEC) A(cid, DEC) A(began, PS) A(size, BYTES)
#define TRACE_ARGS_nvme_complete(A) A(queue, DEC) A(cid, DEC) A(status, HEX) A(head, DEC)

#define TRACE_EVENTS(E) \
    E(mark, "the guest executed a mark: slti x0, x0, number") \
    E(trap, "a hart took a trap; bit 63 of code is set for an interrupt") \
    E(trap_return, "sret or mret to pc") \
    E(idle_begin, "wfi: the hart has nothing to do") \
    E(idle_end, "an interrupt ended the wfi; the cause is what raised it") \
    E(probe, "a hart reached a probed address") \
    E(mmio_load, "a load from a device: issued at `began`, its value is here now") \
    E(mmio_store, "a store to a device left the hart") \
    E(mmio_arrive, "a posted store reached its device") \
    E(dma_read, "a device asks for memory") \
    E(dma_read_done, "the bytes have reached the device; sampled: when memory was read") \
    E(dma_write, "a device hands bytes to its link") \
    E(dma_write_done, "the bytes are in memory; began: when the link took them") \
    E(msi, "a message-signalled interrupt has arrived; began: when the link took it") \
    E(irq_line, "an interrupt line changed") \
    E(irq_pend, "an interrupt became pending in a controller") \
    E(irq_hart, "a controller drives a hart's interrupt-pending bit `number`") \
    E(uart_tx, "a byte left the transmitter") \
    E(uart_rx, "a byte reached the receiver") \
    E(nvme_doorbell, "a doorbell write took effect") \
    E(nvme_fetch, "the controller fetches commands from a submission queue") \
    E(nvme_command, "a command was decoded and starts") \
    E(nvme_media, "the media finished its part; began: when it started") \
    E(nvme_complete, "the completion entry is about to be written")

#endif
