/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records to sentences: what happened, to what, what it means for safety, what to do. */
#include "base/assert.h"
#include "base/sbdf.h"
#include "core/report/name.h"
#include "core/report/report.h"

/*
 * %p port, %f function, %r reason, %e error in brackets, %n count, %d driver, %x effect, %v verdict, %u rule in
 * brackets. Anything else stands for itself.
 */
struct record_kind_text {
        struct report_message message;
        const char *text;
};

/* clang-format off */
static const struct record_kind_text kinds[RECORD_MAX] = {
        [RECORD_PORT_GUARDED] = {
                { "port-guarded", "1389d93469944a4481fc642e99dc8db5", RECORD_NOTICE },
                "Port %p is external (%r) and guarded: Bus Master Enable is 0 and pciehp is "
                "off. Nothing below it can reach memory; nothing to do." },
        [RECORD_PORT_INTERNAL] = {
                { "port-internal", "4758baa5b16147c4aeadcb0bd6ca1af1", RECORD_INFO },
                "Port %p is not guarded (%r). Devices below it are dom0's, as without "
                "Sallyport; name it in External= if something can be plugged there." },
        [RECORD_PORT_LOST] = {
                { "port-lost", "5353535b3b0343af9e77bd7e85d3a01f", RECORD_WARNING },
                "Guarded port %p is gone from the kernel, with everything below it. It is "
                "guarded again as soon as it comes back; check the controller if this was not "
                "expected." },
        [RECORD_GATE_OPENED] = {
                { "gate-opened", "deba8cf99da4433587759b5b00cc0ac2", RECORD_CRITICAL },
                "Somebody else set Bus Master Enable of guarded port %p; it is being cleared "
                "again. Until then only the IOMMU held the %n functions below: find the program "
                "that writes this port's config space." },
        [RECORD_PCIEHP_BACK] = {
                { "pciehp-back", "f55698b8c07645be9007c22408380545", RECORD_CRITICAL },
                "The kernel's pciehp was bound to guarded port %p behind our back; it is being "
                "unbound. While bound it gives new devices to dom0 and opens the port: find who "
                "binds it, and check `sallyport list`." },
        [RECORD_ARRIVAL] = {
                { "arrival", "c0c15c40799c4d828bad74b5bf0248e4", RECORD_NOTICE },
                "Something was plugged below port %p. The port is kept closed while it is "
                "enumerated and quarantined; nothing to do." },
        [RECORD_FUNCTION_FOUND] = {
                { "function-found", "528a3894635d4c3d99ffdadbe345cd41", RECORD_INFO },
                "Function %f found below port %p. It waits for quarantine behind the closed "
                "port." },
        [RECORD_FUNCTION_QUARANTINED] = {
                { "function-quarantined", "0f11f78c48574cf78e93312d8a213e58", RECORD_INFO },
                "Function %f below port %p is quarantined: Xen's owner is dom_io, no dom0 "
                "driver holds it. It can reach no memory." },
        [RECORD_FUNCTION_CONTAINED] = {
                { "function-contained", "ac02b854445e4ae3b6ec904dec79b3f7", RECORD_ERROR },
                "Function %f below port %p could not be quarantined: %r%d%e. Only the closed "
                "port holds it; it is tried again. Unplug it if you do not trust it." },
        [RECORD_FUNCTION_GONE] = {
                { "function-gone", "6ef9d754e9844f37a5a3e1bac5e14c4f", RECORD_INFO },
                "Function %f below port %p is gone." },
        [RECORD_PORT_QUARANTINED] = {
                { "port-quarantined", "afac94931f9e405a8c39f857e1f43d1a", RECORD_NOTICE },
                "All %n functions below port %p are quarantined and both doors were read back "
                "as shut. Nothing to do." },
        [RECORD_PORT_CONTAINED] = {
                { "port-contained", "2c8b77b28cfc422f82d501833d9b8019", RECORD_ERROR },
                "Port %p: %r. What is below it is not fully under control; the port is kept "
                "closed as far as it obeys, and it is tried again. See `sallyport show %p`." },
        [RECORD_REMOVAL_SURPRISE] = {
                { "removal-surprise", "4ab6481310274147ac423f3a57ddfd35", RECORD_WARNING },
                "The %n functions below port %p vanished without notice. The port stays closed; "
                "whatever is plugged there now starts from nothing. Use `sallyport eject %p` "
                "before unplugging." },
        [RECORD_REMOVAL_ORDERLY] = {
                { "removal-begun", "04c739dedc2a4744be36b9cf36a7fdfe", RECORD_NOTICE },
                "Removal of what is below port %p begins (%r). Leave it plugged until it is "
                "reported as ejected." },
        [RECORD_REMOVAL_CANCELLED] = {
                { "removal-cancelled", "0ccfa5b081754b62bfe583176cca4b8e", RECORD_NOTICE },
                "Removal below port %p was cancelled (%r). Everything stays quarantined." },
        [RECORD_EJECTED] = {
                { "ejected", "3115f5e1cfe943fb9067f7e724ca19c4", RECORD_NOTICE },
                "Everything below port %p was removed. It is safe to unplug; the port stays "
                "closed." },
        [RECORD_UNPLUGGED] = {
                { "unplugged", "07d358501b4c45838f34aa5c0027d14c", RECORD_NOTICE },
                "Port %p is empty, and neither the kernel nor Xen knows anything below it. The "
                "port stays closed." },
        [RECORD_PLATFORM_WEAK] = {
                { "platform-weak", "9108a2d8f9ce46ab83bc4102c81dd70e", RECORD_CRITICAL },
                "The IOMMU cannot be relied upon here: %r (%p). External ports are closed and "
                "will never be opened on this machine; change what the reason names and reboot. "
                "See sallyportd(8)." },
        [RECORD_PLATFORM_READY] = {
                { "platform-ready", "05f986d45c7b40a5af6fbaa7aac02b67", RECORD_INFO },
                "Xen, its IOMMU and interrupt remapping are as they have to be: both doors can "
                "hold." },
        [RECORD_OVERFLOW] = {
                { "overflow", "73327164988f4e9ebabb78872dfdb0bd", RECORD_ERROR },
                "There are more ports or functions than this version has room for: %p, %f is "
                "not tracked. Its port, where it is guarded, stays closed. Please report the "
                "topology." },
        [RECORD_OVERRUN] = {
                { "overrun", "aaf4724ca3224b90b5424aefc5f550c3", RECORD_WARNING },
                "Kernel events were lost. Every port is read again; guarded ports stay closed." },
        [RECORD_EFFECT_FAILED] = {
                { "effect-failed", "efe41757dd314a138ea87ccc074db757", RECORD_WARNING },
                "%x failed for port %p, function %f%e. The port stays closed and it is tried "
                "again." },
        [RECORD_EFFECT_STARTED] = {
                { "effect-started", "45b44b105dab41f186ace9b46d5868ed", RECORD_DEBUG },
                "%x for port %p, function %f." },
        [RECORD_CONFIG_REJECTED] = {
                { "config-rejected", "7049175857f54411a09dd7e7705962f4", RECORD_ERROR },
                "The configuration has an error and was not used. What External=auto finds is "
                "guarded instead; run `sallyportd --check-config`, mend the file and "
                "restart." },
        [RECORD_REJECTED] = {
                { "rejected", "89992e927ebe41b99376309aceb4a5e9", RECORD_NOTICE },
                "A rule rejects what is plugged into port %p%u: its %n functions are removed from "
                "the kernel, and its slot is switched off where it can be. The port stays closed. "
                "Unplug it, or change the rule." },
        [RECORD_RULES_REJECTED] = {
                { "rules-rejected", "55b667071f034182b9c9f16b7c007631", RECORD_ERROR },
                "The rules have an error and were not used: everything below external ports is "
                "quarantined, nothing else is done with it. Run `sallyport rules check`, mend the "
                "file and restart." },
        [RECORD_VERDICT] = {
                { "verdict", "c43c4260d0494be4a4d8c10e89d777a6", RECORD_NOTICE },
                "Function %f below port %p: the rules say %v%u. This version quarantines and "
                "rejects, and does nothing else: it stays in quarantine behind the closed port." },
};
/* clang-format on */

const struct report_message *report_message_get(enum record_kind kind)
{
        base_assert(kind < RECORD_MAX && kinds[kind].text);
        return &kinds[kind].message;
}

static void address_add(struct base_text *text, uint32_t sbdf, const char *none)
{
        if (sbdf == BASE_SBDF_NONE)
                base_text_add(text, none);
        else
                base_text_add_sbdf(text, sbdf);
}

static void error_add(struct base_text *text, int32_t error)
{
        const char *name = report_errno_name(error);

        if (error == 0)
                return;
        base_text_add(text, " (");
        base_text_add(text, name ? name : "error");
        base_text_add_char(text, ' ');
        base_text_add_u64(text, (uint64_t)error);
        base_text_add_char(text, ')');
}

static void driver_add(struct base_text *text, const struct record *record)
{
        size_t length = 0;

        while (length < sizeof record->driver && record->driver[length])
                length++;
        if (length == 0)
                return;
        base_text_add(text, ", driver ");
        base_text_add_escaped(text, record->driver, length);
}

static void rule_add(struct base_text *text, const struct record *record)
{
        base_text_add(text, " (");
        base_text_add(text, record->rule[0] ? record->rule : "default");
        base_text_add_char(text, ')');
}

static void placeholder_add(struct base_text *text, const struct record *record, char name)
{
        switch (name) {
        case 'p':
                address_add(text, record->port, "all ports");
                break;
        case 'f':
                address_add(text, record->function, "(none)");
                break;
        case 'r':
                base_text_add(text, report_reason_name(record->reason));
                break;
        case 'e':
                error_add(text, record->error);
                break;
        case 'n':
                base_text_add_u64(text, record->count);
                break;
        case 'd':
                driver_add(text, record);
                break;
        case 'x':
                base_text_add(text, report_effect_name(record->effect));
                break;
        case 'v':
                base_text_add(text, report_verdict_name(record->verdict));
                break;
        case 'u':
                rule_add(text, record);
                break;
        default:
                base_assert(false);
        }
}

void report_record_text(const struct record *record, struct base_text *text)
{
        base_assert(record->kind < RECORD_MAX && kinds[record->kind].text);
        for (const char *at = kinds[record->kind].text; *at; at++) {
                if (*at == '%')
                        placeholder_add(text, record, *++at);
                else
                        base_text_add_char(text, *at);
        }
}
