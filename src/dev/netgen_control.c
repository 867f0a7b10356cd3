/* SPDX-License-Identifier: Apache-2.0 */
/* Orders from the guest: one in a datagram, as text; the answer is another datagram.
 *
 *     start [RATE [SIZE [COUNT [FLOWS [ARRIVALS]]]]] [key=value ...]   -> "ok N", the run's number
 *     stop                                                             -> "ok"
 *     stats                                                            -> a line of JSON
 *     reset     (what was counted of the guest's frames)               -> "ok"
 *     anything else                                                    -> "error: why"
 *
 * The guest is hostile: only keys of what is sent are its to set (NETGEN_STREAM), each within the
 * bounds that the command line has. */
#include "dev/netgen_impl.h"

#include <inttypes.h>
#include <stdlib.h>

#define ORDER_BYTES_MAX 512

static bool is_stream_key(const char *key)
{
    for (unsigned i = 0; netgen_keys[i].name; i++)
        if (strcmp(key, netgen_keys[i].name) == 0)
            return netgen_keys[i].scope == NETGEN_STREAM;
    return true; /* netgen_config_set says what is wrong with it */
}

/* One word of a start order: key=value, or the value of the `*place`-th key by position. */
static int start_word(struct netgen_config *config, char *word, unsigned *place, struct err *err)
{
    static const char *const by_place[] = {"rate", "size", "count", "flows", "arrivals"};
    char *value = strchr(word, '=');

    if (value) {
        *value++ = 0;
        if (!is_stream_key(word))
            return err_set(err, "%.40s is not the guest's to set", word);
        return netgen_config_set(config, word, value, err);
    }
    if (*place >= ARRAY_LEN(by_place))
        return err_set(err, "\"%.40s\" is one word too many", word);
    return netgen_config_set(config, by_place[(*place)++], word, err);
}

static int start(struct netgen *g, char *rest, struct err *err)
{
    struct netgen_config config = g->config;
    unsigned place = 0;

    for (char *word = strtok_r(rest, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (start_word(&config, word, &place, err))
            return -1;
    if (netgen_stream_check(&config.stream, err))
        return -1;
    netgen_start(g, &config.stream);
    return 0;
}

static void stats(const struct netgen *g, char *answer, size_t size)
{
    json_t *report = netgen_report_short(g);
    char *text = json_dumps(report, JSON_COMPACT);

    if (text && strlen(text) + 2 <= size)
        snprintf(answer, size, "%s\n", text);
    else
        snprintf(answer, size, "error: the report does not fit\n");
    free(text);
    json_decref(report);
}

void netgen_order(struct netgen *g, const uint8_t *order, uint32_t len, char *answer, size_t size)
{
    char text[ORDER_BYTES_MAX + 1], *rest = text, *verb;
    struct err err = {""};

    snprintf(answer, size, "ok\n");
    g->sink.orders++;
    if (len > ORDER_BYTES_MAX) {
        err_set(&err, "an order has at most %d bytes", ORDER_BYTES_MAX);
        goto refused;
    }
    for (uint32_t i = 0; i < len; i++) {
        bool space = order[i] == '\n' || order[i] == '\r' || order[i] == '\t' || order[i] == 0;

        if (!space && (order[i] < ' ' || order[i] > '~')) {
            err_set(&err, "byte %u is not text", i);
            goto refused;
        }
        text[i] = space ? ' ' : (char)order[i];
    }
    text[len] = 0;
    verb = strtok_r(text, " ", &rest);
    if (verb && strcmp(verb, "start") == 0) {
        if (start(g, rest, &err))
            goto refused;
        snprintf(answer, size, "ok %" PRIu32 "\n", g->run.number);
        return;
    }
    if (verb && strtok_r(NULL, " ", &rest)) {
        err_set(&err, "%.20s takes no arguments", verb);
        goto refused;
    }
    if (verb && strcmp(verb, "stats") == 0) {
        stats(g, answer, size);
    } else if (verb && strcmp(verb, "stop") == 0) {
        netgen_stop(g);
        netgen_settle(g);
    } else if (verb && strcmp(verb, "reset") == 0) {
        netgen_clear_sink(g);
    } else {
        err_set(&err, "orders are start, stop, stats and reset");
        goto refused;
    }
    return;
refused:
    g->sink.bad_orders++;
    snprintf(answer, size, "error: %s\n", err.text);
}
