/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of devices, for people only: never stable, never decided upon. */
#pragma once

#include "cli/rows.h"

/** Sets `name` in each row from its `id` ("1b36:0010"); leaves out what udev's hardware database does not know. */
void cli_names_add(struct cli_rows *rows);
