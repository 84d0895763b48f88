/* config_kind.h -- what a row of the table of settings says, and the kinds of
 * values there are: how each is read and shown. Between the config files. */
#ifndef REDIS_LITE_CONFIG_KIND_H
#define REDIS_LITE_CONFIG_KIND_H

#include "config.h"

struct setting;

/* A name for a number. */
struct config_word {
    const char *name; /* NULL ends a list */
    int64_t value;
};

struct config_kind {
    /* Take 'values' ('count' is 1 unless it 'has_many') into the place of
     * 'row'. NULL, or what is wrong; a text that is made goes into 'error'. */
    const char *(*set)(struct config *config, const struct setting *row,
                       const struct slice *values, size_t count,
                       char error[CONFIG_ERROR_MAX]);
    void (*show)(const struct config *config, const struct setting *row,
                 struct buf *out);
    bool has_many; /* values; one that holds blanks is taken for many, too */
    bool is_string;
    const struct config_word *words;
};

struct setting {
    const char *name; /* Redis's spelling */
    const struct config_kind *kind;
    size_t place; /* of the value, in struct config */
    int64_t min;
    int64_t max;
    const char *start; /* the default; NULL: that of another row */
    bool is_changeable;
    const char *takes; /* for --help */
    const char *help;  /* NULL: not worth a line */
};

/* config_kind.c */
extern const struct config_kind kind_yes_no, kind_number, kind_hz, kind_octal,
    kind_memory, kind_memory_or_percent, kind_string, kind_output_limits,
    kind_fixed, kind_fsync, kind_loglevel, kind_debug;

/* config_place.c */
extern const struct config_kind kind_address, kind_bind, kind_port,
    kind_aof_path, kind_dir, kind_aof_name;

/* Let an owned string be another. */
void config_replace(char **string, struct slice bytes);

#endif
