/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sallyport authorize, enroll, forget: Thunderbolt routers, by their place or unique ID. */
#include "cli/request.h"

#define HELD "It stays as it was: while it is not authorized, nothing behind it is on PCI."
#define UNKNOWN "is no Thunderbolt router that is plugged in, nothing was changed"

enum cli_exit cli_authorize_run(const struct cli_options *options)
{
        static const struct cli_request request = {
                .table = &cli_table_authorize,
                .method = "Authorize",
                .done = "authorized, until it is unplugged. What is behind it is quarantined below "
                        "its closed port.",
                .failed = "was not authorized",
                .meaning = HELD,
                .unknown = UNKNOWN,
        };

        return cli_request_run(&request, options);
}

enum cli_exit cli_enroll_run(const struct cli_options *options)
{
        static const struct cli_request request = {
                .table = &cli_table_enroll,
                .method = "Enroll",
                .done = "known from now on. What is behind it is quarantined all the same.",
                .failed = "was not enrolled",
                .meaning = HELD,
                .unknown = UNKNOWN,
                .policy = true,
        };

        return cli_request_run(&request, options);
}

enum cli_exit cli_forget_run(const struct cli_options *options)
{
        static const struct cli_request request = {
                .table = &cli_table_forget,
                .method = "Forget",
                .done = "not known any more. If it is plugged in and authorized, it stays so "
                        "until it is unplugged.",
                .failed = "was not forgotten",
                .meaning = "It counts as known as before.",
                .unknown = "is not known, nothing was changed; see sallyport list --known",
        };

        return cli_request_run(&request, options);
}
