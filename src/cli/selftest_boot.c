/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/selftest.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "cli/guest.h"
#include "host/terminal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MEMORY_EVERY_PS (PS_PER_S / 20)
#define BOOT_PS_MAX (120 * PS_PER_S)

/* A kernel of the user's is run as it is; without one, Debian boots and reads a file. */
static int prepare(struct board_config *c, char **owned, struct err *err)
{
    struct nvme_drive_config *drive = &c->nvme[0];

    if (!c->max_ps)
        c->max_ps = BOOT_PS_MAX;
    if (c->kernel)
        return 0;
    if (!(c->kernel = owned[0] = cli_guest_path("guest/Image", "fetch", err)) ||
        !(c->initrd = owned[1] = cli_guest_path("initrd.cpio", "initrd", err)) ||
        !(owned[2] = cli_guest_path("disk.img", "image", err)))
        return -1;
    c->append = CLI_GUEST_WORDS " doorbell.job=read doorbell.args=cold,8";
    drive->space[0] = (struct drive_config){.file = xstrdup(owned[2]), .discard = true,
                                            .block_bytes = 512};
    drive->spaces = 1;
    drive->msix = true;
    c->nvmes = 1;
    return 0;
}

static void progress(void *ctx, ps_t time, uint64_t instret)
{
    (void)ctx;
    fprintf(stderr, "\r%" PRIu64 ".%03" PRIu64 " s of virtual time, %" PRIu64
                    " million instructions ", time / PS_PER_S,
            time % PS_PER_S / (PS_PER_S / 1000), instret / 1000000);
}

/* Again, with turns of one block from the one on that differs. */
static int look_closer(const struct selftest_boot *o, struct pair_options *p,
                       struct pair_result *r, struct err *err)
{
    struct pair_result closer;

    p->blocks_from = r->turns - 1;
    if (pair_run(o->config, p, &closer, err))
        return -1;
    if (closer.differs)
        *r = closer;
    else
        printf("(with turns of one block there, nothing differs)\n");
    return 0;
}

static void show_difference(const struct pair_result *r)
{
    printf("turn %" PRIu64 ", at %" PRIu64 ".%06" PRIu64 " s, instruction %" PRIu64
           " of hart %u, pc 0x%" PRIx64 "\n", r->turns, r->time / PS_PER_S,
           r->time % PS_PER_S / PS_PER_US, r->instret, r->hart, r->pc);
    printf("  %-24s %-18s %s\n", "what differs", "interp", "jit");
    for (unsigned n = 0; n < r->diffs && n < LOCKSTEP_DIFFS_MAX; n++)
        printf("  %-24s 0x%-16" PRIx64 " 0x%" PRIx64 "\n", r->diff[n].name, r->diff[n].value[0],
               r->diff[n].value[1]);
    if (r->diffs > LOCKSTEP_DIFFS_MAX)
        printf("  and %u more\n", r->diffs - LOCKSTEP_DIFFS_MAX);
    fputs(r->code, stdout);
}

static void show_counts(const struct selftest_boot *o, const struct pair_result *r)
{
    const struct machine_result *m = &r->machine;

    if (o->json)
        printf("{\"schema\":\"doorbell.selftest.boot/1\",\"comparisons\":%" PRIu64
               ",\"instructions\":%" PRIu64 ",\"time_ps\":%" PRIu64 ",\"divergences\":%d}\n",
               r->turns, m->instret, m->time_ps, r->differs);
    else
        printf("%" PRIu64 ".%06" PRIu64 " s of virtual time, %" PRIu64 " comparisons, %" PRIu64
               " instructions on each engine: %d divergence%s\n", m->time_ps / PS_PER_S,
               m->time_ps % PS_PER_S / PS_PER_US, r->turns, m->instret, r->differs,
               r->differs ? "" : "s");
}

int selftest_boot(const struct selftest_boot *o, struct err *err)
{
    struct pair_options p = {.blocks = o->blocks, .blocks_from = UINT64_MAX,
                             .until_mark = o->until_mark, .memory_every_ps = MEMORY_EVERY_PS};
    bool terminal = isatty(STDERR_FILENO);
    struct pair_result r;
    char *owned[3] = {0};
    int rc;

    if (terminal)
        p.progress = progress;
    terminal_catch_signals();
    rc = prepare(o->config, owned, err);
    if (!rc)
        rc = pair_run(o->config, &p, &r, err);
    if (!rc && r.differs && !o->blocks)
        rc = look_closer(o, &p, &r, err);
    if (terminal)
        fprintf(stderr, "\r%*s\r", 78, "");
    for (unsigned n = 0; n < ARRAY_LEN(owned); n++)
        free(owned[n]);
    if (rc)
        return -1;
    if (r.differs)
        show_difference(&r);
    show_counts(o, &r);
    return r.differs;
}
