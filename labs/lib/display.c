/* SPDX-License-Identifier: Apache-2.0 */
#include "labs/lib/display.h"

#include "labs/lib/pci.h"
#include "labs/lib/reg.h"
#include "spec/bochs_display.h"

#include <stddef.h>

enum { BOCHS_REGS(REG_AT) };
enum { BOCHS_FIELDS(FIELD_MASK) };

#define BITS_A_PIXEL 32
#define BYTES_A_PIXEL 4

const char *display_init(struct display *d, uint32_t width, uint32_t height)
{
    const struct pci_device *device;
    uintptr_t registers;

    pci_init();
    device = pci_find(BOCHS_VENDOR_ID, BOCHS_DEVICE_ID, 0);
    if (!device)
        return "display: there is none on PCI";
    pci_enable(device);
    registers = pci_bar(device, BOCHS_BAR_REGISTERS);
    if (mmio_read16(registers + BOCHS_VBE_ID) != BOCHS_ID)
        return "display: not the interface that the driver knows";
    d->pixels = (uint8_t *)pci_bar(device, BOCHS_BAR_MEMORY);
    d->memory = mmio_read16(registers + BOCHS_VBE_MEMORY_64K) * (uint32_t)BOCHS_UNIT_BYTES;
    if (width < BOCHS_WIDTH_MIN || height < BOCHS_HEIGHT_MIN || width > UINT16_MAX ||
        height > UINT16_MAX || (uint64_t)width * height * BYTES_A_PIXEL > d->memory)
        return "display: too small, or too large for its memory";
    d->width = width;
    d->height = height;
    d->stride = width * BYTES_A_PIXEL;
    d->bytes = d->stride * height;

    /* The mode changes while the picture is off.  A row of memory is a row of the picture, and the
     * picture begins where the memory does. */
    mmio_write16(registers + BOCHS_VBE_ENABLE, 0);
    mmio_write16(registers + BOCHS_VBE_BPP, BITS_A_PIXEL);
    mmio_write16(registers + BOCHS_VBE_XRES, (uint16_t)width);
    mmio_write16(registers + BOCHS_VBE_YRES, (uint16_t)height);
    mmio_write16(registers + BOCHS_VBE_VIRT_WIDTH, (uint16_t)width);
    mmio_write16(registers + BOCHS_VBE_X_OFFSET, 0);
    mmio_write16(registers + BOCHS_VBE_Y_OFFSET, 0);
    mmio_write16(registers + BOCHS_VBE_ENABLE, BOCHS_VBE_ENABLED | BOCHS_VBE_LFB);
    /* VGA blanks the screen unless the attribute index has this bit; reading the status makes the
     * next write an index. */
    (void)mmio_read8(registers + BOCHS_VGA_STATUS);
    mmio_write8(registers + BOCHS_VGA_ATTRIBUTE, BOCHS_VGA_ATTRIBUTE_PAS);
    return NULL;
}
