/* SPDX-License-Identifier: Apache-2.0 */
/* feeder COMMAND...: the other end of a wire for QEMU.  Starts the command with a socket as file
 * descriptor 3, on which a datagram is an Ethernet frame (-netdev socket,fd=3), answers ARP for
 * 10.0.0.1, and sends UDP frames to 10.0.0.2 as fast as they are taken, when the guest orders it
 * to, in the words of our traffic generator:
 *     start size=64 port=9 window=64    to port 7000; other words are ignored, answer: "ok"
 *     stop
 * With a window that many are on their way: one is sent for each that has come back, and all anew when
 * none does for WINDOW_MS.
 * Ends when the command does, with its status.
 *
 * The socket is of the kind that makes the sender wait when it is full: this process takes as much
 * of the host as the frames need, and no frame is sent to be thrown away. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define GUEST_FD 3
#define BATCH 64
#define FRAME_MAX 9018
#define FCS 4 /* orders count it, the socket does not carry it */
#define ORDER_PORT 7000
#define SOURCE_PORT 1024
#define WINDOW_MS 100
#define BUFFER_BYTES (1 << 20) /* as much of it as the host allows */

enum { ETHERNET = 14, IP = 20, UDP = 8, HEADERS = ETHERNET + IP + UDP };

static const uint8_t own_mac[6] = {0x02, 0, 0, 0, 0, 1};
static const uint8_t own_ip[4] = {10, 0, 0, 1}, guest_ip[4] = {10, 0, 0, 2};

static uint8_t frames[BATCH][FRAME_MAX], taken[BATCH][FRAME_MAX];
static struct iovec frame_iov[BATCH], taken_iov[BATCH];
static struct mmsghdr to_send[BATCH], to_take[BATCH];
static bool flooding;
static unsigned long window, flying; /* no window: 0 */

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static unsigned ip_checksum(const uint8_t *header)
{
    uint32_t sum = 0;

    for (int i = 0; i < IP; i += 2)
        sum += get16(header + i);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

/* UDP without checksum, as the generator is told to send it. */
static void make_frame(uint8_t *f, unsigned bytes, const uint8_t *mac, unsigned from, unsigned to)
{
    uint8_t *ip = f + ETHERNET, *udp = ip + IP;

    memset(f, 0, bytes);
    memcpy(f, mac, 6);
    memcpy(f + 6, own_mac, 6);
    put16(f + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, bytes - ETHERNET);
    put16(ip + 6, 0x4000); /* not to be cut */
    ip[8] = 64;
    ip[9] = 17;
    memcpy(ip + 12, own_ip, 4);
    memcpy(ip + 16, guest_ip, 4);
    put16(ip + 10, ip_checksum(ip));
    put16(udp, from);
    put16(udp + 2, to);
    put16(udp + 4, bytes - ETHERNET - IP);
}

static unsigned long word_of(const char *order, const char *key, unsigned long otherwise)
{
    const char *at = strstr(order, key);

    return at ? strtoul(at + strlen(key), NULL, 10) : otherwise;
}

/* False: that is no order. */
static bool obey(const uint8_t *mac, const char *order)
{
    unsigned long bytes = word_of(order, " size=", 64), port = word_of(order, " port=", 9);

    flooding = strncmp(order, "start", 5) == 0;
    flying = 0;
    window = word_of(order, " window=", 0);
    if (flooding && (bytes < HEADERS + FCS || bytes > FRAME_MAX || port > 65535))
        flooding = false;
    else if (!flooding)
        return strncmp(order, "stop", 4) == 0;
    for (unsigned i = 0; flooding && i < BATCH; i++) {
        make_frame(frames[i], (unsigned)bytes - FCS, mac, SOURCE_PORT, (unsigned)port);
        frame_iov[i].iov_len = bytes - FCS;
    }
    return flooding;
}

static void answer_order(int fd, const uint8_t *mac, unsigned to, bool good)
{
    uint8_t f[60];

    make_frame(f, sizeof f, mac, ORDER_PORT, to);
    strcpy((char *)f + HEADERS, good ? "ok\n" : "error\n");
    (void)!send(fd, f, sizeof f, MSG_DONTWAIT | MSG_NOSIGNAL); /* lost: it orders again */
}

static void answer_arp(int fd, const uint8_t *asked)
{
    uint8_t f[60] = {0};

    memcpy(f, asked + 6, 6);
    memcpy(f + 6, own_mac, 6);
    memcpy(f + 12, asked + 12, 8);
    put16(f + 20, 2);
    memcpy(f + 22, own_mac, 6);
    memcpy(f + 28, own_ip, 4);
    memcpy(f + 32, asked + 22, 10);
    (void)!send(fd, f, sizeof f, MSG_DONTWAIT | MSG_NOSIGNAL); /* lost: it asks again */
}

static void take(int fd, uint8_t *f, unsigned bytes)
{
    unsigned type = bytes >= ETHERNET ? get16(f + 12) : 0;

    if (type == 0x0806 && bytes >= 42 && get16(f + 20) == 1 && memcmp(f + 38, own_ip, 4) == 0)
        answer_arp(fd, f);
    if (type != 0x0800 || bytes < HEADERS || bytes >= FRAME_MAX || f[14] != 0x45 || f[23] != 17)
        return;
    f[bytes] = 0;
    if (get16(f + 36) == SOURCE_PORT && flying)
        flying--;
    else if (get16(f + 36) == ORDER_PORT)
        answer_order(fd, f + 6, get16(f + 34), obey(f + 6, (char *)f + HEADERS));
}

/* As much as is taken, up to a batch; false: there may be more to send. */
static bool send_some(int fd)
{
    unsigned want = BATCH;
    int count;

    if (window && window - flying < want)
        want = (unsigned)(window - flying);
    if (!want)
        return true;
    count = sendmmsg(fd, to_send, want, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0)
        flying += (unsigned)count;
    return count < BATCH;
}

/* False: the command has ended, which closes what `alive` is the other end of. */
static bool exchange(int fd, int alive)
{
    struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = alive}};
    int count;

    if (flooding && (!window || flying < window))
        p[0].events |= POLLOUT; /* when three quarters are empty */
    count = poll(p, 2, flooding && window ? WINDOW_MS : -1);
    if (count < 0)
        return errno == EINTR;
    if (p[1].revents)
        return false;
    if (count == 0)
        flying = 0;
    if (p[0].revents & POLLIN) {
        count = recvmmsg(fd, to_take, BATCH, MSG_DONTWAIT, NULL);
        if (count < 0)
            return errno == EAGAIN || errno == EINTR;
        for (int i = 0; i < count; i++)
            take(fd, taken[i], to_take[i].msg_len);
    }
    /* An order to stop has its turn between two batches. */
    while (flooding && !send_some(fd) && !(poll(p, 2, 0) > 0 && p[0].revents & POLLIN))
        ;
    return true;
}

static pid_t start(char **command, int fd, int alive)
{
    pid_t parent = getpid(), child = fork();

    if (child != 0)
        return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    /* A copy is not closed by exec. */
    if (dup(alive) >= 0 &&
        (fd == GUEST_FD ? fcntl(fd, F_SETFD, 0) == 0 : dup2(fd, GUEST_FD) == GUEST_FD))
        execvp(command[0], command);
    perror(command[0]);
    _exit(127);
}

int main(int argc, char **argv)
{
    int ends[2], alive[2], status, bytes = BUFFER_BYTES;
    pid_t child;

    if (argc < 2) {
        fprintf(stderr, "usage: feeder COMMAND...\n");
        return 2;
    }
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) || pipe2(alive, O_CLOEXEC)) {
        perror("feeder");
        return 1;
    }
    for (int i = 0; i < 2; i++)
        (void)setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    for (int i = 0; i < BATCH; i++) {
        frame_iov[i].iov_base = frames[i];
        taken_iov[i] = (struct iovec){.iov_base = taken[i], .iov_len = FRAME_MAX};
        to_send[i].msg_hdr = (struct msghdr){.msg_iov = &frame_iov[i], .msg_iovlen = 1};
        to_take[i].msg_hdr = (struct msghdr){.msg_iov = &taken_iov[i], .msg_iovlen = 1};
    }
    child = start(argv + 1, ends[1], alive[1]);
    if (child < 0) {
        perror("feeder: fork");
        return 1;
    }
    close(ends[1]);
    close(alive[1]);
    while (exchange(ends[0], alive[0]))
        ;
    if (waitpid(child, &status, 0) != child)
        return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
