/* SPDX-License-Identifier: Apache-2.0 */
/* The device tree that firmware and kernel read: QEMU virt's, for the devices that are here
 * (Devicetree Specification 0.4; Linux Documentation/devicetree/bindings). */
#ifndef MACHINE_FDT_H
#define MACHINE_FDT_H

#include "machine/config.h"

#include <stddef.h>
#include <stdint.h>

/* Makes the tree; its size depends on the configuration but not on the initrd's place.
 * initrd_end 0: no initrd.  `*blob` is freed by the caller.  The arguments of the kernel are
 * config->append.  -1 with err when the append text is too long. */
int fdt_make(const struct board_config *config, uint64_t initrd_start, uint64_t initrd_end,
             uint8_t **blob, size_t *size, struct err *err);

#endif
