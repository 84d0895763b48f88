#!/usr/bin/env python3
"""diskfull.py SERVER -- the disk is full, and then it is not.

The log is on a tmpfs of 1 MiB, in a mount namespace of its own, which goes with
this program. It is filled by clients that write at the same time, and later
made larger. SERVER is ours or redis-server.
--self-test: what is made wrong on purpose has to be found."""
import argparse
import os
import subprocess
import sys

from journal import Journal
from server import Broken, Refused, Server, Sums, directory, request, wait_for

CLIENTS = 3
VALUE = 9_000        # bytes; random, so that no format makes them fewer
SMALL, LARGE = "1m", "16m"
FULL = b"-MISCONF Errors writing to the AOF file: No space left on device\r\n"


class Failure(Exception):
    pass


def require(good, text):
    if not good:
        raise Failure(text)


class Disk:
    """A server on a small disk, and the journal of its clients."""

    def __init__(self, program, folder, policy, mischief=""):
        self.server = Server(program, folder, (
            "--appendfsync", policy, "--auto-aof-rewrite-percentage", "0"))
        self.mischief, self.journal, self.count = mischief, Journal(), 0
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + SMALL, "tmpfs",
                        self.server.data], check=True)
        self.server.start()

    def close(self):
        self.server.kill()
        subprocess.run(["umount", "-l", self.server.data], check=True)

    def grow(self):
        if self.mischief != "stay small":
            subprocess.run(["mount", "-o", "remount,size=" + LARGE, self.server.data],
                           check=True)

    def next_set(self):
        self.count += 1
        return self.journal.set(b"key:%d" % self.count, os.urandom(VALUE))

    def fill(self, up_to=None):
        """All clients write at once, until one is refused or closed, or there
        are so many keys."""
        clients = [self.server.client() for _ in range(CLIENTS)]
        good = True
        while good and (up_to is None or self.count < up_to):
            sets = [self.next_set() for _ in clients]
            for client, (commands, _) in zip(clients, sets):
                client.send(request(commands[0]))
            for client, (_, changes) in zip(clients, sets):
                good &= self.take_reply(client, changes)
        for client in clients:
            client.socket.close()

    def take_reply(self, client, changes):
        try:
            reply = client.read(1)[0]
        except Broken:
            self.journal.doubt(changes)
            return False
        if reply == b"+OK\r\n":
            self.journal.acknowledge(changes)
            return True
        require(reply == FULL, "a reply: %r" % reply)
        return False

    def set_one(self):
        client = self.server.client()
        try:
            return self.journal.run(client, *self.next_set())
        finally:
            client.socket.close()

    def restart(self, same=None):
        """Killed and started: all that was acknowledged is there; and what was
        in memory, if that is 'same'."""
        self.server.kill()
        if self.mischief == "cut":
            os.truncate(self.server.log(), os.path.getsize(self.server.log()) // 2)
        if self.mischief == "acknowledge":
            self.journal.acknowledge({b"never": lambda old: b"sent"})
        self.server.start()
        found = self.server.state()
        wrong = self.journal.judge(found)
        require(not wrong, "lost %d, as %s" % (len(wrong), wrong[:1]))
        require(same is None or found == same, "it is not what was in memory")
        require(not self.server.strays(), "left behind: %s" % self.server.strays())


# ---- What happens on it -------------------------------------------------------


def fills_and_grows(disk):
    """full, and larger again: writes are refused, reads are not, and it goes on
    by itself"""
    disk.fill()
    client = disk.server.client()
    for words in [b"SET", b"x", b"1"], [b"DEL", b"key:1"], [b"PING"]:
        require(client.ask(words)[0] == FULL, "%r is not refused" % words)
    require(client.ask([b"STRLEN", b"key:1"])[0] == b":%d\r\n" % VALUE, "reads are refused")
    disk.grow()
    require(wait_for(lambda: disk.set_one() == b"+OK\r\n", 10), "it does not recover")
    disk.fill(up_to=disk.count + 30)
    disk.restart(same=disk.server.state())


def fills_and_dies(disk):
    """full, and killed: all that was acknowledged is there"""
    disk.fill()
    disk.server.kill()
    disk.grow()
    disk.restart()


def fills_and_ends(disk):
    """full: the server ends and acknowledges nothing more; all that was
    acknowledged is there"""
    disk.fill()
    code = disk.server.wait()
    require(code == 1, "exit code %s" % code)
    disk.grow()
    disk.restart()
    require(disk.set_one() == b"+OK\r\n", "it takes no writes")


def has_no_room_to_rewrite(disk):
    """no room for a rewrite: it fails and leaves nothing, and the log goes on"""
    disk.fill(up_to=70)
    client = disk.server.client()
    client.ask([b"BGREWRITEAOF"])
    require(disk.server.wait_for_rewrite(client), "the rewrite does not end")
    require(disk.server.info(client, "aof_last_bgrewrite_status") == "err", "it did not fail")
    require(not disk.server.strays(), "left behind: %s" % disk.server.strays())
    require(disk.set_one() == b"+OK\r\n", "the log does not go on")
    disk.restart(same=disk.server.state())
    disk.grow()
    client = disk.server.client()
    client.ask([b"BGREWRITEAOF"])
    require(disk.server.wait_for_rewrite(client), "the rewrite does not end")
    require(disk.server.info(client, "aof_last_bgrewrite_status") == "ok", "it did fail")
    disk.restart(same=disk.server.state())


SCENES = [(fills_and_ends, "always"), (has_no_room_to_rewrite, "always")] + [
    (scene, policy) for policy in ("everysec", "no")
    for scene in (fills_and_grows, fills_and_dies, has_no_room_to_rewrite)]


def play(program, scene, policy, mischief=""):
    """(what went wrong, or None; the journal)"""
    with directory("diskfull") as folder:
        disk = Disk(program, folder, policy, mischief)
        try:
            scene(disk)
        except (Failure, Refused, Broken, OSError) as why:
            return str(why), disk.journal
        finally:
            disk.close()
        return None, disk.journal


def self_test(program, sums):
    for mischief, scene, says in (("stay small", fills_and_grows, "does not recover"),
                                  ("cut", has_no_room_to_rewrite, "lost"),
                                  ("acknowledge", fills_and_dies, "lost")):
        why, _ = play(program, scene, "everysec", mischief)
        sums.add(why and says in why, "self-test: %s is found: %s" % (mischief, why))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("server")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        enter_namespace()
    sums = Sums()
    if options.self_test:
        self_test(options.server, sums)
        sums.end()
    for scene, policy in SCENES:
        why, journal = play(options.server, scene, policy)
        sums.add(why is None, "disk, %s, %s: %d acknowledged, %d in doubt%s" % (
            policy, scene.__name__.replace("_", " "), journal.acknowledged, journal.doubtful,
            "" if why is None else ": " + why))
    sums.end()


def enter_namespace():
    """Runs this program again where it may mount, and ends with it."""
    for unshare in ["unshare", "-m"], ["unshare", "-rm"]:
        if subprocess.run([*unshare, "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
                          stderr=subprocess.DEVNULL, check=False).returncode == 0:
            os.execvp(unshare[0], [*unshare, sys.executable, *sys.argv, "--inside"])
    print("%s: a tmpfs can not be mounted here, neither by root nor in a namespace"
          % ("FAILED" if os.environ.get("CI") else "skipped"))
    print("0 passed, %d failed" % bool(os.environ.get("CI")))
    sys.exit(bool(os.environ.get("CI")))


if __name__ == "__main__":
    sys.exit(main())
