/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dom0 uses, and through which devices: as the kernel's books say, no device is asked. */
#pragma once

#include "edge/actuator/actuator.h"

/* Uses of one machine; a server with 24 disks and 8 network ports has about 60. */
#define ACTUATOR_USES_MAX 256u

struct actuator_use_entry {
        enum event_use_kind kind;
        char path[LIMIT_PATH]; /**< DEVPATH of what is used */
        char name[LIMIT_USE];
};

struct actuator_use {
        bool unknown; /**< something could not be read, or there were too many */
        uint32_t count;
        struct actuator_use_entry entries[ACTUATOR_USES_MAX];
};

/**
 * Reads mounts, swap, network interfaces, keyboards and consoles; and which of the PCI functions are storage
 * controllers. Block devices are followed through partitions, device mapper, md, loop files and btrfs to where they are
 * (Linux: Documentation/ABI/stable/sysfs-block, slaves). Mounts are those of process 1: the daemon's own namespace may
 * hide some.
 */
void actuator_use_read(const struct actuator *actuator, const uint32_t *functions, int count,
                       struct actuator_use *ret_use);

/** Which of it is below the device with this path. */
void actuator_use_below(const struct actuator_use *use, const char *path,
                        struct event_use *ret_use);
