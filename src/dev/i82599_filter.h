/* SPDX-License-Identifier: Apache-2.0 */
/* What the 82599's filters keep; between i82599_filter.c and i82599_fdir.c.  The rest of the device
 * uses i82599_impl.h, and saves `fdir` (the rest is derived). */
#ifndef DEV_I82599_FILTER_H
#define DEV_I82599_FILTER_H

#include "dev/i82599_impl.h"

/* ---- flow director: a table in the receive packet buffer (7.1.2.7) ---- */

#define FDIR_BUCKETS 32768 /* with the largest allocation, signature mode */
#define FDIR_PERFECT 8192  /* the same, perfect mode */
#define FDIR_LIST_MAX 63   /* bound on a bucket's list: what FDIRLEN can count */

struct fdir_filter {
    uint16_t next;    /* in its bucket's list, or the free list: 1 + index; 0: the last */
    uint16_t bucket;
    uint16_t id;      /* FDIRHASH 30:16: signature, or software's index */
    uint16_t pad;
    uint32_t command; /* FDIRCMD as it was added */
};

/* What a perfect filter compares; addresses and flexible bytes as their registers have them. */
struct fdir_key {
    uint32_t source, destination;
    uint32_t ports; /* destination 31:16, source 15:0 */
    uint16_t vlan, flex;
};

struct i82599_fdir {
    uint16_t head[FDIR_BUCKETS]; /* 1 + index; 0: empty */
    struct fdir_filter filter[FDIR_BUCKETS];
    struct fdir_key key[FDIR_PERFECT];
    uint32_t capacity;  /* 0: flow director is off */
    uint32_t taken;     /* filter[0..taken) are or were in lists */
    uint32_t filters;   /* in lists */
    uint32_t free;      /* list of those that were */
};

/* ---- what is derived from registers, so that a frame does not have to search them ---- */

struct ether_filter {
    uint16_t type;
    uint8_t index, queue;
    bool priority_matters, to_queue, lli;
    uint8_t priority;
};

struct tuple_filter {
    uint32_t source, destination;        /* as SAQF, DAQF */
    uint16_t source_port, destination_port;
    uint8_t protocol, mask, priority, queue;
    bool lli;
};

struct filter_cache {
    bool fresh;
    bool rss, perfect, report, report_always;
    unsigned addresses, ethers, tuples;
    uint64_t address[128];               /* bytes 0 to 5, least significant first */
    struct ether_filter ether[8];
    struct tuple_filter tuple[128];      /* in the order in which they apply */
    uint8_t reta[128];
    uint32_t rss_key[72][16];            /* by nibble of the input: what it adds to the hash */
    /* flow director; masks have a 1 for what is compared */
    uint32_t first_mask;                 /* of pool, flow type, VLAN (packet_fdir_hash) */
    uint32_t source_mask, destination_mask, tcp_mask, udp_mask, sctp_mask;
    uint8_t source6_mask[16], destination6_mask[16];
    bool flex;
    unsigned flex_at;
    uint32_t bucket_mask;
    uint32_t hash[16][16]; /* by nibble of the input: what it adds to signature and bucket */
};

struct i82599_filters {
    struct i82599_fdir fdir; /* first: it is what is saved */
    struct filter_cache cache;
};

/* ---- i82599_fdir.c ---- */
void fdir_reset(struct i82599 *n);
void fdir_derive(struct i82599 *n);
void fdir_control_written(struct i82599 *n);
void fdir_command_written(struct i82599 *n, uint32_t written);
uint32_t fdir_free(const struct i82599 *n);
/* Looks an unfragmented IP packet up and says in `route` what follows; true: a queue was chosen. */
bool fdir_route(struct i82599 *n, const struct packet *p, const uint8_t *frame,
                struct rx_route *route);

#endif
