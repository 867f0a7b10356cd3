/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters: every number of the timing model, with its default, unit and source.
 *
 * A module declares a table of rows over a plain struct of uint64_t; the machine registers
 * (prefix, table, struct) and the paths "prefix.row" are what --set, --show-parameters and
 * docs/timing.md speak of.  A timing level is a column of each row. */
#ifndef SIM_PARAM_H
#define SIM_PARAM_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum param_unit {
    PARAM_COUNT, /* plain number */
    PARAM_PS,    /* time: "1.5us", "200ns", "40ps"; stored in picoseconds */
    PARAM_HZ,    /* "3GHz"; stored in hertz */
    PARAM_BYTES, /* "4KiB", "16"; stored in bytes */
    PARAM_RATE,  /* bytes per second: "800MB/s" (decimal) */
    PARAM_TICKS, /* CPU cycles in steps of 1/8: "0.5"; stored in eighths */
    PARAM_BOOL,  /* 0 or 1 */
};

enum timing_level { TIMING_OFF, TIMING_IO, TIMING_LEVELS };

struct param {
    const char *name;
    size_t offset;
    enum param_unit unit;
    const char *value[TIMING_LEVELS]; /* default at each level, in the unit's notation */
    uint64_t min, max;
    const char *source; /* where the default comes from; "assumed" when nowhere */
    const char *doc;
};

/* Declares a row: the field `member` of `type`, its default at levels off and io. */
#define PARAM(type, member, unit, off, io, min, max, source, doc) \
    {#member, offsetof(type, member), unit, {off, io}, min, max, source, doc}

struct param_group {
    const char *prefix;       /* "cpu", "nvme0.media" */
    const struct param *rows; /* ends with a NULL name */
    void *values;             /* the struct of uint64_t */
};

#define PARAM_GROUPS_MAX 64

/* The registry of one machine, in registration order. */
struct params {
    struct param_group group[PARAM_GROUPS_MAX];
    unsigned count;
    enum timing_level level;
};

/* Adds a group and fills its struct with the level's defaults.  `prefix` must outlive params. */
void params_add(struct params *p, const char *prefix, const struct param *rows, void *values);

/* "path=value"; errors name the nearest path or the accepted range. */
int params_set(struct params *p, const char *assignment, struct err *err);

/* Parses a value in a unit's notation. */
int param_parse(const struct param *row, const char *text, uint64_t *value, struct err *err);

/* The value in the unit's notation (exact: param_parse gives it back). */
void param_format(const struct param *row, uint64_t value, char *buf, size_t size);

static inline uint64_t *param_value(const struct param_group *g, const struct param *row)
{
    return (uint64_t *)(void *)((char *)g->values + row->offset);
}

#endif
