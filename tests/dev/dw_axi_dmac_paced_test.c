/* SPDX-License-Identifier: Apache-2.0 */
/* The DMA controller's time: bursts, requests of peripherals, who gets the bus. */
#include "dw_axi_dmac_rig.h"

#include "dev/uart.h"

#define INT(name) (UINT64_C(1) << DMAC_INT_##name##_LSB)
#define NS PS_PER_NS

/* The rig's defaults: a beat takes 2 ns; a read is there 20 + 60 + 20 ns after its last beat's
 * turn, a write 20 + 20 ns. */
#define BEAT (2 * NS)
#define READ_TRIP (100 * NS)
#define WRITE_TRIP (40 * NS)

/* Time from enabling a channel to its end. */
static ps_t run_until_off(struct rig *r, unsigned c)
{
    ps_t began = r->clock.now;

    while (ch_on(r, c) && clock_next(&r->clock) != PS_NEVER)
        clock_run(&r->clock, clock_next(&r->clock));
    CHECK(!ch_on(r, c));
    return r->clock.now - began;
}

static ps_t copy_time(struct rig *r, uint32_t items, uint64_t ctl, uint64_t cfg)
{
    rig_on(r);
    ch_clear(r, 0);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE, items, ctl, cfg);
    ch_enable(r, 0);
    return run_until_off(r, 0);
}

/* ---- time ---- */

static void test_one_item_takes_a_beat_and_a_trip_each_way(void)
{
    struct rig *r = rig_up(TIMING_IO);

    CHECK_EQ_U64(copy_time(r, 1, rig_ctl(3), rig_cfg(0)), 2 * BEAT + READ_TRIP + WRITE_TRIP);
    CHECK_EQ_U64(copy_time(r, 16, rig_ctl(3), rig_cfg(0)), 32 * BEAT + READ_TRIP + WRITE_TRIP);
    rig_down(r);
}

static void test_a_long_copy_runs_at_eight_bytes_a_cycle(void)
{
    struct rig *r = rig_up(TIMING_IO);

    /* 512 KiB: the reads' beats, then the last burst's way out. */
    CHECK_EQ_U64(copy_time(r, 65536, rig_ctl(3), rig_cfg(0)),
                 65536 * BEAT + READ_TRIP + 16 * BEAT + WRITE_TRIP);
    rig_down(r);
}

static void test_narrow_items_waste_the_bus(void)
{
    struct rig *r = rig_up(TIMING_IO);

    for (unsigned width = 0; width < 4; width++)
        CHECK_EQ_U64(copy_time(r, 8192, rig_ctl(width), rig_cfg(0)),
                     8192 * BEAT + READ_TRIP + 16 * BEAT + WRITE_TRIP);
    rig_down(r);
}

static void test_one_burst_at_a_time_waits_for_each(void)
{
    struct rig *r = rig_up(TIMING_IO);

    CHECK_EQ_U64(copy_time(r, 1600, rig_ctl(3), 0),
                 100 * (16 * BEAT + READ_TRIP) + 16 * BEAT + WRITE_TRIP);
    rig_down(r);
}

static void test_shorter_bursts_are_kept_to(void)
{
    struct rig *r = rig_up(TIMING_IO);
    uint64_t ctl = FPUT(FPUT(rig_ctl(3), DMAC_CTL_ARLEN_EN, 1), DMAC_CTL_ARLEN, 3);

    CHECK_EQ_U64(copy_time(r, 1600, ctl, 0), 400 * (4 * BEAT + READ_TRIP) + 16 * BEAT + WRITE_TRIP);
    ctl = FPUT(FPUT(ctl, DMAC_CTL_AWLEN_EN, 1), DMAC_CTL_AWLEN, 1);
    CHECK_EQ_U64(copy_time(r, 16, ctl, rig_cfg(0)),
                 16 * BEAT + READ_TRIP + 4 * BEAT + WRITE_TRIP);
    ctl = FPUT(ctl, DMAC_CTL_ARLEN, 255); /* more than there is: as long as can be */
    CHECK_EQ_U64(copy_time(r, 160, FPUT(ctl, DMAC_CTL_AWLEN_EN, 0), 0),
                 10 * (16 * BEAT + READ_TRIP) + 16 * BEAT + WRITE_TRIP);
    rig_down(r);
}

static void test_no_burst_crosses_four_kibibytes(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE + 4096 - 40, 16, rig_ctl(3), 0); /* 5 beats, then 11 */
    ch_enable(r, 0);
    CHECK_EQ_U64(run_until_off(r, 0), 16 * BEAT + 2 * READ_TRIP + 16 * BEAT + WRITE_TRIP);
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE + 4096 - 40, 128));
    ch_block(r, 0, RIG_TARGET + 4096 - 40, RIG_SOURCE, 16, rig_ctl(3), 0);
    ch_enable(r, 0);
    CHECK_EQ_U64(run_until_off(r, 0), 16 * BEAT + READ_TRIP + 16 * BEAT + 2 * WRITE_TRIP);
    CHECK(rig_copied(r, RIG_TARGET + 4096 - 40, RIG_SOURCE, 128));
    rig_down(r);
}

static void test_a_list_costs_its_fetch_and_its_write_back(void)
{
    struct rig *r = rig_up(TIMING_IO);
    ps_t item = 2 * BEAT + READ_TRIP + WRITE_TRIP;
    ps_t list = 5 * BEAT + READ_TRIP + 3 * BEAT + WRITE_TRIP; /* 40 bytes in, 24 out */

    rig_on(r);
    for (unsigned items = 1; items <= 5; items++) {
        for (unsigned n = 0; n < items; n++)
            rig_item(r, n, RIG_TARGET, RIG_SOURCE, 1, rig_ctl(3), n == items - 1);
        ch_list(r, 0, RIG_LIST);
        CHECK_EQ_U64(run_until_off(r, 0), items * (item + list));
        ch_clear(r, 0);
    }
    rig_down(r);
}

static void test_without_timing_all_is_done_at_once(void)
{
    struct rig *r = rig_up(TIMING_OFF);

    CHECK_EQ_U64(copy_time(r, 65536, rig_ctl(3), rig_cfg(0)), 0);
    rig_down(r);
}

static void test_data_are_in_memory_when_they_arrive_not_before(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    memset(rig_at(r, RIG_TARGET), 0xaa, 64);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE, 1, rig_ctl(3), rig_cfg(0));
    le64_put(rig_at(r, RIG_SOURCE), 1);
    ch_enable(r, 0);
    rig_run(r, BEAT + 79 * NS);
    le64_put(rig_at(r, RIG_SOURCE), 2); /* it was not read yet */
    rig_run(r, 2 * NS);
    le64_put(rig_at(r, RIG_SOURCE), 3); /* now it was */
    rig_run(r, 2 * BEAT + READ_TRIP + WRITE_TRIP - BEAT - 82 * NS);
    CHECK_EQ_U64(le64_get(rig_at(r, RIG_TARGET)), 0xaaaaaaaaaaaaaaaa);
    CHECK(ch_on(r, 0));
    rig_run(r, NS);
    CHECK_EQ_U64(le64_get(rig_at(r, RIG_TARGET)), 2);
    CHECK(!ch_on(r, 0) && r->level);
    rig_down(r);
}

/* ---- several channels ---- */

static void start_all(struct rig *r, const unsigned *priority)
{
    rig_on(r);
    for (unsigned c = 0; c < DMAC_CHANNELS; c++)
        ch_block(r, c, RIG_TARGET + 0x10000 * c, RIG_SOURCE + 0x800 * c, 4096, rig_ctl(3),
                 FPUT(rig_cfg(0), DMAC_CFG_PRIOR, priority[c]));
    rig_put(r, DMAC_CHEN_OFFSET, 0xffff);
}

static void test_equals_share_the_bus_evenly(void)
{
    static const unsigned equal[DMAC_CHANNELS] = {3, 3, 3, 3, 3, 3, 3, 3};
    struct rig *r = rig_up(TIMING_IO);
    ps_t all = 8 * 4096 * BEAT;

    start_all(r, equal);
    rig_run(r, all / 2);
    for (unsigned c = 0; c < DMAC_CHANNELS; c++) {
        uint64_t half = FGET(ch_get(r, c, DMAC_CH_STATUS_OFFSET), DMAC_STATUS_CMPLTD);
        CHECK(half > 2048 - 64 && half <= 2048);
    }
    rig_run(r, all / 2 + READ_TRIP + 16 * BEAT + WRITE_TRIP);
    for (unsigned c = 0; c < DMAC_CHANNELS; c++) {
        CHECK_EQ_U64(ch_status(r, c), INT(DMA_TFR));
        CHECK(rig_copied(r, RIG_TARGET + 0x10000 * c, RIG_SOURCE + 0x800 * c, 32768));
    }
    rig_down(r);
}

static void test_a_higher_priority_goes_first(void)
{
    static const unsigned rising[DMAC_CHANNELS] = {4, 0, 7, 1, 6, 2, 5, 3};
    struct rig *r = rig_up(TIMING_IO);
    unsigned order[DMAC_CHANNELS], done = 0;
    uint64_t was = 0;

    start_all(r, rising);
    for (unsigned i = 0; done < DMAC_CHANNELS && i < 100000; i++) {
        uint64_t off = ~rig_get(r, DMAC_CHEN_OFFSET) & 0xff;

        for (unsigned c = 0; c < DMAC_CHANNELS; c++)
            if ((off & ~was) >> c & 1)
                order[done++] = rising[c];
        was = off;
        if (off != 0xff)
            clock_run(&r->clock, clock_next(&r->clock));
    }
    CHECK_EQ_U64(done, DMAC_CHANNELS);
    for (unsigned i = 0; i < done; i++)
        CHECK_EQ_U64(order[i], 7 - i);
    rig_down(r);
}

/* ---- software handshakes ---- */

static uint64_t paced_cfg(unsigned tt_fc, bool software)
{
    uint64_t cfg = FPUT(rig_cfg(0), DMAC_CFG_TT_FC, tt_fc);

    cfg = FPUT(FPUT(cfg, DMAC_CFG_HS_SEL_SRC, software), DMAC_CFG_HS_SEL_DST, software);
    return FPUT(FPUT(cfg, DMAC_CFG_SRC_PER, 5), DMAC_CFG_DST_PER, 9);
}

static uint64_t arrived(struct rig *r, unsigned c)
{
    return FGET(ch_get(r, c, DMAC_CH_STATUS_OFFSET), DMAC_STATUS_CMPLTD);
}

static void test_a_source_moves_as_much_as_each_request_asks(void)
{
    struct rig *r = rig_up(TIMING_IO);
    uint64_t ctl = FPUT(FPUT(rig_ctl(2), DMAC_CTL_SINC, 1), DMAC_CTL_SRC_MSIZE, 2); /* eights */

    rig_on(r);
    ch_block(r, 0, RIG_TARGET, RIG_PORT, 20, ctl, paced_cfg(DMAC_TT_FC_P2M, true));
    ch_put(r, 0, DMAC_CH_SWHSSRC_OFFSET, 3); /* not on yet: ignored */
    ch_enable(r, 0);
    rig_settle(r);
    CHECK_EQ_U64(r->logged, 0);
    ch_put(r, 0, DMAC_CH_SWHSSRC_OFFSET, 1); /* without its write enable: ignored */
    rig_settle(r);
    CHECK_EQ_U64(r->logged, 0);
    ch_put(r, 0, DMAC_CH_SWHSSRC_OFFSET, 3);
    CHECK_EQ_U64(ch_get(r, 0, DMAC_CH_SWHSSRC_OFFSET), 1);
    rig_settle(r);
    CHECK_EQ_U64(r->logged, 8);
    CHECK_EQ_U64(arrived(r, 0), 8);
    CHECK_EQ_U64(ch_status(r, 0), INT(SRC_TRANSCOMP));
    CHECK_EQ_U64(ch_get(r, 0, DMAC_CH_SWHSSRC_OFFSET), 0);
    ch_put(r, 0, DMAC_CH_SWHSSRC_OFFSET, 0xc); /* a single one */
    rig_settle(r);
    CHECK_EQ_U64(arrived(r, 0), 9);
    ch_put(r, 0, DMAC_CH_SWHSSRC_OFFSET, 3);
    rig_settle(r);
    ch_put(r, 0, DMAC_CH_SWHSSRC_OFFSET, 3); /* more than is left of the block */
    rig_settle(r);
    CHECK_EQ_U64(arrived(r, 0), 20);
    CHECK_EQ_U64(r->logged, 20);
    CHECK_EQ_U64(ch_status(r, 0), INT(SRC_TRANSCOMP) | INT(DMA_TFR));
    for (unsigned i = 0; i < 20; i++)
        CHECK_EQ_U64(le32_get(rig_at(r, RIG_TARGET + 4 * i)), i);
    rig_down(r);
}

static void test_a_destination_takes_as_much_as_each_request_asks(void)
{
    struct rig *r = rig_up(TIMING_IO);
    uint64_t ctl = FPUT(FPUT(rig_ctl(3), DMAC_CTL_DINC, 1), DMAC_CTL_DST_WIDTH, 0);

    rig_on(r);
    ch_block(r, 0, RIG_PORT, RIG_SOURCE, 10, FPUT(ctl, DMAC_CTL_DST_MSIZE, 3),
             paced_cfg(DMAC_TT_FC_M2P, true));
    ch_enable(r, 0);
    rig_settle(r);
    CHECK_EQ_U64(r->logged, 0);
    for (unsigned i = 1; i <= 5; i++) {
        CHECK(ch_on(r, 0));
        ch_put(r, 0, DMAC_CH_SWHSDST_OFFSET, 3);
        rig_settle(r);
        CHECK_EQ_U64(r->logged, 16 * i);
        CHECK(ch_status(r, 0) & INT(DST_TRANSCOMP));
        ch_put(r, 0, DMAC_CH_INTCLEAR_OFFSET, INT(DST_TRANSCOMP));
    }
    CHECK(!ch_on(r, 0));
    CHECK_EQ_U64(ch_status(r, 0), INT(DMA_TFR));
    for (unsigned i = 0; i < 80; i++)
        CHECK_EQ_U64(r->log[i].data, *rig_at(r, RIG_SOURCE + i));
    rig_down(r);
}

/* ---- wires ---- */

/* A peripheral with a FIFO of four bytes that somebody empties one by one. */
static unsigned room;

static void fifo_filled(struct rig *r)
{
    CHECK(room > 0);
    room--;
    dw_axi_dmac_request(r->dev, 9, room > 0);
}

static void test_a_wire_paces_a_destination_so_that_nothing_is_lost(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    room = 4;
    r->on_port = fifo_filled;
    ch_block(r, 3, RIG_PORT, RIG_SOURCE, 50, FPUT(rig_ctl(0), DMAC_CTL_DINC, 1),
             paced_cfg(DMAC_TT_FC_M2P, false));
    ch_enable(r, 3);
    rig_run(r, PS_PER_US);
    CHECK_EQ_U64(r->logged, 0);
    dw_axi_dmac_request(r->dev, 5, true); /* another's */
    rig_run(r, PS_PER_US);
    CHECK_EQ_U64(r->logged, 0);
    dw_axi_dmac_request(r->dev, 9, true);
    rig_run(r, PS_PER_US);
    CHECK_EQ_U64(r->logged, 4);
    for (unsigned i = 0; i < 46; i++) {
        CHECK(ch_on(r, 3));
        room++;
        dw_axi_dmac_request(r->dev, 9, true);
        rig_run(r, PS_PER_US);
        CHECK_EQ_U64(r->logged, 5 + i);
    }
    CHECK_EQ_U64(ch_status(r, 3), INT(DST_TRANSCOMP) | INT(DMA_TFR));
    for (unsigned i = 0; i < 50; i++)
        CHECK_EQ_U64(r->log[i].data, *rig_at(r, RIG_SOURCE + i));
    dw_axi_dmac_request(r->dev, 1000, true); /* no such wire */
    rig_down(r);
}

/* ---- a real one ---- */

struct terminal {
    uint8_t out[256];
    unsigned count;
};

static void terminal_put(void *host, uint8_t byte)
{
    struct terminal *t = host;

    t->out[t->count++ % sizeof t->out] = byte;
}

static void uart_set(struct rig *r, uint64_t offset, uint8_t value)
{
    struct txn t = {.addr = VIRT_UART_BASE + offset, .size = 1, .write = true, .data = value};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
}

static void test_the_uart_sends_and_receives_by_dma_at_the_speed_of_its_wire(void)
{
    static const uint8_t fcr[] = {0x01, 0x09, 0x89};
    struct rig *r = rig_up(TIMING_IO);
    struct terminal terminal = {.count = 0};
    struct uart_config config = {VIRT_UART_BASE, terminal_put, &terminal};
    struct device_env env = {.name = "uart0", .clock = &r->clock, .trace = &r->trace,
                             .space = &r->space, .link = &r->link, .params = &r->params,
                             .config = &config};
    static struct uart u;
    uint64_t ctl = FPUT(rig_ctl(0), DMAC_CTL_DINC, 1);
    uint64_t cfg = FPUT(FPUT(rig_cfg(0), DMAC_CFG_DST_PER, VIRT_DMA_REQUEST_UART_TX),
                        DMAC_CFG_SRC_PER, VIRT_DMA_REQUEST_UART_RX);

    CHECK(uart_class.init(&u, &env, NULL) == 0);
    CHECK(space_map(&r->space, &u.mmio, NULL) == 0);
    line_connect(&u.txrdy, dw_axi_dmac_request, r->dev, VIRT_DMA_REQUEST_UART_TX);
    line_connect(&u.rxrdy, dw_axi_dmac_request, r->dev, VIRT_DMA_REQUEST_UART_RX);
    uart_class.reset(&u);
    uart_set(r, 3, 0x03);
    rig_on(r);
    for (unsigned mode = 0; mode < ARRAY_LEN(fcr); mode++) {
        ps_t began = r->clock.now, character = uart_character_ps(&u);

        uart_set(r, 2, fcr[mode]);
        terminal.count = 0;
        ch_clear(r, 0);
        ch_clear(r, 1);
        memset(rig_at(r, RIG_TARGET), 0, 100);
        ch_block(r, 0, VIRT_UART_BASE, RIG_SOURCE, 100, ctl, FPUT(cfg, DMAC_CFG_TT_FC, 1));
        ch_block(r, 1, RIG_TARGET, VIRT_UART_BASE, 100, FPUT(rig_ctl(0), DMAC_CTL_SINC, 1),
                 FPUT(cfg, DMAC_CFG_TT_FC, 2));
        rig_put(r, DMAC_CHEN_OFFSET, 0x0303);
        for (unsigned i = 0; i < 100; i++) {
            rig_run(r, character);
            CHECK(uart_can_receive(&u));
            uart_receive(&u, (uint8_t)(i ^ 0x5a));
        }
        rig_run(r, 8 * character);
        CHECK_EQ_U64(rig_get(r, DMAC_CHEN_OFFSET), 0);
        CHECK_EQ_U64(terminal.count, 100);
        CHECK(memcmp(terminal.out, rig_at(r, RIG_SOURCE), 100) == 0);
        for (unsigned i = 0; i < 100; i++)
            CHECK_EQ_U64(*rig_at(r, RIG_TARGET + i), i ^ 0x5a);
        CHECK(r->clock.now - began == 108 * character);
    }
    uart_class.fini(&u);
    rig_down(r);
}

static void test_both_sides_may_be_paced(void)
{
    struct rig *r = rig_up(TIMING_IO);
    uint64_t ctl = FPUT(FPUT(rig_ctl(1), DMAC_CTL_DINC, 1), DMAC_CTL_SINC, 1);

    rig_on(r);
    ch_block(r, 0, RIG_PORT, RIG_PORT, 6, ctl, paced_cfg(DMAC_TT_FC_P2P, false));
    ch_enable(r, 0);
    rig_run(r, PS_PER_US);
    CHECK_EQ_U64(r->logged, 0);
    dw_axi_dmac_request(r->dev, 5, true); /* the source gives */
    rig_run(r, PS_PER_US);
    CHECK_EQ_U64(r->logged, 6);
    CHECK_EQ_U64(arrived(r, 0), 0);
    dw_axi_dmac_request(r->dev, 9, true);
    rig_run(r, PS_PER_US);
    CHECK_EQ_U64(r->logged, 12);
    CHECK(!ch_on(r, 0));
    for (unsigned i = 0; i < 6; i++) {
        CHECK(!r->log[i].write && r->log[6 + i].write);
        CHECK_EQ_U64(r->log[6 + i].data, i);
    }
    rig_down(r);
}

static void test_a_peripheral_as_flow_controller_is_counted_for(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    for (unsigned tt_fc = DMAC_TT_FC_P2M_SRC; tt_fc <= DMAC_TT_FC_P2P_DST; tt_fc++) {
        ch_block(r, 0, RIG_TARGET, RIG_SOURCE, 6, rig_ctl(3), paced_cfg(tt_fc, false));
        ch_clear(r, 0);
        ch_enable(r, 0);
        rig_run(r, PS_PER_US);
        CHECK(ch_on(r, 0));
        dw_axi_dmac_request(r->dev, 5, true);
        dw_axi_dmac_request(r->dev, 9, true);
        rig_run(r, PS_PER_US);
        CHECK(!ch_on(r, 0));
        CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, 48));
        dw_axi_dmac_request(r->dev, 5, false);
        dw_axi_dmac_request(r->dev, 9, false);
    }
    rig_down(r);
}

static void test_who_waits_for_a_silent_peripheral_can_be_aborted(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    ch_block(r, 0, RIG_PORT, RIG_SOURCE, 6, rig_ctl(3), paced_cfg(DMAC_TT_FC_M2P, false));
    ch_enable(r, 0);
    rig_settle(r);
    ch_disable(r, 0); /* cannot drain */
    rig_settle(r);
    CHECK(ch_on(r, 0));
    ch_abort(r, 0);
    CHECK(!ch_on(r, 0));
    CHECK_EQ_U64(ch_status(r, 0), INT(ABORTED));
    CHECK_EQ_U64(r->logged, 0);
    rig_down(r);
}

TEST_MAIN(test_one_item_takes_a_beat_and_a_trip_each_way,
          test_a_long_copy_runs_at_eight_bytes_a_cycle,
          test_narrow_items_waste_the_bus,
          test_one_burst_at_a_time_waits_for_each,
          test_shorter_bursts_are_kept_to,
          test_no_burst_crosses_four_kibibytes,
          test_a_list_costs_its_fetch_and_its_write_back,
          test_without_timing_all_is_done_at_once,
          test_data_are_in_memory_when_they_arrive_not_before,
          test_equals_share_the_bus_evenly,
          test_a_higher_priority_goes_first,
          test_a_source_moves_as_much_as_each_request_asks,
          test_a_destination_takes_as_much_as_each_request_asks,
          test_a_wire_paces_a_destination_so_that_nothing_is_lost,
          test_the_uart_sends_and_receives_by_dma_at_the_speed_of_its_wire,
          test_both_sides_may_be_paced,
          test_a_peripheral_as_flow_controller_is_counted_for,
          test_who_waits_for_a_silent_peripheral_can_be_aborted)
