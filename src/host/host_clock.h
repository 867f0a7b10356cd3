/* SPDX-License-Identifier: Apache-2.0 */
/* The host's clock, for measuring this program.  Its value must never reach the guest, the trace or
 * anything else that is to be the same in two runs. */
#ifndef HOST_HOST_CLOCK_H
#define HOST_HOST_CLOCK_H

#include <stdint.h>

/* Nanoseconds of a clock that only goes forward; only differences mean something. */
uint64_t host_clock_ns(void);

#endif
