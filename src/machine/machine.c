/* SPDX-License-Identifier: Apache-2.0 */
#include "machine/machine.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "dev/bochs_display.h"
#include "host/file.h"
#include "host/png.h"
#include "machine/board.h"

#include <assert.h>
#include <jansson.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define QUANTUM_PS PS_PER_US /* how far a hart may run ahead of another */

static void deadline(void *machine)
{
    machine_end(machine, END_MAX_TIME, 0);
}

int machine_reset(struct machine *m, struct err *err)
{
    if (boot_load(&m->boot, m->config, &m->space, err))
        return -1;
    /* The loader writes under the harts' feet: all that was decoded is void. */
    code_written(m->shared.code, m->rom.base, m->rom.size);
    code_written(m->shared.code, m->ram.base, m->ram.size);
    board_reset(m);
    htif_reset(m);
    return 0;
}

struct machine *machine_new(const struct board_config *config, struct err *err)
{
    struct machine *m;

    if (config_check(config, err))
        return NULL;
    m = xcalloc(1, sizeof *m);
    m->config = config;
    m->quantum_ps = QUANTUM_PS;
    if (board_build(m, err)) {
        machine_free(m);
        return NULL;
    }
    htif_init(m);
    if (machine_reset(m, err) || console_open(m, err) || net_open(m, err)) {
        machine_free(m);
        return NULL;
    }
    event_init(&m->clock, &m->deadline, "machine.deadline", deadline, m);
    if (config->max_ps)
        clock_arm(&m->clock, &m->deadline, config->max_ps);
    return m;
}

int machine_close(struct machine *m, struct err *err)
{
    int rc = 0;

    (void)trace_close(&m->trace);
    if (m->sink_open)
        rc = trace_sink_close(&m->sink, err);
    m->sink_open = false;
    if (m->terminal && terminal_close(m->terminal, rc ? NULL : err))
        rc = -1;
    m->terminal = NULL;
    if (net_close(m, rc ? NULL : err))
        rc = -1;
    return rc;
}

void machine_free(struct machine *m)
{
    if (!m)
        return;
    (void)machine_close(m, NULL);
    board_fini(m);
    pollset_fini(&m->pollset);
    free(m);
}

void machine_on_mark(struct machine *m,
                     void (*fn)(void *ctx, struct machine *m, unsigned hart, uint64_t number),
                     void *ctx)
{
    assert(m->mark_listeners < MARK_LISTENERS_MAX);
    m->mark_listener[m->mark_listeners++] = (struct mark_listener){fn, ctx};
}

/* ---- looking in ---- */

void machine_sample(struct machine *m, ps_t period_ps,
                    void (*fn)(void *ctx, struct machine *m, unsigned hart), void *ctx)
{
    m->sample_period = fn ? period_ps : 0;
    for (unsigned i = 0; i < VIRT_HARTS_MAX; i++)
        m->sample_next[i] = m->clock.now + m->sample_period;
    m->on_sample = fn;
    m->sample_ctx = ctx;
}

struct shot {
    const void *device;
    struct bochs_picture picture;
};

static void shot_line(void *ctx, unsigned y, uint8_t *rgb)
{
    const struct shot *s = ctx;

    bochs_display_line(s->device, &s->picture, y, rgb);
}

int machine_screenshot(const struct machine *m, const char *path, struct err *err)
{
    struct shot s = {.device = m->display.device};

    if (!s.device)
        return err_set(err, "the machine has no display (--display)");
    if (bochs_display_picture(s.device, &s.picture, err))
        return -1;
    return png_file_write("screenshot", path, s.picture.width, s.picture.height, shot_line, &s,
                          err);
}

static void print_traffic(const struct machine *m, const struct region *r, FILE *out)
{
    const struct traffic *t = &r->traffic;

    if (t->loads || t->stores)
        fprintf(out, "%s %s 0x%" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
                "\n", m->trace.source[r->source], r->name, r->base, t->loads, t->stores,
                t->bytes_read, t->bytes_written, t->transactions);
}

void machine_traffic(const struct machine *m, FILE *out)
{
    fputs("# device region base loads stores bytes_read bytes_written transactions\n", out);
    for (unsigned i = 0; i < m->space.count; i++)
        print_traffic(m, m->space.region[i], out);
    for (unsigned i = 0; i < m->space.backgrounds; i++)
        print_traffic(m, m->space.background[i], out);
}

struct trace *machine_trace(struct machine *m)
{
    return &m->trace;
}

const struct params *machine_params(const struct machine *m)
{
    return &m->params;
}

const struct boot *machine_boot(const struct machine *m)
{
    return &m->boot;
}

const struct hart *machine_hart(const struct machine *m, unsigned i)
{
    return m->hart[i];
}

int machine_read_virtual(struct machine *m, unsigned hart, uint64_t va, void *buf, size_t len)
{
    uint8_t *out = buf;

    while (len) {
        size_t n = (size_t)u64_min(len, PAGE_BYTES - (va & (PAGE_BYTES - 1)));
        uint64_t pa;
        const uint8_t *host;

        if (mmu_peek(m->hart[hart], va, &pa) || !(host = space_host(&m->space, pa, n)))
            return -1;
        memcpy(out, host, n);
        out += n;
        va += n;
        len -= n;
    }
    return 0;
}

static void on_probe(void *machine, struct hart *h)
{
    struct machine *m = machine;

    trace_probe(&m->trace, h->source, hart_now(h), 0, h->pc, h->x[4], h->x[2],
                h->x[10], h->x[11]);
}

int machine_probe(struct machine *m, unsigned hart, uint64_t va)
{
    uint64_t pa;

    if (mmu_peek(m->hart[hart], va, &pa) || !space_host(&m->space, pa, 2))
        return -1;
    code_probe_fn(m->shared.code, on_probe, m);
    code_probe_add(m->shared.code, pa);
    return 0;
}

static const struct device_class *class_of(const struct machine *m, unsigned source)
{
    for (unsigned i = 0; i < m->devices; i++) {
        const struct board_device *d = &m->device[i];
        const struct region *r = d->class->region ? d->class->region(d->device, 0) : NULL;

        if (r && r->source == source)
            return d->class;
    }
    return NULL;
}

/* Of several registers at one offset, that of the usual view which can be accessed so. */
void machine_register_name(const struct machine *m, unsigned source, uint64_t offset, bool write,
                           char *out, size_t size)
{
    const struct device_class *class = class_of(m, source);

    for (unsigned i = 0; class && i < class->reg_count; i++) {
        const struct reg *r = &class->regs[i];
        uint64_t into = offset - r->offset, n = r->repeat > 1 ? into / r->step : 0;
        uint64_t within = into - n * r->step;

        if (!(r->view & 1) || r->flags & (write ? REG_NO_W : REG_NO_R) || offset < r->offset ||
            n >= r->repeat || within >= r->size)
            continue;
        if (r->repeat > 1)
            snprintf(out, size, "%s[%" PRIu64 "]%s", r->name, n, within ? " (part)" : "");
        else
            snprintf(out, size, "%s%s", r->name, within ? " (part)" : "");
        return;
    }
    snprintf(out, size, "+ 0x%" PRIx64, offset);
}

/* ---- the trace file ---- */

static json_t *changed_parameters(const struct machine *m)
{
    json_t *changed = json_object();

    for (unsigned g = 0; g < m->params.count; g++)
        for (const struct param *row = m->params.group[g].rows; row->name; row++) {
            uint64_t v = *param_value(&m->params.group[g], row), standard;
            char path[128], text[64];

            if (param_parse(row, row->value[m->params.level], &standard, NULL) || v == standard)
                continue;
            snprintf(path, sizeof path, "%s.%s", m->params.group[g].prefix, row->name);
            param_format(row, v, text, sizeof text);
            json_object_set_new(changed, path, json_string(text));
        }
    return changed;
}

static json_t *schema_json(void)
{
    json_t *schema = json_array();

    for (unsigned k = 0; k < TRACE_KIND_COUNT; k++) {
        const struct trace_schema *s = &trace_schema[k];
        json_t *args = json_array();

        for (unsigned a = 0; a < s->count; a++)
            json_array_append_new(args, json_pack("[ss]", s->args[a].name,
                                                  trace_unit_name[s->args[a].unit]));
        json_array_append_new(schema, json_pack("{ss ss so}", "name", s->name, "doc", s->doc,
                                                "args", args));
    }
    return schema;
}

/* Contents of the drives before the run; a file that cannot be read whole (a host device, say)
 * counts as nothing. */
static uint64_t drives_identity(const struct machine *m)
{
    uint64_t all = HASH_START;

    for (unsigned n = 0; n < m->config->nvmes; n++)
        for (unsigned s = 0; s < m->config->nvme[n].spaces; s++) {
            const struct drive_config *c = &m->config->nvme[n].space[s];
            const char *const files[] = {c->file, c->overlay};

            for (unsigned i = 0; i < ARRAY_LEN(files); i++) {
                uint64_t id = 0;
                if (files[i])
                    (void)file_identity("image", files[i], &id, NULL);
                all = hash_u64(all, id) + i;
            }
        }
    return all;
}

/* What NICs are sent from files. */
static uint64_t captures_identity(const struct machine *m)
{
    uint64_t all = 0;

    for (unsigned n = 0; n < m->config->nics; n++) {
        const struct nic_config *c = &m->config->nic[n];
        const char *file = c->gen ? c->gen->file : c->in;
        uint64_t id = 0;

        if (file)
            (void)file_identity("capture", file, &id, NULL);
        all = hash_u64(all ^ c->scale, id ^ c->start_ps);
    }
    return all;
}

/* What decides a run: inputs by content, configuration by meaning. */
static uint64_t run_id(const struct machine *m, const char *machine_text, const char *changed_text)
{
    uint64_t h = hash_u64(hash_u64(HASH_START, m->boot.identity), drives_identity(m));

    if (m->config->nics)
        h = hash_u64(h, captures_identity(m));
    h = hash_text(hash_text(h, machine_text), changed_text);
    return hash_u64(h, m->config->seed);
}

static json_t *nics_array(const struct machine *m)
{
    json_t *nics = json_array();

    for (unsigned n = 0; n < m->config->nics; n++) {
        const struct nic_config *c = &m->config->nic[n];
        char mac[18];

        snprintf(mac, sizeof mac, "%02x:%02x:%02x:%02x:%02x:%02x", c->mac[0], c->mac[1], c->mac[2],
                 c->mac[3], c->mac[4], c->mac[5]);
        json_array_append_new(nics, json_pack("{ss ss ss si si}", "name", m->nic[n].name, "backend",
                                              config_nic_names[c->backend], "mac", mac,
                                              "gigabits", (int)c->speed, "pcie_lanes",
                                              (int)m->nic[n].link.p.lanes));
    }
    return nics;
}

static json_t *machine_object(const struct machine *m)
{
    json_t *drives = json_array(), *machine;

    for (unsigned n = 0; n < m->config->nvmes; n++) {
        const struct nvme_drive_config *c = &m->config->nvme[n];
        const struct link_params *p = &m->drive[n].link.p;
        json_array_append_new(
            drives, json_pack("{ss ss si si si ss}", "name", m->drive[n].name, "profile",
                              c->profile ? c->profile : nvme_profiles[0].name, "pcie_generation",
                              (int)p->generation, "pcie_lanes", (int)p->lanes, "namespaces",
                              (int)c->spaces, "interrupts",
                              /* The PLIC takes no messages: there a drive uses its pin. */
                              c->msix && m->config->irq == IRQ_AIA ? "msix" : "intx"));
    }
    machine = json_pack("{si sI sI ss ss so}", "harts", (int)m->config->harts, "frequency_hz",
                     (json_int_t)m->hart_params.frequency_hz, "memory_bytes",
                     (json_int_t)m->config->memory_bytes, "irq",
                     config_irq_names[m->config->irq], "timing",
                     config_timing_names[m->config->timing], "nvme", drives);
    if (m->config->nics)
        json_object_set_new(machine, "nic", nics_array(m));
    if (m->config->display)
        json_object_set_new(machine, "display",
                            json_pack("{si si si}", "width", (int)m->config->display_width,
                                      "height", (int)m->config->display_height, "pcie_lanes",
                                      (int)m->display.link.p.lanes));
    return machine;
}

char *machine_meta_json(struct machine *m)
{
    json_t *machine = machine_object(m), *changed = changed_parameters(m), *sources = json_array();
    char *machine_text = json_dumps(machine, JSON_SORT_KEYS | JSON_COMPACT);
    char *changed_text = json_dumps(changed, JSON_SORT_KEYS | JSON_COMPACT), id[20], *text;
    json_t *meta;

    snprintf(id, sizeof id, "%016" PRIx64, run_id(m, machine_text, changed_text));
    for (unsigned i = 0; i < m->trace.source_count; i++)
        json_array_append_new(sources, json_string(m->trace.source[i]));
    meta = json_pack("{ss s{ss sI so so} so so}", "format", "doorbell.trace/1", "run", "id", id,
                     "seed", (json_int_t)m->config->seed, "machine", machine,
                     "parameters_changed", changed, "sources", sources, "schema", schema_json());
    text = json_dumps(meta, JSON_COMPACT);
    json_decref(meta);
    free(machine_text);
    free(changed_text);
    return text;
}

int machine_trace_open(struct machine *m, const char *path, bool on, struct err *err)
{
    char *meta;

    if (trace_sink_open(&m->sink, path, err))
        return -1;
    m->sink_open = true;
    meta = machine_meta_json(m);
    trace_open(&m->trace, trace_sink_write, &m->sink, meta);
    free(meta);
    m->trace.on = on;
    return 0;
}
