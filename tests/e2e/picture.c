/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at a screenshot.
 *
 *   picture about FILE          its size and number of colours
 *   picture pattern FILE BITS   whether it is the pattern of screen/screen.c in that depth
 *   picture text FILE           what is written on it: cells of 8 by 16 pixels, whose shapes the
 *                               screen itself tells: somewhere a line begins with the 95 printable
 *                               characters of ASCII in their order */
#include <png.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELL_WIDTH = 8, CELL_HEIGHT = 16, FIRST = ' ', LAST = '~', SHAPES = LAST - FIRST + 1 };

struct picture {
    png_image image;
    uint8_t *rgb;
};

static int fail(const char *text)
{
    fprintf(stderr, "picture: %s\n", text);
    return 1;
}

static bool read_picture(struct picture *p, const char *file)
{
    p->image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_file(&p->image, file))
        return false;
    if (p->image.format != PNG_FORMAT_RGB) /* what is written: nothing to convert */
        return false;
    p->rgb = malloc(PNG_IMAGE_SIZE(p->image));
    return p->rgb && png_image_finish_read(&p->image, NULL, p->rgb, 0, NULL);
}

static uint32_t at(const struct picture *p, unsigned x, unsigned y)
{
    const uint8_t *c = p->rgb + 3 * ((size_t)y * p->image.width + x);

    return (uint32_t)c[0] << 16 | (uint32_t)c[1] << 8 | c[2];
}

static int about(const struct picture *p)
{
    static uint8_t seen[1 << 21]; /* a bit a colour */
    unsigned colours = 0;

    for (unsigned y = 0; y < p->image.height; y++)
        for (unsigned x = 0; x < p->image.width; x++) {
            uint32_t c = at(p, x, y);

            colours += !(seen[c / 8] >> c % 8 & 1);
            seen[c / 8] |= (uint8_t)(1 << c % 8);
        }
    printf("%ux%u, %u colours\n", p->image.width, p->image.height, colours);
    return 0;
}

/* ---- the pattern ---- */

static uint32_t widen(uint32_t v, unsigned bits)
{
    v >>= 8 - bits;
    return v << (8 - bits) | v >> (2 * bits - 8);
}

/* What screen/screen.c has drawn there. */
static uint32_t drawn(unsigned x, unsigned y, unsigned bits)
{
    uint32_t red = x & 0xff, green = 2 * y & 0xff, blue = (x ^ y) & 0xff;

    switch (bits) {
    case 8: /* a palette whose entry i is i, 255 - i, i / 2 */
        return red << 16 | (255 - red) << 8 | red / 2;
    case 15: return widen(red, 5) << 16 | widen(green, 5) << 8 | widen(blue, 5);
    case 16: return widen(red, 5) << 16 | widen(green, 6) << 8 | widen(blue, 5);
    default: return red << 16 | green << 8 | blue;
    }
}

static int pattern(const struct picture *p, unsigned bits)
{
    char text[128];

    if (p->image.width != 300 || p->image.height != 128)
        return fail("it is not of the pattern's size");
    for (unsigned y = 0; y < p->image.height; y++)
        for (unsigned x = 0; x < p->image.width; x++)
            if (at(p, x, y) != drawn(x, y, bits)) {
                snprintf(text, sizeof text, "at %u, %u it has %06x, not %06x", x, y, at(p, x, y),
                         drawn(x, y, bits));
                return fail(text);
            }
    return 0;
}

/* ---- text ---- */

struct shape {
    uint8_t row[CELL_HEIGHT]; /* a bit a pixel that is not the background */
};

static struct shape shape_at(const struct picture *p, unsigned column, unsigned line)
{
    struct shape s = {{0}};

    for (unsigned y = 0; y < CELL_HEIGHT; y++)
        for (unsigned x = 0; x < CELL_WIDTH; x++)
            if (at(p, column * CELL_WIDTH + x, line * CELL_HEIGHT + y))
                s.row[y] |= (uint8_t)(0x80 >> x);
    return s;
}

static bool same(const struct shape *a, const struct shape *b)
{
    return memcmp(a->row, b->row, sizeof a->row) == 0;
}

/* A line that begins with an empty cell and 94 different ones that are not. */
static bool is_alphabet(const struct shape *s)
{
    static const struct shape empty;

    for (unsigned i = 0; i < SHAPES; i++) {
        if (same(&s[i], &empty) != (i == 0))
            return false;
        for (unsigned k = 0; k < i; k++)
            if (same(&s[i], &s[k]))
                return false;
    }
    return true;
}

static bool find_alphabet(const struct picture *p, struct shape *shapes)
{
    if (p->image.width / CELL_WIDTH < SHAPES)
        return false;
    for (unsigned line = 0; line < p->image.height / CELL_HEIGHT; line++) {
        for (unsigned i = 0; i < SHAPES; i++)
            shapes[i] = shape_at(p, i, line);
        if (is_alphabet(shapes))
            return true;
    }
    return false;
}

static int text(const struct picture *p)
{
    struct shape shapes[SHAPES];

    if (!find_alphabet(p, shapes))
        return fail("no line has the characters in their order");
    for (unsigned line = 0; line < p->image.height / CELL_HEIGHT; line++) {
        char out[512];
        unsigned end = 0;

        for (unsigned c = 0; c < p->image.width / CELL_WIDTH && c < sizeof out - 1; c++) {
            struct shape s = shape_at(p, c, line);
            unsigned i = 0;

            while (i < SHAPES && !same(&s, &shapes[i]))
                i++;
            out[c] = i < SHAPES ? (char)(FIRST + i) : '\x7f';
            if (out[c] != ' ')
                end = c + 1;
        }
        out[end] = '\0';
        puts(out);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct picture p = {0};
    int result;

    if (argc < 3 || (strcmp(argv[1], "pattern") == 0) != (argc == 4))
        return fail("about FILE | pattern FILE BITS | text FILE");
    if (!read_picture(&p, argv[2]))
        return fail("not a PNG file of 8-bit red, green and blue");
    if (strcmp(argv[1], "about") == 0)
        result = about(&p);
    else if (strcmp(argv[1], "pattern") == 0)
        result = pattern(&p, (unsigned)strtoul(argv[3], NULL, 10));
    else
        result = text(&p);
    free(p.rgb);
    return result;
}
