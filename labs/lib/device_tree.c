/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/device_tree.h"

#include "labs/lib/string.h"

/* Byte offsets in the header (5.2) and tokens of the structure block (5.4.1), all big-endian. */
enum { MAGIC = 0, STRUCTURE_AT = 8, STRINGS_AT = 12, HEADER_MAGIC = 0xd00dfeed };
enum { BEGIN_NODE = 1, END_NODE = 2, PROPERTY = 3, NOTHING = 4, END = 9 };

/* A property, and the node that it belongs to (properties come before the node's children). */
struct property {
    const char *node, *name;
    const uint8_t *value;
    uint32_t bytes;
};

/* A way through the structure block. */
struct walk {
    const uint8_t *at;
    const char *strings, *node;
};

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool begin(struct walk *w, const void *tree)
{
    const uint8_t *base = tree;

    if (!tree || be32(base + MAGIC) != HEADER_MAGIC)
        return false;
    w->at = base + be32(base + STRUCTURE_AT);
    w->strings = (const char *)base + be32(base + STRINGS_AT);
    w->node = "";
    return true;
}

/* The next property; false at the end. */
static bool next(struct walk *w, struct property *p)
{
    for (;;) {
        uint32_t token = be32(w->at);

        w->at += 4;
        switch (token) {
        case BEGIN_NODE: /* its name, then padding to a multiple of 4 */
            w->node = (const char *)w->at;
            w->at += (strlen(w->node) + 1 + 3) & ~(size_t)3;
            break;
        case PROPERTY: /* length, the name's offset, the value, padding */
            *p = (struct property){w->node, w->strings + be32(w->at + 4), w->at + 8, be32(w->at)};
            w->at += 8 + ((p->bytes + 3) & ~(uint32_t)3);
            return true;
        case END_NODE:
        case NOTHING:
            break;
        case END:
        default:
            return false;
        }
    }
}

/* 2.2.4: a stringlist is strings one after the other, each with its zero. */
static bool list_has(const char *list, uint32_t bytes, const char *text)
{
    for (size_t at = 0; at < bytes; at += strlen(list + at) + 1)
        if (strcmp(list + at, text) == 0)
            return true;
    return false;
}

bool device_tree_has(const void *tree, const char *compatible)
{
    struct walk w;
    struct property p;

    if (begin(&w, tree))
        while (next(&w, &p))
            if (strcmp(p.name, "compatible") == 0 &&
                list_has((const char *)p.value, p.bytes, compatible))
                return true;
    return false;
}

/* 2.2.1: a node's name is name@address. */
static bool named(const char *node, const char *name)
{
    size_t n = strlen(name);

    return memcmp(node, name, n) == 0 && (node[n] == 0 || node[n] == '@');
}

const void *device_tree_property(const void *tree, const char *node, const char *property,
                                 uint32_t *bytes)
{
    struct walk w;
    struct property p;

    if (begin(&w, tree))
        while (next(&w, &p))
            if (named(p.node, node) && strcmp(p.name, property) == 0) {
                *bytes = p.bytes;
                return p.value;
            }
    return NULL;
}

uint64_t device_tree_memory(const void *tree)
{
    uint32_t bytes;
    /* 2.3.6: address and size, of two cells each on this board. */
    const uint8_t *reg = device_tree_property(tree, "memory", "reg", &bytes);

    return reg && bytes >= 16 ? (uint64_t)be32(reg + 8) << 32 | be32(reg + 12) : 0;
}

const char *device_tree_arguments(const void *tree)
{
    uint32_t bytes;
    const char *text = device_tree_property(tree, "chosen", "bootargs", &bytes);

    return text && bytes ? text : "";
}
