/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell-docs-timing: writes the tables of parameters into docs/timing.md, between its two marker
 * lines, or checks that they are there.
 *
 *     doorbell-docs-timing FILE           rewrite the tables
 *     doorbell-docs-timing --check FILE   compare; exit status 1 if they differ */
#include "cpu/hart/hart.h"
#include "dev/dw_axi_dmac.h"
#include "dev/i82599.h"
#include "dev/nvme_impl.h"
#include "docs/gen/section.h"
#include "machine/classes.h"

static const char *unit_of(const struct param *row)
{
    static const char *const names[] = {
        [PARAM_COUNT] = "number", [PARAM_PS] = "time", [PARAM_HZ] = "frequency",
        [PARAM_BYTES] = "bytes", [PARAM_RATE] = "bytes/s", [PARAM_TICKS] = "cycles",
        [PARAM_BOOL] = "0 or 1",
    };
    return names[row->unit];
}

static void put_source(FILE *out, const char *source)
{
    fprintf(out, strcmp(source, "assumed") ? "%s" : "*%s*", source);
}

static void put_group(FILE *out, const char *prefix, const char *title, const struct param *rows)
{
    fprintf(out, "\n#### `%s`: %s\n\n| parameter | unit | `off` | `io` | meaning | source |\n"
            "| --- | --- | --- | --- | --- | --- |\n", prefix, title);
    for (const struct param *row = rows; row->name; row++) {
        fprintf(out, "| %s | %s | %s | %s | %s | ", row->name, unit_of(row), row->value[TIMING_OFF],
                row->value[TIMING_IO], row->doc);
        put_source(out, row->source);
        fputs(" |\n", out);
    }
}

/* How many parameters there are, and how many of them nobody has published. */
static void count(const struct param *rows, unsigned *all, unsigned *assumed)
{
    for (const struct param *row = rows; row->name; row++) {
        ++*all;
        *assumed += !strcmp(row->source, "assumed");
    }
}

static void put_tables(FILE *out)
{
    char title[160];
    unsigned all = 0, assumed = 0;

    put_group(out, "cpu", "every hart", hart_param_rows);
    put_group(out, "soc", "the way from the harts to the on-chip devices", link_soc_params);
    put_group(out, "memory", "the way of uncached accesses to RAM", link_memory_params);
    put_group(out, "dma0.link",
              "the DMA controller's way to memory; its rate is 8 bytes each way a cycle of its own clock",
              dw_axi_dmac_link_params);
    put_group(out, "nvme0.link",
              "the PCI Express link of a drive; nvme1.link, ... and display0.link likewise",
              link_pcie_params);
    count(hart_param_rows, &all, &assumed);
    count(link_soc_params, &all, &assumed);
    count(link_memory_params, &all, &assumed);
    count(dw_axi_dmac_link_params, &all, &assumed);
    count(link_pcie_params, &all, &assumed);
    put_group(out, "nic0.link", "the PCI Express link of a network controller; nic1.link, ... likewise",
              i82599_link_params);
    put_group(out, "nic0.wire", "its cable, with what may go wrong on it; nic1.wire, ... likewise",
              wire_params);
    count(i82599_link_params, &all, &assumed);
    count(wire_params, &all, &assumed);
    for (const struct nvme_profile *p = nvme_profiles; p->name; p++) {
        snprintf(title, sizeof title, "a drive's controller, profile %s (%s)", p->name, p->title);
        put_group(out, "nvme0", title, p->controller);
        snprintf(title, sizeof title, "its media, profile %s", p->name);
        put_group(out, "nvme0.media", title, p->media);
        count(p->controller, &all, &assumed);
        count(p->media, &all, &assumed);
    }
    for (unsigned i = 0; device_classes[i]; i++)
        if (device_classes[i]->params) {
            put_group(out, device_classes[i]->name, device_classes[i]->title,
                      device_classes[i]->params);
            count(device_classes[i]->params, &all, &assumed);
        }
    fprintf(out, "\n%u values in all, of which %u are assumed.\n", all, assumed);
}

int main(int argc, char **argv)
{
    return section_main(argc, argv, &(struct section){
        "<!-- parameters: made from the program's tables; `ninja docs` writes it anew -->\n",
        "<!-- end of parameters -->\n", put_tables});
}
