/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Collecting what a step leaves. */
#include "core/effect.h"

#include "base/assert.h"

bool core_effect_add(struct effects *effects, const struct effect *effect)
{
        base_assert(effect->kind > EFFECT_NONE && effect->kind < EFFECT_MAX);
        base_assert(effects->count <= LIMIT_EFFECTS);
        if (effects->count == LIMIT_EFFECTS) {
                effects->overflow = true;
                return false;
        }
        effects->items[effects->count++] = *effect;
        return true;
}

void core_record_add(struct effects *effects, const struct record *record)
{
        base_assert(record->kind < RECORD_MAX);
        base_assert(effects->record_count <= LIMIT_RECORDS);
        if (effects->record_count == LIMIT_RECORDS) {
                effects->overflow = true;
                return;
        }
        effects->records[effects->record_count++] = *record;
}
