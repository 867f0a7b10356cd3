/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* fallocate, SEEK_DATA */
/* The overlay file: clusters of 64 KiB that differ from the image below.
 *
 *   0        4 KiB header: magic, version, cluster bytes, image size, CRC-32
 *   4 KiB    table: for each group of 510 clusters two copies (A, B) of a 4-KiB page:
 *            generation, CRC-32, then 510 entries of 8 bytes
 *   data     clusters, from the next multiple of 64 KiB on
 *
 * An entry is 0: read the image; 1: zeros; n + 2: the n-th data cluster.
 *
 * Invariants, which make a crash at any moment harmless:
 *  1. A data cluster named by a table page on disk is never reused or freed before a table that
 *     no longer names it is on disk (`pending` holds it until then).  One that no table on disk
 *     can name yet (`fresh`) is free at once: a guest that never flushes cannot make the file grow.
 *  2. A page reaches the disk only after fdatasync of the data that it names (overlay_flush).
 *  3. A page is written over the older of its two copies; the reader takes the newest copy whose
 *     checksum is right.  A torn write therefore leaves the table of the previous flush.
 * Clusters that were written but never flushed are unnamed at the next open, and free.
 *
 *   write, new cluster:  free list -> data written -> entry in memory, page dirty
 *   flush:               fdatasync -> dirty pages to their older copy -> fdatasync -> pending freed
 */
#include "base/alloc.h"
#include "base/bits.h"
#include "host/block.h"
#include "host/block_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define CLUSTER UINT64_C(65536)
#define PAGE 4096
#define ENTRIES 510
#define VERSION 1

static const char magic[8] = "DBOVRLY1";

enum { ENTRY_IMAGE, ENTRY_ZERO, ENTRY_DATA };

struct overlay {
    int fd;
    struct overlay_base base;
    uint64_t limit;       /* image size rounded up to BLOCK_TAIL */
    uint64_t clusters;    /* of the image */
    uint64_t groups;      /* pages of the table, without their second copies */
    uint64_t data_start;  /* file offset of data cluster 0 */
    uint64_t data_count;  /* clusters that the file has been given room for */
    uint64_t *entry;      /* [clusters] */
    uint32_t *generation; /* [groups]: of the copy in force; it is copy generation & 1 */
    uint8_t *dirty;       /* [groups] */
    uint8_t *fresh;       /* [clusters]: its data cluster was taken since its page was written */
    uint64_t *free_list, free_count;   /* data clusters nobody names; capacity below */
    uint64_t *pending, pending_count;  /* unnamed in memory, still named on disk */
    size_t free_capacity, pending_capacity;
    uint8_t *buf; /* one cluster */
};

static uint64_t page_offset(uint64_t group, unsigned copy)
{
    return PAGE + (group * 2 + copy) * PAGE;
}

static void push(uint64_t **list, uint64_t *count, size_t *capacity, uint64_t value)
{
    array_reserve(list, capacity, *count + 1, sizeof **list);
    (*list)[(*count)++] = value;
}

/* Bytes of cluster `c` that exist (the last one may be short). */
static uint64_t cluster_bytes(const struct overlay *o, uint64_t c)
{
    return u64_min(CLUSTER, o->limit - c * CLUSTER);
}

static uint64_t data_offset(const struct overlay *o, uint64_t entry)
{
    return o->data_start + (entry - ENTRY_DATA) * CLUSTER;
}

static void set_entry(struct overlay *o, uint64_t c, uint64_t entry)
{
    if (o->entry[c] >= ENTRY_DATA && o->fresh[c])
        push(&o->free_list, &o->free_count, &o->free_capacity, o->entry[c] - ENTRY_DATA);
    else if (o->entry[c] >= ENTRY_DATA)
        push(&o->pending, &o->pending_count, &o->pending_capacity, o->entry[c] - ENTRY_DATA);
    o->entry[c] = entry;
    o->fresh[c] = entry >= ENTRY_DATA;
    o->dirty[c / ENTRIES] = 1;
}

/* Part of one cluster, as it reads now. */
static int read_part(struct overlay *o, uint64_t c, uint64_t in, void *buf, uint64_t len)
{
    uint64_t e = o->entry[c];

    if (e == ENTRY_IMAGE)
        return o->base.read(o->base.owner, c * CLUSTER + in, buf, len);
    if (e >= ENTRY_DATA)
        return file_pread(o->fd, data_offset(o, e) + in, buf, len);
    memset(buf, 0, len);
    return 0;
}

/* The whole cluster in o->buf becomes a new data cluster. */
static int allocate(struct overlay *o, uint64_t c)
{
    uint64_t n = o->free_count ? o->free_list[o->free_count - 1] : o->data_count;
    int rc = file_pwrite(o->fd, data_offset(o, n + ENTRY_DATA), o->buf, CLUSTER);

    if (rc)
        return rc;
    if (o->free_count)
        o->free_count--;
    else
        o->data_count++;
    set_entry(o, c, n + ENTRY_DATA);
    return 0;
}

static int write_part(struct overlay *o, uint64_t c, uint64_t in, const void *buf, uint64_t len)
{
    int rc;

    if (o->entry[c] >= ENTRY_DATA)
        return file_pwrite(o->fd, data_offset(o, o->entry[c]) + in, buf, len);
    memset(o->buf, 0, CLUSTER);
    if (len < cluster_bytes(o, c)) {
        rc = read_part(o, c, 0, o->buf, cluster_bytes(o, c));
        if (rc)
            return rc;
    }
    memcpy(o->buf + in, buf, len);
    return allocate(o, c);
}

static int zero_part(struct overlay *o, uint64_t c, uint64_t in, uint64_t len)
{
    int rc;

    if (o->entry[c] == ENTRY_ZERO)
        return 0;
    if (in == 0 && len == cluster_bytes(o, c)) {
        set_entry(o, c, ENTRY_ZERO);
        return 0;
    }
    if (o->entry[c] >= ENTRY_DATA)
        return file_zero(o->fd, data_offset(o, o->entry[c]) + in, len);
    memset(o->buf, 0, CLUSTER);
    rc = read_part(o, c, 0, o->buf, cluster_bytes(o, c));
    if (rc)
        return rc;
    memset(o->buf + in, 0, len);
    return allocate(o, c);
}

enum walk { WALK_READ, WALK_WRITE, WALK_ZERO };

/* Cuts a range at clusters. */
static int walk(struct overlay *o, enum walk what, uint64_t offset, uint8_t *buf, uint64_t len)
{
    int rc = 0;

    while (len && !rc) {
        uint64_t c = offset / CLUSTER, in = offset % CLUSTER;
        uint64_t n = u64_min(len, CLUSTER - in);
        rc = what == WALK_READ    ? read_part(o, c, in, buf, n)
             : what == WALK_WRITE ? write_part(o, c, in, buf, n)
                                  : zero_part(o, c, in, n);
        offset += n;
        len -= n;
        if (buf)
            buf += n;
    }
    return rc;
}

int overlay_read(struct overlay *o, uint64_t offset, void *buf, uint64_t len)
{
    return walk(o, WALK_READ, offset, buf, len);
}

int overlay_write(struct overlay *o, uint64_t offset, const void *buf, uint64_t len)
{
    return walk(o, WALK_WRITE, offset, (uint8_t *)(uintptr_t)buf, len);
}

int overlay_zero(struct overlay *o, uint64_t offset, uint64_t len)
{
    return walk(o, WALK_ZERO, offset, NULL, len);
}

/* ---- the table on disk ---- */

static uint32_t page_crc(const uint8_t *page)
{
    return (uint32_t)crc32(crc32(0, page, 8), page + 12, PAGE - 12);
}

static int write_page(struct overlay *o, uint64_t group)
{
    uint8_t page[PAGE] = {0};
    uint32_t generation = o->generation[group] + 1;
    int rc;

    le32_put(page, generation);
    le32_put(page + 4, (uint32_t)group);
    for (uint64_t i = 0; i < ENTRIES && group * ENTRIES + i < o->clusters; i++) {
        le64_put(page + 16 + i * 8, o->entry[group * ENTRIES + i]);
        o->fresh[group * ENTRIES + i] = 0; /* even if the write fails: it may have got there */
    }
    le32_put(page + 8, page_crc(page));
    rc = file_pwrite(o->fd, page_offset(group, generation & 1), page, PAGE);
    return rc;
}

int overlay_flush(struct overlay *o)
{
    bool any = false;

    if (fdatasync(o->fd))
        return -errno;
    for (uint64_t g = 0; g < o->groups; g++)
        if (o->dirty[g]) {
            int rc = write_page(o, g);
            if (rc)
                return rc; /* still dirty: the next flush tries again */
            any = true;
        }
    if (!any)
        return 0;
    if (fdatasync(o->fd))
        return -errno;
    for (uint64_t g = 0; g < o->groups; g++)
        if (o->dirty[g]) {
            o->dirty[g] = 0;
            o->generation[g]++;
        }
    for (uint64_t i = 0; i < o->pending_count; i++) {
        push(&o->free_list, &o->free_count, &o->free_capacity, o->pending[i]);
        (void)file_zero(o->fd, data_offset(o, o->pending[i] + ENTRY_DATA), CLUSTER);
    }
    o->pending_count = 0;
    return 0;
}

/* Whether a copy is whole; *blank when it was never written. */
static bool copy_good(const uint8_t *page, uint64_t group, unsigned copy, bool *blank)
{
    static const uint8_t zeros[PAGE];

    *blank = !memcmp(page, zeros, PAGE);
    return !*blank && le32_get(page + 8) == page_crc(page) && le32_get(page + 4) == group &&
           (le32_get(page) & 1) == copy;
}

static int take_page(struct overlay *o, uint64_t group, const uint8_t *page, uint64_t file_size,
                     const char *path, struct err *err)
{
    o->generation[group] = le32_get(page);
    for (uint64_t i = 0; i < ENTRIES && group * ENTRIES + i < o->clusters; i++) {
        uint64_t e = le64_get(page + 16 + i * 8);
        o->entry[group * ENTRIES + i] = e;
        if (e < ENTRY_DATA)
            continue;
        if (e - ENTRY_DATA >= (file_size - u64_min(file_size, o->data_start)) / CLUSTER)
            return err_set(err, "%s: the overlay is truncated: cluster %" PRIu64
                           " lies past its end", path, e - ENTRY_DATA);
    }
    return 0;
}

static int load_group(struct overlay *o, uint64_t group, uint64_t file_size, const char *path,
                      struct err *err)
{
    uint8_t page[2][PAGE];
    bool good[2], blank[2];
    unsigned use;

    if (file_pread(o->fd, page_offset(group, 0), page, sizeof page))
        return err_set(err, "%s: the overlay is truncated: its table is cut", path);
    for (unsigned i = 0; i < 2; i++)
        good[i] = copy_good(page[i], group, i, &blank[i]);
    if (blank[0] && blank[1])
        return 0;
    /* The first write goes to copy 1: torn, it leaves copy 0 blank, which is a state too. */
    if (!good[0] && !good[1] && !blank[0])
        return err_set(err, "%s: the overlay is corrupt: both copies of table page %" PRIu64
                       " are damaged", path, group);
    if ((!good[0] && !blank[0]) || (!good[1] && !blank[1]))
        log_line("%s: table page %" PRIu64 " was cut off in the middle of a write; "
                 "taking the one of the flush before", path, group);
    if (!good[0] && !good[1])
        return 0;
    use = !good[0] || (good[1] && (int32_t)(le32_get(page[1]) - le32_get(page[0])) > 0);
    return take_page(o, group, page[use], file_size, path, err);
}

/* Reads the table and finds the clusters that nobody names. */
static int load(struct overlay *o, uint64_t file_size, const char *path, struct err *err)
{
    uint64_t room = (file_size - u64_min(file_size, o->data_start)) / CLUSTER;
    uint8_t *named;

    if (file_size < o->data_start)
        return err_set(err, "%s: the overlay is truncated: its table is cut", path);
    for (uint64_t g = 0; g < o->groups; g++) {
        /* Skip the holes of a large, little used table. */
        off_t data = lseek(o->fd, (off_t)page_offset(g, 0), SEEK_DATA);
        if (data > 0 && (uint64_t)data >= page_offset(g + 1, 0)) {
            g = ((uint64_t)data - PAGE) / (2 * PAGE) - 1;
            continue;
        }
        if (load_group(o, g, file_size, path, err))
            return -1;
    }
    o->data_count = room;
    named = xcalloc(room + 1, 1);
    for (uint64_t c = 0; c < o->clusters; c++) {
        if (o->entry[c] < ENTRY_DATA)
            continue;
        if (named[o->entry[c] - ENTRY_DATA]++) {
            free(named);
            return err_set(err, "%s: the overlay is corrupt: two clusters share their data", path);
        }
    }
    for (uint64_t n = room; n-- > 0;)
        if (!named[n])
            push(&o->free_list, &o->free_count, &o->free_capacity, n);
    free(named);
    return 0;
}

static int create(struct overlay *o, const char *path, struct err *err)
{
    uint8_t header[PAGE] = {0};
    int rc;

    memcpy(header, magic, 8);
    le32_put(header + 8, VERSION);
    le32_put(header + 12, (uint32_t)CLUSTER);
    le64_put(header + 16, o->base.size);
    le32_put(header + 24, (uint32_t)crc32(0, header, 24));
    /* The header comes last: a file without it was never an overlay that anyone used. */
    rc = ftruncate(o->fd, (off_t)o->data_start) ? -errno : 0;
    if (!rc)
        rc = file_pwrite(o->fd, 0, header, PAGE);
    if (!rc && fsync(o->fd))
        rc = -errno;
    return rc ? err_set(err, "%s: cannot create the overlay: %s", path, strerror(-rc)) : 0;
}

static int check_header(struct overlay *o, const char *path, struct err *err)
{
    uint8_t header[PAGE];

    if (file_pread(o->fd, 0, header, PAGE))
        return err_set(err, "%s: not an overlay: too short", path);
    if (memcmp(header, magic, 8))
        return err_set(err, "%s: not an overlay of this program", path);
    if (le32_get(header + 24) != (uint32_t)crc32(0, header, 24))
        return err_set(err, "%s: the overlay is corrupt: bad header checksum", path);
    if (le32_get(header + 8) != VERSION || le32_get(header + 12) != CLUSTER)
        return err_set(err, "%s: an overlay of another version", path);
    if (le64_get(header + 16) != o->base.size)
        return err_set(err, "%s: made for an image of %" PRIu64 " bytes, but this one has %" PRIu64,
                       path, le64_get(header + 16), o->base.size);
    return 0;
}

struct overlay *overlay_open(const char *path, bool read_only, const struct overlay_base *base,
                             struct err *err)
{
    struct overlay *o = xcalloc(1, sizeof *o);
    struct stat st;

    o->base = *base;
    o->limit = align_up(base->size, BLOCK_TAIL);
    o->clusters = (o->limit + CLUSTER - 1) / CLUSTER;
    o->groups = (o->clusters + ENTRIES - 1) / ENTRIES;
    o->data_start = align_up(page_offset(o->groups, 0), CLUSTER);
    o->fd = open(path, read_only ? O_RDONLY | O_CLOEXEC : O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (o->fd < 0) {
        err_set(err, "%s: %s", path, strerror(errno));
        goto fail;
    }
    if (file_lock(o->fd, path, !read_only, err))
        goto fail;
    if (fstat(o->fd, &st) || !S_ISREG(st.st_mode)) {
        err_set(err, "%s: an overlay has to be a file", path);
        goto fail;
    }
    if (st.st_size == 0 && !read_only) {
        if (create(o, path, err))
            goto fail;
        st.st_size = (off_t)o->data_start;
    }
    if (check_header(o, path, err))
        goto fail;
    o->entry = xcalloc(o->clusters, sizeof *o->entry);
    o->generation = xcalloc(o->groups, sizeof *o->generation);
    o->dirty = xcalloc(o->groups, 1);
    o->fresh = xcalloc(o->clusters, 1);
    o->buf = xcalloc(1, CLUSTER);
    if (load(o, (uint64_t)st.st_size, path, err))
        goto fail;
    return o;
fail:
    overlay_close(o);
    return NULL;
}

void overlay_close(struct overlay *o)
{
    if (o->fd >= 0)
        close(o->fd);
    free(o->entry);
    free(o->generation);
    free(o->dirty);
    free(o->fresh);
    free(o->free_list);
    free(o->pending);
    free(o->buf);
    free(o);
}
