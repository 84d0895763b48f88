/* feeder.c -- clients, in a process of their own. */
#include "feeder.h"

#include "inside.h"

#include <stdlib.h>
#include <sys/wait.h>

#define KEY_SIZE 32 /* bytes, with room for any number */
#define VALUE    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct feed {
    int orders;
    struct order order;
    int fds[FEEDER_CLIENTS]; /* 0: not connected yet */
    struct resp_reader reader;
    struct buf said, heard;
    int64_t done;    /* keys, of this order */
    uint64_t chance; /* state of the generator */
};

/* ---- Requests ------------------------------------------------------------ */

static struct slice key_of(char text[KEY_SIZE], int64_t number) {
    int len = snprintf(text, KEY_SIZE, "key:%012lld", (long long)number);

    return (struct slice){text, (size_t)len};
}

static void say_set(struct feed *feed, int64_t number) {
    char text[KEY_SIZE], until[KEY_SIZE];
    int64_t at = feed->order.until_ms;
    int len = snprintf(until, sizeof until, "%lld", (long long)at);
    struct slice words[] = {slice_of("SET"),
                            key_of(text, number),
                            slice_of(VALUE),
                            slice_of("PXAT"),
                            {until, (size_t)len}};

    say_words(&feed->said, words, at == 0 ? 3 : 5);
}

static void say_get(struct feed *feed, int64_t number) {
    char text[KEY_SIZE];
    struct slice words[] = {slice_of("GET"), key_of(text, number)};

    say_words(&feed->said, words, 2);
}

static int64_t any(struct feed *feed) {
    feed->chance ^= feed->chance << 13; /* xorshift64, Marsaglia 2003 */
    feed->chance ^= feed->chance >> 7;
    feed->chance ^= feed->chance << 17;
    return (int64_t)(feed->chance % (uint64_t)feed->order.count);
}

static void say_next(struct feed *feed) {
    const struct order *order = &feed->order;

    if (order->what == FEED_SETS) {
        say_set(feed, order->from + feed->done);
    } else if (feed->done % 2 == 0) {
        say_set(feed, order->from + any(feed));
    } else {
        say_get(feed, order->from + any(feed));
    }
    feed->done++;
}

/* ---- Conversation -------------------------------------------------------- */

static void connect_all(struct feed *feed) {
    int i;

    for (i = 0; i < FEEDER_CLIENTS && feed->fds[i] == 0; i++)
        feed->fds[i] = connect_to(feed->order.port);
}

static void send_said(struct feed *feed, int fd) {
    while (buf_len(&feed->said) > 0) {
        struct slice said = buf_slice(&feed->said);
        ssize_t sent = write(fd, said.data, said.len);

        if (sent <= 0) give_up("feeder: write");
        buf_consume(&feed->said, (size_t)sent);
    }
}

static void await(struct feed *feed, int fd, size_t replies) {
    while (replies > 0) {
        ssize_t got = read(fd, buf_reserve(&feed->heard, 65536), 65536);

        if (got <= 0) give_up("feeder: read");
        buf_added(&feed->heard, (size_t)got);
        replies -= take_replies(&feed->reader, &feed->heard);
    }
}

/* Each has one pipeline; the last one may be shorter. */
static void feed_round(struct feed *feed) {
    const struct order *order = &feed->order;
    size_t asked[FEEDER_CLIENTS] = {0};
    int i;

    for (i = 0; i < FEEDER_CLIENTS; i++) {
        while (asked[i] < FEEDER_PIPELINE &&
               (order->what == FEED_MIX || feed->done < order->count)) {
            say_next(feed);
            asked[i]++;
        }
        send_said(feed, feed->fds[i]);
    }
    for (i = 0; i < FEEDER_CLIENTS; i++)
        await(feed, feed->fds[i], asked[i]);
}

static void say_word(struct feed *feed) {
    struct slice word = slice_of(feed->order.word);

    say_words(&feed->said, &word, 1);
    send_said(feed, feed->fds[0]);
    await(feed, feed->fds[0], 1);
}

/* False: there is none, or 'flags' say not to wait for it. */
static bool take_order(struct feed *feed, int flags) {
    ssize_t got = recv(feed->orders, &feed->order, sizeof feed->order, flags);

    if (got == 0) exit(EXIT_SUCCESS);
    feed->done = 0;
    return got == (ssize_t)sizeof feed->order;
}

static _Noreturn void feed_all(struct feed *feed) {
    for (;;) {
        take_order(feed, 0);
        connect_all(feed);
        if (feed->order.what == FEED_WORD) say_word(feed);
        while (feed->order.what == FEED_SETS && feed->done < feed->order.count)
            feed_round(feed);
        while (feed->order.what == FEED_MIX && !take_order(feed, MSG_DONTWAIT))
            feed_round(feed);
        if (write(feed->orders, "", 1) != 1) exit(EXIT_FAILURE);
    }
}

/* ---- For who gives the orders -------------------------------------------- */

void feeder_start(struct feeder *feeder) {
    struct feed feed = {.chance = 1};
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == -1) {
        give_up("socketpair");
    }
    feeder->pid = fork();
    if (feeder->pid == -1) give_up("fork");
    if (feeder->pid == 0) {
        close(ends[0]);
        feed.orders = ends[1];
        feed_all(&feed);
    }
    close(ends[1]);
    feeder->orders = ends[0];
}

void feeder_order(const struct feeder *feeder, const struct order *order) {
    if (send(feeder->orders, order, sizeof *order, 0) == -1) give_up("feeder");
}

bool feeder_is_done(const struct feeder *feeder) {
    char byte;
    ssize_t got = recv(feeder->orders, &byte, 1, MSG_DONTWAIT);

    if (got == 0) exit(EXIT_FAILURE); /* it has said why */
    return got == 1;
}

void feeder_end(struct feeder *feeder) {
    close(feeder->orders);
    waitpid(feeder->pid, NULL, 0);
}
