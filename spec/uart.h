/* SPDX-License-Identifier: Apache-2.0 */
/* National Semiconductor PC16550D UART, byte registers (data sheet, section 8).  Row format:
 * bus/reg.h.  View 1 is LCR.DLAB = 0, view 2 is DLAB = 1. */
#ifndef SPEC_UART_H
#define SPEC_UART_H

/*    name    offset size view repeat step reset rw w1c flags what it is */
#define UART_REGS(R) \
    R(UART_RBR, 0, 1, 1, 1, 1, 0, 0, 0, REG_NO_W | REG_FX_R | REG_NO_STORE, "received byte") \
    R(UART_THR, 0, 1, 1, 1, 1, 0, 0, 0, REG_NO_R | REG_FX_W | REG_NO_STORE, "byte to transmit") \
    R(UART_IER, 1, 1, 1, 1, 1, 0, 0x0f, 0, REG_FX_W, "interrupt enable") \
    R(UART_IIR, 2, 1, 3, 1, 1, 0x01, 0, 0, REG_NO_W | REG_FX_R | REG_NO_STORE, \
      "interrupt identification") \
    R(UART_FCR, 2, 1, 3, 1, 1, 0, 0xc9, 0, REG_NO_R | REG_FX_W, "FIFO control") \
    R(UART_LCR, 3, 1, 3, 1, 1, 0, 0xff, 0, REG_FX_W, "line control") \
    R(UART_MCR, 4, 1, 3, 1, 1, 0, 0x1f, 0, REG_FX_W, "modem control") \
    R(UART_LSR, 5, 1, 3, 1, 1, 0x60, 0, 0, REG_NO_W | REG_FX_R | REG_NO_STORE, "line status") \
    R(UART_MSR, 6, 1, 3, 1, 1, 0xb0, 0, 0, REG_NO_W | REG_FX_R | REG_NO_STORE, "modem status") \
    R(UART_SCR, 7, 1, 3, 1, 1, 0, 0xff, 0, 0, "scratch") \
    R(UART_DLL, 0, 1, 2, 1, 1, 0x02, 0xff, 0, 0, "divisor, low byte") \
    R(UART_DLM, 1, 1, 2, 1, 1, 0, 0xff, 0, 0, "divisor, high byte")

/*    register  field       lsb bits what it is */
#define UART_FIELDS(F) \
    F(UART_IER, UART_IER_ERBFI, 0, 1, "received data, and its time-out") \
    F(UART_IER, UART_IER_ETBEI, 1, 1, "transmitter holding register empty") \
    F(UART_IER, UART_IER_ELSI, 2, 1, "receiver line status") \
    F(UART_IER, UART_IER_EDSSI, 3, 1, "modem status") \
    F(UART_IIR, UART_IIR_NONE, 0, 1, "no interrupt is pending") \
    F(UART_IIR, UART_IIR_ID, 1, 3, "3 line status, 2 data, 6 time-out, 1 empty, 0 modem status") \
    F(UART_IIR, UART_IIR_FIFOS, 6, 2, "3 when the FIFOs are on") \
    F(UART_FCR, UART_FCR_ENABLE, 0, 1, "FIFOs on; changing it empties both") \
    F(UART_FCR, UART_FCR_CLEAR_RX, 1, 1, "empties the receive FIFO; clears itself") \
    F(UART_FCR, UART_FCR_CLEAR_TX, 2, 1, "empties the transmit FIFO; clears itself") \
    F(UART_FCR, UART_FCR_DMA, 3, 1, "mode of the pins TXRDY and RXRDY") \
    F(UART_FCR, UART_FCR_TRIGGER, 6, 2, "receive trigger: 1, 4, 8 or 14 bytes") \
    F(UART_LCR, UART_LCR_WORD, 0, 2, "bits in a character, less 5") \
    F(UART_LCR, UART_LCR_STOP, 2, 1, "two stop bits (1.5 with 5-bit characters)") \
    F(UART_LCR, UART_LCR_PARITY, 3, 1, "a parity bit") \
    F(UART_LCR, UART_LCR_EVEN, 4, 1, "even parity") \
    F(UART_LCR, UART_LCR_STICK, 5, 1, "stick parity") \
    F(UART_LCR, UART_LCR_BREAK, 6, 1, "break; no effect") \
    F(UART_LCR, UART_LCR_DLAB, 7, 1, "the divisor is at offsets 0 and 1") \
    F(UART_MCR, UART_MCR_DTR, 0, 1, "data terminal ready") \
    F(UART_MCR, UART_MCR_RTS, 1, 1, "request to send") \
    F(UART_MCR, UART_MCR_OUT1, 2, 1, "output 1") \
    F(UART_MCR, UART_MCR_OUT2, 3, 1, "output 2") \
    F(UART_MCR, UART_MCR_LOOP, 4, 1, "loop-back") \
    F(UART_LSR, UART_LSR_DR, 0, 1, "data ready") \
    F(UART_LSR, UART_LSR_OE, 1, 1, "overrun; reading clears it") \
    F(UART_LSR, UART_LSR_THRE, 5, 1, "transmitter holding register or FIFO empty") \
    F(UART_LSR, UART_LSR_TEMT, 6, 1, "transmitter empty, shift register included") \
    F(UART_MSR, UART_MSR_DCTS, 0, 1, "clear to send changed; reading clears it") \
    F(UART_MSR, UART_MSR_DDSR, 1, 1, "data set ready changed") \
    F(UART_MSR, UART_MSR_TERI, 2, 1, "ring indicator fell") \
    F(UART_MSR, UART_MSR_DDCD, 3, 1, "carrier detect changed") \
    F(UART_MSR, UART_MSR_CTS, 4, 1, "clear to send; in loop-back RTS") \
    F(UART_MSR, UART_MSR_DSR, 5, 1, "data set ready; in loop-back DTR") \
    F(UART_MSR, UART_MSR_RI, 6, 1, "ring indicator; in loop-back OUT1") \
    F(UART_MSR, UART_MSR_DCD, 7, 1, "carrier detect; in loop-back OUT2")

enum { UART_FIFO_BYTES = 16, UART_BAUD_CLOCKS = 16 /* of the clock input, a bit at divisor 1 */ };

/* Values of UART_IIR (without the FIFO bits), most urgent first. */
enum {
    UART_IRQ_LINE = 0x06,
    UART_IRQ_DATA = 0x04,
    UART_IRQ_TIMEOUT = 0x0c,
    UART_IRQ_EMPTY = 0x02,
    UART_IRQ_MODEM = 0x00,
    UART_IRQ_NONE = 0x01,
};

#endif
