/* SPDX-License-Identifier: Apache-2.0 */
/* Where a trace goes: a file, written as it is recorded so that a run that is killed leaves a
 * trace that is readable up to there. */
#ifndef HOST_TRACE_SINK_H
#define HOST_TRACE_SINK_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct trace_sink {
    const char *path;
    int fd;
    int error; /* errno of the first write that failed; nothing is written after it */
    uint64_t written_bytes;
};

/* `path` must outlive the sink. */
int trace_sink_open(struct trace_sink *sink, const char *path, struct err *err);
/* The callback for trace_open() (sim/trace.h); nonzero after a failure. */
int trace_sink_write(void *sink, const void *bytes, size_t size);
/* -1 with one line when anything was lost since the sink was opened. */
int trace_sink_close(struct trace_sink *sink, struct err *err);

#endif
