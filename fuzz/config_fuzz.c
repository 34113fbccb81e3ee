/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configuration files: an error points into the text and changes nothing, a success is in range and repeatable. */
#include <string.h>

#include "core/policy/config.h"
#include "fuzz.h"

/* Bytes of line number `line`, counted from 1; the text must have that many. */
static size_t line_length(const char *text, size_t length, uint32_t line)
{
        size_t start = 0, end;

        base_assert(line >= 1);
        for (uint32_t number = 1;; number++, start = end + 1) {
                base_assert(start < length);
                for (end = start; end < length && text[end] != '\n';)
                        end++;
                if (number == line)
                        return end - start;
        }
}

static void diagnosis_check(const struct policy_diagnosis *diagnosis, const char *text,
                            size_t length)
{
        size_t message = strnlen(diagnosis->message, sizeof diagnosis->message);

        base_assert(message > 0 && message < sizeof diagnosis->message);
        for (size_t i = 0; i < message; i++)
                base_assert(diagnosis->message[i] >= 0x20 && diagnosis->message[i] < 0x7f);
        base_assert(diagnosis->column >= 1);
        base_assert(diagnosis->column <= line_length(text, length, diagnosis->line) + 1);
}

static void directory_check(const char *directory)
{
        base_assert(directory[0] == '/');
        base_assert(strnlen(directory, LIMIT_DIRECTORY) < LIMIT_DIRECTORY);
}

static void config_check(const struct event_config *config)
{
        base_assert(config->poll_interval_ms >= 10 && config->poll_interval_ms <= 10000);
        base_assert(config->selector_count <= LIMIT_SELECTORS);
        base_assert(config->toolstack < TOOLSTACK_MAX);
        base_assert(config->auto_ports || config->selector_count > 0);
        for (uint32_t i = 0; i < config->selector_count; i++) {
                const struct event_selector *selector = &config->selectors[i];

                if (selector->kind == SELECTOR_SBDF) {
                        base_assert(selector->sbdf != BASE_SBDF_NONE && selector->path[0] == '\0');
                        continue;
                }
                base_assert(selector->kind == SELECTOR_PATH);
                base_assert(strnlen(selector->path, LIMIT_PATH) < LIMIT_PATH);
                base_assert(memcmp(selector->path, "/devices/", 9) == 0);
        }
        directory_check(config->run_directory);
        directory_check(config->state_directory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct event_config fresh, first, second;
        struct policy_diagnosis diagnosis;
        const char *text = (const char *)data;

        if (fresh.poll_interval_ms == 0)
                policy_config_default(&fresh);
        first = fresh;
        if (!policy_config_parse(text, size, &first, &diagnosis)) {
                diagnosis_check(&diagnosis, text, size);
                base_assert(memcmp(&first, &fresh, sizeof first) == 0);
                return 0;
        }
        config_check(&first);
        second = first;
        base_assert(policy_config_parse(text, size, &second, &diagnosis));
        base_assert(memcmp(&first, &second, sizeof first) == 0);
        return 0;
}
