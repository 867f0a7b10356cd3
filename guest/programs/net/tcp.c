/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `tcp-source` sends a stream of N bytes, `tcp-sink` receives one; either may listen. The bytes are
 * those of pattern.h: the sink compares each with what belongs at its place, so nothing that is
 * lost, doubled, swapped or changed is missed; a hash of them (FNV-1a of 64-bit words) is printed by
 * both. check=no leaves that out, to see how fast TCP alone is.
 */
#include "net.h"

#include "../pattern.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK_MAX (4u << 20)
#define CONNECT_TRIES 100
#define CONNECT_WAIT_NS 100000000u

struct stream {
    uint64_t bytes, port, chunk, check, buffer_bytes, nodelay, listen;
    const char *host, *device, *congestion;
    unsigned char *memory;
    uint64_t done, hash, ns;
};

static const char *const yes_no[] = {"no", "yes", NULL};

static void set_up(const struct stream *s, int fd, bool source)
{
    int bytes = (int)s->buffer_bytes, one = 1;

    if (bytes && setsockopt(fd, SOL_SOCKET, source ? SO_SNDBUFFORCE : SO_RCVBUFFORCE, &bytes,
                            sizeof bytes) != 0)
        fail("the socket's buffer");
    if (s->nodelay && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0)
        fail("TCP_NODELAY");
    if (*s->congestion && setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, s->congestion,
                                     (socklen_t)strlen(s->congestion)) != 0)
        fail("TCP_CONGESTION");
}

static int open_listener(const struct stream *s, bool source)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons((uint16_t)s->port)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0), peer;

    if (fd < 0)
        fail("socket");
    set_up(s, fd, source);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (struct sockaddr *)&any, sizeof any) != 0 || listen(fd, 1) != 0)
        fail("listen");
    printf("%s: ready port=%llu\n", program, (unsigned long long)s->port);
    peer = accept(fd, NULL, NULL);
    if (peer < 0)
        fail("accept");
    close(fd);
    return peer;
}

/* The other side may not be up yet: it is tried for some seconds. */
static int open_connection(const struct stream *s, bool source)
{
    struct sockaddr_in to = address_of(s->host, s->port);

    for (int i = 0; i < CONNECT_TRIES; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        if (fd < 0)
            fail("socket");
        set_up(s, fd, source);
        if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
            return fd;
        close(fd);
        sleep_ns(CONNECT_WAIT_NS);
    }
    fail("connect");
}

/* One more word of the hash. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * 0x100000001b3u;
}

/* For the compiler to see that one load does, on a machine where others are slow. */
static void *word_at(const struct stream *s, size_t offset)
{
    return __builtin_assume_aligned(s->memory + offset, 8);
}

/* Makes the bytes from `offset`, a multiple of 8. */
static void make_chunk(struct stream *s, uint64_t offset, size_t len)
{
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = pattern_word((offset + i) / 8);

        memcpy(word_at(s, i), &word, 8);
        if (len - i < 8) /* the last bytes of a stream: zeroes behind them, as the sink takes them */
            word &= (UINT64_C(1) << (len - i) * 8) - 1;
        s->hash = mix(s->hash, word);
    }
}

/* Compares `len` bytes of `offset`, both multiples of 8 but for the last. */
static void check_chunk(struct stream *s, uint64_t offset, size_t len)
{
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = 0, expected = pattern_word((offset + i) / 8);
        size_t n = len - i < 8 ? len - i : 8;

        if (n < 8)
            expected &= (UINT64_C(1) << n * 8) - 1;
        if (n == 8)
            memcpy(&word, word_at(s, i), 8);
        else
            memcpy(&word, s->memory + i, n);
        if (word != expected) {
            printf("%s: wrong data in bytes %llu to %llu\n", program,
                   (unsigned long long)(offset + i), (unsigned long long)(offset + i + n - 1));
            exit(3);
        }
        s->hash = mix(s->hash, word);
    }
}

static void run_source(struct stream *s, int fd)
{
    while (s->done < s->bytes) {
        size_t len = s->bytes - s->done < s->chunk ? s->bytes - s->done : s->chunk, sent = 0;

        if (s->check)
            make_chunk(s, s->done, len);
        while (sent < len) {
            ssize_t n = send(fd, s->memory + sent, len - sent, MSG_NOSIGNAL);

            if (n < 0 && errno == EINTR)
                continue;
            if (n < 0)
                fail("send");
            sent += (size_t)n;
        }
        s->done += len;
    }
    if (shutdown(fd, SHUT_WR) != 0)
        fail("shutdown");
    /* The sink closes when it has all: until then nothing is known to have arrived. */
    while (recv(fd, s->memory, s->chunk, 0) > 0) {}
}

static void run_sink(struct stream *s, int fd)
{
    size_t have = 0;

    for (;;) {
        ssize_t n = recv(fd, s->memory + have, s->chunk - have, 0);
        size_t whole;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            fail("recv");
        have += (size_t)n;
        whole = n ? have & ~(size_t)7 : have;
        if (s->check)
            check_chunk(s, s->done, whole);
        s->done += whole;
        /* Without the check it does not matter where bytes are. */
        if (s->check)
            memmove(s->memory, s->memory + whole, have - whole);
        have -= whole;
        if (!n)
            return;
    }
}

static int run(int argc, char **argv, bool source)
{
    struct stream s = {.bytes = 1u << 30, .port = 9001, .chunk = 128u << 10, .check = 1,
                       .listen = !source, .host = "10.0.0.1", .device = "eth0", .congestion = "",
                       .hash = 0xcbf29ce484222325u};
    struct usage before, after;
    struct tcp_info info = {0};
    socklen_t info_len = sizeof info;
    uint64_t began;
    const struct arg args[] = {
        {"bytes", &s.bytes, .help = source ? "to send" : "to expect; 0: any number"},
        {"listen", &s.listen, .choice = yes_no, .help = "wait for the other side"},
        {"host", NULL, &s.host, .help = "else: its IPv4 address"},
        {"port", &s.port, .help = "TCP port"},
        {"chunk", &s.chunk, .help = "bytes of a call"},
        {"check", &s.check, .choice = yes_no, .help = "make and compare the pattern"},
        {"buffer", &s.buffer_bytes, .help = "the socket's; 0: the kernel's choice"},
        {"nodelay", &s.nodelay, .choice = yes_no, .help = "TCP_NODELAY"},
        {"congestion", NULL, &s.congestion, .help = "control of congestion"},
        {"device", NULL, &s.device, .help = "whose interrupts are counted"},
        {0},
    };
    int fd;

    args_read(argc, argv, args);
    if (s.chunk < 8 || s.chunk > CHUNK_MAX)
        refuse("chunk is 8 to %u", CHUNK_MAX);
    s.chunk &= ~UINT64_C(7);
    s.memory = calloc(1, s.chunk);
    if (!s.memory)
        fail("memory");
    fd = s.listen ? open_listener(&s, source) : open_connection(&s, source);
    usage_read(&before, s.device);
    mark(MARK_RUN_START);
    began = clock_ns();
    if (source)
        run_source(&s, fd);
    else
        run_sink(&s, fd);
    s.ns = clock_ns() - began;
    mark(MARK_RUN_END);
    usage_read(&after, s.device);
    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_len);
    close(fd);
    if (!source && s.bytes && s.done != s.bytes)
        refuse("%llu bytes arrived, not %llu", (unsigned long long)s.done,
               (unsigned long long)s.bytes);
    printf("%s: result bytes=%llu ns=%llu bps=%.0f", program, (unsigned long long)s.done,
           (unsigned long long)s.ns, (double)s.done * 8e9 / (double)(s.ns ? s.ns : 1));
    if (s.check)
        printf(" hash=%016llx data=right", (unsigned long long)s.hash);
    printf(" retransmits=%u", info.tcpi_total_retrans);
    usage_print(&before, &after);
    return 0;
}

int tcp_sink_main(int argc, char **argv)
{
    return run(argc, argv, false);
}

int tcp_source_main(int argc, char **argv)
{
    return run(argc, argv, true);
}
