/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell-bench [OPTION]... REPETITIONS [WORK[:REPETITIONS]]...: repeats each work and prints
 * "NAME MARK NANOSECONDS REPETITIONS": its mark, and its shortest repetition by a clock of the
 * guest.  "NAME skipped: WHY" for what cannot be done here. */
#define _GNU_SOURCE
#include "bench.h"

#include "clock.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77

static volatile uint32_t one = 1;
static const char *now_running = "";

struct repeat {
    uint64_t times, best_ns, got;
};

void ready(uint32_t one_)
{
    (void)one_;
}

uint64_t as_is(uint64_t got)
{
    return got;
}

void skip(const char *why)
{
    printf("%s skipped: %s\n", now_running, why);
    fflush(stdout);
    _exit(SKIPPED);
}

void fail(const char *what)
{
    printf("%s wrong: %s: %s\n", now_running, what, strerror(errno));
    fflush(stdout);
    _exit(1);
}

void *map_pages(size_t bytes)
{
    uint8_t *map = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (map == MAP_FAILED)
        fail("mmap");
    /* A large page would be one entry of a TLB. */
    (void)madvise(map, 2 * bytes, MADV_NOHUGEPAGE);
    return map + (bytes - (uintptr_t)map % bytes) % bytes;
}

/* A function of its own for each work, since a mark's number is part of the instruction.  The first
 * time is for page faults and the like. */
#define WORK_REPEAT(number, name, prepare, check, result, what) \
    static void repeat_##name(struct repeat *r) \
    { \
        prepare(one); \
        r->got = check(work_##name(one)); \
        for (uint64_t i = 0; i < r->times && r->got == (result); i++) { \
            uint64_t began, took; \
            \
            prepare(one); \
            began = clock_ns(); \
            mark(number); \
            r->got = work_##name(one); \
            mark(number + 1); \
            took = clock_ns() - began; \
            r->got = check(r->got); \
            r->best_ns = took < r->best_ns ? took : r->best_ns; \
        } \
    }
/* mark() makes text of its argument: the assembler adds. */
WORKS(WORK_REPEAT)

static const struct work {
    const char *name, *what;
    unsigned mark;
    uint64_t result;
    void (*repeat)(struct repeat *r);
} works[] = {
#define WORK_ROW(mark, name, prepare, check, result, what) \
    {#name, what, mark, result, repeat_##name},
    WORKS(WORK_ROW)
};
#define WORKS_COUNT (sizeof works / sizeof works[0])

/* `text` is NAME or NAME:TIMES. */
static const struct work *work_named(const char *text)
{
    size_t length = strcspn(text, ":");

    for (size_t i = 0; i < WORKS_COUNT; i++)
        if (strlen(works[i].name) == length && strncmp(works[i].name, text, length) == 0)
            return &works[i];
    return NULL;
}

/* In a process of its own: what one work has mapped costs the next one's fork nothing. */
static bool run_work(const struct work *w, uint64_t times)
{
    struct repeat r = {.times = times, .best_ns = UINT64_MAX};
    int status;
    pid_t child = fork();

    now_running = w->name;
    if (child < 0)
        fail("fork");
    if (child == 0) {
        w->repeat(&r);
        if (r.got == w->result)
            printf("%s %u %llu %llu\n", w->name, w->mark, (unsigned long long)r.best_ns,
                   (unsigned long long)r.times);
        else
            printf("%s wrong: 0x%llx, not 0x%llx\n", w->name, (unsigned long long)r.got,
                   (unsigned long long)w->result);
        fflush(stdout);
        _exit(r.got != w->result);
    }
    if (waitpid(child, &status, 0) != child)
        fail("waitpid");
    if (WIFSIGNALED(status))
        printf("%s wrong: signal %d\n", w->name, WTERMSIG(status));
    fflush(stdout);
    return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == SKIPPED);
}

/* Memory that a host must back; it stays until this ends, at the end of the input. */
static int touch(unsigned long mebibytes)
{
    size_t bytes = mebibytes << 20;
    uint8_t *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t sum = 0;

    if (map == MAP_FAILED)
        fail("mmap");
    for (size_t i = 0; i < bytes; i += 4096)
        map[i] = 1;
    for (size_t i = 0; i < bytes; i += 4096)
        sum += map[i];
    printf("touched %lu MiB\n", mebibytes);
    fflush(stdout);
    return sum != bytes / 4096;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: doorbell-bench [OPTION]... REPETITIONS [WORK[:REPETITIONS]]...\n"
            "  -c rtc     time by the board's real-time clock; else by rdtime (natively: the host)\n"
            "  -d FILE    the disk to read (/dev/nvme0n1)\n"
            "or: doorbell-bench -m FILE   makes a disk\n"
            "    doorbell-bench -t MIB    touches memory\n"
            "    doorbell-bench -l        lists the works\n");
    return 2;
}

int main(int argc, char **argv)
{
    uint64_t times;
    bool good = true, rtc = false;
    int option;

    while ((option = getopt(argc, argv, "+c:d:m:t:l")) != -1) {
        switch (option) {
        case 'c': rtc = strcmp(optarg, "rtc") == 0; break;
        case 'd': disk_path = optarg; break;
        case 'm': make_disk(optarg); return 0;
        case 't': return touch(strtoul(optarg, NULL, 10));
        case 'l':
            for (size_t i = 0; i < WORKS_COUNT; i++)
                printf("%s %s\n", works[i].name, works[i].what);
            return 0;
        default: return usage();
        }
    }
    if (optind >= argc)
        return usage();
    times = strtoull(argv[optind++], NULL, 10);
    if (!times)
        return usage();
    for (int i = optind; i < argc; i++)
        if (!work_named(argv[i])) {
            fprintf(stderr, "doorbell-bench: no work named %s\n", argv[i]);
            return 2;
        }
    if (!clock_open(rtc))
        fail("the real-time clock");
#if !defined(__riscv)
    /* One processor, as in the guest: two processes take turns. */
    {
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET((unsigned)sched_getcpu(), &set);
        (void)sched_setaffinity(0, sizeof set, &set);
    }
#endif
    if (optind == argc)
        for (size_t i = 0; i < WORKS_COUNT; i++)
            good &= run_work(&works[i], times);
    for (int i = optind; i < argc; i++) {
        const char *own = strchr(argv[i], ':');
        uint64_t own_times = own ? strtoull(own + 1, NULL, 10) : 0;

        good &= run_work(work_named(argv[i]), own_times ? own_times : times);
    }
    return !good;
}
