/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the files of `sallyport audit`: what a check looks at, and the checks that stand apart. */
#pragma once

#include "base/text.h"
#include "core/model/model.h"

enum report_audit { AUDIT_OK, AUDIT_WEAK, AUDIT_BROKEN };

/* What a check is about. */
struct report_subject {
        const struct core *core;
        const struct event_machine *machine;
        const struct model_port *port;
        const struct model_function *function;
};

/** A fact that is not known: "unknown", which is weak. */
enum report_audit report_audit_unknown(struct base_text *what);

/** Of each: judges, and writes what is so. */
enum report_audit report_audit_thunderbolt(const struct report_subject *subject,
                                           struct base_text *what);
enum report_audit report_audit_boltd(const struct report_subject *subject, struct base_text *what);
/** Does a locked screen keep routers out? That a screen locker tells logind shows only when it has done so. */
enum report_audit report_audit_session(const struct report_subject *subject,
                                       struct base_text *what);
