/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "machine/cpio.h"

#include "tests/check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct err err;
static char folder[64];

/* A folder with names that sort differently in a locale, made in an order that is neither. */
static void folder_begin(void)
{
    char command[512];

    snprintf(folder, sizeof folder, "/tmp/doorbell-cpio-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    snprintf(command, sizeof command,
             "cd %s && umask 022 && mkdir sub && printf hello >b && printf '' >B && chmod 750 b && "
             "printf deep >sub/a && ln -s b link && printf run >run", folder);
    CHECK(system(command) == 0);
}

static void folder_end(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK(system(command) == 0);
}

static unsigned hex_field(const uint8_t *header, unsigned index)
{
    char text[9] = "";

    memcpy(text, header + 6 + 8 * index, 8);
    return (unsigned)strtoul(text, NULL, 16);
}

static void test_entries_are_sorted_and_aligned(void)
{
    static const struct {
        const char *name;
        unsigned mode, size;
    } want[] = {
        {"job", 040700, 0}, {"job/B", 0100644, 0}, {"job/b", 0100750, 5},
        {"job/link", 0120777, 1}, {"job/run", 0100644, 3}, {"job/sub", 040755, 0},
        {"job/sub/a", 0100644, 4}, {"TRAILER!!!", 0, 0},
    };
    uint8_t *data = NULL;
    size_t size = 0, at = 0;

    folder_begin();
    CHECK(cpio_from_folder(folder, "job", 1 << 20, &data, &size, &err) == 0);
    for (size_t i = 0; i < sizeof want / sizeof want[0] && at + 110 <= size; i++) {
        const uint8_t *h = data + at;

        CHECK(at % 4 == 0 && memcmp(h, "070701", 6) == 0);
        CHECK_EQ_STR((const char *)h + 110, want[i].name);
        CHECK_EQ_U64(hex_field(h, 1), want[i].mode);
        CHECK_EQ_U64(hex_field(h, 2) | hex_field(h, 3) | hex_field(h, 5), 0);
        CHECK_EQ_U64(hex_field(h, 6), want[i].size);
        CHECK_EQ_U64(hex_field(h, 11), strlen(want[i].name) + 1);
        at += (110 + strlen(want[i].name) + 1 + 3) / 4 * 4;
        at += (want[i].size + 3) / 4 * 4;
    }
    CHECK_EQ_U64(at, size);
    free(data);
    folder_end();
}

static void test_same_folder_same_bytes(void)
{
    uint8_t *a = NULL, *b = NULL;
    size_t a_size = 0, b_size = 0;
    char first[64];

    folder_begin();
    CHECK(cpio_from_folder(folder, "job", 1 << 20, &a, &a_size, &err) == 0);
    memcpy(first, folder, sizeof first);
    folder_begin(); /* another, with other inodes and times */
    CHECK(cpio_from_folder(folder, "job", 1 << 20, &b, &b_size, &err) == 0);
    CHECK(a_size == b_size && memcmp(a, b, a_size) == 0);
    free(a);
    free(b);
    folder_end();
    memcpy(folder, first, sizeof folder);
    folder_end();
}

static void test_what_cannot_be_packed_is_told(void)
{
    char fifo[128];
    uint8_t *data = NULL;
    size_t size;

    CHECK(cpio_from_folder("/nowhere", "job", 1 << 20, &data, &size, &err) == -1);
    CHECK_EQ_STR(err.text, "cannot open the job folder /nowhere: No such file or directory");
    CHECK(cpio_from_folder("/dev/null", "job", 1 << 20, &data, &size, &err) == -1);
    CHECK_EQ_STR(err.text, "the job /dev/null is not a folder");
    folder_begin();
    CHECK(cpio_from_folder(folder, "job", 300, &data, &size, &err) == -1);
    CHECK_EQ_STR(err.text, "the job folder has more than 300 bytes");
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    CHECK(mkfifo(fifo, 0600) == 0);
    CHECK(cpio_from_folder(folder, "job", 1 << 20, &data, &size, &err) == -1);
    CHECK(strstr(err.text, "is neither file, folder nor link") != NULL);
    folder_end();
}

static void test_cpio_unpacks_it(void)
{
    char path[128], command[256], line[64] = "";
    uint8_t *data = NULL;
    size_t size = 0;
    FILE *f;

    if (system("cpio --version >/dev/null 2>&1")) {
        check_skip("needs cpio");
        return;
    }
    folder_begin();
    CHECK(cpio_from_folder(folder, "job", 1 << 20, &data, &size, &err) == 0);
    snprintf(path, sizeof path, "%s/archive", folder);
    f = fopen(path, "wb");
    CHECK(f && fwrite(data, 1, size, f) == size && fclose(f) == 0);
    snprintf(command, sizeof command, "cd %s && cpio -id --quiet <archive && cat job/link "
             "job/sub/a", folder);
    f = popen(command, "r");
    CHECK(f && fgets(line, sizeof line, f) && pclose(f) == 0);
    CHECK_EQ_STR(line, "hellodeep");
    free(data);
    folder_end();
}

TEST_MAIN(test_entries_are_sorted_and_aligned, test_same_folder_same_bytes,
          test_what_cannot_be_packed_is_told, test_cpio_unpacks_it)
