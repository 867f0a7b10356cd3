/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/param.h"

#include "base/bits.h"
#include "base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PATH_BYTES 160 /* no path is longer: names are ours */

struct suffix {
    const char *text;
    uint64_t scale;
};

/* Largest first: formatting takes the first that divides the value. */
static const struct suffix suffixes[][9] = {
    [PARAM_COUNT] = {{"", 1}},
    [PARAM_PS] = {{"s", UINT64_C(1000000000000)}, {"ms", 1000000000}, {"us", 1000000},
                  {"ns", 1000}, {"ps", 1}},
    [PARAM_HZ] = {{"GHz", 1000000000}, {"MHz", 1000000}, {"kHz", 1000}, {"Hz", 1}},
    [PARAM_BYTES] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}},
    [PARAM_RATE] = {{"GB/s", 1000000000}, {"MB/s", 1000000}, {"kB/s", 1000}, {"B/s", 1}},
    [PARAM_TICKS] = {{"", 8}},
    [PARAM_BOOL] = {{"", 1}},
};

/* Units whose smallest suffix may be left out. */
static bool bare_allowed(enum param_unit unit)
{
    return unit != PARAM_PS;
}

/* digits[.digits] scaled by `scale`, exact or not at all. */
static int parse_scaled(const char *text, size_t len, uint64_t scale, uint64_t *value)
{
    uint64_t whole = 0, frac = 0, frac_scale = 1;
    size_t i = 0;
    bool any = false;

    for (; i < len && text[i] >= '0' && text[i] <= '9'; i++, any = true) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (whole > (UINT64_MAX - digit) / 10)
            return -1;
        whole = whole * 10 + digit;
    }
    if (i < len && text[i] == '.')
        for (i++; i < len && text[i] >= '0' && text[i] <= '9'; i++, any = true) {
            if (frac_scale > UINT64_C(100000000000000))
                return -1;
            frac = frac * 10 + (unsigned)(text[i] - '0');
            frac_scale *= 10;
        }
    if (!any || i != len)
        return -1;
    if ((u128)whole * scale > UINT64_MAX || (u128)frac * scale % frac_scale)
        return -1;
    *value = whole * scale;
    frac = muldiv(frac, scale, frac_scale);
    if (*value > UINT64_MAX - frac)
        return -1;
    *value += frac;
    return 0;
}

int param_parse(const struct param *row, const char *text, uint64_t *value, struct err *err)
{
    const struct suffix *s = suffixes[row->unit], *match = NULL;
    size_t len = strlen(text), number = strspn(text, "0123456789."), i;

    for (i = 0; i < ARRAY_LEN(suffixes[0]) && s[i].text; i++)
        if (!strcmp(text + number, s[i].text))
            match = &s[i];
    if (!match && number == len && bare_allowed(row->unit))
        match = &s[i - 1];
    if (!match || parse_scaled(text, number, match->scale, value)) {
        const struct suffix *last = &s[i - 1];
        if (row->unit == PARAM_TICKS)
            return err_set(err, "\"%s\" is not a number of cycles in steps of 0.125", text);
        if (!*last->text)
            return err_set(err, "\"%s\" is not a number", text);
        return err_set(err, "\"%s\" is not a number with a unit from %s to %s, such as 1.5%s", text,
                       last->text, s[0].text, s[i / 2].text);
    }
    if (*value < row->min || *value > row->max) {
        char lo[32], hi[32];
        param_format(row, row->min, lo, sizeof lo);
        param_format(row, row->max, hi, sizeof hi);
        return err_set(err, "\"%s\" is out of range: %s to %s", text, lo, hi);
    }
    return 0;
}

void param_format(const struct param *row, uint64_t value, char *buf, size_t size)
{
    const struct suffix *s = suffixes[row->unit];

    if (row->unit == PARAM_TICKS) {
        static const char *const eighth[] = {"", ".125", ".25", ".375", ".5", ".625", ".75", ".875"};
        snprintf(buf, size, "%" PRIu64 "%s", value / 8, eighth[value % 8]);
        return;
    }
    while (s->scale > 1 && (value == 0 || value % s->scale))
        s++;
    snprintf(buf, size, "%" PRIu64 "%s", value / s->scale, s->text);
}

void params_add(struct params *p, const char *prefix, const struct param *rows, void *values)
{
    struct param_group *g = &p->group[p->count++];

    assert(p->count <= PARAM_GROUPS_MAX);
    *g = (struct param_group){prefix, rows, values};
    for (const struct param *row = rows; row->name; row++) {
        struct err err;
        int rc = param_parse(row, row->value[p->level], param_value(g, row), &err);
        assert(rc == 0 && "a default in a parameter table does not parse");
        (void)rc;
    }
}

int params_set(struct params *p, const char *assignment, struct err *err)
{
    const char *equals = strchr(assignment, '=');
    char path[PATH_BYTES], candidate[PATH_BYTES], best[PATH_BYTES] = "";
    struct text_near near = {.word = path};

    if (!equals)
        return err_set(err, "--set %s: expected path=value", assignment);
    snprintf(path, sizeof path, "%.*s", (int)(equals - assignment), assignment);
    for (unsigned i = 0; i < p->count; i++) {
        const struct param_group *g = &p->group[i];

        for (const struct param *row = g->rows; row->name; row++) {
            uint64_t v;

            snprintf(candidate, sizeof candidate, "%s.%s", g->prefix, row->name);
            if (strcmp(candidate, path) == 0) {
                if (param_parse(row, equals + 1, &v, err))
                    return err_prefix(err, "--set %s", path);
                *param_value(g, row) = v;
                return 0;
            }
            text_near_try(&near, candidate);
            if (near.best == candidate)
                near.best = strcpy(best, candidate);
        }
    }
    if (text_near_get(&near))
        return err_set(err, "--set %s: no such parameter: did you mean %s?", path, best);
    return err_set(err, "--set %s: no such parameter (doorbell run --show-parameters lists them)",
                   path);
}
