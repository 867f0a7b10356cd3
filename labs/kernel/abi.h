/* SPDX-License-Identifier: Apache-2.0 */
/* What user programs and the kernel agree on: system calls, and the ring that both look at.
 *
 * A system call is `ecall` with its number in a7 and its arguments in a0 to a3; the result comes
 * back in a0: 0 or a count, or one of the negative errors. */
#ifndef LABS_KERNEL_ABI_H
#define LABS_KERNEL_ABI_H

#include <stdint.h>

#define SYSTEM_CALLS(S) \
    S(exit)          /* status                    ends the program and the machine */ \
    S(read)          /* fd, buf, bytes            from the file's place on, and moves it */ \
    S(pread)         /* fd, buf, bytes, offset    from there, moves nothing */ \
    S(write)         /* fd, buf, bytes            to the console */ \
    S(open)          /* name                      a file of the flat table: its fd */ \
    S(poll)          /* fds, count, milliseconds  which of these can be read (struct poll) */ \
    S(sleep)         /* microseconds */ \
    S(yield)         /*                           lets the next thread run */ \
    S(socket)        /*                           a UDP socket: its fd */ \
    S(bind)          /* fd, port                  datagrams to this port are its own */ \
    S(recv)          /* fd, buf, bytes            the next datagram; sleeps until there is one */ \
    S(ring_setup)    /* ring, flags               a page that both sides look at: its fd */ \
    S(ring_register) /* fd, buffers, count        pins and translates them, once */ \
    S(ring_enter)    /* fd, submit, wait          takes submissions, waits for completions */ \
    S(cache_drop)    /* fd                        forgets its pages: the next read is cold */ \
    S(counters)      /* counters                  what the kernel has counted */ \
    S(thread_start)  /* function, argument, end   one more thread: its number */ \
    S(thread_exit)   /*                           ends this thread */ \
    S(thread_join)   /* number                    sleeps until that thread has ended */

#define SYSTEM_CALL_NUMBER(name) SYS_##name,
enum system_call { SYS_none, SYSTEM_CALLS(SYSTEM_CALL_NUMBER) SYS_COUNT };
#undef SYSTEM_CALL_NUMBER

enum {
    ERR_CALL = -1,   /* no such system call */
    ERR_FD = -2,     /* not an open file of the kind that this call wants */
    ERR_NAME = -3,   /* no such file */
    ERR_FULL = -4,   /* no more of that kind */
    ERR_VALUE = -5,  /* an argument makes no sense */
    ERR_DEVICE = -6, /* the device failed, or is not there */
    ERR_USED = -7,   /* somebody else has it */
};

/* poll(): `ready` says whether a read of `fd` would return at once. */
struct poll {
    int32_t fd;
    uint32_t ready;
};

/* ---- the ring ----
 *
 * One page of the user's.  Indices only grow and wrap at 2^32; an entry's place is its index modulo
 * RING_ENTRIES.  Each index has one writer: that is what makes it work without a lock.
 *
 *   user:   fills submission[sq_tail], then moves sq_tail     kernel: takes it, then moves sq_head
 *   kernel: fills completion[cq_tail], then moves cq_tail     user:   takes it, then moves cq_head
 */
#define RING_ENTRIES 32
#define RING_POLLED 1 /* flag: completions are looked for by ring_enter; no interrupts */
#define RING_BUFFERS_MAX 16

struct ring_submission {
    int32_t fd;         /* a file; only reads, past the page cache */
    uint32_t buffer;    /* number of a registered buffer; data goes to its start */
    uint64_t offset;    /* a multiple of 512, as is `bytes` */
    uint32_t bytes;
    uint32_t reserved;
    uint64_t tag;       /* comes back in the completion */
};

struct ring_completion {
    uint64_t tag;
    int64_t result;     /* bytes, or an error */
};

struct ring {
    uint32_t sq_tail, cq_head;                      /* written by the user */
    _Alignas(64) uint32_t sq_head, cq_tail;         /* written by the kernel */
    _Alignas(64) struct ring_submission submission[RING_ENTRIES];
    struct ring_completion completion[RING_ENTRIES];
} __attribute__((aligned(4096)));

struct ring_buffer {
    void *address;      /* a multiple of 4 */
    uint64_t bytes;     /* at most 64 KiB */
};

/* ---- what the kernel counts ---- */
#define COUNTERS(C) \
    C(system_calls)   C(switches)      C(interrupts)     C(softirqs) \
    C(cache_hits)     C(cache_misses)  C(cache_ahead)    /* pages: found; missed; read ahead */ \
    C(disk_commands)  C(disk_pages)    C(disk_polls) \
    C(net_interrupts) C(net_polls)     C(net_packets)    /* top halves, bottom halves, frames */ \
    C(net_delivered)  C(net_unclaimed) C(net_overflows)  /* to a socket; no one's; too many */

#define COUNTER_FIELD(name) uint64_t name;
struct counters { COUNTERS(COUNTER_FIELD) };
#undef COUNTER_FIELD

#endif
