/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of the data files: made on the host when the image is made, checked in the guest. Each
 * byte is a function of its offset alone, so a read at any offset can be checked without the file.
 */
#ifndef GUEST_PATTERN_H
#define GUEST_PATTERN_H

#include <stdint.h>

/* The 64-bit word at offset 8 * index of the file, least significant byte first (SplitMix64). */
static inline uint64_t pattern_word(uint64_t index)
{
    uint64_t z = (index + 1) * 0x9e3779b97f4a7c15u + 0x646f6f7262656c6cu;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline unsigned char pattern_byte(uint64_t offset)
{
    return (unsigned char)(pattern_word(offset / 8) >> (offset % 8 * 8));
}

#endif
