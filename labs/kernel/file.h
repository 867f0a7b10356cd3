/* SPDX-License-Identifier: Apache-2.0 */
/* What a file descriptor stands for. */
#ifndef LABS_KERNEL_FILE_H
#define LABS_KERNEL_FILE_H

#include "labs/kernel/cache.h"

#include <stdint.h>

struct process;
struct socket;
struct ring_state;

enum file_kind { FILE_NONE, FILE_CONSOLE, FILE_DISK, FILE_SOCKET, FILE_RING };

struct file {
    enum file_kind kind;
    uint64_t start, bytes;  /* of a file: where it is on the drive */
    uint64_t place;         /* where the next read begins */
    struct ahead ahead;
    struct socket *socket;
    struct ring_state *ring;
};

/* 0, 1 and 2 are the console. */
void files_init(struct process *);

/* The caller's open file of this kind; NULL: it is none. */
struct file *file_get(uint64_t fd, enum file_kind kind);
/* A free descriptor, now of this kind, or ERR_FULL. */
int64_t file_new(enum file_kind kind, struct file **file);

int64_t file_open(const char *name);
/* To the caller's memory.  How many bytes: less than asked for at the file's end. */
int64_t file_read(struct file *, uint64_t to, uint64_t bytes, uint64_t offset);

#endif
