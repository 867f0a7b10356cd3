/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell.lab/1 */
#include "cli/lab_report.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

json_t *lab_json_text(const char *text)
{
    json_t *json = json_string(text);
    char *copy;

    if (json)
        return json;
    copy = xstrdup(text);
    for (char *p = copy; *p; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    json = json_string(copy);
    free(copy);
    return json ? json : json_null();
}

/* Whole numbers as such. */
static json_t *number(double v)
{
    json_t *real = NULL;

    if (v > -1e15 && v < 1e15 && v == (double)(json_int_t)v)
        return json_integer((json_int_t)v);
    real = json_real(v); /* NULL: not finite */

    return real ? real : json_null();
}

static json_t *measures(const struct lab_result *r, unsigned section, const uint64_t *x)
{
    struct measure_of of = {.section = section, .has_x = x != NULL, .x = x ? *x : 0, .source = -1};
    json_t *all = json_object();

    for (unsigned i = 0; i < measure_metric_count(); i++) {
        const struct measure_metric *metric = measure_metric(i);
        char name[80];
        double value;

        if (measure_get(r->measure, &of, metric, &value, NULL))
            continue;
        snprintf(name, sizeof name, "%s%s", metric->name, strcmp(metric->unit, "ns") ? "" : "_ns");
        json_object_set_new(all, name, number(value));
    }
    return all;
}

static void add_section(json_t *list, const struct lab_result *r, unsigned section,
                        const uint64_t *x)
{
    bool own = section < r->lab->sections;
    json_t *row = json_pack("{ss}", "name", own ? r->lab->section[section].name : "run");

    if (x) {
        json_object_set_new(row, "x_name", lab_json_text(r->lab->section[section].x_name));
        json_object_set_new(row, "x", number((double)*x));
    }
    json_object_set_new(row, "measures", measures(r, section, x));
    json_array_append_new(list, row);
}

static json_t *sections(const struct lab_result *r)
{
    uint64_t *x = xcalloc(MEASURE_ROWS_MAX, sizeof *x);
    json_t *list = json_array();

    for (unsigned s = 0; s <= r->lab->sections; s++) {
        size_t n = measure_series(r->measure, s, x, MEASURE_ROWS_MAX);

        for (size_t i = 0; i < n && i < MEASURE_ROWS_MAX; i++)
            add_section(list, r, s, &x[i]);
        if (s == r->lab->sections || !r->lab->section[s].x_name)
            add_section(list, r, s, NULL);
    }
    free(x);
    return list;
}

static json_t *text_or_null(const char *text)
{
    return text && *text ? lab_json_text(text) : json_null();
}

static json_t *values(const struct lab_result *r)
{
    json_t *all = json_object();

    for (size_t i = 0; i < r->lab->value.count; i++)
        json_object_set_new(all, r->lab->value.item[i].name,
                            r->value[i].ok ? number(r->value[i].number) : json_null());
    return all;
}

static json_t *checks(const struct lab_result *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->lab->check.count; i++) {
        const struct lab_rule *rule = &r->lab->check.item[i];
        const struct lab_verdict *v = &r->check[i];

        json_array_append_new(list, json_pack("{so sb so so so}", "expression",
                                              lab_json_text(rule->expression),
                                              "ok", v->ok, "measured", text_or_null(v->used),
                                              "error", text_or_null(v->why), "hint",
                                              text_or_null(rule->text)));
    }
    return list;
}

static json_t *transactions(const struct lab_result *r)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    json_t *list = json_array();

    if (!out)
        return list;
    lab_print_transactions(r, "", out);
    fclose(out);
    for (char *line = text; *line;) {
        size_t n = strcspn(line, "\n");

        json_array_append_new(list, json_stringn(line + strspn(line, " "),
                                                 n - strspn(line, " ")));
        line += n + (line[n] == '\n');
    }
    free(text);
    return list;
}

static json_t *output(const struct lab_result *r)
{
    return lab_json_text(measure_output(r->measure, NULL));
}

json_t *lab_report_json(const struct lab_result *r, const char *name)
{
    const struct lab_diagnosis *d = &r->diagnosis;
    bool ended = d->kind == LAB_GOOD || d->kind == LAB_CHECK;

    return json_pack("{ss so sI so sb so sf so so so so so so so so}", "format", "doorbell.lab/1", "lab",
                     lab_json_text(name), "number", (json_int_t)r->lab->number, "title",
                     lab_json_text(r->lab->title), "passed",
                     r->passed, "end", json_string(lab_kind_names[d->kind]), "time_ns",
                     (double)r->end.time_ps / 1000, "exit",
                     ended ? json_integer((json_int_t)r->exit) : json_null(), "what",
                     text_or_null(d->text), "where", text_or_null(d->where), "transactions",
                     d->text ? transactions(r) : json_array(), "sections", sections(r), "values",
                     values(r), "checks", checks(r), "output", output(r));
}
