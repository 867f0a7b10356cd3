/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic and comparisons over measures: the checks of a lab (labs/README.md).  One line of text
 * in, one number or truth value out; doubles, and no function of theirs but the four operations, so
 * that the result is the same everywhere. */
#ifndef INSIGHT_EXPRESSION_H
#define INSIGHT_EXPRESSION_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define EXPRESSION_WORD_MAX 64

/* section.metric, section[x].metric, section.device.metric; or one word alone: then only `metric`. */
struct expression_name {
    char section[EXPRESSION_WORD_MAX], device[EXPRESSION_WORD_MAX], metric[EXPRESSION_WORD_MAX];
    bool has_section, has_device, has_x;
    double x;
};

struct expression_env {
    void *ctx;
    /* The value of a name; -1 with err when there is none. */
    int (*value)(void *ctx, const struct expression_name *name, double *value, struct err *err);
    const char *output; /* what `output ~ "text"` looks in; NULL: nothing has been printed */
};

struct expression_value {
    double number; /* of a truth value 0 or 1 */
    bool truth;    /* it is a truth value: a comparison, and, or, not, ~ */
};

/* 0, or -1 with one line that names the column. */
int expression_eval(const char *text, const struct expression_env *env,
                    struct expression_value *value, struct err *err);

/* A number for people: four digits, or all of those before the point. */
void expression_format(double value, char *out, size_t size);

#endif
