/* SPDX-License-Identifier: Apache-2.0 */
/* A kind of device, as constant data.  Life: init, reset, then any mix of accesses, events, saves,
 * loads and resets, then fini.  Only init may fail.  The board (src/machine) names each device in
 * one visible list; tests/dev runs the same generic properties over every class. */
#ifndef BUS_DEVICE_H
#define BUS_DEVICE_H

#include "bus/line.h"
#include "bus/link.h"
#include "bus/reg.h"

/* What every device is given; outlives it. */
struct device_env {
    const char *name; /* "nvme0": prefix of its parameters, name of its trace source */
    struct clock *clock;
    struct trace *trace;
    struct space *space;
    struct link *link;   /* its way to memory and harts */
    struct params *params; /* where it registers its parameters; NULL: defaults, not registered */
    uint64_t seed;
    const void *config;  /* the class's own config struct; NULL: a default fit for tests */
};

struct device_class {
    const char *name;  /* "nvme" */
    const char *title; /* "NVM Express 1.4 controller", for docs */
    size_t size;       /* of the device struct */
    const struct reg *regs;
    unsigned reg_count;
    const struct reg_field *reg_fields;
    unsigned reg_field_count;
    const struct field *state; /* what a snapshot carries besides the stored registers */
    const struct param *params; /* NULL: none */
    const char *notes; /* what is not modelled; goes to docs/devices/<name>.md */
    int (*init)(void *dev, const struct device_env *env, struct err *err);
    void (*reset)(void *dev); /* own state, then own outputs */
    void (*fini)(void *dev);
    /* The i-th region the device answers on (mapped or not), NULL past the last. */
    struct region *(*region)(void *dev, unsigned i);
    /* The i-th register bank, NULL past the last; saved and restored with `state`. */
    struct bank *(*bank)(void *dev, unsigned i);
    /* After a state has been loaded: recompute outputs and anything derived. NULL: nothing. */
    void (*restore)(void *dev);
};

#endif
