/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where records are written for people: the journal, or stderr where there is none. */
#pragma once

#include <stdbool.h>

#include "core/record.h"

enum sink_target {
        SINK_TARGET_AUTO, /**< the journal where it runs, else stderr */
        SINK_TARGET_JOURNAL,
        SINK_TARGET_STDERR,
        SINK_TARGET_MAX
};

struct sink_journal {
        bool journal;                      /**< else stderr */
        enum record_priority priority_max; /**< what is less urgent (a higher number) is left out */
};

/** Decides where to write: looks whether a journal runs. */
struct sink_journal sink_journal_open(enum sink_target target, enum record_priority priority_max);
/** The target with this name ("auto", "journal", "stderr"), or SINK_TARGET_MAX. */
enum sink_target sink_target_parse(const char *name);
/** The priority with this name ("critical", "error" ... "debug"), or 0. */
int sink_priority_parse(const char *name);

/** Is a record of this kind told at all? */
bool sink_journal_wants(const struct sink_journal *sink, enum record_kind kind);
/**
 * Writes a record: to the journal with the fields MESSAGE_ID, PRIORITY, SALLYPORT_EVENT, SALLYPORT_PORT,
 * SALLYPORT_FUNCTION, SALLYPORT_REASON, SALLYPORT_EFFECT, ERRNO (those that apply); or to stderr as one line
 * "SECONDS.MILLISECONDS PRIORITY EVENT PORT FUNCTION: TEXT" with "-" for what does not apply. When it returns the line
 * is out. Errors are swallowed: guarding goes on where nobody can be told.
 */
void sink_journal_record(const struct sink_journal *sink, const struct record *record);
/** Writes a line that is no record: how the program itself fares. text is NUL-terminated and safe to print. */
void sink_journal_text(const struct sink_journal *sink, enum record_priority priority,
                       const char *text);
