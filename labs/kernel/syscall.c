/* SPDX-License-Identifier: Apache-2.0 */
/* System calls: the number picks a function, which trusts none of its arguments. */
#include "labs/kernel/kernel.h"
#include "labs/kernel/net.h"
#include "labs/kernel/process.h"
#include "labs/kernel/ring.h"
#include "labs/kernel/thread.h"
#include "labs/lib/finisher.h"
#include "labs/lib/irq.h"
#include "labs/lib/timer.h"
#include "labs/lib/uart.h"

#define NAME_MAX_BYTES 16
#define POLL_MAX 16

struct counters counters;

static int64_t sys_exit(const uint64_t *a)
{
    finish((int)a[0]);
}

STEP int64_t sys_read(const uint64_t *a)
{
    struct file *f = file_get(a[0], FILE_DISK);
    int64_t n;

    if (!f)
        return file_get(a[0], FILE_SOCKET) ? socket_receive(a[0], a[1], a[2]) : ERR_FD;
    n = file_read(f, a[1], a[2], f->place);
    if (n > 0)
        f->place += (uint64_t)n;
    return n;
}

STEP int64_t sys_pread(const uint64_t *a)
{
    struct file *f = file_get(a[0], FILE_DISK);

    return f ? file_read(f, a[1], a[2], a[3]) : ERR_FD;
}

static int64_t sys_write(const uint64_t *a)
{
    uint8_t text[64];

    if (!file_get(a[0], FILE_CONSOLE))
        return ERR_FD;
    for (uint64_t done = 0; done < a[2];) {
        uint64_t n = a[2] - done < sizeof text ? a[2] - done : sizeof text;

        copy_from_user(text, a[1] + done, n);
        for (uint64_t i = 0; i < n; i++) {
            if (text[i] == '\n')
                uart_put('\r');
            uart_put(text[i]);
        }
        done += n;
    }
    return (int64_t)a[2];
}

static int64_t sys_open(const uint64_t *a)
{
    char name[NAME_MAX_BYTES + 1] = "";

    for (unsigned i = 0; i < NAME_MAX_BYTES; i++) {
        copy_from_user(&name[i], a[0] + i, 1);
        if (!name[i])
            return file_open(name);
    }
    return ERR_NAME;
}

/* Files and rings' submissions never wait; a datagram may have to be waited for. */
static int64_t look(const struct poll *p, unsigned count, uint64_t to)
{
    int64_t ready = 0;

    for (unsigned i = 0; i < count; i++) {
        struct file *f = file_get((uint64_t)(int64_t)p[i].fd, FILE_SOCKET);
        struct poll now = {p[i].fd, f ? socket_ready(f->socket) : 1};

        ready += now.ready;
        copy_to_user(to + i * sizeof now, &now, sizeof now);
    }
    return ready;
}

static int64_t sys_poll(const uint64_t *a)
{
    struct poll p[POLL_MAX];
    uint64_t until = a[2] > UINT64_MAX / 1000 ? FOREVER : time_after(a[2] * 1000);
    int64_t ready;
    bool on;

    if (a[1] > POLL_MAX)
        return ERR_VALUE;
    copy_from_user(p, a[0], a[1] * sizeof *p);
    on = irq_off();
    while (!(ready = look(p, (unsigned)a[1], a[0])) && time_now() < until)
        thread_sleep(&poll_waits, until);
    irq_restore(on);
    return ready;
}

static int64_t sys_sleep(const uint64_t *a)
{
    uint64_t until = time_after(a[0]);
    bool on = irq_off();

    while (time_now() < until)
        thread_sleep(NULL, until);
    irq_restore(on);
    return 0;
}

static int64_t sys_yield(const uint64_t *a)
{
    (void)a;
    thread_yield();
    return 0;
}

static int64_t sys_socket(const uint64_t *a)
{
    (void)a;
    return socket_new();
}

static int64_t sys_bind(const uint64_t *a)
{
    return socket_bind(a[0], a[1]);
}

STEP int64_t sys_recv(const uint64_t *a)
{
    return socket_receive(a[0], a[1], a[2]);
}

static int64_t sys_ring_setup(const uint64_t *a)
{
    return ring_setup(a[0], a[1]);
}

static int64_t sys_ring_register(const uint64_t *a)
{
    return ring_register(a[0], a[1], a[2]);
}

STEP int64_t sys_ring_enter(const uint64_t *a)
{
    return ring_enter(a[0], a[1], a[2]);
}

static int64_t sys_cache_drop(const uint64_t *a)
{
    struct file *f = file_get(a[0], FILE_DISK);

    if (!f)
        return ERR_FD;
    cache_drop(f->start / PAGE_BYTES, (f->start + f->bytes) / PAGE_BYTES);
    f->ahead = (struct ahead){0};
    return 0;
}

static int64_t sys_counters(const uint64_t *a)
{
    copy_to_user(a[0], &counters, sizeof counters);
    return 0;
}

static int64_t sys_thread_start(const uint64_t *a)
{
    return process_thread(a[0], a[1], a[2]);
}

static int64_t sys_thread_exit(const uint64_t *a)
{
    (void)a;
    thread_end();
}

static int64_t sys_thread_join(const uint64_t *a)
{
    int64_t number = (int64_t)a[0];
    struct thread *t = thread_numbered(number);

    if (!t || !t->process || (t == current_thread && !thread_ended(t, number)))
        return ERR_VALUE;
    WAIT_UNTIL(&t->ended, thread_ended(t, number));
    return 0;
}

#define SYSTEM_CALL_ENTRY(name) [SYS_##name] = sys_##name,
static int64_t (*const calls[SYS_COUNT])(const uint64_t *a) = {SYSTEM_CALLS(SYSTEM_CALL_ENTRY)};

#define SYSTEM_CALL_TEXT(name) [SYS_##name] = #name,
const char *system_call_name(uint64_t number)
{
    static const char *const names[SYS_COUNT] = {SYSTEM_CALLS(SYSTEM_CALL_TEXT)};

    return number < SYS_COUNT && names[number] ? names[number] : "?";
}

/* The way back to the program. */
STEP void system_call_done(struct frame *frame, int64_t result)
{
    frame->x[X_A0] = (uint64_t)result;
    frame->x[0] += 4; /* behind the ecall, which is never compressed */
}

void system_call(struct frame *frame)
{
    uint64_t number = frame->x[X_A7];

    counters.system_calls++;
    system_call_done(frame, number < SYS_COUNT && calls[number] ? calls[number](&frame->x[X_A0])
                                                                : ERR_CALL);
}
