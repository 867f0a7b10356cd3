/* SPDX-License-Identifier: Apache-2.0 */
#include "insight/symlist.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"

#define TEXT_BLOCK ((size_t)64 << 10)

struct symlist_text {
    struct symlist_text *next;
    size_t               used, room;
    char                 bytes[];
};

const char *symlist_string(struct symlist *list, const char *name, size_t len)
{
    struct symlist_text *text = list->text;
    char *copy;

    if (!text || text->room - text->used <= len) {
        size_t room = u64_max(TEXT_BLOCK, len + 1);

        if (list->text_bytes + room > SYMLIST_TEXT_MAX)
            return NULL;
        text = malloc(sizeof *text + room);
        if (!text)
            return NULL;
        *text = (struct symlist_text){ .next = list->text, .room = room };
        list->text = text;
        list->text_bytes += room;
    }
    copy = text->bytes + text->used;
    memcpy(copy, name, len);
    copy[len] = 0;
    text->used += len + 1;
    return copy;
}

bool symlist_add(struct symlist *list, uint64_t address, char type, const char *name, size_t len,
                 const char *module)
{
    const char *copy;

    if (list->count == SYMLIST_COUNT_MAX)
        return false;
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 1024;
        struct symbol *items = realloc(list->items, room * sizeof *items);

        if (!items)
            return false;
        list->items = items;
        list->room = room;
    }
    copy = symlist_string(list, name, len);
    if (!copy)
        return false;
    list->items[list->count] = (struct symbol){
        .address = address, .name = copy, .module = module,
        .order = (uint32_t)list->count, .type = type,
    };
    list->count++;
    return true;
}

void symlist_free(struct symlist *list)
{
    struct symlist_text *next;

    for (struct symlist_text *text = list->text; text; text = next) {
        next = text->next;
        free(text);
    }
    free(list->items);
    *list = (struct symlist){ 0 };
}
