/* SPDX-License-Identifier: Apache-2.0 */
#include "insight/kimage.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/bits.h"

/* Linux Documentation/arch/riscv/boot-image-header.rst. */
#define HEADER_LEN        64u
#define HEADER_MAGIC2     0x38u       /* "RSC\5"; the older "RISCV" at 0x30 is deprecated */

/* EFI zboot: drivers/firmware/efi/libstub/zboot-header.S. */
#define ZBOOT_MAGIC       4u          /* "zimg" after the "MZ" of a PE program */
#define ZBOOT_OFFSET      8u
#define ZBOOT_SIZE        12u
#define ZBOOT_COMPRESSION 24u         /* NUL-terminated name, at most 32 bytes */
#define ZBOOT_LEN         64u

/* A kernel is tens of megabytes; more means that the file is made to fill the memory. */
#define IMAGE_BYTES_MAX   (UINT64_C(512) << 20)

static bool starts_with(const uint8_t *bytes, size_t len, size_t at, const char *magic,
                        size_t magic_len)
{
    return at + magic_len <= len && memcmp(bytes + at, magic, magic_len) == 0;
}

/* Grows the output as the input asks for it: the length that gzip stores is only a claim. */
static int inflate_gzip(struct kimage *image, const uint8_t *bytes, size_t len, struct err *err)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)bytes };
    size_t room = 0, used = 0;
    uint8_t *out = NULL;
    int status;

    if (len > IMAGE_BYTES_MAX)
        return err_set(err, "the kernel's gzip data is too large (%zu bytes)", len);
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        return err_set(err, "no memory to decompress the kernel");
    z.avail_in = (uInt)len;
    do {
        if (used == room) {
            size_t more = room ? room * 2 : (size_t)16 << 20;
            uint8_t *grown = more > IMAGE_BYTES_MAX ? NULL : realloc(out, more);

            if (!grown) {
                status = Z_MEM_ERROR;
                break;
            }
            out = grown;
            room = more;
        }
        z.next_out = out + used;
        z.avail_out = (uInt)(room - used);
        status = inflate(&z, Z_NO_FLUSH);
        used = room - z.avail_out;
    } while (status == Z_OK);
    inflateEnd(&z);
    if (status != Z_STREAM_END) {
        free(out);
        return err_set(err, "the kernel's gzip data is %s",
                       status == Z_BUF_ERROR ? "cut short"
                       : status == Z_MEM_ERROR ? "larger than any kernel" : "damaged");
    }
    image->bytes = image->owned = out;
    image->len = used;
    return 0;
}

static int open_zboot(struct kimage *image, const uint8_t *bytes, size_t len, struct err *err)
{
    uint64_t offset, size;
    char how[33] = { 0 };

    if (len < ZBOOT_LEN)
        return err_set(err, "the EFI zboot header is cut short");
    offset = le32_get(bytes + ZBOOT_OFFSET);
    size = le32_get(bytes + ZBOOT_SIZE);
    memcpy(how, bytes + ZBOOT_COMPRESSION, 32);
    for (char *c = how; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
    if (strcmp(how, "gzip") != 0)
        return err_set(err, "the kernel is an EFI zboot program with %s compression: only gzip "
                       "can be read here; give the Image itself", how[0] ? how : "no named");
    if (offset > len || size > len - offset)
        return err_set(err, "the EFI zboot payload (%llu bytes at %llu) lies outside the file",
                       (unsigned long long)size, (unsigned long long)offset);
    return inflate_gzip(image, bytes + offset, size, err);
}

static const char *known_but_unreadable(const uint8_t *bytes, size_t len)
{
    static const struct { const char *magic; size_t len; const char *what; } known[] = {
        { "\x7f" "ELF", 4, "an ELF file without symbols; of Linux the Image (vmlinux-VERSION in "
                           "/boot) is needed" },
        { "\x28\xb5\x2f\xfd", 4, "zstd data; decompress it first" },
        { "\xfd" "7zXZ", 5, "xz data; decompress it first" },
        { "\x04\x22\x4d\x18", 4, "lz4 data; decompress it first" },
        { "BZh", 3, "bzip2 data; decompress it first" },
    };

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (starts_with(bytes, len, 0, known[i].magic, known[i].len))
            return known[i].what;
    return NULL;
}

int kimage_open(struct kimage *image, const void *bytes, size_t len, struct err *err)
{
    const char *what;

    *image = (struct kimage){ .bytes = bytes, .len = len };
    if (starts_with(bytes, len, 0, "MZ", 2) && starts_with(bytes, len, ZBOOT_MAGIC, "zimg", 4)) {
        if (open_zboot(image, bytes, len, err))
            return -1;
    } else if (starts_with(bytes, len, 0, "\x1f\x8b", 2)) {
        if (inflate_gzip(image, bytes, len, err))
            return -1;
    }
    if (image->len >= HEADER_LEN && starts_with(image->bytes, image->len, HEADER_MAGIC2,
                                                "RSC\x05", 4))
        return 0;
    what = known_but_unreadable(image->bytes, image->len);
    kimage_close(image);
    if (what)
        return err_set(err, "the kernel is %s", what);
    return err_set(err, "not a RISC-V Linux Image (no \"RSC\\5\" at offset 0x38)");
}

void kimage_close(struct kimage *image)
{
    free(image->owned);
    *image = (struct kimage){ 0 };
}
