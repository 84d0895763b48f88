#!/usr/bin/env python3
"""guard.py GUARD FILE [--update] [--cc CC] -- does an operation cost more than it did?

A clock on a busy machine cannot tell. Instructions can be counted, and are the
same each time, to a percent (where the hash's random seed puts the keys,
and when the clock ticks). So each script of guard.c is run under callgrind,
which counts those of the server's turns and nothing else, and the figures are
compared with those in FILE.

They depend on the compiler and the C library: with others than FILE names,
nothing is compared. They must not depend on the processor, for which glibc
picks its memcpy() and the like: so it is told to take the plainest."""
import argparse
import concurrent.futures
import os
import platform
import re
import subprocess
import sys
import tempfile

MARGIN = 3  # percent

PLAIN_GLIBC = "glibc.cpu.hwcaps=" + ",".join("-" + name for name in (
    "AVX_Fast_Unaligned_Load", "AVX", "AVX2", "AVX512F", "AVX512VL", "AVX512BW", "BMI2", "ERMS",
    "FSRM", "LZCNT", "MOVBE", "RTM", "SSE4_1", "SSE4_2", "SSSE3"))

HEAD = """\
# What an operation costs the server, in instructions (guard.py, scripts in
# guard.c). make bench-guard compares; make bench-guard update=1 writes this.
built by: %s
"""


def toolchain(compiler):
    """Whatever changes the figures without a change of the source."""
    text = subprocess.run([compiler, "--version"], capture_output=True, text=True,
                          check=True).stdout
    name = "clang" if "clang" in text else "gcc"
    number = re.search(r"\d+\.\d+\.\d+", re.sub(r"\(.*?\)", "", text))
    return "%s %s, %s, %s" % (name, number and number[0], " ".join(platform.libc_ver()),
                              platform.machine())


def instructions(guard, script):
    """How many an operation of this script takes."""
    with tempfile.TemporaryDirectory(prefix="bench-guard.") as folder:
        counts = os.path.join(folder, "counts")
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + counts,
             "--toggle-collect=measured_*", guard, script],
            capture_output=True, text=True, check=False,
            env=dict(os.environ, GLIBC_TUNABLES=PLAIN_GLIBC, TMPDIR=folder))
        if run.returncode != 0:
            sys.exit("guard: %s: %s" % (script, run.stderr))
        with open(counts, encoding="ascii", errors="replace") as file:
            total = int(re.search(r"(?m)^totals: (\d+)", file.read())[1])
    return total / int(run.stdout)


def measure(guard):
    """{script: instructions}, in guard.c's order."""
    scripts = subprocess.run([guard], capture_output=True, text=True,
                             check=True).stdout.split()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        figures = pool.map(lambda script: instructions(guard, script), scripts)
        return dict(zip(scripts, figures))


def read(path):
    """Who built it, and {script: instructions}; None, {} if there is no file."""
    if not os.path.exists(path):
        return None, {}
    with open(path, encoding="ascii") as file:
        text = file.read()
    built_by = re.search(r"(?m)^built by: (.*)$", text)
    return built_by and built_by[1], {name: int(number) for name, number in
                                      re.findall(r"(?m)^(\S+) +(\d+)$", text)}


def write(path, built_by, figures):
    with open(path, "w", encoding="ascii") as file:
        file.write(HEAD % built_by)
        for name, figure in figures.items():
            file.write("%-12s %6d\n" % (name, round(figure)))


def compare(kept, figures):
    """Whether no script takes more than it may."""
    failed = better = 0
    for name in dict.fromkeys([*figures, *kept]):
        if name not in kept or name not in figures:
            print("FAILED: %-12s is in guard.c or in the file, but not in both" % name)
            failed += 1
            continue
        change = (figures[name] / kept[name] - 1) * 100
        failed += change > MARGIN
        better += change < -MARGIN
        print("%s%-12s %6d instructions, kept %6d (%+.1f %%)" % (
            "FAILED: " if change > MARGIN else "better: " if change < -MARGIN else "",
            name, round(figures[name]), kept[name], change))
    if failed or better:
        print("If that is meant: make bench-guard update=1, and commit the file.")
    print("%d passed, %d failed" % (len(figures) - failed, failed))
    return failed == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("guard")
    parser.add_argument("file")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--cc", default="cc")
    options = parser.parse_args()

    here = toolchain(options.cc)
    built_by, kept = read(options.file)
    if not options.update and built_by != here:
        print("guard: skipped: the figures are those of %s, and this is %s" % (built_by, here))
        return
    figures = measure(options.guard)
    if options.update:
        write(options.file, here, figures)
    elif not compare(kept, figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
