/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration, read anew while ports are guarded: all of it or nothing. */
#include <stdio.h>
#include <string.h>

#include "base/sbdf.h"
#include "base/text.h"
#include "core/step.h"
#include "daemon/loop.h"
#include "edge/clock.h"
#include "edge/source/config.h"

/* What was opened at the start stays where it is. */
static bool directories_kept(const struct event_config *before, const struct event_config *after,
                             char *ret_error)
{
        bool run = strcmp(before->run_directory, after->run_directory) != 0;

        if (!run && strcmp(before->state_directory, after->state_directory) == 0)
                return true;
        (void)snprintf(ret_error, SINK_BUS_ERROR_SIZE,
                       "%s= cannot change while sallyportd runs; nothing was changed. Restart "
                       "sallyportd: closed ports stay closed meanwhile.",
                       run ? "RunDirectory" : "StateDirectory");
        return false;
}

void daemon_loop_early(bool early, struct event_config *config)
{
        config->early = early;
        if (early) /* /var is not there yet; /run is the same in the real root */
                memcpy(config->state_directory, config->run_directory,
                       sizeof config->state_directory);
}

const struct core *daemon_loop_preview(struct daemon_loop *daemon, char *ret_error)
{
        struct event config = { .kind = EVENT_CONFIG, .port = BASE_SBDF_NONE };
        struct event rules = { .kind = EVENT_RULES, .port = BASE_SBDF_NONE };
        struct base_text text = base_text_on(ret_error, SINK_BUS_ERROR_SIZE);
        struct policy_rules *read = &daemon->rules[1 - daemon->rules_used];
        static struct effects effects; /* large, and never looked at */
        struct source_diagnosis diagnosis;

        if (!daemon->config_directory) {
                base_text_add(&text, "there is no configuration to read");
                return NULL;
        }
        if (source_config_read(daemon->config_directory, &config.config, &diagnosis) < 0 ||
            source_rules_read(daemon->config_directory, read, &diagnosis) < 0) {
                base_text_add_escaped(&text, diagnosis.text, strlen(diagnosis.text));
                return NULL;
        }
        daemon_loop_early(daemon->config.early, &config.config);
        if (!directories_kept(&daemon->core.config, &config.config, ret_error))
                return NULL;
        rules.rules = read;
        rules.time_ms = config.time_ms = edge_clock_ms();
        daemon->preview = daemon->core;
        memset(&effects, 0, sizeof effects);
        core_step(&daemon->preview, &rules, &effects);
        memset(&effects, 0, sizeof effects);
        core_step(&daemon->preview, &config, &effects);
        return &daemon->preview;
}
