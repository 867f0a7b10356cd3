/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "machine/fdt.h"

#include "tests/check.h"

#include <libfdt.h>
#include <stdlib.h>
#include <unistd.h>

static struct err err;
static struct board_config config;
static uint8_t *blob;
static size_t size;

static void make(unsigned irq, unsigned harts)
{
    config_init(&config);
    config.irq = irq;
    config.harts = harts;
    config.append = "console=ttyS0";
    config.initrd = "x";
    free(blob);
    blob = NULL;
    CHECK(fdt_make(&config, 0x88000000, 0x88100000, &blob, &size, &err) == 0);
    CHECK(fdt_check_full(blob, size) == 0);
}

static uint32_t cell(const char *path, const char *name, int index)
{
    int length = 0;
    const fdt32_t *v = fdt_getprop(blob, fdt_path_offset(blob, path), name, &length);

    return v && length >= 4 * (index + 1) ? fdt32_to_cpu(v[index]) : 0xdeadbeef;
}

static const char *string(const char *path, const char *name)
{
    return fdt_getprop(blob, fdt_path_offset(blob, path), name, NULL);
}

static bool has(const char *path, const char *name, const char *item)
{
    int length = 0;
    const char *list = fdt_getprop(blob, fdt_path_offset(blob, path), name, &length);

    return list && fdt_stringlist_contains(list, length, item);
}

static void test_every_reference_resolves(void)
{
    static const char *const refs[] = {"interrupt-parent", "msi-parent", "regmap", "cpu",
                                       "riscv,children", "interrupts-extended", "clocks"};
    unsigned found = 0;

    for (unsigned irq = IRQ_PLIC; irq <= IRQ_AIA; irq++) {
        make(irq, 4);
        for (int node = 0; node >= 0; node = fdt_next_node(blob, node, NULL))
            for (size_t i = 0; i < sizeof refs / sizeof refs[0]; i++) {
                int length = 0;
                const fdt32_t *v = fdt_getprop(blob, node, refs[i], &length);

                if (v && length >= 4) {
                    CHECK(fdt_node_offset_by_phandle(blob, fdt32_to_cpu(v[0])) > 0);
                    found++;
                }
            }
    }
    CHECK_EQ_U64(found, 32);
}

static void test_harts_say_what_they_are(void)
{
    make(IRQ_AIA, 2);
    CHECK_EQ_STR(string("/cpus/cpu@1", "riscv,isa"),
                 "rv64imafdc_zicbom_zicboz_zicntr_zicsr_zifencei_zihintpause_zihpm_zba_zbb_zbs"
                 "_sstc_svadu_svinval_svnapot_svpbmt_svvptc_smaia_ssaia");
    CHECK(has("/cpus/cpu@0", "riscv,isa-extensions", "svpbmt"));
    CHECK(has("/cpus/cpu@0", "riscv,isa-extensions", "ssaia"));
    CHECK_EQ_STR(string("/cpus/cpu@0", "mmu-type"), "riscv,sv57");
    CHECK_EQ_U64(cell("/cpus/cpu@0", "riscv,cbom-block-size", 0), 64);
    CHECK_EQ_U64(cell("/cpus", "timebase-frequency", 0), 10000000);
    CHECK(fdt_path_offset(blob, "/cpus/cpu@2") < 0);
    CHECK(fdt_path_offset(blob, "/cpus/cpu-map/cluster0/core1") > 0);
    make(IRQ_PLIC, 1);
    CHECK(!has("/cpus/cpu@0", "riscv,isa-extensions", "ssaia"));
}

static void test_plic_board_has_plic_and_no_msi(void)
{
    make(IRQ_PLIC, 2);
    CHECK_EQ_U64(cell("/soc/plic@c000000", "riscv,ndev", 0), 95);
    CHECK_EQ_U64(cell("/soc/plic@c000000", "interrupts-extended", 1), 11);
    CHECK_EQ_U64(cell("/soc/plic@c000000", "interrupts-extended", 3), 9);
    CHECK(has("/soc/clint@2000000", "compatible", "sifive,clint0"));
    CHECK_EQ_U64(cell("/soc/serial@10000000", "interrupts", 0), 10);
    CHECK_EQ_U64(cell("/soc/pci@30000000", "msi-parent", 0), 0xdeadbeef);
    CHECK(fdt_path_offset(blob, "/soc/imsics@28000000") < 0);
}

static void test_aia_board_delegates_to_the_supervisor(void)
{
    uint32_t s;

    make(IRQ_AIA, 3);
    s = cell("/soc/interrupt-controller@d000000", "phandle", 0);
    CHECK_EQ_U64(cell("/soc/interrupt-controller@c000000", "riscv,delegation", 0), s);
    CHECK_EQ_U64(cell("/soc/interrupt-controller@c000000", "riscv,delegation", 2), 96);
    CHECK_EQ_U64(cell("/soc/pci@30000000", "msi-parent", 0),
                 cell("/soc/imsics@28000000", "phandle", 0));
    CHECK_EQ_U64(cell("/soc/imsics@28000000", "reg", 3), 3 * 4096);
    CHECK_EQ_U64(cell("/soc/imsics@24000000", "riscv,num-ids", 0), 255);
    CHECK(fdt_path_offset(blob, "/soc/plic@c000000") < 0);
}

static void test_intx_is_rotated_by_slot(void)
{
    make(IRQ_AIA, 1);
    /* slot 1, INTA: the fifth entry of seven cells */
    CHECK_EQ_U64(cell("/soc/pci@30000000", "interrupt-map", 4 * 7), 0x800);
    CHECK_EQ_U64(cell("/soc/pci@30000000", "interrupt-map", 4 * 7 + 5), 33);
    /* slot 3, INTD */
    CHECK_EQ_U64(cell("/soc/pci@30000000", "interrupt-map", 15 * 7 + 5), 34);
}

/* What Linux's driver reads, and refuses when it is out of its bounds. */
static void test_the_dma_controller_says_how_it_is_built(void)
{
    static const char dma[] = "/soc/dma-controller@10200000";

    for (unsigned irq = IRQ_PLIC; irq <= IRQ_AIA; irq++) {
        make(irq, 1);
        CHECK(has(dma, "compatible", "snps,axi-dma-1.01a"));
        CHECK_EQ_U64(cell(dma, "interrupts", 0), 20);
        CHECK(has(dma, "clock-names", "core-clk") && has(dma, "clock-names", "cfgr-clk"));
        CHECK_EQ_U64(cell(dma, "clocks", 1), cell("/dma-clock", "phandle", 0));
        CHECK_EQ_U64(cell(dma, "dma-channels", 0), 8);
        CHECK_EQ_U64(cell(dma, "snps,data-width", 0), 3);
        for (int c = 0; c < 8; c++) {
            CHECK_EQ_U64(cell(dma, "snps,block-size", c), 65536);
            CHECK(cell(dma, "snps,priority", c) < 8);
        }
        CHECK(fdt_getprop(blob, fdt_path_offset(blob, dma), "dma-coherent", NULL) != NULL);
    }
}

static void test_chosen_carries_what_was_given(void)
{
    uint8_t first[32];

    make(IRQ_AIA, 1);
    CHECK_EQ_STR(string("/chosen", "bootargs"), "console=ttyS0");
    CHECK_EQ_U64(cell("/chosen", "linux,initrd-start", 1), 0x88000000);
    CHECK_EQ_U64(cell("/chosen", "linux,initrd-end", 1), 0x88100000);
    memcpy(first, string("/chosen", "rng-seed"), 32);
    make(IRQ_AIA, 1);
    CHECK(memcmp(first, string("/chosen", "rng-seed"), 32) == 0);
    config.seed = 2;
    free(blob);
    CHECK(fdt_make(&config, 0, 0, &blob, &size, &err) == 0);
    CHECK(memcmp(first, string("/chosen", "rng-seed"), 32) != 0);
}

static void test_large_memory_moves_the_high_window(void)
{
    make(IRQ_AIA, 1);
    CHECK_EQ_U64(cell("/soc/pci@30000000", "ranges", 15), 4);
    config.memory_bytes = UINT64_C(16) << 30;
    CHECK_EQ_U64(config_pci_high_base(&config), UINT64_C(0x800000000));
}

static void test_long_arguments_are_refused(void)
{
    static char text[5000];
    uint8_t *none = NULL;

    memset(text, 'x', sizeof text - 1);
    config_init(&config);
    config.append = text;
    CHECK(fdt_make(&config, 0, 0, &none, &size, &err) == -1);
    CHECK(strstr(err.text, "--append has 4999 characters") != NULL);
}

static void test_dtc_has_nothing_to_say(void)
{
    char path[] = "/tmp/doorbell-fdt-XXXXXX", command[128], line[256];
    int fd = mkstemp(path);
    FILE *out;

    if (system("dtc --version >/dev/null 2>&1")) {
        check_skip("needs dtc (device-tree-compiler)");
        close(fd);
        unlink(path);
        return;
    }
    for (unsigned irq = IRQ_PLIC; irq <= IRQ_AIA; irq++) {
        make(irq, 16);
        CHECK(pwrite(fd, blob, size, 0) == (ssize_t)size && ftruncate(fd, (off_t)size) == 0);
        snprintf(command, sizeof command, "dtc -I dtb -O dtb -o /dev/null %s 2>&1", path);
        out = popen(command, "r");
        while (out && fgets(line, sizeof line, out))
            check_fail("dtc", (int)irq, line);
        CHECK(out && pclose(out) == 0);
    }
    close(fd);
    unlink(path);
    free(blob);
    blob = NULL;
}

TEST_MAIN(test_every_reference_resolves, test_harts_say_what_they_are,
          test_plic_board_has_plic_and_no_msi, test_aia_board_delegates_to_the_supervisor,
          test_intx_is_rotated_by_slot, test_the_dma_controller_says_how_it_is_built,
          test_chosen_carries_what_was_given,
          test_large_memory_moves_the_high_window, test_long_arguments_are_refused,
          test_dtc_has_nothing_to_say)
