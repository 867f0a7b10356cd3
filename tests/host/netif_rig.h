/* SPDX-License-Identifier: Apache-2.0 */
/* A NIC's side of a packet backend: keeps what it is given. */
#ifndef TESTS_HOST_NETIF_RIG_H
#define TESTS_HOST_NETIF_RIG_H

#include "base/bits.h"
#include "host/netif.h"

#include "tests/check.h"

enum { RIG_FRAMES = 256, RIG_FRAME_BYTES = 2048 };

struct rig {
    struct clock clock;
    struct pollset set;
    struct netif *netif;
    struct {
        ps_t when;
        uint32_t len;
        uint8_t bytes[RIG_FRAME_BYTES];
    } frame[RIG_FRAMES];
    unsigned frames; /* may be more than are kept */
    bool full;       /* room says no */
};

static inline void rig_receive(void *ctx, const uint8_t *frame, uint32_t len)
{
    struct rig *r = ctx;

    CHECK(!r->full);
    if (r->frames < RIG_FRAMES) {
        r->frame[r->frames].when = r->clock.now;
        r->frame[r->frames].len = len;
        memcpy(r->frame[r->frames].bytes, frame, len < RIG_FRAME_BYTES ? len : RIG_FRAME_BYTES);
    }
    r->frames++;
}

static inline bool rig_room(void *ctx, uint32_t bytes)
{
    (void)bytes;
    return !((struct rig *)ctx)->full;
}

static inline struct netif_env rig_env(struct rig *r)
{
    *r = (struct rig){0};
    clock_init(&r->clock);
    return (struct netif_env){"nic0", &r->clock, rig_receive, rig_room, r};
}

/* One poll, of at most so long; then so much of virtual time. */
static inline void rig_poll(struct rig *r, unsigned wait_ms, ps_t then_ps)
{
    pollset_clear(&r->set);
    if (r->netif->class->prepare)
        r->netif->class->prepare(r->netif, &r->set);
    pollset_wait(&r->set, (uint64_t)wait_ms * 1000000);
    if (r->netif->class->done)
        r->netif->class->done(r->netif, &r->set);
    clock_run(&r->clock, r->clock.now + then_ps);
}

static inline void rig_close(struct rig *r)
{
    struct err err;

    if (r->netif)
        CHECK(r->netif->class->close(r->netif, &err) == 0);
    pollset_fini(&r->set);
    clock_fini(&r->clock);
}

#endif
