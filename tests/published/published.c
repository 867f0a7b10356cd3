/* SPDX-License-Identifier: Apache-2.0 */
/* The model beside published figures, as the table in docs/timing.md.
 *
 *     published OPTANE.json 970PRO.json NETWORK
 *
 * outputs of `doorbell explain read --json`, and lines NAME VALUE that published_test takes from
 * runs with a network controller.
 *
 * Rows with a band fail when the model leaves it (exit status 1).  Formulas have a narrow one; the
 * others are there so that a change of the model is noticed, and say so by being wide.  Rows
 * without a band compare what is not quite the same thing, and hold nothing. */
#include "bus/link.h"
#include "bus/wire.h"
#include "cpu/hart/hart.h"
#include "dev/nvme.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned outside;

/* ---- a row ---- */

static void number(double v, const char *unit)
{
    printf(v >= 1000 ? "%.0f %s | " : v >= 100 ? "%.1f %s | " : "%.2f %s | ", v, unit);
}

/* `band`: per mille that the model may be off; 0: any. */
static void row(const char *what, double published, double model, const char *unit, unsigned band,
                const char *source)
{
    double off = (model - published) / published * 1000;

    printf("| %s | ", what);
    number(published, unit);
    number(model, unit);
    printf("%+.1f %% | ", off / 10);
    if (band)
        printf("%.1f %% | ", band / 10.0);
    else
        printf("- | ");
    printf("%s |\n", source);
    if (band && (off > band || off < -(double)band)) {
        fprintf(stderr, "published: %s: %.1f per mille off, may be %u\n", what, off, band);
        outside++;
    }
}

static void table(const char *title)
{
    printf("\n%s\n\n| what | published | model | difference | held to | source |\n"
           "| --- | --- | --- | --- | --- | --- |\n", title);
}

/* ---- the model's own figures ---- */

/* The standard value of a row. */
static uint64_t standard(const struct param *rows, const char *name)
{
    uint64_t v;

    for (const struct param *r = rows; r->name; r++)
        if (!strcmp(r->name, name) && !param_parse(r, r->value[TIMING_IO], &v, NULL))
            return v;
    fprintf(stderr, "published: no parameter '%s'\n", name);
    exit(2);
}

static void links(void)
{
    static const struct {
        const char *what;
        uint64_t gen, lanes, mps;
        double packets, write, read; /* Gb/s; 0: not published */
    } of[] = {
        {"Gen2 x8, payload 256", 2, 8, 256, 28.68, 26.22, 26.60},
        {"Gen3 x4, payload 128", 3, 4, 128, 28.44, 23.95, 24.60},
        {"Gen3 x4, payload 256", 3, 4, 256, 29.07, 26.58, 26.96},
        {"Gen3 x8, payload 256", 3, 8, 256, 57.88, 52.92, 0},
        {"Gen4 x4, payload 256", 4, 4, 256, 58.14, 53.16, 0},
        {"Gen5 x4, payload 256", 5, 4, 256, 116.28, 106.3, 0},
    };
    const char *source = "pcie-bench's model (SIGCOMM 2018)";

    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        struct link l = {.p = {1, of[i].gen, of[i].lanes, of[i].mps, 512, 0, 0, 0, 1}};
        double bits = (double)link_packet_bits_per_s(&l.p) / 1e9;
        char what[96];

        snprintf(what, sizeof what, "%s: packets", of[i].what);
        row(what, of[i].packets, bits, "Gb/s", 1, source);
        snprintf(what, sizeof what, "%s: 4-KiB DMA writes", of[i].what);
        row(what, of[i].write, bits * 4096 / (double)link_write_bytes(&l, 4096), "Gb/s", 1, source);
        snprintf(what, sizeof what, "%s: 4-KiB DMA reads", of[i].what);
        if (of[i].read > 0)
            row(what, of[i].read, bits * 4096 / (double)link_completion_bytes(&l, 4096), "Gb/s", 1,
                source);
    }
}

static struct link standard_link(void)
{
    struct link l = {.p = {
        .wire_time = 1,
        .generation = standard(link_pcie_params, "generation"),
        .lanes = standard(link_pcie_params, "lanes"),
        .max_payload_bytes = standard(link_pcie_params, "max_payload_bytes"),
        .max_read_request_bytes = standard(link_pcie_params, "max_read_request_bytes"),
        .latency_ps = standard(link_pcie_params, "latency_ps"),
        .memory_read_ps = standard(link_pcie_params, "memory_read_ps"),
        .memory_write_ps = standard(link_pcie_params, "memory_write_ps"),
    }};

    link_update(&l);
    return l;
}

static double ns(ps_t ps)
{
    return (double)ps / 1000;
}

/* From the doorbell's store to the message's arrival, the link's part (as in nvme_time_test, which
 * shows that the device takes exactly this and its profile's times). */
static ps_t link_part(const struct link *l, uint32_t bytes)
{
    return link_wire_ps(l, link_write_bytes(l, 4)) + l->p.latency_ps +
           link_wire_ps(l, link_request_bytes(l, 64)) + l->p.latency_ps + l->p.memory_read_ps +
           link_wire_ps(l, link_completion_bytes(l, 64)) + l->p.latency_ps +
           link_wire_ps(l, link_write_bytes(l, bytes)) + link_wire_ps(l, link_write_bytes(l, 16)) +
           link_wire_ps(l, link_write_bytes(l, 4)) + l->p.latency_ps + l->p.memory_write_ps;
}

static ps_t optane_512(const struct link *l)
{
    const struct nvme_profile *p = nvme_profile_find("optane-p5800x", NULL);
    ps_t media = standard(p->media, "read_ps") +
                 512 * PS_PER_S / standard(p->media, "channel_rate");

    /* The completion's 50 ns pass while the data is on its way. */
    return link_part(l, 512) + standard(p->controller, "read_ps") + media;
}

static ps_t mmio_load(const struct link *l)
{
    return 2 * standard(hart_param_rows, "mmio_issue") + link_wire_ps(l, TLP_READ_BYTES) +
           link_wire_ps(l, link_completion_bytes(l, 4)) + 2 * l->p.latency_ps;
}

/* ---- figures of the network ---- */

static double figure(FILE *f, const char *name)
{
    char is[64];
    double v;

    rewind(f);
    while (fscanf(f, "%63s %lf", is, &v) == 2)
        if (!strcmp(is, name))
            return v;
    fprintf(stderr, "published: the network's runs have no '%s'\n", name);
    exit(2);
}

/* A frame with its check sequence, on the 10 Gb/s wire with all that goes with it. */
static double frame_ns(uint32_t bytes)
{
    struct wire w = {.bits_per_s = 10 * UINT64_C(1000000000), .p = {.wire_time = 1}};

    return ns(wire_frame_ps(&w, bytes - 4));
}

static void network_formulas(FILE *f)
{
    const char *n1 = "N1: IEEE 802.3, 84 bytes of wire";

    row("64-byte frame at 10 Gb/s", 67.2, frame_ns(64), "ns", 1, n1);
    row("such frames a second", 14.88, 1000 / frame_ns(64), "M/s", 1, n1);
    row("least time between interrupts, rx-usecs 100 (in the run)", 102.4,
        figure(f, "itr.least_us"), "us", 1, "82599 datasheet 8.2.3.5.12: 50 units of 2.048 us");
}

/* What a frame costs a core, or a hart, in ns. */
static void network_costs(FILE *f)
{
    const char *xdp = "N2: XDP paper, CoNEXT 2018 (3.6 GHz Xeon, ConnectX-5)";
    const char *data = "N2: its benchmark data";
    double drop = figure(f, "xdp-drop.ns"), stack = figure(f, "stack.ns");

    row("XDP drops, 64 bytes: a frame's time", 41.6, drop, "ns", 600, xdp);
    row("XDP drops at 1 M/s: a frame's time", 196, figure(f, "xdp-drop-1M.ns"), "ns", 0,
        "N5: XDP paper's benchmark data, 19.6 % of a core");
    row("XDP sends back: a frame's time", 61.6, figure(f, "xdp-tx.ns"), "ns", 0, data);
    row("XDP redirects: a frame's time", 115.6, figure(f, "xdp-redirect.ns"), "ns", 0, data);
    row("the kernel drops UDP (full socket; published: iptables INPUT): a frame's time", 301.2,
        stack, "ns", 0, data);
    row("the same (published: with conntrack)", 549.6, stack, "ns", 0, data);
    row("an XDP program that only counts and passes: added to that", 13.3,
        figure(f, "stack-xdp.ns") - stack, "ns", 0, xdp);
    row("ratio of the kernel's time to XDP's", 301.2 / 41.6, stack / drop, "times", 0, data);
}

static void network_latencies(FILE *f)
{
    const char *n3 = "N3: XDP paper, table 1 (port to port)";

    row("XDP forwards 100 frames/s: latency", 82, figure(f, "redirect-100.mean_us"), "us", 0, n3);
    row("XDP forwards 1 M/s, the driver's moderation: latency", 7, figure(f, "redirect-1M.mean_us"),
        "us", 0, n3);
    row("XDP forwards 1 M/s, no moderation: latency", 7,
        figure(f, "redirect-1M-unmoderated.mean_us"), "us", 0, n3);
    row("request and reply, one host's part of the round trip", 8.5, figure(f, "echo.p50_us"), "us",
        500, "N8: SimBricks, SIGCOMM 2022: half of netperf's 17 us (QEMU, i40e)");
}

static void network_tcp(FILE *f)
{
    const char *cai = "N9: Cai and others, SIGCOMM 2021 (3.4 GHz Xeon, 100 Gb/s, 9000 bytes)";

    row("TCP received by a busy core", 42, figure(f, "tcp.gbps_per_hart"), "Gb/s", 500, cai);
    row("copying to the program, of its time (published: more than)", 50,
        figure(f, "tcp.copy_percent"), "%", 500, cai);
}

/* ---- figures of a run ---- */

static json_t *load(const char *path)
{
    json_error_t error;
    json_t *j = json_load_file(path, 0, &error);

    if (!j) {
        fprintf(stderr, "published: %s: %s\n", path, error.text);
        exit(2);
    }
    return j;
}

static const json_t *segment(const json_t *run, const char *name)
{
    const json_t *s;
    size_t i;

    json_array_foreach(json_object_get(run, "segments"), i, s)
        if (!strcmp(json_string_value(json_object_get(s, "name")), name))
            return s;
    fprintf(stderr, "published: the run has no step '%s'\n", name);
    exit(2);
}

static double start(const json_t *run, const char *name)
{
    return (double)json_integer_value(json_object_get(segment(run, name), "start_ps")) / 1000;
}

static double took(const json_t *run, const char *name)
{
    return (double)json_integer_value(json_object_get(segment(run, name), "took_ps")) / 1000;
}

static double total(const json_t *run)
{
    return (double)json_integer_value(json_object_get(run, "total_ps")) / 1000;
}

/* From the doorbell's store to the message's arrival, as the run shows it. */
static double device(const json_t *run)
{
    return start(run, "wfi exit") - start(run, "doorbell crosses the link");
}

static void check_profile(const json_t *run, const char *want)
{
    const json_t *machine = json_object_get(json_object_get(run, "run"), "machine");
    const json_t *drive = json_array_get(json_object_get(machine, "nvme"), 0);
    const char *is = json_string_value(json_object_get(drive, "profile"));

    if (!is || strcmp(is, want)) {
        fprintf(stderr, "published: this must be a run of profile %s\n", want);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct link l = standard_link();
    const char *bpf = "S1: BPF for storage, HotOS 2021 (512 B, O_DIRECT, x86)";
    json_t *optane, *pro;
    FILE *network;
    double slow;

    if (argc != 4) {
        fprintf(stderr, "usage: published OPTANE.json 970PRO.json NETWORK\n");
        return 2;
    }
    network = fopen(argv[3], "r");
    if (!network) {
        perror(argv[3]);
        return 2;
    }
    check_profile(optane = load(argv[1]), "optane-p5800x");
    check_profile(pro = load(argv[2]), "970pro");

    table("**Formulas.** These must agree.");
    links();
    row("4 KiB over Gen3 x4, wire time", 1.23,
        ns(link_wire_ps(&l, link_write_bytes(&l, 4096))) / 1000, "us", 10, "P4, by P1");
    network_formulas(network);

    table("**Calibrated.** Parameters were chosen so that these agree: no evidence for the model.");
    row("64-byte DMA read (the command's fetch in the run)", 547,
        took(optane, "controller fetches the command"), "ns", 20, "P5: pcie-bench");
    row("512-byte read, device's share, Optane 2nd generation", 3224, ns(optane_512(&l)), "ns", 10,
        bpf);

    table("**Predicted, the same thing.**");
    /* Firmware 21.5, die, 4 KiB at 800 MB/s, 4 KiB at 3360 MB/s; the page type is the address's. */
    slow = took(pro, "media") > 40000 ? 12000 : 0;
    row("4-KiB read, device's share, Samsung 970 PRO", 21500 + 29760 + slow + 5120 + 1219,
        device(pro), "ns", 30, "D1: sum of NVMeVirt's calibrated parts");
    row("MMIO load across PCI Express", 949, ns(mmio_load(&l)), "ns", 0,
        "P9: Raspberry Pi 5 to RP1, Gen2 x4; other machines 500 to 1000 (P12)");

    table("**Predicted, something like it.** Another path, device or system: read the remarks.");
    row("kernel crossing: ecall to vfs_read, and return", 351,
        took(optane, "syscall: ecall to vfs_read") + took(optane, "return to user"), "ns", 0, bpf);
    row("read system call: VFS", 199, took(optane, "VFS: permissions, to the file system"), "ns", 0,
        bpf);
    row("ext4, for us with the page cache", 2006,
        took(optane, "ext4 to the page cache") + took(optane, "page cache: look-up") +
            took(optane, "page cache: allocate and insert") +
            took(optane, "ext4: map the block, build the bio"), "ns", 0, bpf);
    row("block layer (bio)", 379, took(optane, "block layer: bio to request"), "ns", 0, bpf);
    row("NVMe driver, submission", 113, took(optane, "nvme: command, DMA map, queue entry"), "ns",
        0, bpf);
    row("all software", 3048, total(optane) - device(optane), "ns", 500, bpf);
    row("software's share of the whole", 48.6, (1 - device(optane) / total(optane)) * 100, "%", 300,
        bpf);
    row("4-KiB read, one at a time, to the application", 10000, total(optane), "ns", 0,
        "D6: P4800X specification (1st generation)");
    row("4-KiB read, one at a time, to the application", 13356, total(optane), "ns", 0,
        "D7: P5800X review, Windows, Gen4 (74,875 IOPS)");

    table("**Predicted, something like it: the network.** Another core, card and driver: read the "
          "remarks.");
    network_costs(network);
    network_latencies(network);
    network_tcp(network);
    fclose(network);
    json_decref(optane);
    json_decref(pro);
    return outside ? 1 : 0;
}
