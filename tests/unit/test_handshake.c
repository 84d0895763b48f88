/* test_handshake.c -- HELLO, CLIENT and COMMAND: what client libraries ask
 * before the first command of their user. */
#include "helpers.h"
#include "params.h"
#include "suites.h"

#if PART >= 2

/* ---- HELLO ------------------------------------------------------------ */

#define NAME(protocol)                                                         \
    "$6\r\nserver\r\n$5\r\nredis\r\n"                                          \
    "$7\r\nversion\r\n$6\r\n" REDIS_COMPATIBLE_VERSION "\r\n"                  \
    "$5\r\nproto\r\n:" protocol "\r\n"                                         \
    "$2\r\nid\r\n:42\r\n"                                                      \
    "$4\r\nmode\r\n$10\r\nstandalone\r\n"                                      \
    "$4\r\nrole\r\n$6\r\nmaster\r\n"                                           \
    "$7\r\nmodules\r\n*0\r\n"
#define HELLO_2 "*14\r\n" NAME("2")
#define HELLO_3 "%7\r\n" NAME("3")

START_TEST(hello_says_who_is_here_in_the_protocol_it_agrees_on) {
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "HELLO", HELLO_2);
    assert_reply(&caller, "HELLO 3", HELLO_3);
    ck_assert_int_eq(caller.session.protocol, 3);
    assert_reply(&caller, "HELLO", HELLO_3);
    assert_reply(&caller, "hello 2", HELLO_2);
    ck_assert_int_eq(caller.session.protocol, 2);
    caller_close(&caller);
}
END_TEST

START_TEST(hello_takes_no_other_version) {
    static const char *const words[] = {
        "HELLO 1",  "HELLO 4",          "HELLO 0",
        "HELLO -1", "HELLO 4294967298", "HELLO 9223372036854775807"};
    static const char *const others[] = {
        "HELLO x",      "HELLO ",   "HELLO 3.0",
        "HELLO 03",     "HELLO +3", "HELLO 99999999999999999999",
        "HELLO setname"};
    struct caller caller;
    size_t i;

    caller_open(&caller);
    for (i = 0; i < COUNT_OF(words); i++) {
        assert_reply(&caller, words[i],
                     "-NOPROTO unsupported protocol version\r\n");
    }
    for (i = 0; i < COUNT_OF(others); i++) {
        assert_reply(&caller, others[i],
                     "-ERR Protocol version is not an integer or out of "
                     "range\r\n");
    }
    ck_assert_int_eq(caller.session.protocol, 2);
    caller_close(&caller);
}
END_TEST

START_TEST(hello_takes_a_name_and_the_default_user) {
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "HELLO 3 SETNAME me", HELLO_3);
    assert_bytes(buf_slice(&caller.session.name), BYTES("me"));
    assert_reply(&caller, "HELLO 2 AUTH default any", HELLO_2);
    assert_reply(&caller, "HELLO 2 auth default  setname you", HELLO_2);
    assert_bytes(buf_slice(&caller.session.name), BYTES("you"));
    assert_reply(&caller, "HELLO 3 setname a SETNAME b Auth default x",
                 HELLO_3);
    assert_bytes(buf_slice(&caller.session.name), BYTES("b"));
    caller_close(&caller);
}
END_TEST

START_TEST(a_hello_that_fails_leaves_the_protocol) {
    /* clang-format off */
    static const struct {
        const char *words, *reply;
    } table[] = {
        {"HELLO 3 AUTH alice secret",
         "-WRONGPASS invalid username-password pair or user is disabled.\r\n"},
        {"HELLO 3 AUTH Default secret",
         "-WRONGPASS invalid username-password pair or user is disabled.\r\n"},
        {"HELLO 3 AUTH default x AUTH bob y",
         "-WRONGPASS invalid username-password pair or user is disabled.\r\n"},
        {"HELLO 3 AUTH default",
         "-ERR Syntax error in HELLO option 'AUTH'\r\n"},
        {"HELLO 3 AUTH", "-ERR Syntax error in HELLO option 'AUTH'\r\n"},
        {"HELLO 3 setname", "-ERR Syntax error in HELLO option 'setname'\r\n"},
        {"HELLO 3 nonsense 1",
         "-ERR Syntax error in HELLO option 'nonsense'\r\n"},
        {"HELLO 3 ", "-ERR Syntax error in HELLO option ''\r\n"},
        {"HELLO 3 AUTH default x y",
         "-ERR Syntax error in HELLO option 'y'\r\n"},
        {"HELLO 3 setname caf\xc3\xa9",
         "-ERR Client names cannot contain spaces, newlines or special "
         "characters.\r\n"},
    };
    /* clang-format on */
    size_t i;

    for (i = 0; i < COUNT_OF(table); i++) {
        struct caller caller;

        caller_open(&caller);
        assert_bytes(caller_say(&caller, table[i].words),
                     slice_of(table[i].reply));
        check_that(caller.session.protocol == 2, "%s", table[i].words);
        caller_close(&caller);
    }
}
END_TEST

/* ---- CLIENT ----------------------------------------------------------- */

START_TEST(a_client_has_the_name_it_set_last) {
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "CLIENT GETNAME", "$-1\r\n");
    assert_reply(&caller, "CLIENT SETNAME first", "+OK\r\n");
    assert_reply(&caller, "CLIENT GETNAME", "$5\r\nfirst\r\n");
    assert_reply(&caller, "client setname 2nd", "+OK\r\n");
    assert_reply(&caller, "client getname", "$3\r\n2nd\r\n");
    assert_reply(&caller, "CLIENT SETNAME ", "+OK\r\n"); /* empty: none */
    assert_reply(&caller, "CLIENT GETNAME", "$-1\r\n");
    caller.session.protocol = 3;
    assert_reply(&caller, "CLIENT GETNAME", "_\r\n");
    caller_close(&caller);
}
END_TEST

START_TEST(a_name_is_of_printable_bytes_without_blanks) {
    int byte;

    for (byte = 0; byte < 256; byte++) {
        char name[] = {'a', (char)byte, 'b'};
        struct slice argv[] = {
            slice_of("client"), slice_of("setname"), {name, sizeof name}};
        bool fits = byte > ' ' && byte <= '~';
        struct caller caller;
        struct slice reply;

        caller_open(&caller);
        assert_reply(&caller, "CLIENT SETNAME before", "+OK\r\n");
        reply = caller_run(&caller, argv, 3);
        check_that(fits == same_bytes(reply, BYTES("+OK\r\n")), "byte 0x%02x",
                   (unsigned)byte);
        if (fits) {
            assert_bytes(buf_slice(&caller.session.name), argv[2]);
        } else {
            assert_bytes(reply, BYTES("-ERR Client names cannot contain "
                                      "spaces, newlines or special "
                                      "characters.\r\n"));
            assert_bytes(buf_slice(&caller.session.name), BYTES("before"));
        }
        caller_close(&caller);
    }
}
END_TEST

START_TEST(client_id_is_that_of_the_session) {
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "CLIENT ID", ":42\r\n");
    caller.session.id = INT64_MAX;
    assert_reply(&caller, "client id", ":9223372036854775807\r\n");
    caller_close(&caller);
}
END_TEST

START_TEST(client_setinfo_takes_the_name_and_version_of_a_library) {
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "CLIENT SETINFO LIB-NAME redis-py", "+OK\r\n");
    assert_reply(&caller, "CLIENT SETINFO lib-ver 5.0.1", "+OK\r\n");
    assert_reply(&caller, "CLIENT SETINFO lib-foo x",
                 "-ERR Unrecognized option 'lib-foo'\r\n");
    caller_close(&caller);
}
END_TEST

START_TEST(a_subcommand_that_is_not_there_is_named_up_to_128_bytes) {
    char name[200];
    struct slice argv[] = {slice_of("client"), {name, sizeof name}};
    struct buf want = {0};
    struct caller caller;

    memset(name, 'n', sizeof name);
    caller_open(&caller);
    assert_reply(&caller, "CLIENT NoSuch",
                 "-ERR unknown subcommand 'NoSuch'. Try CLIENT HELP.\r\n");
    assert_reply(&caller, "CLIENT ",
                 "-ERR unknown subcommand ''. Try CLIENT HELP.\r\n");
    assert_reply(&caller, "COMMAND a\rb",
                 "-ERR unknown subcommand 'a b'. Try COMMAND HELP.\r\n");
    append_literal(&want, "-ERR unknown subcommand '");
    buf_append(&want, name, 128);
    append_literal(&want, "'. Try CLIENT HELP.\r\n");
    assert_bytes(caller_run(&caller, argv, 2), buf_slice(&want));
    buf_free(&want);
    caller_close(&caller);
}
END_TEST

START_TEST(a_subcommand_with_too_few_or_many_arguments_is_named) {
    static const struct {
        const char *words, *name;
    } table[] = {
        {"CLIENT GETNAME x", "client|getname"},
        {"CLIENT ID x", "client|id"},
        {"CLIENT SETINFO", "client|setinfo"},
        {"CLIENT SETINFO lib-name", "client|setinfo"},
        {"CLIENT SETINFO lib-name a b", "client|setinfo"},
        {"CLIENT SETNAME", "client|setname"},
        {"CLIENT SETNAME a b", "client|setname"},
        {"COMMAND COUNT x", "command|count"},
    };
    struct caller caller;
    size_t i;

    caller_open(&caller);
    for (i = 0; i < COUNT_OF(table); i++) {
        char want[100];

        snprintf(want, sizeof want,
                 "-ERR wrong number of arguments for '%s' command\r\n",
                 table[i].name);
        assert_bytes(caller_say(&caller, table[i].words), slice_of(want));
    }
    caller_close(&caller);
}
END_TEST

/* ---- COMMAND ---------------------------------------------------------- */

START_TEST(command_counts_the_commands) {
    struct caller caller;
    int count = 0;
    char want[32];

    while (command_table[count].name != NULL)
        count++;
    snprintf(want, sizeof want, ":%d\r\n", count);
    caller_open(&caller);
    assert_bytes(caller_say(&caller, "COMMAND COUNT"), slice_of(want));
    caller_close(&caller);
}
END_TEST

#if PART < 3 /* what part 3 describes: test_command_command.c */
START_TEST(command_describes_none) {
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "COMMAND", "*0\r\n");
    assert_reply(&caller, "COMMAND DOCS", "*0\r\n");
    assert_reply(&caller, "command docs get set", "*0\r\n");
    caller.session.protocol = 3;
    assert_reply(&caller, "COMMAND DOCS", "%0\r\n");
    caller_close(&caller);
}
END_TEST
#endif

Suite *handshake_suite(void) {
    const TTest *tests[] = {
        hello_says_who_is_here_in_the_protocol_it_agrees_on,
        hello_takes_no_other_version,
        hello_takes_a_name_and_the_default_user,
        a_hello_that_fails_leaves_the_protocol,
        a_client_has_the_name_it_set_last,
        a_name_is_of_printable_bytes_without_blanks,
        client_id_is_that_of_the_session,
        client_setinfo_takes_the_name_and_version_of_a_library,
        a_subcommand_that_is_not_there_is_named_up_to_128_bytes,
        a_subcommand_with_too_few_or_many_arguments_is_named,
        command_counts_the_commands,
#if PART < 3
        command_describes_none,
#endif
    };

    return suite_of("handshake", tests, COUNT_OF(tests));
}

#endif
