/* SPDX-License-Identifier: Apache-2.0 */
/* The cases with a real terminal run in a child whose controlling terminal is a pty of ours. */
#include "host/terminal.h"

#include "tests/check.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static struct err err;

static void terminal_poll(struct terminal *t, unsigned wait_ms)
{
    static struct pollset set;

    pollset_clear(&set);
    terminal_prepare(t, &set);
    pollset_wait(&set, (uint64_t)wait_ms * 1000000);
    terminal_done(t, &set);
}

static void test_input_from_a_pipe_is_plain_bytes_until_its_end(void)
{
    int fds[2], saved = dup(0), byte;
    char got[8] = "";
    size_t n = 0;
    struct terminal *t;

    CHECK(pipe(fds) == 0);
    CHECK(write(fds[1], "a\001x", 3) == 3);
    close(fds[1]);
    dup2(fds[0], 0);
    t = terminal_open("stdio", &err);
    for (int i = 0; i < 100 && !terminal_at_end(t); i++) {
        terminal_poll(t, 0);
        while ((byte = terminal_read(t)) >= 0 && n < sizeof got - 1)
            got[n++] = (char)byte;
    }
    CHECK_EQ_STR(got, "a\001x");
    CHECK(terminal_at_end(t) && !terminal_quit(t));
    CHECK(terminal_close(t, &err) == 0);
    dup2(saved, 0);
    close(saved);
    close(fds[0]);
}

static void test_pty_without_reader_never_blocks(void)
{
    struct terminal *t = terminal_open("pty", &err);

    if (!t) {
        check_skip("no pseudo-terminals here");
        return;
    }
    for (unsigned i = 0; i < 1000000; i++)
        terminal_write(t, (uint8_t)(i % 64 ? 'x' : '\n'));
    terminal_poll(t, 0);
    CHECK(!terminal_at_end(t));
    CHECK(terminal_close(t, &err) == 0);
}

static void test_failing_file_is_told_at_the_end(void)
{
    struct terminal *t = terminal_open("/dev/full", &err);

    CHECK(t != NULL);
    terminal_write(t, 'x');
    terminal_flush(t);
    terminal_write(t, 'y');
    CHECK(terminal_close(t, &err) == -1);
    CHECK_EQ_STR(err.text, "the console output to /dev/full is not complete: "
                           "No space left on device");
    CHECK(terminal_open("/nowhere/at/all", &err) == NULL);
    CHECK(strstr(err.text, "/nowhere/at/all") != NULL);
}

static void test_null_has_no_input_and_takes_output(void)
{
    struct terminal *t = terminal_open("null", &err);

    for (unsigned i = 0; i < 10000; i++)
        terminal_write(t, '\n');
    terminal_poll(t, 0);
    CHECK(terminal_at_end(t));
    CHECK(terminal_read(t) == -1);
    CHECK(terminal_close(t, &err) == 0);
}

/* ---- with a terminal ---- */

static void child_echo_until_quit(void)
{
    struct terminal *t = terminal_open("stdio", &err);
    int byte;

    terminal_write(t, '>');
    while (!terminal_quit(t)) {
        terminal_poll(t, 100);
        while ((byte = terminal_read(t)) >= 0) {
            terminal_write(t, byte < 32 ? (uint8_t)(byte + '@') : (uint8_t)byte);
            terminal_flush(t);
        }
    }
    exit(terminal_close(t, &err) ? 1 : 0);
}

static void child_dies(void)
{
    terminal_open("stdio", &err);
    if (write(1, ">", 1) == 1)
        abort();
}

static void child_exits_without_closing(void)
{
    static struct terminal *volatile open; /* reachable: no leak */

    open = terminal_open("stdio", &err);
    if (open && write(1, ">", 1) == 1)
        exit(0);
    _exit(3);
}

/* Reads what the child writes until `last` was seen or 10 s have passed. */
static void read_until(int fd, char *got, size_t size, const char *last)
{
    size_t n = strlen(got);
    time_t end = time(NULL) + 10;

    while (!strstr(got, last) && n + 1 < size && time(NULL) < end) {
        ssize_t r = read(fd, got + n, 1);

        if (r == 1)
            got[++n] = '\0';
        else if (errno != EINTR)
            break;
    }
}

/* Runs `child` on a pty, types `keys` after its prompt; the mode must be as before.  Returns its
 * wait status; `got` is what it wrote. */
static int run_on_pty(void (*child)(void), const char *keys, const char *last, char *got,
                      size_t size)
{
    struct termios before, during, after;
    int fd, status = -1;
    pid_t pid;

    got[0] = '\0';
    fflush(stdout);
    pid = forkpty(&fd, NULL, NULL, NULL);
    if (pid == 0) {
        tcgetattr(0, &before);
        child();
        _exit(99);
    }
    if (pid < 0)
        return -1;
    tcgetattr(fd, &before);
    before.c_lflag |= ICANON | ECHO | ISIG; /* the child may have been faster than this line */
    read_until(fd, got, size, ">");
    tcgetattr(fd, &during);
    if (*keys) {
        CHECK(!(during.c_lflag & (ICANON | ECHO | ISIG)));
        CHECK(write(fd, keys, strlen(keys)) == (ssize_t)strlen(keys));
        read_until(fd, got, size, last);
    }
    waitpid(pid, &status, 0);
    CHECK(tcgetattr(fd, &after) == 0);
    CHECK((after.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG));
    close(fd);
    return status;
}

static void test_keys_reach_the_guest_and_ctrl_a_x_quits(void)
{
    char got[256];
    int status = run_on_pty(child_echo_until_quit, "a\003\001\001b\001qc\001x", "Abc", got,
                            sizeof got);

    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_EQ_STR(got, ">\r\ndoorbell: quit\r\naCAbc");
}

static void test_fatal_signal_restores_the_mode(void)
{
    char got[256];
    int status = run_on_pty(child_dies, "", "", got, sizeof got);

    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void test_exit_restores_the_mode(void)
{
    char got[256];
    int status = run_on_pty(child_exits_without_closing, "", "", got, sizeof got);

    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_first_signal_is_noted_second_kills(void)
{
    int status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        terminal_catch_signals();
        raise(SIGTERM);
        if (terminal_signal() != SIGTERM)
            _exit(1);
        raise(SIGINT);
        _exit(2);
    }
    waitpid(pid, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
}

static void test_what_is_typed_comes_as_input(void)
{
    struct terminal *t = terminal_open("null", &err);
    char much[3000];

    CHECK(t != NULL);
    if (!t)
        return;
    terminal_type(t, "ab");
    CHECK(terminal_read(t) == 'a');
    terminal_type(t, "c");
    CHECK(terminal_read(t) == 'b');
    CHECK(!terminal_at_end(t));
    CHECK(terminal_read(t) == 'c');
    CHECK(terminal_read(t) == -1);
    CHECK(terminal_at_end(t));
    memset(much, 'x', sizeof much - 1);
    much[sizeof much - 1] = '\0';
    terminal_type(t, much);
    terminal_type(t, "y");
    for (unsigned i = 0; i < 1024; i++)
        CHECK(terminal_read(t) == 'x');
    CHECK(terminal_read(t) == -1); /* what did not fit is lost */
    CHECK(!terminal_close(t, &err));
}

TEST_MAIN(test_input_from_a_pipe_is_plain_bytes_until_its_end,
          test_pty_without_reader_never_blocks, test_failing_file_is_told_at_the_end,
          test_null_has_no_input_and_takes_output, test_keys_reach_the_guest_and_ctrl_a_x_quits,
          test_fatal_signal_restores_the_mode, test_exit_restores_the_mode,
          test_first_signal_is_noted_second_kills, test_what_is_typed_comes_as_input)
