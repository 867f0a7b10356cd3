/* SPDX-License-Identifier: Apache-2.0 */
/* Packets of traces made for it: one in full, who is who, and what all of them add up to. */
#include "packets_rig.h"

/* ---- one packet ---- */

static void test_a_packet_to_a_sleeping_reader_is_laid_out_and_sums_exactly(void)
{
    begin(PACKETS_RECEIVE);
    whole_packet(1000, 1, 0);
    trace_mark(&t, HART, at(5000), 0, MARK_RUN_END, 0, 0);
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
    CHECK(is_at("hard interrupt: schedules the poll", 827, 50));
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
    trace_mark(&t, HART, at(3600), 0, MARK_REQUEST_BEGIN, 0, 0);
    ecall(3601);
    reader_takes(3700, 1);
    trace_mark(&t, HART, at(3801), 0, MARK_REQUEST_END, 0, 0);
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

/* Two vectors are pending as one hart's trap is taken; the other's handler runs on another hart. */
static void test_a_handler_is_that_of_its_hart_and_vector(void)
{
    uint64_t pend[2], id;

    begin(PACKETS_RECEIVE);
    frame(1000, 1);
    frame(1100, 2);
    for (unsigned q = 0; q < 2; q++) {
        uint64_t ns = 1300 + q * 100;

        id = trace_nic_rx(&t, NIC, at(ns), 0, q + 1, q, 0, 1, 60);
        id = trace_dma_write(&t, NIC, at(ns), id, buffer_of(q), 60);
        id = trace_nic_writeback(&t, NIC, at(ns + 1), id, 0, q, 0, 1);
        id = trace_dma_write(&t, NIC, at(ns + 1), id, 0x80200000, 16);
        id = trace_dma_write_done(&t, NIC, at(ns + 210), id, 0x80200000, 16, at(ns + 1), 0);
        id = trace_nic_cause(&t, NIC, at(ns + 210), id, q, 0, q);
        id = trace_nic_interrupt(&t, NIC, at(ns + 210), id, q, 0);
        id = trace_msi(&t, NIC, at(ns + 260), id, 0x28000000, 6, at(ns + 210), 0);
        pend[q] = trace_irq_pend(&t, IMSIC, at(ns + 260), id, 1 - q, 6);
    }
    trace_trap(&t, OTHER_HART, at(1700), pend[1], INTERRUPT | 9, IDLE_PC, 0, 1, 1, IDLE_TASK);
    call_on(OTHER_HART, 1800, "ixgbe_msix_clean_rings", IDLE_TASK, 41, NAPI + 0x1000);
    trace_trap(&t, HART, at(1750), pend[0], INTERRUPT | 9, IDLE_PC, 0, 1, 1, IDLE_TASK);
    call(1850, "ixgbe_msix_clean_rings", IDLE_TASK, 40, NAPI - 64);
    call(1860, "__napi_schedule_irqoff", IDLE_TASK, NAPI, 0);
    call_on(OTHER_HART, 1870, "__napi_schedule_irqoff", IDLE_TASK, NAPI + 0x1040, 0);
    call(2000, "ixgbe_poll", IDLE_TASK, NAPI, 64);
    driver_takes(2100, 0, IDLE_TASK);
    call(2170, "skb_consume_udp", READER, SOCKET, skb_of(0));
    sysret(2200);
    call_on(OTHER_HART, 2010, "ixgbe_poll", IDLE_TASK, NAPI + 0x1040, 64);
    call_on(OTHER_HART, 2110, "napi_build_skb", IDLE_TASK, buffer_of(1) - 192 + LINEAR, 2048);
    call_on(OTHER_HART, 2120, "eth_type_trans", IDLE_TASK, skb_of(1), 0);
    call_on(OTHER_HART, 2130, "napi_gro_receive", IDLE_TASK, 0, skb_of(1));
    call(2300, "skb_consume_udp", READER, SOCKET, skb_of(1));
    sysret(2400);
    options.choice = PACKET_SLOWEST;
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(pk.shown.number, 2);
    CHECK_EQ_U64(pk.shown.queue, 1);
    CHECK(is_at("trap to the driver's handler", 667, 100));
    CHECK(segment("trap to the driver's handler")->hart == 1);
    CHECK(is_at("hard interrupt: schedules the poll", 767, 70));
    CHECK_EQ_U64(stage("trap to the driver's handler")->took.min, 100 * PS_PER_NS);
    CHECK_EQ_U64(stage("trap to the driver's handler")->took.max, 100 * PS_PER_NS);
    CHECK_EQ_U64(stage("hard interrupt: schedules the poll")->took.min, 10 * PS_PER_NS);
}

static void test_a_reader_with_a_clock_that_is_behind_is_said(void)
{
    begin(PACKETS_RECEIVE);
    frame(1000, 1);
    store_frame(1300, 1, 0);
    call_on(OTHER_HART, 1600, "ixgbe_poll", IDLE_TASK, NAPI, 64);
    call_on(OTHER_HART, 1700, "napi_build_skb", IDLE_TASK, buffer_of(0) - 192 + LINEAR, 2048);
    call_on(OTHER_HART, 1710, "eth_type_trans", IDLE_TASK, skb_of(0), 0);
    call_on(OTHER_HART, 1800, "__udp_enqueue_schedule_skb", IDLE_TASK, SOCKET, skb_of(0));
    call_on(OTHER_HART, 1900, "sock_def_readable", IDLE_TASK, SOCKET, 0);
    ecall(1780);
    call(1820, "skb_consume_udp", READER, SOCKET, skb_of(0));
    sysret(1850);
    CHECK(lay_out() == 0);
    check_promises();
    CHECK_EQ_U64(pk.shown.total_ps, (1850 - 933) * PS_PER_NS);
    CHECK(has_note("packets: 1"));
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
    trace_mark(&t, HART, at(5000), 0, MARK_RUN_END, 0, 0);
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
    trace_mark(&t, HART, at(5000), 0, MARK_RUN_END, 0, 0);
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
    options = (struct packets_options){.own_skip = true, .skip = 2}; /* the trace says 1 */
    CHECK(lay_out_bytes(size) == 0);
    CHECK_EQ_U64(pk.window.finished, 4);
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
          test_a_buffer_says_which_packet_an_skb_is_of,
          test_a_buffer_of_no_packet_is_taken_in_order_and_said,
          test_an_skb_is_used_again_for_the_next_packet,
          test_a_wake_up_by_something_else_is_not_the_packet_s,
          test_a_handler_is_that_of_its_hart_and_vector,
          test_a_reader_with_a_clock_that_is_behind_is_said,
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
