/* SPDX-License-Identifier: Apache-2.0 */
/* labs/lib's PCI with two disks and a network controller: what is found, where it is put, and an
 * interrupt by each way there is. */
#include "labs/lib/irq.h"
#include "labs/lib/pci.h"
#include "labs/lib/reg.h"
#include "spec/i82599.h"
#include "spec/nvme.h"
#include "spec/pci.h"
#include "spec/virt.h"
#include "tests/labs/lab_check.h"

#include <stddef.h>

enum { PCI_CONFIG_REGS(REG_AT) };
enum { PCI_CONFIG_FIELDS(FIELD_MASK) };
enum { I82599_IRQ_REGS(REG_AT) };

#define CLASS_NVME 0x010802
#define CLASS_ETHERNET 0x020000
#define CLASS_HOST_BRIDGE 0x060000
#define GPIE_MSIX (1 << 4) /* of i82599: a cause a vector */

static unsigned functions;

static bool within(const struct pci_bar *bar, uint64_t base, uint64_t bytes)
{
    return bar->base >= base && bar->base - base + bar->bytes <= bytes;
}

static bool apart(const struct pci_bar *a, const struct pci_bar *b)
{
    return a->base + a->bytes <= b->base || b->base + b->bytes <= a->base;
}

static void test_places(void)
{
    unsigned bars = 0;

    for (unsigned i = 0; i < functions * PCI_BARS; i++) {
        const struct pci_bar *a = &pci_get(i / PCI_BARS)->bar[i % PCI_BARS];

        if (!a->base)
            continue;
        bars++;
        CHECK(a->bytes >= 16 && (a->bytes & (a->bytes - 1)) == 0);
        CHECK_EQ(a->base % a->bytes, 0);
        if (a->io)
            CHECK(within(a, VIRT_PCI_IO_BASE, VIRT_PCI_IO_BYTES));
        else
            CHECK(within(a, VIRT_PCI_MEM_BASE, VIRT_PCI_MEM_BYTES) ||
                  within(a, VIRT_PCI_HIGH_BASE, VIRT_PCI_HIGH_BYTES));
        for (unsigned j = 0; j < i; j++) {
            const struct pci_bar *b = &pci_get(j / PCI_BARS)->bar[j % PCI_BARS];

            CHECK(!b->base || apart(a, b));
        }
    }
    CHECK(bars >= 6);
}

static void test_found(void)
{
    struct pci_device *disk = pci_find_class(CLASS_NVME, 0), *other = pci_find_class(CLASS_NVME, 1);
    struct pci_device *nic = pci_find(0x8086, 0x10fb, 0);

    CHECK(pci_find_class(CLASS_HOST_BRIDGE, 0) != NULL);
    CHECK(disk && other && other != disk && other->slot > disk->slot);
    CHECK(!pci_find_class(CLASS_NVME, 2));
    CHECK(nic && nic == pci_find_class(CLASS_ETHERNET, 0) && !pci_find(0x8086, 0x10fb, 1));
    CHECK(!pci_get(functions));

    /* Silent until enabled; the second keeps silent. */
    CHECK_EQ(mmio_read32(pci_bar(disk, 0) + 8), UINT32_MAX);
    pci_enable(disk);
    CHECK_EQ(mmio_read32(pci_bar(disk, 0) + 8), 0x00010400); /* NVMe 3.1.2: version 1.4 */
    CHECK_EQ(mmio_read32(pci_bar(other, 0) + 8), UINT32_MAX);
    CHECK_EQ(pci_capability(disk, PCI_CAP_ID_PCIE), PCI_CAP_AT_PCIE);
    CHECK_EQ(pci_capability(disk, 0x7f), 0);
}

static struct pci_device *nic;
static unsigned calls[2];

static uint32_t get(unsigned reg)
{
    return mmio_read32(pci_bar(nic, 0) + reg);
}

static void put(unsigned reg, uint32_t value)
{
    mmio_write32(pci_bar(nic, 0) + reg, value);
}

static void on_cause(void *ctx)
{
    ++*(unsigned *)ctx;
    put(I82599_EICR, UINT32_MAX); /* 8.2.3.5.1: written ones clear */
    (void)get(I82599_EIMS);
}

/* A cause of the controller, set by hand (8.2.3.5.2). */
static void raise(unsigned cause)
{
    put(I82599_EICS, 1u << cause);
}

static void test_wire(void)
{
    put(I82599_EIMS, 1);
    pci_intx(nic, on_cause, &calls[0]);
    raise(0);
    CHECK(WAIT_ASLEEP(calls[0] == 1, 20));
    CHECK(!WAIT_ASLEEP(calls[0] != 1, 100));
}

static void test_vectors(bool messages)
{
    CHECK_EQ(pci_msix(nic, 0, on_cause, &calls[0]), messages);
    if (!messages)
        return;
    CHECK(pci_msix(nic, 1, on_cause, &calls[1]));
    CHECK(!pci_msix(nic, 4096, on_cause, &calls[1]));
    put(I82599_GPIE, GPIE_MSIX);
    put(I82599_EIMS, 3);
    raise(1);
    CHECK(WAIT_ASLEEP(calls[1] == 1, 20));
    CHECK_EQ(calls[0], 1);
    raise(0);
    CHECK(WAIT_ASLEEP(calls[0] == 2, 20));
    CHECK_EQ(calls[1], 1);
    /* Masked, it comes when it no longer is (PCI 3.0 6.8.3.4). */
    pci_msix_mask(nic, 1, true);
    raise(1);
    CHECK(!WAIT_ASLEEP(calls[1] == 2, 100));
    pci_msix_mask(nic, 1, false);
    CHECK(WAIT_ASLEEP(calls[1] == 2, 20));
}

int main(const void *device_tree)
{
    bool messages = irq_init(device_tree)[0] == 'A';

    functions = pci_init();
    CHECK_EQ(functions, 4);
    CHECK_EQ(pci_init(), 4);
    test_found();
    test_places();
    nic = pci_find(0x8086, 0x10fb, 0);
    pci_enable(nic);
    put(I82599_EIMC, UINT32_MAX);
    test_wire();
    test_vectors(messages);
    print("all\n");
    return 0;
}
