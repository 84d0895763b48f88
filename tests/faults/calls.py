#!/usr/bin/env python3
"""calls.py SERVER [--count N] [--seed N] [--policy P] [--only TEXT] -- every call
to the kernel for a file fails once, and for ever.

A fixed conversation (a start on a torn log, writes, a rewrite with writes
meanwhile, writes, a stop) is run again and again, each time with another call
that goes wrong, by fail_calls.c. Then the fault ends, and later the server:
what was acknowledged has to be there, it starts, and it did what it should
(aof.h): with the policy always it may end, with exit code 1; else it has to go
on by itself. SERVER is ours or redis-server. --count: so many cases, drawn by
the seed, not all.
--self-test: what is made wrong on purpose has to be found."""
import argparse
import collections
import concurrent.futures
import copy
import errno
import mmap
import os
import random
import shutil
import struct
import subprocess
import sys
import time

from journal import Journal
from server import POLICIES, Broken, Progress, Refused, Server, Sums, directory, wait_for

# In this order in fail_calls.c, too.
CALLS = ("open", "read", "write", "fsync", "fdatasync", "ftruncate", "rename", "unlink", "fork")
SHORT, KILL, TORN, STUCK, LIE = -1, -2, -3, -4, -5
NAMES = {SHORT: "short", KILL: "kill", TORN: "torn", STUCK: "torn for good", LIE: "lie"}
DISK = (errno.EIO, errno.ENOSPC, errno.EINTR, KILL)
FAULTS = {"open": DISK, "read": (errno.EIO, errno.EINTR, SHORT, KILL),
          "write": DISK + (SHORT, TORN, STUCK), "fsync": DISK, "fdatasync": DISK,
          "ftruncate": DISK, "rename": DISK, "unlink": DISK,
          "fork": (errno.EAGAIN, errno.ENOMEM)}
ONCE = (errno.EINTR, KILL)  # nothing that goes on for ever
EVER = 1 << 30
BEYOND = 3  # calls that only happen after a fault
BIG = 100_000
MISCONF = b"-MISCONF Errors writing to the AOF file: "
SETTINGS = ("--auto-aof-rewrite-percentage", "0")

Case = collections.namedtuple("Case", "policy call fault first last")


def name_of(case):
    fault = NAMES.get(case.fault) or errno.errorcode[case.fault]
    return "%s %s.%d%s.%s" % (case.policy, case.call, case.first,
                              "+" if case.last == EVER else "", fault)


def is_killed_at_once(case):
    """In every other case the fault does not end before the server."""
    return case.last == EVER and case.first % 2 == 1


class Wrong(Exception):
    """kind: for the sums."""

    def __init__(self, kind, text):
        super().__init__("%s: %s" % (kind, text))
        self.kind = kind


def require(good, kind, text=""):
    if not good:
        raise Wrong(kind, text)


class Control:
    """The file that fail_calls.c looks at."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb+") as file:
            file.truncate(mmap.PAGESIZE)
            self.page = mmap.mmap(file.fileno(), mmap.PAGESIZE)
        self.disarm()

    def put(self, at, number):
        struct.pack_into("i", self.page, 4 * at, number)

    def get(self, at):
        return struct.unpack_from("i", self.page, 4 * at)[0]

    def arm(self, case):
        for at, number in ((1, case.first), (2, case.last), (3, case.fault),
                           (0, CALLS.index(case.call))):
            self.put(at, number)

    def disarm(self):
        self.put(0, len(CALLS))

    def count(self, call):
        return self.get(4 + CALLS.index(call))

    def all_counts(self):
        return {call: self.count(call) for call in CALLS}

    def struck(self):
        return self.get(4 + len(CALLS))


# ---- One conversation ---------------------------------------------------------


class Talk:
    def __init__(self, server, journal, control, case):
        self.server, self.journal, self.control, self.case = server, journal, control, case
        self.client = None
        self.count = 0
        self.after_start = control.all_counts()
        self.before_rewrite = None

    def ask(self, operation):
        """Its reply; None if the connection was closed. Broken: the server ended."""
        try:
            if self.client is None:
                self.client = self.server.client()
        except OSError:
            raise Broken("it does not listen") from None
        try:
            reply = self.journal.run(self.client, *operation)
        except Broken:
            self.client.socket.close()
            self.client = None
            if self.server.wait(10 if self.case.policy == "always" else 0.3) is not None:
                raise
            require(self.case.policy != "always", "odd", "closed a client, and went on")
            return None
        require(reply[:1] != b"-" or reply.startswith((MISCONF, b"-EXECABORT")), "odd",
                "a reply: %r" % reply)
        return reply

    def write_some(self):
        journal = self.journal
        self.count += 1
        n = b"%d" % self.count
        for operation in (
                journal.set(b"set:" + n, b"value " + n), journal.increment(b"count"),
                journal.add(b"append", b"[%b]" % n), journal.both(b"one", b"two", n),
                journal.set(b"big", n * BIG), journal.delete(b"set:" + n),
                journal.set(b"last", n)):
            self.ask(operation)

    def wait_for_sync(self):
        """What the thread does each second."""
        if self.case.policy == "everysec" and self.case.call == "fdatasync":
            before = self.control.count("fdatasync")
            wait_for(lambda: self.control.count("fdatasync") > before, 3)

    def rewrite(self):
        self.before_rewrite = self.control.all_counts()
        admin = self.server.client()
        admin.ask([b"BGREWRITEAOF"])
        patience = time.monotonic() + (0.4 if self.case.last == EVER else 10)
        for _ in range(3):
            self.write_some()
        while (self.server.info(admin, "aof_rewrite_in_progress") == "1"
               and time.monotonic() < patience):
            time.sleep(0.005)
        admin.socket.close()

    def run(self):
        """Until the end of the conversation, or of the server."""
        self.write_some()
        self.wait_for_sync()
        self.rewrite()
        self.write_some()
        self.wait_for_sync()
        if self.control.struck() > 0 and not is_killed_at_once(self.case):
            self.control.disarm()
            require(wait_for(self.is_well, 10), "stuck", "it does not go on by itself")
            self.write_some()

    def is_well(self):
        reply = self.ask(self.journal.set(b"well", b"yes"))
        return reply is not None and reply[:1] == b"+"


def end(server, control, case):
    """What was in memory, if that has to be there again."""
    if control.struck() > 0 and is_killed_at_once(case):
        server.kill()
        return None
    state = server.state()
    client = server.client()
    require(server.wait_for_rewrite(client), "stuck", "a rewrite does not end")
    client.socket.close()
    require(not server.strays(), "stray", "as it runs: " + ", ".join(server.strays()))
    # If it was not reached yet, it may be one of the calls of a stop.
    if control.struck() > 0 and case.first % 2 == 1:
        server.kill()
        return state
    before = control.struck()
    code = server.stop()
    if control.struck() == before:
        require(code == 0, "exit", "a stop: exit code %s" % code)
    elif control.get(3) != KILL:
        require(code in (0, 1), "exit", "a stop: exit code %s" % code)
    return state


def play(kit, case, number):
    """A run with this fault; how the server ended. Wrong, if it is."""
    folder = os.path.join(kit.folder, "case-%d" % number)
    server = Server(kit.program, folder, ("--appendfsync", case.policy, *SETTINGS))
    shutil.rmtree(server.data)
    shutil.copytree(kit.template, server.data)
    control, journal = Control(os.path.join(folder, "control")), copy.deepcopy(kit.journal)
    if case.call:
        control.arm(case)
    try:
        result, state = run_with_fault(kit, server, journal, control, case)
        control.disarm()
        check_after(server, journal, state)
        if not case.call:
            kit.counts[case.policy] += (control.all_counts(),)
        if control.struck() == 0:
            return "not reached"  # or nothing was to go wrong
        check_outcome(kit, case, result, journal)
        return result
    finally:
        server.kill()
        if not kit.keeps:
            shutil.rmtree(folder, ignore_errors=True)


def run_with_fault(kit, server, journal, control, case):
    """(how it ended; what was in memory, if that has to be there again)"""
    environment = {"LD_PRELOAD": kit.library, "FAIL_CONTROL": control.path,
                   "FAIL_DIRECTORY": server.data}
    try:
        server.start(environment)
        talk = Talk(server, journal, control, case)
        talk.run()
        if not case.call:
            kit.counts[case.policy] = talk.after_start, talk.before_rewrite
        return "went on", end(server, control, case)
    except Refused as refused:
        code, result = refused.code, "did not start"
    except (Broken, OSError):
        code, result = server.wait(10), "ended"
    if case.fault == KILL:
        require(code in (-9, 1), "exit", "exit code %s" % code)
        return "was killed", None
    require(code == 1, "exit", "%s: exit code %s" % (result, code))
    require(result == "did not start" or case.policy == "always", "exit",
            "it ended:\n" + server.output()[-600:])
    return result, None


def check_after(server, journal, state):
    try:
        server.start()
    except Refused as refused:
        raise Wrong("unloadable", refused.text.strip()[-300:]) from None
    found = server.state()
    wrong = journal.judge(found)
    require(not wrong, "lost", "; ".join(wrong[:3]))
    require(state is None or state == found, "changed", "not what was in memory")
    client = server.client()
    server.wait_for_rewrite(client)
    require(not server.strays(), "stray", ", ".join(server.strays()))
    client.socket.close()


def check_outcome(kit, case, result, journal):
    """Whether the server did what it should: too little is no error; and what
    is one for certain, as it has to do with the log itself, was not ignored."""
    unanswered = journal.doubtful + journal.refused
    if case.call in ("read", "write") and case.fault in (errno.EINTR, SHORT):
        require(result == "went on" and unanswered == 0, "odd", "EINTR and SHORT are no errors")
    after_start, before_rewrite, _ = kit.counts[case.policy]
    if (case.call in ("write", "fdatasync") and case.fault not in (errno.EINTR, SHORT, KILL)
            and after_start[case.call] < case.first <= before_rewrite[case.call]):
        if case.policy == "always":
            require(result == "ended", "odd", "an error was ignored: it %s" % result)
        elif case.call == "write":
            require(unanswered > 0, "odd", "an error was ignored")


# ---- All of them ---------------------------------------------------------------


class Kit:
    """What all runs share: the program, the library, and a log to start on."""

    def __init__(self, program, folder, keeps):
        self.program, self.folder, self.keeps = program, folder, keeps
        self.journal, self.counts = Journal(), {}
        self.library = os.path.join(folder, "fail_calls.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fail_calls.c")
        subprocess.run([os.environ.get("CC") or "cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-fPIC",
                        "-shared", "-o", self.library, source, "-ldl"], check=True)
        server = Server(program, os.path.join(folder, "template"), SETTINGS)
        server.start()
        client = server.client()
        for n in range(20):
            self.journal.run(client, *self.journal.set(b"old:%d" % n, b"%d" % n * 50))
        server.kill()
        # As a crash leaves it: the beginning of something.
        with open(server.log(), "ab") as log:
            log.write(b"*3\r\n$3\r\nSE" if server.is_redis else b"#HDR:v1;len:4")
        self.template = server.data


def list_cases(kit, policy):
    play(kit, Case(policy, "", 0, 0, 0), 0)
    # The thread's syncs were not waited for.
    counts = dict(kit.counts[policy][-1])
    if policy == "everysec":
        counts["fdatasync"] += 3
    return [Case(policy, call, fault, first, last)
            for call in CALLS for fault in FAULTS[call]
            for first in range(1, counts[call] + BEYOND + 1)
            for last in ((first + (fault in (TORN, STUCK)), EVER)
                         if fault not in ONCE else (first,))]


def run_policy(kit, policy, options, sums):
    try:
        cases = list_cases(kit, policy)
    except (Wrong, Refused, Broken, OSError) as why:
        sums.add(False, "calls, %s, with no fault: %s" % (policy, why))
        return
    if options.only:
        cases = [case for case in cases if options.only in name_of(case)]
    if options.count and options.count < len(cases):
        cases = random.Random("%d %s" % (options.seed, policy)).sample(cases, options.count)
    results, problems = collections.Counter(), []

    def run(number_and_case):
        number, case = number_and_case
        try:
            return case, play(kit, case, number), None
        except Wrong as wrong:
            return case, wrong.kind, wrong
        except (Refused, Broken, OSError) as why:
            return case, "odd", why
    progress = Progress("calls, " + policy, len(cases))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for done, (case, result, why) in enumerate(pool.map(run, enumerate(cases, 1)), 1):
            results[result] += 1
            if why is not None:
                problems.append("%s: %s" % (name_of(case), " ".join(str(why).split())))
            progress.show(done)
    reached = len(cases) - results["not reached"]
    sums.add(not problems and reached, "calls, %s: %d faults: %s" % (
        policy, reached, ", ".join(["%d %s" % (results[kind], kind) for kind in (
            "went on", "ended", "did not start", "was killed", "lost", "unloadable", "stuck",
            "changed", "stray", "exit", "odd")])))
    for problem in problems[:options.show]:
        print("    " + problem)


def self_test(kit, sums):
    """A disk that takes nothing and says yes."""
    for policy in "always", "no":
        play(kit, Case(policy, "", 0, 0, 0), 0)
        case = Case(policy, "write", LIE, 6, EVER)
        try:
            result = play(kit, case, 1)
        except Wrong as wrong:
            result = wrong.kind
        sums.add(result in ("lost", "unloadable"), "self-test: %s: %s" % (name_of(case), result))
    case = Case("always", "write", errno.EIO, 8, 8)
    result = play(kit, case, 2)
    sums.add(result == "ended", "self-test: %s: %s" % (name_of(case), result))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("server")
    parser.add_argument("--count", type=int, default=0, help="cases for each policy; 0: all")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--policy", choices=POLICIES, action="append")
    parser.add_argument("--only", help="cases with this in the name, as 'fsync.2+.EIO'")
    parser.add_argument("--jobs", type=int, default=3, help="at the same time")
    parser.add_argument("--show", type=int, default=10, help="problems for each policy")
    parser.add_argument("--keep", metavar="DIRECTORY", help="leave the data of all cases there")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    sums = Sums()
    with directory("calls") as folder:
        if options.keep:
            os.makedirs(options.keep)
        kit = Kit(options.server, options.keep or folder, options.keep)
        if options.self_test:
            self_test(kit, sums)
            sums.end()
        print("seed %d" % options.seed)
        for policy in options.policy or POLICIES:
            run_policy(kit, policy, options, sums)
    sums.end()


if __name__ == "__main__":
    sys.exit(main())
