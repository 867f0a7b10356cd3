/* SPDX-License-Identifier: Apache-2.0 */
/* Where the harts' time goes, by function: samples in virtual time, that the guest does not notice
 * (machine_sample).  The same run gives the same profile. */
#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include "insight/symbols.h"
#include "machine/machine.h"

/* In a trace: text, "samples function module" a line, most first; "-" is no module.  Functions in
 * brackets are places without a symbol: [user], [firmware], [unknown]. */
#define TRACE_CHUNK_PROFILE "PROF"

struct profile;

#define PROFILE_PERIOD_PS PS_PER_US

/* Samples each hart that executes, each `period_ps`.  The caller frees it, after the machine. */
struct profile *profile_start(struct machine *m, ps_t period_ps);
/* Begins anew: what was counted is forgotten. */
void profile_clear(struct profile *p);
void profile_stop(struct profile *p);
void profile_free(struct profile *p);

/* Listens to the machine's marks, and writes the lines to `path` (which must outlive it) when told
 * to: of what was between the marks 1 and 4, if the guest made them, else of all. */
struct profile_file {
    const char *path, *kernel; /* the image with the symbols, or NULL; without: addresses */
    struct profile *profile;
    struct symbols *symbols;
    char *text;                /* at mark 4 */
};
void profile_file_open(struct profile_file *f, struct machine *m);
/* Before the machine is freed. */
int profile_file_close(struct profile_file *f, struct err *err);

/* The lines; the caller frees them.  NULL symbols: addresses in place of names. */
char *profile_text(const struct profile *p, const struct symbols *symbols);

#endif
