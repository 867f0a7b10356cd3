/* SPDX-License-Identifier: Apache-2.0 */
/* One end of a pair of sockets that keep messages apart stands for the kernel's interface. */
#include "netif_rig.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static struct rig rig;
static struct err err;
static int host;

static void open_tap(void)
{
    struct netif_env env = rig_env(&rig);
    int fd[2];

    signal(SIGPIPE, SIG_IGN);
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd) == 0);
    host = fd[1];
    rig.netif = netif_tap_new(&env, "tap9", fd[0]);
}

static void test_frames_go_both_ways(void)
{
    uint8_t frame[60] = {1, 2, 3}, got[100];

    open_tap();
    netif_send(rig.netif, frame, sizeof frame);
    CHECK(read(host, got, sizeof got) == 60 && memcmp(got, frame, 60) == 0);
    frame[0] = 9;
    CHECK(write(host, frame, 42) == 42 && write(host, frame, 60) == 60);
    rig_poll(&rig, 0, 0);
    CHECK_EQ_U64(rig.frames, 2);
    CHECK_EQ_U64(rig.frame[0].len, 42);
    CHECK_EQ_U64(rig.frame[1].len, 60);
    CHECK_EQ_U64(rig.frame[1].bytes[0], 9);
    CHECK_EQ_U64(rig.netif->count.received_bytes, 102);
    close(host);
    rig_close(&rig);
}

static void test_without_room_frames_wait_at_the_host(void)
{
    uint8_t frame[60] = {1};

    open_tap();
    CHECK(write(host, frame, 60) == 60);
    rig.full = true;
    rig_poll(&rig, 0, 0);
    CHECK_EQ_U64(rig.frames, 0);
    rig.full = false;
    rig_poll(&rig, 0, 0);
    CHECK_EQ_U64(rig.frames, 1);
    CHECK_EQ_U64(rig.netif->count.dropped, 0);
    close(host);
    rig_close(&rig);
}

static void test_an_interface_that_vanishes_costs_frames_only(void)
{
    uint8_t frame[60] = {1};

    open_tap();
    close(host);
    rig_poll(&rig, 0, 0);
    rig_poll(&rig, 0, 0);
    CHECK_EQ_U64(rig.set.count, 0); /* nothing to wait for any more */
    netif_send(rig.netif, frame, sizeof frame);
    netif_send(rig.netif, frame, sizeof frame);
    CHECK_EQ_U64(rig.netif->count.dropped, 2);
    CHECK_EQ_U64(rig.frames, 0);
    rig_close(&rig);
}

static void test_an_interface_that_vanishes_while_sending_costs_frames_only(void)
{
    uint8_t frame[60] = {1};

    open_tap();
    close(host);
    for (unsigned i = 0; i < 3; i++)
        netif_send(rig.netif, frame, sizeof frame);
    CHECK_EQ_U64(rig.netif->count.dropped, 3);
    rig_poll(&rig, 0, 0);
    CHECK_EQ_U64(rig.set.count, 0);
    rig_close(&rig);
}

static void test_a_full_host_costs_frames_only(void)
{
    uint8_t frame[1514] = {1};

    open_tap();
    for (unsigned i = 0; i < 1000; i++)
        netif_send(rig.netif, frame, sizeof frame);
    CHECK(rig.netif->count.sent > 0 && rig.netif->count.dropped > 0);
    CHECK_EQ_U64(rig.netif->count.sent + rig.netif->count.dropped, 1000);
    close(host);
    rig_close(&rig);
}

static void test_a_name_that_is_none_is_refused(void)
{
    struct netif_env env = rig_env(&rig);

    CHECK(!netif_tap_open(&env, "a-name-that-is-too-long", &err));
    CHECK_EQ_STR(err.text,
                 "\"a-name-that-is-too-long\" is no name of an interface (1 to 15 characters)");
    CHECK(!netif_tap_open(&env, "", &err));
    clock_fini(&rig.clock);
}

static void test_an_interface_of_the_kernel_is_made(void)
{
    struct netif_env env = rig_env(&rig);
    uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5};

    rig.netif = netif_tap_open(&env, "doorbelltest0", &err);
    if (!rig.netif) {
        clock_fini(&rig.clock);
        check_skip(err.text);
        return;
    }
    /* Nobody has set it up: it takes nothing, and the backend stays. */
    netif_send(rig.netif, frame, sizeof frame);
    netif_send(rig.netif, frame, sizeof frame);
    CHECK_EQ_U64(rig.netif->count.sent + rig.netif->count.dropped, 2);
    rig_poll(&rig, 0, 0);
    CHECK_EQ_U64(rig.set.count, 1);
    CHECK(!netif_tap_open(&env, "doorbelltest0", &err));
    CHECK_EQ_STR(err.text, "the tap interface doorbelltest0 is in use by another program");
    CHECK(!netif_tap_open(&env, "lo", &err));
    CHECK_EQ_STR(err.text, "lo is an interface, but no tap interface");
    rig_close(&rig);
}

TEST_MAIN(test_frames_go_both_ways,
          test_without_room_frames_wait_at_the_host,
          test_an_interface_that_vanishes_costs_frames_only,
          test_an_interface_that_vanishes_while_sending_costs_frames_only,
          test_a_full_host_costs_frames_only,
          test_a_name_that_is_none_is_refused,
          test_an_interface_of_the_kernel_is_made)
