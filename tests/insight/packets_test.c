/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of traces made for it: received in each mode, and what all of them add up to. */
#include "packets_rig.h"

/* ---- one packet ---- */

static void test_a_packet_to_a_sleeping_reader_is_laid_out_and_sums_exactly(void)
{
    begin(PACKETS_RECEIVE);
    whole_packet(1000, 1, 0);
    trace_mark(&t, HART, at(5000), 0, MARK_RUN_END, 0);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(pk.shown.total_ps, 3067 * PS_PER_NS);
    CHECK(is_at("frame on the wire", 0, 67));
    CHECK(is_at("NIC: filters, queue, packet buffer", 67, 300));
    CHECK(is_at("DMA: data to memory", 367, 200));
    CHECK(is_at("DMA: descriptor written back", 567, 10));
    CHECK(is_at("interrupt message (MSI-X)", 577, 50));
    CHECK(is_at("wfi exit", 627, 100));
    CHECK(is_at("trap to the driver's handler", 727, 100));
    CHECK(is_at("hard interrupt: ixgbe_msix_clean_rings", 827, 50));
    CHECK(is_at("softirq raised, interrupt ends", 877, 190));
    CHECK(is_at("softirq: net_rx_action", 1067, 100));
    CHECK(is_at("ixgbe_poll: sent ones, packets before", 1167, 100));
    CHECK(is_at("ixgbe_poll: skb built and filled", 1267, 60));
    CHECK(is_at("GRO; rest of the batch in the driver", 1327, 40));
    CHECK(is_at("stack takes the batch", 1367, 20));
    CHECK(is_at("IP: ip_rcv, route", 1387, 20));
    CHECK(is_at("UDP: to the socket's queue", 1467, 30));
    CHECK(is_at("in the socket's queue", 1497, 10));
    CHECK(is_at("reader woken; rest of the poll", 1507, 160));
    CHECK(is_at("softirq ends, to the scheduler", 1667, 800));
    CHECK(is_at("switch to the reader", 2467, 100));
    CHECK(is_at("reader runs again", 2567, 400));
    CHECK(is_at("copy to user", 2967, 60));
    CHECK(is_at("skb freed, return to user", 3027, 40));
    CHECK(!segment("in memory, until the driver polls"));
    CHECK(pk.notes == 0);
}

static void test_a_step_has_its_lane_context_and_bytes(void)
{
    begin(PACKETS_RECEIVE);
    whole_packet(1000, 1, 0);
    CHECK(lay_out() == 0);
    CHECK(segment("frame on the wire")->lane == PACKET_WIRE);
    CHECK(segment("DMA: data to memory")->dma_bytes == 60);
    CHECK(segment("DMA: descriptor written back")->dma_bytes == 16);
    CHECK(segment("interrupt message (MSI-X)")->dma_bytes == 4);
    CHECK(segment("copy to user")->cpu_bytes == 18);
    CHECK(segment("trap to the driver's handler")->context == SPENT_IRQ);
    CHECK(segment("UDP: to the socket's queue")->context == SPENT_SOFTIRQ);
    CHECK(segment("copy to user")->context == SPENT_KERNEL);
    CHECK(segment("hart idle") && !segment("hart idle")->critical);
    CHECK(segment("hart idle")->took_ps == 627 * PS_PER_NS);
}

static void test_loads_and_stores_of_the_nic_stand_where_they_were_made(void)
{
    uint64_t pend;

    begin(PACKETS_RECEIVE);
    sleep_at(500);
    frame(1000, 1);
    pend = interrupt(1510, store_frame(1300, 1, 0), false, 0);
    take_interrupt(1560, pend);
    trace_mmio_load(&t, HART, at(1820), 0, NIC, 0x808, 4, 1, at(1815));
    softirq_one(2000, 0, true);
    trace_mmio_store(&t, HART, at(2700), 0, NIC, 0x880, 4, 1);
    trace_mmio_store(&t, HART, at(2701), 0, IMSIC, 0x880, 4, 1);
    switch_and_read(3400, 0);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(segment("softirq raised, interrupt ends")->mmio_reads == 1);
    CHECK(segment("softirq ends, to the scheduler")->mmio_writes == 1);
    CHECK_EQ_U64(pk.window.mmio_reads, 1);
    CHECK_EQ_U64(pk.window.mmio_writes, 1);
    CHECK_EQ_U64(pk.window.up_bytes, 60 + 16 + 4 + 4);
    CHECK_EQ_U64(pk.window.down_bytes, 4);
}

static void test_moderation_is_a_step_of_its_own(void)
{
    uint64_t pend;

    begin(PACKETS_RECEIVE);
    sleep_at(500);
    frame(1000, 1);
    pend = interrupt(9510, store_frame(1300, 1, 0), false, 1510);
    take_interrupt(9560, pend);
    softirq_one(10000, 0, true);
    switch_and_read(11400, 0);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(is_at("interrupt held back (EITR)", 577, 8000));
    CHECK(is_at("interrupt message (MSI-X)", 8577, 50));
    CHECK(segment("interrupt held back (EITR)")->context == SPENT_DEVICE);
}

/* The interrupt was masked as the packet came, and sent when the poll before it ended. */
static void test_an_interrupt_that_waits_for_its_mask_is_told_from_one_that_is_moderated(void)
{
    uint64_t pend;

    begin(PACKETS_RECEIVE);
    frame(1000, 1);
    trace_nic_cause(&t, NIC, at(1510), store_frame(1300, 1, 0), 0, 0, 0);
    sleep_at(1600);
    pend = interrupt(2510, 0, false, 0);
    take_interrupt(2560, pend);
    softirq_one(3000, 0, true);
    switch_and_read(4400, 0);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(is_at("interrupt masked: a poll is under way", 577, 1000));
}

static void test_a_packet_that_comes_during_a_poll_has_no_interrupt(void)
{
    uint64_t pend;

    begin(PACKETS_RECEIVE);
    options.choice = PACKET_MARKED;
    sleep_at(500);
    frame(1000, 1);
    pend = interrupt(1510, store_frame(1300, 1, 0), false, 0);
    take_interrupt(1560, pend);
    call(2000, "handle_softirqs", IDLE_TASK, 0, 0);
    call(2100, "ixgbe_poll", IDLE_TASK, NAPI, 64);
    driver_takes(2200, 0, IDLE_TASK);
    frame(1800, 2);
    store_frame(2000, 2, 1); /* in memory at 2210 */
    driver_takes(2300, 1, IDLE_TASK);
    call(2400, "netif_receive_skb_list_internal", IDLE_TASK, 0, 0);
    stack_takes(2420, 0, IDLE_TASK, true);
    stack_takes(2560, 1, IDLE_TASK, false);
    call(2700, "handle_softirqs:return", IDLE_TASK, 0, 0);
    trace_trap_return(&t, HART, at(2750), 0, IDLE_PC + 4, 1, 1, IDLE_TASK);
    switch_and_read(3000, 0);
    trace_mark(&t, HART, at(3600), 0, MARK_REQUEST_BEGIN, 0);
    ecall(3601);
    reader_takes(3700, 1);
    trace_mark(&t, HART, at(3801), 0, MARK_REQUEST_END, 0);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(pk.shown.number, 2);
    CHECK(!segment("interrupt message (MSI-X)") && !segment("softirq: net_rx_action"));
    CHECK(is_at("in memory, until the driver polls", 477, 90));
    CHECK(is_at("GRO; rest of the batch in the driver", 627, 40));
    CHECK(is_at("in the socket's queue", 937, 1030));
    CHECK_EQ_U64(pk.window.finished, 2);
    CHECK_EQ_U64(pk.window.interrupts, 1);
    CHECK_EQ_U64(pk.window.polls, 1);
    CHECK_EQ_U64(pk.window.polled, 2);
    CHECK_EQ_U64(stage("interrupt message (MSI-X)")->took.count, 1);
    CHECK_EQ_U64(stage("copy to user")->took.count, 2);
}

/* ---- modes ---- */

static void test_a_napi_thread_is_woken_and_polls(void)
{
    uint64_t pend;

    begin(PACKETS_RECEIVE);
    sleep_at(500);
    frame(1000, 1);
    pend = interrupt(1510, store_frame(1300, 1, 0), false, 0);
    take_interrupt(1560, pend);
    call(1830, "try_to_wake_up", IDLE_TASK, NAPI_THREAD, 0);
    trace_trap_return(&t, HART, at(1900), 0, IDLE_PC + 4, 1, 1, IDLE_TASK);
    call(1950, "__schedule", IDLE_TASK, 0, 0);
    call(2000, "finish_task_switch", NAPI_THREAD, 0, 0);
    call(2050, "napi_threaded_poll_loop", NAPI_THREAD, NAPI, 0);
    call(2100, "ixgbe_poll", NAPI_THREAD, NAPI, 64);
    driver_takes(2200, 0, NAPI_THREAD);
    call(2300, "netif_receive_skb_list_internal", NAPI_THREAD, 0, 0);
    stack_takes(2320, 0, NAPI_THREAD, true);
    switch_and_read(2500, 0);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(is_at("napi thread woken, switch to it", 897, 220));
    CHECK(is_at("napi thread runs", 1117, 50));
    CHECK(is_at("reader woken; rest of the poll", 1507, 60));
    CHECK(!segment("softirq: net_rx_action") && !segment("softirq ends, to the scheduler"));
    CHECK(segment("napi thread runs")->context == SPENT_KERNEL);
    CHECK_EQ_U64(pk.window.spent[HART][SPENT_SOFTIRQ], 0);
}

static void test_a_reader_that_polls_finds_its_packet_without_interrupt(void)
{
    begin(PACKETS_RECEIVE);
    ecall(100);
    call(200, "napi_busy_loop", READER, 1, 0);
    call(300, "ixgbe_poll", READER, NAPI, 64);
    frame(1000, 1);
    store_frame(1300, 1, 0); /* in memory at 1510 */
    call(1600, "ixgbe_poll", READER, NAPI, 64);
    driver_takes(1700, 0, READER);
    call(1800, "netif_receive_skb_list_internal", READER, 0, 0);
    stack_takes(1820, 0, READER, false);
    reader_takes(2000, 0);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(is_at("in memory, until the driver polls", 577, 90));
    CHECK(is_at("ixgbe_poll: sent ones, packets before", 667, 100));
    CHECK(is_at("in the socket's queue", 997, 70));
    CHECK_EQ_U64(pk.window.interrupts, 0);
    CHECK_EQ_U64(pk.window.spent[HART][SPENT_IDLE], 0);
    CHECK_EQ_U64(pk.window.spent[HART][SPENT_KERNEL], 1100 * PS_PER_NS);
}

static void test_an_xdp_program_s_drop_is_the_packet_s_end(void)
{
    uint64_t pend;

    begin(PACKETS_RECEIVE);
    sleep_at(500);
    frame(1000, 1);
    frame(1067, 2);
    store_frame(1300, 1, 0);
    pend = interrupt(1520, store_frame(1310, 2, 1), false, 0);
    take_interrupt(1570, pend);
    call(2000, "handle_softirqs", IDLE_TASK, 0, 0);
    call(2100, "ixgbe_poll", IDLE_TASK, NAPI, 64);
    call(2150, "bpf_dispatcher_xdp_func", IDLE_TASK, 0x9000, 0);
    call(2200, "bpf_dispatcher_xdp_func", IDLE_TASK, 0x9000, 0);
    call(2260, "handle_softirqs:return", IDLE_TASK, 0, 0);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(pk.window.finished, 2);
    CHECK_EQ_U64(stage("wire to XDP verdict")->took.count, 2);
    CHECK_EQ_U64(stage("XDP program")->took.min, 50 * PS_PER_NS);
    CHECK_EQ_U64(stage("XDP program")->took.max, 60 * PS_PER_NS);
    CHECK_EQ_U64(pk.window.polled, 2);
}

static void test_an_xdp_program_that_passes_is_a_step_before_the_skb(void)
{
    uint64_t pend;

    begin(PACKETS_RECEIVE);
    sleep_at(500);
    frame(1000, 1);
    pend = interrupt(1510, store_frame(1300, 1, 0), false, 0);
    take_interrupt(1560, pend);
    call(2000, "handle_softirqs", IDLE_TASK, 0, 0);
    call(2100, "ixgbe_poll", IDLE_TASK, NAPI, 64);
    call(2150, "bpf_dispatcher_xdp_func", IDLE_TASK, 0x9000, 0);
    driver_takes(2200, 0, IDLE_TASK);
    call(2300, "netif_receive_skb_list_internal", IDLE_TASK, 0, 0);
    stack_takes(2320, 0, IDLE_TASK, true);
    call(2600, "handle_softirqs:return", IDLE_TASK, 0, 0);
    switch_and_read(3400, 0);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(is_at("XDP program", 1217, 50));
    CHECK_EQ_U64(pk.window.polled, 1);
    CHECK(stage("wire to user")->took.count == 1);
}

static void test_packets_of_an_af_xdp_ring_end_with_the_reader_s_system_call(void)
{
    uint64_t pend;

    begin(PACKETS_RECEIVE);
    ecall(100);
    call(150, "xsk_poll", READER, 0, 0);
    sleep_at(500);
    frame(1000, 1);
    frame(1067, 2);
    store_frame(1300, 1, 0);
    pend = interrupt(1520, store_frame(1310, 2, 1), false, 0);
    take_interrupt(1570, pend);
    call(2000, "handle_softirqs", IDLE_TASK, 0, 0);
    call(2100, "ixgbe_poll", IDLE_TASK, NAPI, 64);
    for (unsigned i = 0; i < 2; i++) {
        call(2150 + i * 100, "bpf_dispatcher_xdp_func", IDLE_TASK, 0x9000, 0);
        call(2180 + i * 100, "xdp_do_redirect", IDLE_TASK, 0, 0x9000);
    }
    call(2400, "xdp_do_flush", IDLE_TASK, 0, 0);
    call(2450, "sock_def_readable", IDLE_TASK, SOCKET, 0);
    call(2460, "try_to_wake_up", IDLE_TASK, READER, 0);
    call(2600, "handle_softirqs:return", IDLE_TASK, 0, 0);
    trace_trap_return(&t, HART, at(2650), 0, IDLE_PC + 4, 1, 1, IDLE_TASK);
    call(2700, "__schedule", IDLE_TASK, 0, 0);
    call(2800, "finish_task_switch", READER, 0, 0);
    sysret(3000);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(pk.window.finished, 2);
    CHECK_EQ_U64(stage("wire to user")->took.max, 2067 * PS_PER_NS);
    CHECK_EQ_U64(stage("wire to user")->took.min, 2000 * PS_PER_NS);
    CHECK_EQ_U64(stage("reader runs again")->took.p50, 200 * PS_PER_NS);
}

static void test_packets_of_a_ring_that_its_reader_looks_at_by_itself_end_in_it(void)
{
    begin(PACKETS_RECEIVE);
    frame(1000, 1);
    store_frame(1300, 1, 0);
    call_on(OTHER_HART, 2100, "ixgbe_poll", IDLE_TASK, NAPI, 64);
    call_on(OTHER_HART, 2150, "bpf_dispatcher_xdp_func", IDLE_TASK, 0x9000, 0);
    call_on(OTHER_HART, 2180, "xdp_do_redirect", IDLE_TASK, 0, 0x9000);
    call_on(OTHER_HART, 2400, "xdp_do_flush", IDLE_TASK, 0, 0);
    call_on(OTHER_HART, 2450, "sock_def_readable", IDLE_TASK, SOCKET, 0);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(stage("wire to the socket's ring")->took.max, 1517 * PS_PER_NS);
    CHECK(segment("XDP redirect, rest of the poll")->hart == 1);
}

/* ---- who is who ---- */

/* The driver skips a buffer (a damaged frame): the next skb is the next packet's all the same. */
static void test_a_buffer_says_which_packet_an_skb_is_of(void)
{
    uint64_t pend;

    begin(PACKETS_RECEIVE);
    sleep_at(500);
    frame(1000, 1);
    frame(1067, 2);
    store_frame(1300, 1, 0);
    pend = interrupt(1520, store_frame(1310, 2, 1), false, 0);
    take_interrupt(1570, pend);
    softirq_one(2000, 1, true);
    switch_and_read(3400, 1);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(pk.shown.number, 2);
    CHECK_EQ_U64(pk.window.finished, 1);
    CHECK_EQ_U64(pk.window.under_way, 1);
    CHECK(!has_note("by order"));
}

static void test_a_buffer_of_no_packet_is_taken_in_order_and_said(void)
{
    uint64_t pend;

    begin(PACKETS_RECEIVE);
    sleep_at(500);
    frame(1000, 1);
    pend = interrupt(1520, store_frame(1310, 1, 0), false, 0);
    take_interrupt(1570, pend);
    softirq_one(2000, 9, true);
    switch_and_read(3400, 9);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(pk.window.finished, 1);
    CHECK(has_note("by order"));
}

static void test_an_skb_is_used_again_for_the_next_packet(void)
{
    begin(PACKETS_RECEIVE);
    for (unsigned i = 0; i < 5; i++)
        whole_packet(10000 * (i + 1), i + 1, 0);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(pk.window.finished, 5);
    CHECK_EQ_U64(stage("wire to user")->took.min, 3067 * PS_PER_NS);
    CHECK_EQ_U64(stage("wire to user")->took.max, 3067 * PS_PER_NS);
    CHECK_EQ_U64(pk.window.interrupts, 5);
}

static void test_a_wake_up_by_something_else_is_not_the_packet_s(void)
{
    uint64_t pend;

    begin(PACKETS_RECEIVE);
    sleep_at(500);
    frame(1000, 1);
    pend = interrupt(1510, store_frame(1300, 1, 0), false, 0);
    take_interrupt(1560, pend);
    softirq_one(2000, 0, false);
    call(2700, "try_to_wake_up", IDLE_TASK, READER, 0);
    switch_and_read(3400, 0);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(!segment("reader woken; rest of the poll"));
    CHECK(is_at("in the socket's queue", 1497, 1470));
}

/* ---- all of them ---- */

static void test_drops_are_counted_by_their_reason(void)
{
    uint64_t pend;

    begin(PACKETS_RECEIVE);
    sleep_at(500);
    frame(900, 1);
    frame(1000, 2);
    frame(1100, 3);
    trace_nic_drop(&t, NIC, at(1200), 0, 1, 2);
    pend = interrupt(1520, store_frame(1310, 2, 0), false, 0);
    trace_nic_drop(&t, NIC, at(1530), 0, 3, 3);
    take_interrupt(1570, pend);
    call(2000, "handle_softirqs", IDLE_TASK, 0, 0);
    call(2100, "ixgbe_poll", IDLE_TASK, NAPI, 64);
    driver_takes(2200, 0, IDLE_TASK);
    call(2320, "udp_rcv", IDLE_TASK, skb_of(0), 0);
    call(2330, "__udp_enqueue_schedule_skb", IDLE_TASK, SOCKET, skb_of(0));
    call(2340, "sk_skb_reason_drop", IDLE_TASK, SOCKET, skb_of(0));
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(pk.window.arrived, 3);
    CHECK_EQ_U64(pk.window.dropped[2], 1);
    CHECK_EQ_U64(pk.window.dropped[3], 1);
    CHECK_EQ_U64(pk.window.dropped[DROP_IN_SOCKET], 1);
    CHECK_EQ_U64(pk.window.finished, 0);
    CHECK(!pk.has_shown && has_note("no packet got to its end"));
}

static void test_a_drop_of_a_packet_that_is_not_counted_is_not_counted(void)
{
    begin(PACKETS_RECEIVE);
    options.skip = 1;
    sleep_at(500);
    frame(900, 1);
    frame(1000, 2);
    trace_nic_drop(&t, NIC, at(1200), 0, 1, 2);
    trace_nic_drop(&t, NIC, at(1210), 0, 2, 2);
    CHECK(lay_out() == 0);
    CHECK_EQ_U64(pk.window.arrived, 1);
    CHECK_EQ_U64(pk.window.dropped[2], 1);
}

static void test_percentiles_are_of_the_nearest_rank(void)
{
    begin(PACKETS_RECEIVE);
    for (unsigned i = 1; i <= 200; i++) {
        uint64_t ns = 10000 * i, pend;

        sleep_at(ns - 5000);
        frame(ns, i);
        pend = interrupt(ns + 510 + i, store_frame(ns + 300, i, i % 8), false, ns + 510);
        take_interrupt(ns + 560 + i, pend);
        softirq_one(ns + 1200, i % 8, true);
        switch_and_read(ns + 2400, i % 8);
        ecall(ns + 3100);
    }
    CHECK(lay_out() == 0);
    check_promises();
    const struct percentiles *p = &stage("interrupt held back (EITR)")->took;
    CHECK_EQ_U64(p->count, 200);
    CHECK_EQ_U64(p->min, 1 * PS_PER_NS);
    CHECK_EQ_U64(p->p50, 100 * PS_PER_NS);
    CHECK_EQ_U64(p->p90, 180 * PS_PER_NS);
    CHECK_EQ_U64(p->p99, 198 * PS_PER_NS);
    CHECK_EQ_U64(p->p999, 200 * PS_PER_NS);
    CHECK_EQ_U64(p->max, 200 * PS_PER_NS);
    CHECK_EQ_U64(p->mean, 100500);
}

static void test_the_chosen_packet_is_the_fastest_the_median_or_the_slowest(void)
{
    static const unsigned want[] = {[PACKET_MEDIAN] = 2, [PACKET_FASTEST] = 3,
                                    [PACKET_SLOWEST] = 1};
    static const enum packet_choice choices[] = {PACKET_MEDIAN, PACKET_FASTEST, PACKET_SLOWEST};
    static const uint64_t late[] = {0, 900, 500, 0};

    for (unsigned c = 0; c < 3; c++) {
        begin(PACKETS_RECEIVE);
        options.choice = choices[c];
        for (unsigned i = 1; i <= 3; i++) {
            uint64_t ns = 10000 * i, pend;

            sleep_at(ns - 5000);
            frame(ns, i);
            pend = interrupt(ns + 510, store_frame(ns + 300, i, i), false, 0);
            take_interrupt(ns + 560, pend);
            softirq_one(ns + 1200, i, true);
            switch_and_read(ns + 2400 + late[i], i);
            ecall(ns + 4500);
        }
        CHECK(lay_out() == 0);
        CHECK_EQ_U64(pk.shown.number, want[choices[c]]);
    }
}

static void test_the_hart_s_time_is_parted_by_context(void)
{
    const ps_t *spent = pk.window.spent[HART];
    ps_t sum = 0;

    begin(PACKETS_RECEIVE);
    whole_packet(1000, 1, 0);
    trace_trap(&t, HART, at(4200), 0, INTERRUPT | 5, 0x80, 0, 1, 1, READER);
    trace_trap_return(&t, HART, at(4300), 0, 0x80, 1, 1, READER);
    sysret(4400);
    trace_mark(&t, HART, at(5000), 0, MARK_RUN_END, 0);
    CHECK(lay_out() == 0);
    check_promises();
    /* The window begins with the frame's arrival, at 1000. */
    CHECK_EQ_U64(pk.window.took_ps, 4000 * PS_PER_NS);
    CHECK_EQ_U64(spent[SPENT_IDLE], 560 * PS_PER_NS);
    CHECK_EQ_U64(spent[SPENT_SOFTIRQ], 600 * PS_PER_NS);
    CHECK_EQ_U64(spent[SPENT_IRQ], (2000 - 1660 + 50 + 100) * PS_PER_NS);
    CHECK_EQ_U64(spent[SPENT_USER], (100 + 600) * PS_PER_NS);
    for (unsigned c = 0; c < SPENT_HART; c++)
        sum += spent[c];
    CHECK_EQ_U64(sum, pk.window.took_ps);
    CHECK_EQ_U64(pk.window.other_interrupts, 1);
}

static void test_what_comes_after_the_end_mark_does_not_count(void)
{
    begin(PACKETS_RECEIVE);
    whole_packet(1000, 1, 0);
    trace_mark(&t, HART, at(5000), 0, MARK_RUN_END, 0);
    whole_packet(11000, 2, 1);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(pk.window.arrived, 1);
    CHECK_EQ_U64(pk.window.took_ps, 4000 * PS_PER_NS);
    CHECK(!has_note("recording ended"));
    begin(PACKETS_RECEIVE);
    whole_packet(1000, 1, 0);
    CHECK(lay_out() == 0);
    CHECK(has_note("recording ended before"));
}

static void test_packets_at_the_start_can_be_left_out(void)
{
    begin(PACKETS_RECEIVE);
    for (unsigned i = 1; i <= 5; i++)
        whole_packet(10000 * i, i, i);
    options.skip = 2;
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(pk.window.finished, 3);
    CHECK_EQ_U64(pk.window.arrived, 3);
    CHECK_EQ_U64(pk.window.interrupts, 3);
    CHECK_EQ_U64(pk.window.start_ps, at(30000));
}

/* ---- what is said ---- */

static void test_a_function_that_the_kernel_lacks_is_merged_and_said(void)
{
    static char name[] = "udp_rcv";

    without_function = name;
    begin(PACKETS_RECEIVE);
    without_function = NULL;
    whole_packet(1000, 1, 0);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK(!segment("UDP: udp_rcv, socket look-up"));
    CHECK(is_at("IP: ip_local_deliver", 1407, 60));
    CHECK(!has_note("udp_rcv")); /* the other name is there */
    without_function = (char[]){"ip_rcv_core"};
    begin(PACKETS_RECEIVE);
    without_function = NULL;
    whole_packet(1000, 1, 0);
    CHECK(lay_out() == 0);
    CHECK(has_note("ip_rcv_core"));
}

static void test_traces_that_are_of_no_use_are_refused_in_a_line(void)
{
    begin(PACKETS_RECEIVE);
    CHECK(lay_out() == -1);
    CHECK(strstr(err.text, "no frame came"));
    begin(PACKETS_SEND);
    CHECK(lay_out() == -1);
    CHECK(strstr(err.text, "no packet was given"));
    options = (struct packets_options){.direction = PACKETS_RECEIVE};
    begin_without("nic_rx");
    CHECK(lay_out() == -1);
    CHECK(strstr(err.text, "no \"nic_rx\" events"));
    begin(PACKETS_RECEIVE);
    call(100, "ixgbe_poll", 1, NAPI, 0);
    call(50, "ixgbe_poll", 1, NAPI, 0);
    CHECK(lay_out() == -1);
    CHECK(strstr(err.text, "goes back"));
}

static int print_packets(FILE *out, void *ctx)
{
    packets_print(ctx, out);
    return 0;
}

static int draw_packets(FILE *out, void *ctx)
{
    packets_svg(ctx, out);
    return 0;
}

static int compare_packets(FILE *out, void *ctx)
{
    json_t **pair = ctx;

    return packets_compare(pair[0], pair[1], out, &err);
}

static void test_text_and_picture_say_what_was_found(void)
{
    char *text;

    begin(PACKETS_RECEIVE);
    whole_packet(1000, 1, 0);
    whole_packet(11000, 2, 1);
    CHECK(lay_out() == 0);
    text = printed(print_packets, &pk);
    CHECK(strstr(text, "frame on the wire                            0.000     0.067 *  wire"));
    CHECK(strstr(text, "      total                                                  3.067\n"));
    CHECK(strstr(text, "wire to user                                    2     3.067"));
    CHECK(strstr(text, "interrupts 2 (152671/s), of 1.00 packets; polls 2, of 1.00"));
    CHECK(strstr(text, "hart0     user "));
    free(text);
    text = printed(draw_packets, &pk);
    CHECK(strstr(text, "<svg ") == text && strstr(text, "</svg>"));
    CHECK(strstr(text, "wire to user") && strstr(text, "hart0") && strstr(text, "softirq"));
    free(text);
}

static void test_json_says_what_is_promised_and_is_compared(void)
{
    json_t *pair[2], *packet, *window;
    ps_t sum = 0;
    json_t *s;
    size_t i;
    char *text;

    begin(PACKETS_RECEIVE);
    whole_packet(1000, 1, 0);
    CHECK(lay_out() == 0);
    pair[0] = packets_json(&pk);
    packet = json_object_get(pair[0], "packet");
    window = json_object_get(pair[0], "window");
    CHECK_EQ_STR(json_string_value(json_object_get(pair[0], "schema")), "doorbell.explain-net/1");
    json_array_foreach(json_object_get(packet, "segments"), i, s)
        if (json_is_true(json_object_get(s, "critical")))
            sum += (ps_t)json_integer_value(json_object_get(s, "took_ps"));
    CHECK_EQ_U64(sum, (uint64_t)json_integer_value(json_object_get(packet, "total_ps")));
    CHECK(json_integer_value(json_object_get(window, "finished")) == 1);
    CHECK(json_array_size(json_object_get(window, "harts")) == 1);
    CHECK(json_number_value(json_object_get(window, "packets_per_interrupt")) == 1.0);
    begin(PACKETS_RECEIVE);
    sleep_at(500);
    frame(1000, 1);
    take_interrupt(9560, interrupt(9510, store_frame(1300, 1, 0), false, 1510));
    softirq_one(10000, 0, true);
    switch_and_read(11400, 0);
    CHECK(lay_out() == 0);
    pair[1] = packets_json(&pk);
    text = printed(compare_packets, pair);
    CHECK(strstr(text, "wire to user                                  3.067    11.067  +   8.000"));
    CHECK(strstr(text, "interrupt held back (EITR)                    0.000     8.000  +   8.000"));
    free(text);
    json_object_set_new(pair[0], "schema", json_string("something/2"));
    CHECK(packets_compare(pair[0], pair[1], stdout, &err) == -1);
    json_decref(pair[0]);
    json_decref(pair[1]);
}

TEST_MAIN(test_a_packet_to_a_sleeping_reader_is_laid_out_and_sums_exactly,
          test_a_step_has_its_lane_context_and_bytes,
          test_loads_and_stores_of_the_nic_stand_where_they_were_made,
          test_moderation_is_a_step_of_its_own,
          test_an_interrupt_that_waits_for_its_mask_is_told_from_one_that_is_moderated,
          test_a_packet_that_comes_during_a_poll_has_no_interrupt,
          test_a_napi_thread_is_woken_and_polls,
          test_a_reader_that_polls_finds_its_packet_without_interrupt,
          test_an_xdp_program_s_drop_is_the_packet_s_end,
          test_an_xdp_program_that_passes_is_a_step_before_the_skb,
          test_packets_of_an_af_xdp_ring_end_with_the_reader_s_system_call,
          test_packets_of_a_ring_that_its_reader_looks_at_by_itself_end_in_it,
          test_a_buffer_says_which_packet_an_skb_is_of,
          test_a_buffer_of_no_packet_is_taken_in_order_and_said,
          test_an_skb_is_used_again_for_the_next_packet,
          test_a_wake_up_by_something_else_is_not_the_packet_s,
          test_drops_are_counted_by_their_reason,
          test_a_drop_of_a_packet_that_is_not_counted_is_not_counted,
          test_percentiles_are_of_the_nearest_rank,
          test_the_chosen_packet_is_the_fastest_the_median_or_the_slowest,
          test_the_hart_s_time_is_parted_by_context,
          test_what_comes_after_the_end_mark_does_not_count,
          test_packets_at_the_start_can_be_left_out,
          test_a_function_that_the_kernel_lacks_is_merged_and_said,
          test_traces_that_are_of_no_use_are_refused_in_a_line,
          test_text_and_picture_say_what_was_found,
          test_json_says_what_is_promised_and_is_compared)
