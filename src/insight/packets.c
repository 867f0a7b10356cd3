/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a trace and hands its records to the parts of the packet analysis (packets_impl.h). */
#include "insight/packets_impl.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define FUNCTION(role, names) names,
const char *const packets_functions[] = {
#include "insight/steps/net_functions.def"
    NULL};
#undef FUNCTION

/* ---- what everybody uses ---- */

void packets_note(struct packets *out, const char *text, const char *what)
{
    if (out->notes < PACKET_NOTES_MAX)
        snprintf(out->note[out->notes++], sizeof out->note[0], "%s%s", text, what);
}

void fifo_push(struct fifo *f, uint32_t item)
{
    if (f->head && f->head + f->count == f->capacity) {
        memmove(f->item, f->item + f->head, f->count * sizeof f->item[0]);
        f->head = 0;
    }
    array_reserve(&f->item, &f->capacity, f->head + f->count + 1, sizeof f->item[0]);
    f->item[f->head + f->count++] = item;
}

void fifo_take(struct fifo *f, size_t n)
{
    n = n < f->count ? n : f->count;
    f->head += n;
    f->count -= n;
    if (!f->count)
        f->head = 0;
}

void list_clear(struct list *l)
{
    l->head = l->tail = NO_PACKET;
}

void list_add(struct reading *r, struct list *l, enum chain chain, uint32_t i)
{
    if (i >= r->packets || r->packet[i].in[chain])
        return;
    r->packet[i].in[chain] = 1;
    r->packet[i].next[chain] = NO_PACKET;
    if (l->head == NO_PACKET)
        l->head = i;
    else
        r->packet[l->tail].next[chain] = i;
    l->tail = i;
}

uint32_t list_take(struct reading *r, struct list *l, enum chain chain)
{
    uint32_t i = l->head;

    if (i == NO_PACKET)
        return i;
    r->packet[i].in[chain] = 0;
    l->head = r->packet[i].next[chain];
    if (l->head == NO_PACKET)
        l->tail = NO_PACKET;
    return i;
}

uint32_t packet_index(const struct reading *r, const struct packet *p)
{
    return (uint32_t)(p - r->packet);
}

bool in_window(const struct reading *r)
{
    return r->window != PS_NEVER;
}

struct packet *packet_new(struct reading *r, ps_t now)
{
    struct packet *p;

    if (r->packets == PACKETS_MAX) {
        r->full = true;
        return NULL;
    }
    if (r->packets == r->skip && !in_window(r))
        r->window = now;
    array_reserve(&r->packet, &r->capacity, r->packets + 1, sizeof *p);
    p = &r->packet[r->packets++];
    memset(p, 0, sizeof *p);
    memset(p->at, 0xff, sizeof p->at);
    return p;
}

void packet_drop(struct reading *r, struct packet *p, unsigned reason)
{
    if (p && p->end != STILL_OPEN)
        return;
    if (p) {
        p->end = DROPPED;
        p->reason = (uint8_t)reason;
    }
    /* One that came before the window is not counted, whenever it is dropped. */
    if (in_window(r) && reason < PACKET_REASONS && (!p || packet_index(r, p) >= r->skip))
        r->out->window.dropped[reason]++;
}

/* ---- the file's own schema ---- */

/* What the analysis cannot do without; of other events a trace may have none. */
static const enum trace_kind needed[] = {
    TRACE_KIND_mark, TRACE_KIND_trap, TRACE_KIND_trap_return, TRACE_KIND_idle_begin,
    TRACE_KIND_idle_end, TRACE_KIND_probe, TRACE_KIND_mmio_store, TRACE_KIND_dma_write_done,
    TRACE_KIND_wire_frame, TRACE_KIND_nic_rx, TRACE_KIND_nic_tx, TRACE_KIND_nic_writeback,
    TRACE_KIND_nic_interrupt,
};

static int read_schema(struct reading *r, struct err *err)
{
    r->kind_of = xcalloc(r->file->event_count + 1, sizeof r->kind_of[0]);
    for (unsigned i = 0; i < r->file->event_count; i++)
        r->kind_of[i] = -1;
    for (int k = 0; k < TRACE_KIND_COUNT; k++) {
        const struct trace_schema *s = &trace_schema[k];
        int theirs = trace_file_kind(r->file, s->name);

        for (unsigned n = 0; theirs < 0 && n < ARRAY_LEN(needed); n++)
            if (needed[n] == (enum trace_kind)k)
                return err_set(err, "the trace has no \"%s\" events: it is of another version",
                               s->name);
        if (theirs < 0)
            continue;
        r->kind_of[theirs] = k;
        for (unsigned a = 0; a < s->count; a++) {
            int place = trace_file_arg(r->file, theirs, s->args[a].name);
            if (place < 0)
                return err_set(err, "the trace's \"%s\" events have no \"%s\": it is of another "
                               "version", s->name, s->args[a].name);
            r->place[k][a] = (int8_t)place;
        }
    }
    r->hart_of = xcalloc(r->file->source_count + 1, sizeof r->hart_of[0]);
    for (unsigned i = 0; i < r->file->source_count; i++) {
        const char *name = r->file->sources[i];
        unsigned long n = strncmp(name, "hart", 4) ? PACKET_HARTS_MAX : strtoul(name + 4, NULL, 10);
        r->hart_of[i] = n < PACKET_HARTS_MAX ? (int)n : -1;
    }
    return 0;
}

/* ---- functions ---- */

static bool one_of(const char *list, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = list; *p; p += strcspn(p, "|"), p += *p == '|')
        if (strcspn(p, "|") == n && !memcmp(p, name, n))
            return true;
    return false;
}

static void add_function(void *ctx, uint64_t address, const char *name)
{
    struct reading *r = ctx;

    for (unsigned role = 0; role < DO_ROLES; role++)
        if (one_of(packets_functions[role], name) && r->probes < 4096) {
            r->roles |= UINT64_C(1) << role;
            array_reserve(&r->probed, &r->probe_capacity, r->probes + 1, sizeof r->probed[0]);
            r->probed[r->probes++] = (struct probed){address, (enum role)role};
            return;
        }
}

static int by_address(const void *a, const void *b)
{
    const struct probed *x = a, *y = b;

    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return (int)x->role - (int)y->role;
}

static void on_chunk(void *ctx, const char type[4], const uint8_t *payload, size_t size)
{
    struct reading *r = ctx;
    json_int_t own;
    json_t *j;

    if (!memcmp(type, TRACE_CHUNK_SYMS, 4)) {
        trace_symbols((const char *)payload, size, add_function, r);
        if (r->probes)
            qsort(r->probed, r->probes, sizeof r->probed[0], by_address);
    } else if (!memcmp(type, TRACE_CHUNK_NOTE, 4)) {
        j = json_loadb((const char *)payload, size, 0, NULL);
        if (json_is_object(json_object_get(j, "guest")) &&
            json_is_object(json_object_get(j, "request"))) {
            json_decref(r->out->guest);
            json_decref(r->out->request);
            r->out->guest = json_incref(json_object_get(j, "guest"));
            r->out->request = json_incref(json_object_get(j, "request"));
            own = json_integer_value(json_object_get(r->out->request, "skip"));
            if (r->o->own_skip && !r->packets && own > 0)
                r->skip = (uint64_t)own;
        }
        json_decref(j);
    }
}

/* DO_ROLES: nothing of ours. */
static enum role role_at(const struct reading *r, uint64_t address)
{
    size_t low = 0, high = r->probes;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->probed[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->probes && r->probed[low].address == address ? r->probed[low].role : DO_ROLES;
}

/* ---- records ---- */

enum { ECALL_FROM_U = 8, USER = 0 };

static void on_hart(struct reading *r, unsigned hart, const struct trace_record *rec,
                    enum trace_kind kind, union ev *e)
{
    struct hart *h = &r->hart[hart];

    h->seen = true;
    h->last = rec->when;
    switch (kind) {
    case TRACE_KIND_mark:
        h->in_mark = e->mark.number == MARK_REQUEST_BEGIN;
        if (e->mark.number == MARK_RUN_END)
            r->ended = true;
        break;
    case TRACE_KIND_probe: {
        enum role role = role_at(r, e->probe.address);
        h->tp = e->probe.tp;
        if (role == DO_ROLES)
            break;
        context_role(r, hart, rec->when, role);
        e->probe.address = role;
        cpu_probe(r, hart, rec->when, e);
        break;
    }
    case TRACE_KIND_trap:
        context_record(r, hart, rec, kind, e);
        if (e->trap.code == ECALL_FROM_U && e->trap.from == USER)
            cpu_ecall(r, hart, rec->when);
        else
            cpu_trap(r, hart, rec->when);
        break;
    case TRACE_KIND_trap_return:
        context_record(r, hart, rec, kind, e);
        if (e->trap_return.to == USER)
            cpu_user(r, hart, rec->when);
        else
            cpu_trap(r, hart, rec->when);
        break;
    case TRACE_KIND_idle_begin:
    case TRACE_KIND_idle_end:
        context_record(r, hart, rec, kind, e);
        break;
    default:
        break;
    }
}

static int on_record(struct reading *r, const struct trace_record *rec, struct err *err)
{
    int kind = r->kind_of[rec->kind], hart = r->hart_of[rec->source];
    union ev e = {{0}};

    if (kind < 0)
        return 0;
    for (unsigned a = 0; a < trace_schema[kind].count; a++)
        e.arg[a] = rec->args[r->place[kind][a]];
    if (hart >= 0 && r->hart[hart].seen && rec->when < r->hart[hart].last)
        return err_set(err, "the hart's time goes back at record %llu",
                       (unsigned long long)rec->id);
    if (r->last == PS_NEVER || rec->when > r->last)
        r->last = rec->when;
    device_record(r, rec, (enum trace_kind)kind, &e);
    if (hart >= 0)
        on_hart(r, (unsigned)hart, rec, (enum trace_kind)kind, &e);
    return 0;
}

static int read_all(struct reading *r, struct err *err)
{
    struct trace_record rec;
    int more;

    r->file->other = on_chunk;
    r->file->other_ctx = r;
    if (read_schema(r, err))
        return -1;
    while ((more = trace_file_next(r->file, &rec, err)) > 0)
        if (!r->ended && on_record(r, &rec, err))
            return -1;
    return more;
}

/* ---- the whole ---- */

/* What a kernel may lack without a word: the ways that only some modes go, and some drivers. */
static bool may_lack(enum packets_direction direction, unsigned role)
{
    bool send = role >= DO_SENDMSG, both = role <= DO_POLL_DONE || role == DO_SWITCH;

    return role == DO_THREAD || role == DO_BUSY || role == DO_XDP || role == DO_REDIRECT ||
           role == DO_FLUSH || role == DO_XSK_READ ||
           (!both && send != (direction == PACKETS_SEND));
}

static void say_what_is_special(struct reading *r)
{
    for (unsigned role = 0; role < DO_ROLES; role++)
        if (!(r->roles >> role & 1) && !may_lack(r->o->direction, role))
            packets_note(r->out, "merged with the step before, as this kernel has no function: ",
                         packets_functions[role]);
    if (!r->ended)
        packets_note(r->out, "recording ended before as many packets as asked for had come to the "
                     "program", "");
    if (r->full)
        packets_note(r->out, "there are more packets than are looked at", "");
    if (r->out_of_order)
        packets_note(r->out, "some buffers were not those of their queue's next packet: packets "
                     "were told apart by order", "");
}

static int build(struct reading *r, struct err *err)
{
    const json_t *machine;
    json_int_t hz;

    cpu_init(r);
    if (read_all(r, err))
        return -1;
    cpu_finish(r);
    context_finish(r);
    machine = json_object_get(json_object_get(r->file->meta, "run"), "machine");
    hz = json_integer_value(json_object_get(machine, "frequency_hz"));
    r->out->frequency_hz = hz > 0 ? (uint64_t)hz : 0;
    say_what_is_special(r);
    return path_finish(r, err);
}

static void reading_free(struct reading *r)
{
    for (unsigned q = 0; q < QUEUES; q++) {
        free(r->queue[q].writeback.item);
        free(r->queue[q].driver.item);
        free(r->queue[q].decode.item);
        free(r->queue[q].mac.item);
    }
    for (unsigned h = 0; h < PACKET_HARTS_MAX; h++)
        free(r->hart[h].given.item);
    free(r->on_wire.item);
    free(r->kind_of);
    free(r->hart_of);
    free(r->probed);
    free(r->packet);
    free(r->change);
    free(r->access);
    free(r);
}

int packets_build(struct packets *p, const char *trace_path, const struct packets_options *o,
                  struct err *err)
{
    struct reading *r = xcalloc(1, sizeof *r);
    int rc = -1;

    memset(p, 0, sizeof *p);
    p->direction = o->direction;
    r->o = o;
    r->skip = o->skip;
    r->out = p;
    r->file = trace_file_open(trace_path, err);
    if (r->file) {
        rc = build(r, err);
        p->run = json_incref(json_object_get(r->file->meta, "run"));
        if (rc && err && !strstr(err->text, trace_path))
            err_prefix(err, "%s", trace_path);
        trace_file_close(r->file);
    }
    reading_free(r);
    return rc;
}

void packets_free(struct packets *p)
{
    json_decref(p->run);
    json_decref(p->guest);
    json_decref(p->request);
    memset(p, 0, sizeof *p);
}
