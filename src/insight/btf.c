/* SPDX-License-Identifier: Apache-2.0 */
#include "insight/btf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define HEADER_LEN       24u
#define MAGIC            0xeb9fu
#define TYPE_LEN         12u          /* name_off, info, size_or_type */

/* Bounds for what a damaged or made-up section could nest; what compilers emit needs far less. */
#define CHAIN_MAX        64u          /* typedef to typedef, array of array */
#define ANONYMOUS_MAX    16u          /* anonymous struct in anonymous struct */
#define MEMBERS_SEEN_MAX (1u << 20)   /* members looked at in one lookup */

struct btf {
    const uint8_t *types;
    const char    *strings;           /* ends with a NUL */
    uint32_t       types_len, strings_len;
    uint32_t      *at;                /* type number -> offset in types; number 0 is void */
    uint32_t       count;             /* numbers 1 .. count-1 are in `at` */
};

struct lookup {
    const struct btf *btf;
    const char       *name;
    size_t            name_len;
    uint32_t          seen;
};

static const uint8_t *record(const struct btf *btf, uint32_t type)
{
    return btf->types + btf->at[type];
}

static bool known(const struct btf *btf, uint32_t type)
{
    return type > 0 && type < btf->count;
}

static enum btf_kind info_kind(uint32_t info)
{
    return (enum btf_kind)(info >> 24 & 0x1f);
}

static uint32_t vlen(const uint8_t *type)
{
    return le32_get(type + 4) & 0xffff;
}

/* Bytes of a record after its first 12; UINT32_MAX for a kind that is not known. */
static uint32_t extra_len(enum btf_kind kind, uint32_t n)
{
    switch (kind) {
    case BTF_PTR: case BTF_FWD: case BTF_TYPEDEF: case BTF_VOLATILE: case BTF_CONST:
    case BTF_RESTRICT: case BTF_FUNC: case BTF_FLOAT: case BTF_TYPE_TAG:
        return 0;
    case BTF_INT: case BTF_VAR: case BTF_DECL_TAG:
        return 4;
    case BTF_ARRAY:
        return 12;
    case BTF_ENUM: case BTF_FUNC_PROTO:
        return 8 * n;
    case BTF_STRUCT: case BTF_UNION: case BTF_DATASEC: case BTF_ENUM64:
        return 12 * n;
    default:
        return UINT32_MAX;
    }
}

/* One pass over the records: with `at` null it counts, then it fills. */
static int index_types(struct btf *btf, struct err *err)
{
    uint32_t at = 0, number = 1;

    for (; at < btf->types_len; number++) {
        uint32_t left = btf->types_len - at, info, extra;

        if (left < TYPE_LEN)
            return err_set(err, "BTF: type %" PRIu32 " is cut short", number);
        info = le32_get(btf->types + at + 4);
        extra = extra_len(info_kind(info), info & 0xffff);
        if (extra == UINT32_MAX)
            return err_set(err, "BTF: type %" PRIu32 " is of the unknown kind %d", number,
                           (int)info_kind(info));
        if (extra > left - TYPE_LEN)
            return err_set(err, "BTF: type %" PRIu32 " is cut short", number);
        if (le32_get(btf->types + at) >= btf->strings_len)
            return err_set(err, "BTF: the name of type %" PRIu32 " is not in the section", number);
        if (btf->at)
            btf->at[number] = at;
        at += TYPE_LEN + extra;
    }
    btf->count = number;
    return 0;
}

int btf_open(struct btf **out, const void *section, size_t len, struct err *err)
{
    const uint8_t *bytes = section;
    uint64_t header, type_at, type_len, string_at, string_len;
    struct btf *btf;

    if (len < HEADER_LEN || le16_get(bytes) != MAGIC)
        return err_set(err, "BTF: no header");
    if (bytes[2] != 1)
        return err_set(err, "BTF: version %d is not known", bytes[2]);
    header = le32_get(bytes + 4);
    type_at = header + le32_get(bytes + 8);
    type_len = le32_get(bytes + 12);
    string_at = header + le32_get(bytes + 16);
    string_len = le32_get(bytes + 20);
    if (header < HEADER_LEN || type_at + type_len > len || string_at + string_len > len ||
        !string_len || bytes[string_at] || bytes[string_at + string_len - 1])
        return err_set(err, "BTF: the header does not fit the section (%zu bytes)", len);
    btf = calloc(1, sizeof *btf);
    if (!btf)
        return err_set(err, "BTF: no memory");
    btf->types = bytes + type_at;
    btf->types_len = (uint32_t)type_len;
    btf->strings = (const char *)bytes + string_at;
    btf->strings_len = (uint32_t)string_len;
    if (index_types(btf, err))
        goto fail;
    btf->at = calloc(btf->count, sizeof *btf->at);
    if (!btf->at) {
        err_set(err, "BTF: no memory");
        goto fail;
    }
    if (index_types(btf, err))
        goto fail;
    *out = btf;
    return 0;

fail:
    btf_free(btf);
    return -1;
}

void btf_free(struct btf *btf)
{
    if (btf)
        free(btf->at);
    free(btf);
}

static const char *string(const struct btf *btf, uint32_t offset)
{
    return offset < btf->strings_len ? btf->strings + offset : "";
}

enum btf_kind btf_kind(const struct btf *btf, uint32_t type)
{
    return known(btf, type) ? info_kind(le32_get(record(btf, type) + 4)) : BTF_VOID;
}

const char *btf_name(const struct btf *btf, uint32_t type)
{
    return known(btf, type) ? string(btf, le32_get(record(btf, type))) : "";
}

uint32_t btf_bare(const struct btf *btf, uint32_t type)
{
    for (unsigned i = 0; i < CHAIN_MAX; i++) {
        switch (btf_kind(btf, type)) {
        case BTF_TYPEDEF: case BTF_VOLATILE: case BTF_CONST: case BTF_RESTRICT: case BTF_TYPE_TAG:
            type = le32_get(record(btf, type) + 8);
            break;
        case BTF_VOID:
            return 0;
        default:
            return type;
        }
    }
    return 0;
}

uint32_t btf_target(const struct btf *btf, uint32_t type)
{
    type = btf_bare(btf, type);
    switch (btf_kind(btf, type)) {
    case BTF_PTR:
        return le32_get(record(btf, type) + 8);
    case BTF_ARRAY:
        return le32_get(record(btf, type) + TYPE_LEN);
    default:
        return 0;
    }
}

uint32_t btf_array_len(const struct btf *btf, uint32_t type)
{
    type = btf_bare(btf, type);
    return btf_kind(btf, type) == BTF_ARRAY ? le32_get(record(btf, type) + TYPE_LEN + 8) : 0;
}

uint64_t btf_size_bytes(const struct btf *btf, uint32_t type)
{
    uint64_t elements = 1, size = 0;

    for (unsigned i = 0; i < CHAIN_MAX; i++) {
        type = btf_bare(btf, type);
        if (btf_kind(btf, type) != BTF_ARRAY)
            break;
        elements *= btf_array_len(btf, type);
        if (elements > UINT32_MAX)
            return 0;
        type = btf_target(btf, type);
    }
    switch (btf_kind(btf, type)) {
    case BTF_PTR:
        size = 8;
        break;
    case BTF_INT: case BTF_STRUCT: case BTF_UNION: case BTF_ENUM: case BTF_FLOAT: case BTF_ENUM64:
        size = le32_get(record(btf, type) + 8);
        break;
    default:
        break;
    }
    return size * elements;
}

uint32_t btf_struct(const struct btf *btf, const char *name)
{
    for (uint32_t type = 1; type < btf->count; type++) {
        enum btf_kind kind = btf_kind(btf, type);

        if ((kind == BTF_STRUCT || kind == BTF_UNION) && strcmp(btf_name(btf, type), name) == 0)
            return type;
    }
    return 0;
}

int btf_enumerator(const struct btf *btf, const char *name, int64_t *value)
{
    for (uint32_t type = 1; type < btf->count; type++) {
        enum btf_kind kind = btf_kind(btf, type);
        uint32_t step = kind == BTF_ENUM ? 8 : 12;

        if (kind != BTF_ENUM && kind != BTF_ENUM64)
            continue;
        for (uint32_t i = 0; i < vlen(record(btf, type)); i++) {
            const uint8_t *e = record(btf, type) + TYPE_LEN + (size_t)step * i;

            if (strcmp(string(btf, le32_get(e)), name) != 0)
                continue;
            *value = kind == BTF_ENUM64 ? (int64_t)le64_get(e + 4)
                     : le32_get(record(btf, type) + 4) >> 31 ? sign_extend(le32_get(e + 4), 32)
                     : (int64_t)le32_get(e + 4);
            return 0;
        }
    }
    return -1;
}

/* Finds the member in the struct or union `type`, through anonymous ones; adds its place. */
static bool find_member(struct lookup *look, uint32_t type, unsigned depth, struct btf_member *out)
{
    const struct btf *btf = look->btf;
    const uint8_t *t = record(btf, type);
    bool has_bit_sizes = le32_get(t + 4) >> 31;

    for (uint32_t i = 0; i < vlen(t) && look->seen++ < MEMBERS_SEEN_MAX; i++) {
        const uint8_t *m = t + TYPE_LEN + (size_t)12 * i;
        const char *name = string(btf, le32_get(m));
        uint32_t member = le32_get(m + 4), raw = le32_get(m + 8), bare;
        uint32_t bit_size = has_bit_sizes ? raw >> 24 : 0;
        struct btf_member inside = {
            .bit_offset = out->bit_offset + (has_bit_sizes ? raw & 0xffffff : raw),
        };

        if (strncmp(name, look->name, look->name_len) == 0 && !name[look->name_len]) {
            inside.type = member;
            inside.bit_size = bit_size ? bit_size : 8 * btf_size_bytes(btf, member);
            *out = inside;
            return true;
        }
        bare = btf_bare(btf, member);
        if (!*name && depth < ANONYMOUS_MAX &&
            (btf_kind(btf, bare) == BTF_STRUCT || btf_kind(btf, bare) == BTF_UNION) &&
            find_member(look, bare, depth + 1, &inside)) {
            *out = inside;
            return true;
        }
    }
    return false;
}

/* Takes "[N]" off the path, if it is there: *out becomes element N of the array it was. */
static int take_index(const struct btf *btf, const char **path, struct btf_member *out,
                      struct err *err)
{
    uint64_t index = 0, size;
    const char *p = *path + 1;

    if (**path != '[')
        return 0;
    for (; *p >= '0' && *p <= '9'; p++)
        index = u64_min(index * 10 + (uint64_t)(*p - '0'), UINT32_MAX);
    if (*p != ']' || p == *path + 1)
        return err_set(err, "BTF: \"%s\" is not an index", *path);
    if (index >= btf_array_len(btf, out->type))
        return err_set(err, "BTF: there is no element %" PRIu64 " (of %" PRIu32 ")", index,
                       btf_array_len(btf, out->type));
    out->type = btf_target(btf, out->type);
    size = 8 * btf_size_bytes(btf, out->type);
    out->bit_offset += index * size;
    out->bit_size = size;
    *path = p + 1;
    return 1;
}

int btf_type_member(const struct btf *btf, uint32_t type, const char *path,
                    struct btf_member *out, struct err *err)
{
    struct btf_member at = { .type = type };
    const char *p = path;

    for (;;) {
        struct lookup look = { .btf = btf, .name = p, .name_len = strcspn(p, ".[") };
        uint32_t outer = btf_bare(btf, at.type);
        int more;

        if (btf_kind(btf, outer) != BTF_STRUCT && btf_kind(btf, outer) != BTF_UNION)
            return err_set(err, "BTF: \"%.*s\" in \"%s\" is not in a struct", (int)look.name_len,
                           p, path);
        if (!look.name_len || !find_member(&look, outer, 0, &at))
            return err_set(err, "BTF: %s has no member \"%.*s\"",
                           *btf_name(btf, outer) ? btf_name(btf, outer) : "the struct",
                           (int)look.name_len, p);
        p += look.name_len;
        while ((more = take_index(btf, &p, &at, err)) > 0)
            ;
        if (more < 0)
            return -1;
        if (!*p)
            break;
        if (*p != '.')
            return err_set(err, "BTF: \"%s\" is not a path", path);
        p++;
    }
    *out = at;
    return 0;
}

int btf_member(const struct btf *btf, const char *name, const char *path, struct btf_member *out,
               struct err *err)
{
    uint32_t type = btf_struct(btf, name);

    if (!type)
        return err_set(err, "BTF: there is no struct %s", name);
    return btf_type_member(btf, type, path, out, err);
}
