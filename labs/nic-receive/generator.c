/* SPDX-License-Identifier: Apache-2.0 */
#include "generator.h"

#include "labs/lib/finisher.h"
#include "labs/lib/string.h"
#include "labs/lib/timer.h"

static void put16(uint8_t *b, uint32_t value)
{
    b[0] = (uint8_t)(value >> 8);
    b[1] = (uint8_t)value;
}

/* Sends an order, and waits for its answer, which must be "ok". */
static void order(struct i82599_tx *tx, struct i82599_rx *rx, const char *text)
{
    static uint8_t frame[I82599_FRAME_MAX];
    static const uint8_t generator[6] = {2, 0, 0, 0, 0, 1};
    static const uint8_t addresses[8] = {10, 0, 0, 2, 10, 0, 0, 1}; /* from us to it */
    uint32_t bytes = (uint32_t)strlen(text);
    uint64_t end = time_after(1000);
    uint8_t *ip = frame + ETHER, *udp = ip + IP;

    memset(frame, 0, sizeof frame);
    memcpy(frame, generator, 6);
    memcpy(frame + 6, tx->nic->mac, 6);
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, IP + UDP + bytes);
    ip[8] = 64;
    ip[9] = 17;
    memcpy(ip + 12, addresses, 8);
    put16(ip + 10, ~sum16(0, ip, IP));
    put16(udp, ORDER_PORT);
    put16(udp + 2, ORDER_PORT);
    put16(udp + 4, UDP + bytes);
    memcpy(udp + UDP, text, bytes);
    put16(udp + 6, ~sum16(sum16(17 + UDP + bytes, ip + 12, 8), udp, UDP + bytes));
    if (!i82599_send(tx, frame, HEADERS + bytes))
        die("the order does not fit into the ring");
    i82599_tx_tail(tx);

    while (time_now() < end) {
        struct i82599_frame f;

        (void)i82599_sent(tx);
        if (!i82599_receive(rx, &f, 1))
            continue;
        i82599_refill(rx, 1);
        i82599_rx_tail(rx);
        if (f.good && f.length > HEADERS + 2 && be16(f.bytes + ETHER + IP) == ORDER_PORT) {
            if (memcmp(f.bytes + HEADERS, "ok", 2) != 0)
                die("the generator does not take the order");
            return;
        }
    }
    die("the generator does not answer: is it there, and a buffer in the ring?");
}

/* Text of a number, in front of which is other text: "start ", 1000 -> "start 1000". */
static char *append(char *at, const char *text, uint32_t number)
{
    char digits[12];
    unsigned n = 0;

    while (*text)
        *at++ = *text++;
    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    while (n)
        *at++ = digits[--n];
    *at = 0;
    return at;
}

void generator_start(struct i82599_tx *tx, struct i82599_rx *rx, uint32_t rate, uint32_t bytes,
                     uint32_t microseconds)
{
    char text[100], *at = append(text, "start ", rate);

    at = append(at, " size=", bytes);
    /* It ends by itself, for an overloaded hart may not come to say so. */
    at = append(at, " duration=", microseconds);
    memcpy(at, "us", 3);
    order(tx, rx, text);
}
