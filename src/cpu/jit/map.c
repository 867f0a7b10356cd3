/* SPDX-License-Identifier: Apache-2.0 */
/* Which guest registers are in host registers.
 *
 * The static map holds between blocks, so that one leads to the next without a load or a store.  A
 * block that loops to itself stays for long: there, registers of the static map that it does not
 * use make room for others that it does. */
#include "cpu/jit/translate.h"

static const struct {
    uint8_t x;
    int8_t host;
} static_map[] = {
#define R(x, host) {x, host},
    STATIC_REGISTERS(R)
#undef R
};

int t_mapped(const struct translation *t, unsigned x)
{
    return t->map[x];
}

struct x86_rm t_x(const struct translation *t, unsigned x)
{
    int reg = t_mapped(t, x);

    return reg >= 0 ? x86_r(reg) : HART_FIELD_AT(8 * x);
}

/* The x registers that an instruction names, ISA_SINK for none. */
struct operands {
    unsigned rd, rs1, rs2;
};

static struct operands operands_of(const struct insn *i)
{
    struct operands o = {ISA_SINK, ISA_SINK, ISA_SINK};

    switch (isa_table[i->op].format) {
    case FMT_R: case FMT_AMO:
        o = (struct operands){i->rd, i->rs1, i->rs2};
        break;
    case FMT_B: case FMT_S:
        o.rs1 = i->rs1;
        o.rs2 = i->rs2;
        break;
    case FMT_I: case FMT_SH6: case FMT_SH5: case FMT_R1: case FMT_L: case FMT_LR: case FMT_CSR:
        o.rd = i->rd;
        o.rs1 = i->rs1;
        break;
    case FMT_U: case FMT_XF: case FMT_XFN: case FMT_XFF: case FMT_CSRI: case FMT_J: case FMT_JR:
        o.rd = i->rd;
        break;
    case FMT_FL: case FMT_FS: case FMT_FX: case FMT_FXN: case FMT_CBO:
        o.rs1 = i->rs1;
        break;
    default:
        break;
    }
    return o;
}

#define FOR_INSNS(i, b) \
    for (const struct insn *i = (b)->insn + (b)->skew; \
         i < &(b)->insn[(b)->count] && i->op < OP_COUNT; i++)

/* How often a block names each x register. */
static void count_uses(const struct block *b, unsigned uses[ISA_SINK + 1])
{
    FOR_INSNS(i, b) {
        struct operands o = operands_of(i);

        uses[o.rd]++;
        uses[o.rs1]++;
        uses[o.rs2]++;
    }
}

/* ---- steps of a loop ---- */

#define UNKNOWN INT64_MAX /* it may also come out of the arithmetic, which wraps */
#define STEP_MAX 256 /* bytes: several turns in a page */
#define TURNS_MIN (BLOCK_HOT - 1) /* as far as the interpreter has seen, it goes round and round */

/* How far the result of i is from that of the turn before, given that of its operands. */
static int64_t result_step(const struct insn *i, int64_t a, int64_t b)
{
    bool two = a != UNKNOWN && b != UNKNOWN;
    uint64_t ua = (uint64_t)a, ub = (uint64_t)b;

    switch (i->op) {
    case OP_lui: case OP_auipc: return 0;
    case OP_addi: case OP_addiw: return a;
    case OP_add: case OP_addw: return two ? (int64_t)(ua + ub) : UNKNOWN;
    case OP_sub: case OP_subw: return two ? (int64_t)(ua - ub) : UNKNOWN;
    case OP_slli: return a == UNKNOWN ? a : (int64_t)(ua << i->imm);
    case OP_srli: case OP_srai: return a == UNKNOWN ? a : a >> i->imm;
    case OP_sh1add: return two ? (int64_t)(2 * ua + ub) : UNKNOWN;
    case OP_sh2add: return two ? (int64_t)(4 * ua + ub) : UNKNOWN;
    case OP_sh3add: return two ? (int64_t)(8 * ua + ub) : UNKNOWN;
    default: return a == 0 && b == 0 ? 0 : UNKNOWN;
    }
}

/* Which loads and stores of the loop move on in small steps.  A wrong answer costs time only. */
static void find_steady(struct translation *t)
{
    int64_t step[ISA_SINK + 1] = {0};
    bool counts[ISA_SINK + 1];

    /* What is only added to, a constant, counts the turns; what else is written starts anew. */
    memset(counts, true, sizeof counts);
    FOR_INSNS(i, t->b) {
        struct operands o = operands_of(i);

        if ((i->op == OP_addi || i->op == OP_addiw) && o.rd == o.rs1 && counts[o.rd]) {
            step[o.rd] += i->imm;
        } else {
            counts[o.rd] = false;
            step[o.rd] = UNKNOWN;
        }
    }
    counts[ISA_SINK] = true;
    step[ISA_SINK] = 0;
    t->slots = t->b->turns >= TURNS_MIN;
    FOR_INSNS(i, t->b) {
        struct operands o = operands_of(i);
        enum isa_class class = isa_table[i->op].class;

        if (isa_runtime[i->op].system)
            t->slots = false;
        t->steady[i - t->b->insn] = i->rs1 && step[i->rs1] != UNKNOWN &&
                                    step[i->rs1] <= STEP_MAX && step[i->rs1] >= -STEP_MAX;
        if (!counts[o.rd])
            step[o.rd] = class == CLASS_INT || class == CLASS_MUL
                             ? result_step(i, step[o.rs1], step[o.rs2]) : UNKNOWN;
    }
}

static bool loops(const struct block *b)
{
    if (b->pa2)
        return false;
    FOR_INSNS(i, b)
        if ((isa_table[i->op].class == CLASS_BRANCH || (i->op == OP_jal && !t_is_link(i->rd))) &&
            i->offset + i->imm == 0)
            return true;
    return false;
}

void t_choose_map(struct translation *t)
{
    unsigned uses[ISA_SINK + 1] = {0};

    memset(t->map, -1, sizeof t->map);
    for (size_t n = 0; n < ARRAY_LEN(static_map); n++)
        t->map[static_map[n].x] = static_map[n].host;
    t->loops = !t->tail && loops(t->b);
    if (!t->loops)
        return;
    find_steady(t);
    count_uses(t->b, uses);
    for (;;) {
        unsigned in = 0, out = 0;

        for (unsigned x = 1; x < ISA_SINK; x++) {
            if (t->map[x] < 0 && (!in || uses[x] > uses[in]))
                in = x;
            if (t->map[x] >= 0 && (!out || uses[x] < uses[out]))
                out = x;
        }
        /* What comes in costs a load, and what goes out a store, once; an exit the reverse. */
        if (uses[in] < uses[out] + 2)
            return;
        t->swap[t->swaps++] = (struct swap){(uint8_t)in, (uint8_t)out, t->map[out]};
        t->map[in] = t->map[out];
        t->map[out] = -1;
        uses[in] += 64; /* it stays */
        uses[out] = 0;
    }
}

void t_enter_loop(const struct translation *t, struct code *c)
{
    for (int n = 0; n < t->swaps; n++)
        x86(c, OPX_STORE | X_W, t->swap[n].host, HART_FIELD_AT(8 * t->swap[n].out));
    for (int n = 0; n < t->swaps; n++)
        x86(c, OPX_LOAD | X_W, t->swap[n].host, HART_FIELD_AT(8 * t->swap[n].in));
}

void t_leave_loop(const struct translation *t, struct code *c)
{
    for (int n = 0; n < t->swaps; n++)
        x86(c, OPX_STORE | X_W, t->swap[n].host, HART_FIELD_AT(8 * t->swap[n].in));
    for (int n = 0; n < t->swaps; n++)
        x86(c, OPX_LOAD | X_W, t->swap[n].host, HART_FIELD_AT(8 * t->swap[n].out));
}
