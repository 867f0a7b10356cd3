/* SPDX-License-Identifier: Apache-2.0 */
/* What the compiler expects of a machine without a C library, and may call by itself. */
#ifndef LABS_LIB_STRING_H
#define LABS_LIB_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *at, int byte, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);

#endif
