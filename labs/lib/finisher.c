/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/finisher.h"

#include "labs/lib/print.h"
#include "labs/lib/reg.h"
#include "labs/lib/uart.h"
#include "spec/finisher.h"
#include "spec/virt.h"

enum { FINISHER_FIELDS(FIELD_MASK) };

void finish(int status)
{
    uint32_t word = FINISHER_IS_PASS;

    /* What is still in the transmitter would be lost with the power. */
    uart_flush();
    /* spec/finisher.h: action in the lower half; only `fail` has a code, in the upper half. */
    if (status) /* what the code has no room for is no success either */
        word = FINISHER_IS_FAIL | (uint32_t)(status & 0xffff ? status : 1) << FINISHER_CODE_LSB;
    mmio_write32(VIRT_FINISHER_BASE, word);
    for (;;) /* the store is posted: it may take a moment to arrive */
        __asm__ volatile("wfi");
}

void die(const char *why)
{
    print("lab: %s\n", why);
    finish(1);
}
