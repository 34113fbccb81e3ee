/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of sallyport.conf to a configuration. Pure: the daemon reads the files. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event/event.h"

/** Where and why a text was rejected. Lines and columns count from 1; columns count bytes. */
struct policy_diagnosis {
        uint32_t line;
        uint32_t column;
        char message[256]; /**< "what, and what was expected"; bytes of the file are escaped */
};

/**
 * What holds where no file says otherwise: auto, report, none, xl, postpone, 100 ms, /run/sallyport,
 * /var/lib/sallyport.
 */
void policy_config_default(struct event_config *ret_config);
/** The word for a toolstack in the file: "xl", "virsh", "qvm-pci", "none". */
const char *policy_config_toolstack(enum effect_toolstack toolstack);

/**
 * Applies one file on top of *config (so drop-ins override what came before; `External=` of a later file replaces the
 * list of earlier ones). Grammar: systemd.syntax(7) without line continuation: "[Section]", "Key=value", '#' and ';'
 * comments at the start of a line, blanks around '=' ignored.
 *
 *   [Ports]  External=auto | SBDF | /sys/devices/PATH ...  (blank-separated; may be given several times: adds up)
 *   [Boot]   InUse=report | quarantine
 *   [Vetting] Forgive=none | FINDING ...  (policy_finding_get)
 *   [Guests] Toolstack=xl | virsh | qvm-pci | none  RescanWhileOpen=postpone | pause
 *   [Watch]  PollIntervalMs=10..10000
 *   [Paths]  RunDirectory=/absolute  StateDirectory=/absolute
 *
 * Unknown sections and keys, a key given twice (but External=), values out of range, NUL bytes, overlong values, and
 * more selectors than LIMIT_SELECTORS are errors. On the first error returns false, fills *ret_diagnosis and leaves
 * *config as it was.
 */
bool policy_config_parse(const char *text, size_t length, struct event_config *config,
                         struct policy_diagnosis *ret_diagnosis);
