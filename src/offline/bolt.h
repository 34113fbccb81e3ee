/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `sallyport import`: what boltd has enrolled, into the identity store. bolt's store is only read. */
#pragma once

#include "core/event/parse.h"
#include "core/limits.h"

#define OFFLINE_BOLT_DIRECTORY "/var/lib/boltd"

enum offline_bolt_result {
        BOLT_IMPORTED,
        BOLT_KNOWN, /**< it was known here already, and stays as it was */
        BOLT_UNREADABLE, /**< its file, or its key's, cannot be read: it is not taken over, and stays unknown */
        BOLT_FAILED /**< it could not be written; error says why */
};

struct offline_bolt_device {
        const char *name; /**< of the file: a unique ID, or anything */
        enum offline_bolt_result result;
        struct event_enrolment enrolment; /**< not of BOLT_UNREADABLE */
        bool key;                         /**< a key came with it */
        int error;                        /**< negative errno */
};

/** Called once per file; it lives until the call returns. */
typedef void (*offline_bolt_found)(void *userdata, const struct offline_bolt_device *device);

/**
 * Reads DIRECTORY/devices and DIRECTORY/keys (boltd/bolt-store.c), and notes each device in the identity store of
 * state_directory, with its key where it has one; hands all over in the order of their names. A device without a key is
 * taken over without one; one whose key cannot be read is not, for it would be let in without. 0, or a negative errno
 * where there is no such folder, or no store.
 */
int offline_bolt_import(const char *directory, const char *state_directory,
                        offline_bolt_found found, void *userdata);

/** StateDirectory= of the daemon's configuration. 0, or a negative errno where that cannot be read. */
int offline_state_directory(char ret_directory[static LIMIT_DIRECTORY]);
