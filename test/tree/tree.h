/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trees of plain files, for tests of what reads sysfs. Paths are relative to a descriptor; failures end the test. */
#pragma once

#include <stddef.h>

/** Makes a folder and those above it. */
void tree_folder_make(int root, const char *path);
/** Writes a file, over one that is there; its folder is made where it is missing. */
void tree_file_write(int root, const char *folder, const char *name, const void *bytes,
                     size_t length);
void tree_text_write(int root, const char *folder, const char *name, const char *text);
/** Reads at most size bytes from the beginning of a file. */
void tree_file_read(int root, const char *path, void *ret_bytes, size_t size);
/** The file must hold this text, of at most 1023 bytes. */
void tree_text_assert(int root, const char *path, const char *expected);
/** Removes a folder with all that is in it, following no link. 0, or nonzero where something stays. */
int tree_remove(const char *path);
