/* SPDX-License-Identifier: Apache-2.0 */
#include "machine/config.h"

#include "base/alloc.h"
#include "base/bits.h"
#include "base/text.h"
#include "dev/bochs_display.h"
#include "spec/bochs_display.h"

#include <stdlib.h>

const char *const config_irq_names[] = {[IRQ_PLIC] = "plic", [IRQ_AIA] = "aia", NULL};
const char *const config_timing_names[] = {[TIMING_OFF] = "off", [TIMING_IO] = "io", NULL};
const char *const config_engine_names[] = {[ENGINE_JIT] = "jit", [ENGINE_INTERP] = "interp", NULL};

void config_init(struct board_config *config)
{
    *config = (struct board_config){
        .memory_bytes = UINT64_C(1) << 30,
        .harts = 1,
        .irq = IRQ_AIA,
        .timing = TIMING_IO,
        .seed = 1,
        .console = "null",
    };
}

void config_fini(struct board_config *config)
{
    for (unsigned i = 0; i < config->nvmes; i++) {
        struct nvme_drive_config *drive = &config->nvme[i];

        for (unsigned j = 0; j < drive->spaces; j++) {
            free(drive->space[j].file);
            free(drive->space[j].overlay);
        }
        free(drive->profile);
    }
    config->nvmes = 0;
    config_fini_nics(config);
}

static int add_namespace(struct nvme_drive_config *drive, const char *file, struct err *err)
{
    if (!*file)
        return err_set(err, "an image file is missing: --nvme FILE[,key=value...]");
    if (drive->spaces == CONFIG_NAMESPACES_MAX)
        return err_set(err, "at most %u namespaces a controller", CONFIG_NAMESPACES_MAX);
    drive->space[drive->spaces++] = (struct drive_config){.file = xstrdup(file),
                                                          .block_bytes = 512};
    return 0;
}

static int set_overlay(struct drive_config *space, const char *value, struct err *err)
{
    if (!*value)
        return err_set(err, "overlay= needs a file name");
    free(space->overlay);
    space->overlay = xstrdup(value);
    return 0;
}

static int set_block_bytes(struct drive_config *space, const char *value, struct err *err)
{
    uint64_t v;

    if (text_size(value, &v) || (v != 512 && v != 4096))
        return err_set(err, "blocksize is 512 or 4096, not \"%s\"", value);
    space->block_bytes = v;
    return 0;
}

static int set_flag(const char *key, bool *flag, const char *value, struct err *err)
{
    if (!value)
        *flag = true;
    else if (text_bool(value, flag))
        return err_set(err, "%s is on or off, not \"%s\"", key, value);
    return 0;
}

static const char *const nvme_keys[] = {"overlay", "discard", "readonly", "blocksize",
                                        "namespace", "profile", "msix", "queues"};

static int unknown_key(const char *key, struct err *err)
{
    struct text_near near = {key, NULL, 0};

    for (size_t i = 0; i < ARRAY_LEN(nvme_keys); i++)
        text_near_try(&near, nvme_keys[i]);
    if (text_near_get(&near))
        return err_set(err, "unknown key \"%s\": did you mean %s?", key, near.best);
    return err_set(err, "unknown key \"%s\" (doorbell run --help lists them; a comma in a file "
                   "name is written ,,)", key);
}

static int nvme_key(struct nvme_drive_config *drive, const char *key, const char *value,
                    struct err *err)
{
    struct drive_config *space = &drive->space[drive->spaces - 1];
    bool flag = strcmp(key, "discard") == 0 || strcmp(key, "readonly") == 0 ||
                strcmp(key, "msix") == 0;

    if (strcmp(key, "discard") == 0)
        return set_flag(key, &space->discard, value, err);
    if (strcmp(key, "readonly") == 0)
        return set_flag(key, &space->read_only, value, err);
    if (strcmp(key, "msix") == 0)
        return set_flag(key, &drive->msix, value, err);
    for (size_t i = 0; !value && !flag && i < ARRAY_LEN(nvme_keys); i++)
        if (strcmp(key, nvme_keys[i]) == 0)
            return err_set(err, "%s needs a value: %s=...", key, key);
    if (strcmp(key, "overlay") == 0)
        return set_overlay(space, value, err);
    if (strcmp(key, "blocksize") == 0)
        return set_block_bytes(space, value, err);
    if (strcmp(key, "namespace") == 0)
        return add_namespace(drive, value, err);
    if (strcmp(key, "profile") == 0) {
        free(drive->profile);
        drive->profile = xstrdup(value);
        return 0;
    }
    if (strcmp(key, "queues") == 0) {
        if (text_u64(value, &drive->queues) || !drive->queues || drive->queues > 64)
            return err_set(err, "queues is 1 to 64, not \"%s\"", value);
        return 0;
    }
    return unknown_key(key, err);
}

int config_add_nvme(void *config_ptr, const char *value, struct err *err)
{
    struct board_config *config = config_ptr;
    struct nvme_drive_config *drive = &config->nvme[config->nvmes];
    const char *list = value;
    char *item;
    int result;

    if (config->nvmes == CONFIG_NVME_MAX)
        return err_set(err, "at most %u controllers", CONFIG_NVME_MAX);
    config->nvmes++;
    *drive = (struct nvme_drive_config){.msix = true};
    item = text_item(&list);
    result = add_namespace(drive, item ? item : "", err);
    free(item);
    while (!result && (item = text_item(&list))) {
        char *text = text_split(item, '=');

        result = nvme_key(drive, item, text, err);
        free(item);
    }
    return result;
}

int config_add_set(void *config_ptr, const char *value, struct err *err)
{
    struct board_config *config = config_ptr;

    if (!strchr(value, '='))
        return err_set(err, "\"%s\" is not path=value (doorbell run --show-parameters lists the "
                       "paths)", value);
    if (config->sets == CONFIG_SETS_MAX)
        return err_set(err, "at most %u times", CONFIG_SETS_MAX);
    config->set[config->sets++] = value;
    return 0;
}

static int not_a_mode(const char *value, struct err *err)
{
    return err_set(err, "\"%s\" is no mode: WxH, from %dx%d to %dx%d", value, BOCHS_WIDTH_MIN,
                   BOCHS_HEIGHT_MIN, BOCHS_MONITOR_WIDTH_MAX, BOCHS_MONITOR_HEIGHT_MAX);
}

int config_add_display(void *config_ptr, const char *value, struct err *err)
{
    struct board_config *config = config_ptr;
    uint64_t width = 1024, height = 768;

    if (value) {
        char *text = xstrdup(value), *second = text_split(text, 'x');
        bool bad = !second || text_u64(text, &width) || text_u64(second, &height) ||
                   width < BOCHS_WIDTH_MIN || width > BOCHS_MONITOR_WIDTH_MAX ||
                   height < BOCHS_HEIGHT_MIN || height > BOCHS_MONITOR_HEIGHT_MAX;

        free(text);
        if (bad)
            return not_a_mode(value, err);
    }
    config->display = true;
    config->display_width = (unsigned)width;
    config->display_height = (unsigned)height;
    return 0;
}

int config_check(const struct board_config *config, struct err *err)
{
    if (config->initrd && !config->kernel)
        return err_set(err, "--initrd needs --kernel");
    if (config->job && !config->kernel)
        return err_set(err, "--job needs --kernel");
    if (config->harts < 1 || config->harts > VIRT_HARTS_MAX)
        return err_set(err, "--harts is 1 to %d", VIRT_HARTS_MAX);
    if (config->memory_bytes < CONFIG_MEMORY_MIN || config->memory_bytes > CONFIG_MEMORY_MAX)
        return err_set(err, "--memory is %u MiB to %u GiB", (unsigned)(CONFIG_MEMORY_MIN >> 20),
                       (unsigned)(CONFIG_MEMORY_MAX >> 30));
    if (config->memory_bytes % 4096)
        return err_set(err, "--memory is a multiple of 4K");
    for (unsigned i = 0; i < config->nvmes; i++)
        for (unsigned j = 0; j < config->nvme[i].spaces; j++) {
            const struct drive_config *d = &config->nvme[i].space[j];

            if (d->overlay && (d->discard || d->read_only))
                return err_set(err, "--nvme %s: overlay= cannot be combined with %s", d->file,
                               d->discard ? "discard" : "readonly");
            if (d->discard && d->read_only)
                return err_set(err, "--nvme %s: discard cannot be combined with readonly",
                               d->file);
        }
    return config_check_nics(config, err);
}

uint64_t config_pci_high_base(const struct board_config *config)
{
    return u64_max(VIRT_PCI_HIGH_BASE,
                   align_up(VIRT_RAM_BASE + config->memory_bytes, VIRT_PCI_HIGH_BYTES));
}
