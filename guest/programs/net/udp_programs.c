/* SPDX-License-Identifier: Apache-2.0 */
/* `udp-sink`: receives datagrams and counts them; `udp-echo`: sends them back. */
#include "udp_receive.h"

#include <string.h>

struct run {
    struct receiver r;
    struct tally tally;
    struct measure measure;
    uint64_t count, idle_ms, wait_ms, measured, marks, warm, replies;
    const char *device, *ready;
    bool echo, ended;
};

/* A datagram of these bytes alone ends the run. */
static bool is_end(const struct datagram *d)
{
    return d->len == 3 && !memcmp(d->bytes, "end", 3);
}

static void receive(struct run *run)
{
    unsigned n;
    uint64_t now;

    measure_begin(&run->measure, run->tally.packets + 1);
    n = receiver_get(&run->r);
    if (!n)
        return;
    if (!run->echo)
        measure_end(&run->measure);
    now = timer_ticks();
    for (unsigned i = 0; i < n; i++) {
        if (is_end(&run->r.got[i]))
            run->ended = true;
        else
            tally_add(&run->tally, run->r.got[i].bytes, run->r.got[i].len, now);
    }
    if (run->echo) {
        run->replies += receiver_reply(&run->r, n);
        measure_end(&run->measure);
    } else {
        receiver_done(&run->r, n);
    }
    measure_step(&run->measure, run->tally.packets);
}

static int run_receiver(struct run *run, int argc, char **argv)
{
    struct receiver *r = &run->r;
    struct usage before, after;
    const struct arg args[] = {
        {"mode", &r->mode, .choice = receive_modes, .help = "how"},
        {"port", &r->port, .help = "UDP port"},
        {"count", &run->count, .help = "ends after so many packets; 0: does not"},
        {"idle_ms", &run->idle_ms, .help = "ends when no more came for so long; 0: does not"},
        {"wait_ms", &run->wait_ms, .help = "ends when none at all came for so long"},
        {"batch", &r->batch, .help = "packets that a call may bring; 0: what fits the mode"},
        {"poll_us", &r->poll_us, .help = "busy polling in the kernel; 0: none (busy: 1000)"},
        {"buffer", &r->buffer_bytes, .help = "bytes for a packet"},
        {"rcvbuf", &r->socket_bytes, .help = "SO_RCVBUF; 0: the kernel's default"},
        {"measure", &run->measured, .help = "marks for the machine at this packet; 0: none"},
        {"marks", &run->marks, .help = "how many packets from there on have marks"},
        {"warm", &run->warm, .help = "packets before the marked run begins"},
        {"device", NULL, &run->device, .help = "whose interrupts are counted"},
        {"ready", NULL, &run->ready, .help = "file to make when the socket is there"},
        {0},
    };

    args_read(argc, argv, args);
    receiver_open(r);
    printf("%s: ready mode=%s port=%llu\n", program, receive_modes[r->mode],
           (unsigned long long)r->port);
    usage_read(&before, run->device);
    make_ready(run->ready);
    watch_start(&run->tally.packets, run->idle_ms, run->wait_ms);
    measure_start(&run->measure, run->measured, run->marks, run->warm);
    while (!run->ended && !watch_expired && (!run->count || run->tally.packets < run->count))
        receive(run);
    receiver_flush(r);
    usage_read(&after, run->device);
    printf("%s: result mode=%s", program, receive_modes[r->mode]);
    tally_print(&run->tally);
    if (run->echo)
        printf(" replies=%llu", (unsigned long long)run->replies);
    usage_print(&before, &after);
    return 0;
}

static struct run defaults(void)
{
    return (struct run){.r = {.port = 9, .buffer_bytes = 2048}, .idle_ms = 500,
                        .wait_ms = 30000, .marks = 1, .device = "eth0", .ready = ""};
}

int udp_sink_main(int argc, char **argv)
{
    static struct run run;

    run = defaults();
    return run_receiver(&run, argc, argv);
}

int udp_echo_main(int argc, char **argv)
{
    static struct run run;

    run = defaults();
    run.r.port = 7;
    run.echo = true;
    run.r.want_from = true;
    return run_receiver(&run, argc, argv);
}
