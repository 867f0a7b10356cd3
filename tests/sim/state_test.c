/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "sim/random.h"
#include "sim/state.h"

#include <stdlib.h>

struct lane {
    uint16_t depth;
    struct event tick;
};

struct thing {
    uint32_t plain;
    uint8_t bytes[5];
    struct lane lane[3];
    uint64_t *block; /* 4 of them, from init */
    struct clock *clock;
    char fired[16];
    unsigned fires;
};

static const struct field fields[] = {
    FIELD(struct thing, plain),
    FIELD(struct thing, bytes),
    FIELD_EACH(struct thing, lane, depth, FIELD_BYTES),
    FIELD_EACH(struct thing, lane, tick, FIELD_EVENT),
    FIELD_BLOCK(struct thing, block, 8, 4),
    FIELD_END,
};

static void fire(struct thing *t, char which)
{
    if (t->fires < sizeof t->fired - 1)
        t->fired[t->fires++] = which;
}

static void fire_a(void *thing) { fire(thing, 'a'); }
static void fire_b(void *thing) { fire(thing, 'b'); }
static void fire_c(void *thing) { fire(thing, 'c'); }

static void thing_init(struct thing *t, struct clock *clock)
{
    *t = (struct thing){.clock = clock, .block = calloc(4, sizeof *t->block)};
    clock_init(clock);
    event_init(clock, &t->lane[0].tick, "a", fire_a, t);
    event_init(clock, &t->lane[1].tick, "b", fire_b, t);
    event_init(clock, &t->lane[2].tick, "c", fire_c, t);
}

static void thing_fini(struct thing *t)
{
    free(t->block);
    clock_fini(t->clock);
}

static void fill(struct thing *t)
{
    t->plain = 0x12345678;
    memcpy(t->bytes, "hello", 5);
    t->lane[2].depth = 7;
    t->block[3] = 99;
    clock_arm(t->clock, &t->lane[1].tick, 500);
    clock_arm(t->clock, &t->lane[0].tick, 500); /* a tie: b was armed first */
}

static void test_a_fresh_object_goes_on_as_the_saved_one(void)
{
    struct thing old, new;
    struct clock old_clock, new_clock;
    struct archive a = {0};

    thing_init(&old, &old_clock);
    thing_init(&new, &new_clock);
    fill(&old);
    clock_arm(&new_clock, &new.lane[2].tick, 100); /* not armed in the archive */
    state_save(&a, fields, &old);
    CHECK(state_load(&a, fields, &new, &new_clock, NULL) == 0);
    CHECK_EQ_U64(new.plain, 0x12345678);
    CHECK(memcmp(new.bytes, "hello", 5) == 0);
    CHECK_EQ_U64(new.lane[2].depth, 7);
    CHECK_EQ_U64(new.block[3], 99);
    CHECK(new.block != old.block);
    CHECK_EQ_U64(state_hash(fields, &new), state_hash(fields, &old));
    clock_run(&new_clock, 1000);
    CHECK_EQ_STR(new.fired, "ba");
    archive_free(&a);
    thing_fini(&old);
    thing_fini(&new);
}

static void test_hash_sees_every_field(void)
{
    struct thing t;
    struct clock clock;
    uint64_t before;

    thing_init(&t, &clock);
    before = state_hash(fields, &t);
    t.bytes[4] = 1;
    CHECK(state_hash(fields, &t) != before);
    t.bytes[4] = 0;
    t.lane[1].depth = 1;
    CHECK(state_hash(fields, &t) != before);
    t.lane[1].depth = 0;
    t.block[2] = 1;
    CHECK(state_hash(fields, &t) != before);
    t.block[2] = 0;
    CHECK_EQ_U64(state_hash(fields, &t), before);
    clock_arm(&clock, &t.lane[2].tick, 5);
    CHECK(state_hash(fields, &t) != before);
    thing_fini(&t);
}

static void test_a_short_archive_names_the_field(void)
{
    struct thing t;
    struct clock clock;
    struct archive a = {0};
    struct err err;

    thing_init(&t, &clock);
    state_save(&a, fields, &t);
    a.size--;
    CHECK(state_load(&a, fields, &t, &clock, &err) == -1);
    CHECK(strstr(err.text, "\"block\""));
    archive_free(&a);
    thing_fini(&t);
}

/* One stream a user: the same every time, and nothing of another one. */
static void test_random_streams_are_fixed_and_apart(void)
{
    struct random a, b, other;

    random_init(&a, 1, "nvme0");
    random_init(&b, 1, "nvme0");
    random_init(&other, 1, "nvme1");
    for (unsigned i = 0; i < 8; i++) {
        uint64_t x = random_u64(&a);
        CHECK_EQ_U64(random_u64(&b), x);
        CHECK(random_u64(&other) != x);
    }
    CHECK_EQ_U64(random_below(&a, 0), 0);
    CHECK_EQ_U64(random_below(&a, 1), 0);
    for (unsigned i = 0; i < 1000; i++)
        CHECK(random_below(&a, 3) < 3);
}

TEST_MAIN(test_a_fresh_object_goes_on_as_the_saved_one, test_hash_sees_every_field,
          test_a_short_archive_names_the_field, test_random_streams_are_fixed_and_apart)
