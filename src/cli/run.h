/* SPDX-License-Identifier: Apache-2.0 */
/* The options of doorbell run, for other commands that make a machine. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "cli/words.h"
#include "machine/config.h"

/* Fills *config from these options (and the defaults of those that are not given); only those that
 * make a machine are taken.  It points to the words, which must outlive it; config_fini frees the
 * rest, also after -1 with err. */
int run_config(struct board_config *config, const struct words *words, struct err *err);

#endif
