/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a run begins, where its first byte says that it does not begin with nothing. */
#pragma once

#include "stream.h"

/** Events of the beginning. */
uint32_t fuzz_begin_count(const struct fuzz_stream *stream);
/** The next of them: up to ports that are known, and perhaps guarded. */
void fuzz_begin_next(struct fuzz_stream *stream, const struct core *core);
