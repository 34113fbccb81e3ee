/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bolt's store into ours. */
#include "offline/bolt.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "edge/cleanup.h"
#include "edge/file.h"
#include "edge/source/config.h"
#include "edge/store/file.h"
#include "edge/store/routers.h"

/* What GKeyFile keeps of a device: two names, a label, and a few words. */
#define DEVICE_SIZE_MAX 16384u

/* 1: it has a key; 0: it has none; or a negative errno. bolt keeps 64 digits, without a line feed. */
static int key_read(int bolt, const char *name, uint8_t ret_key[static EVENT_KEY_SIZE])
{
        char path[sizeof "keys/" + NAME_MAX], text[EVENT_KEY_TEXT_SIZE];
        long length;
        bool good;

        (void)snprintf(path, sizeof path, "keys/%s", name);
        length = store_file_read(bolt, path, text, sizeof text);
        good = length > 0 && event_key_parse(text, (size_t)length, ret_key);
        if (length > 0)
                explicit_bzero(text, sizeof text);
        if (length == -ENOENT)
                return 0;
        if (length < 0)
                return (int)length;
        return good ? 1 : -EUCLEAN;
}

static int device_read(int bolt, const char *name, struct event_enrolment *ret_enrolment)
{
        char path[sizeof "devices/" + NAME_MAX], text[DEVICE_SIZE_MAX];
        long length;

        (void)snprintf(path, sizeof path, "devices/%s", name);
        length = store_file_read(bolt, path, text, sizeof text);
        if (length < 0)
                return (int)length;
        return event_bolt_parse(text, (size_t)length, ret_enrolment) ? 0 : -EUCLEAN;
}

static void device_import(int bolt, const struct store *store, struct offline_bolt_device *device)
{
        uint8_t id[RECORD_UNIQUE_ID_SIZE], key[EVENT_KEY_SIZE];
        int has_key;

        device->result = BOLT_UNREADABLE;
        device->error = -EUCLEAN;
        if (!event_unique_id_parse(device->name, strlen(device->name), id))
                return;
        device->error = device_read(bolt, device->name, &device->enrolment);
        if (device->error)
                return;
        has_key = key_read(bolt, device->name, key);
        if (has_key < 0) {
                device->error = has_key;
                return;
        }
        device->key = has_key > 0;
        device->error =
                store_router_import(store, id, &device->enrolment, device->key ? key : NULL);
        explicit_bzero(key, sizeof key);
        if (device->error == -EEXIST)
                device->result = BOLT_KNOWN;
        else
                device->result = device->error ? BOLT_FAILED : BOLT_IMPORTED;
}

static int devices_import(int bolt, const struct store *store, offline_bolt_found found,
                          void *userdata)
{
        struct dirent **entries;
        int count = edge_folder_list(bolt, "devices", &entries);

        if (count < 0)
                return count;
        for (int i = 0; i < count; i++) {
                struct offline_bolt_device device = { .name = entries[i]->d_name };

                device_import(bolt, store, &device);
                found(userdata, &device);
                free(entries[i]);
        }
        free(entries);
        return 0;
}

int offline_bolt_import(const char *directory, const char *state_directory,
                        offline_bolt_found found, void *userdata)
{
        EDGE_CLEANUP_FD int bolt = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct store store;
        int error;

        if (bolt < 0)
                return -errno;
        store_open(state_directory, &store);
        error = store.error ? store.error : devices_import(bolt, &store, found, userdata);
        store_close(&store);
        return error;
}

int offline_state_directory(char ret_directory[static LIMIT_DIRECTORY])
{
        struct source_diagnosis diagnosis;
        struct event_config config;
        int error = source_config_read(SOURCE_CONFIG_DIRECTORY, &config, &diagnosis);

        if (!error)
                memcpy(ret_directory, config.state_directory, LIMIT_DIRECTORY);
        return error;
}
