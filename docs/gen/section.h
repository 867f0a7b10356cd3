/* SPDX-License-Identifier: Apache-2.0 */
/* A page written by hand with a part made from the program's tables, between two marker lines. */
#ifndef DOCS_GEN_SECTION_H
#define DOCS_GEN_SECTION_H

#include <stdio.h>

struct section {
    const char *begin, *end; /* the marker lines, with their line ends */
    void (*put)(FILE *out);
};

/* The main of a generator: "FILE" rewrites the part, "--check FILE" compares; 1 if it differs. */
int section_main(int argc, char **argv, const struct section *section);

#endif
