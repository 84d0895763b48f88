/* test_ahead.c -- which keys are announced to the store before requests run.
 * Nothing else would show it: without, all is the same, and slower. */
#include "server_room.h"
#include "store.h"
#include "suites.h"

/* Linked with -Wl,--wrap=store_announce. */
void __real_store_announce(const struct store *store, unsigned database,
                           const struct slice *keys, size_t count);
void __wrap_store_announce(const struct store *store, unsigned database,
                           const struct slice *keys, size_t count);

static struct buf announced; /* each test is a process */

void __wrap_store_announce(const struct store *store, unsigned database,
                           const struct slice *keys, size_t count) {
    char head[32];
    int len = snprintf(head, sizeof head, "(%u", database);

    buf_append(&announced, head, (size_t)len);
    for (size_t i = 0; i < count; i++) {
        append_literal(&announced, " ");
        buf_append(&announced, keys[i].data, keys[i].len);
    }
    append_literal(&announced, ")");
    __real_store_announce(store, database, keys, count);
}

START_TEST(all_keys_of_what_has_come_are_announced_at_once) {
    static const struct {
        const char *requests;
        const char *keys;
    } rows[] = {
        {"GET a\r\nGET b\r\n", "(0 a b)"},
        {"SET a 1\r\nDEL b c d\r\nMSET e 1 f 2\r\n", "(0 a b c d e f)"},
        {"RENAME a b\r\n", "(0 a b)"},
        {"MGET a b c\r\n", "(0 a b c)"},
        {"PING\r\nNONE a b\r\nINCR a\r\nECHO x\r\nTTL b\r\n", "(0 a b)"},
        {"SELECT 3\r\nGET a\r\nGET b\r\n", "(0 a b)"},
        {"GET a\r\n", ""}, /* alone, it is not fetched any sooner */
    };
    struct site site;

    site_open(&site, "ahead");
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct peer peer;

        peer_open(&peer, site.server);
        peer_say(&peer, slice_of(rows[i].requests));
        say(&peer, "QUIT\r\n");
        while (!peer.ended)
            await(site.server, &peer, buf_len(&peer.heard) + 1);
        assert_bytes(buf_slice(&announced), slice_of(rows[i].keys));
        buf_free(&announced);
        peer_close(&peer);
    }
    site_close(&site);
}
END_TEST

START_TEST(the_keys_of_a_log_are_announced) {
    struct site site;
    FILE *file;

    site_prepare(&site, "log");
    file = fopen(site.aof_path, "w");
    fputs("*5\r\n$4\r\nMSET\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$1\r\n2\r\n",
          file);
    fclose(file);
    site_start(&site);
    assert_bytes(buf_slice(&announced), BYTES("(0 a b)"));
    buf_free(&announced);
    site_close(&site);
}
END_TEST

Suite *ahead_suite(void) {
    const TTest *const tests[] = {
        all_keys_of_what_has_come_are_announced_at_once,
        the_keys_of_a_log_are_announced,
    };

    return server_suite_of("ahead", tests, sizeof tests / sizeof *tests);
}
