/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attributes and folders of sysfs, always relative to a directory descriptor. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/limits.h"

/** Opens a folder. A descriptor that the caller closes, or a negative errno. */
int actuator_sysfs_open(int directory, const char *path);
/** Opens the folder "bus/pci/devices/SBDF" below sysfs's root. A descriptor, or a negative errno. */
int actuator_sysfs_open_device(int sysfs, uint32_t sbdf);
/** Writes a string to an attribute with one write(). 0, or a negative errno: the kernel's answer. */
int actuator_sysfs_write(int directory, const char *path, const char *text);
/**
 * Reads an attribute from its beginning, at most size bytes (no NUL is added). Bytes read, or a negative errno.
 */
ssize_t actuator_sysfs_read(int directory, const char *path, void *ret_buffer, size_t size);
/**
 * The last component of a link's target, e.g. a driver's name, NUL-terminated. 0, or a negative errno (-ENOENT: there
 * is no such link; -ENAMETOOLONG: it does not fit).
 */
int actuator_sysfs_link_name(int directory, const char *path, char *ret_name, size_t size);
/**
 * Where a link of sysfs leads, as the kernel's DEVPATH has it: "../../devices/pci0000:00/0000:00:04.0" gives
 * "/devices/pci0000:00/0000:00:04.0", NUL-terminated. Only for links that begin at sysfs's root and climb up to it.
 * False where there is none, or it does not fit.
 */
bool actuator_sysfs_device_path(int directory, const char *link, char ret_path[static LIMIT_PATH]);
/**
 * The entries of a folder whose names are PCI addresses, sorted: at most size of them, with *ret_truncated set where
 * there are more. Their number, or a negative errno.
 */
int actuator_sysfs_functions(int directory, uint32_t *ret_functions, size_t size,
                             bool *ret_truncated);
