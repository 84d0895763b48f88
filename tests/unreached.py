#!/usr/bin/env python3
"""unreached.py OBJECTS PART -- the functions of a part that its tests missed.

OBJECTS is the folder with the part's object files, built with --coverage and
run by the part's own tests. A part is as small as its lesson, so a function
that no test of the part needs should not be there: each is printed, and the
exit status is 1. Files of common/ serve all parts and are not counted.
Stubs keep the promises of a contract whether or not somebody asks, so they are
excepted: they are the files whose first line says so.
"""
import json
import pathlib
import subprocess
import sys


def is_stub(source):
    return "stub" in source.read_text().split("\n", 1)[0]


def functions(objects):
    """Yield (source name, line, function, times called)."""
    for notes in sorted(objects.glob("*.gcno")):
        run = subprocess.run(
            ["gcov", "--json-format", "--stdout", notes.name],
            cwd=objects, check=True, capture_output=True, text=True)
        for file in json.loads(run.stdout)["files"]:
            for function in file["functions"]:
                yield (file["file"], function["start_line"],
                       function["demangled_name"],
                       function["execution_count"])


def main():
    objects, part = map(pathlib.Path, sys.argv[1:])
    called = {}
    for name, line, function, count in functions(objects):
        source = part / name
        if "/" in name or not source.exists() or is_stub(source):
            continue
        key = (str(source), line, function)
        called[key] = called.get(key, 0) + count
    missed = [key for key, count in sorted(called.items()) if count == 0]
    for source, line, function in missed:
        print(f"{source}:{line}: {function}() is not reached by the tests of "
              f"this part")
    if not called:
        sys.exit(f"{part}: nothing was counted in {objects}")
    print(f"{part}: {len(called) - len(missed)} of {len(called)} functions "
          f"reached")
    sys.exit(1 if missed else 0)


main()
