/* SPDX-License-Identifier: Apache-2.0 */
/* What the board says that it has (Devicetree Specification 0.4, chapter 5). */
#ifndef LABS_LIB_DEVICE_TREE_H
#define LABS_LIB_DEVICE_TREE_H

#include <stdbool.h>
#include <stdint.h>

/* Is there a node whose "compatible" list has this text? */
bool device_tree_has(const void *tree, const char *compatible);

/* The value of a property of the first node of this name, what follows an `@` left aside, with its
 * length; NULL: there is none.  Numbers in it are big-endian. */
const void *device_tree_property(const void *tree, const char *node, const char *property,
                                 uint32_t *bytes);

/* Memory: its size; it begins at VIRT_RAM_BASE.  0: the tree does not say. */
uint64_t device_tree_memory(const void *tree);

/* The words that `doorbell run --append` gives, as a kernel's command line; "" for none. */
const char *device_tree_arguments(const void *tree);

#endif
