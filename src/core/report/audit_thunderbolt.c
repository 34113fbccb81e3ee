/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Does the third door hold, and does anybody else have a key to it? */
#include "core/report/audit.h"
#include "core/report/name.h"

enum report_audit report_audit_thunderbolt(const struct report_subject *subject,
                                           struct base_text *what)
{
        static const char *const words[THUNDERBOLT_MAX] = {
                [THUNDERBOLT_UNGUARDED] = "none: PCIe tunnels are made without asking",
                [THUNDERBOLT_GUARDED] = "PCIe tunnels wait for authorization",
                [THUNDERBOLT_NO_TUNNELS] = "no PCIe tunnels are made",
                [THUNDERBOLT_ABSENT] = "no Thunderbolt domain",
        };
        enum event_thunderbolt thunderbolt = subject->machine->thunderbolt;

        if (!words[thunderbolt])
                return report_audit_unknown(what);
        base_text_add(what, words[thunderbolt]);
        return thunderbolt == THUNDERBOLT_UNGUARDED ? AUDIT_WEAK : AUDIT_OK;
}

enum report_audit report_audit_boltd(const struct report_subject *subject, struct base_text *what)
{
        if (subject->machine->boltd == FACT_UNKNOWN)
                return report_audit_unknown(what);
        base_text_add(what, subject->machine->boltd == FACT_YES ? "runs" : "does not run");
        return subject->machine->boltd == FACT_YES ? AUDIT_WEAK : AUDIT_OK;
}

enum report_audit report_audit_session(const struct report_subject *subject, struct base_text *what)
{
        const struct core *core = subject->core;

        if (subject->machine->thunderbolt == THUNDERBOLT_UNKNOWN)
                return report_audit_unknown(what);
        if (subject->machine->thunderbolt != THUNDERBOLT_GUARDED) {
                base_text_add(what, "nothing waits for authorization");
                return AUDIT_OK;
        }
        if (core->config.while_locked) {
                base_text_add(what, "nobody asks: WhileLocked=allow");
                return AUDIT_OK;
        }
        if (core->session == SESSION_UNKNOWN)
                return report_audit_unknown(what);
        base_text_add(what, report_session_name(core->session));
        base_text_add(what, core->session_why == REASON_NO_LOGIND ? ": there is no logind"
                            : core->locked_hint ? ": LockedHint was set since the start"
                                                : ": LockedHint was never set since the start");
        return core->locked_hint ? AUDIT_OK : AUDIT_WEAK;
}
