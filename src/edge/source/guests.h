/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the guests that exist now, by xenstore. */
#pragma once

#include <stddef.h>

/** Room for 1024 names. */
#define SOURCE_GUESTS_SIZE 65536

/**
 * Writes the name of each domain but dom0, a line feed behind each, and a NUL. 0; or a negative errno: xenstore is not
 * there, does not answer within 2 seconds, or the names do not fit. /local/domain/DOMID/name: xenstore-paths(7).
 */
int source_guests_read(char *ret_names, size_t size);
