/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to receive a packet: a NAPI thread, a reader that polls, XDP, AF_XDP. */
#include "packets_rig.h"

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

TEST_MAIN(test_a_napi_thread_is_woken_and_polls,
          test_a_reader_that_polls_finds_its_packet_without_interrupt,
          test_an_xdp_program_s_drop_is_the_packet_s_end,
          test_an_xdp_program_that_passes_is_a_step_before_the_skb,
          test_packets_of_an_af_xdp_ring_end_with_the_reader_s_system_call,
          test_packets_of_a_ring_that_its_reader_looks_at_by_itself_end_in_it)
