/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lab_report.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "insight/expression.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 24

static const struct lab_rule usual[] = {
    {.name = "time"}, {.name = "busy"}, {.name = "idle"}, {.name = "instructions"},
    {.name = "mmio_loads"}, {.name = "mmio_stores"}, {.name = "interrupts"},
};

/* Cells of a table, row by row; the first row is the heads. */
struct table {
    char **cell;
    size_t cells, capacity, columns;
};

static void put(struct table *t, const char *text)
{
    array_reserve(&t->cell, &t->capacity, t->cells + 1, sizeof *t->cell);
    t->cell[t->cells++] = xstrdup(text);
}

/* The first column to the left, the others to the right. */
static void print_table(const struct table *t, FILE *out)
{
    for (size_t i = 0; i < t->cells; i++) {
        size_t column = i % t->columns, width = 0;

        for (size_t k = column; k < t->cells; k += t->columns)
            width = strlen(t->cell[k]) > width ? strlen(t->cell[k]) : width;
        fprintf(out, column ? "%*s" : "%-*s", (int)width, t->cell[i]);
        fputs(column + 1 == t->columns ? "\n" : "   ", out);
    }
}

static void free_table(struct table *t)
{
    for (size_t i = 0; i < t->cells; i++)
        free(t->cell[i]);
    free(t->cell);
}

static void put_row(struct table *t, const struct lab_result *r, const struct lab_rule *column,
                    size_t columns, unsigned section, const uint64_t *x)
{
    const struct measure_section *s = &r->lab->section[section];
    char text[200];

    if (x)
        snprintf(text, sizeof text, "%s %s=%" PRIu64, s->name, s->x_name, *x);
    else
        snprintf(text, sizeof text, "%s", s->name);
    put(t, text);
    for (size_t i = 0; i < columns; i++) {
        const struct measure_metric *metric =
            column[i].expression ? NULL : measure_metric_find(column[i].name);
        double value;

        if (lab_column(r, &column[i], section, x, &value, NULL))
            snprintf(text, sizeof text, "-");
        else
            lab_quantity(value, metric ? metric->unit : "", text, sizeof text);
        put(t, text);
    }
}

static bool was_passed(const struct lab_result *r, unsigned section)
{
    struct measure_of of = {.section = section, .source = -1};
    double runs;

    return !measure_get(r->measure, &of, measure_metric_find("runs"), &runs, NULL) && runs > 0;
}

static void print_explanations(const struct lab_result *r, FILE *out)
{
    for (unsigned i = 0; i < r->lab->sections; i++) {
        const struct measure_section *s = &r->lab->section[i];

        if (was_passed(r, i) ? *s->text != '\0' : !r->diagnosis.text)
            fprintf(out, "  %s: %s%s\n", s->name, s->text,
                    was_passed(r, i) ? "" : " (it was never passed)");
    }
}

static void print_values(const struct lab_result *r, FILE *out)
{
    for (size_t i = 0; i < r->lab->value.count; i++) {
        const struct lab_rule *rule = &r->lab->value.item[i];
        const struct lab_verdict *v = &r->value[i];
        char number[40];

        expression_format(v->number, number, sizeof number);
        if (v->ok)
            fprintf(out, "  %s = %s%s%s\n", rule->name, number, *rule->text ? "   " : "", rule->text);
        else
            fprintf(out, "  %s: none: %s\n", rule->name, v->why);
    }
}

void lab_report_table(const struct lab_result *r, FILE *out)
{
    const struct lab_rule *column = r->lab->column.count ? r->lab->column.item : usual;
    size_t columns = r->lab->column.count ? r->lab->column.count : ARRAY_LEN(usual);
    uint64_t *x = xcalloc(MEASURE_ROWS_MAX, sizeof *x);
    struct table t = {0};

    columns = columns > COLUMNS_MAX ? COLUMNS_MAX : columns;
    t.columns = columns + 1;
    put(&t, "section");
    for (size_t i = 0; i < columns; i++)
        put(&t, column[i].name);
    for (unsigned s = 0; s < r->lab->sections; s++) {
        size_t n = measure_series(r->measure, s, x, MEASURE_ROWS_MAX);

        for (size_t i = 0; i < n && i < MEASURE_ROWS_MAX; i++)
            put_row(&t, r, column, columns, s, &x[i]);
        if (!r->lab->section[s].x_name && was_passed(r, s))
            put_row(&t, r, column, columns, s, NULL);
    }
    if (t.cells > t.columns) {
        fputc('\n', out);
        print_table(&t, out);
        fputc('\n', out);
    }
    print_explanations(r, out);
    if (measure_lost(r->measure))
        fprintf(out, "  (%" PRIu64 " passes were not measured: too many x, or begun and not ended)\n",
                measure_lost(r->measure));
    if (r->lab->value.count && !r->diagnosis.text) {
        fputc('\n', out);
        print_values(r, out);
    }
    free_table(&t);
    free(x);
}

/* ---- the verdict ---- */

static void print_diagnosis(const struct lab_result *r, FILE *out)
{
    const struct lab_diagnosis *d = &r->diagnosis;

    if (!d->text)
        return;
    fprintf(out, "%s: %s", lab_kind_names[d->kind], d->text);
    if (d->where)
        fprintf(out, "; in %s", d->where);
    fputc('\n', out);
    if (lab_print_transactions(r, "", NULL)) {
        fputs("      the last transactions on the bus:\n", out);
        lab_print_transactions(r, "      ", out);
    }
}

/* The last that labs/lib or labs/kernel have said, as `lab check` does not show what is printed. */
static void print_last_words(const struct lab_result *r, FILE *out)
{
    const char *text = measure_output(r->measure, NULL), *last = NULL;
    size_t n;

    for (; *text; text += n + (text[n] == '\n')) {
        n = strcspn(text, "\n");
        if (!strncmp(text, "lab: ", 5))
            last = text;
    }
    if (!last || r->diagnosis.kind != LAB_CHECK)
        return;
    fputs("the program says: ", out);
    for (; *last && *last != '\n'; last++)
        fputc(*last >= ' ' && *last <= '~' ? *last : '.', out);
    fputc('\n', out);
}

void lab_report_verdict(const struct lab_result *r, FILE *out)
{
    print_diagnosis(r, out);
    print_last_words(r, out);
    if (r->interrupted) {
        fprintf(out, "interrupted by signal %d: nothing is checked\n", r->interrupted);
        return;
    }
    /* What a program measures that did not come to its end says little. */
    for (size_t i = 0; i < r->lab->check.count && !r->diagnosis.text; i++) {
        const struct lab_rule *rule = &r->lab->check.item[i];
        const struct lab_verdict *v = &r->check[i];

        fprintf(out, "%s  %s\n", v->ok ? "ok  " : "FAIL", rule->expression);
        if (v->ok)
            continue;
        if (*v->used || v->why)
            fprintf(out, "      %s%s%s\n", v->why ? v->why : "", v->why && *v->used ? "; " : "",
                    v->used);
        if (*rule->text)
            fprintf(out, "      hint: %s\n", rule->text);
    }
}
