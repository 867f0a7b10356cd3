/* SPDX-License-Identifier: Apache-2.0 */
/* Breaks the rule "no globals": a signal handler and atexit can reach nothing else, and a process
 * has one controlling terminal. */
#define _GNU_SOURCE
#include "host/terminal.h"

#include "base/alloc.h"
#include "base/bits.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

enum { ESCAPE_KEY = 1 /* Ctrl-a */ };

struct terminal {
    int in, out;       /* -1: none */
    const char *name;  /* of the output, for messages */
    bool tty;          /* stdin is a terminal: raw mode and the escape key */
    bool never_blocks; /* out is non-blocking, what does not fit is lost */
    bool escaped, quit, ended;
    int slave;         /* of a pty, held so that a reader may come and go */
    int error;         /* errno of a failed write */
    bool listens;      /* the input is in the poll set, at `index` */
    size_t index;
    uint8_t output[4096];
    size_t output_size;
    uint8_t input[1024];
    size_t input_head, input_size;
};

/* ---- raw mode, restored whatever happens ---- */

static struct termios cooked, raw;
static char signal_stack[64 * 1024];
static volatile sig_atomic_t raw_on;
static volatile sig_atomic_t noted_signal;

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGQUIT, SIGALRM,
                                    SIGXCPU};

static bool in_foreground(void)
{
    return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

/* tcsetattr is async-signal-safe.  In the background it would stop the process. */
static void raw_set(bool on)
{
    if (in_foreground())
        tcsetattr(STDIN_FILENO, TCSANOW, on ? &raw : &cooked);
}

static void restore(void)
{
    if (raw_on)
        raw_set(false);
    raw_on = 0;
}

static void die_of(int number)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};

    restore();
    sigaction(number, &plain, NULL);
    raise(number);
}

static void on_stop(int number)
{
    struct sigaction plain = {.sa_handler = SIG_DFL}, ours;
    sigset_t set;
    int saved = errno;

    if (raw_on)
        raw_set(false);
    sigaction(number, &plain, &ours);
    sigemptyset(&set);
    sigaddset(&set, number);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &set, NULL); /* stops here until SIGCONT */
    sigaction(number, &ours, NULL);
    errno = saved;
}

static void on_continue(int number)
{
    int saved = errno;

    (void)number;
    if (raw_on)
        raw_set(true);
    errno = saved;
}

static void on_request(int number)
{
    if (noted_signal)
        die_of(number);
    noted_signal = number;
}

static void catch(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    sigaction(number, &action, NULL);
}

void terminal_catch_signals(void)
{
    noted_signal = 0;
    /* Without SA_RESTART: a wait for input ends. */
    catch(SIGINT, on_request, 0);
    catch(SIGTERM, on_request, 0);
    catch(SIGHUP, on_request, 0);
    catch(SIGPIPE, SIG_IGN, 0);
}

int terminal_signal(void)
{
    return noted_signal;
}

static void raw_begin(void)
{
    if (tcgetattr(STDIN_FILENO, &cooked))
        return;
    raw = cooked;
    cfmakeraw(&raw);
    /* The guest's line ends are its own affair, but messages of ours end in one '\n'. */
    raw.c_oflag = cooked.c_oflag;
    raw_on = 1;
    atexit(restore);
    /* A stack of their own: the fault may be that there is no stack left. */
    sigaltstack(&(stack_t){.ss_sp = signal_stack, .ss_size = sizeof signal_stack}, NULL);
    for (size_t i = 0; i < ARRAY_LEN(fatal_signals); i++)
        catch(fatal_signals[i], die_of, SA_ONSTACK);
    catch(SIGTSTP, on_stop, SA_RESTART);
    catch(SIGCONT, on_continue, SA_RESTART);
    raw_set(true);
}

/* ---- back ends ---- */

static int open_pty(struct terminal *t, struct err *err)
{
    struct termios mode;
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (fd < 0 || grantpt(fd) || unlockpt(fd) || !ptsname(fd))
        goto fail;
    t->slave = open(ptsname(fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (t->slave < 0 || tcgetattr(t->slave, &mode))
        goto fail;
    cfmakeraw(&mode);
    tcsetattr(t->slave, TCSANOW, &mode);
    if (fcntl(fd, F_SETFL, O_NONBLOCK))
        goto fail;
    t->in = t->out = fd;
    t->never_blocks = true;
    log_line("console on %s", ptsname(fd));
    return 0;
fail:
    err_set(err, "cannot make a pseudo-terminal: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int open_backend(struct terminal *t, const char *spec, struct err *err)
{
    if (strcmp(spec, "null") == 0)
        return 0;
    if (strcmp(spec, "pty") == 0)
        return open_pty(t, err);
    if (strcmp(spec, "stdio") == 0) {
        t->in = STDIN_FILENO;
        t->out = STDOUT_FILENO;
        t->name = "standard output";
        t->tty = isatty(STDIN_FILENO);
        if (t->tty)
            raw_begin();
        return 0;
    }
    t->out = open(spec, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (t->out < 0)
        return err_set(err, "cannot create the console file %s: %s", spec, strerror(errno));
    return 0;
}

struct terminal *terminal_open(const char *spec, struct err *err)
{
    struct terminal *t = xcalloc(1, sizeof *t);

    t->in = t->out = t->slave = -1;
    t->name = spec;
    if (open_backend(t, spec, err)) {
        free(t);
        return NULL;
    }
    t->ended = t->in < 0;
    return t;
}

int terminal_close(struct terminal *t, struct err *err)
{
    int result = 0;

    if (!t)
        return 0;
    terminal_flush(t);
    if (t->tty)
        restore();
    if (t->out > STDERR_FILENO && close(t->out) && !t->error)
        t->error = errno;
    if (t->slave >= 0)
        close(t->slave);
    /* Whoever closed a pipe knows it. */
    if (t->error && t->error != EPIPE)
        result = err_set(err, "the console output to %s is not complete: %s", t->name,
                         strerror(t->error));
    free(t);
    return result;
}

/* ---- output ---- */

void terminal_flush(struct terminal *t)
{
    size_t done = 0;

    while (done < t->output_size && t->out >= 0 && !t->error) {
        ssize_t n = write(t->out, t->output + done, t->output_size - done);

        if (n >= 0) {
            done += (size_t)n;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd room = {t->out, POLLOUT, 0};

            if (t->never_blocks)
                break;
            /* Somebody made our stdout non-blocking; a request to end still gets through. */
            if (poll(&room, 1, 1000) < 0 && terminal_signal())
                break;
        } else if (errno == EINTR) {
            if (terminal_signal())
                break;
        } else {
            t->error = errno;
            t->quit |= errno == EPIPE;
        }
    }
    t->output_size = 0;
}

void terminal_write(struct terminal *t, uint8_t byte)
{
    t->output[t->output_size++] = byte;
    if (byte == '\n' || t->output_size == sizeof t->output)
        terminal_flush(t);
}

/* ---- input ---- */

static void say(struct terminal *t, const char *text)
{
    while (*text)
        terminal_write(t, (uint8_t)*text++);
}

/* Takes the escape key out of what was typed; returns whether `byte` is for the guest. */
static bool for_guest(struct terminal *t, uint8_t byte)
{
    if (!t->tty)
        return true;
    if (!t->escaped) {
        t->escaped = byte == ESCAPE_KEY;
        return !t->escaped;
    }
    t->escaped = false;
    if (byte == 'x') {
        t->quit = true;
        say(t, "\ndoorbell: quit\n");
    } else if (byte == 'h' || byte == '?') {
        say(t, "\nCtrl-a x  quit\nCtrl-a h  this help\nCtrl-a Ctrl-a  one Ctrl-a\n");
    }
    return byte == ESCAPE_KEY;
}

static void take_input(struct terminal *t)
{
    uint8_t typed[sizeof t->input];
    ssize_t n;

    /* Kept contiguous: what is left moves to the front. */
    memmove(t->input, t->input + t->input_head, t->input_size);
    t->input_head = 0;
    if (t->input_size == sizeof t->input)
        return;
    n = read(t->in, typed, sizeof t->input - t->input_size);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        t->ended = true;
        return;
    }
    for (ssize_t i = 0; i < n; i++)
        if (for_guest(t, typed[i]))
            t->input[t->input_size++] = typed[i];
}

void terminal_prepare(struct terminal *t, struct pollset *set)
{
    /* A background job that reads its terminal is stopped. */
    bool listen = !t->ended && t->input_size < sizeof t->input && (!t->tty || in_foreground());

    if (t->output_size)
        terminal_flush(t);
    t->listens = listen && !terminal_signal();
    if (t->listens)
        t->index = pollset_add(set, t->in, POLLIN);
}

void terminal_done(struct terminal *t, const struct pollset *set)
{
    if (t->listens && pollset_events(set, t->index) && !terminal_signal())
        take_input(t);
}

int terminal_read(struct terminal *t)
{
    if (!t->input_size)
        return -1;
    t->input_size--;
    return t->input[t->input_head++];
}

void terminal_type(struct terminal *t, const char *text)
{
    size_t n = u64_min(strlen(text), sizeof t->input - t->input_size);

    memmove(t->input, t->input + t->input_head, t->input_size);
    t->input_head = 0;
    memcpy(t->input + t->input_size, text, n);
    t->input_size += n;
}

bool terminal_has_input(const struct terminal *t)
{
    return t->input_size > 0;
}

bool terminal_at_end(const struct terminal *t)
{
    return t->ended && !t->input_size;
}

bool terminal_interactive(const struct terminal *t)
{
    return t->tty || t->slave >= 0;
}

bool terminal_quit(const struct terminal *t)
{
    return t->quit;
}
