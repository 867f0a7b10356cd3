/* SPDX-License-Identifier: Apache-2.0 */
/* What the generator sends, when, and what it makes of what comes back. */
#include "check.h"
#include "dev/netgen_rig.h"

static bool always(struct rig *r, uint32_t flow, uint32_t seq)
{
    (void)r, (void)flow, (void)seq;
    return true;
}

/* ---- rates ---- */

static void check_spacing(struct rig *r, ps_t gap, unsigned count)
{
    CHECK_EQ_U64(r->count, count);
    for (unsigned i = 1; i < r->count; i++)
        if (r->got[i].began != r->got[0].began + i * gap)
            CHECK_EQ_U64(r->got[i].began, r->got[0].began + i * gap);
}

static void test_line_rate_is_back_to_back(void)
{
    struct rig *r = rig_run("rate=line count=100000", 1);

    check_spacing(r, 67200, 100000);
    CHECK_EQ_U64(r->gen->run.slipped_ps, 0);
    CHECK_EQ_U64(r->got[0].len, 60);
    CHECK_EQ_U64(r->finished, 1);
    rig_free(r);
    r = rig_run("rate=line count=1000 size=1518", 1);
    check_spacing(r, 1230400, 1000);
    rig_free(r);
}

static void test_frames_a_second_are_exact_over_any_time(void)
{
    struct rig *r = rig_run("rate=3M count=300001", 1); /* a third of a nanosecond is left over */

    CHECK_EQ_U64(r->count, 300001);
    for (unsigned i = 0; i < r->count; i++) {
        ps_t want = (ps_t)i * 1000000 / 3;
        if (r->got[i].began != want)
            CHECK_EQ_U64(r->got[i].began, want);
    }
    CHECK_EQ_U64(r->got[300000].began, PS_PER_S / 10);
    rig_free(r);
}

static void test_bits_and_parts_of_the_line_count_preamble_and_gap(void)
{
    struct rig *r = rig_run("rate=1Gbit count=1000", 1);

    check_spacing(r, 672000, 1000);
    rig_free(r);
    r = rig_run("rate=50% count=1000", 1);
    check_spacing(r, 134400, 1000);
    rig_free(r);
    r = rig_run("rate=2.5% count=1000", 1);
    check_spacing(r, 2688000, 1000);
    rig_free(r);
}

static void test_a_rate_beyond_the_line_is_the_lines(void)
{
    struct rig *r = rig_run("rate=100M count=20000", 1);

    check_spacing(r, 67200, 20000);
    CHECK(r->gen->run.slipped_ps > 0);
    rig_free(r);
}

static void test_duration_and_count_end_a_run(void)
{
    struct rig *r = rig_run("rate=1M duration=10ms", 1);

    CHECK_EQ_U64(r->count, 10000);
    CHECK_EQ_U64(r->gen->run.phase, NETGEN_DONE);
    rig_free(r);
    r = rig_run("rate=1M duration=10ms count=5", 1);
    CHECK_EQ_U64(r->count, 5);
    CHECK_EQ_U64(r->finished, 1);
    rig_free(r);
}

static void test_infinitely_fast_wires_keep_the_rate_of_the_link(void)
{
    struct rig *r = rig_new("start=link count=20000", 1, NULL, NULL);

    r->wire.p = (struct wire_params){0};
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    check_spacing(r, 67200, 20000);
    rig_free(r);
}

/* ---- arrivals ---- */

static void test_poisson_has_the_mean_and_the_spread_of_an_exponential(void)
{
    struct rig *r = rig_run("rate=100k arrivals=poisson count=200001", 5);
    double sum = 0, squares = 0;
    unsigned n = r->count - 1, beyond[4] = {0};

    CHECK_EQ_U64(r->count, 200001);
    for (unsigned i = 1; i <= n; i++) {
        double gap = (double)(r->got[i].began - r->got[i - 1].began) / 1e7;
        sum += gap;
        squares += gap * gap;
        for (unsigned k = 0; k < 4; k++)
            beyond[k] += gap > k + 1;
    }
    sum /= n;
    squares = squares / n - sum * sum;
    CHECK(sum > 0.99 && sum < 1.01);       /* standard error: 0.0022 */
    CHECK(squares > 0.97 && squares < 1.03);
    CHECK(beyond[0] > 72576 && beyond[0] < 74576); /* e^-1, and so on, +-5 deviations */
    CHECK(beyond[1] > 26267 && beyond[1] < 27867);
    CHECK(beyond[2] > 9457 && beyond[2] < 10457);
    CHECK(beyond[3] > 3363 && beyond[3] < 3963);
    rig_free(r);
}

static uint64_t poisson_hash(uint64_t seed)
{
    struct rig *r = rig_run("rate=10% arrivals=poisson count=5000 size=64-1518", seed);
    uint64_t h = HASH_START;

    for (unsigned i = 0; i < r->count; i++)
        h = hash_u64(hash_u64(h, r->got[i].began), r->got[i].len);
    rig_free(r);
    return h;
}

static void test_chance_depends_on_the_seed_alone(void)
{
    CHECK_EQ_U64(poisson_hash(1), poisson_hash(1));
    CHECK(poisson_hash(1) != poisson_hash(2));
    /* Fixed for ever: runs on other hosts, with other compilers, are these runs. */
    CHECK_EQ_U64(poisson_hash(1), UINT64_C(0x7bd96b0ff17ec3cc));
}

static void test_bursts_are_back_to_back_and_keep_the_rate(void)
{
    struct rig *r = rig_run("rate=1M arrivals=burst burst=10 count=1000", 1);

    CHECK_EQ_U64(r->count, 1000);
    for (unsigned i = 0; i < r->count; i++)
        CHECK_EQ_U64(r->got[i].began, i / 10 * UINT64_C(10000000) + i % 10 * UINT64_C(67200));
    rig_free(r);
    r = rig_run("arrivals=burst burst=4 gap=1us count=100", 1);
    for (unsigned i = 0; i < r->count; i++)
        CHECK_EQ_U64(r->got[i].began, i * UINT64_C(67200) + i / 4 * UINT64_C(1000000));
    rig_free(r);
}

struct recording {
    unsigned next, count;
    uint8_t bytes[64];
};

static bool recorded(void *ctx, ps_t *at_ps, const uint8_t **bytes, uint32_t *len)
{
    struct recording *rec = ctx;

    if (rec->next == rec->count)
        return false;
    memset(rec->bytes, (int)rec->next, sizeof rec->bytes);
    rec->bytes[0] = rec->next == 3; /* one goes to a group */
    *at_ps = (ps_t)rec->next * rec->next * 1000000;
    *len = rec->next == 4 ? FRAME_BYTES_MAX + 1 : rec->next == 5 ? 3 : 64;
    *bytes = rec->bytes;
    rec->next++;
    return true;
}

static void test_recorded_frames_keep_their_times_and_go_to_the_guest(void)
{
    struct recording rec = {0, 8, {0}};
    struct rig *r = rig_new("file=x start=1ms guestmac=52:54:00:01:02:03", 1, recorded, &rec);

    rig_up(r);
    clock_run(&r->clock, 1012 * PS_PER_US);
    CHECK_EQ_U64(r->last[6], 3);
    CHECK_EQ_U64(r->last[0], 1);
    clock_run(&r->clock, PS_PER_S);
    CHECK_EQ_U64(r->count, 6);
    CHECK_EQ_U64(r->gen->run.unfit, 2);
    for (unsigned i = 0; i < 6; i++) {
        unsigned n = i < 4 ? i : i + 2;
        CHECK_EQ_U64(r->got[i].began, 1000 * PS_PER_US + (ps_t)n * n * 1000000);
    }
    CHECK(memcmp(r->last, guest_mac, 6) == 0);
    CHECK_EQ_U64(r->last[6], 7);
    CHECK_EQ_U64(r->finished, 1);
    rig_free(r);
}

/* ---- frames ---- */

static void test_sizes_are_those_of_the_wire_with_check_sequence(void)
{
    struct rig *r = rig_run("size=64-127 rate=1M count=64000", 1);
    unsigned seen[FRAME_BYTES_MAX] = {0};

    for (unsigned i = 0; i < r->count; i++)
        seen[r->got[i].len]++;
    for (unsigned len = 60; len <= 123; len++)
        CHECK(seen[len] > 800 && seen[len] < 1200);
    CHECK_EQ_U64(seen[59] + seen[124], 0);
    rig_free(r);
    r = rig_run("size=imix count=12000", 1);
    memset(seen, 0, sizeof seen);
    for (unsigned i = 0; i < r->count; i++)
        seen[r->got[i].len]++;
    CHECK_EQ_U64(seen[60], 7000);
    CHECK_EQ_U64(seen[590], 4000);
    CHECK_EQ_U64(seen[1514], 1000);
    rig_free(r);
    r = rig_run("size=9018 count=3", 1);
    CHECK_EQ_U64(r->got[2].len, 9014);
    rig_free(r);
}

static void checked(const char *words)
{
    struct rig *r = rig_new(words, 1, NULL, NULL);

    r->check = true;
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    CHECK_EQ_U64(r->count, 30000);
    rig_free(r);
}

static void test_checksums_are_right_for_all_sizes_flows_and_hosts(void)
{
    checked("start=link count=30000 size=64-2000 flows=4096 hosts=150 sourceport=60000");
    checked("start=link count=30000 proto=icmp size=64-2000 flows=300 hosts=7");
}

static void test_a_udp_checksum_of_zero_is_sent_as_all_ones(void)
{
    struct rig *r = rig_new("start=link count=300000 size=64-200", 1, NULL, NULL);

    r->check = true; /* takes none for an answer no more than a wrong one: one in 65536 is zero */
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    CHECK_EQ_U64(r->own, 300000);
    rig_free(r);
}

static void test_checksums_can_be_left_out(void)
{
    struct rig *r = rig_run("checksum=off count=1", 1);

    CHECK_EQ_U64(be16_get(r->own_frame + 40), 0);
    rig_free(r);
}

static void test_flows_take_turns_with_ports_and_addresses_of_their_own(void)
{
    struct rig *r = rig_run("flows=4 hosts=3 count=12 port=1234 sourceport=5000", 1);

    for (unsigned i = 0; i < 12; i++) {
        CHECK_EQ_U64(r->got[i].flow, i % 4);
        CHECK_EQ_U64(r->got[i].seq, i / 4);
    }
    CHECK_EQ_U64(be16_get(r->own_frame + 34), 5003);
    CHECK_EQ_U64(be16_get(r->own_frame + 36), 1234);
    CHECK_EQ_U64(be32_get(r->own_frame + 26), 0x0a000001); /* flow 3 of 3 hosts: the first again */
    rig_free(r);
    r = rig_run("flows=2 hosts=2 count=2", 1);
    CHECK_EQ_U64(be32_get(r->own_frame + 26), 0x0a000064);
    rig_free(r);
}

static void test_bare_frames_carry_the_payload_and_can_come_back(void)
{
    struct rig *r = rig_new("start=link proto=raw count=10 rate=1M", 1, NULL, NULL);

    r->reply = always;
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    CHECK_EQ_U64(r->own, 10);
    CHECK_EQ_U64(be16_get(r->own_frame + 12), 0x88b5);
    CHECK_EQ_U64(r->gen->run.received, 10);
    rig_free(r);
}

/* ---- PAUSE and the link ---- */

static void guest_pause(struct rig *r, unsigned quanta)
{
    uint8_t b[60] = {0x01, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x88, 0x08, 0, 1,
                     (uint8_t)(quanta >> 8), (uint8_t)quanta};

    wire_send(&r->wire, WIRE_NIC, b, sizeof b, 0, NULL);
}

static void test_pause_holds_the_traffic_and_nothing_is_lost(void)
{
    struct rig *r = rig_new("start=link count=50000", 1, NULL, NULL);
    ps_t heard = 1000 * PS_PER_US + 57600 + r->wire.p.latency_ps, first = 0;
    unsigned after = 0;

    rig_up(r);
    clock_run(&r->clock, 1000 * PS_PER_US);
    guest_pause(r, 20000); /* 1.024 ms */
    clock_run(&r->clock, PS_PER_S);
    CHECK_EQ_U64(r->count, 50000);
    for (unsigned i = 0; i < r->count; i++) {
        ps_t began = r->got[i].began;
        after += began > heard && began < heard + 20000 * 51200;
        if (!first && began >= heard + 20000 * 51200)
            first = began;
    }
    CHECK_EQ_U64(first, heard + 20000 * 51200);
    CHECK(after <= WIRE_AHEAD_PS / 67200 + 1);
    CHECK_EQ_U64(r->wire.way[WIRE_STATION].count.lost, 0);
    /* It was a long time: most of it is not made up for. */
    CHECK(r->gen->run.slipped_ps > 900 * PS_PER_US);
    rig_free(r);
}

static void test_pause_can_be_ignored(void)
{
    struct rig *r = rig_new("start=link count=50000 pause=off", 1, NULL, NULL);

    rig_up(r);
    clock_run(&r->clock, 1000 * PS_PER_US);
    guest_pause(r, 20000);
    clock_run(&r->clock, PS_PER_S);
    check_spacing(r, 67200, 50000);
    CHECK_EQ_U64(r->wire.pauses, 1);
    rig_free(r);
}

static void test_a_long_pause_is_not_made_up_for(void)
{
    struct rig *r = rig_new("start=link rate=1M count=3000", 1, NULL, NULL);
    ps_t last;

    rig_up(r);
    clock_run(&r->clock, 1000 * PS_PER_US);
    guest_pause(r, 20000); /* 1.024 ms, of which 0.1 ms are made up for */
    clock_run(&r->clock, PS_PER_S);
    last = r->got[2999].began;
    CHECK_EQ_U64(r->count, 3000);
    CHECK_EQ_U64(last, 2999 * PS_PER_US + r->gen->run.slipped_ps);
    CHECK(last > 3915 * PS_PER_US && last < 3930 * PS_PER_US);
    rig_free(r);
}

static void test_xon_lets_it_go_on_at_once(void)
{
    struct rig *r = rig_new("start=link count=50000", 1, NULL, NULL);
    ps_t xon = 1500 * PS_PER_US + 57600 + r->wire.p.latency_ps;
    unsigned i = 0;

    rig_up(r);
    clock_run(&r->clock, 1000 * PS_PER_US);
    guest_pause(r, 65535);
    clock_run(&r->clock, 1500 * PS_PER_US);
    guest_pause(r, 0);
    clock_run(&r->clock, PS_PER_S);
    while (i < r->count && r->got[i].began < 1500 * PS_PER_US)
        i++;
    CHECK_EQ_U64(r->got[i].began, xon);
    CHECK_EQ_U64(r->count, 50000);
    rig_free(r);
}

static void test_a_run_outlives_the_link(void)
{
    struct rig *r = rig_new("start=link rate=1M count=1000", 1, NULL, NULL);

    rig_up(r);
    clock_run(&r->clock, 100 * PS_PER_US);
    wire_set_rate(&r->wire, 0);
    clock_run(&r->clock, 5000 * PS_PER_US);
    CHECK(r->count < 105);
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    CHECK_EQ_U64(r->gen->run.sent, 1000);
    CHECK_EQ_U64(r->gen->run.phase, NETGEN_DONE);
    CHECK_EQ_U64(r->count + r->wire.way[WIRE_STATION].count.lost, 1000);
    rig_free(r);
}

/* ---- what comes back ---- */

static void test_round_trips_are_from_first_bit_to_last_bit(void)
{
    struct rig *r = rig_new("start=link rate=1M count=1000", 1, NULL, NULL);
    const struct histogram *h = &r->gen->round_trip;

    r->reply = always;
    r->reply_after = 300000;
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    CHECK_EQ_U64(r->gen->run.received, 1000);
    CHECK_EQ_U64(h->least, 2 * (57600 + r->wire.p.latency_ps) + 300000);
    CHECK_EQ_U64(h->greatest, h->least);
    CHECK_EQ_U64(histogram_mean(h), h->least);
    CHECK_EQ_U64(r->finished, 1);
    rig_free(r);
}

static bool but_every_tenth(struct rig *r, uint32_t flow, uint32_t seq)
{
    (void)r, (void)flow;
    return seq % 10 != 7;
}

static void test_loss_is_counted_by_flow(void)
{
    struct rig *r = rig_new("start=link rate=1M count=4000 flows=4", 1, NULL, NULL);

    r->reply = but_every_tenth;
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    CHECK_EQ_U64(r->gen->run.received, 3600);
    for (unsigned f = 0; f < 4; f++) {
        CHECK_EQ_U64(r->gen->flow[f].sent, 1000);
        CHECK_EQ_U64(r->gen->flow[f].received, 900);
    }
    CHECK_EQ_U64(r->gen->run.duplicates + r->gen->run.reordered + r->gen->run.stale, 0);
    rig_free(r);
}

static bool twice_every_fifth(struct rig *r, uint32_t flow, uint32_t seq)
{
    (void)flow;
    if (seq % 5 == 0)
        rig_reply(r, r->own_frame, r->own_len);
    return true;
}

static void test_duplicates_are_counted_and_not_as_replies(void)
{
    struct rig *r = rig_new("start=link rate=1M count=1000", 1, NULL, NULL);

    r->reply = twice_every_fifth;
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    CHECK_EQ_U64(r->gen->run.received, 1000);
    CHECK_EQ_U64(r->gen->run.duplicates, 200);
    CHECK_EQ_U64(r->gen->run.reordered, 0);
    CHECK_EQ_U64(r->gen->round_trip.count, 1000);
    rig_free(r);
}

static void test_what_the_wire_does_is_what_is_measured(void)
{
    struct rig *r = rig_new("start=link rate=1M count=100000", 1, NULL, NULL);
    const struct wire_count *to = &r->wire.way[WIRE_STATION].count;
    const struct netgen_run *run = &r->gen->run;

    r->reply = always;
    r->impaired = true;
    r->wire.p.loss_ppm = 5000;
    r->wire.p.duplicate_ppm = 5000;
    r->wire.p.reorder_ppm = 5000;
    r->wire.p.reorder_ps = 5 * PS_PER_US;
    r->wire.p.corrupt_ppm = 5000;
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    /* The replier is no NIC: it sends back what is damaged, too, and that it comes back damaged
     * shows in the checksum; what is damaged on the way back, in the check sequence. */
    CHECK(run->received < 100000 - to->lost);
    CHECK(run->received > 97000);
    CHECK(run->duplicates > 800 && run->duplicates < 1200);
    CHECK(run->reordered > 800 && run->reordered < 1200);
    /* A damaged one may have been doubled. */
    CHECK(r->gen->sink.bad_fcs - r->wire.way[WIRE_NIC].count.corrupted < 20);
    CHECK(r->gen->sink.bad_ip_checksum + r->gen->sink.bad_l4_checksum > 300);
    rig_free(r);
}

/* A reply made of nothing: what its payload says is the test's to choose. */
static void forge(struct rig *r, uint32_t run, uint32_t flow, uint32_t seq, ps_t sent)
{
    uint8_t b[60] = {0};
    uint8_t *ip = b + 14, *udp = b + 34, *payload = b + 42;

    memcpy(b, gen_mac, 6);
    memcpy(b + 6, guest_mac, 6);
    be16_put(b + 12, ETHER_IP4);
    ip[0] = 0x45;
    be16_put(ip + 2, 46);
    ip[8] = 64;
    ip[9] = IP_UDP;
    be32_put(ip + 12, 0x0a000002);
    be32_put(ip + 16, 0x0a000001);
    be16_put(ip + 10, (uint16_t)~packet_sum(ip, 20));
    be16_put(udp, 9);
    be16_put(udp + 2, 10000);
    be16_put(udp + 4, 26);
    be32_put(payload, NETGEN_MAGIC | run);
    be16_put(payload + 4, (uint16_t)flow);
    be32_put(payload + 6, seq);
    be64_put(payload + 10, sent);
    wire_send(&r->wire, WIRE_NIC, b, sizeof b, 0, NULL);
    clock_run(&r->clock, r->clock.now + PS_PER_US);
}

static void test_late_frames_are_known_for_a_while_and_forgeries_do_not_count(void)
{
    struct rig *r = rig_run("rate=1M count=5000 settle=200s", 1);
    const struct netgen_run *run = &r->gen->run;

    forge(r, 1, 0, 4000, 1000);
    CHECK_EQ_U64(run->received, 1);
    forge(r, 1, 0, 4000, 1000);
    CHECK_EQ_U64(run->duplicates, 1);
    forge(r, 1, 0, 3999, 1000);
    CHECK_EQ_U64(run->reordered, 1);
    forge(r, 1, 0, 4001 - 1024, 1000); /* the oldest one that is known of */
    CHECK_EQ_U64(run->reordered, 2);
    forge(r, 1, 0, 4001 - 1025, 1000);
    CHECK_EQ_U64(run->stale, 1);
    forge(r, 1, 0, 4999, 1000);
    CHECK_EQ_U64(run->received, 4);
    forge(r, 1, 0, 4999 - 1023, 1000); /* its bit was not that of an older one */
    CHECK_EQ_U64(run->received, 5);
    CHECK_EQ_U64(run->unknown, 0);
    forge(r, 1, 0, 5000, 1000);        /* never sent */
    forge(r, 1, 0, UINT32_MAX, 1000);
    forge(r, 1, 1, 0, 1000);           /* there is no such flow */
    forge(r, 1, 65535, 0, 1000);
    forge(r, 0, 0, 1, 1000);           /* another run */
    forge(r, 1, 0, 1, UINT64_MAX);     /* from the future */
    CHECK_EQ_U64(run->unknown, 6);
    CHECK_EQ_U64(run->received, 5);
    CHECK_EQ_U64(run->reordered, 3);
    CHECK_EQ_U64(run->duplicates, 1);
    CHECK_EQ_U64(r->gen->flow[0].received, 5);
    rig_free(r);
}

static void test_flows_end_at_the_last_one(void)
{
    struct rig *r = rig_run("rate=1M count=4096 flows=4096 settle=200s", 1);

    forge(r, 1, 4095, 0, 1000);
    CHECK_EQ_U64(r->gen->run.received, 1);
    forge(r, 1, 4096, 0, 1000);
    CHECK_EQ_U64(r->gen->run.unknown, 1);
    rig_free(r);
}

/* ---- closed loop ---- */

static void test_a_window_of_one_is_a_ping_pong(void)
{
    struct rig *r = rig_new("start=link window=1 count=1000 timeout=1ms", 1, NULL, NULL);
    ps_t trip;

    r->reply = always;
    r->reply_after = 10 * PS_PER_US;
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    CHECK_EQ_U64(r->gen->run.received, 1000);
    CHECK_EQ_U64(r->gen->run.given_up, 0);
    trip = r->gen->round_trip.least;
    CHECK_EQ_U64(trip, 2 * (57600 + r->wire.p.latency_ps) + 10 * PS_PER_US);
    for (unsigned i = 0; i < 1000; i++)
        CHECK_EQ_U64(r->got[i].began, i * trip);
    rig_free(r);
}

static void test_a_window_is_never_exceeded_and_is_kept_full(void)
{
    struct rig *r = rig_new("start=link window=8 count=4000 flows=3", 1, NULL, NULL);
    unsigned most = 0;

    r->reply = always;
    r->wire.p.latency_ps = 20 * PS_PER_US;
    rig_up(r);
    while (r->gen->run.phase != NETGEN_DONE && clock_next(&r->clock) != PS_NEVER) {
        clock_run(&r->clock, clock_next(&r->clock));
        most = (unsigned)u64_max(most, r->gen->run.sent - r->gen->run.received);
    }
    CHECK_EQ_U64(most, 8);
    CHECK_EQ_U64(r->gen->run.received, 4000);
    /* 500 windows, each at least the way there and back. */
    CHECK(r->clock.now >= 500 * UINT64_C(40000000) && r->clock.now < 502 * UINT64_C(41000000));
    rig_free(r);
}

static bool until_100(struct rig *r, uint32_t flow, uint32_t seq)
{
    (void)r, (void)flow;
    return seq < 100 || seq > 103;
}

static void test_a_window_without_replies_is_given_up_after_the_timeout(void)
{
    struct rig *r = rig_new("start=link window=4 count=200 timeout=1ms", 1, NULL, NULL);

    r->reply = until_100;
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    CHECK_EQ_U64(r->gen->run.sent, 200);
    CHECK_EQ_U64(r->gen->run.received, 196);
    CHECK(r->gen->run.given_up >= 1 && r->gen->run.given_up <= 4);
    CHECK_EQ_U64(r->gen->run.phase, NETGEN_DONE);
    rig_free(r);
}

static void test_a_reply_after_its_window_was_given_up_opens_no_other(void)
{
    struct rig *r = rig_new("start=link window=1 rate=10k count=100 timeout=10us", 1, NULL, NULL);

    r->reply = always;
    r->wire.p.latency_ps = 20 * PS_PER_US;
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    CHECK_EQ_U64(r->gen->run.sent, 100);
    CHECK_EQ_U64(r->gen->run.received, 100); /* late as they are */
    CHECK_EQ_U64(r->gen->run.given_up, 99);  /* the last one's run was over */
    rig_free(r);
}

static void test_a_window_keeps_to_its_rate(void)
{
    struct rig *r = rig_new("start=link window=8 rate=10k count=100", 1, NULL, NULL);

    r->reply = always;
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    check_spacing(r, 100 * PS_PER_US, 100);
    rig_free(r);
}

/* ---- state and trace ---- */

static void test_a_saved_generator_goes_on_alike(void)
{
    static const char words[] = "start=link rate=20% arrivals=poisson size=64-300 flows=5 count=3000";
    struct rig *a = rig_new(words, 1, NULL, NULL), *b = rig_new(words, 9, NULL, NULL);
    struct archive saved = {0};
    struct err err;
    unsigned before;

    a->reply = b->reply = always;
    rig_up(a);
    clock_run(&a->clock, 150 * PS_PER_US);
    before = a->count;
    state_save(&saved, wire_fields, &a->wire);
    state_save(&saved, netgen_fields, a->gen);
    b->clock.now = a->clock.now;
    CHECK(state_load(&saved, wire_fields, &b->wire, &b->clock, &err) == 0);
    CHECK(state_load(&saved, netgen_fields, b->gen, &b->clock, &err) == 0);
    clock_run(&a->clock, PS_PER_S);
    clock_run(&b->clock, PS_PER_S);
    CHECK_EQ_U64(a->count, 3000);
    CHECK_EQ_U64(a->count - before, b->count);
    for (unsigned i = 0; i < b->count; i++)
        CHECK(memcmp(&a->got[before + i], &b->got[i], sizeof a->got[0]) == 0);
    CHECK(state_hash(netgen_fields, a->gen) == state_hash(netgen_fields, b->gen));
    archive_free(&saved);
    rig_free(a);
    rig_free(b);
}

static void test_reset_gives_the_state_of_the_start(void)
{
    struct rig *a = rig_run("rate=20% arrivals=poisson count=1000 flows=9", 1);
    struct rig *b = rig_new("start=link rate=20% arrivals=poisson count=1000 flows=9", 1, NULL, NULL);

    wire_reset(&a->wire);
    netgen_reset(a->gen);
    CHECK(state_hash(netgen_fields, a->gen) == state_hash(netgen_fields, b->gen));
    CHECK_EQ_U64(a->clock.count, 0);
    rig_free(a);
    rig_free(b);
}

static int discard(void *sink, const void *bytes, size_t size)
{
    (void)sink, (void)bytes, (void)size;
    return 0;
}

static void test_what_is_sent_is_the_cause_of_what_arrives(void)
{
    struct rig *r = rig_new("start=link window=1 count=2", 1, NULL, NULL);

    r->reply = always;
    trace_open(&r->trace, discard, NULL, "{}");
    r->trace.on = true;
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    /* 1 gen_sent, 2 wire_frame, 3 wire_frame, 4 gen_received, 5 gen_sent by 4, ... */
    CHECK_EQ_U64(r->got[0].cause, 1);
    CHECK_EQ_U64(r->got[0].now_cause, 2);
    CHECK_EQ_U64(r->got[1].cause, 5);
    CHECK_EQ_U64(r->got[1].now_cause, 6);
    CHECK_EQ_U64(r->trace.next_id, 9);
    CHECK(trace_close(&r->trace) == 0);
    rig_free(r);
}

static void test_recording_changes_nothing(void)
{
    struct rig *a = rig_run("rate=20% arrivals=poisson count=1000 flows=9", 1);
    struct rig *b = rig_new("start=link rate=20% arrivals=poisson count=1000 flows=9", 1, NULL, NULL);

    trace_open(&b->trace, discard, NULL, "{}");
    b->trace.on = true;
    rig_up(b);
    clock_run(&b->clock, 100 * PS_PER_S);
    CHECK(state_hash(netgen_fields, a->gen) == state_hash(netgen_fields, b->gen));
    CHECK(b->trace.next_id > 2000);
    CHECK(trace_close(&b->trace) == 0);
    rig_free(a);
    rig_free(b);
}

/* ---- results ---- */

static json_int_t member(json_t *o, const char *outer, const char *inner)
{
    json_t *v = json_object_get(json_object_get(o, outer), inner);

    CHECK(json_is_integer(v));
    return json_integer_value(v);
}

static void test_the_report_tells_what_was_measured(void)
{
    struct rig *r = rig_new("start=link rate=1M count=1000 flows=2", 1, NULL, NULL);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    json_t *o;

    r->reply = but_every_tenth;
    rig_up(r);
    clock_run(&r->clock, PS_PER_S);
    o = netgen_report_json(r->gen);
    CHECK_EQ_STR(json_string_value(json_object_get(o, "phase")), "done");
    CHECK_EQ_U64((uint64_t)member(o, "sent", "frames"), 1000);
    CHECK_EQ_U64((uint64_t)member(o, "sent", "bytes"), 60000);
    CHECK_EQ_U64((uint64_t)member(o, "sent", "frames_per_s"), 1000000);
    CHECK_EQ_U64((uint64_t)member(o, "sent", "wire_bits_per_s"), 672000000);
    CHECK_EQ_U64((uint64_t)member(o, "returned", "frames"), 900);
    CHECK_EQ_U64((uint64_t)member(o, "returned", "lost"), 100);
    CHECK_EQ_U64((uint64_t)member(o, "guest", "udp"), 900);
    CHECK_EQ_U64(json_array_size(json_object_get(o, "flows")), 2);
    CHECK_EQ_U64((uint64_t)json_integer_value(json_object_get(
                     json_object_get(json_object_get(o, "returned"), "round_trip_ps"), "p99")),
                 2 * (57600 + r->wire.p.latency_ps));
    json_decref(o);
    netgen_report(r->gen, out);
    fclose(out);
    CHECK(strstr(text, "gen0: run 1 done, sent 1000 frames, 60000 bytes, 1000000 a second, "
                       "0.672 Gbit/s of the wire\n"));
    CHECK(strstr(text, "came back: 900, lost 100"));
    CHECK(strstr(text, "round trip [us]: min 0.215 mean 0.215 p50 0.215"));
    free(text);
    rig_free(r);
}

static void test_a_report_of_nothing_divides_by_nothing(void)
{
    struct rig *r = rig_new("", 1, NULL, NULL);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    json_t *o = netgen_report_json(r->gen);

    netgen_report(r->gen, out);
    fclose(out);
    CHECK(strstr(text, "no run was started"));
    CHECK_EQ_U64((uint64_t)member(o, "sent", "frames_per_s"), 0);
    json_decref(o);
    free(text);
    rig_free(r);
}

TEST_MAIN(test_line_rate_is_back_to_back, test_frames_a_second_are_exact_over_any_time,
          test_bits_and_parts_of_the_line_count_preamble_and_gap,
          test_a_rate_beyond_the_line_is_the_lines, test_duration_and_count_end_a_run,
          test_infinitely_fast_wires_keep_the_rate_of_the_link,
          test_poisson_has_the_mean_and_the_spread_of_an_exponential,
          test_chance_depends_on_the_seed_alone, test_bursts_are_back_to_back_and_keep_the_rate,
          test_recorded_frames_keep_their_times_and_go_to_the_guest,
          test_sizes_are_those_of_the_wire_with_check_sequence,
          test_checksums_are_right_for_all_sizes_flows_and_hosts, test_a_udp_checksum_of_zero_is_sent_as_all_ones,
          test_checksums_can_be_left_out,
          test_flows_take_turns_with_ports_and_addresses_of_their_own,
          test_bare_frames_carry_the_payload_and_can_come_back,
          test_pause_holds_the_traffic_and_nothing_is_lost,
          test_pause_can_be_ignored, test_a_long_pause_is_not_made_up_for, test_xon_lets_it_go_on_at_once,
          test_a_run_outlives_the_link, test_round_trips_are_from_first_bit_to_last_bit,
          test_loss_is_counted_by_flow, test_duplicates_are_counted_and_not_as_replies,
          test_what_the_wire_does_is_what_is_measured,
          test_late_frames_are_known_for_a_while_and_forgeries_do_not_count,
          test_flows_end_at_the_last_one, test_a_window_of_one_is_a_ping_pong, test_a_window_is_never_exceeded_and_is_kept_full,
          test_a_window_without_replies_is_given_up_after_the_timeout,
          test_a_reply_after_its_window_was_given_up_opens_no_other,
          test_a_window_keeps_to_its_rate, test_a_saved_generator_goes_on_alike,
          test_reset_gives_the_state_of_the_start, test_what_is_sent_is_the_cause_of_what_arrives,
          test_recording_changes_nothing, test_the_report_tells_what_was_measured,
          test_a_report_of_nothing_divides_by_nothing)
