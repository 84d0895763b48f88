"""clients.py -- what loads a server: the light client of this folder, and
redis-benchmark. Both run where this process runs, on the clients' core."""
import csv
import subprocess

from servers import Failed


def arguments(options):
    return [word for name, value in options.items()
            for word in ("--" + name.replace("_", "-"), str(value))]


def numbers(line):
    return {name: float(value) for name, value in (word.split("=") for word in line.split())}


class Light:
    """light(server, "get", pipeline=16...) -- as `bench-light` says it."""

    def __init__(self, program):
        self.program = program

    def command(self, server, name, options):
        return [self.program, name, "--port", str(server.port), "--pid",
                str(server.process.pid), *arguments(options)]

    def __call__(self, server, name, **options):
        done = subprocess.run(self.command(server, name, options), capture_output=True,
                              text=True, check=False)
        if done.returncode != 0:
            raise Failed("%s, %s: %s" % (server.name, name, " ".join(done.stderr.split())))
        return numbers(done.stdout)

    def hold(self, server, name, **options):
        """A process whose connections have been used, and stay until it ends."""
        process = subprocess.Popen(self.command(server, name, dict(options, hold=1)),
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if not process.stdout.readline():
            process.wait()
            raise Failed("%s: the connections do not stand" % server.name)
        return process


class RedisBenchmark:
    """The one that comes with Redis. It counts requests and not seconds, so a
    shorter run first says how many there are in a second."""

    def __init__(self):
        self.rates = {}

    def run(self, server, words, requests, options):
        command = ["redis-benchmark", "-h", "127.0.0.1", "-p", str(server.port), "--csv",
                   "-n", str(requests), *options, *words]
        before = server.cpu_seconds()
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise Failed("redis-benchmark is not installed: make setup") from None
        spent = server.cpu_seconds() - before
        rows = list(csv.reader(done.stdout.splitlines()))
        if done.returncode != 0 or len(rows) < 2:
            raise Failed("%s: %s: %s" % (server.name, " ".join(command), done.stderr[-300:]))
        result = dict(zip(rows[-2], rows[-1]))
        rate = float(result["rps"])
        return {"per_second": rate, "cpu_us": spent * 1e6 / requests,
                "busy": spent * rate / requests,
                "p50_us": float(result["p50_latency_ms"]) * 1000,
                "p99_us": float(result["p99_latency_ms"]) * 1000}

    def __call__(self, server, words, seconds, clients=50, pipeline=1, keys=1000000, size=64):
        options = ["-c", str(clients), "-P", str(pipeline), "-r", str(keys), "-d", str(size)]
        at_least = 10 * clients * pipeline
        at = (server.name, *words, *options)
        requests, rate = max(at_least, int(self.rates.get(at, 0) * seconds / 5)), 0
        # The warm-up, as long as it takes to tell the rate: connections cost
        # more than a few requests. Each time it is twice as long, or more.
        while not rate or requests < rate * seconds / 10:
            requests = max(requests, int(rate * seconds / 5))
            rate = self.run(server, words, requests, options)["per_second"]
        self.rates[at] = rate
        return self.run(server, words, max(at_least, int(rate * seconds)), options)
