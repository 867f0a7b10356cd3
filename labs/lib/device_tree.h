/* SPDX-License-Identifier: Apache-2.0 */
/* What the board says that it has (Devicetree Specification 0.4, chapter 5). */
#ifndef LABS_LIB_DEVICE_TREE_H
#define LABS_LIB_DEVICE_TREE_H

#include <stdbool.h>

/* Is there a node whose "compatible" list has this text? */
bool device_tree_has(const void *tree, const char *compatible);

#endif
