/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sallyport rules check`: rules as the daemon would read them, without a daemon. */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "core/policy/rules.h"

/**
 * Checks these files of rules in this order as one set; where count is 0, those of DIRECTORY/rules.d (NULL: of the
 * daemon's folder). Writes a line per error or warning to `told`: "FILE:LINE:COLUMN: message". 0 where the daemon would
 * take them, with warnings or without; else a negative errno.
 */
int offline_rules_check(const char *directory, const char *const *files, size_t count, FILE *told);

/**
 * The rules of DIRECTORY/rules.d (NULL: of the daemon's folder), in memory that the next call uses again; or NULL,
 * with the error written to `told` as offline_rules_check does.
 */
const struct policy_rules *offline_rules_read(const char *directory, FILE *told);
