#!/usr/bin/env python3
"""Keep the book true: every listing and every transcript is checked.

    python3 docs/tools/book.py check FILE.md...   report drift, exit 1 if any
    python3 docs/tools/book.py sync FILE.md...    rewrite what has drifted

    --build DIR   where the built servers are (default: build)
    --no-run      leave the transcripts alone
    --root DIR    another repository (for the tests of this file)

A directive is an HTML comment, invisible to readers, directly above a fence
(one blank line between them is fine). Paths start at the repository root.

  <!-- snip: part2-resp/resp_reader.c fn=read_len -->       above any fence
      The fence repeats the source exactly. Selectors, one or more:
        fn=NAME      a function              type=NAME    struct, enum, union, typedef
        proto=NAME   a prototype             var=NAME     a file-scope variable
        define=NAME  a macro                 file         the whole file
        region=NAME  the lines between /* snip:NAME */ and /* snip:end */ (or # snip:...)
        comment      and the comments directly above those items
      Several items are joined by one blank line. In the fence, a line that is
      only /* ... */ (or # ...) stands for one or more lines left out.
  <!-- diff: part1-server/resp_reader.c part2-resp/resp_reader.c -->  above ```diff
      The unified diff of the two files, without its two header lines.
  <!-- nobuild: REASON -->                                   above ```c, ```diff
      Code that is not from the source. Every other such fence needs one of
      the two above.

  <!-- server: part=3 -->                                    anywhere
      Start that part's server in an empty directory, for the blocks below.
      restart=stop or restart=kill: end the current one by SIGTERM or SIGKILL
      and start again in the same directory.
  <!-- run: -->                                             above ```console
      Run each "$ command" in the server's directory (write the port as 6379)
      and compare what it prints. A command goes on after a trailing backslash
      and in "> " lines right below it; each runs in a shell of its own.
      status=N: the last command ends with status N; all others must end with 0.
      build: run at the repository root instead, without a server.
  <!-- norun: REASON -->                                     above ```console
      Not run. Every other ```console fence needs a run.
  <!-- log: -->                                             above ```text
      What that server has logged since it started.
      In run and log, all timestamps are equal, "..." matches any text within
      a line, and a line that is only "..." matches any number of lines.

Relative links, images and the #anchors of .md files must exist.
"""

import argparse
import difflib
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

COMMAND_TIMEOUT_S = 20
START_TIMEOUT_S = 10  # until the server listens
STOP_TIMEOUT_S = 10   # after SIGTERM
LOG_TIMEOUT_S = 2     # for a line that the server is about to log


class Problem(Exception):
    """What to tell the author. With 'book' and 'source', a diff is shown as
    well; 'repaired' holds the lines that sync may put into the fence."""

    def __init__(self, text, book=None, source=None, repaired=None):
        super().__init__(text)
        self.book, self.source, self.repaired = book, source, repaired

    def __str__(self):
        if self.book is None:
            return super().__str__()
        diff = difflib.unified_diff(self.book, self.source, "book", "source", lineterm="")
        return "\n".join([super().__str__(), *diff])


def read_lines(path):
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"cannot read {path}: {error}") from None
    return text[:-1].split("\n") if text.endswith("\n") else text.split("\n")


# --- Markdown ---------------------------------------------------------------

FENCE = re.compile(r"([ >]*)(`{3,}(?!.*`)|~{3,})\s*([\w+#-]*)")
DIRECTIVE = re.compile(r"\s*<!--\s*(\w+):(.*?)-->\s*", re.S)

FENCE_LANGUAGE = {"snip": None, "diff": "diff", "nobuild": None,  # None: any language
                  "run": "console", "norun": "console", "log": "text"}
NEEDS = {"c": "snip: or nobuild:", "diff": "diff: or nobuild:",
         "console": "run: or norun:"}


class Block:
    """A directive, the fence below it, or (most often) both."""

    def __init__(self, line, kind="", text=""):
        self.line, self.kind, self.text = line, kind, text.strip()
        self.body = None  # the lines of the fence; None: there is no fence

    def add_fence(self, lines, start):
        """Take the fence that opens at lines[start]; return the index after it."""
        self.indent, ticks, self.language = FENCE.match(lines[start]).groups()
        self.line, self.first = start + 1, start + 1  # a number from 1, an index from 0
        closing = re.compile(rf"[ >]*{ticks}{ticks[0]}*\s*")
        self.end = next((i for i in range(self.first, len(lines))
                         if closing.fullmatch(lines[i])), len(lines))
        self.closed = self.end < len(lines)
        strip = len(self.indent)
        self.body = [line[strip:] if line.startswith(self.indent) else line.lstrip()
                     for line in lines[self.first:self.end]]
        return self.end + 1


def parse(lines):
    """Split a page into its blocks, and its prose as (line number, text)."""
    blocks, prose, i = [], [], 0
    above = None  # the directive that waits for its fence
    while i < len(lines):
        start = i
        if FENCE.match(lines[i]):
            if not above:
                blocks.append(above := Block(i + 1))
            i = above.add_fence(lines, i)
            above = None
        elif lines[i].lstrip().startswith("<!--"):
            while "-->" not in lines[i] and i + 1 < len(lines):
                i += 1
            i += 1
            above = None
            if found := DIRECTIVE.fullmatch("\n".join(lines[start:i])):
                blocks.append(Block(start + 1, *found.groups()))
                above = blocks[-1] if blocks[-1].kind != "server" else None
        else:
            prose.append((i + 1, lines[i]))
            if lines[i].strip() or (i > 0 and not lines[i - 1].strip()):
                above = None
            i += 1
    return blocks, prose


def check_shape(block):
    """Complain about a block that would otherwise go unchecked."""
    kind, known = block.kind, block.kind in FENCE_LANGUAGE
    if block.body is None:
        if known:
            raise Problem(f"no fence below this '{kind}:' directive")
        return
    language = block.language.lower()
    if not block.closed:
        raise Problem("this fence is never closed")
    if kind and not known:
        raise Problem(f"unknown directive '{kind}:' above a fence")
    if not kind and language in NEEDS:
        raise Problem(f"a ```{language} fence needs a directive above it, {NEEDS[language]}")
    if kind and language != (FENCE_LANGUAGE[kind] or language):
        raise Problem(f"'{kind}:' belongs above a ```{FENCE_LANGUAGE[kind]} fence")
    if kind and ">" in block.indent:
        raise Problem("a checked fence cannot be inside a quotation")
    if kind in ("nobuild", "norun") and not block.text:
        raise Problem(f"'{kind}:' needs a reason")


# --- Links ------------------------------------------------------------------

LINK = re.compile(r'\]\(([^()\s]+)(?:\s+"[^"]*")?\)'        # [text](path), ![alt](path)
                  r'|^\s*\[[^\]]+\]:\s+(\S+)'               # [text]: path
                  r'|\b(?:src|srcset|href)="([^"]+)"')


@functools.lru_cache(maxsize=None)
def anchors(path):
    """The anchors of a Markdown file, made from its headings as GitHub does."""
    found = set()
    for _, line in parse(read_lines(path))[1]:
        found.update(re.findall(r'<\w+ [^>]*\b(?:id|name)="([^"]+)"', line))
        if heading := re.fullmatch(r" {0,3}#{1,6}\s+(.*?)(\s+#+)?\s*", line):
            text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).lower()
            slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
            names = (f"{slug}-{n}" if n else slug for n in range(len(found) + 1))
            found.add(next(name for name in names if name not in found))
    return found


def check_link(link, page, root):
    if re.match(r"[a-z][a-z0-9+.-]*:|//", link, re.I):
        return  # http:, mailto: and friends: not ours to check
    name, _, anchor = urllib.parse.unquote(link).partition("#")
    base = root if name.startswith("/") else page.parent
    target = (base / name.lstrip("/")).resolve() if name else page
    if not target.exists():
        raise Problem(f"link to {link}: no such file")
    if anchor and target.suffix == ".md" and anchor not in anchors(target):
        raise Problem(f"link to {link}: no such heading")


# --- Listings ---------------------------------------------------------------
# Not a C parser. It relies on the layout that clang-format gives us: items
# begin at column 0, and the brace that ends a function stands at column 0.

COMMENT_OR_LITERAL = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""", re.S | re.X)

START = r"^(?![\s#}])"    # column 0 of an item
WORDS = r"[^;{}=():#]*"   # what may stand before the name; ':' would be a label's
BODY = r"\{(?:[^\n]*\}[ \t]*$|.*?^\})"  # of a function: on one line, or to column 0
FIELDS = r"(?:\{[^{}]*\}|\{(?:(?!^[^\s#]).)*^\})"  # of a struct or an enum

ITEMS = {  # what each kind of selector looks for, in blanked source
    "fn": START + WORDS + r"\bNAME\s*\([^;{}]*\)\s*" + BODY,
    "proto": START + r"(?!typedef\b)" + WORDS + r"\bNAME\s*\([^;{}]*\)[^;{}=]*;",
    "type": r"^(?:(?:typedef|static|const)\s+)*(?:struct|enum|union)\s+NAME\s*"
            + FIELDS + r"[^;]*;"
            + r"|^typedef\b[^;{}(]*" + FIELDS + r"?[^;{}(]*(?:\(\s*\*\s*)?\bNAME\b"
              r"[\s)]*(?:\([^;{}]*\)|\[[^;{}]*\])?\s*;",
    "var": START + r"(?!typedef\b|extern\b|(?:struct|enum|union)\s+\w+\s*;)"
           + WORDS + FIELDS + "?" + WORDS + r"\bNAME\s*(?:\[[^]]*\]\s*)*(?:[=,][^;]*)?;",
    "define": r"^[ \t]*#[ \t]*define[ \t]+NAME\b(?:[^\n]*\\\n)*[^\n]*",
}

REGION = re.compile(r"^[ \t]*(?:/\*|//|#|<!--)[ \t]*snip:([\w-]+)[^\n]*\n", re.M)


def blank_out(text):
    """The same text with spaces for comments and literals, so that a brace in
    a string or a name in a comment is not taken for code."""
    return COMMENT_OR_LITERAL.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def find_region(text, name):
    """The spans between the marks of a region; a later mark must end it."""
    marks = list(REGION.finditer(text))
    for mark, following in zip(marks, [*marks[1:], None]):
        if mark[1] == name:
            if not following or following[1] != "end":
                raise Problem(f"region={name} has no snip:end of its own")
            yield mark.end(), following.start()


def find_spans(text, selector):
    """Everything in a source file that a selector fits, as (start, end)."""
    kind, _, name = selector.partition("=")
    if selector == "file":
        return [(0, len(text))]
    if kind == "region":
        return list(find_region(text, name))
    if kind not in ITEMS:
        raise Problem(f"unknown selector '{selector}'")
    pattern = re.compile(ITEMS[kind].replace("NAME", re.escape(name)), re.M | re.S)
    return [found.span() for found in pattern.finditer(blank_out(text))]


def comment_start(text, start):
    """Where the comment directly above an item starts; 'start' if there is none."""
    code = blank_out(text)
    while start > 0:
        line = text.rfind("\n", 0, start - 1) + 1
        if code[line:start].strip() or not text[line:start].strip():
            break
        start = line
    return start


def select(root, words):
    """The lines that the words of a snip directive stand for."""
    name, *selectors = words.split() or [""]
    with_comment = "comment" in selectors
    selectors = [word for word in selectors if word != "comment"]
    if not selectors:
        raise Problem("'snip:' needs a file and a selector")
    text, parts, commented = "\n".join(read_lines(root / name)) + "\n", [], False
    for selector in selectors:
        spans = find_spans(text, selector)
        if len(spans) != 1:
            lines = ", ".join(str(text.count("\n", 0, start) + 1) for start, _ in spans)
            raise Problem(f"{name} has {selector} " +
                          (f"{len(spans)} times, on lines {lines}" if spans else "nowhere"))
        (start, end), = spans
        if with_comment and selector.partition("=")[0] in ITEMS:
            above = comment_start(text, start)
            start, commented = above, commented or above < start
        stop = text.find("\n", end - 1)  # take the comment at the end of the last line
        parts.append(text[start:stop])
    if with_comment and not commented:
        raise Problem(f"{name} has no comment directly above {' '.join(selectors)}")
    return "\n\n".join(parts).split("\n")


# A line of a fence that stands for one or more left-out lines of the source.
ELISION = re.compile(r"\s*(/\* \.\.\. \*/|# \.\.\.)\s*")


def matches_source(body, source):
    pattern = "".join(r"(?:[^\n]*\n)+" if ELISION.fullmatch(line) else re.escape(line + "\n")
                      for line in body)
    return body == source or re.fullmatch(pattern, "".join(line + "\n" for line in source))


def unique_edge(part, source, at_end):
    """Where the end (or the start) of 'part' is in the source: tried with as
    few of its lines as are unique. None if they are gone, or in two places."""
    for size in range(1, len(part) + 1):
        edge = part[-size:] if at_end else part[:size]
        found = [i for i in range(len(source)) if source[i:i + size] == edge]
        if len(found) == 1:
            return found[0] + size if at_end else found[0]
    return None


def repair_snippet(body, source):
    """The source with the elisions of 'body', or None if one has no clear place."""
    first, last = "\n first", "\n last"  # unlike any line: they anchor both ends
    source, parts, elisions = [first, *source, last], [[first]], []
    for line in [*body, last]:
        if ELISION.fullmatch(line):
            elisions.append(line)
            parts.append([])
        else:
            parts[-1].append(line)
    repaired, done = [], 0
    for before, elision, after in zip(parts, elisions, parts[1:]):
        gap, resume = unique_edge(before, source, True), unique_edge(after, source, False)
        if gap is None or resume is None or not done < gap < resume:
            return None
        repaired += [*source[done:gap], elision]
        done = resume
    return [*repaired, *source[done:]][1:-1]


def check_snippet(block, root):
    source = select(root, block.text)
    if not matches_source(block.body, source):
        repaired = repair_snippet(block.body, source)
        hint = "" if repaired else "; its elisions must be mended by hand"
        raise Problem(f"differs from {block.text}{hint}",
                      block.body, repaired or source, repaired)


def check_diff(block, root):
    if len(block.text.split()) != 2:
        raise Problem("'diff:' needs two files")
    old, new = (read_lines(root / name) for name in block.text.split())
    # Like diff --suppress-blank-empty: editors strip the space of an empty line.
    strip = lambda diff: [line if line != " " else "" for line in diff]
    source = strip(difflib.unified_diff(old, new, lineterm=""))[2:]
    if not source:
        raise Problem(f"{block.text} are the same")
    if strip(block.body) != source:
        raise Problem(f"differs from the diff of {block.text}", block.body, source, source)


# --- Transcripts ------------------------------------------------------------

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}")
LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)[^\n]*\n")


def tidy(lines):
    """Output without what a reader cannot see: line ends, blank last lines."""
    lines = [line.rstrip() for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def is_gap(line):
    return line.strip() == "..."


def output_matches(expected, actual):
    """Do the actual lines fit the book's, with its '...'?"""
    pattern = ""
    for line in tidy(expected):
        texts = TIMESTAMP.sub("<time>", line).split("...")
        one_line = r"[^\n]*".join(map(re.escape, texts)) + r"\n"
        pattern += r"(?:[^\n]*\n)*" if is_gap(line) else one_line
    text = "".join(line + "\n" for line in actual)
    return re.fullmatch(pattern, TIMESTAMP.sub("<time>", text))


def keep_wording(expected, actual):
    """The actual lines, in the book's words (timestamps, '...') where they fit."""
    result, rest = [], [line for line in expected if not is_gap(line)]
    for line in actual:
        k = next((k for k, old in enumerate(rest) if output_matches([old], [line])), None)
        result.append(line if k is None else rest[k])
        rest = rest if k is None else rest[k + 1:]
    return result


def can_rewrite(expected):
    """Only the author knows what a whole-line '...' was meant to leave out."""
    return not any(map(is_gap, expected))


def split_transcript(body):
    """A list of (prompt lines, command, expected output lines)."""
    if not body or not body[0].startswith("$ "):
        raise Problem("a transcript must begin with '$ '")
    steps = []
    for line in body:
        if line.startswith("$ "):
            prompt, command, expected = [line], [line[2:]], []
            steps.append((prompt, command, expected))
        elif not expected and (command[-1].endswith("\\") or re.match(r">( |$)", line)):
            prompt.append(line)
            command.append(re.sub(r"^>( |$)", "", line))
        else:
            expected.append(line)
    return [(prompt, "\n".join(command), expected) for prompt, command, expected in steps]


def run_command(command, directory, path=()):
    """Run one command of a transcript: (exit status, its output)."""
    # When make runs us, a make in the transcript must not think it is a child.
    environment = {key: value for key, value in os.environ.items()
                   if key not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    environment.update(LC_ALL="C", PATH=os.pathsep.join([*path, os.environ["PATH"]]))
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=directory, env=environment, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output, _ = process.communicate(timeout=COMMAND_TIMEOUT_S)
    except BaseException as error:
        os.killpg(process.pid, signal.SIGKILL)  # the shell's own group: all it started
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise Problem(f"$ {command}: did not end in {COMMAND_TIMEOUT_S} s") from None
        raise
    return process.returncode, output.decode("utf-8", "backslashreplace")


class Server:
    """One running redis-lite: home/run is its directory, home/log its stderr."""

    def __init__(self, program, home):
        self.program, self.directory, self.log_file = program, home / "run", home / "log"
        self.directory.mkdir(exist_ok=True)
        arguments = [program, "--address", "127.0.0.1:0", "--aofPath", "appendonly.aof"]
        try:
            with open(self.log_file, "wb") as log:
                self.process = subprocess.Popen(
                    arguments, cwd=self.directory,
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        except OSError as error:
            raise Problem(f"cannot start the server: {error}") from None
        try:
            self.port = self.wait_for_port()
        except BaseException:
            self.kill()
            raise

    def log(self):
        return self.log_file.read_text(encoding="utf-8", errors="backslashreplace")

    def wait_for_port(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.process.poll() is None and time.monotonic() < deadline:
            if found := LISTENING.search(self.log()):
                return found[1]
            time.sleep(0.01)
        raise Problem("the server did not start; its log:\n" + self.log())

    def kill(self):
        self.process.kill()  # harmless if it has ended: Popen remembers
        self.process.wait()

    def stop(self):
        """End the server as an operator would, and insist that it ends well."""
        self.process.terminate()
        try:
            status = self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Problem("the server did not end after SIGTERM") from None
        if status != 0:
            raise Problem(f"the server ended with status {status}; its log:\n" + self.log())


class Transcripts:
    """The server of one page, and the blocks that talk to it. Close it, always."""

    def __init__(self, root, build):
        self.root, self.build = root, build
        self.server = self.home = None

    def close(self):
        if self.server:
            self.server.kill()
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)
        self.server = self.home = None

    def stop_server(self):
        server, self.server = self.server, None
        if server:
            server.stop()

    def start_server(self, text):
        found = re.fullmatch(r"part=(\w+)(?:\s+restart=(stop|kill))?", text)
        if not found:
            raise Problem("write 'server: part=N', perhaps with restart=stop or restart=kill")
        part, restart = found.groups()
        folders = [path for path in self.root.glob(f"part{part}-*") if path.is_dir()]
        if len(folders) != 1:
            raise Problem(f"there are {len(folders)} folders part{part}-..., not one")
        if restart and not self.server:
            raise Problem("there is no server to restart")
        if restart == "kill" and self.server.process.poll() is None:
            self.server.kill()
            self.server = None
        try:
            self.stop_server()
        finally:  # however that one ended, the blocks below need theirs
            if not restart:
                self.close()
            self.home = self.home or Path(tempfile.mkdtemp(prefix="book-"))
            self.server = Server(self.build / folders[0].name / "redis-lite", self.home)

    def need_server(self):
        if not self.server:
            raise Problem("no server is running here: is there a working 'server:' above?")
        return self.server

    def run(self, command):
        """Run a command in the server's directory, with 6379 for its port."""
        server = self.need_server()
        command = re.sub(r"\b6379\b", server.port, command)
        status, output = run_command(command, server.directory, [str(server.program.parent)])
        return status, re.sub(rf"\b{server.port}\b", "6379", output)

    def check_run(self, block):
        found = re.fullmatch(r"(build)?\s*(?:status=(\d+))?", block.text)
        if not found:
            raise Problem("write 'run:', perhaps with build and status=N")
        steps, source, complaints, mendable = split_transcript(block.body), [], [], True
        for prompt, command, expected in steps:
            wanted = int(found[2] or 0) if prompt is steps[-1][0] else 0
            status, output = run_command(command, self.root) if found[1] else self.run(command)
            actual = tidy(output.split("\n"))
            fits = output_matches(expected, actual)
            source += prompt + (expected if fits else keep_wording(expected, actual))
            if status != wanted:
                complaints.append(f"$ {command}: ended with status {status}, not {wanted}")
                mendable = False  # the output of a mishap does not belong in the book
            if not fits:
                complaints.append(f"$ {command}: prints something else")
                mendable = mendable and can_rewrite(expected)
        if complaints:
            raise Problem("\n".join(complaints),
                          block.body, source, source if mendable else None)

    def check_log(self, block):
        server, deadline = self.need_server(), time.monotonic() + LOG_TIMEOUT_S
        while True:
            last_look = time.monotonic() > deadline
            actual = tidy(re.sub(rf"\b{server.port}\b", "6379", server.log()).split("\n"))
            if output_matches(block.body, actual):
                return
            if last_look:
                break
            time.sleep(0.02)
        source = keep_wording(block.body, actual)
        raise Problem("the server logs something else",
                      block.body, source, source if can_rewrite(block.body) else None)


# --- Pages ------------------------------------------------------------------

class Book:
    """One run over some pages, and what came of it."""

    def __init__(self, options):
        self.root = options.root.resolve()
        self.build = self.root / options.build
        self.sync, self.no_run = options.command == "sync", options.no_run
        self.checked = self.failed = self.rewritten = 0

    def say(self, page, line, text):
        name = page.relative_to(self.root) if self.root in page.parents else page
        print(f"{name}:{line}: {text}", flush=True)

    def fail(self, page, line, problem):
        self.failed += 1
        self.say(page, line, problem)

    def check_block(self, block, transcripts):
        check_shape(block)
        checks = {"snip": lambda: check_snippet(block, self.root),
                  "diff": lambda: check_diff(block, self.root)}
        if not self.no_run:
            checks.update({"server": lambda: transcripts.start_server(block.text),
                           "run": lambda: transcripts.check_run(block),
                           "log": lambda: transcripts.check_log(block)})
        if block.kind in checks:
            self.checked += block.kind != "server"
            checks[block.kind]()

    def check_blocks(self, page, blocks):
        """Check the blocks in order; return the repairs as (block, lines)."""
        repairs, transcripts = [], Transcripts(self.root, self.build)
        try:
            for block in blocks:
                try:
                    self.check_block(block, transcripts)
                except Problem as problem:
                    if self.sync and problem.repaired is not None:
                        repairs.append((block, problem.repaired))
                    else:
                        self.fail(page, block.line, problem)
            try:
                transcripts.stop_server()
            except Problem as problem:
                servers = [block.line for block in blocks if block.kind == "server"]
                self.fail(page, servers[-1], problem)
        finally:
            transcripts.close()
        return repairs

    def check_links(self, page, prose):
        for line, text in prose:
            for found in LINK.finditer(re.sub(r"`[^`]*`", "", text)):
                try:
                    check_link(next(filter(None, found.groups())), page, self.root)
                except Problem as problem:
                    self.fail(page, line, problem)

    def rewrite(self, page, lines, repairs):
        for block, body in reversed(repairs):  # from the bottom: the indices stay right
            lines[block.first:block.end] = [line and block.indent + line for line in body]
        copy = page.with_name(f".{page.name}.{os.getpid()}")
        copy.write_text("\n".join(lines) + "\n", encoding="utf-8")
        shutil.copymode(page, copy)
        os.replace(copy, page)  # a reader sees the old page or the new one, never half
        self.rewritten += len(repairs)
        for block, _ in repairs:
            self.say(page, block.line, "rewritten")

    def check_page(self, page):
        try:
            lines = read_lines(page)
        except Problem as problem:
            self.fail(page, 1, problem)
            return
        blocks, prose = parse(lines)
        repairs = self.check_blocks(page, blocks)
        self.check_links(page, prose)
        if repairs:
            self.rewrite(page, lines, repairs)


def main(arguments=None):
    about, _, details = __doc__.partition("\n")
    parser = argparse.ArgumentParser(description=about, epilog=details,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["check", "sync"])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.md")
    parser.add_argument("--build", default="build", metavar="DIR")
    parser.add_argument("--no-run", action="store_true")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    options = parser.parse_args(arguments)
    book = Book(options)
    for page in options.files:
        book.check_page(page.resolve())
    rewritten = f"{book.rewritten} rewritten, " if book.sync else ""
    print(f"{book.checked} blocks checked, {rewritten}{book.failed} failed")
    return 1 if book.failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers end with us
    sys.exit(main())
