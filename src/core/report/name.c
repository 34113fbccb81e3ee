/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stable words for enumerations: part of the JSON output and the journal, so they never change. */
#include "core/report/name.h"

#include <errno.h>
#include <stddef.h>

#include "base/assert.h"
#include "core/policy/finding.h"
#include "core/policy/rules.h"
#include "core/report/report.h"

static const char *const state_names[STATE_MAX] = {
        [STATE_NONE] = "",
        [STATE_STARTING] = "starting",
        [STATE_EMPTY] = "empty",
        [STATE_ARRIVING] = "arriving",
        [STATE_QUARANTINED] = "quarantined",
        [STATE_CONTAINED] = "contained",
        [STATE_ASSIGNED] = "assigned",
        [STATE_LEAVING] = "leaving",
        [STATE_EJECTED] = "ejected",
        [STATE_GONE] = "gone",
        [STATE_INTERNAL] = "internal",
        [STATE_EXPOSED] = "exposed",
        [STATE_TRUSTED] = "trusted",
};

static const char *const reason_names[REASON_MAX] = {
        [REASON_NONE] = "",
        [REASON_HOTPLUG_CAPABLE] = "hot-plug-capable",
        [REASON_CONFIGURED] = "configured",
        [REASON_NOT_HOTPLUG] = "not-hot-plug-capable",
        [REASON_BELOW_EXTERNAL] = "below-external-port",
        [REASON_NOT_CONFIGURED] = "not-configured",
        [REASON_PORT_UNREADABLE] = "port-unreadable",
        [REASON_GATE_REFUSED] = "gate-refused",
        [REASON_NO_PCIEPORT] = "pcieport-missing",
        [REASON_PCIEHP_BOUND] = "pciehp-bound",
        [REASON_RUNTIME_PM] = "runtime-pm",
        [REASON_SLOT_COMMAND] = "slot-command",
        [REASON_NO_LINK] = "no-link",
        [REASON_NO_FUNCTION] = "no-function",
        [REASON_INVENTORY] = "inventory",
        [REASON_UNSTABLE] = "unstable",
        [REASON_DRIVER_BOUND] = "driver-bound",
        [REASON_UNREADABLE] = "unreadable",
        [REASON_QUARANTINE_REFUSED] = "quarantine-refused",
        [REASON_OWNER_DIFFERS] = "owner-differs",
        [REASON_OWNERS_UNREADABLE] = "owners-unreadable",
        [REASON_UNKNOWN_TO_XEN] = "unknown-to-xen",
        [REASON_OWNED_BY_GUEST] = "owned-by-guest",
        [REASON_REMOVE_FAILED] = "remove-failed",
        [REASON_MRL_OPEN] = "latch-open",
        [REASON_NO_ACS] = "no-acs",
        [REASON_NO_XEN] = "no-xen",
        [REASON_NO_IOMMU] = "no-iommu",
        [REASON_NO_INTREMAP] = "no-interrupt-remapping",
        [REASON_ATS] = "ats",
        [REASON_PASSTHROUGH] = "dom0-passthrough",
        [REASON_UNKNOWN_VENDOR] = "unknown-iommu",
        [REASON_AMD_UNSUPPORTED] = "amd-unsupported",
        [REASON_TIMEOUT] = "timeout",
        [REASON_REQUESTED] = "requested",
        [REASON_BUTTON] = "attention-button",
        [REASON_SWAPPED] = "swapped",
        [REASON_CHANGED] = "changed",
        [REASON_OWNERLESS] = "ownerless",
        [REASON_EXTERNAL_FACING] = "external-facing",
        [REASON_USB4] = "usb4",
        [REASON_FIRMWARE_INTERNAL] = "firmware-marks-others",
        [REASON_REJECTED] = "rejected",
        [REASON_RULES_DISAGREE] = "rules-disagree",
        [REASON_OCCUPIED] = "released-when-empty",
        [REASON_CONTROLLER] = "controller-soldered",
        [REASON_NEEDED] = "needed-by-dom0",
        [REASON_IN_USE] = "in-use-by-dom0",
        [REASON_ROOT_UNKNOWN] = "root-not-mounted",
        [REASON_COVERAGE] = "coverage-unknown",
        [REASON_UNCOVERED] = "not-covered",
        [REASON_RESERVE_LIMIT] = "too-many-requesters",
        [REASON_UNRESERVED] = "not-reserved",
        [REASON_MEMORY_OUTDATED] = "state-outdated",
        [REASON_MEMORY_DAMAGED] = "state-damaged",
        [REASON_MEMORY_NEWER] = "state-newer",
        [REASON_MEMORY_UNUSABLE] = "state-unusable",
        [REASON_FINDING] = "finding",
        [REASON_TAINTED] = "tainted",
        [REASON_WITHDRAWN] = "withdrawn",
        [REASON_NO_GUEST] = "no-such-guest",
        [REASON_OTHER_GUEST] = "another-guest's",
        [REASON_NO_ENDPOINT] = "no-endpoint",
        [REASON_BRIDGE] = "bridge",
        [REASON_GUESTS_UNREADABLE] = "guests-unreadable",
        [REASON_NOT_REGISTERED] = "not-registered",
        [REASON_PCIBACK] = "pciback",
        [REASON_ATTACH_FAILED] = "attach-failed",
        [REASON_DETACH_FAILED] = "detach-failed",
        [REASON_RIGHTS_LEFT] = "rights-left",
        [REASON_OPEN_REFUSED] = "open-refused",
        [REASON_DECODE_REFUSED] = "decode-refused",
        [REASON_GUEST_GONE] = "guest-gone",
        [REASON_ARRIVING] = "arriving",
        [REASON_OTHER_PORT_OPEN] = "other-port-open",
        [REASON_TRUSTED] = "trusted",
        [REASON_UNTRUSTED] = "not-trusted",
        [REASON_UNPROBED] = "kept-off",
        [REASON_NO_THIRD_DOOR] = "no-third-door",
        [REASON_NO_TUNNELS] = "no-pcie-tunnels",
        [REASON_SECURITY_UNKNOWN] = "security-unknown",
        [REASON_ROUTERS_LIMIT] = "too-many-routers",
        [REASON_ROUTER_UNREADABLE] = "router-unreadable",
        [REASON_ROUTER_CHANGED] = "router-changed",
        [REASON_ROUTER_TWIN] = "same-unique-id",
        [REASON_KEY_REJECTED] = "key-rejected",
        [REASON_ASK] = "ask",
        [REASON_NOT_ENROLLED] = "not-enrolled",
        [REASON_MANUAL] = "manual",
        [REASON_STORE] = "identity-store",
        [REASON_KEY_UNCHECKED] = "key-not-challenged",
        [REASON_RULES_REJECTED] = "rules-rejected",
        [REASON_ENROLLED] = "enrolled",
        [REASON_RULE] = "rule",
        [REASON_PARENT] = "parent-first",
        [REASON_OTHER_ROUTER] = "other-router-first",
        [REASON_CANDIDATE_OPEN] = "port-open",
        [REASON_NO_CANDIDATE] = "no-guarded-port",
        [REASON_ROUTER_GONE] = "router-gone",
        [REASON_SESSION_LOCKED] = "session-locked",
        [REASON_SESSION_UNKNOWN] = "session-unknown",
        [REASON_LOCKED_HINT] = "locked-hint",
        [REASON_AWAY] = "not-active",
        [REASON_PRESENT] = "present",
        [REASON_NO_LOGIND] = "no-logind",
        [REASON_NOBODY] = "nobody",
        [REASON_SESSIONS_UNREADABLE] = "sessions-unreadable",
        [REASON_SESSIONS_CONTRADICT] = "sessions-contradict",
};

static const char *const router_state_names[ROUTER_STATE_MAX] = {
        [ROUTER_NONE] = "",
        [ROUTER_HELD] = "held",
        [ROUTER_WAITING] = "waiting",
        [ROUTER_AUTHORIZING] = "authorizing",
        [ROUTER_AUTHORIZED] = "authorized",
        [ROUTER_FOREIGN] = "foreign",
};

static const char *const key_names[POLICY_KEY_MAX] = {
        [POLICY_KEY_NONE] = "none",
        [POLICY_KEY_CLAIMED] = "claimed",
        [POLICY_KEY_VERIFIED] = "verified",
};

static const char *const session_names[SESSION_MAX] = {
        [SESSION_UNKNOWN] = "unknown",
        [SESSION_LOCKED] = "locked",
        [SESSION_UNLOCKED] = "unlocked",
        [SESSION_NONE] = "none",
};

static const char *const verdict_names[VERDICT_MAX] = {
        [VERDICT_QUARANTINE] = "quarantine", [VERDICT_REJECT] = "reject",
        [VERDICT_ASSIGN] = "assign",         [VERDICT_ASK] = "ask",
        [VERDICT_TRUST_DOM0] = "trust-dom0",
};

static const char *const effect_names[EFFECT_MAX] = {
        [EFFECT_NONE] = "none",
        [EFFECT_DISCOVER] = "discover",
        [EFFECT_PORT_READ] = "port-read",
        [EFFECT_INVENTORY] = "inventory",
        [EFFECT_OWNERS] = "owners",
        [EFFECT_CONFIRM] = "confirm",
        [EFFECT_PORT_CLOSE] = "port-close",
        [EFFECT_PORT_BIND] = "port-bind",
        [EFFECT_PORT_AWAKE] = "port-awake",
        [EFFECT_PCIEHP_UNBIND] = "pciehp-unbind",
        [EFFECT_SLOT_CONTROL] = "slot-control",
        [EFFECT_SLOT_CLEAR] = "slot-clear",
        [EFFECT_RESCAN] = "rescan",
        [EFFECT_DRIVER_OFF] = "driver-off",
        [EFFECT_QUARANTINE] = "quarantine",
        [EFFECT_RESERVE] = "reserve",
        [EFFECT_WITHDRAW] = "withdraw",
        [EFFECT_REMOVE] = "remove",
        [EFFECT_REMEMBER] = "remember",
        [EFFECT_GUESTS] = "guests",
        [EFFECT_REGISTER] = "register",
        [EFFECT_PCIBACK_BIND] = "pciback-bind",
        [EFFECT_ATTACH] = "attach",
        [EFFECT_DETACH] = "detach",
        [EFFECT_REVOKE] = "revoke",
        [EFFECT_PORT_OPEN] = "port-open",
        [EFFECT_PORT_DECODE] = "port-decode",
        [EFFECT_PROBE] = "probe",
        [EFFECT_ROUTERS] = "routers",
        [EFFECT_AUTHORIZE] = "authorize",
        [EFFECT_DEAUTHORIZE] = "deauthorize",
        [EFFECT_ENROLL] = "enroll",
        [EFFECT_FORGET] = "forget",
        [EFFECT_REPLY] = "reply",
};

static const char *const goal_texts[GOAL_MAX] = {
        [GOAL_REGISTERS] = "the port is read",
        [GOAL_GATE] = "Bus Master Enable of the port reads 0",
        [GOAL_FORGOTTEN] = "the state file no longer names what was there before",
        [GOAL_PCIEPORT] = "pcieport holds the port",
        [GOAL_PCIEHP] = "pciehp has let go of the port",
        [GOAL_AWAKE] = "runtime power management of the port is off",
        [GOAL_STATUS] = "the slot's event bits are cleared",
        [GOAL_SLOT] = "the slot's power and lights are as they have to be",
        [GOAL_INVENTORY] = "the functions below are listed",
        [GOAL_OWNERLESS] = "Xen's owner list is read, before anything is removed",
        [GOAL_NOTED] = "the state file says what is taken back, or removed",
        [GOAL_DETACHED] = "no guest owns what is to be taken back",
        [GOAL_REVOKED] = "Xen says that no guest it was taken from has rights to its memory",
        [GOAL_GONE] = "the kernel has removed it",
        [GOAL_RESCAN] = "the kernel has enumerated what is plugged",
        [GOAL_REMEMBERED] = "the state file names what is below",
        [GOAL_DRIVER] = "no dom0 driver holds it",
        [GOAL_STABLE] = "two inventories in a row are the same",
        [GOAL_DECODES] = "the port forwards memory requests: Memory Space Enable reads 1",
        [GOAL_QUARANTINE] = "Xen blocks its DMA, or has forgotten it",
        [GOAL_OWNERS] = "Xen's owner list agrees",
        [GOAL_RESERVED] = "Xen blocks every requester ID of the port's bus range",
        [GOAL_RECHECK] = "the port is read once more after all that",
        [GOAL_GUEST] = "the guest that it is given to is there",
        [GOAL_REGISTERED] = "Xen has learned of it anew",
        [GOAL_PCIBACK] = "pciback holds it",
        [GOAL_ATTACHED] = "Xen's owner is the guest",
        [GOAL_OPEN] = "door 1 is open: Bus Master Enable of the port reads 1",
        [GOAL_PROBED] = "nothing of ours keeps dom0's drivers off it",
};

const char *report_state_name(enum model_state state)
{
        base_assert(state < STATE_MAX && state_names[state]);
        return state_names[state];
}

const char *report_router_state_name(enum model_router_state state)
{
        base_assert(state < ROUTER_STATE_MAX && router_state_names[state]);
        return router_state_names[state];
}

const char *report_key_name(enum policy_key key)
{
        base_assert(key < POLICY_KEY_MAX && key_names[key]);
        return key_names[key];
}

const char *report_session_name(enum record_session session)
{
        base_assert(session < SESSION_MAX && session_names[session]);
        return session_names[session];
}

void report_router_text(const struct record_router *router, struct base_text *text)
{
        if (!router->any)
                return;
        base_text_add_u64(text, router->domain);
        base_text_add_char(text, '-');
        base_text_add_hex(text, router->route, 1);
}

const char *report_goal_text(enum model_goal goal)
{
        base_assert(goal < GOAL_MAX && goal_texts[goal]);
        return goal_texts[goal];
}

const char *report_reason_name(enum record_reason reason)
{
        base_assert(reason < REASON_MAX && reason_names[reason]);
        return reason_names[reason];
}

const char *report_verdict_name(enum record_verdict verdict)
{
        base_assert(verdict < VERDICT_MAX && verdict_names[verdict]);
        return verdict_names[verdict];
}

void report_findings_text(uint32_t findings, struct base_text *text)
{
        bool first = true;

        for (enum policy_finding i = 0; i < FINDING_MAX; i++) {
                if (!(findings & 1u << i))
                        continue;
                if (!first)
                        base_text_add_char(text, ' ');
                base_text_add(text, policy_finding_get(i)->name);
                first = false;
        }
}

const char *report_effect_name(uint32_t kind)
{
        base_assert(kind < EFFECT_MAX && effect_names[kind]);
        return effect_names[kind];
}

const char *report_errno_name(int32_t error)
{
        switch (error) {
        case EPERM:
                return "EPERM";
        case ENOENT:
                return "ENOENT";
        case EIO:
                return "EIO";
        case ENXIO:
                return "ENXIO";
        case EAGAIN:
                return "EAGAIN";
        case ENOMEM:
                return "ENOMEM";
        case EACCES:
                return "EACCES";
        case EBUSY:
                return "EBUSY";
        case ENODEV:
                return "ENODEV";
        case EINVAL:
                return "EINVAL";
        case EFBIG:
                return "EFBIG";
        case ENOSPC:
                return "ENOSPC";
        case EROFS:
                return "EROFS";
        case EOPNOTSUPP:
                return "EOPNOTSUPP";
        case ETIMEDOUT:
                return "ETIMEDOUT";
        case ESTALE:
                return "ESTALE";
        case EREMOTEIO:
                return "EREMOTEIO";
        case EUSERS:
                return "EUSERS";
        case EUCLEAN:
                return "EUCLEAN";
        case EKEYREJECTED:
                return "EKEYREJECTED";
        default:
                return NULL;
        }
}

void report_owner_text(uint16_t owner, struct base_text *text)
{
        if (owner == EVENT_OWNER_UNKNOWN || owner == EVENT_OWNER_ABSENT)
                return;
        if (owner == EVENT_OWNER_NOBODY) {
                base_text_add(text, "none");
                return;
        }
        if (owner == EVENT_OWNER_DOM_IO) {
                base_text_add(text, "dom_io");
                return;
        }
        if (owner == EVENT_OWNER_GUEST) {
                base_text_add(text, "guest");
                return;
        }
        base_text_add(text, "dom");
        base_text_add_u64(text, owner);
}

const char *report_result_name(enum effect_result result)
{
        switch (result) {
        case RESULT_DONE:
                return "done";
        case RESULT_FAILED:
                return "failed";
        case RESULT_UNKNOWN:
                return "unknown";
        case RESULT_BUSY:
                return "busy";
        case RESULT_MAX:
                break;
        }
        base_assert(false);
        return "";
}
