/* resp_reader.c -- part 1 stub: every request is an inline one.
 *
 * An array of bulk strings is refused, and for good: a reader that went on
 * after it would take the bytes of a value for commands. The real one:
 * part2-resp/resp_reader.c. */
#include "resp.h"

#include "inline.h"

enum resp_status resp_read_request(struct resp_request *request,
                                   struct slice in) {
    if (in.len == 0) return RESP_NEED_MORE;
    if (in.data[0] != '*') return inline_read_request(request, in);
    return resp_request_fail(request, "RESP arrays come with part 2");
}
