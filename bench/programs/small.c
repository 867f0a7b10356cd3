/* SPDX-License-Identifier: Apache-2.0 */
/* Works that each lean on one thing. */
#include "bench.h"

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- calls ---- */

__attribute__((noinline)) static uint64_t fib(uint64_t n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

uint64_t work_fib(uint32_t one)
{
    return fib(19 + one);
}

/* ---- bytes and branches ---- */

uint64_t work_sieve(uint32_t one)
{
    static uint8_t composite[65536];
    uint64_t primes = 0;

    memset(composite, 0, sizeof composite);
    for (uint32_t i = 1 + one; i < sizeof composite; i++) {
        if (composite[i])
            continue;
        primes++;
        for (uint32_t k = 2 * i; k < sizeof composite; k += i)
            composite[k] = 1;
    }
    return primes;
}

/* ---- indirect jumps ---- */

enum op { OP_ADD, OP_DECREMENT, OP_JUMP_IF, OP_SWAP, OP_END };

/* A sum from n down to 1. */
uint64_t work_vm(uint32_t one)
{
    static const uint8_t program[] = {OP_ADD, OP_SWAP, OP_SWAP, OP_DECREMENT, OP_JUMP_IF, 0,
                                      OP_END};
    static void *const code[] = {&&add, &&decrement, &&jump_if, &&swap, &&end};
    const uint8_t *pc = program;
    uint64_t sum = 0, n = 49999 + one, other;

    /* The table of labels keeps one indirect jump an operation. */
#define NEXT() goto *code[*pc++]
    NEXT();
add:
    sum += n;
    NEXT();
swap:
    other = sum;
    sum = n;
    n = other;
    NEXT();
decrement:
    n--;
    NEXT();
jump_if:
    pc = n ? program + *pc : pc + 1;
    NEXT();
end:
    return sum;
#undef NEXT
}

/* ---- floating point ---- */

#define SIDE 32

/* Multiples of 1/4 small enough that every sum is exact: the order of the additions, or a fused
 * multiplication, cannot change the result. */
uint64_t work_matmul(uint32_t one)
{
    static double a[SIDE][SIDE], b[SIDE][SIDE], c[SIDE][SIDE];
    double trace = 0;
    uint64_t bits;

    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            a[i][j] = (i * 7 + j * 3 + (int)one) * 0.25;
            b[i][j] = (i * 5 - j * 2) * 0.5;
        }
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            double sum = 0;

            for (int k = 0; k < SIDE; k++)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++)
            trace += c[i][j] * (1 + (i ^ j));
    memcpy(&bits, &trace, sizeof bits);
    return bits;
}

/* ---- memory ---- */

#define COPY_WORDS (256 * 1024 / 4)

uint64_t work_copy(uint32_t one)
{
    static uint32_t from[COPY_WORDS], to[COPY_WORDS];
    uint32_t sum = 0;

    for (uint32_t i = 0; i < COPY_WORDS; i += 1024) {
        from[i] = i * 2654435761 + one;
        to[i] = 0;
    }
    memcpy(to, from, sizeof to);
    for (uint32_t i = 0; i < COPY_WORDS; i += 1024)
        sum = sum * 31 + to[i];
    return sum;
}

/* A ring through `count` places, in an order that no prefetcher guesses: a full period of a linear
 * congruence (count is a power of two, the factor is 1 mod 4, the addend odd). */
static void make_ring(uint32_t *ring, uint32_t count, uint32_t stride)
{
    for (uint32_t i = 0; i < count; i++)
        ring[i * stride] = (i * 1229 + 717) % count * stride;
}

static uint64_t follow(const uint32_t *ring, uint32_t steps, uint32_t stride)
{
    uint32_t at = 0;

    for (uint32_t i = 0; i < steps; i++)
        at = ring[at];
    return at / stride;
}

uint64_t work_chase(uint32_t one)
{
    static uint32_t ring[8192];

    if (!ring[0])
        make_ring(ring, 8192, 1);
    return follow(ring, 19999 + one, 1);
}

uint64_t work_pages(uint32_t one)
{
    static uint32_t ring[256 * 1024];

    if (!ring[0])
        make_ring(ring, 256, 1024);
    return follow(ring, 19999 + one, 1024);
}

/* ---- system calls ---- */

uint64_t work_getpid(uint32_t one)
{
    uint64_t same = 0;
    long pid = syscall(SYS_getpid);

    for (uint32_t i = 0; i < 200 * one; i++)
        same += syscall(SYS_getpid) == pid;
    return same;
}
