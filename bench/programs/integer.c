/* SPDX-License-Identifier: Apache-2.0 */
/* Works on integers: calls, jumps, arithmetic. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>

/* ---- calls ---- */

__attribute__((noinline)) static uint64_t fib(uint64_t n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

uint64_t work_fib(uint32_t one)
{
    return fib(19 + one);
}

/* ---- arithmetic ---- */

/* What programs do to numbers all day, in loops of a few instructions each. */

static uint64_t hash(const uint8_t *text, uint32_t length)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (uint32_t i = 0; i < length; i++)
        sum = (sum ^ text[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* Its digits, least significant first: products, since compilers divide by constants so. */
static uint32_t decimal(uint64_t number, uint8_t *text)
{
    uint32_t length = 0;

    do {
        text[length++] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number);
    return length;
}

static uint32_t bits_set(uint64_t x)
{
    uint32_t count = 0;

    for (; x; x &= x - 1)
        count++;
    return count;
}

static uint64_t power(uint64_t base, uint32_t exponent)
{
    uint64_t product = 1;

    for (; exponent; exponent >>= 1) {
        if (exponent & 1)
            product *= base;
        base *= base;
    }
    return product;
}

/* The place of the last entry that is not above. */
static uint32_t search(const uint32_t *sorted, uint32_t count, uint32_t value)
{
    uint32_t low = 0;

    while (count > 1) {
        uint32_t half = count / 2;

        if (sorted[low + half] <= value)
            low += half;
        count -= half;
    }
    return low;
}

uint64_t work_integer(uint32_t one)
{
    static uint32_t squares[256];
    uint64_t x = one * UINT64_C(0x9e3779b97f4a7c15), sum = 0;
    uint8_t text[32];

    for (uint32_t i = 0; i < 256; i++)
        squares[i] = i * i * one;
    for (uint32_t i = 0; i < 2000 * one; i++) {
        uint32_t length = decimal(x, text);

        sum += hash(text, length);
        sum ^= power(sum | 1, i & 0xfff);
        sum += bits_set(x) + search(squares, 256, (uint32_t)x & 0xffff);
        x = x * UINT64_C(6364136223846793005) + 1442695040888963407;
    }
    return sum;
}

uint64_t work_divide(uint32_t one)
{
    uint64_t x = one * UINT64_C(0xd1342543de82ef95), sum = 0;

    for (uint32_t i = 0; i < 20000 * one; i++) {
        uint64_t by = (x >> (i % 48 + 8)) + 3;

        sum += x / by;
        sum ^= (uint64_t)((int64_t)x % (int64_t)(by | 1));
        x = x * UINT64_C(2862933555777941757) + 3037000493;
    }
    return (uint32_t)(sum ^ sum >> 32);
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

/* ---- sorting through a callback: the C library's, the same on every machine ---- */

#define NUMBERS 4096

static uint32_t numbers[NUMBERS];

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

void prepare_qsort(uint32_t one)
{
    uint32_t state = one * 2463534242;

    for (size_t i = 0; i < NUMBERS; i++)
        numbers[i] = next_random(&state);
}

uint64_t work_qsort(uint32_t one)
{
    qsort(numbers, NUMBERS * one, sizeof numbers[0], by_value);
    return 0;
}

uint64_t check_qsort(uint64_t got)
{
    uint32_t sum = (uint32_t)got;

    for (size_t i = 0; i < NUMBERS; i++) {
        if (i && numbers[i - 1] > numbers[i])
            return 0;
        sum = sum * 31 + numbers[i];
    }
    return sum;
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

#define FUNCTION(n) \
    __attribute__((noinline)) static uint32_t function_##n(uint32_t x) \
    { \
        return x * (2 * n + 1) + 0x9e37 * n; \
    }
FUNCTION(0) FUNCTION(1) FUNCTION(2) FUNCTION(3) FUNCTION(4) FUNCTION(5) FUNCTION(6) FUNCTION(7)
FUNCTION(8) FUNCTION(9) FUNCTION(10) FUNCTION(11) FUNCTION(12) FUNCTION(13) FUNCTION(14) FUNCTION(15)

uint64_t work_icall(uint32_t one)
{
    static uint32_t (*const volatile functions[])(uint32_t) = {
        function_0, function_1, function_2, function_3, function_4, function_5, function_6, function_7,
        function_8, function_9, function_10, function_11, function_12, function_13, function_14,
        function_15,
    };
    uint32_t x = one;

    for (uint32_t i = 0; i < 50000 * one; i++)
        x = functions[i * 7 & 15](x);
    return x;
}
