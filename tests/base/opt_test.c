/* SPDX-License-Identifier: Apache-2.0 */
#include "base/opt.h"

#include "tests/check.h"

#include <stdlib.h>

struct target {
    bool quick;
    const char *file;
    uint64_t harts, memory, limit;
    unsigned level;
    unsigned calls;
    char last[32];
};

static int take(void *target, const char *value, struct err *err)
{
    struct target *t = target;

    if (value && strcmp(value, "bad") == 0)
        return err_set(err, "no good");
    t->calls++;
    snprintf(t->last, sizeof t->last, "%s", value ? value : "none");
    return 0;
}

static const char *const levels[] = {"off", "io", NULL};

static const struct opt table[] = {
    {NULL, OPT_GROUP, .help = "A heading:"},
    {"quick", OPT_FLAG, .help = "be quick", .offset = offsetof(struct target, quick)},
    {"file", OPT_TEXT, "F", NULL, "a file", offsetof(struct target, file)},
    {"harts", OPT_NUMBER, "N", "1", "how many", offsetof(struct target, harts), 1, 16},
    {"memory", OPT_SIZE, "SIZE", "1G", "how much", offsetof(struct target, memory), 1 << 20,
     UINT64_C(1) << 40},
    {"limit", OPT_TIME, "TIME", NULL, "how long\nat most", offsetof(struct target, limit)},
    {"level", OPT_CHOICE, "L", "io", "which", offsetof(struct target, level), .choices = levels},
    {"each", OPT_CALL, "X", NULL, "many", .call = take},
    {"maybe", OPT_MAYBE, "X", NULL, "with or without", .call = take},
    OPT_END,
};

static struct target got;
static struct err err;
static int rest;
static char *words[16];

/* Parses up to six words. */
static int parse(const char *a, const char *b, const char *c, const char *d)
{
    const char *given[] = {a, b, c, d};
    int n = 0;

    memset(&got, 0, sizeof got);
    err.text[0] = '\0';
    while (n < 4 && given[n]) {
        words[n] = (char *)(uintptr_t)given[n];
        n++;
    }
    return opt_parse(table, &got, n, words, &rest, &err);
}

static void test_defaults_come_from_the_table(void)
{
    CHECK(parse(NULL, NULL, NULL, NULL) == 0);
    CHECK_EQ_U64(got.harts, 1);
    CHECK_EQ_U64(got.memory, UINT64_C(1) << 30);
    CHECK_EQ_U64(got.level, 1);
    CHECK(!got.quick && !got.file && !got.limit);
}

static void test_both_spellings_of_a_value(void)
{
    CHECK(parse("--harts=4", "--memory", "512M", "--quick") == 0);
    CHECK_EQ_U64(got.harts, 4);
    CHECK_EQ_U64(got.memory, 512 << 20);
    CHECK(got.quick);
    CHECK(parse("--file=a=b", "--limit=5ms", NULL, NULL) == 0);
    CHECK_EQ_STR(got.file, "a=b");
    CHECK_EQ_U64(got.limit, UINT64_C(5000000000));
}

static void test_last_scalar_holds_and_calls_see_each(void)
{
    CHECK(parse("--each=one", "--each", "two", NULL) == 0);
    CHECK_EQ_U64(got.calls, 2);
    CHECK_EQ_STR(got.last, "two");
    CHECK(parse("--level=off", "--level=io", NULL, NULL) == 0);
    CHECK_EQ_U64(got.level, 1);
}

/* What follows is no value of its own. */
static void test_a_value_that_may_be_left_out(void)
{
    CHECK(parse("--maybe", "word", NULL, NULL) == 0);
    CHECK_EQ_STR(got.last, "none");
    CHECK_EQ_U64((uint64_t)rest, 1);
    CHECK(parse("--maybe=a", "--quick", NULL, NULL) == 0);
    CHECK_EQ_STR(got.last, "a");
    CHECK(parse("--maybe=bad", NULL, NULL, NULL) == -1);
    CHECK_EQ_STR(err.text, "--maybe: no good");
}

static void test_arguments_stay_in_order(void)
{
    CHECK(parse("one", "--quick", "--", "--two") == 0);
    CHECK_EQ_U64((uint64_t)rest, 2);
    CHECK_EQ_STR(words[0], "one");
    CHECK_EQ_STR(words[1], "--two");
    CHECK(parse("-", NULL, NULL, NULL) == 0);
    CHECK_EQ_U64((uint64_t)rest, 1);
}

static void check_error(const char *a, const char *b, const char *text)
{
    CHECK(parse(a, b, NULL, NULL) == -1);
    CHECK_EQ_STR(err.text, text);
}

static void test_errors_say_what_is_accepted(void)
{
    check_error("--hart", "2", "unknown option --hart: did you mean --harts?");
    check_error("--zzzzzz", NULL, "unknown option --zzzzzz (--help lists them)");
    check_error("-q", NULL, "unknown option -q: options begin with two dashes (--help lists them)");
    check_error("--harts", NULL, "--harts needs a value: --harts N");
    check_error("--harts", "17", "--harts 17 is out of range: 1 to 16");
    check_error("--harts", "two", "--harts takes a number, not \"two\"");
    check_error("--memory", "1K", "--memory 1K is out of range: 1M to 1T");
    check_error("--memory=big", NULL, "--memory takes a size such as 512M or 1G, not \"big\"");
    check_error("--limit", "10", "--limit takes a time such as 10s, 5ms or 200ns, not \"10\"");
    check_error("--level", "full", "--level is one of off, io, not \"full\"");
    check_error("--quick=1", NULL, "--quick takes no value");
    check_error("--each", "bad", "--each: no good");
}

static void test_help_is_asked_for(void)
{
    CHECK(parse("--help", NULL, NULL, NULL) == OPT_HELP);
    CHECK(parse("x", "-h", NULL, NULL) == OPT_HELP);
}

static void test_help_names_every_option(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    opt_help(table, out);
    fclose(out);
    for (const struct opt *o = table; o->name || o->kind == OPT_GROUP; o++)
        CHECK(strstr(text, o->name ? o->name : o->help) != NULL);
    CHECK(strstr(text, "(default: 1G)") != NULL);
    CHECK(strstr(text, "at most") != NULL);
    free(text);
}

TEST_MAIN(test_defaults_come_from_the_table, test_both_spellings_of_a_value,
          test_last_scalar_holds_and_calls_see_each,
          test_a_value_that_may_be_left_out, test_arguments_stay_in_order,
          test_errors_say_what_is_accepted, test_help_is_asked_for, test_help_names_every_option)
