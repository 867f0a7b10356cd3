/* SPDX-License-Identifier: Apache-2.0 */
/* The host-target interface, as far as test programs use it: an ELF without firmware that has a
 * symbol `tohost` ends by writing an odd value there (1: passed, n << 1 | 1: failed with n), and
 * prints a byte by device 1, command 1.  It is memory, not a device, so it is looked at from time to
 * time; a program without the symbol never notices. */
#include "machine/board.h"

#define LOOK_PS (10 * PS_PER_US)

static void look(void *machine)
{
    struct machine *m = machine;
    static const uint8_t taken[8];
    uint8_t bytes[8];
    uint64_t v;

    clock_arm_after(&m->clock, &m->tohost, LOOK_PS);
    if (space_read(&m->space, 0, m->boot.tohost, bytes, sizeof bytes) || !(v = le64_get(bytes)))
        return;
    if (v & 1) {
        machine_end(m, END_FINISHER, (uint32_t)u64_min(v >> 1, UINT16_MAX));
        return;
    }
    if (v >> 48 == 0x0101)
        console_put(m, (uint8_t)v);
    (void)space_write(&m->space, 0, m->boot.tohost, taken, sizeof taken);
}

void htif_init(struct machine *m)
{
    event_init(&m->clock, &m->tohost, "machine.tohost", look, m);
}

void htif_reset(struct machine *m)
{
    if (m->boot.tohost && space_host(&m->space, m->boot.tohost, 8))
        clock_arm_after(&m->clock, &m->tohost, LOOK_PS);
    else
        clock_disarm(&m->clock, &m->tohost);
}
