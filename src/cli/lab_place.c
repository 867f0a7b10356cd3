/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lab_place.h"

#include "base/alloc.h"
#include "base/text.h"
#include "cli/lab_manifest.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *lab_root(void)
{
    const char *given = getenv("DOORBELL_LABS");

    return given && *given ? given : DOORBELL_LABS_DIR;
}

char *lab_path(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = xcalloc(size, 1);

    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

static bool has_manifest(const char *folder)
{
    char *path = lab_path(folder, "lab.txt");
    bool has = !access(path, F_OK);

    free(path);
    return has;
}

static int by_number(const void *a, const void *b)
{
    const struct lab_entry *x = a, *y = b;

    return x->number != y->number ? (x->number > y->number) - (x->number < y->number)
                                  : strcmp(x->name, y->name);
}

static struct lab_entry entry(char *folder, const char *name)
{
    char *path = lab_path(folder, "lab.txt");
    struct lab_entry e = {.name = xstrdup(name), .folder = folder};
    struct lab_manifest m;
    struct err err;

    if (lab_manifest_read(&m, path, &err)) {
        e.title = xstrdup(err.text);
    } else {
        e.title = xstrdup(m.title);
        e.number = m.number;
        lab_manifest_free(&m);
    }
    free(path);
    return e;
}

/* The template is one that nobody is to do. */
int lab_list(struct lab_entry **list, size_t *count, struct err *err)
{
    const char *root = lab_root();
    DIR *dir = opendir(root);
    size_t capacity = 0;

    *list = NULL;
    *count = 0;
    if (!dir)
        return err_set(err, "cannot read the folder of the labs %s: %s (DOORBELL_LABS names another)",
                       root, strerror(errno));
    for (struct dirent *e; (e = readdir(dir));) {
        char *folder;

        if (e->d_name[0] == '.' || !strcmp(e->d_name, "template"))
            continue;
        folder = lab_path(root, e->d_name);
        if (!has_manifest(folder)) {
            free(folder);
            continue;
        }
        array_reserve(list, &capacity, *count + 1, sizeof **list);
        (*list)[(*count)++] = entry(folder, e->d_name);
    }
    closedir(dir);
    if (*count)
        qsort(*list, *count, sizeof **list, by_number);
    return 0;
}

void lab_list_free(struct lab_entry *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(list[i].name);
        free(list[i].folder);
        free(list[i].title);
    }
    free(list);
}

static char *by_path(const char *path, struct err *err)
{
    char *real = realpath(path, NULL);

    if (!real) {
        err_set(err, "%s: %s", path, strerror(errno));
    } else if (!has_manifest(real)) {
        err_set(err, "%s: there is no lab.txt in it", path);
        free(real);
        real = NULL;
    }
    return real;
}

char *lab_find(const char *name, struct err *err)
{
    struct text_near near = {name, NULL, 0};
    struct lab_entry *list;
    char *folder = NULL;
    uint64_t number = 0;
    size_t count;

    if (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, ".."))
        return by_path(name, err);
    folder = lab_path(lab_root(), name);
    if (*name && has_manifest(folder))
        return folder;
    free(folder);
    folder = NULL;
    if (lab_list(&list, &count, err))
        return NULL;
    if (text_u64(name, &number))
        number = 0;
    for (size_t i = 0; i < count; i++) {
        text_near_try(&near, list[i].name);
        if (number && list[i].number == number && !folder)
            folder = xstrdup(list[i].folder);
    }
    if (!folder && text_near_get(&near))
        err_set(err, "there is no lab \"%.60s\": did you mean %s?", name, near.best);
    else if (!folder)
        err_set(err, "there is no lab \"%.60s\" (doorbell lab list shows them; a folder is given with "
                "a /)", name);
    lab_list_free(list, count);
    return folder;
}
