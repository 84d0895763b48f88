#!/usr/bin/env python3
"""crash.py --server PATH [--short] [--policy P] -- every point at which a machine
can crash, and every state of the disk that it may leave.

A server runs under strace, with clients that write, and its log is rewritten
meanwhile. From the trace we know each change that it made to its files, each
sync, and each reply, in order (trace.py). After each of them the machine might
have crashed: all disks that this may leave are made (disk.py), and a server is
started on each. It has to start; what it has must be what there was at some
moment; and that moment may not lie before

  the last reply, if only the process ended, or if the policy is always;
  else the first write to the log that was not synced.

--server: ours or redis-server. --self-test: faults made on purpose are found.
--keep FOLDER: the first disks that were wrong, and why. Needs strace."""
import argparse
import concurrent.futures
import hashlib
import os
import re
import shutil
import sys
import threading
import time

import trace
from disk import Disk
from server import Progress, Refused, Server, Sums, directory, wait_for

CLIENTS = 3
KEYS = 5
LOST = "lost what was acknowledged"
SHOWN = 5          # failures that are told at length
PACE_SECONDS = 0.1 # between two rounds under everysec, so that syncs come in between
SYNC_DELAY_US = 3000  # so that things happen during a sync, and a rewrite takes its time
JOURNAL = b"journal"
OLD_BYTES = b"*3\r\n$3\r\nSET\r\n$3\r\nold\r\n$5\r\nbytes\r\n"  # what a disk had in a log before


# ---- What the clients do -----------------------------------------------------


class History:
    """Every change appends to the same value, so that its length, which is the
    reply, says which change came when, and the value says how many there are."""

    def __init__(self):
        self.changes = {}   # {length after it: (what was appended, {key: value})}
        self.states = {}    # {length: {key: value}}, all states that there were
        self.count = 0

    def next(self):
        """(commands, what is appended, {key: value}); the reply to the last one
        has the length."""
        self.count += 1
        number, key = self.count, b"key:%d" % (self.count % KEYS)
        # Above any other number that a client is told.
        text = b"<%d>" % number if number > 1 else b"<%01000d>" % number
        append = [b"APPEND", JOURNAL, text]
        value = b"%d:" % number + b"v" * (number * 37 % 300)
        if number % 4 == 0:
            return [append], text, {}
        if number % 4 == 3:
            return [[b"MULTI"], [b"DEL", key], append, [b"EXEC"]], text, {key: None}
        return [[b"MULTI"], [b"SET", key, value], append, [b"EXEC"]], text, {key: value}

    def add(self, reply, text, changed):
        self.changes[int(re.findall(rb":(\d+)\r\n", reply)[-1])] = text, changed

    def until(self, length):
        """The beginning of it, to go on from."""
        start = History()
        start.count = self.count
        start.changes = {at: change for at, change in self.changes.items() if at <= length}
        return start

    def finish(self):
        state, journal = {}, b""
        self.states[0] = {}
        for length, (text, changed) in sorted(self.changes.items()):
            journal += text
            if len(journal) != length:
                raise ValueError("the replies make no sense: %d, %d" % (length, len(journal)))
            state.update(changed)
            self.states[length] = {key: value for key, value in state.items() if value is not None}
            self.states[length][JOURNAL] = journal

    def acknowledged(self, reply):
        lengths = [int(length) for length in re.findall(rb":(\d+)\r\n", reply)]
        return max([length for length in lengths if length in self.changes], default=0)

    def judge(self, state):
        """The length that this state had, or what is wrong with it."""
        length = len(state.get(JOURNAL, b""))
        if self.states.get(length) == state:
            return length
        return "never was so: %.300r" % state


def write_some(clients, history, rounds, pause):
    for _ in range(rounds):
        work = [(client, *history.next()) for client in clients]
        for client, commands, _, _ in work:
            client.send(b"".join(map(request_of, commands)))
        for client, commands, text, changed in work:
            history.add(client.read(len(commands))[-1], text, changed)
        time.sleep(pause)


def request_of(words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word)
                                              for word in words)


# ---- Recording ---------------------------------------------------------------


class Recording:
    """A run of 'program' from its start to a clean end: on an empty disk, or on
    'image', from which it will have the journal up to 'length'."""

    def __init__(self, program, folder, policy, rounds, image=None, length=0, history=None):
        output = os.path.join(folder, "trace")
        server = Server(program, folder, settings_of(policy),
                        inside=trace.command(output) + ["-e", "inject=fsync,fdatasync,rename:"
                                                        "delay_exit=%d" % SYNC_DELAY_US])
        self.policy, self.is_redis = policy, server.is_redis
        self.length, self.history = length, history or History()
        self.files = dict(enumerate((image or {}).values()))
        self.names = dict(zip(image or {}, self.files))
        put(image or {}, server.data)
        if server.is_redis:
            # It never syncs the folder that this one is in: not counted.
            os.makedirs(os.path.join(server.data, "appendonlydir"), exist_ok=True)
        server.start()
        try:
            self.run(server, rounds, PACE_SECONDS if policy != "always" else 0)
            server.stop()
        finally:
            server.kill()
        wait_for(lambda: trace.has_ended(output))
        sizes = {file: len(data) for file, data in self.files.items()}
        self.events = trace.Trace(output, server.data, self.names, sizes).events
        self.history.finish()

    def run(self, server, rounds, pause):
        clients = [server.client() for _ in range(CLIENTS)]
        write_some(clients[:1], self.history, 1, 0)
        write_some(clients, self.history, rounds, pause)
        clients[0].ask([b"BGREWRITEAOF"])
        while server.info(clients[0], "aof_rewrite_in_progress") != "0":
            write_some(clients, self.history, 1, pause)
        write_some(clients, self.history, rounds, pause)

    def is_log(self, name):
        if self.is_redis:
            return re.search(r"\.(base|incr)\.\w+$", name)
        return name == "appendonly.aof"

    def disks(self, cuts):
        """(what happened last, {name: bytes}, the length that has to be there)"""
        disk, acknowledged, other = Disk(self.names, self.files), self.length, OLD_BYTES
        for event in self.events:
            if event[0] == "rename":
                other = disk.now().get(event[2], (None, b""))[1] or other
            disk.do(event, acknowledged)
            if event[0] == "reply":
                acknowledged = max(acknowledged, self.history.acknowledged(event[1]))
            yield "process ends after", event, plain(disk.now()), acknowledged
            for image in disk.images(cuts, other):
                least = acknowledged
                if self.policy != "always":
                    least = min([disk.oldest(file, acknowledged)
                                 for name, (file, _) in image.items() if self.is_log(name)],
                                default=acknowledged)
                yield "power fails after", event, plain(image), least

    def torn_image(self):
        """Shortly before the end, with a few bytes of the log missing."""
        disk = Disk(self.names, self.files)
        last = max(at for at, event in enumerate(self.events)
                   if event[0] == "reply" and self.history.acknowledged(event[1]))
        for event in self.events[:last]:
            disk.do(event, 0)
            if event[0] == "write":
                written = event[1]
        return {name: data[:-7] if file == written else data
                for name, (file, data) in disk.now().items()}


def settings_of(policy):
    return ["--appendfsync", policy]


def plain(image):
    return {name: data for name, (_, data) in image.items()}


# ---- Starting on what is left ------------------------------------------------


class Starter:
    """Starts a server on each disk, one at a time in each thread."""

    def __init__(self, program, folder, recording):
        self.program, self.folder, self.recording = program, folder, recording
        self.local = threading.local()

    def server(self):
        if not hasattr(self.local, "server"):
            folder = os.path.join(self.folder, "start.%d" % threading.get_ident())
            self.local.server = Server(self.program, folder, settings_of(self.recording.policy))
        return self.local.server

    def look(self, image):
        """The length that it has then, or what is wrong."""
        server = self.server()
        shutil.rmtree(server.data)
        put(image, server.data)
        try:
            server.start()
        except Refused as refused:
            return "does not start: " + refused.text[-600:]
        try:
            state, strays = server.state(), server.strays()
        finally:
            server.kill()
        result = self.recording.history.judge(state)
        if strays and isinstance(result, int):
            return "left behind: " + " ".join(strays)
        return result


def put(image, folder):
    os.makedirs(folder, exist_ok=True)
    for name, data in image.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


def keep_disk(folder, image, why):
    put(image, os.path.join(folder, "data"))
    with open(os.path.join(folder, "why"), "w", encoding="utf-8") as file:
        file.write(why + "\n")


def collect(disks):
    """Equal ones once: {hash: [image, the most that one has to have, where]}."""
    found, points = {}, 0
    for kind, event, image, least in disks:
        points += kind.startswith("process")
        digest = hashlib.sha256(repr(sorted(image.items())).encode()).digest()
        if digest not in found or found[digest][1] < least:
            where = "%s %d, %s" % (kind, points, " ".join("%.40r" % (part,) for part in event))
            found[digest] = [image, least, where]
    return found, points


def try_all(program, folder, recording, cuts, keep=None, until=None):
    """How many crash points and disks there were, and what was wrong: [text].
    'until' that is found among them: then from the last disk on."""
    found, points = collect(recording.disks(cuts))
    if until:
        found = dict(reversed(found.items()))
    starter = Starter(program, folder, recording)
    progress, wrong = Progress("  crashes, " + recording.policy, len(found)), []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(starter.look, [image for image, _, _ in found.values()])
        for number, ((image, least, where), result) in enumerate(zip(found.values(), results)):
            if isinstance(result, int) and result < least:
                result = LOST + ": it has %d bytes of the journal, not %d" % (result, least)
            if isinstance(result, str):
                wrong.append("%s: %s" % (where, result))
                if keep:
                    keep_disk(os.path.join(keep, "%s.%d" % (recording.policy, len(wrong))), image,
                              wrong[-1])
                if until and until in result:
                    pool.shutdown(cancel_futures=True)
                    break
            progress.show(number + 1)
    return points, len(found), wrong


def report(sums, what, points, disks, wrong):
    kinds = [("do not start", ": does not start"), ("lose what was acknowledged", LOST),
             ("are what never was", ": never was"), ("leave files behind", ": left behind")]
    sums.add(not wrong, "%s: %d crash points, %d disks; of them %s" % (
        what, points, disks,
        ", ".join("%d %s" % (sum(mark in text for text in wrong), kind) for kind, mark in kinds)))
    for text in wrong[:SHOWN]:
        print("    " + text.replace("\n", "\n      "))


# ---- Faults made on purpose --------------------------------------------------


def self_test(sums, program, folder, recording, cuts):
    """The same run, as if it had done without a sync, or answered too early."""
    events = recording.events
    renamed = max(at for at, event in enumerate(events) if event[0] == "rename")
    faults = {
        "without syncs of files":
            [event for event in events if event[0][:4] != "sync" or event[1] is None],
        "without the sync of the directory after the rename":
            events[:renamed] + [event for event in events[renamed:]
                                if event[0][:4] != "sync" or event[1] is not None],
        "with each reply before its sync": earlier_replies(events),
    }
    for what, changed in faults.items():
        recording.events = changed
        _, _, wrong = try_all(program, folder, recording, cuts, until=LOST)
        sums.add(any(LOST in text for text in wrong), "crash, %s: found out" % what)
    recording.events = events


def earlier_replies(events):
    changed = []
    for event in events:
        at = len(changed)
        if event[0] == "reply":
            while at > 0 and changed[at - 1][0] != "write":
                at -= 1
        changed.insert(at, event)
    return changed


# ---- A crash after a crash ---------------------------------------------------


def record_recovery(program, folder, recording):
    """A run that begins with what a crash has left."""
    image = recording.torn_image()
    length = Starter(program, folder, recording).look(image)
    return Recording(program, os.path.join(folder, "recover." + recording.policy),
                     recording.policy, 1, image, length, recording.history.until(length))


# ---- All of it ---------------------------------------------------------------


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--short", action="store_true", help="fewer writes, fewer places to tear")
    parser.add_argument("--policy", choices=("always", "everysec"))
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--keep")
    options = parser.parse_args()
    rounds, cuts = (2, 1) if options.short else (12, 12)
    sums = Sums()
    # In memory, where a sync takes no time.
    with directory("crash", "/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        for policy in [options.policy] if options.policy else ["always", "everysec"]:
            recording = Recording(options.server, os.path.join(folder, "record." + policy), policy,
                                  rounds)
            if options.self_test:
                if policy == "always":
                    self_test(sums, options.server, folder, recording, 2)
                continue
            report(sums, "crash, " + policy,
                   *try_all(options.server, folder, recording, cuts, options.keep))
            recovery = record_recovery(options.server, folder, recording)
            report(sums, "crash from the next start on, " + policy,
                   *try_all(options.server, folder, recovery, cuts, options.keep))
    sums.end()


if __name__ == "__main__":
    sys.exit(main())
