#!/usr/bin/env python3
"""Tests of bench.py: python3 tests/bench/test_bench.py LIGHT

The arithmetic, the refusals, the document and the pictures; and the light
client against a server that answers as the test likes. No real server runs."""
import contextlib
import io
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import xml.dom.minidom
from types import SimpleNamespace

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import bench  # noqa: E402
import clients  # noqa: E402
import machine  # noqa: E402
import measures  # noqa: E402
import plot  # noqa: E402
import report  # noqa: E402
import servers  # noqa: E402

LIGHT = os.path.abspath(sys.argv.pop()) if len(sys.argv) > 1 else ""
DOCUMENT = os.path.join(HERE, "..", "..", "docs", "benchmarks.md")


def a_bench():
    return SimpleNamespace(rounds=5, fewer_rounds=3, seconds=1, scale=1, clients_most=10000,
                           quiet=1, scaled=lambda count: count)


def a_piece(**changes):
    return measures.Piece("cpu", "CPU", ("cpu_us", "per_second"), [], "About it.")._replace(
        **changes)


def rows(*samples):
    """(measure, figure, server, values): one a round."""
    return [(measure, "title of " + measure, figure, server, number, value)
            for measure, figure, server, values in samples for number, value in enumerate(values)]


def saved(folder, *samples, **changes):
    report.save(folder, a_piece(**changes), rows(*samples), {"date": "today", "command": "this"})
    return report.load(folder, "cpu")


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="bench.")
        self.addCleanup(subprocess.run, ["rm", "-r", self.folder], check=True)


class Arithmetic(Folder):
    def test_a_summary_has_the_median_and_the_extremes(self):
        self.assertEqual(report.summarize([3, 1, 2, 10]), (2.5, 1, 10))
        self.assertIsNone(report.summarize([]))

    def test_a_ratio_is_that_of_two_measurements_of_one_round(self):
        # The machine is twice as slow in the second round: both drift.
        results = saved(self.folder, ("get", "cpu_us", "redis-lite", [1, 2.2, 1]),
                        ("get", "cpu_us", "redis-server", [2, 4, 2]))
        self.assertEqual(results.ratio("get", "cpu_us", "redis-server"), (0.5, 0.5, 0.55))

    def test_a_round_that_one_of_them_lacks_is_left_out_of_the_ratio(self):
        results = saved(self.folder, ("get", "cpu_us", "redis-lite", [1, 9]),
                        ("get", "cpu_us", "redis-server", [2]))
        self.assertEqual(results.ratio("get", "cpu_us", "redis-server"), (0.5, 0.5, 0.5))

    def test_the_spread_is_half_the_range_in_percent(self):
        self.assertEqual(report.shown(report.Summary(10, 9, 12), 2), "10.00 ±15 %")
        self.assertEqual(report.shown(report.Summary(1234567, 1234567, 1234567), 0), "1,234,567")
        self.assertEqual(report.shown(None, 2), "-")

    def test_what_is_worse_depends_on_the_figure(self):
        results = saved(self.folder, ("a", "cpu_us", "redis-lite", [2]),
                        ("a", "cpu_us", "redis-server", [1]),
                        ("b", "per_second", "redis-lite", [2]),
                        ("b", "per_second", "redis-server", [1]),
                        ("c", "per_second", "redis-lite", [1]),
                        ("c", "per_second", "redis-server", [2]))
        self.assertEqual([row[1] for row in report.losses(results)], ["title of a", "title of c"])


class Refusals(unittest.TestCase):
    def test_the_same_settings_are_no_difference(self):
        self.assertEqual(servers.differences({"a": {"appendonly": "no", "save": ""},
                                              "b": {"appendonly": "no"}}), [])

    def test_a_different_setting_is_named_with_both_values(self):
        found = servers.differences({"a": {"appendonly": "no"}, "b": {"appendonly": "yes"}})
        self.assertEqual(found, ["appendonly: a has 'no', b has 'yes'"])

    def test_a_setting_that_one_has_not_counts_as_what_that_means(self):
        found = servers.differences({"a": {}, "b": {"save": "3600 1"}})
        self.assertEqual(found, ["save: a has '', b has '3600 1'"])

    def test_who_can_not_be_asked_is_not_compared(self):
        self.assertEqual(servers.differences({"a": {"appendonly": "yes"}, "b": None}), [])

    def test_peers_are_names_and_commands(self):
        self.assertEqual(servers.peers_from("a=x -p {port}; b = y --port={port}"),
                         {"a": "x -p {port}", "b": "y --port={port}"})

    def test_a_peer_without_a_port_is_refused(self):
        for text in ("a=x", "x -p {port}"):
            with self.subTest(text), self.assertRaises(servers.Failed):
                servers.peers_from(text)

    def test_an_unknown_piece_is_refused(self):
        self.assertEqual([piece.__name__ for piece in bench.chosen("keys,cpu")], ["keys", "cpu"])
        with self.assertRaises(servers.Failed):
            bench.chosen("keys,nothing")

    def test_a_peer_that_fails_is_left_out_and_ours_is_not(self):
        runner = SimpleNamespace(failed=set())

        def fails(server):
            raise servers.Failed("no such command")
        measure = measures.Measure("m", "M", fails, 1)
        with contextlib.redirect_stderr(io.StringIO()):
            bench.Bench.take(runner, measure, SimpleNamespace(name="other"), 0, [])
        self.assertEqual(runner.failed, {("other", "m")})
        with self.assertRaises(servers.Failed):
            bench.Bench.take(runner, measure, SimpleNamespace(name=report.OURS), 0, [])


class Requests(unittest.TestCase):
    def runs(self, again=False):
        """How many requests redis-benchmark is asked for: connecting takes 0.1 s,
        100,000 requests one second, and a measurement has two."""
        asked, benchmark = [], clients.RedisBenchmark()

        def run(server, words, requests, options):
            asked.append(requests)
            return {"per_second": requests / (0.1 + requests / 100000)}
        benchmark.run = run
        for _ in range(1 + again):
            benchmark(SimpleNamespace(name="a"), ["-t", "get"], 2)
        return asked

    def test_the_warm_up_grows_until_it_tells_the_rate(self):
        *warm_up, measured = self.runs()
        self.assertGreater(len(warm_up), 1)
        self.assertGreater(warm_up[-1], 0.1 * measured)
        self.assertGreater(measured, 100000)

    def test_the_rate_is_known_the_second_time(self):
        once, twice = self.runs(), self.runs(again=True)
        self.assertEqual(len(twice) - len(once), 2)


class Names(unittest.TestCase):
    def test_each_measure_has_a_name_of_its_own(self):
        for make in measures.ALL:
            piece = make(a_bench())
            names = [measure.name for group in piece.groups for stage in group.stages
                     for measure in stage.measures]
            self.assertEqual(piece.name, make.__name__)
            self.assertEqual(len(names), len(set(names)), names)
            self.assertTrue(names)
            self.assertLessEqual(set(piece.tables), {"times", *measures.FIGURES})

    def test_the_document_has_a_place_for_each_piece(self):
        with open(DOCUMENT, encoding="utf-8") as document:
            places = [place[2] for place in report.PLACE.finditer(document.read())]
        self.assertEqual(sorted(places), sorted(["machine", "losses"] + [
            piece.__name__ for piece in measures.ALL]))


class Output(Folder):
    def test_samples_come_back_as_they_were_saved(self):
        results = saved(self.folder, ("set-p1", "cpu_us", "redis-lite", [1.5, 2]))
        self.assertEqual(results.samples, {("set-p1", "cpu_us"): {"redis-lite": {0: 1.5, 1: 2}}})
        self.assertEqual(results.facts["about"], "About it.")
        self.assertEqual(results.titles, {"set-p1": "title of set-p1"})

    def test_a_table_compares_ours_with_each_other_server(self):
        results = saved(self.folder, ("get", "cpu_us", "redis-lite", [1]),
                        ("get", "cpu_us", "a", [2]), ("get", "cpu_us", "b", [4]))
        last = report.comparison(results, "cpu_us").splitlines()[-1]
        self.assertEqual([cell.strip() for cell in last.strip("|").split("|")],
                         ["title of get", "1.00", "2.00", "**0.50**", "4.00", "**0.25**"])

    def test_points_of_a_curve_stand_together(self):
        results = saved(self.folder, *[(measure, "cpu_us", "redis-lite", [1]) for measure in (
            "set@10", "get@10", "set@20", "get@20")], axis="keys")
        self.assertEqual(results.measures("cpu_us"), ["set@10", "set@20", "get@10", "get@20"])
        self.assertEqual(results.title("set@20"), "title of set@20, 20 keys")

    def test_times_are_of_each_server(self):
        results = saved(self.folder, *[("get", figure, server, [value]) for figure, value in (
            ("per_second", 100000), ("busy", 0.97), ("p50_us", 400), ("p99_us", 600))
            for server in ("redis-lite", "other")], tables=("times",))
        lines = report.tables(results).splitlines()
        self.assertEqual([cell.strip() for cell in lines[-1].strip("|").split("|")],
                         ["title of get", "other", "100,000", "97 %", "400", "600", "-"])
        self.assertEqual(list(report.losses(results)), [])

    def test_a_place_is_filled_and_the_rest_is_left(self):
        text = "a\n<!-- bench: cpu -->\nold\n<!-- bench end -->\nb\n<!-- bench: keys -->\nold\n" \
            "<!-- bench end -->\nc\n"
        again = report.filled(text, {"cpu": "new"})
        self.assertEqual(again, text.replace("old", "new", 1))
        self.assertEqual(report.filled(again, {"cpu": "new"}), again)

    def test_a_piece_done_later_joins_those_that_are_there(self):
        saved(self.folder, ("get", "cpu_us", "redis-lite", [1]))
        report.save(self.folder, a_piece(name="keys", axis="keys"),
                    rows(("get@10", "cpu_us", "redis-lite", [1])), {"date": "-", "command": "-"})
        report.write(self.folder)
        self.assertEqual(sorted(os.listdir(self.folder)), [
            "benchmarks.md", "cpu.csv", "cpu.svg", "keys.csv", "keys.svg", "summary.csv"])

    def test_pictures_are_well_formed(self):
        samples = [("get@%d" % n, "cpu_us", server, [n / 100]) for n in (10, 1000)
                   for server in ("redis-lite", "a<b")]
        for axis in ("", "keys"):
            results = saved(self.folder, *samples, axis=axis)
            drawn = xml.dom.minidom.parseString(plot.picture(results, measures.FIGURES))
            shapes = drawn.getElementsByTagName("circle" if axis else "rect")
            self.assertGreaterEqual(len(shapes), 4)

    def test_an_axis_ends_at_a_round_number(self):
        self.assertEqual([plot.ceiling(value) for value in (0.9, 1, 1.1, 2.2, 26, 90)],
                         [1, 1, 2, 2.5, 50, 100])

    def test_the_time_left_follows_the_pace(self):
        clock = bench.Clock(100)
        self.assertEqual(clock.left(), 100)
        clock.done, clock.began = 50, time.monotonic() - 100
        self.assertAlmostEqual(clock.left(), 100, delta=1)

    def test_client_and_server_share_a_core_only_if_there_is_one(self):
        self.assertEqual(machine.choose_cores({3}), (3, 3))
        self.assertEqual(len(set(machine.choose_cores({0, 1}))), 2)


class FakeServer(threading.Thread):
    """Answers each GET or DEL of one client with what it is told."""

    REQUEST = 36  # bytes: "*2", "$3", "GET", "$16", the key, and five ends of lines

    def __init__(self, answer):
        super().__init__(daemon=True)
        self.answer, self.keys = answer, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        with self.listener, self.listener.accept()[0] as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while request := connection.recv(self.REQUEST, socket.MSG_WAITALL):
                self.keys.append(int(request[-14:]))
                with contextlib.suppress(ConnectionError):
                    connection.sendall(self.answer())


@unittest.skipUnless(LIGHT, "the light client is not built")
class LightClient(unittest.TestCase):
    def run_light(self, server, *words):
        return subprocess.run([LIGHT, *words, "--port", str(server.port), "--clients", "1"],
                              capture_output=True, text=True, timeout=20, check=False)

    def test_it_sends_each_key_once(self):
        server = FakeServer(lambda: b":1\r\n")
        done = self.run_light(server, "del", "--each", "1", "--keys", "1000", "--spare", "10",
                              "--first", "5000", "--pipeline", "7")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(clients.numbers(done.stdout)["requests"], 900)
        self.assertEqual(server.keys, [5000 + n for n in range(1000) if n % 10])

    def test_a_wrong_reply_ends_it_and_is_shown(self):
        for answer in (b"-ERR no\r\n", b"+PONG", b"$-1\r\n", b":12\r\n"):
            with self.subTest(answer):
                done = self.run_light(FakeServer(lambda: answer), "get")
                self.assertEqual(done.returncode, 1)
                self.assertIn("answered:\n" + answer.decode().strip(), done.stderr)

    def test_a_reply_too_many_ends_it(self):
        done = self.run_light(FakeServer(lambda: b":1\r\n:1\r\n"), "del")
        self.assertEqual((done.returncode, done.stderr), (1, "light: more replies than requests\n"))

    def test_percentiles_are_those_of_the_replies(self):
        began, took = [], []

        def answer():
            began.append(time.monotonic())
            time.sleep(0.05 if len(began) % 20 == 0 else 0.015)
            took.append(1e6 * (time.monotonic() - began[-1]))
            return b":1\r\n"
        done = self.run_light(FakeServer(answer), "del", "--requests", "41")
        # The client's times lie between the server's and, but for what a busy
        # machine adds, those from one request to the next; a bucket, 1.6 %.
        rounds = [1e6 * (end - begin) for begin, end in zip(began, began[1:])]
        for name, part in (("p50_us", 0.5), ("p99_us", 0.99)):
            at = int(part * len(rounds))
            measured = clients.numbers(done.stdout)[name]
            self.assertGreaterEqual(measured, 0.983 * sorted(took)[at], name)
            self.assertLessEqual(measured, 1.017 * sorted(rounds)[at] + 2e4, name)


if __name__ == "__main__":
    unittest.main()
