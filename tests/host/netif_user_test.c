/* SPDX-License-Identifier: Apache-2.0 */
/* The guest here is a handful of frames: it asks for its address, answers ARP, and connects. */
#include "netif_rig.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define GUEST_ADDR 0x0a00020f
#define GATEWAY_ADDR 0x0a000202
#define NAMES_ADDR 0x0a000203

static struct err err;
static struct rig rig;
static const uint8_t guest_mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
static const uint8_t gateway_mac[6] = {0x52, 0x55, 10, 0, 2, 2};
static uint8_t out[1514];

static void put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v >> 16);
    put16(p + 2, v & 0xffff);
}

static unsigned get16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static uint32_t add16(uint32_t sum, const uint8_t *p, unsigned len)
{
    for (unsigned i = 0; i < len; i++)
        sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
    return sum;
}

static unsigned fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

/* Ethernet and IPv4 headers around a payload that is in place at out + 34; returns the length. */
static uint32_t ip_frame(uint32_t src, uint32_t dst, uint8_t proto, unsigned payload)
{
    memcpy(out, gateway_mac, 6);
    if (dst == 0xffffffff)
        memset(out, 0xff, 6);
    memcpy(out + 6, guest_mac, 6);
    put16(out + 12, 0x0800);
    memset(out + 14, 0, 20);
    out[14] = 0x45;
    put16(out + 16, 20 + payload);
    out[22] = 64;
    out[23] = proto;
    put32(out + 26, src);
    put32(out + 30, dst);
    put16(out + 24, fold(add16(0, out + 14, 20)));
    return 34 + payload;
}

static void send_tcp(uint32_t dst, unsigned src_port, unsigned port, uint32_t seq, uint32_t ack,
                     uint8_t flags)
{
    uint8_t *t = out + 34;
    uint32_t sum;

    memset(t, 0, 20);
    put16(t, src_port);
    put16(t + 2, port);
    put32(t + 4, seq);
    put32(t + 8, ack);
    t[12] = 5 << 4;
    t[13] = flags;
    put16(t + 14, 65000);
    sum = (GUEST_ADDR >> 16) + (GUEST_ADDR & 0xffff) + (dst >> 16) + (dst & 0xffff) + 6 + 20;
    put16(t + 16, fold(add16(sum, t, 20)));
    netif_send(rig.netif, out, ip_frame(GUEST_ADDR, dst, 6, 20));
}

static void send_udp(uint32_t src, uint32_t dst, unsigned src_port, unsigned port, unsigned bytes)
{
    uint8_t *u = out + 34;

    put16(u, src_port);
    put16(u + 2, port);
    put16(u + 4, 8 + bytes);
    put16(u + 6, 0);
    netif_send(rig.netif, out, ip_frame(src, dst, 17, 8 + bytes));
}

static void send_discover(void)
{
    uint8_t *d = out + 42;

    memset(d, 0, 300);
    d[0] = 1;
    d[1] = 1;
    d[2] = 6;
    put32(d + 4, 0x12345678);
    memcpy(d + 28, guest_mac, 6);
    put32(d + 236, 0x63825363);
    d[240] = 53;
    d[241] = 1;
    d[242] = 1;
    d[243] = 255;
    send_udp(0, 0xffffffff, 68, 67, 300);
}

static void answer_arp(const uint8_t *ask)
{
    uint8_t a[60] = {0};

    memcpy(a, ask + 6, 6);
    memcpy(a + 6, guest_mac, 6);
    memcpy(a + 12, ask + 12, 8);
    put16(a + 20, 2);
    memcpy(a + 22, guest_mac, 6);
    memcpy(a + 28, ask + 38, 4);
    memcpy(a + 32, ask + 22, 10);
    netif_send(rig.netif, a, sizeof a);
}

/* The first frame from index *at on that is of this IP protocol (ARP is answered on the way). */
static const uint8_t *next_ip(unsigned *at, uint8_t proto, unsigned *len)
{
    for (; *at < rig.frames && *at < RIG_FRAMES; ) {
        const uint8_t *f = rig.frame[*at].bytes;
        unsigned n = rig.frame[(*at)++].len;

        if (get16(f + 12) == 0x0806 && get16(f + 20) == 1 && get32(f + 38) == GUEST_ADDR)
            answer_arp(f);
        if (get16(f + 12) == 0x0800 && f[23] == proto) {
            if (len)
                *len = n;
            return f;
        }
    }
    return NULL;
}

/* Polls until there is one, for a second at most. */
static const uint8_t *wait_ip(unsigned *at, uint8_t proto)
{
    for (unsigned i = 0; i < 100; i++) {
        const uint8_t *f = next_ip(at, proto, NULL);

        if (f)
            return f;
        rig_poll(&rig, 10, 10 * 1000 * PS_PER_US);
    }
    return NULL;
}

static bool open_user(const struct netif_user_config *config)
{
    struct netif_env env = rig_env(&rig);

    rig.netif = netif_user_open(&env, config, &err);
    if (!rig.netif)
        clock_fini(&rig.clock);
    return rig.netif != NULL;
}

static int listen_at(uint32_t addr, unsigned *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(addr)};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    CHECK(bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 4) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&a, &size) == 0);
    *port = ntohs(a.sin_port);
    return fd;
}

/* An address of the host's that is not loopback; 0: it has none. */
static uint32_t hosts_own(void)
{
    struct ifaddrs *all = NULL;
    uint32_t addr = 0;

    if (getifaddrs(&all))
        return 0;
    for (struct ifaddrs *i = all; i && !addr; i = i->ifa_next)
        if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET && !(i->ifa_flags & IFF_LOOPBACK))
            addr = ntohl(((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr.s_addr);
    freeifaddrs(all);
    return addr;
}

/* ---- the small network ---- */

static void test_an_address_is_offered(void)
{
    unsigned at = 0;
    const uint8_t *f;

    CHECK(open_user(&(struct netif_user_config){0}));
    send_discover();
    f = next_ip(&at, 17, NULL);
    CHECK(f != NULL);
    if (f) {
        CHECK_EQ_U64(get32(f + 26), GATEWAY_ADDR);
        CHECK_EQ_U64(get32(f + 42 + 16), GUEST_ADDR);
        CHECK_EQ_U64(f[42], 2);
        CHECK_EQ_U64(f[42 + 242], 2); /* offer */
    }
    rig_close(&rig);
}

static void test_a_guest_that_asks_for_its_address_waits_for_nothing_of_the_hosts(void)
{
    CHECK(open_user(&(struct netif_user_config){0}));
    send_discover();
    rig_poll(&rig, 0, 0);
    CHECK_EQ_U64(rig.set.count, 0);
    CHECK_EQ_U64(clock_next(&rig.clock), PS_NEVER);
    rig_close(&rig);
}

static void test_the_same_frames_come_at_the_same_times_in_each_run(void)
{
    static struct rig first;

    for (unsigned run = 0; run < 2; run++) {
        CHECK(open_user(&(struct netif_user_config){0}));
        send_discover();
        rig_poll(&rig, run, 3 * PS_PER_S);
        send_discover();
        out[20] = 0x20; /* the first fragment of something whose rest never comes */
        put16(out + 24, 0);
        put16(out + 24, fold(add16(0, out + 14, 20)));
        netif_send(rig.netif, out, 200);
        clock_run(&rig.clock, 100 * PS_PER_S);
        send_discover();
        if (run == 0)
            first = rig;
        CHECK_EQ_U64(rig.frames, first.frames);
        CHECK(memcmp(rig.frame, first.frame, sizeof rig.frame) == 0);
        rig_close(&rig);
    }
    CHECK(first.frames >= 3);
}

/* ---- what the guest may reach ---- */

static void connect_fails(uint32_t addr, unsigned port, int listener)
{
    unsigned at = rig.frames;
    const uint8_t *f;

    send_tcp(addr, 40000, port, 1000, 0, 0x02);
    f = next_ip(&at, 1, NULL);
    CHECK(f != NULL);
    if (f) {
        CHECK_EQ_U64(f[34], 3); /* destination unreachable: port */
        CHECK_EQ_U64(f[35], 3);
        CHECK_EQ_U64(get32(f + 26), addr);
        CHECK_EQ_U64(get32(f + 30), GUEST_ADDR);
        CHECK_EQ_U64(fold(add16(0, f + 14, 20)), 0);
        CHECK_EQ_U64(fold(add16(0, f + 34, 8 + 28)), 0);
        CHECK_EQ_U64(get16(f + 34 + 8 + 20 + 2), port);
    }
    /* Nor by a SYN in fragments, nor one that carries what answers do not. */
    send_tcp(addr, 40001, port, 1000, 0, 0x0a);
    put16(out + 20, 0x2000);
    put16(out + 24, 0);
    put16(out + 24, fold(add16(0, out + 14, 20)));
    netif_send(rig.netif, out, 34 + 8);
    send_tcp(addr, 40002, port, 1000, 0, 0x10);
    for (unsigned i = 0; i < 3; i++)
        rig_poll(&rig, 5, PS_PER_US);
    CHECK(accept(listener, NULL, NULL) == -1);
    while ((f = next_ip(&at, 6, NULL)))
        CHECK(f[34 + 13] & 0x04); /* a reset of what is no connection */
}

static void test_the_hosts_services_are_refused(void)
{
    unsigned port;
    int listener = listen_at(INADDR_ANY, &port);
    uint32_t own = hosts_own();

    CHECK(open_user(&(struct netif_user_config){0}));
    send_discover();
    connect_fails(GATEWAY_ADDR, port, listener);
    connect_fails(NAMES_ADDR, port, listener);
    connect_fails(INADDR_LOOPBACK, port, listener);
    connect_fails(0x7f010203, port, listener);
    connect_fails(0, port, listener);
    if (own)
        connect_fails(own, port, listener);
    rig_close(&rig);
    close(listener);
}

static void test_a_datagram_for_the_host_is_refused(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    unsigned at;
    char c;

    CHECK(bind(fd, (struct sockaddr *)&a, sizeof a) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&a, &size) == 0);
    CHECK(open_user(&(struct netif_user_config){0}));
    for (unsigned i = 0; i < 2; i++) {
        at = rig.frames;
        send_udp(GUEST_ADDR, i ? GATEWAY_ADDR : INADDR_LOOPBACK, 40000, ntohs(a.sin_port), 8);
        CHECK(next_ip(&at, 1, NULL) != NULL);
    }
    at = rig.frames;
    send_udp(GUEST_ADDR, 0xffffffff, 40000, ntohs(a.sin_port), 8);
    out[20] = 0x20; /* as the first fragment of more */
    put16(out + 24, 0);
    put16(out + 24, fold(add16(0, out + 14, 20)));
    put32(out + 30, INADDR_LOOPBACK);
    netif_send(rig.netif, out, 50);
    rig_poll(&rig, 5, PS_PER_S);
    CHECK(recv(fd, &c, 1, 0) == -1);
    rig_close(&rig);
    close(fd);
}

static void test_host_on_opens_the_way(void)
{
    unsigned port, at;
    int listener = listen_at(INADDR_LOOPBACK, &port);
    const uint8_t *f;

    CHECK(open_user(&(struct netif_user_config){.host = true}));
    send_discover();
    at = rig.frames;
    send_tcp(GATEWAY_ADDR, 40000, port, 1000, 0, 0x02);
    f = wait_ip(&at, 6);
    CHECK(f != NULL);
    if (f) {
        CHECK_EQ_U64(f[34 + 13] & 0x3f, 0x12); /* SYN and ACK */
        CHECK_EQ_U64(get32(f + 34 + 8), 1001);
        CHECK_EQ_U64(get32(f + 26), GATEWAY_ADDR);
    }
    CHECK(rig.set.count > 0);
    rig_close(&rig);
    close(listener);
}

/* ---- forwards ---- */

static void test_a_forward_reaches_the_guest(void)
{
    unsigned port, at;
    int fd = listen_at(INADDR_LOOPBACK, &port), accepted;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct netif_forward forward = {.host_addr = INADDR_LOOPBACK, .guest_addr = GUEST_ADDR,
                                    .guest_port = 22};
    const uint8_t *f;
    char c = 0;

    close(fd); /* a port that is free */
    forward.host_port = (uint16_t)port;
    if (!open_user(&(struct netif_user_config){.forward = &forward, .forwards = 1})) {
        check_fail(__FILE__, __LINE__, err.text);
        return;
    }
    send_discover();
    at = rig.frames;
    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    a.sin_port = htons((uint16_t)port);
    (void)connect(fd, (struct sockaddr *)&a, sizeof a);
    f = wait_ip(&at, 6);
    CHECK(f != NULL);
    if (f) {
        unsigned from = get16(f + 34);
        uint32_t seq = get32(f + 34 + 4);
        static const char hello[] = "h";
        uint8_t *t = out + 34;

        CHECK_EQ_U64(get32(f + 26), GATEWAY_ADDR);
        CHECK_EQ_U64(get32(f + 30), GUEST_ADDR);
        CHECK_EQ_U64(get16(f + 36), 22);
        CHECK_EQ_U64(f[34 + 13] & 0x3f, 0x02);
        /* The guest accepts, and says one byte. */
        send_tcp(GATEWAY_ADDR, 22, from, 5000, seq + 1, 0x12);
        send_tcp(GATEWAY_ADDR, 22, from, 5001, seq + 1, 0x10);
        memset(t, 0, 20);
        put16(t, 22);
        put16(t + 2, from);
        put32(t + 4, 5001);
        put32(t + 8, seq + 1);
        t[12] = 5 << 4;
        t[13] = 0x18;
        put16(t + 14, 65000);
        t[20] = (uint8_t)hello[0];
        put16(t + 16, fold(add16((GUEST_ADDR >> 16) + (GUEST_ADDR & 0xffff) + (GATEWAY_ADDR >> 16) +
                                     (GATEWAY_ADDR & 0xffff) + 6 + 21, t, 21)));
        netif_send(rig.netif, out, ip_frame(GUEST_ADDR, GATEWAY_ADDR, 6, 21));
        for (accepted = 0; accepted < 100 && recv(fd, &c, 1, 0) != 1; accepted++)
            rig_poll(&rig, 10, 10 * 1000 * PS_PER_US);
        CHECK_EQ_U64((uint64_t)c, 'h');
    }
    rig_close(&rig);
    close(fd);
}

static void test_a_datagram_through_a_forward_is_answered(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    struct netif_forward forward = {.udp = true, .host_addr = INADDR_LOOPBACK,
                                    .guest_addr = GUEST_ADDR, .guest_port = 7};
    unsigned at;
    const uint8_t *f;
    char c = 0;

    CHECK(bind(fd, (struct sockaddr *)&a, sizeof a) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&a, &size) == 0);
    close(fd);
    forward.host_port = ntohs(a.sin_port);
    if (!open_user(&(struct netif_user_config){.forward = &forward, .forwards = 1})) {
        check_fail(__FILE__, __LINE__, err.text);
        return;
    }
    send_discover();
    at = rig.frames;
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    CHECK(connect(fd, (struct sockaddr *)&a, sizeof a) == 0 && write(fd, "q", 1) == 1);
    f = wait_ip(&at, 17);
    CHECK(f != NULL);
    if (f) {
        CHECK_EQ_U64(get16(f + 36), 7);
        CHECK_EQ_U64(f[42], 'q');
        out[42] = 'r';
        send_udp(GUEST_ADDR, get32(f + 26), 7, get16(f + 34), 1);
        for (unsigned i = 0; i < 100 && recv(fd, &c, 1, 0) != 1; i++)
            rig_poll(&rig, 10, 10 * 1000 * PS_PER_US);
        CHECK_EQ_U64((uint64_t)c, 'r');
        /* The neighbouring port is not opened by that. */
        at = rig.frames;
        send_udp(GUEST_ADDR, get32(f + 26), 7, get16(f + 34) + 1, 1);
        CHECK(next_ip(&at, 1, NULL) != NULL);
    }
    rig_close(&rig);
    close(fd);
}

static void test_a_port_in_use_is_told(void)
{
    unsigned port;
    int fd = listen_at(INADDR_LOOPBACK, &port);
    struct netif_forward forward = {.host_addr = INADDR_LOOPBACK, .guest_addr = GUEST_ADDR,
                                    .host_port = (uint16_t)port, .guest_port = 22};
    char want[128];

    CHECK(!open_user(&(struct netif_user_config){.forward = &forward, .forwards = 1}));
    snprintf(want, sizeof want, "hostfwd: cannot listen on tcp port %u of 127.0.0.1: Address "
             "already in use", port);
    CHECK_EQ_STR(err.text, want);
    close(fd);
}

static void forward_refused(const char *text)
{
    struct netif_forward f;
    char want[200];

    CHECK(netif_forward_parse(text, &f, &err) == -1);
    snprintf(want, sizeof want, "hostfwd is tcp|udp:[ADDR]:PORT-[ADDR]:PORT, as tcp::2222-:22, "
             "not \"%s\"", text);
    CHECK_EQ_STR(err.text, want);
}

static void test_forwards_are_parsed(void)
{
    struct netif_forward f;

    CHECK(netif_forward_parse("tcp::2222-:22", &f, &err) == 0);
    CHECK(!f.udp && f.host_addr == INADDR_LOOPBACK && f.guest_addr == GUEST_ADDR);
    CHECK(f.host_port == 2222 && f.guest_port == 22);
    CHECK(netif_forward_parse("udp:0.0.0.0:53-10.0.2.16:5353", &f, &err) == 0);
    CHECK(f.udp && f.host_addr == 0 && f.guest_addr == 0x0a000210);
    CHECK(f.host_port == 53 && f.guest_port == 5353);
    forward_refused("");
    forward_refused("tcp");
    forward_refused("sctp::1-:2");
    forward_refused("tcp:2222-:22");
    forward_refused("tcp::2222");
    forward_refused("tcp::2222-22");
    forward_refused("tcp::0-:22");
    forward_refused("tcp::65536-:22");
    forward_refused("tcp:localhost:2222-:22");
    forward_refused("tcp::2222-:22-:23");
}

/* ---- hostile guests ---- */

static void test_nonsense_is_survived(void)
{
    uint32_t random = 99;

    CHECK(open_user(&(struct netif_user_config){.restrict_ = true}));
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t len;

        /* A sound frame to nobody in particular, then some bytes of it changed, then cut. */
        memset(out + 34, (int)(i & 0xff), 600);
        len = ip_frame(GUEST_ADDR, i & 1 ? GATEWAY_ADDR : NAMES_ADDR, i % 3 ? 17 : 6, i % 400);
        for (unsigned n = 0; n < 4; n++) {
            random = random * 1664525 + 1013904223;
            out[12 + (random >> 8) % 60] = (uint8_t)(random >> 24);
        }
        if (i % 5 == 0)
            put16(out + 12, 0x0806);
        else if (i % 7)
            put16(out + 12, 0x0800);
        random = random * 1664525 + 1013904223;
        netif_send(rig.netif, out, (random >> 16) % 4 ? len : (random >> 8) % (len + 1));
        if (i % 100 == 0)
            rig_poll(&rig, 0, PS_PER_S);
    }
    rig_close(&rig);
}

TEST_MAIN(test_an_address_is_offered,
          test_a_guest_that_asks_for_its_address_waits_for_nothing_of_the_hosts,
          test_the_same_frames_come_at_the_same_times_in_each_run,
          test_the_hosts_services_are_refused,
          test_a_datagram_for_the_host_is_refused,
          test_host_on_opens_the_way,
          test_a_forward_reaches_the_guest,
          test_a_datagram_through_a_forward_is_answered,
          test_a_port_in_use_is_told,
          test_forwards_are_parsed,
          test_nonsense_is_survived)
