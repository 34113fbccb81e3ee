/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's uevents, from its own netlink group: earlier than udev, and whether there is a udev or not. */
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "core/event/parse.h"
#include "edge/clock.h"
#include "edge/source/message.h"
#include "edge/source/source.h"

#define KERNEL_GROUP 1u
/* lib/kobject_uevent.c: 2048 bytes of environment, and "action@devpath" before it. */
#define MESSAGE_SIZE 8192
/* Plugging a dock makes some hundred messages at once. */
#define RECEIVE_BUFFER_SIZE (4 * 1024 * 1024)
/* Then the other sources have their turn. */
#define MESSAGES_PER_TURN 64

int source_uevent_open(void)
{
        struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };
        int size = RECEIVE_BUFFER_SIZE, yes = 1, error;
        int fd =
                socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_KOBJECT_UEVENT);

        if (fd < 0)
                return -errno;
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
                         sizeof size); /* else overruns come earlier */
        if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) < 0 ||
            bind(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
                error = -errno;
                (void)close(fd);
                return error;
        }
        return fd;
}

/* Any process may send to our socket; what the kernel sends has port 0 and the credentials 0, 0. */
static bool kernel_is_sender(const struct msghdr *message)
{
        const struct sockaddr_nl *address = message->msg_name;
        struct ucred credentials = { .pid = -1, .uid = (uid_t)-1 };
        struct cmsghdr *control;

        if (message->msg_namelen < sizeof *address || address->nl_family != AF_NETLINK ||
            address->nl_pid != 0)
                return false;
        for (control = CMSG_FIRSTHDR(message); control;
             control = CMSG_NXTHDR((struct msghdr *)message, control))
                if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_CREDENTIALS &&
                    control->cmsg_len == CMSG_LEN(sizeof credentials))
                        memcpy(&credentials, CMSG_DATA(control), sizeof credentials);
        return credentials.pid == 0 && credentials.uid == 0;
}

static void overrun_make(struct event *ret_event)
{
        *ret_event = (struct event){ .kind = EVENT_OVERRUN, .port = BASE_SBDF_NONE };
        ret_event->time_ms = edge_clock_ms();
}

bool source_message_take(const struct msghdr *message, ssize_t result, struct event *ret_event)
{
        if (result == -EAGAIN || result == -EINTR)
                return false;
        if (result < 0) { /* ENOBUFS; with any other error too, nobody knows what was missed */
                overrun_make(ret_event);
                return true;
        }
        if (!kernel_is_sender(message))
                return false;
        if (message->msg_flags & MSG_TRUNC) {
                overrun_make(ret_event);
                return true;
        }
        if (!event_uevent_parse(message->msg_iov->iov_base, (size_t)result, ret_event))
                return false;
        ret_event->time_ms = edge_clock_ms();
        return true;
}

/* Returns the bytes received or a negative errno. */
static ssize_t message_receive(int fd, struct event *ret_event, bool *ret_taken)
{
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct ucred))];
        char bytes[MESSAGE_SIZE];
        struct sockaddr_nl address = { 0 };
        struct iovec data = { .iov_base = bytes, .iov_len = sizeof bytes };
        struct msghdr message = { .msg_name = &address,
                                  .msg_namelen = sizeof address,
                                  .msg_iov = &data,
                                  .msg_iovlen = 1,
                                  .msg_control = control,
                                  .msg_controllen = sizeof control };
        ssize_t result = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

        if (result < 0)
                result = -errno;
        *ret_taken = source_message_take(&message, result, ret_event);
        return result;
}

static int uevent_dispatch(sd_event_source *io, int fd, uint32_t revents, void *userdata)
{
        struct source_uevent *source = userdata;
        struct event event;
        ssize_t result;
        bool taken;

        (void)io, (void)revents;
        for (int i = 0; i < MESSAGES_PER_TURN; i++) {
                result = message_receive(fd, &event, &taken);
                if (taken)
                        source->emit(source->userdata, &event);
                if (result < 0)
                        break;
        }
        return 0; /* never an error: sd-event would switch the source off */
}

int source_uevent_start(struct source_uevent *ret_source, sd_event *loop, int fd, source_emit emit,
                        void *userdata)
{
        int error;

        *ret_source = (struct source_uevent){ .fd = fd, .emit = emit, .userdata = userdata };
        error = sd_event_add_io(loop, &ret_source->io, fd, EPOLLIN, uevent_dispatch, ret_source);
        if (error < 0) {
                source_uevent_stop(ret_source);
                return error;
        }
        (void)sd_event_source_set_description(ret_source->io, "uevent");
        return 0;
}

void source_uevent_stop(struct source_uevent *source)
{
        source->io = sd_event_source_disable_unref(source->io);
        if (source->fd >= 0)
                (void)close(source->fd);
        source->fd = -1;
}
