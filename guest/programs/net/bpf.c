/* SPDX-License-Identifier: Apache-2.0 */
/* See bpf.h. */
#include "bpf.h"

#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOG_BYTES 65536

/* Offsets of a frame with an IPv4 header without options. */
enum {
    ETHERTYPE_AT = 12,
    IP_AT = 14,
    IP_PROTOCOL_AT = 23,
    IP_SOURCE_AT = 26,
    IP_DESTINATION_AT = 30,
    UDP_AT = 34,
    UDP_DESTINATION_AT = 36,
    UDP_END = 42,
};

static long bpf(int command, union bpf_attr *attr)
{
    return syscall(SYS_bpf, command, attr, sizeof *attr);
}

/* ---- maps ---- */

int bpf_map_new(unsigned type, unsigned key_bytes, unsigned value_bytes, unsigned entries)
{
    union bpf_attr attr = {.map_type = type, .key_size = key_bytes, .value_size = value_bytes,
                           .max_entries = entries};
    long fd = bpf(BPF_MAP_CREATE, &attr);

    if (fd < 0)
        fail("BPF_MAP_CREATE");
    return (int)fd;
}

void bpf_map_set(int map, uint32_t key, const void *value)
{
    union bpf_attr attr = {.map_fd = (uint32_t)map, .key = (uintptr_t)&key, .value = (uintptr_t)value};

    if (bpf(BPF_MAP_UPDATE_ELEM, &attr) != 0)
        fail("BPF_MAP_UPDATE_ELEM");
}

void bpf_map_get(int map, uint32_t key, void *value)
{
    union bpf_attr attr = {.map_fd = (uint32_t)map, .key = (uintptr_t)&key, .value = (uintptr_t)value};

    if (bpf(BPF_MAP_LOOKUP_ELEM, &attr) != 0)
        fail("BPF_MAP_LOOKUP_ELEM");
}

/* The kernel's values of per-CPU maps are for possible CPUs: "0-3" or "0". */
unsigned bpf_cpus(void)
{
    FILE *f = fopen("/sys/devices/system/cpu/possible", "r");
    unsigned first = 0, last = 0;

    if (!f)
        fail("/sys/devices/system/cpu/possible");
    if (fscanf(f, "%u-%u", &first, &last) < 2)
        last = first;
    fclose(f);
    return last + 1;
}

/* ---- code ---- */

static void put(struct bpf_code *c, uint8_t code, unsigned dst, unsigned src, int off, int32_t imm)
{
    if (c->count == BPF_CODE_MAX)
        refuse("the XDP program is too long");
    c->insn[c->count++] = (struct bpf_insn){.code = code, .dst_reg = dst & 15u, .src_reg = src & 15u,
                                            .off = (int16_t)off, .imm = imm};
}

static void load(struct bpf_code *c, uint8_t size, unsigned dst, unsigned src, int off)
{
    put(c, BPF_LDX | BPF_MEM | size, dst, src, off, 0);
}

static void store(struct bpf_code *c, uint8_t size, unsigned dst, int off, unsigned src)
{
    put(c, BPF_STX | BPF_MEM | size, dst, src, off, 0);
}

static void move(struct bpf_code *c, unsigned dst, unsigned src)
{
    put(c, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

static void set(struct bpf_code *c, unsigned dst, int32_t value)
{
    put(c, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value);
}

static void load_map(struct bpf_code *c, unsigned dst, int map)
{
    put(c, BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, map);
    put(c, 0, 0, 0, 0, 0);
}

static void call(struct bpf_code *c, int function)
{
    put(c, BPF_JMP | BPF_CALL, 0, 0, 0, function);
}

/* Jumps to where the frame is left to the stack: the offset is known when the program is loaded. */
static void pass_if(struct bpf_code *c, uint8_t condition, unsigned dst, unsigned src, int32_t imm)
{
    if (c->passes == ARRAY_LEN(c->to_pass))
        refuse("the XDP program has too many exits");
    c->to_pass[c->passes++] = c->count;
    put(c, condition, dst, src, 0, imm);
}

void bpf_match(struct bpf_code *c, unsigned port)
{
    move(c, 6, 1);
    load(c, BPF_W, 7, 6, offsetof(struct xdp_md, data));
    load(c, BPF_W, 8, 6, offsetof(struct xdp_md, data_end));
    /* The verifier wants to see that what is read is inside the frame. */
    move(c, 2, 7);
    put(c, BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, UDP_END);
    pass_if(c, BPF_JMP | BPF_JGT | BPF_X, 2, 8, 0);
    if (!port)
        return;
    load(c, BPF_H, 3, 7, ETHERTYPE_AT);
    pass_if(c, BPF_JMP | BPF_JNE | BPF_K, 3, 0, htons(0x0800));
    load(c, BPF_B, 3, 7, IP_AT);
    pass_if(c, BPF_JMP | BPF_JNE | BPF_K, 3, 0, 0x45);
    load(c, BPF_B, 3, 7, IP_PROTOCOL_AT);
    pass_if(c, BPF_JMP | BPF_JNE | BPF_K, 3, 0, IPPROTO_UDP);
    load(c, BPF_H, 3, 7, UDP_DESTINATION_AT);
    pass_if(c, BPF_JMP | BPF_JNE | BPF_K, 3, 0, htons((uint16_t)port));
}

void bpf_count(struct bpf_code *c, int map)
{
    put(c, BPF_ST | BPF_MEM | BPF_W, 10, 0, -4, 0); /* key 0, on the stack */
    move(c, 2, 10);
    put(c, BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -4);
    load_map(c, 1, map);
    call(c, BPF_FUNC_map_lookup_elem);
    pass_if(c, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0);
    load(c, BPF_DW, 3, 0, 0);
    put(c, BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, 1);
    store(c, BPF_DW, 0, 0, 3);
    /* The length: pointers may be subtracted from each other, and from nothing else. */
    move(c, 4, 8);
    put(c, BPF_ALU64 | BPF_SUB | BPF_X, 4, 7, 0, 0);
    load(c, BPF_DW, 3, 0, 8);
    put(c, BPF_ALU64 | BPF_ADD | BPF_X, 3, 4, 0, 0);
    store(c, BPF_DW, 0, 8, 3);
}

static void swap(struct bpf_code *c, uint8_t size, int a, int b)
{
    load(c, size, 3, 7, a);
    load(c, size, 4, 7, b);
    store(c, size, 7, a, 4);
    store(c, size, 7, b, 3);
}

void bpf_swap(struct bpf_code *c, int all)
{
    for (int i = 0; i < 6; i += 2)
        swap(c, BPF_H, i, 6 + i);
    if (!all)
        return;
    swap(c, BPF_W, IP_SOURCE_AT, IP_DESTINATION_AT);
    swap(c, BPF_H, UDP_AT, UDP_DESTINATION_AT);
}

void bpf_return(struct bpf_code *c, int action)
{
    set(c, 0, action);
    put(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void redirect(struct bpf_code *c, int map)
{
    load_map(c, 1, map);
    set(c, 3, XDP_PASS); /* what it gives if there is nothing at that key */
    call(c, BPF_FUNC_redirect_map);
    put(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

void bpf_redirect_key(struct bpf_code *c, int map, int key)
{
    set(c, 2, key);
    redirect(c, map);
}

void bpf_redirect_queue(struct bpf_code *c, int map)
{
    load(c, BPF_W, 2, 6, offsetof(struct xdp_md, rx_queue_index));
    redirect(c, map);
}

/* ---- */

static void set_compiler(int on)
{
    static const char path[] = "/proc/sys/net/core/bpf_jit_enable";
    FILE *f = fopen(path, "w");

    if (!f || fprintf(f, "%d\n", on) < 0 || fclose(f) != 0)
        fail(path);
}

int bpf_load(struct bpf_code *c, int compile)
{
    static const char license[] = "Apache-2.0";
    char *log = calloc(1, LOG_BYTES);
    union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_XDP, .insns = (uintptr_t)c->insn,
                           .license = (uintptr_t)license, .log_buf = (uintptr_t)log,
                           .log_size = LOG_BYTES, .log_level = 1,
                           .expected_attach_type = BPF_XDP};
    long fd;

    set_compiler(compile);
    for (unsigned i = 0; i < c->passes; i++)
        c->insn[c->to_pass[i]].off = (int16_t)(c->count - c->to_pass[i] - 1);
    bpf_return(c, XDP_PASS);
    attr.insn_cnt = c->count;
    fd = bpf(BPF_PROG_LOAD, &attr);
    if (fd < 0) {
        fprintf(stderr, "%s", log ? log : "");
        fail("BPF_PROG_LOAD");
    }
    free(log);
    return (int)fd;
}

void bpf_attach(int program_fd, unsigned device_index, unsigned flags)
{
    union bpf_attr attr = {.link_create = {.prog_fd = (uint32_t)program_fd,
                                           .target_ifindex = device_index,
                                           .attach_type = BPF_XDP, .flags = flags}};

    /* The link goes away, and the program with it, when the last descriptor of it is closed. */
    if (bpf(BPF_LINK_CREATE, &attr) < 0)
        fail("the XDP program cannot be attached");
}
