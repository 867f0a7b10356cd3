/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/profile.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "cli/explain_run.h"
#include "host/file.h"
#include "insight/timeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct place {
    uint64_t pc, samples; /* samples 0: a free place */
};

#define PERIOD_PS PS_PER_US

struct profile {
    struct machine *m;
    struct place *place; /* open addressing; `size` is a power of two, at most half full */
    size_t size, used;
    uint64_t user, firmware;
    bool bare; /* no operating system is known: places of user and machine mode count as well */
};

static struct place *find(struct place *table, size_t size, uint64_t pc)
{
    size_t i = (size_t)hash_u64(HASH_START, pc) & (size - 1);

    while (table[i].samples && table[i].pc != pc)
        i = (i + 1) & (size - 1);
    return &table[i];
}

static void grow(struct profile *p)
{
    size_t size = p->size * 2;
    struct place *table = xcalloc(size, sizeof *table);

    for (size_t i = 0; i < p->size; i++)
        if (p->place[i].samples)
            *find(table, size, p->place[i].pc) = p->place[i];
    free(p->place);
    p->place = table;
    p->size = size;
}

static void on_sample(void *ctx, struct machine *m, unsigned hart)
{
    const struct hart *h = machine_hart(m, hart);
    struct profile *p = ctx;
    struct place *place;

    if (h->priv == PRIV_U && !p->bare) {
        p->user++;
        return;
    }
    if (h->priv == PRIV_M && !p->bare) {
        p->firmware++;
        return;
    }
    if (2 * p->used >= p->size)
        grow(p);
    place = find(p->place, p->size, h->pc);
    p->used += !place->samples;
    place->pc = h->pc;
    place->samples++;
}

static struct profile *profile_start(struct machine *m, ps_t period_ps)
{
    struct profile *p = xcalloc(1, sizeof *p);

    p->m = m;
    p->size = 1024;
    p->place = xcalloc(p->size, sizeof *p->place);
    machine_sample(m, period_ps, on_sample, p);
    return p;
}

static void profile_clear(struct profile *p)
{
    memset(p->place, 0, p->size * sizeof *p->place);
    p->used = 0;
    p->user = p->firmware = 0;
}

static void profile_free(struct profile *p)
{
    if (!p)
        return;
    free(p->place);
    free(p);
}

/* ---- by function ---- */

struct function {
    char name[128];
    const char *module;
    uint64_t samples;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct function *)a)->name, ((const struct function *)b)->name);
}

static int by_samples(const void *a, const void *b)
{
    const struct function *x = a, *y = b;

    return x->samples != y->samples ? (x->samples < y->samples) - (x->samples > y->samples)
                                    : strcmp(x->name, y->name);
}

static struct function function_of(const struct place *place, const struct symbols *symbols)
{
    const struct symbol *s = symbols ? symbols_at(symbols, place->pc, NULL) : NULL;
    struct function line = {.module = s && s->module ? s->module : "-", .samples = place->samples};

    if (s)
        snprintf(line.name, sizeof line.name, "%s", s->name);
    else if (symbols)
        snprintf(line.name, sizeof line.name, "[unknown]");
    else
        snprintf(line.name, sizeof line.name, "%016" PRIx64, place->pc);
    return line;
}

/* Adds up lines of one name; the order of the table of places does not matter. */
static size_t merge(struct function *line, size_t n)
{
    size_t kept = 0;

    qsort(line, n, sizeof *line, by_name);
    for (size_t i = 0; i < n; i++) {
        if (kept && !strcmp(line[kept - 1].name, line[i].name))
            line[kept - 1].samples += line[i].samples;
        else
            line[kept++] = line[i];
    }
    qsort(line, kept, sizeof *line, by_samples);
    return kept;
}

static char *profile_text(const struct profile *p, const struct symbols *symbols)
{
    struct function *line = xcalloc(p->used + 2, sizeof *line);
    size_t n = 0, size;
    char *text = NULL;
    FILE *out = open_memstream(&text, &size);

    for (size_t i = 0; i < p->size; i++)
        if (p->place[i].samples)
            line[n++] = function_of(&p->place[i], symbols);
    if (p->user)
        line[n++] = (struct function){"[user]", "-", p->user};
    if (p->firmware)
        line[n++] = (struct function){"[firmware]", "-", p->firmware};
    n = merge(line, n);
    for (size_t i = 0; out && i < n; i++)
        fprintf(out, "%" PRIu64 " %s %s\n", line[i].samples, line[i].name, line[i].module);
    if (out)
        fclose(out);
    free(line);
    return text ? text : xstrdup("");
}

/* ---- as a file ---- */

struct reader {
    struct machine *m;
    unsigned hart;
};

static int read_kernel(void *ctx, uint64_t va, void *buf, size_t len)
{
    const struct reader *r = ctx;

    return machine_read_virtual(r->m, r->hart, va, buf, len);
}

/* The lines as they are now; modules are where they are now. */
static void take_text(struct profile_file *f, unsigned hart)
{
    struct reader r = {f->profile->m, hart};

    if (f->symbols)
        (void)symbols_add_modules(f->symbols, read_kernel, &r, NULL); /* the rest has names */
    free(f->text);
    f->text = profile_text(f->profile, f->symbols);
}

static void on_mark(void *ctx, struct machine *m, unsigned hart, uint64_t number)
{
    struct profile_file *f = ctx;

    (void)m;
    if (number == MARK_RUN_START)
        profile_clear(f->profile);
    else if (number == MARK_RUN_END)
        take_text(f, hart);
}

void profile_file_open(struct profile_file *f, struct machine *m)
{
    /* A kernel that is no Linux has no symbols that we can read: addresses will do. */
    if (f->kernel)
        (void)explain_symbols(&f->symbols, f->kernel, NULL);
    f->profile = profile_start(m, PERIOD_PS);
    f->profile->bare = !f->symbols;
    machine_on_mark(m, on_mark, f);
}

int profile_file_close(struct profile_file *f, struct err *err)
{
    int rc;

    if (!f->text)
        take_text(f, 0);
    rc = file_write("profile", f->path, f->text, strlen(f->text), err);
    profile_free(f->profile);
    symbols_free(f->symbols);
    free(f->text);
    return rc;
}
