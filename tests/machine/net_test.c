/* SPDX-License-Identifier: Apache-2.0 */
/* NICs on a board.  The guest here has no driver: the tests are the NIC's end of its wire, and the
 * harts wait or spin. */
#define _GNU_SOURCE
#include "base/hash.h"
#include "cpu/asm.h"
#include "host/file.h"
#include "machine/board.h"
#include "machine/net_peer.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/check.h"

enum { T0 = 5, T1 = 6, FINISHER = 0x100 };
enum program { WAIT, SPIN, POWER_OFF, FAIL, PROGRAMS };

static struct err err;
static char kernel[PROGRAMS][40];

static uint32_t lui(unsigned rd, uint32_t high)
{
    return isa_table[OP_lui].match | rd << 7 | high << 12;
}

/* Spins for some time, then tells the finisher; the wait and the spin are for ever. */
static void make(enum program program)
{
    uint32_t words[16];
    unsigned n = 0;
    FILE *f;

    if (program == WAIT) {
        words[n++] = isa_table[OP_wfi].match;
        words[n++] = asm_j(0, (uint32_t)-4);
    } else if (program == SPIN) {
        words[n++] = asm_i(OP_addi, T0, T0, 1);
        words[n++] = asm_j(0, (uint32_t)-4);
    } else {
        words[n++] = lui(T0, 1);
        words[n++] = asm_i(OP_addi, T0, T0, -1);
        words[n++] = asm_b(OP_bne, T0, 0, (uint32_t)-4);
        words[n++] = lui(T1, FINISHER);
        words[n++] = lui(T0, program == FAIL ? 0x73 : 5);
        words[n++] = asm_i(OP_addi, T0, T0, program == FAIL ? 0x333 : 0x555);
        words[n++] = asm_s(OP_sw, T0, T1, 0);
        words[n++] = asm_j(0, 0);
    }
    strcpy(kernel[program], "/tmp/doorbell-net-XXXXXX");
    f = fdopen(mkstemp(kernel[program]), "wb");
    CHECK(f && fwrite(words, 4, n, f) == n && fclose(f) == 0);
}

static void configure(struct board_config *c, enum program program, const char *nic)
{
    if (!kernel[program][0])
        make(program);
    config_init(c);
    c->kernel = kernel[program];
    c->firmware = "none";
    c->memory_bytes = UINT64_C(16) << 20;
    CHECK(config_add_nic(c, nic, &err) == 0);
}

/* ---- the NIC's end ---- */

#define PROTOCOL 0x88b5
enum { FRAMES = 64, ANSWER_PS = 700 * PS_PER_NS };

struct station {
    struct machine *m;
    struct nic *nic;
    struct event send;
    unsigned to_send;      /* frames, one whenever `send` fires */
    bool answers;          /* each frame that comes */
    unsigned stop_after;   /* frames; 0: never */
    uint8_t seen[FRAMES][64];
    uint32_t len[FRAMES];
    ps_t came[FRAMES], began[FRAMES];
    unsigned frames;
    uint64_t hash;         /* of all times and contents */
};

static void station_send(void *owner)
{
    struct station *s = owner;
    uint8_t frame[1000] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, PROTOCOL >> 8,
                           PROTOCOL & 0xff};

    if (!s->to_send)
        return;
    frame[14] = (uint8_t)s->to_send--;
    wire_send(&s->nic->wire, WIRE_NIC, frame, 60 + 100 * (s->to_send % 8), s->m->clock.now, NULL);
    if (s->to_send && !s->answers)
        clock_arm_after(&s->m->clock, &s->send, 5 * PS_PER_US);
}

/* How far the hart has come: an event may be in its past. */
static ps_t hart_at(const struct machine *m)
{
    return m->hart[0]->idle ? m->clock.now : u64_max(m->clock.now, hart_now(m->hart[0]));
}

static void station_receive(void *owner, const struct frame *frame)
{
    struct station *s = owner;

    if (s->frames < FRAMES) {
        memcpy(s->seen[s->frames], frame->bytes, 60);
        s->len[s->frames] = frame->len;
        s->came[s->frames] = hart_at(s->m);
        s->began[s->frames] = frame->began;
    }
    s->frames++;
    s->hash = hash_bytes(hash_u64(s->hash, s->m->clock.now), frame->bytes, frame->len);
    if (s->stop_after && s->frames >= s->stop_after)
        machine_stop(s->m);
    if (s->answers)
        clock_arm_after(&s->m->clock, &s->send, ANSWER_PS);
}

/* The link is up; the first of `to_send` frames goes at 10 us. */
static void plug(struct station *s, struct machine *m, unsigned to_send)
{
    *s = (struct station){.m = m, .nic = &m->nic[0], .to_send = to_send, .hash = HASH_START};
    event_init(&m->clock, &s->send, "test.send", station_send, s);
    wire_attach(&s->nic->wire, WIRE_NIC, station_receive, s);
    wire_set_rate(&s->nic->wire, 10 * UINT64_C(1000000000));
    if (to_send)
        clock_arm(&m->clock, &s->send, 10 * PS_PER_US);
}

static struct station station[2];
static struct board_config config[2];

static struct machine *open_machine(unsigned i)
{
    struct machine *m = machine_new(&config[i], &err);

    if (!m)
        check_fail(__FILE__, __LINE__, err.text);
    return m;
}

static struct machine_result run_one(struct machine *m, ps_t until)
{
    struct machine_result r = {0};

    clock_arm(&m->clock, &m->deadline, until);
    machine_run(m, &r);
    return r;
}

static char scratch[64];

static char *temporary(void)
{
    strcpy(scratch, "/tmp/doorbell-net-XXXXXX");
    close(mkstemp(scratch));
    return scratch;
}

/* ---- one machine ---- */

static void test_nobody_takes_frames(void)
{
    struct machine *m;

    configure(&config[0], WAIT, "none");
    m = open_machine(0);
    plug(&station[0], m, 5);
    CHECK_EQ_U64(run_one(m, PS_PER_S).end, END_MAX_TIME);
    CHECK_EQ_U64(m->nic[0].wire.way[WIRE_NIC].count.frames, 5);
    CHECK_EQ_U64(m->nic[0].wire.way[WIRE_NIC].count.lost, 0);
    CHECK_EQ_U64(station[0].frames, 0);
    machine_free(m);
    config_fini(&config[0]);
}

static void test_nics_are_functions_behind_the_drives(void)
{
    struct machine *m;

    configure(&config[0], WAIT, "none");
    CHECK(config_add_nic(&config[0], "none", &err) == 0);
    m = open_machine(0);
    for (unsigned slot = 0; slot < 4; slot++) {
        struct txn t = {.addr = VIRT_PCI_ECAM_BASE + (slot << 15), .size = 4};

        CHECK(space_access(&m->space, &t) == FAULT_NONE);
        if (slot == 1 || slot == 2)
            CHECK_EQ_U64(t.data & 0xffffffff, 0x10fb8086);
        else if (slot == 3)
            CHECK_EQ_U64(t.data & 0xffffffff, 0xffffffff);
    }
    machine_free(m);
    config_fini(&config[0]);
}

static void run_user(uint64_t *hash)
{
    struct machine *m;
    uint8_t d[342] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 8, 0,
                      0x45, 0, 1, 72, 0, 0, 0, 0, 64, 17, 0x79, 0xa6, 0, 0, 0, 0, 255, 255, 255,
                      255, 0, 68, 0, 67, 1, 52, 0, 0, 1, 1, 6};
    static const uint8_t options[] = {0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255};

    memcpy(d + 42 + 28, d + 6, 6);
    memcpy(d + 42 + 236, options, sizeof options);
    configure(&config[0], SPIN, "user");
    m = open_machine(0);
    plug(&station[0], m, 0);
    wire_send(&m->nic[0].wire, WIRE_NIC, d, sizeof d, PS_PER_US, NULL);
    run_one(m, 2000 * PS_PER_US);
    CHECK_EQ_U64(station[0].frames, 1);
    CHECK_EQ_U64(station[0].seen[0][23], 17);
    CHECK_EQ_U64(m->net_waits, 0);
    *hash = station[0].hash;
    machine_free(m);
    config_fini(&config[0]);
}

static void test_dhcp_is_the_same_in_each_run(void)
{
    uint64_t first, second;

    run_user(&first);
    run_user(&second);
    CHECK_EQ_U64(first, second);
}

static void test_all_frames_are_recorded_with_virtual_time(void)
{
    struct machine *m;
    struct pcap_reader *r;
    struct pcap_frame f;
    char nic[100];
    uint8_t in[60] = {1};

    snprintf(nic, sizeof nic, "none,record=%s", temporary());
    configure(&config[0], WAIT, nic);
    m = open_machine(0);
    plug(&station[0], m, 1);
    wire_send(&m->nic[0].wire, WIRE_STATION, in, 60, 20 * PS_PER_US, NULL);
    run_one(m, PS_PER_S);
    CHECK(machine_close(m, &err) == 0);
    r = pcap_open(scratch, &err);
    CHECK(r && pcap_next(r, &f, &err) == 1);
    CHECK_EQ_U64(f.bytes[12], PROTOCOL >> 8);
    /* 72 bytes at 10 Gb/s are 57.6 ns, and the latency of 50 ns. */
    CHECK_EQ_U64(f.time_ns, 10000 + 107);
    CHECK(r && pcap_next(r, &f, &err) == 1);
    CHECK_EQ_U64(f.bytes[0], 1);
    CHECK_EQ_U64(f.time_ns, 20000 + 107);
    CHECK(r && pcap_next(r, &f, &err) == 0);
    pcap_close(r);
    machine_free(m);
    unlink(scratch);
    config_fini(&config[0]);
}

static void test_a_recording_that_fails_is_told_at_the_end(void)
{
    struct machine *m;

    if (access("/dev/full", W_OK)) {
        check_skip("no /dev/full");
        return;
    }
    configure(&config[0], WAIT, "none,record=/dev/full");
    m = open_machine(0);
    plug(&station[0], m, 5);
    run_one(m, PS_PER_S);
    CHECK(machine_close(m, &err) == -1);
    CHECK_EQ_STR(err.text, "/dev/full is not complete: No space left on device");
    machine_free(m);
    config_fini(&config[0]);
}

static void test_a_capture_is_replayed_when_the_link_is_up(void)
{
    struct pcap_writer *w = pcap_create(temporary(), "test", &err);
    struct machine *m;
    uint8_t frame[60] = {7};
    char nic[100];

    pcap_write(w, UINT64_C(1000000000000), frame, 60, PCAP_UNKNOWN, 0);
    pcap_write(w, UINT64_C(1000000003000), frame, 60, PCAP_UNKNOWN, 0);
    CHECK(pcap_finish(w, &err) == 0);
    snprintf(nic, sizeof nic, "pcap,in=%s,scale=2", scratch);
    configure(&config[0], SPIN, nic);
    m = open_machine(0);
    run_one(m, 100 * PS_PER_US);
    plug(&station[0], m, 0);
    run_one(m, 200 * PS_PER_US);
    CHECK_EQ_U64(station[0].frames, 2);
    CHECK(station[0].came[0] - (100 * PS_PER_US + 107600) < 20 * PS_PER_NS);
    CHECK(station[0].came[1] - (106 * PS_PER_US + 107600) < 20 * PS_PER_NS);
    machine_free(m);
    unlink(scratch);
    config_fini(&config[0]);
}

static void test_the_generator_runs_and_reports(void)
{
    struct machine *m;
    char nic[200];
    uint8_t *data;
    size_t size;
    json_t *json;

    snprintf(nic, sizeof nic, "gen,proto=raw,start=link,rate=1M,count=10,stop=on,report=%s",
             temporary());
    configure(&config[0], WAIT, nic);
    m = open_machine(0);
    plug(&station[0], m, 0);
    CHECK_EQ_U64(run_one(m, PS_PER_S).end, END_GENERATOR);
    CHECK_EQ_U64(station[0].frames, 10);
    CHECK(machine_close(m, &err) == 0);
    CHECK(file_read("report", scratch, 1 << 20, &data, &size, &err) == 0);
    json = json_loads((const char *)data, 0, NULL);
    CHECK_EQ_U64((uint64_t)json_integer_value(json_object_get(json_object_get(json, "sent"),
                                                              "frames")), 10);
    json_decref(json);
    free(data);
    machine_free(m);
    unlink(scratch);
    config_fini(&config[0]);
}

static void refused(const char *nic, const char *why)
{
    configure(&config[0], WAIT, nic);
    CHECK(!machine_new(&config[0], &err));
    CHECK_EQ_STR(err.text, why);
    config_fini(&config[0]);
}

static void test_what_cannot_be_opened_is_told(void)
{
    refused("pcap,in=/nowhere/at/all",
            "--nic pcap: cannot open /nowhere/at/all: No such file or directory");
    refused("gen,file=/nowhere/at/all",
            "--nic gen: cannot open /nowhere/at/all: No such file or directory");
    refused("none,record=/nowhere/at/all",
            "--nic none: cannot create /nowhere/at/all: No such file or directory");
}

static void test_a_board_that_fails_before_its_nics_is_freed(void)
{
    configure(&config[0], WAIT, "user");
    CHECK(config_add_nvme(&config[0], "/nowhere/at/all", &err) == 0);
    CHECK(!machine_new(&config[0], &err));
    CHECK(strstr(err.text, "/nowhere/at/all") != NULL);
    config_fini(&config[0]);
}

static void test_offline_nothing_is_opened_on_the_host(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct machine *m;
    char nic[100];

    CHECK(bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 1) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&a, &size) == 0);
    snprintf(nic, sizeof nic, "user,hostfwd=tcp::%u-:22,record=/nowhere/at/all",
             ntohs(a.sin_port));
    configure(&config[0], WAIT, nic);
    config[0].offline = true;
    m = open_machine(0);
    CHECK(m && !m->nic[0].netif && !m->nic[0].record);
    machine_free(m);
    config_fini(&config[0]);
    close(fd);
}

static void test_a_reset_of_the_board_leaves_nothing_on_the_wire(void)
{
    struct machine *m;

    configure(&config[0], WAIT, "none");
    m = open_machine(0);
    plug(&station[0], m, 0);
    wire_send(&m->nic[0].wire, WIRE_NIC, (uint8_t[60]){0}, 60, PS_PER_S, NULL);
    CHECK(machine_reset(m, &err) == 0);
    CHECK(!wire_up(&m->nic[0].wire) && !m->nic[0].wire.way[WIRE_NIC].frames);
    machine_free(m);
    config_fini(&config[0]);
}

/* ---- two machines ---- */

static struct machine *pair_machine[PEER_MACHINES];
static struct machine_result pair_result[PEER_MACHINES];

static void open_pair(enum program first, enum program other)
{
    configure(&config[0], first, "peer");
    configure(&config[1], other, "peer,mac=02:00:00:00:00:01");
    CHECK(net_peer_check(&config[0], &config[1], &err) == 0);
    for (unsigned i = 0; i < PEER_MACHINES; i++)
        pair_machine[i] = open_machine(i);
}

static unsigned run_pair(ps_t until)
{
    if (until)
        clock_arm(&pair_machine[0]->clock, &pair_machine[0]->deadline, until);
    return net_peer_run(pair_machine, pair_result);
}

static void close_pair(void)
{
    for (unsigned i = 0; i < PEER_MACHINES; i++) {
        machine_free(pair_machine[i]);
        config_fini(&config[i]);
    }
}

/* To and fro: what the first sends the other answers, until the first has had ten answers. */
static void ping_pong(enum program first, enum program other)
{
    open_pair(first, other);
    plug(&station[0], pair_machine[0], 60);
    plug(&station[1], pair_machine[1], 0);
    station[0].answers = station[1].answers = true;
    station[0].stop_after = 10;
    station[1].to_send = 60;
    CHECK_EQ_U64(run_pair(PS_PER_S), PEER_FIRST);
    CHECK_EQ_U64(pair_result[0].end, END_CALLER);
    CHECK_EQ_U64(station[0].frames, 10);
    CHECK_EQ_U64(station[1].frames, 10);
}

static ps_t flight(const struct station *s, unsigned i)
{
    return (s->len[i] + 12) * 800 + 50000;
}

static void test_frames_arrive_after_their_time_on_the_wire(void)
{
    ping_pong(WAIT, WAIT);
    for (unsigned i = 0; i < 10; i++)
        for (unsigned n = 0; n < 2; n++)
            CHECK_EQ_U64(station[n].came[i], station[n].began[i] + flight(&station[n], i));
    /* And are sent when their sender's clock says so. */
    CHECK_EQ_U64(station[1].began[0], 10 * PS_PER_US);
    CHECK_EQ_U64(station[0].began[0], station[1].came[0] + ANSWER_PS);
    CHECK_EQ_U64(station[1].began[1], station[0].came[0] + ANSWER_PS);
    close_pair();
}

static void test_busy_machines_are_late_by_a_block_at_most(void)
{
    for (unsigned kinds = 1; kinds < 4; kinds++) {
        ps_t late = 0;

        ping_pong(kinds & 1 ? SPIN : WAIT, kinds & 2 ? SPIN : WAIT);
        for (unsigned i = 0; i < 10; i++)
            for (unsigned n = 0; n < 2; n++) {
                ps_t due = station[n].began[i] + flight(&station[n], i);

                CHECK(station[n].came[i] >= due);
                late = u64_max(late, station[n].came[i] - due);
            }
        CHECK(late < 20 * PS_PER_NS);
        close_pair();
    }
}

static void test_the_clocks_go_on_together(void)
{
    for (unsigned i = 0; i < 2; i++) {
        open_pair(SPIN, i ? SPIN : WAIT);
        CHECK_EQ_U64(run_pair(5000 * PS_PER_US), PEER_FIRST);
        CHECK(pair_machine[1]->clock.now >= 3000 * PS_PER_US);
        CHECK(pair_machine[1]->clock.now <= 5000 * PS_PER_US);
        close_pair();
    }
}

static void test_a_pair_runs_the_same_each_time(void)
{
    for (unsigned kinds = 0; kinds < 4; kinds++) {
        enum program a = kinds & 1 ? SPIN : WAIT, b = kinds & 2 ? SPIN : WAIT;
        uint64_t hash[2] = {0};

        for (unsigned run = 0; run < 2; run++) {
            ping_pong(a, b);
            if (run) {
                CHECK_EQ_U64(station[0].hash, hash[0]);
                CHECK_EQ_U64(station[1].hash, hash[1]);
            }
            hash[0] = station[0].hash;
            hash[1] = station[1].hash;
            close_pair();
        }
    }
}

static void test_what_is_sent_into_idle_time_is_all_there(void)
{
    open_pair(WAIT, SPIN);
    plug(&station[0], pair_machine[0], 0);
    plug(&station[1], pair_machine[1], 50);
    CHECK_EQ_U64(run_pair(3000 * PS_PER_US), PEER_FIRST);
    CHECK_EQ_U64(pair_result[0].end, END_MAX_TIME);
    CHECK_EQ_U64(pair_result[0].time_ps, 3000 * PS_PER_US);
    CHECK_EQ_U64(station[0].frames, 50);
    for (unsigned i = 0; i < 50; i++)
        CHECK_EQ_U64(station[0].seen[i][14], 50 - i);
    /* The other one's time has not stood still, nor run away. */
    CHECK(pair_result[1].time_ps >= 2990 * PS_PER_US && pair_result[1].time_ps <= 3010 * PS_PER_US);
    close_pair();
}

static void test_losses_on_the_wire_are_the_senders(void)
{
    open_pair(WAIT, WAIT);
    pair_machine[0]->nic[0].wire.p.loss_ppm = 1000000;
    plug(&station[0], pair_machine[0], 5);
    plug(&station[1], pair_machine[1], 5);
    run_pair(PS_PER_S);
    CHECK_EQ_U64(station[1].frames, 0);
    CHECK_EQ_U64(station[0].frames, 5);
    close_pair();
}

static void test_without_latency_frames_still_arrive(void)
{
    configure(&config[0], SPIN, "peer");
    configure(&config[1], SPIN, "peer,mac=02:00:00:00:00:01");
    for (unsigned i = 0; i < PEER_MACHINES; i++) {
        config[i].timing = TIMING_OFF;
        pair_machine[i] = open_machine(i);
        plug(&station[i], pair_machine[i], 20);
    }
    run_pair(1000 * PS_PER_US);
    CHECK_EQ_U64(station[0].frames, 20);
    CHECK_EQ_U64(station[1].frames, 20);
    close_pair();
}

static void test_the_other_may_power_off(void)
{
    open_pair(WAIT, POWER_OFF);
    plug(&station[0], pair_machine[0], 5);
    plug(&station[1], pair_machine[1], 0);
    CHECK_EQ_U64(run_pair(PS_PER_S), PEER_FIRST);
    CHECK_EQ_U64(pair_result[0].end, END_MAX_TIME);
    CHECK_EQ_U64(pair_result[1].end, END_FINISHER);
    CHECK(pair_result[1].time_ps < 100 * PS_PER_US);
    close_pair();
}

static void test_the_other_may_not_fail(void)
{
    open_pair(SPIN, FAIL);
    CHECK_EQ_U64(run_pair(PS_PER_S), PEER_OTHER);
    CHECK_EQ_U64(pair_result[1].end, END_FINISHER);
    CHECK(pair_result[1].code != 0);
    CHECK(pair_result[0].time_ps < 100 * PS_PER_US);
    close_pair();
}

static void test_two_that_wait_for_each_other_are_stuck(void)
{
    open_pair(WAIT, WAIT);
    CHECK_EQ_U64(run_pair(0), PEER_FIRST);
    CHECK_EQ_U64(pair_result[0].end, END_STUCK);
    close_pair();
}

static void test_a_pair_needs_two_ends_and_two_addresses(void)
{
    configure(&config[0], WAIT, "peer");
    configure(&config[1], WAIT, "none,mac=02:00:00:00:00:01");
    CHECK(net_peer_check(&config[0], &config[1], &err) == -1);
    CHECK_EQ_STR(err.text, "--peer: each of the two machines needs a --nic peer");
    config_fini(&config[1]);
    configure(&config[1], WAIT, "peer");
    CHECK(net_peer_check(&config[0], &config[1], &err) == -1);
    CHECK_EQ_STR(err.text, "--peer: two controllers have the same mac=");
    config_fini(&config[0]);
    config_fini(&config[1]);
}

/* Last: the programs are not needed any more. */
static void test_clean_up(void)
{
    for (unsigned i = 0; i < PROGRAMS; i++)
        if (kernel[i][0])
            CHECK(unlink(kernel[i]) == 0);
}

TEST_MAIN(test_nobody_takes_frames,
          test_nics_are_functions_behind_the_drives,
          test_dhcp_is_the_same_in_each_run,
          test_all_frames_are_recorded_with_virtual_time,
          test_a_recording_that_fails_is_told_at_the_end,
          test_a_capture_is_replayed_when_the_link_is_up,
          test_the_generator_runs_and_reports,
          test_what_cannot_be_opened_is_told,
          test_a_board_that_fails_before_its_nics_is_freed,
          test_offline_nothing_is_opened_on_the_host,
          test_a_reset_of_the_board_leaves_nothing_on_the_wire,
          test_frames_arrive_after_their_time_on_the_wire,
          test_busy_machines_are_late_by_a_block_at_most,
          test_the_clocks_go_on_together,
          test_a_pair_runs_the_same_each_time,
          test_what_is_sent_into_idle_time_is_all_there,
          test_losses_on_the_wire_are_the_senders,
          test_without_latency_frames_still_arrive,
          test_the_other_may_power_off,
          test_the_other_may_not_fail,
          test_two_that_wait_for_each_other_are_stuck,
          test_a_pair_needs_two_ends_and_two_addresses,
          test_clean_up)
