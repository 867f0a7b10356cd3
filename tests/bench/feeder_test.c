/* SPDX-License-Identifier: Apache-2.0 */
/* bench/programs/feeder starts this: what it does for the guest at the other end of its socket. */
#include "check.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define FD 3

static const uint8_t guest_mac[6] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
static uint8_t got[2048];

/* The next frame's length; 0: none for so long. */
static size_t next_frame(int milliseconds)
{
    struct pollfd p = {.fd = FD, .events = POLLIN};
    ssize_t bytes = poll(&p, 1, milliseconds) == 1 ? recv(FD, got, sizeof got, 0) : 0;

    return bytes > 0 ? (size_t)bytes : 0;
}

static unsigned word(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static void send_udp(unsigned from, unsigned to, const char *text)
{
    uint8_t f[200] = {2, 0, 0, 0, 0, 1};
    size_t bytes = strlen(text);

    memcpy(f + 6, guest_mac, 6);
    f[12] = 8;
    f[14] = 0x45;
    f[17] = (uint8_t)(28 + bytes);
    f[23] = 17;
    memcpy(f + 26, (const uint8_t[]){10, 0, 0, 2, 10, 0, 0, 1}, 8);
    f[34] = (uint8_t)(from >> 8);
    f[35] = (uint8_t)from;
    f[36] = (uint8_t)(to >> 8);
    f[37] = (uint8_t)to;
    f[39] = (uint8_t)(8 + bytes);
    memcpy(f + 42, text, bytes);
    CHECK_EQ_U64((uint64_t)send(FD, f, 42 + bytes, 0), 42 + bytes);
}

/* The answer may come between frames of the stream. */
static void order(const char *text, const char *answer)
{
    send_udp(5000, 7000, text);
    for (int i = 0; i < 100000; i++) {
        if (!next_frame(5000))
            break;
        if (word(got + 36) == 5000) {
            CHECK(strncmp((char *)got + 42, answer, strlen(answer)) == 0);
            return;
        }
    }
    check_fail(__FILE__, __LINE__, "no answer to an order");
}

static void test_arp_is_answered(void)
{
    uint8_t f[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    memcpy(f + 6, guest_mac, 6);
    memcpy(f + 12, (const uint8_t[]){8, 6, 0, 1, 8, 0, 6, 4, 0, 1}, 10);
    memcpy(f + 22, guest_mac, 6);
    memcpy(f + 28, (const uint8_t[]){10, 0, 0, 2}, 4);
    memcpy(f + 38, (const uint8_t[]){10, 0, 0, 1}, 4);
    CHECK_EQ_U64((uint64_t)send(FD, f, sizeof f, 0), sizeof f);
    CHECK_EQ_U64(next_frame(5000), 60);
    CHECK(memcmp(got, guest_mac, 6) == 0);
    CHECK_EQ_U64(word(got + 20), 2);
    CHECK(memcmp(got + 22, got + 6, 6) == 0); /* the sender's address, twice */
    CHECK(memcmp(got + 28, (const uint8_t[]){10, 0, 0, 1}, 4) == 0);
    CHECK(memcmp(got + 32, guest_mac, 6) == 0);
    /* Another station's. */
    f[41] = 77;
    CHECK_EQ_U64((uint64_t)send(FD, f, sizeof f, 0), sizeof f);
    CHECK_EQ_U64(next_frame(100), 0);
}

static void test_window_is_kept(void)
{
    uint32_t sum = 0;

    order("start rate=line window=3 size=100 checksum=off port=4321", "ok");
    for (int i = 0; i < 3; i++) {
        CHECK_EQ_U64(next_frame(5000), 96);
        CHECK(memcmp(got, guest_mac, 6) == 0);
        CHECK_EQ_U64(word(got + 36), 4321);
        CHECK_EQ_U64(word(got + 16), 96 - 14);
        CHECK_EQ_U64(word(got + 38), 96 - 34);
    }
    for (int i = 0; i < 20; i += 2)
        sum += word(got + 14 + i);
    CHECK_EQ_U64((sum >> 16) + (sum & 0xffff), 0xffff);
    CHECK_EQ_U64(next_frame(20), 0);
    send_udp(4321, word(got + 34), "back");
    CHECK_EQ_U64(next_frame(5000), 96);
    CHECK_EQ_U64(next_frame(20), 0);
    /* All are lost: it starts anew. */
    for (int i = 0; i < 3; i++)
        CHECK_EQ_U64(next_frame(5000), 96);
    order("stop", "ok");
    CHECK_EQ_U64(next_frame(300), 0);
}

static void test_flood_ends_when_told(void)
{
    order("start size=1518", "ok");
    for (int i = 0; i < 2000; i++)
        CHECK_EQ_U64(next_frame(5000), 1514);
    order("stop", "ok");
    CHECK_EQ_U64(next_frame(100), 0);
}

static void test_nonsense_is_refused(void)
{
    static const char *const orders[] = {
        "", "star", "halt", "start size=10", "start size=99999", "start port=70000",
    };
    uint8_t f[60] = {0};

    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        order(orders[i], "error");
    for (size_t bytes = 1; bytes <= sizeof f; bytes++)
        CHECK_EQ_U64((uint64_t)send(FD, f, bytes, 0), bytes);
    CHECK_EQ_U64(next_frame(100), 0);
}

TEST_MAIN(test_arp_is_answered, test_window_is_kept, test_flood_ends_when_told,
          test_nonsense_is_refused)
