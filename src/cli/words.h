/* SPDX-License-Identifier: Apache-2.0 */
/* A command line in a text: words between spaces and line ends, as a shell would see them, with
 * 'quotes', "quotes" and backslashes, and comments from a word that begins with # to the line's
 * end.  Nothing is expanded. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "base/err.h"

#include <stddef.h>

struct words {
    char **word; /* NULL after the last */
    size_t count, capacity;
};

/* Appends a copy. */
void words_add(struct words *words, const char *word);
/* Appends those of a text, or of the file NAME if it is "@NAME"; -1 with err. */
int words_split(struct words *words, const char *text, struct err *err);
void words_fini(struct words *words);

#endif
