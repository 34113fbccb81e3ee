/* SPDX-License-Identifier: GPL-2.0-or-later */
/* evil SOCKET PERSONALITY: a malicious PCI device for QEMU's vfio-user-pci (vfio-user protocol, version 0). */
/*
 * It waits at SOCKET for one client and serves it until that goes. On standard input it is told, a line each:
 *   show             the guest is looking: no longer the innocent face of QEMU's intake
 *   turn             from now on the second face (TURN_TOLD)
 *   write ADDRESS    DMA: a page of 0xEE to that address, in hexadecimal
 * On standard output it says, a line each: "listening", "connected", "done" after show and turn, "wrote 0" after a
 * write that the IOMMU let pass, "wrote ERRNO" after one that it did not, "gone" at last. Exit status: 0; 1 when
 * something is not as the protocol has it.
 */
#include <errno.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "evil/face.h"

#define MESSAGE_MAX 65536u
#define WRITE_SIZE 4096u
#define DMA_ID 0xd0d0u
#define CLASS 0x0au
/* What is read before Xen asks for the class does not count. */
#define READS_MANY 1000u

enum command {
        COMMAND_VERSION = 1,
        COMMAND_DMA_MAP,
        COMMAND_DMA_UNMAP,
        COMMAND_GET_INFO,
        COMMAND_GET_REGION_INFO,
        COMMAND_GET_REGION_IO_FDS,
        COMMAND_GET_IRQ_INFO,
        COMMAND_SET_IRQS,
        COMMAND_REGION_READ,
        COMMAND_REGION_WRITE,
        COMMAND_DMA_READ,
        COMMAND_DMA_WRITE,
        COMMAND_RESET,
};

#define FLAG_REPLY 0x01u
#define FLAG_NO_REPLY 0x10u
#define FLAG_ERROR 0x20u

struct header {
        uint16_t id, command;
        uint32_t size; /* header included */
        uint32_t flags, error;
};

/* What follows the header of a region access, and then the data. */
struct access {
        uint64_t offset;
        uint32_t region, count;
};

struct message {
        struct header header;
        uint8_t body[MESSAGE_MAX];
};

struct evil {
        const struct face_personality *personality;
        struct face_set faces;
        uint8_t innocent[FACE_SIZE], written[FACE_SIZE];
        bool shown, turned;
        unsigned int reads; /* of the watched byte */
        int client;
        struct message message;
};

static void fail(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        (void)vfprintf(stderr, format, arguments);
        va_end(arguments);
        (void)fputc('\n', stderr);
        exit(1);
}

static void tell(const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        (void)vprintf(format, arguments);
        va_end(arguments);
        (void)putchar('\n');
        (void)fflush(stdout);
}

static void send_all(int to, const void *data, size_t size)
{
        const uint8_t *from = data;

        while (size > 0) {
                ssize_t sent = send(to, from, size, MSG_NOSIGNAL);

                if (sent < 0)
                        fail("send: %s", strerror(errno));
                from += sent;
                size -= (size_t)sent;
        }
}

/* Descriptors that come along, of guest memory and events, are closed: all DMA asks the client, and so the IOMMU. */
static void descriptors_close(struct msghdr *message)
{
        for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part;
             part = CMSG_NXTHDR(message, part)) {
                size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

                for (size_t i = 0; i < count; i++) {
                        int descriptor;

                        memcpy(&descriptor, CMSG_DATA(part) + i * sizeof(int), sizeof descriptor);
                        (void)close(descriptor);
                }
        }
}

/* False when the client has gone. */
static bool receive_all(int from, void *data, size_t size)
{
        uint8_t *to = data;

        while (size > 0) {
                char control[CMSG_SPACE(16 * sizeof(int))];
                struct iovec vector = { .iov_base = to, .iov_len = size };
                struct msghdr message = { .msg_iov = &vector,
                                          .msg_iovlen = 1,
                                          .msg_control = control,
                                          .msg_controllen = sizeof control };
                ssize_t got = recvmsg(from, &message, MSG_CMSG_CLOEXEC);

                if (got == 0 || (got < 0 && errno == ECONNRESET))
                        return false;
                if (got < 0)
                        fail("receive: %s", strerror(errno));
                descriptors_close(&message);
                to += got;
                size -= (size_t)got;
        }
        return true;
}

/* Answers the message at hand with the first `size` bytes of its body. */
static void reply(struct evil *evil, size_t size, uint32_t error)
{
        struct header *header = &evil->message.header;

        if (header->flags & FLAG_NO_REPLY)
                return;
        header->flags = FLAG_REPLY | (error ? FLAG_ERROR : 0);
        header->error = error;
        header->size = (uint32_t)(sizeof *header + size);
        send_all(evil->client, &evil->message, header->size);
}

static const uint8_t *face_now(struct evil *evil, uint64_t offset, uint32_t count)
{
        enum face_turn turn = evil->personality->turn;
        uint32_t watched = evil->personality->watched;

        if (!evil->shown)
                return evil->innocent;
        if (turn == TURN_FOR_XEN && offset == CLASS && count == 2)
                evil->reads = 0;
        if (offset <= watched && watched < offset + count) {
                evil->reads++;
                if (turn == TURN_EACH_READ)
                        evil->turned = evil->reads % 2 == 0;
                if (turn == TURN_FOR_XEN)
                        evil->turned = evil->reads == 1;
        }
        return evil->turned ? evil->faces.second : evil->faces.first;
}

static void config_read(struct evil *evil, uint64_t offset, uint32_t count, uint8_t *ret_data)
{
        const uint8_t *face = face_now(evil, offset, count);

        for (uint64_t at = offset; at < offset + count; at++) {
                uint8_t mask = evil->faces.writable[at];

                ret_data[at - offset] = (face[at] & ~mask) | (evil->written[at] & mask);
        }
}

/* Bars are QEMU's to emulate; what is behind them reads as zeroes. */
static void region_access(struct evil *evil, bool writes)
{
        struct access access;
        uint8_t *data = evil->message.body + sizeof access;

        memcpy(&access, evil->message.body, sizeof access);
        if (access.count > MESSAGE_MAX - sizeof access ||
            (access.region == VFIO_PCI_CONFIG_REGION_INDEX &&
             (access.offset > FACE_SIZE || access.count > FACE_SIZE - access.offset))) {
                reply(evil, 0, EINVAL);
                return;
        }
        if (access.region != VFIO_PCI_CONFIG_REGION_INDEX)
                memset(data, 0, writes ? 0 : access.count);
        else if (writes)
                memcpy(evil->written + access.offset, data, access.count);
        else
                config_read(evil, access.offset, access.count, data);
        reply(evil, sizeof access + (writes ? 0 : access.count), 0);
}

static void version(struct evil *evil)
{
        static const char capabilities[] = "{\"capabilities\":{\"max_msg_fds\":8}}";

        memset(evil->message.body, 0, 4); /* major and minor */
        memcpy(evil->message.body + 4, capabilities, sizeof capabilities);
        reply(evil, 4 + sizeof capabilities, 0);
}

static void device_info(struct evil *evil)
{
        struct vfio_device_info info = { .argsz = 16,
                                         .flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET,
                                         .num_regions = VFIO_PCI_NUM_REGIONS,
                                         .num_irqs = VFIO_PCI_NUM_IRQS };

        memcpy(evil->message.body, &info, 16); /* without the capabilities of later kernels */
        reply(evil, 16, 0);
}

static void region_info(struct evil *evil)
{
        struct vfio_region_info info;

        memcpy(&info, evil->message.body, sizeof info);
        info.argsz = sizeof info;
        info.cap_offset = 0;
        info.offset = info.size = 0;
        info.flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
        if (info.index < FACE_BARS)
                info.size = evil->faces.bars[info.index];
        else if (info.index == VFIO_PCI_CONFIG_REGION_INDEX)
                info.size = FACE_SIZE;
        memcpy(evil->message.body, &info, sizeof info);
        reply(evil, sizeof info, 0);
}

static void irq_info(struct evil *evil)
{
        struct vfio_irq_info info;

        memcpy(&info, evil->message.body, sizeof info);
        info.argsz = sizeof info;
        info.flags = info.count = 0;
        memcpy(evil->message.body, &info, sizeof info);
        reply(evil, sizeof info, 0);
}

static void message_serve(struct evil *evil)
{
        const struct header *header = &evil->message.header;

        if (header->flags & FLAG_REPLY) {
                if (header->command == COMMAND_DMA_WRITE && header->id == DMA_ID)
                        tell("wrote %u", header->flags & FLAG_ERROR ? header->error : 0);
                return;
        }
        switch ((enum command)header->command) {
        case COMMAND_VERSION:
                version(evil);
                return;
        case COMMAND_GET_INFO:
                device_info(evil);
                return;
        case COMMAND_GET_REGION_INFO:
                region_info(evil);
                return;
        case COMMAND_GET_IRQ_INFO:
                irq_info(evil);
                return;
        case COMMAND_REGION_READ:
                region_access(evil, false);
                return;
        case COMMAND_REGION_WRITE:
                region_access(evil, true);
                return;
        case COMMAND_RESET:
                memset(evil->written, 0, sizeof evil->written);
                reply(evil, 0, 0);
                return;
        case COMMAND_DMA_MAP: /* whatever the client maps: it is asked again at each write */
        case COMMAND_DMA_UNMAP:
        case COMMAND_SET_IRQS:
                reply(evil, header->size - sizeof *header, 0);
                return;
        case COMMAND_GET_REGION_IO_FDS:
        case COMMAND_DMA_READ:
        case COMMAND_DMA_WRITE:
                break;
        }
        reply(evil, 0, ENOTSUP);
}

/* False when the client has gone. */
static bool message_take(struct evil *evil)
{
        struct header *header = &evil->message.header;

        if (!receive_all(evil->client, header, sizeof *header))
                return false;
        if (header->size < sizeof *header || header->size - sizeof *header > MESSAGE_MAX)
                fail("a message of %u bytes", header->size);
        memset(evil->message.body, 0, 64); /* what a short request leaves out reads as 0 */
        if (!receive_all(evil->client, evil->message.body, header->size - sizeof *header))
                return false;
        message_serve(evil);
        return true;
}

/* The count has 8 bytes, as QEMU 11.1 wants it; the specification's text says 4. */
static void dma_write(const struct evil *evil, uint64_t address)
{
        struct {
                struct header header;
                uint64_t address, count;
                uint8_t data[WRITE_SIZE];
        } request = {
                .header = { .id = DMA_ID, .command = COMMAND_DMA_WRITE, .size = sizeof request },
                .address = address,
                .count = WRITE_SIZE
        };

        memset(request.data, 0xee, sizeof request.data);
        send_all(evil->client, &request, sizeof request);
}

/* False at the end of standard input. */
static bool line_take(struct evil *evil)
{
        char line[64];
        unsigned long long address;

        if (!fgets(line, sizeof line, stdin))
                return false;
        if (strcmp(line, "show\n") == 0) {
                evil->shown = true;
                evil->reads = evil->personality->turn == TURN_FOR_XEN ? READS_MANY : 0;
                tell("done");
        } else if (strcmp(line, "turn\n") == 0) {
                evil->turned = true;
                tell("done");
        } else if (sscanf(line, "write %llx", &address) == 1) {
                dma_write(evil, address);
        } else {
                fail("not understood: %s", line);
        }
        return true;
}

static int client_accept(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), client;

        if (strlen(path) >= sizeof address.sun_path)
                fail("%s: too long for a socket", path);
        memcpy(address.sun_path, path, strlen(path) + 1);
        (void)unlink(path);
        if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) < 0 ||
            listen(listener, 1) < 0)
                fail("%s: %s", path, strerror(errno));
        tell("listening");
        client = accept(listener, NULL, NULL);
        if (client < 0)
                fail("accept: %s", strerror(errno));
        (void)close(listener);
        tell("connected");
        return client;
}

int main(int argc, char **argv)
{
        static struct evil evil;

        if (argc != 3 || !(evil.personality = face_find(argv[2])))
                fail("usage: evil SOCKET PERSONALITY");
        face_draw(evil.personality, &evil.faces);
        face_innocent(evil.innocent);
        (void)setvbuf(stdin, NULL, _IONBF, 0); /* poll must see every line */
        evil.client = client_accept(argv[1]);
        for (;;) {
                struct pollfd wait[] = { { .fd = evil.client, .events = POLLIN },
                                         { .fd = STDIN_FILENO, .events = POLLIN } };

                if (poll(wait, 2, -1) < 0)
                        fail("poll: %s", strerror(errno));
                if (wait[0].revents && !message_take(&evil))
                        break;
                if (wait[1].revents && !line_take(&evil))
                        break;
        }
        tell("gone");
        return 0;
}
