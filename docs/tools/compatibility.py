#!/usr/bin/env python3
"""Keep docs/compatibility.md true: python3 docs/tools/compatibility.py [FILE]

What the document says of commands is compared with what the built server says
(COMMAND DOCS), and, where redis-server 7.0 is installed, with the commands that
Redis has; what it says of settings, with the table of config.c; the versions of
the clients from npm, with what make check-clients runs. In the tables

  of "Commands"  the first cell names commands in `CAPITALS` (or whole groups of
                 Redis, in plain words), the second begins with a verdict:
                 same, ours (here); left out, not yet (not here)
  of "Settings"  the first cell is a name, the second its default
"""

import argparse
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 10  # for a server to start, and to answer
HERE, NOT_HERE = ("same", "ours:"), ("left out", "not yet")


# --- What a server has ------------------------------------------------------

def read_reply(file):
    line = file.readline().rstrip(b"\r\n")
    kind, rest = line[:1], line[1:].decode()
    if kind == b"*":
        return [read_reply(file) for _ in range(int(rest))]
    if kind == b"$":
        return file.read(int(rest) + 2)[:-2].decode("latin-1") if rest != "-1" else None
    return rest


def connect(path, server):
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(PATIENCE_S)
            client.connect(path)
            return client
        except OSError:
            client.close()
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def ask(program, *requests):
    """The replies of a server, which is started for this and ended."""
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/socket"
        with subprocess.Popen(
                [program, "--port", "0", "--unixsocket", path, "--dir", folder, "--save", "",
                 "--appendonly", "no", "--enable-debug-command", "yes"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                with connect(path, server) as client, client.makefile("rb") as file:
                    client.sendall("".join(text + "\r\n" for text in requests).encode())
                    return [read_reply(file) for _ in requests]
            finally:
                server.kill()


def pairs(flat):
    return zip(flat[::2], flat[1::2])


def read_commands(docs, debug_help=()):
    """The group of each command, or of each of its subcommands if it has some:
    "CLIENT KILL". Those of DEBUG are told by its help only."""
    groups = {}
    for name, about in pairs(docs):
        about = dict(pairs(about))
        for subcommand, _ in pairs(about.get("subcommands", [])):
            groups[subcommand.replace("|", " ").upper()] = about["group"]
        if "subcommands" not in about and not (name == "debug" and debug_help):
            groups[name.upper()] = about["group"]
    for line in debug_help[1:]:
        if not line.startswith(" "):
            groups["DEBUG " + line.split()[0]] = "server"
    return groups


# --- What the document says -------------------------------------------------

def rows_of(text, section):
    """The cells of the tables of a section ("## ..."), without headlines."""
    found = re.search(rf"^## {section}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    lines = found[1].split("\n") if found else []
    for line, below in zip(lines, lines[1:] + [""]):
        if line.startswith("|") and not line.startswith("|--") and not below.startswith("|--"):
            yield [cell.strip() for cell in line.strip("|").split(" |")]


def check_commands(text, ours, redis=None):
    problems, verdicts, groups = [], {}, set()
    for first, verdict, *_ in rows_of(text, "Commands"):
        names = re.findall(r"`([A-Z_ -]+)`", first)
        groups |= set() if names else set(first.split(", "))
        if not verdict.startswith(HERE + NOT_HERE):
            problems.append(f"{first}: no verdict: {verdict}")
        for name in names:
            if name in verdicts:
                problems.append(f"{name} stands there twice")
            verdicts[name] = verdict
    # A parent, such as COMMAND, may be spoken of; its subcommands have to be.
    known = set(ours) | {name.split()[0] for name in ours}
    for name in sorted(set(ours) - set(verdicts)):
        problems.append(f"{name} is missing")
    for name, verdict in verdicts.items():
        if verdict.startswith(HERE) != (name in known):
            problems.append(f"{name}: the document says '{verdict.split(',')[0][:20]}', and "
                            f"the server {'has it' if name in known else 'lacks it'}")
    spoken_of = set(verdicts) | {name.split()[0] for name in verdicts}
    for name, group in sorted((redis or {}).items()):
        whole = verdicts.get(name.split()[0], "").startswith(NOT_HERE)
        if group not in groups and name not in spoken_of and not whole:
            problems.append(f"Redis's {name} ({group}) is missing")
    return problems


def read_settings(source, params):
    """Each setting's default, as the table of config.c says it."""
    defaults = {}
    macros = dict(re.findall(r'#define (\w+) +"(.*)"', params))
    for name, row in re.findall(r'\{"([\w-]+)",([^{}]*?),\s*(?:FINAL|CHANGEABLE),', source):
        value = row.split(",")[-1].strip()
        defaults[name] = "" if value == "NULL" else macros.get(value, value.strip('"'))
    return defaults


def check_settings(text, names, defaults):
    problems, said = [], {}
    for first, value, *_ in rows_of(text, "Settings"):
        said[first.strip("`")] = value.strip("`").replace('""', "")
    for name in sorted(set(names) | set(said)):
        if name not in said:
            problems.append(f"the setting {name} is missing")
        elif name not in names:
            problems.append(f"{name} is no setting")
        elif said[name] != defaults.get(name):
            problems.append(f"the default of {name} is '{defaults.get(name)}', "
                            f"not '{said[name]}'")
    return problems


def check_clients(text, packages):
    rows = [" ".join(row).split() for row in rows_of(text, "Clients and tools")]
    problems = []
    for name, version in packages.items():
        if version.startswith("npm:"):  # an old version beside the new one
            name, version = version[len("npm:"):].rsplit("@", 1)
        if not any(name in row and version in row for row in rows):
            problems.append(f"the client {name} {version} is missing")
    return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("document", nargs="?", default=ROOT / "docs/compatibility.md", type=Path)
    parser.add_argument("--server", default=ROOT / "build/part3-database/redis-lite")
    parser.add_argument("--redis", default="redis-server")
    options = parser.parse_args()
    text = options.document.read_text(encoding="utf-8")
    docs, debug_help, settings = ask(options.server, "COMMAND DOCS", "DEBUG HELP", "CONFIG GET *")
    redis = None
    if shutil.which(options.redis):
        docs_of_redis, about = ask(options.redis, "COMMAND DOCS", "INFO server")
        if "redis_version:7.0." in about:
            redis = read_commands(docs_of_redis)
    defaults = read_settings((ROOT / "part3-database/config.c").read_text(),
                             (ROOT / "common/params.h").read_text())
    packages = json.loads((ROOT / "tests/clients/package.json").read_text())["dependencies"]
    problems = (check_commands(text, read_commands(docs, debug_help), redis) +
                check_settings(text, settings[::2], defaults) + check_clients(text, packages))
    for problem in problems:
        print(f"{options.document}: {problem}")
    print(f"{options.document.name}: {len(problems)} faults" +
          ("" if redis else "; not compared with Redis's commands: no redis-server 7.0"))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
