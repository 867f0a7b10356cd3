/* SPDX-License-Identifier: Apache-2.0 */
/* An APLIC with an IMSIC behind it, and how drivers set them up. */
#ifndef TESTS_IRQ_APLIC_RIG_H
#define TESTS_IRQ_APLIC_RIG_H

#include "irq/aplic.h"
#include "irq/imsic.h"
#include "irq/output.h"
#include "rig.h"

#define HARTS 3
#define M UINT64_C(0xc000000)
#define S UINT64_C(0xd000000)
#define DOMAINCFG 0x0
#define SOURCECFG(s) (4 * (uint64_t)(s))
#define MMSIADDRCFG 0x1bc0
#define MMSIADDRCFGH 0x1bc4
#define SMSIADDRCFG 0x1bc8
#define SMSIADDRCFGH 0x1bcc
#define SETIP(w) (0x1c00 + 4 * (uint64_t)(w))
#define SETIPNUM 0x1cdc
#define IN_CLRIP(w) (0x1d00 + 4 * (uint64_t)(w))
#define CLRIPNUM 0x1ddc
#define SETIE(w) (0x1e00 + 4 * (uint64_t)(w))
#define SETIENUM 0x1edc
#define CLRIE(w) (0x1f00 + 4 * (uint64_t)(w))
#define CLRIENUM 0x1fdc
#define SETIPNUM_LE 0x2000
#define SETIPNUM_BE 0x2004
#define GENMSI 0x3000
#define TARGET(s) (0x3000 + 4 * (uint64_t)(s))
#define IDC(h, r) (0x4000 + 0x20 * (uint64_t)(h) + (r))
#define IDELIVERY 0x0
#define IFORCE 0x4
#define ITHRESHOLD 0x8
#define TOPI 0x18
#define CLAIMI 0x1c

#define IE 0x100
#define DM 0x4
#define DELEGATE 0x400
#define HART(h) ((uint32_t)(h) << 18)

static struct rig rig;
static struct aplic dev;
static struct imsic imsic;

static inline void up(void)
{
    struct aplic_config config = {.harts = HARTS};
    struct imsic_config files = {.harts = HARTS};

    rig_init(&rig);
    rig_add(&rig, &aplic_class, &dev, &config);
    rig_add(&rig, &imsic_class, &imsic, &files);
    rig_connect(&rig, dev.meip, HARTS, MIP_MEIP);
    rig_connect(&rig, dev.seip, HARTS, MIP_SEIP);
}

static inline void down(void)
{
    aplic_class.fini(&dev);
    imsic_class.fini(&imsic);
    rig_fini(&rig);
}

/* A domain that delivers by wires to every hart. */
static inline void up_direct(void)
{
    up();
    put32(&rig, S + DOMAINCFG, IE);
    put32(&rig, M + DOMAINCFG, IE);
    for (unsigned h = 0; h < HARTS; h++) {
        put32(&rig, S + IDC(h, IDELIVERY), 1);
        put32(&rig, M + IDC(h, IDELIVERY), 1);
    }
}

/* Domains that send messages to the IMSICs, addressed as firmware does it on this board. */
static inline void up_msi(void)
{
    up();
    put32(&rig, M + MMSIADDRCFG, IMSIC_M_BASE >> 12);
    put32(&rig, M + MMSIADDRCFGH, 4 << 12); /* LHXW 4: sixteen harts, page by page */
    put32(&rig, M + SMSIADDRCFG, IMSIC_S_BASE >> 12);
    put32(&rig, M + SMSIADDRCFGH, 0);
    put32(&rig, S + DOMAINCFG, IE | DM);
    put32(&rig, M + DOMAINCFG, IE | DM);
}

/* A source delegated to the supervisor domain, with a mode there. */
static inline void give(unsigned source, unsigned mode)
{
    put32(&rig, M + SOURCECFG(source), DELEGATE);
    put32(&rig, S + SOURCECFG(source), mode);
}

static inline bool pending(uint64_t domain, unsigned source)
{
    return get32(&rig, domain + SETIP(source / 32)) >> source % 32 & 1;
}

/* Takes an identity out of a hart's supervisor file: whether its message has come. */
static inline bool message_came(unsigned hart, unsigned identity)
{
    uint64_t *word = &imsic.s[hart].eip[identity / 64];
    bool came = *word >> identity % 64 & 1;

    *word &= ~(UINT64_C(1) << identity % 64);
    return came;
}

#endif
