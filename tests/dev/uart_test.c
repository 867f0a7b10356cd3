/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bits.h"
#include "check.h"
#include "dev/uart.h"

enum { UART_REGS(REG_OFFSET) };

#define RBR UART_RBR_OFFSET
#define THR UART_THR_OFFSET
#define IER UART_IER_OFFSET
#define IIR UART_IIR_OFFSET
#define FCR UART_FCR_OFFSET
#define LCR UART_LCR_OFFSET
#define MCR UART_MCR_OFFSET
#define LSR UART_LSR_OFFSET
#define MSR UART_MSR_OFFSET
#define SCR UART_SCR_OFFSET

enum { RX = 1, TX = 2, LINE = 4, MODEM = 8 };    /* IER */
enum { DR = 1, OE = 2, THRE = 0x20, TEMT = 0x40 }; /* LSR */
enum { FIFO = 1, TRIGGER_8 = 0x81 };             /* FCR */

/* 10 bits of 32 clocks each at 3.6864 MHz. */
#define CHARACTER_PS (UINT64_C(10) * 32 * PS_PER_S / 3686400)

struct rig {
    struct clock clock;
    struct trace trace;
    struct space space;
    struct link link;
    struct params params;
    struct uart u;
    char out[64];
    unsigned count;
    ps_t put_at;
    bool irq;
};

static void on_put(void *host, uint8_t byte)
{
    struct rig *r = host;

    if (r->count < sizeof r->out - 1)
        r->out[r->count++] = (char)byte;
    r->put_at = r->clock.now;
}

static void on_irq(void *sink, unsigned pin, bool level)
{
    (void)pin;
    ((struct rig *)sink)->irq = level;
}

static void put(struct rig *r, unsigned reg, uint8_t value)
{
    struct txn t = {.addr = reg, .size = 1, .write = true, .data = value};

    CHECK_EQ_U64(region_access(&r->space, &r->u.mmio, &t), FAULT_NONE);
}

static uint8_t get(struct rig *r, unsigned reg)
{
    struct txn t = {.addr = reg, .size = 1};

    CHECK_EQ_U64(region_access(&r->space, &r->u.mmio, &t), FAULT_NONE);
    return (uint8_t)t.data;
}

static void rig_up(struct rig *r, enum timing_level level)
{
    struct uart_config config = {0x10000000, on_put, r};
    struct device_env env = {.name = "uart0", .clock = &r->clock, .trace = &r->trace,
                             .space = &r->space, .link = &r->link, .params = &r->params,
                             .config = &config};

    memset(r, 0, sizeof *r);
    clock_init(&r->clock);
    trace_init(&r->trace, &r->clock);
    link_init(&r->link, "soc", &r->clock, &r->space, &r->trace);
    r->params.level = level;
    CHECK(uart_class.init(&r->u, &env, NULL) == 0);
    uart_class.reset(&r->u);
    line_connect(&r->u.irq, on_irq, r, 0);
    put(r, LCR, 0x03); /* 8N1 */
}

static void rig_down(struct rig *r)
{
    uart_class.fini(&r->u);
    clock_fini(&r->clock);
    trace_fini(&r->trace);
}

static void wait_ps(struct rig *r, ps_t ps)
{
    clock_run(&r->clock, r->clock.now + ps);
}

static void test_a_character_takes_the_time_of_its_bits(void)
{
    /* LCR, half bits: start + word + parity + stop (PC16550D 8.1). */
    static const struct { uint8_t lcr; unsigned half_bits; } rows[] = {
        {0x03, 20}, {0x07, 22}, {0x0b, 22}, {0x1f, 24}, {0x00, 14}, {0x04, 15}, {0x02, 18},
    };
    struct rig r;

    rig_up(&r, TIMING_IO);
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        put(&r, LCR, rows[i].lcr);
        CHECK_EQ_U64(uart_character_ps(&r.u), rows[i].half_bits * 16 * PS_PER_S / 3686400);
    }
    put(&r, LCR, 0x83);
    put(&r, 0, 0x34); /* DLL, DLM */
    put(&r, 1, 0x12);
    CHECK_EQ_U64(get(&r, 0), 0x34);
    CHECK_EQ_U64(get(&r, 1), 0x12);
    put(&r, LCR, 0x03);
    CHECK_EQ_U64(uart_character_ps(&r.u), UINT64_C(160) * 0x1234 * PS_PER_S / 3686400);
    rig_down(&r);
}

static void test_a_byte_leaves_one_character_time_after_thr_is_written(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    CHECK_EQ_U64(get(&r, LSR), THRE | TEMT);
    put(&r, THR, 'a');
    CHECK_EQ_U64(get(&r, LSR), THRE); /* it went on to the shift register */
    put(&r, THR, 'b');
    CHECK_EQ_U64(get(&r, LSR), 0);
    wait_ps(&r, CHARACTER_PS - 1);
    CHECK_EQ_U64(r.count, 0);
    wait_ps(&r, 1);
    CHECK_EQ_STR(r.out, "a");
    CHECK_EQ_U64(get(&r, LSR), THRE);
    wait_ps(&r, CHARACTER_PS);
    CHECK_EQ_STR(r.out, "ab");
    CHECK_EQ_U64(r.put_at, 2 * CHARACTER_PS);
    CHECK_EQ_U64(get(&r, LSR), THRE | TEMT);
    rig_down(&r);
}

static void test_without_fifo_a_second_write_overwrites_thr(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    put(&r, THR, 'a');
    put(&r, THR, 'b');
    put(&r, THR, 'c');
    wait_ps(&r, 5 * CHARACTER_PS);
    CHECK_EQ_STR(r.out, "ac");
    rig_down(&r);
}

static void test_the_transmit_fifo_holds_16_bytes_and_loses_the_rest(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    put(&r, FCR, FIFO);
    for (char c = 'a'; c < 'a' + 20; c++) /* one in the shift register, 16 in the FIFO */
        put(&r, THR, (uint8_t)c);
    CHECK_EQ_U64(get(&r, LSR), 0);
    wait_ps(&r, 15 * CHARACTER_PS + CHARACTER_PS / 2);
    CHECK_EQ_U64(get(&r, LSR), 0);
    wait_ps(&r, CHARACTER_PS);
    CHECK_EQ_U64(get(&r, LSR), THRE);
    wait_ps(&r, 10 * CHARACTER_PS);
    CHECK_EQ_STR(r.out, "abcdefghijklmnopq");
    rig_down(&r);
}

static void test_an_empty_fifo_that_held_one_byte_tells_a_character_less_a_stop_bit_later(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    put(&r, FCR, FIFO);
    put(&r, THR, 'a');
    CHECK_EQ_U64(get(&r, LSR), 0);
    wait_ps(&r, CHARACTER_PS * 9 / 10 - 2);
    CHECK_EQ_U64(get(&r, LSR), 0);
    wait_ps(&r, 4);
    CHECK_EQ_U64(get(&r, LSR), THRE);
    CHECK_EQ_U64(r.count, 0);
    wait_ps(&r, CHARACTER_PS / 10);
    CHECK_EQ_U64(r.count, 1);
    CHECK_EQ_U64(get(&r, LSR), THRE | TEMT);
    rig_down(&r);
}

static void test_polling_thre_byte_by_byte_keeps_the_wire_full(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    put(&r, FCR, FIFO);
    for (unsigned i = 0; i < 50; i++) {
        while (!(get(&r, LSR) & THRE))
            wait_ps(&r, PS_PER_US / 10);
        put(&r, THR, 'x');
    }
    wait_ps(&r, 2 * CHARACTER_PS);
    CHECK_EQ_U64(r.count, 50);
    CHECK(r.put_at >= 50 * CHARACTER_PS && r.put_at < 51 * CHARACTER_PS);
    rig_down(&r);
}

static void test_iir_read_acknowledges_thre(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    put(&r, THR, 'a');
    put(&r, THR, 'b');
    put(&r, IER, TX);
    CHECK(!r.irq);
    wait_ps(&r, CHARACTER_PS);
    CHECK(r.irq);
    CHECK_EQ_U64(get(&r, IIR), UART_IRQ_EMPTY);
    CHECK(!r.irq);
    CHECK_EQ_U64(get(&r, IIR), UART_IRQ_NONE);
    wait_ps(&r, CHARACTER_PS);
    CHECK(!r.irq); /* it was empty already */
    rig_down(&r);
}

static void test_enabling_thre_while_empty_interrupts_each_time(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    put(&r, IER, TX);
    CHECK_EQ_U64(get(&r, IIR), UART_IRQ_EMPTY);
    put(&r, IER, TX);
    CHECK(!r.irq);
    put(&r, IER, 0);
    put(&r, IER, TX);
    CHECK(r.irq);
    rig_down(&r);
}

static void test_writing_thr_clears_the_interrupt_until_the_fifo_is_empty_again(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    put(&r, FCR, FIFO);
    put(&r, IER, TX);
    CHECK(r.irq);
    for (unsigned i = 0; i < 4; i++) {
        put(&r, THR, 'a');
        CHECK(!r.irq);
    }
    wait_ps(&r, 3 * CHARACTER_PS - 1);
    CHECK(!r.irq);
    wait_ps(&r, 1);
    CHECK(r.irq); /* with the last byte still on the wire */
    CHECK_EQ_U64(r.count, 3);
    rig_down(&r);
}

static void test_received_bytes_come_out_in_order_and_17_overrun_the_fifo(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    put(&r, FCR, FIFO);
    put(&r, IER, LINE);
    for (unsigned i = 0; i < 16; i++)
        uart_receive(&r.u, (uint8_t)(100 + i));
    CHECK(!uart_can_receive(&r.u) && !r.irq);
    uart_receive(&r.u, 99);
    CHECK(r.irq);
    CHECK_EQ_U64(get(&r, IIR), 0xc0 | UART_IRQ_LINE);
    CHECK_EQ_U64(get(&r, LSR), DR | OE | THRE | TEMT);
    CHECK(!r.irq);
    CHECK_EQ_U64(get(&r, LSR), DR | THRE | TEMT);
    for (unsigned i = 0; i < 16; i++)
        CHECK_EQ_U64(get(&r, RBR), 100 + i);
    CHECK_EQ_U64(get(&r, LSR), THRE | TEMT);
    rig_down(&r);
}

static void test_without_fifo_an_overrun_keeps_the_later_byte(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    uart_receive(&r.u, 1);
    uart_receive(&r.u, 2);
    CHECK_EQ_U64(get(&r, LSR) & (DR | OE), DR | OE);
    CHECK_EQ_U64(get(&r, RBR), 2);
    CHECK_EQ_U64(get(&r, LSR) & DR, 0);
    rig_down(&r);
}

static void test_the_receive_trigger_sets_and_drops_the_data_interrupt(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    put(&r, FCR, TRIGGER_8);
    put(&r, IER, RX);
    for (unsigned i = 0; i < 7; i++)
        uart_receive(&r.u, 0);
    CHECK(!r.irq);
    uart_receive(&r.u, 0);
    CHECK_EQ_U64(get(&r, IIR), 0xc0 | UART_IRQ_DATA);
    CHECK(r.irq); /* a level: reading IIR does not acknowledge it */
    get(&r, RBR);
    CHECK(!r.irq);
    rig_down(&r);
}

static void test_bytes_below_the_trigger_time_out_after_four_characters(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    put(&r, FCR, TRIGGER_8);
    put(&r, IER, RX);
    uart_receive(&r.u, 1);
    uart_receive(&r.u, 2);
    wait_ps(&r, 3 * CHARACTER_PS);
    uart_receive(&r.u, 3); /* counts anew */
    wait_ps(&r, 4 * uart_character_ps(&r.u) - 1);
    CHECK(!r.irq);
    wait_ps(&r, 1);
    CHECK_EQ_U64(get(&r, IIR), 0xc0 | UART_IRQ_TIMEOUT);
    CHECK_EQ_U64(get(&r, RBR), 1);
    CHECK(!r.irq);
    wait_ps(&r, 4 * CHARACTER_PS);
    CHECK(r.irq); /* two are left */
    get(&r, RBR);
    get(&r, RBR);
    wait_ps(&r, 10 * CHARACTER_PS);
    CHECK(!r.irq);
    rig_down(&r);
}

static void test_the_most_urgent_interrupt_is_named_first(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    put(&r, IER, RX | TX | LINE | MODEM);
    put(&r, MCR, 0x10); /* loop-back drops CTS, DSR, DCD */
    put(&r, MCR, 0x00);
    uart_receive(&r.u, 1);
    uart_receive(&r.u, 2);
    CHECK_EQ_U64(get(&r, IIR), UART_IRQ_LINE);
    get(&r, LSR);
    CHECK_EQ_U64(get(&r, IIR), UART_IRQ_DATA);
    get(&r, RBR);
    CHECK_EQ_U64(get(&r, IIR), UART_IRQ_EMPTY);
    CHECK_EQ_U64(get(&r, IIR), UART_IRQ_MODEM);
    CHECK_EQ_U64(get(&r, MSR), 0xbb);
    CHECK_EQ_U64(get(&r, MSR), 0xb0);
    CHECK_EQ_U64(get(&r, IIR), UART_IRQ_NONE);
    CHECK(!r.irq);
    rig_down(&r);
}

static void test_loopback_connects_modem_control_to_status_and_out_to_in(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    put(&r, MCR, 0x1a); /* what a driver probes with: OUT2 and RTS */
    CHECK_EQ_U64(get(&r, MSR) & 0xf0, 0x90);
    put(&r, MCR, 0x14);
    CHECK_EQ_U64(get(&r, MSR), 0x40 | 0x09); /* RI rose: no TERI */
    put(&r, MCR, 0x10);
    CHECK_EQ_U64(get(&r, MSR), 0x04);
    put(&r, THR, 'q');
    wait_ps(&r, CHARACTER_PS);
    CHECK_EQ_U64(r.count, 0);
    CHECK_EQ_U64(get(&r, RBR), 'q');
    CHECK(!uart_can_receive(&r.u));
    uart_receive(&r.u, 'z');
    CHECK_EQ_U64(get(&r, LSR) & DR, 0);
    rig_down(&r);
}

static void test_fcr_clears_fifos_and_toggling_it_empties_both(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    put(&r, FCR, 0xc8); /* without the enable bit nothing is taken */
    CHECK_EQ_U64(get(&r, IIR) & 0xc0, 0);
    put(&r, FCR, FIFO);
    for (unsigned i = 0; i < 5; i++) {
        uart_receive(&r.u, 1);
        put(&r, THR, 'a');
    }
    put(&r, FCR, FIFO | 2);
    CHECK_EQ_U64(get(&r, LSR), 0);
    uart_receive(&r.u, 1);
    put(&r, FCR, FIFO | 4);
    wait_ps(&r, CHARACTER_PS);
    CHECK_EQ_U64(get(&r, LSR), DR | THRE | TEMT);
    CHECK_EQ_STR(r.out, "a");
    put(&r, FCR, 0);
    CHECK_EQ_U64(get(&r, LSR), THRE | TEMT);
    rig_down(&r);
}

static void test_the_host_is_held_back_to_one_byte_a_character_time(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    put(&r, FCR, FIFO);
    CHECK(uart_can_receive(&r.u));
    uart_receive(&r.u, 1);
    CHECK(!uart_can_receive(&r.u));
    wait_ps(&r, CHARACTER_PS);
    CHECK(uart_can_receive(&r.u));
    rig_down(&r);
}

static void test_with_timing_off_the_transmitter_is_never_busy(void)
{
    struct rig r;

    rig_up(&r, TIMING_OFF);
    put(&r, IER, TX);
    CHECK_EQ_U64(get(&r, IIR), UART_IRQ_EMPTY);
    put(&r, THR, 'a');
    CHECK_EQ_STR(r.out, "a");
    CHECK_EQ_U64(get(&r, LSR), THRE | TEMT);
    CHECK_EQ_U64(get(&r, IIR), UART_IRQ_EMPTY);
    uart_receive(&r.u, 1);
    CHECK(!uart_can_receive(&r.u));
    get(&r, RBR);
    CHECK(uart_can_receive(&r.u));
    CHECK_EQ_U64(r.clock.now, 0);
    rig_down(&r);
}

static void test_the_dma_pins_ask_byte_by_byte_or_by_fifo(void)
{
    struct rig r;

    rig_up(&r, TIMING_IO);
    for (unsigned fifo = 0; fifo < 2; fifo++) { /* mode 0 */
        put(&r, FCR, (uint8_t)(fifo ? TRIGGER_8 : 0));
        CHECK(r.u.txrdy.level && !r.u.rxrdy.level);
        put(&r, THR, 'a'); /* goes to the shift register */
        CHECK(r.u.txrdy.level);
        put(&r, THR, 'b');
        CHECK(!r.u.txrdy.level);
        wait_ps(&r, 3 * CHARACTER_PS);
        CHECK(r.u.txrdy.level);
        uart_receive(&r.u, 'x');
        CHECK(r.u.rxrdy.level);
        get(&r, RBR);
        CHECK(!r.u.rxrdy.level);
    }
    put(&r, FCR, TRIGGER_8 | 8); /* mode 1 */
    for (unsigned i = 0; i < 16; i++) {
        put(&r, THR, 'a');
        CHECK(r.u.txrdy.level);
    }
    put(&r, THR, 'a'); /* one in the shift register, sixteen in the FIFO */
    CHECK(!r.u.txrdy.level);
    wait_ps(&r, 16 * CHARACTER_PS - CHARACTER_PS / 2);
    CHECK(!r.u.txrdy.level);
    wait_ps(&r, CHARACTER_PS);
    CHECK(r.u.txrdy.level);
    for (unsigned i = 0; i < 8; i++) {
        CHECK(!r.u.rxrdy.level);
        uart_receive(&r.u, 'x');
    }
    for (unsigned i = 0; i < 8; i++) {
        CHECK(r.u.rxrdy.level);
        get(&r, RBR);
    }
    CHECK(!r.u.rxrdy.level);
    uart_receive(&r.u, 'x');
    CHECK(!r.u.rxrdy.level);
    wait_ps(&r, 5 * CHARACTER_PS); /* its time-out */
    CHECK(r.u.rxrdy.level);
    rig_down(&r);
}

static void test_only_single_bytes_are_taken(void)
{
    struct rig r;

    rig_up(&r, TIMING_OFF);
    for (unsigned size = 2; size <= 8; size *= 2)
        for (unsigned at = 0; at < 0x100; at += size) {
            struct txn t = {.addr = at, .size = (uint8_t)size};
            CHECK_EQ_U64(region_access(&r.space, &r.u.mmio, &t), FAULT_SIZE);
        }
    put(&r, SCR, 0x5a);
    CHECK_EQ_U64(get(&r, SCR), 0x5a);
    put(&r, 0xff, 1);
    CHECK_EQ_U64(get(&r, 0xff), 0);
    put(&r, LSR, 0xff);
    put(&r, MSR, 0xff);
    CHECK_EQ_U64(get(&r, LSR), THRE | TEMT);
    rig_down(&r);
}

TEST_MAIN(test_a_character_takes_the_time_of_its_bits,
          test_a_byte_leaves_one_character_time_after_thr_is_written,
          test_without_fifo_a_second_write_overwrites_thr,
          test_the_transmit_fifo_holds_16_bytes_and_loses_the_rest,
          test_an_empty_fifo_that_held_one_byte_tells_a_character_less_a_stop_bit_later,
          test_polling_thre_byte_by_byte_keeps_the_wire_full,
          test_iir_read_acknowledges_thre,
          test_enabling_thre_while_empty_interrupts_each_time,
          test_writing_thr_clears_the_interrupt_until_the_fifo_is_empty_again,
          test_received_bytes_come_out_in_order_and_17_overrun_the_fifo,
          test_without_fifo_an_overrun_keeps_the_later_byte,
          test_the_receive_trigger_sets_and_drops_the_data_interrupt,
          test_bytes_below_the_trigger_time_out_after_four_characters,
          test_the_most_urgent_interrupt_is_named_first,
          test_loopback_connects_modem_control_to_status_and_out_to_in,
          test_fcr_clears_fifos_and_toggling_it_empties_both,
          test_the_host_is_held_back_to_one_byte_a_character_time,
          test_with_timing_off_the_transmitter_is_never_busy,
          test_the_dma_pins_ask_byte_by_byte_or_by_fifo,
          test_only_single_bytes_are_taken)
