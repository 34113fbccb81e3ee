/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The controller, as a driver of QEMU's ivshmem-plain, and /dev/tbfake, which says what is plugged into it. */
/*
 * A command a line; it is carried out when write(2) is back, which fails with what the first one failed with:
 *   add DOMAIN-ROUTE [WORD...]   a router appears
 *   set DOMAIN-ROUTE WORD...     it says something else of itself from now on, and nobody is told
 *   del DOMAIN-ROUTE             it vanishes, and what is behind it
 * ROUTE is hexadecimal, as in the router's name. WORD: uuid=UUID, vendor=NAME, name=NAME, ids=VENDOR:DEVICE (both
 * hexadecimal), generation=N, nvm=NAME: it can keep a key, and it is the same device as others with that name;
 * slow=MS: so long approving it takes; and with `add` only: boot, it has been authorized before Linux was there.
 * NAME may have escapes: \n, \x1b, \040.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string_helpers.h>
#include <linux/uaccess.h>

#include "tbfake/tbfake.h"

#define WINDOW_BAR 2
#define COMMANDS_MAX 65536
/* drivers/thunderbolt/tb.h: TB_SWITCH_MAX_DEPTH. */
#define DEPTH_MAX 6

static char *security = "user";
module_param(security, charp, 0444);
MODULE_PARM_DESC(security, "none, user, secure, dponly, usbonly or nopcie");
static bool firmware;
module_param(firmware, bool, 0444);
MODULE_PARM_DESC(firmware,
                 "firmware approves, not Linux; always so unless security is user or nopcie");
static bool dma_protection;
module_param(dma_protection, bool, 0444);
MODULE_PARM_DESC(dma_protection, "what iommu_dma_protection says; under Xen it is 0");

struct bus_type tbfake_bus = { .name = "thunderbolt" };

static DEFINE_MUTEX(lock); /* of both lists; taken before a domain's */
static LIST_HEAD(domains);
static LIST_HEAD(nvms);

static struct nvm *nvm_get(const char *name)
{
        struct nvm *nvm;

        list_for_each_entry(nvm, &nvms, entry) if (!strcmp(nvm->name, name)) return nvm;
        nvm = kzalloc(struct_size(nvm, name, strlen(name) + 1), GFP_KERNEL);
        if (!nvm)
                return NULL;
        memcpy(nvm->name, name, strlen(name) + 1);
        list_add(&nvm->entry, &nvms);
        return nvm;
}

static int text_set(char **at, const char *text)
{
        char *copy = kstrdup(text, GFP_KERNEL);

        if (!copy)
                return -ENOMEM;
        kfree(*at);
        *at = copy;
        return 0;
}

/* What a router says of itself: one WORD. */
static int word_take(struct router *router, char *word)
{
        char *value = strchr(word, '=');
        struct nvm *nvm;

        if (!value)
                return -EINVAL;
        *value++ = '\0';
        string_unescape_inplace(value, UNESCAPE_ANY);
        if (!strcmp(word, "uuid"))
                return uuid_parse(value, &router->uuid);
        if (!strcmp(word, "vendor"))
                return text_set(&router->vendor_name, value);
        if (!strcmp(word, "name"))
                return text_set(&router->device_name, value);
        if (!strcmp(word, "ids"))
                return sscanf(value, "%hx:%hx", &router->vendor, &router->device) == 2 ? 0
                                                                                       : -EINVAL;
        if (!strcmp(word, "generation"))
                return kstrtou8(value, 10, &router->generation);
        if (!strcmp(word, "slow"))
                return kstrtouint(value, 10, &router->slow_ms);
        if (strcmp(word, "nvm"))
                return -EINVAL;
        nvm = nvm_get(value);
        if (!nvm)
                return -ENOMEM;
        router->nvm = nvm;
        return 0;
}

static int words_take(struct router *router, char *words, bool *ret_boot)
{
        char *word;

        while ((word = strsep(&words, " "))) {
                int result = 0;

                if (ret_boot && !strcmp(word, "boot"))
                        *ret_boot = true;
                else
                        result = word_take(router, word);
                if (result)
                        return result;
        }
        return 0;
}

/* USB4 Spec 1.0, 2.2.10.1 (Route String): a byte a hop, the one next to the host lowest. */
static struct router *parent_find(struct domain *domain, u64 route)
{
        unsigned int depth = DIV_ROUND_UP(fls64(route), 8);

        if (!depth || depth > DEPTH_MAX)
                return NULL;
        return tbfake_router_find(domain, route & ~(0xffull << 8 * (depth - 1)));
}

static int command_add(struct domain *domain, u64 route, char *words)
{
        struct router *parent = parent_find(domain, route), *router;
        bool boot = false;
        int result;

        if (!parent)
                return -ENODEV;
        if (tbfake_router_find(domain, route))
                return -EEXIST;
        router = tbfake_router_new(domain, &parent->dev, route);
        if (!router)
                return -ENOMEM;
        result = words_take(router, words, &boot);
        if (!result)
                return tbfake_router_add(router, boot);
        put_device(&router->dev);
        return result;
}

static int command_run(char *line)
{
        char *verb = strsep(&line, " "), *place = strsep(&line, " ");
        struct domain *domain;
        struct router *router;
        int index, result = -ENODEV;
        u64 route;

        if (!place || sscanf(place, "%d-%llx", &index, &route) != 2)
                return -EINVAL;
        list_for_each_entry(domain, &domains, entry)
        {
                if (domain->index != index)
                        continue;
                mutex_lock(&domain->lock);
                router = tbfake_router_find(domain, route);
                if (!strcmp(verb, "add"))
                        result = command_add(domain, route, line);
                else if (!router || !route)
                        result = -ENODEV;
                else if (!strcmp(verb, "set"))
                        result = words_take(router, line, NULL);
                else
                        result = strcmp(verb, "del") ? -EINVAL
                                                     : tbfake_router_remove(&router->dev, NULL);
                mutex_unlock(&domain->lock);
                return result;
        }
        return -ENODEV;
}

static ssize_t control_write(struct file *file, const char __user *from, size_t count, loff_t *at)
{
        char *text, *rest, *line;
        int result = 0;

        if (count > COMMANDS_MAX)
                return -E2BIG;
        text = rest = memdup_user_nul(from, count);
        if (IS_ERR(text))
                return PTR_ERR(text);
        mutex_lock(&lock);
        while (!result && (line = strsep(&rest, "\n")))
                if (*line)
                        result = command_run(line);
        mutex_unlock(&lock);
        kfree(text);
        return result ?: count;
}

static const struct file_operations control_operations = { .owner = THIS_MODULE,
                                                           .write = control_write };
static struct miscdevice control = {
        .minor = MISC_DYNAMIC_MINOR, .name = "tbfake", .fops = &control_operations, .mode = 0600
};

static int controller_probe(struct pci_dev *nhi, const struct pci_device_id *id)
{
        struct domain wanted = { .firmware = firmware, .dma_protection = dma_protection }, *domain;
        int result = tbfake_security_parse(security);

        if (result < 0)
                return result;
        wanted.security = result;
        if (wanted.security != SECURITY_USER && wanted.security != SECURITY_NOPCIE)
                wanted.firmware = true;
        result = pcim_enable_device(nhi);
        if (result)
                return result;
        if (pci_resource_len(nhi, WINDOW_BAR) < TUNNELS_MAX * sizeof(struct tunnel))
                return -ENODEV;
        if (!pcim_iomap(nhi, WINDOW_BAR, 0))
                return -ENOMEM;
        memset_io(pcim_iomap_table(nhi)[WINDOW_BAR], 0, TUNNELS_MAX * sizeof(struct tunnel));
        domain = tbfake_domain_add(nhi, pcim_iomap_table(nhi)[WINDOW_BAR], &wanted);
        if (IS_ERR(domain))
                return PTR_ERR(domain);
        pci_set_drvdata(nhi, domain);
        mutex_lock(&lock);
        list_add(&domain->entry, &domains);
        mutex_unlock(&lock);
        return 0;
}

static void controller_remove(struct pci_dev *nhi)
{
        struct domain *domain = pci_get_drvdata(nhi);

        mutex_lock(&lock);
        list_del(&domain->entry);
        mutex_unlock(&lock);
        tbfake_domain_remove(domain);
}

/* QEMU docs/specs/ivshmem-spec. */
static const struct pci_device_id controller_ids[] = { { PCI_DEVICE(0x1af4, 0x1110) }, {} };
MODULE_DEVICE_TABLE(pci, controller_ids);
static struct pci_driver controller_driver = { .name = "tbfake",
                                               .id_table = controller_ids,
                                               .probe = controller_probe,
                                               .remove = controller_remove };

static int __init tbfake_init(void)
{
        int result = bus_register(&tbfake_bus);

        if (result)
                return result;
        result = misc_register(&control);
        if (result)
                goto bus;
        result = pci_register_driver(&controller_driver);
        if (!result)
                return 0;
        misc_deregister(&control);
bus:
        bus_unregister(&tbfake_bus);
        return result;
}

static void __exit tbfake_exit(void)
{
        struct nvm *nvm, *next;

        misc_deregister(&control);
        pci_unregister_driver(&controller_driver);
        bus_unregister(&tbfake_bus);
        list_for_each_entry_safe(nvm, next, &nvms, entry) kfree(nvm);
}

module_init(tbfake_init);
module_exit(tbfake_exit);
MODULE_DESCRIPTION("A Thunderbolt controller that is not there");
MODULE_LICENSE("GPL");
