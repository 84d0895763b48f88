#!/bin/sh
# coverage.sh report | lean -- what the tests reach, counted by gcov.
#
# report  lines and branches of each part by its own tests, with gcovr; the
#         pages are left in build/coverage/.
# lean    fails on any function of part 1 or 2 that the part's own tests do not
#         reach (a part is as small as its lesson), and prints the lines of
#         each part. Stubs are excepted: docs/stages.txt tells what they are.
set -eu
cd "$(dirname "$0")/.."
build=build/coverage
flags='-O0 -g --coverage'

counted() { # part
    rm -rf "$build"
    make -s "$1" BUILD="$build" CC=gcc CFLAGS="$flags"
    make -s -C tests BUILD="../$build" CC=gcc CFLAGS="$flags"
    sh tests/run.sh "$build" "${1#part}" >"$build/run.log" ||
        { cat "$build/run.log"; exit 1; }
}

folder() {
    for dir in "$1"-*; do echo "$dir"; done
}

lines() {
    echo "lines of each part (.c and .h of its own, comments and all):"
    for dir in common part1-server part2-resp part3-database; do
        cat "$dir"/*.[ch] | wc -l | awk -v dir="$dir" \
            '{ printf "  %-16s %5d\n", dir, $1 }'
    done
}

lean() {
    bad=0
    for part in part1 part2; do
        counted "$part"
        dir=$(folder "$part")
        python3 tests/unreached.py "$build/$dir" "$dir" || bad=1
    done
    lines
    return "$bad"
}

report() {
    for part in part1 part2 part3; do
        counted "$part"
        dir=$(folder "$part")
        echo "$part, by its own tests:"
        gcovr --root "$dir" --object-directory "$build/$dir" \
            --print-summary "$build/$dir" "$build/tests" 2>/dev/null
    done
}

case ${1-} in
lean | report) "$1" ;;
*)
    echo "usage: $0 report | lean" >&2
    exit 2
    ;;
esac
