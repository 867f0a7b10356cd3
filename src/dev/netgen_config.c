/* SPDX-License-Identifier: Apache-2.0 */
#include "dev/netgen.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "base/text.h"

#include <stdlib.h>

#define RATE_MAX UINT64_C(1000000000000) /* frames or bits a second: a picosecond each */
#define COUNT_MAX UINT64_MAX
#define TIME_MAX (PS_PER_S * 1000000)

/* ---- values ---- */

static int bad(struct err *err, const char *value, const char *wanted)
{
    return err_set(err, "\"%.100s\" is not %s", value, wanted);
}

/* "10", "0x88b5", "1k", "2M", "1G" (decimal). */
static int number(const char *value, uint64_t min, uint64_t max, uint64_t *out, struct err *err)
{
    static const char suffix[] = "kMG";
    size_t len = strlen(value);
    const char *unit = len ? strchr(suffix, value[len - 1]) : NULL;
    uint64_t scale = 1, v;
    char digits[24];

    for (long i = unit && *unit ? unit - suffix + 1 : 0; i > 0; i--)
        scale *= 1000;
    len -= scale > 1;
    if (len == 0 || len >= sizeof digits)
        return bad(err, value, "a number");
    memcpy(digits, value, len);
    digits[len] = 0;
    if (text_u64(digits, &v) || v > UINT64_MAX / scale)
        return bad(err, value, "a number");
    v *= scale;
    if (v < min || v > max)
        return err_set(err, "\"%.100s\" is out of range: %llu to %llu", value,
                       (unsigned long long)min, (unsigned long long)max);
    *out = v;
    return 0;
}

static int number32(const char *value, uint64_t min, uint64_t max, uint32_t *out, struct err *err)
{
    uint64_t v = 0;

    if (number(value, min, max, &v, err))
        return -1;
    *out = (uint32_t)v;
    return 0;
}

static int number16(const char *value, uint64_t min, uint16_t *out, struct err *err)
{
    uint64_t v = 0;

    if (number(value, min, UINT16_MAX, &v, err))
        return -1;
    *out = (uint16_t)v;
    return 0;
}

static int duration(const char *value, uint64_t *out, struct err *err)
{
    uint64_t v = 0;

    if (text_time_ps(value, &v) || v > TIME_MAX)
        return bad(err, value, "a time such as 100us (at most 1000000s)");
    *out = v;
    return 0;
}

static int boolean(const char *value, bool *out, struct err *err)
{
    return text_bool(value, out) ? bad(err, value, "on or off") : 0;
}

/* The place of `value` in a list that ends with NULL. */
static int word(const char *value, const char *const *words, const char *wanted, uint32_t *out,
                struct err *err)
{
    for (uint32_t i = 0; words[i]; i++)
        if (strcmp(value, words[i]) == 0) {
            *out = i;
            return 0;
        }
    return bad(err, value, wanted);
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at;

    at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static int mac_address(const char *value, uint8_t mac[6], struct err *err)
{
    uint8_t m[6];

    for (unsigned i = 0; i < 6; i++) {
        int hi = hex_digit(value[0]), lo = hi < 0 ? -1 : hex_digit(value[1]);

        if (hi < 0 || lo < 0 || value[2] != (i < 5 ? ':' : '\0'))
            return bad(err, value, "an address such as 02:00:00:00:00:01");
        m[i] = (uint8_t)(hi << 4 | lo);
        value += i < 5 ? 3 : 2;
    }
    if (m[0] & 1)
        return err_set(err, "it is a group's address: its first byte is odd");
    memcpy(mac, m, 6);
    return 0;
}

static int ip_address(const char *value, uint32_t *out, struct err *err)
{
    const char *p = value;
    uint32_t ip = 0;

    for (unsigned i = 0; i < 4; i++) {
        unsigned part = 0, digits = 0;

        for (; *p >= '0' && *p <= '9' && digits < 4; p++, digits++)
            part = part * 10 + (unsigned)(*p - '0');
        if (!digits || part > 255 || *p++ != (i < 3 ? '.' : '\0'))
            return bad(err, value, "an address such as 10.0.0.1");
        ip = ip << 8 | part;
    }
    *out = ip;
    return 0;
}

/* digits[.digits] as a whole number of `scale`ths; *rest is what follows.  -1: no number, no whole
 * one, or too large. */
static int decimal(const char *value, uint64_t scale, uint64_t *out, const char **rest)
{
    uint64_t whole = 0, part = 0, part_scale = 1;
    const char *p = value;

    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(whole, 10, &whole) ||
            __builtin_add_overflow(whole, (uint64_t)(*p - '0'), &whole))
            return -1;
    if (p == value)
        return -1;
    if (*p == '.')
        for (p++; *p >= '0' && *p <= '9'; p++, part_scale *= 10) {
            if (part_scale >= UINT64_C(1000000000000))
                return -1;
            part = part * 10 + (uint64_t)(*p - '0');
        }
    *rest = p;
    if ((u128)part * scale % part_scale || (u128)whole * scale > UINT64_MAX / 2)
        return -1;
    *out = whole * scale + muldiv(part, scale, part_scale);
    return 0;
}

/* ---- keys ---- */

static int set_rate(struct netgen_config *c, const char *value, struct err *err)
{
    static const char wanted[] = "a rate: line, 50%, 1.5M (frames a second) or 2.5Gbit";
    static const struct {
        const char *unit;
        uint64_t scale;
        enum netgen_rate kind;
    } units[] = {
        {"%", 10000, NETGEN_PART}, {"", 1, NETGEN_PER_SECOND}, {"k", 1000, NETGEN_PER_SECOND},
        {"M", 1000000, NETGEN_PER_SECOND}, {"G", 1000000000, NETGEN_PER_SECOND},
        {"bit", 1, NETGEN_BITS}, {"kbit", 1000, NETGEN_BITS}, {"Mbit", 1000000, NETGEN_BITS},
        {"Gbit", 1000000000, NETGEN_BITS},
    };
    const char *unit = value + strspn(value, "0123456789."), *rest;
    uint64_t v = 0;

    if (strcmp(value, "line") == 0) {
        c->stream.rate_kind = NETGEN_LINE;
        c->stream.rate = 0;
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (strcmp(unit, units[i].unit))
            continue;
        if (decimal(value, units[i].scale, &v, &rest) || rest != unit || v == 0 || v > RATE_MAX ||
            (units[i].kind == NETGEN_PART && v > 1000000))
            return bad(err, value, wanted);
        c->stream.rate_kind = units[i].kind;
        c->stream.rate = v;
        return 0;
    }
    return bad(err, value, wanted);
}

static int set_arrivals(struct netgen_config *c, const char *value, struct err *err)
{
    static const char *const words[] = {"constant", "poisson", "burst", NULL};

    return word(value, words, "constant, poisson or burst", &c->stream.arrivals, err);
}

static int set_burst(struct netgen_config *c, const char *value, struct err *err)
{
    return number(value, 1, 1000000, &c->stream.burst, err);
}

static int set_gap(struct netgen_config *c, const char *value, struct err *err)
{
    return duration(value, &c->stream.gap_ps, err);
}

static int set_size(struct netgen_config *c, const char *value, struct err *err)
{
    const char *dash = strchr(value, '-');
    uint32_t min, max;
    char first[24];

    if (strcmp(value, "imix") == 0) {
        c->stream.sizes = NETGEN_IMIX;
        return 0;
    }
    if (!dash) {
        if (number32(value, NETGEN_SIZE_MIN, NETGEN_SIZE_MAX, &min, err))
            return -1;
        max = min;
    } else {
        snprintf(first, sizeof first, "%.*s", (int)(dash - value), value);
        if (number32(first, NETGEN_SIZE_MIN, NETGEN_SIZE_MAX, &min, err) ||
            number32(dash + 1, min, NETGEN_SIZE_MAX, &max, err))
            return -1;
    }
    c->stream.sizes = NETGEN_UNIFORM;
    c->stream.size_min = min;
    c->stream.size_max = max;
    return 0;
}

static int set_flows(struct netgen_config *c, const char *value, struct err *err)
{
    return number32(value, 1, NETGEN_FLOWS_MAX, &c->stream.flows, err);
}

static int set_hosts(struct netgen_config *c, const char *value, struct err *err)
{
    return number32(value, 1, NETGEN_HOSTS_MAX, &c->stream.hosts, err);
}

static int set_window(struct netgen_config *c, const char *value, struct err *err)
{
    return number32(value, 0, NETGEN_WINDOW_MAX, &c->stream.window, err);
}

static int set_timeout(struct netgen_config *c, const char *value, struct err *err)
{
    uint64_t v = 0;

    if (duration(value, &v, err))
        return -1;
    if (!v)
        return bad(err, value, "longer than 0");
    c->stream.timeout_ps = v;
    return 0;
}

static int set_count(struct netgen_config *c, const char *value, struct err *err)
{
    return number(value, 0, COUNT_MAX, &c->stream.count, err);
}

static int set_duration(struct netgen_config *c, const char *value, struct err *err)
{
    return duration(value, &c->stream.duration_ps, err);
}

static int set_proto(struct netgen_config *c, const char *value, struct err *err)
{
    static const char *const words[] = {"udp", "icmp", "raw", NULL};
    uint32_t v = 0;

    if (word(value, words, "udp, icmp or raw", &v, err))
        return -1;
    c->stream.proto = (uint16_t)v;
    return 0;
}

static int set_port(struct netgen_config *c, const char *value, struct err *err)
{
    return number16(value, 1, &c->stream.port, err);
}

static int set_sourceport(struct netgen_config *c, const char *value, struct err *err)
{
    return number16(value, 1, &c->stream.source_port, err);
}

static int set_ethertype(struct netgen_config *c, const char *value, struct err *err)
{
    return number16(value, 0x600, &c->stream.ethertype, err);
}

static int set_checksum(struct netgen_config *c, const char *value, struct err *err)
{
    bool on = false;

    if (boolean(value, &on, err))
        return -1;
    c->stream.checksum = on;
    return 0;
}

static int set_start(struct netgen_config *c, const char *value, struct err *err)
{
    static const char *const words[] = {"guest", "link", NULL};
    uint32_t v = 0;

    if (strcmp(value, "control") == 0) {
        c->start = NETGEN_AT_CONTROL;
    } else if (value[0] >= '0' && value[0] <= '9') {
        if (duration(value, &c->start_ps, err))
            return -1;
        c->start = NETGEN_AT_TIME;
    } else {
        if (word(value, words, "guest, link, control or a time", &v, err))
            return -1;
        c->start = v;
    }
    return 0;
}

static int set_delay(struct netgen_config *c, const char *value, struct err *err)
{
    return duration(value, &c->start_ps, err);
}

static int set_settle(struct netgen_config *c, const char *value, struct err *err)
{
    return duration(value, &c->settle_ps, err);
}

static int set_stop(struct netgen_config *c, const char *value, struct err *err)
{
    return boolean(value, &c->stop, err);
}

static int set_mac(struct netgen_config *c, const char *value, struct err *err)
{
    return mac_address(value, c->mac, err);
}

static int set_ip(struct netgen_config *c, const char *value, struct err *err)
{
    return ip_address(value, &c->ip, err);
}

static int set_guestmac(struct netgen_config *c, const char *value, struct err *err)
{
    return mac_address(value, c->guest_mac, err);
}

static int set_guest(struct netgen_config *c, const char *value, struct err *err)
{
    return ip_address(value, &c->guest_ip, err);
}

static int set_control(struct netgen_config *c, const char *value, struct err *err)
{
    return number16(value, 0, &c->control_port, err);
}

static int set_pause(struct netgen_config *c, const char *value, struct err *err)
{
    return boolean(value, &c->pause, err);
}

static int set_file(struct netgen_config *c, const char *value, struct err *err)
{
    if (!*value)
        return err_set(err, "the name of a capture is missing");
    free(c->file);
    c->file = xstrdup(value);
    c->stream.arrivals = NETGEN_RECORDED;
    return 0;
}

static int set_remac(struct netgen_config *c, const char *value, struct err *err)
{
    return boolean(value, &c->remac, err);
}

/* ---- the tables ---- */

#define KEY_ROW(name, scope, values, doc) {#name, NETGEN_##scope, values, doc},
const struct netgen_key netgen_keys[] = {NETGEN_KEYS(KEY_ROW){0}};

#define KEY_SETTER(name, scope, values, doc) set_##name,
static int (*const setter[])(struct netgen_config *, const char *,
                             struct err *) = {NETGEN_KEYS(KEY_SETTER)};

int netgen_config_set(struct netgen_config *config, const char *key, const char *value,
                      struct err *err)
{
    struct text_near near = {.word = key};
    const char *best;

    for (unsigned i = 0; netgen_keys[i].name; i++) {
        if (strcmp(key, netgen_keys[i].name) == 0)
            return setter[i](config, value, err) ? err_prefix(err, "%s", key) : 0;
        text_near_try(&near, netgen_keys[i].name);
    }
    best = text_near_get(&near);
    return best ? err_set(err, "%.40s: the generator has no such key: did you mean %s?", key, best)
                : err_set(err, "%.40s: the generator has no such key", key);
}

void netgen_config_init(struct netgen_config *config)
{
    *config = (struct netgen_config){
        .stream = {
            .rate_kind = NETGEN_LINE, .burst = 32, .size_min = NETGEN_SIZE_MIN,
            .size_max = NETGEN_SIZE_MIN, .flows = 1, .hosts = 1,
            .timeout_ps = 100 * 1000 * PS_PER_US, .proto = NETGEN_UDP, .port = 9,
            .source_port = 10000, .ethertype = 0x88b5 /* IEEE 802, local experiments */,
            .checksum = 1,
        },
        .start = NETGEN_AT_GUEST,
        .mac = {2, 0, 0, 0, 0, 1},
        .ip = 0x0a000001, .guest_ip = 0x0a000002,
        .control_port = 7000,
        .settle_ps = 10 * 1000 * PS_PER_US,
        .pause = true,
        .remac = true,
    };
}

void netgen_config_fini(struct netgen_config *config)
{
    free(config->file);
    config->file = NULL;
}

int netgen_stream_check(const struct netgen_stream *s, struct err *err)
{
    if (s->arrivals == NETGEN_POISSON && s->rate_kind == NETGEN_LINE)
        return err_set(err, "arrivals=poisson needs a rate below the line's");
    if (s->window && s->arrivals == NETGEN_RECORDED)
        return err_set(err, "window: recorded frames have no replies");
    if ((uint32_t)s->source_port + s->flows > 0x10000)
        return err_set(err, "sourceport and flows: ports end at 65535");
    return 0;
}

int netgen_config_check(const struct netgen_config *config, struct err *err)
{
    if (config->stream.arrivals == NETGEN_RECORDED && !config->next)
        return err_set(err, "no capture is open");
    if (config->ip == config->guest_ip)
        return err_set(err, "ip and guest are the same address");
    return netgen_stream_check(&config->stream, err);
}
