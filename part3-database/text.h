/* text.h -- text for people, appended to a buf: INFO, CLIENT LIST, MONITOR. */
#ifndef REDIS_LITE_TEXT_H
#define REDIS_LITE_TEXT_H

#include "buf.h"
#include "util.h"

/* Append in printf(3)'s way, whatever the length. */
void text_append(struct buf *text, const char *format, ...) PRINTF_LIKE(2, 3);

/* Append in double quotes, as a C string that a terminal can show. */
void text_append_quoted(struct buf *text, struct slice bytes);

#endif
