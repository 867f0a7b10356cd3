/* SPDX-License-Identifier: Apache-2.0 */
/* What a lab's run has shown: for people, as JSON (doorbell.lab/1, labs/README.md), as a figure. */
#ifndef CLI_LAB_REPORT_H
#define CLI_LAB_REPORT_H

#include "cli/lab_run.h"

#include <jansson.h>

/* The table of sections and the values. */
void lab_report_table(const struct lab_result *r, FILE *out);
/* What went wrong, then each check: ok, or FAIL with its hint. */
void lab_report_verdict(const struct lab_result *r, FILE *out);

/* For json_dumpf: what is measured to the picosecond needs no more digits. */
#define LAB_JSON_FLAGS (JSON_INDENT(2) | JSON_REAL_PRECISION(15))

/* Of any bytes: when they are no UTF-8, what is not ASCII becomes '?'. */
json_t *lab_json_text(const char *text);

/* The caller owns it. */
json_t *lab_report_json(const struct lab_result *r, const char *name);

/* Draws the lab's figure.gp into an SVG file; -1 with err. */
int lab_figure(const struct lab_result *r, const struct lab_sources *from, const char *path,
               struct err *err);

#endif
