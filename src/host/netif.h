/* SPDX-License-Identifier: Apache-2.0 */
/* Packet backends: where the frames of a NIC go on the host, and where others come from.
 *
 * A backend is asked for its descriptors before each poll(2) and told the outcome after it; frames
 * that it has then are handed to env.receive at the present virtual time, and only as long as
 * env.room says that they can be taken: the rest waits at the host.  Whatever a backend does by
 * itself (a protocol timer, a recorded frame that is due) is an event of the clock.
 *
 * Only opening fails.  A backend that vanishes later says so in one line, then counts what it drops.
 * Frames are without check sequence, here as everywhere. */
#ifndef HOST_NETIF_H
#define HOST_NETIF_H

#include "base/err.h"
#include "host/pollset.h"
#include "sim/clock.h"

#include <stdbool.h>

struct netif_env {
    const char *name;    /* of the NIC, for messages */
    struct clock *clock;
    void (*receive)(void *ctx, const uint8_t *frame, uint32_t len);
    bool (*room)(void *ctx, uint32_t bytes); /* whether frames of so many bytes are taken now */
    void *ctx;
};

struct netif_count {
    uint64_t sent, sent_bytes;         /* to the host */
    uint64_t received, received_bytes; /* from it */
    uint64_t dropped;                  /* either way, by the backend */
};

struct netif;

struct netif_class {
    const char *name;
    /* The guest has sent this. */
    void (*send)(struct netif *netif, const uint8_t *frame, uint32_t len);
    /* The link has come up or gone down; NULL: no matter. */
    void (*link)(struct netif *netif, bool up);
    /* Before and after a poll; NULL: waits for nothing of the host's. */
    void (*prepare)(struct netif *netif, struct pollset *set);
    void (*done)(struct netif *netif, const struct pollset *set);
    /* Frees it; -1 with err when something that was to be written is not complete. */
    int (*close)(struct netif *netif, struct err *err);
};

/* First member of each backend's struct. */
struct netif {
    const struct netif_class *class;
    struct netif_env env;
    struct netif_count count;
};

/* Hands a frame to the NIC, and counts it. */
static inline void netif_receive(struct netif *n, const uint8_t *frame, uint32_t len)
{
    n->count.received++;
    n->count.received_bytes += len;
    n->env.receive(n->env.ctx, frame, len);
}

static inline void netif_send(struct netif *n, const uint8_t *frame, uint32_t len)
{
    n->class->send(n, frame, len);
}

/* ---- user: the host's network through libslirp ---- */

#define NETIF_FORWARDS_MAX 16

/* Connections to a port of the host's that the guest gets.  Addresses in host byte order. */
struct netif_forward {
    bool udp;
    uint32_t host_addr, guest_addr;
    uint16_t host_port, guest_port;
};

/* "tcp:[ADDR]:PORT-[ADDR]:PORT"; without addresses 127.0.0.1 and the guest's own, 10.0.2.15. */
int netif_forward_parse(const char *text, struct netif_forward *forward, struct err *err);

struct netif_user_config {
    bool host;     /* the guest may reach the host's own services, at 10.0.2.2 as well */
    bool restrict_; /* it reaches nothing outside but what comes in by forwards */
    const struct netif_forward *forward;
    unsigned forwards;
};

struct netif *netif_user_open(const struct netif_env *env, const struct netif_user_config *config,
                              struct err *err);

/* ---- tap: an interface of the host's kernel ---- */

/* Makes the interface, or takes the one of this name that was made before. */
struct netif *netif_tap_open(const struct netif_env *env, const char *interface, struct err *err);
/* On a descriptor that gives and takes one frame a read and a write; for tests. */
struct netif *netif_tap_new(const struct netif_env *env, const char *interface, int fd);

/* ---- pcap: frames from a file, frames into a file ---- */

#define NETIF_SCALE_ONE 1000000

struct netif_pcap_config {
    const char *in, *out;  /* either may be NULL */
    bool start_given;
    ps_t start_ps;         /* when the first frame comes; not given: when the link is up */
    uint64_t scale;        /* of times between frames, in millionths; 0: back to back */
};

struct netif *netif_pcap_open(const struct netif_env *env, const struct netif_pcap_config *config,
                              struct err *err);

#endif
