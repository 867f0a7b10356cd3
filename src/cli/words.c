/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/words.h"

#include "base/alloc.h"
#include "host/file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (UINT64_C(1) << 20)

static void append(struct words *w, char *word)
{
    array_reserve(&w->word, &w->capacity, w->count + 2, sizeof *w->word);
    w->word[w->count++] = word;
    w->word[w->count] = NULL;
}

void words_add(struct words *words, const char *word)
{
    append(words, xstrdup(word));
}

void words_fini(struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        free(words->word[i]);
    free(words->word);
    *words = (struct words){0};
}

static const char *skip_blanks(const char *p)
{
    for (;;) {
        p += strspn(p, " \t\r\n");
        if (*p != '#')
            return p;
        p += strcspn(p, "\n");
    }
}

/* Takes one word from *text; NULL with err when a quote is not closed. */
static char *take(const char **text, struct err *err)
{
    const char *p = *text;
    char *word = xcalloc(strlen(p) + 1, 1), quote = '\0';
    size_t n = 0;

    for (; *p && (quote || !strchr(" \t\r\n", *p)); p++) {
        if (*p == '\\' && quote != '\'' && p[1])
            word[n++] = *++p;
        else if (quote ? *p == quote : *p == '\'' || *p == '"')
            quote = quote ? '\0' : *p;
        else
            word[n++] = *p;
    }
    if (quote) {
        err_set(err, "a quote (%c) is not closed", quote);
        free(word);
        return NULL;
    }
    *text = p;
    return word;
}

static int split(struct words *words, const char *text, struct err *err)
{
    for (text = skip_blanks(text); *text; text = skip_blanks(text)) {
        char *word = take(&text, err);

        if (!word)
            return -1;
        append(words, word);
    }
    return 0;
}

int words_split(struct words *words, const char *text, struct err *err)
{
    uint8_t *data;
    size_t size;
    int result;

    if (*text != '@')
        return split(words, text, err);
    if (file_read("options", text + 1, FILE_BYTES_MAX, &data, &size, err))
        return -1;
    result = split(words, (const char *)data, err);
    free(data);
    return result ? err_prefix(err, "%s", text + 1) : 0;
}
