/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The watcher of guests with servers of the test's own: what they write, and how they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#include "base/sbdf.h"
#include "edge/clock.h"
#include "edge/source/guests.h"
#include "edge/source/source.h"

static sd_event *loop;
static struct source_guests source;
static struct event_guests last;
static unsigned int lists, troubles;
static int trouble;

static void list_take(void *userdata, const struct event *event)
{
        assert_ptr_equal(userdata, &source);
        assert_int_equal(event->kind, EVENT_GUESTS);
        assert_int_equal(event->token, 0);
        assert_int_equal(event->port, BASE_SBDF_NONE);
        assert_true(event->time_ms > 0);
        last = event->guests;
        lists++;
}

static void trouble_take(void *userdata, int error)
{
        assert_ptr_equal(userdata, &source);
        trouble = error;
        troubles++;
}

static int setup(void **state)
{
        sigset_t signals;

        (void)state;
        (void)sigemptyset(&signals);
        (void)sigaddset(&signals, SIGCHLD);
        lists = troubles = 0;
        trouble = 0;
        return sigprocmask(SIG_BLOCK, &signals, NULL) < 0 || sd_event_new(&loop) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
        (void)state;
        source_guests_stop(&source);
        source_guests_stop(&source);
        loop = sd_event_unref(loop);
        return 0;
}

static void start(source_serve serve)
{
        assert_int_equal(
                source_guests_start(&source, loop, serve, list_take, trouble_take, &source), 0);
}

/* Runs until so much has come; 30 s are more than anything takes here. */
static void wait_for(unsigned int list_count, unsigned int trouble_count)
{
        uint64_t until = edge_clock_ms() + 30000;

        while (lists < list_count || troubles < trouble_count) {
                assert_true(edge_clock_ms() < until);
                assert_true(sd_event_run(loop, 1000000) >= 0);
        }
}

static void list_write(int fd, uint16_t domid, const char *name, size_t pieces)
{
        struct event_guests guests = { .count = 1 };
        size_t length = sizeof guests / pieces;

        guests.guests[0].domid = domid;
        memcpy(guests.guests[0].name, name, strlen(name));
        for (size_t i = 0; i < pieces; i++) {
                size_t size = i + 1 < pieces ? length : sizeof guests - i * length;

                if (write(fd, (const char *)&guests + i * length, size) != (ssize_t)size)
                        _exit(99);
        }
}

static int serve_two(int fd)
{
        list_write(fd, 1, "first", 1);
        list_write(fd, 2, "second", 7);
        (void)pause();
        return 0;
}

static void test_lists(void **state)
{
        (void)state;
        start(serve_two);
        assert_int_equal(lists, 0); /* never in the caller's time */
        wait_for(2, 0);
        assert_int_equal(last.count, 1);
        assert_int_equal(last.guests[0].domid, 2);
        assert_string_equal(last.guests[0].name, "second");
        assert_int_equal(troubles, 0);
}

/* Its pipe is all that it has, its signals come, and it dies with us: as exit statuses. */
static int serve_look(int fd)
{
        sigset_t signals;
        int error = 0;

        if (fd != 3)
                error = 21;
        for (int i = 0; i < 1024; i++)
                if (i > STDERR_FILENO && i != fd && fcntl(i, F_GETFD) >= 0)
                        error = 22;
        if (sigprocmask(SIG_BLOCK, NULL, &signals) < 0 || sigismember(&signals, SIGCHLD) != 0)
                error = 23;
        list_write(fd, 1, "a", 1);
        return error ? error : 20;
}

static void test_surroundings(void **state)
{
        int held = open("/dev/null", O_RDONLY | O_CLOEXEC);

        (void)state;
        assert_true(held > STDERR_FILENO);
        start(serve_look);
        wait_for(1, 1);
        assert_int_equal(trouble, -20);
        assert_int_equal(close(held), 0);
}

static int serve_nothing(int fd)
{
        (void)fd;
        return ENOENT;
}

/* xenstored is not there yet: nobody has to know. It is tried again, and not at once. */
static void test_absent(void **state)
{
        uint64_t begin = edge_clock_ms();

        (void)state;
        start(serve_nothing);
        while (edge_clock_ms() < begin + 1000)
                assert_true(sd_event_run(loop, 100000) >= 0);
        assert_int_equal(troubles, 0);
        assert_null(source.child);
        source.serve = serve_two;
        wait_for(2, 0);
        assert_true(edge_clock_ms() >= begin + SOURCE_GUESTS_MS - 200);
        assert_int_equal(troubles, 0);
}

/* The child has ended, which was told once; the next one serves. */
static void replaced(void)
{
        while (source.child)
                assert_true(sd_event_run(loop, 100000) >= 0);
        assert_int_equal(troubles, 1);
        source.serve = serve_two;
        (void)sd_event_source_set_time_relative(source.timer, 0);
        wait_for(3, 0);
}

static int serve_half(int fd)
{
        list_write(fd, 3, "whole", 1);
        if (write(fd, "half", 4) != 4)
                return 99;
        return EPIPE;
}

/* Half a list is none, and nothing of it is left for the next server's. It is told once. */
static void test_dies(void **state)
{
        (void)state;
        start(serve_half);
        wait_for(1, 1);
        assert_int_equal(trouble, -EPIPE);
        assert_int_equal(lists, 1);
        source.serve = serve_nothing;
        (void)sd_event_source_set_time_relative(source.timer, 0);
        for (int i = 0; i < 10 && !source.child; i++)
                assert_true(sd_event_run(loop, 100000) >= 0);
        replaced();
        assert_string_equal(last.guests[0].name, "second");
}

static int serve_once(int fd)
{
        list_write(fd, 1, "a", 1);
        (void)pause(); /* it has no handlers: nothing but its end comes */
        return 0;
}

/* It says nothing any more: it is killed, that is told once, and another takes its place. */
static void test_hangs(void **state)
{
        uint64_t next = 0, now = 0;

        (void)state;
        start(serve_once);
        wait_for(1, 0);
        assert_true(sd_event_now(loop, CLOCK_MONOTONIC, &now) >= 0);
        assert_true(sd_event_source_get_time(source.timer, &next) >= 0);
        assert_true(next > now + 19 * 1000000ull && next <= now + 20 * 1000000ull);
        (void)sd_event_source_set_time_relative(source.timer, 0); /* 20 s are over */
        wait_for(1, 1);
        assert_int_equal(trouble, -ETIMEDOUT);
        replaced();
        assert_int_equal(troubles, 1);
}

/* A xenstored of the test's own: as much of its protocol (xen/io/xs_wire.h) as libxenstore needs here. */
struct xenstored {
        unsigned int count;   /* of the domains below */
        unsigned int changes; /* each is told to whoever watches */
        struct {
                char domid[8];
                char name[LIMIT_GUEST + 2]; /* empty: there is no such node */
        } domains[LIMIT_GUESTS + 6];
        unsigned int node_count; /* of /libxl/pci; 0: there is no such folder */
        struct {
                char name[16];
                char domid[8]; /* empty: there is no such node */
        } nodes[LIMIT_CLAIMS + 16];
};

static struct xenstored *xenstored; /* shared with the server */
static char store_folder[64], store_path[80];
static pid_t store_server;

static void answer_send(int fd, uint32_t type, uint32_t request, const void *bytes, size_t length)
{
        struct xsd_sockmsg header = { .type = type, .req_id = request, .len = (uint32_t)length };

        if (write(fd, &header, sizeof header) != (ssize_t)sizeof header ||
            write(fd, bytes, length) != (ssize_t)length)
                _exit(0); /* the client is gone */
}

static void directory_answer(int fd, uint32_t request, const char *path)
{
        bool nodes = strcmp(path, "/libxl/pci") == 0;
        unsigned int count = nodes ? xenstored->node_count : xenstored->count;
        char names[4096];
        size_t length = 0;

        if (nodes && count == 0) {
                answer_send(fd, XS_ERROR, request, "ENOENT", sizeof "ENOENT");
                return;
        }
        for (unsigned int i = 0; i < count; i++) {
                const char *name = nodes ? xenstored->nodes[i].name : xenstored->domains[i].domid;

                memcpy(names + length, name, strlen(name) + 1);
                length += strlen(name) + 1;
        }
        answer_send(fd, XS_DIRECTORY, request, names, length);
}

static void read_answer(int fd, uint32_t request, const char *path)
{
        char node[64];

        for (unsigned int i = 0; i < xenstored->node_count; i++) {
                snprintf(node, sizeof node, "/libxl/pci/%s/domid", xenstored->nodes[i].name);
                if (strcmp(node, path) == 0 && xenstored->nodes[i].domid[0] != '\0') {
                        answer_send(fd, XS_READ, request, xenstored->nodes[i].domid,
                                    strlen(xenstored->nodes[i].domid));
                        return;
                }
        }
        for (unsigned int i = 0; i < xenstored->count; i++) {
                snprintf(node, sizeof node, "/local/domain/%s/name", xenstored->domains[i].domid);
                if (strcmp(node, path) == 0 && xenstored->domains[i].name[0] != '\0') {
                        answer_send(fd, XS_READ, request, xenstored->domains[i].name,
                                    strlen(xenstored->domains[i].name));
                        return;
                }
        }
        answer_send(fd, XS_ERROR, request, "ENOENT", sizeof "ENOENT");
}

static void request_answer(int fd)
{
        struct xsd_sockmsg header;
        char text[256] = "";

        if (recv(fd, &header, sizeof header, MSG_WAITALL) != (ssize_t)sizeof header ||
            header.len >= sizeof text ||
            (header.len > 0 && recv(fd, text, header.len, MSG_WAITALL) != (ssize_t)header.len))
                _exit(0);
        if (header.type == XS_DIRECTORY)
                directory_answer(fd, header.req_id, text);
        else if (header.type == XS_READ)
                read_answer(fd, header.req_id, text);
        else
                answer_send(fd, header.type, header.req_id, "OK", sizeof "OK");
}

__attribute__((noreturn)) static void client_answer(int fd)
{
        static const char told[] = "@releaseDomain\0guests";
        unsigned int changes = xenstored->changes;

        for (;;) {
                struct pollfd ready = { .fd = fd, .events = POLLIN };

                if (poll(&ready, 1, 20) > 0)
                        request_answer(fd);
                else if (changes++ != xenstored->changes)
                        answer_send(fd, XS_WATCH_EVENT, 0, told, sizeof told);
                else
                        changes--;
        }
}

static int store_setup(void **state)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        xenstored = mmap(NULL, sizeof *xenstored, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        (void)snprintf(store_folder, sizeof store_folder, "/tmp/sallyport-store-XXXXXX");
        if (xenstored == MAP_FAILED || listener < 0 || !mkdtemp(store_folder))
                return -1;
        (void)snprintf(store_path, sizeof store_path, "%s/socket", store_folder);
        memcpy(address.sun_path, store_path, sizeof store_path);
        if (bind(listener, (const struct sockaddr *)&address, sizeof address) < 0 ||
            listen(listener, 4) < 0 || setenv("XENSTORED_PATH", store_path, 1) < 0)
                return -1;
        store_server = fork();
        if (store_server == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                (void)signal(SIGCHLD, SIG_IGN);
                (void)setpgid(0, 0);
                for (;;) {
                        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

                        if (fork() == 0) {
                                (void)close(listener); /* else it outlives store_end() */
                                client_answer(fd);
                        }
                        (void)close(fd);
                }
        }
        (void)setpgid(store_server, store_server);
        (void)close(listener);
        return store_server < 0 ? -1 : setup(state);
}

static void store_end(void)
{
        if (store_server > 0 && kill(-store_server, SIGKILL) == 0)
                (void)waitpid(store_server, NULL, 0);
        store_server = 0;
}

static int store_teardown(void **state)
{
        (void)teardown(state);
        store_end();
        (void)unlink(store_path);
        (void)unsetenv("XENSTORED_PATH");
        return munmap(xenstored, sizeof *xenstored) | rmdir(store_folder);
}

static void domain_add(const char *domid, const char *name)
{
        (void)snprintf(xenstored->domains[xenstored->count].domid,
                       sizeof xenstored->domains[0].domid, "%s", domid);
        (void)snprintf(xenstored->domains[xenstored->count].name, sizeof xenstored->domains[0].name,
                       "%s", name);
        xenstored->count++;
}

static void node_add(const char *name, const char *domid)
{
        (void)snprintf(xenstored->nodes[xenstored->node_count].name,
                       sizeof xenstored->nodes[0].name, "%s", name);
        (void)snprintf(xenstored->nodes[xenstored->node_count].domid,
                       sizeof xenstored->nodes[0].domid, "%s", domid);
        xenstored->node_count++;
}

static const char *number(uint32_t value)
{
        static char text[16];

        (void)snprintf(text, sizeof text, "%u", value);
        return text;
}

static void test_store_read(void **state)
{
        static struct event_guests guests;
        char longest[LIMIT_GUEST + 1];

        (void)state;
        memset(longest, 'n', sizeof longest);
        longest[LIMIT_GUEST] = '\0';
        domain_add("0", "Domain-0");
        domain_add("7", "work");
        domain_add("8", ""); /* it has no name yet */
        domain_add("9", longest);
        domain_add("70000", "no number of a domain");
        domain_add("7x", "neither");
        longest[LIMIT_GUEST - 1] = '\0';
        domain_add("12", longest);
        assert_int_equal(source_guests_read(&guests), 0);
        assert_int_equal(guests.count, 2);
        assert_false(guests.truncated);
        assert_int_equal(guests.guests[0].domid, 7);
        assert_string_equal(guests.guests[0].name, "work");
        assert_int_equal(guests.guests[1].domid, 12);
        assert_string_equal(guests.guests[1].name, longest);
        for (uint32_t i = guests.count; i < LIMIT_GUESTS; i++)
                domain_add(number(100 + i), "g");
        assert_int_equal(source_guests_read(&guests), 0);
        assert_int_equal(guests.count, LIMIT_GUESTS);
        assert_false(guests.truncated);
        domain_add("1000", "one too many");
        assert_int_equal(source_guests_read(&guests), 0);
        assert_int_equal(guests.count, LIMIT_GUESTS);
        assert_true(guests.truncated);
        store_end();
        assert_int_equal(source_guests_read(&guests), -ECONNREFUSED);
}

/* Of what libxl notes only what names a function and a guest that is there. */
static void test_store_claims(void **state)
{
        static struct event_guests guests;
        char name[16];

        (void)state;
        domain_add("0", "Domain-0");
        domain_add("7", "work");
        domain_add("8", ""); /* it has no name yet */
        assert_int_equal(source_guests_read(&guests), 0);
        assert_int_equal(guests.claim_count, 0); /* there is no folder */
        node_add("0000-01-00-0", "7");
        node_add("0000-02-00-0", ""); /* it was assignable once */
        node_add("0000-03-00-0", "0");
        node_add("0000-04-00-0", "9"); /* that one has ended */
        node_add("0000-05-00-0", "7x");
        node_add("0000-06-00-0", "-7");
        node_add("0000-07-00-0", "65543"); /* 7, cut to 16 bits */
        node_add("0000-08-00.0", "7");
        node_add("0000:09:00:0", "7");
        node_add("10000-0a-00-0", "7");
        node_add("0000-0b-20-0", "7"); /* no such device number */
        node_add("00ff-fe-1f-7", "8");
        assert_int_equal(source_guests_read(&guests), 0);
        assert_int_equal(guests.claim_count, 2);
        assert_int_equal(guests.claims[0].sbdf, BASE_SBDF(0, 1, 0, 0));
        assert_int_equal(guests.claims[0].domid, 7);
        assert_int_equal(guests.claims[1].sbdf, BASE_SBDF(0xff, 0xfe, 0x1f, 7));
        assert_int_equal(guests.claims[1].domid, 8);
        for (unsigned int i = 0; i <= LIMIT_CLAIMS - 2; i++) {
                (void)snprintf(name, sizeof name, "0001-%02x-00-0", i);
                node_add(name, "7");
        }
        xenstored->nodes[3].domid[0] = '\0';
        assert_int_equal(source_guests_read(&guests), 0);
        assert_int_equal(guests.claim_count, LIMIT_CLAIMS);
        assert_int_equal(guests.claims[LIMIT_CLAIMS - 1].sbdf,
                         BASE_SBDF(1, LIMIT_CLAIMS - 3, 0, 0));
}

/* A change is told at once, the same again after a while; the end of xenstored is told once. */
static void test_store_watch(void **state)
{
        uint64_t begin = edge_clock_ms();

        (void)state;
        domain_add("7", "work");
        start(source_guests_serve);
        wait_for(1, 0);
        assert_int_equal(last.count, 1);
        domain_add("8", "net");
        xenstored->changes++;
        wait_for(2, 0);
        assert_int_equal(last.count, 2);
        assert_string_equal(last.guests[1].name, "net");
        node_add("0000-01-00-0", "8");
        xenstored->changes++;
        wait_for(3, 0);
        assert_int_equal(last.claim_count, 1);
        assert_int_equal(last.claims[0].domid, 8);
        assert_true(edge_clock_ms() - begin < SOURCE_GUESTS_MS);
        wait_for(4, 0);
        assert_int_equal(last.count, 2);
        assert_true(edge_clock_ms() - begin >= SOURCE_GUESTS_MS);
        assert_int_equal(troubles, 0);
        store_end();
        wait_for(4, 1);
        assert_true(trouble < 0);
}

/* There is none: that is said, and soon. */
static void test_read_absent(void **state)
{
        struct event_guests guests;
        uint64_t begin = edge_clock_ms();

        (void)state;
        assert_int_equal(setenv("XENSTORED_PATH", "/nonexistent/socket", 1), 0);
        if (access("/dev/xen/xenbus", F_OK) != 0 && access("/proc/xen/xenbus", F_OK) != 0)
                assert_int_equal(source_guests_read(&guests), -ENOENT);
        assert_true(edge_clock_ms() - begin < 5000);
        assert_int_equal(unsetenv("XENSTORED_PATH"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_lists),
                TEST(test_surroundings),
                TEST(test_absent),
                TEST(test_dies),
                TEST(test_hangs),
                cmocka_unit_test(test_read_absent),
                cmocka_unit_test_setup_teardown(test_store_read, store_setup, store_teardown),
                cmocka_unit_test_setup_teardown(test_store_claims, store_setup, store_teardown),
                cmocka_unit_test_setup_teardown(test_store_watch, store_setup, store_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
