/* SPDX-License-Identifier: Apache-2.0 */
/* Where the harts' time goes, by function: samples in virtual time, that the guest does not notice
 * (machine_sample).  The same run gives the same profile. */
#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include "insight/symbols.h"
#include "machine/machine.h"

struct profile;

/* Samples each hart that executes, each microsecond, and writes lines "samples function module" to
 * `path` (which must outlive it), most first; "-" is no module, brackets are places without a symbol,
 * such as [user].  They are of what was between the marks 1 and 4, if the guest made them, else of
 * all. */
struct profile_file {
    const char *path, *kernel; /* the image with the symbols, or NULL; without: addresses */
    struct profile *profile;
    struct symbols *symbols;
    char *text;                /* at mark 4 */
};
/* Before the machine runs. */
void profile_file_open(struct profile_file *f, struct machine *m);
/* Writes the file; before the machine is freed. */
int profile_file_close(struct profile_file *f, struct err *err);

#endif
