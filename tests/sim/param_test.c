/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "base/bits.h"
#include "sim/param.h"

struct values {
    uint64_t count, wait_ps, clock_hz, bytes, rate, cost;
};

static const struct param rows[] = {
    PARAM(struct values, count, PARAM_COUNT, "0", "7", 0, 100, "assumed", "a number"),
    PARAM(struct values, wait_ps, PARAM_PS, "0ps", "1.5us", 0, 10000000, "assumed", "a time"),
    PARAM(struct values, clock_hz, PARAM_HZ, "3GHz", "3GHz", 1, UINT64_MAX, "assumed", "a clock"),
    PARAM(struct values, bytes, PARAM_BYTES, "4KiB", "4KiB", 0, UINT64_MAX, "assumed", "a size"),
    PARAM(struct values, rate, PARAM_RATE, "0B/s", "800MB/s", 0, UINT64_MAX, "assumed", "a rate"),
    PARAM(struct values, cost, PARAM_TICKS, "0.5", "2.125", 0, 800, "assumed", "cycles"),
    {0},
};

static struct values values;
static struct params params;

static void start(enum timing_level level)
{
    params = (struct params){.level = level};
    params_add(&params, "dev0", rows, &values);
}

/* The message of an assignment that must be refused and change nothing. */
static const char *refused(const char *assignment)
{
    static struct err err;
    struct values before = values;

    CHECK(params_set(&params, assignment, &err) == -1);
    CHECK(memcmp(&before, &values, sizeof values) == 0);
    return err.text;
}

static void test_level_picks_the_column(void)
{
    start(TIMING_OFF);
    CHECK_EQ_U64(values.count, 0);
    CHECK_EQ_U64(values.wait_ps, 0);
    CHECK_EQ_U64(values.cost, 4);
    start(TIMING_IO);
    CHECK_EQ_U64(values.count, 7);
    CHECK_EQ_U64(values.wait_ps, 1500000);
    CHECK_EQ_U64(values.rate, 800000000);
    CHECK_EQ_U64(values.cost, 17);
}

static void test_set_takes_every_unit(void)
{
    start(TIMING_IO);
    CHECK(params_set(&params, "dev0.wait_ps=0.25ns", NULL) == 0);
    CHECK_EQ_U64(values.wait_ps, 250);
    CHECK(params_set(&params, "dev0.clock_hz=2.5GHz", NULL) == 0);
    CHECK_EQ_U64(values.clock_hz, 2500000000);
    CHECK(params_set(&params, "dev0.bytes=16", NULL) == 0);
    CHECK_EQ_U64(values.bytes, 16);
    CHECK(params_set(&params, "dev0.rate=1.2GB/s", NULL) == 0);
    CHECK_EQ_U64(values.rate, 1200000000);
}

static void test_what_format_writes_parse_reads(void)
{
    static const uint64_t tried[] = {0, 1, 3, 8, 999, 1000, 4096, 123456, 10000000};

    for (const struct param *row = rows; row->name; row++)
        for (size_t i = 0; i < ARRAY_LEN(tried); i++) {
            char text[64];
            uint64_t back = ~tried[i];

            if (tried[i] < row->min || tried[i] > row->max)
                continue;
            param_format(row, tried[i], text, sizeof text);
            CHECK(param_parse(row, text, &back, NULL) == 0);
            CHECK_EQ_U64(back, tried[i]);
        }
}

static void test_a_value_that_is_not_exact_is_refused(void)
{
    start(TIMING_IO);
    CHECK(strstr(refused("dev0.cost=0.3"), "steps of 0.125"));
    CHECK(strstr(refused("dev0.wait_ps=0.5ps"), "\"0.5ps\" is not"));
    CHECK(strstr(refused("dev0.wait_ps=5"), "from ps to s"));
    CHECK(strstr(refused("dev0.count=1x"), "is not a number"));
    CHECK(strstr(refused("dev0.bytes=99999999999999999999"), "is not a number"));
    CHECK(strstr(refused("dev0.count=101"), "out of range: 0 to 100"));
}

static void test_a_misspelt_path_names_the_nearest(void)
{
    start(TIMING_IO);
    CHECK(strstr(refused("dev0.wiat_ps=1ns"), "did you mean dev0.wait_ps?"));
    CHECK(strstr(refused("dev0.clock=1GHz"), "did you mean dev0.clock_hz?"));
    CHECK(strstr(refused("else.where=1"), "--show-parameters"));
    CHECK(strstr(refused("dev0.count"), "path=value"));
}

TEST_MAIN(test_level_picks_the_column, test_set_takes_every_unit,
          test_what_format_writes_parse_reads, test_a_value_that_is_not_exact_is_refused,
          test_a_misspelt_path_names_the_nearest)
