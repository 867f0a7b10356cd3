/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/alloc.h"
#include "base/bits.h"

#include <stdio.h>
#include <stdlib.h>

static int digit_of(char c, unsigned base)
{
    unsigned d;

    if (c >= '0' && c <= '9')
        d = (unsigned)(c - '0');
    else if (c >= 'a' && c <= 'f')
        d = (unsigned)(c - 'a') + 10;
    else if (c >= 'A' && c <= 'F')
        d = (unsigned)(c - 'A') + 10;
    else
        return -1;
    return d < base ? (int)d : -1;
}

/* Reads digits; *end is the first byte that is not one.  -1: none, or too large. */
static int take_digits(const char *s, unsigned base, uint64_t *value, const char **end)
{
    uint64_t v = 0;
    const char *p = s;

    for (int d; (d = digit_of(*p, base)) >= 0; p++)
        if (__builtin_mul_overflow(v, (uint64_t)base, &v) ||
            __builtin_add_overflow(v, (uint64_t)d, &v))
            return -1;
    *end = p;
    *value = v;
    return p == s ? -1 : 0;
}

int text_u64(const char *s, uint64_t *value)
{
    const char *end;
    bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X');

    if (take_digits(hex ? s + 2 : s, hex ? 16 : 10, value, &end) || *end)
        return -1;
    return 0;
}

static const struct {
    const char *name;
    unsigned shift;
} size_units[] = {
    {"", 0}, {"B", 0}, {"K", 10}, {"k", 10}, {"KiB", 10}, {"M", 20}, {"MiB", 20},
    {"G", 30}, {"GiB", 30}, {"T", 40}, {"TiB", 40},
};

int text_size(const char *s, uint64_t *bytes)
{
    const char *unit;
    uint64_t v;

    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X'))
        return text_u64(s, bytes);
    if (take_digits(s, 10, &v, &unit))
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(size_units); i++) {
        if (strcmp(unit, size_units[i].name))
            continue;
        if (v > UINT64_MAX >> size_units[i].shift)
            return -1;
        *bytes = v << size_units[i].shift;
        return 0;
    }
    return -1;
}

void text_size_format(uint64_t bytes, char *buf, size_t size)
{
    static const char suffix[][2] = {"", "K", "M", "G", "T"};
    unsigned i = 0;

    while (bytes && bytes % 1024 == 0 && i + 1 < ARRAY_LEN(suffix)) {
        bytes /= 1024;
        i++;
    }
    snprintf(buf, size, "%llu%s", (unsigned long long)bytes, suffix[i]);
}

static const struct {
    const char *name;
    uint64_t ps;
} time_units[] = {
    {"ps", 1},
    {"ns", 1000},
    {"us", UINT64_C(1000000)},
    {"ms", UINT64_C(1000000000)},
    {"s", UINT64_C(1000000000000)},
    {"min", UINT64_C(60000000000000)},
    {"h", UINT64_C(3600000000000000)},
};

int text_time_ps(const char *s, uint64_t *value_ps)
{
    const char *p, *start;
    uint64_t whole, part = 0, scale = 1;

    if (take_digits(s, 10, &whole, &p))
        return -1;
    if (*p == '.') {
        start = ++p;
        if (take_digits(start, 10, &part, &p) || p - start > 12)
            return -1;
        for (; start < p; start++)
            scale *= 10;
    }
    for (size_t i = 0; i < ARRAY_LEN(time_units); i++) {
        u128 ps;

        if (strcmp(p, time_units[i].name))
            continue;
        ps = (u128)whole * time_units[i].ps + (u128)part * time_units[i].ps / scale;
        if (ps > UINT64_MAX)
            return -1;
        *value_ps = (uint64_t)ps;
        return 0;
    }
    return -1;
}

int text_bool(const char *s, bool *value)
{
    static const char *const words[][4] = {{"off", "no", "false", "0"}, {"on", "yes", "true", "1"}};

    for (unsigned v = 0; v < 2; v++)
        for (unsigned i = 0; i < 4; i++)
            if (strcmp(s, words[v][i]) == 0) {
                *value = v;
                return 0;
            }
    return -1;
}

#define NEAR_WORD_MAX 63

/* Edits (insert, delete, replace) from a to b; words too long to be options are just far. */
static unsigned edit_distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    unsigned row[NEAR_WORD_MAX + 1];

    if (n > NEAR_WORD_MAX || m > NEAR_WORD_MAX)
        return NEAR_WORD_MAX;
    for (size_t j = 0; j <= m; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[m];
}

void text_near_try(struct text_near *near, const char *candidate)
{
    size_t n = strlen(near->word);
    unsigned d = edit_distance(near->word, candidate);

    /* The beginning of a word is nearer than its length says. */
    if (n >= 2 && strncmp(near->word, candidate, n) == 0)
        d = 1;
    if (!near->best || d < near->distance) {
        near->best = candidate;
        near->distance = d;
    }
}

const char *text_near_get(const struct text_near *near)
{
    return near->best && near->distance <= 1 + strlen(near->word) / 3 ? near->best : NULL;
}

char *text_item(const char **list)
{
    const char *p = *list;
    char *item, *out;

    if (!p || !*p)
        return NULL;
    item = out = xcalloc(1, strlen(p) + 1);
    for (; *p; p++) {
        if (*p == ',' && p[1] != ',')
            break;
        p += *p == ',';
        *out++ = *p;
    }
    *list = *p ? p + 1 : p;
    return item;
}

char *text_split(char *item, char separator)
{
    char *at = strchr(item, separator);

    if (!at)
        return NULL;
    *at = '\0';
    return at + 1;
}

void text_watch_init(struct text_watch *watch, const char *text)
{
    *watch = (struct text_watch){.text = text, .length = text ? strlen(text) : 0};
    if (!watch->length)
        return;
    watch->border = xcalloc(watch->length, sizeof *watch->border);
    for (size_t i = 1, k = 0; i < watch->length; i++) {
        while (k && text[i] != text[k])
            k = watch->border[k - 1];
        k += text[i] == text[k];
        watch->border[i] = k;
    }
}

void text_watch_fini(struct text_watch *watch)
{
    free(watch->border);
    *watch = (struct text_watch){0};
}

bool text_watch_put(struct text_watch *watch, char byte)
{
    if (!watch->length || watch->found)
        return watch->found;
    while (watch->matched && byte != watch->text[watch->matched])
        watch->matched = watch->border[watch->matched - 1];
    watch->matched += byte == watch->text[watch->matched];
    watch->found = watch->matched == watch->length;
    return watch->found;
}
