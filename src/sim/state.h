/* SPDX-License-Identifier: Apache-2.0 */
/* State is data: each hart, link and device describes its guest-visible state by a table of fields,
 * and saving, restoring and comparing walk that table.  The tests do all three; a whole machine is
 * not saved yet.
 *
 * A field is plain bytes (numbers, arrays of plain structs without pointers) or an event, or a
 * strided array of either.  Wiring (pointers, callbacks) is never a field: init sets it. */
#ifndef SIM_STATE_H
#define SIM_STATE_H

#include "base/err.h"
#include "sim/clock.h"

#include <stddef.h>
#include <stdint.h>

enum field_kind { FIELD_BYTES, FIELD_EVENT };

struct field {
    const char *name; /* NULL ends a table */
    enum field_kind kind;
    size_t offset, size;
    uint32_t count;  /* of elements */
    size_t stride;   /* bytes between elements */
    bool indirect;   /* offset holds a pointer to the elements */
};

#define FIELD(type, member) \
    {#member, FIELD_BYTES, offsetof(type, member), sizeof(((type *)0)->member), 1, 0, false}
#define FIELD_AN_EVENT(type, member) \
    {#member, FIELD_EVENT, offsetof(type, member), sizeof(struct event), 1, 0, false}
/* `member` inside each element of the array `array` of `type`. */
#define FIELD_EACH(type, array, member, kind_) \
    {#array "." #member, kind_, \
     offsetof(type, array) + offsetof(__typeof__(((type *)0)->array[0]), member), \
     sizeof(((type *)0)->array[0].member), \
     sizeof(((type *)0)->array) / sizeof(((type *)0)->array[0]), \
     sizeof(((type *)0)->array[0]), false}
/* A heap block allocated by init: `count` elements of `bytes` each, behind a pointer member. */
#define FIELD_BLOCK(type, member, bytes, count_) \
    {#member, FIELD_BYTES, offsetof(type, member), (bytes), (count_), (bytes), true}
#define FIELD_END {NULL, FIELD_BYTES, 0, 0, 0, 0, false}

/* A growing byte string that holds a saved state. */
struct archive {
    uint8_t *bytes;
    size_t size, capacity, read;
};

void archive_free(struct archive *a);
void archive_put(struct archive *a, const void *bytes, size_t size);
/* 0, or -1 when fewer than `size` bytes remain. */
int archive_get(struct archive *a, void *bytes, size_t size);

/* Appends the fields of `object`.  An event is saved as (armed, when, seq). */
void state_save(struct archive *a, const struct field *fields, const void *object);

/* Restores into an initialised object of the same table.  Events come back armed at their saved
 * time with their saved seq, so ties keep their order.  -1 with err on a short archive. */
int state_load(struct archive *a, const struct field *fields, void *object, struct clock *clock,
               struct err *err);

/* Hash of the saved form: two objects that will behave alike have the same. */
uint64_t state_hash(const struct field *fields, const void *object);

#endif
