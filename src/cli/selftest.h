/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell selftest engine --boot: two machines that boot. */
#ifndef CLI_SELFTEST_H
#define CLI_SELFTEST_H

#include "machine/pair.h"

struct selftest_boot {
    struct board_config *config;
    uint64_t until_mark;
    bool blocks, json;
};

/* Runs both and prints what came out: 0 equal, 1 different; -1 with err when they could not be
 * made.  What the config leaves open becomes the guest that guest/ makes. */
int selftest_boot(const struct selftest_boot *o, struct err *err);

#endif
