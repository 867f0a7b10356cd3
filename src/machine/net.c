/* SPDX-License-Identifier: Apache-2.0 */
#include "machine/net.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "host/file.h"
#include "machine/board.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- captures ---- */

void nic_record(struct nic *nic, enum wire_side from, const struct frame *frame)
{
    if (nic->record)
        pcap_write(nic->record, frame->arrives / PS_PER_NS, frame->bytes, frame->len,
                   from == WIRE_NIC ? PCAP_SENT : PCAP_RECEIVED, frame->flags & FRAME_BAD_FCS);
}

static void watch(void *ctx, enum wire_side from, const struct frame *frame)
{
    nic_record(ctx, from, frame);
}

/* ---- between a wire and a backend ---- */

static void to_host(void *owner, const struct frame *frame)
{
    struct nic *nic = owner;

    /* A MAC throws away what has a bad check sequence. */
    if (!(frame->flags & FRAME_BAD_FCS))
        netif_send(nic->netif, frame->bytes, frame->len);
}

static void from_host(void *ctx, const uint8_t *frame, uint32_t len)
{
    struct nic *nic = ctx;

    wire_send(&nic->wire, WIRE_STATION, frame, len, nic->machine->clock.now, NULL);
}

/* With the link down there is room for all: frames are lost then, as with a cable that is out. */
static bool room(void *ctx, uint32_t bytes)
{
    struct nic *nic = ctx;

    if (!wire_up(&nic->wire))
        return true;
    return nic->wire.way[WIRE_STATION].used + bytes <= WIRE_RING_BYTES &&
           wire_room(&nic->wire, WIRE_STATION, (uint32_t)u64_min(bytes, FRAME_BYTES_MAX));
}

static void link_changed(void *ctx, bool up)
{
    struct nic *nic = ctx;

    if (nic->netif->class->link)
        nic->netif->class->link(nic->netif, up);
}

static struct netif *open_backend(struct nic *nic, struct err *err)
{
    const struct nic_config *c = nic->config;
    struct netif_env env = {nic->name, &nic->machine->clock, from_host, room, nic};
    struct netif_user_config user = {.host = c->host, .restrict_ = c->restrict_,
                                     .forward = c->forward, .forwards = c->forwards};
    struct netif_pcap_config pcap = {.in = c->in, .out = c->out, .start_given = c->start_given,
                                     .start_ps = c->start_ps, .scale = c->scale};

    switch (c->backend) {
    case NIC_USER: return netif_user_open(&env, &user, err);
    case NIC_TAP: return netif_tap_open(&env, c->interface, err);
    default: return netif_pcap_open(&env, &pcap, err);
    }
}

static bool on_host(unsigned backend)
{
    return backend == NIC_USER || backend == NIC_TAP || backend == NIC_PCAP;
}

static int open_nic(struct nic *nic, struct err *err)
{
    const struct nic_config *c = nic->config;

    if (c->record && !(nic->record = pcap_create(c->record, nic->name, err)))
        return -1;
    if (nic->record) {
        nic->wire.watch = watch;
        nic->wire.watch_ctx = nic;
    }
    if (!on_host(c->backend))
        return 0;
    nic->netif = open_backend(nic, err);
    if (!nic->netif)
        return -1;
    wire_attach(&nic->wire, WIRE_STATION, to_host, nic);
    nic->wire.state_changed = link_changed;
    nic->wire.state_ctx = nic;
    return 0;
}

int net_open(struct machine *m, struct err *err)
{
    for (unsigned i = 0; i < m->config->nics && !m->config->offline; i++)
        if (open_nic(&m->nic[i], err))
            return err_prefix(err, "--nic %s", config_nic_names[m->config->nic[i].backend]);
    m->net_open = !m->config->offline;
    return 0;
}

/* ---- polling ---- */

size_t net_prepare(struct machine *m, struct pollset *set)
{
    size_t before = set->count;

    for (unsigned i = 0; i < m->config->nics; i++) {
        struct netif *n = m->nic[i].netif;

        if (n && n->class->prepare)
            n->class->prepare(n, set);
    }
    return set->count - before;
}

void net_done(struct machine *m, const struct pollset *set)
{
    m->clock.cause = 0; /* what the host sends has none here */
    for (unsigned i = 0; i < m->config->nics; i++) {
        struct netif *n = m->nic[i].netif;

        if (n && n->class->done)
            n->class->done(n, set);
    }
}

/* ---- the generator ---- */

static bool next_recorded(void *ctx, ps_t *at_ps, const uint8_t **bytes, uint32_t *len)
{
    struct nic *nic = ctx;
    struct pcap_frame f;
    struct err err;
    int got;

    while ((got = pcap_next(nic->recording, &f, &err)) > 0) {
        if (!nic->recording_begun)
            nic->recording_from_ns = nic->recording_at_ns = f.time_ns;
        nic->recording_begun = true;
        nic->recording_at_ns = u64_max(nic->recording_at_ns, f.time_ns);
        if (!f.original || f.original > FRAME_BYTES_MAX)
            continue; /* joined by a host before it was recorded */
        /* What the capture did not keep of a frame is zeroes. */
        memcpy(nic->recorded, f.bytes, f.len);
        memset(nic->recorded + f.len, 0, f.original - f.len);
        *at_ps = (nic->recording_at_ns - nic->recording_from_ns) * PS_PER_NS;
        *bytes = nic->recorded;
        *len = f.original;
        return true;
    }
    if (got < 0)
        log_line("%s: %s; the replay ends here", nic->gen_name, err.text);
    return false;
}

static void generator_finished(void *ctx)
{
    struct nic *nic = ctx;

    if (nic->config->gen->stop)
        machine_end(nic->machine, END_GENERATOR, 0);
}

static int add_generator(struct nic *nic, struct err *err)
{
    struct machine *m = nic->machine;
    struct netgen_config config = *nic->config->gen;

    if (config.file) {
        nic->recording = pcap_open(config.file, err);
        if (!nic->recording)
            return err_prefix(err, "--nic gen");
        nic->recorded = xcalloc(1, FRAME_BYTES_MAX);
        config.next = next_recorded;
        config.next_ctx = nic;
    }
    if (netgen_config_check(&config, err))
        return err_prefix(err, "--nic gen");
    nic->gen = netgen_new(nic->gen_name, &nic->wire, &m->clock, &m->trace, m->config->seed,
                          &config);
    netgen_on_finished(nic->gen, generator_finished, nic);
    return 0;
}

/* ---- life ---- */

int nic_init(struct nic *nic, struct machine *m, unsigned n, struct err *err)
{
    *nic = (struct nic){.machine = m, .config = &m->config->nic[n]};
    snprintf(nic->name, sizeof nic->name, "nic%u", n);
    snprintf(nic->link_name, sizeof nic->link_name, "nic%u.link", n);
    snprintf(nic->wire_name, sizeof nic->wire_name, "nic%u.wire", n);
    snprintf(nic->gen_name, sizeof nic->gen_name, "gen%u", n);
    wire_init(&nic->wire, nic->wire_name, &m->clock, &m->trace, m->config->seed);
    params_add(&m->params, nic->wire_name, wire_params, &nic->wire.p);
    return nic->config->gen ? add_generator(nic, err) : 0;
}

void nic_update(struct nic *nic)
{
    link_update(&nic->link);
    wire_update(&nic->wire);
}

void nic_reset(struct nic *nic)
{
    link_reset(&nic->link);
    wire_reset(&nic->wire);
    if (nic->gen)
        netgen_reset(nic->gen);
}

void nic_fini(struct nic *nic)
{
    if (!nic->machine)
        return;
    netgen_free(nic->gen);
    pcap_close(nic->recording);
    free(nic->recorded);
    free(nic->device);
    wire_fini(&nic->wire);
}

/* ---- results ---- */

void machine_report(const struct machine *m, FILE *out)
{
    for (unsigned i = 0; i < m->config->nics; i++) {
        const struct nic *nic = &m->nic[i];
        const struct netif_count *c = nic->netif ? &nic->netif->count : NULL;

        if (nic->gen)
            netgen_report(nic->gen, out);
        if (c)
            fprintf(out, "doorbell: %s (%s): %" PRIu64 " frames out, %" PRIu64 " in, %" PRIu64
                    " dropped\n", nic->name, nic->netif->class->name, c->sent, c->received,
                    c->dropped);
    }
}

static int write_report(const struct nic *nic, struct err *err)
{
    json_t *json;
    char *text;
    int result;

    if (!nic->gen || !nic->config->report)
        return 0;
    json = netgen_report_json(nic->gen);
    text = json_dumps(json, JSON_INDENT(2));
    text = xrealloc(text, strlen(text) + 2);
    strcat(text, "\n");
    result = file_write("report", nic->config->report, text, strlen(text), err);
    json_decref(json);
    free(text);
    return result;
}

int net_close(struct machine *m, struct err *err)
{
    int result = 0;

    for (unsigned i = 0; i < m->config->nics; i++) {
        struct nic *nic = &m->nic[i];

        if (!nic->machine)
            continue; /* the board was not finished */
        if (m->net_open && write_report(nic, result ? NULL : err))
            result = -1;
        if (pcap_finish(nic->record, result ? NULL : err))
            result = -1;
        if (nic->netif && nic->netif->class->close(nic->netif, result ? NULL : err))
            result = -1;
        if (nic->netif)
            wire_attach(&nic->wire, WIRE_STATION, NULL, NULL);
        nic->netif = NULL;
        nic->record = NULL;
        nic->wire.watch = NULL;
        if (on_host(nic->config->backend))
            nic->wire.state_changed = NULL;
    }
    m->net_open = false;
    return result;
}
