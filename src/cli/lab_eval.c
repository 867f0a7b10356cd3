/* SPDX-License-Identifier: Apache-2.0 */
/* Values and checks of a lab's run, and how quantities are written. */
#include "cli/lab_run.h"

#include "base/alloc.h"
#include "insight/expression.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USED_MAX 1000

struct evaluation {
    const struct lab_result *r;
    const struct measure_of *row; /* of a column: measures stand alone; else NULL */
    size_t values;                /* those that are known by now */
    char used[USED_MAX];
};

void lab_quantity(double value, const char *unit, char *out, size_t size)
{
    static const char *const time[] = {"ps", "ns", "us", "ms", "s"};
    double magnitude = value < 0 ? -value : value, v = value;
    unsigned i = 1;
    char number[40];

    if (!strcmp(unit, "ns") && magnitude > 0) {
        if (magnitude < 1) {
            i = 0;
            v *= 1000;
        }
        for (; i < 4 && (v >= 1000 || v <= -1000); i++)
            v /= 1000;
        snprintf(out, size, "%.4g %s", v, time[i]);
    } else if (!strcmp(unit, "B") && magnitude >= 1024 && value < 1e15 &&
               value == (double)((int64_t)value / 1024 * 1024)) {
        bool mega = value == (double)((int64_t)value / 1048576 * 1048576);

        expression_format(value / (mega ? 1048576 : 1024), number, sizeof number);
        snprintf(out, size, "%s %s", number, mega ? "MiB" : "KiB");
    } else {
        expression_format(value, number, sizeof number);
        snprintf(out, size, "%s%s%s", number, *unit ? " " : "", unit);
    }
}

/* ", NAME = VALUE", once each. */
static void note(struct evaluation *e, const char *name, const char *value)
{
    size_t had = strlen(e->used);
    char line[300];

    snprintf(line, sizeof line, "%s = %s", name, value);
    if (!strstr(e->used, line) && had + strlen(line) + 3 < sizeof e->used)
        snprintf(e->used + had, sizeof e->used - had, "%s%s", had ? ", " : "", line);
}

static int alone(struct evaluation *e, const char *name, double *value, struct err *err)
{
    const struct lab_result *r = e->r;
    const struct lab_rules *values = &r->lab->value;
    char text[40];

    if (!strcmp(name, "exit")) {
        if (r->diagnosis.kind != LAB_GOOD && r->diagnosis.kind != LAB_TRAP &&
            r->diagnosis.kind != LAB_STACK)
            return err_set(err, "the program did not come to its end");
        *value = (double)r->exit;
    } else {
        size_t i = 0;

        while (i < e->values && strcmp(values->item[i].name, name))
            i++;
        if (i == e->values)
            return err_set(err, "there is no value %s", name);
        if (!r->value[i].ok)
            return err_set(err, "%s: %s", name, r->value[i].why);
        *value = r->value[i].number;
    }
    expression_format(*value, text, sizeof text);
    note(e, name, text);
    return 0;
}

static int value_of(void *ctx, const struct expression_name *n, double *value, struct err *err)
{
    struct evaluation *e = ctx;
    const struct lab_result *r = e->r;
    const struct measure_metric *metric = measure_metric_find(n->metric);
    struct measure_of of = {.source = -1, .has_x = n->has_x};
    char name[220], x[40] = "", text[64];
    int section;

    if (!n->has_section && !e->row)
        return alone(e, n->metric, value, err);
    if (!metric)
        return err_set(err, "there is no measure %s", n->metric);
    if (!n->has_section)
        return measure_get(r->measure, e->row, metric, value, err);
    section = lab_manifest_section(r->lab, n->section);
    if (section < 0)
        return err_set(err, "there is no section %s", n->section);
    of.section = (unsigned)section;
    if (n->has_x && !(n->x >= 0 && n->x < 1e18))
        return err_set(err, "no x is so small or so great");
    of.x = n->has_x ? (uint64_t)n->x : 0;
    if (n->has_device && (of.source = measure_source_find(r->measure, n->device)) < 0)
        return err_set(err, "this machine has no device %s (docs/trace.md: a source)", n->device);
    if (measure_get(r->measure, &of, metric, value, err))
        return -1;
    lab_quantity(*value, metric->unit, text, sizeof text);
    if (n->has_x)
        snprintf(x, sizeof x, "[%llu]", (unsigned long long)of.x);
    snprintf(name, sizeof name, "%s%s%s%s.%s", n->section, x, n->has_device ? "." : "", n->device,
             n->metric);
    note(e, name, text);
    return 0;
}

static void judge(struct evaluation *e, const struct lab_rule *rule, struct lab_verdict *out)
{
    struct expression_env env = {.ctx = e, .value = value_of,
                                 .output = measure_output(e->r->measure, NULL)};
    struct expression_value v = {0};
    struct err err;

    e->used[0] = '\0';
    if (expression_eval(rule->expression, &env, &v, &err))
        out->why = xstrdup(err.text);
    out->number = v.number;
    out->used = xstrdup(e->used);
}

int lab_column(const struct lab_result *r, const struct lab_rule *column, unsigned section,
               const uint64_t *x, double *value, struct err *err)
{
    struct measure_of of = {.section = section, .has_x = x != NULL, .x = x ? *x : 0, .source = -1};
    struct evaluation e = {.r = r, .row = &of};
    const struct expression_env env = {.ctx = &e, .value = value_of};
    struct expression_value v;

    if (!column->expression)
        return measure_get(r->measure, &of, measure_metric_find(column->name), value, err);
    if (expression_eval(column->expression, &env, &v, err))
        return -1;
    *value = v.number;
    return 0;
}

void lab_judge(struct lab_result *r)
{
    const struct lab_manifest *lab = r->lab;
    struct evaluation e = {.r = r};

    r->value = xcalloc(lab->value.count + 1, sizeof *r->value);
    r->check = xcalloc(lab->check.count + 1, sizeof *r->check);
    for (; e.values < lab->value.count; e.values++) {
        judge(&e, &lab->value.item[e.values], &r->value[e.values]);
        r->value[e.values].ok = !r->value[e.values].why;
    }
    r->passed = r->diagnosis.kind == LAB_GOOD;
    for (size_t i = 0; i < lab->check.count; i++) {
        judge(&e, &lab->check.item[i], &r->check[i]);
        r->check[i].ok = !r->check[i].why && r->check[i].number != 0;
        r->passed = r->passed && r->check[i].ok;
    }
    if (r->diagnosis.kind == LAB_GOOD && !r->passed)
        r->diagnosis.kind = LAB_CHECK;
}
