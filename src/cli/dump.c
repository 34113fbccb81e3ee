/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport dump: this machine as text, for others to look at. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "offline/dump.h"

static enum cli_exit failed(const char *what, int error)
{
        (void)fprintf(stderr, "sallyport: %s: %s. Nothing of the machine was changed.\n", what,
                      strerror(-error));
        return CLI_FAILED;
}

/* Only for who made it: ACPI tables and capabilities are root's to read. */
static FILE *file_create(const char *path)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0600);
        FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

        if (fd >= 0 && !file)
                (void)close(fd);
        return file;
}

enum cli_exit cli_dump_run(const struct cli_options *options)
{
        struct actuator actuator;
        int error = actuator_open("/sys", "/proc", &actuator);
        FILE *out = stdout;

        if (geteuid() != 0)
                (void)fputs(
                        "sallyport: not root: config space will be cut and ACPI tables missing, "
                        "so that the dump says little\n",
                        stderr);
        if (error)
                return failed("/sys", error);
        if (options->file)
                out = file_create(options->file);
        if (!out) {
                error = -errno;
                actuator_close(&actuator);
                return failed(options->file, error);
        }
        error = offline_dump_write(&actuator, options->redact, out);
        actuator_close(&actuator);
        if (options->file && fclose(out) != 0 && error == 0)
                error = -errno;
        return error ? failed("making the dump failed", error) : CLI_OK;
}
