/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the NVMe controller: its parts and their state.  Included by src/dev/nvme*.c only.
 *
 * A command lives in a slot; slots are the only thing that is ever in flight, and there is a fixed
 * number of them: what does not fit waits in the guest's submission queues.
 *
 *          fetch           firmware time             PRP/SGL walked            pieces
 *   FREE ---------> FIRMWARE ---------> (execute) ---> MAPPING ---------> MOVING ------+
 *    ^                                      |                               | (write)  |
 *    |                                      +------> WAITING <--------------+          |
 *    |  entry arrived         CQ has room            (media)  |                        |
 *    +-------------- POSTING <---------- HELD <--------- FINISHING <-------------------+
 *
 *  1. A slot is in at most one list (free, movers' waiters, a CQ's held), linked by `next`.
 *  2. The completion entry goes onto the link right behind the last data, as posted writes do; a
 *     fault of that data is known before the entry arrives and is put into it then.
 *  3. A slot is freed only when its entry has arrived and none of its pieces is under way.
 *  4. Any register write may come from the controller's own DMA, and may reset it: a `done`
 *     callback looks at `busy` of its operation first. */
#ifndef DEV_NVME_IMPL_H
#define DEV_NVME_IMPL_H

#include "base/bits.h"
#include "dev/nvme.h"
#include "dev/nvme_media.h"
#include "spec/nvme.h"

#define NVME_SLOTS_ADMIN 12
#define NVME_SLOTS_IO 116
#define NVME_SLOTS (NVME_SLOTS_ADMIN + NVME_SLOTS_IO)
#define NVME_NO_SLOT 0xffff
#define NVME_NO_COMMAND UINT32_MAX
#define NVME_MOVERS 16
#define NVME_FETCHERS 4
#define NVME_FETCH_MAX 16
#define NVME_SEGMENTS_MAX 256
#define NVME_SGL_HOPS_MAX 256
#define NVME_MDTS 7
#define NVME_TRANSFER_MAX (UINT64_C(4096) << NVME_MDTS)
#define NVME_UNITS_MAX (NVME_TRANSFER_MAX / NVME_UNIT + 1)
#define NVME_DATA_BYTES 4096
#define NVME_AERL 3 /* 0's based: four requests */
#define NVME_ERRORS 64
#define NVME_TEMPERATURE_K 313
#define NVME_WARNING_K 343
#define NVME_CRITICAL_K 353
/* A vendor id that nobody has registered, so that no driver has a quirk for it. */
#define NVME_VENDOR_ID 0xd00b

enum { NVME_REGS(REG_INDEX) NVME_REG_COUNT };
enum { NVME_REG_FIELDS(REG_FIELD_ENUM) };

/* Times of the controller; zero at timing level off. */
struct nvme_params {
    uint64_t fetch_burst;        /* most commands in one fetch */
    uint64_t issue_ps;           /* between the starts of two commands */
    uint64_t read_ps;            /* firmware: read of up to 4 KiB, before the medium is asked */
    uint64_t read_large_ps;      /* the same, more than 4 KiB */
    uint64_t write_ps;           /* firmware: write */
    uint64_t other_ps;           /* firmware: flush, deallocate and so on */
    uint64_t admin_ps;           /* firmware: admin command */
    uint64_t complete_ps;        /* from the last data to the completion entry */
    uint64_t ready_ps;           /* CC.EN to CSTS.RDY */
    uint64_t format_ps;          /* format NVM */
};

enum nvme_state {
    NVME_FREE, NVME_FIRMWARE, NVME_MAPPING, NVME_MOVING, NVME_WAITING, NVME_ASYNC, NVME_DELETING,
    NVME_FINISHING, NVME_HELD, NVME_POSTING,
};

enum nvme_direction { NVME_NO_DATA, NVME_TO_HOST, NVME_FROM_HOST };

struct nvme_segment {
    uint64_t addr;
    uint32_t len;
    uint32_t bucket; /* bytes for nowhere */
};

struct nvme_slot_state {
    uint64_t cause; /* trace record of its latest step */
    uint64_t ready[NVME_UNITS_MAX];
    uint64_t began;   /* the medium's start */
    uint64_t offset;  /* of the namespace, bytes */
    uint64_t list;    /* address of the next PRP or SGL entries */
    struct nvme_segment seg[NVME_SEGMENTS_MAX];
    uint8_t sqe[NVME_SQE_BYTES];
    uint8_t data[NVME_DATA_BYTES]; /* PRP or SGL entries while mapping, then small data */
    uint8_t cqe[NVME_CQE_BYTES];
    uint32_t length;  /* bytes to move */
    uint32_t mapped;  /* bytes that seg[] covers */
    uint32_t issued, arrived; /* bytes given to the link; bytes done */
    uint32_t seg_count, seg_at, seg_off;
    uint32_t list_left; /* bytes left of an SGL segment */
    uint32_t list_len;  /* bytes being fetched */
    uint32_t hops;
    uint32_t dw0;
    uint16_t sqid, cid, status, next;
    uint16_t moving;  /* pieces under way */
    uint8_t state, direction;
    uint8_t sgl, last_segment;
    uint8_t arrived_cqe;
    uint8_t queued; /* waits for a mover */
    uint8_t busy;   /* op is under way */
    uint8_t media_done; /* its trace record is written */
    uint8_t conflict;   /* its id was in use when it came */
    uint8_t pad[7];
};

struct nvme_slot {
    struct nvme_slot_state s;
    struct nvme *n;
    struct event event; /* ends FIRMWARE, MOVING's wait, WAITING, FINISHING */
    struct dma_op op;   /* list fetch, or completion entry */
};

/* Moves one piece, at most a page. */
struct nvme_mover {
    struct nvme *n;
    struct dma_op op;
    uint8_t buf[NVME_UNIT];
    uint32_t off;
    uint16_t slot;
    uint8_t busy, pad;
};

struct nvme_fetcher {
    struct nvme *n;
    struct dma_op op;
    uint8_t buf[NVME_FETCH_MAX * NVME_SQE_BYTES];
    uint16_t sqid, count;
    uint8_t busy;
};

struct nvme_vector {
    struct nvme *n;
    struct event event; /* aggregation time */
};

struct nvme_sq {
    uint64_t base;
    uint64_t cause; /* the latest doorbell */
    uint32_t size, head, tail;
    uint16_t cqid, in_flight;
    uint16_t deleter; /* slot of the delete command, or NVME_NO_SLOT */
    uint8_t created, fetching;
};

struct nvme_cq {
    uint64_t base;
    uint32_t size, head, tail; /* tail: next entry to send */
    uint32_t visible;          /* next entry to arrive */
    uint16_t vector, sqs;
    uint16_t held_first, held_last;
    uint8_t created, interrupts, phase, pad;
};

struct nvme_features {
    uint32_t arbitration, power, write_cache, coalescing, atomicity, async_events;
    uint32_t queues, queues_set; /* granted, as the result of set features; whether asked */
    uint16_t over, under; /* temperature thresholds, kelvin */
    uint16_t error_recovery[NVME_NAMESPACES_MAX];
    uint8_t coalescing_off[NVME_QUEUES_MAX + 7];
};

struct nvme_error {
    uint64_t count, lba;
    uint16_t sqid, cid, status, location;
    uint32_t nsid, pad;
};

/* Kinds of event, one bit each in `pending`. */
enum nvme_event { NVME_EV_DOORBELL, NVME_EV_DOORBELL_VALUE, NVME_EV_TEMPERATURE, NVME_EV_NAMESPACE,
                  NVME_EV_COUNT };

struct nvme_core {
    /* since the controller was enabled */
    struct nvme_sq sq[NVME_QUEUES_MAX];
    struct nvme_cq cq[NVME_QUEUES_MAX];
    uint64_t processor_free; /* when the next command may start */
    uint16_t free_first[2];  /* 0: admin, 1: I/O */
    uint16_t free_count[2], reserved[2];
    uint16_t wait_first, wait_last; /* slots that want a mover */
    uint16_t next_sq;               /* round robin */
    uint16_t async_first;           /* event requests, in order */
    uint32_t pending;               /* events to report, by enum nvme_event */
    uint32_t masked_types;          /* reported, log not yet read */
    uint32_t masked_vectors;        /* INTMS */
    uint32_t vector_count[NVME_QUEUES_MAX]; /* entries since the last interrupt */
    uint8_t vector_fired[NVME_QUEUES_MAX + 7];
    uint8_t ready, fatal, shutdown, over_threshold;
    uint32_t pad;
    struct nvme_features f;
    /* since power-on */
    struct nvme_error error[NVME_ERRORS];
    uint64_t errors; /* ever logged */
    uint64_t units_read, units_written; /* 512-byte units */
    uint64_t reads, writes, media_errors;
    uint32_t changed; /* bit nsid - 1: since the log was read */
    uint8_t lba_shift[NVME_NAMESPACES_MAX];
    struct nvme_media media;
};

struct nvme_ns {
    struct block *block;
    uint64_t bytes;
    uint64_t at; /* where the namespace begins on the medium */
    unsigned shift; /* 9 or 12, at power-on */
};

struct nvme {
    struct pci_function pci;
    struct bank bank;
    struct clock *clock;
    struct trace *trace;
    const char *name;
    uint64_t seed;
    struct nvme_params p;
    struct nvme_media_params mp;
    char media_prefix[64];
    struct nvme_ns ns[NVME_NAMESPACES_MAX];
    unsigned namespaces, io_queues, vectors;
    bool write_cache; /* present */
    char serial[21];
    struct block *own; /* of the default configuration */
    /* Derived from the state, so that common ways need not look at all queues and slots. */
    unsigned queues; /* no queue from this number on has been created */
    uint32_t command[NVME_SLOTS]; /* sqid << 16 | cid, or NVME_NO_COMMAND */
    /* state */
    struct nvme_core c;
    struct nvme_slot slot[NVME_SLOTS];
    struct nvme_mover mover[NVME_MOVERS];
    struct nvme_fetcher fetcher[NVME_FETCHERS];
    struct nvme_vector vector[NVME_QUEUES_MAX];
    struct event enable; /* CSTS.RDY; */
    struct event stop;   /* CSTS.SHST */
};

static inline unsigned nvme_index(const struct nvme_slot *slot)
{
    return (unsigned)(slot - slot->n->slot);
}

static inline uint32_t nvme_cdw(const struct nvme_slot *slot, unsigned offset)
{
    return le32_get(slot->s.sqe + offset);
}

/* nvme.c */
/* Stops everything that is under way and frees all slots. */
void nvme_quiesce(struct nvme *n);
/* The controller cannot go on (9.5): CSTS.CFS until it is reset. */
void nvme_fatal(struct nvme *n);
void nvme_op_clear(struct dma_op *op);

/* nvme_queue.c */
void nvme_sq_doorbell(struct nvme *n, unsigned qid, uint32_t value);
void nvme_cq_doorbell(struct nvme *n, unsigned qid, uint32_t value);
void nvme_kick(struct nvme *n); /* fetch what can be fetched */
void nvme_fetched(void *owner, struct dma_op *op);
void nvme_lists_reset(struct nvme *n);
/* Derive what follows from the queues that there are, and from the slots. */
void nvme_queues_changed(struct nvme *n);
void nvme_slots_changed(struct nvme *n);
/* The command is over with `status`; its entry follows after the completion time. */
void nvme_finish(struct nvme_slot *slot, unsigned status);
/* Sends the entry now, or holds it while the queue is full. */
void nvme_post(struct nvme_slot *slot);
void nvme_posted(struct nvme_slot *slot); /* the entry has arrived */
void nvme_release(struct nvme_slot *slot); /* frees it if invariant 3 lets it */
void nvme_vector_timeout(void *owner);
void nvme_update_intx(struct nvme *n);
void nvme_vectors_unmasked(struct nvme *n);
void nvme_step(void *owner); /* a slot's event */

/* nvme_data.c */
/* Maps the command's data pointer and moves s.length bytes; ends in nvme_finish (to the host) or
 * nvme_received (from it). */
void nvme_transfer(struct nvme_slot *slot, enum nvme_direction direction, uint32_t length);
void nvme_advance(struct nvme_slot *slot); /* sends what is ready */
void nvme_list_fetched(struct nvme_slot *slot);
void nvme_moved(void *owner, struct dma_op *op);
void nvme_list_op_done(void *owner, struct dma_op *op);

/* nvme_io.c */
void nvme_io_execute(struct nvme_slot *slot);
/* Bytes [off, off + len) of the command's data, for the host or from it; 0 or a status. */
unsigned nvme_produce(struct nvme_slot *slot, uint32_t off, uint8_t *buf, uint32_t len);
unsigned nvme_consume(struct nvme_slot *slot, uint32_t off, const uint8_t *buf, uint32_t len);
void nvme_received(struct nvme_slot *slot);
uint64_t nvme_ns_blocks(const struct nvme *n, unsigned index);
/* All namespaces to stable storage; false when the host failed. */
bool nvme_flush_all(struct nvme *n);
void nvme_wait(struct nvme_slot *slot, ps_t until); /* WAITING, then finishes with s.status */
void nvme_trace_media(struct nvme_slot *slot);

/* nvme_admin.c */
void nvme_admin_execute(struct nvme_slot *slot);
void nvme_admin_fill(struct nvme_slot *slot); /* s.data for identify and get log page */
void nvme_event(struct nvme *n, enum nvme_event event);
void nvme_events_report(struct nvme *n);
void nvme_log_error(struct nvme *n, unsigned sqid, unsigned cid, unsigned status, uint32_t nsid,
                    uint64_t lba);
void nvme_sq_deleted_if_idle(struct nvme *n, unsigned qid);

/* nvme_identify.c */
unsigned nvme_identify_check(const struct nvme_slot *slot);
void nvme_identify_fill(struct nvme_slot *slot);

/* nvme_log.c */
unsigned nvme_log_check(const struct nvme_slot *slot, uint32_t *length);
void nvme_log_fill(struct nvme_slot *slot);

/* nvme_features.c */
void nvme_features_reset(struct nvme *n);
unsigned nvme_features_set(struct nvme_slot *slot);
unsigned nvme_features_get(struct nvme_slot *slot);
void nvme_temperature_check(struct nvme *n);

#endif
