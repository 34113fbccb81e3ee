/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and folders read whole. */
#pragma once

#include <dirent.h>
#include <stddef.h>

/**
 * Reads an open regular file from its beginning. Its length; or a negative errno: -EFBIG where it has more than size
 * bytes, -EISDIR and -EINVAL where it is none. One that grows meanwhile is cut.
 */
long edge_file_read(int fd, void *ret_bytes, size_t size);
/**
 * The entries behind a descriptor, which is theirs from now on, and closed where there are none. The caller closes
 * them. NULL, with errno, on an error; and where the descriptor is negative.
 */
DIR *edge_folder_open(int fd);
/**
 * The names in a folder below another one, but for those that begin with a dot, in the order of their bytes (not
 * alphasort(3), which follows the locale). Their number, and the caller frees each and the list; or a negative errno.
 */
int edge_folder_list(int directory, const char *name, struct dirent ***ret_entries);
