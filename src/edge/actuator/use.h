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

/** Adds a use, with the DEVPATH of what is used; one that is there already is not added again. */
void actuator_use_add(struct actuator_use *use, enum event_use_kind kind, const char *path,
                      const char *name);

/** What of it is the device with this path, or is below: bits by kind, as they were added. */
uint32_t actuator_use_kinds(const struct actuator_use *use, const char *path);

/** Which of it is below the port with this path, and what that means for the port. */
void actuator_use_below(const struct actuator_use *use, const char *path,
                        struct event_use *ret_use);
