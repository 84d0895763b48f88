/* test_command.c -- from a request to its handler, and the commands about the
 * connection that every part has. */
#include "command.h"

#include "helpers.h"
#include "suites.h"

/* ---- Finding ---------------------------------------------------------- */

START_TEST(a_command_is_found_in_any_case) {
    const struct command *command;

    for (command = command_table; command->name != NULL; command++) {
        size_t len = strlen(command->name);
        unsigned upper, i;

        for (upper = 0; upper < 1u << len; upper++) {
            char name[32];

            for (i = 0; i < len; i++) {
                char c = command->name[i];

                name[i] = upper >> i & 1 ? (char)(c - 'a' + 'A') : c;
            }
            check_that(command_find((struct slice){name, len}) == command,
                       "%.*s", (int)len, name);
        }
    }
}
END_TEST

/* The beginning of a name may be another's: DECR, DECRBY. */
static bool is_found_as(struct slice name) {
    const struct command *found = command_find(name);

    return found == NULL || same_bytes(slice_of(found->name), name);
}

START_TEST(a_command_is_found_by_its_whole_name_only) {
    const struct command *command;

    for (command = command_table; command->name != NULL; command++) {
        size_t len = strlen(command->name);
        size_t i;

        for (i = 0; i <= len; i++) {
            char name[33];

            memcpy(name, command->name, len + 1); /* with its NUL */
            if (i < len) {
                check_that(is_found_as((struct slice){name, i}),
                           "%zu bytes of %s", i, name);
                name[i] = '\0';
            }
            check_that(command_find((struct slice){name, len + 1}) == NULL,
                       "%s with a NUL at %zu", command->name, i);
            name[i] = ' ';
            check_that(command_find((struct slice){name, len}) == NULL ||
                           i == len,
                       "%s with a blank at %zu", command->name, i);
        }
    }
    ck_assert_ptr_null(command_find((struct slice){NULL, 0}));
}
END_TEST

START_TEST(the_table_is_in_order_and_in_lower_case) {
    const struct command *command;
    const char *c;

    for (command = command_table; command->name != NULL; command++) {
        for (c = command->name; *c != '\0'; c++)
            check_that(*c >= 'a' && *c <= 'z', "%s", command->name);
        check_that(command->run != NULL && command->arity != 0, "%s",
                   command->name);
        if (command == command_table) continue;
        check_that(strcmp(command[-1].name, command->name) < 0, "%s and %s",
                   command[-1].name, command->name);
    }
}
END_TEST

START_TEST(arity_is_a_number_of_arguments_or_a_least_one) {
    int arity;
    size_t argc;

    for (arity = -5; arity <= 5; arity++) {
        struct command command = {.name = "any", .arity = arity};

        for (argc = 1; argc < 9; argc++) {
            bool want = arity < 0 ? argc >= (size_t)(0 - arity)
                                  : argc == (size_t)arity;

            check_that(command_takes(&command, argc) == want,
                       "arity %d, %zu arguments", arity, argc);
        }
    }
}
END_TEST

/* ---- Errors ----------------------------------------------------------- */

START_TEST(a_wrong_number_of_arguments_names_the_command) {
    const struct command *command;
    size_t argc, i;

    for (command = command_table; command->name != NULL; command++) {
        for (argc = 1; argc <= 5; argc++) {
            struct slice argv[5];
            struct caller caller;
            char want[100];

            if (command_takes(command, argc)) continue;
            argv[0] = slice_of(command->name);
            for (i = 1; i < argc; i++)
                argv[i] = slice_of("x");
            snprintf(want, sizeof want,
                     "-ERR wrong number of arguments for '%s' command\r\n",
                     command->name);
            caller_open(&caller);
            assert_bytes(caller_run(&caller, argv, argc), slice_of(want));
            ck_assert(!caller.changed);
            caller_close(&caller);
        }
    }
}
END_TEST

#define UNKNOWN "-ERR unknown command "
#define WITH    ", with args beginning with: "

START_TEST(an_unknown_command_is_named_with_its_arguments) {
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "foo", UNKNOWN "'foo'" WITH "\r\n");
    assert_reply(&caller, "Foo a B", UNKNOWN "'Foo'" WITH "'a' 'B' \r\n");
    assert_reply(&caller, "foo  b ", UNKNOWN "'foo'" WITH "'' 'b' '' \r\n");
    assert_reply(&caller, "", UNKNOWN "''" WITH "\r\n");
    caller_close(&caller);
}
END_TEST

START_TEST(an_unknown_command_can_not_forge_a_reply) {
    struct slice argv[] = {slice_of("a\r\n+OK\r\n"), slice_of("b\r\n:1\r\n")};
    struct caller caller;

    caller_open(&caller);
    assert_bytes(caller_run(&caller, argv, 2),
                 BYTES(UNKNOWN "'a  +OK  '" WITH "'b  :1  ' \r\n"));
    caller_close(&caller);
}
END_TEST

/* What Redis 7.0 answers: 128 bytes of the name, and arguments until 128 bytes
 * of text are there, quotes and blanks included. */
static void assert_unknown(size_t name_len, size_t arg_len, size_t args) {
    char letters[300];
    struct slice argv[201];
    struct buf want = {0};
    size_t shown_args = 0, i;
    struct caller caller;

    memset(letters, 'y', sizeof letters);
    argv[0] = (struct slice){letters, name_len};
    append_literal(&want, UNKNOWN "'");
    buf_append(&want, letters, name_len < 128 ? name_len : 128);
    append_literal(&want, "'" WITH);
    for (i = 1; i <= args; i++) {
        size_t cut = 128 - shown_args < arg_len ? 128 - shown_args : arg_len;

        argv[i] = (struct slice){letters, arg_len};
        if (shown_args >= 128) continue;
        append_literal(&want, "'");
        buf_append(&want, letters, cut);
        append_literal(&want, "' ");
        shown_args += cut + 3;
    }
    append_literal(&want, "\r\n");
    caller_open(&caller);
    assert_bytes(caller_run(&caller, argv, args + 1), buf_slice(&want));
    caller_close(&caller);
    buf_free(&want);
}

START_TEST(what_is_shown_of_an_unknown_command_is_cut) {
    size_t len, args;

    for (len = 100; len < 300; len++)
        assert_unknown(len, 1, 0);
    for (args = 1; args <= 200; args += args < 50 ? 1 : 50) {
        for (len = 0; len < 200; len++)
            assert_unknown(3, len, args);
    }
}
END_TEST

START_TEST(a_nul_in_an_unknown_command_ends_what_is_shown) {
    struct slice argv[] = {BYTES("a\0b"), BYTES("c\0d"), BYTES("e")};
    struct caller caller;

    caller_open(&caller);
    assert_bytes(caller_run(&caller, argv, 3),
                 BYTES(UNKNOWN "'a'" WITH "'c' 'e' \r\n"));
    caller_close(&caller);
}
END_TEST

START_TEST(at_most_128_bytes_of_a_name_are_shown) {
    char bytes[300] = "";
    size_t len;

    for (len = 0; len < sizeof bytes; len++) {
        int got = command_shown((struct slice){bytes, len});

        check_that(got == (len < 128 ? (int)len : 128), "%d of %zu", got, len);
    }
    ck_assert_int_eq(command_shown((struct slice){bytes, SIZE_MAX}), 128);
}
END_TEST

/* ---- All of the table ------------------------------------------------- */

/* Every command with every 1 to 4 of these; caller_run() sees to it that there
 * is one reply. (Of part 3, those about data: the others need a server.) */
START_TEST(every_command_replies_once_whatever_it_is_given) {
    struct slice junk[] = {slice_of(""),        slice_of("2"),
                           slice_of("-1"),      BYTES("a\0\r\n\xff"),
                           slice_of("setname"), slice_of("id"),
                           slice_of("auth"),    {NULL, 300}};
    const struct command *command;
    char longest[300];
    size_t argc, count, i, k;
    int protocol;

    memset(longest, 'z', sizeof longest);
    junk[COUNT_OF(junk) - 1].data = longest;
    for (command = command_table; command->name != NULL; command++) {
        if (PART >= 3 && !(command->flags & (COMMAND_READ | COMMAND_WRITE))) {
            continue;
        }
        for (argc = 1, count = 1; argc <= 4; argc++, count *= COUNT_OF(junk)) {
            for (i = 0; i < count; i++) {
                for (protocol = 2; protocol <= 3; protocol++) {
                    struct slice argv[4] = {slice_of(command->name)};
                    struct caller caller;
                    size_t rest = i;

                    for (k = 1; k < argc; k++, rest /= COUNT_OF(junk))
                        argv[k] = junk[rest % COUNT_OF(junk)];
                    caller_open(&caller);
                    caller.session.protocol = protocol;
                    caller_run(&caller, argv, argc);
                    check_that(!caller.changed ||
                                   (command->flags & COMMAND_WRITE) != 0,
                               "%s changed the store", command->name);
                    caller_close(&caller);
                }
            }
        }
    }
}
END_TEST

START_TEST(what_to_type_first_names_the_port) {
    char text[200];
    size_t size;

    command_hint(text, sizeof text, "build/redis-lite", 54321);
    ck_assert_ptr_nonnull(strstr(text, "54321"));
    for (size = 1; size <= 20; size++) { /* and stays within its room */
        char *room = xmalloc(size);

        command_hint(room, size, "build/redis-lite", 54321);
        ck_assert_uint_lt(strlen(room), size);
        free(room);
    }
}
END_TEST

/* ---- PING, ECHO, QUIT -------------------------------------------------- */

START_TEST(ping_answers_pong_or_its_argument) {
    struct slice bytes[] = {slice_of("ping"), BYTES("a\r\n\0b")};
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "PING", "+PONG\r\n");
    assert_reply(&caller, "PING hello", "$5\r\nhello\r\n");
    assert_reply(&caller, "PING ", "$0\r\n\r\n");
    assert_bytes(caller_run(&caller, bytes, 2), BYTES("$5\r\na\r\n\0b\r\n"));
    assert_reply(&caller, "PING a b",
                 "-ERR wrong number of arguments for 'ping' command\r\n");
    caller_close(&caller);
}
END_TEST

START_TEST(echo_answers_its_argument) {
    struct slice bytes[] = {slice_of("echo"), BYTES("\0\xff\r\n")};
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "ECHO hello", "$5\r\nhello\r\n");
    assert_reply(&caller, "ECHO ", "$0\r\n\r\n");
    assert_bytes(caller_run(&caller, bytes, 2), BYTES("$4\r\n\0\xff\r\n\r\n"));
    caller_close(&caller);
}
END_TEST

START_TEST(quit_says_ok_and_ends_the_session) {
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "PING", "+PONG\r\n");
    ck_assert(!caller.session.closing);
    assert_reply(&caller, "QUIT", "+OK\r\n");
    ck_assert(caller.session.closing);
    caller.session.closing = false;
    assert_reply(&caller, "QUIT now", "+OK\r\n");
    ck_assert(caller.session.closing);
    caller_close(&caller);
}
END_TEST

Suite *command_suite(void) {
    const TTest *tests[] = {
        a_command_is_found_in_any_case,
        a_command_is_found_by_its_whole_name_only,
        the_table_is_in_order_and_in_lower_case,
        arity_is_a_number_of_arguments_or_a_least_one,
        a_wrong_number_of_arguments_names_the_command,
        an_unknown_command_is_named_with_its_arguments,
        an_unknown_command_can_not_forge_a_reply,
        what_is_shown_of_an_unknown_command_is_cut,
        a_nul_in_an_unknown_command_ends_what_is_shown,
        at_most_128_bytes_of_a_name_are_shown,
        every_command_replies_once_whatever_it_is_given,
        what_to_type_first_names_the_port,
        ping_answers_pong_or_its_argument,
        echo_answers_its_argument,
        quit_says_ok_and_ends_the_session,
    };

    return suite_of("command", tests, COUNT_OF(tests));
}
