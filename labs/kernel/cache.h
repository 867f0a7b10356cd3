/* SPDX-License-Identifier: Apache-2.0 */
/* The page cache: pages of the drive that have been read, kept while there is room.
 *
 *   FREE --cache_fill--> READING --read_done--> READY
 *     ^                     |                     |
 *     +------ failed -------+     evicted: for another page, or by cache_drop
 *
 * A page that somebody copies from or waits for (users > 0), or that is being read, stays. */
#ifndef LABS_KERNEL_CACHE_H
#define LABS_KERNEL_CACHE_H

#include "labs/kernel/thread.h"

#include <stdbool.h>
#include <stdint.h>

enum page_state { PAGE_FREE, PAGE_READING, PAGE_READY, PAGE_FAILED };

struct page {
    uint64_t number;    /* of the drive, in units of 4 KiB */
    uint8_t *bytes;
    enum page_state state;
    unsigned users;
    bool recent;        /* used since the hand last passed (the clock algorithm) */
    struct page *chain; /* of its hash */
    struct wait_queue arrived;
};

/* What an open file knows of how it is read.  Reads that follow each other are read ahead of, in
 * windows that double up to AHEAD_MAX pages; any other read begins anew, with nothing ahead. */
struct ahead {
    uint64_t next;      /* the page that would follow the last one read */
    uint64_t start;     /* of the last window; when it is reached, the next one is sent for */
    uint64_t end;
    unsigned window;    /* its pages; 0: nothing was read yet */
};
#define AHEAD_MAX 16

void cache_init(void);

/* The page, with its bytes there, for the caller to put back; reads it, and ahead, if need be. 
 * Pages from `limit` on are not read.  NULL: the drive failed, or all pages are in use. */
struct page *cache_get(struct ahead *ahead, uint64_t number, uint64_t limit);
void cache_put(struct page *page);

/* Forgets pages [first, end) that nobody uses. */
void cache_drop(uint64_t first, uint64_t end);

#endif
