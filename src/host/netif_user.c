/* SPDX-License-Identifier: Apache-2.0 */
/* The host's network through libslirp: to the guest a small network of its own, 10.0.2.0/24, with a
 * DHCP server and gateway at .2 and a name server at .3; on the host, sockets of this process.
 *
 * The stack's clock is virtual time, its timers are an event: a guest that only asks for its address
 * gets the same answer at the same time in every run.
 *
 * What the guest may reach: the world outside, not the host's own services, on whatever of its
 * addresses they listen.  (libslirp's own guard is of 10.0.2.2 alone, and cuts off the answers of UDP
 * forwards.)  So every IPv4 packet is looked at before the stack gets it; IPv6 is not offered. */
#include "host/netif.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ETH_BYTES = 14, IP_BYTES = 20, ICMP_BYTES = 8,
    TYPE_IPV4 = 0x0800, TYPE_ARP = 0x0806,
    PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17,
    PORT_DNS = 53, PORT_DHCP = 67,
    ICMP_UNREACHABLE = 3, ICMP_PORT = 3,
    TCP_BYTES = 20, TCP_SYN = 2, TCP_ACK = 16,
    JUDGED = 64, /* addresses of which it is remembered whether they are the host's */
    FLOWS = 64,  /* UDP conversations that the host's side has begun, through a forward */
    /* What the stack may send at once, before room is asked for again. */
    ROOM_BYTES = 256 * 1024,
    TIMEOUT_IDLE_MS = 1000, /* libslirp's answer when it has no timer running */
};

#define NET UINT32_C(0x0a000200)      /* 10.0.2.0 */
#define MASK UINT32_C(0xffffff00)
#define GATEWAY (NET | 2)
#define NAMES (NET | 3)
#define GUEST (NET | 15)
#define BROADCAST UINT32_C(0xffffffff)
/* An address may become the host's while the machine runs. */
#define JUDGED_PS (10 * PS_PER_S)

struct judged {
    uint32_t addr;
    bool known, local;
    ps_t until;
};

/* A datagram came from `addr`:`port` to the guest's `guest_port`. */
struct flow {
    uint32_t addr;
    uint16_t port, guest_port;
};

struct timer {
    struct event event;
    SlirpTimerCb fire;
    void *ctx;
    struct timer *next;
};

struct netif_user {
    struct netif netif;
    Slirp *slirp;
    struct event tick;       /* the stack's next protocol timer */
    struct timer *timer;
    struct pollset *set;     /* while the stack is asked for its descriptors */
    const struct pollset *polled;
    size_t descriptors;      /* that it has given to the last poll */
    bool host;
    struct judged judged[JUDGED];
    struct flow flow[FLOWS];
};

/* ---- what the guest may reach ---- */

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)be16(p) << 16 | be16(p + 2);
}

/* Only an address of the host's own can be bound.  (Where net.ipv4.ip_nonlocal_bind is set, every
 * one can: then the guest reaches nothing without host=on.) */
static bool ask_host(uint32_t addr)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(addr)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool local = fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) == 0 || errno == EACCES;

    if (fd >= 0)
        close(fd);
    return local;
}

static bool is_hosts(struct netif_user *u, uint32_t addr)
{
    struct judged *j = &u->judged[(addr ^ addr >> 8 ^ addr >> 16) % JUDGED];

    /* "This host", loopback, multicast and what is above. */
    if (addr >> 24 == 0 || addr >> 24 == 127 || addr >> 24 >= 224)
        return true;
    if (!j->known || j->addr != addr || j->until <= u->netif.env.clock->now)
        *j = (struct judged){addr, true, ask_host(addr), u->netif.env.clock->now + JUDGED_PS};
    return j->local;
}

enum verdict { PASS, DROP, REFUSE };

static struct flow *flow_slot(struct netif_user *u, struct flow f)
{
    return &u->flow[(f.addr ^ f.port ^ f.guest_port * 31u) % FLOWS];
}

/* Whether a packet for an address of the host's is an answer: of a connection that a forward has
 * brought, or to a datagram that has come through one.  (Connections begin with a SYN, and what is
 * in fragments cannot be told.) */
static bool answers(struct netif_user *u, const uint8_t *ip, uint32_t len)
{
    const uint8_t *l4 = ip + (ip[0] & 15) * 4u;
    uint32_t l4_len = len - (uint32_t)(l4 - ip);
    struct flow f, *known;

    if (be16(ip + 6) & 0x3fff)
        return false;
    if (ip[9] == PROTO_TCP)
        return l4_len >= TCP_BYTES && (l4[13] & (TCP_SYN | TCP_ACK)) != TCP_SYN;
    if (ip[9] != PROTO_UDP || l4_len < 8)
        return false;
    f = (struct flow){be32(ip + 16), be16(l4 + 2), be16(l4)};
    known = flow_slot(u, f);
    return f.port && known->addr == f.addr && known->port == f.port &&
           known->guest_port == f.guest_port;
}

/* Notes who sends datagrams to the guest. */
static void note_flow(struct netif_user *u, const uint8_t *frame, size_t len)
{
    const uint8_t *ip = frame + ETH_BYTES, *l4 = ip + IP_BYTES;
    struct flow f;

    if (len < ETH_BYTES + IP_BYTES + 8 || be16(frame + 12) != TYPE_IPV4 || ip[0] != 0x45 ||
        ip[9] != PROTO_UDP || (be16(ip + 6) & 0x1fff))
        return;
    f = (struct flow){be32(ip + 12), be16(l4), be16(l4 + 2)};
    *flow_slot(u, f) = f;
}

/* `ip` has at least IP_BYTES. */
static enum verdict judge_ip(struct netif_user *u, const uint8_t *ip, uint32_t len)
{
    uint32_t dst = be32(ip + 16), header = (uint32_t)(ip[0] & 15) * 4;
    bool fragment = (be16(ip + 6) & 0x3fff) != 0;
    uint8_t proto = ip[9];
    uint16_t port = 0;

    if (header < IP_BYTES || header > len)
        return DROP;
    if (!fragment && (proto == PROTO_TCP || proto == PROTO_UDP) && len >= header + 4)
        port = be16(ip + header + 2);
    if (proto == PROTO_UDP && port == PORT_DHCP && (dst == BROADCAST || dst == GATEWAY))
        return PASS;
    if (dst == NAMES)
        return port == PORT_DNS || proto == PROTO_ICMP ? PASS : REFUSE;
    if (u->host || (dst == GATEWAY && proto == PROTO_ICMP))
        return PASS;
    if (dst != GATEWAY && (dst == BROADCAST || (dst & MASK) == NET))
        return DROP; /* nobody else is there */
    if (dst != GATEWAY && !is_hosts(u, dst))
        return PASS;
    return answers(u, ip, len) ? PASS : REFUSE;
}

static void be16_put(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static uint16_t checksum(const uint8_t *p, uint32_t len)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i + 1 < len; i += 2)
        sum += be16(p + i);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~(sum + (sum >> 16));
}

/* Port unreachable (RFC 792): a connect of the guest's fails at once with "connection refused". */
static void refuse(struct netif_user *u, const uint8_t *frame, uint32_t len)
{
    enum { QUOTED = IP_BYTES + 8 };
    const uint8_t *ip = frame + ETH_BYTES;
    uint8_t out[ETH_BYTES + IP_BYTES + ICMP_BYTES + QUOTED] = {0};
    uint8_t *reply = out + ETH_BYTES, *icmp = reply + IP_BYTES;

    /* Only TCP and UDP, without options, from one who can be answered. */
    if ((ip[9] != PROTO_TCP && ip[9] != PROTO_UDP) || ip[0] != 0x45 || len < ETH_BYTES + QUOTED ||
        (be16(ip + 6) & 0x1fff) || (be32(ip + 12) & MASK) != NET || frame[0] & 1)
        return;
    memcpy(out, frame + 6, 6);
    memcpy(out + 6, frame, 6);
    be16_put(out + 12, TYPE_IPV4);
    reply[0] = 0x45;
    be16_put(reply + 2, IP_BYTES + ICMP_BYTES + QUOTED);
    reply[8] = 64;
    reply[9] = PROTO_ICMP;
    memcpy(reply + 12, ip + 16, 4);
    memcpy(reply + 16, ip + 12, 4);
    be16_put(reply + 10, checksum(reply, IP_BYTES));
    icmp[0] = ICMP_UNREACHABLE;
    icmp[1] = ICMP_PORT;
    memcpy(icmp + ICMP_BYTES, ip, QUOTED);
    be16_put(icmp + 2, checksum(icmp, ICMP_BYTES + QUOTED));
    if (u->netif.env.room(u->netif.env.ctx, sizeof out))
        netif_receive(&u->netif, out, sizeof out);
}

static enum verdict judge(struct netif_user *u, const uint8_t *frame, uint32_t len)
{
    if (len < ETH_BYTES)
        return DROP;
    if (be16(frame + 12) == TYPE_ARP)
        return PASS;
    if (be16(frame + 12) != TYPE_IPV4 || len < ETH_BYTES + IP_BYTES)
        return DROP;
    return judge_ip(u, frame + ETH_BYTES, len - ETH_BYTES);
}

/* ---- what the stack calls ---- */

static ssize_t give_frame(const void *frame, size_t len, void *ctx)
{
    struct netif_user *u = ctx;

    note_flow(u, frame, len);
    if (len && len <= UINT32_MAX && u->netif.env.room(u->netif.env.ctx, (uint32_t)len))
        netif_receive(&u->netif, frame, (uint32_t)len);
    else
        u->netif.count.dropped++;
    return (ssize_t)len;
}

/* A guest can make as many of these as it likes. */
static void ignore_error(const char *text, void *ctx)
{
    (void)text;
    (void)ctx;
}

static int64_t now_ns(void *ctx)
{
    struct netif_user *u = ctx;

    return (int64_t)(u->netif.env.clock->now / PS_PER_NS);
}

static void timer_fire(void *owner)
{
    struct timer *t = owner;

    t->fire(t->ctx);
}

static void *timer_new(SlirpTimerCb fire, void *fire_ctx, void *ctx)
{
    struct netif_user *u = ctx;
    struct timer *t = xcalloc(1, sizeof *t);

    t->fire = fire;
    t->ctx = fire_ctx;
    t->next = u->timer;
    u->timer = t;
    event_init(u->netif.env.clock, &t->event, "user.timer", timer_fire, t);
    return t;
}

/* Its memory goes with the backend's. */
static void timer_free(void *timer, void *ctx)
{
    struct netif_user *u = ctx;
    struct timer *t = timer;

    clock_disarm(u->netif.env.clock, &t->event);
}

static void timer_mod(void *timer, int64_t at_ms, void *ctx)
{
    struct netif_user *u = ctx;
    struct timer *t = timer;

    if (at_ms >= 0)
        clock_arm(u->netif.env.clock, &t->event, (ps_t)at_ms * 1000 * PS_PER_US);
}

static void no_descriptor(int fd, void *ctx)
{
    (void)fd;
    (void)ctx;
}

static void no_notice(void *ctx)
{
    (void)ctx;
}

static const SlirpCb callbacks = {
    .send_packet = give_frame,
    .guest_error = ignore_error,
    .clock_get_ns = now_ns,
    .timer_new = timer_new,
    .timer_free = timer_free,
    .timer_mod = timer_mod,
    .register_poll_fd = no_descriptor,
    .unregister_poll_fd = no_descriptor,
    .notify = no_notice,
};

/* ---- polling ---- */

static const struct { int slirp; short host; } poll_bits[] = {
    {SLIRP_POLL_IN, POLLIN}, {SLIRP_POLL_OUT, POLLOUT}, {SLIRP_POLL_PRI, POLLPRI},
    {SLIRP_POLL_ERR, POLLERR}, {SLIRP_POLL_HUP, POLLHUP},
};

static int add_descriptor(int fd, int events, void *ctx)
{
    struct netif_user *u = ctx;
    short wanted = 0;

    u->descriptors++;
    if (!u->set)
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(poll_bits); i++)
        if (events & poll_bits[i].slirp)
            wanted |= poll_bits[i].host;
    return (int)pollset_add(u->set, fd, wanted);
}

static int get_events(int index, void *ctx)
{
    struct netif_user *u = ctx;
    short got = index >= 0 && u->polled ? pollset_events(u->polled, (size_t)index) : 0;
    int events = 0;

    for (size_t i = 0; i < ARRAY_LEN(poll_bits); i++)
        if (got & poll_bits[i].host)
            events |= poll_bits[i].slirp;
    return events;
}

/* Asks the stack for its descriptors, and sees to it that it is called when a timer of its runs
 * out.  (It looks at its timers whenever it is called; a tick that comes too early does nothing.) */
static void ask(struct netif_user *u, struct pollset *set)
{
    struct clock *clock = u->netif.env.clock;
    uint32_t timeout_ms = UINT32_MAX;
    ps_t at;

    u->set = set;
    u->descriptors = 0;
    slirp_pollfds_fill(u->slirp, &timeout_ms, add_descriptor, u);
    u->set = NULL;
    if (timeout_ms >= TIMEOUT_IDLE_MS && !u->descriptors)
        return;
    at = clock->now + (ps_t)(timeout_ms ? timeout_ms : 1) * 1000 * PS_PER_US;
    if (!event_armed(&u->tick) || u->tick.when > at)
        clock_arm(clock, &u->tick, at);
}

static void tick(void *owner)
{
    struct netif_user *u = owner;

    ask(u, NULL);
    /* "The poll has failed": timers alone. */
    slirp_pollfds_poll(u->slirp, 1, get_events, u);
    clock_disarm(u->netif.env.clock, &u->tick);
    ask(u, NULL);
}

static void prepare(struct netif *netif, struct pollset *set)
{
    struct netif_user *u = container_of(netif, struct netif_user, netif);

    u->descriptors = 0;
    if (netif->env.room(netif->env.ctx, ROOM_BYTES))
        ask(u, set);
}

static void done(struct netif *netif, const struct pollset *set)
{
    struct netif_user *u = container_of(netif, struct netif_user, netif);

    if (!u->descriptors)
        return;
    u->polled = set;
    slirp_pollfds_poll(u->slirp, 0, get_events, u);
    u->polled = NULL;
}

static void transmit(struct netif *netif, const uint8_t *frame, uint32_t len)
{
    struct netif_user *u = container_of(netif, struct netif_user, netif);
    enum verdict verdict = judge(u, frame, len);

    if (verdict != PASS) {
        netif->count.dropped++;
        if (verdict == REFUSE)
            refuse(u, frame, len);
        return;
    }
    netif->count.sent++;
    netif->count.sent_bytes += len;
    slirp_input(u->slirp, frame, (int)len);
    /* What it has begun may need a timer; as long as there are sockets, each poll asks anyway. */
    if (!event_armed(&u->tick))
        ask(u, NULL);
}

/* ---- opening ---- */

static int parse_end(const char **text, uint32_t *addr, uint16_t *port)
{
    char word[64];
    size_t n = strcspn(*text, ":");
    uint64_t v;
    struct in_addr a;

    if ((*text)[n] != ':' || n >= sizeof word)
        return -1;
    memcpy(word, *text, n);
    word[n] = '\0';
    if (n && inet_pton(AF_INET, word, &a) != 1)
        return -1;
    if (n)
        *addr = ntohl(a.s_addr);
    *text += n + 1;
    n = strcspn(*text, "-");
    if (n >= sizeof word)
        return -1;
    memcpy(word, *text, n);
    word[n] = '\0';
    if (text_u64(word, &v) || !v || v > 65535)
        return -1;
    *port = (uint16_t)v;
    *text += n;
    return 0;
}

int netif_forward_parse(const char *text, struct netif_forward *f, struct err *err)
{
    const char *p = text + 4;

    *f = (struct netif_forward){.udp = strncmp(text, "udp:", 4) == 0,
                                .host_addr = INADDR_LOOPBACK, .guest_addr = GUEST};
    if ((!f->udp && strncmp(text, "tcp:", 4)) || parse_end(&p, &f->host_addr, &f->host_port) ||
        *p++ != '-' || parse_end(&p, &f->guest_addr, &f->guest_port) || *p)
        return err_set(err, "hostfwd is tcp|udp:[ADDR]:PORT-[ADDR]:PORT, as tcp::2222-:22, not "
                       "\"%s\"", text);
    return 0;
}

static int add_forward(struct netif_user *u, const struct netif_forward *f, struct err *err)
{
    struct in_addr host = {htonl(f->host_addr)}, guest = {htonl(f->guest_addr)};
    char text[INET_ADDRSTRLEN] = "";

    if (slirp_add_hostfwd(u->slirp, f->udp, host, f->host_port, guest, f->guest_port) == 0)
        return 0;
    inet_ntop(AF_INET, &host, text, sizeof text);
    return err_set(err, "hostfwd: cannot listen on %s port %u of %s: %s", f->udp ? "udp" : "tcp",
                   f->host_port, text, strerror(errno));
}

static int close_user(struct netif *netif, struct err *err)
{
    struct netif_user *u = container_of(netif, struct netif_user, netif);

    (void)err;
    if (u->slirp)
        slirp_cleanup(u->slirp);
    clock_disarm(netif->env.clock, &u->tick);
    while (u->timer) {
        struct timer *t = u->timer;

        u->timer = t->next;
        clock_disarm(netif->env.clock, &t->event);
        free(t);
    }
    free(u);
    return 0;
}

static const struct netif_class netif_user_class = {
    .name = "user", .send = transmit, .prepare = prepare, .done = done, .close = close_user,
};

struct netif *netif_user_open(const struct netif_env *env, const struct netif_user_config *config,
                              struct err *err)
{
    struct netif_user *u = xcalloc(1, sizeof *u);
    SlirpConfig c = {
        .version = 4, /* what Debian 12 has; later libraries know it */
        .restricted = config->restrict_,
        .in_enabled = true,
        .vnetwork.s_addr = htonl(NET),
        .vnetmask.s_addr = htonl(MASK),
        .vhost.s_addr = htonl(GATEWAY),
        .vdhcp_start.s_addr = htonl(GUEST),
        .vnameserver.s_addr = htonl(NAMES),
    };

    u->netif = (struct netif){.class = &netif_user_class, .env = *env};
    u->host = config->host;
    event_init(env->clock, &u->tick, "user.tick", tick, u);
    u->slirp = slirp_new(&c, &callbacks, u);
    if (!u->slirp) {
        err_set(err, "libslirp cannot be started");
        close_user(&u->netif, NULL);
        return NULL;
    }
    for (unsigned i = 0; i < config->forwards; i++)
        if (add_forward(u, &config->forward[i], err)) {
            close_user(&u->netif, NULL);
            return NULL;
        }
    return &u->netif;
}
