/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains, as user space sees them: drivers/thunderbolt/domain.c. */
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "tbfake/tbfake.h"

static const char *const security_names[] = { "none",   "user",    "secure",
                                              "dponly", "usbonly", "nopcie" };
static DEFINE_IDA(indices);

static struct domain *domain_of(struct device *dev)
{
        return container_of(dev, struct domain, dev);
}

int tbfake_security_parse(const char *word)
{
        return match_string(security_names, ARRAY_SIZE(security_names), word);
}

int tbfake_domain_try(struct domain *domain)
{
        return mutex_trylock(&domain->lock) ? 0 : restart_syscall();
}

bool tbfake_domain_asks(const struct domain *domain)
{
        return domain->security == SECURITY_USER || domain->security == SECURITY_SECURE;
}

static ssize_t boot_acl_show(struct device *dev, struct device_attribute *attr, char *buf)
{
        struct domain *domain = domain_of(dev);
        int size = tbfake_domain_try(domain);

        if (size)
                return size;
        for (int i = 0; i < ACL_MAX; i++) {
                if (!uuid_is_null(&domain->acl[i]))
                        size += sysfs_emit_at(buf, size, "%pUb", &domain->acl[i]);
                size += sysfs_emit_at(buf, size, i + 1 < ACL_MAX ? "," : "\n");
        }
        mutex_unlock(&domain->lock);
        return size;
}

/* As many words as there are entries; an empty word is an empty entry. */
static int acl_parse(char *text, uuid_t *ret_acl)
{
        char *word, *rest = strim(text);
        int i;

        for (i = 0; (word = strsep(&rest, ",")); i++) {
                size_t length = strlen(word);

                if (i == ACL_MAX || (length && length != UUID_STRING_LEN))
                        return -EINVAL;
                if (length && uuid_parse(word, &ret_acl[i]))
                        return -EINVAL;
        }
        return i == ACL_MAX ? 0 : -EINVAL;
}

static ssize_t boot_acl_store(struct device *dev, struct device_attribute *attr, const char *buf,
                              size_t count)
{
        struct domain *domain = domain_of(dev);
        char *text = kstrndup(buf, count, GFP_KERNEL);
        uuid_t acl[ACL_MAX] = {};
        int result;

        if (!text)
                return -ENOMEM;
        result = acl_parse(text, acl);
        kfree(text);
        if (!result)
                result = tbfake_domain_try(domain);
        if (result)
                return result;
        memcpy(domain->acl, acl, sizeof(acl));
        kobject_uevent(&dev->kobj, KOBJ_CHANGE);
        mutex_unlock(&domain->lock);
        return count;
}
static DEVICE_ATTR_RW(boot_acl);

static ssize_t deauthorization_show(struct device *dev, struct device_attribute *attr, char *buf)
{
        struct domain *domain = domain_of(dev);

        return sysfs_emit(buf, "%d\n", tbfake_domain_asks(domain) && !domain->firmware);
}
static DEVICE_ATTR_RO(deauthorization);

static ssize_t iommu_dma_protection_show(struct device *dev, struct device_attribute *attr,
                                         char *buf)
{
        return sysfs_emit(buf, "%d\n", domain_of(dev)->dma_protection);
}
static DEVICE_ATTR_RO(iommu_dma_protection);

static ssize_t security_show(struct device *dev, struct device_attribute *attr, char *buf)
{
        return sysfs_emit(buf, "%s\n", security_names[domain_of(dev)->security]);
}
static DEVICE_ATTR_RO(security);

static struct attribute *domain_attrs[] = { &dev_attr_boot_acl.attr, &dev_attr_deauthorization.attr,
                                            &dev_attr_iommu_dma_protection.attr,
                                            &dev_attr_security.attr, NULL };

static umode_t domain_attr_visible(struct kobject *kobj, struct attribute *attr, int unused)
{
        bool hidden = attr == &dev_attr_boot_acl.attr && !domain_of(kobj_to_dev(kobj))->firmware;

        return hidden ? 0 : attr->mode;
}

static const struct attribute_group domain_group = { .attrs = domain_attrs,
                                                     .is_visible = domain_attr_visible };
static const struct attribute_group *domain_groups[] = { &domain_group, NULL };

static void domain_release(struct device *dev)
{
        struct domain *domain = domain_of(dev);

        ida_free(&indices, domain->index);
        kfree(domain);
}

static const struct device_type domain_type = { .name = "thunderbolt_domain",
                                                .release = domain_release };

static int host_add(struct domain *domain)
{
        struct router *host = tbfake_router_new(domain, &domain->dev, 0);
        int result;

        if (!host)
                return -ENOMEM;
        uuid_gen(&host->uuid);
        host->vendor_name = kstrdup("Sallyport", GFP_KERNEL);
        host->device_name = kstrdup("laboratory", GFP_KERNEL);
        host->vendor = 0x8086;
        host->device = 0x1;
        host->generation = domain->firmware ? 3 : 4;
        result = tbfake_router_add(host, false);
        if (!result)
                domain->host = host;
        return result;
}

struct domain *tbfake_domain_add(struct pci_dev *nhi, void __iomem *window,
                                 const struct domain *wanted)
{
        struct domain *domain = kmemdup(wanted, sizeof(*wanted), GFP_KERNEL);
        int result;

        if (!domain)
                return ERR_PTR(-ENOMEM);
        domain->index = ida_alloc(&indices, GFP_KERNEL);
        if (domain->index < 0) {
                result = domain->index;
                kfree(domain);
                return ERR_PTR(result);
        }
        domain->window = window;
        mutex_init(&domain->lock);
        INIT_LIST_HEAD(&domain->routers);
        domain->dev.parent = &nhi->dev;
        domain->dev.bus = &tbfake_bus;
        domain->dev.type = &domain_type;
        domain->dev.groups = domain_groups;
        device_initialize(&domain->dev);
        result = dev_set_name(&domain->dev, "domain%d", domain->index);
        if (!result)
                result = device_add(&domain->dev);
        if (result)
                goto put;
        mutex_lock(&domain->lock);
        result = host_add(domain);
        mutex_unlock(&domain->lock);
        if (!result)
                return domain;
        device_del(&domain->dev);
put:
        put_device(&domain->dev);
        return ERR_PTR(result);
}

void tbfake_domain_remove(struct domain *domain)
{
        mutex_lock(&domain->lock);
        tbfake_router_remove(&domain->host->dev, NULL);
        mutex_unlock(&domain->lock);
        device_unregister(&domain->dev);
}
