/* SPDX-License-Identifier: Apache-2.0 */
/* Runs on the host: writes the first BYTES bytes of the pattern to its standard output. */
#include "pattern.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    char *end = NULL;
    uint64_t bytes = argc == 2 ? strtoull(argv[1], &end, 10) : 0;

    if (argc != 2 || end == argv[1] || *end != '\0') {
        fprintf(stderr, "usage: pattern BYTES\n");
        return 2;
    }
    for (uint64_t i = 0; i < bytes; i++)
        putchar(pattern_byte(i));
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("pattern");
        return 1;
    }
    return 0;
}
