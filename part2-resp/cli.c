/* cli.c -- redis-lite-cli: sends commands to a server, and prints what it
 * answers.
 *
 * It is the protocol from the other end, by the same code: inline.c splits the
 * lines that are typed, resp_writer.c makes requests of them, resp_reader.c
 * reads the replies. One command at a time, so it simply blocks: it needs no
 * event loop. It knows the types that our server sends, and shows a map of
 * RESP3 as the array it was in RESP2; redis-cli knows all types, and has
 * pipelining, subscriptions and a line editor too. */
#include "buf.h"
#include "cli_print.h"
#include "inline.h"
#include "params.h"
#include "resp.h"
#include "slice.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

/* What became of a command, or of a line that was typed. */
enum outcome {
    ANSWERED,   /* its reply is printed; or there was nothing to send */
    REFUSED,    /* likewise, and the reply is an error */
    UNREADABLE, /* what came is no reply that we know; disconnected */
    LOST,       /* the connection broke, or there was none to be had */
    QUIT,       /* the user wants to go */
};

struct options {
    const char *host;
    const char *port;
    enum { UNTOLD, RAW, FORMATTED } output;
    bool fail_on_error;
};

struct cli {
    struct options options;
    int fd;        /* owned; -1: not connected */
    struct buf in; /* received, and not printed yet */
    struct resp_reader reader;
    struct cli_printer printer;
};

/* ---- The connection ---------------------------------------------------- */

static void print_address(FILE *out, const struct cli *cli) {
    const char *host = cli->options.host;

    fprintf(out, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host,
            cli->options.port);
}

static int connect_to(const struct addrinfo *at) {
    int fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
    int on = 1;
    int cause;

    if (fd == -1) return -1;
    if (connect(fd, at->ai_addr, at->ai_addrlen) == -1) {
        cause = errno;
        close(fd);
        errno = cause;
        return -1;
    }
    /* A request is sent whole, so there is nothing for Nagle's algorithm to
     * wait for. Without this a long one would only be slower. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* Try every address that the host has: "localhost" is often ::1 first, where a
 * server that listens on 127.0.0.1 does not hear. */
static bool cli_connect(struct cli *cli) {
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    struct addrinfo *at;
    int failed = getaddrinfo(cli->options.host, cli->options.port, &wanted,
                             &found);
    const char *why = gai_strerror(failed);

    if (failed == 0) {
        for (at = found; at != NULL && cli->fd == -1; at = at->ai_next) {
            cli->fd = connect_to(at);
        }
        why = strerror(errno);
        freeaddrinfo(found);
    }
    if (cli->fd != -1) return true;
    fprintf(stderr, "Could not connect to redis-lite at ");
    print_address(stderr, cli);
    fprintf(stderr, ": %s\n", why);
    return false;
}

static void cli_disconnect(struct cli *cli) {
    if (cli->fd != -1) close(cli->fd);
    cli->fd = -1;
    buf_free(&cli->in);
    cli->reader = (struct resp_reader){0};
}

/* ---- A request and its reply ------------------------------------------- */

/* A peer that has gone shows in three ways, by how far it had gone when we
 * wrote: the end of its bytes (0), or one of two errors. */
static const char *explain(int cause) {
    if (cause == 0 || cause == ECONNRESET || cause == EPIPE) {
        return "Server closed the connection";
    }
    return strerror(cause);
}

/* NULL, or what went wrong. */
static const char *send_all(int fd, struct slice bytes) {
    while (bytes.len > 0) {
        ssize_t sent = write(fd, bytes.data, bytes.len);

        if (sent == -1 && errno != EINTR) return explain(errno);
        if (sent > 0) {
            bytes.data += sent;
            bytes.len -= (size_t)sent;
        }
    }
    return NULL;
}

/* Read until '*item' is one item of the reply, which borrows from cli->in.
 * NULL, or what went wrong; '*outcome' then says which kind of wrong. */
static const char *receive_item(struct cli *cli, struct resp_item *item,
                                enum outcome *outcome) {
    for (;;) {
        char *room;
        ssize_t got;

        switch (resp_read_item(&cli->reader, buf_slice(&cli->in), item)) {
        case RESP_COMPLETE: return NULL;
        case RESP_ERROR: *outcome = UNREADABLE; return cli->reader.error;
        case RESP_NEED_MORE: break;
        }
        *outcome = LOST;
        room = buf_reserve(&cli->in, READ_SIZE);
        got = read(cli->fd, room, READ_SIZE);
        if (got == 0) return explain(0);
        if (got == -1 && errno != EINTR) return explain(errno);
        if (got > 0) buf_added(&cli->in, (size_t)got);
    }
}

/* As receive_item(), for the whole reply; and print it. */
static const char *receive_reply(struct cli *cli, enum outcome *outcome) {
    struct resp_item item;
    const char *wrong;
    bool is_error = false;

    do {
        wrong = receive_item(cli, &item, outcome);
        if (wrong != NULL) return wrong;
        if (item.depth == 0) is_error = item.type == RESP_FAILURE;
        cli_print(&cli->printer, &item, cli->reader.more);
        buf_consume(&cli->in, cli->reader.size);
    } while (cli->reader.more);
    *outcome = is_error ? REFUSED : ANSWERED;
    return NULL;
}

/* Send one request and print its reply, connecting first if need be. */
static enum outcome cli_ask(struct cli *cli, struct slice request) {
    enum outcome outcome = LOST;
    const char *wrong;

    if (cli->fd == -1 && !cli_connect(cli)) return LOST;
    wrong = send_all(cli->fd, request);
    if (wrong == NULL) wrong = receive_reply(cli, &outcome);
    if (cli->reader.more) putchar('\n'); /* it broke off within a line */
    fflush(stdout); /* what is printed comes before what went wrong */
    if (wrong != NULL) {
        fprintf(stderr, "Error: %s%s\n",
                outcome == UNREADABLE ? "cannot read the reply: " : "", wrong);
        cli_disconnect(cli);
    }
    return outcome;
}

/* ---- Commands from the command line, or line by line ------------------- */

static int run_command(struct cli *cli, char **words, int count) {
    struct buf request = {0};
    enum outcome outcome;
    int i;

    resp_write_array(&request, (size_t)count);
    for (i = 0; i < count; i++) {
        resp_write_bulk(&request, slice_of(words[i]));
    }
    outcome = cli_ask(cli, buf_slice(&request));
    buf_free(&request);
    if (outcome == REFUSED && !cli->options.fail_on_error) return EXIT_SUCCESS;
    return outcome == ANSWERED ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Append the request that 'line' spells. How many words that were (with none
 * there is no request), or -1 if its quotes do not match. */
static int write_request(struct buf *request, struct slice line) {
    struct buf bulks = {0}; /* apart: their count has to go before them */
    struct buf word = {0};
    int count = 0;
    int found;

    while ((found = inline_next_word(&line, &word)) == 1) {
        resp_write_bulk(&bulks, buf_slice(&word));
        buf_consume(&word, buf_len(&word));
        count++;
    }
    if (found == 0 && count > 0) {
        struct slice bytes = buf_slice(&bulks);

        resp_write_array(request, (size_t)count);
        buf_append(request, bytes.data, bytes.len);
    }
    buf_free(&word);
    buf_free(&bulks);
    return found == 0 ? count : -1;
}

static struct slice trim(struct slice line) {
    while (line.len > 0 && isspace((unsigned char)line.data[0])) {
        line.data++;
        line.len--;
    }
    while (line.len > 0 && isspace((unsigned char)line.data[line.len - 1]))
        line.len--;
    return line;
}

static bool is(struct slice line, const char *word) {
    return slice_equal_nocase(line, slice_of(word));
}

static enum outcome run_line(struct cli *cli, struct slice line) {
    struct buf request = {0};
    enum outcome outcome = ANSWERED;

    line = trim(line);
    if (is(line, "quit") || is(line, "exit")) return QUIT;
    if (is(line, "help")) {
        printf("Type a command and its arguments, such as: ECHO \"two words\"\n"
               "To leave, type quit, or press Ctrl-D.\n");
        return ANSWERED;
    }
    switch (write_request(&request, line)) {
    case -1: printf("Invalid argument(s)\n"); break;
    case 0: break;
    default: outcome = cli_ask(cli, buf_slice(&request)); break;
    }
    buf_free(&request);
    return outcome;
}

static void print_prompt(const struct cli *cli) {
    if (cli->fd != -1) {
        print_address(stdout, cli);
    } else {
        printf("not connected");
    }
    printf("> ");
    fflush(stdout);
}

/* At a prompt, whoever types sees what went wrong and decides what to do next.
 * A script cannot see: without a connection, it ends. What one connection was
 * told (its name, say) should not be half of the story of the next. */
static int run_lines(struct cli *cli, bool at_prompt) {
    enum outcome outcome = ANSWERED;
    bool failed = false;
    char *line = NULL;
    size_t cap = 0;

    if (!cli_connect(cli) && !at_prompt) return EXIT_FAILURE;
    while (outcome != QUIT && !ferror(stdout)) {
        ssize_t len;

        if (at_prompt) print_prompt(cli);
        len = getline(&line, &cap, stdin);
        if (len == -1) {
            if (at_prompt) putchar('\n'); /* the shell's prompt comes next */
            break;
        }
        outcome = run_line(cli, (struct slice){line, (size_t)len});
        if (outcome == UNREADABLE || outcome == LOST) failed = true;
        if (outcome == LOST && !at_prompt) break;
    }
    free(line);
    return failed && !at_prompt ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- The command line -------------------------------------------------- */

static void print_help(void) {
    printf("redis-lite-cli " VERSION ": sends commands to a server\n\n"
           "usage: redis-lite-cli [option]... [COMMAND [ARGUMENT]...]\n"
           "  -h HOST      the server's name or address (default 127.0.0.1)\n"
           "  -p PORT      its port (default 6379)\n"
           "  -e           exit with status 1 if the reply is an error\n"
           "  --raw        print replies as they are\n"
           "  --no-raw     print replies with their types, and in quotes;\n"
           "               otherwise so only to a terminal\n"
           "  --help       show this\n"
           "  --version    show the version\n\n"
           "Without a command, each line of the standard input is one. There\n"
           "is no line editor: use `rlwrap redis-lite-cli` to have one.\n");
}

static _Noreturn void refuse(const char *what, const char *argument) {
    fprintf(stderr, "redis-lite-cli: %s '%.100s' (see --help)\n", what,
            argument);
    exit(EXIT_USAGE);
}

static const char *take_port(const char *value) {
    int64_t port;

    if (!slice_to_int64(slice_of(value), &port) || port < 1 || port > 65535) {
        refuse("expected a port from 1 to 65535, not", value);
    }
    return value;
}

/* Returns where the command's words begin in 'argv'; they end with it. */
static int read_options(int argc, char **argv, struct options *options) {
    int i;

    *options = (struct options){.host = "127.0.0.1", .port = "6379"};
    for (i = 1; i < argc && argv[i][0] == '-'; i++) {
        const char *name = argv[i];

        if (strcmp(name, "-h") == 0 || strcmp(name, "-p") == 0) {
            if (++i == argc) refuse("expected a value after", name);
            if (name[1] == 'h') options->host = argv[i];
            if (name[1] == 'p') options->port = take_port(argv[i]);
        } else if (strcmp(name, "-e") == 0) {
            options->fail_on_error = true;
        } else if (strcmp(name, "--raw") == 0) {
            options->output = RAW;
        } else if (strcmp(name, "--no-raw") == 0) {
            options->output = FORMATTED;
        } else if (strcmp(name, "--help") == 0) {
            print_help();
            exit(EXIT_SUCCESS);
        } else if (strcmp(name, "--version") == 0) {
            printf("redis-lite-cli " VERSION "\n");
            exit(EXIT_SUCCESS);
        } else {
            refuse("unknown option", name);
        }
    }
    return i;
}

int main(int argc, char **argv) {
    struct cli cli = {.fd = -1};
    int first = read_options(argc, argv, &cli.options);
    bool has_command = first < argc;
    bool is_typed = has_command || isatty(STDIN_FILENO);
    int status;

    /* A server that is gone is an errno of write(), not the end of us. */
    signal(SIGPIPE, SIG_IGN);
    /* Types and quotes are for who types, and looks at a terminal. */
    cli.printer.formatted = cli.options.output == FORMATTED ||
                            (cli.options.output == UNTOLD && is_typed &&
                             isatty(STDOUT_FILENO));

    status = has_command ? run_command(&cli, argv + first, argc - first)
                         : run_lines(&cli, is_typed);

    cli_disconnect(&cli);
    if (fflush(stdout) == EOF || ferror(stdout)) {
        fprintf(stderr, "redis-lite-cli: cannot write the output\n");
        status = EXIT_FAILURE;
    }
    return status;
}
