/* inline.h -- inline requests: a line of words, with quotes, for people who
 * type with nc or telnet. A line typed at redis-lite-cli is split so too.
 *
 * The rules are those of Redis (sdssplitargs() in its sds.c): blanks separate;
 * "..." may hold blanks and the escapes \n \r \t \b \a \xHH \" \\;
 * '...' takes all but \' as it is; a closing quote is followed by a blank. */
#ifndef REDIS_LITE_INLINE_H
#define REDIS_LITE_INLINE_H

#include "buf.h"
#include "resp.h"
#include "slice.h"

/* Take the next word from the front of '*line' and append its bytes, quotes
 * resolved, to 'word'. Returns 1, or 0 when only blanks were left, or -1 when
 * a quote is not closed or is followed by something else than a blank. */
int inline_next_word(struct slice *line, struct buf *word);

/* Read one inline request; as resp_read_request(), which calls this for what
 * does not start with '*'. A line ends with LF; a CR before it is a blank. */
enum resp_status inline_read_request(struct resp_request *request,
                                     struct slice in);

#endif
