/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said on the private bus. */
#include "edge/sink/bus.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "core/report/report.h"
#include "edge/clock.h"
#include "edge/sink/server.h"

#define TEXT_SIZE 640
/* Messages that wait for a client that does not read; each signal is below 1 KiB. */
#define CLIENT_BACKLOG_MAX 1024u

static int pair_append(sd_bus_message *message, const char *key, const char *value)
{
        return sd_bus_message_append(message, "{ss}", key, value);
}

static int row_append(sd_bus_message *message, const struct report_row *row)
{
        int r = sd_bus_message_open_container(message, 'a', "{ss}");

        for (uint32_t i = 0; r >= 0 && i < row->count; i++)
                r = pair_append(message, row->fields[i].key, row->fields[i].value);
        return r < 0 ? r : sd_bus_message_close_container(message);
}

typedef bool (*row_get)(const struct core *core, uint32_t index, struct report_row *ret_row);

/* Answers with all the rows that there are. */
static int rows_reply(sd_bus_message *call, const struct core *core, row_get get)
{
        __attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *reply = NULL;
        struct report_row row;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{ss}");
        for (uint32_t i = 0; r >= 0 && get(core, i, &row); i++)
                r = row_append(reply, &row);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_ports(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const struct sink_bus *bus = userdata;

        (void)error;
        return rows_reply(call, bus->core, report_port_row);
}

static int method_functions(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const struct sink_bus *bus = userdata;

        (void)error;
        return rows_reply(call, bus->core, report_function_row);
}

/* The core knows of no files: whether they were good is for us to add. */
static void config_append(const struct sink_bus *bus, struct report_row *row)
{
        struct report_field *field = &row->fields[row->count];

        if (row->count == REPORT_FIELDS)
                return;
        field->key = "config";
        (void)snprintf(field->value, sizeof field->value, "%s", bus->defaults ? "auto" : "ok");
        row->count++;
}

static int method_status(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        __attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *reply = NULL;
        const struct sink_bus *bus = userdata;
        struct report_row row;
        int r;

        (void)error;
        report_status_row(bus->core, &row);
        config_append(bus, &row);
        r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = row_append(reply, &row);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static struct sink_bus_request *request_get(struct sink_bus *bus, uint64_t id)
{
        for (unsigned int i = 0; i < SINK_BUS_REQUESTS_MAX; i++)
                if (bus->requests[i].id == id)
                        return &bus->requests[i];
        return NULL;
}

static int method_eject(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        struct sink_bus *bus = userdata;
        struct sink_bus_request *request = request_get(bus, 0);
        struct event event = { .kind = EVENT_REQUEST, .port = BASE_SBDF_NONE };
        const char *device;
        int r = sd_bus_message_read(call, "s", &device);

        if (r < 0)
                return r;
        if (!base_sbdf_parse(device, strlen(device), &event.request.sbdf))
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "not a PCI address; expected [DDDD:]BB:SS.F");
        if (!request)
                return sd_bus_error_set(
                        error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                        "too many requests are under way; try again when some have ended");
        request->id = ++bus->request_last;
        request->message = sd_bus_message_ref(call);
        event.request.id = request->id;
        event.request.verb = REQUEST_EJECT;
        event.time_ms = edge_clock_ms();
        bus->request(bus->userdata, &event); /* may answer at once */
        return 1;
}

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Ports", NULL, "aa{ss}", method_ports, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Functions", NULL, "aa{ss}", method_functions, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Status", NULL, "a{ss}", method_status, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Eject", "s", "a{ss}", method_eject, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("Record", "a{ss}", 0),
        SD_BUS_VTABLE_END,
};

int sink_bus_serve(struct sink_bus *bus, sd_bus *client)
{
        return sd_bus_add_object_vtable(client, NULL, SINK_BUS_PATH, SINK_BUS_INTERFACE,
                                        manager_vtable, bus);
}

static void request_end(struct sink_bus_request *request)
{
        request->message = sd_bus_message_unref(request->message);
        request->id = 0;
}

void sink_bus_forget(struct sink_bus *bus, sd_bus *client)
{
        for (unsigned int i = 0; i < SINK_BUS_REQUESTS_MAX; i++)
                if (bus->requests[i].id != 0 &&
                    sd_bus_message_get_bus(bus->requests[i].message) == client)
                        request_end(&bus->requests[i]);
}

void sink_bus_reply(struct sink_bus *bus, const struct effect *effect)
{
        struct sink_bus_request *request =
                effect->request == 0 ? NULL : request_get(bus, effect->request);

        if (!request)
                return;
        (void)sd_bus_reply_method_return(request->message, "a{ss}", 2, "result",
                                         report_result_name(effect->result), "reason",
                                         report_reason_name(effect->reason));
        request_end(request);
}

static const char *sbdf_text(uint32_t sbdf, char buffer[static BASE_SBDF_TEXT_SIZE])
{
        return sbdf == BASE_SBDF_NONE ? "" : base_sbdf_format(sbdf, buffer);
}

static int record_append(sd_bus_message *signal, const struct record *record)
{
        const struct report_message *kind = report_message_get(record->kind);
        char time[24], priority[12], error[12] = "", text[TEXT_SIZE];
        char port[BASE_SBDF_TEXT_SIZE], function[BASE_SBDF_TEXT_SIZE];
        struct base_text sentence = base_text_on(text, sizeof text);

        (void)snprintf(time, sizeof time, "%" PRIu64, record->time_ms);
        (void)snprintf(priority, sizeof priority, "%d", kind->priority);
        if (record->error)
                (void)snprintf(error, sizeof error, "%" PRIi32, record->error);
        report_record_text(record, &sentence);
        return sd_bus_message_append(signal, "a{ss}", 8, "event", kind->name, "time_ms", time,
                                     "priority", priority, "port", sbdf_text(record->port, port),
                                     "function", sbdf_text(record->function, function), "reason",
                                     report_reason_name(record->reason), "error", error, "text",
                                     text);
}

static int record_send(sd_bus *client, const struct record *record)
{
        __attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *signal = NULL;
        uint64_t waiting = 0;
        int r = sd_bus_get_n_queued_write(client, &waiting);

        if (r >= 0 && waiting >= CLIENT_BACKLOG_MAX)
                return -ENOBUFS;
        if (r >= 0)
                r = sd_bus_message_new_signal(client, &signal, SINK_BUS_PATH, SINK_BUS_INTERFACE,
                                              "Record");
        if (r >= 0)
                r = record_append(signal, record);
        return r < 0 ? r : sd_bus_send(client, signal, NULL);
}

void sink_bus_record(struct sink_bus *bus, const struct record *record)
{
        for (unsigned int i = 0; i < SINK_BUS_CLIENTS_MAX; i++)
                if (bus->clients[i] && record_send(bus->clients[i], record) < 0)
                        sink_server_drop(bus, i);
}

int sink_bus_open(struct sink_bus *ret_bus, sd_event *loop, const char *run_directory,
                  const struct core *core, sink_request request, void *userdata)
{
        int fd = sink_server_listen(run_directory), error;

        if (fd < 0)
                return fd;
        *ret_bus = (struct sink_bus){
                .loop = sd_event_ref(loop),
                .core = core,
                .request = request,
                .userdata = userdata,
                .fd = fd,
        };
        error = sink_server_start(ret_bus);
        if (error < 0)
                sink_bus_close(ret_bus);
        return error < 0 ? error : 0;
}

void sink_bus_close(struct sink_bus *bus)
{
        if (!bus->loop)
                return;
        for (unsigned int i = 0; i < SINK_BUS_CLIENTS_MAX; i++)
                sink_server_drop(bus, i);
        bus->listener = sd_event_source_disable_unref(bus->listener);
        (void)close(bus->fd);
        bus->loop = sd_event_unref(bus->loop);
}
