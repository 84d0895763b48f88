/* options.h -- the command line.
 *
 * "--flag value" or "--flag=value". What is unknown or malformed is an error:
 * an option that is silently ignored is one that somebody relies on. */
#ifndef REDIS_LITE_OPTIONS_H
#define REDIS_LITE_OPTIONS_H

#include "server.h"

#include <stddef.h>

enum options_result {
    OPTIONS_RUN,   /* 'options' says how */
    OPTIONS_SHOWN, /* --help or --version was printed: exit with status 0 */
    OPTIONS_ERROR, /* 'error' says what and where: exit with status 2 */
};

#define OPTIONS_ERROR_MAX 4096 /* may name many lines of a file */

/* Read main()'s arguments. '*options' gets the defaults first, and borrows
 * from 'argv'. */
enum options_result options_read(int argc, char **argv,
                                 struct server_options *options,
                                 char error[OPTIONS_ERROR_MAX]);

#endif
