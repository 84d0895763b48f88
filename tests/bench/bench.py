#!/usr/bin/env python3
"""bench.py SERVER LIGHT [--only PIECE,...] [--rounds N] [--seconds S] ... --
measures a Redis-Lite beside each server that it finds, in turns, each on a core
of its own: processor time, throughput, latency, memory.

Results go into a folder, a file of samples for each piece; tables and pictures
are made of all that are there, so a long run can be done in pieces. Python 3
and Linux's /proc."""
import argparse
import os
import shutil
import signal
import sys
import time

import machine
import measures
import report
from clients import Light, RedisBenchmark
from servers import Failed, Server, differences, find_peers, version


ALONE = "one server after the other, not in turns, for want of memory"


class Clock:
    """How far it has come, on stderr: of all seconds that the measures said they
    would take, corrected by what those that are done took."""

    def __init__(self, expected):
        self.expected, self.done, self.began, self.told = expected, 0.0, time.monotonic(), 0.0
        self.tty = sys.stderr.isatty()

    def left(self):
        spent = time.monotonic() - self.began
        pace = min(3, max(0.5, spent / self.done)) if self.done > 10 else 1
        return max(0, self.expected - self.done) * pace

    def show(self, what):
        if not self.tty and time.monotonic() - self.told < 20:
            return
        self.told = time.monotonic()
        print("%s%d:%02d left  %-60.60s%s" % ("\r" if self.tty else "", *divmod(
            int(self.left()), 60), what, "" if self.tty else "\n"), file=sys.stderr, end="",
            flush=True)

    def end(self):
        if self.tty:
            print("\r%70s\r" % "", file=sys.stderr, end="", flush=True)


class Bench:
    """What the measures use, and how they are gone through."""

    def __init__(self, options):
        self.options, self.rounds, self.seconds = options, options.rounds, options.seconds
        self.scale, self.fewer_rounds = options.scale, (self.rounds * 3 + 2) // 5
        self.quiet = 3 if self.scale < 100 else 0.1  # until memory counts as settled
        self.light, self.redis_benchmark = Light(os.path.abspath(options.light)), RedisBenchmark()
        self.peers = find_peers(options.server, options.peers)
        self.folder = os.path.abspath(options.out)
        self.data = os.path.join(self.folder, "data")
        self.seed, self.notes, self.failed, self.clock = 0, set(), set(), None
        self.core, self.clients_core = machine.choose_cores(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {self.clients_core})
        self.connections = min(10000, machine.raise_descriptors() - 200)
        self.clients_most = self.scaled(self.connections)
        os.makedirs(self.data, exist_ok=True)

    def scaled(self, count):
        return max(100, count // self.scale)

    def next_seed(self):
        self.seed += 1
        return self.seed

    def facts(self):
        """{what: text} of the machine and the programs; in the order to be shown."""
        result = machine.facts(self.data, self.core, self.clients_core, self.options.server)
        for name, command in self.peers.items():
            result[name] = version(command)
        result[report.OURS] += machine.commit()
        if shutil.which("redis-benchmark"):
            result["redis-benchmark"] = version("redis-benchmark")
        if self.scale > 1:
            result["scale"] = "the numbers of keys and the largest of clients are divided by %d" % (
                self.scale)
        return result

    # ---- Servers -------------------------------------------------------------

    def start(self, settings, started):
        """Those that can have these settings, into the list 'started'."""
        settings = dict(settings, **{"maxclients": self.connections + 50,
                                     "auto-aof-rewrite-percentage": 0})
        for name, command in self.peers.items():
            if "{settings}" not in command and settings["appendonly"] != "no":
                self.note(name, "has no setting for a log like the others': left out there")
                continue
            server = Server(name, command, self.data, settings, self.core)
            started.append(server)
            server.start()

    def compare(self, servers):
        known = {server.name: server.config() for server in servers}
        for name in [name for name, values in known.items() if values is None]:
            self.note(name, "knows no CONFIG GET: its settings are those of its command line")
        different = differences(known)
        if different:
            raise Failed("the servers have different settings, so there is nothing to compare:\n  "
                         + "\n  ".join(different))

    def note(self, name, text):
        """Say it, once."""
        if (name, text) not in self.notes:
            self.notes.add((name, text))
            print("%s: %s" % (name, text), file=sys.stderr)

    # ---- Measuring -----------------------------------------------------------

    def seconds_of(self, piece):
        return sum(len(self.peers) * (1 + stage.seconds + (group.rounds or self.rounds) * sum(
            measure.seconds for measure in stage.measures))
            for group in piece.groups for stage in group.stages)

    def run(self, piece):
        """[(measure, title, figure, server, round, value)...]"""
        samples = []
        for group in piece.groups:
            servers = []
            try:
                self.start(group.settings, servers)
                self.compare(servers)
                # Those that do not fit beside each other come one after the other.
                lots = [servers]
                if group.memory * len(servers) > 0.85 * machine.memory_available():
                    self.note(piece.name, ALONE)
                    lots = [[server] for server in servers]
                for lot in lots:
                    for stage in group.stages:
                        self.run_stage(piece, group, stage, lot, samples)
                    for server in lot:
                        server.end()
            finally:
                for server in servers:
                    server.end()
        return samples

    def run_stage(self, piece, group, stage, servers, samples):
        for server in servers if stage.prepare else ():
            stage.prepare(server)
            self.clock.done += stage.seconds + 1
        for number in range(group.rounds or self.rounds):
            # Who goes first changes, or the second would always meet a warm core.
            turn = number % len(servers)
            for measure in stage.measures:
                for server in servers[turn:] + servers[:turn]:
                    self.clock.show("%s: %s, round %d, %s" % (piece.name, measure.name, number + 1,
                                                         server.name))
                    self.take(measure, server, number, samples)
                    self.clock.done += measure.seconds

    def take(self, measure, server, number, samples):
        """A peer that can not do it is left out of this measure; ours has to."""
        if (server.name, measure.name) in self.failed:
            return
        try:
            figures = measure.run(server)
        except Failed as failure:
            if server.name == report.OURS:
                raise
            self.failed.add((server.name, measure.name))
            print("%s" % failure, file=sys.stderr)
            return
        for name, value in figures.items():
            if "/" in name:
                name, figure = name.split("/")
                samples.append((name, name, figure, server.name, number, value))
            elif name in measures.FIGURES:
                samples.append((measure.name, measure.title, name, server.name, number, value))


# ---- The command line --------------------------------------------------------


def command_of(options):
    """What repeats this run."""
    words = ["%s=%s" % (name, getattr(options, name)) for name in
             ("only", "rounds", "seconds", "scale") if getattr(options, name)]
    peers = ["PEERS='%s'" % options.peers] if options.peers else []
    return " ".join([options.called] + words + peers)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.partition("--\n")[2])
    parser.add_argument("server", help="ours")
    parser.add_argument("light", help="the light client")
    parser.add_argument("--only", default="", help="pieces, with commas: %s; or quick" % ", ".join(
        piece.__name__ for piece in measures.ALL))
    parser.add_argument("--peers", default="", help="name=command with {port}, {dir}, {settings}; "
                        "several with ; between them")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one measurement")
    parser.add_argument("--scale", type=int, default=1,
                        help="divides the numbers of keys, and the largest of clients")
    parser.add_argument("--out", default="build/bench", help="folder for the results")
    parser.add_argument("--called", default="make bench",
                        help="how this was called, for the record")
    parser.add_argument("--document", help="only put the results into this document")
    return parser.parse_args()


def chosen(only):
    names = {piece.__name__: piece for piece in measures.ALL}
    wanted = list(measures.QUICK if only == "quick" else filter(None, only.split(","))) or names
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise Failed("no piece '%s'; there are %s" % (unknown[0], ", ".join(names)))
    return [names[name] for name in wanted]


def warn(bench):
    if bench.core == bench.clients_core:
        print("there is one core: server and client share it, figures are of little worth",
              file=sys.stderr)
    if bench.connections < 10000:
        print("ulimit -n allows %d clients, not 10000" % bench.connections, file=sys.stderr)
    if os.getloadavg()[0] > 0.5:
        print("the machine has other work (load %.1f): figures will be noisy" % os.getloadavg()[0],
              file=sys.stderr)
    if machine.file_system(bench.data) in ("tmpfs", "ramfs"):
        raise Failed("%s is in memory: a log has to be on a disk" % bench.data)


def main():
    options = parse()
    if options.document:
        report.into_document(options.out, options.document)
        return
    bench = Bench(options)
    pieces = [piece(bench) for piece in chosen(options.only)]
    warn(bench)
    known = bench.facts()
    print("\n".join("%-16s %s" % item for item in known.items()))
    if len(bench.peers) == 1:
        print("no other server is installed: there is nothing to compare with", file=sys.stderr)
    bench.clock = Clock(sum(map(bench.seconds_of, pieces)))
    try:
        for piece in pieces:
            samples = bench.run(piece)
            bench.clock.end()
            how = {"date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
                   "command": command_of(options)}
            if (piece.name, ALONE) in bench.notes:
                how["remark"] = ALONE
            report.save(bench.folder, piece, samples, dict(known, **how))
            report.write(bench.folder)
            print(report.piece_text(bench.folder, piece.name), flush=True)
    finally:
        shutil.rmtree(bench.data, ignore_errors=True)
    print("results: %s" % os.path.relpath(os.path.join(bench.folder, "benchmarks.md")))


if __name__ == "__main__":
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    try:
        main()
    except Failed as failed:
        sys.exit("bench: %s" % failed)
    except KeyboardInterrupt:
        sys.exit("\nbench: stopped; pieces that were done are kept")
