/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records to the journal, by its own protocol, or to stderr. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "edge/sink/journal.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "core/event/parse.h"
#include "core/report/name.h"
#include "core/report/report.h"
#include "edge/clock.h"

#define TEXT_SIZE 640
#define LINE_SIZE (TEXT_SIZE + 128)
#define FIELDS_MAX 12
#define FIELD_SIZE 96
/* How long a line waits for a stderr that nobody reads. Lines are lost rather than the watch. */
#define STDERR_WAIT_MS 100

static const char *const priority_names[] = {
        [RECORD_CRITICAL] = "critical", [RECORD_ERROR] = "error", [RECORD_WARNING] = "warning",
        [RECORD_NOTICE] = "notice",     [RECORD_INFO] = "info",   [RECORD_DEBUG] = "debug",
};

static const char *const target_names[SINK_TARGET_MAX] = {
        [SINK_TARGET_AUTO] = "auto",
        [SINK_TARGET_JOURNAL] = "journal",
        [SINK_TARGET_STDERR] = "stderr",
};

enum sink_target sink_target_parse(const char *name)
{
        enum sink_target target = SINK_TARGET_AUTO;

        while (target < SINK_TARGET_MAX && strcmp(name, target_names[target]) != 0)
                target++;
        return target;
}

int sink_priority_parse(const char *name)
{
        for (int i = RECORD_CRITICAL; i <= RECORD_DEBUG; i++)
                if (strcmp(name, priority_names[i]) == 0)
                        return i;
        return 0;
}

struct sink_journal sink_journal_open(enum sink_target target, enum record_priority priority_max)
{
        struct sink_journal sink = { .priority_max = priority_max };

        /* sd_journal_sendv reports success where nobody listens, so we look ourselves. */
        sink.journal =
                target == SINK_TARGET_JOURNAL ||
                (target == SINK_TARGET_AUTO && access("/run/systemd/journal/socket", W_OK) == 0);
        return sink;
}

bool sink_journal_wants(const struct sink_journal *sink, enum record_kind kind)
{
        return report_message_get(kind)->priority <= (int)sink->priority_max;
}

/* Journal fields being collected: "NAME=value" each. */
struct fields {
        size_t count;
        struct iovec vectors[FIELDS_MAX];
        char texts[FIELDS_MAX][FIELD_SIZE];
};

static void field_add(struct fields *fields, const char *name, const char *value)
{
        char *text = fields->texts[fields->count];
        struct base_text field = base_text_on(text, FIELD_SIZE);

        if (value[0] == '\0')
                return;
        base_text_add(&field, name);
        base_text_add_char(&field, '=');
        base_text_add(&field, value);
        fields->vectors[fields->count++] =
                (struct iovec){ .iov_base = text, .iov_len = field.length };
}

static void field_add_number(struct fields *fields, const char *name, int number)
{
        char value[16];

        (void)snprintf(value, sizeof value, "%d", number);
        field_add(fields, name, value);
}

/* An address, or what stands for none. */
static const char *sbdf_text(uint32_t sbdf, const char *none,
                             char buffer[static BASE_SBDF_TEXT_SIZE])
{
        return sbdf == BASE_SBDF_NONE ? none : base_sbdf_format(sbdf, buffer);
}

/* The kernel's log never blocks, and never tells that it can be written (kernel/printk/printk.c:devkmsg_poll). */
static bool stderr_kernel(void)
{
        struct stat status;

        return fstat(STDERR_FILENO, &status) == 0 && S_ISCHR(status.st_mode) &&
               status.st_rdev == makedev(1, 11);
}

static bool stderr_ready(void)
{
        struct pollfd room = { .fd = STDERR_FILENO, .events = POLLOUT };

        return stderr_kernel() || poll(&room, 1, STDERR_WAIT_MS) > 0;
}

static void stderr_write(enum record_priority priority, uint64_t time_ms, const char *subject,
                         const char *text)
{
        char name[16], line[LINE_SIZE];
        size_t i = 0;
        int length;

        for (; priority_names[priority][i] != '\0'; i++)
                name[i] = (char)(priority_names[priority][i] - 'a' + 'A');
        name[i] = '\0';
        length = snprintf(line, sizeof line, "%llu.%03u %s %s: %s\n",
                          (unsigned long long)(time_ms / 1000), (unsigned int)(time_ms % 1000),
                          name, subject, text);
        if (length < 0)
                return;
        if ((size_t)length >= sizeof line) {
                length = (int)sizeof line - 1;
                line[length - 1] = '\n';
        }
        if (stderr_ready() && write(STDERR_FILENO, line, (size_t)length) < 0)
                return; /* there is nobody left to tell */
}

static void journal_send(struct fields *fields, enum record_priority priority, char *message)
{
        field_add_number(fields, "PRIORITY", (int)priority);
        field_add(fields, "SYSLOG_IDENTIFIER", "sallyportd");
        fields->vectors[fields->count++] =
                (struct iovec){ .iov_base = message, .iov_len = strlen(message) };
        (void)sd_journal_sendv(fields->vectors, (int)fields->count);
}

/* "0-301", as the kernel calls it; or what stands for none. */
static const char *router_text(const struct record_router *router, const char *none, char *buffer,
                               size_t size)
{
        struct base_text text = base_text_on(buffer, size);

        if (!router->any)
                return none;
        report_router_text(router, &text);
        return buffer;
}

static void router_send(struct fields *fields, const struct record_router *router)
{
        char place[FIELD_SIZE], id[EVENT_UNIQUE_ID_TEXT_SIZE];

        if (!router->any)
                return;
        field_add(fields, "SALLYPORT_ROUTER", router_text(router, "", place, sizeof place));
        field_add(fields, "SALLYPORT_UNIQUE_ID", event_unique_id_format(router->unique_id, id));
}

static void record_send(const struct record *record, const struct report_message *message,
                        char *text)
{
        struct fields fields = { 0 };
        char sbdf[BASE_SBDF_TEXT_SIZE];

        field_add(&fields, "MESSAGE_ID", message->message_id);
        field_add(&fields, "SALLYPORT_EVENT", message->name);
        field_add(&fields, "SALLYPORT_PORT", sbdf_text(record->port, "", sbdf));
        field_add(&fields, "SALLYPORT_FUNCTION", sbdf_text(record->function, "", sbdf));
        router_send(&fields, &record->router);
        field_add(&fields, "SALLYPORT_REASON", report_reason_name(record->reason));
        if (record->effect)
                field_add(&fields, "SALLYPORT_EFFECT", report_effect_name(record->effect));
        if (record->error)
                field_add_number(&fields, "ERRNO", record->error);
        journal_send(&fields, (enum record_priority)message->priority, text);
}

void sink_journal_record(const struct sink_journal *sink, const struct record *record)
{
        const struct report_message *message = report_message_get(record->kind);
        char buffer[TEXT_SIZE], subject[FIELD_SIZE], port[BASE_SBDF_TEXT_SIZE],
                function[BASE_SBDF_TEXT_SIZE], router[32];
        struct base_text text = base_text_on(buffer, sizeof buffer);

        if (!sink_journal_wants(sink, record->kind))
                return;
        if (sink->journal)
                base_text_add(&text, "MESSAGE=");
        report_record_text(record, &text);
        if (sink->journal) {
                record_send(record, message, buffer);
                return;
        }
        (void)snprintf(subject, sizeof subject, "%s %s %s", message->name,
                       sbdf_text(record->port, "-", port),
                       record->router.any ? router_text(&record->router, "-", router, sizeof router)
                                          : sbdf_text(record->function, "-", function));
        stderr_write((enum record_priority)message->priority, record->time_ms, subject, buffer);
}

void sink_journal_text(const struct sink_journal *sink, enum record_priority priority,
                       const char *text)
{
        struct fields fields = { 0 };
        char message[TEXT_SIZE];

        if (priority > sink->priority_max)
                return;
        if (!sink->journal) {
                stderr_write(priority, edge_clock_ms(), "- - -", text);
                return;
        }
        (void)snprintf(message, sizeof message, "MESSAGE=%s", text);
        journal_send(&fields, priority, message);
}
