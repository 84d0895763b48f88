/* test_server_log.c -- a server and its log, on good days and bad ones: what
 * clients are told, who has to wait, and what is there after the next start. */
#include "kernel.h"
#include "server_talk.h"
#include "suites.h"

/* Turns, until the log of the server says so. */
static void await_text(struct talk *talk, const char *text) {
    await_log(&talk->site, text);
}

/* The same log in a new server; the old one is closed. */
static void restart(struct talk *talk, const char *name) {
    talk_close(talk);
    talk_open(talk, name, "");
}

/* ---- Rewriting ----------------------------------------------------------- */

/* The new file ends in the database of its last key, and what was logged since
 * goes on behind that: as BGREWRITEAOF begins, and as time begins it. */
START_TEST(a_rewrite_leaves_each_key_in_its_database) {
    static const struct step before[] = {
        {"SELECT 5", OK},
        {"SET five 5", OK},
        {"SELECT 3", OK},
        {"SET one 3", OK},
    };
    static const struct step after[] = {
        {"EXISTS five", ":0\r\n"},
        {"SELECT 3", OK},
        {"MGET one two six", "*3\r\n$1\r\n3\r\n$1\r\n3\r\n$1\r\n3\r\n"},
        {"SELECT 5", OK},
        {"DBSIZE", ":1\r\n"},
    };
    static const char *const ways[] = {
        "BGREWRITEAOF", "CONFIG SET auto-aof-rewrite-min-size 1"};
    size_t way;

    for (way = 0; way < 2; way++) {
        struct talk talk;
        char name[20];

        snprintf(name, sizeof name, "databases-%zu", way);
        talk_open(&talk, name, "");
        take_steps(&talk, before, 4);
        ck_assert(answer_has(&talk, ways[way], way == 0 ? "started" : "OK"));
        if (way == 1) await_text(&talk, "rewriting ");
        take_steps(&talk, &(struct step){"SET two 3", OK}, 1);
        await_text(&talk, "is rewritten");
        take_steps(&talk, &(struct step){"SET six 3", OK}, 1);
        restart(&talk, name);
        take_steps(&talk, after, sizeof after / sizeof *after);
        talk_close(&talk);
    }
}
END_TEST

Suite *server_log_suite(void) {
    const TTest *const tests[] = {
        a_rewrite_leaves_each_key_in_its_database,
    };

    return server_suite_of("server: log", tests, sizeof tests / sizeof *tests);
}
