/* SPDX-License-Identifier: Apache-2.0 */
/* Identify (NVMe 1.4: 5.15). */
#include "base/hash.h"
#include "dev/nvme_impl.h"

#include <stdio.h>

/* Locally administered, so nobody's. */
static const uint8_t oui[3] = {0x02, 0xd0, 0x0b};

unsigned nvme_identify_check(const struct nvme_slot *slot)
{
    uint32_t nsid = nvme_cdw(slot, NVME_SQE_NSID);

    switch (nvme_cdw(slot, NVME_SQE_CDW10) & 0xff) {
    case NVME_CNS_NAMESPACE:
    case NVME_CNS_DESCRIPTORS:
        return nsid - 1 < slot->n->namespaces ? 0 : NVME_INVALID_NAMESPACE;
    case NVME_CNS_CONTROLLER:
        return 0;
    case NVME_CNS_LIST:
        return nsid < NVME_NSID_ALL - 1 ? 0 : NVME_INVALID_NAMESPACE;
    }
    return NVME_INVALID_FIELD; /* the others belong to what is not supported */
}

static void put_text(uint8_t *p, size_t size, const char *text)
{
    size_t n = strlen(text);

    memset(p, ' ', size);
    memcpy(p, text, n < size ? n : size);
}

static void put_controller(const struct nvme *n, uint8_t *p)
{
    uint64_t total = 0;

    le16_put(p + NVME_IC_VID, NVME_VENDOR_ID);
    le16_put(p + NVME_IC_SSVID, NVME_VENDOR_ID);
    put_text(p + NVME_IC_SN, 20, n->serial);
    put_text(p + NVME_IC_MN, 40, "Doorbell NVMe controller");
    put_text(p + NVME_IC_FR, 8, "1.0");
    p[NVME_IC_RAB] = 3;
    memcpy(p + NVME_IC_IEEE, (uint8_t[3]){oui[2], oui[1], oui[0]}, 3);
    p[NVME_IC_CMIC] = 0; /* one controller, one port: Linux puts no multipath head on top */
    p[NVME_IC_MDTS] = NVME_MDTS;
    le16_put(p + NVME_IC_CNTLID, 0);
    le32_put(p + NVME_IC_VER, NVME_VS_1_4);
    le32_put(p + NVME_IC_OAES, NVME_OAES_NAMESPACE);
    p[NVME_IC_CNTRLTYPE] = 1;
    le16_put(p + NVME_IC_OACS, NVME_OACS_FORMAT);
    p[NVME_IC_ACL] = 3;
    p[NVME_IC_AERL] = NVME_AERL;
    p[NVME_IC_FRMW] = 1 << 1 | 1; /* one slot, read only */
    p[NVME_IC_LPA] = NVME_LPA_EFFECTS | NVME_LPA_EXTENDED;
    p[NVME_IC_ELPE] = NVME_ERRORS - 1;
    p[NVME_IC_NPSS] = 0;
    le16_put(p + NVME_IC_WCTEMP, NVME_WARNING_K);
    le16_put(p + NVME_IC_CCTEMP, NVME_CRITICAL_K);
    for (unsigned i = 0; i < n->namespaces; i++)
        total += n->ns[i].bytes;
    le64_put(p + NVME_IC_TNVMCAP, total);
    p[NVME_IC_SQES] = NVME_SQE_BYTES_LOG2 << 4 | NVME_SQE_BYTES_LOG2;
    p[NVME_IC_CQES] = NVME_CQE_BYTES_LOG2 << 4 | NVME_CQE_BYTES_LOG2;
    le32_put(p + NVME_IC_NN, n->namespaces);
    le16_put(p + NVME_IC_ONCS, NVME_ONCS_COMPARE | NVME_ONCS_DSM | NVME_ONCS_WRITE_ZEROES |
                                   NVME_ONCS_SAVE_SELECT);
    p[NVME_IC_VWC] = NVME_VWC_BROADCAST | (n->write_cache ? NVME_VWC_PRESENT : 0);
    le32_put(p + NVME_IC_SGLS, NVME_SGLS_SUPPORTED | NVME_SGLS_BIT_BUCKET);
    snprintf((char *)p + NVME_IC_SUBNQN, 256, "nqn.2014.org.nvmexpress:doorbell:%s", n->serial);
    le16_put(p + NVME_IC_PSD0, 1400); /* 14 W */
}

static void put_eui64(const struct nvme *n, unsigned index, uint8_t *p)
{
    uint32_t h = hash32_bytes(HASH32_START, n->serial, strlen(n->serial));

    memcpy(p, oui, 3);
    for (unsigned i = 0; i < 4; i++)
        p[3 + i] = (uint8_t)(h >> (24 - 8 * i));
    p[7] = (uint8_t)(index + 1);
}

static void put_nguid(const struct nvme *n, unsigned index, uint8_t *p)
{
    memset(p, 0, 8);
    put_eui64(n, index, p + 8);
}

static void put_namespace(const struct nvme *n, unsigned index, uint8_t *p)
{
    uint64_t blocks = nvme_ns_blocks(n, index);

    le64_put(p + NVME_IN_NSZE, blocks);
    le64_put(p + NVME_IN_NCAP, blocks);
    le64_put(p + NVME_IN_NUSE, blocks);
    p[NVME_IN_NLBAF] = 1; /* 0's based: 512 and 4096 bytes */
    p[NVME_IN_FLBAS] = n->c.lba_shift[index] == 12;
    p[NVME_IN_DLFEAT] = 1; /* deallocated blocks read as zeros */
    le64_put(p + NVME_IN_NVMCAP, blocks << n->c.lba_shift[index]);
    p[NVME_IN_NSATTR] = block_read_only(n->ns[index].block) ? NVME_NSATTR_WRITE_PROTECTED : 0;
    put_nguid(n, index, p + NVME_IN_NGUID);
    put_eui64(n, index, p + NVME_IN_EUI64);
    le32_put(p + NVME_IN_LBAF0, 9 << 16 | 1 << 24);
    le32_put(p + NVME_IN_LBAF0 + 4, 12 << 16);
}

static void put_descriptors(const struct nvme *n, unsigned index, uint8_t *p)
{
    p[0] = NVME_NIDT_EUI64;
    p[1] = 8;
    put_eui64(n, index, p + 4);
    p[12] = NVME_NIDT_NGUID;
    p[13] = 16;
    put_nguid(n, index, p + 16);
}

void nvme_identify_fill(struct nvme_slot *slot)
{
    const struct nvme *n = slot->n;
    uint32_t nsid = nvme_cdw(slot, NVME_SQE_NSID);
    uint8_t *p = slot->s.data;

    switch (nvme_cdw(slot, NVME_SQE_CDW10) & 0xff) {
    case NVME_CNS_NAMESPACE:
        put_namespace(n, nsid - 1, p);
        break;
    case NVME_CNS_CONTROLLER:
        put_controller(n, p);
        break;
    case NVME_CNS_LIST:
        for (uint32_t i = nsid + 1; i <= n->namespaces; i++, p += 4)
            le32_put(p, i);
        break;
    case NVME_CNS_DESCRIPTORS:
        put_descriptors(n, nsid - 1, p);
        break;
    }
}
