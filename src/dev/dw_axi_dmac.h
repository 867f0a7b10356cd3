/* SPDX-License-Identifier: Apache-2.0 */
/* A Synopsys DesignWare AXI DMA controller (spec/dw_axi_dmac.h): eight channels that copy between
 * memory and memory, or to and from peripherals that ask for each piece.
 *
 * Its way to memory is a link of its own (device_env.link, table below) for the latency; the rate
 * is that of its AXI data buses, one for reads and one for writes: a beat a cycle (parameter
 * `cycle_ps`), up to 8 bytes a beat. */
#ifndef DEV_DW_AXI_DMAC_H
#define DEV_DW_AXI_DMAC_H

#include "bus/device.h"
#include "spec/dw_axi_dmac.h"

struct dw_axi_dmac_config {
    uint64_t base;
};

struct dw_axi_dmac_params {
    uint64_t cycle_ps; /* of the AXI clock */
};

extern const struct device_class dw_axi_dmac_class;

/* Defaults of the link between the controller and memory. */
extern const struct param dw_axi_dmac_link_params[];

/* The interrupt output: level-triggered; the board connects it. */
struct line *dw_axi_dmac_irq(void *dev);

/* A peripheral's request wire, 0 to DMAC_HANDSHAKES - 1 (for line_connect; others are ignored):
 * while it is high, the channel that is set to that handshake interface moves CTL.SRC_MSIZE or
 * DST_MSIZE items, and looks at it again when they have arrived. */
void dw_axi_dmac_request(void *dev, unsigned handshake, bool level);

#endif
