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

/* How often a block names each x register. */
static void count_uses(const struct block *b, unsigned uses[ISA_SINK + 1])
{
    for (const struct insn *i = b->insn + b->skew; i < &b->insn[b->count] && i->op < OP_COUNT; i++)
        switch (isa_table[i->op].format) {
        case FMT_R: case FMT_AMO:
            uses[i->rd]++;
            uses[i->rs1]++;
            uses[i->rs2]++;
            break;
        case FMT_B: case FMT_S:
            uses[i->rs1]++;
            uses[i->rs2]++;
            break;
        case FMT_I: case FMT_SH6: case FMT_SH5: case FMT_R1: case FMT_L: case FMT_LR:
            uses[i->rd]++;
            uses[i->rs1]++;
            break;
        case FMT_U: case FMT_XF: case FMT_XFN: case FMT_XFF:
            uses[i->rd]++;
            break;
        case FMT_FL: case FMT_FS: case FMT_FX: case FMT_FXN:
            uses[i->rs1]++;
            break;
        default:
            break;
        }
}

static bool loops(const struct block *b)
{
    if (b->pa2)
        return false;
    for (const struct insn *i = b->insn + b->skew; i < &b->insn[b->count] && i->op < OP_COUNT; i++)
        if ((isa_table[i->op].class == CLASS_BRANCH || i->op == OP_jal) &&
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
