/* SPDX-License-Identifier: Apache-2.0 */
/* Sends back what it receives, until Ctrl-d.
 *
 *   wire --> receive FIFO --> on_receive() --> ring --> main() --> transmit FIFO --> wire
 *              interrupt       (in the trap)             polls THRE
 *
 * The hart sleeps while the ring is empty.  Nothing is lost when main() is slower: with a full ring
 * receive interrupts are off, so bytes wait in the FIFO, and at the other end of the wire (a wire
 * without flow control would lose them there: the board's terminal waits). */
#include "labs/lib/irq.h"
#include "labs/lib/print.h"
#include "labs/lib/uart.h"
#include "spec/virt.h"

#include <stddef.h>

#define END_OF_INPUT 4 /* Ctrl-d */
#define RING_BYTES 256

/* put and taken only grow, and wrap at 2^32: their difference is the fill. */
static struct {
    uint8_t byte[RING_BYTES];
    uint32_t put, taken;
} ring;

static uint32_t filled(void)
{
    return ring.put - ring.taken;
}

static void on_receive(void *ctx)
{
    uint8_t byte;

    (void)ctx;
    /* PC16550D 8.11: reading until the FIFO is empty ends the interrupt. */
    while (filled() < RING_BYTES) {
        if (!uart_get(&byte))
            return;
        ring.byte[ring.put++ % RING_BYTES] = byte;
    }
    uart_receive_interrupts(false);
}

/* Called with interrupts off, as is all of main() but for WAIT_ASLEEP() and irq_let_in(). */
static uint8_t take(void)
{
    uint8_t byte = ring.byte[ring.taken % RING_BYTES];

    if (filled() == RING_BYTES)
        uart_receive_interrupts(true);
    ring.taken++;
    return byte;
}

int main(const void *device_tree)
{
    /* What came before us: turning the FIFOs on would lose it (PC16550D 8.5). */
    on_receive(NULL);
    uart_init();
    print("Echo, interrupts by %s. Ctrl-d ends.\n", irq_init(device_tree));
    irq_handle(VIRT_IRQ_UART, on_receive, NULL);
    uart_receive_interrupts(true);

    for (;;) {
        uint8_t byte;

        (void)WAIT_ASLEEP(filled() > 0, IRQ_FOREVER);
        byte = take();
        if (byte == END_OF_INPUT)
            break;
        if (byte == '\r') /* the Enter key of a terminal */
            uart_put('\r'), byte = '\n';
        uart_put(byte);
        irq_let_in();
    }
    print("Bye.\n");
    return 0;
}
