/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Can the doors hold here? One table of checks; what is not known is weak, what cannot hold is broken. sallyport(1). */
#include <stddef.h>
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/event/parse.h"
#include "core/policy/policy.h"
#include "core/report/audit.h"
#include "core/report/name.h"
#include "core/verify/verify.h"

struct check {
        const char *name;
        /* Judges, and writes what is so. */
        enum report_audit (*judge)(const struct report_subject *subject, struct base_text *what);
        const char *why, *todo;
};

enum report_audit report_audit_unknown(struct base_text *what)
{
        base_text_add(what, "unknown");
        return AUDIT_WEAK;
}

/* A fact that must be `good`. */
static enum report_audit fact_judge(enum event_fact fact, enum event_fact good, const char *yes,
                                    const char *no, struct base_text *what)
{
        if (fact == FACT_UNKNOWN)
                return report_audit_unknown(what);
        base_text_add(what, fact == FACT_YES ? yes : no);
        return fact == good ? AUDIT_OK : AUDIT_BROKEN;
}

static enum report_audit xen_judge(const struct report_subject *subject, struct base_text *what)
{
        return fact_judge(subject->core->platform.xen, FACT_YES, "Xen answers",
                          "there is no Xen, or it does not answer", what);
}

/*
 * drivers/vpci/vpci.c:vpci_remove_device follows a missing owner before 4.19 (635dd1120a);
 * drivers/passthrough/pci.c:pci_add_device loops without end over a VF BAR that says I/O in 4.17 and 4.18. Examined up
 * to 4.21.
 */
static enum report_audit xen_version_judge(const struct report_subject *subject,
                                           struct base_text *what)
{
        const struct event_platform *platform = &subject->core->platform;
        uint32_t version = platform->xen_major * 100u + platform->xen_minor;

        if (platform->xen_major == 0)
                return report_audit_unknown(what);
        base_text_add_u64(what, platform->xen_major);
        base_text_add_char(what, '.');
        base_text_add_u64(what, platform->xen_minor);
        if (version >= 419 && version <= 421)
                return AUDIT_OK;
        base_text_add(
                what,
                version == 417 || version == 418
                        ? ": panics when an owner-less function is removed, hangs over an I/O "
                          "BAR of a virtual function"
                        : ": not examined");
        return AUDIT_WEAK;
}

static enum report_audit iommu_judge(const struct report_subject *subject, struct base_text *what)
{
        return fact_judge(subject->core->platform.iommu_on, FACT_YES, "on", "off", what);
}

static enum report_audit tables_judge(const struct report_subject *subject, struct base_text *what)
{
        switch (subject->core->platform.iommu) {
        case IOMMU_VTD:
                base_text_add(what, "DMAR (Intel VT-d)");
                return AUDIT_OK;
        case IOMMU_AMD:
                base_text_add(what, subject->core->platform.coverage.known
                                            ? "IVRS (AMD-Vi)"
                                            : "IVRS (AMD-Vi), not readable or not understood");
                return subject->core->platform.coverage.known ? AUDIT_OK : AUDIT_BROKEN;
        case IOMMU_UNKNOWN:
        case IOMMU_MAX:
                break;
        }
        return report_audit_unknown(what);
}

static enum report_audit intremap_judge(const struct report_subject *subject,
                                        struct base_text *what)
{
        return fact_judge(subject->core->platform.intremap, FACT_YES, "on", "off", what);
}

static enum report_audit ats_judge(const struct report_subject *subject, struct base_text *what)
{
        return fact_judge(subject->core->platform.ats, FACT_NO, "on", "off", what);
}

static enum report_audit passthrough_judge(const struct report_subject *subject,
                                           struct base_text *what)
{
        return fact_judge(subject->core->platform.passthrough, FACT_NO, "passthrough", "translated",
                          what);
}

static enum report_audit quarantine_judge(const struct report_subject *subject,
                                          struct base_text *what)
{
        switch (subject->core->platform.quarantine) {
        case QUARANTINE_BASIC:
                base_text_add(what, "basic: DMA is aborted");
                return AUDIT_OK;
        case QUARANTINE_SCRATCH:
                base_text_add(what, "scratch-page: DMA goes to a page of its own");
                return AUDIT_OK;
        case QUARANTINE_OFF:
                base_text_add(what, "off: Xen quarantines only what it is asked to");
                return AUDIT_WEAK;
        case QUARANTINE_UNKNOWN:
        case QUARANTINE_MAX:
                break;
        }
        return report_audit_unknown(what);
}

static uint32_t linux_version(const struct report_subject *subject, struct base_text *what)
{
        const struct event_machine *machine = subject->machine;

        if (machine->linux_major == 0)
                return 0;
        base_text_add(what, "Linux ");
        base_text_add_u64(what, machine->linux_major);
        base_text_add_char(what, '.');
        base_text_add_u64(what, machine->linux_minor);
        return machine->linux_major * 1000u + machine->linux_minor;
}

/* shpchp of 6.1 oopses over a bridge that gets no bus number; examined were 6.1, 6.12 and 7.2. */
static enum report_audit linux_judge(const struct report_subject *subject, struct base_text *what)
{
        uint32_t version = linux_version(subject, what);

        if (version == 0)
                return report_audit_unknown(what);
        if (version == 6012 || version == 7002)
                return AUDIT_OK;
        base_text_add(what, version == 6001 ? ": shpchp oopses over a bridge without bus numbers"
                                            : ": not examined");
        return AUDIT_WEAK;
}

static enum report_audit autoprobe_judge(const struct report_subject *subject,
                                         struct base_text *what)
{
        const struct event_machine *machine = subject->machine;
        uint32_t version = linux_version(subject, what);

        if (version == 0)
                return report_audit_unknown(what);
        if (event_linux_autoprobe(machine->linux_major, machine->linux_minor)) {
                base_text_add(what, " binds no driver while sallyportd enumerates");
                return AUDIT_OK;
        }
        base_text_add(what, version <= 6012 ? " ignores drivers_autoprobe for PCI"
                                            : ": unknown whether it honours drivers_autoprobe");
        return AUDIT_WEAK;
}

static enum report_audit lockdown_judge(const struct report_subject *subject,
                                        struct base_text *what)
{
        return fact_judge(subject->machine->lockdown, FACT_NO, "on: config space cannot be written",
                          "off", what);
}

static enum report_audit acpiphp_judge(const struct report_subject *subject, struct base_text *what)
{
        if (subject->machine->acpiphp == FACT_UNKNOWN)
                return report_audit_unknown(what);
        base_text_add(what, subject->machine->acpiphp == FACT_YES ? "on" : "off");
        return subject->machine->acpiphp == FACT_YES ? AUDIT_WEAK : AUDIT_OK;
}

static enum report_audit drivers_judge(const struct report_subject *subject, struct base_text *what)
{
        const struct event_machine *machine = subject->machine;

        if (!machine->drivers_known)
                return report_audit_unknown(what);
        if (machine->built_in == 0) {
                base_text_add(what, "none but pcieport");
                return AUDIT_OK;
        }
        base_text_add_u64(what, machine->built_in);
        base_text_add(what, " besides pcieport, ");
        base_text_add_escaped(what, machine->built_in_first, strlen(machine->built_in_first));
        base_text_add(what, " among them");
        return AUDIT_WEAK;
}

static enum report_audit modules_judge(const struct report_subject *subject, struct base_text *what)
{
        const struct event_machine *machine = subject->machine;

        if (machine->modules == FACT_NO) {
                base_text_add(what, "none can be loaded any more");
                return AUDIT_OK;
        }
        if (machine->udev == FACT_UNKNOWN || machine->udev_rules == FACT_UNKNOWN)
                return report_audit_unknown(what);
        if (machine->udev == FACT_NO) {
                base_text_add(what, "no udev that loads modules");
                return AUDIT_OK;
        }
        base_text_add(what, machine->udev_rules == FACT_YES
                                    ? "udev loads none for what is below guarded ports"
                                    : "udev loads one for whatever is plugged");
        return machine->udev_rules == FACT_YES ? AUDIT_OK : AUDIT_WEAK;
}

static enum report_audit cardbus_judge(const struct report_subject *subject, struct base_text *what)
{
        const struct event_machine *machine = subject->machine;
        bool found = false;

        base_assert(machine->cardbus_count <= LIMIT_CARDBUS);
        for (uint32_t i = 0; i < machine->cardbus_count; i++) {
                /* What is below an external port is guarded with it, whatever it says that it is. */
                if (model_function_find(subject->core, machine->cardbus[i]))
                        continue;
                base_text_add(what, found ? " " : "bridge ");
                base_text_add_sbdf(what, machine->cardbus[i]);
                found = true;
        }
        if (found)
                return AUDIT_BROKEN;
        if (!machine->cardbus_known)
                return report_audit_unknown(what);
        base_text_add(what, "no CardBus bridge");
        return AUDIT_OK;
}

static enum report_audit ports_judge(const struct report_subject *subject, struct base_text *what)
{
        const struct core *core = subject->core;
        uint64_t external = 0;

        for (uint32_t i = 0; i < core->port_count; i++)
                external += core->ports[i].external;
        base_text_add_u64(what, external);
        base_text_add(what, " external of ");
        base_text_add_u64(what, core->port_count);
        if (core->overflowed)
                base_text_add(what, ", and more than there is room for");
        if (!core->discovered)
                base_text_add(what, ", not all are known yet");
        return core->overflowed || !core->discovered ? AUDIT_BROKEN : AUDIT_OK;
}

static enum report_audit gate_judge(const struct report_subject *subject, struct base_text *what)
{
        const struct model_port *port = subject->port;

        if (verify_port_guarded(port)) {
                base_text_add(what, "closed and guarded");
                return AUDIT_OK;
        }
        if (!port->read_once || !port->registers.readable)
                base_text_add(what, "the port does not answer");
        else if (!port->closed)
                base_text_add(what, "open");
        else
                base_text_add(what, port->registers.pciehp ? "closed, but pciehp is bound"
                                                           : "closed, but pcieport is not bound");
        return AUDIT_BROKEN;
}

static enum report_audit validation_judge(const struct report_subject *subject,
                                          struct base_text *what)
{
        const struct model_port *port = subject->port;

        if (!port->read_once || !port->registers.readable)
                return report_audit_unknown(what);
        base_text_add(what, policy_port_validated(port) ? "on"
                            : port->found.acs_cap       ? "off"
                                                        : "the port has no ACS");
        return policy_port_validated(port) ? AUDIT_OK : AUDIT_BROKEN;
}

/* PCIe Base Spec 7.7.11.3: Translation Blocking, Request Redirect, Completion Redirect, Upstream Forwarding. */
static enum report_audit redirect_judge(const struct report_subject *subject,
                                        struct base_text *what)
{
        static const struct {
                uint16_t bit;
                const char *name;
        } bits[] = { { 0x02, "TB" }, { 0x04, "RR" }, { 0x08, "CR" }, { 0x10, "UF" } };
        const struct model_port *port = subject->port;
        bool missing = false;

        if (!port->read_once || !port->registers.readable)
                return report_audit_unknown(what);
        for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
                if (port->found.acs_cap && port->registers.acs_control & bits[i].bit)
                        continue;
                base_text_add(what, missing ? " " : "off: ");
                base_text_add(what, bits[i].name);
                missing = true;
        }
        if (!missing)
                base_text_add(what, "on");
        return missing ? AUDIT_WEAK : AUDIT_OK;
}

static void share_add(struct base_text *text, uint64_t part, uint64_t whole, const char *what)
{
        base_text_add_u64(text, part);
        base_text_add(text, " of ");
        base_text_add_u64(text, whole);
        base_text_add(text, what);
}

/* 48882: no IVHD entry, no IOMMU that firmware names for it. */
static enum report_audit coverage_judge(const struct report_subject *subject,
                                        struct base_text *what)
{
        const struct model_requesters requesters =
                model_port_requesters(subject->core, subject->port);
        enum record_reason uncovered = policy_port_uncovered(subject->core, subject->port);

        switch (subject->core->platform.iommu) {
        case IOMMU_VTD:
                base_text_add(what, "DMAR: requester IDs that Xen does not know are blocked");
                return AUDIT_OK;
        case IOMMU_AMD:
                share_add(what, requesters.covered, requesters.count,
                          " requester IDs covered by the IVRS");
                if (uncovered == REASON_RESERVE_LIMIT)
                        base_text_add(what, ", too many to reserve");
                return uncovered ? AUDIT_BROKEN : AUDIT_OK;
        case IOMMU_UNKNOWN:
        case IOMMU_MAX:
                break;
        }
        return report_audit_unknown(what);
}

static enum report_audit reserved_judge(const struct report_subject *subject,
                                        struct base_text *what)
{
        const struct core *core = subject->core;
        uint32_t reserved = model_port_reserved(core, subject->port);
        uint32_t count = model_port_requesters(core, subject->port).count;

        if (core->platform.iommu == IOMMU_VTD) {
                base_text_add(what, "not needed");
                return AUDIT_OK;
        }
        if (core->platform.iommu != IOMMU_AMD)
                return report_audit_unknown(what);
        share_add(what, reserved, count, " requester IDs reserved");
        return reserved == count && count > 0 ? AUDIT_OK : AUDIT_WEAK;
}

static enum report_audit below_judge(const struct report_subject *subject, struct base_text *what)
{
        const struct model_port *port = subject->port;

        base_text_add(what, report_state_name(port->state));
        if (port->reason) {
                base_text_add(what, ": ");
                base_text_add(what, report_reason_name(port->reason));
        }
        if (port->state == STATE_CONTAINED)
                return AUDIT_BROKEN;
        return port->state == STATE_NONE || port->state == STATE_STARTING ? AUDIT_WEAK : AUDIT_OK;
}

static enum report_audit taint_judge(const struct report_subject *subject, struct base_text *what)
{
        bool tainted = policy_port_tainted(subject->core, subject->port);

        base_text_add(what,
                      tainted ? "something conventional was below since the boot, or may have been"
                              : "no stale entry of the IOMMU");
        return tainted ? AUDIT_WEAK : AUDIT_OK;
}

static enum report_audit findings_judge(const struct report_subject *subject,
                                        struct base_text *what)
{
        uint32_t dangers = policy_function_dangers(subject->core, subject->function);

        report_findings_text(dangers, what);
        return dangers ? AUDIT_WEAK : AUDIT_OK;
}

static enum report_audit boot_judge(const struct report_subject *subject, struct base_text *what)
{
        base_text_add(what,
                      subject->function->at_boot ? "was there before sallyportd" : "came later");
        return subject->function->at_boot ? AUDIT_WEAK : AUDIT_OK;
}

static enum report_audit trust_judge(const struct report_subject *subject, struct base_text *what)
{
        return fact_judge(subject->function->given && subject->function->returned ? FACT_YES
                                                                                  : FACT_NO,
                          FACT_NO, "a rule makes it dom0's", "no rule makes it dom0's", what);
}

static const struct check machine_checks[] = {
        { "xen", xen_judge, "door 2 is Xen's to shut and to confirm",
          "boot this machine with Xen, and give dom0 libxenctrl of the same release" },
        { "xen-version", xen_version_judge,
          "what is plugged can show config space that this Xen does not survive",
          "use Xen 4.19 or newer; what was not examined may be as good" },
        { "iommu", iommu_judge, "without it every device can reach all memory",
          "take iommu=off from Xen's command line, and switch VT-d on in the firmware" },
        { "iommu-tables", tables_judge, "they say which requester IDs the IOMMU covers",
          "ports stay closed for good on this machine; look for DMAR or IVRS in the firmware" },
        { "interrupt-remapping", intremap_judge, "without it a device can forge interrupts",
          "take iommu=no-intremap away, switch it on in the firmware; conring_size= if unknown" },
        { "ats", ats_judge, "with ATS a device says itself which addresses were translated",
          "take ats from Xen's command line" },
        { "dom0-iommu", passthrough_judge, "with passthrough dom0's devices reach all memory",
          "take dom0-iommu=passthrough from Xen's command line" },
        { "quarantine", quarantine_judge,
          "it is where functions are kept, and where a guest's come back to",
          "take iommu=quarantine=off from Xen's command line" },
        { "linux-version", linux_judge,
          "dom0's kernel enumerates what is plugged, and reads its config space",
          "use a kernel that was examined: 6.12 or 7.2" },
        { "autoprobe", autoprobe_judge,
          "a driver that binds at once touches the device before it can be taken off it",
          "use Linux 7.2 or newer; until then drivers are unbound while the port is closed" },
        { "lockdown", lockdown_judge, "door 1 is a bit in config space",
          "switch kernel lockdown (Secure Boot) off for dom0" },
        { "acpiphp", acpiphp_judge, "it enumerates when firmware says so, without asking us",
          "add acpiphp.disable=1 to dom0's command line" },
        { "built-in-drivers", drivers_judge,
          "they bind to what is plugged before it can be kept from them",
          "nothing can be plugged for long; a kernel with modules is better" },
        { "modules", modules_judge,
          "a driver binds as soon as it is loaded, before it can be kept off what asked for it",
          "see the log for why /run/udev/rules.d cannot be written" },
        { "thunderbolt", report_audit_thunderbolt, "authorization is the door before the two",
          "choose user or secure in the firmware's setup" },
        { "boltd", report_audit_boltd, "it authorizes Thunderbolt devices by rules of its own",
          "systemctl mask bolt" },
        { "session", report_audit_session,
          "Thunderbolt devices are authorized by themselves although the screen is locked",
          "lock it once and look again; else use a locker that tells logind, or enroll --manual" },
        { "cardbus", cardbus_judge,
          "what is plugged into a CardBus slot is dom0's: it has no port that can be closed",
          "leave the slot empty, or switch it off in the firmware" },
        { "ports", ports_judge, "a port that is not known is not guarded",
          "wait until the start is over; else report the topology" },
};

static const struct check port_checks[] = {
        { "gate", gate_judge, "door 1: what is below can reach memory while it is open",
          "see sallyport explain for this port" },
        { "below", below_judge, "what is not in quarantine is held by the closed port alone",
          "see sallyport explain for this port; unplug what you do not trust" },
        { "acs-source-validation", validation_judge,
          "without it a device can use the requester ID of another, and door 2 does not hold",
          "this port stays closed for good; use another" },
        { "acs-redirect", redirect_judge,
          "without it devices below reach each other, or others beside the port, past the IOMMU",
          "give a guest all that is below the port, or nothing" },
        { "iommu-coverage", coverage_judge,
          "nothing says what becomes of the DMA of a requester ID that is not covered",
          "this port stays closed for good; use another, or fewer bus numbers for it" },
        { "reserved", reserved_judge,
          "on AMD-Vi the DMA of a requester ID that Xen does not know is not blocked",
          "wait until it is done; if it does not go on, see sallyport explain for this port" },
        { "taint", taint_judge,
          "VT-d can keep an entry into dom0's memory for a conventional device that is gone",
          "this port stays closed until the reboot; use another" },
};

static const struct check function_checks[] = {
        { "findings", findings_judge, "nothing below its port is given to anybody",
          "see sallyport explain for this function; unplug it, or forgive what is known" },
        { "at-boot", boot_judge, "until then it stood in dom0's IOMMU context",
          "plug it after the start, or start sallyportd earlier" },
        { "trust-dom0", trust_judge, "it can overwrite dom0, and what claims to be it can",
          "take the rule away and reload, or give the device to a guest" },
};

#define COUNT(list) ((uint32_t)(sizeof(list) / sizeof(list)[0]))

static void subject_write(const struct report_subject *subject, struct base_text *text)
{
        if (subject->function)
                base_text_add_sbdf(text, subject->function->facts.sbdf);
        else if (subject->port)
                base_text_add_sbdf(text, subject->port->found.sbdf);
        else
                base_text_add(text, "machine");
}

/* The line, or false where the check is fine and only told where it is not. */
static bool line_make(const struct check *check, const struct report_subject *subject,
                      bool only_bad, struct report_row *ret_row)
{
        static const char *const words[] = { "ok", "weak", "broken" };
        char what[REPORT_VALUE_SIZE];
        struct base_text what_text = base_text_on(what, sizeof what), text;
        enum report_audit verdict = check->judge(subject, &what_text);

        if (only_bad && verdict == AUDIT_OK)
                return false;
        ret_row->count = 0;
        report_field_text(ret_row, "check", check->name);
        text = report_field_open(ret_row, "subject");
        subject_write(subject, &text);
        report_field_text(ret_row, "verdict", words[verdict]);
        text = report_field_open(ret_row, "what");
        base_text_add(&text, what); /* what is not ours in it is escaped */
        report_field_text(ret_row, "why", check->why);
        report_field_text(ret_row, "todo", verdict == AUDIT_OK ? "" : check->todo);
        return true;
}

static bool ports_line(struct report_subject *subject, uint32_t *index, struct report_row *ret_row)
{
        const struct core *core = subject->core;

        for (uint32_t i = 0; i < core->port_count; i++) {
                if (!core->ports[i].external)
                        continue;
                subject->port = &core->ports[i];
                if (*index < COUNT(port_checks))
                        return line_make(&port_checks[*index], subject, false, ret_row);
                *index -= COUNT(port_checks);
        }
        return false;
}

static bool functions_line(struct report_subject *subject, uint32_t *index,
                           struct report_row *ret_row)
{
        const struct core *core = subject->core;

        for (uint32_t i = 0; i < core->function_count; i++) {
                subject->function = &core->functions[i];
                for (uint32_t j = 0; j < COUNT(function_checks); j++)
                        if (line_make(&function_checks[j], subject, true, ret_row) &&
                            (*index)-- == 0)
                                return true;
        }
        return false;
}

bool report_audit_row(const struct core *core, const struct event_machine *machine, uint32_t index,
                      struct report_row *ret_row)
{
        struct report_subject subject = { .core = core, .machine = machine };

        if (index < COUNT(machine_checks))
                return line_make(&machine_checks[index], &subject, false, ret_row);
        index -= COUNT(machine_checks);
        if (ports_line(&subject, &index, ret_row))
                return true;
        subject.port = NULL;
        if (functions_line(&subject, &index, ret_row))
                return true;
        ret_row->count = 0;
        return false;
}
