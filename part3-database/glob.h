/* glob.h -- the patterns of KEYS, SCAN and CONFIG GET.
 *
 * As Redis has them (util.c, stringmatchlen()): '*' any bytes, '?' one byte,
 * [abc] [^a] [a-z] one of a set, '\' takes the next byte as it is. */
#ifndef REDIS_LITE_GLOB_H
#define REDIS_LITE_GLOB_H

#include "slice.h"

#include <stdbool.h>

/* Whether all of 'text' matches. It takes at most about pattern * text steps:
 * on a mismatch it goes back to the last '*' only, which is enough, and never
 * recurses (CVE-2022-36021, CVE-2024-31228: what happens otherwise). */
bool glob_match(struct slice pattern, struct slice text, bool nocase);

#endif
