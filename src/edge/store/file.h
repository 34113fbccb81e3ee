/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are there whole or not at all, whenever the power goes. For this folder. */
#pragma once

#include <stddef.h>

/** Bytes of the longest name, NUL included: a UUID's text and ".key" are 41. */
#define STORE_FILE_NAME_MAX 48u

/**
 * Writes bytes at an offset; when it returns 0 they are on the disk (fsync), and were read back. A negative errno: any
 * part of them may be there; -EIO where something else was read back.
 */
int store_file_write(int fd, const void *bytes, size_t length, size_t at);
/**
 * Puts a file (0600) in place of the one of this name, or makes it. It is written as "NAME.new", which has no meaning,
 * and then renamed. 0, or a negative errno: the old one is there; after -EIO either may be.
 */
int store_file_replace(int folder, const char *name, const void *bytes, size_t length);
/**
 * Reads a regular file of this name whole, as edge_file_read does; no link is followed.
 */
long store_file_read(int folder, const char *name, void *ret_bytes, size_t size);
