#!/bin/sh
# run.sh BUILD PART... -- runs all tests of the given parts, two at a time.
#
# Says what it runs as it goes, shows the whole output of what fails, and ends
# with the counts. BUILD is where the parts and the tests were built.
set -u
here=$(dirname "$0")

part_dir() {
    for dir in "$build/part$1"-*; do echo "$dir"; done
}

# One line a test program: name|command.
list() {
    for part; do
        server="$(part_dir "$part")/redis-lite"
        if [ "$part" -eq 3 ]; then
            echo "part 3, unit, odd suites|$build/tests/unit-part3 1/2"
            echo "part 3, unit, even suites|$build/tests/unit-part3 2/2"
        else
            echo "part $part, unit|$build/tests/unit-part$part"
        fi
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
        -e 's/^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed.*/P \1 \2/p' "$1" |
        awk '$1 == "P" { passed += $2; failed += $3; next }
             { passed += $1 - $2 - $3; failed += $2 + $3 }
             END { print passed + 0, failed + 0 }'
}

run_one() { # number
    line=$(sed -n "$1p" "$results/list")
    name=${line%%|*}
    out=$results/$1
    began=$(date +%s)
    status=0
    sh -c "${line#*|}" >"$out.log" 2>&1 </dev/null || status=$?
    count "$out.log" >"$out.count"
    read -r passed failed <"$out.count"
    # A program that fails without a test to blame counts as one; so does one
    # that ran no test at all.
    if [ "$failed" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$passed" -eq 0 ]; }; then
        failed=1
        echo "$passed $failed" >"$out.count"
    fi
    printf '%-26s %5d passed, %d failed  (%d s)\n' \
        "$name" "$passed" "$failed" $(($(date +%s) - began))
    [ "$failed" -eq 0 ] || sed 's/^/    /' "$out.log"
}

# Called again by xargs, below, for each line of the list.
if [ "$1" = --one ]; then
    results=$2
    run_one "$3"
    exit 0
fi

build=$1
shift
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
list "$@" >"$results/list"
# The last part's tests take longest; what begins first leaves no core idle.
awk '{ print NR }' "$results/list" | sort -rn |
    xargs -P 2 -n 1 sh "$0" --one "$results"
cat "$results"/*.count | awk '{ passed += $1; failed += $2 }
    END { printf "%d passed, %d failed\n", passed, failed; exit failed > 0 }'
