/* SPDX-License-Identifier: Apache-2.0 */
/* The EEPROM: its image, and the ways to it (3.4, 6.1-6.3; EERD and EEWR word by word, EEC wire by
 * wire).  Bit-banged writes take no time.  There is no flash. */
#include "dev/i82599_impl.h"

#define SPI_PAGE_BYTES 64 /* a write goes round within it, as in AT25128 */
#define EEPROM_BYTES (2 * I82599_EEPROM_WORDS)
#define SIZE_FIELD 5 /* 64 << 5 words */

/* Where the parts of the image are, in words. */
enum {
    AT_PCIE_ANALOG = 0x40, AT_CORE0 = 0x48, AT_MAC0 = 0x50, AT_CSR0 = 0x68, AT_PBA = 0x70,
    AT_SFP_LIST = 0x80, AT_SFP_COPPER = 0x90, AT_SFP_OPTICAL = 0x98, AT_FIRMWARE = 0xa0,
    AT_PATCH = 0xb0,
};

/* ---- the image ---- */

/* A block: its length, then that many words. */
static void put_block(uint16_t *ee, unsigned pointer, uint16_t at, uint16_t words)
{
    ee[pointer] = at;
    ee[at] = words;
    memset(&ee[at + 1], 0, words * sizeof *ee);
}

/* Part number: two characters a word, the length counts itself. */
static void put_part_number(uint16_t *ee, const char *text)
{
    uint16_t words = (uint16_t)((strlen(text) + 1) / 2);

    ee[I82599_EE_PBA0] = I82599_EE_PBA_GUARD;
    ee[I82599_EE_PBA1] = AT_PBA;
    ee[AT_PBA] = (uint16_t)(words + 1);
    for (unsigned i = 0; i < words; i++)
        ee[AT_PBA + 1 + i] = (uint16_t)((uint8_t)text[2 * i] << 8 | (uint8_t)text[2 * i + 1]);
}

/* For each kind of module (the driver's numbers: 3 copper, 5 SR and LR) the words that it writes to
 * CORECTL; this chip's analog part needs none. */
static void put_sfp_lists(uint16_t *ee)
{
    static const uint16_t list[] = {0x000a, 3, AT_SFP_COPPER, 5, AT_SFP_OPTICAL, 0xffff};

    ee[I82599_EE_SFP_INIT] = AT_SFP_LIST;
    memcpy(&ee[AT_SFP_LIST], list, sizeof list);
    ee[AT_SFP_COPPER] = ee[AT_SFP_OPTICAL] = 1;
    ee[AT_SFP_COPPER + 1] = ee[AT_SFP_OPTICAL + 1] = 0xffff;
}

/* Firmware: no link-establishing state machine; the version is one that drivers accept. */
static void put_firmware(uint16_t *ee)
{
    ee[I82599_EE_FIRMWARE] = AT_FIRMWARE;
    ee[AT_FIRMWARE + 4] = AT_PATCH;
    ee[AT_PATCH + 7] = 6;
}

/* Words 0 to 3Fh and the blocks behind pointers 3 to Eh add up to BABAh (6.1.1). */
static uint16_t checksum(const uint16_t *ee)
{
    uint16_t sum = 0;

    for (unsigned i = 0; i < I82599_EE_CHECKSUM; i++)
        sum = (uint16_t)(sum + ee[i]);
    for (unsigned p = I82599_EE_BLOCK_FIRST; p <= I82599_EE_BLOCK_LAST; p++)
        if (ee[p] != 0 && ee[p] != 0xffff)
            for (unsigned i = 1; i <= ee[ee[p]]; i++)
                sum = (uint16_t)(sum + ee[ee[p] + i]);
    return (uint16_t)(I82599_EE_SUM - sum);
}

static void make_image(struct i82599 *n)
{
    uint16_t *ee = n->eeprom;

    memset(ee, 0xff, sizeof n->eeprom);
    ee[I82599_EE_CONTROL_1] = 0x4000 | SIZE_FIELD << 10; /* signature 01b */
    ee[I82599_EE_CONTROL_2] = 0;
    put_block(ee, I82599_EE_PCIE_ANALOG, AT_PCIE_ANALOG, 4);
    put_block(ee, I82599_EE_CORE0, AT_CORE0, 4);
    put_block(ee, I82599_EE_MAC0, AT_MAC0, 20);
    for (unsigned i = 0; i < 3; i++)
        ee[AT_MAC0 + 1 + i] = le16_get(n->mac + 2 * i);
    put_block(ee, I82599_EE_CSR0, AT_CSR0, 4);
    put_part_number(ee, "D82599-001");
    put_sfp_lists(ee);
    put_firmware(ee);
    ee[I82599_EE_NVM_VERSION] = 0x0100;
    ee[I82599_EE_DEVICE_CAPS] = I82599_EE_CAPS_ANY_SFP | I82599_EE_CAPS_NO_CROSSTALK_WR;
    ee[I82599_EE_EETRACK_LO] = 0x0001;
    ee[I82599_EE_EETRACK_HI] = 0x8000;
    ee[I82599_EE_CHECKSUM] = checksum(ee);
}

/* Where software may have written: the pointer is followed only inside the EEPROM. */
void i82599_eeprom_mac(const struct i82599 *n, uint8_t mac[6])
{
    unsigned at = n->eeprom[I82599_EE_MAC0];

    for (unsigned i = 0; i < 3; i++)
        le16_put(mac + 2 * i, at + 3 < I82599_EEPROM_WORDS ? n->eeprom[at + 1 + i] : 0xffff);
}

/* ---- word by word: EERD, EEWR ---- */

static uint16_t word_read(const struct i82599 *n, unsigned word)
{
    return word < I82599_EEPROM_WORDS ? n->eeprom[word] : 0xffff;
}

static void word_done(void *owner)
{
    struct i82599 *n = owner;
    struct i82599_control *c = &n->control;
    uint32_t eewr = bank32(n, I82599_EEWR);

    if (c->eewr_busy) {
        uint32_t word = (uint32_t)FGET(eewr, I82599_EEWR_ADDR);

        if (word < I82599_EEPROM_WORDS)
            n->eeprom[word] = (uint16_t)FGET(eewr, I82599_EEWR_DATA);
        c->eewr_busy = 0;
        return;
    }
    c->eerd_data = word_read(n, (unsigned)FGET(bank_value(&n->bank, I82599_EERD),
                                               I82599_EERD_ADDR));
    c->eerd_done = 1;
}

static void start_word(struct i82599 *n, bool write)
{
    n->control.eerd_done = 0;
    n->control.eewr_busy = write;
    clock_arm_after(n->clock, &n->control.eeprom, n->p.eeprom_word_ps);
}

/* ---- wire by wire: EEC, an SPI slave of mode 0 ---- */

static uint8_t byte_at(const struct i82599 *n, unsigned at)
{
    return (uint8_t)(n->eeprom[at / 2 % I82599_EEPROM_WORDS] >> (at & 1) * 8);
}

static void put_byte(struct i82599 *n, unsigned at, uint8_t byte)
{
    uint16_t *word = &n->eeprom[at / 2 % I82599_EEPROM_WORDS];

    *word = (uint16_t)(at & 1 ? (*word & 0x00ff) | byte << 8 : (*word & 0xff00) | byte);
}

static void spi_command(struct eeprom_spi *s)
{
    s->command = (uint8_t)s->in;
    s->bits = 0;
    if (s->command == I82599_SPI_WREN)
        s->writable = 1;
    else if (s->command == I82599_SPI_WRDI)
        s->writable = 0;
    else if (s->command == I82599_SPI_RDSR)
        s->out = (uint8_t)(s->writable << 1); /* never busy */
}

/* The clock fell: what it clocked in is looked at, the next bit goes out. */
static void spi_falls(struct i82599 *n)
{
    struct eeprom_spi *s = &n->control.spi;

    switch (s->command) {
    case 0:
        if (s->bits == 8)
            spi_command(s);
        break;
    case I82599_SPI_READ:
        if (s->bits < 16)
            break;
        if (s->bits == 16)
            s->address = (uint16_t)(s->in % EEPROM_BYTES);
        else
            s->out = (uint8_t)(s->out << 1);
        if (s->bits == 24)
            s->address = (uint16_t)((s->address + 1) % EEPROM_BYTES);
        if (s->bits == 16 || s->bits == 24) {
            s->out = byte_at(n, s->address);
            s->bits = 16;
        }
        break;
    case I82599_SPI_WRITE:
        if (s->bits == 16)
            s->address = (uint16_t)(s->in % EEPROM_BYTES);
        if (s->bits < 24)
            break;
        if (s->writable)
            put_byte(n, s->address, (uint8_t)s->in);
        s->address = (uint16_t)((s->address & ~(SPI_PAGE_BYTES - 1)) |
                                ((s->address + 1) & (SPI_PAGE_BYTES - 1)));
        s->bits = 16;
        break;
    case I82599_SPI_RDSR:
        s->out = (uint8_t)(s->out << 1);
        break;
    }
}

/* Deselected: the command ends, and a write disables the next one. */
static void spi_end(struct eeprom_spi *s)
{
    bool wrote = s->command == I82599_SPI_WRITE;
    uint8_t writable = s->writable && !wrote;

    *s = (struct eeprom_spi){.writable = writable};
}

static void eec_written(struct i82599 *n, uint32_t old, uint32_t now)
{
    struct eeprom_spi *s = &n->control.spi;

    if (!(now & FMASK(I82599_EEC_REQ)) || now & FMASK(I82599_EEC_CS)) {
        spi_end(s);
        return;
    }
    if (!(old & FMASK(I82599_EEC_SK)) && now & FMASK(I82599_EEC_SK)) {
        s->in = s->in << 1 | (uint32_t)FGET(now, I82599_EEC_DI);
        s->bits = s->bits < 24 ? (uint8_t)(s->bits + 1) : 24;
    } else if (old & FMASK(I82599_EEC_SK) && !(now & FMASK(I82599_EEC_SK))) {
        spi_falls(n);
    }
}

/* ---- registers ---- */

uint64_t i82599_eeprom_read(struct i82599 *n, unsigned reg, uint64_t stored)
{
    const struct i82599_control *c = &n->control;

    switch (reg) {
    case I82599_EEC:
        stored = FPUT(stored, I82599_EEC_DO, c->spi.out >> 7);
        stored = FPUT(stored, I82599_EEC_GNT, FGET(stored, I82599_EEC_REQ));
        stored |= FMASK(I82599_EEC_PRES) | FMASK(I82599_EEC_AUTO_RD) |
                  FMASK(I82599_EEC_ADDR_SIZE);
        return FPUT(stored, I82599_EEC_SIZE, SIZE_FIELD);
    case I82599_EERD:
        stored = FPUT(stored, I82599_EERD_DONE, c->eerd_done);
        return FPUT(stored, I82599_EERD_DATA, c->eerd_done ? c->eerd_data : 0);
    case I82599_EEWR:
        return FPUT(stored, I82599_EEWR_DONE, !c->eewr_busy);
    case I82599_FLA: /* FL_GNT answers FL_REQ */
        return stored | (stored >> 4 & 1) << 5;
    }
    return stored;
}

void i82599_eeprom_write(struct i82599 *n, unsigned reg, uint64_t old, uint32_t written)
{
    if (reg == I82599_EEC)
        eec_written(n, (uint32_t)old, bank32(n, I82599_EEC));
    else if (reg == I82599_EERD && written & FMASK(I82599_EERD_START))
        start_word(n, false);
    else if (reg == I82599_EEWR && written & FMASK(I82599_EEWR_START))
        start_word(n, true);
}

/* ---- life ---- */

void i82599_eeprom_init(struct i82599 *n)
{
    event_init(n->clock, &n->control.eeprom, "i82599.eeprom", word_done, n);
}

void i82599_eeprom_stop(struct i82599 *n)
{
    struct i82599_control *c = &n->control;

    clock_disarm(n->clock, &c->eeprom);
    c->spi = (struct eeprom_spi){0};
    c->eerd_data = 0;
    c->eerd_done = c->eewr_busy = 0;
}

void i82599_eeprom_reset(struct i82599 *n)
{
    i82599_eeprom_stop(n);
    make_image(n);
}
