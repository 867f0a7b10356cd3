/* SPDX-License-Identifier: Apache-2.0 */
/* A folder as a "newc" cpio archive, which Linux unpacks when it follows an initramfs.  The bytes
 * depend only on names, contents, link targets and permissions: sorted, time 0, owner 0:0. */
#ifndef MACHINE_CPIO_H
#define MACHINE_CPIO_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Entries are named prefix, prefix/...; `*data` is freed by the caller.  Fails on what is neither
 * file, folder nor symbolic link, and when the archive would exceed max_bytes. */
int cpio_from_folder(const char *folder, const char *prefix, uint64_t max_bytes, uint8_t **data,
                     size_t *size, struct err *err);

#endif
