/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of work that CoreMark made customary, written anew: linked lists, small integer
 * matrices, a state machine over text, and a CRC over all results. */
#include "bench.h"

#include <stddef.h>

/* ---- CRC ---- */

/* CRC-32 (reflected, 0xedb88320), bit by bit. */
static uint32_t crc(uint32_t sum, uint32_t word)
{
    sum ^= word;
    for (int i = 0; i < 32; i++)
        sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
    return sum;
}

/* ---- lists ---- */

#define NODES 128

struct node {
    struct node *next;
    int16_t key, place;
};

static struct node nodes[NODES];

static struct node *make_list(uint32_t seed)
{
    for (int i = 0; i < NODES; i++)
        nodes[i] = (struct node){i + 1 < NODES ? &nodes[i + 1] : NULL,
                                 (int16_t)(next_random(&seed) % 1000), (int16_t)i};
    return nodes;
}

static const struct node *find(const struct node *list, int16_t key)
{
    while (list && list->key != key)
        list = list->next;
    return list;
}

static struct node *reverse(struct node *list)
{
    struct node *done = NULL;

    while (list) {
        struct node *next = list->next;

        list->next = done;
        done = list;
        list = next;
    }
    return done;
}

static int by_key(const struct node *a, const struct node *b)
{
    return a->key != b->key ? a->key - b->key : a->place - b->place;
}

static int by_place(const struct node *a, const struct node *b)
{
    return a->place - b->place;
}

static struct node *merge(struct node *a, struct node *b,
                          int (*order)(const struct node *, const struct node *))
{
    struct node head, *end = &head;

    while (a && b) {
        struct node **from = order(a, b) <= 0 ? &a : &b;

        end->next = *from;
        end = *from;
        *from = (*from)->next;
    }
    end->next = a ? a : b;
    return head.next;
}

static struct node *sort(struct node *list, unsigned count,
                         int (*order)(const struct node *, const struct node *))
{
    struct node *second = list, *before;

    if (count < 2)
        return list;
    for (unsigned i = 1; i < count / 2; i++)
        second = second->next;
    before = second;
    second = second->next;
    before->next = NULL;
    return merge(sort(list, count / 2, order), sort(second, count - count / 2, order), order);
}

static uint32_t list_work(uint32_t seed, uint32_t sum)
{
    struct node *list = make_list(seed);

    for (int16_t key = 0; key < 1000; key += 53) {
        const struct node *found = find(list, key);

        sum += found ? (uint32_t)found->place : 1;
        list = reverse(list);
    }
    list = sort(list, NODES, by_key);
    for (const struct node *n = list; n; n = n->next)
        sum = sum * 31 + (uint32_t)n->place;
    list = sort(list, NODES, by_place);
    return crc(sum, (uint32_t)list->key);
}

/* ---- matrices ---- */

#define SIDE 16

static int16_t left[SIDE][SIDE], right[SIDE][SIDE];
static int32_t product[SIDE][SIDE];

static void multiply(void)
{
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            int32_t sum = 0;

            for (int k = 0; k < SIDE; k++)
                sum += left[i][k] * right[k][j];
            product[i][j] = sum;
        }
}

static uint32_t matrix_work(uint32_t seed, uint32_t sum)
{
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            left[i][j] = (int16_t)(next_random(&seed) % 200 - 100);
            right[i][j] = (int16_t)(next_random(&seed) % 200 - 100);
        }
    for (int round = 0; round < 4; round++) {
        multiply();
        for (int i = 0; i < SIDE; i++)
            for (int j = 0; j < SIDE; j++) {
                /* Fields of the product feed the next round. */
                left[i][j] = (int16_t)(product[i][j] >> 3 & 0xff) - 128;
                right[j][i] = (int16_t)(right[j][i] + (product[i][j] >> 11 & 0x1f));
            }
    }
    for (int i = 0; i < SIDE; i++)
        sum = crc(sum, (uint32_t)product[i][i]);
    return sum;
}

/* ---- a state machine: words that may be numbers ---- */

enum state { START, SIGN, INTEGER, POINT, FRACTION, E, E_SIGN, EXPONENT, NO_NUMBER, STATES };

static enum state step(enum state s, char c)
{
    int digit = c >= '0' && c <= '9';

    switch (s) {
    case START:
        return digit ? INTEGER : c == '+' || c == '-' ? SIGN : c == '.' ? POINT : NO_NUMBER;
    case SIGN:
        return digit ? INTEGER : c == '.' ? POINT : NO_NUMBER;
    case INTEGER:
        return digit ? INTEGER : c == '.' ? FRACTION : c == 'e' ? E : NO_NUMBER;
    case POINT:
        return digit ? FRACTION : NO_NUMBER;
    case FRACTION:
        return digit ? FRACTION : c == 'e' ? E : NO_NUMBER;
    case E:
        return digit ? EXPONENT : c == '+' || c == '-' ? E_SIGN : NO_NUMBER;
    case E_SIGN:
    case EXPONENT:
        return digit ? EXPONENT : NO_NUMBER;
    default:
        return NO_NUMBER;
    }
}

static uint32_t state_work(uint32_t seed, uint32_t sum)
{
    static const char *const words[] = {"12", "-7", "+3.25", ".5", "1e9", "6.02e+23", "x1", "-",
                                        "1.2.3", "44e", "9e-", "100000"};
    static char text[2048];
    uint32_t ended[STATES] = {0};
    enum state s = START;
    size_t length = 0;

    while (length + 10 < sizeof text) {
        const char *word = words[next_random(&seed) % (sizeof words / sizeof words[0])];

        while (*word)
            text[length++] = *word++;
        text[length++] = ',';
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] != ',') {
            s = step(s, text[i]);
            continue;
        }
        ended[s]++;
        s = START;
    }
    for (int i = 0; i < STATES; i++)
        sum = crc(sum, ended[i]);
    return sum;
}

uint64_t work_mix(uint32_t one)
{
    uint32_t sum = one;

    for (uint32_t round = 1; round <= 3; round++) {
        sum = list_work(one * round * 2463534242, sum);
        sum = matrix_work(one * round * 88172645, sum);
        sum = state_work(one * round * 521288629, sum);
    }
    return sum;
}
