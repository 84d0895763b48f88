/* test_command_command.c -- COMMAND: what is told of commands, and that the two
 * tables it is told from agree. The replies themselves are compared with those
 * of redis-server by other means. */
#include "command_docs.h"
#include "handlers.h"

#include "helpers.h"
#include "suites.h"

START_TEST(every_command_has_its_row_of_docs_and_every_row_a_command) {
    const struct command_docs *row;
    const struct command *command;

    for (command = command_table; command->name != NULL; command++) {
        check_that(command_docs_find(slice_of(command->name)) != NULL,
                   "no row of command_docs: %s", command->name);
    }
    for (row = command_docs; row->name != NULL; row++) {
        struct slice name = {row->name, strcspn(row->name, "|")};

        check_that(command_find(name) != NULL, "no command: %s", row->name);
        check_that(row == command_docs || strcmp(row[-1].name, row->name) < 0,
                   "not in order: %s", row->name);
        check_that(row->summary != NULL && row->summary[0] != '\0' &&
                       row->since != NULL && row->group != NULL,
                   "says too little: %s", row->name);
    }
}
END_TEST

START_TEST(the_syntax_of_a_command_takes_as_many_arguments_as_the_table) {
    const struct command_docs *row;

    for (row = command_docs; row->name != NULL; row++) {
        const struct command *command = command_find(slice_of(row->name));
        struct syntax syntax;

        check_that(syntax_read(&syntax, row->syntax), "%s: cannot read: %s",
                   row->name, row->syntax);
        if (command == NULL || command_docs_is_of(row + 1, row->name)) continue;
        if (command->run == command_quit) continue; /* takes any, uses none */
        check_that(syntax_arity(&syntax, 1) == command->arity,
                   "%s: arity is %d, but %d in: %s", row->name, command->arity,
                   syntax_arity(&syntax, 1), row->syntax);
    }
}
END_TEST

START_TEST(a_row_says_what_is_done_to_keys_if_there_are_any) {
    const unsigned with_keys = COMMAND_KEY | COMMAND_KEY_PAIR | COMMAND_KEYS |
                               COMMAND_KEY_VALUE;
    const struct command *command;

    for (command = command_table; command->name != NULL; command++) {
        const struct command_docs *row = command_docs_find(
            slice_of(command->name));
        bool told = row->keys != NULL;

        check_that(told == ((command->flags & with_keys) != 0), "%s",
                   command->name);
        if (command->flags & COMMAND_KEY_PAIR) {
            ck_assert_ptr_nonnull(strchr(row->keys, ';'));
        }
    }
}
END_TEST

/* HELP is made from the tables that run subcommands. */
START_TEST(docs_have_the_subcommands_that_can_be_run) {
    const struct command_docs *row;

    for (row = command_docs; row->name != NULL; row++) {
        const char *bar = strchr(row->name, '|');
        struct caller caller;
        char line[100];
        struct slice reply;

        if (bar == NULL) continue;
        snprintf(line, sizeof line, "%.*s HELP", (int)(bar - row->name),
                 row->name);
        caller_open(&caller);
        reply = caller_say(&caller, line);
        snprintf(line, sizeof line, "+%s", bar + 1);
        for (char *c = line; *c != '\0'; c++)
            if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
        check_that(memmem(reply.data, reply.len, line, strlen(line)) != NULL,
                   "%s is not in: %s", row->name, shown(reply));
        caller_close(&caller);
    }
}
END_TEST

START_TEST(keys_are_found_as_the_table_says) {
    struct caller caller;

    caller_open(&caller);
    assert_reply(&caller, "COMMAND GETKEYS mset a b c d",
                 "*2\r\n$1\r\na\r\n$1\r\nc\r\n");
    assert_reply(&caller, "COMMAND GETKEYS rename a b",
                 "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    assert_reply(&caller, "COMMAND GETKEYS OBJECT encoding x",
                 "*1\r\n$1\r\nx\r\n");
    assert_reply(&caller, "COMMAND GETKEYS nosuch a",
                 "-ERR Invalid command specified\r\n");
    assert_reply(&caller, "COMMAND GETKEYS ping x",
                 "-ERR The command has no key arguments\r\n");
    assert_reply(&caller, "COMMAND GETKEYS get a b",
                 "-ERR Invalid number of arguments specified for command\r\n");
    caller_close(&caller);
}
END_TEST

Suite *command_command_suite(void) {
    const TTest *const tests[] = {
        every_command_has_its_row_of_docs_and_every_row_a_command,
        the_syntax_of_a_command_takes_as_many_arguments_as_the_table,
        a_row_says_what_is_done_to_keys_if_there_are_any,
        docs_have_the_subcommands_that_can_be_run,
        keys_are_found_as_the_table_says,
    };

    return suite_of("command_command", tests, COUNT_OF(tests));
}
