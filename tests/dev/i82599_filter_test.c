/* SPDX-License-Identifier: Apache-2.0 */
/* The 82599's MAC filters, queue filters and RSS: registers in, frames in, decisions out. */
#include "tests/dev/i82599_filter_rig.h"

/* ---- the MAC ---- */

static void test_unicast_is_taken_by_valid_addresses(void)
{
    struct i82599 *n = chip();

    CHECK(!takes(n, "02:11:22:33:44:55"));
    set_address(n, 0, "02:11:22:33:44:55", true);
    set_address(n, 127, "02:aa:bb:cc:dd:ee", true);
    set_address(n, 64, "02:00:00:00:00:64", false);
    CHECK(takes(n, "02:11:22:33:44:55"));
    CHECK(takes(n, "02:aa:bb:cc:dd:ee"));
    CHECK(!takes(n, "02:00:00:00:00:64"));
    CHECK(!takes(n, "02:11:22:33:44:54"));
    CHECK(!takes(n, "02:11:22:33:45:55"));
    CHECK(!takes(n, "00:11:22:33:44:55"));
    put(n, I82599_RAH, 0, 0x5544);
    CHECK(!takes(n, "02:11:22:33:44:55"));
    put(n, I82599_FCTRL, 0, 1 << 9);
    CHECK(takes(n, "02:11:22:33:44:55"));
    CHECK(!takes(n, "01:00:5e:00:00:01")); /* unicast promiscuous only */
    CHECK(!takes(n, "ff:ff:ff:ff:ff:ff"));
    CHECK(!i82599_accepts(n, frame, 13));
    scrap(n);
}

static void test_broadcast_and_multicast_modes(void)
{
    struct i82599 *n = chip();

    CHECK(!takes(n, "ff:ff:ff:ff:ff:ff"));
    put(n, I82599_FCTRL, 0, 1 << 10);
    CHECK(takes(n, "ff:ff:ff:ff:ff:ff"));
    CHECK(!takes(n, "01:00:5e:00:00:01"));
    CHECK(!takes(n, "02:00:5e:00:00:01"));
    put(n, I82599_FCTRL, 0, 1 << 8);
    CHECK(takes(n, "01:00:5e:00:00:01"));
    CHECK(!takes(n, "02:00:5e:00:00:01"));
    put(n, I82599_FCTRL, 0, 0);
    set_address(n, 3, "01:00:5e:00:00:01", true); /* an exact multicast address */
    CHECK(takes(n, "01:00:5e:00:00:01"));
    CHECK(!takes(n, "01:00:5e:00:00:02"));
    scrap(n);
}

/* The address as a number, its last byte the most significant: MO chooses bits 47:36, 46:35, 45:34
 * or 43:32. */
static void test_multicast_table_by_each_offset(void)
{
    static const unsigned lowest[4] = {36, 35, 34, 32};
    struct i82599 *n = chip();
    struct random r;

    random_init(&r, 1, "filter");
    for (unsigned i = 0; i < 400; i++) {
        uint64_t address = (random_u64(&r) & UINT64_C(0xffffffffffff)) | 1;
        unsigned bit = (unsigned)(address >> lowest[i % 4] & 0xfff);
        char text[32];

        snprintf(text, sizeof text, "%x:%x:%x:%x:%x:%x", (unsigned)(address & 255),
                 (unsigned)(address >> 8 & 255), (unsigned)(address >> 16 & 255),
                 (unsigned)(address >> 24 & 255), (unsigned)(address >> 32 & 255),
                 (unsigned)(address >> 40));
        put(n, I82599_MCSTCTRL, 0, 4 | i % 4);
        CHECK(!takes(n, text));
        put(n, I82599_MTA, bit / 32, 1u << bit % 32);
        CHECK(takes(n, text));
        put(n, I82599_MCSTCTRL, 0, i % 4); /* table off */
        CHECK(!takes(n, text));
        put(n, I82599_MTA, bit / 32, 0);
    }
    scrap(n);
}

static bool takes_tag(struct i82599 *n, uint16_t tag)
{
    build(&(struct flow){.ip = 4, .proto = IP_TCP, .tag = tag});
    return i82599_accepts(n, frame, frame_len);
}

static void test_vlan_table_and_cfi(void)
{
    struct i82599 *n = chip();

    put(n, I82599_FCTRL, 0, 1 << 9);
    CHECK(takes_tag(n, 100)); /* filter off */
    put(n, I82599_VLNCTRL, 0, 0x40008100);
    CHECK(!takes_tag(n, 100));
    put(n, I82599_VFTA, 100 / 32, 1u << 100 % 32);
    put(n, I82599_VFTA, 127, 1u << 31);
    CHECK(takes_tag(n, 100));
    CHECK(takes_tag(n, 0xe000 | 100)); /* priority is no matter */
    CHECK(takes_tag(n, 4095));
    CHECK(!takes_tag(n, 101));
    CHECK(!takes_tag(n, 132));
    build(&tcp4);
    CHECK(i82599_accepts(n, frame, frame_len)); /* without a tag */
    put(n, I82599_VLNCTRL, 0, 0x60008100); /* CFI is to be 0 */
    CHECK(takes_tag(n, 100));
    CHECK(!takes_tag(n, 0x1000 | 100));
    put(n, I82599_VLNCTRL, 0, 0x70008100); /* CFI is to be 1 */
    CHECK(!takes_tag(n, 100));
    CHECK(takes_tag(n, 0x1000 | 100));
    scrap(n);
}

/* ---- queues ---- */

static void test_without_filters_all_goes_to_queue_0(void)
{
    struct i82599 *n = chip();
    struct rx_route r = route(n, &tcp4);

    CHECK_EQ_U64(r.queue, 0);
    CHECK_EQ_U64(r.rss_type, 0);
    CHECK_EQ_U64(r.hash, 0);
    CHECK(!r.drop && !r.lli && !r.fdir && !r.fdir_looked);
    scrap(n);
}

static void test_ethertype_filters(void)
{
    struct i82599 *n = chip();
    struct flow lldp = {.type = 0x88cc}, tagged = {.type = 0x88cc, .tag = 5 << 13 | 7};

    put(n, I82599_ETQF, 3, 0x800088cc);
    CHECK_EQ_U64(route(n, &lldp).queue, 0);
    CHECK_EQ_U64(route(n, &lldp).ether, 4); /* the packet type says so even without a queue */
    put(n, I82599_ETQS, 3, 0x80000000 | 77 << 16);
    CHECK_EQ_U64(route(n, &lldp).queue, 77);
    CHECK_EQ_U64(route(n, &tagged).queue, 77);
    CHECK(!route(n, &lldp).lli);
    put(n, I82599_ETQS, 3, 0xa0000000 | 77 << 16);
    CHECK(route(n, &lldp).lli);
    put(n, I82599_ETQF, 3, 0x800088cc | 1 << 19 | 5 << 16); /* priority 5 only */
    CHECK_EQ_U64(route(n, &lldp).queue, 0);
    CHECK_EQ_U64(route(n, &tagged).queue, 77);
    put(n, I82599_ETQF, 3, 0x000088cc);
    CHECK_EQ_U64(route(n, &tagged).ether, 0);
    CHECK_EQ_U64(route(n, &(struct flow){.type = 0x88cd}).ether, 0);
    scrap(n);
}

static void test_syn_before_or_after_tuples(void)
{
    struct i82599 *n = chip();
    struct flow syn = tcp4;

    syn.flags = 0x02;
    put(n, I82599_SYNQF, 0, 1 | 9 << 1);
    CHECK_EQ_U64(route(n, &syn).queue, 9);
    CHECK_EQ_U64(route(n, &tcp4).queue, 0);
    set_tuple(n, 0, &tcp4, 0, 1, 5);
    CHECK_EQ_U64(route(n, &syn).queue, 5);
    put(n, I82599_SYNQF, 0, 0x80000001 | 9 << 1);
    CHECK_EQ_U64(route(n, &syn).queue, 9);
    CHECK_EQ_U64(route(n, &tcp4).queue, 5);
    scrap(n);
}

static void test_tuples_compare_what_is_not_masked(void)
{
    struct i82599 *n = chip();

    for (unsigned field = 0; field < 5; field++) {
        struct flow other = tcp4;

        switch (field) {
        case 0: other.src[3]++; break;
        case 1: other.dst[0]++; break;
        case 2: other.src_port ^= 0x100; break;
        case 3: other.dst_port ^= 1; break;
        default: other.proto = IP_UDP; break;
        }
        set_tuple(n, 100, &tcp4, 0, 1, 5);
        CHECK_EQ_U64(route(n, &tcp4).queue, 5);
        CHECK_EQ_U64(route(n, &other).queue, 0);
        set_tuple(n, 100, &tcp4, 1u << field, 1, 5);
        CHECK_EQ_U64(route(n, &tcp4).queue, 5);
        CHECK_EQ_U64(route(n, &other).queue, 5);
    }
    set_tuple(n, 100, &tcp4, 31, 1, 5);
    CHECK_EQ_U64(route(n, &tcp6).queue, 0); /* IPv4 only */
    put(n, I82599_L34TIMIR, 100, 0x80000 | 1 << 20 | 5 << 21);
    CHECK(route(n, &tcp4).lli);
    put(n, I82599_FTQF, 100, 0);
    CHECK_EQ_U64(route(n, &tcp4).queue, 0);
    scrap(n);
}

static void test_of_tuples_priority_then_number_decides(void)
{
    struct i82599 *n = chip();

    set_tuple(n, 10, &tcp4, 0, 3, 10);
    set_tuple(n, 20, &tcp4, 0, 5, 20);
    set_tuple(n, 30, &tcp4, 0, 5, 30);
    set_tuple(n, 5, &tcp4, 0, 1, 50);
    CHECK_EQ_U64(route(n, &tcp4).queue, 20);
    put(n, I82599_FTQF, 20, 0);
    CHECK_EQ_U64(route(n, &tcp4).queue, 30);
    put(n, I82599_FTQF, 30, 0);
    CHECK_EQ_U64(route(n, &tcp4).queue, 10);
    scrap(n);
}

/* ---- RSS ---- */

static void test_rss_hashes_and_indirects(void)
{
    struct i82599 *n = chip();
    struct random r;
    uint8_t key[40];

    set_rss(n, 0xffff0001, key);
    random_init(&r, 8, "flows");
    for (unsigned i = 0; i < 500; i++) {
        struct flow f = i % 2 ? tcp4 : tcp6;
        struct rx_route got;
        struct packet p;
        unsigned type = 0;
        uint32_t hash = 0;

        f.src_port = (uint16_t)random_u64(&r);
        f.dst[3] = (uint8_t)random_u64(&r);
        f.proto = i % 3 ? IP_TCP : i % 5 ? IP_UDP : 1;
        if (i % 7 == 0)
            f.fragment = 0x2000;
        got = route(n, &f);
        packet_parse(&p, frame, frame_len);
        CHECK(packet_rss(&p, key, 0xffff, &type, &hash));
        CHECK_EQ_U64(got.rss_type, type);
        CHECK_EQ_U64(got.hash, hash);
        CHECK_EQ_U64(got.queue, get(n, I82599_RETA, hash % 128 / 4) >> hash % 4 * 8 & 15);
    }
    CHECK_EQ_U64(route(n, &(struct flow){.type = 0x88cc}).rss_type, 0);
    put(n, I82599_MRQC, 0, 0x00010001); /* TCP over IPv4 only */
    CHECK_EQ_U64(route(n, &tcp4).rss_type, 1);
    CHECK_EQ_U64(route(n, &tcp6).rss_type, 0);
    CHECK_EQ_U64(route(n, &tcp6).queue, 0);
    put(n, I82599_MRQC, 0, 0xffff0000); /* no mode */
    CHECK_EQ_U64(route(n, &tcp4).rss_type, 0);
    scrap(n);
}

static void test_a_new_key_or_table_is_seen_at_once(void)
{
    struct i82599 *n = chip();
    uint8_t key[40];
    uint32_t hash, queue;

    set_rss(n, 0xffff0001, key);
    hash = route(n, &tcp4).hash;
    put(n, I82599_RSSRK, 0, ~le32_get(key));
    CHECK(route(n, &tcp4).hash != hash);
    put(n, I82599_RSSRK, 0, le32_get(key));
    CHECK_EQ_U64(route(n, &tcp4).hash, hash);
    queue = route(n, &tcp4).queue;
    put(n, I82599_RETA, hash % 128 / 4, ~get(n, I82599_RETA, hash % 128 / 4));
    CHECK_EQ_U64(route(n, &tcp4).queue, ~queue & 15);
    scrap(n);
}

static void test_traffic_classes_have_their_queues(void)
{
    struct i82599 *n = chip();
    struct flow f = tcp4;
    uint8_t key[40];
    unsigned index;

    f.tag = 6 << 13 | 1;
    set_rss(n, 0xffff0004, key);
    put(n, I82599_RTRUP2TC, 0, 5 << 18); /* priority 6: class 5 */
    index = get(n, I82599_RETA, route(n, &f).hash % 128 / 4) >> route(n, &f).hash % 4 * 8 & 15;
    CHECK_EQ_U64(route(n, &f).queue, 5 * 16 + index);
    CHECK_EQ_U64(route(n, &tcp4).queue < 16, 1);
    put(n, I82599_MRQC, 0, 3);
    put(n, I82599_RTRUP2TC, 0, 2 << 18);
    CHECK_EQ_U64(route(n, &f).queue, 64);
    scrap(n);
}

/* Any values in any of the registers, any frames: only sound answers (and no access out of place,
 * for the sanitizers). */
static void test_random_registers_and_frames(void)
{
    struct i82599 *n = chip();
    struct random r;

    random_init(&r, 9, "storm");
    for (unsigned step = 0; step < 60000; step++) {
        unsigned reg = (unsigned)random_below(&r, I82599_REG_COUNT);
        unsigned at = regs[reg].offset;
        uint32_t len = (uint32_t)random_below(&r, sizeof frame + 1);
        uint8_t *bytes = malloc(len ? len : 1);
        struct packet p;
        struct rx_route got;

        if ((at >= 0x5000 && at < 0x5d00) || (at >= 0xa000 && at < 0xf600)) {
            unsigned index = (unsigned)random_below(&r, regs[reg].repeat);

            if (!(regs[reg].flags & REG_NO_STORE) && regs[reg].size == 4) {
                put(n, reg, index, (uint32_t)random_u64(&r));
                get(n, reg, index);
            }
        }
        if (step % 4 == 0)
            put(n, I82599_FDIRCMD, 0, (uint32_t)random_u64(&r));
        build(step % 2 ? &tcp4 : &tcp6);
        for (uint64_t k = random_below(&r, 6); k > 0; k--)
            frame[random_below(&r, sizeof frame)] = (uint8_t)random_u64(&r);
        memcpy(bytes, frame, len);
        packet_parse(&p, bytes, len);
        i82599_accepts(n, bytes, len);
        got = i82599_route(n, &p, bytes);
        CHECK(got.queue < I82599_QUEUES);
        CHECK(fdir_free(n) <= 32766);
        free(bytes);
    }
    scrap(n);
}

TEST_MAIN(test_unicast_is_taken_by_valid_addresses, test_broadcast_and_multicast_modes,
          test_multicast_table_by_each_offset, test_vlan_table_and_cfi,
          test_without_filters_all_goes_to_queue_0, test_ethertype_filters,
          test_syn_before_or_after_tuples, test_tuples_compare_what_is_not_masked,
          test_of_tuples_priority_then_number_decides, test_rss_hashes_and_indirects,
          test_a_new_key_or_table_is_seen_at_once, test_traffic_classes_have_their_queues,
          test_random_registers_and_frames)
