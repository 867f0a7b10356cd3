/* SPDX-License-Identifier: Apache-2.0 */
#include "irq/imsic.h"
#include "irq/output.h"
#include "rig.h"

#define HARTS 3
#define MSI_M(h) (IMSIC_M_BASE + (uint64_t)(h) * 0x1000)
#define MSI_S(h) (IMSIC_S_BASE + (uint64_t)(h) * 0x1000)

static struct rig rig;
static struct imsic dev;

static void up(void)
{
    struct imsic_config config = {.harts = HARTS};

    rig_init(&rig);
    rig_add(&rig, &imsic_class, &dev, &config);
    rig_connect(&rig, dev.meip, HARTS, MIP_MEIP);
    rig_connect(&rig, dev.seip, HARTS, MIP_SEIP);
}

static void down(void)
{
    imsic_class.fini(&dev);
    rig_fini(&rig);
}

static uint64_t ireg(struct imsic_file *f, unsigned select)
{
    uint64_t value = 0;

    CHECK(imsic_ireg_read(f, select, &value) == 0);
    return value;
}

static void set_ireg(struct imsic_file *f, unsigned select, uint64_t value)
{
    CHECK(imsic_ireg_write(f, select, value) == 0);
}

static struct imsic_file *listening(unsigned hart)
{
    struct imsic_file *f = &dev.s[hart];

    set_ireg(f, IMSIC_EIDELIVERY, 1);
    for (unsigned w = 0; w < 4; w++)
        set_ireg(f, IMSIC_EIE0 + 2 * w, UINT64_MAX);
    return f;
}

static void test_a_message_makes_its_identity_pending_in_one_file_only(void)
{
    up();
    put32(&rig, MSI_S(1), 70);
    CHECK_EQ_U64(ireg(&dev.s[1], IMSIC_EIP0 + 2), UINT64_C(1) << 6);
    CHECK_EQ_U64(ireg(&dev.s[1], IMSIC_EIP0), 0);
    for (unsigned h = 0; h < HARTS; h++) {
        CHECK_EQ_U64(ireg(&dev.m[h], IMSIC_EIP0 + 2), 0);
        if (h != 1)
            CHECK_EQ_U64(ireg(&dev.s[h], IMSIC_EIP0 + 2), 0);
    }
    put32(&rig, MSI_M(2), 255);
    CHECK_EQ_U64(ireg(&dev.m[2], IMSIC_EIP0 + 6), UINT64_C(1) << 63);
    down();
}

static void test_numbers_that_are_no_identity_are_ignored(void)
{
    static const uint32_t bad[] = {0, 256, 257, 2047, 2048, 0x80000001, 0xffffffff};

    up();
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
        put32(&rig, MSI_S(0), bad[i]);
    for (unsigned w = 0; w < 32; w++)
        CHECK_EQ_U64(ireg(&dev.s[0], IMSIC_EIP0 + 2 * w) | ireg(&dev.s[0], IMSIC_EIE0 + 2 * w), 0);
    down();
}

static void test_the_page_reads_zero_and_takes_only_aligned_words(void)
{
    struct txn t;

    up();
    put32(&rig, MSI_S(0), 9);
    CHECK_EQ_U64(get32(&rig, MSI_S(0)), 0);
    put32(&rig, MSI_S(0) + 4, 10); /* seteipnum_be: not implemented, ignored */
    put32(&rig, MSI_S(0) + 8, 11);
    CHECK_EQ_U64(get32(&rig, MSI_S(0) + 8), 0);
    CHECK_EQ_U64(ireg(&dev.s[0], IMSIC_EIP0), 1 << 9);
    t = (struct txn){.addr = MSI_S(0), .size = 8, .write = true, .data = 12};
    CHECK_EQ_U64(space_access(&rig.space, &t), FAULT_SIZE);
    t = (struct txn){.addr = MSI_S(0), .size = 2, .write = true, .data = 12};
    CHECK_EQ_U64(space_access(&rig.space, &t), FAULT_SIZE);
    put32(&rig, MSI_S(3), 1); /* no such hart, but its page exists */
    CHECK_EQ_U64(dev.s[3].eip[0], 0);
    CHECK_EQ_U64(ireg(&dev.s[0], IMSIC_EIP0), 1 << 9);
    t = (struct txn){.addr = MSI_S(4), .size = 4};
    CHECK_EQ_U64(space_access(&rig.space, &t), FAULT_DECODE);
    down();
}

static void test_topei_is_the_lowest_identity_pending_and_enabled(void)
{
    struct imsic_file *f = &dev.s[0];

    up();
    put32(&rig, MSI_S(0), 200);
    put32(&rig, MSI_S(0), 70);
    put32(&rig, MSI_S(0), 5);
    CHECK_EQ_U64(imsic_topei(f), 0);
    set_ireg(f, IMSIC_EIE0 + 6, UINT64_C(1) << (200 - 192));
    CHECK_EQ_U64(imsic_topei(f), 200 << 16 | 200);
    set_ireg(f, IMSIC_EIE0 + 2, UINT64_C(1) << (70 - 64));
    CHECK_EQ_U64(imsic_topei(f), 70 << 16 | 70);
    down();
}

static void test_a_nonzero_threshold_hides_identities_from_it_up(void)
{
    struct imsic_file *f;

    up();
    f = listening(0);
    put32(&rig, MSI_S(0), 7);
    set_ireg(f, IMSIC_EITHRESHOLD, 7);
    CHECK_EQ_U64(imsic_topei(f), 0);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    set_ireg(f, IMSIC_EITHRESHOLD, 8);
    CHECK_EQ_U64(imsic_topei(f), 7 << 16 | 7);
    CHECK(rig.wire[0][MIP_SEIP].level);
    set_ireg(f, IMSIC_EITHRESHOLD, 1);
    CHECK_EQ_U64(imsic_topei(f), 0);
    set_ireg(f, IMSIC_EITHRESHOLD, 0);
    CHECK_EQ_U64(imsic_topei(f), 7 << 16 | 7);
    set_ireg(f, IMSIC_EITHRESHOLD, 255);
    CHECK_EQ_U64(ireg(f, IMSIC_EITHRESHOLD), 255);
    down();
}

static void test_eidelivery_gates_the_wire_but_not_topei(void)
{
    struct imsic_file *f;

    up();
    f = listening(0);
    set_ireg(f, IMSIC_EIDELIVERY, 0);
    put32(&rig, MSI_S(0), 3);
    CHECK_EQ_U64(imsic_topei(f), 3 << 16 | 3);
    CHECK(!rig.wire[0][MIP_SEIP].level);
    set_ireg(f, IMSIC_EIDELIVERY, 1);
    CHECK(rig.wire[0][MIP_SEIP].level && !rig.wire[0][MIP_MEIP].level);
    set_ireg(f, IMSIC_EIDELIVERY, 0x40000000);
    CHECK_EQ_U64(ireg(f, IMSIC_EIDELIVERY), 1);
    down();
}

static void test_a_claim_clears_what_topei_reports_and_nothing_else(void)
{
    struct imsic_file *f;

    up();
    f = listening(2);
    put32(&rig, MSI_S(2), 64);
    put32(&rig, MSI_S(2), 63);
    CHECK_EQ_U64(imsic_claim(f), 63 << 16 | 63);
    CHECK(rig.wire[2][MIP_SEIP].level);
    CHECK_EQ_U64(imsic_claim(f), 64 << 16 | 64);
    CHECK(!rig.wire[2][MIP_SEIP].level);
    CHECK_EQ_U64(imsic_claim(f), 0);
    /* One that the threshold hides is not reported, so it stays. */
    put32(&rig, MSI_S(2), 9);
    set_ireg(f, IMSIC_EITHRESHOLD, 2);
    CHECK_EQ_U64(imsic_claim(f), 0);
    CHECK_EQ_U64(ireg(f, IMSIC_EIP0), 1 << 9);
    down();
}

static void test_two_messages_before_a_claim_are_one_interrupt(void)
{
    struct imsic_file *f;

    up();
    f = listening(0);
    put32(&rig, MSI_S(0), 33);
    put32(&rig, MSI_S(0), 33);
    CHECK_EQ_U64(rig.wire[0][MIP_SEIP].rises, 1);
    imsic_claim(f);
    CHECK_EQ_U64(imsic_topei(f), 0);
    put32(&rig, MSI_S(0), 33);
    CHECK_EQ_U64(rig.wire[0][MIP_SEIP].rises, 2);
    down();
}

static void test_odd_array_registers_do_not_exist_on_rv64(void)
{
    uint64_t v;

    up();
    for (unsigned s = 0x80; s <= 0xff; s++) {
        CHECK((imsic_ireg_read(&dev.s[0], s, &v) == -1) == (s & 1));
        CHECK((imsic_ireg_write(&dev.s[0], s, 0) == -1) == (s & 1));
    }
    CHECK(imsic_ireg_read(&dev.s[0], 0x6f, &v) == -1);
    CHECK(imsic_ireg_read(&dev.s[0], 0x100, &v) == -1);
    CHECK(imsic_ireg_write(&dev.s[0], 0x100, 1) == -1);
    down();
}

static void test_reserved_selects_read_zero_and_ignore_writes(void)
{
    up();
    for (unsigned s = 0x71; s < 0x80; s++)
        if (s != 0x72) {
            set_ireg(&dev.s[0], s, UINT64_MAX);
            CHECK_EQ_U64(ireg(&dev.s[0], s), 0);
        }
    CHECK_EQ_U64(ireg(&dev.s[0], 0x70), 0);
    CHECK_EQ_U64(ireg(&dev.s[0], 0x72), 0);
    down();
}

static void test_bits_of_no_identity_are_read_only_zeros(void)
{
    struct imsic_file *f = &dev.m[0];

    up();
    for (unsigned w = 0; w < 32; w++) {
        set_ireg(f, IMSIC_EIP0 + 2 * w, UINT64_MAX);
        set_ireg(f, IMSIC_EIE0 + 2 * w, UINT64_MAX);
    }
    for (unsigned w = 0; w < 32; w++) {
        uint64_t want = w == 0 ? UINT64_MAX - 1 : w < 4 ? UINT64_MAX : 0;
        CHECK_EQ_U64(ireg(f, IMSIC_EIP0 + 2 * w), want);
        CHECK_EQ_U64(ireg(f, IMSIC_EIE0 + 2 * w), want);
    }
    set_ireg(f, IMSIC_EIP0, 0);
    CHECK_EQ_U64(ireg(f, IMSIC_EIP0), 0);
    down();
}

static int swallow(void *sink, const void *bytes, size_t size)
{
    (void)sink, (void)bytes, (void)size;
    return 0;
}

static void test_a_pending_interrupt_names_the_record_that_made_it(void)
{
    struct imsic_file *f;
    uint64_t first, second;

    up();
    trace_open(&rig.trace, swallow, NULL, "{}");
    rig.trace.on = true;
    f = listening(0);
    CHECK_EQ_U64(imsic_cause(f), 0);
    put32(&rig, MSI_S(0), 40);
    first = imsic_cause(f);
    CHECK(first != 0);
    CHECK_EQ_U64(rig.wire[0][MIP_SEIP].cause, first + 1); /* the hart's record follows it */
    put32(&rig, MSI_S(0), 39);
    second = imsic_cause(f);
    CHECK(second > first);
    put32(&rig, MSI_S(0), 40); /* already pending: its cause stays the first message */
    imsic_claim(f);
    CHECK_EQ_U64(imsic_cause(f), first);
    CHECK_EQ_U64(rig.clock.cause, 0);
    trace_close(&rig.trace);
    down();
}

TEST_MAIN(test_a_message_makes_its_identity_pending_in_one_file_only,
          test_numbers_that_are_no_identity_are_ignored,
          test_the_page_reads_zero_and_takes_only_aligned_words,
          test_topei_is_the_lowest_identity_pending_and_enabled,
          test_a_nonzero_threshold_hides_identities_from_it_up,
          test_eidelivery_gates_the_wire_but_not_topei,
          test_a_claim_clears_what_topei_reports_and_nothing_else,
          test_two_messages_before_a_claim_are_one_interrupt,
          test_odd_array_registers_do_not_exist_on_rv64,
          test_reserved_selects_read_zero_and_ignore_writes,
          test_bits_of_no_identity_are_read_only_zeros,
          test_a_pending_interrupt_names_the_record_that_made_it)
