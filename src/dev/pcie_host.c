/* SPDX-License-Identifier: Apache-2.0 */
#include "dev/pcie_host.h"

#include "spec/virt.h"

#include <inttypes.h>

static const struct reg pcie_host_regs[] = {PCI_CONFIG_REGS(REG_ROW)};
static const struct reg_field pcie_host_fields[] = {PCI_CONFIG_FIELDS(REG_FIELD_ROW)};

const struct pcie_host_config pcie_host_config_default = {
    .ecam = {VIRT_PCI_ECAM_BASE, VIRT_PCI_ECAM_BYTES},
    .io = {VIRT_PCI_IO_BASE, VIRT_PCI_IO_BYTES},
    .mem32 = {VIRT_PCI_MEM_BASE, VIRT_PCI_MEM_BYTES},
    .mem64 = {VIRT_PCI_HIGH_BASE, VIRT_PCI_HIGH_BYTES},
};

/* ---- configuration ---- */

static uint32_t ecam_dword(struct pcie_host *h, uint64_t at, unsigned size, bool write,
                           uint32_t value)
{
    /* Bus 0 is the only one: there are no bridges. */
    struct pci_function *fn = at >> 20 ? NULL : h->function[at >> 12 & 0xff];

    if (!fn)
        return UINT32_MAX;
    /* It does not travel, but finds what has (PCI Express 5.0, table 2-40). */
    if (fn != &h->bridge)
        link_push(fn->port.link);
    if (!write)
        return pci_config_read(fn, at & 0xfff, size);
    pci_config_write(fn, at & 0xfff, size, value);
    return 0;
}

static enum fault ecam_access(void *owner, struct txn *txn)
{
    struct pcie_host *h = owner;
    unsigned size = txn->size < 4 ? txn->size : 4;
    uint64_t value = 0;

    /* Configuration requests come from harts only. */
    if (txn->requester & REQUESTER_PCI)
        return FAULT_ACCESS;
    for (unsigned at = 0; at < txn->size; at += 4)
        value |= (uint64_t)ecam_dword(h, txn->addr + at, size, txn->write,
                                      (uint32_t)(txn->data >> at * 8))
                 << at * 8;
    if (!txn->write)
        txn->data = value;
    return FAULT_NONE;
}

/* ---- windows ---- */

static enum fault window_access(void *owner, struct txn *txn)
{
    (void)owner;
    if (txn->requester & REQUESTER_PCI)
        return FAULT_DECODE;
    if (!txn->write)
        txn->data = UINT64_MAX; /* cut to the size by region_access */
    return FAULT_NONE;
}

static bool within(const struct pcie_window *w, uint64_t addr, uint64_t size)
{
    return addr >= w->base && size <= w->size && addr - w->base <= w->size - size;
}

/* The address at which the harts see a BAR, if they can. */
static bool hart_address(const struct pcie_host *h, const struct pci_bar *bar, uint64_t *addr)
{
    const struct pcie_host_config *c = &h->config;

    if (bar->flags & PCI_BAR_IO) {
        if (*addr > c->io.size || bar->size > c->io.size - *addr)
            return false;
        *addr += c->io.base;
        return true;
    }
    return within(&c->mem32, *addr, bar->size) || within(&c->mem64, *addr, bar->size);
}

/* All anew, in a fixed order: what answers depends on the BARs' values, not on their history. */
static void remap_all(void *owner)
{
    struct pcie_host *h = owner;
    uint64_t addr;

    for (unsigned f = 0; f < PCIE_HOST_FUNCTIONS; f++)
        if (h->function[f])
            pci_bars_unmap(h->function[f]);
    for (unsigned f = 0; f < PCIE_HOST_FUNCTIONS; f++)
        for (unsigned i = 0; h->function[f] && i < PCI_BARS; i++)
            if (pci_bar_wanted(h->function[f], i, &addr) &&
                hart_address(h, &h->function[f]->bar[i], &addr))
                pci_bar_map(h->function[f], i, addr);
}

/* ---- INTx ---- */

/* A function's wire changed.  A line is the OR of those that share it. */
static void drive_lines(void *owner, unsigned devfn, bool level)
{
    struct pcie_host *h = owner;
    bool line[PCIE_HOST_LINES] = {0};

    (void)devfn;
    (void)level;
    for (unsigned f = 0; f < PCIE_HOST_FUNCTIONS; f++)
        if (h->function[f] && h->function[f]->intx_pin)
            line[pcie_host_line(f >> 3, h->function[f]->intx_pin)] |= h->function[f]->intx.level;
    for (unsigned i = 0; i < PCIE_HOST_LINES; i++)
        line_set(&h->irq[i], line[i]);
}

int pcie_host_add(struct pcie_host *host, struct pci_function *fn, unsigned device,
                  unsigned function, struct err *err)
{
    unsigned devfn = device << 3 | function;

    if (device > 31 || function > 7)
        return err_set(err, "'%s': there is no PCI device %u function %u", fn->name, device,
                       function);
    if (host->function[devfn])
        return err_set(err, "'%s': PCI %02x.%u is '%s' already", fn->name, device, function,
                       host->function[devfn]->name);
    host->function[devfn] = fn;
    fn->bdf = (uint16_t)devfn;
    fn->port.requester = REQUESTER_PCI | devfn;
    fn->remap = remap_all;
    fn->host = host;
    line_connect(&fn->intx, drive_lines, host, devfn);
    if (function && host->function[devfn & ~7u])
        pci_set_multifunction(host->function[devfn & ~7u]);
    for (unsigned f = 1; !function && f < 8; f++)
        if (host->function[devfn | f])
            pci_set_multifunction(fn);
    return 0;
}

/* ---- life ---- */

static int map_window(struct pcie_host *h, struct region *r, const char *name,
                      const struct pcie_window *w, const struct device_env *env, struct err *err)
{
    if (!w->size)
        return 0;
    *r = (struct region){.name = name, .base = w->base, .size = w->size,
                         .access = window_access, .owner = h, .link = env->link,
                         .source = h->source};
    return space_map_background(env->space, r, err);
}

static int host_init(void *dev, const struct device_env *env, struct err *err)
{
    static const struct pci_ids ids = {.vendor = 0x1b36, .device = 0x0008,
                                       .subsystem_vendor = 0x1af4, .subsystem = 0x1100,
                                       .class_code = 0x060000};
    struct pcie_host *h = dev;

    memset(h, 0, sizeof *h);
    h->config = env->config ? *(const struct pcie_host_config *)env->config
                            : pcie_host_config_default;
    pci_function_init_plain(&h->bridge, env, &ids, NULL, h);
    h->source = h->bridge.source;
    if (pcie_host_add(h, &h->bridge, 0, 0, err))
        return -1;
    h->ecam = (struct region){.name = "pcie-ecam", .base = h->config.ecam.base,
                              .size = h->config.ecam.size, .access = ecam_access, .owner = h,
                              .link = env->link, .source = h->source, .non_posted = true};
    if (map_window(h, &h->io, "pcie-io", &h->config.io, env, err) ||
        map_window(h, &h->mem32, "pcie-mem32", &h->config.mem32, env, err) ||
        map_window(h, &h->mem64, "pcie-mem64", &h->config.mem64, env, err))
        return -1;
    return 0;
}

static void host_reset(void *dev)
{
    struct pcie_host *h = dev;

    pci_function_reset(&h->bridge);
    drive_lines(h, 0, false);
}

static void host_restore(void *dev)
{
    struct pcie_host *h = dev;

    pci_function_restore(&h->bridge);
    drive_lines(h, 0, false);
}

static void host_fini(void *dev)
{
    pci_function_fini(&((struct pcie_host *)dev)->bridge);
}

/* The windows are backgrounds: mapped by init, and no registers of the host. */
static struct region *host_region(void *dev, unsigned i)
{
    return i == 0 ? &((struct pcie_host *)dev)->ecam : NULL;
}

static struct bank *host_bank(void *dev, unsigned i)
{
    (void)dev;
    (void)i;
    return NULL;
}

static const struct field host_state[] = {
    PCI_STATE(struct pcie_host, bridge),
    FIELD_END,
};

const struct device_class pcie_host_class = {
    .name = "pcie_host",
    .title = "PCI Express host (generic ECAM) and the configuration space of its functions",
    .size = sizeof(struct pcie_host),
    .regs = pcie_host_regs,
    .reg_count = ARRAY_LEN(pcie_host_regs),
    .reg_fields = pcie_host_fields,
    .reg_field_count = ARRAY_LEN(pcie_host_fields),
    .state = host_state,
    .notes = "The registers are those of each function's configuration space, reached with any "
             "size; which capabilities a function has, its ids and the sizes of its BARs are its "
             "own.  Where there is no function, and in a window where there is no BAR, harts read "
             "all ones.  Of two overlapping BARs that of the lower function answers.  One root "
             "bus, no "
             "bridges, no hot-plug.  Configuration accesses take the time of the on-chip bus, not "
             "of the function's link.  Device Control's payload and read-request sizes can be "
             "written, but the timing follows the link's parameters.  No PME, D1 or D2, AER, "
             "expansion ROMs, SR-IOV.",
    .init = host_init,
    .reset = host_reset,
    .fini = host_fini,
    .region = host_region,
    .bank = host_bank,
    .restore = host_restore,
};
