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
        if (command == NULL || command_docs_subcommands(row) > 0) continue;
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

/* Only asked, not run: whatever it answers, it knows what is meant. */
START_TEST(subcommands_of_the_docs_can_be_run) {
    const struct command_docs *row;

    for (row = command_docs; row->name != NULL; row++) {
        size_t len = strcspn(row->name, "|");
        struct slice argv[] = {{row->name, len}, {NULL, 0}};
        struct session session = {.protocol = 2};
        struct buf out = {0};
        struct call call = {.argv = argv,
                            .argc = 2,
                            .session = &session,
                            .out = &out,
                            .only_check = true};

        if (row->name[len] == '\0') continue;
        argv[1] = slice_of(row->name + len + 1);
        command_execute(&call);
        buf_append(&out, "", 1);
        check_that(strstr(out.data, "unknown subcommand") == NULL, "%s: %s",
                   row->name, out.data);
        buf_free(&out);
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
        subcommands_of_the_docs_can_be_run,
        keys_are_found_as_the_table_says,
    };

    return suite_of("command_command", tests, COUNT_OF(tests));
}
