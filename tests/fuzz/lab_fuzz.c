/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes, taken as a lab's manifest, or as an expression over measures: read, or one line of
 * error.  See device_fuzz.c for how to build it. */
#include "cli/lab_manifest.c"
#include "cli/words.c"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int value_of(void *ctx, const struct expression_name *name, double *value, struct err *err)
{
    (void)ctx;
    *value = name->has_x ? name->x : 3;
    return *name->metric == 'e' ? err_set(err, "there is none") : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const struct expression_env env = {.value = value_of, .output = "some output"};
    struct expression_value value;
    struct lab_manifest lab;
    struct err err;
    char *text = xcalloc(size + 1, 1);

    memcpy(text, bytes, size);
    if (size && *bytes % 2) {
        (void)expression_eval(text + 1, &env, &value, &err);
    } else if (!lab_manifest_parse(&lab, "lab.txt", text + (size > 0), &err)) {
        lab_manifest_free(&lab);
    }
    free(text);
    return 0;
}
