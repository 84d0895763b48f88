#!/bin/sh
# setup.sh [dev|clients] -- installs what the tests need, or what maintainers
# need too, or the clients of tests/clients, through the system's own package
# manager (and npm).
set -eu
mode=${1-}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Debian starts a server that is installed. These are installed as programs to
# test with: nothing may listen that nobody asked for (policy-rc.d is Debian's
# way to say so; its 101 means "not allowed").
without_daemons() {
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        as_root "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    status=0
    as_root "$@" || status=$?
    as_root rm -f "$policy"
    if command -v systemctl >/dev/null; then
        for daemon in redis-server haproxy nutcracker prometheus-redis-exporter
        do as_root systemctl disable "$daemon" 2>/dev/null || true; done
    fi
    return "$status"
}

test_packages="check pkg-config redis-tools netcat-openbsd"
dev_packages="gcc python3 clang clang-format clang-tidy cppcheck shellcheck gcovr \
libhiredis-dev python3-redis redis-server strace valgrind"
client_packages="gcc python3 libhiredis-dev python3-redis redis-server \
python3-django-redis ruby-redis php-cli php-redis libredis-perl curl haproxy \
nutcracker prometheus-redis-exporter"

# Those that come from npm, as the lockfile has them. None of them needs the
# scripts that packages can run when they are installed.
install_from_npm() {
    cd "$(dirname "$0")/clients"
    find node_modules/.package-lock.json -newer package-lock.json 2>/dev/null |
        grep -q . || npm ci --ignore-scripts --no-audit --no-fund
}

# shellcheck disable=SC2086 # lists of words
if command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    missing=
    wanted=$test_packages
    case $mode in
    dev) wanted="$wanted $dev_packages" ;;
    clients)
        wanted="$wanted $client_packages"
        # The newest clients want Node 20, which may be here from elsewhere.
        command -v npm >/dev/null || wanted="$wanted nodejs npm"
        ;;
    esac
    for package in $wanted; do
        dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
    done
    if [ -n "$missing" ]; then
        echo "setup: installing$missing"
        as_root apt-get update -q
        without_daemons apt-get install -q -y --no-install-recommends $missing
    fi
    [ "$mode" != clients ] || install_from_npm
    echo "setup: everything is there"
elif [ -n "$mode" ]; then
    echo "setup: what maintainers need is known for Debian and Ubuntu only:" \
        "$dev_packages $client_packages" >&2
    exit 1
elif command -v dnf >/dev/null; then
    as_root dnf install -y check-devel pkgconf redis nmap-ncat
elif command -v brew >/dev/null; then
    brew install check pkg-config redis
else
    echo "setup: no apt-get, dnf or brew here; please install: Check" \
        "(https://libcheck.github.io/check/), pkg-config, redis-tools, nc" >&2
    exit 1
fi
