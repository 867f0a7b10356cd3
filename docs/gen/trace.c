/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell-docs-trace: writes the table of events into docs/trace.md, between its two marker lines,
 * or checks that it is there.
 *
 *     doorbell-docs-trace FILE           rewrite the table
 *     doorbell-docs-trace --check FILE   compare; exit status 1 if it differs */
#include "host/file.h"
#include "sim/trace.h"

#include <stdio.h>
#include <stdlib.h>

#define BEGIN "<!-- events: made from src/sim/trace_events.h; `ninja docs` writes it anew -->\n"
#define END "<!-- end of events -->\n"

static void put_table(FILE *out)
{
    static const char *const units[] = {
        [TRACE_HEX] = "hex", [TRACE_DEC] = "dec", [TRACE_PS] = "ps", [TRACE_BYTES] = "bytes",
        [TRACE_SOURCE] = "source",
    };

    fputs("| event | arguments | what happened |\n| --- | --- | --- |\n", out);
    for (unsigned k = 0; k < TRACE_KIND_COUNT; k++) {
        const struct trace_schema *s = &trace_schema[k];

        fprintf(out, "| `%s` | ", s->name);
        for (unsigned i = 0; i < s->count; i++)
            fprintf(out, "%s%s (%s)", i ? ", " : "", s->args[i].name, units[s->args[i].unit]);
        fprintf(out, " | %s |\n", s->doc);
    }
}

/* The page with its table made anew; NULL when the markers are not there. */
static char *page(const char *old, size_t *size)
{
    const char *begin = strstr(old, BEGIN), *end = begin ? strstr(begin, END) : NULL;
    char *text = NULL;
    FILE *out;

    if (!end || !(out = open_memstream(&text, size)))
        return NULL;
    fwrite(old, 1, (size_t)(begin - old) + strlen(BEGIN), out);
    put_table(out);
    fputs(end, out);
    fclose(out);
    return text;
}

int main(int argc, char **argv)
{
    bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
    const char *path = argc > 1 ? argv[argc - 1] : "";
    struct err err;
    uint8_t *old;
    size_t old_size, size;
    char *text;
    int status = 0;

    if (argc != 2 && !check) {
        fputs("usage: doorbell-docs-trace [--check] FILE\n", stderr);
        return 2;
    }
    if (file_read("page", path, 1 << 20, &old, &old_size, &err)) {
        log_line("%s", err.text);
        return 1;
    }
    text = page((char *)old, &size);
    if (!text) {
        log_line("%s has no place for the table of events", path);
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
