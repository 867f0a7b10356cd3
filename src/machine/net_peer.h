/* SPDX-License-Identifier: Apache-2.0 */
/* Two machines in one process, joined by the wire of their NICs with backend `peer`.
 *
 * Each has its own clock.  They run in turns: the one whose next step is earlier runs until a frame
 * of the other's could reach it, which is the other's next step and one wire's latency later.  So no
 * frame comes into its receiver's past (but for the rest of a block of instructions, a few ns), and
 * a run is as repeatable as that of one machine.  The longer the latency, the longer the turns. */
#ifndef MACHINE_NET_PEER_H
#define MACHINE_NET_PEER_H

#include "machine/machine.h"

enum { PEER_FIRST, PEER_OTHER, PEER_MACHINES };

/* What such a pair is called for; config must have one NIC with backend `peer` each. */
int net_peer_check(const struct board_config *first, const struct board_config *other,
                   struct err *err);

/* Runs both until the first one ends, or the other one in a way that is not a power-off with status
 * 0: after that the other is only silent.  Returns whose end it was; both results are set. */
unsigned net_peer_run(struct machine *const machine[PEER_MACHINES],
                      struct machine_result result[PEER_MACHINES]);

#endif
