/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/string.h"

#include <stdbool.h>
#include <stdint.h>

/* A word that may stand for anything that lies there. */
typedef uint64_t __attribute__((may_alias)) word_t;

static bool aligned(const void *a, const void *b)
{
    return (((uintptr_t)a | (uintptr_t)b) & (sizeof(word_t) - 1)) == 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    if (aligned(to, from))
        for (; bytes >= sizeof(word_t); bytes -= sizeof(word_t)) {
            *(word_t *)t = *(const word_t *)f;
            t += sizeof(word_t);
            f += sizeof(word_t);
        }
    while (bytes--)
        *t++ = *f++;
    return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    /* Upwards, no byte is overwritten before it is read if it goes down; else the other way. */
    if (t <= f)
        return memcpy(to, from, bytes);
    while (bytes--)
        t[bytes] = f[bytes];
    return to;
}

void *memset(void *at, int byte, size_t bytes)
{
    unsigned char *p = at;
    word_t word = 0x0101010101010101 * (unsigned char)byte;

    if (aligned(at, at))
        for (; bytes >= sizeof word; bytes -= sizeof word, p += sizeof word)
            *(word_t *)p = word;
    while (bytes--)
        *p++ = (unsigned char)byte;
    return at;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const unsigned char *x = a, *y = b;

    for (; bytes; bytes--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strlen(const char *text)
{
    size_t n = 0;

    while (text[n])
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}
