/* SPDX-License-Identifier: Apache-2.0 */
/* The run loop: one host thread, harts in the order of their own time, events in between.
 *
 * A hart's position is its own time, or the time it waits for.  The one with the earliest position
 * (then the lowest number) runs, until the next event or until it is a quantum ahead of the next
 * hart.  Device accesses are in the order of time over all harts: hart/mmio.c holds a hart back at
 * its sync_limit, the earliest position of the others. */
#include "machine/board.h"

#include "host/memory.h"

/* The outside world is looked at at least so often, whatever the guest does. */
#define POLL_PS (PS_PER_S / 1000)
/* The same while NICs wait for the host. */
#define NET_POLL_PS (100 * PS_PER_US)
/* Where virtual time ends (106 days): half of what ps_t holds, so that no sum of a time and a delay
 * wraps.  What is armed for later never happens. */
#define TIME_END (PS_NEVER / 2)
/* So much of RAM is looked at for zeroes when the harts wait. */
#define TRIM_BYTES (32 * HOST_MEMORY_STEP)

void machine_end(struct machine *m, enum machine_end end, uint32_t code)
{
    if (m->stopped)
        return;
    m->stopped = true;
    m->result.end = end;
    m->result.code = code;
}

void machine_stop(struct machine *m)
{
    machine_end(m, END_CALLER, 0);
}

static ps_t poll_ps(const struct machine *m)
{
    return m->net_waits ? NET_POLL_PS : POLL_PS;
}

static ps_t next_event(const struct machine *m)
{
    ps_t next = clock_next(&m->clock);

    return next > TIME_END ? PS_NEVER : next;
}

static ps_t position(const struct hart *h)
{
    ps_t now = hart_now(h);

    return h->wait_until > now ? h->wait_until : now;
}

/* The position in ticks.  hart_ticks(position(h)) is the same but slower: hart_ticks undoes hart_ps
 * as long as a tick is no shorter than a picosecond (hart_params.frequency_hz has a limit). */
static uint64_t position_ticks(const struct hart *h)
{
    return h->wait_until ? u64_max(h->ticks, hart_ticks(h, h->wait_until)) : h->ticks;
}

/* The runnable hart with the earliest position *at, NULL if all are idle; *second is the earliest
 * position of the others. */
static struct hart *pick(struct machine *m, ps_t *best_at, ps_t *second)
{
    struct hart *best = NULL;

    *best_at = *second = PS_NEVER;
    for (unsigned i = 0; i < m->config->harts; i++) {
        struct hart *h = m->hart[i];
        ps_t at;

        if (h->idle)
            continue;
        at = position(h);
        if (!best || at < *best_at) {
            if (best)
                *second = *best_at;
            best = h;
            *best_at = at;
        } else if (at < *second) {
            *second = at;
        }
    }
    return best;
}

static void wake_harts(struct machine *m)
{
    for (unsigned i = 0; i < m->config->harts; i++)
        if (m->hart[i]->idle && hart_wakes(m->hart[i]))
            hart_wake(m->hart[i], m->clock.now);
}

/* Fires what is due at `when`.  Another master may have written to memory: LR's are void. */
static void fire(struct machine *m, ps_t when)
{
    m->clock.cause = 0;
    clock_run(&m->clock, when);
    for (unsigned i = 0; i < m->config->harts; i++)
        m->hart[i]->reservation = NO_RESERVATION;
}

/* Now and then, ever more rarely, gives the zeroes of RAM back to the host: a little at each wait. */
static void trim(struct machine *m)
{
    uint64_t at = (m->idles++ - m->trim_from) * TRIM_BYTES;

    if (m->idles <= m->trim_from)
        return;
    for (uint64_t end = u64_min(at + TRIM_BYTES, m->ram.size); at < end; at += HOST_MEMORY_STEP)
        host_memory_trim(m->ram.ram, m->ram.size, at);
    if (at >= m->ram.size)
        m->trim_from = 4 * m->idles;
}

/* All harts wait: time jumps to the next event.  Who is outside, a user at a terminal or a network,
 * is given host time to say something, as much as the machine would have waited. */
static void idle(struct machine *m)
{
    ps_t next;

    trim(m);
    outside_poll(m, 0);
    next = next_event(m);
    if (next == PS_NEVER) {
        if (terminal_at_end(m->terminal) && !m->net_waits)
            machine_end(m, END_STUCK, 0);
        else
            outside_poll(m, PS_NEVER);
        next = next_event(m);
        if (next == PS_NEVER)
            return;
    } else if ((m->net_waits || terminal_interactive(m->terminal)) && next > m->clock.now) {
        m->idle_debt += next - m->clock.now;
        if (m->idle_debt >= poll_ps(m)) {
            outside_poll(m, m->idle_debt);
            m->idle_debt = 0;
            next = next_event(m);
        }
    }
    fire(m, next);
}

/* One sample for each period that ended while the hart ran; it began to run at `from`. */
static void sample(struct machine *m, struct hart *h, ps_t from)
{
    ps_t *next = &m->sample_next[h->id], now = hart_now(h), period = m->sample_period;

    if (*next < from) /* it waited */
        *next += (from - *next + period - 1) / period * period;
    for (; *next <= now; *next += period)
        m->on_sample(m->sample_ctx, m, h->id);
}

/* `at` is its position; `next` is the next event, at `next_ticks`. */
static void run_hart(struct machine *m, struct hart *h, ps_t at, ps_t second, ps_t next,
                     uint64_t next_ticks)
{
    ps_t poll = ps_add(at, poll_ps(m)), limit = u64_min(next, poll);
    uint64_t limit_ticks;
    enum stop stop;

    if (second != PS_NEVER)
        limit = u64_min(limit, ps_add(u64_max(second, at), m->quantum_ps));
    else if (m->sample_period) /* a hart that runs alone may be stopped anywhere */
        limit = u64_min(limit, u64_max(m->sample_next[h->id], at));
    h->sync_limit = second;
    if (m->running != h) {
        m->running = h;
        h->reservation = NO_RESERVATION; /* another hart has run since */
    }
    if (h->wait_stalls)
        h->ticks = u64_max(h->ticks, hart_ticks(h, h->wait_until));
    h->wait_until = 0;
    h->wait_stalls = false;
    m->clock.cause = 0;
    limit_ticks = m->single_blocks ? 0 : limit == next ? next_ticks : hart_ticks(h, limit);
    stop = m->engine->run(h, u64_max(limit_ticks, h->ticks + 1));
    if (m->sample_period)
        sample(m, h, at);
    for (unsigned i = 0; stop == STOP_MARK && i < m->mark_listeners; i++)
        m->mark_listener[i].fn(m->mark_listener[i].ctx, m, h->id, h->mark);
    if (stop == STOP_LIMIT && limit == poll && !m->single_blocks)
        m->next_poll = m->clock.now; /* no event has moved the clock */
}

/* The guest's reset button: time goes on, everything else is as after power-on. */
static bool restarted(struct machine *m)
{
    struct err err;

    if (m->result.end != END_RESET || m->config->no_reboot)
        return false;
    console_drain(m);
    m->next_poll = m->clock.now; /* a guest that resets at once must not keep the user out */
    m->stopped = machine_reset(m, &err) != 0;
    if (m->stopped) {
        log_line("after a reset: %s", err.text);
        m->result.code = 1;
    }
    return !m->stopped;
}

bool machine_step(struct machine *m)
{
    ps_t at, second, next;
    uint64_t next_ticks;
    struct hart *h;

    if (m->stopped && !restarted(m))
        return false;
    next = next_event(m);
    h = pick(m, &at, &second);
    if (m->clock.now >= m->next_poll || ++m->slices % 65536 == 0) {
        /* What the host has sent comes now, not when the last event was. */
        if (m->net_waits && h && at < next)
            clock_run(&m->clock, at);
        m->next_poll = m->clock.now + poll_ps(m);
        outside_poll(m, 0);
        next = next_event(m);
    }
    next_ticks = h && next != PS_NEVER ? hart_ticks(h, next) : UINT64_MAX;
    if (!h)
        idle(m);
    else if (at >= TIME_END)
        machine_end(m, END_MAX_TIME, 0);
    else if (next_ticks <= position_ticks(h))
        fire(m, next);
    else
        run_hart(m, h, at, second, next, next_ticks);
    wake_harts(m);
    return true;
}

ps_t machine_next(const struct machine *m)
{
    ps_t next = next_event(m);

    for (unsigned i = 0; i < m->config->harts; i++)
        if (!m->hart[i]->idle)
            next = u64_min(next, position(m->hart[i]));
    return next;
}

static bool all_wait(const struct machine *m)
{
    for (unsigned i = 0; i < m->config->harts; i++)
        if (!m->hart[i]->idle)
            return false;
    return true;
}

bool machine_stuck(const struct machine *m)
{
    return all_wait(m) && next_event(m) == PS_NEVER && terminal_at_end(m->terminal) && !m->net_waits;
}

void machine_pass(struct machine *m, ps_t until)
{
    ps_t next = next_event(m);

    if (!all_wait(m))
        return;
    if (next > m->clock.now)
        clock_run(&m->clock, u64_min(until, next - 1));
    outside_poll(m, 0);
    wake_harts(m);
}

void machine_time(struct machine *m, ps_t until)
{
    if (!all_wait(m) && until > m->clock.now + 1 && until <= clock_next(&m->clock))
        clock_run(&m->clock, until - 1);
}

void machine_result(struct machine *m, struct machine_result *result)
{
    if (m->result.end == END_FINISHER || m->result.end == END_RESET)
        console_drain(m);
    m->result.time_ps = m->clock.now;
    m->result.instret = 0;
    for (unsigned i = 0; i < m->config->harts; i++) {
        m->result.instret += m->hart[i]->instret;
        m->result.time_ps = u64_max(m->result.time_ps, m->hart[i]->idle ? 0 : hart_now(m->hart[i]));
    }
    *result = m->result;
}

void machine_run(struct machine *m, struct machine_result *result)
{
    m->stopped = false;
    while (machine_step(m))
        ;
    machine_result(m, result);
}
