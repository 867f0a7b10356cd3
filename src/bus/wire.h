/* SPDX-License-Identifier: Apache-2.0 */
/* An Ethernet link, full duplex, between a NIC and its station: a generator, a host backend, or the
 * NIC of another machine.
 *
 * Each direction is a server: a frame starts when the one before it has left, and takes preamble,
 * bytes, check sequence and the gap after it (IEEE 802.3 clause 4; 64 bytes at 10 Gb/s: 67.2 ns).
 * Its last bit reaches the other end one latency later; then that end's `receive` is called.  Frames
 * on their way lie in a ring of fixed size for each direction.
 *
 * The link partner's MAC, on the station's side, honours PAUSE frames (802.3 annex 31B): it starts
 * nothing while they hold it, but for what it was handed before; MAC Control frames end there.  The
 * NIC does that for itself.
 *
 * Impairments (loss, duplication, reordering, bad check sequences) are drawn from the wire's own
 * seeded stream; all are off unless set. */
#ifndef BUS_WIRE_H
#define BUS_WIRE_H

#include "sim/clock.h"
#include "sim/param.h"
#include "sim/random.h"
#include "sim/state.h"
#include "sim/trace.h"

#include <stdbool.h>

enum wire_side { WIRE_NIC, WIRE_STATION }; /* an end, and the direction that starts at it */

enum {
    FRAME_BYTES_MIN = 60,      /* without check sequence, as all lengths here */
    FRAME_BYTES_MAX = 16 * 1024 - 16,
    FRAME_FCS_BYTES = 4,
    FRAME_PREAMBLE_BYTES = 8,  /* and start delimiter */
    FRAME_GAP_BYTES = 12,
};

enum frame_flag { FRAME_BAD_FCS = 1 };

struct frame {
    const uint8_t *bytes; /* of the wire: valid during the call */
    uint32_t len;
    uint32_t flags;       /* enum frame_flag */
    uint64_t number;      /* in its direction, from 1; a duplicate has its original's */
    uint64_t cause;       /* trace record of what sent it */
    ps_t began;           /* its first bit left */
    ps_t arrives;         /* its last bit is at the receiver */
};

#define WIRE_RING_BYTES (UINT32_C(1) << 20)
#define WIRE_LATENCY_MAX_PS (500 * PS_PER_US) /* what the ring has room for at 10 Gb/s */

/* How far ahead a station that means to honour PAUSE may hand over frames: what the standard gives a
 * MAC at 10 Gb/s to come to rest, 60 quanta of 512 bits (802.3 31B.3.7). */
#define WIRE_AHEAD_PS (60 * 512 * UINT64_C(100))

struct wire_params {
    uint64_t wire_time;       /* 1: bytes take time; 0: infinitely fast */
    uint64_t latency_ps;      /* cable and both transceivers, one way */
    uint64_t loss_ppm;        /* frames lost, of a million, in each direction */
    uint64_t duplicate_ppm;   /* frames that arrive twice */
    uint64_t reorder_ppm;     /* frames that arrive behind later ones */
    uint64_t reorder_ps;      /* by how much */
    uint64_t corrupt_ppm;     /* frames with one bit changed: a bad check sequence */
    uint64_t impair_from_bytes; /* frames shorter than that are left alone */
};

extern const struct param wire_params[];

/* Statistics of a direction; of frames as sent, without the impairments' duplicates. */
struct wire_count {
    uint64_t frames, bytes; /* bytes without check sequence */
    uint64_t lost, duplicated, reordered, corrupted; /* lost: also for want of room or link */
};

struct wire_end {
    void (*receive)(void *owner, const struct frame *frame); /* NULL: thrown away */
    void *owner;
};

struct wire_way {
    /* state */
    ps_t free;                /* when the next frame may start */
    uint64_t next_number;
    uint32_t head, used, frames; /* of the ring */
    uint8_t *ring;            /* of `struct wire_slot` and bytes */
    uint8_t held[FRAME_BYTES_MAX]; /* a reordered frame on its detour */
    uint8_t held_slot[64];
    bool holding;
    struct event arrival, detour;
    struct wire_count count;
    /* no state: set during a call of `receive` */
    bool delivering;
};

struct wire {
    const char *name;
    struct clock *clock;
    struct trace *trace;
    unsigned source;
    struct wire_params p;
    uint64_t bits_per_s;      /* of the link as negotiated; 0: down */
    uint64_t ps_per_byte;     /* at that rate, if exact; 0: divide */
    ps_t paused_until;        /* the station's MAC, by PAUSE */
    uint64_t pauses;          /* PAUSE frames it has seen */
    bool pause_ignored;       /* set by the station: they do not hold it */
    bool impaired;            /* derived from p: any chance at all */
    struct wire_end end[2];
    struct wire_way way[2];   /* way[s] starts at side s */
    struct random random;
    uint64_t seed;
    /* Set by who couples two machines: takes a frame of the NIC's at the time it starts, in place
     * of the ring; frame->arrives may be up to latency_ps + its wire time ahead of the clock. */
    void (*carry)(void *ctx, const struct frame *frame);
    void *carry_ctx;
    /* Told when the NIC's side changes the link's state; NULL: nobody. */
    void (*state_changed)(void *ctx, bool up);
    void *state_ctx;
    /* Told when a PAUSE frame lets the station go on earlier than wire_ready had said; NULL: nobody. */
    void (*resumed)(void *ctx);
    void *resumed_ctx;
    /* Sees every frame that arrives, of both directions, before its receiver; NULL: nobody. */
    void (*watch)(void *ctx, enum wire_side from, const struct frame *frame);
    void *watch_ctx;
    uint8_t changed[FRAME_BYTES_MAX], padded[FRAME_BYTES_MIN]; /* scratch of wire_send */
};

extern const struct field wire_fields[];

void wire_init(struct wire *wire, const char *name, struct clock *clock, struct trace *trace,
               uint64_t seed);
void wire_fini(struct wire *wire);
/* Nothing is on its way, counters 0, the link down (nobody is told), both ends stay connected. */
void wire_reset(struct wire *wire);
/* Call when the parameters have changed; wire_reset and wire_set_rate do so, too. */
void wire_update(struct wire *wire);

/* Who receives at `side`. */
void wire_attach(struct wire *wire, enum wire_side side,
                 void (*receive)(void *owner, const struct frame *frame), void *owner);

/* The NIC brings the link up at this rate, or down (0): frames on their way are lost then. */
void wire_set_rate(struct wire *wire, uint64_t bits_per_s);
static inline bool wire_up(const struct wire *wire)
{
    return wire->bits_per_s != 0;
}

/* Time of `len` bytes with preamble, check sequence and gap, at the present rate. */
ps_t wire_frame_ps(const struct wire *wire, uint32_t len);

/* Where PAUSE frames go, and how long a pause of `quanta` is at the present rate (802.3 annex 31B). */
extern const uint8_t wire_pause_address[6];
ps_t wire_pause_ps(const struct wire *wire, uint16_t quanta);

/* When `side` may start its next frame (not before now; the station not while it is paused). */
ps_t wire_ready(const struct wire *wire, enum wire_side side);
/* Whether the ring of `side`'s direction takes another frame of `len` bytes. */
bool wire_room(const struct wire *wire, enum wire_side side, uint32_t len);

/* For stations: when to hand over the next frame, now or later, so that there is room and no more
 * than WIRE_AHEAD_PS of frames wait for their turn.  With `resumed`, look again. */
ps_t wire_turn(const struct wire *wire, enum wire_side side, uint32_t len);

/* The number that wire_send will give to the next frame of this side, for trace records. */
static inline uint64_t wire_next_number(const struct wire *wire, enum wire_side side)
{
    return wire->way[side].next_number;
}

/* Sends a frame (copied), at wire_ready or at `at` if that is later.  Shorter than FRAME_BYTES_MIN:
 * padded with zeroes; longer than FRAME_BYTES_MAX, without room, or with the link down: lost and
 * counted as such.  Returns when the next frame may start; *number (NULL: not asked) is this one's. */
ps_t wire_send(struct wire *wire, enum wire_side side, const uint8_t *bytes, uint32_t len, ps_t at,
               uint64_t *number);

/* For who couples two machines: a frame that arrives at the NIC at frame->arrives (not in the past;
 * not before the one delivered last). */
void wire_deliver(struct wire *wire, const struct frame *frame);

#endif
