#!/usr/bin/env python3
"""rewrite.py --server PATH [--self-test] -- kill -9 at each system call of a
rewrite: first whoever makes the call for the Nth time, which mostly is the child
that writes the new file, then the server itself. For each call and each N, until
the rewrite ends before it comes to that.

The data are the same before and after the next start, and nothing is left
behind. A server whose child was killed goes on, and the next rewrite is done.
SERVER is ours or redis-server. Needs strace, and the right to attach it."""
import argparse
import os
import re
import shutil
import subprocess
import sys

from server import Broken, Refused, Server, Sums, directory, wait_for

KEYS, VALUE = 300, 500  # more than one block
N_MAX = 100
CALLS = ("write", "fsync", "fdatasync", "openat", "close", "read", "pread64", "rename",
         "unlink", "mmap", "munmap", "clone,clone3", "flock", "wait4", "exit_group")
DONE = re.compile("is rewritten: |AOF rewrite finished successfully")
FAILED = re.compile("cannot rewrite|AOF rewrite terminated")


def fill(server):
    client = server.start().client()
    for number in range(KEYS):
        client.ask([b"SET", b"key:%d" % number, b"%d" % number * VALUE])
    state = server.state()
    server.stop()
    return state


def attach(server, call, n, with_children):
    """strace, once it has the server."""
    tasks = os.listdir("/proc/%d/task" % server.process.pid)
    whom = ["-f", "-p", str(server.process.pid)]
    if not with_children:
        whom = [word for task in tasks for word in ("-p", task)]
    strace = subprocess.Popen(
        ["strace", "-o", os.devnull, *whom, "-e", "trace=" + call,
         "-e", "inject=%s:signal=KILL:when=%d" % (call, n)],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    for _ in range(1 if with_children else len(tasks)):
        line = strace.stderr.readline()
        if "attached" not in line:
            raise OSError("strace does not attach: " + line)
    return strace


def is_dead(process):
    """Also while strace keeps it from being waited for."""
    if process.poll() is not None:
        return True
    with open("/proc/%d/stat" % process.pid, encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] in "ZX"


def rewrite_and_kill(server, call, n, with_children):
    """Whether the server lives, and whether the rewrite was done."""
    client = server.client()
    strace = attach(server, call, n, with_children)
    try:
        try:
            client.ask([b"BGREWRITEAOF"])
        except Broken:
            pass
        ended = wait_for(lambda: is_dead(server.process)
                         or DONE.search(server.output()) or FAILED.search(server.output()))
        if not ended:
            raise OSError("the rewrite does not end")
    finally:
        strace.kill()  # it may wait for a thread that is gone
        strace.wait()
        strace.stderr.close()
    if is_dead(server.process):
        server.wait()
    return not is_dead(server.process), bool(DONE.search(server.output()))


def check(server, state, lives):
    """What is wrong afterwards; None: nothing."""
    if lives:
        if server.state() != state:
            return "the server has other data"
        client = server.client()
        client.ask([b"BGREWRITEAOF"])
        if not server.wait_for_rewrite(client) or not DONE.search(server.output()):
            return "no other rewrite is done: " + server.output()[-300:]
        server.kill()
    try:
        server.start()
    except Refused as refused:
        return str(refused)
    if server.state() != state:
        return "there are other data after a start"
    return "left behind: " + " ".join(server.strays()) if server.strays() else None


def try_call(sums, server, template, state, call, with_children):
    killed = {True: 0, False: 0}
    for n in range(1, N_MAX):
        shutil.rmtree(server.data)
        shutil.copytree(template, server.data)
        server.start()
        try:
            lives, is_done = rewrite_and_kill(server, call, n, with_children)
            wrong = check(server, state, lives)
        finally:
            server.kill()
        if wrong:
            sums.add(False, "killed at %s %d: %s" % (call, n, wrong))
        if is_done:
            break
        killed[lives] += 1
    if sum(killed.values()):
        sums.add(True, "rewrite, kill -9 at each %s: the child %d times, the server %d times"
                 % (call, killed[True], killed[False]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--server", required=True)
    parser.add_argument("--self-test", action="store_true", help="other data are found out")
    options = parser.parse_args()
    sums = Sums()
    with directory("rewrite") as folder:
        server = Server(options.server, folder)
        try:
            state = fill(server)
            template = os.path.join(folder, "template")
            shutil.copytree(server.data, template)
            if options.self_test:
                wrong = check(server, {**state, b"key:1": b"another"}, False)
                sums.add(wrong and "other data" in wrong, "rewrite: other data are found out")
                sums.end()
            for with_children in (True, False):
                for call in CALLS:
                    try_call(sums, server, template, state, call, with_children)
        finally:
            server.kill()
    sums.end()


if __name__ == "__main__":
    sys.exit(main())
