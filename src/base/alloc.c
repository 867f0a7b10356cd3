/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include "base/err.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *check(void *p, size_t size)
{
    if (!p && size) {
        log_line("out of memory (%zu bytes)", size);
        exit(1);
    }
    return p;
}

void *xcalloc(size_t count, size_t size)
{
    return check(calloc(count ? count : 1, size ? size : 1), count ? size : 1);
}

void *xrealloc(void *old, size_t size)
{
    return check(realloc(old, size ? size : 1), size ? size : 1);
}

char *xstrdup(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(xcalloc(1, n), s, n);
}

void array_reserve(void *items_ptr, size_t *capacity, size_t need, size_t size)
{
    void *items;
    size_t want = *capacity ? *capacity : 16;

    if (need <= *capacity)
        return;
    while (want < need)
        want *= 2;
    if (want > SIZE_MAX / size)
        check(NULL, SIZE_MAX);
    memcpy(&items, items_ptr, sizeof items);
    items = xrealloc(items, want * size);
    memcpy(items_ptr, &items, sizeof items);
    *capacity = want;
}
