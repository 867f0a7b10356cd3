/* SPDX-License-Identifier: Apache-2.0 */
/* Data pointers: every shape of PRP and SGL against a plain model, and every way to get them
 * wrong. */
#include "nvme_rig.h"

#include "sim/random.h"

#define IMAGE_BYTES (UINT64_C(4) << 20)
#define MDTS_BYTES (UINT64_C(512) << 10)

/* Host memory of a transfer, as a list of (address, length), and how it is told to the device. */
struct target {
    unsigned count;
    struct {
        uint64_t addr;
        uint32_t len;
        bool bucket;
    } part[300];
};

static struct rig_queue io;

static struct rig *up(enum timing_level level, const char *profile)
{
    struct rig *r = rig_up_memory(level, profile, IMAGE_BYTES);

    rig_enable(r, 32);
    io = rig_pair(r, 1, 64, 1, true);
    return r;
}

static void fill_image(struct rig *r, struct random *rnd)
{
    uint8_t page[4096];

    for (uint64_t at = 0; at < IMAGE_BYTES; at += sizeof page) {
        for (unsigned i = 0; i < sizeof page; i += 8)
            le64_put(page + i, random_u64(rnd));
        CHECK(!block_write(r->block[0], at, page, sizeof page));
    }
}

/* Pages anywhere in the arena, never the same twice. */
static uint64_t some_page(struct rig *r, struct random *rnd, uint64_t arena, uint8_t *taken,
                          unsigned pages)
{
    uint64_t at;

    (void)r;
    do
        at = random_below(rnd, pages);
    while (taken[at]);
    taken[at] = 1;
    return arena + at * PAGE_BYTES;
}

/* A PRP target of `len` bytes from `offset` in its first page; lists start at `list_offset` of
 * their first page. */
static struct target make_prp(struct rig *r, struct random *rnd, uint64_t arena, unsigned pages,
                              struct rig_sqe *s, uint32_t len, uint32_t offset,
                              uint32_t list_offset)
{
    struct target t = {0};
    uint8_t taken[1024] = {0};
    uint32_t left = len, part = (uint32_t)u64_min(len, PAGE_BYTES - offset);
    uint64_t prp1 = some_page(r, rnd, arena, taken, pages) + offset, prp2 = 0, list = 0;

    t.part[t.count].addr = prp1;
    t.part[t.count++].len = part;
    for (left -= part; left; left -= part) {
        uint64_t page = some_page(r, rnd, arena, taken, pages);
        part = (uint32_t)u64_min(left, PAGE_BYTES);
        t.part[t.count].addr = page;
        t.part[t.count++].len = part;
    }
    if (t.count == 2)
        prp2 = t.part[1].addr;
    if (t.count > 2) {
        prp2 = list = some_page(r, rnd, arena, taken, pages) + list_offset;
        for (unsigned i = 1; i < t.count; i++) {
            if (list % PAGE_BYTES == PAGE_BYTES - 8 && i + 1 < t.count) {
                uint64_t next = some_page(r, rnd, arena, taken, pages);
                le64_put(rig_at(r, list), next);
                list = next;
            }
            le64_put(rig_at(r, list), t.part[i].addr);
            list += 8;
        }
    }
    rig_prp(s, prp1, prp2);
    return t;
}

static void put_descriptor(uint8_t *d, uint64_t addr, uint32_t len, unsigned type)
{
    memset(d, 0, NVME_SGL_BYTES);
    le64_put(d, addr);
    le32_put(d + NVME_SGL_LENGTH, len);
    d[NVME_SGL_ID] = (uint8_t)(type << 4);
}

/* An SGL target: random block lengths, some buckets (reads), segments of random size. */
static struct target make_sgl(struct rig *r, struct random *rnd, uint64_t arena,
                              struct rig_sqe *s, uint32_t len, bool buckets, uint64_t lists)
{
    struct target t = {0};
    uint64_t at = arena;
    uint32_t left = len;
    unsigned i = 0;
    uint8_t *where = s->b + NVME_SQE_SGL1;

    s->b[NVME_SQE_FLAGS] = NVME_PSDT_SGL << 6;
    while (left) {
        uint32_t part = (uint32_t)u64_min(left, 1 + random_below(rnd, len / 20 + 3000));
        if (t.count == 200)
            part = left;
        t.part[t.count].addr = at + random_below(rnd, 64);
        t.part[t.count].len = part;
        t.part[t.count].bucket = buckets && random_below(rnd, 5) == 0;
        at = t.part[t.count++].addr + part;
        left -= part;
    }
    if (t.count == 1 && random_below(rnd, 2)) {
        put_descriptor(where, t.part[0].addr, len, t.part[0].bucket ? NVME_SGL_BIT_BUCKET
                                                                    : NVME_SGL_DATA);
        return t;
    }
    while (i < t.count) {
        unsigned n = 1 + (unsigned)random_below(rnd, t.count - i), last = i + n == t.count;
        put_descriptor(where, lists, (n + !last) * NVME_SGL_BYTES,
                       last ? NVME_SGL_LAST_SEGMENT : NVME_SGL_SEGMENT);
        for (; n--; i++, lists += NVME_SGL_BYTES)
            put_descriptor(rig_at(r, lists), t.part[i].addr, t.part[i].len,
                           t.part[i].bucket ? NVME_SGL_BIT_BUCKET : NVME_SGL_DATA);
        where = rig_at(r, lists);
        lists += NVME_SGL_BYTES;
    }
    return t;
}

/* One command with that memory, checked byte by byte: memory for reads, image for writes. */
static void check_command(struct rig *r, struct rig_sqe s, const struct target *t, uint64_t offset,
                          uint32_t len, uint64_t arena, uint64_t arena_bytes)
{
    bool read = s.b[NVME_SQE_OPCODE] == NVME_NVM_READ;
    uint8_t *want = xcalloc(1, len), *before = xcalloc(1, arena_bytes);
    uint8_t *now = rig_at(r, arena);
    uint32_t at = 0;

    memcpy(before, now, arena_bytes);
    if (read)
        CHECK(!block_read(r->block[0], offset, want, len));
    for (unsigned i = 0; i < t->count; at += t->part[i++].len)
        if (!read)
            memcpy(want + at, rig_at(r, t->part[i].addr), t->part[i].len);
        else if (!t->part[i].bucket)
            memcpy(before + (t->part[i].addr - arena), want + at, t->part[i].len);
    CHECK_EQ_U64(at, len);
    CHECK_EQ_U64(rig_do(r, &io, s, NULL), 0);
    if (!read) {
        uint8_t *got = xcalloc(1, len);
        CHECK(!block_read(r->block[0], offset, got, len));
        CHECK(!memcmp(got, want, len));
        free(got);
    }
    /* Exactly those bytes of memory changed, and no other. */
    CHECK(!memcmp(before, now, arena_bytes));
    free(want);
    free(before);
}

static void test_prp_reads_and_writes_of_every_shape_match_a_plain_model(void)
{
    static const uint32_t offsets[] = {0, 4, 512, 2048, 4092};
    static const uint32_t list_offsets[] = {0, 8, 4096 - 8, 4096 - 16, 4096 - 64};
    struct rig *r = up(TIMING_IO, "ideal");
    const uint64_t arena_bytes = UINT64_C(3) << 20, arena = rig_alloc(r, arena_bytes);
    struct random rnd;

    random_init(&rnd, 7, "prp");
    fill_image(r, &rnd);
    for (unsigned n = 0; n < 400; n++) {
        uint32_t len = 512 * (1 + (uint32_t)random_below(&rnd, n % 3 ? 24 : MDTS_BYTES / 512));
        uint64_t offset = random_below(&rnd, (IMAGE_BYTES - len) / 512) * 512;
        struct rig_sqe s = rig_rw(n & 1 ? NVME_NVM_WRITE : NVME_NVM_READ, offset / 512, len / 512,
                                  0, 0);
        uint32_t in_page = offsets[random_below(&rnd, ARRAY_LEN(offsets))];
        uint32_t in_list = list_offsets[random_below(&rnd, ARRAY_LEN(list_offsets))];
        struct target t = make_prp(r, &rnd, arena, arena_bytes / PAGE_BYTES, &s, len, in_page,
                                   in_list);
        check_command(r, s, &t, offset, len, arena, arena_bytes);
    }
    rig_down(r);
}

static void test_sgl_reads_and_writes_of_every_shape_match_a_plain_model(void)
{
    struct rig *r = up(TIMING_IO, "ideal");
    const uint64_t arena_bytes = UINT64_C(3) << 20, arena = rig_alloc(r, arena_bytes);
    uint64_t lists = rig_alloc(r, 65536);
    struct random rnd;

    random_init(&rnd, 8, "sgl");
    fill_image(r, &rnd);
    for (unsigned n = 0; n < 400; n++) {
        uint32_t len = 512 * (1 + (uint32_t)random_below(&rnd, n % 3 ? 24 : MDTS_BYTES / 512));
        uint64_t offset = random_below(&rnd, (IMAGE_BYTES - len) / 512) * 512;
        struct rig_sqe s = rig_rw(n & 1 ? NVME_NVM_WRITE : NVME_NVM_READ, offset / 512, len / 512,
                                  0, 0);
        struct target t = make_sgl(r, &rnd, arena, &s, len, !(n & 1), lists + 16 * (n % 7));
        check_command(r, s, &t, offset, len, arena, arena_bytes);
    }
    rig_down(r);
}

static void test_several_large_commands_at_once_keep_their_data_apart(void)
{
    struct rig *r = up(TIMING_IO, "970pro");
    struct rig_cqe c = {0};
    struct random rnd;
    uint64_t buf[8];
    uint8_t *want = xcalloc(1, MDTS_BYTES);

    random_init(&rnd, 9, "many");
    fill_image(r, &rnd);
    for (unsigned i = 0; i < 8; i++) {
        struct rig_sqe s = rig_rw(NVME_NVM_READ, i * 1024, 1024, 0, 0);
        buf[i] = rig_alloc(r, MDTS_BYTES);
        s.b[NVME_SQE_FLAGS] = NVME_PSDT_SGL << 6;
        put_descriptor(s.b + NVME_SQE_SGL1, buf[i], MDTS_BYTES, NVME_SGL_DATA);
        rig_submit(r, &io, s);
    }
    rig_ring(r, &io);
    for (unsigned i = 0; i < 8; i++)
        CHECK(rig_wait(r, &io, &c, PS_PER_S) && c.status == 0);
    for (unsigned i = 0; i < 8; i++) {
        CHECK(!block_read(r->block[0], i * MDTS_BYTES, want, MDTS_BYTES));
        CHECK(!memcmp(want, rig_at(r, buf[i]), MDTS_BYTES));
    }
    free(want);
    rig_down(r);
}

static void every_prp_error(enum timing_level level)
{
    struct rig *r = up(level, "ideal");
    uint64_t page = rig_alloc(r, 4096), list = rig_alloc(r, 8192);

    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 8, page + 2, 0), NULL),
                 NVME_PRP_OFFSET_INVALID | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 16, page, page + 512), NULL),
                 NVME_PRP_OFFSET_INVALID | NVME_DNR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 64, page, list + 4), NULL),
                 NVME_PRP_OFFSET_INVALID | NVME_DNR);
    for (unsigned i = 0; i < 16; i++)
        le64_put(rig_at(r, list) + 8 * i, page);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 64, page, list), NULL), 0);
    le64_put(rig_at(r, list) + 24, page + 4);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 64, page, list), NULL),
                 NVME_PRP_OFFSET_INVALID | NVME_DNR);
    le64_put(rig_at(r, list) + 24, RIG_NOWHERE);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 64, page, list), NULL),
                 NVME_DATA_TRANSFER_ERROR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 64, page, RIG_NOWHERE), NULL),
                 NVME_DATA_TRANSFER_ERROR);
    /* A list in a device: the fetch itself fails. */
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 64, page, RIG_MSI), NULL),
                 NVME_DATA_TRANSFER_ERROR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 8, RIG_NOWHERE, 0), NULL),
                 NVME_DATA_TRANSFER_ERROR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 8, RIG_ROM, 0), NULL),
                 NVME_DATA_TRANSFER_ERROR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_READ, 0, 8, RIG_BAR0, 0), NULL),
                 NVME_DATA_TRANSFER_ERROR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, 0, 8, RIG_NOWHERE, 0), NULL),
                 NVME_DATA_TRANSFER_ERROR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, 0, 16, page, RIG_BAR0), NULL),
                 NVME_DATA_TRANSFER_ERROR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, 0, 8, UINT64_MAX - 3, 0), NULL),
                 NVME_DATA_TRANSFER_ERROR);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, 0, 8, RIG_ROM, 0), NULL), 0);
    rig_down(r);
}

static void test_every_prp_error_has_its_status(void)
{
    every_prp_error(TIMING_OFF);
    /* Here the completion entry is on the link, right behind the data, when that fails. */
    every_prp_error(TIMING_IO);
}

/* A list whose last entry names the list itself: bounded by the size of the transfer. */
static void test_an_endless_prp_list_ends(void)
{
    struct rig *r = up(TIMING_IO, "ideal");
    uint64_t page = rig_alloc(r, 4096), list = rig_alloc(r, 4096);

    for (unsigned i = 0; i < 512; i++)
        le64_put(rig_at(r, list) + 8 * i, list);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, 0, 1024, page, list + 4096 - 8), NULL), 0);
    rig_down(r);
}

static unsigned sgl(struct rig *r, struct rig_sqe s, uint64_t addr, uint32_t len, unsigned type,
                    unsigned subtype)
{
    s.b[NVME_SQE_FLAGS] = NVME_PSDT_SGL << 6;
    put_descriptor(s.b + NVME_SQE_SGL1, addr, len, type);
    s.b[NVME_SQE_SGL1 + NVME_SGL_ID] |= (uint8_t)subtype;
    return rig_do(r, &io, s, NULL);
}

static void test_every_sgl_error_has_its_status(void)
{
    struct rig *r = up(TIMING_OFF, "ideal");
    uint64_t page = rig_alloc(r, 16384), list = rig_alloc(r, 65536);
    struct rig_sqe s = rig_rw(NVME_NVM_READ, 0, 8, 0, 0);
    uint8_t *l = rig_at(r, list);

    CHECK_EQ_U64(sgl(r, s, page, 4096, NVME_SGL_DATA, 0), 0);
    CHECK_EQ_U64(sgl(r, s, page, 4095, NVME_SGL_DATA, 0), NVME_SGL_LENGTH_INVALID | NVME_DNR);
    CHECK_EQ_U64(sgl(r, s, page, 4097, NVME_SGL_DATA, 0), NVME_SGL_LENGTH_INVALID | NVME_DNR);
    CHECK_EQ_U64(sgl(r, s, page, 0, NVME_SGL_DATA, 0), NVME_SGL_LENGTH_INVALID | NVME_DNR);
    CHECK_EQ_U64(sgl(r, s, page, 4096, NVME_SGL_DATA, 1), NVME_SGL_TYPE_INVALID | NVME_DNR);
    CHECK_EQ_U64(sgl(r, s, page, 4096, 4, 0), NVME_SGL_TYPE_INVALID | NVME_DNR);
    CHECK_EQ_U64(sgl(r, s, page, 4096, 15, 0), NVME_SGL_TYPE_INVALID | NVME_DNR);
    CHECK_EQ_U64(sgl(r, s, list, 0, NVME_SGL_LAST_SEGMENT, 0), NVME_INVALID_SGL_SEGMENT | NVME_DNR);
    CHECK_EQ_U64(sgl(r, s, list, 24, NVME_SGL_SEGMENT, 0), NVME_INVALID_SGL_SEGMENT | NVME_DNR);
    CHECK_EQ_U64(sgl(r, s, RIG_NOWHERE, 32, NVME_SGL_SEGMENT, 0), NVME_DATA_TRANSFER_ERROR);
    CHECK_EQ_U64(sgl(r, s, RIG_NOWHERE, 4096, NVME_SGL_DATA, 0), NVME_DATA_TRANSFER_ERROR);
    /* A link inside the last segment; a link that is not the last of its segment; a segment that
     * ends without a link. */
    put_descriptor(l, page, 2048, NVME_SGL_DATA);
    put_descriptor(l + 16, list, 32, NVME_SGL_LAST_SEGMENT);
    CHECK_EQ_U64(sgl(r, s, list, 32, NVME_SGL_LAST_SEGMENT, 0),
                 NVME_INVALID_SGL_SEGMENT | NVME_DNR);
    CHECK_EQ_U64(sgl(r, s, list, 48, NVME_SGL_SEGMENT, 0), NVME_INVALID_SGL_COUNT | NVME_DNR);
    CHECK_EQ_U64(sgl(r, s, list, 16, NVME_SGL_SEGMENT, 0), NVME_INVALID_SGL_SEGMENT | NVME_DNR);
    put_descriptor(l + 16, page, 2047, NVME_SGL_DATA);
    CHECK_EQ_U64(sgl(r, s, list, 32, NVME_SGL_LAST_SEGMENT, 0), NVME_SGL_LENGTH_INVALID | NVME_DNR);
    put_descriptor(l + 16, page, 2049, NVME_SGL_DATA);
    CHECK_EQ_U64(sgl(r, s, list, 32, NVME_SGL_LAST_SEGMENT, 0), NVME_SGL_LENGTH_INVALID | NVME_DNR);
    /* Segments in a circle, of nothing. */
    put_descriptor(l, page, 0, NVME_SGL_DATA);
    put_descriptor(l + 16, list, 32, NVME_SGL_SEGMENT);
    CHECK_EQ_U64(sgl(r, s, list, 32, NVME_SGL_SEGMENT, 0), NVME_INVALID_SGL_COUNT | NVME_DNR);
    /* More blocks than the controller takes. */
    for (unsigned i = 0; i < 400; i++)
        put_descriptor(l + 16 * i, page, 8, NVME_SGL_DATA);
    CHECK_EQ_U64(sgl(r, s, list, 400 * 16, NVME_SGL_LAST_SEGMENT, 0),
                 NVME_INVALID_SGL_COUNT | NVME_DNR);
    /* An empty segment of the largest size: fetched in parts, but not for ever. */
    memset(l, 0, 65536);
    CHECK_EQ_U64(sgl(r, s, list, 0xfffffff0, NVME_SGL_LAST_SEGMENT, 0) & ~NVME_DNR,
                 NVME_INVALID_SGL_COUNT);
    /* A bucket takes its share of a read; of a write it counts for nothing. */
    CHECK_EQ_U64(sgl(r, s, 0, 4096, NVME_SGL_BIT_BUCKET, 0), 0);
    CHECK_EQ_U64(sgl(r, rig_rw(NVME_NVM_WRITE, 0, 8, 0, 0), 0, 4096, NVME_SGL_BIT_BUCKET, 0),
                 NVME_SGL_LENGTH_INVALID | NVME_DNR);
    s.b[NVME_SQE_FLAGS] = 3 << 6;
    CHECK_EQ_U64(rig_do(r, &io, s, NULL), NVME_INVALID_FIELD | NVME_DNR);
    s.b[NVME_SQE_FLAGS] = 1; /* fused */
    CHECK_EQ_U64(rig_do(r, &io, s, NULL), NVME_INVALID_FIELD | NVME_DNR);
    rig_down(r);
}

static void test_blocks_of_4096_cut_by_pages_are_written_whole(void)
{
    struct block *b = block_memory(IMAGE_BYTES);
    struct nvme_config config = {.ns = {{b, 4096}}, .namespaces = 1, .profile = "ideal"};
    struct rig *r = rig_up(TIMING_IO, &config);
    uint64_t arena;
    struct random rnd;

    r->block[0] = b;
    rig_enable(r, 32);
    io = rig_pair(r, 1, 64, 1, true);
    arena = rig_alloc(r, UINT64_C(3) << 20);
    random_init(&rnd, 10, "4096");
    fill_image(r, &rnd);
    for (unsigned n = 0; n < 60; n++) {
        uint32_t blocks = 1 + (uint32_t)random_below(&rnd, 20), len = blocks * 4096;
        uint64_t slba = random_below(&rnd, IMAGE_BYTES / 4096 - blocks);
        struct rig_sqe s = rig_rw(n & 1 ? NVME_NVM_WRITE : NVME_NVM_READ, slba, blocks, 0, 0);
        struct target t = make_prp(r, &rnd, arena, 768, &s, len,
                                   (uint32_t)random_below(&rnd, 1024) * 4, 0);
        check_command(r, s, &t, slba * 4096, len, arena, UINT64_C(3) << 20);
    }
    rig_down(r);
}

/* A write of two pages whose second page is nowhere: the block that both share is not torn. */
static void test_a_failed_write_never_leaves_half_a_block(void)
{
    struct block *b = block_memory(IMAGE_BYTES);
    struct nvme_config config = {.ns = {{b, 4096}}, .namespaces = 1};
    struct rig *r = rig_up(TIMING_IO, &config);
    uint8_t got[4096];
    uint64_t page;

    r->block[0] = b;
    rig_enable(r, 32);
    io = rig_pair(r, 1, 64, 1, true);
    page = rig_alloc(r, 4096);
    memset(rig_at(r, page), 0x55, 4096);
    CHECK_EQ_U64(rig_do(r, &io, rig_rw(NVME_NVM_WRITE, 3, 1, page + 2048,
                                       RIG_NOWHERE & ~UINT64_C(4095)), NULL),
                 NVME_DATA_TRANSFER_ERROR);
    CHECK(!block_read(b, 3 * 4096, got, 4096));
    for (unsigned i = 0; i < 4096; i++)
        CHECK(got[i] == 0);
    rig_down(r);
}

TEST_MAIN(test_prp_reads_and_writes_of_every_shape_match_a_plain_model,
          test_sgl_reads_and_writes_of_every_shape_match_a_plain_model,
          test_several_large_commands_at_once_keep_their_data_apart,
          test_every_prp_error_has_its_status, test_an_endless_prp_list_ends,
          test_every_sgl_error_has_its_status, test_blocks_of_4096_cut_by_pages_are_written_whole,
          test_a_failed_write_never_leaves_half_a_block)
