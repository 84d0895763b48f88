# shellcheck shell=sh
# jobs.sh -- running checks, one by one or a few at a time. Sourced by run.sh.
# shellcheck disable=SC2154,SC2034 # some of its variables are run.sh's
at_a_time=3
job=0      # the last one's number
reported=0 # the last one that was
skipped=

report() { # status, description, output
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok: $what: $2"
    else
        failed=$((failed + 1))
        echo "FAILED: $what: $2"
        sed 's/^/    /' "$3"
    fi
}

check() { # description, then a command that has to succeed
    description=$1
    shift
    "$@" >out 2>&1
    report $? "$description" out
}

# As check, but beside the others, in a folder of its own.
later() {
    # shellcheck disable=SC2086 # a list of numbers
    running=$(set -- $jobs && echo $#)
    [ "$running" -lt "$at_a_time" ] || finish_one
    job=$((job + 1))
    [ "$part" = part2-resp ] || db=$((db % 15 + 1))
    mkdir "job$job"
    echo "$1" >"job$job.name"
    shift
    (cd "job$job" && "$@") >"job$job.out" 2>&1 &
    jobs="$jobs $!"
}

finish_one() {
    # shellcheck disable=SC2086 # a list of numbers
    set -- $jobs
    wait "$1"
    status=$?
    shift
    jobs=$*
    reported=$((reported + 1))
    report "$status" "$(cat "job$reported.name")" "job$reported.out"
    rm -rf "job$reported"
}

finish() {
    while [ -n "$jobs" ]; do finish_one; done
}

# Where all of them have to be there, in CI, none may be missing quietly.
skip() { # name
    case $skipped in *"|$1|"*) return 1 ;; esac
    skipped="$skipped|$1|"
    if [ -n "${CI-}" ]; then
        failed=$((failed + 1))
        echo "FAILED: $1 is not installed"
    else
        echo "skipped: $1 is not installed"
    fi
    return 1
}

has() { # a name, and what succeeds if it is there (else: a command's name)
    name=$1
    shift
    if [ $# -eq 0 ]; then
        command -v "$name" >/dev/null || skip "$name"
    else
        "$@" >/dev/null 2>&1 || skip "$name"
    fi
}

from_npm() { # package
    has node && has "$1" test -d "$here/node_modules/$1"
}

# A client that waits for ever is a failure, not a CI that hangs.
bound="timeout 60"
command -v timeout >/dev/null || bound=
bounded() {
    $bound "$@"
}
become() { # the end of a job: who ends the job then ends the client, too
    # shellcheck disable=SC2086 # words
    exec $bound "$@"
}

await() { # a command that succeeds in the end
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || return
        sleep 0.1
    done
}

free_port() {
    python3 -c 'import socket
with socket.create_server(("127.0.0.1", 0)) as s: print(s.getsockname()[1])'
}

answers() { # what is expected, then a command
    expected=$1
    shift
    got=$("$@" 2>&1)
    [ "$got" = "$expected" ] || { echo "'$got' is not '$expected'"; false; }
}

# Starts a daemon, asks it when it is ready, and ends it in any case.
behind() { # what shows that it is ready, what to ask then, the daemon's command
    is_ready=$1
    ask=$2
    shift 2
    "$@" >daemon.log 2>&1 &
    daemon=$!
    trap 'kill "$daemon"; wait "$daemon"' EXIT
    trap exit HUP INT TERM
    if await "$is_ready"; then
        "$ask"
    else
        cat daemon.log
        false
    fi
}
