#!/usr/bin/env python3
"""Tests of book.py: python3 docs/tools/test_book.py

Each check is shown a page that is right and a page with a planted drift; a
checker that never fails would be worse than none. Every test has a small
repository of its own, in a directory that is removed afterwards."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import book  # noqa: E402

SOURCE = r'''/* demo.c -- not a fn(decoy) { in sight. */
#include "demo.h"

#define LIMIT 16 /* entries */
#define CHECK(x) \
    do {         \
        use(x);  \
    } while (0)

struct table;

struct table {
    int used;
    union { int i; char c; } slot;
};

enum answer { NO, YES };

typedef int answer_fn(struct table *table);
typedef void (*done_fn)(int status,
                        struct table *table);
typedef struct pair {
    int a, b;
} pair_t;

static const struct option {
    const char *name;
} options[] = {
    { "};" },
};
static int count, total = 3;
extern int elsewhere;

static int helper(int x);

/* Adds one.
 * Twice would be two. */
static int helper(int x) {
    /* A brace in a string, "}" in a comment, and a label at column 0. */
    const char *text = "} not the end {";
    if (x) goto out;
    use(text);
out:
    use(x);
#ifdef ONE
    if (x) {
#else
    if (!x) {
#endif
        use(x);
    }
    return x + 1;
}

static unsigned long
wrapped_definition(const struct table *table,
                   int x) { return table ? helper(x) : 0; } /* one line */

int main(void)
{
    /* snip:inner */
    helper(1);
    helper(2);
    /* snip:end */
    return 0;
}
'''

HEADER = '''/* Grows the table. */
int table_grow(struct table *table, int by)
    __attribute__((warn_unused_result));
'''

HELPER = SOURCE[SOURCE.index("static int helper(int x) {"):SOURCE.index("\nstatic unsigned")]

# Listens on any port, answers PING, keeps a diary in its append-only file.
FAKE_SERVER = r'''#!PYTHON
import os, signal, socket, sys
def log(text):
    sys.stderr.write("2026-01-01 00:00:00.000 notice " + text + "\n")
    sys.stderr.flush()
def diary(text):
    with open(sys.argv[sys.argv.index("--aofPath") + 1], "a") as aof:
        aof.write(text + "\n")
def end(*_):
    diary("end")
    sys.exit(EXIT_STATUS)
signal.signal(signal.SIGTERM, end)
with open(os.path.join(os.path.dirname(__file__), "pids"), "a") as pids:
    pids.write(str(os.getpid()) + "\n")
server = socket.create_server(("127.0.0.1", 0))
log("listening on 127.0.0.1:%d" % server.getsockname()[1])
while True:
    client, _ = server.accept()
    if client.recv(100):
        client.sendall(b"+PONG\r\n")
        diary("ping")
        log("ping")
    client.close()
'''

FAKE_CLIENT = r'''#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/$1 && printf 'PING\r\n' >&3 && cat <&3
'''


class BookTest(unittest.TestCase):
    """A repository with one source file and one page, docs/page.md."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = Path(directory.name).resolve()
        self.write("part1-server/demo.c", SOURCE)
        self.write("part1-server/demo.h", HEADER)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def page(self, text):
        return self.write("docs/page.md", text)

    def fence(self, directive, body, language="c"):
        return self.page(f"# Page\n\n<!-- {directive} -->\n```{language}\n{body.rstrip()}\n```\n")

    def book(self, command, *options):
        """Run the checker on the page: (exit status, what it said)."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            status = book.main([command, str(self.root / "docs/page.md"),
                                "--root", str(self.root), *options])
        return status, said.getvalue()

    def passes(self, *options, checked=1):
        status, said = self.book("check", *options)
        self.assertEqual(status, 0, said)
        self.assertEqual(said, f"{checked} blocks checked, 0 failed\n")

    def fails(self, *wanted, failed=1, command="check"):
        """The page has this many failures, and the report these words."""
        status, said = self.book(command)
        self.assertEqual(status, 1, said)
        self.assertTrue(said.endswith(f"{failed} failed\n"), said)
        for text in wanted:
            self.assertIn(text, said)
        return said

    def syncs(self):
        """The page drifted, sync mends it, and then it passes."""
        self.assertEqual(self.book("check")[0], 1)
        status, said = self.book("sync")
        self.assertEqual(status, 0, said)
        self.assertIn(": rewritten\n", said)
        self.assertEqual(self.book("check")[0], 0)
        return (self.root / "docs/page.md").read_text(encoding="utf-8")


class Selectors(BookTest):
    def selected(self, words, name="part1-server/demo.c"):
        return "\n".join(book.select(self.root, f"{name} {words}"))

    def refused(self, words, message):
        with self.assertRaises(book.Problem) as caught:
            self.selected(words)
        self.assertIn(message, str(caught.exception))

    def test_a_function_ends_at_its_brace_in_column_0(self):
        self.assertEqual(self.selected("fn=helper"), HELPER.rstrip())

    def test_a_function_may_wrap_its_head_or_fit_one_line(self):
        wrapped = self.selected("fn=wrapped_definition")
        self.assertTrue(wrapped.startswith("static unsigned long\nwrapped_definition("))
        self.assertTrue(wrapped.endswith("0; } /* one line */"))
        self.assertTrue(self.selected("fn=main").startswith("int main(void)\n{\n"))

    def test_a_call_or_a_name_in_a_comment_is_no_function(self):
        self.refused("fn=use", "part1-server/demo.c has fn=use nowhere")
        self.refused("fn=decoy", "nowhere")
        self.refused("proto=use", "nowhere")

    def test_a_prototype_ends_at_its_semicolon(self):
        self.assertEqual(self.selected("proto=helper"), "static int helper(int x);")
        self.assertEqual(self.selected("comment proto=table_grow", "part1-server/demo.h"),
                         HEADER.rstrip())

    def test_types(self):
        self.assertTrue(self.selected("type=table").startswith("struct table {\n"))
        self.assertTrue(self.selected("type=table").endswith("} slot;\n};"))
        self.assertEqual(self.selected("type=answer"), "enum answer { NO, YES };")
        self.assertEqual(self.selected("type=pair"), self.selected("type=pair_t"))
        self.assertTrue(self.selected("type=pair_t").startswith("typedef struct pair {\n"))
        self.assertIn("answer_fn(struct table *table);", self.selected("type=answer_fn"))
        self.assertRegex(self.selected("type=done_fn"), r"\n +struct table \*table\);$")

    def test_variables(self):
        options = self.selected("var=options")
        self.assertTrue(options.startswith("static const struct option {\n"))
        self.assertTrue(options.endswith('    { "};" },\n};'))
        self.assertEqual(self.selected("type=option"), options)
        self.assertEqual(self.selected("var=count"), "static int count, total = 3;")
        self.assertEqual(self.selected("var=total"), "static int count, total = 3;")
        self.refused("var=elsewhere", "nowhere")  # a declaration
        self.refused("var=table", "nowhere")      # a forward declaration
        self.refused("var=text", "nowhere")       # a local variable

    def test_macros_with_their_continuation_lines(self):
        self.assertEqual(self.selected("define=LIMIT"), "#define LIMIT 16 /* entries */")
        self.assertEqual(self.selected("define=CHECK").count("\n"), 3)

    def test_a_region_is_what_its_marks_enclose(self):
        self.assertEqual(self.selected("region=inner"), "    helper(1);\n    helper(2);")
        self.write("Makefile", "# snip:open\n# snip:all\nall: a\n\tcc a.c\n# snip:end\n# snip:last\n")
        self.assertEqual(self.selected("region=all", "Makefile"), "all: a\n\tcc a.c")
        for name in ("open", "last"):
            with self.assertRaisesRegex(book.Problem, f"region={name} has no snip:end"):
                self.selected(f"region={name}", "Makefile")
        self.refused("region=none", "nowhere")

    def test_a_whole_file(self):
        self.assertEqual(self.selected("file"), SOURCE.rstrip("\n"))

    def test_comment_adds_the_comment_directly_above(self):
        self.assertEqual(self.selected("fn=helper comment"),
                         "/* Adds one.\n * Twice would be two. */\n" + HELPER.rstrip())
        self.refused("fn=main comment", "no comment directly above fn=main")

    def test_several_items_are_joined_by_a_blank_line(self):
        self.assertEqual(self.selected("type=answer define=LIMIT"),
                         "enum answer { NO, YES };\n\n#define LIMIT 16 /* entries */")

    def test_what_cannot_be_selected_is_said_clearly(self):
        self.write("part1-server/demo.c", "#define A 1\n#define A 2\n")
        self.refused("define=A", "demo.c has define=A 2 times, on lines 1, 2")
        self.refused("funk=A", "unknown selector 'funk=A'")
        self.refused("", "needs a file and a selector")
        with self.assertRaisesRegex(book.Problem, "cannot read"):
            self.selected("file", "part1-server/gone.c")


class Snippets(BookTest):
    def test_an_exact_copy_passes(self):
        self.fence("snip: part1-server/demo.c fn=helper", HELPER)
        self.passes()

    def test_one_changed_space_fails_with_its_line_and_a_diff(self):
        self.fence("snip: part1-server/demo.c fn=helper", HELPER.replace("x + 1", "x  + 1"))
        self.fails("docs/page.md:4: differs from part1-server/demo.c fn=helper",
                   "-    return x  + 1;\n+    return x + 1;\n", "1 blocks checked, 1 failed")

    def test_a_missing_last_line_fails(self):
        self.fence("snip: part1-server/demo.c fn=helper", HELPER.rstrip()[:-2])
        self.fails("+}")

    def test_sync_copies_the_source(self):
        self.fence("snip: part1-server/demo.c fn=helper", "int drifted;")
        self.assertEqual(self.syncs(), "# Page\n\n<!-- snip: part1-server/demo.c fn=helper -->\n"
                                       f"```c\n{HELPER.rstrip()}\n```\n")

    def test_sync_rewrites_several_fences_and_leaves_the_rest_alone(self):
        page = self.page("one\n<!-- snip: part1-server/demo.c type=answer -->\n\n```c\n```\n"
                         "- two\n\n  <!-- snip: part1-server/demo.c\n       define=CHECK -->\n"
                         "  ```c\n  x\n  ```\n\nthree\n")
        page.chmod(0o640)
        self.assertEqual(self.syncs().splitlines(), [
            "one", "<!-- snip: part1-server/demo.c type=answer -->", "", "```c",
            "enum answer { NO, YES };", "```", "- two", "",
            "  <!-- snip: part1-server/demo.c", "       define=CHECK -->", "  ```c",
            "  #define CHECK(x) \\", "      do {         \\", "          use(x);  \\",
            "      } while (0)", "  ```", "", "three"])
        self.assertEqual(page.stat().st_mode & 0o777, 0o640)
        self.assertEqual(os.listdir(page.parent), ["page.md"])

    def test_other_languages(self):
        self.write("Makefile", "all:\n\tcc a.c\n\tcc b.c\n")
        self.fence("snip: Makefile file", "all:\n\t# ...\n\tcc b.c", "make")
        self.passes()


class Elisions(BookTest):
    DIRECTIVE = "snip: part1-server/demo.c fn=f"

    def source(self, *lines):
        self.write("part1-server/demo.c", "\n".join(["int f(void) {", *lines, "}", ""]))

    def book_has(self, *lines):
        self.fence(self.DIRECTIVE, "\n".join(lines))

    def test_an_elision_stands_for_one_or_more_lines(self):
        self.source("    a();", "    b();", "    c();")
        for shown in (["int f(void) {", "    /* ... */", "}"],
                      ["int f(void) {", "    /* ... */", "    b();", "/* ... */", "}"],
                      ["    /* ... */", "    c();", "}"],
                      ["int f(void) {", "    a();", "/* ... */"]):
            self.book_has(*shown)
            self.passes()

    def test_an_elision_of_nothing_fails(self):
        self.source("    a();")
        self.book_has("int f(void) {", "    a();", "    /* ... */", "}")
        self.fails("differs from")

    def test_the_lines_around_it_must_match_in_order(self):
        self.source("    a();", "    b();", "    c();", "    d();")
        self.book_has("int f(void) {", "    /* ... */", "    c();", "    b();",
                      "    /* ... */", "}")
        self.fails("by hand")
        self.book_has("    a();", "    /* ... */", "}")  # the first line is not the first
        self.fails()

    def test_sync_keeps_an_elision_whose_neighbours_are_unique(self):
        self.source("    a();", "    new();", "    b();", "    c();", "    d();", "    e();",
                    "    e();")
        self.book_has("int f(void) {", "    a();", "    b();", "    /* ... */", "    d();",
                      "    e();", "        /* ... */", "}")
        self.assertIn("    a();\n    new();\n    b();\n    /* ... */\n    d();\n    e();\n"
                      "        /* ... */\n}\n", self.syncs())

    def test_sync_leaves_an_elision_to_the_author_when_a_neighbour_is_gone(self):
        self.source("    a();", "    b();", "    c();")
        self.book_has("int f(void) {", "    old();", "    /* ... */", "    c();", "}")
        before = (self.root / "docs/page.md").read_text()
        self.fails("must be mended by hand", command="sync")
        self.assertEqual((self.root / "docs/page.md").read_text(), before)

    def test_sync_leaves_it_when_a_neighbour_is_there_twice(self):
        self.source("    a();", "    b();", "    c();", "    b();", "    d();")
        self.book_has("/* ... */", "    b();", "    /* ... */", "    e();", "}")
        self.fails("must be mended by hand", command="sync")


class Diffs(BookTest):
    DIRECTIVE = "diff: part1-server/t.c part2-resp/t.c"
    DIFF = "@@ -1,3 +1,3 @@\n int a;\n\n-int b;\n+int c;\n"

    def setUp(self):
        super().setUp()
        self.write("part1-server/t.c", "int a;\n\nint b;\n")
        self.write("part2-resp/t.c", "int a;\n\nint c;\n")

    def test_the_diff_of_two_files_passes(self):
        for body in (self.DIFF, self.DIFF.replace("\n\n", "\n \n")):
            self.fence(self.DIRECTIVE, body, "diff")
            self.passes()

    def test_it_is_what_diff_prints(self):
        printed = subprocess.run(["diff", "-u", "part1-server/t.c", "part2-resp/t.c"],
                                 cwd=self.root, stdout=subprocess.PIPE, check=False).stdout
        self.fence(self.DIRECTIVE, printed.decode().split("\n", 2)[2], "diff")
        self.passes()

    def test_drift_fails_and_is_synced(self):
        self.fence(self.DIRECTIVE, self.DIFF.replace("int c", "int d"), "diff")
        self.fails("differs from the diff", "-+int d;\n++int c;")
        self.assertIn(self.DIFF, self.syncs())

    def test_equal_files_fail(self):
        self.write("part2-resp/t.c", "int a;\n\nint b;\n")
        self.fence(self.DIRECTIVE, "", "diff")
        self.fails("are the same")

    def test_two_files_are_needed(self):
        self.fence("diff: part1-server/t.c", "", "diff")
        self.fails("needs two files")


class Shapes(BookTest):
    """No fence slips through because its directive is absent or mistyped."""

    def test_a_c_fence_needs_a_directive(self):
        self.page("```c\nint x;\n```\n")
        self.fails("docs/page.md:1: a ```c fence needs a directive")

    def test_a_console_fence_needs_a_directive(self):
        self.page("text\n```console\n$ ls\n```\n")
        self.fails("docs/page.md:2: a ```console fence needs a directive")

    def test_a_diff_fence_needs_a_directive(self):
        self.page("```diff\n-a\n+b\n```\n")
        self.fails("docs/page.md:1: a ```diff fence needs a directive")

    def test_a_reason_excuses_it(self):
        self.page("<!-- nobuild: a sketch -->\n```c\nint x;\n```\n"
                  "<!-- nobuild: an answer -->\n```diff\n-a\n+b\n```\n"
                  "<!-- norun: needs a second terminal -->\n\n```console\n$ x\n```\n")
        self.passes(checked=0)

    def test_no_reason_does_not(self):
        self.page("<!-- nobuild: -->\n```c\n```\n<!-- norun: -->\n```console\n```\n")
        self.fails("'nobuild:' needs a reason", "'norun:' needs a reason", failed=2)

    def test_a_directive_must_be_directly_above(self):
        self.page("<!-- nobuild: far -->\n\n\n```c\n```\n"
                  "<!-- nobuild: text between -->\ntext\n```c\n```\n")
        self.fails("no fence below this 'nobuild:'", "a ```c fence needs", failed=4)

    def test_a_mistyped_directive_fails(self):
        self.page("<!-- dif: a b -->\n```diff\n```\n")
        self.fails("unknown directive 'dif:'")

    def test_a_directive_above_the_wrong_fence_fails(self):
        self.page("<!-- run: -->\n```sh\n$ true\n```\n")
        self.fails("'run:' belongs above a ```console fence")

    def test_an_open_fence_fails(self):
        self.page("text\n```text\nto the end\n")
        self.fails("docs/page.md:2: this fence is never closed")

    def test_a_fence_in_a_quotation_fails(self):
        self.page("> <!-- x -->\n> ```c\n> int x;\n> ```\n")
        self.fails("a ```c fence needs a directive")

    def test_an_example_in_a_longer_fence_is_text(self):
        self.page("````markdown\n<!-- snip: x -->\n```c\nint x;\n```\n[a](gone.md)\n````\n")
        self.passes(checked=0)

    def test_other_comments_and_fences_are_free(self):
        self.page("<!-- a\ncomment\n-->\ntext\n<!-- TODO: later -->\ntext\n```sh\nls\n```\n")
        self.passes(checked=0)

    def test_a_missing_page_fails(self):
        self.fails("docs/page.md:1: cannot read")


class Links(BookTest):
    def test_links_that_exist_pass(self):
        self.write("docs/other.md", "# The `GET` command: a *short* tour!\n## Same\n## Same\n"
                                    "```text\n# Fenced\n```\n<a id=\"here\"></a>\n"
                                    "### [x](y) snake_case ###\n")
        self.write("docs/a b.svg", "")
        self.page("# Top\n[a](other.md) [b](other.md#the-get-command-a-short-tour)\n"
                  "[c](other.md#same-1) [d](#top) ![e](a%20b.svg \"title\") [`f`](../part1-server)\n"
                  "[g](/docs/other.md#here) [h](https://example.org/#x) [i](mailto:a@b.c)\n"
                  "`[j](gone.md)` [k](other.md#x-snake_case)\n\n"
                  "[l]: other.md#same\n<img src=\"other.md\">\n")
        self.passes(checked=0)

    def test_broken_links_fail(self):
        self.write("docs/other.md", "# Heading\n```text\n# Fenced\n```\n")
        self.page("# Top\n[a](gone.md)\n![b](gone.svg)\n[c](other.md#nope) [d](#nope)\n"
                  "[e](other.md#fenced)\n[f](other.md#heading-1)\n[g]: gone.md\n"
                  "<img src=\"gone.png\">\n")
        self.fails("docs/page.md:2: link to gone.md: no such file",
                   "docs/page.md:4: link to #nope: no such heading",
                   "docs/page.md:7: link to gone.md", failed=8)


class Transcripts(BookTest):
    def setUp(self):
        super().setUp()
        self.serve(1, "server")
        temporary = self.root / "tmp"
        temporary.mkdir()
        for patch in (mock.patch.object(tempfile, "tempdir", str(temporary)),
                      mock.patch.object(book, "COMMAND_TIMEOUT_S", 5),
                      mock.patch.object(book, "LOG_TIMEOUT_S", 0.1)):
            patch.start()
            self.addCleanup(patch.stop)

    def tearDown(self):
        """Whatever a test did: no server is left, and no directory."""
        self.assertEqual(os.listdir(self.root / "tmp"), [])
        for pids in self.root.glob("build/*/pids"):
            for pid in pids.read_text().split():
                self.assertRaises(ProcessLookupError, os.kill, int(pid), 0)

    def serve(self, part, name, script=FAKE_SERVER, status=0):
        (self.root / f"part{part}-{name}").mkdir(exist_ok=True)
        script = script.replace("PYTHON", sys.executable).replace("EXIT_STATUS", str(status))
        self.write(f"build/part{part}-{name}/redis-lite", script).chmod(0o755)
        self.write(f"build/part{part}-{name}/ping", FAKE_CLIENT).chmod(0o755)

    def transcript(self, body, run="run:", server="<!-- server: part=1 -->"):
        self.page(f"{server}\n<!-- {run} -->\n```console\n{textwrap.dedent(body).strip()}\n```\n")

    def test_a_true_transcript_passes(self):
        self.transcript("""
            $ ping 6379
            +PONG
            $ echo 127.0.0.1:6379; ls
            127.0.0.1:6379
            appendonly.aof
            """)
        self.passes()

    def test_other_output_fails_with_a_diff(self):
        self.transcript("""
            $ ping 6379
            +PANG
            $ echo fine
            fine
            """)
        said = self.fails("docs/page.md:3: $ ping 6379: prints something else", "-+PANG\n++PONG\n")
        self.assertNotIn("-fine", said)

    def test_too_little_and_too_much_output_fails(self):
        self.transcript("$ printf 'a\\nb\\n'\na\n")
        self.fails("+b")
        self.transcript("$ echo a\na\nb\n")
        self.fails("-b")

    def test_errors_are_part_of_the_output(self):
        self.transcript("$ echo out; echo error >&2\nout\nerror\n")
        self.passes()

    def test_commands_may_go_on(self):
        self.transcript("""
            $ echo a \\
            b
            a b
            $ echo c \\
            > d
            c d
            $ cat <<END
            > e
            >
            > f
            > END
            e

            f
            """)
        self.passes()

    def test_a_transcript_begins_with_a_prompt(self):
        self.transcript("output of nothing\n")
        self.fails("must begin with '$ '")

    def test_exit_statuses(self):
        self.transcript("$ false\n")
        self.fails("$ false: ended with status 1, not 0")
        self.transcript("$ true\n$ false\n", run="run: status=1")
        self.passes()
        self.transcript("$ false\n$ true\n", run="run: status=1")
        self.fails("$ false: ended with status 1, not 0", "$ true: ended with status 0, not 1")

    def test_dots_match_within_a_line_and_over_lines(self):
        self.transcript("""
            $ printf 'a 17 b\\nc\\nd\\ne\\n'
            a ... b
            ...
            e
            """)
        self.passes()
        self.transcript("$ printf 'a 17 b\\n'\na ... c\n")
        self.fails("-a ... c\n+a 17 b")
        self.transcript("$ printf 'a\\nb\\n'\na\n...\nc\n")
        self.fails("prints something else")

    def test_timestamps_are_all_equal(self):
        self.transcript("$ echo 2026-11-22 21:30:33.123 x\n2000-01-01 00:00:00.000 x\n")
        self.passes()
        self.transcript("$ echo 2026-11-22 21:30:33.123 x\n2000-01-01 00:00 x\n")
        self.fails("-2000-01-01 00:00 x")

    def test_a_command_that_does_not_end_fails(self):
        self.transcript("$ sleep 9 & wait\n")
        started = time.monotonic()
        with mock.patch.object(book, "COMMAND_TIMEOUT_S", 0.2):
            self.fails("$ sleep 9 & wait: did not end in 0.2 s")
        self.assertLess(time.monotonic() - started, 5)  # the child of the shell was ended too

    def test_at_the_root_no_server_is_needed(self):
        self.write("Makefile", "help:\n\t@echo usage: 6379\n")
        with mock.patch.dict(os.environ, MAKELEVEL="1", MAKEFLAGS="w"):
            self.transcript("$ make help\nusage: 6379\n", run="run: build", server="")
            self.passes()
            self.transcript("$ make help\nusage: 6380\n", run="run: build", server="")
            self.fails("+usage: 6379")

    def test_elsewhere_it_is(self):
        self.transcript("$ true\n", server="")
        self.fails("no server is running here")
        self.page("<!-- log: -->\n```text\n...\n```\n")
        self.fails("no server is running here")

    def test_no_run_skips_all_but_the_shape(self):
        self.transcript("$ echo a\nb\n", server="<!-- server: part=9 -->")
        self.passes("--no-run", checked=0)
        self.page("```console\n$ true\n```\n")
        self.assertEqual(self.book("check", "--no-run")[0], 1)

    def test_unknown_words_fail(self):
        self.transcript("$ true\n", run="run: at=root")
        self.fails("write 'run:'")
        self.transcript("$ true\n", server="<!-- server: prat=1 -->")
        self.fails("write 'server: part=N'", "no server is running", failed=2)

    def test_the_log(self):
        log = ("2000-01-01 00:00:00.000 notice listening on 127.0.0.1:6379\n"
               "2000-01-01 00:00:00.000 notice p...\n")
        page = ("<!-- server: part=1 -->\n<!-- run: -->\n```console\n$ ping 6379\n+PONG\n```\n"
                "<!-- log: -->\n```text\n{}```\n")
        self.page(page.format(log))
        self.passes(checked=2)
        self.page(page.format(log.replace("notice p", "debug p")))
        self.fails("docs/page.md:8: the server logs something else", "-2000", "+2026")
        self.assertIn("2000-01-01 00:00:00.000 notice listening on 127.0.0.1:6379\n"
                      "2026-01-01 00:00:00.000 notice ping\n", self.syncs())

    DIARY = ("<!-- server: part=1{} -->\n<!-- run: -->\n"
             "```console\n$ ping 6379\n+PONG\n$ cat *.aof\n{}```\n")

    def test_a_new_server_has_a_new_directory(self):
        show = self.DIARY
        self.page(show.format("", "ping\n") + show.format("", "ping\n"))
        self.passes(checked=2)

    def test_a_restarted_server_keeps_its_directory(self):
        show = self.DIARY
        self.page(show.format("", "ping\n") + show.format(" restart=stop", "ping\nend\nping\n"))
        self.passes(checked=2)
        self.page(show.format("", "ping\n") + show.format(" restart=kill", "ping\nping\n"))
        self.passes(checked=2)
        self.page(show.format("", "ping\n") + show.format(" restart=kill", "ping\nend\nping\n"))
        self.fails("-end")
        self.page("<!-- server: part=1 restart=stop -->\n")
        self.fails("no server to restart")

    def test_a_server_that_ends_badly_fails_the_page(self):
        self.serve(2, "resp", status=3)
        self.page("\n<!-- server: part=2 -->\n")
        self.fails("docs/page.md:2: the server ended with status 3; its log:", "listening on")
        self.page("<!-- server: part=2 -->\n\n<!-- server: part=1 -->\n<!-- run: -->\n"
                  "```console\n$ ping 6379\n+PONG\n```\n")
        self.fails("docs/page.md:3: the server ended with status 3")

    def test_a_server_that_crashed_fails_even_if_it_is_to_be_killed(self):
        self.page("<!-- server: part=1 -->\n<!-- run: -->\n```console\n"
                  "$ kill -6 $(tail -n 1 $(dirname $(command -v ping))/pids); sleep 0.1\n```\n"
                  "<!-- server: part=1 restart=kill -->\n")
        self.fails("docs/page.md:6: the server ended with status -6")

    def test_a_server_that_ignores_sigterm_is_killed_and_fails(self):
        self.serve(2, "resp", FAKE_SERVER.replace("SIGTERM, end", "SIGTERM, signal.SIG_IGN"))
        self.page("<!-- server: part=2 -->\n")
        with mock.patch.object(book, "STOP_TIMEOUT_S", 0.5):
            self.fails("the server did not end after SIGTERM")

    def test_a_server_that_does_not_start_fails(self):
        self.serve(2, "resp", "#!/bin/sh\necho cannot bind >&2\nexit 1\n")
        self.page("<!-- server: part=2 -->\n")
        self.fails("the server did not start; its log:\ncannot bind")
        self.serve(2, "resp", FAKE_SERVER.replace("listening", "Listening"))
        with mock.patch.object(book, "START_TIMEOUT_S", 0.5):
            self.fails("the server did not start")
        self.page("<!-- server: part=3 -->\n")
        self.fails("there are 0 folders part3-..., not one")
        (self.root / "part3-database").mkdir()
        self.fails("cannot start the server")

    def test_sync_rewrites_output_and_keeps_the_wording_that_fits(self):
        self.transcript("""
            $ printf '2026-11-22 21:30:33.123 one\\ntwo 2\\nport 6379\\n'
            2000-01-01 00:00:00.000 one
            two ...
            drifted
            $ echo ok
            o...
            """)
        self.assertIn("2000-01-01 00:00:00.000 one\ntwo ...\nport 6379\n$ echo ok\no...\n",
                      self.syncs())

    def test_sync_leaves_skipped_lines_and_mishaps_to_the_author(self):
        self.transcript("$ printf 'a\\nb\\n'\n...\nc\n")
        self.fails("prints something else", command="sync")
        self.transcript("$ echo oops; false\nfine\n")
        self.fails("ended with status 1", command="sync")

    def test_other_build_directories(self):
        (self.root / "build").rename(self.root / "elsewhere")
        self.transcript("$ ping 6379\n+PONG\n")
        self.passes("--build", "elsewhere")
        self.fails("cannot start the server", failed=2)
        (self.root / "elsewhere").rename(self.root / "build")

    def test_servers_end_with_a_checker_that_is_terminated(self):
        self.transcript("$ touch ../../../started; sleep 60\n")
        process = subprocess.Popen(
            [sys.executable, book.__file__, "check", "--root", self.root,
             self.root / "docs/page.md"],
            env=dict(os.environ, TMPDIR=str(self.root / "tmp")), stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 5
        while not (self.root / "started").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(5), 143)
        self.assertTrue((self.root / "started").exists())


if __name__ == "__main__":
    unittest.main()
