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

/* Samples each hart that executes, each `period_ps`.  The caller frees it, after the machine. */
struct profile *profile_start(struct machine *m, ps_t period_ps);
/* Begins anew: what was counted is forgotten. */
void profile_clear(struct profile *p);
void profile_stop(struct profile *p);
void profile_free(struct profile *p);

/* The lines; the caller frees them.  NULL symbols: addresses in place of names. */
char *profile_text(const struct profile *p, const struct symbols *symbols);

#endif
