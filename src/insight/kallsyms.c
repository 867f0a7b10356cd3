/* SPDX-License-Identifier: Apache-2.0 */
#include "insight/kallsyms.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define TOKENS            256u
#define SYMBOLS_PER_MARK  256u
#define TABLE_ALIGN       8u

/* Far above any kernel (Debian's has 95 thousand); keeps sums in 32 bits and time in seconds. */
#define SYMBOLS_MAX       (1u << 20)
/* Longest entry of `names`: two length bytes and a length below 2^14. */
#define ENTRY_BYTES_MAX   (2u + 0x3fffu)
/* Symbols that the search for the start of `names` may step over, in all its attempts together: a
 * real table needs its own count once, a file made to waste time needs an end. */
#define STEPS_MAX         (UINT64_C(1) << 25)

static size_t aligned(size_t at)
{
    return (size_t)align_up(at, TABLE_ALIGN);
}

/* Tokens '0' to '9' are always single characters: each occurs in some symbol. */
static bool digits_at(const uint8_t *p)
{
    for (unsigned i = 0; i < 10; i++)
        if (p[2 * i] != '0' + i || p[2 * i + 1] != 0)
            return false;
    return true;
}

/* Does token_index at `index` describe exactly the 256 strings from `start` on? */
static bool index_matches(const struct kallsyms *t, size_t start, size_t index)
{
    size_t at = start;

    for (unsigned i = 0; i < TOKENS; i++) {
        const uint8_t *end;

        if (at >= index || at - start != le16_get(t->image + index + 2 * i))
            return false;
        end = memchr(t->image + at, 0, index - at);
        if (!end)
            return false;
        at = (size_t)(end - t->image) + 1;
    }
    return aligned(at) == index;
}

/* The token table that has its '0' at `zero`: forward to where its index must be, and by the index
 * back to where the table starts. */
static bool tokens_around(struct kallsyms *t, size_t zero)
{
    size_t at = zero, back, index;

    for (unsigned i = '0'; i < TOKENS; i++) {
        const uint8_t *end = memchr(t->image + at, 0, u64_min(t->len - at, UINT16_MAX));

        if (!end || (size_t)(end - t->image) - zero > UINT16_MAX)
            return false;
        at = (size_t)(end - t->image) + 1;
    }
    index = aligned(at);
    if (index + 2 * TOKENS > t->len)
        return false;
    back = le16_get(t->image + index + 2 * '0');
    if (back > zero || (zero - back) % TABLE_ALIGN || !index_matches(t, zero - back, index))
        return false;
    t->token_table = zero - back;
    t->token_index = index;
    return true;
}

/* Symbol entry at `at`: the number of token bytes, and where they start; false if it is not one
 * that ends at or before `end`. */
static bool entry_at(const struct kallsyms *t, size_t at, size_t end, size_t *first, size_t *len)
{
    if (end - at < 2)
        return false;
    *first = at + 1;
    *len = t->image[at];
    if (*len & 0x80) {
        *len = (*len & 0x7f) | (size_t)t->image[at + 1] << 7;
        *first = at + 2;
        if (t->image[at + 1] & 0x80)
            return false;
    }
    return *len && *len <= end - *first;
}

/* Are there `count` entries from `names` on that meet every marker and end at the markers? */
static bool names_match(const struct kallsyms *t, size_t names, uint32_t count, uint64_t *steps)
{
    size_t at = names, first, len;

    for (uint32_t i = 0; i < count; i++) {
        if (i % SYMBOLS_PER_MARK == 0 &&
            at - names != le32_get(t->image + t->markers + i / SYMBOLS_PER_MARK * 4))
            return false;
        if (at >= t->markers || ++*steps > STEPS_MAX || !entry_at(t, at, t->markers, &first, &len))
            return false;
        at = first + len;
    }
    return aligned(at) == t->markers;
}

/* Walks back over the markers: ascending numbers, the first of them 0. */
static bool find_markers(struct kallsyms *t, size_t end, uint32_t *count, uint32_t *last)
{
    size_t at = end;
    uint32_t below;

    *count = 0;
    do {
        if (at < 4 || *count > SYMBOLS_MAX / SYMBOLS_PER_MARK)
            return false;
        at -= 4;
        below = le32_get(t->image + at);
        if (*count && below >= le32_get(t->image + at + 4))
            return false;
        (*count)++;
    } while (below);
    *last = le32_get(t->image + end - 4);
    t->markers = at;
    return at % TABLE_ALIGN == 0;
}

/* `names` starts at most 256 entries before the place that the last marker names, right after a
 * num_syms that agrees with the number of markers. */
static bool find_names(struct kallsyms *t, uint64_t *steps)
{
    const size_t reach = (size_t)SYMBOLS_PER_MARK * ENTRY_BYTES_MAX;
    size_t end = t->token_table, highest, lowest;
    uint32_t marks, last;

    if (!find_markers(t, end, &marks, &last) &&
        (end < 4 || le32_get(t->image + end - 4) || !find_markers(t, end - 4, &marks, &last)))
        return false;
    if (t->markers < (size_t)last + TABLE_ALIGN)
        return false;
    highest = t->markers - last;
    lowest = highest > reach ? highest - reach : 0;
    highest -= highest % TABLE_ALIGN;
    for (size_t names = highest; names >= lowest + TABLE_ALIGN; names -= TABLE_ALIGN) {
        uint32_t count = le32_get(t->image + names - TABLE_ALIGN);

        if (count && count <= SYMBOLS_MAX &&
            (count + SYMBOLS_PER_MARK - 1) / SYMBOLS_PER_MARK == marks &&
            names_match(t, names, count, steps)) {
            t->names = names;
            t->count = count;
            return true;
        }
    }
    return false;
}

/* seqs_of_names numbers each symbol once: this tells the table from anything else that could lie
 * at its place, and so one kernel version's layout from another's. */
static bool seqs_match(const struct kallsyms *t)
{
    uint8_t *seen;
    uint32_t i;

    if (t->seqs > t->len || (t->len - t->seqs) / 3 < t->count)
        return false;
    seen = calloc(t->count, 1);
    for (i = 0; seen && i < t->count; i++) {
        const uint8_t *p = t->image + t->seqs + (size_t)3 * i;
        uint32_t seq = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];

        if (seq >= t->count || seen[seq]++)
            break;
    }
    free(seen);
    return i == t->count;
}

static bool addresses_ascend(const struct kallsyms *t)
{
    for (uint32_t i = 1; i < t->count; i++)
        if (kallsyms_address(t, i) < kallsyms_address(t, i - 1))
            return false;
    return true;
}

/* Tries the layouts of known kernels on what follows token_index. */
static bool find_addresses(struct kallsyms *t)
{
    static const enum kallsyms_encoding with_base[] = { KALLSYMS_BASE, KALLSYMS_PERCPU };
    size_t end;

    t->offsets = aligned(t->token_index + 2 * TOKENS);
    if (t->offsets > t->len || (t->len - t->offsets) / 4 < t->count)
        return false;
    end = aligned(t->offsets + (size_t)4 * t->count);
    if (end <= t->len && t->len - end >= 8) {
        t->seqs = end + 8;
        t->relative_base = le64_get(t->image + end);
        for (size_t i = 0; seqs_match(t) && i < ARRAY_LEN(with_base); i++) {
            t->encoding = with_base[i];
            if (addresses_ascend(t))
                return true;
        }
    }
    t->seqs = end;
    t->relative_base = 0;
    t->encoding = KALLSYMS_PLACE;
    return seqs_match(t) && addresses_ascend(t);
}

int kallsyms_find(struct kallsyms *table, const uint8_t *image, size_t len, uint64_t link_address,
                  struct err *err)
{
    const char *missing = "no token table (a kernel without CONFIG_KALLSYMS, or a damaged file)";
    struct kallsyms t = { .image = image, .len = len, .link_address = link_address };
    uint64_t steps = 0;

    for (size_t at = 0; at + 20 <= len && steps <= STEPS_MAX; at++) {
        const uint8_t *zero = memchr(image + at, '0', len - at - 19);

        if (!zero)
            break;
        at = (size_t)(zero - image);
        if (!digits_at(zero) || !tokens_around(&t, at))
            continue;
        if (!find_names(&t, &steps)) {
            missing = "a token table, but no list of names before it (a kernel before 6.4?)";
            continue;
        }
        if (!find_addresses(&t)) {
            missing = "names, but no addresses of a known layout after them";
            continue;
        }
        *table = t;
        return 0;
    }
    return err_set(err, "no usable kernel symbol table in the image: found %s", missing);
}

uint64_t kallsyms_address(const struct kallsyms *t, uint32_t i)
{
    size_t at = t->offsets + (size_t)4 * i;
    uint32_t raw = le32_get(t->image + at);
    uint64_t extended = (uint64_t)sign_extend(raw, 32);

    switch (t->encoding) {
    case KALLSYMS_PERCPU:
        return raw >> 31 ? t->relative_base - 1 - extended : raw;
    case KALLSYMS_PLACE:
        return t->link_address + at + extended;
    case KALLSYMS_BASE:
        break;
    }
    return t->relative_base + raw;
}

int kallsyms_name(const struct kallsyms *t, size_t *cursor, char *type,
                  char name[KALLSYMS_NAME_MAX], struct err *err)
{
    size_t first, len, used = 0;

    if (*cursor >= t->markers - t->names ||
        !entry_at(t, t->names + *cursor, t->markers, &first, &len))
        return err_set(err, "the kernel's symbol names are damaged");
    *cursor = first + len - t->names;
    *type = 0;
    for (size_t i = 0; i < len; i++) {
        const uint8_t *token = t->image + t->token_table +
                               le16_get(t->image + t->token_index + 2u * t->image[first + i]);

        for (; *token; token++) {
            if (*token <= ' ' || *token > '~')
                return err_set(err, "a kernel symbol has a character 0x%02x in its name", *token);
            if (!*type)
                *type = (char)*token;
            else if (used == KALLSYMS_NAME_MAX - 1)
                return err_set(err, "a kernel symbol's name is longer than %d characters",
                               KALLSYMS_NAME_MAX - 1);
            else
                name[used++] = (char)*token;
        }
    }
    name[used] = 0;
    return used ? 0 : err_set(err, "a kernel symbol has no name");
}
