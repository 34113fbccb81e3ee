/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's private bus, seen from the operator's side. */
#include "cli/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define CALL_TIMEOUT_US (10 * 1000000ull)
/* The daemon itself ends a request after 180 s at most: two tries of a toolstack, or drivers and slot power. */
#define REQUEST_TIMEOUT_US (200 * 1000000ull)

enum cli_exit cli_client_failed(int error)
{
        switch (-error) {
        case ENOENT:
        case ECONNREFUSED:
                (void)fputs(
                        "sallyport: sallyportd does not run. Ports that it closed stay closed, but "
                        "devices plugged now are not looked at.\n"
                        "Start it: systemctl start sallyportd\n",
                        stderr);
                return CLI_NO_DAEMON;
        case ECONNRESET:
        case ENOTCONN:
        case EPIPE:
        case ETIMEDOUT:
                (void)fprintf(
                        stderr,
                        "sallyport: sallyportd does not answer (%s). Ports that it closed stay "
                        "closed, but devices plugged now may not be looked at.\n"
                        "Look at it: journalctl -u sallyportd\n",
                        strerror(-error));
                return CLI_NO_DAEMON;
        case EACCES:
        case EPERM:
                (void)fputs("sallyport: only root may ask sallyportd. Nothing was changed.\n",
                            stderr);
                return CLI_FAILED;
        default:
                (void)fprintf(stderr,
                              "sallyport: asking sallyportd failed: %s. Nothing was changed.\n",
                              strerror(-error));
                return CLI_FAILED;
        }
}

enum cli_exit cli_client_open(const struct cli_options *options, sd_bus **ret_bus)
{
        CLI_CLIENT_CLEANUP sd_bus *bus = NULL;
        char address[512];
        struct base_text text = base_text_on(address, sizeof address);
        int r = sd_bus_new(&bus);

        base_text_add(&text, "unix:path=");
        for (const char *at = options->socket; *at; at++) {
                /* D-Bus Specification, Server Addresses: other bytes are written %NN. */
                if (strchr("-_/.", *at) || (*at >= '0' && *at <= '9') ||
                    (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z')) {
                        base_text_add_char(&text, *at);
                        continue;
                }
                base_text_add_char(&text, '%');
                base_text_add_hex(&text, (unsigned char)*at, 2);
        }
        if (r >= 0)
                r = text.truncated ? -ENAMETOOLONG : sd_bus_set_address(bus, address);
        if (r >= 0)
                r = sd_bus_set_method_call_timeout(bus, CALL_TIMEOUT_US);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0)
                return cli_client_failed(r);
        *ret_bus = bus;
        bus = NULL;
        return CLI_OK;
}

int cli_client_read(sd_bus_message *message, struct cli_rows *rows)
{
        struct cli_row *row = cli_rows_append(rows);
        int r = row ? sd_bus_message_enter_container(message, 'a', "{ss}") : -ENOMEM;

        while (r >= 0) {
                const char *key, *value;

                r = sd_bus_message_read(message, "{ss}", &key, &value);
                if (r <= 0)
                        break;
                r = cli_row_set(row, key, value);
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

static int rows_read(sd_bus_message *message, struct cli_rows *rows)
{
        int r = sd_bus_message_enter_container(message, 'a', "a{ss}");

        while (r >= 0) {
                r = sd_bus_message_at_end(message, false);
                if (r != 0)
                        break;
                r = cli_client_read(message, rows);
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

/* An error that the daemon sent has its own words; others are failures of the connection. */
static enum cli_exit call_failed(int r, const sd_bus_error *error)
{
        char words[512];
        struct base_text text = base_text_on(words, sizeof words);

        if (!error->message || !error->name ||
            strncmp(error->name, "org.freedesktop.DBus.Error.", 27) != 0 ||
            sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
                return cli_client_failed(r);
        base_text_add_escaped(&text, error->message, strlen(error->message));
        (void)fprintf(stderr, "sallyport: sallyportd refused: %s\n", words);
        return CLI_FAILED;
}

/* Makes the call and appends what it answers to rows. Types and arguments are those of sd_bus_message_append. */
static enum cli_exit call_make(sd_bus *bus, struct cli_rows *rows, const char *method,
                               const char *types, ...)
{
        __attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *call = NULL, *reply = NULL;
        __attribute__((cleanup(sd_bus_error_free))) sd_bus_error error = SD_BUS_ERROR_NULL;
        va_list arguments;
        int r = sd_bus_message_new_method_call(bus, &call, NULL, CLI_BUS_PATH, CLI_BUS_INTERFACE,
                                               method);

        va_start(arguments, types);
        if (r >= 0)
                r = sd_bus_message_appendv(call, types, arguments);
        va_end(arguments);
        if (r >= 0)
                r = sd_bus_call(bus, call, /* usec= */ 0, &error, &reply);
        if (r < 0)
                return call_failed(r, &error);
        if (sd_bus_message_has_signature(reply, "aa{ss}"))
                r = rows_read(reply, rows);
        else
                r = cli_client_read(reply, rows);
        return r < 0 ? cli_client_failed(r) : CLI_OK;
}

enum cli_exit cli_client_get(sd_bus *bus, const char *method, struct cli_rows *rows)
{
        return call_make(bus, rows, method, "");
}

enum cli_exit cli_client_fetch(const struct cli_options *options, const char *method,
                               struct cli_rows *rows)
{
        CLI_CLIENT_CLEANUP sd_bus *bus = NULL;
        enum cli_exit result = cli_client_open(options, &bus);

        return result == CLI_OK ? cli_client_get(bus, method, rows) : result;
}

enum cli_exit cli_client_history(sd_bus *bus, const char *device, struct cli_rows *rows)
{
        return call_make(bus, rows, "History", "s", device);
}

enum cli_exit cli_client_test(sd_bus *bus, const char *device, struct cli_rows *rows)
{
        return call_make(bus, rows, "Test", "s", device);
}

enum cli_exit cli_client_reload(sd_bus *bus, bool dry_run, struct cli_rows *rows)
{
        return call_make(bus, rows, "Reload", "b", (int)dry_run);
}

enum cli_exit cli_client_enroll(sd_bus *bus, const char *router, bool manual, struct cli_rows *rows)
{
        int r = sd_bus_set_method_call_timeout(bus, REQUEST_TIMEOUT_US);

        return r < 0 ? cli_client_failed(r)
                     : call_make(bus, rows, "Enroll", "sb", router, (int)manual);
}

enum cli_exit cli_client_request(sd_bus *bus, const char *method, const char *device,
                                 const char *guest, struct cli_rows *rows)
{
        int r = sd_bus_set_method_call_timeout(bus, REQUEST_TIMEOUT_US);

        if (r < 0)
                return cli_client_failed(r);
        if (guest)
                return call_make(bus, rows, method, "ss", device, guest);
        return call_make(bus, rows, method, "s", device);
}
