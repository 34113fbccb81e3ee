/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The personalities. Registers: PCIe Base Spec 7.5.1 (headers), 7.5.3 (PCI Express), 7.7.2 (MSI-X), 9.3.3 (SR-IOV). */
#include <string.h>

#include "evil/face.h"

#define VENDOR 0x1234u
#define DEVICE 0xe110u
#define EXPRESS 0x40u
#define MSIX 0x80u
#define EXTENDED 0x100u
#define SRIOV_BARS (EXTENDED + 0x24u)

static void put(uint8_t *face, uint32_t at, uint32_t width, uint32_t value)
{
        for (uint32_t i = 0; i < width; i++)
                face[at + i] = (uint8_t)(value >> 8 * i);
}

static void both(struct face_set *set, uint32_t at, uint32_t width, uint32_t value)
{
        put(set->first, at, width, value);
        put(set->second, at, width, value);
}

void face_innocent(uint8_t ret_face[static FACE_SIZE])
{
        memset(ret_face, 0, FACE_SIZE);
        put(ret_face, 0x00, 2, VENDOR);
        put(ret_face, 0x02, 2, DEVICE);
        put(ret_face, 0x08, 4, 0x02000001);
        put(ret_face, 0x2c, 2, VENDOR);
        put(ret_face, 0x2e, 2, DEVICE);
}

/* An endpoint with the PCI Express capability and MSI-X for four vectors in BAR 0. */
static void honest(struct face_set *set)
{
        memset(set, 0, sizeof *set);
        face_innocent(set->first);
        put(set->first, 0x06, 2, 0x0010);
        put(set->first, 0x34, 1, EXPRESS);
        put(set->first, EXPRESS, 4, 0x00020000 | MSIX << 8 | 0x10);
        put(set->first, EXPRESS + 0x04, 4, 0x00008000);
        put(set->first, EXPRESS + 0x0c, 4, 0x00000011);
        put(set->first, EXPRESS + 0x12, 2, 0x0011);
        put(set->first, MSIX, 4, 0x00030011);
        put(set->first, MSIX + 8, 4, 0x00000800);
        memcpy(set->second, set->first, FACE_SIZE);
        put(set->writable, 0x04, 2, 0xffff);
        put(set->writable, 0x0c, 1, 0xff);
        put(set->writable, 0x3c, 1, 0xff);
        put(set->writable, EXPRESS + 0x08, 2, 0xffff);
        put(set->writable, MSIX + 2, 2, 0xc000);
        set->bars[0] = 4096;
}

static void draw_honest(struct face_set *set)
{
        (void)set;
}

static void header_1(struct face_set *set)
{
        both(set, 0x0e, 1, 1);
        both(set, 0x2c, 4, 0);
        put(set->writable, 0x3e, 2, 0xffff);
}

/* A bridge to Linux, which asks the header; an endpoint to Xen, which asks the class. It keeps bus numbers: QEMU
 * emulates them as BAR 2. */
static void draw_fake_bridge(struct face_set *set)
{
        header_1(set);
        set->bars[2] = 16;
}

static void draw_class_bridge(struct face_set *set)
{
        both(set, 0x09, 3, 0x060400);
}

static void draw_class_flips(struct face_set *set)
{
        put(set->second, 0x09, 3, 0x060400);
}

static void draw_cap_loop(struct face_set *set)
{
        both(set, MSIX + 1, 1, EXPRESS);
}

/* MSI-X Function Mask reads 1, whatever is written: Xen then refuses DOMID_IO (msi.c:pci_reset_msix_state). */
static void draw_maskall(struct face_set *set)
{
        both(set, MSIX + 2, 2, 0x4003);
        put(set->writable, MSIX + 2, 2, 0x8000);
}

static void draw_msix_hidden(struct face_set *set)
{
        put(set->first, EXPRESS + 1, 1, 0);
}

/* An upstream port whose secondary bus number reads 0, whatever is written: QEMU emulates it as the low half of a
 * "BAR 2" of 64 KiB. The subordinate one is kept. */
static void draw_bus_numbers(struct face_set *set)
{
        header_1(set);
        both(set, 0x09, 3, 0x060400);
        both(set, EXPRESS + 2, 2, 0x0052);
        set->bars[2] = 0x10000;
}

static void draw_express_gone(struct face_set *set)
{
        put(set->second, 0x34, 1, MSIX);
}

static void draw_ids_change(struct face_set *set)
{
        put(set->second, 0x02, 2, DEVICE + 1);
}

static void draw_phantom(struct face_set *set)
{
        both(set, EXPRESS + 0x04, 4, 0x00008018);
}

static void draw_conventional(struct face_set *set)
{
        both(set, 0x34, 1, MSIX);
}

/* SR-IOV with a VF BAR that says that it is I/O (Xen 4.17 pci.c:pci_add_device does not get past it). */
static void draw_sriov_io(struct face_set *set)
{
        both(set, EXTENDED, 4, 0x00010010);
        both(set, EXTENDED + 0x0c, 4, 0x00080008);
        both(set, EXTENDED + 0x14, 4, 0x00010001);
        both(set, EXTENDED + 0x1a, 2, 0xe111);
        both(set, EXTENDED + 0x1c, 4, 0x00000553);
        both(set, EXTENDED + 0x20, 4, 0x00000001);
        both(set, SRIOV_BARS, 4, 0x00000001);
        put(set->writable, SRIOV_BARS, 4, 0xfffff000);
}

static const struct face_personality personalities[] = {
        { "honest", TURN_NEVER, 0, draw_honest },
        { "fake-bridge", TURN_NEVER, 0, draw_fake_bridge },
        { "class-bridge", TURN_NEVER, 0, draw_class_bridge },
        { "class-flips", TURN_EACH_READ, 0x0b, draw_class_flips },
        { "cap-loop", TURN_NEVER, 0, draw_cap_loop },
        { "maskall", TURN_NEVER, 0, draw_maskall },
        { "msix-hidden", TURN_TOLD, 0, draw_msix_hidden },
        { "bus-numbers", TURN_NEVER, 0, draw_bus_numbers },
        { "express-gone", TURN_TOLD, 0, draw_express_gone },
        { "express-vanishes", TURN_FOR_XEN, 0x34, draw_express_gone },
        { "ids-change", TURN_TOLD, 0, draw_ids_change },
        { "phantom", TURN_NEVER, 0, draw_phantom },
        { "conventional", TURN_NEVER, 0, draw_conventional },
        { "sriov-io", TURN_NEVER, 0, draw_sriov_io },
};

const struct face_personality *face_find(const char *name)
{
        for (size_t i = 0; i < sizeof personalities / sizeof personalities[0]; i++)
                if (strcmp(personalities[i].name, name) == 0)
                        return &personalities[i];
        return NULL;
}

void face_draw(const struct face_personality *personality, struct face_set *ret_set)
{
        honest(ret_set);
        personality->draw(ret_set);
}
