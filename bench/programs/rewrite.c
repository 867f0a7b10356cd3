/* SPDX-License-Identifier: Apache-2.0 */
/* A function that is written anew before each call.  Natively nothing is written: what is called
 * gives the same. */
#include "bench.h"

#include <sys/mman.h>

#define CALLS 64

#if defined(__riscv)
static volatile uint32_t *code;

void prepare_rewrite(uint32_t one)
{
    void *map;

    (void)one;
    if (code)
        return;
    map = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        fail("mmap");
    code = map;
    code[2] = 0x00008067; /* ret */
}

uint64_t work_rewrite(uint32_t one)
{
    uint32_t (*function)(void) = (uint32_t (*)(void))(uintptr_t)code;
    uint64_t sum = 0;

    for (uint32_t i = 0; i < CALLS * one; i++) {
        code[0] = 0x00000513 | i << 20;          /* li a0, i */
        code[1] = 0x00050513 | (i * 4 + 55) << 20; /* addi a0, a0, i * 4 + 55 */
        __asm__ volatile("fence.i" ::: "memory");
        sum += function();
    }
    return sum;
}
#else
void prepare_rewrite(uint32_t one)
{
    (void)one;
}

__attribute__((noinline)) static uint32_t function(uint32_t i)
{
    __asm__ volatile("" : "+r"(i));
    return i + i * 4 + 55;
}

uint64_t work_rewrite(uint32_t one)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < CALLS * one; i++)
        sum += function(i);
    return sum;
}
#endif
