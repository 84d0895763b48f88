"""damage.py -- a log with one bit flipped: what the server makes of it.

A server writes a small log and is stopped, or killed. Then each bit of the log
is flipped, one at a time, and the server is started with it: it refuses, or
says that it has cut the file and serves what stood before, or serves the same
data; or, and that must not be, it serves other data and says nothing, or
crashes. Works with redis-server, too, of which it only prints the figures."""
import argparse
import collections
import concurrent.futures
import os
import shutil
import sys

from server import Progress, Refused, Server, Sums, decode, directory

OUTCOMES = ("refused", "cut", "same", "other", "crashed")
COMMANDS = [  # as small as can be, for each case is the start of a process
    [b"SET", b"key", b"value"], [b"MSET", b"a", b"1", b"b", b"22"],
    [b"SET", b"e", b"x", b"PXAT", b"99999999999999"],
    [b"MULTI"], [b"DEL", b"a"], [b"SET", b"key", b"*1\r\n"], [b"EXEC"]]


def data(server):
    """{key: (value, when it expires)} of all databases that we use."""
    client = server.client()
    try:
        keys = sorted(decode(client.ask([b"KEYS", b"*"])[0]))
        replies = client.ask(*[[word, key] for key in keys for word in (b"GET", b"PEXPIRETIME")])
        return {key: replies[2 * i:2 * i + 2] for i, key in enumerate(keys)}
    finally:
        client.socket.close()


def write_log(program, settings, where, killed):
    """The bytes of a log, and the data that they stand for."""
    server = Server(program, where, settings).start()
    client = server.client()
    for command in COMMANDS:
        client.ask(command)
    client.socket.close()
    found = data(server)
    path = server.log()
    if killed:
        server.kill()
    else:
        server.stop()
    with open(path, "rb") as file:
        return file.read(), found


def try_log(program, settings, where, log, expected):
    """What becomes of these bytes: one of OUTCOMES."""
    server = Server(program, where, settings)
    with open(os.path.join(server.data, "appendonly.aof"), "wb") as file:
        file.write(log)
    try:
        server.start()
        found = data(server)
        cut = server.cuts() or "runcating the AOF" in server.output()
    except Refused as refused:
        return "refused" if refused.code == 1 else "crashed"
    except (OSError, EOFError):
        return "crashed"
    finally:
        server.kill()
        shutil.rmtree(where, ignore_errors=True)
    return "same" if found == expected else "cut" if cut else "other"


def run(program, settings, killed, step, show):
    """How often each outcome was seen, and of how many bytes."""
    with directory("damage") as top:
        log, expected = write_log(program, settings, os.path.join(top, "first"), killed)

        def flip(bit):
            bad = bytearray(log)
            bad[bit // 8] ^= 1 << bit % 8
            return try_log(program, settings, os.path.join(top, str(bit)), bad, expected)
        seen = collections.Counter()
        bits = range(0, 8 * len(log), step)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for done, outcome in enumerate(pool.map(flip, bits), 1):
                seen[outcome] += 1
                show(done, len(bits))
        return seen, len(log)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--kind", choices=["redis"], help="found out by itself")
    parser.add_argument("--short", action="store_true", help="one bit of 37, not each")
    options = parser.parse_args()
    step = 37 if options.short else 1
    probe = shutil.which(options.server) or options.server
    with directory("damage") as top:
        is_redis = options.kind == "redis" or Server(probe, top).is_redis
    ways = [("", ["--aof-use-rdb-preamble", "no"])] if is_redis else \
        [("with seals, ", []), ("without seals, ", ["--aof-seals", "no"])]
    sums = Sums()
    for name, settings in ways:
        for killed in (False, True) if settings == [] else (False,):
            what = name + ("killed" if killed else "stopped")
            progress = Progress(what, 1)

            def show(done, total, progress=progress):
                progress.total = total
                progress.show(done)
            seen, size = run(options.server, settings, killed, step, show)
            # Without seals, and in Redis's file, nothing tells other data.
            good = seen["crashed"] == 0 and (settings != [] or seen["other"] == 0)
            sums.add(good or is_redis, "%s, %d bytes, %d bits flipped: %s" % (
                what, size, sum(seen.values()),
                ", ".join("%d %s" % (seen[name], name) for name in OUTCOMES)))
    sums.end()


if __name__ == "__main__":
    sys.exit(main())
