/* SPDX-License-Identifier: Apache-2.0 */
#include "insight/symbols.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "insight/elf_symbols.h"
#include "insight/kallsyms.h"
#include "insight/kimage.h"

#define STRAYS_MAX 64u

struct symbols {
    struct symlist        image;
    struct modules        modules;
    uint64_t              image_base, image_end;
    const struct symbol **by_address; /* both lists merged: count entries each */
    const struct symbol **by_name;
    size_t                count;
    uint8_t              *btf_bytes;
    struct btf           *btf;
};

/* ---- order ---- */

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int by_address(const void *a, const void *b)
{
    const struct symbol *x = *(const struct symbol *const *)a;
    const struct symbol *y = *(const struct symbol *const *)b;
    int order = compare_u64(x->address, y->address);

    if (!order)
        order = (x->module != NULL) - (y->module != NULL);
    return order ? order : compare_u64(x->order, y->order);
}

static int by_name(const void *a, const void *b)
{
    const struct symbol *x = *(const struct symbol *const *)a;
    const struct symbol *y = *(const struct symbol *const *)b;
    int order = strcmp(x->name, y->name);

    if (!order)
        order = symbol_is_code(y) - symbol_is_code(x);
    if (!order)
        order = (x->module != NULL) - (y->module != NULL);
    return order ? order : by_address(a, b);
}

static int by_base(const void *a, const void *b)
{
    const struct module_memory *x = a, *y = b;
    int order = compare_u64(x->base, y->base);

    if (!order)
        order = compare_u64(x->size_bytes, y->size_bytes);
    return order ? order : strcmp(x->module, y->module);
}

/* Makes both indexes anew; false (and the old ones kept) when there is no memory. */
static bool build_index(struct symbols *s)
{
    size_t count = s->image.count + s->modules.symbols.count;
    const struct symbol **address = calloc(count ? count : 1, sizeof(struct symbol *));
    const struct symbol **name = calloc(count ? count : 1, sizeof(struct symbol *));

    if (!address || !name) {
        free(address);
        free(name);
        return false;
    }
    for (size_t i = 0; i < s->image.count; i++)
        address[i] = &s->image.items[i];
    for (size_t i = 0; i < s->modules.symbols.count; i++)
        address[s->image.count + i] = &s->modules.symbols.items[i];
    memcpy(name, address, count * sizeof *name);
    qsort(address, count, sizeof *address, by_address);
    qsort(name, count, sizeof *name, by_name);
    if (s->modules.memory_count)
        qsort(s->modules.memories, s->modules.memory_count, sizeof *s->modules.memories, by_base);
    free(s->by_address);
    free(s->by_name);
    s->by_address = address;
    s->by_name = name;
    s->count = count;
    return true;
}

/* ---- loading ---- */

static const struct symbol *image_symbol(const struct symbols *s, const char *name)
{
    for (size_t i = 0; i < s->image.count; i++)
        if (strcmp(s->image.items[i].name, name) == 0)
            return &s->image.items[i];
    return NULL;
}

static int load_names(struct symbols *s, const struct kallsyms *table, struct err *err)
{
    char name[KALLSYMS_NAME_MAX], type;
    size_t cursor = 0;

    for (uint32_t i = 0; i < table->count; i++) {
        if (kallsyms_name(table, &cursor, &type, name, err))
            return -1;
        if (!symlist_add(&s->image, kallsyms_address(table, i), type, name, strlen(name), NULL))
            return err_set(err, "the kernel's symbols do not fit in memory");
    }
    return 0;
}

/* The linker brackets the .BTF section with two symbols.  It is copied, for it is a tenth of the
 * image and outlives it. */
static int load_btf(struct symbols *s, const struct kimage *image, struct err *err)
{
    const struct symbol *start = image_symbol(s, "__start_BTF");
    const struct symbol *stop = image_symbol(s, "__stop_BTF");
    uint64_t at, len;

    if (!start || !stop)
        return 0;
    at = start->address - s->image_base;
    len = stop->address - start->address;
    if (!len)
        return 0;
    if (at > image->len || len > image->len - at)
        return err_set(err, "the kernel's types (BTF) lie outside the image");
    s->btf_bytes = malloc(len);
    if (!s->btf_bytes)
        return err_set(err, "no memory for the kernel's types");
    memcpy(s->btf_bytes, image->bytes + at, len);
    return btf_open(&s->btf, s->btf_bytes, len, err);
}

static int load(struct symbols *s, const struct kimage *image, struct err *err)
{
    const struct symbol *start, *end;
    struct kallsyms table;

    if (kallsyms_find(&table, image->bytes, image->len, KIMAGE_LINK_ADDRESS, err) ||
        load_names(s, &table, err))
        return -1;
    /* _start is byte 0 of the Image by its linker script; _text comes a page later. */
    start = image_symbol(s, "_start");
    end = image_symbol(s, "_end");
    if (!start || !end || end->address < start->address ||
        (table.encoding == KALLSYMS_PLACE && start->address != KIMAGE_LINK_ADDRESS))
        return err_set(err, "the kernel's symbols do not say where the image is linked");
    s->image_base = start->address;
    s->image_end = end->address;
    if (load_btf(s, image, err))
        return -1;
    return build_index(s) ? 0 : err_set(err, "no memory for the kernel's symbols");
}

static int load_elf(struct symbols **out, const void *bytes, size_t len, struct err *err)
{
    struct symbols *s = calloc(1, sizeof *s);
    int status = s ? elf_symbols(&s->image, bytes, len, &s->image_base, &s->image_end, err)
                   : err_set(err, "no memory for the kernel's symbols");

    if (!status && !build_index(s))
        status = err_set(err, "no memory for the kernel's symbols");
    if (status)
        symbols_free(s);
    else
        *out = s;
    return status;
}

int symbols_load_image(struct symbols **out, const void *bytes, size_t len, struct err *err)
{
    struct symbols *s;
    struct kimage image;
    int status;

    if (elf_has_symbols(bytes, len))
        return load_elf(out, bytes, len, err);
    if (kimage_open(&image, bytes, len, err))
        return -1;
    s = calloc(1, sizeof *s);
    status = s ? load(s, &image, err) : err_set(err, "no memory for the kernel's symbols");
    kimage_close(&image);
    if (status)
        symbols_free(s);
    else
        *out = s;
    return status;
}

int symbols_add_modules(struct symbols *s, modules_read_fn read, void *ctx, struct err *err)
{
    const struct symbol *head[8];
    struct modules found, old = s->modules;
    size_t heads;
    int status;

    if (!s->btf)
        return err_set(err, "the kernel image has no types (CONFIG_DEBUG_INFO_BTF): modules "
                       "cannot be read");
    heads = symbols_find_all(s, "modules", head, ARRAY_LEN(head));
    for (size_t i = 0; i < u64_min(heads, ARRAY_LEN(head)); i++) {
        /* The list is global in kernel/module/main.c, so its letter is a capital; a module or
         * another file may have a `modules` of its own. */
        if (head[i]->module || head[i]->type < 'A' || head[i]->type > 'Z')
            continue;
        status = modules_walk(&found, s->btf, head[i]->address, read, ctx, err);
        s->modules = found;
        if (!build_index(s)) {
            s->modules = old;
            modules_free(&found);
            return err_set(err, "no memory for the modules' symbols");
        }
        modules_free(&old);
        return status;
    }
    return err_set(err, "the kernel has no module list (no symbol `modules`)");
}

void symbols_free(struct symbols *s)
{
    if (!s)
        return;
    symlist_free(&s->image);
    modules_free(&s->modules);
    btf_free(s->btf);
    free(s->btf_bytes);
    free(s->by_address);
    free(s->by_name);
    free(s);
}

/* ---- asking ---- */

size_t symbols_count(const struct symbols *s)
{
    return s->count;
}

size_t symbols_image_count(const struct symbols *s)
{
    return s->image.count;
}

size_t symbols_module_count(const struct symbols *s)
{
    return s->modules.module_count;
}

const struct symbol *symbols_get(const struct symbols *s, size_t i)
{
    return i < s->count ? s->by_address[i] : NULL;
}

const struct btf *symbols_btf(const struct symbols *s)
{
    return s->btf;
}

/* Index in by_name of the first name that is not less than `name`. */
static size_t lower_bound(const struct symbols *s, const char *name)
{
    size_t low = 0, high = s->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(s->by_name[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Is `suffix` one or more of gcc's ".kind.N"? */
static bool is_derived(const char *suffix)
{
    static const char *const kinds[] = { ".constprop.", ".isra.", ".part.", ".lto_priv." };

    while (*suffix) {
        size_t kind = 0, digits;

        while (kind < ARRAY_LEN(kinds) && strncmp(suffix, kinds[kind], strlen(kinds[kind])) != 0)
            kind++;
        if (kind == ARRAY_LEN(kinds))
            return false;
        suffix += strlen(kinds[kind]);
        digits = strspn(suffix, "0123456789");
        if (!digits)
            return false;
        suffix += digits;
    }
    return true;
}

size_t symbols_find_all(const struct symbols *s, const char *name, const struct symbol **found,
                        size_t max)
{
    size_t len = strlen(name), first = lower_bound(s, name), n = 0;

    for (size_t i = first; i < s->count && strcmp(s->by_name[i]->name, name) == 0; i++, n++)
        if (n < max)
            found[n] = s->by_name[i];
    if (n)
        return n;
    /* Everything that starts with the name follows at once; only a '.' can begin a suffix. */
    for (size_t i = first; i < s->count && strncmp(s->by_name[i]->name, name, len) == 0; i++) {
        if (s->by_name[i]->name[len] > '.')
            break;
        if (s->by_name[i]->name[len] == '.' && is_derived(s->by_name[i]->name + len)) {
            if (n < max)
                found[n] = s->by_name[i];
            n++;
        }
    }
    return n;
}

uint64_t symbols_find(const struct symbols *s, const char *name)
{
    const struct symbol *first;

    return symbols_find_all(s, name, &first, 1) ? first->address : 0;
}

/* The piece of address space that holds `address`: its base and whose it is; false for none. */
static bool space_of(const struct symbols *s, uint64_t address, uint64_t *base, const char **module)
{
    size_t low = 0, high = s->modules.memory_count;

    if (address >= s->image_base && address < s->image_end) {
        *base = s->image_base;
        *module = NULL;
        return true;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->modules.memories[middle].base <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low || address - s->modules.memories[low - 1].base >=
                s->modules.memories[low - 1].size_bytes)
        return false;
    *base = s->modules.memories[low - 1].base;
    *module = s->modules.memories[low - 1].module;
    return true;
}

const struct symbol *symbols_at(const struct symbols *s, uint64_t address, uint64_t *offset)
{
    size_t low = 0, high = s->count;
    const char *module;
    uint64_t base;

    if (!space_of(s, address, &base, &module))
        return NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->by_address[middle]->address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    /* The nearest below; of several at its address the kernel's first, as the kernel itself
     * prints it.  Only a damaged module puts its symbols into another's memory: a few of them are
     * stepped over, but no answer is worth a walk over a million. */
    for (unsigned i = 0; low && s->by_address[low - 1]->module != module; i++, low--)
        if (i == STRAYS_MAX)
            return NULL;
    if (!low || s->by_address[low - 1]->address < base)
        return NULL;
    while (low > 1 && s->by_address[low - 2]->address == s->by_address[low - 1]->address &&
           s->by_address[low - 2]->module == module)
        low--;
    if (offset)
        *offset = address - s->by_address[low - 1]->address;
    return s->by_address[low - 1];
}
