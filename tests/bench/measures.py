"""measures.py -- what is measured: pieces, each of which can be run alone.

A piece has groups, a group has settings and stages, a stage prepares all
servers and then measures them in turn, again and again. A measure returns
{figure: value}, or {"measure/figure": value} where one run gives several. The
names stand in the results: whoever compares two runs relies on them."""
from collections import namedtuple

KIB, MIB = 1024, 1024 * 1024
FILLED_AT_A_TIME = 2000000  # keys, so that it can be seen to go on

Figure = namedtuple("Figure", "title unit digits better")
FIGURES = {
    "cpu_us": Figure("CPU time of the server per operation", "µs", 2, -1),
    "per_second": Figure("Operations a second", "", 0, 1),
    "busy": Figure("of the server's core", "%", 0, 0),
    "p50_us": Figure("p50", "µs", 0, -1),
    "p99_us": Figure("p99", "µs", 0, -1),
    "p999_us": Figure("p99.9", "µs", 0, -1),
    "bytes": Figure("Resident bytes", "", 1, -1),
    "mib": Figure("Resident memory", "MiB", 0, -1),
    "seconds": Figure("Time", "s", 2, -1),
    "cpu_seconds": Figure("CPU time", "s", 2, -1),
}

# tables: the figures that get a table of all servers and their ratios; and
# "times", which is one of throughput and latency. axis: where the measures are
# points of a curve, "name@number", what the number is.
Piece = namedtuple("Piece", "name title tables groups about axis", defaults=("", ""))
Group = namedtuple("Group", "settings stages rounds memory", defaults=(None, 0))
Stage = namedtuple("Stage", "prepare measures seconds", defaults=(0,))
Measure = namedtuple("Measure", "name title run seconds")

LOG_OFF = {"appendonly": "no"}
EVERYSEC = {"appendonly": "yes", "appendfsync": "everysec"}
ALWAYS = {"appendonly": "yes", "appendfsync": "always"}


def fill(bench, server, keys, first=0, **options):
    """Each key once. Not measured: what is there does not depend on it."""
    for done in range(0, keys, FILLED_AT_A_TIME):
        bench.clock.show("%s gets keys: %d of %d" % (server.name, done, keys))
        bench.light(server, "set", each=1, keys=min(FILLED_AT_A_TIME, keys - done),
                    first=first + done, **dict({"pipeline": 64}, **options))


def filled(bench, keys=1000000):
    return lambda server: fill(bench, server, bench.scaled(keys))


def by_redis_benchmark(bench, command, pipeline):
    def run(server):
        return bench.redis_benchmark(server, ["-t", command], bench.seconds, pipeline=pipeline,
                                     keys=bench.scaled(1000000))
    return Measure("%s-p%d" % (command, pipeline), "%s, P=%d" % (command.upper(), pipeline), run,
                   bench.seconds * 1.3 + 0.2)


def by_light(bench, name, title, command, keys=1000000, **options):
    def run(server):
        return bench.light(server, command, keys=bench.scaled(keys), seed=bench.next_seed(),
                           duration_ms=int(bench.seconds * 1000),
                           warm_up_ms=int(bench.seconds * 200), **options)
    return Measure(name, title, run, bench.seconds * 1.3)


# ---- CPU, throughput ---------------------------------------------------------


def cpu(bench):
    measures = [by_redis_benchmark(bench, command, pipeline)
                for command in ("set", "get") for pipeline in (1, 16, 64)]
    return Piece("cpu", "SET and GET by redis-benchmark", ("cpu_us", "times"),
                 [Group(LOG_OFF, [Stage(filled(bench), measures, 3)])],
                 "A million keys of 16 bytes with values of 64, 50 clients, no log. P is the "
                 "number of requests that a client sends at a time.")


def light(bench):
    measures = [by_light(bench, "%s-p%d" % (command, pipeline),
                         "%s, P=%d" % (command.upper(), pipeline), command, pipeline=pipeline)
                for command in ("set", "get") for pipeline in (1, 16, 64)]
    measures += [by_light(bench, "%s-c500" % command, "%s, P=1, 500 clients" % command.upper(),
                          command, clients=500) for command in ("set", "get")]
    measures += [by_light(bench, "mixed-p1", "four GETs a SET, P=1", "mixed")]
    return Piece("light", "SET and GET by a light client", ("per_second", "cpu_us", "times"),
                 [Group(LOG_OFF, [Stage(filled(bench), measures, 3)])],
                 "The same data, 50 clients where nothing else is said. This client costs less "
                 "than the servers, so that it is they who are at their limit.")


def log(bench):
    def by_policy(policy, title):
        measures = [by_redis_benchmark(bench, "set", pipeline) for pipeline in (1, 16)]
        return [m._replace(name="%s-%s" % (policy, m.name), title="%s: %s" % (title, m.title))
                for m in measures]

    def always(pipeline):
        return by_light(bench, "always-set-p%d" % pipeline, "always: SET, P=%d" % pipeline, "set",
                        pipeline=pipeline)
    return Piece("log", "SET with a log", ("cpu_us", "per_second", "times"),
                 [Group(EVERYSEC, [Stage(filled(bench), by_policy("everysec", "everysec"), 4)]),
                  Group(ALWAYS, [Stage(filled(bench), [always(1), always(16)], 4)])],
                 "50 clients; `appendfsync everysec` by redis-benchmark, `always` by the light "
                 "client. The log is on the disk named above; it is never rewritten.")


def commands(bench):
    big = dict(prefix="big:", size=MIB, keys=100 * bench.scale)
    middle = dict(prefix="mid:", size=4 * KIB, keys=10000 * bench.scale)

    def prepare(server):
        fill(bench, server, bench.scaled(1000000))
        fill(bench, server, 10000, prefix="mid:", size=4 * KIB, pipeline=1)
        fill(bench, server, 100, prefix="big:", size=MIB, pipeline=1)
    measures = [
        by_light(bench, "mget100-p1", "MGET of 100 keys", "mget100"),
        by_light(bench, "incr-p1", "INCR, P=1", "incr", prefix="cnt:"),
        by_light(bench, "incr-p16", "INCR, P=16", "incr", prefix="cnt:", pipeline=16),
        by_light(bench, "set-4k", "SET of 4 KiB", "set", **middle),
        by_light(bench, "get-4k", "GET of 4 KiB", "get", **middle),
        by_light(bench, "set-1m", "SET of 1 MiB", "set", **big),
        by_light(bench, "get-1m", "GET of 1 MiB", "get", **big),
    ]
    return Piece("commands", "Other commands, larger values", ("cpu_us", "per_second", "times"),
                 [Group(LOG_OFF, [Stage(prepare, measures, 5)])],
                 "By the light client, 50 clients, P=1 where nothing else is said; there are "
                 "10,000 values of 4 KiB, and 100 of 1 MiB.")


# ---- Memory, start -----------------------------------------------------------


def memory(bench):
    keys, connections = bench.scaled(1000000), bench.clients_most

    def per_key(**options):
        def run(server):
            server.restart()
            before = server.resident()
            fill(bench, server, keys, **options)
            return {"bytes": (server.settled(bench.quiet / 3) - before) / keys}
        return run

    def idle(server):
        server.restart()
        fill(bench, server, 1000)
        before = server.settled(bench.quiet)
        held = bench.light.hold(server, "get", clients=connections, requests=connections,
                                keys=1000)
        try:
            return {"bytes": (server.settled(bench.quiet) - before) / connections}
        finally:
            held.communicate()
    return Piece("memory", "Memory", ("bytes",), [Group(LOG_OFF, [Stage(None, [
        Measure("key", "a key, of a million", per_key(), 4),
        Measure("key-ttl", "a key with a time to live", per_key(ttl=36000), 4),
        Measure("connection", "an idle connection, of {:,}".format(connections), idle, 8)])],
        bench.fewer_rounds)],
        "Growth of the resident memory, divided by what was added: keys of 16 bytes with values "
        "of 64, so 80 bytes are data; connections that have each done a GET, and are silent. "
        "The kernel's part of a connection is not in it.")


def deleted(bench):
    keys = bench.scaled(10000000)
    again = keys * 26 // 100

    def run(server):
        server.restart()
        fill(bench, server, keys, size=16, size_max=256, pipeline=16)
        full = server.settled(bench.quiet)
        bench.light(server, "del", each=1, keys=keys, spare=10, pipeline=64)
        thin = server.settled(bench.quiet)
        fill(bench, server, again, first=keys, size=256, size_max=768, pipeline=16)
        return {"full/mib": full / MIB, "deleted/mib": thin / MIB,
                "refilled/mib": server.settled(bench.quiet) / MIB}
    return Piece("deleted", "Memory after deleting", ("mib",), [Group(
        LOG_OFF, [Stage(None, [Measure("deleted", "", run, keys / 130000 + 10)])], 1)],
        "{:,} keys with values of 16 to 256 bytes (`full`); nine of ten are deleted (`deleted`); "
        "then {:,} others come, with values of 256 to 768 bytes and as many bytes in all as were "
        "deleted (`refilled`). All servers with their defaults: Redis's allocator is jemalloc, "
        "and `activedefrag` is off.".format(keys, again))


def start(bench):
    keys = bench.scaled(10000000)

    def run(server):
        seconds, cpu_seconds = server.restart()
        return {"seconds": seconds, "cpu_seconds": cpu_seconds}
    return Piece("start", "Start", ("seconds", "cpu_seconds"), [Group(
        EVERYSEC, [Stage(lambda server: fill(bench, server, keys, pipeline=16),
                         [Measure("replay", "replay of {:,} SETs".format(keys), run,
                                  keys / 1000000)], keys / 300000)], bench.fewer_rounds)],
        "From the start of the process until it answers PING with PONG. The log is the one that "
        "the server itself has written, of 50 clients with P=16, checksums and all where it "
        "writes such; it is in the page cache.")


# ---- Curves ------------------------------------------------------------------


def points(bench, kinds, number, **options):
    return [by_light(bench, "%s-p%d@%d" % (command, pipeline, number),
                     "%s, P=%d" % (command.upper(), pipeline), command, pipeline=pipeline,
                     **options) for command, pipeline in kinds]


def keys(bench):
    stages, previous = [], 0
    for number in (10000, 1000000, 10000000, 50000000):
        number = bench.scaled(number)

        def prepare(server, number=number, previous=previous):
            fill(bench, server, number - previous, first=previous)
        stages.append(Stage(prepare, points(
            bench, [("set", 1), ("get", 1), ("set", 16), ("get", 16)], number,
            keys=number * bench.scale), (number - previous) / 600000))
        previous = number
    return Piece("keys", "By the number of keys", ("cpu_us",),
                 [Group(LOG_OFF, stages, None, 160 * previous)],
                 "By the light client, 50 clients, keys at random out of all.", "keys")


def clients(bench):
    numbers = sorted({1, 100, min(1000, bench.clients_most), bench.clients_most})
    measures = [measure for number in numbers
                for measure in points(bench, [("set", 1), ("get", 1)], number, clients=number)]
    return Piece("clients", "By the number of clients", ("cpu_us", "per_second", "times"),
                 [Group(LOG_OFF, [Stage(filled(bench), measures, 3)])],
                 "By the light client, P=1, a million keys; all clients have a request in "
                 "flight at any time.", "clients")


ALL = (cpu, light, log, commands, memory, deleted, start, keys, clients)
QUICK = ("cpu", "light", "memory")
