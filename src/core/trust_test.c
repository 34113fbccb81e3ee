/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule makes dom0's, and how that ends: the whole core against a small machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "core/policy/rules.h"
#include "core/report/report.h"
#include "core/verify/verify.h"
#include "world/world.h"

#define LEAF WORLD_LEAF
#define BRIDGE BASE_SBDF(0, 1, 0, 1)
#define EXACT "port = 00:04.0 and id = 1b36:0010 and subsystem = 0000:0000 and class = 010802"

static struct world world;               /* too large for the stack */
static struct policy_rules trusts, none; /* sets of rules */

static void rules_make(const char *text, struct policy_rules *ret_rules)
{
        struct policy_diagnosis diagnosis;

        policy_rules_init(ret_rules);
        ret_rules->trust_dom0 = true;
        assert_true(policy_rules_parse("t.rules", text, strlen(text), ret_rules, &diagnosis));
}

static void event_tell(struct event *event)
{
        event->port = BASE_SBDF_NONE;
        event->time_ms = world.now_ms;
        world_event(&world, event);
}

static void rules_tell(const struct policy_rules *rules)
{
        event_tell(&(struct event){ .kind = EVENT_RULES, .rules = rules });
}

/* The daemon runs, with a rule that trusts the disk; nothing is plugged. */
static void begin(enum event_iommu iommu)
{
        rules_make("trust-dom0 if " EXACT "\n", &trusts);
        policy_rules_init(&none);
        world_init(&world);
        if (iommu == IOMMU_AMD)
                world_amd(&world);
        rules_tell(&trusts);
        world_start(&world);
        world_run(&world, 40);
}

static void plug(void)
{
        world_plug(&world, 2);
        world_run(&world, 30);
}

static void assert_trusted(void)
{
        assert_int_equal(world_port(&world)->state, STATE_TRUSTED);
        assert_true(world_port(&world)->trusted);
        assert_true(world_open(&world));
        assert_int_equal(world.functions[0].owner, EVENT_OWNER_DOM0);
        assert_string_equal(world.functions[0].facts.driver, "nvme");
        assert_false(world.functions[0].facts.kept_off);
        assert_int_equal(world.functions[1].owner, EVENT_OWNER_DOM_IO);
        assert_string_equal(world.functions[1].facts.driver, "");
        assert_int_equal(world_state(&world, 0), STATE_TRUSTED);
        assert_int_equal(world_state(&world, 1), STATE_QUARANTINED);
        assert_false(verify_machine_contained(&world.core));
        assert_true(verify_machine_settled(&world.core));
}

static void assert_quarantined(void)
{
        assert_int_equal(world_port(&world)->state, STATE_QUARANTINED);
        assert_false(world_port(&world)->trusted);
        assert_false(world_open(&world));
        for (uint32_t i = 0; i < 2; i++) {
                assert_int_equal(world.functions[i].owner, EVENT_OWNER_DOM_IO);
                assert_string_equal(world.functions[i].facts.driver, "");
                assert_true(world.functions[i].facts.kept_off);
        }
        assert_true(verify_machine_contained(&world.core));
}

static void trusted(void)
{
        begin(IOMMU_VTD);
        plug();
        assert_trusted();
}

static void assert_ended(enum record_reason reason)
{
        assert_int_equal(world_records_count(&world, RECORD_TRUST_ENDED), 1);
        assert_int_equal(world_record(&world, RECORD_TRUST_ENDED)->reason, reason);
        assert_int_equal(world_records_count(&world, RECORD_PORT_SHUT), 0);
}

/* Both doors, and the order: quarantined first, then dom0's behind the closed door, then open, then its driver. */
static void test_trust(void **state)
{
        const struct record *record;

        (void)state;
        trusted();
        assert_int_equal(world_records_count(&world, RECORD_FUNCTION_QUARANTINED), 2);
        assert_int_equal(world_records_count(&world, RECORD_TRUSTED), 1);
        record = world_record(&world, RECORD_TRUSTED);
        assert_int_equal(record->function, LEAF);
        assert_string_equal(record->rule, "t.rules:1");
        assert_int_equal(report_message_get(RECORD_TRUSTED)->priority, RECORD_CRITICAL);
        assert_int_equal(world.done[EFFECT_REGISTER], 1);
        assert_int_equal(world.done[EFFECT_PROBE], 1);
        assert_int_equal(world.done[EFFECT_PCIBACK_BIND] + world.done[EFFECT_ATTACH], 0);
        assert_int_equal(world.done[EFFECT_GUESTS], 0);
        world_run(&world,
                  600); /* it stays so, and nothing more is done but to look at what is used */
        assert_trusted();
        assert_int_equal(world.done[EFFECT_REGISTER], 1);
        assert_int_equal(world.done[EFFECT_PORT_OPEN], 1);
        assert_true(world.done[EFFECT_DISCOVER] > 10);
}

/* The driver is let on behind the open door only, and the door is opened for nothing but what Xen's list says. */
static void test_order(void **state)
{
        (void)state;
        begin(IOMMU_VTD);
        world.lies = EFFECT_PORT_OPEN;
        world_plug(&world, 2);
        for (uint32_t i = 0; i < 30 && world.done[EFFECT_PORT_OPEN] == 0; i++)
                world_run(&world, 1);
        assert_true(world.done[EFFECT_PORT_OPEN] > 0);
        assert_int_equal(world.done[EFFECT_REGISTER], 1);
        assert_int_equal(world.done[EFFECT_PROBE], 0);
        world_run(&world,
                  100); /* it fails: all goes back, and the rule does not try again by itself */
        assert_ended(REASON_OPEN_REFUSED);
        assert_quarantined();
        world.lies = EFFECT_NONE;
        world_run(&world, 100);
        assert_quarantined();
        world_unplug(&world);
        world_run(&world, 10);
        plug();
        assert_trusted();
}

/* Nobody gave it back to dom0, whatever was answered. */
static void assert_unopened(void)
{
        plug();
        world_run(&world, 100);
        assert_int_equal(world.done[EFFECT_PORT_OPEN], 0);
        assert_int_equal(world.done[EFFECT_PROBE], 0);
        assert_ended(REASON_NOT_REGISTERED);
        assert_quarantined();
}

static void test_not_returned(void **state)
{
        (void)state;
        begin(IOMMU_VTD);
        world.lies = EFFECT_REGISTER;
        assert_unopened();
        begin(IOMMU_AMD);
        world.fails = EFFECT_REGISTER;
        assert_unopened();
}

static void test_keep_off_stays(void **state)
{
        (void)state;
        begin(IOMMU_VTD);
        world.lies = EFFECT_PROBE;
        plug();
        world_run(&world, 100);
        assert_ended(REASON_UNPROBED);
        assert_quarantined();
}

/* Only the exact identity, only in that port; a bridge is never given. */
static void test_others(void **state)
{
        (void)state;
        begin(IOMMU_VTD);
        world_plug(&world, 2);
        world.functions[0].facts.device++;
        world_run(&world, 30);
        assert_quarantined();
        assert_int_equal(world_records_count(&world, RECORD_TRUSTED), 0);
        begin(IOMMU_VTD);
        rules_make("trust-dom0 if port = 00:04.0 and id = 1b36:0011 and subsystem = 0000:0000 and "
                   "class = 060400\n",
                   &trusts);
        rules_tell(&trusts);
        plug();
        assert_quarantined();
        assert_int_equal(world_records_count(&world, RECORD_TRUSTED), 0);
}

static void refuses(void)
{
        world_run(&world, 30);
        assert_false(world_open(&world));
        assert_int_equal(world.done[EFFECT_REGISTER], 0);
        assert_int_equal(world_records_count(&world, RECORD_TRUSTED), 0);
}

/* What bars a release bars this one. */
static void test_bars(void **state)
{
        (void)state;
        begin(IOMMU_VTD);
        world.core.platform.intremap = FACT_NO;
        world_plug(&world, 2);
        refuses();
        begin(IOMMU_VTD);
        world.core.ports[0].tainted = true;
        world_plug(&world, 2);
        refuses();
        begin(IOMMU_VTD);
        world.registers.acs_control = 0;
        world_plug(&world, 2);
        refuses();
        begin(IOMMU_VTD);
        world_plug(&world, 2);
        world.functions[1].facts.malformed = true;
        refuses();
        assert_quarantined();
}

/* A finding of any function ends it. */
static void test_finding(void **state)
{
        (void)state;
        trusted();
        world.functions[1].facts.malformed = true;
        world_tell(&world, EVENT_LOOK, 20);
        assert_ended(REASON_UNTRUSTED); /* the rules' own verdict is barred */
        assert_quarantined();
}

/* What its own driver does with it is none; of what is beside it it is. */
static void test_driven(void **state)
{
        (void)state;
        trusted();
        for (uint32_t i = 0; i < 2; i++) {
                world.functions[i].facts.enabled = EVENT_CAPABILITY_BIT(CAPABILITY_MSI_X);
                world_tell(&world, EVENT_LOOK, 20);
                if (i == 0)
                        assert_trusted();
        }
        assert_false(world_open(&world));
        assert_false(world_port(&world)->trusted);
}

/* The same device in the same place, or one that claims to be: trusted by the rule, after its own quarantine. */
static void test_replug(void **state)
{
        uint32_t confirmed;

        (void)state;
        trusted();
        world_unplug(&world);
        world_run(&world, 1);
        assert_false(world_open(&world));
        assert_ended(REASON_NO_LINK);
        world_run(&world, 20);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        confirmed = world.done[EFFECT_CONFIRM];
        plug();
        assert_trusted();
        assert_true(world.done[EFFECT_CONFIRM] >= confirmed + 2);
        assert_int_equal(world_records_count(&world, RECORD_TRUSTED), 2);
        assert_int_equal(world_records_count(&world, RECORD_ARRIVAL), 2);
}

static void swap(void)
{
        for (uint32_t i = 0; i < 2; i++)
                world.functions[i].facts.changed = true; /* as the next look finds */
        world.registers.slot_status |= MODEL_SLOT_STATUS_PDC;
}

/* Swapped between two looks: the door is shut in the step that sees the slot's bit. */
static void test_swap(void **state)
{
        (void)state;
        trusted();
        swap();
        world.hangs = EFFECT_INVENTORY;
        world_run(&world, 1);
        assert_false(world_open(&world));
        assert_ended(REASON_CHANGED);
}

static void test_rule_taken_away(void **state)
{
        (void)state;
        trusted();
        rules_tell(&none);
        world.hangs = EFFECT_INVENTORY;
        world_run(&world, 1);
        assert_false(world_open(&world));
        assert_ended(REASON_UNTRUSTED);
        world.hangs = EFFECT_NONE;
        world_run(&world, 800);
        assert_quarantined();
        rules_tell(&trusts); /* and again */
        world_run(&world, 30);
        assert_trusted();
}

/* A rule for another device takes the place of the one that was trusted: the port's verdict alone is not enough. */
static void test_rule_changed(void **state)
{
        (void)state;
        trusted();
        world.core.functions[0].verdict = VERDICT_QUARANTINE;
        world_run(&world, 1);
        assert_int_equal(world_records_count(&world, RECORD_TRUST_ENDED), 1);
        assert_false(world_open(&world));
}

static void request(enum event_verb verb, uint32_t sbdf, enum effect_result result,
                    enum record_reason reason)
{
        uint32_t replies = world.reply_count;

        world_request(&world, verb, sbdf, WORLD_GUEST);
        world_run(&world, 30);
        assert_int_equal(world.reply_count, replies + 1);
        world_replied(&world, result, reason);
}

/* Whatever below the port is named: all of it goes back, and stays until something else is plugged. */
static void test_unassign(void **state)
{
        static const uint32_t named[] = { LEAF, BRIDGE, WORLD_PORT };

        (void)state;
        for (size_t i = 0; i < 3; i++) {
                trusted();
                request(REQUEST_UNASSIGN, named[i], RESULT_DONE, REASON_NONE);
                assert_ended(REASON_REQUESTED);
                assert_quarantined();
                world_run(&world, 100);
                assert_quarantined();
        }
}

/* It is answered when all of it is so, and not before. */
static void test_unassign_waits(void **state)
{
        (void)state;
        begin(IOMMU_AMD); /* where no list has to be read first */
        plug();
        assert_trusted();
        world.hangs = EFFECT_CONFIRM;
        world_request(&world, REQUEST_UNASSIGN, BRIDGE, "");
        world_run(&world, 20);
        assert_false(world_open(&world));
        assert_int_equal(world.reply_count, 0);
        world.hangs = EFFECT_NONE;
        world_run(&world, 400);
        assert_int_equal(world.reply_count, 1);
        assert_int_equal(world.replies[0].result, RESULT_DONE);
        assert_quarantined();
}

static void test_eject(void **state)
{
        (void)state;
        trusted();
        request(REQUEST_EJECT, WORLD_PORT, RESULT_DONE, REASON_NONE);
        assert_ended(REASON_REQUESTED);
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
        assert_false(world_open(&world));
}

static void test_button(void **state)
{
        (void)state;
        trusted();
        world.registers.slot_status |= MODEL_SLOT_STATUS_ABP;
        world_run(&world, 1);
        world.registers.slot_status &= (uint16_t)~MODEL_SLOT_STATUS_ABP;
        world_run(&world, 80);
        assert_ended(REASON_REQUESTED);
        assert_int_equal(world_port(&world)->state, STATE_EJECTED);
}

static void use_set(enum event_use_kind kind)
{
        world.found.use.uses = EVENT_USE_BIT(kind);
        world_run(&world, 40); /* until the next discovery */
}

/* What dom0 uses is not taken from it because somebody asks: as with a port that is left open for it. */
static void test_in_use(void **state)
{
        (void)state;
        trusted();
        use_set(USE_MOUNT);
        request(REQUEST_EJECT, WORLD_PORT, RESULT_FAILED, REASON_IN_USE);
        request(REQUEST_UNASSIGN, LEAF, RESULT_FAILED, REASON_IN_USE);
        request(REQUEST_ASSIGN, LEAF, RESULT_FAILED, REASON_TRUSTED);
        assert_trusted();
        use_set(USE_SWAP);
        world.core.config.in_use_quarantine = true;
        request(REQUEST_UNASSIGN, LEAF, RESULT_FAILED, REASON_NEEDED);
        assert_trusted();
        use_set(USE_MOUNT);
        request(REQUEST_UNASSIGN, LEAF, RESULT_DONE, REASON_NONE);
        assert_quarantined();
        world.core.config.in_use_quarantine = false; /* what is not dom0's any more bars nothing */
        request(REQUEST_EJECT, WORLD_PORT, RESULT_DONE, REASON_NONE);
}

/* Something new below: the door is shut at once, what is there is looked at, and the trust goes on. */
static void test_shown_while_open(void **state)
{
        struct event event = { .kind = EVENT_UEVENT };

        (void)state;
        trusted();
        event.uevent = (struct event_uevent){ .action = UEVENT_ADD, .subsystem = SUBSYSTEM_PCI };
        event.uevent.place.sbdf = BASE_SBDF(0, 1, 0, 2);
        event.uevent.place.depth = 1;
        event.uevent.place.above[0] = WORLD_PORT;
        world.hangs = EFFECT_INVENTORY;
        event_tell(&event);
        world_run(&world, 1);
        assert_false(world_open(&world));
        assert_int_equal(world_records_count(&world, RECORD_TRUST_SHUT), 1);
        assert_int_equal(world_records_count(&world, RECORD_PORT_SHUT), 0);
        assert_int_equal(world_port(&world)->state, STATE_ARRIVING);
        world.hangs = EFFECT_NONE;
        world_run(&world, 800);
        assert_trusted();
        assert_int_equal(world_records_count(&world, RECORD_TRUST_ENDED), 0);
        assert_int_equal(world.done[EFFECT_REGISTER], 1);
}

/* Somebody else made it assignable: Xen's list and pciback both say so. */
static void test_taken_by_others(void **state)
{
        (void)state;
        trusted();
        world.functions[0].owner = EVENT_OWNER_DOM_IO;
        memcpy(world.functions[0].facts.driver, EVENT_PCIBACK_DRIVER, sizeof EVENT_PCIBACK_DRIVER);
        world_tell(&world, EVENT_LOOK, 1);
        assert_false(world_open(&world) && world.functions[0].owner != EVENT_OWNER_DOM0);
        trusted();
        world.functions[0].owner = EVENT_OWNER_NOBODY;
        world.hangs = EFFECT_QUARANTINE;
        world_tell(&world, EVENT_LOOK, 5);
        assert_false(world_open(&world));
}

/* Nothing of it is in the state file: the next daemon shuts the door, and the rule begins anew. */
static void test_restart(void **state)
{
        (void)state;
        trusted();
        world_restart(&world);
        world_run(&world, 30);
        assert_quarantined();
        rules_tell(&trusts);
        world_run(&world, 30);
        assert_trusted();
}

/* ... but for what dom0 uses, as ever: that is left open, as long as nothing happens in the slot. */
static void test_restart_in_use(void **state)
{
        (void)state;
        trusted();
        world.found.use.uses = EVENT_USE_BIT(USE_MOUNT);
        world_restart(&world);
        world_run(&world, 30);
        assert_int_equal(world_port(&world)->state, STATE_EXPOSED);
        assert_true(world_open(&world));
        world_unplug(&world); /* the kernel's books say for ever that it is mounted */
        world_run(&world, 2);
        assert_false(world_open(&world));
        world_run(&world, 30);
        assert_int_equal(world_port(&world)->state, STATE_EMPTY);
        for (uint32_t i = 0; i < 2; i++) {
                trusted();
                world.found.use.uses = EVENT_USE_BIT(USE_MOUNT);
                swap(); /* while no daemon runs */
                world.memory_status = i ? MEMORY_DAMAGED : MEMORY_GOOD;
                world_restart(&world);
                world_run(&world, 2);
                assert_false(world_open(&world));
        }
}

/* Where there is no owner list: what Xen answered stands for it, until somebody is asked to take it. */
static void test_amd(void **state)
{
        (void)state;
        begin(IOMMU_AMD);
        plug();
        assert_trusted();
        world_tell(&world, EVENT_LOOK, 30);
        assert_trusted();
        world_tell(&world, EVENT_OVERRUN, 60);
        assert_trusted();
        assert_int_equal(world.done[EFFECT_REGISTER], 1);
        request(REQUEST_UNASSIGN, LEAF, RESULT_DONE, REASON_NONE);
        assert_quarantined();
}

/* Loud: in each row, in the status first, and in the audit. */
static void test_shown(void **state)
{
        static const struct event_machine machine;
        struct report_row row;
        bool found = false;

        (void)state;
        trusted();
        report_status_row(&world.core, &row);
        assert_string_equal(report_row_value(&row, "contained"), "false");
        assert_string_equal(report_row_value(&row, "trusted"), "0000:01:00.0");
        assert_true(report_port_row(&world.core, 0, &row));
        assert_string_equal(report_row_value(&row, "state"), "trusted");
        assert_true(report_function_row(&world.core, 0, &row));
        assert_string_equal(report_row_value(&row, "state"), "trusted");
        assert_string_equal(report_row_value(&row, "owner"), "dom0");
        for (uint32_t i = 0; report_audit_row(&world.core, &machine, i, &row); i++) {
                if (!base_text_equal(report_row_value(&row, "check"), "trust-dom0"))
                        continue;
                assert_false(found);
                found = true;
                assert_string_equal(report_row_value(&row, "subject"), "0000:01:00.0");
                assert_string_equal(report_row_value(&row, "verdict"), "broken");
                assert_string_equal(report_row_value(&row, "what"), "a rule makes it dom0's");
        }
        assert_true(found);
        request(REQUEST_UNASSIGN, LEAF, RESULT_DONE, REASON_NONE);
        report_status_row(&world.core, &row);
        assert_string_equal(report_row_value(&row, "trusted"), "");
        for (uint32_t i = 0; report_audit_row(&world.core, &machine, i, &row); i++)
                assert_string_not_equal(report_row_value(&row, "check"), "trust-dom0");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_trust),           cmocka_unit_test(test_order),
                cmocka_unit_test(test_not_returned),    cmocka_unit_test(test_keep_off_stays),
                cmocka_unit_test(test_others),          cmocka_unit_test(test_bars),
                cmocka_unit_test(test_finding),         cmocka_unit_test(test_driven),
                cmocka_unit_test(test_replug),          cmocka_unit_test(test_swap),
                cmocka_unit_test(test_rule_taken_away), cmocka_unit_test(test_rule_changed),
                cmocka_unit_test(test_unassign),        cmocka_unit_test(test_unassign_waits),
                cmocka_unit_test(test_eject),           cmocka_unit_test(test_button),
                cmocka_unit_test(test_in_use),          cmocka_unit_test(test_shown_while_open),
                cmocka_unit_test(test_taken_by_others), cmocka_unit_test(test_restart),
                cmocka_unit_test(test_restart_in_use),  cmocka_unit_test(test_amd),
                cmocka_unit_test(test_shown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
