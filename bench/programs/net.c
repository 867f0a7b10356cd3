/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell-bench-net [-s] REPETITIONS [WORK[:REPETITIONS]]...: how many packets a machine receives, or sends, in some
 * time.  The far end of the wire, 10.0.0.1, sends what it is ordered to by UDP to port 7000: our
 * traffic generator, or feeder.c for QEMU.  Prints for each repetition
 *     packets NAME MARK NANOSECONDS COUNT
 * by the guest's clock, between the marks MARK and MARK + 1.  -s: shorter repetitions, and twice as
 * many.  That is for a machine on which all of them are the same: elsewhere the shortest would be one
 * that found packets of the time before it. */
#define _GNU_SOURCE
#include "bench.h"

#include "clock.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 9
#define ORDER_PORT 7000
#define RECEIVED 4096 /* packets of a repetition, or about as many */
#define ECHOED 1024
#define SENT 512
#define BATCH 64
#define PAYLOAD 1472 /* of a frame of 1518 bytes with its check sequence */
#define REPETITIONS_MAX 2000

static const char *now_running = "";
static struct sockaddr_in station = {.sin_family = AF_INET};
static int orders = -1, sink = -1, snmp = -1;
static unsigned received = RECEIVED, echoed = ECHOED;
static long wait_ns; /* of a repetition that counts what comes in some time */
static uint8_t data[BATCH][2048];
static struct sockaddr_in from[BATCH];
static struct iovec iov[BATCH];
static struct mmsghdr messages[BATCH];

void fail(const char *what)
{
    printf("%s wrong: %s: %s\n", now_running, what, strerror(errno));
    exit(1);
}

static void nap(long ns)
{
    struct timespec t = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

    nanosleep(&t, NULL);
}

/* Its answer may be lost in what else comes: then once more. */
static void order(const char *text)
{
    char answer[200];
    ssize_t bytes = -1;

    for (int i = 0; i < 10 && bytes < 0; i++) {
        if (send(orders, text, strlen(text), 0) != (ssize_t)strlen(text))
            fail("order");
        bytes = recv(orders, answer, sizeof answer, 0);
    }
    if (bytes < 2 || strncmp(answer, "ok", 2) != 0) {
        errno = bytes < 0 ? ETIMEDOUT : EPROTO;
        fail(text);
    }
}

/* ---- the interface ---- */

/* The first that is not the machine's own. */
static const char *find_interface(void)
{
    static char name[IFNAMSIZ];
    DIR *dir = opendir("/sys/class/net");
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "lo") != 0)
            snprintf(name, sizeof name, "%.15s", entry->d_name);
    if (dir)
        closedir(dir);
    return name[0] ? name : NULL;
}

static bool has_carrier(const char *name)
{
    char path[128], c = 0;
    int fd;

    snprintf(path, sizeof path, "/sys/class/net/%s/carrier", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    if (read(fd, &c, 1) != 1) /* down */
        c = 0;
    close(fd);
    return c == '1';
}

/* For the interface of `r`. */
static void set_address(int fd, struct ifreq *r, unsigned long request, const char *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(address)};

    memcpy(&r->ifr_addr, &in, sizeof in);
    if (ioctl(fd, request, r))
        fail(address);
}

static void bring_up(const char *name)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq r = {0};

    if (fd < 0)
        fail("socket");
    snprintf(r.ifr_name, IFNAMSIZ, "%s", name);
    set_address(fd, &r, SIOCSIFADDR, "10.0.0.2");
    set_address(fd, &r, SIOCSIFNETMASK, "255.255.255.0");
    if (ioctl(fd, SIOCGIFFLAGS, &r))
        fail("flags");
    r.ifr_flags |= IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &r))
        fail("up");
    close(fd);
    for (int i = 0; i < 200 && !has_carrier(name); i++)
        nap(100000000);
    if (!has_carrier(name)) {
        errno = ENETDOWN;
        fail(name);
    }
}

static int udp_socket(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        fail("socket");
    return fd;
}

static void open_sockets(void)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    struct timeval patience = {.tv_usec = 500000};

    station.sin_addr.s_addr = inet_addr("10.0.0.1");
    station.sin_port = htons(ORDER_PORT);
    orders = udp_socket();
    if (connect(orders, (struct sockaddr *)&station, sizeof station))
        fail("connect");
    if (setsockopt(orders, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience))
        fail("SO_RCVTIMEO");
    sink = udp_socket();
    if (bind(sink, (struct sockaddr *)&own, sizeof own))
        fail("bind");
    snmp = open("/proc/net/snmp", O_RDONLY | O_CLOEXEC);
    if (snmp < 0)
        fail("/proc/net/snmp");
    station.sin_port = htons(PORT);
    for (int i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){.iov_base = data[i], .iov_len = sizeof data[i]};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &iov[i], .msg_iovlen = 1};
    }
}

/* ---- the works: each gives the number of its packets ---- */

/* IP packets that the stack has handed on (InDelivers), whatever became of them then. */
static uint64_t delivered(void)
{
    char text[4096], *line;
    unsigned long long count;
    ssize_t bytes = pread(snmp, text, sizeof text - 1, 0);

    if (bytes <= 0)
        fail("/proc/net/snmp");
    text[bytes] = 0;
    line = strstr(text, "\nIp: ");
    if (!line || sscanf(line, "\nIp: %*s %*s %*s %*s %*s %*s %*s %*s %llu", &count) != 1) {
        errno = EPROTO;
        fail("/proc/net/snmp");
    }
    return count;
}

/* Into a socket that is full, because nobody reads.  Both counts are within the marks: were one
 * outside, what comes while another process has its turn there would cost no time. */
static uint64_t drop(void)
{
    uint64_t before = delivered();

    nap(wait_ns);
    return delivered() - before;
}

/* What comes goes back to where it came from. */
static uint64_t echo(void)
{
    unsigned done = 0;

    while (done < echoed) {
        int count, back;

        for (int i = 0; i < BATCH; i++) {
            messages[i].msg_hdr.msg_namelen = sizeof from[i];
            iov[i].iov_len = sizeof data[i];
        }
        count = recvmmsg(sink, messages, BATCH, MSG_WAITFORONE, NULL);
        if (count <= 0)
            fail("recvmmsg");
        for (int i = 0; i < count; i++)
            iov[i].iov_len = messages[i].msg_len;
        for (int i = 0; i < count; i += back) {
            back = sendmmsg(sink, messages + i, (unsigned)(count - i), 0);
            if (back <= 0)
                fail("sendmmsg");
        }
        done += (unsigned)count;
    }
    return done;
}

static uint64_t give(void)
{
    unsigned done = 0;

    while (done < SENT) {
        int count = sendmmsg(sink, messages, BATCH, 0);

        if (count <= 0)
            fail("sendmmsg");
        done += (unsigned)count;
    }
    return done;
}

/* W(mark, name, order, what is done, whether its length is to be found, what it is).  The rates are
 * more than a guest can take: a machine is asked for all that it can do.  Without checksums, a card
 * that does not check them is as good as one that does. */
#define UDP_STREAM " checksum=off port=9"
#define NET_WORKS(W) \
    W(66, rxdrop64, "start rate=2M size=64" UDP_STREAM, drop, true, \
      "64-byte frames, to a socket that is full") \
    W(68, rxline64, "start rate=line size=64" UDP_STREAM, drop, true, \
      "the same, as fast as the line is") \
    W(70, rxdrop, "start rate=line size=1518" UDP_STREAM, drop, true, \
      "1518-byte frames, to a socket that is full") \
    W(72, echo64, "start rate=line window=64 size=64" UDP_STREAM, echo, false, \
      "64-byte frames to a program that sends them back, 64 on their way") \
    W(74, txudp, NULL, give, false, "1518-byte frames, sent 64 a call")

struct repetition {
    uint64_t ns, packets;
};

#define NET_REPEAT(number, name, order, work, timed, what) \
    static void repeat_##name(struct repetition *r) \
    { \
        uint64_t began = clock_ns(); \
        \
        mark(number); \
        r->packets = work(); \
        r->ns = clock_ns() - began; \
        mark(number + 1); \
    }
NET_WORKS(NET_REPEAT)

static const struct work {
    const char *name, *order, *what;
    unsigned mark;
    bool timed;
    void (*repeat)(struct repetition *r);
} works[] = {
#define NET_ROW(mark, name, order, work, timed, what) \
    {#name, order, what, mark, timed, repeat_##name},
    NET_WORKS(NET_ROW)
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

/* Until nothing comes any more, with an empty socket. */
static void calm(void)
{
    uint64_t last;

    do {
        last = delivered();
        nap(20000000);
    } while (delivered() != last);
    while (recvmmsg(sink, messages, BATCH, MSG_DONTWAIT, NULL) > 0)
        ;
}

/* How long `received` packets take. */
static void find_wait(void)
{
    uint64_t before, count = 0, began;

    wait_ns = 5000000;
    nap(wait_ns);
    began = clock_ns();
    before = delivered();
    for (int i = 0; i < 2000 && count < received / 8; i++) {
        nap(wait_ns);
        count = delivered() - before;
    }
    if (!count) {
        errno = ETIMEDOUT;
        fail("no packets");
    }
    wait_ns = (long)((clock_ns() - began) * received / count);
}

static void run_work(const struct work *w, uint64_t times)
{
    static struct repetition all[2 * REPETITIONS_MAX];

    now_running = w->name;
    for (int i = 0; i < BATCH; i++) {
        from[i] = station;
        iov[i].iov_len = PAYLOAD;
    }
    if (w->order)
        order(w->order);
    if (w->timed)
        find_wait();
    for (uint64_t i = 0; i < times; i++)
        w->repeat(&all[i]);
    if (w->order)
        order("stop");
    calm();
    for (uint64_t i = 0; i < times; i++)
        printf("packets %s %u %llu %llu\n", w->name, w->mark, (unsigned long long)all[i].ns,
               (unsigned long long)all[i].packets);
    fflush(stdout);
}

static uint64_t times_of(const char *text, uint64_t otherwise)
{
    uint64_t times = text ? strtoull(text, NULL, 10) : 0;

    if (!times)
        times = otherwise;
    return times < REPETITIONS_MAX ? times : REPETITIONS_MAX;
}

static int usage(void)
{
    fprintf(stderr, "usage: doorbell-bench-net [-s] REPETITIONS [WORK[:REPETITIONS]]...\n"
                    "  -s   shorter ones, twice as many\n"
                    "or: doorbell-bench-net -l   lists the works\n");
    return 2;
}

int main(int argc, char **argv)
{
    const char *interface = find_interface();
    uint64_t times, more = 1;
    int option;

    while ((option = getopt(argc, argv, "+sl")) != -1) {
        switch (option) {
        case 's':
            more = 2;
            received /= 2;
            echoed /= 2;
            break;
        case 'l':
            for (size_t i = 0; i < WORKS_COUNT; i++)
                printf("%s %s\n", works[i].name, works[i].what);
            return 0;
        default: return usage();
        }
    }
    times = optind < argc ? times_of(argv[optind++], 0) : 0;
    if (!times)
        return usage();
    for (int i = optind; i < argc; i++)
        if (!work_named(argv[i])) {
            fprintf(stderr, "doorbell-bench-net: no work named %s\n", argv[i]);
            return 2;
        }
    if (!interface) {
        printf("net skipped: no network card\n");
        return 0;
    }
    bring_up(interface);
    open_sockets();
    calm();
    if (optind == argc)
        for (size_t i = 0; i < WORKS_COUNT; i++)
            run_work(&works[i], times * more);
    for (int i = optind; i < argc; i++) {
        const char *own = strchr(argv[i], ':');

        run_work(work_named(argv[i]), times_of(own ? own + 1 : NULL, times) * more);
    }
    return 0;
}
