/* SPDX-License-Identifier: Apache-2.0 */
/* A driver for NVMe disks (spec/nvme.h; sections are those of the NVM Express specification 1.4).
 *
 *     static struct nvme disk;
 *     static struct nvme_pair queue;
 *     if ((why = nvme_init(&disk)) || (why = nvme_pair_init(&disk, &queue, 64, NULL, NULL)))
 *         die(why);
 *     status = nvme_do(&queue, NVME_NVM_READ, block, blocks, buffer);
 *
 * nvme_do() is these steps, which a program may also take one by one, with what it likes between:
 *
 *     id = nvme_fill(&queue, ...);    the command into the submission queue: memory only
 *     nvme_ring(&queue);              the doorbell: from here on the controller may work
 *     while (!nvme_look(&queue, &c))  has a completion come? memory only
 *         ...                         (or sleep until the interrupt)
 *     nvme_acknowledge(&queue);       the other doorbell: its place in the completion queue is free
 *
 * Who owns what: all memory is inside the two structs, which the caller declares (static: they are
 * aligned and large).  An entry of the submission queue belongs to the controller from nvme_ring()
 * until its completion has come; so does the command's buffer; an entry of the completion queue
 * belongs to the driver from the turn of its phase bit until nvme_acknowledge().  Addresses are
 * physical: a paged program maps them to themselves.
 *
 * Writes are posted: by the wire, a handler may run once more while the doorbell that lets go of
 * it is on its way, and find nothing.  A pair is for one context: where a handler and main()
 * share one, main() has interrupts off when it touches it. */
#ifndef LABS_LIB_NVME_H
#define LABS_LIB_NVME_H

#include "spec/nvme.h"

#include <stdbool.h>
#include <stdint.h>

struct pci_device;

enum {
    NVME_ENTRIES_MAX = 64,                    /* of a pair; at most one less are under way */
    NVME_PAIRS_MAX = 8,                       /* I/O pairs to ask the controller for */
    NVME_NAMESPACE = 1,                       /* the disk of the controller that is used */
    NVME_PAGE_BYTES = 4096,                   /* CC.MPS is 0 */
    NVME_LIST_MAX = 32,                       /* pages in a command's PRP list */
    NVME_TRANSFER_BYTES = 32 * NVME_PAGE_BYTES, /* most a command moves, at any alignment */
};

/* What nvme_fill() and nvme_do() say in place of an identifier or a status. */
enum {
    NVME_FULL = -1,     /* no entry is free */
    NVME_BAD = -2,      /* longer than transfer_bytes, not to the disk's end, or odd address */
    NVME_TIMEOUT = -3,  /* no completion came: the controller is to be set up anew */
};

/* A submission queue and its completion queue. */
struct nvme_pair {
    _Alignas(NVME_PAGE_BYTES) volatile uint32_t submission[NVME_ENTRIES_MAX][NVME_SQE_BYTES / 4];
    _Alignas(NVME_PAGE_BYTES) volatile uint32_t completion[NVME_ENTRIES_MAX][NVME_CQE_BYTES / 4];
    /* A PRP list for each command, none of which crosses a page. */
    _Alignas(NVME_PAGE_BYTES) volatile uint64_t list[NVME_ENTRIES_MAX][NVME_LIST_MAX];
    struct nvme *nvme;
    uint16_t number, entries;       /* 0 is the admin pair */
    uint16_t tail, rung;            /* next entry to fill; the tail that the controller knows */
    uint16_t head, acknowledged;    /* next completion to look at; the head that it knows */
    uint16_t phase;                 /* of a new completion in this round: 1, then 0, ... */
    uint16_t under_way;             /* filled, and not completed */
    bool busy[NVME_ENTRIES_MAX];    /* by command identifier, which is the entry's number */
};

struct nvme {
    struct nvme_pair admin;
    _Alignas(NVME_PAGE_BYTES) volatile uint8_t identify[NVME_IDENTIFY_BYTES];
    unsigned pairs, pairs_max;      /* I/O pairs set up (the callers'), and that may be */
    struct pci_device *device;
    uintptr_t registers;            /* BAR 0 */
    uint32_t ready_us;              /* longest wait for CSTS.RDY */
    uint32_t doorbell_bytes;        /* from one doorbell to the next */
    uint64_t blocks;                /* of the namespace */
    uint32_t block_bytes;
    uint32_t transfer_bytes;        /* most a command moves: NVME_TRANSFER_BYTES or MDTS */
    char model[41], serial[21];
};

/* A command as it goes into an entry of the submission queue (4.2). */
struct nvme_command {
    uint8_t opcode;
    uint32_t nsid, cdw10, cdw11, cdw12;
    uint64_t data;        /* physical, a multiple of 4: `bytes` of it in one piece, */
    const uint64_t *page; /* or, unless NULL, in these pages */
    uint32_t bytes;       /* 0: the command has no data */
};

struct nvme_completion {
    uint16_t id;     /* the command's, as of nvme_fill() */
    uint16_t status; /* enum nvme_status, without NVME_MORE and NVME_DNR; 0 is success */
    uint32_t result; /* command specific */
};

/* Finds the first controller, resets it and sets up its admin queue and the namespace (7.6.1).
 * Returns NULL, or why there is no disk.  May be called again, also after a timeout: pairs have to
 * be set up anew. */
const char *nvme_init(struct nvme *);

/* Sets up the next I/O pair, with `entries` (2 to NVME_ENTRIES_MAX) in each of its queues.  With a
 * handler, completions interrupt: by an MSI-X vector of its own, or, where the board has no MSI, by
 * the wire, which all pairs share.  The handler has to look and acknowledge until nothing is left.
 * Without one the pair is polled and never interrupts.  Returns NULL, or why not. */
const char *nvme_pair_init(struct nvme *, struct nvme_pair *, uint16_t entries,
                           void (*handler)(void *context), void *context);

/* Fills the next entry: NVME_NVM_READ or _WRITE of `blocks` from `block` on, to or from `buffer` (a
 * multiple of 4 bytes); or NVME_NVM_FLUSH, with 0, 0, NULL.  Returns the command's identifier (0 to
 * entries - 1; free again once its completion has been looked at), NVME_FULL or NVME_BAD. */
int nvme_fill(struct nvme_pair *, enum nvme_nvm_opcode, uint64_t block, uint32_t blocks,
              void *buffer);

/* The same with memory in pieces: page[0], page[1] and so on, each at a multiple of
 * NVME_PAGE_BYTES, as many as the blocks fill. */
int nvme_fill_pages(struct nvme_pair *, enum nvme_nvm_opcode, uint64_t block, uint32_t blocks,
                    const uint64_t *page);

/* Rings the submission doorbell: all that has been filled is the controller's. */
void nvme_ring(struct nvme_pair *);

/* Takes the next completion, if there is one. */
bool nvme_look(struct nvme_pair *, struct nvme_completion *);

/* Rings the completion doorbell: all that has been looked at may be overwritten.  Once for many. */
void nvme_acknowledge(struct nvme_pair *);

/* All of it for one command, waiting with polls, in a pair where nothing else is under way.
 * Returns the status (0: done), or one of the negative values above. */
int nvme_do(struct nvme_pair *, enum nvme_nvm_opcode, uint64_t block, uint32_t blocks,
            void *buffer);

/* Below these: any command, as it is, also of the admin pair; nvme_finish() rings for command `id`,
 * which alone is under way, waits for it with polls, and acknowledges it.  `result` may be NULL. */
int nvme_fill_command(struct nvme_pair *, const struct nvme_command *);
int nvme_finish(struct nvme_pair *, int id, uint32_t *result);

/* What a status or a negative value means, in words. */
const char *nvme_text(int status);

#endif
