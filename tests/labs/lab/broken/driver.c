/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/dma.h"
#include "labs/lib/finisher.h"

static struct dma_channel channel;
static char to[256];

int main(void)
{
    const char *why = dma_init();

    if (why || (why = dma_channel_init(&channel, 0, 0, 0)) ||
        (why = dma_copy(&channel, to, (void *)0x10000000, sizeof to)))
        die(why);
    return 0;
}
