/* SPDX-License-Identifier: Apache-2.0 */
/* Transmitter:
 *
 *   THR --> FIFO (16 bytes, or 1) --> shift register --> wire
 *            load(): as soon as         on_sent(): after one
 *            the register is free       character time
 *
 * Invariants:
 *  1. tx.count > 0 only while shifting (load() runs after each write and each character).
 *  2. empty_irq implies THRE; whatever empties the FIFO sets it, writing THR or reading IIR as the
 *     source clears it.
 *  3. thre_held implies shifting; `sent` is then due one stop bit before the character's end.
 *     (Data sheet, "FIFO interrupt mode": a FIFO that goes empty without having held two bytes
 *     since the last THRE tells so a character time less the stop bit later, which keeps a
 *     driver that fills it byte by byte from an interrupt a byte.) */
#include "dev/uart.h"

#include "spec/virt.h"

enum { UART_REGS(REG_INDEX) UART_REG_COUNT };
enum { UART_FIELDS(REG_FIELD_ENUM) };

static const struct reg uart_regs[] = {UART_REGS(REG_ROW)};
static const struct reg_field uart_reg_fields[] = {UART_FIELDS(REG_FIELD_ROW)};

#define TIMEOUT_CHARACTERS 4

static const struct param uart_params[] = {
    PARAM(struct uart_params, character_time, PARAM_BOOL, "0", "1", 0, 1, "PC16550D data sheet",
          "characters take their bits' time on the wire"),
    {0},
};

/* ---- time ---- */

/* Time of half bits on the wire: 1.5 stop bits exist. */
static ps_t half_bits_ps(const struct uart *u, unsigned half_bits)
{
    uint64_t divisor = bank_value(&u->bank, UART_DLM) << 8 | bank_value(&u->bank, UART_DLL);

    /* The data sheet gives 0 no meaning; as 1 it divides nothing by zero. */
    return muldiv(half_bits * (UART_BAUD_CLOCKS / 2) * (divisor ? divisor : 1), PS_PER_S,
                  VIRT_UART_CLOCK_HZ);
}

static unsigned stop_half_bits(const struct uart *u)
{
    uint64_t lcr = bank_value(&u->bank, UART_LCR);

    if (!FGET(lcr, UART_LCR_STOP))
        return 2;
    return FGET(lcr, UART_LCR_WORD) ? 4 : 3;
}

ps_t uart_character_ps(const struct uart *u)
{
    uint64_t lcr = bank_value(&u->bank, UART_LCR);
    unsigned bits = 1 + 5 + (unsigned)FGET(lcr, UART_LCR_WORD) +
                    (unsigned)FGET(lcr, UART_LCR_PARITY);

    return u->p.character_time ? half_bits_ps(u, 2 * bits + stop_half_bits(u)) : 0;
}

/* ---- FIFOs ---- */

static bool fifos_on(const struct uart *u)
{
    return FGET(bank_value(&u->bank, UART_FCR), UART_FCR_ENABLE);
}

static unsigned depth(const struct uart *u)
{
    return fifos_on(u) ? UART_FIFO_BYTES : 1;
}

static void push(struct uart_fifo *f, uint8_t byte)
{
    f->byte[(f->head + f->count++) % UART_FIFO_BYTES] = byte;
}

static uint8_t pop(struct uart_fifo *f)
{
    uint8_t byte = f->byte[f->head];

    f->head = (uint8_t)((f->head + 1) % UART_FIFO_BYTES);
    f->count--;
    return byte;
}

/* ---- status and interrupts: functions of the state ---- */

static bool thre(const struct uart *u)
{
    return u->tx.count == 0 && !u->thre_held;
}

static bool loopback(const struct uart *u)
{
    return FGET(bank_value(&u->bank, UART_MCR), UART_MCR_LOOP);
}

static bool data_available(const struct uart *u)
{
    static const uint8_t trigger[] = {1, 4, 8, 14};

    if (!fifos_on(u))
        return u->rx.count > 0;
    return u->rx.count >= trigger[FGET(bank_value(&u->bank, UART_FCR), UART_FCR_TRIGGER)];
}

static uint8_t pending(const struct uart *u)
{
    uint64_t ier = bank_value(&u->bank, UART_IER);

    if (FGET(ier, UART_IER_ELSI) && u->overrun)
        return UART_IRQ_LINE;
    if (FGET(ier, UART_IER_ERBFI) && data_available(u))
        return UART_IRQ_DATA;
    if (FGET(ier, UART_IER_ERBFI) && u->timed_out)
        return UART_IRQ_TIMEOUT;
    if (FGET(ier, UART_IER_ETBEI) && u->empty_irq)
        return UART_IRQ_EMPTY;
    if (FGET(ier, UART_IER_EDSSI) && u->modem_delta)
        return UART_IRQ_MODEM;
    return UART_IRQ_NONE;
}

/* The pins for DMA.  Mode 0: as long as there is a byte to read, no byte to send.  Mode 1 (with the
 * FIFOs): from the interrupt's condition on until the FIFO is empty, full (data sheet, 8.4 and the
 * pins' descriptions). */
static void update_requests(struct uart *u)
{
    bool many = fifos_on(u) && FGET(bank_value(&u->bank, UART_FCR), UART_FCR_DMA);

    if (!many || !u->rx.count)
        u->rx_asks = u->rx.count > 0;
    else if (data_available(u) || u->timed_out)
        u->rx_asks = true;
    if (!many || !u->tx.count)
        u->tx_asks = u->tx.count == 0;
    else if (u->tx.count == depth(u))
        u->tx_asks = false;
    line_set(&u->rxrdy, u->rx_asks);
    line_set(&u->txrdy, u->tx_asks);
}

static void update(struct uart *u)
{
    update_requests(u);
    line_set(&u->irq, pending(u) != UART_IRQ_NONE);
}

/* ---- receiver ---- */

/* A byte came or went: the time-out counts anew. */
static void restart_timeout(struct uart *u)
{
    if (fifos_on(u) && u->rx.count)
        clock_arm_after(u->clock, &u->timeout, TIMEOUT_CHARACTERS * uart_character_ps(u));
    else
        clock_disarm(u->clock, &u->timeout);
}

static void on_timeout(void *owner)
{
    struct uart *u = owner;

    u->timed_out = true;
    update(u);
}

static void take(struct uart *u, uint8_t byte)
{
    uint64_t cause = u->clock->cause;
    uint64_t id = trace_uart_rx(u->trace, u->source, TRACE_NOW(u->trace), byte);

    if (id)
        u->clock->cause = id;
    if (u->rx.count < depth(u)) {
        push(&u->rx, byte);
    } else {
        /* A full FIFO stays and the new byte is lost; a full RBR is overwritten. */
        u->overrun = true;
        if (!fifos_on(u))
            u->rx.byte[u->rx.head] = byte;
    }
    restart_timeout(u);
    update(u);
    u->clock->cause = cause;
}

void uart_receive(struct uart *u, uint8_t byte)
{
    u->rx_next = ps_add(u->clock->now, uart_character_ps(u));
    if (!loopback(u)) /* which takes the input off the wire */
        take(u, byte);
}

bool uart_can_receive(const struct uart *u)
{
    return u->rx.count < depth(u) && !loopback(u) && u->clock->now >= u->rx_next;
}

static uint8_t read_byte(struct uart *u)
{
    uint8_t byte;

    if (!u->rx.count)
        return u->rx.byte[u->rx.head];
    byte = pop(&u->rx);
    u->timed_out = false;
    restart_timeout(u);
    return byte;
}

static void clear_rx(struct uart *u)
{
    u->rx = (struct uart_fifo){0};
    u->timed_out = false;
    clock_disarm(u->clock, &u->timeout);
}

/* ---- transmitter ---- */

static void say_empty(struct uart *u)
{
    u->empty_irq = true;
    u->two = false;
}

static void emit(struct uart *u, uint8_t byte)
{
    uint64_t id;

    if (loopback(u)) {
        take(u, byte);
        return;
    }
    id = trace_uart_tx(u->trace, u->source, TRACE_NOW(u->trace), byte);
    if (id)
        u->clock->cause = id;
    if (u->config.put)
        u->config.put(u->config.host, byte);
}

static void load(struct uart *u)
{
    ps_t whole;

    if (u->shifting || !u->tx.count)
        return;
    u->shift = pop(&u->tx);
    u->shifting = true;
    whole = uart_character_ps(u);
    if (u->tx.count == 0 && fifos_on(u) && !u->two) {
        u->thre_held = true;
        clock_arm_after(u->clock, &u->sent, whole - half_bits_ps(u, stop_half_bits(u)));
        return;
    }
    if (u->tx.count == 0)
        say_empty(u);
    clock_arm_after(u->clock, &u->sent, whole);
}

static void on_sent(void *owner)
{
    struct uart *u = owner;

    if (u->thre_held) {
        u->thre_held = false;
        if (!u->tx.count)
            say_empty(u);
        clock_arm_after(u->clock, &u->sent, half_bits_ps(u, stop_half_bits(u)));
    } else {
        u->shifting = false;
        emit(u, u->shift);
        load(u);
    }
    update(u);
}

static void transmit(struct uart *u, uint8_t byte)
{
    u->empty_irq = false;
    if (!u->p.character_time) {
        emit(u, byte);
        say_empty(u);
        return;
    }
    if (u->tx.count < depth(u))
        push(&u->tx, byte);
    else if (!fifos_on(u))
        u->tx.byte[u->tx.head] = byte; /* THR is overwritten; a full FIFO loses the byte */
    u->two |= u->tx.count >= 2;
    load(u);
}

static void clear_tx(struct uart *u)
{
    bool was = thre(u);

    u->tx = (struct uart_fifo){0};
    if (!was && thre(u))
        say_empty(u);
}

/* ---- registers ---- */

static uint8_t modem_lines(uint64_t mcr)
{
    /* Nothing is on the other end that would ever drop its lines. */
    if (!FGET(mcr, UART_MCR_LOOP))
        return FMASK(UART_MSR_CTS) | FMASK(UART_MSR_DSR) | FMASK(UART_MSR_DCD);
    return (uint8_t)(FGET(mcr, UART_MCR_RTS) << UART_MSR_CTS_LSB |
                     FGET(mcr, UART_MCR_DTR) << UART_MSR_DSR_LSB |
                     FGET(mcr, UART_MCR_OUT1) << UART_MSR_RI_LSB |
                     FGET(mcr, UART_MCR_OUT2) << UART_MSR_DCD_LSB);
}

static void write_mcr(struct uart *u, uint64_t old)
{
    uint8_t before = modem_lines(old), after = modem_lines(bank_value(&u->bank, UART_MCR));
    uint8_t changed = before ^ after;

    if (!(before & FMASK(UART_MSR_RI))) /* only its falling edge counts */
        changed &= (uint8_t)~FMASK(UART_MSR_RI);
    u->modem_delta |= changed >> 4;
}

static void write_fcr(struct uart *u, uint64_t old, uint64_t written)
{
    bool toggled = FGET(old ^ written, UART_FCR_ENABLE);

    if (!FGET(written, UART_FCR_ENABLE)) /* the other bits count only with this one */
        bank_value(&u->bank, UART_FCR) = written = 0;
    if (toggled || FGET(written, UART_FCR_CLEAR_RX))
        clear_rx(u);
    if (toggled || FGET(written, UART_FCR_CLEAR_TX))
        clear_tx(u);
    if (toggled && thre(u))
        say_empty(u);
}

static uint64_t uart_read(void *owner, unsigned reg, unsigned index, uint64_t stored)
{
    struct uart *u = owner;
    uint64_t value = stored;

    (void)index;
    switch (reg) {
    case UART_RBR:
        value = read_byte(u);
        break;
    case UART_IIR:
        value = pending(u);
        if (value == UART_IRQ_EMPTY)
            u->empty_irq = false;
        value = FPUT(value, UART_IIR_FIFOS, fifos_on(u) ? 3 : 0);
        break;
    case UART_LSR:
        value = FPUT(0, UART_LSR_DR, u->rx.count > 0);
        value = FPUT(value, UART_LSR_OE, u->overrun);
        value = FPUT(value, UART_LSR_THRE, thre(u));
        value = FPUT(value, UART_LSR_TEMT, !u->tx.count && !u->shifting);
        u->overrun = false;
        break;
    case UART_MSR:
        value = modem_lines(bank_value(&u->bank, UART_MCR)) | u->modem_delta;
        u->modem_delta = 0;
        break;
    }
    update(u);
    return value;
}

static void uart_write(void *owner, unsigned reg, unsigned index, uint64_t old, uint64_t written)
{
    struct uart *u = owner;

    (void)index;
    switch (reg) {
    case UART_THR:
        transmit(u, (uint8_t)written);
        break;
    case UART_IER:
        if (FGET(~old & written, UART_IER_ETBEI) && thre(u))
            u->empty_irq = true;
        break;
    case UART_FCR:
        write_fcr(u, old, written);
        break;
    case UART_LCR:
        u->bank.view = FGET(written, UART_LCR_DLAB) ? 2 : 1;
        break;
    case UART_MCR:
        write_mcr(u, old);
        break;
    }
    update(u);
}

static enum fault uart_access(void *owner, struct txn *txn)
{
    struct uart *u = owner;

    return txn->size == 1 ? bank_access(&u->bank, txn) : FAULT_SIZE;
}

/* ---- life ---- */

static void uart_reset(void *dev)
{
    struct uart *u = dev;

    bank_reset(&u->bank);
    clock_disarm(u->clock, &u->sent);
    clear_rx(u);
    u->tx = (struct uart_fifo){0};
    u->shift = 0;
    u->shifting = u->thre_held = u->two = false;
    u->empty_irq = u->overrun = false;
    u->tx_asks = u->rx_asks = false;
    u->modem_delta = 0;
    u->rx_next = 0;
    update(u);
}

static int uart_init(void *dev, const struct device_env *env, struct err *err)
{
    static const struct reg_ops ops = {uart_read, uart_write};
    static const struct uart_config unconnected = {.base = VIRT_UART_BASE};
    struct params defaults = {.level = TIMING_IO};
    struct uart *u = dev;

    (void)err;
    memset(u, 0, sizeof *u);
    u->clock = env->clock;
    u->trace = env->trace;
    u->source = trace_source(env->trace, env->name);
    u->config = env->config ? *(const struct uart_config *)env->config : unconnected;
    params_add(env->params ? env->params : &defaults, env->name, uart_params, &u->p);
    bank_init(&u->bank, uart_regs, UART_REG_COUNT, &ops, u);
    u->bank.hole = BANK_HOLE_ZERO;
    u->mmio = (struct region){.name = env->name, .base = u->config.base,
                              .size = VIRT_UART_BYTES, .access = uart_access, .owner = u,
                              .link = env->link, .source = u->source};
    event_init(u->clock, &u->sent, "uart.sent", on_sent, u);
    event_init(u->clock, &u->timeout, "uart.timeout", on_timeout, u);
    return 0;
}

static void uart_fini(void *dev)
{
    struct uart *u = dev;

    bank_fini(&u->bank);
}

static struct region *uart_region(void *dev, unsigned i)
{
    return i == 0 ? &((struct uart *)dev)->mmio : NULL;
}

static struct bank *uart_bank(void *dev, unsigned i)
{
    return i == 0 ? &((struct uart *)dev)->bank : NULL;
}

static void uart_restore(void *dev)
{
    update(dev);
}

static const struct field uart_state[] = {
    FIELD(struct uart, rx),
    FIELD(struct uart, tx),
    FIELD(struct uart, shift),
    FIELD(struct uart, shifting),
    FIELD(struct uart, thre_held),
    FIELD(struct uart, two),
    FIELD(struct uart, empty_irq),
    FIELD(struct uart, overrun),
    FIELD(struct uart, tx_asks),
    FIELD(struct uart, rx_asks),
    FIELD(struct uart, timed_out),
    FIELD(struct uart, modem_delta),
    FIELD(struct uart, rx_next),
    FIELD_AN_EVENT(struct uart, sent),
    FIELD_AN_EVENT(struct uart, timeout),
    FIELD_END,
};

const struct device_class uart_class = {
    .name = "uart",
    .title = "16550A UART (PC16550D)",
    .size = sizeof(struct uart),
    .regs = uart_regs,
    .reg_count = UART_REG_COUNT,
    .reg_fields = uart_reg_fields,
    .reg_field_count = ARRAY_LEN(uart_reg_fields),
    .state = uart_state,
    .params = uart_params,
    .notes = "View 1 is LCR.DLAB = 0, view 2 is DLAB = 1.  Only single-byte accesses.  "
             "The rest of its 256 bytes reads 0.  The wire carries "
             "whole bytes: word length, parity and stop bits count for the time of a character "
             "but do not change it, and there are no parity or framing errors and no breaks.  "
             "The other end keeps CTS, DSR and DCD on and never rings; RTS does not hold it "
             "back.  The divisor after reset is 2 (115200 baud at 3.6864 MHz), where the data "
             "sheet leaves it open, and a divisor of 0 counts as 1.  TXRDY and RXRDY "
             "go to the DMA controller's handshake interfaces 0 and 1.  The baud clock's output is "
             "not there.",
    .init = uart_init,
    .reset = uart_reset,
    .fini = uart_fini,
    .region = uart_region,
    .bank = uart_bank,
    .restore = uart_restore,
};
