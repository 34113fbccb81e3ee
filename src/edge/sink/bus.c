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
#include "core/event/parse.h"
#include "core/report/name.h"
#include "core/report/report.h"
#include "edge/clock.h"
#include "edge/sink/history.h"
#include "edge/sink/request.h"
#include "edge/sink/server.h"
#include "edge/store/routers.h"

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

#define REPLY_CLEANUP __attribute__((cleanup(sd_bus_message_unrefp)))

/* Begins an answer of rows. */
static int rows_open(sd_bus_message *call, sd_bus_message **ret_reply)
{
        int r = sd_bus_message_new_method_return(call, ret_reply);

        return r < 0 ? r : sd_bus_message_open_container(*ret_reply, 'a', "a{ss}");
}

static int rows_send(sd_bus_message *reply)
{
        int r = sd_bus_message_close_container(reply);

        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int row_reply(sd_bus_message *call, const struct report_row *row)
{
        REPLY_CLEANUP sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0)
                r = row_append(reply, row);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* Answers with all the rows that there are. */
static int rows_reply(sd_bus_message *call, const struct core *core, row_get get)
{
        REPLY_CLEANUP sd_bus_message *reply = NULL;
        struct report_row row;
        int r = rows_open(call, &reply);

        for (uint32_t i = 0; r >= 0 && get(core, i, &row); i++)
                r = row_append(reply, &row);
        return r < 0 ? r : rows_send(reply);
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

static int method_routers(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const struct sink_bus *bus = userdata;

        (void)error;
        return rows_reply(call, bus->core, report_router_row);
}

static int method_audit(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        REPLY_CLEANUP sd_bus_message *reply = NULL;
        const struct sink_bus *bus = userdata;
        struct event_machine machine = { 0 };
        struct report_row row;
        int r = rows_open(call, &reply);

        (void)error;
        if (bus->machine)
                bus->machine(bus->userdata, &machine);
        for (uint32_t i = 0; r >= 0 && report_audit_row(bus->core, &machine, i, &row); i++)
                r = row_append(reply, &row);
        return r < 0 ? r : rows_send(reply);
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
        const struct sink_bus *bus = userdata;
        struct report_row row;

        (void)error;
        report_status_row(bus->core, &row);
        config_append(bus, &row);
        return row_reply(call, &row);
}

static int unknown_reply(sd_bus_error *error)
{
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                "neither a port nor below an external port, now or lately");
}

static void field_append(struct report_row *row, const char *key, uint64_t number)
{
        struct report_field *field = &row->fields[row->count++];

        field->key = key;
        (void)snprintf(field->value, sizeof field->value, "%" PRIu64, number);
}

static int entry_append(sd_bus_message *reply, const struct sink_history_entry *entry)
{
        struct report_row row;

        report_record_row(&entry->record, &row);
        field_append(&row, "wall_ms", edge_clock_wall_ms(entry->record.time_ms));
        field_append(&row, "times", entry->times);
        field_append(&row, "last_ms", entry->last_ms);
        return row_append(reply, &row);
}

static int dropped_append(sd_bus_message *reply, uint64_t dropped)
{
        struct report_row row = { .count = 2 };

        if (dropped == 0)
                return 0;
        row.fields[0].key = "event";
        (void)snprintf(row.fields[0].value, sizeof row.fields[0].value, "dropped");
        row.fields[1].key = "text";
        (void)snprintf(row.fields[1].value, sizeof row.fields[1].value,
                       "Older entries were dropped: %" PRIu64 ".", dropped);
        return row_append(reply, &row);
}

/* The records that there are; before them, how many there are no more. Of one router's, those about it. */
static int history_append(sd_bus_message *reply, const struct sink_history *history, uint32_t port,
                          uint32_t function, const struct record_router *router)
{
        const struct sink_history_entry *entry;
        uint64_t sequence = 0;
        int r = dropped_append(reply, sink_history_dropped(history, port));

        while (r >= 0 && (entry = sink_history_next(history, port, function, &sequence)))
                if (!router || sink_history_about(&entry->record, router))
                        r = entry_append(reply, entry);
        return r;
}

static int explanation_append(sd_bus_message *reply, const struct sink_bus *bus, uint32_t port,
                              uint32_t device)
{
        uint32_t function = device == port ? BASE_SBDF_NONE : device;
        uint64_t now = edge_clock_ms();
        struct report_row row;
        int r = 0;

        if (report_explain_port(bus->core, port, &row))
                r = row_append(reply, &row);
        if (r >= 0 && report_explain_function(bus->core, device, &row))
                r = row_append(reply, &row);
        for (uint32_t i = 0; r >= 0 && report_explain_finding(bus->core, device, i, &row); i++)
                r = row_append(reply, &row);
        if (r >= 0 && bus->history)
                r = history_append(reply, bus->history, port, function, NULL);
        if (r >= 0 && report_explain_now(bus->core, device, &row)) {
                field_append(&row, "time_ms", now);
                field_append(&row, "wall_ms", edge_clock_wall_ms(now));
                r = row_append(reply, &row);
        }
        return r;
}

/* The row of a router as it is now. */
static bool router_row(const struct core *core, const char *place, const char *unique_id,
                       struct report_row *ret_row)
{
        for (uint32_t i = 0; report_router_row(core, i, ret_row); i++)
                if (strcmp(report_row_value(ret_row, "router"), place) == 0 ||
                    strcmp(report_row_value(ret_row, "unique_id"), unique_id) == 0)
                        return true;
        return false;
}

/* How it stands; that it is not there any more where it is not. */
static int router_now_append(sd_bus_message *reply, const struct sink_bus *bus,
                             const struct record_router *router)
{
        char place[32] = "", id[EVENT_UNIQUE_ID_TEXT_SIZE] = "";
        struct base_text text = base_text_on(place, sizeof place);
        struct report_row row = { .count = 2 }, found;
        uint64_t now = edge_clock_ms();
        bool there;

        if (router->route != 0)
                report_router_text(router, &text);
        else
                (void)event_unique_id_format(router->unique_id, id);
        there = router_row(bus->core, place, id, &found);
        row.fields[0].key = "event";
        (void)snprintf(row.fields[0].value, sizeof row.fields[0].value, "now");
        row.fields[1].key = "text";
        if (!there)
                (void)snprintf(row.fields[1].value, sizeof row.fields[1].value,
                               "No such router is plugged in.");
        else
                (void)snprintf(
                        row.fields[1].value, sizeof row.fields[1].value,
                        "%s: state %s%s%s. See `sallyport show %s`.",
                        report_row_value(&found, "router"), report_row_value(&found, "state"),
                        report_row_value(&found, "reason")[0] ? ", because: " : "",
                        report_row_value(&found, "reason"), report_row_value(&found, "router"));
        field_append(&row, "time_ms", now);
        field_append(&row, "wall_ms", edge_clock_wall_ms(now));
        return row_append(reply, &row);
}

static int router_explanation_append(sd_bus_message *reply, const struct sink_bus *bus,
                                     const struct record_router *router)
{
        int r = 0;

        if (bus->history)
                r = history_append(reply, bus->history, BASE_SBDF_NONE, BASE_SBDF_NONE, router);
        return r < 0 ? r : router_now_append(reply, bus, router);
}

/* The port above a device, now or when it was there last. */
static uint32_t device_port(const struct sink_bus *bus, uint32_t device)
{
        uint32_t port = report_device_port(bus->core, device);

        return port == BASE_SBDF_NONE && bus->history ? sink_history_port(bus->history, device)
                                                      : port;
}

static int method_history(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        REPLY_CLEANUP sd_bus_message *reply = NULL;
        const struct sink_bus *bus = userdata;
        struct record_router router;
        uint32_t device, port = BASE_SBDF_NONE;
        int r = sink_request_subject(call, &device, &router, error);

        if (r < 0)
                return r;
        if (!router.any)
                port = device_port(bus, device);
        if (!router.any && port == BASE_SBDF_NONE)
                return unknown_reply(error);
        r = rows_open(call, &reply);
        if (r >= 0)
                r = router.any ? router_explanation_append(reply, bus, &router)
                               : explanation_append(reply, bus, port, device);
        return r < 0 ? r : rows_send(reply);
}

/* What the files on disk would make of it. NULL with *error set where they are not good. */
static const struct core *preview_make(const struct sink_bus *bus, bool tell, sd_bus_error *error)
{
        const struct core *after;
        char text[SINK_BUS_ERROR_SIZE] = "cannot be done now";

        after = bus->preview ? bus->preview(bus->userdata, tell, text) : NULL;
        if (!after)
                (void)sd_bus_error_set(error, SD_BUS_ERROR_FAILED, text);
        return after;
}

static int method_reload(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        REPLY_CLEANUP sd_bus_message *reply = NULL;
        const struct sink_bus *bus = userdata;
        const struct core *after;
        struct report_row row;
        uint32_t changes = 0;
        int dry_run, r = sd_bus_message_read(call, "b", &dry_run);

        if (r < 0)
                return r;
        after = preview_make(bus, !dry_run, error);
        if (!after)
                return -EINVAL;
        r = rows_open(call, &reply);
        for (; r >= 0 && report_change_row(bus->core, after, changes, &row); changes++)
                r = row_append(reply, &row);
        if (r < 0)
                return r;
        if (!dry_run)
                bus->apply(bus->userdata, changes);
        return rows_send(reply);
}

static int method_test(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        const struct sink_bus *bus = userdata;
        const struct core *after;
        struct report_row row;
        uint32_t device;
        int r = sink_request_device(call, &device, error);

        if (r < 0)
                return r;
        after = preview_make(bus, /* tell= */ false, error);
        if (!after)
                return -EINVAL;
        if (!report_device_row(after, device, &row))
                return unknown_reply(error);
        return row_reply(call, &row);
}

/* The rows of an answer that is being made, and how that went. */
struct known {
        sd_bus_message *reply;
        int r;
};

static void name_field(struct report_row *row, const char *key, const char *name)
{
        struct report_field *field = &row->fields[row->count++];
        struct base_text text = base_text_on(field->value, sizeof field->value);

        field->key = key;
        base_text_add_escaped(&text, name, strlen(name));
}

/* Of an entry that cannot be read only the ID is known. */
static void known_take(void *userdata, const uint8_t *id, const struct event_enrolment *enrolment)
{
        char text[EVENT_UNIQUE_ID_TEXT_SIZE];
        struct report_row row = { .count = 0 };
        struct known *known = userdata;

        name_field(&row, "unique_id", event_unique_id_format(id, text));
        if (enrolment) {
                name_field(&row, "policy", enrolment->manual ? "manual" : "auto");
                name_field(&row, "key", event_enrolment_key_word(enrolment->key));
                name_field(&row, "vendor_name", enrolment->vendor_name);
                name_field(&row, "device_name", enrolment->device_name);
        } else {
                name_field(&row, "policy", "unreadable");
        }
        if (known->r >= 0)
                known->r = row_append(known->reply, &row);
}

/* The identity store as it is on the disk now: a few files, read as the configuration is. */
static int method_known(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        REPLY_CLEANUP sd_bus_message *reply = NULL;
        const struct sink_bus *bus = userdata;
        struct known known = { .r = rows_open(call, &reply) };
        int failed;

        if (known.r < 0)
                return known.r;
        known.reply = reply;
        failed = bus->store ? store_routers_each(bus->store, known_take, &known) : -ENODEV;
        if (failed < 0)
                return sd_bus_error_setf(error, SD_BUS_ERROR_FAILED,
                                         "the identity store cannot be listed (%s); see "
                                         "StateDirectory= in sallyport.conf(5)",
                                         strerror(-failed));
        return known.r < 0 ? known.r : rows_send(reply);
}

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Ports", NULL, "aa{ss}", method_ports, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Functions", NULL, "aa{ss}", method_functions, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Routers", NULL, "aa{ss}", method_routers, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Status", NULL, "a{ss}", method_status, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Audit", NULL, "aa{ss}", method_audit, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("History", "s", "aa{ss}", method_history, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Reload", "b", "aa{ss}", method_reload, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Test", "s", "a{ss}", method_test, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Eject", "s", "a{ss}", sink_request_eject, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Assign", "ss", "a{ss}", sink_request_assign, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Unassign", "s", "a{ss}", sink_request_unassign, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Known", NULL, "aa{ss}", method_known, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Authorize", "s", "a{ss}", sink_request_authorize,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Enroll", "sb", "a{ss}", sink_request_enroll, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Forget", "s", "a{ss}", sink_request_forget, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("Record", "a{ss}", 0),
        SD_BUS_VTABLE_END,
};

int sink_bus_serve(struct sink_bus *bus, sd_bus *client)
{
        return sd_bus_add_object_vtable(client, NULL, SINK_BUS_PATH, SINK_BUS_INTERFACE,
                                        manager_vtable, bus);
}

static int record_send(sd_bus *client, const struct record *record)
{
        __attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *signal = NULL;
        struct report_row row;
        uint64_t waiting = 0;
        int r = sd_bus_get_n_queued_write(client, &waiting);

        if (r >= 0 && waiting >= CLIENT_BACKLOG_MAX)
                return -ENOBUFS;
        if (r >= 0)
                r = sd_bus_message_new_signal(client, &signal, SINK_BUS_PATH, SINK_BUS_INTERFACE,
                                              "Record");
        report_record_row(record, &row);
        if (r >= 0)
                r = row_append(signal, &row);
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
