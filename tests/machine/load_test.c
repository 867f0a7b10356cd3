/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "machine/load.h"

#include "host/file.h"

#include <libfdt.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/check.h"
#include "tests/machine/sample.h"

static struct err err;
static struct board_config config;
static struct boot boot;
static struct space space;
static struct region rom, ram;
static char folder[] = "/tmp/doorbell-load-XXXXXX", kernel_path[64], firmware_path[64],
            initrd_path[64], job_path[64], run_path[64];

static void machine_begin(uint64_t memory_bytes)
{
    config_init(&config);
    config.memory_bytes = memory_bytes;
    space = (struct space){0};
    rom = (struct region){.name = "rom", .base = VIRT_ROM_BASE, .size = VIRT_ROM_BYTES,
                          .ram = xcalloc(1, VIRT_ROM_BYTES), .read_only = true};
    ram = (struct region){.name = "ram", .base = VIRT_RAM_BASE, .size = memory_bytes,
                          .ram = xcalloc(1, memory_bytes)};
    CHECK(space_map(&space, &rom, &err) == 0 && space_map(&space, &ram, &err) == 0);
}

static void machine_end(void)
{
    free(rom.ram);
    free(ram.ram);
}

static void files_begin(void)
{
    if (!kernel_path[0])
        CHECK(mkdtemp(folder) != NULL);
    snprintf(kernel_path, sizeof kernel_path, "%s/kernel", folder);
    snprintf(firmware_path, sizeof firmware_path, "%s/firmware", folder);
    snprintf(initrd_path, sizeof initrd_path, "%s/initrd", folder);
    snprintf(job_path, sizeof job_path, "%s/job", folder);
    snprintf(run_path, sizeof run_path, "%s/job/run", folder);
    mkdir(folder, 0700);
    mkdir(job_path, 0755);
}

static void files_end(void)
{
    unlink(kernel_path);
    unlink(firmware_path);
    unlink(initrd_path);
    unlink(run_path);
    rmdir(job_path);
    CHECK(rmdir(folder) == 0);
}

static void put_file(const char *path, uint8_t *data, size_t size)
{
    CHECK(file_write("test file", path, data, size, &err) == 0);
    free(data);
}

static void put_linux_files(void)
{
    size_t size;
    uint8_t *k = sample_linux(0x200000, 65536, &size);

    put_file(kernel_path, k, size);
    put_file(firmware_path, memset(xcalloc(1, 4096), 0xf1, 4096), 4096);
    put_file(initrd_path, memset(xcalloc(1, 5001), 0x1d, 5001), 5001);
    put_file(run_path, (uint8_t *)xstrdup("echo hi\n"), 8);
    config.kernel = kernel_path;
    config.firmware = firmware_path;
    config.initrd = initrd_path;
}

static uint64_t word(uint64_t addr)
{
    const uint8_t *p = space_host(&space, addr, 8);

    return p ? le64_get(p) : 0xdeadbeef;
}

static void test_linux_goes_where_qemu_puts_it(void)
{
    files_begin();
    machine_begin(64 << 20);
    put_linux_files();
    CHECK(boot_load(&boot, &config, &space, &err) == 0);
    CHECK_EQ_U64(boot.firmware_addr, 0x80000000);
    CHECK_EQ_U64(boot.start, 0x80000000);
    CHECK_EQ_U64(boot.kernel_addr, 0x80200000);
    CHECK_EQ_U64(boot.kernel_bytes, 65536);
    CHECK_EQ_U64(boot.dtb_addr, 0x83e00000);
    CHECK_EQ_U64(boot.initrd_addr, 0x83dfe000);
    CHECK_EQ_U64(boot.initrd_bytes, 5001);
    CHECK_EQ_U64(word(0x80200000) & 0xffff, 0x5a4d);
    CHECK_EQ_U64(word(0x80000000), UINT64_C(0xf1f1f1f1f1f1f1f1));
    CHECK_EQ_U64(word(boot.initrd_addr), UINT64_C(0x1d1d1d1d1d1d1d1d));
    CHECK(fdt_check_header(space_host(&space, boot.dtb_addr, boot.dtb_bytes)) == 0);
    machine_end();
    files_end();
}

static void test_reset_code_hands_over_as_opensbi_wants(void)
{
    files_begin();
    machine_begin(64 << 20);
    put_linux_files();
    CHECK(boot_load(&boot, &config, &space, &err) == 0);
    CHECK_EQ_U64(boot.reset_pc, 0x1000);
    CHECK_EQ_U64(word(0x1000), UINT64_C(0x0282861300000297));
    CHECK_EQ_U64(word(0x1018), 0x80000000);
    CHECK_EQ_U64(word(0x1020), boot.dtb_addr);
    /* a2 = 0x1028: magic, version, next address, next mode S, options, boot hart */
    CHECK_EQ_U64(word(0x1028), 0x4942534f);
    CHECK_EQ_U64(word(0x1030), 2);
    CHECK_EQ_U64(word(0x1038), 0x80200000);
    CHECK_EQ_U64(word(0x1040), 1);
    CHECK_EQ_U64(word(0x1048) | word(0x1050), 0);
    machine_end();
    files_end();
}

static void test_bare_metal_elf_starts_without_firmware(void)
{
    size_t size;
    uint8_t *e = sample_elf(0x80000000, 2, &size);

    files_begin();
    machine_begin(8 << 20);
    put_file(kernel_path, e, size);
    config.kernel = kernel_path;
    CHECK(boot_load(&boot, &config, &space, &err) == 0);
    CHECK_EQ_U64(boot.firmware_bytes, 0);
    CHECK_EQ_U64(word(0x1018), 0x80000004);
    CHECK_EQ_U64(word(0x80000000), UINT64_C(0x1300000013));
    CHECK_EQ_U64(word(0x80000040), 0);
    machine_end();
    files_end();
}

static void test_flat_and_pie_programs_start_at_the_beginning_of_memory(void)
{
    size_t size;
    uint8_t *e = sample_elf(0, 3, &size);

    files_begin();
    machine_begin(8 << 20);
    config.kernel = kernel_path;
    config.firmware = "none";
    put_file(kernel_path, e, size);
    CHECK(boot_load(&boot, &config, &space, &err) == 0);
    CHECK_EQ_U64(boot.start, 0x80000004);
    put_file(kernel_path, xcalloc(1, 100), 100);
    CHECK(boot_load(&boot, &config, &space, &err) == 0);
    CHECK_EQ_U64(boot.start, 0x80000000);
    machine_end();
    files_end();
}

static void test_job_follows_the_initrd_on_a_word(void)
{
    uint64_t first, at;

    files_begin();
    machine_begin(64 << 20);
    put_linux_files();
    CHECK(boot_load(&boot, &config, &space, &err) == 0);
    first = boot.identity;
    config.job = job_path;
    CHECK(boot_load(&boot, &config, &space, &err) == 0);
    CHECK(boot.identity != first);
    at = boot.initrd_addr + 5004;
    CHECK(memcmp(space_host(&space, at - 4, 4), "\x1d\0\0", 4) == 0);
    CHECK(memcmp(space_host(&space, at, 6), "070701", 6) == 0);
    CHECK_EQ_STR((char *)space_host(&space, at + 110, 4), "job");
    unlink(run_path);
    CHECK(boot_load(&boot, &config, &space, &err) == -1);
    CHECK(strstr(err.text, "has no file named run") != NULL);
    machine_end();
    files_end();
}

static void check_refused(const char *part)
{
    err.text[0] = '\0';
    CHECK(boot_load(&boot, &config, &space, &err) == -1);
    if (!strstr(err.text, part))
        CHECK_EQ_STR(err.text, part);
    CHECK(!strchr(err.text, '\n'));
}

static void test_what_does_not_fit_is_told(void)
{
    size_t size;
    uint8_t *k;

    files_begin();
    machine_begin(8 << 20);
    put_linux_files();
    put_file(initrd_path, xcalloc(1, 7 << 20), 7 << 20);
    check_refused("no room for the initrd (7168 KiB) beside the rest: --memory 8M is too little");
    config.initrd = "/nowhere/initrd";
    check_refused("cannot open the initrd /nowhere/initrd: No such file or directory");
    config.initrd = NULL;
    k = sample_linux(0x200000, 7 << 20, &size);
    put_file(kernel_path, k, size);
    check_refused("does not fit: 7168 KiB at 0x80200000, memory is 0x80000000 to 0x807fffff");
    k = sample_elf(0x40000000, 2, &size);
    put_file(kernel_path, k, size);
    check_refused("at 0x40000000, memory is");
    k = sample_elf(0x80000800, 2, &size);
    put_file(kernel_path, k, size);
    check_refused("overlap: link the kernel higher, or use --firmware none");
    k = sample_elf(0x80600000, 2, &size);
    put_file(kernel_path, k, size);
    config.firmware = "none";
    check_refused("no room for the device tree");
    k = sample_linux(0x200000, 6 << 20, &size);
    put_file(kernel_path, k, size);
    config.firmware = firmware_path;
    check_refused("no room for the device tree");
    machine_end();
    files_end();
}

static void test_firmware_is_looked_for_where_the_user_says(void)
{
    files_begin();
    machine_begin(64 << 20);
    put_linux_files();
    config.firmware = NULL;
    setenv("DOORBELL_FIRMWARE", firmware_path, 1);
    CHECK(boot_load(&boot, &config, &space, &err) == 0);
    CHECK_EQ_STR(boot.firmware, firmware_path);
    setenv("DOORBELL_FIRMWARE", "/nowhere/fw", 1);
    check_refused("cannot open the firmware /nowhere/fw");
    unsetenv("DOORBELL_FIRMWARE");
    machine_end();
    files_end();
}

TEST_MAIN(test_linux_goes_where_qemu_puts_it, test_reset_code_hands_over_as_opensbi_wants,
          test_bare_metal_elf_starts_without_firmware,
          test_flat_and_pie_programs_start_at_the_beginning_of_memory,
          test_job_follows_the_initrd_on_a_word, test_what_does_not_fit_is_told,
          test_firmware_is_looked_for_where_the_user_says)
