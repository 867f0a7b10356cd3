/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LABS_INTERRUPT_COST_STORM_H
#define LABS_INTERRUPT_COST_STORM_H

/* entry.S. */
void timer_entry(void);
void wire_entry(void);
void message_entry(void);
void storm_entry(void);

/* main.c: reports and ends if the trap is anything but this interrupt. */
void trap_must_be(unsigned number);

/* storm.c. */
void storms(void);

#endif
