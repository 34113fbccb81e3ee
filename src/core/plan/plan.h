/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to do next: the first goal that is not met, and the effect that brings it about. */
#pragma once

#include "core/model/model.h"

/** Asks for a discovery where one is due. */
void plan_discovery_advance(struct core *core, struct effects *effects);

/**
 * For each external port: at most one effect that runs at once, or one for a worker where none is under way. The same
 * walk serves start, restart, arrival, removal and doubt: it knows facts and goals, not stories.
 */
void plan_ports_advance(struct core *core, struct effects *effects);

/** Takes up a request: EVENT_REQUEST. Answers at once where it cannot be begun. */
void plan_request_apply(struct core *core, const struct event *event, struct effects *effects);

/** Ends removals: attention button after its 5 s, requests that are done, failed or too late. */
void plan_requests_advance(struct core *core, struct effects *effects);
