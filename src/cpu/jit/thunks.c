/* SPDX-License-Identifier: Apache-2.0 */
/* Code between C and the translations. */
#include "cpu/jit/translate.h"

static const int saved[] = {RBX, RBP, R12, R13, R14, R15}; /* by the callee, in the System V ABI */

static void load_registers(struct code *c)
{
#define R(x, host) x86(c, OPX_LOAD | X_W, host, HART_FIELD_AT(8 * (x)));
    STATIC_REGISTERS(R)
#undef R
    x86(c, OPX_LOAD | X_W, BUDGET, HART_FIELD(budget));
}

static void store_registers(struct code *c)
{
#define R(x, host) x86(c, OPX_STORE | X_W, host, HART_FIELD_AT(8 * (x)));
    STATIC_REGISTERS(R)
#undef R
    x86(c, OPX_STORE | X_W, BUDGET, HART_FIELD(budget));
}

#define F_FIELD(n) HART_FIELD_AT(offsetof(struct hart, f) + 8 * (n))

/* vldmxcsr, vstmxcsr */
static void mxcsr(struct code *c, bool store, struct x86_rm rm)
{
    x86_vex(c, 0xae | X_0F, store ? 3 : 2, 0, rm);
}

static void set_byte(struct code *c, struct x86_rm rm, unsigned value)
{
    x86(c, 0xc6, 0, rm);
    x86_byte(c, value);
}

static void load_floats(struct code *c)
{
#define R(f, xmm) x86_vex(c, OPV_LOAD64, xmm, 0, F_FIELD(f));
    STATIC_FLOATS(R)
#undef R
    mxcsr(c, false, HART_FIELD(mxcsr));
    set_byte(c, HART_FIELD(fp_live), 1);
}

/* Ends fp_live, if it is set.  Changes no general register. */
static void store_floats(struct code *c)
{
    uint8_t *skip;

    x86(c, 0x80, GROUP1_CMP, HART_FIELD(fp_live));
    x86_byte(c, 0);
    skip = x86_jcc_far(c, CC_E);
#define R(f, xmm) x86_vex(c, OPV_STORE64, xmm, 0, F_FIELD(f));
    STATIC_FLOATS(R)
#undef R
    mxcsr(c, true, HART_FIELD(mxcsr));
    mxcsr(c, false, HART_FIELD(host_mxcsr));
    set_byte(c, HART_FIELD(fp_live), 0);
    x86_label_far(c, skip);
}

static void jump_register(struct code *c, int reg)
{
    x86(c, 0xff, 4, x86_r(reg));
}

static void call_c(struct code *c, uintptr_t function)
{
    x86(c, OPX_LEA | X_W, RDI, x86_m(HART, -HART_BIAS));
    x86_mov_imm(c, RAX, function);
    x86(c, 0xff, 2, x86_r(RAX));
}

/* Translated code has the stack of returns.c, C its own. */
static void to_c_stack(struct code *c)
{
    x86(c, OPX_STORE | X_W, RSP, HART_FIELD(return_sp));
    x86(c, OPX_LOAD | X_W, RSP, HART_FIELD(c_sp));
}

static void to_return_stack(struct code *c)
{
    x86(c, OPX_LOAD | X_W, RSP, HART_FIELD(return_sp));
}

/* Back to jit_enter, from C's stack. */
static void leave(struct code *c)
{
    x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(RSP), 8);
    for (size_t i = ARRAY_LEN(saved); i-- > 0; ) {
        if (saved[i] & 8)
            x86_byte(c, 0x41);
        x86_byte(c, 0x58 | (saved[i] & 7));
    }
    x86_byte(c, 0xc3);
}

/* Jumped to with a site in EAX (and an argument in EDX): calls C, goes where it says. */
static const void *make_jump_thunk(struct code *c, uintptr_t function)
{
    const void *start = x86_here(c);
    uint8_t *out;

    to_c_stack(c);
    store_registers(c);
    store_floats(c);
    x86(c, OPX_LOAD, RSI, x86_r(RAX));
    call_c(c, function);
    x86(c, OPX_TEST | X_W, RAX, x86_r(RAX));
    out = x86_jcc_forward(c, CC_E);
    to_return_stack(c);
    load_registers(c);
    jump_register(c, RAX);
    x86_label(c, out);
    leave(c);
    return start;
}

/* After a call to C from the middle of a block: goes where it says, if that is not on in the block
 * (then C has taken the return address from the stack). */
static void return_or_go(struct code *c)
{
    uint8_t *go_on, *out;

    x86(c, OPX_TEST | X_W, RAX, x86_r(RAX));
    out = x86_jcc_far(c, CC_E);
    to_return_stack(c);
    load_registers(c);
    x86_alu_imm(c, X_W, GROUP1_CMP, x86_r(RAX), JIT_BROKEN);
    go_on = x86_jcc_far(c, CC_BE);
    jump_register(c, RAX);
    x86_label_far(c, out);
    leave(c);
    x86_label_far(c, go_on);
}

/* Called with a site in EAX. */
static const void *make_within_thunk(struct code *c)
{
    const void *start = x86_here(c);

    to_c_stack(c);
    store_registers(c);
    store_floats(c);
    x86(c, OPX_LOAD, RSI, x86_r(RAX));
    call_c(c, (uintptr_t)jit_run_within);
    return_or_go(c);
    x86_byte(c, 0xc3);
    return start;
}

/* Called with a site in EAX, the address in RCX and an argument in EDX where there is a group: then
 * to go on in the block is to return behind a jump of 5 bytes, or before it if the group is broken. */
static const void *make_memory_thunk(struct code *c, uintptr_t function, bool group)
{
    const void *start = x86_here(c);
    uint8_t *floats, *broken = NULL;

    to_c_stack(c);
    store_registers(c);
    x86(c, OPX_LOAD, RSI, x86_r(RAX));
    x86(c, OPX_MOVZX8, RAX, HART_FIELD(fp_live));
    x86(c, OPX_STORE8, RAX, HART_FIELD(fp_again));
    store_floats(c);
    x86(c, 0x87 | X_W, RCX, x86_r(RDX)); /* xchg: C's third and fourth arguments */
    call_c(c, function);
    return_or_go(c);
    if (group) {
        x86_alu_imm(c, 0, GROUP1_CMP, x86_r(RAX), JIT_BROKEN);
        broken = x86_jcc_forward(c, CC_E);
        x86_alu_imm(c, X_W, GROUP1_ADD, x86_m(RSP, 0), 5);
        x86_label(c, broken);
    }
    x86(c, 0x80, GROUP1_CMP, HART_FIELD(fp_again));
    x86_byte(c, 0);
    floats = x86_jcc_forward(c, CC_NE);
    x86_byte(c, 0xc3);
    x86_label(c, floats);
    load_floats(c);
    x86_byte(c, 0xc3);
    return start;
}

/* Called with a site in EAX: makes the f registers live, or has the interpreter go on at the site. */
static const void *make_fp_enter_thunk(const struct jit *j, struct code *c)
{
    const void *start = x86_here(c);
    uint8_t *off, *rounding;

    x86(c, OPX_LOAD, RDX, HART_FIELD(mstatus));
    x86_group3(c, 0, GROUP3_NOT, x86_r(RDX));
    x86(c, 0xf7, 0, x86_r(RDX)); /* test edx, FS */
    x86_dword(c, (uint32_t)MSTATUS_FS);
    off = x86_jcc_far(c, CC_NE);
    x86(c, OPX_MOVZX8, RCX, HART_FIELD(frm));
    x86_alu_imm(c, 0, GROUP1_CMP, x86_r(RCX), 3);
    rounding = x86_jcc_far(c, CC_A);
    /* frm nearest, zero, down, up is MXCSR.RC 0, 3, 1, 2, two bits each. */
    x86(c, OPX_ADD, RCX, x86_r(RCX));
    x86_mov_imm(c, RDX, 0 | 3 << 2 | 1 << 4 | 2 << 6);
    x86(c, 0xd3, GROUP2_SHR, x86_r(RDX));
    x86_alu_imm(c, 0, GROUP1_AND, x86_r(RDX), 3);
    x86_shift_imm(c, 0, GROUP2_SHL, x86_r(RDX), 13);
    x86_alu_imm(c, 0, GROUP1_OR, x86_r(RDX), MXCSR_MASKS);
    x86(c, OPX_STORE, RDX, HART_FIELD(mxcsr));
    load_floats(c);
    x86_byte(c, 0xc3);
    x86_label_far(c, off);
    x86_label_far(c, rounding);
    x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(RSP), 8);
    x86_jmp(c, j->resume);
    return start;
}

/* A return that its landing did not expect, with the entry just popped and the pc in RAX: if the
 * guest left out some returns, its entry is a little way up.  If not, the stack stays as it was before:
 * the call may have been the interpreter's, and then the entry's turn is still to come. */
static void make_return_thunks(struct jit *j, struct code *c)
{
    uint8_t *found[RETURN_LOOK - 1];
    const void *indirect;

    j->mismatch = x86_here(c);
    for (int n = 0; n < RETURN_LOOK - 1; n++) {
        x86(c, OPX_CMP | X_W, RAX, x86_m(RSP, 16 * n + 8));
        found[n] = x86_jcc_far(c, CC_E);
    }
    x86(c, OPX_LEA | X_W, RSP, x86_m(RSP, -16));
    indirect = x86_here(c);
    x86_alu_imm(c, X_W, GROUP1_AND, x86_r(RAX), -2);
    t_jump_cache(j, c);
    for (int n = 0; n < RETURN_LOOK - 1; n++) {
        x86_label_far(c, found[n]);
        if (n)
            x86(c, OPX_LEA | X_W, RSP, x86_m(RSP, 16 * n));
        x86_byte(c, 0xc3);
    }
    j->underflow = x86_here(c);
    x86(c, OPX_LEA | X_W, RSP, x86_m(RSP, -8));
    x86_jmp(c, indirect);
}

void jit_make_thunks(struct jit *j)
{
    struct code *c = &j->hot;
    const void *enter = x86_here(c);

    for (size_t i = 0; i < ARRAY_LEN(saved); i++) {
        if (saved[i] & 8)
            x86_byte(c, 0x41);
        x86_byte(c, 0x50 | (saved[i] & 7));
    }
    x86_alu_imm(c, X_W, GROUP1_SUB, x86_r(RSP), 8);
    x86(c, OPX_LEA | X_W, HART, x86_m(RDI, HART_BIAS));
    x86_mov(c, RAX, RSI);
    x86(c, OPX_STORE | X_W, RSP, HART_FIELD(c_sp));
    to_return_stack(c);
    load_registers(c);
    jump_register(c, RAX);
    memcpy(&j->enter, &enter, sizeof enter); /* C has no cast from data to code */

    j->link = make_jump_thunk(c, (uintptr_t)jit_run_link);
    j->system = make_jump_thunk(c, (uintptr_t)jit_run_system);
    j->resume = make_jump_thunk(c, (uintptr_t)jit_run_resume);
    j->find = x86_here(c); /* jumped to with the pc in RAX */
    x86(c, OPX_STORE | X_W, RAX, HART_FIELD(pc));
    make_jump_thunk(c, (uintptr_t)jit_run_find);
    j->jump = x86_here(c); /* jumped to with the pc in RAX, and a stub in EDX */
    x86(c, OPX_STORE | X_W, RAX, HART_FIELD(pc));
    x86(c, OPX_LOAD, RAX, x86_r(RDX));
    make_jump_thunk(c, (uintptr_t)jit_run_jump);
    make_return_thunks(j, c);
    j->tail = make_jump_thunk(c, (uintptr_t)jit_run_tail);
    j->memory = make_memory_thunk(c, (uintptr_t)jit_run_memory, false);
    j->memory_group = make_memory_thunk(c, (uintptr_t)jit_run_memory_group, true);
    j->within = make_within_thunk(c);
    j->fp_enter = make_fp_enter_thunk(j, c);
}
