/* SPDX-License-Identifier: Apache-2.0 */
/* Small works to measure how fast a machine executes.  One repetition is 0.05 to 3 ms on a fast
 * one: short enough that some repetitions see no interruption by whatever else the host does. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* W(mark, name, prepare, check, result, what it is).  A repetition is prepare(one), then
 * work_NAME(one) between the marks `mark` and mark + 1, then check(what the work gave): preparing
 * and checking are not timed.  Each must come to this result, whatever the machine. */
#define WORKS(W) \
    W(16, mix, ready, as_is, 0x5c6c53c8, "lists, matrices, a state machine and CRC, as in CoreMark") \
    W(18, fib, ready, as_is, 6765, "fib(20) by recursion: calls and returns") \
    W(20, integer, ready, as_is, 0x7e724d279bb5867a, "hashes, digits, powers, bits, searches in a table") \
    W(22, sieve, ready, as_is, 6542, "primes below 65536: byte stores, branches") \
    W(24, divide, ready, as_is, 0x2013b4d7, "20 000 quotients and 20 000 remainders of 64 bits") \
    W(26, qsort, prepare_qsort, check_qsort, 0xda7face6, "4096 numbers, order by a callback") \
    W(28, vm, ready, as_is, 1250025000, "a bytecode machine: indirect jumps") \
    W(30, icall, ready, as_is, 0x92bff951, "50 000 calls through a table of 16 functions") \
    W(32, matmul, prepare_matmul, check_matmul, 0x41c22fb100000000, "32 x 32 matrices of doubles") \
    W(34, nbody, prepare_nbody, check_nbody, 1, "200 steps of five bodies, in doubles") \
    W(36, fft, prepare_fft, check_fft, 1024, "1024 complex doubles") \
    W(38, copy, prepare_copy, check_copy, 256, "memcpy of 1 MiB") \
    W(40, alias, prepare_alias, check_alias, 16, "memcpy of 64 KiB to 64 MiB further on") \
    W(42, chase, prepare_chase, as_is, 0x1560, "100 000 dependent loads in 32 KiB") \
    W(44, pages, prepare_pages, as_is, 0xb0, "50 000 dependent loads in 256 pages") \
    W(46, far, prepare_far, check_far, 1, "3000 dependent loads in 64 MiB, one a page") \
    W(48, getpid, ready, as_is, 1000, "1000 system calls") \
    W(50, pipe, prepare_pipe, as_is, 20, "a byte to another process and back, 20 times") \
    W(52, fork, ready, as_is, 7, "fork, exit and wait") \
    W(54, exec, ready, as_is, 42, "vfork and exec of a static program") \
    W(56, faults, ready, as_is, 256, "256 page faults, then munmap") \
    W(58, rewrite, prepare_rewrite, as_is, 0x3520, "rewrite two instructions, fence.i, call; 64 times") \
    W(60, read1, prepare_read, check_read, 32, "32 reads of 4 KiB with O_DIRECT, one at a time") \
    W(62, read32, prepare_read32, check_read, 128, "128 reads of 4 KiB with O_DIRECT, 32 at a time") \
    W(64, readseq, prepare_readseq, check_readseq, 4, "4 reads of 1 MiB with O_DIRECT, in sequence")

/* `one` is 1, but the compiler cannot know. */
#define WORK_DECLARE(mark, name, prepare, check, result, what) \
    void prepare(uint32_t one); \
    uint64_t work_##name(uint32_t one); \
    uint64_t check(uint64_t got);
WORKS(WORK_DECLARE)

/* A work that this place cannot do ends so, with the reason: it is skipped, not wrong. */
_Noreturn void skip(const char *why);
/* Something that must not fail did: with errno's message. */
_Noreturn void fail(const char *what);

/* Zeroed memory of small pages only, in which addresses of the same offset modulo `bytes` differ in
 * the high bits only. */
void *map_pages(size_t bytes);

extern const char *disk_path; /* of the reads: a block device, or a file with its bytes */

/* A disk image for the reads: all its bytes are known (guest/programs/pattern.h). */
#define DISK_BYTES (64u << 20)
void make_disk(const char *path);

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
#else /* natively */
#define mark(n) __asm__ volatile("" ::: "memory")
#endif

#endif
