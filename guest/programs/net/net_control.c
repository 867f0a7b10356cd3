/* SPDX-License-Identifier: Apache-2.0 */
/* `net-control WORD...`: an order for the machine's traffic generator (docs/network.md), and its
 * answer. The words are sent as they are, in one datagram. Status 3: no answer; 4: it was refused. */
#include "net.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ANSWER_TRIES 5
#define ANSWER_WAIT_US 300000

int net_control_main(int argc, char **argv)
{
    const char *host = "10.0.0.1";
    uint64_t port = 7000;
    const struct arg args[] = {
        {"host", NULL, &host, .help = "its IPv4 address"},
        {"control", &port, .help = "its UDP port for orders"},
        {0},
    };
    struct timeval wait = {0, ANSWER_WAIT_US};
    struct sockaddr_in to;
    char order[1400] = "", answer[1500];
    int settings = 0, fd;

    /* Before the order: where to send it. */
    while (settings + 1 < argc && (!strncmp(argv[settings + 1], "host=", 5) ||
                                   !strncmp(argv[settings + 1], "control=", 8)))
        settings++;
    args_read(settings + 1, argv, args);
    if (settings + 1 >= argc) {
        fprintf(stderr, "usage: net-control [host=A.B.C.D] [control=PORT] WORD...\n");
        return 2;
    }
    for (int i = settings + 1; i < argc; i++) {
        size_t len = strlen(order);

        if (len + strlen(argv[i]) + 2 > sizeof order)
            refuse("too many words");
        snprintf(order + len, sizeof order - len, "%s%s", len ? " " : "", argv[i]);
    }
    to = address_of(host, port);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        fail("socket");
    for (int i = 0; i < ANSWER_TRIES; i++) {
        ssize_t n;

        if (send(fd, order, strlen(order), 0) < 0)
            continue;
        n = recv(fd, answer, sizeof answer, 0);
        if (n > 0) {
            printf("net-control: %.*s%s", (int)n, answer, answer[n - 1] == '\n' ? "" : "\n");
            return n >= 5 && !memcmp(answer, "error", 5) ? 4 : 0;
        }
    }
    fprintf(stderr, "net-control: no answer from %s:%llu\n", host, (unsigned long long)port);
    return 3;
}
