/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/kernel/process.h"

#include "labs/kernel/kernel.h"
#include "labs/kernel/thread.h"
#include "labs/lib/csr.h"
#include "labs/lib/finisher.h"
#include "labs/lib/irq.h"
#include "labs/lib/paging.h"
#include "labs/lib/print.h"
#include "labs/lib/string.h"
#include "labs/lib/trap.h"

#define GIB (UINT64_C(1) << 30)
#define ROOT_ENTRIES 512
#define ALL_COUNTERS 7 /* scounteren: cycle, time, instret */

/* kernel.ld */
extern char user_code_begin[], user_code_end[], user_code_loaded[];
extern char user_data_begin[], user_data_end[], user_data_loaded[];
/* entry.S */
void user_begin(void);

static struct process process;
static uint64_t *root_in_use;

/* Where labs/lib/paging.c gets its tables from. */
uint64_t *paging_table(void)
{
    return page_new();
}

static void use(uint64_t *root)
{
    root_in_use = root;
    csr_write(satp, SATP_MODE_SV39 | (uintptr_t)root / PAGE_BYTES);
    __asm__ volatile("sfence.vma" ::: "memory"); /* 12.2.1: what the TLB knows may be of before */
}

void paging_start(void)
{
    paging_init();
    root_in_use = paging_root();
    csr_write(scounteren, ALL_COUNTERS);
}

struct process *process_current(void)
{
    return current_thread->process;
}

void process_enter(struct process *p)
{
    if (p && p->root != root_in_use)
        use(p->root);
}

/* ---- birth ---- */

static bool map(const char *begin, const char *end, const char *loaded, uint64_t bits)
{
    return begin == end || paging_map(process.root, (uintptr_t)begin, (uintptr_t)loaded,
                                      (uint64_t)(end - begin), bits | PTE_U, false);
}

/* The stack of the thread in that place: its top.  0: no memory. */
static uint64_t new_stack(unsigned place)
{
    uint64_t top = USER_STACKS + (place + 1) * USER_STACK_SLOT;
    uint64_t bottom = top - USER_STACK_BYTES;
    unsigned level;
    void *pages;

    if (paging_walk(process.root, bottom, &level)) /* of a thread that was there before */
        return top;
    pages = pages_new(USER_STACK_BYTES / PAGE_BYTES);
    return pages && paging_map(process.root, bottom, (uintptr_t)pages, USER_STACK_BYTES,
                               PTE_R | PTE_W | PTE_U, false) ? top : 0;
}

/* A thread that goes to user mode as if it came back from a trap there. */
static int64_t new_thread(const char *name, uint64_t pc, uint64_t argument, uint64_t ra)
{
    struct thread *t = thread_new(name, NULL, NULL);
    uint64_t stack = t ? new_stack(thread_place(t)) : 0;
    struct frame *frame;

    if (!stack)
        return ERR_FULL;
    t->process = &process;
    frame = (struct frame *)(t->kernel_sp - sizeof *frame);
    memset(frame, 0, sizeof *frame);
    frame->x[0] = pc;
    frame->x[X_RA] = ra;
    frame->x[X_SP] = stack;
    frame->x[X_A0] = argument;
    frame->status = SSTATUS_SPIE; /* 12.1.1: SPP is 0: to user mode, with interrupts on */
    t->context.ra = (uintptr_t)user_begin;
    t->context.sp = (uintptr_t)frame;
    return thread_number(t);
}

void process_start(void)
{
    uint64_t *kernel = paging_root();

    process.root = page_new();
    if (!process.root)
        panic("no memory for", "the program");
    for (unsigned i = 0; i < ROOT_ENTRIES; i++)
        process.root[i] = i == USER_BASE / GIB ? 0 : kernel[i];
    if (!map(user_code_begin, user_code_end, user_code_loaded, PTE_R | PTE_X) ||
        !map(user_data_begin, user_data_end, user_data_loaded, PTE_R | PTE_W))
        panic("no memory for", "the program's page tables");
    files_init(&process);
    if (new_thread("main", USER_BASE, 0, 0) < 0)
        panic("no memory for", "the program's stack");
}

int64_t process_thread(uint64_t function, uint64_t argument, uint64_t end)
{
    bool on = irq_off();
    int64_t number = new_thread("user", function, argument, end);

    irq_restore(on);
    return number;
}

/* ---- its memory ---- */

uint64_t user_translate(struct process *p, uint64_t address, bool write)
{
    uint64_t *entry, page_bytes, wanted = PTE_U | (write ? PTE_W : PTE_R);
    unsigned level;

    if (address < USER_BASE || address >= USER_END)
        return 0;
    entry = paging_walk(p->root, address, &level);
    if (!entry || (*entry & wanted) != wanted)
        return 0;
    page_bytes = (uint64_t)PAGE_BYTES << 9 * level;
    /* 12.4.1: the physical page number is bits 53 to 10. */
    return ((*entry >> 10 & ((UINT64_C(1) << 44) - 1)) << 12) + address % page_bytes;
}

/* A page at a time: neighbours in the program's memory need not be neighbours in RAM. */
STEP void copy_to_user(uint64_t to, const void *from, size_t bytes)
{
    const uint8_t *f = from;

    while (bytes) {
        uint64_t at = user_translate(process_current(), to, true);
        size_t n = PAGE_BYTES - to % PAGE_BYTES;

        if (!at)
            process_kill_pointer(to);
        n = n < bytes ? n : bytes;
        memcpy((void *)at, f, n);
        to += n;
        f += n;
        bytes -= n;
    }
}

STEP void copy_from_user(void *to, uint64_t from, size_t bytes)
{
    uint8_t *t = to;

    while (bytes) {
        uint64_t at = user_translate(process_current(), from, false);
        size_t n = PAGE_BYTES - from % PAGE_BYTES;

        if (!at)
            process_kill_pointer(from);
        n = n < bytes ? n : bytes;
        memcpy(t, (const void *)at, n);
        from += n;
        t += n;
        bytes -= n;
    }
}

/* ---- its death ---- */

struct frame *process_frame(void)
{
    /* A trap from user mode begins with an empty kernel stack. */
    return (struct frame *)(current_thread->kernel_sp - sizeof(struct frame));
}

/* Below a stack nothing is mapped, up to the next one's slot. */
static const char *reason(const struct frame *frame)
{
    bool on_stacks = frame->value >= USER_STACKS &&
                     frame->value < USER_STACKS + THREADS_MAX * USER_STACK_SLOT;

    return frame->cause == CAUSE_STORE_PAGE && on_stacks ? "stack overflow"
                                                         : trap_cause(frame->cause);
}

_Noreturn void process_kill(const struct frame *frame)
{
    (void)irq_off();
    print("lab: the program was killed: %s: pc 0x%lx, %s 0x%lx\n", reason(frame), frame->x[0],
          frame->cause == CAUSE_ILLEGAL ? "instruction" : "address", frame->value);
    finish(1);
}

_Noreturn void process_kill_pointer(uint64_t address)
{
    const struct frame *frame = process_frame();

    (void)irq_off();
    print("lab: the program was killed: bad pointer in %s(): pc 0x%lx, address 0x%lx\n",
          system_call_name(frame->x[X_A7]), frame->x[0], address);
    finish(1);
}

_Noreturn void panic(const char *what, const char *who)
{
    (void)irq_off();
    print("lab: kernel: %s %s\n", what, who);
    finish(1);
}
