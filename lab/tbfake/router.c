/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routers, as user space sees them, and who approves them: drivers/thunderbolt/switch.c, domain.c. */
#include <linux/delay.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/version.h>
#if __has_include(<linux/hex.h>) /* since Linux 6.4 */
#include <linux/hex.h>
#endif

#include "tbfake/tbfake.h"

#define LINK_GBPS 20
#define LINK_LANES 2

static struct router *router_of(struct device *dev)
{
        return container_of(dev, struct router, dev);
}

/* Has the machine make a tunnel, or take away the one that there is. */
static int tunnel_set(struct router *router, bool up)
{
        struct tunnel __iomem *at = router->domain->window, *end = at + TUNNELS_MAX;
        u64 changes = 0;

        for (; at < end; at++) {
                changes = readq(&at->changes);
                if (!changes || readq(&at->route) == router->route)
                        break;
        }
        if (at == end)
                return up ? -ENOSPC : 0;
        if (changes % 2 == up)
                return 0;
        writeq(router->route, &at->route);
        writeq(changes + 1, &at->changes);
        return 0;
}

static void authorized_tell(struct router *router)
{
        char text[sizeof("AUTHORIZED=255")];
        char *environment[] = { text, NULL };

        snprintf(text, sizeof(text), "AUTHORIZED=%u", router->authorized);
        kobject_uevent_env(&router->dev.kobj, KOBJ_CHANGE, environment);
}

/* tb_domain_approve_switch, tb_domain_approve_switch_key, tb_domain_challenge_switch_key. */
static int router_approve(struct router *router, bool challenge)
{
        struct nvm *nvm = router->nvm;

        if (!tbfake_domain_asks(router->domain))
                return -EPERM;
        if (!router_of(router->dev.parent)->authorized)
                return -EINVAL;
        if (challenge && !router->key)
                return -EINVAL;
        if (challenge && !nvm->has_key)
                return -ENOKEY;
        /* The real one compares what each side makes of a random number; equal keys make equal answers. */
        if (challenge && memcmp(nvm->key, router->key, KEY_SIZE))
                return -EKEYREJECTED;
        if (router->key) {
                memcpy(nvm->key, router->key, KEY_SIZE);
                nvm->has_key = true;
        }
        /* As icm.c:icm_request waits for firmware: whoever writes cannot be killed out of it. */
        msleep(router->slow_ms);
        return tunnel_set(router, true);
}

/* disapprove_switch: what is behind it first. */
static int router_disapprove(struct device *dev, void *unused)
{
        struct router *router = router_of(dev);
        int result;

        if (!router->authorized)
                return 0;
        result = device_for_each_child_reverse(dev, NULL, router_disapprove);
        if (result)
                return result;
        if (router->domain->firmware)
                return -EPERM;
        tunnel_set(router, false);
        router->authorized = 0;
        authorized_tell(router);
        return 0;
}

/* tb_switch_set_authorized. */
static int router_authorize(struct router *router, unsigned int value)
{
        int result;

        if (value > 2 || !!router->authorized == !!value)
                return -EINVAL;
        if (!value)
                return router->route ? router_disapprove(&router->dev, NULL) : -EINVAL;
        result = router_approve(router, value == 2);
        if (result)
                return result;
        router->authorized = value;
        authorized_tell(router);
        return 0;
}

static ssize_t authorized_show(struct device *dev, struct device_attribute *attr, char *buf)
{
        return sysfs_emit(buf, "%u\n", router_of(dev)->authorized);
}

static ssize_t authorized_store(struct device *dev, struct device_attribute *attr, const char *buf,
                                size_t count)
{
        struct router *router = router_of(dev);
        unsigned int value;
        int result = kstrtouint(buf, 0, &value);

        if (!result)
                result = tbfake_domain_try(router->domain);
        if (result)
                return result;
        result = router_authorize(router, value);
        mutex_unlock(&router->domain->lock);
        return result ?: count;
}
static DEVICE_ATTR_RW(authorized);

static ssize_t key_show(struct device *dev, struct device_attribute *attr, char *buf)
{
        struct router *router = router_of(dev);
        int result = tbfake_domain_try(router->domain);

        if (result)
                return result;
        result = router->key ? sysfs_emit(buf, "%*phN\n", KEY_SIZE, router->key)
                             : sysfs_emit(buf, "\n");
        mutex_unlock(&router->domain->lock);
        return result;
}

/* tb_switch's key_store: an empty line takes the key away; what follows the key is not looked at. */
static ssize_t key_store(struct device *dev, struct device_attribute *attr, const char *buf,
                         size_t count)
{
        struct router *router = router_of(dev);
        u8 key[KEY_SIZE], *copy = NULL;
        int result;

        if (strcmp(buf, "\n")) {
                if (hex2bin(key, buf, KEY_SIZE))
                        return -EINVAL;
                copy = kmemdup(key, KEY_SIZE, GFP_KERNEL);
                if (!copy)
                        return -ENOMEM;
        }
        result = tbfake_domain_try(router->domain);
        if (!result) {
                if (router->authorized)
                        result = -EBUSY;
                else
                        swap(router->key, copy);
                mutex_unlock(&router->domain->lock);
        }
        kfree(copy);
        return result ?: count;
}
static DEVICE_ATTR(key, 0600, key_show, key_store);

/* Under the lock, which the real one does without: there names never change. */
static ssize_t name_show(struct router *router, char *const *name, char *buf)
{
        int result = tbfake_domain_try(router->domain);

        if (result)
                return result;
        result = sysfs_emit(buf, "%s\n", *name ?: "");
        mutex_unlock(&router->domain->lock);
        return result;
}

static ssize_t device_name_show(struct device *dev, struct device_attribute *attr, char *buf)
{
        return name_show(router_of(dev), &router_of(dev)->device_name, buf);
}
static DEVICE_ATTR_RO(device_name);

static ssize_t vendor_name_show(struct device *dev, struct device_attribute *attr, char *buf)
{
        return name_show(router_of(dev), &router_of(dev)->vendor_name, buf);
}
static DEVICE_ATTR_RO(vendor_name);

static ssize_t boot_show(struct device *dev, struct device_attribute *attr, char *buf)
{
        return sysfs_emit(buf, "%u\n", router_of(dev)->boot);
}
static DEVICE_ATTR_RO(boot);

static ssize_t device_show(struct device *dev, struct device_attribute *attr, char *buf)
{
        return sysfs_emit(buf, "%#x\n", router_of(dev)->device);
}
static DEVICE_ATTR_RO(device);

static ssize_t vendor_show(struct device *dev, struct device_attribute *attr, char *buf)
{
        return sysfs_emit(buf, "%#x\n", router_of(dev)->vendor);
}
static DEVICE_ATTR_RO(vendor);

static ssize_t generation_show(struct device *dev, struct device_attribute *attr, char *buf)
{
        return sysfs_emit(buf, "%u\n", router_of(dev)->generation);
}
static DEVICE_ATTR_RO(generation);

static ssize_t unique_id_show(struct device *dev, struct device_attribute *attr, char *buf)
{
        return sysfs_emit(buf, "%pUb\n", &router_of(dev)->uuid);
}
static DEVICE_ATTR_RO(unique_id);

static ssize_t speed_show(struct device *dev, struct device_attribute *attr, char *buf)
{
        return sysfs_emit(buf, "%u.0 Gb/s\n", LINK_GBPS);
}
static DEVICE_ATTR(rx_speed, 0444, speed_show, NULL);
static DEVICE_ATTR(tx_speed, 0444, speed_show, NULL);

static ssize_t lanes_show(struct device *dev, struct device_attribute *attr, char *buf)
{
        return sysfs_emit(buf, "%u\n", LINK_LANES);
}
static DEVICE_ATTR(rx_lanes, 0444, lanes_show, NULL);
static DEVICE_ATTR(tx_lanes, 0444, lanes_show, NULL);

static struct attribute *router_attrs[] = {
        &dev_attr_authorized.attr, &dev_attr_boot.attr,
        &dev_attr_device.attr,     &dev_attr_device_name.attr,
        &dev_attr_vendor.attr,     &dev_attr_vendor_name.attr,
        &dev_attr_generation.attr, &dev_attr_key.attr,
        &dev_attr_rx_speed.attr,   &dev_attr_rx_lanes.attr,
        &dev_attr_tx_speed.attr,   &dev_attr_tx_lanes.attr,
        &dev_attr_unique_id.attr,  NULL,
};

/* switch_attr_is_visible. */
static umode_t router_attr_visible(struct kobject *kobj, struct attribute *attr, int unused)
{
        struct router *router = router_of(kobj_to_dev(kobj));
        enum security level = router->domain->security;
        bool shown = true;

        if (attr == &dev_attr_authorized.attr)
                shown = level != SECURITY_NOPCIE && level != SECURITY_DPONLY;
        else if (attr == &dev_attr_key.attr)
                shown = router->route && level == SECURITY_SECURE && router->nvm;
        else if (attr == &dev_attr_device.attr)
                shown = router->device;
        else if (attr == &dev_attr_vendor.attr)
                shown = router->vendor;
        else if (attr == &dev_attr_device_name.attr)
                shown = router->device_name;
        else if (attr == &dev_attr_vendor_name.attr)
                shown = router->vendor_name;
        else if (attr != &dev_attr_generation.attr && attr != &dev_attr_unique_id.attr)
                shown = router->route; /* of its link, and of its boot */
        return shown ? attr->mode : 0;
}

static const struct attribute_group router_group = { .attrs = router_attrs,
                                                     .is_visible = router_attr_visible };
static const struct attribute_group *router_groups[] = { &router_group, NULL };

static void router_release(struct device *dev)
{
        struct router *router = router_of(dev);

        put_device(&router->domain->dev);
        kfree(router->vendor_name);
        kfree(router->device_name);
        kfree(router->key);
        kfree(router);
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static int router_uevent(struct device *dev, struct kobj_uevent_env *env)
#else
static int router_uevent(const struct device *dev, struct kobj_uevent_env *env)
#endif
{
        const struct router *router = container_of(dev, const struct router, dev);

        if (router->generation == 4 && add_uevent_var(env, "USB4_VERSION=1.0"))
                return -ENOMEM;
        return add_uevent_var(env, "USB4_TYPE=%s", router->route ? "hub" : "host");
}

static const struct device_type router_type = { .name = "thunderbolt_device",
                                                .release = router_release,
                                                .uevent = router_uevent };

struct router *tbfake_router_find(struct domain *domain, u64 route)
{
        struct router *router;

        list_for_each_entry(router, &domain->routers,
                            entry) if (router->route == route) return router;
        return NULL;
}

struct router *tbfake_router_new(struct domain *domain, struct device *parent, u64 route)
{
        struct router *router = kzalloc(sizeof(*router), GFP_KERNEL);

        if (!router)
                return NULL;
        INIT_LIST_HEAD(&router->entry);
        get_device(&domain->dev);
        router->domain = domain;
        router->route = route;
        router->generation = 3;
        router->authorized = !route;
        router->dev.parent = parent;
        router->dev.bus = &tbfake_bus;
        router->dev.type = &router_type;
        router->dev.groups = router_groups;
        device_initialize(&router->dev);
        return router;
}

int tbfake_router_add(struct router *router, bool boot)
{
        struct domain *domain = router->domain;
        bool asked = router->route && domain->security != SECURITY_NONE;
        int result = dev_set_name(&router->dev, "%d-%llx", domain->index, router->route);

        if (!result && boot &&
            (!tbfake_domain_asks(domain) || !router_of(router->dev.parent)->authorized))
                result = -EINVAL;
        router->boot = boot;
        router->authorized = boot || !asked;
        if (!result)
                result = device_add(&router->dev);
        if (result) {
                put_device(&router->dev);
                return result;
        }
        list_add_tail(&router->entry, &domain->routers);
        if (router->route && router->authorized)
                result = tunnel_set(router, true);
        if (result)
                tbfake_router_remove(&router->dev, NULL);
        return result;
}

int tbfake_router_remove(struct device *dev, void *unused)
{
        struct router *router = router_of(dev);

        device_for_each_child_reverse(dev, NULL, tbfake_router_remove);
        tunnel_set(router, false);
        list_del(&router->entry);
        device_unregister(dev);
        return 0;
}
