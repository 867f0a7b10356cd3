/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/trap.h"

#include "labs/lib/csr.h"
#include "labs/lib/finisher.h"
#include "labs/lib/irq.h"
#include "labs/lib/print.h"
#include "labs/lib/timer.h"

#include <stddef.h>

static bool (*handler)(struct trap_frame *frame);
static bool in_trap, in_report;
static uint64_t called_from; /* of a jump to nowhere; 0: not known */

void trap_handle(bool (*fn)(struct trap_frame *frame))
{
    handler = fn;
}

void trap_install(void (*entry)(void))
{
    csr_write(stvec, (uintptr_t)entry);
}

const char *trap_cause(uint64_t cause)
{
    /* Privileged spec 12.1.8, the table of scause; 10, 11 and 14 do not come here. */
    static const char *const text[] = {
        "fetch from a misaligned address", "fetch: access fault", "illegal instruction",
        "breakpoint", "misaligned load", "load: access fault", "misaligned store",
        "store: access fault", "ecall from user mode", "ecall", NULL, NULL, "fetch: page fault",
        "load: page fault", NULL, "store: page fault",
    };
    const char *found = cause < sizeof text / sizeof *text ? text[cause] : NULL;

    return found ? found : "unknown trap";
}

static bool within(uint64_t addr, const char *from, const char *to)
{
    return addr >= (uintptr_t)from && addr < (uintptr_t)to;
}

static const char *what(uint64_t cause, uint64_t value)
{
    bool access = cause == CAUSE_LOAD_FAULT || cause == CAUSE_STORE_FAULT;

    if (cause & SCAUSE_INTERRUPT)
        return in_trap ? "a handler lets interrupts in" : "interrupt that nobody handles";
    if (access && within(value, stack_guard, stack_bottom))
        return "stack overflow";
    if (access && within(value, trap_guard, trap_stack_bottom))
        return "stack overflow";
    if (cause == CAUSE_STORE_FAULT && within(value, code_begin, code_end))
        return "store to code";
    return trap_cause(cause);
}

_Noreturn void trap_report(uint64_t cause, uint64_t pc, uint64_t value)
{
    (void)irq_off();
    /* Page tables may be what is broken, and the UART is needed.  Without them each address is what
     * it says, for us too: the lib maps its code and data to themselves. */
    csr_write(satp, 0);
    /* A trap in this function: its line cannot be had. */
    if (!in_report) {
        in_report = true;
        print("lab: %s%s: pc 0x%lx, ", in_trap ? "in a trap: " : "", what(cause, value), pc);
        if (called_from)
            print("called from 0x%lx\n", called_from);
        else
            print(cause == CAUSE_ILLEGAL ? "instruction 0x%lx\n" :
                  cause & SCAUSE_INTERRUPT ? "value 0x%lx\n" : "address 0x%lx\n", value);
    }
    finish(1);
}

void trap_interrupt(uint64_t cause)
{
    switch (cause & ~SCAUSE_INTERRUPT) {
    case IRQ_TIMER:
        timer_interrupt();
        break;
    case IRQ_EXTERNAL:
        irq_interrupt();
        break;
    default: /* nobody has enabled it here */
        trap_report(cause, csr_read(sepc), 0);
    }
}

/* Called by trap_entry. */
void trap(struct trap_frame *frame);

void trap(struct trap_frame *frame)
{
    /* Where pc is not memory, the return address says which call it was. */
    if (frame->cause == CAUSE_FETCH_FAULT || frame->cause == CAUSE_FETCH_PAGE)
        called_from = frame->ra;
    /* The entry has overwritten the first trap's frame: there is no way back. */
    if (in_trap)
        trap_report(frame->cause, frame->pc, frame->value);
    in_trap = true;
    if (frame->cause & SCAUSE_INTERRUPT) {
        trap_interrupt(frame->cause);
    } else if (!handler || !handler(frame)) {
        in_trap = false;
        trap_report(frame->cause, frame->pc, frame->value);
    }
    in_trap = false;
}
