/* SPDX-License-Identifier: Apache-2.0 */
/* Puts firmware, kernel, initrd and device tree where QEMU's virt board would, and the reset code
 * that starts them:
 *
 *   0x1000      reset code: a0 = hart, a1 = device tree, a2 = fw_dynamic_info, jump to firmware
 *   0x80000000  firmware (machine mode), or with `none` the kernel itself
 *   0x80200000  kernel (supervisor mode), or where its ELF segments say
 *   ...         initrd, ending below the device tree
 *   ...         device tree, 2-MiB aligned, near the end of RAM or of the first GiB of it
 *
 * Only the space is needed: ROM and RAM must be mapped as memory, no hart exists yet. */
#ifndef MACHINE_LOAD_H
#define MACHINE_LOAD_H

#include "bus/space.h"
#include "machine/config.h"

#include <stddef.h>

struct boot {
    uint64_t reset_pc; /* where every hart begins */
    uint64_t start;    /* where the reset code jumps to */
    uint64_t firmware_addr, firmware_bytes; /* bytes 0: none */
    uint64_t kernel_addr, kernel_bytes, kernel_entry;
    uint64_t tohost; /* of a kernel started without firmware: see htif.c; 0: it has none */
    uint64_t initrd_addr, initrd_bytes;
    uint64_t dtb_addr, dtb_bytes;
    char firmware[512]; /* its file; empty: none */
    uint64_t identity;  /* of all that was loaded, by content */
};

/* Loads all into memory; without kernel and firmware only the device tree, and start is 0.
 * -1 with one line of err saying what, where and how to mend it. */
int boot_load(struct boot *boot, const struct board_config *config, struct space *space,
              struct err *err);

#endif
