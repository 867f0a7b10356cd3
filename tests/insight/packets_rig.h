/* SPDX-License-Identifier: Apache-2.0 */
/* Traces of packets that a test makes up, written with the recorder, record by record as the
 * machine would, and laid out.  Times are in nanoseconds since START_NS. */
#ifndef TESTS_INSIGHT_PACKETS_RIG_H
#define TESTS_INSIGHT_PACKETS_RIG_H

#include "insight/packets.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "insight/timeline.h"
#include "insight/trace_file.h"
#include "sim/random.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/check.h"

enum { HART, OTHER_HART, NIC, WIRE, IMSIC, SOURCES };
enum { READER = 0x1000, IDLE_TASK = 0x2000, NAPI_THREAD = 0x3000, USER_TP = 0x77, SOCKET = 0x5000,
       NAPI = 0x6000, ECALL_PC = 0x400, IDLE_PC = 0xa0 };
#define INTERRUPT (UINT64_C(1) << 63)
#define START_NS 5000000 /* of every trace: nothing may depend on zero */
#define LINEAR UINT64_C(0xffffffd600000000) /* a kernel address of memory less its DMA address */

static struct err err;
static struct packets pk;
static struct packets_options options;
static struct trace t;
static struct clock clock_now;
static uint8_t *bytes;
static size_t size;
static char path[] = "/tmp/doorbell-packets-XXXXXX";
static char *without_function;

/* ---- writing a trace ---- */

static inline int append(void *sink, const void *from, size_t n)
{
    (void)sink;
    bytes = xrealloc(bytes, size + n);
    memcpy(bytes + size, from, n);
    size += n;
    return 0;
}

static inline char *meta(const char *without)
{
    static const char *const units[] = {"hex", "dec", "ps", "bytes", "source"};
    json_t *schema = json_array(), *all;
    char *text;

    for (unsigned k = 0; k < TRACE_KIND_COUNT; k++) {
        const struct trace_schema *s = &trace_schema[k];
        json_t *args = json_array();

        for (unsigned a = 0; a < s->count; a++)
            json_array_append_new(args, json_pack("[ss]", s->args[a].name, units[s->args[a].unit]));
        json_array_append_new(schema, json_pack("{ss ss so}", "name",
                                                strcmp(s->name, without) ? s->name : "gone", "doc",
                                                s->doc, "args", args));
    }
    all = json_pack("{ss s{ss si s{sI} s{}} s[sssss] so}", "format", "doorbell.trace/1", "run",
                    "id", "r", "seed", 1, "machine", "frequency_hz", (json_int_t)3000000000,
                    "parameters_changed", "sources", "hart0", "hart1", "nic0", "wire0", "imsic",
                    "schema", schema);
    text = json_dumps(all, JSON_COMPACT);
    json_decref(all);
    return text;
}

/* The address of a function that the table names. */
static inline uint64_t address(const char *name)
{
    for (unsigned i = 0, n = 0; packets_functions[i]; i++)
        for (const char *p = packets_functions[i]; *p; p += strcspn(p, "|"), p += *p == '|', n++)
            if (strcspn(p, "|") == strlen(name) && !strncmp(p, name, strlen(name)))
                return UINT64_C(0xffffffff80001000) + n * 64;
    check_fail(__FILE__, __LINE__, name);
    return 0;
}

static inline void put_symbols(void)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    for (unsigned i = 0; packets_functions[i]; i++)
        for (const char *p = packets_functions[i]; *p; p += strcspn(p, "|"), p += *p == '|') {
            char name[64];
            snprintf(name, sizeof name, "%.*s", (int)strcspn(p, "|"), p);
            if (!without_function || strcmp(name, without_function))
                fprintf(out, "%016" PRIx64 " t %s -\n", address(name), name);
        }
    fclose(out);
    trace_chunk(&t, TRACE_CHUNK_SYMS, text, n);
    free(text);
}

static inline void begin_without(const char *event)
{
    const char *note = "{\"guest\":{\"kernel\":\"6\"},\"request\":{\"what\":\"receive\","
                       "\"how\":\"napi\",\"bytes\":18,\"rate_per_s\":1000,\"skip\":1}}";
    char *text = meta(event);

    free(bytes);
    bytes = NULL;
    size = 0;
    trace_init(&t, &clock_now);
    trace_open(&t, append, NULL, text);
    free(text);
    put_symbols();
    trace_chunk(&t, TRACE_CHUNK_NOTE, note, strlen(note));
    t.on = true;
}

static inline void begin(enum packets_direction direction)
{
    options = (struct packets_options){.direction = direction};
    begin_without("");
}

static inline int lay_out_bytes(size_t n)
{
    static bool made;
    FILE *f;
    int rc;

    if (!made)
        close(mkstemp(path));
    made = true;
    f = fopen(path, "wb");
    CHECK(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
    packets_free(&pk);
    err.text[0] = '\0';
    rc = packets_build(&pk, path, &options, &err);
    unlink(path);
    return rc;
}

static inline int lay_out(void)
{
    CHECK(trace_close(&t) == 0);
    trace_fini(&t);
    return lay_out_bytes(size);
}

static inline ps_t at(uint64_t ns)
{
    return (START_NS + ns) * PS_PER_NS;
}

static inline void call_on(unsigned hart, uint64_t ns, const char *function, uint64_t tp,
                           uint64_t a0, uint64_t a1)
{
    trace_probe(&t, hart, at(ns), 0, address(function), tp, 0, a0, a1);
}

static inline void call(uint64_t ns, const char *function, uint64_t tp, uint64_t a0, uint64_t a1)
{
    call_on(HART, ns, function, tp, a0, a1);
}

static inline void ecall(uint64_t ns)
{
    trace_trap(&t, HART, at(ns), 0, 8, ECALL_PC, 0, 0, 1, USER_TP);
}

static inline void sysret(uint64_t ns)
{
    trace_trap_return(&t, HART, at(ns), 0, ECALL_PC + 4, 1, 0, USER_TP);
}

/* ---- the device ---- */

static inline uint64_t buffer_of(unsigned slot)
{
    return UINT64_C(0x80100000) + slot * 2048 + 192;
}

/* The last bit of a frame of 60 bytes is here. */
static inline void frame(uint64_t ns, uint64_t number)
{
    trace_wire_frame(&t, WIRE, at(ns), 0, 1, number, 60, at(ns - 67), 0, 0);
}

/* Its data go to the link at `ns`, are in memory at +200; the descriptor at +210.  Returns the
 * record of that. */
static inline uint64_t store_frame(uint64_t ns, uint64_t number, unsigned slot)
{
    uint64_t rx = trace_nic_rx(&t, NIC, at(ns), 0, number, 0, slot, 1, 60), data, wb;

    data = trace_dma_write(&t, NIC, at(ns), rx, buffer_of(slot), 60);
    wb = trace_nic_writeback(&t, NIC, at(ns + 1), rx, 0, 0, slot, 1);
    wb = trace_dma_write(&t, NIC, at(ns + 1), wb, 0x80200000 + slot * 16, 16);
    trace_dma_write_done(&t, NIC, at(ns + 200), data, buffer_of(slot), 60, at(ns), 0);
    return trace_dma_write_done(&t, NIC, at(ns + 210), wb, 0x80200000 + slot * 16, 16, at(ns + 1),
                                0);
}

/* The interrupt for what `cause` wrote back: sent at `ns`, pending 50 later.  Held since `held`
 * (0: not). */
static inline uint64_t interrupt(uint64_t ns, uint64_t cause, bool transmit, uint64_t held)
{
    uint64_t id;

    cause = trace_nic_cause(&t, NIC, at(held ? held : ns), cause, 0, transmit, 0);
    if (held)
        trace_nic_moderate(&t, NIC, at(held), cause, 0, at(ns));
    id = trace_nic_interrupt(&t, NIC, at(ns), cause, 0, held ? (ns - held) * PS_PER_NS : 0);
    id = trace_msi(&t, NIC, at(ns + 50), id, 0x28000000, 6, at(ns), 0);
    id = trace_irq_pend(&t, IMSIC, at(ns + 50), id, 1, 6);
    trace_irq_hart(&t, IMSIC, at(ns + 50), id, 0, 9, 1);
    return id;
}

/* ---- the hart ---- */

static inline void sleep_at(uint64_t ns)
{
    trace_idle_begin(&t, HART, at(ns), 0, IDLE_PC);
}

/* From wfi through the driver's handler: ends at +300, with the softirq raised at +250. */
static inline void take_interrupt(uint64_t ns, uint64_t pend)
{
    trace_idle_end(&t, HART, at(ns), pend, 0);
    trace_trap(&t, HART, at(ns + 100), pend, INTERRUPT | 9, IDLE_PC + 4, 0, 1, 1, IDLE_TASK);
    call(ns + 200, "ixgbe_msix_clean_rings", IDLE_TASK, 40, NAPI - 64);
    call(ns + 250, "__napi_schedule_irqoff", IDLE_TASK, NAPI, 0);
}

static inline uint64_t skb_of(unsigned slot)
{
    return UINT64_C(0xffffffd680001000) + slot * 256;
}

/* The driver makes an skb of a buffer, 60 ns. */
static inline void driver_takes(uint64_t ns, unsigned slot, uint64_t tp)
{
    call(ns, "napi_build_skb", tp, buffer_of(slot) - 192 + LINEAR, 2048);
    call(ns + 40, "eth_type_trans", tp, skb_of(slot), 0);
    call(ns + 60, "napi_gro_receive", tp, NAPI, skb_of(slot));
}

/* The stack takes it to the socket, 110 ns; a sleeping reader is woken at +120. */
static inline void stack_takes(uint64_t ns, unsigned slot, uint64_t tp, bool wakes)
{
    call(ns, "ip_rcv_core", tp, skb_of(slot), 0);
    call(ns + 20, "ip_local_deliver", tp, skb_of(slot), 0);
    call(ns + 40, "udp_rcv", tp, skb_of(slot), 0);
    call(ns + 80, "__udp_enqueue_schedule_skb", tp, SOCKET, skb_of(slot));
    call(ns + 110, "sock_def_readable", tp, SOCKET, 0);
    if (wakes)
        call(ns + 120, "try_to_wake_up", tp, READER, 0);
}

/* Copy and return, 100 ns. */
static inline void reader_takes(uint64_t ns, unsigned slot)
{
    call(ns, "_copy_to_iter", READER, buffer_of(slot) + LINEAR, 18);
    call(ns + 60, "skb_consume_udp", READER, SOCKET, skb_of(slot));
    sysret(ns + 100);
}

/* The softirq from `ns` on with one packet: 100 to the poll, 100 to the packet, then the stack;
 * ends at +600, the interrupt at +650. */
static inline void softirq_one(uint64_t ns, unsigned slot, bool wakes)
{
    call(ns, "handle_softirqs", IDLE_TASK, 0, 0);
    call(ns + 100, "ixgbe_poll", IDLE_TASK, NAPI, 64);
    driver_takes(ns + 200, slot, IDLE_TASK);
    call(ns + 300, "netif_receive_skb_list_internal", IDLE_TASK, 0, 0);
    stack_takes(ns + 320, slot, IDLE_TASK, wakes);
    call(ns + 600, "handle_softirqs:return", IDLE_TASK, 0, 0);
    trace_trap_return(&t, HART, at(ns + 650), 0, IDLE_PC + 4, 1, 1, IDLE_TASK);
}

/* From the idle loop to user mode, 600 ns. */
static inline void switch_and_read(uint64_t ns, unsigned slot)
{
    call(ns, "__schedule", IDLE_TASK, 0, 0);
    call(ns + 100, "finish_task_switch", READER, 0, 0);
    reader_takes(ns + 500, slot);
}

/* A packet that comes to a sleeping reader: arrives at `ns`, is read at +3000. */
static inline void whole_packet(uint64_t ns, uint64_t number, unsigned slot)
{
    uint64_t pend;

    sleep_at(ns - 500);
    frame(ns, number);
    pend = interrupt(ns + 510, store_frame(ns + 300, number, slot), false, 0);
    take_interrupt(ns + 560, pend);
    softirq_one(ns + 1000, slot, true);
    switch_and_read(ns + 2400, slot);
    ecall(ns + 3100);
}

/* ---- looking at the result ---- */

static inline const struct packet_segment *segment(const char *name)
{
    for (unsigned i = 0; i < pk.shown.segments; i++)
        if (!strcmp(pk.shown.segment[i].name, name))
            return &pk.shown.segment[i];
    return NULL;
}

static inline bool is_at(const char *name, uint64_t start_ns, uint64_t took_ns)
{
    const struct packet_segment *s = segment(name);

    if (s && s->start_ps == start_ns * PS_PER_NS && s->took_ps == took_ns * PS_PER_NS)
        return true;
    if (s)
        printf("%s: %" PRIu64 " +%" PRIu64 "\n", name, s->start_ps / 1000, s->took_ps / 1000);
    else
        printf("%s: not there\n", name);
    return false;
}

static inline const struct packet_stage *stage(const char *name)
{
    static const struct packet_stage none;

    for (unsigned i = 0; i < pk.stages; i++)
        if (!strcmp(pk.stage[i].name, name))
            return &pk.stage[i];
    return &none;
}

static inline bool has_note(const char *part)
{
    for (unsigned i = 0; i < pk.notes; i++)
        if (strstr(pk.note[i], part))
            return true;
    return false;
}

/* What is promised of any result. */
static inline void check_promises(void)
{
    const struct packet_window *w = &pk.window;
    ps_t at_ps = 0;

    for (unsigned i = 0; i < pk.shown.segments; i++) {
        const struct packet_segment *s = &pk.shown.segment[i];
        if (!s->critical)
            continue;
        CHECK_EQ_U64(s->start_ps, at_ps);
        at_ps += s->took_ps;
    }
    if (pk.has_shown)
        CHECK_EQ_U64(at_ps, pk.shown.total_ps);
    for (unsigned i = 0; i < pk.stages; i++) {
        const struct percentiles *p = &pk.stage[i].took;
        CHECK(p->min <= p->p50 && p->p50 <= p->p90 && p->p90 <= p->p99 && p->p99 <= p->p999 &&
              p->p999 <= p->max && p->count > 0 && p->count <= w->finished);
    }
    for (unsigned h = 0; h < PACKET_HARTS_MAX; h++) {
        ps_t sum = 0;
        for (unsigned c = 0; c < SPENT_HART; c++)
            sum += w->spent[h][c];
        CHECK(sum <= w->took_ps);
    }
}

static inline char *printed(int (*print)(FILE *out, void *ctx), void *ctx)
{
    static char *text;
    static size_t n;
    FILE *out = open_memstream(&text, &n);

    CHECK(print(out, ctx) == 0);
    fclose(out);
    return text;
}

#endif
