/* SPDX-License-Identifier: Apache-2.0 */
/* The DMA controller when something goes wrong, and when software stops it. */
#include "dw_axi_dmac_rig.h"

#define INT(name) (UINT64_C(1) << DMAC_INT_##name##_LSB)

/* ---- errors ---- */

struct error_case {
    uint64_t to, from;
    uint64_t status;
};

static void test_faults_of_data_end_the_transfer_with_their_status(void)
{
    static const struct error_case cases[] = {
        {RIG_TARGET, RIG_NOWHERE, INT(SRC_DEC_ERR)},
        {RIG_NOWHERE, RIG_SOURCE, INT(DST_DEC_ERR)},
        {RIG_TARGET, RIG_PORT, INT(SRC_SLV_ERR)},
        {RIG_PORT, RIG_SOURCE, INT(DST_SLV_ERR)},
        {RIG_ROM, RIG_SOURCE, INT(DST_SLV_ERR)},
        {RIG_TARGET, RIG_RAM + RIG_RAM_BYTES - 256, INT(SRC_DEC_ERR)}, /* over the end */
        {RIG_RAM + RIG_RAM_BYTES - 256, RIG_SOURCE, INT(DST_DEC_ERR)},
        {RIG_TARGET, UINT64_MAX - 63, INT(SRC_DEC_ERR)}, /* and around */
    };

    for (unsigned i = 0; i < ARRAY_LEN(cases) * 2; i++) {
        const struct error_case *k = &cases[i / 2];
        struct rig *r = rig_up(i & 1 ? TIMING_OFF : TIMING_IO);

        rig_on(r);
        r->refuse = FAULT_ACCESS;
        ch_block(r, 0, k->to, k->from, 100, FPUT(rig_ctl(3), DMAC_CTL_IOC, 1), rig_cfg(0));
        ch_enable(r, 0);
        rig_settle(r);
        CHECK(!ch_on(r, 0));
        CHECK_EQ_U64(ch_status(r, 0), k->status);
        CHECK(r->level);
        ch_clear(r, 0);
        CHECK(!r->level);
        r->refuse = FAULT_NONE; /* and it goes on as if nothing had been */
        ch_block(r, 0, RIG_TARGET, RIG_SOURCE, 100, rig_ctl(3), rig_cfg(0));
        ch_enable(r, 0);
        rig_settle(r);
        CHECK_EQ_U64(ch_status(r, 0), INT(DMA_TFR));
        CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, 800));
        rig_down(r);
    }
}

static void test_an_error_tells_how_much_has_arrived(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    ch_block(r, 0, RIG_RAM + RIG_RAM_BYTES - 256, RIG_SOURCE, 100, rig_ctl(3), rig_cfg(0));
    ch_enable(r, 0);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(DST_DEC_ERR));
    CHECK_EQ_U64(FGET(ch_get(r, 0, DMAC_CH_STATUS_OFFSET), DMAC_STATUS_CMPLTD), 256 / 8);
    CHECK(FGET(ch_get(r, 0, DMAC_CH_STATUS_OFFSET), DMAC_STATUS_LEFT) > 0);
    CHECK(rig_copied(r, RIG_RAM + RIG_RAM_BYTES - 256, RIG_SOURCE, 256));
    rig_down(r);
}

static void test_what_was_under_way_when_a_read_failed_still_arrives(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    ch_block(r, 0, RIG_TARGET, RIG_RAM + RIG_RAM_BYTES - 1024, 1000, rig_ctl(3), rig_cfg(0));
    ch_enable(r, 0);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(SRC_DEC_ERR));
    /* All that was read; the last burst was on the write bus when the next read's error came. */
    CHECK_EQ_U64(FGET(ch_get(r, 0, DMAC_CH_STATUS_OFFSET), DMAC_STATUS_CMPLTD), 1024 / 8);
    CHECK(rig_copied(r, RIG_TARGET, RIG_RAM + RIG_RAM_BYTES - 1024, 1024));
    rig_down(r);
}

static void test_faults_of_a_list_have_a_status_of_their_own(void)
{
    static const struct {
        uint64_t item;
        uint64_t status;
    } cases[] = {
        {RIG_NOWHERE, INT(LLI_RD_DEC_ERR)},
        {RIG_PORT, INT(LLI_RD_SLV_ERR)},
        {RIG_ROM, INT(LLI_WR_SLV_ERR)}, /* readable: its block is moved, then it is written back */
        {VIRT_DMA_BASE + 0x100, INT(LLI_RD_SLV_ERR)}, /* the controller's own registers */
    };
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    rig_item(r, 0, RIG_TARGET, RIG_SOURCE, 8, rig_ctl(3), true);
    memcpy(r->rom.ram, rig_at(r, RIG_LIST), DMAC_LLI_BYTES);
    for (unsigned i = 0; i < ARRAY_LEN(cases); i++) {
        ch_list(r, i, cases[i].item);
        rig_settle(r);
        CHECK(!ch_on(r, i));
        CHECK_EQ_U64(ch_status(r, i), cases[i].status);
    }
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, 64));
    rig_down(r);
}

static void vanish(struct rig *r)
{
    space_unmap(&r->space, &r->port);
}

static void test_an_item_whose_place_is_gone_cannot_be_handed_back(void)
{
    struct rig *r = rig_up(TIMING_IO);
    static uint8_t there[4096];
    struct region ram = {.name = "list", .base = 0x50000000, .size = 4096, .ram = there};

    rig_on(r);
    CHECK(space_map(&r->space, &ram, NULL) == 0);
    rig_item(r, 0, RIG_PORT, RIG_SOURCE, 1, rig_ctl(3), true);
    memcpy(there, rig_at(r, RIG_LIST), DMAC_LLI_BYTES);
    ch_list(r, 0, 0x50000000);
    while (!r->logged)
        clock_run(&r->clock, clock_next(&r->clock));
    space_unmap(&r->space, &ram);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(LLI_WR_DEC_ERR));
    rig_down(r);
}

static void test_a_device_that_goes_away_meanwhile_is_a_decode_error(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    r->on_port = vanish;
    ch_block(r, 0, RIG_PORT, RIG_SOURCE, 50, rig_ctl(2), rig_cfg(0));
    ch_enable(r, 0);
    rig_settle(r);
    CHECK_EQ_U64(r->logged, 1);
    CHECK_EQ_U64(ch_status(r, 0), INT(DST_DEC_ERR));
    CHECK_EQ_U64(FGET(ch_get(r, 0, DMAC_CH_STATUS_OFFSET), DMAC_STATUS_CMPLTD), 1);
    rig_down(r);
}

/* ---- stopping ---- */

static void test_suspend_stops_without_loss_and_resumes(void)
{
    struct rig *r = rig_up(TIMING_IO);
    uint64_t arrived;

    rig_on(r);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE, 5000, rig_ctl(3), rig_cfg(0));
    ch_enable(r, 0);
    rig_run(r, 3 * PS_PER_US);
    ch_suspend(r, 0, true);
    CHECK_EQ_U64(ch_status(r, 0), 0); /* bursts are under way */
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(SRC_SUSPENDED) | INT(SUSPENDED));
    CHECK_EQ_U64(rig_get(r, DMAC_CHEN_OFFSET), 0x10001);
    arrived = FGET(ch_get(r, 0, DMAC_CH_STATUS_OFFSET), DMAC_STATUS_CMPLTD);
    CHECK(arrived > 0 && arrived < 5000);
    CHECK_EQ_U64(ch_get(r, 0, DMAC_CH_SAR_OFFSET), RIG_SOURCE + arrived * 8);
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, arrived * 8));
    ch_clear(r, 0);
    rig_run(r, PS_PER_US);
    CHECK_EQ_U64(ch_status(r, 0), 0); /* told once */
    ch_suspend(r, 0, false);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(DMA_TFR));
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, 40000));
    rig_down(r);
}

static void test_suspend_and_disable_leaves_what_has_arrived(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    for (unsigned n = 0; n < 4; n++)
        rig_item(r, n, RIG_TARGET + 0x2000 * n, RIG_SOURCE, 1000, rig_ctl(3), n == 3);
    ch_list(r, 0, RIG_LIST);
    rig_run(r, 3 * PS_PER_US);
    ch_suspend(r, 0, true);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(SRC_SUSPENDED) | INT(SUSPENDED));
    ch_disable(r, 0);
    CHECK_EQ_U64(rig_get(r, DMAC_CHEN_OFFSET), 0);
    CHECK_EQ_U64(ch_status(r, 0), INT(SRC_SUSPENDED) | INT(SUSPENDED) | INT(DISABLED));
    rig_down(r);
}

static void test_disable_drains_the_fifo_then_tells(void)
{
    struct rig *r = rig_up(TIMING_IO);
    uint64_t arrived;

    rig_on(r);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE, 5000, rig_ctl(3), rig_cfg(0));
    ch_enable(r, 0);
    rig_run(r, 3 * PS_PER_US);
    ch_disable(r, 0);
    CHECK(ch_on(r, 0));
    rig_settle(r);
    CHECK(!ch_on(r, 0));
    CHECK_EQ_U64(ch_status(r, 0), INT(DISABLED));
    arrived = FGET(ch_get(r, 0, DMAC_CH_STATUS_OFFSET), DMAC_STATUS_CMPLTD);
    CHECK_EQ_U64(ch_get(r, 0, DMAC_CH_SAR_OFFSET), RIG_SOURCE + arrived * 8);
    CHECK_EQ_U64(ch_get(r, 0, DMAC_CH_DAR_OFFSET), RIG_TARGET + arrived * 8);
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, arrived * 8));
    rig_down(r);
}

static void test_turning_the_controller_off_disables_all_channels(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    for (unsigned c = 0; c < DMAC_CHANNELS; c++) {
        ch_block(r, c, RIG_TARGET, RIG_SOURCE, 5000, rig_ctl(3), rig_cfg(0));
        ch_enable(r, c);
    }
    rig_run(r, PS_PER_US);
    rig_put(r, DMAC_CFG_OFFSET, 0);
    CHECK_EQ_U64(rig_get(r, DMAC_CFG_OFFSET), 1); /* until they have stopped */
    rig_settle(r);
    CHECK_EQ_U64(rig_get(r, DMAC_CFG_OFFSET), 0);
    CHECK_EQ_U64(rig_get(r, DMAC_CHEN_OFFSET), 0);
    for (unsigned c = 0; c < DMAC_CHANNELS; c++)
        CHECK_EQ_U64(ch_status(r, c), INT(DISABLED));
    rig_down(r);
}

static void test_abort_ends_a_channel_at_once(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE, 5000, rig_ctl(3), rig_cfg(0));
    ch_block(r, 1, RIG_TARGET + 0x10000, RIG_SOURCE, 1000, rig_ctl(3), rig_cfg(0));
    ch_enable(r, 0);
    ch_enable(r, 1);
    rig_run(r, PS_PER_US);
    ch_abort(r, 0);
    CHECK(!ch_on(r, 0));
    CHECK_EQ_U64(ch_status(r, 0), INT(ABORTED));
    CHECK_EQ_U64(rig_get(r, DMAC_CHEN_OFFSET), 2);
    rig_settle(r); /* the other one goes on */
    CHECK_EQ_U64(ch_status(r, 1), INT(DMA_TFR));
    CHECK(rig_copied(r, RIG_TARGET + 0x10000, RIG_SOURCE, 8000));
    ch_clear(r, 0);
    ch_abort(r, 0); /* of nothing: nothing */
    CHECK_EQ_U64(ch_status(r, 0), 0);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE, 5000, rig_ctl(3), rig_cfg(0));
    ch_enable(r, 0);
    rig_settle(r);
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, 40000));
    rig_down(r);
}

static void test_reset_leaves_nothing_behind(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    for (unsigned c = 0; c < DMAC_CHANNELS; c++) {
        ch_block(r, c, RIG_TARGET, RIG_SOURCE, 5000, rig_ctl(3), rig_cfg(0));
        ch_enable(r, c);
    }
    rig_run(r, PS_PER_US);
    rig_put(r, DMAC_RESET_OFFSET, 1);
    CHECK_EQ_U64(rig_get(r, DMAC_RESET_OFFSET), 0);
    CHECK_EQ_U64(rig_get(r, DMAC_CFG_OFFSET), 0);
    CHECK_EQ_U64(rig_get(r, DMAC_CHEN_OFFSET), 0);
    CHECK_EQ_U64(ch_get(r, 3, DMAC_CH_SAR_OFFSET), 0);
    CHECK_EQ_U64(clock_next(&r->clock), PS_NEVER);
    CHECK(!r->level);
    rig_down(r);
}

TEST_MAIN(test_faults_of_data_end_the_transfer_with_their_status,
          test_an_error_tells_how_much_has_arrived,
          test_what_was_under_way_when_a_read_failed_still_arrives,
          test_faults_of_a_list_have_a_status_of_their_own,
          test_an_item_whose_place_is_gone_cannot_be_handed_back,
          test_a_device_that_goes_away_meanwhile_is_a_decode_error,
          test_suspend_stops_without_loss_and_resumes,
          test_suspend_and_disable_leaves_what_has_arrived,
          test_disable_drains_the_fifo_then_tells,
          test_turning_the_controller_off_disables_all_channels,
          test_abort_ends_a_channel_at_once,
          test_reset_leaves_nothing_behind)
