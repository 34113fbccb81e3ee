/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What operators ask for: from a call to EVENT_REQUEST, and from EFFECT_REPLY to its answer. */
#include "edge/sink/request.h"

#include <errno.h>
#include <string.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "core/event/parse.h"
#include "core/report/report.h"
#include "edge/clock.h"
#include "edge/sink/bus.h"
#include "edge/sink/server.h"

static struct sink_bus_request *request_get(struct sink_bus *bus, uint64_t id)
{
        for (unsigned int i = 0; i < SINK_BUS_REQUESTS_MAX; i++)
                if (bus->requests[i].id == id)
                        return &bus->requests[i];
        return NULL;
}

/* Hands in a request; sink_bus_reply answers it. */
static int request_begin(sd_bus_message *call, struct sink_bus *bus,
                         const struct event_request *wanted, sd_bus_error *error)
{
        struct sink_bus_request *request = request_get(bus, 0);
        struct event event = { .kind = EVENT_REQUEST, .port = BASE_SBDF_NONE, .request = *wanted };

        if (!request)
                return sd_bus_error_set(
                        error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                        "too many requests are under way; try again when some have ended");
        request->id = ++bus->request_last;
        request->message = sd_bus_message_ref(call);
        event.request.id = request->id;
        event.time_ms = edge_clock_ms();
        bus->request(bus->userdata, &event); /* may answer at once */
        return 1;
}

/* By its place, if that is allowed, or by its unique ID alone. False where the text is neither. */
static bool router_parse(const char *text, bool by_place, struct record_router *ret_router)
{
        memset(ret_router, 0, sizeof *ret_router);
        ret_router->any = true;
        if (by_place &&
            event_router_name_parse(text, strlen(text), &ret_router->domain, &ret_router->route))
                return ret_router->route != 0; /* 0 is the host's own */
        return event_unique_id_parse(text, strlen(text), ret_router->unique_id);
}

int sink_request_subject(sd_bus_message *call, uint32_t *ret_sbdf, struct record_router *ret_router,
                         sd_bus_error *error)
{
        const char *text;
        int r = sd_bus_message_read(call, "s", &text);

        if (r < 0)
                return r;
        *ret_sbdf = BASE_SBDF_NONE;
        memset(ret_router, 0, sizeof *ret_router);
        if (base_sbdf_parse(text, strlen(text), ret_sbdf) ||
            router_parse(text, /* by_place= */ true, ret_router))
                return 0;
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                "neither a PCI address, [DDDD:]BB:SS.F, nor a router");
}

int sink_request_device(sd_bus_message *call, uint32_t *ret_sbdf, sd_bus_error *error)
{
        const char *device;
        int r = sd_bus_message_read(call, "s", &device);

        if (r < 0)
                return r;
        if (!base_sbdf_parse(device, strlen(device), ret_sbdf))
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "not a PCI address; expected [DDDD:]BB:SS.F");
        return 0;
}

_Static_assert(LIMIT_GUEST == 64, "the message below names the limit");

/* The name of the guest that a call is about. 0, or a negative errno with *error set. */
static int guest_read(sd_bus_message *call, char ret_guest[static LIMIT_GUEST], sd_bus_error *error)
{
        const char *guest;
        int r = sd_bus_message_read(call, "s", &guest);

        if (r < 0)
                return r;
        if (guest[0] == '\0' || !base_text_copy(guest, strlen(guest), ret_guest, LIMIT_GUEST))
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "not a guest's name; expected 1 to 63 bytes");
        return 0;
}

int sink_request_eject(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        struct event_request request = { .verb = REQUEST_EJECT };
        int r = sink_request_device(call, &request.sbdf, error);

        return r < 0 ? r : request_begin(call, userdata, &request, error);
}

int sink_request_assign(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        struct event_request request = { .verb = REQUEST_ASSIGN };
        int r = sink_request_device(call, &request.sbdf, error);

        if (r >= 0)
                r = guest_read(call, request.guest, error);
        return r < 0 ? r : request_begin(call, userdata, &request, error);
}

int sink_request_unassign(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        struct event_request request = { .verb = REQUEST_UNASSIGN };
        int r = sink_request_device(call, &request.sbdf, error);

        return r < 0 ? r : request_begin(call, userdata, &request, error);
}

/* The router that a call is about. Likewise. */
static int router_read(sd_bus_message *call, bool by_place, struct record_router *ret_router,
                       sd_bus_error *error)
{
        const char *text;
        int r = sd_bus_message_read(call, "s", &text);

        if (r < 0 || router_parse(text, by_place, ret_router))
                return r;
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                by_place ? "not a router; expected DOMAIN-ROUTE, as in 0-301, or a "
                                           "unique ID"
                                         : "not a unique ID; see `sallyport list --known`");
}

int sink_request_authorize(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        struct event_request request = { .verb = REQUEST_AUTHORIZE, .sbdf = BASE_SBDF_NONE };
        int r = router_read(call, /* by_place= */ true, &request.router, error);

        return r < 0 ? r : request_begin(call, userdata, &request, error);
}

int sink_request_enroll(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        struct event_request request = { .verb = REQUEST_ENROLL, .sbdf = BASE_SBDF_NONE };
        int manual = 0, r = router_read(call, /* by_place= */ true, &request.router, error);

        if (r >= 0)
                r = sd_bus_message_read(call, "b", &manual);
        request.manual = manual != 0;
        return r < 0 ? r : request_begin(call, userdata, &request, error);
}

int sink_request_forget(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
        struct event_request request = { .verb = REQUEST_FORGET, .sbdf = BASE_SBDF_NONE };
        int r = router_read(call, /* by_place= */ false, &request.router, error);

        return r < 0 ? r : request_begin(call, userdata, &request, error);
}

static void request_end(struct sink_bus_request *request)
{
        request->message = sd_bus_message_unref(request->message);
        request->id = 0;
}

void sink_bus_forget(struct sink_bus *bus, sd_bus *client)
{
        for (unsigned int i = 0; i < SINK_BUS_REQUESTS_MAX; i++)
                if (bus->requests[i].id != 0 &&
                    sd_bus_message_get_bus(bus->requests[i].message) == client)
                        request_end(&bus->requests[i]);
}

void sink_bus_reply(struct sink_bus *bus, const struct effect *effect)
{
        struct sink_bus_request *request =
                effect->request == 0 ? NULL : request_get(bus, effect->request);

        if (!request)
                return;
        (void)sd_bus_reply_method_return(request->message, "a{ss}", 2, "result",
                                         report_result_name(effect->result), "reason",
                                         report_reason_name(effect->reason));
        request_end(request);
}
