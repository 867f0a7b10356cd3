/* SPDX-License-Identifier: Apache-2.0 */
/* What a user program includes.  `int main(void)` begins in user mode; its result, or exit()'s, is
 * the machine's exit status.  Calls return a count or 0, or a negative error (abi.h). */
#ifndef LABS_KERNEL_USER_H
#define LABS_KERNEL_USER_H

#include "labs/kernel/abi.h"
#include "labs/lib/mark.h"
#include "labs/lib/print.h"
#include "labs/lib/string.h"
#include "labs/lib/timer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One system call. */
static inline int64_t system_call(enum system_call number, uint64_t a, uint64_t b, uint64_t c,
                                  uint64_t d)
{
    register uint64_t a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
    register uint64_t a3 __asm__("a3") = d, a7 __asm__("a7") = number;

    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a7) : "memory");
    return (int64_t)a0;
}

_Noreturn void exit(int status);
int64_t open(const char *name);
int64_t read(int64_t fd, void *buf, uint64_t bytes);
int64_t pread(int64_t fd, void *buf, uint64_t bytes, uint64_t offset);
int64_t write(int64_t fd, const void *buf, uint64_t bytes);
int64_t poll(struct poll *fds, uint64_t count, uint64_t milliseconds);
int64_t sleep_us(uint64_t microseconds);
int64_t yield(void);
int64_t socket(void);
int64_t bind(int64_t fd, uint16_t port);
int64_t recv(int64_t fd, void *buf, uint64_t bytes);
int64_t cache_drop(int64_t fd);
int64_t counters_read(struct counters *counters);

/* A second thread: function(argument), on a stack of its own.  Its number, for thread_join(). */
int64_t thread_start(void (*function)(void *), void *argument);
int64_t thread_join(int64_t number);

/* The ring (abi.h).  ring_put() fills the next entry, false when all are taken; ring_enter() sends
 * up to `submit` of them and returns when `wait` completions are there; ring_take() takes one. */
int64_t ring_setup(struct ring *ring, uint64_t flags);
int64_t ring_register(int64_t ring_fd, const struct ring_buffer *buffers, uint64_t count);
int64_t ring_enter(int64_t ring_fd, uint64_t submit, uint64_t wait);
bool ring_put(struct ring *ring, const struct ring_submission *submission);
bool ring_take(struct ring *ring, struct ring_completion *completion);

#endif
