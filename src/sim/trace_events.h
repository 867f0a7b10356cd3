/* SPDX-License-Identifier: Apache-2.0 */
/* The schema of the trace: every event, once.  From these rows come the emit functions, the schema
 * in each trace file, `doorbell trace print`, and docs/trace.md.
 *
 * A(name, unit) rows are the arguments.  Units: HEX number or address, DEC number, PS time,
 * BYTES, SOURCE (index of a source of this trace). */
#ifndef SIM_TRACE_EVENTS_H
#define SIM_TRACE_EVENTS_H

/* ---- harts ---- */
#define TRACE_ARGS_mark(A) A(number, DEC) A(instret, DEC) A(value, HEX)
#define TRACE_ARGS_trap(A) A(code, HEX) A(pc, HEX) A(tval, HEX) A(from, DEC) A(to, DEC) A(tp, HEX)
#define TRACE_ARGS_trap_return(A) A(pc, HEX) A(from, DEC) A(to, DEC) A(tp, HEX)
#define TRACE_ARGS_idle_begin(A) A(pc, HEX)
#define TRACE_ARGS_idle_end(A) A(waited, PS)
#define TRACE_ARGS_probe(A) A(address, HEX) A(tp, HEX) A(sp, HEX) A(a0, HEX) A(a1, HEX)
#define TRACE_ARGS_mmio_load(A) \
    A(target, SOURCE) A(offset, HEX) A(size, BYTES) A(value, HEX) A(began, PS)
#define TRACE_ARGS_mmio_store(A) A(target, SOURCE) A(offset, HEX) A(size, BYTES) A(value, HEX)
#define TRACE_ARGS_wc_flush(A) \
    A(target, SOURCE) A(offset, HEX) A(size, BYTES) A(stores, DEC) A(reason, DEC)
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
#define TRACE_ARGS_dma_enable(A) A(channel, DEC)
#define TRACE_ARGS_dma_item(A) A(channel, DEC) A(address, HEX) A(valid, DEC)
#define TRACE_ARGS_dma_block(A) \
    A(channel, DEC) A(source, HEX) A(destination, HEX) A(size, BYTES)
#define TRACE_ARGS_dma_request(A) A(channel, DEC) A(destination, DEC) A(size, BYTES)
#define TRACE_ARGS_dma_block_done(A) A(channel, DEC) A(size, BYTES) A(began, PS)
#define TRACE_ARGS_dma_end(A) A(channel, DEC) A(reason, DEC) A(errors, HEX) A(began, PS)
#define TRACE_ARGS_nvme_doorbell(A) A(queue, DEC) A(completion, DEC) A(value, DEC)
#define TRACE_ARGS_nvme_fetch(A) A(queue, DEC) A(head, DEC) A(count, DEC)
#define TRACE_ARGS_nvme_command(A) \
    A(queue, DEC) A(cid, DEC) A(opcode, HEX) A(nsid, DEC) A(lba, DEC) A(size, BYTES)
#define TRACE_ARGS_nvme_media(A) A(queue, DEC) A(cid, DEC) A(began, PS) A(size, BYTES)
#define TRACE_ARGS_nvme_complete(A) A(queue, DEC) A(cid, DEC) A(status, HEX) A(head, DEC)
#define TRACE_ARGS_wire_frame(A) \
    A(side, DEC) A(number, DEC) A(size, BYTES) A(began, PS) A(first, HEX) A(second, HEX)
#define TRACE_ARGS_nic_drop(A) A(number, DEC) A(reason, DEC)
#define TRACE_ARGS_nic_rx(A) A(number, DEC) A(queue, DEC) A(first, DEC) A(count, DEC) A(size, BYTES)
#define TRACE_ARGS_nic_doorbell(A) A(transmit, DEC) A(queue, DEC) A(value, DEC)
#define TRACE_ARGS_nic_fetch(A) A(transmit, DEC) A(queue, DEC) A(first, DEC) A(count, DEC)
#define TRACE_ARGS_nic_writeback(A) A(transmit, DEC) A(queue, DEC) A(first, DEC) A(count, DEC)
#define TRACE_ARGS_nic_tx(A) \
    A(queue, DEC) A(first, DEC) A(count, DEC) A(size, BYTES) A(segments, DEC)
#define TRACE_ARGS_nic_send(A) A(queue, DEC) A(first, DEC) A(number, DEC) A(size, BYTES)
#define TRACE_ARGS_nic_cause(A) A(vector, DEC) A(transmit, DEC) A(queue, DEC)
#define TRACE_ARGS_nic_moderate(A) A(vector, DEC) A(until, PS)
#define TRACE_ARGS_nic_interrupt(A) A(vector, DEC) A(waited, PS)
#define TRACE_ARGS_nic_link(A) A(speed, DEC)
#define TRACE_ARGS_gen_sent(A) A(flow, DEC) A(sequence, DEC) A(number, DEC)
#define TRACE_ARGS_gen_received(A) A(flow, DEC) A(sequence, DEC) A(number, DEC) A(waited, PS)

#define TRACE_EVENTS(E) \
    E(mark, "the guest executed a mark: slti x0, x0, number; value: its a0") \
    E(trap, "a hart took a trap; bit 63 of code is set for an interrupt") \
    E(trap_return, "sret or mret to pc") \
    E(idle_begin, "wfi: the hart has nothing to do") \
    E(idle_end, "an interrupt ended the wfi; the cause is what raised it") \
    E(probe, "a hart reached a probed address; at a function's start a0, a1: its arguments") \
    E(mmio_load, "a load from a device: issued at `began`, its value is here now") \
    E(mmio_store, "a store to a device left the hart") \
    E(wc_flush, "a write-combining buffer sends a run of bytes, gathered from that many stores (0: " \
                "counted in the run before); reason: 1 full, 2 fence, 3 ordered access, 4 age, " \
                "5 buffer needed, 6 load of the line") \
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
    E(dma_enable, "a channel of the DMA controller was enabled") \
    E(dma_item, "an item of a channel's list has come; valid 0: the channel waits for software") \
    E(dma_block, "a block begins") \
    E(dma_request, "a peripheral's request is taken up; destination 0: it is the source") \
    E(dma_block_done, "all of a block has arrived, and its list item is written back") \
    E(dma_end, "a channel is off; reason: 0 done, 1 disabled, 2 aborted, 3 error, 4 reset; errors: " \
               "its status bits; began: when it was enabled") \
    E(nvme_doorbell, "a doorbell write took effect") \
    E(nvme_fetch, "the controller fetches commands from a submission queue") \
    E(nvme_command, "a command was decoded and starts") \
    E(nvme_media, "the media finished its part; began: when it started") \
    E(nvme_complete, "the completion entry is about to be written") \
    E(wire_frame, "the last bit of a frame is at its receiver; side: 0 the NIC sent it, 1 its " \
                  "station; first, second: its bytes 26 to 41 (of IPv4: addresses and ports)") \
    E(nic_drop, "the NIC drops a frame; reason: 1 filters, 2 packet buffer full, 3 no descriptor, " \
                "4 receiver off, 5 damaged, 6 flow director, 7 queue off") \
    E(nic_rx, "a frame's data are handed to the link; its ring index and descriptors") \
    E(nic_doorbell, "a tail register write took effect") \
    E(nic_fetch, "the NIC fetches descriptors") \
    E(nic_writeback, "the NIC hands written-back descriptors to the link") \
    E(nic_tx, "a packet's descriptors were decoded, its data are asked for") \
    E(nic_send, "the first bit of a frame of that packet leaves") \
    E(nic_cause, "an interrupt cause of a queue; transmit 2: another cause, EICR bits in `queue`") \
    E(nic_moderate, "EITR holds the interrupt back") \
    E(nic_interrupt, "an interrupt is sent; waited: since its first cause") \
    E(nic_link, "the link came up at this speed in Mb/s; 0: it went down") \
    E(gen_sent, "the generator sends a frame (its number on the wire)") \
    E(gen_received, "a frame of the generator's came back; waited: since it was sent")

#endif
