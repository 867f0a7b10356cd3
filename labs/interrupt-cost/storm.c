/* SPDX-License-Identifier: Apache-2.0 */
/* A timer storm.  main counts as fast as it can for 200 us, while the timer interrupts at a fixed rate.
 * How far does it come?  A series for each of three handlers:
 *
 *   bare     sets the next time, no more
 *   device   and reads a register of a device
 *   work     and computes for a microsecond */
#include "labs/interrupt-cost/storm.h"

#include "labs/lib/irq.h"
#include "labs/lib/mark.h"
#include "labs/lib/reg.h"
#include "labs/lib/trap.h"
#include "spec/uart.h"
#include "spec/virt.h"

enum { UART_REGS(REG_AT) };

#define TICK_NS (1000000000 / TICKS_A_SECOND)
#define WINDOW_US 200
#define WORK_STEPS 2000 /* an addition and a branch each: 1.5 cycles */

static enum handler { BARE, DEVICE, WORK } kind;
static uint64_t next, period, end;
static volatile bool over;

/* Called by entry.S. */
void on_storm(void);

void on_storm(void)
{
    trap_must_be(IRQ_TIMER);
    if (kind == DEVICE)
        (void)mmio_read8(VIRT_UART_BASE + UART_SCR);
    for (unsigned i = 0; kind == WORK && i < WORK_STEPS; i++)
        __asm__ volatile("");
    /* The handler ends the window, since main() may never run to look at the time. */
    over = next >= end;
    /* A rate is kept by counting from when this one was due, not from now.  A handler that takes
     * longer than its period has the next one due before it is done. */
    next = over ? UINT64_MAX : next + period;
    csr_write(CSR_STIMECMP, next);
}

/* Ticks between interrupts; 0 for none.  Returns how far it got. */
static uint64_t progress(uint64_t ticks)
{
    uint64_t count = 0;

    over = false;
    period = ticks;
    end = time_now() + WINDOW_US * TICKS_A_MICROSECOND;
    next = ticks ? time_now() + ticks : end;
    csr_write(CSR_STIMECMP, next);
    irq_on();
    while (!over)
        count++;
    (void)irq_off();
    return count;
}

void storms(void)
{
    /* In ticks of 100 ns: the clock has no shorter ones. */
    static const uint16_t ticks[] = {
        0, 1000, 200, 100, 50, 30, 20, 15, 12, 11, 10, 5, 4, 3, 2, 1,
    };

    trap_install(storm_entry);
    for (unsigned i = 0; i < sizeof ticks / sizeof *ticks; i++) {
        uint64_t count;

        kind = BARE;
        mark_value(10, ticks[i] * TICK_NS);
        count = progress(ticks[i]);
        mark_value(11, count);

        kind = DEVICE;
        mark_value(12, ticks[i] * TICK_NS);
        count = progress(ticks[i]);
        mark_value(13, count);

        kind = WORK;
        mark_value(14, ticks[i] * TICK_NS);
        count = progress(ticks[i]);
        mark_value(15, count);
    }
}
