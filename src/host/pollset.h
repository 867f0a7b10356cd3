/* SPDX-License-Identifier: Apache-2.0 */
/* The descriptors of one poll(2): whoever waits for the host adds his, one call asks for all. */
#ifndef HOST_POLLSET_H
#define HOST_POLLSET_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

struct pollset {
    struct pollfd *fd;
    size_t count, capacity;
};

void pollset_fini(struct pollset *set);

static inline void pollset_clear(struct pollset *set)
{
    set->count = 0;
}

/* Returns the index by which pollset_events speaks of it. */
size_t pollset_add(struct pollset *set, int fd, short events);

/* What poll reported for that index; 0 for one that is not there. */
short pollset_events(const struct pollset *set, size_t index);

/* Waits until a descriptor has something, a signal comes, or timeout_ns have passed. */
void pollset_wait(struct pollset *set, uint64_t timeout_ns);

#endif
