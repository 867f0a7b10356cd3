/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel image of a few kilobytes, made here: the header, a .BTF section and kallsyms tables as
 * scripts/kallsyms.c lays them out, but with symbols, tokens and structures of our own.  So the
 * decoders are tested with no download, and against layouts that no real kernel has. */
#ifndef TESTS_INSIGHT_FAKE_KERNEL_H
#define TESTS_INSIGHT_FAKE_KERNEL_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "insight/btf.h"
#include "insight/kallsyms.h"
#include "insight/kimage.h"

#define FAKE_LINK        KIMAGE_LINK_ADDRESS
#define FAKE_BTF_AT      0x100u
#define FAKE_BYTES_MAX   0x20000u
#define FAKE_SYMBOLS_MAX 1024u
#define FAKE_TEXT        0x2000u     /* where the numbered symbols start, FAKE_STEP apart */
#define FAKE_STEP        0x10u

/* ---- BTF ---- */

struct fake_btf {
    uint8_t  types[4096];
    char     strings[4096];
    uint32_t types_len, strings_len, count;
};

static inline void fake_u32(struct fake_btf *b, uint32_t v)
{
    le32_put(b->types + b->types_len, v);
    b->types_len += 4;
}

static inline uint32_t fake_string(struct fake_btf *b, const char *s)
{
    uint32_t at;

    if (!b->strings_len)
        b->strings[b->strings_len++] = 0;
    if (!*s)
        return 0;
    at = b->strings_len;
    strcpy(b->strings + at, s);
    b->strings_len += (uint32_t)strlen(s) + 1;
    return at;
}

/* Starts a type and returns its number; the caller adds the kind's further words. */
static inline uint32_t fake_type(struct fake_btf *b, const char *name, enum btf_kind kind,
                                 uint32_t vlen, bool flag, uint32_t size_or_type)
{
    fake_u32(b, fake_string(b, name));
    fake_u32(b, (uint32_t)kind << 24 | vlen | (flag ? 1u << 31 : 0));
    fake_u32(b, size_or_type);
    return ++b->count;
}

static inline void fake_member(struct fake_btf *b, const char *name, uint32_t type, uint32_t bits)
{
    fake_u32(b, fake_string(b, name));
    fake_u32(b, type);
    fake_u32(b, bits);
}

static inline uint32_t fake_array(struct fake_btf *b, uint32_t of, uint32_t index, uint32_t n)
{
    uint32_t type = fake_type(b, "", BTF_ARRAY, 0, false, 0);

    fake_u32(b, of);
    fake_u32(b, index);
    fake_u32(b, n);
    return type;
}

static inline size_t fake_btf_bytes(const struct fake_btf *b, uint8_t *out)
{
    memset(out, 0, 24);
    le16_put(out, 0xeb9f);
    out[2] = 1;
    le32_put(out + 4, 24);
    le32_put(out + 12, b->types_len);
    le32_put(out + 16, b->types_len);
    le32_put(out + 20, b->strings_len);
    memcpy(out + 24, b->types, b->types_len);
    memcpy(out + 24 + b->types_len, b->strings, b->strings_len);
    return 24 + b->types_len + b->strings_len;
}

/* struct module as this kernel has it: offsets in bytes. */
enum {
    FAKE_MODULE_STATE = 4, FAKE_MODULE_NAME = 8, FAKE_MODULE_NAME_LEN = 56, FAKE_MODULE_LIST = 64,
    FAKE_MODULE_MEM = 80, FAKE_MODULE_MEMS = 3, FAKE_MODULE_KALLSYMS = 152,
    FAKE_MEM_SIZE = 0, FAKE_MEM_BASE = 8, FAKE_MEM_BYTES = 24,
    FAKE_KS_TYPETAB = 0, FAKE_KS_STRTAB = 8, FAKE_KS_NUM = 16, FAKE_KS_SYMTAB = 24,
    FAKE_STATE_UNFORMED = 3,
};

static inline void fake_types(struct fake_btf *b)
{
    uint32_t uint, chr, ptr, name, head, ks, mem, mems, state, anonymous, outer, flags, konst, td;

    *b = (struct fake_btf){ 0 };
    uint = fake_type(b, "unsigned int", BTF_INT, 0, false, 4);
    fake_u32(b, 32);
    chr = fake_type(b, "char", BTF_INT, 0, false, 1);
    fake_u32(b, 8);
    ptr = fake_type(b, "", BTF_PTR, 0, false, 0);
    name = fake_array(b, chr, uint, FAKE_MODULE_NAME_LEN);
    head = fake_type(b, "list_head", BTF_STRUCT, 2, false, 16);
    fake_member(b, "next", ptr, 0);
    fake_member(b, "prev", ptr, 64);
    ks = fake_type(b, "mod_kallsyms", BTF_STRUCT, 4, false, 32);
    fake_member(b, "typetab", ptr, 8 * FAKE_KS_TYPETAB);
    fake_member(b, "strtab", ptr, 8 * FAKE_KS_STRTAB);
    fake_member(b, "num_symtab", uint, 8 * FAKE_KS_NUM);
    fake_member(b, "symtab", ptr, 8 * FAKE_KS_SYMTAB);
    mem = fake_type(b, "module_memory", BTF_STRUCT, 2, false, FAKE_MEM_BYTES);
    fake_member(b, "size", uint, 8 * FAKE_MEM_SIZE);
    fake_member(b, "base", ptr, 8 * FAKE_MEM_BASE);
    mems = fake_array(b, mem, uint, FAKE_MODULE_MEMS);
    state = fake_type(b, "module_state", BTF_ENUM, 2, false, 4);
    fake_u32(b, fake_string(b, "MODULE_STATE_LIVE"));
    fake_u32(b, 0);
    fake_u32(b, fake_string(b, "MODULE_STATE_UNFORMED"));
    fake_u32(b, FAKE_STATE_UNFORMED);
    fake_type(b, "module", BTF_STRUCT, 6, false, 192);
    fake_member(b, "state", state, 8 * FAKE_MODULE_STATE);
    fake_member(b, "name", name, 8 * FAKE_MODULE_NAME);
    fake_member(b, "list", head, 8 * FAKE_MODULE_LIST);
    fake_member(b, "mem", mems, 8 * FAKE_MODULE_MEM);
    fake_member(b, "kallsyms", ptr, 8 * FAKE_MODULE_KALLSYMS);
    fake_member(b, "core_kallsyms", ks, 8 * 160);
    /* struct outer { int a; union { struct { int b; const td_t c[4]; }; char d; };
     *                unsigned low:3, high:29; } */
    td = fake_type(b, "td_t", BTF_TYPEDEF, 0, false, head);
    konst = fake_type(b, "", BTF_CONST, 0, false, td);
    flags = fake_array(b, konst, uint, 4);
    outer = fake_type(b, "", BTF_STRUCT, 2, false, 72);
    fake_member(b, "b", uint, 0);
    fake_member(b, "c", flags, 64);
    anonymous = fake_type(b, "", BTF_UNION, 2, false, 72);
    fake_member(b, "", outer, 0);
    fake_member(b, "d", chr, 0);
    fake_type(b, "outer", BTF_STRUCT, 4, true, 88);
    fake_member(b, "a", uint, 0);
    fake_member(b, "", anonymous, 64);
    fake_member(b, "low", uint, 640 | 3u << 24);
    fake_member(b, "high", uint, 643 | 29u << 24);
    fake_type(b, "big", BTF_ENUM64, 1, false, 8);
    fake_u32(b, fake_string(b, "BIG_ONE"));
    fake_u32(b, 0xfffffffe);
    fake_u32(b, 0x12345678);
}

/* ---- kallsyms ---- */

struct fake_symbol {
    uint64_t address;
    char     text[KALLSYMS_NAME_MAX + 1];        /* nm's letter, then the name */
};

struct fake_kernel {
    uint8_t  bytes[FAKE_BYTES_MAX];
    size_t   len;
    size_t   names, markers, token_table, token_index, offsets, tables_end;
    struct fake_symbol symbols[FAKE_SYMBOLS_MAX];
    uint32_t count;
};

static const struct { unsigned code; const char *text; } fake_tokens[] = {
    { 0x01, "nvme_" }, { 0x02, ".part.0" }, { 0x80, "_read" }, { 0xfe, "Tksys" }, { 0xff, "sym" },
};

static inline const char *fake_token(unsigned code, char buf[2])
{
    for (size_t i = 0; i < ARRAY_LEN(fake_tokens); i++)
        if (fake_tokens[i].code == code)
            return fake_tokens[i].text;
    buf[0] = code > ' ' && code <= '~' ? (char)code : 0;
    buf[1] = 0;
    return buf;
}

static inline void fake_add(struct fake_kernel *k, uint64_t address, const char *text)
{
    struct fake_symbol *s = &k->symbols[k->count++];

    s->address = address;
    snprintf(s->text, sizeof s->text, "%s", text);
}

static inline int fake_by_address(const void *a, const void *b)
{
    const struct fake_symbol *x = a, *y = b;

    return x->address == y->address ? strcmp(x->text, y->text)
                                    : (x->address > y->address) - (x->address < y->address);
}

static inline size_t fake_align(struct fake_kernel *k)
{
    return k->len = (size_t)align_up(k->len, 8);
}

static inline void fake_put_name(struct fake_kernel *k, const char *text)
{
    uint8_t codes[KALLSYMS_NAME_MAX + 1];
    size_t n = 0;

    while (*text) {
        unsigned code = (uint8_t)*text;
        size_t len = 1;

        for (size_t i = 0; i < ARRAY_LEN(fake_tokens); i++)
            if (strncmp(text, fake_tokens[i].text, strlen(fake_tokens[i].text)) == 0) {
                code = fake_tokens[i].code;
                len = strlen(fake_tokens[i].text);
            }
        codes[n++] = (uint8_t)code;
        text += len;
    }
    if (n > 0x7f) {
        k->bytes[k->len++] = (uint8_t)(0x80 | (n & 0x7f));
        k->bytes[k->len++] = (uint8_t)(n >> 7);
    } else {
        k->bytes[k->len++] = (uint8_t)n;
    }
    memcpy(k->bytes + k->len, codes, n);
    k->len += n;
}

static inline void fake_put_seqs(struct fake_kernel *k)
{
    /* Insertion sort by name: small and stable. */
    static uint32_t order[FAKE_SYMBOLS_MAX];

    for (uint32_t i = 0; i < k->count; i++) {
        uint32_t j = i;

        for (; j && strcmp(k->symbols[order[j - 1]].text + 1, k->symbols[i].text + 1) > 0; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
    for (uint32_t i = 0; i < k->count; i++) {
        k->bytes[k->len++] = (uint8_t)(order[i] >> 16);
        k->bytes[k->len++] = (uint8_t)(order[i] >> 8);
        k->bytes[k->len++] = (uint8_t)order[i];
    }
}

static inline void fake_put_offsets(struct fake_kernel *k, enum kallsyms_encoding encoding)
{
    uint64_t base = FAKE_LINK;

    k->offsets = fake_align(k);
    for (uint32_t i = 0; i < k->count; i++, k->len += 4) {
        uint64_t address = k->symbols[i].address;
        bool absolute = address < FAKE_LINK;

        le32_put(k->bytes + k->len,
                 (uint32_t)(encoding == KALLSYMS_PLACE ? address - (FAKE_LINK + k->len)
                            : encoding == KALLSYMS_BASE ? address - base
                            : absolute ? address : base - address - 1));
    }
    fake_align(k);
    if (encoding != KALLSYMS_PLACE) {
        le64_put(k->bytes + k->len, base);
        k->len += 8;
    }
}

/* Appends the tables for k->symbols. */
static inline void fake_put_tables(struct fake_kernel *k, enum kallsyms_encoding encoding)
{
    uint32_t marks[FAKE_SYMBOLS_MAX / 256 + 1], mark_count = 0, starts[256];
    char buf[2];

    qsort(k->symbols, k->count, sizeof k->symbols[0], fake_by_address);
    fake_align(k);
    le32_put(k->bytes + k->len, k->count);
    k->len += 4;
    k->names = fake_align(k);
    for (uint32_t i = 0; i < k->count; i++) {
        if (i % 256 == 0)
            marks[mark_count++] = (uint32_t)(k->len - k->names);
        fake_put_name(k, k->symbols[i].text);
    }
    k->markers = fake_align(k);
    for (uint32_t i = 0; i < mark_count; i++, k->len += 4)
        le32_put(k->bytes + k->len, marks[i]);
    k->token_table = fake_align(k);
    for (unsigned code = 0; code < 256; code++) {
        const char *text = fake_token(code, buf);

        starts[code] = (uint32_t)(k->len - k->token_table);
        memcpy(k->bytes + k->len, text, strlen(text) + 1);
        k->len += strlen(text) + 1;
    }
    k->token_index = fake_align(k);
    for (unsigned code = 0; code < 256; code++, k->len += 2)
        le16_put(k->bytes + k->len, (uint16_t)starts[code]);
    fake_put_offsets(k, encoding);
    fake_put_seqs(k);
    k->tables_end = k->len;
}

/* A whole kernel: `numbered` symbols sym000, sym001, ... and some that the tests ask for. */
static inline struct fake_kernel *fake_kernel(uint32_t numbered, enum kallsyms_encoding encoding)
{
    struct fake_kernel *k = calloc(1, sizeof *k);
    uint64_t after = FAKE_LINK + FAKE_TEXT + (uint64_t)FAKE_STEP * numbered;
    struct fake_btf btf;
    char text[KALLSYMS_NAME_MAX + 1] = "t";
    size_t btf_len;

    memcpy(k->bytes + 0x38, "RSC\x05", 4);
    fake_types(&btf);
    btf_len = fake_btf_bytes(&btf, k->bytes + FAKE_BTF_AT);
    k->len = FAKE_BTF_AT + btf_len + 100;
    if (encoding == KALLSYMS_PERCPU)
        fake_add(k, 0x40, "Dpercpu_thing");
    fake_add(k, FAKE_LINK, "T_start");
    fake_add(k, FAKE_LINK + FAKE_BTF_AT, "R__start_BTF");
    fake_add(k, FAKE_LINK + FAKE_BTF_AT + btf_len, "R__stop_BTF");
    for (uint32_t i = 0; i < numbered; i++) {
        snprintf(text, sizeof text, "tsym%03u_readv", i);
        fake_add(k, FAKE_LINK + FAKE_TEXT + (uint64_t)FAKE_STEP * i, text);
    }
    text[0] = 't';
    memset(text + 1, 'x', 300);      /* 301 tokens: a length of two bytes */
    text[301] = 0;
    fake_add(k, after + 0x00, text);
    fake_add(k, after + 0x10, "tnvme_prep_rq.part.0");
    fake_add(k, after + 0x20, "tgone.cold");
    fake_add(k, after + 0x30, "tgone.isra.0.cold");
    fake_add(k, after + 0x40, "ttwice.part.0");
    fake_add(k, after + 0x50, "ttwice.constprop.0.isra.12");
    fake_add(k, after + 0x60, "Tksys_read");
    fake_add(k, after + 0x68, "dboth");
    fake_add(k, after + 0x70, "tboth");
    fake_add(k, after + 0x80, "dmodules");
    fake_add(k, after + 0x90, "Dmodules");
    fake_add(k, after + 0xa0, "Talias_a");
    fake_add(k, after + 0xa0, "Talias_b");
    fake_add(k, after + 0x100, "B_end");
    fake_put_tables(k, encoding);
    k->len += 256;                    /* something always follows in a real image */
    return k;
}

/* A guest that does not end its randomness: xorshift64, so that each run tests the same. */
static inline uint64_t fake_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
