/* SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700 /* nftw */
#define _DEFAULT_SOURCE
#include "cli/lab_build.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "cli/lab_place.h"
#include "host/host_clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NO_COMPILER = 3, NOT_STARTED = 127 };

#define SPAWN_NS (60 * UINT64_C(1000000000))
#define TIDY_NS (10 * UINT64_C(1000000000))
#define MEMORY_BYTES ((rlim_t)4 << 30) /* for each process that is started */
#define FILE_BYTES ((rlim_t)512 << 20)

static const int awaited[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};

/* What a compiler is given may be anything: it gets no input, and a bound of all that it takes. */
static void become(char *const argv[], const char *folder, const char *temporary,
                   const sigset_t *mask)
{
    static const struct {
        int what;
        rlim_t most;
    } bound[] = {{RLIMIT_AS, MEMORY_BYTES}, {RLIMIT_FSIZE, FILE_BYTES}};
    int nothing = open("/dev/null", O_RDONLY);
    /* Before the bounds, which would be ours as well. */
    bool ready = !temporary || !setenv("TMPDIR", temporary, 1);

    for (size_t i = 0; i < ARRAY_LEN(bound); i++) {
        struct rlimit limit;

        if (!getrlimit(bound[i].what, &limit) && limit.rlim_cur > bound[i].most) {
            limit.rlim_cur = bound[i].most;
            (void)setrlimit(bound[i].what, &limit);
        }
    }
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, mask, NULL);
    dup2(nothing, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    if (ready && (!folder || !chdir(folder)))
        execvp(argv[0], argv);
    _exit(NOT_STARTED);
}

/* Waits so long for its end; the signal that the user has sent meanwhile, or 0; -1: it goes on. */
static int await(pid_t child, const sigset_t *signals, uint64_t until_ns, int *status)
{
    pid_t got;

    while ((got = waitpid(child, status, WNOHANG)) == 0) {
        uint64_t now = host_clock_ns(), left = until_ns > now ? until_ns - now : 0;
        struct timespec wait = {(time_t)(left / 1000000000), (long)(left % 1000000000)};
        int signal = left ? sigtimedwait(signals, NULL, &wait) : -1;

        if (!left)
            return -1;
        if (signal > 0 && signal != SIGCHLD)
            return signal;
    }
    if (got < 0)
        *status = NOT_STARTED << 8;
    return 0;
}

int lab_spawn(char *const argv[], const char *folder, const char *temporary, struct err *err)
{
    sigset_t signals, before;
    int status = 0, how;
    pid_t child;

    fflush(stdout);
    fflush(stderr);
    sigemptyset(&signals);
    for (size_t i = 0; i < ARRAY_LEN(awaited); i++)
        sigaddset(&signals, awaited[i]);
    sigprocmask(SIG_BLOCK, &signals, &before);
    child = fork();
    if (child == 0)
        become(argv, folder, temporary, &before);
    if (child < 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        return err_set(err, "%s cannot be started: %s", argv[0], strerror(errno));
    }
    setpgid(child, child); /* here as well: whichever comes first */
    how = await(child, &signals, host_clock_ns() + SPAWN_NS, &status);
    if (how) {
        /* With all that it has started; the shell among them tidies up if it can. */
        kill(-child, SIGTERM);
        (void)await(child, &signals, host_clock_ns() + TIDY_NS, &status);
        kill(-child, SIGKILL);
        (void)waitpid(child, &status, 0);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (how > 0)
        return err_set(err, "interrupted by signal %d", how);
    if (how)
        return err_set(err, "%s goes on and on: ended after %u s", argv[0],
                       (unsigned)(SPAWN_NS / 1000000000));
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

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status, (void)type, (void)at;
    (void)remove(path);
    return 0;
}

void lab_build_free(struct lab_build *b)
{
    if (b->work)
        nftw(b->work, remove_one, 16, FTW_DEPTH | FTW_PHYS);
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
    /* What it leaves behind when it is ended goes with the folder. */
    char *mine = NULL, *temporary = realpath(b->work, NULL);
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
    if (from->mine) {
        mine = *from->mine == '-' ? lab_path(".", from->mine) : xstrdup(from->mine);
        word(argv, &n, mine);
    }
    word(argv, &n, from->folder);
    word(argv, &n, "-o");
    word(argv, &n, b->elf);
    status = lab_spawn(argv, NULL, temporary, err);
    if (status == NOT_STARTED)
        err_set(err, "%s cannot be run (DOORBELL_LABS names the folder of the labs)", build);
    else if (status == NO_COMPILER)
        err_set(err, "labs are compiled with riscv64-linux-gnu-gcc: tools/setup installs it");
    else if (status > 0)
        err_set(err, "the program does not compile: see above");
    free(temporary);
    free(mine);
    free(broken);
    free(with);
    free(build);
    return status ? -1 : 0;
}

static bool is_source(const char *name)
{
    size_t n = strlen(name);

    return n > 2 && name[n - 2] == '.' && (name[n - 1] == 'c' || name[n - 1] == 'S');
}

static bool has_source(const char *folder)
{
    DIR *dir = opendir(folder);
    bool has = false;

    for (struct dirent *e; dir && !has && (e = readdir(dir));)
        has = is_source(e->d_name);
    if (dir)
        closedir(dir);
    return has;
}

int lab_build_mine(const char *mine, struct err *err)
{
    static const char *const part[] = {"", "kernel", "lib"}; /* labs/build */
    struct stat st;
    bool any = false;

    if (stat(mine, &st))
        return err_set(err, "--mine %s: %s", mine, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return err_set(err, "--mine %s: that is no folder", mine);
    for (size_t i = 0; i < ARRAY_LEN(part); i++) {
        char *folder = lab_path(mine, part[i]);

        any = any || has_source(folder);
        free(folder);
    }
    return any ? 0 : err_set(err, "--mine %s: nothing of yours is in there (*.c, *.S)", mine);
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
