/* server_talk.h -- a server in this process and a peer that asks it one thing
 * after the other. */
#ifndef UNIT_SERVER_TALK_H
#define UNIT_SERVER_TALK_H

#include "server_room.h"

#include "config.h"

struct talk {
    struct site site;
    struct peer peer;
    size_t heard; /* bytes of the last answer */
};

/* 'settings': names and values in turn, one blank between them; "": none. */
static inline void talk_open(struct talk *talk, const char *name,
                             const char *settings) {
    struct config *config = config_new();
    char error[CONFIG_ERROR_MAX];

    *talk = (struct talk){0};
    site_prepare(&talk->site, name);
    free(config->address);
    free(config->aof_path);
    config->address = xstrdup("127.0.0.1:0");
    config->aof_path = xstrdup(talk->site.aof_path);
    while (*settings != '\0') {
        struct slice words[2];
        size_t i;

        for (i = 0; i < 2; i++) {
            words[i] = (struct slice){settings, strcspn(settings, " ")};
            settings += words[i].len;
            if (*settings == ' ') settings++;
        }
        check_that(config_set(config, words[0], &words[1], 1, error), "%s",
                   error);
    }
    talk->site.options.config = config;
    site_start(&talk->site);
    peer_open(&talk->peer, talk->site.server);
}

static inline void talk_close(struct talk *talk) {
    peer_close(&talk->peer);
    site_close(&talk->site);
}

/* How many bytes a whole reply takes, text for people included. */
static inline size_t whole_reply(struct slice heard) {
    size_t size;

    if (heard.len == 0 || heard.data[0] != '=') return reply_size(heard);
    if (memchr(heard.data, '\n', heard.len) == NULL) return 0;
    size = (size_t)strtol(heard.data + 1, NULL, 10) + 2 +
           strcspn(heard.data, "\n") + 1;
    return size <= heard.len ? size : 0;
}

/* The next reply to this peer; good until it hears more. */
static inline struct slice hear(struct server *server, struct peer *peer) {
    size_t size;

    while ((size = whole_reply(buf_slice(&peer->heard))) == 0) {
        size_t before = buf_len(&peer->heard);

        await(server, peer, before + 1);
        check_that(buf_len(&peer->heard) > before, "no reply, but the end");
    }
    return (struct slice){buf_slice(&peer->heard).data, size};
}

/* The reply to an inline request; good until the next. */
static inline struct slice ask(struct talk *talk, const char *words) {
    struct slice reply;

    buf_consume(&talk->peer.heard, talk->heard);
    buf_append(&talk->peer.unsaid, words, strlen(words));
    say(&talk->peer, "\r\n"); /* in one piece */
    reply = hear(talk->site.server, &talk->peer);
    talk->heard = reply.len;
    return reply;
}

/* Whether the reply has these bytes in it. */
static inline bool answer_has(struct talk *talk, const char *words,
                              const char *text) {
    struct slice reply = ask(talk, words);

    return memmem(reply.data, reply.len, text, strlen(text)) != NULL;
}

struct step {
    const char *words, *reply;
};

static inline void take_steps(struct talk *talk, const struct step *steps,
                              size_t count) {
    size_t i;

    for (i = 0; i < count; i++) {
        struct slice got = ask(talk, steps[i].words);

        check_that(same_bytes(got, slice_of(steps[i].reply)),
                   "%s: got \"%s\", expected \"%s\"", steps[i].words,
                   shown(got), shown(slice_of(steps[i].reply)));
    }
}

#define OK          "+OK\r\n"
#define ERROR       "-ERR "
#define WRONG(name) "-ERR wrong number of arguments for '" name "' command\r\n"
#define SYNTAX      "-ERR syntax error\r\n"

#endif
