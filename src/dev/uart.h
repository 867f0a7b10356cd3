/* SPDX-License-Identifier: Apache-2.0 */
/* A 16550A UART (PC16550D data sheet; spec/uart.h).
 *
 * A character takes its bits' time: start, word, parity and stop bits of LCR, at
 * VIRT_UART_CLOCK_HZ / 16 / divisor bits per second (115200 8N1: 86.8 us).  The parameter
 * character_time = 0 makes it take none: then the transmitter is never busy and the host's bytes
 * arrive as fast as it has them. */
#ifndef DEV_UART_H
#define DEV_UART_H

#include "bus/device.h"
#include "spec/uart.h"

struct uart_params {
    uint64_t character_time; /* 1: characters take time */
};

struct uart_config {
    uint64_t base;
    /* A byte has left the transmitter.  May call uart_receive().  NULL: nobody listens. */
    void (*put)(void *host, uint8_t byte);
    void *host;
};

struct uart_fifo {
    uint8_t byte[UART_FIFO_BYTES];
    uint8_t head, count;
};

struct uart {
    struct region mmio;
    struct bank bank;
    struct line irq; /* the board connects it */
    struct line txrdy, rxrdy; /* requests to a DMA controller (high is active here) */
    struct clock *clock;
    struct trace *trace;
    unsigned source;
    struct uart_params p;
    struct uart_config config;
    /* state */
    struct uart_fifo rx, tx;
    uint8_t shift;       /* the byte on the wire while `shifting` */
    bool shifting;
    bool thre_held;      /* THRE waits for the end of the character, see uart.c */
    bool two;            /* the transmit FIFO held two bytes at once since THRE was last set */
    bool empty_irq;      /* "holding register empty" is not acknowledged yet */
    bool overrun;
    bool tx_asks, rx_asks; /* levels of txrdy and rxrdy */
    bool timed_out;      /* bytes below the trigger level wait for 4 character times */
    uint8_t modem_delta; /* MSR bits 3:0 */
    ps_t rx_next;        /* the wire is taken until then by the byte received last */
    struct event sent, timeout;
};

extern const struct device_class uart_class;

/* A byte arrives on the wire.  If the receiver is full it is lost and LSR.OE tells. */
void uart_receive(struct uart *u, uint8_t byte);

/* Whether a byte given now would be kept, and the one before has had its time on the wire: the
 * terminal asks before each uart_receive() and holds back its bytes meanwhile. */
bool uart_can_receive(const struct uart *u);

/* Time of a character on the wire as LCR and the divisor are set; 0 with character_time off. */
ps_t uart_character_ps(const struct uart *u);

#endif
