/* SPDX-License-Identifier: Apache-2.0 */
/* Synopsys DesignWare AXI DMA controller (DW_axi_dmac), component version 1.01a, as configured
 * here: 8 channels, one AXI master of 64 bits, 16 handshake interfaces, no status fetch, no channel
 * lock.  Synopsys gives its databook to licensees only; what it says stands in public in Intel's
 * "Hard Processor System Technical Reference Manual: Agilex 5 SoCs" (814346, section 5.2 and the
 * register map of DMAC0; "TRM" below) and in Linux, drivers/dma/dw-axi-dmac.  Row format:
 * bus/reg.h. Every register has 8 bytes; drivers use halves. */
#ifndef SPEC_DW_AXI_DMAC_H
#define SPEC_DW_AXI_DMAC_H

enum {
    DMAC_CHANNELS = 8,
    DMAC_HANDSHAKES = 16,          /* hardware handshake interfaces */
    DMAC_BUS_WIDTH = 3,            /* of the AXI master: log2 of bytes */
    DMAC_BUS_BYTES = 1 << DMAC_BUS_WIDTH,
    DMAC_BURST_BEATS_MAX = 16,     /* longest AXI burst; ARLEN and AWLEN are capped to it */
    DMAC_BLOCK_ITEMS_MAX = 65536,  /* longest block, in items of the source's width */
    DMAC_FIFO_BYTES = 1024,        /* of each channel */
    DMAC_CHANNEL_OFFSET = 0x100,   /* registers of channel 0 */
    DMAC_CHANNEL_STEP = 0x100,
};

#define DMAC_COMPVER_101A 0x3130312a /* "101*" */

/* Status bits of a channel that exist, and of the common registers. */
#define DMAC_CH_INT_ALL 0xf83f7ffb
#define DMAC_CH_INT_ERRORS 0x003f7fe0
#define DMAC_COMMON_INT_ALL 0x10f

#define DMAC_CH_ROW(R, name, offset, reset, rw, flags, doc) \
    R(name, DMAC_CHANNEL_OFFSET + (offset), 8, 1, DMAC_CHANNELS, DMAC_CHANNEL_STEP, reset, rw, 0, \
      REG_HALVES | (flags), doc)

/*    name   offset size view repeat step reset rw w1c flags what it is */
#define DMAC_REGS(R) \
    R(DMAC_ID, 0x000, 8, 1, 1, 8, 0, 0, 0, REG_HALVES | REG_NO_W, "identification") \
    R(DMAC_COMPVER, 0x008, 8, 1, 1, 8, DMAC_COMPVER_101A, 0, 0, REG_HALVES | REG_NO_W, \
      "component version: 1.01a") \
    R(DMAC_CFG, 0x010, 8, 1, 1, 8, 0, 3, 0, REG_HALVES | REG_FX_R | REG_FX_W, \
      "the whole controller's enables") \
    R(DMAC_CHEN, 0x018, 8, 1, 1, 8, 0, 0, 0, REG_HALVES | REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "channels: enable, suspend, abort; each bit is written with its write enable") \
    R(DMAC_INTSTATUS, 0x030, 8, 1, 1, 8, 0, 0, 0, \
      REG_HALVES | REG_FX_R | REG_NO_W | REG_NO_STORE, "which channels interrupt") \
    R(DMAC_COMMON_INTCLEAR, 0x038, 8, 1, 1, 8, 0, 0, 0, \
      REG_HALVES | REG_FX_W | REG_NO_R | REG_NO_STORE, "ones clear common status bits") \
    R(DMAC_COMMON_INTSTATUS_ENA, 0x040, 8, 1, 1, 8, DMAC_COMMON_INT_ALL, DMAC_COMMON_INT_ALL, 0, \
      REG_HALVES, "common status bits that may be set") \
    R(DMAC_COMMON_INTSIGNAL_ENA, 0x048, 8, 1, 1, 8, DMAC_COMMON_INT_ALL, DMAC_COMMON_INT_ALL, 0, \
      REG_HALVES | REG_FX_W, "common status bits that interrupt") \
    R(DMAC_COMMON_INTSTATUS, 0x050, 8, 1, 1, 8, 0, 0, 0, REG_HALVES | REG_NO_W, \
      "errors of register accesses outside the channels") \
    R(DMAC_RESET, 0x058, 8, 1, 1, 8, 0, 0, 0, REG_HALVES | REG_FX_W, \
      "writing 1 resets the controller, at once: it reads 0") \
    DMAC_CH_ROW(R, DMAC_CH_SAR, 0x00, 0, 0xffffffffffffffff, REG_FX_R | REG_FX_W, \
                "source address") \
    DMAC_CH_ROW(R, DMAC_CH_DAR, 0x08, 0, 0xffffffffffffffff, REG_FX_R | REG_FX_W, \
                "destination address") \
    DMAC_CH_ROW(R, DMAC_CH_BLOCK_TS, 0x10, 0, DMAC_BLOCK_ITEMS_MAX - 1, REG_FX_R | REG_FX_W, \
                "items of the source's width in a block, less 1; while running: items read") \
    DMAC_CH_ROW(R, DMAC_CH_CTL, 0x18, 0, 0xc4ffffff7fffff50, REG_FX_R | REG_FX_W, \
                "control: how a block is moved") \
    DMAC_CH_ROW(R, DMAC_CH_CFG, 0x20, 0, 0x7f8ef79f0000000f, REG_FX_W, \
                "configuration: for all blocks of a transfer") \
    DMAC_CH_ROW(R, DMAC_CH_LLP, 0x28, 0, 0xffffffffffffffc0, REG_FX_W, \
                "address of the next linked-list item") \
    DMAC_CH_ROW(R, DMAC_CH_STATUS, 0x30, 0, 0, REG_FX_R | REG_NO_W | REG_NO_STORE, \
                "how far the block is") \
    DMAC_CH_ROW(R, DMAC_CH_SWHSSRC, 0x38, 0, 0, REG_FX_W, "software handshake of the source") \
    DMAC_CH_ROW(R, DMAC_CH_SWHSDST, 0x40, 0, 0, REG_FX_W, "software handshake of the destination") \
    DMAC_CH_ROW(R, DMAC_CH_BLK_TFR_RESUMEREQ, 0x48, 0, 0, REG_FX_W | REG_NO_R | REG_NO_STORE, \
                "any write: look again at the item or shadow registers that were not valid") \
    DMAC_CH_ROW(R, DMAC_CH_AXI_ID, 0x50, 0, 0xffffffff, REG_FX_W, "AXI ID suffixes; no effect") \
    DMAC_CH_ROW(R, DMAC_CH_AXI_QOS, 0x58, 0, 0xff, REG_FX_W, "AXI quality of service; no effect") \
    DMAC_CH_ROW(R, DMAC_CH_INTSTATUS_ENA, 0x80, DMAC_CH_INT_ALL, DMAC_CH_INT_ALL, 0, \
                "status bits that may be set") \
    DMAC_CH_ROW(R, DMAC_CH_INTSTATUS, 0x88, 0, 0, REG_NO_W, "what has happened") \
    DMAC_CH_ROW(R, DMAC_CH_INTSIGNAL_ENA, 0x90, DMAC_CH_INT_ALL, DMAC_CH_INT_ALL, REG_FX_W, \
                "status bits that interrupt") \
    DMAC_CH_ROW(R, DMAC_CH_INTCLEAR, 0x98, 0, 0, REG_FX_W | REG_NO_R | REG_NO_STORE, \
                "ones clear status bits")

/*    register  field       lsb bits what it is */
#define DMAC_FIELDS(F) \
    F(DMAC_CFG, DMAC_CFG_DMAC_EN, 0, 1, "controller on; reads 1 until all channels have stopped") \
    F(DMAC_CFG, DMAC_CFG_INT_EN, 1, 1, "interrupt output on") \
    F(DMAC_CHEN, DMAC_CHEN_EN, 0, 8, "a bit a channel: enabled; clears itself at the end") \
    F(DMAC_CHEN, DMAC_CHEN_EN_WE, 8, 8, "write enables of EN") \
    F(DMAC_CHEN, DMAC_CHEN_SUSP, 16, 8, "a bit a channel: suspend") \
    F(DMAC_CHEN, DMAC_CHEN_SUSP_WE, 24, 8, "write enables of SUSP") \
    F(DMAC_CHEN, DMAC_CHEN_ABORT, 32, 8, "a bit a channel: abort; clears itself") \
    F(DMAC_CHEN, DMAC_CHEN_ABORT_WE, 40, 8, "write enables of ABORT") \
    F(DMAC_INTSTATUS, DMAC_INTSTATUS_CH, 0, 8, "a bit a channel") \
    F(DMAC_INTSTATUS, DMAC_INTSTATUS_COMMON, 16, 1, "the common registers") \
    F(DMAC_COMMON_INTSTATUS, DMAC_COMMON_DEC_ERR, 0, 1, "no register there below 0x100") \
    F(DMAC_COMMON_INTSTATUS, DMAC_COMMON_WR2RO_ERR, 1, 1, "write to a read-only register") \
    F(DMAC_COMMON_INTSTATUS, DMAC_COMMON_RD2WO_ERR, 2, 1, "read of a write-only register") \
    F(DMAC_COMMON_INTSTATUS, DMAC_COMMON_WRONHOLD_ERR, 3, 1, "write in hold mode; never") \
    F(DMAC_COMMON_INTSTATUS, DMAC_COMMON_UNDEFINED_DEC_ERR, 8, 1, "access behind the channels") \
    F(DMAC_RESET, DMAC_RESET_RST, 0, 1, "reset") \
    F(DMAC_CH_CTL, DMAC_CTL_SMS, 0, 1, "source master; 0: there is one") \
    F(DMAC_CH_CTL, DMAC_CTL_DMS, 2, 1, "destination master; 0") \
    F(DMAC_CH_CTL, DMAC_CTL_SINC, 4, 1, "1: the source address stays") \
    F(DMAC_CH_CTL, DMAC_CTL_DINC, 6, 1, "1: the destination address stays") \
    F(DMAC_CH_CTL, DMAC_CTL_SRC_WIDTH, 8, 3, "log2 of a source item's bytes") \
    F(DMAC_CH_CTL, DMAC_CTL_DST_WIDTH, 11, 3, "log2 of a destination item's bytes") \
    F(DMAC_CH_CTL, DMAC_CTL_SRC_MSIZE, 14, 4, "source items a request: 1, 4, 8, 16 ... 1024") \
    F(DMAC_CH_CTL, DMAC_CTL_DST_MSIZE, 18, 4, "destination items a request") \
    F(DMAC_CH_CTL, DMAC_CTL_AR_CACHE, 22, 4, "AXI arcache; no effect") \
    F(DMAC_CH_CTL, DMAC_CTL_AW_CACHE, 26, 4, "AXI awcache; no effect") \
    F(DMAC_CH_CTL, DMAC_CTL_NONPOSTED, 30, 1, "last write not posted; none is here") \
    F(DMAC_CH_CTL, DMAC_CTL_AR_PROT, 32, 3, "AXI arprot; no effect") \
    F(DMAC_CH_CTL, DMAC_CTL_AW_PROT, 35, 3, "AXI awprot; no effect") \
    F(DMAC_CH_CTL, DMAC_CTL_ARLEN_EN, 38, 1, "read bursts are as long as ARLEN says") \
    F(DMAC_CH_CTL, DMAC_CTL_ARLEN, 39, 8, "beats of a read burst, less 1") \
    F(DMAC_CH_CTL, DMAC_CTL_AWLEN_EN, 47, 1, "write bursts are as long as AWLEN says") \
    F(DMAC_CH_CTL, DMAC_CTL_AWLEN, 48, 8, "beats of a write burst, less 1") \
    F(DMAC_CH_CTL, DMAC_CTL_IOC, 58, 1, "BLOCK_TFR status at the end of the block") \
    F(DMAC_CH_CTL, DMAC_CTL_LAST, 62, 1, "last item of the list, last shadow registers") \
    F(DMAC_CH_CTL, DMAC_CTL_VALID, 63, 1, "item, or shadow registers, are valid") \
    F(DMAC_CH_CFG, DMAC_CFG_SRC_MULTBLK, 0, 2, "how the source goes on after a block: enum below") \
    F(DMAC_CH_CFG, DMAC_CFG_DST_MULTBLK, 2, 2, "how the destination goes on") \
    F(DMAC_CH_CFG, DMAC_CFG_TT_FC, 32, 3, "what is paced: enum below") \
    F(DMAC_CH_CFG, DMAC_CFG_HS_SEL_SRC, 35, 1, "1: the source's handshake is SWHSSRC") \
    F(DMAC_CH_CFG, DMAC_CFG_HS_SEL_DST, 36, 1, "1: the destination's handshake is SWHSDST") \
    F(DMAC_CH_CFG, DMAC_CFG_SRC_PER, 39, 4, "handshake interface of the source") \
    F(DMAC_CH_CFG, DMAC_CFG_DST_PER, 44, 4, "handshake interface of the destination") \
    F(DMAC_CH_CFG, DMAC_CFG_PRIOR, 49, 3, "priority; 7 is the highest") \
    F(DMAC_CH_CFG, DMAC_CFG_SRC_OSR_LMT, 55, 4, "read bursts under way at once, less 1") \
    F(DMAC_CH_CFG, DMAC_CFG_DST_OSR_LMT, 59, 4, "write bursts under way at once, less 1") \
    F(DMAC_CH_STATUS, DMAC_STATUS_CMPLTD, 0, 22, "source items of the block that have arrived") \
    F(DMAC_CH_STATUS, DMAC_STATUS_LEFT, 32, 15, "source items left in the FIFO") \
    F(DMAC_CH_SWHSSRC, DMAC_SWHS_REQ, 0, 1, "request; clears itself when it has been served") \
    F(DMAC_CH_SWHSSRC, DMAC_SWHS_REQ_WE, 1, 1, "write enable of REQ") \
    F(DMAC_CH_SWHSSRC, DMAC_SWHS_SGLREQ, 2, 1, "request of a single item") \
    F(DMAC_CH_SWHSSRC, DMAC_SWHS_SGLREQ_WE, 3, 1, "write enable of SGLREQ") \
    F(DMAC_CH_SWHSSRC, DMAC_SWHS_LST, 4, 1, "last request; no effect: the controller counts") \
    F(DMAC_CH_SWHSSRC, DMAC_SWHS_LST_WE, 5, 1, "write enable of LST") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_BLOCK_TFR, 0, 1, "block done (with CTL.IOC)") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_DMA_TFR, 1, 1, "transfer done; the channel is off") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_SRC_TRANSCOMP, 3, 1, "a source's request has been served") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_DST_TRANSCOMP, 4, 1, "a destination's request has been served") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_SRC_DEC_ERR, 5, 1, "nothing is at the source address") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_DST_DEC_ERR, 6, 1, "nothing is at the destination address") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_SRC_SLV_ERR, 7, 1, "the source refused") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_DST_SLV_ERR, 8, 1, "the destination refused") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_LLI_RD_DEC_ERR, 9, 1, "nothing is at the item's address") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_LLI_WR_DEC_ERR, 10, 1, "the same, writing the item back") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_LLI_RD_SLV_ERR, 11, 1, "no item can be read there") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_LLI_WR_SLV_ERR, 12, 1, "no item can be written back there") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_INVALID_ERR, 13, 1, \
      "the item or the shadow registers are not valid: the channel waits for RESUMEREQ") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_MULTBLK_ERR, 14, 1, \
      "source and destination cannot go on like that together: it waits likewise") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_SLVIF_DEC_ERR, 16, 1, "no register there") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_SLVIF_WR2RO_ERR, 17, 1, "write to a read-only register") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_SLVIF_RD2WO_ERR, 18, 1, "read of a write-only register") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_SLVIF_WRONCHEN_ERR, 19, 1, \
      "write to a register that is locked while the channel runs") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_SLVIF_SHADOW_ERR, 20, 1, \
      "write to shadow registers that are valid, not taken yet") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_SLVIF_WRONHOLD_ERR, 21, 1, "write in hold mode; never") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_LOCK_CLEARED, 27, 1, "channel lock cleared; never") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_SRC_SUSPENDED, 28, 1, "the source is suspended") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_SUSPENDED, 29, 1, "suspended: nothing is under way") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_DISABLED, 30, 1, "off, as software asked") \
    F(DMAC_CH_INTSTATUS, DMAC_INT_ABORTED, 31, 1, "aborted, as software asked")

/* CFG.SRC_MULTBLK, CFG.DST_MULTBLK: where the next block's address comes from.  Contiguous on both
 * sides is a transfer of one block.  A list and shadow registers do not go together. */
enum { DMAC_MULTBLK_CONTIGUOUS, DMAC_MULTBLK_RELOAD, DMAC_MULTBLK_SHADOW, DMAC_MULTBLK_LIST };

/* CFG.TT_FC: M memory, P peripheral (paced by requests); then who counts. */
enum {
    DMAC_TT_FC_M2M, DMAC_TT_FC_M2P, DMAC_TT_FC_P2M, DMAC_TT_FC_P2P, /* the controller */
    DMAC_TT_FC_P2M_SRC, DMAC_TT_FC_P2P_SRC, DMAC_TT_FC_M2P_DST, DMAC_TT_FC_P2P_DST,
};

/* A linked-list item: 64 bytes, aligned to as many (TRM 5.2.6.2; "LLI"). */
enum {
    DMAC_LLI_BYTES = 64,
    DMAC_LLI_SAR = 0x00,
    DMAC_LLI_DAR = 0x08,
    DMAC_LLI_BLOCK_TS = 0x10, /* 32 bits; 32 bits reserved */
    DMAC_LLI_LLP = 0x18,
    DMAC_LLI_CTL = 0x20,
    DMAC_LLI_FETCH_BYTES = 0x28, /* what is read: all before here */
    DMAC_LLI_SSTAT = 0x28,       /* 32 bits */
    DMAC_LLI_DSTAT = 0x2c,       /* 32 bits */
    DMAC_LLI_STATUS = 0x30,      /* CH_STATUS, and the two bits below */
    DMAC_LLI_WRITE_BACK = DMAC_LLI_CTL, /* written at the block's end, CTL with VALID clear */
    DMAC_LLI_WRITE_BACK_BYTES = 0x18,
};
#define DMAC_LLI_STATUS_BLOCK_TFR (1ull << 62)
#define DMAC_LLI_STATUS_DMA_TFR (1ull << 63)

#endif
