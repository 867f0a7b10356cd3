/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell-bench REPETITIONS [WORK]...: repeats each work and prints "NAME MARK TICKS REPETITIONS":
 * its mark, and the ticks (100 ns of the guest's clock) of its shortest repetition. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile uint32_t one = 1;

/* A function of its own for each work, since a mark's number is part of the instruction. */
#define WORK_REPEAT(number, name, result, what)                                                  \
    static uint64_t repeat_##name(unsigned long repetitions, uint64_t *got)                      \
    {                                                                                            \
        uint64_t best = UINT64_MAX;                                                              \
                                                                                                 \
        *got = work_##name(one); /* page faults and the like */                                  \
        for (unsigned long i = 0; i < repetitions && *got == (result); i++) {                    \
            uint64_t began = ticks(), took;                                                      \
                                                                                                 \
            mark(number);                                                                        \
            *got = work_##name(one);                                                             \
            mark(number + 1);                                                                    \
            took = ticks() - began;                                                              \
            best = took < best ? took : best;                                                    \
        }                                                                                        \
        return best;                                                                             \
    }
/* mark() makes text of its argument: the assembler adds. */
WORKS(WORK_REPEAT)

static const struct work {
    const char *name;
    unsigned mark;
    uint64_t result;
    uint64_t (*repeat)(unsigned long repetitions, uint64_t *got);
} works[] = {
#define WORK_ROW(mark, name, result, what) {#name, mark, result, repeat_##name},
    WORKS(WORK_ROW)
};

static int wanted(const struct work *w, int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], w->name) == 0)
            return 1;
    return argc <= 2;
}

int main(int argc, char **argv)
{
    unsigned long repetitions = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    int status = 0;

    if (!repetitions) {
        fprintf(stderr, "usage: doorbell-bench REPETITIONS [WORK]...\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof works / sizeof works[0]; i++) {
        const struct work *w = &works[i];
        uint64_t best, got;

        if (!wanted(w, argc, argv))
            continue;
        best = w->repeat(repetitions, &got);
        if (got == w->result) {
            printf("%s %u %llu %lu\n", w->name, w->mark, (unsigned long long)best, repetitions);
        } else {
            printf("%s wrong: 0x%llx, not 0x%llx\n", w->name, (unsigned long long)got,
                   (unsigned long long)w->result);
            status = 1;
        }
        fflush(stdout);
    }
    return status;
}
