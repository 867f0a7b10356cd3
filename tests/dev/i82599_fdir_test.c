/* SPDX-License-Identifier: Apache-2.0 */
/* The 82599's flow director, programmed as ixgbe does it; hashes from their definition. */
#include "tests/dev/i82599_filter_rig.h"

/* ---- signature filters ---- */

#define BUCKET_KEY 0x3dad14e2
#define SIGNATURE_KEY 0x174d3614

/* The hash bit by bit: packet_test.c has the same from the definition. */
static uint32_t slow_hash(const uint8_t in[42], uint32_t key)
{
    uint8_t ring[336];
    uint32_t hash = 0;

    /* The ring starts with the least significant bit of the first word, then the flexible bytes,
     * then the other words from the last to the first. */
    static const uint8_t order[42] = {3, 2, 1, 0, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32,
                                      31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18,
                                      17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4};

    for (unsigned b = 0; b < 336; b++)
        ring[b] = in[order[b / 8]] >> b % 8 & 1;
    for (unsigned j = 0; j < 15; j++)
        for (unsigned i = 1; i < 352; i++)
            if (key >> i % 32 & 1)
                hash ^= (uint32_t)ring[(i + j) % 336] << j;
    return hash;
}

/* Flow director's input for a received packet of this flow, as a driver lays it out: pool, flow
 * type, VLAN, destination, source, ports, flexible bytes. */
static void input_of(const struct flow *f, uint16_t flex, uint8_t in[42])
{
    unsigned type = (f->proto == IP_UDP ? 1 : f->proto == IP_TCP ? 2 : f->proto == IP_SCTP ? 3 : 0);

    memset(in, 0, 42);
    in[1] = (uint8_t)(type + (f->ip == 6 ? 4 : 0));
    be16_put(in + 2, f->tag & 0xefff);
    memcpy(in + 4, f->dst, f->ip == 4 ? 4 : 16);
    memcpy(in + 20, f->src, f->ip == 4 ? 4 : 16);
    be16_put(in + 36, f->src_port);
    be16_put(in + 38, f->dst_port);
    be16_put(in + 40, flex);
}

/* FDIRCTRL as ixgbe writes it: 64 KiB, flexible bytes at word 6, lists of 10, threshold 4. */
static void fdir_on(struct i82599 *n, uint32_t more)
{
    put(n, I82599_FDIRHKEY, 0, BUCKET_KEY);
    put(n, I82599_FDIRSKEY, 0, SIGNATURE_KEY);
    put(n, I82599_FDIRCTRL, 0, 1 | 6 << 16 | 10u << 24 | 4u << 28 | more);
}

static void add_signature(struct i82599 *n, const struct flow *f, unsigned queue)
{
    uint8_t in[42];

    input_of(f, f->tag ? 0x8100 : f->ip == 4 ? 0x0800 : 0x86dd, in);
    put(n, I82599_FDIRHASH, 0, slow_hash(in, BUCKET_KEY) | slow_hash(in, SIGNATURE_KEY) << 16);
    put(n, I82599_FDIRCMD, 0, 1 | 1 << 3 | 1 << 11 | 1 << 15 | (uint32_t)in[1] << 5 | queue << 16);
    CHECK_EQ_U64(get(n, I82599_FDIRCMD, 0) & 3, 0);
}

static void test_signature_filters_route_their_flows(void)
{
    struct i82599 *n = chip();
    struct random r;
    struct flow flows[300];

    fdir_on(n, 0);
    CHECK_EQ_U64(get(n, I82599_FDIRCTRL, 0) >> 3 & 1, 1); /* INIT_DONE */
    CHECK_EQ_U64(get(n, I82599_FDIRFREE, 0), 8190);
    random_init(&r, 3, "flows");
    for (unsigned i = 0; i < ARRAY_LEN(flows); i++) {
        flows[i] = i % 2 ? tcp4 : tcp6;
        flows[i].proto = i % 3 == 0 ? IP_UDP : i % 7 == 0 ? IP_SCTP : IP_TCP;
        flows[i].tag = i % 5 ? 0 : (uint16_t)(random_u64(&r) & 0xefff);
        flows[i].src_port = (uint16_t)random_u64(&r);
        for (unsigned b = 0; b < (i % 2 ? 4 : 16); b++)
            flows[i].src[b] = (uint8_t)random_u64(&r);
        CHECK(!route(n, &flows[i]).fdir);
        add_signature(n, &flows[i], i % 100 + 1);
    }
    CHECK_EQ_U64(get(n, I82599_FDIRFREE, 0), 8190 - ARRAY_LEN(flows));
    CHECK_EQ_U64(get(n, I82599_FDIRUSTAT, 0), ARRAY_LEN(flows));
    CHECK_EQ_U64(get(n, I82599_FDIRUSTAT, 0), 0); /* read to clear */
    CHECK_EQ_U64(get(n, I82599_FDIRMISS, 0), ARRAY_LEN(flows));
    for (unsigned i = 0; i < ARRAY_LEN(flows); i++) {
        struct rx_route got = route(n, &flows[i]);

        CHECK_EQ_U64(got.queue, i % 100 + 1);
        CHECK(got.fdir && got.fdir_looked && !got.drop);
        flows[i].src_port ^= 1;
        CHECK(!route(n, &flows[i]).fdir);
    }
    CHECK_EQ_U64(get(n, I82599_FDIRMATCH, 0), ARRAY_LEN(flows));
    scrap(n);
}

/* The transmit path of ixgbe adds a filter for the packets that will come back, from a sum of the
 * addresses and of ports and ethertype, in the order of the packet that is sent. */
static void test_a_filter_of_ixgbes_transmit_path_is_hit_by_the_answer(void)
{
    struct i82599 *n = chip();

    fdir_on(n, 0);
    for (unsigned i = 0; i < 4; i++) {
        struct flow answer = i % 2 ? tcp6 : tcp4;
        uint8_t common[4] = {0}, in[42] = {0};
        uint16_t type = i % 2 ? 0x86dd : 0x0800;
        uint32_t hash;

        answer.tag = i / 2 ? 0x6064 : 0;
        for (unsigned b = 0; b < 16; b++)
            common[b % 4] ^= (uint8_t)(answer.src[b] ^ answer.dst[b]);
        /* The sent packet's destination port is the answer's source port. */
        be16_put(common, (uint16_t)(be16_get(common) ^ answer.src_port ^
                                    (answer.tag ? 0x8100 : type)));
        be16_put(common + 2, (uint16_t)(be16_get(common + 2) ^ answer.dst_port));
        in[1] = i % 2 ? 6 : 2;
        be16_put(in + 2, answer.tag);
        memcpy(in + 36, common, 4); /* the hash is linear: any of the words takes the sum */
        hash = slow_hash(in, BUCKET_KEY) | slow_hash(in, SIGNATURE_KEY) << 16;
        put(n, I82599_FDIRHASH, 0, hash);
        put(n, I82599_FDIRCMD, 0, 0x8809 | (uint32_t)in[1] << 5 | (20 + i) << 16);
        CHECK_EQ_U64(route(n, &answer).queue, 20 + i);
    }
    scrap(n);
}

static void test_an_update_changes_the_queue_of_a_filter(void)
{
    struct i82599 *n = chip();

    fdir_on(n, 0);
    add_signature(n, &tcp4, 3);
    add_signature(n, &tcp4, 4);
    CHECK_EQ_U64(route(n, &tcp4).queue, 4);
    CHECK_EQ_U64(get(n, I82599_FDIRFREE, 0), 8189);
    put(n, I82599_FDIRCMD, 0, 1 | 1 << 11 | 1 << 15 | 2 << 5 | 5 << 16); /* without UPDATE */
    CHECK_EQ_U64(route(n, &tcp4).queue, 4);
    scrap(n);
}

static void test_rss_is_under_flow_director_and_tuples_over_it(void)
{
    struct i82599 *n = chip();
    uint8_t key[40];
    struct rx_route plain, hit;

    set_rss(n, 0xffff0001, key);
    plain = route(n, &tcp4);
    fdir_on(n, 0);
    add_signature(n, &tcp4, 33);
    hit = route(n, &tcp4);
    CHECK_EQ_U64(hit.queue, 33);
    CHECK_EQ_U64(hit.rss_type, plain.rss_type); /* not asked to report: the RSS hash stays */
    CHECK_EQ_U64(hit.hash, plain.hash);
    set_tuple(n, 1, &tcp4, 0, 1, 44);
    CHECK_EQ_U64(route(n, &tcp4).queue, 44);
    CHECK(!route(n, &tcp4).fdir_looked);
    scrap(n);
}

static void test_fragments_are_not_looked_up(void)
{
    struct i82599 *n = chip();
    struct flow f = tcp4;

    f.fragment = 0x2000;
    fdir_on(n, 0);
    CHECK(!route(n, &f).fdir_looked);
    CHECK(!route(n, &(struct flow){.type = 0x88cc}).fdir_looked);
    CHECK(route(n, &tcp4).fdir_looked);
    scrap(n);
}

/* ---- perfect filters ---- */

struct masks {
    uint8_t src[4], dst[4]; /* 1: compared */
    uint16_t src_port, dst_port, vlan, flex;
    uint8_t type;           /* L4 type: 3 or 0 */
};

static const struct masks all = {{255, 255, 255, 255}, {255, 255, 255, 255}, 0xffff, 0xffff,
                                 0xefff, 0xffff, 3};

static uint32_t mirror(uint32_t v)
{
    uint32_t m = 0;

    for (unsigned i = 0; i < 16; i++)
        m |= (v >> i & 1) << (15 - i) | (v >> (16 + i) & 1) << (31 - i);
    return m;
}

/* Masks as ixgbe writes them when the first filter is added. */
static void set_masks(struct i82599 *n, const struct masks *m)
{
    uint32_t ports = mirror((uint32_t)m->dst_port << 16 | m->src_port);

    put(n, I82599_FDIRM, 0, 0x20 | (m->type ? 0 : 8) | (m->flex ? 0 : 0x10) |
                                (m->vlan & 0xfff ? 0 : 1) | (m->vlan & 0xe000 ? 0 : 2) | 4);
    put(n, I82599_FDIRTCPM, 0, ~ports);
    put(n, I82599_FDIRUDPM, 0, ~ports);
    put(n, I82599_FDIRSIP4M, 0, ~le32_get(m->src));
    put(n, I82599_FDIRDIP4M, 0, ~le32_get(m->dst));
}

static void perfect_hash(const struct flow *f, const struct masks *m, uint16_t flex, uint8_t in[42])
{
    input_of(f, flex, in);
    in[1] &= m->type | 4;
    be16_put(in + 2, be16_get(in + 2) & m->vlan);
    for (unsigned i = 0; i < 4; i++) {
        in[4 + i] &= m->dst[i];
        in[20 + i] &= m->src[i];
    }
    be16_put(in + 36, be16_get(in + 36) & m->src_port);
    be16_put(in + 38, be16_get(in + 38) & m->dst_port);
    be16_put(in + 40, be16_get(in + 40) & m->flex);
}

static void perfect_command(struct i82599 *n, const struct flow *f, const struct masks *m,
                            uint16_t id, uint16_t flex, uint32_t command)
{
    uint8_t in[42];

    perfect_hash(f, m, flex, in);
    put(n, I82599_FDIRIPSA, 0, le32_get(in + 20));
    put(n, I82599_FDIRIPDA, 0, le32_get(in + 4));
    put(n, I82599_FDIRPORT, 0, be16_get(in + 36) | (uint32_t)be16_get(in + 38) << 16);
    put(n, I82599_FDIRVLAN, 0, be16_get(in + 2) | (uint32_t)le16_get(in + 40) << 16);
    put(n, I82599_FDIRHASH, 0, (slow_hash(in, BUCKET_KEY) & 0x1fff) | (uint32_t)id << 16);
    put(n, I82599_FDIRCMD, 0, command | (uint32_t)in[1] << 5);
}

static void add_perfect(struct i82599 *n, const struct flow *f, const struct masks *m, uint16_t id,
                        uint32_t queue)
{
    perfect_command(n, f, m, id, f->tag ? 0x8100 : 0x0800,
                    1 | 1 << 3 | 1 << 11 | 1 << 15 | (queue == 127 ? 1 << 9 : 0) | queue << 16);
}

#define PERFECT (1 << 4 | 127 << 8)
#define PERFECT_REPORT (PERFECT | 1 << 5)

static void test_perfect_filters_compare_every_field(void)
{
    struct i82599 *n = chip();
    struct flow f = tcp4;

    f.tag = 0x6123;
    fdir_on(n, PERFECT_REPORT);
    CHECK_EQ_U64(get(n, I82599_FDIRFREE, 0), 2046);
    set_masks(n, &all);
    add_perfect(n, &f, &all, 77, 6);
    for (unsigned field = 0; field < 7; field++) {
        struct flow other = f;

        switch (field) {
        case 0: break;
        case 1: other.src[3] ^= 1; break;
        case 2: other.dst[0] ^= 0x80; break;
        case 3: other.src_port ^= 0x8000; break;
        case 4: other.dst_port ^= 1; break;
        case 5: other.tag ^= 1; break;
        default: other.proto = IP_UDP; break;
        }
        CHECK_EQ_U64(route(n, &other).fdir, field == 0);
        CHECK_EQ_U64(route(n, &other).queue, field == 0 ? 6 : 0);
    }
    CHECK_EQ_U64(route(n, &f).rss_type, I82599_RSS_FDIR);
    CHECK_EQ_U64(route(n, &f).hash & 0xffff, 77);
    CHECK(!route(n, &tcp6).fdir);
    scrap(n);
}

/* A bucket's filters are told apart by their fields: two that share one do not disturb. */
static void test_perfect_filters_do_not_go_by_hash_alone(void)
{
    struct i82599 *n = chip();
    struct flow f = tcp4;
    struct masks m = all;
    uint8_t in[42];
    uint32_t bucket;
    unsigned same = 0;

    fdir_on(n, PERFECT);
    set_masks(n, &m);
    add_perfect(n, &tcp4, &m, 1, 1);
    perfect_hash(&tcp4, &m, 0x0800, in);
    bucket = slow_hash(in, BUCKET_KEY) & 0x7ff;
    for (unsigned port = 0; port < 65536 && same < 3; port++) {
        f.src_port = (uint16_t)port;
        perfect_hash(&f, &m, 0x0800, in);
        if (port == tcp4.src_port || (slow_hash(in, BUCKET_KEY) & 0x7ff) != bucket)
            continue;
        same++;
        CHECK(!route(n, &f).fdir);
        add_perfect(n, &f, &m, (uint16_t)(10 + same), 10 + same);
        CHECK_EQ_U64(route(n, &f).queue, 10 + same);
    }
    CHECK_EQ_U64(same, 3);
    CHECK_EQ_U64(route(n, &tcp4).queue, 1);
    CHECK_EQ_U64(get(n, I82599_FDIRLEN, 0), 4 | bucket << 16);
    scrap(n);
}

/* The same, for each field that a filter compares. */
static void test_perfect_filters_of_one_bucket_differ_in_any_field(void)
{
    struct i82599 *n = chip();
    struct masks no_flex = all;
    uint8_t in[42];
    uint32_t bucket;

    fdir_on(n, PERFECT);
    set_masks(n, &all);
    add_perfect(n, &tcp4, &all, 1, 1);
    perfect_hash(&tcp4, &all, 0x0800, in);
    bucket = slow_hash(in, BUCKET_KEY) & 0x7ff;
    for (unsigned field = 0; field < 5; field++) {
        unsigned same = 0;

        for (unsigned v = 1; v < 65536 && !same; v++) {
            struct flow f = tcp4;

            switch (field) {
            case 0: be16_put(f.src, (uint16_t)(be16_get(f.src) ^ v)); break;
            case 1: be16_put(f.dst + 2, (uint16_t)(be16_get(f.dst + 2) ^ v)); break;
            case 2: f.dst_port ^= (uint16_t)v; break;
            case 3: f.src_port ^= (uint16_t)v; break;
            default: f.tag = (uint16_t)v & 0xefff; break;
            }
            perfect_hash(&f, &all, f.tag ? 0x8100 : 0x0800, in);
            if ((slow_hash(in, BUCKET_KEY) & 0x7ff) != bucket || (field == 4 && !f.tag))
                continue;
            same++;
            CHECK(!route(n, &f).fdir);
        }
        CHECK_EQ_U64(same, 1);
    }
    /* A tag changes the flexible bytes as well: now alone. */
    fdir_on(n, PERFECT);
    no_flex.flex = 0;
    set_masks(n, &no_flex);
    add_perfect(n, &tcp4, &no_flex, 1, 1);
    CHECK(route(n, &tcp4).fdir);
    perfect_hash(&tcp4, &no_flex, 0, in);
    bucket = slow_hash(in, BUCKET_KEY) & 0x7ff;
    for (unsigned v = 1; v < 65536; v++) {
        struct flow f = tcp4;

        f.tag = (uint16_t)v & 0xefff;
        perfect_hash(&f, &no_flex, 0, in);
        if ((slow_hash(in, BUCKET_KEY) & 0x7ff) == bucket && f.tag)
            CHECK(!route(n, &f).fdir);
    }
    scrap(n);
}

static void test_masks_of_perfect_filters(void)
{
    struct i82599 *n = chip();
    struct masks m = {.src = {255, 255, 255, 0}, .dst_port = 0xfff0, .type = 3};
    struct flow f = tcp4;

    fdir_on(n, PERFECT);
    set_masks(n, &m);
    add_perfect(n, &tcp4, &m, 1, 9);
    f.src[3] = 200;
    f.dst[1] = 77;
    f.src_port = 1;
    f.tag = 0x2222;
    f.dst_port = tcp4.dst_port ^ 0xf;
    CHECK_EQ_U64(route(n, &f).queue, 9);
    f.dst_port ^= 0x10;
    CHECK_EQ_U64(route(n, &f).queue, 0);
    f.dst_port ^= 0x10;
    f.src[2] ^= 1;
    CHECK_EQ_U64(route(n, &f).queue, 0);
    f.src[2] ^= 1;
    f.proto = IP_UDP;
    CHECK_EQ_U64(route(n, &f).queue, 0);
    /* The L4 type masked as well, and so the ports. */
    fdir_on(n, PERFECT);
    m = (struct masks){.src = {255, 255, 255, 0}};
    set_masks(n, &m);
    add_perfect(n, &tcp4, &m, 1, 9);
    CHECK_EQ_U64(route(n, &f).queue, 9);
    scrap(n);
}

static void test_flexible_bytes_are_where_fdirctrl_says(void)
{
    struct i82599 *n = chip();
    struct masks m = {.flex = 0xffff, .type = 3};
    struct flow f = tcp4;

    /* Word 17: bytes 34 and 35, the source port. */
    fdir_on(n, PERFECT);
    put(n, I82599_FDIRCTRL, 0, 1 | PERFECT | 17 << 16 | 10u << 24);
    set_masks(n, &m);
    perfect_command(n, &tcp4, &m, 1, tcp4.src_port, 1 | 1 << 3 | 1 << 15 | 7 << 16);
    CHECK_EQ_U64(route(n, &tcp4).queue, 7);
    f.src_port++;
    CHECK_EQ_U64(route(n, &f).queue, 0);
    scrap(n);
}

static void test_drop_filters_drop(void)
{
    struct i82599 *n = chip();
    struct flow f = tcp4;

    fdir_on(n, PERFECT);
    set_masks(n, &all);
    add_perfect(n, &tcp4, &all, 1, 127);
    CHECK(route(n, &tcp4).drop);
    f.src_port++;
    CHECK(!route(n, &f).drop);
    scrap(n);
}

static void test_query_and_removal_go_by_index(void)
{
    struct i82599 *n = chip();
    uint8_t in[42];
    uint32_t hash;

    fdir_on(n, PERFECT);
    set_masks(n, &all);
    add_perfect(n, &tcp4, &all, 5, 11);
    perfect_hash(&tcp4, &all, 0x0800, in);
    hash = slow_hash(in, BUCKET_KEY) & 0x1fff;
    put(n, I82599_FDIRIPSA, 0, 0);
    put(n, I82599_FDIRHASH, 0, hash | 6 << 16);
    put(n, I82599_FDIRCMD, 0, 3);
    CHECK_EQ_U64(get(n, I82599_FDIRCMD, 0) & 7, 0); /* another index: not valid */
    put(n, I82599_FDIRHASH, 0, hash | 5 << 16);
    put(n, I82599_FDIRCMD, 0, 3);
    CHECK_EQ_U64(get(n, I82599_FDIRCMD, 0) & 7, 4); /* valid, command done */
    CHECK_EQ_U64(get(n, I82599_FDIRCMD, 0) >> 16 & 127, 11);
    CHECK_EQ_U64(get(n, I82599_FDIRIPSA, 0), le32_get(tcp4.src));
    CHECK_EQ_U64(get(n, I82599_FDIRHASH, 0) >> 15 & 1, 1);
    put(n, I82599_FDIRHASH, 0, hash | 5 << 16);
    put(n, I82599_FDIRCMD, 0, 2);
    CHECK_EQ_U64(get(n, I82599_FDIRCMD, 0) & 7, 0);
    CHECK(!route(n, &tcp4).fdir);
    CHECK_EQ_U64(get(n, I82599_FDIRFREE, 0), 2046);
    CHECK_EQ_U64(get(n, I82599_FDIRUSTAT, 0), 1 | 1 << 16);
    put(n, I82599_FDIRCMD, 0, 2); /* it is gone */
    CHECK_EQ_U64(get(n, I82599_FDIRFSTAT, 0), 1 << 8);
    scrap(n);
}

static void test_a_full_table_fails_and_says_so(void)
{
    struct i82599 *n = chip();

    fdir_on(n, PERFECT);
    set_masks(n, &all);
    for (unsigned i = 0; i < 2046; i++) {
        put(n, I82599_FDIRIPSA, 0, i);
        put(n, I82599_FDIRHASH, 0, i | i << 16);
        CHECK_EQ_U64(causes, 2046 - i <= 64 ? I82599_EICR_FLOW_DIR : 0);
        put(n, I82599_FDIRCMD, 0, 0x8809);
    }
    CHECK_EQ_U64(get(n, I82599_FDIRFREE, 0), 0);
    CHECK_EQ_U64(get(n, I82599_FDIRFSTAT, 0), 0);
    put(n, I82599_FDIRIPSA, 0, 5000);
    put(n, I82599_FDIRCMD, 0, 0x8809);
    CHECK_EQ_U64(get(n, I82599_FDIRFSTAT, 0), 1);
    put(n, I82599_FDIRHASH, 0, 17 | 17 << 16); /* one goes: another fits */
    put(n, I82599_FDIRCMD, 0, 2);
    put(n, I82599_FDIRIPSA, 0, 5000);
    put(n, I82599_FDIRCMD, 0, 0x8809);
    CHECK_EQ_U64(get(n, I82599_FDIRFSTAT, 0), 0);
    CHECK_EQ_U64(get(n, I82599_FDIRFREE, 0), 0);
    scrap(n);
}

static void test_a_buckets_list_is_bounded_and_long_ones_are_reported(void)
{
    struct i82599 *n = chip();
    struct flow f = tcp4;
    uint8_t in[42];
    uint32_t hash;

    fdir_on(n, 0);
    input_of(&f, 0x0800, in);
    hash = slow_hash(in, BUCKET_KEY) | slow_hash(in, SIGNATURE_KEY) << 16;
    for (unsigned i = 0; i < 30; i++) { /* others before it in its bucket */
        put(n, I82599_FDIRHASH, 0, hash ^ (i + 1) << 16);
        put(n, I82599_FDIRCMD, 0, 0x8809 | 2 << 5);
    }
    put(n, I82599_FDIRHASH, 0, hash);
    put(n, I82599_FDIRCMD, 0, 0x8809 | 2 << 5 | 8 << 16);
    CHECK_EQ_U64(route(n, &f).queue, 8);
    CHECK_EQ_U64(route(n, &f).errors, I82599_RXD_FDIR_LEN); /* more than 2 * 10 */
    for (unsigned i = 30; i < 100; i++) {
        put(n, I82599_FDIRHASH, 0, hash ^ (i + 1) << 16);
        put(n, I82599_FDIRCMD, 0, 0x8809 | 2 << 5);
    }
    CHECK_EQ_U64(get(n, I82599_FDIRLEN, 0) & 63, 63);
    CHECK_EQ_U64(get(n, I82599_FDIRFSTAT, 0), 101 - 63);
    scrap(n);
}

static void test_initialization_and_clearing_empty_the_table(void)
{
    struct i82599 *n = chip();

    CHECK_EQ_U64(get(n, I82599_FDIRCTRL, 0), 0);
    add_signature(n, &tcp4, 3); /* off: nothing happens */
    CHECK_EQ_U64(get(n, I82599_FDIRFREE, 0), 0);
    CHECK_EQ_U64(get(n, I82599_FDIRUSTAT, 0), 0);
    fdir_on(n, 0);
    add_signature(n, &tcp4, 3);
    CHECK_EQ_U64(route(n, &tcp4).queue, 3);
    put(n, I82599_FDIRCMD, 0, 1 << 8); /* CLEARHT */
    CHECK_EQ_U64(route(n, &tcp4).queue, 0);
    CHECK_EQ_U64(get(n, I82599_FDIRFREE, 0), 8190);
    put(n, I82599_FDIRCMD, 0, 0);
    add_signature(n, &tcp4, 3);
    put(n, I82599_FDIRCTRL, 0, get(n, I82599_FDIRCTRL, 0) & ~8u); /* as ixgbe starts over */
    CHECK_EQ_U64(route(n, &tcp4).queue, 0);
    CHECK_EQ_U64(get(n, I82599_FDIRCTRL, 0) >> 3 & 1, 1);
    put(n, I82599_FDIRCTRL, 0, 0);
    CHECK_EQ_U64(get(n, I82599_FDIRCTRL, 0), 0);
    CHECK(!route(n, &tcp4).fdir_looked);
    scrap(n);
}

/* ---- state ---- */

static void test_a_restored_chip_routes_the_same(void)
{
    struct i82599 *a = chip(), *b = chip();
    struct rx_route ra, rb;
    uint8_t key[40];

    set_rss(b, 0xffff0001, key); /* something else is derived before */
    route(b, &tcp6);
    set_address(a, 2, "02:11:22:33:44:55", true);
    fdir_on(a, 0);
    add_signature(a, &tcp4, 3);
    set_tuple(a, 0, &tcp4, 4, 1, 5);
    memcpy(b->bank.value, a->bank.value, a->bank.values * sizeof a->bank.value[0]);
    b->filters->fdir = a->filters->fdir;
    i82599_filter_restore(b);
    ra = route(a, &tcp4);
    rb = route(b, &tcp4);
    CHECK_EQ_U64(rb.queue, ra.queue);
    CHECK_EQ_U64(rb.queue, 5);
    put(b, I82599_FTQF, 0, 0);
    CHECK_EQ_U64(route(b, &tcp4).queue, 3);
    CHECK_EQ_U64(route(b, &tcp6).rss_type, 0);
    CHECK(takes(b, "02:11:22:33:44:55"));
    scrap(a);
    scrap(b);
}

TEST_MAIN(test_signature_filters_route_their_flows,
          test_a_filter_of_ixgbes_transmit_path_is_hit_by_the_answer,
          test_an_update_changes_the_queue_of_a_filter,
          test_rss_is_under_flow_director_and_tuples_over_it, test_fragments_are_not_looked_up,
          test_perfect_filters_compare_every_field, test_perfect_filters_do_not_go_by_hash_alone,
          test_perfect_filters_of_one_bucket_differ_in_any_field, test_masks_of_perfect_filters,
          test_flexible_bytes_are_where_fdirctrl_says,
          test_drop_filters_drop, test_query_and_removal_go_by_index,
          test_a_full_table_fails_and_says_so,
          test_a_buckets_list_is_bounded_and_long_ones_are_reported,
          test_initialization_and_clearing_empty_the_table, test_a_restored_chip_routes_the_same)
