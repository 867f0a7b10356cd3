/* SPDX-License-Identifier: Apache-2.0 */
#include "host/file.h"
#include "host/trace_sink.h"

#include "tests/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct err err;
static char folder[64], path[128], other[128];

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/doorbell-test-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(other, sizeof other, "%s/other", folder);
}

static void remove_folder(void)
{
    unlink(path);
    unlink(other);
    /* Fails, and so does the test, when a temporary file was left. */
    CHECK(rmdir(folder) == 0);
}

static void test_what_is_written_is_read(void)
{
    uint8_t *data;
    size_t size;

    make_folder();
    CHECK(file_write("thing", path, "hello", 5, &err) == 0);
    CHECK(file_write("thing", path, "world!", 6, &err) == 0);
    CHECK(file_read("thing", path, 6, &data, &size, &err) == 0);
    CHECK_EQ_U64(size, 6);
    CHECK_EQ_STR((char *)data, "world!");
    free(data);
    remove_folder();
}

static void test_a_bound_is_kept(void)
{
    uint8_t *data;
    size_t size;

    make_folder();
    CHECK(file_write("thing", path, "hello", 5, &err) == 0);
    CHECK(file_read("thing", path, 4, &data, &size, &err) == -1);
    CHECK(strstr(err.text, "at most 4") != NULL);
    /* A device that never ends and tells no size. */
    CHECK(file_read("thing", "/dev/zero", 1 << 20, &data, &size, &err) == -1);
    CHECK(strstr(err.text, "more than the 1048576") != NULL);
    remove_folder();
}

static void test_errors_name_the_file(void)
{
    uint8_t *data;
    size_t size;

    CHECK(file_read("kernel", "/nowhere/vmlinux", 100, &data, &size, &err) == -1);
    CHECK_EQ_STR(err.text, "cannot open the kernel /nowhere/vmlinux: No such file or directory");
    CHECK(file_read("kernel", "/tmp", 100, &data, &size, &err) == -1);
    CHECK_EQ_STR(err.text, "the kernel /tmp is a folder, not a file");
    CHECK(file_write("trace", "/nowhere/x", "", 0, &err) == -1);
    CHECK_EQ_STR(err.text, "cannot write the trace /nowhere/x: No such file or directory");
    CHECK(file_write("trace", "/dev/full", "x", 1, &err) == -1);
    CHECK_EQ_STR(err.text, "cannot write the trace /dev/full: No space left on device");
}

static uint64_t identity(const char *of)
{
    uint64_t v = 0;

    CHECK(file_identity("image", of, &v, &err) == 0);
    return v;
}

static void put_at(const char *to, off_t at, const char *text)
{
    int fd = open(to, O_WRONLY | O_CREAT, 0600);

    CHECK(pwrite(fd, text, strlen(text), at) == (ssize_t)strlen(text));
    close(fd);
}

static void test_identity_is_of_content_and_size_not_of_holes(void)
{
    static char zeros[1 << 20];
    uint64_t first;

    make_folder();
    put_at(path, 5 << 20, "end");
    CHECK(file_write("image", other, zeros, sizeof zeros, &err) == 0);
    put_at(other, 5 << 20, "end");
    first = identity(path);
    CHECK_EQ_U64(identity(other), first);
    put_at(other, 12345, "x");
    CHECK(identity(other) != first);
    CHECK(truncate(path, 8 << 20) == 0);
    CHECK(identity(path) != first);
    remove_folder();
}

static void test_sink_reports_a_full_disk_once_at_the_end(void)
{
    struct trace_sink sink;

    make_folder();
    CHECK(trace_sink_open(&sink, "/dev/full", &err) == 0);
    CHECK(trace_sink_write(&sink, "abc", 3) != 0);
    CHECK(trace_sink_close(&sink, &err) == -1);
    CHECK_EQ_STR(err.text, "the trace /dev/full ends after 0 bytes: No space left on device");
    CHECK(trace_sink_open(&sink, "/nowhere/t", &err) == -1);
    CHECK(trace_sink_open(&sink, path, &err) == 0);
    CHECK(trace_sink_write(&sink, "abc", 3) == 0);
    CHECK(trace_sink_close(&sink, &err) == 0);
    CHECK_EQ_U64(sink.written_bytes, 3);
    remove_folder();
}

TEST_MAIN(test_what_is_written_is_read, test_a_bound_is_kept, test_errors_name_the_file,
          test_identity_is_of_content_and_size_not_of_holes,
          test_sink_reports_a_full_disk_once_at_the_end)
