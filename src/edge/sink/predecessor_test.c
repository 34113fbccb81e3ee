/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A daemon that is there already: one that obeys, one that does not, and none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edge/sink/bus.h"

static char root[64];

static int setup(void **state)
{
        (void)state;
        (void)snprintf(root, sizeof root, "/tmp/sallyport-predecessor-XXXXXX");
        return mkdtemp(root) ? 0 : -1;
}

static int teardown(void **state)
{
        char path[96];

        (void)state;
        (void)snprintf(path, sizeof path, "%s/" SINK_BUS_SOCKET, root);
        (void)unlink(path);
        return rmdir(root);
}

static int listen_here(void)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/" SINK_BUS_SOCKET, root);
        if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
            listen(fd, 4) < 0)
                return -1;
        return fd;
}

/* A process that listens until a signal ends it; the pipe tells when it is so far. */
static pid_t predecessor_start(bool stubborn)
{
        int ends[2];
        char told;
        pid_t pid;

        assert_int_equal(pipe(ends), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                if (stubborn)
                        (void)signal(SIGTERM, SIG_IGN);
                if (listen_here() < 0 || write(ends[1], "", 1) != 1)
                        _exit(EXIT_FAILURE);
                for (;;)
                        (void)pause();
        }
        assert_int_equal(close(ends[1]), 0);
        assert_int_equal(read(ends[0], &told, 1), 1);
        assert_int_equal(close(ends[0]), 0);
        return pid;
}

static void assert_ended(pid_t pid, int signal_number)
{
        int status = 0;

        assert_int_equal(waitpid(pid, &status, WNOHANG), pid);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), signal_number);
}

static void test_nobody(void **state)
{
        int fd;

        (void)state;
        assert_int_equal(sink_predecessor_end(root, 10), 0);
        assert_int_equal(sink_predecessor_end("/nonexistent", 10), 0);
        fd = listen_here();
        assert_true(fd >= 0);
        assert_int_equal(sink_predecessor_end(root, 10), 0); /* it is ourselves */
        assert_int_equal(close(fd), 0);
        assert_int_equal(sink_predecessor_end(root, 10), 0); /* what a dead one left */
}

static void test_obeys(void **state)
{
        pid_t pid;

        (void)state;
        pid = predecessor_start(false);
        assert_int_equal(sink_predecessor_end(root, 5000), 0);
        assert_ended(pid, SIGTERM);
        assert_int_equal(sink_predecessor_end(root, 10), 0);
}

static void test_stubborn(void **state)
{
        pid_t pid;

        (void)state;
        pid = predecessor_start(true);
        assert_int_equal(sink_predecessor_end(root, 50), 0);
        assert_ended(pid, SIGKILL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = { TEST(test_nobody), TEST(test_obeys),
                                            TEST(test_stubborn) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
