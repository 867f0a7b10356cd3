/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/guest.h"

#include "base/alloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

char *cli_guest_path(const char *name, const char *make, struct err *err)
{
    const char *cache = getenv("DOORBELL_CACHE"), *home = getenv("HOME");
    char path[4096];

    if (cache && *cache)
        snprintf(path, sizeof path, "%s/%s", cache, name);
    else
        snprintf(path, sizeof path, "%s/.cache/doorbell/%s", home ? home : "", name);
    if (access(path, R_OK)) {
        err_set(err, "%s: cannot read it; make the guest with guest/%s (or make demo)", path, make);
        return NULL;
    }
    return xstrdup(path);
}
