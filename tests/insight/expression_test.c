/* SPDX-License-Identifier: Apache-2.0 */
#include "insight/expression.h"

#include "base/hash.h"
#include "tests/check.h"

#include <stdlib.h>

static struct err err;
static struct expression_value value;
static struct expression_name asked;

/* five = 5; copy.time = 100, copy[64].time = 6.4; all else is unknown. */
static int value_of(void *ctx, const struct expression_name *n, double *v, struct err *why)
{
    (void)ctx;
    asked = *n;
    if (!n->has_section && !strcmp(n->metric, "five"))
        *v = 5;
    else if (n->has_section && !strcmp(n->section, "copy") && !strcmp(n->metric, "time"))
        *v = n->has_x ? n->x / 10 : n->has_device ? 7 : 100;
    else
        return err_set(why, "there is no %s", n->metric);
    return 0;
}

static int eval(const char *text)
{
    const struct expression_env env = {.value = value_of, .output = "two lines\nand \"more\"\n"};

    err.text[0] = '\0';
    return expression_eval(text, &env, &value, &err);
}

static double number(const char *text)
{
    CHECK(!eval(text));
    CHECK(!value.truth);
    return value.number;
}

static bool truth(const char *text)
{
    CHECK(!eval(text));
    CHECK(value.truth);
    return value.number != 0;
}

static void says(const char *text, const char *what)
{
    CHECK(eval(text) == -1);
    if (!strstr(err.text, what)) {
        printf("  %s: %s\n", text, err.text);
        CHECK(!"another error");
    }
}

static void test_numbers_have_units(void)
{
    CHECK(number("12") == 12);
    CHECK(number("0.5") == 0.5);
    CHECK(number(".25") == 0.25);
    CHECK(number("0x1f") == 31);
    CHECK(number("20us") == 20000);
    CHECK(number("1.5ms") == 1.5e6);
    CHECK(number("2s") == 2e9);
    CHECK(number("500ps") == 0.5);
    CHECK(number("4KiB") == 4096);
    CHECK(number("1MiB") == 1048576);
    CHECK(number("5%") == 0.05);
    says("3 parsecs", "column 3");
    says("3parsecs", "no unit");
    says("0x", "");
    says("1111111111111111111111111111111111111111111111111", "digits");
}

static void test_products_bind_closer_than_sums(void)
{
    CHECK(number("1 + 2 * 3") == 7);
    CHECK(number("(1 + 2) * 3") == 9);
    CHECK(number("10 - 4 - 3") == 3);
    CHECK(number("16 / 4 / 2") == 2);
    CHECK(number("-2 * -3") == 6);
    CHECK(number("- -2") == 2);
    CHECK(number("min(3, 1 + 1)") == 2);
    CHECK(number("max(3, five)") == 5);
    CHECK(number("abs(2 - 5)") == 3);
    says("1 / (five - 5)", "division by zero");
}

static void test_comparisons_and_truth(void)
{
    CHECK(truth("1 < 2"));
    CHECK(!truth("2 < 1"));
    CHECK(truth("2 <= 2"));
    CHECK(truth("2 >= 2"));
    CHECK(truth("2 == 2"));
    CHECK(truth("2 != 3"));
    CHECK(!truth("2 > 2"));
    CHECK(truth("1 < 2 and 2 < 3"));
    CHECK(!truth("1 < 2 and 3 < 2"));
    CHECK(truth("3 < 2 or 2 < 3"));
    CHECK(truth("1 < 2 or 1 < 2 and 3 < 2")); /* and binds closer */
    CHECK(truth("not 3 < 2"));
    CHECK(truth("not (1 < 2 and 3 < 2)"));
    says("1 < 2 < 3", "one comparison");
    says("1 = 2", "==");
    says("1 and 2", "true or false");
    says("(1 < 2) + 1", "a number belongs");
    says("not 1", "true or false");
    says("-(1 < 2)", "a number belongs");
    /* What is wrong on the right is told, whatever the left says. */
    says("1 < 2 or nothing < 3", "there is no nothing");
}

static void test_names_have_sections_x_and_devices(void)
{
    CHECK(number("five") == 5);
    CHECK(number("copy.time") == 100);
    CHECK(number("copy[64].time") == 6.4);
    CHECK(number("copy[4KiB].time") == 409.6);
    CHECK(number("copy[2 * five].time") == 1);
    CHECK(number("copy.uart0.time") == 7);
    CHECK_EQ_STR(asked.device, "uart0");
    CHECK(number("copy[1].uart0.time") == 0.1);
    says("copy[64]", "a measure belongs here");
    says("copy[64.time", "no unit");
    says("copy[64 .time", "] is missing");
    says("copy.", "a name belongs here");
    says("copy.a.time.c", "should end here");
    says("2 + six", "column 5: there is no six");
}

static void test_the_output_is_searched(void)
{
    CHECK(truth("output ~ \"two\""));
    CHECK(truth("output ~ \"lines\\nand\""));
    CHECK(truth("output ~ \"lines\\r\\nand\"")); /* carriage returns are left out on both sides */
    CHECK(truth("output ~ \"\\\"more\\\"\""));
    CHECK(!truth("output ~ \"three\""));
    CHECK(truth("output !~ \"three\" and five == 5"));
    says("output", "~ or !~");
    says("output ~ two", "quotes");
    says("output ~ \"two", "not closed");
}

static void test_errors_say_where(void)
{
    says("", "column 1: it ends");
    says("1 +", "column 4: it ends");
    says("(1", "column 3: ) is missing");
    says("1 2", "column 3: it should end here");
    says("five five", "column 6");
    says("#", "column 1: this is no number");
    says("min(1)", "column 6");
    says("max 1", "( is missing");
    says("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "that long");
}

static void test_nesting_is_bounded(void)
{
    enum { DEEP = 200000 };
    static const char with[] = {'(', '-', '['};
    char *text = malloc(DEEP + 1);

    for (size_t i = 0; i < sizeof with; i++) {
        memset(text, with[i], DEEP);
        text[DEEP] = '\0';
        CHECK(eval(text) == -1);
    }
    for (size_t i = 0; i + 4 <= DEEP; i += 4)
        memcpy(text + i, "not ", 4);
    says(text, "nested too deeply");
    for (size_t i = 0; i + 2 <= DEEP; i += 2)
        memcpy(text + i, "a[", 2);
    says(text, "nested too deeply");
    free(text);
    CHECK(number("((((((((((1))))))))))") == 1);
}

/* Pieces of the language in any order: an answer or one error, and never anything else. */
static void test_random_texts_end(void)
{
    static const char *const piece[] = {
        "1", "2.5", "us", "%", "(", ")", "[", "]", ".", ",", "+", "-", "*", "/", "<", "<=", "==", "~",
        "!~", "and ", "or ", "not ", "min", "max(", "abs(", "output", "five", "copy", "time", "\"",
        "\\", " ", "0x", "\x80", "x",
    };
    unsigned good = 0;

    for (unsigned round = 0; round < 20000; round++) {
        char text[200] = "";

        for (unsigned i = 0; i < round % 24; i++) {
            uint64_t h = hash_u64(hash_u64(HASH_START, round), i);

            strcat(text, piece[(h >> 7) % (sizeof piece / sizeof piece[0])]);
        }
        if (!eval(text))
            good++;
        else
            CHECK(err.text[0] != '\0' && !strchr(err.text, '\n'));
    }
    CHECK(good > 20); /* some of them make sense */
}

static void test_numbers_are_written_plainly(void)
{
    char text[40];

    expression_format(17, text, sizeof text);
    CHECK_EQ_STR(text, "17");
    expression_format(-3, text, sizeof text);
    CHECK_EQ_STR(text, "-3");
    expression_format(0.05, text, sizeof text);
    CHECK_EQ_STR(text, "0.05");
    expression_format(1234567.25, text, sizeof text);
    CHECK_EQ_STR(text, "1234567");
    expression_format(1e300, text, sizeof text);
    CHECK_EQ_STR(text, "1e+300");
}

TEST_MAIN(test_numbers_have_units, test_products_bind_closer_than_sums, test_comparisons_and_truth,
          test_names_have_sections_x_and_devices, test_the_output_is_searched,
          test_errors_say_where, test_nesting_is_bounded, test_random_texts_end,
          test_numbers_are_written_plainly)
