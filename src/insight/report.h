/* SPDX-License-Identifier: Apache-2.0 */
/* What all explanations print alike. */
#ifndef INSIGHT_REPORT_H
#define INSIGHT_REPORT_H

#include "sim/clock.h"

#include <jansson.h>
#include <stdio.h>

/* The string under a key, or `otherwise`. */
const char *report_text(const json_t *object, const char *key, const char *otherwise);

/* "machine" and "set" lines of a trace's run. */
void report_machine(const json_t *run, FILE *out);

/* Microseconds with three decimals, right-justified. */
void report_us(FILE *out, ps_t ps, int width);

/* n / d with so many decimals (0 to 6), rounded; "-" when d is 0. */
void report_ratio(FILE *out, uint64_t n, uint64_t d, unsigned decimals);

/* Text for XML; names may come from the guest. */
void report_escaped(FILE *out, const char *s);

/* The same for a place of `room` characters: as many whole words as fit, with a mark where some do not;
 * nothing when no word does. */
void report_label(FILE *out, const char *s, int room);

/* The smallest of 1, 2, 5 times a power of ten that parts `total` into at most a dozen. */
ps_t report_tick(ps_t total);

#endif
