/* SPDX-License-Identifier: Apache-2.0 */
/* The board's NICs: each a device, its PCIe link, its wire, and what the wire leads to. */
#ifndef MACHINE_NET_H
#define MACHINE_NET_H

#include "bus/link.h"
#include "bus/wire.h"
#include "dev/netgen.h"
#include "host/netif.h"
#include "host/pcap.h"
#include "machine/config.h"

struct machine;

struct nic {
    char name[8], link_name[16], wire_name[16], gen_name[8];
    struct machine *machine;
    const struct nic_config *config;
    void *device; /* an i82599 */
    struct link link;
    struct wire wire;
    /* One of these at the other end, or neither. */
    struct netif *netif;
    struct netgen *gen;
    struct pcap_reader *recording;  /* that the generator sends */
    uint64_t recording_from_ns, recording_at_ns;
    bool recording_begun;
    uint8_t *recorded;              /* a frame of it */
    struct pcap_writer *record;
};

/* At construction: wire and generator; the device is the board's to make. */
int nic_init(struct nic *nic, struct machine *m, unsigned n, struct err *err);
/* The parameters are final. */
void nic_update(struct nic *nic);
void nic_reset(struct nic *nic);
void nic_fini(struct nic *nic);

/* Opens what the NICs' wires lead to on the host, unless config->offline. */
int net_open(struct machine *m, struct err *err);
/* Completes captures and reports, closes; -1 with err when something was lost. */
int net_close(struct machine *m, struct err *err);

/* Before and after a poll.  net_prepare returns how many descriptors the NICs wait for. */
size_t net_prepare(struct machine *m, struct pollset *set);
void net_done(struct machine *m, const struct pollset *set);

/* A frame for the capture of this NIC's, if it keeps one: for who takes frames off the wire. */
void nic_record(struct nic *nic, enum wire_side from, const struct frame *frame);

#endif
