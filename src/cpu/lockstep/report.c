/* SPDX-License-Identifier: Apache-2.0 */
/* Telling a difference: what differs, the code that led to it, and how to see it again. */
#include "cpu/lockstep/lockstep.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

/* ---- steps as text ---- */

void lockstep_steps_text(const struct program *p, char *text, size_t size)
{
    size_t at = 0;

    if (size)
        text[0] = '\0';
    for (unsigned n = 0; n < p->steps; n++) {
        unsigned last = n;

        if (p->left_out[n])
            continue;
        while (last + 1 < p->steps && !p->left_out[last + 1])
            last++;
        if (at < size)
            at += (size_t)snprintf(text + at, size - at, last > n ? "%s%u-%u" : "%s%u",
                                   at ? "," : "", n, last);
        n = last;
    }
    if (at == 0)
        snprintf(text, size, "-");
}

int lockstep_keep(struct program *p, const char *text, struct err *err)
{
    const char *s = text;

    for (unsigned n = 0; n < PROGRAM_STEPS_MAX; n++)
        p->left_out[n] = true;
    if (strcmp(text, "-") == 0)
        return 0;
    do {
        char *end = NULL;
        unsigned long first = isdigit((unsigned char)*s) ? strtoul(s, &end, 10) : ULONG_MAX, last;

        last = first;
        if (end && *end == '-' && isdigit((unsigned char)end[1]))
            last = strtoul(end + 1, &end, 10);
        if (!end || (*end && *end != ',') || first > last || last >= PROGRAM_STEPS_MAX)
            return err_set(err, "\"%s\" is no list of steps (as in 3,7,9-12)", text);
        for (unsigned long n = first; n <= last; n++)
            p->left_out[n] = false;
        s = end + (*end == ',');
        if (!*end)
            return 0;
    } while (true);
}

/* ---- code ---- */

static void print_word(const uint8_t *bytes, uint64_t va, FILE *out, unsigned *length)
{
    uint32_t word = le16_get(bytes);
    char text[96];

    *length = (word & 3) == 3 ? 4 : 2;
    if (*length == 4)
        word = le32_get(bytes);
    isa_disassemble(word, va, text, sizeof text);
    fprintf(out, "    %10" PRIx64 ":  %0*" PRIx32 "%*s  %s\n", va, (int)*length * 2, word,
            *length == 4 ? 0 : 4, "", text);
}

/* Bytes at a virtual address as an onlooker sees them, or NULL. */
static const uint8_t *see(struct space *space, struct hart *h, uint64_t va)
{
    uint64_t pa = va, mstatus = h->mstatus;

    h->mstatus |= MSTATUS_SUM | MSTATUS_MXR;
    if (h->priv != PRIV_M && mmu_peek(h, va, &pa))
        pa = 0;
    h->mstatus = mstatus;
    return space_host(space, pa, 4);
}

#define BLOCK_LINES 40

void lockstep_print_block(struct space *space, struct hart *h, uint64_t va, FILE *out)
{
    for (unsigned n = 0; n < BLOCK_LINES; n++) {
        const uint8_t *bytes = see(space, h, va);
        struct insn i;
        unsigned length;

        if (!bytes) {
            fprintf(out, "    %10" PRIx64 ":  (not there)\n", va);
            return;
        }
        isa_decode(le32_get(bytes), &i);
        print_word(bytes, va, out, &length);
        va += length;
        if (isa_table[i.op].class == CLASS_JUMP || isa_table[i.op].class == CLASS_CSR ||
            isa_table[i.op].class == CLASS_FENCE)
            return;
    }
}

static void print_registers(const struct hart *h, FILE *out)
{
    for (unsigned n = 1; n < 32; n++)
        fprintf(out, "%s%4s %016" PRIx64 "%s", n % 4 == 1 ? "  " : "", isa_x_name[n], h->x[n],
                n % 4 == 0 || n == 31 ? "\n" : " ");
}

/* ---- the report ---- */

/* Brings a cell of the reference to the start of the last slice. */
static struct cell *before(const struct lockstep *l, struct program *p,
                           enum lockstep_slices slices, const struct lockstep_result *r)
{
    struct cell *c = cell_new(&(struct cell_config){.engine = l->engine[0], .jit = l->jit[0],
                                                    .level = p->level, .harts = p->harts});

    program_load(p, c);
    for (uint64_t n = 0; n < r->slice; n++)
        (void)cell_step(c, program_outside(p, c, lockstep_budget(p->seed, slices, n)));
    return c;
}

static void print_diffs(const struct lockstep *l, const struct lockstep_result *r, FILE *out)
{
    fprintf(out, "  %-24s %-18s %s\n", "what differs", l->name[0], l->name[1]);
    for (unsigned n = 0; n < r->diffs && n < LOCKSTEP_DIFFS_MAX; n++)
        fprintf(out, "  %-24s 0x%-16" PRIx64 " 0x%" PRIx64 "\n", r->diff[n].name,
                r->diff[n].value[0], r->diff[n].value[1]);
    if (r->diffs > LOCKSTEP_DIFFS_MAX)
        fprintf(out, "  and %u more\n", r->diffs - LOCKSTEP_DIFFS_MAX);
}

#define TRAIL 8

/* The blocks that the reference ran in the last slice; the last one whole. */
static void print_trail(struct cell *c, struct program *p, const struct lockstep_result *r,
                        FILE *out)
{
    struct hart *h = c->hart[r->hart];
    uint64_t trail[TRAIL], count = 0, end = h->ticks + r->budget;
    uint64_t x[33], pc = h->pc;

    memcpy(x, h->x, sizeof x);
    do {
        pc = h->pc;
        memcpy(x, h->x, sizeof x);
        trail[count++ % TRAIL] = pc;
        if (!cell_step(c, program_outside(p, c, 1)))
            break;
    } while (h->ticks < end && count < 100000);
    fprintf(out, "  %" PRIu64 " block%s of the %s in the slice that differs, hart %u; the last "
                 "ones:", count, count == 1 ? "" : "s", "reference", r->hart);
    for (uint64_t n = count > TRAIL ? count - TRAIL : 0; n < count; n++)
        fprintf(out, " %" PRIx64, trail[n % TRAIL]);
    fprintf(out, "\n  registers before the last one, and its code as it is after it:\n");
    memcpy(h->x, x, sizeof x);
    print_registers(h, out);
    lockstep_print_block(&c->space, h, pc, out);
}

static void print_steps(struct program *p, struct cell *c, FILE *out)
{
    for (unsigned n = 0; n < p->steps; n++) {
        if (p->left_out[n])
            continue;
        fprintf(out, "  step %u: %s\n", n, program_step_name(p, n));
        if (p->kind == PROGRAM_STORM)
            continue;
        for (uint32_t at = p->from[n]; at < p->to[n]; ) {
            unsigned length;
            print_word(c->ram.ram + at, CELL_RAM + at, out, &length);
            at += length;
        }
    }
}

void lockstep_report(const struct lockstep *l, struct program *p, enum lockstep_slices slices,
                     const struct lockstep_result *r, FILE *out)
{
    struct cell *c = cell_new(&(struct cell_config){.level = p->level, .harts = p->harts});
    char text[512];

    lockstep_steps_text(p, text, sizeof text);
    fprintf(out, "program 0x%" PRIx64 ": %s, %u hart%s, timing %s, slices of %s\n", p->seed,
            program_kind_names[p->kind], p->harts, p->harts > 1 ? "s" : "",
            p->level == TIMING_IO ? "io" : "off", lockstep_slices_names[slices]);
    fprintf(out, "again: doorbell selftest engine --programs 1 --seed 0x%" PRIx64
                 " --slices %s --steps %s", p->seed, lockstep_slices_names[slices], text);
    if (p->rounds_max)
        fprintf(out, " --rounds %u", p->rounds_max);
    if (p->loops_max)
        fprintf(out, " --turns %u", p->loops_max);
    fprintf(out, "\n  slice %" PRIu64 " of %" PRIu64 " ticks, from pc 0x%" PRIx64 " of hart %u\n",
            r->slice, r->budget, r->pc, r->hart);
    print_diffs(l, r, out);
    program_load(p, c);
    if (p->kind != PROGRAM_STORM)
        fprintf(out, "  what is left of the program:\n");
    print_steps(p, c, out);
    cell_free(c);
    c = before(l, p, slices, r);
    print_trail(c, p, r, out);
    cell_free(c);
}
