/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE /* mincore, madvise */
#include "host/memory.h"

#include "base/bits.h"

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LARGE_PAGE HOST_MEMORY_STEP
#define PAGES_MAX (LARGE_PAGE / 4096)

uint8_t *host_memory_new(size_t bytes)
{
    size_t room = align_up(bytes, LARGE_PAGE) + LARGE_PAGE, before;
    uint8_t *start = mmap(NULL, room, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), *memory;

    if (start == MAP_FAILED)
        return NULL;
    before = -(uintptr_t)start & (LARGE_PAGE - 1);
    memory = start + before;
    if (before)
        munmap(start, before);
    munmap(memory + align_up(bytes, LARGE_PAGE), LARGE_PAGE - before);
#ifdef MADV_HUGEPAGE
    madvise(memory, bytes, MADV_HUGEPAGE); /* a hint: nothing depends on it */
#endif
    return memory;
}

static bool is_zero(const uint8_t *p, size_t bytes)
{
    return p[0] == 0 && memcmp(p, p + 1, bytes - 1) == 0;
}

void host_memory_trim(uint8_t *memory, size_t bytes, size_t offset)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), count = LARGE_PAGE / page, there = 0, zeroes = 0;
    uint8_t *start = memory + offset;
    unsigned char in_core[PAGES_MAX];
    bool zero[PAGES_MAX];

    if (bytes - offset < LARGE_PAGE || count > PAGES_MAX || mincore(start, LARGE_PAGE, in_core))
        return;
    for (size_t k = 0; k < count; k++) {
        size_t i = k * 37 % count; /* from all over it: most are in use, and that is soon known */
        /* What is not there reads as zeroes, but would be there then. */
        zero[i] = in_core[i] & 1 && is_zero(start + i * page, page);
        there += in_core[i] & 1;
        zeroes += zero[i];
        if (there - zeroes > (zeroes ? count / 2 : count / 8))
            return; /* in use */
    }
    for (size_t i = 0, end; i < count && zeroes; i = end + 1) {
        for (end = i; end < count && (zero[end] || zeroes == there); end++)
            ;
        if (end > i)
            madvise(start + i * page, (end - i) * page, MADV_DONTNEED);
    }
}

void host_memory_free(uint8_t *memory, size_t bytes)
{
    if (memory)
        munmap(memory, align_up(bytes, LARGE_PAGE));
}
