/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records to sentences: what happened, to what, what it means for safety, what to do. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "core/report/name.h"
#include "core/report/report.h"

/*
 * %p port, %f function, %r reason, %e error in brackets, %n count, %o count as an owner, %d driver, %x effect,
 * %v verdict, %u rule in brackets, %w use, %g findings, %h guest, %t what a toolstack said, %i a router: its place,
 * name and unique ID, %k what it proved, %s session, %y a reason in brackets, or nothing. Anything else is itself.
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
                "that writes this port's config space. (Linux does where it recovers from an "
                "error that a switch above the port reported: look for AER in its log.)" },
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
                "Port %p is empty: the kernel knows nothing below it, and Xen nothing that is not "
                "blocked. The port stays closed." },
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
                "%x failed for port %p, function %f%e%t. The port stays closed and it is tried "
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
                "Function %f below port %p: the rules say %v%u. assign is carried out when "
                "its guest runs, reject and trust-dom0 at once; ask waits for `sallyport assign`. "
                "Until then it stays in quarantine behind the closed port." },
        [RECORD_EFFECT_ENDED] = {
                { "effect-ended", "3059be65ddd646588a2102c9c251657c", RECORD_DEBUG },
                "%x ended for port %p, function %f. What it did is looked at next." },
        [RECORD_SEEN_CLOSED] = {
                { "seen-closed", "269fe91b54a1494482f14ee5fb47dac9", RECORD_DEBUG },
                "Seen: Bus Master Enable of port %p is 0, pcieport holds it, pciehp does not." },
        [RECORD_SEEN_OPEN] = {
                { "seen-open", "e6e0a87085be4fd8bb046e7f7c1be8be", RECORD_DEBUG },
                "Seen: port %p is not closed and ours, or does not answer." },
        [RECORD_SEEN_INVENTORY] = {
                { "seen-inventory", "fe73e2e98355417eab040fbc3861aa20", RECORD_DEBUG },
                "Seen: the kernel lists %n functions below port %p, not the same as the time "
                "before." },
        [RECORD_SEEN_STABLE] = {
                { "seen-stable", "c1a0f3e3c75d457182e9707047594ed3", RECORD_DEBUG },
                "Seen: the kernel lists the same %n functions below port %p as the time before." },
        [RECORD_SEEN_BLOCKED] = {
                { "seen-blocked", "2074db83b0184533b3288a14d3eade7a", RECORD_DEBUG },
                "Seen: Xen blocks the DMA of function %f below port %p." },
        [RECORD_SEEN_OWNERS] = {
                { "seen-owners", "7fd63ce53d114833ba6138dac41b5de1", RECORD_DEBUG },
                "Seen: Xen's owner list gives %n functions below port %p to dom_io." },
        [RECORD_SEEN_OWNER] = {
                { "seen-owner", "eecba3bf80de468e8a1049c6eff4e9ca", RECORD_DEBUG },
                "Seen: Xen's owner list gives function %f below port %p to %o." },
        [RECORD_PORT_RELEASED] = {
                { "port-released", "5bdeffcc8391424bb922de1f0a72a1d4", RECORD_WARNING },
                "Port %p is no longer external (%r): it is not watched any more. Nothing was "
                "opened: Bus Master Enable stays 0 and pciehp stays off, so what is plugged there "
                "is not enumerated. Name it in External= to guard it again, or reboot to give it "
                "to dom0." },
        [RECORD_CONFIG_RELOADED] = {
                { "config-reloaded", "ee23a73952fb4a9bbaa955a01576c7d9", RECORD_NOTICE },
                "The configuration was read anew and is in force: %n changes for ports and what "
                "is below them." },
        [RECORD_RELOAD_REJECTED] = {
                { "reload-rejected", "a041931f53f842e7bfb273f13da3b507", RECORD_ERROR },
                "The configuration on disk was not taken: what was in force stays so. Mend what "
                "is named above and reload again." },
        [RECORD_MEMORY_REJECTED] = {
                { "memory-rejected", "d41ff521b20549fb92c13b3cfb951044", RECORD_ERROR },
                "The state file is not used: %r%e. Ports are guarded all the same; what an "
                "earlier daemon had quarantined is removed and enumerated anew behind the closed "
                "port. A damaged or newer file is now state.bad-%n (0: it could not be renamed): "
                "keep it for a report, or delete it. See sallyportd(8), FILES." },
        [RECORD_MEMORY_TORN] = {
                { "memory-torn", "7a7c68025918428cbdafe2369fe62f0a", RECORD_INFO },
                "The last entry of the state file was cut short when the daemon or the machine "
                "stopped. It was never relied upon and is left out; nothing to do." },
        [RECORD_MEMORY_FAILED] = {
                { "memory-failed", "662d99b77b2448889a679803530966be", RECORD_ERROR },
                "What is below port %p could not be written to the state file%e. Ports are "
                "guarded all the same and it is tried again; until then what was replaced there "
                "counts as contained, and a restart trusts less. Free or mend the file system of "
                "the state directory." },
        [RECORD_PORT_EXPOSED] = {
                { "port-exposed", "4ac2b23e8a9c404e83fac6e01a278b37", RECORD_CRITICAL },
                "Port %p is external, and is left OPEN for dom0's sake (%r%w). Nothing below it is "
                "contained. Move what dom0 uses to another port, or stop using it, and the port is "
                "closed; External=%p closes it now, whatever dom0 loses." },
        [RECORD_PORT_CUT_OFF] = {
                { "port-cut-off", "0fd5adb28c624290a8772ad09ce6e0d1", RECORD_WARNING },
                "Port %p is being closed although dom0 uses what is below it (%r%w), as the "
                "configuration says. Dom0 loses it now; move the device to another port if "
                "that was not meant." },
        [RECORD_PORT_RESERVED] = {
                { "port-reserved", "c3a51c6d2b0e4d1f9a7752f2f3d4d0b6", RECORD_INFO },
                "All %n requester IDs of the bus range of port %p are blocked by Xen, whether "
                "something is there or not. What is plugged is in quarantine from its first "
                "moment, even while sallyportd does not run; nothing to do." },
        [RECORD_SEEN_RESERVED] = {
                { "seen-reserved", "5e0b8f6c41f04c2c8b7e1de0a94e7c35", RECORD_DEBUG },
                "Seen: Xen blocks %n requester IDs below port %p, of the bus of %f." },
        [RECORD_FINDINGS] = {
                { "findings", "1ab6351e8fae4abc9bd1d683ab79a256", RECORD_WARNING },
                "Function %f below port %p is odd: %g. That changes nothing about how it is held; "
                "what each means says `sallyport explain %f`. Unplug it if it is not known to be "
                "like that, or name what is known in Forgive= (sallyport.conf(5))." },
        [RECORD_BARRED] = {
                { "barred", "cb3d37b857874b2582e67f48aa0e1905", RECORD_WARNING },
                "Function %f below port %p: the rules give it away%u, but it has dangerous "
                "findings (%g). It and everything below the port stay in quarantine. Unplug it, or "
                "name them in Forgive= if they are known to be harmless." },
        [RECORD_FUNCTION_WITHDRAWN] = {
                { "function-withdrawn", "2ef1a39f327c4f9296725aab6b103874", RECORD_ERROR },
                "Function %f below port %p: Xen refused again and again to quarantine it (masked "
                "MSI-X is one way to bring that about), and was made to forget it. The IOMMU maps "
                "nothing for it, and the port stays closed. It can be given to nobody. Unplug it; "
                "honest devices do not refuse." },
        [RECORD_PORT_TAINTED] = {
                { "port-tainted", "2403576da92c40f2b552c08ac2e164ed", RECORD_WARNING },
                "Below port %p a conventional PCI function or bridge was enumerated, or one that "
                "could not be told from such (or the state file, which would know, is not usable). "
                "Xen's VT-d driver may keep an entry for it that leads into dom0's memory. The "
                "port stays closed for whatever is plugged there, until the reboot." },
        [RECORD_ASSIGNING] = {
                { "assigning", "dd48d801e26b46d592c751627e90c3a7", RECORD_NOTICE },
                "What is below port %p is to be guest %h's (%r%u). The port is kept closed until "
                "Xen's owners say so; nothing to do." },
        [RECORD_PORT_ASSIGNED] = {
                { "port-assigned", "035c64e93f0747e0ba72dd45c2a70999", RECORD_NOTICE },
                "Guest %h owns what it was given below port %p, everything else there is "
                "quarantined, and door 1 opens. What is below can now reach that guest's memory, "
                "and no other. Use `sallyport unassign %p` before unplugging." },
        [RECORD_PORT_SHUT] = {
                { "port-shut", "db9799af766748b288f041181d4eedb3", RECORD_NOTICE },
                "Port %p, which was open for guest %h, is shut again (%r). The guest's device "
                "stands still; see `sallyport explain %p`." },
        [RECORD_FUNCTION_FOREIGN] = {
                { "function-foreign", "5c68f75fdf674b92851f8b76735f9540", RECORD_WARNING },
                "Function %f below port %p is owned by %o, to whom it was not given here: somebody "
                "else attached it. The port stays closed, so that it does not work there. Detach "
                "it, and use `sallyport assign %f GUEST`." },
        [RECORD_FUNCTION_RIGHTS] = {
                { "rights-left", "3fd40041f0ec43e694e2e19a2cdbfeec", RECORD_ERROR },
                "Function %f below port %p was taken back from %o, and Xen does not say that this "
                "guest has no rights to its memory any more%e: it, or its device model, could "
                "still map the device's memory, and that of what is plugged there next. That is no "
                "DMA: both doors are shut. Nobody else gets the function until then; it is tried "
                "again. Destroy that guest to end it at once." },
        [RECORD_UNASSIGNED] = {
                { "unassigned", "d5a2e80dfced498f984307902413e2bb", RECORD_NOTICE },
                "Nothing below port %p is guest %h's any more%y; it is in quarantine again, "
                "behind the closed port. Nothing to do." },
        [RECORD_RESCAN_POSTPONED] = {
                { "rescan-postponed", "911c44a6b532456cae6a13c9faf7f6c6", RECORD_WARNING },
                "What was plugged into port %p is not enumerated yet: that would reach below a "
                "port that is open for a guest, where something could show itself just then. The "
                "port stays closed. Unassign the other one, or set RescanWhileOpen=pause "
                "(sallyport.conf(5))." },
        [RECORD_TRUSTED] = {
                { "trusted", "5fc1317659704edd96a38fbe78f00977", RECORD_CRITICAL },
                "Function %f below port %p is made dom0's by a rule%u: door 1 is opened for it, "
                "and it CAN OVERWRITE DOM0'S MEMORY, as can whatever in this port claims the same "
                "identity. `sallyport unassign %p` ends that; to end it for good, take the rule "
                "away and run `sallyport reload`." },
        [RECORD_TRUST_ENDED] = {
                { "trust-ended", "206994bd17d94f8dbf212859c3a8171e", RECORD_WARNING },
                "What a rule made dom0's below port %p is not any more (%r): the port is closed, "
                "dom0's driver loses the device, and it goes back to quarantine. Nothing below the "
                "port can reach memory; where it failed, plug it again to have the rule tried "
                "anew." },
        [RECORD_TRUST_SHUT] = {
                { "trust-shut", "1475235816c74b109d17cfb765101005", RECORD_WARNING },
                "Port %p, which was open for dom0, is shut (%r) until what is below it is verified "
                "again. Dom0's driver there fails meanwhile; see `sallyport explain %p`." },
        [RECORD_ROUTER_FOUND] = {
                { "router-found", "d13c513a42f8eda197b1165f0971b7c4", RECORD_INFO },
                "Thunderbolt router %i appeared. Until it is authorized nothing behind it is on "
                "PCI." },
        [RECORD_ROUTER_GONE] = {
                { "router-gone", "25abd89bd67e4d928a8318174d645fa6", RECORD_INFO },
                "Thunderbolt router %i is gone." },
        [RECORD_ROUTER_HELD] = {
                { "router-held", "3cbb7daa64c184fa48a7c8252abc5619", RECORD_NOTICE },
                "Thunderbolt router %i is not authorized (%r): nothing behind it is on PCI, "
                "and nothing of it can reach memory. Where nothing but a word is missing, "
                "`sallyport authorize` lets it in once and `sallyport enroll` always, behind "
                "the closed port; sallyport(1) explains the reasons." },
        [RECORD_ROUTER_WAITING] = {
                { "router-waiting", "eca9bad1449e78e4f15ce760f3e452f2", RECORD_NOTICE },
                "Thunderbolt router %i is to be authorized, and waits (%r). Nothing behind it is "
                "on PCI meanwhile. If it waits for an open port: unassign what is there." },
        [RECORD_ROUTER_AUTHORIZING] = {
                { "router-authorizing", "76e9c8092966493dcbc16f01162794bf", RECORD_NOTICE },
                "Thunderbolt router %i is being authorized (%r). Every port at which something "
                "of it can appear was read as closed; what appears is quarantined. Nothing to "
                "do." },
        [RECORD_ROUTER_AUTHORIZED] = {
                { "router-authorized", "29ec148cead50263f4d6d23508bd9d96", RECORD_NOTICE },
                "Thunderbolt router %i is authorized; of who it is was proved: %k. What is "
                "behind it is guarded by its port and the IOMMU, as if nothing had been proved." },
        [RECORD_ROUTER_FOREIGN] = {
                { "router-foreign", "959575fe0a734d03343a2c9fbed3e91c", RECORD_WARNING },
                "Thunderbolt router %i is authorized, and not by this sallyportd: by firmware, "
                "an earlier one, boltd or somebody by hand. Nobody here asked the rules first. "
                "What is behind it is quarantined below external ports all the same; end boltd "
                "if it runs." },
        [RECORD_ROUTER_UNGUARDED] = {
                { "router-unguarded", "7d791a3ca63cf5f9bdcdc219fe72c33b", RECORD_WARNING },
                "Thunderbolt router %i: its domain makes PCIe tunnels without asking (security "
                "level none), so there is no third door. Its port and the IOMMU hold it. Set the "
                "level to user or secure in the firmware setup." },
        [RECORD_ROUTER_REFUTED] = {
                { "router-refuted", "cc9ff851b6ab9f1ab79db4df2694e1f7", RECORD_CRITICAL },
                "Thunderbolt router %i says the unique ID of one that is enrolled, and DOES NOT "
                "HAVE ITS KEY: it is another device, or was reset. It is not authorized, nothing "
                "behind it is on PCI. If you know why, `sallyport forget` its unique ID and "
                "enroll it again; else unplug it." },
        [RECORD_ROUTER_CHANGED] = {
                { "router-changed", "72488b810dfafe390727d4dad921bf95", RECORD_CRITICAL },
                "Thunderbolt router %i showed another unique ID or name before: it is not what "
                "it says. It is not authorized while it is plugged; if it was already, its port "
                "and the IOMMU hold it. Unplug it." },
        [RECORD_ROUTER_PORT] = {
                { "router-port", "e14c1d7e84488709ef4d6ee6dda4dd1e", RECORD_NOTICE },
                "Something appeared below port %p since Thunderbolt router %i was authorized, "
                "and nowhere else: that counts as its port from now on. Nothing to do." },
        [RECORD_ROUTER_AMBIGUOUS] = {
                { "router-ambiguous", "f9fc2f72a562d07cbc2c8e3e93afd954", RECORD_WARNING },
                "Something appeared below more than one port since Thunderbolt router %i was "
                "authorized: which is its own is not known. All of them are closed and guarded; "
                "what is behind it waits until all of them are at rest." },
        [RECORD_ROUTER_FAILED] = {
                { "router-failed", "4630de19bf77d38d8b9b7cefad989a70", RECORD_WARNING },
                "%x failed for Thunderbolt routers, or for %i%e. Nothing was opened and it is "
                "tried again; what is on PCI is guarded by its port." },
        [RECORD_ROUTERS_OVERFLOW] = {
                { "routers-overflow", "86ad910108d213b7b25a55f4796ce0e9", RECORD_ERROR },
                "There are more Thunderbolt routers or domains than this version has room for, "
                "or they could not all be listed. None is authorized until that ends; ports are "
                "guarded all the same. Please report the topology." },
        [RECORD_SESSION] = {
                { "session", "3ad2f6d10c7b4b43a0d6c1f8e25b97f4", RECORD_INFO },
                "The session at this machine's seat is %s (%r). While it is locked or unknown no "
                "Thunderbolt router is authorized by itself (WhileLocked=), and rules that ask for "
                "it are asked again. What was authorized or given away stays so; nothing to do." },
        [RECORD_FUNCTION_CLAIMED] = {
                { "function-claimed", "062def8c7fba41628f3e766cc9aa0897", RECORD_WARNING },
                "Function %f below port %p was given to guest %h here, and xenstore says that it "
                "is %o's, or is about to be: somebody else gave it away. Xen does not tell whose "
                "it is, so the port stays closed, and it works for nobody. `sallyport unassign %f` "
                "takes it back into quarantine." },
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

static void driver_add(struct base_text *text, const char *before, const struct record *record)
{
        size_t length = 0;

        while (length < sizeof record->driver && record->driver[length])
                length++;
        if (length == 0)
                return;
        base_text_add(text, before);
        base_text_add_escaped(text, record->driver, length);
}

static void told_add(struct base_text *text, const struct record *record)
{
        char shown[LIMIT_TOLD + 64]; /* room is left for the rest of the sentence */
        struct base_text told = base_text_on(shown, sizeof shown);

        if (record->told[0] == '\0')
                return;
        base_text_add_escaped(&told, record->told, strlen(record->told));
        base_text_add(text, "; it said: ");
        base_text_add(text, shown);
        base_text_add(text, told.truncated ? "..." : "");
}

/* "0-301 ('Vendor Name', d4030000-...)": what it calls itself is hostile. */
static void router_add(struct base_text *text, const struct record *record)
{
        report_router_text(&record->router, text);
        if (!record->router.any) {
                base_text_add(text, "(none)");
                return;
        }
        base_text_add(text, " (");
        if (record->told[0] != '\0') {
                base_text_add_quoted(text, record->told, strlen(record->told));
                base_text_add(text, ", ");
        }
        base_text_add_uuid(text, record->router.unique_id);
        base_text_add_char(text, ')');
}

static void reason_add(struct base_text *text, enum record_reason reason)
{
        if (reason == REASON_NONE)
                return;
        base_text_add(text, " (");
        base_text_add(text, report_reason_name(reason));
        base_text_add_char(text, ')');
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
        case 'y':
                reason_add(text, record->reason);
                break;
        case 'e':
                error_add(text, record->error);
                break;
        case 'n':
                base_text_add_u64(text, record->count);
                break;
        case 'o':
                report_owner_text((uint16_t)record->count, text);
                break;
        case 'd':
                driver_add(text, ", driver ", record);
                break;
        case 'w':
                driver_add(text, ": ", record);
                break;
        case 'x':
                base_text_add(text, report_effect_name(record->effect));
                break;
        case 'v':
                base_text_add(text, report_verdict_name(record->verdict));
                break;
        case 'g':
                report_findings_text(record->count, text);
                break;
        case 'u':
                rule_add(text, record);
                break;
        case 't':
                told_add(text, record);
                break;
        case 'i':
                router_add(text, record);
                break;
        case 'k':
                base_text_add(text, report_key_name((enum policy_key)record->count));
                break;
        case 's':
                base_text_add(text, report_session_name((enum record_session)record->count));
                break;
        case 'h':
                base_text_add_escaped(text, record->guest, strlen(record->guest));
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

static void field_sbdf(struct report_row *row, const char *key, uint32_t sbdf)
{
        struct base_text text = report_field_open(row, key);

        address_add(&text, sbdf, "");
}

static void field_number(struct report_row *row, const char *key, uint64_t number, bool wanted)
{
        struct base_text text = report_field_open(row, key);

        if (wanted)
                base_text_add_u64(&text, number);
}

void report_record_row(const struct record *record, struct report_row *ret_row)
{
        const struct report_message *message = report_message_get(record->kind);
        struct base_text text;

        ret_row->count = 0;
        report_field_text(ret_row, "event", message->name);
        field_number(ret_row, "time_ms", record->time_ms, true);
        field_number(ret_row, "priority", (uint64_t)message->priority, true);
        field_sbdf(ret_row, "port", record->port);
        field_sbdf(ret_row, "function", record->function);
        report_field_text(ret_row, "reason", report_reason_name(record->reason));
        report_field_text(ret_row, "effect",
                          record->effect ? report_effect_name(record->effect) : "");
        field_number(ret_row, "error", (uint64_t)record->error, record->error != 0);
        text = report_field_open(ret_row, "text");
        report_record_text(record, &text);
}
