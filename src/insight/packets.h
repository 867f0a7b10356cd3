/* SPDX-License-Identifier: Apache-2.0 */
/* The packets of a trace, laid out: where each was when, one of them in full, and all of them as
 * percentiles; what interrupts, polls and the harts' time they took.
 *
 * Everything comes from a trace file with the NIC's events and probes at the functions of
 * insight/steps/net_functions.def.  Which instants bound which step is insight/steps/receive.def or
 * send.def. */
#ifndef INSIGHT_PACKETS_H
#define INSIGHT_PACKETS_H

#include "base/err.h"
#include "sim/clock.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum packets_direction { PACKETS_RECEIVE, PACKETS_SEND };

enum packet_lane { PACKET_WIRE, PACKET_NIC, PACKET_LINK, PACKET_HART, PACKET_LANES };

/* Who spends the time: the first five are a hart's. */
enum packet_context {
    SPENT_USER, SPENT_KERNEL, SPENT_IRQ, SPENT_SOFTIRQ, SPENT_IDLE, SPENT_HART,
    SPENT_WIRE = SPENT_HART, SPENT_DEVICE, SPENT_LINK
};

/* Which packet is shown in full.  Marked: the one that the system call between the last marks 2
 * and 3 was about, as long as there is such a one, else the median. */
enum packet_choice { PACKET_MEDIAN, PACKET_MARKED, PACKET_FASTEST, PACKET_SLOWEST };

struct packet_segment {
    char step;
    const char *name;
    enum packet_lane lane;
    unsigned hart; /* of PACKET_HART */
    enum packet_context context;
    ps_t start_ps, took_ps; /* start: since the packet began */
    bool critical;
    uint64_t dma_bytes, cpu_bytes;
    unsigned mmio_reads, mmio_writes;
};

#define PACKET_SEGMENTS_MAX 96

struct packet_shown {
    uint64_t number; /* on the wire; 0: never got there */
    unsigned queue;
    uint64_t bytes;
    ps_t total_ps;
    struct packet_segment segment[PACKET_SEGMENTS_MAX];
    unsigned segments;
};

/* Of a number of durations: nearest rank. */
struct percentiles {
    uint64_t count;
    ps_t min, p50, p90, p99, p999, max, mean;
};

struct packet_stage {
    char step;
    const char *name;
    bool total; /* a row of totals, not a step */
    bool critical;
    struct percentiles took;
};

#define PACKET_STAGES_MAX 64
#define PACKET_HARTS_MAX 64
#define PACKET_REASONS 10 /* 1 to 7: those of nic_drop; then: */
enum { DROP_IN_STACK = 8, DROP_IN_SOCKET = 9 };

/* What happened from the first counted packet's arrival to the end of the recording. */
struct packet_window {
    ps_t start_ps, took_ps;
    uint64_t arrived;            /* frames at the NIC (receive), packets given to it (send) */
    uint64_t finished, otherwise; /* counted in `stages`; ended in another way than most */
    uint64_t under_way;          /* had not ended when the recording did */
    uint64_t dropped[PACKET_REASONS];
    uint64_t interrupts, polls, polled; /* by polls: packets received or, to send, freed */
    uint64_t other_interrupts;   /* traps by interrupts that are not the NIC's */
    uint64_t mmio_reads, mmio_writes;
    uint64_t up_bytes, down_bytes; /* payloads on the PCIe link, to and from memory or the hart */
    ps_t spent[PACKET_HARTS_MAX][SPENT_HART];
    bool seen[PACKET_HARTS_MAX];
};

#define PACKET_NOTES_MAX 16

struct packets {
    enum packets_direction direction;
    struct packet_shown shown;
    bool has_shown;
    struct packet_stage stage[PACKET_STAGES_MAX];
    unsigned stages;
    struct packet_window window;
    uint64_t frequency_hz; /* of a hart; 0: unknown */
    char note[PACKET_NOTES_MAX][160];
    unsigned notes;
    json_t *run, *guest, *request;
};

struct packets_options {
    enum packets_direction direction;
    enum packet_choice choice;
    uint64_t skip; /* packets at the start that are not counted */
    bool own_skip; /* as many as the trace's request says in "skip" */
};

/* Kernel functions to probe, NULL-terminated; an element may be several names separated by '|',
 * and "f:return" are the return instructions of f. */
extern const char *const packets_functions[];

/* 0, or -1 with err; free the result in any case. */
int packets_build(struct packets *p, const char *trace_path, const struct packets_options *o,
                  struct err *err);
void packets_free(struct packets *p);

void packets_print(const struct packets *p, FILE *out);
/* A picture: the packet's lanes over time, the stages' percentiles, the harts' shares. */
void packets_svg(const struct packets *p, FILE *out);
/* Schema doorbell.explain-net/1; the caller's reference. */
json_t *packets_json(const struct packets *p);
/* Whether that is a result of packets_json; two of them side by side. */
bool packets_are(const json_t *result);
int packets_compare(const json_t *a, const json_t *b, FILE *out, struct err *err);

const char *packet_context_name(enum packet_context context);
const char *packet_lane_name(enum packet_lane lane);
const char *packet_drop_name(unsigned reason);

#endif
