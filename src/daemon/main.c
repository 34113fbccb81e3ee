/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyportd: command line, configuration, and off it goes. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/policy/config.h"
#include "daemon/loop.h"
#include "edge/source/config.h"

#ifndef SALLYPORT_VERSION
#define SALLYPORT_VERSION "unknown"
#endif

enum option_key {
        OPTION_CONFIG_DIR = 256,
        OPTION_CHECK,
        OPTION_EARLY,
        OPTION_LOG_LEVEL,
        OPTION_LOG_TARGET,
        OPTION_READY_FD,
        OPTION_SYSFS,
        OPTION_VERSION,
};

struct options {
        const char *config_directory;
        const char *sysfs;
        bool check;
        bool early;
        int ready_fd;
        enum record_priority priority_max;
        enum sink_target target;
};

static const struct argp_option option_table[] = {
        { "config-dir", OPTION_CONFIG_DIR, "DIR", 0, "Configuration folder (/etc/sallyport)", 0 },
        { "check-config", OPTION_CHECK, NULL, 0,
          "Check the configuration and exit: 0 = good, 1 = not", 0 },
        { "early", OPTION_EARLY, NULL, 0,
          "In the initramfs, before drivers are loaded: ready when all is contained", 0 },
        { "log-level", OPTION_LOG_LEVEL, "LEVEL", 0,
          "critical, error, warning, notice, info (default) or debug", 0 },
        { "log-target", OPTION_LOG_TARGET, "TARGET", 0,
          "auto (the journal where it runs, else stderr), journal or stderr", 0 },
        { "ready-fd", OPTION_READY_FD, "FD", 0,
          "Write a line to this descriptor (3 or more) when ready", 0 },
        { "sysfs", OPTION_SYSFS, "DIR", 0, "Root of sysfs (/sys); for tests", 0 },
        { "version", OPTION_VERSION, NULL, 0, "Print the version and exit", 0 },
        { 0 },
};

static void version_print(void)
{
        (void)puts("sallyportd " SALLYPORT_VERSION);
        exit(EXIT_SUCCESS);
}

static void priority_parse(const char *argument, struct argp_state *state, struct options *options)
{
        int priority = sink_priority_parse(argument);

        if (priority == 0)
                argp_error(state, "unknown log level '%s'", argument);
        options->priority_max = (enum record_priority)priority;
}

static void target_parse(const char *argument, struct argp_state *state, struct options *options)
{
        options->target = sink_target_parse(argument);
        if (options->target == SINK_TARGET_MAX)
                argp_error(state, "unknown log target '%s'", argument);
}

static void descriptor_parse(const char *argument, struct argp_state *state,
                             struct options *options)
{
        char *end = NULL;
        long number = strtol(argument, &end, 10);

        if (*end != '\0' || number <= STDERR_FILENO || number > INT_MAX ||
            fcntl((int)number, F_GETFD) < 0)
                argp_error(state, "not an open descriptor from 3 on: '%s'", argument);
        options->ready_fd = (int)number;
}

static error_t option_parse(int key, char *argument, struct argp_state *state)
{
        struct options *options = state->input;

        if (key == OPTION_CONFIG_DIR)
                options->config_directory = argument;
        else if (key == OPTION_CHECK)
                options->check = true;
        else if (key == OPTION_EARLY)
                options->early = true;
        else if (key == OPTION_LOG_LEVEL)
                priority_parse(argument, state, options);
        else if (key == OPTION_LOG_TARGET)
                target_parse(argument, state, options);
        else if (key == OPTION_READY_FD)
                descriptor_parse(argument, state, options);
        else if (key == OPTION_SYSFS)
                options->sysfs = argument;
        else if (key == OPTION_VERSION)
                version_print();
        else if (key == ARGP_KEY_ARG)
                argp_error(state, "unexpected argument '%s'", argument);
        else
                return ARGP_ERR_UNKNOWN;
        return 0;
}

static const struct argp argp = {
        .options = option_table,
        .parser = option_parse,
        .doc = "Keeps hot-plugged PCI devices contained between two doors.\v"
               "Exit status: 0 stopped by a signal, or configuration good; 1 failed; "
               "2 wrong usage.",
};

/* An error in the configuration is told, and never leaves a port unguarded: the default guards every one. */
static void config_load(const struct options *options, struct daemon_loop *daemon)
{
        struct source_diagnosis diagnosis;

        if (source_config_read(options->config_directory, &daemon->config, &diagnosis) == 0)
                return;
        sink_journal_text(&daemon->journal, RECORD_ERROR, diagnosis.text);
        policy_config_default(&daemon->config);
        daemon->config_rejected = true;
}

/* An error in the rules gives nothing away: without them everything is quarantined. */
static void rules_load(const struct options *options, struct daemon_loop *daemon)
{
        struct source_diagnosis diagnosis;

        if (source_rules_read(options->config_directory, &daemon->rules[0], &diagnosis) == 0)
                return;
        sink_journal_text(&daemon->journal, RECORD_ERROR, diagnosis.text);
        policy_rules_init(&daemon->rules[0]);
        daemon->rules_rejected = true;
}

static int config_check(const struct options *options)
{
        struct source_diagnosis diagnosis;
        static struct policy_rules rules;
        struct event_config config;

        if (source_config_read(options->config_directory, &config, &diagnosis) == 0 &&
            source_rules_read(options->config_directory, &rules, &diagnosis) == 0)
                return EXIT_SUCCESS;
        (void)fprintf(stderr, "%s\n", diagnosis.text);
        return EXIT_FAILURE;
}

static int daemon_run(const struct options *options)
{
        static struct daemon_loop daemon;
        char text[256];
        int error;

        daemon.journal = sink_journal_open(options->target, options->priority_max);
        error = actuator_open(options->sysfs, "/proc", &daemon.actuator);
        if (error) {
                (void)snprintf(
                        text, sizeof text,
                        "%s cannot be opened (%s): no port is guarded. Mount sysfs there and "
                        "start again.",
                        options->sysfs, strerror(-error));
                sink_journal_text(&daemon.journal, RECORD_CRITICAL, text);
                return EXIT_FAILURE;
        }
        daemon.config_directory = options->config_directory;
        daemon.run = "/run";
        config_load(options, &daemon);
        rules_load(options, &daemon);
        daemon_loop_early(options->early, &daemon.config);
        daemon.ready_fd = options->ready_fd;
        error = daemon_loop_open(&daemon);
        if (!error)
                error = daemon_loop_run(&daemon);
        daemon_loop_close(&daemon);
        actuator_close(&daemon.actuator);
        if (!error)
                return EXIT_SUCCESS;
        (void)snprintf(
                text, sizeof text,
                "sallyportd stops (%s). Doors that are shut stay shut, but nobody watches them: "
                "start it again.",
                strerror(-error));
        sink_journal_text(&daemon.journal, RECORD_CRITICAL, text);
        return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
        struct options options = { .config_directory = SOURCE_CONFIG_DIRECTORY,
                                   .sysfs = "/sys",
                                   .priority_max = RECORD_INFO,
                                   .target = SINK_TARGET_AUTO };

        (void)signal(SIGPIPE,
                     SIG_IGN); /* a reader of stderr that goes away must not end the watch */
        argp_err_exit_status = 2;
        if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0)
                return 2;
        if (options.early && options.target == SINK_TARGET_AUTO)
                options.target =
                        SINK_TARGET_STDERR; /* of a journal that the real root replaces, nothing is left */
        return options.check ? config_check(&options) : daemon_run(&options);
}
