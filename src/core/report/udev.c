/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules for udev, so that no module is loaded because of what hangs below a guarded port. */
#include "base/assert.h"
#include "core/model/model.h"
#include "core/report/report.h"

/* Paths are the kernel's: what udev would take for a pattern, or for the end of the string, is in none of them. */
static bool path_plain(const char *path)
{
        bool plain = path[0] == '/';

        for (; *path != '\0'; path++)
                plain = plain &&
                        ((*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z') ||
                         (*path >= '-' && *path <= ':') || *path == '_');
        return plain;
}

size_t report_udev_rules(const struct core *core, char *ret_text, size_t size)
{
        struct base_text text = base_text_on(ret_text, size);

        base_assert(size >= REPORT_UDEV_SIZE);
        base_text_add(
                &text,
                "# Made by sallyportd: no driver is loaded for what is below a guarded port.\n");
        for (uint32_t i = 0; i < core->port_count; i++) {
                const struct model_port *port = &core->ports[i];

                if (!port->external || !port->taken || !path_plain(port->found.path))
                        continue;
                base_text_add(&text, "SUBSYSTEM==\"pci\", DEVPATH==\"");
                base_text_add(&text, port->found.path);
                base_text_add(&text, "/*\", ENV{MODALIAS}=\"\"\n");
        }
        return text.length;
}
