/* SPDX-License-Identifier: Apache-2.0 */
/* Holds outputs of `doorbell explain receive|send --json` to what is promised of schema
 * doorbell.explain-net/1.
 *
 *     explain_net_check contract FILE         every field, and the sums
 *     explain_net_check has FILE NAME...      stages or totals that are there
 *     explain_net_check lacks FILE NAME...    and that are not
 *     explain_net_check below A B NAME        NAME's median in A is below that in B
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

#define HOLD(cond, ...) \
    do { \
        if (!(cond)) { \
            printf("not so: %s: ", #cond); \
            printf("" __VA_ARGS__); \
            printf("\n"); \
            complaints++; \
        } \
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

static int64_t number_of(const json_t *object, const char *key)
{
    const json_t *n = json_object_get(object, key);

    HOLD(json_is_integer(n) && json_integer_value(n) >= 0, "%s", key);
    return json_integer_value(n);
}

static bool one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(word, *words))
        words++;
    return *words;
}

/* ---- contract ---- */

static void hold_packet(const json_t *packet)
{
    static const char *const contexts[] = {"user", "kernel", "irq", "softirq", "idle", "wire",
                                           "device", "link", NULL};
    int64_t at = 0, total = number_of(packet, "total_ps");
    const json_t *s;
    size_t i;

    HOLD(number_of(packet, "number") > 0 && number_of(packet, "bytes") >= 60, "packet");
    json_array_foreach(json_object_get(packet, "segments"), i, s) {
        int64_t start = number_of(s, "start_ps"), took = number_of(s, "took_ps");
        const char *name = text_of(s, "name"), *lane = text_of(s, "lane");

        HOLD(one_of(text_of(s, "context"), contexts), "%s", name);
        HOLD(!strncmp(lane, "hart", 4) || !strcmp(lane, "wire") || !strcmp(lane, "nic") ||
             !strcmp(lane, "link"), "%s: lane %s", name, lane);
        if (!json_is_true(json_object_get(s, "critical")))
            continue;
        HOLD(start == at, "%s: the critical path is at %" PRId64, name, at);
        HOLD(strlen(text_of(s, "step")) == 1, "%s", name);
        at += took;
    }
    HOLD(at == total && total > 0, "%" PRId64 " of %" PRId64, at, total);
}

static void hold_percentiles(const json_t *list, int64_t finished)
{
    static const char *const keys[] = {"min_ps", "p50_ps", "p90_ps", "p99_ps", "p999_ps",
                                       "max_ps"};
    const json_t *s;
    size_t i;

    HOLD(json_array_size(list) > 0, "none");
    json_array_foreach(list, i, s) {
        int64_t before = 0, n = number_of(s, "packets");
        const char *name = text_of(s, "name");

        HOLD(n > 0 && n <= finished, "%s", name);
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            int64_t v = number_of(s, keys[k]);
            HOLD(v >= before, "%s: %s", name, keys[k]);
            before = v;
        }
        HOLD(number_of(s, "mean_ps") <= before, "%s", name);
    }
}

/* All that arrived is somewhere; each hart's time is parted without rest. */
static void hold_window(const json_t *w)
{
    static const char *const parts[] = {"user_ps", "kernel_ps", "irq_ps", "softirq_ps", "idle_ps"};
    const json_t *drops = json_object_get(w, "dropped"), *hart, *n;
    int64_t took = number_of(w, "took_ps"), sum = number_of(w, "finished");
    const char *reason;
    size_t i;

    json_object_foreach((json_t *)(uintptr_t)drops, reason, n)
        sum += number_of(drops, reason);
    sum += number_of(w, "under_way") + number_of(w, "otherwise");
    HOLD(sum == number_of(w, "arrived"), "%" PRId64, sum);
    json_array_foreach(json_object_get(w, "harts"), i, hart) {
        int64_t spent = 0;

        for (size_t k = 0; k < sizeof parts / sizeof parts[0]; k++)
            spent += number_of(hart, parts[k]);
        /* A hart is told of after its last record only until the next one. */
        HOLD(spent <= took && spent >= took - 1000000, "hart %zu: %" PRId64 " of %" PRId64, i, spent,
             took);
    }
    HOLD(i > 0, "harts");
}

static void contract(const json_t *j)
{
    const json_t *window = json_object_get(j, "window"), *run = json_object_get(j, "run");
    int64_t finished = number_of(window, "finished");

    HOLD(!strcmp(text_of(j, "schema"), "doorbell.explain-net/1"), "schema");
    text_of(run, "id");
    number_of(run, "seed");
    HOLD(strchr(text_of(json_object_get(j, "guest"), "kernel"), '.'), "guest.kernel");
    HOLD(!strcmp(text_of(json_object_get(j, "request"), "what"), text_of(j, "direction")), "what");
    text_of(json_object_get(j, "request"), "how");
    HOLD(finished > 0, "none");
    hold_packet(json_object_get(j, "packet"));
    hold_percentiles(json_object_get(j, "stages"), finished);
    hold_percentiles(json_object_get(j, "totals"), finished);
    hold_window(window);
    HOLD(json_is_array(json_object_get(j, "notes")) &&
         json_array_size(json_object_get(j, "notes")) == 0, "notes");
}

/* ---- rows ---- */

static const json_t *row(const json_t *j, const char *name)
{
    static const char *const lists[] = {"stages", "totals"};
    const json_t *s;
    size_t i;

    for (unsigned l = 0; l < 2; l++)
        json_array_foreach(json_object_get(j, lists[l]), i, s)
            if (!strcmp(text_of(s, "name"), name))
                return s;
    return NULL;
}

int main(int argc, char **argv)
{
    json_t *a = argc > 2 ? load(argv[2]) : NULL, *b = NULL;

    if (argc == 3 && !strcmp(argv[1], "contract")) {
        contract(a);
    } else if (argc > 3 && (!strcmp(argv[1], "has") || !strcmp(argv[1], "lacks"))) {
        for (int i = 3; i < argc; i++)
            HOLD(!row(a, argv[i]) == !strcmp(argv[1], "lacks"), "%s", argv[i]);
    } else if (argc == 5 && !strcmp(argv[1], "below")) {
        b = load(argv[3]);
        HOLD(row(a, argv[4]) && row(b, argv[4]) &&
             number_of(row(a, argv[4]), "p50_ps") < number_of(row(b, argv[4]), "p50_ps"), "%s",
             argv[4]);
    } else {
        HOLD(argc < 0, "usage: explain_net_check contract FILE | has|lacks FILE NAME... | "
                       "below A B NAME");
    }
    json_decref(a);
    json_decref(b);
    return complaints ? 1 : 0;
}
