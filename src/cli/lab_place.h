/* SPDX-License-Identifier: Apache-2.0 */
/* Where the labs are: $DOORBELL_LABS, else the folder labs of the source tree that this program was
 * built from. */
#ifndef CLI_LAB_PLACE_H
#define CLI_LAB_PLACE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct lab_entry {
    char *name, *folder;
    char *title; /* or what is wrong with its manifest */
    uint64_t number; /* 0: something is */
};

/* That folder; "" is never returned. */
const char *lab_root(void);

/* The folder of a lab: by its name, by its number, or a path (with a '/').  The caller frees it;
 * NULL with err. */
char *lab_find(const char *name, struct err *err);

/* All labs in the order of number and name. */
int lab_list(struct lab_entry **list, size_t *count, struct err *err);
void lab_list_free(struct lab_entry *list, size_t count);

/* "folder/name"; the caller frees it. */
char *lab_path(const char *folder, const char *name);

#endif
