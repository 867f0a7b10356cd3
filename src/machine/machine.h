/* SPDX-License-Identifier: Apache-2.0 */
/* A whole machine: made from a configuration, run, looked into, freed. */
#ifndef MACHINE_MACHINE_H
#define MACHINE_MACHINE_H

#include "cpu/engine.h"
#include "machine/config.h"
#include "machine/load.h"
#include "sim/param.h"
#include "sim/trace.h"

#include <stdio.h>

struct machine;

/* Why a run ended. */
enum machine_end {
    END_FINISHER, /* the guest wrote to the finisher; code is its status */
    END_RESET,    /* the guest asked for a reboot */
    END_MAX_TIME, /* config->max_ps was reached, or the end of virtual time (run.c) */
    END_EXIT_ON,  /* config->exit_on was seen on the console */
    END_QUIT,     /* the user's escape key, or nobody reads the console any more */
    END_SIGNAL,   /* code is the signal's number */
    END_STUCK,    /* all harts wait, and nothing can ever come */
    END_CALLER,   /* machine_stop */
    END_GENERATOR, /* a traffic generator with stop=on has done its run */
};

struct machine_result {
    enum machine_end end;
    uint32_t code;
    ps_t time_ps;     /* virtual time at the end */
    uint64_t instret; /* instructions of all harts */
};

/* Builds the board, applies --set, loads the boot files, opens the console.  `config` must outlive
 * the machine.  NULL with err: one line saying what is wrong. */
struct machine *machine_new(const struct board_config *config, struct err *err);

/* Runs until something ends it; may be called again to go on. */
void machine_run(struct machine *m, struct machine_result *result);

/* Ends the run at the next occasion; for callbacks. */
void machine_stop(struct machine *m);

/* Types at the console from that time on, as fast as its UART takes it: at most MACHINE_TYPE_MAX bytes
 * in all. */
#define MACHINE_TYPE_MAX 1024
void machine_type(struct machine *m, const char *text, ps_t when);

/* What the NICs' backends have counted and measured, for people; before machine_close. */
void machine_report(const struct machine *m, FILE *out);

/* Writes the display's picture as a PNG file; -1 with err, which says why, when there is none. */
int machine_screenshot(const struct machine *m, const char *path, struct err *err);

/* Completes the trace file, captures and reports, and gives the terminal back; -1 with err when output was lost. */
int machine_close(struct machine *m, struct err *err);

/* Closes, if that was not done, and frees.  NULL is allowed. */
void machine_free(struct machine *m);

/* What the harts have done to each region that was reached by transactions: a line each, with loads,
 * stores, bytes both ways, and the transactions that carried them.  Cached RAM has none. */
void machine_traffic(const struct machine *m, FILE *out);

/* Calls fn whenever a hart has executed a mark (slti x0, x0, number); after those asked for before,
 * four in all. */
void machine_on_mark(struct machine *m,
                     void (*fn)(void *ctx, struct machine *m, unsigned hart, uint64_t number),
                     void *ctx);

/* Calls fn about every `period_ps` of virtual time with a hart that executes (never one that
 * waits): a profile of where its time goes, that costs the guest nothing.  A hart is at the start of
 * a block then.  With several harts running, it is called between their slices, which may be up to a
 * microsecond late.  0: never. */
void machine_sample(struct machine *m, ps_t period_ps,
                    void (*fn)(void *ctx, struct machine *m, unsigned hart), void *ctx);

/* ---- looking in ---- */

struct trace *machine_trace(struct machine *m);
const struct params *machine_params(const struct machine *m);
const struct boot *machine_boot(const struct machine *m);
const struct hart *machine_hart(const struct machine *m, unsigned i);

/* Copies kernel memory by the page tables that the hart uses now, changing nothing; -1 when some of
 * it is not mapped or is not memory. */
int machine_read_virtual(struct machine *m, unsigned hart, uint64_t va, void *buf, size_t len);

/* All harts wait, and no event is left that could wake one: it may as well end. */
bool machine_stuck(const struct machine *m);

/* Records a probe event whenever a hart reaches the instruction at this kernel address; -1 when it
 * is not mapped. */
int machine_probe(struct machine *m, unsigned hart, uint64_t va);

/* Writes the name of the register at this offset of a device, which is a source of the trace:
 * "UART_LSR", "PLIC_PRIORITY[9]" (the tenth), "+ 0x123" if there is none. */
void machine_register_name(const struct machine *m, unsigned source, uint64_t offset, bool write,
                           char *out, size_t size);

/* ---- the trace file ---- */

/* The description at its head; the caller frees it. */
char *machine_meta_json(struct machine *m);

/* Opens `path`; recording begins at once if `on`, else when machine_trace(m)->on is set. */
int machine_trace_open(struct machine *m, const char *path, bool on, struct err *err);

#endif
