/* SPDX-License-Identifier: Apache-2.0 */
/* labs/lib's interrupts: by wire and by message, shared wires, the gate, sleeping. */
#include "labs/lib/irq.h"
#include "labs/lib/reg.h"
#include "labs/lib/uart.h"
#include "spec/goldfish_rtc.h"
#include "spec/uart.h"
#include "spec/virt.h"
#include "tests/labs/lab_check.h"

enum { UART_REGS(REG_AT) };
enum { UART_FIELDS(FIELD_MASK) };
enum { GOLDFISH_RTC_REGS(REG_AT) };

struct count {
    unsigned calls;
    uint64_t at;
};

static void count(void *ctx)
{
    struct count *c = ctx;

    c->calls++;
    c->at = time_now();
}

/* The transmitter is empty: an interrupt that lasts until it is told not to. */
static void on_transmit(void *ctx)
{
    count(ctx);
    mmio_write8(VIRT_UART_BASE + UART_IER, 0);
    /* The store is posted: with the wire still high the interrupt would come again (a load from the
     * same device comes after it). */
    (void)mmio_read8(VIRT_UART_BASE + UART_IER);
}

static void raise_uart(void)
{
    mmio_write8(VIRT_UART_BASE + UART_IER, UART_IER_ETBEI);
    (void)mmio_read8(VIRT_UART_BASE + UART_IER);
}

static void test_wire(void)
{
    static struct count first, second;

    uart_ready();
    uart_flush();
    irq_handle(VIRT_IRQ_UART, on_transmit, &first);
    raise_uart();
    delay(10);
    CHECK_EQ(first.calls, 0); /* the gate is closed */
    irq_let_in();
    CHECK_EQ(first.calls, 1);
    irq_let_in();
    CHECK_EQ(first.calls, 1);
    /* Again, with the gate open. */
    irq_on();
    raise_uart();
    CHECK(WAIT_FOR(*(volatile unsigned *)&first.calls == 2, 10));
    CHECK(irq_off());
    /* Two share the wire. */
    irq_handle(VIRT_IRQ_UART, count, &second);
    raise_uart();
    CHECK(WAIT_ASLEEP(first.calls == 3, 10));
    CHECK_EQ(second.calls, 1);
    CHECK(!WAIT_ASLEEP(first.calls == 4, 100));
    CHECK_EQ(second.calls, 1);
}

static void on_alarm(void *ctx)
{
    count(ctx);
    mmio_write32(VIRT_RTC_BASE + RTC_CLEAR_INTERRUPT, 1);
    (void)mmio_read32(VIRT_RTC_BASE + RTC_TIME_LOW);
}

/* Two wires at once: both handlers run. */
static void test_two_wires(void)
{
    static struct count uart, alarm;
    uint64_t now;

    irq_handle(VIRT_IRQ_UART, count, &uart);
    irq_handle(VIRT_IRQ_RTC, on_alarm, &alarm);
    now = mmio_read32(VIRT_RTC_BASE + RTC_TIME_LOW);
    now |= (uint64_t)mmio_read32(VIRT_RTC_BASE + RTC_TIME_HIGH) << 32;
    now += 50000; /* ns */
    mmio_write32(VIRT_RTC_BASE + RTC_IRQ_ENABLED, 1);
    mmio_write32(VIRT_RTC_BASE + RTC_ALARM_HIGH, (uint32_t)(now >> 32));
    mmio_write32(VIRT_RTC_BASE + RTC_ALARM_LOW, (uint32_t)now);
    delay(100);
    raise_uart();
    delay(10);
    CHECK_EQ(uart.calls + alarm.calls, 0);
    irq_let_in();
    CHECK_EQ(uart.calls, 1);
    CHECK_EQ(alarm.calls, 1);
}

/* Whoever stores the number there: here the hart itself. */
static void send(const struct irq_message *m)
{
    mmio_write32(m->address, m->data);
}

static void test_messages(bool has_messages)
{
    static struct count first, second;
    struct irq_message a, b;

    if (!has_messages) {
        CHECK(!irq_msi(count, &first, &a));
        return;
    }
    CHECK(irq_msi(count, &first, &a) && irq_msi(count, &second, &b));
    CHECK(a.address != b.address || a.data != b.data);
    send(&a);
    delay(10);
    CHECK_EQ(first.calls, 0);
    irq_let_in();
    CHECK(first.calls == 1 && second.calls == 0);
    /* It is over: nothing has to be acknowledged.  Twice before it is taken counts once. */
    irq_let_in();
    CHECK_EQ(first.calls, 1);
    send(&a);
    send(&b);
    send(&a);
    CHECK(WAIT_ASLEEP(first.calls == 2 && second.calls == 1, 10));
    CHECK(!WAIT_ASLEEP(first.calls == 3, 100));
    /* There are some more, and then no more. */
    for (unsigned n = 2; irq_msi(count, &second, &b); n++)
        CHECK(n < 300);
    send(&b);
    CHECK(WAIT_ASLEEP(second.calls == 2, 10));
    CHECK_EQ(first.calls, 2);
}

int main(const void *device_tree)
{
    const char *name = irq_init(device_tree);

    CHECK(irq_init(device_tree) == name);
    print("interrupts by %s\n", name);
    test_wire();
    test_two_wires();
    test_messages(name[0] == 'A');
    print("all\n");
    return 0;
}
