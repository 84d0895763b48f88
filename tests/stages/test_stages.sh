#!/bin/sh
# test_stages.sh -- breaks a copy of the tree in each way that stages.sh is
# there to find, and sees that it does.
set -eu
cd "$(dirname "$0")/../.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
passed=0
failed=0

fresh() {
    rm -rf "$copy/tree"
    mkdir -p "$copy/tree/tests" "$copy/tree/docs"
    cp -R part1-server part2-resp part3-database "$copy/tree"
    cp -R tests/stages "$copy/tree/tests"
    cp docs/stages.txt "$copy/tree/docs"
}

expect() { # status description
    status=0
    sh "$copy/tree/tests/stages/stages.sh" check >"$copy/out" 2>&1 || status=$?
    if [ "$status" -eq "$1" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $2"
        cat "$copy/out"
    fi
}

fresh
expect 0 "the tree as it is"
fresh
echo >>"$copy/tree/part2-resp/server.c"
expect 1 "an edit of a carried file in a later part"
fresh
echo >>"$copy/tree/part1-server/server.c"
expect 1 "an edit that was not carried forward"
sh "$copy/tree/tests/stages/stages.sh" carry >/dev/null
expect 0 "the same edit, carried"
fresh
echo >"$copy/tree/part2-resp/extra.c"
expect 1 "a new file that is not listed"
fresh
rm "$copy/tree/part3-database/net.c"
expect 1 "a carried file that is missing"
fresh
echo "part2-resp net.c why" >>"$copy/tree/docs/stages.txt"
expect 1 "an entry for a file that is carried"
fresh
echo "part2-resp gone.c why" >>"$copy/tree/docs/stages.txt"
expect 1 "an entry for a file that is not there"
fresh
echo "part4-more net.c why" >>"$copy/tree/docs/stages.txt"
expect 1 "an entry for a part that is not there"

echo "stages: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
