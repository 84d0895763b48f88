/* light.c COMMAND [--name N]... -- a light load client: two system calls an
 * operation.
 *
 * A client that costs more than the server measures itself. This one has one
 * thread and neither epoll nor a parser: it goes round its connections, takes
 * from each the replies that are due, which it knows beforehand to the byte,
 * and sends the next requests at once. All other connections are in flight
 * meanwhile, so the server is never without work.
 *
 * Keys are those of redis-benchmark: four letters and twelve digits. What it
 * prints is one line of name=value. Times are those of a whole pipeline, until
 * its last reply was looked at. */
#include "histogram.h"
#include "shape.h"
#include "util.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define PIPELINE_MAX 128
#define PATIENCE_S   60
#define RECEIVE_SIZE (256 * 1024)

/* Numbers all, but for the prefix. Zero is a default where none is given. */
struct options {
    long port, pid, clients, pipeline, keys, first, spare;
    long requests, each, duration_ms, warm_up_ms, seed, hold;
    struct shape_options shape;
};

static const struct option {
    const char *name;
    size_t at;
    const char *help;
} options[] = {
#define OPTION(name, field, help)                                              \
    { name, offsetof(struct options, field), help }
    OPTION("--port", port, "of the server, at 127.0.0.1"),
    OPTION("--pid", pid, "of the server: print its processor time, too"),
    OPTION("--clients", clients, "connections (default 50)"),
    OPTION("--pipeline", pipeline, "requests sent at a time (default 1)"),
    OPTION("--keys", keys, "number of keys (default 1000000)"),
    OPTION("--first", first, "number of the first"),
    OPTION("--size", shape.size, "bytes of a value (default 64)"),
    OPTION("--size-max", shape.size_max, "sizes from --size up to this"),
    OPTION("--ttl", shape.ttl, "seconds that each key lives"),
    OPTION("--requests", requests, "to send, in place of --duration-ms"),
    OPTION("--each", each, "1: each key once and in order, not at random"),
    OPTION("--spare", spare, "with --each: but not each N-th key"),
    OPTION("--duration-ms", duration_ms, "of the measurement (default 1000)"),
    OPTION("--warm-up-ms", warm_up_ms, "before it"),
    OPTION("--seed", seed, "of the random keys"),
    OPTION("--hold", hold, "1: then stay connected until stdin ends"),
};

struct conn {
    int fd;
    size_t due;                         /* replies that are to come */
    int64_t sent_ns;                    /* when they were asked for */
    unsigned char shapes[PIPELINE_MAX]; /* of which requests */
};

struct load {
    struct options options;
    struct shape shapes[SHAPES_MAX];
    size_t shape_count;
    struct conn *conns;
    struct buf out, in;
    uint64_t random;
    clockid_t clock; /* the server's processor time */
    int64_t sent;
    bool measuring, over;
    int64_t begun_ns, ended_ns, cpu_begun_ns, cpu_ended_ns;
    struct histogram times; /* ns, of what was answered meanwhile */
};

static void fail(const char *format, ...) PRINTF_LIKE(1, 2);
static void fail(const char *format, ...) {
    va_list args;

    fputs("light: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static int64_t clock_ns(clockid_t clock) {
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- Sending ----------------------------------------------------------- */

/* xorshift64*, of which the upper half is good; in 0..limit-1. */
static uint64_t random_below(struct load *load, uint64_t limit) {
    load->random ^= load->random >> 12;
    load->random ^= load->random << 25;
    load->random ^= load->random >> 27;
    return ((load->random * UINT64_C(2685821657736338717)) >> 32) * limit >> 32;
}

static uint64_t next_key(struct load *load) {
    const struct options *o = &load->options;
    uint64_t n = (uint64_t)load->sent;

    if (!o->each)
        n = random_below(load, (uint64_t)o->keys);
    else if (o->spare > 1)
        n += n / (uint64_t)(o->spare - 1) + 1;
    return (uint64_t)o->first + n;
}

static void append_request(struct load *load, const struct shape *shape) {
    uint64_t keys[SHAPE_KEYS_MAX];
    long i;

    for (i = 0; i < shape->keys; i++)
        keys[i] = next_key(load);
    shape_append(shape, &load->out, keys);
    load->sent++;
}

/* A pipeline must fit into the buffers of the sockets, together with replies:
 * a server may stop to read while nobody takes what it says. */
static void send_pipeline(struct load *load, struct conn *conn) {
    const struct options *o = &load->options;

    for (conn->due = 0; conn->due < (size_t)o->pipeline; conn->due++) {
        uint64_t shape = 0;

        if (o->requests > 0 && load->sent == o->requests) break;
        if (load->shape_count > 1)
            shape = random_below(load, load->shape_count);
        conn->shapes[conn->due] = (unsigned char)shape;
        append_request(load, &load->shapes[shape]);
    }
    while (buf_len(&load->out) > 0) {
        struct slice bytes = buf_slice(&load->out);
        ssize_t n = send(conn->fd, bytes.data, bytes.len, MSG_NOSIGNAL);

        if (n == -1) fail("cannot send: %s", strerror(errno));
        buf_consume(&load->out, (size_t)n);
    }
}

/* ---- Replies ----------------------------------------------------------- */

static void receive(struct load *load, const struct conn *conn) {
    char *to = buf_reserve(&load->in, RECEIVE_SIZE);
    ssize_t n = recv(conn->fd, to, RECEIVE_SIZE, 0);

    if (n == 0) fail("the server has closed a connection");
    if (n == -1 && errno == EAGAIN) fail("no reply in %d s", PATIENCE_S);
    if (n == -1) fail("cannot receive: %s", strerror(errno));
    buf_added(&load->in, (size_t)n);
}

static void take_replies(struct load *load, const struct conn *conn) {
    size_t taken = 0;

    while (taken < conn->due) {
        const struct shape *shape = &load->shapes[conn->shapes[taken]];
        ssize_t size = shape_check(shape, buf_slice(&load->in));

        if (size == -1) {
            shape_complain(shape, buf_slice(&load->in));
            fail("a wrong reply");
        }
        if (size == 0) {
            receive(load, conn);
        } else {
            buf_consume(&load->in, (size_t)size);
            taken++;
        }
    }
    if (buf_len(&load->in) > 0) fail("more replies than requests");
}

/* ---- Time -------------------------------------------------------------- */

static void begin(struct load *load, int64_t now) {
    load->measuring = true;
    load->begun_ns = now;
    if (load->options.pid > 0) load->cpu_begun_ns = clock_ns(load->clock);
}

static void end(struct load *load, int64_t now) {
    load->over = true;
    load->ended_ns = now;
    if (load->options.pid > 0) load->cpu_ended_ns = clock_ns(load->clock);
}

/* After each round, so that the server has done as much for requests that are
 * not counted at the begin as for those at the end. */
static void look_at_clock(struct load *load) {
    const struct options *o = &load->options;
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    int64_t spent_ms = (now - load->begun_ns) / 1000000;

    if (o->requests > 0 || load->over) return;
    if (load->measuring) {
        if (spent_ms >= o->duration_ms) end(load, now);
    } else if (spent_ms >= o->warm_up_ms) {
        begin(load, now);
    }
}

/* ---- The run ----------------------------------------------------------- */

static void connect_to(struct conn *conn, long port) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = PATIENCE_S};
    int one = 1;

    conn->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (conn->fd == -1) fail("no socket: %s", strerror(errno));
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(conn->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(conn->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (connect(conn->fd, (struct sockaddr *)&address, sizeof(address)) == -1)
        fail("cannot connect: %s", strerror(errno));
}

/* Takes what is due, and asks for more. False: nothing was due. */
static bool serve(struct load *load, struct conn *conn) {
    int64_t now;

    if (conn->due == 0) return false;
    take_replies(load, conn);
    now = clock_ns(CLOCK_MONOTONIC);
    if (load->measuring && !load->over)
        histogram_add(&load->times, (uint64_t)(now - conn->sent_ns),
                      (int64_t)conn->due);
    conn->due = 0;
    conn->sent_ns = now;
    if (!load->over) send_pipeline(load, conn);
    return true;
}

static void run(struct load *load) {
    const struct options *o = &load->options;
    bool in_flight = true;
    long i;

    load->begun_ns = clock_ns(CLOCK_MONOTONIC);
    if (o->requests > 0) begin(load, load->begun_ns);
    for (i = 0; i < o->clients; i++) {
        load->conns[i].sent_ns = clock_ns(CLOCK_MONOTONIC);
        send_pipeline(load, &load->conns[i]);
    }
    while (in_flight) {
        in_flight = false;
        for (i = 0; i < o->clients; i++) {
            if (serve(load, &load->conns[i])) in_flight = true;
        }
        look_at_clock(load);
    }
    if (!load->over) end(load, clock_ns(CLOCK_MONOTONIC));
}

static void print(const struct load *load) {
    double seconds = (double)(load->ended_ns - load->begun_ns) / 1e9;
    double answered = (double)load->times.total;

    printf("requests=%.0f seconds=%.3f per_second=%.0f ", answered, seconds,
           answered / seconds);
    if (load->options.pid > 0) {
        double cpu = (double)(load->cpu_ended_ns - load->cpu_begun_ns);

        printf("cpu_us=%.4f busy=%.3f ", cpu / 1000 / answered,
               cpu / 1e9 / seconds);
    }
    printf("p50_us=%.1f p99_us=%.1f p999_us=%.1f\n",
           histogram_at(&load->times, 0.5) / 1000,
           histogram_at(&load->times, 0.99) / 1000,
           histogram_at(&load->times, 0.999) / 1000);
    fflush(stdout);
}

/* ---- The command line -------------------------------------------------- */

static void usage(void) {
    size_t i;

    fputs("usage: light COMMAND --port N [--name N]...\nCOMMAND: mixed",
          stderr);
    for (i = 0; shape_command(i) != NULL; i++)
        fprintf(stderr, ", %s", shape_command(i));
    fputs("\n  --prefix       of keys, four letters (default key:)\n", stderr);
    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        fprintf(stderr, "  %-14s %s\n", options[i].name, options[i].help);
    exit(2);
}

static void set_option(struct options *o, const char *name, const char *text) {
    size_t i;

    if (strcmp(name, "--prefix") == 0) {
        if (strlen(text) != 4) usage();
        o->shape.prefix = text;
        return;
    }
    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        char *end;

        if (strcmp(options[i].name, name) != 0) continue;
        *(long *)((char *)o + options[i].at) = strtol(text, &end, 10);
        if (end == text || *end != '\0' || *text == '-') usage();
        return;
    }
    usage();
}

static void check_options(struct options *o) {
    if (o->port == 0 || o->clients < 1 || o->keys < 1) usage();
    if (o->pipeline < 1 || o->pipeline > PIPELINE_MAX)
        fail("a pipeline has 1 to %d requests", PIPELINE_MAX);
    if (o->each)
        o->requests = o->keys -
                      (o->spare ? (o->keys + o->spare - 1) / o->spare : 0);
}

int main(int argc, char **argv) {
    struct load *load = xcalloc(1, sizeof(*load));
    long i;

    load->options = (struct options){.clients = 50,
                                     .pipeline = 1,
                                     .keys = 1000000,
                                     .duration_ms = 1000,
                                     .shape = {"key:", 64, 0, 0}};
    if (argc < 2 || argc % 2 != 0) usage();
    for (i = 2; i < argc; i += 2)
        set_option(&load->options, argv[i], argv[i + 1]);
    check_options(&load->options);
    load->shape_count = shapes_init(load->shapes, argv[1],
                                    &load->options.shape);
    if (load->shape_count == 0) usage();
    load->random = UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)load->options.seed;
    if (load->options.pid > 0 &&
        clock_getcpuclockid((pid_t)load->options.pid, &load->clock) != 0)
        fail("no process %ld", load->options.pid);
    load->conns = xcalloc((size_t)load->options.clients, sizeof(*load->conns));
    for (i = 0; i < load->options.clients; i++)
        connect_to(&load->conns[i], load->options.port);
    run(load);
    print(load);
    while (load->options.hold && getchar() != EOF) {
    }
    return 0;
}
