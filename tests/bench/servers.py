"""servers.py -- the servers that are compared: found, started with the same
settings, asked for them, and looked at from outside.

A peer is a name and a command line; {port}, {dir} and {settings} in it are
filled in. The process that the command becomes is the one measured, so it must
not fork."""
import os
import shlex
import shutil
import signal
import socket
import subprocess
import time

PATIENCE = 600  # seconds for a start; a log of gigabytes may have to be read

REDIS = "{program} --bind 127.0.0.1 --port {{port}} --dir {{dir}} --save '' {{settings}}"
KNOWN = {
    "redis-server": REDIS,
    "valkey-server": REDIS,
    "pogocache": "{program} -p {{port}} --threads 1 --evict no --maxconns 10100",
}

# What has to be the same, with what it means not to have the setting.
COMPARED = {
    "appendonly": "no", "appendfsync": "everysec", "auto-aof-rewrite-percentage": "0",
    "save": "", "maxmemory": "0", "maxclients": None, "io-threads": "1", "activedefrag": "no",
    "slowlog-log-slower-than": "10000", "latency-monitor-threshold": "0", "hz": "10",
    "timeout": "0", "databases": "16",
}


class Failed(Exception):
    """A server that does not start, or a client that is not satisfied."""


def differences(settings):
    """What is not the same, in words. settings: {server: {name: value}}; None
    for a server that can not be asked."""
    found = []
    for name, absent in COMPARED.items():
        values = {server: known.get(name, absent) for server, known in settings.items()
                  if known is not None}
        if len(set(values.values()) - {None}) > 1:
            found.append("%s: %s" % (name, ", ".join(
                "%s has '%s'" % item for item in values.items())))
    return found


def peers_from(text):
    """PEERS='name=command', several with ';' between them."""
    found = {}
    for part in filter(None, map(str.strip, text.split(";"))):
        name, equals, command = part.partition("=")
        if not equals or "{port}" not in command:
            raise Failed("PEERS wants name=command with {port} in it, not '%s'" % part)
        found[name.strip()] = command.strip()
    return found


def find_peers(ours, text):
    """{name: command}: ours first, then those that are installed or named."""
    found = {"redis-lite": shlex.quote(os.path.abspath(ours)) + " --address 127.0.0.1:{port}"
             " --dir {dir} {settings}"}
    for name, command in KNOWN.items():
        if shutil.which(name):
            found[name] = command.format(program=shutil.which(name))
    found.update(peers_from(text))
    return found


def version(command):
    program = shlex.split(command.replace("{", "").replace("}", ""))[0]
    try:
        said = subprocess.run([program, "--version"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "?"
    return said.stdout.decode(errors="replace").strip().partition("\n")[0][:100] or "?"


def free_port():
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


class Server:
    """One that runs, on a core of its own. settings: {name: value}."""

    def __init__(self, name, command, directory, settings, core=None):
        self.name, self.command, self.settings, self.core = name, command, settings, core
        self.directory = os.path.join(directory, name)
        self.process = None
        shutil.rmtree(self.directory, ignore_errors=True)
        os.makedirs(self.directory)

    def start(self):
        """Until it answers PING; the seconds and the CPU seconds of that."""
        self.port = free_port()
        words = " ".join("--%s %s" % item for item in self.settings.items())
        command = shlex.split(self.command.format(port=self.port, settings=words,
                                                  dir=shlex.quote(self.directory)))
        pin = (lambda: os.sched_setaffinity(0, {self.core})) if self.core is not None else None
        began = time.monotonic()
        with open(os.path.join(self.directory, "output"), "ab") as output:
            self.process = subprocess.Popen(command, cwd=self.directory, stdout=output,
                                            stderr=output, stdin=subprocess.DEVNULL,
                                            preexec_fn=pin)
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > began + PATIENCE:
                self.kill()
                raise Failed("%s does not start: %s" % (self.name, self.said()))
            time.sleep(0.002)
        return time.monotonic() - began, self.cpu_seconds()

    def answers(self):
        try:
            return self.ask("PING").startswith(b"+PONG")
        except OSError:
            return False

    def said(self):
        with open(os.path.join(self.directory, "output"), errors="replace",
                  encoding="utf-8") as output:
            return output.read()[-1000:]

    def ask(self, *words):
        """The first 64 KiB of a reply that is short."""
        with socket.create_connection(("127.0.0.1", self.port), 60) as client:
            client.sendall(b"*%d\r\n" % len(words) + b"".join(
                b"$%d\r\n%b\r\n" % (len(word), word.encode()) for word in words))
            return client.recv(65536)

    def config(self):
        """{name: value} of what it knows of COMPARED; None: it knows no CONFIG."""
        known = {}
        for name in COMPARED:
            reply = self.ask("CONFIG", "GET", name)
            if not reply.startswith((b"*", b"%")):
                return None
            lines = reply.decode().split("\r\n")
            if len(lines) > 4:
                known[name] = lines[4]
        return known

    def cpu_seconds(self):
        """Of all threads, ended ones too: the clock that the kernel keeps for a
        process (see clock_getcpuclockid(3)), in nanoseconds."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def resident(self):
        with open("/proc/%d/status" % self.process.pid, encoding="ascii") as status:
            return 1024 * int(next(line for line in status
                                   if line.startswith("VmRSS:")).split()[1])

    def settled(self, quiet=3, most=20):
        """Resident bytes, once they have not changed by 0.1 % for so many seconds:
        servers give back memory when they find time."""
        value, since, end = self.resident(), time.monotonic(), time.monotonic() + most
        while time.monotonic() < min(since + quiet, end):
            time.sleep(0.1)
            now = self.resident()
            if abs(now - value) > value / 1000:
                value, since = now, time.monotonic()
        return self.resident()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def restart(self):
        """With the log that it has; so empty, if it has none."""
        self.stop()
        return self.start()

    def end(self):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)
