/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What uevent.c makes of one received message; apart, so that its test can make up messages. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "core/event/event.h"

/**
 * Judges what recvmsg() gave: its result or negative errno, and the message header with name, control data and flags.
 * True with *ret_event filled where an event comes of it. A message that is not from the kernel comes to nothing.
 */
bool source_message_take(const struct msghdr *message, ssize_t result, struct event *ret_event);
