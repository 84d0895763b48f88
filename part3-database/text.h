/* text.h -- text for people, appended to a buf: INFO, CLIENT LIST, MONITOR,
 * what is wrong with a file. */
#ifndef REDIS_LITE_TEXT_H
#define REDIS_LITE_TEXT_H

#include "buf.h"
#include "util.h"

/* Append in printf(3)'s way, whatever the length. */
void text_append(struct buf *text, const char *format, ...) PRINTF_LIKE(2, 3);

/* Append what a terminal can show, as within a C string; and in its quotes. */
void text_append_escaped(struct buf *text, struct slice bytes);
void text_append_quoted(struct buf *text, struct slice bytes);

#endif
