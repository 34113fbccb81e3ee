/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The identity store: Thunderbolt routers that are known here, and the keys that they were given. doc/state.md. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/event/parse.h"
#include "edge/store/store.h"

/** Entries that are kept. Whoever plugs in what claims one ID after the other gets none by that: people enroll. */
#define STORE_ROUTERS_MAX 256u

/**
 * Looks up a unique ID. 0; -ENOENT where it is not known; -EUCLEAN where there is an entry that is not what we wrote,
 * or that has lost its key; or another negative errno. *ret_enrolment is all 0 but for 0.
 */
int store_router_read(const struct store *store, const uint8_t id[static RECORD_UNIQUE_ID_SIZE],
                      struct event_enrolment *ret_enrolment);
/** The key of one. Likewise; the caller wipes it (explicit_bzero) as soon as it was used. */
int store_router_key_read(const struct store *store, const uint8_t id[static RECORD_UNIQUE_ID_SIZE],
                          uint8_t ret_key[static EVENT_KEY_SIZE]);
/**
 * Notes one: with key ENROLLED_NEW_KEY a key is made for it (getrandom(2)), in place of one that it may have; with
 * ENROLLED_YES it keeps what it has, a key as well. -EUCLEAN: there is an entry that cannot be read, and it is left
 * alone; -ENOSPC: there are STORE_ROUTERS_MAX; or another negative errno: it is as it was, or known without a key that
 * counts. Blocks as long as disk and lock do: for a worker process.
 */
int store_router_write(const struct store *store, const uint8_t id[static RECORD_UNIQUE_ID_SIZE],
                       const struct event_enrolment *enrolment);
/**
 * Notes one that another program knew, with the key that it was given there, or NULL. -EEXIST: it is known here
 * already, or has an entry that cannot be read; else as store_router_write.
 */
int store_router_import(const struct store *store, const uint8_t id[static RECORD_UNIQUE_ID_SIZE],
                        const struct event_enrolment *enrolment, const uint8_t *key);
/** From now on it has the key that was made for it. 0, or a negative errno. */
int store_router_given(const struct store *store, const uint8_t id[static RECORD_UNIQUE_ID_SIZE]);
/** Strikes one off, whatever its entry looks like, and its key. 0, -ENOENT, or another negative errno. */
int store_router_forget(const struct store *store, const uint8_t id[static RECORD_UNIQUE_ID_SIZE]);

/** Called once per entry; both live until it returns. enrolment NULL: it cannot be read. */
typedef void (*store_router_found)(void *userdata, const uint8_t *id,
                                   const struct event_enrolment *enrolment);

/**
 * Hands over every entry, in the order of their IDs, at most STORE_ROUTERS_MAX. 0, also where there are none;
 * -EOVERFLOW where there were more; or another negative errno.
 */
int store_routers_each(const struct store *store, store_router_found found, void *userdata);
