/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sallyportd's core says of a machine that is only a dump. Nothing of this machine is read or touched. */
#pragma once

#include "core/model/model.h"
#include "core/report/report.h"
#include "core/step.h"
#include "offline/dump.h"

/** The dump, and the core after it has looked at it: what is external, and what is below. */
struct offline_world {
        struct offline_dump dump;
        struct core core;
};

/**
 * Reads a dump and hands it to a new core, event by event as sallyportd's edge would; the core cannot change anything:
 * what it wants done is refused (EROFS). Firmware is judged by the dump's tables; where it has none, or does not say
 * which ACPI device a port is, firmware is unclear, as it is for a daemon that cannot read them. The rules, which may
 * be NULL, must outlive the world; for them everything was there at boot. 0 with *ret_world, to be freed by
 * offline_world_free; or a negative errno with *ret_diagnosis filled.
 */
int offline_world_read(const char *path, const struct event_config *config,
                       const struct policy_rules *rules, struct offline_world **ret_world,
                       struct source_diagnosis *ret_diagnosis);
/** One file of sallyport.conf(5)'s form on top of the default; path NULL: the default. Errors as above. */
int offline_config_read(const char *path, struct event_config *ret_config,
                        struct source_diagnosis *ret_diagnosis);
/** Frees a world; NULL is fine. */
void offline_world_free(struct offline_world *world);

/** report_port_row, without what no dump can know: those values are empty. */
bool offline_port_row(const struct offline_world *world, uint32_t index,
                      struct report_row *ret_row);
/** report_function_row, likewise. */
bool offline_function_row(const struct offline_world *world, uint32_t index,
                          struct report_row *ret_row);
/** report_audit_row, where only what the dump says is known. */
bool offline_audit_row(const struct offline_world *world, uint32_t index,
                       struct report_row *ret_row);
