/* SPDX-License-Identifier: Apache-2.0 */
/* Every kind of device there is, in one visible list.  docs/devices/ has a page for each, and
 * tests/dev/all_test.c holds each to the rules that all share. */
#ifndef MACHINE_CLASSES_H
#define MACHINE_CLASSES_H

#include "bus/device.h"

extern const struct device_class *const device_classes[]; /* ends with NULL */

#endif
