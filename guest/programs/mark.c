/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `mark N`: puts mark N (see mark.h) into the run from a shell script. N is a run-time value and a
 * mark is an immediate, so the instruction is made in a page of memory and then called.
 */
#include "mark.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
    char *end = NULL;
    long n = argc == 2 ? strtol(argv[1], &end, 0) : 0;

    if (argc != 2 || end == argv[1] || *end != '\0' || n < 1 || n > MARK_LAST) {
        fprintf(stderr, "usage: mark N, N from 1 to %d (see guest/programs/mark.h)\n", MARK_LAST);
        return 2;
    }

    uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (code == MAP_FAILED) {
        perror("mark: mmap");
        return 1;
    }
    code[0] = (uint32_t)n << 20 | 2u << 12 | 0x13u; /* slti x0, x0, n */
    code[1] = 0x00008067u;                          /* ret */
    if (mprotect(code, 4096, PROT_READ | PROT_EXEC) != 0) {
        perror("mark: mprotect");
        return 1;
    }
    __builtin___clear_cache((char *)code, (char *)(code + 2));
    ((void (*)(void))(uintptr_t)code)();
    return 0;
}
