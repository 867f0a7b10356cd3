/* SPDX-License-Identifier: Apache-2.0 */
/* An 82599 of filters alone: a register bank, no DMA, no clock; and frames for it. */
#ifndef TESTS_DEV_I82599_FILTER_RIG_H
#define TESTS_DEV_I82599_FILTER_RIG_H

#include "tests/check.h"

#include "base/alloc.h"
#include "dev/i82599_filter.h"
#include "dev/packet_bytes.h"
#include "sim/random.h"

#include <stdlib.h>

/* ---- a chip without its other parts ---- */

static const struct reg regs[] = {I82599_REGS(REG_ROW)};
static uint32_t causes;

/* In place of the device's own. */
void i82599_other_cause(struct i82599 *n, uint32_t bits)
{
    (void)n;
    causes |= bits;
}

static uint64_t op_read(void *owner, unsigned reg, unsigned index, uint64_t stored)
{
    return i82599_filter_read(owner, reg, index, stored);
}

static inline void op_write(void *owner, unsigned reg, unsigned index, uint64_t old,
                            uint64_t written)
{
    i82599_filter_write(owner, reg, index, old, (uint32_t)written);
}

static const struct reg_ops ops = {op_read, op_write};

static inline struct i82599 *chip(void)
{
    struct i82599 *n = xcalloc(1, sizeof *n);

    bank_init(&n->bank, regs, ARRAY_LEN(regs), &ops, n);
    i82599_filter_init(n);
    i82599_filter_reset(n);
    causes = 0;
    return n;
}

static inline void scrap(struct i82599 *n)
{
    i82599_filter_fini(n);
    bank_fini(&n->bank);
    free(n);
}

static inline void put(struct i82599 *n, unsigned reg, unsigned index, uint32_t value)
{
    struct txn t = {.addr = regs[reg].offset + index * regs[reg].step, .data = value, .size = 4,
                    .write = true};

    CHECK_EQ_U64(bank_access(&n->bank, &t), FAULT_NONE);
}

static inline uint32_t get(struct i82599 *n, unsigned reg, unsigned index)
{
    struct txn t = {.addr = regs[reg].offset + index * regs[reg].step, .size = 4};

    CHECK_EQ_U64(bank_access(&n->bank, &t), FAULT_NONE);
    return (uint32_t)t.data;
}

/* ---- frames ---- */

struct flow {
    unsigned ip;           /* 4, 6; 0: no IP */
    uint8_t proto, flags;  /* TCP flags */
    uint16_t src_port, dst_port, tag, fragment;
    uint8_t src[16], dst[16];
    uint16_t type;         /* without IP */
};

static const struct flow tcp4 = {.ip = 4, .proto = IP_TCP, .flags = 0x10, .src_port = 40000,
                                 .dst_port = 5201, .src = {10, 0, 0, 2}, .dst = {10, 0, 0, 1}};
static const struct flow tcp6 = {.ip = 6, .proto = IP_TCP, .flags = 0x10, .src_port = 40001,
                                 .dst_port = 443, .src = {0xfe, 0x80, 1, 2, 3, 4, 5, 6, 7, 8},
                                 .dst = {0x20, 1, 0xd, 0xb8, [15] = 9}};

static uint8_t frame[128];
static uint32_t frame_len;

static inline void build(const struct flow *f)
{
    unsigned at = 12, l4;

    memset(frame, 0, sizeof frame);
    if (f->tag) {
        be16_put(frame + at, 0x8100);
        be16_put(frame + at + 2, f->tag);
        at += 4;
    }
    be16_put(frame + at, f->ip == 4 ? 0x0800 : f->ip == 6 ? 0x86dd : f->type);
    at += 2;
    l4 = at + (f->ip == 4 ? 20 : 40);
    if (f->ip == 4) {
        frame[at] = 0x45;
        be16_put(frame + at + 2, 20 + 20);
        be16_put(frame + at + 6, f->fragment);
        frame[at + 9] = f->proto;
        memcpy(frame + at + 12, f->src, 4);
        memcpy(frame + at + 16, f->dst, 4);
    } else if (f->ip == 6) {
        frame[at] = 0x60;
        be16_put(frame + at + 4, 20);
        frame[at + 6] = f->proto;
        memcpy(frame + at + 8, f->src, 16);
        memcpy(frame + at + 24, f->dst, 16);
    }
    be16_put(frame + l4, f->src_port);
    be16_put(frame + l4 + 2, f->dst_port);
    if (f->proto == IP_TCP) {
        frame[l4 + 12] = 0x50;
        frame[l4 + 13] = f->flags;
    }
    frame_len = l4 + 20;
}

static inline struct rx_route route(struct i82599 *n, const struct flow *f)
{
    struct packet p;
    struct rx_route r;

    build(f);
    packet_parse(&p, frame, frame_len);
    r = i82599_route(n, &p, frame);
    i82599_route_count(n, &r);
    return r;
}

/* ---- settings ---- */

static inline bool takes(struct i82599 *n, const char *mac)
{
    unsigned b[6];

    memset(frame, 0, sizeof frame);
    sscanf(mac, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]);
    for (unsigned i = 0; i < 6; i++)
        frame[i] = (uint8_t)b[i];
    be16_put(frame + 12, 0x0800);
    return i82599_accepts(n, frame, 60);
}

static inline void set_address(struct i82599 *n, unsigned i, const char *mac, bool valid)
{
    unsigned b[6];

    sscanf(mac, "%x:%x:%x:%x:%x:%x", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5]);
    put(n, I82599_RAL, i, b[0] | b[1] << 8 | b[2] << 16 | b[3] << 24);
    put(n, I82599_RAH, i, b[4] | b[5] << 8 | (valid ? 0x80000000 : 0));
}

static inline void set_tuple(struct i82599 *n, unsigned i, const struct flow *f, uint32_t mask,
                      uint32_t priority, uint32_t queue)
{
    uint32_t protocol = f->proto == IP_TCP ? 0 : f->proto == IP_UDP ? 1
                        : f->proto == IP_SCTP ? 2 : 3;
    uint8_t ports[4];

    be16_put(ports, f->src_port);
    be16_put(ports + 2, f->dst_port);
    put(n, I82599_SAQF, i, le32_get(f->src));
    put(n, I82599_DAQF, i, le32_get(f->dst));
    put(n, I82599_SDPQF, i, le32_get(ports));
    put(n, I82599_L34TIMIR, i, 0x80000 | queue << 21);
    put(n, I82599_FTQF, i, protocol | priority << 2 | mask << 25 | 0xc0000000);
}

static inline void set_rss(struct i82599 *n, uint32_t mrqc, uint8_t key[40])
{
    struct random r;

    random_init(&r, 7, "rss");
    for (unsigned i = 0; i < 40; i++)
        key[i] = (uint8_t)random_u64(&r);
    for (unsigned i = 0; i < 10; i++)
        put(n, I82599_RSSRK, i, le32_get(key + 4 * i));
    for (unsigned i = 0; i < 32; i++)
        put(n, I82599_RETA, i, (uint32_t)random_u64(&r));
    put(n, I82599_MRQC, 0, mrqc);
}

#endif
