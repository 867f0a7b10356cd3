/* SPDX-License-Identifier: Apache-2.0 */
/* One hart with RAM at 0x80000000 and nothing else: programs are words poked into memory. */
#ifndef TESTS_CPU_HART_RIG_H
#define TESTS_CPU_HART_RIG_H

#include "base/alloc.h"
#include "check.h"
#include "cpu/engine.h"
#include "cpu/interp/block.h"
#include "cpu/jit/jit.h"

#include <stdlib.h>

#define RIG_RAM UINT64_C(0x80000000)
#define RIG_RAM_BYTES (UINT64_C(4) << 20)

struct hart_rig {
    struct clock clock;
    struct trace trace;
    struct space space;
    struct params params;
    struct hart_params hart_params;
    struct region ram;
    struct machine_shared shared;
    struct hart *hart, *harts[1];
};

static inline struct hart_rig *rig_new(enum timing_level level)
{
    struct hart_rig *r = xcalloc(1, sizeof *r);

    clock_init(&r->clock);
    trace_init(&r->trace, &r->clock);
    r->params.level = level;
    params_add(&r->params, "cpu", hart_param_rows, &r->hart_params);
    r->ram = (struct region){.name = "ram", .base = RIG_RAM, .size = RIG_RAM_BYTES,
                             .ram = xcalloc(1, RIG_RAM_BYTES),
                             .code_page = xcalloc(1, RIG_RAM_BYTES >> PAGE_SHIFT)};
    CHECK(space_map(&r->space, &r->ram, NULL) == 0);
    r->hart = r->harts[0] = xcalloc(1, sizeof *r->hart);
    r->shared = (struct machine_shared){.clock = &r->clock, .trace = &r->trace, .space = &r->space,
                                        .harts = 1};
    r->shared.code = code_new(&r->shared, r->harts, 1);
    r->space.code_written = code_written;
    r->space.code_ctx = r->shared.code;
    hart_init(r->hart, 0, &r->shared, &r->hart_params, 0);
    hart_reset(r->hart, RIG_RAM);
    r->hart->sync_limit = PS_NEVER;
    /* Under the name NAME-jit a test runs with every block translated at once (tests/meson.build). */
    if (getenv("DOORBELL_TEST_JIT")) {
        r->shared.jit = jit_new(&r->hart_params, r->shared.code);
        r->shared.hot = 1;
    }
    return r;
}

static inline void rig_free(struct hart_rig *r)
{
    jit_free(r->shared.jit);
    code_free(r->shared.code);
    free(r->ram.ram);
    free(r->ram.code_page);
    free(r->hart);
    trace_fini(&r->trace);
    clock_fini(&r->clock);
    free(r);
}

static inline void rig_program(struct hart_rig *r, uint64_t at, const uint32_t *words, size_t count)
{
    for (size_t n = 0; n < count; n++) {
        uint8_t bytes[4];
        le32_put(bytes, words[n]);
        CHECK(space_write(&r->space, 0, at + 4 * n, bytes, 4) == FAULT_NONE);
    }
}

/* Runs for at most `ticks` of the hart's time. */
static inline enum stop rig_run(struct hart_rig *r, uint64_t ticks)
{
    return interp_engine.run(r->hart, r->hart->ticks + ticks);
}

#endif
