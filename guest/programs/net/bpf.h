/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XDP programs without a compiler for them: bpf(2), and instructions put together here.
 */
#ifndef GUEST_BPF_H
#define GUEST_BPF_H

#include <linux/bpf.h>
#include <stdint.h>

/* A program that is being written. */
#define BPF_CODE_MAX 128
struct bpf_code {
    struct bpf_insn insn[BPF_CODE_MAX];
    unsigned count;
    unsigned to_pass[16], passes; /* jumps to the end, where a frame is left to the stack */
};

/* Maps; end the program if the kernel refuses. */
int bpf_map_new(unsigned type, unsigned key_bytes, unsigned value_bytes, unsigned entries);
void bpf_map_set(int map, uint32_t key, const void *value);
void bpf_map_get(int map, uint32_t key, void *value); /* per-CPU maps: an array of 64-bit words */
unsigned bpf_cpus(void); /* how many of them */

/*
 * The beginning of each program: frames that are not UDP over IPv4 (without options) to `port` go to
 * the stack (port 0: all frames are taken). What it leaves: r6 the context, r7 the frame's first byte, r8 the
 * first behind it.
 */
void bpf_match(struct bpf_code *c, unsigned port);
/* Adds 1 and the frame's length to the first value (two 64-bit words) of a per-CPU array. */
void bpf_count(struct bpf_code *c, int map);
/* Ends with `action` (XDP_DROP and so on). */
void bpf_return(struct bpf_code *c, int action);
/* Swaps the Ethernet addresses, and if `all` the IPv4 addresses and the UDP ports. */
void bpf_swap(struct bpf_code *c, int all);
/* Ends with bpf_redirect_map(map, key), or the stack if nothing is there. The key is a constant, or
 * (map of sockets) the queue that the frame came by. */
void bpf_redirect_key(struct bpf_code *c, int map, int key);
void bpf_redirect_queue(struct bpf_code *c, int map);

/*
 * Loads the program; frames that are not matched go to the stack. `compile`: by the kernel's compiler, which
 * Debian leaves off on this architecture, and has on others (net.core.bpf_jit_enable).
 */
int bpf_load(struct bpf_code *c, int compile);

/* Attaches it to an interface until this process ends. `flags`: XDP_FLAGS_DRV_MODE, SKB_MODE or 0. */
void bpf_attach(int program_fd, unsigned device_index, unsigned flags);

#endif
