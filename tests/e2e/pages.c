/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a guest to a text on its console, then says how its page tables map a function's BAR: one
 * line a memory type, "PMA|NC|IO|reserved BYTES".  What is mapped twice counts twice.
 *
 *   pages KERNEL INITRD APPEND TEXT JOB BASE BYTES */
#include "base/bits.h"
#include "machine/board.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PTE_V 1u
#define PTE_LEAF 0xeu /* R, W or X */
#define PTE_N (UINT64_C(1) << 63)

struct look {
    struct machine *m;
    uint64_t base, bytes;
    uint64_t found[4]; /* bytes by PBMT */
};

static uint64_t overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
    uint64_t from = u64_max(a, b), to = u64_min(a + a_bytes, b + b_bytes);

    return to > from ? to - from : 0;
}

/* Sv39, Sv48 and Sv57 differ in the level of the root (privileged ISA 12.3 to 12.6). */
static void walk(struct look *l, uint64_t table, unsigned level)
{
    const uint8_t *bytes = space_host(&l->m->space, table, 4096);

    for (unsigned i = 0; bytes && i < 512; i++) {
        uint64_t pte = le64_get(bytes + 8 * i), to = bits_get(pte, 53, 10) << 12;
        uint64_t size = UINT64_C(4096) << 9 * level;

        if (!(pte & PTE_V))
            continue;
        if (!(pte & PTE_LEAF)) {
            if (level)
                walk(l, to, level - 1);
            continue;
        }
        /* Svnapot: sixteen equal entries map 64 KiB, of which this is one. */
        if (pte & PTE_N)
            to = (to & ~UINT64_C(0xffff)) | (i % 16) << 12;
        l->found[bits_get(pte, 62, 61)] += overlap(to, size, l->base, l->bytes);
    }
}

int main(int argc, char **argv)
{
    static const char *const type[] = {"PMA", "NC", "IO", "reserved"};
    struct board_config c;
    struct machine_result result;
    struct look l = {0};
    struct err err;
    uint64_t satp;

    if (argc != 8)
        return fprintf(stderr, "pages KERNEL INITRD APPEND TEXT JOB BASE BYTES\n"), 2;
    config_init(&c);
    c.kernel = argv[1];
    c.initrd = argv[2];
    c.append = argv[3];
    c.exit_on = argv[4];
    c.job = argv[5];
    c.max_ps = 60 * PS_PER_S;
    l.base = strtoull(argv[6], NULL, 0);
    l.bytes = strtoull(argv[7], NULL, 0);
    if (config_add_display(&c, NULL, &err) || !(l.m = machine_new(&c, &err)))
        return fprintf(stderr, "pages: %s\n", err.text), 1;
    machine_run(l.m, &result);
    if (result.end != END_EXIT_ON)
        return fprintf(stderr, "pages: the text was not seen\n"), 1;
    satp = l.m->hart[0]->satp;
    if (satp >> 60 < SATP_SV39 || satp >> 60 > SATP_SV57)
        return fprintf(stderr, "pages: the hart does not translate\n"), 1;
    walk(&l, bits_get(satp, 43, 0) << 12, (unsigned)(satp >> 60) - SATP_SV39 + 2);
    for (unsigned i = 0; i < ARRAY_LEN(type); i++)
        printf("%s %" PRIu64 "\n", type[i], l.found[i]);
    machine_free(l.m);
    config_fini(&c);
    return 0;
}
