/* SPDX-License-Identifier: Apache-2.0 */
/* Files: a flat table says which part of the drive each name is.  No directories, no owners, no
 * writing: all that a read needs to be a read of a file. */
#include "labs/kernel/file.h"

#include "labs/kernel/block.h"
#include "labs/kernel/kernel.h"
#include "labs/kernel/process.h"
#include "labs/lib/string.h"

/* In pages; 0 is to the drive's end. */
static const struct {
    const char *name;
    uint64_t start, pages;
} table[] = {
    {"disk", 0, 0},
    {"a", 0, 256},
    {"b", 256, 256},
    {"c", 512, 1024},
};

void files_init(struct process *p)
{
    for (unsigned fd = 0; fd < 3; fd++)
        p->file[fd].kind = FILE_CONSOLE;
}

struct file *file_get(uint64_t fd, enum file_kind kind)
{
    struct file *f = fd < FILES_MAX ? &process_current()->file[fd] : NULL;

    return f && f->kind == kind ? f : NULL;
}

int64_t file_new(enum file_kind kind, struct file **file)
{
    struct process *p = process_current();

    for (unsigned fd = 0; fd < FILES_MAX; fd++)
        if (p->file[fd].kind == FILE_NONE) {
            p->file[fd] = (struct file){.kind = kind};
            *file = &p->file[fd];
            return fd;
        }
    return ERR_FULL;
}

int64_t file_open(const char *name)
{
    uint64_t drive = block_pages();
    struct file *f;
    int64_t fd;

    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        uint64_t pages = table[i].pages ? table[i].pages : drive;

        if (strcmp(name, table[i].name) != 0)
            continue;
        if (!drive || table[i].start + pages > drive)
            return ERR_DEVICE;
        fd = file_new(FILE_DISK, &f);
        if (fd >= 0) {
            f->start = table[i].start * PAGE_BYTES;
            f->bytes = pages * PAGE_BYTES;
        }
        return fd;
    }
    return ERR_NAME;
}

STEP int64_t file_read(struct file *f, uint64_t to, uint64_t bytes, uint64_t offset)
{
    uint64_t done = 0, limit = (f->start + f->bytes) / PAGE_BYTES;

    if (offset >= f->bytes)
        return 0;
    if (bytes > f->bytes - offset)
        bytes = f->bytes - offset;
    while (done < bytes) {
        uint64_t at = f->start + offset + done, within = at % PAGE_BYTES;
        uint64_t n = PAGE_BYTES - within < bytes - done ? PAGE_BYTES - within : bytes - done;
        struct page *page = cache_get(&f->ahead, at / PAGE_BYTES, limit);

        if (!page)
            return done ? (int64_t)done : ERR_DEVICE;
        copy_to_user(to + done, page->bytes + within, n);
        cache_put(page);
        done += n;
    }
    return (int64_t)done;
}
