/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lab_build.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "cli/lab_place.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NO_COMPILER = 3, NOT_STARTED = 127 };

int lab_spawn(char *const argv[], const char *folder, struct err *err)
{
    pid_t child;
    int status;

    fflush(stdout);
    fflush(stderr);
    child = fork();
    if (child < 0)
        return err_set(err, "%s cannot be started: %s", argv[0], strerror(errno));
    if (child == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO);
        if (!folder || !chdir(folder))
            execvp(argv[0], argv);
        _exit(NOT_STARTED);
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return err_set(err, "%s: %s", argv[0], strerror(errno));
    if (!WIFEXITED(status))
        return err_set(err, "%s was ended by signal %d", argv[0], WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* ---- the folder ---- */

static int make_work(struct lab_build *b, struct err *err)
{
    const char *dir = getenv("TMPDIR");

    if (!dir || !*dir)
        dir = "/tmp";
    b->work = lab_path(dir, "doorbell-lab-XXXXXX");
    if (mkdtemp(b->work)) {
        b->elf = lab_path(b->work, "lab.elf");
        return 0;
    }
    free(b->work);
    b->work = NULL;
    return err_set(err, "cannot make a folder in %s: %s (set TMPDIR)", dir, strerror(errno));
}

void lab_build_free(struct lab_build *b)
{
    DIR *dir = b->work ? opendir(b->work) : NULL;

    for (struct dirent *e; dir && (e = readdir(dir));) {
        char *path = lab_path(b->work, e->d_name);

        if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
            unlink(path);
        free(path);
    }
    if (dir)
        closedir(dir);
    if (b->work)
        rmdir(b->work);
    free(b->work);
    free(b->elf);
    *b = (struct lab_build){0};
}

/* ---- disks ---- */

static int make_disk(const char *work, const struct lab_disk *disk, struct err *err)
{
    char *path = lab_path(work, disk->name);
    FILE *file = fopen(path, "wb");
    uint8_t piece[4096];
    bool bad = !file;

    for (uint64_t at = 0; !bad && at < disk->bytes; at += sizeof piece) {
        for (uint64_t i = 0; i < sizeof piece; i += 8)
            le64_put(piece + i, at + i);
        bad = fwrite(piece, sizeof piece, 1, file) != 1;
    }
    if (file && fclose(file))
        bad = true;
    if (bad)
        err_set(err, "cannot write the disk %s: %s", path, strerror(errno));
    free(path);
    return bad ? -1 : 0;
}

/* ---- the program ---- */

/* Where the build of this program has left the libraries: beside it. */
static char *libraries(void)
{
    char self[4096], *slash;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (n <= 0)
        return NULL;
    self[n] = '\0';
    slash = strrchr(self, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    return lab_path(self, "labs");
}

/* What the line of labs/build is made of; `at` grows. */
static void word(char **argv, size_t *at, const char *text)
{
    argv[(*at)++] = (char *)text;
}

static int compile(const struct lab_build *b, const struct lab_manifest *m,
                   const struct lab_sources *from, struct err *err)
{
    char *build = lab_path(lab_root(), "build"), *with = libraries(), *broken = NULL;
    char *argv[16] = {NULL};
    size_t n = 0;
    int status;

    word(argv, &n, build);
    if (with && !access(with, X_OK)) {
        word(argv, &n, "--with");
        word(argv, &n, with);
    }
    if (m->kernel)
        word(argv, &n, "--kernel");
    if (from->broken) {
        char *folder = lab_path(from->folder, "broken");

        broken = lab_path(folder, from->broken);
        free(folder);
        word(argv, &n, "--main");
        word(argv, &n, broken);
    }
    if (from->mine)
        word(argv, &n, from->mine);
    word(argv, &n, from->folder);
    word(argv, &n, "-o");
    word(argv, &n, b->elf);
    status = lab_spawn(argv, NULL, err);
    if (status == NOT_STARTED)
        err_set(err, "%s cannot be run (DOORBELL_LABS names the folder of the labs)", build);
    else if (status == NO_COMPILER)
        err_set(err, "labs are compiled with riscv64-linux-gnu-gcc: tools/setup installs it");
    else if (status > 0)
        err_set(err, "the program does not compile: see above");
    free(broken);
    free(with);
    free(build);
    return status ? -1 : 0;
}

int lab_build_make(struct lab_build *b, const struct lab_manifest *m, const struct lab_sources *from,
                   struct err *err)
{
    *b = (struct lab_build){0};
    if (make_work(b, err) || compile(b, m, from, err))
        return -1;
    for (size_t i = 0; i < m->disks; i++)
        if (make_disk(b->work, &m->disk[i], err))
            return -1;
    return 0;
}
