/* SPDX-License-Identifier: Apache-2.0 */
/* The Debian guest that guest/ makes. */
#ifndef CLI_GUEST_H
#define CLI_GUEST_H

#include "base/err.h"

/* What shortens its boot (guest/README.md). */
#define CLI_GUEST_WORDS "quiet cryptomgr.notests initcall_blacklist=jent_mod_init"

/* Where the file `name` is (the caller frees it), or NULL with err: it cannot be read, and
 * guest/`make` would make it. */
char *cli_guest_path(const char *name, const char *make, struct err *err);

#endif
