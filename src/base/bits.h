/* SPDX-License-Identifier: Apache-2.0 */
/* Bits and bytes: little-endian wire access, bit fields, small arithmetic.  Wire layouts in this
 * project are bytes read with these functions, never C bit fields or packed structs. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

/* GCC and clang both have it on 64-bit hosts; named once here so that -Wpedantic is quiet. */
__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 i128;

#if defined(__GNUC__)
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#else
#define likely(x) (x)
#define unlikely(x) (x)
#endif

/* Bytes at p, any alignment, little-endian, on any host. */
static inline uint16_t le16_get(const void *p)
{
    const uint8_t *b = p;
    return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t le32_get(const void *p)
{
    const uint8_t *b = p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint64_t le64_get(const void *p)
{
    return le32_get(p) | (uint64_t)le32_get((const uint8_t *)p + 4) << 32;
}

static inline void le16_put(void *p, uint16_t v)
{
    uint8_t *b = p;
    b[0] = (uint8_t)v;
    b[1] = (uint8_t)(v >> 8);
}

static inline void le32_put(void *p, uint32_t v)
{
    le16_put(p, (uint16_t)v);
    le16_put((uint8_t *)p + 2, (uint16_t)(v >> 16));
}

static inline void le64_put(void *p, uint64_t v)
{
    le32_put(p, (uint32_t)v);
    le32_put((uint8_t *)p + 4, (uint32_t)(v >> 32));
}

/* `size` is 1, 2, 4 or 8 bytes. */
static inline uint64_t le_get(const void *p, unsigned size)
{
    switch (size) {
    case 1: return *(const uint8_t *)p;
    case 2: return le16_get(p);
    case 4: return le32_get(p);
    default: return le64_get(p);
    }
}

static inline void le_put(void *p, unsigned size, uint64_t v)
{
    switch (size) {
    case 1: *(uint8_t *)p = (uint8_t)v; break;
    case 2: le16_put(p, (uint16_t)v); break;
    case 4: le32_put(p, (uint32_t)v); break;
    default: le64_put(p, v); break;
    }
}

/* The low n bits set; n is 0 to 64. */
static inline uint64_t mask_bits(unsigned n)
{
    return n >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1;
}

/* Bits hi..lo of v, both inclusive, moved down to bit 0. */
static inline uint64_t bits_get(uint64_t v, unsigned hi, unsigned lo)
{
    return (v >> lo) & mask_bits(hi - lo + 1);
}

static inline uint64_t bits_set(uint64_t v, unsigned hi, unsigned lo, uint64_t field)
{
    uint64_t mask = mask_bits(hi - lo + 1) << lo;
    return (v & ~mask) | ((field << lo) & mask);
}

static inline int64_t sign_extend(uint64_t v, unsigned bits)
{
    return (int64_t)(v << (64 - bits)) >> (64 - bits);
}

/* Named fields: a spec header that declares F with REG_FIELD_ENUM (see bus/reg.h) makes F_LSB and
 * F_BITS; these read and write such a field. */
#define FGET(v, F) (((uint64_t)(v) >> F##_LSB) & mask_bits(F##_BITS))
#define FPUT(v, F, x) \
    (((uint64_t)(v) & ~(mask_bits(F##_BITS) << F##_LSB)) | \
     (((uint64_t)(x) & mask_bits(F##_BITS)) << F##_LSB))
#define FMASK(F) (mask_bits(F##_BITS) << F##_LSB)

static inline uint32_t u32_min(uint32_t a, uint32_t b) { return a < b ? a : b; }
static inline uint64_t u64_min(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline uint64_t u64_max(uint64_t a, uint64_t b) { return a > b ? a : b; }

static inline uint64_t align_up(uint64_t v, uint64_t power_of_two)
{
    return (v + power_of_two - 1) & ~(power_of_two - 1);
}

/* a * b / c without losing the high half of the product; c must not be 0. */
static inline uint64_t muldiv(uint64_t a, uint64_t b, uint64_t c)
{
    u128 product = (u128)a * b;

    return product >> 64 ? (uint64_t)(product / c) : (uint64_t)product / c;
}

#endif
