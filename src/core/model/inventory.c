/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Functions as the kernel lists them, and owners as Xen does. */
#include <string.h>

#include "base/assert.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/event/parse.h"
#include "core/model/model.h"

static void function_tell(struct core *core, const struct model_function *function,
                          enum record_kind kind, struct effects *effects)
{
        struct record record =
                model_record(core, kind, REASON_NONE, function->port, function->facts.sbdf);

        core_record_add(effects, &record);
}

static bool inventory_holds(const struct event_inventory *inventory,
                            const struct model_function *function)
{
        for (uint32_t i = 0; i < inventory->count; i++)
                if (inventory->functions[i].sbdf == function->facts.sbdf &&
                    inventory->functions[i].instance == function->facts.instance)
                        return true;
        return false;
}

/* Drops what the kernel no longer lists. What Xen alone still knows stays until the owner list says otherwise. */
static bool inventory_prune(struct core *core, struct model_port *port,
                            const struct event_inventory *inventory, struct effects *effects)
{
        bool pruned = false;

        for (uint32_t i = core->function_count; i > 0; i--) {
                struct model_function *function = &core->functions[i - 1];

                if (function->port != port->found.sbdf || !function->listed ||
                    inventory_holds(inventory, function))
                        continue;
                function_tell(core, function, RECORD_FUNCTION_GONE, effects);
                model_reserve_doubt(port, function->facts.sbdf); /* whoever removed it told Xen */
                model_function_drop(core, function);
                pruned = true;
        }
        return pruned;
}

bool model_facts_same(const struct event_function *a, const struct event_function *b)
{
        return event_function_same(a, b) && a->changed == b->changed && a->parent == b->parent &&
               a->inconsistent == b->inconsistent && a->buses_wrong == b->buses_wrong &&
               a->bars_overlap == b->bars_overlap && a->bars_outside == b->bars_outside;
}

/*
 * A function that is there at the first look. Where a daemon of this boot was here before, only what it remembers is
 * of what is plugged now; where nothing is remembered, not what wears our keep-off: somebody was here, and cannot
 * tell. The others are removed and enumerated anew. What nobody has touched was there at boot, with dom0's context.
 */
static void function_first(const struct core *core, const struct model_port *port,
                           struct model_function *function)
{
        const struct event_memory_function *memory =
                model_memory_vouches(core, port->found.sbdf, &function->facts);
        /* A guest may have had it, and been killed together with the daemon and what it remembered. */
        bool used = model_function_pciback(function) && port->changed_first;
        const struct event_memory_function *named =
                model_memory_names(core, port->found.sbdf, &function->facts);
        bool untouched = !port->known && !function->facts.kept_off && !used;
        /* Of a daemon in the initramfs, which has no memory: nothing was plugged since, as far as the slot tells. */
        bool marked = !port->known && !model_memory_bad(core) && function->facts.kept_at_boot &&
                      !port->changed_first;

        function->incarnation = memory || untouched || marked ? MODEL_INCARNATION_FIRST : 0;
        function->at_boot = memory ? memory->at_boot : untouched || marked;
        /* Whose it was: of the kernel object, whose memory that guest may still map, whatever sits there now. */
        if (named)
                function->rights = named->given ? port->domid : named->rights;
        if (named && named->taken)
                function->held = named->rights;
        /* What was decided stands. Whether it was carried out is observed; that it was we who had it done is not. */
        if (!memory || !memory->given || port->domid == 0)
                return;
        function->given = true;
        function->held = port->domid;
}

/*
 * mechanisms.md §9, H2: on add, VT-d enters dom0's table not only for a conventional function but also for the bridge
 * above and for device 0 on that bridge's bus; on removal it looks at the bridge anew, and where that is gone or says
 * that it is something else, the entry stays, for as long as Xen runs (vtd/iommu.c:domain_context_unmap). What says so
 * itself is one of these; what lies, or was gone before it could be looked at, may have been.
 */
static bool facts_taint(const struct event_function *facts, bool first)
{
        return facts->conventional || facts->pci_bridge || facts->inconsistent ||
               (first && (!facts->readable || facts->changed));
}

/*
 * Has nobody looked at what the kernel made of it yet? What an earlier daemon noted of the same kernel object it had
 * looked at, and had remembered the taint if there was one: Xen has learned nothing of it since.
 */
static bool function_unseen(const struct core *core, const struct model_port *port,
                            const struct model_function *function,
                            const struct event_function *facts)
{
        return !(function && function->listed) &&
               !model_memory_names(core, port->found.sbdf, facts);
}

/* Did somebody else bind pciback, who may have given it to a guest since? */
static bool function_taken(const struct model_function *function,
                           const struct event_function *facts)
{
        return !function->given && !model_function_pciback(function) &&
               base_text_equal(facts->driver, EVENT_PCIBACK_DRIVER);
}

/*
 * Does a driver work with it now: a guest's, or dom0's own by a rule? It masks all vectors for a moment when it sets up
 * MSI-X (Linux msi.c:msix_capability_init), which is nothing odd then, and is looked at anew when it is taken back.
 */
static bool function_driven(const struct model_function *function)
{
        return model_owner_guest(function->owner) ||
               (function->given && (function->returned || function->held != 0));
}

/* One function of the inventory into the state. Returns whether it was known, and the same, before. */
static bool function_merge(struct core *core, struct model_port *port,
                           const struct event_function *facts, struct effects *effects)
{
        struct model_function *function = model_function_get(core, port->found.sbdf, facts->sbdf);
        struct event_function driven;
        struct record overflow;
        bool same;

        if (function && function_driven(function)) {
                driven = *facts;
                driven.enabled &= (uint8_t)~EVENT_CAPABILITY_BIT(CAPABILITY_MSI_X);
                facts = &driven;
        }
        if (facts_taint(facts, function_unseen(core, port, function, facts)))
                port->tainted = true;
        if (function && function->listed) {
                function->driver_asked = false;
                same = model_facts_same(&function->facts, facts);
                if (!same || function_taken(function, facts))
                        function->asked = function->confirmed = false;
                function->facts = *facts;
                return same;
        }
        if (!function)
                function = model_function_add(core, port, facts->sbdf);
        if (!function) {
                port->inventory_partial = true;
                overflow = model_record(core, RECORD_OVERFLOW, REASON_INVENTORY, port->found.sbdf,
                                        facts->sbdf);
                core_record_add(effects, &overflow);
                return false;
        }
        function->facts = *facts;
        function->listed = true;
        /* What Xen answered while only it knew of the requester ID was about something else (I5). */
        function->asked = function->confirmed = function->refused = function->withdrawn = false;
        function->quarantine = (struct model_attempt){ 0 };
        /*
         * The kernel enumerated it at our last rescan, or before we came; if another device sits there since, even
         * since the first look, it is stale.
         */
        function->incarnation = port->rescanned;
        if (!port->inventory_once)
                function_first(core, port, function);
        port->ejected = false; /* somebody enumerated what was ejected: it is here again */
        if (!port->exposed)
                function_tell(core, function, RECORD_FUNCTION_FOUND, effects);
        return false;
}

void model_inventory_apply(struct core *core, struct model_port *port,
                           const struct event_inventory *inventory, struct effects *effects)
{
        bool same;

        base_assert(inventory->count <= LIMIT_PORT_FUNCTIONS);
        port->inventory_partial = inventory->truncated;
        same = !inventory_prune(core, port, inventory, effects);
        port->owners_due = port->owners_due || !same;
        for (uint32_t i = 0; i < inventory->count; i++)
                if (!function_merge(core, port, &inventory->functions[i], effects))
                        same = false;
        port->stable = same && port->inventory_once;
        model_memory_drop(core, port);
        if (!same) {
                port->weighed = false;
                model_memory_renew(port);
                port->owners_fresh = false;
                port->owners_dirty = true;
        }
        port->inventory_once = true;
        port->known = false; /* from now on we know it ourselves */
        port->inventory_fresh = !port->inventory_dirty && !port->inventory_partial;
        port->added = port->added && !port->inventory_fresh;
}

/* A requester ID that Xen knows and the kernel does not: it is quarantined like the others. */
static struct model_function *stray_add(struct core *core, struct model_port *port, uint32_t sbdf,
                                        struct effects *effects)
{
        struct model_function *function = model_function_add(core, port, sbdf);
        struct record record;

        /* Xen knows more than the kernel showed: somebody enumerates meanwhile, so the kernel is asked again. */
        port->inventory_fresh = port->stable = false;
        port->inventory_dirty = true;
        if (function)
                return function;
        port->inventory_partial = true;
        record = model_record(core, RECORD_OVERFLOW, REASON_OWNERS_UNREADABLE, port->found.sbdf,
                              sbdf);
        core_record_add(effects, &record);
        return NULL;
}

/* The owner list against what assigning told us. A contradiction means: not verified (I6). */
static void owner_compare(struct model_function *function)
{
        if (function->owner != EVENT_OWNER_DOM_IO)
                function->asked = function->confirmed = false;
        if (function->owner != EVENT_OWNER_ABSENT)
                function->withdrawn = false;
}

void model_owners_apply(struct core *core, struct model_port *port,
                        const struct event_owners *owners, struct effects *effects)
{
        base_assert(owners->count <= LIMIT_OWNERS);
        for (uint32_t i = 0; i < core->function_count; i++)
                if (core->functions[i].port == port->found.sbdf)
                        core->functions[i].owner = EVENT_OWNER_ABSENT;
        for (uint32_t i = 0; i < owners->count; i++) {
                const struct event_owner *seen = &owners->owners[i];
                struct model_function *function =
                        model_function_get(core, port->found.sbdf, seen->sbdf);

                if (!function)
                        function = stray_add(core, port, seen->sbdf, effects);
                if (!function)
                        continue;
                function->owner = seen->domid;
                if (model_owner_guest(seen->domid)) /* whoever attached it */
                        model_rights_note(port, function, seen->domid);
        }
        for (uint32_t i = core->function_count; i > 0; i--) {
                struct model_function *function = &core->functions[i - 1];

                if (function->port != port->found.sbdf)
                        continue;
                if (!function->listed && function->owner == EVENT_OWNER_ABSENT)
                        model_function_drop(core, function);
                else
                        owner_compare(function);
        }
        port->owners_fresh = !port->owners_dirty && !owners->truncated && !port->inventory_partial;
        port->owners_due = port->owners_due && !port->owners_fresh;
        port->rechecked = false;
}
