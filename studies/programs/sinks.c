/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `sinks N [port=P] [ready=FILE]`: on each of N harts a thread that stays there and reads datagrams from a
 * socket of its own. All sockets have one port; a datagram goes to that of the hart that received it
 * (SO_REUSEPORT with SO_INCOMING_CPU). Ends when it is killed; the kernel counts what was read.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH 32
#define SINKS_MAX 64

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "sinks: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int open_socket(unsigned port, int hart)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1, fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &hart, sizeof hart) != 0 ||
        bind(fd, (struct sockaddr *)&any, sizeof any) != 0)
        fail("socket");
    return fd;
}

struct sink {
    pthread_t thread;
    int hart, fd;
    unsigned char bytes[BATCH][2048];
};

static void *read_all(void *of)
{
    struct sink *s = of;
    struct mmsghdr messages[BATCH] = {0};
    struct iovec vectors[BATCH];
    cpu_set_t only;

    CPU_ZERO(&only);
    CPU_SET((unsigned)s->hart, &only);
    if (sched_setaffinity(0, sizeof only, &only) != 0)
        fail("sched_setaffinity");
    for (unsigned i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){s->bytes[i], sizeof s->bytes[i]};
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (;;)
        if (recvmmsg(s->fd, messages, BATCH, MSG_WAITFORONE, NULL) < 0 && errno != EINTR)
            fail("recvmmsg");
}

int main(int argc, char **argv)
{
    static struct sink sinks[SINKS_MAX];
    int count = argc > 1 ? atoi(argv[1]) : 0;
    unsigned port = 9;
    const char *ready = NULL;

    for (int i = 2; i < argc; i++) {
        if (!strncmp(argv[i], "port=", 5))
            port = (unsigned)atoi(argv[i] + 5);
        else if (!strncmp(argv[i], "ready=", 6))
            ready = argv[i] + 6;
    }
    if (count < 1 || count > SINKS_MAX) {
        fprintf(stderr, "usage: sinks N [port=P] [ready=FILE], N from 1 to %d\n", SINKS_MAX);
        return 2;
    }
    /* All are there before any reads: which one is chosen depends on which there are. */
    for (int i = 0; i < count; i++) {
        sinks[i].hart = i;
        sinks[i].fd = open_socket(port, i);
    }
    for (int i = 1; i < count; i++)
        if ((errno = pthread_create(&sinks[i].thread, NULL, read_all, &sinks[i])) != 0)
            fail("pthread_create");
    if (ready)
        fclose(fopen(ready, "w"));
    read_all(&sinks[0]);
}
