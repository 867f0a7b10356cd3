/* SPDX-License-Identifier: Apache-2.0 */
/* Small well-formed programs for the loader's tests, to be bent by them. */
#ifndef TESTS_MACHINE_SAMPLE_H
#define TESTS_MACHINE_SAMPLE_H

#include "base/alloc.h"
#include "base/bits.h"

#include <zlib.h>

enum { SAMPLE_ELF_BYTES = 64 + 56 + 64, SAMPLE_LINUX_BYTES = 8192 };

/* One segment: 64 bytes of 0x13 00 00 00 at `addr`, 128 bytes in memory. */
static inline uint8_t *sample_elf(uint64_t addr, unsigned type, size_t *size)
{
    uint8_t *e = xcalloc(1, SAMPLE_ELF_BYTES), *p = e + 64;

    memcpy(e, "\x7f" "ELF\2\1\1", 7);
    le16_put(e + 16, (uint16_t)type);
    le16_put(e + 18, 243);
    le32_put(e + 20, 1);
    le64_put(e + 24, addr + 4);
    le64_put(e + 32, 64);
    le16_put(e + 52, 64);
    le16_put(e + 54, 56);
    le16_put(e + 56, 1);
    le32_put(p, 1);
    le64_put(p + 8, 120);
    le64_put(p + 16, addr);
    le64_put(p + 24, addr);
    le64_put(p + 32, 64);
    le64_put(p + 40, 128);
    for (unsigned i = 0; i < 16; i++)
        le32_put(e + 120 + 4 * i, 0x13);
    *size = SAMPLE_ELF_BYTES;
    return e;
}

/* An Image with a PE header of one section that fills the file, like Debian's. */
static inline uint8_t *sample_linux(uint64_t text_offset, uint64_t memory_bytes, size_t *size)
{
    uint8_t *k = xcalloc(1, SAMPLE_LINUX_BYTES);

    memset(k + 512, 0x5a, SAMPLE_LINUX_BYTES - 512);
    memcpy(k, "MZ", 2);
    le64_put(k + 8, text_offset);
    le64_put(k + 16, memory_bytes);
    memcpy(k + 48, "RISCV\0\0\0RSC\5", 12);
    le32_put(k + 60, 64);
    memcpy(k + 64, "PE\0", 4);
    le16_put(k + 64 + 6, 1);
    le16_put(k + 64 + 20, 160);
    le32_put(k + 64 + 24 + 160 + 16, SAMPLE_LINUX_BYTES - 4096);
    le32_put(k + 64 + 24 + 160 + 20, 4096);
    *size = SAMPLE_LINUX_BYTES;
    return k;
}

/* Packs with gzip and frees `data`. */
static inline uint8_t *sample_gzip(uint8_t *data, size_t *size)
{
    z_stream z = {.next_in = data, .avail_in = (uInt)*size};
    size_t room = *size + 4096;
    uint8_t *out = xcalloc(1, room);

    deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    z.next_out = out;
    z.avail_out = (uInt)room;
    deflate(&z, Z_FINISH);
    *size = z.total_out;
    deflateEnd(&z);
    free(data);
    return out;
}

/* Wraps gzip'd bytes as EFI zboot does and frees them. */
static inline uint8_t *sample_zboot(uint8_t *packed, size_t *size)
{
    uint8_t *z = xcalloc(1, 4096 + *size);

    memcpy(z, "MZ\0\0zimg", 8);
    le32_put(z + 8, 4096);
    le32_put(z + 12, (uint32_t)*size);
    memcpy(z + 24, "gzip", 5);
    memcpy(z + 4096, packed, *size);
    *size += 4096;
    free(packed);
    return z;
}

#endif
