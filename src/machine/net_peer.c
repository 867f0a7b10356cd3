/* SPDX-License-Identifier: Apache-2.0 */
#include "machine/net_peer.h"

#include "base/bits.h"
#include "machine/board.h"

/* Turns are not shorter than that, whatever the wire (at timing level off it has no latency): a frame
 * that arrives earlier in the other's turn than it has come to is delivered at once. */
#define TURN_MIN_PS (100 * PS_PER_NS)
/* Whoever waits for the other looks outside as often, and a turn is not longer. */
#define LOOK_PS (PS_PER_S / 1000)

struct side {
    struct machine *m;
    struct nic *nic;
    struct side *other;
    struct event bound; /* the end of its turn */
    ps_t reached;       /* how far it has come */
    ps_t looked;        /* when it last looked outside */
    bool off;           /* it has ended */
};

static struct nic *peer_nic(struct machine *m)
{
    for (unsigned i = 0; i < m->config->nics; i++)
        if (m->config->nic[i].backend == NIC_PEER)
            return &m->nic[i];
    return NULL;
}

static bool has_peer(const struct board_config *c)
{
    for (unsigned i = 0; i < c->nics; i++)
        if (c->nic[i].backend == NIC_PEER)
            return true;
    return false;
}

int net_peer_check(const struct board_config *first, const struct board_config *other,
                   struct err *err)
{
    if (!has_peer(first) || !has_peer(other))
        return err_set(err, "--peer: each of the two machines needs a --nic peer");
    for (unsigned i = 0; i < first->nics; i++)
        for (unsigned j = 0; j < other->nics; j++)
            if (memcmp(first->nic[i].mac, other->nic[j].mac, 6) == 0)
                return err_set(err, "--peer: two controllers have the same mac=");
    return 0;
}

/* From the start of a frame to its last bit at the other end, at least. */
static ps_t lookahead(const struct side *s)
{
    const struct wire *w = &s->nic->wire;
    ps_t gap = w->p.wire_time ? w->ps_per_byte * FRAME_GAP_BYTES : 0;

    return u64_max(wire_frame_ps(w, FRAME_BYTES_MIN) - gap + w->p.latency_ps, TURN_MIN_PS);
}

static ps_t next_step(const struct side *s)
{
    if (s->off)
        return PS_NEVER;
    return s->m->stopped ? s->m->clock.now : machine_next(s->m); /* that is to be seen soon */
}

/* The other gets the frame, and may answer: this turn ends before that answer could be here. */
static void carry(void *ctx, const struct frame *frame)
{
    struct side *s = ctx, *to = s->other;
    struct frame f = *frame;
    ps_t answer;

    nic_record(s->nic, WIRE_NIC, frame);
    if (to->off)
        return;
    f.arrives = u64_max(f.arrives, to->m->clock.now);
    wire_deliver(&to->nic->wire, &f);
    answer = ps_add(f.arrives, lookahead(to));
    if (answer < PS_NEVER && (!event_armed(&s->bound) || s->bound.when > answer))
        clock_arm(&s->m->clock, &s->bound, answer);
}

/* It only keeps harts from running on. */
static void bound_reached(void *owner)
{
    (void)owner;
}

static bool poweroff(const struct machine *m)
{
    return m->result.end == END_FINISHER && m->result.code == 0;
}

/* One turn; false when this side's machine has ended. */
static bool turn(struct side *s)
{
    ps_t bound = u64_min(ps_add(next_step(s->other), lookahead(s->other)),
                         ps_add(machine_next(s->m), LOOK_PS));
    bool more = true;

    if (bound < PS_NEVER)
        clock_arm(&s->m->clock, &s->bound, bound);
    do {
        more = machine_step(s->m);
    } while (more && event_armed(&s->bound) && machine_next(s->m) < s->bound.when);
    /* A hart that only computes moves no clock, and yet is to look outside now and then. */
    if (event_armed(&s->bound))
        s->reached = u64_min(s->bound.when, machine_next(s->m));
    clock_disarm(&s->m->clock, &s->bound);
    machine_time(s->m, s->reached);
    s->reached = s->looked = u64_max(s->reached, s->m->clock.now);
    return more;
}

/* While one has its turns, the other's time goes on, as far as nothing happens in it. */
static void look(struct side *s, ps_t now)
{
    if (s->off || now < ps_add(s->looked, LOOK_PS))
        return;
    s->looked = now;
    machine_pass(s->m, now);
}

/* Both wait for nothing but the world.  True: the other one does, and has been given time; else the
 * first one is left to wait for its user, or to be stuck. */
static bool wait_outside(struct side *first, struct side *other)
{
    if (next_step(first) != PS_NEVER || next_step(other) != PS_NEVER || other->off ||
        !other->m->net_waits)
        return false;
    outside_poll(first->m, 0);
    outside_poll(other->m, LOOK_PS);
    return true;
}

static void join(struct side *s, struct machine *m, struct side *other)
{
    *s = (struct side){.m = m, .nic = peer_nic(m), .other = other};
    event_init(&m->clock, &s->bound, "peer.bound", bound_reached, s);
    s->nic->wire.carry = carry;
    s->nic->wire.carry_ctx = s;
}

static void part(struct side *s)
{
    s->nic->wire.carry = NULL;
    clock_disarm(&s->m->clock, &s->bound);
}

unsigned net_peer_run(struct machine *const machine[PEER_MACHINES],
                      struct machine_result result[PEER_MACHINES])
{
    struct side side[PEER_MACHINES];
    unsigned ended = PEER_FIRST;

    join(&side[PEER_FIRST], machine[PEER_FIRST], &side[PEER_OTHER]);
    join(&side[PEER_OTHER], machine[PEER_OTHER], &side[PEER_FIRST]);
    for (;;) {
        unsigned n = next_step(&side[PEER_OTHER]) < next_step(&side[PEER_FIRST]);

        if (wait_outside(&side[PEER_FIRST], &side[PEER_OTHER]))
            continue;
        if (turn(&side[n])) {
            look(side[n].other, side[n].reached);
            continue;
        }
        side[n].off = true;
        if (n == PEER_FIRST || !poweroff(machine[PEER_OTHER])) {
            ended = n;
            break;
        }
    }
    for (unsigned n = 0; n < PEER_MACHINES; n++) {
        part(&side[n]);
        machine_result(machine[n], &result[n]);
    }
    return ended;
}
