/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where runs begin; running them again; making them short. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "canon.h"
#include "check/check.h"
#include "core/policy/rules.h"
#include "copy.h"
#include "explore.h"

#define RULES_TRUST 4u
#define RULES_MAX RULES_TRUST

static const struct policy_rules *scope_rules(uint32_t number)
{
        static const char *const texts[RULES_MAX + 1] = {
                "", "reject if port = 0000:00:04.0\n", "reject if kind = bridge\n",
                "assign " SIM_GUEST_NAME " if kind = endpoint\n",
                "trust-dom0 if port = 0000:00:04.0 and "
                "id = 144d:a80a and subsystem = 0000:0000 "
                "and class = 010802 and position = "
                "00.0/00.0\n"
        };
        static struct policy_rules rules; /* one scope at a time */
        struct policy_diagnosis diagnosis;

        policy_rules_init(&rules);
        rules.trust_dom0 = true;
        base_assert(policy_rules_parse("explored", texts[number], strlen(texts[number]), &rules,
                                       &diagnosis));
        return &rules;
}

/* The fair schedule, until nothing comes of anything. held_back: the second leaf shows itself to no enumeration. */
static void rest_reach(struct sim_state *state, bool held_back)
{
        for (uint32_t idle = 0; idle < 3;) {
                struct sim_move move = sim_move_fair(&state->world);

                idle = move.kind == MOVE_TIME ? idle + 1 : 0;
                if (held_back && move.kind == MOVE_ACT &&
                    state->world.ports[0].pending.kind == EFFECT_RESCAN)
                        move.detail = SIM_DETAIL(LIE_SILENT, 0, 2);
                sim_move_do(state, move);
        }
}

/* What is below the first port is quarantined, and its first leaf given to the guest. */
static void given_begin(struct sim_state *state, bool held_back)
{
        struct sim_world *world = &state->world;

        world->wishes_left = 1;
        world->attacks_left = UINT8_MAX;
        if (held_back)
                sim_daemon_start(state);
        sim_move_do(state, (struct sim_move){ MOVE_PLUG, 0, 0 });
        if (!held_back)
                sim_daemon_start(state);
        rest_reach(state, held_back);
        sim_move_do(state, (struct sim_move){ MOVE_ASSIGN, 0, 1 });
        rest_reach(state, held_back);
}

/* What is below the first port is quarantined, and its first leaf made dom0's. */
static void trusted_begin(struct sim_state *state)
{
        state->world.attacks_left = UINT8_MAX;
        sim_move_do(state, (struct sim_move){ MOVE_PLUG, 0, 0 });
        sim_daemon_start(state);
        rest_reach(state, /* held_back= */ false);
        base_assert(state->core.ports[0].state == STATE_TRUSTED);
}

void sim_scope_begin(const struct sim_scope *scope, struct sim_state *ret_state)
{
        struct sim_world *world = &ret_state->world;

        memset(ret_state, 0, sizeof *ret_state);
        sim_world_init(world, sim_shape_explored(scope->power_controller), scope->vendor,
                       scope->xen_minor, scope->ports);
        world->guests = world->guest_there = scope->guests != 0;
        world->pause = scope->guests == 2;
        world->domid = SIM_OTHER_DOMID + 1;
        sim_bus_init(world, (enum sim_bus)scope->thunderbolt);
        for (uint32_t i = 0; scope->booted && scope->booted < SIM_BOOTED_GIVEN && i < scope->ports;
             i++)
                sim_move_do(ret_state, (struct sim_move){ MOVE_PLUG, (uint8_t)i, 0 });
        world->usable = scope->booted == SIM_BOOTED_USED || scope->booted == SIM_BOOTED_TRUSTED;
        world->ports[0].used = scope->booted == SIM_BOOTED_USED;
        world->rules = scope_rules(scope->rules);
        if (scope->rules == RULES_TRUST)
                world->trusts = world->rules;
        if (scope->booted == SIM_BOOTED_TRUSTED)
                trusted_begin(ret_state);
        else if (scope->booted >= SIM_BOOTED_GIVEN)
                given_begin(ret_state, scope->booted == SIM_BOOTED_HELD_BACK);
        world->faults_left = scope->faults;
        world->attacks_left = scope->attacks;
        world->wishes_left = scope->wishes;
        if (scope->booted < SIM_BOOTED_GIVEN)
                sim_daemon_start(ret_state);
}

void sim_scope_format(const struct sim_scope *scope, char ret_text[static 48])
{
        int length = snprintf(ret_text, 48, "%s.%u.p%u.f%u.a%u.w%u.c%u.b%u",
                              scope->vendor == SIM_AMD ? "amd" : "vtd", scope->xen_minor,
                              scope->ports, scope->faults, scope->attacks, scope->wishes,
                              scope->power_controller, scope->booted);

        if (scope->rules)
                length += snprintf(ret_text + length, 48 - (size_t)length, ".r%u", scope->rules);
        if (scope->guests)
                length += snprintf(ret_text + length, 48 - (size_t)length, ".g%u", scope->guests);
        if (scope->thunderbolt)
                length += snprintf(ret_text + length, 48 - (size_t)length, ".t%u",
                                   scope->thunderbolt);
        base_assert(length > 0 && length < 48);
}

/* ".r1", ".g2": a letter and a digit, which may be left out. */
static bool option_parse(const char **text, char letter, unsigned int max, unsigned int *ret_value)
{
        const char *at = *text;

        *ret_value = 0;
        if (at[0] != '.' || at[1] != letter)
                return true;
        *ret_value = (unsigned int)(at[2] - '0');
        *text += 3;
        return at[2] >= '0' && *ret_value <= max;
}

bool sim_scope_parse(const char *text, struct sim_scope *ret_scope)
{
        unsigned int minor, ports, faults, attacks, wishes, controller, booted, rules, guests,
                thunderbolt;
        const char *rest = text;
        char vendor[4];
        int end = 0;

        if (sscanf(text, "%3[a-z].%3u.p%3u.f%3u.a%3u.w%3u.c%3u.b%3u%n", vendor, &minor, &ports,
                   &faults, &attacks, &wishes, &controller, &booted, &end) != 8 ||
            minor > 99 || ports < 1 || ports > SIM_EXPLORED_PORTS || faults > 9 || attacks > 255 ||
            wishes > 255 || controller > 1 || booted > SIM_BOOTED_TRUSTED)
                return false;
        rest += end;
        if (!option_parse(&rest, 'r', RULES_MAX, &rules) || !option_parse(&rest, 'g', 2, &guests) ||
            !option_parse(&rest, 't', SIM_BUS_KEYS, &thunderbolt) || *rest != '\0')
                return false;
        if (booted == SIM_BOOTED_TRUSTED ? rules != RULES_TRUST || guests != 0
                                         : booted >= SIM_BOOTED_GIVEN && guests == 0)
                return false;
        if (strcmp(vendor, "vtd") != 0 && strcmp(vendor, "amd") != 0)
                return false;
        *ret_scope = (struct sim_scope){ .vendor = vendor[0] == 'a' ? SIM_AMD : SIM_VTD,
                                         .xen_minor = (uint16_t)minor,
                                         .ports = (uint8_t)ports,
                                         .faults = (uint8_t)faults,
                                         .attacks = (uint8_t)attacks,
                                         .wishes = (uint8_t)wishes,
                                         .power_controller = controller != 0,
                                         .rules = (uint8_t)rules,
                                         .booted = (uint8_t)booted,
                                         .guests = (uint8_t)guests,
                                         .thunderbolt = (uint8_t)thunderbolt,
                                         .states_max = UINT64_MAX };
        return true;
}

bool sim_move_possible(const struct sim_state *state, struct sim_move move)
{
        struct sim_move moves[SIM_MOVES];
        uint32_t count = sim_moves(state, moves);

        for (uint32_t i = 0; i < count; i++)
                if (memcmp(&moves[i], &move, sizeof move) == 0)
                        return true;
        return false;
}

const char *sim_replay(const struct sim_scope *scope, struct sim_move *path, uint32_t count,
                       uint32_t *ret_count, const char **ret_wrong)
{
        static struct sim_state state;
        const char *name = NULL;

        check_l1_reset();
        sim_scope_begin(scope, &state);
        *ret_count = 0;
        *ret_wrong = check_all(&state, &name);
        for (uint32_t i = 0; i < count && !*ret_wrong; i++) {
                if (!sim_move_possible(&state, path[i]))
                        continue;
                path[(*ret_count)++] = path[i];
                sim_move_do(&state, path[i]);
                *ret_wrong = check_all(&state, &name);
        }
        if (*ret_wrong)
                return name;
        *ret_wrong = check_l1(&state, sim_canon_calm(&state));
        return *ret_wrong ? "L1" : NULL;
}

/* The path without moves [at, at + length): does the same invariant still fail? Then it is taken. */
static bool shorter_take(const struct sim_scope *scope, struct sim_result *result, uint32_t at,
                         uint32_t length)
{
        uint32_t rest = result->path_count - at - length, end;
        struct sim_move *shorter = malloc((at + rest + 1) * sizeof *shorter);
        const char *wrong, *name;
        bool same;

        base_assert(shorter);
        memcpy(shorter, result->path, at * sizeof *shorter);
        memcpy(shorter + at, result->path + at + length, rest * sizeof *shorter);
        name = sim_replay(scope, shorter, at + rest, &end, &wrong);
        same = name && strcmp(name, result->invariant) == 0;
        if (same) {
                memcpy(result->path, shorter, end * sizeof *shorter);
                result->path_count = end;
                result->wrong = wrong;
        }
        free(shorter);
        return same;
}

void sim_shrink(const struct sim_scope *scope, struct sim_result *result)
{
        for (uint32_t length = result->path_count / 2 + 1; length > 0; length /= 2)
                for (uint32_t at = 0; at + length <= result->path_count;)
                        if (!shorter_take(scope, result, at, length))
                                at += length;
}
