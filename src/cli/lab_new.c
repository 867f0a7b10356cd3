/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lab_new.h"

#include "base/alloc.h"
#include "cli/lab_manifest.h"
#include "cli/lab_place.h"
#include "host/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (UINT64_C(1) << 20)

/* Names are those of folders, of gnuplot's and the shell's words, and of C's files. */
static int check_name(const char *name, struct err *err)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (!*name || name[n] || *name == '-' || n > 40)
        return err_set(err, "\"%.60s\" is no name of a lab: small letters, digits and -", name);
    return 0;
}

static uint64_t next_number(void)
{
    struct lab_entry *list;
    uint64_t next = 1;
    size_t count;

    if (lab_list(&list, &count, NULL))
        return 1;
    for (size_t i = 0; i < count; i++)
        if (list[i].number >= next && list[i].number < LAB_NUMBER_MAX)
            next = list[i].number + 1;
    lab_list_free(list, count);
    return next;
}

/* What is the new lab's own in the template. */
struct fresh {
    const char *name, *title; /* title NULL: the template's */
    bool elsewhere;           /* not in the folder of the labs, so it is run by its path */
};

/* The page's first heading is the title; its command runs this lab. */
static char *page(const char *text, const struct fresh *lab)
{
    static const char run[] = "    doorbell lab run template";
    char *out = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);

    if (!file)
        return xstrdup(text);
    for (bool first = true; *text; first = false) {
        int n = (int)strcspn(text, "\n");

        if (first && lab->title)
            fprintf(file, "# %s\n", lab->title);
        else if ((size_t)n == sizeof run - 1 && !strncmp(text, run, sizeof run - 1))
            fprintf(file, "    doorbell lab run %s%s\n", lab->elsewhere ? "./" : "", lab->name);
        else
            fprintf(file, "%.*s\n", n, text);
        text += n + (text[n] == '\n');
    }
    fclose(file);
    return out;
}

/* The manifest's lines "title:" and "number:" are the new lab's. */
static char *manifest(const char *text, const char *title, uint64_t number)
{
    char *out = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&out, &size);

    if (!file)
        return xstrdup(text);
    while (*text) {
        int n = (int)strcspn(text, "\n");

        if (title && !strncmp(text, "title:", 6))
            fprintf(file, "title: %s\n", title);
        else if (!strncmp(text, "number:", 7))
            fprintf(file, "number: %llu\n", (unsigned long long)number);
        else
            fprintf(file, "%.*s\n", n, text);
        text += n + (text[n] == '\n');
    }
    fclose(file);
    return out;
}

/* It becomes a line of the manifest. */
static int check_title(const char *title, struct err *err)
{
    for (const char *p = title; p && *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return err_set(err, "--title takes one line of text");
    return title && !title[strspn(title, " ")] ? err_set(err, "--title: that is empty") : 0;
}

static int copy_file(const char *from, const char *to, const struct fresh *lab, struct err *err)
{
    const char *base = strrchr(from, '/');
    uint8_t *data;
    size_t size;
    int result;

    if (file_read("template", from, FILE_BYTES_MAX, &data, &size, err))
        return -1;
    if (base && !strcmp(base, "/lab.txt")) {
        char *text = manifest((const char *)data, lab->title, next_number());

        result = file_write("lab", to, text, strlen(text), err);
        free(text);
    } else if (base && !strcmp(base, "/page.md")) {
        char *text = page((const char *)data, lab);

        result = file_write("lab", to, text, strlen(text), err);
        free(text);
    } else {
        result = file_write("lab", to, data, size, err);
    }
    free(data);
    return result;
}

static int copy_folder(const char *from, const char *to, const struct fresh *lab, bool deeper,
                       struct err *err)
{
    DIR *dir = opendir(from);
    int result = 0;

    if (!dir)
        return err_set(err, "cannot read the template %s: %s", from, strerror(errno));
    if (mkdir(to, 0777)) {
        result = err_set(err, "cannot make the folder %s: %s", to, strerror(errno));
        closedir(dir);
        return result;
    }
    for (struct dirent *e; !result && (e = readdir(dir));) {
        char *source = lab_path(from, e->d_name), *target = lab_path(to, e->d_name);
        struct stat st;

        if (e->d_name[0] != '.' && !stat(source, &st)) {
            if (S_ISREG(st.st_mode))
                result = copy_file(source, target, lab, err);
            else if (S_ISDIR(st.st_mode) && deeper)
                result = copy_folder(source, target, lab, false, err);
        }
        free(source);
        free(target);
    }
    closedir(dir);
    return result;
}

int lab_new(const char *name, const char *in, const char *title, struct err *err)
{
    const struct fresh lab = {name, title, strcmp(in, lab_root()) != 0};
    char *from, *to;
    int result;

    if (check_name(name, err) || check_title(title, err))
        return -1;
    from = lab_path(lab_root(), "template");
    to = lab_path(in, name);
    if (!access(to, F_OK))
        result = err_set(err, "%s is there already", to);
    else
        result = copy_folder(from, to, &lab, true, err);
    if (!result)
        printf("%s\nNow write main.c and page.md; doorbell lab run %s%s runs it, labs/README.md says what\n"
               "lab.txt can measure and check.\n", to, strchr(to, '/') ? "" : "./", to);
    free(from);
    free(to);
    return result;
}
