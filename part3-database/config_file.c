/* config_file.c -- a configuration file in Redis's syntax: a setting a line,
 * quotes as in inline requests, '#' before a remark.
 *
 * A line that asks for something which this server does not do refuses the
 * start: a setting that is silently ignored is one that somebody relies on. All
 * such lines are named at once, or the file would be mended one start a line.
 */
#include "config.h"

#include "inline.h"
#include "util.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A text of limited size: what does not fit is lost, and that is said. */
struct text {
    char *data;
    size_t size;
    size_t len;
};

#define TEXT_MORE "\n  ... and more"

static void text_add(struct text *text, const char *line) {
    size_t left = text->size - text->len;
    int printed = snprintf(text->data + text->len, left, "%s", line);

    if ((size_t)printed + sizeof TEXT_MORE < left) {
        text->len += (size_t)printed;
        return;
    }
    snprintf(text->data + text->len, left, "%s", TEXT_MORE);
    text->size = text->len; /* nothing fits any more */
}

/* The words of a line; false if a quote is not closed. */
struct words {
    struct buf bytes;
    struct slice *list;
    size_t count;
};

static bool read_words(struct words *words, struct slice line) {
    size_t start = 0;
    size_t i;
    int found;

    words->list = xcalloc(line.len / 2 + 1, sizeof *words->list);
    while ((found = inline_next_word(&line, &words->bytes)) == 1) {
        size_t end = buf_len(&words->bytes);

        words->list[words->count++] = (struct slice){NULL, end - start};
        start = end;
    }
    /* Only now: the bytes moved whenever they had to grow. */
    start = 0;
    for (i = 0; i < words->count; i++) {
        words->list[i].data = buf_slice(&words->bytes).data + start;
        start += words->list[i].len;
    }
    return found == 0;
}

static void free_words(struct words *words) {
    buf_free(&words->bytes);
    free(words->list);
}

/* Take one line. False, and in 'error' what is wrong with it. */
static bool take_line(struct config *config, struct slice line,
                      char error[CONFIG_ERROR_MAX]) {
    struct words words = {0};
    bool good = read_words(&words, line);

    if (!good) {
        snprintf(error, CONFIG_ERROR_MAX, "a quote is not closed");
    } else if (words.count > 0 && config_has(words.list[0])) {
        good = config_set(config, words.list[0], words.list + 1,
                          words.count - 1, error);
    } else if (words.count > 0 && !config_ignores(words.list[0])) {
        snprintf(error, CONFIG_ERROR_MAX, "this server has no such setting");
        good = false;
    }
    free_words(&words);
    return good;
}

static struct slice trim(const char *line, size_t len) {
    while (len > 0 && strchr(" \t\r\n", line[len - 1]) != NULL)
        len--;
    while (len > 0 && strchr(" \t", *line) != NULL) {
        line++;
        len--;
    }
    return (struct slice){line, len};
}

/* Take all lines; how many were refused. */
static size_t take_lines(struct config *config, FILE *file, const char *path,
                         struct text *refused) {
    char error[CONFIG_ERROR_MAX];
    char text[CONFIG_ERROR_MAX + 200];
    char *bytes = NULL;
    size_t room = 0;
    size_t number = 0;
    size_t count = 0;
    ssize_t len;

    while ((len = getline(&bytes, &room, file)) != -1) {
        struct slice line = trim(bytes, (size_t)len);

        number++;
        if (line.len == 0 || line.data[0] == '#') continue;
        if (take_line(config, line, error)) continue;
        if (count++ == 0) {
            snprintf(text, sizeof text,
                     "%.150s is refused for these lines:", path);
            text_add(refused, text);
        }
        snprintf(text, sizeof text, "\n  line %zu, '%.*s': %s", number,
                 line.len < 100 ? (int)line.len : 100, line.data, error);
        text_add(refused, text);
    }
    free(bytes);
    return count;
}

bool config_read_file(struct config *config, const char *path, char *error,
                      size_t size) {
    struct text refused = {error, size, 0};
    FILE *file = fopen(path, "r");
    bool good = false;

    if (file != NULL) good = take_lines(config, file, path, &refused) == 0;
    if (file == NULL || ferror(file)) {
        snprintf(error, size, "cannot read %.150s: %s", path, strerror(errno));
        good = false;
    }
    if (file != NULL) fclose(file);
    return good;
}
