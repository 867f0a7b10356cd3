/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/dma.h"

static struct dma_channel channel;
static char from[256], to[256];

int main(void)
{
    if (dma_init() || dma_channel_init(&channel, 0, 0, 0))
        return 1;
    while (!dma_copy(&channel, to, from, sizeof to))
        ;
    return 2;
}
