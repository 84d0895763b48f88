#!/usr/bin/env python3
"""limits.py SERVER [--only TEXT] [--clients N] [--seconds S] -- nobody brings it
down: clients that ask for too much, send too little, never read or never leave,
and what the server may spend on them.

What is certain is asserted: who is closed, who is served, how many bytes of
memory and seconds of processor time at most (the bound is written next to each
figure). What depends on the machine is printed. Python 3 and Linux's /proc."""
import argparse
import os
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

KIB, MIB = 1024, 1024 * 1024
# params.h and server_clients.c: what one client may have waiting before it is
# not served any more, and what is read at a time.
UNSENT_MAX, READ_SIZE, REPLIES_MAX = 256 * KIB, 64 * KIB, MIB
# What the server may take beyond its budgets: fragments of the heap, tables.
SLACK = 16 * MIB


class Failure(Exception):
    pass


def require(condition, text):
    if not condition:
        raise Failure(text)


def within(what, value, bound, unit=MIB, name="MiB"):
    print("    %s: %.1f %s (at most %.1f)" % (what, value / unit, name, bound / unit))
    require(value <= bound, "%s is above its bound" % what)


# ---- The server ------------------------------------------------------------


class Server:
    """One that runs in a directory of its own, until the block ends."""

    program = None

    def __init__(self, *arguments, before="", address="127.0.0.1:0", inside=()):
        self.dir = tempfile.TemporaryDirectory(prefix="limits.")
        self.log_path = os.path.join(self.dir.name, "log")
        command = [self.program, "--address", address, "--aofPath",
                   os.path.join(self.dir.name, "appendonly.aof"), *arguments]
        if before:
            command = ["sh", "-c", before + ' exec "$@"', "sh", *command]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([*inside, *command], stderr=log,
                                            stdout=log, stdin=subprocess.DEVNULL)
        self.port = self.find_port()

    def __enter__(self):
        return self

    def __exit__(self, kind, *rest):
        alive = self.process.poll() is None
        self.process.kill()
        self.process.wait()
        if kind is not None or not alive:
            print("    the end of its log:\n" + self.log()[-2000:])
        self.dir.cleanup()
        if kind is None:
            require(alive, "the server has ended: %s" % self.process.returncode)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def find_port(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            found = re.search(r"listening on \S*:(\d+)\n", self.log())
            if found:
                return int(found.group(1))
            time.sleep(0.005)
        raise Failure("the server does not start:\n" + self.log())

    def memory(self, field="VmRSS"):
        """Bytes now; with VmHWM, the most that it ever was."""
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as status:
            return int(re.search(field + r":\s*(\d+) kB", status.read()).group(1)) * KIB

    def cpu(self):
        with open("/proc/%d/stat" % self.process.pid, encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def client(self, receive_buffer=None):
        return Client(self.port, receive_buffer)


def request(*words):
    words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
    return b"*%d\r\n" % len(words) + b"".join(
        b"$%d\r\n%b\r\n" % (len(w), w) for w in words)


class Client:
    def __init__(self, port, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(20)
        self.socket.connect(("127.0.0.1", port))
        self.pending = b""

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def take(self, size):
        while len(self.pending) < size:
            got = self.socket.recv(256 * KIB)
            require(got, "the connection was closed, after %r" % self.pending[:80])
            self.pending += got
        taken, self.pending = self.pending[:size], self.pending[size:]
        return taken

    def line(self):
        while b"\r\n" not in self.pending:
            got = self.socket.recv(256 * KIB)
            require(got, "the connection was closed, after %r" % self.pending[:80])
            self.pending += got
        line, self.pending = self.pending.split(b"\r\n", 1)
        return line

    def reply(self):
        line = self.line()
        if line[:1] == b"$" and line != b"$-1":
            return self.take(int(line[1:]) + 2)[:-2]
        if line[:1] == b"*":
            return [self.reply() for _ in range(int(line[1:]))]
        return line

    def ask(self, *words):
        self.send(request(*words))
        return self.reply()

    def expect(self, reply, *words):
        got = self.ask(*words)
        require(got == reply, "%r should be answered with %r, not %r"
                % (words[:3], reply, got[:200]))

    def field(self, name, section="all"):
        text = self.ask("INFO", section).decode()
        return int(re.search(r"(?m)^%s:(\d+)" % name, text).group(1))

    def ended(self, patience):
        """The bytes that come until the server closes; None if it does not."""
        deadline = time.monotonic() + patience
        got = self.pending
        while time.monotonic() < deadline:
            self.socket.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                chunk = self.socket.recv(256 * KIB)
            except socket.timeout:
                continue
            except OSError:
                return got
            if not chunk:
                return got
            got += chunk
        return None


def push_all(clients, data, quiet=0.5):
    """All send this and none reads, until nothing has gone for so long; returns
    how many found their connection closed."""
    left, poll, closed = {c.socket.fileno(): (c.socket, 0) for c in clients}, select.poll(), 0
    for client in clients:
        client.socket.setblocking(False)
        poll.register(client.socket, select.POLLOUT)
    while left:
        events = poll.poll(quiet * 1000)
        if not events:
            break
        for number, _ in events:
            sock, sent = left[number]
            try:
                sent += sock.send(data[sent:sent + 64 * KIB])
            except BlockingIOError:
                continue
            except OSError:
                closed, sent = closed + 1, len(data)
            left[number] = (sock, sent)
            if sent == len(data):
                poll.unregister(number)
                del left[number]
    return closed


def expect_service(server, pong=b"+PONG", patience=15):
    """A new client is served, at the latest then."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            client = server.client()
            client.socket.settimeout(2)
            if client.ask("PING") == pong:
                return client
            client.close()
        except (OSError, Failure):
            pass
        time.sleep(0.02)
    raise Failure("no new client is served")


# ---- Crowds ----------------------------------------------------------------


def hold_crowd(server, clients, ready, quit_at):
    """Half of them say nothing, half a byte a second; in a process of its own,
    which is not to delay those who measure."""
    crowd = [socket.create_connection(("127.0.0.1", server.port))
             for _ in range(clients)]
    talkers = crowd[clients // 2:]
    os.write(ready, b"r")
    turn = 0
    # A tenth of them each tenth of a second.
    while not select.select([quit_at], [], [], 0.1)[0]:
        for one in talkers[turn % 10::10]:
            try:
                one.send(b"P")
            except OSError:
                os._exit(1)
        turn += 1
    os._exit(0)


def fork_crowd(server, clients):
    ready, quit_at = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(quit_at[1])
        hold_crowd(server, clients, ready[1], quit_at[0])
    os.close(ready[1])
    os.close(quit_at[0])
    require(os.read(ready[0], 1) == b"r", "the crowd was not let in")
    return pid, quit_at[1]


def measure(client, seconds):
    """The times of an ordinary client's requests, sorted."""
    times, end, i = [], time.monotonic() + seconds, 0
    value = b"v" * 100
    requests = (request("PING"), request("SET", "ordinary", value),
                request("GET", "ordinary"))
    while time.monotonic() < end:
        began = time.perf_counter()
        client.send(requests[i % 3])
        client.reply()
        times.append(time.perf_counter() - began)
        i += 1
        time.sleep(0.0005)
    return sorted(times)


def show_times(what, times):
    def at(share):
        return times[min(len(times) - 1, int(len(times) * share))] * 1000

    print("    %s: p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, most %.2f ms"
          " (%d requests)" % (what, at(0.5), at(0.99), at(0.999),
                              times[-1] * 1000, len(times)))
    return at(0.99)


def crowd(options):
    """10,000 idle or slow clients and 100 that never read: one more is served
    as usual, and all of them cost no more than stated"""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    clients = min(options.clients, files - 1000)
    if clients < options.clients:
        print("    only %d clients: ulimit -Hn is %d" % (clients, files))
    value, greedy = MIB, 100
    with Server("--maxclients", str(clients + greedy + 10)) as server:
        one = server.client()
        one.expect(b"+OK", "SET", "big", b"x" * value)
        show_times("before", measure(one, options.seconds / 4))
        empty = server.memory()
        pid, quit_at = fork_crowd(server, clients)
        try:
            # A connection: its struct, its few bytes, its place in tables.
            within("memory of %d idle and slow clients" % clients,
                   server.memory() - empty, clients * KIB + SLACK)
            show_times("among them", measure(one, options.seconds / 2))
            crowded = server.memory()
            within("the same later", crowded - empty, clients * KIB + SLACK)
            hungry = [server.client(4096) for _ in range(greedy)]
            push_all(hungry, request("GET", "big") * 200)
            p99 = show_times("with %d that never read" % greedy,
                             measure(one, options.seconds / 2))
            # Whoever has more than UNSENT_MAX waiting gets no further reply:
            # at most that and the reply that went beyond it. Buffers double.
            within("memory of %d that never read" % greedy,
                   server.memory() - crowded,
                   greedy * 2 * (UNSENT_MAX + value) + SLACK)
            require(p99 < 100, "p99 is 10 times above its goal of 10 ms")
            require(one.field("connected_clients") == clients + greedy + 1,
                    "some clients were closed")
        finally:
            os.close(quit_at)
            os.waitpid(pid, 0)


# ---- Memory ----------------------------------------------------------------


def headers(options):
    """a request that announces 1,000,000 arguments of 512 MiB takes no memory
    until it comes"""
    bomb = b"*1000000\r\n$536870912\r\n"
    with Server() as server:
        empty = server.memory()
        bombers = [server.client() for _ in range(500)]
        for client in bombers:
            client.send(bomb + b"x")
        expect_service(server).expect(b"+OK", "SET", "k", "v")
        within("memory of 500 such requests", server.memory() - empty,
               500 * KIB + SLACK)
    with Server("--requirepass", "secret") as server:
        empty = server.memory()
        for _ in range(500):
            client = server.client()
            client.send(bomb)
            got = client.ended(5)
            require(got == b"-ERR Protocol error: unauthenticated multibulk "
                           b"length\r\n", "a stranger got %r" % got)
        within("memory after 500 strangers", server.memory() - empty, SLACK)


BUDGET = 64 * MIB


def pay(server, bombers, data, what):
    """All push; those who cost most are closed, the total stays in budget."""
    empty = server.memory()
    closed = push_all(bombers, data)
    one = expect_service(server)
    deadline, most, evicted = time.monotonic() + 10, server.memory(), 0
    while evicted == 0 and time.monotonic() < deadline:
        evicted = one.field("evicted_clients")
        most = max(most, server.memory())
    print("    %d of %d found it closed, %d were" % (closed, len(bombers), evicted))
    # Between two looks at the total, a turn serves some: each at most a read.
    within("memory of " + what, most - empty,
           2 * BUDGET + 128 * READ_SIZE + REPLIES_MAX + SLACK)
    return evicted


def arguments(options):
    """requests of many empty arguments, and huge ones, stay within
    maxmemory-clients"""
    many = b"*1000000\r\n" + b"$0\r\n\r\n" * 500000
    large = b"*2\r\n$3\r\nGET\r\n$100000000\r\n" + b"x" * (20 * MIB)
    for data, what in (many, "many arguments"), (large, "large arguments"):
        with Server("--maxmemory-clients", str(BUDGET)) as server:
            bombers = [server.client() for _ in range(30)]
            require(pay(server, bombers, data, what) > 0, "nobody paid")


def pipelines(options):
    """1,000 pipelines whose replies nobody reads stay within
    maxmemory-clients"""
    with Server("--maxmemory-clients", str(BUDGET)) as server:
        server.client().expect(b"+OK", "SET", "k", b"x" * 100 * KIB)
        bombers = [server.client(4096) for _ in range(options.pipelines)]
        require(pay(server, bombers, request("GET", "k") * 100,
                    "%d pipelines" % len(bombers)) > 0, "nobody paid")


def burst(options):
    """100 clients ask for 8 MiB each in the same moment: the server does not
    answer all before it looks at what they cost"""
    value = 8 * MIB
    with Server("--maxmemory-clients", str(BUDGET)) as server:
        one = server.client()
        one.expect(b"+OK", "SET", "k", b"x" * value)
        greedy = [server.client(4096) for _ in range(100)]
        empty = server.memory("VmHWM")
        server.process.send_signal(signal.SIGSTOP)
        for client in greedy:
            client.send(request("GET", "k") * 20)
        server.process.send_signal(signal.SIGCONT)
        began = time.monotonic()
        one.expect(b"+PONG", "PING")
        print("    somebody else waited for %.2f s" % (time.monotonic() - began))
        deadline = time.monotonic() + 10
        while one.field("evicted_clients") == 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        # Two replies more: the one that went beyond, and its way to the client.
        within("memory at most", server.memory("VmHWM") - empty,
               BUDGET + 2 * 2 * value + SLACK)


def queues(options):
    """commands that are queued and never run stay within maxmemory-clients"""
    with Server("--maxmemory-clients", str(BUDGET)) as server:
        bombers = [server.client() for _ in range(10)]
        data = request("MULTI") + request("SET", "k", b"x" * 10000) * 1500
        require(pay(server, bombers, data, "queues") > 0, "nobody paid")


def growth(options):
    """values grow up to maxmemory, and reads, DEL and expiry go on"""
    oom = b"-OOM command not allowed when used memory > 'maxmemory'."
    limit, piece = 50 * MIB, b"x" * 100 * KIB
    with Server("--maxmemory", str(limit)) as server:
        one, empty = server.client(), server.memory()
        replies = set()
        for i in range(2000):
            reply = (one.ask("APPEND", "k%d" % (i % 7), piece) if i % 2 else
                     one.ask("SETRANGE", "s%d" % i, 100 * KIB, "x"))
            if reply == oom:
                break
            replies.add(reply[:1])
        require(reply == oom and replies == {b":"}, "it ends with %r" % reply[:80])
        within("used_memory", one.field("used_memory"), limit + 2 * MIB)
        # A value that grows has room for as much again.
        within("memory", server.memory() - empty, 2 * limit + SLACK)
        one.expect(oom, "SET", "new", "v")
        one.expect(oom, "INCR", "new")
        require(len(one.ask("GET", "k1")) > 0, "reads go on")
        one.expect(b":1", "PEXPIRE", "k1", 1)
        deadline = time.monotonic() + 10
        while one.ask("EXISTS", "k1") == b":1" and time.monotonic() < deadline:
            time.sleep(0.01)
        one.expect(b":0", "EXISTS", "k1")
        one.expect(b":2", "DEL", "k3", "k5")
        one.expect(b"+OK", "SET", "new", "v")
        one.expect(b"-ERR string exceeds maximum allowed size "
                   b"(proto-max-bulk-len)", "SETRANGE", "new", 536870912, "x")


# ---- Descriptors, time, strangers -------------------------------------------


def descriptors(options):
    """ulimit -n 64 and 200 connections: no spinning, a line a second at most,
    and service again when they have left"""
    with Server(before="ulimit -n 64;") as server:
        crowd = [server.client() for _ in range(200)]
        time.sleep(0.5)
        lines, cpu = server.log().count("\n"), server.cpu()
        time.sleep(2)
        within("processor time in 2 s", server.cpu() - cpu, 0.2, 1, "s")
        within("log lines in 2 s", server.log().count("\n") - lines, 3, 1, "lines")
        served = refused = 0
        for client in crowd:
            client.socket.settimeout(0.05)
            try:
                reply = client.ask("PING")
                served += reply == b"+PONG"
                refused += reply == b"-ERR max number of clients reached"
            except (OSError, Failure):
                pass
        print("    %d served, %d refused" % (served, refused))
        require(served >= 20, "too few are served")
        for client in crowd:
            client.close()
        expect_service(server)


def exhausted(options):
    """no descriptor left at all, although clients may come: it waits, and goes
    on when they leave"""
    with Server("--maxclients", "40", before="ulimit -n 80;") as server:
        # What others open in its place: the limit is lowered while it runs.
        pid = server.process.pid
        used = len(os.listdir("/proc/%d/fd" % pid))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 10, 80))
        crowd = [server.client() for _ in range(30)]
        time.sleep(0.5)
        lines, cpu = server.log().count("\n"), server.cpu()
        time.sleep(2)
        within("processor time in 2 s", server.cpu() - cpu, 0.2, 1, "s")
        within("log lines in 2 s", server.log().count("\n") - lines, 3, 1, "lines")
        require("cannot accept" in server.log(), "it should say why it waits")
        crowd[0].expect(b"+PONG", "PING")
        for client in crowd[:10]:
            client.close()
        crowd[15].expect(b"+PONG", "PING")
        for client in crowd[10:]:
            client.close()
        expect_service(server)


def patience(options):
    """half a request, and a stranger's silence, end after request-timeout; an
    idle client does not"""
    with Server("--request-timeout", "1", "--requirepass", "secret") as server:
        idle, half, slow, bulk, stranger = [server.client() for _ in range(5)]
        for client in idle, half, slow, bulk:
            client.expect(b"+OK", "AUTH", "secret")
        half.send(b"*2\r\n$3\r\nGET\r\n$1")
        bulk.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$9\r\n1")
        began, ended = time.monotonic(), {}
        while time.monotonic() < began + 4:
            for name, client in (("half", half), ("slow", slow), ("bulk", bulk),
                                 ("stranger", stranger)):
                if name not in ended and client.ended(0.02) is not None:
                    ended[name] = time.monotonic() - began
            if "slow" not in ended:
                try:
                    slow.send(b"P")
                except OSError:
                    pass
        print("    ended: " + ", ".join("%s after %.1f s" % e for e in ended.items()))
        require(len(ended) == 4, "some were not closed")
        require(all(t > 0.9 for t in ended.values()), "some were closed too early")
        idle.socket.settimeout(5)
        idle.expect(b"+PONG", "PING")
        # One that is not read from owes nothing.
        idle.expect(b"+OK", "CONFIG", "SET", "timeout", 1)
        require(idle.ended(5) is not None, "timeout should end an idle client")


def strangers(options):
    """who has not said the password gets no memory: arguments, bytes, replies
    that wait"""
    with Server("--requirepass", "secret", "--request-timeout", "3") as server:
        empty = server.memory()
        for data, text in ((b"*11\r\n", b"multibulk"),
                           (b"*2\r\n$16385\r\n", b"bulk")):
            client = server.client()
            client.send(data)
            require(client.ended(5) == b"-ERR Protocol error: unauthenticated "
                    + text + b" length\r\n", "limits of a stranger")
        deaf = [server.client(2048) for _ in range(100)]
        push_all(deaf, b"PING\r\n" * 1000000)
        # Either the kernel has their replies, and they wait to go on; or more
        # than 1 KiB is left, and they are closed.
        within("memory of 100 that do not read", server.memory() - empty,
               100 * READ_SIZE + SLACK)
        one = expect_service(server, b"-NOAUTH Authentication required.")
        one.expect(b"+OK", "AUTH", "secret")
        deadline = time.monotonic() + 10
        while (one.field("connected_clients") > 1 and time.monotonic() < deadline):
            time.sleep(0.1)
        require(one.field("connected_clients") == 1, "strangers hold their places")


def browsers(options):
    """POST and Host: are not listened to, and reported once a minute"""
    with Server() as server:
        for i in range(100):
            client = server.client()
            client.send(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nSET evil 1\r\n"
                        if i % 2 else b"Host: x\r\nSET evil 1\r\n")
            require(client.ended(5) == b"", "no reply, and the end")
        server.client().expect(b":0", "EXISTS", "evil")
        within("lines about it", server.log().count("possible attack"), 1, 1, "lines")


def protected(options):
    """without a password, only this machine is served: protected mode"""
    inside = ("unshare", "-rn", "sh", "-c",
              'ip link set lo up && ip addr add 10.9.9.9/32 dev lo && exec "$@"', "sh")
    script = ("import socket, sys\n"
              "for host in sys.argv[2:]:\n"
              "    s = socket.create_connection((host, int(sys.argv[1])))\n"
              "    s.sendall(b'PING\\r\\n')\n"
              "    print(s.recv(1000).split(b' ')[0].strip().decode())\n")
    if subprocess.run([*inside, "true"], stderr=subprocess.DEVNULL,
                      check=False).returncode != 0:
        print("    left out: no network namespaces here (unshare -rn, ip)")
        return
    for settings, replies in ((), ["+PONG", "-DENIED"]), \
            (("--protected-mode", "no"), ["+PONG", "+PONG"]), \
            (("--requirepass", "secret"), ["-NOAUTH", "-NOAUTH"]):
        with Server(*settings, address="0.0.0.0:0", inside=inside) as server:
            got = subprocess.run(
                ["nsenter", "-t", str(server.process.pid), "-U", "-n",
                 "--preserve-credentials", sys.executable, "-c", script,
                 str(server.port), "127.0.0.1", "10.9.9.9"],
                stdout=subprocess.PIPE, text=True, timeout=20, check=True)
            require(got.stdout.split() == replies, "%s: %s" % (settings, got.stdout))


CHECKS = (headers, arguments, pipelines, burst, queues, growth, descriptors, exhausted,
          patience, strangers, browsers, protected, crowd)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("server")
    parser.add_argument("--only", default="", help="checks with this in the name")
    parser.add_argument("--clients", type=int, default=10000)
    parser.add_argument("--pipelines", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=8, help="of measuring")
    options = parser.parse_args()
    Server.program = os.path.abspath(options.server)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    failed = passed = 0
    for check in CHECKS:
        if options.only not in check.__name__:
            continue
        print("%s: %s" % (check.__name__, " ".join(check.__doc__.split())), flush=True)
        began = time.monotonic()
        try:
            check(options)
            passed += 1
        except (Failure, OSError, subprocess.SubprocessError) as why:
            failed += 1
            print("    FAILED: %s" % (why or type(why).__name__))
        print("    (%.1f s)" % (time.monotonic() - began), flush=True)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(failed > 0 or passed == 0)


if __name__ == "__main__":
    main()
