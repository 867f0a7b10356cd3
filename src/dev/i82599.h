/* SPDX-License-Identifier: Apache-2.0 */
/* Intel 82599 10 GbE controller, one port with an SFP+ cage, as a PCI Express function
 * (8086:10fb).  Sections are those of the 82599 datasheet, revision 3.4. */
#ifndef DEV_I82599_H
#define DEV_I82599_H

#include "bus/wire.h"
#include "dev/pci.h"

/* What device_env.config points to; NULL: no cable, an address of its own. */
struct i82599_config {
    struct wire *wire; /* the caller's; the device attaches to its WIRE_NIC side; must outlive it */
    uint8_t mac[6];    /* all 0: made from the device's name */
    unsigned speed;    /* of the module in the cage, in Gb/s: 10 or 1; 0: 10 */
};

extern const struct device_class i82599_class;

/* The function to give to a host bridge. */
struct pci_function *i82599_pci(void *dev);

/* The defaults of its PCIe link: 5 GT/s, 8 lanes (1.1). */
extern const struct param i82599_link_params[];

#endif
