/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell-docs: writes docs/devices/ from the tables that the machine runs on, or checks that what
 * is there is what it would write.
 *
 *     doorbell-docs DIR           write DIR/README.md and DIR/<device>.md
 *     doorbell-docs --check DIR   compare; exit status 1 if one differs */
#include "base/alloc.h"
#include "base/bits.h"
#include "machine/classes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct page {
    char *text;
    size_t size, capacity;
};

static void put(struct page *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct page *p, const char *fmt, ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    array_reserve(&p->text, &p->capacity, p->size + (size_t)n + 1, 1);
    va_start(args, fmt);
    vsnprintf(p->text + p->size, (size_t)n + 1, fmt, args);
    va_end(args);
    p->size += (size_t)n;
}

/* ---- what a row says ---- */

static bool readable(const struct reg *r)
{
    return !(r->flags & REG_NO_R);
}

static bool writable(const struct reg *r)
{
    return !(r->flags & REG_NO_W) && (r->rw || r->w1c || r->flags & REG_FX_W);
}

static const char *access_of(const struct reg *r)
{
    return !writable(r) ? "read" : !readable(r) ? "write" : "read, write";
}

/* Which bits software changes, where that is not all or none of them. */
static void put_bits(struct page *p, const struct reg *r)
{
    uint64_t all = mask_bits(r->size * 8u);

    if (r->rw && r->rw != all)
        put(p, "; writable 0x%" PRIx64, r->rw);
    if (r->w1c)
        put(p, "; a 1 clears 0x%" PRIx64, r->w1c);
}

static void put_sizes(struct page *p, const struct reg *r)
{
    put(p, "%u", r->size);
    if (r->flags & REG_NARROW)
        put(p, " or less");
    else if (r->flags & REG_HALVES)
        put(p, " or 4");
}

static bool has_views(const struct device_class *c)
{
    for (unsigned i = 0; i < c->reg_count; i++)
        if (c->regs[i].view != 1)
            return true;
    return false;
}

static void put_views(struct page *p, unsigned views)
{
    const char *between = "";

    for (unsigned v = 0; v < 8; v++)
        if (views >> v & 1) {
            put(p, "%s%u", between, v + 1);
            between = ", ";
        }
}

/* ---- the parts of a page ---- */

static void put_registers(struct page *p, const struct device_class *c)
{
    bool views = has_views(c);

    if (!c->reg_count)
        return;
    put(p, "\n## Registers\n\n| offset | register | bytes |%s access | after reset | what it is |\n"
           "| --- | --- | --- |%s --- | --- | --- |\n",
        views ? " view |" : "", views ? " --- |" : "");
    for (unsigned i = 0; i < c->reg_count; i++) {
        const struct reg *r = &c->regs[i];

        if (r->repeat > 1)
            put(p, "| 0x%" PRIx32 " + 0x%" PRIx32 " n | %s, n < %u | ", r->offset, r->step,
                r->name, r->repeat);
        else
            put(p, "| 0x%" PRIx32 " | %s | ", r->offset, r->name);
        put_sizes(p, r);
        put(p, " | ");
        if (views) {
            put_views(p, r->view);
            put(p, " | ");
        }
        put(p, "%s", access_of(r));
        put_bits(p, r);
        if (readable(r))
            put(p, " | 0x%" PRIx64 " | %s |\n", r->reset, r->doc);
        else
            put(p, " | | %s |\n", r->doc);
    }
}

static void put_fields(struct page *p, const struct device_class *c)
{
    if (!c->reg_field_count)
        return;
    put(p, "\n## Fields\n\n| register | bits | field | what it is |\n| --- | --- | --- | --- |\n");
    for (unsigned i = 0; i < c->reg_field_count; i++) {
        const struct reg_field *f = &c->reg_fields[i];

        if (f->bits == 1)
            put(p, "| %s | %u | %s | %s |\n", f->reg, f->lsb, f->name, f->doc);
        else
            put(p, "| %s | %u:%u | %s | %s |\n", f->reg, f->lsb + f->bits - 1, f->lsb, f->name,
                f->doc);
    }
}

static void put_params(struct page *p, const struct device_class *c)
{
    char least[64], most[64];

    if (!c->params)
        return;
    put(p, "\n## Parameters\n\nSet with `--set NAME.parameter=value`, NAME being the device's.\n\n"
           "| parameter | `--timing off` | `io` | range | what it is | source |\n"
           "| --- | --- | --- | --- | --- | --- |\n");
    for (const struct param *row = c->params; row->name; row++) {
        param_format(row, row->min, least, sizeof least);
        param_format(row, row->max, most, sizeof most);
        put(p, "| %s | %s | %s | %s to %s | %s | %s |\n", row->name, row->value[TIMING_OFF],
            row->value[TIMING_IO], least, most, row->doc, row->source);
    }
}

static void put_state(struct page *p, const struct device_class *c)
{
    const char *before = "\n## State\n\nA snapshot carries the registers and: ";

    for (const struct field *f = c->state; f && f->name; f++) {
        put(p, "%s`%s`", before, f->name);
        before = ", ";
    }
    if (before[0] == ',')
        put(p, ".\n");
}

static void device_page(struct page *p, const struct device_class *c)
{
    put(p, "<!-- Made by doorbell-docs from the device's tables; `ninja docs` writes it anew. -->\n"
           "# %s\n\n%s\n",
        c->title, c->notes ? c->notes : "");
    put_registers(p, c);
    put_fields(p, c);
    put_params(p, c);
    put_state(p, c);
}

static void index_page(struct page *p)
{
    put(p, "<!-- Made by doorbell-docs; `ninja docs` writes it anew. -->\n# Devices\n\n"
           "One page a device, made from the tables that the machine runs on (`spec/`): registers, "
           "fields, parameters, and what is not modelled.\n\n"
           "Access: which directions are decoded, and, where it is not the whole register, which "
           "bits software can change.  Bytes: the sizes an access may have.  View: which of the "
           "overlaid register maps shows it.\n\n");
    for (unsigned i = 0; device_classes[i]; i++)
        put(p, "- [%s](%s.md): %s\n", device_classes[i]->name, device_classes[i]->name,
            device_classes[i]->title);
}

/* ---- files ---- */

static int write_page(const char *path, const struct page *p)
{
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(p->text, 1, p->size, f) != p->size || fclose(f) != 0) {
        fprintf(stderr, "doorbell-docs: %s: %s\n", path, strerror(errno));
        return -1;
    }
    return 0;
}

static int check_page(const char *path, const struct page *p)
{
    FILE *f = fopen(path, "rb");
    char *there = xcalloc(p->size + 2, 1);
    size_t n = f ? fread(there, 1, p->size + 1, f) : 0;
    bool same = f && n == p->size && memcmp(there, p->text, n) == 0;

    free(there);
    if (f)
        fclose(f);
    if (same)
        return 0;
    fprintf(stderr, "doorbell-docs: %s is %s; `ninja docs` writes it\n", path,
            f ? "out of date" : "missing");
    return -1;
}

static int finish_page(const char *dir, const char *name, bool check, struct page *p)
{
    size_t len = strlen(dir) + strlen(name) + 5;
    char *path = xcalloc(len, 1);
    int rc;

    snprintf(path, len, "%s/%s.md", dir, name);
    rc = check ? check_page(path, p) : write_page(path, p);
    free(path);
    free(p->text);
    return rc;
}

int main(int argc, char **argv)
{
    bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
    struct page page = {0};
    int failed;

    if (argc != 2 && !check) {
        fprintf(stderr, "usage: doorbell-docs [--check] DIR\n");
        return 2;
    }
    index_page(&page);
    failed = finish_page(argv[argc - 1], "README", check, &page) != 0;
    for (unsigned i = 0; device_classes[i]; i++) {
        page = (struct page){0};
        device_page(&page, device_classes[i]);
        failed |= finish_page(argv[argc - 1], device_classes[i]->name, check, &page) != 0;
    }
    return failed;
}
