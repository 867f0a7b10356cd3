/* SPDX-License-Identifier: Apache-2.0 */
#include "machine/image.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "host/file.h"

#include <stdlib.h>
#include <zlib.h>

/* "the kernel F: what is wrong" */
#define WRONG(image, err, fmt, ...) \
    err_set((err), "the %s %s " fmt, (image)->what, (image)->path, ##__VA_ARGS__)

static bool inside(const struct image *m, uint64_t offset, uint64_t size)
{
    return offset <= m->size && size <= m->size - offset;
}

static bool begins(const struct image *m, const char *magic, size_t length)
{
    return m->size >= length && memcmp(m->data, magic, length) == 0;
}

/* ---- ELF ---- */

enum {
    ELF_HEADER_BYTES = 64,
    ELF_PHDR_BYTES = 56,
    ELF_CLASS_64 = 2,
    ELF_DATA_LITTLE = 1,
    ELF_TYPE_EXEC = 2,
    ELF_TYPE_DYN = 3,
    ELF_MACHINE_RISCV = 243,
    ELF_PT_LOAD = 1,
    ELF_PT_INTERP = 3,
};

static int elf_header(struct image *m, struct err *err)
{
    const uint8_t *h = m->data;
    unsigned type, machine;

    if (m->size < ELF_HEADER_BYTES)
        return WRONG(m, err, "is truncated: an ELF header has 64 bytes, the file has %zu", m->size);
    if (h[4] != ELF_CLASS_64)
        return WRONG(m, err, "is not a 64-bit ELF file: build it for rv64");
    if (h[5] != ELF_DATA_LITTLE)
        return WRONG(m, err, "is not a little-endian ELF file");
    type = le16_get(h + 16);
    machine = le16_get(h + 18);
    if (machine != ELF_MACHINE_RISCV)
        return WRONG(m, err, "is an ELF file for machine type %u, not RISC-V (243)", machine);
    if (type != ELF_TYPE_EXEC && type != ELF_TYPE_DYN)
        return WRONG(m, err, "is an ELF file of type %u, not an executable: link it", type);
    m->relocatable = type == ELF_TYPE_DYN;
    return 0;
}

static int elf_segment(struct image *m, unsigned i, const uint8_t *p, struct err *err)
{
    uint64_t offset = le64_get(p + 8), addr = le64_get(p + 24);
    uint64_t file_bytes = le64_get(p + 32), bytes = le64_get(p + 40);
    uint32_t type = le32_get(p);

    if (type == ELF_PT_INTERP)
        return WRONG(m, err, "needs a dynamic linker: link it with -static");
    if (type != ELF_PT_LOAD || !bytes)
        return 0;
    if (!inside(m, offset, file_bytes))
        return WRONG(m, err, "is truncated: segment %u ends beyond the file's %zu bytes", i,
                     m->size);
    if (file_bytes > bytes || addr + bytes < addr)
        return WRONG(m, err, "is malformed: the sizes of segment %u make no sense", i);
    m->part[m->parts++] = (struct image_part){addr, (size_t)offset, file_bytes, bytes};
    m->low = u64_min(m->low, addr);
    m->high = u64_max(m->high, addr + bytes);
    return 0;
}

/* The entry is a virtual address; the hart starts without translation. */
static int elf_entry(struct image *m, const uint8_t *table, unsigned count, struct err *err)
{
    uint64_t entry = le64_get(m->data + 24);

    for (unsigned i = 0; i < count; i++) {
        const uint8_t *p = table + (size_t)i * ELF_PHDR_BYTES;
        uint64_t virtual = le64_get(p + 16), physical = le64_get(p + 24);

        if (le32_get(p) != ELF_PT_LOAD || entry < virtual || entry - virtual >= le64_get(p + 40))
            continue;
        m->entry = physical + (entry - virtual);
        if (m->entry % 2)
            break;
        return 0;
    }
    return WRONG(m, err, "is malformed: its entry point 0x%llx is not in a loaded segment",
                 (unsigned long long)entry);
}

static int elf_parse(struct image *m, struct err *err)
{
    uint64_t offset;
    unsigned count;

    m->kind = IMAGE_ELF;
    if (elf_header(m, err))
        return -1;
    offset = le64_get(m->data + 32);
    count = le16_get(m->data + 56);
    if (!count)
        return WRONG(m, err, "has nothing to load: no program headers");
    if (le16_get(m->data + 54) != ELF_PHDR_BYTES || count > IMAGE_PARTS_MAX)
        return WRONG(m, err, "is malformed: %u program headers of %u bytes (at most %u of 56)",
                     count, le16_get(m->data + 54), IMAGE_PARTS_MAX);
    if (!inside(m, offset, (uint64_t)count * ELF_PHDR_BYTES))
        return WRONG(m, err, "is truncated: its program headers lie beyond the file's %zu bytes",
                     m->size);
    m->low = UINT64_MAX;
    m->high = 0;
    for (unsigned i = 0; i < count; i++)
        if (elf_segment(m, i, m->data + offset + (size_t)i * ELF_PHDR_BYTES, err))
            return -1;
    if (!m->parts)
        return WRONG(m, err, "has nothing to load: no PT_LOAD segment");
    return elf_entry(m, m->data + offset, count, err);
}

/* Of the first symbol table.  elf_parse has checked the segments only: here all else is. */
uint64_t image_symbol(const struct image *image, const char *name)
{
    const uint8_t *d = image->data;
    uint64_t size = image->size, shoff;
    unsigned entry, count;

    if (image->kind != IMAGE_ELF)
        return 0;
    shoff = le64_get(d + 40);
    entry = le16_get(d + 58);
    count = le16_get(d + 60);
    for (unsigned n = 0; n < count; n++) {
        const uint8_t *s, *strings;
        uint64_t at, bytes, names, names_bytes;

        if (entry < 64 || shoff > size || size - shoff < (uint64_t)entry * (n + 1))
            return 0;
        s = d + shoff + (uint64_t)entry * n;
        if (le32_get(s + 4) != 2 || le32_get(s + 40) >= count) /* SHT_SYMTAB */
            continue;
        at = le64_get(s + 24);
        bytes = le64_get(s + 32);
        strings = d + shoff + (uint64_t)entry * le32_get(s + 40);
        if (size - shoff < (uint64_t)entry * (le32_get(s + 40) + 1))
            return 0;
        names = le64_get(strings + 24);
        names_bytes = le64_get(strings + 32);
        if (at > size || bytes > size - at || names > size || names_bytes > size - names)
            return 0;
        for (uint64_t k = 0; k + 24 <= bytes; k += 24) {
            uint32_t string = le32_get(d + at + k);
            size_t length = strlen(name) + 1;

            if (string < names_bytes && names_bytes - string >= length &&
                memcmp(d + names + string, name, length) == 0)
                return le64_get(d + at + k + 8);
        }
        return 0; /* only the first: a file full of tables over the same bytes would take for ever */
    }
    return 0;
}

/* ---- Linux Image ---- */

enum {
    LINUX_HEADER_BYTES = 64,
    LINUX_TEXT_OFFSET = 8,
    LINUX_IMAGE_SIZE = 16,
    LINUX_FLAGS = 24,
    LINUX_MAGIC2 = 56, /* "RSC\5" */
    LINUX_PE_OFFSET = 60,
    PE_SECTIONS = 6,
    PE_OPTIONAL_BYTES = 20,
    PE_HEADER_BYTES = 24,
    PE_SECTION_BYTES = 40,
    PE_SECTIONS_MAX = 96,
};

/* Where the PE section table says that the file ends; 0 when there is no such table. */
static uint64_t pe_file_end(const struct image *m)
{
    uint64_t pe = le32_get(m->data + LINUX_PE_OFFSET), table, end = 0;
    unsigned count;

    if (!pe || !inside(m, pe, PE_HEADER_BYTES) || memcmp(m->data + pe, "PE\0", 4))
        return 0;
    count = le16_get(m->data + pe + PE_SECTIONS);
    table = pe + PE_HEADER_BYTES + le16_get(m->data + pe + PE_OPTIONAL_BYTES);
    if (count > PE_SECTIONS_MAX || !inside(m, table, (uint64_t)count * PE_SECTION_BYTES))
        return 0;
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *s = m->data + table + (size_t)i * PE_SECTION_BYTES;

        end = u64_max(end, (uint64_t)le32_get(s + 16) + le32_get(s + 20));
    }
    return end;
}

static void one_part(struct image *m, uint64_t bytes)
{
    m->parts = 1;
    m->part[0] = (struct image_part){0, 0, m->size, u64_max(bytes, m->size)};
    m->low = 0;
    m->high = m->part[0].bytes;
    m->entry = 0;
    m->relocatable = true;
}

static int linux_parse(struct image *m, uint64_t max_bytes, struct err *err)
{
    uint64_t bytes = le64_get(m->data + LINUX_IMAGE_SIZE), end = pe_file_end(m);

    m->kind = IMAGE_LINUX;
    m->text_offset = le64_get(m->data + LINUX_TEXT_OFFSET);
    if (le64_get(m->data + LINUX_FLAGS) & 1)
        return WRONG(m, err, "is a big-endian Linux image: this machine is little-endian");
    if (m->text_offset % 4096 || m->text_offset >= UINT64_C(1) << 30)
        return WRONG(m, err, "is malformed: text offset 0x%llx",
                     (unsigned long long)m->text_offset);
    if (end > m->size)
        return WRONG(m, err, "is truncated: %zu bytes of %llu; fetch it again", m->size,
                     (unsigned long long)end);
    if (bytes > max_bytes)
        return WRONG(m, err, "takes %llu bytes of memory, the machine has %llu: give more "
                     "--memory", (unsigned long long)bytes, (unsigned long long)max_bytes);
    one_part(m, bytes);
    return 0;
}

/* ---- compression ---- */

/* Replaces the content by the unpacked bytes of data[offset, offset + size). */
static int gunzip(struct image *m, size_t offset, size_t size, uint64_t max_bytes,
                  struct err *err)
{
    z_stream z = {.next_in = m->data + offset, .avail_in = (uInt)size};
    uint8_t *out = NULL;
    size_t room = 0, used = 0;
    int status;

    if (size > UINT32_MAX || inflateInit2(&z, 15 + 16) != Z_OK)
        return WRONG(m, err, "cannot be unpacked: it is too large");
    do {
        if (used == room) {
            if (room > max_bytes) {
                status = Z_MEM_ERROR;
                break;
            }
            /* Doubling, and one byte more than is allowed so that too much is seen. */
            room = (size_t)u64_min(u64_max(room * 2, UINT64_C(4) << 20), max_bytes + 1);
            out = xrealloc(out, room);
        }
        z.next_out = out + used;
        z.avail_out = (uInt)u64_min(room - used, UINT64_C(1) << 30);
        status = inflate(&z, Z_NO_FLUSH);
        used = (size_t)(z.next_out - out);
    } while (status == Z_OK);
    inflateEnd(&z);
    if (status != Z_STREAM_END || used > max_bytes) {
        free(out);
        if (status == Z_BUF_ERROR)
            return WRONG(m, err, "is truncated: its gzip data ends early; fetch it again");
        if (status == Z_MEM_ERROR || used > max_bytes)
            return WRONG(m, err, "unpacks to more than the machine's memory: give more --memory");
        return WRONG(m, err, "is damaged: its gzip data is not valid; fetch it again");
    }
    free(m->data);
    m->data = out;
    m->size = used;
    return 0;
}

/* EFI zboot: a small EFI program with the packed kernel behind it (Linux
 * drivers/firmware/efi/libstub/zboot-header.S). */
static int zboot_unpack(struct image *m, uint64_t max_bytes, struct err *err)
{
    uint64_t offset = le32_get(m->data + 8), size = le32_get(m->data + 12);
    char method[9] = "";

    memcpy(method, m->data + 24, sizeof method - 1);
    if (strcmp(method, "gzip"))
        return WRONG(m, err, "is an EFI zboot image packed with \"%.8s\"; only gzip can be "
                     "unpacked: use the distribution's plain Image",
                     strspn(method, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen(method)
                         ? method : "?");
    if (!inside(m, offset, size))
        return WRONG(m, err, "is truncated: its payload ends beyond the file's %zu bytes", m->size);
    return gunzip(m, (size_t)offset, (size_t)size, max_bytes, err);
}

/* ---- what is it? ---- */

static const struct {
    const char *magic;
    uint16_t offset, length;
    const char *problem;
} foreign[] = {
    {"\xfd" "7zXZ", 0, 5, "is packed with xz: unpack it first (xz -d)"},
    {"\x28\xb5\x2f\xfd", 0, 4, "is packed with zstd: unpack it first (zstd -d)"},
    {"\x04\x22\x4d\x18", 0, 4, "is packed with lz4: unpack it first (lz4 -d)"},
    {"\x02\x21\x4c\x18", 0, 4, "is packed with lz4: unpack it first (lz4 -d)"},
    {"BZh", 0, 3, "is packed with bzip2: unpack it first (bzip2 -d)"},
    {"\x27\x05\x19\x56", 0, 4, "is a U-Boot image: give the kernel that is in it (dumpimage)"},
    {"!<arch>", 0, 7, "is an archive (a .deb or .a file): give a file from within it"},
    {"\xd0\x0d\xfe\xed", 0, 4, "is a device tree or FIT image, not a program"},
    {"ARM\x64", 56, 4, "is a kernel for arm64, not RISC-V"},
    {"HdrS", 0x202, 4, "is a kernel for x86, not RISC-V"},
};

static bool looks_like_text(const struct image *m)
{
    size_t n = (size_t)u64_min(m->size, 256);

    for (size_t i = 0; i < n; i++)
        if ((m->data[i] < ' ' || m->data[i] > '~') && !memchr("\t\r\n", m->data[i], 3))
            return false;
    return n >= 16;
}

static int flat_parse(struct image *m, struct err *err)
{
    m->kind = IMAGE_FLAT;
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
        if (inside(m, foreign[i].offset, foreign[i].length) &&
            memcmp(m->data + foreign[i].offset, foreign[i].magic, foreign[i].length) == 0)
            return WRONG(m, err, "%s", foreign[i].problem);
    if (begins(m, "MZ", 2))
        return WRONG(m, err, "is an EFI program, but not a RISC-V Linux kernel");
    if (looks_like_text(m))
        return WRONG(m, err, "is text, not a program");
    one_part(m, 0);
    return 0;
}

static int parse(struct image *m, uint64_t max_bytes, struct err *err)
{
    bool zboot;

    /* Unpacked at most twice: a gzip'd zboot image. */
    for (unsigned layer = 0; layer < 3; layer++) {
        if (!m->size)
            return WRONG(m, err, "is empty");
        zboot = m->size >= LINUX_HEADER_BYTES && begins(m, "MZ", 2) &&
                memcmp(m->data + 4, "zimg", 4) == 0;
        if (!zboot && !begins(m, "\x1f\x8b", 2))
            break;
        if (layer == 2)
            return WRONG(m, err, "is packed more than twice");
        if (zboot ? zboot_unpack(m, max_bytes, err) : gunzip(m, 0, m->size, max_bytes, err))
            return -1;
    }
    if (begins(m, "\x7f" "ELF", 4))
        return elf_parse(m, err);
    if (m->size >= LINUX_HEADER_BYTES && memcmp(m->data + LINUX_MAGIC2, "RSC\5", 4) == 0)
        return linux_parse(m, max_bytes, err);
    return flat_parse(m, err);
}

int image_parse(struct image *image, const char *what, const char *path, uint8_t *data,
                size_t size, uint64_t max_bytes, struct err *err)
{
    *image = (struct image){.what = what, .path = path, .data = data, .size = size};
    if (!parse(image, max_bytes, err))
        return 0;
    image_free(image);
    return -1;
}

int image_read(struct image *image, const char *what, const char *path, uint64_t max_bytes,
               struct err *err)
{
    uint8_t *data;
    size_t size;

    /* A program with debug information is larger than what it loads. */
    if (file_read(what, path, u64_max(max_bytes, UINT64_C(1) << 30), &data, &size, err))
        return -1;
    return image_parse(image, what, path, data, size, max_bytes, err);
}

void image_free(struct image *image)
{
    free(image->data);
    *image = (struct image){0};
}
