/* SPDX-License-Identifier: Apache-2.0 */
/* Works on memory: copies, and loads that wait for each other. */
#include "bench.h"

#include <string.h>

#define PAGE 4096u

/* ---- copies ---- */

#define COPY_BYTES (1u << 20)
#define ALIAS_BYTES (64u << 10)
#define ALIAS_APART (64u << 20) /* the same entry of a TLB that has up to 16384, directly mapped */

static uint8_t *from, *to;

/* A word in each page says whose page it is; the copy's word must be the same afterwards. */
static void prepare_pages_of(uint32_t bytes, uint32_t one)
{
    for (uint32_t at = 0; at < bytes; at += PAGE) {
        uint32_t word = at * 2654435761u + one, gone = 0;

        memcpy(from + at + at / PAGE % 1023 * 4, &word, sizeof word);
        memcpy(to + at + at / PAGE % 1023 * 4, &gone, sizeof gone);
    }
}

static uint64_t pages_copied(uint32_t bytes, uint64_t got)
{
    uint64_t right = 0;

    for (uint32_t at = 0; at < bytes; at += PAGE) {
        uint32_t word;

        memcpy(&word, to + at + at / PAGE % 1023 * 4, sizeof word);
        right += word == at * 2654435761u + (uint32_t)got;
    }
    return right;
}

void prepare_copy(uint32_t one)
{
    if (!from) {
        from = map_pages(4 * COPY_BYTES);
        to = from + COPY_BYTES + 37 * PAGE; /* never the same entry of a TLB of 16 or more */
        memset(from, (int)one, COPY_BYTES);
    }
    prepare_pages_of(COPY_BYTES, one);
}

uint64_t work_copy(uint32_t one)
{
    memcpy(to, from, COPY_BYTES * one);
    return one;
}

uint64_t check_copy(uint64_t got)
{
    return pages_copied(COPY_BYTES, got);
}

void prepare_alias(uint32_t one)
{
    if (!from) {
        from = map_pages(2 * ALIAS_APART);
        to = from + ALIAS_APART;
        memset(from, (int)one, ALIAS_BYTES);
    }
    prepare_pages_of(ALIAS_BYTES, one);
}

uint64_t work_alias(uint32_t one)
{
    memcpy(to, from, ALIAS_BYTES * one);
    return one;
}

uint64_t check_alias(uint64_t got)
{
    return pages_copied(ALIAS_BYTES, got);
}

/* ---- chases ---- */

/* The ring's order: a full period of a linear congruence (count is a power of two, the factor is
 * 1 mod 4, the addend odd), which no prefetcher guesses. */
#define FACTOR 1229u
#define ADDEND 717u

/* Where place i of a ring is, in words: lines in turn within a page, so that the places do not
 * all compete for one set of a cache. */
static uint32_t word_of(uint32_t i, uint32_t stride)
{
    return i * stride + (stride == 1 ? 0 : i * 5 % 64 * 16);
}

static uint32_t *make_ring(uint32_t count, uint32_t stride)
{
    uint32_t *ring = map_pages((size_t)count * stride * sizeof *ring);

    for (uint32_t i = 0; i < count; i++)
        ring[word_of(i, stride)] = word_of((i * FACTOR + ADDEND) % count, stride);
    return ring;
}

static uint32_t follow(const uint32_t *ring, uint32_t at, uint32_t steps)
{
    for (uint32_t i = 0; i < steps; i++)
        at = ring[at];
    return at;
}

static const uint32_t *ring;

void prepare_chase(uint32_t one)
{
    if (!ring)
        ring = make_ring(8192 * one, 1);
}

uint64_t work_chase(uint32_t one)
{
    return follow(ring, 0, 99999 + one);
}

void prepare_pages(uint32_t one)
{
    if (!ring)
        ring = make_ring(256 * one, PAGE / 4);
}

uint64_t work_pages(uint32_t one)
{
    return follow(ring, 0, 49999 + one) / (PAGE / 4);
}

/* Each repetition goes on where the one before ended, so that all pages have their turn and no TLB
 * can hold them. */
#define FAR_PAGES 16384u
#define FAR_STEPS 3000u

static uint32_t far_at, far_steps;

void prepare_far(uint32_t one)
{
    if (!ring)
        ring = make_ring(FAR_PAGES * one, PAGE / 4);
}

uint64_t work_far(uint32_t one)
{
    far_at = follow(ring, far_at, FAR_STEPS * one);
    return one;
}

/* The place after all the steps so far, by squaring the step. */
uint64_t check_far(uint64_t got)
{
    uint32_t factor = FACTOR, addend = ADDEND, place = 0;

    far_steps += FAR_STEPS;
    for (uint32_t n = far_steps; n; n /= 2) {
        if (n & 1)
            place = place * factor + addend;
        addend += factor * addend;
        factor *= factor;
    }
    return got * (far_at == word_of(place % FAR_PAGES, PAGE / 4));
}
