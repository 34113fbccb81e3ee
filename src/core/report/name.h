/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stable words for enumerations. */
#pragma once

#include "base/text.h"
#include "core/model/model.h"

/** "quarantined": the word for a state. */
const char *report_state_name(enum model_state state);
/** "EBUSY" for a positive errno that we know, else NULL. */
const char *report_errno_name(int32_t error);
/** Writes an owner: "dom0", "dom5", "dom_io", "none" (listed without owner), "" where it is absent or was not read. */
void report_owner_text(uint16_t owner, struct base_text *text);
