#!/bin/sh
# run.sh BUILD -- programs that people use, unmodified, against parts 2 and 3.
# What is not installed is skipped by name (make setup-dev installs all).
set -u
build=$1
case $build in /*) ;; *) build=$PWD/$build ;; esac
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
pid=
cleanup() {
    [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
    rm -rf "$dir"
}
trap cleanup EXIT
cd "$dir" || exit 1
passed=0
failed=0

check() { # description, then a command that has to succeed
    description=$1
    shift
    if "$@" >out 2>&1; then
        passed=$((passed + 1))
        echo "ok: $part: $description"
    else
        failed=$((failed + 1))
        echo "FAILED: $part: $description"
        sed 's/^/    /' out
    fi
}

# Where all of them have to be there, in CI, none may be missing quietly.
skip() { # name
    if [ -n "${CI-}" ]; then
        failed=$((failed + 1))
        echo "FAILED: $1 is not installed"
    else
        echo "skipped: $1 is not installed"
    fi
    return 1
}

has() { # command
    command -v "$1" >/dev/null || skip "$1"
}

start() { # the log's last line comes through a pipe: nothing to poll for
    rm -f pipe
    mkfifo pipe
    "$build/$part/redis-lite" --address 127.0.0.1:0 2>pipe &
    pid=$!
    while IFS= read -r line; do
        case $line in
        *" listening on "*) port=${line##*:} ;;
        *" try: "*) break ;;
        esac
    done <pipe
}

stop() {
    kill "$pid"
    wait "$pid"
    status=$?
    pid=
    return "$status"
}

answers() { # what is expected, then a command
    expected=$1
    shift
    got=$("$@" 2>&1)
    [ "$got" = "$expected" ] || { echo "'$got' is not '$expected'"; false; }
}

# Rates come in lines such as "PING_INLINE: 700000.00 requests per second".
benchmark() { # tests
    redis-benchmark -p "$port" -t "$1" -n 100000 -P 64 -q >rates 2>&1 || return
    cat rates
    for test in $(echo "$1" | tr ',a-z' ' A-Z'); do
        tr '\r' '\n' <rates | grep -q "^$test: [1-9].* requests per second" ||
            return
    done
}

# shellcheck disable=SC2016 # RESP's dollars, not the shell's
use_pipe() {
    printf '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n' |
        redis-cli -p "$port" --pipe
}

both_parts() {
    if has redis-cli; then
        check "redis-cli ping" answers PONG redis-cli -p "$port" ping
        check "redis-cli -3 ping" answers PONG redis-cli -3 -p "$port" ping
        check "redis-cli echo" answers "a b" redis-cli -p "$port" echo "a b"
        check "redis-cli, lines on stdin" answers "PONG
x" sh -c "printf 'ping\necho x\n' | redis-cli -p $port"
    fi
    has redis-benchmark &&
        check "redis-benchmark -P 64" benchmark ping_inline,ping_mbulk
    if echo '#include <hiredis/hiredis.h>' | cc -E - >/dev/null 2>&1; then
        check "hiredis: compile" cc -o hiredis "$here/hiredis.c" -lhiredis
        check "hiredis" ./hiredis "$port"
    else
        skip hiredis
    fi
    # The system's own Python, for which the package is installed.
    if /usr/bin/python3 -c 'import redis' 2>/dev/null; then
        check "redis-py" /usr/bin/python3 "$here/redis_py.py" "$port" "$part"
    else
        skip redis-py
    fi
}

# A real server, started on our file as its own, has our data (it moves the
# file; Redis 7 reads the single file that older versions wrote).
redis_loads_it() {
    mkdir redis && cp appendonly.aof redis || return
    redis-server --port 0 --unixsocket "$dir/redis/socket" --dir redis \
        --appendonly yes --save '' --logfile log >/dev/null &
    pid=$!
    # No event tells when it is ready.
    tries=0
    until redis-cli -s redis/socket ping 2>/dev/null | grep -q PONG; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || return
        sleep 0.1
    done
    keys=$(redis-cli -s redis/socket dbsize)
    value=$(redis-cli -s redis/socket get k)
    stop
    echo "GET k: '$value', should be 'v'; keys: $keys, should be $ours"
    [ "$value" = v ] && [ "$keys" = "$ours" ]
}

for part in part2-resp part3-database; do
    start
    both_parts
    if [ "$part" = part3-database ] && has redis-cli; then
        check "redis-cli set" answers OK redis-cli -p "$port" set k v
        check "redis-cli get" answers v redis-cli -p "$port" get k
        check "redis-cli --pipe" use_pipe
        check "redis-benchmark -P 64" benchmark set,get
    fi
    ours=$(redis-cli -p "$port" dbsize 2>/dev/null)
    check "stops cleanly" stop
    if [ "$part" = part3-database ] && has redis-check-aof; then
        check "redis-check-aof" redis-check-aof appendonly.aof
        has redis-server && check "redis-server loads the log" redis_loads_it
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
