/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What verbs share that ask for something and wait for its end. */
#pragma once

#include "cli/cli.h"

/** What is asked, and how its end is told. */
struct cli_request {
        const struct cli_table *table;
        const char *method;
        const char
                *done; /**< behind the address and a colon; the guest follows where there is one */
        const char *failed;  /**< behind the address; likewise */
        const char *meaning; /**< of that, for safety */
        const char *unknown; /**< behind the address, where there is no such thing */
        bool explained;      /**< `sallyport explain` knows it */
        bool policy;         /**< options->manual is asked for as well */
};

/** Asks for options->device, and options->guest where there is one, waits, and tells. */
enum cli_exit cli_request_run(const struct cli_request *request, const struct cli_options *options);
