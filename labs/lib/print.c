/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/print.h"

#include "labs/lib/string.h"
#include "labs/lib/uart.h"

#include <stdbool.h>
#include <stdint.h>

/* How one of %... is printed. */
struct field {
    unsigned width;
    bool left, zero;
};

static void repeat(char c, unsigned times)
{
    while (times--)
        uart_put((uint8_t)c);
}

static void put(const char *text, unsigned length, struct field f)
{
    unsigned room = f.width > length ? f.width - length : 0;
    bool sign = f.zero && *text == '-';

    if (sign)
        uart_put('-'), text++, length--; /* before the zeros */
    if (!f.left)
        repeat(f.zero ? '0' : ' ', room);
    for (unsigned i = 0; i < length; i++)
        uart_put((uint8_t)text[i]);
    if (f.left)
        repeat(' ', room);
}

static void put_number(uint64_t value, unsigned base, bool negative, struct field f)
{
    char text[24];
    unsigned at = sizeof text;

    do
        text[--at] = "0123456789abcdef"[value % base];
    while (value /= base);
    if (negative)
        text[--at] = '-';
    put(text + at, (unsigned)sizeof text - at, f);
}

static void put_text(const char *text, struct field f)
{
    put(text, (unsigned)strlen(text), f);
}

void print_list(const char *format, va_list list)
{
    uart_ready();
    for (const char *p = format; *p; p++) {
        struct field f = {0};
        bool wide = false;
        int64_t number;
        char c;

        if (*p != '%') {
            if (*p == '\n')
                uart_put('\r');
            uart_put((uint8_t)*p);
            continue;
        }
        for (p++; *p == '-' || *p == '0'; p++)
            *p == '-' ? (f.left = true) : (f.zero = true);
        f.zero = f.zero && !f.left;
        for (; *p >= '0' && *p <= '9'; p++)
            f.width = f.width * 10 + (unsigned)(*p - '0');
        for (; *p == 'l' || *p == 'z'; p++)
            wide = true;
        switch (*p) {
        case 'd':
            number = wide ? va_arg(list, int64_t) : va_arg(list, int);
            put_number(number < 0 ? -(uint64_t)number : (uint64_t)number, 10, number < 0, f);
            break;
        case 'u':
        case 'x':
            put_number(wide ? va_arg(list, uint64_t) : va_arg(list, unsigned),
                       *p == 'u' ? 10 : 16, false, f);
            break;
        case 'p':
            put_number((uintptr_t)va_arg(list, void *), 16, false, f);
            break;
        case 's':
            put_text(va_arg(list, const char *), f);
            break;
        case 'c':
            c = (char)va_arg(list, int);
            put(&c, 1, f);
            break;
        case '%':
            uart_put('%');
            break;
        default: /* not one of ours: shown as it is, so that it is seen */
            uart_put('%');
            if (!*p)
                return;
            uart_put((uint8_t)*p);
        }
    }
}

void print(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    print_list(format, list);
    va_end(list);
}
