/* SPDX-License-Identifier: Apache-2.0 */
/* Receiving from the network, by NAPI:
 *
 *   frame -> ring -> interrupt: net_interrupt() masks it and raises the softirq
 *                    net_softirq() takes up to BUDGET frames, each to the socket of its port;
 *                    fewer than BUDGET: the ring is empty, unmask; else raise again
 *
 * Under load nothing interrupts: the next poll finds what has come.  A socket is a port and a queue
 * of datagrams. */
#ifndef LABS_KERNEL_NET_H
#define LABS_KERNEL_NET_H

#include <stdbool.h>
#include <stdint.h>

struct socket;

/* Sets up the controller, if there is one.  Without one there are no datagrams. */
void net_init(void);

/* Descriptors, results and errors as abi.h says. */
int64_t socket_new(void);
int64_t socket_bind(uint64_t fd, uint64_t port);
int64_t socket_receive(uint64_t fd, uint64_t to, uint64_t bytes);

/* Is there a datagram? */
bool socket_ready(const struct socket *);

/* Who waits for any descriptor to become ready (poll). */
extern struct wait_queue poll_waits;

#endif
