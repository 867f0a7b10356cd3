/* SPDX-License-Identifier: Apache-2.0 */
/* doorbell lab run --timeline: one of the lab's sections, a read by a program on labs/kernel, as
 * doorbell explain read lays it out. */
#ifndef CLI_LAB_TIMELINE_H
#define CLI_LAB_TIMELINE_H

#include "cli/lab_run.h"

/* Runs the lab's program once more, with probes, prints the timeline of that section (NULL: the
 * first whose name is a state of explain read), unless `quiet`, and draws it to `svg`.  -1 with
 * err. */
int lab_timeline(const struct lab_result *r, const char *section, const char *svg, bool quiet,
                 struct err *err);

#endif
