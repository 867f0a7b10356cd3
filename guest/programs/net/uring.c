/* SPDX-License-Identifier: Apache-2.0 */
/* See uring.h. */
#include "uring.h"

#include "net.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REGISTER_NAPI 27u /* IORING_REGISTER_NAPI, newer than some C libraries' headers */

struct napi_setting {
    uint32_t busy_poll_us;
    uint8_t prefer, pad[3];
    uint64_t reserved;
};

static void *map(int fd, size_t bytes, uint64_t offset)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, (off_t)offset);

    if (at == MAP_FAILED)
        fail("io_uring's rings");
    return at;
}

void uring_open(struct uring *u, unsigned entries, unsigned completions)
{
    /* Completion work is done by the thread that waits for it, as a server would ask for. */
    struct io_uring_params p = {
        .flags = IORING_SETUP_CQSIZE | IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        .cq_entries = completions,
    };
    unsigned char *ring;
    size_t indexes, completed;

    memset(u, 0, sizeof *u);
    u->fd = (int)syscall(SYS_io_uring_setup, entries, &p);
    if (u->fd < 0)
        fail("io_uring_setup");
    /* One mapping holds both rings (IORING_FEAT_SINGLE_MMAP, since 5.4). */
    indexes = p.sq_off.array + p.sq_entries * sizeof(uint32_t);
    completed = p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe);
    ring = map(u->fd, indexes > completed ? indexes : completed, IORING_OFF_SQ_RING);
    u->cqes = (struct io_uring_cqe *)(ring + p.cq_off.cqes);
    u->sqes = map(u->fd, p.sq_entries * sizeof *u->sqes, IORING_OFF_SQES);
    u->sq_head = (uint32_t *)(ring + p.sq_off.head);
    u->sq_tail = (uint32_t *)(ring + p.sq_off.tail);
    u->cq_head = (uint32_t *)(ring + p.cq_off.head);
    u->cq_tail = (uint32_t *)(ring + p.cq_off.tail);
    u->sq_entries = p.sq_entries;
    u->sq_mask = p.sq_entries - 1;
    u->cq_mask = p.cq_entries - 1;
    /* Slot i of the ring of indexes is always entry i. */
    for (uint32_t i = 0; i < p.sq_entries; i++)
        ((uint32_t *)(ring + p.sq_off.array))[i] = i;
}

unsigned uring_room(const struct uring *u)
{
    return u->sq_entries - (*u->sq_tail - __atomic_load_n(u->sq_head, __ATOMIC_ACQUIRE));
}

struct io_uring_sqe *uring_entry(struct uring *u)
{
    struct io_uring_sqe *e = &u->sqes[*u->sq_tail & u->sq_mask];

    memset(e, 0, sizeof *e);
    /* The kernel looks at the ring only in uring_enter(), which is behind whatever fills the entry. */
    __atomic_store_n(u->sq_tail, *u->sq_tail + 1, __ATOMIC_RELEASE);
    u->pending++;
    return e;
}

long uring_enter(struct uring *u, unsigned wait)
{
    long n = system_call(SYS_io_uring_enter, u->fd, u->pending, wait, IORING_ENTER_GETEVENTS, 0, 0);

    if (n > 0)
        u->pending -= (uint32_t)n;
    return n;
}

struct io_uring_cqe *uring_completion(struct uring *u)
{
    uint32_t head = *u->cq_head;

    if (head == __atomic_load_n(u->cq_tail, __ATOMIC_ACQUIRE))
        return NULL;
    return &u->cqes[head & u->cq_mask];
}

void uring_seen(struct uring *u)
{
    __atomic_store_n(u->cq_head, *u->cq_head + 1, __ATOMIC_RELEASE);
}

bool uring_busy_poll(struct uring *u, uint32_t us)
{
    struct napi_setting setting = {.busy_poll_us = us, .prefer = 1};

    return syscall(SYS_io_uring_register, u->fd, REGISTER_NAPI, &setting, 1) == 0;
}

void uring_buffers_open(struct uring *u, struct uring_buffers *b, uint32_t count, uint32_t size)
{
    size_t ring_bytes = count * sizeof(struct io_uring_buf);
    unsigned char *memory = mmap(NULL, ring_bytes + (size_t)count * size, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    struct io_uring_buf_reg reg = {.ring_entries = count};

    if (memory == MAP_FAILED)
        fail("io_uring's buffers");
    *b = (struct uring_buffers){.ring = (struct io_uring_buf_ring *)memory,
                                .bytes = memory + ring_bytes, .count = count, .size = size};
    reg.ring_addr = (uintptr_t)memory;
    if (syscall(SYS_io_uring_register, u->fd, IORING_REGISTER_PBUF_RING, &reg, 1) != 0)
        fail("IORING_REGISTER_PBUF_RING");
    for (uint32_t i = 0; i < count; i++)
        uring_buffers_give(b, (uint16_t)i);
}

void uring_buffers_give(struct uring_buffers *b, uint16_t id)
{
    struct io_uring_buf *slot = &b->ring->bufs[b->tail & (b->count - 1)];

    slot->addr = (uintptr_t)b->bytes + (size_t)id * b->size;
    slot->len = b->size;
    slot->bid = id;
    b->tail++;
    __atomic_store_n(&b->ring->tail, b->tail, __ATOMIC_RELEASE);
}
