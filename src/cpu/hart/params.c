/* SPDX-License-Identifier: Apache-2.0 */
/* The CPU's cost model at levels off and io.  It stands for a mid-range out-of-order core at 3 GHz
 * in steady state, caches warm: about two instructions a cycle for simple work.  No public figure
 * gives per-class costs for such a RISC-V core, so each is assumed, in the range of published x86
 * and RISC-V latency tables; what they must get right is the sum over a kernel path, and that is
 * compared with published measurements in docs/timing.md. */
#include "cpu/hart/hart.h"

#define MAX_TICKS (UINT64_C(1000) * TICKS_PER_CYCLE)
#define COST(class, off, io) \
    {"cost_" #class, offsetof(struct hart_params, cost) + CLASS_##class * sizeof(uint64_t), \
     PARAM_TICKS, {off, io}, 1, MAX_TICKS, "assumed", "cycles of an instruction of class " #class}

const struct param hart_param_rows[] = {
    PARAM(struct hart_params, frequency_hz, PARAM_HZ, "3GHz", "3GHz", 1000000,
          UINT64_C(10000000000), "none: a round figure of today's cores", "clock of every hart"),
    COST(INT, "0.5", "0.5"),
    COST(BRANCH, "0.5", "0.5"),
    COST(JUMP, "0.5", "1"),
    COST(LOAD, "0.5", "0.5"),
    COST(STORE, "0.5", "0.5"),
    COST(MUL, "0.5", "1"),
    COST(DIV, "0.5", "12"),
    COST(FP, "0.5", "1"),
    COST(FMA, "0.5", "1"),
    COST(FDIV, "0.5", "12"),
    COST(AMO, "0.5", "10"),
    COST(FENCE, "0.5", "6"),
    COST(CSR, "0.5", "6"),
    COST(PAUSE, "0.5", "40"),
    {"branch_taken", offsetof(struct hart_params, branch_taken_ticks), PARAM_TICKS, {"0", "0.5"},
     0, MAX_TICKS, "assumed", "cycles that a taken branch adds (fetch redirect)"},
    {"trap", offsetof(struct hart_params, trap_ticks), PARAM_TICKS, {"0", "60"}, 0, MAX_TICKS,
     "assumed", "cycles of pipeline flush and refill of trap entry"},
    {"return", offsetof(struct hart_params, return_ticks), PARAM_TICKS, {"0", "30"}, 0, MAX_TICKS,
     "assumed", "cycles of pipeline flush and refill of sret and mret"},
    {"wfi_exit", offsetof(struct hart_params, wfi_exit_ps), PARAM_PS, {"0ps", "300ns"}, 0,
     PS_PER_S, "assumed", "from an interrupt to the first instruction after wfi"},
    {"mmio_issue", offsetof(struct hart_params, mmio_issue_ps), PARAM_PS, {"0ps", "40ns"}, 0,
     PS_PER_S, "assumed", "hart to the edge of the interconnect, one way"},
    {"wc_buffers", offsetof(struct hart_params, wc_buffers), PARAM_COUNT, {"8", "8"}, 1,
     WC_BUFFERS_MAX, "assumed; x86 cores have had 4 to 12", "write-combining buffers of 64 bytes"},
    {"wc_age", offsetof(struct hart_params, wc_age_ps), PARAM_PS, {"0ps", "1us"}, 0, PS_PER_S,
     "assumed", "a write-combining buffer's first store to its being sent without any other reason"},
    {0},
};
