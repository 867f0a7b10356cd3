/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of the 82599's registers; part of spec/i82599.h. */
#ifndef SPEC_I82599_FIELDS_H
#define SPEC_I82599_FIELDS_H

/* register, field, lowest bit, bits, what it is */

#define I82599_REG_FIELDS(F) \
    F(I82599_CTRL, I82599_CTRL_GIO_DIS, 2, 1, "no new requests of the function on PCIe") \
    F(I82599_CTRL, I82599_CTRL_LNK_RST, 3, 1, "link reset: self-clearing") \
    F(I82599_CTRL, I82599_CTRL_RST, 26, 1, "device reset: self-clearing") \
    F(I82599_STATUS, I82599_STATUS_LAN_ID, 2, 2, "port") \
    F(I82599_STATUS, I82599_STATUS_LINK_UP, 7, 1, "link up") \
    F(I82599_STATUS, I82599_STATUS_GIO, 19, 1, "PCIe master requests are possible") \
    F(I82599_CTRL_EXT, I82599_CTRL_EXT_PFRSTD, 14, 1, "physical function reset done") \
    F(I82599_CTRL_EXT, I82599_CTRL_EXT_NS_DIS, 16, 1, "no snoop disable") \
    F(I82599_CTRL_EXT, I82599_CTRL_EXT_RO_DIS, 17, 1, "relaxed ordering disable") \
    F(I82599_CTRL_EXT, I82599_CTRL_EXT_EXTENDED_VLAN, 26, 1, "outer VLAN") \
    F(I82599_CTRL_EXT, I82599_CTRL_EXT_DRV_LOAD, 28, 1, "a driver is loaded") \
    F(I82599_ESDP, I82599_ESDP_DATA, 0, 8, "pin values") \
    F(I82599_ESDP, I82599_ESDP_DIR, 8, 8, "1: output") \
    F(I82599_ESDP, I82599_ESDP_NATIVE, 16, 8, "native functions") \
    F(I82599_I2CCTL, I82599_I2CCTL_CLK_IN, 0, 1, "clock wire") \
    F(I82599_I2CCTL, I82599_I2CCTL_CLK_OUT, 1, 1, "clock driven: 0 pulls it low") \
    F(I82599_I2CCTL, I82599_I2CCTL_DATA_IN, 2, 1, "data wire") \
    F(I82599_I2CCTL, I82599_I2CCTL_DATA_OUT, 3, 1, "data driven: 0 pulls it low") \
    F(I82599_EEC, I82599_EEC_SK, 0, 1, "EEPROM clock") \
    F(I82599_EEC, I82599_EEC_CS, 1, 1, "EEPROM chip select, active low") \
    F(I82599_EEC, I82599_EEC_DI, 2, 1, "to the EEPROM") \
    F(I82599_EEC, I82599_EEC_DO, 3, 1, "from the EEPROM") \
    F(I82599_EEC, I82599_EEC_FWE, 4, 2, "flash write enable") \
    F(I82599_EEC, I82599_EEC_REQ, 6, 1, "request bit-banged access") \
    F(I82599_EEC, I82599_EEC_GNT, 7, 1, "granted") \
    F(I82599_EEC, I82599_EEC_PRES, 8, 1, "EEPROM present") \
    F(I82599_EEC, I82599_EEC_AUTO_RD, 9, 1, "auto-read done") \
    F(I82599_EEC, I82599_EEC_ADDR_SIZE, 10, 1, "addresses of 16 bits, else 8") \
    F(I82599_EEC, I82599_EEC_SIZE, 11, 4, "words: 64 << SIZE") \
    F(I82599_EERD, I82599_EERD_START, 0, 1, "start") \
    F(I82599_EERD, I82599_EERD_DONE, 1, 1, "done") \
    F(I82599_EERD, I82599_EERD_ADDR, 2, 14, "word") \
    F(I82599_EERD, I82599_EERD_DATA, 16, 16, "data") \
    F(I82599_EEWR, I82599_EEWR_START, 0, 1, "start") \
    F(I82599_EEWR, I82599_EEWR_DONE, 1, 1, "done") \
    F(I82599_EEWR, I82599_EEWR_ADDR, 2, 14, "word") \
    F(I82599_EEWR, I82599_EEWR_DATA, 16, 16, "data") \
    F(I82599_SWSM, I82599_SWSM_SMBI, 0, 1, "drivers: reads 0 once, then 1") \
    F(I82599_SWSM, I82599_SWSM_SWESMBI, 1, 1, "software holds SW_FW_SYNC") \
    F(I82599_FWSM, I82599_FWSM_MODE, 1, 3, "firmware mode") \
    F(I82599_FWSM, I82599_FWSM_FW_VALID, 15, 1, "firmware is valid") \
    F(I82599_GSSR, I82599_GSSR_SW, 0, 5, "held by software: EEPROM, PHY0, PHY1, MAC, flash") \
    F(I82599_GSSR, I82599_GSSR_FW, 5, 5, "held by firmware") \
    F(I82599_HICR, I82599_HICR_EN, 0, 1, "host interface enabled") \
    F(I82599_HICR, I82599_HICR_C, 1, 1, "command") \
    F(I82599_HICR, I82599_HICR_SV, 2, 1, "status valid") \
    F(I82599_GCR, I82599_GCR_CAP_VER2, 18, 1, "completion timeout by Device Control 2") \
    F(I82599_GCR_EXT, I82599_GCR_EXT_VT_MODE, 0, 2, "pools") \
    F(I82599_GCR_EXT, I82599_GCR_EXT_BUFFERS_CLEAR, 30, 1, "drop what waits in the buffers") \
    F(I82599_GCR_EXT, I82599_GCR_EXT_MSIX_EN, 31, 1, "MSI-X by function") \
    F(I82599_GPIE, I82599_GPIE_SDP, 0, 4, "pins that interrupt") \
    F(I82599_GPIE, I82599_GPIE_MULTIPLE_MSIX, 4, 1, "MSI-X: a cause a vector") \
    F(I82599_GPIE, I82599_GPIE_OCD, 5, 1, "reading EICR clears only other causes") \
    F(I82599_GPIE, I82599_GPIE_EIMEN, 6, 1, "immediate interrupt at EICS") \
    F(I82599_GPIE, I82599_GPIE_LL_INTERVAL, 7, 4, "low-latency credit interval") \
    F(I82599_GPIE, I82599_GPIE_RSC_DELAY, 11, 3, "RSC: units after ITR") \
    F(I82599_GPIE, I82599_GPIE_VT_MODE, 14, 2, "pools") \
    F(I82599_GPIE, I82599_GPIE_EIAME, 30, 1, "auto-mask when a message is sent") \
    F(I82599_GPIE, I82599_GPIE_PBA_SUPPORT, 31, 1, "pending bits as in the PCI specification") \
    F(I82599_EITR, I82599_EITR_INTERVAL, 3, 9, "least time between interrupts, in 2 us") \
    F(I82599_EITR, I82599_EITR_LLI_MOD, 15, 1, "low-latency interrupts are moderated") \
    F(I82599_EITR, I82599_EITR_LLI_CREDIT, 16, 5, "low-latency credits") \
    F(I82599_EITR, I82599_EITR_COUNTER, 21, 7, "what is left of the interval") \
    F(I82599_EITR, I82599_EITR_CNT_WDIS, 31, 1, "a write leaves the counter alone") \
    F(I82599_IVAR, I82599_IVAR_RX0, 0, 8, "vector of receive queue 2n, bit 7 valid") \
    F(I82599_IVAR, I82599_IVAR_TX0, 8, 8, "of transmit queue 2n") \
    F(I82599_IVAR, I82599_IVAR_RX1, 16, 8, "of receive queue 2n + 1") \
    F(I82599_IVAR, I82599_IVAR_TX1, 24, 8, "of transmit queue 2n + 1") \
    F(I82599_IVAR_MISC, I82599_IVAR_MISC_TIMER, 0, 8, "vector of the TCP timer, bit 7 valid") \
    F(I82599_IVAR_MISC, I82599_IVAR_MISC_OTHER, 8, 8, "of the other causes") \
    F(I82599_FCTTV, I82599_FCTTV_TTV0, 0, 16, "pause time") \
    F(I82599_FCTTV, I82599_FCTTV_TTV1, 16, 16, "pause time") \
    F(I82599_FCRTL, I82599_FCRTL_RTL, 5, 14, "threshold in 32 bytes") \
    F(I82599_FCRTL, I82599_FCRTL_XONE, 31, 1, "send XON") \
    F(I82599_FCRTH, I82599_FCRTH_RTH, 5, 14, "threshold in 32 bytes") \
    F(I82599_FCRTH, I82599_FCRTH_FCEN, 31, 1, "send XOFF") \
    F(I82599_FCRTV, I82599_FCRTV_REFRESH, 0, 16, "XOFF again when that is left, in pause quanta") \
    F(I82599_FCCFG, I82599_FCCFG_TFCE, 3, 2, "1: 802.3x, 2: priority") \
    F(I82599_MFLCN, I82599_MFLCN_PMCF, 0, 1, "pass MAC control frames") \
    F(I82599_MFLCN, I82599_MFLCN_DPF, 1, 1, "discard PAUSE") \
    F(I82599_MFLCN, I82599_MFLCN_RPFM, 2, 1, "honour priority PAUSE") \
    F(I82599_MFLCN, I82599_MFLCN_RFCE, 3, 1, "honour PAUSE") \
    F(I82599_MFLCN, I82599_MFLCN_RPFCE, 4, 8, "priority flow control by class") \
    F(I82599_TFCS, I82599_TFCS_TC_XON, 0, 8, "class may send") \
    F(I82599_SRRCTL, I82599_SRRCTL_BSIZEPACKET, 0, 5, "buffer in KiB") \
    F(I82599_SRRCTL, I82599_SRRCTL_BSIZEHEADER, 8, 6, "header buffer in 64 bytes") \
    F(I82599_SRRCTL, I82599_SRRCTL_RDMTS, 22, 3, "descriptor minimum threshold") \
    F(I82599_SRRCTL, I82599_SRRCTL_DESCTYPE, 25, 3, "descriptor type") \
    F(I82599_SRRCTL, I82599_SRRCTL_DROP_EN, 28, 1, "drop when the ring is empty") \
    F(I82599_RXDCTL, I82599_RXDCTL_ENABLE, 25, 1, "queue enable") \
    F(I82599_RXDCTL, I82599_RXDCTL_SWFLSH, 26, 1, "write back now: self-clearing") \
    F(I82599_RXDCTL, I82599_RXDCTL_VME, 30, 1, "strip VLAN tags") \
    F(I82599_RSCCTL, I82599_RSCCTL_RSCEN, 0, 1, "coalescing enable") \
    F(I82599_RSCCTL, I82599_RSCCTL_MAXDESC, 2, 2, "most descriptors: 1, 4, 8, 16") \
    F(I82599_RSCDBU, I82599_RSCDBU_RSCSMALDIS, 0, 7, "no coalescing up to that payload") \
    F(I82599_RSCDBU, I82599_RSCDBU_RSCACKDIS, 7, 1, "no coalescing of ACKs") \
    F(I82599_RDRXCTL, I82599_RDRXCTL_CRCSTRIP, 1, 1, "strip the check sequence") \
    F(I82599_RDRXCTL, I82599_RDRXCTL_DMAIDONE, 3, 1, "DMA initialization done") \
    F(I82599_RDRXCTL, I82599_RDRXCTL_RSCFRSTSIZE, 17, 5, "RSC first packet size") \
    F(I82599_RDRXCTL, I82599_RDRXCTL_RSCACKC, 25, 1, "must be 1 with RSC") \
    F(I82599_RDRXCTL, I82599_RDRXCTL_FCOE_WRFIX, 26, 1, "must be 1 with RSC") \
    F(I82599_QDE, I82599_QDE_ENABLE, 0, 1, "drop enable") \
    F(I82599_QDE, I82599_QDE_QUEUE_IDX, 8, 7, "queue") \
    F(I82599_QDE, I82599_QDE_WE, 16, 1, "write") \
    F(I82599_QDE, I82599_QDE_RE, 17, 1, "read") \
    F(I82599_RXCTRL, I82599_RXCTRL_RXEN, 0, 1, "receive enable") \
    F(I82599_RXPBSIZE, I82599_RXPBSIZE_SIZE, 10, 10, "KiB") \
    F(I82599_RXCSUM, I82599_RXCSUM_IPPCSE, 12, 1, "IP payload checksum enable") \
    F(I82599_RXCSUM, I82599_RXCSUM_PCSD, 13, 1, "RSS hash in place of the fragment checksum") \
    F(I82599_RFCTL, I82599_RFCTL_ISCSI_DIS, 0, 1, "iSCSI filter disable") \
    F(I82599_RFCTL, I82599_RFCTL_RSC_DIS, 5, 1, "receive side coalescing off") \
    F(I82599_RFCTL, I82599_RFCTL_NFSW_DIS, 6, 1, "NFS write filter off") \
    F(I82599_RFCTL, I82599_RFCTL_NFSR_DIS, 7, 1, "NFS read filter off") \
    F(I82599_RFCTL, I82599_RFCTL_IPV6_DIS, 10, 1, "IPv6 filter off") \
    F(I82599_RFCTL, I82599_RFCTL_IPFRSP_DIS, 14, 1, "IP fragment split off") \
    F(I82599_FCTRL, I82599_FCTRL_SBP, 1, 1, "store bad packets") \
    F(I82599_FCTRL, I82599_FCTRL_MPE, 8, 1, "multicast promiscuous") \
    F(I82599_FCTRL, I82599_FCTRL_UPE, 9, 1, "unicast promiscuous") \
    F(I82599_FCTRL, I82599_FCTRL_BAM, 10, 1, "accept broadcasts") \
    F(I82599_VLNCTRL, I82599_VLNCTRL_VET, 0, 16, "VLAN ethertype") \
    F(I82599_VLNCTRL, I82599_VLNCTRL_CFI, 28, 1, "canonical form indicator wanted") \
    F(I82599_VLNCTRL, I82599_VLNCTRL_CFIEN, 29, 1, "compare it") \
    F(I82599_VLNCTRL, I82599_VLNCTRL_VFE, 30, 1, "VLAN filter enable") \
    F(I82599_MCSTCTRL, I82599_MCSTCTRL_MO, 0, 2, \
      "which 12 address bits: 47:36, 46:35, 45:34, 43:32") \
    F(I82599_MCSTCTRL, I82599_MCSTCTRL_MFE, 2, 1, "multicast table enable") \
    F(I82599_ETQF, I82599_ETQF_ETYPE, 0, 16, "ethertype") \
    F(I82599_ETQF, I82599_ETQF_UP, 16, 3, "user priority") \
    F(I82599_ETQF, I82599_ETQF_UP_EN, 19, 1, "compare it") \
    F(I82599_ETQF, I82599_ETQF_POOL, 20, 6, "pool") \
    F(I82599_ETQF, I82599_ETQF_POOL_EN, 26, 1, "to that pool") \
    F(I82599_ETQF, I82599_ETQF_FCOE, 27, 1, "FCoE") \
    F(I82599_ETQF, I82599_ETQF_IEEE1588, 30, 1, "time stamp") \
    F(I82599_ETQF, I82599_ETQF_FILTER_EN, 31, 1, "enable") \
    F(I82599_ETQS, I82599_ETQS_RX_QUEUE, 16, 7, "queue") \
    F(I82599_ETQS, I82599_ETQS_LLI, 29, 1, "low-latency interrupt") \
    F(I82599_ETQS, I82599_ETQS_QUEUE_EN, 31, 1, "enable") \
    F(I82599_SYNQF, I82599_SYNQF_QUEUE_EN, 0, 1, "enable") \
    F(I82599_SYNQF, I82599_SYNQF_RX_QUEUE, 1, 7, "queue") \
    F(I82599_SYNQF, I82599_SYNQF_PRIORITY, 31, 1, "before five-tuple filters") \
    F(I82599_FTQF, I82599_FTQF_PROTOCOL, 0, 2, "0 TCP, 1 UDP, 2 SCTP, 3 other") \
    F(I82599_FTQF, I82599_FTQF_PRIORITY, 2, 3, "7 wins") \
    F(I82599_FTQF, I82599_FTQF_POOL, 8, 6, "pool") \
    F(I82599_FTQF, I82599_FTQF_MASK, 25, 5, \
      "1 ignores: source, destination, source port, destination port, protocol") \
    F(I82599_FTQF, I82599_FTQF_POOL_MASK, 30, 1, "ignore the pool") \
    F(I82599_FTQF, I82599_FTQF_QUEUE_EN, 31, 1, "enable") \
    F(I82599_L34TIMIR, I82599_L34TIMIR_SIZE_BP, 12, 1, "ignore the size") \
    F(I82599_L34TIMIR, I82599_L34TIMIR_LLI, 20, 1, "low-latency interrupt") \
    F(I82599_L34TIMIR, I82599_L34TIMIR_RX_QUEUE, 21, 7, "queue") \
    F(I82599_PSRTYPE, I82599_PSRTYPE_TCPHDR, 4, 1, "split after TCP") \
    F(I82599_PSRTYPE, I82599_PSRTYPE_UDPHDR, 5, 1, "split after UDP") \
    F(I82599_PSRTYPE, I82599_PSRTYPE_IPV4HDR, 8, 1, "split after IPv4") \
    F(I82599_PSRTYPE, I82599_PSRTYPE_IPV6HDR, 9, 1, "split after IPv6") \
    F(I82599_PSRTYPE, I82599_PSRTYPE_L2HDR, 12, 1, "split after layer 2") \
    F(I82599_PSRTYPE, I82599_PSRTYPE_RQPL, 29, 3, "RSS queues of the pool: 1 << RQPL") \
    F(I82599_MRQC, I82599_MRQC_MRQE, 0, 4, "mode") \
    F(I82599_MRQC, I82599_MRQC_RSS_FIELDS, 16, 16, "packet types that are hashed") \
    F(I82599_PFVTCTL, I82599_PFVTCTL_VT_ENA, 0, 1, "pools enabled") \
    F(I82599_PFVTCTL, I82599_PFVTCTL_DEF_PL, 7, 6, "default pool") \
    F(I82599_PFVTCTL, I82599_PFVTCTL_DIS_DEF_POOL, 29, 1, "drop in place of default pool") \
    F(I82599_PFVTCTL, I82599_PFVTCTL_RPL_EN, 30, 1, "replication") \
    F(I82599_RAH, I82599_RAH_ADDR, 0, 16, "address bytes 4 and 5") \
    F(I82599_RAH, I82599_RAH_AV, 31, 1, "valid") \
    F(I82599_FDIRCTRL, I82599_FDIRCTRL_PBALLOC, 0, 2, \
      "memory: 0 none, 1 64 KiB, 2 128 KiB, 3 256 KiB") \
    F(I82599_FDIRCTRL, I82599_FDIRCTRL_INIT_DONE, 3, 1, "initialization done") \
    F(I82599_FDIRCTRL, I82599_FDIRCTRL_PERFECT_MATCH, 4, 1, \
      "perfect match filters, else signature") \
    F(I82599_FDIRCTRL, I82599_FDIRCTRL_REPORT_STATUS, 5, 1, \
      "report in the descriptor on a match") \
    F(I82599_FDIRCTRL, I82599_FDIRCTRL_REPORT_STATUS_ALWAYS, 7, 1, "report always") \
    F(I82599_FDIRCTRL, I82599_FDIRCTRL_DROP_QUEUE, 8, 7, "queue that drops") \
    F(I82599_FDIRCTRL, I82599_FDIRCTRL_FLEX_OFFSET, 16, 5, "flexible bytes: offset in words") \
    F(I82599_FDIRCTRL, I82599_FDIRCTRL_MAX_LENGTH, 24, 4, "longest list, in 2") \
    F(I82599_FDIRCTRL, I82599_FDIRCTRL_FULL_THRESH, 28, 4, "full threshold, in 16") \
    F(I82599_FDIRHASH, I82599_FDIRHASH_BUCKET, 0, 15, "bucket") \
    F(I82599_FDIRHASH, I82599_FDIRHASH_BUCKET_VALID, 15, 1, "bucket valid") \
    F(I82599_FDIRHASH, I82599_FDIRHASH_SIGNATURE, 16, 15, "signature or software index") \
    F(I82599_FDIRCMD, I82599_FDIRCMD_CMD, 0, 2, "1 add, 2 remove, 3 query") \
    F(I82599_FDIRCMD, I82599_FDIRCMD_FILTER_VALID, 2, 1, "query found it") \
    F(I82599_FDIRCMD, I82599_FDIRCMD_FILTER_UPDATE, 3, 1, "update if it is there") \
    F(I82599_FDIRCMD, I82599_FDIRCMD_IPV6DM, 4, 1, "compare IPv6 destination") \
    F(I82599_FDIRCMD, I82599_FDIRCMD_L4TYPE, 5, 2, "1 UDP, 2 TCP, 3 SCTP") \
    F(I82599_FDIRCMD, I82599_FDIRCMD_IPV6, 7, 1, "IPv6") \
    F(I82599_FDIRCMD, I82599_FDIRCMD_CLEARHT, 8, 1, "clear the table head") \
    F(I82599_FDIRCMD, I82599_FDIRCMD_DROP, 9, 1, "drop") \
    F(I82599_FDIRCMD, I82599_FDIRCMD_INT, 10, 1, "interrupt") \
    F(I82599_FDIRCMD, I82599_FDIRCMD_LAST, 11, 1, "last in its list") \
    F(I82599_FDIRCMD, I82599_FDIRCMD_COLLISION, 12, 1, "collision") \
    F(I82599_FDIRCMD, I82599_FDIRCMD_QUEUE_EN, 15, 1, "queue valid") \
    F(I82599_FDIRCMD, I82599_FDIRCMD_RX_QUEUE, 16, 7, "queue") \
    F(I82599_FDIRCMD, I82599_FDIRCMD_POOL, 24, 6, "pool") \
    F(I82599_FDIRFREE, I82599_FDIRFREE_FREE, 0, 16, "free filters") \
    F(I82599_FDIRFREE, I82599_FDIRFREE_COLL, 16, 15, "collisions") \
    F(I82599_FDIRLEN, I82599_FDIRLEN_MAXLEN, 0, 6, "longest list") \
    F(I82599_FDIRLEN, I82599_FDIRLEN_MAXHASH, 16, 15, "its bucket") \
    F(I82599_FDIRUSTAT, I82599_FDIRUSTAT_ADD, 0, 16, "added") \
    F(I82599_FDIRUSTAT, I82599_FDIRUSTAT_REMOVE, 16, 16, "removed") \
    F(I82599_FDIRFSTAT, I82599_FDIRFSTAT_FADD, 0, 8, "failed adds") \
    F(I82599_FDIRFSTAT, I82599_FDIRFSTAT_FREMOVE, 8, 8, "failed removals") \
    F(I82599_FDIRM, I82599_FDIRM_VLANID, 0, 1, "ignore the VLAN id") \
    F(I82599_FDIRM, I82599_FDIRM_VLANP, 1, 1, "ignore the VLAN priority") \
    F(I82599_FDIRM, I82599_FDIRM_POOL, 2, 1, "ignore the pool") \
    F(I82599_FDIRM, I82599_FDIRM_L4P, 3, 1, "ignore the L4 type and ports") \
    F(I82599_FDIRM, I82599_FDIRM_FLEX, 4, 1, "ignore the flexible bytes") \
    F(I82599_FDIRM, I82599_FDIRM_DIPV6, 5, 1, "ignore the IPv6 destination") \
    F(I82599_TXDCTL, I82599_TXDCTL_PTHRESH, 0, 7, "prefetch threshold") \
    F(I82599_TXDCTL, I82599_TXDCTL_HTHRESH, 8, 7, "host threshold") \
    F(I82599_TXDCTL, I82599_TXDCTL_WTHRESH, 16, 7, "write-back threshold") \
    F(I82599_TXDCTL, I82599_TXDCTL_ENABLE, 25, 1, "queue enable") \
    F(I82599_TXDCTL, I82599_TXDCTL_SWFLSH, 26, 1, "write back now: self-clearing") \
    F(I82599_TXDCTL, I82599_TXDCTL_PRIORITY, 27, 1, "high priority") \
    F(I82599_TDWBAL, I82599_TDWBAL_HEAD_WB_EN, 0, 1, "write the head in place of descriptors") \
    F(I82599_DMATXCTL, I82599_DMATXCTL_TE, 0, 1, "transmit enable") \
    F(I82599_DMATXCTL, I82599_DMATXCTL_NS, 1, 1, "no snoop") \
    F(I82599_DMATXCTL, I82599_DMATXCTL_GDV, 3, 1, "outer VLAN") \
    F(I82599_DMATXCTL, I82599_DMATXCTL_VT, 16, 16, "VLAN ethertype that is inserted") \
    F(I82599_DTXTCPFLGL, I82599_DTXTCPFLGL_FIRST, 0, 12, "first segment") \
    F(I82599_DTXTCPFLGL, I82599_DTXTCPFLGL_MID, 16, 12, "middle segments") \
    F(I82599_DTXTCPFLGH, I82599_DTXTCPFLGH_LAST, 0, 12, "last segment") \
    F(I82599_MTQC, I82599_MTQC_RT_ENA, 0, 1, "DCB") \
    F(I82599_MTQC, I82599_MTQC_VT_ENA, 1, 1, "VMDq") \
    F(I82599_MTQC, I82599_MTQC_NUM_TC_Q, 2, 2, "queues") \
    F(I82599_VMVIR, I82599_VMVIR_VID, 0, 16, "tag") \
    F(I82599_VMVIR, I82599_VMVIR_VLANA, 30, 2, "1 always, 2 never") \
    F(I82599_TXPBSIZE, I82599_TXPBSIZE_SIZE, 10, 10, "KiB") \
    F(I82599_RTTDCS, I82599_RTTDCS_ARBDIS, 6, 1, "arbiter off") \
    F(I82599_RTTBCNRC, I82599_RTTBCNRC_RF_DEC, 0, 14, "rate factor, fraction") \
    F(I82599_RTTBCNRC, I82599_RTTBCNRC_RF_INT, 14, 14, "rate factor") \
    F(I82599_RTTBCNRC, I82599_RTTBCNRC_RS_ENA, 31, 1, "limiter on") \
    F(I82599_SECTXCTRL, I82599_SECTXCTRL_SECTX_DIS, 0, 1, "no crypto") \
    F(I82599_SECTXCTRL, I82599_SECTXCTRL_TX_DIS, 1, 1, "stop the data path") \
    F(I82599_SECTXCTRL, I82599_SECTXCTRL_STORE_FORWARD, 2, 1, "store and forward") \
    F(I82599_SECTXSTAT, I82599_SECTXSTAT_SECTX_RDY, 0, 1, "data path stopped and empty") \
    F(I82599_SECTXSTAT, I82599_SECTXSTAT_SECTX_OFF_DIS, 1, 1, "no offload on this chip") \
    F(I82599_SECRXCTRL, I82599_SECRXCTRL_SECRX_DIS, 0, 1, "no crypto") \
    F(I82599_SECRXCTRL, I82599_SECRXCTRL_RX_DIS, 1, 1, "stop the data path") \
    F(I82599_SECRXSTAT, I82599_SECRXSTAT_SECRX_RDY, 0, 1, "data path stopped and empty") \
    F(I82599_SECRXSTAT, I82599_SECRXSTAT_SECRX_OFF_DIS, 1, 1, "no offload on this chip") \
    F(I82599_PCS1GLSTA, I82599_PCS1GLSTA_LINK_OK, 0, 1, "link") \
    F(I82599_PCS1GLSTA, I82599_PCS1GLSTA_SYNC_OK, 4, 1, "synchronized") \
    F(I82599_PCS1GLSTA, I82599_PCS1GLSTA_AN_COMPLETE, 16, 1, "negotiated") \
    F(I82599_PCS1GLSTA, I82599_PCS1GLSTA_AN_TIMED_OUT, 18, 1, "negotiation timed out") \
    F(I82599_HLREG0, I82599_HLREG0_TXCRCEN, 0, 1, "append the check sequence") \
    F(I82599_HLREG0, I82599_HLREG0_RXCRCSTRP, 1, 1, "strip the check sequence") \
    F(I82599_HLREG0, I82599_HLREG0_JUMBOEN, 2, 1, "frames up to MAXFRS") \
    F(I82599_HLREG0, I82599_HLREG0_TXPADEN, 10, 1, "pad short packets") \
    F(I82599_HLREG0, I82599_HLREG0_LPBK, 15, 1, "loopback") \
    F(I82599_HLREG0, I82599_HLREG0_MDCSPD, 16, 1, "MDC speed") \
    F(I82599_HLREG0, I82599_HLREG0_CONTMDC, 17, 1, "continuous MDC") \
    F(I82599_HLREG0, I82599_HLREG0_PREPEND, 20, 4, "prepended words") \
    F(I82599_HLREG0, I82599_HLREG0_RXLNGTHERREN, 27, 1, "report length errors") \
    F(I82599_HLREG0, I82599_HLREG0_RXPADSTRIPEN, 28, 1, "strip padding") \
    F(I82599_PAP, I82599_PAP_PACE, 16, 4, "pace of transmit") \
    F(I82599_MSCA, I82599_MSCA_REG, 0, 16, "register") \
    F(I82599_MSCA, I82599_MSCA_DEV, 16, 5, "device") \
    F(I82599_MSCA, I82599_MSCA_PHY, 21, 5, "PHY") \
    F(I82599_MSCA, I82599_MSCA_OP, 26, 2, "0 address, 1 write, 2 read and step, 3 read") \
    F(I82599_MSCA, I82599_MSCA_ST, 28, 2, "protocol") \
    F(I82599_MSCA, I82599_MSCA_COMMAND, 30, 1, "start; in progress") \
    F(I82599_MSRWD, I82599_MSRWD_WRITE, 0, 16, "to the PHY") \
    F(I82599_MSRWD, I82599_MSRWD_READ, 16, 16, "from the PHY") \
    F(I82599_MAXFRS, I82599_MAXFRS_MFS, 16, 16, "largest frame with check sequence") \
    F(I82599_AUTOC, I82599_AUTOC_FLU, 0, 1, "force the link up") \
    F(I82599_AUTOC, I82599_AUTOC_ANACK2, 1, 1, "next page acknowledge") \
    F(I82599_AUTOC, I82599_AUTOC_PMA_PMD_10G, 7, 2, "10G parallel type") \
    F(I82599_AUTOC, I82599_AUTOC_PMA_PMD_1G, 9, 1, "1G type") \
    F(I82599_AUTOC, I82599_AUTOC_AN_RESTART, 12, 1, "restart: self-clearing") \
    F(I82599_AUTOC, I82599_AUTOC_LMS, 13, 3, "link mode select") \
    F(I82599_AUTOC, I82599_AUTOC_KR, 16, 1, "KR ability") \
    F(I82599_AUTOC, I82599_AUTOC_FECR, 17, 1, "FEC request") \
    F(I82599_AUTOC, I82599_AUTOC_FECA, 18, 1, "FEC ability") \
    F(I82599_AUTOC, I82599_AUTOC_PB, 28, 2, "pause ability") \
    F(I82599_AUTOC, I82599_AUTOC_KX_KX4, 30, 2, "KX, KX4 ability") \
    F(I82599_AUTOC2, I82599_AUTOC2_PMA_PMD_10G_SERIAL, 16, 2, "0 KR, 1 XFI, 2 SFI") \
    F(I82599_AUTOC2, I82599_AUTOC2_LINK_DISABLE, 28, 3, "link disable") \
    F(I82599_LINKS, I82599_LINKS_LINK_STATUS, 7, 1, "link now") \
    F(I82599_LINKS, I82599_LINKS_SIGNAL, 8, 1, "signal detected") \
    F(I82599_LINKS, I82599_LINKS_FEC_LOCK, 9, 1, "10G block lock") \
    F(I82599_LINKS, I82599_LINKS_LINK_MODE, 26, 2, "0 1G, 1 10G parallel, 2 10G serial") \
    F(I82599_LINKS, I82599_LINKS_SPEED, 28, 2, "1 100M, 2 1G, 3 10G") \
    F(I82599_LINKS, I82599_LINKS_UP, 30, 1, "link") \
    F(I82599_LINKS, I82599_LINKS_KX_AN_COMP, 31, 1, "negotiated") \
    F(I82599_ANLP1, I82599_ANLP1_SYM_PAUSE, 10, 1, "partner: pause") \
    F(I82599_ANLP1, I82599_ANLP1_ASM_PAUSE, 11, 1, "partner: asymmetric pause") \
    F(I82599_ANLP1, I82599_ANLP1_AN_STATE, 16, 4, \
      "arbitration state; not 0 once negotiation runs") \
    F(I82599_TIMINCA, I82599_TIMINCA_INCVALUE, 0, 24, "added each period") \
    F(I82599_TIMINCA, I82599_TIMINCA_INCPERIOD, 24, 8, "period in clocks") \
    F(I82599_IPAV, I82599_IPAV_V4, 0, 8, "IPv4 valid") \
    F(I82599_IPAV, I82599_IPAV_V6, 16, 1, "IPv6 valid")

#endif
