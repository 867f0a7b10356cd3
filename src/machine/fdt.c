/* SPDX-License-Identifier: Apache-2.0 */
#include "machine/fdt.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "irq/output.h"
#include "sim/random.h"
#include "spec/dw_axi_dmac.h"
#include "spec/finisher.h"
#include "spec/imsic.h"
#include "spec/plic.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>

#define BLOB_MAX (256 * 1024)
#define APPEND_MAX 4000 /* the kernel's own limit is 4096 less what it adds */

/* References between nodes. */
enum phandle { PH_INTC = 1, PH_MSI_M, PH_MSI_S, PH_TEST, PH_DMA_CLOCK, PH_CPU0 = 16, PH_INTC0 = 64 };

enum { IRQ_LEVEL_HIGH = 4 };

/* Sequential write; the first libfdt error sticks. */
struct tree {
    void *fdt;
    int error;
    const struct board_config *config;
};

static void keep(struct tree *t, int error)
{
    if (!t->error)
        t->error = error;
}

static void begin(struct tree *t, const char *name)
{
    keep(t, fdt_begin_node(t->fdt, name));
}

static void begin_at(struct tree *t, const char *name, uint64_t addr)
{
    char full[64];

    snprintf(full, sizeof full, "%s@%llx", name, (unsigned long long)addr);
    begin(t, full);
}

static void end(struct tree *t)
{
    keep(t, fdt_end_node(t->fdt));
}

static void text(struct tree *t, const char *name, const char *value)
{
    keep(t, fdt_property_string(t->fdt, name, value));
}

/* Several strings, given with "\0" between them. */
#define TEXTS(t, name, values) keep((t), fdt_property((t)->fdt, name, values, sizeof(values)))

static void cells(struct tree *t, const char *name, const uint32_t *values, size_t count)
{
    uint8_t bytes[4096];

    if (count > sizeof bytes / 4) {
        keep(t, -FDT_ERR_INTERNAL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        fdt32_t v = cpu_to_fdt32(values[i]);

        memcpy(bytes + 4 * i, &v, 4);
    }
    keep(t, fdt_property(t->fdt, name, bytes, (int)(4 * count)));
}

#define CELLS(t, name, ...) \
    cells((t), name, (const uint32_t[]){__VA_ARGS__}, \
          sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
#define HIGH(v) (uint32_t)((uint64_t)(v) >> 32)
#define LOW(v) (uint32_t)(v)
#define WIDE(v) HIGH(v), LOW(v)

static void empty(struct tree *t, const char *name)
{
    keep(t, fdt_property(t->fdt, name, NULL, 0));
}

/* ---- harts ---- */

/* What a hart implements, in the order of the ISA string. */
static const char *const extensions[] = {
    "i", "m", "a", "f", "d", "c",
    "zicbom", "zicboz", "zicntr", "zicsr", "zifencei", "zihintpause", "zihpm",
    "zba", "zbb", "zbs",
    "sstc", "svadu", "svinval", "svnapot", "svpbmt", "svvptc",
};
static const char *const aia_extensions[] = {"smaia", "ssaia"};

static void put_extension(const char *name, char *isa, size_t isa_size, char *list,
                          size_t *list_size)
{
    size_t n = strlen(isa);

    snprintf(isa + n, isa_size - n, "%s%s", name[1] ? "_" : "", name);
    memcpy(list + *list_size, name, strlen(name) + 1);
    *list_size += strlen(name) + 1;
}

static void isa_properties(struct tree *t)
{
    char isa[512] = "rv64", list[512];
    size_t size = 0;

    for (size_t i = 0; i < ARRAY_LEN(extensions); i++)
        put_extension(extensions[i], isa, sizeof isa, list, &size);
    for (size_t i = 0; t->config->irq == IRQ_AIA && i < ARRAY_LEN(aia_extensions); i++)
        put_extension(aia_extensions[i], isa, sizeof isa, list, &size);
    text(t, "riscv,isa", isa);
    text(t, "riscv,isa-base", "rv64i");
    keep(t, fdt_property(t->fdt, "riscv,isa-extensions", list, (int)size));
}

static void cpu(struct tree *t, unsigned hart)
{
    begin_at(t, "cpu", hart);
    text(t, "device_type", "cpu");
    CELLS(t, "reg", hart);
    text(t, "status", "okay");
    text(t, "compatible", "riscv");
    isa_properties(t);
    text(t, "mmu-type", "riscv,sv57");
    CELLS(t, "riscv,cbom-block-size", 64);
    CELLS(t, "riscv,cboz-block-size", 64);
    CELLS(t, "phandle", PH_CPU0 + hart);
    begin(t, "interrupt-controller");
    CELLS(t, "#interrupt-cells", 1);
    CELLS(t, "#address-cells", 0);
    empty(t, "interrupt-controller");
    text(t, "compatible", "riscv,cpu-intc");
    CELLS(t, "phandle", PH_INTC0 + hart);
    end(t);
    end(t);
}

static void cpus(struct tree *t)
{
    begin(t, "cpus");
    CELLS(t, "#address-cells", 1);
    CELLS(t, "#size-cells", 0);
    CELLS(t, "timebase-frequency", VIRT_TIMEBASE_HZ);
    for (unsigned i = 0; i < t->config->harts; i++)
        cpu(t, i);
    begin(t, "cpu-map");
    begin(t, "cluster0");
    for (unsigned i = 0; i < t->config->harts; i++) {
        char name[16];

        snprintf(name, sizeof name, "core%u", i);
        begin(t, name);
        CELLS(t, "cpu", PH_CPU0 + i);
        end(t);
    }
    end(t);
    end(t);
    end(t);
}

/* interrupts-extended with the given pins of each hart. */
static void wires(struct tree *t, unsigned count, const uint32_t *pins)
{
    uint32_t values[VIRT_HARTS_MAX * 2 * 2];
    size_t n = 0;

    for (unsigned i = 0; i < t->config->harts; i++)
        for (unsigned j = 0; j < count; j++) {
            values[n++] = PH_INTC0 + i;
            values[n++] = pins[j];
        }
    cells(t, "interrupts-extended", values, n);
}
#define WIRES(t, count, ...) wires((t), count, (const uint32_t[]){__VA_ARGS__})

/* ---- interrupt controllers ---- */

/* The registers are those of a CLINT followed by the SSWI.  The PLIC board calls them so, as most
 * older software looks for that name; the AIA board uses the ACLINT's names. */
static void aclint(struct tree *t)
{
    uint64_t base = VIRT_ACLINT_BASE;

    if (t->config->irq == IRQ_PLIC) {
        begin_at(t, "clint", base);
        TEXTS(t, "compatible", "sifive,clint0\0riscv,clint0");
        CELLS(t, "reg", WIDE(base), WIDE(VIRT_ACLINT_BYTES));
        WIRES(t, 2, MIP_MSIP, MIP_MTIP);
        end(t);
    } else {
        begin_at(t, "mswi", base);
        text(t, "compatible", "riscv,aclint-mswi");
        CELLS(t, "reg", WIDE(base), WIDE(0x4000));
        WIRES(t, 1, MIP_MSIP);
        empty(t, "interrupt-controller");
        CELLS(t, "#interrupt-cells", 0);
        CELLS(t, "#address-cells", 0);
        end(t);
        begin_at(t, "mtimer", base + 0xbff8); /* mtime, then the comparators */
        text(t, "compatible", "riscv,aclint-mtimer");
        CELLS(t, "reg", WIDE(base + 0xbff8), WIDE(0x4008), WIDE(base + 0x4000), WIDE(0x7ff8));
        WIRES(t, 1, MIP_MTIP);
        end(t);
    }
    begin_at(t, "sswi", VIRT_SSWI_BASE);
    text(t, "compatible", "riscv,aclint-sswi");
    CELLS(t, "reg", WIDE(VIRT_SSWI_BASE), WIDE(VIRT_SSWI_BYTES));
    WIRES(t, 1, MIP_SSIP);
    empty(t, "interrupt-controller");
    CELLS(t, "#interrupt-cells", 0);
    CELLS(t, "#address-cells", 0);
    end(t);
}

static void plic(struct tree *t)
{
    begin_at(t, "plic", VIRT_PLIC_BASE);
    TEXTS(t, "compatible", "sifive,plic-1.0.0\0riscv,plic0");
    CELLS(t, "reg", WIDE(VIRT_PLIC_BASE), WIDE(VIRT_PLIC_BYTES));
    WIRES(t, 2, MIP_MEIP, MIP_SEIP);
    CELLS(t, "riscv,ndev", PLIC_SOURCES - 1);
    empty(t, "interrupt-controller");
    CELLS(t, "#interrupt-cells", 1);
    CELLS(t, "#address-cells", 0);
    CELLS(t, "phandle", PH_INTC);
    end(t);
}

static void imsic(struct tree *t, uint64_t base, uint32_t pin, uint32_t phandle)
{
    begin_at(t, "imsics", base);
    TEXTS(t, "compatible", "qemu,imsics\0riscv,imsics");
    CELLS(t, "reg", WIDE(base), WIDE(t->config->harts * 4096));
    WIRES(t, 1, pin);
    empty(t, "interrupt-controller");
    CELLS(t, "#interrupt-cells", 0);
    CELLS(t, "#address-cells", 0);
    empty(t, "msi-controller");
    CELLS(t, "#msi-cells", 0);
    CELLS(t, "riscv,num-ids", IMSIC_IDENTITIES);
    CELLS(t, "riscv,ipi-id", 1);
    CELLS(t, "phandle", phandle);
    end(t);
}

static void aplic(struct tree *t, uint64_t base, uint64_t bytes, uint32_t msi_parent,
                  uint32_t child, uint32_t phandle)
{
    begin_at(t, "interrupt-controller", base);
    TEXTS(t, "compatible", "qemu,aplic\0riscv,aplic");
    CELLS(t, "reg", WIDE(base), WIDE(bytes));
    CELLS(t, "msi-parent", msi_parent);
    CELLS(t, "riscv,num-sources", VIRT_IRQS);
    empty(t, "interrupt-controller");
    CELLS(t, "#interrupt-cells", 2);
    CELLS(t, "#address-cells", 0);
    if (child) {
        CELLS(t, "riscv,children", child);
        CELLS(t, "riscv,delegation", child, 1, VIRT_IRQS);
        CELLS(t, "riscv,delegate", child, 1, VIRT_IRQS); /* its name before the binding */
    }
    CELLS(t, "phandle", phandle);
    end(t);
}

static void interrupt_controllers(struct tree *t)
{
    aclint(t);
    if (t->config->irq == IRQ_PLIC) {
        plic(t);
        return;
    }
    imsic(t, VIRT_IMSIC_M_BASE, MIP_MEIP, PH_MSI_M);
    imsic(t, VIRT_IMSIC_S_BASE, MIP_SEIP, PH_MSI_S);
    aplic(t, VIRT_APLIC_S_BASE, VIRT_APLIC_S_BYTES, PH_MSI_S, 0, PH_INTC);
    aplic(t, VIRT_APLIC_M_BASE, VIRT_APLIC_M_BYTES, PH_MSI_M, PH_INTC, PH_INTC + 8);
}

/* ---- devices ---- */

static void wire(struct tree *t, uint32_t irq)
{
    CELLS(t, "interrupt-parent", PH_INTC);
    if (t->config->irq == IRQ_AIA)
        CELLS(t, "interrupts", irq, IRQ_LEVEL_HIGH);
    else
        CELLS(t, "interrupts", irq);
}

static void small_devices(struct tree *t)
{
    begin_at(t, "test", VIRT_FINISHER_BASE);
    TEXTS(t, "compatible", "sifive,test1\0sifive,test0\0syscon");
    CELLS(t, "reg", WIDE(VIRT_FINISHER_BASE), WIDE(VIRT_FINISHER_BYTES));
    CELLS(t, "phandle", PH_TEST);
    end(t);
    begin_at(t, "rtc", VIRT_RTC_BASE);
    text(t, "compatible", "google,goldfish-rtc");
    CELLS(t, "reg", WIDE(VIRT_RTC_BASE), WIDE(VIRT_RTC_BYTES));
    wire(t, VIRT_IRQ_RTC);
    end(t);
    begin_at(t, "serial", VIRT_UART_BASE);
    text(t, "compatible", "ns16550a");
    CELLS(t, "reg", WIDE(VIRT_UART_BASE), WIDE(VIRT_UART_BYTES));
    CELLS(t, "clock-frequency", VIRT_UART_CLOCK_HZ);
    wire(t, VIRT_IRQ_UART);
    end(t);
}

/* Bindings: Linux, Documentation/devicetree/bindings/dma/snps,dw-axi-dmac.yaml.  Its clocks never
 * stop; no driver asks how fast they are. */
static void dma(struct tree *t)
{
    uint32_t blocks[DMAC_CHANNELS], priorities[DMAC_CHANNELS];

    for (unsigned i = 0; i < DMAC_CHANNELS; i++) {
        blocks[i] = DMAC_BLOCK_ITEMS_MAX;
        priorities[i] = i;
    }
    begin_at(t, "dma-controller", VIRT_DMA_BASE);
    text(t, "compatible", "snps,axi-dma-1.01a");
    CELLS(t, "reg", WIDE(VIRT_DMA_BASE), WIDE(VIRT_DMA_BYTES));
    CELLS(t, "clocks", PH_DMA_CLOCK, PH_DMA_CLOCK);
    TEXTS(t, "clock-names", "core-clk\0cfgr-clk");
    CELLS(t, "#dma-cells", 1);
    CELLS(t, "dma-channels", DMAC_CHANNELS);
    CELLS(t, "snps,dma-masters", 1);
    CELLS(t, "snps,data-width", DMAC_BUS_WIDTH);
    cells(t, "snps,block-size", blocks, DMAC_CHANNELS);
    cells(t, "snps,priority", priorities, DMAC_CHANNELS);
    CELLS(t, "snps,axi-max-burst-len", DMAC_BURST_BEATS_MAX);
    empty(t, "dma-coherent");
    wire(t, VIRT_IRQ_DMA);
    end(t);
}

static void dma_clock(struct tree *t)
{
    begin(t, "dma-clock");
    text(t, "compatible", "fixed-clock");
    CELLS(t, "#clock-cells", 0);
    CELLS(t, "clock-frequency", 500000000);
    CELLS(t, "phandle", PH_DMA_CLOCK);
    end(t);
}

/* Pin p of slot s is wire (p - 1 + s) % 4: the usual rotation, for the slots 0 to 3 that the mask
 * leaves apart. */
static void pci_wires(struct tree *t)
{
    uint32_t map[16 * 7];
    size_t n = 0;

    for (uint32_t slot = 0; slot < 4; slot++)
        for (uint32_t pin = 1; pin <= 4; pin++) {
            map[n++] = slot << 11;
            map[n++] = 0;
            map[n++] = 0;
            map[n++] = pin;
            map[n++] = PH_INTC;
            map[n++] = VIRT_IRQ_PCI + (pin - 1 + slot) % 4;
            if (t->config->irq == IRQ_AIA)
                map[n++] = IRQ_LEVEL_HIGH;
        }
    cells(t, "interrupt-map", map, n);
    CELLS(t, "interrupt-map-mask", 0x1800, 0, 0, 7);
}

static void pci(struct tree *t)
{
    uint64_t high = config_pci_high_base(t->config);

    begin_at(t, "pci", VIRT_PCI_ECAM_BASE);
    text(t, "compatible", "pci-host-ecam-generic");
    text(t, "device_type", "pci");
    CELLS(t, "reg", WIDE(VIRT_PCI_ECAM_BASE), WIDE(VIRT_PCI_ECAM_BYTES));
    CELLS(t, "#address-cells", 3);
    CELLS(t, "#size-cells", 2);
    CELLS(t, "#interrupt-cells", 1);
    CELLS(t, "linux,pci-domain", 0);
    CELLS(t, "bus-range", 0, 255);
    empty(t, "dma-coherent");
    if (t->config->irq == IRQ_AIA)
        CELLS(t, "msi-parent", PH_MSI_S);
    CELLS(t, "ranges",
          0x1000000, 0, 0, WIDE(VIRT_PCI_IO_BASE), WIDE(VIRT_PCI_IO_BYTES),
          0x2000000, WIDE(VIRT_PCI_MEM_BASE), WIDE(VIRT_PCI_MEM_BASE), WIDE(VIRT_PCI_MEM_BYTES),
          0x3000000, WIDE(high), WIDE(high), WIDE(VIRT_PCI_HIGH_BYTES));
    pci_wires(t);
    end(t);
}

/* ---- the rest ---- */

static void chosen(struct tree *t, uint64_t initrd_start, uint64_t initrd_end)
{
    struct random r;
    uint8_t seed[32];

    begin(t, "chosen");
    /* The speed too: without one Linux takes 9600 baud, and its console a millisecond a character. */
    text(t, "stdout-path", "/soc/serial@10000000:115200n8");
    if (t->config->append)
        text(t, "bootargs", t->config->append);
    if (initrd_end || t->config->initrd || t->config->job) {
        CELLS(t, "linux,initrd-start", WIDE(initrd_start));
        CELLS(t, "linux,initrd-end", WIDE(initrd_end));
    }
    random_init(&r, t->config->seed, "rng-seed");
    for (size_t i = 0; i < sizeof seed; i += 8)
        le64_put(seed + i, random_u64(&r));
    keep(t, fdt_property(t->fdt, "rng-seed", seed, sizeof seed));
    end(t);
}

static void power(struct tree *t, const char *node, const char *compatible, uint32_t value)
{
    begin(t, node);
    text(t, "compatible", compatible);
    CELLS(t, "regmap", PH_TEST);
    CELLS(t, "offset", 0);
    CELLS(t, "value", value);
    end(t);
}

static void root(struct tree *t, uint64_t initrd_start, uint64_t initrd_end)
{
    begin(t, "");
    CELLS(t, "#address-cells", 2);
    CELLS(t, "#size-cells", 2);
    text(t, "compatible", "riscv-virtio");
    text(t, "model", "riscv-virtio,doorbell");
    chosen(t, initrd_start, initrd_end);
    begin_at(t, "memory", VIRT_RAM_BASE);
    text(t, "device_type", "memory");
    CELLS(t, "reg", WIDE(VIRT_RAM_BASE), WIDE(t->config->memory_bytes));
    end(t);
    cpus(t);
    begin(t, "soc");
    CELLS(t, "#address-cells", 2);
    CELLS(t, "#size-cells", 2);
    text(t, "compatible", "simple-bus");
    empty(t, "ranges");
    interrupt_controllers(t);
    small_devices(t);
    dma(t);
    pci(t);
    end(t);
    dma_clock(t);
    power(t, "poweroff", "syscon-poweroff", FINISHER_IS_PASS);
    power(t, "reboot", "syscon-reboot", FINISHER_IS_RESET);
    end(t);
}

int fdt_make(const struct board_config *config, uint64_t initrd_start, uint64_t initrd_end,
             uint8_t **blob, size_t *size, struct err *err)
{
    struct tree t = {.fdt = xcalloc(1, BLOB_MAX), .config = config};

    if (config->append && strlen(config->append) > APPEND_MAX) {
        free(t.fdt);
        return err_set(err, "--append has %zu characters; the kernel takes %d",
                       strlen(config->append), APPEND_MAX);
    }
    keep(&t, fdt_create(t.fdt, BLOB_MAX));
    keep(&t, fdt_finish_reservemap(t.fdt));
    root(&t, initrd_start, initrd_end);
    keep(&t, fdt_finish(t.fdt));
    if (t.error) {
        free(t.fdt);
        return err_set(err, "cannot make the device tree: %s", fdt_strerror(t.error));
    }
    *blob = t.fdt;
    *size = fdt_totalsize(t.fdt);
    return 0;
}
