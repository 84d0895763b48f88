#!/bin/sh
# run.sh BUILD PART... -- runs all tests of the given parts, two at a time.
#
# Says what it runs as it goes, shows the whole output of what fails, and ends
# with the counts. BUILD is where the parts and the tests were built.
set -u
build=$1
shift
here=$(dirname "$0")
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

part_dir() {
    for dir in "$build/part$1"-*; do echo "$dir"; done
}

# One line a test program: name|command.
list() {
    for part; do
        server="$(part_dir "$part")/redis-lite"
        echo "part $part, unit|$build/tests/unit-part$part"
        echo "part $part, conformance|$build/tests/conformance --part $part \
--ours --exact --exec '$server --address 127.0.0.1:{port} --aofPath \
{dir}/appendonly.aof'"
        echo "part $part, program|sh $here/unit/test_program.sh $server"
        [ "$part" -eq 1 ] ||
            echo "part $part, redis-lite-cli|sh $here/unit/test_cli.sh $(part_dir "$part")"
    done
}

# The counts of a test program: Check's closing line, or the plain one.
count() {
    sed -n -e 's/^.*Checks: \([0-9]*\), Failures: \([0-9]*\), Errors: \([0-9]*\).*/\1 \2 \3/p' \
        -e 's/^.*\([^0-9]\|^\)\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed.*/P \2 \3/p' "$1" |
        awk '$1 == "P" { passed += $2; failed += $3; next }
             { passed += $1 - $2 - $3; failed += $2 + $3 }
             END { print passed + 0, failed + 0 }'
}

run_one() { # number name command
    out=$results/$1
    began=$(date +%s)
    status=0
    sh -c "$3" >"$out.log" 2>&1 </dev/null || status=$?
    # shellcheck disable=SC2046 # two numbers, two words
    set -- "$1" "$2" "$3" $(count "$out.log")
    # A program that fails, or says nothing, without a test to blame counts.
    [ "$status" -eq 0 ] || [ "$5" -gt 0 ] || set -- "$1" "$2" "$3" "$4" 1
    [ "$4" -gt 0 ] || [ "$5" -gt 0 ] || set -- "$1" "$2" "$3" 0 1
    echo "$4 $5" >"$out.count"
    printf '%-26s %5d passed, %d failed  (%d s)\n' \
        "$2" "$4" "$5" $(($(date +%s) - began))
    [ "$5" -eq 0 ] || sed "s/^/    /" "$out.log"
}

list "$@" >"$results/list"
number=0
while IFS='|' read -r name command; do
    number=$((number + 1))
    run_one "$number" "$name" "$command" &
    # Wait for one of the two to end before the next starts.
    [ $((number % 2)) -ne 0 ] || wait
done <"$results/list"
wait

cat "$results"/*.count | awk '{ passed += $1; failed += $2 }
    END { printf "%d passed, %d failed\n", passed, failed; exit failed > 0 }'
