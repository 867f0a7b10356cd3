/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lab_where.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "cli/lab_run.h"
#include "host/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ELF_BYTES_MAX (UINT64_C(64) << 20)
#define FRAMES_MAX 12
#define PLACES_MAX 8

FILE *lab_text_open(struct lab_text *t)
{
    *t = (struct lab_text){0};
    t->out = open_memstream(&t->bytes, &t->size);
    if (!t->out)
        abort(); /* as base/alloc.h: no memory */
    return t->out;
}

char *lab_text_close(struct lab_text *t)
{
    fclose(t->out);
    return t->bytes;
}

struct program *lab_program(const struct lab_result *r)
{
    struct program *p;
    uint8_t *bytes;
    size_t size;

    if (file_read("program", r->build.elf, ELF_BYTES_MAX, &bytes, &size, NULL))
        return NULL;
    p = program_new(bytes, size, NULL);
    free(bytes);
    return p;
}

/* ---- frames ---- */

static int read_memory(void *ctx, uint64_t address, uint64_t *value)
{
    const struct lab_result *r = ctx;
    uint8_t bytes[8];

    if (machine_read_virtual(r->machine, 0, address, bytes, sizeof bytes))
        return -1;
    *value = le64_get(bytes);
    return 0;
}

bool lab_readable(const struct lab_result *r, uint64_t address)
{
    uint64_t value;

    return !read_memory((void *)r, address, &value);
}

struct program_frame lab_frame_of(const uint64_t x[32], uint64_t pc)
{
    struct program_frame f = {.pc = pc};

    memcpy(f.x, x, sizeof f.x);
    return f;
}

struct program_frame lab_frame_now(const struct lab_result *r, unsigned hart)
{
    const struct hart *h = machine_hart(r->machine, hart);

    return lab_frame_of(h->x, h->pc);
}

/* The nth frame's caller.  The pc of all but the innermost is behind a call, which may be the last
 * of its function. */
static bool caller(const struct lab_result *r, struct program *p, struct program_frame *f,
                   unsigned n)
{
    f->pc -= n != 0;
    return program_caller(p, f, read_memory, (void *)r);
}

static size_t places_of(struct program *p, const struct program_frame *f, unsigned n, bool behind,
                        struct program_place place[PLACES_MAX])
{
    return program_places(p, n || behind ? f->pc - 1 : f->pc, place, PLACES_MAX);
}

/* labs/lib/trap_entry.S; labs/kernel/entry.S with its labels. */
static bool is_entry(const struct program_place *place)
{
    static const char *const name[] = {"trap_entry", "trap_in", "from_user", "save"};

    for (size_t i = 0; i < ARRAY_LEN(name); i++)
        if (!strcmp(place->function, name[i]))
            return true;
    return false;
}

bool lab_is_trap_entry(struct program *p, uint64_t pc)
{
    struct program_place place[PLACES_MAX];

    return p && program_places(p, pc, place, PLACES_MAX) && is_entry(&place[0]);
}

bool lab_is_in(const struct lab_result *r, struct program *p, struct program_frame frame,
               const char *function)
{
    for (unsigned i = 0; i < FRAMES_MAX; i++) {
        struct program_place place[PLACES_MAX];
        size_t n = places_of(p, &frame, i, false, place);

        for (size_t k = 0; k < n; k++)
            if (!strcmp(place[k].function, function))
                return true;
        if (!n || !caller(r, p, &frame, i))
            return false;
    }
    return false;
}

/* labs/kernel/trap.h: register xN is at 8 * N, pc in x0's place, then sstatus. */
static bool saved_frame(const struct lab_result *r, uint64_t at, struct program_frame *f,
                        bool *user)
{
    uint64_t status;

    for (unsigned i = 1; i < 32; i++)
        if (read_memory((void *)r, at + 8 * i, &f->x[i]))
            return false;
    if (read_memory((void *)r, at, &f->pc) || read_memory((void *)r, at + 8 * 32, &status))
        return false;
    *user = !(status >> 8 & 1); /* SPP */
    f->x[0] = 0;
    return true;
}

bool lab_user_frame(const struct lab_result *r, struct program *p, struct program_frame *frame)
{
    struct program_frame f = lab_frame_now(r, 0);
    uint64_t user_start;
    bool user = false;

    if (!program_symbol(p, "user_start", &user_start) ||
        machine_hart(r->machine, 0)->priv == PRIV_U)
        return false;
    for (unsigned i = 0, n = 0; i < 2 * FRAMES_MAX; i++, n++) {
        struct program_place place[PLACES_MAX];
        size_t known = places_of(p, &f, n, false, place);

        if (known && n && is_entry(&place[0])) {
            if (!saved_frame(r, f.x[2], &f, &user))
                break;
            if (user) {
                *frame = f;
                return true;
            }
            n = UINT32_MAX; /* a trap of the kernel's own: on from where it was */
        } else if (!known || !caller(r, p, &f, n)) {
            break;
        }
    }
    if (!r->user_pc)
        return false;
    *frame = lab_frame_of(r->user_x, r->user_pc);
    return true;
}

/* ---- in words ---- */

static const char *plain(const char *file)
{
    return strncmp(file, "./", 2) ? file : file + 2;
}

static void write_place(const struct program_place *place, char *out, size_t size)
{
    if (place->file && place->line)
        snprintf(out, size, "%s (%s:%u)", place->function, plain(place->file), place->line);
    else if (place->offset)
        snprintf(out, size, "%s + 0x%" PRIx64, place->function, place->offset);
    else
        snprintf(out, size, "%s", place->function);
}

char *lab_where(const struct lab_result *r, struct program *p, struct program_frame frame,
                bool behind)
{
    char now[300], before[300] = "";
    unsigned shown = 0, repeats = 0;
    bool more = true;
    struct lab_text t;
    FILE *out = lab_text_open(&t);

    for (unsigned i = 0; more && i < FRAMES_MAX; i++) {
        struct program_place place[PLACES_MAX];
        uint64_t called_from = frame.x[1];
        size_t n = places_of(p, &frame, i, behind, place);

        if (i && n && is_entry(&place[0]) && strcmp(place[0].function, "trap_entry") != 0)
            break; /* of labs/kernel: what it is in for is another matter */
        for (size_t k = 0; k < n && more; k++) {
            write_place(&place[k], now, sizeof now);
            repeats = strcmp(now, before) ? 0 : repeats + 1;
            if (!repeats)
                fprintf(out, "%s%s", shown++ ? ", from " : "", now);
            else if (repeats == 1)
                fputs(" again and again", out);
            memcpy(before, now, sizeof before);
            /* What is before main is the same in all. */
            more = strcmp(place[k].function, "main") != 0;
        }
        if (!n && !i) {
            fprintf(out, "0x%" PRIx64 ", which is not in the program", frame.pc);
            shown++;
        }
        if (!more || (n && caller(r, p, &frame, i)))
            continue;
        /* A call through a wild pointer, into data, into assembly: the return address says who. */
        more = !i && !(n && is_entry(&place[0]));
        frame.pc = called_from;
    }
    return lab_text_close(&t);
}
