/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xenstore is asked by children: libxenstore waits without bound. */
#include "edge/source/guests.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <xenstore.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "edge/cleanup.h"
#include "edge/clock.h"
#include "edge/source/source.h"

#define ANSWER_MS 2000
#define SILENCE_MS (4ull * SOURCE_GUESTS_MS)
/* A guest's name goes a while after Xen told of its end: the toolstack cleans up. */
#define SOON_MS 500
#define SOON_TIMES 10
/* What libxl notes of functions, and whose they are. */
#define PCI_NODES "/libxl/pci"

static int failure(void)
{
        return errno > 0 ? errno : EIO;
}

/* 0, or a positive errno. */
static int xenstore_connect(struct xs_handle **ret_store)
{
        errno = 0;
        *ret_store = xs_open(0);
        return *ret_store ? 0 : failure();
}

/* A guest's number, or 0. */
static uint16_t domid_parse(const char *text)
{
        char *end = NULL;
        unsigned long domid = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;

        return domid < EVENT_OWNER_GUEST && end && *end == '\0' ? (uint16_t)domid : 0;
}

static void guest_add(struct xs_handle *store, const char *domain, struct event_guests *guests)
{
        struct event_guest *guest = &guests->guests[guests->count];
        EDGE_CLEANUP_MEMORY char *name = NULL;
        uint16_t domid = domid_parse(domain);
        char path[64];

        if (domid == 0)
                return;
        (void)snprintf(path, sizeof path, "/local/domain/%u/name", domid);
        name = xs_read(store, XBT_NULL, path, NULL);
        if (!name || name[0] == '\0')
                return;
        if (guests->count == LIMIT_GUESTS) {
                guests->truncated = true;
                return;
        }
        if (!base_text_copy(name, strlen(name), guest->name, sizeof guest->name))
                return;
        guest->domid = domid;
        guests->count++;
}

/* The address that a node of PCI_NODES names, "SSSS-BB-DD-F" (libxl_pci.c:PCI_BDF_XSPATH). False: none. */
static bool node_parse(const char *node, uint32_t *ret_sbdf)
{
        char text[BASE_SBDF_TEXT_SIZE];

        if (strlen(node) != sizeof text - 1 || node[4] != '-' || node[7] != '-' || node[10] != '-')
                return false;
        memcpy(text, node, sizeof text);
        text[4] = text[7] = ':';
        text[10] = '.';
        return base_sbdf_parse(text, sizeof text - 1, ret_sbdf);
}

static void claim_add(struct xs_handle *store, const char *node, struct event_guests *guests)
{
        struct event_claim *claim = &guests->claims[guests->claim_count];
        EDGE_CLEANUP_MEMORY char *value = NULL;
        char path[64];

        if (guests->claim_count == LIMIT_CLAIMS || !node_parse(node, &claim->sbdf))
                return;
        (void)snprintf(path, sizeof path, PCI_NODES "/%s/domid", node);
        value = xs_read(store, XBT_NULL, path, NULL);
        claim->domid = value ? domid_parse(value) : 0;
        if (claim->domid != 0)
                guests->claim_count++;
}

/* 0, or a positive errno. There is no such folder until libxl first needs it. */
static int claims_list(struct xs_handle *store, struct event_guests *guests)
{
        unsigned int count = 0;
        char **nodes;

        errno = 0;
        nodes = xs_directory(store, XBT_NULL, PCI_NODES, &count);
        if (!nodes)
                return errno == ENOENT ? 0 : failure();
        for (unsigned int i = 0; i < count; i++)
                claim_add(store, nodes[i], guests);
        free(nodes);
        return 0;
}

/* A node outlives its domain where no toolstack cleaned up. */
static void claims_prune(struct event_guests *guests, char **domains, unsigned int count)
{
        uint32_t kept = 0;

        for (uint32_t i = 0; i < guests->claim_count; i++)
                for (unsigned int j = 0; j < count; j++)
                        if (domid_parse(domains[j]) == guests->claims[i].domid) {
                                guests->claims[kept++] = guests->claims[i];
                                break;
                        }
        memset(&guests->claims[kept], 0, (LIMIT_CLAIMS - kept) * sizeof guests->claims[0]);
        guests->claim_count = kept;
}

/* 0, or a positive errno. */
static int guests_list(struct xs_handle *store, struct event_guests *ret_guests)
{
        unsigned int count = 0;
        char **domains;
        int error;

        memset(ret_guests, 0, sizeof *ret_guests);
        /* First: whom a node names is there when the domains are listed, or gone. */
        error = claims_list(store, ret_guests);
        if (error)
                return error;
        errno = 0;
        domains = xs_directory(store, XBT_NULL, "/local/domain", &count);
        if (!domains)
                return failure();
        for (unsigned int i = 0; i < count; i++)
                guest_add(store, domains[i], ret_guests);
        claims_prune(ret_guests, domains, count);
        free(domains);
        return 0;
}

/* Whole, or the reader is gone. */
static int guests_write(int fd, const struct event_guests *guests)
{
        size_t length = 0;

        while (length < sizeof *guests) {
                ssize_t written = write(fd, (const char *)guests + length, sizeof *guests - length);

                if (written < 0)
                        return failure();
                length += (size_t)written;
        }
        return 0;
}

/* In a child: one list. Half of one is none. */
static int answer_write(int fd)
{
        static struct event_guests guests;
        struct xs_handle *store;
        int error = xenstore_connect(&store);

        if (error)
                return error;
        error = guests_list(store, &guests);
        xs_close(store);
        return error ? error : guests_write(fd, &guests);
}

/* Until it is whole, or the deadline. -ENODATA: the writer has ended. */
static int answer_read(int fd, struct event_guests *ret_guests)
{
        uint64_t deadline = edge_clock_ms() + ANSWER_MS, now;
        size_t length = 0;

        while ((now = edge_clock_ms()) < deadline && length < sizeof *ret_guests) {
                struct pollfd ready = { .fd = fd, .events = POLLIN };
                int count = poll(&ready, 1, (int)(deadline - now));
                ssize_t got = count > 0 ? read(fd, (char *)ret_guests + length,
                                               sizeof *ret_guests - length)
                                        : -1;

                if (count < 0 && errno == EINTR)
                        continue;
                if (count == 0)
                        break;
                if (got <= 0)
                        return got < 0 ? -errno : -ENODATA;
                length += (size_t)got;
        }
        return length == sizeof *ret_guests ? 0 : -ETIMEDOUT;
}

/* Forks a process that serves into a pipe, and dies with this one. Its number, or a negative errno. */
static pid_t server_fork(source_serve serve, int *ret_pipe)
{
        pid_t child, parent = getpid();
        int ends[2];
        sigset_t none;

        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        child = fork();
        if (child == 0) {
                (void)sigemptyset(&none);
                (void)sigprocmask(SIG_SETMASK, &none, NULL);
                /* Nothing else of the daemon's: a client that hung up would never know. */
                if (dup2(ends[1], 3) < 0 || close_range(4, ~0u, 0) < 0 ||
                    prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
                        _exit(EIO);
                _exit(serve(3));
        }
        if (child < 0) {
                int error = -errno;

                (void)close(ends[0]);
                (void)close(ends[1]);
                return error;
        }
        (void)close(ends[1]);
        *ret_pipe = ends[0];
        return child;
}

int source_guests_read(struct event_guests *ret_guests)
{
        EDGE_CLEANUP_FD int pipe = -1;
        pid_t child = server_fork(answer_write, &pipe);
        int error, status;

        if (child < 0)
                return child;
        error = answer_read(pipe, ret_guests);
        if (error && error != -ENODATA)
                (void)kill(child, SIGKILL);
        /* A child that ended without an answer says why. */
        if (waitpid(child, &status, 0) == child && error == -ENODATA && WIFEXITED(status) &&
            WEXITSTATUS(status) > 0)
                error = -WEXITSTATUS(status);
        return error;
}

/* Waits for that long, or for a watch to fire. True where one did. */
static bool watch_wait(struct xs_handle *store, uint64_t until_ms)
{
        uint64_t now = edge_clock_ms();
        struct pollfd ready = { .fd = xs_fileno(store), .events = POLLIN };
        bool fired = false;
        char **watch;

        if (poll(&ready, 1, until_ms > now ? (int)(until_ms - now) : 0) > 0)
                while ((watch = xs_check_watch(store))) {
                        free(watch);
                        fired = true;
                }
        return fired;
}

static int store_serve(struct xs_handle *store, int fd)
{
        static struct event_guests last, guests;
        uint64_t written_ms = 0, now;
        int soon = 0, error;
        bool first = true;

        for (;;) {
                error = guests_list(store, &guests);
                if (error)
                        return error;
                now = edge_clock_ms();
                if (first || now - written_ms >= SOURCE_GUESTS_MS ||
                    memcmp(&guests, &last, sizeof last) != 0) {
                        error = guests_write(fd, &guests);
                        if (error)
                                return error;
                        last = guests;
                        written_ms = now;
                        first = false;
                }
                if (watch_wait(store, soon > 0 ? now + SOON_MS : written_ms + SOURCE_GUESTS_MS))
                        soon = SOON_TIMES;
                else if (soon > 0)
                        soon--;
        }
}

int source_guests_serve(int fd)
{
        struct xs_handle *store;
        int error = xenstore_connect(&store);

        if (error)
                return error;
        if (xs_watch(store, "@introduceDomain", "guests") &&
            xs_watch(store, "@releaseDomain", "guests") && xs_watch(store, PCI_NODES, "guests"))
                error = store_serve(store, fd);
        else
                error = failure();
        xs_close(store);
        return error;
}

static int timer_set(struct source_guests *source, uint64_t ms)
{
        int r = sd_event_source_set_time_relative(source->timer, ms * 1000u);

        return r < 0 ? r : sd_event_source_set_enabled(source->timer, SD_EVENT_ONESHOT);
}

static void trouble_tell(struct source_guests *source, int error)
{
        if (!source->served)
                return;
        source->served = false;
        source->trouble(source->userdata, error);
}

static void list_emit(struct source_guests *source)
{
        struct event event = { .kind = EVENT_GUESTS, .port = BASE_SBDF_NONE };

        source->length = 0;
        source->served = true;
        (void)timer_set(source, SILENCE_MS);
        event.guests = source->guests;
        event.time_ms = edge_clock_ms();
        source->emit(source->userdata, &event);
}

static int pipe_dispatch(sd_event_source *io, int fd, uint32_t events, void *userdata)
{
        struct source_guests *source = userdata;
        ssize_t got = read(fd, (char *)&source->guests + source->length,
                           sizeof source->guests - source->length);

        (void)events;
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (got <= 0) /* its end is told by SIGCHLD */
                return sd_event_source_set_enabled(io, SD_EVENT_OFF);
        source->length += (size_t)got;
        if (source->length == sizeof source->guests)
                list_emit(source);
        return 0;
}

static void server_forget(struct source_guests *source)
{
        source->io = sd_event_source_disable_unref(source->io);
        source->child = sd_event_source_disable_unref(source->child);
        if (source->pipe >= 0)
                (void)close(source->pipe);
        source->pipe = -1;
        source->length = 0;
}

static int child_dispatch(sd_event_source *child, const siginfo_t *status, void *userdata)
{
        struct source_guests *source = userdata;

        (void)child;
        trouble_tell(source, status->si_code == CLD_EXITED && status->si_status > 0
                                     ? -status->si_status
                                     : -EIO);
        server_forget(source);
        return timer_set(source, SOURCE_GUESTS_MS);
}

static int server_start(struct source_guests *source)
{
        pid_t child = server_fork(source->serve, &source->pipe);
        int r;

        if (child < 0)
                return child;
        r = fcntl(source->pipe, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
        if (r >= 0)
                r = sd_event_add_child(source->loop, &source->child, child, WEXITED, child_dispatch,
                                       source);
        if (r >= 0)
                r = sd_event_add_io(source->loop, &source->io, source->pipe, EPOLLIN, pipe_dispatch,
                                    source);
        if (r >= 0)
                return 0;
        (void)kill(child, SIGKILL); /* not reaped yet: its number is its own; it stays a zombie */
        server_forget(source);
        return r;
}

/* No list for too long, or time for another child. */
static int timer_dispatch(sd_event_source *timer, uint64_t planned_us, void *userdata)
{
        struct source_guests *source = userdata;

        (void)timer, (void)planned_us;
        if (source->child) {
                trouble_tell(source, -ETIMEDOUT);
                (void)sd_event_source_send_child_signal(source->child, SIGKILL, NULL, 0);
                return timer_set(source, SILENCE_MS);
        }
        if (server_start(source) < 0)
                return timer_set(source, SOURCE_GUESTS_MS);
        return timer_set(source, SILENCE_MS);
}

int source_guests_start(struct source_guests *ret_source, sd_event *loop, source_serve serve,
                        source_emit emit, source_trouble trouble, void *userdata)
{
        int r;

        *ret_source = (struct source_guests){ .loop = loop,
                                              .serve = serve,
                                              .emit = emit,
                                              .trouble = trouble,
                                              .userdata = userdata,
                                              .pipe = -1 };
        r = sd_event_add_time_relative(loop, &ret_source->timer, CLOCK_MONOTONIC, /* usec= */ 0,
                                       /* accuracy= */ 100000, timer_dispatch, ret_source);
        return r < 0 ? r : 0;
}

void source_guests_stop(struct source_guests *source)
{
        if (!source->loop)
                return;
        if (source->child)
                (void)sd_event_source_send_child_signal(source->child, SIGKILL, NULL, 0);
        server_forget(source);
        source->timer = sd_event_source_disable_unref(source->timer);
}
