/* SPDX-License-Identifier: Apache-2.0 */
/* --nic: a backend and its keys. */
#include "machine/config.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "base/text.h"
#include "dev/netgen.h"

#include <stdio.h>
#include <stdlib.h>

const char *const config_nic_names[] = {
    [NIC_USER] = "user", [NIC_TAP] = "tap", [NIC_PCAP] = "pcap",
    [NIC_PEER] = "peer", [NIC_GEN] = "gen", [NIC_NONE] = "none", NULL};

/* ---- keys ---- */

static int set_text(const char *key, char **text, const char *value, struct err *err)
{
    if (!*value)
        return err_set(err, "%s= needs a name", key);
    free(*text);
    *text = xstrdup(value);
    return 0;
}

static int set_flag(const char *key, bool *flag, const char *value, struct err *err)
{
    if (!value)
        *flag = true;
    else if (text_bool(value, flag))
        return err_set(err, "%s is on or off, not \"%s\"", key, value);
    return 0;
}

/* An address of one station: neither a group's nor nobody's. */
static int set_mac(struct nic_config *nic, const char *value, struct err *err)
{
    static const uint8_t nobody[6];
    uint8_t mac[6];
    size_t i = 0;

    for (; i < 6; i++, value += 2) {
        unsigned v = 0;

        for (unsigned n = 0; n < 2; n++) {
            const char *digits = "0123456789abcdef0123456789ABCDEF";
            const char *at = value[n] ? strchr(digits, value[n]) : NULL;

            if (!at)
                goto bad;
            v = v << 4 | ((unsigned)(at - digits) & 15);
        }
        mac[i] = (uint8_t)v;
        if (i < 5 && *(value++ + 2) != ':')
            goto bad;
    }
    if (*value || mac[0] & 1 || memcmp(mac, nobody, 6) == 0)
        goto bad;
    memcpy(nic->mac, mac, 6);
    return 0;
bad:
    return err_set(err, "mac is the address of a station, like 52:54:00:12:34:56");
}

static int set_speed(struct nic_config *nic, const char *value, struct err *err)
{
    uint64_t v;

    if (text_u64(value, &v) || (v != 10 && v != 1))
        return err_set(err, "speed is 10 or 1 (Gb/s), not \"%s\"", value);
    nic->speed = (unsigned)v;
    return 0;
}

static int set_record(struct nic_config *nic, const char *value, struct err *err)
{
    return set_text("record", &nic->record, value, err);
}

static int set_hostfwd(struct nic_config *nic, const char *value, struct err *err)
{
    if (nic->forwards == NETIF_FORWARDS_MAX)
        return err_set(err, "at most %d forwards", NETIF_FORWARDS_MAX);
    return netif_forward_parse(value, &nic->forward[nic->forwards++], err);
}

static int set_host(struct nic_config *nic, const char *value, struct err *err)
{
    return set_flag("host", &nic->host, value, err);
}

static int set_restrict(struct nic_config *nic, const char *value, struct err *err)
{
    return set_flag("restrict", &nic->restrict_, value, err);
}

static int set_ifname(struct nic_config *nic, const char *value, struct err *err)
{
    return set_text("ifname", &nic->interface, value, err);
}

static int set_in(struct nic_config *nic, const char *value, struct err *err)
{
    return set_text("in", &nic->in, value, err);
}

static int set_out(struct nic_config *nic, const char *value, struct err *err)
{
    return set_text("out", &nic->out, value, err);
}

static int set_start(struct nic_config *nic, const char *value, struct err *err)
{
    if (text_time_ps(value, &nic->start_ps))
        return err_set(err, "start is a time, like 10s, not \"%s\"", value);
    nic->start_given = true;
    return 0;
}

/* A decimal number: "2", "0.5", to a millionth. */
static int set_scale(struct nic_config *nic, const char *value, struct err *err)
{
    const char *p = value;
    uint64_t v = 0;
    bool digits = false;

    for (; *p >= '0' && *p <= '9' && v < 1000000; p++, digits = true)
        v = v * 10 + (uint64_t)(*p - '0');
    v *= NETIF_SCALE_ONE;
    if (*p == '.')
        for (uint64_t place = NETIF_SCALE_ONE / 10; *++p >= '0' && *p <= '9'; place /= 10) {
            v += (uint64_t)(*p - '0') * place;
            digits = true;
        }
    if (*p || !digits)
        return err_set(err, "scale is a number up to 1000000, like 0.5, not \"%s\"", value);
    nic->scale = v;
    return 0;
}

static int set_report(struct nic_config *nic, const char *value, struct err *err)
{
    return set_text("report", &nic->report, value, err);
}

/* The generator's own address; "mac" is the NIC's, with every backend. */
#define GENERATOR_MAC "genmac"

static int set_generator_mac(struct nic_config *nic, const char *value, struct err *err)
{
    return netgen_config_set(nic->gen, "mac", value, err);
}

#define ALL (~0u)
#define ONLY(backend) (1u << (backend))

static const struct key {
    const char *name;
    unsigned backends;
    bool flag; /* needs no value */
    int (*set)(struct nic_config *nic, const char *value, struct err *err);
} keys[] = {
    {"mac", ALL, false, set_mac},
    {"speed", ALL, false, set_speed},
    {"record", ALL, false, set_record},
    {"hostfwd", ONLY(NIC_USER), false, set_hostfwd},
    {"host", ONLY(NIC_USER), true, set_host},
    {"restrict", ONLY(NIC_USER), true, set_restrict},
    {"ifname", ONLY(NIC_TAP), false, set_ifname},
    {"in", ONLY(NIC_PCAP), false, set_in},
    {"out", ONLY(NIC_PCAP), false, set_out},
    {"start", ONLY(NIC_PCAP), false, set_start},
    {"scale", ONLY(NIC_PCAP), false, set_scale},
    {"report", ONLY(NIC_GEN), false, set_report},
    {GENERATOR_MAC, ONLY(NIC_GEN), false, set_generator_mac},
};

static int unknown_key(const struct nic_config *nic, const char *name, struct err *err)
{
    const char *backend = config_nic_names[nic->backend];
    struct text_near near = {name, NULL, 0};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (keys[i].backends & 1u << nic->backend)
            text_near_try(&near, keys[i].name);
        for (unsigned b = 0; strcmp(keys[i].name, name) == 0 && b < NIC_BACKENDS; b++)
            if (keys[i].backends == ONLY(b))
                return err_set(err, "%s= is a key of %s, not of %s", name, config_nic_names[b],
                               backend);
    }
    if (text_near_get(&near))
        return err_set(err, "unknown key \"%s\" of %s: did you mean %s?", name, backend, near.best);
    return err_set(err, "unknown key \"%s\" of %s (doorbell run --help lists them; a comma in a "
                   "file name is written ,,)", name, backend);
}

static int nic_key(struct nic_config *nic, const char *name, const char *value, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (strcmp(keys[i].name, name) || !(keys[i].backends & 1u << nic->backend))
            continue;
        if (!value && !keys[i].flag)
            return err_set(err, "%s needs a value: %s=...", name, name);
        return keys[i].set(nic, value, err);
    }
    if (nic->backend != NIC_GEN)
        return unknown_key(nic, name, err);
    if (!value && (strcmp(name, "stop") == 0 || strcmp(name, "remac") == 0))
        value = "on";
    if (!value)
        return err_set(err, "%s needs a value: %s=...", name, name);
    return netgen_config_set(nic->gen, name, value, err);
}

/* ---- the option ---- */

static int set_backend(struct nic_config *nic, const char *name, struct err *err)
{
    struct text_near near = {name, NULL, 0};

    for (unsigned i = 0; config_nic_names[i]; i++) {
        if (strcmp(config_nic_names[i], name) == 0) {
            nic->backend = i;
            return 0;
        }
        text_near_try(&near, config_nic_names[i]);
    }
    if (text_near_get(&near))
        return err_set(err, "unknown backend \"%s\": did you mean %s?", name, near.best);
    return err_set(err, "unknown backend \"%s\": user, tap, pcap, peer, gen and none are there",
                   name);
}

/* 52:54:00:12:34:56 for the first, as on QEMU; the other machine's are 16 further. */
static void default_mac(struct nic_config *nic, unsigned n, unsigned second)
{
    static const uint8_t first[6] = {0x52, 0x54, 0x00, 0x12, 0x34, 0x56};

    memcpy(nic->mac, first, sizeof first);
    nic->mac[5] = (uint8_t)(nic->mac[5] + n + 16 * second);
}

int config_add_nic(void *config_ptr, const char *value, struct err *err)
{
    struct board_config *config = config_ptr;
    struct nic_config *nic = &config->nic[config->nics];
    const char *list = value;
    char *item;
    int result;

    if (strcmp(value, "help") == 0) {
        config->nic_help = true;
        return 0;
    }
    if (config->nics == CONFIG_NICS_MAX)
        return err_set(err, "at most %u controllers", CONFIG_NICS_MAX);
    *nic = (struct nic_config){.speed = 10, .scale = NETIF_SCALE_ONE};
    default_mac(nic, config->nics, config->second);
    config->nics++;
    item = text_item(&list);
    result = set_backend(nic, item ? item : "", err);
    free(item);
    if (!result && nic->backend == NIC_GEN) {
        nic->gen = xcalloc(1, sizeof *nic->gen);
        netgen_config_init(nic->gen);
    }
    while (!result && (item = text_item(&list))) {
        char *text = text_split(item, '=');

        result = nic_key(nic, item, text, err);
        free(item);
    }
    return result;
}

void config_fini_nics(struct board_config *config)
{
    for (unsigned i = 0; i < config->nics; i++) {
        struct nic_config *nic = &config->nic[i];

        free(nic->record);
        free(nic->interface);
        free(nic->in);
        free(nic->out);
        free(nic->report);
        if (nic->gen)
            netgen_config_fini(nic->gen);
        free(nic->gen);
    }
    config->nics = 0;
}

static int check_nic(const struct board_config *config, unsigned n, struct err *err)
{
    const struct nic_config *nic = &config->nic[n];

    if (nic->backend == NIC_TAP && !nic->interface)
        return err_set(err, "--nic tap needs ifname=NAME");
    if (nic->backend == NIC_PCAP && !nic->in && !nic->out)
        return err_set(err, "--nic pcap needs in=FILE or out=FILE");
    if (nic->restrict_ && nic->host)
        return err_set(err, "--nic user: restrict cannot be combined with host");
    for (unsigned i = 0; i < n; i++)
        if (memcmp(config->nic[i].mac, nic->mac, 6) == 0)
            return err_set(err, "--nic: two controllers have the same mac=");
    return 0;
}

int config_check_nics(const struct board_config *config, struct err *err)
{
    unsigned peers = 0;

    for (unsigned i = 0; i < config->nics; i++) {
        if (check_nic(config, i, err))
            return -1;
        peers += config->nic[i].backend == NIC_PEER;
    }
    if (peers > 1)
        return err_set(err, "--nic peer: one of a machine's controllers can lead to the other one");
    return 0;
}
