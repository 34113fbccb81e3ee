/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stable words for enumerations. */
#pragma once

#include "base/text.h"
#include "core/model/model.h"
#include "core/policy/rules.h"
#include "core/report/report.h"

/** "quarantined": the word for a state. */
const char *report_state_name(enum model_state state);
/** "EBUSY" for a positive errno that we know, else NULL. */
const char *report_errno_name(int32_t error);
/** Writes an owner: "dom0", "dom5", "dom_io", "none" (listed without owner), "" where it is absent or was not read. */
void report_owner_text(uint16_t owner, struct base_text *text);
/** Writes the names of a set of findings (bits by enum policy_finding), between blanks. */
void report_findings_text(uint32_t findings, struct base_text *text);
/** What has to be so for a goal to be met, after "waits until": "Bus Master Enable of the port reads 0". */
const char *report_goal_text(enum model_goal goal);

/** "held": the word for a router's state. */
const char *report_router_state_name(enum model_router_state state);
/** "claimed": what a router has proved. */
const char *report_key_name(enum policy_key key);
const char *report_session_name(enum record_session session);
/** Writes a router as the kernel calls it, "0-301"; nothing for none. */
void report_router_text(const struct record_router *router, struct base_text *text);

/** Opens the row's next field; the caller writes its value. There must be room. */
struct base_text report_field_open(struct report_row *row, const char *key);
/** Appends a field; what does not print is escaped. */
void report_field_text(struct report_row *row, const char *key, const char *value);
