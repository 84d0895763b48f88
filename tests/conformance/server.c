/* server.c -- the server under test: its directory, its process, its end.
 *
 * A test that fails leaves by _exit(), one that crashes or is interrupted
 * leaves as it pleases: none of them can be relied upon to clean up. So a
 * second process, the keeper, does it. It reads from a pipe, the lifeline,
 * whose other end only the test holds; when that end closes, for whatever
 * reason, the test is over: the keeper kills the servers and removes their
 * directory.
 *
 * Each server is a process group of its own: a command line may be a script
 * that starts the real one. */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUPS_MAX   64   /* servers that one test may start */
#define COMMAND_MAX  8192 /* bytes of a command line */
#define PORT_TRIES   3    /* another process may take a port that was free */
#define OUTPUT_LINES 20   /* of a server's output in a failure */

struct server {
    pid_t pid; /* of the process and of its group; 0: none */
    int port;
    int status;       /* as of waitpid(2), once 'ended' */
    bool ended;       /* it has, and nobody waits for it any more */
    char output[128]; /* the file that it prints to */
};

/* Check hands its fixtures and tests no argument, so what they share is here.
 * Every test is a process: it starts with this as it is written. */
static struct {
    char dir[64];
    int lifeline; /* -1: none */
    pid_t keeper;
    int started; /* how many servers */
    struct server server;
} fixture = {.lifeline = -1};

const char *server_dir(void) {
    return fixture.dir;
}

pid_t server_pid(void) {
    return fixture.server.pid;
}

int server_port(void) {
    return fixture.server.port;
}

/* ---- The keeper -------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    (void)remove(path);
    return 0;
}

static void remove_dir(const char *dir) {
    (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A positive number on the lifeline is a group to kill in the end, a negative
 * one a group that is gone: its number may be somebody else's by now. */
static void keep(int lifeline) {
    pid_t groups[GROUPS_MAX] = {0};
    pid_t group;
    size_t n = 0;

    while (read(lifeline, &group, sizeof group) == (ssize_t)sizeof group) {
        if (group > 0 && n < GROUPS_MAX) groups[n++] = group;
        for (size_t i = 0; i < n; i++) {
            if (groups[i] == -group) groups[i] = 0;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (groups[i] > 0) (void)kill(-groups[i], SIGKILL);
    }
    /* One that was writing may need a moment to be gone. */
    for (int i = 0; i < 100 && access(fixture.dir, F_OK) == 0; i++) {
        if (i > 0) pause_ms(10);
        remove_dir(fixture.dir);
    }
    _exit(0);
}

static void tell_keeper(pid_t group) {
    if (write(fixture.lifeline, &group, sizeof group) == -1) {
        ck_abort_msg("the process that cleans up is gone: %s", strerror(errno));
    }
}

static void start_keeper(void) {
    int ends[2];

    if (pipe(ends) == -1) ck_abort_msg("pipe: %s", strerror(errno));
    fixture.keeper = fork();
    if (fixture.keeper == -1) ck_abort_msg("fork: %s", strerror(errno));
    if (fixture.keeper == 0) {
        (void)setpgid(0, 0); /* Check kills the group of a test */
        (void)signal(SIGINT, SIG_IGN);
        (void)signal(SIGTERM, SIG_IGN);
        (void)close(ends[1]);
        keep(ends[0]);
    }
    (void)setpgid(fixture.keeper, fixture.keeper);
    (void)close(ends[0]);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    fixture.lifeline = ends[1];
}

void fixture_open(void) {
    const char *tmp = getenv("TMPDIR");

    if (tmp == NULL || strlen(tmp) > 32) tmp = "/tmp";
    (void)snprintf(fixture.dir, sizeof fixture.dir, "%s/conformance.XXXXXX",
                   tmp);
    if (mkdtemp(fixture.dir) == NULL) {
        ck_abort_msg("mkdtemp %s: %s", fixture.dir, strerror(errno));
    }
    start_keeper();
}

void fixture_open_start(void) {
    fixture_open();
    start_server("", "");
}

void fixture_close(void) {
    const char *epitaph = server_epitaph();

    client_close_all();
    if (fixture.server.pid > 0 && epitaph == NULL) {
        (void)server_stop(SIGKILL, NULL);
    }
    (void)close(fixture.lifeline);
    (void)waitpid(fixture.keeper, NULL, 0);
    fixture.lifeline = -1;
    /* A test that ends a server says so by server_stop(). */
    if (epitaph != NULL) ck_abort_msg("after the test: %s", epitaph);
}

/* ---- Starting ---------------------------------------------------------- */

static struct sockaddr_in loopback(int port) {
    struct sockaddr_in a = {.sin_family = AF_INET};

    a.sin_port = htons((uint16_t)port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

/* A port that was free a moment ago, or 0. */
static int free_port(void) {
    struct sockaddr_in a = loopback(0);
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int port = 0;

    if (fd == -1) return 0;
    if (bind(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
        getsockname(fd, (struct sockaddr *)&a, &len) == 0) {
        port = ntohs(a.sin_port);
    }
    (void)close(fd);
    return port;
}

/* 'before', "exec", the command with its {port} and {dir} filled in, 'after'.
 * Without the exec the shell would stay, and take the signals. */
static void fill_in(char *out, size_t size, const char *before, int port,
                    const char *after) {
    const char *from = settings()->command;
    size_t used = (size_t)snprintf(out, size, "%s exec ", before);

    while (*from != '\0' && used + sizeof fixture.dir + 16 < size) {
        if (strncmp(from, "{port}", 6) == 0) {
            used += (size_t)snprintf(out + used, size - used, "%d", port);
            from += 6;
        } else if (strncmp(from, "{dir}", 5) == 0) {
            used += (size_t)snprintf(out + used, size - used, "%s",
                                     fixture.dir);
            from += 5;
        } else {
            out[used++] = *from++;
        }
    }
    (void)snprintf(out + used, size - used, " %s", after);
}

/* In the new process: what the server inherits is what it would have if a
 * person had started it. */
static void become_server(const char *line, const char *output) {
    int in = open("/dev/null", O_RDONLY);
    int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    (void)setpgid(0, 0);
    (void)signal(SIGPIPE, SIG_DFL);
    if (in == -1 || out == -1) _exit(127);
    (void)dup2(in, STDIN_FILENO);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(out, STDERR_FILENO);
    for (int fd = STDERR_FILENO + 1; fd < 256; fd++)
        (void)close(fd);
    (void)execl("/bin/sh", "sh", "-c", line, (char *)NULL);
    _exit(127);
}

static const char *spawn(struct server *s, const char *before,
                         const char *after) {
    static char why[128];
    char line[COMMAND_MAX];

    *s = (struct server){.port = free_port()};
    (void)snprintf(s->output, sizeof s->output, "%s/server-output-%d.txt",
                   fixture.dir, ++fixture.started);
    fill_in(line, sizeof line, before, s->port, after);
    s->pid = fork();
    if (s->pid == -1) {
        s->pid = 0;
        (void)snprintf(why, sizeof why, "fork: %s", strerror(errno));
        return why;
    }
    if (s->pid == 0) become_server(line, s->output);
    (void)setpgid(s->pid, s->pid);
    tell_keeper(s->pid);
    return NULL;
}

/* Has it ended? Leaves nothing of its group behind if so. */
static bool reap(struct server *s) {
    siginfo_t info = {0};

    if (s->ended) return true;
    /* Its number stays its own until it is waited for. */
    if (waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOHANG | WNOWAIT) == -1 ||
        info.si_pid == 0) {
        return false;
    }
    (void)kill(-s->pid, SIGKILL);
    (void)waitpid(s->pid, &s->status, 0);
    tell_keeper(-s->pid);
    s->ended = true;
    return true;
}

/* Connect to this port: the descriptor, or -1. */
static int try_connect(int port) {
    struct sockaddr_in a = loopback(port), self = {0};
    socklen_t len = sizeof self;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (fd == -1) return -1;
    /* Where nobody listens, the kernel may choose that very port for our end,
     * and TCP then connects the socket to itself. */
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
        getsockname(fd, (struct sockaddr *)&self, &len) == 0 &&
        self.sin_port != a.sin_port) {
        return fd;
    }
    (void)close(fd);
    return -1;
}

/* Redis answers "-LOADING" while it reads what it had before. */
static bool says_loading(int fd) {
    struct pollfd p = {fd, POLLIN, 0};
    char reply[9];

    return send(fd, "PING\r\n", 6, 0) == 6 && poll(&p, 1, 1000) == 1 &&
           recv(fd, reply, sizeof reply, 0) == (ssize_t)sizeof reply &&
           memcmp(reply, "-LOADING ", sizeof reply) == 0;
}

/* 1: it accepts connections; 0: it has ended; -1: neither in START_SECONDS.
 * A server in an unknown language gives no sign but that it accepts. */
static int wait_until_up(struct server *s) {
    double deadline = now() + START_SECONDS;

    while (now() < deadline) {
        int fd = try_connect(s->port);
        bool again = fd == -1 || (fixture.started > 1 && says_loading(fd));
        if (fd != -1) (void)close(fd);
        if (!again) return 1;
        if (reap(s)) return 0;
        pause_ms(2);
    }
    return -1;
}

static const char *describe_status(int status) {
    static char text[96];

    if (WIFSIGNALED(status)) {
        (void)snprintf(text, sizeof text, "killed by signal %d (%s)",
                       WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else {
        (void)snprintf(text, sizeof text, "exit status %d",
                       WEXITSTATUS(status));
    }
    return text;
}

const char *server_start(const char *before, const char *after) {
    static char why[4096];
    struct server *s = &fixture.server;
    int up = -1;

    for (int i = 0; i < PORT_TRIES && up != 1; i++) {
        const char *failed = spawn(s, before, after);
        if (failed != NULL) return failed;
        up = wait_until_up(s);
        if (up == -1) break;
    }
    if (up == 1) return NULL;

    (void)snprintf(
        why, sizeof why, "the server %s%s%s%s%s; the end of its output:\n%s",
        up == 0 ? "ended before it accepted a connection ("
                : "accepts no connection on port {port} of "
                  "127.0.0.1 within 10 s",
        up == 0 ? describe_status(s->status) : "", up == 0 ? ")" : "",
        after[0] ? " with " : "", after, server_output(OUTPUT_LINES));
    if (up == -1) (void)server_stop(SIGKILL, NULL);
    s->pid = 0;
    return why;
}

/* ---- The end ----------------------------------------------------------- */

static bool wait_for_end(struct server *s, double seconds) {
    double deadline = now() + seconds;

    while (!reap(s)) {
        if (now() > deadline) return false;
        pause_ms(2);
    }
    return true;
}

const char *server_stop(int signal, int *status) {
    static char why[2048];
    struct server *s = &fixture.server;

    if (signal != SIGKILL && server_epitaph() != NULL) return server_epitaph();
    if (!s->ended) (void)kill(-s->pid, signal);
    if (!wait_for_end(s, 5)) {
        (void)snprintf(why, sizeof why,
                       "the server is still there 5 s after signal %d (%s); "
                       "the end of its output:\n%s",
                       signal, strsignal(signal), server_output(5));
        return why;
    }
    if (status != NULL) *status = s->status;
    s->pid = 0;
    return NULL;
}

const char *server_wait(int *status) {
    struct server *s = &fixture.server;

    if (!wait_for_end(s, 5)) return "the server should end, and still runs";
    *status = s->status;
    s->pid = 0;
    return NULL;
}

const char *server_stop_cleanly(void) {
    static char why[256];
    int status;
    const char *failed = server_stop(SIGTERM, &status);

    if (failed != NULL) return failed;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return NULL;
    (void)snprintf(why, sizeof why,
                   "after SIGTERM the server should exit with status 0: %s. (A "
                   "script that starts it should do so by 'exec'.)",
                   describe_status(status));
    return why;
}

const char *server_run_to_end(int *status) {
    struct server first = fixture.server;
    const char *why = spawn(&fixture.server, "", "");

    /* That it accepts a connection proves nothing: it may refuse later. */
    if (why == NULL && !wait_for_end(&fixture.server, START_SECONDS)) {
        why = "the server should refuse to start, and runs";
        (void)kill(-fixture.server.pid, SIGKILL);
        (void)wait_for_end(&fixture.server, 5);
    }
    *status = fixture.server.status;
    first.ended = first.pid == 0;
    memcpy(first.output, fixture.server.output, sizeof first.output);
    fixture.server = first;
    return why;
}

const char *server_epitaph(void) {
    static char text[4096];
    struct server *s = &fixture.server;

    if (s->pid == 0 || !reap(s)) return NULL;
    (void)snprintf(text, sizeof text,
                   "the server has ended by itself: %s; the end of its "
                   "output:\n%s",
                   describe_status(s->status), server_output(OUTPUT_LINES));
    return text;
}

/* ---- Looking at it ----------------------------------------------------- */

const char *server_output(int lines) {
    static char text[3000];
    FILE *f = fopen(fixture.server.output, "r");
    size_t len = 0, start;

    if (f == NULL) return "(no output)";
    if (fseek(f, -(long)sizeof text + 1, SEEK_END) == -1) rewind(f);
    len = fread(text, 1, sizeof text - 1, f);
    (void)fclose(f);
    text[len] = '\0';
    for (start = len; start > 0; start--) {
        if (text[start - 1] == '\n' && start < len && --lines == 0) break;
    }
    return len > 0 ? text + start : "(no output)";
}

/* One line of a file in /proc/PID that begins with 'key'; false if there is
 * no such thing. */
static bool read_proc(const char *file, const char *key, char *line, int size) {
    char path[64];
    FILE *f;
    bool found = false;

    (void)snprintf(path, sizeof path, "/proc/%ld/%s", (long)fixture.server.pid,
                   file);
    f = fopen(path, "r");
    if (f == NULL) return false;
    while (!found && fgets(line, size, f) != NULL) {
        found = strncmp(line, key, strlen(key)) == 0;
    }
    (void)fclose(f);
    return found;
}

double server_memory(void) {
    char line[256];

    if (!read_proc("status", "VmSize:", line, sizeof line)) return 0;
    return (double)atol(line + 7) * KIB;
}

double server_cpu_seconds(void) {
    char line[1024];
    unsigned long user, system;
    const char *after_name;

    if (!read_proc("stat", "", line, sizeof line)) return 0;
    /* The name, in parentheses, may hold anything: look behind the last. */
    after_name = strrchr(line, ')');
    if (after_name == NULL ||
        sscanf(after_name + 1,
               "%*s %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
               "%lu %lu",
               &user, &system) != 2) {
        return 0;
    }
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}
