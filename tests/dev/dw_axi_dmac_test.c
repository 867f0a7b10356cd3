/* SPDX-License-Identifier: Apache-2.0 */
/* The DMA controller as a driver sees it: registers, blocks, lists, interrupts.  What goes wrong,
 * and stopping: dw_axi_dmac_fault_test.c; time and requests: dw_axi_dmac_paced_test.c. */
#include "dw_axi_dmac_rig.h"

#define INT(name) (UINT64_C(1) << DMAC_INT_##name##_LSB)

/* ---- registers ---- */

static void test_identifies_itself_as_version_1_01a(void)
{
    struct rig *r = rig_up(TIMING_IO);

    CHECK_EQ_U64(rig_get(r, DMAC_COMPVER_OFFSET), 0x3130312a);
    CHECK_EQ_U64(rig_get_size(r, DMAC_COMPVER_OFFSET, 4), 0x3130312a);
    CHECK_EQ_U64(rig_get_size(r, DMAC_COMPVER_OFFSET + 4, 4), 0);
    rig_down(r);
}

static void test_each_channel_has_registers_of_its_own_in_halves_too(void)
{
    struct rig *r = rig_up(TIMING_IO);

    for (unsigned c = 0; c < DMAC_CHANNELS; c++) {
        uint32_t at = 0x100 + 0x100 * c;
        rig_put_size(r, at + 0x00, 4, 0x11110000 + c);
        rig_put_size(r, at + 0x04, 4, 0x22220000 + c);
        rig_put(r, at + 0x28, UINT64_C(0x123456789abcdeff) + c * 256);
    }
    for (unsigned c = 0; c < DMAC_CHANNELS; c++) {
        CHECK_EQ_U64(ch_get(r, c, DMAC_CH_SAR_OFFSET),
                     UINT64_C(0x2222000011110000) + c * UINT64_C(0x100000001));
        CHECK_EQ_U64(ch_get(r, c, DMAC_CH_LLP_OFFSET),
                     (UINT64_C(0x123456789abcdeff) + c * 256) & ~UINT64_C(63));
    }
    rig_down(r);
}

static void test_channels_are_enabled_only_with_their_write_enable_and_the_controller_on(void)
{
    struct rig *r = rig_up(TIMING_IO);

    for (unsigned c = 0; c < DMAC_CHANNELS; c++)
        ch_block(r, c, RIG_TARGET, RIG_SOURCE, 1000, rig_ctl(3), rig_cfg(0));
    rig_put(r, DMAC_CHEN_OFFSET, 0xffff);
    CHECK_EQ_U64(rig_get(r, DMAC_CHEN_OFFSET), 0);
    rig_on(r);
    rig_put(r, DMAC_CHEN_OFFSET, 0x00ff);
    CHECK_EQ_U64(rig_get(r, DMAC_CHEN_OFFSET), 0);
    rig_put(r, DMAC_CHEN_OFFSET, 0x5ac3);
    CHECK_EQ_U64(rig_get(r, DMAC_CHEN_OFFSET), 0x5a & 0xc3);
    rig_settle(r);
    CHECK_EQ_U64(rig_get(r, DMAC_CHEN_OFFSET), 0);
    rig_down(r);
}

static void test_accesses_of_no_register_and_in_the_wrong_direction_set_status(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_put(r, DMAC_CFG_OFFSET, FMASK(DMAC_CFG_INT_EN));
    CHECK_EQ_U64(rig_get(r, 0x020), 0);
    CHECK_EQ_U64(rig_get(r, DMAC_COMMON_INTSTATUS_OFFSET), 1);
    CHECK_EQ_U64(rig_get(r, DMAC_INTSTATUS_OFFSET), FMASK(DMAC_INTSTATUS_COMMON));
    CHECK(r->level);
    rig_put(r, DMAC_ID_OFFSET, 5);
    CHECK_EQ_U64(rig_get(r, DMAC_COMMON_INTCLEAR_OFFSET), 0);
    rig_get(r, 0xa00);
    CHECK_EQ_U64(rig_get(r, DMAC_COMMON_INTSTATUS_OFFSET), 0x107);
    rig_put(r, DMAC_COMMON_INTCLEAR_OFFSET, 0x105);
    CHECK_EQ_U64(rig_get(r, DMAC_COMMON_INTSTATUS_OFFSET), 2);
    rig_put(r, DMAC_COMMON_INTSIGNAL_ENA_OFFSET, 0x10d);
    CHECK(!r->level);

    ch_get(r, 3, 0x1b0);
    CHECK_EQ_U64(ch_status(r, 3), INT(SLVIF_DEC_ERR));
    ch_put(r, 3, DMAC_CH_STATUS_OFFSET, 1);
    ch_get(r, 3, DMAC_CH_INTCLEAR_OFFSET);
    CHECK_EQ_U64(ch_status(r, 3), INT(SLVIF_DEC_ERR) | INT(SLVIF_WR2RO_ERR) | INT(SLVIF_RD2WO_ERR));
    CHECK_EQ_U64(rig_get(r, DMAC_INTSTATUS_OFFSET), 1 << 3);
    CHECK(r->level);
    ch_clear(r, 3);
    CHECK(!r->level);
    rig_down(r);
}

static void test_bytes_and_halfwords_are_no_size_of_a_register(void)
{
    struct rig *r = rig_up(TIMING_IO);
    struct txn t = {.addr = VIRT_DMA_BASE + DMAC_CFG_OFFSET, .size = 2};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_SIZE);
    t.size = 1;
    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_SIZE);
    rig_down(r);
}

/* ---- blocks by registers ---- */

static void test_a_block_is_copied_and_the_channel_turns_itself_off(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    ch_block(r, 2, RIG_TARGET, RIG_SOURCE, 1000, FPUT(rig_ctl(3), DMAC_CTL_IOC, 1), rig_cfg(0));
    CHECK(!rig_copied(r, RIG_TARGET, RIG_SOURCE, 8000));
    ch_enable(r, 2);
    CHECK(ch_on(r, 2));
    CHECK_EQ_U64(ch_status(r, 2), 0);
    rig_settle(r);
    CHECK(!ch_on(r, 2));
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, 8000));
    CHECK(!rig_copied(r, RIG_TARGET, RIG_SOURCE, 8001));
    CHECK_EQ_U64(ch_status(r, 2), INT(BLOCK_TFR) | INT(DMA_TFR));
    CHECK_EQ_U64(FGET(ch_get(r, 2, DMAC_CH_STATUS_OFFSET), DMAC_STATUS_CMPLTD), 1000);
    CHECK_EQ_U64(FGET(ch_get(r, 2, DMAC_CH_STATUS_OFFSET), DMAC_STATUS_LEFT), 0);
    CHECK_EQ_U64(ch_get(r, 2, DMAC_CH_SAR_OFFSET), RIG_SOURCE + 8000);
    CHECK_EQ_U64(ch_get(r, 2, DMAC_CH_DAR_OFFSET), RIG_TARGET + 8000);
    CHECK(r->level);
    rig_down(r);
}

static void test_without_ioc_a_block_sets_no_block_status(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE, 5, rig_ctl(0), rig_cfg(0));
    ch_enable(r, 0);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(DMA_TFR));
    rig_down(r);
}

static void test_every_pair_of_widths_moves_the_same_bytes(void)
{
    for (unsigned src = 0; src < 8; src++)
        for (unsigned dst = 0; dst < 8; dst++)
            for (unsigned n = 1; n < 40; n += 6) {
                struct rig *r = rig_up(TIMING_IO);
                uint64_t bytes = (uint64_t)n << (src < 3 ? src : 3);

                rig_on(r);
                ch_block(r, 0, RIG_TARGET, RIG_SOURCE, n,
                         FPUT(rig_ctl(src), DMAC_CTL_DST_WIDTH, dst), rig_cfg(0));
                ch_enable(r, 0);
                rig_settle(r);
                CHECK_EQ_U64(ch_status(r, 0), INT(DMA_TFR));
                CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, bytes));
                CHECK(!rig_copied(r, RIG_TARGET + bytes, RIG_SOURCE + bytes, 1));
                rig_down(r);
            }
}

static void test_an_address_is_aligned_down_to_its_items(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    ch_block(r, 0, RIG_TARGET + 7, RIG_SOURCE + 3, 4, FPUT(rig_ctl(1), DMAC_CTL_DST_WIDTH, 2),
             rig_cfg(0));
    ch_enable(r, 0);
    rig_settle(r);
    CHECK(rig_copied(r, RIG_TARGET + 4, RIG_SOURCE + 2, 8));
    rig_down(r);
}

static void test_a_block_may_have_as_many_items_as_the_register_holds(void)
{
    struct rig *r = rig_up(TIMING_OFF);

    rig_on(r);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE, DMAC_BLOCK_ITEMS_MAX, rig_ctl(3), rig_cfg(0));
    ch_enable(r, 0);
    rig_settle(r);
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, DMAC_BLOCK_ITEMS_MAX * 8));
    CHECK_EQ_U64(FGET(ch_get(r, 0, DMAC_CH_STATUS_OFFSET), DMAC_STATUS_CMPLTD),
                 DMAC_BLOCK_ITEMS_MAX);
    rig_down(r);
}

static void test_registers_of_a_running_channel_are_locked(void)
{
    static const uint32_t locked[] = {
        DMAC_CH_SAR_OFFSET, DMAC_CH_DAR_OFFSET, DMAC_CH_BLOCK_TS_OFFSET, DMAC_CH_CTL_OFFSET,
        DMAC_CH_LLP_OFFSET, DMAC_CH_AXI_ID_OFFSET, DMAC_CH_AXI_QOS_OFFSET,
    };
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    ch_block(r, 1, RIG_TARGET, RIG_SOURCE, 1000, rig_ctl(3), rig_cfg(0));
    ch_enable(r, 1);
    for (unsigned i = 0; i < ARRAY_LEN(locked); i++) {
        ch_put(r, 1, locked[i], 0x4040404040404040);
        CHECK_EQ_U64(ch_status(r, 1), INT(SLVIF_WRONCHEN_ERR));
        ch_clear(r, 1);
    }
    ch_put(r, 1, DMAC_CH_CFG_OFFSET, 0);
    CHECK_EQ_U64(ch_status(r, 1), INT(SLVIF_WRONCHEN_ERR));
    ch_clear(r, 1);
    ch_put(r, 1, DMAC_CH_CFG_OFFSET, rig_cfg(0)); /* its low half may be written */
    CHECK_EQ_U64(ch_status(r, 1), 0);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 1), INT(DMA_TFR));
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, 8000));
    CHECK_EQ_U64(ch_get(r, 1, DMAC_CH_LLP_OFFSET), 0);
    rig_down(r);
}

static void test_a_running_channel_shows_how_far_it_is(void)
{
    struct rig *r = rig_up(TIMING_IO);
    uint64_t was = 0;

    rig_on(r);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE, 4096, rig_ctl(3), rig_cfg(0));
    ch_enable(r, 0);
    for (unsigned i = 0; i < 6; i++) {
        uint64_t read, arrived;

        rig_run(r, PS_PER_US);
        read = ch_get(r, 0, DMAC_CH_BLOCK_TS_OFFSET);
        arrived = FGET(ch_get(r, 0, DMAC_CH_STATUS_OFFSET), DMAC_STATUS_CMPLTD);
        CHECK(arrived > was && arrived < read && read <= 4096);
        CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, arrived * 8));
        CHECK_EQ_U64(ch_get(r, 0, DMAC_CH_SAR_OFFSET), RIG_SOURCE + read * 8);
        was = arrived;
    }
    rig_down(r);
}

static void test_an_address_that_stays_fills_memory_with_one_item(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE + 8, 100, FPUT(rig_ctl(2), DMAC_CTL_SINC, 1), rig_cfg(0));
    ch_enable(r, 0);
    rig_settle(r);
    for (unsigned i = 0; i < 100; i++)
        CHECK(rig_copied(r, RIG_TARGET + 4 * i, RIG_SOURCE + 8, 4));
    CHECK_EQ_U64(ch_get(r, 0, DMAC_CH_SAR_OFFSET), RIG_SOURCE + 8);
    rig_down(r);
}

static void test_a_device_gets_aligned_accesses_of_the_items_size(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    for (unsigned width = 0; width < 4; width++) {
        r->logged = 0;
        ch_block(r, 0, RIG_PORT + 0x40, RIG_SOURCE, 5,
                 FPUT(rig_ctl(width), DMAC_CTL_DINC, width & 1), rig_cfg(0));
        ch_enable(r, 0);
        rig_settle(r);
        CHECK_EQ_U64(r->logged, 5);
        for (unsigned i = 0; i < 5; i++) {
            CHECK(r->log[i].write);
            CHECK_EQ_U64(r->log[i].size, 1u << width);
            CHECK_EQ_U64(r->log[i].offset, 0x40 + (width & 1 ? 0 : i << width));
            CHECK_EQ_U64(r->log[i].data,
                         le_get(rig_at(r, RIG_SOURCE + (i << width)), 1u << width));
        }
    }
    rig_down(r);
}

static void test_a_tail_that_is_no_item_reaches_a_device_in_its_largest_pieces(void)
{
    static const uint8_t size[] = {8, 8, 4, 2, 1};
    struct rig *r = rig_up(TIMING_IO);
    uint64_t at = 0;

    rig_on(r);
    ch_block(r, 0, RIG_PORT, RIG_SOURCE, 23, FPUT(rig_ctl(0), DMAC_CTL_DST_WIDTH, 3), rig_cfg(0));
    ch_enable(r, 0);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(DMA_TFR));
    CHECK_EQ_U64(r->logged, ARRAY_LEN(size));
    for (unsigned i = 0; i < ARRAY_LEN(size); at += size[i++]) {
        CHECK_EQ_U64(r->log[i].size, size[i]);
        CHECK_EQ_U64(r->log[i].offset, at);
        CHECK_EQ_U64(r->log[i].data, le_get(rig_at(r, RIG_SOURCE + at), size[i]));
    }
    rig_down(r);
}

static void test_a_device_is_read_in_order_once_an_item(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    r->next = 100;
    ch_block(r, 0, RIG_TARGET, RIG_PORT + 8, 64,
             FPUT(FPUT(rig_ctl(1), DMAC_CTL_SINC, 1), DMAC_CTL_DST_WIDTH, 3), rig_cfg(0));
    ch_enable(r, 0);
    rig_settle(r);
    CHECK_EQ_U64(r->logged, 64);
    for (unsigned i = 0; i < 64; i++)
        CHECK_EQ_U64(le16_get(rig_at(r, RIG_TARGET + 2 * i)), 100 + i);
    rig_down(r);
}

/* ---- several blocks by registers ---- */

static void test_reload_repeats_until_software_ends_it(void)
{
    struct rig *r = rig_up(TIMING_IO);
    uint64_t cfg = FPUT(rig_cfg(0), DMAC_CFG_DST_MULTBLK, DMAC_MULTBLK_RELOAD);

    rig_on(r);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE, 16, FPUT(rig_ctl(3), DMAC_CTL_IOC, 1), cfg);
    ch_enable(r, 0);
    for (unsigned block = 0; block < 3; block++) {
        while (!(ch_status(r, 0) & INT(BLOCK_TFR)))
            clock_run(&r->clock, clock_next(&r->clock));
        /* The source goes on, the destination comes again. */
        CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE + 128 * block, 128));
        CHECK_EQ_U64(ch_status(r, 0), INT(BLOCK_TFR));
        ch_clear(r, 0);
    }
    ch_put(r, 0, DMAC_CH_CFG_OFFSET, rig_cfg(0));
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(BLOCK_TFR) | INT(DMA_TFR));
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE + 128 * 3, 128));
    CHECK(!ch_on(r, 0));
    rig_down(r);
}

static void test_shadow_registers_bring_the_next_block(void)
{
    struct rig *r = rig_up(TIMING_IO);
    uint64_t ctl = rig_ctl(3);

    rig_on(r);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE, 100, ctl, rig_cfg(DMAC_MULTBLK_SHADOW));
    ch_enable(r, 0);
    CHECK(!FGET(ch_get(r, 0, DMAC_CH_CTL_OFFSET), DMAC_CTL_VALID)); /* taken */
    ch_put(r, 0, DMAC_CH_SAR_OFFSET, RIG_SOURCE + 0x10000);
    ch_put(r, 0, DMAC_CH_DAR_OFFSET, RIG_TARGET + 0x20000);
    ch_put(r, 0, DMAC_CH_BLOCK_TS_OFFSET, 9);
    ch_put(r, 0, DMAC_CH_CTL_OFFSET, ctl);
    CHECK_EQ_U64(ch_status(r, 0), 0);
    ch_put(r, 0, DMAC_CH_SAR_OFFSET, RIG_NOWHERE); /* valid and not taken yet: refused */
    CHECK_EQ_U64(ch_status(r, 0), INT(SLVIF_SHADOW_ERR));
    ch_clear(r, 0);
    rig_settle(r);
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, 800));
    CHECK(rig_copied(r, RIG_TARGET + 0x20000, RIG_SOURCE + 0x10000, 80));
    CHECK_EQ_U64(ch_status(r, 0), INT(INVALID_ERR)); /* and no third */
    CHECK(ch_on(r, 0));
    ch_clear(r, 0);
    ch_put(r, 0, DMAC_CH_SAR_OFFSET, RIG_SOURCE + 0x30000);
    ch_put(r, 0, DMAC_CH_CTL_OFFSET, FPUT(ctl, DMAC_CTL_LAST, 1));
    rig_settle(r);
    CHECK(ch_on(r, 0));
    ch_put(r, 0, DMAC_CH_BLK_TFR_RESUMEREQ_OFFSET, 1);
    rig_settle(r);
    CHECK(rig_copied(r, RIG_TARGET + 0x20000, RIG_SOURCE + 0x30000, 80));
    CHECK_EQ_U64(ch_status(r, 0), INT(DMA_TFR));
    CHECK(!ch_on(r, 0));
    rig_down(r);
}

static void test_a_list_and_shadow_registers_do_not_go_together(void)
{
    struct rig *r = rig_up(TIMING_IO);
    uint64_t cfg = FPUT(rig_cfg(DMAC_MULTBLK_LIST), DMAC_CFG_DST_MULTBLK, DMAC_MULTBLK_SHADOW);

    rig_on(r);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE, 1, rig_ctl(0), cfg);
    ch_enable(r, 0);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(MULTBLK_ERR));
    CHECK(ch_on(r, 0));
    ch_clear(r, 0);
    ch_put(r, 0, DMAC_CH_CFG_OFFSET, rig_cfg(0));
    ch_put(r, 0, DMAC_CH_BLK_TFR_RESUMEREQ_OFFSET, 0);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(DMA_TFR));
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, 1));
    rig_down(r);
}

/* ---- lists ---- */

static void test_a_list_is_followed_and_handed_back(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    for (unsigned n = 0; n < 10; n++)
        rig_item(r, n, RIG_TARGET + 0x1000 * n, RIG_SOURCE + 0x1000 * (9 - n), 100 + n,
                 FPUT(rig_ctl(n % 4), DMAC_CTL_IOC, n == 4), n == 9);
    ch_list(r, 5, RIG_LIST);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 5), INT(BLOCK_TFR) | INT(DMA_TFR));
    for (unsigned n = 0; n < 10; n++) {
        const uint8_t *item = rig_at(r, rig_item_at(n));
        uint64_t status = le64_get(item + DMAC_LLI_STATUS);

        CHECK(rig_copied(r, RIG_TARGET + 0x1000 * n, RIG_SOURCE + 0x1000 * (9 - n),
                         (uint64_t)(100 + n) << n % 4));
        CHECK_EQ_U64(le64_get(item + DMAC_LLI_CTL),
                     FPUT(FPUT(FPUT(rig_ctl(n % 4), DMAC_CTL_IOC, n == 4), DMAC_CTL_LAST, n == 9),
                          DMAC_CTL_VALID, 0));
        CHECK_EQ_U64(status, DMAC_LLI_STATUS_BLOCK_TFR | (100 + n) |
                                 (n == 9 ? DMAC_LLI_STATUS_DMA_TFR : 0));
        CHECK_EQ_U64(le64_get(item + DMAC_LLI_SAR), RIG_SOURCE + 0x1000 * (9 - n));
        CHECK_EQ_U64(le64_get(item + 0x38), 0xeeeeeeeeeeeeeeee); /* reserved: not touched */
    }
    CHECK_EQ_U64(ch_get(r, 5, DMAC_CH_LLP_OFFSET), rig_item_at(9));
    rig_down(r);
}

static void test_only_one_side_may_have_its_addresses_from_the_list(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    for (unsigned n = 0; n < 4; n++) /* gathers: the destination goes on by itself */
        rig_item(r, n, RIG_NOWHERE, RIG_SOURCE + 0x1000 * n, 8, rig_ctl(3), n == 3);
    ch_put(r, 0, DMAC_CH_DAR_OFFSET, RIG_TARGET);
    ch_put(r, 0, DMAC_CH_LLP_OFFSET, RIG_LIST);
    ch_put(r, 0, DMAC_CH_CFG_OFFSET,
           FPUT(rig_cfg(DMAC_MULTBLK_LIST), DMAC_CFG_DST_MULTBLK, DMAC_MULTBLK_CONTIGUOUS));
    ch_enable(r, 0);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(DMA_TFR));
    for (unsigned n = 0; n < 4; n++)
        CHECK(rig_copied(r, RIG_TARGET + 64 * n, RIG_SOURCE + 0x1000 * n, 64));
    rig_down(r);
}

static void test_an_item_that_is_not_valid_holds_the_channel_until_software_says_so(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    rig_item(r, 0, RIG_TARGET, RIG_SOURCE, 8, rig_ctl(3), false);
    rig_item(r, 1, RIG_TARGET + 64, RIG_SOURCE + 64, 8, FPUT(rig_ctl(3), DMAC_CTL_VALID, 0), true);
    ch_list(r, 0, RIG_LIST);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(INVALID_ERR));
    CHECK(ch_on(r, 0) && r->level);
    CHECK_EQ_U64(ch_get(r, 0, DMAC_CH_LLP_OFFSET), rig_item_at(1));
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, 64));
    CHECK(!rig_copied(r, RIG_TARGET + 64, RIG_SOURCE + 64, 64));
    ch_clear(r, 0);
    rig_item(r, 1, RIG_TARGET + 64, RIG_SOURCE + 64, 8, rig_ctl(3), true);
    ch_put(r, 0, DMAC_CH_BLK_TFR_RESUMEREQ_OFFSET, 1);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(DMA_TFR));
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, 128));
    rig_down(r);
}

static void test_a_list_that_points_to_itself_ends_where_it_was_handed_back(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    rig_item(r, 0, RIG_TARGET, RIG_SOURCE, 8, rig_ctl(3), false);
    le64_put(rig_at(r, rig_item_at(0)) + DMAC_LLI_LLP, rig_item_at(0));
    ch_list(r, 0, RIG_LIST);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(INVALID_ERR)); /* its VALID is clear by then */
    CHECK(ch_on(r, 0));
    ch_disable(r, 0);
    CHECK(!ch_on(r, 0));
    CHECK_EQ_U64(ch_status(r, 0), INT(INVALID_ERR) | INT(DISABLED));
    rig_down(r);
}

/* Two items that make each other valid again: they run for ever, and software can end it. */
static void endless(enum timing_level level, bool abort)
{
    struct rig *r = rig_up(level);
    uint64_t ctl = rig_ctl(3);

    rig_on(r);
    for (unsigned n = 0; n < 2; n++) {
        rig_item(r, n, rig_item_at(1 - n) + DMAC_LLI_CTL, RIG_LIST + 0x800, 1, ctl, false);
        le64_put(rig_at(r, rig_item_at(n)) + DMAC_LLI_LLP, rig_item_at(1 - n));
    }
    le64_put(rig_at(r, RIG_LIST + 0x800), ctl);
    ch_list(r, 0, RIG_LIST);
    rig_run(r, PS_PER_S / 1000);
    CHECK(ch_on(r, 0));
    CHECK_EQ_U64(ch_status(r, 0), 0);
    if (abort)
        ch_abort(r, 0);
    else
        ch_disable(r, 0);
    rig_settle(r);
    CHECK(!ch_on(r, 0));
    CHECK_EQ_U64(ch_status(r, 0), abort ? INT(ABORTED) : INT(DISABLED));
    rig_down(r);
}

static void test_an_endless_list_can_be_stopped_and_never_holds_up_the_host(void)
{
    endless(TIMING_IO, false);
    endless(TIMING_IO, true);
    endless(TIMING_OFF, false);
    endless(TIMING_OFF, true);
}

/* ---- what is not enabled ---- */

static void test_status_bits_are_set_only_if_enabled_and_interrupt_only_if_signalled(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    ch_put(r, 0, DMAC_CH_INTSTATUS_ENA_OFFSET, INT(DMA_TFR));
    ch_put(r, 0, DMAC_CH_INTSIGNAL_ENA_OFFSET, 0);
    ch_block(r, 0, RIG_TARGET, RIG_SOURCE, 8, FPUT(rig_ctl(3), DMAC_CTL_IOC, 1), rig_cfg(0));
    ch_enable(r, 0);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(DMA_TFR));
    CHECK(!r->level);
    CHECK_EQ_U64(rig_get(r, DMAC_INTSTATUS_OFFSET), 0);
    ch_put(r, 0, DMAC_CH_INTSIGNAL_ENA_OFFSET, INT(DMA_TFR));
    CHECK(r->level);
    CHECK_EQ_U64(rig_get(r, DMAC_INTSTATUS_OFFSET), 1);
    rig_put(r, DMAC_CFG_OFFSET, FMASK(DMAC_CFG_DMAC_EN));
    CHECK(!r->level);
    rig_put(r, DMAC_CFG_OFFSET, FMASK(DMAC_CFG_DMAC_EN) | FMASK(DMAC_CFG_INT_EN));
    CHECK(r->level);
    ch_put(r, 0, DMAC_CH_INTCLEAR_OFFSET, INT(DMA_TFR));
    CHECK(!r->level);
    rig_down(r);
}

/* ---- what the trace tells ---- */

#define SEEN 256

struct seen {
    struct {
        uint64_t id, cause;
        enum trace_kind kind;
        uint64_t args[4];
    } record[SEEN];
    unsigned count;
};

static void on_record(void *ctx, const struct trace_seen *t)
{
    struct seen *s = ctx;

    if (s->count == SEEN)
        return;
    s->record[s->count].id = t->id;
    s->record[s->count].cause = t->cause;
    s->record[s->count].kind = t->kind;
    memcpy(s->record[s->count++].args, t->args, trace_schema[t->kind].count * sizeof t->args[0]);
}

static void test_the_trace_tells_each_step_and_what_led_to_it(void)
{
    static const enum trace_kind steps[] = {
        TRACE_KIND_dma_enable, TRACE_KIND_dma_item, TRACE_KIND_dma_block, TRACE_KIND_dma_block_done,
        TRACE_KIND_dma_item, TRACE_KIND_dma_block, TRACE_KIND_dma_block_done, TRACE_KIND_dma_end,
    };
    static struct seen s;
    struct rig *r = rig_up(TIMING_IO);
    unsigned found = 0;
    uint64_t id = 0;

    rig_on(r);
    rig_item(r, 0, RIG_TARGET, RIG_SOURCE, 40, rig_ctl(3), false);
    rig_item(r, 1, RIG_TARGET, RIG_SOURCE + 8, 1, rig_ctl(0), true);
    trace_tap(&r->trace, on_record, &s);
    ch_list(r, 6, RIG_LIST);
    rig_settle(r);
    for (unsigned i = 0; i < s.count; i++) {
        const char *name = trace_schema[s.record[i].kind].name;

        if (strcmp(name, "dma_read") == 0 || strcmp(name, "dma_read_done") == 0 ||
            strcmp(name, "dma_write") == 0 || strcmp(name, "dma_write_done") == 0)
            continue;
        CHECK(found < ARRAY_LEN(steps) && s.record[i].kind == steps[found]);
        CHECK_EQ_U64(s.record[i].args[0], 6);
        if (s.record[i].kind == TRACE_KIND_dma_block)
            CHECK_EQ_U64(s.record[i].args[3], found == 2 ? 320 : 1);
        found++;
        id = s.record[i].id;
    }
    CHECK_EQ_U64(found, ARRAY_LEN(steps));
    /* From the end back to the enabling: nothing happened by itself. */
    for (unsigned i = s.count; i-- > 0; )
        if (s.record[i].id == id && i)
            id = s.record[i].cause;
    CHECK_EQ_U64(id, s.record[0].id);
    CHECK(s.record[0].kind == TRACE_KIND_dma_enable);
    rig_down(r);
}

/* ---- itself ---- */

static void test_a_channel_may_program_the_controller(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_on(r);
    /* Channel 0 writes CHEN: enables channel 1, aborts itself, in the middle of its block. */
    ch_block(r, 1, RIG_TARGET, RIG_SOURCE, 100, rig_ctl(3), rig_cfg(0));
    le64_put(rig_at(r, RIG_LIST), UINT64_C(0x0000010100000202));
    ch_block(r, 0, VIRT_DMA_BASE + DMAC_CHEN_OFFSET, RIG_LIST, 3,
             FPUT(rig_ctl(3), DMAC_CTL_DINC, 1), rig_cfg(0));
    ch_enable(r, 0);
    rig_settle(r);
    CHECK_EQ_U64(ch_status(r, 0), INT(ABORTED));
    CHECK_EQ_U64(ch_status(r, 1), INT(DMA_TFR));
    CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE, 800));
    /* And resets itself. */
    le64_put(rig_at(r, RIG_LIST), 1);
    ch_block(r, 0, VIRT_DMA_BASE + DMAC_RESET_OFFSET, RIG_LIST, 30,
             FPUT(rig_ctl(3), DMAC_CTL_DINC, 1), rig_cfg(0));
    ch_enable(r, 0);
    rig_settle(r);
    CHECK_EQ_U64(rig_get(r, DMAC_CFG_OFFSET), 0);
    CHECK_EQ_U64(ch_status(r, 0), 0);
    rig_down(r);
}

TEST_MAIN(test_identifies_itself_as_version_1_01a,
          test_each_channel_has_registers_of_its_own_in_halves_too,
          test_channels_are_enabled_only_with_their_write_enable_and_the_controller_on,
          test_accesses_of_no_register_and_in_the_wrong_direction_set_status,
          test_bytes_and_halfwords_are_no_size_of_a_register,
          test_a_block_is_copied_and_the_channel_turns_itself_off,
          test_without_ioc_a_block_sets_no_block_status,
          test_every_pair_of_widths_moves_the_same_bytes,
          test_an_address_is_aligned_down_to_its_items,
          test_a_block_may_have_as_many_items_as_the_register_holds,
          test_registers_of_a_running_channel_are_locked,
          test_a_running_channel_shows_how_far_it_is,
          test_an_address_that_stays_fills_memory_with_one_item,
          test_a_device_gets_aligned_accesses_of_the_items_size,
          test_a_tail_that_is_no_item_reaches_a_device_in_its_largest_pieces,
          test_a_device_is_read_in_order_once_an_item,
          test_reload_repeats_until_software_ends_it,
          test_shadow_registers_bring_the_next_block,
          test_a_list_and_shadow_registers_do_not_go_together,
          test_a_list_is_followed_and_handed_back,
          test_only_one_side_may_have_its_addresses_from_the_list,
          test_an_item_that_is_not_valid_holds_the_channel_until_software_says_so,
          test_a_list_that_points_to_itself_ends_where_it_was_handed_back,
          test_an_endless_list_can_be_stopped_and_never_holds_up_the_host,
          test_status_bits_are_set_only_if_enabled_and_interrupt_only_if_signalled,
          test_the_trace_tells_each_step_and_what_led_to_it,
          test_a_channel_may_program_the_controller)
