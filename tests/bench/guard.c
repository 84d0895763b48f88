/* guard.c SCRIPT -- one fixed conversation with a server in this process, so
 * that its instructions can be counted (guard.py). Prints how many operations
 * it had. Without a script, prints the names of all.
 *
 * Only what happens within a function whose name begins with measured_ is
 * meant: the turns of the server once the keys are there, or the loading of a
 * log. What the client does, and what the kernel does, are not. */
#include "inside.h"

#include <string.h>

#define KEYS      10000 /* there before a script begins */
#define ROUNDS    256   /* turns that are measured */
#define VALUE     64    /* bytes */
#define MGET_KEYS 100

struct script;

struct client {
    const struct script *script;
    struct site site;
    int fd;
    struct resp_reader reader;
    struct buf said, heard;
    uint64_t chance; /* state of the generator: keys come in the same order */
    size_t fresh;    /* number of the next key that nobody has used */
};

/* What is said; and how. */
struct script {
    const char *name;
    void (*say)(struct client *client);
    size_t pipeline; /* requests of a turn */
    const char *appendonly;
    bool is_replay; /* the log of what was said is loaded, and that counts */
};

/* ---- Requests ------------------------------------------------------------ */

static struct slice key_of(char text[32], size_t number) {
    int len = snprintf(text, 32, "key:%012zu", number);

    return (struct slice){text, (size_t)len};
}

static size_t any(struct client *client) {
    client->chance ^= client->chance << 13; /* xorshift64, Marsaglia 2003 */
    client->chance ^= client->chance >> 7;
    client->chance ^= client->chance << 17;
    return client->chance % KEYS;
}

static void say_set_of(struct client *client, size_t number) {
    static const char value[VALUE + 1] =
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    char text[32];
    struct slice words[] = {
        slice_of("SET"), key_of(text, number), {value, VALUE}};

    say_words(&client->said, words, 3);
}

static void say_set(struct client *client) {
    say_set_of(client, any(client));
}

static void say_set_new(struct client *client) {
    say_set_of(client, client->fresh++);
}

static void say_with_key(struct client *client, const char *name,
                         size_t number) {
    char text[32];
    struct slice words[] = {slice_of(name), key_of(text, number)};

    say_words(&client->said, words, 2);
}

static void say_get(struct client *client) {
    say_with_key(client, "GET", any(client));
}

static void say_incr(struct client *client) {
    say_with_key(client, "INCR", KEYS + any(client) % 16);
}

static void say_mget(struct client *client) {
    char texts[MGET_KEYS][32];
    struct slice words[MGET_KEYS + 1] = {slice_of("MGET")};
    size_t i;

    for (i = 0; i < MGET_KEYS; i++)
        words[i + 1] = key_of(texts[i], any(client));
    say_words(&client->said, words, MGET_KEYS + 1);
}

static const struct script scripts[] = {
    {"set-p1", say_set, 1, "no", false},
    {"set-p16", say_set, 16, "no", false},
    {"set-new-p16", say_set_new, 16, "no", false},
    {"set-log-p1", say_set, 1, "yes", false},
    {"set-log-p16", say_set, 16, "yes", false},
    {"get-p1", say_get, 1, "no", false},
    {"get-p16", say_get, 16, "no", false},
    {"mget-100", say_mget, 1, "no", false},
    {"incr-p16", say_incr, 16, "no", false},
    {"replay", say_set_new, 16, "yes", true},
};

#define SCRIPTS (sizeof scripts / sizeof scripts[0])

/* ---- What is measured ---------------------------------------------------- */

__attribute__((noinline)) static int measured_turn(struct server *server) {
    return server_turn(server, 1000);
}

__attribute__((noinline)) static void
measured_load(struct site *site, const char *const *settings) {
    site_open(site, settings);
}

static int plain_turn(struct server *server) {
    return server_turn(server, 1000);
}

/* ---- A conversation ------------------------------------------------------ */

/* Say what is to be said, and let the server take turns until all is answered:
 * one, as both sides are in this process, and a socket takes it all. */
static void exchange(struct client *client, size_t replies,
                     int (*turn)(struct server *server)) {
    struct slice said = buf_slice(&client->said);
    ssize_t len = write(client->fd, said.data, said.len);

    if (len != (ssize_t)said.len) give_up("write");
    buf_consume(&client->said, said.len);
    while (replies > 0) {
        if (turn(client->site.server) == -1) exit(EXIT_FAILURE);
        len = recv(client->fd, buf_reserve(&client->heard, 65536), 65536,
                   MSG_DONTWAIT);
        if (len > 0) buf_added(&client->heard, (size_t)len);
        replies -= take_replies(&client->reader, &client->heard);
    }
}

static void fill(struct client *client) {
    size_t i;

    while (client->fresh < KEYS) {
        for (i = 0; i < 100; i++)
            say_set_new(client);
        exchange(client, 100, plain_turn);
    }
}

static void run(struct client *client) {
    const struct script *script = client->script;
    const char *settings[] = {"--appendonly", script->appendonly, NULL};
    size_t round, i;

    site_prepare(&client->site);
    site_open(&client->site, settings);
    client->fd = connect_to(server_port(client->site.server));
    fill(client);
    for (round = 0; round < ROUNDS && !script->is_replay; round++) {
        for (i = 0; i < script->pipeline; i++)
            script->say(client);
        exchange(client, script->pipeline, measured_turn);
    }
    if (script->is_replay) {
        site_close(&client->site);
        measured_load(&client->site, settings);
    }
    site_close(&client->site);
    site_remove(&client->site);
    close(client->fd);
    buf_free(&client->said);
    buf_free(&client->heard);
    printf("%zu\n",
           script->is_replay ? client->fresh : ROUNDS * script->pipeline);
}

int main(int argc, char **argv) {
    size_t i;

    for (i = 0; i < SCRIPTS; i++) {
        struct client client = {.script = &scripts[i], .chance = 1};

        if (argc == 1) {
            puts(scripts[i].name);
        } else if (strcmp(argv[1], scripts[i].name) == 0) {
            run(&client);
            return EXIT_SUCCESS;
        }
    }
    return argc == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
