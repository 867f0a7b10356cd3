/* SPDX-License-Identifier: Apache-2.0 */
/* lab.txt: what a lab is (labs/README.md describes the format).  A teacher writes it, so all errors
 * say file, line and how to mend it. */
#ifndef CLI_LAB_MANIFEST_H
#define CLI_LAB_MANIFEST_H

#include "base/err.h"
#include "cli/words.h"
#include "insight/measure.h"

#define LAB_NUMBER_MAX 9999

/* How a program can end; the order is that of lab_kind_names. */
enum lab_kind {
    LAB_GOOD, /* it came to its end */
    LAB_HANG,
    LAB_STUCK,
    LAB_TRAP,
    LAB_STACK,
    LAB_TRAP_STORM,
    LAB_INTERRUPT_STORM,
    LAB_DMA,
    LAB_CHECK, /* it came to its end, and a check fails */
    LAB_KINDS,
};
extern const char *const lab_kind_names[LAB_KINDS];

/* An expression with what belongs to it. */
struct lab_rule {
    char *name; /* of a value or column; NULL */
    char *expression;
    char *text; /* hint or explanation; may be empty */
    unsigned line;
};

struct lab_rules {
    struct lab_rule *item;
    size_t count, capacity;
};

struct lab_broken {
    char *file, *text;
    enum lab_kind kind;
    unsigned line;
};

struct lab_disk {
    char *name;
    uint64_t bytes;
};

struct lab_manifest {
    char *path;
    char *title;
    uint64_t number;
    bool kernel;
    struct words machine; /* options of doorbell run, with {lab} and {work} in them */
    ps_t limit_ps;
    char *input; /* NULL: nothing is typed */
    struct measure_section *section;
    size_t sections, section_capacity;
    struct lab_rules column, value, check; /* a column without an expression is a measure */
    struct lab_broken *broken;
    size_t brokens, broken_capacity;
    struct lab_disk *disk;
    size_t disks, disk_capacity;
};

/* Reads the file; -1 with err, and then nothing is to be freed. */
int lab_manifest_read(struct lab_manifest *m, const char *path, struct err *err);
/* The same of a text; `path` is for messages. */
int lab_manifest_parse(struct lab_manifest *m, const char *path, const char *text, struct err *err);
void lab_manifest_free(struct lab_manifest *m);

/* Index of a section ("run" is number `sections`), -1 if there is none of the name. */
int lab_manifest_section(const struct lab_manifest *m, const char *name);

#endif
