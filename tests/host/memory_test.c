/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE /* mincore */
#include "check.h"
#include "host/memory.h"

#include <sys/mman.h>

static void test_memory_is_zero_aligned_and_ends_where_it_ends(void)
{
    static const size_t sizes[] = {4096, (size_t)1 << 20, (size_t)2 << 20, ((size_t)2 << 20) + 4096,
                                   ((size_t)5 << 20) - 4096};

    for (unsigned n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        uint8_t *memory = host_memory_new(sizes[n]);

        CHECK(memory != NULL);
        CHECK_EQ_U64((uintptr_t)memory & (((uintptr_t)2 << 20) - 1), 0);
        for (size_t at = 0; at < sizes[n]; at += 512)
            CHECK_EQ_U64(memory[at], 0);
        memory[0] = memory[sizes[n] - 1] = 1;
        host_memory_free(memory, sizes[n]);
    }
    host_memory_free(NULL, 4096);
}

/* More than an address space has. */
static void test_what_cannot_be_had_is_refused(void)
{
    CHECK(host_memory_new((size_t)1 << 60) == NULL);
}

static unsigned resident(uint8_t *memory, size_t bytes)
{
    static unsigned char in_core[2048];
    unsigned count = 0;

    CHECK(mincore(memory, bytes, in_core) == 0);
    for (size_t i = 0; i < bytes / 4096; i++)
        count += in_core[i] & 1;
    return count;
}

/* What is in memory stays, zeroes go, and a page in use is not taken apart for a few of them. */
static void test_trimming_gives_zeroes_back_and_changes_nothing(void)
{
    const size_t step = HOST_MEMORY_STEP, bytes = 3 * step + 8192;
    uint8_t *memory = host_memory_new(bytes);
    unsigned before;

    for (size_t at = 0; at < bytes; at += 4096)
        memory[at + 5] = 0;
    memory[step + 4096 * 7 + 4095] = 1; /* one byte of the second large page */
    for (size_t at = 2 * step; at < 3 * step; at += 4096)
        memory[at + 9] = at % 8192 == 0 && at < 3 * step - 8192 * 8; /* just under half of the third */
    memory[3 * step] = 1;
    before = resident(memory, bytes);
    CHECK(before >= 3 * 512 + 2);
    for (size_t at = 0; at < bytes; at += step)
        host_memory_trim(memory, bytes, at);
    CHECK_EQ_U64(resident(memory, step), 0);
    CHECK_EQ_U64(resident(memory + step, step), 1);
    CHECK_EQ_U64(resident(memory + 2 * step, step), 248);
    for (size_t at = 0; at < step; at += 4096)
        memory[at] = at % 12288 != 0; /* two thirds of the first */
    before = resident(memory, step);
    host_memory_trim(memory, bytes, 0);
    CHECK_EQ_U64(resident(memory, step), before);
    for (size_t at = 0; at < bytes; at++) {
        bool one = at < step ? at % 4096 == 0 && at % 12288 != 0
                   : at < 2 * step ? at == step + 4096 * 7 + 4095
                   : at < 3 * step ? at % 8192 == 9 && at < 3 * step - 8192 * 8 : at == 3 * step;
        if (memory[at] != one)
            CHECK_EQ_U64(at, UINT64_MAX);
    }
    host_memory_free(memory, bytes);
}

TEST_MAIN(test_memory_is_zero_aligned_and_ends_where_it_ends, test_what_cannot_be_had_is_refused,
          test_trimming_gives_zeroes_back_and_changes_nothing)
