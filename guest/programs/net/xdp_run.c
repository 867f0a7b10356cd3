/* SPDX-License-Identifier: Apache-2.0 */
/* `xdp-run`: an XDP program that drops, sends back, redirects or passes what comes, and counts it. */
#include "bpf.h"
#include "net.h"

#include <linux/if_link.h>
#include <net/if.h>
#include <stdlib.h>

enum action { ACTION_DROP, ACTION_TX, ACTION_REDIRECT, ACTION_PASS };
static const char *const actions[] = {"drop", "tx", "redirect", "pass", NULL};
static const char *const modes[] = {"native", "skb", NULL};
static const char *const no_yes[] = {"no", "yes", NULL};

struct run {
    uint64_t action, mode, port, count, idle_ms, wait_ms, look_us, marks, jit;
    const char *device, *ready;
    int counts;
    unsigned cpus;
    uint64_t packets, bytes;
};

static int write_program(const struct run *run, unsigned device)
{
    struct bpf_code code = {0};
    int map;

    bpf_match(&code, (unsigned)run->port);
    bpf_count(&code, run->counts);
    switch (run->action) {
    case ACTION_TX:
        bpf_swap(&code, 1);
        bpf_return(&code, XDP_TX);
        break;
    case ACTION_REDIRECT:
        map = bpf_map_new(BPF_MAP_TYPE_DEVMAP, 4, 4, 1);
        bpf_map_set(map, 0, &device);
        bpf_swap(&code, 1);
        bpf_redirect_key(&code, map, 0);
        break;
    default: bpf_return(&code, run->action == ACTION_PASS ? XDP_PASS : XDP_DROP);
    }
    return bpf_load(&code, (int)run->jit);
}

static void read_counts(struct run *run)
{
    uint64_t values[2 * 64] = {0};

    bpf_map_get(run->counts, 0, values);
    run->packets = run->bytes = 0;
    for (unsigned i = 0; i < run->cpus; i++) {
        run->packets += values[2 * i];
        run->bytes += values[2 * i + 1];
    }
}

int xdp_run_main(int argc, char **argv)
{
    static struct run run = {.port = 9, .idle_ms = 500, .wait_ms = 30000, .look_us = 1000,
                             .jit = 1, .device = "eth0", .ready = ""};
    struct usage before, after;
    uint64_t began, first = 0, last, seen = 0, first_packets = 0;
    const struct arg args[] = {
        {"action", &run.action, .choice = actions, .help = "what is done with a frame"},
        {"mode", &run.mode, .choice = modes, .help = "in the driver, or on the kernel's packets"},
        {"port", &run.port, .help = "UDP port; other frames go to the stack; 0: all frames"},
        {"count", &run.count, .help = "ends after so many packets; 0: does not"},
        {"idle_ms", &run.idle_ms, .help = "ends when no more came for so long; 0: does not"},
        {"wait_ms", &run.wait_ms, .help = "ends when none at all came for so long"},
        {"jit", &run.jit, .choice = no_yes, .help = "the program is compiled"},
        {"look_us", &run.look_us, .help = "how often the count is looked at"},
        {"marks", &run.marks, .help = "1: marks for the machine around the run"},
        {"device", NULL, &run.device, .help = "interface"},
        {"ready", NULL, &run.ready, .help = "file to make when the program is there"},
        {0},
    };
    unsigned device;

    args_read(argc, argv, args);
    device = if_nametoindex(run.device);
    if (!device)
        fail(run.device);
    run.cpus = bpf_cpus();
    if (run.cpus > 64)
        refuse("more than 64 harts");
    run.counts = bpf_map_new(BPF_MAP_TYPE_PERCPU_ARRAY, 4, 16, 1);
    bpf_attach(write_program(&run, device), device,
               run.mode ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
    printf("%s: ready action=%s mode=%s\n", program, actions[run.action], modes[run.mode]);
    make_ready(run.ready);
    if (run.marks)
        mark(MARK_RUN_START);
    usage_read(&before, run.device);
    began = last = clock_ns();
    for (;;) {
        uint64_t now, limit;

        sleep_ns(run.look_us * 1000);
        read_counts(&run);
        now = clock_ns();
        if (run.packets != seen) {
            if (!first) {
                /* The rate is from the first look that saw any. */
                first = now;
                first_packets = run.packets;
                usage_read(&before, run.device);
            }
            last = now;
            seen = run.packets;
        }
        limit = run.packets ? run.idle_ms : run.wait_ms;
        if ((run.count && run.packets >= run.count) ||
            (run.idle_ms && now - (run.packets ? last : began) > limit * 1000000u))
            break;
    }
    if (run.marks)
        mark(MARK_RUN_END);
    usage_read(&after, run.device);
    printf("%s: result action=%s mode=%s packets=%llu bytes=%llu ns=%llu", program,
           actions[run.action], modes[run.mode], (unsigned long long)run.packets,
           (unsigned long long)run.bytes, (unsigned long long)(last - first));
    if (last > first)
        printf(" pps=%.0f", (double)(run.packets - first_packets) * 1e9 / (double)(last - first));
    usage_print(&before, &after);
    return 0;
}
