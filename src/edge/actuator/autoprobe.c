/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No driver of dom0 binds while a rescan lasts: drivers_autoprobe is 0 as long, and comes back whoever was killed. */
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "core/event/parse.h"
#include "edge/actuator/pci.h"
#include "edge/actuator/sysfs.h"
#include "edge/cleanup.h"

#define SWITCH "bus/pci/drivers_autoprobe"
#define NOTE "autoprobe"

static bool switch_is(const struct actuator *actuator, char value)
{
        char text[4];

        return actuator_sysfs_read(actuator->sysfs, SWITCH, text, sizeof text) > 0 &&
               text[0] == value;
}

/* It is one switch for all of PCI. A byte in this file says that its 0 is ours; a lock, that somebody is at it. */
static bool note_set(int note, bool made)
{
        return ftruncate(note, made ? 1 : 0) == 0;
}

/* Is a 0 ours? Where that cannot be told, it is not. */
static bool note_made(int note)
{
        struct stat status;

        return fstat(note, &status) == 0 && status.st_size > 0;
}

void actuator_autoprobe_release(const struct actuator *actuator, int note)
{
        if (note < 0)
                return;
        if (actuator_sysfs_write(actuator->sysfs, SWITCH, "1") == 0)
                (void)note_set(note, false);
        (void)close(note);
}

int actuator_autoprobe_hold(const struct actuator *actuator)
{
        EDGE_CLEANUP_FD int note = -1;

        if (actuator->run < 0)
                return -1;
        note = openat(actuator->run, NOTE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (note < 0 || flock(note, LOCK_EX) < 0)
                return -1;
        if (!switch_is(actuator, '1'))
                return note_made(note) ? edge_cleanup_keep_fd(&note) : -1;
        if (!note_set(note, true) || actuator_sysfs_write(actuator->sysfs, SWITCH, "0") < 0) {
                (void)note_set(note, false);
                return -1;
        }
        return edge_cleanup_keep_fd(&note);
}

/* A predecessor's worker may still be at it, and will do it itself. */
void actuator_autoprobe_heal(const struct actuator *actuator)
{
        EDGE_CLEANUP_FD int note = openat(actuator->run, NOTE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

        if (note >= 0 && flock(note, LOCK_EX | LOCK_NB) == 0 && note_made(note))
                actuator_autoprobe_release(actuator, edge_cleanup_keep_fd(&note));
}

void actuator_autoprobe_open(struct actuator *actuator, const char *run_directory)
{
        struct utsname kernel;
        uint16_t major, minor;

        if (uname(&kernel) < 0 ||
            !event_linux_parse(kernel.release, strlen(kernel.release), &major, &minor) ||
            !event_linux_autoprobe(major, minor))
                return;
        actuator->run = actuator_sysfs_open(AT_FDCWD, run_directory);
        if (actuator->run >= 0)
                actuator_autoprobe_heal(actuator);
}
