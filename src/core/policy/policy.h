/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judgements: what is external, and whether door 2 can hold on this machine. */
#pragma once

#include "core/model/model.h"

/** Judges every port that was not judged yet by the configuration and its capabilities. */
void policy_ports_judge(struct core *core, struct effects *effects);

/**
 * Why door 2 cannot be relied upon on this platform, or REASON_NONE. Unknown counts against it (I6).
 * Sources: mechanisms in Xen's ats.c (ats), passthrough/iommu.c (dom0-iommu, iommu=no), intremap.
 */
enum record_reason policy_platform_weakness(const struct event_platform *platform);

/** Tells once, after each EVENT_PLATFORM, what was found and what it means. */
void policy_platform_judge(struct core *core, struct effects *effects);

/** Does ACS Source Validation confine requester IDs to the port's bus range? As last read. */
bool policy_port_validated(const struct model_port *port);
