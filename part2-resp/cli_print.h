/* cli_print.h -- a reply, as redis-lite-cli shows it: for people, with types
 * and quotes, or raw, for programs. Both are as redis-cli 7.0 prints them.
 *
 * A reply is printed while it arrives, item by item (resp.h): an array of a
 * million elements is never in memory as a whole. */
#ifndef REDIS_LITE_CLI_PRINT_H
#define REDIS_LITE_CLI_PRINT_H

#include "resp.h"

#include <stdbool.h>
#include <stdint.h>

struct cli_printer {
    bool formatted; /* false: raw */

    /* Private: the arrays around the item, the outermost first. Whatever is
     * left of the reply before does no harm. */
    struct cli_array {
        int64_t shown; /* elements printed so far */
        int width;     /* digits of its largest number */
        int indent;    /* blanks before every number but the first */
    } arrays[RESP_DEPTH_MAX];
};

/* Print one item to stdout; 'more': the reply goes on after it. */
void cli_print(struct cli_printer *printer, const struct resp_item *item,
               bool more);

#endif
