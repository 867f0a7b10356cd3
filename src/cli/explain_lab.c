/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/explain_lab.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "cli/explain_run.h"
#include "insight/symbols.h"
#include "insight/trace_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define READ_BYTES 4096
#define DISK_BYTES (UINT64_C(8) << 20)
/* In labs/kernel/main.c. */
#define BANNER "labs_kernel_banner"

const char *const explain_lab_states[] = {"cold", "hot", "ring", "polled", NULL};

/* The marks of labs/nvme-read/main.c, in the same order: 10 and 11, 20 and 21, ... */
static unsigned first_mark(const char *state)
{
    unsigned n = 0;

    while (explain_lab_states[n] && strcmp(explain_lab_states[n], state))
        n++;
    return 10 * (n + 1);
}

bool explain_lab_is(const char *kernel)
{
    struct symbols *symbols = NULL;
    struct err err;
    bool found;

    if (explain_symbols(&symbols, kernel, &err))
        return false;
    found = symbols_find(symbols, BANNER) != 0;
    symbols_free(symbols);
    return found;
}

static json_t *request_of(const char *state)
{
    bool ring = !strcmp(state, "ring") || !strcmp(state, "polled");

    return json_pack("{ss ss ss si}", "what", "read", "how", ring ? state : "read", "state",
                     ring ? "direct" : state, "bytes", READ_BYTES);
}

int explain_lab_from(struct timeline *t, const struct explain_lab *what, const char *trace,
                     struct err *err)
{
    unsigned begin = what->begin ? what->begin : first_mark(what->state);
    unsigned end = what->end ? what->end : begin + 1;
    json_t *request = request_of(what->state);
    int rc = timeline_build_marked(t, trace, begin, end, request, err);

    json_decref(request);
    return rc;
}

int explain_lab(struct timeline *t, const struct explain_lab *what, struct err *err)
{
    struct explain_job job = {.config = what->config, .functions = timeline_lab_functions,
                              .lab = true};
    char trace[4096] = "";
    int rc;

    memset(t, 0, sizeof *t);
    job.request = request_of(what->state);
    rc = explain_record(&job, trace, sizeof trace, err);
    if (!rc)
        rc = explain_lab_from(t, what, trace, err);
    explain_forget(what->config, trace);
    json_decref(job.request);
    return rc;
}

/* ---- of a trace ---- */

static void on_chunk(void *ctx, const char type[4], const uint8_t *payload, size_t size)
{
    const char *kernel;
    json_t *note;

    if (memcmp(type, TRACE_CHUNK_NOTE, 4))
        return;
    note = json_loadb((const char *)payload, size, 0, NULL);
    kernel = json_string_value(json_object_get(json_object_get(note, "guest"), "kernel"));
    if (kernel && !strcmp(kernel, TIMELINE_LABS_KERNEL))
        *(bool *)ctx = true;
    json_decref(note);
}

bool explain_lab_is_trace(const char *trace)
{
    struct trace_record record;
    struct trace_file *file;
    struct err err;
    bool found = false;

    file = trace_file_open(trace, &err);
    if (!file)
        return false;
    file->other = on_chunk;
    file->other_ctx = &found;
    while (!found && trace_file_next(file, &record, &err) > 0)
        ;
    trace_file_close(file);
    return found;
}

/* ---- a drive ---- */

static int fill(int fd)
{
    FILE *out = fdopen(fd, "wb");
    uint8_t word[8];
    int bad = !out;

    if (!out) {
        close(fd);
        return -1;
    }
    for (uint64_t at = 0; !bad && at < DISK_BYTES; at += sizeof word) {
        le64_put(word, at);
        bad = fwrite(word, sizeof word, 1, out) != 1;
    }
    return fclose(out) || bad ? -1 : 0;
}

char *explain_lab_disk(struct err *err)
{
    const char *dir = getenv("TMPDIR");
    char path[4096];
    int fd;

    snprintf(path, sizeof path, "%s/doorbell-disk-XXXXXX", dir && *dir ? dir : "/tmp");
    fd = mkstemp(path);
    if (fd < 0) {
        err_set(err, "cannot make a file in %s (set TMPDIR, or --disk)",
                dir && *dir ? dir : "/tmp");
        return NULL;
    }
    if (fill(fd)) {
        unlink(path);
        err_set(err, "cannot write the disk %s", path);
        return NULL;
    }
    return xstrdup(path);
}
