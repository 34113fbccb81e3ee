/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may send uevents, and what becomes of those that are cut short or lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "edge/source/message.h"
#include "edge/source/source.h"

#define PATH "/devices/pci0000:00/0000:00:04.0"

static const char uevent[] = "add@" PATH "\0ACTION=add\0DEVPATH=" PATH "\0SUBSYSTEM=pci\0SEQNUM=7";

/* A message as recvmsg() would give it. */
struct made {
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
        struct sockaddr_nl address;
        struct iovec data;
        struct msghdr message;
};

static void message_make(struct made *made, struct ucred sender, uint32_t port_id)
{
        struct cmsghdr *control;

        memset(made, 0, sizeof *made);
        made->address.nl_family = AF_NETLINK;
        made->address.nl_pid = port_id;
        made->data.iov_base = (void *)uevent;
        made->data.iov_len = sizeof uevent;
        made->message.msg_name = &made->address;
        made->message.msg_namelen = sizeof made->address;
        made->message.msg_iov = &made->data;
        made->message.msg_iovlen = 1;
        made->message.msg_control = made->control;
        made->message.msg_controllen = sizeof made->control;
        control = CMSG_FIRSTHDR(&made->message);
        control->cmsg_level = SOL_SOCKET;
        control->cmsg_type = SCM_CREDENTIALS;
        control->cmsg_len = CMSG_LEN(sizeof sender);
        memcpy(CMSG_DATA(control), &sender, sizeof sender);
}

static void test_kernel(void **state)
{
        struct event event;
        struct made made;

        (void)state;
        message_make(&made, (struct ucred){ 0 }, 0);
        assert_true(source_message_take(&made.message, sizeof uevent, &event));
        assert_int_equal(event.kind, EVENT_UEVENT);
        assert_int_equal(event.uevent.action, UEVENT_ADD);
        assert_int_equal(event.uevent.place.sbdf, BASE_SBDF(0, 0, 4, 0));
        assert_true(event.time_ms > 0);
}

static void test_wrong_sender(void **state)
{
        struct event event;
        struct made made;

        (void)state;
        message_make(&made, (struct ucred){ .pid = 1 }, 0);
        assert_false(source_message_take(&made.message, sizeof uevent, &event));
        message_make(&made, (struct ucred){ .uid = 1000 }, 0);
        assert_false(source_message_take(&made.message, sizeof uevent, &event));
        message_make(&made, (struct ucred){ 0 }, 42);
        assert_false(source_message_take(&made.message, sizeof uevent, &event));
        message_make(&made, (struct ucred){ 0 }, 0);
        made.message.msg_controllen = 0; /* no credentials */
        assert_false(source_message_take(&made.message, sizeof uevent, &event));
        message_make(&made, (struct ucred){ .pid = 1 }, 0);
        made.message.msg_flags = MSG_TRUNC; /* nor can a stranger make us read everything again */
        assert_false(source_message_take(&made.message, sizeof uevent, &event));
}

static void test_truncated(void **state)
{
        struct event event;
        struct made made;

        (void)state;
        message_make(&made, (struct ucred){ 0 }, 0);
        made.message.msg_flags = MSG_TRUNC;
        assert_true(source_message_take(&made.message, sizeof uevent, &event));
        assert_int_equal(event.kind, EVENT_OVERRUN);
}

static void test_overrun(void **state)
{
        struct event event;
        struct made made;

        (void)state;
        message_make(&made, (struct ucred){ 0 }, 0);
        assert_true(source_message_take(&made.message, -ENOBUFS, &event));
        assert_int_equal(event.kind, EVENT_OVERRUN);
        assert_false(source_message_take(&made.message, -EAGAIN, &event));
        assert_false(source_message_take(&made.message, -EINTR, &event));
}

static void event_count(void *userdata, const struct event *event)
{
        (void)event;
        ++*(unsigned int *)userdata;
}

/* A socket whose other end is an ordinary process: everything is read, nothing is believed. */
static void test_socket(void **state)
{
        struct source_uevent source;
        sd_event *loop = NULL;
        unsigned int count = 0;
        int ends[2], yes = 1;

        (void)state;
        assert_true(sd_event_new(&loop) >= 0);
        assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
        assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes), 0);
        assert_int_equal(source_uevent_start(&source, loop, ends[0], event_count, &count), 0);
        assert_int_equal(write(ends[1], uevent, sizeof uevent), sizeof uevent);
        assert_true(sd_event_run(loop, 1000000) > 0);
        assert_int_equal(recv(ends[0], &yes, sizeof yes, MSG_DONTWAIT), -1);
        assert_int_equal(count, 0);
        source_uevent_stop(&source);
        source_uevent_stop(&source);
        assert_int_equal(close(ends[1]), 0);
        sd_event_unref(loop);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_kernel),    cmocka_unit_test(test_wrong_sender),
                cmocka_unit_test(test_truncated), cmocka_unit_test(test_overrun),
                cmocka_unit_test(test_socket),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
