/* SPDX-License-Identifier: Apache-2.0 */
/* What a hart remembers about translations, besides its TLB (hart.h).  All of it is derived from
 * state: none of it may be seen by the guest.  hart/mmu.c keeps the numbers and forgets,
 * hart/walk.c walks, hart/pmp.c knows what PMP allows. */
#ifndef CPU_HART_MMU_H
#define CPU_HART_MMU_H

#include <stdbool.h>
#include <stdint.h>

#define PMP_ENTRIES 16

#ifdef DOORBELL_HARSH
#define SPACE_SETS 1
#define SPACE_WAYS 1
#define WALK_ENTRIES 1
#define FILTER_WORDS 1
#else
#define SPACE_SETS 16
#define SPACE_WAYS 4
#define WALK_ENTRIES 256
#define FILTER_WORDS 512
#endif
#define SPACES (SPACE_SETS * SPACE_WAYS)
#define CONTEXT_NUMBERS 4096 /* 0 is none */

enum { SATP_SV39 = 8, SATP_SV57 = 10 }; /* satp.MODE */
enum page_size { PAGE_4K, PAGE_64K, PAGE_2M, PAGE_1G, PAGE_512G, PAGE_256T, PAGE_SIZES };

/* The kinds of context of an address space.  Those of data are made of what mstatus adds to U. */
enum number_kind {
    NUMBER_S = 1,
    NUMBER_SUM = 2, /* with S only */
    NUMBER_MXR = 4,
    NUMBER_FETCH_U = 8,
    NUMBER_FETCH_S,
    NUMBER_WALK, /* not of a context: of walk_entry */
    NUMBER_KINDS
};

/* One value of satp and its contexts' numbers. */
struct address_space {
    uint64_t satp;
    uint16_t number[NUMBER_KINDS]; /* 0: none yet */
    bool used;
    bool own; /* S has met a page that is not global: it shares no numbers (see hart/mmu.c) */
};

/* Added to a kind, where only global pages may be kept: see walk.c. */
#define RULE_GLOBAL 16

/* Where the leaf of a 2-MiB range of addresses is found: a table, or one large leaf itself.  The
 * leaf is read anew at each use. */
#define WALK_SHIFT 21
struct walk_entry {
    uint64_t tag; /* hart/walk.c; 0: empty */
    const uint8_t *table;
    uint64_t offset;     /* bits of the address within the page */
    uint32_t index_mask; /* of bytes in the table; 0: the large leaf */
    uint32_t level;
};

/* A set of pages of several sizes; it may hold more than was added, never less. */
struct page_filter {
    uint64_t bits[FILTER_WORDS];
    uint32_t sizes; /* 1 << enum page_size of what was added */
    uint32_t count; /* of bits set */
};

struct pmp_range {
    uint64_t first, last; /* both inclusive */
    uint8_t cfg;
};

struct mmu {
    uint32_t now; /* index of satp's address space */
    uint16_t walk, fetch_walk; /* its NUMBER_WALK, 0 where data or fetch is not translated */
    uint8_t pbmt; /* of the leaf that mmu_translate met last; 0: none, or none met */
    uint8_t rule, fetch_rule;  /* kinds of context, + RULE_GLOBAL */
    /* Memory that PMP opens to S and U for everything: pages of RAM, one run. */
    uint64_t open_base, open_bytes;
    uint8_t *open_host;
    const uint8_t *open_code; /* its code_page bytes */
    struct walk_entry entry[WALK_ENTRIES];
    struct address_space space[SPACES];
    uint16_t common[3][NUMBER_KINDS]; /* S of all spaces of Sv39, Sv48, Sv57 */
    uint16_t machine, machine_fetch;  /* M */
    uint32_t next_number, victim;
    struct page_filter large;      /* pages above 4 KiB that the TLB may have parts of */
    struct page_filter fetched[2]; /* pages that U, S may have fetch translations of */
    struct pmp_range pmp[PMP_ENTRIES]; /* the entries that are on, in order */
    uint32_t pmp_count;
};

#endif
