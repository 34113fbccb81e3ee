/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Effects on a sysfs that is made of plain files, and on a Xen that is made of two variables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sbdf.h"
#include "edge/actuator/actuator.h"
#include "edge/actuator/xen_fake.h"
#include "tree/tree.h"

#define PORT BASE_SBDF(0, 0, 4, 0)
#define PORT_FOLDER "devices/pci0000:00/0000:00:04.0"
#define BRIDGE BASE_SBDF(0, 1, 0, 0)
#define BRIDGE_FOLDER PORT_FOLDER "/0000:01:00.0"
#define LEAF BASE_SBDF(0, 1, 0, 1)
#define LEAF_FOLDER PORT_FOLDER "/0000:01:00.1"
#define DEEP_FOLDER BRIDGE_FOLDER "/0000:02:00.0"
#define SERVICE PORT_FOLDER "/0000:00:04.0:pcie004"
#define PCIE_CAP 0x40
#define ACS_CAP 0x100

static char root[64];
static struct actuator actuator;

static void link_make(const char *target, const char *path)
{
        assert_int_equal(symlinkat(target, actuator.sysfs, path), 0);
}

static void register_set(const char *folder, off_t offset, uint16_t value)
{
        uint8_t bytes[2] = { (uint8_t)value, (uint8_t)(value >> 8) };
        char path[256];
        int fd;

        (void)snprintf(path, sizeof path, "%s/config", folder);
        fd = openat(actuator.sysfs, path, O_WRONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(pwrite(fd, bytes, 2, offset), 2);
        assert_int_equal(close(fd), 0);
}

static uint16_t register_get(const char *folder, off_t offset)
{
        uint8_t bytes[2] = { 0 };
        char path[256];
        int fd;

        (void)snprintf(path, sizeof path, "%s/config", folder);
        fd = openat(actuator.sysfs, path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        assert_int_equal(pread(fd, bytes, 2, offset), 2);
        assert_int_equal(close(fd), 0);
        return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static void function_make(const char *folder, const char *name, uint8_t header_type,
                          const char *uevent)
{
        uint8_t config[256] = { 0x36, 0x1b, 0x10, 0x00 };
        char link[256], target[256];

        tree_folder_make(actuator.sysfs, folder);
        config[0x0b] = header_type ? 0x06 : 0x01;
        config[0x0a] = header_type ? 0x04 : 0x08;
        config[0x0e] = header_type;
        tree_file_write(actuator.sysfs, folder, "config", config, sizeof config);
        tree_text_write(actuator.sysfs, folder, "class", header_type ? "0x060400\n" : "0x010802\n");
        tree_text_write(actuator.sysfs, folder, "uevent", uevent);
        tree_text_write(actuator.sysfs, folder, "driver_override", "(null)\n");
        tree_text_write(actuator.sysfs, folder, "remove", "");
        (void)snprintf(link, sizeof link, "bus/pci/devices/%s", name);
        (void)snprintf(target, sizeof target, "../../../%s", folder);
        link_make(target, link);
}

static void port_make(void)
{
        uint8_t config[4096] = { 0x36, 0x1b, 0x0c, 0x00, 0x07, 0x05, 0x10, 0x00 };

        function_make(PORT_FOLDER, "0000:00:04.0", 1, "DRIVER=pcieport\n");
        config[0x0a] = 0x04;
        config[0x0b] = 0x06;
        config[0x0e] = 1;
        config[0x19] = 1;
        config[0x1a] = 8;
        config[0x34] = PCIE_CAP;
        config[PCIE_CAP] = 0x10;
        config[PCIE_CAP + 2] = 0x42; /* version 2, root port */
        config[PCIE_CAP + 3] = 0x01; /* with a slot */
        config[PCIE_CAP + 0x14] = 0x5b;
        config[ACS_CAP] = 0x0d;
        config[ACS_CAP + 2] = 0x01;
        config[ACS_CAP + 6] = 0x1d;
        tree_file_write(actuator.sysfs, PORT_FOLDER, "config", config, sizeof config);
        tree_text_write(actuator.sysfs, PORT_FOLDER, "rescan", "");
        tree_folder_make(actuator.sysfs, PORT_FOLDER "/power");
        tree_text_write(actuator.sysfs, PORT_FOLDER "/power", "control", "auto\n");
        link_make("../../../bus/pci/drivers/pcieport", PORT_FOLDER "/driver");
        tree_folder_make(actuator.sysfs, PORT_FOLDER "/0000:00:04.0:pcie001");
        tree_folder_make(actuator.sysfs, SERVICE);
        link_make("../../../../bus/pci_express/drivers/pciehp", SERVICE "/driver");
}

static int setup(void **state)
{
        (void)state;
        (void)snprintf(root, sizeof root, "/tmp/sallyport-sysfs-XXXXXX");
        if (!mkdtemp(root) || actuator_open(root, root, &actuator) < 0)
                return -1;
        tree_folder_make(actuator.sysfs, "bus/pci/devices");
        tree_folder_make(actuator.sysfs, "bus/pci/drivers/pcieport");
        tree_folder_make(actuator.sysfs, "bus/pci/drivers/nvme");
        tree_folder_make(actuator.sysfs, "bus/pci_express/drivers/pciehp");
        tree_text_write(actuator.sysfs, "bus/pci/drivers/pcieport", "bind", "");
        tree_text_write(actuator.sysfs, "bus/pci/drivers/nvme", "unbind", "");
        tree_text_write(actuator.sysfs, "bus/pci_express/drivers/pciehp", "unbind", "");
        port_make();
        function_make(LEAF_FOLDER, "0000:01:00.1", 0,
                      "DRIVER=nvme\nPCI_CLASS=10800\nPCI_ID=1B36:0010\n");
        link_make("../../../../bus/pci/drivers/nvme", LEAF_FOLDER "/driver");
        function_make(BRIDGE_FOLDER, "0000:01:00.0", 1, "PCI_CLASS=60400\nPCI_ID=1B36:0010\n");
        function_make(DEEP_FOLDER, "0000:02:00.0", 0, "PCI_CLASS=10800\nPCI_ID=1B36:0010\n");
        xen_error = 0;
        xen_quarantined = xen_withdrawn = 0;
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        actuator_close(&actuator);
        return tree_remove(root);
}

static struct event perform(struct effect effect)
{
        struct event event;

        effect.token = 5;
        effect.port = PORT;
        effect.pcie_cap = PCIE_CAP;
        effect.acs_cap = ACS_CAP;
        assert_int_equal(actuator_perform(&actuator, &effect, &event), 0);
        assert_int_equal(event.token, 5);
        assert_int_equal(event.port, PORT);
        assert_true(event.time_ms > 0);
        return event;
}

static void assert_completed(struct effect effect, int error)
{
        struct event event = perform(effect);

        assert_int_equal(event.kind, EVENT_COMPLETED);
        assert_int_equal(event.error, error);
}

static uint64_t instance_of(const char *folder)
{
        struct stat status;

        assert_int_equal(fstatat(actuator.sysfs, folder, &status, 0), 0);
        return status.st_ino;
}

static void test_port_read(void **state)
{
        struct event event;

        (void)state;
        register_set(PORT_FOLDER, PCIE_CAP + 0x12, 0x2011);
        register_set(PORT_FOLDER, PCIE_CAP + 0x18, 0x07c0);
        register_set(PORT_FOLDER, PCIE_CAP + 0x1a, 0x0048);
        event = perform((struct effect){ .kind = EFFECT_PORT_READ });
        assert_int_equal(event.kind, EVENT_PORT_READ);
        assert_true(event.registers.readable);
        assert_int_equal(event.registers.command, 0x0507);
        assert_int_equal(event.registers.secondary, 1);
        assert_int_equal(event.registers.subordinate, 8);
        assert_int_equal(event.registers.link_status, 0x2011);
        assert_int_equal(event.registers.slot_control, 0x07c0);
        assert_int_equal(event.registers.slot_status, 0x0048);
        assert_int_equal(event.registers.acs_control, 0x001d);
        assert_true(event.registers.pcieport);
        assert_true(event.registers.pciehp);
        assert_false(event.registers.awake);
        assert_int_equal(unlinkat(actuator.sysfs, SERVICE "/driver", 0), 0);
        assert_int_equal(unlinkat(actuator.sysfs, PORT_FOLDER "/driver", 0), 0);
        tree_text_write(actuator.sysfs, PORT_FOLDER "/power", "control", "on\n");
        event = perform((struct effect){ .kind = EFFECT_PORT_READ });
        assert_false(event.registers.pcieport);
        assert_false(event.registers.pciehp);
        assert_true(event.registers.awake);
}

static void test_port_unreadable(void **state)
{
        struct event event;

        (void)state;
        register_set(PORT_FOLDER, PCIE_CAP + 0x1a, 0xffff); /* it went while it was read */
        event = perform((struct effect){ .kind = EFFECT_PORT_READ });
        assert_int_equal(event.kind, EVENT_PORT_READ);
        assert_false(event.registers.readable);
        register_set(PORT_FOLDER, 4, 0xffff);
        assert_false(perform((struct effect){ .kind = EFFECT_PORT_READ }).registers.readable);
        assert_completed((struct effect){ .kind = EFFECT_PORT_CLOSE }, ENODEV);
        assert_int_equal(register_get(PORT_FOLDER, 4), 0xffff);
        assert_int_equal(unlinkat(actuator.sysfs, PORT_FOLDER "/config", 0), 0);
        assert_false(perform((struct effect){ .kind = EFFECT_PORT_READ }).registers.readable);
        assert_completed((struct effect){ .kind = EFFECT_PORT_CLOSE }, ENOENT);
}

static void test_port_close(void **state)
{
        (void)state;
        assert_completed((struct effect){ .kind = EFFECT_PORT_CLOSE }, 0);
        assert_int_equal(register_get(PORT_FOLDER, 4), 0x0503);
        assert_completed((struct effect){ .kind = EFFECT_PORT_CLOSE }, 0);
        assert_int_equal(register_get(PORT_FOLDER, 4), 0x0503);
}

/* An enumeration switches it off; windows that lead nowhere, or that nobody has set up, need none. */
static void test_port_decode(void **state)
{
        (void)state;
        assert_true(perform((struct effect){ .kind = EFFECT_PORT_READ }).registers.decodes);
        assert_completed((struct effect){ .kind = EFFECT_RESCAN }, 0);
        assert_int_equal(register_get(PORT_FOLDER, 4), 0x0507);
        assert_completed((struct effect){ .kind = EFFECT_RESCAN, .mutes = true }, 0);
        assert_int_equal(register_get(PORT_FOLDER, 4), 0x0505);
        register_set(PORT_FOLDER, 0x20, 0xfa50);
        register_set(PORT_FOLDER, 0x22, 0xfa40);
        register_set(PORT_FOLDER, 0x24, 0);
        register_set(PORT_FOLDER, 0x26, 0);
        assert_true(perform((struct effect){ .kind = EFFECT_PORT_READ }).registers.decodes);
        register_set(PORT_FOLDER, 0x22, 0xfa50);
        assert_false(perform((struct effect){ .kind = EFFECT_PORT_READ }).registers.decodes);
        register_set(PORT_FOLDER, 0x22, 0xfa40);
        register_set(PORT_FOLDER, 0x24, 0xfe01);
        register_set(PORT_FOLDER, 0x26, 0xfe11);
        assert_false(perform((struct effect){ .kind = EFFECT_PORT_READ }).registers.decodes);
        register_set(PORT_FOLDER, 0x24, 0x0001); /* as after a reset, where it has 64 bits */
        register_set(PORT_FOLDER, 0x26, 0x0001);
        assert_true(perform((struct effect){ .kind = EFFECT_PORT_READ }).registers.decodes);
        register_set(PORT_FOLDER, 0x2c, 0x0004); /* up to 16 GiB, but from 0 on */
        assert_true(perform((struct effect){ .kind = EFFECT_PORT_READ }).registers.decodes);
        register_set(PORT_FOLDER, 0x28, 0x0004); /* the first megabyte above 16 GiB */
        assert_false(perform((struct effect){ .kind = EFFECT_PORT_READ }).registers.decodes);
        assert_completed((struct effect){ .kind = EFFECT_PORT_DECODE }, 0);
        assert_int_equal(register_get(PORT_FOLDER, 4), 0x0507);
        assert_true(perform((struct effect){ .kind = EFFECT_PORT_READ }).registers.decodes);
        register_set(PORT_FOLDER, 4, 0xffff); /* it is not there: nobody is asked to enumerate */
        tree_text_write(actuator.sysfs, PORT_FOLDER, "rescan", "");
        assert_completed((struct effect){ .kind = EFFECT_RESCAN, .mutes = true }, ENODEV);
        tree_text_assert(actuator.sysfs, PORT_FOLDER "/rescan", "");
}

static void test_slot(void **state)
{
        (void)state;
        register_set(PORT_FOLDER, PCIE_CAP + 0x18, 0x07c1);
        assert_completed(
                (struct effect){ .kind = EFFECT_SLOT_CONTROL, .mask = 0x0700, .value = 0x0100 }, 0);
        assert_int_equal(register_get(PORT_FOLDER, PCIE_CAP + 0x18), 0x01c1);
        assert_int_equal(register_get(PORT_FOLDER, PCIE_CAP + 0x1a), 0x0010);
        assert_completed((struct effect){ .kind = EFFECT_SLOT_CLEAR, .value = 0x0109 }, 0);
        assert_int_equal(register_get(PORT_FOLDER, PCIE_CAP + 0x1a), 0x0109);
}

static void test_port_drivers(void **state)
{
        (void)state;
        assert_completed((struct effect){ .kind = EFFECT_PORT_BIND }, 0);
        tree_text_assert(actuator.sysfs, "bus/pci/drivers/pcieport/bind", "0000:00:04.0");
        assert_completed((struct effect){ .kind = EFFECT_PORT_AWAKE }, 0);
        tree_text_assert(actuator.sysfs, PORT_FOLDER "/power/control", "on");
        assert_completed((struct effect){ .kind = EFFECT_RESCAN }, 0);
        tree_text_assert(actuator.sysfs, PORT_FOLDER "/rescan", "1");
        assert_completed((struct effect){ .kind = EFFECT_PCIEHP_UNBIND }, 0);
        tree_text_assert(actuator.sysfs, "bus/pci_express/drivers/pciehp/unbind",
                         "0000:00:04.0:pcie004");
        assert_int_equal(unlinkat(actuator.sysfs, SERVICE "/driver", 0), 0);
        assert_completed((struct effect){ .kind = EFFECT_PCIEHP_UNBIND }, ENOENT);
}

/* What the kernel dealt to each, and what it says that it has. */
static void test_inventory_places(void **state)
{
        static const char bar[] = "0x00000000fe000000 0x00000000fe003fff 0x0000000000040200\n";
        struct event event;

        (void)state;
        register_set(BRIDGE_FOLDER, 0x19, 0x0402); /* buses 2 to 4 */
        tree_text_write(actuator.sysfs, LEAF_FOLDER, "resource", bar);
        tree_text_write(actuator.sysfs, BRIDGE_FOLDER, "resource", bar);
        event = perform((struct effect){ .kind = EFFECT_INVENTORY, .bus_first = 1, .bus_last = 8 });
        assert_int_equal(event.inventory.functions[0].subordinate, 4);
        assert_false(event.inventory.functions[0].buses_wrong);
        assert_true(event.inventory.functions[0].bars_overlap);
        assert_false(event.inventory.functions[1].bars_overlap);
        assert_true(event.inventory.functions[2].bars_overlap);
        assert_false(event.inventory.functions[2].bars_outside);
        tree_text_write(actuator.sysfs, PORT_FOLDER, "resource",
                        bar); /* one that forwards nothing */
        event = perform((struct effect){ .kind = EFFECT_INVENTORY, .bus_first = 1, .bus_last = 3 });
        assert_true(event.inventory.functions[0].buses_wrong);
        assert_true(event.inventory.functions[2].bars_outside);
        assert_false(event.inventory.functions[2].inconsistent);
}

static void test_inventory_extended(void **state)
{
        static const uint8_t sr_iov[12] = { 0x10, 0, 1, 0, 0, 0, 0, 0, 1 };
        uint8_t config[4096] = { 0x36, 0x1b, 0x10, 0x00 };
        struct event event;

        (void)state;
        memcpy(config + 0x100, sr_iov, sizeof sr_iov);
        tree_file_write(actuator.sysfs, LEAF_FOLDER, "config", config, sizeof config);
        event = perform((struct effect){ .kind = EFFECT_INVENTORY });
        assert_int_equal(event.inventory.functions[2].enabled,
                         EVENT_CAPABILITY_BIT(CAPABILITY_SR_IOV));
}

static void test_inventory(void **state)
{
        struct event event = perform((struct effect){ .kind = EFFECT_INVENTORY });
        const struct event_function *functions = event.inventory.functions;

        (void)state;
        assert_int_equal(event.kind, EVENT_INVENTORY);
        assert_int_equal(event.inventory.count, 3);
        assert_false(event.inventory.truncated);
        assert_int_equal(functions[0].sbdf, BRIDGE);
        assert_int_equal(functions[0].parent, PORT);
        assert_int_equal(functions[0].kind, FUNCTION_BRIDGE);
        assert_int_equal(functions[0].instance, instance_of(BRIDGE_FOLDER));
        assert_int_equal(functions[1].sbdf, BASE_SBDF(0, 2, 0, 0));
        assert_int_equal(functions[1].parent, BRIDGE);
        assert_int_equal(functions[2].sbdf, LEAF);
        assert_int_equal(functions[2].parent, PORT);
        assert_int_equal(functions[2].vendor, 0x1b36);
        assert_string_equal(functions[2].driver, "nvme");
        assert_true(functions[2].readable);
        assert_false(functions[2].kept_off);
}

/* What each reading shows anew: it is read twice, and that shows. */
static void test_inventory_twice(void **state)
{
        struct event event = perform((struct effect){ .kind = EFFECT_INVENTORY });

        (void)state;
        assert_false(event.inventory.functions[2].inconsistent);
        assert_int_equal(unlinkat(actuator.sysfs, LEAF_FOLDER "/config", 0), 0);
        link_make("/dev/urandom", LEAF_FOLDER "/config");
        event = perform((struct effect){ .kind = EFFECT_INVENTORY });
        assert_int_equal(event.inventory.functions[2].sbdf, LEAF);
        assert_true(event.inventory.functions[2].inconsistent);
}

static void test_inventory_damaged(void **state)
{
        char folder[256], name[BASE_SBDF_TEXT_SIZE];
        struct event event;

        (void)state;
        assert_int_equal(unlinkat(actuator.sysfs, LEAF_FOLDER "/config", 0), 0);
        event = perform((struct effect){ .kind = EFFECT_INVENTORY });
        assert_int_equal(event.inventory.count, 3);
        assert_false(event.inventory.functions[2].readable);
        for (uint32_t i = 0; i < LIMIT_PORT_FUNCTIONS; i++) {
                (void)snprintf(folder, sizeof folder, BRIDGE_FOLDER "/%s",
                               base_sbdf_format(BASE_SBDF(0, 3, 0, 0) + i, name));
                tree_folder_make(actuator.sysfs, folder);
        }
        event = perform((struct effect){ .kind = EFFECT_INVENTORY });
        assert_int_equal(event.inventory.count, LIMIT_PORT_FUNCTIONS);
        assert_true(event.inventory.truncated);
        assert_int_equal(unlinkat(actuator.sysfs, "bus/pci/devices/0000:00:04.0", 0), 0);
        assert_completed((struct effect){ .kind = EFFECT_INVENTORY }, ENOENT);
}

static void test_inventory_deep(void **state)
{
        char folder[1024] = BRIDGE_FOLDER;
        size_t length = strlen(folder);
        struct event event;

        (void)state;
        for (unsigned int i = 0; i < LIMIT_DEPTH + 2; i++)
                length += (size_t)snprintf(folder + length, sizeof folder - length,
                                           "/0000:%02x:00.0", i + 16);
        for (size_t i = 1; i <= length; i++) {
                char end = folder[i];

                folder[i] = '\0';
                if (end == '/' || end == '\0')
                        assert_true(mkdirat(actuator.sysfs, folder, 0700) == 0 || errno == EEXIST);
                folder[i] = end;
        }
        event = perform((struct effect){ .kind = EFFECT_INVENTORY });
        assert_true(event.inventory.truncated);
        assert_int_equal(event.inventory.count, LIMIT_DEPTH + 2); /* that deep, and two beside */
}

static void test_driver_off(void **state)
{
        struct effect effect = { .kind = EFFECT_DRIVER_OFF,
                                 .function = LEAF,
                                 .instance = instance_of(LEAF_FOLDER) };

        (void)state;
        assert_completed(effect, 0);
        tree_text_assert(actuator.sysfs, LEAF_FOLDER "/driver_override", EVENT_KEEP_OFF_DRIVER);
        tree_text_assert(actuator.sysfs, "bus/pci/drivers/nvme/unbind", "0000:01:00.1");
        effect.function = BRIDGE; /* has no driver */
        effect.instance = instance_of(BRIDGE_FOLDER);
        assert_completed(effect, 0);
        tree_text_assert(actuator.sysfs, BRIDGE_FOLDER "/driver_override", EVENT_KEEP_OFF_DRIVER);
}

static void test_stale(void **state)
{
        struct effect effect = { .function = LEAF, .instance = instance_of(LEAF_FOLDER) + 1 };

        (void)state;
        effect.kind = EFFECT_DRIVER_OFF;
        assert_completed(effect, ESTALE);
        effect.kind = EFFECT_REMOVE;
        assert_completed(effect, ESTALE);
        effect.kind = EFFECT_QUARANTINE;
        assert_completed(effect, ESTALE);
        effect.kind = EFFECT_CONFIRM;
        assert_completed(effect, ESTALE);
        tree_text_assert(actuator.sysfs, LEAF_FOLDER "/driver_override", "(null)\n");
        tree_text_assert(actuator.sysfs, LEAF_FOLDER "/remove", "");
        assert_int_equal(xen_quarantined, 0);
        effect.function = BASE_SBDF(0, 9, 0, 0);
        assert_completed(effect, ENOENT);
        assert_int_equal(xen_quarantined, 0);
}

static void test_remove(void **state)
{
        (void)state;
        assert_completed((struct effect){ .kind = EFFECT_REMOVE,
                                          .function = LEAF,
                                          .instance = instance_of(LEAF_FOLDER) },
                         0);
        tree_text_assert(actuator.sysfs, LEAF_FOLDER "/remove", "1");
}

static void test_xen(void **state)
{
        struct effect effect = { .kind = EFFECT_QUARANTINE,
                                 .function = LEAF,
                                 .instance = instance_of(LEAF_FOLDER) };
        struct event event;

        (void)state;
        assert_completed(effect, 0);
        assert_int_equal(xen_quarantined, LEAF);
        assert_int_equal(xen_withdrawn, 0);
        effect.kind = EFFECT_WITHDRAW;
        assert_completed(effect, 0);
        assert_int_equal(xen_withdrawn, LEAF);
        xen_withdrawn = 0;
        effect.instance++; /* another one is there: nothing is asked of Xen */
        assert_completed(effect, ESTALE);
        assert_int_equal(xen_withdrawn, 0);
        effect.kind = EFFECT_QUARANTINE;
        effect.function = BASE_SBDF(0, 9, 0, 0); /* known to Xen only */
        effect.instance = 0;
        xen_error = -EBUSY;
        assert_completed(effect, EBUSY);
        assert_int_equal(xen_quarantined, BASE_SBDF(0, 9, 0, 0));
        xen_owners = "nothing of the kind\n";
        effect = (struct effect){ .kind = EFFECT_OWNERS, .bus_first = 1, .bus_last = 8 };
        assert_completed(effect, ENODATA);
        xen_owners = "(XEN) ==== PCI devices ====\n(XEN) ==== segment 0000 ====\n"
                     "(XEN) 0000:01:00.1 - DomIO:8003 - node -1 \n";
        event = perform(effect);
        assert_int_equal(event.kind, EVENT_OWNERS);
        assert_int_equal(event.owners.count, 1);
        assert_int_equal(event.owners.owners[0].domid, EVENT_OWNER_DOM_IO);
        effect = (struct effect){ .kind = EFFECT_RESERVE, .bus_first = 2, .requesters = { 0, 2 } };
        xen_error = 0;
        event = perform(effect);
        assert_int_equal(event.kind, EVENT_RESERVED);
        assert_int_equal(xen_quarantined, BASE_SBDF(0, 2, 8, 1));
        assert_int_equal(event.reserved.blocked[1], 2);
        xen_error = -ENODEV;
        assert_completed(effect, ENODEV);
}

struct discovery {
        unsigned int count;
        struct event events[4];
};

static void event_keep(void *userdata, const struct event *event)
{
        struct discovery *discovery = userdata;

        assert_true(discovery->count < 4);
        discovery->events[discovery->count++] = *event;
}

static void test_discover(void **state)
{
        struct effect effect = { .kind = EFFECT_DISCOVER, .token = 9 };
        struct discovery discovery = { 0 };
        struct event event;

        (void)state;
        assert_int_equal(actuator_perform(&actuator, &effect, &event), -EINVAL);
        actuator_discover(&actuator, &effect, event_keep, &discovery);
        assert_int_equal(discovery.count, 2); /* the bridge below has no PCI Express capability */
        assert_int_equal(discovery.events[0].kind, EVENT_PORT_FOUND);
        assert_int_equal(discovery.events[0].port, PORT);
        assert_int_equal(discovery.events[0].found.sbdf, PORT);
        assert_string_equal(discovery.events[0].found.path, "/" PORT_FOLDER);
        assert_int_equal(discovery.events[0].found.place.sbdf, PORT);
        assert_int_equal(discovery.events[0].found.pcie_cap, PCIE_CAP);
        assert_int_equal(discovery.events[0].found.acs_cap, ACS_CAP);
        assert_true(discovery.events[0].found.firmware.unclear); /* no tables */
        assert_false(discovery.events[0].found.firmware.external_facing);
        assert_int_equal(discovery.events[1].kind, EVENT_PORTS_END);
        assert_int_equal(discovery.events[1].token, 9);
        assert_int_equal(renameat(actuator.sysfs, "bus/pci", actuator.sysfs, "bus/gone"), 0);
        discovery.count = 0;
        actuator_discover(&actuator, &effect, event_keep, &discovery);
        assert_int_equal(discovery.count, 1);
        assert_int_equal(discovery.events[0].kind, EVENT_COMPLETED);
        assert_int_equal(discovery.events[0].error, ENOENT);
        assert_int_equal(discovery.events[0].token, 9);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_port_read),
                TEST(test_port_unreadable),
                TEST(test_port_close),
                TEST(test_port_decode),
                TEST(test_slot),
                TEST(test_port_drivers),
                TEST(test_inventory),
                TEST(test_inventory_places),
                TEST(test_inventory_extended),
                TEST(test_inventory_twice),
                TEST(test_inventory_damaged),
                TEST(test_inventory_deep),
                TEST(test_driver_off),
                TEST(test_stale),
                TEST(test_remove),
                TEST(test_xen),
                TEST(test_discover),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
