/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the disk.  Fire and forget:
 *
 *   block_submit()      queue entry, doorbell; returns at once
 *   (the controller fetches, reads, and puts the data where they belong, by itself)
 *   block_interrupt()   top half: takes completions off their queue
 *   block_softirq()     bottom half: calls each request's done()
 *
 * or, for a polled request, block_poll() in place of both halves. */
#ifndef LABS_KERNEL_BLOCK_H
#define LABS_KERNEL_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define BLOCK_BYTES 512
#define REQUEST_PAGES 17 /* 64 KiB at any alignment */

struct request {
    uint64_t block;     /* in units of BLOCK_BYTES */
    uint32_t blocks;
    bool polled;
    /* Where the data go, physically: the first page from any multiple of 4 on, the others whole. */
    uint64_t page[REQUEST_PAGES];
    unsigned pages;
    /* Called when it is over, in the bottom half or by block_poll(); it may free the request. */
    void (*done)(struct request *);
    void *owner;        /* of done()'s own */
    uint64_t tag;
    int status;         /* 0: the data are there */
    struct request *next;
};

/* Sets up the drive.  Without one, block_pages() is 0 and every request fails. */
void block_init(void);
/* The drive's size in pages of 4 KiB. */
uint64_t block_pages(void);

/* An empty request; sleeps while all are in use.  For threads. */
struct request *request_new(void);
void request_free(struct request *);

/* Sends it off. */
void block_submit(struct request *);

/* Looks for completions of polled requests, once: done() has been called for each; how many. */
unsigned block_poll(void);

#endif
