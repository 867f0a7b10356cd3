/* SPDX-License-Identifier: Apache-2.0 */
/* Return stacks: the host's own returns predict the guest's.
 *
 * A guest's call (jal, jalr with rd = ra or t0: unprivileged ISA, table 2.1) pushes its return pc
 * and is a host call; a guest's return (jalr x0, 0(ra or t0)) is a host return, to a landing behind
 * the call that compares the pc that the guest returns to with the one that was pushed:
 *
 *     low          return_sp                                                   top
 *      |   unused    | host address, pc | host address, pc | ... | underflow, 1 | ...
 *
 * Guests need not return: what does not match is looked for in the entries above, then in the jump
 * cache (thunks.c).  So the stack is a prediction whose every entry is safe to take: its host
 * address is a landing, which trusts nothing but the pc beside it.  That pc was valid in the fetch
 * context in which it was pushed, so a stack belongs to one context of one hart, and is emptied
 * when that context's number may mean something else (hart.returns_epoch) or code is discarded.
 *
 * No call checks for room: between two visits to C that arm the budget, no more calls are made than
 * instructions fit into it.  C runs on a stack of its own. */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "cpu/jit/internal.h"

#include <sys/mman.h>

#define ENTRY_BYTES 16
#define MARGIN_BYTES (64u << 10) /* for signal handlers of the host */
#define SLICE_BYTES (ENTRY_BYTES << BUDGET_SHIFT)
#define ROOM_BYTES (256u << 10) /* that is used before it starts anew */
#define STACK_BYTES (MARGIN_BYTES + SLICE_BYTES + ROOM_BYTES)

bool jit_returns_init(struct jit *j)
{
    uint8_t *p = mmap(NULL, (size_t)RETURN_STACKS * STACK_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (p == MAP_FAILED)
        return false;
    j->return_memory = p;
    for (unsigned i = 0; i < RETURN_STACKS; i++) /* nothing gets there */
        if (mprotect(p + (size_t)i * STACK_BYTES, PAGE_BYTES, PROT_NONE))
            return false;
    for (unsigned i = 0; i < RETURN_STACKS; i++) {
        struct return_stack *s = &j->returns[i];
        s->low = (uintptr_t)p + (size_t)i * STACK_BYTES + MARGIN_BYTES + SLICE_BYTES;
        s->top = (uintptr_t)p + (size_t)(i + 1) * STACK_BYTES - RETURN_LOOK * ENTRY_BYTES;
    }
    return true;
}

void jit_returns_fini(struct jit *j)
{
    munmap(j->return_memory, (size_t)RETURN_STACKS * STACK_BYTES);
}

/* What is above the first entry leads to `underflow`, which is right for any pc. */
static void empty(const struct jit *j, const struct hart *h, struct return_stack *s)
{
    uint64_t none[2] = {(uintptr_t)j->underflow, 1};

    for (unsigned n = 0; n < RETURN_LOOK; n++)
        memcpy((void *)(s->top + n * ENTRY_BYTES), none, sizeof none);
    s->hart = h;
    s->context = h->fetch_context;
    s->epoch = h->returns_epoch;
    s->sp = s->top;
}

/* Which stack it is costs nothing but predictions: harts that share one take it from each other. */
void jit_returns_ready(struct hart *h)
{
    struct jit *j = h->m->jit;
    unsigned level = h->priv == PRIV_M ? 2 : h->priv;
    struct return_stack *s = &j->returns[(h->id * 3 + level) % RETURN_STACKS];

    if (h->returns != s) {
        if (h->returns && h->returns->hart == h)
            h->returns->sp = h->return_sp;
        h->returns = s;
        h->return_sp = s->sp;
    }
    if (s->hart != h || s->context != h->fetch_context || s->epoch != h->returns_epoch ||
        h->return_sp < s->low) {
        empty(j, h, s);
        h->return_sp = s->sp;
    }
}
