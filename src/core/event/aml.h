/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokens of ACPI Machine Language (ACPI Spec 6.5, chapter 20.2): taken from bytes that may say anything. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event/parse.h"

/* Opcodes that objects and packages begin with. ACPI Spec 6.5, table 20.2 (AML Byte Stream Byte Values). */
#define EVENT_AML_NAME 0x08u
#define EVENT_AML_STRING 0x0du
#define EVENT_AML_BUFFER 0x11u
#define EVENT_AML_PACKAGE 0x12u

/** What is left to read: bytes[at..end). Each function below takes from its front, or leaves it somewhere and fails. */
struct event_aml {
        const uint8_t *bytes;
        size_t at, end;
};

/** 20.2.4 PkgLength: where what it covers ends, within the bytes. False where it does not fit. */
bool event_aml_length_take(struct event_aml *aml, size_t *ret_end);

/**
 * 20.2.2 NameString, from scope on: the whole path. False where it is malformed, climbs above the root, or is deeper
 * than LIMIT_ACPI_DEPTH.
 */
bool event_aml_name_take(struct event_aml *aml, const struct event_acpi_path *scope,
                         struct event_acpi_path *ret_path);

/** Is the next byte the first of a NameString that names something? */
bool event_aml_name_next(const struct event_aml *aml);

/** 20.2.3 ByteConst to QWordConst, Zero, One, Ones. */
bool event_aml_integer_take(struct event_aml *aml, uint64_t *ret_value);

/** Any bytes. */
bool event_aml_skip(struct event_aml *aml, size_t count);

/**
 * Steps over count expressions in a scope, with all their operands (20.2.5 TermArg, SuperName, Target). How many
 * arguments a called method takes is not known here: they are left standing, and *ret_named says that there may be
 * some. Nothing that follows the expressions is ever taken for an argument.
 */
bool event_aml_expressions_skip(struct event_aml *aml, const struct event_acpi_path *scope,
                                uint32_t count, bool *ret_named);
