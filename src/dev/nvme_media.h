/* SPDX-License-Identifier: Apache-2.0 */
/* How long the medium takes: channels x dies as servers, a write buffer in front.
 *
 * Bytes are laid out in pages of `page_bytes` over channels first, then dies.  A read occupies its
 * die, then sends its units of 4 KiB over the channel.  A write is buffered; full program units go
 * to the dies in turn.  Not modelled: garbage collection, wear, a mapping table (a read goes to
 * the die that its address names, wherever the data was last programmed), reads served from the
 * write buffer, suspension of a program by a read. */
#ifndef DEV_NVME_MEDIA_H
#define DEV_NVME_MEDIA_H

#include "sim/clock.h"
#include "sim/param.h"
#include "sim/random.h"

#define NVME_UNIT UINT64_C(4096)
#define NVME_DIES_MAX 256
#define NVME_CHANNELS_MAX 64
#define NVME_BUFFER_UNITS_MAX 1024

struct nvme_media_params {
    uint64_t channels;
    uint64_t dies;             /* a channel */
    uint64_t page_bytes;       /* consecutive bytes on one die */
    uint64_t read_ps;          /* die: read of up to 4 KiB, fast (or only) page type */
    uint64_t read_page_ps;     /* die: read of more of a page */
    uint64_t slow_read_ps;     /* the same for the slow page type */
    uint64_t slow_read_page_ps;
    uint64_t page_types;       /* 0: fast only; 1: alternating by address; 2: random */
    uint64_t channel_rate;     /* bytes per second; 0: no time */
    uint64_t program_ps;       /* die: program of program_bytes */
    uint64_t program_bytes;
    uint64_t buffer_bytes;     /* write buffer; 0: none, a write waits for its program */
    uint64_t buffer_unit_ps;   /* to put 4 KiB into the buffer */
};

/* State; plain bytes. */
struct nvme_media {
    uint64_t die_free[NVME_DIES_MAX];
    uint64_t channel_free[NVME_CHANNELS_MAX];
    uint64_t programmed[NVME_BUFFER_UNITS_MAX]; /* when the unit at this place left the buffer */
    uint64_t written;    /* units ever put into the buffer: place = written % its size */
    uint64_t open_units; /* of the program unit that is being collected */
    uint64_t open_at;    /* when its last unit came */
    uint64_t next_die;
    uint64_t drained;    /* when everything closed so far is programmed */
    struct random random;
};

void nvme_media_reset(struct nvme_media *m, uint64_t seed, const char *name);

/* A read of [offset, offset + len) that starts now; ready[i] is set to when the i-th 4-KiB unit
 * that it touches is out (never falling).  Returns when the first die starts. */
ps_t nvme_media_read(struct nvme_media *m, const struct nvme_media_params *p, ps_t now,
                     uint64_t offset, uint64_t len, uint64_t *ready);

/* A write of `len` bytes whose data is here now; returns when it may complete: buffered, or when
 * `through`, programmed. */
ps_t nvme_media_write(struct nvme_media *m, const struct nvme_media_params *p, ps_t now,
                      uint64_t len, bool through);

/* When all that was written is programmed. */
ps_t nvme_media_flush(struct nvme_media *m, const struct nvme_media_params *p, ps_t now);

#endif
