/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport assign, unassign, eject: what changes hands. Each waits for the end. */
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
        { "owned-by-guest",
          "A guest owns it, to whom somebody else attached it: detach it there." },
};

/* What is asked, and how its end is told. */
struct request {
        const struct cli_table *table;
        const char *method;
        const char *done;   /* behind the address and a colon; %s is the guest */
        const char *failed; /* behind the address; likewise */
        const char *meaning;
};

static const char *advice_get(const char *reason)
{
        for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++)
                if (strcmp(advices[i].reason, reason) == 0)
                        return advices[i].advice;
        return "";
}

/* A guest's name as the operator typed it, made fit to be shown. */
static const char *guest_shown(const struct cli_options *options, char *buffer, size_t size)
{
        struct base_text text = base_text_on(buffer, size);

        if (options->guest)
                base_text_add_escaped(&text, options->guest, strlen(options->guest));
        return buffer;
}

static void failure_tell(const struct request *request, const struct cli_options *options,
                         const char *reason)
{
        char why[128], guest[256];
        struct base_text text = base_text_on(why, sizeof why);
        const char *advice = advice_get(reason);

        base_text_add_escaped(&text, reason, strlen(reason));
        (void)fprintf(stderr, "sallyport: %s %s%s: %s. %s%s%s See sallyport explain %s\n",
                      options->device, request->failed, guest_shown(options, guest, sizeof guest),
                      why, advice, *advice ? " " : "", request->meaning, options->device);
}

static enum cli_exit told(const struct request *request, const struct cli_options *options,
                          const struct cli_row *answer)
{
        const char *result = cli_row_get(answer, "result"), *reason = cli_row_get(answer, "reason");
        char guest[256];

        if (strcmp(result, "done") == 0) {
                if (!options->style.json)
                        printf("%s: %s%s\n", options->device, request->done,
                               guest_shown(options, guest, sizeof guest));
                return CLI_OK;
        }
        if (strcmp(result, "unknown") == 0)
                fprintf(stderr,
                        "sallyport: %s is neither an external port nor below one, nothing was "
                        "changed; see sallyport tree\n",
                        options->device);
        else if (strcmp(result, "busy") == 0)
                fprintf(stderr,
                        "sallyport: %s: another request is under way; try again when it ended\n",
                        options->device);
        else
                failure_tell(request, options, *reason ? reason : result);
        return CLI_FAILED;
}

static enum cli_exit request_run(const struct request *request, const struct cli_options *options)
{
        CLI_CLIENT_CLEANUP sd_bus *bus = NULL;
        CLI_ROWS_CLEANUP struct cli_rows rows = { .count = 0 };
        enum cli_exit result = cli_client_open(options, &bus);

        if (result == CLI_OK)
                result = cli_client_request(bus, request->method, options->device, options->guest,
                                            &rows);
        if (result == CLI_OK && options->style.json)
                result = cli_row_show(request->table, &rows.rows[0], options);
        return result == CLI_OK ? told(request, options, &rows.rows[0]) : result;
}

enum cli_exit cli_eject_run(const struct cli_options *options)
{
        static const struct request request = {
                &cli_table_eject, "Eject", "removed; it is safe to unplug.", "was not removed",
                "Its port stays closed, but do not unplug it yet."
        };

        return request_run(&request, options);
}

enum cli_exit cli_assign_run(const struct cli_options *options)
{
        static const struct request request = {
                &cli_table_assign, "Assign",
                "verified, and its port is open. It reaches this guest's memory, and no other's: ",
                "was not given to ",
                "Nothing was opened for it; what was not the guest's is in quarantine."
        };

        return request_run(&request, options);
}

enum cli_exit cli_unassign_run(const struct cli_options *options)
{
        static const struct request request = {
                &cli_table_unassign, "Unassign", "in quarantine again, behind the closed port.",
                "was not taken back",
                "Its port is kept closed meanwhile, so that it reaches no memory."
        };

        return request_run(&request, options);
}
