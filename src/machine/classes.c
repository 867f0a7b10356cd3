/* SPDX-License-Identifier: Apache-2.0 */
#include "machine/classes.h"

#include "dev/bochs_display.h"
#include "dev/dw_axi_dmac.h"
#include "dev/finisher.h"
#include "dev/goldfish_rtc.h"
#include "dev/i82599.h"
#include "dev/nvme.h"
#include "dev/pcie_host.h"
#include "dev/uart.h"
#include "irq/aclint.h"
#include "irq/aplic.h"
#include "irq/imsic.h"
#include "irq/plic.h"

const struct device_class *const device_classes[] = {
    &aclint_class,
    &plic_class,
    &aplic_class,
    &imsic_class,
    &uart_class,
    &goldfish_rtc_class,
    &finisher_class,
    &dw_axi_dmac_class,
    &pcie_host_class,
    &nvme_class,
    &i82599_class,
    &bochs_display_class,
    NULL,
};
