/* SPDX-License-Identifier: Apache-2.0 */
#include "machine/load.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "base/hash.h"
#include "base/text.h"
#include "host/file.h"
#include "machine/cpio.h"
#include "machine/fdt.h"
#include "machine/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB UINT64_C(0x100000)
#define KERNEL_ALIGN (2 * MIB)
#define KERNEL_OFFSET (2 * MIB) /* from the start of RAM: room for the firmware */
#define DTB_ALIGN (2 * MIB)
#define DTB_SLACK 0x10000       /* firmware edits the tree in place */
#define LOW_RAM_END UINT64_C(0xC0000000)

/* Everything that is being placed. */
struct loader {
    struct boot *boot;
    const struct board_config *config;
    struct space *space;
    struct image firmware, kernel;
    uint8_t *initrd, *dtb;
    size_t initrd_bytes, dtb_bytes;
    struct err *err;
};

static uint64_t ram_end(const struct loader *l)
{
    return VIRT_RAM_BASE + l->config->memory_bytes;
}

static int no_room(const struct loader *l, const char *what, const char *path, uint64_t addr,
                   uint64_t bytes)
{
    return err_set(l->err, "the %s %s does not fit: %llu KiB at 0x%llx, memory is 0x%llx to "
                   "0x%llx; give more --memory or link it there", what, path,
                   (unsigned long long)(bytes + 1023) / 1024, (unsigned long long)addr,
                   (unsigned long long)VIRT_RAM_BASE, (unsigned long long)ram_end(l) - 1);
}

/* ---- the files ---- */

static int usable(const char *path)
{
    return path[0] && access(path, R_OK) == 0;
}

/* The firmware to use when the user named none: fw_dynamic of OpenSBI, ours before the system's. */
static int find_firmware(struct loader *l)
{
    const char *given = getenv("DOORBELL_FIRMWARE"), *cache = getenv("DOORBELL_CACHE");
    const char *home = getenv("HOME");
    char *path = l->boot->firmware;
    size_t size = sizeof l->boot->firmware;

    if (given && *given) {
        snprintf(path, size, "%s", given);
        return 0; /* if it is wrong, reading says so */
    }
    if (cache && *cache)
        snprintf(path, size, "%s/guest/firmware/fw_dynamic.bin", cache);
    else if (home && *home)
        snprintf(path, size, "%s/.cache/doorbell/guest/firmware/fw_dynamic.bin", home);
    if (usable(path))
        return 0;
    snprintf(path, size, "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin");
    if (usable(path))
        return 0;
    path[0] = '\0';
    return err_set(l->err, "no firmware: run guest/fetch, install the package opensbi, or give "
                   "--firmware FILE (--firmware none starts the kernel in machine mode)");
}

/* A program linked at the start of RAM is its own firmware. */
static bool is_bare_metal(const struct image *kernel)
{
    return kernel->kind == IMAGE_ELF && !kernel->relocatable &&
           kernel->low < VIRT_RAM_BASE + KERNEL_OFFSET;
}

static int read_programs(struct loader *l)
{
    const struct board_config *c = l->config;
    const char *wanted = c->firmware;

    if (c->kernel && image_read(&l->kernel, "kernel", c->kernel, c->memory_bytes, l->err))
        return -1;
    if (!wanted && c->kernel && is_bare_metal(&l->kernel))
        wanted = "none";
    if (wanted ? strcmp(wanted, "none") == 0 : !c->kernel)
        return 0;
    if (wanted && strlen(wanted) >= sizeof l->boot->firmware)
        return err_set(l->err, "--firmware: the name is too long");
    if (wanted)
        snprintf(l->boot->firmware, sizeof l->boot->firmware, "%s", wanted);
    else if (find_firmware(l))
        return -1;
    return image_read(&l->firmware, "firmware", l->boot->firmware, c->memory_bytes, l->err);
}

/* The job folder follows the initrd as an archive of its own. */
static int append_job(struct loader *l)
{
    const struct board_config *c = l->config;
    size_t at = (size_t)align_up(l->initrd_bytes, 4), size;
    char run[4096];
    struct stat st;
    uint8_t *archive;

    snprintf(run, sizeof run, "%s/run", c->job);
    if (stat(c->job, &st) == 0 && S_ISDIR(st.st_mode) && (stat(run, &st) || !S_ISREG(st.st_mode)))
        return err_set(l->err, "the job folder %s has no file named run: the script that the guest "
                       "is to start", c->job);
    if (cpio_from_folder(c->job, "job", c->memory_bytes, &archive, &size, l->err))
        return -1;
    l->initrd = xrealloc(l->initrd, at + size);
    memset(l->initrd + l->initrd_bytes, 0, at - l->initrd_bytes);
    memcpy(l->initrd + at, archive, size);
    l->initrd_bytes = at + size;
    free(archive);
    return 0;
}

static int read_initrd(struct loader *l)
{
    const struct board_config *c = l->config;

    if (c->initrd) {
        if (file_read("initrd", c->initrd, c->memory_bytes, &l->initrd, &l->initrd_bytes, l->err))
            return -1;
        if (!l->initrd_bytes)
            return err_set(l->err, "the initrd %s is empty", c->initrd);
    }
    return c->job ? append_job(l) : 0;
}

/* ---- their places ---- */

static bool overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
    return a_bytes && b_bytes && a < b + b_bytes && b < a + a_bytes;
}

/* Copies the parts of an image, moved by `bias`. */
static int put_image(struct loader *l, const struct image *m, uint64_t bias)
{
    for (unsigned i = 0; i < m->parts; i++) {
        const struct image_part *p = &m->part[i];
        uint64_t addr = p->addr + bias;
        uint8_t *host = addr >= VIRT_RAM_BASE && p->bytes <= l->config->memory_bytes
                            ? space_host(l->space, addr, p->bytes) : NULL;

        if (!host)
            return no_room(l, m->what, m->path, addr, p->bytes);
        memcpy(host, m->data + p->offset, (size_t)p->bytes_in_file);
        memset(host + p->bytes_in_file, 0, (size_t)(p->bytes - p->bytes_in_file));
    }
    return 0;
}

static int place_firmware(struct loader *l)
{
    struct boot *b = l->boot;
    struct image *m = &l->firmware;
    uint64_t bias = m->relocatable && m->low < VIRT_RAM_BASE ? VIRT_RAM_BASE - m->low : 0;

    if (!m->parts)
        return 0;
    b->firmware_addr = m->low + bias;
    b->firmware_bytes = m->high - m->low;
    b->start = m->entry + bias;
    return put_image(l, m, bias);
}

/* How far the kernel's addresses move. */
static uint64_t kernel_bias(const struct loader *l)
{
    const struct image *m = &l->kernel;
    uint64_t end = l->boot->firmware_addr + l->boot->firmware_bytes;
    /* Without firmware a plain program begins where the hart would look for the firmware. */
    uint64_t base = VIRT_RAM_BASE;

    if (!m->relocatable || (m->kind == IMAGE_ELF && m->low >= VIRT_RAM_BASE))
        return 0;
    if (l->boot->firmware_bytes)
        base = u64_max(base + KERNEL_OFFSET, align_up(end, KERNEL_ALIGN));
    if (m->kind == IMAGE_LINUX)
        base = u64_max(VIRT_RAM_BASE + m->text_offset,
                       l->boot->firmware_bytes ? base + m->text_offset % KERNEL_ALIGN : 0);
    return base - m->low;
}

static int place_kernel(struct loader *l)
{
    struct boot *b = l->boot;
    struct image *m = &l->kernel;
    uint64_t bias;

    if (!m->parts)
        return 0;
    bias = kernel_bias(l);
    b->kernel_addr = m->low + bias;
    b->kernel_bytes = m->high - m->low;
    b->kernel_entry = m->entry + bias;
    if (!b->firmware_bytes) {
        b->start = b->kernel_entry;
        b->tohost = image_symbol(m, "tohost");
        b->tohost += b->tohost ? bias : 0;
    }
    if (overlap(b->kernel_addr, b->kernel_bytes, b->firmware_addr, b->firmware_bytes))
        return err_set(l->err, "the kernel %s (from 0x%llx) and the firmware %s (to 0x%llx) "
                       "overlap: link the kernel higher, or use --firmware none", m->path,
                       (unsigned long long)b->kernel_addr, b->firmware,
                       (unsigned long long)(b->firmware_addr + b->firmware_bytes - 1));
    return put_image(l, m, bias);
}

/* Are [addr, addr + bytes) in RAM and free of the programs? */
static bool is_free(const struct loader *l, uint64_t addr, uint64_t bytes)
{
    const struct boot *b = l->boot;

    return addr >= VIRT_RAM_BASE && bytes <= ram_end(l) && addr <= ram_end(l) - bytes &&
           !overlap(addr, bytes, b->kernel_addr, b->kernel_bytes) &&
           !overlap(addr, bytes, b->firmware_addr, b->firmware_bytes);
}

static int too_little_memory(const struct loader *l, const char *what, uint64_t bytes)
{
    char memory[32];

    text_size_format(l->config->memory_bytes, memory, sizeof memory);
    return err_set(l->err, "no room for the %s (%llu KiB) beside the rest: --memory %s is too "
                   "little", what, (unsigned long long)(bytes + 1023) / 1024, memory);
}

static int place_data(struct loader *l)
{
    struct boot *b = l->boot;
    uint64_t top = u64_min(ram_end(l), LOW_RAM_END), room;

    /* Its size does not depend on the addresses in it. */
    if (fdt_make(l->config, 0, 0, &l->dtb, &l->dtb_bytes, l->err))
        return -1;
    free(l->dtb);
    l->dtb = NULL;
    room = l->dtb_bytes + DTB_SLACK;
    b->dtb_addr = (top - room) & ~(DTB_ALIGN - 1);
    b->dtb_bytes = l->dtb_bytes;
    if (!is_free(l, b->dtb_addr, room))
        return too_little_memory(l, "device tree", room);
    if (l->initrd_bytes) {
        b->initrd_bytes = l->initrd_bytes;
        b->initrd_addr = b->initrd_bytes < b->dtb_addr
                             ? (b->dtb_addr - b->initrd_bytes) & ~(PAGE_BYTES - 1) : 0;
        if (!is_free(l, b->initrd_addr, b->initrd_bytes))
            return too_little_memory(l, "initrd", b->initrd_bytes);
    }
    return fdt_make(l->config, b->initrd_addr, b->initrd_addr + b->initrd_bytes, &l->dtb,
                    &l->dtb_bytes, l->err);
}

static int put_bytes(struct loader *l, const char *what, uint64_t addr, const uint8_t *bytes,
                     size_t size)
{
    uint8_t *host = size ? space_host(l->space, addr, size) : NULL;

    if (size && !host)
        return no_room(l, what, "", addr, size);
    if (size)
        memcpy(host, bytes, size);
    return 0;
}

/* ---- reset code ---- */

enum {
    INFO_MAGIC = 0x4942534F, /* "OSBI" */
    INFO_VERSION = 2,
    INFO_MODE_S = 1,
    CODE_BYTES = 24,
    INFO_WORDS = 6,
};

/* The code of QEMU's board, so that whatever looks at registers finds the same. */
static int put_reset_code(struct loader *l)
{
    static const uint32_t code[CODE_BYTES / 4] = {
        0x00000297, /* auipc t0, 0 */
        0x02828613, /* addi  a2, t0, 40: fw_dynamic_info */
        0xF1402573, /* csrr  a0, mhartid */
        0x0202B583, /* ld    a1, 32(t0): device tree */
        0x0182B283, /* ld    t0, 24(t0): where to */
        0x00028067, /* jr    t0 */
    };
    const struct boot *b = l->boot;
    const uint64_t words[2 + INFO_WORDS] = {
        b->start, b->dtb_addr,
        /* fw_dynamic_info: OpenSBI include/sbi/fw_dynamic.h; options 0, boot hart 0 */
        INFO_MAGIC, INFO_VERSION, b->kernel_entry, INFO_MODE_S, 0, 0,
    };
    uint8_t rom[CODE_BYTES + sizeof words];

    for (size_t i = 0; i < ARRAY_LEN(code); i++)
        le32_put(rom + 4 * i, code[i]);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        le64_put(rom + CODE_BYTES + 8 * i, words[i]);
    l->boot->reset_pc = VIRT_ROM_BASE;
    return put_bytes(l, "reset code", VIRT_ROM_BASE, rom, sizeof rom);
}

static uint64_t identity(const struct loader *l)
{
    uint64_t h = HASH_START;

    h = hash_bytes(hash_u64(h, l->firmware.size), l->firmware.data, l->firmware.size);
    h = hash_bytes(hash_u64(h, l->kernel.size), l->kernel.data, l->kernel.size);
    h = hash_bytes(hash_u64(h, l->initrd_bytes), l->initrd, l->initrd_bytes);
    return hash_bytes(hash_u64(h, l->dtb_bytes), l->dtb, l->dtb_bytes);
}

static int load(struct loader *l)
{
    if (read_programs(l) || read_initrd(l))
        return -1;
    if (place_firmware(l) || place_kernel(l) || place_data(l))
        return -1;
    if (put_bytes(l, "initrd", l->boot->initrd_addr, l->initrd, l->initrd_bytes) ||
        put_bytes(l, "device tree", l->boot->dtb_addr, l->dtb, l->dtb_bytes))
        return -1;
    l->boot->identity = identity(l);
    return put_reset_code(l);
}

int boot_load(struct boot *boot, const struct board_config *config, struct space *space,
              struct err *err)
{
    struct loader l = {.boot = boot, .config = config, .space = space, .err = err};
    int result;

    *boot = (struct boot){0};
    result = load(&l);
    image_free(&l.firmware);
    image_free(&l.kernel);
    free(l.initrd);
    free(l.dtb);
    return result;
}
