/* SPDX-License-Identifier: Apache-2.0 */
#include "host/pcap.h"

#include "netif_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct err err;
static char path[64];

static const char *temporary(void)
{
    int fd;

    snprintf(path, sizeof path, "/tmp/doorbell-pcap-XXXXXX");
    fd = mkstemp(path);
    CHECK(fd >= 0);
    close(fd);
    return path;
}

static void put_file(const uint8_t *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");

    CHECK(f && fwrite(bytes, 1, size, f) == size);
    if (f)
        fclose(f);
}

/* ---- building files by hand, in either byte order ---- */

static uint8_t built[4096];
static size_t built_size;
static bool big;

static void b8(uint8_t v)
{
    built[built_size++] = v;
}

static void b16(uint16_t v)
{
    b8((uint8_t)(big ? v >> 8 : v));
    b8((uint8_t)(big ? v : v >> 8));
}

static void b32(uint32_t v)
{
    b16((uint16_t)(big ? v >> 16 : v));
    b16((uint16_t)(big ? v : v >> 16));
}

static void bytes(unsigned n, uint8_t from)
{
    for (unsigned i = 0; i < n; i++)
        b8((uint8_t)(from + i));
}

static void build(bool big_endian)
{
    built_size = 0;
    big = big_endian;
}

static void build_pcap(bool big_endian, uint32_t magic, uint32_t network)
{
    build(big_endian);
    b32(magic);
    b16(2);
    b16(4);
    b32(0);
    b32(0);
    b32(65535);
    b32(network);
}

static void build_record(uint32_t s, uint32_t fraction, uint32_t len, uint32_t original)
{
    b32(s);
    b32(fraction);
    b32(len);
    b32(original);
    bytes(len, 7);
}

static struct pcap_reader *open_built(void)
{
    struct pcap_reader *r;

    err.text[0] = '\0';
    temporary();
    put_file(built, built_size);
    r = pcap_open(path, &err);
    unlink(path);
    return r;
}

static void build_section(bool big_endian)
{
    build(big_endian);
    b32(0x0a0d0d0a);
    b32(28);
    b32(0x1a2b3c4d);
    b16(1);
    b16(0);
    b32(UINT32_MAX);
    b32(UINT32_MAX);
    b32(28);
}

static void build_interface(uint16_t link, int resolution)
{
    uint32_t total = resolution >= 0 ? 32 : 20;

    b32(1);
    b32(total);
    b16(link);
    b16(0);
    b32(0);
    if (resolution >= 0) {
        b16(9);
        b16(1);
        b8((uint8_t)resolution);
        bytes(3, 0);
        b32(0);
    }
    b32(total);
}

static void build_packet(uint32_t interface, uint64_t ticks, uint32_t len)
{
    uint32_t total = 32 + (uint32_t)align_up(len, 4);

    b32(6);
    b32(total);
    b32(interface);
    b32((uint32_t)(ticks >> 32));
    b32((uint32_t)ticks);
    b32(len);
    b32(len);
    bytes((unsigned)align_up(len, 4), 7);
    b32(total);
}

/* ---- reading ---- */

static void check_pcap(bool big_endian, uint32_t magic, uint64_t ns_per_tick)
{
    struct pcap_reader *r;
    struct pcap_frame f;

    build_pcap(big_endian, magic, 1);
    build_record(5, 250, 60, 60);
    build_record(6, 0, 64, 1500);
    r = open_built();
    CHECK(r != NULL);
    if (!r)
        return;
    CHECK(pcap_next(r, &f, &err) == 1);
    CHECK_EQ_U64(f.time_ns, 5000000000 + 250 * ns_per_tick);
    CHECK_EQ_U64(f.len, 60);
    CHECK_EQ_U64(f.bytes[59], 7 + 59);
    CHECK(pcap_next(r, &f, &err) == 1);
    CHECK_EQ_U64(f.len, 64);
    CHECK_EQ_U64(f.original, 1500);
    CHECK(pcap_next(r, &f, &err) == 0);
    CHECK(pcap_next(r, &f, &err) == 0);
    pcap_close(r);
}

static void test_pcap_is_read_in_both_orders_and_units(void)
{
    check_pcap(false, 0xa1b2c3d4, 1000);
    check_pcap(true, 0xa1b2c3d4, 1000);
    check_pcap(false, 0xa1b23c4d, 1);
    check_pcap(true, 0xa1b23c4d, 1);
}

static void test_a_recorded_check_sequence_is_taken_off(void)
{
    struct pcap_reader *r;
    struct pcap_frame f;

    build_pcap(false, 0xa1b2c3d4, 1 | 1 << 26 | 2u << 28); /* two units of 16 bits */
    build_record(1, 0, 64, 64);
    build_record(2, 0, 62, 64); /* half of it was kept */
    r = open_built();
    CHECK(r && pcap_next(r, &f, &err) == 1);
    CHECK_EQ_U64(f.len, 60);
    CHECK(r && pcap_next(r, &f, &err) == 1);
    CHECK_EQ_U64(f.len, 60);
    CHECK_EQ_U64(f.original, 60);
    pcap_close(r);
}

static void test_pcapng_is_read_in_both_orders(void)
{
    for (int order = 0; order < 2; order++) {
        struct pcap_reader *r;
        struct pcap_frame f;

        build_section(order);
        build_interface(1, -1);  /* microseconds */
        build_interface(105, 9); /* not Ethernet */
        build_interface(1, 9);
        build_interface(1, 0x80 | 10); /* 1/1024 s */
        build_packet(0, 3000001, 61);
        build_packet(1, 1, 60);
        build_packet(2, 3000001, 60);
        build_packet(3, 1536, 60);
        build_packet(9, 1, 60);
        r = open_built();
        CHECK(r != NULL);
        if (!r)
            continue;
        CHECK(pcap_next(r, &f, &err) == 1);
        CHECK_EQ_U64(f.time_ns, 3000001000);
        CHECK_EQ_U64(f.len, 61);
        CHECK(pcap_next(r, &f, &err) == 1);
        CHECK_EQ_U64(f.time_ns, 3000001);
        CHECK(pcap_next(r, &f, &err) == 1);
        CHECK_EQ_U64(f.time_ns, 1500000000);
        CHECK(pcap_next(r, &f, &err) == 0);
        pcap_close(r);
    }
}

static void refused(const char *why)
{
    struct pcap_reader *r = open_built();
    const char *said = strstr(err.text, ": ");

    CHECK(!r);
    CHECK_EQ_STR(said ? said + 2 : err.text, why);
    pcap_close(r);
}

static void test_what_is_no_capture_is_refused_in_one_line(void)
{
    build(false);
    refused("the file is cut off after 0 frames");
    bytes(24, 'a');
    refused("this is neither pcap nor pcapng");
    build_pcap(false, 0xa1b2c3d4, 113);
    refused("link type 113: only Ethernet (1) can be replayed");
    build_pcap(false, 0xa1b2c3d4, 1);
    built_size = 10;
    refused("the file is cut off after 0 frames");
    build_section(false);
    built[8] = 0;
    refused("a section header is damaged after 0 frames");
    build_section(false);
    built[4] = 16;
    refused("the length of a block is wrong after 0 frames");
    build_section(false);
    built[24] = 32;
    refused("the length of a block is wrong after 0 frames");
}

static void test_a_length_beyond_reason_ends_the_reading(void)
{
    struct pcap_reader *r;
    struct pcap_frame f;

    build_pcap(false, 0xa1b2c3d4, 1);
    build_record(1, 0, 60, 60);
    b32(2);
    b32(0);
    b32(0xfffffff0);
    b32(60);
    r = open_built();
    CHECK(r && pcap_next(r, &f, &err) == 1);
    CHECK(r && pcap_next(r, &f, &err) == -1);
    CHECK(strstr(err.text, "a record is too long after 1 frames") != NULL);
    CHECK(r && pcap_next(r, &f, &err) == 0);
    pcap_close(r);
}

/* Reads all there is; only ends. */
static void read_all(void)
{
    struct pcap_reader *r = open_built();
    struct pcap_frame f;
    unsigned frames = 0;
    uint64_t sum = 0;

    while (r && pcap_next(r, &f, &err) == 1) {
        frames++;
        CHECK(f.len <= f.original);
        for (uint32_t i = 0; i < f.len; i++)
            sum += f.bytes[i];
    }
    CHECK(frames < 64 && sum < UINT64_MAX);
    pcap_close(r);
}

static void build_sample(unsigned kind)
{
    if (kind < 2) {
        build_pcap(kind == 1, 0xa1b2c3d4, 1);
        build_record(5, 250, 60, 60);
        build_record(6, 0, 64, 1500);
        return;
    }
    build_section(kind == 3);
    build_interface(1, 9);
    build_packet(0, 3000001, 61);
    build_packet(0, 3000002, 64);
}

static void test_every_cut_of_a_file_is_survived(void)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        build_sample(kind);
        for (size_t whole = built_size, n = 0; n <= whole; n++) {
            built_size = n;
            read_all();
        }
    }
}

static void test_damaged_files_are_survived(void)
{
    uint32_t random = 12345;

    for (unsigned round = 0; round < 4000; round++) {
        build_sample(round % 4);
        for (unsigned n = 0; n < 1 + round % 5; n++) {
            random = random * 1664525 + 1013904223;
            built[(random >> 8) % built_size] = (uint8_t)(round & 1 ? random >> 24 : 0xff);
        }
        read_all();
    }
}

/* ---- writing ---- */

static void test_what_is_written_is_read_back(void)
{
    static const uint32_t lengths[] = {60, 61, 62, 63, 1514, 9014};
    struct pcap_writer *w = pcap_create(temporary(), "nic0", &err);
    struct pcap_reader *r;
    struct pcap_frame f;
    uint8_t frame[9014];

    for (unsigned i = 0; i < sizeof frame; i++)
        frame[i] = (uint8_t)(i * 7);
    for (unsigned i = 0; w && i < ARRAY_LEN(lengths); i++)
        pcap_write(w, UINT64_C(5000000000) * i + 3, frame, lengths[i],
                   i & 1 ? PCAP_SENT : PCAP_RECEIVED, i == 2);
    CHECK(w && pcap_finish(w, &err) == 0);
    r = pcap_open(path, &err);
    CHECK(r != NULL);
    for (unsigned i = 0; r && i < ARRAY_LEN(lengths); i++) {
        CHECK(pcap_next(r, &f, &err) == 1);
        CHECK_EQ_U64(f.time_ns, UINT64_C(5000000000) * i + 3);
        CHECK_EQ_U64(f.len, lengths[i]);
        CHECK(memcmp(f.bytes, frame, f.len) == 0);
    }
    CHECK(r && pcap_next(r, &f, &err) == 0);
    pcap_close(r);
    unlink(path);
}

static void test_direction_and_bad_check_sequence_are_flags(void)
{
    struct pcap_writer *w = pcap_create(temporary(), "nic0", &err);
    uint8_t frame[60] = {0}, file[512];
    size_t size;
    FILE *in;

    pcap_write(w, 1, frame, sizeof frame, PCAP_RECEIVED, 1);
    CHECK(pcap_finish(w, &err) == 0);
    in = fopen(path, "rb");
    size = in ? fread(file, 1, sizeof file, in) : 0;
    if (in)
        fclose(in);
    unlink(path);
    /* The last option of the last block: code 2, 4 bytes, the flags; end; length. */
    CHECK(size > 16);
    CHECK_EQ_U64(le32_get(file + size - 16), 2 | 4 << 16);
    CHECK_EQ_U64(le32_get(file + size - 12), 1 | 1 << 24);
}

static void test_a_full_disk_is_told_at_the_end(void)
{
    struct pcap_writer *w = pcap_create("/dev/full", "nic0", &err);
    uint8_t frame[1514] = {0};

    if (!w) {
        check_skip("no /dev/full");
        return;
    }
    for (unsigned i = 0; i < 100; i++)
        pcap_write(w, i, frame, sizeof frame, PCAP_SENT, 0);
    CHECK(pcap_finish(w, &err) == -1);
    CHECK_EQ_STR(err.text, "/dev/full is not complete: No space left on device");
}

/* ---- the backend ---- */

static void open_replay(struct rig *r, const struct netif_pcap_config *config)
{
    struct netif_env env = rig_env(r);

    r->netif = netif_pcap_open(&env, config, &err);
    CHECK(r->netif != NULL);
}

static struct rig rig;

static void build_three(void)
{
    build_pcap(false, 0xa1b23c4d, 1);
    build_record(100, 500, 60, 60);
    build_record(100, 1500, 60, 100); /* a microsecond later, cut short */
    build_record(100, 500, 60, 60);   /* time goes back: not later than the one before */
    temporary();
    put_file(built, built_size);
}

static void test_replay_keeps_the_recorded_distances(void)
{
    build_three();
    open_replay(&rig, &(struct netif_pcap_config){
        .in = path, .start_given = true, .start_ps = 5 * PS_PER_US, .scale = NETIF_SCALE_ONE});
    clock_run(&rig.clock, PS_PER_S);
    CHECK_EQ_U64(rig.frames, 3);
    CHECK_EQ_U64(rig.frame[0].when, 5 * PS_PER_US);
    CHECK_EQ_U64(rig.frame[1].when, 6 * PS_PER_US);
    CHECK_EQ_U64(rig.frame[1].len, 100);
    CHECK_EQ_U64(rig.frame[1].bytes[59], 7 + 59);
    CHECK_EQ_U64(rig.frame[1].bytes[60], 0);
    CHECK_EQ_U64(rig.frame[2].when, 6 * PS_PER_US);
    rig_close(&rig);
    unlink(path);
}

static void test_replay_waits_for_the_link_and_scales(void)
{
    build_three();
    open_replay(&rig, &(struct netif_pcap_config){.in = path, .scale = NETIF_SCALE_ONE * 5 / 2});
    clock_run(&rig.clock, PS_PER_S);
    CHECK_EQ_U64(rig.frames, 0);
    rig.netif->class->link(rig.netif, true);
    clock_run(&rig.clock, 2 * PS_PER_S);
    CHECK_EQ_U64(rig.frames, 3);
    CHECK_EQ_U64(rig.frame[0].when, PS_PER_S);
    CHECK_EQ_U64(rig.frame[1].when, PS_PER_S + 2500 * PS_PER_NS);
    rig_close(&rig);
    unlink(path);
}

static void test_replay_waits_for_room(void)
{
    build_three();
    open_replay(&rig, &(struct netif_pcap_config){.in = path, .start_given = true});
    rig.full = true;
    clock_run(&rig.clock, PS_PER_S);
    CHECK_EQ_U64(rig.frames, 0);
    rig.full = false;
    clock_run(&rig.clock, 2 * PS_PER_S);
    CHECK_EQ_U64(rig.frames, 3);
    rig_close(&rig);
    unlink(path);
}

static void test_replay_ends_where_the_file_is_damaged(void)
{
    build_three();
    put_file(built, built_size - 30);
    open_replay(&rig, &(struct netif_pcap_config){.in = path, .start_given = true});
    clock_run(&rig.clock, PS_PER_S);
    CHECK_EQ_U64(rig.frames, 2);
    rig_close(&rig);
    unlink(path);
}

static void test_sent_frames_are_written(void)
{
    struct pcap_reader *r;
    struct pcap_frame f;
    uint8_t frame[60] = {1, 2, 3};

    temporary();
    open_replay(&rig, &(struct netif_pcap_config){.out = path});
    clock_run(&rig.clock, 1234 * PS_PER_NS);
    netif_send(rig.netif, frame, sizeof frame);
    rig_close(&rig);
    r = pcap_open(path, &err);
    CHECK(r && pcap_next(r, &f, &err) == 1);
    CHECK_EQ_U64(f.time_ns, 1234);
    CHECK(memcmp(f.bytes, frame, sizeof frame) == 0);
    pcap_close(r);
    unlink(path);
}

TEST_MAIN(test_pcap_is_read_in_both_orders_and_units,
          test_a_recorded_check_sequence_is_taken_off,
          test_pcapng_is_read_in_both_orders,
          test_what_is_no_capture_is_refused_in_one_line,
          test_a_length_beyond_reason_ends_the_reading,
          test_every_cut_of_a_file_is_survived,
          test_damaged_files_are_survived,
          test_what_is_written_is_read_back,
          test_direction_and_bad_check_sequence_are_flags,
          test_a_full_disk_is_told_at_the_end,
          test_replay_keeps_the_recorded_distances,
          test_replay_waits_for_the_link_and_scales,
          test_replay_waits_for_room,
          test_replay_ends_where_the_file_is_damaged,
          test_sent_frames_are_written)
