/* SPDX-License-Identifier: Apache-2.0 */
/* The bus: transactions, the regions where they can end, and the address map that decodes them.
 *
 * Whatever is not a cached access of a hart to RAM is a transaction and goes through here: loads
 * and stores to devices, DMA, MSIs.  Timing is not here but in the link (bus/link.h) on the way. */
#ifndef BUS_SPACE_H
#define BUS_SPACE_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Why a transaction failed.  A hart's access fault, a DMA error status and a PCIe completion status
 * all come from this one value. */
enum fault {
    FAULT_NONE,
    FAULT_DECODE, /* nothing is at that address */
    FAULT_SIZE,   /* the target does not take this size or alignment */
    FAULT_ACCESS, /* the target does not allow this direction, or the requester may not */
    FAULT_MASTER, /* the requester's bus mastering is off */
};

/* Requesters: a hart's number, or REQUESTER_PCI + bus/device/function. */
#define REQUESTER_PCI UINT32_C(0x10000)
#define REQUESTER_DMA UINT32_C(0x20000) /* the DMA controller on the chip */

struct txn {
    uint64_t addr; /* on entry to a region: the offset within it */
    uint64_t data; /* zero above `size` bytes, both ways */
    uint32_t requester;
    uint8_t size; /* 1, 2, 4 or 8 bytes, naturally aligned */
    bool write;
    uint16_t pad; /* posted stores are state: saved and hashed as bytes */
};

struct link;

/* What harts have done to a region by accesses that are not cached; nothing counts those that are.
 * A transaction is what crosses the link: a load, a store, or what a write-combining buffer sent. */
struct traffic {
    uint64_t loads, stores, bytes_read, bytes_written, transactions;
};

/* Somewhere a transaction can end. */
struct region {
    const char *name;
    uint64_t base, size;
    /* Devices: serves one transaction now.  NULL for memory. */
    enum fault (*access)(void *owner, struct txn *txn);
    void *owner;
    /* Memory: host bytes of the whole region.  `code_page` has one byte a 4-KiB page, nonzero
     * while decoded code from it is kept (see code_written below). */
    uint8_t *ram;
    uint8_t *code_page;
    bool read_only;
    /* Memory of a device (a frame buffer): bytes as above, but I/O by its physical memory attributes,
     * so that harts reach it by transactions over `link` and keep nothing of it. */
    bool io_memory;
    /* PCI's I/O and configuration space: a hart waits for the completion of its stores, too. */
    bool non_posted;
    struct link *link; /* the way from the harts to it; NULL: of cached memory, never asked */
    unsigned source;   /* its trace source */
    struct traffic traffic;
};

#define SPACE_REGIONS_MAX 128
#define SPACE_BACKGROUNDS_MAX 8
#define PAGE_SHIFT 12
#define PAGE_BYTES UINT64_C(4096)

/* An address space: regions sorted by base, never overlapping, and behind them the backgrounds. */
struct space {
    struct region *region[SPACE_REGIONS_MAX];
    unsigned count;
    struct region *background[SPACE_BACKGROUNDS_MAX];
    unsigned backgrounds;
    struct region *ram;  /* the largest memory of whole pages that may be written; NULL: none */
    struct region *last; /* of the latest lookup elsewhere: most come in runs */
    /* Grows with every map and unmap: whoever keeps a region pointer from space_find compares. */
    uint64_t generation;
    /* Called before memory in [addr, addr + len) that holds decoded code changes, by anyone. */
    void (*code_written)(void *ctx, uint64_t addr, uint64_t len);
    void *code_ctx;
};

/* Adds a region; -1 with err when it overlaps another, wraps, or the map is full. */
int space_map(struct space *space, struct region *region, struct err *err);
/* Removes it; a region that is not mapped is left alone.  PCI BARs move this way. */
void space_unmap(struct space *space, struct region *region);

/* Adds a region that answers where no ordinary one is (a bridge's window around its BARs).  -1 with
 * err when it overlaps another background, wraps, or there are too many. */
int space_map_background(struct space *space, struct region *region, struct err *err);

/* The region at addr, or NULL.  A background is found only where nothing else is. */
struct region *space_find(struct space *space, uint64_t addr);

/* Decodes and performs one transaction; misaligned or odd-sized ones are FAULT_SIZE. */
enum fault space_access(struct space *space, struct txn *txn);

/* Performs a transaction on a region that is already known; txn->addr is the offset in it. */
enum fault region_access(struct space *space, struct region *region, struct txn *txn);

/* Block transfers of DMA: every byte must lie in memory (an aligned access of up to 8 bytes may
 * also go to a device: an MSI is one).  On a fault nothing has been transferred. */
enum fault space_read(struct space *space, uint32_t requester, uint64_t addr, void *buf,
                      uint64_t len);
enum fault space_write(struct space *space, uint32_t requester, uint64_t addr, const void *buf,
                       uint64_t len);

/* Host bytes at addr if [addr, addr + len) is memory, else NULL.  For loaders and walkers; a
 * writer calls region_code_touch() itself. */
uint8_t *space_host(struct space *space, uint64_t addr, uint64_t len);

/* Tells the code owner if [offset, offset + len) of a memory region holds decoded code. */
void region_code_touch(struct space *space, struct region *region, uint64_t offset, uint64_t len);

#endif
