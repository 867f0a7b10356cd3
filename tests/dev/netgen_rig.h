/* SPDX-License-Identifier: Apache-2.0 */
/* A generator on a wire; the test is the guest at the other end.  Include after check.h. */
#ifndef TESTS_NETGEN_RIG_H
#define TESTS_NETGEN_RIG_H

#include "base/hash.h"
#include "dev/netgen_impl.h"

#include <stdlib.h>

#define TEN_GBIT UINT64_C(10000000000)
#define GOT_MAX 400000

struct got {
    ps_t began, at;
    uint64_t cause, now_cause;
    uint32_t len, flow, seq;
    bool own;
};

struct rig {
    struct clock clock;
    struct trace trace;
    struct params params;
    struct wire wire;
    struct netgen_config config;
    struct netgen *gen;
    struct got *got;
    unsigned count, own, arps, finished;
    uint8_t last[FRAME_BYTES_MAX]; /* the last frame that was not the generator's traffic */
    uint32_t last_len;
    uint8_t own_frame[FRAME_BYTES_MAX]; /* the last one that was */
    uint32_t own_len;
    bool (*reply)(struct rig *r, uint32_t flow, uint32_t seq); /* whether to send traffic back */
    ps_t reply_after; /* at most one reply waits */
    struct event late;
    bool answer_arp, check;
    bool impaired; /* frames are damaged and doubled: their times are not checked */
};

static const uint8_t guest_mac[6] = {0x52, 0x54, 0, 1, 2, 3};
static const uint8_t gen_mac[6] = {2, 0, 0, 0, 0, 1};

static inline void rig_reply(struct rig *r, const uint8_t *bytes, uint32_t len)
{
    uint8_t b[FRAME_BYTES_MAX];

    memcpy(b, bytes, len);
    memcpy(b, bytes + 6, 6);
    memcpy(b + 6, guest_mac, 6);
    wire_send(&r->wire, WIRE_NIC, b, len, 0, NULL);
}

static inline void rig_late(void *owner)
{
    struct rig *r = owner;

    rig_reply(r, r->own_frame, r->own_len);
}

static inline void rig_check(const struct frame *f)
{
    struct packet p;

    packet_parse(&p, f->bytes, f->len);
    CHECK(p.ip == 4 && p.l4 != PACKET_NO_L4);
    CHECK(packet_check_ip(&p, f->bytes) == PACKET_GOOD);
    if (p.l4 == PACKET_UDP)
        CHECK(packet_check_l4(&p, f->bytes) == PACKET_GOOD);
    else
        CHECK_EQ_U64(packet_sum(f->bytes + p.l4_at, (uint32_t)p.ip_end - p.l4_at), 0xffff);
}

static inline void rig_arp(struct rig *r, unsigned op, uint32_t sender, uint32_t target)
{
    uint8_t b[60] = {0};

    memset(b, 0xff, 6);
    memcpy(b + 6, guest_mac, 6);
    be16_put(b + 12, ETHER_ARP);
    be16_put(b + 14, 1);
    be16_put(b + 16, ETHER_IP4);
    b[18] = 6;
    b[19] = 4;
    be16_put(b + 20, (uint16_t)op);
    memcpy(b + 22, guest_mac, 6);
    be32_put(b + 28, sender);
    be32_put(b + 38, target);
    wire_send(&r->wire, WIRE_NIC, b, sizeof b, 0, NULL);
}

static inline void rig_receive(void *owner, const struct frame *f)
{
    struct rig *r = owner;
    uint32_t at = be16_get(f->bytes + 12) == ETHER_IP4 ? 42 : 14;
    struct got *g = &r->got[r->count % GOT_MAX];

    r->count++;
    *g = (struct got){.began = f->began, .at = f->arrives, .len = f->len, .cause = f->cause,
                      .now_cause = r->clock.cause};
    g->own = (be32_get(f->bytes + at) & 0xffffff00) == NETGEN_MAGIC;
    if (!g->own) {
        memcpy(r->last, f->bytes, f->len);
        r->last_len = f->len;
        if (be16_get(f->bytes + 12) == ETHER_ARP && f->bytes[21] == ARP_REQUEST) {
            r->arps++;
            if (r->answer_arp)
                rig_arp(r, ARP_REPLY, be32_get(f->bytes + 38), be32_get(f->bytes + 28));
        }
        return;
    }
    r->own++;
    memcpy(r->own_frame, f->bytes, f->len);
    r->own_len = f->len;
    g->flow = be16_get(f->bytes + at + 4);
    g->seq = be32_get(f->bytes + at + 6);
    /* Its time in the frame is that of its first bit. */
    if (!r->impaired)
        CHECK_EQ_U64(be64_get(f->bytes + at + 10), f->began);
    if (r->check)
        rig_check(f);
    if (!r->reply || !r->reply(r, g->flow, g->seq))
        return;
    if (r->reply_after)
        clock_arm_after(&r->clock, &r->late, r->reply_after);
    else
        rig_reply(r, f->bytes, f->len);
}

static inline void rig_finished(void *ctx)
{
    ((struct rig *)ctx)->finished++;
}

/* A config of the words "key=value key=value". */
static inline void rig_set(struct netgen_config *config, const char *words)
{
    char *copy = strdup(words), *rest = copy;
    struct err err;

    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '=');
        *value++ = 0;
        if (netgen_config_set(config, word, value, &err)) {
            check_fail(__FILE__, __LINE__, err.text);
            break;
        }
    }
    free(copy);
}

/* The link is down. */
static inline struct rig *rig_new(const char *words, uint64_t seed, netgen_next *next, void *ctx)
{
    struct rig *r = calloc(1, sizeof *r);
    struct err err;

    r->got = calloc(GOT_MAX, sizeof *r->got);
    clock_init(&r->clock);
    trace_init(&r->trace, &r->clock);
    wire_init(&r->wire, "wire0", &r->clock, &r->trace, 1);
    r->params.level = TIMING_IO;
    params_add(&r->params, "wire0", wire_params, &r->wire.p);
    wire_attach(&r->wire, WIRE_NIC, rig_receive, r);
    event_init(&r->clock, &r->late, "rig.late", rig_late, r);
    netgen_config_init(&r->config);
    rig_set(&r->config, words);
    r->config.next = next;
    r->config.next_ctx = ctx;
    if (netgen_config_check(&r->config, &err))
        check_fail(__FILE__, __LINE__, err.text);
    r->gen = netgen_new("gen0", &r->wire, &r->clock, &r->trace, seed, &r->config);
    netgen_on_finished(r->gen, rig_finished, r);
    return r;
}

static inline void rig_up(struct rig *r)
{
    wire_set_rate(&r->wire, TEN_GBIT);
}

static inline void rig_free(struct rig *r)
{
    netgen_free(r->gen);
    netgen_config_fini(&r->config);
    wire_fini(&r->wire);
    trace_fini(&r->trace);
    clock_fini(&r->clock);
    free(r->got);
    free(r);
}

/* Starts at link, which comes up at 0; runs until nothing is to happen, for 100 s at most. */
static inline struct rig *rig_run(const char *words, uint64_t seed)
{
    char all[400];
    struct rig *r;

    snprintf(all, sizeof all, "start=link %s", words);
    r = rig_new(all, seed, NULL, NULL);
    rig_up(r);
    clock_run(&r->clock, 100 * PS_PER_S);
    return r;
}

#endif
