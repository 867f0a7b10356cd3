/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "host/pollset.h"

#include "base/alloc.h"

#include <stdlib.h>

void pollset_fini(struct pollset *set)
{
    free(set->fd);
    *set = (struct pollset){0};
}

size_t pollset_add(struct pollset *set, int fd, short events)
{
    array_reserve(&set->fd, &set->capacity, set->count + 1, sizeof *set->fd);
    set->fd[set->count] = (struct pollfd){fd, events, 0};
    return set->count++;
}

short pollset_events(const struct pollset *set, size_t index)
{
    return index < set->count ? set->fd[index].revents : 0;
}

void pollset_wait(struct pollset *set, uint64_t timeout_ns)
{
    struct timespec t = {(time_t)(timeout_ns / 1000000000), (long)(timeout_ns % 1000000000)};

    if (ppoll(set->fd, set->count, &t, NULL) > 0)
        return;
    for (size_t i = 0; i < set->count; i++)
        set->fd[i].revents = 0;
}
