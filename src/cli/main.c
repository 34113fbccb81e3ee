/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport: the table of verbs, and the command line. */
#include <argp.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "base/sbdf.h"
#include "cli/cli.h"

enum argument {
        ARGUMENT_NONE,
        ARGUMENT_DEVICE,
        ARGUMENT_GUEST, /* a device, then a guest */
        ARGUMENT_ROUTER,
        ARGUMENT_ANY, /* a device or a router */
        ARGUMENT_FILE,
        ARGUMENT_FILES,
        ARGUMENT_OUTPUT
};

#define FILES_MAX 64 /* as many as the rules can come from */

struct verb {
        const char *name;              /* one word, or two where several belong together */
        const struct cli_table *table; /* whose columns -o chooses; NULL where it cannot */
        enum argument argument;
        bool offline; /* takes --from */
        enum cli_exit (*run)(const struct cli_options *options);
};

static const struct verb verbs[] = {
        { "status", NULL, ARGUMENT_NONE, false, cli_status_run },
        { "list", &cli_table_functions, ARGUMENT_NONE, true, cli_list_run },
        { "ports", &cli_table_ports, ARGUMENT_NONE, true, cli_ports_run },
        { "routers", &cli_table_routers, ARGUMENT_NONE, false, cli_routers_run },
        { "tree", &cli_table_tree, ARGUMENT_NONE, true, cli_tree_run },
        { "show", NULL, ARGUMENT_ANY, true, cli_show_run },
        { "explain", &cli_table_explanation, ARGUMENT_ANY, false, cli_explain_run },
        { "audit", &cli_table_audit, ARGUMENT_NONE, true, cli_audit_run },
        { "reload", &cli_table_changes, ARGUMENT_NONE, false, cli_reload_run },
        { "monitor", NULL, ARGUMENT_NONE, false, cli_monitor_run },
        { "assign", NULL, ARGUMENT_GUEST, false, cli_assign_run },
        { "unassign", NULL, ARGUMENT_DEVICE, false, cli_unassign_run },
        { "eject", NULL, ARGUMENT_DEVICE, false, cli_eject_run },
        { "authorize", NULL, ARGUMENT_ROUTER, false, cli_authorize_run },
        { "enroll", NULL, ARGUMENT_ROUTER, false, cli_enroll_run },
        { "forget", NULL, ARGUMENT_ROUTER, false, cli_forget_run },
        { "import", &cli_table_import, ARGUMENT_NONE, false, cli_import_run },
        { "simulate", &cli_table_simulation, ARGUMENT_FILE, false, cli_simulate_run },
        { "dump", NULL, ARGUMENT_OUTPUT, false, cli_dump_run },
        { "rules check", NULL, ARGUMENT_FILES, false, cli_rules_check_run },
        { "rules test", &cli_table_verdicts, ARGUMENT_DEVICE, true, cli_rules_test_run },
        { "rules generate", NULL, ARGUMENT_NONE, false, cli_rules_generate_run },
};

struct command {
        const struct verb *verb;
        const char *group; /* first word of a verb of two */
        const char *files[FILES_MAX];
        char device[BASE_SBDF_TEXT_SIZE];
        struct cli_options options;
};

enum option_key {
        OPTION_JSON = 'J',
        OPTION_COLUMNS = 'o',
        OPTION_NO_HEADINGS = 'n',
        OPTION_RAW = 'r',
        OPTION_VERBOSE = 'v',
        OPTION_SOCKET = 256,
        OPTION_DRY_RUN,
        OPTION_FROM,
        OPTION_CONFIG,
        OPTION_CONFIG_DIR,
        OPTION_REDACT,
        OPTION_KNOWN,
        OPTION_MANUAL
};

static const struct argp_option options[] = {
        { "json", OPTION_JSON, NULL, 0, "print JSON", 0 },
        { "output", OPTION_COLUMNS, "COLUMNS", 0,
          "columns to print; +COLUMNS adds to the usual ones; dump: the file to write", 0 },
        { "noheadings", OPTION_NO_HEADINGS, NULL, 0, "do not print headings", 0 },
        { "raw", OPTION_RAW, NULL, 0, "print without alignment, for scripts", 0 },
        { "verbose", OPTION_VERBOSE, NULL, 0,
          "simulate: print what the operator is told too; ports: why each is external, or not; "
          "audit: why each check matters, and what to do",
          0 },
        { "dry-run", OPTION_DRY_RUN, NULL, 0, "reload: only list what would change", 0 },
        { "socket", OPTION_SOCKET, "PATH", 0, "where sallyportd listens, instead of " CLI_SOCKET,
          0 },
        { "from", OPTION_FROM, "FILE", 0,
          "list, ports, tree, show, audit, rules test: of a dump, see sallyport-dump(5), instead "
          "of this machine",
          0 },
        { "config", OPTION_CONFIG, "FILE", 0, "with --from: as sallyportd with this sallyport.conf",
          0 },
        { "config-dir", OPTION_CONFIG_DIR, "DIR", 0,
          "rules check, rules test --from: the folder with rules.d, instead of /etc/sallyport", 0 },
        { "redact", OPTION_REDACT, NULL, 0, "dump: mask serial numbers", 0 },
        { "known", OPTION_KNOWN, NULL, 0, "list: Thunderbolt routers that are enrolled", 0 },
        { "manual", OPTION_MANUAL, NULL, 0, "enroll: to be authorized on request only", 0 },
        { 0 },
};

const char *argp_program_version = "sallyport " SALLYPORT_VERSION;

/* One word, or the second of two. The first of two only says which are meant. */
static void verb_parse(struct command *command, const char *word, struct argp_state *state)
{
        size_t group = command->group ? strlen(command->group) + 1 : 0, length = strlen(word);
        bool first = false;

        for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
                const char *name = verbs[i].name;

                if (group > 0 &&
                    (strncmp(name, command->group, group - 1) != 0 || name[group - 1] != ' '))
                        continue;
                if (strcmp(name + group, word) == 0)
                        command->verb = &verbs[i];
                first = first ||
                        (strncmp(name + group, word, length) == 0 && name[group + length] == ' ');
        }
        if (command->verb)
                return;
        if (!first)
                argp_error(state, "no command '%s%s%s'", group > 0 ? command->group : "",
                           group > 0 ? " " : "", word);
        command->group = word;
}

static void file_add(struct command *command, const char *path, struct argp_state *state)
{
        if (command->options.file_count == FILES_MAX)
                argp_error(state, "one file too many: '%s', expected at most %d", path, FILES_MAX);
        command->files[command->options.file_count++] = path;
        command->options.files = command->files;
}

static void argument_parse(struct command *command, const char *text, struct argp_state *state)
{
        uint32_t sbdf;

        if (command->verb->argument == ARGUMENT_FILES) {
                file_add(command, text, state);
                return;
        }
        if (command->verb->argument == ARGUMENT_GUEST && command->options.device &&
            !command->options.guest) {
                command->options.guest = text;
                return;
        }
        if (command->verb->argument == ARGUMENT_NONE ||
            command->verb->argument == ARGUMENT_OUTPUT || command->options.device ||
            command->options.file)
                argp_error(state, "too many arguments: '%s'", text);
        if (command->verb->argument == ARGUMENT_FILE) {
                command->options.file = text;
                return;
        }
        if (command->verb->argument == ARGUMENT_ROUTER) { /* the daemon knows what one is */
                command->options.device = text;
                return;
        }
        if (base_sbdf_parse(text, strlen(text), &sbdf))
                command->options.device = base_sbdf_format(sbdf, command->device);
        else if (command->verb->argument == ARGUMENT_ANY)
                command->options.device = text;
        else
                argp_error(state, "not a PCI address: '%s', expected [DDDD:]BB:SS.F", text);
}

/* For `dump`, -o names a file. */
static void output_take(struct command *command)
{
        if (!command->verb || command->verb->argument != ARGUMENT_OUTPUT)
                return;
        command->options.file = command->options.style.columns;
        command->options.style.columns = NULL;
}

/* Whose columns -o chooses. */
static const struct cli_table *table_of(const struct command *command)
{
        return command->options.known ? &cli_table_known : command->verb->table;
}

/* Options that only some verbs know. */
static void options_check(const struct command *command, struct argp_state *state)
{
        bool tests = command->verb->run == cli_rules_test_run && command->options.from;

        if (command->options.dry_run && command->verb->table != &cli_table_changes)
                argp_error(state, "%s: changes nothing, or cannot be tried", command->verb->name);
        else if (command->options.from && !command->verb->offline)
                argp_error(state, "%s: does not look at dumps", command->verb->name);
        else if (command->options.known &&
                 (command->verb->run != cli_list_run || command->options.from))
                argp_error(state, "--known: only with list, of this machine");
        else if (command->options.manual && command->verb->run != cli_enroll_run)
                argp_error(state, "--manual: only with enroll");
        else if (command->options.config && !command->options.from)
                argp_error(state, "--config: only with --from");
        else if (command->options.redact && command->verb->argument != ARGUMENT_OUTPUT)
                argp_error(state, "--redact: only of dumps");
        else if (command->options.config_directory && !tests &&
                 command->verb->argument != ARGUMENT_FILES)
                argp_error(state, "%s: reads no rules", command->verb->name);
}

static void command_check(const struct command *command, struct argp_state *state)
{
        const struct cli_style *style = &command->options.style;

        if (!command->verb)
                argp_error(state, "%s%sno command", command->group ? command->group : "",
                           command->group ? ": " : "");
        else if ((command->verb->argument == ARGUMENT_DEVICE ||
                  command->verb->argument == ARGUMENT_GUEST) &&
                 !command->options.device)
                argp_error(state, "%s: no PCI address", command->verb->name);
        else if ((command->verb->argument == ARGUMENT_ROUTER ||
                  command->verb->argument == ARGUMENT_ANY) &&
                 !command->options.device)
                argp_error(state, "%s: nothing named", command->verb->name);
        else if (command->verb->argument == ARGUMENT_GUEST && !command->options.guest)
                argp_error(state, "%s: no guest", command->verb->name);
        else if (command->verb->argument == ARGUMENT_FILE && !command->options.file)
                argp_error(state, "%s: no file", command->verb->name);
        else if (command->options.verbose && command->verb->argument != ARGUMENT_FILE &&
                 command->verb->table != &cli_table_ports &&
                 command->verb->table != &cli_table_audit)
                argp_error(state, "%s: has nothing more to tell", command->verb->name);
        else if (style->columns && !table_of(command))
                argp_error(state, "%s: has no columns to choose", command->verb->name);
        else if (style->columns && !cli_table_accepts(table_of(command), style))
                argp_usage(state);
}

static error_t option_parse(int key, char *argument, struct argp_state *state)
{
        struct command *command = state->input;
        struct cli_style *style = &command->options.style;

        switch (key) {
        case OPTION_JSON:
                style->json = true;
                return 0;
        case OPTION_COLUMNS:
                style->columns = argument;
                return 0;
        case OPTION_NO_HEADINGS:
                style->no_headings = true;
                return 0;
        case OPTION_RAW:
                style->raw = true;
                return 0;
        case OPTION_VERBOSE:
                command->options.verbose = true;
                return 0;
        case OPTION_DRY_RUN:
                command->options.dry_run = true;
                return 0;
        case OPTION_SOCKET:
                command->options.socket = argument;
                return 0;
        case OPTION_FROM:
                command->options.from = argument;
                return 0;
        case OPTION_KNOWN:
                command->options.known = true;
                return 0;
        case OPTION_MANUAL:
                command->options.manual = true;
                return 0;
        case OPTION_REDACT:
                command->options.redact = true;
                return 0;
        case OPTION_CONFIG_DIR:
                command->options.config_directory = argument;
                return 0;
        case OPTION_CONFIG:
                command->options.config = argument;
                return 0;
        case ARGP_KEY_ARG:
                if (command->verb)
                        argument_parse(command, argument, state);
                else
                        verb_parse(command, argument, state);
                return 0;
        case ARGP_KEY_END:
                output_take(command);
                command_check(command, state);
                if (command->verb)
                        options_check(command, state);
                return 0;
        }
        return ARGP_ERR_UNKNOWN;
}

static const struct argp parser = {
        .options = options,
        .parser = option_parse,
        .args_doc = "status\nlist\nports\nrouters\ntree\nshow DEVICE|ROUTER\n"
                    "explain DEVICE|ROUTER\naudit\nreload\nmonitor\nassign DEVICE GUEST\n"
                    "unassign DEVICE\neject PORT\nauthorize ROUTER\nenroll ROUTER\n"
                    "forget UNIQUE-ID\nlist --known\nimport\nsimulate FILE\ndump\n"
                    "rules check [FILE...]\nrules test DEVICE\nrules generate",
        .doc = "What sallyportd knows of hot-plugged PCI devices; giving them to guests, and "
               "orderly removal.\v"
               "DEVICE and PORT are PCI addresses: [DDDD:]BB:SS.F. GUEST is a guest's name. ROUTER "
               "is a Thunderbolt router: DOMAIN-ROUTE, as in 0-301, or its unique ID. FILE "
               "is a scenario: see sallyport-simulate(1); of rules check, rules: see "
               "sallyport-rules(5).\n"
               "Exit codes: 0 ok, 1 failed (audit: weak), 2 usage, 3 no daemon, 4 something is not "
               "contained (audit: broken).\n"
               "See sallyport(1).",
};

int main(int argc, char **argv)
{
        struct command command = { .options.socket = CLI_SOCKET };

        (void)setlocale(LC_ALL, "");
        argp_err_exit_status = CLI_USAGE;
        if (argp_parse(&parser, argc, argv, 0, NULL, &command) != 0)
                return CLI_USAGE; /* without memory: argp itself ends the process for all else */
        return (int)command.verb->run(&command.options);
}
