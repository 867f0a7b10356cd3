/* SPDX-License-Identifier: Apache-2.0 */
/* The 82599's control path, as drivers walk it: probing, EEPROM, module, semaphores, resets, link,
 * the register test of `ethtool -t`, statistics. */
#include "dev/i82599_impl.h"
#include "tests/dev/i82599_rig.h"

#define REG(name) I82599_##name##_OFFSET
#define MS (PS_PER_S / 1000)

/* ---- configuration space ---- */

static void test_it_is_an_82599_where_its_driver_looks(void)
{
    struct rig *r = rig_up(TIMING_IO);

    CHECK_EQ_U64(pci_config_read(r->pci, 0, 4), 0x10fb8086);
    CHECK_EQ_U64(pci_config_read(r->pci, 8, 4), 0x02000001);
    CHECK_EQ_U64(pci_config_read(r->pci, 0x2c, 4), 0x00038086);
    CHECK_EQ_U64(pci_config_read(r->pci, 0x72, 2) & 0x7ff, 63); /* MSI-X table size, less 1 */
    CHECK_EQ_U64(pci_config_read(r->pci, 0xb2, 2) & 0x3ff, 0x82); /* 5 GT/s, 8 lanes */
    rig_down(r);
}

/* ---- EEPROM ---- */

static uint16_t eerd(struct rig *r, unsigned word)
{
    uint32_t v = 0;

    rig_put(r, REG(EERD), word << 2 | 1);
    for (unsigned i = 0; i < 100 && !(v & 2); i++) {
        rig_run(r, 5 * PS_PER_US);
        v = rig_get(r, REG(EERD));
    }
    CHECK(v & 2);
    return (uint16_t)(v >> 16);
}

static uint16_t checksum_as_a_driver_does(struct rig *r)
{
    uint16_t sum = 0;

    for (unsigned i = 0; i < 0x3f; i++)
        sum = (uint16_t)(sum + eerd(r, i));
    for (unsigned p = 3; p < 0xf; p++) {
        uint16_t at = eerd(r, p), words;
        if (at == 0 || at == 0xffff)
            continue;
        words = eerd(r, at);
        CHECK(words && words < 64);
        for (unsigned i = 1; i <= words; i++)
            sum = (uint16_t)(sum + eerd(r, at + i));
    }
    return (uint16_t)(0xbaba - sum);
}

static void test_the_eeprom_has_the_checksum_that_drivers_compute(void)
{
    struct rig *r = rig_up(TIMING_IO);

    CHECK_EQ_U64(rig_get(r, REG(EEC)) & 0x7f00, 0x2f00 & 0x7f00);
    CHECK_EQ_U64(eerd(r, 0x3f), checksum_as_a_driver_does(r));
    CHECK_EQ_U64(eerd(r, 2048), 0xffff);
    rig_down(r);
}

static void test_eerd_takes_its_time(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_put(r, REG(EERD), 0x15 << 2 | 1);
    rig_run(r, 19 * PS_PER_US);
    CHECK(!(rig_get(r, REG(EERD)) & 2));
    rig_run(r, 2 * PS_PER_US);
    CHECK_EQ_U64(rig_get(r, REG(EERD)), 0xfafa0000 | 0x15 << 2 | 2);
    rig_down(r);
}

static void test_the_eeprom_says_what_drivers_ask_it(void)
{
    struct rig *r = rig_up(TIMING_IO);
    uint16_t list = eerd(r, 0x2b), fw = eerd(r, 0x0f), pba = eerd(r, 0x16);
    unsigned found = 0;
    char text[11] = "";

    for (unsigned i = 1; i < 16 && eerd(r, list + i) != 0xffff; i += 2) {
        uint16_t id = eerd(r, list + i), data = eerd(r, list + i + 1);
        CHECK(data && data != 0xffff);
        CHECK_EQ_U64(eerd(r, data + 1), 0xffff);
        found |= 1u << id;
    }
    CHECK_EQ_U64(found, 1 << 3 | 1 << 5);
    CHECK(eerd(r, eerd(r, fw + 4) + 7) > 5);
    CHECK_EQ_U64(eerd(r, fw + 2), 0xffff);
    CHECK_EQ_U64(eerd(r, 0x2c) & 0x81, 0x81);
    CHECK_EQ_U64(eerd(r, 0x27), 0xffff);
    CHECK_EQ_U64(eerd(r, 0x28), 0xffff);
    CHECK(eerd(r, pba) * 2 - 1 <= 11);
    for (unsigned i = 0; i < eerd(r, pba) - 1u; i++) {
        uint16_t w = eerd(r, pba + 1 + i);
        text[2 * i] = (char)(w >> 8);
        text[2 * i + 1] = (char)w;
    }
    CHECK_EQ_STR(text, "D82599-001");
    rig_down(r);
}

static void eec(struct rig *r, uint32_t bits)
{
    rig_put(r, REG(EEC), 0x50 | bits); /* requested, flash writes disabled */
}

static void spi_out(struct rig *r, uint32_t data, unsigned bits)
{
    while (bits--) {
        uint32_t di = data >> bits & 1 ? 4 : 0;
        eec(r, di);
        eec(r, di | 1);
        eec(r, di);
    }
}

static uint32_t spi_in(struct rig *r, unsigned bits)
{
    uint32_t data = 0;

    while (bits--) {
        eec(r, 1);
        data = data << 1 | (rig_get(r, REG(EEC)) >> 3 & 1);
        eec(r, 0);
    }
    return data;
}

static void spi_select(struct rig *r)
{
    eec(r, 2);
    eec(r, 0);
}

static uint16_t swapped(uint32_t v)
{
    return (uint16_t)((v & 0xff) << 8 | v >> 8);
}

static void test_bit_banged_reads_and_writes_see_the_same_words(void)
{
    struct rig *r = rig_up(TIMING_IO);

    eec(r, 2);
    CHECK(rig_get(r, REG(EEC)) & 0x80); /* granted */
    spi_select(r);
    spi_out(r, 5, 8);
    CHECK_EQ_U64(spi_in(r, 8), 0);
    spi_select(r);
    spi_out(r, 3, 8);
    spi_out(r, 0x15 * 2, 16);
    CHECK_EQ_U64(swapped(spi_in(r, 16)), 0xfafa);
    CHECK_EQ_U64(swapped(spi_in(r, 16)), eerd(r, 0x16)); /* it goes on */
    spi_select(r);
    spi_out(r, 2, 8); /* not enabled: ignored */
    spi_out(r, 0x100 * 2, 16);
    spi_out(r, 0x3412, 16);
    spi_select(r);
    CHECK_EQ_U64(eerd(r, 0x100), 0xffff);
    spi_out(r, 6, 8);
    spi_select(r);
    spi_out(r, 2, 8);
    spi_out(r, 0x100 * 2, 16);
    spi_out(r, 0x3412, 16);
    spi_out(r, 0x7856, 16);
    eec(r, 2);
    CHECK_EQ_U64(eerd(r, 0x100), 0x1234);
    CHECK_EQ_U64(eerd(r, 0x101), 0x5678);
    CHECK_EQ_U64(eerd(r, 0x102), 0xffff);
    rig_down(r);
}

static void test_eewr_writes_a_word_until_power_off(void)
{
    struct rig *r = rig_up(TIMING_IO);

    CHECK(rig_get(r, REG(EEWR)) & 2); /* ready */
    rig_put(r, REG(EEWR), 0x12340000 | 0x200 << 2 | 1);
    CHECK(!(rig_get(r, REG(EEWR)) & 2));
    rig_run(r, MS);
    CHECK(rig_get(r, REG(EEWR)) & 2);
    CHECK_EQ_U64(eerd(r, 0x200), 0x1234);
    i82599_class.reset(r->dev);
    rig_program_bars(r);
    CHECK_EQ_U64(eerd(r, 0x200), 0xffff);
    rig_down(r);
}

/* ---- the module's I2C, with ixgbe's own sequence: each wire by itself ---- */

static uint32_t wires;

static void i2c_set(struct rig *r, unsigned bit, bool high)
{
    wires = high ? wires | 1u << bit : wires & ~(1u << bit);
    rig_put(r, REG(I2CCTL), wires);
}

static void scl(struct rig *r, bool high)
{
    i2c_set(r, 1, high);
    CHECK_EQ_U64(rig_get(r, REG(I2CCTL)) & 1, high);
}

static bool sda_in(struct rig *r)
{
    return rig_get(r, REG(I2CCTL)) >> 2 & 1;
}

static void i2c_start(struct rig *r)
{
    i2c_set(r, 3, true);
    scl(r, true);
    i2c_set(r, 3, false);
    scl(r, false);
}

static void i2c_stop(struct rig *r)
{
    i2c_set(r, 3, false);
    scl(r, true);
    i2c_set(r, 3, true);
}

static bool i2c_bit_out(struct rig *r, bool bit)
{
    bool as_driven;

    i2c_set(r, 3, bit);
    as_driven = sda_in(r) == bit; /* the driver looks, and gives up if the slave holds the wire */
    scl(r, true);
    scl(r, false);
    return as_driven;
}

static bool i2c_bit_in(struct rig *r)
{
    bool bit;

    scl(r, true);
    bit = sda_in(r);
    scl(r, false);
    return bit;
}

/* True: acknowledged. */
static bool i2c_byte_out(struct rig *r, uint8_t byte)
{
    for (unsigned i = 8; i-- > 0;)
        CHECK(i2c_bit_out(r, byte >> i & 1));
    i2c_set(r, 3, true);
    return !i2c_bit_in(r);
}

static uint8_t i2c_byte_in(struct rig *r, bool acknowledge)
{
    uint8_t byte = 0;

    i2c_set(r, 3, true);
    for (unsigned i = 0; i < 8; i++)
        byte = (uint8_t)(byte << 1 | i2c_bit_in(r));
    CHECK(i2c_bit_out(r, !acknowledge));
    return byte;
}

static bool module_at(struct rig *r, uint8_t device, uint8_t offset)
{
    wires = 0xa;
    i2c_start(r);
    if (!i2c_byte_out(r, device) || !i2c_byte_out(r, offset))
        return false;
    i2c_start(r);
    return i2c_byte_out(r, device | 1);
}

static uint8_t module(struct rig *r, uint8_t device, uint8_t offset)
{
    uint8_t byte;

    CHECK(module_at(r, device, offset));
    byte = i2c_byte_in(r, false);
    i2c_stop(r);
    return byte;
}

static void test_the_module_is_one_that_ixgbe_takes(void)
{
    struct rig *r = rig_up(TIMING_IO);

    CHECK_EQ_U64(module(r, 0xa0, 0), 3);
    CHECK_EQ_U64(module(r, 0xa0, 3), 0x10);
    CHECK_EQ_U64(module(r, 0xa0, 6), 0);
    CHECK_EQ_U64(module(r, 0xa0, 8), 0);
    CHECK_EQ_U64(module(r, 0xa0, 20), 'D');
    CHECK_EQ_U64(module(r, 0xa0, 94), 5);
    CHECK_EQ_U64(module(r, 0xa2, 96), 35); /* degrees */
    rig_down(r);
}

static void test_sequential_reads_give_pages_with_good_checksums(void)
{
    static const struct { uint8_t page, first, end; } sums[] = {
        {0xa0, 0, 63}, {0xa0, 64, 95}, {0xa2, 0, 95},
    };
    struct rig *r = rig_up(TIMING_IO);

    for (unsigned s = 0; s < ARRAY_LEN(sums); s++) {
        uint8_t sum = 0;

        CHECK(module_at(r, sums[s].page, sums[s].first));
        for (unsigned i = sums[s].first; i < sums[s].end; i++)
            sum = (uint8_t)(sum + i2c_byte_in(r, true));
        CHECK_EQ_U64(i2c_byte_in(r, false), sum);
        i2c_stop(r);
    }
    rig_down(r);
}

static void test_other_addresses_are_not_acknowledged(void)
{
    struct rig *r = rig_up(TIMING_IO);

    for (unsigned a = 0; a < 256; a += 2) {
        bool there = module_at(r, (uint8_t)a, 0);

        CHECK_EQ_U64(there, a == 0xa0 || a == 0xa2);
        if (there)
            i2c_byte_in(r, false);
        i2c_stop(r);
    }
    rig_down(r);
}

/* A driver that lost its place: the slave lets go of the wire after nine clocks at the latest. */
static void test_nine_clocks_free_the_bus(void)
{
    struct rig *r = rig_up(TIMING_IO);

    for (unsigned lost = 0; lost < 9; lost++) {
        CHECK(module_at(r, 0xa0, 0));
        for (unsigned i = 0; i < lost; i++)
            i2c_bit_in(r);
        i2c_set(r, 3, true);
        for (unsigned i = 0; i < 9; i++)
            i2c_bit_in(r);
        CHECK(sda_in(r));
        CHECK_EQ_U64(module(r, 0xa0, 20), 'D');
    }
    rig_down(r);
}

static void test_a_module_of_1_gigabit_says_so(void)
{
    struct rig *r = rig_up_config(TIMING_IO, (struct i82599_config){.speed = 1}, true);

    CHECK_EQ_U64(module(r, 0xa0, 3), 0);
    CHECK_EQ_U64(module(r, 0xa0, 6), 1);
    rig_down(r);
}

static void test_no_phy_answers_on_mdio(void)
{
    struct rig *r = rig_up(TIMING_IO);

    for (unsigned phy = 0; phy < 32; phy++) {
        rig_put(r, REG(MSCA), 2 | 1 << 16 | phy << 21 | 1u << 30);
        CHECK(!(rig_get(r, REG(MSCA)) >> 30 & 1));
        rig_put(r, REG(MSCA), 2 | 1 << 16 | phy << 21 | 3u << 26 | 1u << 30);
        CHECK(!(rig_get(r, REG(MSCA)) >> 30 & 1));
        CHECK_EQ_U64(rig_get(r, REG(MSRWD)) >> 16, 0xffff);
    }
    rig_down(r);
}

/* ---- semaphores ---- */

static void test_smbi_is_taken_by_reading_it(void)
{
    struct rig *r = rig_up(TIMING_IO);

    CHECK_EQ_U64(rig_get(r, REG(SWSM)), 0);
    CHECK_EQ_U64(rig_get(r, REG(SWSM)), 1);
    rig_put(r, REG(SWSM), 3);
    CHECK_EQ_U64(rig_get(r, REG(SWSM)), 3);
    rig_put(r, REG(SWSM), 0);
    CHECK_EQ_U64(rig_get(r, REG(SWSM)), 0);
    rig_put(r, REG(GSSR), 0x402);
    CHECK_EQ_U64(rig_get(r, REG(GSSR)), 2);
    rig_down(r);
}

static void test_semaphores_outlive_a_software_reset_only(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_put(r, REG(GSSR), 8);
    rig_get(r, REG(SWSM));
    rig_put(r, REG(CTRL), 1u << 26);
    CHECK_EQ_U64(rig_get(r, REG(GSSR)), 8);
    CHECK_EQ_U64(rig_get(r, REG(SWSM)), 1);
    i82599_class.reset(r->dev);
    rig_program_bars(r);
    CHECK_EQ_U64(rig_get(r, REG(GSSR)), 0);
    CHECK_EQ_U64(rig_get(r, REG(SWSM)), 0);
    rig_down(r);
}

/* ---- resets ---- */

static uint64_t address(struct rig *r)
{
    CHECK(rig_get(r, REG(RAH)) >> 31);
    return rig_get(r, REG(RAL_LOW)) | (uint64_t)(rig_get(r, REG(RAH_LOW)) & 0xffff) << 32;
}

static void test_a_reset_clears_itself_and_loads_the_address(void)
{
    struct i82599_config config = {.mac = {2, 0x11, 0x22, 0x33, 0x44, 0x55}};
    struct rig *r = rig_up_config(TIMING_IO, config, true);

    CHECK_EQ_U64(address(r), 0x554433221102);
    for (unsigned link = 0; link < 2; link++) {
        uint32_t bit = link ? 1u << 3 : 1u << 26;

        rig_put(r, REG(RAL), 0x12345678);
        rig_put(r, REG(MTA) + 4, 1);
        rig_put(r, REG(EIMS), 0xffff);
        rig_put(r, REG(CTRL), bit);
        CHECK_EQ_U64(rig_get(r, REG(CTRL)) & bit, bit);
        rig_run(r, 2 * PS_PER_US);
        CHECK_EQ_U64(rig_get(r, REG(CTRL)), 0);
        CHECK_EQ_U64(address(r), 0x554433221102);
        CHECK_EQ_U64(rig_get(r, REG(MTA) + 4), 0);
        CHECK_EQ_U64(rig_get(r, REG(EIMS)), 0);
    }
    rig_down(r);
}

static void test_the_address_is_loaded_from_what_the_eeprom_says_now(void)
{
    struct rig *r = rig_up(TIMING_IO);
    uint16_t mac0 = eerd(r, 0x0b);

    CHECK_EQ_U64(address(r) & 0xff, 2); /* made up: locally administered */
    rig_put(r, REG(EEWR), 0xbb020000u | (uint32_t)(mac0 + 1) << 2 | 1);
    rig_run(r, MS);
    rig_put(r, REG(CTRL), 1u << 26);
    CHECK_EQ_U64(address(r) & 0xffff, 0xbb02);
    /* A pointer to nowhere is followed nowhere. */
    rig_put(r, REG(EEWR), 0xfff00000u | 0x0b << 2 | 1);
    rig_run(r, MS);
    rig_put(r, REG(CTRL), 1u << 26);
    CHECK_EQ_U64(address(r), 0xffffffffffff);
    rig_down(r);
}

static void test_a_function_level_reset_leaves_nothing_of_the_driver(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_put(r, REG(GSSR), 8);
    rig_put(r, REG(RDLEN), 0x80);
    pci_config_write(r->pci, 0xa8, 2, 0x8000); /* Device Control */
    rig_program_bars(r);
    CHECK_EQ_U64(rig_get(r, REG(GSSR)), 0);
    CHECK_EQ_U64(rig_get(r, REG(RDLEN)), 0);
    rig_down(r);
}

static void test_master_disable_is_seen_and_acknowledged(void)
{
    struct rig *r = rig_up(TIMING_IO);

    CHECK_EQ_U64(rig_get(r, REG(STATUS)) & 0x8000c, 0x80000);
    rig_put(r, REG(CTRL), 4);
    CHECK_EQ_U64(rig_get(r, REG(CTRL)) & 4, 4);
    CHECK_EQ_U64(rig_get(r, REG(STATUS)) & 0x80000, 0);
    rig_down(r);
}

/* ---- `ethtool -t`: registers ---- */

struct pattern { uint32_t offset, count, step, mask, write; };

static void test_patterns_read_back_as_ethtool_wants(void)
{
    static const struct pattern tests[] = {
        {REG(FCRTL), 1, 0, 0x8007fff0, 0x8007fff0}, {REG(FCRTH), 1, 0, 0x8007fff0, 0x8007fff0},
        {REG(PFCTOP), 1, 0, 0xffffffff, 0xffffffff}, {REG(VLNCTRL), 1, 0, 0, 0},
        {REG(RDBAL), 4, 0x40, 0xffffff80, 0xffffff80},
        {REG(RDBAH), 4, 0x40, 0xffffffff, 0xffffffff},
        {REG(RDLEN), 4, 0x40, 0x000fff80, 0x000fffff}, {REG(RDT), 4, 0x40, 0xffff, 0xffff},
        {REG(FCTTV), 1, 0, 0xffffffff, 0xffffffff},
        {REG(TDBAL), 4, 0x40, 0xffffff80, 0xffffffff},
        {REG(TDBAH), 4, 0x40, 0xffffffff, 0xffffffff},
        {REG(TDLEN), 4, 0x40, 0x000fff80, 0x000fff80},
        {REG(RXCTRL), 1, 0, 1, 1}, {REG(MTA), 128, 4, 0xffffffff, 0xffffffff},
        {REG(RAL_LOW), 16, 8, 0xffffffff, 0xffffffff},
        {REG(RAH_LOW), 16, 8, 0x8001ffff, 0x800cffff},
    };
    static const uint32_t patterns[] = {0x5a5a5a5a, 0xa5a5a5a5, 0, 0xffffffff};
    struct rig *r = rig_up(TIMING_IO);

    for (unsigned t = 0; t < ARRAY_LEN(tests); t++)
        for (unsigned i = 0; i < tests[t].count; i++)
            for (unsigned p = 0; p < ARRAY_LEN(patterns); p++) {
                uint32_t at = tests[t].offset + i * tests[t].step;
                if (at == REG(RDT) + i * 0x40)
                    rig_put(r, REG(RXDCTL) + i * 0x40, 1 << 25);
                rig_put(r, at, patterns[p] & tests[t].write);
                CHECK_EQ_U64(rig_get(r, at), patterns[p] & tests[t].write & tests[t].mask);
            }
    rig_down(r);
}

static void test_status_cannot_be_written(void)
{
    struct rig *r = rig_up(TIMING_IO);
    uint32_t before = rig_get(r, REG(STATUS));

    rig_put(r, REG(STATUS), 0x7ffff30f);
    CHECK_EQ_U64(rig_get(r, REG(STATUS)), before);
    rig_down(r);
}

static void test_an_old_address_is_the_same_register(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_put(r, REG(SRRCTL_LOW) + 4 * 3, 0xffffffff);
    CHECK_EQ_U64(rig_get(r, REG(SRRCTL) + 0x40 * 3), 0x1fc03f1f);
    rig_put(r, REG(DCA_RXCTRL) + 0x40 * 15, 0);
    CHECK_EQ_U64(rig_get(r, REG(DCA_RXCTRL_LOW) + 4 * 15), 0);
    rig_put(r, REG(PSRTYPE_LOW) + 4, 0x1330);
    CHECK_EQ_U64(rig_get(r, REG(PSRTYPE) + 4), 0x1330);
    rig_down(r);
}

static void test_a_wide_access_is_two_of_32_bits(void)
{
    struct rig *r = rig_up(TIMING_IO);
    struct txn t = {.addr = RIG_BAR0 + REG(RDBAL), .size = 8, .write = true,
                    .data = UINT64_C(0x1234567880001000)};

    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
    CHECK_EQ_U64(rig_get(r, REG(RDBAL)), 0x80001000);
    CHECK_EQ_U64(rig_get(r, REG(RDBAH)), 0x12345678);
    t = (struct txn){.addr = RIG_BAR0 + REG(RDBAL), .size = 8};
    CHECK_EQ_U64(space_access(&r->space, &t), FAULT_NONE);
    CHECK_EQ_U64(t.data, UINT64_C(0x1234567880001000));
    rig_down(r);
}

static void test_packet_buffers_begin_as_one(void)
{
    struct rig *r = rig_up(TIMING_IO);

    CHECK_EQ_U64(rig_get(r, 0x3c00), 512 << 10);
    CHECK_EQ_U64(rig_get(r, 0x3c04), 0);
    CHECK_EQ_U64(rig_get(r, 0xcc00), 160 << 10);
    rig_put(r, 0x3c1c, 64 << 10);
    CHECK_EQ_U64(rig_get(r, 0x3c1c), 64 << 10);
    rig_down(r);
}

static void test_security_blocks_say_that_they_have_stopped(void)
{
    struct rig *r = rig_up(TIMING_IO);

    CHECK_EQ_U64(rig_get(r, REG(SECRXSTAT)) & 3, 2); /* running; no offload */
    rig_put(r, REG(SECRXCTRL), 2);
    CHECK_EQ_U64(rig_get(r, REG(SECRXSTAT)) & 1, 1);
    rig_put(r, REG(SECTXCTRL), 2);
    CHECK_EQ_U64(rig_get(r, REG(SECTXSTAT)) & 1, 1);
    rig_down(r);
}

/* ---- the link ---- */

static void test_the_link_comes_up_by_itself(void)
{
    struct rig *r = rig_up(TIMING_IO);

    CHECK(!rig_link(r) && !wire_up(&r->wire));
    rig_run(r, 9 * MS);
    CHECK(!rig_link(r));
    rig_run(r, 2 * MS);
    CHECK_EQ_U64(rig_get(r, REG(LINKS)) >> 28, 7); /* up, 10 Gb/s */
    CHECK_EQ_U64(r->wire.bits_per_s, UINT64_C(10000000000));
    CHECK(rig_get(r, REG(STATUS)) & 0x80);
    rig_down(r);
}

static void test_the_pipeline_reset_of_ixgbe_restarts_the_link(void)
{
    struct rig *r = rig_up(TIMING_IO);
    uint32_t autoc;

    rig_link_up(r);
    autoc = rig_get(r, REG(AUTOC));
    CHECK_EQ_U64(autoc >> 13 & 7, I82599_LMS_10G_SERIAL);
    CHECK_EQ_U64(rig_get(r, REG(AUTOC2)) >> 16 & 3, 2); /* SFI */
    rig_get(r, REG(EICR));
    rig_put(r, REG(AUTOC), (autoc | 1 << 12) ^ (2 << 13));
    CHECK(!rig_link(r) && !wire_up(&r->wire));
    CHECK(rig_get(r, REG(EICS)) & I82599_EICR_LSC);
    CHECK(!(rig_get(r, REG(AUTOC)) & 1 << 12));
    rig_run(r, 8 * MS);
    CHECK(rig_get(r, REG(ANLP1)) >> 16 & 0xf);
    rig_run(r, 100 * MS);
    CHECK(!rig_link(r)); /* that mode has no module */
    rig_put(r, REG(AUTOC), autoc | 1 << 12);
    rig_run(r, 11 * MS);
    CHECK(rig_link(r) && wire_up(&r->wire));
    rig_down(r);
}

static void test_a_link_change_interrupts_by_its_vector(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_put(r, REG(GPIE), 0x10);
    rig_put(r, REG(IVAR_MISC), 0x8500);
    rig_put(r, REG(EIMS), I82599_EICR_LSC);
    rig_link_up(r);
    rig_run(r, PS_PER_US);
    CHECK_EQ_U64(r->msis[5], 1);
    rig_down(r);
}

static void test_the_laser_decides_over_the_link(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_link_up(r);
    CHECK_EQ_U64(rig_get(r, REG(ESDP)) & 4, 4); /* a module is there */
    rig_put(r, REG(ESDP), rig_get(r, REG(ESDP)) | 8);
    CHECK(!rig_link(r) && !wire_up(&r->wire));
    CHECK_EQ_U64(module(r, 0xa2, 102) | module(r, 0xa2, 103), 0); /* no light */
    rig_run(r, 100 * MS);
    CHECK(!rig_link(r));
    rig_put(r, REG(ESDP), rig_get(r, REG(ESDP)) & ~8u);
    rig_run(r, 11 * MS);
    CHECK(rig_link(r));
    rig_down(r);
}

static void test_resets_and_the_link(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_link_up(r);
    rig_put(r, REG(CTRL), 1u << 26);
    CHECK(rig_link(r) && wire_up(&r->wire)); /* a software reset leaves it alone */
    rig_put(r, REG(CTRL), 1u << 3);
    CHECK(!rig_link(r) && !wire_up(&r->wire));
    rig_run(r, 11 * MS);
    CHECK(rig_link(r) && wire_up(&r->wire));
    rig_down(r);
}

static void test_1_gigabit_needs_its_mode_and_its_module(void)
{
    struct rig *r = rig_up_config(TIMING_IO, (struct i82599_config){.speed = 1}, true);
    uint32_t autoc = rig_get(r, REG(AUTOC));

    rig_run(r, 100 * MS);
    CHECK(!rig_link(r));
    rig_put(r, REG(AUTOC), (autoc & ~(7u << 13)) | 2 << 13 | 1 << 12);
    rig_run(r, 11 * MS);
    CHECK_EQ_U64(rig_get(r, REG(LINKS)) >> 28, 0xe); /* negotiated, up, 1 Gb/s */
    CHECK_EQ_U64(r->wire.bits_per_s, UINT64_C(1000000000));
    CHECK(rig_get(r, REG(PCS1GLSTA)) & 1 << 16);
    rig_down(r);
}

static void test_without_a_cable_only_a_loopback_is_up(void)
{
    struct rig *r = rig_up_config(TIMING_IO, (struct i82599_config){0}, false);

    rig_run(r, PS_PER_S);
    CHECK(!rig_link(r));
    rig_put(r, REG(HLREG0), rig_get(r, REG(HLREG0)) | 1 << 15);
    CHECK(!rig_link(r));
    rig_put(r, REG(AUTOC), rig_get(r, REG(AUTOC)) | 1);
    CHECK(rig_link(r) && !wire_up(&r->wire));
    rig_put(r, REG(AUTOC), rig_get(r, REG(AUTOC)) & ~1u);
    CHECK(!rig_link(r));
    rig_down(r);
}

/* ---- time ---- */

static void test_system_time_counts_as_timinca_says(void)
{
    struct rig *r = rig_up(TIMING_IO);

    rig_run(r, MS);
    CHECK_EQ_U64(rig_get(r, REG(SYSTIML)), 0);
    rig_put(r, REG(TIMINCA), 2 << 24 | 100); /* 100 every 12.8 ns */
    rig_run(r, 1280 * PS_PER_US);
    CHECK_EQ_U64(rig_get(r, REG(SYSTIML)), 10000000);
    rig_put(r, REG(SYSTIMH), 7);
    rig_put(r, REG(TIMINCA), 0);
    rig_run(r, MS);
    CHECK_EQ_U64(rig_get(r, REG(SYSTIML)), 10000000);
    CHECK_EQ_U64(rig_get(r, REG(SYSTIMH)), 7);
    rig_down(r);
}

/* ---- statistics ---- */

static uint64_t pair(struct rig *r, uint32_t low, uint32_t high)
{
    uint64_t v = rig_get(r, low);

    return v | (uint64_t)rig_get(r, high) << 32;
}

static void test_counters_clear_when_read_and_stay_at_their_top(void)
{
    struct rig *r = rig_up(TIMING_IO);
    struct i82599 *n = r->dev;

    i82599_stat(n, I82599_GPRC, 0, 5);
    CHECK_EQ_U64(rig_get(r, REG(GPRC)), 5);
    CHECK_EQ_U64(rig_get(r, REG(GPRC)), 0);
    i82599_stat(n, I82599_GPRC, 0, UINT64_C(0xfffffffe));
    i82599_stat(n, I82599_GPRC, 0, 7);
    CHECK_EQ_U64(rig_get(r, REG(GPRC)), 0xffffffff);
    i82599_stat(n, I82599_LXONTXC, 0, 0x12345);
    CHECK_EQ_U64(rig_get(r, REG(LXONTXC)), 0xffff);
    rig_put(r, REG(GPTC), 9);
    CHECK_EQ_U64(rig_get(r, REG(GPTC)), 0);
    rig_down(r);
}

static void test_octets_have_36_bits_and_lose_nothing_between_two_reads(void)
{
    struct rig *r = rig_up(TIMING_IO);
    struct i82599 *n = r->dev;

    i82599_stat(n, I82599_GORCL, 0, UINT64_C(0x3fffffff0));
    CHECK_EQ_U64(rig_get(r, REG(GORCL)), 0xfffffff0);
    i82599_stat(n, I82599_GORCL, 0, 0x20);
    CHECK_EQ_U64(rig_get(r, REG(GORCH)), 3);
    CHECK_EQ_U64(pair(r, REG(GORCL), REG(GORCH)), 0x20);
    i82599_stat(n, I82599_QBTC_L, 15, UINT64_C(0xffffffff0));
    i82599_stat(n, I82599_QBTC_L, 15, 0x100);
    CHECK_EQ_U64(pair(r, REG(QBTC_L) + 8 * 15, REG(QBTC_H) + 8 * 15), 0xfffffffff);
    rig_down(r);
}

static void test_frames_are_counted_by_size_cast_and_fault(void)
{
    static const struct { uint32_t len, counter; } sizes[] = {
        {60, REG(PRC64)}, {61, REG(PRC127)}, {123, REG(PRC127)}, {124, REG(PRC255)},
        {251, REG(PRC255)}, {252, REG(PRC511)}, {507, REG(PRC511)}, {508, REG(PRC1023)},
        {1019, REG(PRC1023)}, {1020, REG(PRC1522)}, {1514, REG(PRC1522)},
    };
    struct rig *r = rig_up(TIMING_IO);
    struct i82599 *n = r->dev;
    uint8_t bytes[2048] = {2};
    struct frame f = {.bytes = bytes};

    for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
        f.len = sizes[i].len;
        i82599_stat_rx(n, &f, i & 1);
        CHECK_EQ_U64(rig_get(r, sizes[i].counter), 1);
    }
    CHECK_EQ_U64(rig_get(r, REG(TPR)), 11);
    CHECK_EQ_U64(rig_get(r, REG(GPRC)), 5);
    CHECK_EQ_U64(pair(r, REG(GORCL), REG(GORCH)), 61 + 124 + 252 + 508 + 1020 + 5 * 4);
    CHECK_EQ_U64(rig_get(r, REG(RXNFGPC)), 11);
    CHECK_EQ_U64(rig_get(r, REG(MPRC)) + rig_get(r, REG(BPRC)), 0);
    f.len = 1515;
    i82599_stat_rx(n, &f, false);
    CHECK_EQ_U64(rig_get(r, REG(ROC)), 1);
    rig_put(r, REG(HLREG0), rig_get(r, REG(HLREG0)) | 4);
    rig_put(r, REG(MAXFRS), 9018u << 16);
    i82599_stat_rx(n, &f, false);
    CHECK_EQ_U64(rig_get(r, REG(ROC)), 0);
    f.flags = FRAME_BAD_FCS;
    i82599_stat_rx(n, &f, false);
    CHECK_EQ_U64(rig_get(r, REG(CRCERRS)), 1);
    CHECK_EQ_U64(rig_get(r, REG(GPRC)), 0);
    memset(bytes, 0xff, 6);
    f.flags = 0;
    i82599_stat_rx(n, &f, true);
    CHECK_EQ_U64(rig_get(r, REG(BPRC)), 1);
    bytes[0] = 1;
    i82599_stat_rx(n, &f, true);
    CHECK_EQ_U64(rig_get(r, REG(MPRC)), 1);
    rig_down(r);
}

static void test_queues_count_where_their_maps_say(void)
{
    struct rig *r = rig_up(TIMING_IO);
    struct i82599 *n = r->dev;

    rig_put(r, REG(RQSMR) + 4 * 31, 0x0f000000);
    rig_put(r, REG(TQSM) + 4 * 1, 0x00000300);
    i82599_stat_rx_queue(n, 127, 100, false);
    i82599_stat_rx_queue(n, 127, 100, true);
    i82599_stat_rx_queue(n, 0, 60, false);
    i82599_stat_tx_queue(n, 5, 300);
    CHECK_EQ_U64(rig_get(r, REG(QPRC) + 0x40 * 15), 1);
    CHECK_EQ_U64(rig_get(r, REG(QPRDC) + 0x40 * 15), 1);
    CHECK_EQ_U64(rig_get(r, REG(QBRC_L) + 0x40 * 15), 100);
    CHECK_EQ_U64(rig_get(r, REG(QBRC_L)), 60);
    CHECK_EQ_U64(rig_get(r, REG(RXDGPC)), 2);
    CHECK_EQ_U64(rig_get(r, REG(QPTC_LOW) + 0x40 * 3), 1); /* both addresses, one counter */
    CHECK_EQ_U64(rig_get(r, REG(QPTC) + 4 * 3), 0);
    CHECK_EQ_U64(rig_get(r, REG(QBTC_L) + 8 * 3), 300);
    rig_down(r);
}

static void test_a_wrong_configuration_is_refused(void)
{
    struct i82599_config bad[] = {{.speed = 40}, {.mac = {1, 2, 3, 4, 5, 6}}};
    struct rig *r = rig_up(TIMING_IO);
    void *dev = malloc(i82599_class.size);

    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        struct device_env env = {.name = "nic1", .clock = &r->clock, .trace = &r->trace,
                                 .space = &r->space, .link = &r->link, .config = &bad[i]};
        struct err err = {""};

        CHECK(i82599_class.init(dev, &env, &err) != 0);
        CHECK(err.text[0]);
    }
    free(dev);
    rig_down(r);
}

TEST_MAIN(test_it_is_an_82599_where_its_driver_looks,
          test_the_eeprom_has_the_checksum_that_drivers_compute,
          test_eerd_takes_its_time,
          test_the_eeprom_says_what_drivers_ask_it,
          test_bit_banged_reads_and_writes_see_the_same_words,
          test_eewr_writes_a_word_until_power_off,
          test_the_module_is_one_that_ixgbe_takes,
          test_sequential_reads_give_pages_with_good_checksums,
          test_other_addresses_are_not_acknowledged,
          test_nine_clocks_free_the_bus,
          test_a_module_of_1_gigabit_says_so,
          test_no_phy_answers_on_mdio,
          test_smbi_is_taken_by_reading_it,
          test_semaphores_outlive_a_software_reset_only,
          test_a_reset_clears_itself_and_loads_the_address,
          test_the_address_is_loaded_from_what_the_eeprom_says_now,
          test_a_function_level_reset_leaves_nothing_of_the_driver,
          test_master_disable_is_seen_and_acknowledged,
          test_patterns_read_back_as_ethtool_wants,
          test_status_cannot_be_written,
          test_an_old_address_is_the_same_register,
          test_a_wide_access_is_two_of_32_bits,
          test_packet_buffers_begin_as_one,
          test_security_blocks_say_that_they_have_stopped,
          test_the_link_comes_up_by_itself,
          test_the_pipeline_reset_of_ixgbe_restarts_the_link,
          test_a_link_change_interrupts_by_its_vector,
          test_the_laser_decides_over_the_link,
          test_resets_and_the_link,
          test_1_gigabit_needs_its_mode_and_its_module,
          test_without_a_cable_only_a_loopback_is_up,
          test_system_time_counts_as_timinca_says,
          test_counters_clear_when_read_and_stay_at_their_top,
          test_octets_have_36_bits_and_lose_nothing_between_two_reads,
          test_frames_are_counted_by_size_cast_and_fault,
          test_queues_count_where_their_maps_say,
          test_a_wrong_configuration_is_refused)
