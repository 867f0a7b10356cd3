/* SPDX-License-Identifier: Apache-2.0 */
/* `af-xdp`: takes the frames of one queue past the kernel's stack, and drops or answers them. */
#include "bpf.h"
#include "net.h"
#include "xsk.h"

#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

enum action { ACTION_DROP, ACTION_ECHO };
static const char *const actions[] = {"drop", "echo", NULL};
enum wait { WAIT_POLL, WAIT_BUSY, WAIT_SPIN };
static const char *const waits[] = {"poll", "busy", "spin", NULL};
static const char *const copies[] = {"zerocopy", "copy", "any", NULL};
static const char *const modes[] = {"native", "skb", NULL};
static const char *const no_yes[] = {"no", "yes", NULL};

#define BATCH 64u
#define PAYLOAD_AT 42u /* behind Ethernet, IPv4 without options, UDP */
#define OPTION_PREFER_BUSY_POLL 69
#define OPTION_BUSY_POLL_BUDGET 70

struct run {
    uint64_t action, wait, copy, mode, port, queue, count, idle_ms, wait_ms, poll_us, measured, marks, warm,
        jit;
    const char *device, *ready;
    struct xsk xsk;
    struct tally tally;
    struct measure measure;
    uint64_t replies, calls;
};

static void swap(unsigned char *a, unsigned char *b, size_t len)
{
    unsigned char t[6];

    memcpy(t, a, len);
    memcpy(a, b, len);
    memcpy(b, t, len);
}

/* Addresses and ports change places; so the checksums stay right. */
static void turn_round(unsigned char *frame)
{
    swap(frame, frame + 6, 6);
    swap(frame + 26, frame + 30, 4);
    swap(frame + 34, frame + 36, 2);
}

/* Tells the kernel of frames to send. Those that it copies it sends some at a time. */
static void kick_send(struct run *run)
{
    do {
        run->calls++;
    } while (sendto(run->xsk.fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 && errno == EAGAIN &&
             !xsk_all_sent(&run->xsk));
}

/* Nothing is there: what is done until something is. */
static void await(struct run *run)
{
    struct pollfd p = {.fd = run->xsk.fd, .events = POLLIN};

    if (run->wait == WAIT_POLL) {
        run->calls++;
        if (poll(&p, 1, -1) < 0 && errno != EINTR)
            fail("poll");
    } else if (run->wait == WAIT_BUSY || xsk_needs_wakeup(&run->xsk.fill)) {
        run->calls++;
        recvfrom(run->xsk.fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
    }
}

static void receive(struct run *run)
{
    struct xdp_desc got[BATCH];
    uint32_t n;
    uint64_t now;

    measure_begin(&run->measure, run->tally.packets + 1);
    n = xsk_peek(&run->xsk, got, BATCH);
    if (!n) {
        await(run);
        n = xsk_peek(&run->xsk, got, BATCH);
    }
    if (n) {
        if (run->action == ACTION_DROP)
            measure_end(&run->measure);
        now = timer_ticks();
        for (uint32_t i = 0; i < n; i++) {
            unsigned char *frame = run->xsk.frames + got[i].addr;

            if (got[i].len >= PAYLOAD_AT)
                tally_add(&run->tally, frame + PAYLOAD_AT, got[i].len - PAYLOAD_AT, now);
            if (run->action == ACTION_ECHO && got[i].len >= PAYLOAD_AT) {
                turn_round(frame);
                if (xsk_send(&run->xsk, &got[i])) {
                    run->replies++;
                    continue;
                }
            }
            xsk_free(&run->xsk, got[i].addr);
        }
        xsk_release(&run->xsk, n);
        if (run->action == ACTION_ECHO && xsk_needs_wakeup(&run->xsk.tx))
            kick_send(run);
        measure_end(&run->measure);
        measure_step(&run->measure, run->tally.packets);
    }
    xsk_complete(&run->xsk);
    xsk_fill(&run->xsk);
}

static void set_option(int fd, int option, int value, const char *what)
{
    if (setsockopt(fd, SOL_SOCKET, option, &value, sizeof value) != 0)
        fail(what);
}

static void set_up(struct run *run)
{
    static const uint16_t flags[] = {XDP_ZEROCOPY, XDP_COPY, 0};
    unsigned device = if_nametoindex(run->device);
    struct bpf_code code = {0};
    int map;

    if (!device)
        fail(run->device);
    map = bpf_map_new(BPF_MAP_TYPE_XSKMAP, 4, 4, 128);
    bpf_match(&code, (unsigned)run->port);
    bpf_redirect_queue(&code, map);
    bpf_attach(bpf_load(&code, (int)run->jit), device, run->mode ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
    xsk_open(&run->xsk, device, (unsigned)run->queue, flags[run->copy]);
    if (run->wait == WAIT_BUSY) {
        set_option(run->xsk.fd, SO_BUSY_POLL, (int)run->poll_us, "SO_BUSY_POLL");
        set_option(run->xsk.fd, OPTION_PREFER_BUSY_POLL, 1, "SO_PREFER_BUSY_POLL");
        set_option(run->xsk.fd, OPTION_BUSY_POLL_BUDGET, (int)BATCH, "SO_BUSY_POLL_BUDGET");
    }
    bpf_map_set(map, (uint32_t)run->queue, &run->xsk.fd);
}

int af_xdp_main(int argc, char **argv)
{
    static struct run run = {.port = 9, .idle_ms = 500, .wait_ms = 30000, .poll_us = 20, .marks = 1,
                             .jit = 1, .device = "eth0", .ready = ""};
    struct usage before, after;
    const struct arg args[] = {
        {"action", &run.action, .choice = actions, .help = "what is done with a frame"},
        {"poll", &run.wait, .choice = waits,
         .help = "how it waits: poll(2), busy polling in the kernel, looking at the ring"},
        {"copy", &run.copy, .choice = copies, .help = "the driver's DMA is to this memory, or not"},
        {"mode", &run.mode, .choice = modes, .help = "XDP in the driver, or on kernel packets"},
        {"jit", &run.jit, .choice = no_yes, .help = "the XDP program is compiled"},
        {"port", &run.port, .help = "UDP port; other frames go to the stack; 0: all frames"},
        {"queue", &run.queue, .help = "receive queue"},
        {"count", &run.count, .help = "ends after so many packets; 0: does not"},
        {"idle_ms", &run.idle_ms, .help = "ends when no more came for so long; 0: does not"},
        {"wait_ms", &run.wait_ms, .help = "ends when none at all came for so long"},
        {"poll_us", &run.poll_us, .help = "of poll=busy"},
        {"measure", &run.measured, .help = "marks for the machine at this packet; 0: none"},
        {"marks", &run.marks, .help = "how many packets from there on have marks"},
        {"warm", &run.warm, .help = "packets before the marked run begins"},
        {"device", NULL, &run.device, .help = "interface"},
        {"ready", NULL, &run.ready, .help = "file to make when the socket is there"},
        {0},
    };

    args_read(argc, argv, args);
    set_up(&run);
    printf("%s: ready action=%s poll=%s zerocopy=%d\n", program, actions[run.action],
           waits[run.wait], xsk_is_zero_copy(&run.xsk));
    usage_read(&before, run.device);
    make_ready(run.ready);
    watch_start(&run.tally.packets, run.idle_ms, run.wait_ms);
    measure_start(&run.measure, run.measured, run.marks, run.warm);
    while (!watch_expired && (!run.count || run.tally.packets < run.count))
        receive(&run);
    usage_read(&after, run.device);
    printf("%s: result action=%s poll=%s zerocopy=%d", program, actions[run.action],
           waits[run.wait], xsk_is_zero_copy(&run.xsk));
    tally_print(&run.tally);
    printf(" replies=%llu calls=%llu", (unsigned long long)run.replies,
           (unsigned long long)run.calls);
    usage_print(&before, &after);
    return 0;
}
