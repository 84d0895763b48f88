/* config_place.c -- where the server is found, and where its log: settings that
 * Redis has in two halves. "bind" and "port" are those of an address, "dir" and
 * "appendfilename" those of a path. Here each pair is kept as one. */
#include "config_kind.h"

#include "net.h"
#include "util.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Addresses ----------------------------------------------------------- */

/* Take the next of several addresses, which blanks separate, from the front of
 * 'rest'. False if there is none left. */
static bool next_word(struct slice *rest, struct slice *word) {
    while (rest->len > 0 && rest->data[0] == ' ') {
        rest->data++;
        rest->len--;
    }
    *word = (struct slice){rest->data, 0};
    while (rest->len > 0 && rest->data[0] != ' ') {
        rest->data++;
        rest->len--;
        word->len++;
    }
    return word->len > 0;
}

/* What follows the last colon, the colon included. */
static struct slice port_of(struct slice address) {
    size_t i = address.len;

    while (i > 0 && address.data[i - 1] != ':')
        i--;
    if (i == 0) return slice_of(":0");
    return (struct slice){address.data + i - 1, address.len - i + 1};
}

static struct slice first_port(const struct config *config) {
    struct slice rest = slice_of(config->address);
    struct slice word;

    next_word(&rest, &word);
    return port_of(word);
}

static const char *address_set(struct config *config, const struct setting *row,
                               struct config_said *said) {
    struct buf joined = {0};
    const char *wrong = said->count == 0 ? "expected HOST:PORT" : NULL;
    size_t i;

    (void)row;
    for (i = 0; i < said->count && wrong == NULL; i++) {
        char *text = NULL;

        config_replace(&text, said->values[i]);
        wrong = net_address_error(text[0] == '-' ? text + 1 : text);
        free(text);
        if (i > 0) buf_append(&joined, " ", 1);
        buf_append(&joined, said->values[i].data, said->values[i].len);
    }
    if (wrong == NULL) config_replace(&config->address, buf_slice(&joined));
    buf_free(&joined);
    return wrong;
}

static void address_show(const struct config *config, const struct setting *row,
                         struct buf *out) {
    (void)row;
    buf_append(out, config->address, strlen(config->address));
}

const struct config_kind kind_address = {.set = address_set,
                                         .show = address_show,
                                         .has_many = true,
                                         .is_string = true};

/* As bind has it: "*" is every interface of IPv4, "::*" of IPv6, and there are
 * no brackets. */
static void append_host(struct buf *out, struct slice host) {
    if (host.len > 0 && host.data[0] == '-') {
        buf_append(out, "-", 1);
        host.data++;
        host.len--;
    }
    if (slice_equal(host, slice_of("*"))) {
        host = slice_of("0.0.0.0");
    } else if (slice_equal(host, slice_of("::*"))) {
        host = slice_of("::");
    }
    if (memchr(host.data, ':', host.len) != NULL) {
        buf_append(out, "[", 1);
        buf_append(out, host.data, host.len);
        buf_append(out, "]", 1);
    } else {
        buf_append(out, host.data, host.len);
    }
}

static const char *bind_set(struct config *config, const struct setting *row,
                            struct config_said *said) {
    struct slice port = first_port(config);
    struct buf joined = {0};
    size_t i;

    (void)row;
    for (i = 0; i < said->count; i++) {
        if (said->values[i].len == 0) break;
        if (i > 0) buf_append(&joined, " ", 1);
        append_host(&joined, said->values[i]);
        buf_append(&joined, port.data, port.len);
    }
    if (i > 0 && i == said->count) {
        config_replace(&config->address, buf_slice(&joined));
    }
    buf_free(&joined);
    return i > 0 && i == said->count ? NULL : "expected addresses to listen on";
}

static void bind_show(const struct config *config, const struct setting *row,
                      struct buf *out) {
    struct slice rest = slice_of(config->address);
    struct slice host;
    bool is_first = true;

    (void)row;
    for (; next_word(&rest, &host); is_first = false) {
        host.len -= port_of(host).len;
        if (!is_first) buf_append(out, " ", 1);
        if (host.len > 0 && host.data[0] == '-') {
            buf_append(out, "-", 1);
            host.data++;
            host.len--;
        }
        if (host.len > 1 && host.data[0] == '[') {
            host.data++;
            host.len -= 2;
        }
        if (host.len == 0) host = slice_of("* -::*");
        if (slice_equal(host, slice_of("0.0.0.0"))) host = slice_of("*");
        if (slice_equal(host, slice_of("::"))) host = slice_of("::*");
        buf_append(out, host.data, host.len);
    }
}

const struct config_kind kind_bind = {
    .set = bind_set, .show = bind_show, .has_many = true};

static const char *port_set(struct config *config, const struct setting *row,
                            struct config_said *said) {
    struct slice rest = slice_of(config->address);
    struct buf joined = {0};
    struct slice word;
    const char *wrong;
    int64_t port;

    if (!slice_to_int64(said->values[0], &port)) {
        return "argument couldn't be parsed into an integer";
    }
    wrong = config_check_range(row, port, said);
    if (wrong != NULL) return wrong;
    while (next_word(&rest, &word)) {
        if (buf_len(&joined) > 0) buf_append(&joined, " ", 1);
        buf_append(&joined, word.data, word.len - port_of(word).len);
        buf_append(&joined, ":", 1);
        buf_append(&joined, said->values[0].data, said->values[0].len);
    }
    config_replace(&config->address, buf_slice(&joined));
    buf_free(&joined);
    return NULL;
}

static void port_show(const struct config *config, const struct setting *row,
                      struct buf *out) {
    struct slice port = first_port(config);

    (void)row;
    buf_append(out, port.data + 1, port.len - 1);
}

const struct config_kind kind_port = {.set = port_set, .show = port_show};

/* ---- The path of the log ------------------------------------------------- */

/* Where the file's name begins. */
static size_t name_start(const char *path) {
    const char *slash = strrchr(path, '/');

    return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

static const char *aof_path_set(struct config *config,
                                const struct setting *row,
                                struct config_said *said) {
    (void)row;
    if (said->values[0].len == 0) return "expected the name of a file";
    config_replace(&config->aof_path, said->values[0]);
    return NULL;
}

static void aof_path_show(const struct config *config,
                          const struct setting *row, struct buf *out) {
    (void)row;
    buf_append(out, config->aof_path, strlen(config->aof_path));
}

const struct config_kind kind_aof_path = {
    .set = aof_path_set, .show = aof_path_show, .is_string = true};

static const char *dir_set(struct config *config, const struct setting *row,
                           struct config_said *said) {
    const char *name = config->aof_path + name_start(config->aof_path);
    struct buf path = {0};

    (void)row;
    if (said->values[0].len == 0) return "expected the name of a directory";
    buf_append(&path, said->values[0].data, said->values[0].len);
    if (said->values[0].data[said->values[0].len - 1] != '/')
        buf_append(&path, "/", 1);
    buf_append(&path, name, strlen(name));
    config_replace(&config->aof_path, buf_slice(&path));
    buf_free(&path);
    return NULL;
}

/* As Redis, which has gone there. */
static void dir_show(const struct config *config, const struct setting *row,
                     struct buf *out) {
    size_t len = name_start(config->aof_path);
    char *folder = NULL;
    char *whole;

    (void)row;
    config_replace(&folder, len > 0 ? (struct slice){config->aof_path, len}
                                    : slice_of("."));
    whole = realpath(folder, NULL);
    if (whole == NULL) whole = xstrdup(folder); /* it has gone */
    buf_append(out, whole, strlen(whole));
    free(whole);
    free(folder);
}

const struct config_kind kind_dir = {.set = dir_set, .show = dir_show};

static const char *aof_name_set(struct config *config,
                                const struct setting *row,
                                struct config_said *said) {
    struct buf path = {0};

    (void)row;
    if (said->values[0].len == 0) return "appendfilename can't be empty";
    if (memchr(said->values[0].data, '/', said->values[0].len) != NULL) {
        return "appendfilename can't be a path, just a filename";
    }
    buf_append(&path, config->aof_path, name_start(config->aof_path));
    buf_append(&path, said->values[0].data, said->values[0].len);
    config_replace(&config->aof_path, buf_slice(&path));
    buf_free(&path);
    return NULL;
}

static void aof_name_show(const struct config *config,
                          const struct setting *row, struct buf *out) {
    const char *name = config->aof_path + name_start(config->aof_path);

    (void)row;
    buf_append(out, name, strlen(name));
}

const struct config_kind kind_aof_name = {.set = aof_name_set,
                                          .show = aof_name_show};
