/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's start, called by labs/lib/start.S in supervisor mode. */
#include "labs/kernel/block.h"
#include "labs/kernel/cache.h"
#include "labs/kernel/kernel.h"
#include "labs/kernel/net.h"
#include "labs/kernel/process.h"
#include "labs/kernel/softirq.h"
#include "labs/kernel/thread.h"
#include "labs/kernel/trap.h"
#include "labs/lib/irq.h"
#include "labs/lib/pci.h"
#include "labs/lib/uart.h"

/* By this, and what it says, tools know which kernel an ELF has (src/cli/explain_lab.c). */
const char labs_kernel_banner[] = "labs/kernel";

int main(const void *device_tree)
{
    uart_init();
    threads_init();
    traps_init();
    memory_init();
    paging_start();
    (void)irq_init(device_tree);
    (void)pci_init();
    softirq_init();
    block_init();
    cache_init();
    net_init();
    process_start();
    /* What began here is from now on what runs when nothing else does. */
    thread_idle();
}
