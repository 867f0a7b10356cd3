/* SPDX-License-Identifier: Apache-2.0 */
/* The RISC-V Linux `Image` inside whatever a distribution ships it in. */
#ifndef INSIGHT_KIMAGE_H
#define INSIGHT_KIMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Where a 64-bit RISC-V kernel links byte 0 of its Image (KERNEL_LINK_ADDR: the last 2 GiB of the
 * address space).  Without KASLR, which Debian's kernel does not have, it also runs there. */
#define KIMAGE_LINK_ADDRESS UINT64_C(0xffffffff80000000)

struct kimage {
    const uint8_t *bytes;             /* the Image, byte 0 is its first instruction */
    size_t         len;
    uint8_t       *owned;             /* `bytes` when it had to be decompressed, else null */
};

/* Finds the Image in `bytes`: as it is (with or without the EFI stub's PE header), gzip'd, or as
 * the gzip payload of an EFI zboot program.  Other compressions, ELF and anything else are errors
 * that say what was found.  When nothing had to be decompressed the result points into `bytes`,
 * which must then outlive it.  0, or -1 with `err`. */
int kimage_open(struct kimage *image, const void *bytes, size_t len, struct err *err);
void kimage_close(struct kimage *image);

#endif
