/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A daemon's start, event by event. */
#include "begin.h"

#include <string.h>

#include "base/sbdf.h"
#include "core/model/model.h"

#define BEGIN_PORTS 2u

static void begin_found(struct fuzz_stream *stream, uint32_t index)
{
        struct event_port *found = &stream->event.found;

        stream->event.kind = EVENT_PORT_FOUND;
        memset(found, 0, sizeof *found);
        found->sbdf = BASE_SBDF(0, 0, 4 + index, 0);
        found->place.sbdf = found->sbdf;
        found->pcie_cap = 0x40;
        found->acs_cap = 0x140;
        found->port_type = 4;
        found->slot = true;
        found->slot_cap = MODEL_SLOT_CAP_HPC | MODEL_SLOT_CAP_ABP;
        if (stream->begin & FUZZ_BEGIN_POWER)
                found->slot_cap |= MODEL_SLOT_CAP_PCP | MODEL_SLOT_CAP_PIP | MODEL_SLOT_CAP_MRLSP;
        found->link_cap = MODEL_LINK_CAP_DLLLARC;
}

static void begin_read(struct fuzz_stream *stream, uint32_t index)
{
        stream->event.kind = EVENT_PORT_READ;
        stream->event.port = BASE_SBDF(0, 0, 4 + index, 0);
        stream->event.registers = (struct event_port_registers){
                .readable = true,
                .pcieport = true,
                .awake = true,
                .decodes = true,
                .link_status = MODEL_LINK_STATUS_DLLLA,
                .slot_status = MODEL_SLOT_STATUS_PDS,
                .acs_control = MODEL_ACS_SV,
                .secondary = 1,
                .subordinate = 9,
        };
}

static void begin_platform(struct fuzz_stream *stream)
{
        stream->event.kind = EVENT_PLATFORM;
        stream->event.platform = (struct event_platform){
                .iommu = IOMMU_VTD,
                .xen = FACT_YES,
                .iommu_on = FACT_YES,
                .intremap = FACT_YES,
                .ats = FACT_NO,
                .passthrough = FACT_NO,
                .xen_major = 4,
                .xen_minor = stream->begin & FUZZ_BEGIN_NEW_XEN ? 20 : 17,
        };
}

uint32_t fuzz_begin_count(const struct fuzz_stream *stream)
{
        if (!(stream->begin & FUZZ_BEGIN_STARTED))
                return 0;
        return stream->begin & FUZZ_BEGIN_READ ? 3 + 2 * BEGIN_PORTS : 3 + BEGIN_PORTS;
}

void fuzz_begin_next(struct fuzz_stream *stream, const struct core *core)
{
        struct event *event = &stream->event;
        uint32_t number = stream->begun++;

        event->time_ms = stream->time_ms = 1000;
        event->token = event->port = 0;
        event->error = 0;
        if (number == 0) {
                event->kind = EVENT_CONFIG;
                memset(&event->config, 0, sizeof event->config);
                event->config.auto_ports = true;
                event->config.poll_interval_ms = 100;
                event->config.while_locked = true;
        } else if (number == 1) {
                begin_platform(stream);
        } else if (number < 2 + BEGIN_PORTS) {
                begin_found(stream, number - 2);
        } else if (number == 2 + BEGIN_PORTS) {
                event->kind = EVENT_PORTS_END;
                event->token = core->discover_token;
        } else {
                begin_read(stream, number - 3 - BEGIN_PORTS);
        }
}
