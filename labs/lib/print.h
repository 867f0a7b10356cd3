/* SPDX-License-Identifier: Apache-2.0 */
/* Text on the UART, byte by byte, each waited for: at 115200 baud a character takes 86.8 us, so
 * print between measurements, not in them. */
#ifndef LABS_LIB_PRINT_H
#define LABS_LIB_PRINT_H

#include <stdarg.h>

/* %c %s %d %u %x, with l for 64 bits (%ld %lu %lx), a width, `-` and `0` as printf has them; %p;
 * %%.  "\n" becomes "\r\n".  Sets the UART up if nothing has yet. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_list(const char *format, va_list list);

#endif
