/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A Thunderbolt controller that is not there: what its files share. */
#ifndef TBFAKE_H
#define TBFAKE_H

#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/uuid.h>

#define KEY_SIZE 32
#define ACL_MAX 16
#define TUNNELS_MAX 64

enum security {
        SECURITY_NONE,
        SECURITY_USER,
        SECURITY_SECURE,
        SECURITY_DPONLY,
        SECURITY_USBONLY,
        SECURITY_NOPCIE,
};

/*
 * An entry of the controller's memory, little-endian: how often has this router got a PCIe tunnel, or lost it? Where
 * that is odd it has one; 0: nobody's entry.
 */
struct tunnel {
        u64 route, changes;
};

/* What a device knows for good, also while it is not plugged in, by the name that the lab gives it. */
struct nvm {
        struct list_head entry;
        bool has_key;
        u8 key[KEY_SIZE];
        char name[];
};

struct router {
        struct device dev;
        struct list_head entry;
        struct domain *domain;
        u64 route;
        uuid_t uuid;
        char *vendor_name, *device_name; /* NULL: its DROM has none */
        u16 vendor, device;              /* 0: none */
        u8 generation, authorized;
        unsigned int slow_ms; /* what approving it takes */
        bool boot;
        u8 *key;         /* set by user space, or NULL */
        struct nvm *nvm; /* NULL: it does not know what a key is */
};

struct domain {
        struct device dev;
        struct list_head entry, routers; /* routers: those behind others later */
        struct mutex lock;               /* of what changes here, and of all routers */
        struct router *host;
        struct tunnel __iomem *window;
        enum security security;
        bool firmware; /* approves, not Linux: see README */
        bool dma_protection;
        uuid_t acl[ACL_MAX];
        int index;
};

extern struct bus_type tbfake_bus;

/* An enum security, or -EINVAL. */
int tbfake_security_parse(const char *word);
/* A domain with its host router, below a controller; or an ERR_PTR. window: the controller's memory; wanted: its
 * security, firmware and dma_protection. */
struct domain *tbfake_domain_add(struct pci_dev *nhi, void __iomem *window,
                                 const struct domain *wanted);
void tbfake_domain_remove(struct domain *domain);
/* Of the lock, for who reads or writes an attribute: 0, or what he returns then. Who unregisters a device holds the
 * lock, and waits for such readers (drivers/thunderbolt does the same). */
int tbfake_domain_try(struct domain *domain);
/* Does somebody have to approve routers? */
bool tbfake_domain_asks(const struct domain *domain);

/* The others: the caller holds the domain's lock. */
struct router *tbfake_router_find(struct domain *domain, u64 route);
/* Not there yet, with nothing but a place: for tbfake_router_add, or put_device. NULL: no memory. */
struct router *tbfake_router_new(struct domain *domain, struct device *parent, u64 route);
/* It appears. boot: with the tunnel that it has from boot on. A negative errno: put away, it is no more. */
int tbfake_router_add(struct router *router, bool boot);
/* It vanishes, and what is behind it before it; for device_for_each_child_reverse. */
int tbfake_router_remove(struct device *dev, void *unused);

#endif
