/* SPDX-License-Identifier: Apache-2.0 */
/* BROKEN: the handler writes all that it has, as if the FIFO had no end.  What comes after its 16th
 * byte is lost, and nothing says so. */
#include "labs/lib/irq.h"
#include "labs/lib/mark.h"
#include "labs/lib/print.h"
#include "labs/lib/reg.h"
#include "labs/lib/uart.h"
#include "spec/uart.h"
#include "spec/virt.h"

#include <stddef.h>

enum { UART_REGS(REG_AT) };
enum { UART_FIELDS(FIELD_MASK) };

#define LINE 64      /* characters */
#define RING_BYTES 128

static const char *const line[] = {
    "1 poll: one look at LSR after the other, then a single byte.  \r\n",
    "2 fifo: one look at LSR after the other, then sixteen bytes.  \r\n",
    "3 each: the hart sleeps; an interrupt asks for a single byte. \r\n",
    "4 ring: the hart sleeps; an interrupt asks for sixteen bytes. \r\n",
};

/* A device's register is no variable: it changes by itself, and reading or writing it does something.
 * `volatile` (in mmio_read8) makes the compiler do each access that is written here, once, in this
 * order.  broken/no-volatile.c does without. */
static uint8_t get(unsigned reg)
{
    return mmio_read8(VIRT_UART_BASE + reg);
}

static void put(unsigned reg, unsigned value)
{
    mmio_write8(VIRT_UART_BASE + reg, (uint8_t)value);
}

/* ---- polling ---- */

static void wait_for_room(void)
{
    /* PC16550D 8.4: THRE, the transmit FIFO is empty.  Textbooks do not bound this wait; a driver
     * should (WAIT_FOR in timer.h), as a device that is broken may never say so. */
    while (!(get(UART_LSR) & UART_LSR_THRE))
        ;
}

static void putc_polled(char c)
{
    wait_for_room();
    put(UART_THR, (uint8_t)c);
}

static void send_polled(const char *text)
{
    for (unsigned i = 0; i < LINE; i++)
        putc_polled(text[i]);
    wait_for_room(); /* until the last character is on the wire */
}

static void send_sixteen(const char *text)
{
    for (unsigned i = 0; i < LINE; i++) {
        if (i % UART_FIFO_BYTES == 0)
            wait_for_room();
        put(UART_THR, (uint8_t)text[i]);
    }
    wait_for_room();
}

/* ---- interrupts ---- */

/* main() puts, the handler takes.  `put` and `taken` only grow, and wrap at 2^32: their difference is
 * the fill.  Both are changed with interrupts off only, so neither side sees the other's work half
 * done, and what irq_off() and irq_on() are made of lets the compiler keep nothing in registers. */
static struct {
    char byte[RING_BYTES];
    uint32_t put, taken;
    unsigned at_once; /* bytes for each interrupt */
    bool sending;
} ring;

static void on_room(void *context)
{
    (void)context;
    /* 8.6: IIR says why, and reading it takes this interrupt back.  Without that it would come again
     * and again; broken/no-acknowledge.c. */
    if ((get(UART_IIR) & (UART_IIR_NONE | UART_IIR_ID)) != UART_IRQ_EMPTY)
        return;
    if (ring.put == ring.taken) {
        put(UART_IER, 0);
        ring.sending = false;
        return;
    }
    while (ring.put != ring.taken)
        put(UART_THR, (uint8_t)ring.byte[ring.taken++ % RING_BYTES]);
}

static void send_by_interrupts(const char *text, unsigned at_once)
{
    bool on = irq_off();

    for (unsigned i = 0; i < LINE; i++)
        ring.byte[ring.put++ % RING_BYTES] = text[i];
    ring.at_once = at_once;
    ring.sending = true;
    /* 8.7, 8.6: enabled while there is room, the interrupt comes at once: that starts it. */
    put(UART_IER, UART_IER_ETBEI);
    irq_restore(on);
    /* main() could go on here, and do something better than wait.  A second is the bound. */
    (void)WAIT_ASLEEP(!ring.sending, 1000000);
}

int main(const void *device_tree)
{
    uart_init();
    (void)irq_init(device_tree);
    irq_handle(VIRT_IRQ_UART, on_room, NULL);
    irq_on();

    mark(1);
    send_polled(line[0]);
    mark_value(2, LINE);
    uart_flush(); /* each begins with a silent wire */

    mark(3);
    send_sixteen(line[1]);
    mark_value(4, LINE);
    uart_flush();

    mark(5);
    send_by_interrupts(line[2], 1);
    mark_value(6, LINE);
    uart_flush();

    mark(7);
    send_by_interrupts(line[3], UART_FIFO_BYTES);
    mark_value(8, LINE);
    uart_flush();
    return ring.sending; /* it did not come to its end */
}
