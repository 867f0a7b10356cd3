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

/* Gives pages of zeroes back to the host, which has zeroes for who looks there again: a guest clears
 * much that it then leaves alone, and a large page is taken whole for any byte of it.  Looks at
 * one large page a call, from memory + offset on (a multiple of HOST_MEMORY_STEP), and takes one apart
 * only if most of it is zeroes. */
#define HOST_MEMORY_STEP ((size_t)2 << 20)
void host_memory_trim(uint8_t *memory, size_t bytes, size_t offset);

#endif
