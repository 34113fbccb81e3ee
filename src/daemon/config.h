/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration files to a configuration. */
#pragma once

#include <limits.h>

#include "core/event/event.h"

/** No configuration is larger: what is, is a mistake. */
#define DAEMON_CONFIG_SIZE_MAX 65536

/** What is wrong: "FILE:LINE:COLUMN: message", or "FILE: message" where it could not be read. */
struct daemon_diagnosis {
        char text[PATH_MAX + 320];
};

/**
 * Reads DIRECTORY/sallyport.conf, then DIRECTORY/conf.d/?*.conf in the order of their names' bytes, each on top of
 * those before it, the first on top of policy_config_default(). What is missing is fine, the directory too. 0; or a
 * negative errno (-EINVAL: rejected by the grammar) with *ret_config untouched and *ret_diagnosis filled.
 */
int daemon_config_read(const char *directory, struct event_config *ret_config,
                       struct daemon_diagnosis *ret_diagnosis);
