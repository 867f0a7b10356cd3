/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: the numbers of real devices, with their sources.  NVMeVirt: snu-csl/nvmevirt,
 * ssd_config.h, which its authors calibrated against the device (FAST 2023). */
#include "dev/nvme_impl.h"

#include <stdio.h>

#define NVMEVIRT "NVMeVirt, calibrated against the device"
#define ASSUMED "assumed"
#define NONE "none: an ideal device"
#define HOTOS "BPF for storage, HotOS 2021: 3224 ns of a 512-byte read are the device's; the " \
              "rest of them is link and firmware"
#define T_MAX (10 * PS_PER_S)

#define TIME(member, value, source, doc) \
    PARAM(struct nvme_params, member, PARAM_PS, "0ps", value, 0, T_MAX, source, doc)

/* A value and its source for each of: read, read_large, write, other, admin, complete, issue */
#define CONTROLLER(r, rs, l, ls, w, ws, o, os, a, as, c, cs, i, is) \
    { \
        PARAM(struct nvme_params, fetch_burst, PARAM_COUNT, "8", "8", 1, NVME_FETCH_MAX, ASSUMED, \
              "most commands in one fetch"), \
        TIME(issue_ps, i, is, "between the starts of two commands"), \
        TIME(read_ps, r, rs, "firmware: read of up to 4 KiB"), \
        TIME(read_large_ps, l, ls, "firmware: longer read"), \
        TIME(write_ps, w, ws, "firmware: write"), \
        TIME(other_ps, o, os, "firmware: any other I/O command"), \
        TIME(admin_ps, a, as, "firmware: admin command"), \
        TIME(complete_ps, c, cs, "from the last data to the completion entry"), \
        TIME(ready_ps, "10us", ASSUMED, "from CC.EN to CSTS.RDY"), \
        TIME(format_ps, "100ms", ASSUMED, "format NVM"), \
        {0}, \
    }

#define M_COUNT(member, value, max, source, doc) \
    PARAM(struct nvme_media_params, member, PARAM_COUNT, value, value, 0, max, source, doc)
#define M_BYTES(member, value, max, source, doc) \
    PARAM(struct nvme_media_params, member, PARAM_BYTES, value, value, 0, max, source, doc)
#define M_TIME(member, value, source, doc) \
    PARAM(struct nvme_media_params, member, PARAM_PS, "0ps", value, 0, T_MAX, source, doc)
#define M_RATE(member, value, source, doc) \
    PARAM(struct nvme_media_params, member, PARAM_RATE, "0B/s", value, 0, \
          UINT64_C(1000000000000), source, doc)

#define GEOMETRY(ch, d, page, source) \
    M_COUNT(channels, ch, NVME_CHANNELS_MAX, source, "channels"), \
    M_COUNT(dies, d, NVME_DIES_MAX, source, "dies a channel"), \
    M_BYTES(page_bytes, page, 1 << 20, source, "consecutive bytes on one die")
#define UNUSED "not used: one page type"
#define READS(fast, fast_page, source, slow, slow_page, types, slow_source) \
    M_TIME(read_ps, fast, source, "die: read of up to 4 KiB"), \
    M_TIME(read_page_ps, fast_page, source, "die: read of more of a page"), \
    M_TIME(slow_read_ps, slow, slow_source, "the same, slow page type"), \
    M_TIME(slow_read_page_ps, slow_page, slow_source, "the same, slow page type"), \
    M_COUNT(page_types, types, 2, slow_source, "0: all fast; 1: alternating by address; 2: random")
#define PROGRAM(time, bytes, source) \
    M_TIME(program_ps, time, source, "die: program of program_bytes"), \
    M_BYTES(program_bytes, bytes, 1 << 20, source, "programmed at once")
#define BUFFER(bytes, unit, source) \
    M_BYTES(buffer_bytes, bytes, NVME_BUFFER_UNITS_MAX * NVME_UNIT, source, \
            "write buffer; 0: a write waits for its program"), \
    M_TIME(buffer_unit_ps, unit, source, "to put 4 KiB into the buffer")
#define CHANNEL(rate, source) M_RATE(channel_rate, rate, source, "a channel's transfer rate")

static const struct param optane_controller[] =
    CONTROLLER("600ns", ASSUMED, "600ns", ASSUMED, "600ns", ASSUMED, "600ns", ASSUMED, "5us",
               ASSUMED, "50ns", ASSUMED, "650ns", ASSUMED);
static const struct param optane_media[] = {
    GEOMETRY("7", "1", "4KiB", ASSUMED),
    READS("1307ns", "1307ns", HOTOS, "0ps", "0ps", "0", UNUSED),
    CHANNEL("3200MB/s", ASSUMED),
    PROGRAM("1500ns", "4KiB", ASSUMED),
    BUFFER("0B", "0ps", ASSUMED),
    {0},
};

static const struct param samsung_controller[] =
    CONTROLLER("21.5us", NVMEVIRT, "30.49us", NVMEVIRT, "4us", NVMEVIRT, "4us", ASSUMED, "20us",
               ASSUMED, "0ps", ASSUMED, "1us", ASSUMED);
static const struct param samsung_media[] = {
    GEOMETRY("8", "2", "32KiB", NVMEVIRT),
    READS("29.76us", "30.013us", NVMEVIRT, "41.76us", "42.013us", "1", NVMEVIRT),
    CHANNEL("800MB/s", NVMEVIRT),
    PROGRAM("185us", "32KiB", NVMEVIRT),
    BUFFER("1MiB", "460ns", NVMEVIRT),
    {0},
};

static const struct param wd_controller[] =
    CONTROLLER("20us", NVMEVIRT, "13us", NVMEVIRT, "5.6us", NVMEVIRT, "5.6us", ASSUMED, "20us",
               ASSUMED, "0ps", ASSUMED, "1us", ASSUMED);
static const struct param wd_media[] = {
    GEOMETRY("8", "4", "32KiB", NVMEVIRT),
    READS("50us", "58us", NVMEVIRT, "0ps", "0ps", "0", UNUSED),
    CHANNEL("450MB/s", NVMEVIRT),
    PROGRAM("561us", "96KiB", NVMEVIRT),
    BUFFER("960KiB", "600ns", NVMEVIRT " (one zone's buffer)"),
    {0},
};

static const struct param ideal_controller[] =
    CONTROLLER("0ps", NONE, "0ps", NONE, "0ps", NONE, "0ps", NONE, "0ps", NONE, "0ps", NONE, "0ps",
               NONE);
static const struct param ideal_media[] = {
    GEOMETRY("1", "1", "4KiB", NONE),
    READS("0ps", "0ps", NONE, "0ps", "0ps", "0", NONE),
    CHANNEL("0B/s", NONE),
    PROGRAM("0ps", "4KiB", NONE),
    BUFFER("0B", "0ps", NONE),
    {0},
};

const struct nvme_profile nvme_profiles[] = {
    {"optane-p5800x", "Intel Optane SSD of the second generation", optane_controller,
     optane_media},
    {"970pro", "Samsung 970 PRO (MLC NAND)", samsung_controller, samsung_media},
    {"zn540", "Western Digital ZN540 (TLC NAND), as a conventional device", wd_controller,
     wd_media},
    {"ideal", "no time but the link's", ideal_controller, ideal_media},
    {NULL, NULL, NULL, NULL},
};

const struct nvme_profile *nvme_profile_find(const char *name, struct err *err)
{
    char known[256] = "";

    for (const struct nvme_profile *p = nvme_profiles; p->name; p++) {
        size_t used = strlen(known);
        if (!strcmp(p->name, name))
            return p;
        snprintf(known + used, sizeof known - used, "%s%s", used ? ", " : "", p->name);
    }
    err_set(err, "no NVMe profile \"%s\" (there are: %s)", name, known);
    return NULL;
}
