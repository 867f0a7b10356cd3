/* SPDX-License-Identifier: Apache-2.0 */
/* What the user asked for: plain data, filled by the command line, checked here, read by the board,
 * the device tree and the loaders. */
#ifndef MACHINE_CONFIG_H
#define MACHINE_CONFIG_H

#include "base/err.h"
#include "sim/clock.h"
#include "sim/param.h"
#include "spec/virt.h"

#include <stdbool.h>
#include <stdint.h>

enum irq_kind { IRQ_PLIC, IRQ_AIA };
/* Who executes: the translator where the host can (cpu/jit), or the interpreter alone. */
enum engine_kind { ENGINE_JIT, ENGINE_INTERP };

/* What users call them, in the order of enum irq_kind, timing_level and engine_kind; NULL at the
 * end. */
extern const char *const config_irq_names[], *const config_timing_names[];
extern const char *const config_engine_names[];

#define CONFIG_NVME_MAX 8       /* controllers */
#define CONFIG_NAMESPACES_MAX 8 /* of one controller */
#define CONFIG_SETS_MAX 64
#define CONFIG_MEMORY_MIN (UINT64_C(4) << 20)
#define CONFIG_MEMORY_MAX (UINT64_C(64) << 30)

/* One image behind an NVMe namespace. */
struct drive_config {
    char *file;
    char *overlay; /* copy-on-write file; NULL: none */
    bool read_only;
    bool discard;  /* keep writes in a file of our own, lose them at the end */
    uint64_t block_bytes; /* 512 or 4096 */
};

struct nvme_drive_config {
    struct drive_config space[CONFIG_NAMESPACES_MAX];
    unsigned spaces; /* at least 1 */
    char *profile;   /* NULL: the device's default */
    bool msix;       /* false: INTx */
    uint64_t queues; /* I/O queue pairs; 0: the device's default */
};

struct board_config {
    const char *kernel, *initrd, *append;
    const char *firmware; /* NULL: decided from the kernel; "none"; a file */
    const char *job;      /* folder that the guest finds under /job */
    uint64_t memory_bytes;
    uint64_t harts;
    unsigned irq;    /* enum irq_kind */
    unsigned timing; /* enum timing_level */
    unsigned engine; /* enum engine_kind: no difference to the guest or the trace */
    uint64_t seed;
    struct nvme_drive_config nvme[CONFIG_NVME_MAX];
    unsigned nvmes;
    const char *set[CONFIG_SETS_MAX]; /* "path=value" */
    unsigned sets;
    const char *console; /* stdio, null, pty or a file */
    const char *trace;   /* file, or NULL */
    const char *exit_on; /* text on the console that ends the run, or NULL */
    bool no_reboot;      /* a reset by the guest ends the run */
    ps_t max_ps;         /* virtual time at which the run ends; 0: never */
};

/* Defaults of a config that no command line fills (tests). */
void config_init(struct board_config *config);
/* Frees what the functions below allocated. */
void config_fini(struct board_config *config);

/* Callbacks of option rows (base/opt.h); `config` is a struct board_config.
 * --nvme FILE[,key=value...]: keys in the help text CONFIG_NVME_HELP; "," in a name is ",,". */
int config_add_nvme(void *config, const char *value, struct err *err);
int config_add_set(void *config, const char *value, struct err *err);

#define CONFIG_NVME_HELP \
    "an NVMe controller with this image; may be repeated. Keys:\n" \
    "  overlay=FILE    copy-on-write: FILE gets the changes\n" \
    "  discard         lose the changes at the end; until then\n" \
    "                  they are in $TMPDIR\n" \
    "  readonly        the guest cannot write\n" \
    "  blocksize=512|4096\n" \
    "  namespace=FILE  a further namespace; the keys above that\n" \
    "                  follow it are its own\n" \
    "  profile=NAME    the media: optane-p5800x, 970pro, zn540, ideal\n" \
    "  msix=on|off     off: interrupts by INTx\n" \
    "  queues=N        I/O queue pairs at most"

/* Where the 64-bit PCI window begins: above RAM, aligned to its size (as on QEMU). */
uint64_t config_pci_high_base(const struct board_config *config);

/* What can only be checked with all options known.  A machine with neither kernel nor firmware is
 * allowed: it can be shown, not run. */
int config_check(const struct board_config *config, struct err *err);

#endif
