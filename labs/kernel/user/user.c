/* SPDX-License-Identifier: Apache-2.0 */
/* The program's side of the system calls (user.h), and of text: labs/lib/print.c is compiled for
 * user mode too, where a byte goes to write() and not to the UART. */
#include "labs/kernel/user.h"

#include "labs/lib/fence.h"
#include "labs/lib/uart.h"

_Noreturn void exit(int status)
{
    for (;;)
        (void)system_call(SYS_exit, (uint64_t)status, 0, 0, 0);
}

int64_t open(const char *name)
{
    return system_call(SYS_open, (uintptr_t)name, 0, 0, 0);
}

int64_t read(int64_t fd, void *buf, uint64_t bytes)
{
    return system_call(SYS_read, (uint64_t)fd, (uintptr_t)buf, bytes, 0);
}

int64_t pread(int64_t fd, void *buf, uint64_t bytes, uint64_t offset)
{
    return system_call(SYS_pread, (uint64_t)fd, (uintptr_t)buf, bytes, offset);
}

int64_t write(int64_t fd, const void *buf, uint64_t bytes)
{
    return system_call(SYS_write, (uint64_t)fd, (uintptr_t)buf, bytes, 0);
}

int64_t poll(struct poll *fds, uint64_t count, uint64_t milliseconds)
{
    return system_call(SYS_poll, (uintptr_t)fds, count, milliseconds, 0);
}

int64_t sleep_us(uint64_t microseconds)
{
    return system_call(SYS_sleep, microseconds, 0, 0, 0);
}

int64_t yield(void)
{
    return system_call(SYS_yield, 0, 0, 0, 0);
}

int64_t socket(void)
{
    return system_call(SYS_socket, 0, 0, 0, 0);
}

int64_t bind(int64_t fd, uint16_t port)
{
    return system_call(SYS_bind, (uint64_t)fd, port, 0, 0);
}

int64_t recv(int64_t fd, void *buf, uint64_t bytes)
{
    return system_call(SYS_recv, (uint64_t)fd, (uintptr_t)buf, bytes, 0);
}

int64_t cache_drop(int64_t fd)
{
    return system_call(SYS_cache_drop, (uint64_t)fd, 0, 0, 0);
}

int64_t counters_read(struct counters *counters)
{
    return system_call(SYS_counters, (uintptr_t)counters, 0, 0, 0);
}

/* ---- threads ---- */

/* A thread's function returns to here. */
static void thread_over(void)
{
    (void)system_call(SYS_thread_exit, 0, 0, 0, 0);
}

int64_t thread_start(void (*function)(void *), void *argument)
{
    return system_call(SYS_thread_start, (uintptr_t)function, (uintptr_t)argument,
                       (uintptr_t)thread_over, 0);
}

int64_t thread_join(int64_t number)
{
    return system_call(SYS_thread_join, (uint64_t)number, 0, 0, 0);
}

/* ---- the ring ---- */

int64_t ring_setup(struct ring *ring, uint64_t flags)
{
    return system_call(SYS_ring_setup, (uintptr_t)ring, flags, 0, 0);
}

int64_t ring_register(int64_t ring_fd, const struct ring_buffer *buffers, uint64_t count)
{
    return system_call(SYS_ring_register, (uint64_t)ring_fd, (uintptr_t)buffers, count, 0);
}

int64_t ring_enter(int64_t ring_fd, uint64_t submit, uint64_t wait)
{
    return system_call(SYS_ring_enter, (uint64_t)ring_fd, submit, wait, 0);
}

bool ring_put(struct ring *ring, const struct ring_submission *submission)
{
    uint32_t tail = ring->sq_tail;

    if (tail - *(volatile uint32_t *)&ring->sq_head == RING_ENTRIES)
        return false;
    ring->submission[tail % RING_ENTRIES] = *submission;
    fence_publish(); /* the entry is there before the index says so */
    *(volatile uint32_t *)&ring->sq_tail = tail + 1;
    return true;
}

bool ring_take(struct ring *ring, struct ring_completion *completion)
{
    uint32_t head = ring->cq_head;

    if (*(volatile uint32_t *)&ring->cq_tail == head)
        return false;
    fence_completion();
    *completion = ring->completion[head % RING_ENTRIES];
    *(volatile uint32_t *)&ring->cq_head = head + 1;
    return true;
}

/* ---- text ---- */

static char line[128];
static unsigned filled;

static void flush(void)
{
    (void)write(1, line, filled);
    filled = 0;
}

/* What print_list() calls for each byte; the kernel makes "\r\n" of "\n". */
void uart_put(uint8_t byte)
{
    if (byte == '\r')
        return;
    if (filled == sizeof line)
        flush();
    line[filled++] = (char)byte;
}

void uart_ready(void)
{
}

void print(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    print_list(format, list);
    va_end(list);
    flush();
}
