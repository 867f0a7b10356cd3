/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"
#include "host/memory.h"

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

TEST_MAIN(test_memory_is_zero_aligned_and_ends_where_it_ends, test_what_cannot_be_had_is_refused)
