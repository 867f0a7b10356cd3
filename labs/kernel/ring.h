/* SPDX-License-Identifier: Apache-2.0 */
/* The submission and completion ring (abi.h): reads that go past the page cache, by DMA straight
 * into the program's own memory.  What costs is done once: a buffer is checked and translated when
 * it is registered, not at each read; and one system call can send many. */
#ifndef LABS_KERNEL_RING_H
#define LABS_KERNEL_RING_H

#include <stdint.h>

int64_t ring_setup(uint64_t address, uint64_t flags);
int64_t ring_register(uint64_t fd, uint64_t buffers, uint64_t count);
int64_t ring_enter(uint64_t fd, uint64_t submit, uint64_t wait);

#endif
