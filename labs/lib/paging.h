/* SPDX-License-Identifier: Apache-2.0 */
/* Paging (privileged spec 12.4, Sv39), here for the sake of memory types: every address is
 * mapped to itself, and its extension Svpbmt says in the page's entry how it is accessed. */
#ifndef LABS_LIB_PAGING_H
#define LABS_LIB_PAGING_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_BYTES 0x1000

enum paging_type {
    PAGING_PMA, /* as the physical address says: RAM write-back, devices strongly ordered */
    PAGING_NC,  /* not cached, weakly ordered: stores may be combined */
    PAGING_IO,  /* not cached, strongly ordered */
};

/* Bits of an entry (12.3.1); a leaf has R, W or X. */
#define PTE_V 0x01
#define PTE_R 0x02
#define PTE_W 0x04
#define PTE_X 0x08
#define PTE_U 0x10
#define PTE_G 0x20
#define PTE_A 0x40
#define PTE_D 0x80
#define PTE_TYPE_LSB 61

/* Maps all of Sv39's lower half to itself (R, W and X) and turns paging on. */
void paging_init(void);
/* Back to bare addresses. */
void paging_off(void);

/* These bytes (whole pages of 4 KiB) are accessed as this type from now on.  Larger pages are
 * split as needed, and used where they fit.  False: not whole pages, outside of the map, or no
 * table left. */
bool paging_type(uintptr_t addr, uint64_t bytes, enum paging_type type);

/* What they are made of, for a kernel that has maps of its own. */

/* A zeroed table of one page; NULL when there is none left.  Weak: a program that defines a
 * function of this name is asked instead. */
uint64_t *paging_table(void);
/* Maps bytes (all whole pages) at `virt` to `phys` with these bits (PTE_R...; V, A and D are
 * added), with 2-MiB and 1-GiB leaves where they fit and `large` allows.  No sfence. */
bool paging_map(uint64_t *root, uint64_t virt, uint64_t phys, uint64_t bytes, uint64_t bits,
                bool large);
/* The leaf entry of an address; NULL when it is not mapped.  `level` is 0 to 2: 4 KiB, 2 MiB,
 * 1 GiB. */
uint64_t *paging_walk(uint64_t *root, uint64_t virt, unsigned *level);
/* The root that paging_init() made. */
uint64_t *paging_root(void);
/* Uses a root, in address space `asid`. */
void paging_use(uint64_t *root, unsigned asid);

#endif
