/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell-docs-network: writes the traffic generator's keys into docs/network.md, between two marker
 * lines, or checks that they are there.
 *
 *     doorbell-docs-network FILE           rewrite the table
 *     doorbell-docs-network --check FILE   compare; exit status 1 if it differs */
#include "dev/netgen.h"
#include "docs/gen/section.h"

/* "|" ends a column; line ends are for the terminal's help. */
static void put_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            fputs("\\|", out);
        else if (*text == '\n')
            text += strspn(text, "\n ") - 1, fputc(' ', out);
        else
            fputc(*text, out);
    }
}

static void put_keys(FILE *out)
{
    fputs("\n| key | values | | the guest's, too |\n| --- | --- | --- | --- |\n", out);
    for (const struct netgen_key *k = netgen_keys; k->name; k++) {
        fprintf(out, "| `%s` | `", k->name);
        put_text(out, k->values);
        fputs("` | ", out);
        put_text(out, k->doc);
        fprintf(out, " | %s |\n", k->scope == NETGEN_STREAM ? "yes" : "");
    }
    fputs("\n", out);
}

int main(int argc, char **argv)
{
    return section_main(argc, argv, &(struct section){
        "<!-- keys: made from the program's table; `ninja docs` writes it anew -->\n",
        "<!-- end of keys -->\n", put_keys});
}
