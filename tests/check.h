/* SPDX-License-Identifier: Apache-2.0 */
/* Test harness: one program is one list of functions.
 *
 *     static void test_add_carries(void) { CHECK_EQ_U64(add(1, 2), 3); }
 *     TEST_MAIN(test_add_carries, test_sub_borrows)
 *
 * Prints one line per test, "ok NAME" or "skip NAME: why", and for each check that does not
 * hold "FAIL NAME: FILE:LINE: what".  A failed check does not stop the test: neither assert
 * nor a hidden return, so a check may stand in any function the test calls.
 * Exit status: 0 all held, 1 something failed, 77 every test was skipped.
 * An argument runs only the tests whose name contains it. */
#ifndef TESTS_CHECK_H
#define TESTS_CHECK_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A loop over a million cases that fails everywhere must not print a million lines. */
#define CHECK_LINES_MAX 20

static struct {
    const char *name;                 /* of the running test, name_len bytes */
    int         name_len;
    unsigned    failures;
    const char *skipped;              /* why, or null */
} check_now;

#define CHECK(cond) ((cond) ? (void)0 : check_fail(__FILE__, __LINE__, #cond))
#define CHECK_EQ_U64(got, want) check_eq_u64(__FILE__, __LINE__, #got, (got), (want))
#define CHECK_EQ_STR(got, want) check_eq_str(__FILE__, __LINE__, #got, (got), (want))

/* Says why the running test cannot be done here; the test then returns by itself. */
static inline void check_skip(const char *why)
{
    check_now.skipped = why;
}

static inline void check_fail(const char *file, int line, const char *what)
{
    if (check_now.failures++ < CHECK_LINES_MAX)
        printf("FAIL %.*s: %s:%d: %s\n", check_now.name_len, check_now.name, file, line, what);
}

static inline void check_eq_u64(const char *file, int line, const char *expr, uint64_t got,
                                uint64_t want)
{
    char what[256];

    if (got == want)
        return;
    snprintf(what, sizeof what, "%.150s is 0x%" PRIx64 ", want 0x%" PRIx64, expr, got, want);
    check_fail(file, line, what);
}

static inline void check_eq_str(const char *file, int line, const char *expr, const char *got,
                                const char *want)
{
    char what[768];

    if (got && want && strcmp(got, want) == 0)
        return;
    snprintf(what, sizeof what, "%.150s is \"%.250s\", want \"%.250s\"", expr,
             got ? got : "(null)", want ? want : "(null)");
    check_fail(file, line, what);
}

/* names is the list as the source spells it, so that no test is named twice. */
static inline int check_main(const char *names, void (*const *tests)(void), size_t count,
                             const char *only)
{
    size_t failed = 0, skipped = 0, ran = 0;

    for (size_t i = 0; i < count; i++) {
        char name[128];

        names += strspn(names, ", \n\t");
        check_now.name = names;
        check_now.name_len = (int)strcspn(names, ", \n\t");
        names += check_now.name_len;
        snprintf(name, sizeof name, "%.*s", check_now.name_len, check_now.name);
        if (only && !strstr(name, only))
            continue;
        check_now.failures = 0;
        check_now.skipped = NULL;
        tests[i]();
        ran++;
        failed += check_now.failures > 0;
        skipped += check_now.skipped && !check_now.failures;
        if (check_now.failures > CHECK_LINES_MAX)
            printf("FAIL %s: %u checks in all\n", name, check_now.failures);
        else if (!check_now.failures && check_now.skipped)
            printf("skip %s: %s\n", name, check_now.skipped);
        else if (!check_now.failures)
            printf("ok %s\n", name);
        fflush(stdout);
    }
    if (!ran) {
        printf("FAIL: no test is named like that\n");
        return 1;
    }
    return failed ? 1 : skipped == ran ? 77 : 0;
}

#define TEST_MAIN(...)                                                                     \
    int main(int argc, char **argv)                                                        \
    {                                                                                      \
        static void (*const tests[])(void) = { __VA_ARGS__ };                              \
                                                                                           \
        return check_main(#__VA_ARGS__, tests, sizeof tests / sizeof tests[0],             \
                          argc > 1 ? argv[1] : NULL);                                      \
    }

#endif
