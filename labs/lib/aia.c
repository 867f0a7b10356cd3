/* SPDX-License-Identifier: Apache-2.0 */
/* The advanced interrupt architecture (RISC-V AIA 1.0): the machine-level APLIC turns a wire's
 * interrupt into a message to hart 0's machine-level interrupt file, whose identity is the source's
 * number. */
#include "labs/lib/csr.h"
#include "labs/lib/irq.h"
#include "labs/lib/reg.h"
#include "spec/aplic.h"
#include "spec/imsic.h"
#include "spec/virt.h"

enum { APLIC_REGS(REG_AT) };
enum { APLIC_FIELDS(FIELD_MASK) };

/* On RV64 an interrupt file's arrays have only the even registers, of 64 bits (3.8.3, 3.8.4). */
#define IDENTITIES_A_REGISTER 64

static void file_write(unsigned select, uint64_t value)
{
    /* 2.1: miselect says which register mireg is. */
    csr_write(CSR_MISELECT, select);
    csr_write(CSR_MIREG, value);
}

static void init(void)
{
    /* 3.8: nothing enabled, no threshold, delivery on. */
    for (unsigned i = 0; i <= IMSIC_IDENTITIES / IDENTITIES_A_REGISTER; i++)
        file_write(IMSIC_EIE0 + 2 * i, 0);
    file_write(IMSIC_EITHRESHOLD, 0);
    file_write(IMSIC_EIDELIVERY, 1);

    /* 4.5.3: where messages go: page number base | hart << LHXS.  Ours is hart 0, so the base. */
    mmio_write32(APLIC_M_BASE + APLIC_MMSIADDRCFG, IMSIC_M_BASE >> 12);
    mmio_write32(APLIC_M_BASE + APLIC_MMSIADDRCFGH, 0);
    /* 4.5.1: deliver, by messages. */
    mmio_write32(APLIC_M_BASE + APLIC_DOMAINCFG, APLIC_DOMAINCFG_IE | APLIC_DOMAINCFG_DM);
}

static void enable(unsigned source)
{
    unsigned select = IMSIC_EIE0 + source / IDENTITIES_A_REGISTER * 2;

    /* 4.5.2: the source is ours, and its wire is active while high.  The first of these registers
     * is source 1's, as is the first `target`. */
    mmio_write32(APLIC_M_BASE + APLIC_SOURCECFG + (source - 1) * APLIC_SOURCECFG_STEP,
                 APLIC_SM_LEVEL1);
    /* 4.5.16: to hart 0, with this identity.  Only after 4.5.2, since an inactive source's target
     * cannot be written. */
    mmio_write32(APLIC_M_BASE + APLIC_TARGET + (source - 1) * APLIC_TARGET_STEP,
                 source << APLIC_TARGET_EIID_LSB);
    csr_write(CSR_MISELECT, select);
    csr_set(CSR_MIREG, UINT64_C(1) << source % IDENTITIES_A_REGISTER);
    mmio_write32(APLIC_M_BASE + APLIC_SETIENUM, source);
}

static unsigned claim(void)
{
    uint64_t top;

    /* The top external interrupt CSR (chapter 3): reads what is most urgent, and the write in the
     * same instruction takes it. */
    __asm__ volatile("csrrw %0, " CSR_TEXT(CSR_MTOPEI) ", zero" : "=r"(top) :: "memory");
    return (unsigned)(top >> IMSIC_TOPEI_IDENTITY_LSB);
}

static void complete(unsigned source)
{
    /* 4.9.2: for a level-sensitive source one message is sent each time that its wire rises.  If it
     * still is high, this sends another; if not, it does nothing (4.7). */
    mmio_write32(APLIC_M_BASE + APLIC_SETIPNUM_LE, source);
}

const struct irq_controller aia = {"APLIC and IMSIC", init, enable, claim, complete};
