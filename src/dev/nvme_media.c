/* SPDX-License-Identifier: Apache-2.0 */
#include "dev/nvme_media.h"

#include "base/bits.h"

enum { PAGE_TYPES_ALTERNATE = 1, PAGE_TYPES_RANDOM = 2 };

void nvme_media_reset(struct nvme_media *m, uint64_t seed, const char *name)
{
    memset(m, 0, sizeof *m);
    random_init(&m->random, seed, name);
}

static uint64_t channels(const struct nvme_media_params *p)
{
    return u64_min(u64_max(p->channels, 1), NVME_CHANNELS_MAX);
}

static uint64_t dies(const struct nvme_media_params *p)
{
    return u64_min(u64_max(p->dies, 1), NVME_DIES_MAX / channels(p));
}

static ps_t transfer_ps(const struct nvme_media_params *p, uint64_t bytes)
{
    return p->channel_rate ? muldiv(bytes, PS_PER_S, p->channel_rate) : 0;
}

static ps_t later(ps_t a, ps_t b)
{
    return a > b ? a : b;
}

static bool slow_page(struct nvme_media *m, const struct nvme_media_params *p, uint64_t page)
{
    if (p->page_types == PAGE_TYPES_ALTERNATE)
        return page / (channels(p) * dies(p)) & 1;
    return p->page_types == PAGE_TYPES_RANDOM && random_below(&m->random, 2);
}

ps_t nvme_media_read(struct nvme_media *m, const struct nvme_media_params *p, ps_t now,
                     uint64_t offset, uint64_t len, uint64_t *ready)
{
    uint64_t page_bytes = u64_max(p->page_bytes, NVME_UNIT), first = offset / NVME_UNIT;
    uint64_t end = offset + len;
    ps_t began = PS_NEVER, last = now;

    while (offset < end) {
        uint64_t page = offset / page_bytes, stop = u64_min(end, (page + 1) * page_bytes);
        uint64_t channel = page % channels(p);
        uint64_t *die = &m->die_free[channel * dies(p) + page / channels(p) % dies(p)];
        bool slow = slow_page(m, p, page), whole = stop - offset > NVME_UNIT;
        ps_t start = later(now, *die);

        *die = ps_add(start, slow ? (whole ? p->slow_read_page_ps : p->slow_read_ps)
                                  : (whole ? p->read_page_ps : p->read_ps));
        began = began < start ? began : start;
        for (; offset < stop; offset = u64_min(stop, (offset / NVME_UNIT + 1) * NVME_UNIT)) {
            uint64_t unit_end = u64_min(stop, (offset / NVME_UNIT + 1) * NVME_UNIT);
            uint64_t *wire = &m->channel_free[channel];
            *wire = ps_add(later(*wire, *die), transfer_ps(p, unit_end - offset));
            last = later(last, *wire);
            ready[offset / NVME_UNIT - first] = last;
        }
    }
    return began == PS_NEVER ? now : began;
}

/* Units that the buffer holds; a program unit always fits. */
static uint64_t buffer_units(const struct nvme_media_params *p)
{
    return u64_min(u64_max(p->buffer_bytes, p->program_bytes) / NVME_UNIT, NVME_BUFFER_UNITS_MAX);
}

static uint64_t program_units(const struct nvme_media_params *p)
{
    return u64_min(u64_max(p->program_bytes / NVME_UNIT, 1), NVME_BUFFER_UNITS_MAX / 2);
}

/* Gives the collected units to the next die. */
static void close_unit(struct nvme_media *m, const struct nvme_media_params *p)
{
    uint64_t n = channels(p) * dies(p), at = m->next_die++ % n;
    uint64_t channel = at % channels(p), size = u64_max(buffer_units(p), 1);
    uint64_t *die = &m->die_free[channel * dies(p) + at / channels(p)];
    uint64_t *wire = &m->channel_free[channel];
    ps_t start = later(later(m->open_at, *wire), *die);

    *wire = ps_add(start, transfer_ps(p, m->open_units * NVME_UNIT));
    *die = ps_add(*wire, p->program_ps);
    m->drained = later(m->drained, *die);
    for (uint64_t i = 1; i <= m->open_units; i++)
        m->programmed[(m->written - i) % size] = m->drained;
    m->open_units = 0;
}

ps_t nvme_media_write(struct nvme_media *m, const struct nvme_media_params *p, ps_t now,
                      uint64_t len, bool through)
{
    uint64_t size = u64_max(buffer_units(p), 1), batch = u64_min(program_units(p), size);
    ps_t at = now;

    for (uint64_t units = (len + NVME_UNIT - 1) / NVME_UNIT; units; units--) {
        /* The place is free when the unit that was there has been programmed; without a buffer
         * units wait for their dies only. */
        if (p->buffer_bytes)
            at = later(at, m->programmed[m->written % size]);
        at = ps_add(at, p->buffer_unit_ps);
        m->written++;
        m->open_units++;
        m->open_at = at;
        if (m->open_units >= batch)
            close_unit(m, p);
    }
    if (!through && p->buffer_bytes)
        return at;
    if (m->open_units)
        close_unit(m, p);
    return later(at, m->drained);
}

ps_t nvme_media_flush(struct nvme_media *m, const struct nvme_media_params *p, ps_t now)
{
    if (m->open_units) {
        m->open_at = later(m->open_at, now);
        close_unit(m, p);
    }
    return later(now, m->drained);
}
