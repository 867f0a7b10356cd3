/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the program that this executable was called as. */
#include "net.h"

#include <string.h>

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
} programs[] = {
    {"udp-sink", udp_sink_main},
    {"udp-echo", udp_echo_main},
    {"udp-send", udp_send_main},
    {"tcp-sink", tcp_sink_main},
    {"tcp-source", tcp_source_main},
    {"xdp-run", xdp_run_main},
    {"af-xdp", af_xdp_main},
    {"net-control", net_control_main},
};

const char *program;

int main(int argc, char **argv)
{
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;

    program = slash ? slash + 1 : argc > 0 ? argv[0] : "";
    /* `net-tools NAME ...` too, for who has no link. */
    if (!strcmp(program, "net-tools") && argc > 1) {
        argc--;
        argv++;
        program = argv[0];
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < ARRAY_LEN(programs); i++)
        if (!strcmp(program, programs[i].name))
            return programs[i].main(argc, argv);
    fprintf(stderr, "usage: net-tools PROGRAM [NAME=VALUE]...; there are:");
    for (size_t i = 0; i < ARRAY_LEN(programs); i++)
        fprintf(stderr, " %s", programs[i].name);
    fprintf(stderr, "\n");
    return 2;
}
