/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mark_times.h"

#include "host/host_clock.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void on_mark(void *ctx, struct machine *m, unsigned hart, uint64_t number)
{
    struct mark_times *t = ctx;
    uint64_t host_ns = host_clock_ns(); /* first, so that the time of writing is not in it */
    const struct hart *h = machine_hart(m, hart), *other;
    ps_t now = hart_now(h), idle = 0;

    for (unsigned i = 0; i < t->harts; i++) {
        other = machine_hart(m, i);
        idle += other->idle_ps;
        if (other->idle && other->idle_since < now)
            idle += now - other->idle_since;
    }
    fprintf(t->file, "%" PRIu64 " %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", number,
            hart, now, h->instret, host_ns, idle);
}

int mark_times_open(struct mark_times *t, const char *path, struct machine *m, struct err *err)
{
    t->path = path;
    t->file = fopen(path, "w");
    if (!t->file)
        return err_set(err, "cannot write the mark times %s: %s", path, strerror(errno));
    fputs("# mark hart time_ps instructions host_ns idle_ps\n", t->file);
    machine_on_mark(m, on_mark, t);
    return 0;
}

int mark_times_close(struct mark_times *t, struct err *err)
{
    int lost = ferror(t->file);

    if (fclose(t->file) || lost)
        return err_set(err, "the mark times %s are not complete: the file could not be written",
                       t->path);
    return 0;
}
