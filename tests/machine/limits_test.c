/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line can ask for at its extremes: every parameter at its least and its most, the
 * largest machine, and machines that cannot be made (which leave nothing behind: the sanitizers'
 * build looks for leaks).  The guest is a small driver of an NVMe drive and of everything else that
 * takes time. */
#define _GNU_SOURCE
#include "base/bits.h"
#include "check.h"
#include "machine/board.h"
#include "spec/nvme.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_PS (2 * PS_PER_S / 1000)
#define HOST_SECONDS 60 /* of one run; far more than any takes */

static char folder[] = "/tmp/doorbell-limits-XXXXXX";
static char running[200] = "?"; /* what to blame for a hang */

static void on_alarm(int number)
{
    (void)number;
    if (write(STDOUT_FILENO, "FAIL: the host hangs: ", 22) < 0 ||
        write(STDOUT_FILENO, running, strlen(running)) < 0 || write(STDOUT_FILENO, "\n", 1) < 0)
        _exit(2);
    _exit(1);
}

/* ---- the guest ---- */

/* Enables the controller at device 1 (BAR0 at 0x40000000; admin queues at 0x80001000, 0x80200000),
 * has 3 admin commands done, then 3 of queue 1 (completions at 0x80210000), each waited for by
 * polling; a byte to the UART, 10 us of wfi, a fence, mul, div, amoadd; ends with status 0, or with 1
 * when an I/O command fails:
 *      li s0,0x30008000; li s1,0x40000000; sw s1,0x10(s0); sw zero,0x14(s0); li t0,6;
 *      sw t0,4(s0); li t0,0x001f001f; sw t0,0x24(s1); li t0,0x80001000; sd t0,0x28(s1);
 *      li t0,0x80200000; sd t0,0x30(s1); li t0,0x00460001; sw t0,0x14(s1);
 *  1:  lw t1,0x1c(s1); andi t1,t1,1; beqz t1,1b; li s2,0x40001000; li t0,3; sw t0,0(s2);
 *      li s3,0x80200000
 *  2:  lw t1,44(s3); srli t1,t1,16; andi t1,t1,1; beqz t1,2b; li t0,3; sw t0,4(s2);
 *      sw t0,8(s2); li s3,0x80210000; addi t2,s3,64
 *  3:  lw t1,12(s3); srli t1,t1,16; andi t0,t1,1; beqz t0,3b; srli t1,t1,1; bnez t1,9f;
 *      addi s3,s3,16; addi t3,s3,16; bne t3,t2,3b; li s4,0x10000000; li t0,'a'; sb t0,0(s4);
 *      lb t0,5(s4); li s5,0x200bff8; li s6,0x2004000; ld t0,0(s5); addi t0,t0,100; sd t0,0(s6);
 *      li t0,0x80; csrw mie,t0; wfi; fence; li t0,7; li t1,9; mul t2,t0,t1; div t2,t2,t0;
 *      li t0,0x80220000; amoadd.d t2,t0,(t0); li t1,0x5555; j 4f
 *  9:  li t1,0x13333
 *  4:  li t0,0x100000; sw t1,0(t0)
 *  5:  j 5b */
static const uint32_t code[] = {
    0x30008437, 0x400004b7, 0x00942823, 0x00042a23, 0x00600293, 0x00542223, 0x001f02b7, 0x01f2829b,
    0x0254a223, 0x000802b7, 0x0012829b, 0x00c29293, 0x0254b423, 0x4010029b, 0x01529293, 0x0254b823,
    0x004602b7, 0x0012829b, 0x0054aa23, 0x01c4a303, 0x00137313, 0xfe030ce3, 0x40001937, 0x00300293,
    0x00592023, 0x4010099b, 0x01599993, 0x02c9a303, 0x01035313, 0x00137313, 0xfe030ae3, 0x00300293,
    0x00592223, 0x00592423, 0x000089b7, 0x0219899b, 0x01099993, 0x04098393, 0x00c9a303, 0x01035313,
    0x00137293, 0xfe028ae3, 0x00135313, 0x06031a63, 0x01098993, 0x01098e13, 0xfe7e10e3, 0x10000a37,
    0x06100293, 0x005a0023, 0x005a0283, 0x0200cab7, 0xff8a8a9b, 0x02004b37, 0x000ab283, 0x06428293,
    0x005b3023, 0x08000293, 0x30429073, 0x10500073, 0x0ff0000f, 0x00700293, 0x00900313, 0x026283b3,
    0x0253c3b3, 0x000042b7, 0x0112829b, 0x01129293, 0x0052b3af, 0x00005337, 0x5553031b, 0x00c0006f,
    0x00013337, 0x3333031b, 0x001002b7, 0x0062a023, 0x0000006f,
};

#define IMAGE_BYTES 0x4000
#define GUEST_RAM UINT64_C(0x80000000)

static void command(uint8_t *sqe, unsigned opcode, unsigned cid, uint64_t prp1, uint64_t prp2,
                    uint32_t cdw10, uint32_t cdw11, uint32_t cdw12)
{
    sqe[NVME_SQE_OPCODE] = (uint8_t)opcode;
    le16_put(sqe + NVME_SQE_CID, (uint16_t)cid);
    le32_put(sqe + NVME_SQE_NSID, 1);
    le64_put(sqe + NVME_SQE_PRP1, prp1);
    le64_put(sqe + NVME_SQE_PRP2, prp2);
    le32_put(sqe + NVME_SQE_CDW10, cdw10);
    le32_put(sqe + NVME_SQE_CDW11, cdw11);
    le32_put(sqe + NVME_SQE_CDW12, cdw12);
}

/* Of a file in the folder; stays. */
static char *path(const char *name)
{
    static char names[128][64];
    static unsigned count;
    char full[sizeof names[0]];
    unsigned i = 0;

    snprintf(full, sizeof full, "%s/%s", folder, name);
    while (i < count && strcmp(names[i], full))
        i++;
    if (i == count && count < ARRAY_LEN(names))
        strcpy(names[count++], full);
    return names[i % ARRAY_LEN(names)];
}

static void put_file(const char *name, const void *bytes, size_t size, uint64_t length)
{
    FILE *f = fopen(path(name), "wb");

    CHECK(f && fwrite(bytes, 1, size, f) == size && fclose(f) == 0);
    CHECK(truncate(path(name), (off_t)length) == 0);
}

static void make_files(void)
{
    uint8_t image[IMAGE_BYTES] = {0}, *list = image + 0x3000;
    char name[16];

    for (unsigned i = 0; i < ARRAY_LEN(code); i++)
        le32_put(image + 4 * i, code[i]);
    command(image + 0x1000, NVME_ADMIN_IDENTIFY, 1, 0x80218000, 0, NVME_CNS_CONTROLLER, 0, 0);
    command(image + 0x1040, NVME_ADMIN_CREATE_CQ, 2, 0x80210000, 0, 63 << 16 | 1, 1, 0);
    command(image + 0x1080, NVME_ADMIN_CREATE_SQ, 3, 0x80002000, 0, 63 << 16 | 1, 1 << 16 | 1, 0);
    for (unsigned i = 0; i < 8; i++)
        le64_put(list + 8 * i, 0x80240000 + i * 0x2000);
    command(image + 0x2000, NVME_NVM_WRITE, 4, 0x80000000, 0x80003000, 0, 0, 4096 / 512 * 9 - 1);
    command(image + 0x2040, NVME_NVM_READ, 5, 0x80230200, 0x80003000, 3, 0, 4096 / 512 * 8 - 1);
    command(image + 0x2080, NVME_NVM_FLUSH, 6, 0, 0, 0, 0, 0);
    put_file("kernel", image, sizeof image, sizeof image);
    for (unsigned i = 0; i < CONFIG_NVME_MAX * CONFIG_NAMESPACES_MAX; i++) {
        snprintf(name, sizeof name, "disk%u", i);
        put_file(name, "", 0, 1 << 20);
    }
}

/* ---- machines ---- */

static void configure(struct board_config *c, unsigned timing)
{
    struct err err;

    config_init(c);
    c->kernel = path("kernel");
    c->firmware = "none";
    c->timing = timing;
    c->memory_bytes = UINT64_C(8) << 20;
    c->max_ps = RUN_PS;
    CHECK(config_add_nvme(c, path("disk0"), &err) == 0);
}

/* Runs it; the end must be an orderly one. */
static enum machine_end run(struct board_config *c)
{
    struct machine_result r = {.end = END_STUCK};
    struct err err = {""};
    struct machine *m = machine_new(c, &err);

    if (!m) {
        printf("%s: %s\n", running, err.text);
        CHECK(!"the machine is made");
        return r.end;
    }
    alarm(HOST_SECONDS);
    machine_run(m, &r);
    alarm(0);
    if (r.end != END_MAX_TIME && (r.end != END_FINISHER || r.code)) {
        printf("%s: end %u, code %u\n", running, r.end, (unsigned)r.code);
        CHECK(!"it ends by itself or at --max-time");
    }
    machine_free(m);
    return r.end;
}

static void test_the_guest_has_all_its_commands_done(void)
{
    for (unsigned timing = TIMING_OFF; timing < TIMING_LEVELS; timing++) {
        struct board_config c;

        configure(&c, timing);
        CHECK_EQ_U64(run(&c), END_FINISHER);
        config_fini(&c);
    }
}

/* MSI points at the controller's own INTMC, whose write sends the message again; one identify
 * command starts it, a loop of 100000 rounds goes on meanwhile, then status 0:
 *  (as above to sw t0,4(s0)); li t0,0x40000010; sw t0,0x54(s0); sw zero,0x58(s0);
 *  sw zero,0x5c(s0); lw t0,0x50(s0); li t1,0x10000; or t0,t0,t1; sw t0,0x50(s0); (as above to the
 *  first doorbell, with 1); li t2,100000; 2: addi t2,t2,-1; bnez t2,2b; li t0,0x100000;
 *  li t1,0x5555; sw t1,0(t0); 3: j 3b */
static const uint32_t storm[] = {
    0x30008437, 0x400004b7, 0x00942823, 0x00042a23, 0x00600293, 0x00542223, 0x400002b7, 0x0102829b,
    0x04542a23, 0x04042c23, 0x04042e23, 0x05042283, 0x00010337, 0x0062e2b3, 0x04542823, 0x001f02b7,
    0x01f2829b, 0x0254a223, 0x000802b7, 0x0012829b, 0x00c29293, 0x0254b423, 0x4010029b, 0x01529293,
    0x0254b823, 0x004602b7, 0x0012829b, 0x0054aa23, 0x01c4a303, 0x00137313, 0xfe030ce3, 0x40001937,
    0x00100293, 0x00592023, 0x000183b7, 0x6a03839b, 0xfff38393, 0xfe039ee3, 0x001002b7, 0x00005337,
    0x5553031b, 0x0062a023, 0x0000006f,
};

static void test_a_message_that_sends_itself_does_not_hang_the_host(void)
{
    uint8_t image[0x2000] = {0};

    for (unsigned i = 0; i < ARRAY_LEN(storm); i++)
        le32_put(image + 4 * i, storm[i]);
    command(image + 0x1000, NVME_ADMIN_IDENTIFY, 1, 0x80218000, 0, NVME_CNS_CONTROLLER, 0, 0);
    put_file("storm", image, sizeof image, sizeof image);
    for (unsigned timing = TIMING_OFF; timing < TIMING_LEVELS; timing++) {
        struct board_config c;

        snprintf(running, sizeof running, "storm of messages, timing %u", timing);
        configure(&c, timing);
        c.kernel = path("storm");
        CHECK_EQ_U64(run(&c), END_FINISHER);
        config_fini(&c);
    }
}

/* "path=value" of every parameter at its limit, in `sets`; how many there are. */
static unsigned extremes(unsigned timing, bool most, char sets[CONFIG_SETS_MAX][128])
{
    struct board_config c;
    struct err err;
    struct machine *m;
    unsigned count = 0;

    configure(&c, timing);
    m = machine_new(&c, &err);
    CHECK(m != NULL);
    for (unsigned i = 0; m && i < machine_params(m)->count; i++) {
        const struct param_group *g = &machine_params(m)->group[i];

        for (const struct param *row = g->rows; row->name && count < CONFIG_SETS_MAX; row++) {
            char value[64];

            param_format(row, most ? row->max : row->min, value, sizeof value);
            snprintf(sets[count++], sizeof sets[0], "%s.%s=%s", g->prefix, row->name, value);
        }
    }
    machine_free(m);
    config_fini(&c);
    CHECK(count > 50 && count < CONFIG_SETS_MAX);
    return count;
}

static void test_every_parameter_at_its_least_and_its_most(void)
{
    for (unsigned k = 0; k < 2 * TIMING_LEVELS; k++) {
        static char sets[CONFIG_SETS_MAX][128];
        unsigned timing = k / 2, count = extremes(timing, k % 2, sets);

        for (unsigned i = 0; i < count; i++) {
            struct board_config c;
            struct err err;

            snprintf(running, sizeof running, "timing %u, %.150s", timing, sets[i]);
            configure(&c, timing);
            CHECK(config_add_set(&c, sets[i], &err) == 0);
            (void)run(&c);
            config_fini(&c);
        }
    }
}

/* The fastest and the slowest machine there can be, and those of mixed extremes. */
static void test_all_parameters_at_their_limits_at_once(void)
{
    static char sets[2][CONFIG_SETS_MAX][128];

    for (unsigned mix = 0; mix < 6 * TIMING_LEVELS; mix++) {
        unsigned timing = mix / 6, way = mix % 6, count = 0;
        struct board_config c;
        struct err err;

        for (unsigned most = 0; most < 2; most++)
            count = extremes(timing, most, sets[most]);
        snprintf(running, sizeof running, "timing %u, mix %u", timing, way);
        configure(&c, timing);
        for (unsigned i = 0; i < count; i++) {
            unsigned most = way < 2 ? way : i * 0x9e3779b9u >> (8 + way) & 1;

            CHECK(config_add_set(&c, sets[most][i], &err) == 0);
        }
        (void)run(&c);
        config_fini(&c);
    }
}

static void test_the_largest_machine_is_made_and_runs(void)
{
    for (unsigned irq = IRQ_PLIC; irq <= IRQ_AIA; irq++) {
        struct board_config c;
        struct err err;
        char drive[2000];

        snprintf(running, sizeof running, "largest machine, irq %u", irq);
        configure(&c, TIMING_IO);
        config_fini(&c);
        c.irq = irq;
        c.harts = VIRT_HARTS_MAX;
        for (unsigned n = 0; n < CONFIG_NVME_MAX; n++) {
            int used = 0;

            for (unsigned s = 0; s < CONFIG_NAMESPACES_MAX; s++)
                used += snprintf(drive + used, sizeof drive - (size_t)used, "%s%s/disk%u",
                                 s ? ",namespace=" : "", folder, n * CONFIG_NAMESPACES_MAX + s);
            CHECK(config_add_nvme(&c, drive, &err) == 0);
        }
        CHECK_EQ_U64(run(&c), END_FINISHER);
        CHECK(config_add_nvme(&c, path("disk0"), &err) != 0);
        config_fini(&c);
    }
}

/* ---- machines that cannot be made ---- */

static void fails(struct board_config *c, const char *what, const char *says)
{
    struct err err = {""};
    struct machine *m = machine_new(c, &err);

    if (m || !strstr(err.text, says)) {
        printf("%s: %s\n", what, m ? "made" : err.text);
        CHECK(!"it fails and says why");
    }
    machine_free(m);
    config_fini(c);
}

static void set_text(struct board_config *c, size_t offset, const char *value)
{
    *(const char **)(void *)((char *)c + offset) = value;
}

static void test_a_machine_that_cannot_be_made_says_why_and_leaves_nothing(void)
{
    static uint8_t elf[64] = "\x7f" "ELF\2\1\1";
    static char append[5000];
    const struct {
        size_t offset;
        const char *value, *says;
    } texts[] = {
#define TEXT(member, value, says) {offsetof(struct board_config, member), value, says}
        TEXT(kernel, path("none"), "cannot open"),
        TEXT(kernel, path("empty"), "is empty"),
        TEXT(kernel, path("elf"), "no program headers"),
        TEXT(kernel, path("large"), "no room"),
        TEXT(kernel, path("gzip"), "gzip"),
        TEXT(kernel, folder, "folder"),
        TEXT(firmware, path("none"), "cannot open"),
        TEXT(firmware, path("elf"), "no program headers"),
        TEXT(initrd, path("none"), "cannot open"),
        TEXT(initrd, path("empty"), "is empty"),
        TEXT(initrd, path("large"), "no room"),
        TEXT(job, path("none"), "cannot open"),
        TEXT(job, folder, "no file named run"),
        TEXT(append, append, "--append"),
        TEXT(console, path("none/console"), "cannot create"),
#undef TEXT
    };
    static const char *const drives[][2] = {
        {"none", "No such file"}, {"empty", "empty"}, {"disk0", "in use"},
        {"disk1,overlay=%s/elf", "overlay"}, {"disk1,profile=x", "profile"},
        {"disk1,overlay=%s/none/x", "No such file"}, {"disk1,namespace=%s/none", "No such file"},
        {"disk1,overlay=%s/new,namespace=%s/disk2,discard,namespace=%s/none", "No such file"},
    };
    static const char *const sets[][2] = {
        {"cpu.none=1", "no such parameter"}, {"none.x=1", "no such parameter"},
        {"cpu.frequency_hz=1Hz", "out of range"}, {"nvme0.read_ps=1", "number"},
        {"nvme0.link.lanes=99999999999999999999", "number"},
    };
    struct board_config c;
    struct err err;

    le16_put(elf + 16, 2);
    le16_put(elf + 18, 243);
    memset(append, 'a', sizeof append - 1);
    put_file("empty", "", 0, 0);
    put_file("elf", elf, sizeof elf, sizeof elf);
    put_file("large", code, sizeof code, (UINT64_C(8) << 20) - 4096);
    put_file("gzip", "\x1f\x8b\x08", 3, 100);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        configure(&c, TIMING_IO);
        set_text(&c, texts[i].offset, texts[i].value);
        fails(&c, texts[i].value, texts[i].says);
    }
    for (size_t i = 0; i < ARRAY_LEN(drives); i++) {
        char text[400], *at = text;

        at += snprintf(text, sizeof text, "%s/", folder);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(at, sizeof text - (size_t)(at - text), drives[i][0], folder, folder, folder);
#pragma GCC diagnostic pop
        configure(&c, TIMING_IO);
        CHECK(config_add_nvme(&c, text, &err) == 0);
        fails(&c, text, drives[i][1]);
    }
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        configure(&c, TIMING_IO);
        CHECK(config_add_set(&c, sets[i][0], &err) == 0);
        fails(&c, sets[i][0], sets[i][1]);
    }
}

/* What only the command line checks is not trusted: a caller that fills the config itself fails. */
static void test_impossible_numbers_are_errors(void)
{
    struct board_config c;

    configure(&c, TIMING_IO);
    c.harts = 0;
    fails(&c, "harts=0", "harts");
    configure(&c, TIMING_IO);
    c.harts = VIRT_HARTS_MAX + 1;
    fails(&c, "harts=17", "harts");
    configure(&c, TIMING_IO);
    c.memory_bytes = 0;
    fails(&c, "memory=0", "memory");
    configure(&c, TIMING_IO);
    c.memory_bytes = CONFIG_MEMORY_MAX + 4096;
    fails(&c, "memory=64G+4K", "memory");
    configure(&c, TIMING_IO);
    c.memory_bytes = UINT64_MAX - 4095;
    fails(&c, "memory=16E", "memory");
}

int main(int argc, char **argv)
{
    static void (*const tests[])(void) = {
        test_the_guest_has_all_its_commands_done,
        test_a_message_that_sends_itself_does_not_hang_the_host,
        test_every_parameter_at_its_least_and_its_most,
        test_all_parameters_at_their_limits_at_once,
        test_the_largest_machine_is_made_and_runs,
        test_a_machine_that_cannot_be_made_says_why_and_leaves_nothing,
        test_impossible_numbers_are_errors};
    char remove[200];
    int rc;

    if (!mkdtemp(folder))
        return 1;
    signal(SIGALRM, on_alarm);
    make_files();
    rc = check_main("test_the_guest_has_all_its_commands_done,"
                    "test_a_message_that_sends_itself_does_not_hang_the_host,"
                    "test_every_parameter_at_its_least_and_its_most,"
                    "test_all_parameters_at_their_limits_at_once,"
                    "test_the_largest_machine_is_made_and_runs,"
                    "test_a_machine_that_cannot_be_made_says_why_and_leaves_nothing,"
                    "test_impossible_numbers_are_errors",
                    tests, ARRAY_LEN(tests), argc > 1 ? argv[1] : NULL);
    snprintf(remove, sizeof remove, "rm -rf %s", folder);
    return system(remove) ? 1 : rc;
}
