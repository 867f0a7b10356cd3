/* SPDX-License-Identifier: Apache-2.0 */
/* The host memory behind the guest's RAM. */
#ifndef HOST_MEMORY_H
#define HOST_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* `bytes` of zeroes on a boundary of the host's large pages, which are asked for; the host gives
 * none of it before it is touched.  NULL when it cannot. */
uint8_t *host_memory_new(size_t bytes);
void host_memory_free(uint8_t *memory, size_t bytes);

#endif
