/* SPDX-License-Identifier: Apache-2.0 */
/* Sent packets; and traces that nobody's machine would write: they are laid out or refused. */
#include "packets_rig.h"

/* ---- send ---- */

enum { SENDER = READER };

/* The system call up to the driver, 900 ns; the doorbell's store at +1000.  Returns the record of
 * its taking effect, 250 later. */
static uint64_t submit(uint64_t ns, unsigned slot, bool rings, uint64_t tail)
{
    uint64_t id;

    ecall(ns);
    call(ns + 100, "udp_sendmsg", SENDER, SOCKET, 0);
    call(ns + 200, "__ip_append_data", SENDER, 0, 0);
    call(ns + 300, "ip_generic_getfrag", SENDER, 0, 0);
    call(ns + 400, "udp_send_skb", SENDER, skb_of(slot), 0);
    call(ns + 500, "ip_send_skb", SENDER, 0, skb_of(slot));
    call(ns + 600, "__dev_queue_xmit", SENDER, skb_of(slot), 0);
    call(ns + 800, "dev_hard_start_xmit", SENDER, skb_of(slot), 0);
    call(ns + 900, "ixgbe_xmit_frame", SENDER, skb_of(slot), 0);
    if (!rings)
        return 0;
    id = trace_mmio_store(&t, HART, at(ns + 1000), 0, NIC, 0x6018, 4, tail);
    id = trace_mmio_arrive(&t, NIC, at(ns + 1250), id, 0x6018, 4, tail);
    return trace_nic_doorbell(&t, NIC, at(ns + 1250), id, 1, 0, tail);
}

/* From the doorbell at `ns`: fetched 500, data 500, sent at +1200, on the wire until +1267. */
static void transmit(uint64_t ns, uint64_t doorbell, uint64_t number, unsigned first)
{
    uint64_t id = trace_nic_fetch(&t, NIC, at(ns + 50), doorbell, 1, 0, first, 2), data;

    id = trace_dma_read(&t, NIC, at(ns + 50), id, 0x80300000, 32);
    id = trace_dma_read_done(&t, NIC, at(ns + 550), id, 0x80300000, 32, at(ns + 50), at(ns + 300),
                             0);
    data = trace_dma_read(&t, NIC, at(ns + 600), id, 0x80400000, 40);
    id = trace_nic_tx(&t, NIC, at(ns + 600), id, 0, first, 2, 60, 1);
    trace_dma_read_done(&t, NIC, at(ns + 1100), data, 0x80400000, 40, at(ns + 600), at(ns + 850),
                        0);
    id = trace_nic_send(&t, NIC, at(ns + 1200), id, 0, first, number, 60);
    trace_wire_frame(&t, WIRE, at(ns + 1267), id, 0, number, 60, at(ns + 1200), 0, 0);
}

static uint64_t sent_writeback(uint64_t ns, unsigned index)
{
    uint64_t id = trace_nic_writeback(&t, NIC, at(ns), 0, 1, 0, index, 1);

    id = trace_dma_write(&t, NIC, at(ns), id, 0x80300000, 16);
    return trace_dma_write_done(&t, NIC, at(ns + 200), id, 0x80300000, 16, at(ns), 0);
}

static void test_a_sent_packet_is_laid_out_up_to_the_wire(void)
{
    begin(PACKETS_SEND);
    transmit(2250, submit(1000, 0, true, 2), 1, 0);
    sysret(2600);
    sleep_at(3000);
    take_interrupt(4060, interrupt(4010, sent_writeback(3600, 1), true, 0));
    call(4500, "handle_softirqs", IDLE_TASK, 0, 0);
    call(4600, "ixgbe_poll", IDLE_TASK, NAPI, 64);
    call(4700, "napi_consume_skb", IDLE_TASK, skb_of(0), 64);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(pk.shown.total_ps, 2517 * PS_PER_NS);
    CHECK(is_at("syscall: ecall to udp_sendmsg", 0, 100));
    CHECK(is_at("copy from user", 300, 100));
    CHECK(is_at("ixgbe: DMA map, descriptors, doorbell", 900, 100));
    CHECK(is_at("doorbell crosses the link", 1000, 250));
    CHECK(is_at("NIC sees the doorbell", 1250, 50));
    CHECK(is_at("DMA: descriptors fetched", 1300, 500));
    CHECK(is_at("DMA: data fetched", 1850, 500));
    CHECK(is_at("NIC: checksums, pipeline, wire's turn", 2350, 100));
    CHECK(is_at("frame on the wire", 2450, 67));
    CHECK(is_at("back to user mode", 1000, 600));
    CHECK(!segment("back to user mode")->critical);
    CHECK(is_at("on the chip; write-back held back", 2350, 250));
    CHECK(is_at("DMA: descriptor written back", 2600, 200));
    CHECK(is_at("ixgbe_poll: sent ones before", 3600, 100));
    CHECK_EQ_U64(stage("user to wire")->took.p50, 2517 * PS_PER_NS);
    CHECK_EQ_U64(stage("system call")->took.p50, 1600 * PS_PER_NS);
    CHECK_EQ_U64(stage("until the skb is freed")->took.p50, 3700 * PS_PER_NS);
}

static void test_one_doorbell_is_for_all_packets_before_it(void)
{
    uint64_t doorbell;

    begin(PACKETS_SEND);
    submit(1000, 0, false, 0);
    call(1950, "ixgbe_xmit_frame", SENDER, skb_of(1), 0);
    doorbell = submit(2000, 2, true, 6);
    transmit(3250, doorbell, 1, 0);
    transmit(4250, doorbell, 2, 2);
    transmit(5250, doorbell, 3, 4);
    sysret(3600);
    CHECK(lay_out() == 0);
    check_promises();
    /* The second is of the same system call as the first. */
    CHECK_EQ_U64(pk.window.arrived, 3);
    CHECK_EQ_U64(pk.window.finished, 3);
    CHECK_EQ_U64(stage("doorbell crosses the link")->took.count, 3);
    CHECK_EQ_U64(stage("doorbell crosses the link")->took.max, 250 * PS_PER_NS);
}

static void test_a_packet_in_pieces_ends_with_its_last_frame(void)
{
    uint64_t doorbell, id;

    begin(PACKETS_SEND);
    doorbell = submit(1000, 0, true, 2);
    transmit(2250, doorbell, 1, 0);
    id = trace_nic_send(&t, NIC, at(3600), 0, 0, 0, 2, 1514);
    trace_wire_frame(&t, WIRE, at(4800), id, 0, 2, 1514, at(3600), 0, 0);
    sysret(5000);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(is_at("frame on the wire", 2450, 4800 - 1000 - 2450));
}

/* The ring has 8 descriptors: the packet at 7 goes on at 0. */
static void test_a_write_back_is_found_beyond_the_ring_s_end(void)
{
    begin(PACKETS_SEND);
    transmit(2250, submit(1000, 0, true, 1), 1, 7);
    sysret(2600);
    sleep_at(3000);
    take_interrupt(4060, interrupt(4010, sent_writeback(3600, 0), true, 0));
    call(4500, "handle_softirqs", IDLE_TASK, 0, 0);
    call(4600, "ixgbe_poll", IDLE_TASK, NAPI, 64);
    call(4700, "napi_consume_skb", IDLE_TASK, skb_of(0), 64);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(is_at("DMA: descriptor written back", 2600, 200));
}

/* ---- hostile ---- */

static const char *random_function(struct random *random)
{
    static char name[64];
    unsigned roles = 0;
    const char *p;

    while (packets_functions[roles])
        roles++;
    p = packets_functions[roles ? random_below(random, roles) : 0];
    if (!p)
        return "ixgbe_poll";
    snprintf(name, sizeof name, "%.*s", (int)strcspn(p, "|"), p);
    return name;
}

static void random_record(struct random *random, ps_t *now)
{
    uint64_t kind = random_below(random, TRACE_KIND_COUNT + TRACE_KIND_COUNT / 2);
    uint64_t source = random_below(random, SOURCES), args[TRACE_ARGS_MAX];
    bool near = random_below(random, 4);
    ps_t when;

    if (kind >= TRACE_KIND_COUNT)
        kind = TRACE_KIND_probe;
    if (kind == TRACE_KIND_probe || kind <= TRACE_KIND_idle_end)
        source = random_below(random, 2);
    *now += random_below(random, 100);
    when = source <= OTHER_HART || near ? at(*now) : random_u64(random);
    for (unsigned k = 0; k < TRACE_ARGS_MAX; k++)
        args[k] = near ? random_below(random, 5) : random_u64(random);
    if (kind == TRACE_KIND_probe) {
        args[0] = address(random_function(random));
        args[3] = near ? skb_of((unsigned)args[3]) : args[3];
        args[4] = near ? skb_of((unsigned)args[4]) : args[4];
    }
    if (kind == TRACE_KIND_trap && near)
        args[0] = args[0] & 1 ? INTERRUPT | 9 : 8;
    trace_emit(&t, (unsigned)source, (enum trace_kind)kind, when,
               random_below(random, t.next_id + 2), args);
}

static int draw_packets(FILE *out, void *ctx)
{
    packets_print(ctx, out);
    packets_svg(ctx, out);
    return 0;
}

static void test_random_records_are_laid_out_or_refused(void)
{
    struct random random;
    unsigned shown = 0;

    random_init(&random, 3, "hostile packets");
    for (unsigned round = 0; round < 1500; round++) {
        ps_t now = 20000;

        begin(round & 1 ? PACKETS_SEND : PACKETS_RECEIVE);
        options.skip = random_below(&random, 3);
        options.choice = (enum packet_choice)random_below(&random, 4);
        if (random_below(&random, 4)) {
            /* Some of it makes sense, so that the rest meets a state. */
            whole_packet(1000, 1, 0);
            transmit(2250 + 5000, submit(6000, 1, true, 2), 1, 0);
            sysret(7500);
        }
        for (unsigned n = 0, count = (unsigned)random_below(&random, 400); n < count; n++)
            random_record(&random, &now);
        if (lay_out() == 0) {
            json_t *j = packets_json(&pk);

            check_promises();
            CHECK(j != NULL);
            json_decref(j);
            free(printed(draw_packets, &pk));
            shown += pk.has_shown;
        } else {
            CHECK(err.text[0] && !strstr(err.text, "internal"));
        }
    }
    CHECK(shown > 300);
}

static void test_a_damaged_file_gives_one_line(void)
{
    uint8_t *whole;
    size_t whole_size;

    begin(PACKETS_RECEIVE);
    whole_packet(1000, 1, 0);
    CHECK(lay_out() == 0);
    whole = xcalloc(1, size);
    memcpy(whole, bytes, size);
    whole_size = size;
    for (size_t n = 0; n < whole_size; n += 37) {
        CHECK(lay_out_bytes(n) == -1);
        CHECK(err.text[0] && strstr(err.text, "doorbell-packets"));
        bytes[n] ^= 0x10;
        (void)lay_out_bytes(whole_size);
        memcpy(bytes, whole, whole_size);
    }
    free(whole);
}

static void test_two_results_that_are_none_are_compared_or_refused(void)
{
    static const char *const texts[] = {
        "{}", "[]", "{\"schema\":\"doorbell.explain-net/1\"}",
        "{\"schema\":\"doorbell.explain-net/1\",\"stages\":[1,{\"name\":7},{\"name\":\"x\","
        "\"p50_ps\":-5,\"step\":{}}],\"totals\":{},\"window\":{\"harts\":[[],{}]}}"};

    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = 0; k < 4; k++) {
            json_t *a = json_loads(texts[i], 0, NULL), *b = json_loads(texts[k], 0, NULL);
            char *text = NULL;
            size_t n = 0;
            FILE *out = open_memstream(&text, &n);

            CHECK(packets_compare(a, b, out, &err) == (i >= 2 && k >= 2 ? 0 : -1));
            fclose(out);
            free(text);
            json_decref(a);
            json_decref(b);
        }
}

TEST_MAIN(test_a_sent_packet_is_laid_out_up_to_the_wire,
          test_one_doorbell_is_for_all_packets_before_it,
          test_a_packet_in_pieces_ends_with_its_last_frame,
          test_a_write_back_is_found_beyond_the_ring_s_end,
          test_random_records_are_laid_out_or_refused, test_a_damaged_file_gives_one_line,
          test_two_results_that_are_none_are_compared_or_refused)
