/* SPDX-License-Identifier: Apache-2.0 */
/* Checks in a program on the bare machine: the first that fails is told, and ends the machine with
 * status 1. */
#ifndef TESTS_LABS_LAB_CHECK_H
#define TESTS_LABS_LAB_CHECK_H

#include "labs/lib/finisher.h"
#include "labs/lib/print.h"

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            print("FAIL line %d: %s\n", __LINE__, #condition); \
            finish(1); \
        } \
    } while (0)

#define CHECK_EQ(a, b) \
    do { \
        long a_ = (long)(a), b_ = (long)(b); \
        if (a_ != b_) { \
            print("FAIL line %d: %s is %ld, not %ld\n", __LINE__, #a, a_, b_); \
            finish(1); \
        } \
    } while (0)

/* A driver's text: NULL is success. */
#define CHECK_NULL(call) \
    do { \
        const char *why_ = (call); \
        if (why_) { \
            print("FAIL line %d: %s: %s\n", __LINE__, #call, why_); \
            finish(1); \
        } \
    } while (0)

#define CHECK_TEXT(call) CHECK((call) != (const char *)0)

#endif
