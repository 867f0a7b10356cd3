/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong with a program that did not come to its end, and where. */
#ifndef CLI_LAB_DIAGNOSIS_H
#define CLI_LAB_DIAGNOSIS_H

#include "cli/lab_manifest.h"

#include <stdio.h>

struct lab_result;

struct lab_diagnosis {
    enum lab_kind kind;
    char *text;  /* one line, without its kind; NULL when all is well */
    char *where; /* function and line, from the inner to the outer; NULL: not known */
};

void lab_diagnose(struct lab_result *r);
void lab_diagnosis_free(struct lab_diagnosis *d);

/* The last transactions on the bus, a line each with this before it; returns how many (`out` NULL: only
 * that). */
unsigned lab_print_transactions(const struct lab_result *r, const char *before, FILE *out);

#endif
