#!/usr/bin/env python3
"""replica.py SERVER [--rounds N] [--seed N] -- replicas under faults: two real
redis-servers follow ours (one of them in memory: swapdb), four clients write,
and each round something goes wrong. Then the clients rest, and all three have
to have the same keys, values and times, and the same offset."""
import argparse
import os
import random
import re
import shutil
import signal
import threading

from server import Broken, Server, Sums, decode, directory, wait_for

DATABASES = (0, 1, 5)
WRITERS = 4
KEYS = 300
LATER = 10_000_000  # ms: no key of the test lives so long
PATIENCE = 60
CUT_SHORT = "did not get all data"  # of a replica whose child died


def words(*args):
    return [arg if isinstance(arg, bytes) else str(arg).encode() for arg in args]


def some_commands(chance):
    """One thing that a client may want: a list of commands."""
    key, other = ("key:%d" % chance.randrange(KEYS) for _ in range(2))
    value = chance.randbytes(chance.choice((0, 3, 40, 300, 20_000)))
    return [words(*command) for command in chance.choice((
        [("SET", key, value)],
        [("SET", key, value, "PX", LATER)],
        [("SET", "soon:" + key, value, "PX", chance.randrange(1, 30))],
        [("APPEND", key, value)],
        [("INCR", "count"), ("INCRBYFLOAT", "float", "0.1")],
        [("DEL", key, other)],
        [("MSET", key, value, other, "x")],
        [("RENAME", key, other)],
        [("EXPIRE", key, LATER // 1000)],
        [("GETEX", key, "PERSIST")],
        [("SETRANGE", key, chance.randrange(1000), "xyz")],
        [("MULTI",), ("SET", key, value), ("COPY", key, other, "DB", 1, "REPLACE"), ("EXEC",)],
        [("FLUSHDB",)] if chance.random() < 0.02 else [("MOVE", key, 5)],
    ))]


class Writers:
    """They write until they are stopped; each has a database at a time."""

    def __init__(self, port, seed):
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.write, args=(port, random.Random(seed + i)))
                        for i in range(WRITERS)]
        self.count = 0

    def write(self, port, chance):
        client = Server.client(argparse.Namespace(port=port))
        while not self.stopping.is_set():
            commands = [words("SELECT", chance.choice(DATABASES))]
            for _ in range(20):
                commands += some_commands(chance)
            client.ask(*commands)
            self.count += len(commands)
        client.socket.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


# ---- What there is ----------------------------------------------------------


def data(server):
    """{(database, key): (value, when it expires)}"""
    client, found = server.client(), {}
    for database in DATABASES:
        keys = decode(client.ask(words("SELECT", database), words("KEYS", "*"))[1])
        for at in range(0, len(keys), 500):
            some = keys[at:at + 500]
            replies = client.ask(*[words(name, key) for key in some
                                   for name in ("GET", "PEXPIRETIME")])
            for i, key in enumerate(some):
                found[database, key] = (replies[2 * i], replies[2 * i + 1])
    client.socket.close()
    return found


def field(server, name):
    try:
        client = server.client()
        text = decode(client.ask(words("INFO", "replication"))[0]).decode()
        client.socket.close()
    except (Broken, OSError):
        return None
    found = re.search(r"(?m)^%s:(\S+)" % name, text)
    return found and found[1]


def follows(server, replica):
    return (field(replica, "master_link_status") == "up" and
            field(replica, "slave_repl_offset") == field(server, "master_repl_offset"))


def differences(server, replicas):
    """A line for each replica that is not as it should be."""
    if not wait_for(lambda: not any(key.startswith(b"soon") for _, key in data(server)), PATIENCE):
        return ["what has expired is still there"]
    wrong = []
    for replica in replicas:
        if not wait_for(lambda replica=replica: follows(server, replica), PATIENCE):
            wrong.append("a replica does not follow: %s of %s" % (
                field(replica, "slave_repl_offset"), field(server, "master_repl_offset")))
            continue
        ours, theirs = data(server), data(replica)
        bad = [key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)]
        if bad:
            wrong.append("%d of %d keys differ: %r" % (len(bad), len(ours), sorted(bad)[:3]))
    return wrong


# ---- What goes wrong --------------------------------------------------------


def child_of(server):
    path = "/proc/%d/task/%d/children" % (server.process.pid, server.process.pid)
    with open(path, encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


def cut_links(server, _):
    server.client().ask(words("CLIENT", "KILL", "TYPE", "replica"))


def kill_child(server, replicas):
    """At work, which it may be for a moment only: then the next one."""
    told = server.output().count(CUT_SHORT)
    for _ in range(20):
        cut_links(server, replicas)
        for pid in wait_for(lambda: child_of(server), 10) or []:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if wait_for(lambda: server.output().count(CUT_SHORT) > told, 1):
            return


def rewrite(server, replicas):
    server.client().ask(words("BGREWRITEAOF"))
    cut_links(server, replicas)


def little_room(server, _):
    client = server.client()
    client.ask(words("CONFIG", "SET", "client-output-buffer-limit", "replica 1 0 0"))
    wait_for(lambda: field(server, "connected_slaves") == "0", 2)
    client.ask(words("CONFIG", "SET", "client-output-buffer-limit", "replica 256mb 64mb 60"))


def kill_replica(_, replicas):
    replica = replicas[0]
    replica.kill()
    replica.start()


def stop_replica(server, replicas):
    """It does not read for a while; what it is owed waits here."""
    replicas[1].process.send_signal(signal.SIGSTOP)
    before = int(field(server, "master_repl_offset"))
    wait_for(lambda: int(field(server, "master_repl_offset")) > before + 5_000_000, 10)
    replicas[1].process.send_signal(signal.SIGCONT)


FAULTS = (cut_links, kill_child, rewrite, little_room, kill_replica, stop_replica)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server")
    parser.add_argument("--rounds", type=int, default=len(FAULTS))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    sums = Sums()
    if not shutil.which("redis-server"):
        print("left out: there is no redis-server to follow")
        sums.add(True, "nothing")
        sums.end()
    with directory("replica") as folder:
        server = Server(args.server, os.path.join(folder, "ours")).start()
        replicas = [Server("redis-server", os.path.join(folder, "replica%d" % i),
                           ["--replicaof", "127.0.0.1 %d" % server.port,
                            "--repl-diskless-load", load]).start()
                    for i, load in enumerate(("disabled", "swapdb"))]
        everyone = [server] + replicas
        try:
            for i in range(args.rounds):
                fault = FAULTS[i % len(FAULTS)]
                with Writers(server.port, args.seed + i * WRITERS) as writers:
                    wait_for(lambda: field(server, "connected_slaves") == "2", PATIENCE)
                    fault(server, replicas)
                    wait_for(lambda: field(server, "connected_slaves") == "2", PATIENCE)
                wrong = differences(server, replicas)
                sums.add(not wrong, "%s, %d commands%s" % (
                    fault.__name__.replace("_", " "), writers.count, "".join(
                        "; " + line for line in wrong)))
            sums.add(CUT_SHORT in server.output(), "a child was killed at work")
            client = replicas[1].client()
            client.ask(words("CONFIG", "SET", "replica-read-only", "no"), words("SELECT", 5),
                       words("SET", "other", "x"))
            sums.add(differences(server, replicas), "a replica that differs is found")
        finally:
            for one in everyone:
                one.kill()
    sums.end()


if __name__ == "__main__":
    main()
