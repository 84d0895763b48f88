/* inside.h -- a server in this process, for what looks at it from inside: the
 * bench takes its turns, and says what clients would. */
#ifndef BENCH_INSIDE_H
#define BENCH_INSIDE_H

#include "options.h"
#include "resp.h"
#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static inline _Noreturn void give_up(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

/* ---- The server ---------------------------------------------------------- */

/* It and what it borrows; and a folder of its own, for the log. */
struct site {
    struct server_options options;
    struct server *server;
    char folder[64];
    char aof_path[80];
};

static inline void site_prepare(struct site *site) {
    const char *where = getenv("TMPDIR");

    *site = (struct site){0};
    snprintf(site->folder, sizeof site->folder, "%.32s/redis-lite-bench-XXXXXX",
             where != NULL ? where : "/tmp");
    if (mkdtemp(site->folder) == NULL) give_up("mkdtemp");
    snprintf(site->aof_path, sizeof site->aof_path, "%s/bench.aof",
             site->folder);
    signal(SIGPIPE, SIG_IGN);
}

/* Started as by this command line, but for the address and the log's place. */
static inline void site_open(struct site *site, const char *const *settings) {
    const char *argv[32] = {"bench",   "--address", "127.0.0.1:0", "--loglevel",
                            "warning", "--aofPath", site->aof_path};
    char error[OPTIONS_ERROR_MAX];
    int argc = 7;

    while (*settings != NULL && argc < 31)
        argv[argc++] = *settings++;
    if (options_read(argc, (char **)(uintptr_t)argv, &site->options, error) !=
        OPTIONS_RUN) {
        fprintf(stderr, "%s\n", error);
        exit(EXIT_FAILURE);
    }
    site->server = server_new(&site->options);
    if (site->server == NULL) exit(EXIT_FAILURE);
}

/* The log stays, for another server. */
static inline void site_close(struct site *site) {
    if (server_free(site->server) == -1) exit(EXIT_FAILURE);
    site->server = NULL;
}

static inline void site_remove(struct site *site) {
    static const char *const endings[] = {"", ".lock", ".rewrite"};
    char path[100];
    int i;

    for (i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", site->aof_path, endings[i]);
        unlink(path);
    }
    rmdir(site->folder);
}

/* ---- A client ------------------------------------------------------------ */

static inline int connect_to(int port) {
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int one = 1;

    if (fd == -1 || connect(fd, (struct sockaddr *)&at, sizeof at) == -1 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == -1) {
        give_up("connect");
    }
    return fd;
}

/* A request of these words: what clients send is written as replies are. */
static inline void say_words(struct buf *out, const struct slice *words,
                             size_t count) {
    size_t i;

    resp_write_array(out, count);
    for (i = 0; i < count; i++)
        resp_write_bulk(out, words[i]);
}

/* How many whole replies begin 'heard', none of which is an error; they are
 * dropped. */
static inline size_t take_replies(struct resp_reader *reader,
                                  struct buf *heard) {
    enum resp_status status = RESP_COMPLETE;
    struct resp_item item;
    size_t count = 0;

    while (buf_len(heard) > 0) {
        status = resp_read_item(reader, buf_slice(heard), &item);
        if (status != RESP_COMPLETE) break;
        if (item.type == RESP_FAILURE) status = RESP_ERROR;
        if (status == RESP_ERROR) break;
        buf_consume(heard, reader->size);
        count += !reader->more;
    }
    if (status == RESP_ERROR) {
        fprintf(stderr, "a request went wrong: %.*s\n", (int)buf_len(heard),
                buf_slice(heard).data);
        exit(EXIT_FAILURE);
    }
    return count;
}

#endif
