/* SPDX-License-Identifier: Apache-2.0 */
#include "host/png.h"

#include "base/alloc.h"
#include "host/file.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

struct image {
    uint8_t *bytes;
    size_t size, capacity;
};

static void take(png_structp png, png_bytep data, size_t size)
{
    struct image *image = png_get_io_ptr(png);

    array_reserve(&image->bytes, &image->capacity, image->size + size, 1);
    memcpy(image->bytes + image->size, data, size);
    image->size += size;
}

static void nothing(png_structp png)
{
    (void)png;
}

/* What libpng says goes nowhere: its errors here are ours. */
static void quiet(png_structp png, const char *text)
{
    (void)png;
    (void)text;
}

static void failed(png_structp png, const char *text)
{
    (void)text;
    png_longjmp(png, 1);
}

/* -1 when libpng gives up.  Between setjmp and the end no local changes. */
static int encode(png_structp png, png_infop info, struct image *image, unsigned width,
                  unsigned height, void (*line)(void *ctx, unsigned y, uint8_t *rgb), void *ctx,
                  uint8_t *rgb)
{
    if (setjmp(png_jmpbuf(png)))
        return -1;
    png_set_write_fn(png, image, take, nothing);
    png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    /* Said here so that no default of a later libpng changes the bytes. */
    png_set_compression_level(png, 6);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
    png_write_info(png, info);
    for (unsigned y = 0; y < height; y++) {
        line(ctx, y, rgb);
        png_write_row(png, rgb);
    }
    png_write_end(png, info);
    return 0;
}

int png_file_write(const char *what, const char *path, unsigned width, unsigned height,
                   void (*line)(void *ctx, unsigned y, uint8_t *rgb), void *ctx, struct err *err)
{
    struct image image = {0};
    uint8_t *rgb = xcalloc(width, 3);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, failed, quiet);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    int result = -1;

    if (!info || encode(png, info, &image, width, height, line, ctx, rgb))
        err_set(err, "%s: no picture could be made for %s", what, path);
    else
        result = file_write(what, path, image.bytes, image.size, err);
    png_destroy_write_struct(&png, &info);
    free(rgb);
    free(image.bytes);
    return result;
}
