/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A log of what the core wants remembered: append-only, checksummed, never half written. */
#pragma once

#include <stdbool.h>

#include "core/event/parse.h"

/** The file grows to this size, then only the last entry of each port is kept. */
#define STORE_SIZE_MAX 65536u
/** "state.bad-1" to "state.bad-8": files that were set aside, and that nobody has looked at yet. */
#define STORE_ASIDE_MAX 8u

/** All that is known between two calls. folder < 0: there is no memory, and every write fails. */
struct store {
        int folder; /**< descriptor of the state directory */
        int error;  /**< why there is none: negative errno */
        uint8_t boot[EVENT_MEMORY_BOOT_SIZE];
};

/** Called once per event; it lives until the call returns. */
typedef void (*store_found)(void *userdata, const struct event *event);

/**
 * Opens the state directory, made where it is missing (not those above it), and learns which boot this is. Never
 * fails outright: what went wrong is kept in `error`, and store_read says it. To be closed with store_close.
 */
void store_open(const char *directory, struct store *ret_store);
void store_close(struct store *store);

/**
 * Hands over one EVENT_MEMORY per port, the last that was written of each, then EVENT_MEMORY_END. A file that is
 * damaged or newer is renamed first, never over another, and nothing of it is handed over.
 */
void store_read(const struct store *store, store_found found, void *userdata);

/**
 * Notes in a file of that name that something was seen in this boot; what is already noted stays. Not flushed: after a
 * power failure it is another boot. 0, or a negative errno: then it is not noted. Once per start, before any worker.
 */
int store_note(const struct store *store, const char *name);
/** Was it noted in this boot? Not where that cannot be told. */
bool store_noted(const struct store *store, const char *name);

/**
 * Writes what is to be remembered of memory->port, in place of what was. When it returns 0 the entry is on the disk
 * (fsync) and was read back. A negative errno: what was remembered before is, and this is not; after -EIO either may
 * be. -EUCLEAN: the file is damaged or newer, and is left as it is. Blocks as long as disk and lock do: for a worker
 * process.
 */
int store_write(const struct store *store, const struct event_memory *memory);
