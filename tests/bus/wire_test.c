/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/wire.h"

#include "base/hash.h"
#include "check.h"

#include <stdlib.h>

#define TEN_GBIT UINT64_C(10000000000)
#define KEPT 200000

struct seen {
    ps_t at, began;
    uint64_t number;
    uint32_t len, flags, tag;
};

/* A wire whose ends write down what reaches them. */
struct rig {
    struct clock clock;
    struct trace trace;
    struct params params;
    struct wire wire;
    struct seen *seen[2]; /* by direction: seen[s] was sent by side s */
    unsigned count[2];
    unsigned ups, downs, resumes;
    struct rig *peer;     /* coupled: frames are carried to it */
    bool echo, hang_up;
};

static void note(struct rig *r, enum wire_side from, const struct frame *f)
{
    struct seen *s = &r->seen[from][r->count[from] % KEPT];

    r->count[from]++;
    *s = (struct seen){r->clock.now, f->began, f->number, f->len, f->flags, le32_get(f->bytes + 48)};
    CHECK(f->arrives == r->clock.now);
    if (r->echo && from == WIRE_NIC)
        wire_send(&r->wire, WIRE_STATION, f->bytes, f->len, 0, NULL);
    if (r->hang_up)
        wire_set_rate(&r->wire, 0);
}

static void at_station(void *owner, const struct frame *f)
{
    note(owner, WIRE_NIC, f);
}

static void at_nic(void *owner, const struct frame *f)
{
    note(owner, WIRE_STATION, f);
}

static void state_changed(void *ctx, bool up)
{
    struct rig *r = ctx;

    *(up ? &r->ups : &r->downs) += 1;
}

static void resumed(void *ctx)
{
    ((struct rig *)ctx)->resumes++;
}

static struct rig *rig_new(enum timing_level level, uint64_t seed)
{
    struct rig *r = calloc(1, sizeof *r);

    clock_init(&r->clock);
    trace_init(&r->trace, &r->clock);
    wire_init(&r->wire, "wire0", &r->clock, &r->trace, seed);
    r->params.level = level;
    params_add(&r->params, "wire0", wire_params, &r->wire.p);
    r->wire.p.latency_ps = level == TIMING_IO ? 1000000 : 0;
    wire_attach(&r->wire, WIRE_STATION, at_station, r);
    wire_attach(&r->wire, WIRE_NIC, at_nic, r);
    r->wire.state_changed = state_changed;
    r->wire.state_ctx = r;
    r->wire.resumed = resumed;
    r->wire.resumed_ctx = r;
    r->seen[0] = calloc(KEPT, sizeof(struct seen));
    r->seen[1] = calloc(KEPT, sizeof(struct seen));
    wire_set_rate(&r->wire, TEN_GBIT);
    return r;
}

static void rig_free(struct rig *r)
{
    wire_fini(&r->wire);
    trace_fini(&r->trace);
    clock_fini(&r->clock);
    free(r->seen[0]);
    free(r->seen[1]);
    free(r);
}

static void run(struct rig *r)
{
    while (r->clock.count)
        clock_run(&r->clock, clock_next(&r->clock));
}

static ps_t send(struct rig *r, enum wire_side side, uint32_t tag, uint32_t len)
{
    uint8_t b[FRAME_BYTES_MAX + 64];

    memset(b, 0x11, sizeof b);
    le32_put(b + 48, tag);
    return wire_send(&r->wire, side, b, len, 0, NULL);
}

static void send_pause(struct rig *r, unsigned quanta)
{
    uint8_t b[60] = {0x01, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x88, 0x08, 0, 1,
                     (uint8_t)(quanta >> 8), (uint8_t)quanta};

    wire_send(&r->wire, WIRE_NIC, b, sizeof b, 0, NULL);
}

/* ---- time ---- */

static void test_smallest_frame_takes_67_2_ns_at_10_gbit(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);

    CHECK_EQ_U64(wire_frame_ps(&r->wire, 60), 67200);
    CHECK_EQ_U64(wire_frame_ps(&r->wire, 20), 67200);
    CHECK_EQ_U64(wire_frame_ps(&r->wire, 1514), 1230400);
    wire_set_rate(&r->wire, 1000000000);
    CHECK_EQ_U64(wire_frame_ps(&r->wire, 60), 672000);
    wire_set_rate(&r->wire, 3000000000); /* a rate without whole picoseconds a byte */
    CHECK_EQ_U64(wire_frame_ps(&r->wire, 60), 224000);
    rig_free(r);
}

static void test_back_to_back_is_14_88_million_frames_a_second(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);
    ps_t free = 0;

    for (uint32_t i = 0; i < 5000; i++)
        free = send(r, WIRE_STATION, i, 60);
    CHECK_EQ_U64(free, 5000 * 67200);
    run(r);
    CHECK_EQ_U64(r->count[WIRE_STATION], 5000);
    for (uint32_t i = 0; i < 5000; i++) {
        const struct seen *s = &r->seen[WIRE_STATION][i];
        CHECK_EQ_U64(s->began, i * UINT64_C(67200));
        /* Its last bit: preamble, bytes and check sequence, not the gap; then the latency. */
        CHECK_EQ_U64(s->at, s->began + 72 * 800 + 1000000);
        CHECK_EQ_U64(s->number, i + 1);
        CHECK_EQ_U64(s->tag, i);
    }
    CHECK_EQ_U64(PS_PER_S / 67200, 14880952);
    rig_free(r);
}

static void test_directions_do_not_wait_for_each_other(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);

    send(r, WIRE_STATION, 1, 1514);
    send(r, WIRE_NIC, 2, 60);
    run(r);
    CHECK_EQ_U64(r->seen[WIRE_NIC][0].at, 57600 + 1000000);
    CHECK_EQ_U64(r->seen[WIRE_STATION][0].at, 1526 * 800 + 1000000);
    rig_free(r);
}

static void test_a_frame_waits_for_its_time(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);
    uint8_t b[60] = {0};
    uint64_t number = 0;

    CHECK_EQ_U64(wire_next_number(&r->wire, WIRE_STATION), 1);
    CHECK_EQ_U64(wire_send(&r->wire, WIRE_STATION, b, 60, 500000, &number), 567200);
    CHECK_EQ_U64(number, 1);
    CHECK_EQ_U64(wire_ready(&r->wire, WIRE_STATION), 567200);
    run(r);
    CHECK_EQ_U64(r->seen[WIRE_STATION][0].began, 500000);
    clock_run(&r->clock, 9000000);
    CHECK_EQ_U64(wire_ready(&r->wire, WIRE_STATION), 9000000);
    rig_free(r);
}

static void test_at_level_off_frames_take_no_time(void)
{
    struct rig *r = rig_new(TIMING_OFF, 1);

    for (uint32_t i = 0; i < 100; i++)
        CHECK_EQ_U64(send(r, WIRE_NIC, i, 1514), 0);
    run(r);
    CHECK_EQ_U64(r->count[WIRE_NIC], 100);
    CHECK_EQ_U64(r->clock.now, 0);
    rig_free(r);
}

/* ---- the ring ---- */

static void test_short_frames_are_padded_with_zeroes(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);

    send(r, WIRE_NIC, 0x11111111, 1514); /* leaves its bytes in the ring */
    run(r);
    send(r, WIRE_NIC, 0x11111111, 50); /* the tag's last two bytes are beyond it */
    run(r);
    CHECK_EQ_U64(r->seen[WIRE_NIC][1].len, 60);
    CHECK_EQ_U64(r->seen[WIRE_NIC][1].tag, 0x1111);
    CHECK_EQ_U64(r->wire.way[WIRE_NIC].count.bytes, 1574);
    rig_free(r);
}

static void test_ring_goes_around_with_frames_of_all_sizes(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);
    struct random random;
    uint32_t sent = 0;

    random_init(&random, 7, "sizes");
    while (sent < 20000) {
        uint32_t len = 60 + (uint32_t)random_below(&random, FRAME_BYTES_MAX - 59);
        if (!wire_room(&r->wire, WIRE_STATION, len) || random_below(&random, 40) == 0) {
            clock_run(&r->clock, clock_next(&r->clock));
            continue;
        }
        send(r, WIRE_STATION, sent++, len);
    }
    run(r);
    CHECK_EQ_U64(r->count[WIRE_STATION], sent);
    CHECK_EQ_U64(r->wire.way[WIRE_STATION].count.lost, 0);
    for (uint32_t i = 0; i < sent; i++)
        if (r->seen[WIRE_STATION][i].tag != i)
            CHECK_EQ_U64(r->seen[WIRE_STATION][i].tag, i);
    CHECK_EQ_U64(r->wire.way[WIRE_STATION].used, 0);
    rig_free(r);
}

static void test_without_room_frames_are_lost_and_counted(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);
    unsigned fitted = 0;

    while (wire_room(&r->wire, WIRE_STATION, 60)) {
        send(r, WIRE_STATION, fitted, 60);
        fitted++;
    }
    CHECK(fitted > 8000 && fitted < KEPT); /* 500 us of latency at line rate are 7441 */
    CHECK(wire_turn(&r->wire, WIRE_STATION, 60) > r->clock.now);
    send(r, WIRE_STATION, 99, 60);
    CHECK_EQ_U64(r->wire.way[WIRE_STATION].count.lost, 1);
    run(r);
    CHECK_EQ_U64(r->count[WIRE_STATION], fitted);
    CHECK_EQ_U64(r->wire.way[WIRE_STATION].count.frames, fitted + 1);
    rig_free(r);
}

static void test_line_rate_fits_with_the_longest_latency(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);

    r->wire.p.latency_ps = WIRE_LATENCY_MAX_PS;
    for (uint32_t i = 0; i < 30000; i++) {
        send(r, WIRE_STATION, i, 60);
        clock_run(&r->clock, (i + 1) * UINT64_C(67200));
    }
    run(r);
    CHECK_EQ_U64(r->count[WIRE_STATION], 30000);
    CHECK_EQ_U64(r->wire.way[WIRE_STATION].count.lost, 0);
    rig_free(r);
}

static void test_frames_beyond_the_largest_are_lost(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);

    send(r, WIRE_NIC, 0, FRAME_BYTES_MAX);
    send(r, WIRE_NIC, 0, FRAME_BYTES_MAX + 1);
    CHECK(wire_room(&r->wire, WIRE_NIC, FRAME_BYTES_MAX + 1)); /* or its sender would wait for ever */
    run(r);
    CHECK_EQ_U64(r->count[WIRE_NIC], 1);
    CHECK_EQ_U64(r->wire.way[WIRE_NIC].count.lost, 1);
    rig_free(r);
}

static void test_a_receiver_may_answer_during_the_call(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);

    r->echo = true;
    for (uint32_t i = 0; i < 100; i++)
        send(r, WIRE_NIC, i, 60);
    run(r);
    CHECK_EQ_U64(r->count[WIRE_STATION], 100);
    CHECK_EQ_U64(r->seen[WIRE_STATION][99].tag, 99);
    CHECK_EQ_U64(r->seen[WIRE_STATION][0].at, 2 * (57600 + 1000000));
    rig_free(r);
}

/* ---- the link ---- */

static void test_link_down_loses_what_is_under_way(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);

    for (uint32_t i = 0; i < 10; i++)
        send(r, WIRE_STATION, i, 60);
    clock_run(&r->clock, 1057600 + 67200 * 3);
    CHECK_EQ_U64(r->count[WIRE_STATION], 4);
    wire_set_rate(&r->wire, 0);
    CHECK(!wire_up(&r->wire));
    CHECK_EQ_U64(r->downs, 1);
    send(r, WIRE_STATION, 10, 60);
    run(r);
    CHECK_EQ_U64(r->count[WIRE_STATION], 4);
    CHECK_EQ_U64(r->wire.way[WIRE_STATION].count.lost, 7);
    wire_set_rate(&r->wire, TEN_GBIT);
    wire_set_rate(&r->wire, TEN_GBIT);
    CHECK_EQ_U64(r->ups, 2); /* rig_new's, too */
    send(r, WIRE_STATION, 11, 60);
    run(r);
    CHECK_EQ_U64(r->seen[WIRE_STATION][4].tag, 11);
    CHECK_EQ_U64(r->seen[WIRE_STATION][4].number, 12);
    rig_free(r);
}

static void test_a_receiver_may_take_the_link_down(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);

    for (uint32_t i = 0; i < 3; i++)
        send(r, WIRE_STATION, i, 60);
    r->hang_up = true;
    run(r);
    CHECK_EQ_U64(r->count[WIRE_STATION], 1);
    CHECK_EQ_U64(r->wire.way[WIRE_STATION].count.lost, 2);
    CHECK_EQ_U64(r->wire.way[WIRE_STATION].used, 0);
    r->hang_up = false;
    wire_set_rate(&r->wire, TEN_GBIT);
    send(r, WIRE_STATION, 3, 60);
    run(r);
    CHECK_EQ_U64(r->count[WIRE_STATION], 2);
    rig_free(r);
}

/* ---- PAUSE ---- */

static void test_pause_holds_the_station_for_its_quanta(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);
    ps_t heard;

    send_pause(r, 1000);
    run(r);
    heard = 57600 + 1000000;
    CHECK_EQ_U64(r->clock.now, heard);
    CHECK_EQ_U64(r->count[WIRE_NIC], 0); /* it ends in the MAC */
    CHECK_EQ_U64(wire_ready(&r->wire, WIRE_STATION), heard + 1000 * 51200);
    CHECK_EQ_U64(wire_turn(&r->wire, WIRE_STATION, 60), heard + 1000 * 51200 - WIRE_AHEAD_PS);
    send(r, WIRE_STATION, 1, 60);
    run(r);
    CHECK_EQ_U64(r->seen[WIRE_STATION][0].began, heard + 1000 * 51200);
    CHECK_EQ_U64(wire_ready(&r->wire, WIRE_NIC), r->clock.now); /* the NIC is not held */
    rig_free(r);
}

static void test_xon_ends_a_pause_and_tells_the_station(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);

    send_pause(r, 0xffff);
    send_pause(r, 0xffff);
    run(r);
    CHECK_EQ_U64(r->resumes, 0); /* a longer pause is no resumption */
    CHECK(wire_ready(&r->wire, WIRE_STATION) > r->clock.now);
    send_pause(r, 0);
    run(r);
    CHECK_EQ_U64(r->resumes, 1);
    CHECK_EQ_U64(wire_ready(&r->wire, WIRE_STATION), r->clock.now);
    CHECK_EQ_U64(r->wire.pauses, 3);
    rig_free(r);
}

static void test_other_control_frames_and_damaged_pauses_do_not_hold(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);
    uint8_t b[60] = {0x01, 0x80, 0xc2, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x88, 0x08, 1, 1, 0xff, 0xff};

    wire_send(&r->wire, WIRE_NIC, b, sizeof b, 0, NULL); /* priority flow control */
    run(r);
    CHECK_EQ_U64(wire_ready(&r->wire, WIRE_STATION), r->clock.now);
    r->wire.p.corrupt_ppm = 1000000;
    wire_update(&r->wire);
    send_pause(r, 0xffff);
    run(r);
    CHECK_EQ_U64(wire_ready(&r->wire, WIRE_STATION), r->clock.now);
    CHECK_EQ_U64(r->count[WIRE_NIC], 1); /* the damaged one is the station's to count */
    rig_free(r);
}

static void test_a_station_that_asks_for_its_turn_stays_within_the_reaction_time(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);
    ps_t free = 0;
    unsigned sent = 0;

    while (wire_turn(&r->wire, WIRE_STATION, 60) <= r->clock.now) {
        free = send(r, WIRE_STATION, sent, 60);
        sent++;
    }
    CHECK_EQ_U64(sent, WIRE_AHEAD_PS / 67200 + 1);
    CHECK(free - r->clock.now <= WIRE_AHEAD_PS + 67200);
    CHECK_EQ_U64(wire_turn(&r->wire, WIRE_STATION, 60), free - WIRE_AHEAD_PS);
    rig_free(r);
}

/* ---- impairments ---- */

/* Sends `count` frames at line rate and lets all arrive. */
static void flood(struct rig *r, uint32_t count)
{
    wire_update(&r->wire);
    for (uint32_t i = 0; i < count; i++) {
        send(r, WIRE_STATION, i, 60);
        clock_run(&r->clock, wire_ready(&r->wire, WIRE_STATION));
    }
    run(r);
}

/* Binomial: 5 standard deviations around n * ppm. */
static bool about(uint64_t got, uint64_t n, uint64_t ppm)
{
    double mean = (double)n * (double)ppm / 1e6, d = (double)got - mean;

    return got > 0 && d * d <= 25 * mean;
}

static void test_loss_is_as_often_as_asked(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);
    const struct wire_count *c = &r->wire.way[WIRE_STATION].count;

    r->wire.p.loss_ppm = 20000;
    flood(r, 100000);
    CHECK(about(c->lost, 100000, 20000));
    CHECK_EQ_U64(r->count[WIRE_STATION], 100000 - c->lost);
    rig_free(r);
}

static void test_duplicates_follow_their_frames_and_take_time(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);
    const struct wire_count *c = &r->wire.way[WIRE_STATION].count;
    unsigned twins = 0;

    r->wire.p.duplicate_ppm = 30000;
    flood(r, 100000);
    CHECK(about(c->duplicated, 100000, 30000));
    CHECK_EQ_U64(r->count[WIRE_STATION], 100000 + c->duplicated);
    for (unsigned i = 1; i < r->count[WIRE_STATION]; i++) {
        const struct seen *a = &r->seen[WIRE_STATION][i - 1], *b = a + 1;
        twins += a->number == b->number && a->tag == b->tag;
        CHECK(b->at - a->at >= 67200);
    }
    CHECK_EQ_U64(twins, c->duplicated);
    rig_free(r);
}

static void test_reordered_frames_are_overtaken_and_none_is_lost(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);
    const struct wire_count *c = &r->wire.way[WIRE_STATION].count;
    unsigned late = 0;
    uint32_t newest = 0;
    uint8_t *got = calloc(100000, 1);

    r->wire.p.reorder_ppm = 1000;
    r->wire.p.reorder_ps = 5 * PS_PER_US;
    flood(r, 100000);
    CHECK_EQ_U64(r->count[WIRE_STATION], 100000);
    for (unsigned i = 0; i < 100000; i++) {
        const struct seen *s = &r->seen[WIRE_STATION][i];
        if (s->number < newest) {
            late++;
            CHECK_EQ_U64(s->at, s->began + 57600 + 1000000 + 5 * PS_PER_US);
        } else {
            newest = (uint32_t)s->number;
        }
        if (s->tag < 100000)
            got[s->tag]++;
    }
    for (unsigned i = 0; i < 100000; i++)
        if (got[i] != 1)
            CHECK_EQ_U64(got[i], 1);
    CHECK_EQ_U64(late, c->reordered);
    /* One frame at a time can be held: some that were drawn went straight. */
    CHECK(about(c->reordered, 100000, 930));
    free(got);
    rig_free(r);
}

static void test_corrupted_frames_have_one_bit_changed_and_are_marked(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);
    const struct wire_count *c = &r->wire.way[WIRE_STATION].count;
    unsigned bad = 0, in_tag = 0;

    r->wire.p.corrupt_ppm = 50000;
    flood(r, 50000);
    CHECK_EQ_U64(r->count[WIRE_STATION], 50000);
    for (uint32_t i = 0; i < 50000; i++) {
        uint32_t wrong = r->seen[WIRE_STATION][i].tag ^ i;
        bool marked = r->seen[WIRE_STATION][i].flags == FRAME_BAD_FCS;
        bad += marked;
        in_tag += wrong != 0;
        CHECK((wrong & (wrong - 1)) == 0 && (marked || !wrong));
    }
    CHECK_EQ_U64(bad, c->corrupted);
    CHECK(about(bad, 50000, 50000));
    CHECK(about(in_tag, bad, 1000000 * 4 / 60));
    rig_free(r);
}

static void test_short_frames_are_left_alone_when_asked(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);

    r->wire.p.loss_ppm = 1000000;
    r->wire.p.impair_from_bytes = 100;
    wire_update(&r->wire);
    send(r, WIRE_NIC, 1, 99);
    send(r, WIRE_NIC, 2, 100);
    run(r);
    CHECK_EQ_U64(r->count[WIRE_NIC], 1);
    CHECK_EQ_U64(r->seen[WIRE_NIC][0].tag, 1);
    rig_free(r);
}

static uint64_t impaired_run(uint64_t seed)
{
    struct rig *r = rig_new(TIMING_IO, seed);
    uint64_t h = HASH_START;

    r->wire.p.loss_ppm = r->wire.p.duplicate_ppm = r->wire.p.reorder_ppm = 10000;
    r->wire.p.corrupt_ppm = 10000;
    flood(r, 5000);
    for (unsigned i = 0; i < r->count[WIRE_STATION]; i++) {
        h = hash_u64(h, r->seen[WIRE_STATION][i].at);
        h = hash_u64(h, r->seen[WIRE_STATION][i].number);
        h = hash_u64(h, r->seen[WIRE_STATION][i].tag);
    }
    rig_free(r);
    return h;
}

static void test_chance_depends_on_the_seed_alone(void)
{
    CHECK_EQ_U64(impaired_run(3), impaired_run(3));
    CHECK(impaired_run(3) != impaired_run(4));
}

/* ---- coupled machines ---- */

static void carry(void *ctx, const struct frame *f)
{
    struct rig *r = ctx;

    CHECK(f->began >= r->clock.now);
    wire_deliver(&r->peer->wire, f);
}

static void test_a_coupled_wire_hands_frames_to_the_other(void)
{
    struct rig *a = rig_new(TIMING_IO, 1), *b = rig_new(TIMING_IO, 2);

    a->wire.carry = carry;
    a->wire.carry_ctx = a;
    a->peer = b;
    for (uint32_t i = 0; i < 10; i++)
        send(a, WIRE_NIC, i, i ? 60 : 50);
    CHECK_EQ_U64(a->clock.count, 0); /* nothing of it is in a's ring */
    run(b);
    CHECK_EQ_U64(b->count[WIRE_STATION], 10);
    for (uint32_t i = 0; i < 10; i++) {
        CHECK_EQ_U64(b->seen[WIRE_STATION][i].at, 1057600 + 67200 * i);
        CHECK_EQ_U64(b->seen[WIRE_STATION][i].number, i + 1);
        CHECK_EQ_U64(b->seen[WIRE_STATION][i].len, 60);
    }
    rig_free(a);
    rig_free(b);
}

static void test_a_coupled_wire_impairs_as_one_alone_does(void)
{
    struct rig *a = rig_new(TIMING_IO, 1), *b = rig_new(TIMING_IO, 2);
    const struct wire_count *c = &a->wire.way[WIRE_NIC].count;
    unsigned late = 0;

    a->wire.carry = carry;
    a->wire.carry_ctx = a;
    a->peer = b;
    a->wire.p.loss_ppm = a->wire.p.duplicate_ppm = a->wire.p.corrupt_ppm = 20000;
    a->wire.p.reorder_ppm = 2000;
    b->wire.p.reorder_ps = 5 * PS_PER_US;
    wire_update(&a->wire);
    for (uint32_t i = 0; i < 20000; i++) {
        send(a, WIRE_NIC, i, 60);
        clock_run(&a->clock, wire_ready(&a->wire, WIRE_NIC));
        clock_run(&b->clock, a->clock.now);
    }
    run(b);
    CHECK(about(c->lost, 20000, 20000));
    CHECK_EQ_U64(b->count[WIRE_STATION], 20000 - c->lost + c->duplicated);
    for (unsigned i = 1; i < b->count[WIRE_STATION]; i++)
        late += b->seen[WIRE_STATION][i].number < b->seen[WIRE_STATION][i - 1].number;
    CHECK_EQ_U64(late, b->wire.way[WIRE_STATION].count.reordered);
    CHECK(late > 0);
    rig_free(a);
    rig_free(b);
}

static void test_hostile_deliveries_are_lost(void)
{
    struct rig *r = rig_new(TIMING_IO, 1);
    uint8_t b[64] = {0};
    struct frame f = {.bytes = b, .len = 59, .arrives = 5};

    wire_deliver(&r->wire, &f);
    f.len = FRAME_BYTES_MAX + 1;
    wire_deliver(&r->wire, &f);
    run(r);
    CHECK_EQ_U64(r->count[WIRE_STATION], 0);
    CHECK_EQ_U64(r->wire.way[WIRE_STATION].count.lost, 2);
    rig_free(r);
}

/* ---- state ---- */

static void test_a_saved_wire_goes_on_alike(void)
{
    struct rig *a = rig_new(TIMING_IO, 1), *b = rig_new(TIMING_IO, 9);
    struct archive saved = {0};
    struct err err;
    unsigned before;

    a->wire.p.reorder_ppm = a->wire.p.loss_ppm = a->wire.p.duplicate_ppm = 100000;
    b->wire.p = a->wire.p;
    wire_update(&b->wire);
    flood(a, 200);
    for (uint32_t i = 0; i < 200; i++)
        send(a, WIRE_STATION, i, 60 + i * 7);
    send_pause(a, 5000); /* holds what comes after these, until 256 us from now */
    while (!a->wire.way[WIRE_STATION].holding || !a->wire.paused_until)
        clock_run(&a->clock, clock_next(&a->clock));
    CHECK(a->wire.paused_until > wire_ready(&a->wire, WIRE_NIC));
    before = a->count[WIRE_STATION];
    state_save(&saved, wire_fields, &a->wire);
    b->clock.now = a->clock.now;
    CHECK(state_load(&saved, wire_fields, &b->wire, &b->clock, &err) == 0);
    CHECK(state_hash(wire_fields, &a->wire) == state_hash(wire_fields, &b->wire));
    for (uint32_t i = 0; i < 100; i++) {
        send(a, WIRE_STATION, i, 60);
        send(b, WIRE_STATION, i, 60);
    }
    run(a);
    run(b);
    CHECK(b->count[WIRE_STATION] > 50);
    CHECK_EQ_U64(a->count[WIRE_STATION] - before, b->count[WIRE_STATION]);
    CHECK(memcmp(a->seen[WIRE_STATION] + before, b->seen[WIRE_STATION],
                 b->count[WIRE_STATION] * sizeof(struct seen)) == 0);
    CHECK(state_hash(wire_fields, &a->wire) == state_hash(wire_fields, &b->wire));
    archive_free(&saved);
    rig_free(a);
    rig_free(b);
}

static void test_reset_gives_the_state_of_the_start(void)
{
    struct rig *a = rig_new(TIMING_IO, 1), *b = rig_new(TIMING_IO, 1);

    a->wire.p.reorder_ppm = 500000;
    flood(a, 100);
    send(a, WIRE_STATION, 1, 60);
    send_pause(a, 10);
    wire_reset(&a->wire);
    wire_reset(&b->wire);
    CHECK_EQ_U64(a->clock.count, 0);
    CHECK(!wire_up(&a->wire));
    CHECK(state_hash(wire_fields, &a->wire) == state_hash(wire_fields, &b->wire));
    rig_free(a);
    rig_free(b);
}

TEST_MAIN(test_smallest_frame_takes_67_2_ns_at_10_gbit,
          test_back_to_back_is_14_88_million_frames_a_second,
          test_directions_do_not_wait_for_each_other, test_a_frame_waits_for_its_time,
          test_at_level_off_frames_take_no_time, test_short_frames_are_padded_with_zeroes,
          test_ring_goes_around_with_frames_of_all_sizes,
          test_without_room_frames_are_lost_and_counted,
          test_line_rate_fits_with_the_longest_latency, test_frames_beyond_the_largest_are_lost,
          test_a_receiver_may_answer_during_the_call, test_link_down_loses_what_is_under_way,
          test_a_receiver_may_take_the_link_down, test_pause_holds_the_station_for_its_quanta,
          test_xon_ends_a_pause_and_tells_the_station,
          test_other_control_frames_and_damaged_pauses_do_not_hold,
          test_a_station_that_asks_for_its_turn_stays_within_the_reaction_time,
          test_loss_is_as_often_as_asked, test_duplicates_follow_their_frames_and_take_time,
          test_reordered_frames_are_overtaken_and_none_is_lost,
          test_corrupted_frames_have_one_bit_changed_and_are_marked,
          test_short_frames_are_left_alone_when_asked, test_chance_depends_on_the_seed_alone,
          test_a_coupled_wire_hands_frames_to_the_other,
          test_a_coupled_wire_impairs_as_one_alone_does, test_hostile_deliveries_are_lost,
          test_a_saved_wire_goes_on_alike, test_reset_gives_the_state_of_the_start)
