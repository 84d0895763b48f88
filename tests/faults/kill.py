#!/usr/bin/env python3
"""kill.py SERVER [--rounds N] [--seed N] [--policy P] -- kill -9 at a random
moment, with four writers at work and the log being rewritten; then a start, and
a look at what is there: every write that was acknowledged, none of it in part.

The data directory is the same for all rounds. SERVER is ours or redis-server.
--self-test: what is made wrong on purpose has to be found."""
import argparse
import os
import random
import re
import sys
import threading
import time
import zlib

from server import POLICIES, Broken, Progress, Refused, Server, Sums, directory, request

WRITERS = 4
KEYS = 30             # of each kind and writer
PIPELINED = 8         # operations that a writer sends at once, at most
VALUE_MAX = 20_000    # bytes
STRING_MAX = 4_000    # of one that is appended to
RESTING = 2_000       # keys that nobody touches, so that a rewrite has work
ROUND_SECONDS = 0.25  # until the kill, at most
SOON_SECONDS = (0.002, 0.02)  # or so soon after a rewrite began
SETTINGS = ("--auto-aof-rewrite-percentage", "50", "--auto-aof-rewrite-min-size", "256kb")


# ---- Values that show whether they are whole --------------------------------


def value_of(serial, size):
    filler = random.Random(serial).randbytes(size // 2).hex().encode()
    return b"%d:%d:%08x:%b" % (serial, len(filler), zlib.crc32(filler), filler)


def is_whole(key, value):
    kind = key.split(b":")[1]
    if value is None or kind == b"count":
        return value is None or value.isdigit()
    if kind == b"append":
        return re.fullmatch(rb"(\[\d+\])*", value) is not None
    found = re.fullmatch(rb"\d+:(\d+):([0-9a-f]{8}):(.*)", value, re.DOTALL)
    return (found is not None and len(found[3]) == int(found[1])
            and zlib.crc32(found[3]) == int(found[2], 16))


# ---- A writer and its journal ------------------------------------------------


class Writer:
    """Its keys are its own, in a database of its own. It knows what they hold after the last operation
    that was acknowledged, and what each later one would have changed: one
    that was sent may have happened, if all before it have."""

    def __init__(self, number, seed):
        self.name, self.database = b"w%d" % number, b"%d" % number
        self.random = random.Random("%d.%d" % (seed, number))
        self.serial = 0
        self.acknowledged = 0
        self.state = {}
        self.doubtful = []  # changes that were sent, without a reply
        self.wrong = None   # a reply that should not have been

    def key(self, kind):
        return b"%b:%b:%d" % (self.name, kind, self.random.randrange(KEYS))

    def operation(self, state):
        """(the commands, what they change); 'state' is what they find."""
        self.serial += 1
        roll = self.random.random()
        if roll < 0.35:
            size = self.random.choice((10, 100, 1000, VALUE_MAX))
            key, value = self.key(b"set"), value_of(self.serial, size)
            return [[b"SET", key, value]], {key: value}
        if roll < 0.5:
            key = self.key(b"count")
            return [[b"INCR", key]], {key: b"%d" % (int(state.get(key) or 0) + 1)}
        if roll < 0.7:
            key, piece = self.key(b"append"), b"[%d]" % self.serial
            value = (state.get(key) or b"") + piece
            if len(value) > STRING_MAX:
                return [[b"SET", key, piece]], {key: piece}
            return [[b"APPEND", key, piece]], {key: value}
        if roll < 0.8:
            key = self.key(b"set")
            return [[b"DEL", key]], {key: None}
        value, key, count = value_of(self.serial, 300), self.key(b"pair"), self.key(b"count")
        number = b"%d" % (int(state.get(count) or 0) + 1)
        return ([[b"MULTI"], [b"SET", key, value], [b"INCR", count],
                 [b"SET", key + b":too", value], [b"EXEC"]],
                {key: value, count: number, key + b":too": value})

    def work(self, server):
        """Until the server is gone."""
        try:
            client = server.client()
            client.ask([b"SELECT", self.database])
            while self.wrong is None:
                self.send_some(client)
        except (Broken, OSError):
            pass

    def send_some(self, client):
        planned, waiting = dict(self.state), []
        for _ in range(self.random.randint(1, PIPELINED)):
            commands, changes = self.operation(planned)
            planned.update(changes)
            waiting.append((commands, changes))
        self.doubtful = [changes for _, changes in waiting]
        client.send(b"".join(request(words) for commands, _ in waiting for words in commands))
        for commands, changes in waiting:
            replies = client.read(len(commands))
            if any(reply[:1] == b"-" for reply in replies):
                self.wrong = b" ".join(commands[0][:2]) + b": " + b"".join(replies)
                return
            self.state.update(changes)
            self.doubtful.pop(0)
            self.acknowledged += 1

    def judge(self, found):
        """(lost, torn): keys of this writer that are not as they may be. From
        now on it counts as true what was found."""
        mine = {key: value for key, value in found.items()
                if key.startswith(self.name + b":")}
        candidate = {key: value for key, value in self.state.items() if value is not None}
        wrong = differences(candidate, mine)
        for changes in self.doubtful:
            candidate.update(changes)
            wrong = min(wrong, differences(candidate, mine), key=len)
        self.state, self.doubtful = mine, []
        torn = {key for key in wrong if not is_whole(key, mine.get(key)) or
                key.split(b":")[1] == b"pair" and
                mine.get(key[:-4] if key.endswith(b":too") else key + b":too") != mine.get(key)}
        return wrong - torn, torn


def differences(expected, found):
    return {key for key in set(expected) | set(found)
            if expected.get(key) != found.get(key)}


# ---- Rounds ------------------------------------------------------------------


class Rounds:
    """mischief: what the self-test does wrong on purpose, once a round."""

    def __init__(self, program, folder, policy, seed, mischief=""):
        self.server = Server(program, folder, ("--appendfsync", policy, *SETTINGS))
        self.random = random.Random("%d %s" % (seed, policy))
        self.writers = [Writer(number, seed) for number in range(WRITERS)]
        self.mischief, self.problems = mischief, []
        self.rewritten = self.interrupted = self.lost = self.torn = self.stray = self.doubtful = 0
        self.refused = 0
        self.server.start()
        client = self.server.client()
        client.ask(*[[b"SET", b"resting:%d" % n, value_of(n, 200)] for n in range(RESTING)])
        client.socket.close()

    def torment(self):
        """Until the kill: rewrites begin at any time, and it may come soon
        after one. (Sleeping is the point here: any moment will do.)"""
        client = self.server.client()
        deadline = time.monotonic() + self.random.uniform(0.005, ROUND_SECONDS)
        while time.monotonic() < deadline:
            time.sleep(min(self.random.uniform(0, 0.08), max(0, deadline - time.monotonic())))
            reply = client.ask([b"BGREWRITEAOF"])[0]
            # "Already in progress", if the growth of the file has begun one.
            if reply[:1] == b"-" and b"rogress" not in reply:
                self.problem("BGREWRITEAOF: %r" % reply)
            roll = self.random.random()
            if roll < 0.3:
                time.sleep(self.random.uniform(0, self.random.choice(SOON_SECONDS)))
                break
            if roll < 0.8:
                self.rewritten += self.server.wait_for_rewrite(client)
        self.server.kill()
        client.socket.close()

    def round(self):
        threads = [threading.Thread(target=writer.work, args=(self.server,))
                   for writer in self.writers]
        for thread in threads:
            thread.start()
        try:
            self.torment()
        except (Broken, OSError) as why:
            self.problem("ended by itself, %s: %s" % (why, self.server.output()[-1000:]))
        finally:
            self.server.kill()
            for thread in threads:
                thread.join()
        self.doubtful += sum(len(writer.doubtful) for writer in self.writers)
        self.interrupted += bool(self.server.strays())
        self.restart()

    def restart(self):
        if self.mischief == "cut":
            os.truncate(self.server.log(), max(os.path.getsize(self.server.log()) // 2, 1))
        self.server.start()
        client = self.server.client()
        self.server.wait_for_rewrite(client)  # growth may have begun one
        client.socket.close()
        for name in self.server.strays():
            self.stray += 1
            self.problem("left behind: %s" % name)
            os.remove(os.path.join(self.server.data, name))
        found = self.found()
        if self.mischief == "change":
            key = next(key for key in found if b":set:" in key)
            found[key] = found[key][:-1] + b"-"
        if self.mischief == "forget":
            del found[b"resting:7"]
        if self.mischief == "acknowledge":
            self.writers[0].state[b"w0:set:0"] = value_of(-1, 10)
            self.writers[0].doubtful = []
        self.judge(found)

    def found(self):
        """All there is. Each writer has a database of its own: what is in
        another one is not its own any more."""
        return {key if key[:1] != b"w" or key.startswith(b"w%d:" % number) else
                b"in %d: %b" % (number, key): value
                for number in range(WRITERS) for key, value in self.server.state(number).items()}

    def judge(self, found):
        resting = {key: value for key, value in found.items() if key.startswith(b"resting")}
        changed = {key for key in differences({b"resting:%d" % n: value_of(n, 200)
                                               for n in range(RESTING)}, resting)}
        lost = {key for key in changed if key not in resting}
        torn = changed - lost
        for writer in self.writers:
            if writer.wrong is not None:
                self.problem("a reply: %r" % writer.wrong[:200])
                writer.wrong = None
            more_lost, more_torn = writer.judge(found)
            lost |= more_lost
            torn |= more_torn
        self.lost += len(lost)
        self.torn += len(torn)
        if lost or torn:
            self.problem("lost: %s; torn: %s" % (sorted(lost)[:5], sorted(torn)[:5]))

    def problem(self, text):
        self.problems.append(text)

    def end(self):
        """Stopped as a person does, all is there as well."""
        code = self.server.stop()
        if code != 0:
            self.problem("a stop: exit code %s" % code)
        self.restart()

    def figures(self):
        return ("%d acknowledged, %d in doubt, %d rewrites, %d more cut short, %d ends cut off"
                ": %d lost, %d torn, %d stray files"
                % (sum(writer.acknowledged for writer in self.writers), self.doubtful,
                   self.rewritten, self.interrupted, len(self.server.cuts()), self.lost, self.torn,
                   self.stray))


def run(program, policy, rounds, seed, mischief="", show=lambda done: None):
    """The rounds that were played, and a text about them."""
    with directory("kill") as folder:
        play = Rounds(program, folder, policy, seed, mischief)
        try:
            for number in range(rounds):
                play.round()
                show(number + 1)
            play.end()
        except Refused as why:
            play.refused += 1
            play.problem(str(why))
        except (Broken, OSError) as why:
            play.problem(str(why))
        finally:
            play.server.kill()
        text = "kill -9, %s: %d rounds, %s" % (policy, rounds, play.figures())
        return play, "\n    ".join([text] + play.problems[:10])


def self_test(program, sums):
    for mischief in ("acknowledge", "change", "forget", "cut"):
        play, _ = run(program, "always", 2, 1, mischief)
        found = play.torn if mischief == "change" else play.lost
        sums.add(found or mischief == "cut" and play.refused, "self-test: %s is found" % mischief)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("server")
    parser.add_argument("--rounds", type=int, default=20, help="for each policy")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--policy", choices=POLICIES, action="append")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    sums = Sums()
    if options.self_test:
        self_test(options.server, sums)
        sums.end()
    print("seed %d" % options.seed)
    for policy in options.policy or POLICIES:
        progress = Progress("kill -9, " + policy, options.rounds)
        play, text = run(options.server, policy, options.rounds, options.seed, show=progress.show)
        sums.add(not play.problems, text)
    sums.end()


if __name__ == "__main__":
    sys.exit(main())
