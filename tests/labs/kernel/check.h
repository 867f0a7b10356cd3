/* SPDX-License-Identifier: Apache-2.0 */
/* Checks in a program on labs/kernel: the first that fails is told, and ends it with status 1. */
#ifndef TESTS_LABS_KERNEL_CHECK_H
#define TESTS_LABS_KERNEL_CHECK_H

#include "labs/kernel/user.h"

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            print("FAIL line %d: %s\n", __LINE__, #condition); \
            exit(1); \
        } \
    } while (0)

#define CHECK_EQ(a, b) \
    do { \
        int64_t a_ = (int64_t)(a), b_ = (int64_t)(b); \
        if (a_ != b_) { \
            print("FAIL line %d: %s is %ld, not %ld\n", __LINE__, #a, a_, b_); \
            exit(1); \
        } \
    } while (0)

static inline struct counters count(void)
{
    struct counters c;

    CHECK_EQ(counters_read(&c), 0);
    return c;
}

#endif
