/* SPDX-License-Identifier: Apache-2.0 */
#include "docs/gen/section.h"

#include "host/file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The page with its part made anew; NULL when the markers are not there. */
static char *page(const char *old, size_t *size, const struct section *section)
{
    const char *begin = strstr(old, section->begin);
    const char *end = begin ? strstr(begin, section->end) : NULL;
    char *text = NULL;
    FILE *out;

    if (!end || !(out = open_memstream(&text, size)))
        return NULL;
    fwrite(old, 1, (size_t)(begin - old) + strlen(section->begin), out);
    section->put(out);
    fputs(end, out);
    fclose(out);
    return text;
}

int section_main(int argc, char **argv, const struct section *section)
{
    bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
    const char *path = argc > 1 ? argv[argc - 1] : "";
    struct err err;
    uint8_t *old;
    size_t old_size, size;
    char *text;
    int status = 0;

    if (argc != 2 && !check) {
        fprintf(stderr, "usage: %s [--check] FILE\n", argv[0]);
        return 2;
    }
    if (file_read("page", path, 1 << 20, &old, &old_size, &err)) {
        log_line("%s", err.text);
        return 1;
    }
    text = page((char *)old, &size, section);
    if (!text) {
        log_line("%s has no place for the part that is made", path);
        status = 1;
    } else if (check && (size != old_size || memcmp(text, old, size))) {
        log_line("%s is not what the program says: run ninja docs", path);
        status = 1;
    } else if (!check && file_write("page", path, text, size, &err)) {
        log_line("%s", err.text);
        status = 1;
    }
    free(text);
    free(old);
    return status;
}
