/* SPDX-License-Identifier: Apache-2.0 */
/* Random bare-metal programs, made from the instruction table.
 *
 * An image is a trap handler and a row of programs that run one after the other, in M mode or, with
 * `paged`, in U mode behind Sv39 page tables that give each window's second page random rights
 * (accessed and dirty bits are set by hardware: Svadu, which is all that QEMU 7.2 knows).  Each
 * loads all x and f registers and fcsr from its area, runs a random straight line (branches only
 * forward), and stores everything back; a trap is logged in the area and its instruction skipped.
 * Memory accesses stay in the program's own window of two pages, but for those meant to fault.
 * After the last program the image executes mark RANDOM_DONE (a hint to other machines) and then
 * stores the finisher's word for success at RANDOM_FINISHER. */
#ifndef TESTS_ISA_RANDOM_PROGRAM_H
#define TESTS_ISA_RANDOM_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANDOM_BASE UINT64_C(0x80000000)
#define RANDOM_FINISHER UINT64_C(0x100000)
#define RANDOM_IMAGE_BYTES (UINT64_C(4) << 20)
#define RANDOM_PROGRAMS_MAX 200
#define RANDOM_LENGTH_MAX 160 /* steps, of one to four instructions */
#define RANDOM_LOG_MAX 24
#define RANDOM_DONE 0x7ff

/* What a program finds and leaves in its area, as offsets in bytes. */
enum {
    AREA_X = 0,
    AREA_F = 256,
    AREA_FCSR = 512,
    AREA_TRAPS = 520, /* how many; the first RANDOM_LOG_MAX are logged */
    AREA_SPILL = 528,
    AREA_END = 552, /* paged: address of the ecall that returns to M mode */
    AREA_X_OUT = 560,
    AREA_F_OUT = 816,
    AREA_FCSR_OUT = 1072,
    AREA_LOG = 1088, /* mcause, mepc, mtval, unused */
    AREA_BYTES = 2048,
    WINDOW_BYTES = 8192,
};

struct random_program {
    uint64_t seed;
    unsigned length; /* steps */
    /* offsets in the image, filled in */
    uint32_t code, body, end, area, window;
};

struct random_image {
    uint8_t *bytes; /* RANDOM_IMAGE_BYTES */
    bool illegal;   /* also encodings that are no instruction */
    bool paged;
    struct random_program program[RANDOM_PROGRAMS_MAX];
    unsigned count;
};

/* How a row's extension is called by QEMU's -cpu, "" when it always has it, NULL when QEMU 7.2 does
 * not know it (then it is not generated).  False: no such extension is known here. */
bool random_extension(const char *extension, const char **qemu);

/* Fills image->bytes from image->program[].seed and .length and the choices above; all else is
 * derived. */
void random_build(struct random_image *image);

/* Offset of the page-table entry of a page of the image. */
uint32_t random_pte(uint32_t offset);

#endif
