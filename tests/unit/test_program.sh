#!/bin/sh
# test_program.sh SERVER -- the program as a user starts and stops it: options,
# exit statuses, what it logs. One line a check; ends with the counts.
set -u
server=$1
case $server in /*) ;; *) server=$PWD/$server ;; esac
case $server in
*part3*) keeps_data=1 ;;
*) keeps_data=0 ;;
esac
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
    if "$@"; then
        passed=$((passed + 1))
        echo "ok: $description"
    else
        failed=$((failed + 1))
        echo "FAILED: $description"
        echo "  out: $(cat out 2>/dev/null)"
        echo "  log: $(cat log 2>/dev/null)"
    fi
}

# Run the server with these arguments to its end: its status, out and log.
run() {
    status=0
    "$server" "$@" >out 2>log </dev/null || status=$?
}

says() { # file pattern
    grep -q -e "$2" "$1"
}

one_line() { # file
    [ "$(wc -l <"$1")" -eq 1 ]
}

refuses() { # pattern arguments...
    pattern=$1
    shift
    run "$@"
    [ "$status" -eq 2 ] && one_line log && says log "$pattern"
}

# Start the server in the background, and wait for the line that says it
# listens: it comes through a pipe, so there is nothing to poll for.
start() {
    rm -f pipe
    mkfifo pipe
    "$server" "$@" 2>pipe </dev/null &
    pid=$!
    : >log
    while IFS= read -r line; do
        printf '%s\n' "$line" >>log
        case $line in *" try: "*) break ;; esac
    done <pipe
    port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' log | head -n 1)
}

stop() { # signal
    kill -s "$1" "$pid"
    status=0
    wait "$pid" || status=$?
    pid=
}

is() { # what stands here, what should
    [ "$1" = "$2" ] || { echo "  '$1' is not '$2'"; false; }
}

# ---- What it says and refuses --------------------------------------------

run --help
check "--help exits with 0" is "$status" 0
for option in --address --aofPath --loglevel --maxclients --version; do
    check "--help names $option" says out "$option"
done
run --version
check "--version exits with 0" is "$status" 0
check "--version says one line" one_line out

check "an unknown option" refuses "unknown option '--nosuch'" --nosuch
check "a word that is no option" refuses "unknown option 'x'" --address=:0 x
check "a missing value" refuses "address.*expected a value" --address
check "an address without a port" refuses "expected HOST:PORT" --address localhost
check "a port that is no number" refuses "0 to 65535" --address :http
check "a port that is too large" refuses "0 to 65535" --address=:65536
check "IPv6 without brackets" refuses "brackets" --address ::1:0
check "an empty file name" refuses "name of a file" --aofPath=
check "a level that is none" refuses "notice.*warning" --loglevel loud
check "a number that is none" refuses "maxclients '1k'" --maxclients 1k

run --address 127.0.0.1.256:0
check "a host that is none: exit 1" is "$status" 1
check "a host that is none: it is named" says log "127.0.0.1.256:0"

# ---- Starting and stopping ------------------------------------------------

start --address 127.0.0.1:0
check "it logs the port that it got" [ "${port:-0}" -gt 0 ]
check "it logs what to type next" says log "try: .*$port"
check "lines have a time and a level" says log \
    '^[0-9-]* [0-9:]*\.[0-9][0-9][0-9] notice '
stop TERM
check "SIGTERM ends it with status 0" is "$status" 0
# A shell lets what it starts in the background ignore SIGINT.
start --address 127.0.0.1:0
stop INT
check "SIGINT ends it with status 0" is "$status" 0

start --address 127.0.0.1:0 --loglevel verbose
# Still running: its port and, in part 3, its file are taken.
run --address "127.0.0.1:$port" --aofPath other.aof
check "a port in use: exit 1" is "$status" 1
check "a port in use: one line" one_line log
check "a port in use: it is named" says log "127.0.0.1:$port.*in use"
if [ "$keeps_data" -eq 1 ]; then
    run --address 127.0.0.1:0
    check "a file in use: exit 1" is "$status" 1
    check "a file in use: the lock is named" says log "appendonly.aof.lock"
    ln -s appendonly.aof link.aof
    run --address 127.0.0.1:0 --aofPath link.aof
    check "a file in use under another name: exit 1" is "$status" 1
fi
stop TERM

# It would end at once, and with status 0: the log's first line woke the loop.
status=0
timeout 1 "$server" --address 127.0.0.1:0 <&- >&- 2>&- || status=$?
check "it runs without standard streams until it is stopped" is "$status" 124

start --address ":0"
check "every interface: IPv4" says log "listening on 0.0.0.0:$port"
# Containers often have no IPv6; Linux then lists no address of it.
if [ -d /proc/net ] && ! grep -q . /proc/net/if_inet6 2>/dev/null; then
    echo "skipped: IPv6, which this machine does not have"
    stop TERM
else
    check "every interface: IPv6, same port" says log "listening on \[::\]:$port"
    stop TERM
    start --address "[::1]:0"
    check "IPv6 alone" says log 'listening on \[::1\]:'
    stop TERM
fi

if [ "$keeps_data" -eq 1 ]; then
    check "the file is made where it should be" [ -f appendonly.aof ]
    run --address 127.0.0.1:0 --aofPath nosuch/dir.aof
    check "an unwritable log: exit 1" is "$status" 1
    check "an unwritable log: one line" one_line log
    check "an unwritable log: it is named" says log "nosuch/dir.aof"
    # What a terminal would take for an order is spelt out.
    printf '*1\r\n\033[2J\r\n' >bad.aof
    run --check-aof bad.aof
    check "a damaged log: exit 1" is "$status" 1
    check "a damaged log: what is wrong is shown" says out "got '\\\\x1b'"
    start --address 127.0.0.1:0 --requirepass secret
    check "with a password, it says to say it" says log "try: .*$port.* AUTH "
    check "and does not say it itself" [ "$(grep -c secret log)" -eq 0 ]
    stop TERM
else
    start --address 127.0.0.1:0 --aofPath kept.aof
    check "it says that nothing is kept" says log "nothing is kept in kept.aof"
    stop TERM
    check "it makes no file" [ ! -e kept.aof ]
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
