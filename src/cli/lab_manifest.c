/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lab_manifest.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "base/text.h"
#include "host/file.h"
#include "insight/expression.h"
#include "machine/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (UINT64_C(1) << 20)
#define ITEMS_MAX 256 /* of each kind */
#define MARK_MAX 2047
#define DISK_BYTES_MAX (UINT64_C(1) << 30)

const char *const lab_kind_names[LAB_KINDS] = {
    [LAB_GOOD] = "good", [LAB_HANG] = "hang", [LAB_STUCK] = "stuck", [LAB_TRAP] = "trap",
    [LAB_STACK] = "stack", [LAB_TRAP_STORM] = "trap-storm",
    [LAB_INTERRUPT_STORM] = "interrupt-storm", [LAB_DMA] = "dma", [LAB_CHECK] = "check",
};

struct key {
    const char *name;
    int (*read)(struct lab_manifest *m, char *value, unsigned line, struct err *err);
};

/* ---- words of a value ---- */

static char *skip(char *p)
{
    return p + strspn(p, " \t");
}

/* Cuts the blanks off both ends, in place. */
static char *trimmed(char *p)
{
    size_t n;

    p = skip(p);
    n = strlen(p);
    while (n && strchr(" \t\r", p[n - 1]))
        p[--n] = '\0';
    return p;
}

/* Takes the next word from *p, in place; empty at the end. */
static char *next_word(char **p)
{
    char *word = skip(*p), *end = word + strcspn(word, " \t");

    *p = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

static bool is_word(const char *s)
{
    size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    return n && !s[n] && n < EXPRESSION_WORD_MAX && !(*s >= '0' && *s <= '9');
}

/* Words that expressions take for themselves. */
static bool is_taken(const char *s)
{
    static const char *const taken[] = {"and", "or", "not", "min", "max", "abs", "output", "exit"};

    for (size_t i = 0; i < ARRAY_LEN(taken); i++)
        if (!strcmp(s, taken[i]))
            return true;
    return false;
}

static int bad_name(const char *what, const char *name, struct err *err)
{
    if (!is_word(name))
        return err_set(err, "\"%.40s\" is no name of a %s: letters, digits and _ only", name, what);
    if (is_taken(name))
        return err_set(err, "a %s cannot be called %s: expressions use the word", what, name);
    return 0;
}

/* "expression | text", in place; quotes may hold a bar. */
static char *split_bar(char *p)
{
    bool quote = false;

    for (; *p; p++) {
        if (*p == '\\' && quote && p[1])
            p++;
        else if (*p == '"')
            quote = !quote;
        else if (*p == '|' && !quote) {
            *p = '\0';
            return trimmed(p + 1);
        }
    }
    return p;
}

/* ---- keys with one value ---- */

static int once(char **to, const char *value, struct err *err)
{
    if (*to)
        return err_set(err, "given a second time");
    if (!*value)
        return err_set(err, "nothing is given");
    *to = xstrdup(value);
    return 0;
}

static int read_title(struct lab_manifest *m, char *value, unsigned line, struct err *err)
{
    (void)line;
    return once(&m->title, value, err);
}

static int read_number(struct lab_manifest *m, char *value, unsigned line, struct err *err)
{
    (void)line;
    if (m->number)
        return err_set(err, "given a second time");
    if (text_u64(value, &m->number) || !m->number || m->number > LAB_NUMBER_MAX)
        return err_set(err, "takes a number from 1, not \"%.40s\"", value);
    return 0;
}

static int read_uses(struct lab_manifest *m, char *value, unsigned line, struct err *err)
{
    (void)line;
    if (strcmp(value, "kernel"))
        return err_set(err, "takes only the word kernel, not \"%.40s\"", value);
    m->kernel = true;
    return 0;
}

static int read_machine(struct lab_manifest *m, char *value, unsigned line, struct err *err)
{
    (void)line;
    if (*value == '@')
        return err_set(err, "takes options of doorbell run, no @FILE");
    return words_split(&m->machine, value, err);
}

static int read_limit(struct lab_manifest *m, char *value, unsigned line, struct err *err)
{
    (void)line;
    if (m->limit_ps)
        return err_set(err, "given a second time");
    if (text_time_ps(value, &m->limit_ps) || !m->limit_ps || m->limit_ps > 100 * PS_PER_S)
        return err_set(err, "takes a virtual time up to 100s, as 50ms, not \"%.40s\"", value);
    return 0;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

    return at ? (int)(at - digits) : -1;
}

static int read_input(struct lab_manifest *m, char *value, unsigned line, struct err *err)
{
    char *to;

    (void)line;
    if (once(&m->input, value, err))
        return -1;
    to = m->input;
    for (const char *p = value; *p; p++) {
        char c = *p;

        if (c == '\\') {
            c = *++p;
            if (c == 'n' || c == 'r' || c == 't')
                c = c == 'n' ? '\n' : c == 'r' ? '\r' : '\t';
            else if (c == 'x' && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0 &&
                     (hex_digit(p[1]) || hex_digit(p[2]))) {
                c = (char)(hex_digit(p[1]) << 4 | hex_digit(p[2]));
                p += 2;
            } else if (c != '\\')
                return err_set(err, "a backslash stands before n, r, t, another, or xHH (not 00)");
        }
        *to++ = c;
    }
    *to = '\0';
    if (to - m->input > MACHINE_TYPE_MAX)
        return err_set(err, "at most %u bytes", MACHINE_TYPE_MAX);
    return 0;
}

static int read_disk(struct lab_manifest *m, char *value, unsigned line, struct err *err)
{
    char *name = next_word(&value), *size = trimmed(value);
    struct lab_disk disk = {NULL, 0};

    (void)line;
    if (!*name || *name == '.' || strchr(name, '/'))
        return err_set(err, "takes NAME SIZE, as disk.img 16M; the name is that of a file");
    if (text_size(size, &disk.bytes) || disk.bytes < 4096 || disk.bytes % 4096 ||
        disk.bytes > DISK_BYTES_MAX)
        return err_set(err, "\"%.40s\" is no size from 4K to 1G in steps of 4K", size);
    /* What else is in {work} (lab_build.c, lab_figure.c). */
    if (!strcmp(name, "lab.elf") || !strncmp(name, "figure.", 7))
        return err_set(err, "the name %.40s is taken", name);
    for (size_t i = 0; i < m->disks; i++)
        if (!strcmp(name, m->disk[i].name))
            return err_set(err, "there is a disk %.40s already", name);
    if (m->disks >= 8)
        return err_set(err, "there are 8 already");
    disk.name = xstrdup(name);
    array_reserve(&m->disk, &m->disk_capacity, m->disks + 1, sizeof *m->disk);
    m->disk[m->disks++] = disk;
    return 0;
}

/* ---- sections ---- */

int lab_manifest_section(const struct lab_manifest *m, const char *name)
{
    for (size_t i = 0; i < m->sections; i++)
        if (!strcmp(m->section[i].name, name))
            return (int)i;
    return strcmp(name, "run") ? -1 : (int)m->sections;
}

static int read_bound(struct measure_bound *b, char *word, struct err *err)
{
    struct text_near near = {word, NULL, 0};
    char *source = strchr(word, '@'), *number = strchr(word, '=');

    if (*word >= '0' && *word <= '9') {
        b->kind = TRACE_KIND_mark;
        if (text_u64(word, &b->number) || !b->number || b->number > MARK_MAX)
            return err_set(err, "a mark is a number from 1 to %u, not %.40s", MARK_MAX, word);
        return 0;
    }
    if (number)
        *number++ = '\0';
    if (source)
        *source++ = '\0';
    if (number && text_u64(number, &b->number))
        return err_set(err, "\"%.40s\" is no number (after =, an event's first argument)", number);
    if (!strcmp(word, "mark"))
        return err_set(err, "a mark is given by its number");
    for (unsigned k = 0; k < TRACE_KIND_COUNT; k++) {
        text_near_try(&near, trace_schema[k].name);
        if (!strcmp(word, trace_schema[k].name)) {
            if (number && !trace_schema[k].count)
                return err_set(err, "%s has no argument that could be %s", word, number);
            b->kind = (enum trace_kind)k;
            b->numbered = number != NULL;
            b->source = source ? xstrdup(source) : NULL;
            return 0;
        }
    }
    if (!*word)
        return err_set(err, "takes NAME BEGIN END TEXT, as: copy 10 11 by bytes: the CPU copies");
    if (text_near_get(&near))
        return err_set(err, "there is no event %.40s: did you mean %s?", word, near.best);
    return err_set(err, "\"%.40s\" is neither a mark's number nor an event (docs/trace.md)", word);
}

/* "by WORD: text" makes it a series. */
static void read_series(struct measure_section *s, char *value)
{
    char *text = trimmed(value), *word, *colon;

    if (!strncmp(text, "by ", 3)) {
        word = skip(text + 3);
        colon = strchr(word, ':');
        if (colon && colon == word + strcspn(word, " \t:")) {
            *colon = '\0';
            s->x_name = xstrdup(word);
            text = trimmed(colon + 1);
        }
    }
    s->text = xstrdup(text);
}

static int read_section(struct lab_manifest *m, char *value, unsigned line, struct err *err)
{
    struct measure_section *s;
    char *name = next_word(&value);

    (void)line;
    if (bad_name("section", name, err))
        return -1;
    if (lab_manifest_section(m, name) >= 0)
        return err_set(err, "there is a section %s already", name);
    if (m->sections >= ITEMS_MAX)
        return err_set(err, "there are %u sections already", ITEMS_MAX);
    array_reserve(&m->section, &m->section_capacity, m->sections + 1, sizeof *m->section);
    s = &m->section[m->sections++];
    *s = (struct measure_section){.name = xstrdup(name)};
    if (read_bound(&s->begin, next_word(&value), err) ||
        read_bound(&s->end, next_word(&value), err))
        return -1;
    if (s->begin.kind == TRACE_KIND_mark && s->end.kind == TRACE_KIND_mark &&
        s->begin.number == s->end.number)
        return err_set(err, "it would end with the mark that begins it");
    read_series(s, value);
    return 0;
}

/* ---- expressions ---- */

struct reading {
    const struct lab_manifest *m;
    bool row; /* of a column: measures stand alone */
};

static int known_metric(const char *name, struct err *err)
{
    struct text_near near = {name, NULL, 0};

    if (measure_metric_find(name))
        return 0;
    for (unsigned i = 0; i < measure_metric_count(); i++)
        text_near_try(&near, measure_metric(i)->name);
    if (text_near_get(&near))
        return err_set(err, "there is no measure %s: did you mean %s?", name, near.best);
    return err_set(err, "there is no measure %s (labs/README.md lists them)", name);
}

static bool counted(const struct lab_manifest *m, int section)
{
    return (size_t)section < m->sections && m->section[section].begin.kind == TRACE_KIND_mark &&
           m->section[section].end.kind == TRACE_KIND_mark;
}

/* In place of values: is there such a name? */
static int known(void *ctx, const struct expression_name *n, double *value, struct err *err)
{
    const struct reading *r = ctx;
    int section;

    *value = 1;
    if (!n->has_section) {
        if (n->has_x)
            return err_set(err, "a measure is missing: %s[...].time", n->metric);
        if (r->row)
            return known_metric(n->metric, err);
        if (!strcmp(n->metric, "exit"))
            return 0;
        for (size_t i = 0; i < r->m->value.count; i++)
            if (!strcmp(r->m->value.item[i].name, n->metric))
                return 0;
        return err_set(err, "%s is neither exit nor a value of a line above (of a section: "
                       "SECTION.%s)", n->metric, n->metric);
    }
    section = lab_manifest_section(r->m, n->section);
    if (section < 0)
        return err_set(err, "there is no section %s", n->section);
    if (known_metric(n->metric, err))
        return -1;
    if (n->has_device && !measure_metric_find(n->metric)->of_device)
        return err_set(err, "%s is not measured by device", n->metric);
    if (!strcmp(n->metric, "instructions") && !counted(r->m, section))
        return err_set(err, "instructions are known only of sections between two marks");
    if (n->has_x && ((size_t)section == r->m->sections || !r->m->section[section].x_name))
        return err_set(err, "%s is no series (by NAME:)", n->section);
    return 0;
}

static int check_expression(const struct lab_manifest *m, const char *text, bool row, bool truth,
                            struct err *err)
{
    struct reading reading = {m, row};
    const struct expression_env env = {.ctx = &reading, .value = known};
    struct expression_value v;
    struct err why;

    if (!expression_eval(text, &env, &v, &why)) {
        if (v.truth == truth)
            return 0;
        return err_set(err, truth ? "a check is a comparison, as poll.time < 3us"
                                  : "a number belongs here, this is true or false");
    }
    /* Known only when it runs: sums that come to nothing for values of 1. */
    return strstr(why.text, "division by zero") ? 0 : err_set(err, "%s", why.text);
}

static void free_rule(const struct lab_rule *rule)
{
    free(rule->name);
    free(rule->expression);
    free(rule->text);
}

/* Its texts belong to the list, or are freed. */
static int add_rule(struct lab_rules *rules, const struct lab_rule *rule, struct err *err)
{
    if (rules->count >= ITEMS_MAX) {
        free_rule(rule);
        return err_set(err, "there are %u already", ITEMS_MAX);
    }
    array_reserve(&rules->item, &rules->capacity, rules->count + 1, sizeof *rules->item);
    rules->item[rules->count++] = *rule;
    return 0;
}

/* "NAME = EXPRESSION", in place; NULL when it has no such form. */
static char *named(char *value, char **name)
{
    char *equals = strchr(value, '=');

    if (!equals || equals[1] == '=')
        return NULL;
    *equals = '\0';
    *name = trimmed(value);
    return trimmed(equals + 1);
}

static int read_named(struct lab_manifest *m, struct lab_rules *rules, char *value, bool row,
                      unsigned line, struct err *err)
{
    char *text = split_bar(value), *name, *expression = named(value, &name);
    struct lab_rule rule = {.line = line};

    if (!expression)
        return err_set(err, "takes NAME = EXPRESSION");
    if (bad_name(row ? "column" : "value", name, err) ||
        check_expression(m, expression, row, false, err))
        return -1;
    for (size_t i = 0; i < rules->count; i++)
        if (!strcmp(name, rules->item[i].name))
            return err_set(err, "there is %s already", name);
    rule.name = xstrdup(name);
    rule.expression = xstrdup(expression);
    rule.text = xstrdup(text);
    return add_rule(rules, &rule, err);
}

static int read_value(struct lab_manifest *m, char *value, unsigned line, struct err *err)
{
    return read_named(m, &m->value, value, false, line, err);
}

/* One item of a list: names of measures, or a column of its own. */
static int read_column(struct lab_manifest *m, char *item, unsigned line, struct err *err)
{
    if (strchr(item, '='))
        return read_named(m, &m->column, item, true, line, err);
    while (*(item = skip(item))) {
        char *word = next_word(&item);
        struct lab_rule rule = {.line = line};

        if (known_metric(word, err))
            return -1;
        rule.name = xstrdup(word);
        if (add_rule(&m->column, &rule, err))
            return -1;
    }
    return 0;
}

/* Commas within parentheses are not between items. */
static int read_show(struct lab_manifest *m, char *value, unsigned line, struct err *err)
{
    char *item = value;
    int depth = 0;

    for (char *p = value;; p++) {
        bool last = !*p;

        depth += (*p == '(') - (*p == ')');
        if (!last && (*p != ',' || depth > 0))
            continue;
        *p = '\0';
        if (read_column(m, item, line, err))
            return -1;
        if (last)
            return 0;
        item = p + 1;
    }
}

static int read_check(struct lab_manifest *m, char *value, unsigned line, struct err *err)
{
    char *hint = split_bar(value), *expression = trimmed(value);
    struct lab_rule rule = {.line = line};

    if (check_expression(m, expression, false, true, err))
        return -1;
    rule.expression = xstrdup(expression);
    rule.text = xstrdup(hint);
    return add_rule(&m->check, &rule, err);
}

static int read_broken(struct lab_manifest *m, char *value, unsigned line, struct err *err)
{
    char *text = split_bar(value), *file = next_word(&value), *kind = trimmed(value);
    struct text_near near = {kind, NULL, 0};
    enum lab_kind k = LAB_HANG;

    while (k < LAB_KINDS && strcmp(kind, lab_kind_names[k]))
        text_near_try(&near, lab_kind_names[k++]);
    if (!*file || *file == '.' || strchr(file, '/'))
        return err_set(err, "takes FILE KIND | TEXT; FILE is one of the folder broken");
    if (k == LAB_KINDS)
        return err_set(err, "\"%.40s\" is no kind of end: hang, stuck, trap, stack, trap-storm, "
                       "interrupt-storm, dma, check%s%s%s", kind,
                       text_near_get(&near) ? " (did you mean " : "",
                       text_near_get(&near) ? near.best : "", text_near_get(&near) ? "?)" : "");
    if (m->brokens >= ITEMS_MAX)
        return err_set(err, "there are %u already", ITEMS_MAX);
    array_reserve(&m->broken, &m->broken_capacity, m->brokens + 1, sizeof *m->broken);
    m->broken[m->brokens++] = (struct lab_broken){xstrdup(file), xstrdup(text), k, line};
    return 0;
}

/* ---- the file ---- */

static const struct key keys[] = {
    {"title", read_title}, {"number", read_number}, {"uses", read_uses},
    {"machine", read_machine}, {"disk", read_disk}, {"input", read_input},
    {"limit", read_limit}, {"section", read_section}, {"show", read_show},
    {"value", read_value}, {"check", read_check}, {"broken", read_broken},
};

static int read_line(struct lab_manifest *m, char *text, unsigned line, struct err *err)
{
    struct text_near near = {text, NULL, 0};
    char *value = strchr(text, ':');

    if (!value)
        return err_set(err, "%s:%u: a line is \"key: value\" (or begins with # or a blank)", m->path,
                       line);
    *value++ = '\0';
    text = trimmed(text);
    near.word = text;
    value = trimmed(value);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        text_near_try(&near, keys[i].name);
        if (strcmp(text, keys[i].name))
            continue;
        if (!keys[i].read(m, value, line, err))
            return 0;
        return err_prefix(err, "%s:%u: %s", m->path, line, text);
    }
    if (text_near_get(&near))
        return err_set(err, "%s:%u: there is no key \"%.40s\": did you mean %s?", m->path, line,
                       text, near.best);
    return err_set(err, "%s:%u: there is no key \"%.40s\" (labs/README.md lists them)", m->path,
                   line, text);
}

/* Joins the lines that go on, and reads each; the text is taken apart in place. */
static int read_lines(struct lab_manifest *m, char *text, struct err *err)
{
    char *whole = NULL;
    unsigned line = 0, from = 0;
    int result = 0;

    if (!strncmp(text, "\xef\xbb\xbf", 3)) /* some editors' mark of UTF-8 */
        text += 3;

    while (!result && *text) {
        size_t length = strcspn(text, "\n");
        char *next = text + length + (text[length] == '\n');

        if (text[length])
            text[length] = '\0';
        line++;
        if (*text == '#' || !*trimmed(text)) {
            /* nothing */
        } else if (whole && (*text == ' ' || *text == '\t')) {
            size_t had = strlen(whole);
            char *more = trimmed(text);

            whole = xrealloc(whole, had + strlen(more) + 2);
            whole[had] = ' ';
            memcpy(whole + had + 1, more, strlen(more) + 1);
        } else {
            if (whole)
                result = read_line(m, whole, from, err);
            free(whole);
            whole = xstrdup(text);
            from = line;
        }
        text = next;
    }
    if (!result && whole)
        result = read_line(m, whole, from, err);
    free(whole);
    return result;
}

static int complete(const struct lab_manifest *m, struct err *err)
{
    const char *missing = !m->title ? "title" : !m->number ? "number" : !m->limit_ps ? "limit" : NULL;

    return missing ? err_set(err, "%s: there is no line \"%s: ...\"", m->path, missing) : 0;
}

int lab_manifest_parse(struct lab_manifest *m, const char *path, const char *text, struct err *err)
{
    char *copy = xstrdup(text);
    int result;

    *m = (struct lab_manifest){.path = xstrdup(path)};
    result = read_lines(m, copy, err) || complete(m, err) ? -1 : 0;
    free(copy);
    if (result)
        lab_manifest_free(m);
    return result;
}

/* Text it must be: what follows a zero would not be read, and terminals obey control characters. */
static int check_bytes(const char *path, const uint8_t *data, size_t size, struct err *err)
{
    unsigned line = 1;

    for (size_t i = 0; i < size; i++) {
        bool blank = data[i] == '\t' || data[i] == '\n' || data[i] == '\r';

        if ((data[i] < ' ' && !blank) || data[i] == 0x7f)
            return err_set(err, "%s:%u: a control character (0x%02x)", path, line, data[i]);
        line += data[i] == '\n';
    }
    return 0;
}

int lab_manifest_read(struct lab_manifest *m, const char *path, struct err *err)
{
    uint8_t *data;
    size_t size;
    int result;

    *m = (struct lab_manifest){0};
    if (file_read("lab", path, FILE_BYTES_MAX, &data, &size, err))
        return -1;
    result = check_bytes(path, data, size, err) ||
             lab_manifest_parse(m, path, (const char *)data, err) ? -1 : 0;
    free(data);
    return result;
}

static void free_rules(struct lab_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        free_rule(&rules->item[i]);
    free(rules->item);
}

void lab_manifest_free(struct lab_manifest *m)
{
    for (size_t i = 0; i < m->sections; i++) {
        free((char *)m->section[i].name);
        free((char *)m->section[i].text);
        free((char *)m->section[i].x_name);
        free((char *)m->section[i].begin.source);
        free((char *)m->section[i].end.source);
    }
    for (size_t i = 0; i < m->brokens; i++) {
        free(m->broken[i].file);
        free(m->broken[i].text);
    }
    for (size_t i = 0; i < m->disks; i++)
        free(m->disk[i].name);
    free_rules(&m->column);
    free_rules(&m->value);
    free_rules(&m->check);
    words_fini(&m->machine);
    free(m->section);
    free(m->broken);
    free(m->disk);
    free(m->input);
    free(m->title);
    free(m->path);
    *m = (struct lab_manifest){0};
}
