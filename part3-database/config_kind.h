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

/* What is to be taken. */
struct config_said {
    const struct slice *values;
    size_t count;                 /* 1, unless the kind 'has_many' */
    char error[CONFIG_ERROR_MAX]; /* for a text that is made */
};

struct config_kind {
    /* Take it into the place of 'row'. NULL, or what is wrong. */
    const char *(*set)(struct config *config, const struct setting *row,
                       struct config_said *said);
    void (*show)(const struct config *config, const struct setting *row,
                 struct buf *out);
    const struct config_word *words; /* that it takes, if it takes words */
    bool has_many;  /* values; one that holds blanks is taken for many, too */
    bool is_string; /* at its place, owned */
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
    kind_fixed, kind_moot, kind_fsync, kind_loglevel, kind_debug;

/* config_place.c */
extern const struct config_kind kind_address, kind_bind, kind_port,
    kind_aof_path, kind_dir, kind_aof_name;

/* NULL, or that 'number' is not from the row's least to its most. */
const char *config_check_range(const struct setting *row, int64_t number,
                               struct config_said *said);

/* Let an owned string be another. */
void config_replace(char **string, struct slice bytes);

#endif
