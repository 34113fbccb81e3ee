/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded into the lab's QEMU: freed blocks of the size of its bridges are never given back. */
/*
 * QEMU's intel-iommu (7.2: vtd_find_add_as, vtd_context_device_invalidate) keeps a pointer to the
 * bus of every function it ever saw and reads it at each later device-selective invalidation.
 * Unplugging a bridge with something behind it frees that bus, which is part of the bridge, and QEMU
 * crashes at the guest's next invalidation. Keeping the memory keeps the last bus number readable,
 * which is what that loop compares. Bridges take 5.5 to 5.8 KiB each in Debian's 7.2; with some
 * room, what else has such a size adds up to about 100 KiB per second. (Keeping all from 256 bytes
 * to 64 KiB costs 15 MiB per second.)
 */
#define _GNU_SOURCE
#include <malloc.h>

void __libc_free(void *block);

void free(void *block) {
        size_t size = malloc_usable_size(block);

        if (size < 4608 || size >= 8192)
                __libc_free(block);
}
