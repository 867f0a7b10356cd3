/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/state.h"

#include "base/alloc.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

/* What an event is in an archive: fixed layout, no padding. */
struct saved_event {
    uint64_t when, seq, cause;
    uint64_t armed;
};

void archive_free(struct archive *a)
{
    free(a->bytes);
    *a = (struct archive){0};
}

void archive_put(struct archive *a, const void *bytes, size_t size)
{
    if (size == 0)
        return;
    array_reserve(&a->bytes, &a->capacity, a->size + size, 1);
    memcpy(a->bytes + a->size, bytes, size);
    a->size += size;
}

int archive_get(struct archive *a, void *bytes, size_t size)
{
    if (size > a->size - a->read)
        return -1;
    if (size == 0)
        return 0;
    memcpy(bytes, a->bytes + a->read, size);
    a->read += size;
    return 0;
}

static char *element(const struct field *f, const void *object, uint32_t i)
{
    char *at = (char *)object + f->offset, *elements = at;

    if (f->indirect)
        memcpy(&elements, at, sizeof elements);
    return elements + i * f->stride;
}

void state_save(struct archive *a, const struct field *fields, const void *object)
{
    for (const struct field *f = fields; f->name; f++)
        for (uint32_t i = 0; i < f->count; i++) {
            const void *p = element(f, object, i);
            if (f->kind == FIELD_EVENT) {
                const struct event *e = p;
                struct saved_event s = {0};
                if (event_armed(e))
                    s = (struct saved_event){e->when, e->seq, e->cause, 1};
                archive_put(a, &s, sizeof s);
            } else {
                archive_put(a, p, f->size);
            }
        }
}

static int load_event(struct archive *a, struct event *e, struct clock *clock)
{
    struct saved_event s;
    uint64_t seq = clock->seq, cause = clock->cause;

    if (archive_get(a, &s, sizeof s))
        return -1;
    clock_disarm(clock, e);
    if (!s.armed)
        return 0;
    clock->seq = s.seq;
    clock->cause = s.cause;
    clock_arm(clock, e, s.when);
    clock->cause = cause;
    clock->seq = seq > s.seq ? seq : s.seq + 1;
    return 0;
}

int state_load(struct archive *a, const struct field *fields, void *object, struct clock *clock,
               struct err *err)
{
    for (const struct field *f = fields; f->name; f++)
        for (uint32_t i = 0; i < f->count; i++) {
            void *p = element(f, object, i);
            int rc = f->kind == FIELD_EVENT ? load_event(a, p, clock) : archive_get(a, p, f->size);
            if (rc)
                return err_set(err, "snapshot ends inside field \"%s\"", f->name);
        }
    return 0;
}

uint64_t state_hash(const struct field *fields, const void *object)
{
    struct archive a = {0};
    uint64_t h;

    state_save(&a, fields, object);
    h = hash_bytes(HASH_START, a.bytes, a.size);
    archive_free(&a);
    return h;
}
