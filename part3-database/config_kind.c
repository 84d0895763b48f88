/* config_kind.c -- kinds of settings: how their values are read and shown, and
 * what CONFIG SET says of a wrong one. The texts are Redis's. */
#include "config_kind.h"

#include "util.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HZ_MAX 500

static void *place_of(const struct config *config, const struct setting *row) {
    return (char *)(uintptr_t)config + row->place;
}

static void show_text(struct buf *out, const char *text) {
    buf_append(out, text, strlen(text));
}

static void show_integer(struct buf *out, const char *format, int64_t number) {
    char text[32];

    snprintf(text, sizeof text, format, (long long)number);
    show_text(out, text);
}

/* ---- Numbers ------------------------------------------------------------- */

const char *config_check_range(const struct setting *row, int64_t number,
                               struct config_said *said) {
    if (number >= row->min && number <= row->max) return NULL;
    snprintf(said->error, CONFIG_ERROR_MAX,
             "argument must be between %lld and %lld inclusive",
             (long long)row->min, (long long)row->max);
    return said->error;
}

static const char *set_integer(struct config *config, const struct setting *row,
                               int64_t number, struct config_said *said) {
    const char *wrong = config_check_range(row, number, said);

    if (wrong == NULL) *(int64_t *)place_of(config, row) = number;
    return wrong;
}

static const char *number_set(struct config *config, const struct setting *row,
                              struct config_said *said) {
    int64_t number;

    if (!slice_to_int64(said->values[0], &number)) {
        return "argument couldn't be parsed into an integer";
    }
    return set_integer(config, row, number, said);
}

static void number_show(const struct config *config, const struct setting *row,
                        struct buf *out) {
    show_integer(out, "%lld", *(int64_t *)place_of(config, row));
}

const struct config_kind kind_number = {.set = number_set, .show = number_show};

/* Any number is taken; the loop has its limits. */
static const char *hz_set(struct config *config, const struct setting *row,
                          struct config_said *said) {
    const char *wrong = number_set(config, row, said);

    if (config->hz < 1) config->hz = 1;
    if (config->hz > HZ_MAX) config->hz = HZ_MAX;
    return wrong;
}

const struct config_kind kind_hz = {.set = hz_set, .show = number_show};

static const char *octal_set(struct config *config, const struct setting *row,
                             struct config_said *said) {
    int64_t number = 0;
    size_t i;

    for (i = 0; i < said->values[0].len; i++) {
        char c = said->values[0].data[i];

        if (c < '0' || c > '7' || number > INT_MAX) break;
        number = number * 8 + (c - '0');
    }
    if (i == 0 || i < said->values[0].len) {
        return "argument couldn't be parsed as an octal number";
    }
    return set_integer(config, row, number, said);
}

static void octal_show(const struct config *config, const struct setting *row,
                       struct buf *out) {
    show_integer(out, "%llo", *(int64_t *)place_of(config, row));
}

const struct config_kind kind_octal = {.set = octal_set, .show = octal_show};

/* ---- Bytes --------------------------------------------------------------- */

/* "100", "1k" (1000), "1kb" (1024), "5MB"; no digits are none. */
static bool read_memory(struct slice text, int64_t *bytes) {
    static const struct config_word units[] = {
        {"",   1         },
        {"b",  1         },
        {"k",  1000      },
        {"kb", 1 << 10   },
        {"m",  1000000   },
        {"mb", 1 << 20   },
        {"g",  1000000000},
        {"gb", 1 << 30   },
        {NULL, 0         }
    };
    const struct config_word *unit = units;
    int64_t number = 0;

    for (; text.len > 0 && *text.data >= '0' && *text.data <= '9';
         text.data++, text.len--) {
        int digit = *text.data - '0';

        if (number > (INT64_MAX - digit) / 10) return false;
        number = number * 10 + digit;
    }
    while (unit->name != NULL &&
           !slice_equal_nocase(text, slice_of(unit->name)))
        unit++;
    if (unit->name == NULL || number > INT64_MAX / unit->value) return false;
    *bytes = number * unit->value;
    return true;
}

static const char *memory_set(struct config *config, const struct setting *row,
                              struct config_said *said) {
    int64_t bytes;

    if (!read_memory(said->values[0], &bytes)) {
        return "argument must be a memory value";
    }
    return set_integer(config, row, bytes, said);
}

const struct config_kind kind_memory = {.set = memory_set, .show = number_show};

static const char *percent_set(struct config *config, const struct setting *row,
                               struct config_said *said) {
    static const char wrong[] = "argument must be a memory or percent value";
    struct slice text = said->values[0];
    int64_t number;

    if (text.len > 0 && text.data[text.len - 1] == '%') {
        text.len--;
        if (!slice_to_int64(text, &number) || number < 0) return wrong;
        if (number > 100) {
            return "percentage argument must be less or equal to 100";
        }
        number = -number;
    } else if (!read_memory(text, &number)) {
        return wrong;
    }
    return set_integer(config, row, number, said);
}

static void percent_show(const struct config *config, const struct setting *row,
                         struct buf *out) {
    int64_t number = *(int64_t *)place_of(config, row);

    show_integer(out, number < 0 ? "%lld%%" : "%lld",
                 number < 0 ? -number : number);
}

const struct config_kind kind_memory_or_percent = {.set = percent_set,
                                                   .show = percent_show};

/* ---- Limits of output ---------------------------------------------------- */

/* "normal 1gb 64mb 60": a class of clients, and its limits. There are clients
 * of one class only, so what is said of the others is read and forgotten. */
static bool is_replica(struct slice word) {
    return slice_equal_nocase(word, slice_of("slave")) ||
           slice_equal_nocase(word, slice_of("replica"));
}

/* Of the third class, those who subscribe, we have none. */
static const char *output_set_one(struct config *config,
                                  const struct slice words[4], bool is_taken) {
    struct output_limit limit;

    if (!read_memory(words[1], &limit.hard) ||
        !read_memory(words[2], &limit.soft) ||
        !slice_to_int64(words[3], &limit.soft_seconds) ||
        limit.soft_seconds < 0 || limit.soft_seconds > INT_MAX) {
        return "Error in hard, soft or soft_seconds setting in buffer limit "
               "configuration.";
    }
    if (is_taken && slice_equal_nocase(words[0], slice_of("normal"))) {
        config->output_normal = limit;
    } else if (is_taken && is_replica(words[0])) {
        config->output_replica = limit;
    }
    return NULL;
}

static bool is_client_class(struct slice word) {
    return slice_equal_nocase(word, slice_of("normal")) || is_replica(word) ||
           slice_equal_nocase(word, slice_of("pubsub"));
}

static const char *output_set(struct config *config, const struct setting *row,
                              struct config_said *said) {
    const char *wrong = NULL;
    size_t i;

    (void)row;
    if (said->count == 1 && said->values[0].len == 0)
        return NULL; /* of no class */
    if (said->count % 4 != 0) {
        return "Wrong number of arguments in buffer limit configuration.";
    }
    for (i = 0; i < said->count; i += 4) {
        if (!is_client_class(said->values[i])) {
            return "Invalid client class specified in buffer limit "
                   "configuration.";
        }
        wrong = output_set_one(config, said->values + i, false);
        if (wrong != NULL) return wrong;
    }
    for (i = 0; i < said->count; i += 4)
        output_set_one(config, said->values + i, true);
    return NULL;
}

static void output_show(const struct config *config, const struct setting *row,
                        struct buf *out) {
    const struct output_limit *normal = &config->output_normal;
    const struct output_limit *replica = &config->output_replica;
    char text[200];

    (void)row;
    snprintf(text, sizeof text,
             "normal %lld %lld %lld slave %lld %lld %lld pubsub "
             "33554432 8388608 60",
             (long long)normal->hard, (long long)normal->soft,
             (long long)normal->soft_seconds, (long long)replica->hard,
             (long long)replica->soft, (long long)replica->soft_seconds);
    show_text(out, text);
}

const struct config_kind kind_output_limits = {
    .set = output_set, .show = output_show, .has_many = true};

/* ---- Words --------------------------------------------------------------- */

static const char *read_yes_no(struct slice text, bool *yes) {
    if (!slice_equal_nocase(text, slice_of("yes")) &&
        !slice_equal_nocase(text, slice_of("no"))) {
        return "argument must be 'yes' or 'no'";
    }
    *yes = slice_equal_nocase(text, slice_of("yes"));
    return NULL;
}

static const char *yes_no_set(struct config *config, const struct setting *row,
                              struct config_said *said) {
    return read_yes_no(said->values[0], place_of(config, row));
}

static void yes_no_show(const struct config *config, const struct setting *row,
                        struct buf *out) {
    show_text(out, *(bool *)place_of(config, row) ? "yes" : "no");
}

const struct config_kind kind_yes_no = {.set = yes_no_set, .show = yes_no_show};

static const char *word_set(struct config *config, const struct setting *row,
                            struct config_said *said) {
    const struct config_word *word;
    int len = snprintf(said->error, CONFIG_ERROR_MAX,
                       "argument(s) must be one of the following: ");

    for (word = row->kind->words; word->name != NULL; word++) {
        if (slice_equal_nocase(said->values[0], slice_of(word->name))) {
            *(int64_t *)place_of(config, row) = word->value;
            return NULL;
        }
        len += snprintf(said->error + len, CONFIG_ERROR_MAX - (size_t)len,
                        "%s%s", word->name, word[1].name != NULL ? ", " : "");
    }
    return said->error;
}

static void word_show(const struct config *config, const struct setting *row,
                      struct buf *out) {
    const struct config_word *word = row->kind->words;

    while (word->value != *(int64_t *)place_of(config, row))
        word++;
    show_text(out, word->name);
}

static const struct config_word fsync_words[] = {
    {"everysec", FSYNC_EVERYSEC},
    {"always",   FSYNC_ALWAYS  },
    {"no",       FSYNC_NO      },
    {NULL,       0             }
};
static const struct config_word loglevel_words[] = {
    {"debug",   LOG_DEBUG  },
    {"verbose", LOG_VERBOSE},
    {"notice",  LOG_NOTICE },
    {"warning", LOG_WARNING},
    {NULL,      0          }
};
static const struct config_word debug_words[] = {
    {"no",    DEBUG_NO   },
    {"yes",   DEBUG_YES  },
    {"local", DEBUG_LOCAL},
    {NULL,    0          }
};

const struct config_kind kind_fsync = {
    .set = word_set, .show = word_show, .words = fsync_words};
const struct config_kind kind_loglevel = {
    .set = word_set, .show = word_show, .words = loglevel_words};
const struct config_kind kind_debug = {
    .set = word_set, .show = word_show, .words = debug_words};

/* ---- Strings ------------------------------------------------------------- */

void config_replace(char **string, struct slice bytes) {
    free(*string);
    *string = xcalloc(1, bytes.len + 1);
    memcpy(*string, bytes.data, bytes.len);
}

static const char *string_set(struct config *config, const struct setting *row,
                              struct config_said *said) {
    if (memchr(said->values[0].data, '\0', said->values[0].len) != NULL) {
        return "argument must not hold a NUL byte";
    }
    config_replace(place_of(config, row), said->values[0]);
    return NULL;
}

static void string_show(const struct config *config, const struct setting *row,
                        struct buf *out) {
    show_text(out, *(char **)place_of(config, row));
}

const struct config_kind kind_string = {
    .set = string_set, .show = string_show, .is_string = true};

/* What cannot be had otherwise: asking for just that asks for nothing. */
static const char *fixed_set(struct config *config, const struct setting *row,
                             struct config_said *said) {
    (void)config;
    if (said->count == 1 &&
        slice_equal_nocase(said->values[0], slice_of(row->start))) {
        return NULL;
    }
    snprintf(said->error, CONFIG_ERROR_MAX, "this server knows only '%s'",
             row->start);
    return said->error;
}

static void fixed_show(const struct config *config, const struct setting *row,
                       struct buf *out) {
    (void)config;
    show_text(out, row->start);
}

const struct config_kind kind_fixed = {
    .set = fixed_set, .show = fixed_show, .has_many = true};

/* What makes no difference here: resizing in steps, freeing in steps. Either
 * is taken, and there is nothing to keep. */
static const char *moot_set(struct config *config, const struct setting *row,
                            struct config_said *said) {
    bool yes;

    (void)config, (void)row;
    return read_yes_no(said->values[0], &yes);
}

const struct config_kind kind_moot = {.set = moot_set, .show = fixed_show};
