/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/trap.h"
#include "spec/virt.h"

static bool go_on(struct trap_frame *frame)
{
    frame->pc += 4; /* `touch` has no short instructions */
    return true;
}

static void touch(uintptr_t place, uint32_t value)
{
    __asm__ volatile(".option push\n.option norvc\nsw %0, (%1)\nlw x0, (%1)\n.option pop"
                     :: "r"(value), "r"(place) : "memory");
}

int main(void)
{
    trap_handle(go_on);
    for (uint32_t n = 1;; n = n * 1664525 + 1013904223) {
        /* Where devices are, but for the finisher, which would end it. */
        uint32_t place = (n >> 3) % (VIRT_PCI_MEM_BASE - VIRT_FINISHER_BASE - 0x1000);

        touch(VIRT_FINISHER_BASE + 0x1000 + place / 4 * 4, n);
    }
}
