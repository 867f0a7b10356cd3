/* SPDX-License-Identifier: Apache-2.0 */
/* Holds outputs of `doorbell explain --json` to what is promised of schema doorbell.explain/1.
 *
 *     explain_check contract FILE     every field, and the sums
 *     explain_check seed A B          only what randomness may change
 *     explain_check media A B         only the media, what waits for it, and the totals
 *
 * Prints what does not hold, one line each; exit status 1 if anything. */
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned complaints;

#define HOLD(cond, ...)                                                                            \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            printf("not so: %s: ", #cond);                                                         \
            printf("" __VA_ARGS__);                                                                \
            printf("\n");                                                                          \
            complaints++;                                                                          \
        }                                                                                          \
    } while (0)

static json_t *load(const char *path)
{
    json_error_t error;
    json_t *j = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

    if (!j) {
        printf("%s: %s\n", path, error.text);
        exit(1);
    }
    return j;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    HOLD(s && *s, "%s", key);
    return s ? s : "";
}

/* Promised integers are never negative. */
static int64_t number_of(const json_t *object, const char *key)
{
    const json_t *j = json_object_get(object, key);

    HOLD(json_is_integer(j) && json_integer_value(j) >= 0, "%s", key);
    return json_integer_value(j);
}

static json_t *object_of(const json_t *object, const char *key)
{
    json_t *j = json_object_get(object, key);

    HOLD(json_is_object(j), "%s", key);
    return j;
}

static bool one_of(const char *word, const char *const *list)
{
    while (*list && strcmp(word, *list))
        list++;
    return *list != NULL;
}

static bool on_hart(const json_t *segment)
{
    return strncmp(text_of(segment, "lane"), "hart", 4) == 0;
}

static bool is_context(const json_t *segment, const char *context)
{
    return strcmp(text_of(segment, "context"), context) == 0;
}

static json_t *segments_of(const json_t *j)
{
    json_t *segments = json_object_get(j, "segments");

    HOLD(json_array_size(segments) > 0, "no segments");
    return segments;
}

/* ---- contract ---- */

/* A program on labs/kernel, in place of Linux. */
static bool of_lab(const json_t *j)
{
    return strcmp(text_of(object_of(j, "guest"), "kernel"), "labs/kernel") == 0;
}

/* By labs/kernel's ring: past the page cache, into the program's buffer. */
static bool is_direct(const json_t *j)
{
    const json_t *request = object_of(j, "request");
    const char *how = text_of(request, "how");

    return of_lab(j) && !strcmp(text_of(request, "state"), "direct") &&
           (!strcmp(how, "ring") || !strcmp(how, "polled"));
}

static void hold_head(const json_t *j)
{
    const json_t *run = object_of(j, "run"), *guest = object_of(j, "guest");
    const json_t *request = object_of(j, "request");

    HOLD(!strcmp(text_of(j, "schema"), "doorbell.explain/1"), "schema");
    text_of(run, "id");
    number_of(run, "seed");
    object_of(run, "machine");
    object_of(run, "parameters_changed");
    HOLD(of_lab(j) || strchr(text_of(guest, "kernel"), '.'), "guest.kernel");
    HOLD(!strcmp(text_of(guest, "filesystem"), of_lab(j) ? "flat table" : "ext4"),
         "guest.filesystem");
    HOLD(!strcmp(text_of(request, "what"), "read"), "request.what");
    HOLD(!strcmp(text_of(request, "how"), "read") || is_direct(j), "request.how");
    HOLD(number_of(request, "bytes") == 4096, "request.bytes");
}

static void hold_segment(const json_t *s, int64_t total)
{
    static const char *const hart_contexts[] = {"user", "kernel", "irq", "softirq", "idle", NULL};
    static const char *const other_contexts[] = {"device", "link", "media", NULL};
    const char *step = text_of(s, "step"), *name = text_of(s, "name");
    int64_t start = number_of(s, "start_ps"), took = number_of(s, "took_ps");

    HOLD(strlen(step) == 1 && *step >= 'a' && *step <= 'f', "%s: step %s", name, step);
    HOLD(start + took <= total, "%s ends after the request", name);
    HOLD(one_of(text_of(s, "context"), on_hart(s) ? hart_contexts : other_contexts), "%s: %s", name,
         text_of(s, "context"));
    HOLD(json_is_boolean(json_object_get(s, "critical")), "%s", name);
}

/* The hart does one thing at a time, all the time; so does the critical path, whoever is on it. */
static void hold_sums(const json_t *j, int64_t total)
{
    int64_t critical = 0, hart = 0, idle = 0, lane_end[3] = {0};
    static const char *const lanes[] = {"link", "device", "media", NULL};
    size_t i;
    json_t *s;

    json_array_foreach(segments_of(j), i, s) {
        int64_t start = number_of(s, "start_ps"), took = number_of(s, "took_ps");
        const char *name = text_of(s, "name");

        hold_segment(s, total);
        if (json_is_true(json_object_get(s, "critical"))) {
            HOLD(start == critical, "%s: the critical path is at %" PRId64, name, critical);
            critical += took;
        }
        if (on_hart(s)) {
            HOLD(start == hart, "%s: the hart's lane is at %" PRId64, name, hart);
            hart += took;
            idle += is_context(s, "idle") ? took : 0;
        }
        for (unsigned lane = 0; lanes[lane]; lane++)
            if (!strcmp(text_of(s, "lane"), lanes[lane])) {
                HOLD(start >= lane_end[lane], "%s overlaps in its lane", name);
                lane_end[lane] = start + took;
            }
    }
    HOLD(critical == total, "critical %" PRId64 ", total %" PRId64, critical, total);
    HOLD(hart == total, "hart's lane %" PRId64 ", total %" PRId64, hart, total);
    HOLD(idle == number_of(j, "idle_ps"), "idle");
    HOLD(number_of(j, "busy_ps") + number_of(j, "idle_ps") == total, "busy and idle");
}

static int64_t sum(const json_t *j, const char *key)
{
    int64_t n = 0;
    size_t i;
    json_t *s;

    json_array_foreach(segments_of(j), i, s)
        n += number_of(s, key);
    return n;
}

/* Without timing the device does all at once: nothing to lay out between doorbell and interrupt. */
static bool timed(const json_t *j)
{
    return strcmp(text_of(object_of(object_of(j, "run"), "machine"), "timing"), "off");
}

static void hold_counts(const json_t *j)
{
    const json_t *c = object_of(j, "counts");

    HOLD(sum(j, "dma_bytes") == (timed(j) ? number_of(c, "dma_bytes") : 0), "moved by DMA");
    HOLD(sum(j, "cpu_bytes") == number_of(c, "cpu_copied_bytes"), "copied");
    HOLD(sum(j, "mmio_reads") == number_of(c, "mmio_reads"), "MMIO reads");
    HOLD(sum(j, "mmio_writes") == number_of(c, "mmio_writes"), "MMIO writes");
    HOLD(number_of(c, "cpu_copied_bytes") == (is_direct(j) ? 0 : 4096), "one copy to the user");
}

static bool has_step(const json_t *j, char step)
{
    size_t i;
    json_t *s;

    json_array_foreach(segments_of(j), i, s)
        if (*text_of(s, "step") == step)
            return true;
    return false;
}

/* A cold read is one command: its entry, its data, its completion; so is one by a ring. A hot one
 * meets no device. */
static void hold_state(const json_t *j)
{
    const char *state = text_of(object_of(j, "request"), "state");
    const json_t *c = object_of(j, "counts");

    if (!strcmp(state, "cold")) {
        for (char step = 'a'; step <= 'f'; step++)
            HOLD(has_step(j, step) || (step == 'c' && !timed(j)), "step %c", step);
        HOLD(number_of(c, "dma_bytes") >= 64 + 4096 + 16, "DMA");
        HOLD(number_of(c, "interrupts") == 1, "interrupts");
        HOLD(number_of(c, "mmio_writes") >= 1, "the doorbell");
    } else if (is_direct(j)) {
        bool polled = !strcmp(text_of(object_of(j, "request"), "how"), "polled");

        for (char step = 'a'; step <= 'f'; step++)
            HOLD(has_step(j, step), "step %c", step);
        HOLD(number_of(c, "dma_bytes") >= 64 + 4096 + 16, "DMA");
        HOLD(number_of(c, "interrupts") == (polled ? 0 : 1), "interrupts");
        HOLD(polled ? number_of(j, "idle_ps") == 0 : number_of(j, "idle_ps") > 0, "idle");
    } else {
        HOLD(!strcmp(state, "hot"), "state %s", state);
        HOLD(!has_step(j, 'c') && !has_step(j, 'd'), "a device");
        HOLD(number_of(c, "dma_bytes") + number_of(c, "interrupts") == 0, "a device");
        HOLD(number_of(j, "idle_ps") == 0, "idle");
    }
}

static void contract(const json_t *j)
{
    int64_t total = number_of(j, "total_ps");

    HOLD(total > 0, "total");
    hold_head(j);
    hold_sums(j, total);
    hold_counts(j);
    hold_state(j);
}

/* ---- two outputs ---- */

static bool same(const json_t *a, const json_t *b, const char *key)
{
    return json_equal(json_object_get(a, key), json_object_get(b, key));
}

static int64_t change(const json_t *a, const json_t *b, const char *key)
{
    return number_of(b, key) - number_of(a, key);
}

/* Everything of two segments but their times is the same. */
static void hold_same_kind(const json_t *a, const json_t *b)
{
    static const char *const keys[] = {"step", "name", "lane", "context", "critical", "dma_bytes",
                                       "cpu_bytes", "mmio_reads", "mmio_writes"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        HOLD(same(a, b, keys[i]), "%s of %s", keys[i], text_of(a, "name"));
}

static void hold_same_request(const json_t *a, const json_t *b)
{
    size_t i;
    json_t *s;

    HOLD(same(a, b, "guest"), "guest");
    HOLD(same(a, b, "request"), "request");
    HOLD(same(a, b, "counts"), "counts");
    HOLD(json_array_size(segments_of(a)) == json_array_size(segments_of(b)), "segments");
    json_array_foreach(segments_of(a), i, s)
        hold_same_kind(s, json_array_get(segments_of(b), i));
}

/* The seed is the guest's entropy: hash keys and addresses, so some instructions more or less. */
#define SEED_SLACK_PS 20000
#define SEED_SLACK_PERCENT 2

static bool near(int64_t a, int64_t b)
{
    int64_t apart = a < b ? b - a : a - b;

    return apart <= SEED_SLACK_PS || apart <= a * SEED_SLACK_PERCENT / 100;
}

static void seed(const json_t *a, const json_t *b)
{
    const json_t *run_a = object_of(a, "run"), *run_b = object_of(b, "run");
    size_t i;
    json_t *s;

    HOLD(!same(run_a, run_b, "seed"), "seed");
    HOLD(!same(run_a, run_b, "id"), "id");
    HOLD(same(run_a, run_b, "machine"), "machine");
    HOLD(same(run_a, run_b, "parameters_changed"), "parameters_changed");
    hold_same_request(a, b);
    json_array_foreach(segments_of(a), i, s) {
        json_t *other = json_array_get(segments_of(b), i);

        HOLD(on_hart(s) ? near(number_of(s, "took_ps"), number_of(other, "took_ps"))
                        : same(s, other, "took_ps"), "%s", text_of(s, "name"));
    }
    HOLD(near(number_of(a, "total_ps"), number_of(b, "total_ps")), "total");
}

/* A hart's segment is whole cycles, of 333 1/3 ps, but each of its ends a whole picosecond. */
#define ROUNDING_PS 1
/* The guest's scheduler calculates with the times that it sees: some instructions more or less. */
#define AFTER_WAKE_PS 10000

static bool within(int64_t d, int64_t slack_ps)
{
    return d <= slack_ps && d >= -slack_ps;
}

/* May a segment that is neither media nor controller nor idle have changed by d? */
static bool may_change(const json_t *segment, int64_t d)
{
    bool before = *text_of(segment, "step") < 'c';

    return on_hart(segment) ? within(d, before ? ROUNDING_PS : AFTER_WAKE_PS) : d == 0;
}

/* Slower media: the media and the controller take longer, the hart sleeps that much longer, and
 * nothing else changes. */
static void media(const json_t *a, const json_t *b)
{
    int64_t drive = 0, slept = 0, total = change(a, b, "total_ps");
    size_t i;
    json_t *s;

    hold_same_request(a, b);
    json_array_foreach(segments_of(a), i, s) {
        json_t *other = json_array_get(segments_of(b), i);
        int64_t d = change(s, other, "took_ps");

        if (is_context(s, "media") || is_context(s, "device"))
            drive += d;
        else if (is_context(s, "idle"))
            slept += d;
        else
            HOLD(may_change(s, d), "%s: %" PRId64 " ps", text_of(s, "name"), d);
    }
    HOLD(total > 1000000, "the other drive is as fast");
    HOLD(within(drive - total, AFTER_WAKE_PS) && within(slept - drive, 1000),
         "drive %" PRId64 ", idle %" PRId64 ", total %" PRId64, drive, slept, total);
    HOLD(change(a, b, "idle_ps") == slept && within(change(a, b, "busy_ps"), AFTER_WAKE_PS), "busy");
}

int main(int argc, char **argv)
{
    json_t *a = argc > 2 ? load(argv[2]) : NULL, *b = argc > 3 ? load(argv[3]) : NULL;

    if (argc == 3 && !strcmp(argv[1], "contract"))
        contract(a);
    else if (argc == 4 && !strcmp(argv[1], "seed"))
        seed(a, b);
    else if (argc == 4 && !strcmp(argv[1], "media"))
        media(a, b);
    else
        HOLD(argc < 0, "usage: explain_check contract FILE | seed A B | media A B");
    json_decref(a);
    json_decref(b);
    return complaints ? 1 : 0;
}
