/* SPDX-License-Identifier: Apache-2.0 */
/* Code between C and the translations. */
#include "cpu/jit/internal.h"

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

    store_registers(c);
    x86(c, OPX_LOAD, RSI, x86_r(RAX));
    call_c(c, function);
    x86(c, OPX_TEST | X_W, RAX, x86_r(RAX));
    out = x86_jcc_forward(c, CC_E);
    load_registers(c);
    jump_register(c, RAX);
    x86_label(c, out);
    leave(c);
    return start;
}

/* Called with a site in EAX and the address in RCX. */
static const void *make_memory_thunk(struct code *c)
{
    const void *start = x86_here(c);
    uint8_t *out;

    x86_alu_imm(c, X_W, GROUP1_SUB, x86_r(RSP), 8);
    store_registers(c);
    x86(c, OPX_LOAD, RSI, x86_r(RAX));
    x86_mov(c, RDX, RCX);
    call_c(c, (uintptr_t)jit_run_memory);
    x86(c, 0x84 | X_BREG | X_BRM, RAX, x86_r(RAX)); /* test al, al */
    out = x86_jcc_forward(c, CC_E);
    load_registers(c);
    x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(RSP), 8);
    x86_byte(c, 0xc3);
    x86_label(c, out);
    x86_alu_imm(c, X_W, GROUP1_ADD, x86_r(RSP), 16);
    leave(c);
    return start;
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
    load_registers(c);
    jump_register(c, RAX);
    memcpy(&j->enter, &enter, sizeof enter); /* C has no cast from data to code */

    j->link = make_jump_thunk(c, (uintptr_t)jit_run_link);
    j->system = make_jump_thunk(c, (uintptr_t)jit_run_system);
    j->resume = make_jump_thunk(c, (uintptr_t)jit_run_resume);
    j->find = x86_here(c); /* jumped to with the pc in RAX */
    x86(c, OPX_STORE | X_W, RAX, HART_FIELD(pc));
    make_jump_thunk(c, (uintptr_t)jit_run_find);
    j->memory = make_memory_thunk(c);
}
