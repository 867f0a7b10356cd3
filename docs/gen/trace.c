/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell-docs-trace: writes the table of events into docs/trace.md, between its two marker lines,
 * or checks that it is there.
 *
 *     doorbell-docs-trace FILE           rewrite the table
 *     doorbell-docs-trace --check FILE   compare; exit status 1 if it differs */
#include "docs/gen/section.h"
#include "sim/trace.h"

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

int main(int argc, char **argv)
{
    return section_main(argc, argv, &(struct section){
        "<!-- events: made from src/sim/trace_events.h; `ninja docs` writes it anew -->\n",
        "<!-- end of events -->\n", put_table});
}
