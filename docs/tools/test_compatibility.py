#!/usr/bin/env python3
"""Tests of compatibility.py: python3 docs/tools/test_compatibility.py

The checker is shown a document that is right, and the same with one fault: each
has to be found. The servers and tables are small ones, written here."""

import io
import json
import os
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import compatibility  # noqa: E402

DOCUMENT = """\
# Compatibility

| before | the sections |
|---|---|
| `NOSUCH` | a table of something else |

## Commands

| command | here |
|---|---|
| `GET`, `SET` | same |
| `CLIENT ID` | same, but larger |
| `CLIENT SETINFO` | ours: a reason |
| `CLIENT PAUSE` | left out: a reason |
| `COMMAND`, `COMMAND COUNT` | same |
| `DEBUG SLEEP` | same |
| `BITFIELD_RO`, `ACL` | left out: a reason |
| `WAIT` | not yet |

### Groups

| group | here |
|---|---|
| list, sorted-set | left out |

## Settings

| setting | default | other |
|---|---|---|
| `address` | `127.0.0.1:6379` | |
| `bind` | | half |
| `unixsocketperm` | `0` | |
| `limit` | `normal 1gb 0 0` | |

| setting | value | other |
|---|---|---|
| `save` | `""` | |

## Clients and tools

| client | version |
|---|---|
| redis (npm) | 6.3.1 |
| redis (npm), version 4 | 4.7.1 |
| @keyv/redis | 5.1.6 |
"""

OURS = {"GET": "string", "SET": "string", "CLIENT ID": "connection",
        "CLIENT SETINFO": "connection", "COMMAND COUNT": "server", "DEBUG SLEEP": "server"}
REDIS = {"GET": "string", "SET": "string", "CLIENT ID": "connection",
         "CLIENT PAUSE": "connection", "COMMAND COUNT": "server", "DEBUG": "server",
         "BITFIELD_RO": "bitmap", "ACL CAT": "server", "WAIT": "generic", "LPUSH": "list",
         "ZADD": "sorted-set"}

SETTINGS = r"""
static const struct setting table[] = {
    {"address", HALF(address, address), DEFAULT_ADDRESS, FINAL, "HOST:PORT",
     "where to listen; :6379 is every interface, port 0 any free one"},
    {"bind", HALF(bind, address), NULL, FINAL, "HOST...", "the HOST"},
    {"unixsocketperm", &kind_octal, AT(unixsocketperm), 0, 0777, "0", FINAL,
     "MODE", "who may use it (octal); 0: as the umask says"},
    {"limit", &kind_output_limits, 0, 0, 0,
     "normal 1gb 0 0", CHANGEABLE, "normal HARD SOFT SECONDS", "bytes"},
    {"save", FIXED, "", CHANGEABLE, NULL, NULL},
};
static const char *const ignored[] = {"rdb*"};
"""
PARAMS = '#define VERSION "0.1.0"\n#define DEFAULT_ADDRESS  "127.0.0.1:6379"\n'
DEFAULTS = {"address": "127.0.0.1:6379", "bind": "", "unixsocketperm": "0",
            "limit": "normal 1gb 0 0", "save": ""}
PACKAGES = {"redis": "6.3.1", "redis4": "npm:redis@4.7.1", "@keyv/redis": "5.1.6"}

# A server as far as ask() needs one: it answers each line with what is known.
SERVER = """\
    #!{python}
    import socket, sys
    options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    replies = {replies!r}
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(options["--unixsocket"])
    listener.listen()
    client = listener.accept()[0]
    for line in client.makefile("rb"):
        client.sendall(replies[line.decode().strip()])
    """


def resp(value):
    if isinstance(value, list):
        return b"*%d\r\n%b" % (len(value), b"".join(map(resp, value)))
    return b"$%d\r\n%b\r\n" % (len(value), value.encode())


class CompatibilityTest(unittest.TestCase):
    def commands(self, document=DOCUMENT, ours=None, redis=None):
        return compatibility.check_commands(document, ours or OURS, redis or REDIS)

    def edited(self, old, new):
        self.assertEqual(DOCUMENT.count(old), 1, old)
        return DOCUMENT.replace(old, new)

    def test_a_document_that_is_right_has_no_faults(self):
        self.assertEqual(self.commands(), [])
        self.assertEqual(compatibility.check_settings(DOCUMENT, DEFAULTS, DEFAULTS), [])
        self.assertEqual(compatibility.check_clients(DOCUMENT, PACKAGES), [])

    def test_a_command_that_is_missing_is_found(self):
        for cut, name in (("`GET`, ", "GET"), ("| `CLIENT ID` | same, but larger |\n", "CLIENT ID"),
                          (", `COMMAND COUNT`", "COMMAND COUNT"),
                          ("| `DEBUG SLEEP` | same |\n", "DEBUG SLEEP")):
            self.assertIn(f"{name} is missing", self.commands(self.edited(cut, "")))

    def test_a_command_that_the_server_lacks_is_found(self):
        for name in OURS:
            ours = {key: OURS[key] for key in OURS if key != name}
            self.assertEqual(len(self.commands(ours=ours)), 2 if name == "COMMAND COUNT" else 1)
        self.assertIn("the server lacks it",
                      self.commands(self.edited("not yet", "same, but slow"))[0])

    def test_a_command_that_is_here_after_all_is_found(self):
        for name in ("CLIENT PAUSE", "WAIT", "BITFIELD_RO", "ACL CAT"):
            problems = self.commands(ours={**OURS, name: "server"})
            self.assertTrue(any("the server has it" in line for line in problems), problems)

    def test_a_command_of_redis_that_is_forgotten_is_found(self):
        for cut, name in (("`BITFIELD_RO`, ", "BITFIELD_RO"), (", `ACL`", "ACL CAT"),
                          ("| `WAIT` | not yet |\n", "WAIT"), (", sorted-set", "ZADD"),
                          ("| `CLIENT PAUSE` | left out: a reason |\n", "CLIENT PAUSE")):
            found = self.commands(self.edited(cut, ""))
            self.assertEqual(len(found), 1, found)
            self.assertIn(f"Redis's {name} ", found[0])
        self.assertEqual(len(self.commands(redis={**REDIS, "COMMAND GETKEYS": "server"})), 1)

    def test_a_command_that_stands_there_twice_or_without_a_verdict_is_found(self):
        self.assertIn("WAIT stands there twice", self.commands(self.edited("`ACL`", "`ACL`, `WAIT`")))
        self.assertIn("no verdict", self.commands(self.edited("not yet", "perhaps"))[0])

    def test_a_setting_that_is_missing_or_too_much_or_wrong_is_found(self):
        for old, new, problem in (
                ("| `bind` | | half |\n", "", "the setting bind is missing"),
                ("`save`", "`saves`", "saves is no setting"),
                ("`normal 1gb 0 0`", "`normal 0 0 0`", "the default of limit is"),
                ('`""`', "`60 1`", "the default of save is ''"),
                ("| `unixsocketperm` | `0` |", "| `unixsocketperm` | |", "unixsocketperm is '0'")):
            found = compatibility.check_settings(self.edited(old, new), DEFAULTS, DEFAULTS)
            self.assertIn(problem, "\n".join(found))
        self.assertEqual(len(compatibility.check_settings(DOCUMENT, ["hz", *DEFAULTS], DEFAULTS)), 1)

    def test_the_table_of_settings_is_read(self):
        self.assertEqual(compatibility.read_settings(SETTINGS, PARAMS), DEFAULTS)

    def test_a_client_of_another_version_is_found(self):
        for name, version in (("redis", "6.3.2"), ("redis4", "npm:redis@4.7.2"), ("new", "1.0.0")):
            found = compatibility.check_clients(DOCUMENT, {**PACKAGES, name: version})
            self.assertEqual(len(found), 1, found)

    def test_commands_are_read_from_what_servers_say(self):
        docs = ["get", ["summary", "text", "group", "string"],
                "client", ["group", "connection", "subcommands", ["client|id", ["group", "x"]]],
                "debug", ["group", "server"]]
        self.assertEqual(compatibility.read_commands(docs, ["DEBUG ...:", "SLEEP <s>", "    Text."]),
                         {"GET": "string", "CLIENT ID": "connection", "DEBUG SLEEP": "server"})
        self.assertIn("DEBUG", compatibility.read_commands(docs))

    def run_main(self, folder, document):
        docs = [word for name in sorted(OURS) if " " not in name
                for word in (name.lower(), ["group", OURS[name]])]
        docs += ["client", ["group", "connection", "subcommands",
                            ["client|id", [], "client|setinfo", []]],
                 "command", ["group", "server", "subcommands", ["command|count", []]],
                 "debug", ["group", "server"]]
        settings = [word for name in DEFAULTS for word in (name, "")]
        server = folder / "server"
        server.write_text(textwrap.dedent(SERVER).format(python=sys.executable, replies={
            "COMMAND DOCS": resp(docs), "DEBUG HELP": resp(["DEBUG:", "SLEEP <s>"]),
            "CONFIG GET *": resp(settings)}))
        server.chmod(0o755)
        for name, text in (("part3-database/config.c", SETTINGS), ("common/params.h", PARAMS),
                           ("tests/clients/package.json", json.dumps({"dependencies": PACKAGES})),
                           ("document.md", document)):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        arguments = [str(folder / "document.md"), "--server", str(server), "--redis",
                     os.devnull]
        with mock.patch.object(sys, "argv", ["compatibility.py", *arguments]), \
                mock.patch.object(compatibility, "ROOT", folder), \
                mock.patch.object(sys, "stdout", io.StringIO()) as output:
            return compatibility.main(), output.getvalue()

    def test_the_program_fails_if_there_is_a_fault_and_names_the_file(self):
        with tempfile.TemporaryDirectory() as folder:
            status, output = self.run_main(Path(folder), DOCUMENT)
            self.assertEqual((status, "0 faults" in output), (0, True), output)
            status, output = self.run_main(Path(folder), self.edited("`GET`, ", ""))
            self.assertEqual(status, 1)
            self.assertIn("document.md: GET is missing", output)

    def test_a_server_that_does_not_start_is_an_error(self):
        with self.assertRaises(OSError):
            compatibility.ask("false", "PING")


if __name__ == "__main__":
    unittest.main()
