/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "host/file_map.h"

#include "base/alloc.h"
#include "base/bits.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct file_map {
    struct file_map *next;
    uint8_t *base;
    uint64_t bytes;     /* that are mapped: the whole file, and of its last page the rest */
    uint64_t last_page; /* its offset */
    volatile sig_atomic_t lost;
};

/* All maps there are, for the handler.  Changed only while none is being read. */
static struct file_map *maps;
static uint64_t page_bytes;
static struct sigaction before;

/* Only mmap, which is a plain system call, and nothing that it could interrupt: the copies in
 * file_map_read. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
    uintptr_t at = (uintptr_t)info->si_addr;
    int saved = errno;

    (void)context;
    for (struct file_map *m = info->si_code > 0 ? maps : NULL; m; m = m->next) {
        void *page = (void *)(at & ~(uintptr_t)(page_bytes - 1));
        if (at - (uintptr_t)m->base >= m->bytes)
            continue;
        if (mmap(page, page_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
            MAP_FAILED)
            break;
        m->lost = 1;
        errno = saved;
        return;
    }
    sigaction(number, &before, NULL); /* not ours: it happens again, to who was there before */
}

static bool handler_installed(void)
{
    struct sigaction ours = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};

    if (maps)
        return true;
    page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    sigemptyset(&ours.sa_mask);
    return sigaction(SIGBUS, &ours, &before) == 0;
}

struct file_map *file_map_new(int fd, uint64_t size)
{
    struct file_map *m;
    void *base;

    if (size > SIZE_MAX / 2 || !handler_installed())
        return NULL;
    base = size > page_bytes ? mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (base == MAP_FAILED) {
        if (!maps)
            sigaction(SIGBUS, &before, NULL);
        return NULL;
    }
    m = xcalloc(1, sizeof *m);
    m->base = base;
    m->bytes = align_up(size, page_bytes);
    m->last_page = (size - 1) & ~(page_bytes - 1);
    m->next = maps;
    maps = m;
    return m;
}

void file_map_free(struct file_map *m)
{
    struct file_map **link = &maps;

    if (!m)
        return;
    while (*link != m)
        link = &(*link)->next;
    *link = m->next;
    munmap(m->base, m->bytes);
    free(m);
    if (!maps)
        sigaction(SIGBUS, &before, NULL);
}

bool file_map_read(struct file_map *m, uint64_t offset, void *buf, uint64_t len)
{
    if (m->lost || offset > m->last_page || len > m->last_page - offset)
        return false;
    memcpy(buf, m->base + offset, len);
    (void)*(volatile const uint8_t *)(m->base + m->last_page);
    atomic_signal_fence(memory_order_seq_cst);
    return !m->lost;
}
