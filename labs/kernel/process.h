/* SPDX-License-Identifier: Apache-2.0 */
/* The user program: its memory, its files, its threads.  There is one; labs/build links it into the
 * kernel's own file.
 *
 *   0x00000000  devices                    kernel only, mapped to themselves (1-GiB leaves)
 *   0x80000000  kernel, pages              kernel only, mapped to themselves
 *   0xc0000000  program: code, data        user; physically behind the kernel
 *   0xd0000000  stacks, a slot each        user; below each one nothing is mapped
 */
#ifndef LABS_KERNEL_PROCESS_H
#define LABS_KERNEL_PROCESS_H

#include "labs/kernel/file.h"
#include "labs/kernel/trap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USER_BASE UINT64_C(0xc0000000)
#define USER_STACKS UINT64_C(0xd0000000)
#define USER_STACK_SLOT UINT64_C(0x100000)
#define USER_STACK_BYTES 0x10000
#define USER_END UINT64_C(0x100000000)
#define FILES_MAX 16

struct thread;

struct process {
    uint64_t *root; /* of its page tables */
    struct file file[FILES_MAX];
};

/* Turns paging on for the kernel. */
void paging_start(void);

/* Makes the process and its first thread, which begins at the program's start. */
void process_start(void);

/* One more thread of the calling process: function(argument), and when that returns, end().  A
 * number, or an error. */
int64_t process_thread(uint64_t function, uint64_t argument, uint64_t end);

/* The caller's. */
struct process *process_current(void);

/* Uses its page tables from now on.  NULL leaves those that are there: the kernel's part is the
 * same in all of them. */
void process_enter(struct process *process);

/* The physical address of a byte of the program; 0: it may not touch it (`write`: to change it). */
uint64_t user_translate(struct process *process, uint64_t address, bool write);

/* Between the caller's memory and the kernel's.  A pointer to what is not the program's ends it. */
void copy_to_user(uint64_t to, const void *from, size_t bytes);
void copy_from_user(void *to, uint64_t from, size_t bytes);

/* The program has done what it may not: one line says what, and the machine ends with status 1.
 * The kernel itself is unhurt; there just is nothing else to run. */
_Noreturn void process_kill(const struct frame *frame);
_Noreturn void process_kill_pointer(uint64_t address);

/* The frame of the system call that runs. */
struct frame *process_frame(void);

#endif
