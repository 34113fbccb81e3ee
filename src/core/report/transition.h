/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From one state to the next: what changed for those who watch. */
#pragma once

#include "core/model/model.h"

/** Derives every state anew, keeps it, and leaves one record for each that changed. */
void report_transitions(struct core *core, struct effects *effects);
