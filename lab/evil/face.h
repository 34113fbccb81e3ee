/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the malicious device shows: configuration space, byte by byte. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FACE_SIZE 4096u
#define FACE_BARS 6u

/** When the second face is shown instead of the first. */
enum face_turn {
        TURN_NEVER,
        TURN_TOLD,      /**< from the moment on that the harness says so */
        TURN_EACH_READ, /**< for every other read that covers the byte `watched` */
        TURN_FOR_XEN, /**< for the first such read after the class was read as a word, as only Xen does */
};

struct face_set {
        uint8_t first[FACE_SIZE], second[FACE_SIZE];
        uint8_t writable
                [FACE_SIZE]; /**< bits that keep what is written; the others are the face's */
        uint32_t bars
                [FACE_BARS]; /**< sizes of memory regions, a power of two, at least 16; 0: none */
};

struct face_personality {
        const char *name;
        enum face_turn turn;
        uint32_t watched;
        void (*draw)(
                struct face_set *set); /**< changes an honest endpoint into what this one shows */
};

/** The personality of that name, or NULL. */
const struct face_personality *face_find(const char *name);

/** Its faces, drawn. */
void face_draw(const struct face_personality *personality, struct face_set *ret_set);

/**
 * What QEMU may see while it takes the device in: an endpoint without capabilities. It emulates the capabilities that
 * it finds then (hw/vfio/pci.c), and refuses some; of those that it did not find, every access reaches us.
 */
void face_innocent(uint8_t ret_face[static FACE_SIZE]);
