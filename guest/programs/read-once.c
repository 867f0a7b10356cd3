/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `read-once FILE STATE [WARM-UPS [BYTES]]`: one read(fd, buf, BYTES) at offset 0, marked for the
 * machine (mark.h), after warm-up passes that do exactly the same. What is measured is thus the
 * steady state: the program's code, stack and buffer, the kernel's code, the directory entry, the
 * inode and the file's extents are all in memory. STATE says what is to be different:
 *
 *   cold   the file's pages, and only they, are dropped from the page cache before each pass.
 *          posix_fadvise(POSIX_FADV_DONTNEED) does that to one file; /proc/sys/vm/drop_caches would
 *          drop the pages of every file and block device, so that a later access to metadata
 *          could go to the device as well, and would disturb the rest of the system.
 *   hot    the pages are in the page cache.
 *
 * Both are checked with mincore() before each pass: a pass in the wrong state ends the program.
 *
 * Read-ahead. A read at offset 0 of a file no longer than BYTES (data/4k with 4096) reads exactly
 * that file's pages, whatever the window, since read-ahead stops at the end of the file; this is
 * the plain read(2) of any program. For a longer file read-ahead would fetch up to 128 KiB more and
 * make the request's size depend on its history, so POSIX_FADV_RANDOM turns it off there.
 */
#include "mark.h"
#include "pattern.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE_BYTES 4096u
#define BYTES_MAX (16u << 20)
#define PAGES_MAX (BYTES_MAX / PAGE_BYTES)
#define WARM_UPS_MAX 1000000u

static _Alignas(PAGE_BYTES) unsigned char buffer[BYTES_MAX];
static unsigned char resident[PAGES_MAX];

struct request {
    const char *path;
    int fd;
    bool cold;
    size_t bytes;
};

static void fail(const char *what)
{
    fprintf(stderr, "read-once: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void refuse(const char *what)
{
    fprintf(stderr, "read-once: %s\n", what);
    exit(1);
}

/*
 * The read. One piece of assembly, so that nothing of the compiler's is between the marks, and the
 * warm-up passes run the same instructions at the same addresses: the marks are jumped over. In the
 * measured pass neither branch is taken. All that is counted beside the ecall is the second branch.
 */
static long marked_read(int fd, void *buf, size_t bytes, bool measured)
{
    register long a0 __asm__("a0") = fd;
    register void *a1 __asm__("a1") = buf;
    register size_t a2 __asm__("a2") = bytes;
    register long a7 __asm__("a7") = SYS_read;
    register long skip __asm__("t0") = !measured;

    __asm__ volatile("bnez %[skip], 1f\n"
                     MARK_TEXT(MARK_REQUEST_BEGIN)
                     "1: ecall\n"
                     "bnez %[skip], 2f\n"
                     MARK_TEXT(MARK_REQUEST_END)
                     "2:\n"
                     : "+r"(a0)
                     : "r"(a1), "r"(a2), "r"(a7), [skip] "r"(skip)
                     : "memory");
    return a0;
}

/* How many of the file's first `bytes` bytes' pages are in the page cache. */
static size_t pages_resident(const struct request *r)
{
    size_t pages = (r->bytes + PAGE_BYTES - 1) / PAGE_BYTES;
    size_t count = 0;
    void *map = mmap(NULL, r->bytes, PROT_READ, MAP_SHARED, r->fd, 0);

    if (map == MAP_FAILED)
        fail("mmap");
    if (mincore(map, r->bytes, resident) != 0)
        fail("mincore");
    for (size_t i = 0; i < pages; i++)
        count += resident[i] & 1u;
    munmap(map, r->bytes);
    return count;
}

static void set_state(const struct request *r)
{
    size_t pages = (r->bytes + PAGE_BYTES - 1) / PAGE_BYTES;

    if (r->cold) {
        int error = posix_fadvise(r->fd, 0, 0, POSIX_FADV_DONTNEED);

        if (error != 0) {
            errno = error;
            fail("posix_fadvise");
        }
        if (pages_resident(r) != 0)
            refuse("the file's pages stay in the page cache: cannot make it cold");
    } else if (pages_resident(r) != pages) {
        if (pread(r->fd, buffer, r->bytes, 0) != (ssize_t)r->bytes)
            fail(r->path);
        if (pages_resident(r) != pages)
            refuse("the file's pages do not stay in the page cache: cannot make it hot");
    }
}

static void pass(const struct request *r, bool measured)
{
    set_state(r);
    if (lseek(r->fd, 0, SEEK_SET) != 0)
        fail("lseek");

    /* So that data of the pass before cannot be taken for this one's; it also maps the pages. */
    memset(buffer, 0xdb, r->bytes);

    long got = marked_read(r->fd, buffer, r->bytes, measured);

    if (got < 0) {
        errno = (int)-got;
        fail(r->path);
    }
    if ((size_t)got != r->bytes)
        refuse("short read");
    for (size_t i = 0; i < r->bytes; i++)
        if (buffer[i] != pattern_byte(i)) {
            fprintf(stderr, "read-once: wrong data at byte %zu\n", i);
            exit(3);
        }
}

static unsigned long number(const char *text, unsigned long low, unsigned long high)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (end == text || *end != '\0' || value < low || value > high) {
        fprintf(stderr, "read-once: %s is not a number from %lu to %lu\n", text, low, high);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    struct stat st;

    if (argc < 3 || argc > 5 || (strcmp(argv[2], "cold") != 0 && strcmp(argv[2], "hot") != 0)) {
        fprintf(stderr, "usage: read-once FILE cold|hot [WARM-UPS [BYTES]]\n");
        return 2;
    }

    unsigned long warm_ups = argc > 3 ? number(argv[3], 0, WARM_UPS_MAX) : 8;
    struct request r = {
        .path = argv[1],
        .cold = strcmp(argv[2], "cold") == 0,
        .bytes = argc > 4 ? number(argv[4], 1, BYTES_MAX) : PAGE_BYTES,
    };

    r.fd = open(r.path, O_RDONLY);
    if (r.fd < 0 || fstat(r.fd, &st) != 0)
        fail(r.path);
    if (st.st_size < (off_t)r.bytes)
        refuse("the file is shorter than the read");
    if (st.st_size > (off_t)r.bytes)
        posix_fadvise(r.fd, 0, 0, POSIX_FADV_RANDOM);

    mark(MARK_RUN_START);
    for (unsigned long i = 0; i < warm_ups; i++)
        pass(&r, false);
    pass(&r, true);
    mark(MARK_RUN_END);

    printf("read-once: read(%d, buf, %zu) = %zu, page cache %s, "
           "after %lu warm-up passes: data is right\n", r.fd, r.bytes, r.bytes, argv[2], warm_ups);
    return 0;
}
