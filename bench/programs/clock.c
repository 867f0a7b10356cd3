/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#if defined(__riscv)
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#define RTC_BASE 0x101000

volatile uint32_t *clock_rtc;

bool clock_open(bool rtc)
{
    int fd, driver;
    void *map;

    if (!rtc)
        return true;
    /* While its driver has it, a kernel with IO_STRICT_DEVMEM keeps others away. */
    driver = open("/sys/bus/platform/drivers/goldfish_rtc/unbind", O_WRONLY);
    if (driver >= 0) {
        ssize_t sent = write(driver, "101000.rtc", 10); /* nothing bound is as good */

        (void)sent;
        close(driver);
    }
    fd = open("/dev/mem", O_RDONLY | O_SYNC);
    if (fd < 0)
        return false;
    map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, RTC_BASE);
    if (map == MAP_FAILED)
        return false;
    close(fd);
    clock_rtc = map;
    return true;
}
#endif
