/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `point [warm_us=N] [window_us=N] [quiet_us=N] [device=NAME] WORD...`: one point of a study.
 *
 * Orders the traffic generator to start with WORD... (docs/network.md), waits warm_us, and reads the
 * kernel's counters, waits window_us, and reads them again; marks 16 and 17 are around that second
 * wait. Then it waits for the end of the run, asks the generator for its counts, and prints all as
 * words NAME=VALUE. It is one process, asleep most of the time, so that the window holds nothing but
 * the traffic; and of real-time priority, since others starve when too much comes. Reading the
 * counters holds up a frame or two: quiet_us is the length of a second run without.
 *
 *     NAME_ps       events a second in the window
 *     NAME_all      events from before the run to its end
 *     gen.A.B       a number of the generator's report: member B of its member A; quiet.A.B: of the
 *                   second run
 */
#include "mark.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof(a)[0])
#define NS_PER_S 1000000000u
#define ANSWER_TRIES 10
#define ANSWER_WAIT_US 200000
#define AFTER_US 5000 /* how much longer than the window a run is */
#define END_TRIES 2000
#define END_WAIT_US 5000
#define MARK_WINDOW_BEGIN 16
#define MARK_WINDOW_END 17

static const char *device = "eth0";

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "point: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

static void sleep_us(uint64_t us)
{
    struct timespec t = {(time_t)(us / 1000000), (long)(us % 1000000 * 1000)};

    while (nanosleep(&t, &t) != 0 && errno == EINTR)
        ;
}

/* ---- counters ---- */

enum counter { READ, SOCKET_DROP, RECEIVED, SENT, MISSED, INTERRUPTS, SQUEEZED, COUNTERS };
static const char *const counter_name[] = {"read", "socket_drop", "received", "sent",
                                           "missed", "interrupts", "squeezed"};

struct sample {
    uint64_t value[COUNTERS], ns[COUNTERS]; /* what, and when it was read */
};

static FILE *open_counters(const char *path)
{
    FILE *f = fopen(path, "r");

    if (!f)
        fail(path);
    return f;
}

/* Two lines "Udp: ...": names, then values. */
static void read_udp(struct sample *s)
{
    FILE *f = open_counters("/proc/net/snmp");
    char names[1024], values[1024];

    while (fgets(names, sizeof names, f)) {
        char *n, *v, *name, *value;

        if (strncmp(names, "Udp:", 4) || !fgets(values, sizeof values, f))
            continue;
        name = strtok_r(names, " \n", &n);
        value = strtok_r(values, " \n", &v);
        while (name && value) {
            if (!strcmp(name, "InDatagrams"))
                s->value[READ] = strtoull(value, NULL, 10);
            else if (!strcmp(name, "RcvbufErrors"))
                s->value[SOCKET_DROP] = strtoull(value, NULL, 10);
            name = strtok_r(NULL, " \n", &n);
            value = strtok_r(NULL, " \n", &v);
        }
        break;
    }
    fclose(f);
    s->ns[READ] = s->ns[SOCKET_DROP] = clock_ns();
}

static void read_statistic(struct sample *s, enum counter which, const char *name)
{
    char path[256];
    unsigned long long value;
    FILE *f;

    snprintf(path, sizeof path, "/sys/class/net/%s/statistics/%s", device, name);
    f = open_counters(path);
    if (fscanf(f, "%llu", &value) != 1)
        fail(path);
    fclose(f);
    s->value[which] = value;
    s->ns[which] = clock_ns();
}

/* Lines "NUMBER: COUNT COUNT ... what DEVICE-TxRx-0"; the card's other causes are "DEVICE" alone. */
static void read_interrupts(struct sample *s)
{
    FILE *f = open_counters("/proc/interrupts");
    char line[4096], queue[64];

    snprintf(queue, sizeof queue, " %s-", device);
    while (fgets(line, sizeof line, f)) {
        char *p = strchr(line, ':'), *end;

        if (!p || !strstr(line, queue))
            continue;
        for (p++;; p = end) {
            uint64_t count = strtoull(p, &end, 10);

            if (end == p || (*end != ' ' && *end != '\t'))
                break;
            s->value[INTERRUPTS] += count;
        }
    }
    fclose(f);
    s->ns[INTERRUPTS] = clock_ns();
}

/* A line a hart, in hexadecimal: the third is how often a poll ended with work left. */
static void read_softnet(struct sample *s)
{
    FILE *f = open_counters("/proc/net/softnet_stat");
    char line[512];
    unsigned squeezed;

    while (fgets(line, sizeof line, f))
        if (sscanf(line, "%*x %*x %x", &squeezed) == 1)
            s->value[SQUEEZED] += squeezed;
    fclose(f);
    s->ns[SQUEEZED] = clock_ns();
}

static void read_counters(struct sample *s)
{
    memset(s, 0, sizeof *s);
    read_udp(s);
    read_statistic(s, RECEIVED, "rx_packets");
    read_statistic(s, SENT, "tx_packets");
    read_statistic(s, MISSED, "rx_missed_errors");
    read_interrupts(s);
    read_softnet(s);
}

/* ---- the generator ---- */

static int generator_open(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7000)};
    struct timeval wait = {0, ANSWER_WAIT_US};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    to.sin_addr.s_addr = htonl(0x0a000001); /* 10.0.0.1 */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        fail("socket");
    return fd;
}

/* An order, and its answer as text. `again`: it does no harm to say it twice. */
static void generator_order(int fd, const char *order, bool again, char *answer, size_t size)
{
    for (int i = 0; i < (again ? ANSWER_TRIES : 1); i++) {
        ssize_t n;

        if (send(fd, order, strlen(order), 0) < 0)
            fail("order to the generator");
        n = recv(fd, answer, size - 1, 0);
        if (n > 0) {
            answer[n] = '\0';
            return;
        }
    }
    errno = ETIMEDOUT;
    fail("answer of the generator");
}

/* Starts a run of so many microseconds. */
static void generator_start(int fd, const char *words, uint64_t us)
{
    char order[1400], answer[2000];

    snprintf(order, sizeof order, "start duration=%lluus%s", (unsigned long long)us, words);
    generator_order(fd, order, false, answer, sizeof answer);
    if (strncmp(answer, "ok", 2)) {
        fprintf(stderr, "point: the generator says: %s\n", answer);
        exit(1);
    }
}

/* Waits for the end of the run; what was counted is in `answer`, as JSON. */
static void generator_end(int fd, char *answer, size_t size)
{
    for (int i = 0; i < END_TRIES; i++) {
        generator_order(fd, "stats", true, answer, size);
        if (strstr(answer, "\"done\""))
            return;
        sleep_us(END_WAIT_US);
    }
    fprintf(stderr, "point: the run does not end: %s\n", answer);
    exit(1);
}

/* Prints the numbers of a JSON text as words NAME.MEMBER.MEMBER=NUMBER; enough of a parser for what
 * the generator writes: no strings with quotes in them. */
static void print_numbers(const char *of, const char *p)
{
    char path[8][48] = {""}, name[48] = "";
    unsigned depth = 0;

    for (; *p; p++) {
        if (*p == '{' || *p == '[') {
            if (++depth == ARRAY_LEN(path))
                return;
            memcpy(path[depth], name, sizeof name);
            name[0] = '\0';
        } else if (*p == '}' || *p == ']') {
            if (depth-- == 0)
                return;
            name[0] = '\0';
        } else if (*p == '"') {
            size_t n = 0;

            for (p++; *p && *p != '"'; p++)
                if (n + 1 < sizeof name)
                    name[n++] = *p;
            name[n] = '\0';
            if (!*p)
                return;
        } else if (isdigit((unsigned char)*p)) {
            printf(" %s", of);
            for (unsigned i = 2; i <= depth; i++)
                printf(".%s", path[i]);
            printf(".%s=", name);
            while (isdigit((unsigned char)p[0])) {
                putchar(*p);
                if (!isdigit((unsigned char)p[1]))
                    break;
                p++;
            }
        }
    }
}

/* ---- */

static void print_rates(const struct sample *from, const struct sample *to)
{
    for (unsigned i = 0; i < COUNTERS; i++) {
        double s = (double)(to->ns[i] - from->ns[i]) / NS_PER_S;

        printf(" %s_ps=%.1f", counter_name[i], (double)(to->value[i] - from->value[i]) / s);
    }
}

static void real_time(void)
{
    struct sched_param p = {.sched_priority = 50};

    if (sched_setscheduler(0, SCHED_FIFO, &p) != 0)
        fail("sched_setscheduler");
}

int main(int argc, char **argv)
{
    uint64_t warm_us = 5000, window_us = 30000, quiet_us = 0;
    struct sample before, begin, end, after;
    char words[1024] = "", answer[2000];
    int fd;

    for (int i = 1; i < argc; i++) {
        if (!strncmp(argv[i], "warm_us=", 8)) {
            warm_us = strtoull(argv[i] + 8, NULL, 10);
        } else if (!strncmp(argv[i], "window_us=", 10)) {
            window_us = strtoull(argv[i] + 10, NULL, 10);
        } else if (!strncmp(argv[i], "quiet_us=", 9)) {
            quiet_us = strtoull(argv[i] + 9, NULL, 10);
        } else if (!strncmp(argv[i], "device=", 7)) {
            device = argv[i] + 7;
        } else {
            strncat(words, " ", sizeof words - strlen(words) - 1);
            strncat(words, argv[i], sizeof words - strlen(words) - 1);
        }
    }
    real_time();
    fd = generator_open();
    read_counters(&before);
    generator_start(fd, words, warm_us + window_us + AFTER_US);
    sleep_us(warm_us);
    read_counters(&begin);
    mark(MARK_WINDOW_BEGIN);
    sleep_us(window_us);
    mark(MARK_WINDOW_END);
    read_counters(&end);
    sleep_us(AFTER_US);
    generator_end(fd, answer, sizeof answer);
    read_counters(&after);
    printf("warm_us=%llu window_us=%llu", (unsigned long long)warm_us,
           (unsigned long long)window_us);
    print_rates(&begin, &end);
    for (unsigned i = 0; i < COUNTERS; i++)
        printf(" %s_all=%llu", counter_name[i],
               (unsigned long long)(after.value[i] - before.value[i]));
    print_numbers("gen", answer);
    if (quiet_us) {
        generator_start(fd, words, quiet_us);
        sleep_us(quiet_us + AFTER_US);
        generator_end(fd, answer, sizeof answer);
        print_numbers("quiet", answer);
    }
    putchar('\n');
    return 0;
}
