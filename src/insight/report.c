/* SPDX-License-Identifier: Apache-2.0 */
#include "insight/report.h"

#include "base/bits.h"

#include <inttypes.h>

const char *report_text(const json_t *object, const char *key, const char *otherwise)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s ? s : otherwise;
}

static void print_drives(const json_t *machine, FILE *out)
{
    const json_t *drive;
    size_t i;

    json_array_foreach(json_object_get(machine, "nvme"), i, drive)
        fprintf(out, ", %s: %s on PCIe Gen%" JSON_INTEGER_FORMAT " x%" JSON_INTEGER_FORMAT,
                report_text(drive, "name", "?"), report_text(drive, "profile", "?"),
                json_integer_value(json_object_get(drive, "pcie_generation")),
                json_integer_value(json_object_get(drive, "pcie_lanes")));
}

static void print_nics(const json_t *machine, FILE *out)
{
    const json_t *nic;
    size_t i;

    json_array_foreach(json_object_get(machine, "nic"), i, nic)
        fprintf(out, ", %s: 82599, %" JSON_INTEGER_FORMAT " Gb/s, PCIe x%" JSON_INTEGER_FORMAT
                ", to %s", report_text(nic, "name", "?"),
                json_integer_value(json_object_get(nic, "gigabits")),
                json_integer_value(json_object_get(nic, "pcie_lanes")),
                report_text(nic, "backend", "?"));
}

void report_machine(const json_t *run, FILE *out)
{
    const json_t *m = json_object_get(run, "machine");
    json_int_t harts = json_integer_value(json_object_get(m, "harts"));
    json_int_t mhz = json_integer_value(json_object_get(m, "frequency_hz")) / 1000000;
    json_t *value;
    const char *path;

    fprintf(out, "machine   %" JSON_INTEGER_FORMAT " hart%s %" JSON_INTEGER_FORMAT ".%"
            JSON_INTEGER_FORMAT " GHz, %" JSON_INTEGER_FORMAT " MiB", harts, harts == 1 ? "" : "s",
            mhz / 1000, mhz % 1000 / 100,
            json_integer_value(json_object_get(m, "memory_bytes")) >> 20);
    print_drives(m, out);
    print_nics(m, out);
    fprintf(out, ",\n          timing %s, interrupts by %s, seed %" JSON_INTEGER_FORMAT "\n",
            report_text(m, "timing", "?"), report_text(m, "irq", "?"),
            json_integer_value(json_object_get(run, "seed")));
    json_object_foreach(json_object_get(run, "parameters_changed"), path, value)
        fprintf(out, "set       %s=%s\n", path, json_string_value(value));
}

void report_us(FILE *out, ps_t ps, int width)
{
    fprintf(out, "%*" PRIu64 ".%03" PRIu64, width > 4 ? width - 4 : 0, ps / PS_PER_US, ps % PS_PER_US / PS_PER_NS);
}

void report_ratio(FILE *out, uint64_t n, uint64_t d, unsigned decimals)
{
    uint64_t power = 1, scaled;

    if (!d) {
        fputs("-", out);
        return;
    }
    for (unsigned i = 0; i < decimals && i < 6; i++)
        power *= 10;
    scaled = muldiv(n, power * 2, d);
    scaled = scaled / 2 + (scaled & 1);
    if (power == 1)
        fprintf(out, "%" PRIu64, scaled);
    else
        fprintf(out, "%" PRIu64 ".%0*" PRIu64, scaled / power, (int)decimals, scaled % power);
}

void report_escaped(FILE *out, const char *s)
{
    for (; *s; s++)
        switch (*s) {
        case '&': fputs("&amp;", out); break;
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc((unsigned char)*s < 0x20 ? ' ' : *s, out);
        }
}

void report_label(FILE *out, const char *s, int room)
{
    char part[128];
    int n = (int)strlen(s);

    if (n > room || n > (int)sizeof part - 1) {
        n = room < (int)sizeof part ? room : (int)sizeof part - 1; /* two for the mark */
        for (n -= 2; n > 0 && s[n] != ' '; n--)
            ;
        if (n <= 0)
            return;
        snprintf(part, sizeof part, "%.*s", n, s);
        report_escaped(out, part);
        fputs(" &#8230;", out);
        return;
    }
    report_escaped(out, s);
}

ps_t report_tick(ps_t total)
{
    static const unsigned steps[] = {1, 2, 5};

    for (ps_t power = PS_PER_NS; power < PS_PER_S; power *= 10)
        for (unsigned i = 0; i < 3; i++)
            if (total / (power * steps[i]) <= 12)
                return power * steps[i];
    return PS_PER_S;
}
