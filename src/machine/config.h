/* SPDX-License-Identifier: Apache-2.0 */
/* What the user asked for: plain data, filled by the command line, checked here, read by the board,
 * the device tree and the loaders. */
#ifndef MACHINE_CONFIG_H
#define MACHINE_CONFIG_H

#include "base/err.h"
#include "host/netif.h"
#include "sim/clock.h"
#include "sim/param.h"
#include "spec/virt.h"

#include <stdbool.h>
#include <stdint.h>

enum irq_kind { IRQ_PLIC, IRQ_AIA };
/* Who executes: the translator where the host can (cpu/jit), or the interpreter alone. */
enum engine_kind { ENGINE_JIT, ENGINE_INTERP };

/* What is at the other end of a NIC's wire. */
enum nic_backend { NIC_USER, NIC_TAP, NIC_PCAP, NIC_PEER, NIC_GEN, NIC_NONE, NIC_BACKENDS };

/* What users call them, in the order of enum irq_kind, timing_level, engine_kind and nic_backend;
 * NULL at the end. */
extern const char *const config_irq_names[], *const config_timing_names[];
extern const char *const config_engine_names[], *const config_nic_names[];

#define CONFIG_NVME_MAX 8       /* controllers */
#define CONFIG_NAMESPACES_MAX 8 /* of one controller */
#define CONFIG_NICS_MAX 4
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

struct netgen_config;

struct nic_config {
    unsigned backend; /* enum nic_backend */
    uint8_t mac[6];
    unsigned speed;   /* of the module in its cage: 10 or 1 Gb/s */
    char *record;     /* capture of all frames, both ways; NULL: none */
    /* user */
    bool host, restrict_;
    struct netif_forward forward[NETIF_FORWARDS_MAX];
    unsigned forwards;
    /* tap */
    char *interface;
    /* pcap */
    char *in, *out;
    bool start_given;
    ps_t start_ps;
    uint64_t scale; /* of the times between frames, in parts of NETIF_SCALE_ONE */
    /* gen */
    struct netgen_config *gen;
    char *report; /* file for its results as JSON; NULL: none */
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
    struct nic_config nic[CONFIG_NICS_MAX];
    unsigned nics;
    unsigned second; /* 1: of two machines in one process this is the other one (default MACs) */
    bool nic_help;   /* --nic help was given: there is nothing to run */
    bool display;
    unsigned display_width, display_height; /* its preferred mode */
    bool offline;    /* nothing is opened for NICs on the host, neither backends nor captures */
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
/* --display[=WxH]; NULL: the default mode. */
int config_add_display(void *config, const char *value, struct err *err);
/* --nic BACKEND[,key=value...]: keys in the help text CONFIG_NIC_HELP (config_nic.c). */
int config_add_nic(void *config, const char *value, struct err *err);
/* The part of config_fini and config_check that is about NICs. */
void config_fini_nics(struct board_config *config);
int config_check_nics(const struct board_config *config, struct err *err);

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

#define CONFIG_NIC_HELP \
    "a network controller (Intel 82599); may be repeated.\n" \
    "BACKEND is what its wire leads to:\n" \
    "  user   the host's network: DHCP, DNS, connections out. Keys:\n" \
    "    hostfwd=tcp|udp:[ADDR]:PORT-[ADDR]:PORT\n" \
    "                    from the host's port to the guest's, as\n" \
    "                    tcp::2222-:22; may be repeated\n" \
    "    host            let it reach the host's own services\n" \
    "    restrict        let it reach nothing outside\n" \
    "  tap    an interface of the host's kernel:\n" \
    "    ifname=NAME\n" \
    "  pcap   captures:\n" \
    "    in=FILE         frames to send to the guest\n" \
    "    start=TIME      when, instead of as the link comes up\n" \
    "    scale=X         times between them, as recorded times X\n" \
    "    out=FILE        takes what the guest sends\n" \
    "  peer   the other machine (see --peer)\n" \
    "  gen    a traffic generator (--nic help lists its keys)\n" \
    "  none   nobody\n" \
    "Keys of each:\n" \
    "    record=FILE     all its frames as pcapng\n" \
    "    speed=10|1      Gb/s\n" \
    "    mac=ADDRESS     its own"

/* Where the 64-bit PCI window begins: above RAM, aligned to its size (as on QEMU). */
uint64_t config_pci_high_base(const struct board_config *config);

/* What can only be checked with all options known.  A machine with neither kernel nor firmware is
 * allowed: it can be shown, not run. */
int config_check(const struct board_config *config, struct err *err);

#endif
