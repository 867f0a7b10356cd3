/* SPDX-License-Identifier: Apache-2.0 */
/* What people write: numbers, sizes, times, key=value lists, and the word they probably meant. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each returns 0, or -1 when the whole of `s` is not such a value or it does not fit 64 bits. */
int text_u64(const char *s, uint64_t *value);        /* "42", "0x2a" */
int text_size(const char *s, uint64_t *bytes);       /* "4096", "64K", "512M", "1GiB", "2T" */
int text_time_ps(const char *s, uint64_t *value_ps); /* "10s", "1.5us", "200ns", "40ps", "2min", "1h" */
int text_bool(const char *s, bool *value);           /* on, off, yes, no, true, false, 1, 0 */

/* Shortest exact notation with a binary unit: "1G", "1536M", "100". */
void text_size_format(uint64_t bytes, char *buf, size_t size);

/* Finds the candidate nearest to a misspelt word. */
struct text_near {
    const char *word, *best;
    unsigned distance;
};
void text_near_try(struct text_near *near, const char *candidate);
/* The nearest candidate if it is near enough to be meant, else NULL. */
const char *text_near_get(const struct text_near *near);

/* Takes the next item of a comma-separated list from *list ("," within an item is written ",,"),
 * unescaped, as a string that the caller frees; NULL at the end.  */
char *text_item(const char **list);

/* Splits "key=value" in place; returns the value, or NULL when there is no '='. */
char *text_split(char *item, char separator);

/* Incremental search of one text in a stream of bytes. */
struct text_watch {
    const char *text; /* NULL or empty: never matches */
    size_t *border;   /* of each prefix: the longest that is also its suffix */
    size_t length, matched;
    bool found;
};
void text_watch_init(struct text_watch *watch, const char *text);
void text_watch_fini(struct text_watch *watch);
/* Returns whether the text has been seen, now or before. */
bool text_watch_put(struct text_watch *watch, char byte);

#endif
