/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `poweroff-code N`: ends the machine at once, with N (0 to 255) as its exit status.
 *
 * The kernel's own power-off can only say "success", so this writes the board's finisher (QEMU's
 * sifive_test at physical 0x100000: 0x5555 passes, code << 16 | 0x3333 fails with that code)
 * through /dev/mem. A kernel with STRICT_DEVMEM allows it, because the address is no RAM and the
 * kernel's syscon driver does not reserve it. The caller has synced and unmounted: nothing is
 * flushed here. Returns, with status 1, only when it did not work.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#define FINISHER_BASE 0x100000
#define FINISHER_BYTES 0x1000
#define FINISHER_PASS 0x5555u
#define FINISHER_FAIL 0x3333u

/* Another board may have anything at that address: write only if the device tree says finisher. */
static int finisher_is_there(void)
{
    static const char *const nodes[] = {
        "/proc/device-tree/soc/test@100000/compatible",
        "/proc/device-tree/test@100000/compatible",
    };

    for (unsigned i = 0; i < sizeof nodes / sizeof nodes[0]; i++)
        if (access(nodes[i], R_OK) == 0)
            return 1;
    return 0;
}

int main(int argc, char **argv)
{
    char *end = NULL;
    long code = argc == 2 ? strtol(argv[1], &end, 10) : -1;

    if (argc != 2 || end == argv[1] || *end != '\0' || code < 0 || code > 255) {
        fprintf(stderr, "usage: poweroff-code N, N from 0 to 255\n");
        return 2;
    }
    if (!finisher_is_there()) {
        fprintf(stderr, "poweroff-code: this board has no finisher at 0x%x\n", FINISHER_BASE);
        return 1;
    }

    int fd = open("/dev/mem", O_RDWR | O_SYNC);

    if (fd < 0) {
        perror("poweroff-code: /dev/mem");
        return 1;
    }

    volatile uint32_t *finisher =
        mmap(NULL, FINISHER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, FINISHER_BASE);

    if (finisher == MAP_FAILED) {
        perror("poweroff-code: mmap");
        return 1;
    }
    /* What was printed is still on its way, a character time each, and would be lost. */
    tcdrain(STDOUT_FILENO);
    *finisher = code == 0 ? FINISHER_PASS : (uint32_t)code << 16 | FINISHER_FAIL;

    /* The store is posted: give it time to arrive before calling it a failure. */
    sleep(1);
    fprintf(stderr, "poweroff-code: the finisher did not answer\n");
    return 1;
}
