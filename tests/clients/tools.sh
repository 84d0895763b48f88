# shellcheck shell=sh
# tools.sh -- Redis's own tools, and those that stand in front of a server or
# watch it. Sourced by run.sh.
# shellcheck disable=SC2154 # its variables are run.sh's

cli() {
    bounded redis-cli -p "$port" -n "$db" "$@"
}

pongs() { # how redis-cli gets there (it succeeds whatever the reply is)
    redis-cli "$@" ping | grep -q PONG
}

redis_cli_talks() {
    has redis-cli || return
    check "redis-cli ping" answers PONG redis-cli -p "$port" ping
    check "redis-cli -3 ping" answers PONG redis-cli -3 -p "$port" ping
    check "redis-cli echo" answers "a b" redis-cli -p "$port" echo "a b"
    check "redis-cli, lines on stdin" answers "PONG
x" sh -c "printf 'ping\necho x\n' | redis-cli -p $port"
}

# Rates come in lines such as "PING_INLINE: 700000.00 requests per second".
benchmark() { # tests, more options
    tests=$1
    shift
    bounded redis-benchmark -p "$port" ${password:+-a "$password"} -t "$tests" \
        -n 20000 -P 64 -q "$@" >rates 2>&1 || return
    cat rates
    for test in $(echo "$tests" | tr ',a-z' ' A-Z'); do
        tr '\r' '\n' <rates |
            grep -q "^$test\( (10 keys)\)\{0,1\}: [1-9].* requests per second" ||
            return
    done
}

one_shot() {
    answers OK cli set k v &&
        answers v cli get k &&
        answers v cli -3 get k &&
        answers '1# "maxmemory" => "0"' cli -3 --no-raw config get maxmemory &&
        answers '(error) ERR unknown command '"'nosuch'"', with args beginning with: '"'a' " \
            cli --no-raw nosuch a
}

# shellcheck disable=SC2016 # RESP's dollars, not the shell's
pipe() {
    a_thousand_keys &&
        printf '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n' | cli --pipe &&
        answers 1001 cli dbsize
}

a_thousand_keys() {
    cli flushdb
    seq 1000 | sed 's/.*/SET user:& &\r/' | cli --pipe
}

scan() {
    a_thousand_keys
    cli --scan >all && cli --scan --pattern 'user:99?' | sort >some || return
    [ "$(sort -u all | wc -l)" -eq 1000 ] && [ "$(wc -l <some)" -eq 10 ]
}

big_keys() {
    a_thousand_keys
    cli append user:7 "a long text" && cli --bigkeys >out || return
    cat out
    grep -q 'Sampled 1000 keys' out &&
        grep -q 'Biggest string found.*user:7.* has 12 bytes' out
}

mem_keys() {
    a_thousand_keys
    cli setrange user:7 5000 x && cli --memkeys >out || return
    cat out
    grep -q 'Sampled 1000 keys' out &&
        grep -q 'Biggest string found.*user:7.* has [0-9]\{4,\} bytes' out
}

# It never ends by itself; a full pipe's worth of lines shows that it goes on.
# Fields that INFO lacks are shown as numbers far below zero.
stat() {
    cli --stat -i 0.01 | head -20 >out
    cat out
    [ "$(wc -l <out)" -eq 20 ] && ! grep -q -- -9223372036854775808 out
}

prompt() {
    cli flushdb
    become python3 "$here/prompt.py" redis-cli -p "$port" -n "$db"
}

latency() { # "min max avg count"
    cli --latency -i 1 --raw >out || return
    cat out
    grep -q '^[0-9]* [0-9]* [0-9.]* [1-9][0-9]*$' out
}

redis_tools() {
    if has redis-cli; then
        later "redis-cli set, get, -3" one_shot
        later "redis-cli --pipe" pipe
        later "redis-cli --scan --pattern" scan
        later "redis-cli --bigkeys" big_keys
        later "redis-cli --memkeys" mem_keys
        later "redis-cli --stat" stat
        later "redis-cli --latency" latency
        has python3 && later "redis-cli's prompt" prompt
        [ -z "$password" ] || later "redis-cli without the password" \
            answers "NOAUTH Authentication required." \
            env -u REDISCLI_AUTH redis-cli -p "$port" get k
    fi
    if has redis-benchmark; then
        later "redis-benchmark" benchmark set,get,incr,mset,ping_mbulk
        later "redis-benchmark -3" benchmark set,get,incr,mset,ping_mbulk -3
    fi
}

exporter_answers() {
    curl -sf "http://127.0.0.1:$web/metrics" >metrics
}
exporter_knows() {
    cli set user:1 x
    exporter_answers || return
    grep '^redis_' metrics | head -50
    for metric in 'up 1$' 'connected_clients [1-9]' 'memory_used_bytes [1-9]' \
        'commands_processed_total [1-9]' 'uptime_in_seconds [0-9]' \
        "db_keys{db=\"db$db\"} [1-9]" 'instance_info{.*role="master"'; do
        grep -q "^redis_$metric" metrics || {
            echo "no redis_$metric"
            return 1
        }
    done
}
exporter() {
    web=$(free_port)
    behind exporter_answers exporter_knows prometheus-redis-exporter \
        -redis.addr "redis://127.0.0.1:$port" -redis.password "$password" \
        -web.listen-address "127.0.0.1:$web"
}

commander() { # what, of which key, curl's options
    path=$1/R:127.0.0.1:$port:$db$2
    shift 2
    curl -sf "$@" "http://127.0.0.1:$web/apiv2/$path"
}
commander_answers() {
    curl -sf "http://127.0.0.1:$web/apiv2/connection" | grep -q true
}
commander_shows() {
    cli flushdb
    cli mset user:1 x user:2 y
    curl -s "http://127.0.0.1:$web/apiv2/server/info" | grep -q 'Redis version' &&
        answers '{"data":["user:1","user:2"]}' commander keys '/user:*' &&
        answers '{"ttl":-1,"key":"user:1","type":"string","value":"x"}' \
            commander key /user:1 &&
        answers '{"data":"OK"}' commander exec '' -d 'cmd=set user:3 z' &&
        answers z cli get user:3
}
redis_commander() {
    web=$(free_port)
    # It would keep its settings at home.
    HOME=$PWD behind commander_answers commander_shows \
        node "$here/node_modules/redis-commander/bin/redis-commander.js" \
        --redis-host 127.0.0.1 --redis-port "$port" --redis-db "$db" \
        --redis-password "$password" --address 127.0.0.1 --port "$web" \
        --noload --nosave
}

# Without a password haproxy's own check of Redis; with one, a scripted check.
haproxy_config() {
    cat <<END
defaults
    mode tcp
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend stats
    mode http
    bind unix@stats
    stats enable
    stats uri /
listen redis
    bind unix@front
    server one 127.0.0.1:$port check inter 100
END
    if [ "$1" = redis-check ]; then
        echo "    option redis-check"
        return
    fi
    echo "    option tcp-check"
    [ -z "$password" ] || cat <<END
    tcp-check send AUTH\ $password\r\n
    tcp-check expect string +OK
END
    cat <<'END'
    tcp-check send PING\r\n
    tcp-check expect string +PONG
    tcp-check send info\ replication\r\n
    tcp-check expect string role:master
    tcp-check send QUIT\r\n
    tcp-check expect string +OK
END
}
haproxy_is_content() {
    curl -sf --unix-socket stats 'http://stats/;csv' | grep '^redis,one,.*,L7OK,'
}
haproxy_passes_on() {
    answers PONG redis-cli -s front ping
}
haproxy_checks() { # kind of check
    haproxy_config "$1" >config
    behind haproxy_is_content haproxy_passes_on haproxy -db -f config
}

# Twemproxy shares the keys out between two servers: ours, and one more.
nutcracker_config() {
    cat <<END
pool:
  listen: $PWD/front 0600
  hash: murmur
  distribution: ketama
  redis: true
${password:+  redis_auth: $password}
  preconnect: true
  timeout: 5000
  servers:
   - 127.0.0.1:$port:1 one
   - 127.0.0.1:$second:1 two
END
}
nutcracker_answers() {
    pongs -s front
}
nutcracker_shares() {
    # shellcheck disable=SC2046 # a list of keys
    set -- $(seq 100 | sed 's/^/user:/')
    seq 100 | sed 's/.*/user:& &/' | xargs redis-cli -s front mset &&
        answers 42 redis-cli -s front get user:42 &&
        answers 6 redis-cli -s front incrby user:5 1 &&
        answers "1
100" redis-cli -s front mget user:1 user:100 || return
    there=$(redis-cli -p "$second" dbsize)
    echo "$there keys are on the second server"
    [ "$there" -gt 0 ] && [ "$there" -lt 100 ] &&
        answers 100 redis-cli -s front del "$@" &&
        answers 0 redis-cli -p "$second" dbsize
}
nutcracker_in_front() {
    nutcracker_config >config
    behind nutcracker_answers nutcracker_shares nutcracker -c config \
        -s "$(free_port)" -a 127.0.0.1 -o log -p "$PWD/pid"
}

tools() {
    redis_tools
    has python3 || return # for a free port
    if has prometheus-redis-exporter && has curl; then
        later "prometheus-redis-exporter" exporter
    fi
    from_npm redis-commander && has curl && later "redis-commander" redis_commander
    if has haproxy && has curl; then
        [ -n "$password" ] ||
            later "haproxy: option redis-check" haproxy_checks redis-check
        later "haproxy: tcp-check" haproxy_checks tcp-check
    fi
    if has nutcracker; then
        first=$port first_pid=$pid
        start "$dir/second$password"
        second=$port second_pid=$pid port=$first pid=$first_pid
        later "nutcracker, two servers" nutcracker_in_front
        finish
        check "the second server stops" stop "$second_pid"
    fi
}
