/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/device_tree.h"

#include <stddef.h>
#include <stdint.h>

/* Byte offsets in the header (5.2) and tokens of the structure block (5.4.1), all big-endian. */
enum { MAGIC = 0, STRUCTURE_AT = 8, STRINGS_AT = 12, HEADER_MAGIC = 0xd00dfeed };
enum { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOTHING = 4, END = 9 };

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static size_t length(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

/* 2.2.4: a stringlist is strings one after the other, each with its zero. */
static bool list_has(const char *list, size_t bytes, const char *text)
{
    for (size_t at = 0; at < bytes; at += length(list + at) + 1)
        if (same(list + at, text))
            return true;
    return false;
}

bool device_tree_has(const void *tree, const char *compatible)
{
    const uint8_t *base = tree, *p;
    const char *strings;

    if (be32(base + MAGIC) != HEADER_MAGIC)
        return false;
    p = base + be32(base + STRUCTURE_AT);
    strings = (const char *)base + be32(base + STRINGS_AT);
    for (;;) {
        uint32_t token = be32(p), bytes;

        p += 4;
        switch (token) {
        case BEGIN_NODE: /* its name, then padding to a multiple of 4 */
            p += (length((const char *)p) + 1 + 3) & ~(size_t)3;
            break;
        case PROPERTY: /* length, the name's offset, the value, padding */
            bytes = be32(p);
            if (same(strings + be32(p + 4), "compatible") &&
                list_has((const char *)p + 8, bytes, compatible))
                return true;
            p += 8 + ((bytes + 3) & ~(uint32_t)3);
            break;
        case END_NODE:
        case NOTHING:
            break;
        case END:
        default:
            return false;
        }
    }
}
