/* SPDX-License-Identifier: Apache-2.0 */
/* Random drivers of the 82599 and a random network (i82599_fuzz.h).  DOORBELL_FUZZ=N runs N scripts
 * instead of 120, from DOORBELL_FUZZ_FIRST on.  What is held: the sanitizers, the invariants of
 * dev/i82599_impl.h, that a script saved in its middle and loaded elsewhere ends the same, and that
 * a reset mends all. */
#include "tests/dev/i82599_fuzz.h"

#include "sim/state.h"

#define STEPS 300

/* What the scripts of a run have reached, all together: a fuzzer that reaches nothing finds nothing. */
static struct {
    uint64_t received, sent, messages, coalesced, missed, pauses, saved;
} reached;

/* ---- a script saved in its middle ---- */

static void save(struct rig *r, struct archive *a)
{
    struct bank *bank = i82599_class.bank(r->dev, 0);

    state_save(a, i82599_class.state, r->dev);
    archive_put(a, bank->value, bank->values * sizeof bank->value[0]);
    state_save(a, link_fields, &r->link);
    state_save(a, wire_fields, &r->wire);
    archive_put(a, r->memory, RIG_RAM_BYTES);
    archive_put(a, &r->clock.seq, sizeof r->clock.seq);
}

static void load(struct rig *r, struct archive *a)
{
    struct bank *bank = i82599_class.bank(r->dev, 0);
    struct err err = {""};

    CHECK(state_load(a, i82599_class.state, r->dev, &r->clock, &err) == 0);
    CHECK(archive_get(a, bank->value, bank->values * sizeof bank->value[0]) == 0);
    CHECK(state_load(a, link_fields, &r->link, &r->clock, &err) == 0);
    CHECK(state_load(a, wire_fields, &r->wire, &r->clock, &err) == 0);
    CHECK(archive_get(a, r->memory, RIG_RAM_BYTES) == 0);
    i82599_class.restore(r->dev);
    CHECK(archive_get(a, &r->clock.seq, sizeof r->clock.seq) == 0);
}

static void impair(struct rig *r, uint64_t seed)
{
    r->wire.p.loss_ppm = seed & 16 ? 10000 : 0;
    r->wire.p.duplicate_ppm = seed & 16 ? 10000 : 0;
    r->wire.p.reorder_ppm = seed & 32 ? 10000 : 0;
    r->wire.p.corrupt_ppm = seed & 32 ? 10000 : 0;
    wire_update(&r->wire);
}

/* The rest of the script, on this rig and on one that was loaded with what this one is now. */
static void twice(const struct fuzz *f, uint64_t seed, unsigned steps)
{
    struct fuzz a = *f, b = *f;
    struct archive saved = {0};

    save(a.r, &saved);
    b.r = rig_up(seed & 8 ? TIMING_OFF : TIMING_IO);
    impair(b.r, seed);
    rig_run(b.r, a.r->clock.now - b.r->clock.now);
    load(b.r, &saved);
    archive_free(&saved);
    memset(a.r->msis, 0, sizeof a.r->msis);
    memset(b.r->msis, 0, sizeof b.r->msis);
    for (unsigned i = 0; i < steps; i++) {
        step(&a);
        step(&b);
    }
    rig_run(a.r, PS_PER_S / 1000);
    rig_run(b.r, PS_PER_S / 1000);
    CHECK(memcmp(a.r->memory, b.r->memory, RIG_RAM_BYTES) == 0);
    CHECK(memcmp(a.r->msis, b.r->msis, sizeof a.r->msis) == 0);
    CHECK_EQ_U64(state_hash(i82599_class.state, a.r->dev),
                 state_hash(i82599_class.state, b.r->dev));
    CHECK_EQ_U64(state_hash(wire_fields, &a.r->wire), state_hash(wire_fields, &b.r->wire));
    rig_down(b.r);
    reached.saved++;
}

/* ---- scripts ---- */

static unsigned heard;

static void hear(void *owner, const struct frame *frame)
{
    (void)owner;
    heard += frame->len == 200;
}

/* What nothing may hold up for good: a frame in, a frame out. */
static void check_mended(struct fuzz *f)
{
    struct rig *r = f->r;
    uint8_t frame[200] = {0};

    r->allocated = 0;
    memset(r->memory, 0, RIG_RAM_BYTES);
    impair(r, 0);
    i82599_class.reset(r->dev);
    rig_program_bars(r);
    rig_msix(r, true);
    rig_link_up(r);
    rig_run(r, PS_PER_S / 10); /* what was on its way has come */
    bring_up(f);
    wire_attach(&r->wire, WIRE_STATION, hear, NULL);
    heard = 0;
    le64_put(rig_at(r, rx_ring_at(0)), BUFFERS);
    le64_put(rig_at(r, tx_ring_at(0)), BUFFERS + 4096);
    le64_put(rig_at(r, tx_ring_at(0) + 8),
             (uint64_t)200 << 46 | 3u << 20 | 1u << 29 | 1u << 25 | 1u << 24 | 1u << 27 | 200);
    rig_put(r, 0x1000, rx_ring_at(0));
    rig_put(r, 0x1008, 64 * 16);
    rig_put(r, 0x1014, 2 | 1u << 25);
    rig_put(r, 0x1028, 1u << 25);
    rig_put(r, 0x1018, 1);
    rig_put(r, 0x6000, tx_ring_at(0));
    rig_put(r, 0x6008, 64 * 16);
    rig_put(r, 0x6028, 1u << 25 | 1u << 8);
    rig_put(r, 0x6018, 1);
    memset(frame, 0xff, 6);
    frame[12] = 0x88;
    frame[13] = 0xb5;
    wire_send(&r->wire, WIRE_STATION, frame, sizeof frame, r->clock.now, NULL);
    rig_run(r, PS_PER_S / 1000);
    CHECK_EQ_U64(le32_get(rig_at(r, rx_ring_at(0) + 8)) & 3, 3);
    CHECK_EQ_U64(heard, 1);
}

static void count(struct rig *r)
{
    const struct i82599 *n = r->dev;

    reached.received += *bank_at(&((struct i82599 *)r->dev)->bank, I82599_RXDGPC, 0);
    reached.missed += *bank_at(&((struct i82599 *)r->dev)->bank, I82599_RXMPC, 0);
    reached.sent += r->wire.way[WIRE_NIC].count.frames;
    reached.pauses += r->wire.pauses;
    for (unsigned v = 0; v < RIG_VECTORS; v++)
        reached.messages += r->msis[v];
    for (unsigned i = 0; i < ARRAY_LEN(n->rsc.context); i++)
        reached.coalesced += n->rsc.context[i].packets > 1;
}

static void one_script(uint64_t seed)
{
    struct fuzz f = {.r = rig_up(seed & 8 ? TIMING_OFF : TIMING_IO)};
    unsigned middle;

    random_init(&f.rnd, seed, "fuzz");
    impair(f.r, seed);
    begin(&f);
    middle = (unsigned)pick(&f, STEPS);
    for (unsigned i = 0; i < STEPS; i++) {
        step(&f);
        if (i == middle && seed % 4 == 3) {
            twice(&f, seed, STEPS / 4);
            break;
        }
    }
    count(f.r);
    check_mended(&f);
    rig_down(f.r);
}

static void test_random_drivers_break_nothing_that_a_reset_does_not_mend(void)
{
    const char *more = getenv("DOORBELL_FUZZ"), *first = getenv("DOORBELL_FUZZ_FIRST");
    uint64_t from = first ? strtoull(first, NULL, 10) : 0;
    uint64_t scripts = more ? strtoull(more, NULL, 10) : 120;

    for (uint64_t seed = from; seed < from + scripts; seed++) {
        unsigned before = check_now.failures;

        one_script(seed);
        if (check_now.failures != before) {
            printf("seed %" PRIu64 "\n", seed);
            break;
        }
    }
    printf("# received %" PRIu64 ", sent %" PRIu64 ", messages %" PRIu64 ", missed %" PRIu64
           ", coalesced %" PRIu64 ", pauses %" PRIu64 ", saved %" PRIu64 "\n",
           reached.received, reached.sent, reached.messages, reached.missed, reached.coalesced,
           reached.pauses, reached.saved);
    if (scripts < 100)
        return;
    CHECK(reached.received > 20 * scripts);
    CHECK(reached.sent > 20 * scripts);
    CHECK(reached.messages > 10 * scripts);
    CHECK(reached.missed && reached.coalesced && reached.pauses && reached.saved);
}

TEST_MAIN(test_random_drivers_break_nothing_that_a_reset_does_not_mend)
