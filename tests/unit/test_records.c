/* test_records.c -- what commands have the log say: replayed, it must give the
 * same store again, whatever they were asked, and at whatever time. */
#include "command.h"

#include "handlers.h"
#include "helpers.h"
#include "suites.h"

#define COMMANDS  20000
#define DATABASES 3
#define VALUE_MAX 200 /* bytes: more would cost time and show nothing */
#define NOW       1000000000000 /* 2001 */

/* ---- A store and its replica -------------------------------------------- */

static void note_expired(void *context, struct slice key) {
    struct caller *caller = context;

    store_select(caller->replica, store_selected(caller->store));
    store_delete(caller->replica, key); /* as the server has it logged */
}

static void compare_key(void *context, struct slice key, struct slice value) {
    struct caller *caller = context;
    struct slice other;

    check_that(store_peek(caller->replica, key, &other),
               "%s is not in the replica", shown(key));
    check_that(same_bytes(value, other), "%s is \"%s\", in the replica \"%s\"",
               shown(key), shown(value), shown(other));
    check_that(store_expiry(caller->store, key) ==
                   store_expiry(caller->replica, key),
               "%s does not expire at the same time", shown(key));
}

static void compare(struct caller *caller) {
    unsigned selected = store_selected(caller->store);
    unsigned database;
    uint64_t cursor = 0;

    while (store_expire_some(caller->store, 1000000) > 0)
        continue;
    for (database = 0; database < DATABASES; database++) {
        store_select(caller->store, database);
        store_select(caller->replica, database);
        check_that(store_count(caller->store) == store_count(caller->replica),
                   "database %u has %zu keys, in the replica %zu", database,
                   store_count(caller->store), store_count(caller->replica));
        do {
            cursor = store_scan(caller->store, cursor, compare_key, caller);
        } while (cursor != 0);
    }
    store_select(caller->store, selected);
}

/* ---- Random commands ----------------------------------------------------- */

static struct slice any_of(uint64_t *chance, const char *const *words,
                           size_t count) {
    return slice_of(words[random_below(chance, count)]);
}

static struct slice any_key(uint64_t *chance) {
    static const char *const keys[] = {"a", "b", "c", "d", "", "key"};

    return any_of(chance, keys, COUNT_OF(keys));
}

/* Keys, numbers and values, times before and after NOW, options of all
 * commands. */
static struct slice any_word(uint64_t *chance) {
    static const char *const words[] = {
        "0",       "1",          "2",
        "3",       "-1",         "7",
        "10",      "1000",       "1000000",
        "1.5",     "inf",        "9223372036854775807",
        "",        "hello",      "a longer value than most of the others",
        "a",       "b",          "1000000000",
        "1000001", "1000000500", "1000000000500",
        "1",       "999999999",  "1000000001000",
        "1",       "2",          "100",
    };
    static const char *const options[] = {
        "NX",      "xx",      "GET", "EX", "px", "EXAT",    "pxat", "KEEPTTL",
        "persist", "REPLACE", "DB",  "gt", "LT", "NOSENSE", "sync", "ASYNC",
    };

    if (random_below(chance, 3) > 0) {
        return any_of(chance, words, COUNT_OF(words));
    }
    return any_of(chance, options, COUNT_OF(options));
}

/* Whether argument number 'i' of this command is a key. */
static bool is_key(const struct command *command, size_t i) {
    if (command->flags & COMMAND_KEYS) return true;
    if (command->flags & COMMAND_KEY_VALUE) return i % 2 == 1;
    if (command->flags & COMMAND_KEY_PAIR) return i <= 2;
    return i == 1 && (command->flags & COMMAND_KEY) != 0;
}

/* Any command that writes; those that delete all come rarely, or there would
 * be nothing to write on. */
static const struct command *any_command(uint64_t *chance) {
    for (;;) {
        const struct command *command =
            &command_table[random_below(chance, command_count)];

        if (!(command->flags & COMMAND_WRITE)) continue;
        if (command->arity == -1 && random_below(chance, 20) > 0) continue;
        return command;
    }
}

/* Run it with as many arguments as it takes, or some more. True if it changed
 * the store. */
static bool run_any(struct caller *caller, const struct command *command,
                    uint64_t *chance) {
    struct slice argv[10] = {slice_of(command->name)};
    size_t argc = (size_t)abs(command->arity);
    struct slice reply;
    size_t i;

    if (command->arity < 0) argc += random_below(chance, 4);
    for (i = 1; i < argc; i++)
        argv[i] = is_key(command, i) ? any_key(chance) : any_word(chance);
    reply = caller_run(caller, argv, argc);
    check_that(!caller->changed || reply.data[0] != '-',
               "%s is logged, and answered with %s", command->name,
               shown(reply));
    return caller->changed;
}

START_TEST(replayed_records_give_the_same_store) {
    uint64_t chance = (uint64_t)_i * 7919 + 1;
    int64_t now = NOW;
    const struct command *command;
    struct caller caller;
    struct store_listener listener = {.context = &caller,
                                      .expired = note_expired};
    bool *changed = xcalloc(command_count, sizeof *changed);
    size_t i;
    int n;

    caller_open(&caller);
    caller.value_max = VALUE_MAX;
    caller.replica = store_new(); /* at no time: nothing expires by itself */
    store_listen(caller.store, &listener);
    for (n = 0; n < COMMANDS; n++) {
        caller.session.database = (unsigned)random_below(&chance, DATABASES);
        if (random_below(&chance, 10) == 0) {
            now += (int64_t)random_below(&chance, 1000);
        }
        store_set_time(caller.store, now);
        command = any_command(&chance);
        if (run_any(&caller, command, &chance)) {
            changed[command - command_table] = true;
        }
        if (n % (20 * STRIDE) == 0) compare(&caller);
    }
    compare(&caller);
    for (i = 0; i < command_count; i++) {
        check_that(changed[i] || !(command_table[i].flags & COMMAND_WRITE),
                   "%s never changed anything", command_table[i].name);
    }
    free(changed);
    store_free(caller.replica);
    caller_close(&caller);
}
END_TEST

Suite *records_suite(void) {
    Suite *suite = suite_create("records");
    TCase *tcase = tcase_create("records");

    tcase_set_timeout(tcase, TEST_SECONDS);
    tcase_add_loop_test(tcase, replayed_records_give_the_same_store, 0,
                        STRIDE > 1 ? 1 : 3);
    suite_add_tcase(suite, tcase);
    return suite;
}
