/* SPDX-License-Identifier: Apache-2.0 */
/* The generator as the guest's neighbour: what it answers, when it starts, what orders it takes, and
 * what a hostile guest can do to it. */
#include "check.h"
#include "dev/netgen_rig.h"

#define GUEST_IP 0x0a000002
#define GEN_IP 0x0a000001

static void pass(struct rig *r, ps_t ps)
{
    clock_run(&r->clock, r->clock.now + ps);
}

/* A datagram from the guest to the generator, with right checksums. */
static uint32_t make_udp(uint8_t *b, unsigned from, unsigned to, const void *data, uint32_t bytes)
{
    uint32_t len = 42 + bytes;
    uint8_t *ip = b + 14, *udp = b + 34;

    memset(b, 0, 42);
    memcpy(b, gen_mac, 6);
    memcpy(b + 6, guest_mac, 6);
    be16_put(b + 12, ETHER_IP4);
    ip[0] = 0x45;
    be16_put(ip + 2, (uint16_t)(28 + bytes));
    ip[8] = 64;
    ip[9] = IP_UDP;
    be32_put(ip + 12, GUEST_IP);
    be32_put(ip + 16, GEN_IP);
    be16_put(ip + 10, (uint16_t)~packet_sum(ip, 20));
    be16_put(udp, (uint16_t)from);
    be16_put(udp + 2, (uint16_t)to);
    be16_put(udp + 4, (uint16_t)(8 + bytes));
    memcpy(b + 42, data, bytes);
    be16_put(udp + 6, (uint16_t)~packet_sum_add(packet_pseudo_sum(ip, 4, IP_UDP, 8 + bytes),
                                                packet_sum(udp, 8 + bytes)));
    return len;
}

static void guest_sends(struct rig *r, const uint8_t *b, uint32_t len)
{
    wire_send(&r->wire, WIRE_NIC, b, len, 0, NULL);
}

/* The answer to an order, with its headers checked. */
static const char *order_bytes(struct rig *r, const void *text, uint32_t bytes)
{
    static char answer[2000];
    uint8_t b[FRAME_BYTES_MAX];
    struct packet p;

    r->last_len = 0;
    guest_sends(r, b, make_udp(b, 40000, 7000, text, bytes));
    pass(r, 3 * PS_PER_US);
    packet_parse(&p, r->last, r->last_len);
    if (!r->last_len || p.l4 != PACKET_UDP || packet_check_ip(&p, r->last) != PACKET_GOOD ||
        packet_check_l4(&p, r->last) != PACKET_GOOD || p.src_port != 7000 || p.dst_port != 40000 ||
        be32_get(p.dst) != GUEST_IP || be32_get(p.src) != GEN_IP ||
        memcmp(r->last, guest_mac, 6) != 0)
        return "no sound answer";
    snprintf(answer, sizeof answer, "%.*s", p.ip_end - p.payload_at,
             (const char *)r->last + p.payload_at);
    return answer;
}

static const char *order(struct rig *r, const char *text)
{
    return order_bytes(r, text, (uint32_t)strlen(text));
}

/* ---- answers ---- */

static void test_arp_is_answered_for_its_addresses_only(void)
{
    struct rig *r = rig_new("start=control hosts=3", 1, NULL, NULL);

    rig_up(r);
    rig_arp(r, ARP_REQUEST, GUEST_IP, GEN_IP);
    pass(r, PS_PER_US);
    CHECK_EQ_U64(r->count, 1);
    CHECK(memcmp(r->last, guest_mac, 6) == 0 && memcmp(r->last + 6, gen_mac, 6) == 0);
    CHECK_EQ_U64(be16_get(r->last + 20), ARP_REPLY);
    CHECK(memcmp(r->last + 22, gen_mac, 6) == 0);
    CHECK_EQ_U64(be32_get(r->last + 28), GEN_IP);
    CHECK(memcmp(r->last + 32, guest_mac, 6) == 0);
    CHECK_EQ_U64(be32_get(r->last + 38), GUEST_IP);
    rig_arp(r, ARP_REQUEST, GUEST_IP, GEN_IP + 100);
    pass(r, PS_PER_US);
    CHECK_EQ_U64(r->count, 2);
    CHECK_EQ_U64(be32_get(r->last + 28), GEN_IP + 100);
    rig_arp(r, ARP_REQUEST, GUEST_IP, GEN_IP + 101);
    rig_arp(r, ARP_REQUEST, GUEST_IP, GEN_IP + 7);
    rig_arp(r, ARP_REPLY, GUEST_IP, GEN_IP);
    pass(r, PS_PER_US);
    CHECK_EQ_U64(r->count, 2);
    CHECK_EQ_U64(r->gen->sink.arp, 5);
    rig_free(r);
}

static void test_ping_is_answered_with_a_right_checksum(void)
{
    struct rig *r = rig_new("start=control", 1, NULL, NULL);
    static const uint8_t data[600];
    uint8_t b[600];
    unsigned answered;

    rig_up(r);
    for (uint32_t bytes = 8; bytes < 500; bytes += 3) {
        uint8_t *icmp = b + 34;
        make_udp(b, 0, 0, data, bytes - 8); /* the IP header is what is wanted of it */
        b[23] = IP_ICMP;
        be16_put(b + 24, 0);
        be16_put(b + 24, (uint16_t)~packet_sum(b + 14, 20));
        for (uint32_t i = 0; i < bytes; i++)
            icmp[i] = (uint8_t)(i * 37 + bytes);
        icmp[0] = ICMP_REQUEST;
        icmp[1] = icmp[2] = icmp[3] = 0;
        be16_put(icmp + 2, (uint16_t)~packet_sum(icmp, bytes));
        r->last_len = 0;
        guest_sends(r, b, 34 + bytes);
        pass(r, 2 * PS_PER_US);
        CHECK(r->last_len >= 60);
        CHECK_EQ_U64(r->last[34], ICMP_REPLY);
        CHECK_EQ_U64(packet_sum(r->last + 34, bytes), 0xffff);
        CHECK_EQ_U64(packet_sum(r->last + 14, 20), 0xffff);
        CHECK_EQ_U64(be32_get(r->last + 26), GEN_IP);
        CHECK_EQ_U64(be32_get(r->last + 30), GUEST_IP);
        CHECK(memcmp(r->last + 38, icmp + 4, bytes - 4) == 0);
    }
    answered = r->count;
    b[60] ^= 1; /* of the last one, which was sound */
    guest_sends(r, b, 34 + 497);
    pass(r, 2 * PS_PER_US);
    CHECK_EQ_U64(r->count, answered);
    CHECK_EQ_U64(r->gen->sink.bad_l4_checksum, 1);
    rig_free(r);
}

static void test_udp_port_7_echoes(void)
{
    struct rig *r = rig_new("start=control", 1, NULL, NULL);
    uint8_t b[200];
    struct packet p;

    rig_up(r);
    guest_sends(r, b, make_udp(b, 1234, 7, "over there and back", 20));
    pass(r, PS_PER_US);
    packet_parse(&p, r->last, r->last_len);
    CHECK_EQ_U64(p.src_port, 7);
    CHECK_EQ_U64(p.dst_port, 1234);
    CHECK(packet_check_l4(&p, r->last) == PACKET_GOOD);
    CHECK_EQ_STR((const char *)r->last + p.payload_at, "over there and back");
    /* To another station, or with the generator's own address as the source: not. */
    b[0] = 6;
    guest_sends(r, b, 62);
    make_udp(b, 1234, 7, "", 1);
    be32_put(b + 26, GEN_IP);
    be16_put(b + 24, 0);
    be16_put(b + 24, (uint16_t)~packet_sum(b + 14, 20));
    be16_put(b + 40, 0);
    guest_sends(r, b, 60);
    pass(r, PS_PER_US);
    CHECK_EQ_U64(r->count, 1);
    CHECK_EQ_U64(r->gen->sink.elsewhere, 1);
    CHECK_EQ_U64(r->gen->sink.udp, 3);
    rig_free(r);
}

static void test_everything_from_the_guest_is_counted(void)
{
    struct rig *r = rig_new("start=control", 1, NULL, NULL);
    uint8_t b[1514] = {0};

    rig_up(r);
    for (unsigned i = 0; i < 1000; i++) {
        be16_put(b + 12, i % 2 ? ETHER_IP6 : 0x88cc);
        b[14] = 0x60;
        guest_sends(r, b, 1514);
    }
    pass(r, 2000 * PS_PER_US);
    CHECK_EQ_U64(r->gen->sink.frames, 1000 - r->wire.way[WIRE_NIC].count.lost);
    CHECK_EQ_U64(r->gen->sink.bytes, 1514 * r->gen->sink.frames);
    CHECK_EQ_U64(r->gen->gap.least, 1230400);
    CHECK_EQ_U64(r->gen->gap.greatest, 1230400);
    CHECK_EQ_U64(r->gen->sink.ip6 + r->gen->sink.other, r->gen->sink.frames);
    rig_free(r);
}

/* ---- start ---- */

static void test_it_asks_for_the_guest_and_starts_when_it_answers(void)
{
    struct rig *r = rig_new("count=10 delay=1ms", 1, NULL, NULL);

    pass(r, PS_PER_S);
    rig_up(r);
    pass(r, 350 * 1000 * PS_PER_US);
    CHECK_EQ_U64(r->arps, 4); /* at once, then every 100 ms */
    CHECK_EQ_U64(r->own, 0);
    CHECK_EQ_U64(be32_get(r->last + 38), GUEST_IP);
    r->answer_arp = true;
    pass(r, PS_PER_S);
    CHECK_EQ_U64(r->arps, 5);
    CHECK_EQ_U64(r->own, 10);
    CHECK(memcmp(r->own_frame, guest_mac, 6) == 0);
    CHECK(r->got[5].began - r->got[4].at > 1000 * PS_PER_US);
    CHECK(r->got[5].began - r->got[4].at < 1001 * PS_PER_US);
    rig_free(r);
}

static void test_a_guest_with_another_address_is_learnt_when_it_asks(void)
{
    struct rig *r = rig_new("count=1", 1, NULL, NULL);

    rig_up(r);
    rig_arp(r, ARP_REQUEST, 0, GEN_IP); /* a probe: no address yet */
    pass(r, PS_PER_US);
    CHECK_EQ_U64(r->own, 0);
    rig_arp(r, ARP_REQUEST, 0x0a000037, GEN_IP);
    pass(r, 10 * PS_PER_US);
    CHECK_EQ_U64(r->own, 1);
    CHECK_EQ_U64(be32_get(r->own_frame + 30), 0x0a000037);
    CHECK_EQ_U64(r->own_len, 60);
    rig_check(&(struct frame){.bytes = r->own_frame, .len = 60});
    rig_free(r);
}

static void test_it_starts_with_the_link_at_a_time_or_at_the_guests_word(void)
{
    struct rig *r = rig_new("start=link delay=2ms count=3", 1, NULL, NULL);

    pass(r, 1000 * PS_PER_US);
    rig_up(r);
    pass(r, PS_PER_S);
    CHECK_EQ_U64(r->own, 3);
    CHECK_EQ_U64(r->got[0].began, 3000 * PS_PER_US);
    CHECK(r->own_frame[0] == 0xff); /* nobody has said who the guest is */
    rig_free(r);
    r = rig_new("start=5ms count=3 guestmac=52:54:00:01:02:03", 1, NULL, NULL);
    rig_up(r);
    pass(r, PS_PER_S);
    CHECK_EQ_U64(r->got[0].began, 5000 * PS_PER_US);
    CHECK(memcmp(r->own_frame, guest_mac, 6) == 0);
    CHECK_EQ_U64(r->arps, 0);
    rig_free(r);
    r = rig_new("start=control count=3", 1, NULL, NULL);
    rig_up(r);
    rig_arp(r, ARP_REQUEST, GUEST_IP, GEN_IP);
    pass(r, PS_PER_S);
    CHECK_EQ_U64(r->own, 0);
    CHECK_EQ_STR(order(r, "start"), "ok 1\n");
    CHECK_EQ_U64(r->own, 3);
    rig_free(r);
}

static void test_the_address_of_the_guest_may_come_in_the_middle_of_a_run(void)
{
    struct rig *r = rig_new("start=link rate=1M count=1000", 1, NULL, NULL);

    r->check = true;
    rig_up(r);
    pass(r, 500 * PS_PER_US);
    CHECK(r->own_frame[0] == 0xff);
    rig_arp(r, ARP_REQUEST, 0x0a000055, GEN_IP);
    pass(r, PS_PER_S);
    CHECK(memcmp(r->own_frame, guest_mac, 6) == 0);
    CHECK_EQ_U64(be32_get(r->own_frame + 30), 0x0a000055);
    CHECK_EQ_U64(r->own, 1000);
    rig_free(r);
}

/* ---- orders ---- */

static void test_start_takes_values_by_place_and_by_key(void)
{
    struct rig *r = rig_new("start=control", 1, NULL, NULL);

    rig_up(r);
    CHECK_EQ_STR(order(r, "start 1M 128 100 4 poisson\n"), "ok 1\n");
    pass(r, PS_PER_S);
    CHECK_EQ_U64(r->own, 100);
    CHECK_EQ_U64(r->own_len, 124);
    CHECK_EQ_U64(r->gen->stream.flows, 4);
    CHECK_EQ_U64(r->gen->stream.arrivals, NETGEN_POISSON);
    CHECK_EQ_U64(be32_get(r->own_frame + 30), GUEST_IP); /* who gave the order gets the traffic */
    CHECK_EQ_STR(order(r, "  start\tcount=7 proto=icmp  window=2 "), "ok 2\n");
    CHECK_EQ_U64(r->gen->stream.proto, NETGEN_ICMP);
    CHECK_EQ_U64(r->gen->stream.flows, 1); /* from the command line again, not from the last run */
    CHECK_EQ_U64(r->gen->run.sent, 2);
    CHECK_EQ_STR(order(r, "start 10k size=64 count=3"), "ok 3\n");
    pass(r, PS_PER_S);
    CHECK_EQ_U64(r->gen->run.sent, 3);
    CHECK_EQ_U64(be32_get(r->own_frame + 42) & 0xff, 3);
    rig_free(r);
}

static void test_stop_stats_and_reset(void)
{
    struct rig *r = rig_new("start=control", 1, NULL, NULL);
    json_t *o;

    rig_up(r);
    CHECK_EQ_STR(order(r, "start 1M"), "ok 1\n");
    pass(r, 1000 * PS_PER_US);
    CHECK_EQ_STR(order(r, "stop"), "ok\n");
    pass(r, 20 * 1000 * PS_PER_US);
    CHECK_EQ_U64(r->finished, 1);
    CHECK(r->own >= 1000 && r->own < 1010);
    o = json_loads(order(r, "stats"), 0, NULL);
    CHECK_EQ_U64((uint64_t)json_integer_value(json_object_get(json_object_get(o, "sent"), "frames")),
                 r->own);
    CHECK_EQ_STR(json_string_value(json_object_get(o, "phase")), "done");
    CHECK_EQ_U64((uint64_t)json_integer_value(json_object_get(json_object_get(o, "guest"),
                                                              "frames")), 3);
    json_decref(o);
    CHECK_EQ_STR(order(r, "reset"), "ok\n");
    CHECK_EQ_U64(r->gen->sink.udp, 0);
    CHECK_EQ_U64(r->gen->run.sent, r->own);
    rig_free(r);
}

static void test_the_largest_report_fits_into_a_datagram(void)
{
    struct rig *r = rig_new("start=control", 1, NULL, NULL);
    struct netgen_run *run = &r->gen->run;
    uint64_t much = INT64_MAX;
    json_t *o;

    rig_up(r);
    run->number = UINT32_MAX;
    run->sent = run->sent_bytes = run->received = run->received_bytes = much;
    run->duplicates = run->reordered = run->stale = run->unknown = run->given_up = much;
    run->slipped_ps = run->unfit = run->first_bit = run->last_bit = much;
    r->gen->sink.bytes = r->gen->sink.frames = much - 100;
    for (unsigned i = 0; i < 10; i++)
        histogram_add(&r->gen->round_trip, much);
    o = json_loads(order(r, "stats"), 0, NULL);
    CHECK(json_is_object(o));
    json_decref(o);
    rig_free(r);
}

static void test_bad_orders_are_refused_with_a_reason(void)
{
    static const struct {
        const char *order, *says;
    } bad[] = {
        {"", "orders are"}, {"   ", "orders are"}, {"launch", "orders are"}, {"start fast", "rate"},
        {"start 1M 63", "out of range"}, {"start 1M 20000", "out of range"}, {"start 0", "rate"},
        {"start 1M 64 1 4097", "out of range"}, {"start 1M 64 1 0", "out of range"},
        {"start 1M 64 1 1 constant extra", "too many"}, {"start line 64 0 1 poisson", "poisson"},
        {"start file=/etc/passwd", "not the guest's"}, {"start stop=on", "not the guest's"},
        {"start start=1s", "not the guest's"}, {"start ip=1.2.3.4", "not the guest's"},
        {"start contrl=1", "no such key"}, {"start rat=1", "did you mean rate"},
        {"start =5", "no such key"}, {"start rate=", "rate"}, {"start sourceport=65535 flows=2",
        "65535"}, {"start window=70000", "out of range"}, {"start timeout=0s", "longer"},
        {"start burst=0", "out of range"}, {"start arrivals=recorded", "constant, poisson"},
        {"start size=100-64", "out of range"}, {"start size=-", "number"}, {"stop now", "no arg"},
        {"start count=99999999999999999999", "number"}, {"start rate=101%", "rate"},
        {"start gap=1", "time"}, {"start %n%s%n", "rate"},
    };
    struct rig *r = rig_new("start=control", 1, NULL, NULL);
    uint8_t bytes[1400];

    rig_up(r);
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        const char *answer = order(r, bad[i].order);
        CHECK(strncmp(answer, "error: ", 7) == 0);
        if (!strstr(answer, bad[i].says))
            CHECK_EQ_STR(answer, bad[i].says);
    }
    memset(bytes, 'a', sizeof bytes);
    CHECK(strstr(order_bytes(r, bytes, 1400), "at most 512"));
    CHECK(strstr(order_bytes(r, bytes, 512), "orders are"));
    memcpy(bytes, "start ", 6);
    CHECK(strncmp(order_bytes(r, bytes, 512), "error: ", 7) == 0);
    memcpy(bytes, "start rate=", 11);
    CHECK(strncmp(order_bytes(r, bytes, 512), "error: ", 7) == 0);
    bytes[3] = 0xff;
    CHECK(strstr(order_bytes(r, bytes, 10), "not text"));
    CHECK_EQ_U64(r->gen->sink.bad_orders, ARRAY_LEN(bad) + 5);
    CHECK_EQ_U64(r->gen->run.number, 0);
    CHECK_EQ_U64(r->own, 0);
    rig_free(r);
}

static void test_no_orders_are_taken_without_a_port_for_them(void)
{
    struct rig *r = rig_new("start=link count=1 control=0", 1, NULL, NULL);
    uint8_t b[100];

    rig_up(r);
    guest_sends(r, b, make_udp(b, 1, 7000, "start", 5));
    guest_sends(r, b, make_udp(b, 1, 0, "start", 5));
    pass(r, PS_PER_S);
    CHECK_EQ_U64(r->gen->sink.orders, 0);
    CHECK_EQ_U64(r->count, 1);
    rig_free(r);
}

/* ---- hostile frames ---- */

static void fuzz_run(uint64_t seed, const char *words)
{
    static const char *const texts[] = {"start 1M 64 50", "stats", "stop", "reset", "start window=3",
                                        "start line imix 40 9", "x"};
    struct rig *r = rig_new(words, seed, NULL, NULL);
    struct random random;
    static const uint8_t data[20];
    uint8_t b[2000];
    const struct netgen_run *run = &r->gen->run;

    random_init(&random, seed, "fuzz");
    rig_up(r);
    for (unsigned i = 0; i < 20000; i++) {
        uint32_t len = 60 + (uint32_t)random_below(&random, 200);

        switch (random_below(&random, 5)) {
        case 0:
            for (uint32_t k = 0; k < len; k++)
                b[k] = (uint8_t)random_u64(&random);
            break;
        case 1: {
            const char *text = texts[random_below(&random, ARRAY_LEN(texts))];
            len = make_udp(b, 1, 7000, text, (uint32_t)strlen(text));
            break;
        }
        case 2: /* its own, sent back and damaged below, with any number */
            len = (uint32_t)u64_max(r->own_len, 60);
            memcpy(b, r->own_frame, len);
            memcpy(b, gen_mac, 6);
            be16_put(b + 40, 0);
            be32_put(b + 48, (uint32_t)random_u64(&random) >> random_below(&random, 32));
            break;
        case 3:
            len = make_udp(b, 1, 7, data, 20);
            break;
        default:
            len = 60;
            memset(b, 0, 60);
            be16_put(b + 12, ETHER_ARP);
            be16_put(b + 14, 1);
            be16_put(b + 16, ETHER_IP4);
            b[18] = 6, b[19] = 4;
            for (unsigned k = 20; k < 42; k++)
                b[k] = (uint8_t)random_below(&random, 12);
            break;
        }
        for (uint64_t damage = random_below(&random, 4); damage > 0; damage--)
            b[random_below(&random, len)] ^= (uint8_t)(1u << random_below(&random, 8));
        if (wire_room(&r->wire, WIRE_NIC, len))
            guest_sends(r, b, len);
        pass(r, random_below(&random, 2 * PS_PER_US));
        CHECK(run->received <= run->sent);
        CHECK_EQ_U64(run->received, r->gen->round_trip.count);
    }
    wire_set_rate(&r->wire, 0);
    pass(r, PS_PER_S);
    rig_free(r);
}

static void test_hostile_frames_do_no_harm(void)
{
    fuzz_run(1, "start=link");
    fuzz_run(2, "start=control flows=7 proto=icmp");
    fuzz_run(3, "start=guest proto=raw window=5 rate=1M");
    fuzz_run(4, "start=1us size=64-1518 hosts=100 flows=4096");
}

/* ---- the command line's keys ---- */

static void test_every_key_is_in_the_help_and_refuses_nonsense(void)
{
    struct netgen_config config;
    struct err err;

    netgen_config_init(&config);
    CHECK(netgen_config_check(&config, &err) == 0);
    for (unsigned i = 0; netgen_keys[i].name; i++) {
        char line[64];
        snprintf(line, sizeof line, "  %s=", netgen_keys[i].name);
        CHECK(strstr(NETGEN_HELP, line));
        if (strcmp(netgen_keys[i].name, "file") != 0)
            CHECK(netgen_config_set(&config, netgen_keys[i].name, "!?", &err) == -1);
        CHECK(netgen_config_set(&config, netgen_keys[i].name, "", &err) == -1);
        CHECK(strncmp(err.text, netgen_keys[i].name, strlen(netgen_keys[i].name)) == 0);
    }
    CHECK(netgen_config_set(&config, "flws", "1", &err) == -1);
    CHECK(strstr(err.text, "did you mean flows"));
    netgen_config_fini(&config);
}

static void test_values_mean_what_they_say(void)
{
    struct netgen_config c;
    struct err err;

    netgen_config_init(&c);
    rig_set(&c, "rate=1.5M size=64-1518 flows=16 hosts=2 window=3 timeout=5ms count=30M "
                "duration=10s port=53 sourceport=0x1000 ethertype=0x9000 checksum=off delay=1us "
                "settle=2us stop=on mac=02:AA:bb:00:00:07 ip=192.168.1.1 guest=192.168.1.20 "
                "guestmac=02:00:00:00:00:09 control=77 remac=off burst=9 gap=3us file=a.pcap");
    CHECK_EQ_U64(c.stream.rate_kind, NETGEN_PER_SECOND);
    CHECK_EQ_U64(c.stream.rate, 1500000);
    CHECK_EQ_U64(c.stream.size_max, 1518);
    CHECK_EQ_U64(c.stream.count, 30000000);
    CHECK_EQ_U64(c.stream.source_port, 0x1000);
    CHECK_EQ_U64(c.stream.gap_ps, 3 * PS_PER_US);
    CHECK_EQ_U64(c.mac[1], 0xaa);
    CHECK_EQ_U64(c.ip, 0xc0a80101);
    CHECK_EQ_U64(c.guest_ip, 0xc0a80114);
    CHECK(c.stop && !c.remac && !c.stream.checksum);
    CHECK_EQ_U64(c.stream.arrivals, NETGEN_RECORDED);
    CHECK_EQ_STR(c.file, "a.pcap");
    CHECK(netgen_config_check(&c, &err) == -1); /* nobody has opened it */
    netgen_config_fini(&c);
    netgen_config_init(&c);
    rig_set(&c, "rate=2.5Gbit");
    CHECK_EQ_U64(c.stream.rate, UINT64_C(2500000000));
    CHECK_EQ_U64(c.stream.rate_kind, NETGEN_BITS);
    rig_set(&c, "rate=12.5%");
    CHECK_EQ_U64(c.stream.rate, 125000);
    CHECK_EQ_U64(c.stream.rate_kind, NETGEN_PART);
    CHECK(netgen_config_set(&c, "mac", "01:00:00:00:00:00", &err) == -1); /* a group's */
    CHECK(netgen_config_set(&c, "mac", "02:00:00:00:00:000", &err) == -1);
    CHECK(netgen_config_set(&c, "ip", "10.0.0.256", &err) == -1);
    CHECK(netgen_config_set(&c, "ip", "10.0.0", &err) == -1);
    CHECK(netgen_config_set(&c, "ip", "10.0.0.1.", &err) == -1);
    rig_set(&c, "guest=10.0.0.1");
    CHECK(netgen_config_check(&c, &err) == -1);
    netgen_config_fini(&c);
}

TEST_MAIN(test_arp_is_answered_for_its_addresses_only, test_ping_is_answered_with_a_right_checksum,
          test_udp_port_7_echoes, test_everything_from_the_guest_is_counted,
          test_it_asks_for_the_guest_and_starts_when_it_answers,
          test_a_guest_with_another_address_is_learnt_when_it_asks,
          test_it_starts_with_the_link_at_a_time_or_at_the_guests_word,
          test_the_address_of_the_guest_may_come_in_the_middle_of_a_run,
          test_start_takes_values_by_place_and_by_key, test_stop_stats_and_reset,
          test_the_largest_report_fits_into_a_datagram, test_bad_orders_are_refused_with_a_reason,
          test_no_orders_are_taken_without_a_port_for_them, test_hostile_frames_do_no_harm,
          test_every_key_is_in_the_help_and_refuses_nonsense, test_values_mean_what_they_say)
