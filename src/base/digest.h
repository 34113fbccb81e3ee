/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FNV-1a, 64 bits: to see that something changed, not to prove who it is (anybody can reckon a collision). */
#pragma once

#include <stdint.h>

/** Of no bytes. */
#define BASE_DIGEST_BEGIN 0xcbf29ce484222325u

/** Of what had this digest, and one byte more. */
static inline uint64_t base_digest_add(uint64_t digest, uint8_t byte)
{
        return (digest ^ byte) * 0x100000001b3u;
}
