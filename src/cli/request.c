/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport assign, unassign, eject: what changes hands. Each waits for the end, as all requests do. */
#include "cli/request.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/client.h"

#define DOOR2 "The IOMMU cannot be relied upon there: see `sallyport audit -v`."
#define DOM0 \
        "dom0 uses what is below that port, which is left open for it: see `sallyport ports -v`."

/* Why a request can fail: what the word means here, and what to do. */
static const struct {
        const char *reason, *advice;
} advices[] = {
        { "another-guest's",
          "What is below one port is one guest's: `sallyport unassign` it first." },
        { "arriving",
          "Not everything below its port is in quarantine yet: try again in a moment." },
        { "no-such-guest", "No guest of this name runs: see `xl list`." },
        { "guest-gone", "The guest ended, or it was taken back meanwhile." },
        { "no-endpoint", "There is nothing that a guest could be given." },
        { "bridge",
          "Bridges stay in quarantine, and bridge: name what is behind it, or the port." },
        { "guests-unreadable", "xenstore does not tell which guests run: look at xenstored." },
        { "not-registered", "Xen did not learn of it anew: see `xl dmesg`." },
        { "pciback", "xen-pciback does not hold it: is the module loaded (modprobe xen-pciback)?" },
        { "attach-failed",
          "The toolstack did not attach it. What it said: journalctl -u sallyportd. Was the "
          "guest made with passthrough?" },
        { "detach-failed",
          "The guest still owns it, and its driver may not let go. What the toolstack said: "
          "journalctl -u sallyportd. The end of the guest takes it back." },
        { "rights-left",
          "A guest that it was taken from may still map its memory, for Xen does not say that it "
          "cannot: `xl destroy` that guest. It is tried again meanwhile, behind the closed port." },
        { "open-refused", "Its port did not take Bus Master Enable." },
        { "timeout", "It took too long." },
        { "finding", "It shows something dangerous. If you know that it is harmless: Forgive= in "
                     "sallyport.conf(5)." },
        { "tainted",
          "Xen may keep a stale entry for what was below its port: nobody gets it before a "
          "reboot." },
        { "needed-by-dom0", DOM0 },
        { "in-use-by-dom0", DOM0 },
        { "root-not-mounted", DOM0 },
        { "no-acs",
          "Its port does not keep it from using requester IDs of others: use another port." },
        { "no-xen", DOOR2 },
        { "no-iommu", DOOR2 },
        { "no-interrupt-remapping", DOOR2 },
        { "ats", DOOR2 },
        { "dom0-passthrough", DOOR2 },
        { "unknown-iommu", DOOR2 },
        { "coverage-unknown", DOOR2 },
        { "not-covered", DOOR2 },
        { "too-many-requesters", DOOR2 },
        { "not-reserved", DOOR2 },
        { "no-third-door",
          "The security level of its domain is none: nothing waits to be authorized there. Its "
          "port and the IOMMU hold it; see `sallyport audit -v`." },
        { "no-pcie-tunnels", "Its domain makes no PCIe tunnels: see the firmware setup." },
        { "security-unknown", "The security level of its domain cannot be read." },
        { "too-many-routers", "Not every router could be listed: none is authorized meanwhile." },
        { "router-unreadable",
          "What it says of itself cannot be read, or is longer than any name: unplug it." },
        { "router-changed", "It showed another identity before: unplug it." },
        { "same-unique-id",
          "Another router that is plugged in says the same unique ID: unplug one of them." },
        { "key-rejected",
          "It does not have the key that the one with its unique ID was given: it is another "
          "device, or was reset. If you know why: `sallyport forget` its unique ID, then enroll it "
          "again." },
        { "identity-store",
          "The identity store cannot be read or written, or its entry cannot: see "
          "`sallyport list --known`." },
        { "key-not-challenged",
          "It is enrolled with a key, and this domain challenges none: set its level to secure." },
        { "parent-first", "The router before it has to be authorized first." },
        { "no-guarded-port",
          "No port is guarded at which something of it could appear: see `sallyport ports -v`." },
        { "router-gone", "It was unplugged meanwhile." },
        { "owned-by-guest",
          "A guest owns it, to whom somebody else attached it: detach it there." },
};

static const char *advice_get(const char *reason)
{
        for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++)
                if (strcmp(advices[i].reason, reason) == 0)
                        return advices[i].advice;
        return "";
}

/* What the operator typed, made fit to be shown; NULL is nothing. */
static const char *shown(const char *typed, char *buffer, size_t size)
{
        struct base_text text = base_text_on(buffer, size);

        if (typed)
                base_text_add_escaped(&text, typed, strlen(typed));
        return buffer;
}

static void failure_tell(const struct cli_request *request, const struct cli_options *options,
                         const char *reason)
{
        char why[128], guest[256], device[256];
        const char *advice = advice_get(reason);

        (void)shown(reason, why, sizeof why);
        (void)shown(options->device, device, sizeof device);
        (void)fprintf(stderr, "sallyport: %s %s%s: %s. %s%s%s", device, request->failed,
                      shown(options->guest, guest, sizeof guest), why, advice, *advice ? " " : "",
                      request->meaning);
        if (request->explained)
                (void)fprintf(stderr, " See sallyport explain %s", device);
        (void)fputc('\n', stderr);
}

static enum cli_exit told(const struct cli_request *request, const struct cli_options *options,
                          const struct cli_row *answer)
{
        const char *result = cli_row_get(answer, "result"), *reason = cli_row_get(answer, "reason");
        char guest[256], device[256];

        (void)shown(options->device, device, sizeof device);
        if (strcmp(result, "done") == 0) {
                if (!options->style.json)
                        printf("%s: %s%s\n", device, request->done,
                               shown(options->guest, guest, sizeof guest));
                return CLI_OK;
        }
        if (strcmp(result, "unknown") == 0)
                fprintf(stderr, "sallyport: %s %s\n", device, request->unknown);
        else if (strcmp(result, "busy") == 0)
                fprintf(stderr,
                        "sallyport: %s: another request is under way; try again when it ended\n",
                        device);
        else
                failure_tell(request, options, *reason ? reason : result);
        return CLI_FAILED;
}

enum cli_exit cli_request_run(const struct cli_request *request, const struct cli_options *options)
{
        CLI_CLIENT_CLEANUP sd_bus *bus = NULL;
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        enum cli_exit result = cli_client_open(options, &bus);

        if (result == CLI_OK)
                result = request->policy
                                 ? cli_client_enroll(bus, options->device, options->manual, &rows)
                                 : cli_client_request(bus, request->method, options->device,
                                                      options->guest, &rows);
        if (result == CLI_OK && options->style.json)
                result = cli_row_show(request->table, &rows.rows[0], options);
        return result == CLI_OK ? told(request, options, &rows.rows[0]) : result;
}

#define UNKNOWN "is neither an external port nor below one, nothing was changed; see sallyport tree"

enum cli_exit cli_eject_run(const struct cli_options *options)
{
        static const struct cli_request request = {
                .table = &cli_table_eject,
                .method = "Eject",
                .done = "removed; it is safe to unplug.",
                .failed = "was not removed",
                .meaning = "Its port stays closed, but do not unplug it yet.",
                .unknown = UNKNOWN,
                .explained = true,
        };

        return cli_request_run(&request, options);
}

enum cli_exit cli_assign_run(const struct cli_options *options)
{
        static const struct cli_request request = {
                .table = &cli_table_assign,
                .method = "Assign",
                .done = "verified, and its port is open. It reaches this guest's memory, and no "
                        "other's: ",
                .failed = "was not given to ",
                .meaning = "Nothing was opened for it; what was not the guest's is in quarantine.",
                .unknown = UNKNOWN,
                .explained = true,
        };

        return cli_request_run(&request, options);
}

enum cli_exit cli_unassign_run(const struct cli_options *options)
{
        static const struct cli_request request = {
                .table = &cli_table_unassign,
                .method = "Unassign",
                .done = "in quarantine again, behind the closed port.",
                .failed = "was not taken back",
                .meaning = "Its port is kept closed meanwhile, so that it reaches no memory.",
                .unknown = UNKNOWN,
                .explained = true,
        };

        return cli_request_run(&request, options);
}
