"""server.py -- servers that die, and what is in them afterwards.

One server, redis-server or ours, with a directory for its data that outlives
it: it is started, killed and started again. The drivers beside this file only
use what both have, so that the same figures can be had of both."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "differential"))
from wire import PATIENCE, Broken, Connection, decode, request, version  # noqa: E402

__all__ = ["Broken", "Connection", "Progress", "Refused", "Server", "Sums", "decode", "request",
           "wait_for"]

POLICIES = ("always", "everysec", "no")


class Refused(Exception):
    """The server does not start: its exit code, and what it said."""

    def __init__(self, code, text):
        super().__init__("does not start (%s): %s" % (code, text[-1500:]))
        self.code, self.text = code, text


def wait_for(what, seconds=PATIENCE):
    """What what() returns, as soon as it is true; or false, after so long."""
    deadline = time.monotonic() + seconds
    while True:
        value = what()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(0.002)


class Server:
    """settings: as on the command line, by Redis's names. inside: a command to
    run it in. The data are in the folder 'data' below 'directory', and what it
    says is in the file 'output'."""

    def __init__(self, program, directory, settings=(), inside=(), environment=None):
        self.program = os.path.abspath(shutil.which(program) or program)
        self.is_redis = b"Redis server v=" in version(self.program)
        self.directory, self.data = directory, os.path.join(directory, "data")
        self.settings, self.inside = list(settings), list(inside)
        self.environment = dict(os.environ, **(environment or {}))
        self.process = None
        os.makedirs(self.data, exist_ok=True)

    def start(self, environment=None):
        """Until it serves; Refused if it ends instead."""
        path = os.path.join(self.directory, "output")
        with open(path, "wb") as output:
            self.process = subprocess.Popen(
                self.inside + [self.program] + self.arguments() + self.settings,
                cwd=self.data, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env=dict(self.environment, **(environment or {})))
        ready = re.compile("Ready to accept conn" if self.is_redis
                           else r"listening on 127\.0\.0\.1:(\d+)")
        found = []

        def has_begun():
            found[:] = [ready.search(self.output())]
            return found[0] or self.process.poll() is not None
        wait_for(has_begun)
        if not found[0]:
            code = self.process.poll()
            self.kill()
            raise Refused(code, self.output())
        if not self.is_redis:
            self.port = int(found[0][1])
        self.wait_until_loaded()
        return self

    def wait_until_loaded(self):
        try:
            client = self.client()
            wait_for(lambda: not client.ask([b"PING"])[0].startswith(b"-LOADING"))
            client.socket.close()
        except (Broken, OSError):
            code = self.wait(1)
            self.kill()
            raise Refused(code, self.output()) from None

    def arguments(self):
        if not self.is_redis:
            return ["--address", "127.0.0.1:0", "--aofPath",
                    os.path.join(self.data, "appendonly.aof")]
        self.port = int(subprocess.run(
            [sys.executable, "-c", "import socket; s = socket.socket(); "
             "s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"],
            capture_output=True, check=True).stdout)
        return ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                "--appendonly", "yes", "--dir", self.data]

    def client(self):
        return Connection(self.port)

    def output(self):
        with open(os.path.join(self.directory, "output"), errors="replace",
                  encoding="utf-8") as output:
            return output.read()

    # ---- The end -----------------------------------------------------------

    def wait(self, seconds=PATIENCE):
        """Its exit code; None if it does not end."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self):
        """What it has no chance to notice."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self):
        """As a person stops it: its exit code."""
        self.process.terminate()
        code = self.wait()
        self.kill()
        return code

    # ---- What there is -----------------------------------------------------

    def state(self, database=0):
        """{key: value} of this database."""
        client = self.client()
        try:
            client.ask([b"SELECT", b"%d" % database])
            keys = decode(client.ask([b"KEYS", b"*"])[0])
            values = []
            for at in range(0, len(keys), 1000):
                values += client.ask(*[[b"GET", key] for key in keys[at:at + 1000]])
            return dict(zip(keys, map(decode, values)))
        finally:
            client.socket.close()

    def info(self, client, field):
        text = decode(client.ask([b"INFO", b"persistence"])[0]).decode()
        found = re.search(r"(?m)^%s:(\S+)" % field, text)
        return found and found[1]

    def wait_for_rewrite(self, client):
        """False if it does not end."""
        return wait_for(lambda: self.info(client, "aof_rewrite_in_progress") == "0" and
                        self.info(client, "aof_rewrite_scheduled") == "0")

    def log(self):
        """The file that is appended to."""
        if not self.is_redis:
            return os.path.join(self.data, "appendonly.aof")
        directory = os.path.join(self.data, "appendonlydir")
        with open(os.path.join(directory, "appendonly.aof.manifest"), encoding="ascii") as file:
            names = re.findall(r"(?m)^file (\S+) .* type i", file.read())
        return os.path.join(directory, names[-1])

    def files(self):
        return sorted(os.path.relpath(os.path.join(folder, name), self.data)
                      for folder, _, names in os.walk(self.data) for name in names)

    def strays(self):
        """Files that nothing needs once it serves; what was cut off is none."""
        keep = {"appendonly.aof", "appendonly.aof.lock"}
        if self.is_redis:
            keep = {"appendonlydir/appendonly.aof.manifest"}
            manifest = os.path.join(self.data, "appendonlydir", "appendonly.aof.manifest")
            if os.path.exists(manifest):
                with open(manifest, encoding="ascii") as file:
                    keep.update("appendonlydir/" + name
                                for name in re.findall(r"(?m)^file (\S+)", file.read()))
        return [name for name in self.files() if name not in keep and name not in self.cuts()]

    def cuts(self):
        return [name for name in self.files() if ".cut-" in name]


class Progress:
    """Now and then, how far it has come: on a terminal each second."""

    def __init__(self, what, total):
        self.what, self.total, self.began, self.told = what, total, time.monotonic(), 0.0
        self.tty = sys.stderr.isatty()

    def show(self, done):
        spent = time.monotonic() - self.began
        if spent - self.told < (1 if self.tty else 20) and not (self.tty and done == self.total):
            return
        self.told = spent
        left = int(spent / max(done, 1) * (self.total - done))
        print("%s%s: %d of %d, %d:%02d left%s" % (
            "\r" if self.tty else "", self.what, done, self.total, left // 60, left % 60,
            "  \n" if self.tty and done == self.total else "  " if self.tty else "\n"),
            file=sys.stderr, end="", flush=True)


class Sums:
    """What passed and what did not; the last line says how many."""

    def __init__(self):
        self.passed = self.failed = 0

    def add(self, good, text):
        self.passed += bool(good)
        self.failed += not good
        print("%s%s" % ("" if good else "FAILED: ", text), flush=True)

    def end(self):
        print("%d passed, %d failed" % (self.passed, self.failed))
        sys.exit(self.failed > 0 or self.passed == 0)


def directory(prefix, where=None):
    """A folder that goes when the block ends, also by SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return tempfile.TemporaryDirectory(prefix=prefix + ".", dir=where, ignore_cleanup_errors=True)
