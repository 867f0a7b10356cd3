/* SPDX-License-Identifier: Apache-2.0 */
/* xoroshiro128++ (Blackman and Vigna, 2019), seeded by splitmix64 over seed and name. */
#include "sim/random.h"

#include "base/hash.h"

static uint64_t splitmix(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t rotl(uint64_t v, unsigned n)
{
    return v << n | v >> (64 - n);
}

void random_init(struct random *r, uint64_t seed, const char *name)
{
    uint64_t x = hash_bytes(seed ^ HASH_START, name, strlen(name));

    r->s[0] = splitmix(&x);
    r->s[1] = splitmix(&x);
    if (!r->s[0] && !r->s[1])
        r->s[0] = 1;
}

uint64_t random_u64(struct random *r)
{
    uint64_t a = r->s[0], b = r->s[1], out = rotl(a + b, 17) + a;

    b ^= a;
    r->s[0] = rotl(a, 49) ^ b ^ b << 21;
    r->s[1] = rotl(b, 28);
    return out;
}

uint64_t random_below(struct random *r, uint64_t bound)
{
    uint64_t limit, v;

    if (bound == 0)
        return 0;
    limit = UINT64_MAX - UINT64_MAX % bound;
    do
        v = random_u64(r);
    while (v >= limit);
    return v % bound;
}
