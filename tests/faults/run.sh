#!/bin/sh
# run.sh SERVER short|soak [ROUNDS] -- the log under every fault, one driver after
# another; all of them also run against redis-server. Each ends with
# "N passed, M failed", and so does this. First each shows that it can fail.
set -u
here=$(dirname "$0")
server=$1
mode=$2
rounds=${3:-1000}
[ "$mode" = soak ] || rounds=15
short=
[ "$mode" = soak ] || short=--short
calls=0 # all
[ "$mode" = soak ] || calls=60

out=$(mktemp)
trap 'rm -f "$out"' EXIT
drivers=0
has_disk=
has_trace=
run() { # driver and its arguments
    printf '\n-- %s\n' "$*"
    drivers=$((drivers + 1))
    driver=$here/$1
    shift
    python3 "$driver" "$@" 2>&1 | tee -a "$out"
}

if unshare --mount mount -t tmpfs none /mnt 2>/dev/null; then
    has_disk=yes
else
    echo "left out: a full disk, for this user may not mount one"
fi
if strace -f -o /dev/null true 2>/dev/null; then
    has_trace=yes
else
    echo "left out: crash points, for strace does not run here"
fi

run kill.py "$server" --self-test
run calls.py "$server" --self-test
case $server in
*/redis-lite)
    run loading.py "$server"
    run replica.py "$server" --rounds $((rounds * 4 / 5))
    ;;
esac
run kill.py "$server" --rounds "$rounds"
# shellcheck disable=SC2086 # one word or none
run damage.py --server "$server" $short
run calls.py "$server" --count "$calls"
if [ -n "$has_disk" ]; then
    run diskfull.py "$server" --self-test
    run diskfull.py "$server"
fi
if [ -n "$has_trace" ]; then
    run crash.py --server "$server" --self-test --short
    run rewrite.py --server "$server" --self-test
    # shellcheck disable=SC2086 # one word or none
    run crash.py --server "$server" $short
    [ "$mode" != soak ] || run rewrite.py --server "$server"
fi
# A driver that fell over has no sum.
sed -n 's/^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed.*/\1 \2/p' "$out" |
    awk -v drivers="$drivers" '{ passed += $1; failed += $2 }
        END { failed += drivers - NR; printf "\n%d passed, %d failed\n", passed, failed
              exit failed > 0 || passed == 0 }'
