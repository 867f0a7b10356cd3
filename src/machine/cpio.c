/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "machine/cpio.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "host/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 32

struct writer {
    uint8_t *data;
    size_t size, capacity;
    uint64_t max_bytes;
    uint32_t inode;
    struct err *err;
};

static int put(struct writer *w, const void *bytes, size_t size)
{
    size_t padded = (size_t)align_up(w->size + size, 4);

    if (padded < size || padded > w->max_bytes)
        return err_set(w->err, "the job folder has more than %llu bytes",
                       (unsigned long long)w->max_bytes);
    if (padded > w->capacity) {
        w->capacity = padded + padded / 2 + 4096;
        w->data = xrealloc(w->data, w->capacity);
    }
    if (size)
        memcpy(w->data + w->size, bytes, size);
    memset(w->data + w->size + size, 0, padded - w->size - size);
    w->size += size;
    return 0;
}

static void pad(struct writer *w)
{
    w->size = (size_t)align_up(w->size, 4);
}

static int put_entry(struct writer *w, const char *name, unsigned mode, const void *content,
                     size_t size)
{
    char header[111];
    unsigned links = S_ISDIR(mode) ? 2 : 1;

    if (size > UINT32_MAX)
        return err_set(w->err, "%s has 4 GiB or more", name);
    snprintf(header, sizeof header, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
             ++w->inode, mode, 0u, 0u, links, 0u, (unsigned)size, 0u, 0u, 0u, 0u,
             (unsigned)strlen(name) + 1, 0u);
    if (put(w, header, 110) || put(w, name, strlen(name) + 1))
        return -1;
    pad(w);
    if (put(w, content, size))
        return -1;
    pad(w);
    return 0;
}

static int add(struct writer *w, const char *path, const char *name, unsigned depth);

static int not_dots(const struct dirent *e)
{
    return strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
}

/* alphasort would follow the locale. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static char *join(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    char *s = xcalloc(1, n + m + 2);

    memcpy(s, a, n);
    s[n] = '/';
    memcpy(s + n + 1, b, m);
    return s;
}

static int add_folder(struct writer *w, const char *path, const char *name, unsigned mode,
                      unsigned depth)
{
    struct dirent **list;
    int count = scandir(path, &list, not_dots, by_bytes);
    int result = 0;

    if (count < 0)
        return err_set(w->err, "cannot read the folder %s: %s", path, strerror(errno));
    if (depth == DEPTH_MAX)
        result = err_set(w->err, "the folder %s is too deep", path);
    if (!result)
        result = put_entry(w, name, mode, NULL, 0);
    for (int i = 0; i < count; i++) {
        if (!result) {
            char *child = join(path, list[i]->d_name), *child_name = join(name, list[i]->d_name);

            result = add(w, child, child_name, depth + 1);
            free(child);
            free(child_name);
        }
        free(list[i]);
    }
    free(list);
    return result;
}

static int add(struct writer *w, const char *path, const char *name, unsigned depth)
{
    struct stat st;
    char target[4096];
    uint8_t *content;
    size_t size;
    ssize_t length;
    int result;

    if (lstat(path, &st))
        return err_set(w->err, "cannot read %s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return add_folder(w, path, name, S_IFDIR | (st.st_mode & 07777), depth);
    if (S_ISLNK(st.st_mode)) {
        length = readlink(path, target, sizeof target);
        if (length < 0 || length == sizeof target)
            return err_set(w->err, "cannot read the link %s", path);
        return put_entry(w, name, S_IFLNK | 0777, target, (size_t)length);
    }
    if (!S_ISREG(st.st_mode))
        return err_set(w->err, "%s is neither file, folder nor link", path);
    if (file_read("job file", path, w->max_bytes, &content, &size, w->err))
        return -1;
    result = put_entry(w, name, S_IFREG | (st.st_mode & 07777), content, size);
    free(content);
    return result;
}

int cpio_from_folder(const char *folder, const char *prefix, uint64_t max_bytes, uint8_t **data,
                     size_t *size, struct err *err)
{
    struct writer w = {.max_bytes = max_bytes, .err = err};
    struct stat st;

    if (stat(folder, &st))
        return err_set(err, "cannot open the job folder %s: %s", folder, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return err_set(err, "the job %s is not a folder", folder);
    if (add_folder(&w, folder, prefix, S_IFDIR | (st.st_mode & 07777), 0)) {
        free(w.data);
        return -1;
    }
    w.inode = UINT32_MAX; /* the trailer's number is 0 */
    if (put_entry(&w, "TRAILER!!!", 0, NULL, 0)) {
        free(w.data);
        return -1;
    }
    *data = w.data;
    *size = w.size;
    return 0;
}
