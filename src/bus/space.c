/* SPDX-License-Identifier: Apache-2.0 */
#include "bus/space.h"

#include "base/bits.h"

#include <inttypes.h>

/* Index of the first region whose base is above addr. */
static unsigned above(const struct space *space, uint64_t addr)
{
    unsigned lo = 0, hi = space->count;

    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (space->region[mid]->base <= addr)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void find_ram(struct space *space)
{
    space->ram = NULL;
    for (unsigned i = 0; i < space->count; i++) {
        struct region *r = space->region[i];

        if (r->ram && r->code_page && !r->read_only && !((r->base | r->size) % PAGE_BYTES) &&
            (!space->ram || r->size > space->ram->size))
            space->ram = r;
    }
}

int space_map(struct space *space, struct region *region, struct err *err)
{
    uint64_t last = region->base + (region->size - 1);
    unsigned at = above(space, region->base);

    if (region->size == 0 || last < region->base)
        return err_set(err, "region '%s' at 0x%" PRIx64 " has an impossible size", region->name,
                       region->base);
    if (space->count == SPACE_REGIONS_MAX)
        return err_set(err, "region '%s': the address map is full", region->name);
    for (unsigned i = at ? at - 1 : 0; i < space->count && i <= at; i++) {
        const struct region *r = space->region[i];
        if (r->base <= last && region->base <= r->base + (r->size - 1))
            return err_set(err, "region '%s' at 0x%" PRIx64 " overlaps '%s' at 0x%" PRIx64,
                           region->name, region->base, r->name, r->base);
    }
    memmove(&space->region[at + 1], &space->region[at],
            (space->count - at) * sizeof space->region[0]);
    space->region[at] = region;
    space->count++;
    space->generation++;
    find_ram(space);
    return 0;
}

int space_map_background(struct space *space, struct region *region, struct err *err)
{
    uint64_t last = region->base + (region->size - 1);

    if (region->size == 0 || last < region->base)
        return err_set(err, "region '%s' at 0x%" PRIx64 " has an impossible size", region->name,
                       region->base);
    if (space->backgrounds == SPACE_BACKGROUNDS_MAX)
        return err_set(err, "region '%s': too many background regions", region->name);
    for (unsigned i = 0; i < space->backgrounds; i++) {
        const struct region *r = space->background[i];
        if (r->base <= last && region->base <= r->base + (r->size - 1))
            return err_set(err, "region '%s' at 0x%" PRIx64 " overlaps '%s' at 0x%" PRIx64,
                           region->name, region->base, r->name, r->base);
    }
    space->background[space->backgrounds++] = region;
    space->generation++;
    return 0;
}

void space_unmap(struct space *space, struct region *region)
{
    for (unsigned i = 0; i < space->count; i++)
        if (space->region[i] == region) {
            space->generation++;
            space->count--;
            memmove(&space->region[i], &space->region[i + 1],
                    (space->count - i) * sizeof space->region[0]);
            break;
        }
    if (space->last == region)
        space->last = NULL;
    find_ram(space);
}

/* Never remembered in `last`: an ordinary region may lie within. */
static struct region *find_background(struct space *space, uint64_t addr)
{
    for (unsigned i = 0; i < space->backgrounds; i++)
        if (addr - space->background[i]->base < space->background[i]->size)
            return space->background[i];
    return NULL;
}

struct region *space_find(struct space *space, uint64_t addr)
{
    struct region *r = space->ram;
    unsigned at;

    if (likely(r && addr - r->base < r->size))
        return r;
    r = space->last;
    if (r && addr - r->base < r->size)
        return r;
    at = above(space, addr);
    r = at ? space->region[at - 1] : NULL;
    if (!r || addr - r->base >= r->size)
        return find_background(space, addr);
    space->last = r;
    return r;
}

void region_code_touch(struct space *space, struct region *region, uint64_t offset, uint64_t len)
{
    uint64_t page, end;

    if (!region->code_page || len == 0)
        return;
    end = (offset + len - 1) >> PAGE_SHIFT;
    for (page = offset >> PAGE_SHIFT; page <= end; page++)
        if (region->code_page[page]) {
            space->code_written(space->code_ctx, region->base + offset, len);
            return;
        }
}

enum fault region_access(struct space *space, struct region *region, struct txn *txn)
{
    unsigned size = txn->size;
    enum fault fault;

    if ((size != 1 && size != 2 && size != 4 && size != 8) || txn->addr & (size - 1) ||
        txn->addr > region->size - size || region->size < size)
        return FAULT_SIZE;
    txn->data &= mask_bits(size * 8);
    if (!region->ram) {
        fault = region->access(region->owner, txn);
        txn->data &= mask_bits(size * 8);
        return fault;
    }
    if (!txn->write) {
        txn->data = le_get(region->ram + txn->addr, size);
        return FAULT_NONE;
    }
    if (region->read_only)
        return FAULT_ACCESS;
    region_code_touch(space, region, txn->addr, size);
    le_put(region->ram + txn->addr, size, txn->data);
    return FAULT_NONE;
}

enum fault space_access(struct space *space, struct txn *txn)
{
    struct region *r = space_find(space, txn->addr);
    uint64_t addr = txn->addr;
    enum fault fault;

    if (!r)
        return FAULT_DECODE;
    txn->addr -= r->base;
    fault = region_access(space, r, txn);
    txn->addr = addr;
    return fault;
}

/* The memory region that holds all of [addr, addr + len), or NULL. */
static struct region *memory(struct space *space, uint64_t addr, uint64_t len)
{
    struct region *r = space_find(space, addr);

    if (!r || !r->ram || len > r->size - (addr - r->base))
        return NULL;
    return r;
}

uint8_t *space_host(struct space *space, uint64_t addr, uint64_t len)
{
    struct region *r = memory(space, addr, len);

    return r ? r->ram + (addr - r->base) : NULL;
}

/* A transfer that no memory region takes whole: one small transaction to a device, or a fault. */
static enum fault small(struct space *space, uint32_t requester, uint64_t addr, uint8_t *in,
                        const uint8_t *out, uint64_t len)
{
    struct txn txn = {.addr = addr, .requester = requester, .size = (uint8_t)len, .write = out};
    enum fault fault;

    if (!space_find(space, addr))
        return FAULT_DECODE;
    if (len > 8 || (len & (len - 1)) || addr & (len - 1))
        return FAULT_ACCESS;
    if (out)
        txn.data = le_get(out, (unsigned)len);
    fault = space_access(space, &txn);
    if (in && !fault)
        le_put(in, (unsigned)len, txn.data);
    return fault;
}

enum fault space_read(struct space *space, uint32_t requester, uint64_t addr, void *buf,
                      uint64_t len)
{
    const uint8_t *host;

    if (len == 0)
        return FAULT_NONE;
    host = space_host(space, addr, len);
    if (!host)
        return small(space, requester, addr, buf, NULL, len);
    memcpy(buf, host, len);
    return FAULT_NONE;
}

enum fault space_write(struct space *space, uint32_t requester, uint64_t addr, const void *buf,
                       uint64_t len)
{
    struct region *r;

    if (len == 0)
        return FAULT_NONE;
    r = memory(space, addr, len);
    if (!r)
        return small(space, requester, addr, NULL, buf, len);
    if (r->read_only)
        return FAULT_ACCESS;
    region_code_touch(space, r, addr - r->base, len);
    memcpy(r->ram + (addr - r->base), buf, len);
    return FAULT_NONE;
}
