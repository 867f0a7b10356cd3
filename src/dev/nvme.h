/* SPDX-License-Identifier: Apache-2.0 */
/* NVM Express 1.4 controller, as a PCI Express function (class 01:08:02). */
#ifndef DEV_NVME_H
#define DEV_NVME_H

#include "dev/pci.h"
#include "host/block.h"

#define NVME_NAMESPACES_MAX 16
#define NVME_IO_QUEUES_MAX 64

struct nvme_namespace_config {
    struct block *block;  /* the caller's; must outlive the device */
    unsigned block_bytes; /* 512 or 4096; 0: 512 */
};

/* What device_env.config points to; NULL: one namespace of 1 MiB of memory. */
struct nvme_config {
    struct nvme_namespace_config ns[NVME_NAMESPACES_MAX]; /* namespace i + 1 */
    unsigned namespaces;
    const char *profile; /* a row of nvme_profiles; NULL: the first */
    const char *serial;  /* up to 20 characters; NULL: the device's name */
    unsigned io_queues;  /* pairs offered; 0: all 64 */
    unsigned vectors;    /* of MSI-X; 0: one a queue */
    bool no_msix;        /* only MSI and INTx */
    bool no_msi;         /* only MSI-X and INTx */
    bool write_through;  /* no volatile write cache: every write is on the disk when it completes */
};

extern const struct device_class nvme_class;

/* The function to give to a host bridge. */
struct pci_function *nvme_pci(void *dev);

/* A media profile: default values of the parameters NAME.* and NAME.media.*, with sources. */
struct nvme_profile {
    const char *name, *title;
    const struct param *controller, *media;
};

extern const struct nvme_profile nvme_profiles[]; /* ends with a NULL name */

/* NULL with err (that names the profiles there are) when there is none of that name. */
const struct nvme_profile *nvme_profile_find(const char *name, struct err *err);

#endif
