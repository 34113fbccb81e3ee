/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dom0 uses, in a sysfs and a procfs of plain files: some of it below port 1c.0, some elsewhere. */
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
#include "edge/actuator/use.h"
#include "tree/tree.h"

#define PORT "devices/pci0000:00/0000:00:1c.0"
#define DISK PORT "/0000:04:00.0"
#define NVME DISK "/nvme/nvme0/nvme0n1"
#define INSIDE "devices/pci0000:00/0000:00:17.0/ata1/block/sda"
#define MAPPED "devices/virtual/block/dm-0"

static char root[64];
static struct actuator actuator;
static const uint32_t functions[] = { BASE_SBDF(0, 4, 0, 0) };

/* "dev/block/8:0" -> "../../devices/...": as sysfs links from two folders below its root. */
static void link_make(const char *folder, const char *name, const char *target)
{
        char path[256], climbing[256];

        tree_folder_make(actuator.sysfs, folder);
        tree_folder_make(actuator.sysfs, target);
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        (void)snprintf(climbing, sizeof climbing, "../../%s", target);
        assert_int_equal(symlinkat(climbing, actuator.sysfs, path), 0);
}

static void block_make(const char *folder, const char *name, const char *device)
{
        char text[24];

        link_make("dev/block", device, folder);
        link_make("class/block", name, folder);
        (void)snprintf(text, sizeof text, "%s\n", device);
        tree_text_write(actuator.sysfs, folder, "dev", text);
}

static void mounts_write(const char *text)
{
        tree_text_write(actuator.sysfs, "1", "mountinfo", text);
}

static int setup(void **state)
{
        (void)state;
        (void)snprintf(root, sizeof root, "/tmp/sallyport-use-XXXXXX");
        if (!mkdtemp(root) || actuator_open(root, root, &actuator) < 0)
                return -1;
        tree_folder_make(actuator.sysfs, "bus/pci/devices");
        tree_folder_make(actuator.sysfs, DISK);
        assert_int_equal(
                symlinkat("../../../" DISK, actuator.sysfs, "bus/pci/devices/0000:04:00.0"), 0);
        tree_text_write(actuator.sysfs, DISK, "class", "0x010802\n");
        block_make(NVME, "nvme0n1", "259:0");
        block_make(NVME "/nvme0n1p2", "nvme0n1p2", "259:2");
        tree_text_write(actuator.sysfs, NVME "/nvme0n1p2", "partition", "2\n");
        tree_folder_make(actuator.sysfs, NVME "/slaves");
        block_make(INSIDE, "sda", "8:0");
        block_make(MAPPED, "dm-0", "253:0");
        tree_text_write(actuator.sysfs, ".", "swaps", "Filename Type Size Used Priority\n");
        mounts_write("");
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        actuator_close(&actuator);
        return tree_remove(root);
}

static struct event_use below(const char *port)
{
        static struct actuator_use use; /* large */
        struct event_use result;

        actuator_use_read(&actuator, functions, 1, &use);
        actuator_use_below(&use, port, &result);
        return result;
}

static void assert_use(uint32_t uses, const char *first)
{
        struct event_use use = below("/" PORT);

        assert_false(use.unknown);
        assert_int_equal(use.uses, uses | EVENT_USE_BIT(USE_STORAGE));
        assert_string_equal(use.first, first);
}

#define REST " rw shared:1 - ext4 /dev/x rw\n"

static void test_idle(void **state)
{
        (void)state;
        assert_use(0, "");
        assert_int_equal(below("/" PORT "x").uses, 0);
        assert_int_equal(below("/" DISK).uses, 0); /* it is not below itself */
}

static void test_mounts(void **state)
{
        (void)state;
        mounts_write("1 0 8:0 / / rw" REST "2 1 0:5 / /run rw - tmpfs tmpfs rw\n"
                     "3 1 259:2 / /media/a\\040b rw" REST);
        assert_use(EVENT_USE_BIT(USE_MOUNT), "nvme0n1p2 on /media/a\\040b");
        mounts_write("1 0 259:2 / / rw" REST "2 1 259:2 /x /mnt rw" REST);
        assert_use(EVENT_USE_BIT(USE_SYSTEM) | EVENT_USE_BIT(USE_MOUNT), "nvme0n1p2 on /");
        mounts_write("2 1 259:2 / /usr rw" REST);
        assert_use(EVENT_USE_BIT(USE_SYSTEM), "nvme0n1p2 on /usr");
        mounts_write("2 1 259:2 / /usrs rw" REST);
        assert_use(EVENT_USE_BIT(USE_MOUNT), "nvme0n1p2 on /usrs");
}

/* dm-0 on nvme0n1p2 and on sda; then a loop device on what is mounted of it. */
static void test_stacked(void **state)
{
        (void)state;
        tree_folder_make(actuator.sysfs, MAPPED "/slaves");
        assert_int_equal(symlinkat("../../../../pci0000:00/0000:00:1c.0/0000:04:00.0/nvme/nvme0/"
                                   "nvme0n1/nvme0n1p2",
                                   actuator.sysfs, MAPPED "/slaves/nvme0n1p2"),
                         0);
        mounts_write("1 0 253:0 / / rw" REST);
        assert_use(EVENT_USE_BIT(USE_SYSTEM), "nvme0n1p2 on /");
        block_make("devices/virtual/block/loop0", "loop0", "7:0");
        tree_text_write(actuator.sysfs, "devices/virtual/block/loop0/loop", "backing_file",
                        "/srv/deep/image\n");
        mounts_write("1 0 8:0 / / rw" REST "2 1 253:0 / /srv rw" REST "3 1 8:0 / /srv/d rw" REST
                     "4 1 7:0 / /var rw" REST);
        assert_use(EVENT_USE_BIT(USE_SYSTEM) | EVENT_USE_BIT(USE_MOUNT), "nvme0n1p2 on /var");
}

static void test_btrfs(void **state)
{
        (void)state;
        tree_folder_make(actuator.sysfs, "fs/btrfs/features");
        tree_folder_make(actuator.sysfs, "fs/btrfs/1234/devices");
        assert_int_equal(symlinkat("../../../../" NVME "/nvme0n1p2", actuator.sysfs,
                                   "fs/btrfs/1234/devices/nvme0n1p2"),
                         0);
        mounts_write("1 0 0:30 /root / rw - btrfs /dev/nvme0n1p2 rw\n");
        assert_use(EVENT_USE_BIT(USE_SYSTEM), "nvme0n1p2 on /");
}

static void test_multipath(void **state)
{
        (void)state;
        block_make("devices/virtual/nvme-subsystem/nvme-subsys0/nvme1n1", "nvme1n1", "259:7");
        link_make("class/nvme-subsystem", "nvme-subsys0",
                  "devices/virtual/nvme-subsystem/nvme-subsys0");
        link_make("class/nvme", "nvme1", DISK "/nvme/nvme1");
        tree_folder_make(actuator.sysfs, "devices/virtual/nvme-subsystem/nvme-subsys0/nvme1");
        mounts_write("1 0 259:7 / / rw" REST);
        assert_use(EVENT_USE_BIT(USE_SYSTEM), "nvme1n1 on /");
}

static void test_swap(void **state)
{
        (void)state;
        tree_text_write(actuator.sysfs, ".", "swaps",
                        "Filename Type Size Used Priority\n/dev/sda partition 1 0 -2\n"
                        "/dev/nvme0n1p2\t\tpartition 1 0 -3\n");
        assert_use(EVENT_USE_BIT(USE_SWAP), "nvme0n1p2 as swap");
        tree_text_write(actuator.sysfs, ".", "swaps",
                        "Filename Type Size Used Priority\n/mnt/swap file 1 0 -2\n");
        mounts_write("1 0 8:0 / / rw" REST "2 1 259:2 / /mnt rw" REST);
        assert_use(EVENT_USE_BIT(USE_SWAP) | EVENT_USE_BIT(USE_MOUNT), "nvme0n1p2 as swap");
}

static void interface_make(const char *name, const char *folder, const char *flags,
                           const char *operstate)
{
        link_make("class/net", name, folder);
        tree_text_write(actuator.sysfs, folder, "flags", flags);
        tree_text_write(actuator.sysfs, folder, "operstate", operstate);
}

static void test_network(void **state)
{
        (void)state;
        interface_make("lo", "devices/virtual/net/lo", "0x9\n", "unknown\n");
        interface_make("eth0", PORT "/0000:04:00.1/net/eth0", "0x1003\n", "up\n");
        assert_use(EVENT_USE_BIT(USE_NETWORKS), "eth0");
        interface_make("eth1", "devices/pci0000:00/0000:00:1f.6/net/eth1", "0x1002\n", "down\n");
        assert_use(EVENT_USE_BIT(USE_NETWORKS), "eth0");
        tree_text_write(actuator.sysfs, "devices/pci0000:00/0000:00:1f.6/net/eth1", "flags",
                        "0x1003\n");
        assert_use(EVENT_USE_BIT(USE_NETWORKS), "eth0");
        tree_text_write(actuator.sysfs, "devices/pci0000:00/0000:00:1f.6/net/eth1", "operstate",
                        "up\n");
        assert_use(EVENT_USE_BIT(USE_NETWORK), "eth0");
}

static void test_keyboard(void **state)
{
        (void)state;
        link_make("class/input", "input3", PORT "/0000:04:00.2/usb3/input/input3");
        tree_text_write(actuator.sysfs, PORT "/0000:04:00.2/usb3/input/input3/capabilities", "ev",
                        "120013\n");
        link_make("class/input", "event3", PORT "/0000:04:00.2/usb3/input/input3/event3");
        assert_use(EVENT_USE_BIT(USE_KEYBOARDS), "input3");
        link_make("class/input", "input0", "devices/platform/button/input/input0");
        tree_text_write(actuator.sysfs, "devices/platform/button/input/input0/capabilities", "ev",
                        "3\n");
        assert_use(EVENT_USE_BIT(USE_KEYBOARDS), "input3");
        link_make("class/input", "input1", "devices/platform/i8042/serio0/input/input1");
        tree_text_write(actuator.sysfs, "devices/platform/i8042/serio0/input/input1/capabilities",
                        "ev", "120013\n");
        assert_use(0, "");
}

/* That it was made the boot VGA device is what its class says; in use it is when a driver holds it. */
static void test_console(void **state)
{
        (void)state;
        tree_text_write(actuator.sysfs, DISK, "boot_vga", "1\n");
        assert_use(0, "");
        tree_folder_make(actuator.sysfs, DISK "/driver");
        assert_use(EVENT_USE_BIT(USE_CONSOLE), "0000:04:00.0");
        tree_text_write(actuator.sysfs, DISK, "boot_vga", "0\n");
        link_make("class/graphics", "fb0", DISK "/graphics/fb0");
        assert_use(EVENT_USE_BIT(USE_CONSOLE), "fb0");
}

static void assert_unknown(void)
{
        struct event_use use = below("/" PORT);

        assert_true(use.unknown);
        assert_int_equal(use.uses, EVENT_USE_BIT(USE_STORAGE));
}

/* What is not understood is unknown, and nothing is invented. */
static void test_unknown(void **state)
{
        (void)state;
        mounts_write("1 0 9:9 / /mnt rw" REST);
        assert_unknown();
        mounts_write("nonsense\n");
        assert_unknown();
        mounts_write("1 0 0:40 / / rw - zfs pool rw\n");
        assert_unknown();
        mounts_write("1 0 0:40 / / rw - btrfs /dev/sda rw\n");
        assert_unknown();
        mounts_write("");
        tree_text_write(actuator.sysfs, ".", "swaps",
                        "Filename Type Size Used Priority\n/gone file 1 0 -2\n");
        assert_unknown();
        tree_text_write(actuator.sysfs, ".", "swaps", "Filename Type Size Used Priority\nhalf\n");
        assert_unknown();
        assert_int_equal(unlinkat(actuator.sysfs, "swaps", 0), 0);
        assert_unknown();
        assert_int_equal(unlinkat(actuator.sysfs, "1/mountinfo", 0), 0);
        assert_unknown();
}

/* A device that is made of itself ends nothing but the search. */
static void test_loop(void **state)
{
        (void)state;
        tree_text_write(actuator.sysfs, MAPPED "/slaves/dm-0", "dev", "253:0\n");
        mounts_write("1 0 253:0 / /mnt rw" REST);
        assert_unknown();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_idle, setup, teardown),
                cmocka_unit_test_setup_teardown(test_mounts, setup, teardown),
                cmocka_unit_test_setup_teardown(test_stacked, setup, teardown),
                cmocka_unit_test_setup_teardown(test_btrfs, setup, teardown),
                cmocka_unit_test_setup_teardown(test_multipath, setup, teardown),
                cmocka_unit_test_setup_teardown(test_swap, setup, teardown),
                cmocka_unit_test_setup_teardown(test_network, setup, teardown),
                cmocka_unit_test_setup_teardown(test_keyboard, setup, teardown),
                cmocka_unit_test_setup_teardown(test_console, setup, teardown),
                cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
                cmocka_unit_test_setup_teardown(test_loop, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
