/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Config space to facts: of the trusted port, and of functions that may say anything. PCIe Base Spec 7.5. */
#include <string.h>

#include "base/assert.h"
#include "base/digest.h"
#include "base/sbdf.h"
#include "base/text.h"
#include "core/event/parse.h"

#define HEADER_SIZE 0x40u
#define STATUS_CAP_LIST 0x0010u
#define HEADER_TYPE_MASK 0x7fu
#define CAP_ID_EXPRESS 0x10u
#define CAP_ID_MSI_X 0x11u
#define EXT_CAP_START 0x100u
#define EXT_CAP_ID_ACS 0x000du
#define CAPS_MAX 48u      /* 192 bytes behind the header, at least 4 each */
#define EXT_CAPS_MAX 480u /* 3840 bytes, at least 8 each */

/* Reads of bytes that may not be there give all ones, as the bus would. */
static uint32_t config_read(const uint8_t *bytes, size_t length, size_t at, size_t width)
{
        uint32_t value = 0;

        base_assert(width >= 1 && width <= 4);
        for (size_t i = width; i > 0; i--)
                value = value << 8 | (at + i - 1 < length ? bytes[at + i - 1] : 0xffu);
        return value;
}

/*
 * Finds a capability (7.5.1.1.11). Returns 0 where there is none; *ret_malformed where the list loops or leaves the
 * space.
 */
static uint16_t cap_find(const uint8_t *bytes, size_t length, uint8_t id, bool *ret_malformed)
{
        uint32_t at;

        *ret_malformed = false;
        if (!(config_read(bytes, length, 6, 2) & STATUS_CAP_LIST))
                return 0;
        at = config_read(bytes, length, 0x34, 1) & 0xfcu;
        for (uint32_t i = 0; i < CAPS_MAX; i++) {
                if (at == 0)
                        return 0;
                if (at < HEADER_SIZE || at + 4 > length)
                        break;
                if (config_read(bytes, length, at, 1) == id)
                        return (uint16_t)at;
                at = config_read(bytes, length, at + 1, 1) & 0xfcu;
        }
        *ret_malformed = true;
        return 0;
}

/* The same in the extended space (7.6.3); where there is none, or its first entry is 0, there are none. */
static uint16_t ext_cap_find(const uint8_t *bytes, size_t length, uint16_t id, bool *ret_malformed)
{
        uint32_t at = EXT_CAP_START, header;

        *ret_malformed = false;
        if (length <= EXT_CAP_START)
                return 0;
        header = config_read(bytes, length, at, 4);
        if (header == 0 || header == UINT32_MAX)
                return 0;
        for (uint32_t i = 0; i < EXT_CAPS_MAX; i++) {
                if (at < EXT_CAP_START || at + 8 > length)
                        break;
                header = config_read(bytes, length, at, 4);
                if ((header & 0xffffu) == id)
                        return (uint16_t)at;
                at = header >> 20 & 0xffcu;
                if (at == 0)
                        return 0;
        }
        *ret_malformed = true;
        return 0;
}

bool event_port_parse(const uint8_t *bytes, size_t length, struct event_port *ret_port)
{
        struct event_port port = *ret_port;
        uint32_t flags;
        bool malformed;

        base_assert(bytes);
        if (length < HEADER_SIZE || config_read(bytes, length, 0, 4) == UINT32_MAX ||
            (config_read(bytes, length, 0x0e, 1) & HEADER_TYPE_MASK) != 1)
                return false;
        port.pcie_cap = cap_find(bytes, length, CAP_ID_EXPRESS, &malformed);
        if (port.pcie_cap == 0 || malformed || port.pcie_cap + 0x1cu > length)
                return false;
        flags = config_read(bytes, length, port.pcie_cap + 2u, 2);
        port.port_type = (uint8_t)(flags >> 4 & 0xf);
        if (port.port_type != 4 && port.port_type != 6)
                return false;
        port.vendor = (uint16_t)config_read(bytes, length, 0, 2);
        port.device = (uint16_t)config_read(bytes, length, 2, 2);
        port.slot = (flags & 0x100u) != 0;
        port.link_cap = config_read(bytes, length, port.pcie_cap + 0x0cu, 4);
        port.slot_cap = port.slot ? config_read(bytes, length, port.pcie_cap + 0x14u, 4) : 0;
        port.acs_cap = ext_cap_find(bytes, length, EXT_CAP_ID_ACS, &malformed);
        *ret_port = port;
        return true;
}

static uint64_t digest_add(uint64_t digest, const uint8_t *bytes, size_t from, size_t to,
                           size_t length)
{
        for (size_t at = from; at < to; at++)
                digest = base_digest_add(digest, at < length ? bytes[at] : 0xffu);
        return digest;
}

/*
 * Identity bytes only: IDs, revision, class, header type, subsystem (endpoints), capability pointer and the
 * capabilities' IDs. What the kernel writes in the normal course (Command, BARs, bus numbers, latency,
 * interrupt line) stays out.
 */
static uint64_t function_digest(const uint8_t *bytes, size_t length, bool bridge)
{
        uint64_t digest = BASE_DIGEST_BEGIN;
        uint32_t at;

        digest = digest_add(digest, bytes, 0x00, 0x04, length);
        digest = digest_add(digest, bytes, 0x08, 0x0c, length);
        digest = digest_add(digest, bytes, 0x0e, 0x0f, length);
        if (!bridge)
                digest = digest_add(digest, bytes, 0x2c, 0x30, length);
        digest = digest_add(digest, bytes, 0x34, 0x35, length);
        at = config_read(bytes, length, 0x34, 1) & 0xfcu;
        for (uint32_t i = 0; i < CAPS_MAX && at >= HEADER_SIZE && at + 2 <= length; i++) {
                digest = digest_add(digest, bytes, at, at + 2, length);
                at = config_read(bytes, length, at + 1, 1) & 0xfcu;
        }
        return digest;
}

/* A hexadecimal number that ends at `end`; false where there is none or it has more than 8 digits. */
static bool hex_parse(const char *text, size_t length, size_t *at, char end, uint32_t *ret_value)
{
        uint32_t value = 0;
        size_t start = *at;

        for (; *at < length && text[*at] != end; (*at)++) {
                int digit = base_text_hex_digit(text[*at]);

                if (digit < 0 || *at - start >= 8)
                        return false;
                value = value << 4 | (uint32_t)digit;
        }
        if (*at == start)
                return false;
        *ret_value = value;
        return true;
}

/*
 * Is what the bus answers now what the kernel enumerated? PCI_ID=1B36:0010, PCI_CLASS=10802 (pci-driver.c:pci_uevent).
 */
static bool kernel_agrees(const struct event_kernel_view *kernel,
                          const struct event_function *function)
{
        uint32_t vendor, device, class;
        const char *value;
        size_t length, at = 0;

        if (!base_text_value_find(kernel->uevent, kernel->uevent_length, "PCI_ID", &value,
                                  &length) ||
            !hex_parse(value, length, &at, ':', &vendor) || at++ == length ||
            !hex_parse(value, length, &at, '\0', &device))
                return false;
        at = 0;
        if (!base_text_value_find(kernel->uevent, kernel->uevent_length, "PCI_CLASS", &value,
                                  &length) ||
            !hex_parse(value, length, &at, '\0', &class))
                return false;
        return vendor == function->vendor && device == function->device && class == function->class;
}

static void driver_parse(const struct event_kernel_view *kernel, struct event_function *function)
{
        const char *value;
        size_t length;

        if (!base_text_value_find(kernel->uevent, kernel->uevent_length, "DRIVER", &value, &length))
                return;
        /* A name that does not fit is still a driver. */
        if (length == 0 ||
            !base_text_copy(value, length, function->driver, sizeof function->driver))
                (void)base_text_copy("?", 1, function->driver, sizeof function->driver);
}

/*
 * What the PCI Express capability says of itself (PCIe Base Spec 7.5.3.2, Device/Port Type). Root ports and what is
 * integrated into a root complex cannot be below a port.
 */
static void express_parse(const uint8_t *bytes, size_t length, struct event_function *function)
{
        bool malformed, bridge = function->kind == FUNCTION_BRIDGE;
        uint16_t at = cap_find(bytes, length, CAP_ID_EXPRESS, &malformed);

        function->conventional = at == 0;
        if (at == 0)
                return;
        switch (config_read(bytes, length, at + 2u, 2) >> 4 & 0xf) {
        case 0: /* endpoint */
        case 1: /* legacy endpoint */
                function->type_wrong = bridge;
                return;
        case 7: /* PCI Express to PCI bridge */
        case 8: /* PCI to PCI Express bridge */
                function->pci_bridge = true;
                function->type_wrong = !bridge;
                return;
        case 5: /* upstream port */
        case 6: /* downstream port */
                function->type_wrong = !bridge;
                return;
        default:
                function->type_wrong = true;
        }
}

static void capability_take(bool enabled, enum event_capability capability,
                            struct event_function *function)
{
        function->capabilities |= (uint8_t)EVENT_CAPABILITY_BIT(capability);
        if (enabled)
                function->enabled |= (uint8_t)EVENT_CAPABILITY_BIT(capability);
}

/* Offsets and bits: include/uapi/linux/pci_regs.h. */
static void capabilities_parse(const uint8_t *bytes, size_t length, struct event_function *function)
{
        static const struct {
                uint16_t id, control, enable;
                enum event_capability capability;
        } extended[] = {
                { 0x10, 0x08, 0x0001, CAPABILITY_SR_IOV }, /* PCI_SRIOV_CTRL_VFE */
                { 0x0f, 0x06, 0x8000, CAPABILITY_ATS },    /* PCI_ATS_CTRL_ENABLE */
                { 0x13, 0x04, 0x0001, CAPABILITY_PRI },    /* PCI_PRI_CTRL_ENABLE */
                { 0x1b, 0x06, 0x0001, CAPABILITY_PASID },  /* PCI_PASID_CTRL_ENABLE */
        };
        bool malformed;
        uint32_t at = cap_find(bytes, length, CAP_ID_EXPRESS, &malformed);

        if (at != 0 &&
            (config_read(bytes, length, at + 0x04, 4) & 0x18)) /* PCI_EXP_DEVCAP_PHANTOM */
                capability_take(config_read(bytes, length, at + 0x08, 2) &
                                        0x0200, /* PCI_EXP_DEVCTL_PHANTOM */
                                CAPABILITY_PHANTOM, function);
        at = cap_find(bytes, length, CAP_ID_MSI_X, &malformed);
        if (at != 0)
                capability_take(config_read(bytes, length, at + 0x02, 2) &
                                        0x4000, /* PCI_MSIX_FLAGS_MASKALL */
                                CAPABILITY_MSI_X, function);
        for (size_t i = 0; i < sizeof extended / sizeof extended[0]; i++) {
                at = ext_cap_find(bytes, length, extended[i].id, &malformed);
                if (at != 0)
                        capability_take(config_read(bytes, length, at + extended[i].control, 2) &
                                                extended[i].enable,
                                        extended[i].capability, function);
        }
}

/* What is judged only of a function that answers. */
static void answer_parse(const uint8_t *bytes, size_t length, struct event_function *function)
{
        bool extended;

        (void)cap_find(bytes, length, 0xff, &function->malformed);
        (void)ext_cap_find(bytes, length, 0xffff, &extended);
        function->malformed = function->malformed || extended;
        express_parse(bytes, length, function);
        capabilities_parse(bytes, length, function);
        if (function->kind == FUNCTION_BRIDGE) {
                function->secondary = (uint8_t)config_read(bytes, length, 0x19, 1);
                function->subordinate = (uint8_t)config_read(bytes, length, 0x1a, 1);
        }
}

void event_function_parse(const uint8_t *bytes, size_t length,
                          const struct event_kernel_view *kernel,
                          struct event_function *ret_function)
{
        struct event_function function = { .sbdf = ret_function->sbdf,
                                           .parent = ret_function->parent,
                                           .instance = ret_function->instance };
        size_t override_length = kernel->override_length;
        uint8_t type;

        base_assert(bytes || length == 0);
        type = (uint8_t)config_read(bytes, length, 0x0e, 1);
        function.vendor = (uint16_t)config_read(bytes, length, 0, 2);
        function.device = (uint16_t)config_read(bytes, length, 2, 2);
        function.class = config_read(bytes, length, 9, 3);
        function.header_type = type;
        function.readable = length >= HEADER_SIZE && function.vendor != 0xffffu && type != 0xffu;
        /* As Linux does (probe.c:pci_setup_device): the header type makes a bridge, whatever the class says. */
        function.kind = function.readable && (type & HEADER_TYPE_MASK) != 0 ? FUNCTION_BRIDGE
                                                                            : FUNCTION_ENDPOINT;
        if (function.kind == FUNCTION_ENDPOINT) {
                function.subsystem_vendor = (uint16_t)config_read(bytes, length, 0x2c, 2);
                function.subsystem_device = (uint16_t)config_read(bytes, length, 0x2e, 2);
        }
        if (function.readable)
                answer_parse(bytes, length, &function);
        function.digest = function_digest(bytes, length, function.kind == FUNCTION_BRIDGE);
        driver_parse(kernel, &function);
        function.changed = function.readable && !kernel_agrees(kernel, &function);
        if (override_length > 0 && kernel->override[override_length - 1] == '\n')
                override_length--;
        function.kept_at_boot =
                base_text_is(kernel->override, override_length, EVENT_KEEP_OFF_AT_BOOT);
        function.kept_off = function.kept_at_boot ||
                            base_text_is(kernel->override, override_length, EVENT_KEEP_OFF_DRIVER);
        *ret_function = function;
}

bool event_function_same(const struct event_function *a, const struct event_function *b)
{
        return a->digest == b->digest && a->readable == b->readable && a->class == b->class &&
               a->vendor == b->vendor && a->device == b->device &&
               a->header_type == b->header_type && a->malformed == b->malformed &&
               a->conventional == b->conventional && a->type_wrong == b->type_wrong &&
               a->pci_bridge == b->pci_bridge && a->capabilities == b->capabilities &&
               a->enabled == b->enabled && a->secondary == b->secondary &&
               a->subordinate == b->subordinate;
}

void event_function_repeat(const struct event_function *again, struct event_function *function)
{
        struct event_function second = *again;

        if (!function->readable)
                return;
        if (!again->readable) {
                *function = *again;
                return;
        }
        /* MSI-X vectors are masked and unmasked by drivers at any time: set in one reading, it is set. */
        function->enabled |= again->enabled & EVENT_CAPABILITY_BIT(CAPABILITY_MSI_X);
        second.enabled |= function->enabled & EVENT_CAPABILITY_BIT(CAPABILITY_MSI_X);
        function->inconsistent = !event_function_same(&second, function);
}

bool event_host_interface_is(uint32_t class, uint16_t vendor)
{
        return class == 0x0c0340 || (class == 0x088000 && vendor == 0x8086);
}
