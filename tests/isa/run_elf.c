/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a bare-metal ELF64 on one hart until it writes to its `tohost` symbol, as the public RISC-V
 * ISA tests do: 1 is a pass, (n << 1 | 1) says that test n failed.
 *
 *     run_elf FILE...        one line each; exit status 1 if any did not pass
 *     run_elf -s FILE ELF    also writes the words from begin_signature to end_signature
 *
 * Programs of the project's users, not of the project, are what this runs: none are here. */
#include "cpu/hart_rig.h"
#include "machine/image.h"

#define TICKS_MAX (UINT64_C(400) * 1000 * 1000) /* 50 million cycles: none of the tests needs 5 */
#define TICKS_BETWEEN_LOOKS 20000

static int put_signature(struct hart_rig *r, const struct image *image, const char *path)
{
    uint64_t at = image_symbol(image, "begin_signature");
    uint64_t end = image_symbol(image, "end_signature");
    const uint8_t *host;
    FILE *f;

    if (at == 0 || end < at || !(host = space_host(&r->space, at, end - at)))
        return -1;
    f = fopen(path, "w");
    if (!f)
        return -1;
    for (uint64_t n = 0; n + 4 <= end - at; n += 4)
        fprintf(f, "%08" PRIx32 "\n", le32_get(host + n));
    return fclose(f);
}

/* 0: passed. */
static int run(struct hart_rig *r, const struct image *image, const char *path)
{
    uint64_t tohost = image_symbol(image, "tohost"), start = r->hart->ticks, v = 0;
    const uint8_t *host;

    if (tohost == 0 || !(host = space_host(&r->space, tohost, 8))) {
        printf("FAIL %s: no tohost in memory\n", path);
        return 1;
    }
    r->hart->pc = image->entry;
    while (v == 0 && r->hart->ticks - start < TICKS_MAX) {
        if (rig_run(r, TICKS_BETWEEN_LOOKS) == STOP_WFI && !hart_wakes(r->hart)) {
            printf("FAIL %s: in wfi for ever at 0x%" PRIx64 "\n", path, r->hart->pc);
            return 1;
        }
        v = le64_get(host);
    }
    if (v == 1) {
        printf("ok %s (%" PRIu64 " instructions)\n", path, r->hart->instret);
        return 0;
    }
    if (v == 0)
        printf("FAIL %s: no end; pc 0x%" PRIx64 " mcause 0x%" PRIx64 " mepc 0x%" PRIx64 "\n", path,
               r->hart->pc, r->hart->mcause, r->hart->mepc);
    else
        printf("FAIL %s: test %" PRIu64 " (x3 %" PRIu64 ")\n", path, v >> 1, r->hart->x[3]);
    return 1;
}

static int run_file(const char *path, const char *signature)
{
    struct hart_rig *r;
    struct image image;
    struct err err = {0};
    int failed;

    if (image_read(&image, "program", path, RIG_RAM_BYTES, &err)) {
        printf("FAIL %s: %s\n", path, err.text);
        return 1;
    }
    if (image.kind != IMAGE_ELF || image.low < RIG_RAM || image.high > RIG_RAM + RIG_RAM_BYTES) {
        printf("FAIL %s: no ELF for memory at 0x80000000\n", path);
        image_free(&image);
        return 1;
    }
    r = rig_new(TIMING_OFF);
    for (unsigned n = 0; n < image.parts; n++)
        CHECK(space_write(&r->space, 0, image.part[n].addr, image.data + image.part[n].offset,
                          image.part[n].bytes_in_file) == FAULT_NONE);
    failed = run(r, &image, path);
    if (signature && put_signature(r, &image, signature)) {
        printf("FAIL %s: no signature in %s\n", path, signature);
        failed = 1;
    }
    rig_free(r);
    image_free(&image);
    return failed;
}

int main(int argc, char **argv)
{
    const char *signature = NULL;
    int failed = 0, n = 1;

    if (argc > 2 && strcmp(argv[1], "-s") == 0) {
        signature = argv[2];
        n = 3;
    }
    if (n >= argc) {
        fprintf(stderr, "usage: run_elf [-s SIGNATURE] ELF...\n");
        return 2;
    }
    for (; n < argc; n++)
        failed += run_file(argv[n], signature);
    return failed != 0;
}
