/* SPDX-License-Identifier: Apache-2.0 */
/* Works for the kernel: calls, processes, page faults. */
#define _GNU_SOURCE
#include "bench.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

uint64_t work_getpid(uint32_t one)
{
    uint64_t same = 0;
    long pid = syscall(SYS_getpid);

    for (uint32_t i = 0; i < 1000 * one; i++)
        same += syscall(SYS_getpid) == pid;
    return same;
}

/* ---- two processes ---- */

static int to_other[2] = {-1, -1}, from_other[2];

/* The other one sends every byte back, plus one, until there is nobody to send any. */
static _Noreturn void answer(void)
{
    uint8_t byte;

    close(to_other[1]);
    close(from_other[0]);
    while (read(to_other[0], &byte, 1) == 1) {
        byte++;
        if (write(from_other[1], &byte, 1) != 1)
            break;
    }
    _exit(0);
}

void prepare_pipe(uint32_t one)
{
    pid_t other;

    (void)one;
    if (to_other[0] >= 0)
        return;
    if (pipe(to_other) || pipe(from_other))
        fail("pipe");
    other = fork();
    if (other < 0)
        fail("fork");
    if (other == 0)
        answer();
    close(to_other[0]);
    close(from_other[1]);
}

uint64_t work_pipe(uint32_t one)
{
    uint8_t byte = 0;

    for (uint32_t i = 0; i < 20 * one; i++)
        if (write(to_other[1], &byte, 1) != 1 || read(from_other[0], &byte, 1) != 1)
            fail("pipe");
    return byte;
}

static uint64_t status_of(pid_t child)
{
    int status;

    if (child < 0 || waitpid(child, &status, 0) != child)
        fail("child");
    return WIFEXITED(status) ? (uint64_t)WEXITSTATUS(status) : UINT64_MAX;
}

uint64_t work_fork(uint32_t one)
{
    pid_t child = fork();

    if (child == 0)
        _exit((int)(6 + one));
    return status_of(child);
}

/* bench-child is beside this program. */
static const char *child_path(void)
{
    static char path[4096];
    ssize_t length;
    char *slash;

    if (path[0])
        return path;
    length = readlink("/proc/self/exe", path, sizeof path - 32);
    if (length <= 0)
        fail("/proc/self/exe");
    path[length] = 0;
    slash = strrchr(path, '/');
    strcpy(slash ? slash + 1 : path, "bench-child");
    return path;
}

uint64_t work_exec(uint32_t one)
{
    const char *path = child_path();
    char *const words[] = {"bench-child", NULL}, *const none[] = {NULL};
    pid_t child;

    (void)one;
    child = vfork();
    if (child == 0) {
        execve(path, words, none);
        _exit(127);
    }
    return status_of(child);
}

/* ---- page faults ---- */

#define FAULTS 256

uint64_t work_faults(uint32_t one)
{
    uint8_t *map = mmap(NULL, FAULTS * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                        -1, 0);
    uint64_t sum = 0;

    if (map == MAP_FAILED)
        fail("mmap");
    for (uint32_t i = 0; i < FAULTS; i++)
        map[i * 4096] = (uint8_t)one;
    for (uint32_t i = 0; i < FAULTS; i++)
        sum += map[i * 4096];
    if (munmap(map, FAULTS * 4096))
        fail("munmap");
    return sum;
}
