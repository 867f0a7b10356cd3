/* SPDX-License-Identifier: Apache-2.0 */
/* Frames from a capture at their recorded distances, frames of the guest's into another. */
#include "host/netif.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "host/pcap.h"

#include <stdlib.h>

/* The longest frame that a wire carries (bus/wire.h); longer ones in a capture are what a host's
 * kernel joined before they were recorded. */
#define REPLAY_BYTES_MAX (16 * 1024 - 16)
/* A file of nothing but frames of one time must not keep the clock for ever. */
#define REPLAY_BURST_MAX 256

struct netif_pcap {
    struct netif netif;
    struct pcap_reader *in;
    struct pcap_writer *out;
    uint64_t scale;
    bool waiting;      /* for the link */
    bool begun;
    uint64_t last_ns;  /* recorded time of the frame before */
    ps_t due;          /* of the frame in `bytes` */
    uint32_t len;      /* 0: none */
    struct event next;
    uint8_t bytes[REPLAY_BYTES_MAX];
};

/* Fetches the next frame that a wire can carry; false at the end. */
static bool fetch(struct netif_pcap *p)
{
    struct pcap_frame f;
    struct err err;
    int got;

    p->len = 0;
    while ((got = pcap_next(p->in, &f, &err)) > 0) {
        uint64_t gap = p->begun && f.time_ns > p->last_ns ? f.time_ns - p->last_ns : 0;
        u128 gap_ps = (u128)gap * PS_PER_NS * p->scale / NETIF_SCALE_ONE;

        p->due = ps_add(p->due, gap_ps > PS_NEVER ? PS_NEVER : (ps_t)gap_ps);
        p->last_ns = !p->begun || f.time_ns > p->last_ns ? f.time_ns : p->last_ns;
        p->begun = true;
        if (f.original && f.original <= sizeof p->bytes) {
            /* What the capture did not keep of a frame is zeroes. */
            memcpy(p->bytes, f.bytes, f.len);
            memset(p->bytes + f.len, 0, f.original - f.len);
            p->len = f.original;
            return true;
        }
        p->netif.count.dropped++;
    }
    if (got < 0)
        log_line("%s: %s; the replay ends here", p->netif.env.name, err.text);
    return false;
}

static void arm(struct netif_pcap *p, ps_t at)
{
    if (at < PS_NEVER)
        clock_arm(p->netif.env.clock, &p->next, at);
}

/* Frames that are due go to the wire, which sends them one after the other; when it is full, again
 * once it has had time to get rid of some. */
static void replay(void *owner)
{
    struct netif_pcap *p = owner;
    const struct netif_env *env = &p->netif.env;

    for (unsigned n = 0; p->len && p->due <= env->clock->now; n++) {
        if (n == REPLAY_BURST_MAX || !env->room(env->ctx, p->len)) {
            arm(p, env->clock->now + 10 * PS_PER_US);
            return;
        }
        netif_receive(&p->netif, p->bytes, p->len);
        fetch(p);
    }
    if (p->len)
        arm(p, p->due);
}

static void transmit(struct netif *netif, const uint8_t *frame, uint32_t len)
{
    struct netif_pcap *p = container_of(netif, struct netif_pcap, netif);

    if (!p->out)
        return;
    netif->count.sent++;
    netif->count.sent_bytes += len;
    pcap_write(p->out, netif->env.clock->now / PS_PER_NS, frame, len, PCAP_SENT, 0);
}

static void link_state(struct netif *netif, bool up)
{
    struct netif_pcap *p = container_of(netif, struct netif_pcap, netif);

    if (!up || !p->waiting)
        return;
    p->waiting = false;
    p->due = netif->env.clock->now;
    arm(p, p->due);
}

static int close_pcap(struct netif *netif, struct err *err)
{
    struct netif_pcap *p = container_of(netif, struct netif_pcap, netif);
    int result;

    clock_disarm(netif->env.clock, &p->next);
    pcap_close(p->in);
    result = pcap_finish(p->out, err);
    free(p);
    return result;
}

static const struct netif_class netif_pcap_class = {
    .name = "pcap", .send = transmit, .link = link_state, .close = close_pcap,
};

struct netif *netif_pcap_open(const struct netif_env *env, const struct netif_pcap_config *config,
                              struct err *err)
{
    struct netif_pcap *p = xcalloc(1, sizeof *p);

    p->netif = (struct netif){.class = &netif_pcap_class, .env = *env};
    p->scale = config->scale;
    if ((config->in && !(p->in = pcap_open(config->in, err))) ||
        (config->out && !(p->out = pcap_create(config->out, env->name, err)))) {
        pcap_close(p->in);
        free(p);
        return NULL;
    }
    event_init(env->clock, &p->next, "pcap.replay", replay, p);
    if (p->in && fetch(p)) {
        p->waiting = !config->start_given;
        p->due = config->start_ps;
        if (!p->waiting)
            arm(p, p->due);
    }
    return &p->netif;
}
