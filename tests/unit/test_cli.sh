#!/bin/sh
# test_cli.sh BUILD_OF_PART -- redis-lite-cli as a user calls it: against the
# server of its part, and against canned bytes for what that never sends. One
# line a check; ends with the counts. Needs a C compiler, as the project does.
# shellcheck disable=SC2016 # the '$' of "$5" is RESP's, not the shell's
set -u
build=$(cd "$1" && pwd) || exit 1
cli=$build/redis-lite-cli
server=$build/redis-lite
dir=$(mktemp -d)
server_pid=
canned_pid=
cleanup() {
    for pid in $server_pid $canned_pid; do
        kill -9 "$pid" && wait "$pid"
    done 2>/dev/null
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM
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
        echo "FAILED: $description (status $status)"
        od -c out | head -n 20
        head -n 20 err
    fi
}

# Run the client to its end: its status, out and err. Its input is the file in.
run() {
    status=0
    "$cli" "$@" <in >out 2>err || status=$?
}

# Type these lines, with the escapes of printf(1)'s %b, at the server.
lines() { # lines, options...
    printf '%b' "$1" >in
    shift
    run -p "$port" "$@"
    : >in
}

# Have the canned server answer with these bytes, likewise.
reply() { # bytes, options...
    printf '%b' "$1" >reply
    shift
    run -p "$canned_port" "$@" GIVE
}

gives() { # status, and all of stdout, with the escapes of %b
    [ "$status" -eq "$1" ] && printf '%b' "$2" | cmp -s - out && [ ! -s err ]
}

fails() { # status, all of stdout, and the one line on stderr
    [ "$status" -eq "$1" ] && printf '%b' "$2" | cmp -s - out &&
        printf '%s\n' "$3" | cmp -s - err
}

says() { # file pattern
    grep -q -e "$2" "$1"
}

refuses() { # pattern arguments...
    pattern=$1
    shift
    run "$@"
    [ "$status" -eq 2 ] && [ "$(wc -l <err)" -eq 1 ] && says err "$pattern"
}

zeros() { # MB
    dd if=/dev/zero bs=1000000 count="$1" 2>/dev/null
}

# Both servers say their port through a pipe, so there is nothing to poll for.
mkfifo pipe
start_server() {
    "$server" --address 127.0.0.1:0 2>pipe </dev/null &
    server_pid=$!
    while IFS= read -r line; do
        case $line in
        *"listening on 127.0.0.1:"*) port=${line##*:} ;;
        *" try: "*) break ;;
        esac
    done <pipe
}

stop_server() {
    kill "$server_pid"
    wait "$server_pid"
    server_pid=
}

# A server that answers whatever it reads with the bytes of the file 'reply':
# one at a time if there is a file 'slow'; it then hangs up if there is one
# called 'hangup'. One connection after the other.
cat >canned.c <<'END'
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static char bytes[65536];

static void answer(int fd) {
    FILE *reply = fopen("reply", "rb");
    size_t piece = access("slow", F_OK) == 0 ? 1 : sizeof bytes;
    size_t len;

    if (reply == NULL) return;
    while ((len = fread(bytes, 1, piece, reply)) > 0) {
        /* The socket blocks, so it takes all, or the peer is gone. */
        if (write(fd, bytes, len) != (ssize_t)len) break;
    }
    fclose(reply);
}

int main(void) {
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    int fd;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    signal(SIGPIPE, SIG_IGN);
    if (bind(listener, (struct sockaddr *)&at, size) == -1) return 1;
    if (listen(listener, 16) == -1) return 1;
    if (getsockname(listener, (struct sockaddr *)&at, &size) == -1) return 1;
    printf("%d\n", ntohs(at.sin_port));
    fclose(stdout);
    while ((fd = accept(listener, NULL, NULL)) != -1) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        while (read(fd, bytes, sizeof bytes) > 0) {
            answer(fd);
            if (access("hangup", F_OK) == 0) break;
        }
        close(fd);
    }
    return 1;
}
END
"${CC:-cc}" -o canned canned.c || exit 1
./canned >pipe </dev/null &
canned_pid=$!
read -r canned_port <pipe
: >in

# ---- Options ---------------------------------------------------------------

run --help
check "--help exits with 0" [ "$status" -eq 0 ]
for word in -h -p -e --raw --no-raw --help --version rlwrap; do
    check "--help names $word" says out "$word"
done
run --version
check "--version says one line" [ "$status$(wc -l <out)" -eq 1 ]
check "an unknown option" refuses "unknown option '--nosuch'" --nosuch PING
check "a single dash" refuses "unknown option '-'" -
check "a host is missing" refuses "value after '-h'" -h
check "a port is missing" refuses "value after '-p'" --raw -p
for bad in http 0 65536 -1 6379x ''; do
    check "a port that is none: '$bad'" refuses "not '$bad'" -p "$bad" PING
done

# ---- No server -------------------------------------------------------------

start_server
stop_server # its port is free now, and nobody will hear
sorry="Could not connect to redis-lite at 127.0.0.1:$port: Connection refused"
run -p "$port" PING
check "a command without a server" fails 1 "" "$sorry"
lines 'PING\nPING\n'
check "lines without a server: said once" fails 1 "" "$sorry"
lines ''
check "no lines without a server" fails 1 "" "$sorry"
run -h ::1 -p "$port" PING
check "an IPv6 address stands in brackets" says err "at \[::1\]:$port: "

# ---- One command -----------------------------------------------------------

start_server
run -p "$port" PING
check "a simple string, raw" gives 0 'PONG\n'
run -p "$port" --no-raw PING
check "a simple string, formatted" gives 0 'PONG\n'
run -p "$port" ECHO 'two  "words"'
check "a bulk string, raw" gives 0 'two  "words"\n'
run -p "$port" --no-raw ECHO 'two  "words"'
check "a bulk string, formatted" gives 0 '"two  \\"words\\""\n'
run -p "$port" --no-raw ECHO ''
check "an empty argument" gives 0 '""\n'
run -p "$port" ECHO --no-raw
check "what follows the command is its own" gives 0 '--no-raw\n'
run -p "$port" --no-raw CLIENT ID
check "an integer, formatted" says out '^(integer) [1-9][0-9]*$'
run -p "$port" CLIENT ID
check "an integer, raw" says out '^[1-9][0-9]*$'
run -p "$port" --no-raw CLIENT GETNAME
check "nothing there, formatted" gives 0 '(nil)\n'
run -p "$port" CLIENT GETNAME
check "nothing there, raw" gives 0 '\n'
run -p "$port" --no-raw COMMAND DOCS none
check "an empty array, formatted" gives 0 '(empty array)\n'
run -p "$port" COMMAND DOCS none
check "an empty array, raw" gives 0 '\n'
wrong="ERR wrong number of arguments for 'echo' command"
run -p "$port" --no-raw ECHO
check "an error, formatted: status 0" gives 0 "(error) $wrong\n"
run -p "$port" ECHO
check "an error, raw: status 0" gives 0 "$wrong\n\n"
run -p "$port" -e --no-raw ECHO
check "an error, with -e: status 1" gives 1 "(error) $wrong\n"
run -p "$port" -e PING
check "no error, with -e: status 0" gives 0 'PONG\n'
run -p "$port" --raw --no-raw HELLO
check "a long array, formatted: its start" says out '^ 1) "server"$'
check "a long array, formatted: its end" says out '^14) (empty array)$'
run -h localhost -p "$port" PING
check "a name: all its addresses are tried" gives 0 'PONG\n'
if [ -c /dev/full ]; then
    status=0
    "$cli" -p "$port" PING >/dev/full 2>err </dev/null || status=$?
    check "output that nobody takes: status 1" [ "$status" -eq 1 ]
    check "output that nobody takes: it says so" says err "cannot write"
fi

# ---- Lines -----------------------------------------------------------------

lines 'PING\nECHO one\n'
check "each line is a command" gives 0 'PONG\none\n'
lines 'ECHO one\n' --no-raw
check "formatted if asked for" gives 0 '"one"\n'
lines 'PING\r\nECHO one'
check "CR LF, and a last line without an end" gives 0 'PONG\none\n'
lines '\n  \t\n\nPING\n'
check "empty lines are skipped" gives 0 'PONG\n'
lines 'ECHO "a b"\nECHO '"'a \\\\'b'"'\nECHO "\\x41\\n\\"\\\\\\\\"\nECHO ""\n'
check "quotes and escapes" gives 0 "a b\na 'b\nA\n\"\\\\\\\\\n\n"
lines 'ECHO "a\nECHO '"'a"'\nECHO "a"b\nPING\n'
check "quotes that do not match" gives 0 \
    'Invalid argument(s)\nInvalid argument(s)\nInvalid argument(s)\nPONG\n'
lines 'ECHO\nPING\n'
check "an error does not end it" gives 0 "$wrong\n\nPONG\n"
lines 'PING\nquit\nPING\n'
check "quit ends it" gives 0 'PONG\n'
lines 'PING\n  EXIT  \nPING\n'
check "so does exit, in any case" gives 0 'PONG\n'
lines 'help\nPING\n'
check "help says two lines" [ "$(wc -l <out)" -eq 3 ]
lines 'CLIENT SETNAME me\nCLIENT GETNAME\n'
check "all lines share a connection" gives 0 'OK\nme\n'
lines 'PING\n"quit"\nPING\nPING\n'
check "a lost connection ends it with status 1" \
    fails 1 'PONG\nOK\n' 'Error: Server closed the connection'
lines 'HELLO 3\nCLIENT GETNAME\n' --no-raw
check "HELLO 3: a map is shown as an array" says out '^ 5) "proto"$'
check "HELLO 3: and the connection is still good" says out '^(nil)$'
sum=$({ zeros 3 | tr '\0' x && echo; } | cksum)
{ printf 'ECHO ' && zeros 3 | tr '\0' x; } >long
check "a line of 3 MB" [ "$("$cli" -p "$port" <long | cksum)" = "$sum" ]

# ---- Replies that the server never sends -----------------------------------

nested='*3\r\n*2\r\n:-5\r\n*2\r\n$1\r\na\r\n$-1\r\n-ERR x\r\n*10\r\n'
nested=$nested'*0\r\n*-1\r\n_\r\n*1\r\n*1\r\n$0\r\n\r\n:4\r\n+5\r\n:6\r\n'
nested=$nested':7\r\n:8\r\n*2\r\n+y\r\n+z\r\n'
formatted='1) 1) (integer) -5
   2) 1) "a"
      2) (nil)
2) (error) ERR x
3)  1) (empty array)
    2) (nil)
    3) (nil)
    4) 1) 1) ""
    5) (integer) 4
    6) 5
    7) (integer) 6
    8) (integer) 7
    9) (integer) 8
   10) 1) y
       2) z
'
reply "$nested" --no-raw
check "arrays in arrays, formatted" gives 0 "$formatted"
reply "$nested" --raw
check "arrays in arrays, raw" gives 0 \
    '-5\na\n\nERR x\n\n\n\n\n\n4\n5\n6\n7\n8\ny\nz\n'
: >slow
reply "$nested" --no-raw
check "a reply that comes byte by byte" gives 0 "$formatted"
rm slow
reply '$14\r\n\\"\n\r\t\a\b\0\01\0177\0200\0377 ~\r\n' --no-raw
check "bytes that cannot be seen, formatted" gives 0 \
    '"\\\\\\"\\n\\r\\t\\a\\b\\x00\\x01\\x7f\\x80\\xff ~"\n'
reply '$14\r\n\\"\n\r\t\a\b\0\01\0177\0200\0377 ~\r\n'
check "bytes that cannot be seen, raw" gives 0 \
    '\\"\n\r\t\a\b\0\01\0177\0200\0377 ~\n'
reply '*2\r\n-ERR in\r\n+OK\r\n' -e --no-raw
check "an error in an array is not one" gives 0 '1) (error) ERR in\n2) OK\n'

cannot='Error: cannot read the reply:'
reply '*3\r\n%2\r\n+a\r\n:1\r\n+b\r\n~1\r\n+c\r\n=6\r\ntxt:hi\r\n%0\r\n' --no-raw
check "a map, a set, and text" gives 0 \
    '1) 1) a\n   2) (integer) 1\n   3) b\n   4) 1) c\n2) "hi"\n3) (empty array)\n'
reply ',0.5\r\n'
check "a type that is unknown" fails 1 '' "$cannot unknown type"
printf ',0.5\r\n' >reply
printf 'GIVE\nGIVE\n' >in
run -p "$canned_port"
: >in
check "then it connects anew" [ "$status$(grep -c "$cannot" err)" = 12 ]
reply ':1x\r\n'
check "a number that is none" fails 1 '' "$cannot invalid integer"
reply '*2\r\n+a\r\n?b\r\n'
check "a reply that breaks off within" fails 1 'a\n' "$cannot unknown type"
: >hangup
closed='Error: Server closed the connection'
reply ''
check "no reply at all" fails 1 '' "$closed"
reply '$100\r\nabc'
check "half a string" fails 1 '' "$closed"
reply '*2\r\n+a\r\n'
check "half an array" fails 1 'a\n' "$closed"
rm hangup

# Zeros that take no room on the disk: only the seek is written.
printf '$100000000\r\n' >reply
dd if=/dev/null of=reply bs=1 seek=100000012 2>/dev/null
printf '\r\n' >>reply
sum=$({ zeros 100 && echo; } | cksum)
check "a reply of 100 MB" \
    [ "$("$cli" -p "$canned_port" GIVE | cksum)" = "$sum" ]

# ---- At a terminal ---------------------------------------------------------

# script(1) runs a command on a terminal of its own; it is part of every
# Debian. The terminal echoes what is typed, before a prompt or after it, and
# ends lines with CR LF.
type_at() { # lines, command...
    printf '%b' "$1" >in
    shift
    status=0
    script -qec "$*" /dev/null <in >typed 2>err || status=$?
    tr -d '\r' <typed >out
    : >in
}

if script -qec true /dev/null </dev/null >/dev/null 2>&1; then
    prompt="127.0.0.1:$port> "
    type_at 'CLIENT GETNAME\nquit\n' "$cli" -p "$port"
    check "a prompt" says out "$prompt"
    check "replies are formatted" says out '(nil)$'
    check "quit: status 0" [ "$status" -eq 0 ]
    type_at 'ECHO hi\nquit\n' "$cli" -p "$port" --raw
    check "raw if asked for" says out '\(^\|> \)hi$'
    type_at 'ECHO "a\nCLIENT GETNAME\n' "$cli" -p "$port"
    check "quotes that do not match, at the prompt" says out 'Invalid arg'
    check "it goes on after that" says out '(nil)$'
    check "the end of input ends it: status 0" [ "$status" -eq 0 ]
    type_at '' "$cli" -p "$port" --no-raw ECHO a
    check "a command asks nothing" gives 0 '"a"\n'
    type_at '' "$cli" -p "$port" ECHO a
    check "its reply is formatted" gives 0 '"a"\n'
    type_at '' "echo ECHO a | $cli -p $port"
    check "that to a line from a pipe is not" gives 0 'a\n'

    type_at '"quit"\nCLIENT GETNAME\nCLIENT GETNAME\nquit\n' "$cli" -p "$port"
    check "a lost connection is reported" says out "$closed"
    check "the prompt says so" says out '^not connected> '
    check "the next command connects" says out '(nil)$'
    stop_server
    type_at 'PING\nquit\n' "$cli" -p "$port"
    check "no server: it is tried at each command" \
        [ "$(grep -c "127.0.0.1:$port: Connection refused" out)" -eq 2 ]
    check "no server: there is a prompt" says out '^not connected> '
    check "no server: status 0 after quit" [ "$status" -eq 0 ]
else
    echo "not run: the prompt (there is no script(1) that takes -qec)"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
