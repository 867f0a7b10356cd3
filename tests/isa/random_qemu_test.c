/* SPDX-License-Identifier: Apache-2.0 */
/* Random programs on the interpreter and on QEMU: every register, flag, trap and byte of memory
 * must agree.  QEMU's RAM is a file, which holds all that its programs left when it has ended.
 *
 *     DOORBELL_RANDOM_RUNS=n   batches of RANDOM_PROGRAMS_MAX programs (default 4)
 *     DOORBELL_RANDOM_SEED=n   where the seeds start
 *
 * A program that differs is run again cut after each of its steps, to name the instruction. */
#include "cpu/hart_rig.h"
#include "random_program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define QEMU "qemu-system-riscv64"
#define QEMU_RAM_BYTES (16u << 20)
#define QEMU_SECONDS_MAX 120

extern char **environ;

/* ---- QEMU ---- */

static char dir[64];

static char *path_of(const char *file)
{
    static char path[4][128];
    static unsigned turn;

    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", dir, file);
    return path[turn];
}

/* Exit status, or -1 when it could not run or did not end. */
static int run(char *const *argv, const char *output)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status, error;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    error = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        return -1;
    for (unsigned tenths = 0; waitpid(pid, &status, WNOHANG) == 0; tenths++) {
        if (tenths == QEMU_SECONDS_MAX * 20) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return -1;
        }
        nanosleep(&(struct timespec){0, 50000000}, NULL);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* QEMU's major version, 0 if there is none. */
static int qemu_version(void)
{
    char *argv[] = {QEMU, "--version", NULL};
    int major = 0;
    FILE *f;

    if (run(argv, path_of("version")) != 0)
        return 0;
    f = fopen(path_of("version"), "r");
    if (!f || fscanf(f, "QEMU emulator version %d", &major) != 1)
        major = 0;
    if (f)
        fclose(f);
    return major;
}

/* The -cpu argument: exactly the extensions of the instruction table. */
static void cpu_argument(char *text, size_t size)
{
    size_t n = (size_t)snprintf(text, size, "rv64,zbc=off,h=off");

    for (unsigned op = 0; op < OP_COUNT; op++) {
        const char *qemu = NULL;
        char item[64];

        if (!random_extension(isa_table[op].extension, &qemu)) {
            printf("extension %s is unknown to random_program.c\n", isa_table[op].extension);
            CHECK(!"every extension of isa.def is known");
        }
        snprintf(item, sizeof item, ",%s=on", qemu ? qemu : "");
        if (qemu && *qemu && !strstr(text, item))
            n += (size_t)snprintf(text + n, size - n, "%s", item);
    }
}

static int write_file(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    size_t n;

    if (!f)
        return -1;
    n = fwrite(bytes, 1, size, f);
    return fclose(f) || n != size ? -1 : 0;
}

/* Runs an image; `ram` then holds the first RANDOM_IMAGE_BYTES of QEMU's memory. */
static int run_qemu(const uint8_t *image, uint8_t *ram)
{
    char cpu[512], object[256], *program = path_of("image"), *memory = path_of("ram");
    char *argv[] = {QEMU, "-machine", "virt,memory-backend=ram", "-m", "16M", "-smp", "1",
                    "-object", object, "-cpu", cpu, "-bios", program, "-display", "none",
                    "-serial", "none", "-monitor", "none", "-nodefaults", NULL};
    FILE *f;
    size_t n;
    int status;

    cpu_argument(cpu, sizeof cpu);
    snprintf(object, sizeof object, "memory-backend-file,id=ram,size=16M,share=on,mem-path=%s",
             memory);
    unlink(memory);
    if (write_file(program, image, RANDOM_IMAGE_BYTES))
        return -1;
    status = run(argv, path_of("log"));
    if (status != 0) {
        char line[256] = "";

        f = fopen(path_of("log"), "r");
        printf("%s ended with %d: %s\n", QEMU, status,
               f && fgets(line, sizeof line, f) ? line : "");
        if (f)
            fclose(f);
        return -1;
    }
    f = fopen(memory, "rb");
    if (!f)
        return -1;
    n = fread(ram, 1, RANDOM_IMAGE_BYTES, f);
    fclose(f);
    return n == RANDOM_IMAGE_BYTES ? 0 : -1;
}

/* ---- our hart ---- */

static void count_probe(void *ctx, struct hart *h)
{
    (void)h;
    ++*(uint64_t *)ctx;
}

/* SLICES: returns to the scheduler's place at every block's end.  PROBES: one at every address. */
enum how { WHOLE, SLICES, PROBES };

/* *ticks and *instret: what it took. */
static int run_ours(const struct random_image *image, uint8_t *ram, enum timing_level level,
                    enum how how, uint64_t *ticks, uint64_t *instret)
{
    uint64_t hits = 0;
    struct hart_rig *r = rig_new(level);
    unsigned stops = 0;

    memcpy(r->ram.ram, image->bytes, RANDOM_IMAGE_BYTES);
    code_probe_fn(r->shared.code, count_probe, &hits);
    for (uint64_t at = 0; how == PROBES && at < image->program[image->count - 1].end; at += 2)
        code_probe_add(r->shared.code, RANDOM_BASE + at);
    while (r->hart->mark != RANDOM_DONE && ++stops < 10000000)
        rig_run(r, how == SLICES ? 1 : 1000000);
    memcpy(ram, r->ram.ram, RANDOM_IMAGE_BYTES);
    if (r->hart->mark != RANDOM_DONE)
        printf("our hart did not come to the end: pc 0x%" PRIx64 "\n", r->hart->pc);
    stops = r->hart->mark != RANDOM_DONE;
    *ticks = r->hart->ticks;
    *instret = r->hart->instret;
    CHECK(how != PROBES || hits > *instret * 9 / 10); /* a probe is hit before traps too */
    rig_free(r);
    return stops ? -1 : 0;
}

/* ---- comparison ---- */

static const char *area_name(uint32_t offset, char *buf, size_t size)
{
    if (offset >= AREA_LOG)
        snprintf(buf, size, "trap %u %s", (offset - AREA_LOG) / 32,
                 (const char *[]){"cause", "pc", "tval", "?"}[(offset - AREA_LOG) / 8 % 4]);
    else if (offset >= AREA_FCSR_OUT)
        snprintf(buf, size, "fcsr");
    else if (offset >= AREA_F_OUT)
        snprintf(buf, size, "f%u", (offset - AREA_F_OUT) / 8);
    else if (offset >= AREA_X_OUT)
        snprintf(buf, size, "x%u", (offset - AREA_X_OUT) / 8);
    else
        snprintf(buf, size, "offset %u (traps %u)", offset, AREA_TRAPS);
    return buf;
}

/* What QEMU 7.2 reports otherwise, and may or should not: the trap value of ebreak and of some
 * illegal system instructions is 0 there (the specification allows both), and an AMO that faults is
 * a load (it is a store). */
static void forgive(const struct random_program *p, uint8_t *ram)
{
    uint8_t *area = ram + p->area;

    for (unsigned n = 0; n < u64_min(le64_get(area + AREA_TRAPS), RANDOM_LOG_MAX); n++) {
        uint8_t *log = area + AREA_LOG + (size_t)32 * n;
        uint64_t cause = le64_get(log), pc = le64_get(log + 8) - RANDOM_BASE;

        if (cause == CAUSE_BREAKPOINT ||
            (cause == CAUSE_ILLEGAL && (le64_get(log + 16) & 0x7f) == 0x73))
            le64_put(log + 16, 0);
        if ((cause == CAUSE_LOAD_MISALIGNED || cause == CAUSE_LOAD_PAGE) &&
            pc < RANDOM_IMAGE_BYTES - 4) {
            uint32_t word = le32_get(ram + pc);
            if ((word & 0x7f) == 0x2f && word >> 27 != 2)
                le64_put(log, cause + CAUSE_STORE_PAGE - CAUSE_LOAD_PAGE);
        }
    }
}

/* Whether a program left the same; tells what differs. */
static bool same(const struct random_program *p, const uint8_t *ours, const uint8_t *qemu,
                 bool tell)
{
    char name[64];
    bool equal = true;

    for (uint32_t n = 0; n < AREA_BYTES + WINDOW_BYTES + 16; n += 8) {
        uint32_t at = n < AREA_BYTES ? p->area + n
                      : n < AREA_BYTES + WINDOW_BYTES
                          ? p->window + n - AREA_BYTES
                          : random_pte(p->window) + n - AREA_BYTES - WINDOW_BYTES;
        uint64_t a = le64_get(ours + at), b = le64_get(qemu + at);

        if (a == b)
            continue;
        equal = false;
        if (!tell)
            break;
        if (n < AREA_BYTES)
            printf("    %s:", area_name(n, name, sizeof name));
        else if (n < AREA_BYTES + WINDOW_BYTES)
            printf("    memory + 0x%x:", n - AREA_BYTES);
        else
            printf("    PTE:");
        printf(" ours 0x%016" PRIx64 ", QEMU's 0x%016" PRIx64 "\n", a, b);
    }
    return equal;
}

struct work {
    struct random_image image;
    uint8_t *ours, *qemu;
    enum how how;
};

static bool run_both(struct work *w)
{
    uint64_t ticks, instret;

    random_build(&w->image);
    if (run_ours(&w->image, w->ours, TIMING_OFF, w->how, &ticks, &instret) ||
        run_qemu(w->image.bytes, w->qemu))
        return false;
    for (unsigned n = 0; n < w->image.count; n++)
        forgive(&w->image.program[n], w->qemu);
    for (unsigned n = 0; n < w->image.count; n++)
        forgive(&w->image.program[n], w->ours);
    return true;
}

/* Names the step at which a program begins to differ. */
static void explain(struct work *w, uint64_t seed, unsigned length)
{
    struct random_image *image = &w->image;

    image->count = length;
    for (unsigned n = 0; n < length; n++)
        image->program[n] = (struct random_program){.seed = seed, .length = n + 1};
    if (!run_both(w))
        return;
    for (unsigned n = 0; n < length; n++) {
        const struct random_program *p = &image->program[n];
        uint32_t at = p->body, from = n ? p->body + image->program[n - 1].end -
                                              image->program[n - 1].body : p->body;

        if (same(p, w->ours, w->qemu, false))
            continue;
        printf("program 0x%" PRIx64 " differs after step %u:\n", seed, n + 1);
        for (at = from; at < p->end; ) {
            uint32_t word = le32_get(image->bytes + at);
            char text[96];

            if ((word & 3) != 3)
                word &= 0xffff;
            isa_disassemble(word, RANDOM_BASE + at, text, sizeof text);
            printf("    %" PRIx64 ": %08x %s\n", RANDOM_BASE + at, word, text);
            at += (word & 3) == 3 ? 4 : 2;
        }
        same(p, w->ours, w->qemu, true);
        return;
    }
    printf("program 0x%" PRIx64 " differs only with its neighbours\n", seed);
}

static unsigned long from_environment(const char *name, unsigned long otherwise)
{
    const char *s = getenv(name);

    return s ? strtoul(s, NULL, 0) : otherwise;
}

static void test_random_programs_end_as_on_qemu(void)
{
    unsigned long runs = from_environment("DOORBELL_RANDOM_RUNS", 4);
    uint64_t seed = from_environment("DOORBELL_RANDOM_SEED", 1);
    struct work w = {0};
    unsigned differing = 0;
    int version;

    snprintf(dir, sizeof dir, "%s/doorbell-XXXXXX", "/tmp");
    CHECK(mkdtemp(dir) != NULL);
    version = qemu_version();
    if (version < 7) {
        check_skip("needs " QEMU " 7 or newer");
        goto out;
    }
    /* Newer ones know more instructions, so that the same encodings are not illegal there. */
    w.image.illegal = version == 7;
    w.image.bytes = xcalloc(1, RANDOM_IMAGE_BYTES);
    w.ours = xcalloc(1, RANDOM_IMAGE_BYTES);
    w.qemu = xcalloc(1, RANDOM_IMAGE_BYTES);
    for (unsigned long n = 0; n < runs && differing < 3; n++) {
        struct random_image batch;
        bool equal[RANDOM_PROGRAMS_MAX];

        w.image.count = RANDOM_PROGRAMS_MAX;
        for (unsigned k = 0; k < RANDOM_PROGRAMS_MAX; k++)
            w.image.program[k] = (struct random_program){.seed = seed++ << 20, .length = 100};
        w.how = n & 1 ? SLICES : WHOLE;
        w.image.paged = n & 2;
        if (!run_both(&w)) {
            CHECK(!"both run to the end");
            break;
        }
        batch = w.image;
        for (unsigned k = 0; k < batch.count; k++)
            equal[k] = same(&batch.program[k], w.ours, w.qemu, false);
        for (unsigned k = 0; k < batch.count; k++)
            if (!equal[k] && differing++ < 3)
                explain(&w, batch.program[k].seed, batch.program[k].length);
    }
    CHECK_EQ_U64(differing, 0);
    free(w.image.bytes);
    free(w.ours);
    free(w.qemu);
out:
    for (unsigned n = 0; n < 4; n++)
        unlink(path_of((const char *[]){"version", "image", "ram", "log"}[n]));
    rmdir(dir);
}

/* Whatever the size of the slices, and whoever looks on: the same memory, the same time. */
static void test_slices_and_probes_change_neither_state_nor_time(void)
{
    struct random_image image = {.bytes = xcalloc(1, RANDOM_IMAGE_BYTES), .illegal = true};
    uint8_t *ram[3];
    uint64_t ticks[3], instret[3];

    for (unsigned how = WHOLE; how <= PROBES; how++)
        ram[how] = xcalloc(1, RANDOM_IMAGE_BYTES);
    for (unsigned n = 0; n < 4; n++) {
        image.paged = n & 1;
        image.count = RANDOM_PROGRAMS_MAX;
        for (unsigned k = 0; k < image.count; k++)
            image.program[k] = (struct random_program){.seed = 1000 * n + k, .length = 100};
        random_build(&image);
        for (unsigned how = WHOLE; how <= PROBES; how++) {
            CHECK_EQ_U64((uint64_t)run_ours(&image, ram[how], TIMING_IO, (enum how)how,
                                            &ticks[how], &instret[how]), 0);
            CHECK(memcmp(ram[WHOLE], ram[how], RANDOM_IMAGE_BYTES) == 0);
            CHECK_EQ_U64(ticks[how], ticks[WHOLE]);
            CHECK_EQ_U64(instret[how], instret[WHOLE]);
        }
    }
    for (unsigned how = WHOLE; how <= PROBES; how++)
        free(ram[how]);
    free(image.bytes);
}

TEST_MAIN(test_random_programs_end_as_on_qemu,
          test_slices_and_probes_change_neither_state_nor_time)
