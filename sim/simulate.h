/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sallyport simulate`: a scenario's text to what Sallyport would do and say. All that others may include of sim/. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** Bytes that a scenario can have. */
#define SIM_SCENARIO_SIZE_MAX 65536

/** Where and why a scenario was rejected. Lines and columns count from 1; columns count bytes. */
struct sim_diagnosis {
        uint32_t line;
        uint32_t column;
        char message[256]; /**< "what, and what was expected"; bytes of the file are escaped */
};

/** One named value of a row; valid during the call only. */
struct sim_field {
        const char *key, *value;
};

#define SIM_FIELDS 28

/**
 * Takes one row. Keys: step, kind, and those of core/report/report.h. kind "record": something that an operator is told
 * (text, priority). "port", "bridge", "endpoint": how it stands after the step; while the daemon does not run only
 * what machine and Xen show. "event", the last row of a step: event (what was done), time_ms, contained, and result and
 * reason of a request. 0, or a negative errno, which ends the simulation.
 */
typedef int (*sim_tell)(void *userdata, const struct sim_field *fields, uint32_t count);

/**
 * Runs the scenario in text[0..length): the daemon's start, then each event, each followed by all that comes of it.
 * Returns 1 where everything was contained after each step, 0 where something was not; -EINVAL with *ret_diagnosis
 * filled where the text is no scenario; or what tell answered. Bounded; not reentrant.
 */
int sim_simulate(const char *text, size_t length, sim_tell tell, void *userdata,
                 struct sim_diagnosis *ret_diagnosis);
