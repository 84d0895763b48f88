#!/bin/sh
# run.sh BUILD [SERVER] -- programs that people use, unmodified, against parts
# 2 and 3; or against another server (redis-server): there they have to pass
# too, or it is the tests that are wrong.
# What is not installed is skipped by name (make setup-clients installs all).
set -u
build=$1
server=${2-}
case $build in /*) ;; *) build=$PWD/$build ;; esac
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
servers=
jobs=
cleanup() {
    # shellcheck disable=SC2086 # lists of numbers
    {
        [ -z "$jobs" ] || kill $jobs
        [ -z "$servers" ] || kill -9 $servers
    } 2>/dev/null
    wait
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM
cd "$dir" || exit 1
passed=0
failed=0
db=0 # each job has a database of its own; part 2 has one only
# shellcheck disable=SC1091 # they are linted by themselves
. "$here/jobs.sh"
# shellcheck disable=SC1091
. "$here/tools.sh"

# A password's round differs in nothing else.
round() { # password
    password=$1
    # shellcheck disable=SC2034 # for report
    what=$part${password:+ with a password}
    if [ -n "$password" ]; then
        export REDISCLI_AUTH="$password" # redis-cli's -a
    else
        unset REDISCLI_AUTH
    fi
}

start() { # folder; gives port and pid
    mkdir -p "$1"
    if [ -n "$server" ]; then
        port=$(free_port)
        "$server" --port "$port" --bind 127.0.0.1 --dir "$1" --save '' \
            ${password:+--requirepass "$password"} >"$1/log" 2>&1 &
        pid=$!
        servers="$servers $pid"
        await pongs -p "$port"
        return
    fi
    # The log's last line comes through a pipe: nothing to poll for.
    rm -f pipe
    mkfifo pipe
    "$build/$part/redis-lite" --address 127.0.0.1:0 --aofPath "$1/appendonly.aof" \
        ${password:+--requirepass "$password"} 2>pipe &
    pid=$!
    servers="$servers $pid"
    while IFS= read -r line; do
        case $line in
        *" listening on "*) port=${line##*:} ;;
        *" try: "*) break ;;
        esac
    done <pipe
}

stop() { # pid
    kill "$1"
    wait "$1"
}

# A client's own program: an interpreter, its file, what it takes besides.
app() {
    description=$1
    interpreter=$2
    file=$here/$3
    shift 3
    later "$description" program "$@"
}
program() {
    become "$interpreter" "$file" "$port" "$db" "$password" "$@"
}

both_parts() {
    redis_cli_talks
    has redis-benchmark &&
        check "redis-benchmark -P 64" benchmark ping_inline,ping_mbulk
    if echo '#include <hiredis/hiredis.h>' | cc -E - >/dev/null 2>&1; then
        check "hiredis: compile" cc -o "$dir/hiredis" "$here/hiredis.c" -lhiredis
        later "hiredis" become "$dir/hiredis" "$port" "$password"
    else
        skip hiredis
    fi
    # The system's own Python, for which the package is installed.
    if has redis-py /usr/bin/python3 -c 'import redis'; then
        app "redis-py" /usr/bin/python3 redis_py.py "$part"
    fi
}

applications() {
    has django-redis /usr/bin/python3 -c 'import django_redis' &&
        app "django-redis" /usr/bin/python3 django_redis_cache.py
    has "ruby redis" ruby -e 'require "redis"' && app "ruby redis" ruby ruby.rb
    has phpredis php -r 'exit(extension_loaded("redis") ? 0 : 1);' &&
        app "phpredis" php phpredis.php
    has "Perl Redis" perl -MRedis -e 1 && app "Perl Redis" perl perl.pl
    from_npm redis4 && app "npm redis 4" node node_redis.mjs 2 redis4
    for protocol in 2 3; do
        over="over RESP$protocol"
        from_npm redis &&
            app "npm redis $over" node node_redis.mjs $protocol redis
        from_npm ioredis && app "ioredis $over" node ioredis.mjs $protocol
        from_npm @valkey/valkey-glide &&
            app "valkey-glide $over" node glide.mjs $protocol
        from_npm connect-redis &&
            app "connect-redis $over" node connect_redis.mjs $protocol
        from_npm @keyv/redis && app "@keyv/redis $over" node keyv.mjs $protocol
    done
}

# Keys and values that do not expire, in all databases.
everything() { # how redis-cli gets there
    for n in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        echo "database $n"
        keys=$(redis-cli "$@" -n "$n" keys 'user:*' | sort)
        echo "$keys"
        # shellcheck disable=SC2086 # a list of keys
        [ -z "$keys" ] || redis-cli "$@" -n "$n" mget $keys
    done
}

# A real server, started on our file as its own, has our data (it moves the
# file; Redis 7 reads the single file that older versions wrote).
redis_loads_it() {
    mkdir redis && cp "$1" redis/appendonly.aof || return
    redis-server --port 0 --unixsocket "$PWD/redis.sock" --dir redis \
        --appendonly yes --save '' --logfile log >/dev/null &
    daemon=$!
    trap 'kill -9 "$daemon" 2>/dev/null' EXIT
    unset REDISCLI_AUTH
    await pongs -s redis.sock || return
    everything -s redis.sock >theirs
    stop "$daemon"
    grep -q user:1 "$dir/ours" && diff "$dir/ours" theirs
}

part=${server:-part2-resp}
round ""
if [ -z "$server" ]; then
    start "$dir/$part"
    both_parts
    finish
    check "stops cleanly" stop "$pid"
    part=part3-database
fi
for word in "" secret; do
    round "$word"
    start "$dir/$part$password"
    both_parts
    applications
    tools
    finish
    [ -n "$server" ] || everything -p "$port" >ours 2>&1
    check "stops cleanly" stop "$pid"
    log=$dir/$part$password/appendonly.aof
    if [ -z "$server" ] && has redis-check-aof; then
        check "redis-check-aof" redis-check-aof "$log"
        has redis-server &&
            later "redis-server loads the log" redis_loads_it "$log"
    fi
    finish
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
