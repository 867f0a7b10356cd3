/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/uart.h"

#include "labs/lib/reg.h"
#include "labs/lib/timer.h"
#include "spec/uart.h"
#include "spec/virt.h"

enum { UART_REGS(REG_AT) };
enum { UART_FIELDS(FIELD_MASK) };

#define BAUD 115200
#define DIVISOR (VIRT_UART_CLOCK_HZ / UART_BAUD_CLOCKS / BAUD)
#define WORD_8_BITS (3 << UART_LCR_WORD_LSB)
#define TRIGGER_8_BYTES (2u << UART_FCR_TRIGGER_LSB)

/* Of all waits.  16 bytes take 1.4 ms, but who reads the other end may be slow. */
#define WAIT_US 1000000

static bool ready;

static uint8_t get(unsigned reg)
{
    return mmio_read8(VIRT_UART_BASE + reg);
}

static void put(unsigned reg, unsigned value)
{
    mmio_write8(VIRT_UART_BASE + reg, (uint8_t)value);
}

void uart_init(void)
{
    /* 8.7: no interrupts while the rest is set up. */
    put(UART_IER, 0);
    /* 8.3: the divisor latches; 8.1: DLAB brings them to offsets 0 and 1 ... */
    put(UART_LCR, UART_LCR_DLAB);
    put(UART_DLL, DIVISOR & 0xff);
    put(UART_DLM, DIVISOR >> 8);
    /* ... and clearing it brings back RBR, THR and IER. */
    put(UART_LCR, WORD_8_BITS);
    /* 8.5: FIFOs on and empty.  An interrupt at 8 bytes, or when fewer have waited for the time of
     * four characters (8.11). */
    put(UART_FCR, UART_FCR_ENABLE | UART_FCR_CLEAR_RX | UART_FCR_CLEAR_TX | TRIGGER_8_BYTES);
    /* 8.8: tell the other end that we are here. */
    put(UART_MCR, UART_MCR_DTR | UART_MCR_RTS);
    ready = true;
}

void uart_ready(void)
{
    if (!ready)
        uart_init();
}

void uart_put(uint8_t byte)
{
    /* 8.4: THRE says that the transmit FIFO is empty, not just that it has room. */
    if (WAIT_FOR(get(UART_LSR) & UART_LSR_THRE, WAIT_US))
        put(UART_THR, byte);
}

void uart_puts(const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            uart_put('\r');
        uart_put((uint8_t)*text);
    }
}

void uart_flush(void)
{
    /* 8.4: TEMT also covers the shift register. */
    (void)WAIT_FOR(get(UART_LSR) & UART_LSR_TEMT, WAIT_US);
}

bool uart_get(uint8_t *byte)
{
    if (!(get(UART_LSR) & UART_LSR_DR))
        return false;
    *byte = get(UART_RBR);
    return true;
}

void uart_receive_interrupts(bool on)
{
    put(UART_IER, on ? UART_IER_ERBFI : 0);
}
