/* SPDX-License-Identifier: Apache-2.0 */
/* The display that Linux's `bochs` driver knows: PCI 1234:1111, QEMU's bochs-display (QEMU's
 * document "Standard VGA"; the dispi interface is that of the Bochs VBE extension).  Its BAR 0 is
 * the frame buffer, its BAR 2 the registers below.  Row format: bus/reg.h. */
#ifndef SPEC_BOCHS_DISPLAY_H
#define SPEC_BOCHS_DISPLAY_H

enum {
    BOCHS_VENDOR_ID = 0x1234,
    BOCHS_DEVICE_ID = 0x1111,
    BOCHS_SUBSYSTEM_VENDOR_ID = 0x1af4,
    BOCHS_SUBSYSTEM_ID = 0x1100,
    BOCHS_REVISION = 2,        /* 2: the extended registers are there */
    BOCHS_CLASS = 0x038000,    /* a display controller that is no VGA */
    BOCHS_BAR_MEMORY = 0,
    BOCHS_BAR_REGISTERS = 2,
    BOCHS_REGISTERS_BYTES = 4096,
    BOCHS_EDID_BYTES = 128,
    BOCHS_ID = 0xb0c5,
    BOCHS_WIDTH_MIN = 64, BOCHS_HEIGHT_MIN = 64, /* smaller ones are not displayed */
    BOCHS_UNIT_BYTES = 65536,  /* of BOCHS_VIDEO_MEMORY_64K */
    BOCHS_EXTENDED_BYTES = 8,
};
#define BOCHS_BIG_ENDIAN 0xbebebebeu
#define BOCHS_LITTLE_ENDIAN 0x1e1e1e1eu

/*    name                    offset size view repeat step reset rw w1c flags what it is */
#define BOCHS_REGS(R) \
    R(BOCHS_EDID, 0x000, 4, 1, 256, 4, 0, 0, 0, REG_NARROW | REG_FX_R | REG_NO_STORE, \
      "EDID: what the monitor can show; 128 bytes, then zeroes") \
    R(BOCHS_VGA_ATTRIBUTE, 0x400, 1, 1, 1, 1, 0x20, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "VGA port 3c0, attribute controller: an index, then its data, in turns") \
    R(BOCHS_VGA_ATTRIBUTE_DATA, 0x401, 1, 1, 1, 1, 0, 0, 0, REG_NO_W | REG_FX_R | REG_NO_STORE, \
      "VGA port 3c1: the data at the attribute index") \
    R(BOCHS_VGA_MISC_WRITE, 0x402, 1, 1, 1, 1, 0, 0, 0, REG_NO_R | REG_FX_W | REG_NO_STORE, \
      "VGA port 3c2, miscellaneous output: no effect") \
    R(BOCHS_VGA_DAC_MASK, 0x406, 1, 1, 1, 1, 0xff, 0xff, 0, 0, \
      "VGA port 3c6: palette indices are masked by it") \
    R(BOCHS_VGA_DAC_READ, 0x407, 1, 1, 1, 1, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "VGA port 3c7: the palette index to read; reads as 3 while reading, 0 while writing") \
    R(BOCHS_VGA_DAC_WRITE, 0x408, 1, 1, 1, 1, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "VGA port 3c8: the palette index to write") \
    R(BOCHS_VGA_DAC_DATA, 0x409, 1, 1, 1, 1, 0, 0, 0, REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "VGA port 3c9: red, green, blue of the palette index, which then advances") \
    R(BOCHS_VGA_MISC_READ, 0x40c, 1, 1, 1, 1, 0, 0, 0, REG_NO_W | REG_FX_R | REG_NO_STORE, \
      "VGA port 3cc: miscellaneous output, as written") \
    R(BOCHS_VGA_STATUS, 0x41a, 1, 1, 1, 1, 0, 0, 0, REG_NO_W | REG_FX_R | REG_NO_STORE, \
      "VGA port 3da: retrace; the next write of port 3c0 is an index") \
    R(BOCHS_VBE_ID, 0x500, 2, 1, 1, 2, BOCHS_ID, 0, 0, REG_NARROW, "version of the interface") \
    R(BOCHS_VBE_XRES, 0x502, 2, 1, 1, 2, 0, 0xffff, 0, REG_NARROW, "width in pixels") \
    R(BOCHS_VBE_YRES, 0x504, 2, 1, 1, 2, 0, 0xffff, 0, REG_NARROW, "height in pixels") \
    R(BOCHS_VBE_BPP, 0x506, 2, 1, 1, 2, 0, 0xffff, 0, REG_NARROW, \
      "bits a pixel: 8 (palette), 15, 16, 24, 32") \
    R(BOCHS_VBE_ENABLE, 0x508, 2, 1, 1, 2, 0, 0xffff, 0, REG_NARROW, "what is on") \
    R(BOCHS_VBE_BANK, 0x50a, 2, 1, 1, 2, 0, 0xffff, 0, REG_NARROW, \
      "bank of the VGA window: no effect, there is none") \
    R(BOCHS_VBE_VIRT_WIDTH, 0x50c, 2, 1, 1, 2, 0, 0xffff, 0, REG_NARROW, \
      "pixels from a line to the next; less than the width counts as the width") \
    R(BOCHS_VBE_VIRT_HEIGHT, 0x50e, 2, 1, 1, 2, 0, 0xffff, 0, REG_NARROW, \
      "lines in memory: no effect") \
    R(BOCHS_VBE_X_OFFSET, 0x510, 2, 1, 1, 2, 0, 0xffff, 0, REG_NARROW, \
      "pixel of the memory that is displayed first") \
    R(BOCHS_VBE_Y_OFFSET, 0x512, 2, 1, 1, 2, 0, 0xffff, 0, REG_NARROW, \
      "line of the memory that is displayed first") \
    R(BOCHS_VBE_MEMORY_64K, 0x514, 2, 1, 1, 2, 0, 0, 0, REG_NARROW | REG_FX_R | REG_NO_STORE, \
      "size of the frame buffer in 64 KiB") \
    R(BOCHS_EXT_SIZE, 0x600, 4, 1, 1, 4, BOCHS_EXTENDED_BYTES, 0, 0, 0, \
      "bytes of extended registers, this one included") \
    R(BOCHS_EXT_BYTE_ORDER, 0x604, 4, 1, 1, 4, BOCHS_LITTLE_ENDIAN, 0, 0, \
      REG_FX_R | REG_FX_W | REG_NO_STORE, \
      "byte order of a pixel of 32 bits: 1e1e1e1e little, bebebebe big endian; others are ignored")

/*    register  field  lsb bits what it is */
#define BOCHS_FIELDS(F) \
    F(BOCHS_VGA_ATTRIBUTE, BOCHS_VGA_ATTRIBUTE_INDEX, 0, 5, "of the attribute") \
    F(BOCHS_VGA_ATTRIBUTE, BOCHS_VGA_ATTRIBUTE_PAS, 5, 1, "0 blanks the screen") \
    F(BOCHS_VGA_STATUS, BOCHS_VGA_STATUS_BLANK, 0, 1, "no pixel is sent: a retrace") \
    F(BOCHS_VGA_STATUS, BOCHS_VGA_STATUS_RETRACE, 3, 1, "vertical retrace") \
    F(BOCHS_VBE_ENABLE, BOCHS_VBE_ENABLED, 0, 1, "the picture is on") \
    F(BOCHS_VBE_ENABLE, BOCHS_VBE_GETCAPS, 1, 1, "no effect") \
    F(BOCHS_VBE_ENABLE, BOCHS_VBE_8BIT_DAC, 5, 1, "palette: 8 bits a colour, else 6") \
    F(BOCHS_VBE_ENABLE, BOCHS_VBE_LFB, 6, 1, "linear frame buffer: no effect, it always is") \
    F(BOCHS_VBE_ENABLE, BOCHS_VBE_NOCLEARMEM, 7, 1, "no effect: memory is never cleared")

#endif
