/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel uevents (lib/kobject_uevent.c): "ACTION@DEVPATH", then NUL-terminated KEY=value pairs. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/event/parse.h"

/* The value of key in a list of NUL-terminated KEY=value strings; false where it is not there. */
static bool pair_find(const char *bytes, size_t length, const char *key, const char **ret_value,
                      size_t *ret_length)
{
        size_t key_length = strlen(key);

        for (size_t start = 0; start < length;) {
                size_t end = start;

                while (end < length && bytes[end] != '\0')
                        end++;
                if (end - start > key_length && bytes[start + key_length] == '=' &&
                    memcmp(bytes + start, key, key_length) == 0) {
                        *ret_value = bytes + start + key_length + 1;
                        *ret_length = end - start - key_length - 1;
                        return true;
                }
                start = end + 1;
        }
        return false;
}

static enum event_action action_parse(const char *text, size_t length)
{
        static const struct {
                const char *word;
                enum event_action action;
        } words[] = {
                { "add", UEVENT_ADD },       { "remove", UEVENT_REMOVE }, { "bind", UEVENT_BIND },
                { "unbind", UEVENT_UNBIND }, { "change", UEVENT_CHANGE },
        };

        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                if (base_text_is(text, length, words[i].word))
                        return words[i].action;
        return UEVENT_OTHER;
}

bool event_uevent_parse(const char *bytes, size_t length, struct event *ret_event)
{
        const char *subsystem, *action, *path;
        size_t subsystem_length, action_length, path_length;
        enum event_subsystem which;

        base_assert(bytes || length == 0);
        memset(ret_event, 0, sizeof *ret_event);
        if (!pair_find(bytes, length, "SUBSYSTEM", &subsystem, &subsystem_length))
                return false;
        if (base_text_is(subsystem, subsystem_length, "pci"))
                which = SUBSYSTEM_PCI;
        else if (base_text_is(subsystem, subsystem_length, "pci_express"))
                which = SUBSYSTEM_PCI_EXPRESS;
        else if (base_text_is(subsystem, subsystem_length, "thunderbolt"))
                which = SUBSYSTEM_THUNDERBOLT;
        else
                return false;
        ret_event->kind = EVENT_OVERRUN; /* it is ours: what cannot be read is as good as lost */
        if (!pair_find(bytes, length, "ACTION", &action, &action_length) ||
            !pair_find(bytes, length, "DEVPATH", &path, &path_length) ||
            bytes[length - 1] != '\0' ||
            (which != SUBSYSTEM_THUNDERBOLT &&
             !event_place_parse(path, path_length, &ret_event->uevent.place))) {
                memset(&ret_event->uevent, 0, sizeof ret_event->uevent);
                return true;
        }
        ret_event->kind = EVENT_UEVENT;
        ret_event->uevent.action = action_parse(action, action_length);
        ret_event->uevent.subsystem = which;
        return true;
}
