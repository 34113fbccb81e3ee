/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Thunderbolt bus: Documentation/ABI/testing/sysfs-bus-thunderbolt, drivers/thunderbolt/{domain,switch}.c. */
#include "edge/source/thunderbolt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/event/parse.h"
#include "edge/actuator/sysfs.h"
#include "edge/cleanup.h"
#include "edge/file.h"
#include "edge/store/routers.h"

#define DEVICES "bus/thunderbolt/devices"
/* sysfs hands out a page at most. */
#define ATTRIBUTE_SIZE 4096

/* One attribute: its text, or that it is not there, or that it could not be read. */
struct attribute {
        char text[ATTRIBUTE_SIZE];
};

static struct event_text attribute_read(int folder, const char *name, struct attribute *attribute,
                                        bool *failed)
{
        ssize_t length = actuator_sysfs_read(folder, name, attribute->text, ATTRIBUTE_SIZE);

        if (length >= 0)
                return (struct event_text){ attribute->text, (size_t)length };
        if (length != -ENOENT)
                *failed = true;
        return (struct event_text){ 0 };
}

static bool router_is(int folder)
{
        char text[ATTRIBUTE_SIZE];
        ssize_t length = actuator_sysfs_read(folder, "uevent", text, sizeof text);

        return event_router_is(text, length > 0 ? (size_t)length : 0);
}

void source_router_attributes_read(int folder, struct event_router *ret_router)
{
        static const struct {
                const char *name;
                size_t at; /* of a struct event_text in the texts */
        } all[] = {
                { "unique_id", offsetof(struct event_router_texts, unique_id) },
                { "authorized", offsetof(struct event_router_texts, authorized) },
                { "boot", offsetof(struct event_router_texts, boot) },
                { "generation", offsetof(struct event_router_texts, generation) },
                { "vendor", offsetof(struct event_router_texts, vendor) },
                { "device", offsetof(struct event_router_texts, device) },
                { "vendor_name", offsetof(struct event_router_texts, vendor_name) },
                { "device_name", offsetof(struct event_router_texts, device_name) },
        };
        struct attribute attributes[sizeof all / sizeof all[0]];
        struct event_router_texts texts = { 0 };
        struct stat status;

        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
                struct event_text text =
                        attribute_read(folder, all[i].name, &attributes[i], &texts.failed);

                memcpy((char *)&texts + all[i].at, &text, sizeof text);
        }
        event_router_parse(&texts, ret_router);
        if (fstat(folder, &status) == 0)
                ret_router->instance = status.st_ino;
        else
                ret_router->readable = false;
}

/* Whose key stands in the attribute key, which only domains of level `secure` have. It is compared, and forgotten. */
static void key_compare(int folder, const struct store *store, struct event_router *router)
{
        uint8_t written[EVENT_KEY_SIZE], ours[EVENT_KEY_SIZE];
        char text[EVENT_KEY_TEXT_SIZE];
        ssize_t length = actuator_sysfs_read(folder, "key", text, sizeof text);

        router->takes_key = length != -ENOENT;
        if (length > 1) /* without a key it is a line feed */
                router->key = event_key_parse(text, (size_t)length, written) &&
                                              store_router_key_read(store, router->unique_id,
                                                                    ours) == 0 &&
                                              memcmp(written, ours, sizeof ours) == 0
                                      ? ROUTER_KEY_OURS
                                      : ROUTER_KEY_OTHER;
        explicit_bzero(text, sizeof text);
        explicit_bzero(written, sizeof written);
        explicit_bzero(ours, sizeof ours);
}

static void enrolment_read(const struct store *store, struct event_router *router)
{
        struct event_enrolment enrolment;
        int error = store_router_read(store, router->unique_id, &enrolment);

        router->enrolled = enrolment.key; /* ENROLLED_UNKNOWN where it could not be read */
        router->manual = enrolment.manual;
        if (error == -ENOENT)
                router->enrolled = ENROLLED_NO;
}

/* A folder that goes away while it is read leaves a router that is not readable: its uevent is on the way. */
static void router_read(int folder, const struct store *store, uint32_t domain, uint64_t route,
                        struct event_router *ret_router)
{
        source_router_attributes_read(folder, ret_router);
        ret_router->domain = domain;
        ret_router->route = route;
        if (!ret_router->readable)
                return; /* whose entry would that be? */
        key_compare(folder, store, ret_router);
        enrolment_read(store, ret_router);
}

static void domain_read(int folder, uint32_t number, struct event_domain *ret_domain)
{
        struct attribute text;
        ssize_t length = actuator_sysfs_read(folder, "security", text.text, ATTRIBUTE_SIZE);

        *ret_domain = (struct event_domain){ .number = number };
        if (length >= 0)
                ret_domain->security = event_security_parse(text.text, (size_t)length);
        length = actuator_sysfs_read(folder, "deauthorization", text.text, ATTRIBUTE_SIZE);
        ret_domain->deauthorizes =
                length >= 0 && event_parameter_parse(text.text, (size_t)length) == FACT_YES;
}

static void router_take(int folder, const struct store *store, uint32_t domain, uint64_t route,
                        struct event_routers *routers)
{
        if (route == 0 || !router_is(folder)) /* the host's own is no device */
                return;
        if (routers->count == LIMIT_ROUTERS)
                routers->truncated = true;
        else
                router_read(folder, store, domain, route, &routers->routers[routers->count++]);
}

static void entry_take(int devices, const char *name, const struct store *store,
                       struct event_routers *routers)
{
        EDGE_CLEANUP_FD int folder = -1;
        uint32_t number;
        uint64_t route;
        bool domain = event_domain_name_parse(name, strlen(name), &number);

        if (!domain && !event_router_name_parse(name, strlen(name), &number, &route))
                return; /* a service or a retimer */
        folder = actuator_sysfs_open(devices, name);
        if (folder < 0) { /* gone, and told by a uevent; or not to be opened at all */
                routers->truncated = routers->truncated || folder != -ENOENT;
                return;
        }
        if (!domain)
                router_take(folder, store, number, route, routers);
        else if (routers->domain_count == LIMIT_DOMAINS)
                routers->truncated = true;
        else
                domain_read(folder, number, &routers->domains[routers->domain_count++]);
}

static int domains_compare(const void *a, const void *b)
{
        const struct event_domain *x = a, *y = b;

        return (x->number > y->number) - (x->number < y->number);
}

static int routers_compare(const void *a, const void *b)
{
        const struct event_router *x = a, *y = b;

        if (x->domain != y->domain)
                return x->domain > y->domain ? 1 : -1;
        return (x->route > y->route) - (x->route < y->route);
}

int source_routers_read(int sysfs, const struct store *store, struct event_routers *ret_routers)
{
        EDGE_CLEANUP_FOLDER DIR *entries = NULL;
        int devices = actuator_sysfs_open(sysfs, DEVICES);
        const struct dirent *entry;

        memset(ret_routers, 0, sizeof *ret_routers);
        if (devices < 0)
                return devices == -ENOENT ? 0 : devices;
        entries = edge_folder_open(devices);
        if (!entries)
                return -errno;
        while (errno = 0, (entry = readdir(entries)))
                entry_take(devices, entry->d_name, store, ret_routers);
        if (errno != 0)
                return -errno;
        qsort(ret_routers->domains, ret_routers->domain_count, sizeof ret_routers->domains[0],
              domains_compare);
        qsort(ret_routers->routers, ret_routers->count, sizeof ret_routers->routers[0],
              routers_compare);
        return 0;
}
