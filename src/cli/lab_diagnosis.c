/* SPDX-License-Identifier: Apache-2.0 */
/* From how the run ended, how traps and DMA came at last, and where the hart is: one line. */
#include "cli/lab_diagnosis.h"

#include "base/bits.h"
#include "cli/lab_run.h"
#include "cli/lab_where.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STORM 100         /* traps in a row */
#define PEND_STORM 1000   /* of one interrupt in a row */
#define DMA_STORM 1000    /* transactions in a row */
#define STILL_PS (50 * PS_PER_US) /* so long before the end it still went on */
#define POLLS 50          /* loads of one register in a row */
#define INTERRUPT (UINT64_C(1) << 63)
#define FRAME_BYTES_MAX 65536 /* so far above the stack pointer an access may be the stack's */

enum {
    EXCEPTION_ILLEGAL = 2, EXCEPTION_LOAD_ACCESS = 5, EXCEPTION_STORE_ACCESS = 7,
    EXCEPTION_ECALL_U = 8, EXCEPTION_ECALL_S = 9, EXCEPTION_LOAD_PAGE = 13,
    EXCEPTION_STORE_PAGE = 15,
};

static void print_time(FILE *out, ps_t ps)
{
    char text[40];

    lab_quantity((double)ps / 1000, "ns", text, sizeof text);
    fputs(text, out);
}

/* ---- what ---- */

static const char *exception_name(uint64_t code)
{
    static const char *const name[] = {
        "a fetch from a misaligned address", "a fetch from where there is no memory",
        "an illegal instruction", "a breakpoint", "a misaligned load",
        "a load from where there is nothing, or that is not allowed", "a misaligned store",
        "a store to where there is nothing, or that is not allowed", "an ecall from user mode",
        "an ecall", NULL, NULL, "a page fault of a fetch", "a page fault of a load", NULL,
        "a page fault of a store",
    };

    return code < ARRAY_LEN(name) && name[code] ? name[code] : "an exception";
}

static bool is_ecall(uint64_t code)
{
    return code == EXCEPTION_ECALL_U || code == EXCEPTION_ECALL_S;
}

/* Of a load or store that was not allowed, or is not mapped. */
static bool is_access(uint64_t code)
{
    return code == EXCEPTION_LOAD_ACCESS || code == EXCEPTION_STORE_ACCESS ||
           code == EXCEPTION_LOAD_PAGE || code == EXCEPTION_STORE_PAGE;
}

static bool within(const struct program *p, uint64_t address, const char *from, const char *to)
{
    uint64_t low, high;

    return p && program_symbol(p, from, &low) && program_symbol(p, to, &high) && address >= low &&
           address < high;
}

static bool in_guard(const struct program *p, uint64_t address)
{
    return within(p, address, "stack_guard", "stack_bottom") ||
           within(p, address, "trap_guard", "trap_stack_bottom");
}

/* Has the stack run over?  A frame is above its stack pointer, so that is what an access above it
 * says which hits a guard, or one shortly above it when there is nothing at the stack pointer
 * either.  A pointer that strays into a guard from below is another matter. */
static bool has_run_over(const struct lab_result *r, const struct program *p,
                         const struct measure_trap *t)
{
    uint64_t sp = r->trap_x[0][2];

    if (!is_access(t->code) || t->tval < sp)
        return false;
    return in_guard(p, t->tval) || (t->tval - sp < FRAME_BYTES_MAX && !lab_readable(r, sp));
}

/* Where labs/lib and labs/kernel end a program that has trapped. */
static bool is_reported(const struct lab_result *r, struct program *p)
{
    static const char *const by[] = {"trap_report", "process_kill", "process_kill_pointer"};

    for (size_t i = 0; p && i < ARRAY_LEN(by); i++)
        if (lab_is_in(r, p, lab_frame_now(r, 0), by[i]))
            return true;
    return false;
}

static bool goes_on(const struct lab_result *r, ps_t when)
{
    return when + STILL_PS >= r->end.time_ps;
}

/* A trap that ended the program: nobody has returned from it.  Or would have ended it: to report it
 * (labs/lib/trap.c) takes milliseconds, and the limit may come before. */
static bool ended_by_trap(const struct lab_result *r, struct program *p,
                          const struct measure_trap *t)
{
    if (!t->any)
        return false;
    if (r->end.end == END_FINISHER && r->end.code && t->unreturned && !(t->code & INTERRUPT) &&
        !is_ecall(t->code))
        return true;
    return (r->end.end != END_FINISHER || r->end.code) && is_reported(r, p);
}

static void say_exception(FILE *out, uint64_t code, uint64_t pc, uint64_t tval)
{
    fprintf(out, "%s at pc 0x%" PRIx64, exception_name(code), pc);
    fprintf(out, code == EXCEPTION_ILLEGAL ? " (0x%" PRIx64 ")" : ", address 0x%" PRIx64, tval);
}

static void say_trap(FILE *out, const struct measure_trap *t)
{
    say_exception(out, t->code, t->pc, t->tval);
}

/* Of a storm of traps that never return: what was first. */
static bool has_first(const struct measure_trap *t)
{
    return t->unreturned > 1 && (t->first_code != t->code || t->first_pc != t->pc);
}

static void say_first(FILE *out, const struct measure_trap *t)
{
    if (t->first_code & INTERRUPT)
        fputs("an interrupt", out);
    else
        say_exception(out, t->first_code, t->first_pc, t->first_tval);
}

static void say_lines(const struct lab_result *r, FILE *out)
{
    uint64_t pin;

    for (unsigned i = 0; measure_line(r->measure, i, &pin); i++) {
        fprintf(out, "%s%" PRIu64, i ? ", " : "; high is the interrupt line ", pin);
        if (pin >= VIRT_IRQ_PCI && pin < VIRT_IRQ_PCI + 4)
            fprintf(out, " (PCI INT%c)", (int)('A' + pin - VIRT_IRQ_PCI));
        else
            fputs(pin == VIRT_IRQ_UART ? " (uart0)" : pin == VIRT_IRQ_RTC ? " (rtc)" :
                  pin == VIRT_IRQ_DMA ? " (dma0)" : "", out);
    }
}

static void say_interrupt(const struct lab_result *r, FILE *out, const struct measure_trap *t)
{
    uint64_t code = t->code & ~INTERRUPT, pin;

    fprintf(out, "%" PRIu64 " interrupts in a row came at once after the return from the one before; ",
            t->in_a_row);
    if (code == 5 || code == 7)
        fputs("of the timer: its time is past, and nobody moves it on", out);
    else if (code == 1 || code == 3)
        fputs("of software: nobody clears it", out);
    else if (measure_line(r->measure, 0, &pin))
        fputs("nobody makes the device take its request back", out);
    else
        fputs("no line is high: somebody sends one message after the other", out);
    say_lines(r, out);
}

static const struct measure_transaction *last_transaction(const struct lab_result *r)
{
    const struct measure_last *last = &measure_tail(r->measure)->last;

    return last->count ? &last->item[(last->next + MEASURE_LAST - 1) % MEASURE_LAST] : NULL;
}

/* A register's name.  The root complex answers with all ones for whom nobody has an address, in
 * configuration space and in its windows: of those, an offset says no more. */
static void name_place(const struct lab_result *r, const struct measure_transaction *t, char *out,
                       size_t size)
{
    bool load = t->kind == TRACE_KIND_mmio_load;
    uint64_t ones = t->size < 8 ? (UINT64_C(1) << 8 * t->size) - 1 : UINT64_MAX;

    if (load && t->value == ones && !strcmp(measure_source_name(r->measure, t->target), "pcie"))
        snprintf(out, size, "+ 0x%" PRIx64 " (nobody answers)", t->place);
    else
        machine_register_name(r->machine, t->target, t->place, !load, out, size);
}

static void say_polls(const struct lab_result *r, FILE *out)
{
    const struct measure_transaction *t = last_transaction(r);
    char place[64];

    if (!t || t->kind != TRACE_KIND_mmio_load || t->repeats < POLLS || !goes_on(r, t->last))
        return;
    name_place(r, t, place, sizeof place);
    fprintf(out, "; it reads %s %s again and again, %" PRIu64 " times 0x%" PRIx64 " by now",
            measure_source_name(r->measure, t->target), place, t->repeats, t->value);
}

static void say_waiting(const struct lab_result *r, FILE *out)
{
    const struct hart *h = machine_hart(r->machine, 0);

    if (h->idle)
        fputs("; hart 0 waits (wfi)", out);
    say_lines(r, out);
    say_polls(r, out);
}

static void say_under_way(const struct lab_result *r, FILE *out)
{
    const char *section = measure_under_way(r->measure, 0);

    if (section)
        fprintf(out, ", in section %s", section);
}

static bool is_receiver(const struct lab_result *r, unsigned source)
{
    struct measure_of all = {.section = (unsigned)r->lab->sections, .source = (int)source};
    double frames;

    return measure_get(r->measure, &all, measure_metric_find("nic_rx"), &frames, NULL) || frames > 0;
}

/* A handler that takes one interrupt after the other does not return for each. */
static bool never_taken_back(const struct lab_result *r)
{
    const struct measure_tail *tail = measure_tail(r->measure);
    uint64_t pin;

    if (tail->pend_in_a_row < PEND_STORM || !goes_on(r, tail->pend_when))
        return false;
    for (unsigned i = 0; measure_line(r->measure, i, &pin); i++)
        if (pin == tail->pend_number)
            return true;
    return false;
}

/* Of a run that was ended because it would not end. */
static enum lab_kind endless(const struct lab_result *r, FILE *out)
{
    const struct measure_tail *tail = measure_tail(r->measure);
    const struct measure_trap *t = &tail->trap[0];

    for (unsigned i = 1; i < r->config.harts; i++)
        if (tail->trap[i].in_a_row > t->in_a_row && goes_on(r, tail->trap[i].when))
            t = &tail->trap[i];
    fputs("not at its end after ", out);
    if (r->patience_ns) {
        print_time(out, r->patience_ns * PS_PER_NS);
        fputs(" of the host's time (", out);
    } else {
        fputs("its limit (", out);
    }
    print_time(out, r->end.time_ps);
    fputs(" of virtual time)", out);
    say_under_way(r, out);
    if (t->in_a_row >= STORM && goes_on(r, t->when)) {
        fputs(": ", out);
        if (t->code & INTERRUPT) {
            say_interrupt(r, out, t);
            return LAB_INTERRUPT_STORM;
        }
        fprintf(out, "%" PRIu64 " times in a row ", t->in_a_row);
        say_trap(out, t);
        if (has_first(t)) {
            fputs(", first ", out);
            say_first(out, t);
        }
        return LAB_TRAP_STORM;
    }
    if (never_taken_back(r)) {
        fprintf(out, ": interrupt %" PRIu64 " came %" PRIu64 " times at once again; nobody makes the "
                "device take its request back", tail->pend_number, tail->pend_in_a_row);
        say_lines(r, out);
        return LAB_INTERRUPT_STORM;
    }
    if (tail->dma_in_a_row >= DMA_STORM && goes_on(r, tail->dma_when) &&
        !is_receiver(r, tail->dma_source)) {
        fprintf(out, ": %s goes on and on with memory, %" PRIu64 " transactions by now",
                measure_source_name(r->measure, tail->dma_source), tail->dma_in_a_row);
        return LAB_DMA;
    }
    say_waiting(r, out);
    return LAB_HANG;
}

static enum lab_kind stuck(const struct lab_result *r, FILE *out)
{
    fputs("since ", out);
    print_time(out, machine_hart(r->machine, 0)->idle_since);
    fputs(" every hart waits (wfi), and nothing can come that would wake one", out);
    say_under_way(r, out);
    say_lines(r, out);
    return LAB_STUCK;
}

/* What labs/kernel says of a program that it kills; false: nothing. */
static bool say_killed(const struct lab_result *r, FILE *out)
{
    static const char begin[] = "lab: the program was killed: ";
    const char *text = measure_output(r->measure, NULL), *last = NULL;

    while ((text = strstr(text, begin)))
        last = text += sizeof begin - 1;
    if (!last || !strchr(last, '\n'))
        return false;
    fprintf(out, "%.*s", (int)strcspn(last, "\n"), last);
    return true;
}

static void say_unwanted_interrupt(FILE *out, const struct measure_trap *t)
{
    uint64_t code = t->code & ~INTERRUPT;

    fprintf(out, "an interrupt (%s) ", code == 5 || code == 7 ? "of the timer" :
            code == 1 || code == 3 ? "of software" : "of a device");
    fputs(t->unreturned > 1 ? "in the handler of another: the handler lets interrupts in" :
          "that nobody handles", out);
}

/* The way into a trap has trapped itself: what was before is what happened. */
static bool is_entry_broken(struct program *p, const struct measure_trap *t)
{
    return has_first(t) && lab_is_trap_entry(p, t->pc);
}

static enum lab_kind trapped(struct lab_result *r, struct program *p, FILE *out)
{
    const struct measure_trap *t = &measure_tail(r->measure)->trap[0];

    r->exit = 1;
    if (is_ecall(t->code) || !t->unreturned) {
        /* The last trap may be another thread's. */
        if (!say_killed(r, out))
            fputs(t->code == EXCEPTION_ECALL_S ? "an ecall, which nobody serves" :
                  "a system call with a bad pointer", out);
        return LAB_TRAP;
    }
    if (t->code & INTERRUPT) {
        say_unwanted_interrupt(out, t);
        return LAB_TRAP;
    }
    if (!is_entry_broken(p, t) && has_run_over(r, p, t)) {
        fputs(in_guard(p, t->tval) ? "the stack has run over into its guard page" :
              "no stack is where the stack pointer is: it has run over, or sp was changed", out);
        fprintf(out, ": pc 0x%" PRIx64 ", address 0x%" PRIx64 ", sp 0x%" PRIx64, t->pc, t->tval,
                r->trap_x[0][2]);
        return LAB_STACK;
    }
    say_trap(out, t);
    if (is_entry_broken(p, t)) {
        fputs(" on the way into a trap (are sp and sscratch as they should be?), first ", out);
        say_first(out, t);
    }
    return LAB_TRAP;
}

static enum lab_kind judge(struct lab_result *r, struct program *p, FILE *out)
{
    switch (r->end.end) {
    case END_FINISHER:
    case END_MAX_TIME:
    case END_CALLER:
        if (ended_by_trap(r, p, &measure_tail(r->measure)->trap[0]))
            return trapped(r, p, out);
        if (r->end.end == END_FINISHER)
            return LAB_GOOD;
        /* The limit itself may have been the only thing that could still come. */
        return r->stuck ? stuck(r, out) : endless(r, out);
    case END_STUCK:
        return stuck(r, out);
    case END_RESET:
        r->exit = 1;
        fputs("the program asked for a reset", out);
        return LAB_TRAP;
    case END_EXIT_ON:
    case END_QUIT:
    case END_SIGNAL:
    case END_GENERATOR:
        break;
    }
    return LAB_GOOD;
}

/* Adds what was interrupted to where the handler is. */
static char *in_trap(const struct lab_result *r, struct program *p, char *now)
{
    const struct measure_trap *t = &measure_tail(r->measure)->trap[0];
    char *interrupted = lab_where(r, p, lab_frame_of(r->trap_x[0], t->pc), false);
    struct lab_text both;
    FILE *out = lab_text_open(&both);

    fprintf(out, "%s, an interrupt in %s", now, interrupted);
    free(now);
    free(interrupted);
    return lab_text_close(&both);
}

/* Where the user program of labs/kernel is, while the kernel works for it. */
static char *in_program(const struct lab_result *r, struct program *p, char *now,
                        struct program_frame user)
{
    char *there = lab_where(r, p, user, false);
    struct lab_text both;
    FILE *out = lab_text_open(&both);

    fprintf(out, "%s; for the program in %s", now, there);
    free(now);
    free(there);
    return lab_text_close(&both);
}

static char *place_of(const struct lab_result *r, struct program *p, enum lab_kind kind)
{
    const struct measure_trap *t = &measure_tail(r->measure)->trap[0];
    bool trap = kind == LAB_TRAP || kind == LAB_STACK, interrupt = t->code & INTERRUPT;
    struct program_frame user;
    bool in_kernel = lab_user_frame(r, p, &user);
    char *now;

    if (t->any && has_first(t) && (kind == LAB_TRAP_STORM || (trap && is_entry_broken(p, t))))
        return lab_where(r, p, lab_frame_of(r->first_x[0], t->first_pc), false);
    if (trap && in_kernel && (is_ecall(t->code) || !t->unreturned))
        return lab_where(r, p, user, false);
    if (t->any && (trap || kind == LAB_TRAP_STORM))
        return lab_where(r, p, lab_frame_of(r->trap_x[0], t->pc), false);
    now = lab_where(r, p, lab_frame_now(r, 0), machine_hart(r->machine, 0)->idle);
    if (in_kernel)
        return in_program(r, p, now, user);
    return t->any && t->unreturned && interrupt ? in_trap(r, p, now) : now;
}

void lab_diagnose(struct lab_result *r)
{
    struct lab_diagnosis *d = &r->diagnosis;
    struct program *p = lab_program(r);
    struct lab_text text;
    FILE *out = lab_text_open(&text);

    d->kind = judge(r, p, out);
    d->text = lab_text_close(&text);
    if (d->kind == LAB_GOOD) {
        free(d->text);
        d->text = NULL;
    } else if (p && r->end.end != END_RESET) {
        d->where = place_of(r, p, d->kind);
    }
    program_free(p);
}

void lab_diagnosis_free(struct lab_diagnosis *d)
{
    free(d->text);
    free(d->where);
}

/* ---- the last transactions ---- */

static const char *verb(enum trace_kind kind)
{
    switch (kind) {
    case TRACE_KIND_mmio_load: return "loads";
    case TRACE_KIND_mmio_store: return "stores";
    case TRACE_KIND_wc_flush: return "sends a combined store";
    case TRACE_KIND_dma_read_done: return "reads memory";
    case TRACE_KIND_dma_write_done: return "writes memory";
    case TRACE_KIND_msi: return "sends a message";
    default: return "?";
    }
}

static void print_transaction(const struct lab_result *r, const struct measure_transaction *t,
                              FILE *out)
{
    const char *target = measure_source_name(r->measure, t->target);
    char place[64];

    fprintf(out, "%14.3f us  %-9s %s ", (double)t->first / 1e6,
            measure_source_name(r->measure, t->source), verb(t->kind));
    if (t->target != t->source) {
        name_place(r, t, place, sizeof place);
        fprintf(out, "%s %s", target, place);
    } else {
        fprintf(out, "at 0x%" PRIx64, t->place);
    }
    if (t->size)
        fprintf(out, ", %" PRIu64 " byte%s", t->size, t->size == 1 ? "" : "s");
    if (t->has_value)
        fprintf(out, ": 0x%" PRIx64, t->value);
    if (t->repeats > 1) {
        fprintf(out, "  (%" PRIu64 " times, until ", t->repeats);
        fprintf(out, "%.3f us)", (double)t->last / 1e6);
    }
    fputc('\n', out);
}

/* What the library's report of a trap prints is not of interest. */
static const struct measure_last *last_of(const struct lab_result *r)
{
    const struct measure_tail *tail = measure_tail(r->measure);
    bool trap = r->diagnosis.kind == LAB_TRAP || r->diagnosis.kind == LAB_STACK;

    return trap && tail->trap[0].any ? &tail->at_trap : &tail->last;
}

unsigned lab_print_transactions(const struct lab_result *r, const char *before, FILE *out)
{
    const struct measure_last *last = last_of(r);

    for (unsigned i = 0; i < last->count && out; i++) {
        fputs(before, out);
        print_transaction(
            r, &last->item[(last->next + MEASURE_LAST - last->count + i) % MEASURE_LAST], out);
    }
    return last->count;
}
