/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Door 2 through Xen's libraries: the only file that knows them. */
#include "edge/actuator/xen.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xencall.h>
#include <xenctrl.h>
#include <xenforeignmemory.h>
#include <xenhypfs.h>
#include <xentoollog.h>

#include "core/event/parse.h"
#include "edge/cleanup.h"

/* The largest console ring that is read: conring_size= may ask for more, but none of it is ours. */
#define CONSOLE_SIZE (1u << 20)
#define CONSOLE_CHUNK 16384u
/* Somebody may write faster than we read: then what was read has to do. */
#define CONSOLE_ROUNDS_MAX 256

#define LEVEL_PATH "/params/loglvl"

/* The last guest frame that addresses of 52 bits reach: no domain has anything there. */
#define FRAME_NOBODYS ((1ul << 40) - 1)

struct actuator_xen {
        xc_interface *handle;
        xencall_handle *calls; /* opened where they are needed */
        xenforeignmemory_handle *memory;
        xentoollog_logger logger;
};

/* libxenctrl would write to stderr, in words that help nobody: its errors reach the operator as errno. */
static void log_discard(struct xentoollog_logger *logger, xentoollog_level level, int errnoval,
                        const char *context, const char *format, va_list al)
{
        (void)logger, (void)level, (void)errnoval, (void)context, (void)format, (void)al;
}

static int failure(void)
{
        return errno > 0 ? -errno : -EIO;
}

int actuator_xen_open(struct actuator_xen **ret_xen)
{
        struct actuator_xen *xen;

        if (access("/dev/xen/privcmd", R_OK | W_OK) < 0)
                return -ENODEV;
        xen = calloc(1, sizeof *xen);
        if (!xen)
                return -ENOMEM;
        xen->logger.vmessage = log_discard;
        errno = 0;
        xen->handle = xc_interface_open(&xen->logger, &xen->logger, 0);
        if (!xen->handle) {
                int error = failure();

                free(xen);
                return error;
        }
        *ret_xen = xen;
        return 0;
}

struct actuator_xen *actuator_xen_close(struct actuator_xen *xen)
{
        if (xen && xen->calls)
                (void)xencall_close(xen->calls);
        if (xen && xen->memory)
                (void)xenforeignmemory_close(xen->memory);
        if (xen)
                (void)xc_interface_close(xen->handle);
        free(xen);
        return NULL;
}

int actuator_xen_quarantine(struct actuator_xen *xen, uint32_t sbdf)
{
        int error;

        errno = 0;
        if (xc_assign_device(xen->handle, DOMID_IO, sbdf, XEN_DOMCTL_DEV_RDM_RELAXED) == 0)
                return 0;
        error = failure();
        /* Xen says EBUSY of what is somebody's, and of MSI-X that reads as masked; this call only of the former. */
        if (error == -EBUSY && xc_test_assign_device(xen->handle, DOMID_INVALID, sbdf) != 0)
                return -EUSERS;
        return error;
}

/*
 * PHYSDEVOP_pci_device_add and _remove (xen/include/public/physdev.h): libxenctrl has no call for them. 0, or a
 * negative errno.
 */
static int physdev_ask(struct actuator_xen *xen, unsigned int operation, const void *argument,
                       size_t size)
{
        void *buffer;
        int error = 0;

        errno = 0;
        if (!xen->calls)
                xen->calls = xencall_open(&xen->logger, 0);
        if (!xen->calls)
                return failure();
        buffer = xencall_alloc_buffer(xen->calls, size);
        if (!buffer)
                return -ENOMEM;
        memcpy(buffer, argument, size);
        errno = 0;
        if (xencall2(xen->calls, __HYPERVISOR_physdev_op, operation, (uint64_t)(uintptr_t)buffer) !=
            0)
                error = failure();
        xencall_free_buffer(xen->calls, buffer);
        return error;
}

int actuator_xen_add(struct actuator_xen *xen, uint32_t sbdf)
{
        /* With an element of the array behind it, which without XEN_PCI_DEV_PXM nobody reads. */
        union {
                struct physdev_pci_device_add add;
                uint8_t bytes[sizeof(struct physdev_pci_device_add) + sizeof(uint32_t)];
        } argument = { .bytes = { 0 } };

        argument.add.seg = (uint16_t)(sbdf >> 16);
        argument.add.bus = (uint8_t)(sbdf >> 8);
        argument.add.devfn = (uint8_t)sbdf;
        return physdev_ask(xen, PHYSDEVOP_pci_device_add, &argument, sizeof argument);
}

int actuator_xen_withdraw(struct actuator_xen *xen, uint32_t sbdf)
{
        const struct physdev_pci_device device = { .seg = (uint16_t)(sbdf >> 16),
                                                   .bus = (uint8_t)(sbdf >> 8),
                                                   .devfn = (uint8_t)sbdf };
        int error = physdev_ask(xen, PHYSDEVOP_pci_device_remove, &device, sizeof device);

        if (!error)
                error = physdev_ask(xen, PHYSDEVOP_pci_device_remove, &device, sizeof device);
        if (error == -ENODEV)
                return 0;
        return error ? error : -EBUSY;
}

int actuator_xen_guest(struct actuator_xen *xen, uint16_t domid, bool *ret_translated)
{
        xc_domaininfo_t info;
        int count;

        errno = 0;
        count = xc_domain_getinfolist(xen->handle, domid, 1, &info);
        if (count < 0)
                return failure();
        if (count == 0 || info.domain != domid)
                return -ESRCH;
        *ret_translated = info.flags & XEN_DOMINF_hvm_guest;
        return 0;
}

int actuator_xen_memory_deny(struct actuator_xen *xen, uint16_t domid, uint64_t first,
                             uint64_t count)
{
        errno = 0;
        return xc_domain_iomem_permission(xen->handle, domid, first, count, 0) == 0 ? 0 : failure();
}

int actuator_xen_ports_deny(struct actuator_xen *xen, uint16_t domid, uint32_t first,
                            uint32_t count)
{
        errno = 0;
        return xc_domain_ioport_permission(xen->handle, domid, first, count, 0) == 0 ? 0
                                                                                     : failure();
}

/* Maps a machine frame into this process on behalf of a domain, and takes it away again: nothing looks into it. */
static int frame_map(struct actuator_xen *xen, uint32_t domid, uint64_t frame)
{
        const xen_pfn_t frames[] = { frame };
        int error = 0;
        void *page;

        errno = 0;
        if (!xen->memory)
                xen->memory = xenforeignmemory_open(&xen->logger, 0);
        if (!xen->memory)
                return failure();
        page = xenforeignmemory_map2(xen->memory, domid, NULL, PROT_READ, 0, 1, frames, &error);
        if (!page)
                return failure();
        (void)xenforeignmemory_unmap(xen->memory, page, 1);
        return error;
}

int actuator_xen_memory_ask(struct actuator_xen *xen, uint16_t domid, bool translated,
                            uint64_t frame)
{
        int error;

        errno = 0;
        if (!translated) {
                /* As itself it may: else that somebody else may not would say nothing (DOMID_IO: mm.c:get_pg_owner). */
                error = frame_map(xen, DOMID_IO, frame);
                if (!error)
                        error = frame_map(xen, domid, frame) == -EPERM ? 0 : -EBUSY;
                return error;
        }
        error = xc_domain_memory_mapping(xen->handle, domid, FRAME_NOBODYS, frame, 1,
                                         DPCI_REMOVE_MAPPING);
        return error != 0 && errno == EPERM ? 0 : -EBUSY;
}

static xenhypfs_handle *hypfs_open(struct actuator_xen *xen)
{
        return xenhypfs_open(&xen->logger, 0);
}

bool actuator_xen_level_get(struct actuator_xen *xen, char ret_level[static ACTUATOR_XEN_LEVEL])
{
        xenhypfs_handle *hypfs = hypfs_open(xen);
        char *text = hypfs ? xenhypfs_read(hypfs, LEVEL_PATH) : NULL;
        bool fits = text && strlen(text) < ACTUATOR_XEN_LEVEL;

        if (fits)
                memcpy(ret_level, text, strlen(text) + 1);
        free(text);
        if (hypfs)
                (void)xenhypfs_close(hypfs);
        return fits;
}

void actuator_xen_level_set(struct actuator_xen *xen, const char *text)
{
        xenhypfs_handle *hypfs = hypfs_open(xen);

        if (!hypfs)
                return;
        (void)xenhypfs_write(hypfs, LEVEL_PATH, text);
        (void)xenhypfs_close(hypfs);
}

/*
 * Reads the console ring from *index on, and moves *index behind it. Where more comes than fits, the newest
 * counts and the buffer begins anew. Returns 0 or a negative errno.
 */
static int console_read(struct actuator_xen *xen, uint32_t *index, char *buffer, size_t *ret_length)
{
        size_t length = 0;

        for (int round = 0; round < CONSOLE_ROUNDS_MAX; round++) {
                unsigned int count = CONSOLE_CHUNK;

                if (length > CONSOLE_SIZE - CONSOLE_CHUNK)
                        length = 0;
                errno = 0;
                if (xc_readconsolering(xen->handle, buffer + length, &count, /* clear= */ 0,
                                       /* incremental= */ 1, index) != 0)
                        return failure();
                if (count == 0)
                        break;
                length += count;
        }
        *ret_length = length;
        return 0;
}

int actuator_xen_owners_text(struct actuator_xen *xen, char **ret_text, size_t *ret_length)
{
        EDGE_CLEANUP_MEMORY char *text = malloc(CONSOLE_SIZE);
        char key[] = "Q";
        uint32_t index = 0;
        size_t length;
        int error;

        if (!text)
                return -ENOMEM;
        error = console_read(xen, &index, text,
                             &length); /* for the index: what was printed before is not ours */
        if (error)
                return error;
        errno = 0;
        if (xc_send_debug_keys(xen->handle, key) != 0)
                return failure();
        error = console_read(xen, &index, text, &length);
        if (error)
                return error;
        *ret_text = text;
        *ret_length = length;
        text = NULL;
        return 0;
}

/* drivers/passthrough/iommu.c:iommu_setup tells it at boot; a ring that has wrapped since tells nothing. */
static void intremap_read(struct actuator_xen *xen, struct event_platform *platform)
{
        EDGE_CLEANUP_MEMORY char *text = malloc(CONSOLE_SIZE);
        uint32_t index = 0;
        size_t length = 0;

        if (!text || console_read(xen, &index, text, &length) != 0)
                return;
        platform->intremap = event_intremap_parse(text, length);
}

void actuator_xen_facts(struct actuator_xen *xen, struct event_platform *platform)
{
        xen_commandline_t command_line = { 0 };
        xc_physinfo_t physinfo = { 0 };
        int version = xc_version(xen->handle, XENVER_version, NULL);

        if (version >= 0) {
                platform->xen_major = (uint16_t)(version >> 16);
                platform->xen_minor = (uint16_t)(version & 0xffff);
        }
        if (xc_physinfo(xen->handle, &physinfo) != 0) {
                platform->xen =
                        FACT_NO; /* not the privileged domain, or another Xen than libxenctrl's */
                return;
        }
        platform->xen = FACT_YES;
        platform->iommu_on =
                physinfo.capabilities & XEN_SYSCTL_PHYSCAP_directio ? FACT_YES : FACT_NO;
        intremap_read(xen, platform);
        if (xc_version(xen->handle, XENVER_commandline, &command_line) == 0)
                event_cmdline_parse(command_line, strnlen(command_line, sizeof command_line),
                                    platform);
}
