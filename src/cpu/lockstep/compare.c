/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between two objects of one field table, and between two memories. */
#include "cpu/lockstep/lockstep.h"

static void add(struct lockstep_diff *diff, unsigned *diffs, const char *prefix, const char *name,
                const char *suffix, uint64_t a, uint64_t b)
{
    if (*diffs < LOCKSTEP_DIFFS_MAX) {
        struct lockstep_diff *d = &diff[*diffs];

        snprintf(d->name, sizeof d->name, "%s%s%s", prefix, name, suffix);
        d->value[0] = a;
        d->value[1] = b;
    }
    ++*diffs;
}

static uint64_t event_value(const struct event *e)
{
    return event_armed(e) ? e->when : PS_NEVER;
}

static const uint8_t *element(const struct field *f, const void *object, uint32_t i)
{
    const uint8_t *at = (const uint8_t *)object + f->offset;

    if (f->indirect)
        memcpy(&at, (const uint8_t *)object + f->offset, sizeof at);
    return at + i * f->stride;
}

/* Bytes that differ, in the pieces in which one thinks of them: registers, small numbers. */
static void pieces(const struct field *f, uint32_t i, const uint8_t *a, const uint8_t *b,
                   const char *prefix, struct lockstep_diff *diff, unsigned *diffs)
{
    size_t size = f->size;
    char suffix[24];

    for (size_t at = 0; at < size; at += 8) {
        size_t n = size - at < 8 ? size - at : 8;
        uint8_t va[8] = {0}, vb[8] = {0};

        if (memcmp(a + at, b + at, n) == 0)
            continue;
        memcpy(va, a + at, n);
        memcpy(vb, b + at, n);
        suffix[0] = '\0';
        if (size > 8)
            snprintf(suffix, sizeof suffix, "%zu", at / 8 + i * (size / 8));
        else if (f->count > 1)
            snprintf(suffix, sizeof suffix, "[%u]", (unsigned)i);
        add(diff, diffs, prefix, f->name, suffix, le64_get(va), le64_get(vb));
    }
}

void lockstep_compare(const struct field *fields, const void *a, const void *b, const char *prefix,
                      struct lockstep_diff *diff, unsigned *diffs)
{
    for (const struct field *f = fields; f->name; f++) {
        struct field part = *f;

        if (fields == hart_fields && f->offset == offsetof(struct hart, x))
            part.size = ISA_SINK * sizeof(uint64_t);
        for (uint32_t i = 0; i < f->count; i++) {
            const uint8_t *pa = element(f, a, i), *pb = element(f, b, i);

            if (f->kind == FIELD_EVENT) {
                const struct event *ea = (const void *)pa, *eb = (const void *)pb;
                if (event_value(ea) != event_value(eb))
                    add(diff, diffs, prefix, f->name, ".when", event_value(ea), event_value(eb));
            } else if (memcmp(pa, pb, part.size) != 0) {
                pieces(&part, i, pa, pb, prefix, diff, diffs);
            }
        }
    }
}

void lockstep_compare_memory(const uint8_t *a, const uint8_t *b, uint64_t size, uint64_t base,
                             struct lockstep_diff *diff, unsigned *diffs)
{
    char name[24];

    if (memcmp(a, b, size) == 0)
        return;
    for (uint64_t at = 0; at < size; at += 8) {
        if (memcmp(a + at, b + at, 8) == 0)
            continue;
        snprintf(name, sizeof name, "0x%llx", (unsigned long long)(base + at));
        add(diff, diffs, "memory ", name, "", le64_get(a + at), le64_get(b + at));
        return;
    }
}
