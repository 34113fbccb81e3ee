/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that people wrote, and what is wrong with them. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/policy/config.h"

/** What is wrong: "FILE:LINE:COLUMN: message", or "FILE: message" where it could not be read. */
struct source_diagnosis {
        char text[PATH_MAX + 320];
};

/** Who takes the texts. */
struct source_reader {
        size_t size_max; /**< bytes; what is larger is a mistake */
        /** One file, by its base name. False, with *ret_diagnosis filled, where it is rejected. */
        bool (*parse)(void *userdata, const char *name, const char *text, size_t length,
                      struct policy_diagnosis *ret_diagnosis);
        void *userdata;
};

/**
 * Reads a regular file whole and hands it over; `name` is relative to `directory`, a descriptor or AT_FDCWD, and shown
 * behind "shown/", or alone where that is empty. 0; or a negative errno (-EINVAL: rejected, or no regular file) with
 * *ret_diagnosis filled.
 */
int source_file_read(int directory, const char *shown, const char *name,
                     const struct source_reader *reader, struct source_diagnosis *ret_diagnosis);

/**
 * The same with each file of the folder `name` that ends with `suffix` and is not hidden, in the order of their names'
 * bytes. The first error ends it. A folder that is not there is an empty one.
 */
int source_folder_read(int directory, const char *shown, const char *name, const char *suffix,
                       const struct source_reader *reader, struct source_diagnosis *ret_diagnosis);

/**
 * Opens the folder of all configuration. A descriptor; -ENOENT where it is not there; or another negative errno with
 * *ret_diagnosis filled.
 */
int source_directory_open(const char *directory, struct source_diagnosis *ret_diagnosis);
