/* SPDX-License-Identifier: Apache-2.0 */
/* The command line's own sources are no part of the library: this one is built in. */
#include "cli/words.c"

#include "tests/check.h"

#include <stdio.h>
#include <unistd.h>

static struct words words;
static struct err err;

static size_t split_of(const char *text)
{
    words_fini(&words);
    err.text[0] = '\0';
    return words_split(&words, text, &err) ? SIZE_MAX : words.count;
}

static void test_words_are_between_blanks(void)
{
    CHECK_EQ_U64(split_of(""), 0);
    CHECK_EQ_U64(split_of(" \n\t "), 0);
    CHECK_EQ_U64(split_of(" --job  a\n--harts=2\t"), 3);
    CHECK_EQ_STR(words.word[0], "--job");
    CHECK_EQ_STR(words.word[1], "a");
    CHECK_EQ_STR(words.word[2], "--harts=2");
    CHECK(words.word[3] == NULL);
}

static void test_quotes_and_backslashes_keep_what_they_hold(void)
{
    CHECK_EQ_U64(split_of("--append 'a \"b\" \\c' x\"y 'z\"w \\' '' \"\\\"\""), 6);
    CHECK_EQ_STR(words.word[1], "a \"b\" \\c");
    CHECK_EQ_STR(words.word[2], "xy 'zw");
    CHECK_EQ_STR(words.word[3], "'");
    CHECK_EQ_STR(words.word[4], "");
    CHECK_EQ_STR(words.word[5], "\"");
    CHECK_EQ_U64(split_of("a\\"), 1);
    CHECK_EQ_STR(words.word[0], "a\\");
}

static void test_comments_end_with_the_line(void)
{
    CHECK_EQ_U64(split_of("# all of this\n a#b #c d\ne"), 2);
    CHECK_EQ_STR(words.word[0], "a#b");
    CHECK_EQ_STR(words.word[1], "e");
}

static void test_an_open_quote_is_told(void)
{
    CHECK_EQ_U64(split_of("a 'b"), SIZE_MAX);
    CHECK_EQ_STR(err.text, "a quote (') is not closed");
}

static void test_a_file_is_read(void)
{
    char name[] = "/tmp/doorbell-words-XXXXXX", at[40];
    int fd = mkstemp(name);

    CHECK(fd >= 0 && write(fd, "--job x # y\n", 12) == 12);
    close(fd);
    snprintf(at, sizeof at, "@%s", name);
    CHECK_EQ_U64(split_of(at), 2);
    CHECK_EQ_STR(words.word[1], "x");
    unlink(name);
    CHECK_EQ_U64(split_of(at), SIZE_MAX);
    CHECK(strstr(err.text, name) != NULL);
    words_fini(&words);
}

TEST_MAIN(test_words_are_between_blanks,
          test_quotes_and_backslashes_keep_what_they_hold,
          test_comments_end_with_the_line,
          test_an_open_quote_is_told,
          test_a_file_is_read)
