#!/usr/bin/env python3
"""outgrowing.py SERVER -- each command of docs/outgrowing.md, as it stands there.

A block of the document that has a name is run by bash in a folder of its own,
where every port is one that is free now; then the data of both sides are
compared: keys, values, and when they expire. VALKEY_SERVER=PATH runs the same
with Valkey in the place of redis-server."""
import hashlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "faults"))
from server import Broken, Connection, Sums, decode, wait_for  # noqa: E402

DOCUMENT = os.path.join(HERE, "..", "..", "docs", "outgrowing.md")
BLOCK = re.compile(r"<!-- tested as (\w+) -->\n```sh\n(.*?)```", re.S)
PORTS = (6379, 6380, 6381, 6382, 7001, 7002, 7003, 22121, 22222, 26379, 26380, 26381)
KEYS = 500
PATIENCE = 30


class Blocks(dict):
    """Those of the document by name, and which of them were run."""

    def __init__(self):
        with open(DOCUMENT, encoding="utf-8") as document:
            text = document.read()
        super().__init__(BLOCK.findall(text))
        self.used = set()
        self.nameless = text.count("```sh\n") - len(self)

    def __getitem__(self, name):
        self.used.add(name)
        return super().__getitem__(name)


def free_ports(count):
    """Below those that the system gives to whoever connects somewhere."""
    found = set()
    while len(found) < count:
        port = random.randrange(12000, 32000)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
                found.add(port)
            except OSError:
                pass
    return list(found)


class Site:
    """A folder, with a name for each program, and what was started in it."""

    def __init__(self, ours, other):
        self.folder = tempfile.mkdtemp(prefix="interop.")
        self.ports = dict(zip(PORTS, free_ports(len(PORTS))))
        self.groups = []
        programs = os.path.join(self.folder, "programs")
        os.mkdir(programs)
        os.symlink(os.path.abspath(ours), os.path.join(programs, "redis-lite"))
        # A Redis listens on all interfaces, if it is not told.
        with open(os.path.join(programs, "redis-server"), "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\nexec %s "$@" --bind 127.0.0.1\n' % other)
            os.chmod(file.name, 0o755)
        self.environment = dict(os.environ, PATH=programs + ":" + os.environ["PATH"])
        with open(os.path.join(HERE, "..", "..", "docs", "nutcracker.yml"), encoding="utf-8") as file:
            text = self.with_ports(file.read())
        with open(os.path.join(self.folder, "nutcracker.yml"), "w", encoding="utf-8") as file:
            file.write(text)

    def with_ports(self, text):
        return re.sub(r"\b(%s)\b" % "|".join(map(str, PORTS)),
                      lambda found: str(self.ports[int(found[1])]), text)

    def run(self, text):
        """The output; what it leaves in the background goes on until close()."""
        log = os.path.join(self.folder, "log.%d" % len(self.groups))
        with open(log, "wb") as output:
            shell = subprocess.Popen(["bash", "-euo", "pipefail", "-c", self.with_ports(text)],
                                     cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                     stdout=output, stderr=output, start_new_session=True)
        self.groups.append(shell.pid)
        code = shell.wait(PATIENCE)
        with open(log, errors="replace", encoding="utf-8") as output:
            said = output.read()
        if code != 0:
            raise AssertionError("exit code %d: %s" % (code, said[-800:]))
        return said

    def ask(self, port, *commands):
        # A proxy closes for what is about one connection.
        client = Connection(self.ports[port], asks_id=port != 22121)
        try:
            return [decode(reply) for reply in client.ask(*[
                [word if isinstance(word, bytes) else str(word).encode() for word in command]
                for command in commands])]
        finally:
            client.socket.close()

    def start_ours(self, settings=""):
        self.run("redis-lite --port 6379 --aofPath appendonly.aof %s &\n"
                 "until redis-cli -p 6379 PING | grep -q PONG; do sleep 0.05; done" % settings)

    def close(self):
        for group in self.groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.folder, ignore_errors=True)


# ---- Data -------------------------------------------------------------------


def fill(site, port, databases=(0, 3)):
    for database in databases:
        commands = [["SELECT", database]]
        for i in range(KEYS):
            value = bytes((i * 7 + j) % 256 for j in range(i))
            commands.append(["SET", "key:%d" % i, value])
            if i % 3 == 0:
                commands.append(["PEXPIRE", "key:%d" % i, 10_000_000 + i])
            if i % 5 == 0:
                commands.append(["APPEND", "key:%d" % i, b"\r\n#HDR:\r\n"])
        commands += [["SET", b"\x00 binary \xff\r\n", b"*1\r\n$4\r\nPING\r\n"], ["INCR", "count"],
                     ["MULTI"], ["SET", "in", 1], ["SET", "transaction", 2], ["EXEC"],
                     ["MSET", "many", "a", "keys", "b"], ["SET", "gone", "x"], ["DEL", "gone"]]
        site.ask(port, *commands)


def data(site, port, databases=(0, 3)):
    """{(database, key): (value, when it expires)}"""
    found = {}
    for database in databases:
        keys = site.ask(port, ["SELECT", database], ["KEYS", "*"])[1]
        asked = [["SELECT", database]]
        for key in keys:
            asked += [["GET", key], ["PEXPIRETIME", key]]
        answers = site.ask(port, *asked)[1:]
        for i, key in enumerate(keys):
            found[database, key] = (answers[2 * i], answers[2 * i + 1])
    return found


def require_same(ours, theirs):
    if ours != theirs:
        wrong = [key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)]
        raise AssertionError("%d keys here, %d there, %d differ: %r" % (
            len(ours), len(theirs), len(wrong), sorted(wrong)[:3]))


# ---- The ways ---------------------------------------------------------------


def field(site, port, name):
    found = re.search(rb"(?m)^%s:(\S+)" % name, site.ask(port, ["INFO", "replication"])[0])
    return found and found[1]


def replica(site, blocks):
    """Under load, and with its link cut twice."""
    site.start_ours()
    fill(site, 6379)
    stop = threading.Event()

    def write():
        i = 0
        while not stop.is_set():
            i += 1
            site.ask(6379, ["SELECT", i % 2 * 3], ["INCR", "load"], ["SET", "l:%d" % (i % 50), i],
                     ["SET", "soon:%d" % i, i, "PX", 30], ["APPEND", "long", "x"])
    writer = threading.Thread(target=write)
    writer.start()
    try:
        site.run(blocks["replica"])
        for _ in range(2):
            site.ask(6379, ["CLIENT", "KILL", "TYPE", "replica"])
            assert wait_for(lambda: field(site, 6380, b"master_link_status") == b"up", PATIENCE)
    finally:
        stop.set()
        writer.join()
    assert wait_for(lambda: not [key for _, key in data(site, 6379) if key.startswith(b"soon")],
                    PATIENCE)
    assert wait_for(lambda: field(site, 6379, b"master_repl_offset") ==
                    field(site, 6380, b"slave_repl_offset"), PATIENCE), "the offsets differ"
    require_same(data(site, 6379), data(site, 6380))
    site.run(blocks["promote"])
    assert site.ask(6380, ["GET", "moved"]) == [b"yes"]
    assert site.ask(6380, ["ROLE"])[0][0] == b"master"


def replica_with_password(site, blocks):
    site.start_ours()
    fill(site, 6379)
    expected = data(site, 6379)
    site.ask(6379, ["CONFIG", "SET", "requirepass", "secret"])
    site.run(blocks["replica"].replace("--replicaof", "--masterauth secret --repl-diskless-load "
                                       "swapdb --replicaof"))
    assert wait_for(lambda: len(data(site, 6380)) == len(expected), PATIENCE)
    require_same(expected, data(site, 6380))


def sentinel(site, blocks):
    site.start_ours()
    ours = site.groups[-1]
    fill(site, 6379)
    site.run(blocks["replica"] + blocks["sentinel"])
    for port in (26379, 26380, 26381):
        site.run("until redis-cli -p %d INFO sentinel | grep -q 'status=ok.*slaves=1,sentinels=3'; "
                 "do sleep 0.1; done" % port)
    assert wait_for(lambda: field(site, 6379, b"master_repl_offset") ==
                    field(site, 6380, b"slave_repl_offset"), PATIENCE), "the offsets differ"
    expected = data(site, 6379)
    os.killpg(ours, signal.SIGKILL)
    # Sentinel closes all clients of the new master: so ask that one later.
    site.run("until redis-cli -p 26379 SENTINEL get-master-addr-by-name data | grep -q 6380; "
             "do sleep 0.1; done")
    assert site.ask(6380, ["ROLE"])[0][0] == b"master"
    require_same(expected, data(site, 6380))
    site.run(blocks["old"])
    require_same(expected, data(site, 6379))


def file(site, blocks, settings=""):
    site.start_ours(settings)
    fill(site, 6379)
    expected = data(site, 6379)
    site.run("redis-cli -p 6379 SHUTDOWN || true")
    site.run(blocks["file"])
    require_same(expected, data(site, 6380))


def file_without_seals(site, blocks):
    file(site, blocks, "--aof-seals no")


def file_with_times(site, blocks):
    file(site, blocks, "--aof-timestamp-enabled yes")


def file_rewritten(site, blocks):
    site.start_ours()
    fill(site, 6379)
    site.ask(6379, ["BGREWRITEAOF"])
    site.run("while redis-cli -p 6379 INFO persistence | grep -q aof_rewrite_in_progress:1; "
             "do sleep 0.05; done")
    fill(site, 6379, (3,))
    expected = data(site, 6379)
    site.run("redis-cli -p 6379 SHUTDOWN || true")
    site.run(blocks["file"])
    require_same(expected, data(site, 6380))


def pipe(site, blocks):
    site.start_ours()
    fill(site, 6379)
    site.run("mkdir -p redis; redis-server --port 6380 --dir redis --save '' &\n"
             "until redis-cli -p 6380 PING | grep -q PONG; do sleep 0.05; done")
    assert "errors: 0" in site.run(blocks["pipe"])
    require_same(data(site, 6379), data(site, 6380))


def start_cluster(site):
    for port in (7001, 7002, 7003):
        site.run("mkdir -p %d; cd %d; redis-server --port %d --cluster-enabled yes --save '' "
                 "--cluster-port %d --dir . &\n"
                 "until redis-cli -p %d PING | grep -q PONG; do sleep 0.05; done"
                 % (port, port, port, free_ports(1)[0], port))
    site.run("redis-cli --cluster create 127.0.0.1:7001 127.0.0.1:7002 127.0.0.1:7003 --cluster-yes")
    for port in (7001, 7002, 7003):
        assert wait_for(lambda: b"cluster_state:ok" in site.ask(port, ["CLUSTER", "INFO"])[0],
                        PATIENCE)


def in_cluster(site):
    found = {}
    for port in (7001, 7002, 7003):
        found.update(data(site, port, (0,)))
    return found


def cluster(site, blocks):
    start_cluster(site)
    site.start_ours()
    fill(site, 6379, (0,))
    site.run(blocks["cluster"])
    require_same(data(site, 6379, (0,)), in_cluster(site))


def cluster_import(site, blocks):
    """TTLs travel as what is left of them: so they may differ by a little."""
    start_cluster(site)
    site.start_ours()
    fill(site, 6379, (0,))
    site.ask(6379, ["DEL", b"\x00 binary \xff\r\n"])  # see the document
    site.run(blocks["replica"] + blocks["promote"] + "redis-cli -p 6380 DEL moved\n")
    site.run(blocks["import"])
    ours, theirs = data(site, 6379, (0,)), in_cluster(site)
    for key, (value, expiry) in ours.items():
        assert key in theirs, key
        assert theirs[key][0] == value, key
        assert abs(theirs[key][1] - expiry) < 5000, key
    assert len(ours) == len(theirs)


def is_set(site, key):
    try:
        return site.ask(22121, ["SET", key, 1]) == [b"+OK\r\n"]
    except Broken:
        return False


def is_closed(site, command):
    try:
        site.ask(22121, command)
    except Broken:
        return True
    return False


def nutcracker(site, blocks):
    site.run(blocks["nutcracker"])
    keys = [hashlib.md5(b"%d" % i).hexdigest().encode() for i in range(200)]
    site.ask(22121, *[["SET", key, key] for key in keys])
    assert site.ask(22121, ["MGET"] + keys) == [keys], "MGET"
    assert site.ask(22121, ["INCR", "n"], ["GET", "n"]) == [1, b"1"], "INCR"
    counts = [site.ask(port, ["DBSIZE"])[0] for port in (6381, 6382)]
    assert min(counts) > 20 and sum(counts) == 202, counts
    assert site.ask(22121, ["DEL"] + keys) == [200], "DEL"
    for command in ("SCAN 0", "KEYS *", "DBSIZE", "INFO", "FLUSHALL", "SELECT 1", "MULTI",
                    "CLIENT ID", "HELLO 3"):
        assert is_closed(site, command.split()), command
    site.run("redis-cli -p 6382 SHUTDOWN || true")
    good = sum(is_set(site, key) for key in keys)
    assert 20 < good < 180, "%d of 200 with one server down" % good


def into(site, blocks):
    site.run("mkdir -p redis; redis-server --port 6380 --dir redis --save '' --appendonly yes &\n"
             "until redis-cli -p 6380 PING | grep -q PONG; do sleep 0.05; done")
    fill(site, 6380)
    site.ask(6380, ["BGREWRITEAOF"])  # as it comes: with a snapshot in front
    site.run("while redis-cli -p 6380 INFO persistence | grep -q 'aof_rewrite_[is].*:1'; "
             "do sleep 0.1; done")
    said = site.run("redis-lite --port 0 --aofPath redis/appendonlydir/*.base.rdb 2>&1 || true")
    assert "aof-use-rdb-preamble no" in said, said
    site.run(blocks["into"])
    expected = data(site, 6380)
    site.run("mv ours.aof appendonly.aof")
    site.start_ours()
    require_same(expected, data(site, 6379))


def back_in_time(site, _):
    """redis-check-aof cuts our file at a moment, and we start on it."""
    site.start_ours("--aof-timestamp-enabled yes")
    site.ask(6379, ["SET", "k", "before"])
    time.sleep(2.1)
    moment = int(time.time()) - 1
    site.ask(6379, ["SET", "k", "after"])
    site.run("redis-cli -p 6379 SHUTDOWN || true")
    site.run("redis-check-aof --truncate-to-timestamp %d appendonly.aof" % moment)
    site.start_ours()
    assert site.ask(6379, ["GET", "k"]) == [b"before"]


WAYS = (replica, replica_with_password, sentinel, file, file_without_seals, file_with_times, file_rewritten,
        pipe, cluster, cluster_import, nutcracker, into, back_in_time)


def try_way(way, blocks, ours, other):
    site = Site(ours, other)
    try:
        way(site, blocks)
        return ""
    except Exception as error:  # whatever it is, the others are tried
        return "%s: %s" % (type(error).__name__, error)
    finally:
        site.close()


def main():
    ours = sys.argv[1]
    only = sys.argv[2:]
    blocks = Blocks()
    sums = Sums()
    engines = [("redis-server", shutil.which("redis-server"))]
    if os.environ.get("VALKEY_SERVER"):
        engines.append(("Valkey", os.path.abspath(os.environ["VALKEY_SERVER"])))
    else:
        print("VALKEY_SERVER is not set: no Valkey was tried")
    for name, program in engines:
        for way in WAYS:
            if only and way.__name__ not in only:
                continue
            wrong = try_way(way, blocks, ours, program)
            sums.add(not wrong, "%s, %s%s" % (name, way.__name__, wrong and ": " + wrong))
    if not only:
        left = blocks.keys() - blocks.used
        sums.add(not left and not blocks.nameless, "each block is run%s" % (
            left and ", but not " + ", ".join(sorted(left)) or
            blocks.nameless and ", but for %d without a name" % blocks.nameless or ""))
    sums.end()


main()
