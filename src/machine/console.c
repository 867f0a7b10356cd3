/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's console: the UART on one side, the host's terminal on the other.  And the poll by which
 * the outside world enters: terminal and network. */
#include "machine/board.h"

/* The next byte goes in when the UART can take it; input that is held back keeps the event armed. */
static void feed(void *owner)
{
    struct machine *m = owner;
    int byte;

    while (uart_can_receive(&m->uart) && (byte = terminal_read(m->terminal)) >= 0)
        uart_receive(&m->uart, (uint8_t)byte);
    if (terminal_has_input(m->terminal)) {
        ps_t wait = uart_character_ps(&m->uart);
        clock_arm_after(&m->clock, &m->console_in, wait ? wait : 10 * PS_PER_US);
    }
}

/* The longest wait: a signal that comes just before it must not be lost for long. */
#define WAIT_MAX_PS PS_PER_S

void outside_poll(struct machine *m, ps_t wait_ps)
{
    bool quiet = terminal_signal() != 0;

    pollset_clear(&m->pollset);
    terminal_prepare(m->terminal, &m->pollset);
    m->net_waits = net_prepare(m, &m->pollset);
    if (quiet)
        wait_ps = 0;
    if (m->pollset.count || wait_ps)
        pollset_wait(&m->pollset, u64_min(wait_ps, WAIT_MAX_PS) / PS_PER_NS);
    terminal_done(m->terminal, &m->pollset);
    net_done(m, &m->pollset);
    if (terminal_has_input(m->terminal) && !event_armed(&m->console_in))
        clock_arm(&m->clock, &m->console_in, m->clock.now);
    if (terminal_quit(m->terminal))
        machine_end(m, END_QUIT, 0);
    if (terminal_signal())
        machine_end(m, END_SIGNAL, (uint32_t)terminal_signal());
}

void console_put(void *machine, uint8_t byte)
{
    struct machine *m = machine;

    terminal_write(m->terminal, byte);
    if (text_watch_put(&m->exit_on, (char)byte))
        machine_end(m, END_EXIT_ON, 0);
}

void machine_type(struct machine *m, const char *text, ps_t when)
{
    terminal_type(m->terminal, text);
    if (terminal_has_input(m->terminal) && !event_armed(&m->console_in))
        clock_arm(&m->clock, &m->console_in, u64_max(when, m->clock.now));
}

/* What the guest has handed to the UART before it ended still leaves, in its time; not what devices
 * may go on writing to it. */
void console_drain(struct machine *m)
{
    ps_t until = ps_add(m->uart.sent.when,
                        (UART_FIFO_BYTES + 1) * uart_character_ps(&m->uart));

    while (event_armed(&m->uart.sent) && clock_next(&m->clock) <= until)
        clock_run(&m->clock, clock_next(&m->clock));
}

int console_open(struct machine *m, struct err *err)
{
    m->terminal = terminal_open(m->config->console ? m->config->console : "stdio", err);
    if (!m->terminal)
        return -1;
    text_watch_init(&m->exit_on, m->config->exit_on);
    event_init(&m->clock, &m->console_in, "console.in", feed, m);
    return 0;
}
