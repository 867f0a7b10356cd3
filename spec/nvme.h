/* SPDX-License-Identifier: Apache-2.0 */
/* NVM Express base specification 1.4: registers, command and completion layout, opcodes, status
 * codes, identify data, features and log pages.  Section numbers are of revision 1.4.  Plain
 * constants: the device model, lab drivers, tests and documentation include this file. */
#ifndef SPEC_NVME_H
#define SPEC_NVME_H

/* ---- controller registers (3.1) ----
 * name, offset, size, view, repeat, step, reset, rw, w1c, flags, what it is.
 * CAP: MQES 2047, CQR, TO 20 s, DSTRD 0, NVM command set, 4-KiB pages only. */
#define NVME_CAP_RESET 0x00000020280107ff
#define NVME_VS_1_4 0x00010400
#define NVME_QUEUES_MAX 65 /* admin and 64 of I/O */

#define NVME_REGS(R) \
    R(NVME_CAP, 0x00, 8, 1, 1, 0, NVME_CAP_RESET, 0, 0, REG_HALVES, \
      "controller capabilities (3.1.1)") \
    R(NVME_VS, 0x08, 4, 1, 1, 0, NVME_VS_1_4, 0, 0, 0, "version (3.1.2)") \
    R(NVME_INTMS, 0x0c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "interrupt mask set (3.1.3)") \
    R(NVME_INTMC, 0x10, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "interrupt mask clear (3.1.4)") \
    R(NVME_CC, 0x14, 4, 1, 1, 0, 0, 0x00fffff1, 0, REG_FX_W, \
      "controller configuration (3.1.5)") \
    R(NVME_CSTS, 0x1c, 4, 1, 1, 0, 0, 0, 0, REG_FX_R | REG_NO_STORE, \
      "controller status (3.1.6)") \
    R(NVME_NSSR, 0x20, 4, 1, 1, 0, 0, 0, 0, 0, \
      "NVM subsystem reset (3.1.7): CAP.NSSRS is 0, so it does nothing") \
    R(NVME_AQA, 0x24, 4, 1, 1, 0, 0, 0x0fff0fff, 0, 0, "admin queue attributes (3.1.8)") \
    R(NVME_ASQ, 0x28, 8, 1, 1, 0, 0, 0xfffffffffffff000, 0, REG_HALVES, \
      "admin submission queue base address (3.1.9)") \
    R(NVME_ACQ, 0x30, 8, 1, 1, 0, 0, 0xfffffffffffff000, 0, REG_HALVES, \
      "admin completion queue base address (3.1.10)") \
    R(NVME_CMBLOC, 0x38, 4, 1, 1, 0, 0, 0, 0, 0, \
      "controller memory buffer location (3.1.11): there is none") \
    R(NVME_CMBSZ, 0x3c, 4, 1, 1, 0, 0, 0, 0, 0, \
      "controller memory buffer size (3.1.12): there is none") \
    R(NVME_SQTDBL, 0x1000, 4, 1, NVME_QUEUES_MAX, 8, 0, 0, 0, REG_FX_W | REG_NO_STORE, \
      "submission queue y tail doorbell (3.1.24); reads as 0") \
    R(NVME_CQHDBL, 0x1004, 4, 1, NVME_QUEUES_MAX, 8, 0, 0, 0, REG_FX_W | REG_NO_STORE, \
      "completion queue y head doorbell (3.1.25); reads as 0")

#define NVME_REG_FIELDS(F) \
    F(NVME_CAP, NVME_CAP_MQES, 0, 16, "most queue entries, less 1") \
    F(NVME_CAP, NVME_CAP_CQR, 16, 1, "queues have to be physically contiguous") \
    F(NVME_CAP, NVME_CAP_AMS, 17, 2, "arbitration besides round robin: none") \
    F(NVME_CAP, NVME_CAP_TO, 24, 8, "longest wait for CSTS.RDY, in 500 ms") \
    F(NVME_CAP, NVME_CAP_DSTRD, 32, 4, "doorbell stride: 4 << DSTRD bytes") \
    F(NVME_CAP, NVME_CAP_NSSRS, 36, 1, "NVM subsystem reset") \
    F(NVME_CAP, NVME_CAP_CSS, 37, 8, "command sets; bit 0: NVM") \
    F(NVME_CAP, NVME_CAP_MPSMIN, 48, 4, "smallest memory page: 4096 << MPSMIN") \
    F(NVME_CAP, NVME_CAP_MPSMAX, 52, 4, "largest memory page") \
    F(NVME_CC, NVME_CC_EN, 0, 1, "enable; 1 to 0 resets the controller") \
    F(NVME_CC, NVME_CC_CSS, 4, 3, "command set selected") \
    F(NVME_CC, NVME_CC_MPS, 7, 4, "memory page size: 4096 << MPS") \
    F(NVME_CC, NVME_CC_AMS, 11, 3, "arbitration selected") \
    F(NVME_CC, NVME_CC_SHN, 14, 2, "shutdown notification: 1 normal, 2 abrupt") \
    F(NVME_CC, NVME_CC_IOSQES, 16, 4, "I/O submission entry: 1 << IOSQES bytes") \
    F(NVME_CC, NVME_CC_IOCQES, 20, 4, "I/O completion entry: 1 << IOCQES bytes") \
    F(NVME_CSTS, NVME_CSTS_RDY, 0, 1, "ready for doorbells") \
    F(NVME_CSTS, NVME_CSTS_CFS, 1, 1, "fatal: reset to go on") \
    F(NVME_CSTS, NVME_CSTS_SHST, 2, 2, "shutdown: 0 none, 1 under way, 2 done") \
    F(NVME_AQA, NVME_AQA_ASQS, 0, 12, "admin submission queue entries, less 1") \
    F(NVME_AQA, NVME_AQA_ACQS, 16, 12, "admin completion queue entries, less 1")

/* ---- submission queue entry (4.2), 64 bytes; byte offsets ---- */
enum nvme_sqe {
    NVME_SQE_BYTES = 64,
    NVME_SQE_BYTES_LOG2 = 6,
    NVME_SQE_OPCODE = 0,
    NVME_SQE_FLAGS = 1, /* FUSE 1:0, PSDT 7:6 */
    NVME_SQE_CID = 2,
    NVME_SQE_NSID = 4,
    NVME_SQE_MPTR = 16,
    NVME_SQE_PRP1 = 24,
    NVME_SQE_PRP2 = 32,
    NVME_SQE_SGL1 = 24,
    NVME_SQE_CDW10 = 40,
    NVME_SQE_CDW11 = 44,
    NVME_SQE_CDW12 = 48,
    NVME_SQE_CDW13 = 52,
    NVME_SQE_CDW14 = 56,
    NVME_SQE_CDW15 = 60,
};

/* ---- completion queue entry (4.6), 16 bytes ---- */
enum nvme_cqe {
    NVME_CQE_BYTES = 16,
    NVME_CQE_BYTES_LOG2 = 4,
    NVME_CQE_DW0 = 0,
    NVME_CQE_SQHD = 8,
    NVME_CQE_SQID = 10,
    NVME_CQE_CID = 12,
    NVME_CQE_STATUS = 14, /* bit 0 is the phase; the status field is bits 15:1 */
};

/* ---- opcodes: admin (5), NVM (6) ----  name, code, effects (5.14.1.5: bits of the log) */
enum {
    NVME_EFFECT_CSUPP = 1 << 0, /* supported */
    NVME_EFFECT_LBCC = 1 << 1,  /* changes logical block content */
    NVME_EFFECT_NCC = 1 << 2,   /* changes namespace capability */
    NVME_EFFECT_CSE_NS = 1 << 16,  /* no other command for this namespace meanwhile */
};

#define NVME_ADMIN_OPCODES(O) \
    O(NVME_ADMIN_DELETE_SQ, 0x00, NVME_EFFECT_CSUPP, "delete I/O submission queue (5.6)") \
    O(NVME_ADMIN_CREATE_SQ, 0x01, NVME_EFFECT_CSUPP, "create I/O submission queue (5.4)") \
    O(NVME_ADMIN_GET_LOG, 0x02, NVME_EFFECT_CSUPP, "get log page (5.14)") \
    O(NVME_ADMIN_DELETE_CQ, 0x04, NVME_EFFECT_CSUPP, "delete I/O completion queue (5.5)") \
    O(NVME_ADMIN_CREATE_CQ, 0x05, NVME_EFFECT_CSUPP, "create I/O completion queue (5.3)") \
    O(NVME_ADMIN_IDENTIFY, 0x06, NVME_EFFECT_CSUPP, "identify (5.15)") \
    O(NVME_ADMIN_ABORT, 0x08, NVME_EFFECT_CSUPP, "abort (5.1)") \
    O(NVME_ADMIN_SET_FEATURES, 0x09, NVME_EFFECT_CSUPP, "set features (5.21)") \
    O(NVME_ADMIN_GET_FEATURES, 0x0a, NVME_EFFECT_CSUPP, "get features (5.13)") \
    O(NVME_ADMIN_ASYNC_EVENT, 0x0c, NVME_EFFECT_CSUPP, "asynchronous event request (5.2)") \
    O(NVME_ADMIN_FORMAT, 0x80, \
      NVME_EFFECT_CSUPP | NVME_EFFECT_LBCC | NVME_EFFECT_NCC | NVME_EFFECT_CSE_NS, \
      "format NVM (5.23)")

#define NVME_NVM_OPCODES(O) \
    O(NVME_NVM_FLUSH, 0x00, NVME_EFFECT_CSUPP, "flush (6.8)") \
    O(NVME_NVM_WRITE, 0x01, NVME_EFFECT_CSUPP | NVME_EFFECT_LBCC, "write (6.15)") \
    O(NVME_NVM_READ, 0x02, NVME_EFFECT_CSUPP, "read (6.9)") \
    O(NVME_NVM_COMPARE, 0x05, NVME_EFFECT_CSUPP, "compare (6.6)") \
    O(NVME_NVM_WRITE_ZEROES, 0x08, NVME_EFFECT_CSUPP | NVME_EFFECT_LBCC, "write zeroes (6.17)") \
    O(NVME_NVM_DSM, 0x09, NVME_EFFECT_CSUPP | NVME_EFFECT_LBCC, "dataset management (6.7)")

#define NVME_OPCODE_ENUM(name, code, effects, doc) name = code,
enum nvme_admin_opcode { NVME_ADMIN_OPCODES(NVME_OPCODE_ENUM) };
enum nvme_nvm_opcode { NVME_NVM_OPCODES(NVME_OPCODE_ENUM) };

/* ---- status (4.6.1): SCT << 8 | SC, without phase; DNR and More as in the 15-bit field ---- */
#define NVME_STATUSES(S) \
    S(NVME_OK, 0x000, "successful completion") \
    S(NVME_INVALID_OPCODE, 0x001, "invalid command opcode") \
    S(NVME_INVALID_FIELD, 0x002, "invalid field in command") \
    S(NVME_CID_CONFLICT, 0x003, "command ID conflict") \
    S(NVME_DATA_TRANSFER_ERROR, 0x004, "data transfer error") \
    S(NVME_INTERNAL_ERROR, 0x006, "internal error") \
    S(NVME_ABORT_REQUESTED, 0x007, "command abort requested") \
    S(NVME_ABORTED_SQ_DELETION, 0x008, "command aborted due to SQ deletion") \
    S(NVME_INVALID_NAMESPACE, 0x00b, "invalid namespace or format") \
    S(NVME_SEQUENCE_ERROR, 0x00c, "command sequence error") \
    S(NVME_INVALID_SGL_SEGMENT, 0x00d, "invalid SGL segment descriptor") \
    S(NVME_INVALID_SGL_COUNT, 0x00e, "invalid number of SGL descriptors") \
    S(NVME_SGL_LENGTH_INVALID, 0x00f, "data SGL length invalid") \
    S(NVME_SGL_TYPE_INVALID, 0x011, "SGL descriptor type invalid") \
    S(NVME_PRP_OFFSET_INVALID, 0x013, "PRP offset invalid") \
    S(NVME_WRITE_PROTECTED, 0x020, "namespace is write protected") \
    S(NVME_LBA_RANGE, 0x080, "LBA out of range") \
    S(NVME_CQ_INVALID, 0x100, "completion queue invalid") \
    S(NVME_QID_INVALID, 0x101, "invalid queue identifier") \
    S(NVME_QUEUE_SIZE_INVALID, 0x102, "invalid queue size") \
    S(NVME_ABORT_LIMIT, 0x103, "abort command limit exceeded") \
    S(NVME_ASYNC_EVENT_LIMIT, 0x105, "asynchronous event request limit exceeded") \
    S(NVME_INTERRUPT_VECTOR_INVALID, 0x108, "invalid interrupt vector") \
    S(NVME_LOG_PAGE_INVALID, 0x109, "invalid log page") \
    S(NVME_FORMAT_INVALID, 0x10a, "invalid format") \
    S(NVME_QUEUE_DELETION_INVALID, 0x10c, "invalid queue deletion") \
    S(NVME_FEATURE_NOT_SAVEABLE, 0x10d, "feature identifier not saveable") \
    S(NVME_FEATURE_NOT_CHANGEABLE, 0x10e, "feature not changeable") \
    S(NVME_FEATURE_NOT_NAMESPACE, 0x10f, "feature not namespace specific") \
    S(NVME_WRITE_FAULT, 0x280, "write fault") \
    S(NVME_UNRECOVERED_READ, 0x281, "unrecovered read error") \
    S(NVME_COMPARE_FAILURE, 0x285, "compare failure")

#define NVME_STATUS_ENUM(name, code, doc) name = code,
enum nvme_status {
    NVME_STATUSES(NVME_STATUS_ENUM)
    NVME_MORE = 0x2000, /* the error log has an entry */
    NVME_DNR = 0x4000,  /* the same command would fail again */
};

/* ---- data pointers (4.3 PRP, 4.4 SGL) ---- */
enum {
    NVME_PSDT_PRP = 0,
    NVME_PSDT_SGL = 1,         /* metadata by address */
    NVME_PSDT_SGL_MPTR_SGL = 2, /* metadata by SGL */
    NVME_SGL_BYTES = 16,       /* address 8, length 4, reserved 3, identifier 1 */
    NVME_SGL_LENGTH = 8,
    NVME_SGL_ID = 15, /* type 7:4, subtype 3:0 */
    NVME_SGL_DATA = 0x0,
    NVME_SGL_BIT_BUCKET = 0x1,
    NVME_SGL_SEGMENT = 0x2,
    NVME_SGL_LAST_SEGMENT = 0x3,
};

/* ---- NVM commands: bits of CDW12 (6.9, 6.15, 6.17) ---- */
enum {
    NVME_RW_NLB_MASK = 0xffff,
    NVME_RW_DTYPE_MASK = 0xf << 20,
    NVME_RW_FUA = 1 << 30,
    NVME_DSM_AD = 1 << 2, /* CDW11: deallocate */
    NVME_DSM_RANGE_BYTES = 16,
    NVME_DSM_RANGE_LENGTH = 4,
    NVME_DSM_RANGE_SLBA = 8,
};

/* ---- identify (5.15) ---- */
enum nvme_cns {
    NVME_CNS_NAMESPACE = 0, NVME_CNS_CONTROLLER = 1, NVME_CNS_LIST = 2, NVME_CNS_DESCRIPTORS = 3,
};

enum nvme_identify_controller { /* figure 247: byte offsets */
    NVME_IC_VID = 0, NVME_IC_SSVID = 2, NVME_IC_SN = 4, NVME_IC_MN = 24, NVME_IC_FR = 64,
    NVME_IC_RAB = 72, NVME_IC_IEEE = 73, NVME_IC_CMIC = 76, NVME_IC_MDTS = 77,
    NVME_IC_CNTLID = 78, NVME_IC_VER = 80, NVME_IC_OAES = 92, NVME_IC_CTRATT = 96,
    NVME_IC_CNTRLTYPE = 111, NVME_IC_OACS = 256, NVME_IC_ACL = 258, NVME_IC_AERL = 259,
    NVME_IC_FRMW = 260, NVME_IC_LPA = 261, NVME_IC_ELPE = 262, NVME_IC_NPSS = 263,
    NVME_IC_AVSCC = 264, NVME_IC_WCTEMP = 266, NVME_IC_CCTEMP = 268, NVME_IC_TNVMCAP = 280,
    NVME_IC_SQES = 512, NVME_IC_CQES = 513, NVME_IC_MAXCMD = 514, NVME_IC_NN = 516,
    NVME_IC_ONCS = 520, NVME_IC_FUSES = 522, NVME_IC_FNA = 524, NVME_IC_VWC = 525,
    NVME_IC_AWUN = 526, NVME_IC_AWUPF = 528, NVME_IC_NWPC = 531, NVME_IC_SGLS = 536,
    NVME_IC_SUBNQN = 768, NVME_IC_PSD0 = 2048,
};

enum nvme_identify_namespace { /* figure 245: byte offsets */
    NVME_IN_NSZE = 0, NVME_IN_NCAP = 8, NVME_IN_NUSE = 16, NVME_IN_NSFEAT = 24,
    NVME_IN_NLBAF = 25, NVME_IN_FLBAS = 26, NVME_IN_MC = 27, NVME_IN_DPC = 28,
    NVME_IN_DPS = 29, NVME_IN_NMIC = 30, NVME_IN_DLFEAT = 33, NVME_IN_NVMCAP = 48,
    NVME_IN_NSATTR = 99, NVME_IN_NGUID = 104, NVME_IN_EUI64 = 120, NVME_IN_LBAF0 = 128,
};

enum {
    NVME_IDENTIFY_BYTES = 4096,
    NVME_OACS_FORMAT = 1 << 1,
    NVME_OAES_NAMESPACE = 1 << 8,
    NVME_ONCS_COMPARE = 1 << 0,
    NVME_ONCS_DSM = 1 << 2,
    NVME_ONCS_WRITE_ZEROES = 1 << 3,
    NVME_ONCS_SAVE_SELECT = 1 << 4,
    NVME_LPA_EFFECTS = 1 << 1,
    NVME_LPA_EXTENDED = 1 << 2,
    NVME_VWC_PRESENT = 1 << 0,
    NVME_VWC_BROADCAST = 3 << 1, /* flush takes NSID FFFFFFFFh */
    NVME_SGLS_SUPPORTED = 1 << 0,
    NVME_SGLS_BIT_BUCKET = 1 << 16,
    NVME_NIDT_EUI64 = 1,
    NVME_NIDT_NGUID = 2,
    NVME_NSATTR_WRITE_PROTECTED = 1 << 0,
};
#define NVME_NSID_ALL 0xffffffffu

/* ---- features (5.21.1) ---- */
enum nvme_feature {
    NVME_FEATURE_ARBITRATION = 0x01, NVME_FEATURE_POWER = 0x02, NVME_FEATURE_TEMPERATURE = 0x04,
    NVME_FEATURE_ERROR_RECOVERY = 0x05, NVME_FEATURE_WRITE_CACHE = 0x06,
    NVME_FEATURE_QUEUES = 0x07, NVME_FEATURE_COALESCING = 0x08, NVME_FEATURE_VECTOR = 0x09,
    NVME_FEATURE_ATOMICITY = 0x0a, NVME_FEATURE_ASYNC_EVENTS = 0x0b,
};
enum nvme_select {
    NVME_SELECT_CURRENT, NVME_SELECT_DEFAULT, NVME_SELECT_SAVED, NVME_SELECT_SUPPORTED,
};
enum {
    NVME_FEATURE_SAVE = 1u << 31, /* CDW10 of set features */
    NVME_SUPPORTED_SAVEABLE = 1 << 0,
    NVME_SUPPORTED_NAMESPACE = 1 << 1,
    NVME_SUPPORTED_CHANGEABLE = 1 << 2,
    NVME_VECTOR_COALESCING_DISABLE = 1 << 16,
    NVME_ASYNC_TEMPERATURE = 1 << 1,
    NVME_ASYNC_NAMESPACE = 1 << 8,
};

/* ---- log pages (5.14.1) ---- */
enum nvme_log {
    NVME_LOG_ERROR = 1, NVME_LOG_SMART = 2, NVME_LOG_FIRMWARE = 3, NVME_LOG_CHANGED = 4,
    NVME_LOG_EFFECTS = 5,
};
enum {
    NVME_LOG_RAE = 1 << 15, /* CDW10: keep the event */
    NVME_ERROR_ENTRY_BYTES = 64,
    NVME_ERROR_COUNT = 0, NVME_ERROR_SQID = 8, NVME_ERROR_CID = 10, NVME_ERROR_STATUS = 12,
    NVME_ERROR_LOCATION = 14, NVME_ERROR_LBA = 16, NVME_ERROR_NSID = 24,
    NVME_SMART_BYTES = 512,
    NVME_SMART_WARNING = 0, NVME_SMART_TEMPERATURE = 1, NVME_SMART_SPARE = 3,
    NVME_SMART_SPARE_THRESHOLD = 4, NVME_SMART_USED = 5, NVME_SMART_UNITS_READ = 32,
    NVME_SMART_UNITS_WRITTEN = 48, NVME_SMART_READS = 64, NVME_SMART_WRITES = 80,
    NVME_SMART_BUSY_MINUTES = 96, NVME_SMART_POWER_CYCLES = 112, NVME_SMART_POWER_HOURS = 128,
    NVME_SMART_UNSAFE = 144, NVME_SMART_MEDIA_ERRORS = 160, NVME_SMART_ERRORS_LOGGED = 176,
    NVME_SMART_SENSOR1 = 200,
    NVME_SMART_WARNING_TEMPERATURE = 1 << 1,
    NVME_SMART_WARNING_READ_ONLY = 1 << 3,
    NVME_FIRMWARE_BYTES = 512,
    NVME_CHANGED_BYTES = 4096,
    NVME_EFFECTS_BYTES = 4096,
    NVME_EFFECTS_NVM = 1024,
};

/* ---- asynchronous events (5.2.1): type, information ---- */
enum {
    NVME_EVENT_ERROR = 0, NVME_EVENT_SMART = 1, NVME_EVENT_NOTICE = 2,
    NVME_EVENT_INVALID_DOORBELL = 0x00,
    NVME_EVENT_INVALID_DOORBELL_VALUE = 0x01,
    NVME_EVENT_TEMPERATURE = 0x01,
    NVME_EVENT_NAMESPACE_CHANGED = 0x00,
};

#endif
