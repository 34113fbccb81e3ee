/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For one test: a small daemon of its own, and verbs that are run against it. */
#pragma once

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/client.h"

#define OUTPUT_SIZE 8192

static char folder[] = "/tmp/sallyport-cli-XXXXXX";
static char socket_path[64];
static const char *from; /* a dump, or NULL */
static const char *config_directory;
static char output[OUTPUT_SIZE];
static bool verbose, known, manual;
static pid_t server;
static const char *guest; /* likewise */
static const sd_bus_vtable *server_vtable;

/* Makes the folder of the socket; every daemon that is started answers with these methods. */
static int server_begin(const sd_bus_vtable *vtable)
{
        server_vtable = vtable;
        if (!mkdtemp(folder))
                return -1;
        snprintf(socket_path, sizeof socket_path, "%s/a:b=c",
                 folder); /* what an address must escape */
        return 0;
}

static void client_serve(int fd, const char *contained)
{
        CLI_CLIENT_CLEANUP sd_bus *bus = NULL;
        sd_id128_t id = { .bytes = { 1 } };
        int r = sd_bus_new(&bus);

        if (r >= 0)
                r = sd_bus_set_fd(bus, fd, fd);
        if (r >= 0)
                r = sd_bus_set_server(bus, 1, id);
        if (r >= 0)
                r = sd_bus_add_object_vtable(bus, NULL, CLI_BUS_PATH, CLI_BUS_INTERFACE,
                                             server_vtable, (void *)contained);
        if (r >= 0)
                r = sd_bus_start(bus);
        while (r >= 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
        }
}

static void server_start(const char *contained)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        assert_true(listener >= 0);
        snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
        assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(listen(listener, 4), 0);
        server = fork();
        assert_true(server >= 0);
        if (server == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (;;) {
                        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

                        if (fd < 0)
                                _exit(1);
                        client_serve(fd, contained);
                }
        }
        close(listener);
}

static int server_stop(void **state)
{
        (void)state;
        if (server > 0) {
                kill(server, SIGKILL);
                waitpid(server, NULL, 0);
        }
        server = 0;
        unlink(socket_path);
        return 0;
}

typedef enum cli_exit (*verb_run)(const struct cli_options *options);

/* What was written to the file, which is closed, is then in `output`. */
static void output_take(FILE *file)
{
        size_t length;

        rewind(file);
        length = fread(output, 1, sizeof output - 1, file);
        output[length] = '\0';
        (void)fclose(file);
}

/* Runs a verb; what it printed is then in `output`. */
static enum cli_exit run(verb_run verb, const char *device, bool json)
{
        const struct cli_options options = { .socket = socket_path,
                                             .device = device,
                                             .guest = guest,
                                             .dry_run = device != NULL,
                                             .from = from,
                                             .config_directory = config_directory,
                                             .verbose = verbose,
                                             .known = known,
                                             .manual = manual,
                                             .style = { .json = json, .raw = true } };
        FILE *file = tmpfile(), *terminal = stdout;
        enum cli_exit result;

        assert_non_null(file);
        stdout = file;
        result = verb(&options);
        stdout = terminal;
        output_take(file);
        return result;
}

static void assert_shown(const char *text)
{
        if (!strstr(output, text))
                fail_msg("no '%s' in '%s'", text, output);
}
