/* SPDX-License-Identifier: Apache-2.0 */
/* The advanced interrupt architecture (RISC-V AIA 1.0).  A message is a store of its number to hart
 * 0's supervisor-level interrupt file, in the IMSIC, by whoever it may be: a device on PCI, or the
 * APLIC, which turns a wire's interrupt into one whose number is that of the source. */
#include "labs/lib/csr.h"
#include "labs/lib/irq.h"
#include "labs/lib/reg.h"
#include "spec/aplic.h"
#include "spec/imsic.h"

enum { APLIC_REGS(REG_AT) };
enum { APLIC_FIELDS(FIELD_MASK) };
enum { IMSIC_REGS(REG_AT) };

/* On RV64 an interrupt file's arrays have only the even registers, of 64 bits (3.8.3, 3.8.4). */
#define IDENTITIES_A_REGISTER 64

static void file_write(unsigned select, uint64_t value)
{
    /* 2.1: siselect says which register sireg is. */
    csr_write(CSR_SISELECT, select);
    csr_write(CSR_SIREG, value);
}

static void file_enable(unsigned identity)
{
    csr_write(CSR_SISELECT, IMSIC_EIE0 + identity / IDENTITIES_A_REGISTER * 2);
    csr_set(CSR_SIREG, UINT64_C(1) << identity % IDENTITIES_A_REGISTER);
}

static void init(void)
{
    /* 3.8: nothing enabled, no threshold, delivery on. */
    for (unsigned i = 0; i <= IMSIC_IDENTITIES / IDENTITIES_A_REGISTER; i++)
        file_write(IMSIC_EIE0 + 2 * i, 0);
    file_write(IMSIC_EITHRESHOLD, 0);
    file_write(IMSIC_EIDELIVERY, 1);

    /* 4.5.4, only in the machine-level domain: where messages for supervisor level go, page number
     * base | hart << LHXS.  Ours is hart 0, so the base. */
    mmio_write32(APLIC_M_BASE + APLIC_SMSIADDRCFG, IMSIC_S_BASE >> 12);
    mmio_write32(APLIC_M_BASE + APLIC_SMSIADDRCFGH, 0);
    /* 4.5.1: the supervisor-level domain delivers, by messages. */
    mmio_write32(APLIC_S_BASE + APLIC_DOMAINCFG, APLIC_DOMAINCFG_IE | APLIC_DOMAINCFG_DM);
}

static void enable(unsigned source)
{
    /* The first of these registers is source 1's. */
    uintptr_t config = APLIC_SOURCECFG + (source - 1) * APLIC_SOURCECFG_STEP;
    uintptr_t target = APLIC_TARGET + (source - 1) * APLIC_TARGET_STEP;

    file_enable(source);
    /* 4.5.2: the machine-level domain, which all wires come to, gives the source to its child (as
     * firmware would); there its wire is active while high. */
    mmio_write32(APLIC_M_BASE + config, APLIC_SOURCECFG_D);
    mmio_write32(APLIC_S_BASE + config, APLIC_SM_LEVEL1);
    /* 4.5.16: to hart 0, with this identity.  Only after 4.5.2, since an inactive source's target
     * cannot be written. */
    mmio_write32(APLIC_S_BASE + target, source << APLIC_TARGET_EIID_LSB);
    mmio_write32(APLIC_S_BASE + APLIC_SETIENUM, source);
}

static unsigned claim(void)
{
    /* The top external interrupt CSR (3.10): what is most urgent, and the write in the same
     * instruction takes it. */
    return (unsigned)(csr_swap(CSR_STOPEI, 0) >> IMSIC_TOPEI_IDENTITY_LSB);
}

static void complete(unsigned source)
{
    /* 4.9.2: for a level-sensitive source one message is sent each time that its wire rises.  If it
     * still is high, this sends another; if not, it does nothing (4.7). */
    mmio_write32(APLIC_S_BASE + APLIC_SETIPNUM_LE, source);
}

static void message(unsigned number, struct irq_message *m)
{
    /* 3.5: a store of the identity to seteipnum_le makes it pending. */
    m->address = IMSIC_S_BASE + IMSIC_SETEIPNUM_LE;
    m->data = number;
    file_enable(number);
}

const struct irq_controller irq_aia = {"APLIC and IMSIC", init, enable, claim, complete, message};
