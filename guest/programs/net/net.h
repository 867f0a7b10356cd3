/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the network programs share. They are one executable, `net-tools`, which runs the program that
 * it is called as: so the C library is in the initramfs once.
 *
 * Arguments are words NAME=VALUE, since a job's arguments come from the kernel's command line.
 * Results are lines of words NAME=VALUE after the program's name, for scripts.
 */
#ifndef GUEST_NET_H
#define GUEST_NET_H

#include "../mark.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

int udp_sink_main(int argc, char **argv);
int udp_echo_main(int argc, char **argv);
int udp_send_main(int argc, char **argv);
int tcp_sink_main(int argc, char **argv);
int tcp_source_main(int argc, char **argv);
int xdp_run_main(int argc, char **argv);
int af_xdp_main(int argc, char **argv);
int net_control_main(int argc, char **argv);

extern const char *program; /* the name that this one was called by */

/* Says what failed, with errno's text, and ends with status 1. */
_Noreturn void fail(const char *what);
/* The same without errno. */
_Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])

/* ---- arguments ---- */

/* One argument NAME=VALUE: a number (k, m, g: powers of ten), or a text, perhaps of a list. */
struct arg {
    const char *name;
    uint64_t *number;          /* where a number goes */
    const char **text;         /* where a text goes */
    const char *const *choice; /* if not NULL: NULL-terminated list; its index goes to *number */
    const char *help;
};

/* Reads the words behind argv[0]; ends with the usage and status 2 if one is wrong. */
void args_read(int argc, char **argv, const struct arg *args);

/* An IPv4 address from text; ends if it is none. */
struct sockaddr_in address_of(const char *host, uint64_t port);

/* Makes this file, if it has a name: a script sees that the program is ready. */
void make_ready(const char *path);

/* ---- time, and what the machine did in it ---- */

uint64_t clock_ns(void); /* CLOCK_MONOTONIC */
void sleep_ns(uint64_t ns);

/* The machine's timer: one instruction, so it is what is read at every packet. */
static inline uint64_t timer_ticks(void)
{
    uint64_t ticks;

    __asm__ volatile("rdtime %0" : "=r"(ticks));
    return ticks;
}

uint64_t timer_ns(uint64_t ticks); /* since the machine started */

/* Counters of the kernel, and of the interface `device`. */
struct usage {
    uint64_t ns;
    uint64_t ticks[8]; /* /proc/stat: user nice system idle iowait irq softirq steal, of 10 ms */
    uint64_t user_us, system_us; /* of this process */
    uint64_t switches;           /* of contexts, machine-wide */
    uint64_t interrupts;         /* of the device, by /proc/interrupts */
    uint64_t softnet_dropped, softnet_squeezed;
    uint64_t udp_errors, udp_full; /* InErrors, RcvbufErrors */
    uint64_t rx_packets, rx_missed, tx_packets;
};

void usage_read(struct usage *u, const char *device);
/* Prints the differences as words NAME=VALUE and ends the line. */
void usage_print(const struct usage *from, const struct usage *to);

/* ---- the payload ---- */

/*
 * What the machine's traffic generator and udp-send put behind the UDP header, in network byte order:
 * 3 bytes who, 1 byte number of the run, 2 bytes flow, 4 bytes number in the flow from 0, 8 bytes
 * when the frame's first bit left (udp-send: before the call), in picoseconds since power-on.
 */
struct payload {
    uint8_t run;
    uint16_t flow;
    uint32_t sequence;
    uint64_t sent_ps;
};

#define PAYLOAD_BYTES 18u

/* False: these bytes are neither's. */
bool payload_get(const unsigned char *bytes, size_t len, struct payload *p);
/* Of at least PAYLOAD_BYTES; as udp-send's. */
void payload_put(unsigned char *bytes, const struct payload *p);

/* What arrived, by flow, in all runs. Starts as all zeroes. */
struct tally {
    uint64_t packets, bytes;
    uint64_t foreign;              /* without such a payload */
    uint64_t runs, flows_seen, lost; /* the last run's: by tally_print() */
    uint8_t run;
    uint64_t reordered, duplicate; /* behind later ones; seen before, of the last 64 */
    uint64_t first_ticks, last_ticks;
    struct flow_tally *flows;
    /* From the first bit of a frame to `ticks` of tally_add(); the timer has 100 ns. */
    uint64_t latency_packets, latency_sum_ns, latency_min_ns, latency_max_ns;
};

/* `ticks`: when it was received. */
void tally_add(struct tally *t, const unsigned char *bytes, size_t len, uint64_t ticks);
/* Prints the tally as words NAME=VALUE, without the end of the line; once. */
void tally_print(struct tally *t);

/* ---- the end of a run without traffic ---- */

/*
 * Interrupts system calls (EINTR) ten times a second, and sets `watch_expired` when *count has not
 * changed for `idle_ms` (0: never), or stays 0 for `wait_ms`. A timeout of each receive would cost a
 * timer each.
 */
void watch_start(const uint64_t *count, uint64_t idle_ms, uint64_t wait_ms);
extern volatile bool watch_expired;

/* ---- the measured call ---- */

/*
 * Marks for the machine (mark.h): 2 and 3 around the calls that receive or send packets number `first`
 * to `last`, 1 and 4 around the run: at the start, or once `warm` packets are through, and after
 * packet `last`.
 */
struct measure {
    uint64_t first, last; /* from 1; 0: no marks */
    uint64_t warm;
    bool started, inside, ended;
};

/* Once `packets` are through, and at the start with 0. */
static inline void measure_step(struct measure *m, uint64_t packets)
{
    if (!m->first || m->ended)
        return;
    if (!m->started && packets >= m->warm) {
        m->started = true;
        mark(MARK_RUN_START);
    }
    if (packets >= m->last) {
        m->ended = true;
        mark(MARK_RUN_END);
    }
}

/* `count` packets from `first` on, warm packets of a run before. */
static inline void measure_start(struct measure *m, uint64_t first, uint64_t count, uint64_t warm)
{
    *m = (struct measure){.first = first, .last = first + (count ? count - 1 : 0),
                          .warm = warm < first ? warm : 0};
    measure_step(m, 0);
}

static inline void measure_begin(struct measure *m, uint64_t number)
{
    if (m->first && !m->inside && number >= m->first && number <= m->last) {
        m->inside = true;
        mark(MARK_REQUEST_BEGIN);
    }
}

static inline void measure_end(struct measure *m)
{
    if (m->inside) {
        mark(MARK_REQUEST_END);
        m->inside = false;
    }
}

/* A system call with nothing of the C library's around it; the result is as the kernel gives it. */
static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a5 __asm__("a5") = f;
    register long a7 __asm__("a7") = number;

    __asm__ volatile("ecall"
                     : "+r"(a0)
                     : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7)
                     : "memory");
    return a0;
}

#endif
