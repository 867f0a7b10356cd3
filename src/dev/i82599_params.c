/* SPDX-License-Identifier: Apache-2.0 */
/* The controller's own times and sizes, with their sources. */
#include "dev/i82599_impl.h"

#define DATASHEET "82599 datasheet"
#define ASSUMED "assumed"
#define NIANTIC "pcie-bench (SIGCOMM 2018), its model of this chip (niantic)"
#define T_MAX PS_PER_S

#define TIME(member, value, source, doc) \
    PARAM(struct i82599_params, member, PARAM_PS, "0ps", value, 0, T_MAX, source, doc)
#define COUNT(member, value, max, source, doc) \
    PARAM(struct i82599_params, member, PARAM_COUNT, value, value, 1, max, source, doc)

const struct param i82599_params[] = {
    TIME(rx_pipeline_ps, "400ns", ASSUMED, "last bit of a frame to its first DMA write"),
    TIME(tx_pipeline_ps, "400ns", ASSUMED,
         "last byte of a packet on the chip to its first bit on the wire"),
    COUNT(rx_prefetch, "40", I82599_BURST_MAX, NIANTIC,
          "receive descriptors of one fetch at most; fetched when less than half are left"),
    COUNT(rx_writeback, "8", I82599_BURST_MAX, NIANTIC,
          "receive descriptors of one write-back at most; fewer when no frame waits"),
    COUNT(tx_prefetch, "40", I82599_BURST_MAX, NIANTIC,
          "transmit descriptors of one fetch at most"),
    TIME(link_up_ps, "10ms", ASSUMED, "restart of the link to link up"),
    TIME(reset_ps, "1us", ASSUMED, "CTRL.RST or CTRL.LNK_RST written to cleared"),
    TIME(eeprom_word_ps, "20us", ASSUMED, "EERD.START to EERD.DONE"),
    PARAM(struct i82599_params, itr_unit_ps, PARAM_PS, "2048ns", "2048ns", 1, T_MAX,
          DATASHEET " 8.2.3.5.12", "unit of EITR's interval at 1 and 10 Gb/s"),
    TIME(rsc_unit_ps, "4us", "assumed; GPIE.RSC_DELAY is in units of 4 us (datasheet 8.2.3.5.18)",
         "unit of GPIE.RSC_DELAY: what a coalescing is given at least"),
    {0},
};
