/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules of ours for udev, as long as this boot lasts. */
#pragma once

#include <stddef.h>

/** Below the folder of udev in /run. Before Debian's and systemd's 80-drivers.rules, which load modules. */
#define SINK_UDEV_FILE "udev/rules.d/10-sallyport.rules"

/**
 * Makes text[0..length) the contents of run/SINK_UDEV_FILE: all of it, or what was there stays. Folders that are not
 * there are made. udev notices by itself, at most 3 s later (udev(7); systemd, udev-manager.c). run: "/run". 0, or a
 * negative errno.
 */
int sink_udev_write(const char *run, const char *text, size_t length);
