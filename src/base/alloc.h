/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is there or the program ends with one line: nothing that a guest does sizes an
 * allocation made through these. */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

/* Zeroed memory for count objects; the caller frees it with free(). */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *s);

/* Grows an array: afterwards (*items) holds at least `need` elements of `size` bytes. */
void array_reserve(void *items_ptr, size_t *capacity, size_t need, size_t size);

#endif
