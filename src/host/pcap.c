/* SPDX-License-Identifier: Apache-2.0 */
#include "host/pcap.h"

#include "base/alloc.h"
#include "base/bits.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    LINK_ETHERNET = 1,
    INTERFACES_MAX = 64, /* of a section; frames of later ones are passed over */
    /* pcapng block types */
    BLOCK_SECTION = 0x0a0d0d0a,
    BLOCK_INTERFACE = 1,
    BLOCK_SIMPLE = 3,
    BLOCK_ENHANCED = 6,
    /* options */
    OPTION_END = 0,
    OPTION_IF_NAME = 2,
    OPTION_EPB_FLAGS = 2,
    OPTION_IF_TSRESOL = 9,
    OPTION_IF_FCSLEN = 13,
    OPTION_IF_TSOFFSET = 14,
    TSRESOL_NS = 9,
};
#define MAGIC_US UINT32_C(0xa1b2c3d4)
#define MAGIC_NS UINT32_C(0xa1b23c4d)
#define BYTE_ORDER_MAGIC UINT32_C(0x1a2b3c4d)
#define EPB_CRC_ERROR (UINT32_C(1) << 24)
#define NS_PER_S UINT64_C(1000000000)

struct interface {
    bool ethernet;
    uint32_t snap_bytes; /* 0: no limit */
    uint32_t fcs_bytes;
    uint64_t ticks_per_s;
    int64_t offset_s;
};

struct pcap_reader {
    FILE *file;
    char *path;
    bool swapped, ng, ended;
    uint64_t frames; /* so far, for messages */
    struct interface interface[INTERFACES_MAX];
    uint32_t interfaces; /* declared in this section; may be more than the table holds */
    uint8_t *block;
    size_t block_capacity;
};

static uint32_t get32(const struct pcap_reader *r, const uint8_t *p)
{
    uint32_t v = le32_get(p);

    return r->swapped ? __builtin_bswap32(v) : v;
}

static uint16_t get16(const struct pcap_reader *r, const uint8_t *p)
{
    uint16_t v = le16_get(p);

    return r->swapped ? __builtin_bswap16(v) : v;
}

static int damaged(struct pcap_reader *r, struct err *err, const char *what)
{
    r->ended = true;
    return err_set(err, "%s: %s after %llu frames", r->path, what, (unsigned long long)r->frames);
}

/* 1: got them; 0: the file ended before the first; -1: within them. */
static int take(struct pcap_reader *r, void *out, size_t bytes, struct err *err)
{
    size_t n = fread(out, 1, bytes, r->file);

    if (n == bytes)
        return 1;
    if (ferror(r->file))
        return damaged(r, err, "cannot be read further");
    if (n)
        return damaged(r, err, "the file is cut off");
    r->ended = true;
    return 0;
}

/* As take, but the end of the file is an error as well. */
static int need(struct pcap_reader *r, void *out, size_t bytes, struct err *err)
{
    int got = take(r, out, bytes, err);

    return got ? got : damaged(r, err, "the file is cut off");
}

/* ---- pcap ---- */

/* After the magic number: version, zone, accuracy, snapshot length, link type with the length of
 * the check sequence, in units of two bytes, in its top bits. */
static int pcap_header(struct pcap_reader *r, bool ns, struct err *err)
{
    uint8_t h[20];
    uint32_t network;

    if (need(r, h, sizeof h, err) < 0)
        return -1;
    network = get32(r, h + 16);
    if ((network & 0xffff) != LINK_ETHERNET)
        return err_set(err, "%s: link type %u: only Ethernet (1) can be replayed", r->path,
                       network & 0xffff);
    r->interface[0] = (struct interface){
        .ethernet = true,
        .fcs_bytes = network & 1 << 26 ? (network >> 28) * 2 : 0,
        .ticks_per_s = ns ? NS_PER_S : 1000000,
    };
    r->interfaces = 1;
    return 0;
}

static void set_frame(const struct interface *i, struct pcap_frame *f, const uint8_t *bytes,
                      uint32_t len, uint32_t original)
{
    uint32_t fcs = i->fcs_bytes;

    if (original < len)
        original = len;
    f->bytes = bytes;
    /* What is recorded of the check sequence goes; less than all of it is there if cut short. */
    f->original = original > fcs ? original - fcs : 0;
    f->len = len < f->original ? len : f->original;
}

static int pcap_record(struct pcap_reader *r, struct pcap_frame *f, struct err *err)
{
    const struct interface *i = &r->interface[0];
    uint8_t h[16];
    uint32_t len;
    int got = take(r, h, sizeof h, err);

    if (got <= 0)
        return got;
    len = get32(r, h + 8);
    if (len > PCAP_BLOCK_MAX)
        return damaged(r, err, "a record is too long");
    array_reserve(&r->block, &r->block_capacity, (size_t)len + 1, 1);
    if (len && need(r, r->block, len, err) < 0)
        return -1;
    f->time_ns = get32(r, h) * NS_PER_S + get32(r, h + 4) * (NS_PER_S / i->ticks_per_s);
    set_frame(i, f, r->block, len, get32(r, h + 12));
    return 1;
}

/* ---- pcapng ---- */

static uint64_t ticks_of(uint8_t resolution)
{
    unsigned n = resolution & 0x7f;
    uint64_t ticks = 1;

    if (resolution & 0x80)
        return UINT64_C(1) << (n < 63 ? n : 63);
    for (; n && ticks <= UINT64_MAX / 10; n--)
        ticks *= 10;
    return ticks;
}

static int interface_block(struct pcap_reader *r, const uint8_t *body, uint32_t len,
                           struct err *err)
{
    struct interface i = {.ticks_per_s = 1000000};
    uint32_t at = 8;

    if (len < 8)
        return damaged(r, err, "an interface block is too short");
    i.ethernet = get16(r, body) == LINK_ETHERNET;
    i.snap_bytes = get32(r, body + 4);
    while (at + 4 <= len) {
        uint16_t code = get16(r, body + at), bytes = get16(r, body + at + 2);
        const uint8_t *value = body + at + 4;

        if (code == OPTION_END || bytes > len - at - 4)
            break;
        if (code == OPTION_IF_TSRESOL && bytes >= 1)
            i.ticks_per_s = ticks_of(value[0]);
        else if (code == OPTION_IF_FCSLEN && bytes >= 1)
            i.fcs_bytes = value[0];
        else if (code == OPTION_IF_TSOFFSET && bytes >= 8)
            i.offset_s = (int64_t)((uint64_t)get32(r, value + (r->swapped ? 0 : 4)) << 32 |
                                   get32(r, value + (r->swapped ? 4 : 0)));
        at += 4 + (uint32_t)align_up(bytes, 4);
    }
    if (r->interfaces < INTERFACES_MAX)
        r->interface[r->interfaces] = i;
    if (r->interfaces < UINT32_MAX)
        r->interfaces++;
    return 0;
}

static const struct interface *interface_of(const struct pcap_reader *r, uint32_t number)
{
    if (number >= r->interfaces || number >= INTERFACES_MAX || !r->interface[number].ethernet)
        return NULL;
    return &r->interface[number];
}

/* 1: a frame; 0: of an interface that is passed over. */
static int enhanced_block(struct pcap_reader *r, const uint8_t *body, uint32_t len,
                          struct pcap_frame *f, struct err *err)
{
    const struct interface *i;
    uint64_t ticks;
    uint32_t captured;

    if (len < 20 || (captured = get32(r, body + 12)) > len - 20)
        return damaged(r, err, "a packet block is too short");
    i = interface_of(r, get32(r, body));
    if (!i)
        return 0;
    ticks = (uint64_t)get32(r, body + 4) << 32 | get32(r, body + 8);
    f->time_ns = muldiv(ticks, NS_PER_S, i->ticks_per_s) + (uint64_t)i->offset_s * NS_PER_S;
    set_frame(i, f, body + 20, captured, get32(r, body + 16));
    return 1;
}

/* A simple packet block has neither a time nor the length that was recorded. */
static int simple_block(struct pcap_reader *r, const uint8_t *body, uint32_t len,
                        struct pcap_frame *f, struct err *err)
{
    const struct interface *i;
    uint32_t original, captured;

    if (len < 4)
        return damaged(r, err, "a packet block is too short");
    i = interface_of(r, 0);
    if (!i)
        return 0;
    original = get32(r, body);
    captured = original;
    if (i->snap_bytes && captured > i->snap_bytes)
        captured = i->snap_bytes;
    if (captured > len - 4)
        return damaged(r, err, "a packet block is too short");
    f->time_ns = 0;
    set_frame(i, f, body + 4, captured, original);
    return 1;
}

/* A section header says the byte order of all that follows, its own length included. */
static int section_order(struct pcap_reader *r, const uint8_t *magic, struct err *err)
{
    uint32_t v = le32_get(magic);

    if (v != BYTE_ORDER_MAGIC && v != __builtin_bswap32(BYTE_ORDER_MAGIC))
        return damaged(r, err, "a section header is damaged");
    r->swapped = v != BYTE_ORDER_MAGIC;
    r->interfaces = 0;
    return 0;
}

/* Reads one block after its type; *body is what lies between its two lengths. */
static int block(struct pcap_reader *r, uint32_t type, uint32_t *len, struct err *err)
{
    uint8_t h[8];
    bool section = type == BLOCK_SECTION;
    uint32_t total, begun = section ? 12 : 8;

    if (need(r, h, section ? 8 : 4, err) < 0 || (section && section_order(r, h + 4, err)))
        return -1;
    total = get32(r, h);
    if (total % 4 || total < begun + 4 || total > PCAP_BLOCK_MAX)
        return damaged(r, err, "the length of a block is wrong");
    *len = total - begun - 4;
    array_reserve(&r->block, &r->block_capacity, (size_t)*len + 4, 1);
    if (need(r, r->block, (size_t)*len + 4, err) < 0)
        return -1;
    if (get32(r, r->block + *len) != total)
        return damaged(r, err, "the length of a block is wrong");
    return 0;
}

static int ng_next(struct pcap_reader *r, struct pcap_frame *f, struct err *err)
{
    for (;;) {
        uint8_t t[4];
        uint32_t type, len;
        int got = take(r, t, sizeof t, err);

        if (got <= 0)
            return got;
        type = get32(r, t); /* a section's is the same in either order */
        if (block(r, type, &len, err))
            return -1;
        if (type == BLOCK_INTERFACE)
            got = interface_block(r, r->block, len, err);
        else if (type == BLOCK_ENHANCED)
            got = enhanced_block(r, r->block, len, f, err);
        else if (type == BLOCK_SIMPLE)
            got = simple_block(r, r->block, len, f, err);
        else
            got = 0;
        if (got)
            return got;
    }
}

/* ---- either ---- */

static int open_format(struct pcap_reader *r, struct err *err)
{
    uint8_t magic[4];
    uint32_t v, len;

    if (need(r, magic, sizeof magic, err) < 0)
        return -1;
    v = le32_get(magic);
    if (v == BLOCK_SECTION) {
        r->ng = true;
        return block(r, v, &len, err);
    }
    r->swapped = v == __builtin_bswap32(MAGIC_US) || v == __builtin_bswap32(MAGIC_NS);
    v = get32(r, magic);
    if (v != MAGIC_US && v != MAGIC_NS)
        return err_set(err, "%s: this is neither pcap nor pcapng", r->path);
    return pcap_header(r, v == MAGIC_NS, err);
}

struct pcap_reader *pcap_open(const char *path, struct err *err)
{
    struct pcap_reader *r;
    FILE *file = fopen(path, "rbe");

    if (!file) {
        err_set(err, "cannot open %s: %s", path, strerror(errno));
        return NULL;
    }
    r = xcalloc(1, sizeof *r);
    r->file = file;
    r->path = xstrdup(path);
    if (open_format(r, err)) {
        pcap_close(r);
        return NULL;
    }
    return r;
}

int pcap_next(struct pcap_reader *r, struct pcap_frame *frame, struct err *err)
{
    int got;

    if (r->ended)
        return 0;
    got = r->ng ? ng_next(r, frame, err) : pcap_record(r, frame, err);
    r->frames += got > 0;
    return got;
}

void pcap_close(struct pcap_reader *r)
{
    if (!r)
        return;
    fclose(r->file);
    free(r->path);
    free(r->block);
    free(r);
}

/* ---- writing ---- */

struct pcap_writer {
    FILE *file;
    char *path;
    int error; /* errno of the first write that failed */
};

static void put(struct pcap_writer *w, const void *bytes, size_t size)
{
    if (!w->error && size && fwrite(bytes, 1, size, w->file) != size)
        w->error = errno ? errno : EIO;
}

static void section_and_interface(struct pcap_writer *w, const char *interface)
{
    static const uint8_t section[28] = {
        0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,
        /* length of the section: unknown */
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 28, 0, 0, 0,
    };
    uint8_t b[128] = {0};
    size_t name = strnlen(interface, 64), at = 16;

    put(w, section, sizeof section);
    le32_put(b, BLOCK_INTERFACE);
    le16_put(b + 8, LINK_ETHERNET);
    le16_put(b + at, OPTION_IF_NAME);
    le16_put(b + at + 2, (uint16_t)name);
    memcpy(b + at + 4, interface, name);
    at += 4 + align_up(name, 4);
    le16_put(b + at, OPTION_IF_TSRESOL);
    le16_put(b + at + 2, 1);
    b[at + 4] = TSRESOL_NS;
    at += 8 + 4; /* and the end of options, zeroes */
    le32_put(b + at, (uint32_t)at + 4);
    le32_put(b + 4, (uint32_t)at + 4);
    put(w, b, at + 4);
}

struct pcap_writer *pcap_create(const char *path, const char *interface, struct err *err)
{
    struct pcap_writer *w;
    FILE *file = fopen(path, "wbe");

    if (!file) {
        err_set(err, "cannot create %s: %s", path, strerror(errno));
        return NULL;
    }
    w = xcalloc(1, sizeof *w);
    w->file = file;
    w->path = xstrdup(path);
    section_and_interface(w, interface);
    return w;
}

void pcap_write(struct pcap_writer *w, uint64_t time_ns, const uint8_t *frame, uint32_t len,
                enum pcap_direction direction, int crc_error)
{
    static const uint8_t zeroes[4];
    uint32_t padding = (uint32_t)align_up(len, 4) - len;
    uint32_t total = 28 + len + padding + 12 + 4;
    uint8_t h[28], t[16] = {0};

    le32_put(h, BLOCK_ENHANCED);
    le32_put(h + 4, total);
    le32_put(h + 8, 0);
    le32_put(h + 12, (uint32_t)(time_ns >> 32));
    le32_put(h + 16, (uint32_t)time_ns);
    le32_put(h + 20, len);
    le32_put(h + 24, len);
    le16_put(t, OPTION_EPB_FLAGS);
    le16_put(t + 2, 4);
    le32_put(t + 4, (uint32_t)direction | (crc_error ? EPB_CRC_ERROR : 0));
    le32_put(t + 12, total);
    put(w, h, sizeof h);
    put(w, frame, len);
    put(w, zeroes, padding);
    put(w, t, sizeof t);
}

int pcap_finish(struct pcap_writer *w, struct err *err)
{
    int result = 0;

    if (!w)
        return 0;
    if (fclose(w->file) && !w->error)
        w->error = errno;
    if (w->error)
        result = err_set(err, "%s is not complete: %s", w->path, strerror(w->error));
    free(w->path);
    free(w);
    return result;
}
