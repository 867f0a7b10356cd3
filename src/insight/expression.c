/* SPDX-License-Identifier: Apache-2.0 */
/* Recursive descent, one function a level:
 *
 *     either  = both { "or" both }
 *     both    = inverse { "and" inverse }
 *     inverse = "not" inverse | compare
 *     compare = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]  |  "output" ("~" | "!~") text
 *     sum     = product { ("+" | "-") product }
 *     product = sign { ("*" | "/") sign }
 *     sign    = "-" sign | atom
 *     atom    = number [unit] | name | call | "(" either ")" */
#include "insight/expression.h"

#include "base/bits.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64 /* of parentheses, signs and nots: bounds the host's stack */

struct parser {
    const char *text, *p;
    const struct expression_env *env;
    struct err *err;
    unsigned depth;
};

static int either(struct parser *s, struct expression_value *v);

static int fail(struct parser *s, const char *at, const char *what)
{
    return err_set(s->err, "column %zu: %s", (size_t)(at - s->text) + 1, what);
}

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static void blanks(struct parser *s)
{
    s->p += strspn(s->p, " \t");
}

/* The length of the word at p. */
static size_t word_length(const char *p)
{
    size_t n = 0;

    if (letter(*p))
        while (letter(p[n]) || digit(p[n]))
            n++;
    return n;
}

/* Takes this word or sign, if it is next. */
static bool take(struct parser *s, const char *what)
{
    size_t n = strlen(what);

    blanks(s);
    if (strncmp(s->p, what, n) || (letter(*what) && word_length(s->p) != n))
        return false;
    s->p += n;
    return true;
}

static int number_of(struct parser *s, const char *at, const struct expression_value *v)
{
    return v->truth ? fail(s, at, "a number belongs here, this is true or false") : 0;
}

static int truth_of(struct parser *s, const char *at, const struct expression_value *v)
{
    return v->truth ? 0 : fail(s, at, "true or false belongs here (compare it with something)");
}

/* ---- atoms ---- */

static const struct unit {
    const char *name;
    double factor;
} units[] = {
    {"ps", 0.001}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"B", 1}, {"KiB", 1024},
    {"MiB", 1048576}, {"GiB", 1073741824},
};

static int unit(struct parser *s, struct expression_value *v)
{
    size_t n = word_length(s->p);

    if (*s->p == '%') {
        s->p++;
        v->number /= 100;
        return 0;
    }
    if (!n)
        return 0;
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (strlen(units[i].name) == n && !memcmp(units[i].name, s->p, n)) {
            s->p += n;
            v->number *= units[i].factor;
            return 0;
        }
    return fail(s, s->p, "no unit that is known: ps ns us ms s, B KiB MiB GiB, %");
}

static int number(struct parser *s, struct expression_value *v)
{
    const char *start = s->p;
    double scale = 1;

    *v = (struct expression_value){0};
    if (s->p[0] == '0' && (s->p[1] == 'x' || s->p[1] == 'X')) {
        char *end;
        v->number = (double)strtoull(s->p, &end, 16);
        s->p = end;
        return word_length(s->p) ? fail(s, start, "not a number") : 0;
    }
    for (; digit(*s->p); s->p++)
        v->number = v->number * 10 + (*s->p - '0');
    if (*s->p == '.')
        for (s->p++; digit(*s->p); s->p++) {
            v->number = v->number * 10 + (*s->p - '0');
            scale *= 10;
        }
    v->number /= scale;
    if (s->p - start > 40)
        return fail(s, start, "a number of that many digits");
    return unit(s, v);
}

static int word(struct parser *s, char out[EXPRESSION_WORD_MAX])
{
    size_t n = word_length(s->p);

    if (!n)
        return fail(s, s->p, "a name belongs here");
    if (n >= EXPRESSION_WORD_MAX)
        return fail(s, s->p, "a name that long");
    memcpy(out, s->p, n);
    out[n] = '\0';
    s->p += n;
    return 0;
}

static int index_of(struct parser *s, struct expression_name *name)
{
    struct expression_value x;
    const char *at = s->p;

    if (either(s, &x) || number_of(s, at, &x))
        return -1;
    if (!take(s, "]"))
        return fail(s, s->p, "] is missing");
    name->has_x = true;
    name->x = x.number;
    return *s->p == '.' ? 0 : fail(s, s->p, "a measure belongs here, as in copy[64].time");
}

static int name(struct parser *s, struct expression_value *v)
{
    struct expression_name n = {.has_section = false};
    const char *start = s->p;
    struct err why;

    *v = (struct expression_value){0};
    if (word(s, n.metric))
        return -1;
    if (*s->p == '[') {
        s->p++;
        if (index_of(s, &n))
            return -1;
    }
    if (*s->p == '.') {
        n.has_section = true;
        memcpy(n.section, n.metric, sizeof n.section);
        s->p++;
        if (word(s, n.metric))
            return -1;
    }
    if (*s->p == '.') {
        n.has_device = true;
        memcpy(n.device, n.metric, sizeof n.device);
        s->p++;
        if (word(s, n.metric))
            return -1;
    }
    if (s->env->value(s->env->ctx, &n, &v->number, &why))
        return err_set(s->err, "column %zu: %s", (size_t)(start - s->text) + 1, why.text);
    return 0;
}

/* min(a, b), max(a, b), abs(a); the word has been taken. */
static int call(struct parser *s, char what, struct expression_value *v)
{
    struct expression_value other;
    const char *at;

    if (!take(s, "("))
        return fail(s, s->p, "( is missing");
    at = s->p;
    if (either(s, v) || number_of(s, at, v))
        return -1;
    if (what == 'a') {
        v->number = v->number < 0 ? -v->number : v->number;
    } else {
        if (!take(s, ","))
            return fail(s, s->p, "a comma and a second number belong here");
        at = s->p;
        if (either(s, &other) || number_of(s, at, &other))
            return -1;
        if (what == '<' ? other.number < v->number : other.number > v->number)
            *v = other;
    }
    return take(s, ")") ? 0 : fail(s, s->p, ") is missing");
}

/* A quoted text, unescaped (\n, \t, \", \\; \r is nothing: the output has none); the caller frees it. */
static char *quoted(struct parser *s)
{
    const char *start = s->p;
    char *out, *to;

    blanks(s);
    if (*s->p != '"') {
        fail(s, s->p, "a text in \"quotes\" belongs here");
        return NULL;
    }
    to = out = malloc(strlen(s->p) + 1);
    if (!out) {
        fail(s, start, "out of memory");
        return NULL;
    }
    for (s->p++; *s->p && *s->p != '"'; s->p++) {
        char c = *s->p;

        if (c == '\\' && s->p[1]) {
            c = *++s->p;
            if (c == 'r')
                continue;
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
        }
        *to++ = c;
    }
    *to = '\0';
    if (*s->p == '"') {
        s->p++;
        return out;
    }
    free(out);
    fail(s, start, "the quote is not closed");
    return NULL;
}

/* After the word `output`. */
static int output(struct parser *s, struct expression_value *v)
{
    bool inverse = take(s, "!~");
    char *text;

    if (!inverse && !take(s, "~"))
        return fail(s, s->p, "~ or !~ belongs here, as in output ~ \"done\"");
    text = quoted(s);
    if (!text)
        return -1;
    *v = (struct expression_value){.truth = true,
                   .number = (s->env->output && strstr(s->env->output, text)) != inverse};
    free(text);
    return 0;
}

static int atom(struct parser *s, struct expression_value *v)
{
    blanks(s);
    if (digit(*s->p) || (*s->p == '.' && digit(s->p[1])))
        return number(s, v);
    if (take(s, "(")) {
        if (either(s, v))
            return -1;
        return take(s, ")") ? 0 : fail(s, s->p, ") is missing");
    }
    if (take(s, "min"))
        return call(s, '<', v);
    if (take(s, "max"))
        return call(s, '>', v);
    if (take(s, "abs"))
        return call(s, 'a', v);
    if (take(s, "output"))
        return output(s, v);
    if (letter(*s->p))
        return name(s, v);
    return fail(s, s->p, *s->p ? "this is no number, no name and no parenthesis"
                               : "it ends where a number or a name belongs");
}

/* ---- operators ---- */

/* All that may nest without end goes through here. */
static int deeper(struct parser *s, int (*rule)(struct parser *, struct expression_value *),
                  struct expression_value *v)
{
    int result;

    if (++s->depth > DEPTH_MAX)
        return fail(s, s->p, "nested too deeply");
    result = rule(s, v);
    s->depth--;
    return result;
}

static int sign(struct parser *s, struct expression_value *v)
{
    const char *at;

    if (!take(s, "-"))
        return deeper(s, atom, v);
    at = s->p;
    if (deeper(s, sign, v) || number_of(s, at, v))
        return -1;
    v->number = -v->number;
    return 0;
}

static int product(struct parser *s, struct expression_value *v)
{
    const char *at = s->p, *after;
    struct expression_value other;

    if (sign(s, v))
        return -1;
    for (;;) {
        bool times = take(s, "*");

        if (!times && !take(s, "/"))
            return 0;
        after = s->p;
        if (number_of(s, at, v) || sign(s, &other) || number_of(s, after, &other))
            return -1;
        if (!times && other.number == 0)
            return fail(s, after, "a division by zero");
        v->number = times ? v->number * other.number : v->number / other.number;
    }
}

static int sum(struct parser *s, struct expression_value *v)
{
    const char *at = s->p, *after;
    struct expression_value other;

    if (product(s, v))
        return -1;
    for (;;) {
        bool plus = take(s, "+");

        if (!plus && !take(s, "-"))
            return 0;
        after = s->p;
        if (number_of(s, at, v) || product(s, &other) || number_of(s, after, &other))
            return -1;
        v->number = plus ? v->number + other.number : v->number - other.number;
    }
}

enum relation { NONE, LESS_EQUAL, GREATER_EQUAL, EQUAL, NOT_EQUAL, LESS, GREATER };

static enum relation relation(struct parser *s)
{
    static const char *const sign_of[] = {
        [LESS_EQUAL] = "<=", [GREATER_EQUAL] = ">=", [EQUAL] = "==", [NOT_EQUAL] = "!=",
        [LESS] = "<", [GREATER] = ">",
    };

    for (enum relation r = LESS_EQUAL; r <= GREATER; r++)
        if (take(s, sign_of[r]))
            return r;
    return NONE;
}

static bool holds(enum relation r, double a, double b)
{
    switch (r) {
    case LESS_EQUAL: return a <= b;
    case GREATER_EQUAL: return a >= b;
    case EQUAL: return a == b;
    case NOT_EQUAL: return a != b;
    case LESS: return a < b;
    case GREATER: return a > b;
    case NONE: break;
    }
    return false;
}

static int compare(struct parser *s, struct expression_value *v)
{
    const char *at = s->p, *after;
    enum relation r;
    struct expression_value other;

    if (sum(s, v))
        return -1;
    r = relation(s);
    if (r == NONE) {
        blanks(s);
        return *s->p == '=' ? fail(s, s->p, "equality is written ==") : 0;
    }
    after = s->p;
    if (number_of(s, at, v) || sum(s, &other) || number_of(s, after, &other))
        return -1;
    *v = (struct expression_value){.truth = true, .number = holds(r, v->number, other.number)};
    at = s->p;
    return relation(s) ? fail(s, at, "one comparison at a time; join them with and") : 0;
}

static int inverse(struct parser *s, struct expression_value *v)
{
    const char *at;

    if (!take(s, "not"))
        return compare(s, v);
    at = s->p;
    if (deeper(s, inverse, v) || truth_of(s, at, v))
        return -1;
    v->number = !v->number;
    return 0;
}

/* Both sides are always evaluated: a mistake in either is always told. */
static int both(struct parser *s, struct expression_value *v)
{
    const char *at = s->p, *after;
    struct expression_value other;

    if (inverse(s, v))
        return -1;
    while (take(s, "and")) {
        after = s->p;
        if (truth_of(s, at, v) || inverse(s, &other) || truth_of(s, after, &other))
            return -1;
        v->number = v->number && other.number;
    }
    return 0;
}

static int any(struct parser *s, struct expression_value *v)
{
    const char *at = s->p, *after;
    struct expression_value other;

    if (both(s, v))
        return -1;
    while (take(s, "or")) {
        after = s->p;
        if (truth_of(s, at, v) || both(s, &other) || truth_of(s, after, &other))
            return -1;
        v->number = v->number || other.number;
    }
    return 0;
}

static int either(struct parser *s, struct expression_value *v)
{
    return deeper(s, any, v);
}

int expression_eval(const char *text, const struct expression_env *env,
                    struct expression_value *value, struct err *err)
{
    struct parser s = {.text = text, .p = text, .env = env, .err = err};

    if (either(&s, value))
        return -1;
    blanks(&s);
    return *s.p ? fail(&s, s.p, "it should end here, or an operator is missing") : 0;
}

void expression_format(double value, char *out, size_t size)
{
    double magnitude = value < 0 ? -value : value;

    /* Four digits are what a reader compares; more would be the phase of a clock. */
    if (magnitude < 1e15 && value == (double)(int64_t)value)
        snprintf(out, size, "%lld", (long long)value);
    else if (magnitude < 1e15 && magnitude >= 1000)
        snprintf(out, size, "%.0f", value);
    else
        snprintf(out, size, "%.4g", value);
}
