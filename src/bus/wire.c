/* SPDX-License-Identifier: Apache-2.0 */
/* A direction is a ring of slots (header, then the frame's bytes) and one event, armed for the
 * oldest slot.  Invariants:
 *  1. `frames` slots lie from `head` on, `used` bytes in all, with the unused end of the ring when
 *     they go around it; `arrival` is armed for the first exactly when frames > 0 and nothing is
 *     being delivered.
 *  2. Slots arrive in ring order: `free` never falls while one is there, and the latency is fixed.
 *  3. All that chance decides is drawn when a frame is sent, so that the stream of draws depends on
 *     the order of sending alone. */
#include "bus/wire.h"

#include "base/alloc.h"
#include "base/bits.h"

#include <stdlib.h>

/* What a frame is on its way; in the ring, before its bytes.  `bytes` comes first: a slot may end
 * where only 16 bytes of the ring are left. */
struct wire_slot {
    uint32_t bytes; /* of the slot; SLOT_SKIP: go on at the ring's start */
    uint32_t len;
    uint32_t flags; /* enum frame_flag, SLOT_DETOUR */
    uint32_t pad;
    uint64_t number, cause;
    ps_t began, arrives;
};

#define SLOT_ALIGN 16
#define SLOT_SKIP UINT32_MAX
#define SLOT_DETOUR UINT32_C(0x80000000) /* it will be overtaken; also between coupled wires */

_Static_assert(sizeof(struct wire_slot) == 48, "no padding: slots are saved as bytes");
_Static_assert(sizeof(struct wire_slot) <= sizeof(((struct wire_way *)0)->held_slot), "fits");

#define PAUSE_QUANTUM_BYTES 64
#define PPM UINT64_C(1000000)
#define ETHERNET "IEEE 802.3"
#define IMPAIRMENT "none unless asked for"

const struct param wire_params[] = {
    PARAM(struct wire_params, wire_time, PARAM_BOOL, "0", "1", 0, 1, ETHERNET " clause 4",
          "bytes, preamble and gap take time"),
    PARAM(struct wire_params, latency_ps, PARAM_PS, "0ps", "50ns", 0, WIRE_LATENCY_MAX_PS,
          "assumed", "one way, without the frame's own time: 3 m of copper, and serialisers"),
    PARAM(struct wire_params, loss_ppm, PARAM_COUNT, "0", "0", 0, PPM, IMPAIRMENT,
          "frames lost, of a million, in each direction"),
    PARAM(struct wire_params, duplicate_ppm, PARAM_COUNT, "0", "0", 0, PPM, IMPAIRMENT,
          "frames that arrive twice, of a million"),
    PARAM(struct wire_params, reorder_ppm, PARAM_COUNT, "0", "0", 0, PPM, IMPAIRMENT,
          "frames that later ones overtake, of a million"),
    PARAM(struct wire_params, reorder_ps, PARAM_PS, "50us", "50us", 0, PS_PER_S, IMPAIRMENT,
          "how much later such a frame arrives; one at a time is on this detour"),
    PARAM(struct wire_params, corrupt_ppm, PARAM_COUNT, "0", "0", 0, PPM, IMPAIRMENT,
          "frames with one bit changed, of a million"),
    PARAM(struct wire_params, impair_from_bytes, PARAM_BYTES, "0B", "0B", 0, FRAME_BYTES_MAX,
          IMPAIRMENT, "shorter frames are left alone"),
    {0},
};

#define WAY(member) FIELD_EACH(struct wire, way, member, FIELD_BYTES)
#define WAY_RING(i) \
    {"ring" #i, FIELD_BYTES, offsetof(struct wire, way[i].ring), WIRE_RING_BYTES, 1, \
     WIRE_RING_BYTES, true}

const struct field wire_fields[] = {
    FIELD(struct wire, bits_per_s), FIELD(struct wire, ps_per_byte), FIELD(struct wire, random),
    FIELD(struct wire, paused_until), FIELD(struct wire, pauses),
    WAY(free), WAY(next_number), WAY(head), WAY(used), WAY(frames), WAY(held), WAY(held_slot),
    WAY(holding), WAY(count),
    FIELD_EACH(struct wire, way, arrival, FIELD_EVENT),
    FIELD_EACH(struct wire, way, detour, FIELD_EVENT),
    WAY_RING(0), WAY_RING(1),
    FIELD_END,
};

static uint64_t trace_word(const uint8_t *p)
{
    return __builtin_bswap64(le64_get(p));
}

/* ---- time ---- */

static ps_t bytes_ps(const struct wire *w, uint64_t bytes)
{
    if (likely(w->ps_per_byte))
        return bytes * w->ps_per_byte;
    return w->bits_per_s ? muldiv(bytes * 8, PS_PER_S, w->bits_per_s) : 0;
}

ps_t wire_frame_ps(const struct wire *wire, uint32_t len)
{
    uint64_t bytes = u64_max(len, FRAME_BYTES_MIN);

    if (!wire->p.wire_time)
        return 0;
    return bytes_ps(wire, bytes + FRAME_PREAMBLE_BYTES + FRAME_FCS_BYTES + FRAME_GAP_BYTES);
}

const uint8_t wire_pause_address[6] = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x01};

ps_t wire_pause_ps(const struct wire *wire, uint16_t quanta)
{
    return bytes_ps(wire, (uint64_t)quanta * PAUSE_QUANTUM_BYTES);
}

ps_t wire_ready(const struct wire *wire, enum wire_side side)
{
    ps_t ready = u64_max(wire->way[side].free, wire->clock->now);

    return side == WIRE_STATION ? u64_max(ready, wire->paused_until) : ready;
}

/* ---- the ring ---- */

static uint32_t slot_bytes(uint32_t len)
{
    return (uint32_t)align_up(sizeof(struct wire_slot) + len, SLOT_ALIGN);
}

/* Where a slot of `need` bytes would go; false: nowhere.  *skip: bytes left out at the ring's end. */
static bool slot_place(const struct wire_way *way, uint32_t need, uint32_t *at, uint32_t *skip)
{
    *at = (way->head + way->used) % WIRE_RING_BYTES;
    *skip = WIRE_RING_BYTES - *at < need ? WIRE_RING_BYTES - *at : 0;
    if (WIRE_RING_BYTES - way->used < need + *skip)
        return false;
    if (*skip)
        *at = 0;
    return true;
}

bool wire_room(const struct wire *wire, enum wire_side side, uint32_t len)
{
    uint32_t at, skip;

    if (len > FRAME_BYTES_MAX)
        return true; /* it is lost, whatever comes */
    return slot_place(&wire->way[side], slot_bytes((uint32_t)u64_max(len, FRAME_BYTES_MIN)), &at,
                      &skip);
}

ps_t wire_turn(const struct wire *wire, enum wire_side side, uint32_t len)
{
    const struct wire_way *way = &wire->way[side];
    ps_t ready = wire_ready(wire, side), earliest = wire->clock->now;

    if (ready > ps_add(earliest, WIRE_AHEAD_PS))
        earliest = ready - WIRE_AHEAD_PS;
    /* A delivery under way takes its slot out when it is over: look again after the next one. */
    if (!wire_room(wire, side, len) && way->arrival.when > earliest)
        earliest = way->arrival.when;
    return earliest;
}

/* Copies a frame into the ring; there is a place for it or the answer is false. */
static bool slot_put(struct wire *w, struct wire_way *way, const struct wire_slot *slot,
                     const uint8_t *bytes, uint32_t given)
{
    struct wire_slot *s;
    uint32_t at, skip;
    uint8_t *data;

    if (!slot_place(way, slot->bytes, &at, &skip))
        return false;
    if (skip)
        le32_put(way->ring + (way->head + way->used) % WIRE_RING_BYTES, SLOT_SKIP);
    s = (struct wire_slot *)(void *)(way->ring + at);
    *s = *slot;
    data = (uint8_t *)(s + 1);
    memcpy(data, bytes, given);
    if (unlikely(given < slot->len))
        memset(data + given, 0, slot->len - given);
    way->used += skip + slot->bytes;
    if (way->frames++ == 0 && !way->delivering)
        clock_arm(w->clock, &way->arrival, slot->arrives);
    return true;
}

static struct wire_slot *slot_first(struct wire_way *way)
{
    if (le32_get(way->ring + way->head) == SLOT_SKIP) {
        way->used -= WIRE_RING_BYTES - way->head;
        way->head = 0;
    }
    return (struct wire_slot *)(void *)(way->ring + way->head);
}

static void slot_pop(struct wire_way *way)
{
    uint32_t bytes = ((struct wire_slot *)(void *)(way->ring + way->head))->bytes;

    way->head = (way->head + bytes) % WIRE_RING_BYTES;
    way->used -= bytes;
    if (--way->frames == 0)
        way->head = way->used = 0; /* a wire with little on it stays in the cache */
}

/* ---- arrival ---- */

/* MAC Control frames end in the station's MAC (802.3 clause 31 and annex 31B). */
static bool station_control(struct wire *w, const uint8_t *b)
{
    static const uint8_t pause[8] = {0x88, 0x08, 0x00, 0x01};
    ps_t until, was = w->paused_until;

    if (likely(b[12] != 0x88 || b[13] != 0x08))
        return false;
    if (memcmp(b + 12, pause, 4) != 0 || memcmp(b, wire_pause_address, 6) != 0)
        return true;
    w->pauses++;
    if (w->pause_ignored)
        return true;
    until = ps_add(w->clock->now, wire_pause_ps(w, (uint16_t)(b[16] << 8 | b[17])));
    w->paused_until = until;
    if (until < was && w->resumed)
        w->resumed(w->resumed_ctx);
    return true;
}

static void deliver(struct wire *w, enum wire_side from, const struct wire_slot *s,
                    const uint8_t *bytes)
{
    struct wire_end *end = &w->end[from == WIRE_NIC ? WIRE_STATION : WIRE_NIC];
    uint64_t cause = w->clock->cause;
    struct frame frame = {
        .bytes = bytes, .len = s->len, .flags = s->flags & FRAME_BAD_FCS, .number = s->number,
        .cause = s->cause, .began = s->began, .arrives = w->clock->now,
    };

    w->clock->cause = s->cause;
    if (trace_on(w->trace))
        w->clock->cause = trace_wire_frame(w->trace, w->source, w->clock->now, s->cause, from,
                                           s->number, s->len, s->began, trace_word(bytes + 26),
                                           trace_word(bytes + 34));
    if (w->watch)
        w->watch(w->watch_ctx, from, &frame);
    if (from == WIRE_NIC && !w->carry && !frame.flags && station_control(w, bytes))
        end = NULL;
    if (end && end->receive)
        end->receive(end->owner, &frame);
    w->clock->cause = cause;
}

/* The receiver may take the link down or reset the wire: then the ring is empty already. */
static void arrive(struct wire *w, enum wire_side from)
{
    struct wire_way *way = &w->way[from];
    const struct wire_slot *s = slot_first(way);
    const uint8_t *bytes = (const uint8_t *)(s + 1);

    way->delivering = true;
    if (unlikely(s->flags & SLOT_DETOUR) && !way->holding) {
        memcpy(way->held_slot, s, sizeof *s);
        memcpy(way->held, bytes, s->len);
        way->holding = true;
        way->count.reordered++;
        clock_arm_after(w->clock, &way->detour, w->p.reorder_ps);
    } else {
        deliver(w, from, s, bytes);
    }
    if (way->delivering)
        slot_pop(way);
    way->delivering = false;
    if (way->frames)
        clock_arm(w->clock, &way->arrival, slot_first(way)->arrives);
}

static void arrive_at_station(void *owner)
{
    arrive(owner, WIRE_NIC);
}

static void arrive_at_nic(void *owner)
{
    arrive(owner, WIRE_STATION);
}

static void detour_ends(struct wire *w, enum wire_side from)
{
    struct wire_way *way = &w->way[from];
    struct wire_slot s;

    memcpy(&s, way->held_slot, sizeof s);
    way->holding = false;
    deliver(w, from, &s, way->held);
}

static void detour_to_station(void *owner)
{
    detour_ends(owner, WIRE_NIC);
}

static void detour_to_nic(void *owner)
{
    detour_ends(owner, WIRE_STATION);
}

/* ---- sending ---- */

static bool chance(struct wire *w, uint64_t ppm)
{
    return ppm && random_below(&w->random, PPM) < ppm;
}

/* Puts a frame on its way; its times are set.  Without a place it is lost. */
static void depart(struct wire *w, enum wire_side side, const struct wire_slot *s,
                   const uint8_t *bytes, uint32_t given)
{
    struct wire_way *way = &w->way[side];
    struct frame frame = {.len = s->len, .flags = s->flags, .number = s->number,
                          .cause = s->cause, .began = s->began, .arrives = s->arrives};

    if (likely(side != WIRE_NIC || !w->carry)) {
        if (!slot_put(w, way, s, bytes, given))
            way->count.lost++;
        return;
    }
    frame.bytes = bytes;
    if (given < s->len) {
        memcpy(w->padded, bytes, given);
        memset(w->padded + given, 0, s->len - given);
        frame.bytes = w->padded;
    }
    w->carry(w->carry_ctx, &frame);
}

/* What chance does to a frame; false: it is lost.  `bytes` may come to be w->changed. */
static bool impair(struct wire *w, struct wire_way *way, struct wire_slot *s, const uint8_t **bytes,
                   uint32_t *given, bool *twice)
{
    if (s->len < w->p.impair_from_bytes)
        return true;
    if (chance(w, w->p.loss_ppm)) {
        way->count.lost++;
        return false;
    }
    if (chance(w, w->p.corrupt_ppm)) {
        uint64_t bit = random_below(&w->random, (uint64_t)s->len * 8);

        memcpy(w->changed, *bytes, *given);
        memset(w->changed + *given, 0, s->len - *given);
        w->changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        *bytes = w->changed;
        *given = s->len;
        s->flags |= FRAME_BAD_FCS;
        way->count.corrupted++;
    }
    if (chance(w, w->p.duplicate_ppm)) {
        way->count.duplicated++;
        *twice = true;
    }
    if (chance(w, w->p.reorder_ppm))
        s->flags |= SLOT_DETOUR;
    return true;
}

ps_t wire_send(struct wire *wire, enum wire_side side, const uint8_t *bytes, uint32_t len, ps_t at,
               uint64_t *number)
{
    struct wire_way *way = &wire->way[side];
    uint32_t given = len;
    ps_t start = u64_max(wire_ready(wire, side), at), takes, last_bit;
    struct wire_slot s;
    bool twice = false;

    len = (uint32_t)u64_max(len, FRAME_BYTES_MIN);
    s = (struct wire_slot){.len = len, .bytes = slot_bytes(len), .number = way->next_number++,
                           .cause = wire->clock->cause, .began = start};
    if (number)
        *number = s.number;
    way->count.frames++;
    way->count.bytes += len;
    if (unlikely(len > FRAME_BYTES_MAX || !wire_up(wire))) {
        way->count.lost++;
        return wire_ready(wire, side);
    }
    takes = wire_frame_ps(wire, len);
    last_bit = wire->p.wire_time ? takes - bytes_ps(wire, FRAME_GAP_BYTES) : 0;
    way->free = start + takes;
    s.arrives = start + last_bit + wire->p.latency_ps;
    if (unlikely(wire->impaired) && !impair(wire, way, &s, &bytes, &given, &twice))
        return way->free;
    depart(wire, side, &s, bytes, given);
    if (unlikely(twice)) {
        s.began = way->free;
        s.arrives = s.began + last_bit + wire->p.latency_ps;
        s.flags &= ~SLOT_DETOUR;
        way->free += takes;
        depart(wire, side, &s, bytes, given);
    }
    return way->free;
}

void wire_deliver(struct wire *wire, const struct frame *frame)
{
    struct wire_way *way = &wire->way[WIRE_STATION];
    struct wire_slot s = {
        .bytes = slot_bytes(frame->len), .len = frame->len, .flags = frame->flags,
        .number = frame->number, .began = frame->began, .arrives = frame->arrives,
    };

    way->count.frames++;
    way->count.bytes += frame->len;
    if (frame->len < FRAME_BYTES_MIN || frame->len > FRAME_BYTES_MAX || !wire_up(wire) ||
        !slot_put(wire, way, &s, frame->bytes, frame->len))
        way->count.lost++;
}

/* ---- life ---- */

static void drop_all(struct wire *w)
{
    for (unsigned i = 0; i < ARRAY_LEN(w->way); i++) {
        struct wire_way *way = &w->way[i];

        way->count.lost += way->frames - (way->delivering ? 1 : 0) + (way->holding ? 1 : 0);
        way->head = way->used = way->frames = 0;
        way->holding = way->delivering = false;
        way->free = 0;
        clock_disarm(w->clock, &way->arrival);
        clock_disarm(w->clock, &way->detour);
    }
    w->paused_until = 0;
}

void wire_set_rate(struct wire *wire, uint64_t bits_per_s)
{
    uint64_t was = wire->bits_per_s;

    if (bits_per_s == was)
        return;
    if (!bits_per_s)
        drop_all(wire);
    wire->bits_per_s = bits_per_s;
    wire->ps_per_byte =
        bits_per_s && 8 * PS_PER_S % bits_per_s == 0 ? 8 * PS_PER_S / bits_per_s : 0;
    wire_update(wire);
    if (wire->state_changed)
        wire->state_changed(wire->state_ctx, bits_per_s != 0);
}

void wire_update(struct wire *wire)
{
    wire->impaired = wire->p.loss_ppm || wire->p.duplicate_ppm || wire->p.reorder_ppm ||
                     wire->p.corrupt_ppm;
}

void wire_attach(struct wire *wire, enum wire_side side,
                 void (*receive)(void *owner, const struct frame *frame), void *owner)
{
    wire->end[side] = (struct wire_end){receive, owner};
}

void wire_reset(struct wire *wire)
{
    drop_all(wire);
    wire->bits_per_s = wire->ps_per_byte = 0;
    wire->pauses = 0;
    random_init(&wire->random, wire->seed, wire->name);
    for (unsigned i = 0; i < ARRAY_LEN(wire->way); i++) {
        struct wire_way *way = &wire->way[i];

        if (way->count.frames) /* else nothing was ever there */
            memset(way->ring, 0, WIRE_RING_BYTES);
        memset(way->held, 0, sizeof way->held);
        memset(way->held_slot, 0, sizeof way->held_slot);
        way->next_number = 1;
        way->count = (struct wire_count){0};
    }
    wire_update(wire);
}

void wire_init(struct wire *wire, const char *name, struct clock *clock, struct trace *trace,
               uint64_t seed)
{
    *wire = (struct wire){.name = name, .clock = clock, .trace = trace, .seed = seed,
                          .source = trace_source(trace, name)};
    for (unsigned i = 0; i < ARRAY_LEN(wire->way); i++)
        wire->way[i].ring = xcalloc(1, WIRE_RING_BYTES);
    event_init(clock, &wire->way[WIRE_NIC].arrival, "wire.to_station", arrive_at_station, wire);
    event_init(clock, &wire->way[WIRE_STATION].arrival, "wire.to_nic", arrive_at_nic, wire);
    event_init(clock, &wire->way[WIRE_NIC].detour, "wire.detour_to_station", detour_to_station,
               wire);
    event_init(clock, &wire->way[WIRE_STATION].detour, "wire.detour_to_nic", detour_to_nic, wire);
    wire_reset(wire);
}

void wire_fini(struct wire *wire)
{
    for (unsigned i = 0; i < ARRAY_LEN(wire->way); i++)
        free(wire->way[i].ring);
}
