/* SPDX-License-Identifier: Apache-2.0 */
/* SiFive's test finisher: how a guest powers the machine off or resets it (spec/finisher.h). */
#ifndef DEV_FINISHER_H
#define DEV_FINISHER_H

#include "bus/device.h"
#include "spec/finisher.h"

enum finisher_action { FINISHER_PASS, FINISHER_FAIL, FINISHER_RESET };

struct finisher_config {
    uint64_t base;
    /* The guest asked; `code` is 0 but for FINISHER_FAIL (0 to 65535).  Called in the middle of
     * an access: the machine takes note and acts when its harts have stopped.  NULL: nobody
     * listens. */
    void (*finish)(void *ctx, enum finisher_action action, uint32_t code);
    void *ctx;
};

struct finisher {
    struct region mmio;
    struct bank bank;
    struct finisher_config config;
};

extern const struct device_class finisher_class;

#endif
