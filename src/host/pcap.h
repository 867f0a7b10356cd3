/* SPDX-License-Identifier: Apache-2.0 */
/* Packet capture files: reads pcap (microseconds or nanoseconds, either byte order) and pcapng,
 * writes pcapng with nanoseconds.  Ethernet only.  What is read is hostile.
 *
 * (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng.) */
#ifndef HOST_PCAP_H
#define HOST_PCAP_H

#include "base/err.h"

#include <stdint.h>

/* A block or record longer than this is a damaged file. */
#define PCAP_BLOCK_MAX (UINT32_C(1) << 20)

struct pcap_frame {
    uint64_t time_ns;     /* as recorded */
    const uint8_t *bytes; /* of the reader: valid until the next call */
    uint32_t len;         /* bytes recorded, without a check sequence that the file has */
    uint32_t original;    /* bytes that the frame had; at least len */
};

struct pcap_reader;

/* NULL with err when it is not a capture of Ethernet frames. */
struct pcap_reader *pcap_open(const char *path, struct err *err);
/* 1: a frame; 0: the end; -1 with err: the file is cut off or damaged here, nothing comes after.
 * Frames of interfaces that are not Ethernet are passed over. */
int pcap_next(struct pcap_reader *reader, struct pcap_frame *frame, struct err *err);
void pcap_close(struct pcap_reader *reader);

enum pcap_direction { PCAP_UNKNOWN, PCAP_RECEIVED, PCAP_SENT };

struct pcap_writer;

/* Creates the file; `interface` is named in it.  NULL with err. */
struct pcap_writer *pcap_create(const char *path, const char *interface, struct err *err);
/* Never fails; pcap_finish does if anything was lost.  crc_error: the frame's check sequence was
 * wrong when it arrived. */
void pcap_write(struct pcap_writer *writer, uint64_t time_ns, const uint8_t *frame, uint32_t len,
                enum pcap_direction direction, int crc_error);
int pcap_finish(struct pcap_writer *writer, struct err *err);

#endif
