/* SPDX-License-Identifier: Apache-2.0 */
/* Random drivers, half competent, with random lists: items that point to devices, to nowhere, to
 * each other, into the controller.  DOORBELL_FUZZ=N runs N scripts instead of 300, from
 * DOORBELL_FUZZ_FIRST on.  What is held: the sanitizers, the invariants of dev/dw_axi_dmac_impl.h,
 * that a script saved in its middle and loaded elsewhere ends the same, that any channel can be
 * stopped, and that a reset mends all. */
#include "dev/dw_axi_dmac_impl.h"

#include "dw_axi_dmac_rig.h"
#include "sim/random.h"
#include "sim/state.h"

#define STEPS 300
#define ITEMS 32

struct fuzz {
    struct rig *r;
    struct random rnd;
};

/* What the scripts of a run have reached, all together: a fuzzer that reaches nothing finds
 * nothing. */
static uint64_t reached[32], saved;

static uint64_t pick(struct fuzz *f, uint64_t bound)
{
    return random_below(&f->rnd, bound);
}

static uint64_t some_address(struct fuzz *f)
{
    switch (pick(f, 24)) {
    case 0: return RIG_NOWHERE + pick(f, 4096);
    case 1: return RIG_ROM + pick(f, RIG_ROM_BYTES);
    case 2: return RIG_PORT + pick(f, RIG_PORT_BYTES);
    case 3: return VIRT_DMA_BASE + pick(f, VIRT_DMA_BYTES);
    case 4: return VIRT_DMA_BASE + 8 * pick(f, 16);
    case 5: return UINT64_MAX - pick(f, 8192);
    case 6: return random_u64(&f->rnd);
    case 7: return RIG_RAM + RIG_RAM_BYTES - pick(f, 8192);
    case 8: return RIG_RAM - pick(f, 64);
    case 9:
    case 10: return rig_item_at((unsigned)pick(f, ITEMS)) + 8 * pick(f, 8);
    default: return RIG_SOURCE + pick(f, 0x200000);
    }
}

static uint64_t some_ctl(struct fuzz *f)
{
    uint64_t ctl = rig_ctl((unsigned)pick(f, 4));

    if (pick(f, 3) == 0)
        ctl = random_u64(&f->rnd);
    ctl = FPUT(ctl, DMAC_CTL_SRC_MSIZE, pick(f, 5));
    ctl = FPUT(ctl, DMAC_CTL_DST_MSIZE, pick(f, 5));
    ctl = FPUT(ctl, DMAC_CTL_SINC, pick(f, 6) == 0);
    ctl = FPUT(ctl, DMAC_CTL_DINC, pick(f, 6) == 0);
    ctl = FPUT(ctl, DMAC_CTL_IOC, pick(f, 2));
    ctl = FPUT(ctl, DMAC_CTL_LAST, pick(f, 4) == 0);
    return FPUT(ctl, DMAC_CTL_VALID, pick(f, 8) != 0);
}

static uint64_t some_cfg(struct fuzz *f)
{
    uint64_t cfg = rig_cfg((unsigned)pick(f, 4));

    if (pick(f, 3) == 0)
        cfg = random_u64(&f->rnd);
    cfg = FPUT(cfg, DMAC_CFG_TT_FC, pick(f, 3) ? 0 : pick(f, 8));
    cfg = FPUT(cfg, DMAC_CFG_SRC_PER, pick(f, 2));
    cfg = FPUT(cfg, DMAC_CFG_DST_PER, pick(f, 2));
    return FPUT(cfg, DMAC_CFG_PRIOR, pick(f, 8));
}

static uint32_t some_items(struct fuzz *f)
{
    return (uint32_t)(pick(f, 16) ? 1 + pick(f, 400) : 1 + pick(f, 20000));
}

static void some_list_item(struct fuzz *f)
{
    unsigned n = (unsigned)pick(f, ITEMS);
    uint8_t *item = rig_at(f->r, rig_item_at(n));

    rig_item(f->r, n, some_address(f), some_address(f), some_items(f), some_ctl(f), false);
    le64_put(item + DMAC_LLI_CTL, some_ctl(f));
    le64_put(item + DMAC_LLI_LLP,
             pick(f, 12)  ? rig_item_at((unsigned)pick(f, ITEMS))
             : pick(f, 2) ? RIG_ROM + pick(f, ITEMS) * DMAC_LLI_BYTES
                          : some_address(f));
}

static void program(struct fuzz *f, unsigned c)
{
    struct rig *r = f->r;

    if (pick(f, 6) == 0)
        ch_clear(r, c);
    ch_put(r, c, DMAC_CH_CFG_OFFSET, some_cfg(f));
    ch_put(r, c, DMAC_CH_SAR_OFFSET, some_address(f));
    ch_put(r, c, DMAC_CH_DAR_OFFSET, some_address(f));
    ch_put(r, c, DMAC_CH_BLOCK_TS_OFFSET, some_items(f) - 1);
    ch_put(r, c, DMAC_CH_LLP_OFFSET,
           pick(f, 8) ? rig_item_at((unsigned)pick(f, ITEMS)) : some_address(f));
    ch_put(r, c, DMAC_CH_CTL_OFFSET, some_ctl(f));
    ch_enable(r, c);
}

static void some_access(struct fuzz *f)
{
    struct txn t = {.addr = VIRT_DMA_BASE + (pick(f, VIRT_DMA_BYTES) & ~UINT64_C(3)),
                    .size = pick(f, 2) ? 4 : 8, .write = pick(f, 2) != 0,
                    .data = random_u64(&f->rnd) >> pick(f, 64)};

    t.addr &= ~(uint64_t)(t.size - 1);
    (void)space_access(&f->r->space, &t);
}

/* ---- what must hold ---- */

static void check_channel(struct dw_axi_dmac *d, unsigned c)
{
    const struct dmac_channel *ch = &d->channel[c];
    uint32_t reading = 0, reads = 0, writes = 0;

    for (unsigned i = 0; i < DMAC_SLOTS; i++) {
        const struct dmac_slot *slot = dmac_slot(d, c, i);

        CHECK(dma_op_busy(&slot->op) == (slot->phase == DMAC_BUSY));
        CHECK(slot->phase != DMAC_GRANTED || d->read.slot == slot - d->slot ||
              d->write.slot == slot - d->slot);
        CHECK(slot->len <= DMAC_BURST_BYTES);
        if (slot->phase == DMAC_FREE)
            continue;
        if (i < DMAC_SLOT_WRITE) {
            reads++;
            reading += slot->len;
        } else if (i < DMAC_SLOT_ITEM) {
            writes++;
        }
    }
    CHECK_EQ_U64(ch->read_count, reads);
    CHECK(writes <= ch->write_count && ch->write_count <= DMAC_WRITES);
    CHECK(ch->fifo_count + reading <= DMAC_FIFO_BYTES);
    CHECK((ch->phase != DMAC_OFF) == dmac_enabled(d, c));
    CHECK(dmac_enabled(d, c) || !(d->suspend >> c & 1));
    CHECK(ch->written <= ch->bytes);
    if (ch->phase == DMAC_MOVE && !ch->errors)
        CHECK_EQ_U64(ch->write_left, ch->read_left + reading + ch->fifo_count);
    if (ch->phase == DMAC_OFF)
        CHECK(!reads && !ch->write_count && dmac_quiet(d, c));
}

static void check_all(struct fuzz *f)
{
    for (unsigned c = 0; c < DMAC_CHANNELS; c++)
        check_channel(f->r->dev, c);
}

static void step(struct fuzz *f)
{
    struct rig *r = f->r;
    unsigned c = (unsigned)pick(f, DMAC_CHANNELS);

    switch (pick(f, 20)) {
    case 0:
    case 1:
    case 2: some_list_item(f); break;
    case 3:
    case 4:
    case 5:
    case 6: program(f, c); break;
    case 7: ch_suspend(r, c, pick(f, 3) == 0); break;
    case 8: ch_put(r, c, DMAC_CH_BLK_TFR_RESUMEREQ_OFFSET, 0); break;
    case 9: ch_put(r, c, pick(f, 2) ? DMAC_CH_SWHSSRC_OFFSET : DMAC_CH_SWHSDST_OFFSET,
                   pick(f, 2) ? 3 : pick(f, 64)); break;
    case 10: dw_axi_dmac_request(r->dev, (unsigned)pick(f, 3), pick(f, 2)); break;
    case 11:
        if (pick(f, 4) == 0)
            ch_disable(r, c);
        else
            ch_put(r, c, DMAC_CH_CFG_OFFSET,
                   FPUT(ch_get(r, c, DMAC_CH_CFG_OFFSET), DMAC_CFG_SRC_MULTBLK, pick(f, 4)));
        break;
    case 12: if (pick(f, 4) == 0) ch_abort(r, c); break;
    case 13: if (pick(f, 30) == 0) rig_put(r, DMAC_RESET_OFFSET, 1); break;
    case 14: if (pick(f, 10) == 0) rig_put(r, DMAC_CFG_OFFSET, pick(f, 4)); break;
    case 15: some_access(f); break;
    case 16:
        for (unsigned bit = 0; bit < 32; bit++)
            reached[bit] += ch_status(r, c) >> bit & 1;
        ch_clear(r, c);
        break;
    case 17: rig_on(r); break;
    default: rig_run(r, pick(f, 20) ? pick(f, 2000) * PS_PER_NS : pick(f, 100) * PS_PER_US);
    }
    r->refuse = pick(f, 50) ? r->refuse : pick(f, 4) ? FAULT_NONE : FAULT_ACCESS;
    check_all(f);
}

/* ---- a script saved in its middle ---- */

static void save(struct rig *r, struct archive *a)
{
    struct bank *bank = dw_axi_dmac_class.bank(r->dev, 0);

    state_save(a, dw_axi_dmac_class.state, r->dev);
    archive_put(a, bank->value, bank->values * sizeof bank->value[0]);
    state_save(a, link_fields, &r->link);
    archive_put(a, r->memory, RIG_RAM_BYTES);
    archive_put(a, &r->next, sizeof r->next);
    archive_put(a, &r->refuse, sizeof r->refuse);
    archive_put(a, &r->clock.seq, sizeof r->clock.seq);
}

static void load(struct rig *r, struct archive *a)
{
    struct bank *bank = dw_axi_dmac_class.bank(r->dev, 0);

    CHECK(state_load(a, dw_axi_dmac_class.state, r->dev, &r->clock, NULL) == 0);
    CHECK(archive_get(a, bank->value, bank->values * sizeof bank->value[0]) == 0);
    CHECK(state_load(a, link_fields, &r->link, &r->clock, NULL) == 0);
    CHECK(archive_get(a, r->memory, RIG_RAM_BYTES) == 0);
    CHECK(archive_get(a, &r->next, sizeof r->next) == 0);
    CHECK(archive_get(a, &r->refuse, sizeof r->refuse) == 0);
    dw_axi_dmac_class.restore(r->dev);
    CHECK(archive_get(a, &r->clock.seq, sizeof r->clock.seq) == 0);
}

static void twice(const struct fuzz *f, enum timing_level level)
{
    struct fuzz a = *f, b = *f;
    struct archive archive = {0};

    save(a.r, &archive);
    b.r = rig_up(level);
    rig_run(b.r, a.r->clock.now);
    b.r->clock.burst = a.r->clock.burst;
    load(b.r, &archive);
    archive_free(&archive);
    for (unsigned i = 0; i < STEPS / 3; i++) {
        step(&a);
        step(&b);
    }
    CHECK(memcmp(a.r->memory, b.r->memory, RIG_RAM_BYTES) == 0);
    CHECK_EQ_U64(a.r->clock.now, b.r->clock.now);
    CHECK_EQ_U64(clock_next(&a.r->clock), clock_next(&b.r->clock));
    CHECK_EQ_U64(state_hash(dw_axi_dmac_class.state, a.r->dev),
                 state_hash(dw_axi_dmac_class.state, b.r->dev));
    rig_down(b.r);
    saved++;
}

/* ---- scripts ---- */

/* Whatever it does, it can be stopped, and then works. */
static void check_mended(struct fuzz *f, bool by_abort)
{
    struct rig *r = f->r;

    if (by_abort)
        rig_put(r, DMAC_CHEN_OFFSET, UINT64_C(0xffff) << 32);
    else
        rig_put(r, DMAC_RESET_OFFSET, 1);
    CHECK_EQ_U64(rig_get(r, DMAC_CHEN_OFFSET), 0);
    rig_run(r, PS_PER_US);
    check_all(f);
    rig_put(r, DMAC_RESET_OFFSET, 1);
    CHECK_EQ_U64(clock_next(&r->clock), PS_NEVER);
    for (unsigned i = 0; i < 3; i++)
        dw_axi_dmac_request(r->dev, i, false);
    rig_on(r);
    for (unsigned c = 0; c < DMAC_CHANNELS; c++) {
        memset(rig_at(r, RIG_TARGET), (int)c, 800);
        ch_block(r, c, RIG_TARGET, RIG_SOURCE + 0x1000 * c, 100, rig_ctl(3), rig_cfg(0));
        ch_enable(r, c);
        rig_settle(r);
        CHECK_EQ_U64(ch_status(r, c), FMASK(DMAC_INT_DMA_TFR));
        CHECK(rig_copied(r, RIG_TARGET, RIG_SOURCE + 0x1000 * c, 800));
    }
}

static void one_script(uint64_t seed)
{
    enum timing_level level = seed & 8 ? TIMING_OFF : TIMING_IO;
    struct fuzz f = {.r = rig_up(level)};
    unsigned middle;

    random_init(&f.rnd, seed, "fuzz");
    for (unsigned i = 0; i < 2 * ITEMS; i++)
        some_list_item(&f);
    /* Some cannot be handed back. */
    memcpy(f.r->rom.ram, rig_at(f.r, RIG_LIST), ITEMS * DMAC_LLI_BYTES);
    rig_on(f.r);
    middle = (unsigned)pick(&f, STEPS);
    for (unsigned i = 0; i < STEPS; i++) {
        step(&f);
        if (i == middle && seed % 4 == 3) {
            twice(&f, level);
            break;
        }
    }
    check_mended(&f, seed & 1);
    rig_down(f.r);
}

static void test_random_drivers_break_nothing_that_a_reset_does_not_mend(void)
{
    const char *more = getenv("DOORBELL_FUZZ"), *first = getenv("DOORBELL_FUZZ_FIRST");
    uint64_t from = first ? strtoull(first, NULL, 10) : 0;
    uint64_t scripts = more ? strtoull(more, NULL, 10) : 300;

    for (uint64_t seed = from; seed < from + scripts; seed++) {
        unsigned before = check_now.failures;

        one_script(seed);
        if (check_now.failures != before) {
            printf("seed %" PRIu64 "\n", seed);
            break;
        }
    }
    printf("# saved %" PRIu64 ", status bits:", saved);
    for (unsigned bit = 0; bit < 32; bit++)
        printf(" %u:%" PRIu64, bit, reached[bit]);
    printf("\n");
    if (scripts < 300)
        return;
    /* All that can be, but for the item that vanishes while it is worked on. */
    for (unsigned bit = 0; bit < 32; bit++)
        if (DMAC_CH_INT_ALL >> bit & 1 && bit != DMAC_INT_LLI_WR_DEC_ERR_LSB &&
            bit != DMAC_INT_SLVIF_WRONHOLD_ERR_LSB && bit != DMAC_INT_LOCK_CLEARED_LSB &&
            !reached[bit])
            check_fail(__FILE__, (int)bit, "a status bit that no script has reached");
    CHECK(saved);
}

TEST_MAIN(test_random_drivers_break_nothing_that_a_reset_does_not_mend)
