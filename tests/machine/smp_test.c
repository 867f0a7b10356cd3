/* SPDX-License-Identifier: Apache-2.0 */
/* Harts that share memory: atomics are atomic wherever the scheduler cuts. */
#define _GNU_SOURCE
#include "cpu/asm.h"
#include "machine/board.h"

#include <unistd.h>

#define SHARED (RIG_RAM + 0x100000)
#define ROUNDS 1000

enum { A0 = 10, A1, A2, A3, A4, S0 = 8, S1 = 9, T0 = 5, T1 = 6, T2 = 7 };
enum { COUNT_LR = 0, COUNT_AMO = 64, COUNT_LOCKED = 128, LOCK = 192, DONE = 256 };

static uint32_t program[128];
static unsigned length;

static unsigned put(uint32_t word)
{
    program[length] = word;
    return length++;
}

static uint32_t back(unsigned op, unsigned rs1, unsigned rs2, unsigned to)
{
    return asm_b(op, rs1, rs2, (uint32_t)(4 * to - 4 * length));
}

/* All harts count up three counters ROUNDS times: by lr and sc, by amoadd, and by loads and stores
 * under a lock.  Between them each hart waits for a while of its own and looks at mtime, so that
 * slices end anywhere. */
static void make(bool dword)
{
    unsigned again, retry, spin, delay;

    length = 0;
    put(asm_i(OP_csrrs, S0, 0, 0xf14));            /* mhartid */
    put(isa_table[OP_lui].match | A0 << 7 | 0x80100u << 12);
    put(asm_i(OP_slli, A0, A0, 32));
    put(asm_i(OP_srli, A0, A0, 32));               /* SHARED */
    put(isa_table[OP_lui].match | A1 << 7 | 0x200cu << 12); /* mtime is 8 bytes below */
    put(asm_i(OP_addi, S1, 0, ROUNDS));
    again = length;
    retry = length;
    put(asm_r(dword ? OP_lr_d : OP_lr_w, T0, A0, 0));
    put(asm_j(0, 4)); /* a block ends: so may a slice */
    put(asm_i(OP_addi, T0, T0, 1));
    put(asm_r(dword ? OP_sc_d : OP_sc_w, T1, A0, T0));
    put(back(OP_bne, T1, 0, retry));
    put(asm_i(OP_andi, T0, S1, 7));
    put(asm_i(OP_addi, T1, S0, 1));
    put(asm_r(OP_mul, T0, T0, T1));
    delay = length;
    put(asm_i(OP_addi, T0, T0, -1));
    put(back(OP_bge, T0, 0, delay));
    put(asm_i(OP_addi, A2, A0, COUNT_AMO));
    put(asm_i(OP_addi, T0, 0, 1));
    put(asm_r(OP_amoadd_d, 0, A2, T0));
    put(asm_i(OP_andi, T0, S1, 3));
    put(asm_b(OP_bne, T0, 0, 8));
    put(asm_i(OP_ld, T2, A1, -8));
    put(asm_i(OP_addi, A3, A0, LOCK));
    put(asm_i(OP_addi, T0, 0, 1));
    spin = length;
    put(asm_r(OP_amoswap_w, T1, A3, T0));
    put(back(OP_bne, T1, 0, spin));
    put(asm_i(OP_ld, T2, A0, COUNT_LOCKED));
    put(asm_i(OP_addi, T2, T2, 1));
    put(asm_j(0, 4));
    put(asm_s(OP_sd, T2, A0, COUNT_LOCKED));
    put(asm_r(OP_amoswap_w, 0, A3, 0));
    put(asm_i(OP_addi, S1, S1, -1));
    put(back(OP_bne, S1, 0, again));
    put(asm_i(OP_addi, A2, A0, DONE));
    put(asm_r(OP_amoadd_d, 0, A2, T0));
    put(asm_mark(1));
    put(asm_r(OP_wfi, 0, 0, 0));
    put(asm_j(0, (uint32_t)-4));
}

static void on_mark(void *ctx, struct machine *m, unsigned hart, uint64_t number)
{
    unsigned *left = ctx;

    (void)hart, (void)number;
    if (--*left == 0)
        machine_stop(m);
}

static uint64_t counter(struct machine *m, unsigned offset)
{
    uint8_t bytes[8] = {0};

    CHECK_EQ_U64((uint64_t)machine_read_virtual(m, 0, SHARED + offset, bytes, 8), 0);
    return le64_get(bytes);
}

static void count_together(unsigned harts, unsigned timing, bool dword, ps_t quantum_ps)
{
    char path[] = "/tmp/doorbell-smp-XXXXXX";
    struct board_config c;
    struct machine_result result;
    struct machine *m;
    struct err err;
    unsigned left = harts;
    FILE *f = fdopen(mkstemp(path), "wb");

    make(dword);
    CHECK(f && fwrite(program, 4, length, f) == length && fclose(f) == 0);
    config_init(&c);
    c.kernel = path;
    c.firmware = "none";
    c.console = "null";
    c.harts = harts;
    c.timing = timing;
    c.memory_bytes = UINT64_C(64) << 20;
    c.max_ps = PS_PER_S / 100;
    m = machine_new(&c, &err);
    unlink(path);
    CHECK(m != NULL);
    if (!m)
        return;
    m->quantum_ps = quantum_ps;
    machine_on_mark(m, on_mark, &left);
    machine_run(m, &result);
    CHECK_EQ_U64(result.end, END_CALLER);
    for (unsigned n = 0; result.end != END_CALLER && n < harts; n++) {
        const struct hart *h = machine_hart(m, n);
        printf("  hart %u: pc 0x%" PRIx64 " mcause 0x%" PRIx64 " mepc 0x%" PRIx64 " instret %"
               PRIu64 " time %" PRIu64 "\n", n, h->pc, h->mcause, h->mepc, h->instret, hart_now(h));
    }
    CHECK_EQ_U64(counter(m, COUNT_LR), harts * ROUNDS);
    CHECK_EQ_U64(counter(m, COUNT_AMO), harts * ROUNDS);
    CHECK_EQ_U64(counter(m, COUNT_LOCKED), harts * ROUNDS);
    CHECK_EQ_U64(counter(m, DONE), harts);
    machine_free(m);
}

static void test_no_count_is_lost_between_harts(void)
{
    /* A reservation ends with its hart's slice, so a quantum must leave time for lr and sc. */
    static const ps_t quanta[] = {20 * PS_PER_NS, 7 * PS_PER_NS, 50 * PS_PER_NS, PS_PER_US};

    for (unsigned harts = 1; harts <= 16; harts *= 2)
        for (unsigned n = 0; n < ARRAY_LEN(quanta); n++)
            count_together(harts, n & 1 ? TIMING_OFF : TIMING_IO, harts & 5, quanta[n]);
}

TEST_MAIN(test_no_count_is_lost_between_harts)
