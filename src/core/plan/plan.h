/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to do next: the first goal that is not met, and the effect that brings it about. */
#pragma once

#include "core/model/model.h"

/** Deadline of EFFECT_REMEMBER. A disk that takes longer is tried again. */
#define PLAN_REMEMBER_MS 3000u

/** Asks for a discovery where one is due. */
void plan_discovery_advance(struct core *core, struct effects *effects);

/**
 * For each external port: at most one effect that runs at once, or one for a worker where none is under way. The same
 * walk serves start, restart, arrival, removal and doubt: it knows facts and goals, not stories.
 */
void plan_ports_advance(struct core *core, struct effects *effects);

/** Takes up a request: EVENT_REQUEST. Answers at once where it cannot be begun. */
void plan_request_apply(struct core *core, const struct event *event, struct effects *effects);

/** The answer to a request; port is its SBDF. */
void plan_request_answer(uint64_t request, uint32_t port, enum effect_result result,
                         enum record_reason reason, struct effects *effects);
/** Begins REQUEST_ASSIGN or REQUEST_UNASSIGN for an external port; answers at once where that cannot be. */
void plan_release_request(struct core *core, struct model_port *port,
                          const struct event_request *request, struct effects *effects);
/** EVENT_GUESTS: gives what the rules assign to the guests that are there. */
void plan_release_rules(struct core *core, const struct event *event, struct effects *effects);
/** May it be given to somebody? Bridges stay, and bridge. */
bool plan_release_givable(const struct model_port *port, const struct model_function *function);
/** From now on it is to be its port's guest's, or dom0's: nothing that was done for another counts. */
void plan_release_give(struct model_function *function);
/**
 * trust-dom0: makes what the rules trust dom0's, once its hierarchy is in quarantine, and ends that: whatever was
 * plugged instead, whoever asks for it, whatever the rules say now, and where it fails. The door is GOAL_GATE's.
 */
void plan_trust_advance(struct core *core, struct effects *effects);
/** Ends what is done or has failed: requests, and the stay of a hierarchy with a guest. */
void plan_release_advance(struct core *core, struct model_port *port, struct effects *effects);

/** Takes up a request about a Thunderbolt router. Answers at once where it cannot be begun. */
void plan_router_request(struct core *core, const struct event_request *request,
                         struct effects *effects);
/**
 * Has routers listed where that is due, authorizes those that somebody's word lets in, one at a time and only behind
 * closed ports (I3), has what they bring looked for, and deauthorizes what was ejected. One effect is under way.
 */
void plan_routers_advance(struct core *core, struct effects *effects);
/** Counts a try and says when the next may be: at once at first, then ever later. */
void plan_attempt_count(const struct core *core, struct model_attempt *attempt);

/** Ends removals: attention button after its 5 s, requests that are done, failed or too late. */
void plan_requests_advance(struct core *core, struct effects *effects);
