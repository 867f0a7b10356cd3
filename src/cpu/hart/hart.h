/* SPDX-License-Identifier: Apache-2.0 */
/* A hart: RV64GC with M, S and U modes (privileged ISA 1.12 and the extensions in isa/isa.def).
 *
 * Time.  A hart's time is counted in ticks of an eighth of a clock cycle since power-on, so that a
 * cost of half a cycle is exact; ticks become picoseconds by exact rational arithmetic.  The hart
 * may be ahead of the clock (sim/clock.h) by up to its slice, but every access to a device happens
 * with the clock at exactly the access's time: see "Reaching a device" in hart/mmio.c. */
#ifndef CPU_HART_HART_H
#define CPU_HART_HART_H

#include "base/bits.h"
#include "base/ratio.h"
#include "bus/line.h"
#include "bus/link.h"
#include "cpu/hart/mmu.h"
#include "cpu/isa/isa.h"
#include "irq/aclint.h"
#include "irq/imsic.h"
#include "irq/output.h"
#include "spec/virt.h"

#define TICKS_PER_CYCLE 8

enum priv { PRIV_U, PRIV_S, PRIV_M = 3 };

/* Exceptions (mcause, privileged ISA table 3.6); interrupts are CAUSE_INTERRUPT | bit of mip. */
enum cause {
    CAUSE_FETCH_MISALIGNED,
    CAUSE_FETCH_ACCESS,
    CAUSE_ILLEGAL,
    CAUSE_BREAKPOINT,
    CAUSE_LOAD_MISALIGNED,
    CAUSE_LOAD_ACCESS,
    CAUSE_STORE_MISALIGNED,
    CAUSE_STORE_ACCESS,
    CAUSE_ECALL_U,
    CAUSE_ECALL_S,
    CAUSE_ECALL_M = 11,
    CAUSE_FETCH_PAGE,
    CAUSE_LOAD_PAGE,
    CAUSE_STORE_PAGE = 15,
};
#define CAUSE_INTERRUPT (UINT64_C(1) << 63)

/* An interrupt's number is that of its mip bit. */
enum {
    IRQ_SSI = MIP_SSIP, IRQ_MSI = MIP_MSIP, IRQ_STI = MIP_STIP, IRQ_MTI = MIP_MTIP,
    IRQ_SEI = MIP_SEIP, IRQ_MEI = MIP_MEIP,
};
#define MIP_BIT(irq) (UINT64_C(1) << (irq))

/* mstatus */
#define MSTATUS_SIE (UINT64_C(1) << 1)
#define MSTATUS_MIE (UINT64_C(1) << 3)
#define MSTATUS_SPIE (UINT64_C(1) << 5)
#define MSTATUS_MPIE (UINT64_C(1) << 7)
#define MSTATUS_SPP (UINT64_C(1) << 8)
#define MSTATUS_MPP_LSB 11
#define MSTATUS_MPP_BITS 2
#define MSTATUS_FS (UINT64_C(3) << 13)
#define MSTATUS_MPRV (UINT64_C(1) << 17)
#define MSTATUS_SUM (UINT64_C(1) << 18)
#define MSTATUS_MXR (UINT64_C(1) << 19)
#define MSTATUS_TVM (UINT64_C(1) << 20)
#define MSTATUS_TW (UINT64_C(1) << 21)
#define MSTATUS_TSR (UINT64_C(1) << 22)
#define MSTATUS_UXL (UINT64_C(2) << 32)
#define MSTATUS_SXL (UINT64_C(2) << 34)
#define MSTATUS_SD (UINT64_C(1) << 63)

/* menvcfg, senvcfg */
#define ENVCFG_FIOM UINT64_C(1)
#define ENVCFG_CBIE_LSB 4
#define ENVCFG_CBIE_BITS 2
#define ENVCFG_CBIE (UINT64_C(3) << 4)
#define ENVCFG_CBCFE (UINT64_C(1) << 6)
#define ENVCFG_CBZE (UINT64_C(1) << 7)
#define ENVCFG_ADUE (UINT64_C(1) << 61)
#define ENVCFG_PBMTE (UINT64_C(1) << 62)
#define ENVCFG_STCE (UINT64_C(1) << 63)

#define CACHE_BLOCK_BYTES 64 /* of Zicbom and Zicboz */

/* Costs and clock; rows in hart/params.c. */
struct hart_params {
    uint64_t frequency_hz;
    uint64_t cost[CLASS_COUNT]; /* ticks */
    uint64_t branch_taken_ticks;
    uint64_t trap_ticks;   /* pipeline flush and refill of trap entry */
    uint64_t return_ticks; /* the same of sret and mret */
    uint64_t wfi_exit_ps;  /* from the interrupt to the first instruction */
    uint64_t mmio_issue_ps; /* hart to the edge of the interconnect, one way */
    uint64_t wc_buffers;    /* write-combining buffers */
    uint64_t wc_age_ps;     /* from a buffer's first store until it is sent by itself */
};
extern const struct param hart_param_rows[];

#ifdef DOORBELL_HARSH
#define TLB_ENTRIES 1
#define FETCH_TLB_ENTRIES 8
#define JUMP_CACHE_ENTRIES 1
#else
#define TLB_ENTRIES 16384
#define FETCH_TLB_ENTRIES 8192
#define JUMP_CACHE_ENTRIES 16384
#endif

/* One 4-KiB page of memory for data.  A tag is the page's virtual address with the translation
 * context's number (hart/mmu.c) in its low bits; no access has a tag of 0.  Pages that hold decoded
 * code never get a write tag. */
struct tlb_entry {
    uint64_t read_tag, write_tag;
    uintptr_t addend; /* host address - virtual address */
    uint64_t page;    /* physical */
};

struct fetch_entry {
    uint64_t tag;
    uint64_t page;
};

struct block;

struct jump_entry {
    uint64_t pc;
    uint64_t context;
    struct block *block;
    const void *code; /* of the block, for translated code (cpu/jit) */
};

/* Why an engine stopped. */
enum stop {
    STOP_NONE,
    STOP_LIMIT, /* reached the limit */
    STOP_EVENT, /* touched a device: the scheduler must look at the clock */
    STOP_WAIT,  /* an access is to be tried again at `wait_until` */
    STOP_WFI,   /* idle */
    STOP_MARK,  /* executed a mark */
};

/* Of an access: what the physical memory attributes say, or Svpbmt instead. */
enum memory_type {
    MEMORY_WB, /* cached memory: no transactions */
    MEMORY_NC, /* not cached, weakly ordered: stores combine */
    MEMORY_IO, /* strongly ordered: a transaction each */
};

#define WC_BUFFERS_MAX 16
#define WC_LINE_BYTES 64

/* A write-combining buffer (hart/combine.c). */
struct wc_buffer {
    uint64_t line;  /* physical address, a multiple of 64 */
    uint64_t bytes; /* which of them have been written; 0: not in use */
    ps_t since;     /* its first store */
    uint64_t stores;
    uint8_t data[WC_LINE_BYTES];
};

/* Why a buffer was sent; the numbers are in traces. */
enum wc_reason { WC_FULL = 1, WC_FENCE, WC_ORDERED, WC_AGE, WC_NEED, WC_LOAD };

struct machine_shared;

#define GROUPS 12 /* of accesses in a translated block */

struct hart {
    /* ---- state, first what the engines touch most ---- */
    uint64_t x[33]; /* x[0] is 0; x[ISA_SINK] takes discarded results */
    uint64_t pc;
    uint64_t ticks;   /* own time: see above */
    uint64_t instret; /* instructions retired since reset */
    uint64_t f[32];
    uint8_t fflags, frm;
    uint8_t priv;
    uint64_t mstatus;

    uint64_t medeleg, mideleg, mie, mip_soft; /* mip_soft: bits that software wrote */
    uint64_t mip_lines;  /* bits that the controllers drive */
    uint64_t mtvec, mepc, mcause, mtval, mscratch;
    uint64_t stvec, sepc, scause, stval, sscratch;
    uint64_t satp, stimecmp;
    uint64_t menvcfg, senvcfg;
    uint32_t mcounteren, scounteren, mcountinhibit;
    uint64_t mcycle_offset, minstret_offset; /* what the counters add to ticks / 8 and instret */
    uint64_t miselect, siselect;
    uint8_t pmpcfg[PMP_ENTRIES];
    uint64_t pmpaddr[PMP_ENTRIES];
    uint64_t reservation; /* physical address of the LR, or NO_RESERVATION */
    uint8_t reservation_size;

    /* waiting */
    bool idle;            /* in wfi */
    ps_t idle_since;
    uint64_t idle_ps; /* in wfi since reset, up to the last wake-up */
    ps_t mmio_arrival;    /* a load has been issued and is at its device at this time; 0: none */
    ps_t mmio_began;
    uint64_t mmio_address;
    ps_t wait_until;      /* of STOP_WAIT */
    uint64_t retry_pc, retry_instret; /* the instruction that waits: its probe has been hit */
    bool wait_stalls;     /* the hart's own time moves to wait_until (a full posted queue) */

    struct wc_buffer wc[WC_BUFFERS_MAX];
    uint32_t wc_count;
    /* 1: stores of type NC, or uncached ones to memory, have not been fenced since.  Bit 0 is where
     * FIOM is in menvcfg: translated code tests both at once. */
    uint32_t unfenced;

    uint64_t irq_cause[16]; /* trace record that raised each mip bit */
    struct event timer;     /* stimecmp */
    struct event wc_age;

    /* ---- derived from state ---- */
    uint64_t context;       /* number of the data context, for tags */
    uint64_t fetch_context; /* of instruction fetch (M with MPRV differs) */

    /* ---- caches ---- */
    struct tlb_entry tlb[TLB_ENTRIES];
    struct fetch_entry fetch_tlb[FETCH_TLB_ENTRIES]; /* open addressing: block.c */
    uint32_t fetch_count;
    struct jump_entry jump[JUMP_CACHE_ENTRIES];
    struct mmu mmu;

    /* ---- between a slow path and its engine ---- */
    bool leave;           /* end the block after this instruction: something changed */
    enum stop stop;       /* if not STOP_NONE: return to the scheduler, `leave` is set */
    bool trapped;         /* a trap was taken: pc is the handler's */
    uint64_t mark;        /* of STOP_MARK */
    ps_t sync_limit;      /* no other hart is before this time: device accesses may go ahead */

    /* ---- the translator's (cpu/jit) ---- */
    uint64_t limit;         /* of the run, in ticks */
    uint64_t budget;        /* packed: jit/internal.h */
    uint64_t slice_end;     /* ticks at which the budget is used up */
    uint64_t slice_instret; /* instret at the start of the slice */
    uint64_t page_va;       /* of the page that holds the start of the block that runs */
    uint64_t other_result;  /* of a division, for a later instruction */
    uint64_t loop_page[GROUPS], loop_limit[GROUPS]; /* where group[] holds (jit/memory.c) */
    uint64_t group[GROUPS]; /* host address - virtual address (jit/memory.c) */
    struct return_stack *returns; /* jit/returns.c */
    uintptr_t return_sp, c_sp; /* the host's stack pointer in translated code, and in C */
    uint32_t returns_epoch; /* one more whenever what is known of contexts or code is forgotten */
    uint8_t fp_live, fp_again; /* f registers are in host registers (jit/float.c) */
    uint32_t mxcsr, host_mxcsr;
    uint64_t fp_sign64, fp_sign32; /* constants */
    const struct insn *resume; /* the interpreter is to go on here, in resume_block */
    const struct block *resume_block;

    /* ---- wiring ---- */
    unsigned id;
    unsigned source;
    struct machine_shared *m;
    struct imsic_file *imsic_m, *imsic_s; /* NULL: no AIA */
    const struct hart_params *p;
    struct ratio ps_a_tick, ticks_a_ps;
};

#define NO_RESERVATION UINT64_MAX

extern const struct field hart_fields[];

/* What the harts share. */
struct machine_shared {
    struct clock *clock;
    struct trace *trace;
    struct space *space;
    struct code_cache *code; /* interp/block.h */
    struct jit *jit;         /* jit/jit.h; NULL: the interpreter does everything */
    unsigned hot;            /* how often the interpreter starts a block before it is translated */
    struct link *soc;        /* the on-chip bus, for fences; NULL: none */
    struct link *memory;     /* the way of uncached accesses to RAM, for fences; NULL: none */
    const struct aclint *aclint; /* for time; NULL: time is the clock's */
    unsigned harts;
    bool aia;
};

/* ---- life (hart.c) ---- */
void hart_init(struct hart *h, unsigned id, struct machine_shared *m, const struct hart_params *p,
               unsigned source);
/* Takes over parameters that have been set since hart_init. */
void hart_configure(struct hart *h);
/* Power-on state, at the reset vector. */
void hart_reset(struct hart *h, uint64_t reset_pc);
/* A mip bit driven by a controller: the drive function of a struct line whose pin is the bit. */
void hart_drive(void *hart, unsigned pin, bool level);
/* ACLINT's SETSSIP: a rising edge makes SSIP pending, which software clears. */
void hart_drive_ssip(void *hart, unsigned pin, bool level);

/* ---- time ---- */
/* Rounded down; of ticks that take less than 2^64 ps. */
static inline ps_t hart_ps(const struct hart *h, uint64_t ticks)
{
    return ratio_floor(&h->ps_a_tick, ticks);
}

/* Rounded up. */
static inline uint64_t hart_ticks(const struct hart *h, ps_t ps)
{
    return ratio_ceil(&h->ticks_a_ps, ps);
}

static inline ps_t hart_now(const struct hart *h) { return hart_ps(h, h->ticks); }
/* The `time` CSR at the hart's own time. */
uint64_t hart_time(const struct hart *h);
/* Recomputes the supervisor timer interrupt: stimecmp's event, and when time has jumped. */
void hart_timer_fired(void *hart);

/* ---- traps (trap.c) ---- */
/* Takes an exception at h->pc; sets pc to the handler and h->trapped. */
void hart_trap(struct hart *h, uint64_t cause, uint64_t tval);
/* Takes the highest-priority enabled interrupt, if there is one; returns whether it did. */
bool hart_interrupt(struct hart *h);
/* mip as software reads it. */
uint64_t hart_mip(const struct hart *h);
/* An interrupt is pending and enabled in mie, whatever the global enables: ends wfi. */
static inline bool hart_wakes(const struct hart *h) { return (hart_mip(h) & h->mie) != 0; }
/* The trace record that made a mip bit pending; 0 when it is not known. */
uint64_t hart_irq_cause(const struct hart *h, unsigned irq);
/* Called by the scheduler when an idle hart is to go on at `now`. */
void hart_wake(struct hart *h, ps_t now);

/* Operations of SYS rows: each performs the instruction at h->pc (not yet advanced; h->ticks and
 * h->instret are those before it plus its own base cost) and either leaves h->trapped set or
 * leaves pc for the engine to advance, except where it sets pc itself (returns true then).  Those
 * after which a block may go on (insn.goes_on) set h->leave where it must not. */
bool hart_mark(struct hart *h, const struct insn *i);
bool hart_fence(struct hart *h, const struct insn *i);
bool hart_fence_i(struct hart *h, const struct insn *i);
bool hart_ecall(struct hart *h, const struct insn *i);
bool hart_ebreak(struct hart *h, const struct insn *i);
bool hart_illegal(struct hart *h, const struct insn *i);
bool hart_sret(struct hart *h, const struct insn *i);
bool hart_mret(struct hart *h, const struct insn *i);
bool hart_wfi(struct hart *h, const struct insn *i);
bool hart_sfence_vma(struct hart *h, const struct insn *i);
bool hart_svinval_fence(struct hart *h, const struct insn *i);
bool hart_cbo_inval(struct hart *h, const struct insn *i);
bool hart_cbo_clean(struct hart *h, const struct insn *i);
bool hart_cbo_zero(struct hart *h, const struct insn *i);
bool hart_csrrw(struct hart *h, const struct insn *i);
bool hart_csrrs(struct hart *h, const struct insn *i);
bool hart_csrrc(struct hart *h, const struct insn *i);
bool hart_csrrwi(struct hart *h, const struct insn *i);
bool hart_csrrsi(struct hart *h, const struct insn *i);
bool hart_csrrci(struct hart *h, const struct insn *i);

/* ---- memory ---- */
enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH };

/* Whose rights a load or store has. */
static inline enum priv hart_data_priv(const struct hart *h)
{
    return (enum priv)(h->mstatus & MSTATUS_MPRV ? FGET(h->mstatus, MSTATUS_MPP) : h->priv);
}

/* Host address and *pa of an access that does not cross pages, with the TLB filled; NULL when it
 * takes more than a look: mmu_translate knows (walk.c).  Never traps. */
uint8_t *mmu_reach(struct hart *h, uint64_t va, enum access access, uint64_t *pa);
/* Translates (walk.c): 0 and *pa, or the exception's cause.  `whole` tells that PMP and mapping
 * hold for the entire 4-KiB page, so that it may be cached.  May give the contexts new numbers:
 * then it sets h->leave, and a fetch is not `whole`. */
uint64_t mmu_translate(struct hart *h, uint64_t va, enum access access, uint64_t *pa, bool *whole);
/* As mmu_translate for a supervisor read, but changes neither page tables nor the hart: for
 * onlookers.  PMP holds for the walk only. */
uint64_t mmu_peek(struct hart *h, uint64_t va, uint64_t *pa);
/* Recomputes contexts after a change of priv, mstatus or satp. */
void mmu_context_changed(struct hart *h);
/* Forgets cached translations: all, or those of an address and/or an address space (but its global
 * pages).  A context's number changes only if it may have something that is to be forgotten; that of
 * fetches only if code has been fetched there. */
void mmu_flush(struct hart *h);
void mmu_flush_asid(struct hart *h, uint16_t asid);
void mmu_flush_address(struct hart *h, uint64_t va);
void mmu_flush_address_asid(struct hart *h, uint64_t va, uint16_t asid);
/* Forgets all translations of fetches. */
void mmu_forget_fetches(struct hart *h);
/* Forgets all that is cached, what M has cached too. */
void mmu_forget(struct hart *h);
/* The walk's part in what mmu.c keeps: a page may now be in the TLB, have a fetch translation; the
 * current address space has supervisor pages of its own. */
void mmu_note_large(struct hart *h, uint64_t va, enum page_size size);
void mmu_note_fetch(struct hart *h, uint64_t va, enum page_size size);
void mmu_own_supervisor(struct hart *h);
/* Drops the write tags of a page that now holds decoded code, in one hart. */
void mmu_protect_page(struct hart *h, uint64_t page);
bool pmp_allows(const struct hart *h, uint64_t pa, uint64_t size, enum access access,
                enum priv priv, bool *whole_page);
/* Takes over pmpcfg and pmpaddr (pmp.c); also when RAM has been mapped after the hart's reset. */
void pmp_changed(struct hart *h);

/* Slow paths of loads and stores (mmio.c).  On entry h->pc, ticks and instret are exact.  Return
 * true when done: *value, h->ticks advanced by any stall, h->leave if the block must end; false
 * when a trap was taken (h->trapped) or the access must be tried again later (h->stop). */
bool hart_load(struct hart *h, uint64_t va, unsigned size, uint64_t *value);
bool hart_store(struct hart *h, uint64_t va, unsigned size, uint64_t value);
/* Host address of an aligned memory word for an atomic, or NULL after a trap or when it must be tried
 * again.  `write` as for AMO and SC, `release` when it has rl; *pa is its physical address. */
uint8_t *hart_atomic(struct hart *h, uint64_t va, unsigned size, bool write, bool release,
                     uint64_t *pa);
/* For an access that others see: whether all that is due before the hart's time has been, so that
 * the clock now has it; else (false) the hart waits and the instruction is tried again. */
bool hart_on_time(struct hart *h);
/* The hart stalls until then and tries the instruction again; false. */
bool hart_stall(struct hart *h, ps_t until);

/* ---- write-combining (combine.c) ---- */
/* A store of type NC that does not cross a line; false: to be tried again. */
bool wc_store(struct hart *h, struct region *r, uint64_t pa, unsigned size, uint64_t value);
/* Sends all buffers, or the one that holds pa's line if there is one; false: try again. */
bool wc_flush(struct hart *h, enum wc_reason reason);
bool wc_flush_line(struct hart *h, uint64_t pa);
/* The event of the oldest buffer. */
void wc_aged(void *hart);
void wc_reset(struct hart *h);

#endif
