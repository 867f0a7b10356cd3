/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness: one seeded stream per user of it, so that one device's draws never move another's. */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t s[2];
};

/* The stream of `name` (a device's name, say) under the run's seed. */
void random_init(struct random *r, uint64_t seed, const char *name);
uint64_t random_u64(struct random *r);
/* Uniform in 0..bound-1, without bias; 0 when bound is 0. */
uint64_t random_below(struct random *r, uint64_t bound);

#endif
