/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration files to a configuration, and files of rules to rules. */
#pragma once

#include "core/event/event.h"
#include "core/policy/rules.h"
#include "edge/source/file.h"

/** Where both are, unless the command line says otherwise. */
#define SOURCE_CONFIG_DIRECTORY "/etc/sallyport"
#define SOURCE_CONFIG_SIZE_MAX 65536
#define SOURCE_RULES_SIZE_MAX 262144

/**
 * Reads DIRECTORY/sallyport.conf, then DIRECTORY/conf.d/?*.conf in the order of their names' bytes, each on top of
 * those before it, the first on top of policy_config_default(). What is missing is fine, the directory too. 0; or a
 * negative errno (-EINVAL: rejected by the grammar) with *ret_config untouched and *ret_diagnosis filled.
 */
int source_config_read(const char *directory, struct event_config *ret_config,
                       struct source_diagnosis *ret_diagnosis);

/** Applies one file on top of *config. The same results; *config is as it was where it failed. */
int source_config_add(const char *path, struct event_config *config,
                      struct source_diagnosis *ret_diagnosis);

/**
 * Reads DIRECTORY/rules.d/?*.rules in the order of their names' bytes. All or nothing: 0; or a negative errno (-EINVAL:
 * rejected by the grammar) with *ret_diagnosis filled, and no rules in *ret_rules. A missing folder holds no rules.
 */
int source_rules_read(const char *directory, struct policy_rules *ret_rules,
                      struct source_diagnosis *ret_diagnosis);

/** Appends the rules of one file. The same results; *rules is as it was where it failed. */
int source_rules_add(const char *path, struct policy_rules *rules,
                     struct source_diagnosis *ret_diagnosis);
