/* SPDX-License-Identifier: Apache-2.0 */
/* FNV-1a, for identities and checksums that must be equal on every host; no protection against
 * malice. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/bits.h"

#define HASH_START UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

static inline uint64_t hash_bytes(uint64_t h, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;

    while (size--)
        h = (h ^ *p++) * HASH_PRIME;
    return h;
}

static inline uint64_t hash_u64(uint64_t h, uint64_t v)
{
    uint8_t b[8];

    le64_put(b, v);
    return hash_bytes(h, b, sizeof b);
}

#define HASH32_START UINT32_C(0x811c9dc5)

static inline uint32_t hash32_bytes(uint32_t h, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;

    while (size--)
        h = (h ^ *p++) * UINT32_C(0x01000193);
    return h;
}

/* With its end, so that "ab","c" and "a","bc" differ; NULL is unlike "". */
static inline uint64_t hash_text(uint64_t h, const char *s)
{
    return s ? hash_bytes(h, s, strlen(s) + 1) : hash_u64(h, UINT64_C(0x6e756c6c));
}

#endif
