/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments, time, the watch; see net.h. */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

_Noreturn void fail(const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", program, what, strerror(errno));
    exit(1);
}

_Noreturn void refuse(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s: ", program);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

/* ---- arguments ---- */

static void usage(const struct arg *args)
{
    fprintf(stderr, "usage: %s [NAME=VALUE]...\n", program);
    for (const struct arg *a = args; a->name; a++) {
        fprintf(stderr, "  %-10s %s", a->name, a->help);
        if (a->choice) {
            fputc(':', stderr);
            for (const char *const *c = a->choice; *c; c++)
                fprintf(stderr, " %s", *c);
        } else if (a->text && *a->text) {
            fprintf(stderr, " (%s)", *a->text);
        } else if (a->number) {
            fprintf(stderr, " (%llu)", (unsigned long long)*a->number);
        }
        fputc('\n', stderr);
    }
    exit(2);
}

static bool read_number(const char *text, uint64_t *out)
{
    char *end;
    uint64_t unit = 1;
    unsigned long long value;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    value = strtoull(text, &end, 0);
    switch (*end) {
    case 'k': unit = 1000; end++; break;
    case 'm': unit = 1000000; end++; break;
    case 'g': unit = 1000000000; end++; break;
    }
    if (errno || *end || value > UINT64_MAX / unit)
        return false;
    *out = value * unit;
    return true;
}

static bool read_value(const struct arg *a, const char *value)
{
    if (a->choice) {
        for (uint64_t i = 0; a->choice[i]; i++)
            if (!strcmp(a->choice[i], value)) {
                *a->number = i;
                return true;
            }
        return false;
    }
    if (a->number)
        return read_number(value, a->number);
    *a->text = value;
    return true;
}

void args_read(int argc, char **argv, const struct arg *args)
{
    for (int i = 1; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        size_t len = equals ? (size_t)(equals - argv[i]) : strlen(argv[i]);
        const struct arg *a = args;

        while (a->name && (strlen(a->name) != len || strncmp(a->name, argv[i], len)))
            a++;
        if (!equals || !a->name || !read_value(a, equals + 1)) {
            fprintf(stderr, "%s: what is %s?\n", program, argv[i]);
            usage(args);
        }
    }
}

struct sockaddr_in address_of(const char *host, uint64_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

    if (port > 65535 || inet_pton(AF_INET, host, &a.sin_addr) != 1)
        refuse("%s:%llu is no IPv4 address and port", host, (unsigned long long)port);
    return a;
}

void make_ready(const char *path)
{
    FILE *f;

    if (!*path)
        return;
    f = fopen(path, "w");
    if (!f)
        fail(path);
    fclose(f);
}

/* ---- time ---- */

uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void sleep_ns(uint64_t ns)
{
    struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};

    while (nanosleep(&t, &t) != 0 && errno == EINTR) {}
}

uint64_t timer_ns(uint64_t ticks)
{
    static uint64_t hz;

    if (!hz) {
        FILE *f = fopen("/proc/device-tree/cpus/timebase-frequency", "rb");
        unsigned char be[4];

        if (f && fread(be, 1, 4, f) == 4)
            hz = (uint64_t)be[0] << 24 | (uint64_t)be[1] << 16 | (uint64_t)be[2] << 8 | be[3];
        if (f)
            fclose(f);
        if (!hz)
            refuse("no timebase-frequency in the device tree");
    }
    return ticks / hz * 1000000000u + ticks % hz * 1000000000u / hz;
}

/* ---- the watch ---- */

#define WATCH_PERIOD_MS 100u

volatile bool watch_expired;
static const volatile uint64_t *watched;
static uint64_t watch_last, watch_same, watch_limit, watch_limit_first;

static void on_tick(int signal_number)
{
    uint64_t count = *watched;

    (void)signal_number;
    watch_same = count == watch_last ? watch_same + 1 : 0;
    watch_last = count;
    if (watch_same >= (count ? watch_limit : watch_limit_first))
        watch_expired = true;
}

void watch_start(const uint64_t *count, uint64_t idle_ms, uint64_t wait_ms)
{
    struct sigaction action = {.sa_handler = on_tick}; /* no SA_RESTART: EINTR is wanted */
    struct itimerval period = {{0, WATCH_PERIOD_MS * 1000}, {0, WATCH_PERIOD_MS * 1000}};

    if (!idle_ms)
        return;
    watched = count;
    watch_last = *count;
    watch_limit = idle_ms / WATCH_PERIOD_MS + 1;
    watch_limit_first = wait_ms / WATCH_PERIOD_MS + 1;
    if (sigaction(SIGALRM, &action, NULL) != 0 || setitimer(ITIMER_REAL, &period, NULL) != 0)
        fail("the watch's timer");
}
