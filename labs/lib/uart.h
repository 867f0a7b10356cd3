/* SPDX-License-Identifier: Apache-2.0 */
/* A driver for the 16550A (spec/uart.h; sections are those of the PC16550D data sheet). */
#ifndef LABS_LIB_UART_H
#define LABS_LIB_UART_H

#include <stdbool.h>
#include <stdint.h>

/* 115200 baud, 8 data bits, no parity, 1 stop bit, FIFOs on and empty, no interrupts. */
void uart_init(void);

/* The same, if nobody has done it yet. */
void uart_ready(void);

/* Sends a byte, waiting for room; one that there is no room for in a second is lost.  uart_puts
 * sends "\r\n" for each "\n", as terminals want it. */
void uart_put(uint8_t byte);
void uart_puts(const char *text);

/* Waits until the last byte has left the wire, a second at most. */
void uart_flush(void);

/* Takes a received byte, if there is one. */
bool uart_get(uint8_t *byte);

/* Interrupts while received bytes wait.  Off, they stay in the receiver. */
void uart_receive_interrupts(bool on);

#endif
