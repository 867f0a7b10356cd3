/* SPDX-License-Identifier: Apache-2.0 */
/* Small works to measure how fast a machine executes.  One repetition is 0.1 to 3 ms on a fast one:
 * short enough that some repetitions see no interruption by whatever else the host does. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdint.h>

/* W(mark, name, result, what it is): executed between the marks `mark` and mark + 1; each must
 * give this result, whatever the machine. */
#define WORKS(W) \
    W(16, mix, 0x5c6c53c8, "lists, matrices, a state machine and CRC, as in CoreMark") \
    W(18, fib, 6765, "fib(20) by recursion: calls and returns") \
    W(20, sieve, 6542, "primes below 65536: byte stores, branches") \
    W(22, vm, 1250025000, "a bytecode machine: indirect jumps") \
    W(24, matmul, 0x41c22fb100000000, "32 x 32 matrices of doubles") \
    W(26, copy, 0xbf810400, "memcpy of 256 KiB") \
    W(28, chase, 0x1de0, "20 000 dependent loads in 32 KiB") \
    W(30, pages, 0xe0, "20 000 dependent loads in 256 pages") \
    W(32, getpid, 200, "200 system calls")

/* `one` is 1, but the compiler cannot know. */
#define WORK_DECLARE(mark, name, result, what) uint64_t work_##name(uint32_t one);
WORKS(WORK_DECLARE)

/* A sequence that is the same everywhere. */
static inline uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

#if defined(__riscv)
#define MARK_TEXT_(n) "slti zero, zero, " #n "\n"
#define MARK_TEXT(n) MARK_TEXT_(n)
#define mark(n) __asm__ volatile(MARK_TEXT(n) ::: "memory")

/* Ticks of 100 ns, of the guest's clock. */
static inline uint64_t ticks(void)
{
    uint64_t t;

    __asm__ volatile("rdtime %0" : "=r"(t) :: "memory");
    return t;
}
#else /* natively, to find the results above */
#include <time.h>
#define mark(n) __asm__ volatile("" ::: "memory")

static inline uint64_t ticks(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 10000000 + (uint64_t)t.tv_nsec / 100;
}
#endif

#endif
