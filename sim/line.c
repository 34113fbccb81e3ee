/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves as text: the words of a replay line. */
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "move.h"

static const char *const move_names[MOVE_MAX] = {
        [MOVE_POLL] = "poll",
        [MOVE_TIME] = "time",
        [MOVE_ACT] = "act",
        [MOVE_ANSWER] = "answer",
        [MOVE_UEVENT] = "uevent",
        [MOVE_GUESTS] = "guests",
        [MOVE_LOOK] = "look",
        [MOVE_ROUTER_EVENT] = "routerevent",
        [MOVE_ROUTER_ACT] = "routeract",
        [MOVE_ROUTER_ANSWER] = "routeranswer",
        [MOVE_SESSION] = "session",
        [MOVE_TUNNEL] = "tunnel",
        [MOVE_ROUTER] = "router",
        [MOVE_ROUTER_GO] = "routergo",
        [MOVE_ROUTER_NAME] = "routername",
        [MOVE_ROUTER_FAIL] = "routerfail",
        [MOVE_ROUTER_LIE] = "routerlie",
        [MOVE_ROUTER_LATE] = "routerlate",
        [MOVE_ROUTER_FOREIGN] = "routerforeign",
        [MOVE_ROUTER_LOSE] = "routerlose",
        [MOVE_ROUTER_AUTHORIZE] = "authorize",
        [MOVE_ROUTER_ENROLL] = "enroll",
        [MOVE_ROUTER_FORGET] = "forget",
        [MOVE_TAKE_BACK] = "takeback",
        [MOVE_PLUG] = "plug",
        [MOVE_UNPLUG] = "unplug",
        [MOVE_SWAP] = "swap",
        [MOVE_DUMB] = "dumb",
        [MOVE_EJECT] = "eject",
        [MOVE_BUTTON] = "button",
        [MOVE_RELOAD] = "reload",
        [MOVE_USE] = "use",
        [MOVE_ATTACH] = "attach",
        [MOVE_DETACH] = "detach",
        [MOVE_ASSIGN] = "assign",
        [MOVE_UNASSIGN] = "unassign",
        [MOVE_GUEST_START] = "gueststart",
        [MOVE_GUEST_DIE] = "guestdie",
        [MOVE_LOCK] = "lock",
        [MOVE_DOUBLE] = "double",
        [MOVE_JUMP] = "jump",
        [MOVE_FAIL] = "fail",
        [MOVE_LIE] = "lie",
        [MOVE_LATE] = "late",
        [MOVE_HANG] = "hang",
        [MOVE_LOSE] = "lose",
        [MOVE_OVERRUN] = "overrun",
        [MOVE_BLIND] = "blind",
        [MOVE_CRASH] = "crash",
        [MOVE_CRASH_LATE] = "crashlate",
        [MOVE_AMNESIA] = "amnesia",
        [MOVE_START] = "start",
        [MOVE_SET_BME] = "setbme",
        [MOVE_BIND_PCIEHP] = "bindpciehp",
        [MOVE_RESCAN] = "rescan",
};

void sim_move_format(struct sim_move move, char ret_text[static 24])
{
        struct base_text text = base_text_on(ret_text, 24);

        base_assert(move.kind < MOVE_MAX);
        base_text_add(&text, move_names[move.kind]);
        base_text_add_u64(&text, move.port);
        if (move.detail != 0) {
                base_text_add_char(&text, '.');
                base_text_add_u64(&text, move.detail);
        }
        base_assert(!text.truncated);
}

/* A number below `limit` at *text, which then points behind it. */
static bool number_parse(const char **text, uint32_t limit, uint8_t *ret_number)
{
        uint32_t number = 0;

        if (**text < '0' || **text > '9')
                return false;
        for (; **text >= '0' && **text <= '9'; (*text)++) {
                number = number * 10 + (uint32_t)(**text - '0');
                if (number >= limit)
                        return false;
        }
        *ret_number = (uint8_t)number;
        return true;
}

bool sim_move_parse(const char *text, struct sim_move *ret_move)
{
        for (unsigned int kind = 0; kind < MOVE_MAX; kind++) {
                size_t length = strlen(move_names[kind]);
                struct sim_move move = { .kind = (uint8_t)kind };
                const char *at = text + length;

                if (strncmp(text, move_names[kind], length) != 0 ||
                    !number_parse(&at, SIM_EXPLORED_PORTS, &move.port))
                        continue;
                if (*at == '.') {
                        at++;
                        if (!number_parse(&at, UINT8_MAX + 1u, &move.detail))
                                return false;
                }
                *ret_move = move;
                return *at == '\0';
        }
        return false;
}
