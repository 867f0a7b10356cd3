/* SPDX-License-Identifier: Apache-2.0 */
/* What struct machine is made of; for the files of this floor. */
#ifndef MACHINE_BOARD_H
#define MACHINE_BOARD_H

#include "base/text.h"
#include "cpu/interp/block.h"
#include "cpu/jit/jit.h"
#include "dev/finisher.h"
#include "dev/goldfish_rtc.h"
#include "dev/nvme.h"
#include "dev/pcie_host.h"
#include "dev/uart.h"
#include "host/block.h"
#include "host/terminal.h"
#include "host/trace_sink.h"
#include "irq/aclint.h"
#include "irq/aplic.h"
#include "irq/imsic.h"
#include "irq/plic.h"
#include "machine/machine.h"
#include "machine/net.h"
#include "sim/random.h"

struct drive {
    char name[16], link_name[24];
    void *device; /* an nvme */
    struct link link;
    struct block *block[CONFIG_NAMESPACES_MAX];
    unsigned blocks;
};

struct display {
    void *device; /* NULL: none */
    struct link link;
};

/* A device on the board, in the order of construction. */
struct board_device {
    const struct device_class *class;
    void *device;
};
#define MARK_LISTENERS_MAX 4
#define BOARD_DEVICES_MAX 32

struct machine {
    const struct board_config *config;
    struct clock clock;
    struct trace trace;
    struct params params;
    struct space space;
    struct link soc, memory;
    struct region rom, ram;
    struct aclint aclint;
    struct plic plic;
    struct aplic aplic;
    struct imsic imsic;
    struct uart uart;
    struct goldfish_rtc rtc;
    struct finisher finisher;
    struct pcie_host pcie;
    struct link dma_link;
    void *dma; /* a dw_axi_dmac */
    struct drive drive[CONFIG_NVME_MAX];
    struct nic nic[CONFIG_NICS_MAX];
    bool net_open;
    struct display display;
    struct board_device device[BOARD_DEVICES_MAX];
    unsigned devices;

    struct hart_params hart_params;
    struct hart *hart[VIRT_HARTS_MAX];
    char hart_name[VIRT_HARTS_MAX][8];
    struct machine_shared shared;
    const struct engine *engine;
    uint64_t quantum_ps;

    struct boot boot;
    struct terminal *terminal;
    struct pollset pollset;
    size_t net_waits;        /* descriptors of the host's that NICs waited for at the last poll */
    struct event console_in; /* the next byte of input reaches the UART */
    struct event tohost;     /* the next look at the symbol of that name */
    struct event deadline;   /* --max-time */
    struct text_watch exit_on;
    struct trace_sink sink;
    bool sink_open;

    bool stopped;
    bool single_blocks; /* each slice is one block (machine/pair.c) */
    struct machine_result result;
    ps_t next_poll;
    uint64_t slices;
    uint64_t idles, trim_from; /* times that all harts waited; the one at which RAM is trimmed next */
    ps_t idle_debt; /* idle time for which who is outside was not yet given host time */
    struct hart *running; /* the hart that ran last */
    struct mark_listener {
        void (*fn)(void *ctx, struct machine *m, unsigned hart, uint64_t number);
        void *ctx;
    } mark_listener[MARK_LISTENERS_MAX];
    unsigned mark_listeners;
    ps_t sample_period; /* machine_sample; 0: off */
    ps_t sample_next[VIRT_HARTS_MAX];
    void (*on_sample)(void *ctx, struct machine *m, unsigned hart);
    void *sample_ctx;
};

/* machine.c: loads the guest and puts everything into the state of after power-on. */
int machine_reset(struct machine *m, struct err *err);

/* run.c: one turn of the scheduler; false when the run has ended.  Then machine_result. */
bool machine_step(struct machine *m);
/* When the next turn would do something: a hart goes on or an event fires; PS_NEVER: only the outside
 * world can bring anything. */
ps_t machine_next(const struct machine *m);
/* For who runs machines in turns.  While all harts wait: time goes on to `until` or to just before the
 * next event, whichever is earlier; then a look outside. */
void machine_pass(struct machine *m, ps_t until);
/* While harts run: the clock follows them to just before `until`, which no event is before. */
void machine_time(struct machine *m, ps_t until);
void machine_result(struct machine *m, struct machine_result *result);

/* Ends the run (the first reason stays). */
void machine_end(struct machine *m, enum machine_end end, uint32_t code);

/* board.c: everything on the board, in state of after power-on. */
int board_build(struct machine *m, struct err *err);
void board_fini(struct machine *m);
void board_reset(struct machine *m);

/* htif.c */
void htif_init(struct machine *m);
void htif_reset(struct machine *m);

/* console.c */
int console_open(struct machine *m, struct err *err);
void console_put(void *machine, uint8_t byte);
void console_drain(struct machine *m);
/* Takes what the host has typed and sent; waits for it up to that long of host time, at most a
 * second. */
void outside_poll(struct machine *m, ps_t wait_ps);

#endif
