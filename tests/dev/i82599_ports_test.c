/* SPDX-License-Identifier: Apache-2.0 */
/* The 82599's registers by I/O space (BAR 2). */
#include "dev/i82599_impl.h"
#include "tests/dev/i82599_rig.h"

#define IO_PORTS UINT64_C(0xe000000)

static uint32_t port(struct rig *r, unsigned at, unsigned size, bool write, uint32_t value)
{
    struct txn t = {.addr = IO_PORTS + at, .size = (uint8_t)size, .write = write, .data = value};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
    return (uint32_t)t.data;
}

static void test_registers_are_reached_through_two_ports(void)
{
    struct rig *r = rig_up(TIMING_IO);

    pci_config_write(r->pci, PCI_BAR_OFFSET + 8, 4, IO_PORTS);
    CHECK_EQ_U64(pci_config_read(r->pci, PCI_BAR_OFFSET + 8, 4), IO_PORTS | 1);
    pci_config_write(r->pci, PCI_COMMAND_OFFSET, 2,
                     pci_config_read(r->pci, PCI_COMMAND_OFFSET, 2) | (uint32_t)FMASK(PCI_COMMAND_IO));
    port(r, I82599_IO_IOADDR, 4, true, I82599_RAL_LOW_OFFSET);
    CHECK_EQ_U64(port(r, I82599_IO_IOADDR, 4, false, 0), I82599_RAL_LOW_OFFSET);
    port(r, I82599_IO_IODATA, 4, true, 0x12345678);
    CHECK_EQ_U64(rig_get(r, I82599_RAL_LOW_OFFSET), 0x12345678);
    CHECK_EQ_U64(port(r, I82599_IO_IODATA, 4, false, 0), 0x12345678);
    CHECK_EQ_U64(port(r, I82599_IO_IODATA, 2, false, 0), 0); /* 32 bits only */
    port(r, I82599_IO_IODATA, 1, true, 0xff);
    CHECK_EQ_U64(rig_get(r, I82599_RAL_LOW_OFFSET), 0x12345678);
    port(r, I82599_IO_IOADDR, 4, true, I82599_BAR_BYTES); /* beyond */
    CHECK_EQ_U64(port(r, I82599_IO_IODATA, 4, false, 0), 0);
    port(r, I82599_IO_IOADDR, 4, true, UINT32_MAX);
    port(r, I82599_IO_IODATA, 4, true, 1);
    CHECK_EQ_U64(port(r, 8, 4, false, 0), 0);
    rig_down(r);
}

TEST_MAIN(test_registers_are_reached_through_two_ports)
