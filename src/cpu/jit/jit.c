/* SPDX-License-Identifier: Apache-2.0 */
/* The translator's memory: one cache of code, mapped twice (to write, to execute), filled from the
 * front of each half (hot and cold) and emptied as a whole. */
#define _GNU_SOURCE /* memfd_create */
#include "cpu/jit/internal.h"

#include "base/alloc.h"

#include <stdlib.h>

#ifdef DOORBELL_HARSH
#define CACHE_BYTES (512u << 10)
#else
#define CACHE_BYTES (32u << 20)
#endif

#if defined(__x86_64__)

#include <cpuid.h>
#include <sys/mman.h>
#include <unistd.h>

static bool host_can(void)
{
    unsigned a, b, c, d;

    /* lzcnt, which clang 14 cannot name: CPUID 8000_0001h, ECX bit 5. */
    if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !(c & 1u << 5))
        return false;
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("popcnt");
}

/* Two views of the same pages: none is both written and executed. */
static bool map_cache(uint8_t **write, uint8_t **exec)
{
    int fd = memfd_create("doorbell-code", MFD_CLOEXEC);
    void *w = MAP_FAILED, *x = MAP_FAILED;

    if (fd < 0)
        return false;
    if (ftruncate(fd, CACHE_BYTES) == 0) {
        w = mmap(NULL, CACHE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        x = mmap(NULL, CACHE_BYTES, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    }
    close(fd);
    if (w == MAP_FAILED || x == MAP_FAILED) {
        if (w != MAP_FAILED)
            munmap(w, CACHE_BYTES);
        return false;
    }
    *write = w;
    *exec = x;
    return true;
}

static uint64_t cheapest(const struct hart_params *p)
{
    uint64_t cost = p->cost[0];

    for (unsigned i = 1; i < CLASS_COUNT; i++)
        cost = u64_min(cost, p->cost[i]);
    return cost;
}

struct jit *jit_new(const struct hart_params *p, struct code_cache *blocks)
{
    struct jit *j;
    uint8_t *write, *exec;

    if (!host_can() || !map_cache(&write, &exec))
        return NULL;
    j = xcalloc(1, sizeof *j);
    j->p = p;
    j->arena = code_arena(blocks);
    j->blocks = blocks;
    j->write = write;
    j->exec = exec;
    j->hot = (struct code){write, write + CACHE_BYTES / 2, exec - write};
    j->cold = (struct code){write + CACHE_BYTES / 2, write + CACHE_BYTES, exec - write};
    j->slice_ticks = SLICE_TICKS(cheapest(p));
    jit_make_thunks(j);
    if (!jit_returns_init(j)) {
        jit_free(j);
        return NULL;
    }
    j->hot_start = j->hot.p;
    j->cold_start = j->cold.p;
    return j;
}

void jit_free(struct jit *j)
{
    if (!j)
        return;
    munmap(j->write, CACHE_BYTES);
    munmap(j->exec, CACHE_BYTES);
    if (j->return_memory)
        jit_returns_fini(j);
    free(j);
}

void jit_reset(struct jit *j)
{
    j->hot.p = j->hot_start;
    j->cold.p = j->cold_start;
}

/* The first bytes of a block's code become a jump: nothing is between them while C runs, as its
 * callers are cold code that does not come back to a stale block (hart.leave is set). */
void jit_stale(struct jit *j, struct block *b)
{
    struct code c = j->hot;

    c.p = (uint8_t *)(uintptr_t)b->code - c.to_exec;
    x86_jmp(&c, b->stale_stub);
}

const void *jit_no_code(const struct jit *j)
{
    return j->find; /* RAX is the pc here, too */
}

#else /* another host: the interpreter is the engine */

struct jit *jit_new(const struct hart_params *p, struct code_cache *blocks)
{
    (void)p, (void)blocks;
    return NULL;
}

void jit_free(struct jit *j) { (void)j; }
void jit_reset(struct jit *j) { (void)j; }
void jit_stale(struct jit *j, struct block *b) { (void)j, (void)b; }
bool jit_translate(struct jit *j, struct block *b) { (void)j, (void)b; return true; }
const void *jit_no_code(const struct jit *j) { (void)j; return NULL; }
void jit_enter(struct hart *h, const struct block *b, uint64_t limit)
{
    (void)h, (void)b, (void)limit;
}

#endif
