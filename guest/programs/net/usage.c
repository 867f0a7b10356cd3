/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine did: counters of /proc and /sys. */
#include "net.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const char *const tick_names[] = {"user", "nice",  "system",  "idle",
                                         "iowait", "irq", "softirq", "steal"};

static void read_stat(struct usage *u)
{
    FILE *f = fopen("/proc/stat", "r");
    char line[4096];

    if (!f)
        return;
    while (fgets(line, sizeof line, f)) {
        char *p = line + 4;

        if (!strncmp(line, "cpu ", 4)) {
            for (size_t i = 0; i < ARRAY_LEN(u->ticks); i++)
                u->ticks[i] = strtoull(p, &p, 10);
        } else if (!strncmp(line, "ctxt ", 5)) {
            u->switches = strtoull(line + 5, NULL, 10);
        }
    }
    fclose(f);
}

/* Lines "NUMBER: COUNT COUNT ... what DEVICE-queue". */
static void read_interrupts(struct usage *u, const char *device)
{
    FILE *f = fopen("/proc/interrupts", "r");
    char line[4096];

    if (!f)
        return;
    while (fgets(line, sizeof line, f)) {
        char *p = strchr(line, ':'), *end;
        const char *name = strstr(line, device);

        if (!p || !name)
            continue;
        for (p++; p < name; p = end) {
            uint64_t count = strtoull(p, &end, 10);

            if (end == p || (*end != ' ' && *end != '\t'))
                break;
            u->interrupts += count;
        }
    }
    fclose(f);
}

/* One line per hart, of hexadecimal words: the second is packets dropped, the third squeezes. */
static void read_softnet(struct usage *u)
{
    FILE *f = fopen("/proc/net/softnet_stat", "r");
    char line[512];

    if (!f)
        return;
    while (fgets(line, sizeof line, f)) {
        unsigned processed, dropped, squeezed;

        if (sscanf(line, "%x %x %x", &processed, &dropped, &squeezed) == 3) {
            u->softnet_dropped += dropped;
            u->softnet_squeezed += squeezed;
        }
    }
    fclose(f);
}

/* Two lines "Udp: ...": names, then values. */
static void read_udp(struct usage *u)
{
    FILE *f = fopen("/proc/net/snmp", "r");
    char names[1024], values[1024];

    if (!f)
        return;
    while (fgets(names, sizeof names, f)) {
        char *n, *v, *name, *value;

        if (strncmp(names, "Udp:", 4) || !fgets(values, sizeof values, f))
            continue;
        name = strtok_r(names, " \n", &n);
        value = strtok_r(values, " \n", &v);
        while (name && value) {
            if (!strcmp(name, "InErrors"))
                u->udp_errors = strtoull(value, NULL, 10);
            else if (!strcmp(name, "RcvbufErrors"))
                u->udp_full = strtoull(value, NULL, 10);
            name = strtok_r(NULL, " \n", &n);
            value = strtok_r(NULL, " \n", &v);
        }
        break;
    }
    fclose(f);
}

static uint64_t statistic(const char *device, const char *name)
{
    char path[256];
    unsigned long long value = 0;
    FILE *f;

    snprintf(path, sizeof path, "/sys/class/net/%s/statistics/%s", device, name);
    f = fopen(path, "r");
    if (f) {
        if (fscanf(f, "%llu", &value) != 1)
            value = 0;
        fclose(f);
    }
    return value;
}

static uint64_t microseconds(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_usec;
}

void usage_read(struct usage *u, const char *device)
{
    struct rusage self;

    memset(u, 0, sizeof *u);
    read_stat(u);
    read_interrupts(u, device);
    read_softnet(u);
    read_udp(u);
    u->rx_packets = statistic(device, "rx_packets");
    u->rx_missed = statistic(device, "rx_missed_errors");
    u->tx_packets = statistic(device, "tx_packets");
    getrusage(RUSAGE_SELF, &self);
    u->user_us = microseconds(self.ru_utime);
    u->system_us = microseconds(self.ru_stime);
    u->ns = clock_ns();
}

void usage_print(const struct usage *from, const struct usage *to)
{
#define WORD(name, member) printf(" " name "=%llu", (unsigned long long)(to->member - from->member))
    WORD("run_ns", ns);
    for (size_t i = 0; i < ARRAY_LEN(tick_names); i++)
        printf(" cpu_%s_ms=%llu", tick_names[i],
               (unsigned long long)(to->ticks[i] - from->ticks[i]) * 10);
    WORD("self_user_us", user_us);
    WORD("self_system_us", system_us);
    WORD("switches", switches);
    WORD("interrupts", interrupts);
    WORD("softnet_dropped", softnet_dropped);
    WORD("softnet_squeezed", softnet_squeezed);
    WORD("udp_errors", udp_errors);
    WORD("udp_full", udp_full);
    WORD("rx_packets", rx_packets);
    WORD("rx_missed", rx_missed);
    WORD("tx_packets", tx_packets);
#undef WORD
    printf("\n");
}
