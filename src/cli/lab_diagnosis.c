/* SPDX-License-Identifier: Apache-2.0 */
/* From how the run ended, how traps and DMA came at last, and where the hart is: one line. */
#include "cli/lab_diagnosis.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "cli/lab_run.h"
#include "host/file.h"
#include "insight/program.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ELF_BYTES_MAX (UINT64_C(64) << 20)
#define STORM 100         /* traps in a row */
#define PEND_STORM 1000   /* of one interrupt in a row */
#define DMA_STORM 1000    /* transactions in a row */
#define STILL_PS (50 * PS_PER_US) /* so long before the end it still went on */
#define POLLS 50          /* loads of one register in a row */
#define FRAMES_MAX 12
#define PLACES_MAX 8
#define INTERRUPT (UINT64_C(1) << 63)

enum { EXCEPTION_ILLEGAL = 2, EXCEPTION_ECALL_U = 8, EXCEPTION_ECALL_S = 9 };

struct text {
    char *bytes;
    size_t size;
    FILE *out;
};

static FILE *text_open(struct text *t)
{
    *t = (struct text){0};
    t->out = open_memstream(&t->bytes, &t->size);
    if (!t->out)
        abort(); /* as base/alloc.h: no memory */
    return t->out;
}

static char *text_close(struct text *t)
{
    fclose(t->out);
    return t->bytes;
}

static void print_time(FILE *out, ps_t ps)
{
    char text[40];

    lab_quantity((double)ps / 1000, "ns", text, sizeof text);
    fputs(text, out);
}

/* ---- where ---- */

static int read_memory(void *ctx, uint64_t address, uint64_t *value)
{
    const struct lab_result *r = ctx;
    uint8_t bytes[8];

    if (machine_read_virtual(r->machine, 0, address, bytes, sizeof bytes))
        return -1;
    *value = le64_get(bytes);
    return 0;
}

static struct program *program_of(const struct lab_result *r)
{
    struct program *p;
    uint8_t *bytes;
    size_t size;

    if (file_read("program", r->build.elf, ELF_BYTES_MAX, &bytes, &size, NULL))
        return NULL;
    p = program_new(bytes, size, NULL);
    free(bytes);
    return p;
}

static const char *plain(const char *file)
{
    return strncmp(file, "./", 2) ? file : file + 2;
}

static void write_place(const struct program_place *place, char *out, size_t size)
{
    if (place->file && place->line)
        snprintf(out, size, "%s (%s:%u)", place->function, plain(place->file), place->line);
    else if (place->offset)
        snprintf(out, size, "%s + 0x%" PRIx64, place->function, place->offset);
    else
        snprintf(out, size, "%s", place->function);
}

/* "print (labs/lib/print.c:34), from main (labs/uart/main.c:12)".  A caller's pc is behind its call, as
 * that of a hart which waits is behind its wfi. */
static char *describe(const struct lab_result *r, struct program *p, struct program_frame frame,
                      bool behind)
{
    char now[300], before[300] = "";
    unsigned shown = 0, repeats = 0;
    bool more = true;
    struct text t;
    FILE *out = text_open(&t);

    for (unsigned i = 0; more && i < FRAMES_MAX; i++) {
        struct program_place place[PLACES_MAX];
        size_t n = program_places(p, i || behind ? frame.pc - 1 : frame.pc, place, PLACES_MAX);

        for (size_t k = 0; k < n && more; k++) {
            write_place(&place[k], now, sizeof now);
            repeats = strcmp(now, before) ? 0 : repeats + 1;
            if (!repeats)
                fprintf(out, "%s%s", shown++ ? ", from " : "", now);
            else if (repeats == 1)
                fputs(" again and again", out);
            memcpy(before, now, sizeof before);
            more = strcmp(place[k].function, "main") != 0; /* what is before it is the same in all */
        }
        if (!n && !i) {
            fprintf(out, "0x%" PRIx64 ", which is not in the program", frame.pc);
            shown++;
            frame.pc = frame.x[1]; /* a call through a wild pointer: the return address says who */
        } else if (more) {
            more = n && program_caller(p, &frame, read_memory, (void *)r);
        }
    }
    return text_close(&t);
}

/* Is the hart in this function, or in what it has called? */
static bool is_in(const struct lab_result *r, struct program *p, struct program_frame frame,
                  const char *function)
{
    for (unsigned i = 0; i < FRAMES_MAX; i++) {
        struct program_place place[PLACES_MAX];
        size_t n = program_places(p, i ? frame.pc - 1 : frame.pc, place, PLACES_MAX);

        for (size_t k = 0; k < n; k++)
            if (!strcmp(place[k].function, function))
                return true;
        if (!n || !program_caller(p, &frame, read_memory, (void *)r))
            return false;
    }
    return false;
}

static struct program_frame frame_of(const uint64_t x[32], uint64_t pc)
{
    struct program_frame f = {.pc = pc};

    memcpy(f.x, x, sizeof f.x);
    return f;
}

static struct program_frame frame_now(const struct lab_result *r, unsigned hart)
{
    const struct hart *h = machine_hart(r->machine, hart);

    return frame_of(h->x, h->pc);
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

static bool goes_on(const struct lab_result *r, ps_t when)
{
    return when + STILL_PS >= r->end.time_ps;
}

/* A trap that ended the program: nobody has returned from it.  Or would have ended it: to report it
 * (labs/lib/trap.c) takes milliseconds, and the limit may come before. */
static bool ended_by_trap(const struct lab_result *r, struct program *p,
                          const struct measure_trap *t)
{
    if (!t->any || !t->unreturned || t->code & INTERRUPT || t->code == EXCEPTION_ECALL_U ||
        t->code == EXCEPTION_ECALL_S)
        return false;
    if (r->end.end == END_FINISHER)
        return r->end.code != 0;
    return p && is_in(r, p, frame_now(r, 0), "trap_report");
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
    uint64_t code = t->code & ~INTERRUPT;

    fprintf(out, "%" PRIu64 " interrupts in a row came at once after the return from the one before; ",
            t->in_a_row);
    if (code == 5 || code == 7)
        fputs("of the timer: its time is past, and nobody moves it on", out);
    else if (code == 1 || code == 3)
        fputs("of software: nobody clears it", out);
    else
        fputs("nobody makes the device take its request back", out);
    say_lines(r, out);
}

static const struct measure_transaction *last_transaction(const struct lab_result *r)
{
    const struct measure_last *last = &measure_tail(r->measure)->last;

    return last->count ? &last->item[(last->next + MEASURE_LAST - 1) % MEASURE_LAST] : NULL;
}

static void say_polls(const struct lab_result *r, FILE *out)
{
    const struct measure_transaction *t = last_transaction(r);
    char place[64];

    if (!t || t->kind != TRACE_KIND_mmio_load || t->repeats < POLLS || !goes_on(r, t->last))
        return;
    machine_register_name(r->machine, t->target, t->place, false, place, sizeof place);
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
            if (t->first_code & INTERRUPT)
                fputs("an interrupt", out);
            else
                say_exception(out, t->first_code, t->first_pc, t->first_tval);
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

static enum lab_kind trapped(struct lab_result *r, const struct program *p, FILE *out)
{
    const struct measure_trap *t = &measure_tail(r->measure)->trap[0];

    r->exit = 1;
    if (in_guard(p, t->tval)) {
        fprintf(out, "the stack has run over into its guard page: pc 0x%" PRIx64 ", address 0x%"
                PRIx64, t->pc, t->tval);
        return LAB_STACK;
    }
    say_trap(out, t);
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
    char *interrupted = describe(r, p, frame_of(r->trap_x[0], t->pc), false);
    struct text both;
    FILE *out = text_open(&both);

    fprintf(out, "%s, an interrupt in %s", now, interrupted);
    free(now);
    free(interrupted);
    return text_close(&both);
}

static char *place_of(const struct lab_result *r, struct program *p, enum lab_kind kind)
{
    const struct measure_trap *t = &measure_tail(r->measure)->trap[0];
    char *now;

    if (t->any && kind == LAB_TRAP_STORM && has_first(t))
        return describe(r, p, frame_of(r->first_x[0], t->first_pc), false);
    if (t->any && (kind == LAB_TRAP || kind == LAB_STACK || kind == LAB_TRAP_STORM))
        return describe(r, p, frame_of(r->trap_x[0], t->pc), false);
    now = describe(r, p, frame_now(r, 0), machine_hart(r->machine, 0)->idle);
    return t->any && t->unreturned && t->code & INTERRUPT ? in_trap(r, p, now) : now;
}

void lab_diagnose(struct lab_result *r)
{
    struct lab_diagnosis *d = &r->diagnosis;
    struct program *p = program_of(r);
    struct text text;
    FILE *out = text_open(&text);

    d->kind = judge(r, p, out);
    d->text = text_close(&text);
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
        machine_register_name(r->machine, t->target, t->place, t->kind != TRACE_KIND_mmio_load, place,
                              sizeof place);
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
