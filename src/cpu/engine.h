/* SPDX-License-Identifier: Apache-2.0 */
/* An engine executes a hart.  There is one run loop, the interpreter's (cpu/interp); where the
 * machine has a translator (machine_shared.jit), blocks that run often are its translations
 * (cpu/jit).  All state is in struct hart, so that either takes over at any block boundary. */
#ifndef CPU_ENGINE_H
#define CPU_ENGINE_H

#include "cpu/hart/hart.h"

struct engine {
    const char *name;
    /* Runs until the first block boundary at or after `limit` (in ticks), or until something needs
     * the scheduler; says which.  Interrupts pending at the start, or made pending by the hart's
     * own instructions, are taken.  Device accesses happen at their exact time; traps are
     * precise. */
    enum stop (*run)(struct hart *h, uint64_t limit);
};

extern const struct engine interp_engine;

#endif
