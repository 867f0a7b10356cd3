/* SPDX-License-Identifier: Apache-2.0 */
/* See xsk.h. */
#include "xsk.h"

#include "net.h"

#include <sys/mman.h>
#include <sys/socket.h>

#ifndef AF_XDP
#define AF_XDP 44
#endif
#ifndef SOL_XDP
#define SOL_XDP 283
#endif

static void map_ring(const struct xsk *x, struct xsk_ring *ring, const struct xdp_ring_offset *at,
                     uint64_t page, size_t entry_bytes)
{
    unsigned char *m = mmap(NULL, at->desc + XSK_RING_ENTRIES * entry_bytes, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_POPULATE, x->fd, (off_t)page);

    if (m == MAP_FAILED)
        fail("AF_XDP's rings");
    *ring = (struct xsk_ring){
        .producer = (uint32_t *)(m + at->producer),
        .consumer = (uint32_t *)(m + at->consumer),
        .flags = (uint32_t *)(m + at->flags),
        .entries = m + at->desc,
        .mask = XSK_RING_ENTRIES - 1,
    };
}

static void set(const struct xsk *x, int option, const void *value, socklen_t bytes, const char *what)
{
    if (setsockopt(x->fd, SOL_XDP, option, value, bytes) != 0)
        fail(what);
}

void xsk_open(struct xsk *x, unsigned device_index, unsigned queue, uint16_t flags)
{
    size_t bytes = (size_t)XSK_FRAMES * XSK_FRAME_BYTES;
    struct xdp_umem_reg umem = {.len = bytes, .chunk_size = XSK_FRAME_BYTES};
    struct sockaddr_xdp address = {.sxdp_family = AF_XDP, .sxdp_ifindex = device_index,
                                   .sxdp_queue_id = queue,
                                   .sxdp_flags = flags | XDP_USE_NEED_WAKEUP};
    struct xdp_mmap_offsets at;
    socklen_t at_bytes = sizeof at;
    uint32_t entries = XSK_RING_ENTRIES;

    x->fd = socket(AF_XDP, SOCK_RAW, 0);
    if (x->fd < 0)
        fail("AF_XDP socket");
    x->frames = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE,
                     -1, 0);
    if (x->frames == MAP_FAILED)
        fail("AF_XDP's memory");
    umem.addr = (uintptr_t)x->frames;
    set(x, XDP_UMEM_REG, &umem, sizeof umem, "XDP_UMEM_REG");
    set(x, XDP_UMEM_FILL_RING, &entries, sizeof entries, "XDP_UMEM_FILL_RING");
    set(x, XDP_UMEM_COMPLETION_RING, &entries, sizeof entries, "XDP_UMEM_COMPLETION_RING");
    set(x, XDP_RX_RING, &entries, sizeof entries, "XDP_RX_RING");
    set(x, XDP_TX_RING, &entries, sizeof entries, "XDP_TX_RING");
    if (getsockopt(x->fd, SOL_XDP, XDP_MMAP_OFFSETS, &at, &at_bytes) != 0)
        fail("XDP_MMAP_OFFSETS");
    map_ring(x, &x->fill, &at.fr, XDP_UMEM_PGOFF_FILL_RING, sizeof(uint64_t));
    map_ring(x, &x->completion, &at.cr, XDP_UMEM_PGOFF_COMPLETION_RING, sizeof(uint64_t));
    map_ring(x, &x->rx, &at.rx, XDP_PGOFF_RX_RING, sizeof(struct xdp_desc));
    map_ring(x, &x->tx, &at.tx, XDP_PGOFF_TX_RING, sizeof(struct xdp_desc));
    for (uint32_t i = 0; i < XSK_FRAMES; i++)
        xsk_free(x, (uint64_t)i * XSK_FRAME_BYTES);
    xsk_fill(x);
    if (bind(x->fd, (struct sockaddr *)&address, sizeof address) != 0)
        fail("AF_XDP bind");
}

bool xsk_is_zero_copy(const struct xsk *x)
{
    struct xdp_options options = {0};
    socklen_t bytes = sizeof options;

    if (getsockopt(x->fd, SOL_XDP, XDP_OPTIONS, &options, &bytes) != 0)
        fail("XDP_OPTIONS");
    return options.flags & XDP_OPTIONS_ZEROCOPY;
}

void xsk_free(struct xsk *x, uint64_t address)
{
    /* A frame comes back at another place inside itself, behind the room for headers. */
    x->free[x->frees++] = address & ~(uint64_t)(XSK_FRAME_BYTES - 1);
}

void xsk_fill(struct xsk *x)
{
    uint32_t at = *x->fill.producer;
    uint32_t room = XSK_RING_ENTRIES - (at - __atomic_load_n(x->fill.consumer, __ATOMIC_ACQUIRE));

    while (room && x->frees) {
        ((uint64_t *)x->fill.entries)[at++ & x->fill.mask] = x->free[--x->frees];
        room--;
    }
    __atomic_store_n(x->fill.producer, at, __ATOMIC_RELEASE);
}

uint32_t xsk_peek(struct xsk *x, struct xdp_desc *out, uint32_t max)
{
    uint32_t at = *x->rx.consumer;
    uint32_t count = __atomic_load_n(x->rx.producer, __ATOMIC_ACQUIRE) - at;

    if (count > max)
        count = max;
    for (uint32_t i = 0; i < count; i++)
        out[i] = ((struct xdp_desc *)x->rx.entries)[(at + i) & x->rx.mask];
    return count;
}

void xsk_release(struct xsk *x, uint32_t count)
{
    __atomic_store_n(x->rx.consumer, *x->rx.consumer + count, __ATOMIC_RELEASE);
}

bool xsk_send(struct xsk *x, const struct xdp_desc *d)
{
    uint32_t at = *x->tx.producer;

    if (at - __atomic_load_n(x->tx.consumer, __ATOMIC_ACQUIRE) == XSK_RING_ENTRIES)
        return false;
    ((struct xdp_desc *)x->tx.entries)[at & x->tx.mask] = *d;
    __atomic_store_n(x->tx.producer, at + 1, __ATOMIC_RELEASE);
    return true;
}

bool xsk_all_sent(const struct xsk *x)
{
    return __atomic_load_n(x->tx.consumer, __ATOMIC_ACQUIRE) == *x->tx.producer;
}

void xsk_complete(struct xsk *x)
{
    uint32_t at = *x->completion.consumer;
    uint32_t end = __atomic_load_n(x->completion.producer, __ATOMIC_ACQUIRE);

    while (at != end)
        xsk_free(x, ((uint64_t *)x->completion.entries)[at++ & x->completion.mask]);
    __atomic_store_n(x->completion.consumer, at, __ATOMIC_RELEASE);
}
