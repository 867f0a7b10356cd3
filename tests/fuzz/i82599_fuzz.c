/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes, taken as what a driver and a network do to the 82599 (tests/dev/i82599_fuzz.h).  For
 * libFuzzer, as tests/fuzz/device_fuzz.c says:
 *
 *     ninja -C build-fuzz tests/fuzz/i82599_fuzz
 *     build-fuzz/tests/fuzz/i82599_fuzz -max_len=4096 -len_control=0 corpus/ */
#include "tests/dev/i82599_fuzz.h"

#define STEPS_MAX 400

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct fuzz f = {.bytes = bytes, .left = size};

    if (!size)
        return 0;
    f.r = rig_up(take_bytes(&f, 1) & 1 ? TIMING_OFF : TIMING_IO);
    begin(&f);
    for (unsigned i = 0; i < STEPS_MAX && f.left; i++)
        step(&f);
    rig_run(f.r, PS_PER_S / 1000);
    rig_down(f.r);
    if (check_now.failures)
        abort();
    return 0;
}
