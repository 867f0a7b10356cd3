/* SPDX-License-Identifier: Apache-2.0 */
/* What can be given as a kernel or firmware, told apart by content:
 *   ELF64 for RISC-V (ELF specification; fixed addresses or static PIE),
 *   Linux's Image (Documentation/arch/riscv/boot-image-header.rst), also as the EFI application
 *     that distributions ship: that file is an Image whose first bytes also say "MZ",
 *   EFI zboot ("zimg") and plain files, both also gzip'd,
 *   anything else: a flat binary.
 * The content is hostile: every offset and size in it is checked against the file. */
#ifndef MACHINE_IMAGE_H
#define MACHINE_IMAGE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum image_kind { IMAGE_FLAT, IMAGE_LINUX, IMAGE_ELF };

/* Bytes that go to one place; from `bytes_in_file` on, up to `bytes`, memory is zero. */
struct image_part {
    uint64_t addr;
    size_t offset; /* into data */
    uint64_t bytes_in_file, bytes;
};

#define IMAGE_PARTS_MAX 64

struct image {
    enum image_kind kind;
    const char *what, *path; /* for messages: "kernel", its file */
    uint8_t *data;
    size_t size;
    /* ELF: physical addresses as linked.  The others: one part at address 0. */
    struct image_part part[IMAGE_PARTS_MAX];
    unsigned parts;
    uint64_t low, high; /* of the parts: first address, and one past the last */
    uint64_t entry;     /* an address of the same kind */
    bool relocatable;   /* may be placed anywhere, by adding the same to all addresses */
    uint64_t text_offset; /* Linux: wanted distance from a 2-MiB boundary */
};

/* Reads and understands a file; file and unpacked content may have max_bytes each.
 * `what` and `path` must outlive the image. */
int image_read(struct image *image, const char *what, const char *path, uint64_t max_bytes,
               struct err *err);

/* The same for bytes in memory, of which the image becomes the owner, also when it fails. */
int image_parse(struct image *image, const char *what, const char *path, uint8_t *data,
                size_t size, uint64_t max_bytes, struct err *err);

/* Address of a symbol as linked, 0 when the ELF has none of that name (or it is no ELF). */
uint64_t image_symbol(const struct image *image, const char *name);

void image_free(struct image *image);

#endif
