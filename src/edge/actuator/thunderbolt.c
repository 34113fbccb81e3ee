/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thunderbolt routers: authorized, deauthorized, enrolled. Always through the folder that was checked. */
#include "edge/actuator/thunderbolt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/event/parse.h"
#include "edge/actuator/sysfs.h"
#include "edge/cleanup.h"
#include "edge/source/thunderbolt.h"
#include "edge/store/routers.h"

/* 0 where the folder is the router that was meant, by kernel object and by the ID that it says. */
static int router_check(int folder, const struct record_router *router)
{
        uint8_t id[RECORD_UNIQUE_ID_SIZE];
        struct stat status;
        char text[64];
        ssize_t length;

        if (fstat(folder, &status) < 0)
                return -errno;
        if (status.st_ino != router->instance)
                return -ESTALE;
        length = actuator_sysfs_read(folder, "unique_id", text, sizeof text);
        if (length < 0)
                return (int)length;
        if (!event_unique_id_parse(text, (size_t)length, id) ||
            memcmp(id, router->unique_id, sizeof id) != 0)
                return -ESTALE;
        return 0;
}

/* A descriptor that the caller closes, or a negative errno: -ENOENT = there is none. */
static int router_open(const struct actuator *actuator, const struct record_router *router)
{
        char path[sizeof "bus/thunderbolt/devices/4294967295-ffffffffffffffff"];
        int folder, error;

        (void)snprintf(path, sizeof path, "bus/thunderbolt/devices/%" PRIu32 "-%" PRIx64,
                       router->domain, router->route);
        folder = actuator_sysfs_open(actuator->sysfs, path);
        if (folder < 0)
                return folder;
        error = router_check(folder, router);
        if (!error)
                return folder;
        (void)close(folder);
        return error;
}

/* Takes a key out of the kernel again: with one there, 1 gives it to the router (switch.c:tb_switch_set_authorized). */
static int key_clear(int folder)
{
        int error = actuator_sysfs_write(folder, "key", "\n");

        return error == -ENOENT ? 0 : error; /* only `secure` has keys */
}

static int key_hand_over(const struct actuator *actuator, int folder,
                         const struct record_router *router)
{
        uint8_t key[EVENT_KEY_SIZE];
        char text[EVENT_KEY_TEXT_SIZE];
        int error = store_router_key_read(&actuator->store, router->unique_id, key);

        if (error)
                return error == -ENOENT || error == -EUCLEAN ? -ENOKEY : error;
        event_key_format(key, text);
        error = actuator_sysfs_write(folder, "key", text);
        explicit_bzero(key, sizeof key);
        explicit_bzero(text, sizeof text);
        return error;
}

/* Does the kernel say that it was authorized, without a challenge? */
static bool authorized_reads_1(int folder)
{
        char text[2];
        ssize_t length = actuator_sysfs_read(folder, "authorized", text, sizeof text);

        return length > 0 && text[0] == '1' && (length == 1 || text[1] == '\n');
}

static int key_authorize(const struct actuator *actuator, int folder, const struct effect *effect)
{
        bool challenge = effect->authorize == AUTHORIZE_CHALLENGE;
        int error = key_hand_over(actuator, folder, &effect->router);

        if (!error) {
                error = actuator_sysfs_write(folder, "authorized", challenge ? "2" : "1");
                if (error == -ENOKEY) /* it has none at all (icm.c:icm_tr_challenge_switch_key) */
                        error = -EKEYREJECTED;
        }
        if (error) { /* no key of ours stays where the next one to write 1 would give it away */
                (void)key_clear(folder);
                return error;
        }
        if (challenge)
                return 0;
        /* From now on it has to prove it: noted only of a router that the kernel shows to have taken it. */
        return authorized_reads_1(folder)
                       ? store_router_given(&actuator->store, effect->router.unique_id)
                       : -EIO;
}

int actuator_router_authorize(const struct actuator *actuator, const struct effect *effect)
{
        EDGE_CLEANUP_FD int folder = router_open(actuator, &effect->router);
        int error;

        if (folder < 0)
                return folder;
        switch (effect->authorize) {
        case AUTHORIZE_PLAIN:
                error = key_clear(folder);
                return error ? error : actuator_sysfs_write(folder, "authorized", "1");
        case AUTHORIZE_GIVE_KEY:
        case AUTHORIZE_CHALLENGE:
                return key_authorize(actuator, folder, effect);
        case AUTHORIZE_MAX:
                break;
        }
        return -EINVAL;
}

int actuator_router_deauthorize(const struct actuator *actuator, const struct effect *effect)
{
        EDGE_CLEANUP_FD int folder = router_open(actuator, &effect->router);

        return folder < 0 ? folder : actuator_sysfs_write(folder, "authorized", "0");
}

int actuator_router_enroll(const struct actuator *actuator, const struct effect *effect)
{
        EDGE_CLEANUP_FD int folder = router_open(actuator, &effect->router);
        struct event_enrolment enrolment = { .manual = effect->manual,
                                             .key = effect->new_key ? ENROLLED_NEW_KEY
                                                                    : ENROLLED_YES };
        struct event_router router;

        if (folder < 0)
                return folder;
        source_router_attributes_read(folder, &router);
        if (!router.readable)
                return -ENODATA; /* what it is called is not known */
        memcpy(enrolment.vendor_name, router.vendor_name, sizeof enrolment.vendor_name);
        memcpy(enrolment.device_name, router.device_name, sizeof enrolment.device_name);
        return store_router_write(&actuator->store, effect->router.unique_id, &enrolment);
}

int actuator_router_forget(const struct actuator *actuator, const struct effect *effect)
{
        return store_router_forget(&actuator->store, effect->router.unique_id);
}
