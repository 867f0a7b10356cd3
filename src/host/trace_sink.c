/* SPDX-License-Identifier: Apache-2.0 */
#include "host/trace_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int trace_sink_open(struct trace_sink *sink, const char *path, struct err *err)
{
    *sink = (struct trace_sink){.path = path};
    sink->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (sink->fd < 0)
        return err_set(err, "cannot create the trace %s: %s", path, strerror(errno));
    return 0;
}

int trace_sink_write(void *sink_ptr, const void *bytes, size_t size)
{
    struct trace_sink *sink = sink_ptr;
    const char *from = bytes;

    while (size && !sink->error) {
        ssize_t n = write(sink->fd, from, size);

        if (n < 0) {
            if (errno != EINTR)
                sink->error = errno;
            continue;
        }
        from += n;
        size -= (size_t)n;
        sink->written_bytes += (uint64_t)n;
    }
    return sink->error;
}

int trace_sink_close(struct trace_sink *sink, struct err *err)
{
    /* Some file systems tell of a full disk only here. */
    if (close(sink->fd) && !sink->error)
        sink->error = errno;
    sink->fd = -1;
    if (!sink->error)
        return 0;
    return err_set(err, "the trace %s ends after %llu bytes: %s", sink->path,
                   (unsigned long long)sink->written_bytes, strerror(sink->error));
}
