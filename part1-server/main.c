/* main.c -- from the command line to a running server, and to its end. */
#include "options.h"
#include "server.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

/* The signals that ask it to stop: Ctrl-C, and kill(1)'s default. */
static sigset_t stop_signals(void) {
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    return set;
}

/* A signal handler may call next to nothing (signal-safety(7)), and finds what
 * it needs in globals only. A thread that waits for the signal may do anything
 * and has an argument. */
static void *wait_for_signal(void *server) {
    sigset_t set = stop_signals();
    int got;

    sigwait(&set, &got);
    server_stop(server);
    return NULL;
}

/* All threads made after this leave the two to wait_for_signal(). */
static void block_signals(void) {
    sigset_t set = stop_signals();

    pthread_sigmask(SIG_BLOCK, &set, NULL);
    /* A shell script's "redis-lite &" starts it with SIGINT ignored; a signal
     * that is ignored may be thrown away before anybody waits for it. */
    signal(SIGINT, SIG_DFL);
    /* A peer that is gone is an errno of write(), not the end of us. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* so is a file that may not grow (ulimit -f) */
}

/* If it was started with standard streams closed, the next descriptors to be
 * opened would take their places, and the log be written into a socket. */
static void open_standard_streams(void) {
    int fd;

    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO) close(fd);
}

int main(int argc, char **argv) {
    struct server_options options;
    char error[OPTIONS_ERROR_MAX];
    struct server *server;
    pthread_t waiter;
    int failed;

    switch (options_read(argc, argv, &options, error)) {
    case OPTIONS_RUN: break;
    case OPTIONS_SHOWN: return EXIT_SUCCESS;
    case OPTIONS_ERROR:
        fprintf(stderr, "redis-lite: %s\n", error);
        return EXIT_USAGE;
    }
    open_standard_streams();
    block_signals();
    server = server_new(&options);
    if (server == NULL) return EXIT_FAILURE;
    if (pthread_create(&waiter, NULL, wait_for_signal, server) != 0) {
        fprintf(stderr, "redis-lite: cannot make a thread\n");
        return EXIT_FAILURE;
    }

    failed = server_run(server);

    pthread_cancel(waiter);
    pthread_join(waiter, NULL);
    if (server_free(server) == -1) failed = -1;
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
