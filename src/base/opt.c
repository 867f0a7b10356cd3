/* SPDX-License-Identifier: Apache-2.0 */
#include "base/opt.h"

#include "base/bits.h"
#include "base/text.h"

#include <assert.h>

static bool row_ends(const struct opt *o)
{
    return !o->name && o->kind != OPT_GROUP;
}

static int out_of_range(const struct opt *o, const char *value, struct err *err)
{
    char low[32], high[32];

    if (o->kind == OPT_SIZE) {
        text_size_format(o->min, low, sizeof low);
        text_size_format(o->max, high, sizeof high);
        return err_set(err, "--%s %s is out of range: %s to %s", o->name, value, low, high);
    }
    return err_set(err, "--%s %s is out of range: %llu to %llu", o->name, value,
                   (unsigned long long)o->min, (unsigned long long)o->max);
}

static int set_number(const struct opt *o, void *at, const char *value, struct err *err)
{
    uint64_t v = 0;
    int bad;
    const char *form;

    if (o->kind == OPT_SIZE) {
        bad = text_size(value, &v);
        form = "a size such as 512M or 1G";
    } else if (o->kind == OPT_TIME) {
        bad = text_time_ps(value, &v);
        form = "a time such as 10s, 5ms or 200ns";
    } else {
        bad = text_u64(value, &v);
        form = "a number";
    }
    if (bad)
        return err_set(err, "--%s takes %s, not \"%s\"", o->name, form, value);
    if (o->max && (v < o->min || v > o->max))
        return out_of_range(o, value, err);
    *(uint64_t *)at = v;
    return 0;
}

static int set_choice(const struct opt *o, void *at, const char *value, struct err *err)
{
    char list[200] = "";
    size_t used = 0;

    for (unsigned i = 0; o->choices[i]; i++) {
        if (strcmp(value, o->choices[i]) == 0) {
            *(unsigned *)at = i;
            return 0;
        }
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                                     o->choices[i]);
    }
    return err_set(err, "--%s is one of %s, not \"%s\"", o->name, list, value);
}

static int set_value(const struct opt *o, void *target, const char *value, struct err *err)
{
    void *at = (char *)target + o->offset;

    switch (o->kind) {
    case OPT_FLAG:
        *(bool *)at = true;
        return 0;
    case OPT_TEXT:
        *(const char **)at = value;
        return 0;
    case OPT_NUMBER:
    case OPT_SIZE:
    case OPT_TIME:
        return set_number(o, at, value, err);
    case OPT_CHOICE:
        return set_choice(o, at, value, err);
    case OPT_CALL:
    case OPT_MAYBE:
        if (!o->call(target, value, err))
            return 0;
        return err_prefix(err, "--%s", o->name);
    case OPT_GROUP:
        break;
    }
    return -1;
}

static void set_presets(const struct opt *table, void *target)
{
    for (const struct opt *o = table; !row_ends(o); o++) {
        struct err err;

        if (o->kind == OPT_GROUP || o->kind == OPT_CALL || o->kind == OPT_MAYBE ||
            o->kind == OPT_FLAG || !o->preset)
            continue;
        /* A wrong default is a mistake in the table, not of the user. */
        if (set_value(o, target, o->preset, &err))
            assert(!"default of an option");
    }
}

static const struct opt *find(const struct opt *table, const char *name, size_t length)
{
    for (const struct opt *o = table; !row_ends(o); o++)
        if (o->name && strlen(o->name) == length && memcmp(o->name, name, length) == 0)
            return o;
    return NULL;
}

static int unknown(const struct opt *table, const char *word, size_t length, struct err *err)
{
    char name[64];
    struct text_near near = {name, NULL, 0};

    snprintf(name, sizeof name, "%.*s", (int)u64_min(length, sizeof name - 1), word);
    for (const struct opt *o = table; !row_ends(o); o++)
        if (o->name)
            text_near_try(&near, o->name);
    text_near_try(&near, "help");
    if (text_near_get(&near))
        return err_set(err, "unknown option --%s: did you mean --%s?", name, near.best);
    return err_set(err, "unknown option --%s (--help lists them)", name);
}

/* Parses the option at argv[*i] and leaves *i on its last word. */
static int parse_one(const struct opt *table, void *target, int argc, char **argv, int *i,
                     struct err *err)
{
    const char *word = argv[*i] + 2, *value = strchr(word, '=');
    size_t length = value ? (size_t)(value - word) : strlen(word);
    const struct opt *o = find(table, word, length);

    if (!o)
        return unknown(table, word, length, err);
    if (o->kind == OPT_FLAG && value)
        return err_set(err, "--%s takes no value", o->name);
    if (value) {
        value++;
    } else if (o->kind != OPT_FLAG && o->kind != OPT_MAYBE) {
        if (*i + 1 >= argc)
            return err_set(err, "--%s needs a value: --%s %s", o->name, o->name, o->arg);
        value = argv[++*i];
    }
    return set_value(o, target, value, err);
}

int opt_parse(const struct opt *table, void *target, int argc, char **argv, int *rest,
              struct err *err)
{
    bool ended = false;

    *rest = 0;
    set_presets(table, target);
    for (int i = 0; i < argc; i++) {
        char *word = argv[i];

        if (ended || word[0] != '-' || word[1] == '\0') {
            argv[(*rest)++] = word;
        } else if (strcmp(word, "--") == 0) {
            ended = true;
        } else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
            return OPT_HELP;
        } else if (word[1] != '-') {
            return err_set(err, "unknown option %s: options begin with two dashes (--help lists "
                           "them)", word);
        } else if (parse_one(table, target, argc, argv, &i, err)) {
            return -1;
        }
    }
    return 0;
}

#define HELP_COLUMN 26

void opt_help(const struct opt *table, FILE *out)
{
    bool grouped = false;

    for (const struct opt *o = table; !row_ends(o); o++) {
        const char *line = o->help;
        int width;

        if (o->kind == OPT_GROUP) {
            fprintf(out, "\n%s\n", o->help);
            grouped = true;
            continue;
        }
        if (o->kind == OPT_MAYBE)
            width = fprintf(out, "  --%s[=%s]", o->name, o->arg);
        else
            width = fprintf(out, "  --%s%s%s", o->name, o->arg ? " " : "", o->arg ? o->arg : "");
        if (width >= HELP_COLUMN) {
            fputc('\n', out);
            width = 0;
        }
        for (;;) {
            size_t length = strcspn(line, "\n");

            fprintf(out, "%*s%.*s", HELP_COLUMN - width, "", (int)length, line);
            width = 0;
            line += length;
            if (!*line++)
                break;
            fputc('\n', out);
        }
        if (o->preset)
            fprintf(out, " (default: %s)", o->preset);
        fputc('\n', out);
    }
    fprintf(out, "%s  %-*s%s\n", grouped ? "\n" : "", HELP_COLUMN - 2, "--help", "this text");
}
