/* SPDX-License-Identifier: Apache-2.0 */
#include "host/memory.h"

#include "base/bits.h"

#include <sys/mman.h>

#define LARGE_PAGE ((size_t)2 << 20)

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

void host_memory_free(uint8_t *memory, size_t bytes)
{
    if (memory)
        munmap(memory, align_up(bytes, LARGE_PAGE));
}
