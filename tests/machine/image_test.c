/* SPDX-License-Identifier: Apache-2.0 */
#include "machine/image.h"

#include <stdlib.h>

#include "tests/check.h"
#include "tests/machine/sample.h"

#define MEMORY (UINT64_C(64) << 20)

static struct err err;
static struct image m;

static int parse(uint8_t *data, size_t size)
{
    err.text[0] = '\0';
    return image_parse(&m, "kernel", "K", data, size, MEMORY, &err);
}

static void check_refused(uint8_t *data, size_t size, const char *why)
{
    char want[300];

    snprintf(want, sizeof want, "the kernel K %s", why);
    CHECK(parse(data, size) == -1);
    CHECK_EQ_STR(err.text, want);
    CHECK(!strchr(err.text, '\n'));
}

static void test_elf_is_understood(void)
{
    size_t size;
    uint8_t *e = sample_elf(0x80000000, 2, &size);

    CHECK(parse(e, size) == 0);
    CHECK(m.kind == IMAGE_ELF && !m.relocatable);
    CHECK_EQ_U64(m.parts, 1);
    CHECK_EQ_U64(m.low, 0x80000000);
    CHECK_EQ_U64(m.high, 0x80000080);
    CHECK_EQ_U64(m.entry, 0x80000004);
    image_free(&m);
}

static void test_elf_entry_is_made_physical(void)
{
    size_t size;
    uint8_t *e = sample_elf(0x80000000, 2, &size);

    le64_put(e + 24, UINT64_C(0xffffffff80000010));
    le64_put(e + 64 + 16, UINT64_C(0xffffffff80000000));
    CHECK(parse(e, size) == 0);
    CHECK_EQ_U64(m.entry, 0x80000010);
    image_free(&m);
}

/* Changes one field of the sample ELF and expects the message. */
static void elf_refused(size_t at, unsigned bytes, uint64_t value, const char *why)
{
    size_t size;
    uint8_t *e = sample_elf(0x80000000, 2, &size);

    le_put(e + at, bytes, value);
    check_refused(e, size, why);
}

static void test_malformed_elf_is_one_clear_line(void)
{
    size_t size;
    uint8_t *e;

    elf_refused(4, 1, 1, "is not a 64-bit ELF file: build it for rv64");
    elf_refused(5, 1, 2, "is not a little-endian ELF file");
    elf_refused(18, 2, 62, "is an ELF file for machine type 62, not RISC-V (243)");
    elf_refused(16, 2, 1, "is an ELF file of type 1, not an executable: link it");
    elf_refused(56, 2, 0, "has nothing to load: no program headers");
    elf_refused(56, 2, 65, "is malformed: 65 program headers of 56 bytes (at most 64 of 56)");
    elf_refused(54, 2, 0, "is malformed: 1 program headers of 0 bytes (at most 64 of 56)");
    elf_refused(32, 8, UINT64_MAX, "is truncated: its program headers lie beyond the file's 184 "
                                   "bytes");
    elf_refused(64, 4, 2, "has nothing to load: no PT_LOAD segment");
    elf_refused(64, 4, 3, "needs a dynamic linker: link it with -static");
    elf_refused(64 + 8, 8, 121, "is truncated: segment 0 ends beyond the file's 184 bytes");
    elf_refused(64 + 8, 8, UINT64_MAX, "is truncated: segment 0 ends beyond the file's 184 bytes");
    elf_refused(64 + 40, 8, 63, "is malformed: the sizes of segment 0 make no sense");
    elf_refused(64 + 40, 8, UINT64_MAX, "is malformed: the sizes of segment 0 make no sense");
    elf_refused(24, 8, 0x80000080, "is malformed: its entry point 0x80000080 is not in a loaded "
                                   "segment");
    elf_refused(24, 8, 0x80000001, "is malformed: its entry point 0x80000001 is not in a loaded "
                                   "segment");
    e = sample_elf(0x80000000, 2, &size);
    check_refused(e, 63, "is truncated: an ELF header has 64 bytes, the file has 63");
}

static void check_linux(uint8_t *data, size_t size)
{
    CHECK(parse(data, size) == 0);
    CHECK(m.kind == IMAGE_LINUX && m.relocatable);
    CHECK_EQ_U64(m.text_offset, 0x200000);
    CHECK_EQ_U64(m.size, SAMPLE_LINUX_BYTES);
    CHECK_EQ_U64(m.high, 65536);
    image_free(&m);
}

static void test_linux_image_plain_packed_and_wrapped(void)
{
    size_t size;
    uint8_t *k = sample_linux(0x200000, 65536, &size);

    check_linux(k, size);
    k = sample_gzip(sample_linux(0x200000, 65536, &size), &size);
    check_linux(k, size);
    k = sample_zboot(sample_gzip(sample_linux(0x200000, 65536, &size), &size), &size);
    check_linux(k, size);
    k = sample_gzip(sample_zboot(sample_gzip(sample_linux(0x200000, 65536, &size), &size), &size),
                    &size);
    check_linux(k, size);
}

static void test_broken_linux_image_is_one_clear_line(void)
{
    size_t size;
    uint8_t *k = sample_linux(0x200000, 65536, &size);

    check_refused(k, size - 1, "is truncated: 8191 bytes of 8192; fetch it again");
    k = sample_linux(0x200000, MEMORY + 1, &size);
    check_refused(k, size, "takes 67108865 bytes of memory, the machine has 67108864: give more "
                           "--memory");
    k = sample_linux(0x200001, 65536, &size);
    check_refused(k, size, "is malformed: text offset 0x200001");
    k = sample_linux(0x200000, 65536, &size);
    k[24] = 1;
    check_refused(k, size, "is a big-endian Linux image: this machine is little-endian");
}

static void test_broken_packing_is_one_clear_line(void)
{
    char why[100];
    size_t size;
    uint8_t *k = sample_gzip(sample_linux(0x200000, 65536, &size), &size);

    check_refused(k, size - 20, "is truncated: its gzip data ends early; fetch it again");
    k = sample_gzip(sample_linux(0x200000, 65536, &size), &size);
    memset(k + 12, 0xff, 8);
    check_refused(k, size, "is damaged: its gzip data is not valid; fetch it again");
    k = sample_zboot(sample_gzip(sample_linux(0x200000, 65536, &size), &size), &size);
    snprintf(why, sizeof why, "is truncated: its payload ends beyond the file's %zu bytes",
             size - 1);
    check_refused(k, size - 1, why);
    k = sample_zboot(sample_gzip(sample_linux(0x200000, 65536, &size), &size), &size);
    memcpy(k + 24, "zstd22\0", 7);
    check_refused(k, size, "is an EFI zboot image packed with \"zstd22\"; only gzip can be "
                           "unpacked: use the distribution's plain Image");
}

static void test_unpacking_stops_at_the_memory(void)
{
    size_t size = (size_t)MEMORY + 1;
    uint8_t *k = sample_gzip(xcalloc(1, size), &size);

    check_refused(k, size, "unpacks to more than the machine's memory: give more --memory");
    size = (size_t)MEMORY;
    k = sample_gzip(xcalloc(1, size), &size);
    CHECK(parse(k, size) == 0);
    image_free(&m);
}

static void foreign_refused(const char *bytes, size_t length, size_t at, const char *why)
{
    uint8_t *k = xcalloc(1, 1024);

    memcpy(k + at, bytes, length);
    check_refused(k, 1024, why);
}

static void test_what_is_for_something_else_is_named(void)
{
    uint8_t *k;

    foreign_refused("\xfd" "7zXZ", 5, 0, "is packed with xz: unpack it first (xz -d)");
    foreign_refused("\x28\xb5\x2f\xfd", 4, 0, "is packed with zstd: unpack it first (zstd -d)");
    foreign_refused("HdrS", 4, 0x202, "is a kernel for x86, not RISC-V");
    foreign_refused("ARM\x64", 4, 56, "is a kernel for arm64, not RISC-V");
    foreign_refused("MZ", 2, 0, "is an EFI program, but not a RISC-V Linux kernel");
    k = xcalloc(1, 32);
    memset(k, 'a', 32);
    check_refused(k, 32, "is text, not a program");
    check_refused(xcalloc(1, 1), 0, "is empty");
    CHECK(parse(xcalloc(1, 4), 4) == 0);
    CHECK(m.kind == IMAGE_FLAT);
    image_free(&m);
}

/* Every byte of the headers, each with a few values, and random damage: parsed or refused, and
 * what is parsed lies within the file. Memory errors are the sanitizer's to find. */
static void check_sound(uint8_t *data, size_t size)
{
    if (parse(data, size)) {
        CHECK(strncmp(err.text, "the kernel K ", 13) == 0);
        return;
    }
    for (unsigned i = 0; i < m.parts; i++) {
        const struct image_part *p = &m.part[i];

        CHECK(p->bytes_in_file <= p->bytes);
        CHECK(p->offset <= m.size && p->bytes_in_file <= m.size - p->offset);
        CHECK(p->addr >= m.low && p->addr + p->bytes <= m.high);
    }
    image_free(&m);
}

static uint8_t *sample(unsigned which, size_t *size)
{
    switch (which) {
    case 0: return sample_elf(0x80000000, 2, size);
    case 1: return sample_linux(0x200000, 65536, size);
    case 2: return sample_gzip(sample_linux(0x200000, 65536, size), size);
    default:
        return sample_zboot(sample_gzip(sample_linux(0x200000, 65536, size), size), size);
    }
}

static void test_any_damage_is_parsed_or_refused(void)
{
    static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
    uint64_t random = 88172645463325252u;

    for (unsigned which = 0; which < 4; which++) {
        size_t size;

        for (size_t at = 0; at < 256; at++)
            for (size_t v = 0; v < sizeof values; v++) {
                uint8_t *k = sample(which, &size);

                k[at < size ? at : 0] = values[v];
                check_sound(k, size);
            }
        for (unsigned round = 0; round < 2000; round++) {
            uint8_t *k = sample(which, &size);

            for (unsigned i = 0; i < 4; i++) {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                k[random % (round % 2 ? size : u64_min(size, 256))] = (uint8_t)(random >> 32);
            }
            check_sound(k, round % 3 ? size : random % size);
        }
    }
}

TEST_MAIN(test_elf_is_understood, test_elf_entry_is_made_physical,
          test_malformed_elf_is_one_clear_line, test_linux_image_plain_packed_and_wrapped,
          test_broken_linux_image_is_one_clear_line, test_broken_packing_is_one_clear_line,
          test_unpacking_stops_at_the_memory, test_what_is_for_something_else_is_named,
          test_any_damage_is_parsed_or_refused)
